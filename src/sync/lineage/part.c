/* The shared parts of a batch: found by their names, and what they say now. */
#include "sync/lineage/lineage.h"

enum { PART_BUCKETS = 256 };

static bool same_name(const struct lineage_name *a, const struct lineage_name *b)
{
	return a->family == b->family && a->singleton == b->singleton && str_equal(a->key, b->key);
}

struct part *part_find(const struct bench *bench, const struct lineage_name *name)
{
	const struct parts *parts = &bench->parts;
	struct part *part;

	if (!parts->buckets)
		return NULL;
	for (part = parts->buckets[hash64(name->key, 0) % PART_BUCKETS]; part; part = part->next)
		if (same_name(&part->name, name))
			return part;
	return NULL;
}

struct part *part_get(struct bench *bench, const struct lineage_name *name)
{
	struct parts *parts = &bench->parts;
	struct part **bucket, *part = part_find(bench, name);

	if (part)
		return part;
	if (!parts->buckets)
		parts->buckets = arena_calloc(&bench->batch, PART_BUCKETS, sizeof(struct part *));
	part = arena_calloc(&bench->batch, 1, sizeof(*part));
	if (!parts->buckets || !part)
		return NULL;
	part->name = *name;
	part->name.key = arena_dup(&bench->batch, name->key);
	part->documents =
		arena_calloc(&bench->batch, name->family->own_count + 1, sizeof(*part->documents));
	part->revs = arena_calloc(&bench->batch, name->family->own_count + 1, sizeof(*part->revs));
	if (!part->name.key.ptr || !part->documents || !part->revs)
		return NULL;
	bucket = &parts->buckets[hash64(name->key, 0) % PART_BUCKETS];
	part->next = *bucket;
	*bucket = part;
	if (parts->last)
		parts->last->also = part;
	else
		parts->first = part;
	parts->last = part;
	parts->wanted++;
	return part;
}

/* The place in the part's family that a shared slot shows. */
size_t part_place(const struct slot_kind *kind)
{
	const struct family *family = kind->part_family;

	for (size_t i = 0; family && i < family->own_count; i++)
		if (family->slots[i].major == kind->major)
			return i;
	return SIZE_MAX;
}

static struct cf_str document_in(const struct part *part, const struct slot_kind *kind)
{
	size_t place = part_place(kind);

	return place == SIZE_MAX ? (struct cf_str){NULL, 0} : part->documents[place];
}

struct cf_str part_rev(const struct part *part, const struct slot_kind *kind)
{
	size_t place = part_place(kind);

	return !part || place == SIZE_MAX ? (struct cf_str){NULL, 0} : part->revs[place];
}

/* --- what documents refer to ------------------------------------------------------------- */

/* INVALID or LIMIT at the reference where it cannot be a key. */
static int check_key(struct bench *bench, struct lineage *lineage, const struct slot *slot)
{
	const struct catalog_major *major = slot->kind->major;
	struct lens_side side = lens_program_inputs(slot->kind->reader);
	int rc = catalog_make_id(bench->registry->catalog, major->type->name, major->major,
				 slot->key, &bench->scratch, &lineage->error);

	if (rc == 0)
		return 0;
	error_at_document(&lineage->error, lineage->slots[slot->kind->holder].id);
	error_at_pointer(&lineage->error, side.places[slot->kind->input].reference);
	lineage->parting.error = lineage->error;
	return rc;
}

/* Takes what the part says now. 0, LINEAGE_NEEDS or an error. */
int part_take(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	struct lineage_name name = {.family = slot->kind->part_family, .key = slot->key};
	struct cf_str text;
	int rc;

	slot->document = JSON_ABSENT;
	slot->missing = true;
	if (!name.family)
		return 0;
	rc = check_key(bench, lineage, slot);
	if (rc)
		return rc;
	slot->part = part_get(bench, &name);
	if (!slot->part)
		return error_nomem(&lineage->error);
	if (slot->part->state != PART_SETTLED) {
		lineage->awaits = slot->part;
		return LINEAGE_NEEDS;
	}
	text = document_in(slot->part, slot->kind);
	slot->missing = !text.ptr;
	return text.ptr ? bench_read(bench, text, &slot->document, &lineage->error) : 0;
}

int part_answer(void *ctx, size_t index, struct cf_str key, struct json_value *ret)
{
	struct parting *p = ctx;
	struct slot other = {.kind = &p->lineage->name.family->slots[index], .key = key};
	int rc = part_take(p->bench, p->lineage, &other);

	*ret = other.document;
	return rc == LINEAGE_NEEDS ? SETTLE_NEEDS_PART : rc;
}
