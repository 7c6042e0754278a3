/* Many databases on few threads, and one database that answers slowly on several.
 *
 * bench-pool PROGRAM CATALOG prints what an idle one of 10,000 databases takes, how long it
 * takes until a worker has the one that changed, and until its change is in all versions; and
 * documents a second on a store whose calls take 5 ms each, by four lanes and by one. */
#include "bench.h"
#include "catalog/catalog.h"
#include "store/store.h"
#include "sync/sync.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	DATABASES = 10000,
	WORKERS = 4,
	CHANGES = 101,
	ALLOWED_BYTES = 1024,
	ALLOWED_MS = 100,
	CALL_MS = 5,
	DOCUMENTS = 4000,
	LANES = 4,
	BATCH = 100,
};
#define STATE_URL "memory:bench-pool-state"
#define BODY "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":true}"

struct bed {
	struct catalog *catalog;
	struct cf_store *state; /* keeps it alive */
	bool slow;              /* each call takes CALL_MS */
	_Atomic uint64_t opened_ns;
};

static uint64_t now_ns(void)
{
	return env_system.monotonic_ns(NULL);
}

static enum store_fault take_time(void *ctx, const char *operation)
{
	struct timespec time = {.tv_nsec = CALL_MS * 1000000};

	(void)ctx;
	(void)operation;
	nanosleep(&time, NULL);
	return STORE_FAULT_NONE;
}

static struct cf_store *open_memory(const char *url, bool slow)
{
	struct cf_store *store = NULL;

	if (store_open(&store, url, &env_system, &mem_heap, NULL) ||
	    (slow && store_fault(&store, store, take_time, NULL, &mem_heap)))
		bench_stop("%s cannot be opened", url);
	return store;
}

static int open_both(void *ctx, size_t place, struct cf_str database, struct sync_handles *ret,
		     struct cf_error *error)
{
	struct bed *bed = ctx;
	char url[64];

	(void)place;
	(void)error;
	bed->opened_ns = now_ns();
	snprintf(url, sizeof(url), "memory:%.*s", STR_ARG(database));
	ret->store = open_memory(url, bed->slow);
	ret->state = open_memory(STATE_URL, bed->slow);
	return 0;
}

static void close_both(void *ctx, size_t place, const struct sync_handles *handles)
{
	(void)ctx;
	(void)place;
	store_close(handles->store);
	store_close(handles->state);
}

static void stop_at(void *ctx, struct cf_str database, const struct cf_error *error,
		    enum sync_pool_after after)
{
	(void)ctx;
	(void)after;
	bench_stop("%.*s: %s", STR_ARG(database), error->message);
}

static struct sync_pool *open_pool(struct bed *bed, size_t workers, const struct sync_options *sync)
{
	struct sync_pool_how how = {.workers = workers,
				    .sync = *sync,
				    .open = open_both,
				    .close = close_both,
				    .failed = stop_at,
				    .ctx = bed};
	struct sync_pool *pool = NULL;
	struct cf_error error = {0};

	if (sync_pool_open(&pool, bed->catalog, &how, &env_system, &mem_heap, &error))
		bench_stop("%s", error.message);
	return pool;
}

static void put(struct cf_store *store, size_t from, size_t count)
{
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	for (size_t i = 0; i < count; i++) {
		struct cf_put one = {.id = arena_printf(&arena, "todo-item@1:%06zu", from + i),
				     .kind = CF_PUT_ANY,
				     .body = STR(BODY)};
		struct cf_answer answer;

		if (store_put(store, &one, 1, &arena, &answer, NULL) || answer.code)
			bench_stop("a put failed");
	}
	arena_fini(&arena);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_allowed(const char *what, double taken, double allowed, const char *unit)
{
	printf("%s\tchesterfield\t%.3f\tallowed\t%g\t%.2f\t1.00\t%s\n", what, taken, allowed,
	       allowed / taken, unit);
}

static void measure_many(struct bed *bed)
{
	struct sync_options sync = {.wait_ms = 0};
	struct sync_pool *pool = open_pool(bed, WORKERS, &sync);
	struct cf_store *stores[CHANGES];
	double noticed[CHANGES], landed[CHANGES];
	size_t before = mallinfo2().uordblks;
	char name[64];

	for (int i = 0; i < DATABASES; i++) {
		snprintf(name, sizeof(name), "userdb-%032d", i);
		if (sync_pool_add(pool, str_of(name), SYNC_POOL_IDLE, NULL))
			bench_stop("a database was not added");
	}
	print_allowed("an idle database of 10000",
		      (double)(mallinfo2().uordblks - before) / DATABASES, ALLOWED_BYTES, "bytes");
	for (int i = 0; i < CHANGES; i++) {
		uint64_t start;
		char url[80];

		snprintf(name, sizeof(name), "userdb-%032d", i * (DATABASES / CHANGES));
		snprintf(url, sizeof(url), "memory:%s", name);
		stores[i] = open_memory(url, false);
		put(stores[i], 0, 1);
		start = now_ns();
		if (sync_pool_changed(pool, str_of(name)))
			bench_stop("a database is not known");
		sync_pool_wait(pool, 0);
		noticed[i] = (double)(bed->opened_ns - start) / 1e6;
		landed[i] = (double)(now_ns() - start) / 1e6;
	}
	qsort(noticed, CHANGES, sizeof(noticed[0]), compare);
	qsort(landed, CHANGES, sizeof(landed[0]), compare);
	print_allowed("a change in one of 10000, until it is noticed", noticed[CHANGES / 2],
		      ALLOWED_MS, "ms");
	print_allowed("... until all versions have it", landed[CHANGES / 2], ALLOWED_MS, "ms");
	sync_pool_close(pool);
	for (int i = 0; i < CHANGES; i++)
		store_close(stores[i]);
}

/* Documents a second. */
static double measure_lanes(struct bed *bed, size_t lanes)
{
	struct sync_options sync = {.batch_changes_max = BATCH, .lanes = lanes};
	struct sync_pool *pool;
	struct cf_store *store;
	uint64_t start;
	char name[32], url[64];
	double rate;

	snprintf(name, sizeof(name), "slow-%zu", lanes);
	snprintf(url, sizeof(url), "memory:%s", name);
	store = open_memory(url, false);
	put(store, 0, DOCUMENTS);
	bed->slow = true;
	pool = open_pool(bed, 1, &sync);
	start = now_ns();
	if (sync_pool_add(pool, str_of(name), SYNC_POOL_FIRST, NULL))
		bench_stop("a database was not added");
	sync_pool_wait(pool, 0);
	rate = DOCUMENTS * 1e9 / (double)(now_ns() - start);
	sync_pool_close(pool);
	bed->slow = false;
	store_close(store);
	return rate;
}

int main(int argc, char **argv)
{
	struct bed bed = {.slow = false};
	struct cf_error error = {0};
	double one, four;

	if (argc != 3 || catalog_open(&bed.catalog, argv[2], &mem_heap, &error))
		bench_stop("bench-pool PROGRAM CATALOG: %s", error.message);
	bed.state = open_memory(STATE_URL, false);
	measure_many(&bed);
	one = measure_lanes(&bed, 1);
	four = measure_lanes(&bed, LANES);
	printf("job one, calls of 5 ms\tfour lanes\t%.0f\tone\t%.0f\t%.2f\t3.00\tdocuments/s\n",
	       four, one, four / one);
	store_close(bed.state);
	catalog_close(bed.catalog);
	return 0;
}
