/* What settle takes, of what was found out: words of before, edits that waited. */
#include "sync/lineage/lineage.h"

#include <stdlib.h>

void lineage_settle_input(struct bench *bench, struct lineage *lineage, struct settle_input *ret)
{
	const struct catalog_conflicts *policy = catalog_conflicts(bench->registry->catalog);

	lineage->parting = (struct parting){.bench = bench, .lineage = lineage};
	*ret = (struct settle_input){
		.family = lineage->name.family,
		.key_json = lineage->key_json,
		.key = lineage->name.key,
		.singleton = lineage->name.singleton,
		.creation = lineage->creation,
		.slots = lineage->agreed,
		.saved = lineage->saved,
		.saved_count = lineage->saved_count,
		.deletes = lineage->deletes,
		.delete_count = lineage->delete_count,
		.said = lineage->said,
		.said_count = lineage->said_count,
		.policy = {.prefer = policy->prefer,
			   .latest_field = policy->latest_field,
			   .late_edit_wins = policy->late_edit_wins},
		.part = part_answer,
		.part_ctx = &lineage->parting,
		.form = bench->store->ops->form ? bench_form : NULL,
		.form_ctx = bench,
	};
}

/* --- what was said ------------------------------------------------------------------------ */

/* What some app that edited has not seen; older words bind nobody. */
static uint64_t least_seen(const struct lineage *lineage)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < lineage->saved_count; i++)
		least = lineage->saved[i].seen < least ? lineage->saved[i].seen : least;
	for (size_t i = 0; i < lineage->delete_count; i++)
		least = lineage->deletes[i].seen < least ? lineage->deletes[i].seen : least;
	return least;
}

/* Whether both say the same of something that was said and is agreed. */
static int says_same(const struct settle_said *said, const struct atoms *eyes,
		     const struct atoms *agreed, struct cf_arena *arena, bool *ret)
{
	const struct atom *there = atoms_find(eyes, said->pointer), *first;
	const struct atom *want = atoms_find(agreed, said->pointer);
	struct cf_str element = keyed_element_of(said->pointer);

	*ret = false;
	if (element.len && !atoms_find(eyes, element))
		return 0;
	if (said->order && there && there->order)
		return order_follows(said->order, there->order, arena, ret, NULL);
	first = atoms_first(agreed, said->pointer);
	if (want || !first)
		*ret = want ? there && there->hash == want->hash
			    : !atoms_first(eyes, said->pointer);
	else /* a whole array, which is taken apart */
		*ret = atoms_same_under(eyes, agreed, said->pointer);
	return 0;
}

/* What an app had before its eyes though it had not seen the agreement: the document that
 * it had says so. */
static int look_out(struct bench *bench, const struct lineage *lineage, size_t slot,
		    const struct atoms *had, const bool **ret)
{
	bool *knows = arena_calloc(&bench->arena, lineage->said_count, sizeof(*knows));
	struct atoms stood;

	if (!knows || base_stood(&lineage->base.slots[slot], &bench->arena, &stood))
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < lineage->said_count; i++)
		if (lineage->said[i].slot == slot &&
		    says_same(&lineage->said[i], had, &stood, &bench->arena, &knows[i]))
			return CF_ERR_NOMEM;
	*ret = knows;
	return 0;
}

static int find_eyes(struct bench *bench, struct lineage *lineage, size_t index)
{
	struct settle_saved *saved = &lineage->saved[index];
	const struct origin *origin = &lineage->origins[index];
	const struct base_slot *base = &lineage->base.slots[saved->slot];
	struct atoms had;

	if (!origin->shared && (origin->ancestor < 0 || base->known[origin->ancestor].deleted))
		return 0;
	if (index > 0 && saved[-1].slot == saved->slot && origin[-1].shared == origin->shared &&
	    origin[-1].ancestor == origin->ancestor) {
		saved->knows = saved[-1].knows;
		return 0;
	}
	if (origin->shared)
		return look_out(bench, lineage, saved->slot, origin->shared, &saved->knows);
	return base_atoms(base, (size_t)origin->ancestor, &bench->arena, &had)
		       ? CF_ERR_NOMEM
		       : look_out(bench, lineage, saved->slot, &had, &saved->knows);
}

/* Whether somebody may have set the field that is only ever raised. */
static bool raises(const struct bench *bench, const struct lineage *lineage)
{
	const struct catalog_conflicts *policy = catalog_conflicts(bench->registry->catalog);

	for (size_t i = 0; i < lineage->saved_count && policy->prefer == CATALOG_LATEST; i++)
		for (size_t k = 0; k < lineage->saved[i].edit_count; k++)
			if (is_latest_field(policy->latest_field,
					    lineage->saved[i].edits[k].pointer))
				return true;
	return false;
}

static bool binds(const struct bench *bench, const struct base_said *said, uint64_t least)
{
	(void)bench; /* of the faults that are planted */
	return said->agreement > least && said->pointer.len && !PLANTED(bench, LATE_AS_FREE);
}

static size_t count_said(const struct bench *bench, const struct lineage *lineage, uint64_t least)
{
	size_t count = 0;

	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		for (size_t k = 0; k < lineage->base.slots[i].said_count; k++)
			count += binds(bench, &lineage->base.slots[i].said[k], least);
	return count;
}

/* An edit that waited for a part is not among these: the document it was made in is known,
 * and may lack what was agreed since. */
