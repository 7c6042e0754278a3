/* The end of a lineage's road: base, lists and documents to write.
 *
 * The base is written before the documents that it announces: the ids of their
 * revisions are chosen here, and are the same for whoever concludes the same.
 */
#include "sync/lineage/agree.h"

static bool atoms_same(const struct atoms *a, const struct atoms *b)
{
	struct atoms_diff diff = {.a = a, .b = b};

	return !atoms_diff_next(&diff);
}

/* --- documents ------------------------------------------------------------------------------ */

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

/* The number of this agreement. That there is nothing where there never was anything is none. */
static uint64_t agreement_now(const struct lineage *lineage)
{
	uint64_t before = lineage->base.agreements;

	return before || !lineage->result.gone ? before + 1 : 0;
}

/* Announces a revision in the base and plans its write. */
static int announce(struct agreeing *a, struct slot *slot, const struct cf_revision *parent,
		    struct cf_put *put, struct json_value content)
{
	struct bench *bench = a->bench;
	struct writes *writes = put->deleted ? &a->plan->tombstones : &a->plan->documents;
	struct base_step *step = &a->steps[slot->index];
	struct cf_str none = {NULL, 0};
	int rc = revision_make(parent ? parent->rev : none, put->deleted, content, put->attachments,
			       put->attachment_count, &bench->arena, &put->rev);

	if (rc)
		return error_nomem(&a->lineage->error);
	put->id = slot->id;
	put->kind = CF_PUT_REVISION;
	put->history = new_history(bench, put->rev, parent, &put->history_count);
	if (!put->history || writes_add(bench, writes, put, a->lineage->place))
		return error_nomem(&a->lineage->error);
	step->news[step->news_count++] = (struct base_news){.rev = put->rev,
							    .deleted = put->deleted,
							    .seen = agreement_now(a->lineage),
							    .atoms = step->agreed};
	return 0;
}

/* Type and version, and for a version that is known by its members these. */
static void write_marks(struct agreeing *a, const struct catalog_major *major, struct cf_buf *out)
{
	struct json_value marks = catalog_marks(a->bench->registry->catalog, major);
	struct cf_str type = a->bench->rules.type_field, version = a->bench->rules.version_field;
	struct json_iter it = json_iter(marks);

	buf_byte(out, '{');
	while (json_next(&it)) {
		buf_str(out, json_span(it.name));
		buf_byte(out, ':');
		json_write_compact(it.value, out);
		buf_byte(out, ',');
	}
	if (json_is_absent(json_member(marks, type))) {
		json_write_string(type, out);
		buf_byte(out, ':');
		json_write_string(major->type->name, out);
		buf_byte(out, ',');
	}
	if (json_is_absent(json_member(marks, version))) {
		json_write_string(version, out);
		buf_printf(out, ":%u,", major->major);
	}
	out->ptr[out->len - 1] = '}';
}

/* Tombstones keep type and version, so that filtered replication carries them. */
static int put_tombstone(struct agreeing *a, struct slot *slot, const struct cf_revision *leaf)
{
	const struct catalog_major *major = slot->kind->major;
	struct cf_buf *out = &a->bench->scratch;
	struct cf_put put = {.deleted = true};
	struct json_value body;
	int rc;

	buf_clear(out);
	write_marks(a, major, out);
	if (PLANTED(a->bench, TOMBSTONE_UNTYPED)) {
		buf_clear(out);
		buf_str(out, STR("{}"));
	}
	rc = bench_keep(a->bench, buf_view(out), &body, &a->lineage->error);
	if (rc)
		return rc;
	put.body = json_span(body);
	return announce(a, slot, leaf, &put, body);
}

/* Whether a tombstone says what it was. */
static bool is_bare(struct bench *bench, const struct cf_revision *leaf)
{
	struct json_value body;

	if (!leaf->body.ptr || bench_read(bench, leaf->body, &body, NULL))
		return true;
	return json_is_absent(json_member(body, bench->rules.type_field)) ||
	       json_is_absent(json_member(body, bench->rules.version_field));
}

static int check_valid(struct bench *bench, struct lineage *lineage, const struct slot *slot,
		       struct json_value document)
{
	struct catalog_id id = {.type = slot->kind->major->type,
				.major = slot->kind->major,
				.major_number = slot->kind->major->major,
				.key = lineage->name.key,
				.singleton = lineage->name.singleton};
	int rc = catalog_validate(bench->registry->catalog, &id, document, NULL, &lineage->error);

	if (rc && PLANTED(bench, QUARANTINE_IGNORED))
		return 0;
	if (rc) {
		error_prefix(&lineage->error, rc, "what the lens makes");
		error_at_document(&lineage->error, slot->id);
	}
	return rc;
}

