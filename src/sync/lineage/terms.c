/* What the base knows in the terms of an earlier catalog, in today's: an array that was one
 * atom, and is taken apart since a lens names its key. It is read from the document that was
 * agreed, so that it is neither an edit nor an absence.
 */
#include "sync/lineage/lineage.h"

struct terms {
	struct bench *bench;
	struct lineage *lineage;
	size_t slot;
	struct atoms agreed; /* of the agreed document */
	struct atoms was;    /* the same as the base has it */
};

/* Whether the array was one atom in the base, and the same one is agreed as elements. */
static bool is_apart_now(const struct terms *t, struct cf_str pointer)
{
	const struct atom *was = atoms_find(&t->was, pointer), *order;

	if (!was || atoms_find(&t->agreed, pointer))
		return false;
	order = atoms_order(&t->agreed, pointer);
	return order && atom_hash(json_hash64(order->value)) == was->hash;
}

/* Mostly there is no keyed array that the base has as one atom. */
static bool any_whole(const struct terms *t)
{
	const struct slot_kind *kind = t->lineage->slots[t->slot].kind;

	for (size_t i = 0; i < t->was.count && kind->keyed.count; i++)
		if (keyed_at(&kind->keyed, t->was.at[i].pointer))
			return true;
	return false;
}

static bool any_apart_now(const struct terms *t)
{
	for (size_t i = 0; i < t->was.count; i++)
		if (is_apart_now(t, t->was.at[i].pointer))
			return true;
	return false;
}

/* What lies under the pointer. */
static struct atoms under(const struct atoms *atoms, struct cf_str pointer)
{
	const struct atom *first = atoms_first(atoms, pointer), *end = atoms->at + atoms->count;
	struct atoms ret = {(struct atom *)first, 0};

	while (first && first + ret.count < end &&
	       (str_equal(first[ret.count].pointer, pointer) ||
		pointer_lies_under(first[ret.count].pointer, pointer)))
		ret.count++;
	return ret;
}

/* --- what was said ---------------------------------------------------------------------- */

/* What was said of the whole array was said of each element. */
static int split_said(const struct terms *t)
{
	struct base_slot *base = &t->lineage->base.slots[t->slot];
	struct base_said *said;
	size_t max = base->said_count + t->agreed.count, count = 0;

	said = arena_alloc(&t->bench->arena, (max + 1) * sizeof(*said));
	if (!said)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < base->said_count; i++) {
		struct atoms elements = {NULL, 0};

		if (is_apart_now(t, base->said[i].pointer))
			elements = under(&t->agreed, base->said[i].pointer);
		else
			said[count++] = base->said[i];
		for (size_t k = 0; k < elements.count; k++) {
			struct base_said one = base->said[i];

			one.pointer = elements.at[k].pointer;
			if (!elements.at[k].order || elements.at[k].order->count == 0)
				said[count++] = one;
		}
	}
	base->said = said;
	base->said_count = count;
	return 0;
}

/* --- edits ---------------------------------------------------------------------------------- */

/* An edit of a whole array becomes edits of what differs from what was agreed, if its app had
 * that. */
static int split_edits(const struct terms *t, struct settle_saved *saved, const struct atoms *had)
{
	struct cf_arena *arena = &t->bench->arena;
	struct settle_edit *edits = NULL, *split;
	size_t count = 0, split_count;
	struct atoms now;

	if (bench_atoms(t->bench, t->lineage->slots[t->slot].kind, saved->document, &now))
		return CF_ERR_NOMEM;
	edits = arena_alloc(arena,
			    (saved->edit_count + now.count + t->agreed.count + 1) * sizeof(*edits));
	if (!edits)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < saved->edit_count; i++) {
		const struct settle_edit *edit = &saved->edits[i];
		struct atoms before, after;

		if (!edit->hash || !is_apart_now(t, edit->pointer) ||
		    atoms_hash_at(had, edit->pointer) != atoms_hash_at(&t->was, edit->pointer)) {
			edits[count++] = *edit;
			continue;
		}
		before = under(&t->agreed, edit->pointer);
		after = under(&now, edit->pointer);
		if (settle_edits(&before, &after, NULL, 0, arena, &split, &split_count))
			return CF_ERR_NOMEM;
		if (split_count)
			memcpy(edits + count, split, split_count * sizeof(*edits));
		count += split_count;
	}
	saved->edits = edits;
	saved->edit_count = count;
	return 0;
}

static int split_all_edits(const struct terms *t)
{
	const struct base_slot *base = &t->lineage->base.slots[t->slot];

	for (size_t i = 0; i < t->lineage->saved_count; i++) {
		struct settle_saved *saved = &t->lineage->saved[i];
		const struct origin *origin = &t->lineage->origins[i];
		struct atoms had;

		if (saved->slot != t->slot || origin->forward || origin->ancestor < 0)
			continue;
		if (base_atoms(base, (size_t)origin->ancestor, &t->bench->arena, &had) ||
		    split_edits(t, saved, &had))
			return CF_ERR_NOMEM;
	}
	return 0;
}

/* --- all -------------------------------------------------------------------------------------- */

static int take_slot(struct bench *bench, struct lineage *lineage, size_t slot, bool *ret_any)
{
	struct terms t = {.bench = bench, .lineage = lineage, .slot = slot};
	struct base_slot *base = &lineage->base.slots[slot];

	t.was = base->agreed;
	if (!base->there || json_is_absent(lineage->agreed[slot].document) || !any_whole(&t))
		return 0;
	if (bench_atoms(bench, lineage->slots[slot].kind, lineage->agreed[slot].document,
			&t.agreed))
		return CF_ERR_NOMEM;
	if (!any_apart_now(&t))
		return 0;
	*ret_any = true;
	if (split_said(&t) || split_all_edits(&t))
		return CF_ERR_NOMEM;
	base->agreed = lineage->slots[slot].agreed = t.agreed;
	return 0;
}

int lineage_take_terms(struct bench *bench, struct lineage *lineage)
{
	bool any = false;

	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		if (take_slot(bench, lineage, i, &any))
			return error_nomem(&lineage->error);
	return any ? lineage_find_said(bench, lineage) : 0;
}
