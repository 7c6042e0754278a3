/* What a batch writes: lists and bases, then the documents that these announce, then the
 * tombstones of leaves that lost. Whoever was refused because somebody else was first is
 * read again. */
#include "sync/batch.h"

/* Shared parts that somebody else's document speaks of land first: whoever spoke of them
 * is known to have done so only then. */
enum { PHASE_PARTS, PHASE_REST, PHASES };

struct landing {
	struct worker *worker;
	struct work *work;
	struct plan *plan;
	int phase; /* PHASES: all at once */
	struct cf_error *error;
};

static bool is_due(const struct landing *l, size_t index, bool dropped)
{
	const struct lineage *lineage = &l->work->at[index];

	if (dropped || lineage->done)
		return false;
	return l->phase == PHASES || (l->phase == PHASE_PARTS) == (lineage->forwards != NULL);
}

static bool write_due(const struct landing *l, const struct write *write)
{
	return is_due(l, write->lineage, write->dropped);
}

static bool note_due(const struct landing *l, const struct note *note)
{
	return is_due(l, note->lineage, note->dropped);
}

/* One answer per write, in the writes' own order; of those that are not due, nothing. */
static int put_all(const struct landing *l, const struct writes *writes, struct cf_answer **ret)
{
	struct cf_arena *arena = &l->worker->bench.batch;
	struct cf_put *puts = arena_calloc(arena, writes->count, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(arena, writes->count, sizeof(*answers));
	size_t count = 0, at = 0;
	int rc;

	*ret = arena_calloc(arena, writes->count, sizeof(**ret));
	if (!puts || !answers || !*ret)
		return error_nomem(l->error);
	for (size_t i = 0; i < writes->count; i++)
		if (write_due(l, &writes->at[i]))
			puts[count++] = writes->at[i].put;
	rc = count ? store_put(l->worker->store, puts, count, arena, answers, l->error) : 0;
	for (size_t i = 0; i < writes->count && rc == 0; i++)
		if (write_due(l, &writes->at[i]))
			(*ret)[i] = answers[at++];
	return rc;
}

/* Somebody wrote on top of the parent meanwhile: the store no longer has the attachment
 * that the stub stands for. */
static bool lost_stub(const struct cf_put *put, const struct cf_answer *answer)
{
	bool stub = false;

	for (size_t i = 0; i < put->attachment_count; i++)
		stub = stub || !put->attachments[i].data.ptr;
	return stub && answer->code == CF_ERR_INVALID;
}

/* A lineage whose write was refused is read again; `done` keeps the rest of its
 * writes back. */
static int take_refusal(const struct landing *l, size_t index, struct cf_str id,
			const struct cf_answer *answer, bool somebody_was_first)
{
	struct refusal refusal = {id, answer};
	int rc = 0;

	if (!somebody_was_first)
		rc = refusal_note(l->worker, &l->work->at[index], &refusal, l->error);
	l->work->at[index].done = true;
	l->work->again[index] = true;
	return rc;
}

static int note_refusals(const struct landing *l, const struct writes *writes,
			 const struct cf_answer *answers)
{
	int rc = 0;

	for (size_t i = 0; i < writes->count && rc == 0; i++) {
		const struct write *write = &writes->at[i];
		bool conflict =
			answers[i].code == CF_ERR_CONFLICT || lost_stub(&write->put, &answers[i]);

		if (!write_due(l, write) || answers[i].code == 0 ||
		    PLANTED(&l->worker->bench, REFUSAL_IGNORED))
			continue;
		rc = take_refusal(l, write->lineage, write->put.id, &answers[i], conflict);
	}
	return rc;
}

/* --- notes ------------------------------------------------------------------------ */

static bool is_base(const struct landing *l, const struct note *note)
{
	return note_due(l, note) && note->put.key.kind == STATE_BASE && note->put.body.ptr;
}

/* Notes [from, to). */
struct part_notes {
	const struct notes *notes;
	size_t from, to;
	struct cf_answer *answers; /* as the notes */
};

/* Those of the part that are due, and what is counted with the bases among them. */
static int send_notes(const struct landing *l, const struct part_notes *part)
{
	const struct notes *notes = part->notes;
	struct cf_arena *arena = &l->worker->bench.batch;
	struct usage_puts usage;
	struct state_put *puts;
	struct cf_answer *answers;
	size_t count = 0;
	int rc = usage_puts(l->worker, &usage, l->error);

	if (rc)
		return rc;
	puts = arena_calloc(arena, part->to - part->from + usage.count + 1, sizeof(*puts));
	answers = arena_calloc(arena, part->to - part->from + usage.count + 1, sizeof(*answers));
	if (!puts || !answers)
		return error_nomem(l->error);
	for (size_t i = part->from; i < part->to; i++)
		if (note_due(l, &notes->at[i]))
			puts[count++] = notes->at[i].put;
	if (count == 0)
		return 0;
	if (usage.count)
		memcpy(puts + count, usage.puts, usage.count * sizeof(*puts));
	rc = state_put(l->worker->state, puts, count + usage.count, arena, answers, l->error);
	if (rc == 0)
		rc = usage_answered(l->worker, &usage, answers + count, l->error);
	count = 0;
	for (size_t i = part->from; i < part->to && rc == 0; i++)
		if (note_due(l, &notes->at[i]))
			part->answers[i] = answers[count++];
	return rc;
}

static int put_part(const struct landing *l, const struct part_notes *part)
{
	const struct note *at = part->notes->at;
	int rc;

	for (size_t i = part->from; i < part->to; i++)
		if (is_base(l, &at[i]))
			usage_note(l->worker, &l->work->at[at[i].lineage], 1);
	rc = send_notes(l, part);
	/* After a failure nobody knows whether it was taken: the records say. */
	l->worker->usage_stale = l->worker->usage_stale || rc;
	for (size_t i = part->from; i < part->to; i++)
		if (is_base(l, &at[i]) && (rc || part->answers[i].code))
			usage_note(l->worker, &l->work->at[at[i].lineage], -1);
	return rc;
}

/* Where a part ends: all, where a store takes them whole or not at all; else as many as go in
 * one request, that bases and what is counted of them are both there, or neither. */
static size_t part_end(const struct landing *l, const struct notes *notes, size_t from)
{
	size_t to = from, bytes = 0;

	if (l->worker->state->store->capabilities & CF_STORE_TRANSACTIONS)
		return notes->count;
	for (; to < notes->count && to - from < SYNC_NOTES_TOGETHER; to++) {
		bytes += notes->at[to].put.body.len;
		if (to > from && bytes > SYNC_NOTES_BYTES)
			break;
	}
	return to;
}

static int put_notes(const struct landing *l, const struct notes *notes, struct cf_answer **ret)
{
	struct part_notes part = {.notes = notes};
	int rc = 0;

	*ret = arena_calloc(&l->worker->bench.batch, notes->count + 1, sizeof(**ret));
	if (!*ret)
		return error_nomem(l->error);
	part.answers = *ret;
	for (; part.to < notes->count && rc == 0; part.from = part.to) {
		part.to = part_end(l, notes, part.from);
		rc = put_part(l, &part);
	}
	return rc;
}

/* A lineage of which a note was refused is read again. */
static int take_answers(const struct landing *l, const struct notes *notes,
			const struct cf_answer *answers)
{
	int rc = 0;

	for (size_t i = 0; i < notes->count && rc == 0; i++) {
		const struct note *note = &notes->at[i];

		l->worker->done.counters.records_written +=
			note_due(l, note) && answers[i].code == 0;
		if (!note_due(l, note) || answers[i].code == 0 ||
		    PLANTED(&l->worker->bench, REFUSAL_IGNORED))
			continue;
		rc = take_refusal(l, note->lineage, STR(""), &answers[i],
				  answers[i].code == CF_ERR_CONFLICT);
	}
	return rc;
}

/* A conflict stands in its list before the base that settles it. Where that base was
 * refused, another engine was first, and it may be none. */
static bool is_premature(const struct landing *l, const struct note *note,
			 const struct cf_answer *answer)
{
	return l->work->again[note->lineage] && answer->code == 0 && answer->rev.len &&
	       note->put.key.kind == STATE_CONFLICT && revision_generation(answer->rev) == 1;
}

static int take_back(const struct landing *l, const struct notes *notes,
		     const struct cf_answer *answers)
{
	struct cf_answer taken;
	int rc = 0;

	for (size_t i = 0; i < notes->count && rc == 0; i++) {
		struct state_put put = {.key = notes->at[i].put.key,
					.condition = CF_PUT_ON_REV,
					.rev = answers[i].rev};

		if (is_premature(l, &notes->at[i], &answers[i]))
			rc = state_put(l->worker->state, &put, 1, &l->worker->bench.batch, &taken,
				       l->error);
	}
	return rc;
}

static int write_notes(const struct landing *l, const struct notes *notes)
{
	struct cf_answer *answers;
	int rc = put_notes(l, notes, &answers);

	if (rc == 0)
		rc = take_answers(l, notes, answers);
	return rc ? rc : take_back(l, notes, answers);
}

/* Between a base and its entry another engine may have settled the lineage: it found no
 * entry to take off. */
static int take_entries_off(const struct landing *l, const struct notes *notes)
{
	struct cf_arena *arena = &l->worker->bench.batch;
	struct state_key *keys = arena_calloc(arena, notes->count + 1, sizeof(*keys));
	struct state_record *bases = arena_calloc(arena, notes->count + 1, sizeof(*bases));
	int rc = 0;

	if (!keys || !bases)
		return error_nomem(l->error);
	for (size_t i = 0; i < notes->count; i++)
		keys[i] = (struct state_key){STATE_BASE, l->work->at[notes->at[i].lineage].label};
	rc = state_get(l->worker->state, keys, notes->count, arena, bases, l->error);
	for (size_t i = 0; i < notes->count && rc == 0; i++) {
		bool incomplete = notes->at[i].put.key.kind == STATE_INCOMPLETE;
		struct state_put put = {.key = notes->at[i].put.key, .condition = CF_PUT_ANY};
		struct json_value base = JSON_ABSENT;

		if (!note_due(l, &notes->at[i]) ||
		    l->work->at[notes->at[i].lineage].name.refusals >= REFUSAL_ENTRY_ALONE)
			continue;
		if (state_exists(&bases[i]))
			rc = bench_keep_batch(&l->worker->bench, bases[i].body, &base, l->error);
		base = json_member(base, incomplete ? STR("incomplete") : STR("quarantine"));
		if (rc == 0 && json_is_absent(base))
			rc = state_put_one(l->worker->state, &put, arena, NULL, l->error);
	}
	return rc;
}

/* Documents, and of those that landed, the tombstones. */
static int write_documents(const struct landing *l)
{
	struct worker *worker = l->worker;
	const struct writes *steps[] = {&l->plan->documents, &l->plan->tombstones};
	struct cf_answer *answers;
	int rc = 0;

	if (PLANTED(&worker->bench, TOMBSTONES_FIRST)) {
		steps[0] = &l->plan->tombstones;
		steps[1] = &l->plan->documents;
	}
	for (size_t i = 0; i < ARRAY_LEN(steps) && rc == 0; i++) {
		rc = put_all(l, steps[i], &answers);
		if (rc == 0)
			rc = note_refusals(l, steps[i], answers);
	}
	/* Of what landed in part, the changes must be looked at again. */
	for (size_t i = 0; i < ARRAY_LEN(steps) && rc == 0; i++) {
		for (size_t k = 0; k < steps[i]->count; k++) {
			const struct cf_put *put = &steps[i]->at[k].put;

			if (!write_due(l, &steps[i]->at[k]))
				continue;
			worker->done.counters.documents_written++;
			echo_note(worker, put->id, put->rev);
		}
	}
	return rc;
}

static int land(const struct landing *l)
{
	struct cf_answer *answers;
	int rc = 0;

	if (PLANTED(&l->worker->bench, BASE_AFTER_DOCUMENTS))
		rc = put_all(l, &l->plan->documents, &answers);
	if (rc == 0)
		rc = write_notes(l, &l->plan->state);
	/* An entry that no base knows of would never be taken off its list. */
	if (rc == 0)
		rc = write_notes(l, &l->plan->waiting);
	if (rc == 0 && l->plan->waiting.count)
		rc = take_entries_off(l, &l->plan->waiting);
	return rc ? rc : write_documents(l);
}

static bool has_forwards(const struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->at[i].forwards)
			return true;
	return false;
}

