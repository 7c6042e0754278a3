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

/* An order, where those of its elements that are there follow it; all else, where it is as it
 * was agreed. 0 or NOMEM. */
static int says_still(const struct agreeing *a, size_t slot, const struct base_said *said,
		      bool *ret)
{
	const struct base_slot *base = &a->lineage->base.slots[slot];
	const struct atoms *now = &a->steps[slot].agreed;
	const struct atom *there = atoms_find(now, said->pointer);
	const struct atom_order *order = NULL;

	*ret = (there ? there->hash : 0) == atoms_hash_at(&base->agreed, said->pointer);
	if (*ret || !there || !there->order)
		return 0;
	if (base_said_order(base, said, &a->bench->arena, &order))
		return CF_ERR_NOMEM;
	return order ? order_follows(order, there->order, &a->bench->arena, ret, NULL) : 0;
}

static int still_said(const struct agreeing *a, size_t slot, const struct base_said *said,
		      bool *ret)
{
	const struct lineage *lineage = a->lineage;
	int rc = says_still(a, slot, said, ret);

	for (size_t i = 0; i < lineage->said_count && *ret; i++)
		if (lineage->said[i].slot == slot &&
		    lineage->said[i].pointer.ptr == said->pointer.ptr) {
			*ret = lineage->result.said_stands[i];
			break;
		}
	return rc;
}

static int by_pointer(const void *a, const void *b)
{
	const struct base_said *x = a, *y = b;

	return pointer_compare(x->pointer, y->pointer);
}

/* Of the field by which the latest is known a higher value may stand: then somebody else
 * said it. */
static bool is_said(const struct atoms *agreed, const struct settle_edit *edit)
{
	return keyed_is_order(edit->pointer) || atoms_hash_at(agreed, edit->pointer) == edit->hash;
}

static size_t add_accepted(const struct agreeing *a, size_t slot, struct base_said *said)
{
	const struct lineage *lineage = a->lineage;
	size_t count = 0, kept = 0;
	bool sorted = true;

	for (size_t i = 0; i < lineage->saved_count; i++) {
		const struct settle_saved *saved = &lineage->saved[i];

		if (saved->slot != slot)
			continue;
		for (size_t k = 0; k < saved->edit_count; k++)
			if (lineage->result.edits[i][k] == SETTLE_ACCEPTED &&
			    is_said(&a->steps[slot].agreed, &saved->edits[k]))
				said[count++] = (struct base_said){
					.pointer = saved->edits[k].pointer,
					/* Where it was said elsewhere, the part's own one. */
					.rev = lineage->origins[i].forward ? a->steps[slot].current
									   : saved->rev,
					.agreement = lineage->base.agreements};
	}
	for (size_t i = 1; i < count && sorted; i++)
		sorted = by_pointer(&said[i - 1], &said[i]) <= 0;
	if (!sorted)
		qsort(said, count, sizeof(*said), by_pointer);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || by_pointer(&said[kept - 1], &said[i]) != 0)
			said[kept++] = said[i];
	return kept;
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

int agree_said(const struct agreeing *a, size_t slot)
{
	const struct lineage *lineage = a->lineage;
	struct base_slot *base = &a->lineage->base.slots[slot];
	const struct base_step *step = &a->steps[slot];
	size_t max = base->said_count + 1, count = 0, fresh;
	struct base_said *said;

	for (size_t i = 0; i < lineage->saved_count; i++)
		max += lineage->saved[i].slot == slot ? lineage->saved[i].edit_count : 0;
	said = arena_alloc(&a->bench->arena, max * sizeof(*said));
	if (!said)
		return error_nomem(&a->lineage->error);
	count = fresh = step->there ? add_accepted(a, slot, said) : 0;
	for (size_t i = 0; i < base->said_count && step->there; i++) {
		bool still = false;

		if (!said_again(said, fresh, base->said[i].pointer) &&
		    still_said(a, slot, &base->said[i], &still))
			return error_nomem(&a->lineage->error);
		if (still)
			said[count++] = base->said[i];
	}
	base->said = said;
	base->said_count = count;
	return agree_times(a, slot);
}

int agree_pending(const struct agreeing *a, size_t slot)
{
	const struct lineage *lineage = a->lineage;
	struct base_slot *base = &a->lineage->base.slots[slot];
	size_t max = 0, count = 0;
	struct base_pending *pending;

	for (size_t i = 0; i < lineage->saved_count && !lineage->result.gone; i++)
		max += lineage->saved[i].slot == slot ? lineage->saved[i].edit_count : 0;
	pending = arena_alloc(&a->bench->arena, max * sizeof(*pending));
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
