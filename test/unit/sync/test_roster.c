/* Which databases there are: rounds over a server that is made up here. */
#include "check_main.h"
#include "sync/fellows.h"
#include "sync/roster.h"

enum { DATABASES = 2500 };

struct made_up {
	struct {
		char name[16];
		unsigned token, life; /* token 0: there is none */
	} at[DATABASES];
	size_t count;
	size_t lists, looks, looked;
	char said[4000]; /* "+a ~a -a " */
	size_t found;
	int fail; /* the next request's code */
};

static int made_list(void *ctx, struct store_names *page, struct cf_arena *arena,
		     struct cf_error *error)
{
	struct made_up *m = ctx;
	int rc = m->fail;

	m->fail = 0;
	m->lists++;
	if (rc)
		return error_set(error, rc, "as told");
	page->names = arena_calloc(arena, page->limit, sizeof(*page->names));
	page->count = 0;
	for (size_t i = 0; i < m->count && page->count < page->limit; i++) {
		struct cf_str name = str_of(m->at[i].name);

		if (m->at[i].token && str_compare(name, page->after) > 0)
			page->names[page->count++] = name;
	}
	return 0;
}

static int made_look(void *ctx, struct store_database *databases, size_t count,
		     struct cf_arena *arena, struct cf_error *error)
{
	struct made_up *m = ctx;
	int rc = m->fail;

	m->fail = 0;
	m->looks++;
	m->looked += count;
	for (size_t i = 0; i < count; i++) {
		databases[i].token = databases[i].life = STR("");
		for (size_t k = 0; k < m->count; k++) {
			if (!m->at[k].token || !str_equal(str_of(m->at[k].name), databases[i].name))
				continue;
			databases[i].token = arena_printf(arena, "%u", m->at[k].token);
			databases[i].life = arena_printf(arena, "%u", m->at[k].life);
		}
	}
	return rc ? error_set(error, rc, "as told") : 0;
}

static void say(struct made_up *m, char what, struct cf_str name)
{
	size_t len = strlen(m->said);

	snprintf(m->said + len, sizeof(m->said) - len, "%c%.*s ", what, STR_ARG(name));
}

static int made_found(void *ctx, const struct store_database *databases, size_t count,
		      struct cf_arena *arena, struct cf_error *error)
{
	struct made_up *m = ctx;

	(void)arena, (void)error;
	m->found += count;
	for (size_t i = 0; i < count; i++)
		say(m, '+', databases[i].name);
	return 0;
}

static int made_changed(void *ctx, struct cf_str name, struct cf_error *error)
{
	(void)error;
	say(ctx, '~', name);
	return 0;
}

static int made_left(void *ctx, struct cf_str name, struct cf_error *error)
{
	(void)error;
	say(ctx, '/', name);
	return 0;
}

static int made_gone(void *ctx, struct cf_str name, struct cf_error *error)
{
	(void)error;
	say(ctx, '-', name);
	return 0;
}

static void made_open(struct made_up *m, struct roster *roster, const struct sync_names *names)
{
	const struct roster_calls calls = {made_list, made_look, made_found, made_changed,
					   made_left, made_gone, m};

	*m = (struct made_up){.count = 0};
	ck_assert_int_eq(roster_init(roster, names, &calls, &mem_heap), 0);
}

static void add(struct made_up *m, const char *name)
{
	snprintf(m->at[m->count].name, sizeof(m->at[0].name), "%s", name);
	m->at[m->count].life = 1;
	m->at[m->count++].token = 1;
}

/* What is said in one round. */
static const char *round_of(struct made_up *m, struct roster *roster)
{
	struct cf_error error;
	bool end = false;

	m->said[0] = '\0';
	for (int i = 0; !end; i++) {
		ck_assert_int_eq(roster_step(roster, &end, &error), 0);
		ck_assert_int_lt(i, 1000);
	}
	return m->said;
}

START_TEST(what_comes_changes_and_goes_is_told_once)
{
	const char *const patterns[] = {"user-*", "!user-test*"};
	const struct sync_names names = {.patterns = patterns, .count = 2, .never = "user-state"};
	struct roster roster;
	struct made_up m;

	made_open(&m, &roster, &names);
	add(&m, "other");
	add(&m, "user-a");
	add(&m, "user-b");
	add(&m, "user-state");
	add(&m, "user-test1");
	ck_assert_str_eq(round_of(&m, &roster), "+user-a +user-b ");
	ck_assert_str_eq(round_of(&m, &roster), "");
	m.at[1].token++;
	ck_assert_str_eq(round_of(&m, &roster), "~user-a ");
	/* Once more: its feed may have been behind what the server said. */
	ck_assert_str_eq(round_of(&m, &roster), "~user-a ");
	ck_assert_str_eq(round_of(&m, &roster), "");
	m.at[1].token = 0;
	add(&m, "user-c");
	ck_assert_str_eq(round_of(&m, &roster), "-user-a +user-c ");
	/* Made anew, with the same number of changes. */
	m.at[2].life++;
	ck_assert_str_eq(round_of(&m, &roster), "-user-b +user-b ");
	ck_assert_str_eq(round_of(&m, &roster), "");
	roster_fini(&roster);
}
END_TEST

