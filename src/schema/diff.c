/* Differences between two compiled schemas, rule by rule and in both directions;
 * docs/diff.md is the table. A rule whose effect cannot be decided counts as
 * breaking both ways and says so. */
#include "schema/compiler.h"
#include "schema/differ.h"

#include <stdarg.h>
#include <stdio.h>

/* Schemas in lists that are compared to see whether they are the same. */
enum { TRIALS_MAX = 1000 };

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
	else if (!(copy = arena_dup_buf(&d->diff->arena, &pointer)).ptr)
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

/* --- what was compared ------------------------------------------------------------- */

static size_t pair_slot(const struct differ_seen *seen, const struct differ_pair *pair)
{
	uint64_t mixed = (uint64_t)(uintptr_t)pair->old_node * UINT64_C(0x9e3779b97f4a7c15) ^
			 ((uint64_t)(uintptr_t)pair->new_node + pair->inexact);

	mixed *= UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(mixed >> 32) & (seen->slot_count - 1);
}

/* Its slot, or the free one where it belongs. */
static uint32_t *find_pair(struct differ_seen *seen, const struct differ_pair *pair)
{
	size_t i = pair_slot(seen, pair);

	for (;; i = (i + 1) & (seen->slot_count - 1)) {
		const struct differ_pair *there;

		if (!seen->slots[i])
			return &seen->slots[i];
		there = &seen->pairs[seen->slots[i] - 1];
		if (there->old_node == pair->old_node && there->new_node == pair->new_node &&
		    there->inexact == pair->inexact)
			return &seen->slots[i];
	}
}

static int grow_seen(struct differ *d)
{
	struct differ_seen *seen = &d->seen;
	size_t cap = seen->cap ? seen->cap * 2 : 64;
	struct differ_pair *pairs = arena_calloc(&d->diff->arena, cap, sizeof(*pairs));
	uint32_t *slots = arena_calloc(&d->diff->arena, cap * 2, sizeof(*slots));

	if (!pairs || !slots)
		return CF_ERR_NOMEM;
	if (seen->count)
		memcpy(pairs, seen->pairs, seen->count * sizeof(*pairs));
	*seen = (struct differ_seen){pairs, slots, seen->count, cap, cap * 2};
	for (size_t i = 0; i < seen->count; i++)
		*find_pair(seen, &pairs[i]) = (uint32_t)i + 1;
	return 0;
}

static bool was_seen(struct differ *d, const struct snode *a, const struct snode *b)
{
	struct differ_seen *seen = &d->seen;
	struct differ_pair pair = {a, b, d->inexact > 0};
	uint32_t *slot;

	if (seen->count == seen->cap)
		d->rc = grow_seen(d);
	if (d->rc)
		return true;
	slot = find_pair(seen, &pair);
	if (*slot)
		return true;
	seen->pairs[seen->count++] = pair;
	*slot = (uint32_t)seen->count;
	return false;
}

struct differ_mark differ_mark(const struct differ *d)
{
	return (struct differ_mark){*d->diff, d->seen.count};
}

void differ_reset(struct differ *d, const struct differ_mark *mark)
{
	/* In the order opposite to that of their coming, slots can just be freed. */
	while (d->seen.count > mark->seen) {
		*find_pair(&d->seen, &d->seen.pairs[d->seen.count - 1]) = 0;
		d->seen.count--;
	}
	d->diff->change = mark->diff.change;
	d->diff->compatibility = mark->diff.compatibility;
	d->diff->reason_count = mark->diff.reason_count;
}

/* --- places ------------------------------------------------------------------------ */

struct json_value differ_keyword(const struct snode *node, const char *name)
{
	static const struct {
		const char *name;
		unsigned vocabularies;
	} rows[] = {
		{"format", VOCABULARY_FORMAT_ANNOTATION | VOCABULARY_FORMAT_ASSERTION},
		{"pattern", VOCABULARY_VALIDATION},
	};

