/* The world of a run: databases, apps, engines, a clock; and the steps played on it. */
#include "sim.h"

#include <stdarg.h>

static int64_t world_now(void *ctx)
{
	struct world *world = ctx;

	return world->now_ms += 3;
}

static uint64_t world_monotonic(void *ctx)
{
	struct world *world = ctx;

	return world->monotonic_ns += 1000;
}

static uint64_t world_random(void *ctx)
{
	struct world *world = ctx;

	return rng_next(&world->rng);
}

void world_fail(struct world *world, int law, const char *format, ...)
{
	va_list args;

	if (world->law)
		return;
	world->law = law;
	va_start(args, format);
	vsnprintf(world->why, sizeof(world->why), format, args);
	va_end(args);
	world_say(world, "  law %d is broken: %s", law, world->why);
}

void world_say(const struct world *world, const char *format, ...)
{
	va_list args;

	if (!world->verbose)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* --- names ------------------------------------------------------------------- */

void place_id(const struct place *place, unsigned key, char out[64])
{
	snprintf(out, 64, "%s@%u:k%u", place->type, place->major, key);
}

unsigned world_lineage(const struct world *world, struct cf_str id)
{
	const struct shape *shape = world->shape;
	size_t shared = strlen(shape->shared.type);

	if (state_id_is(&world->records, STATE_BASE, id)) {
		size_t skip = strlen("documents/base/");

		id = (struct cf_str){id.ptr + skip, id.len - skip};
	}
	if (shape->shared.there && id.len > shared &&
	    memcmp(id.ptr, shape->shared.type, shared) == 0 &&
	    (id.ptr[shared] == '@' || id.ptr[shared] == '/'))
		return KEYS;
	if (id.len > 2 && id.ptr[id.len - 2] == 'k' && id.ptr[id.len - 1] >= '0' &&
	    id.ptr[id.len - 1] < '0' + KEYS)
		return (unsigned)(id.ptr[id.len - 1] - '0');
	return KEYS;
}

void world_label(const struct world *world, unsigned lineage, char out[64])
{
	snprintf(out, 64, "%s/k%u", world->shape->levels[0].places[0].type, lineage);
}

struct rev_note *world_note(struct world *world, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = hash64(rev, hash64(id, 3)) | 1;
	struct rev_note *note = &world->notes[hash % NOTES];

	for (size_t i = 0; note->hash && note->hash != hash; i++) {
		cf_assert(i < NOTES);
		note = &world->notes[(hash + i + 1) % NOTES];
	}
	note->hash = hash;
	return note;
}

/* --- reading and writing --------------------------------------------------------- */

int world_put(struct world *world, const struct cf_put *puts, size_t count, struct cf_arena *arena,
	      struct cf_answer *ret, struct cf_error *error)
{
	int rc = store_put(world->server, puts, count, arena, ret, error);

	feed_note(world);
	return rc;
}

struct cf_record world_read(struct world *world, struct cf_store *store, const char *id,
			    unsigned flags)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record = {0};
	int rc = store_get(store, &get, 1, flags, &world->arena, &record, NULL);

	cf_assert(rc == 0);
	return record;
}

int revision_token(struct world *world, const struct view *view, const struct cf_revision *revision)
{
	struct json_doc doc;
	int token = TOKEN_ABSENT;

	if (view->kind == VALUE_DATA) {
		for (size_t i = 0; i < revision->attachment_count; i++) {
			const struct cf_attachment *one = &revision->attachments[i];
			struct cf_str text = arena_dup(&world->arena, one->data);

			if (str_equal(one->name, STR(ATTACHMENT)))
				token = text.ptr && sscanf(text.ptr, "bytes %d", &token) == 1
						? token
						: TOKEN_GARBAGE;
		}
		return token;
	}
	json_doc_init(&doc, &mem_heap);
	token = view_token(view, json_pointer_get(world_json(world, &doc, revision->body),
						  str_of(view->pointer)));
	json_doc_fini(&doc);
	return token;
}

struct json_value world_json(struct world *world, struct json_doc *doc, struct cf_str text)
{
	(void)world;
	if (!text.ptr || json_read(doc, text.ptr, text.len, 0, NULL))
		return JSON_ABSENT;
	return json_root(doc);
}

/* --- playing ------------------------------------------------------------------------ */

static struct cf_store *open_memory(struct world *world, const char *name)
{
	struct cf_store *store = NULL;
	char url[64];
	int rc;

	snprintf(url, sizeof(url), "memory:sim-%s", name);
	rc = store_open(&store, url, &world->env, &mem_heap, &world->error);
	cf_assert(rc == 0);
	return store;
}

