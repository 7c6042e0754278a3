/* Where an edit leads through the lenses of a lineage: to a shared part, or not. */
#include "sync/lineage/leads.h"

static int trace_on(struct tracing *t, size_t slot, struct cf_str pointer);

static int traced(void *ctx, size_t output, struct cf_str pointer)
{
	struct tracing *t = ctx;
	const struct link *link = t->link;
	const struct crossing *way = t->way;
	size_t slot = way->outputs[output];
	struct cf_str kept;
	int rc = 0;

	if (slot == t->target)
		t->found = t->found || !t->want.ptr || pointer_overlaps(pointer, t->want);
	if (t->found || t->lineage->name.family->slots[slot].shared)
		return 0;
	kept = arena_dup(t->arena, pointer);
	rc = kept.ptr ? trace_on(t, slot, kept) : CF_ERR_NOMEM;
	t->link = link;
	t->way = way;
	return rc;
}

static int trace_on(struct tracing *t, size_t slot, struct cf_str pointer)
{
	const struct family *family = t->lineage->name.family;
	const struct link *from = t->link;
	int rc = 0;

	for (size_t i = 0; i < family->link_count && rc == 0 && !t->found; i++) {
		const struct crossing *ways[] = {&family->links[i].up, &family->links[i].down};

		if (&family->links[i] == from)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(ways) && rc == 0; k++) {
			for (size_t n = 0; n < ways[k]->input_count && rc == 0; n++) {
				if (ways[k]->inputs[n] != slot)
					continue;
				t->link = &family->links[i];
				t->way = ways[k];
				rc = lens_trace(ways[k]->program, n, pointer, traced, t);
			}
		}
	}
	t->link = from;
	return rc;
}

int leads_to(struct tracing *t, const struct settle_saved *saved, size_t edit, bool *ret)
{
	int rc;

	t->found = false;
	t->link = NULL;
	rc = trace_on(t, saved->slot, saved->edits[edit].pointer);
	*ret = t->found;
	return rc;
}

struct tracing tracing_to(struct bench *bench, const struct lineage *lineage, size_t target)
{
	return (struct tracing){.lineage = lineage, .arena = &bench->arena, .target = target};
}
