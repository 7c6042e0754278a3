/* A batch: reads whole lineages, brings them to agreement, writes.
 *
 * One read for the documents, one for the bases, one for shared parts; one write
 * for shared parts, one for the state, one for the documents, in this order.
 * Whoever was refused because somebody else was first is read again.
 */
#include "sync/engine.h"

#include "sync/limits.h"

int batch_init(struct batch *batch, size_t count_max, struct cf_arena *arena)
{
	*batch = (struct batch){.cap = count_max, .bucket_count = count_max * 2 + 1};
	batch->names = arena_calloc(arena, count_max + 1, sizeof(*batch->names));
	batch->buckets = arena_calloc(arena, batch->bucket_count, sizeof(*batch->buckets));
	return batch->names && batch->buckets ? 0 : CF_ERR_NOMEM;
}

int batch_add(struct batch *batch, const struct lineage_name *name)
{
	uint64_t hash = hash64(name->key, (uint64_t)(uintptr_t)name->family + name->singleton);
	size_t at = hash % batch->bucket_count;

	for (; batch->buckets[at]; at = (at + 1) % batch->bucket_count) {
		const struct lineage_name *other = &batch->names[batch->buckets[at] - 1];

		if (other->family == name->family && other->singleton == name->singleton &&
		    str_equal(other->key, name->key))
			return 0;
	}
	cf_assert(batch->count < batch->cap);
	batch->names[batch->count] = *name;
	batch->names[batch->count++].refused = NULL;
	batch->buckets[at] = batch->count;
	return 0;
}

/* --- reading --------------------------------------------------------------- */

static int read_documents(struct sync *sync, struct lineage *lineages, size_t count,
			  struct cf_error *error)
{
	struct bench *bench = &sync->bench;
	size_t total = 0, at = 0;
	struct cf_get *gets;
	struct cf_record *records;
	int rc;

	for (size_t i = 0; i < count; i++)
		total += lineages[i].name.family->own_count;
	gets = arena_calloc(&bench->batch, total + 1, sizeof(*gets));
	records = arena_calloc(&bench->batch, total + 1, sizeof(*records));
	if (!gets || !records)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < lineages[i].name.family->own_count; k++)
			gets[at++].id = lineages[i].slots[k].id;
	rc = store_get(sync->store, gets, total,
		       CF_READ_BODIES | CF_READ_LEAVES | CF_READ_HISTORIES, &bench->batch, records,
		       error);
	at = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		for (size_t k = 0; k < lineages[i].name.family->own_count; k++)
			lineages[i].slots[k].record = records[at++];
	return rc;
}

static int read_base(struct sync *sync, struct lineage *lineage, const struct state_record *record,
		     struct cf_error *error)
{
	struct json_value body = JSON_ABSENT;
	int rc = state_exists(record) ? bench_read(&sync->bench, record->body, &body, error) : 0;

	return rc ? state_damaged(record, rc, error)
		  : base_read(&lineage->base, lineage->name.family, body, record->rev,
			      &sync->bench.arena, error);
}

/* Behind the documents, and with them which versions are retired: see retired.c. */
static int read_bases(struct sync *sync, struct lineage *lineages, size_t count,
		      struct state_record **ret_records, struct cf_error *error)
{
	struct bench *bench = &sync->bench;
	struct state_key *keys = arena_calloc(&bench->batch, count + 1, sizeof(*keys));
	struct state_record *records = arena_calloc(&bench->batch, count + 1, sizeof(*records));
	int rc;

	if (!keys || !records)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct state_key){STATE_BASE, lineages[i].label};
	keys[count] = (struct state_key){STATE_RETIRED};
	rc = state_get(sync->state, keys, count + 1, &bench->batch, records, error);
	*ret_records = records;
	if (rc == 0 && retired_changed(sync, &records[count]))
		rc = error_set(error, CF_ERR_CONFLICT, "a version was retired");
	return rc;
}

