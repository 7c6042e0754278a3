/* What a history is played on: the chain, the database, the engine's stores. */
#include "play.h"

#include "store/wrap/wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- clock and randomness --------------------------------------------------------------------- */

static int64_t table_now(void *ctx)
{
	struct table *table = ctx;

	return table->now_ms += 3;
}

static uint64_t table_monotonic(void *ctx)
{
	struct table *table = ctx;

	return (uint64_t)(table->now_ms += 1) * 1000;
}

static uint64_t table_random(void *ctx)
{
	struct table *table = ctx;

	return rng_next(&table->rng);
}

/* Sometimes one that forgets revisions soon; sometimes SQLite, which forgets bodies. */
static struct setting any_setting(struct rng *rng)
{
	static const unsigned revs[] = {1, 2, 5};
	struct setting setting = {.sqlite = rng_below(rng, 12) == 0};

	if (rng_below(rng, 4) == 0)
		setting.revs = revs[rng_below(rng, ARRAY_LEN(revs))];
	setting.batch_max = rng_below(rng, 3) ? 0 : 1 + rng_below(rng, 3);
	return setting;
}

/* Of each handle its own: lanes have several. */
static struct cf_store *open_handle(struct table *table, bool state)
{
	const struct setting *setting = &table->setting;
	struct cf_store *store = NULL;
	char url[128];
	int len = snprintf(url, sizeof(url), "%s%s",
			   !state && setting->sqlite ? "sqlite:" : "memory:",
			   !state && setting->sqlite ? table->file : "outcome-");

	if (state || !setting->sqlite)
		len += snprintf(url + len, sizeof(url) - (size_t)len, "%s%s",
				state ? "state" : "server", table->twin ? "-twin" : "");
	if (!state && setting->revs)
		snprintf(url + len, sizeof(url) - (size_t)len, "?revs=%u", setting->revs);
	cf_assert(store_open(&store, url, &table->env, &mem_heap, NULL) == 0);
	return store;
}

/* --- a feed that is mixed ------------------------------------------------------------------- */

/* What comes in one page is in any order; tokens stay where they are, since a page is taken
 * whole. */
static int mix_feed(struct wrap *wrap, struct call *call, struct cf_error *error)
{
	struct table *table = wrap->env->ctx;
	int rc = call->run(call, error);

	if (rc || !call->ret_changes)
		return rc;
	for (size_t i = *call->ret_count; i > 1; i--) {
		size_t k = rng_below(&table->rng, i);
		struct cf_record kept = (*call->ret_changes)[i - 1].record;

		(*call->ret_changes)[i - 1].record = (*call->ret_changes)[k].record;
		(*call->ret_changes)[k].record = kept;
	}
	return 0;
}

static struct cf_store *open_feed(struct table *table)
{
	struct cf_store *handle = open_handle(table, false);
	struct wrap *wrap;

	if (!table->setting.mixed)
		return handle;
	cf_assert(wrap_open(&wrap, sizeof(*wrap), handle, &table->env, &mem_heap, mix_feed) == 0);
	return &wrap->store;
}

/* --- lanes ------------------------------------------------------------------------------------ */

static int open_lane(void *ctx, size_t lane, struct sync_handles *ret, struct cf_error *error)
{
	struct table *table = ctx;

	(void)lane;
	(void)error;
	*ret = (struct sync_handles){open_handle(table, false), open_handle(table, true)};
	return 0;
}

static void close_lane(void *ctx, size_t lane, const struct sync_handles *handles)
{
	(void)ctx;
	(void)lane;
	store_close(handles->store);
	store_close(handles->state);
}

void table_lanes(struct table *table, struct sync_options *options)
{
	options->batch_changes_max = table->setting.batch_max;
	if (table->setting.lanes < 2)
		return;
	options->lanes = table->setting.lanes;
	options->handles = (struct sync_lanes){open_lane, close_lane, table};
}

/* --- opening and closing ---------------------------------------------------------------------- */

void table_open_server(struct table *table)
{
	if (table->setting.sqlite) {
		snprintf(table->file, sizeof(table->file), "/tmp/chesterfield-outcome-XXXXXX");
		cf_assert(close(mkstemp(table->file)) == 0);
	}
	table->server = open_handle(table, false);
	table->feed = open_feed(table);
}

void table_open_state(struct table *table)
{
	table->state = open_handle(table, true);
	cf_assert(state_init(&table->records, table->state, STR(""), &mem_heap) == 0);
}

static void open_stores(struct table *table)
{
	table_open_server(table);
	table_open_state(table);
	table_say(table, "%s, %u revisions, %zu changes a batch, %u lanes",
		  table->setting.sqlite ? "SQLite" : "memory", table->setting.revs,
		  table->setting.batch_max, table->setting.lanes);
	if (!str_equal(table->key, STR("k")))
		table_say(table, "the key: %.*s", STR_ARG(table->key));
}

static void remove_file(const struct table *table)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[80];

	for (size_t i = 0; table->file[0] && i < ARRAY_LEN(endings); i++) {
		snprintf(path, sizeof(path), "%s%s", table->file, endings[i]);
		unlink(path);
	}
}

static void tell_made(const struct table *table)
{
	table_say(table, "%s, %zu versions, %zu of them at first; %s, late: %s",
		  groups[table->game->seed % GROUPS].name, table->made.count, table->versions,
		  table->made.policy.prefer == PREFER_NEWEST   ? "newest-version"
		  : table->made.policy.prefer == PREFER_OLDEST ? "oldest-version"
							       : "latest",
		  table->made.policy.late_wins ? "edit" : "agreed");
	for (size_t i = 0; i + 1 < table->made.count; i++)
		table_say(table, "  lens %zu-%zu: %.*s", i + 1, i + 2,
			  STR_ARG(table->made.lenses[i]));
}

void table_close_server(struct table *table)
{
	store_close(table->feed);
	store_close(table->server);
	remove_file(table);
}

static void init_rule(struct table *table)
{
	table->chain.arena = &table->arena;
	table->chain.worker = lens_worker_new(&mem_heap);
	made_chain(&table->made, table->versions, &table->chain);
	table->thing = calloc(1, sizeof(*table->thing));
	cf_assert(table->thing);
	table->thing->court = (struct court){.chain = &table->chain, .policy = &table->made.policy};
}

void table_open(struct table *table, const struct change *change)
{
	struct rng rng = {.state = table->game->seed * 0x2545f4914f6cdd1du + 3};

	table->rng.state = rng_next(&rng);
	table->now_ms = 1700000000000;
	table->env = (struct cf_env){table_now, table_monotonic, table_random, table};
	arena_init(&table->arena, &mem_heap);
	buf_init(&table->line, &mem_heap);
	made_init(&table->made, table->game->seed);
	table->versions = table->made.count;
	if (rng_below(&rng, 3) == 0)
		table->versions = 1 + rng_below(&rng, table->made.count);
	table->grows = table->versions < table->made.count;
	table->people_count = 2 + rng_below(&rng, PEOPLE_MAX - 1);
	for (size_t i = 0; i < table->people_count; i++)
		table->people[i].version = rng_below(&rng, table->made.count);
	table->setting = any_setting(&rng);
	table->key = STR("k");
	if (change)
		change->make(change, table);
	init_rule(table);
	open_stores(table);
	tell_made(table);
	tell_start(table);
}

void table_close(struct table *table)
{
	table_close_engine(table);
	state_fini(&table->records);
	table_close_server(table);
	store_close(table->state);
	lens_worker_free(table->chain.worker);
	free(table->thing);
	made_fini(&table->made);
	buf_fini(&table->line);
	arena_fini(&table->arena);
}
