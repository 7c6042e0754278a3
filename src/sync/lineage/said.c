/* What a base keeps of people's words after an agreement. */
#include "sync/lineage/agree.h"

#include <stdlib.h>

/* --- what people said ----------------------------------------------------------------------------
 */

static bool said_again(const struct base_said *said, size_t count, struct cf_str pointer)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = pointer_compare(said[middle].pointer, pointer);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* What stood in a slot before, and what stands there now; of a thing that goes, or is gone, what
 * it said last. */
struct standing {
	size_t slot;
	struct atoms before, now;
	size_t bound; /* words of the base are also of lineage->said where they bind: the next */
};

/* An order, where those of its elements that are there follow it; all else, where it is as it
 * was. 0 or NOMEM. */
static int says_still(const struct agreeing *a, const struct standing *at,
		      const struct base_said *said, bool *ret)
{
	const struct base_slot *base = &a->lineage->base.slots[at->slot];
	const struct atom *there = atoms_find(&at->now, said->pointer);
	const struct atom_order *order = NULL;

	*ret = (there ? there->hash : 0) == atoms_hash_at(&at->before, said->pointer);
	if (*ret || !there || !there->order)
		return 0;
	if (base_said_order(base, said, &a->bench->arena, &order))
		return CF_ERR_NOMEM;
	return order ? order_follows(order, there->order, &a->bench->arena, ret, NULL) : 0;
}

/* The next word among those that bind, if that is the one: both stand in the same order. */
static bool is_bound(const struct agreeing *a, struct standing *at, const struct base_said *said)
{
	const struct lineage *lineage = a->lineage;

	while (at->bound < lineage->said_count && lineage->said[at->bound].slot < at->slot)
		at->bound++;
	if (at->bound == lineage->said_count || lineage->said[at->bound].slot != at->slot ||
	    lineage->said[at->bound].pointer.ptr != said->pointer.ptr)
		return false;
	at->bound++;
	return true;
}

/* A word of the field by which the latest is known stands though a higher one has overtaken it,
 * but is forgotten. */
static int still_said(const struct agreeing *a, const struct standing *at, bool bound,
		      const struct base_said *said, bool *ret)
{
	const struct settle_result *result = &a->lineage->result;
	int rc = says_still(a, at, said, ret);

	if (*ret && bound && result->said_stands)
		*ret = result->said_stands[at->bound - 1];
	return rc;
}

/* A word that was accepted, and who said it. */
struct word {
	struct base_said said;
	const struct settle_saved *by;
};

/* By pointer; of several that say the same the highest first. */
static int by_word(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	int order = pointer_compare(x->said.pointer, y->said.pointer);

	if (order == 0)
		order = compare_latest(y->by->latest, x->by->latest);
	return order ? order : revision_compare(y->by->rev, false, x->by->rev, false);
}

/* Of the field by which the latest is known a higher value may stand: then somebody else
 * said it. */
static bool is_said(const struct atoms *stands, const struct settle_edit *edit)
{
	return keyed_is_order(edit->pointer) || atoms_hash_at(stands, edit->pointer) == edit->hash;
}

static size_t find_words(const struct agreeing *a, size_t slot, const struct atoms *stands,
			 struct word *ret)
{
	const struct lineage *lineage = a->lineage;
	size_t count = 0;

	for (size_t i = 0; i < lineage->saved_count; i++) {
		const struct settle_saved *saved = &lineage->saved[i];

		for (size_t k = 0; k < saved->edit_count && saved->slot == slot; k++) {
			struct word *word = &ret[count];

			if (lineage->result.edits[i][k] != SETTLE_ACCEPTED ||
			    !is_said(stands, &saved->edits[k]))
				continue;
			word->by = saved;
			word->said = (struct base_said){
				.pointer = saved->edits[k].pointer,
				/* Where it was said elsewhere, the part's own one. */
				.rev = lineage->origins[i].forward ? a->steps[slot].current
								   : saved->rev,
				.agreement = lineage->base.agreements};
			count++;
		}
	}
	return count;
}

/* What the field of the policy said in a revision; absent: nothing. */
static struct json_value time_of(const struct agreeing *a, size_t slot, struct cf_str rev)
{
	const struct lineage *lineage = a->lineage;

	for (size_t i = 0; i < lineage->saved_count; i++) {
		struct cf_str own = lineage->origins[i].forward ? a->steps[slot].current
								: lineage->saved[i].rev;

		if (lineage->saved[i].slot == slot && str_equal(own, rev) &&
		    !json_is_absent(lineage->saved[i].latest))
			return lineage->saved[i].latest;
	}
	return base_time_of(&lineage->base.slots[slot], rev);
}

/* The times of all who said something. */
static int agree_times(const struct agreeing *a, size_t slot)
{
	const struct catalog_conflicts *policy = catalog_conflicts(a->bench->registry->catalog);
	struct base_slot *base = &a->lineage->base.slots[slot];
	struct base_slot next = {.times = NULL};

	if (policy->prefer != CATALOG_LATEST)
		return 0;
	next.times = arena_alloc(&a->bench->arena, (base->said_count + 1) * sizeof(*next.times));
	if (!next.times)
		return error_nomem(&a->lineage->error);
	for (size_t i = 0; i < base->said_count; i++) {
		struct base_time time = {base->said[i].rev, time_of(a, slot, base->said[i].rev)};

		if (!json_is_absent(time.value) && json_is_absent(base_time_of(&next, time.rev)))
			next.times[next.time_count++] = time;
	}
	base->times = next.times;
	base->time_count = next.time_count;
	return 0;
}

