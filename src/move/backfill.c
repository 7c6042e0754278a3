/* Backfill: everything that the new store lacks, in batches, resumable.
 *
 * A batch is created "only if absent" and the old store is read again behind it; what was
 * there already, and what changed in between, is settled record by record (copy.c). So
 * backfill may run while others write, as move.md's "stale fill" demands. */
#include "move/fill.h"

#include <inttypes.h>

#define JOB MOVE_FILL_JOB

/* --- a batch --------------------------------------------------------------------------- */

static int make_puts(struct filling *f, const struct cf_record *records, size_t count)
{
	int rc = 0;

	f->count = 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct cf_str body = {NULL, 0};
		bool left_out = false;

		if (records[i].code) {
			rc = move_fill_refused(f, records[i].id, records[i].message);
			continue;
		}
		if (move_convert(f->m, records[i].revisions[0].body, &f->m->arena, &body,
				 &left_out))
			return error_nomem(f->error);
		f->sums->left_out += left_out;
		if (!left_out)
			f->puts[f->count++] =
				(struct cf_put){.id = records[i].id, .kind = f->kind, .body = body};
	}
	return rc;
}

/* What is there already is compared and settled; what is refused is kept. */
static int take_answers(struct filling *f)
{
	int rc = 0;

	for (size_t i = 0; i < f->count && rc == 0; i++) {
		const struct cf_answer *answer = &f->answers[i];

		if (answer->code == 0)
			f->sums->copied++;
		else if (answer->code == CF_ERR_CONFLICT || answer->code == CF_ERR_UNCERTAIN)
			rc = move_fill_settle(f, f->puts[i].id);
		else
			rc = move_fill_refused(f, f->puts[i].id, answer->message);
	}
	return rc;
}

/* Reads the old store again: what changed since it was read is settled. */
static int look_again(struct filling *f, const struct cf_record *records, size_t count)
{
	struct cf_move *m = f->m;
	struct cf_get *gets = arena_calloc(&m->arena, count, sizeof(*gets));
	struct cf_record *again = arena_calloc(&m->arena, count, sizeof(*again));
	int rc;

	if (!gets || !again)
		return error_nomem(f->error);
	for (size_t i = 0; i < count; i++)
		gets[i].id = records[i].id;
	rc = store_get(m->old_store, gets, count, 0, &m->arena, again, f->error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		bool same = records[i].code == again[i].code &&
			    records[i].revision_count == again[i].revision_count &&
			    (records[i].revision_count == 0 ||
			     (str_equal(records[i].revisions[0].rev, again[i].revisions[0].rev) &&
			      !again[i].revisions[0].deleted));

		if (!same)
			rc = move_fill_settle(f, records[i].id);
	}
	return rc;
}

static int fill_batch(struct filling *f, const struct cf_record *records, size_t count)
{
	struct cf_move *m = f->m;
	int rc;

	f->puts = arena_calloc(&m->arena, count, sizeof(*f->puts));
	f->answers = arena_calloc(&m->arena, count, sizeof(*f->answers));
	rc = f->puts && f->answers ? make_puts(f, records, count) : error_nomem(f->error);
	if (rc)
		return rc;
	rc = store_put(m->new_store, f->puts, f->count, &m->arena, f->answers, f->error);
	/* Whether it was done is seen record by record. */
	for (size_t i = 0; rc == CF_ERR_UNCERTAIN && i < f->count; i++)
		f->answers[i].code = CF_ERR_UNCERTAIN;
	rc = rc == CF_ERR_UNCERTAIN ? 0 : rc;
	move_at(m, "created");
	rc = rc ? rc : take_answers(f);
	return rc ? rc : look_again(f, records, count);
}

