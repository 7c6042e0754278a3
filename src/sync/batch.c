/* A batch: reads whole lineages, brings them to agreement, writes.
 *
 * One read for the documents, one for the bases, one for shared parts; one write
 * for shared parts, one for the state, one for the documents, in this order.
 * Whoever was refused because somebody else was first is read again.
 */
#include "sync/batch.h"

#include "sync/limits.h"

/* --- working ---------------------------------------------------------------- */

/* The lineage as it was read, for another attempt. */
static int start_over(struct worker *worker, struct lineage *lineage,
		      const struct state_record *base, struct cf_error *error)
{
	struct lineage fresh = {.name = lineage->name,
				.place = lineage->place,
				.label = lineage->label,
				.key_json = lineage->key_json,
				.slots = lineage->slots,
				.forwards = lineage->forwards};
	int rc;

	for (size_t i = 0; i < lineage->name.family->slot_count; i++) {
		const struct slot *old = &lineage->slots[i];

		lineage->slots[i] = (struct slot){
			.kind = old->kind, .index = i, .id = old->id, .record = old->record};
	}
	*lineage = fresh;
	rc = read_base(worker, lineage, base, error);
	/* There may be an entry that the base could not speak of. */
	if (rc == 0 && lineage->name.asked && !lineage->base.listed_quarantine)
		lineage->base.listed_quarantine = 1;
	return rc;
}

static void forget_from(struct plan *plan, const struct plan *mark)
{
	plan->state.count = mark->state.count;
	plan->waiting.count = mark->waiting.count;
	plan->documents.count = mark->documents.count;
	plan->tombstones.count = mark->tombstones.count;
}

/* What its base was to say was refused: the entry in the list goes alone. */
static void drop_bases(struct plan *plan, size_t index)
{
	for (size_t k = 0; k < plan->state.count; k++)
		if (plan->state.at[k].lineage == index)
			plan->state.at[k].dropped = true;
}

/* The lineage as it was read goes onto the list that `failed` says. */
static int list_lineage(struct worker *worker, struct work *work, const struct lineage *failed,
			struct plan *plan, struct cf_error *error)
{
	struct lineage *lineage = &work->at[failed->place];
	int rc = start_over(worker, lineage, &work->bases[failed->place], error);

	if (rc)
		return rc;
	lineage->error = failed->error;
	lineage->failure = failed->error.code;
	lineage->waits_for = failed->waits_for;
	memcpy(lineage->swing, failed->swing, sizeof(failed->swing));
	rc = lineage_wait(&worker->bench, lineage, plan, error);
	if (lineage->name.refusals >= REFUSAL_ENTRY_ALONE)
		drop_bases(plan, failed->place);
	return rc;
}

/* Works on one lineage: 0 where it agrees, or is put on a list; LINEAGE_NEEDS. */
static int work_on(struct worker *worker, struct work *work, size_t index, struct plan *plan,
		   struct cf_error *error)
{
	struct lineage *lineage = &work->at[index], tried;
	const struct state_record *base = &work->bases[index];
	struct plan mark = *plan;
	int rc;

	bench_next(&worker->bench);
	lineage->place = index;
	rc = start_over(worker, lineage, base, error);
	if (rc)
		return rc;
	if (PLANTED(&worker->bench, QUARANTINE_FOR_EVER) && lineage->base.listed_quarantine)
		return 0;
	if (lineage->name.refusals == REFUSAL_GIVEN_UP) {
		lineage->failure = lineage->name.refused->code;
		return 0;
	}
	if (lineage->name.refused)
		lineage->error = *lineage->name.refused;
	else
		rc = lineage_work(&worker->bench, lineage, plan);
	if (rc == 0 && !lineage->name.refused)
		return 0;
	forget_from(plan, &mark);
	if (rc > 0)
		return rc;
	if (!lineage->name.refused && cf_error_class(rc) != CF_CLASS_INPUT) {
		*error = lineage->error;
		return rc;
	}
	tried = *lineage;
	rc = list_lineage(worker, work, &tried, plan, error);
	if (rc)
		forget_from(plan, &mark);
	return rc;
}

/* What was planned for a part before somebody else said something of it. */
static void drop_writes(struct plan *plan, size_t index)
{
	struct writes *writes[] = {&plan->documents, &plan->tombstones};
	struct notes *notes[] = {&plan->state, &plan->waiting};

	for (size_t i = 0; i < ARRAY_LEN(writes); i++)
		for (size_t k = 0; k < writes[i]->count; k++)
			if (writes[i]->at[k].lineage == index)
				writes[i]->at[k].dropped = true;
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		for (size_t k = 0; k < notes[i]->count; k++)
			if (notes[i]->at[k].lineage == index)
				notes[i]->at[k].dropped = true;
}

