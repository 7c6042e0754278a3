/* Setting edits and carrying them, and whether they stand then. Points 2, 4, 10, 12 and 13
 * of the law. */
#include "rule.h"

#include <stdlib.h>

/* --- order ---------------------------------------------------------------------------- */

static int compare_revisions(struct cf_str a, struct cf_str b)
{
	uint64_t x = revision_generation(a), y = revision_generation(b);

	return x != y ? (x > y) - (x < y) : str_compare(a, b);
}

static const struct value *latest_of(const struct policy *policy, const struct edit *edit)
{
	return edit->document ? value_get(edit->document, &policy->latest, policy->latest.count)
			      : NULL;
}

int rule_rank(const struct policy *policy, const struct edit *a, const struct edit *b)
{
	int order = 0, versions = (a->version > b->version) - (a->version < b->version);

	if (policy->prefer == PREFER_LATEST) {
		const struct value *x = latest_of(policy, a), *y = latest_of(policy, b);

		order = x && y ? json_number_compare(x->text, y->text) : !!x - !!y;
	}
	if (order == 0)
		order = policy->prefer == PREFER_OLDEST ? -versions : versions;
	return order ? order : compare_revisions(a->rev, b->rev);
}

struct ranked {
	const struct policy *policy;
	struct edit *edit;
	size_t index;
};

