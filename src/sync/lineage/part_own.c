/* A shared part's own lineage: it takes in what was said of the part in documents that embed it,
 * and tells those who refer to it what it says after this batch. */
#include "sync/lineage/lineage.h"

static int read_text(struct bench *bench, struct cf_str text, struct json_value *ret)
{
	*ret = JSON_ABSENT;
	return text.ptr ? bench_read(bench, text, ret, NULL) : 0;
}

static int take_forward(struct bench *bench, struct lineage *lineage, const struct forward *forward)
{
	const struct slot *slot = &lineage->slots[forward->slot];
	const struct base_slot *base = &lineage->base.slots[forward->slot];
	struct settle_edit *edits =
		arena_calloc(&bench->arena, forward->pointer_count + 1, sizeof(*edits));
	struct settle_saved saved = {.slot = forward->slot,
				     .rev = forward->rev,
				     .age = forward->age,
				     .edits = edits,
				     .edit_count = forward->pointer_count};
	ptrdiff_t seen = forward->seen_rev.len ? base_find(base, forward->seen_rev) : -1;
	struct atoms atoms;
	int rc = edits ? read_text(bench, forward->image, &saved.document) : CF_ERR_NOMEM;

	rc = rc ? rc : read_text(bench, forward->latest, &saved.latest);
	rc = rc ? rc : bench_atoms(bench, slot->kind, saved.document, &atoms);
	if (rc)
		return error_nomem(&lineage->error);
	if (seen >= 0)
		saved.seen = base_seen(&lineage->base, base, (size_t)seen);
	for (size_t i = 0; i < forward->pointer_count; i++) {
		const struct atom *atom = atoms_find(&atoms, forward->pointers[i].part);

		edits[i] = (struct settle_edit){.pointer = forward->pointers[i].part,
						.value = atom ? atom->value : JSON_ABSENT,
						.hash = atom ? atom->hash : 0};
	}
	return lineage_add_saved(bench, lineage, saved,
				 (struct origin){.forward = forward, .ancestor = -1});
}

int lineage_take_forwards(struct bench *bench, struct lineage *lineage)
{
	int rc = 0;

	for (const struct forward *forward = lineage->forwards; forward && rc == 0;
	     forward = forward->next)
		rc = take_forward(bench, lineage, forward);
	return rc;
}

static bool same_text(struct cf_str a, struct cf_str b)
{
	return (a.ptr == NULL) == (b.ptr == NULL) && str_equal(a, b);
}

int part_settle(struct bench *bench, const struct lineage *lineage, struct part *part,
		bool *ret_changed)
{
	int rc = 0;

	*ret_changed = false;

	for (size_t i = 0; i < lineage->name.family->own_count && rc == 0; i++) {
		const struct cf_record *record = &lineage->slots[i].record;
		const struct cf_revision *winner =
			record->revision_count && !record->revisions[0].deleted
				? &record->revisions[0]
				: NULL;
		struct cf_str text = {NULL, 0}, rev = winner ? winner->rev : text;

		if (lineage->failure)
			rev = text;
		else if (!lineage->result.slots)
			text = winner ? winner->body : text;
		else if (!lineage->result.gone &&
			 !json_is_absent(lineage->result.slots[i].document))
			text = json_span(lineage->result.slots[i].document);
		if (lineage->slots[i].rev_now.len)
			rev = lineage->slots[i].rev_now;
		rev = text.ptr ? rev : text;
		*ret_changed = *ret_changed || !same_text(part->documents[i], text) ||
			       !same_text(part->revs[i], rev);
		part->documents[i] = text.ptr ? arena_dup(&bench->batch, text) : text;
		part->revs[i] = text.ptr ? arena_dup(&bench->batch, rev) : text;
		rc = text.ptr && (!part->documents[i].ptr || !part->revs[i].ptr) ? CF_ERR_NOMEM : 0;
	}
	part->state = PART_SETTLED;
	return rc;
}