/* Reads the shared parts that some lineage asked for. */
static int read_parts(struct sync *sync, struct cf_error *error)
{
	struct bench *bench = &sync->bench;
	struct parts *parts = &bench->parts;
	size_t count = 0;
	struct part **wanted = arena_calloc(&bench->batch, parts->wanted, sizeof(*wanted));
	struct cf_get *gets = arena_calloc(&bench->batch, parts->wanted, sizeof(*gets));
	struct cf_record *records = arena_calloc(&bench->batch, parts->wanted, sizeof(*records));
	int rc;

	if (!wanted || !gets || !records)
		return error_nomem(error);
	for (size_t i = 0; i < parts->bucket_count; i++) {
		for (struct part *part = parts->buckets[i]; part; part = part->next) {
			if (part->loaded)
				continue;
			wanted[count] = part;
			gets[count++].id = part->id;
		}
	}
	rc = store_get(sync->store, gets, count, CF_READ_BODIES | CF_READ_HISTORIES, &bench->batch,
		       records, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct part *part = wanted[i];

		part->record = records[i];
		part->loaded = true;
		/* A part that cannot be read is quarantined with its own lineage; for those
		 * who refer to it, it has not arrived. */
		if (records[i].revision_count && !records[i].revisions[0].deleted &&
		    bench_keep_batch(bench, records[i].revisions[0].body, &part->content, NULL))
			part->content = JSON_ABSENT;
	}
	parts->wanted = 0;
	return rc;
}

/* --- working ---------------------------------------------------------------- */

/* One attempt: 0, LINEAGE_NEEDS_PART, or an error (which may be the lineage's own). */
static int attempt(struct sync *sync, struct lineage *lineage, size_t index, struct plan *plan)
{
	struct bench *bench = &sync->bench;
	int rc = lineage_read_leaves(bench, lineage);

	if (rc == 0)
		rc = lineage_find_parts(bench, lineage);
	if (rc == 0 && lineage->news && !lineage->delete_all)
		rc = lineage_sweep(bench, lineage);
	if (rc == 0)
		rc = lineage_agree(bench, lineage, index, plan);
	return rc;
}

/* The lineage as it was read, for another attempt. */
static int start_over(struct sync *sync, struct lineage *lineage, const struct state_record *base,
		      struct cf_error *error)
{
	struct lineage fresh;
	int rc = lineage_init(&sync->bench, &fresh, &lineage->name);

	if (rc)
		return error_nomem(error);
	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		fresh.slots[i].record = lineage->slots[i].record;
	rc = read_base(sync, &fresh, base, error);
	*lineage = fresh;
	return rc;
}

/* What was planned since, and what parts were to say by it. */
static void forget_from(struct bench *bench, struct plan *plan, const struct plan *mark)
{
	for (size_t i = plan->parts.count; i > mark->parts.count; i--) {
		const struct write *write = &plan->parts.at[i - 1];
		struct part *part = parts_get(bench, write->put.id);

		if (part)
			part->content = write->part_before;
	}
	plan->parts.count = mark->parts.count;
	plan->state.count = mark->state.count;
	plan->waiting.count = mark->waiting.count;
	plan->documents.count = mark->documents.count;
	plan->tombstones.count = mark->tombstones.count;
}

/* The lineage as it was read goes onto the list that `failed` says. */
static int list_lineage(struct sync *sync, struct lineage *lineage, size_t index,
			const struct state_record *base, const struct lineage *failed,
			struct plan *plan, struct cf_error *error)
{
	int rc = start_over(sync, lineage, base, error);

	if (rc)
		return rc;
	lineage->error = failed->error;
	lineage->failure = failed->error.code;
	lineage->waits_for = failed->waits_for;
	lineage->waits_label = failed->waits_label;
	memcpy(lineage->swing, failed->swing, sizeof(failed->swing));
	return lineage_wait(&sync->bench, lineage, index, plan, error);
}

/* Works on one lineage until it agrees, or is put on a list. */
static int work_on(struct sync *sync, struct lineage *lineage, size_t index,
		   const struct state_record *base, struct plan *plan, struct cf_error *error)
{
	const struct cf_error *refused = lineage->name.refused;
	struct plan mark = *plan;
	int rc;

	bench_next(&sync->bench);
	rc = read_base(sync, lineage, base, error);
	if (rc)
		return rc;
	if (PLANTED(&sync->bench, QUARANTINE_FOR_EVER) && lineage->base.listed_quarantine)
		return 0;
	for (int tries = 0; tries < SYNC_RETRIES_MAX; tries++) {
		struct lineage tried;

		rc = refused ? refused->code : attempt(sync, lineage, index, plan);
		if (rc == 0 && !refused)
			refused = refusal_of_parts(sync, &plan->parts, mark.parts.count);
		if (rc == 0 && !refused)
			return 0;
		tried = *lineage;
		if (refused)
			tried.error = *refused;
		forget_from(&sync->bench, plan, &mark);
		if (!refused && rc > 0) {
			rc = read_parts(sync, error);
			if (rc == 0)
				rc = start_over(sync, lineage, base, error);
			if (rc)
				return rc;
			continue;
		}
		if (!refused && cf_error_class(rc) != CF_CLASS_INPUT) {
			*error = tried.error;
			return rc;
		}
		return list_lineage(sync, lineage, index, base, &tried, plan, error);
	}
	return error_set(error, CF_ERR_BUG, "lineage %.*s asks for parts without end",
			 STR_ARG(lineage->label));
}

