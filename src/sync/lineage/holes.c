/* Holes: what a part that is missing would say. Nothing is said there, nothing compared, and
 * edits at them wait. Documents that do not need the part are made all the same; so a part
 * that stands in for it is carried with the others, and what it reaches is known by
 * lens_trace: away from the part, in one direction. */
#include "sync/lineage/settler.h"

struct finder {
	struct settler *s;
	struct hole *at;
	size_t count, cap;
	struct hole from;
	const struct crossing *way;
	int rc;
};

static void add_hole(struct finder *f, size_t slot, struct cf_str pointer, bool up)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->at[i].slot == slot && str_equal(f->at[i].pointer, pointer) &&
		    f->at[i].up == up)
			return;
	if (f->count == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		struct hole *grown = arena_alloc(&f->s->arena, cap * sizeof(*grown));

		if (!grown) {
			f->rc = CF_ERR_NOMEM;
			return;
		}
		if (f->count)
			memcpy(grown, f->at, f->count * sizeof(*grown));
		f->at = grown;
		f->cap = cap;
	}
	f->at[f->count++] = (struct hole){slot, f->from.root, pointer, up};
}

static int found(void *ctx, size_t output, struct cf_str pointer)
{
	struct finder *f = ctx;
	size_t slot = f->way->outputs[output];
	struct cf_str kept = keyed_pointer(&f->s->family->slots[slot].keyed, pointer, &f->s->arena);

	if (!kept.ptr)
		f->rc = CF_ERR_NOMEM;
	else
		add_hole(f, slot, kept, f->from.up);
	return f->rc;
}

static void spread(struct finder *f, const struct hole *from)
{
	const struct family *family = f->s->family;

	f->from = *from;
	for (size_t i = 0; i < family->link_count; i++) {
		f->way = from->up ? &family->links[i].up : &family->links[i].down;
		for (size_t k = 0; k < f->way->input_count && f->rc == 0; k++)
			if (f->way->inputs[k] == from->slot &&
			    lens_trace(f->way->program, k, from->pointer, found, f))
				f->rc = CF_ERR_NOMEM;
	}
}

int find_holes(struct settler *s, const struct pages *state, const struct hole **ret,
	       size_t *ret_count)
{
	struct finder f = {.s = s};

	for (size_t i = 0; i < s->family->slot_count; i++) {
		if (!state->pages[i] || !state->pages[i]->root)
			continue;
		f.from.root = i;
		add_hole(&f, i, STR(""), true);
		add_hole(&f, i, STR(""), false);
	}
	for (size_t i = 0; i < f.count && f.rc == 0; i++) {
		const struct hole from = f.at[i];

		spread(&f, &from);
	}
	*ret = f.at;
	*ret_count = f.count;
	return f.rc ? error_nomem(s->error) : 0;
}

static bool overlaps(const struct settler *s, const struct edit *edit, const struct hole *hole)
{
	/* A part with the same key comes from whoever says all of it. */
	return edit->source->slot == hole->slot && s->family->slots[hole->root].shared &&
	       (hole->pointer.len == 0 || pointer_overlaps(edit->pointer, hole->pointer));
}

static bool at_hole(const struct settler *s, const struct edit *edit, const struct hole *holes,
		    size_t count)
{
	for (; edit; edit = edit->with)
		for (size_t i = 0; i < count; i++)
			if (overlaps(s, edit, &holes[i]))
				return true;
	return false;
}

int hold_pending(struct settler *s)
{
	const struct hole *holes;
	size_t count;
	int rc = find_holes(s, &s->agreed, &holes, &count);

	for (size_t i = 0; i < s->source_count && rc == 0 && count; i++)
		for (size_t k = 0; k < s->sources[i].edit_count; k++) {
			struct edit *edit = &s->sources[i].edits[k];

			if (edit->head == edit)
				edit->pending = at_hole(s, edit, holes, count);
		}
	return rc;
}

int move_pending(struct settler *s, bool *ret_moved)
{
	const struct hole *holes;
	size_t count;
	int rc = find_holes(s, &s->result, &holes, &count);

	*ret_moved = false;
	for (size_t i = 0; i < s->source_count && rc == 0; i++)
		for (size_t k = 0; k < s->sources[i].edit_count; k++) {
			struct edit *edit = &s->sources[i].edits[k];

			if (edit->source->kind != SETTLE_SIDE_EDIT || edit->head != edit ||
			    edit->moved || edit->pending == at_hole(s, edit, holes, count))
				continue;
			edit->pending = !edit->pending;
			edit->moved = *ret_moved = true;
		}
	return rc;
}

/* What a document that nothing could make waits for, where some of what it is made of is
 * there. */
static bool find_missing(const struct settler *s, const struct crossing *way, size_t slot,
			 size_t *ret)
{
	bool some = false, missing = false, makes = false;

	for (size_t i = 0; i < way->output_count; i++)
		makes = makes || way->outputs[i] == slot;
	for (size_t i = 0; i < way->input_count && makes; i++) {
		const struct page *page = s->result.pages[way->inputs[i]];

		if (page && !page->phantom) {
			some = true;
		} else if (!missing && (!s->family->slots[way->inputs[i]].shared || page)) {
			missing = true;
			*ret = way->inputs[i];
		}
	}
	return some && missing;
}

int tell_waits(struct settler *s, struct settle_result *ret)
{
	const struct hole *holes;
	size_t count;
	int rc = find_holes(s, &s->result, &holes, &count);

	for (size_t i = 0; i < s->family->own_count && rc == 0; i++) {
		struct settle_slot_result *slot = &ret->slots[i];
		const struct page *page = s->result.pages[i];
		struct cf_str *pointers = arena_alloc(&s->arena, (count + 1) * sizeof(*pointers));

		if (!pointers)
			return error_nomem(s->error);
		slot->holes = pointers;
		for (size_t h = 0; h < count && !(page && page->root); h++) {
			if (holes[h].slot != i)
				continue;
			slot->waits = true;
			slot->waits_for = holes[h].root;
			pointers[slot->hole_count++] = holes[h].pointer;
		}
		for (size_t k = 0; k < s->family->link_count && !page && !slot->waits; k++)
			slot->waits =
				find_missing(s, &s->family->links[k].up, i, &slot->waits_for) ||
				find_missing(s, &s->family->links[k].down, i, &slot->waits_for);
	}
	return rc;
}
