/* One lineage on its road: what people did, what was agreed on, who wins. */
#include "sync/lineage/lineage.h"

/* --- who wins --------------------------------------------------------------------------------- */

/* All is gone, and nobody wants it back. */
static int settle_gone(struct bench *bench, struct lineage *lineage)
{
	lineage->result = (struct settle_result){.gone = true};
	lineage->result.slots = arena_calloc(&bench->arena, lineage->name.family->slot_count,
					     sizeof(*lineage->result.slots));
	return lineage->result.slots ? 0 : error_nomem(&lineage->error);
}

/* A slot's document and key, out of what the settler's next call overwrites. */
static int settle_keep(struct bench *bench, const struct settle_slot_result *from,
		       struct settle_slot *ret)
{
	*ret = (struct settle_slot){.document = JSON_ABSENT};
	if (from->key.len) {
		ret->key = arena_dup(&bench->arena, from->key);
		if (!ret->key.ptr)
			return CF_ERR_NOMEM;
	}
	return json_is_absent(from->document)
		       ? 0
		       : bench_keep(bench, json_span(from->document), &ret->document, NULL);
}

/* Who won and who lost, out of what the settler's next call overwrites. */
static int keep_fates(struct bench *bench, const struct lineage *lineage,
		      struct settle_result *result)
{
	struct cf_arena *arena = &bench->arena;
	enum settle_fate **edits = arena_calloc(arena, lineage->saved_count + 1, sizeof(*edits));
	bool *stands = arena_calloc(arena, lineage->said_count + 1, sizeof(*stands));
	struct settle_loser *losers = arena_calloc(arena, result->loser_count + 1, sizeof(*losers));

	if (!edits || !stands || !losers)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < lineage->saved_count; i++) {
		size_t count = lineage->saved[i].edit_count;

		edits[i] = arena_calloc(arena, count + 1, sizeof(**edits));
		if (!edits[i])
			return CF_ERR_NOMEM;
		if (count)
			memcpy(edits[i], result->edits[i], count * sizeof(**edits));
	}
	if (lineage->said_count)
		memcpy(stands, result->said_stands, lineage->said_count * sizeof(*stands));
	if (result->loser_count)
		memcpy(losers, result->losers, result->loser_count * sizeof(*losers));
	result->edits = edits;
	result->said_stands = stands;
	result->losers = losers;
	return 0;
}

/* The documents that came out, once more with what the parts say that have been settled. */
static int settle_again(struct bench *bench, struct lineage *lineage)
{
	const struct family *family = lineage->name.family;
	struct settle_result first = lineage->result;
	struct settle_slot *slots = arena_calloc(&bench->arena, family->slot_count, sizeof(*slots));
	struct settle_input input;
	int rc =
		slots && keep_fates(bench, lineage, &first) == 0 ? 0 : error_nomem(&lineage->error);

	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		struct slot other = {.kind = &family->slots[i]};

		if (settle_keep(bench, &first.slots[i], &slots[i]))
			return error_nomem(&lineage->error);
		other.key = slots[i].key;
		if (other.kind->shared && other.key.len) {
			rc = part_answer(&lineage->parting, i, other.key, &slots[i].document);
			slots[i].missing = json_is_absent(slots[i].document);
		}
	}
	if (rc)
		return rc == SETTLE_NEEDS_PART ? LINEAGE_NEEDS : rc;
	lineage_settle_input(bench, lineage, &input);
	input.creation = false;
	input.slots = slots;
	input.saved_count = input.delete_count = input.said_count = 0;
	rc = settle(bench->settler, &input, &lineage->result, &lineage->error);
	lineage->result.edits = first.edits;
	lineage->result.said_stands = first.said_stands;
	lineage->result.losers = first.losers;
	lineage->result.loser_count = first.loser_count;
	return rc;
}

static int settle_all(struct bench *bench, struct lineage *lineage)
{
	struct settle_input input;
	bool differs = false;
	int rc;

	lineage_settle_input(bench, lineage, &input);
	rc = settle(bench->settler, &input, &lineage->result, &lineage->error);
	if (rc == SETTLE_NEEDS_PART)
		return LINEAGE_NEEDS;
	if (rc < 0 && lineage->parting.error.code == rc)
		lineage->error = lineage->parting.error;
	if (rc == CF_ERR_LAW)
		memcpy(lineage->swing, lineage->result.swing, sizeof(lineage->swing));
	if (rc || lineage->result.gone ||
	    lineage->name.family->slot_count == lineage->name.family->own_count)
		return rc;
	rc = lineage_make_parts(bench, lineage, &differs);
	return rc || !differs ? rc : settle_again(bench, lineage);
}

/* A thing whose documents have all vanished without a trace cannot be put together. */
static bool has_vanished(const struct lineage *lineage)
{
	if (lineage->saved_count || lineage->creation)
		return false;
	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		if (!json_is_absent(lineage->agreed[i].document))
			return false;
	return true;
}

static bool wants_nothing(const struct lineage *lineage)
{
	if (lineage->saved_count)
		return false;
	return lineage->creation || (lineage->was_gone && !lineage->revives);
}

static int judge(struct bench *bench, struct lineage *lineage)
{
	int rc = 0;

	for (size_t i = 0; i < lineage->name.family->own_count && rc == 0; i++)
		rc = lineage_add_pending(bench, lineage, &lineage->slots[i]);
	if (rc == 0)
		rc = lineage_take_forwards(bench, lineage);
	if (rc == 0 &&
	    (wants_nothing(lineage) || (lineage->delete_count && PLANTED(bench, DELETE_WINS))))
		return settle_gone(bench, lineage);
	if (rc == 0)
		rc = lineage_find_said(bench, lineage);
	if (rc == 0)
		rc = lineage_put_together(bench, lineage);
	if (rc == 0)
		rc = lineage_take_terms(bench, lineage);
	if (rc == 0 && lineage->delete_count)
		rc = lineage_mark_changes(bench, lineage);
	if (rc == 0)
		rc = lineage_forward_edits(bench, lineage);
	if (rc)
		return rc;
	if (has_vanished(lineage))
		return settle_gone(bench, lineage);
	rc = settle_all(bench, lineage);
	if (rc == 0 && !lineage->result.gone && lineage_find_only(bench, lineage))
		rc = error_nomem(&lineage->error);
	return rc;
}

/* An error names the version; people look for the document. */
static void name_document(struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		if (str_equal(str_of(lineage->error.document), lineage->slots[i].kind->place))
			error_at_document(&lineage->error, lineage->slots[i].id);
}

int lineage_work(struct bench *bench, struct lineage *lineage, struct plan *plan)
{
	int rc = lineage_read_leaves(bench, lineage);

	if (rc == 0)
		rc = lineage_find_parts(bench, lineage);
	/* Whether what it waits for has come shows only when it is made. */
	lineage->news = lineage->news || lineage->base.listed_incomplete;
	if (rc == 0 && lineage->news)
		rc = judge(bench, lineage);
	if (rc == 0 && (lineage->news || lineage->base.listed_quarantine))
		rc = lineage_agree(bench, lineage, plan);
	if (rc < 0)
		name_document(lineage);
	return rc;
}
