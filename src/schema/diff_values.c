/* Places that allow a few values only (enum, const, null and the booleans): each is asked
 * of the other schema, so that nothing is open. */
#include "schema/differ.h"
#include "schema/run.h"

static bool is_listed(const struct snode *node)
{
	return !json_is_absent(node->values) || !json_is_absent(node->constant);
}

static bool allows_few(const struct snode *node)
{
	return !node->always &&
	       (is_listed(node) ||
		(node->types && !(node->types & ~(unsigned)(SCHEMA_NULL | SCHEMA_BOOLEAN))));
}

/* Whether all that `a` allows is valid by `b`. */
static bool all_hold(struct differ *d, const struct schema *of_a, const struct snode *a,
		     const struct schema *of_b, const struct snode *b)
{
	struct json_value list = is_listed(a) ? a->values : json_root(&d->scalars);
	struct json_iter it = json_iter(list);
	bool one = !json_is_absent(a->constant), hold = true;

	while (hold && d->rc == 0 && (one || json_next(&it))) {
		struct json_value v = one ? a->constant : it.value;
		int rc = schema_node_holds(of_a, a, v);

		if (rc > 0)
			rc = schema_node_holds(of_b, b, v);
		else if (rc == 0)
			rc = 1; /* a value that is listed and yet refused */
		if (rc == CF_ERR_NOMEM)
			d->rc = rc;
		hold = rc > 0;
		if (!json_is_absent(a->constant))
			break;
	}
	return hold;
}

bool differ_few(struct differ *d, const struct snode *a, const struct snode *b)
{
	bool old_few = allows_few(a), new_few = allows_few(b);

	if (d->dynamic || (!old_few && !new_few))
		return false;
	if (!old_few || !all_hold(d, d->old_schema, a, d->new_schema, b))
		differ_tell(d, b, BREAKS_BACKWARD, "values-removed",
			    "values that were allowed are not any more");
	if (!new_few || !all_hold(d, d->new_schema, b, d->old_schema, a))
		differ_tell(d, b, BREAKS_FORWARD, "values-added",
			    "values are allowed that were not");
	return true;
}
