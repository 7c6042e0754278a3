/* How far a backfill came, and what it does with one record; see fill.h. */
#include "move/fill.h"

#include <inttypes.h>

/* How often progress is kept: what lies between is done again after a kill. */
#define SAVE_EVERY_NS 1000000000u
/* Refused records that are kept with their reason. */
enum { REFUSED_MAX = 100 };

/* --- progress ---------------------------------------------------------------------- */

int move_backfill_read(struct cf_move *m, struct move_filled *ret, struct cf_error *error)
{
	struct json_value root;
	int rc = move_state_read(m, "backfill", &root, error);

	*ret = (struct move_filled){.begun = rc == 0 && !json_is_absent(root)};
	if (!ret->begun)
		return rc;
	ret->sums.copied = move_number(root, "copied");
	ret->sums.equal = move_number(root, "equal");
	ret->sums.left_out = move_number(root, "left_out");
	ret->sums.refused = move_number(root, "refused");
	ret->sums.unsettled = move_number(root, "unsettled");
	ret->sums.deleted = move_number(root, "deleted");
	ret->sums.total = move_number(root, "total");
	ret->sums.done = json_kind(json_member(root, STR("done"))) == JSON_TRUE;
	ret->extra = json_kind(json_member(root, STR("extra"))) == JSON_TRUE;
	ret->worked_ms = move_number(root, "worked_ms");
	ret->step = move_number(root, "step");
	return move_text(m, root, "after", &ret->after) ? error_nomem(error) : 0;
}

int move_fill_save(struct filling *f)
{
	struct cf_move *m = f->m;
	uint64_t now = m->env.monotonic_ns(m->env.ctx);
	struct cf_buf *out = &m->buf;

	f->saved_ns = now;
	if (move_job_check(m, MOVE_FILL_JOB, f->error))
		return CF_ERR_PRECONDITION;
	buf_clear(out);
	buf_printf(out,
		   "{\"copied\":%" PRIu64 ",\"equal\":%" PRIu64 ",\"left_out\":%" PRIu64
		   ",\"refused\":%" PRIu64 ",\"unsettled\":%" PRIu64 ",\"deleted\":%" PRIu64
		   ",\"total\":%" PRIu64 ",\"worked_ms\":%" PRIu64 ",\"step\":%" PRIu64
		   ",\"done\":%s,\"extra\":%s,\"after\":",
		   f->sums->copied, f->sums->equal, f->sums->left_out, f->sums->refused,
		   f->sums->unsettled, f->sums->deleted, f->sums->total,
		   f->worked_ms + (now - f->began_ns) / 1000000, f->step,
		   f->sums->done ? "true" : "false", f->extra ? "true" : "false");
	json_write_string(buf_view(&f->cursor), out);
	if (buf_byte(out, '}'))
		return error_nomem(f->error);
	return move_state_write(m, "backfill", buf_view(out), f->error);
}

/* --- one record ---------------------------------------------------------------------- */

int move_fill_refused(struct filling *f, struct cf_str key, struct cf_str message)
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

int move_fill_settle(struct filling *f, struct cf_str key)
{
	enum move_settled settled;
	struct cf_str message = {NULL, 0};
	int rc = move_settle(f->m, key, &settled, &message, f->error);

	if (rc)
		return rc;
	/* Of what the new store alone had, nothing is one of the old store's records. */
	if (f->extra) {
		f->sums->deleted += settled == MOVE_COPIED || settled == MOVE_LEFT_OUT;
	} else {
		f->sums->copied += settled == MOVE_COPIED;
		f->sums->equal += settled == MOVE_EQUAL;
		f->sums->left_out += settled == MOVE_LEFT_OUT;
	}
	f->sums->unsettled += settled == MOVE_UNSETTLED || settled == MOVE_UNSURE;
	return settled == MOVE_REFUSED ? move_fill_refused(f, key, message) : 0;
}

/* --- a page ------------------------------------------------------------------------------ */

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

int move_fill_page_done(struct filling *f, size_t count, struct cf_str cursor)
{
	struct cf_move *m = f->m;
	int rc = 0;

	buf_clear(&f->cursor);
	if (buf_str(&f->cursor, cursor))
		return error_nomem(f->error);
	move_progress(f->watch, done_of(f->sums), f->sums->total);
	keep_pace(f, count);
	if (f->sums->done || m->env.monotonic_ns(m->env.ctx) - f->saved_ns >= SAVE_EVERY_NS)
		rc = move_fill_save(f);
	if (rc == 0 && !f->sums->done && move_stopped(f->watch)) {
		rc = move_fill_save(f);
		rc = rc ? rc
			: error_set(f->error, CF_ERR_INTERRUPTED, "stopped; run again to go on");
	}
	return rc;
}