static bool is_uncontested(const struct lineage *lineage)
{
	const struct leaf *winner;

	if (lineage->saved_count != 1 || lineage->delete_count || lineage->said_count ||
	    lineage->was_gone || lineage->creation || lineage->origins[0].forward)
		return false;
	winner = lineage->slots[lineage->saved[0].slot].winner;
	return winner && !winner->known && str_equal(winner->revision->rev, lineage->saved[0].rev);
}

int lineage_find_said(struct bench *bench, struct lineage *lineage)
{
	uint64_t least = least_seen(lineage);
	size_t count = count_said(bench, lineage, least);

	/* Asked again where the terms of an array have changed. */
	lineage->said_count = 0;
	lineage->said = arena_calloc(&bench->arena, count + 1, sizeof(*lineage->said));
	if (!lineage->said)
		return error_nomem(&lineage->error);
	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct base_slot *base = &lineage->base.slots[i];

		for (size_t k = 0; k < base->said_count; k++) {
			if (!binds(bench, &base->said[k], least))
				continue;
			lineage->said[lineage->said_count++] = (struct settle_said){
				.slot = i,
				.pointer = base->said[k].pointer,
				.rev = base->said[k].rev,
				.age = lineage->slots[i].kind->age,
				.agreement = base->said[k].agreement,
				.latest = base_time_of(base, base->said[k].rev)};
			if (keyed_is_order(base->said[k].pointer) &&
			    base_said_order(base, &base->said[k], &bench->arena,
					    &lineage->said[lineage->said_count - 1].order))
				return error_nomem(&lineage->error);
		}
	}
	for (size_t i = 0; i < lineage->saved_count && lineage->said_count; i++)
		if (find_eyes(bench, lineage, i))
			return error_nomem(&lineage->error);
	for (size_t i = 0; i < lineage->delete_count && lineage->said_count; i++) {
		struct settle_delete *gone = &lineage->deletes[i];

		if (gone->had && look_out(bench, lineage, gone->slot, gone->had, &gone->knows))
			return error_nomem(&lineage->error);
	}
	lineage->uncontested = !raises(bench, lineage) && is_uncontested(lineage);
	return 0;
}

/* What was agreed is known by its hashes even where its values are lost. */
int lineage_mark_changes(struct bench *bench, struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->saved_count; i++) {
		struct settle_saved *saved = &lineage->saved[i];
		const struct atoms *agreed = &lineage->slots[saved->slot].agreed;
		struct settle_edit *edits =
			arena_alloc(&bench->arena, saved->edit_count * sizeof(*edits));

		if (!edits)
			return error_nomem(&lineage->error);
		if (saved->edit_count)
			memcpy(edits, saved->edits, saved->edit_count * sizeof(*edits));
		for (size_t k = 0; k < saved->edit_count; k++) {
			const struct atom *there = atoms_find(agreed, edits[k].pointer);

			/* An order may be followed by one that names more. */
			edits[k].changes = edits[k].hash != (there ? there->hash : 0) &&
					   !(edits[k].hash && there && there->order);
		}
		saved->edits = edits;
	}
	return 0;
}

/* Whether the store knows that a revision was made of that one. */
static bool comes_from(const struct slot *slot, struct cf_str rev, struct cf_str from)
{
	for (size_t i = 0; i < slot->record.revision_count; i++) {
		const struct leaf *leaf = &slot->leaves[i];
		bool found = false;

		for (size_t k = 0; k < leaf->history_count; k++) {
			if (found && str_equal(leaf->history[k], from))
				return true;
			found = found || str_equal(leaf->history[k], rev);
		}
	}
	return false;
}

static int by_pointer(const void *a, const void *b)
{
	return pointer_compare(((const struct settle_edit *)a)->pointer,
			       ((const struct settle_edit *)b)->pointer);
}

/* What somebody waits with who has changed it again since is not his word any more. */
static bool said_anew(const struct lineage *lineage, const struct slot *slot,
		      const struct base_pending *pending)
{
	for (size_t i = 0; i < lineage->saved_count; i++) {
		const struct settle_saved *saved = &lineage->saved[i];

		if (saved->slot == slot->index &&
		    settle_edit_find(saved->edits, saved->edit_count, pending->pointer) &&
		    comes_from(slot, saved->rev, pending->rev))
			return true;
	}
	return false;
}

/* Edits that waited for a part, as edits of the document that stands there. */
int lineage_add_pending(struct bench *bench, struct lineage *lineage, const struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	int rc = 0;

	for (size_t i = 0; i < base->pending_count && rc == 0;) {
		struct settle_edit *edits =
			arena_calloc(&bench->arena, base->pending_count, sizeof(*edits));
		struct settle_saved saved = {.slot = slot->index,
					     .rev = base->pending[i].rev,
					     .age = slot->kind->age,
					     .seen = base->pending[i].seen,
					     .document = slot->winner ? slot->winner->document
								      : JSON_ABSENT,
					     .edits = edits};

		if (!edits)
			return error_nomem(&lineage->error);
		for (; i < base->pending_count && str_equal(base->pending[i].rev, saved.rev); i++) {
			struct json_value value = base->pending[i].value;

			if (said_anew(lineage, slot, &base->pending[i]))
				continue;
			edits[saved.edit_count++] = (struct settle_edit){
				.pointer = base->pending[i].pointer,
				.value = value,
				.hash = json_is_absent(value) ? 0 : atom_hash(json_hash64(value))};
		}
		qsort(edits, saved.edit_count, sizeof(*edits), by_pointer);
		if (saved.edit_count)
			rc = lineage_add_saved(bench, lineage, saved,
					       (struct origin){.ancestor = -1});
	}
	return rc;
}
