/* The records of the state: ids, names of any length, pages, and what a put refuses. */
#include "check_main.h"
#include "state/state.h"

#include <stdlib.h>

struct room {
	struct cf_store *store;
	struct state state;
	struct cf_arena arena;
	struct cf_error error;
};

static void room_open(struct room *room, const char *database)
{
	*room = (struct room){.store = NULL};
	arena_init(&room->arena, &mem_heap);
	ck_assert_int_eq(
		store_open(&room->store, "memory:state", &env_system, &mem_heap, &room->error), 0);
	ck_assert_int_eq(state_init(&room->state, room->store, str_of(database), &mem_heap), 0);
}

static void room_close(struct room *room)
{
	state_fini(&room->state);
	store_close(room->store);
	arena_fini(&room->arena);
}

static struct cf_str repeated(struct room *room, const char *text, size_t times)
{
	struct cf_buf out;
	struct cf_str ret;

	buf_init(&out, &mem_heap);
	for (size_t i = 0; i < times; i++)
		buf_str(&out, str_of(text));
	ret = arena_dup(&room->arena, buf_view(&out));
	buf_fini(&out);
	return ret;
}

static void put(struct room *room, struct state_key key, const char *body)
{
	struct state_put put = {.key = key, .condition = CF_PUT_ANY, .body = str_of(body)};

	ck_assert_int_eq(state_put_one(&room->state, &put, &room->arena, NULL, &room->error), 0);
}

static void expect_body(struct room *room, struct state_key key, const char *body)
{
	struct state_record record;

	ck_assert_int_eq(state_get_one(&room->state, key, &room->arena, &record, &room->error), 0);
	ck_assert_int_eq(state_exists(&record), body != NULL);
	if (body)
		ck_assert_bytes(record.body.ptr, record.body.len, body);
}

