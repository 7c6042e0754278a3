/* Differences between two compiled schemas, rule by rule and in both directions;
 * docs/diff.md is the table. A rule whose effect cannot be decided counts as
 * breaking both ways and says so. */
#include "schema/differ.h"

#include <stdarg.h>
#include <stdio.h>

static const struct snode anything = {.always = 1};

const char *schema_change_name(enum schema_change change)
{
	return change == SCHEMA_FIX ? "fix" : change == SCHEMA_FEATURE ? "feature" : "breaking";
}

const char *schema_compatibility_name(unsigned compatibility)
{
	static const char *const names[] = {"NONE", "BACKWARD", "FORWARD", "FULL"};

	return names[compatibility & 3];
}

static struct schema_reason *add_reason(struct differ *d)
{
	struct schema_diff *diff = d->diff;

	if (diff->reason_count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 16;
		struct schema_reason *grown = arena_calloc(&diff->arena, cap, sizeof(*grown));

		if (!grown)
			return NULL;
		if (diff->reason_count)
			memcpy(grown, diff->reasons, diff->reason_count * sizeof(*grown));
		diff->reasons = grown;
		d->cap = cap;
	}
	return &diff->reasons[diff->reason_count++];
}

static struct cf_str pointer_of(struct differ *d, const struct snode *at)
{
	struct cf_buf pointer;
	struct cf_str copy = {"", 0};

	if (!at || !at->at.doc)
		return copy;
	buf_init(&pointer, d->diff->arena.mem);
	if (json_pointer_of(at->at, &pointer))
		d->rc = CF_ERR_NOMEM;
	else if (!(copy = arena_dup(&d->diff->arena, buf_view(&pointer))).ptr)
		d->rc = CF_ERR_NOMEM;
	buf_fini(&pointer);
	return copy;
}

void differ_tell(struct differ *d, const struct snode *at, unsigned breaks, const char *rule,
		 const char *format, ...)
{
	struct schema_reason *reason = d->rc ? NULL : add_reason(d);
	char message[512];
	va_list args;

	if (!reason) {
		d->rc = CF_ERR_NOMEM;
		return;
	}
	if (breaks && d->inexact)
		breaks = BREAKS_UNDECIDED;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	*reason = (struct schema_reason){.rule = str_of(rule)};
	reason->undecided = breaks & BREAKS_UNDECIDED;
	reason->breaks_backward = breaks & (BREAKS_BACKWARD | BREAKS_UNDECIDED);
	reason->breaks_forward = breaks & (BREAKS_FORWARD | BREAKS_UNDECIDED);
	reason->change = !breaks                     ? SCHEMA_FIX
			 : (breaks & BREAKS_FEATURE) ? SCHEMA_FEATURE
						     : SCHEMA_BREAKING;
	reason->pointer = pointer_of(d, at);
	reason->message = arena_dup(&d->diff->arena, str_of(message));
	if (!reason->message.ptr)
		d->rc = CF_ERR_NOMEM;
	if (reason->change > d->diff->change)
		d->diff->change = reason->change;
	if (reason->breaks_backward)
		d->diff->compatibility &= ~(unsigned)SCHEMA_BACKWARD;
	if (reason->breaks_forward)
		d->diff->compatibility &= ~(unsigned)SCHEMA_FORWARD;
}

static bool was_seen(struct differ *d, const struct snode *a, const struct snode *b)
{
	struct differ_pair *pair;

	for (pair = d->seen; pair; pair = pair->next)
		if (pair->old_node == a && pair->new_node == b && pair->inexact == (d->inexact > 0))
			return true;
	pair = arena_calloc(&d->diff->arena, 1, sizeof(*pair));
	if (!pair) {
		d->rc = CF_ERR_NOMEM;
		return true;
	}
	*pair = (struct differ_pair){a, b, d->inexact > 0, d->seen};
	d->seen = pair;
	return false;
}

/* Whether $ref is all that the place says: words beside it change no document. */
static bool is_only_ref(const struct snode *node)
{
	static const char *const words[] = {"$ref",       "$defs",    "definitions", "$schema",
					    "$comment",   "title",    "description", "default",
					    "deprecated", "examples", "readOnly",    "writeOnly",
					    "version"};
	struct json_iter it = json_iter(node->at);

	if (!node->ref || node->resource->draft == DRAFT_07)
		return node->ref;
	while (json_next(&it)) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && !json_name_is(it.name, str_of(words[i])))
			i++;
		if (i == ARRAY_LEN(words))
			return false;
	}
	return true;
}

