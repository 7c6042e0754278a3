/* Who wins among edits that touch each other: greedily, in descending priority. One is
 * accepted if it stands with all that were accepted before it, and with what its app did
 * not know. Contests that cannot meet go on side by side: each proposes what it wants to
 * try next, and one replay answers them all. */
#include "sync/lineage/settler.h"

/* The edits that are tried: c->proposed. */
static void propose(struct settler *s, struct contest *c, struct edit *edit)
{
	if (edit->trial == s->trial)
		return;
	trial_add(s, edit);
	c->proposed[c->proposed_count++] = edit;
}

/* With those of its document that it needs. */
static void propose_unit(struct settler *s, struct contest *c, struct edit *edit)
{
	propose(s, c, edit);
	for (size_t i = 0; i < edit->unit_count; i++)
		propose(s, c, edit->unit[i]);
}

/* Whether the app of `edit` did not know what was said, and must leave it. */
static bool unseen(const struct settler *s, const struct edit *edit, const struct edit *said)
{
	if (edit->late && s->input->policy.late_edit_wins)
		return false;
	return edit_unseen(edit, said);
}

/* --- late? ------------------------------------------------------------------------ */

static bool propose_late(struct settler *s, struct contest *c)
{
	for (; c->at < c->count; c->at++) {
		for (size_t i = 0; i < c->said_count; i++)
			if (unseen(s, c->edits[c->at], c->said[i]))
				propose(s, c, c->said[i]);
		if (!c->proposed_count)
			continue;
		propose_unit(s, c, c->edits[c->at]);
		return true;
	}
	return false;
}

/* Late ones come after all others, or before them. */
static void order_late(struct settler *s, struct contest *c)
{
	bool first = s->input->policy.late_edit_wins;
	size_t count = 0;

	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < c->count; i++)
			if (c->edits[i]->late == (first == (turn == 0)))
				c->left[count++] = c->edits[i];
	memcpy(c->edits, c->left, count * sizeof(struct edit *));
}

/* --- accepting ------------------------------------------------------------------------- */

/* The next document's edits. */
static bool begin_group(struct contest *c)
{
	const struct source *source = NULL;

	c->left_count = c->cursor = 0;
	for (; c->at < c->count && (!source || c->edits[c->at]->source == source); c->at++) {
		source = c->edits[c->at]->source;
		if (!c->edits[c->at]->accepted)
			c->left[c->left_count++] = c->edits[c->at];
	}
	c->chunk = c->left_count;
	c->grown = c->needs_too = false;
	c->known_too = true;
	return source != NULL;
}

/* Whether what was said must be left by the edits at the cursor: where their app did not
 * know it, or, `known_too`, because it is held against others. */
static bool in_hold(const struct settler *s, const struct contest *c, const struct edit *said,
		    bool known_too)
{
	bool must = false;

	if (!said->held && !said->stands)
		return false;
	for (size_t i = c->cursor; i < c->cursor + c->chunk && !must; i++)
		must = unseen(s, c->left[i], said);
	return must || (known_too && said->held);
}

/* Whether leaving aside what its app knew makes a difference. */
static bool knows_more(const struct settler *s, const struct contest *c)
{
	for (size_t i = 0; i < c->said_count; i++)
		if (in_hold(s, c, c->said[i], true) != in_hold(s, c, c->said[i], false))
			return true;
	return false;
}

static void propose_chunk(struct settler *s, struct contest *c)
{
	for (size_t i = 0; i < c->said_count; i++)
		if (in_hold(s, c, c->said[i], c->known_too))
			propose(s, c, c->said[i]);
	for (size_t i = 0; i < c->accepted_count; i++)
		propose(s, c, c->accepted[i]);
	for (size_t i = 0; i < c->chunk && !c->needs_too; i++)
		propose(s, c, c->left[c->cursor + i]);
	if (c->needs_too)
		propose_unit(s, c, c->left[c->cursor]);
}

static void accept(struct settler *s, struct contest *c, struct edit *edit)
{
	if (edit->accepted)
		return;
	edit->accepted = true;
	edit->place = c->accepted_count;
	c->accepted[c->accepted_count++] = edit;
	taken_note(s, edit);
}

