/* Servers of many databases: names, what is said of each, and who changed. */
#include "fake_server.h"
#include "store/store.h"

#define OK(body) \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: @\r\n\r\n" body
#define STATUS(line, body) \
	"HTTP/1.1 " line "\r\nContent-Type: application/json\r\nContent-Length: @\r\n\r\n" body
#define WELCOME                                                      \
	{                                                            \
		"GET / HTTP", OK("{\"couchdb\":\"Welcome\"}"), false \
	}

struct servers {
	struct fake_server fake;
	struct store_server *server;
	struct cf_arena arena;
	struct cf_error error;
};

static void servers_open(struct servers *s, const struct fake_step *steps, size_t count)
{
	char url[80];

	*s = (struct servers){.server = NULL};
	arena_init(&s->arena, &mem_heap);
	fake_start(&s->fake, steps, count);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", s->fake.port);
	ck_assert_msg(store_server_open(&s->server, url, &env_system, &mem_heap, &s->error) == 0,
		      "%s", s->error.message);
}

static void servers_close(struct servers *s)
{
	fake_end(&s->fake);
	store_server_close(s->server);
	arena_fini(&s->arena);
}

static void expect_names(const struct cf_str *names, size_t count, const char *expected)
{
	char text[200] = "";

	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s ",
			 STR_ARG(names[i]));
	ck_assert_str_eq(text, expected);
}

START_TEST(names_come_in_pages)
{
	const struct fake_step steps[] = {
		WELCOME,
		{"GET /_all_dbs?limit=3 HTTP", OK("[\"a\",\"b\",\"u/1\"]"), false},
		{"GET /_all_dbs?limit=3&start_key=%22b%22 HTTP", OK("[\"b\",\"u/1\",\"z\"]"),
		 false},
		/* Who knows neither limit nor start tells all, in any order. */
		{"start_key=%22b%22", OK("[\"z\",\"a\",\"d\",\"b\",\"c\"]"), false},
		{"start_key=%22z%22", OK("[\"z\"]"), false},
	};
	struct store_names page = {.limit = 2};
	struct servers s;

	servers_open(&s, steps, ARRAY_LEN(steps));
	ck_assert_int_eq(store_server_names(s.server, &page, &s.arena, &s.error), 0);
	expect_names(page.names, page.count, "a b ");
	page.after = STR("b");
	ck_assert_int_eq(store_server_names(s.server, &page, &s.arena, &s.error), 0);
	expect_names(page.names, page.count, "u/1 z ");
	ck_assert_int_eq(store_server_names(s.server, &page, &s.arena, &s.error), 0);
	expect_names(page.names, page.count, "c d ");
	page.after = STR("z");
	ck_assert_int_eq(store_server_names(s.server, &page, &s.arena, &s.error), 0);
	ck_assert_uint_eq(page.count, 0);
	servers_close(&s);
}
END_TEST

#define INFO(seq) "{\"update_seq\":\"" seq "\",\"instance_start_time\":\"1700000000\"}"

static void look_at_three(struct servers *s, int code)
{
	struct store_database three[] = {
		{.name = STR("a")}, {.name = STR("b/c")}, {.name = STR("d")}};

	ck_assert_int_eq(store_server_look(s->server, three, 3, &s->arena, &s->error), code);
	if (code)
		return;
	ck_assert_bytes(three[0].token.ptr, three[0].token.len, "5-x");
	ck_assert_bytes(three[0].life.ptr, three[0].life.len, "1700000000");
	ck_assert_uint_eq(three[1].token.len, 0);
	ck_assert_bytes(three[2].token.ptr, three[2].token.len, "6-y");
}

