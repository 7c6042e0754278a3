/* URI references, RFC 3986 section 5. */
#ifndef SCHEMA_URI_H
#define SCHEMA_URI_H

#include "base/base.h"

/* Resolves `ref` against `base`. `ret` is without fragment, in the arena; the
 * fragment (percent-decoded, in the arena too) has ptr NULL where `ref` has
 * none. 0 or NOMEM. */
int uri_resolve(struct cf_str base, struct cf_str ref, struct cf_arena *arena, struct cf_str *ret,
		struct cf_str *ret_fragment);
/* Cuts "#fragment" off. */
struct cf_str uri_without_fragment(struct cf_str uri);

#endif
