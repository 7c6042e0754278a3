/* Judgements: what is late, what deletes give way to, and things that nobody agreed on.
 * Points 6 to 8, 11 and 13 of the law. */
#include "rule.h"

#include <stdlib.h>

/* --- deletes
 * -------------------------------------------------------------------------------------- */

/* The highest of what a delete gives way to; NULL: it wins. */
static struct edit *beats_delete(struct court *court, const struct docs *before,
				 struct edit *deleted, const struct edits *changing,
				 struct edits *ret_late)
{
	struct edits late = rule_missed(court, deleted);
	struct edit *first = NULL;

	rule_descending(court, &late);
	ret_late->count = 0;
	for (size_t i = 0; i < late.count; i++)
		if (rule_stands(court, before, late.at[i]))
			rule_add(ret_late, late.at[i]);
	if (!court->policy->late_wins && ret_late->count)
		return ret_late->at[0];
	for (size_t i = 0; i < changing->count && !first; i++)
		if (!(deleted->base && deleted->version == changing->at[i]->version &&
		      rule_stands_in(court, deleted->base, changing->at[i])))
			first = changing->at[i];
	return first;
}

static void judge_deletes(struct court *court, const struct edits *changing,
			  const struct edits *deletes, struct agreed *agreed, struct losers *losers)
{
	struct losers lost = *losers;
	struct edits won = {.count = 0}, late = {.count = 0};

	for (size_t i = 0; i < deletes->count; i++) {
		struct edits mine;
		struct edit *by =
			beats_delete(court, &agreed->docs, deletes->at[i], changing, &mine);

		if (by) {
			rule_lose(&lost, deletes->at[i], by);
			continue;
		}
		if (won.count == 0)
			late = mine;
		else
			for (size_t k = late.count; k-- > 0;)
				if (!rule_has(&mine, late.at[k]))
					late = rule_without(&late, late.at[k]);
		rule_add(&won, deletes->at[i]);
	}
	if (won.count == 0) {
		*losers = lost;
		return;
	}
	for (size_t i = 0; i < late.count; i++)
		if (!rule_is_latest(court, late.at[i]))
			rule_lose(losers, late.at[i], won.at[0]);
	agreed->docs = (struct docs){{NULL}};
}

/* --- judgements
 * ------------------------------------------------------------------------------------- */

static struct edits changing_of(struct court *court, const struct docs *docs,
				const struct edits *accepted)
{
	struct edits sorted = *accepted, changing = {.count = 0};

	rule_descending(court, &sorted);
	for (size_t i = 0; i < sorted.count; i++) {
		if (!rule_stands(court, docs, sorted.at[i]))
			rule_add(&changing, sorted.at[i]);
	}
	return changing;
}

/* Which are late; these go last, or first where they win. */
static void sort_late(struct court *court, const struct docs *docs, struct edits *edits)
{
	struct edits early = {.count = 0}, late = {.count = 0};

	for (size_t i = 0; i < edits->count; i++) {
		struct edits test = rule_missed(court, edits->at[i]),
			     unit = rule_unit(edits->at[i]);

		rule_add_all(&test, &unit);
		edits->at[i]->late = !rule_fits(court, docs, &test);
		rule_add(edits->at[i]->late ? &late : &early, edits->at[i]);
	}
	*edits = court->policy->late_wins ? late : early;
	rule_add_all(edits, court->policy->late_wins ? &early : &late);
}

static bool stands_with(struct court *court, const struct docs *agreed, const struct edits *edits,
			const struct edit *said)
{
	struct trial trial;
	bool stands;

	rule_try(court, &trial, agreed, edits);
	stands = trial.done && rule_stands(court, &trial.docs, said);
	rule_try_end(court, &trial);
	return stands;
}

/* The first accepted edit with which, and all before it, what was said no longer stands, though
 * these do. */
static struct edit *gave_way_to(struct court *court, const struct docs *agreed,
				const struct edits *accepted, const struct edit *said)
{
	struct edits plain = {.count = 0}, closed = {.count = 0};

	for (size_t i = 0; i < accepted->count; i++) {
		struct edits unit = rule_unit(accepted->at[i]);

		rule_add(&plain, accepted->at[i]);
		rule_add_all(&closed, &unit);
		if (stands_with(court, agreed, &plain, said) ||
		    (plain.count < closed.count && stands_with(court, agreed, &closed, said)))
			continue;
		if (rule_fits(court, agreed, &plain) ||
		    (plain.count < closed.count && rule_fits(court, agreed, &closed)))
			return accepted->at[i];
	}
	return NULL;
}

