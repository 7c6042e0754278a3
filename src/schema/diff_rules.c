/* Differences rule by rule: types, values, ranges, members. */
#include "schema/differ.h"

static unsigned types_of(const struct snode *node)
{
	return node->types ? node->types : 127;
}

static bool has_value(const struct snode *node, struct json_value v)
{
	struct json_iter it = json_iter(node->values);

	if (!json_is_absent(node->constant))
		return json_equal(node->constant, v);
	if (json_is_absent(node->values))
		return true;
	while (json_next(&it))
		if (json_equal(it.value, v))
			return true;
	return false;
}

static bool is_listed(const struct snode *node)
{
	return !json_is_absent(node->values) || !json_is_absent(node->constant);
}

/* Whether every value that `a` lists is one of `b`'s. */
static bool all_listed(const struct snode *a, const struct snode *b)
{
	struct json_iter it = json_iter(a->values);

	if (!is_listed(a))
		return !is_listed(b);
	if (!json_is_absent(a->constant))
		return has_value(b, a->constant);
	while (json_next(&it))
		if (!has_value(b, it.value))
			return false;
	return true;
}

static void diff_listed(struct differ *d, const struct snode *a, const struct snode *b)
{
	if (!all_listed(a, b))
		differ_tell(d, b, BREAKS_BACKWARD, "values-removed",
			    "values that were allowed are not any more");
	if (!all_listed(b, a))
		differ_tell(d, b, BREAKS_FORWARD, "values-added",
			    "values are allowed that were not");
}

/* `sign` 1: a lower bound, raising it is stronger; -1: an upper one. */
static void diff_bound(struct differ *d, const struct snode *b, struct cf_str old_bound,
		       struct cf_str new_bound, int sign, const char *rule)
{
	int order = 0;

	if (!old_bound.ptr || !new_bound.ptr)
		order = (new_bound.ptr != NULL) - (old_bound.ptr != NULL);
	else
		order = sign * json_number_compare(new_bound, old_bound);
	if (order)
		differ_tell(d, b, order > 0 ? BREAKS_BACKWARD : BREAKS_FORWARD, rule,
			    "%s is %s than before", rule, order > 0 ? "stronger" : "weaker");
}

static void diff_count(struct differ *d, const struct snode *b, uint32_t old_count,
		       uint32_t new_count, int sign, const char *rule)
{
	int order = sign * ((new_count > old_count) - (new_count < old_count));

	if (order)
		differ_tell(d, b, order > 0 ? BREAKS_BACKWARD : BREAKS_FORWARD, rule,
			    "%s is %s than before", rule, order > 0 ? "stronger" : "weaker");
}

/* A rule of which only coming and going can be judged. */
static void diff_text_rule(struct differ *d, const struct snode *a, const struct snode *b,
			   const char *rule)
{
	struct json_value old_rule = json_member(a->at, str_of(rule));
	struct json_value new_rule = json_member(b->at, str_of(rule));

	if (json_is_absent(old_rule) && json_is_absent(new_rule))
		return;
	if (json_is_absent(old_rule))
		differ_tell(d, b, BREAKS_BACKWARD, rule, "%s was added", rule);
	else if (json_is_absent(new_rule))
		differ_tell(d, b, BREAKS_FORWARD, rule, "%s was removed", rule);
	else if (!json_equal(old_rule, new_rule))
		differ_tell(d, b, BREAKS_UNDECIDED, rule, "%s changed; which is stronger is open",
			    rule);
}

static void diff_multiple(struct differ *d, const struct snode *a, const struct snode *b)
{
	bool stronger = false, weaker = false;

	if (!a->multiple.ptr || !b->multiple.ptr) {
		diff_bound(d, b, a->multiple, b->multiple, 1, "multipleOf");
		return;
	}
	if (json_number_compare(a->multiple, b->multiple) == 0)
		return;
	if (json_number_is_multiple(b->multiple, a->multiple, &stronger) ||
	    json_number_is_multiple(a->multiple, b->multiple, &weaker)) {
		stronger = false;
		weaker = false;
	}
	differ_tell(d, b, (stronger ? 0 : BREAKS_FORWARD) | (weaker ? 0 : BREAKS_BACKWARD),
		    "multipleOf", "multipleOf changed");
}

