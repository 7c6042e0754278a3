/* Settling a lineage: what is given becomes edits in an order, they are judged, and what
 * came out is told. */
#include "sync/lineage/settler.h"

#include <stdlib.h>

struct settler *settler_new(const struct registry *registry, const struct cf_mem *mem)
{
	const struct lens_identity *identity = catalog_identity(registry->catalog);
	struct settler *s = mem_calloc(mem, 1, sizeof(*s));

	if (!s)
		return NULL;
	s->registry = registry;
	s->mem = mem;
	s->rules = (struct atom_rules){.type_field = identity->type_field,
				       .version_field = identity->version_field};
	arena_init(&s->arena, mem);
	arena_init(&s->words, mem);
	arena_init(&s->scratch, mem);
	buf_init(&s->text, mem);
	s->lenses = lens_worker_new(mem);
	s->shapes = json_shapes_new(mem);
	return s->lenses && s->shapes ? s : settler_free(s);
}

struct settler *settler_free(struct settler *s)
{
	if (!s)
		return NULL;
	while (s->all) {
		struct page *page = s->all;

		s->all = page->older;
		json_doc_fini(&page->tape);
		buf_fini(&page->text);
		arena_fini(&page->arena);
		mem_free(s->mem, page);
	}
	json_shapes_free(s->shapes);
	lens_worker_free(s->lenses);
	buf_fini(&s->text);
	arena_fini(&s->arena);
	arena_fini(&s->words);
	arena_fini(&s->scratch);
	mem_free(s->mem, s);
	return NULL;
}

/* --- what is given ------------------------------------------------------------------ */

static int by_priority(const void *a, const void *b, void *ctx)
{
	const struct source *const *x = a, *const *y = b;
	const struct settler *s = ctx;

	return compare_sources(&s->input->policy, *x, *y);
}

static int by_pointer(const void *a, const void *b)
{
	return pointer_compare(((const struct edit *)a)->pointer,
			       ((const struct edit *)b)->pointer);
}

/* What kind of atom the pointer names, and the element that it lies in. */
static void read_pointer(const struct settler *s, struct edit *edit)
{
	struct cf_str pointer = edit->pointer;
	size_t token = pointer.len;

	while (token > 0 && pointer.ptr[token - 1] != '/')
		token--;
	if (token < pointer.len && pointer.ptr[token] == '[')
		edit->kind = pointer.len - token > 2 ? EDIT_ELEMENT : EDIT_ORDER;
	else if (s->input->policy.prefer == CATALOG_LATEST &&
		 is_latest_field(s->input->policy.latest_field, pointer))
		edit->kind = EDIT_LATEST;
	else if (edit->hash && json_kind(edit->value) == JSON_OBJECT &&
		 json_count(edit->value) == 0)
		edit->kind = EDIT_OBJECT;
	for (size_t end = token; end > 1;) {
		size_t start = --end;

		while (start > 0 && pointer.ptr[start - 1] != '/')
			start--;
		if (pointer.ptr[start] == '[') {
			edit->element = (uint32_t)end;
			return;
		}
		end = start;
	}
}

static int read_order(struct settler *s, struct edit *edit)
{
	const struct keyed_array *keyed;
	struct cf_str array = edit->pointer;

	if (edit->kind != EDIT_ORDER || json_kind(edit->value) != JSON_ARRAY)
		return 0;
	array.len -= strlen("/[]");
	keyed = keyed_at(&s->family->slots[edit->source->slot].keyed, array);
	if (!keyed)
		return 0;
	return atom_order_of(keyed, edit->value, &s->arena, &edit->order) ? error_nomem(s->error)
									  : 0;
}

static int read_edit(struct settler *s, struct source *source, struct edit *edit,
		     struct cf_str pointer, struct json_value value)
{
	edit->source = source;
	edit->pointer = pointer;
	edit->value = value;
	edit->head = edit;
	read_pointer(s, edit);
	return read_order(s, edit);
}

static unsigned together_of(const struct settler *s, const struct edit *edit)
{
	const struct settle_side *side = &edit->side;

	return side->kind == SETTLE_SIDE_SAID
		       ? s->input->said[side->index].together
		       : s->input->saved[side->index].edits[side->edit].together;
}

/* Edits that are one: the first by pointer speaks for all. */
static int join_together(struct settler *s, struct source *source)
{
	struct edit **heads;
	unsigned max = 0;

	for (size_t i = 0; i < source->edit_count; i++) {
		unsigned set = together_of(s, &source->edits[i]);

		max = set > max ? set : max;
	}
	if (!max)
		return 0;
	heads = arena_calloc(&s->arena, max + 1, sizeof(*heads));
	if (!heads)
		return error_nomem(s->error);
	for (size_t i = source->edit_count; i-- > 0;) {
		unsigned set = together_of(s, &source->edits[i]);

		if (!set)
			continue;
		source->edits[i].with = heads[set];
		heads[set] = &source->edits[i];
	}
	for (size_t i = 0; i < source->edit_count; i++) {
		unsigned set = together_of(s, &source->edits[i]);

		source->edits[i].head = set ? heads[set] : &source->edits[i];
	}
	return 0;
}

