/* The list of those who had to give way: both sides as a person reads them. */
#include "sync/lineage/lineage.h"

/* A pointer as RFC 6901 has it: inside, ~2 stands for a "[" that begins a name. */
static struct cf_str show_pointer(struct bench *bench, struct cf_str pointer)
{
	char *text, *out;

	if (!memmem(pointer.ptr, pointer.len, "/~2", 3))
		return pointer;
	out = text = arena_alloc(&bench->arena, pointer.len + 1);
	for (size_t i = 0; text && i < pointer.len; i++) {
		*out++ = pointer.ptr[i];
		if (pointer.ptr[i] == '/' && i + 2 < pointer.len && pointer.ptr[i + 1] == '~' &&
		    pointer.ptr[i + 2] == '2') {
			*out++ = '[';
			i += 2;
		}
	}
	return text ? (struct cf_str){text, (size_t)(out - text)} : pointer;
}

/* What is agreed says there; it is taken apart once for all that is asked of it. */
static int agreed_value(struct bench *bench, const struct lineage *lineage, size_t slot,
			struct cf_str pointer, struct json_value *ret)
{
	struct settle_slot *agreed = &lineage->agreed[slot];
	const struct atom *atom;

	*ret = JSON_ABSENT;
	if (json_is_absent(agreed->document))
		return 0;
	if (!agreed->atoms) {
		struct atoms *atoms = arena_alloc(&bench->arena, sizeof(*atoms));

		if (!atoms ||
		    bench_atoms(bench, lineage->slots[slot].kind, agreed->document, atoms))
			return CF_ERR_NOMEM;
		agreed->atoms = atoms;
	}
	atom = atoms_find(agreed->atoms, pointer);
	*ret = atom ? atom->value : JSON_ABSENT;
	return 0;
}

static struct conflict_side side_in(const struct lineage *lineage, size_t slot, struct cf_str rev,
				    struct cf_str pointer)
{
	return (struct conflict_side){.id = lineage->slots[slot].id,
				      .version = lineage->slots[slot].kind->place,
				      .rev = rev,
				      .pointer = pointer};
}

/* Of an order, those elements that it names. */
static int shown_order(struct bench *bench, const struct atom_order *order,
		       const struct keyed_array *keyed, struct json_value array,
		       struct json_value *ret)
{
	struct keyed_element *elements = NULL;
	struct token_index named;
	size_t count = 0, shown = 0;

	*ret = array;
	if (json_kind(array) != JSON_ARRAY || !keyed)
		return 0;
	if (keyed_elements(keyed, array, &bench->arena, &elements, &count) ||
	    token_index_make(&named, order, &bench->arena))
		return CF_ERR_NOMEM;
	buf_clear(&bench->scratch);
	buf_byte(&bench->scratch, '[');
	for (size_t i = 0; elements && i < count; i++) {
		if (token_index_find(&named, atom_token_hash(elements[i].token)) == SIZE_MAX)
			continue;
		buf_str(&bench->scratch, shown++ ? STR(",") : STR(""));
		json_write_compact(elements[i].value, &bench->scratch);
	}
	buf_byte(&bench->scratch, ']');
	return elements ? bench_keep(bench, buf_view(&bench->scratch), ret, NULL) : 0;
}

/* An edit; one that was forwarded from another document is shown where it was made. */
static int side_edit(struct bench *bench, const struct lineage *lineage,
		     const struct settle_side *which, struct conflict_side *ret)
{
	const struct settle_saved *saved = &lineage->saved[which->index];
	const struct settle_edit *edit = &saved->edits[which->edit];
	const struct forward *forward = lineage->origins[which->index].forward;
	const struct forward_pointer *there;

	*ret = side_in(lineage, saved->slot, saved->rev, edit->pointer);
	ret->value = edit->value;
	if (!forward)
		return 0;
	there = &forward->pointers[which->edit];
	*ret = (struct conflict_side){.id = forward->id,
				      .version = forward->version,
				      .rev = forward->rev,
				      .pointer = there->there,
				      .value = JSON_ABSENT};
	return there->value.ptr ? bench_read(bench, there->value, &ret->value, NULL) : 0;
}

/* What was agreed cannot be read any more, and somebody's edit stands in its place: then this
 * one is what others lose to. */
static bool edit_instead(const struct lineage *lineage, const struct settle_said *said,
			 struct json_value value, struct settle_side *ret)
{
	uint64_t hash = json_is_absent(value) ? 0 : atom_hash(json_hash64(value));