void differ_values(struct differ *d, const struct snode *a, const struct snode *b)
{
	static const struct snode none = {.max_length = SNODE_NO_LIMIT,
					  .max_items = SNODE_NO_LIMIT,
					  .max_properties = SNODE_NO_LIMIT,
					  .max_contains = SNODE_NO_LIMIT,
					  .min_contains = 1};
	unsigned old_types = types_of(a), new_types = types_of(b);

	a = a->always ? &none : a;
	b = b->always ? &none : b;
	if (old_types & ~new_types)
		differ_tell(d, b, BREAKS_BACKWARD, "type-narrowed", "a type is no more allowed");
	if (new_types & ~old_types)
		differ_tell(d, b, BREAKS_FORWARD, "type-widened", "a type is allowed that was not");
	diff_listed(d, a, b);
	diff_bound(d, b, a->minimum, b->minimum, 1, "minimum");
	diff_bound(d, b, a->maximum, b->maximum, -1, "maximum");
	diff_bound(d, b, a->above, b->above, 1, "exclusiveMinimum");
	diff_bound(d, b, a->below, b->below, -1, "exclusiveMaximum");
	diff_multiple(d, a, b);
	diff_count(d, b, a->min_length, b->min_length, 1, "minLength");
	diff_count(d, b, a->max_length, b->max_length, -1, "maxLength");
	diff_count(d, b, a->min_items, b->min_items, 1, "minItems");
	diff_count(d, b, a->max_items, b->max_items, -1, "maxItems");
	diff_count(d, b, a->min_properties, b->min_properties, 1, "minProperties");
	diff_count(d, b, a->max_properties, b->max_properties, -1, "maxProperties");
	diff_count(d, b, a->min_contains, b->min_contains, 1, "minContains");
	diff_count(d, b, a->max_contains, b->max_contains, -1, "maxContains");
	diff_count(d, b, a->unique_items, b->unique_items, 1, "uniqueItems");
	diff_text_rule(d, a, b, "pattern");
	diff_text_rule(d, a, b, "format");
}

static bool is_closed(const struct snode *node)
{
	return node->additional && node->additional->always < 0;
}

static const struct name_rule *rule_of(const struct snode *node, struct cf_str name)
{
	return node->names ? name_table_get(node->names, name) : NULL;
}

static void diff_added(struct differ *d, const struct snode *a, const struct snode *b,
		       const struct name_rule *rule)
{
	if (a->pattern_count)
		differ_tell(d, rule->schema, BREAKS_UNDECIDED, "property-added",
			    "\"%.*s\" is new; whether patternProperties spoke of it is open",
			    STR_ARG(rule->name));
	else if (is_closed(a))
		differ_tell(d, rule->schema, BREAKS_FORWARD | BREAKS_FEATURE, "property-added",
			    "\"%.*s\" is new; old readers that refuse what they do not know "
			    "refuse it",
			    STR_ARG(rule->name));
	else if (a->additional && !a->additional->always)
		differ_nodes(d, a->additional, rule->schema);
	else
		differ_tell(d, rule->schema, BREAKS_BACKWARD | BREAKS_FEATURE, "property-added",
			    "\"%.*s\" is new; old documents may hold anything of that name",
			    STR_ARG(rule->name));
	(void)b;
}

static void diff_removed(struct differ *d, const struct snode *b, const struct name_rule *rule)
{
	if (b->pattern_count)
		differ_tell(d, b, BREAKS_UNDECIDED, "property-removed",
			    "\"%.*s\" is gone; whether patternProperties speak of it is open",
			    STR_ARG(rule->name));
	else if (is_closed(b))
		differ_tell(d, b, BREAKS_BACKWARD, "property-removed",
			    "\"%.*s\" is gone and not allowed any more", STR_ARG(rule->name));
	else if (b->additional && !b->additional->always)
		differ_nodes(d, rule->schema, b->additional);
	else
		differ_tell(d, b, BREAKS_FORWARD, "property-removed",
			    "\"%.*s\" is gone; new documents may hold anything of that name",
			    STR_ARG(rule->name));
}