static int read_saved(struct settler *s, size_t index, struct source *source)
{
	const struct settle_saved *saved = &s->input->saved[index];
	int rc = 0;

	*source = (struct source){.slot = saved->slot,
				  .rev = saved->rev,
				  .age = saved->age,
				  .seen = saved->seen,
				  .knows = saved->knows,
				  .document = saved->document,
				  .atoms = saved->atoms,
				  .latest = saved->latest,
				  .kind = SETTLE_SIDE_EDIT,
				  .index = index,
				  .edit_count = saved->edit_count};
	source->edits = arena_calloc(&s->words, saved->edit_count, sizeof(struct edit));
	if (!source->edits && saved->edit_count)
		return error_nomem(s->error);
	for (size_t i = 0; i < saved->edit_count && rc == 0; i++) {
		struct edit *edit = &source->edits[i];

		edit->hash = saved->edits[i].hash;
		edit->side = (struct settle_side){SETTLE_SIDE_EDIT, (uint32_t)index, (uint32_t)i};
		rc = read_edit(s, source, edit, saved->edits[i].pointer, saved->edits[i].value);
	}
	for (size_t i = 1; i < source->edit_count; i++)
		if (by_pointer(&source->edits[i - 1], &source->edits[i]) > 0) {
			qsort(source->edits, source->edit_count, sizeof(struct edit), by_pointer);
			break;
		}
	/* Sorting has moved them. */
	for (size_t i = 0; i < source->edit_count; i++)
		source->edits[i].head = &source->edits[i];
	s->seen_min = saved->seen < s->seen_min ? saved->seen : s->seen_min;
	return rc ? rc : join_together(s, source);
}

/* --- what was said ------------------------------------------------------------------------ */

static int by_revision(const void *a, const void *b, void *ctx)
{
	const struct settler *s = ctx;
	const struct settle_said *x = &s->input->said[*(const size_t *)a];
	const struct settle_said *y = &s->input->said[*(const size_t *)b];
	int order = compare_numbers(x->slot, y->slot);

	if (order == 0)
		order = compare_numbers(x->age, y->age);
	if (order == 0)
		order = str_compare(x->rev, y->rev);
	return order ? order : pointer_compare(x->pointer, y->pointer);
}

static bool same_revision(const struct settle_said *a, const struct settle_said *b)
{
	return a->slot == b->slot && a->age == b->age && str_equal(a->rev, b->rev);
}

/* An atom of what is agreed, as an edit. */
static int read_said(struct settler *s, struct source *source, struct edit *edit, size_t index)
{
	const struct settle_said *said = &s->input->said[index];
	struct page *page = s->agreed.pages[said->slot];
	const struct atoms *atoms = NULL;
	const struct atom *atom = NULL;
	int rc = page ? page_atoms(s, page, &atoms) : 0;

	if (rc == 0 && atoms)
		atom = atoms_find(atoms, said->pointer);
	if (rc == 0 && atoms && !atom)
		atom = atoms_order(atoms, said->pointer); /* a whole array */
	edit->hash = !atom ? 0
		     : atom->order && atom->pointer.len > said->pointer.len
			     ? atom_hash(json_hash64(atom->value))
			     : atom->hash;
	edit->side = (struct settle_side){SETTLE_SIDE_SAID, (uint32_t)index, 0};
	edit->agreement = said->agreement;
	if (rc == 0)
		rc = read_edit(s, source, edit, said->pointer, atom ? atom->value : JSON_ABSENT);
	if (rc == 0 && said->order && edit->kind == EDIT_ORDER)
		edit->order = said->order;
	if (rc == 0)
		edit->stood = page && edit_stands(s, &s->agreed, edit, &rc);
	return rc;
}