static const struct snode *behind_ref(const struct snode *node)
{
	if (!node)
		return &anything;
	while (is_only_ref(node))
		node = node->ref;
	return node;
}

static void diff_lists(struct differ *d, const struct snode *b, const struct snode_list *old_list,
		       const struct snode_list *new_list, const char *rule)
{
	if (old_list->count != new_list->count)
		differ_tell(d, b, BREAKS_UNDECIDED, rule, "other schemas under %s", rule);
	for (uint32_t i = 0; i < old_list->count && i < new_list->count; i++)
		differ_nodes(d, old_list->items[i], new_list->items[i]);
}

/* Rules in which a stronger part may make the whole weaker. */
void differ_inexact(struct differ *d, const struct snode *b, const struct snode *old_part,
		    const struct snode *new_part, const char *rule)
{
	if (!old_part != !new_part)
		differ_tell(d, b, BREAKS_UNDECIDED, rule, "%s came or went", rule);
	if (!old_part || !new_part)
		return;
	d->inexact++;
	differ_nodes(d, old_part, new_part);
	d->inexact--;
}

static void diff_in_place(struct differ *d, const struct snode *a, const struct snode *b)
{
	diff_lists(d, b, &a->all_of, &b->all_of, "allOf");
	diff_lists(d, b, &a->any_of, &b->any_of, "anyOf");
	d->inexact++;
	diff_lists(d, b, &a->one_of, &b->one_of, "oneOf");
	d->inexact--;
	differ_inexact(d, b, a->not_schema, b->not_schema, "not");
	differ_inexact(d, b, a->if_schema, b->if_schema, "if");
	differ_inexact(d, b, a->then_schema, b->then_schema, "then");
	differ_inexact(d, b, a->else_schema, b->else_schema, "else");
	differ_inexact(d, b, a->dynamic_ref, b->dynamic_ref, "$dynamicRef");
	differ_inexact(d, b, a->contains, b->contains, "contains");
	differ_inexact(d, b, a->unevaluated_items, b->unevaluated_items, "unevaluatedItems");
	/* Beside other rules, $ref is one rule more: each may be compared by itself. */
	if (a->ref && b->ref)
		differ_nodes(d, a->ref, b->ref);
	else
		differ_inexact(d, b, a->ref, b->ref, "$ref");
}

static void diff_elements(struct differ *d, const struct snode *a, const struct snode *b)
{
	uint32_t count = a->prefix.count > b->prefix.count ? a->prefix.count : b->prefix.count;

	for (uint32_t i = 0; i < count; i++)
		differ_nodes(d, i < a->prefix.count ? a->prefix.items[i] : a->items,
			     i < b->prefix.count ? b->prefix.items[i] : b->items);
	differ_nodes(d, a->items, b->items);
}

static void diff_texts(struct differ *d, const struct snode *a, const struct snode *b)
{
	static const char *const names[] = {"title",    "description", "default",  "examples",
					    "$comment", "deprecated",  "readOnly", "writeOnly"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_value old_text = json_member(a->at, str_of(names[i]));
		struct json_value new_text = json_member(b->at, str_of(names[i]));

		if (json_is_absent(old_text) && json_is_absent(new_text))
			continue;
		if (json_is_absent(old_text) || json_is_absent(new_text) ||
		    !json_equal(old_text, new_text))
			differ_tell(d, b, 0, "text-changed", "%s changed", names[i]);
	}
}

/* What unevaluated... leaves over depends on all rules of the place. */
static bool has_unevaluated(const struct snode *node)
{
	return node->unevaluated_properties || node->unevaluated_items;
}

void differ_nodes(struct differ *d, const struct snode *a, const struct snode *b)
{
	bool rest;

	if (a && b && !a->always && !b->always && a != b && (a->ref || b->ref))
		diff_texts(d, a, b);
	a = behind_ref(a);
	b = behind_ref(b);
	if (d->rc || a == b || was_seen(d, a, b))
		return;
	if (a->always < 0 || b->always < 0) {
		if (a->always != b->always)
			differ_tell(d, b, a->always < 0 ? BREAKS_FORWARD : BREAKS_BACKWARD,
				    a->always < 0 ? "allowed" : "forbidden",
				    a->always < 0 ? "nothing was allowed here, now something is"
						  : "something was allowed here, now nothing is");
		return;
	}
	rest = has_unevaluated(a) || has_unevaluated(b);
	d->inexact += rest;
	differ_values(d, a, b);
	differ_object(d, a, b);
	diff_elements(d, a, b);
	diff_in_place(d, a, b);
	d->inexact -= rest;
	if (!a->always && !b->always)
		diff_texts(d, a, b);
}

