/* The end of a lineage's road: base, lists and documents to write.
 *
 * The base is written before the documents that it announces: the ids of their
 * revisions are chosen here, and are the same for whoever concludes the same.
 */
#include "sync/lineage/lineage.h"

/* [0] is new; the older ones came with a record of the batch. */
static int keep_history(struct bench *bench, struct cf_put *put)
{
	struct cf_str *history;

	if (put->history_count == 0)
		return 0;
	history = arena_alloc(&bench->batch, put->history_count * sizeof(*history));
	if (!history)
		return CF_ERR_NOMEM;
	memcpy(history, put->history, put->history_count * sizeof(*history));
	history[0] = put->rev;
	put->history = history;
	return 0;
}

static int keep_attachments(struct bench *bench, struct cf_put *put)
{
	struct cf_attachment *list =
		arena_calloc(&bench->batch, put->attachment_count, sizeof(*list));

	if (!list)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < put->attachment_count; i++) {
		const struct cf_attachment *a = &put->attachments[i];

		list[i] = *a;
		list[i].name = arena_dup(&bench->batch, a->name);
		list[i].content_type = arena_dup(&bench->batch, a->content_type);
		list[i].digest = arena_dup(&bench->batch, a->digest);
		if (a->data.ptr)
			list[i].data = arena_dup(&bench->batch, a->data);
		if (!list[i].name.ptr || !list[i].content_type.ptr || !list[i].digest.ptr)
			return CF_ERR_NOMEM;
	}
	put->attachments = list;
	return 0;
}