static struct part *part_of(const struct worker *worker, const struct lineage *lineage)
{
	return lineage->name.family->is_part ? part_find(&worker->bench, &lineage->name) : NULL;
}

static bool refers_to(const struct lineage *lineage, const struct part *part)
{
	const struct family *family = lineage->name.family;

	for (size_t i = family->own_count; i < family->slot_count; i++)
		if (lineage->slots[i].part == part)
			return true;
	return false;
}

/* Those who agreed with what a part said at first are looked at again when somebody else in
 * the batch has said more of it: nobody wakes them later. */
static int settle_part(struct worker *worker, struct work *work, struct plan *plan,
		       struct part *part)
{
	bool changed;

	if (part_settle(&worker->bench, &work->at[part->lineage], part, &changed))
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < work->count && changed; i++) {
		if (!work->done[i] || !refers_to(&work->at[i], part))
			continue;
		drop_writes(plan, i);
		work->done[i] = false;
	}
	return 0;
}

/* Whether it is not its turn, or it would only ask again for the part that it waits for. */
static bool sits_out(const struct work *work, size_t index)
{
	const struct part *awaits = work->at[index].awaits;

	return (index >= work->turn && index < work->own) ||
	       (awaits && awaits->state != PART_SETTLED);
}

/* How many things were asked for that are still to be read. */
static size_t asked_count(const struct bench *bench)
{
	return bench->parts.wanted + bench->needs.open + bench->needs.entries_open;
}

/* Those of the batch. Where many in a row, in the first round, wait for what was asked for
 * already, it is read before the others are tried: mostly they wait for it too. */
static int work_own(struct worker *worker, struct work *work, struct plan *plan,
		    struct cf_error *error)
{
	enum { ALIKE_MAX = 16 };
	size_t alike = 0;
	int rc = 0;

	for (size_t i = 0; i < work->count && rc >= 0; i++) {
		size_t asked = asked_count(&worker->bench);

		if (part_of(worker, &work->at[i]) || work->done[i] || sits_out(work, i))
			continue;
		rc = work_on(worker, work, i, plan, error);
		work->done[i] = rc == 0;
		alike = rc > 0 && asked == asked_count(&worker->bench) ? alike + 1 : 0;
		if (work->round == 0 && alike == ALIKE_MAX)
			work->turn = i + 1;
	}
	return rc < 0 ? rc : 0;
}

static int work_parts(struct worker *worker, struct work *work, struct plan *plan,
		      struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < work->count && rc >= 0; i++) {
		struct part *part = part_of(worker, &work->at[i]);

		if (part && work->done[i] && part->state != PART_SETTLED) {
			drop_writes(plan, i);
			work->done[i] = false;
		}
		if (!part || work->done[i] || sits_out(work, i))
			continue;
		work->at[i].forwards = part->forwards;
		rc = work_on(worker, work, i, plan, error);
		work->done[i] = rc == 0;
		if (rc == 0 && settle_part(worker, work, plan, part))
			rc = error_nomem(error);
	}
	return rc < 0 ? rc : 0;
}

/* One more round: those who refer to parts first, that what they say of them is there when
 * the parts are judged. *ret_open: how many are not done. */
static int work_round(struct worker *worker, struct work *work, struct plan *plan, size_t *ret_open,
		      struct cf_error *error)
{
	int rc = work_own(worker, work, plan, error);

	if (rc == 0)
		rc = work_parts(worker, work, plan, error);
	*ret_open = 0;
	for (size_t i = 0; i < work->count; i++)
		*ret_open += !work->done[i];
	/* The first of them have what they asked for. */
	if (work->round > 0)
		work->turn = work->own;
	return rc;
}

static void count_lineage(struct worker *worker, const struct lineage *lineage)
{
	worker->done.counters.lineages++;
	if (lineage->failure == CF_ERR_INCOMPLETE || lineage->waits)
		worker->done.counters.incomplete++;
	else if (lineage->failure)
		worker->done.counters.quarantined++;
	worker->done.counters.conflicts += lineage->conflict_count;
}

