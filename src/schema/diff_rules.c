/* Differences rule by rule: types, ranges, members. */
#include "schema/differ.h"

#include <stdlib.h>

static unsigned types_of(const struct snode *node)
{
	return node->types ? node->types : 127;
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
	struct json_value old_rule = differ_keyword(a, rule);
	struct json_value new_rule = differ_keyword(b, rule);
	bool was = !json_is_absent(old_rule), is = !json_is_absent(new_rule);

	differ_came(d, b, was, is, BREAKS_BACKWARD, rule);
	if (was && is && !json_equal(old_rule, new_rule))
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
		differ_tell(d, b, BREAKS_BACKWARD, "type-narrowed", "a type is no longer allowed");
	if (new_types & ~old_types)
		differ_tell(d, b, BREAKS_FORWARD, "type-widened", "a type is allowed that was not");
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
	if (a->contains || b->contains) {
		diff_count(d, b, a->min_contains, b->min_contains, 1, "minContains");
		diff_count(d, b, a->max_contains, b->max_contains, -1, "maxContains");
	}
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

static void diff_added(struct differ *d, const struct snode *a, const struct name_rule *rule)
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

static const struct pattern_rule *pattern_of(const struct snode *node, struct cf_str text)
{
	for (uint32_t i = 0; i < node->pattern_count; i++)
		if (str_equal(node->patterns[i].text, text))
			return &node->patterns[i];
	return NULL;
}

/* Names that a pattern takes are out of what additionalProperties says, so one that
 * comes or goes may be stronger or weaker. */
static void diff_patterns(struct differ *d, const struct snode *a, const struct snode *b)
{
	bool same = a->pattern_count == b->pattern_count;

	for (uint32_t i = 0; same && i < a->pattern_count; i++)
		same = pattern_of(b, a->patterns[i].text);
	if (!same)
		differ_tell(d, b, BREAKS_UNDECIDED, "patternProperties",
			    "patternProperties changed; which is stronger is open");
	for (uint32_t i = 0; i < a->pattern_count; i++) {
		const struct pattern_rule *now = pattern_of(b, a->patterns[i].text);

		if (now)
			differ_nodes(d, a->patterns[i].schema, now->schema);
	}
}

static int by_text(const void *a, const void *b)
{
	return str_compare(*(const struct cf_str *)a, *(const struct cf_str *)b);
}

/* Sorted: there may be many. */
static struct cf_str *needs_of(struct differ *d, const struct name_table *names,
			       const struct name_rule *rule, uint32_t *ret_count)
{
	struct cf_str *sorted =
		arena_calloc(&d->diff->arena, rule ? rule->need_count : 0, sizeof(*sorted));

	*ret_count = 0;
	if (!sorted)
		d->rc = CF_ERR_NOMEM;
	for (uint32_t i = 0; sorted && rule && i < rule->need_count; i++)
		sorted[(*ret_count)++] = names->rules[rule->needs[i].rule].name;
	if (*ret_count)
		qsort(sorted, *ret_count, sizeof(*sorted), by_text);
	return sorted;
}

static void diff_needs(struct differ *d, const struct snode *a, const struct snode *b,
		       const struct name_rule *was, const struct name_rule *is)
{
	const char *rule = b->resource && b->resource->draft == DRAFT_07 ? "dependencies"
									 : "dependentRequired";
	struct cf_str name = is ? is->name : was->name;
	uint32_t old_count, new_count, i = 0, k = 0;
	struct cf_str *olds = needs_of(d, a->names, was, &old_count);
	struct cf_str *news = needs_of(d, b->names, is, &new_count);

	while (d->rc == 0 && (i < old_count || k < new_count)) {
		int order = i == old_count   ? 1
			    : k == new_count ? -1
					     : str_compare(olds[i], news[k]);

		if (order > 0)
			differ_tell(d, b, BREAKS_BACKWARD, rule,
				    "\"%.*s\" must be there now where \"%.*s\" is",
				    STR_ARG(news[k]), STR_ARG(name));
		else if (order < 0)
			differ_tell(d, b, BREAKS_FORWARD, rule,
				    "\"%.*s\" may be absent now where \"%.*s\" is",
				    STR_ARG(olds[i]), STR_ARG(name));
		i += order <= 0;
		k += order >= 0;
	}
}

/* What else must be there with one member: "dependencies" of draft-07 and the two rules
 * that it became say the same. */
static void diff_dependent(struct differ *d, const struct snode *a, const struct snode *b,
			   const struct name_rule *was, const struct name_rule *is)
{
	const struct snode *olds[2] = {NULL}, *news[2] = {NULL};

	diff_needs(d, a, b, was, is);
	for (int i = 0; i < 2; i++) {
		const struct snode *old_one = was ? was->dependents[i] : NULL;
		const struct snode *new_one = is ? is->dependents[i] : NULL;

		olds[olds[0] != NULL] = old_one ? old_one : olds[olds[0] != NULL];
		news[news[0] != NULL] = new_one ? new_one : news[news[0] != NULL];
	}
	for (int i = 0; i < 2; i++)
		if (olds[i] || news[i])
			differ_nodes(d, olds[i], news[i]);
}

static void diff_all_dependent(struct differ *d, const struct snode *a, const struct snode *b)
{
	if (!(a->names && a->names->has_dependencies) && !(b->names && b->names->has_dependencies))
		return;
	for (uint32_t i = 0; b->names && i < b->names->count; i++)
		diff_dependent(d, a, b, rule_of(a, b->names->rules[i].name), &b->names->rules[i]);
	for (uint32_t i = 0; a->names && i < a->names->count; i++)
		if (!rule_of(b, a->names->rules[i].name))
			diff_dependent(d, a, b, &a->names->rules[i], NULL);
}

/* A schema that allows all is no rule. */
static const struct snode *rule_or_none(const struct snode *node)
{
	return node && node->always > 0 ? NULL : node;
}

/* What each name must be, and what no rule speaks of. */
static void diff_rest(struct differ *d, const struct snode *a, const struct snode *b)
{
	const struct snode *old_names = rule_or_none(a->property_names);
	const struct snode *new_names = rule_or_none(b->property_names);

	differ_came(d, b, old_names, new_names, BREAKS_BACKWARD, "propertyNames");
	if (old_names && new_names)
		differ_nodes(d, old_names, new_names);
	differ_came(d, b, a->unevaluated_properties, b->unevaluated_properties, BREAKS_UNDECIDED,
		    "unevaluatedProperties");
	if (a->unevaluated_properties && b->unevaluated_properties)
		differ_inexact(d, b, a->unevaluated_properties, b->unevaluated_properties,
			       "unevaluatedProperties");
}

void differ_object(struct differ *d, const struct snode *a, const struct snode *b)
{
	for (uint32_t i = 0; b->names && i < b->names->count; i++) {
		const struct name_rule *rule = &b->names->rules[i];
		const struct name_rule *old_rule = rule_of(a, rule->name);

		if (rule->schema && old_rule && old_rule->schema)
			differ_nodes(d, old_rule->schema, rule->schema);
		else if (rule->schema)
			diff_added(d, a, rule);
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
	diff_patterns(d, a, b);
	diff_all_dependent(d, a, b);
	diff_rest(d, a, b);
}