static int put_document(struct agreeing *a, struct slot *slot)
{
	const struct settle_slot_result *result = &a->lineage->result.slots[slot->index];
	struct json_value document = result->document;
	const struct cf_revision *parent =
		slot->record.revision_count ? &slot->record.revisions[0] : NULL;
	struct cf_put put = {0};
	int rc = result->validated ? 0 : check_valid(a->bench, a->lineage, slot, document);

	if (rc == 0)
		rc = slot_body(a->bench, a->lineage, slot, document, &put);
	return rc ? rc : announce(a, slot, parent, &put, document);
}

/* The one that stands for a document that is gone: of those that were there, and those that are
 * written now. */
static struct cf_str highest_tombstone(const struct base_step *step, const struct cf_record *record)
{
	struct cf_str highest = {NULL, 0};

	for (size_t i = 0; i < record->revision_count; i++)
		if (record->revisions[i].deleted &&
		    (!highest.len ||
		     revision_compare(record->revisions[i].rev, false, highest, false) > 0))
			highest = record->revisions[i].rev;
	for (size_t i = 0; i < step->news_count; i++)
		if (!highest.len || revision_compare(step->news[i].rev, false, highest, false) > 0)
			highest = step->news[i].rev;
	return highest;
}

/* The document as it is to be on top of the winning leaf, tombstones on the others. */
static int step_slot(struct agreeing *a, struct slot *slot)
{
	const struct settle_slot_result *result = &a->lineage->result.slots[slot->index];
	const struct cf_record *record = &slot->record;
	struct base_step *step = &a->steps[slot->index];
	bool wrote = false;
	int rc = 0;

	step->news =
		arena_calloc(&a->bench->arena, record->revision_count * 2 + slot->news_count + 1,
			     sizeof(*step->news));
	if (!step->news)
		return error_nomem(&a->lineage->error);
	step->there = !a->lineage->result.gone && !json_is_absent(result->document);
	if (step->there)
		step->agreed = result->atoms;
	if (step->there && (!slot->winner || !atoms_same(&step->agreed, &slot->winner->atoms) ||
			    PLANTED(a->bench, WRITES_FOR_EVER))) {
		rc = put_document(a, slot);
		wrote = true;
	}
	for (size_t i = 0; i < record->revision_count && rc == 0; i++) {
		const struct leaf *leaf = &slot->leaves[i];
		bool bare = !step->there && i == 0 && leaf->revision->deleted && !leaf->known &&
			    is_bare(a->bench, leaf->revision);

		if (PLANTED(a->bench, LOSER_LEFT_ALIVE) && step->there)
			continue;
		if (bare || (!leaf->revision->deleted && (!step->there || leaf != slot->winner))) {
			rc = put_tombstone(a, slot, leaf->revision);
			wrote = wrote || (i == 0 && !step->there);
		}
	}
	if (rc)
		return rc;
	step->current = !step->there             ? highest_tombstone(step, record)
			: wrote                  ? step->news[0].rev
			: record->revision_count ? record->revisions[0].rev
						 : (struct cf_str){NULL, 0};
	slot->rev_now = step->there ? step->current : (struct cf_str){NULL, 0};
	if (PLANTED(a->bench, ECHO_AS_EDIT))
		step->news_count = 0;
	for (size_t i = 0; i < slot->news_count; i++) {
		struct base_news *news = &step->news[step->news_count++];

		*news = slot->news[i];
		/* Who deletes what is gone then has seen that it is. */
		if (news->deleted && a->lineage->result.gone)
			news->seen = agreement_now(a->lineage);
	}
	return 0;
}

/* --- shared parts ---------------------------------------------------------------------------- */

static int part_label(struct bench *bench, const struct slot *slot, struct cf_str key,
		      struct cf_str *ret)
{
	struct lineage_name name = {.family = slot->kind->part_family, .key = key};

	buf_clear(&bench->scratch);
	if (!name.family || lineage_label(&name, &bench->scratch))
		return CF_ERR_NOMEM;
	*ret = arena_dup(&bench->arena, buf_view(&bench->scratch));
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static int note_reference(struct agreeing *a, const struct slot *slot, enum state_kind kind,
			  struct cf_str key, bool deleted)
{
	struct cf_str label;
	int rc;