/* What was said, and gives way to late edits that win; and losers without a winner. */
static void list_late(struct court *court, const struct docs *agreed, const struct docs *docs,
		      const struct edits *accepted, struct losers *losers)
{
	for (size_t i = 0; i < losers->count; i++) {
		struct edits unseen = rule_missed(court, losers->at[i].edit);

		rule_descending(court, &unseen);
		if (!losers->at[i].winner && unseen.count)
			losers->at[i].winner = unseen.at[0];
	}
	for (size_t i = 0; i < court->said->count; i++) {
		struct edit *said = court->said->at[i], *by;

		if (!rule_stands(court, agreed, said) || rule_stands(court, docs, said))
			continue;
		by = gave_way_to(court, agreed, accepted, said);
		if (by && by->late && rule_unseen(court, by, said))
			rule_lose(losers, said, by);
	}
}

/* The last word of an atom: it takes the place of all before it. */
static void remember(struct court *court, struct agreed *agreed, struct edit *edit)
{
	const struct docs *docs = &agreed->docs;
	size_t kept = 0;

	/* One that was overtaken is forgotten. */
	if (!rule_stands(court, docs, edit) ||
	    (rule_is_latest(court, edit) &&
	     !value_equal(value_get(docs->at[edit->version], &edit->pointer, edit->pointer.count),
			  edit->value)))
		return;
	for (size_t i = 0; i < agreed->said.count; i++) {
		struct edit *old = agreed->said.at[i];

		if (old->version != edit->version || path_compare(&old->pointer, &edit->pointer))
			agreed->said.at[kept++] = old;
	}
	agreed->said.count = kept;
	rule_add(&agreed->said, edit);
}

/* What was said and stands, and what was accepted, the oldest first. */
static void take_said(struct court *court, const struct edits *accepted, struct agreed *ret)
{
	struct edits sorted = *accepted;

	ret->said.count = 0;
	for (size_t i = 0; i < court->said->count; i++)
		remember(court, ret, court->said->at[i]);
	rule_descending(court, &sorted);
	for (size_t i = sorted.count; i-- > 0;)
		remember(court, ret, sorted.at[i]);
}

void rule_outcome(struct court *court, const struct agreed *agreed, struct edits *edits,
		  const struct edits *deletes, struct agreed *ret, struct losers *ret_losers)
{
	struct settling *s = calloc(1, sizeof(*s));
	struct edits changing;

	cf_assert(s);
	*s = (struct settling){.court = court, .docs = &agreed->docs};
	for (size_t i = 0; i < court->said->count; i++) {
		struct edit *said = court->said->at[i];

		said->unit = NULL;
		said->late = false;
		said->places = agreed->docs.at[said->version];
	}
	rule_descending(court, edits);
	rule_find_units(court, &agreed->docs, edits);
	sort_late(court, &agreed->docs, edits);
	rule_settle(s, edits, &ret->docs);
	*ret_losers = s->losers;
	list_late(court, &agreed->docs, &ret->docs, &s->accepted, ret_losers);
	take_said(court, &s->accepted, ret);
	changing = changing_of(court, &agreed->docs, &s->accepted);
	free(s);
	if (deletes->count)
		judge_deletes(court, &changing, deletes, ret, ret_losers);
}

/* Each document over what those of lower priority say. */
static void first_docs(struct court *court, const struct new_document *documents, size_t count,
		       struct docs *ret)
{
	*ret = (struct docs){{NULL}};
	for (size_t i = count; i-- > 0;) {
		ret->at[documents[i].version] =
			value_clone(court->chain->arena, documents[i].document);
		if (chain_carry(court->chain, ret, documents[i].version))
			continue;
		/* They cannot be laid over each other: the first alone. */
		*ret = (struct docs){{NULL}};
		i = 1;
	}
}

static void sort_documents(struct court *court, struct new_document *documents, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k > 0; k--) {
			struct new_document low = documents[k - 1], high = documents[k];
			struct edit a = {
				.version = low.version, .rev = low.rev, .document = low.document};
			struct edit b = {.version = high.version,
					 .rev = high.rev,
					 .document = high.document};

			if (rule_rank(court->policy, &a, &b) >= 0)
				break;
			documents[k - 1] = high;
			documents[k] = low;
		}
}

void rule_create(struct court *court, struct new_document *documents, size_t count,
		 struct edits *edits, const struct edits *deletes, struct agreed *ret,
		 struct losers *ret_losers)
{
	struct settling *s = calloc(1, sizeof(*s));
	struct edits rest = {.count = 0}, said;
	struct docs docs;

	cf_assert(s);
	sort_documents(court, documents, count);
	rule_descending(court, edits);
	first_docs(court, documents, count, &docs);
	rule_find_units(court, &docs, edits);
	*s = (struct settling){.court = court, .docs = &docs};
	for (size_t i = 0; i < edits->count; i++)
		rule_add(edits->at[i]->version == documents[0].version &&
					 str_equal(edits->at[i]->rev, documents[0].rev)
				 ? &s->accepted
				 : &rest,
			 edits->at[i]);
	rule_settle(s, &rest, &ret->docs);
	*ret_losers = s->losers;
	take_said(court, &s->accepted, ret);
	free(s);
	said = ret->said;
	rule_descending(court, &said);
	if (deletes->count)
		judge_deletes(court, &said, deletes, ret, ret_losers);
}