static int fill(struct filling *f)
{
	struct cf_move *m = f->m;
	struct cf_walk walk = {.limit = m->config->batch_records, .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count;
	int rc = 0;

	while (rc == 0 && !f->extra && !f->sums->done) {
		arena_reset(&m->arena);
		walk.cursor = buf_view(&f->cursor);
		rc = store_walk(m->old_store, &walk, &m->arena, &records, &count, &walk.cursor,
				f->error);
		move_at(m, "page-read");
		rc = rc ? rc : fill_batch(f, records, count);
		if (rc)
			break;
		f->extra = walk.cursor.len == 0 && f->compare_all;
		f->sums->done = walk.cursor.len == 0 && !f->extra;
		rc = move_fill_page_done(f, count, walk.cursor);
	}
	return rc;
}

/* From the start, or from where it was stopped. */
static int begin(struct filling *f)
{
	struct cf_move *m = f->m;
	struct cf_store_info info = {0};
	struct move_filled before;
	int rc = move_backfill_read(m, &before, f->error);

	if (rc)
		return rc;
	/* What was copied before a stage began is copied again: an instance that was still at
	 * the stage before wrote the old store alone. */
	if (before.begun && !before.sums.done && before.step >= f->both_step) {
		f->step = before.step;
		*f->sums = before.sums;
		f->worked_ms = before.worked_ms;
		f->extra = before.extra;
		return buf_str(&f->cursor, before.after) ? error_nomem(f->error) : 0;
	}
	rc = store_info(m->old_store, &m->arena, &info, f->error);
	f->sums->total = info.records;
	return rc;
}

static int check_stage(const struct move_control *control, struct cf_error *error)
{
	const struct move_instance *late = move_control_late(control);

	if (control->stage > CF_STAGE_SHADOW ||
	    (control->stage == CF_STAGE_SHADOW && control->gate > 0))
		return error_set(
			error, CF_ERR_PRECONDITION,
			"at stage %s the new store counts: nothing is copied over it",
			cf_stage_info(control->gate ? CF_STAGE_LIVE : control->stage)->name);
	/* It copies what they wrote to the old store alone. */
	if (control->both_step && late)
		return error_set(error, CF_ERR_PRECONDITION,
				 "the instance \"%.*s\" has not confirmed stage %s",
				 STR_ARG(late->name), cf_stage_info(control->stage)->name);
	return 0;
}

static int fill_all(struct filling *f, const char *who)
{
	struct cf_move *m = f->m;
	int rc = begin(f);

	f->kind = m->config->guarantee == CF_GUARANTEE_INTENT &&
				  m->new_store->capabilities & CF_STORE_FENCES
			  ? CF_PUT_UNFENCED
			  : CF_PUT_ABSENT;
	f->began_ns = f->saved_ns = m->env.monotonic_ns(m->env.ctx);
	rc = rc ? rc
		: move_log(m, who, f->error, "backfill begins behind %.100s",
			   f->cursor.len ? "what was copied before" : "nothing");
	rc = rc ? rc : fill(f);
	rc = rc ? rc : move_fill_extra(f);
	return rc ? rc
		  : move_log(m, who, f->error,
			     "backfill ends: %" PRIu64 " copied, %" PRIu64 " refused, %" PRIu64
			     " deleted",
			     f->sums->copied, f->sums->refused, f->sums->deleted);
}

int cf_move_backfill(struct cf_move *m, const struct cf_move_watch *watch, const char *who,
		     struct cf_move_backfill *ret, struct cf_error *error)
{
	struct filling f = {.m = m, .watch = watch, .sums = ret, .error = error};
	struct move_control control;
	int rc;

	arena_reset(&m->arena);
	*ret = (struct cf_move_backfill){0};
	rc = move_job_begin(m, JOB, &control, error);
	if (rc)
		return rc;
	m->authority = CF_OLD;
	f.step = control.step;
	f.both_step = control.both_step;
	f.compare_all = control.compare_all;
	buf_init(&f.cursor, &m->mem);
	rc = check_stage(&control, error);
	rc = rc ? rc : fill_all(&f, who);
	buf_fini(&f.cursor);
	move_job_end(m, JOB);
	return rc;
}
