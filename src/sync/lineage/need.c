/* What an edit needs. Mostly nothing: it fits alone. The members of an object that needs
 * both fit only together: each is then tried with the fewest of its document that it needs,
 * found by leaving out one object after the other, then one edit after the other, in the order of
 * pointers, until none can be left out. */
#include "sync/lineage/settler.h"

struct needs {
	struct settler *s;
	struct pages *state;
	struct edit **few; /* of one document */
	bool *object;      /* those of them that are left out as members of one object */
	size_t count;
};

/* Whether those of `few` that are marked fit by themselves. */
static int try_marked(struct needs *n, const struct edit *alone, bool *ret_fit)
{
	struct settler *s = n->s;
	int rc;

	trial_begin(s);
	for (size_t i = 0; i < n->count; i++)
		if (alone ? n->few[i] == alone : n->few[i]->asked)
			trial_add(s, n->few[i]);
	rc = trial_put(s, &s->agreed, n->state);
	*ret_fit = rc == 0 && trial_stands(s, n->state, &rc);
	return is_failure(rc) ? 0 : rc;
}

static struct cf_str parent_of(const struct edit *edit)
{
	struct cf_str pointer = edit->pointer;

	while (pointer.len && pointer.ptr[--pointer.len] != '/')
		;
	return pointer;
}

static bool same_object(const struct edit *a, const struct edit *b)
{
	return str_equal(parent_of(a), parent_of(b));
}

static void leave_out_object(struct needs *n, const struct edit *member)
{
	for (size_t i = 0; i < n->count; i++) {
		n->object[i] = n->few[i]->asked && same_object(n->few[i], member);
		n->few[i]->asked = n->few[i]->asked && !n->object[i];
	}
}

static void take_object_back(struct needs *n)
{
	for (size_t i = 0; i < n->count; i++)
		n->few[i]->asked = n->few[i]->asked || n->object[i];
}

/* Whether it is the first member of its object that is left. */
static bool is_first_member(const struct needs *n, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (n->few[i]->asked && same_object(n->few[i], n->few[index]))
			return false;
	return n->few[index]->asked;
}

/* Whole objects are left out first: the members of one may need each other. */
static int leave_out_objects(struct needs *n, const struct edit *edit, size_t *ret_count)
{
	int rc = 0;

	*ret_count = 0;
	for (size_t i = 0; i < n->count && rc == 0; i++) {
		bool fit;

		if (same_object(edit, n->few[i]) || !is_first_member(n, i))
			continue;
		leave_out_object(n, n->few[i]);
		rc = try_marked(n, NULL, &fit);
		*ret_count += fit;
		if (!fit)
			take_object_back(n);
	}
	return rc;
}

/* Then one after the other; several at once where that goes well: what is not needed by all
 * is not needed one by one. *ret_count: how many were left out. */
static int leave_out_each(struct needs *n, const struct edit *edit, size_t *ret_count)
{
	size_t at = 0, chunk = 1;
	int rc = 0;

	*ret_count = 0;

	while (rc == 0 && at < n->count) {
		size_t end = at;
		bool fit;

		while (end < n->count && end < at + chunk && n->few[end] != edit &&
		       n->few[end]->asked)
			n->few[end++]->asked = false;
		if (end == at) {
			at++;
			continue;
		}
		rc = try_marked(n, NULL, &fit);
		if (fit) {
			*ret_count += end - at;
			at = end;
			chunk *= 2;
			continue;
		}
		for (size_t i = at; i < end; i++)
			n->few[i]->asked = true;
		at += end - at == 1;
		chunk = end - at > 1 ? (end - at) / 2 : 1;
	}
	return rc;
}

