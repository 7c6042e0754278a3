/* Random histories on the memory store: apps of three versions edit, delete, come
 * back with old revisions, while job one runs in between. At the end nothing is
 * written any more, no branch is left, and somebody who knows nothing of the past
 * finds all versions in agreement. CHESTERFIELD_SEED repeats a history. */
#include "check_main.h"
#include "sync/sync.h"

enum { KEYS = 3, STEPS = 40, HISTORIES = 150, REMEMBERED = 64 };

struct memory_of_app {
	char id[64];
	char rev[64];
};

struct world {
	const char *type;
	void (*write_body)(struct world *w, unsigned major, struct cf_buf *out);
	struct catalog *catalog;
	struct cf_store *store, *state_store;
	struct state state;
	struct sync *sync;
	struct cf_arena arena;
	struct cf_error error;
	struct rng rng;
	uint64_t seed;
	struct memory_of_app seen[REMEMBERED];
	size_t seen_count;
};

static void must(struct world *w, int rc, const char *what)
{
	char text[1200];

	ck_assert_msg(rc == 0, "seed %llu: %s: %s", (unsigned long long)w->seed, what,
		      cf_error_format(&w->error, text, sizeof(text)));
}

static struct sync *open_sync(struct world *w, const struct state *state)
{
	struct sync_options options = {.wait_ms = 0};
	struct sync *sync = NULL;

	must(w,
	     sync_open(&sync, w->catalog, w->store, state, &options, &env_system, &mem_heap,
		       &w->error),
	     "opening");
	return sync;
}

static uint64_t settle(struct world *w, struct sync *sync)
{
	uint64_t before = sync_counted(sync)->documents_written;
	bool idle = false;

	for (int i = 0; !idle; i++) {
		must(w, sync_step(sync, &idle, &w->error), "a step");
		ck_assert_msg(i < 300, "seed %llu: it does not end", (unsigned long long)w->seed);
	}
	return sync_counted(sync)->documents_written - before;
}

static uint64_t pick(struct world *w, uint64_t below)
{
	return rng_below(&w->rng, below);
}

static void write_item(struct world *w, unsigned major, struct cf_buf *out)
{
	static const char *const states[] = {"active", "blocked", "halted", "done"};
	static const char *const groups[] = {"Inbox", "Work", "Home"};

	buf_printf(out, "{\"schema\":\"todo-item\",\"version\":%u,\"title\":\"t%llu\"", major,
		   (unsigned long long)pick(w, 4));
	if (major == 1)
		buf_printf(out, ",\"isDone\":%s", pick(w, 2) ? "true" : "false");
	else
		buf_printf(out, ",\"status\":\"%s\"", states[pick(w, 4)]);
	if (pick(w, 2))
		buf_printf(out, ",\"isImportant\":%s", pick(w, 2) ? "true" : "false");
	if (major == 2)
		buf_printf(out, ",\"group\":{\"name\":\"%s\"}", groups[pick(w, 3)]);
	if (major == 3)
		buf_printf(out, ",\"groupId\":\"g%llu\"", (unsigned long long)pick(w, 2));
	buf_byte(out, '}');
}

/* Some of five elements in any order. */
static void write_list(struct world *w, unsigned major, struct cf_buf *out)
{
	static const char *const states[] = {"active", "blocked", "done"};
	unsigned order = (unsigned)pick(w, 5), step = 1 + (unsigned)pick(w, 4);
	bool first = true;

	buf_printf(out, "{\"schema\":\"list\",\"version\":%u,\"%s\":\"n%llu\",\"%s\":[", major,
		   major == 3 ? "title" : "name", (unsigned long long)pick(w, 3),
		   major == 1 ? "entries" : "items");
	for (unsigned i = 0; i < 5; i++) {
		unsigned key = (order + i * step) % 5;

		if (pick(w, 3) == 0)
			continue;
		buf_printf(out, "%s{\"id\":\"%c\",\"%s\":\"t%llu\",", first ? "" : ",",
			   (int)('a' + key), major == 1 ? "title" : "text",
			   (unsigned long long)pick(w, 3));
		first = false;
		if (major == 1)
			buf_printf(out, "\"done\":%s}", pick(w, 2) ? "true" : "false");
		else
			buf_printf(out, "\"status\":\"%s\"}", states[pick(w, 3)]);
	}
	buf_str(out, STR("]}"));
}

