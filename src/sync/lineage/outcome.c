/* What came out: documents, what stands, and who lost against whom. */
#include "sync/lineage/settler.h"

static const char *prefer_word(const struct settle_policy *policy)
{
	return policy->prefer == CATALOG_LATEST           ? "latest"
	       : policy->prefer == CATALOG_OLDEST_VERSION ? "oldest-version"
							  : "newest-version";
}

/* Why the one wins. */
static const char *decided_by(const struct settler *s, const struct edit *winner,
			      const struct edit *loser)
{
	const struct settle_policy *policy = &s->input->policy;
	const struct source *w = winner->source, *l = loser->source;

	if (policy->late_edit_wins && winner->late && !loser->late)
		return "late: edit";
	if (loser->late || w->kind == SETTLE_SIDE_SAID)
		return "late: agreed";
	if (policy->prefer == CATALOG_LATEST && compare_latest(w->latest, l->latest) != 0)
		return "latest";
	if (w->age == l->age)
		return "higher revision";
	return policy->prefer == CATALOG_LATEST ? "newest-version" : prefer_word(policy);
}

static int add_loser(struct settler *s, struct settle_result *ret, const struct settle_loser *loser)
{
	if (ret->loser_count == s->loser_cap) {
		size_t cap = s->loser_cap * 2 + 8;
		struct settle_loser *grown = arena_alloc(&s->arena, cap * sizeof(*grown));

		if (!grown)
			return error_nomem(s->error);
		if (ret->loser_count)
			memcpy(grown, s->losers, ret->loser_count * sizeof(*grown));
		ret->losers = s->losers = grown;
		s->loser_cap = cap;
	}
	s->losers[ret->loser_count++] = *loser;
	return 0;
}

static int lose(struct settler *s, struct settle_result *ret, const struct edit *loser,
		const struct edit *winner)
{
	const struct settle_loser entry = {.loser = loser->side,
					   .winner = winner->side,
					   .policy = decided_by(s, winner, loser),
					   .late = loser->late || winner->late};

	return add_loser(s, ret, &entry);
}

/* --- edits ------------------------------------------------------------------------------- */

static void set_fate(struct settle_result *ret, const struct edit *edit, enum settle_fate fate)
{
	for (const struct edit *e = edit; e; e = e->with)
		ret->edits[e->side.index][e->side.edit] = fate;
}

static int tell_edits(struct settler *s, struct settle_result *ret)
{
	int rc = 0;

	for (size_t i = 0; i < s->source_count; i++) {
		struct source *source = &s->sources[i];

		for (size_t k = 0; source->kind == SETTLE_SIDE_EDIT && k < source->edit_count; k++)
			if (source->edits[k].head->pending)
				set_fate(ret, &source->edits[k], SETTLE_PENDING);
	}
	for (size_t i = 0; i < s->judged_count && rc == 0; i++) {
		struct edit *edit = s->judged[i];

		if (edit->source->kind != SETTLE_SIDE_EDIT)
			continue;
		/* Others may have said it meanwhile. */
		edit->accepted = edit_stands(s, &s->result, edit, &rc);
		set_fate(ret, edit, edit->accepted ? SETTLE_ACCEPTED : SETTLE_LOST);
		if (edit->accepted || rc)
			continue;
		if (!edit->winner)
			return error_set(
				s->error, CF_ERR_LAW,
				"an edit does not stand, though nothing stands against it");
		rc = lose(s, ret, edit, edit->winner);
	}
	return rc;
}

/* With late_edit_wins, what was said may have lost. */
static int tell_said(struct settler *s, struct settle_result *ret)
{
	int rc = 0;

	for (size_t i = 0; i < s->source_count && rc == 0; i++) {
		struct source *source = &s->sources[i];

		for (size_t k = 0; source->kind == SETTLE_SIDE_SAID && k < source->edit_count;
		     k++) {
			struct edit *said = &source->edits[k];
			bool stands = said->stood && edit_stands(s, &s->result, said, &rc);

			ret->said_stands[said->side.index] = stands;
			if (rc == 0 && said->winner && !stands)
				rc = lose(s, ret, said, said->winner);
		}
	}
	return rc;
}

/* --- deletes ------------------------------------------------------------------------------- */

/* Whether the app that deleted had before its eyes what the edit says. */
static bool delete_knows(struct settler *s, const struct settle_delete *gone, struct edit *edit,
			 int *rc)
{
	if (edit->source->kind == SETTLE_SIDE_SAID)
		return edit->agreement <= gone->seen ||
		       (gone->knows && gone->knows[edit->side.index]);
	if (gone->agreement)
		return edit->source->seen >= gone->agreement;
	return gone->had && gone->slot == edit->source->slot &&
	       edit_stands_in(s, gone->had, edit, rc);
}

/* Whether it was accepted, and is more than what was agreed. */
static bool changes(struct settler *s, struct edit *edit, int *rc)
{
	const struct settle_side *side = &edit->side;

	if (edit->source->kind != SETTLE_SIDE_EDIT || !edit->accepted)
		return false;
	/* The field that is only ever raised says nothing new where more is said already. */
	return (s->input->saved[side->index].edits[side->edit].changes &&
		edit->kind != EDIT_LATEST) ||
	       !edit_stands(s, &s->agreed, edit, rc);
}

/* What a delete gives way to: the highest edit that its app had not seen. */
static struct edit *over_delete(struct settler *s, const struct settle_delete *gone, bool said,
				int *rc)
{
	for (size_t i = 0; i < s->judged_count && *rc == 0; i++) {
		struct edit *edit = s->judged[i];

		if (edit->source->kind == SETTLE_SIDE_SAID
			    ? !said || !edit_stands(s, &s->result, edit, rc)
			    : said || !changes(s, edit, rc))
			continue;
		if (!delete_knows(s, gone, edit, rc))
			return edit;
	}
	return NULL;
}

