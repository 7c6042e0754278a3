/* What a store does not take of one lineage: an id that is too long, a document that a
 * validator forbids. It is the lineage's own fault, whatever the code: it is put on a
 * list, and all others go on. A part that was refused is nobody's to refer to: whoever
 * saw it in this batch is looked at again, and who needs it made waits as well. */
#include "sync/engine.h"

struct refused_part {
	struct cf_str id;
	const struct cf_error *why;
	struct refused_part *next;
};

/* A failure of the store, or of ours, is none of the record's. */
static bool is_of_record(int code)
{
	enum cf_error_class class = cf_error_class(code);

	return class == CF_CLASS_INPUT || class == CF_CLASS_CONFIG;
}

/* The document itself, else the first one that is there: a note is nothing that people
 * know, and a part is said by a document. */
static struct cf_str known_document(const struct lineage *lineage, const struct refusal *refusal)
{
	size_t own = lineage->name.family->own_count;

	for (size_t i = 0; i < own && (refusal->part || refusal->id.len == 0); i++)
		if (lineage->slots[i].record.revision_count)
			return lineage->slots[i].id;
	return refusal->id;
}

static void again_who_saw(struct lineage *lineages, struct cf_str part, bool *again)
{
	for (size_t i = 0; lineages[i].name.family; i++) {
		const struct family *family = lineages[i].name.family;

		for (size_t k = family->own_count; k < family->slot_count; k++)
			if (lineages[i].slots[k].part &&
			    str_equal(lineages[i].slots[k].part->id, part))
				again[i] = lineages[i].done = true;
	}
}

static int note_part(struct sync *sync, struct cf_str id, const struct cf_error *why)
{
	struct refused_part *part = arena_alloc(&sync->step, sizeof(*part));

	if (!part)
		return CF_ERR_NOMEM;
	*part = (struct refused_part){arena_dup(&sync->step, id), why, sync->refused_parts};
	sync->refused_parts = part;
	return part->id.ptr ? 0 : CF_ERR_NOMEM;
}

int refusal_note(struct sync *sync, struct lineage *lineages, const struct refusal *refusal,
		 bool *again, struct cf_error *error)
{
	struct lineage *lineage = &lineages[refusal->lineage];
	int code = refusal->answer->code;
	struct cf_error *why;

	error_set(error, code, "%s%.*s",
		  refusal->id.len ? "" : "the state: ", STR_ARG(refusal->answer->message));
	error_at_document(error, refusal->id.len ? refusal->id : lineage->label);
	/* Not even the entry in the list is taken: then nothing would keep it. */
	if (!is_of_record(code) || lineage->name.refused)
		return code;
	why = arena_alloc(&sync->step, sizeof(*why));
	if (!why)
		return error_nomem(error);
	*why = *error;
	error_at_document(why, known_document(lineage, refusal));
	lineage->name.refused = why;
	if (!refusal->part)
		return 0;
	again_who_saw(lineages, refusal->id, again);
	return note_part(sync, refusal->id, why) ? error_nomem(error) : 0;
}

const struct cf_error *refusal_of_parts(const struct sync *sync, const struct writes *parts,
					size_t from)
{
	for (size_t i = from; i < parts->count; i++)
		for (const struct refused_part *p = sync->refused_parts; p; p = p->next)
			if (str_equal(p->id, parts->at[i].put.id))
				return p->why;
	return NULL;
}