static void world_init(struct world *world, const struct shape *shape,
		       const struct plan_of_run *run, bool verbose)
{
	struct rng rng = {.state = run->seed * 0x9e3779b97f4a7c15u + 1};
	char name[16];

	memset(world, 0, sizeof(*world));
	world->run = run;
	world->shape = shape;
	world->verbose = verbose;
	world->rng.state = rng_next(&rng);
	world->now_ms = 1700000000000;
	world->env = (struct cf_env){world_now, world_monotonic, world_random, world};
	world->faults = true;
	world->shards = 1 + (unsigned)rng_below(&rng, SHARDS_MAX);
	world->batch_max = rng_below(&rng, 3) ? 500 : 1 + rng_below(&rng, 4);
	world->app_count = 2 + rng_below(&rng, APPS_MAX - 1);
	world->token_salt = rng_next(&rng);
	world->lanes = run->lanes ? run->lanes : 1;
	/* Where late edits win, nothing comes between the operations of a step. */
	if (shape->late_wins)
		world->lanes = 1;
	lanes_init(world, run->seed);
	arena_init(&world->arena, &mem_heap);
	world->worker = lens_worker_new(&mem_heap);
	world->server = open_memory(world, "server");
	world->state = open_memory(world, "state");
	world->records = (struct state){.store = world->state, .database = STR("documents/")};
	for (size_t i = 0; i < world->app_count; i++) {
		snprintf(name, sizeof(name), "app%zu", i);
		world->apps[i] =
			(struct app){open_memory(world, name), rng_below(&rng, shape->level_count)};
	}
	for (size_t i = 0; i < 2; i++) {
		net_open(&world->nets[i][0], world, &world->engines[i], false);
		net_open(&world->nets[i][1], world, &world->engines[i], true);
	}
}

static void world_fini(struct world *world)
{
	engine_close(world, &world->engines[0]);
	engine_close(world, &world->engines[1]);
	for (size_t i = 0; i < world->app_count; i++)
		store_close(world->apps[i].replica);
	lanes_fini(world);
	for (size_t i = 0; i < 2; i++) {
		state_fini(&world->nets[i][0].records);
		state_fini(&world->nets[i][1].records);
	}
	store_close(world->server);
	store_close(world->state);
	lens_worker_free(world->worker);
	arena_fini(&world->arena);
}

void world_do(struct world *world, const struct step *step)
{
	struct app *app = &world->apps[step->who % world->app_count];
	struct rng rng = {.state = step->seed};

	if (world->verbose)
		step_print(step, (size_t)(step - world->run->steps), world->app_count);
	switch ((enum step_kind)step->kind) {
	case STEP_WRITE:
		app_write(world, app, step);
		break;
	case STEP_DELETE:
		app_delete(world, app, step);
		break;
	case STEP_SPOIL:
		app_spoil(world, app, step);
		break;
	case STEP_SHARED:
		app_shared(world, app, step);
		break;
	case STEP_PUSH:
		app_push(world, app, &rng, rng_below(&rng, 2) ? 100 : 50);
		break;
	case STEP_PULL:
		app_pull(world, app, &rng, rng_below(&rng, 2) ? 100 : 50);
		break;
	case STEP_ENGINE:
		engine_step(world, step);
		break;
	case STEP_LOSE_CHECKPOINT:
		state_lose(world, false);
		break;
	case STEP_LOSE_STATE:
		state_lose(world, true);
		break;
	case STEP_CLOCK:
		world->now_ms += (int64_t)rng_below(&rng, 100000000) - 50000000;
		break;
	case STEP_RESOLVE:
	case STEP_RETRY:
	case STEP_REBUILD:
		people_do(world, step);
		break;
	case STEP_KINDS:
		break;
	}
}

void world_play(struct world *world, struct shapes *shapes, const struct plan_of_run *run,
		bool verbose)
{
	world_init(world, shapes_get(shapes, run->seed), run, verbose);
	world_say(world, "%s: %zu versions, %zu apps, %u shards, %zu changes a batch",
		  world->shape->name, world->shape->level_count, world->app_count, world->shards,
		  world->batch_max);
	for (size_t i = 0; i < run->count && !world->law; i++) {
		const struct step *step = &run->steps[i];

		world->inside = step + 1;
		world->inside_next = world->inside_count = 0;
		while (step->kind == STEP_ENGINE && i + 1 < run->count &&
		       run->steps[i + 1].inside) {
			world->inside_count++;
			i++;
		}
		world_do(world, step);
		world->inside = NULL;
		/* Those whose operation never came. */
		for (size_t k = world->inside_next; k < world->inside_count; k++)
			world_do(world, step + 1 + k);
		arena_reset(&world->arena);
	}
	if (!world->law)
		heal_and_check(world);
	world_fini(world);
}
