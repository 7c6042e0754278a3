/* Base64 (RFC 4648, section 4, padded), for attachments inside documents. */
#ifndef STORE_BASE64_H
#define STORE_BASE64_H

#include "base/base.h"

int base64_write(struct cf_str bytes, struct cf_buf *out);
/* Strict: no white space, padding demanded. INVALID or NOMEM. */
int base64_read(struct cf_str text, struct cf_arena *arena, struct cf_str *ret);

#endif
