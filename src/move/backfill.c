/* Backfill: everything that the new store lacks, in batches, resumable.
 *
 * A batch is created "only if absent" and the old store is read again behind it; what was
 * there already, and what changed in between, is settled record by record (copy.c). So
 * backfill may run while others write, as move.md's "stale fill" demands. */
#include "move/inside.h"

#include <inttypes.h>

/* How often progress is kept: what lies between is done again after a kill. */
#define SAVE_EVERY_NS 1000000000u
/* Refused records that are kept with their reason. */
enum { REFUSED_MAX = 100 };
#define JOB "backfill"

struct filling {
	struct cf_move *m;
	const struct cf_move_watch *watch;
	struct cf_move_backfill *sums;
	struct cf_buf cursor;
	struct cf_put *puts;
	struct cf_answer *answers;
	size_t count;
	enum cf_put_kind kind; /* of a creation */
	uint64_t began_ns, saved_ns, worked_ms, done_here;
	uint64_t step; /* of the control record, when it began */
	uint64_t both_step;
	struct cf_error *error;
};

/* --- progress ---------------------------------------------------------------------- */

int move_backfill_read(struct cf_move *m, struct move_filled *ret, struct cf_error *error)
{
	struct json_value root, after;
	int rc = move_state_read(m, "backfill", &root, error);

	*ret = (struct move_filled){.begun = rc == 0 && !json_is_absent(root)};
	if (!ret->begun)
		return rc;
	ret->sums.copied = move_number(root, "copied");
	ret->sums.equal = move_number(root, "equal");
	ret->sums.left_out = move_number(root, "left_out");
	ret->sums.refused = move_number(root, "refused");
	ret->sums.unsettled = move_number(root, "unsettled");
	ret->sums.total = move_number(root, "total");
	ret->sums.done = json_kind(json_member(root, STR("done"))) == JSON_TRUE;
	ret->worked_ms = move_number(root, "worked_ms");
	ret->step = move_number(root, "step");
	after = json_member(root, STR("after"));
	if (json_kind(after) != JSON_STRING)
		return 0;
	if (json_decode(after, &m->arena, &ret->after))
		return error_nomem(error);
	ret->after = arena_dup(&m->arena, ret->after);
	return ret->after.ptr ? 0 : error_nomem(error);
}

static int save(struct filling *f)
{
	struct cf_move *m = f->m;
	uint64_t now = m->env.monotonic_ns(m->env.ctx);
	struct cf_buf *out = &m->buf;

	f->saved_ns = now;
	if (move_job_check(m, JOB, f->error))
		return CF_ERR_PRECONDITION;
	buf_clear(out);
	buf_printf(out,
		   "{\"copied\":%" PRIu64 ",\"equal\":%" PRIu64 ",\"left_out\":%" PRIu64
		   ",\"refused\":%" PRIu64 ",\"unsettled\":%" PRIu64 ",\"total\":%" PRIu64
		   ",\"worked_ms\":%" PRIu64 ",\"step\":%" PRIu64 ",\"done\":%s,\"after\":",
		   f->sums->copied, f->sums->equal, f->sums->left_out, f->sums->refused,
		   f->sums->unsettled, f->sums->total, f->worked_ms + (now - f->began_ns) / 1000000,
		   f->step, f->sums->done ? "true" : "false");
	json_write_string(buf_view(&f->cursor), out);
	if (buf_byte(out, '}'))
		return error_nomem(f->error);
	return move_state_write(m, "backfill", buf_view(out), f->error);
}

/* --- one record ---------------------------------------------------------------------- */

/* A refused record is kept by its key, with the reason. */
static int note_refused(struct filling *f, struct cf_str key, struct cf_str message)
{
	struct cf_move *m = f->m;
	struct cf_str what;

	if (f->sums->refused++ >= REFUSED_MAX)
		return 0;
	what = arena_printf(&m->arena, "refused/%.*s", STR_ARG(key));
	buf_clear(&m->buf);
	buf_str(&m->buf, STR("{\"reason\":"));
	json_write_string(message, &m->buf);
	if (!what.ptr || buf_byte(&m->buf, '}'))
		return error_nomem(f->error);
	return move_state_write(m, what.ptr, buf_view(&m->buf), f->error);
}

static int settle(struct filling *f, struct cf_str key)
{
	enum move_settled settled;
	struct cf_str message = {NULL, 0};
	int rc = move_settle(f->m, key, &settled, &message, f->error);

	if (rc)
		return rc;
	f->sums->copied += settled == MOVE_COPIED;
	f->sums->equal += settled == MOVE_EQUAL;
	f->sums->left_out += settled == MOVE_LEFT_OUT;
	f->sums->unsettled += settled == MOVE_UNSETTLED;
	return settled == MOVE_REFUSED ? note_refused(f, key, message) : 0;
}

/* --- a batch --------------------------------------------------------------------------- */

static int make_puts(struct filling *f, const struct cf_record *records, size_t count)
{
	int rc = 0;

	f->count = 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct cf_str body = {NULL, 0};
		bool left_out = false;

		if (records[i].code) {
			rc = note_refused(f, records[i].id, records[i].message);
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
			rc = settle(f, f->puts[i].id);
		else
			rc = note_refused(f, f->puts[i].id, answer->message);
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
			rc = settle(f, records[i].id);
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

/* No more a second than the configuration says. */
static void keep_pace(struct filling *f, size_t count)
{
	double max = f->m->config->records_per_second_max;
	uint64_t worked, due;

	f->done_here += count;
	if (max <= 0)
		return;
	worked = f->m->env.monotonic_ns(f->m->env.ctx) - f->began_ns;
	due = (uint64_t)((double)f->done_here * 1e9 / max);
	if (due > worked)
		move_wait(f->watch, due - worked);
}

static uint64_t done_of(const struct cf_move_backfill *sums)
{
	return sums->copied + sums->equal + sums->left_out + sums->refused + sums->unsettled;
}

static int fill(struct filling *f)
{
	struct cf_move *m = f->m;
	struct cf_walk walk = {.limit = m->config->batch_records, .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count;
	int rc = 0;

	while (rc == 0 && !f->sums->done) {
		arena_reset(&m->arena);
		walk.cursor = buf_view(&f->cursor);
		rc = store_walk(m->old_store, &walk, &m->arena, &records, &count, &walk.cursor,
				f->error);
		move_at(m, "page-read");
		rc = rc ? rc : fill_batch(f, records, count);
		if (rc)
			break;
		f->sums->done = walk.cursor.len == 0;
		buf_clear(&f->cursor);
		if (buf_str(&f->cursor, walk.cursor))
			return error_nomem(f->error);
		move_progress(f->watch, done_of(f->sums), f->sums->total);
		keep_pace(f, count);
		if (f->sums->done || m->env.monotonic_ns(m->env.ctx) - f->saved_ns >= SAVE_EVERY_NS)
			rc = save(f);
		if (rc == 0 && !f->sums->done && move_stopped(f->watch)) {
			rc = save(f);
			rc = rc ? rc
				: error_set(f->error, CF_ERR_INTERRUPTED,
					    "stopped; run again to go on");
		}
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
	return rc ? rc
		  : move_log(m, who, f->error,
			     "backfill ends: %" PRIu64 " copied, %" PRIu64 " refused",
			     f->sums->copied, f->sums->refused);
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
	buf_init(&f.cursor, &m->mem);
	rc = check_stage(&control, error);
	rc = rc ? rc : fill_all(&f, who);
	buf_fini(&f.cursor);
	move_job_end(m, JOB);
	return rc;
}
