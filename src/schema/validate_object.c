/* Objects: one walk over the members, each looked up by its name's hash. */
#include "schema/run.h"

enum { REQUIRED_BITS = 64 };

/* patternProperties, and additionalProperties where nothing spoke of the member. */
static int run_other_member(struct run *run, const struct snode *node, const struct json_iter *it,
			    bool named, bool *ret_spoken)
{
	struct cf_str name;
	bool spoken = named;
	int rc = 1;

	if (node->pattern_count && json_decode(it->name, &run->arena, &name))
		return CF_ERR_NOMEM;
	for (uint32_t i = 0; i < node->pattern_count; i++) {
		int part = pattern_match(node->patterns[i].pattern, &run->matcher, name);

		if (part == CF_ERR_LIMIT)
			error_set(run->error, part,
				  "matching a member's name takes too many steps");
		if (part < 0)
			return part;
		if (part == 0)
			continue;
		spoken = true;
		part = run_schema(run, node->patterns[i].schema, it->value, NULL);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			return rc;
	}
	if (!spoken && node->additional) {
		spoken = true;
		if (node->additional->always < 0)
			rc = run_fail(run, node, it->value, "additionalProperties",
				      "must not be here: no property has this name");
		else
			rc = run_schema(run, node->additional, it->value, NULL);
	}
	*ret_spoken = spoken;
	return rc;
}

static int run_member(struct run *run, const struct snode *node, const struct json_iter *it,
		      const struct name_rule *rule, bool *ret_spoken)
{
	bool named = rule && rule->schema;
	int rc = 1, part = 1;

	if (named)
		rc = part = run_schema(run, rule->schema, it->value, NULL);
	*ret_spoken = named;
	if (run_goes_on(run, part) && (node->pattern_count || (!named && node->additional))) {
		part = run_other_member(run, node, it, named, ret_spoken);
		rc = part <= 0 ? part : rc;
	}
	if (run_goes_on(run, part) && node->property_names) {
		part = run_schema(run, node->property_names, it->name, NULL);
		rc = part <= 0 ? part : rc;
	}
	return rc;
}

static int run_required(struct run *run, const struct snode *node, struct json_value v,
			uint64_t seen)
{
	const struct name_table *names = node->names;
	int rc = 1;

	if (!names || !names->required_count)
		return 1;
	if (names->required_count <= REQUIRED_BITS &&
	    seen == UINT64_MAX >> (REQUIRED_BITS - names->required_count))
		return 1;
	for (uint32_t i = 0; i < names->count && run_goes_on(run, rc); i++) {
		const struct name_rule *rule = &names->rules[i];
		bool present = rule->required <= REQUIRED_BITS && rule->required &&
			       ((seen >> (rule->required - 1)) & 1);

		if (!rule->required || present || !json_is_absent(json_member(v, rule->name)))
			continue;
		rc = run_fail(run, node, v, "required", "must have the member \"%.*s\"",
			      STR_ARG(rule->name));
	}
	return rc;
}

static int run_needs(struct run *run, const struct snode *node, struct json_value v)
{
	const struct name_table *names = node->names;
	int rc = 1;

	for (uint32_t i = 0; i < names->count; i++) {
		const struct name_rule *rule = &names->rules[i];

		if (!rule->need_count || json_is_absent(json_member(v, rule->name)))
			continue;
		for (uint32_t k = 0; k < rule->need_count && run_goes_on(run, rc); k++)
			if (json_is_absent(json_member(v, rule->needs[k])))
				rc = run_fail(run, node, v,
					      node->resource->draft == DRAFT_07
						      ? "dependencies"
						      : "dependentRequired",
					      "must have the member \"%.*s\" because it has "
					      "\"%.*s\"",
					      STR_ARG(rule->needs[k]), STR_ARG(rule->name));
	}
	return rc;
}

static int run_size(struct run *run, const struct snode *node, struct json_value v, uint32_t count)
{
	int rc = 1;

	if (count < node->min_properties)
		rc = run_fail(run, node, v, "minProperties", "must have at least %u members",
			      node->min_properties);
	if (count > node->max_properties)
		rc = run_fail(run, node, v, "maxProperties", "must have at most %u members",
			      node->max_properties);
	return rc;
}

int run_object(struct run *run, const struct snode *node, struct json_value v, struct marks *marks)
{
	struct json_iter it = json_iter(v);
	uint64_t seen = 0;
	uint32_t count = 0;
	int rc = 1, part = 1;

	for (; json_next(&it); count++) {
		const struct name_rule *rule =
			node->names ? name_table_find(node->names, it.name) : NULL;
		bool spoken = false;

		if (rule && rule->required && rule->required <= REQUIRED_BITS)
			seen |= UINT64_C(1) << (rule->required - 1);
		part = run_member(run, node, &it, rule, &spoken);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			return rc;
		if (spoken)
			marks_set(marks, count);
	}
	part = run_required(run, node, v, seen);
	rc = part <= 0 ? part : rc;
	if (run_goes_on(run, part) && node->names && node->names->has_dependencies) {
		part = run_needs(run, node, v);
		rc = part <= 0 ? part : rc;
	}
	if (run_goes_on(run, part)) {
		part = run_size(run, node, v, count);
		rc = part <= 0 ? part : rc;
	}
	return rc;
}