static int hold_one(const struct landing *l, const struct lineage *part, size_t index,
		    struct cf_str id)
{
	l->work->at[index].done = true;
	l->work->again[index] = true;
	return refusal_pass(l->worker, part, &l->work->at[index], id);
}

/* Whoever spoke of a part that could not land, or shows what it was to say, is read again
 * with it. */
static int hold_back(const struct landing *l)
{
	const struct work *work = l->work;
	int rc = 0;

	for (size_t i = 0; i < work->count && rc == 0; i++) {
		const struct lineage *lineage = &work->at[i];
		const struct forward *f = work->again[i] ? lineage->forwards : NULL;

		for (; f && rc == 0; f = f->next)
			rc = hold_one(l, lineage, f->lineage, f->id);
		for (size_t k = lineage->name.family->own_count;
		     k < lineage->name.family->slot_count && rc == 0; k++) {
			const struct slot *slot = &lineage->slots[k];

			if (slot->part && work->again[slot->part->lineage] &&
			    work->at[slot->part->lineage].forwards)
				rc = hold_one(l, &work->at[slot->part->lineage], i,
					      lineage->slots[slot->kind->holder].id);
		}
	}
	return rc ? error_nomem(l->error) : 0;
}

int write_plan(struct worker *worker, struct work *work, struct plan *plan, struct cf_error *error)
{
	struct landing l = {worker, work, plan, PHASES, error};
	int rc;

	if (!has_forwards(work))
		return land(&l);
	l.phase = PHASE_PARTS;
	rc = land(&l);
	rc = rc ? rc : hold_back(&l);
	l.phase = PHASE_REST;
	return rc ? rc : land(&l);
}