/* Accepted ones are left no more. */
static void shorten_left(struct contest *c)
{
	size_t count = 0, cursor = c->cursor;

	for (size_t i = 0; i < c->left_count; i++) {
		if (!c->left[i]->accepted)
			c->left[count++] = c->left[i];
		else if (i < cursor)
			c->cursor--;
	}
	c->left_count = count;
}

static int accept_chunk(struct settler *s, struct contest *c, const struct pages *state)
{
	size_t chunk = c->chunk;
	int rc = 0;

	for (size_t i = 0; i < c->said_count; i++)
		c->said[i]->held = in_hold(s, c, c->said[i], c->known_too);
	for (size_t i = 0; i < c->said_count; i++)
		c->said[i]->stands = edit_stands(s, state, c->said[i], &rc);
	for (size_t i = 0; i < chunk; i++) {
		struct edit *edit = c->left[c->cursor + i];

		accept(s, c, edit);
		for (size_t k = 0; k < edit->unit_count && c->needs_too; k++)
			accept(s, c, edit->unit[k]);
	}
	shorten_left(c);
	c->chunk = chunk * 2;
	c->grown = c->known_too = true;
	c->needs_too = false;
	return rc;
}

/* The edit at the cursor does not fit. What it was tried with is kept: it is asked later
 * whom it lost to. */
static int pass_over(struct settler *s, struct contest *c)
{
	struct edit *edit = c->left[c->cursor];
	size_t count = 0;

	c->chunk = 1;
	edit->hold = arena_alloc(&s->arena, (c->said_count + 1) * sizeof(struct edit *));
	if (!edit->hold)
		return error_nomem(s->error);
	for (size_t i = 0; i < c->said_count; i++)
		if (in_hold(s, c, c->said[i], false))
			edit->hold[count++] = c->said[i];
	edit->hold_count = count;
	c->cursor++;
	c->known_too = true;
	c->needs_too = false;
	return 0;
}

static void note_losers(struct contest *c)
{
	for (size_t i = 0; i < c->left_count; i++) {
		c->left[i]->lost_among = c->accepted_count;
		c->losers[c->loser_count++] = c->left[i];
	}
	c->left_count = 0;
}

/* Shortens the chunk to what may stand as far as is known; 0: the first one cannot. */
static size_t without_clash(struct settler *s, const struct contest *c)
{
	size_t count = 0, max = c->left_count - c->cursor;

	max = c->chunk && c->chunk < max ? c->chunk : max;
	while (count < max && !taken_clash(s, c->left[c->cursor + count]))
		count++;
	return count;
}

static bool propose_accept(struct settler *s, struct contest *c, int *rc)
{
	while (*rc == 0) {
		if (c->cursor >= c->left_count && c->grown && c->left_count) {
			/* Those of one document are tried until no more of them fit. */
			c->cursor = 0;
			c->grown = false;
			c->chunk = c->left_count;
		}
		if (c->cursor >= c->left_count) {
			note_losers(c);
			if (!begin_group(c))
				return false;
			continue;
		}
		c->chunk = without_clash(s, c);
		if (c->chunk) {
			propose_chunk(s, c);
			return true;
		}
		c->chunk = 1;
		*rc = pass_over(s, c);
	}
	return false;
}

static int answer_accept(struct settler *s, struct contest *c, bool fits, const struct pages *state)
{
	if (fits)
		return accept_chunk(s, c, state);
	if (c->chunk > 1) {
		c->chunk /= 2;
		return 0;
	}
	if (c->known_too && knows_more(s, c)) {
		c->known_too = false;
		return 0;
	}
	if (!c->needs_too && c->left[c->cursor]->unit_count) {
		c->known_too = c->needs_too = true;
		return 0;
	}
	return pass_over(s, c);
}

/* --- against whom? ------------------------------------------------------------------------ */

static bool is_said(const struct edit *edit)
{
	return edit->source->kind == SETTLE_SIDE_SAID;
}

