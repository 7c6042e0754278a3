/* Law 2, by a model that knows nothing of the engine: which app wrote what, and what it
 * had before the eyes.
 *
 * Each write of an app is one bit; a revision carries the bits of all writes that went
 * into it, those of the engine the bits of all that it had read. A write that nobody who
 * wrote later had before the eyes is a last word. Where an atom has one last word, it
 * must stand. Where it has several, one must stand, and each other must be listed with
 * its value. Values never come again but where an atom is loose.
 */
#include "sim.h"

/* --- the conflict list ---------------------------------------------------------------- */

static void copy_text(struct json_value value, char *out, size_t size)
{
	struct cf_str text = json_is_absent(value)             ? STR("")
			     : json_kind(value) == JSON_STRING ? json_inner(value)
							       : json_span(value);

	snprintf(out, size, "%.*s", STR_ARG(text));
}

/* Elements with a key are named by it; here "a" is the first one, "b" the second. */
static void copy_pointer(struct json_value value, char *out, size_t size)
{
	char *token;

	copy_text(value, out, size);
	while ((token = strstr(out, "/[\\\"")) && token[4] && strncmp(token + 5, "\\\"]", 3) == 0) {
		token[1] = (char)('0' + token[4] - 'a');
		memmove(token + 2, token + 8, strlen(token + 8) + 1);
	}
}

static bool side_whole(struct json_value side)
{
	return json_kind(json_member(side, STR("version"))) == JSON_STRING &&
	       json_kind(json_member(side, STR("rev"))) == JSON_STRING &&
	       !json_is_absent(json_member(side, STR("value")));
}

static int note_listed(void *ctx, struct cf_str id, struct json_value body)
{
	struct world *world = ctx;
	struct json_value loser = json_member(body, STR("loser"));
	struct json_value winner = json_member(body, STR("winner"));
	struct listed *listed = &world->listed[world->listed_count];
	struct json_value value = json_member(loser, STR("value"));

	if (world->listed_count == LISTED_MAX)
		return 0;
	memset(listed, 0, sizeof(*listed));
	snprintf(listed->record, sizeof(listed->record), "%.*s", STR_ARG(id));
	copy_text(json_member(winner, STR("id")), listed->winner_id, sizeof(listed->winner_id));
	copy_pointer(json_member(winner, STR("pointer")), listed->winner_pointer,
		     sizeof(listed->winner_pointer));
	copy_text(json_member(winner, STR("rev")), listed->winner_rev, sizeof(listed->winner_rev));
	if (!json_is_absent(json_member(winner, STR("value"))))
		snprintf(listed->winner_value, sizeof(listed->winner_value), "%.*s",
			 STR_ARG(json_span(json_member(winner, STR("value")))));
	copy_text(json_member(loser, STR("id")), listed->loser_id, sizeof(listed->loser_id));
	copy_text(json_member(loser, STR("rev")), listed->loser_rev, sizeof(listed->loser_rev));
	copy_pointer(json_member(body, STR("pointer")), listed->pointer, sizeof(listed->pointer));
	copy_text(json_member(body, STR("kind")), listed->kind, sizeof(listed->kind));
	if (!json_is_absent(value))
		snprintf(listed->value, sizeof(listed->value), "%.*s", STR_ARG(json_span(value)));
	listed->lineage = world_lineage(world, str_of(listed->loser_id));
	listed->whole = side_whole(winner) && side_whole(loser);
	for (size_t i = 0; i < world->listed_count; i++)
		if (memcmp(&world->listed[i], listed, sizeof(*listed)) == 0)
			return 0;
	world->listed_count++;
	return 0;
}

void listed_collect(struct world *world)
{
	int rc = sync_walk(&world->records, SYNC_CONFLICTS, note_listed, world, &mem_heap,
			   &world->error);

	cf_assert(rc == 0);
}

