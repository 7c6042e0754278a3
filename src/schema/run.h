/* One validation on its way. */
#ifndef SCHEMA_RUN_H
#define SCHEMA_RUN_H

#include "schema/node.h"

/* Resources that were entered, innermost first: what $dynamicRef looks through. */
struct scope {
	const struct resource *resource;
	const struct scope *outer;
};

/* Which members or elements of one container some rule has looked at; for
 * unevaluatedProperties and unevaluatedItems. */
struct marks {
	uint64_t *bits; /* `few`, or in the run's arena */
	uint64_t few;
	uint32_t count;
};

struct run {
	const struct schema *schema;
	const struct schema_report *report;
	struct cf_error *error;
	struct cf_arena arena; /* decoded strings, marks of big containers, hashes */
	struct matcher matcher;
	const struct scope *scope;
	unsigned depth;
	unsigned quiet; /* within a branch whose failure alone decides nothing */
	uint64_t steps_left;
	bool failed; /* a failure was told */
	bool stop;   /* nobody wants to hear of more */
};

/* All answer 1 (valid), 0 (invalid, told unless quiet), or an error < 0. `marks`
 * may be NULL where nobody asks what was looked at. */
int run_schema(struct run *run, const struct snode *node, struct json_value v, struct marks *marks);
int run_object(struct run *run, const struct snode *node, struct json_value v, struct marks *marks);
int run_array(struct run *run, const struct snode *node, struct json_value v, struct marks *marks);
int run_in_place(struct run *run, const struct snode *node, struct json_value v,
		 struct marks *marks);

/* Tells of a failure; answers 0. */
int run_fail(struct run *run, const struct snode *node, struct json_value v, const char *rule,
	     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Both answers as one: an error, else invalid where one is. `more` false: do not go on. */
static inline bool run_goes_on(const struct run *run, int rc)
{
	return rc > 0 || (rc == 0 && !run->quiet && run->report && !run->stop);
}

int marks_init(struct run *run, struct marks *marks, struct json_value container);
static inline void marks_set(struct marks *marks, uint32_t i)
{
	if (marks && i < marks->count)
		marks->bits[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline bool marks_has(const struct marks *marks, uint32_t i)
{
	return i < marks->count && ((marks->bits[i / 64] >> (i % 64)) & 1);
}
void marks_merge(struct marks *into, const struct marks *from);

#endif