	for (size_t i = 0; node->resource && i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return compile_keyword(node, name, rows[i].vocabularies, DRAFTS_BOTH);
	return JSON_ABSENT;
}

/* Whether $ref is the only rule of the place: words beside it change no document. */
static bool is_only_ref(const struct snode *node)
{
	bool counts = node->min_length || node->max_length != SNODE_NO_LIMIT;
	bool numbers = node->minimum.ptr || node->maximum.ptr || node->above.ptr ||
		       node->below.ptr || node->multiple.ptr;
	bool in_place = node->dynamic_ref || node->all_of.count || node->any_of.count ||
			node->one_of.count || node->not_schema || node->if_schema;

	if (!node->ref || node->resource->draft == DRAFT_07)
		return node->ref;
	return !counts && !numbers && !in_place && !node->types && !node->has_object_rules &&
	       !node->has_array_rules && json_is_absent(node->values) &&
	       json_is_absent(node->constant) && !node->pattern_text.ptr &&
	       json_is_absent(differ_keyword(node, "format"));
}

static const struct snode *behind_ref(const struct snode *node)
{
	if (!node)
		return &anything;
	while (is_only_ref(node))
		node = node->ref;
	return node;
}

void differ_came(struct differ *d, const struct snode *b, bool was, bool is, unsigned breaks,
		 const char *rule)
{
	unsigned went = (breaks & BREAKS_UNDECIDED) |
			(breaks & BREAKS_BACKWARD ? BREAKS_FORWARD : 0) |
			(breaks & BREAKS_FORWARD ? BREAKS_BACKWARD : 0);

	if (was != is)
		differ_tell(d, b, is ? breaks : went, rule, "%s was %s", rule,
			    is ? "added" : "removed");
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
	differ_lists(d, a, b);
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

void differ_doubt(struct differ *d, size_t first)
{
	bool backward = false, forward = false;

	for (size_t i = first; i < d->diff->reason_count; i++) {
		backward = backward || d->diff->reasons[i].breaks_backward;
		forward = forward || d->diff->reasons[i].breaks_forward;
	}
	for (size_t i = first; i < d->diff->reason_count && backward && forward; i++) {
		struct schema_reason *reason = &d->diff->reasons[i];

		if (reason->change != SCHEMA_FIX)
			reason->undecided = reason->breaks_backward = reason->breaks_forward = true;
	}
}

/* Whether rules may have moved between the place itself and what else it must be. */
static bool may_have_moved(const struct snode *a, const struct snode *b)
{
	return a->all_of.count != b->all_of.count || a->any_of.count != b->any_of.count ||
	       a->one_of.count != b->one_of.count || !a->ref != !b->ref;
}

/* What unevaluated... leaves over depends on all rules of the place. */
static bool has_unevaluated(const struct snode *node)
{
	return node->unevaluated_properties || node->unevaluated_items;
}

void differ_nodes(struct differ *d, const struct snode *a, const struct snode *b)
{
	size_t first = d->diff->reason_count;
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
	if (!differ_few(d, a, b)) {
		differ_values(d, a, b);
		differ_object(d, a, b);
		diff_elements(d, a, b);
		diff_in_place(d, a, b);
	}
	d->inexact -= rest;
	if (may_have_moved(a, b))
		differ_doubt(d, first);
	if (!a->always && !b->always)
		diff_texts(d, a, b);
}

static bool is_dynamic(const struct schema *schema)
{
	for (size_t i = 0; i < schema->queue_count; i++)
		if (schema->queue[i]->dynamic_name.ptr)
			return true;
	return false;
}

/* Whether a schema's `version` property is the constant of its own major. */
static const struct snode *own_version(const struct schema *schema, int64_t *ret_major)
{
	struct json_value text = json_member(schema->root_value, STR("version"));
	const struct snode *root = schema->root;
	const struct name_rule *rule =
		root->names ? name_table_get(root->names, STR("version")) : NULL;
	struct semver version;

	if (!rule || !rule->schema || json_kind(rule->schema->constant) != JSON_NUMBER ||
	    json_kind(text) != JSON_STRING || semver_parse(&version, json_inner(text), NULL) ||
	    !json_number_int64(json_span(rule->schema->constant), ret_major) || *ret_major < 0 ||
	    (uint64_t)*ret_major != version.major)
		return NULL;
	return rule->schema;
}

/* A new major's documents say another version by definition: that is no news. */
static int pass_over_version(struct differ *d)
{
	int64_t from, to;
	const struct snode *a = own_version(d->old_schema, &from);
	const struct snode *b = own_version(d->new_schema, &to);

	if (a && b && from != to)
		(void)was_seen(d, a, b);
	return d->rc;
}

int schema_diff(struct schema_diff *ret, const struct schema *old_schema,
		const struct schema *new_schema, const struct cf_mem *mem, struct cf_error *error)
{
	static const char scalars[] = "[null,false,true]";
	struct schema_diff diff = {.compatibility = SCHEMA_BACKWARD | SCHEMA_FORWARD};
	struct differ d = {.diff = &diff,
			   .old_schema = old_schema,
			   .new_schema = new_schema,
			   .trials_left = TRIALS_MAX,
			   .steps_left = LIMIT_SCHEMA_STEPS,
			   .dynamic = is_dynamic(old_schema) || is_dynamic(new_schema)};

	arena_init(&diff.arena, mem);
	json_doc_init(&d.scalars, mem);
	d.rc = json_read(&d.scalars, scalars, sizeof(scalars) - 1, 0, NULL);
	if (d.rc == 0)
		d.rc = pass_over_version(&d);
	if (d.rc == 0)
		differ_nodes(&d, old_schema->root, new_schema->root);
	json_doc_fini(&d.scalars);
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
