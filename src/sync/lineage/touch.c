/* Which edits can touch each other. By the law of locality what differs in one field of a
 * document differs elsewhere only in what lens_trace says of it. So two edits whose traces,
 * over all links and back, have no place in common cannot meet, and are judged apart. */
#include "sync/lineage/settler.h"

#include <stdlib.h>

/* A place that an edit can reach. */
struct touched {
	size_t slot;
	struct cf_str pointer;
	struct edit *edit;
};

struct toucher {
	struct settler *s;
	struct touched *at;
	size_t count, cap;
	size_t first; /* of the edit that is traced */
	struct edit *edit;
	const struct crossing *way;
	int rc;
};

struct edit *edit_root(struct edit *edit)
{
	while (edit->parent != edit) {
		edit->parent = edit->parent->parent;
		edit = edit->parent;
	}
	return edit;
}

void edits_join(struct edit *a, struct edit *b)
{
	a = edit_root(a);
	b = edit_root(b);
	if (a != b)
		b->parent = a;
}

static void touch(struct toucher *t, size_t slot, struct cf_str pointer)
{
	for (size_t i = t->first; i < t->count; i++)
		if (t->at[i].slot == slot && str_equal(t->at[i].pointer, pointer))
			return;
	if (t->count == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 256;
		struct touched *grown = mem_resize(t->s->mem, t->at, cap * sizeof(*grown));

		if (!grown) {
			t->rc = CF_ERR_NOMEM;
			return;
		}
		t->at = grown;
		t->cap = cap;
	}
	t->at[t->count++] = (struct touched){slot, pointer, t->edit};
}

/* What holds a place, below the root or an element: a schema may tie the members of an
 * object to each other. */
static struct cf_str holder_of(const struct toucher *t, size_t slot, struct cf_str pointer)
{
	size_t from = 0, end;

	for (size_t i = 0; i + 1 < pointer.len; i++)
		if (pointer.ptr[i] == '/' && pointer.ptr[i + 1] == '[')
			from = i + 1;
	if (from) {
		for (end = from; end < pointer.len && pointer.ptr[end] != '/'; end++)
			;
		return (struct cf_str){pointer.ptr, end};
	}
	if (t->s->tied[slot])
		return (struct cf_str){pointer.ptr, 0};
	for (end = 1; end < pointer.len && pointer.ptr[end] != '/'; end++)
		;
	return (struct cf_str){pointer.ptr, end < pointer.len ? end : pointer.len};
}

static int found(void *ctx, size_t output, struct cf_str pointer)
{
	struct toucher *t = ctx;
	size_t slot = t->way->outputs[output];
	struct cf_str kept = keyed_pointer(&t->s->family->slots[slot].keyed, pointer, &t->s->arena);

	if (kept.ptr)
		touch(t, slot, kept);
	else
		t->rc = CF_ERR_NOMEM;
	return t->rc;
}

static void trace_over(struct toucher *t, const struct crossing *way, size_t slot,
		       struct cf_str pointer)
{
	t->way = way;
	for (size_t i = 0; i < way->input_count && t->rc == 0; i++)
		if (way->inputs[i] == slot &&
		    lens_trace(way->program, i, pointer, found, t) == CF_ERR_NOMEM)
			t->rc = CF_ERR_NOMEM;
}

static void trace_edit(struct toucher *t, struct edit *edit)
{
	const struct family *family = t->s->family;

	t->edit = edit;
	t->first = t->count;
	for (struct edit *e = edit; e; e = e->with)
		touch(t, e->source->slot, e->pointer);
	for (size_t i = t->first; i < t->count && t->rc == 0; i++) {
		struct touched at = t->at[i];

		for (size_t k = 0; k < family->link_count; k++) {
			trace_over(t, &family->links[k].up, at.slot, at.pointer);
			trace_over(t, &family->links[k].down, at.slot, at.pointer);
		}
	}
}

