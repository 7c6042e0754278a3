/* Edits are put onto documents: those of one saved document together, the documents in
 * ascending priority; after each, that document is carried to all others. Documents whose
 * edits do not all stand then are set once more, until all stand, nothing changes any more,
 * or as many rounds have passed as there are documents. */
#include "sync/lineage/settler.h"

#include <stdlib.h>

/* --- does it stand? ------------------------------------------------------------------ */

/* Where an element stands in the order that an edit set. */
struct edit_place {
	uint64_t token;
	size_t at;
};

static int by_place_token(const void *a, const void *b)
{
	const struct edit_place *x = a, *y = b;

	return (x->token > y->token) - (x->token < y->token);
}

static const struct edit_place *find_place(const struct edit *edit, uint64_t token)
{
	const struct edit_place key = {.token = token};

	return bsearch(&key, edit->places, edit->order->count, sizeof(key), by_place_token);
}

static int make_places(struct settler *s, struct edit *edit)
{
	size_t count = edit->order->count;

	edit->places = arena_alloc(&s->arena, (count + 1) * sizeof(*edit->places));
	if (!edit->places)
		return error_nomem(s->error);
	for (size_t i = 0; i < count; i++)
		edit->places[i] = (struct edit_place){edit->order->tokens[i], i};
	qsort(edit->places, count, sizeof(*edit->places), by_place_token);
	return 0;
}

/* An order stands where those of its elements that are there follow it. */
static bool order_stands(struct settler *s, struct edit *edit, const struct atom *there, int *rc)
{
	size_t next = 0;

	if (!there || !there->order || !edit->order)
		return there != NULL;
	if (!edit->places && (*rc = make_places(s, edit)))
		return false;
	for (size_t i = 0; i < there->order->count; i++) {
		const struct edit_place *place = find_place(edit, there->order->tokens[i]);

		if (place && place->at < next)
			return false;
		next = place ? place->at : next;
	}
	return true;
}

static bool is_under(const struct atom *atom, struct cf_str pointer)
{
	return atom && pointer_lies_under(atom->pointer, pointer);
}

/* There is an object, whatever is in it. */
static bool object_stands(const struct atoms *atoms, const struct edit *edit)
{
	const struct atom *first = atoms_first(atoms, edit->pointer);

	if (first && str_equal(first->pointer, edit->pointer))
		return first->hash == edit->hash;
	return is_under(first, edit->pointer) && first->pointer.ptr[edit->pointer.len + 1] != '[';
}

/* The field that is only ever raised stands where it says as much, or more. */
static bool latest_stands(const struct atoms *atoms, const struct edit *edit)
{
	const struct atom *there = atoms_find(atoms, edit->pointer);

	return compare_latest(there ? there->value : JSON_ABSENT, edit->value) >= 0;
}

static bool value_stands(const struct atoms *atoms, const struct edit *edit)
{
	const struct atom *first = atoms_first(atoms, edit->pointer);

	if (!edit->hash)
		return !first;
	if (first && str_equal(first->pointer, edit->pointer))
		return first->hash == edit->hash;
	/* A whole array that is taken apart here: its elements come before its order. */
	if (!is_under(first, edit->pointer) || first->pointer.ptr[edit->pointer.len + 1] != '[')
		return false;
	first = atoms_order(atoms, edit->pointer);
	return first && atom_hash(json_hash64(first->value)) == edit->hash;
}

static bool one_stands(struct settler *s, const struct atoms *atoms, struct edit *edit, int *rc)
{
	struct cf_str element = {edit->pointer.ptr, edit->element};

	switch (edit->kind) {
	case EDIT_ORDER:
		return order_stands(s, edit, atoms_find(atoms, edit->pointer), rc);
	case EDIT_ELEMENT:
		return (atoms_find(atoms, edit->pointer) != NULL) == (edit->hash != 0);
	case EDIT_LATEST:
		return latest_stands(atoms, edit);
	case EDIT_OBJECT:
		return object_stands(atoms, edit);
	default:
		return (!element.len || atoms_find(atoms, element)) && value_stands(atoms, edit);
	}
}

bool edit_stands_in(struct settler *s, const struct atoms *atoms, struct edit *edit, int *rc)
{
	for (; edit && *rc == 0; edit = edit->with)
		if (!one_stands(s, atoms, edit, rc))
			return false;
	return *rc == 0;
}

bool edit_stands(struct settler *s, const struct pages *state, struct edit *edit, int *rc)
{
	struct page *page = state->pages[edit->source->slot];
	const struct atoms *atoms = NULL;

	if (*rc || !page)
		return false;
	*rc = page_atoms(s, page, &atoms);
	return edit_stands_in(s, atoms, edit, rc);
}

/* --- one trial ------------------------------------------------------------------------- */

void trial_begin(struct settler *s)
{
	s->trial++;
	s->putting_count = 0;
}

