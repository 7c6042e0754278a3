/* Shared parts: documents that several lineages refer to.
 *
 * They are read once per batch. A lineage sees what earlier lineages of the
 * batch made of a part. A change of a part by a lens is written as if a person
 * had made it: the part's own lineage takes it from the feed, and hands it on.
 */
#include "sync/lineage/lineage.h"

enum { PART_BUCKETS = 256 };

struct part *parts_get(struct bench *bench, struct cf_str id)
{
	struct parts *parts = &bench->parts;
	struct part **bucket, *part;

	if (!parts->buckets) {
		parts->buckets = arena_calloc(&bench->batch, PART_BUCKETS, sizeof(struct part *));
		if (!parts->buckets)
			return NULL;
		parts->bucket_count = PART_BUCKETS;
	}
	bucket = &parts->buckets[hash64(id, 0) % parts->bucket_count];
	for (part = *bucket; part; part = part->next)
		if (str_equal(part->id, id))
			return part;
	part = arena_calloc(&bench->batch, 1, sizeof(*part));
	if (!part)
		return NULL;
	part->id = arena_dup(&bench->batch, id);
	if (!part->id.ptr)
		return NULL;
	part->next = *bucket;
	*bucket = part;
	parts->wanted++;
	return part;
}

/* A key as it stands in a JSON string, decoded. */
static int decode_key(struct bench *bench, struct cf_str raw, struct cf_str *ret)
{
	struct cf_str quoted;
	struct json_value value;
	int rc;

	if (!memchr(raw.ptr, '\\', raw.len)) {
		*ret = arena_dup(&bench->arena, raw);
		return ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	quoted = arena_printf(&bench->arena, "\"%.*s\"", STR_ARG(raw));
	rc = quoted.ptr ? bench_read(bench, quoted, &value, NULL) : CF_ERR_NOMEM;
	return rc ? rc : json_decode(value, &bench->arena, ret);
}

/* The field of the holder that refers to the part. */
static struct cf_str reference_of(const struct slot *slot)
{
	const struct lens_side side = lens_program_inputs(slot->kind->reader);

	return side.places[slot->kind->input].reference;
}

int slot_refer(struct bench *bench, struct lineage *lineage, struct slot *slot,
	       struct cf_str raw_key, struct part **ret)
{
	const struct catalog_major *major = slot->kind->major;
	int rc = decode_key(bench, raw_key, &slot->key) ? error_nomem(&lineage->error) : 0;

	*ret = NULL;
	buf_clear(&bench->scratch);
	if (rc == 0)
		rc = catalog_make_id(bench->registry->catalog, major->type->name, major->major,
				     slot->key, &bench->scratch, &lineage->error);
	if (rc) {
		error_at_document(&lineage->error, lineage->slots[slot->kind->holder].id);
		error_at_pointer(&lineage->error, reference_of(slot));
		return rc;
	}
	slot->id = arena_dup(&bench->arena, buf_view(&bench->scratch));
	if (slot->id.ptr)
		*ret = parts_get(bench, slot->id);
	slot->part = *ret;
	return *ret ? 0 : error_nomem(&lineage->error);
}

/* The edit of the field that refers to the part; NULL: nobody changed it. */
static const struct edit *reference_edit(const struct lineage *lineage, const struct slot *slot)
{
	const struct slot *holder = &lineage->slots[slot->kind->holder];

	return edits_find(&holder->edits, reference_of(slot));
}

/* What others made of the part since this lineage last agreed. */
static int find_part_edits(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct atoms_diff diff = {.a = &base->agreed, .b = &slot->atoms};
	const struct edit *reference = reference_edit(lineage, slot);
	struct cf_str rev = slot->record.revision_count ? slot->record.revisions[0].rev
							: (struct cf_str){NULL, 0};
	int rc = 0;

	while (rc == 0 && atoms_diff_next(&diff)) {
		rc = edits_add(bench, &slot->edits,
			       (struct edit){.pointer = diff.pointer,
					     .value = diff.right ? diff.right->value : JSON_ABSENT,
					     .hash = diff.right ? diff.right->hash : 0,
					     .slot = slot->index,
					     .rev = rev,
					     .origin = reference ? reference->origin : NULL});
		lineage->news = true;
	}
	return rc;
}

/* Takes what the part says now; INCOMPLETE where it has not arrived. */
static int take_part(struct bench *bench, struct lineage *lineage, struct slot *slot,
		     const struct part *part)
{
	const struct slot *holder = &lineage->slots[slot->kind->holder];
	struct lineage_name name = {.family = slot->kind->part_family, .key = slot->key};
	int rc;

	slot->record = part->record;
	if (!json_is_absent(part->content))
		return slot_set(bench, slot, part->content) ? error_nomem(&lineage->error) : 0;
	buf_clear(&bench->scratch);
	if (name.family && lineage_label(&name, &bench->scratch) == 0)
		lineage->waits_label = arena_dup(&bench->arena, buf_view(&bench->scratch));
	lineage->waits_for = slot->id;
	rc = error_set(&lineage->error, CF_ERR_INCOMPLETE, "waits for %.*s", STR_ARG(slot->id));
	error_at_document(&lineage->error, holder->id);
	return rc;
}

static int find_part(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	const struct slot *holder = &lineage->slots[slot->kind->holder];
	struct part *part;
	struct cf_str raw = {NULL, 0};
	int rc;

	if (json_is_absent(holder->current))
		return 0;
	rc = lens_reference(bench->worker, slot->kind->reader, slot->kind->input, holder->current,
			    &raw, &lineage->error);
	if (rc || raw.len == 0)
		return rc;
	rc = slot_refer(bench, lineage, slot, raw, &part);
	if (rc)
		return rc;
	if (!part->loaded)
		return LINEAGE_NEEDS_PART;
	rc = take_part(bench, lineage, slot, part);
	return rc ? rc : find_part_edits(bench, lineage, slot);
}

/* A reference that a sweep changed: the slot is to show the part it names now. */
static int follow(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	const struct slot *holder = &lineage->slots[slot->kind->holder];
	struct cf_str raw = {NULL, 0}, old = slot->key;
	struct part *part;
	int rc = json_is_absent(holder->current)
			 ? 0
			 : lens_reference(bench->worker, slot->kind->reader, slot->kind->input,
					  holder->current, &raw, &lineage->error);

	if (rc)
		return rc;
	if (raw.len == 0) {
		slot->id = slot->key = raw;
		return slot_set(bench, slot, JSON_ABSENT) ? error_nomem(&lineage->error) : 0;
	}
	rc = slot_refer(bench, lineage, slot, raw, &part);
	if (rc)
		return rc;
	if (str_equal(slot->key, old))
		return 0;
	if (!part->loaded)
		return LINEAGE_NEEDS_PART;
	slot_forget_edits(slot);
	rc = take_part(bench, lineage, slot, part);
	/* Whoever changed the reference said all that the part says. */
	if (rc == 0 && slot_edit_all(bench, slot, reference_edit(lineage, slot)))
		rc = error_nomem(&lineage->error);
	return rc;
}

int lineage_follow_references(struct bench *bench, struct lineage *lineage, size_t holder,
			      const struct crossing *but)
{
	const struct family *family = lineage->name.family;
	int rc = 0;

	for (size_t i = family->own_count; i < family->slot_count && rc == 0; i++) {
		bool made = false;

		for (size_t k = 0; but && k < but->output_count; k++)
			made = made || but->outputs[k] == i;
		if (!made && family->slots[i].reader && family->slots[i].holder == holder)
			rc = follow(bench, lineage, &lineage->slots[i]);
	}
	return rc;
}

int lineage_find_parts(struct bench *bench, struct lineage *lineage)
{
	const struct family *family = lineage->name.family;
	int answer = 0;

	if (lineage->delete_all)
		return 0;
	for (size_t i = family->own_count; i < family->slot_count; i++) {
		int rc = find_part(bench, lineage, &lineage->slots[i]);

		if (rc < 0)
			return rc;
		answer = rc ? rc : answer;
	}
	return answer;
}