	if (key.len == 0 || !slot->kind->part_family)
		return 0;
	rc = part_label(a->bench, slot, key, &label);
	return rc ? rc
		  : record_reference(a->bench, a->lineage, (struct state_key){kind, label}, deleted,
				     a->plan);
}

/* Which part is referred to, and what it said. */
static int step_shared(struct agreeing *a, struct slot *slot)
{
	const struct settle_slot_result *result = &a->lineage->result.slots[slot->index];
	struct base_slot *base = &a->lineage->base.slots[slot->index];
	struct base_step *step = &a->steps[slot->index];
	struct lineage_name name = {.family = slot->kind->part_family};
	struct cf_str key = {NULL, 0};
	int rc = 0;

	if (!a->lineage->result.gone)
		key = arena_dup(&a->bench->arena, result->key);
	name.key = key;
	slot->part = name.family && key.len ? part_find(a->bench, &name) : NULL;
	step->there = key.len && !json_is_absent(result->document);
	if (step->there) {
		step->agreed = result->atoms;
		step->current = slot->part ? part_rev(slot->part, slot->kind) : key;
		step->news = arena_calloc(&a->bench->arena, 1, sizeof(*step->news));
		if (!step->news)
			return error_nomem(&a->lineage->error);
		*step->news = (struct base_news){.rev = step->current, .atoms = step->agreed};
		step->news_count = step->current.len > 0;
	}
	if (str_equal(base->key, key))
		return 0;
	rc = note_reference(a, slot, STATE_REFERENCE, base->key, true);
	if (rc == 0 && !PLANTED(a->bench, REFERENCE_NOT_NOTED))
		rc = note_reference(a, slot, STATE_REFERENCE, key, false);
	base->key = key;
	/* What was known is of another part. */
	base->known_count = 0;
	return rc ? error_nomem(&a->lineage->error) : 0;
}

/* --- the base and the lists ---------------------------------------------------------------------
 */

static int plan_base(struct agreeing *a)
{
	struct lineage *lineage = a->lineage;
	struct bench *bench = a->bench;
	struct state_put put = {.key = {STATE_BASE, lineage->label},
				.condition = lineage->base.rev.len ? CF_PUT_ON_REV : CF_PUT_ABSENT,
				.rev = lineage->base.rev};
	int rc;

	if (PLANTED(bench, BASE_UNGUARDED))
		put.condition = CF_PUT_ANY;
	buf_clear(&bench->scratch);
	rc = base_write(&lineage->base, lineage->name.family, &bench->arena, &bench->scratch);
	put.body = buf_view(&bench->scratch);
	if (rc == 0 && lineage->base_text.ptr && str_equal(put.body, lineage->base_text))
		return 0;
	return rc || notes_add(bench, &a->plan->state, &put, a->lineage->place)
		       ? error_nomem(&lineage->error)
		       : 0;
}

/* Entries in lists that are no longer true. */
static int unlist(struct agreeing *a, bool keep_incomplete, bool keep_quarantine)
{
	struct base *base = &a->lineage->base;
	struct bench *bench = a->bench;
	int rc = 0;

	if (PLANTED(bench, LIST_NOT_CLEARED))
		return 0;
	if (base->listed_incomplete && !keep_incomplete) {
		rc = record_delete(bench, a->lineage,
				   (struct state_key){STATE_INCOMPLETE, a->lineage->label},
				   a->plan);
		base->listed_incomplete = 0;
	}
	if (rc == 0 && base->listed_quarantine && !keep_quarantine) {
		rc = record_delete(bench, a->lineage,
				   (struct state_key){STATE_QUARANTINE, a->lineage->label},
				   a->plan);
		base->listed_quarantine = 0;
	}
	return rc ? error_nomem(&a->lineage->error) : 0;
}

/* Somebody who refers to it may have agreed on what it was at first. */
static bool was_known(const struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct cf_record *record = &lineage->slots[i].record;

		if (lineage->base.slots[i].known_count > 0 || record->revision_count > 1 ||
		    (record->revision_count && revision_generation(record->revisions[0].rev) > 1))
			return true;
	}
	return false;
}

/* --- who waits though all that can be done is done ----------------------------------------------
 */

static const struct slot *find_waiting(const struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->own_count && !lineage->result.gone; i++)
		if (lineage->result.slots[i].waits)
			return &lineage->slots[i];
	return NULL;
}

