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

/* 1 where all that `a` allows is valid by `b`; 0, or LIMIT: nobody can say. */
static int all_hold(struct differ *d, const struct schema *of_a, const struct snode *a,
		    const struct schema *of_b, const struct snode *b)
{
	struct json_iter it = json_iter(is_listed(a) ? a->values : json_root(&d->scalars));
	bool one = !json_is_absent(a->constant);
	int rc = 1;

	while (rc > 0 && (one || json_next(&it))) {
		struct json_value v = one ? a->constant : it.value;

		rc = schema_node_holds(of_a, a, v, &d->steps_left);
		/* What is listed and yet refused was never allowed. */
		rc = rc > 0 ? schema_node_holds(of_b, b, v, &d->steps_left) : rc == 0 ? 1 : rc;
		if (one)
			break;
	}
	if (rc == CF_ERR_NOMEM)
		d->rc = rc;
	return rc;
}

bool differ_few(struct differ *d, const struct snode *a, const struct snode *b)
{
	bool old_few = allows_few(a), new_few = allows_few(b);
	int backward, forward;

	if (d->dynamic || (!old_few && !new_few))
		return false;
	backward = old_few ? all_hold(d, d->old_schema, a, d->new_schema, b) : 0;
	forward = new_few ? all_hold(d, d->new_schema, b, d->old_schema, a) : 0;
	if (backward < 0 || forward < 0) {
		differ_tell(d, b, BREAKS_UNDECIDED, "values",
			    "what becomes of so many values is open");
		return true;
	}
	if (!backward)
		differ_tell(d, b, BREAKS_BACKWARD, "values-removed",
			    "values that were allowed are not any more");
	if (!forward)
		differ_tell(d, b, BREAKS_FORWARD, "values-added",
			    "values are allowed that were not");
	return true;
}
