/* Objects: one walk over the members, each looked up by its name's hash, notes which of
 * the names that rules speak of are there. So the cost does not depend on how many are
 * required, or need each other. */
#include "schema/run.h"

/* A bit for each rule of the names. */
struct present {
	uint64_t few;
	uint64_t *bits; /* `few`, or on the heap */
};

/* patternProperties, and additionalProperties where nothing spoke of the member. */
static int run_other_member(struct run *run, const struct snode *node, const struct json_iter *it,
			    bool named, bool *ret_spoken)
{
	bool spoken = named;
	int rc = 1;

	for (uint32_t i = 0; i < node->pattern_count; i++) {
		struct cf_str name;
		int part = run_decode(run, it->name, &name);

		if (part == 0)
			part = run_pattern(run, node->patterns[i].pattern, node->patterns[i].text,
					   name);
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

static bool is_present(const struct present *present, uint32_t rule)
{
	return (present->bits[rule / 64] >> (rule % 64)) & 1;
}

static int run_required(struct run *run, const struct snode *node, struct json_value v,
			const struct present *present)
{
	const struct name_table *names = node->names;
	int rc = 1;

	for (uint32_t word = 0; word <= (names->count - 1) / 64 && run_goes_on(run, rc); word++) {
		uint64_t missing = names->required[word] & ~present->bits[word];

		for (; missing && run_goes_on(run, rc); missing &= missing - 1) {
			uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(missing);

			rc = run_fail(run, node, v, "required", "must have the member \"%.*s\"",
				      STR_ARG(names->rules[i].name));
		}
	}
	return rc;
}

/* Of each member that is there, what it needs. */
static int run_needs(struct run *run, const struct snode *node, struct json_value v,
		     const struct present *present)
{
	const struct name_table *names = node->names;
	struct json_iter it = json_iter(v);
	int rc = 1;

	while (run_goes_on(run, rc) && json_next(&it)) {
		const struct name_rule *rule = name_table_find(names, it.name);

		if (rule && run_charge(run, rule->need_count))
			return CF_ERR_LIMIT;
		for (uint32_t k = 0; rule && k < rule->need_count && run_goes_on(run, rc); k++) {
			const struct name_need *need = &rule->needs[k];

			if (!is_present(present, need->rule))
				rc = run_fail(run, node, v,
					      need->old ? "dependencies" : "dependentRequired",
					      "must have the member \"%.*s\" because it has "
					      "\"%.*s\"",
					      STR_ARG(names->rules[need->rule].name),
					      STR_ARG(rule->name));
		}
	}
	return rc;
}

/* What the names that are there ask for. */
static int run_names(struct run *run, const struct snode *node, struct json_value v,
		     const struct present *present)
{
	int rc = 1, part = 1;

	if (node->names && node->names->required_count)
		rc = part = run_required(run, node, v, present);
	if (run_goes_on(run, part) && node->names && node->names->has_dependencies) {
		part = run_needs(run, node, v, present);
		rc = part <= 0 ? part : rc;
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

static int run_members(struct run *run, const struct snode *node, struct json_value v,
		       struct marks *marks, struct present *present)
{
	struct json_iter it = json_iter(v);
	uint32_t count = 0;
	int rc = 1, part = 1;

	for (; json_next(&it); count++) {
		const struct name_rule *rule =
			node->names ? name_table_find(node->names, it.name) : NULL;
		bool spoken = false;

		if (rule) {
			size_t at = (size_t)(rule - node->names->rules);

			present->bits[at / 64] |= UINT64_C(1) << (at % 64);
		}
		part = run_member(run, node, &it, rule, &spoken);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			return rc;
		if (spoken)
			marks_set(marks, count);
	}
	part = run_names(run, node, v, present);
	rc = part <= 0 ? part : rc;
	if (run_goes_on(run, part)) {
		part = run_size(run, node, v, count);
		rc = part <= 0 ? part : rc;
	}
	return rc;
}

int run_object(struct run *run, const struct snode *node, struct json_value v, struct marks *marks)
{
	uint32_t words = node->names ? node->names->count / 64 + 1 : 1;
	struct present present = {.few = 0};
	int rc;

	present.bits = words == 1 ? &present.few
				  : mem_calloc(run->schema->mem, words, sizeof(*present.bits));
	if (!present.bits)
		return CF_ERR_NOMEM;
	rc = run_charge(run, words / 64) ? CF_ERR_LIMIT
					 : run_members(run, node, v, marks, &present);
	if (present.bits != &present.few)
		mem_free(run->schema->mem, present.bits);
	return rc;
}