static int list_waiting(struct agreeing *a, const struct slot *waits)
{
	struct lineage *lineage = a->lineage;
	size_t for_slot = lineage->result.slots[waits->index].waits_for;
	const struct slot *part = &lineage->slots[for_slot];
	struct cf_str key = lineage->result.slots[for_slot].key;
	int rc = 0;

	lineage->waits_for = part->id;
	if (part->kind->shared) {
		const struct catalog_major *major = part->kind->major;

		buf_clear(&a->bench->scratch);
		rc = catalog_format_id(a->bench->registry->catalog, major->type->name, major->major,
				       key, false, &a->bench->scratch);
		lineage->waits_for = arena_dup(&a->bench->arena, buf_view(&a->bench->scratch));
		if (rc == 0 && !PLANTED(a->bench, WAIT_NOT_NOTED))
			rc = note_reference(a, part, STATE_WAITING, key, false);
	}
	if (rc)
		return error_nomem(&lineage->error);
	error_set(&lineage->error, CF_ERR_INCOMPLETE, "waits for %.*s",
		  STR_ARG(lineage->waits_for));
	error_at_document(&lineage->error, waits->id);
	lineage->waits = true;
	rc = record_waiting(a->bench, lineage, true, a->plan);
	return rc < 0 ? error_nomem(&lineage->error) : rc;
}

/* --- all together
 * ----------------------------------------------------------------------------------- */

static int take_steps(struct agreeing *a)
{
	const struct family *family = a->lineage->name.family;
	int rc = 0;

	for (size_t i = 0; i < family->own_count && rc == 0; i++)
		rc = step_slot(a, &a->lineage->slots[i]);
	for (size_t i = family->own_count; i < family->slot_count && rc == 0; i++)
		rc = step_shared(a, &a->lineage->slots[i]);
	return rc;
}

/* Whether there is something that was not agreed on before. */
static bool is_new(const struct agreeing *a)
{
	for (size_t i = 0; i < a->lineage->name.family->slot_count; i++) {
		const struct base_slot *base = &a->lineage->base.slots[i];
		const struct base_step *step = &a->steps[i];

		if (step->there != base->there || !atoms_same(&step->agreed, &base->agreed))
			return true;
		for (size_t k = 0; k < step->news_count; k++)
			if (base_find(base, step->news[k].rev) < 0)
				return true;
	}
	return false;
}

static int advance_base(struct agreeing *a)
{
	struct lineage *lineage = a->lineage;
	const struct family *family = lineage->name.family;
	int rc = 0;

	lineage->base.agreements = agreement_now(lineage);
	for (size_t i = 0; i < family->own_count && rc == 0; i++) {
		rc = agree_said(a, i);
		rc = rc ? rc : agree_pending(a, i);
	}
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		struct base_slot *base = &lineage->base.slots[i];

		if (base_agree(&lineage->base, base, &a->steps[i], &a->bench->arena))
			return error_nomem(&lineage->error);
		base_forget(base, &lineage->slots[i].record);
		if (PLANTED(a->bench, KNOWN_FORGOTTEN) && base->known_count > 1)
			base->known_count = 1;
	}
	agree_bodies(a);
	return rc;
}

int lineage_agree(struct bench *bench, struct lineage *lineage, struct plan *plan)
{
	struct agreeing a = {.bench = bench, .lineage = lineage, .plan = plan};
	bool known_before = was_known(lineage);
	const struct slot *waits = NULL;
	int rc = 0;

	a.steps = arena_calloc(&bench->arena, lineage->name.family->slot_count, sizeof(*a.steps));
	if (!a.steps)
		return error_nomem(&lineage->error);
	if (lineage->news) {
		rc = take_steps(&a);
		if (rc == 0 && is_new(&a)) {
			rc = advance_base(&a);
			if (rc == 0 && lineage->name.family->is_part)
				rc = record_fanout(bench, lineage, !known_before, plan);
		}
		waits = rc ? NULL : find_waiting(lineage);
		if (rc == 0 && !PLANTED(bench, LOSER_NOT_LISTED))
			rc = list_losers(bench, lineage, plan);
		if (rc == 0 && waits)
			rc = list_waiting(&a, waits);
	}
	if (rc == 0)
		rc = unlist(&a, waits != NULL, false);
	return rc ? rc : plan_base(&a);
}

int lineage_wait(struct bench *bench, struct lineage *lineage, struct plan *plan,
		 struct cf_error *error)
{
	struct agreeing a = {.bench = bench, .lineage = lineage, .plan = plan};
	bool incomplete = lineage->failure == CF_ERR_INCOMPLETE;
	struct cf_error why = lineage->error;
	int rc = record_waiting(bench, lineage, incomplete, plan);

	if (rc < 0)
		error_nomem(&lineage->error);
	if (rc == 0)
		rc = unlist(&a, incomplete, !incomplete);
	/* An agreement that stands is left as it is; only the list is noted. */
	if (rc == 0)
		rc = plan_base(&a);
	if (rc < 0)
		*error = lineage->error;
	lineage->error = why;
	return rc;
}
