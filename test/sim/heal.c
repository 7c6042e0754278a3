/* The end of a run: everything heals step by step, and the laws are checked. */
#include "sim.h"

static void push_all(struct world *world)
{
	struct rng rng = {.state = 1};

	for (size_t i = 0; i < world->app_count; i++)
		app_push(world, &world->apps[i], &rng, 100);
}

/* Representations and leaves: what one round of writing may touch. */
static uint64_t count_places(struct world *world)
{
	struct cf_changes args = {.limit = 10000, .flags = CF_READ_LEAVES};
	struct cf_change *changes;
	struct cf_str token;
	size_t count;
	uint64_t places = 0;
	int rc = store_changes(world->server, &args, &world->arena, &changes, &count, &token, NULL);

	cf_assert(rc == 0);
	for (size_t i = 0; i < count; i++)
		places += changes[i].record.revision_count;
	/* Each part may get its other major. */
	if (world->shape->shared.two_majors)
		places *= 2;
	for (size_t i = 0; i < world->shape->level_count; i++)
		places += world->shape->levels[i].place_count * KEYS;
	return places;
}

static void settle_bounded(struct world *world, const char *when)
{
	uint64_t bound = count_places(world), written = engines_settle(world);

	world_say(world, "  %s: %llu documents written", when, (unsigned long long)written);
	if (written > bound)
		world_fail(world, 3, "%llu writes %s; at most %llu are needed",
			   (unsigned long long)written, when, (unsigned long long)bound);
}

/* Once silent, the engine writes nothing into its state either. */
static void expect_rest(struct world *world)
{
	struct cf_store_info before, after;
	int rc = store_info(world->state, &world->arena, &before, NULL);

	cf_assert(rc == 0);
	(void)engines_settle(world);
	rc = store_info(world->state, &world->arena, &after, NULL);
	cf_assert(rc == 0);
	if (!str_equal(before.token, after.token))
		world_fail(world, 3, "records of the state are written though nothing happens");
}

static void expect_silence(struct world *world, int law, const char *when)
{
	uint64_t written = world->law ? 0 : engines_settle(world);

	if (written)
		world_fail(world, law, "%llu documents written %s", (unsigned long long)written,
			   when);
}

void heal_and_check(struct world *world)
{
	world->faults = false;
	world_say(world, "everything heals");
	/* What has arrived by now: parts may be missing, documents may be invalid. */
	settle_bounded(world, "with what is there");
	if (!world->law)
		oracle_check_waiting(world);
	if (!world->law)
		oracle_check(world);
	model_note_agreed(world);
	push_all(world);
	settle_bounded(world, "after everything arrived");
	if (!world->law)
		oracle_check_waiting(world);
	for (int i = 0; i < 4 && !world->law; i++) {
		apps_mend(world);
		settle_bounded(world, "after mending");
	}
	if (!world->law)
		oracle_check_waiting(world);
	if (!world->law)
		oracle_check(world);
	if (!world->law)
		model_check(world);
	expect_silence(world, 3, "after the end");
	if (!world->law)
		expect_rest(world);
	state_lose(world, false);
	expect_silence(world, 5, "when all changes came again");
	state_lose(world, true);
	expect_silence(world, 1, "by an engine that knows nothing of the past");
}