START_TEST(hints_come_first_and_are_looked_at)
{
	const char *const patterns[] = {"u*"};
	const struct sync_names names = {.patterns = patterns, .count = 1};
	struct cf_error error;
	struct roster roster;
	struct made_up m;
	bool end;

	made_open(&m, &roster, &names);
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof(name), "u%03d", i);
		add(&m, name);
	}
	round_of(&m, &roster);
	m.said[0] = '\0';
	m.looks = 0;
	m.at[299].token++;
	ck_assert_int_eq(roster_hint(&roster, STR("u299")), 0);
	ck_assert_int_eq(roster_hint(&roster, STR("u000")), 0); /* nothing changed in it */
	ck_assert_int_eq(roster_hint(&roster, STR("u999")), 0); /* there is none */
	ck_assert_int_eq(roster_hint(&roster, STR("x")), 0);    /* it is not meant */
	ck_assert_int_eq(roster_step(&roster, &end, &error), 0);
	ck_assert_str_eq(m.said, "~u299 ");
	ck_assert_uint_eq(m.looks, 1);
	ck_assert_uint_eq(roster.hinted, 0);
	ck_assert_uint_eq(roster.count, 300);
	/* One that is new. */
	add(&m, "u999");
	m.said[0] = '\0';
	ck_assert_int_eq(roster_hint(&roster, STR("u999")), 0);
	ck_assert_int_eq(roster_step(&roster, &end, &error), 0);
	ck_assert_str_eq(m.said, "+u999 ");
	ck_assert_str_eq(round_of(&m, &roster), "~u299 ");
	ck_assert_str_eq(round_of(&m, &roster), "");
	roster_fini(&roster);
}
END_TEST

START_TEST(a_step_that_failed_is_taken_again)
{
	const char *const patterns[] = {"*"};
	const struct sync_names names = {.patterns = patterns, .count = 1};
	struct cf_error error;
	struct roster roster;
	struct made_up m;
	bool end;

	made_open(&m, &roster, &names);
	add(&m, "a");
	add(&m, "_users");
	m.fail = CF_ERR_UNAVAILABLE;
	ck_assert_int_eq(roster_step(&roster, &end, &error), CF_ERR_UNAVAILABLE);
	ck_assert_int_eq(roster_step(&roster, &end, &error), 0);
	m.fail = CF_ERR_UNAVAILABLE;
	ck_assert_int_eq(roster_step(&roster, &end, &error), CF_ERR_UNAVAILABLE);
	ck_assert_int_eq(roster_step(&roster, &end, &error), 0);
	ck_assert(end);
	ck_assert_str_eq(m.said, "+a ");
	roster_fini(&roster);
}
END_TEST

START_TEST(many_cost_a_request_for_a_hundred)
{
	const char *const patterns[] = {"d*"};
	struct sync_names names = {.patterns = patterns, .count = 1};
	struct roster roster;
	struct made_up m;
	size_t all = 0;

	for (names.shards = 1; names.shards < 4; names.shards += 2) {
		for (names.shard = 0; names.shard < names.shards; names.shard++) {
			made_open(&m, &roster, &names);
			for (int i = 0; i < DATABASES; i++) {
				char name[16];

				snprintf(name, sizeof(name), "d%04d", i);
				add(&m, name);
			}
			round_of(&m, &roster);
			ck_assert_uint_eq(m.lists, 3);
			ck_assert_uint_le(m.looks, roster.count / 100 + 1);
			ck_assert_uint_eq(m.found, roster.count);
			all += roster.count;
			roster_fini(&roster);
		}
	}
	/* Each of three parts has some, and together they have all. */
	ck_assert_uint_eq(all, 2 * DATABASES);
}
END_TEST

/* Of three processes each has a part, together they have all, and where one goes only its part
 * moves. */
START_TEST(those_who_share_take_a_part_each)
{
	const char *const patterns[] = {"d*"};
	uint64_t three[][3] = {{11, 22, 33}, {22, 11, 33}, {33, 11, 22}};
	struct sync_names names = {.patterns = patterns, .count = 1};
	struct cf_error error;
	struct roster roster;
	struct made_up m;
	size_t part, all = 0;

	for (int i = 0; i < 3; i++) {
		names.members = three[i];
		names.member_count = 3;
		made_open(&m, &roster, &names);
		for (int k = 0; k < 90; k++) {
			char name[16];

			snprintf(name, sizeof(name), "d%02d", k);
			add(&m, name);
		}
		round_of(&m, &roster);
		part = roster.count;
		ck_assert_uint_gt(part, 10);
		all += part;
		/* 33 goes; for itself: the second of the others does. */
		names.member_count = 2;
		m.said[0] = '\0';
		ck_assert_int_eq(roster_sift(&roster, &error), 0);
		ck_assert_str_eq(m.said, "");
		round_of(&m, &roster);
		ck_assert_uint_gt(roster.count, part);
		part = roster.count;
		names.member_count = 3;
		m.said[0] = '\0';
		ck_assert_int_eq(roster_sift(&roster, &error), 0);
		ck_assert_ptr_nonnull(strstr(m.said, "/d"));
		ck_assert_uint_lt(roster.count, part);
		roster_fini(&roster);
	}
	ck_assert_uint_eq(all, 90);
}
END_TEST