/* --- writing ---------------------------------------------------------------- */

static int put_all(struct sync *sync, struct cf_store *store, const struct writes *writes,
		   const struct lineage *lineages, struct cf_answer **ret, struct cf_error *error)
{
	struct cf_put *puts = arena_calloc(&sync->bench.batch, writes->count, sizeof(*puts));
	struct cf_answer *answers =
		arena_calloc(&sync->bench.batch, writes->count, sizeof(*answers));
	size_t count = 0, at = 0;
	int rc;

	if (!puts || !answers)
		return error_nomem(error);
	for (size_t i = 0; i < writes->count; i++)
		if (!lineages[writes->at[i].lineage].done)
			puts[count++] = writes->at[i].put;
	if (count == 0) {
		*ret = answers;
		return 0;
	}
	rc = store_put(store, puts, count, &sync->bench.batch, answers, error);
	if (rc)
		return rc;
	/* Back to one answer per write, in the writes' own order. */
	*ret = arena_calloc(&sync->bench.batch, writes->count, sizeof(**ret));
	if (!*ret)
		return error_nomem(error);
	for (size_t i = 0; i < writes->count; i++)
		if (!lineages[writes->at[i].lineage].done)
			(*ret)[i] = answers[at++];
	return 0;
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
static int note_refusals(struct sync *sync, const struct writes *writes,
			 const struct cf_answer *answers, struct lineage *lineages, bool *again,
			 struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < writes->count && rc == 0; i++) {
		const struct write *write = &writes->at[i];
		struct lineage *lineage = &lineages[write->lineage];
		struct refusal refusal = {write->lineage, write->put.id, write->part, &answers[i]};

		if (lineage->done || answers[i].code == 0)
			continue;
		if (PLANTED(&sync->bench, REFUSAL_IGNORED))
			continue;
		if (answers[i].code != CF_ERR_CONFLICT && !lost_stub(&write->put, &answers[i]))
			rc = refusal_note(sync, lineages, &refusal, again, error);
		lineage->done = true;
		again[write->lineage] = true;
	}
	return rc;
}

/* --- notes ------------------------------------------------------------------- */

/* Those of lineages that are not done, and one answer for each. */
static int put_notes(struct sync *sync, const struct notes *notes, const struct lineage *lineages,
		     struct cf_answer **ret, struct cf_error *error)
{
	struct cf_arena *arena = &sync->bench.batch;
	struct state_put *puts = arena_calloc(arena, notes->count + 1, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(arena, notes->count + 1, sizeof(*answers));
	size_t count = 0;
	int rc;

	*ret = arena_calloc(arena, notes->count + 1, sizeof(**ret));
	if (!puts || !answers || !*ret)
		return error_nomem(error);
	for (size_t i = 0; i < notes->count; i++)
		if (!lineages[notes->at[i].lineage].done)
			puts[count++] = notes->at[i].put;
	rc = count ? state_put(sync->state, puts, count, arena, answers, error) : 0;
	count = 0;
	for (size_t i = 0; i < notes->count && rc == 0; i++)
		if (!lineages[notes->at[i].lineage].done)
			(*ret)[i] = answers[count++];
	return rc;
}

/* A lineage of which a note was refused is read again. */
static int take_answers(struct sync *sync, const struct notes *notes,
			const struct cf_answer *answers, struct lineage *lineages, bool *again,
			struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < notes->count && rc == 0; i++) {
		struct lineage *lineage = &lineages[notes->at[i].lineage];
		struct refusal refusal = {.lineage = notes->at[i].lineage, .answer = &answers[i]};

		if (lineage->done || answers[i].code == 0 || PLANTED(&sync->bench, REFUSAL_IGNORED))
			continue;
		if (answers[i].code != CF_ERR_CONFLICT)
			rc = refusal_note(sync, lineages, &refusal, again, error);
		lineage->done = true;
		again[notes->at[i].lineage] = true;
	}
	for (size_t i = 0; i < notes->count && rc == 0; i++)
		sync->counters.records_written +=
			!lineages[notes->at[i].lineage].done && answers[i].code == 0;
	return rc;
}

