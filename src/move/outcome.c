/* The outcome of a hand-over: one note in the store of the authority that is left, so that
 * an instance that has lost sight of the control store can ask, and end its hold. */
#include "move/inside.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const words[] = {"undecided", "done", "withdrawn"};

static struct cf_str key_of(struct cf_move *m)
{
	return arena_printf(&m->arena, "%.*s/hand-over", STR_ARG(m->config->name));
}

static struct cf_str value_of(struct cf_move *m, uint64_t step, enum move_outcome outcome)
{
	return arena_printf(&m->arena, "%" PRIu64 " %s", step, words[outcome]);
}

/* *ret: in the arena; ptr NULL: there is none. */
static int read_note(struct cf_move *m, enum cf_side side, struct cf_str *ret,
		     struct cf_error *error)
{
	struct cf_scan scan = {.prefix = key_of(m), .limit = 1};
	struct cf_note *notes;
	size_t count = 0;
	int rc = scan.prefix.ptr
			 ? store_notes(move_store(m, side), &scan, &m->arena, &notes, &count, error)
			 : error_nomem(error);

	*ret = (struct cf_str){NULL, 0};
	if (rc == 0 && count && str_equal(notes[0].key, scan.prefix))
		*ret = notes[0].value;
	return rc;
}

/* CONFLICT: it is no longer what it was. */
static int write_note(struct cf_move *m, enum cf_side side, struct cf_str was, struct cf_str value,
		      struct cf_error *error)
{
	struct cf_note note = {.kind = was.ptr ? CF_NOTE_REPLACE : CF_NOTE_CREATE,
			       .key = key_of(m),
			       .value = value,
			       .was = was};
	struct cf_put put = {.kind = CF_PUT_NOTES, .notes = &note, .note_count = 1};
	struct cf_answer answer = {0};
	int rc = note.key.ptr && value.ptr
			 ? store_put(move_store(m, side), &put, 1, &m->arena, &answer, error)
			 : error_nomem(error);

	if (rc == 0 && answer.code)
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
	return rc;
}

int move_outcome_open(struct cf_move *m, const struct move_outcome_at *at, struct cf_error *error)
{
	struct cf_str was, value = value_of(m, at->step, MOVE_UNDECIDED);
	int rc = read_note(m, at->side, &was, error);

	rc = rc ? rc : write_note(m, at->side, was, value, error);
	if (rc == CF_ERR_CONFLICT)
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "somebody else hands keys over at this moment");
	return rc;
}

int move_outcome_ask(struct cf_move *m, const struct move_outcome_at *at, bool end,
		     enum move_outcome *ret, struct cf_error *error)
{
	struct cf_str value;
	int rc;

	if (end)
		return move_outcome_decide(m, at, MOVE_WITHDRAWN, ret, error);
	*ret = MOVE_UNDECIDED;
	rc = read_note(m, at->side, &value, error);
	for (enum move_outcome i = MOVE_UNDECIDED; i <= MOVE_WITHDRAWN && rc == 0; i++) {
		struct cf_str one = value_of(m, at->step, i);

		if (!one.ptr)
			return error_nomem(error);
		if (str_equal(value, one)) {
			*ret = i;
			return 0;
		}
	}
	return rc ? rc
		  : error_set(error, CF_ERR_PRECONDITION,
			      "the hand-over of step %" PRIu64 " is not known: this instance was "
			      "taken for dead",
			      at->step);
}

int move_outcome_decide(struct cf_move *m, const struct move_outcome_at *at,
			enum move_outcome wanted, enum move_outcome *ret, struct cf_error *error)
{
	int rc = move_outcome_ask(m, at, false, ret, error);

	if (rc || *ret != MOVE_UNDECIDED)
		return rc;
	rc = write_note(m, at->side, value_of(m, at->step, MOVE_UNDECIDED),
			value_of(m, at->step, wanted), error);
	/* Somebody else was first, or nobody knows: then the note knows. */
	if (rc && rc != CF_ERR_CONFLICT && rc != CF_ERR_UNCERTAIN)
		return rc;
	rc = move_outcome_ask(m, at, false, ret, error);
	if (rc == 0 && *ret == MOVE_UNDECIDED)
		rc = error_set(error, CF_ERR_UNAVAILABLE,
			       "the outcome of the hand-over cannot be written");
	return rc;
}
