/* What a saved document says otherwise than the one that its app had: one walk over both
 * lists of atoms, side by side. */
#include "sync/lineage/base_order.h"
#include "sync/lineage/settle.h"

#include <stdlib.h>

struct comparer {
	const struct atoms *was, *now;
	struct cf_arena *arena;
	struct settle_edit *at;
	size_t count, cap;
	struct cf_str gone;  /* what was removed, with all that was under it */
	struct cf_str whole; /* an array that is one edit, whatever is in it */
	int rc;
};

static void add_edit(struct comparer *c, struct cf_str pointer, const struct atom *atom)
{
	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 8;
		struct settle_edit *grown = mem_resize(c->arena->mem, c->at, cap * sizeof(*grown));

		if (!grown) {
			c->rc = CF_ERR_NOMEM;
			return;
		}
		c->at = grown;
		c->cap = cap;
	}
	c->at[c->count++] = (struct settle_edit){.pointer = pointer,
						 .value = atom ? atom->value : JSON_ABSENT,
						 .hash = atom ? atom->hash : 0};
}

/* Where the token of an element or of an order begins: behind the array's pointer. 0: it
 * ends with the name of a member. */
static size_t array_length(struct cf_str pointer)
{
	size_t at = pointer.len;

	while (at > 0 && pointer.ptr[at - 1] != '/')
		at--;
	return at > 0 && at < pointer.len && pointer.ptr[at] == '[' ? at - 1 : 0;
}

static bool is_order(struct cf_str pointer, size_t array)
{
	return array && pointer.len - array == strlen("/[]");
}

static bool is_empty_object(struct json_value value)
{
	return json_kind(value) == JSON_OBJECT && json_count(value) == 0;
}

/* The atom at something above the pointer, which excludes that there is anything at it. */
static const struct atom *atom_above(const struct atoms *atoms, struct cf_str pointer)
{
	for (;;) {
		const struct atom *atom;

		while (pointer.len && pointer.ptr[--pointer.len] != '/')
			;
		if (!pointer.len)
			return NULL;
		atom = atoms_find(atoms, pointer);
		if (atom && !array_length(pointer) && !is_empty_object(atom->value))
			return atom;
	}
}

/* Whether those that both have stand in another order. */
static bool moved(struct comparer *c, const struct atom_order *was, const struct atom_order *now)
{
	bool same = true;

	if (order_follows(was, now, c->arena, &same, NULL))
		c->rc = CF_ERR_NOMEM;
	return c->rc == 0 && !same;
}

/* Both have the array. The place of an added element is no order. */
static void compare_order(struct comparer *c, const struct atom *was, const struct atom *now)
{
	if (!was->order || !now->order || moved(c, was->order, now->order))
		add_edit(c, now->pointer, now);
}

/* The array is one atom on one side, and taken apart on the other: it is one edit. */
static bool whole_array(struct comparer *c, const struct atoms *other, struct cf_str pointer,
			size_t array)
{
	struct cf_str whole = {pointer.ptr, array};
	const struct atom *now = NULL;
	struct atom value;

	if (!array || !atoms_find(other, whole))
		return false;
	/* As one atom it is told where it is compared itself. */
	if (other == c->was)
		now = atoms_order(c->now, whole);
	if (now) {
		value = *now;
		value.hash = atom_hash(json_hash64(now->value));
		add_edit(c, whole, &value);
	}
	c->whole = whole;
	return true;
}

static void compare_added(struct comparer *c, const struct atom *now)
{
	size_t array = array_length(now->pointer);

	if (whole_array(c, c->was, now->pointer, array))
		return;
	/* The presence of its elements says that there is an array. */
	if (is_order(now->pointer, array) && now->order && now->order->count)
		return;
	add_edit(c, now->pointer, now);
}