static int find_few(struct needs *n, struct edit *edit)
{
	size_t count = 0, objects = 1, each = 0;
	bool fits = false;
	int rc = 0;

	for (size_t i = 0; i < n->count; i++)
		n->few[i]->asked = true;
	/* One that was needed by what is left out by now is not needed any more. */
	while (rc == 0 && objects + each) {
		rc = leave_out_objects(n, edit, &objects);
		rc = rc ? rc : leave_out_each(n, edit, &each);
		fits = fits || objects + each;
	}
	edit->unit = arena_alloc(&n->s->arena, (n->count + 1) * sizeof(struct edit *));
	if (!edit->unit)
		return error_nomem(n->s->error);
	for (size_t i = 0; i < n->count; i++)
		if (n->few[i]->asked)
			edit->unit[count++] = n->few[i];
	edit->unit_count = count;
	if (rc == 0 && !fits)
		rc = try_marked(n, NULL, &fits);
	edit->unfit = !fits;
	return rc;
}

static int ask_each(struct needs *n)
{
	int rc = 0;

	for (size_t i = 0; i < n->count && rc == 0; i++) {
		struct edit *edit = n->few[i];
		bool fit = true;

		rc = try_marked(n, edit, &fit);
		if (rc == 0 && !fit)
			rc = find_few(n, edit);
	}
	return rc;
}

static unsigned bits_of(size_t count)
{
	unsigned bits = 0;

	while (((size_t)1 << bits) < count)
		bits++;
	return bits;
}

/* Any two of many are told apart by a bit of their numbers: where of each bit those that
 * have it, and those that have not, fit by themselves, none needs another. */
static int ask_halves(struct needs *n, bool *ret_fit)
{
	unsigned bits = bits_of(n->count);
	int rc = 0;

	*ret_fit = true;
	for (unsigned half = 0; half < bits * 2 && rc == 0 && *ret_fit; half++) {
		for (size_t i = 0; i < n->count; i++)
			n->few[i]->asked = (i >> (half / 2) & 1) == half % 2;
		rc = try_marked(n, NULL, ret_fit);
	}
	return rc;
}

static int ask_document(struct needs *n, struct source *source)
{
	bool contested = false, fit = false;
	int rc = 0;

	n->count = 0;
	for (size_t i = 0; i < source->edit_count; i++) {
		if (!source->edits[i].judged)
			continue;
		contested = contested || source->edits[i].contested;
		n->few[n->count++] = &source->edits[i];
	}
	if (!contested || source->asked || n->count == 1)
		return 0;
	source->asked = true;
	if (n->count > 2 * bits_of(n->count))
		rc = ask_halves(n, &fit);
	return rc || fit ? rc : ask_each(n);
}

/* Those that need each other are judged together: then those that touch what is needed
 * are contested, too. */
static bool join_units(struct settler *s)
{
	bool more = false;

	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i];

		for (size_t k = 0; k < edit->unit_count; k++)
			edits_join(edit, edit->unit[k]);
	}
	for (size_t i = 0; i < s->judged_count; i++)
		if (s->judged[i]->contested)
			edit_root(s->judged[i])->contested = true;
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i];

		more = more || (!edit->contested && edit_root(edit)->contested);
		edit->contested = edit_root(edit)->contested;
	}
	return more;
}

int find_needs(struct settler *s, struct pages *state)
{
	struct needs n = {.s = s, .state = state};
	size_t max = 0;
	int rc = 0;

	for (size_t i = 0; i < s->source_count; i++)
		max = s->sources[i].edit_count > max ? s->sources[i].edit_count : max;
	n.few = arena_alloc(&s->arena, (max + 1) * sizeof(*n.few));
	n.object = arena_alloc(&s->arena, (max + 1) * sizeof(*n.object));
	if (!n.few || !n.object)
		return error_nomem(s->error);
	do
		for (size_t i = 0; i < s->source_count && rc == 0; i++)
			if (s->sources[i].kind == SETTLE_SIDE_EDIT)
				rc = ask_document(&n, &s->sources[i]);
	while (rc == 0 && join_units(s));
	return rc;
}