/* What was said in one revision is put together, like the edits of one saved document. */
static int read_all_said(struct settler *s)
{
	const struct settle_input *input = s->input;
	size_t *order = arena_alloc(&s->arena, (input->said_count + 1) * sizeof(*order));
	struct edit *edits = arena_calloc(&s->words, input->said_count, sizeof(struct edit)), *edit;
	struct source *source = NULL;
	int rc = order && (edits || !input->said_count) ? 0 : error_nomem(s->error);

	for (size_t i = 0; i < input->said_count && rc == 0; i++)
		order[i] = i;
	if (rc == 0)
		qsort_r(order, input->said_count, sizeof(*order), by_revision, s);
	for (size_t i = 0; i < input->said_count && rc == 0; i++) {
		const struct settle_said *said = &input->said[order[i]];

		edit = &edits[i];
		if (!source || !same_revision(said, &input->said[order[i - 1]])) {
			struct page *page = s->agreed.pages[said->slot];

			source = &s->sources[s->source_count++];
			*source = (struct source){.slot = said->slot,
						  .rev = said->rev,
						  .age = said->age,
						  .latest = said->latest,
						  .document = page ? page->value : JSON_ABSENT,
						  .kind = SETTLE_SIDE_SAID,
						  .index = order[i],
						  .edits = edit};
		}
		source->edit_count++;
		rc = read_said(s, source, edit, order[i]);
	}
	for (size_t i = input->saved_count; i < s->source_count && rc == 0; i++)
		rc = join_together(s, &s->sources[i]);
	return rc;
}

/* --- what was agreed ------------------------------------------------------------------------- */

static int read_agreed(struct settler *s)
{
	const struct settle_input *input = s->input;
	int rc = 0;

	for (size_t i = 0; i < s->family->slot_count && rc == 0; i++) {
		const struct settle_slot *slot = &input->slots[i];
		struct page *page = NULL;

		s->agreed.keys[i] = slot->key;
		if (json_is_absent(slot->document) ||
		    (input->creation && !s->family->slots[i].shared))
			continue;
		page = page_borrow(s, &s->family->slots[i], slot->document, slot->atoms);
		pages_set(s, &s->agreed, i, page);
		rc = page ? 0 : error_nomem(s->error);
	}
	return rc;
}

/* What only stands in for what is missing: anew, it says what the documents that are there by
 * then say of it. */
static void drop_phantoms(struct settler *s)
{
	for (size_t i = 0; i < s->family->slot_count; i++)
		if (s->agreed.pages[i] && s->agreed.pages[i]->phantom)
			pages_set(s, &s->agreed, i, NULL);
}

/* Each new document is laid over what those of lower priority say: what only they can say
 * stays. Where a lens fails on the way, they are laid over the first alone. */
static int lay_documents(struct settler *s)
{
	const struct source *source = s->ranked[0];
	int rc = 0;

	for (size_t n = 0; n < s->source_count && rc == 0; n++) {
		source = s->ranked[n];
		drop_phantoms(s);
		rc = pages_lay(s, &s->agreed, source);
	}
	if (rc >= 0 || rc == CF_ERR_NOMEM || s->source_count == 1)
		return rc;
	source = s->ranked[s->source_count - 1];
	for (size_t i = 0; i < s->family->own_count; i++)
		pages_set(s, &s->agreed, i, NULL);
	return pages_lay(s, &s->agreed, source);
}

static bool is_there(const struct settler *s, size_t slot)
{
	return s->agreed.pages[slot] && !s->agreed.pages[slot]->phantom;
}

/* Whether the source is the one of the highest priority that was saved there. */
static bool is_highest(const struct settler *s, const struct source *source)
{
	for (size_t n = source->rank + 1; n < s->source_count; n++)
		if (s->ranked[n]->slot == source->slot && s->ranked[n]->kind == SETTLE_SIDE_EDIT)
			return false;
	return source->kind == SETTLE_SIDE_EDIT;
}

/* Documents where nothing was agreed on are laid over each other before they are judged, and
 * what was agreed elsewhere over them: what only they can say stands. */
static int lay_fresh(struct settler *s)
{
	bool *there = arena_calloc(&s->arena, s->family->slot_count, sizeof(bool));
	bool any = false;
	int rc = there ? 0 : error_nomem(s->error);

	for (size_t i = 0; i < s->family->own_count && rc == 0; i++)
		there[i] = is_there(s, i);
	for (size_t n = 0; n < s->source_count && rc == 0; n++)
		any = any || (s->ranked[n]->kind == SETTLE_SIDE_EDIT && !there[s->ranked[n]->slot]);
	for (size_t n = 0; n < s->source_count && rc == 0 && any; n++) {
		const struct source *source = s->ranked[n];

		if (there[source->slot] || !is_highest(s, source))
			continue;
		drop_phantoms(s);
		rc = carry_fresh(s, source, there);
	}
	if (rc == 0 && any)
		rc = carry_over(s, &s->agreed, there);
	return rc || !any ? rc : carry_missing(s, &s->agreed);
}

/* What shared parts say now comes into the documents that are made of them. */
static int carry_parts(struct settler *s)
{
	int rc = 0;

	for (size_t i = s->family->own_count; i < s->family->slot_count && rc == 0; i++)
		if (s->agreed.pages[i])
			rc = carry(s, &s->agreed, i);
	return rc;
}

/* --- the order of edits ----------------------------------------------------------------------- */

