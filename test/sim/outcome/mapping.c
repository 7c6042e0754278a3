/* From one world into its twin: documents field by field, since the shapes of both have the
 * same fields in the same places; revisions by what they stand on. */
#include "twin.h"

static const struct shape_of *shape_one(const struct twinning *t, size_t version)
{
	return &t->one->made.shapes[version];
}

static const struct shape_of *shape_other(const struct twinning *t, size_t version)
{
	return &t->other->made.shapes[t->to[version]];
}

/* No other text is one of the letters that name elements. */
static const char *key_for(const struct twinning *t, struct cf_str text)
{
	const char *at = text.len == 3 ? strchr(KEY_LETTERS, text.ptr[1]) : NULL;

	return t->keys[0] && at && *at ? t->keys[at - KEY_LETTERS] : NULL;
}

static void rename_elements(const struct twinning *t, struct value *value)
{
	const char *key = value->kind == JSON_STRING ? key_for(t, value->text) : NULL;

	if (key)
		value->text = value_string(&t->other->arena, str_of(key))->text;
	for (struct value *v = value->first; v; v = v->next)
		rename_elements(t, v);
}

static const struct value *map_elements(const struct twinning *t, const struct value *value)
{
	struct value *copy = value ? value_clone(&t->other->arena, value) : NULL;

	if (copy)
		rename_elements(t, copy);
	return copy;
}

const struct value *map_document(struct twinning *t, size_t version, const struct value *document)
{
	struct cf_arena *arena = &t->other->arena;
	const struct shape_of *one = shape_one(t, version), *other = shape_other(t, version);
	struct value *mapped;

	if (!document)
		return NULL;
	mapped = value_read(arena, arena_printf(arena, "{\"schema\":\"p\",\"version\":%zu}",
						t->to[version] + 1));
	for (size_t i = 0; i < one->count; i++) {
		const struct path *from = &one->at[i].path, *to = &other->at[i].path;

		value_put(arena, mapped, to, to->count,
			  map_elements(t, value_get(document, from, from->count)));
	}
	return mapped;
}

struct cf_str map_revision(const struct twinning *t, size_t version, struct cf_str rev)
{
	for (size_t i = 0; i < t->pair_count; i++)
		if (t->pairs[i].version == version && str_equal(t->pairs[i].one, rev))
			return t->pairs[i].other;
	return rev;
}

/* --- entries --------------------------------------------------------------------------------- */

/* What follows a field's path: the way to an element, and into it. */
static struct cf_str map_rest(const struct twinning *t, struct cf_str rest)
{
	struct cf_arena *arena = &t->other->arena;
	struct path element = {.count = 0};
	const char *key;

	if (rest.len < 6 || memcmp(rest.ptr, "/[", 2) != 0 || rest.ptr[5] != ']')
		return rest;
	key = key_for(t, (struct cf_str){rest.ptr + 2, 3});
	if (!key)
		return rest;
	element = path_with(&element, STEP_KEY, value_string(arena, str_of(key))->text);
	return arena_printf(arena, "%.*s%.*s", STR_ARG(path_print(arena, &element)),
			    (int)(rest.len - 6), rest.ptr + 6);
}

/* Of a path and what follows it, which may be the way into an array. */
static struct cf_str map_pointer(struct twinning *t, size_t version, struct cf_str pointer)
{
	struct cf_arena *arena = &t->other->arena;
	const struct shape_of *one = shape_one(t, version), *other = shape_other(t, version);

	for (size_t i = 0; i < one->count; i++) {
		struct cf_str from = path_print(arena, &one->at[i].path);
		struct cf_str to = path_print(arena, &other->at[i].path);

		if (!str_starts_with(pointer, from) ||
		    (pointer.len > from.len && pointer.ptr[from.len] != '/'))
			continue;
		pointer = map_rest(t,
				   (struct cf_str){pointer.ptr + from.len, pointer.len - from.len});
		return arena_printf(arena, "%.*s%.*s", STR_ARG(to), STR_ARG(pointer));
	}
	return pointer;
}

static struct side map_side(struct twinning *t, const struct side *side)
{
	struct side mapped = *side;

	if (side->rev.len == 0)
		return mapped;
	mapped.version = t->to[side->version];
	mapped.rev = map_revision(t, side->version, side->rev);
	mapped.pointer = map_pointer(t, side->version, side->pointer);
	mapped.value = map_elements(t, side->value);
	if (side->pointer.len == 0)
		mapped.value = map_document(t, side->version, side->value);
	return mapped;
}

struct entry map_entry(struct twinning *t, const struct entry *entry)
{
	struct entry mapped = *entry;

	mapped.loser = map_side(t, &entry->loser);
	mapped.winner = map_side(t, &entry->winner);
	return mapped;
}

/* --- revisions ---------------------------------------------------------------------------------
 */

static bool has_revision(const struct leaf_list *leaves, size_t version, struct cf_str rev)
{
	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->at[i];

		if (leaf->version != version)
			continue;
		if (str_equal(leaf->rev, rev))
			return true;
		for (size_t k = 0; k < leaf->way_count; k++)
			if (str_equal(leaf->way[k], rev))
				return true;
	}
	return false;
}

/* A revision on the way to a leaf: the leaf itself is the 0th. */
static struct cf_str on_way(const struct leaf *leaf, size_t i)
{
	return i > leaf->way_count ? STR("") : i ? leaf->way[i - 1] : leaf->rev;
}

struct learning {
	struct twinning *t;
	const struct leaf_list *one, *other;
	size_t version;
};

/* One of the other world that this one does not have, on that parent ("": nothing). */
static struct cf_str other_on(const struct learning *l, struct cf_str parent)
{
	for (size_t i = 0; i < l->other->count; i++) {
		const struct leaf *leaf = &l->other->at[i];

		if (leaf->version != l->t->to[l->version])
			continue;
		for (size_t k = 0; k <= leaf->way_count; k++)
			if (str_equal(on_way(leaf, k + 1), parent) &&
			    !has_revision(l->one, l->version, on_way(leaf, k)))
				return on_way(leaf, k);
	}
	return STR("");
}

static void learn_one(const struct learning *l, struct cf_str rev, struct cf_str parent)
{
	struct twinning *t = l->t;
	struct cf_str other;

	if (has_revision(l->other, t->to[l->version], rev) ||
	    !str_equal(map_revision(t, l->version, rev), rev))
		return;
	other = other_on(l, map_revision(t, l->version, parent));
	if (other.len == 0 || revision_generation(other) != revision_generation(rev))
		return;
	cf_assert(t->pair_count < REVISION_PAIRS_MAX);
	t->pairs[t->pair_count++] = (struct revision_pair){l->version, rev, other};
}

void map_learn(struct twinning *t, const struct leaf_list *one, const struct leaf_list *other)
{
	for (size_t i = 0; i < one->count; i++) {
		const struct leaf *leaf = &one->at[i];
		struct learning l = {t, one, other, leaf->version};

		for (size_t k = leaf->way_count + 1; k-- > 0;)
			learn_one(&l, on_way(leaf, k), on_way(leaf, k + 1));
	}
}