static void remember(struct world *w, const char *id, struct cf_str rev)
{
	struct memory_of_app *slot = &w->seen[w->seen_count++ % REMEMBERED];

	snprintf(slot->id, sizeof(slot->id), "%s", id);
	snprintf(slot->rev, sizeof(slot->rev), "%.*s", STR_ARG(rev));
}

static void print_all(struct world *w);

/* On the newest revision, or on one that some app remembers. */
static void edit(struct world *w)
{
	struct cf_get get;
	struct cf_record record;
	struct cf_str history[2];
	struct cf_put put = {.kind = CF_PUT_REVISION, .history = history, .history_count = 1};
	struct cf_answer answer;
	struct cf_buf body;
	unsigned major = 1 + (unsigned)pick(w, 3);
	char id[64], rev[64];
	uint64_t generation = 0;

	snprintf(id, sizeof(id), "%s@%u:k%llu", w->type, major, (unsigned long long)pick(w, KEYS));
	get = (struct cf_get){.id = str_of(id)};
	must(w, store_get(w->store, &get, 1, 0, &w->arena, &record, &w->error), "reading");
	if (record.revision_count) {
		history[1] = record.revisions[0].rev;
		for (size_t i = 0; i < w->seen_count && i < REMEMBERED && pick(w, 3) == 0; i++)
			if (strcmp(w->seen[i].id, id) == 0)
				history[1] = str_of(w->seen[i].rev);
		generation = revision_generation(history[1]);
		put.history_count = 2;
	}
	snprintf(rev, sizeof(rev), "%llu-%016llx", (unsigned long long)generation + 1,
		 (unsigned long long)rng_next(&w->rng));
	history[0] = str_of(rev);
	buf_init(&body, &mem_heap);
	w->write_body(w, major, &body);
	put.id = str_of(id);
	put.rev = history[0];
	put.deleted = record.revision_count && pick(w, 8) == 0;
	put.body = buf_view(&body);
	if (getenv("CHESTERFIELD_SEED"))
		printf("# %s on %.*s: %s%.*s\n", rev, STR_ARG(history[1]),
		       put.deleted ? "deleted " : "", STR_ARG(put.body));
	must(w, store_put(w->store, &put, 1, &w->arena, &answer, &w->error), "saving");
	ck_assert_int_eq(answer.code, 0);
	remember(w, id, history[0]);
	buf_fini(&body);
}

static void put_groups(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		struct cf_str id = arena_printf(&w->arena, "group@1:g%d", i);
		struct cf_str body = arena_printf(
			&w->arena, "{\"schema\":\"group\",\"version\":1,\"name\":\"Group %d\"}", i);
		struct cf_put put = {.id = id, .kind = CF_PUT_ANY, .body = body};
		struct cf_answer answer;

		must(w, store_put(w->store, &put, 1, &w->arena, &answer, &w->error), "groups");
	}
}

static void expect_one_leaf(struct world *w)
{
	struct cf_scan scan = {.limit = 1000, .flags = CF_READ_LEAVES | CF_READ_BODIES};
	struct cf_record *records;
	size_t count;

	must(w, store_scan(w->store, &scan, &w->arena, &records, &count, &w->error), "scanning");
	for (size_t i = 0; i < count; i++) {
		size_t live = 0;

		for (size_t k = 0; k < records[i].revision_count; k++)
			live += !records[i].revisions[k].deleted;
		ck_assert_msg(live == 1, "seed %llu: %.*s has %zu leaves",
			      (unsigned long long)w->seed, STR_ARG(records[i].id), live);
	}
}

static int print_entry(void *ctx, struct cf_str id, struct json_value body)
{
	(void)ctx;
	(void)id;
	printf("# quarantined: %.*s\n", STR_ARG(json_span(body)));
	return 0;
}

