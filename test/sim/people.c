/* What people do to the lists and the state while the engines run: they decide on contested
 * edits, ask for another look at what is in quarantine, and have the state built anew. */
#include "sim.h"

/* --- an entry of the conflict list ------------------------------------------------------- */

struct picked {
	struct rng *rng;
	size_t count;
	char entry[192];
	char ids[2][64], revs[2][48]; /* loser, winner */
};

static void take_text(struct json_value value, char *out, size_t size)
{
	snprintf(out, size, "%.*s", STR_ARG(json_inner(value)));
}

/* Each is as likely. */
static int pick_one(void *ctx, struct cf_str id, struct json_value body)
{
	static const char *const names[] = {"loser", "winner"};
	struct picked *picked = ctx;

	if (rng_below(picked->rng, ++picked->count))
		return 0;
	snprintf(picked->entry, sizeof(picked->entry), "%.*s", STR_ARG(id));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_value side = json_member(body, str_of(names[i]));

		take_text(json_member(side, STR("id")), picked->ids[i], sizeof(picked->ids[i]));
		take_text(json_member(side, STR("rev")), picked->revs[i], sizeof(picked->revs[i]));
	}
	return 0;
}

/* --- what was decided, as the model sees it ------------------------------------------------- */

static bool find_place(const struct world *world, const char *id, uint8_t *ret_level,
		       uint8_t *ret_place)
{
	const struct shape *shape = world->shape;
	char here[64];

	for (size_t i = 0; i < shape->level_count; i++)
		for (size_t k = 0; k < shape->levels[i].place_count; k++) {
			place_id(&shape->levels[i].places[k], world_lineage(world, str_of(id)),
				 here);
			*ret_level = (uint8_t)i;
			*ret_place = (uint8_t)k;
			if (strcmp(here, id) == 0)
				return true;
		}
	return false;
}

static void note_changes(struct world *world, struct event *event, uint8_t place,
			 const struct cf_revision *was, const struct cf_revision *now)
{
	for (size_t i = 0; i < ATOMS_MAX; i++) {
		const struct view *view = &world->shape->atoms[i].views[event->level];
		int before, after;

		event->changes[i] = UNTOUCHED;
		if (i >= world->shape->atom_count || !view->there || view->place != place)
			continue;
		before = !was->deleted ? revision_token(world, view, was) : TOKEN_ABSENT;
		after = revision_token(world, view, now);
		if (before != after)
			event->changes[i] = (int16_t)after;
	}
}

/* Who decided had both sides before the eyes, and the document that he wrote on. */
static void note_decision(struct world *world, const struct picked *picked,
			  const struct cf_record *was, struct cf_str rev)
{
	struct event *event = &world->events[world->event_count];
	struct cf_get get = {.id = str_of(picked->ids[0]), .rev = rev};
	struct cf_record now = {0};
	struct rev_note *note = world_note(world, get.id, rev);
	const struct cf_revision *parent = NULL;
	uint64_t seen = 0;
	uint8_t place = 0;

	cf_assert(store_get(world->server, &get, 1,
			    CF_READ_BODIES | CF_READ_ATTACHMENTS | CF_READ_HISTORIES, &world->arena,
			    &now, NULL) == 0 &&
		  now.revision_count == 1 && now.revisions[0].history_count > 1);
	for (size_t i = 0; i < was->revision_count; i++)
		if (str_equal(was->revisions[i].rev, now.revisions[0].history[1]))
			parent = &was->revisions[i];
	cf_assert(parent);
	seen = world_note(world, get.id, parent->rev)->events;
	for (size_t i = 0; i < 2; i++)
		if (picked->revs[i][0])
			seen |= world_note(world, str_of(picked->ids[i]), str_of(picked->revs[i]))
					->events;
	memset(event, 0, sizeof(*event));
	if (note->events || !find_place(world, picked->ids[0], &event->level, &place)) {
		note->events |= seen;
		return;
	}
	event->lineage = (uint8_t)world_lineage(world, get.id);
	event->app = UINT8_MAX;
	event->decided = true;
	event->deleted = now.revisions[0].deleted;
	event->seen = seen;
	snprintf(event->id, sizeof(event->id), "%s", picked->ids[0]);
	snprintf(event->rev, sizeof(event->rev), "%.*s", STR_ARG(rev));
	note_changes(world, event, place, parent, &now.revisions[0]);
	note->events = seen | UINT64_C(1) << world->event_count++;
}

static void resolve(struct world *world, struct rng *rng)
{
	struct picked picked = {.rng = rng};
	struct sync_resolve how = {.take = rng_below(rng, 3) ? SYNC_TAKE_LOSER : SYNC_TAKE_WINNER,
				   .catalog = world->shape->catalog};
	struct sync_resolved resolved;
	struct cf_record was;
	int rc = sync_walk(&world->records, SYNC_CONFLICTS, pick_one, &picked, &mem_heap,
			   &world->error);

	cf_assert(rc == 0);
	if (picked.count == 0 || world->event_count == EVENTS_MAX)
		return;
	/* The entry goes, and was there. */
	listed_collect(world);
	how.id = str_of(picked.entry);
	was = world_read(world, world->server, picked.ids[0],
			 CF_READ_BODIES | CF_READ_ATTACHMENTS | CF_READ_LEAVES);
	rc = sync_conflict_resolve(world->server, &world->records, &how, &world->arena, &resolved,
				   &world->error);
	world_say(world, "    %s: the %s is taken: %s", picked.entry,
		  how.take == SYNC_TAKE_LOSER ? "loser" : "winner",
		  rc ? world->error.message : "done");
	if (rc && rc != CF_ERR_PRECONDITION && rc != CF_ERR_INVALID)
		world_fail(world, 6, "an entry cannot be decided on: %s", world->error.message);
	feed_note(world);
	if (rc == 0 && resolved.written)
		note_decision(world, &picked, &was, resolved.rev);
}

/* --- quarantine and state ----------------------------------------------------------------------
 */

static void retry(struct world *world)
{
	uint64_t count;
	int rc = sync_quarantine_retry_all(&world->records, &count, &mem_heap, &world->error);

	if (rc)
		world_fail(world, 6, "a retry fails: %s", world->error.message);
}

/* Not while an engine is at work, or was killed and nobody has noticed yet. */
static void rebuild(struct world *world)
{
	uint64_t forgotten;
	int rc;

	if (world->nested)
		return;
	engine_close(world, &world->engines[0]);
	engine_close(world, &world->engines[1]);
	listed_collect(world);
	rc = sync_rebuild(&world->records, &forgotten, &mem_heap, &world->error);
	if (rc && rc != CF_ERR_PRECONDITION)
		world_fail(world, 6, "the state cannot be built anew: %s", world->error.message);
	world->state_lost = world->state_lost || rc == 0;
}

void people_do(struct world *world, const struct step *step)
{
	struct rng rng = {.state = step->seed};

	if (step->kind == STEP_RESOLVE)
		resolve(world, &rng);
	else if (step->kind == STEP_RETRY)
		retry(world);
	else
		rebuild(world);
}