START_TEST(ids_begin_with_the_database)
{
	static const struct {
		const char *database;
		struct state_key key;
		const char *id;
	} cases[] = {
		{"", {STATE_CHECKPOINT}, "documents/checkpoint"},
		{"todo", {STATE_BASE, STR("todo-item/a%/b")}, "todo/base/todo-item/a%/b"},
		{"a/b%", {STATE_BASE, STR("x")}, "a%2Fb%25/base/x"},
		{"_users", {STATE_RETIRED}, "%5Fusers/retired"},
		{"d", {STATE_REFERENCE, STR("g/%"), STR("t/%")}, "d/reference/Sj4u_oiBNpH/t/%"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct room room;
		struct cf_str id;

		room_open(&room, cases[i].database);
		id = state_id(&room.state, cases[i].key, &room.arena);
		ck_assert_bytes(id.ptr, id.len, cases[i].id);
		ck_assert(state_id_is(&room.state, cases[i].key.kind, id));
		ck_assert(!state_id_is(&room.state, STATE_ENGINE, id));
		room_close(&room);
	}
}
END_TEST

START_TEST(ids_fit_whatever_the_names)
{
	struct room room;
	struct cf_str database;

	room_open(&room, "x");
	database = repeated(&room, "/", 1000);
	state_fini(&room.state);
	ck_assert_int_eq(state_init(&room.state, room.store, database, &mem_heap), 0);
	for (int kind = 0; kind < STATE_KIND_COUNT; kind++) {
		struct state_key key = {(enum state_kind)kind, repeated(&room, "/", LIMIT_ID_BYTES),
					repeated(&room, "\xc3\xa4", LIMIT_ID_BYTES)};
		struct cf_str id = state_id(&room.state, key, &room.arena);

		ck_assert_uint_le(id.len, LIMIT_ID_BYTES);
		put(&room, key, "{\"a\":1}");
		expect_body(&room, key, "{\"a\":1}");
	}
	room_close(&room);
}
END_TEST

/* Names of every length around the limit are told apart, and come back whole. */
START_TEST(long_names_come_back_whole)
{
	struct room room;
	struct state_range range = {.kind = STATE_CONFLICT, .limit = 3};
	struct state_pages pages;
	size_t seen = 0;
	int rc;

	room_open(&room, "d");
	for (size_t i = 0; i < 20; i++) {
		struct cf_str name = repeated(&room, "n", STATE_NAME_BYTES - 10 + i);
		struct cf_str body = arena_printf(&room.arena, "{\"len\":%zu}", name.len);

		put(&room, (struct state_key){STATE_CONFLICT, name}, body.ptr);
	}
	put(&room, (struct state_key){STATE_CONFLICT, repeated(&room, "n\"\\", 999)}, "{ }");
	state_pages_init(&pages, &room.state, &range, &mem_heap);
	while ((rc = state_pages_next(&pages, &room.error)) > 0) {
		for (size_t i = 0; i < pages.count; i++, seen++) {
			const struct state_record *one = &pages.records[i];
			struct cf_str body =
				arena_printf(pages.arena, "{\"len\":%zu}", one->name.len);

			if (one->name.len == 999 * 3)
				ck_assert_bytes(one->body.ptr, one->body.len, "{}");
			else
				ck_assert(str_equal(one->body, body));
			expect_body(&room, (struct state_key){STATE_CONFLICT, one->name},
				    one->name.len == 999 * 3 ? "{}" : body.ptr);
		}
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(seen, 21);
	state_pages_fini(&pages);
	room_close(&room);
}
END_TEST

/* "g" is not "g/1", nor is what begins with the same letters. */
START_TEST(pages_keep_to_their_range)
{
	struct room room;
	struct state_record *records;
	struct state_range range = {.kind = STATE_REFERENCE, .name = STR("g"), .limit = 2};
	size_t count;

	room_open(&room, "d");
	put(&room, (struct state_key){STATE_REFERENCE, STR("g"), STR("t/a")}, "{}");
	put(&room, (struct state_key){STATE_REFERENCE, STR("g"), STR("t/b")}, "{}");
	put(&room, (struct state_key){STATE_REFERENCE, STR("g"), STR("u/c")}, "{}");
	put(&room, (struct state_key){STATE_REFERENCE, STR("g/t"), STR("a")}, "{}");
	put(&room, (struct state_key){STATE_WAITING, STR("g"), STR("t/z")}, "{}");
	ck_assert_int_eq(
		state_page(&room.state, &range, &room.arena, &records, &count, &room.error), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_bytes(records[0].name.ptr, records[0].name.len, "g");
	ck_assert_bytes(records[1].other.ptr, records[1].other.len, "t/b");
	range.after = records[1].other;
	ck_assert_int_eq(
		state_page(&room.state, &range, &room.arena, &records, &count, &room.error), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_bytes(records[0].other.ptr, records[0].other.len, "u/c");
	range.after = STR("");
	range.begin = STR("u");
	ck_assert_int_eq(
		state_page(&room.state, &range, &room.arena, &records, &count, &room.error), 0);
	ck_assert_uint_eq(count, 1);
	range = (struct state_range){.kind = STATE_REFERENCE};
	ck_assert_int_eq(
		state_page(&room.state, &range, &room.arena, &records, &count, &room.error), 0);
	ck_assert_uint_eq(count, 4);
	range = (struct state_range){
		.kind = STATE_REFERENCE, .from = STR("g"), .after = STR("t/b")};
	ck_assert_int_eq(
		state_page(&room.state, &range, &room.arena, &records, &count, &room.error), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_bytes(records[0].other.ptr, records[0].other.len, "u/c");
	range = (struct state_range){.kind = STATE_REFERENCE, .from = STR("g")};
	ck_assert_int_eq(
		state_page(&room.state, &range, &room.arena, &records, &count, &room.error), 0);
	ck_assert_uint_eq(count, 3);
	room_close(&room);
}
END_TEST

START_TEST(conditions_hold_and_refusals_are_told)
{
	struct room room;
	struct state_put put = {.key = {STATE_BASE, STR("a")},
				.condition = CF_PUT_ABSENT,
				.body = STR("{\"n\":1}")};
	struct cf_str rev;

	room_open(&room, "d");
	ck_assert_int_eq(state_put_one(&room.state, &put, &room.arena, &rev, &room.error), 0);
	ck_assert_int_eq(state_put_one(&room.state, &put, &room.arena, NULL, &room.error),
			 CF_ERR_CONFLICT);
	put.condition = CF_PUT_ON_REV;
	put.rev = rev;
	put.body = (struct cf_str){NULL, 0};
	ck_assert_int_eq(state_put_all(&room.state, &put, 1, &room.arena, &room.error), 0);
	expect_body(&room, put.key, NULL);
	put.body = STR("{}");
	ck_assert_int_eq(state_put_all(&room.state, &put, 1, &room.arena, &room.error),
			 CF_ERR_CONFLICT);
	room_close(&room);
}
END_TEST

/* What is erased is all of one database, and nothing of its neighbours. */
START_TEST(erasing_keeps_to_one_database)
{
	struct room room, other;
	struct state_record record;
	uint64_t count;

	room_open(&room, "a");
	room_open(&other, "a/b");
	for (int kind = 0; kind < STATE_KIND_COUNT; kind++) {
		struct state_key key = {(enum state_kind)kind, STR("n"), STR("o")};

		put(&room, key, "{}");
		put(&other, key, "{\"other\":true}");
	}
	for (int i = 0; i < STATE_PAGE + 1; i++)
		put(&room, (struct state_key){STATE_BASE, arena_printf(&room.arena, "x%d", i)},
		    "{}");
	ck_assert_int_eq(state_erase(&room.state, &count, &mem_heap, &room.error), 0);
	/* And what the bases have in common. */
	ck_assert_uint_eq(count, STATE_KIND_COUNT + STATE_PAGE + 2);
	for (int kind = 0; kind < STATE_KIND_COUNT; kind++) {
		struct state_key key = {(enum state_kind)kind, STR("n"), STR("o")};

		ck_assert_int_eq(state_get_one(&room.state, key, &room.arena, &record, NULL), 0);
		ck_assert(!state_exists(&record));
		expect_body(&other, key, "{\"other\":true}");
	}
	room_close(&other);
	room_close(&room);
}
END_TEST

START_TEST(a_damaged_record_is_named)
{
	struct room room;
	struct state_key key;
	struct state_record record;
	struct cf_put put = {.kind = CF_PUT_ANY, .body = STR("{\"no\":\"name\"}")};
	struct cf_answer answer;
	struct state_pages pages;
	struct state_range range = {.kind = STATE_BASE};

	room_open(&room, "d");
	key = (struct state_key){STATE_BASE, repeated(&room, "k", 1000)};
	put.id = state_id(&room.state, key, &room.arena);
	ck_assert_int_eq(store_put(room.store, &put, 1, &room.arena, &answer, &room.error), 0);
	ck_assert_int_eq(state_get_one(&room.state, key, &room.arena, &record, &room.error),
			 CF_ERR_INVALID);
	state_pages_init(&pages, &room.state, &range, &mem_heap);
	ck_assert_int_eq(state_pages_next(&pages, &room.error), CF_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(room.error.document, "d/base/kkk"));
	state_pages_fini(&pages);
	room_close(&room);
}
END_TEST

START_TEST(a_database_is_named_by_its_place)
{
	static const struct cf_store places[] = {
		{.place = "sqlite:/tmp/a?b.db?table=documents"},
		{.place = "https://host:5984/?db=user=1"},
		{.place = "elsewhere"},
		{.place = NULL},
	};
	static const char *const names[] = {"documents", "user=1", "documents", "documents"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct cf_str name = state_database_of(&places[i]);

		ck_assert_bytes(name.ptr, name.len, names[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state-records");
	TCase *tcase = tcase_create("records");

	tcase_add_test(tcase, ids_begin_with_the_database);
	tcase_add_test(tcase, ids_fit_whatever_the_names);
	tcase_add_test(tcase, long_names_come_back_whole);
	tcase_add_test(tcase, pages_keep_to_their_range);
	tcase_add_test(tcase, conditions_hold_and_refusals_are_told);
	tcase_add_test(tcase, erasing_keeps_to_one_database);
	tcase_add_test(tcase, a_damaged_record_is_named);
	tcase_add_test(tcase, a_database_is_named_by_its_place);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
