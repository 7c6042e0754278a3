/* Pieces of a version's grammar that ranges are made of too. Each takes what it
 * reads off `rest`, and answers false (nothing is said of `rest` then) where the
 * text is something else. */
#ifndef SCHEMA_SEMVER_READ_H
#define SCHEMA_SEMVER_READ_H

#include "schema/schema.h"

bool semver_read_number(struct cf_str *rest, uint64_t *ret);
bool semver_read_identifiers(struct cf_str *rest, bool is_prerelease, struct cf_str *ret);
/* Leaves `rest` alone where it begins with something else. */
bool semver_skip_byte(struct cf_str *rest, char byte);

#endif
