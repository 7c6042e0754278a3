/* Running the engine: with faults, or until it is silent. */
#include "sim.h"

void engine_close(struct world *world, struct engine *engine)
{
	engine->sync = sync_close(engine->sync);
	net_forget(&world->nets[engine - world->engines][1]);
	engine->dead = engine->hit = false;
	memset(engine->read, 0, sizeof(engine->read));
	memset(engine->invalid, 0, sizeof(engine->invalid));
}

static int engine_open(struct world *world, struct engine *engine)
{
	struct sync_options options = {.batch_changes_max = world->batch_max,
				       .planted = world->run->planted};
	struct net *nets = world->nets[engine - world->engines];

	if (engine->sync)
		return 0;
	engine->ran = true;
	lanes_options(world, nets, &options);
	return sync_open(&engine->sync, world->shape->catalog, &nets[0].store, &nets[1].records,
			 &options, &world->env, &mem_heap, &world->error);
}

/* What the engine may answer where something was made to fail, and where not. */
static void judge_error(struct world *world, struct engine *engine, int rc)
{
	char text[1200];
	enum cf_error_class class = cf_error_class(rc);
	bool fault = engine->hit || engine->dead;

	engine->hit = false;
	if (fault && (class == CF_CLASS_RETRYABLE || class == CF_CLASS_CONFLICT))
		return;
	world_fail(world, 6, "the engine stops: %s",
		   cf_error_format(&world->error, text, sizeof(text)));
}

void engine_step(struct world *world, const struct step *step)
{
	struct engine *engine = &world->engines[step->who % 2];
	bool idle = false;
	int rc = 0;

	/* One engine within the other, but not within itself. */
	if (engine->step)
		return;
	engine->step = step;
	engine->operations = 0;
	for (unsigned i = 0; i < step->count && !idle && !world->law; i++) {
		rc = engine_open(world, engine);
		if (rc == 0)
			rc = sync_step(engine->sync, &idle, &world->error);
		if (rc)
			judge_error(world, engine, rc);
		if (engine->dead)
			break;
	}
	engine->step = NULL;
	if (engine->dead)
		engine_close(world, engine);
}

/* Runs one engine until it has nothing to do; *ret_idle stays where it had nothing. */
static uint64_t settle_one(struct world *world, struct engine *engine, bool *ret_idle)
{
	uint64_t before;
	bool idle = false;
	int rc = engine_open(world, engine);

	if (rc) {
		judge_error(world, engine, rc);
		return 0;
	}
	before = sync_counted(engine->sync)->documents_written;
	for (int i = 0; !idle && !world->law; i++) {
		rc = sync_step(engine->sync, &idle, &world->error);
		if (rc)
			judge_error(world, engine, rc);
		else if (i == 300)
			world_fail(world, 3, "the engine finds no end");
		*ret_idle = *ret_idle && idle;
	}
	return sync_counted(engine->sync)->documents_written - before;
}

uint64_t engines_settle(struct world *world)
{
	uint64_t written = 0;
	bool idle = false;

	for (int i = 0; !idle && !world->law; i++) {
		idle = true;
		written += settle_one(world, &world->engines[0], &idle);
		if (world->engines[1].sync && !world->law)
			written += settle_one(world, &world->engines[1], &idle);
		if (i == 20)
			world_fail(world, 3, "two engines keep each other busy");
	}
	return written;
}

/* Deletes the checkpoint, or all records of the state. The engines stop. */
void state_lose(struct world *world, bool all)
{
	struct cf_scan scan = {.limit = 5000};
	struct cf_record *records;
	size_t count;
	int rc;

	if (world->nested)
		return;
	engine_close(world, &world->engines[0]);
	engine_close(world, &world->engines[1]);
	if (all)
		listed_collect(world);
	world->state_lost = world->state_lost || all;
	rc = store_scan(world->state, &scan, &world->arena, &records, &count, NULL);
	cf_assert(rc == 0);
	for (size_t i = 0; i < count; i++) {
		struct cf_put put = {.id = records[i].id, .deleted = true, .body = STR("{}")};
		struct cf_answer answer;

		if (!all && !state_id_is(&world->records, STATE_CHECKPOINT, put.id))
			continue;
		rc = store_put(world->state, &put, 1, &world->arena, &answer, NULL);
		cf_assert(rc == 0 && answer.code == 0);
	}
}
