/* Taking edits in their order, until no more of them fit. Points 4, 5 and 16 of the law. */
#include "rule.h"

#include <stdlib.h>

static struct edits to_hold(const struct court *court, const struct edit *edit)
{
	if (edit->late && court->policy->late_wins)
		return (struct edits){.count = 0};
	return rule_missed(court, edit);
}

/* --- settling ----------------------------------------------------------------------------------
 */

static struct edits joined(const struct edits *a, const struct edits *b, const struct edits *c)
{
	struct edits all = *a;

	rule_add_all(&all, b);
	rule_add_all(&all, c);
	return all;
}

static bool stands_with(struct settling *s, const struct edits *others, const struct edits *mine,
			const struct edits *edits)
{
	struct edits test = joined(others, mine, edits);

	return rule_fits(s->court, s->docs, &test);
}

/* Whether two edits say otherwise of the same atom; orders are no such, nor is what is only ever
 * raised. */
static bool contradicts(const struct court *court, const struct edit *a, const struct edit *b)
{
	enum step_of_path last = a->pointer.at[a->pointer.count - 1].kind;

	if (a->version != b->version || path_compare(&a->pointer, &b->pointer) != 0 ||
	    last == STEP_ORDER || rule_is_latest(court, a))
		return false;
	return !a->value != !b->value || (last == STEP_NAME && !value_equal(a->value, b->value));
}

/* The first of another document with which, and with all such before it, and `mine`, the
 * loser cannot stand, though these can, or that says otherwise of the same atom. */
static struct edit *first_clash(struct settling *s, const struct edits *others,
				const struct edits *mine, struct edit *loser)
{
	struct edits plain = {.count = 0}, closed = {.count = 0}, none = {.count = 0};
	struct edits unit = rule_unit(loser), alone = rule_only(loser);

	for (size_t i = 0; i < others->count; i++) {
		struct edits with = rule_unit(others->at[i]);

		rule_add_all(&closed, &with);
		rule_add(&plain, others->at[i]);
		if (stands_with(s, &plain, mine, &alone) ||
		    (unit.count > 1 && stands_with(s, &plain, mine, &unit)))
			continue;
		if (plain.count < closed.count &&
		    (stands_with(s, &closed, mine, &alone) || stands_with(s, &closed, mine, &unit)))
			continue;
		if (contradicts(s->court, others->at[i], loser) ||
		    stands_with(s, &plain, mine, &none) ||
		    (plain.count < closed.count && stands_with(s, &closed, mine, &none)))
			return others->at[i];
	}
	return NULL;
}

static struct edit *against(struct settling *s, const struct edits *tried, struct edit *loser)
{
	struct edits all = *tried, mine = {.count = 0}, others = {.count = 0};
	struct edits none = {.count = 0};
	struct edit *winner;

	rule_descending(s->court, &all);
	rule_add_all(&all, &s->accepted);
	for (size_t i = 0; i < all.count; i++)
		rule_add(same_document(all.at[i], loser) ? &mine : &others, all.at[i]);
	winner = first_clash(s, &others, &none, loser);
	if (!winner && mine.count)
		winner = first_clash(s, &others, &mine, loser);
	return winner || others.count == 0 ? winner : others.at[0];
}

/* What an edit must leave as it is: all that is held, or only what its own app missed. */
static void find_hold(struct settling *s, const struct edit *edit, struct edits *all,
		      struct edits *own)
{
	struct edits unseen = to_hold(s->court, edit), none = {.count = 0};
	struct edits now_put = joined(&s->held, &s->accepted, &none);
	struct edits more = rule_difference(&unseen, &now_put);
	struct trial trial;

	*all = s->held;
	own->count = 0;
	if (more.count) {
		rule_try(s->court, &trial, s->docs, &now_put);
		for (size_t i = 0; i < more.count; i++)
			if (trial.done && rule_stands(s->court, &trial.docs, more.at[i]))
				rule_add(all, more.at[i]);
		rule_try_end(s->court, &trial);
	}
	for (size_t i = 0; i < all->count; i++)
		if (rule_has(&unseen, all->at[i]))
			rule_add(own, all->at[i]);
}

/* Tries one edit, alone, then with those that it needs; `tried`: what it was measured
 * against. */
static bool try_edit(struct settling *s, struct edit *edit, struct edits *tried)
{
	struct edits ways[2] = {rule_only(edit), rule_unit(edit)}, holds[2];

	find_hold(s, edit, &holds[0], &holds[1]);
	for (int turn = 0; turn < (ways[1].count == 1 ? 2 : 4); turn++) {
		struct edits take = rule_difference(&ways[turn / 2], &s->accepted), test;

		*tried = holds[turn % 2];
		test = joined(tried, &s->accepted, &take);
		if (!rule_fits(s->court, s->docs, &test))
			continue;
		s->held = *tried;
		rule_add_all(&s->accepted, &take);
		return true;
	}
	return false;
}

/* The edits of one document, until no more of them fit. */
static void settle_document(struct settling *s, const struct edits *group)
{
	struct edits left = rule_difference(group, &s->accepted);
	struct edits *tried = calloc(left.count + 1, sizeof(*tried));
	struct edits first = left;
	size_t before;

	cf_assert(tried);
	do {
		before = s->accepted.count;
		for (size_t i = 0; i < first.count; i++)
			if (!rule_has(&s->accepted, first.at[i]))
				try_edit(s, first.at[i], &tried[i]);
	} while (s->accepted.count > before);
	for (size_t i = 0; i < first.count; i++)
		if (!rule_has(&s->accepted, first.at[i]))
			rule_lose(&s->losers, first.at[i], against(s, &tried[i], first.at[i]));
	free(tried);
}

/* Others have said it meanwhile: what stands has not lost. */
static void drop_standing(struct settling *s, const struct docs *docs)
{
	struct losers lost = {.count = 0};

	for (size_t i = 0; i < s->losers.count; i++) {
		struct loser *l = &s->losers.at[i];

		if (rule_has(&s->accepted, l->edit))
			continue;
		if (rule_stands(s->court, docs, l->edit))
			rule_add(&s->accepted, l->edit);
		else
			rule_lose(&lost, l->edit, l->winner);
	}
	s->losers = lost;
}

/* Point 16: where all stand together, all are accepted. */
static bool all_at_once(struct settling *s, const struct edits *edits)
{
	struct edits hold = {.count = 0}, test;

	for (size_t i = 0; i < edits->count; i++) {
		struct edits unseen = to_hold(s->court, edits->at[i]);

		for (size_t k = 0; k < unseen.count; k++)
			if (rule_stands(s->court, s->docs, unseen.at[k]) &&
			    !rule_has(&hold, unseen.at[k]))
				rule_add(&hold, unseen.at[k]);
	}
	test = joined(&hold, &s->accepted, edits);
	if (!rule_fits(s->court, s->docs, &test))
		return false;
	s->held = hold;
	rule_add_all(&s->accepted, edits);
	return true;
}

/* Takes edits in the order given. */
void rule_settle(struct settling *s, const struct edits *edits, struct docs *ret)
{
	struct edits all;

	if (!all_at_once(s, edits))
		for (size_t i = 0; i < edits->count;) {
			struct edits group = rule_group_at(edits, i);

			i += group.count;
			settle_document(s, &group);
		}
	all = joined(&s->held, &s->accepted, &(struct edits){.count = 0});
	cf_assert(rule_put(s->court, s->docs, &all, ret));
	drop_standing(s, ret);
}