static int ascending(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int order = rule_rank(x->policy, x->edit, y->edit);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int descending(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int order = rule_rank(x->policy, y->edit, x->edit);

	if (order == 0)
		order = path_compare(&x->edit->pointer, &y->edit->pointer);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void sort(const struct policy *policy, struct edits *edits,
		 int (*order)(const void *a, const void *b))
{
	struct ranked ranked[EDITS_MAX];

	for (size_t i = 0; i < edits->count; i++)
		ranked[i] = (struct ranked){policy, edits->at[i], i};
	qsort(ranked, edits->count, sizeof(ranked[0]), order);
	for (size_t i = 0; i < edits->count; i++)
		edits->at[i] = ranked[i].edit;
}

void rule_descending(struct court *court, struct edits *edits)
{
	sort(court->policy, edits, descending);
}

/* --- putting ---------------------------------------------------------------------------- */

bool rule_all_stand(const struct court *court, const struct docs *docs, const struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		if (!rule_stands(court, docs, edits->at[i]))
			return false;
	return true;
}

/* The edits of one document, from `from` on in a list in ascending order. */
struct edits rule_group_at(const struct edits *sorted, size_t from)
{
	struct edits group = {.count = 0};

	while (from < sorted->count &&
	       (group.count == 0 || same_document(group.at[0], sorted->at[from])))
		rule_add(&group, sorted->at[from++]);
	return group;
}

static size_t count_documents(const struct edits *sorted)
{
	size_t count = 0;

	for (size_t i = 0; i < sorted->count; i += rule_group_at(sorted, i).count)
		count++;
	return count;
}

/* One round: the edits of each document are set, and carried. */
static bool put_round(struct court *court, struct docs *docs, const struct edits *sorted,
		      const struct docs *agreed, bool first)
{
	for (size_t i = 0; i < sorted->count;) {
		struct edits group = rule_group_at(sorted, i);
		size_t v = group.at[0]->version;

		i += group.count;
		if (!first && rule_all_stand(court, docs, &group))
			continue;
		rule_set(court, docs->at[v], &group, agreed->at[v]);
		if (!chain_carry(court->chain, docs, v))
			return false;
	}
	return true;
}

bool rule_put(struct court *court, const struct docs *docs, const struct edits *edits,
	      struct docs *ret)
{
	struct edits sorted = *edits;
	size_t rounds;

	court->puts++;
	sort(court->policy, &sorted, ascending);
	rounds = count_documents(&sorted);
	*ret = docs_clone(court->chain, docs);
	for (size_t round = 0; round < rounds; round++) {
		struct docs before = docs_clone(court->chain, ret);

		if (!put_round(court, ret, &sorted, docs, round == 0))
			return false;
		if (rule_all_stand(court, ret, &sorted) || docs_alike(court->chain, &before, ret))
			break;
	}
	return true;
}

void rule_try(struct court *court, struct trial *trial, const struct docs *docs,
	      const struct edits *edits)
{
	arena_init(&trial->arena, &mem_heap);
	trial->kept = court->chain->arena;
	court->chain->arena = &trial->arena;
	trial->done = rule_put(court, docs, edits, &trial->docs);
}

void rule_try_end(struct court *court, struct trial *trial)
{
	court->chain->arena = trial->kept;
	arena_fini(&trial->arena);
}

bool rule_fits(struct court *court, const struct docs *docs, const struct edits *edits)
{
	struct trial trial;
	bool fits;

	rule_try(court, &trial, docs, edits);
	fits = trial.done && rule_all_stand(court, &trial.docs, edits) &&
	       chain_sound(court->chain, &trial.docs);
	rule_try_end(court, &trial);
	return fits;
}

/* --- what goes together ------------------------------------------------------------------ */

struct edits rule_only(struct edit *edit)
{
	struct edits one = {.count = 1, .at = {edit}};

	return one;
}

struct edits rule_unit(struct edit *edit)
{
	return edit->unit ? *edit->unit : rule_only(edit);
}

struct edits rule_without(const struct edits *edits, const struct edit *edit)
{
	struct edits rest = {.count = 0};

	for (size_t i = 0; i < edits->count; i++)
		if (edits->at[i] != edit)
			rule_add(&rest, edits->at[i]);
	return rest;
}

struct edits rule_difference(const struct edits *edits, const struct edits *taken)
{
	struct edits rest = {.count = 0};

	for (size_t i = 0; i < edits->count; i++)
		if (!rule_has(taken, edits->at[i]))
			rule_add(&rest, edits->at[i]);
	return rest;
}

static bool same_object(const struct edit *a, const struct edit *b)
{
	struct path parents[2] = {a->pointer, b->pointer};

	parents[0].count--;
	parents[1].count--;
	return path_compare(&parents[0], &parents[1]) == 0;
}

static struct edits without_object(const struct edits *edits, const struct edit *member)
{
	struct edits rest = {.count = 0};

	for (size_t i = 0; i < edits->count; i++)
		if (!same_object(edits->at[i], member))
			rule_add(&rest, edits->at[i]);
	return rest;
}

/* The members of each object none of which is needed. */
static void leave_out_objects(struct court *court, const struct docs *docs, const struct edit *edit,
			      struct edits *few)
{
	const struct edits all = *few;

	for (size_t i = 0; i < all.count; i++) {
		struct edits rest = without_object(few, all.at[i]);
		size_t first = 0;

		while (!same_object(all.at[first], all.at[i]))
			first++;
		if (first == i && !same_object(edit, all.at[i]) && rule_fits(court, docs, &rest))
			*few = rest;
	}
}

/* Each that is not needed. */
static void leave_out(struct court *court, const struct docs *docs, const struct edit *edit,
		      struct edits *few)
{
	const struct edits all = *few;

	for (size_t i = 0; i < all.count; i++) {
		struct edits rest = rule_without(few, all.at[i]);

		if (all.at[i] != edit && rule_fits(court, docs, &rest))
			*few = rest;
	}
}

/* An edit that does not fit alone goes with the fewest of its document that it needs. */
static void find_unit(struct court *court, const struct docs *docs, const struct edits *group,
		      struct edit *edit)
{
	struct edits few = rule_only(edit);
	size_t before;

	edit->unit = NULL;
	if (rule_fits(court, docs, &few))
		return;
	few = *group;
	do {
		before = few.count;
		leave_out_objects(court, docs, edit, &few);
		leave_out(court, docs, edit, &few);
	} while (few.count < before);
	edit->unit = arena_alloc(court->chain->arena, sizeof(few));
	cf_assert(edit->unit);
	*edit->unit = few;
}

void rule_find_units(struct court *court, const struct docs *docs, const struct edits *edits)
{
	for (size_t i = 0; i < edits->count;) {
		struct edits group = rule_group_at(edits, i);

		i += group.count;
		for (size_t k = 0; k < group.count; k++)
			find_unit(court, docs, &group, group.at[k]);
	}
}

/* --- what an app had seen ------------------------------------------------------------------ */

bool rule_unseen(const struct court *court, const struct edit *edit, const struct edit *said)
{
	if (said->at <= edit->seen)
		return false;
	return !(edit->base && said->version == edit->version && said->pointer.count &&
		 rule_stands_in(court, edit->base, said));
}

/* What an edit must leave as it is. */
struct edits rule_missed(const struct court *court, const struct edit *edit)
{
	struct edits list = {.count = 0};

	for (size_t i = 0; i < court->said->count; i++)
		if (rule_unseen(court, edit, court->said->at[i]))
			rule_add(&list, court->said->at[i]);
	return list;
}
