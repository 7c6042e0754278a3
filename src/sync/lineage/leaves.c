/* What did people do? Leaves of revision trees against the base.
 *
 * A leaf that is known says nothing new. Any other is compared, atom by atom, with its
 * nearest known ancestor (merge.c): what differs was edited. Where of several leaves one
 * hangs on nothing that is known, all that it says is its word.
 */
#include "sync/lineage/lineage.h"

static int validate_leaf(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			 struct json_value document)
{
	const struct catalog *catalog = bench->registry->catalog;
	struct catalog_id id = {0};
	int rc;

	if (PLANTED(bench, QUARANTINE_IGNORED))
		return 0;
	rc = catalog_identify(catalog, document, slot->id, &id, &lineage->error);
	if (rc == 0 && id.major != slot->kind->major)
		rc = error_set(&lineage->error, CF_ERR_INVALID,
			       "it was %.*s, and says that it is %.*s@%u",
			       STR_ARG(slot->kind->place), STR_ARG(id.type->name), id.major_number);
	if (rc == 0)
		rc = catalog_validate(catalog, &id, document, NULL, &lineage->error);
	if (rc)
		error_at_document(&lineage->error, slot->id);
	return rc;
}

/* --- what is as agreed, by its revisions alone ------------------------------------------ */

static bool is_as_agreed(const struct lineage *lineage, const struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	const struct cf_record *record = &slot->record;
	ptrdiff_t known;

	if (base->pending_count)
		return false;
	if (record->revision_count == 0)
		return !base->there && lineage->base.exists && base->known_count > 0;
	for (size_t i = 0; i < record->revision_count; i++)
		if ((i > 0 && !record->revisions[i].deleted) ||
		    base_find(base, record->revisions[i].rev) < 0)
			return false;
	known = base_find(base, record->revisions[0].rev);
	return record->revisions[0].deleted == !base->there &&
	       (!base->there ||
		(base->known[known].seen == BASE_CURRENT && base->known[known].diff.count == 0));
}

/* --- reading ------------------------------------------------------------------------------ */

static int note_leaf(struct bench *bench, struct lineage *lineage, struct slot *slot,
		     const struct leaf *leaf)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct base_news news = {.rev = leaf->revision->rev,
				 .deleted = leaf->revision->deleted,
				 .atoms = leaf->atoms};

	if (leaf->ancestor >= 0)
		news.seen = base_seen(&lineage->base, base, (size_t)leaf->ancestor);
	lineage->news = true;
	slot->outside_writes++;
	return slot_add_news(bench, slot, &news) ? error_nomem(&lineage->error) : 0;
}

static int read_live_leaf(struct bench *bench, struct lineage *lineage, struct slot *slot,
			  struct leaf *leaf)
{
	int rc = leaf_read(bench, lineage, slot, leaf->revision, &leaf->document);

	if (rc == 0 && !leaf->known)
		rc = validate_leaf(bench, lineage, slot, leaf->document);
	if (rc == 0 && bench_atoms(bench, slot->kind, leaf->document, &leaf->atoms))
		rc = error_nomem(&lineage->error);
	if (rc == 0 && !slot->winner)
		slot->winner = leaf;
	return rc;
}

static int read_slot(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	size_t live = 0;
	int answer = 0, rc = slot_find_ancestors(bench, lineage, slot);

	for (size_t i = 0; i < slot->record.revision_count && rc == 0; i++) {
		struct leaf *leaf = &slot->leaves[i];

		live += !leaf->revision->deleted;
		if (!leaf->revision->deleted)
			rc = read_live_leaf(bench, lineage, slot, leaf);
		if (rc == 0 && !leaf->known)
			rc = note_leaf(bench, lineage, slot, leaf);
		/* A deleted leaf says nothing where nobody agreed on anything. */
		if (rc == 0 && !leaf->known &&
		    (lineage->base.agreements || !leaf->revision->deleted)) {
			rc = slot_learn_way(bench, lineage, slot, leaf);
			answer = rc > 0 ? rc : answer;
			rc = rc > 0 ? 0 : rc;
		}
	}
	if (live > 1)
		lineage->news = true;
	return rc ? rc : answer;
}

/* --- deletes ------------------------------------------------------------------------------ */

static int add_delete(struct bench *bench, struct lineage *lineage, struct settle_delete what)
{
	if (lineage->delete_count == lineage->delete_cap) {
		size_t cap = lineage->delete_cap ? lineage->delete_cap * 2 : 4;
		struct settle_delete *grown = arena_alloc(&bench->arena, cap * sizeof(*grown));

		if (!grown)
			return error_nomem(&lineage->error);
		if (lineage->delete_count)
			memcpy(grown, lineage->deletes, lineage->delete_count * sizeof(*grown));
		lineage->deletes = grown;
		lineage->delete_cap = cap;
	}
	lineage->deletes[lineage->delete_count++] = what;
	return 0;
}

/* Whether a tombstone deletes something that was there: it is what somebody did to a revision
 * that is known, or it hangs on nothing that is. Where nothing was agreed it says nothing: one
 * beside a live leaf is how somebody chose among branches, and the engine's own are met again
 * after the state was lost. */
static bool deletes(const struct lineage *lineage, const struct slot *slot, const struct leaf *leaf)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];

	if (leaf->ancestor >= 0)
		return lineage->base.agreements && !base->known[leaf->ancestor].deleted;
	return base->there || (lineage->was_there && !slot->winner);
}