static void compare_gone(struct comparer *c, const struct atom *was)
{
	size_t array = array_length(was->pointer);
	struct cf_str pointer = was->pointer;

	if (array && whole_array(c, c->now, pointer, array))
		return;
	if (array && !atoms_order(c->now, (struct cf_str){pointer.ptr, array}))
		pointer.len = array;
	else if (is_order(pointer, array))
		return;
	c->gone = pointer;
	/* What became an object, or lies in what became a value, is told there. */
	if (!atoms_first(c->now, pointer) && !atom_above(c->now, pointer))
		add_edit(c, pointer, NULL);
}

static bool lies_within(struct cf_str pointer, struct cf_str outer)
{
	return outer.len && (str_equal(pointer, outer) || pointer_lies_under(pointer, outer));
}

static void compare(struct comparer *c)
{
	struct atoms_diff diff = {.a = c->was, .b = c->now};

	while (c->rc == 0 && atoms_diff_next(&diff)) {
		size_t array = array_length(diff.pointer);

		if (lies_within(diff.pointer, c->whole) ||
		    (!diff.right && lies_within(diff.pointer, c->gone)))
			continue;
		if (!diff.left)
			compare_added(c, diff.right);
		else if (!diff.right)
			compare_gone(c, diff.left);
		else if (!is_order(diff.pointer, array))
			add_edit(c, diff.pointer, diff.right);
		else
			compare_order(c, diff.left, diff.right);
	}
}

/* --- together --------------------------------------------------------------------------- */

static struct settle_edit *find_edit(const struct comparer *c, struct cf_str pointer)
{
	for (size_t i = 0; i < c->count; i++)
		if (str_equal(c->at[i].pointer, pointer))
			return &c->at[i];
	return NULL;
}

/* Where one field of a set was changed, all of it was said. */
static void bind(struct comparer *c, const struct settle_together *set, unsigned number)
{
	bool any = false;

	for (size_t i = 0; i < set->count; i++)
		any = any || find_edit(c, set->pointers[i]);
	for (size_t i = 0; any && i < set->count; i++) {
		struct settle_edit *edit = find_edit(c, set->pointers[i]);

		if (!edit) {
			add_edit(c, set->pointers[i], atoms_find(c->now, set->pointers[i]));
			edit = c->rc ? NULL : &c->at[c->count - 1];
		}
		if (edit)
			edit->together = number;
	}
}

static int by_pointer(const void *a, const void *b)
{
	return pointer_compare(((const struct settle_edit *)a)->pointer,
			       ((const struct settle_edit *)b)->pointer);
}

const struct settle_edit *settle_edit_find(const struct settle_edit *edits, size_t count,
					   struct cf_str pointer)
{
	const struct settle_edit key = {.pointer = pointer};

	return count ? bsearch(&key, edits, count, sizeof(key), by_pointer) : NULL;
}

/* As many as there are: the arena keeps nothing that was outgrown. */
static int keep_edits(const struct comparer *c, struct settle_edit **ret, size_t *ret_count)
{
	*ret = arena_alloc(c->arena, c->count * sizeof(**ret));
	if (!*ret)
		return CF_ERR_NOMEM;
	if (c->count)
		memcpy(*ret, c->at, c->count * sizeof(**ret));
	*ret_count = c->count;
	return 0;
}

int settle_edits(const struct atoms *was, const struct atoms *now,
		 const struct settle_together *together, size_t together_count,
		 struct cf_arena *arena, struct settle_edit **ret, size_t *ret_count)
{
	struct comparer c = {.was = was, .now = now, .arena = arena};

	compare(&c);
	for (size_t i = 0; i < together_count && c.rc == 0; i++)
		bind(&c, &together[i], (unsigned)i + 1);
	for (size_t i = 1; i < c.count; i++)
		if (by_pointer(&c.at[i - 1], &c.at[i]) > 0) {
			qsort(c.at, c.count, sizeof(*c.at), by_pointer);
			break;
		}
	if (c.rc == 0)
		c.rc = keep_edits(&c, ret, ret_count);
	mem_free(arena->mem, c.at);
	return c.rc;
}
