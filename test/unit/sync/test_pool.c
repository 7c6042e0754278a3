/* Many databases on a few threads. */
#include "bed.h"
#include "failing.h"

#include <pthread.h>

#define V1(title) "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"" title "\",\"isDone\":true}"

enum { DATABASES_MAX = 64, OPENED_MAX = 4096 };

/* The test's own handles keep the data of memory stores alive. */
struct many {
	struct catalog *catalog;
	struct cf_store *stores[DATABASES_MAX], *records;
	size_t count;
	struct sync_pool *pool;
	struct cf_arena arena;
	struct cf_error error;
	/* Guarded by the lock: what the pool's threads did. */
	pthread_mutex_t lock;
	char opened[OPENED_MAX][16];
	size_t opened_count, open_now, open_most, failures;
	bool refuse;     /* the database "db1" cannot be opened */
	bool comes_back; /* after two times */
	char failed[16];
};

static void name_of(size_t i, char out[32])
{
	snprintf(out, 32, "db%zu", i);
}

static int open_both(void *ctx, size_t place, struct cf_str database, struct sync_handles *ret,
		     struct cf_error *error)
{
	struct many *many = ctx;
	char url[64];
	int rc;

	(void)place;
	pthread_mutex_lock(&many->lock);
	ck_assert_uint_lt(many->opened_count, OPENED_MAX);
	snprintf(many->opened[many->opened_count++], 16, "%.*s", STR_ARG(database));
	rc = many->refuse && str_equal(database, STR("db1")) ? CF_ERR_UNAVAILABLE : 0;
	if (rc && many->comes_back)
		many->refuse = many->failures < 1;
	many->open_now += rc == 0;
	if (many->open_now > many->open_most)
		many->open_most = many->open_now;
	pthread_mutex_unlock(&many->lock);
	if (rc)
		return error_set(error, rc, "away");
	snprintf(url, sizeof(url), "memory:%.*s", STR_ARG(database));
	rc = store_open(&ret->store, url, &env_system, &mem_heap, error);
	return rc ? rc
		  : store_open(&ret->state, "memory:pool-state", &env_system, &mem_heap, error);
}

static void close_both(void *ctx, size_t place, const struct sync_handles *handles)
{
	struct many *many = ctx;

	(void)place;
	store_close(handles->store);
	store_close(handles->state);
	pthread_mutex_lock(&many->lock);
	many->open_now--;
	pthread_mutex_unlock(&many->lock);
}

static void note_failure(void *ctx, struct cf_str database, const struct cf_error *error,
			 enum sync_pool_after after)
{
	struct many *many = ctx;

	ck_assert_int_eq(after, !many->comes_back ? SYNC_POOL_RESTS
				: many->failures  ? SYNC_POOL_STILL
						  : SYNC_POOL_RETRIES);
	pthread_mutex_lock(&many->lock);
	many->failures++;
	snprintf(many->failed, sizeof(many->failed), "%.*s", STR_ARG(database));
	ck_assert_str_eq(error->message, "away");
	pthread_mutex_unlock(&many->lock);
}

/* Of `given` the workers, what is true of each database, and the tries. */
static void many_open_how(struct many *many, size_t count, const struct sync_pool_how *given)
{
	struct sync_pool_how how = *given;
	char path[512];

	*many = (struct many){.count = count};
	how.open = open_both;
	how.close = close_both;
	how.failed = note_failure;
	how.ctx = many;
	pthread_mutex_init(&many->lock, NULL);
	arena_init(&many->arena, &mem_heap);
	snprintf(path, sizeof(path), "%s/examples/todo", getenv("CHESTERFIELD_SOURCE"));
	ck_assert_int_eq(catalog_open(&many->catalog, path, &mem_heap, &many->error), 0);
	ck_assert_int_eq(store_open(&many->records, "memory:pool-state", &env_system, &mem_heap,
				    &many->error),
			 0);
	for (size_t i = 0; i < count; i++) {
		char url[64];

		snprintf(url, sizeof(url), "memory:db%zu", i);
		ck_assert_int_eq(
			store_open(&many->stores[i], url, &env_system, &mem_heap, &many->error), 0);
	}
	ck_assert_int_eq(sync_pool_open(&many->pool, many->catalog, &how, &env_system, &mem_heap,
					&many->error),
			 0);
}