/* Whether somebody who saw that it was deleted saves it again. */
static bool is_anew(const struct settler *s, const struct settle_delete *gone)
{
	for (size_t i = 0; i < s->input->saved_count && gone->agreement; i++)
		if (s->input->saved[i].seen >= gone->agreement)
			return true;
	return false;
}

static int lose_delete(struct settler *s, struct settle_result *ret, size_t index,
		       const struct edit *winner)
{
	bool late = winner->source->kind == SETTLE_SIDE_SAID;
	const struct settle_loser entry = {.loser = {SETTLE_SIDE_DELETE, (uint32_t)index, 0},
					   .winner = winner->side,
					   .policy = late ? "late: agreed" : NULL,
					   .late = late};

	return add_loser(s, ret, &entry);
}

/* All documents go; what was said since the deleting app looked goes with them, where
 * `late: edit` lets it. `wins`: the deletes that need not give way. */
static int go(struct settler *s, struct settle_result *ret, const bool *wins)
{
	const struct settle_input *input = s->input;
	uint32_t first = 0;
	int rc = 0;

	while (!wins[first])
		first++;
	ret->gone = true;
	for (size_t i = 0; i < s->judged_count && rc == 0; i++) {
		struct edit *said = s->judged[i];
		bool unseen = said->source->kind == SETTLE_SIDE_SAID && said->kind != EDIT_LATEST &&
			      input->policy.late_edit_wins && edit_stands(s, &s->result, said, &rc);

		for (size_t k = 0; k < input->delete_count && unseen; k++)
			unseen = !wins[k] || !delete_knows(s, &input->deletes[k], said, &rc);
		if (unseen)
			rc = add_loser(
				s, ret,
				&(struct settle_loser){.loser = said->side,
						       .winner = {SETTLE_SIDE_DELETE, first, 0},
						       .policy = "late: edit",
						       .late = true});
	}
	return rc;
}

static int tell_deletes(struct settler *s, struct settle_result *ret)
{
	const struct settle_input *input = s->input;
	size_t edit_losers = ret->loser_count;
	bool any = false;
	bool *wins = arena_calloc(&s->arena, input->delete_count + 1, sizeof(*wins));
	int rc = wins ? 0 : error_nomem(s->error);

	for (size_t i = 0; i < input->delete_count && rc == 0; i++) {
		const struct settle_delete *gone = &input->deletes[i];
		struct edit *winner = NULL;

		if (!input->policy.late_edit_wins && !gone->agreement)
			winner = over_delete(s, gone, true, &rc);
		if (!winner && rc == 0)
			winner = over_delete(s, gone, false, &rc);
		wins[i] = !winner && !is_anew(s, gone);
		any = any || wins[i];
		if (winner)
			rc = lose_delete(s, ret, i, winner);
	}
	if (rc || !any)
		return rc;
	/* No delete gave way. */
	ret->loser_count = edit_losers;
	return go(s, ret, wins);
}

/* --- documents ------------------------------------------------------------------------------ */

static int tell_documents(struct settler *s, struct settle_result *ret)
{
	int rc = 0;

	for (size_t i = 0; i < s->family->slot_count && rc == 0; i++) {
		struct settle_slot_result *slot = &ret->slots[i];
		const struct settle_slot *given = &s->input->slots[i];
		struct page *page = ret->gone ? NULL : s->result.pages[i], *old;
		const struct atoms *atoms;
		bool same = false;

		if (page && page->phantom)
			page = NULL;
		slot->key = ret->gone ? (struct cf_str){NULL, 0} : s->result.keys[i];
		slot->changed = (page == NULL) != json_is_absent(given->document);
		if (!page)
			continue;
		slot->document = page->value;
		slot->validated = page->validated;
		rc = page_atoms(s, page, &atoms);
		slot->atoms = *atoms;
		if (rc || json_is_absent(given->document))
			continue;
		old = page_borrow(s, &s->family->slots[i], given->document, given->atoms);
		rc = old ? pages_same(s, old, page, &same) : error_nomem(s->error);
		page_drop(s, old);
		slot->changed = !same;
	}
	return rc;
}

static int prepare(struct settler *s, struct settle_result *ret)
{
	const struct settle_input *input = s->input;

	ret->slots = arena_calloc(&s->arena, s->family->slot_count, sizeof(*ret->slots));
	ret->edits = arena_calloc(&s->arena, input->saved_count + 1, sizeof(*ret->edits));
	ret->said_stands = arena_calloc(&s->arena, input->said_count + 1, sizeof(bool));
	s->losers = NULL;
	s->loser_cap = 0;
	ret->replays = s->replays;
	if (!ret->slots || !ret->edits || !ret->said_stands)
		return error_nomem(s->error);
	for (size_t i = 0; i < input->saved_count; i++) {
		ret->edits[i] = arena_calloc(&s->arena, input->saved[i].edit_count + 1,
					     sizeof(**ret->edits));
		if (!ret->edits[i])
			return error_nomem(s->error);
	}
	return 0;
}

int tell_result(struct settler *s, struct settle_result *ret)
{
	int rc = prepare(s, ret);

	if (rc == 0)
		rc = tell_edits(s, ret);
	if (rc == 0)
		rc = tell_said(s, ret);
	if (rc == 0)
		rc = tell_deletes(s, ret);
	arena_reset(&s->words);
	s->source_count = s->judged_count = 0;
	if (rc == 0)
		rc = tell_documents(s, ret);
	return rc || ret->gone ? rc : tell_waits(s, ret);
}