	if (hash == atoms_hash_at(&lineage->slots[said->slot].agreed, said->pointer))
		return false;
	for (size_t i = 0; i < lineage->saved_count; i++) {
		const struct settle_saved *saved = &lineage->saved[i];
		const struct settle_edit *edit =
			saved->slot != said->slot
				? NULL
				: settle_edit_find(saved->edits, saved->edit_count, said->pointer);

		if (!edit || edit->hash != hash)
			continue;
		*ret = (struct settle_side){SETTLE_SIDE_EDIT, (uint32_t)i,
					    (uint32_t)(edit - saved->edits)};
		return true;
	}
	return false;
}

/* What was said before is shown as what is agreed says it. */
static int side_said(struct bench *bench, const struct lineage *lineage,
		     const struct settle_said *said, struct conflict_side *ret)
{
	struct cf_str array = said->pointer;
	struct settle_side instead;
	int rc;

	*ret = side_in(lineage, said->slot, said->rev, said->pointer);
	rc = agreed_value(bench, lineage, said->slot, said->pointer, &ret->value);
	if (rc)
		return rc;
	if (edit_instead(lineage, said, ret->value, &instead))
		return side_edit(bench, lineage, &instead, ret);
	if (!said->order)
		return 0;
	array.len -= strlen("/[]");
	return shown_order(bench, said->order,
			   keyed_at(&lineage->slots[said->slot].kind->keyed, array), ret->value,
			   &ret->value);
}

static int find_side(struct bench *bench, const struct lineage *lineage,
		     const struct settle_side *which, struct conflict_side *ret)
{
	int rc = 0;

	if (which->kind == SETTLE_SIDE_EDIT) {
		rc = side_edit(bench, lineage, which, ret);
	} else if (which->kind == SETTLE_SIDE_DELETE) {
		const struct settle_delete *what = &lineage->deletes[which->index];

		*ret = side_in(lineage, what->slot, what->rev, STR(""));
		ret->value = JSON_ABSENT;
	} else {
		rc = side_said(bench, lineage, &lineage->said[which->index], ret);
	}
	ret->pointer = show_pointer(bench, ret->pointer);
	return rc;
}

/* The bytes of an attachment that lost, so that somebody can still take it. */
static int find_file(struct bench *bench, struct lineage *lineage, const struct settle_side *which,
		     const struct cf_attachment **ret)
{
	struct file_of_edit edit;

	*ret = NULL;
	if (which->kind == SETTLE_SIDE_EDIT) {
		const struct settle_saved *saved = &lineage->saved[which->index];

		if (lineage->origins[which->index].forward)
			return 0;
		edit = (struct file_of_edit){&lineage->slots[saved->slot], saved->rev,
					     saved->document, saved->edits[which->edit].pointer};
	} else if (which->kind == SETTLE_SIDE_SAID) {
		const struct settle_said *said = &lineage->said[which->index];

		edit = (struct file_of_edit){&lineage->slots[said->slot], said->rev,
					     lineage->agreed[said->slot].document, said->pointer};
	} else {
		return 0;
	}
	return attachment_of_edit(bench, lineage, &edit, ret);
}

int list_losers(struct bench *bench, struct lineage *lineage, struct plan *plan)
{
	int answer = 0, rc = 0;

	for (size_t i = 0; i < lineage->result.loser_count && rc >= 0; i++) {
		const struct settle_loser *loser = &lineage->result.losers[i];
		struct conflict conflict = {.kind = "edit", .policy = loser->policy};

		if (loser->late)
			conflict.kind = "late";
		if (loser->loser.kind == SETTLE_SIDE_DELETE)
			conflict.kind = "delete";
		if (!conflict.policy)
			conflict.policy = "edit over delete";
		rc = find_file(bench, lineage, &loser->loser, &conflict.attachment);
		answer = rc > 0 ? rc : answer;
		if (rc)
			continue;
		rc = find_side(bench, lineage, &loser->winner, &conflict.winner);
		rc = rc ? rc : find_side(bench, lineage, &loser->loser, &conflict.loser);
		if (rc == 0 && PLANTED(bench, WRONG_REVISION_LISTED))
			conflict.winner.rev = conflict.loser.rev;
		rc = rc ? rc : record_conflict(bench, lineage, &conflict, plan);
	}
	lineage->conflict_count = lineage->result.loser_count;
	return rc < 0 ? error_nomem(&lineage->error) : answer;
}
