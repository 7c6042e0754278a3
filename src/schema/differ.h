/* What the files that compare schemas share. */
#ifndef SCHEMA_DIFFER_H
#define SCHEMA_DIFFER_H

#include "schema/node.h"

struct differ_pair {
	const struct snode *old_node, *new_node;
	bool inexact; /* what is told there says less */
};
/* Pairs that were compared, in that order, and by hash. */
struct differ_seen {
	struct differ_pair *pairs;
	uint32_t *slots; /* 1 + index into pairs; 0: free */
	size_t count, cap, slot_count;
};
struct differ {
	struct schema_diff *diff;
	const struct schema *old_schema, *new_schema;
	size_t cap;
	struct differ_seen seen;
	unsigned inexact;     /* below a rule where stronger and weaker say nothing of the whole */
	unsigned trials_left; /* of schemas in lists that may be the same */
	bool trying;
	bool dynamic;            /* what a place says may depend on how it was reached */
	struct json_doc scalars; /* null and the booleans */
	uint64_t steps_left;     /* of asking for values */
	int rc;
};
enum { BREAKS_BACKWARD = 1, BREAKS_FORWARD = 2, BREAKS_UNDECIDED = 4, BREAKS_FEATURE = 8 };

void differ_tell(struct differ *d, const struct snode *at, unsigned breaks, const char *rule,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
void differ_nodes(struct differ *d, const struct snode *a, const struct snode *b);
/* Of what was told since there were `first` reasons: where it breaks both ways, one may be what
 * the other took away, and it is undecided. */
void differ_doubt(struct differ *d, size_t first);
/* For rules in which a stronger part may make the whole weaker: what changes below is
 * undecided. A part that is only in one of them is told, too. */
void differ_inexact(struct differ *d, const struct snode *b, const struct snode *old_part,
		    const struct snode *new_part, const char *rule);
/* Another came or went: `breaks` is what it means that it came. Nothing, where both or
 * neither are there. */
void differ_came(struct differ *d, const struct snode *b, bool was, bool is, unsigned breaks,
		 const char *rule);
/* A rule's own words, absent where the draft of its place has no such rule. */
struct json_value differ_keyword(const struct snode *node, const char *name);
void differ_values(struct differ *d, const struct snode *a, const struct snode *b);
/* Decides by asking each value, where one of the two allows a few only. False: it does
 * not. */
bool differ_few(struct differ *d, const struct snode *a, const struct snode *b);
/* allOf, anyOf, oneOf: lists without order. */
void differ_lists(struct differ *d, const struct snode *a, const struct snode *b);
/* A place that may be taken back to, as if what was told since had not been. */
struct differ_mark {
	struct schema_diff diff;
	size_t seen;
};
struct differ_mark differ_mark(const struct differ *d);
void differ_reset(struct differ *d, const struct differ_mark *mark);
void differ_object(struct differ *d, const struct snode *a, const struct snode *b);

#endif
