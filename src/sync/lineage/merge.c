/* Leaves that share a part which nobody has agreed on are merged against it, deepest
 * first: what only one of them changed counts. */
#include "sync/lineage/leaves.h"

size_t candidate_unknown(const struct base_slot *base, const struct candidate *candidate)
{
	size_t i = 0;

	while (i < candidate->history_count && base_find(base, candidate->history[i]) < 0)
		i++;
	return i;
}

/* The nearest revision that both have in their past and nobody has agreed on: what
 * lies behind a known revision went into an agreement with it. */
static const struct cf_str *shared_part(const struct base_slot *base, const struct candidate *a,
					const struct candidate *b)
{
	size_t count_a = candidate_unknown(base, a), count_b = candidate_unknown(base, b);

	if (a->merged_away || b->merged_away)
		return NULL;
	for (size_t i = 0; i < count_a; i++)
		for (size_t k = 0; k < count_b; k++)
			if (str_equal(a->history[i], b->history[k]))
				return &a->history[i];
	return NULL;
}

/* What the shared part said; *ret_readable false where the store forgot it. */
static int read_shared_part(struct bench *bench, struct lineage *lineage, struct slot *slot,
			    struct cf_str rev, struct atoms *ret, bool *ret_readable)
{
	struct cf_get get = {.id = slot->id, .rev = rev};
	struct cf_record record = {0};
	struct json_value document;
	int rc = store_get(bench->store, &get, 1, CF_READ_BODIES, &bench->arena, &record,
			   &lineage->error);

	*ret_readable = false;
	if (rc)
		return rc;
	if (record.revision_count == 0 || !record.revisions[0].body.ptr ||
	    record.revisions[0].deleted)
		return 0;
	rc = leaf_read(bench, lineage, slot, &record.revisions[0], &document);
	if (rc == 0)
		rc = bench_atoms(bench, slot->kind, document, ret);
	*ret_readable = rc == 0;
	return rc;
}

static int list_leaf_conflict(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			      const struct candidate *winner, const struct candidate *loser,
			      struct cf_str pointer)
{
	const struct atom *w = atoms_find(&winner->atoms, pointer);
	const struct atom *l = atoms_find(&loser->atoms, pointer);
	struct edit won = {.pointer = pointer,
			   .slot = slot->index,
			   .rev = winner->rev,
			   .value = w ? w->value : JSON_ABSENT,
			   .origin = &won};
	struct edit lost = {.pointer = pointer,
			    .slot = slot->index,
			    .rev = loser->rev,
			    .value = l ? l->value : JSON_ABSENT,
			    .origin = &lost};

	return conflict_add(bench, lineage, &won, &lost, false);
}

/* Which side's atom is taken, and whether the other one lost by it. */
struct verdict {
	bool take_b;
	bool contested;
	struct cf_str element; /* all that lies under it goes the same way; empty: none */
};

/* An element that only one side has: an edit of anything in it keeps all of it. */
static void judge_element(const struct atoms_diff *diff, const struct atoms *part,
			  struct verdict *verdict)
{
	bool in_b = diff->right != NULL;
	bool removed = !part || atoms_hash_at(part, diff->pointer) != 0;
	bool edited = !part || !atoms_same_under(in_b ? diff->b : diff->a, part, diff->pointer);

	verdict->element = diff->pointer;
	verdict->take_b = in_b == edited;
	verdict->contested = removed && edited;
}

static void judge(const struct atoms_diff *diff, const struct atoms *part, bool a_wins,
		  struct verdict *verdict)
{
	uint64_t ha = diff->left ? diff->left->hash : 0;
	uint64_t hb = diff->right ? diff->right->hash : 0;
	uint64_t hp = part ? atoms_hash_at(part, diff->pointer) : 0;

	if (verdict->element.len && pointer_lies_under(diff->pointer, verdict->element)) {
		verdict->contested = false;
		return;
	}
	verdict->element = (struct cf_str){NULL, 0};
	if (keyed_is_element(diff->pointer) && (!ha || !hb)) {
		judge_element(diff, part, verdict);
		return;
	}
	verdict->take_b = part && ha == hp ? true : part && hb == hp ? false : !a_wins;
	verdict->contested = ha != hb && (!part || (ha != hp && hb != hp));
}

/* Merges `b` into `a` against `part` (NULL: not readable): what only one of them
 * changed counts, what both changed differently goes to the higher revision. */
static int merge_candidates(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			    struct candidate *a, const struct candidate *b,
			    const struct atoms *part)
{
	struct atoms_diff diff = {.a = &a->atoms, .b = &b->atoms};
	bool a_wins = revision_compare(a->rev, false, b->rev, false) > 0;
	struct atom *at =
		arena_alloc(&bench->arena, (a->atoms.count + b->atoms.count) * sizeof(struct atom));
	struct verdict verdict = {0};
	size_t count = 0, next = 0;
	int rc = 0;

	if (!at)
		return error_nomem(&lineage->error);
	while (rc == 0 && atoms_diff_next(&diff)) {
		const struct atom *taken;

		judge(&diff, part, a_wins, &verdict);
		taken = verdict.take_b ? diff.right : diff.left;
		/* Atoms on which both agree stand between the differences. */
		for (; next < a->atoms.count &&
		       pointer_compare(a->atoms.at[next].pointer, diff.pointer) < 0;
		     next++)
			at[count++] = a->atoms.at[next];
		if (diff.left)
			next++;
		/* Against nothing that can be read, a removal is told as one. */
		if (taken || (verdict.contested && !part))
			at[count++] = taken ? *taken : (struct atom){.pointer = diff.pointer};
		if (verdict.contested)
			rc = list_leaf_conflict(bench, lineage, slot, verdict.take_b ? b : a,
						verdict.take_b ? a : b, diff.pointer);
	}
	for (; next < a->atoms.count; next++)
		at[count++] = a->atoms.at[next];
	a->atoms = (struct atoms){.at = at, .count = count};
	return rc;
}

/* Moves a merged candidate to where the shared part stands in the tree. */
static void stand_at(struct candidate *candidate, struct cf_str rev)
{
	while (candidate->history_count && !str_equal(candidate->history[0], rev)) {
		candidate->history++;
		candidate->history_count--;
	}
}

int candidates_merge(struct bench *bench, struct lineage *lineage, struct slot *slot,
		     struct candidate *at, size_t count)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];

	for (;;) {
		struct candidate *best_a = NULL, *best_b = NULL;
		const struct cf_str *best = NULL;
		struct atoms part = {0};
		bool readable;
		int rc;

		for (size_t i = 0; i < count; i++) {
			for (size_t k = i + 1; k < count; k++) {
				const struct cf_str *shared = shared_part(base, &at[i], &at[k]);

				if (!shared)
					continue;
				if (best &&
				    revision_generation(*best) >= revision_generation(*shared))
					continue;
				best = shared;
				best_a = &at[i];
				best_b = &at[k];
			}
		}
		if (!best)
			return 0;
		rc = read_shared_part(bench, lineage, slot, *best, &part, &readable);
		if (rc == 0)
			rc = merge_candidates(bench, lineage, slot, best_a, best_b,
					      readable ? &part : NULL);
		if (rc)
			return rc;
		best_b->merged_away = true;
		stand_at(best_a, *best);
	}
}