/* Whether a stub is one of these bytes. */
static bool names_data(const char *stub, struct cf_str data)
{
	char hex[33];

	hash128_hex(hash128(data), hex);
	return strstr(stub, hex) != NULL;
}

/* Whether a listed value is what the write said, as that version says it. */
static bool is_image(struct world *world, const char *value, const struct view *view, int token,
		     unsigned bits_lost)
{
	struct cf_buf text;
	struct json_doc doc;
	int listed;
	bool same;

	if (token == TOKEN_ABSENT)
		return strcmp(value, "null") == 0;
	if (view->kind == VALUE_DATA) {
		buf_init(&text, &mem_heap);
		view_text(view, token, &text);
		same = names_data(value, buf_view(&text));
		buf_fini(&text);
		return same;
	}
	/* Several tokens may read the same. */
	if (view->kind == VALUE_CHOICE && token >= 0 && !view->wrapped)
		return strcmp(value, view->choices[(unsigned)token % view->choice_count]) == 0;
	json_doc_init(&doc, &mem_heap);
	listed = view_token(view, world_json(world, &doc, str_of(value)));
	json_doc_fini(&doc);
	return listed >= 0 &&
	       listed >> bits_lost == token >> view->shift << view->shift >> bits_lost;
}

/* Whether an entry says that this write lost: in its own version, or where it had been
 * agreed on, in any. */
static bool is_loser(struct world *world, const struct listed *listed, const struct event *event,
		     size_t atom)
{
	const struct atom_def *def = &world->shape->atoms[atom];

	for (size_t i = 0; i < world->shape->level_count && listed->whole; i++) {
		const struct view *view = &def->views[i];
		char id[64];

		if (!view->there)
			continue;
		place_id(&world->shape->levels[i].places[view->place], event->lineage, id);
		if (strcmp(listed->loser_id, id) == 0 &&
		    strcmp(listed->pointer, view->pointer) == 0 &&
		    is_image(world, listed->value, view, event->changes[atom],
			     i == event->level ? 0 : def->shift_max))
			return true;
	}
	return false;
}

static bool is_listed(struct world *world, const struct event *event, size_t atom)
{
	for (size_t i = 0; i < world->listed_count; i++)
		if (is_loser(world, &world->listed[i], event, atom))
			return true;
	return false;
}

/* --- last words ----------------------------------------------------------------------- */

static bool concerns(const struct event *event, unsigned lineage, size_t atom)
{
	return event->lineage == lineage && !event->deleted && event->changes[atom] != UNTOUCHED;
}

/* Bits of the writes of an atom that nobody who wrote it later had seen. */
static uint64_t last_words(const struct world *world, unsigned lineage, size_t atom)
{
	uint64_t words = 0, seen = 0;

	for (size_t i = 0; i < world->event_count; i++) {
		if (!concerns(&world->events[i], lineage, atom))
			continue;
		words |= UINT64_C(1) << i;
		seen |= world->events[i].seen;
	}
	return words & ~seen;
}

/* What a version says of an atom; TOKEN_GARBAGE where its document is not there. */
static int token_now(struct world *world, unsigned lineage, size_t atom, size_t level)
{
	const struct view *view = &world->shape->atoms[atom].views[level];
	struct cf_record record;
	char id[64];

	place_id(&world->shape->levels[level].places[view->place], lineage, id);
	record = world_read(world, world->server, id, CF_READ_BODIES | CF_READ_ATTACHMENTS);
	if (record.revision_count == 0 || record.revisions[0].deleted)
		return TOKEN_GARBAGE;
	return revision_token(world, view, &record.revisions[0]);
}

/* Whether what stands now is what the write said: to the last bit in its own version,
 * as far as all can tell in the others. */