void trial_add(struct settler *s, struct edit *edit)
{
	struct source *source = edit->source;

	if (source->marked != s->trial) {
		source->marked = s->trial;
		s->putting[s->putting_count++] = source;
	}
	for (; edit; edit = edit->with)
		edit->trial = s->trial;
}

static bool source_stands(struct settler *s, const struct pages *state, const struct source *source,
			  int *rc)
{
	for (size_t i = 0; i < source->edit_count; i++) {
		struct edit *edit = &source->edits[i];

		if (edit->trial == s->trial && edit->head == edit &&
		    !edit_stands(s, state, edit, rc))
			return false;
	}
	return *rc == 0;
}

bool trial_stands(struct settler *s, const struct pages *state, int *rc)
{
	for (size_t i = 0; i < s->putting_count; i++)
		if (!source_stands(s, state, s->putting[i], rc))
			return false;
	return *rc == 0;
}

/* Mostly what was saved is what is agreed with its edits: then it is not read once more. */
static int read_set(struct settler *s, const struct source *source, struct page **ret)
{
	const struct slot_kind *kind = &s->family->slots[source->slot];
	struct cf_str text = buf_view(&s->text);

	if (json_is_absent(source->document) || !str_equal(json_span(source->document), text))
		return page_read(s, kind, text, ret);
	*ret = page_borrow(s, kind, source->document, source->atoms);
	if (!*ret)
		return error_nomem(s->error);
	(*ret)->valid = false;
	return 0;
}

/* Sets the edits of one source, and carries its document to the others. */
static int put_source(struct settler *s, struct pages *state, const struct source *source,
		      bool again)
{
	const struct slot_kind *kind = &s->family->slots[source->slot];
	struct page *page = state->pages[source->slot];
	struct edit_set set = {.kind = kind, .edits = s->gathered, .saved = source->document};
	size_t count = 0;
	int rc = 0;

	if (!page) {
		struct cf_str none = {NULL, 0};

		rc = page_empty(s, kind, JSON_ABSENT, none, &page);
		if (rc)
			return rc;
		pages_set(s, state, source->slot, page);
	}
	s->carried = source;
	for (size_t i = 0; i < source->edit_count; i++) {
		struct edit *edit = &source->edits[i];

		if (edit->trial == s->trial &&
		    (edit->kind != EDIT_LATEST || !edit_stands(s, state, edit, &rc)))
			s->gathered[count++] = edit;
	}
	if (rc)
		return rc;
	buf_clear(&s->text);
	set.count = count;
	rc = edits_set(s, page->value, &set, &s->text);
	if (rc)
		return error_nomem(s->error);
	if (!page->phantom && str_equal(json_span(page->value), buf_view(&s->text)))
		return again || source->kind == SETTLE_SIDE_SAID ? 0
								 : carry(s, state, source->slot);
	rc = read_set(s, source, &page);
	if (rc)
		return rc;
	pages_set(s, state, source->slot, page);
	return carry(s, state, source->slot);
}

static int by_rank(const void *a, const void *b)
{
	const struct source *const *x = a, *const *y = b;

	return ((*x)->rank > (*y)->rank) - ((*x)->rank < (*y)->rank);
}

/* Whether nothing is there but what others may still make. */
static bool not_made(const struct pages *state, const struct source *source)
{
	const struct page *page = state->pages[source->slot];

	return !page || page->phantom;
}

static int put_again(struct settler *s, struct pages *state)
{
	int rc = 0;

	for (size_t i = 0; i < s->putting_count && rc == 0; i++)
		if (!source_stands(s, state, s->putting[i], &rc) && rc == 0)
			rc = put_source(s, state, s->putting[i], true);
	return rc;
}

/* Those whose documents are not there come after those that may make them. */
static int put_first(struct settler *s, struct pages *state)
{
	int rc = 0;

	for (size_t i = 0; i < s->putting_count; i++)
		s->putting[i]->waits = not_made(state, s->putting[i]);
	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < s->putting_count && rc == 0; i++)
			if (s->putting[i]->waits == (turn == 1))
				rc = put_source(s, state, s->putting[i], false);
	return rc;
}

int trial_put(struct settler *s, const struct pages *from, struct pages *ret)
{
	int rc = 0;

	s->replays++;
	qsort(s->putting, s->putting_count, sizeof(struct source *), by_rank);
	pages_copy(s, ret, from);
	for (size_t round = 0; round < s->putting_count && rc == 0; round++) {
		pages_copy(s, &s->before, ret);
		rc = round ? put_again(s, ret) : put_first(s, ret);
		if (rc == 0 && (trial_stands(s, ret, &rc) || pages_identical(s, &s->before, ret)))
			break;
	}
	pages_clear(s, &s->before);
	s->carried = NULL;
	s->carried_all = rc == 0;
	if (rc == 0)
		rc = check_valid(s, ret);
	return rc ? rc : check_images(s, ret);
}
