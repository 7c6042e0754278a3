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
	uint64_t *bits; /* `few`, or on the heap */
	uint64_t few;
	uint32_t count;
};

struct run {
	const struct schema *schema;
	const struct schema_report *report;
	struct cf_error *error;
	struct cf_arena text; /* of the string at hand, decoded */
	struct matcher matcher;
	const struct scope *scope;
	unsigned depth;
	unsigned quiet; /* within a branch whose failure alone decides nothing */
	uint64_t steps_left, steps_max;
	unsigned told; /* failures */
	bool failed;   /* one was told */
	bool stop;     /* nobody wants to hear of more */
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

/* Takes steps off what is left: LIMIT, and told, where there are none. */
int run_out_of_steps(struct run *run);
static inline int run_charge(struct run *run, uint64_t steps)
{
	if (__builtin_expect(run->steps_left < steps, 0))
		return run_out_of_steps(run);
	run->steps_left -= steps;
	return 0;
}
/* Values of a document, roughly. */
static inline uint64_t json_node_count(struct json_value v)
{
	enum json_kind kind = json_kind(v);

	return kind == JSON_ARRAY || kind == JSON_OBJECT ? json_node(v)->next - v.node : 1;
}
/* Decoded, until the next call. 0 or NOMEM. */
int run_decode(struct run *run, struct json_value string, struct cf_str *ret);
/* Whether the text matches: 1, 0, LIMIT (told), NOMEM. `source` is the pattern's text. */
int run_pattern(struct run *run, const struct pattern *pattern, struct cf_str source,
		struct cf_str text);

int marks_init(struct run *run, struct marks *marks, struct json_value container);
void marks_fini(struct run *run, struct marks *marks);
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
