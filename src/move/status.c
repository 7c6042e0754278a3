/* Everything about a move on one screen, and why it cannot go on. */
#include "move/inside.h"

enum { REASONS_MAX = 16 };

struct conditions {
	struct cf_move *m;
	const struct cf_move_status *status;
	const struct move_control *control;
	uint64_t backfill_step, verify_step;
	struct cf_str *reasons;
	size_t count;
};

static int add_reason(struct conditions *c, struct cf_str reason)
{
	if (!reason.ptr)
		return CF_ERR_NOMEM;
	if (c->count < REASONS_MAX)
		c->reasons[c->count++] = reason;
	return 0;
}

static int find_instances(struct conditions *c)
{
	int rc = 0;

	for (size_t i = 0; i < c->control->instance_count && rc == 0; i++) {
		const struct move_instance *one = &c->control->instances[i];

		if (!one->job && one->confirmed != c->control->step)
			rc = add_reason(c, arena_printf(&c->m->arena,
							"the instance \"%.*s\" has not confirmed "
							"stage %s",
							STR_ARG(one->name),
							cf_stage_info(c->control->stage)->name));
		else if (one->job && c->control->stage == CF_STAGE_SHADOW)
			rc = add_reason(c, arena_printf(&c->m->arena,
							"\"%.*s\" is under way, or was killed: let "
							"it end, run it again, or evict it",
							STR_ARG(one->name)));
	}
	return rc;
}

static int find_backfill(struct conditions *c)
{
	const struct cf_move_backfill *b = &c->status->backfill;
	int rc = 0;

	if (!c->status->backfill_begun)
		return add_reason(c, STR("the backfill has not begun"));
	if (!b->done)
		rc = add_reason(c, STR("the backfill has not ended"));
	else if (c->backfill_step < c->control->both_step)
		rc = add_reason(c, STR("the backfill ran before stage dualwrite was confirmed: run "
				       "it again"));
	if (rc == 0 && b->refused)
		rc = add_reason(c, arena_printf(&c->m->arena,
						"%llu records were refused by the new store",
						(unsigned long long)b->refused));
	if (rc == 0 && b->unsettled)
		rc = add_reason(c, arena_printf(&c->m->arena,
						"%llu records changed faster than they could be "
						"copied",
						(unsigned long long)b->unsettled));
	return rc;
}

static int find_verification(struct conditions *c)
{
	const struct cf_move_verify *v = &c->status->verify;

	if (!v->finished_ms)
		return add_reason(c, c->status->verify_changed_ms
					     ? STR("the verification has not ended")
					     : STR("nothing has been verified"));
	if (c->verify_step < c->control->both_step)
		return add_reason(c, STR("the verification ran before stage dualwrite was "
					 "confirmed: run it again"));
	if (v->num_missing + v->num_mismatch + v->num_extraneous > v->num_repaired)
		return add_reason(c, STR("the last verification found differences"));
	return 0;
}

/* What both stores must be able to do before the new one may be an authority. */
static int find_abilities(struct conditions *c)
{
	const struct cf_move_config *config = c->m->config;
	unsigned need = CF_STORE_CAS | CF_STORE_NOTES;
	int rc = 0;

	for (enum cf_side side = CF_OLD; side <= CF_NEW && rc == 0; side++)
		if ((move_store(c->m, side)->capabilities & need) != need)
			rc = add_reason(c, arena_printf(&c->m->arena,
							"the %s store has no place for the outcome "
							"of a hand-over: no key can be handed over",
							side == CF_OLD ? "old" : "new"));
	if (rc == 0 && config->where_count)
		rc = add_reason(c, STR("`where` leaves records to the old store: no key can be "
				       "handed over"));
	return rc;
}

/* What must hold before the next stage. Writing both needs nothing; what is compared, and
 * more, needs a copy; who becomes the authority, that both are equal. */
static int find_reasons(struct conditions *c)
{
	enum cf_stage stage = c->control->stage;
	int rc = find_instances(c);

	if (rc == 0 && (stage == CF_STAGE_DUALWRITE || stage == CF_STAGE_SHADOW))
		rc = find_backfill(c);
	if (rc == 0 && stage == CF_STAGE_SHADOW) {
		rc = find_verification(c);
		rc = rc ? rc : find_abilities(c);
	}
	if (rc == 0 && stage == CF_STAGE_COMPLETE)
		rc = add_reason(c, STR("the move is complete"));
	return rc;
}

/* --- the screen ----------------------------------------------------------------- */

static int list_instances(struct cf_move *m, const struct move_control *control,
			  struct cf_move_status *status)
{
	struct cf_move_instance *list =
		arena_calloc(&m->arena, control->instance_count, sizeof(*list));

	if (!list)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < control->instance_count; i++)
		list[i] = (struct cf_move_instance){
			control->instances[i].name, control->instances[i].confirmed,
			control->instances[i].seen_ms, control->instances[i].job};
	status->instances = list;
	status->instance_count = control->instance_count;
	return 0;
}

static int judge(struct conditions *c, struct cf_move_status *status)
{
	int rc = list_instances(c->m, c->control, status);

	c->reasons = arena_calloc(&c->m->arena, REASONS_MAX, sizeof(*c->reasons));
	if (rc || !c->reasons)
		return CF_ERR_NOMEM;
	rc = find_reasons(c);
	status->reasons = c->reasons;
	status->reason_count = c->count;
	return rc;
}

int cf_move_status(struct cf_move *m, struct cf_move_status *ret, struct cf_error *error)
{
	struct cf_move_status status = {.notes = m->notes, .note_count = m->note_count};
	struct move_control control;
	struct move_verified verified = {.step = 0};
	struct move_filled filled = {0};
	int rc;

	arena_reset(&m->arena);
	rc = move_control_read(m, &control, error);
	rc = rc ? rc : move_backfill_read(m, &filled, error);
	rc = rc ? rc : move_verify_read(m, &verified, error);
	if (rc)
		return rc;
	status.verify = verified.sums;
	status.verify_changed_ms = verified.changed_ms;
	status.backfill = filled.sums;
	status.backfill_begun = filled.begun;
	status.started = control.rev.len > 0;
	status.stage = control.stage;
	status.step = control.step;
	status.gate = control.gate;
	status.require = control.require;
	status.handing_over = control.phase != MOVE_NO_PHASE;
	status.since_ms = control.since_ms;
	if (filled.worked_ms)
		status.backfill_per_second =
			(double)(status.backfill.copied + status.backfill.equal +
				 status.backfill.left_out) *
			1000 / (double)filled.worked_ms;
	if (status.started) {
		struct conditions c = {m, &status, &control, filled.step, verified.step, NULL, 0};

		rc = judge(&c, &status) ? error_nomem(error) : 0;
	}
	if (rc == 0)
		*ret = status;
	return rc;
}