static void many_open(struct many *many, size_t count, size_t workers, size_t batch)
{
	struct sync_pool_how how = {
		.workers = workers, .sync = {.batch_changes_max = batch}, .patience_ms = 0};

	many_open_how(many, count, &how);
}

static void many_close(struct many *many)
{
	sync_pool_close(many->pool);
	for (size_t i = 0; i < many->count; i++)
		store_close(many->stores[i]);
	store_close(many->records);
	catalog_close(many->catalog);
	arena_fini(&many->arena);
	pthread_mutex_destroy(&many->lock);
}

static void put_in(struct many *many, size_t database, const char *id, const char *body)
{
	struct cf_put put = {.id = str_of(id), .kind = CF_PUT_ANY, .body = str_of(body)};
	struct cf_answer answer;

	ck_assert_int_eq(store_put(many->stores[database], &put, 1, &many->arena, &answer, NULL),
			 0);
}

static bool is_in(struct many *many, size_t database, const char *id)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record = {0};

	ck_assert_int_eq(store_get(many->stores[database], &get, 1, 0, &many->arena, &record, NULL),
			 0);
	return record.revision_count && !record.revisions[0].deleted;
}

/* How often a document was written: of those that only the engine writes. */
static uint64_t generation_in(struct many *many, size_t database, const char *id)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record = {0};

	ck_assert_int_eq(store_get(many->stores[database], &get, 1, 0, &many->arena, &record, NULL),
			 0);
	ck_assert_uint_eq(record.revision_count, 1);
	return revision_generation(record.revisions[0].rev);
}

static void add(struct many *many, size_t database, enum sync_pool_state state)
{
	char name[32];

	name_of(database, name);
	ck_assert_int_eq(sync_pool_add(many->pool, str_of(name), state, &many->error), 0);
}

/* The same documents in all: one worker's own writes in one are no echo in another. */
START_TEST(all_databases_come_to_agreement)
{
	struct many many;
	struct sync_pool_counts counts;

	many_open(&many, DATABASES_MAX, 4, 0);
	for (size_t i = 0; i < many.count; i++) {
		put_in(&many, i, "todo-item@1:a", V1("a"));
		put_in(&many, i, "todo-item@1:b", V1("b"));
		add(&many, i, SYNC_POOL_FIRST);
	}
	sync_pool_wait(many.pool, 0);
	for (size_t i = 0; i < many.count; i++)
		ck_assert(is_in(&many, i, "todo-item@3:a") && is_in(&many, i, "todo-item@2:b"));
	sync_pool_count(many.pool, &counts);
	ck_assert_uint_eq(counts.databases[SYNC_POOL_IDLE], many.count);
	/* Two other versions of two items, and the group. */
	ck_assert_uint_eq(counts.sum.documents_written, many.count * 5);
	ck_assert_uint_le(many.open_most, 4);
	ck_assert_uint_eq(many.open_now, 0);
	ck_assert_uint_eq(many.failures, 0);
	many_close(&many);
}
END_TEST

START_TEST(a_change_wakes_one_database)
{
	struct many many;
	size_t before;

	many_open(&many, 10, 2, 0);
	for (size_t i = 0; i < many.count; i++) {
		put_in(&many, i, "todo-item@1:a", V1("a"));
		add(&many, i, SYNC_POOL_FIRST);
	}
	sync_pool_wait(many.pool, 0);
	before = many.opened_count;
	put_in(&many, 7, "todo-item@1:new", V1("n"));
	ck_assert_int_eq(sync_pool_changed(many.pool, STR("db7")), 0);
	ck_assert_int_eq(sync_pool_changed(many.pool, STR("nobody")), CF_ERR_NOT_FOUND);
	sync_pool_wait(many.pool, 0);
	ck_assert(is_in(&many, 7, "todo-item@3:new"));
	ck_assert_uint_eq(many.opened_count, before + 1);
	ck_assert_str_eq(many.opened[before], "db7");
	many_close(&many);
}
END_TEST