/* What was accepted, of each atom once; in the order of pointers. */
static int add_accepted(const struct agreeing *a, size_t slot, const struct atoms *stands,
			struct base_said *said, size_t *ret_count)
{
	struct word *words;
	bool sorted = true;
	size_t max = 0, count;

	for (size_t i = 0; i < a->lineage->saved_count; i++)
		max += a->lineage->saved[i].slot == slot ? a->lineage->saved[i].edit_count : 0;
	words = mem_alloc(a->bench->mem, (max + 1) * sizeof(*words));
	if (!words)
		return CF_ERR_NOMEM;
	count = find_words(a, slot, stands, words);
	for (size_t i = 1; i < count && sorted; i++)
		sorted = by_word(&words[i - 1], &words[i]) <= 0;
	if (!sorted)
		qsort(words, count, sizeof(*words), by_word);
	*ret_count = 0;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || pointer_compare(words[i].said.pointer, words[i - 1].said.pointer))
			said[(*ret_count)++] = words[i].said;
	mem_free(a->bench->mem, words);
	return 0;
}

/* Who deleted the thing. */
static size_t add_deletes(const struct lineage *lineage, size_t slot, struct base_said *said)
{
	size_t count = 0;

	/* What comes to a thing that is gone already deletes nothing. */
	for (size_t i = 0; i < lineage->delete_count; i++)
		if (lineage->deletes[i].slot == slot && !lineage->deletes[i].agreement &&
		    (lineage->was_there || lineage->saved_count))
			said[count++] = (struct base_said){.pointer = STR(""),
							   .rev = lineage->deletes[i].rev,
							   .agreement = lineage->base.agreements};
	return count;
}

static size_t max_said(const struct lineage *lineage, size_t slot)
{
	size_t max = lineage->base.slots[slot].said_count + lineage->delete_count + 1;

	for (size_t i = 0; i < lineage->saved_count; i++)
		max += lineage->saved[i].slot == slot ? lineage->saved[i].edit_count : 0;
	return max;
}

/* What was said of a thing that goes, or is gone, is kept as it was, for edits that come late. */
int agree_said(const struct agreeing *a, size_t slot)
{
	const struct lineage *lineage = a->lineage;
	struct base_slot *base = &a->lineage->base.slots[slot];
	const struct base_step *step = &a->steps[slot];
	struct base_said *said =
		arena_alloc(&a->bench->arena, max_said(lineage, slot) * sizeof(*said));
	struct standing at = {.slot = slot};
	size_t count = 0, fresh = 0;
	bool gone = lineage->result.gone, kept = gone || (step->there && !lineage->creation);
	int rc = said ? base_stood(base, &a->bench->arena, &at.before) : CF_ERR_NOMEM;

	at.now = gone ? at.before : step->agreed;
	if (rc == 0 && (step->there || (gone && lineage->was_there)))
		rc = add_accepted(a, slot, &at.now, said, &fresh);
	if (rc)
		return error_nomem(&a->lineage->error);
	count = fresh;
	if (gone)
		count += add_deletes(lineage, slot, said + count);
	for (size_t i = 0; i < base->said_count && kept; i++) {
		bool still = gone && !lineage->was_there;
		bool bound = is_bound(a, &at, &base->said[i]);

		if (!still && (base->said[i].pointer.len || gone) &&
		    !said_again(said, fresh, base->said[i].pointer) &&
		    still_said(a, &at, bound, &base->said[i], &still))
			return error_nomem(&a->lineage->error);
		if (still)
			said[count++] = base->said[i];
	}
	base->said = said;
	base->said_count = count;
	return agree_times(a, slot);
}

static size_t count_pending(const struct lineage *lineage, size_t slot)
{
	size_t count = 0;

	for (size_t i = 0; i < lineage->saved_count && !lineage->result.gone; i++)
		for (size_t k = 0; k < lineage->saved[i].edit_count; k++)
			count += lineage->saved[i].slot == slot &&
				 lineage->result.edits[i][k] == SETTLE_PENDING;
	return count;
}

int agree_pending(const struct agreeing *a, size_t slot)
{
	const struct lineage *lineage = a->lineage;
	struct base_slot *base = &a->lineage->base.slots[slot];
	size_t count = 0;
	struct base_pending *pending =
		arena_alloc(&a->bench->arena, count_pending(lineage, slot) * sizeof(*pending));

	if (!pending)
		return error_nomem(&a->lineage->error);
	for (size_t i = 0; i < lineage->saved_count && !lineage->result.gone; i++) {
		const struct settle_saved *saved = &lineage->saved[i];

		for (size_t k = 0; k < saved->edit_count && saved->slot == slot; k++)
			if (lineage->result.edits[i][k] == SETTLE_PENDING)
				pending[count++] =
					(struct base_pending){.pointer = saved->edits[k].pointer,
							      .rev = saved->rev,
							      .seen = saved->seen,
							      .value = saved->edits[k].value};
	}
	base->pending = pending;
	base->pending_count = count;
	return 0;
}

void agree_bodies(const struct agreeing *a)
{
	struct lineage *lineage = a->lineage;
	bool kept = false;

	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		struct base_slot *base = &lineage->base.slots[i];

		if (!lineage->result.gone || !lineage->agreed) {
			if (!lineage->result.gone)
				base->body = JSON_ABSENT;
			continue;
		}
		if (kept || json_is_absent(lineage->agreed[i].document))
			continue;
		base->body = lineage->agreed[i].document;
		base->only = (struct atoms){NULL, 0};
		kept = true;
	}
}