static bool stands(struct world *world, unsigned lineage, size_t atom, const struct event *event)
{
	const struct atom_def *def = &world->shape->atoms[atom];
	int said = event->changes[atom];

	for (size_t level = 0; level < world->shape->level_count; level++) {
		int now;

		if (!def->views[level].there || (def->loose && level != event->level))
			continue;
		now = token_now(world, lineage, atom, level);
		if (def->loose && def->views[level].kind == VALUE_CHOICE && said >= 0 && now >= 0) {
			if (strcmp(def->views[level].choices[now], def->views[level].choices[said]))
				return false;
		} else if (level == event->level ? now != said
			   : now < 0 || said < 0
				   ? now != said
				   : now >> def->shift_max != said >> def->shift_max) {
			return false;
		}
	}
	return true;
}

/* Whether all versions say the lens's default, which nobody wrote: a document made
 * before somebody's own one arrived had it. */
static bool is_default(struct world *world, unsigned lineage, size_t atom)
{
	for (size_t level = 0; level < world->shape->level_count; level++)
		if (world->shape->atoms[atom].views[level].there &&
		    token_now(world, lineage, atom, level) != 0)
			return false;
	return true;
}

static void check_atom(struct world *world, unsigned lineage, size_t atom)
{
	uint64_t words = last_words(world, lineage, atom);
	bool loose = world->shape->atoms[atom].loose, any = words == 0;
	bool untold;

	for (size_t i = 0; i < world->event_count; i++)
		any = any || ((words >> i & 1) && stands(world, lineage, atom, &world->events[i]));
	untold = !any && is_default(world, lineage, atom);
	any = any || untold;
	for (size_t i = 0; i < world->event_count && !world->law; i++) {
		const struct event *event = &world->events[i];

		if (!(words >> i & 1) || stands(world, lineage, atom, event))
			continue;
		/* Of what grew on twins the database may never have seen the root: then all
		 * that differs is contested, also against what nobody touched. */
		if (is_listed(world, event, atom) &&
		    (any || world->state_lost || world->twins[lineage]))
			continue;
		/* Without state nobody knows what was once there. */
		if (world->state_lost && event->changes[atom] == TOKEN_ABSENT)
			continue;
		/* Absent, and what is loose, comes again: another last word, or what this one
		 * was based on where that is missing, may look the same. */
		if ((loose || event->changes[atom] == TOKEN_ABSENT) &&
		    (world->twins[lineage] || (any && (untold || (words & (words - 1))))))
			continue;
		world_fail(world, 2, "the edit of %s by write %zu (%s %s) is lost%s", event->id, i,
			   world->shape->atoms[atom].views[event->level].pointer, event->rev,
			   any ? " and not listed" : "; no last word stands");
	}
}

void model_note_agreed(struct world *world)
{
	memset(world->agreed, -1, sizeof(world->agreed));
	for (unsigned lineage = 0; lineage < KEYS; lineage++) {
		if (oracle_blocked(world, lineage))
			continue;
		for (size_t i = 0; i < world->event_count; i++)
			for (size_t atom = 0; atom < world->shape->atom_count; atom++)
				if (concerns(&world->events[i], lineage, atom) &&
				    world->events[i].changes[atom] >= 0 &&
				    stands(world, lineage, atom, &world->events[i]))
					world->agreed[lineage][atom] = (int8_t)i;
	}
}

/* The policy: what was agreed stays, whatever comes late. What somebody decided on is a value
 * that others have had before their eyes. */
static void check_policy(struct world *world, unsigned lineage, size_t atom)
{
	const struct atom_def *def = &world->shape->atoms[atom];
	int agreed = world->agreed[lineage][atom];

	if (def->loose || world->shape->late_wins || agreed < 0 || world->events[agreed].decided ||
	    !(last_words(world, lineage, atom) >> agreed & 1))
		return;
	if (!stands(world, lineage, atom, &world->events[agreed]))
		world_fail(world, 2, "%s of k%u was agreed, and gave way to what came late",
			   def->views[world->events[agreed].level].pointer, lineage);
}

/* --- deletes ------------------------------------------------------------------------------ */

