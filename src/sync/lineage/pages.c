/* Documents of all slots while edits are tried. A state is copied by counting its pages,
 * and a page that nobody uses any more is read over: trying a thousand edits needs no more
 * memory than trying one. */
#include "sync/lineage/settler.h"

/* A page above that gives its memory back. */
enum { PAGE_KEEP_BYTES = 256 * 1024 };

static struct page *page_new(struct settler *s)
{
	struct page *page = s->free;

	if (page) {
		s->free = page->next;
		page->next = NULL;
		return page;
	}
	page = mem_calloc(s->mem, 1, sizeof(*page));
	if (!page)
		return NULL;
	json_doc_init(&page->tape, s->mem);
	json_doc_share(&page->tape, s->shapes);
	buf_init(&page->text, s->mem);
	arena_init(&page->arena, s->mem);
	page->older = s->all;
	s->all = page;
	return page;
}

static struct page *page_start(struct settler *s, const struct slot_kind *kind)
{
	struct page *page = page_new(s);

	if (!page)
		return NULL;
	page->kind = kind;
	page->taken_apart = page->valid = page->validated = false;
	page->phantom = page->root = false;
	page->users = 1;
	return page;
}

/* The text as the store will give it back. Lives in the arena of the page's atoms, which
 * are not taken out of it yet. */
static int form(struct settler *s, struct page *page, struct cf_str *text)
{
	const struct settle_input *input = s->input;
	int rc;

	if (!page->kind || !input->form)
		return 0;
	arena_reset(&page->arena);
	rc = input->form(input->form_ctx, *text, &page->arena, text, s->error);
	if (is_failure(rc))
		error_at_document(s->error, page->kind->place);
	return rc;
}

int page_read(struct settler *s, const struct slot_kind *kind, struct cf_str text,
	      struct page **ret)
{
	struct page *page = page_start(s, kind);
	int rc;

	if (!page)
		return error_nomem(s->error);
	buf_clear(&page->text);
	rc = form(s, page, &text);
	if (rc == 0 && buf_str(&page->text, text))
		rc = error_nomem(s->error);
	if (rc == 0)
		rc = json_read(&page->tape, page->text.ptr, page->text.len, JSON_READ_DOCUMENT,
			       s->error);
	page->value = json_root(&page->tape);
	if (rc) {
		page_drop(s, page);
		return rc;
	}
	*ret = page;
	return 0;
}

struct page *page_borrow(struct settler *s, const struct slot_kind *kind, struct json_value value,
			 const struct atoms *atoms)
{
	struct page *page = page_start(s, kind);

	if (!page)
		return NULL;
	page->value = value;
	page->valid = true;
	page->taken_apart = atoms != NULL;
	if (atoms)
		page->atoms = *atoms;
	return page;
}

void page_drop(struct settler *s, struct page *page)
{
	if (!page || --page->users)
		return;
	arena_reset(&page->arena);
	if (page->text.cap > PAGE_KEEP_BYTES) {
		buf_fini(&page->text);
		json_doc_fini(&page->tape);
		arena_fini(&page->arena);
		json_doc_init(&page->tape, s->mem);
		json_doc_share(&page->tape, s->shapes);
		buf_init(&page->text, s->mem);
	}
	page->next = s->free;
	s->free = page;
}

int page_atoms(struct settler *s, struct page *page, const struct atoms **ret)
{
	struct atom_rules rules = s->rules;

	*ret = &page->atoms;
	if (page->taken_apart)
		return 0;
	rules.keyed = page->kind->keyed;
	arena_reset(&page->arena);
	if (atoms_of(page->value, &rules, &page->arena, &page->atoms))
		return error_nomem(s->error);
	page->taken_apart = true;
	return 0;
}

static bool same_text(const struct page *a, const struct page *b)
{
	return str_equal(json_span(a->value), json_span(b->value));
}

int pages_same(struct settler *s, struct page *a, struct page *b, bool *ret)
{
	const struct atoms *left, *right;
	struct atoms_diff diff = {.a = NULL};
	int rc;

	*ret = a == b || (a && b && (same_text(a, b) || json_equal(a->value, b->value)));
	if (*ret || !a || !b)
		return 0;
	/* They may differ in what says what they are. */
	rc = page_atoms(s, a, &left);
	if (rc == 0)
		rc = page_atoms(s, b, &right);
	if (rc)
		return rc;
	diff.a = left;
	diff.b = right;
	*ret = !atoms_diff_next(&diff);
	return 0;
}

int pages_init(struct settler *s, struct pages *state)
{
	state->pages = arena_calloc(&s->arena, s->family->slot_count, sizeof(struct page *));
	state->keys = arena_calloc(&s->arena, s->family->slot_count, sizeof(*state->keys));
	return state->pages && state->keys ? 0 : error_nomem(s->error);
}

void pages_copy(struct settler *s, struct pages *to, const struct pages *from)
{
	for (size_t i = 0; i < s->family->slot_count; i++) {
		if (from->pages[i])
			from->pages[i]->users++;
		page_drop(s, to->pages[i]);
		to->pages[i] = from->pages[i];
		to->keys[i] = from->keys[i];
	}
}

void pages_clear(struct settler *s, struct pages *state)
{
	for (size_t i = 0; state->pages && i < s->family->slot_count; i++)
		pages_set(s, state, i, NULL);
}

void pages_set(struct settler *s, struct pages *state, size_t slot, struct page *page)
{
	page_drop(s, state->pages[slot]);
	state->pages[slot] = page;
}

bool pages_identical(const struct settler *s, const struct pages *a, const struct pages *b)
{
	for (size_t i = 0; i < s->family->slot_count; i++) {
		const struct page *x = a->pages[i], *y = b->pages[i];

		if (x != y && (!x || !y || !same_text(x, y)))
			return false;
	}
	return true;
}