/* With late_edit_wins, what was said may have given way. */
static void note_said(struct settler *s, struct contest *c)
{
	for (size_t i = 0; i < c->said_count && s->input->policy.late_edit_wins; i++) {
		if (c->said[i]->stands)
			continue;
		c->said[i]->lost_among = c->accepted_count;
		c->losers[c->loser_count++] = c->said[i];
	}
}

static bool is_other(const struct edit *edit, const struct edit *loser)
{
	return edit->accepted && edit->place < loser->lost_among && edit->source != loser->source;
}

static bool has_own(const struct contest *c, const struct edit *loser)
{
	for (size_t i = 0; i < loser->lost_among; i++)
		if (c->accepted[i]->source == loser->source)
			return true;
	return false;
}

/* From the highest priority down what must have been left, then what was accepted, as it was. */
static void list_others(struct settler *s, struct contest *c, struct edit *loser)
{
	struct edit *clash = is_said(loser) ? NULL : taken_clash(s, loser);
	size_t count = loser->hold_count;

	for (size_t i = 0; i < count; i++)
		c->others[i] = loser->hold[i];
	for (size_t i = 0; i < c->accepted_count; i++)
		if (is_other(c->accepted[i], loser))
			c->others[count++] = c->accepted[i];
	c->low = c->probed = 0;
	c->other_count = c->high = count;
	/* Where the others alone leave it standing, its own document said more. */
	c->own = !has_own(c, loser) ? OWN_NONE : OWN_UNKNOWN;
	for (size_t i = 0; clash && i < count; i++) {
		if (c->others[i] != clash)
			continue;
		c->high = i + 1;
		c->own = OWN_NONE;
	}
	c->end = c->high;
}

/* In how many ways the loser can be tried: alone or with what it needs, beside others alone or
 * with what they need. One suffices in which it stands. Where there is none, the others must stand
 * without it: else they tell nothing. */
enum { WAY_NEEDS = 1, WAY_OTHERS_NEED = 2, WAY_WITHOUT = 4, WAYS = 8 };

static bool others_need(const struct contest *c)
{
	for (size_t i = 0; i < c->middle; i++)
		if (c->others[i]->unit_count)
			return true;
	return false;
}

/* The next way that is not as one before; false: there is none. */
static bool next_way(struct contest *c, const struct edit *loser)
{
	bool needs = !is_said(loser) && loser->unit_count;
	bool others = others_need(c), without = !is_said(loser) && c->own != OWN_UNKNOWN;

	while (++c->ways < WAYS)
		if ((needs || !(c->ways & WAY_NEEDS)) && (others || !(c->ways & WAY_OTHERS_NEED)) &&
		    (without || !(c->ways & WAY_WITHOUT)) &&
		    !(c->ways & WAY_NEEDS && c->ways & WAY_WITHOUT))
			return true;
	c->ways = 0;
	return false;
}

/* So many of the others; the loser beside them, but what was said need not be put. */
static void propose_others(struct settler *s, struct contest *c, struct edit *loser)
{
	for (size_t i = 0; i < c->middle; i++)
		if (c->ways & WAY_OTHERS_NEED)
			propose_unit(s, c, c->others[i]);
		else
			propose(s, c, c->others[i]);
	for (size_t i = 0; i < loser->lost_among && c->own == OWN_WITH; i++)
		if (c->accepted[i]->source == loser->source)
			propose(s, c, c->accepted[i]);
	if (is_said(loser) || c->ways & WAY_WITHOUT)
		return;
	if (c->ways & WAY_NEEDS)
		propose_unit(s, c, loser);
	else
		propose(s, c, loser);
}

/* What was said has lost only to who had not seen it, and came late. */
static struct edit *winner_of(const struct contest *c, const struct edit *loser)
{
	struct edit *winner = c->other_count ? c->others[c->high - 1] : NULL;

	if (winner && is_said(loser) && !(winner->late && edit_unseen(winner, loser)))
		return NULL;
	return winner;
}

static void choose_middle(struct contest *c)
{
	if (c->own == OWN_UNKNOWN)
		c->middle = c->other_count;
	else if (!c->probed)
		c->middle = c->probed = c->low ? c->low + (c->end - c->low) / 2 : 1;
}