/* A conflict stands in its list before the base that settles it. Where that base was
 * refused, another engine was first, and it may be none. */
static bool is_premature(const struct note *note, const struct cf_answer *answer, const bool *again)
{
	return again[note->lineage] && answer->code == 0 && answer->rev.len &&
	       note->put.key.kind == STATE_CONFLICT && revision_generation(answer->rev) == 1;
}

static int take_back(struct sync *sync, const struct notes *notes, const struct cf_answer *answers,
		     const bool *again, struct cf_error *error)
{
	struct cf_answer taken;
	int rc = 0;

	for (size_t i = 0; i < notes->count && rc == 0; i++) {
		struct state_put put = {.key = notes->at[i].put.key,
					.condition = CF_PUT_ON_REV,
					.rev = answers[i].rev};

		if (is_premature(&notes->at[i], &answers[i], again))
			rc = state_put(sync->state, &put, 1, &sync->bench.batch, &taken, error);
	}
	return rc;
}

static int write_notes(struct sync *sync, const struct notes *notes, struct lineage *lineages,
		       bool *again, struct cf_error *error)
{
	struct cf_answer *answers;
	int rc = put_notes(sync, notes, lineages, &answers, error);

	if (rc == 0)
		rc = take_answers(sync, notes, answers, lineages, again, error);
	return rc ? rc : take_back(sync, notes, answers, again, error);
}

/* Between a base and its entry another engine may have settled the lineage: it found no
 * entry to take off. */
static int take_entries_off(struct sync *sync, const struct notes *notes,
			    const struct lineage *lineages, struct cf_error *error)
{
	struct cf_arena *arena = &sync->bench.batch;
	struct state_key *keys = arena_calloc(arena, notes->count, sizeof(*keys));
	struct state_record *bases = arena_calloc(arena, notes->count, sizeof(*bases));
	int rc = 0;

	if (!keys || !bases)
		return error_nomem(error);
	for (size_t i = 0; i < notes->count; i++)
		keys[i] = (struct state_key){STATE_BASE, lineages[notes->at[i].lineage].label};
	rc = state_get(sync->state, keys, notes->count, arena, bases, error);
	for (size_t i = 0; i < notes->count && rc == 0; i++) {
		bool incomplete = notes->at[i].put.key.kind == STATE_INCOMPLETE;
		struct state_put put = {.key = notes->at[i].put.key, .condition = CF_PUT_ANY};
		struct json_value base = JSON_ABSENT;

		if (lineages[notes->at[i].lineage].done)
			continue;
		if (state_exists(&bases[i]))
			rc = bench_keep_batch(&sync->bench, bases[i].body, &base, error);
		base = json_member(base, incomplete ? STR("incomplete") : STR("quarantine"));
		if (rc == 0 && json_kind(base) != JSON_TRUE)
			rc = state_put_one(sync->state, &put, arena, NULL, error);
	}
	return rc;
}

/* Documents, and of those that landed, the tombstones. */
static int write_documents(struct sync *sync, const struct plan *plan, struct lineage *lineages,
			   bool *again, struct cf_error *error)
{
	const struct writes *steps[] = {&plan->documents, &plan->tombstones};
	struct cf_answer *answers;
	int rc = 0;

	if (PLANTED(&sync->bench, TOMBSTONES_FIRST)) {
		steps[0] = &plan->tombstones;
		steps[1] = &plan->documents;
	}
	for (size_t i = 0; i < ARRAY_LEN(steps) && rc == 0; i++) {
		rc = put_all(sync, sync->store, steps[i], lineages, &answers, error);
		if (rc == 0)
			rc = note_refusals(sync, steps[i], answers, lineages, again, error);
	}
	/* Of what landed in part, the changes must be looked at again. */
	for (size_t i = 0; i < ARRAY_LEN(steps) && rc == 0; i++) {
		for (size_t k = 0; k < steps[i]->count; k++) {
			const struct cf_put *put = &steps[i]->at[k].put;

			if (lineages[steps[i]->at[k].lineage].done)
				continue;
			sync->counters.documents_written++;
			echo_note(sync, put->id, put->rev);
		}
	}
	return rc;
}

static int write_plan(struct sync *sync, struct plan *plan, struct lineage *lineages, bool *again,
		      struct cf_error *error)
{
	struct cf_answer *answers;
	int rc = put_all(sync, sync->store, &plan->parts, lineages, &answers, error);

