/* What the files that compare schemas share. */
#ifndef SCHEMA_DIFFER_H
#define SCHEMA_DIFFER_H

#include "schema/node.h"

struct differ_pair {
	const struct snode *old_node, *new_node;
	bool inexact; /* what is told there says less */
	struct differ_pair *next;
};
struct differ {
	struct schema_diff *diff;
	const struct schema *schema; /* the new one, for pointers */
	size_t cap;
	struct differ_pair *seen;
	unsigned inexact; /* below a rule where stronger and weaker say nothing of the whole */
	int rc;
};
enum { BREAKS_BACKWARD = 1, BREAKS_FORWARD = 2, BREAKS_UNDECIDED = 4, BREAKS_FEATURE = 8 };

void differ_tell(struct differ *d, const struct snode *at, unsigned breaks, const char *rule,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
void differ_nodes(struct differ *d, const struct snode *a, const struct snode *b);
/* For rules in which a stronger part may make the whole weaker: what changes below is
 * undecided. A part that is only in one of them is told, too. */
void differ_inexact(struct differ *d, const struct snode *b, const struct snode *old_part,
		    const struct snode *new_part, const char *rule);
void differ_values(struct differ *d, const struct snode *a, const struct snode *b);
void differ_object(struct differ *d, const struct snode *a, const struct snode *b);

#endif