static void print_all(struct world *w)
{
	struct cf_scan scan = {.limit = 1000, .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count;

	must(w, store_scan(w->store, &scan, &w->arena, &records, &count, &w->error), "scanning");
	for (size_t i = 0; i < count; i++)
		printf("# %.*s %.*s %.*s\n", STR_ARG(records[i].id),
		       STR_ARG(records[i].revisions[0].rev), STR_ARG(records[i].revisions[0].body));
}

static void play(struct world *w)
{
	struct state over;
	struct cf_store *fresh;
	struct sync *other;
	struct sync_status status;

	w->seen_count = 0;
	w->rng.state = w->seed;
	arena_init(&w->arena, &mem_heap);
	must(w, store_open(&w->store, "memory:random", &env_system, &mem_heap, &w->error), "store");
	must(w, store_open(&w->state_store, "memory:state", &env_system, &mem_heap, &w->error),
	     "state");
	ck_assert_int_eq(state_init(&w->state, w->state_store, STR(""), &mem_heap), 0);
	w->sync = open_sync(w, &w->state);
	if (w->write_body == write_item && pick(w, 2))
		put_groups(w);
	for (int i = 0; i < STEPS; i++) {
		bool idle;

		edit(w);
		if (pick(w, 3) == 0) {
			must(w, sync_step(w->sync, &idle, &w->error), "a step");
			if (getenv("CHESTERFIELD_SEED")) {
				printf("# step\n");
				print_all(w);
			}
		}
	}
	if (w->write_body == write_item)
		put_groups(w);
	settle(w, w->sync);
	ck_assert_msg(settle(w, w->sync) == 0, "seed %llu: not silent",
		      (unsigned long long)w->seed);
	expect_one_leaf(w);
	must(w, sync_status_read(w->store, &w->state, &env_system, &status, &mem_heap, &w->error),
	     "status");
	if (status.quarantined) {
		print_all(w);
		sync_walk(&w->state, SYNC_QUARANTINE, print_entry, NULL, &mem_heap, &w->error);
	}
	ck_assert_msg(status.quarantined == 0 && status.incomplete == 0,
		      "seed %llu: %llu quarantined, %llu incomplete", (unsigned long long)w->seed,
		      (unsigned long long)status.quarantined,
		      (unsigned long long)status.incomplete);
	must(w, store_open(&fresh, "memory:fresh", &env_system, &mem_heap, &w->error), "fresh");
	over = (struct state){.store = fresh, .database = w->state.database};
	other = open_sync(w, &over);
	if (getenv("CHESTERFIELD_SEED"))
		print_all(w);
	if (settle(w, other)) {
		print_all(w);
		ck_abort_msg("seed %llu: versions disagree", (unsigned long long)w->seed);
	}
	sync_close(other);
	store_close(fresh);
	sync_close(w->sync);
	state_fini(&w->state);
	store_close(w->state_store);
	store_close(w->store);
	arena_fini(&w->arena);
}

static const struct {
	const char *catalog, *type;
	void (*write_body)(struct world *w, unsigned major, struct cf_buf *out);
} apps[] = {
	{"examples/todo", "todo-item", write_item},
	{"test/unit/sync/catalogs/lists", "list", write_list},
};

START_TEST(random_histories_end_in_agreement)
{
	struct world w = {.seed = 1, .type = apps[_i].type, .write_body = apps[_i].write_body};
	const char *seed = getenv("CHESTERFIELD_SEED");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("CHESTERFIELD_SOURCE"), apps[_i].catalog);
	must(&w, catalog_open(&w.catalog, path, &mem_heap, &w.error), "the catalog");
	if (seed) {
		w.seed = strtoull(seed, NULL, 10);
		play(&w);
	} else {
		for (; w.seed <= HISTORIES; w.seed++)
			play(&w);
	}
	catalog_close(w.catalog);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-random");
	TCase *tcase = tcase_create("random");

	tcase_set_timeout(tcase, 240);
	tcase_add_loop_test(tcase, random_histories_end_in_agreement, 0, ARRAY_LEN(apps));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