static void touch_holders(struct toucher *t)
{
	for (size_t i = 0; i < t->count; i++)
		t->at[i].pointer = holder_of(t, t->at[i].slot, t->at[i].pointer);
}

/* Whether the root of a schema says more of its members than each by itself. */
static bool is_tied(const struct slot_kind *kind)
{
	static const char *const ties[] = {"allOf",
					   "anyOf",
					   "oneOf",
					   "not",
					   "if",
					   "$ref",
					   "dependencies",
					   "dependentRequired",
					   "dependentSchemas",
					   "minProperties",
					   "maxProperties",
					   "propertyNames",
					   "unevaluatedProperties",
					   "$dynamicRef"};
	const struct catalog_major *major = kind->major;
	struct json_value root = json_file_root(&major->schemas[major->schema_count - 1].file);

	for (size_t i = 0; i < ARRAY_LEN(ties); i++)
		if (!json_is_absent(json_member(root, str_of(ties[i]))))
			return true;
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return pointer_compare(x->pointer, y->pointer);
}

/* Sorted, what lies under a place follows it. */
static void join_places(struct toucher *t, struct touched **around)
{
	size_t depth = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct touched *at = &t->at[i];

		while (depth && (around[depth - 1]->slot != at->slot ||
				 !(!around[depth - 1]->pointer.len ||
				   str_equal(at->pointer, around[depth - 1]->pointer) ||
				   pointer_lies_under(at->pointer, around[depth - 1]->pointer))))
			depth--;
		if (depth)
			edits_join(around[depth - 1]->edit, at->edit);
		around[depth++] = at;
	}
}

int find_touching(struct settler *s)
{
	struct toucher t = {.s = s};
	struct touched **around;

	s->tied = arena_calloc(&s->arena, s->family->slot_count, sizeof(bool));
	if (!s->tied)
		return error_nomem(s->error);
	for (size_t i = 0; i < s->family->slot_count; i++)
		s->tied[i] = is_tied(&s->family->slots[i]);
	for (size_t i = 0; i < s->source_count; i++)
		for (size_t k = 0; k < s->sources[i].edit_count; k++) {
			struct edit *edit = &s->sources[i].edits[k];

			edit->parent = edit;
			if (t.rc == 0 && edit->head == edit && edit->judged)
				trace_edit(&t, edit);
		}
	around = mem_alloc(s->mem, (t.count + 1) * sizeof(*around));
	touch_holders(&t);
	if (around && t.rc == 0) {
		qsort(t.at, t.count, sizeof(*t.at), by_place);
		join_places(&t, around);
	}
	mem_free(s->mem, t.at);
	mem_free(s->mem, around);
	return t.rc || !around ? error_nomem(s->error) : 0;
}

static bool is_touched(const struct toucher *t, size_t slot, struct cf_str pointer)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i].slot == slot && pointer_overlaps(t->at[i].pointer, pointer))
			return true;
	return false;
}

int touched_atoms(struct settler *s, size_t slot, struct page *page, struct atom **ret,
		  size_t *ret_count)
{
	const struct source *source = s->carried;
	struct toucher t = {.s = s};
	const struct atoms *atoms;
	int rc = page_atoms(s, page, &atoms);

	*ret_count = 0;
	for (size_t i = 0; i < source->edit_count && rc == 0; i++)
		if (source->edits[i].trial == s->trial)
			trace_edit(&t, &source->edits[i]);
	*ret = rc ? NULL : arena_alloc(&s->scratch, (atoms->count + 1) * sizeof(**ret));
	if (rc == 0 && (t.rc || !*ret))
		rc = error_nomem(s->error);
	for (size_t i = 0; rc == 0 && i < atoms->count; i++)
		if (is_touched(&t, slot, atoms->at[i].pointer))
			(*ret)[(*ret_count)++] = atoms->at[i];
	mem_free(s->mem, t.at);
	return rc;
}