/* --- who shares ------------------------------------------------------------------------------- */

static int64_t clock_ms;
static uint64_t random_last;

static int64_t wall(void *ctx)
{
	(void)ctx;
	return clock_ms;
}

static uint64_t steady_ns(void *ctx)
{
	(void)ctx;
	return (uint64_t)clock_ms * 1000000;
}

static uint64_t random_next(void *ctx)
{
	(void)ctx;
	return ++random_last;
}

static const struct cf_env test_env = {wall, steady_ns, random_next, NULL};

static bool step(struct fellows *fellows, struct state *server)
{
	struct sync_scout_counts counts = {.databases = 7, .rounds = 2, .round_ms = 30};
	struct cf_error error;
	bool changed;
	int rc = fellows_step(fellows, server, &counts, &changed, &error);

	ck_assert_msg(rc == 0, "%s", rc ? error.message : "");
	return changed;
}

static void open_fellow(struct fellows *fellows, struct sync_scout_how *how,
			const char *const *patterns, const char *catalog)
{
	*how = (struct sync_scout_how){.names = {.patterns = patterns, .count = 1},
				       .self = {.host = "here", .pid = 1}};
	fellows_init(fellows, how, catalog, &test_env);
}

START_TEST(who_falls_silent_or_leaves_shares_no_more)
{
	const char *const patterns[] = {"d*"}, *const others[] = {"e*"};
	struct sync_scout_how hows[4];
	struct fellows a, b, c, d;
	struct sync_engine *engines;
	struct cf_store *store;
	struct cf_arena arena;
	struct cf_error error;
	struct state server;
	size_t count;

	clock_ms = 1000000;
	ck_assert_int_eq(store_open(&store, "memory:fellows", &test_env, &mem_heap, &error), 0);
	ck_assert_int_eq(state_init(&server, store, STATE_SERVER, &mem_heap), 0);
	open_fellow(&a, &hows[0], patterns, "one");
	open_fellow(&b, &hows[1], patterns, "one");
	open_fellow(&c, &hows[2], others, "one");
	open_fellow(&d, &hows[3], patterns, "another catalog");
	ck_assert(!step(&a, &server));
	ck_assert(step(&b, &server)); /* it hears of a at once */
	ck_assert(!step(&c, &server));
	ck_assert(!step(&d, &server));
	ck_assert_uint_eq(b.member_count, 2);
	ck_assert(!step(&a, &server)); /* not before it is time */
	clock_ms += FELLOWS_BEAT_MS;
	ck_assert(step(&a, &server));
	ck_assert_uint_eq(a.member_count, 2);
	ck_assert_uint_eq(c.member_count, 1);
	/* b is killed: it takes a while until that is sure. */
	for (int i = 0; i < FELLOWS_SILENCE_MS / FELLOWS_BEAT_MS - 1; i++) {
		clock_ms += FELLOWS_BEAT_MS;
		ck_assert(!step(&a, &server));
	}
	clock_ms += FELLOWS_BEAT_MS;
	ck_assert(step(&a, &server));
	ck_assert_uint_eq(a.member_count, 1);
	/* It comes back, and says goodbye. */
	ck_assert(!step(&b, &server));
	clock_ms += FELLOWS_BEAT_MS;
	ck_assert(step(&a, &server));
	ck_assert_int_eq(fellows_leave(&b, &server, &error), 0);
	clock_ms += FELLOWS_BEAT_MS;
	ck_assert(step(&a, &server));
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(sync_engines_read(&server, &arena, &engines, &count, &error), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(engines[0].databases, 7);
	ck_assert_uint_eq(engines[0].round_ms, 30);
	arena_fini(&arena);
	state_fini(&server);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-roster");
	TCase *tc = tcase_create("roster");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_comes_changes_and_goes_is_told_once);
	tcase_add_test(tc, hints_come_first_and_are_looked_at);
	tcase_add_test(tc, a_step_that_failed_is_taken_again);
	tcase_add_test(tc, many_cost_a_request_for_a_hundred);
	tcase_add_test(tc, those_who_share_take_a_part_each);
	tcase_add_test(tc, who_falls_silent_or_leaves_shares_no_more);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
