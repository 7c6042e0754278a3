/* Tokens of the embedded stores: the change's number, in decimal. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "base/base.h"

/* 0 for an empty token. A number beyond `latest` comes from data that is gone: then
 * everything is told again, 0. USAGE where it is no token. */
int token_read(struct cf_str token, uint64_t latest, uint64_t *ret, struct cf_error *error);
int token_write(uint64_t number, struct cf_arena *arena, struct cf_str *ret);

/* The number behind which a scan may leave records out; UINT64_MAX: none. */
uint64_t token_until(struct cf_str token, uint64_t latest);

#endif