/* Before they are written: a failure may hide that they were. */
static int note_changed_parts(struct worker *worker, const struct plan *plan,
			      const struct work *work, struct cf_error *error)
{
	for (size_t i = 0; i < plan->state.count; i++) {
		const struct note *note = &plan->state.at[i];

		if (note->dropped || !note->put.body.ptr || note->put.key.kind != STATE_FANOUT)
			continue;
		if (done_add_part(&worker->done, work->at[note->lineage].label))
			return error_nomem(error);
	}
	return 0;
}

/* --- a batch ---------------------------------------------------------------------- */

static int begin_work(struct worker *worker, const struct lineage_name *names, size_t count,
		      struct work *work, struct cf_error *error)
{
	struct bench *bench = &worker->bench;
	int rc = work_grow(worker, work, count) ? error_nomem(error) : 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		struct part *part = NULL;

		if (lineage_init(bench, &work->at[work->count++], &names[i]))
			return error_nomem(error);
		if (!names[i].family->is_part)
			continue;
		part = part_get(bench, &names[i]);
		if (!part)
			return error_nomem(error);
		part->state = PART_READ;
		part->lineage = i;
	}
	bench->parts.wanted = 0;
	work->own = work->turn = count;
	return rc ? rc : read_lineages(worker, work, 0, error);
}

/* Parts that wait for each other are taken as they stand. */
static int break_circle(struct worker *worker, const struct work *work, struct cf_error *error)
{
	for (size_t i = 0; i < work->count; i++) {
		struct part *part = part_of(worker, &work->at[i]);
		bool changed;

		if (part && part->state != PART_SETTLED &&
		    part_settle(&worker->bench, &work->at[i], part, &changed))
			return error_nomem(error);
	}
	return 0;
}

static int work_all(struct worker *worker, struct work *work, struct plan *plan,
		    struct cf_error *error)
{
	size_t open = 1, before = 0;
	bool asked = true;

	for (; open && work->round < SYNC_RETRIES_MAX; work->round++) {
		int rc = work_round(worker, work, plan, &open, error);

		if (rc == 0 && open && open == before && !asked)
			rc = break_circle(worker, work, error);
		asked = asked_count(&worker->bench) > 0;
		before = open;
		if (rc == 0)
			rc = read_all_needs(worker, work, error);
		if (rc)
			return rc;
	}
	return open ? error_set(error, CF_ERR_BUG, "%zu lineages ask for documents without end",
				open)
		    : 0;
}

/* One reading, one writing; *ret_left are those who must be read again. */
static int run_once(struct worker *worker, struct lineage_name *names, size_t count, bool *again,
		    struct cf_error *error)
{
	struct work work = {NULL};
	struct plan plan = {.now_ms = worker->env->now_ms(worker->env->ctx)};
	int rc;

	bench_reset(&worker->bench);
	rc = begin_work(worker, names, count, &work, error);
	if (rc == 0)
		rc = work_all(worker, &work, &plan, error);
	if (rc == 0)
		rc = note_changed_parts(worker, &plan, &work, error);
	bench_next(&worker->bench);
	if (rc == 0)
		rc = write_plan(worker, &work, &plan, error);
	for (size_t i = 0; i < work.count && rc == 0; i++) {
		if (i < count) {
			names[i].refused = work.at[i].name.refused;
			names[i].refusals = work.at[i].name.refusals;
		}
		if (!work.again[i] && (i < count || work.at[i].forwards))
			count_lineage(worker, &work.at[i]);
	}
	if (rc == 0)
		memcpy(again, work.again, count * sizeof(*again));
	return rc;
}

int batch_run(struct worker *worker, const struct batch *batch, struct cf_error *error)
{
	size_t left = batch->count;
	struct lineage_name *names = batch->names;
	bool *again;

	arena_reset(&worker->step);
	worker->bench.registry = worker->facts.registry;
	again = arena_calloc(&worker->step, batch->count + 1, sizeof(*again));
	if (!again)
		return error_nomem(error);
	for (int tries = 0; left > 0; tries++) {
		size_t kept = 0;
		int rc;

		if (tries == SYNC_RETRIES_MAX)
			return error_set(error, CF_ERR_CONFLICT,
					 "others were first %d times in a row", tries);
		memset(again, 0, left * sizeof(*again));
		rc = run_once(worker, names, left, again, error);
		if (rc)
			return rc;
		for (size_t i = 0; i < left; i++)
			if (again[i])
				names[kept++] = names[i];
		left = kept;
	}
	/* What another lane or run was first with. */
	return worker->usage_stale ? usage_save(worker, error) : 0;
}