int writes_add(struct bench *bench, struct writes *writes, const struct cf_put *put, size_t lineage)
{
	struct write *write;

	if (writes->count == writes->cap) {
		size_t cap = writes->cap ? writes->cap * 2 : 64;
		struct write *grown = arena_alloc(&bench->batch, cap * sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (writes->count)
			memcpy(grown, writes->at, writes->count * sizeof(*grown));
		writes->at = grown;
		writes->cap = cap;
	}
	write = &writes->at[writes->count];
	*write = (struct write){.put = *put, .lineage = lineage};
	write->put.id = arena_dup(&bench->batch, put->id);
	write->put.rev = arena_dup(&bench->batch, put->rev);
	write->put.body = arena_dup(&bench->batch, put->body);
	if (!write->put.id.ptr || !write->put.rev.ptr || !write->put.body.ptr ||
	    keep_history(bench, &write->put) || keep_attachments(bench, &write->put))
		return CF_ERR_NOMEM;
	writes->count++;
	return 0;
}

int notes_add(struct bench *bench, struct notes *notes, const struct state_put *put, size_t lineage)
{
	struct note *note;

	if (notes->count == notes->cap) {
		size_t cap = notes->cap ? notes->cap * 2 : 64;
		struct note *grown = arena_alloc(&bench->batch, cap * sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (notes->count)
			memcpy(grown, notes->at, notes->count * sizeof(*grown));
		notes->at = grown;
		notes->cap = cap;
	}
	note = &notes->at[notes->count];
	*note = (struct note){.put = *put, .lineage = lineage};
	note->put.key.name = arena_dup(&bench->batch, put->key.name);
	note->put.key.other = arena_dup(&bench->batch, put->key.other);
	note->put.rev = arena_dup(&bench->batch, put->rev);
	if (put->body.ptr)
		note->put.body = arena_dup(&bench->batch, put->body);
	if (!note->put.key.name.ptr || !note->put.key.other.ptr || !note->put.rev.ptr ||
	    (put->body.ptr && !note->put.body.ptr))
		return CF_ERR_NOMEM;
	notes->count++;
	return 0;
}

static bool atoms_same(const struct atoms *a, const struct atoms *b)
{
	struct atoms_diff diff = {.a = a, .b = b};

	return !atoms_diff_next(&diff);
}

/* [0] the new revision, then the history of its parent. */
static const struct cf_str *new_history(struct bench *bench, struct cf_str rev,
					const struct cf_revision *parent, size_t *ret_count)
{
	size_t old = !parent ? 0 : parent->history_count ? parent->history_count : 1;
	struct cf_str *history = arena_alloc(&bench->arena, (old + 1) * sizeof(*history));

	if (!history)
		return NULL;
	history[0] = rev;
	if (old)
		memcpy(history + 1, parent->history_count ? parent->history : &parent->rev,
		       old * sizeof(*history));
	*ret_count = old + 1;
	return history;
}

/* Announces a revision in the base and plans its write. */
static int announce(struct bench *bench, struct lineage *lineage, struct slot *slot,
		    const struct cf_revision *parent, struct cf_put *put, struct json_value content,
		    struct base_news *ret_news, size_t index, struct plan *plan)
{
	struct writes *writes = put->deleted ? &plan->tombstones : &plan->documents;
	struct cf_str none = {NULL, 0};
	int rc = revision_make(parent ? parent->rev : none, put->deleted, content, put->attachments,
			       put->attachment_count, &bench->arena, &put->rev);

	if (rc)
		return error_nomem(&lineage->error);
	put->id = slot->id;
	put->kind = CF_PUT_REVISION;
	put->history = new_history(bench, put->rev, parent, &put->history_count);
	if (!put->history || writes_add(bench, writes, put, index))
		return error_nomem(&lineage->error);
	*ret_news =
		(struct base_news){.rev = put->rev, .deleted = put->deleted, .atoms = slot->atoms};
	return 0;
}

/* Tombstones keep type and version, so that filtered replication carries them. */
static int bury(struct bench *bench, struct lineage *lineage, struct slot *slot,
		const struct cf_revision *leaf, struct base_news *ret_news, size_t index,
		struct plan *plan)
{
	const struct catalog_major *major = slot->kind->major;
	struct cf_buf *out = &bench->scratch;
	struct cf_put put = {.deleted = true};
	struct json_value body;
	int rc;

	buf_clear(out);
	buf_byte(out, '{');
	json_write_string(bench->rules.type_field, out);
	buf_byte(out, ':');
	json_write_string(major->type->name, out);
	buf_byte(out, ',');
	json_write_string(bench->rules.version_field, out);
	buf_printf(out, ":%u}", major->major);
	if (PLANTED(bench, TOMBSTONE_UNTYPED)) {
		buf_clear(out);
		buf_str(out, STR("{}"));
	}
	rc = bench_keep(bench, buf_view(out), &body, &lineage->error);
	if (rc)
		return rc;
	put.body = json_span(body);
	return announce(bench, lineage, slot, leaf, &put, body, ret_news, index, plan);
}

static int check_valid(struct bench *bench, struct lineage *lineage, const struct slot *slot)
{
	struct catalog_id id = {.type = slot->kind->major->type,
				.major = slot->kind->major,
				.major_number = slot->kind->major->major,
				.key = lineage->name.key,
				.singleton = lineage->name.singleton};
	int rc = catalog_validate(bench->registry->catalog, &id, slot->current, NULL,
				  &lineage->error);

	if (rc && PLANTED(bench, QUARANTINE_IGNORED))
		return 0;
	if (rc) {
		error_prefix(&lineage->error, rc, "what the lens makes");
		error_at_document(&lineage->error, slot->id);
	}
	return rc;
}

/* An app's DELETE leaves a tombstone without members. No selector that asks for type or
 * version lets it through, so the delete would reach no other app. */
static int is_bare(struct bench *bench, struct lineage *lineage, const struct cf_revision *leaf,
		   bool *ret)
{
	struct json_value body;
	int rc;

	*ret = false;
	if (!leaf->deleted || !leaf->body.ptr)
		return 0;
	rc = bench_keep(bench, leaf->body, &body, &lineage->error);
	*ret = rc == 0 && json_is_absent(json_member(body, bench->rules.type_field)) &&
	       json_is_absent(json_member(body, bench->rules.version_field));
	return rc;
}

/* Tombstones of ours on the leaves that live beside the document, and where it is gone on
 * those that are bare. */
static int bury_leaves(struct bench *bench, struct lineage *lineage, struct slot *slot,
		       size_t index, struct plan *plan, struct base_news *news, size_t *count)
{
	bool there = !lineage->delete_all && !json_is_absent(slot->current);
	int rc = 0;

	for (size_t i = 0; i < slot->record.revision_count && rc == 0; i++) {
		const struct cf_revision *leaf = &slot->record.revisions[i];
		bool bare = false;

		if (PLANTED(bench, LOSER_LEFT_ALIVE) && there)
			continue;
		rc = there ? 0 : is_bare(bench, lineage, leaf, &bare);
		if (rc == 0 && (bare || (!leaf->deleted && (!there || leaf != slot->winner))))
			rc = bury(bench, lineage, slot, leaf, &news[(*count)++], index, plan);
	}
	return rc;
}

/* The merged document on top of the winning leaf, tombstones on the others. */
static int agree_slot(struct bench *bench, struct lineage *lineage, struct slot *slot, size_t index,
		      struct plan *plan)
{
	struct base_slot *base = &lineage->base.slots[slot->index];
	bool there = !lineage->delete_all && !json_is_absent(slot->current);
	size_t max = slot->record.revision_count + slot->news_count + 1, count = 0;
	struct base_news *news = arena_calloc(&bench->arena, max, sizeof(*news));
	struct atoms none = {NULL, 0};
	int rc = news ? 0 : error_nomem(&lineage->error);

	if (rc == 0 && there &&
	    (!slot->winner || !atoms_same(&slot->atoms, &slot->stored) ||
	     PLANTED(bench, WRITES_FOR_EVER))) {
		const struct cf_revision *parent =
			slot->record.revision_count ? &slot->record.revisions[0] : NULL;
		struct cf_put put = {0};
		struct cf_attachment *attachments;

		rc = check_valid(bench, lineage, slot);
		if (rc == 0)
			rc = slot_body(bench, lineage, slot, &put.body, &attachments,
				       &put.attachment_count);
		if (rc)
			return rc;
		put.attachments = attachments;
		rc = announce(bench, lineage, slot, parent, &put, slot->current, &news[count++],
			      index, plan);
	}
	if (rc == 0)
		rc = bury_leaves(bench, lineage, slot, index, plan, news, &count);
	if (PLANTED(bench, ECHO_AS_EDIT))
		count = 0;
	for (size_t i = 0; i < slot->news_count; i++)
		news[count++] = slot->news[i];
	if (rc == 0 &&
	    base_agree(base, there, there ? &slot->atoms : &none, news, count, &bench->arena))
		rc = error_nomem(&lineage->error);
	if (PLANTED(bench, KNOWN_FORGOTTEN) && base->known_count > 1)
		base->known_count = 1;
	return rc;
}

/* --- shared parts ----------------------------------------------------------- */

static int part_label(struct bench *bench, const struct slot *slot, struct cf_str key,
		      struct cf_str *ret)
{
	struct lineage_name name = {.family = slot->kind->part_family, .key = key};

	buf_clear(&bench->scratch);
	if (lineage_label(&name, &bench->scratch))
		return CF_ERR_NOMEM;
	*ret = arena_dup(&bench->arena, buf_view(&bench->scratch));
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* Makes or edits the part, as a person would. */
static int write_part(struct bench *bench, struct lineage *lineage, struct slot *slot, size_t index,
		      struct plan *plan)
{
	struct part *part = parts_get(bench, slot->id);
	struct cf_put put = {.id = slot->id, .kind = CF_PUT_ABSENT};
	struct catalog_id id = {.type = slot->kind->major->type,
				.major = slot->kind->major,
				.major_number = slot->kind->major->major,
				.key = slot->key};
	struct cf_attachment *attachments;
	struct atoms old;
	int rc = part ? bench_atoms(bench, slot->kind, part->content, &old) : CF_ERR_NOMEM;

	if (rc)
		return error_nomem(&lineage->error);
	if (!json_is_absent(part->content) && atoms_same(&old, &slot->atoms))
		return 0;
	rc = catalog_validate(bench->registry->catalog, &id, slot->current, NULL, &lineage->error);
	if (rc) {
		error_at_document(&lineage->error, slot->id);
		return rc;
	}
	slot->winner = slot->record.revision_count ? &slot->record.revisions[0] : NULL;
	rc = slot_body(bench, lineage, slot, &put.body, &attachments, &put.attachment_count);
	put.attachments = attachments;
	if (rc == 0 && slot->winner && !slot->winner->deleted) {
		put.kind = CF_PUT_ON_REV;
		put.rev = slot->winner->rev;
	}
	if (rc == 0 && writes_add(bench, &plan->parts, &put, index))
		rc = error_nomem(&lineage->error);
	if (rc)
		return rc;
	plan->parts.at[plan->parts.count - 1].part = true;
	plan->parts.at[plan->parts.count - 1].part_before = part->content;
	return bench_keep_batch(bench, json_span(slot->current), &part->content, &lineage->error);
}

static int agree_part(struct bench *bench, struct lineage *lineage, struct slot *slot, size_t index,
		      struct plan *plan)
{
	struct base_slot *base = &lineage->base.slots[slot->index];
	bool there = !lineage->delete_all && !json_is_absent(slot->current);
	struct atoms none = {NULL, 0};
	struct cf_str label, key = there ? slot->key : (struct cf_str){NULL, 0};
	int rc = there ? write_part(bench, lineage, slot, index, plan) : 0;

	if (rc == 0 && !str_equal(base->key, key)) {
		if (base->key.len) {
			rc = part_label(bench, slot, base->key, &label);
			if (rc == 0)
				rc = record_reference(bench, lineage,
						      (struct state_key){STATE_REFERENCE, label},
						      true, index, plan);
		}
		if (rc == 0 && key.len && !PLANTED(bench, REFERENCE_NOT_NOTED)) {
			rc = part_label(bench, slot, key, &label);
			if (rc == 0)
				rc = record_reference(bench, lineage,
						      (struct state_key){STATE_REFERENCE, label},
						      false, index, plan);
		}
		base->key = key;
	}
	if (rc == 0)
		rc = base_agree(base, there, there ? &slot->atoms : &none, NULL, 0, &bench->arena);
	return rc;
}

/* --- the base and the lists -------------------------------------------------- */

static int plan_base(struct bench *bench, struct lineage *lineage, size_t index, struct plan *plan)
{
	struct state_put put = {.key = {STATE_BASE, lineage->label},
				.condition = lineage->base.rev.len ? CF_PUT_ON_REV : CF_PUT_ABSENT,
				.rev = lineage->base.rev};
	int rc;

	if (PLANTED(bench, BASE_UNGUARDED))
		put.condition = CF_PUT_ANY;
	buf_clear(&bench->scratch);
	rc = base_write(&lineage->base, lineage->name.family, &bench->arena, &bench->scratch);
	put.body = buf_view(&bench->scratch);
	return rc || notes_add(bench, &plan->state, &put, index) ? error_nomem(&lineage->error) : 0;
}

/* Entries in lists that are no longer true. */
static int unlist(struct bench *bench, struct lineage *lineage, bool keep_incomplete,
		  bool keep_quarantine, size_t index, struct plan *plan)
{
	struct base *base = &lineage->base;
	int rc = 0;

	if (PLANTED(bench, LIST_NOT_CLEARED))
		return 0;
	if (base->listed_incomplete && !keep_incomplete)
		rc = record_delete(bench, (struct state_key){STATE_INCOMPLETE, lineage->label},
				   index, plan);
	if (rc == 0 && base->listed_quarantine && !keep_quarantine)
		rc = record_delete(bench, (struct state_key){STATE_QUARANTINE, lineage->label},
				   index, plan);
	base->listed_incomplete = keep_incomplete;
	base->listed_quarantine = keep_quarantine;
	return rc;
}

/* Others refer to this document: who must be looked at again. */
static int wake_referrers(struct bench *bench, struct lineage *lineage, bool known_before,
			  size_t index, struct plan *plan)
{
	if (!lineage->name.family->is_part)
		return 0;
	return record_fanout(bench, lineage, !known_before, index, plan);
}

/* Somebody who refers to it may have agreed on what it was at first. */
static bool changed_since_made(const struct cf_record *record)
{
	return record->revision_count > 1 ||
	       (record->revision_count && revision_generation(record->revisions[0].rev) > 1);
}

int lineage_agree(struct bench *bench, struct lineage *lineage, size_t index, struct plan *plan)
{
	const struct family *family = lineage->name.family;
	bool listed = lineage->base.listed_incomplete || lineage->base.listed_quarantine;
	bool known_before = false;
	int rc = 0;

	if (!lineage->news && !listed)
		return 0;
	for (size_t i = 0; i < family->own_count; i++)
		known_before = known_before || lineage->base.slots[i].known_count > 0 ||
			       changed_since_made(&lineage->slots[i].record);
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		struct slot *slot = &lineage->slots[i];

		rc = slot->kind->shared ? agree_part(bench, lineage, slot, index, plan)
					: agree_slot(bench, lineage, slot, index, plan);
	}
	for (struct conflict *c = lineage->conflicts;
	     c && rc == 0 && !PLANTED(bench, LOSER_NOT_LISTED); c = c->next)
		rc = record_conflict(bench, lineage, c, index, plan);
	if (rc == 0 && lineage->news)
		rc = wake_referrers(bench, lineage, known_before, index, plan);
	if (rc == 0)
		rc = unlist(bench, lineage, false, false, index, plan);
	return rc ? rc : plan_base(bench, lineage, index, plan);
}

int lineage_wait(struct bench *bench, struct lineage *lineage, size_t index, struct plan *plan,
		 struct cf_error *error)
{
	bool incomplete = lineage->failure == CF_ERR_INCOMPLETE;
	bool was_listed =
		incomplete ? lineage->base.listed_incomplete : lineage->base.listed_quarantine;
	int rc = 0;

	if (incomplete && lineage->waits_label.len && !PLANTED(bench, WAIT_NOT_NOTED))
		rc = record_reference(bench, lineage,
				      (struct state_key){STATE_WAITING, lineage->waits_label},
				      false, index, plan);
	if (rc == 0)
		rc = unlist(bench, lineage, incomplete, !incomplete, index, plan);
	/* An agreement that stands is left as it is; only the list is noted. */
	if (rc == 0 && !was_listed)
		rc = plan_base(bench, lineage, index, plan);
	return rc ? error_nomem(error)
		  : record_waiting(bench, lineage, was_listed, index, plan, error);
}
