/* Work beside the calls that writes records: a backfill, a repair. It stands in the control
 * record while it is under way, and no key is handed over meanwhile; it does not begin while
 * one is. What was killed stands there until it runs again, or is evicted. */
#include "move/inside.h"

int move_job_begin(struct cf_move *m, const char *name, struct move_control *control,
		   struct cf_error *error)
{
	struct move_instance job = {.name = str_of(name), .confirmed = 1, .job = true};
	int rc = move_control_join(m, control, &job, error);

	m->job_ms = rc ? 0 : move_control_instance(control, name)->seen_ms;
	return rc;
}

int move_job_check(struct cf_move *m, const char *name, struct cf_error *error)
{
	struct move_control control;
	struct move_instance *own;
	int rc = move_control_need(m, &control, error);

	if (rc)
		return rc;
	own = move_control_instance(&control, name);
	if (!own || own->seen_ms != m->job_ms)
		return error_set(error, CF_ERR_PRECONDITION, "another %s has begun: this one ends",
				 name);
	return 0;
}

void move_job_end(struct cf_move *m, const char *name)
{
	if (move_job_check(m, name, NULL) == 0)
		(void)move_control_remove(m, name, NULL);
}
