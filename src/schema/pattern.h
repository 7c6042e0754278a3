/* Regular expressions of ECMA-262 (with its flag u), run by PCRE2. */
#ifndef SCHEMA_PATTERN_H
#define SCHEMA_PATTERN_H

#include "base/base.h"

struct pattern; /* immutable, for many threads */

/* SCHEMA where it is not a regular expression; NOMEM. */
int pattern_compile(struct pattern **ret, struct cf_str text, const struct cf_mem *mem,
		    struct cf_error *error);
struct pattern *pattern_free(struct pattern *pattern);

/* What one validation needs to match, made when it is first used; its matches together
 * take LIMIT_PATTERN_STEPS steps at most, and one for each byte that is looked at. */
struct matcher {
	const struct cf_mem *mem;
	void *data;
	void *context;
	void *general;
	uint64_t steps_left;
	size_t last_at;
};
void matcher_init(struct matcher *matcher, const struct cf_mem *mem);
void matcher_fini(struct matcher *matcher);
/* Whether it matches anywhere in `subject`: 1, 0, LIMIT (steps), NOMEM. */
int pattern_match(const struct pattern *pattern, struct matcher *matcher, struct cf_str subject);

#endif