	if (rc == 0)
		rc = note_refusals(sync, &plan->parts, answers, lineages, again, error);
	for (size_t i = 0; i < plan->parts.count && rc == 0; i++) {
		sync->counters.documents_written += answers[i].code == 0;
		if (answers[i].code == 0)
			own_note(sync, plan->parts.at[i].put.id, answers[i].rev);
	}
	if (rc == 0 && PLANTED(&sync->bench, BASE_AFTER_DOCUMENTS))
		rc = put_all(sync, sync->store, &plan->documents, lineages, &answers, error);
	if (rc == 0)
		rc = write_notes(sync, &plan->state, lineages, again, error);
	/* An entry that no base knows of would never be taken off its list. */
	if (rc == 0)
		rc = write_notes(sync, &plan->waiting, lineages, again, error);
	if (rc == 0 && plan->waiting.count)
		rc = take_entries_off(sync, &plan->waiting, lineages, error);
	return rc ? rc : write_documents(sync, plan, lineages, again, error);
}

static void count_lineage(struct sync *sync, const struct lineage *lineage)
{
	const struct family *family = lineage->name.family;

	sync->counters.lineages++;
	if (lineage->failure == CF_ERR_INCOMPLETE)
		sync->counters.incomplete++;
	else if (lineage->failure)
		sync->counters.quarantined++;
	sync->counters.conflicts += lineage->conflict_count;
	for (size_t i = 0; i < family->own_count && !lineage->failure; i++) {
		const struct slot *slot = &lineage->slots[i];

		if (slot->outside_writes &&
		    !echo_has(sync, slot->id, slot->record.revisions[0].rev) &&
		    !own_has(sync, slot->id, slot->record.revisions[0].rev))
			usage_note(sync, slot->kind, slot->outside_writes, !lineage->base.exists);
	}
}

/* Before they are written: a failure may hide that they were. */
static int note_fanouts(struct sync *sync, const struct plan *plan, const struct lineage *lineages,
			struct cf_error *error)
{
	for (size_t i = 0; i < plan->state.count; i++) {
		const struct state_put *put = &plan->state.at[i].put;
		const struct lineage *lineage = &lineages[plan->state.at[i].lineage];

		if (!put->body.ptr || put->key.kind != STATE_FANOUT)
			continue;
		if (fanout_note(sync, lineage->label))
			return error_nomem(error);
	}
	return 0;
}

/* One reading, one writing; *ret_left are those who must be read again. */
static int run_once(struct sync *sync, struct lineage_name *names, size_t count, bool *again,
		    struct cf_error *error)
{
	struct lineage *lineages;
	struct state_record *bases = NULL;
	struct plan plan = {.now_ms = sync->env->now_ms(sync->env->ctx)};
	int rc = 0;

	bench_reset(&sync->bench);
	/* One more, without a family, is the end. */
	lineages = arena_calloc(&sync->bench.batch, count + 1, sizeof(*lineages));
	if (!lineages)
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = lineage_init(&sync->bench, &lineages[i], &names[i]) ? error_nomem(error) : 0;
	/* The bases first: what they announce is then in the documents, or has not landed.
	 * Where another engine agrees on something meanwhile, our base is refused. */
	if (rc == 0)
		rc = read_bases(sync, lineages, count, &bases, error);
	if (rc == 0)
		rc = read_documents(sync, lineages, count, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = work_on(sync, &lineages[i], i, &bases[i], &plan, error);
	if (rc == 0)
		rc = note_fanouts(sync, &plan, lineages, error);
	if (rc == 0)
		rc = write_plan(sync, &plan, lineages, again, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (!again[i])
			count_lineage(sync, &lineages[i]);
		else
			names[i].refused = lineages[i].name.refused;
	return rc;
}

int batch_run(struct sync *sync, const struct batch *batch, struct cf_error *error)
{
	size_t left = batch->count;
	struct lineage_name *names = batch->names;
	bool *again = arena_calloc(&sync->step, batch->count + 1, sizeof(*again));

	if (!again)
		return error_nomem(error);
	sync->refused_parts = NULL;
	for (int tries = 0; left > 0; tries++) {
		size_t kept = 0;
		int rc;

		if (tries == SYNC_RETRIES_MAX)
			return error_set(error, CF_ERR_CONFLICT,
					 "others were first %d times in a row", tries);
		memset(again, 0, left * sizeof(*again));
		rc = run_once(sync, names, left, again, error);
		if (rc)
			return rc;
		for (size_t i = 0; i < left; i++)
			if (again[i])
				names[kept++] = names[i];
		left = kept;
	}
	return 0;
}