/* Items of all sorts of groups: lanes hear of the same parts. Then edits in all versions. */
START_TEST(lanes_come_to_the_same)
{
	enum { ITEMS = 300, GROUPS = 7 };
	struct sync_pool_how how = {.workers = 1, .sync = {.batch_changes_max = 10, .lanes = 3}};
	struct sync_pool_counts counts;
	struct many many;

	many_open_how(&many, 1, &how);
	for (int i = 0; i < ITEMS; i++)
		put_in(&many, 0, arena_printf(&many.arena, "todo-item@2:%03d", i).ptr,
		       arena_printf(&many.arena,
				    "{\"schema\":\"todo-item\",\"version\":2,\"title\":\"t\","
				    "\"status\":\"done\",\"group\":{\"name\":\"g%d\"}}",
				    i % GROUPS)
			       .ptr);
	add(&many, 0, SYNC_POOL_FIRST);
	sync_pool_wait(many.pool, 0);
	for (int i = 0; i < ITEMS; i++)
		ck_assert(is_in(&many, 0, arena_printf(&many.arena, "todo-item@1:%03d", i).ptr) &&
			  is_in(&many, 0, arena_printf(&many.arena, "todo-item@3:%03d", i).ptr));
	for (int i = 0; i < ITEMS; i++)
		put_in(&many, 0, arena_printf(&many.arena, "todo-item@1:%03d", i).ptr, V1("new"));
	ck_assert_int_eq(sync_pool_changed(many.pool, STR("db0")), 0);
	sync_pool_wait(many.pool, 0);
	/* A part of which two lanes hear at once may be sent twice, as the same revision. */
	sync_pool_count(many.pool, &counts);
	ck_assert_uint_ge(counts.sum.documents_written, 2 * ITEMS + GROUPS + 2 * ITEMS);
	for (int i = 0; i < ITEMS; i++) {
		ck_assert_uint_eq(
			generation_in(&many, 0,
				      arena_printf(&many.arena, "todo-item@2:%03d", i).ptr),
			2);
		ck_assert_uint_eq(
			generation_in(&many, 0,
				      arena_printf(&many.arena, "todo-item@3:%03d", i).ptr),
			2);
	}
	ck_assert_uint_eq(counts.sum.conflicts + counts.sum.quarantined, 0);
	ck_assert_uint_eq(many.failures, 0);
	ck_assert_uint_eq(many.open_now, 0);
	many_close(&many);
}
END_TEST

/* What the server says of a database: the first time it is news to nobody. */
START_TEST(another_token_wakes_a_database)
{
	struct many many;
	size_t before;

	many_open(&many, 1, 1, 0);
	put_in(&many, 0, "todo-item@1:a", V1("a"));
	add(&many, 0, SYNC_POOL_IDLE);
	ck_assert_int_eq(sync_pool_seen(many.pool, STR("nobody"), STR("1-x")), CF_ERR_NOT_FOUND);
	ck_assert_int_eq(sync_pool_seen(many.pool, STR("db0"), STR("1-x")), 0);
	ck_assert_int_eq(sync_pool_seen(many.pool, STR("db0"), STR("1-x")), 0);
	sync_pool_wait(many.pool, 0);
	before = many.opened_count;
	ck_assert_uint_eq(before, 0);
	ck_assert_int_eq(sync_pool_seen(many.pool, STR("db0"), STR("2-y")), 0);
	sync_pool_wait(many.pool, 0);
	ck_assert(is_in(&many, 0, "todo-item@3:a"));
	many_close(&many);
}
END_TEST

/* A store that comes back: tried again, and told once. */
START_TEST(what_may_pass_is_tried_again)
{
	struct sync_pool_how how = {.workers = 1, .patience_ms = SYNC_POOL_FOR_EVER};
	struct many many;

	many_open_how(&many, 2, &how);
	many.refuse = many.comes_back = true;
	put_in(&many, 1, "todo-item@1:a", V1("a"));
	add(&many, 1, SYNC_POOL_FIRST);
	sync_pool_wait(many.pool, 0);
	ck_assert(is_in(&many, 1, "todo-item@3:a"));
	ck_assert_uint_eq(many.failures, 2);
	many_close(&many);
}
END_TEST

/* One thread, a large database that is read for the first time, and small changes. */
START_TEST(nobody_waits_for_a_large_one)
{
	struct many many;
	size_t big = 0, small = 0;

	many_open(&many, 5, 1, 2);
	for (int i = 0; i < 600; i++)
		put_in(&many, 0, arena_printf(&many.arena, "todo-item@1:%03d", i).ptr, V1("t"));
	for (size_t i = 1; i < many.count; i++)
		put_in(&many, i, "todo-item@1:a", V1("a"));
	for (size_t i = 0; i < many.count; i++)
		add(&many, i, i ? SYNC_POOL_FRESH : SYNC_POOL_FIRST);
	sync_pool_wait(many.pool, 0);
	ck_assert(is_in(&many, 0, "todo-item@3:599"));
	for (size_t i = 0; i < many.opened_count; i++) {
		big = strcmp(many.opened[i], "db0") == 0 ? i : big;
		small = strcmp(many.opened[i], "db0") != 0 ? i : small;
	}
	/* The large one was taken once at most before the others, and ended behind them. */
	ck_assert_uint_le(small, many.count);
	ck_assert_uint_gt(big, small);
	many_close(&many);
}
END_TEST