static bool lineage_lives(struct world *world, unsigned lineage)
{
	for (size_t i = 0; i < world->shape->level_count; i++) {
		for (size_t k = 0; k < world->shape->levels[i].place_count; k++) {
			struct cf_record record;
			char id[64];

			place_id(&world->shape->levels[i].places[k], lineage, id);
			record = world_read(world, world->server, id, 0);
			if (record.revision_count && !record.revisions[0].deleted)
				return true;
		}
	}
	return false;
}

/* Whether the document that was deleted can say anything of a write. */
static bool could_tell(struct world *world, const struct event *deleted, const struct event *write)
{
	const struct level *level = &world->shape->levels[deleted->level];

	for (size_t i = 0; i < world->shape->atom_count; i++) {
		const struct view *view = &world->shape->atoms[i].views[deleted->level];
		char id[64];

		/* Some of it may have lost before, atom by atom. */
		if (write->changes[i] < 0 || !view->there || is_listed(world, write, i) ||
		    world->shape->atoms[i].loose || world->shape->atoms[i].mute)
			continue;
		place_id(&level->places[view->place], deleted->lineage, id);
		if (strcmp(id, deleted->id) == 0)
			return true;
	}
	return false;
}

/* What happened to a lineage as a whole. */
struct fate {
	uint64_t writes, deletes;
	uint64_t last; /* of both: the last words */
	bool all_seen; /* somebody deleted it who had seen all that was ever written */
};

static struct fate fate_of(const struct world *world, unsigned lineage)
{
	struct fate fate = {0};
	uint64_t seen = 0;

	for (size_t i = 0; i < world->event_count; i++) {
		const struct event *event = &world->events[i];

		if (event->lineage != lineage)
			continue;
		seen |= event->seen;
		*(event->deleted ? &fate.deletes : &fate.writes) |= UINT64_C(1) << i;
	}
	for (size_t i = 0; i < world->event_count; i++)
		if (fate.deletes >> i & 1 && !(fate.writes & ~world->events[i].seen))
			fate.all_seen = true;
	/* A part that changed, by whichever thing that shares it, makes a delete late. */
	for (size_t i = 0; i < world->event_count && world->shape->shared.there; i++)
		fate.all_seen = fate.all_seen && world->events[i].lineage == lineage;
	fate.last = (fate.writes | fate.deletes) & ~seen;
	return fate;
}

/* Whether a write stands against all deletes: nobody who deleted had seen it, though
 * their documents could tell them of it. */
static bool is_rescued(struct world *world, const struct fate *fate)
{
	for (size_t i = 0; i < world->event_count; i++) {
		bool all = (fate->last & fate->writes) >> i & 1;

		for (size_t k = 0; all && k < world->event_count; k++)
			if (fate->deletes >> k & 1)
				all = could_tell(world, &world->events[k], &world->events[i]);
		if (all)
			return true;
	}
	return false;
}

/* Returns whether the lineage was ever deleted. */
static bool check_deletes(struct world *world, unsigned lineage)
{
	struct fate fate = fate_of(world, lineage);
	bool lives = lineage_lives(world, lineage);

	if (!fate.deletes && fate.writes && !lives)
		world_fail(world, 2, "k%u is gone and nobody deleted it", lineage);
	if (!fate.deletes || world->state_lost)
		return fate.deletes != 0 || world->buried[lineage];
	if (fate.all_seen && lives)
		world_fail(world, 2, "k%u was deleted and lives", lineage);
	if (is_rescued(world, &fate) && !lives)
		world_fail(world, 2, "k%u is gone, though it was edited meanwhile", lineage);
	return true;
}

/* Whether a pointer names an element (copy_pointer made a digit of its key): that it is there
 * was said, whatever else is in it. */
static bool is_element(const char *pointer)
{
	const char *last = strrchr(pointer, '/');

	return last && last[1] >= '0' && last[1] <= '9' && !last[2];
}

/* A revision that is named says the value that is named; what the store forgot, or
 * says elsewhere, cannot be told. */
