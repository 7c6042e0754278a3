/* What a store does not take of one lineage: an id that is too long, a document that a
 * validator forbids. It is the lineage's own fault, whatever the code: it is put on a
 * list, and all others go on. Of a part, so are those who spoke of it.
 *
 * The base and the entry in the list stand in the state, which may refuse them, too. Then
 * the entry alone is tried, and where not even this is taken, a person is told: nothing
 * that an app writes stops a run. */
#include "sync/worker.h"

/* A failure of the store, or of ours, is none of the record's. */
static bool is_of_record(int code)
{
	enum cf_error_class class = cf_error_class(code);

	return class == CF_CLASS_INPUT || class == CF_CLASS_CONFIG;
}

/* The document itself, else the first one that is there: a note is nothing that people
 * know. */
static struct cf_str known_document(const struct lineage *lineage, struct cf_str id)
{
	for (size_t i = 0; i < lineage->name.family->own_count && id.len == 0; i++)
		if (lineage->slots[i].record.revision_count)
			return lineage->slots[i].id;
	return id;
}

int refusal_note(struct worker *worker, struct lineage *lineage, const struct refusal *refusal,
		 struct cf_error *error)
{
	int code = refusal->answer->code;
	struct cf_error *why;

	error_set(error, code, "%s%.*s",
		  refusal->id.len ? "" : "the state: ", STR_ARG(refusal->answer->message));
	error_at_document(error, refusal->id.len ? refusal->id : lineage->label);
	/* A state that takes nothing of us at all is none of this lineage's. */
	if (!is_of_record(code) ||
	    (lineage->name.refused && cf_error_class(code) != CF_CLASS_INPUT))
		return code;
	if (lineage->name.refused) {
		if (++lineage->name.refusals == REFUSAL_GIVEN_UP && worker->unlisted)
			worker->unlisted(worker->ctx, error);
		return 0;
	}
	why = arena_alloc(&worker->step, sizeof(*why));
	if (!why)
		return error_nomem(error);
	*why = *error;
	error_at_document(why, known_document(lineage, refusal->id));
	lineage->name.refused = why;
	lineage->name.refusals = 1;
	return 0;
}

int refusal_pass(struct worker *worker, const struct lineage *part, struct lineage *lineage,
		 struct cf_str id)
{
	struct cf_error *why;

	if (!part->name.refused || lineage->name.refused)
		return 0;
	why = arena_alloc(&worker->step, sizeof(*why));
	if (!why)
		return CF_ERR_NOMEM;
	*why = *part->name.refused;
	error_at_document(why, id);
	lineage->name.refused = why;
	lineage->name.refusals = 1;
	return 0;
}