/* The first with which, and with all before it, the loser cannot stand, though these can. */
static bool propose_against(struct settler *s, struct contest *c)
{
	for (; c->at < c->loser_count; c->at++, c->listed = false) {
		struct edit *loser = c->losers[c->at];

		if (loser->unfit)
			continue;
		if (!c->listed)
			list_others(s, c, loser);
		c->listed = true;
		if (c->own != OWN_UNKNOWN && (c->end - c->low <= 1 || c->other_count == 0)) {
			loser->winner = winner_of(c, loser);
			continue;
		}
		choose_middle(c);
		propose_others(s, c, loser);
		return true;
	}
	return false;
}

/* With so many of the others it cannot be told: then with more of them, or with fewer than
 * those. */
static void pass_middle(struct contest *c)
{
	if (++c->middle < c->end)
		return;
	c->end = c->probed;
	c->probed = 0;
}

/* Where what was agreed cannot be read any more, what stands in for it may not be sound: then
 * nothing that is put on it is. */
static int ask_agreed(struct settler *s)
{
	struct pages agreed;
	int rc = 0;

	if (s->agreed_asked)
		return 0;
	s->agreed_asked = true;
	if (pages_init(s, &agreed))
		return error_nomem(s->error);
	pages_copy(s, &agreed, &s->agreed);
	rc = check_valid(s, &agreed);
	rc = rc ? rc : check_images(s, &agreed);
	s->agreed_sound = rc == 0;
	pages_clear(s, &agreed);
	return is_failure(rc) ? 0 : rc;
}

static void note_middle(const struct settler *s, struct contest *c, bool stands)
{
	if (c->own == OWN_UNKNOWN) {
		c->own = stands ? OWN_WITH : OWN_NONE;
	} else if (!stands && !c->proven && s->agreed_sound) {
		pass_middle(c);
	} else {
		c->probed = 0;
		if (stands)
			c->low = c->middle;
		else
			c->high = c->end = c->middle;
	}
	c->ways = 0;
	c->proven = false;
}

static int answer_against(struct settler *s, struct contest *c, bool fits,
			  const struct pages *state)
{
	struct edit *loser = c->losers[c->at];
	bool stands = fits && !(c->ways & WAY_WITHOUT);
	int rc = 0;

	/* Of what was said one replay tells both. */
	if (is_said(loser))
		stands = s->carried_all && edit_stands(s, state, loser, &rc);
	c->proven = c->proven || (fits && (is_said(loser) || c->ways & WAY_WITHOUT));
	if (!stands && !(c->proven && !is_said(loser)) && next_way(c, loser))
		return rc;
	if (rc == 0 && !stands && !c->proven)
		rc = ask_agreed(s);
	note_middle(s, c, stands);
	return rc;
}

/* --- the steps ------------------------------------------------------------------------------ */

static void begin_stage(struct contest *c, enum contest_stage stage)
{
	c->stage = stage;
	c->at = c->left_count = c->cursor = 0;
	c->grown = c->listed = c->proven = false;
	c->ways = 0;
}

bool contest_propose(struct settler *s, struct contest *c, int *rc)
{
	c->proposed_count = 0;
	if (c->stage == CONTEST_LATE) {
		if (propose_late(s, c))
			return true;
		order_late(s, c);
		begin_stage(c, CONTEST_ACCEPT);
	}
	if (c->stage == CONTEST_ACCEPT) {
		if (propose_accept(s, c, rc))
			return true;
		begin_stage(c, CONTEST_AGAINST);
		note_said(s, c);
	}
	return *rc == 0 && propose_against(s, c);
}

int contest_answer(struct settler *s, struct contest *c, bool failed, const struct pages *state)
{
	bool fits = !failed;
	int rc = 0;

	for (size_t i = 0; i < c->proposed_count && fits; i++)
		fits = edit_stands(s, state, c->proposed[i], &rc);
	if (rc)
		return rc;
	if (c->stage == CONTEST_ACCEPT)
		return answer_accept(s, c, fits, state);
	if (c->stage == CONTEST_LATE)
		c->edits[c->at++]->late = !fits;
	else
		return answer_against(s, c, fits, state);
	return 0;
}
