/* Whether documents are sound: valid by their schemas, and each the image of its neighbours. */
#include "sync/lineage/settler.h"

static struct cf_str text_of(const struct atom *atom)
{
	return atom && !json_is_absent(atom->value) ? json_span(atom->value)
						    : (struct cf_str){NULL, 0};
}

/* The first atom in which the document is not what its neighbour makes of it. */
static int tell_swing(struct settler *s, struct page *there, struct page *image)
{
	const struct atoms none = {NULL, 0}, *a = &none, *b = &none;
	struct atoms_diff diff;
	int rc = image ? page_atoms(s, image, &a) : 0;

	if (rc == 0 && there)
		rc = page_atoms(s, there, &b);
	if (rc)
		return rc;
	diff = (struct atoms_diff){.a = a, .b = b};
	if (!atoms_diff_next(&diff))
		diff.left = diff.right = NULL;
	for (int side = 0; side < 2; side++) {
		struct cf_str text = text_of(side ? diff.right : diff.left);

		s->swing[side] = text.ptr ? arena_dup(&s->arena, text) : text;
	}
	rc = error_set(s->error, CF_ERR_LAW,
		       "the lens breaks its laws: the value swings between %.*s and %.*s",
		       s->swing[0].ptr ? (int)s->swing[0].len : 6,
		       s->swing[0].ptr ? s->swing[0].ptr : "absent",
		       s->swing[1].ptr ? (int)s->swing[1].len : 6,
		       s->swing[1].ptr ? s->swing[1].ptr : "absent");
	error_at_document(s->error, (there ? there : image)->kind->place);
	error_at_pointer(s->error, diff.pointer);
	return rc;
}

/* Both sides are there, and nothing stands in for what is missing. */
static bool sides_there(const struct settler *s, const struct pages *state,
			const struct crossing *way)
{
	for (size_t i = 0; i < way->input_count + way->output_count; i++) {
		size_t slot =
			i < way->input_count ? way->inputs[i] : way->outputs[i - way->input_count];
		const struct page *page = state->pages[slot];

		if (page ? page->phantom : !s->family->slots[slot].shared || state->keys[slot].len)
			return false;
	}
	return true;
}

static int check_way(struct settler *s, const struct pages *state, const struct crossing *way)
{
	const struct lens_output *made;
	int rc = 0;

	if (!sides_there(s, state, way))
		return 0;
	rc = crossing_apply(s, state, way, false, &made);
	for (size_t i = 0; i < way->output_count && rc == 0; i++) {
		struct page *there = state->pages[way->outputs[i]], *image = NULL;
		bool same = there && made[i].text.ptr &&
			    str_equal(json_span(there->value), made[i].text);

		if (!same && made[i].text.ptr)
			rc = page_read(s, &s->family->slots[way->outputs[i]], made[i].text, &image);
		if (!same && rc == 0)
			rc = pages_same(s, there, image, &same);
		if (rc == 0 && !same)
			rc = tell_swing(s, there, image);
		page_drop(s, image);
	}
	return rc;
}

int check_images(struct settler *s, struct pages *state)
{
	int rc = 0;

	arena_reset(&s->scratch);
	for (size_t i = 0; i < s->family->link_count && rc == 0; i++) {
		rc = check_way(s, state, &s->family->links[i].up);
		if (rc == 0)
			rc = check_way(s, state, &s->family->links[i].down);
	}
	return rc;
}

int check_valid(struct settler *s, struct pages *state)
{
	int rc = 0;

	for (size_t i = 0; i < s->family->slot_count && rc == 0; i++) {
		const struct slot_kind *kind = &s->family->slots[i];
		struct page *page = state->pages[i];
		struct catalog_id id = {.type = kind->major->type,
					.major = kind->major,
					.major_number = kind->major->major,
					.key = kind->shared ? state->keys[i] : s->input->key,
					.singleton = !kind->shared && s->input->singleton};

		if (!page || page->valid || page->phantom)
			continue;
		rc = catalog_validate(s->registry->catalog, &id, page->value, NULL, s->error);
		page->valid = page->validated = rc == 0;
		if (rc) {
			error_prefix(s->error, rc, "what the lens makes");
			error_at_document(s->error, kind->place);
		}
	}
	return rc;
}