/* Tombstones that are news. */
static int find_deletes(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	int rc = 0;

	for (size_t i = 0; i < slot->record.revision_count && rc == 0; i++) {
		const struct leaf *leaf = &slot->leaves[i];
		struct atoms *had = NULL;
		struct settle_delete what = {
			.slot = slot->index, .rev = leaf->revision->rev, .age = slot->kind->age};

		if (!leaf->revision->deleted || leaf->known || !deletes(lineage, slot, leaf))
			continue;
		if (leaf->ancestor >= 0)
			what.seen = base_seen(&lineage->base, base, (size_t)leaf->ancestor);
		if (leaf->ancestor >= 0 && !base->known[leaf->ancestor].deleted) {
			had = arena_alloc(&bench->arena, sizeof(*had));
			if (!had || base_atoms(base, (size_t)leaf->ancestor, &bench->arena, had))
				return error_nomem(&lineage->error);
		}
		what.had = had;
		rc = add_delete(bench, lineage, what);
	}
	return rc;
}

/* That all is gone was agreed: who deleted it. */
static int add_agreed_deletes(struct bench *bench, struct lineage *lineage)
{
	int rc = 0;

	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct base_slot *base = &lineage->base.slots[i];

		for (size_t k = 0; k < base->said_count && rc == 0; k++)
			if (!base->said[k].pointer.len)
				rc = add_delete(bench, lineage,
						(struct settle_delete){
							.slot = i,
							.rev = base->said[k].rev,
							.age = lineage->slots[i].kind->age,
							.seen = lineage->base.agreements,
							.agreement = base->said[k].agreement});
	}
	return rc;
}

/* --- the lineage ---------------------------------------------------------------------------- */

/* What was agreed last: that it is there, that it is gone, or nothing. */
static void find_agreed(struct lineage *lineage)
{
	bool there = false, known = false;

	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		there = there || lineage->base.slots[i].there;
		known = known || lineage->base.slots[i].known_count > 0;
	}
	lineage->was_there = there;
	lineage->was_gone = !there && known && lineage->base.agreements;
}

/* After an agreed delete: a leaf whose app had not seen it is an edit that comes late; one on
 * top of a tombstone makes the thing anew. */
static void find_revival(struct lineage *lineage)
{
	uint64_t gone_at = base_gone_at(&lineage->base, lineage->name.family);

	lineage->creation = !lineage->was_there;
	for (const struct forward *f = lineage->forwards; f && lineage->was_gone; f = f->next) {
		const struct base_slot *base = &lineage->base.slots[f->slot];
		ptrdiff_t seen = f->seen_rev.len ? base_find(base, f->seen_rev) : -1;

		if (seen < 0 || base->known[seen].deleted)
			continue;
		lineage->revives = true;
		lineage->creation = false;
	}
	for (size_t i = 0; i < lineage->name.family->own_count && lineage->was_gone; i++) {
		const struct slot *slot = &lineage->slots[i];
		const struct base_slot *base = &lineage->base.slots[i];

		for (size_t k = 0; k < slot->record.revision_count; k++) {
			const struct leaf *leaf = &slot->leaves[k];
			uint64_t seen = 0;

			if (leaf->known || leaf->revision->deleted)
				continue;
			lineage->revives = true;
			if (leaf->ancestor >= 0)
				seen = base_seen(&lineage->base, base, (size_t)leaf->ancestor);
			if (seen < gone_at)
				lineage->creation = false;
		}
	}
}

/* What a store has and cannot say, or what is damaged in it, is not gone. */
static int check_readable(struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct cf_record *record = &lineage->slots[i].record;

		if (!record->code)
			continue;
		error_set(&lineage->error, record->code, "%.*s", STR_ARG(record->message));
		error_at_document(&lineage->error, lineage->slots[i].id);
		return record->code;
	}
	return 0;
}

static bool is_nowhere(const struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		if (lineage->slots[i].record.revision_count || lineage->base.slots[i].there)
			return false;
	return true;
}

int lineage_read_leaves(struct bench *bench, struct lineage *lineage)
{
	size_t own = lineage->name.family->own_count;
	bool as_agreed = true;
	int answer = 0, rc = check_readable(lineage);

	if (rc || (is_nowhere(lineage) && !lineage->forwards))
		return rc;
	for (size_t i = 0; i < own && as_agreed; i++)
		as_agreed = is_as_agreed(lineage, &lineage->slots[i]);
	lineage->news = !as_agreed || lineage->forwards;
	lineage->as_agreed = as_agreed;
	if (as_agreed && !lineage->forwards && lineage->name.family->slot_count == own)
		return 0;
	find_agreed(lineage);
	for (size_t i = 0; i < own && rc >= 0; i++) {
		rc = read_slot(bench, lineage, &lineage->slots[i]);
		answer = rc > 0 ? rc : answer;
	}
	if (rc < 0 || answer)
		return rc < 0 ? rc : answer;
	find_revival(lineage);
	for (size_t i = 0; i < own && rc >= 0; i++) {
		rc = slot_find_edits(bench, lineage, &lineage->slots[i]);
		answer = rc > 0 ? rc : answer;
		if (rc >= 0)
			rc = find_deletes(bench, lineage, &lineage->slots[i]);
	}
	if (rc == 0 && lineage->was_gone && !lineage->creation)
		rc = add_agreed_deletes(bench, lineage);
	return rc < 0 ? rc : answer;
}