static int rank_sources(struct settler *s)
{
	s->ranked = arena_alloc(&s->arena, (s->source_count + 1) * sizeof(*s->ranked));
	if (!s->ranked)
		return error_nomem(s->error);
	for (size_t i = 0; i < s->source_count; i++)
		s->ranked[i] = &s->sources[i];
	qsort_r(s->ranked, s->source_count, sizeof(*s->ranked), by_priority, s);
	for (size_t i = 0; i < s->source_count; i++)
		s->ranked[i]->rank = i;
	return 0;
}

/* Elements that are there already keep their places. */
static int find_there(struct settler *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->source_count; i++)
		for (size_t k = 0; k < s->sources[i].edit_count && rc == 0; k++) {
			struct edit *edit = &s->sources[i].edits[k];

			edit->was_there = edit->kind == EDIT_ELEMENT && edit->hash &&
					  edit_stands(s, &s->agreed, edit, &rc);
		}
	return rc;
}

/* The first document of a thing that nobody agreed on: all of it stands. */
static void give_first(struct settler *s)
{
	struct source *first = s->source_count ? s->ranked[s->source_count - 1] : NULL;

	for (size_t i = 0; first && s->input->creation && i < first->edit_count; i++)
		first->edits[i].given = true;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

/* Pages of the last call are free. */
static void start_call(struct settler *s, const struct settle_input *input)
{
	s->free = NULL;
	for (struct page *page = s->all; page; page = page->older) {
		page->users = 1;
		page_drop(s, page);
	}
	arena_reset(&s->arena);
	arena_reset(&s->words);
	s->input = input;
	s->family = input->family;
	s->source_count = s->judged_count = s->replays = 0;
	s->trial = 0;
	s->agreed_asked = s->agreed_sound = false;
	s->seen_min = UINT64_MAX;
	s->swing[0] = s->swing[1] = (struct cf_str){NULL, 0};
	s->failure = (struct cf_error){.code = 0};
	s->error = &s->failure;
}

static int read_input(struct settler *s)
{
	const struct settle_input *input = s->input;
	int rc;

	s->sources = arena_calloc(&s->arena, input->saved_count + input->said_count + 1,
				  sizeof(*s->sources));
	if (!s->sources || pages_init(s, &s->agreed) || pages_init(s, &s->result) ||
	    pages_init(s, &s->before))
		return error_nomem(s->error);
	for (size_t i = 0; i < input->delete_count; i++)
		if (input->deletes[i].seen < s->seen_min)
			s->seen_min = input->deletes[i].seen;
	rc = read_agreed(s);
	for (size_t i = 0; i < input->saved_count && rc == 0; i++)
		rc = read_saved(s, i, &s->sources[s->source_count++]);
	if (rc == 0 && input->creation) {
		rc = rank_sources(s);
		if (rc == 0 && s->source_count)
			rc = lay_documents(s);
	} else if (rc == 0) {
		rc = carry_parts(s);
	}
	if (rc == 0)
		rc = carry_missing(s, &s->agreed);
	if (rc == 0 && !input->creation)
		rc = rank_sources(s);
	if (rc == 0 && !input->creation)
		rc = lay_fresh(s);
	if (rc == 0 && !input->creation)
		rc = read_all_said(s);
	if (rc == 0)
		rc = rank_sources(s);
	if (rc == 0)
		give_first(s);
	if (rc == 0)
		rc = hold_pending(s);
	if (rc == 0)
		rc = find_there(s);
	return rc ? rc : list_judged(s);
}

static int fail(struct settler *s, int rc, struct settle_result *ret, struct cf_error *error)
{
	if (rc < 0 && error)
		*error = s->failure;
	ret->swing[0] = s->swing[0];
	ret->swing[1] = s->swing[1];
	return rc;
}

int settle(struct settler *s, const struct settle_input *input, struct settle_result *ret,
	   struct cf_error *error)
{
	int rc;

	*ret = (struct settle_result){.gone = false};
	start_call(s, input);
	rc = read_input(s);
	if (rc == 0)
		rc = judge(s);
	if (rc == 0)
		rc = tell_result(s, ret);
	return fail(s, rc, ret, error);
}

int settle_carry(struct settler *s, const struct settle_input *input, size_t saved,
		 struct settle_result *ret, struct cf_error *error)
{
	struct settle_input one = *input;
	int rc;

	one.saved = &input->saved[saved];
	one.saved_count = 1;
	one.delete_count = one.said_count = 0;
	*ret = (struct settle_result){.gone = false};
	start_call(s, &one);
	rc = read_input(s);
	if (rc == 0)
		rc = judge(s);
	if (rc == 0)
		rc = tell_result(s, ret);
	return fail(s, rc, ret, error);
}
