/* All edits are judged: first all at once, which is enough where nobody contests anything;
 * else those that can touch each other by themselves, side by side; and where even that
 * does not come to a state (a document that is invalid for two edits that do not touch),
 * one after the other. */
#include "sync/lineage/settler.h"

struct judge {
	struct settler *s;
	struct pages state; /* of the trial */
	struct pages other; /* of one that judges no contest */
	struct contest *contests;
	size_t count;
	bool one; /* one contest for all */
};

enum { JUDGE_COUPLED = 2 }; /* contests that do not touch depend on each other all the same */

static bool is_said(const struct edit *edit)
{
	return edit->source->kind == SETTLE_SIDE_SAID;
}

/* All that was not accepted before, and what must be left. */
static int try_all(struct judge *j, bool *ret_stand)
{
	struct settler *s = j->s;
	int rc;

	trial_begin(s);
	for (size_t i = 0; i < s->judged_count; i++)
		trial_add(s, s->judged[i]);
	rc = trial_put(s, &s->agreed, &j->state);
	if (rc)
		return rc;
	*ret_stand = trial_stands(s, &j->state, &rc);
	return rc;
}

static int finish(struct judge *j)
{
	pages_copy(j->s, &j->s->result, &j->state);
	pages_clear(j->s, &j->state);
	pages_clear(j->s, &j->other);
	return 0;
}

static void accept_all(struct settler *s)
{
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i];

		edit->held = is_said(edit);
		edit->accepted = !is_said(edit);
	}
}

/* --- contests --------------------------------------------------------------------------- */

static int contest_alloc(struct settler *s, struct contest *c)
{
	size_t edits = c->count + c->accepted_count + 1, said = c->said_count + 1;
	struct edit **at = arena_calloc(&s->arena, edits * 6 + said * 4, sizeof(struct edit *));

	if (!at)
		return error_nomem(s->error);
	c->edits = at;
	c->accepted = c->edits + edits;
	c->left = c->accepted + edits;
	c->losers = c->left + edits;
	c->said = c->losers + edits + said;
	c->others = c->said + said;
	c->proposed = c->others + edits + said;
	c->count = c->accepted_count = c->said_count = 0;
	return 0;
}

static void contest_take(struct settler *s, struct contest *c, struct edit *edit)
{
	if (is_said(edit)) {
		c->said[c->said_count++] = edit;
	} else if (edit->given) {
		edit->place = c->accepted_count;
		c->accepted[c->accepted_count++] = edit;
		taken_note(s, edit);
	} else {
		c->edits[c->count++] = edit;
	}
}

static void contest_count(struct contest *c, const struct edit *edit)
{
	if (is_said(edit))
		c->said_count++;
	else if (edit->given)
		c->accepted_count++;
	else
		c->count++;
}

/* One contest for all edits, or one for those that can touch each other. */
static int make_contests(struct judge *j, bool one)
{
	struct settler *s = j->s;
	int rc = taken_init(s, s->edit_count);

	j->one = one;
	j->count = 0;
	j->contests = arena_calloc(&s->arena, s->judged_count + 1, sizeof(*j->contests));
	if (rc || !j->contests)
		return error_nomem(s->error);
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i], *root = one ? s->judged[0] : edit_root(edit);

		if (i == 0 || !one)
			root->contest = NULL;
		edit->accepted = edit->given;
		edit->held = edit->late = false;
		edit->stands = edit->stood;
		edit->winner = NULL;
	}
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i], *root = one ? s->judged[0] : edit_root(edit);

		if (!root->contest)
			root->contest = &j->contests[j->count++];
		edit->contest = root->contest;
		contest_count(edit->contest, edit);
	}
	for (size_t i = 0; i < j->count && rc == 0; i++)
		rc = contest_alloc(s, &j->contests[i]);
	for (size_t i = 0; i < s->judged_count && rc == 0; i++)
		contest_take(s, s->judged[i]->contest, s->judged[i]);
	return rc;
}

/* Those that did not stand when all was tried, and all that touch them. `failed`: nobody
 * knows who stood. */
static int find_contested(struct judge *j, bool failed)
{
	struct settler *s = j->s;
	int rc = 0;

	for (size_t i = 0; i < s->judged_count; i++)
		edit_root(s->judged[i])->contested = failed;
	for (size_t i = 0; i < s->judged_count && rc == 0 && !failed; i++)
		if (!edit_stands(s, &j->state, s->judged[i], &rc))
			edit_root(s->judged[i])->contested = true;
	for (size_t i = 0; i < s->judged_count; i++)
		s->judged[i]->contested = edit_root(s->judged[i])->contested;
	return rc;
}

