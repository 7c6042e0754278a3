/* Accepted edits by their places: what can never stand beside one of them, whatever the
 * lenses do, needs no replay to be known. */
#include "sync/lineage/settler.h"

int taken_init(struct settler *s, size_t edit_count)
{
	size_t size = 16;

	while (size < edit_count * 2)
		size *= 2;
	s->taken_size = size;
	s->taken = arena_calloc(&s->arena, size, sizeof(*s->taken));
	return s->taken ? 0 : error_nomem(s->error);
}

static struct edit **find_taken(const struct settler *s, size_t slot, struct cf_str pointer)
{
	size_t mask = s->taken_size - 1, at = hash64(pointer, slot) & mask;

	while (s->taken[at] &&
	       !(s->taken[at]->source->slot == slot && str_equal(s->taken[at]->pointer, pointer)))
		at = (at + 1) & mask;
	return &s->taken[at];
}

void taken_note(struct settler *s, struct edit *edit)
{
	for (; edit; edit = edit->with) {
		struct edit **at = find_taken(s, edit->source->slot, edit->pointer);

		if (!*at)
			*at = edit;
	}
}

/* What is above excludes what lies under it. */
static bool excludes_under(const struct edit *above, const struct edit *edit)
{
	if (above->kind == EDIT_ELEMENT)
		return above->hash == 0;
	return above->kind == EDIT_VALUE && edit->hash != 0;
}

static struct edit *clash_above(const struct settler *s, const struct edit *edit)
{
	struct cf_str pointer = edit->pointer;

	while (pointer.len) {
		struct edit *other;

		while (pointer.ptr[--pointer.len] != '/')
			;
		other = pointer.len ? *find_taken(s, edit->source->slot, pointer) : NULL;
		if (other && excludes_under(other, edit))
			return other;
	}
	return NULL;
}

struct edit *taken_clash(const struct settler *s, const struct edit *edit)
{
	for (; edit; edit = edit->with) {
		struct edit *other = *find_taken(s, edit->source->slot, edit->pointer);

		if (!other || other->kind != edit->kind || edit->kind == EDIT_ORDER ||
		    edit->kind == EDIT_LATEST || other->hash == edit->hash)
			other = clash_above(s, edit);
		if (other)
			return other->head;
	}
	return NULL;
}