static void diff_required(struct differ *d, const struct snode *a, const struct snode *b)
{
	for (uint32_t i = 0; b->names && i < b->names->count; i++) {
		const struct name_rule *rule = &b->names->rules[i];
		const struct name_rule *old_rule = rule_of(a, rule->name);

		if (rule->required && !(old_rule && old_rule->required))
			differ_tell(d, b, BREAKS_BACKWARD, "required-added",
				    "\"%.*s\" must be there now", STR_ARG(rule->name));
	}
	for (uint32_t i = 0; a->names && i < a->names->count; i++) {
		const struct name_rule *rule = &a->names->rules[i];
		const struct name_rule *new_rule = rule_of(b, rule->name);

		if (rule->required && !(new_rule && new_rule->required))
			differ_tell(d, b, BREAKS_FORWARD, "required-removed",
				    "\"%.*s\" may be absent now", STR_ARG(rule->name));
	}
}

/* Names that a pattern takes are out of what additionalProperties says, so one that
 * comes or goes may be stronger or weaker. */
static void diff_patterns(struct differ *d, const struct snode *a, const struct snode *b)
{
	struct json_value old_rule = json_member(a->at, STR("patternProperties"));
	struct json_value new_rule = json_member(b->at, STR("patternProperties"));

	if (json_is_absent(old_rule) != json_is_absent(new_rule) ||
	    (!json_is_absent(old_rule) && !json_equal(old_rule, new_rule)))
		differ_tell(d, b, BREAKS_UNDECIDED, "patternProperties",
			    "patternProperties changed; which is stronger is open");
}

/* The same text may lead through $ref to what changed. */
static void diff_behind(struct differ *d, const struct snode *a, const struct snode *b)
{
	for (uint32_t i = 0; i < a->pattern_count && i < b->pattern_count; i++)
		if (str_equal(a->patterns[i].text, b->patterns[i].text))
			differ_nodes(d, a->patterns[i].schema, b->patterns[i].schema);
	for (uint32_t i = 0; b->names && i < b->names->count; i++) {
		const struct name_rule *rule = &b->names->rules[i];
		const struct name_rule *old_rule = rule_of(a, rule->name);

		if (rule->dependent && old_rule && old_rule->dependent)
			differ_nodes(d, old_rule->dependent, rule->dependent);
	}
	if (a->property_names && b->property_names)
		differ_nodes(d, a->property_names, b->property_names);
	if (a->unevaluated_properties && b->unevaluated_properties)
		differ_inexact(d, b, a->unevaluated_properties, b->unevaluated_properties,
			       "unevaluatedProperties");
}

void differ_object(struct differ *d, const struct snode *a, const struct snode *b)
{
	static const char *const rules[] = {"propertyNames", "unevaluatedProperties",
					    "dependentRequired", "dependentSchemas",
					    "dependencies"};

	for (uint32_t i = 0; b->names && i < b->names->count; i++) {
		const struct name_rule *rule = &b->names->rules[i];
		const struct name_rule *old_rule = rule_of(a, rule->name);

		if (rule->schema && old_rule && old_rule->schema)
			differ_nodes(d, old_rule->schema, rule->schema);
		else if (rule->schema)
			diff_added(d, a, b, rule);
	}
	for (uint32_t i = 0; a->names && i < a->names->count; i++) {
		const struct name_rule *rule = &a->names->rules[i];
		const struct name_rule *new_rule = rule_of(b, rule->name);

		if (rule->schema && !(new_rule && new_rule->schema))
			diff_removed(d, b, rule);
	}
	diff_required(d, a, b);
	if (a->additional || b->additional)
		differ_nodes(d, a->additional, b->additional);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		diff_text_rule(d, a, b, rules[i]);
	diff_patterns(d, a, b);
	diff_behind(d, a, b);
}