START_TEST(one_that_fails_holds_up_none)
{
	struct many many;

	many_open(&many, 3, 2, 0);
	many.refuse = true;
	for (size_t i = 0; i < many.count; i++) {
		put_in(&many, i, "todo-item@1:a", V1("a"));
		add(&many, i, SYNC_POOL_FIRST);
	}
	sync_pool_wait(many.pool, 0);
	ck_assert(is_in(&many, 0, "todo-item@3:a") && is_in(&many, 2, "todo-item@3:a"));
	ck_assert_uint_eq(many.failures, 1);
	ck_assert_str_eq(many.failed, "db1");
	pthread_mutex_lock(&many.lock);
	many.refuse = false;
	pthread_mutex_unlock(&many.lock);
	ck_assert_int_eq(sync_pool_changed(many.pool, STR("db1")), 0);
	sync_pool_wait(many.pool, 0);
	ck_assert(is_in(&many, 1, "todo-item@3:a"));
	many_close(&many);
}
END_TEST

START_TEST(what_is_removed_is_forgotten)
{
	struct many many;
	struct sync_pool_counts counts;

	many_open(&many, DATABASES_MAX, 2, 0);
	for (size_t i = 0; i < many.count; i++) {
		put_in(&many, i, "todo-item@1:a", V1("a"));
		add(&many, i, SYNC_POOL_FIRST);
	}
	/* Some are queued, some may be at work, some done. */
	for (size_t i = 0; i < many.count; i += 2) {
		char name[32];

		name_of(i, name);
		sync_pool_remove(many.pool, str_of(name));
	}
	sync_pool_remove(many.pool, STR("nobody"));
	sync_pool_wait(many.pool, 0);
	sync_pool_count(many.pool, &counts);
	ck_assert_uint_eq(counts.databases[SYNC_POOL_IDLE], many.count / 2);
	for (size_t i = 0; i < many.count; i++) {
		char name[32];

		name_of(i, name);
		ck_assert_int_eq(sync_pool_changed(many.pool, str_of(name)),
				 i % 2 ? 0 : CF_ERR_NOT_FOUND);
	}
	many_close(&many);
}
END_TEST

/* 10,000 databases in which nothing happens: at most 1 KiB each, and no request. */
START_TEST(an_idle_database_is_a_name)
{
	enum { IDLE = 10000 };
	struct many many;
	struct failing counting;
	struct sync_pool *pool = NULL;
	struct sync_pool_how how = {
		.workers = 1, .open = open_both, .close = close_both, .ctx = &many};
	size_t before;

	many_open(&many, 0, 1, 0);
	failing_init(&counting, SIZE_MAX, true);
	ck_assert_int_eq(
		sync_pool_open(&pool, many.catalog, &how, &env_system, &counting.mem, &many.error),
		0);
	before = counting.bytes;
	for (size_t i = 0; i < IDLE; i++) {
		struct cf_str name = arena_printf(&many.arena, "userdb-%032zx", i);

		ck_assert_int_eq(sync_pool_add(pool, name, SYNC_POOL_IDLE, NULL), 0);
	}
	ck_assert_uint_le(counting.bytes - before, IDLE * 1024);
	ck_assert_uint_eq(many.opened_count, 0);
	sync_pool_close(pool);
	ck_assert_int_eq(counting.live, 0);
	many_close(&many);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-pool");
	TCase *tcase = tcase_create("pool");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, all_databases_come_to_agreement);
	tcase_add_test(tcase, a_change_wakes_one_database);
	tcase_add_test(tcase, another_token_wakes_a_database);
	tcase_add_test(tcase, lanes_come_to_the_same);
	tcase_add_test(tcase, what_may_pass_is_tried_again);
	tcase_add_test(tcase, nobody_waits_for_a_large_one);
	tcase_add_test(tcase, one_that_fails_holds_up_none);
	tcase_add_test(tcase, what_is_removed_is_forgotten);
	tcase_add_test(tcase, an_idle_database_is_a_name);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
