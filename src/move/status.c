/* Everything about a move on one screen, and why it cannot go on. */
#include "move/inside.h"

static int add_reason(struct cf_move *m, struct cf_str *reasons, size_t *count,
		      struct cf_str reason)
{
	if (!reason.ptr)
		return CF_ERR_NOMEM;
	(void)m;
	reasons[(*count)++] = reason;
	return 0;
}

/* What must hold before keys may be answered by the new store. */
static int find_reasons(struct cf_move *m, struct cf_move_status *status)
{
	const struct cf_move_backfill *b = &status->backfill;
	const struct cf_move_verify *v = &status->verify;
	struct cf_str *reasons = arena_calloc(&m->arena, 8, sizeof(*reasons));
	size_t count = 0;
	int rc = reasons ? 0 : CF_ERR_NOMEM;

	if (rc == 0 && !b->done)
		rc = add_reason(m, reasons, &count,
				status->backfill_begun ? STR("the backfill has not ended")
						       : STR("the backfill has not begun"));
	if (rc == 0 && b->refused)
		rc = add_reason(m, reasons, &count,
				arena_printf(&m->arena,
					     "%llu records were refused by the new store",
					     (unsigned long long)b->refused));
	if (rc == 0 && b->unsettled)
		rc = add_reason(
			m, reasons, &count,
			arena_printf(&m->arena,
				     "%llu records changed faster than they could be copied",
				     (unsigned long long)b->unsettled));
	if (rc == 0 && !v->finished_ms)
		rc = add_reason(m, reasons, &count,
				status->verify_changed_ms ? STR("the verification has not ended")
							  : STR("nothing has been verified"));
	else if (rc == 0 && v->num_missing + v->num_mismatch + v->num_extraneous > v->num_repaired)
		rc = add_reason(m, reasons, &count, STR("the last verification found differences"));
	status->reasons = reasons;
	status->reason_count = count;
	return rc;
}

int cf_move_status(struct cf_move *m, struct cf_move_status *ret, struct cf_error *error)
{
	struct cf_move_status status = {.notes = m->notes, .note_count = m->note_count};
	struct move_control control;
	struct cf_str after;
	struct move_filled filled = {0};
	int rc;

	arena_reset(&m->arena);
	rc = move_control_read(m, &control, error);
	rc = rc ? rc : move_backfill_read(m, &filled, error);
	rc = rc ? rc
		: move_verify_read(m, &status.verify, &after, &status.verify_changed_ms, error);
	if (rc)
		return rc;
	status.backfill = filled.sums;
	status.backfill_begun = filled.begun;
	status.started = control.rev.len > 0;
	status.stage = control.stage;
	status.step = control.step;
	status.gate = control.gate;
	status.since_ms = control.since_ms;
	if (filled.worked_ms)
		status.backfill_per_second =
			(double)(status.backfill.copied + status.backfill.equal +
				 status.backfill.left_out) *
			1000 / (double)filled.worked_ms;
	if (status.started)
		rc = find_reasons(m, &status) ? error_nomem(error) : 0;
	if (rc == 0)
		*ret = status;
	return rc;
}