/* What nobody contests is settled. */
static void settle_others(struct judge *j)
{
	struct settler *s = j->s;

	for (size_t i = 0; i < j->count; i++)
		j->contests[i].stage = CONTEST_SETTLED;
	for (size_t i = 0; i < s->judged_count; i++)
		if (s->judged[i]->contested)
			s->judged[i]->contest->stage = CONTEST_LATE;
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i];

		if (edit->contest->stage != CONTEST_SETTLED)
			continue;
		edit->held = is_said(edit);
		edit->accepted = !is_said(edit);
	}
}

/* A lens failed, or what it made is no document: each contest tries by itself. */
static int step_apart(struct judge *j)
{
	struct settler *s = j->s;
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < j->count && rc == 0; i++) {
		struct contest *c = &j->contests[i];
		int failure;

		if (!c->active)
			continue;
		trial_begin(s);
		for (size_t k = 0; k < c->proposed_count; k++)
			trial_add(s, c->proposed[k]);
		failure = trial_put(s, &s->agreed, &j->state);
		if (failure && !is_failure(failure))
			return failure;
		any = any || failure;
		rc = contest_answer(s, c, failure != 0, &j->state);
	}
	return rc || any ? rc : JUDGE_COUPLED;
}

/* One step of all contests. */
static int step(struct judge *j, bool *ret_done)
{
	struct settler *s = j->s;
	size_t active = 0;
	int rc = 0, failure;

	trial_begin(s);
	for (size_t i = 0; i < j->count && rc == 0; i++) {
		struct contest *c = &j->contests[i];

		c->active = c->stage != CONTEST_SETTLED && contest_propose(s, c, &rc);
		active += c->active;
	}
	*ret_done = active == 0;
	if (rc || *ret_done)
		return rc;
	failure = trial_put(s, &s->agreed, &j->state);
	if (failure && !is_failure(failure))
		return failure;
	if (failure && active > 1)
		return step_apart(j);
	for (size_t i = 0; i < j->count && rc == 0; i++)
		if (j->contests[i].active)
			rc = contest_answer(s, &j->contests[i], failure != 0, &j->state);
	return rc;
}

/* Whether somebody's accepted edit must leave what was said. */
static bool must_leave(const struct settler *s, const struct edit *said)
{
	for (size_t i = 0; i < s->judged_count; i++) {
		const struct edit *edit = s->judged[i];

		if (edit->accepted && !is_said(edit) && edit_unseen(edit, said) &&
		    !(edit->late && s->input->policy.late_edit_wins))
			return true;
	}
	return false;
}

/* What was said is held also where it touches none of those who must leave it. */
static void hold_said(struct settler *s)
{
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *said = s->judged[i];

		if (is_said(said) && !said->held && said->stands)
			said->held = must_leave(s, said);
	}
}

/* What was held and accepted in all contests, put once more. */
static int put_accepted(struct judge *j)
{
	struct settler *s = j->s;
	bool stand;
	int rc;

	trial_begin(s);
	for (size_t i = 0; i < s->judged_count; i++)
		if (s->judged[i]->held || s->judged[i]->accepted)
			trial_add(s, s->judged[i]);
	rc = trial_put(s, &s->agreed, &j->state);
	stand = rc == 0 && trial_stands(s, &j->state, &rc);
	if (is_failure(rc) || (rc == 0 && !stand))
		return j->one ? rc : JUDGE_COUPLED;
	return rc;
}

/* What does not fit even without what its app had not seen gave way to the highest of that;
 * or to the highest of all others that were accepted. */
static struct edit *highest_other(const struct settler *s, const struct edit *loser)
{
	struct edit *highest = NULL;

	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i];

		if (is_said(edit) && edit->stands && edit_unseen(loser, edit))
			return edit;
		if (!highest && edit->accepted && edit->source != loser->source)
			highest = edit;
	}
	return highest;
}

static void find_other_winners(struct settler *s)
{
	for (size_t i = 0; i < s->judged_count; i++) {
		struct edit *edit = s->judged[i];

		if (!is_said(edit) && !edit->accepted && !edit->winner)
			edit->winner = highest_other(s, edit);
	}
}

static int run_contests(struct judge *j)
{
	bool done = false;
	int rc = 0;

	while (rc == 0 && !done)
		rc = step(j, &done);
	find_other_winners(j->s);
	hold_said(j->s);
	return rc ? rc : put_accepted(j);
}

/* Whether all edits of a document fit. */
static int try_source(struct judge *j, struct source *source, bool *ret)
{
	struct settler *s = j->s;
	int rc;

	trial_begin(s);
	for (size_t i = 0; i < source->edit_count; i++)
		if (source->edits[i].judged)
			trial_add(s, &source->edits[i]);
	rc = trial_put(s, &s->agreed, &j->other);
	*ret = rc == 0 && trial_stands(s, &j->other, &rc);
	return is_failure(rc) ? 0 : rc;
}