int schema_diff(struct schema_diff *ret, const struct schema *old_schema,
		const struct schema *new_schema, const struct cf_mem *mem, struct cf_error *error)
{
	struct schema_diff diff = {.compatibility = SCHEMA_BACKWARD | SCHEMA_FORWARD};
	struct differ d = {.diff = &diff, .schema = new_schema};

	arena_init(&diff.arena, mem);
	differ_nodes(&d, old_schema->root, new_schema->root);
	if (d.rc) {
		schema_diff_fini(&diff);
		return error_nomem(error);
	}
	*ret = diff;
	return 0;
}

void schema_diff_fini(struct schema_diff *diff)
{
	arena_fini(&diff->arena);
	*diff = (struct schema_diff){0};
}

static const struct manifest_dependency *find_dependency(const struct manifest *m,
							 struct cf_str type)
{
	for (size_t i = 0; i < m->dependency_count; i++)
		if (str_equal(m->dependencies[i].type, type))
			return &m->dependencies[i];
	return NULL;
}

/* The first version that a range's text names: "^3.0.0" speaks of 3.0.0. */
static bool base_version(struct cf_str range, struct semver *ret)
{
	size_t i = 0;

	while (i < range.len && strchr("^~>=v ", range.ptr[i]))
		i++;
	return semver_parse(ret, (struct cf_str){range.ptr + i, range.len - i}, NULL) == 0;
}

static void diff_dependency(struct differ *d, const struct manifest_dependency *a,
			    const struct manifest_dependency *b)
{
	struct semver from, to;

	if (str_equal(a->range_text, b->range_text))
		return;
	if (!base_version(a->range_text, &from) || !base_version(b->range_text, &to) ||
	    semver_compare(&from, &to) > 0)
		differ_tell(d, NULL, BREAKS_UNDECIDED, "dependency-changed",
			    "%.*s: %.*s became %.*s", STR_ARG(b->type), STR_ARG(a->range_text),
			    STR_ARG(b->range_text));
	else if (from.major != to.major)
		differ_tell(d, NULL, BREAKS_BACKWARD | BREAKS_FORWARD, "dependency-major",
			    "%.*s: major %llu became %llu", STR_ARG(b->type),
			    (unsigned long long)from.major, (unsigned long long)to.major);
	else
		differ_tell(d, NULL, from.minor != to.minor ? BREAKS_FEATURE : 0,
			    from.minor != to.minor ? "dependency-minor" : "dependency-patch",
			    "%.*s: %.*s became %.*s", STR_ARG(b->type), STR_ARG(a->range_text),
			    STR_ARG(b->range_text));
}

int manifest_diff(struct schema_diff *ret, const struct manifest *old_manifest,
		  const struct manifest *new_manifest, const struct cf_mem *mem,
		  struct cf_error *error)
{
	struct schema_diff diff = {.compatibility = SCHEMA_BACKWARD | SCHEMA_FORWARD};
	struct differ d = {.diff = &diff};

	arena_init(&diff.arena, mem);
	for (size_t i = 0; i < old_manifest->dependency_count; i++) {
		const struct manifest_dependency *a = &old_manifest->dependencies[i];
		const struct manifest_dependency *b = find_dependency(new_manifest, a->type);

		if (b)
			diff_dependency(&d, a, b);
		else
			differ_tell(&d, NULL, BREAKS_BACKWARD, "type-removed", "%.*s is gone",
				    STR_ARG(a->type));
	}
	for (size_t i = 0; i < new_manifest->dependency_count; i++)
		if (!find_dependency(old_manifest, new_manifest->dependencies[i].type))
			differ_tell(&d, NULL, BREAKS_FEATURE, "type-added", "%.*s is new",
				    STR_ARG(new_manifest->dependencies[i].type));
	if (d.rc) {
		schema_diff_fini(&diff);
		return error_nomem(error);
	}
	*ret = diff;
	return 0;
}
