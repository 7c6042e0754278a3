/* Rules that apply other schemas to the same value. What a failed branch looked
 * at does not count, so branches mark for themselves first. */
#include "schema/run.h"

/* Quietly, with marks of its own that count only where it holds. */
static int run_branch(struct run *run, const struct snode *node, struct json_value v,
		      struct marks *marks)
{
	struct marks own;
	int rc = marks ? marks_init(run, &own, v) : 0;

	if (rc)
		return rc;
	run->quiet++;
	rc = run_schema(run, node, v, marks ? &own : NULL);
	run->quiet--;
	if (rc > 0 && marks)
		marks_merge(marks, &own);
	if (marks)
		marks_fini(run, &own);
	return rc;
}

static int run_any_of(struct run *run, const struct snode *node, struct json_value v,
		      struct marks *marks)
{
	bool holds = false;

	for (uint32_t i = 0; i < node->any_of.count && (marks || !holds); i++) {
		int part = run_branch(run, node->any_of.items[i], v, marks);

		if (part < 0)
			return part;
		holds = holds || part;
	}
	if (holds)
		return 1;
	return run_fail(run, node, v, "anyOf", "must be valid by at least one schema of anyOf");
}

static int run_one_of(struct run *run, const struct snode *node, struct json_value v,
		      struct marks *marks)
{
	uint32_t holds = 0;

	for (uint32_t i = 0; i < node->one_of.count && holds < 2; i++) {
		int part = run_branch(run, node->one_of.items[i], v, marks);

		if (part < 0)
			return part;
		holds += (uint32_t)part;
	}
	if (holds == 1)
		return 1;
	return run_fail(run, node, v, "oneOf",
			"must be valid by exactly one schema of oneOf, is by %s",
			holds ? "more" : "none");
}

static int run_condition(struct run *run, const struct snode *node, struct json_value v,
			 struct marks *marks)
{
	const struct snode *next;
	int rc = run_branch(run, node->if_schema, v, marks);

	if (rc < 0)
		return rc;
	next = rc ? node->then_schema : node->else_schema;
	return next ? run_schema(run, next, v, marks) : 1;
}

/* The outermost resource on the way here that has the dynamic anchor decides. */
static int run_dynamic_ref(struct run *run, const struct snode *node, struct json_value v,
			   struct marks *marks)
{
	const struct snode *target = node->dynamic_ref;

	for (const struct scope *s = node->dynamic_name.ptr ? run->scope : NULL; s; s = s->outer)
		for (const struct anchor *a = s->resource->anchors; a; a = a->next)
			if (a->is_dynamic && str_equal(a->name, node->dynamic_name))
				target = a->node;
	return run_schema(run, target, v, marks);
}

static int run_dependents(struct run *run, const struct snode *node, struct json_value v,
			  struct marks *marks)
{
	struct json_iter it = json_iter(v);
	int rc = 1;

	if (json_kind(v) != JSON_OBJECT || !node->names || !node->names->has_dependencies)
		return 1;
	while (run_goes_on(run, rc) && json_next(&it)) {
		const struct name_rule *rule = name_table_find(node->names, it.name);

		for (int k = 0; rule && k < 2 && run_goes_on(run, rc); k++) {
			int part = rule->dependents[k]
					   ? run_schema(run, rule->dependents[k], v, marks)
					   : 1;

			rc = part <= 0 ? part : rc;
		}
	}
	return rc;
}

static int run_not(struct run *run, const struct snode *node, struct json_value v)
{
	int rc = run_branch(run, node->not_schema, v, NULL);

	if (rc <= 0)
		return rc < 0 ? rc : 1;
	return run_fail(run, node, v, "not", "must not be valid by the schema of not");
}

static int run_step(struct run *run, const struct snode *node, struct json_value v,
		    struct marks *marks, int step)
{
	switch (step) {
	case 0:
		return node->ref ? run_schema(run, node->ref, v, marks) : 1;
	case 1:
		return node->dynamic_ref ? run_dynamic_ref(run, node, v, marks) : 1;
	case 2:
		return node->any_of.count ? run_any_of(run, node, v, marks) : 1;
	case 3:
		return node->one_of.count ? run_one_of(run, node, v, marks) : 1;
	case 4:
		return node->not_schema ? run_not(run, node, v) : 1;
	case 5:
		return node->if_schema ? run_condition(run, node, v, marks) : 1;
	default:
		return run_dependents(run, node, v, marks);
	}
}

int run_in_place(struct run *run, const struct snode *node, struct json_value v,
		 struct marks *marks)
{
	int rc = 1, part = 1;

	for (uint32_t i = 0; i < node->all_of.count; i++) {
		part = run_schema(run, node->all_of.items[i], v, marks);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			return rc;
	}
	for (int step = 0; step < 7; step++) {
		part = run_step(run, node, v, marks, step);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			return rc;
	}
	return rc;
}