START_TEST(many_are_looked_at_in_one_request)
{
	const struct fake_step steps[] = {
		WELCOME,
		{"{\"keys\":[\"a\",\"b/c\",\"d\"]}",
		 OK("[{\"key\":\"a\",\"info\":" INFO(
			 "5-x") "},{\"key\":\"b/c\",\"error\":\"not_found\"},"
				"{\"key\":\"d\",\"info\":" INFO("6-y") "}]"),
		 false},
		{"_dbs_info", OK("[{\"key\":\"a\",\"info\":" INFO("5-x") "}]"), false},
		{"_dbs_info", OK("[{\"key\":\"x\",\"info\":" INFO("5-x") "}]"), true},
		{"_dbs_info", OK("[{\"key\":\"x\",\"info\":" INFO("5-x") "}]"), true},
		{"_dbs_info", OK("[{\"key\":\"x\",\"info\":" INFO("5-x") "}]"), true},
	};
	struct servers s;

	servers_open(&s, steps, ARRAY_LEN(steps));
	look_at_three(&s, 0);
	look_at_three(&s, CF_ERR_UNAVAILABLE);
	look_at_three(&s, CF_ERR_UNAVAILABLE);
	servers_close(&s);
}
END_TEST

/* Whoever may not ask for all, or cannot be, is asked for each. */
START_TEST(each_is_looked_at_where_many_cannot_be)
{
	const struct fake_step steps[] = {
		WELCOME,
		{"POST /_dbs_info", STATUS("401 Unauthorized", "{\"error\":\"unauthorized\"}"),
		 false},
		{"GET /a HTTP", OK(INFO("5-x")), false},
		{"GET /b%2Fc HTTP", STATUS("404 Not Found", "{\"error\":\"not_found\"}"), false},
		{"GET /d HTTP", OK(INFO("6-y")), false},
		{"GET /a HTTP", STATUS("403 Forbidden", "{\"error\":\"forbidden\"}"), false},
	};
	struct servers s;

	servers_open(&s, steps, ARRAY_LEN(steps));
	look_at_three(&s, 0);
	look_at_three(&s, CF_ERR_FORBIDDEN);
	servers_close(&s);
}
END_TEST

START_TEST(updates_are_names)
{
	const struct fake_step steps[] = {
		WELCOME,
		{"GET /_db_updates?limit=1000&feed=longpoll&timeout=50&since=now HTTP",
		 OK("{\"results\":[\n{\"db_name\":\"a\",\"type\":\"updated\",\"seq\":\"1-a\"},\n"
		    "{\"db_name\":\"u/"
		    "1\",\"type\":\"deleted\",\"seq\":\"2-b\"}\n],\"last_seq\":\"2-b\"}\n"),
		 false},
		{"since=2-b",
		 STATUS("404 No", "{\"error\":\"not_found\",\"reason\":\"Database does "
				  "not exist.\"}"),
		 false},
		{"since=2-b", STATUS("400 No", ""), false},
	};
	struct store_updates updates = {.wait_ms = 50};
	struct servers s;

	servers_open(&s, steps, ARRAY_LEN(steps));
	ck_assert_msg(store_server_updates(s.server, &updates, &s.arena, &s.error) == 0, "%s",
		      s.error.message);
	expect_names(updates.names, updates.count, "a u/1 ");
	ck_assert_bytes(updates.token.ptr, updates.token.len, "2-b");
	for (int i = 0; i < 2; i++) {
		updates.since = STR("2-b");
		ck_assert_int_eq(store_server_updates(s.server, &updates, &s.arena, &s.error),
				 CF_ERR_UNSUPPORTED_OP);
		ck_assert_ptr_nonnull(strstr(s.error.message, "_global_changes"));
	}
	servers_close(&s);
}
END_TEST

START_TEST(only_a_couchdb_has_databases)
{
	struct store_server *server = NULL;
	struct cf_error error = {0};
	struct cf_buf url;

	ck_assert_int_eq(store_server_open(&server, "sqlite:x", &env_system, &mem_heap, &error),
			 CF_ERR_UNSUPPORTED_OP);
	ck_assert_ptr_null(server);
	buf_init(&url, &mem_heap);
	ck_assert_int_eq(store_server_url("http://a:b@h:1/couch/?auth=cookie", STR("u/1"), &url),
			 0);
	ck_assert_bytes(url.ptr, url.len, "http://a:b@h:1/couch/u%2F1?auth=cookie");
	buf_fini(&url);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("couch-databases");
	TCase *tcase = tcase_create("databases");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, names_come_in_pages);
	tcase_add_test(tcase, many_are_looked_at_in_one_request);
	tcase_add_test(tcase, each_is_looked_at_where_many_cannot_be);
	tcase_add_test(tcase, updates_are_names);
	tcase_add_test(tcase, only_a_couchdb_has_databases);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