static void check_named(struct world *world, const struct listed *listed, const char *id,
			const char *rev, const char *pointer, const char *value)
{
	struct cf_get get = {str_of(id), str_of(rev)};
	struct cf_record record = {0};
	struct json_doc doc;
	struct json_value at;
	int rc = store_get(world->server, &get, 1, CF_READ_BODIES, &world->arena, &record, NULL);

	if (rc || *rev == '\0' || world_lineage(world, str_of(id)) == KEYS ||
	    record.revision_count == 0 || !record.revisions[0].body.ptr ||
	    strncmp(pointer, "/_attachments", 13) == 0 || *pointer == '\0' || is_element(pointer))
		return;
	json_doc_init(&doc, &mem_heap);
	at = json_pointer_get(world_json(world, &doc, record.revisions[0].body), str_of(pointer));
	if (!str_equal(json_is_absent(at) ? STR("null") : json_span(at), str_of(value)))
		world_fail(world, 2, "%s lists %s of %s %s, which says %.*s", listed->record, value,
			   id, rev, STR_ARG(json_is_absent(at) ? STR("nothing") : json_span(at)));
	json_doc_fini(&doc);
}

/* Whether somebody wrote the atom who had not seen this write, nor was seen by it. */
static bool is_contested(const struct world *world, size_t number, size_t atom)
{
	const struct event *event = &world->events[number];

	for (size_t i = 0; i < world->event_count; i++) {
		const struct event *other = &world->events[i];

		if (i != number && concerns(other, event->lineage, atom) &&
		    !(event->seen >> i & 1) && !(other->seen >> number & 1))
			return true;
	}
	return false;
}

/* Whether one app made the thing: where two do, each of his own, what one of them says
 * meets defaults that nobody wrote. */
static bool has_one_maker(const struct world *world, unsigned lineage)
{
	const struct event *maker = NULL;

	for (size_t i = 0; i < world->event_count; i++) {
		const struct event *event = &world->events[i];

		if (event->lineage != lineage || event->seen)
			continue;
		if (maker && maker->app != event->app)
			return false;
		maker = event;
	}
	return true;
}

/* Nobody is bothered with what nobody contested. */
static void check_contested(struct world *world, const struct listed *listed)
{
	if (listed->lineage >= KEYS || world->twins[listed->lineage])
		return;
	for (size_t i = 0; i < world->event_count; i++) {
		const struct event *event = &world->events[i];

		for (size_t atom = 0; atom < world->shape->atom_count && !event->decided; atom++) {
			const struct atom_def *def = &world->shape->atoms[atom];

			if (!concerns(event, listed->lineage, atom) || def->mute || def->loose ||
			    event->changes[atom] < 0 || !is_loser(world, listed, event, atom))
				continue;
			if (!is_contested(world, i, atom))
				world_fail(world, 2, "%s lists %s of %s, which nobody contested",
					   listed->record, listed->value, event->id);
		}
	}
}

void model_check(struct world *world)
{
	listed_collect(world);
	for (size_t i = 0; i < world->listed_count && !world->law; i++) {
		const struct listed *listed = &world->listed[i];

		if (!world->state_lost && has_one_maker(world, listed->lineage) &&
		    !fate_of(world, listed->lineage).deletes)
			check_contested(world, listed);
		check_named(world, listed, listed->loser_id, listed->loser_rev, listed->pointer,
			    listed->value);
		check_named(world, listed, listed->winner_id, listed->winner_rev,
			    listed->winner_pointer, listed->winner_value);
	}
	for (unsigned lineage = 0; lineage < KEYS && !world->law; lineage++) {
		if (check_deletes(world, lineage) || world->law)
			continue;
		for (size_t atom = 0; atom < world->shape->atom_count && !world->law; atom++)
			if (!world->shape->atoms[atom].mute) {
				check_atom(world, lineage, atom);
				check_policy(world, lineage, atom);
			}
	}
}
