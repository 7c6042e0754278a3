/* One direction of one link, run on what the documents say. */
#include "sync/lineage/settler.h"

int crossing_apply(struct settler *s, const struct pages *state, const struct crossing *way,
		   bool bare, const struct lens_output **ret)
{
	size_t count = way->input_count + way->output_count;
	struct json_value *in = arena_calloc(&s->scratch, count, sizeof(*in));
	struct lens_args args = {.key = s->input->key_json,
				 .singleton = s->input->singleton,
				 .inputs = in,
				 .bases = bare || !in ? NULL : in + way->input_count};
	int rc;

	if (!in)
		return error_nomem(s->error);
	for (size_t i = 0; i < count; i++) {
		bool input = i < way->input_count;
		size_t slot = input ? way->inputs[i] : way->outputs[i - way->input_count];
		const struct page *page = state->pages[slot];

		if (page && (input || !page->root || s->family->slots[slot].shared))
			in[i] = page->value;
	}
	rc = lens_apply(s->lenses, way->program, &args, ret, s->error);
	if (rc)
		error_at_document(s->error, s->family->slots[way->inputs[0]].place);
	return rc;
}