/* A document whose edits do not fit all together, and that by itself is invalid or cannot
 * be carried, is no loser: it has no winner. */
static int check_sources(struct judge *j)
{
	struct settler *s = j->s;
	int rc = 0;

	for (size_t i = 0; i < s->source_count && rc == 0; i++) {
		struct source *source = &s->sources[i];
		bool fits = false;

		if (source->kind == SETTLE_SIDE_EDIT)
			rc = try_source(j, source, &fits);
		if (rc || fits || source->kind != SETTLE_SIDE_EDIT)
			continue;
		pages_copy(s, &j->other, &s->agreed);
		rc = pages_lay(s, &j->other, source);
		if (rc == 0)
			rc = check_valid(s, &j->other);
		if (rc == 0)
			rc = check_images(s, &j->other);
	}
	return rc;
}

/* Those that touch each other by themselves, side by side. */
static int judge_apart(struct judge *j, bool failed)
{
	struct settler *s = j->s;
	int rc = find_touching(s);

	if (rc == 0)
		rc = find_contested(j, failed);
	if (rc == 0)
		rc = find_needs(s, &j->other);
	if (rc == 0)
		rc = make_contests(j, false);
	if (rc)
		return rc;
	settle_others(j);
	return run_contests(j);
}

/* All in one, one after the other. */
static int judge_in_one(struct judge *j)
{
	int rc = make_contests(j, true);

	return rc ? rc : run_contests(j);
}

/* Whether there is one document of a thing that nobody agreed on, which stands as it was
 * written (a part that it refers to may say otherwise), all of which is judged, and nothing
 * stands in for what is missing. */
static bool is_alone(const struct settler *s)
{
	const struct source *source = s->sources;
	const struct page *page;

	if (!s->input->creation || s->source_count != 1 || s->input->delete_count)
		return false;
	page = s->agreed.pages[source->slot];
	if (!page || !str_equal(json_span(page->value), json_span(source->document)))
		return false;
	for (size_t i = 0; i < source->edit_count; i++)
		if (source->edits[i].head == &source->edits[i] && !source->edits[i].judged)
			return false;
	for (size_t i = 0; i < s->family->slot_count; i++)
		if (s->agreed.pages[i] && s->agreed.pages[i]->phantom)
			return false;
	return true;
}

/* It has been carried to all others already (settle.c). Where each is the image of its
 * neighbours, putting its edits and carrying them once more would change nothing. */
static int accept_alone(struct settler *s, bool *ret_accepted)
{
	int rc = check_valid(s, &s->agreed);

	rc = rc ? rc : check_images(s, &s->agreed);
	*ret_accepted = rc == 0;
	if (rc)
		return is_failure(rc) ? 0 : rc; /* the longer way says whose fault it is */
	accept_all(s);
	s->carried_all = true;
	pages_copy(s, &s->result, &s->agreed);
	return 0;
}

static int judge_once(struct settler *s)
{
	struct judge j = {.s = s};
	bool stand = false, alone = is_alone(s);
	int rc = alone ? accept_alone(s, &alone) : 0, tried;

	if (rc || alone)
		return rc;
	rc = pages_init(s, &j.state);
	if (rc == 0)
		rc = pages_init(s, &j.other);
	if (rc)
		return rc;
	tried = try_all(&j, &stand);
	if (tried && !is_failure(tried))
		return tried;
	if (!stand || s->input->saved_count > 1)
		rc = check_sources(&j);
	if (rc == 0 && stand)
		accept_all(s);
	else if (rc == 0)
		rc = judge_apart(&j, tried != 0);
	if (rc == JUDGE_COUPLED)
		rc = judge_in_one(&j);
	return rc ? rc : finish(&j);
}

static void forget_verdicts(struct settler *s)
{
	for (size_t i = 0; i < s->source_count; i++) {
		struct source *source = &s->sources[i];

		source->asked = false;
		for (size_t k = 0; k < source->edit_count; k++) {
			struct edit *edit = &source->edits[k];

			edit->contested = edit->accepted = edit->held = edit->late = false;
			edit->unfit = false;
			edit->unit = NULL;
			edit->unit_count = 0;
			edit->winner = NULL;
		}
	}
}

int judge(struct settler *s)
{
	bool moved = false;
	int rc = judge_once(s);

	rc = rc ? rc : move_pending(s, &moved);
	while (rc == 0 && moved) {
		forget_verdicts(s);
		rc = list_judged(s);
		rc = rc ? rc : judge_once(s);
		rc = rc ? rc : move_pending(s, &moved);
	}
	return rc;
}
