/* What the driver makes of answers that no good server gives, and of the way there. */
#include "fake_server.h"
#include "store/store.h"

#define OK(type, body) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: @\r\n\r\n" body
#define STATUS(line, body) \
	"HTTP/1.1 " line "\r\nContent-Type: application/json\r\nContent-Length: @\r\n\r\n" body
#define HALF(line, body) \
	"HTTP/1.1 " line "\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" body
#define WELCOME                                                                          \
	{                                                                                \
		"GET / HTTP", OK("application/json", "{\"couchdb\":\"Welcome\"}"), false \
	}
#define DATABASE_ANSWER OK("application/json", "{\"update_seq\":\"1-a\"}")
#define DATABASE                                       \
	{                                              \
		"GET /db HTTP", DATABASE_ANSWER, false \
	}
#define PROBED                                                                                   \
	{                                                                                        \
		"POST /db/_bulk_get",                                                            \
			OK("application/json", "{\"results\":[{\"docs\":[{\"error\":{\"error\":" \
					       "\"not_found\"}}]}]}\n"),                         \
			false                                                                    \
	}
#define CREATED(body) STATUS("201 Created", body)

static int try_open(struct fake_server *fake, const char *user, const char *parameters,
		    struct cf_store **ret, struct cf_error *error)
{
	char url[200];

	snprintf(url, sizeof(url), "http://%s127.0.0.1:%d/db%s", user, fake->port, parameters);
	return store_open(ret, url, &env_system, &mem_heap, error);
}

/* Opening fails with this code and these words, and never tells the password. */
static void refuses_opening(const struct fake_step *steps, size_t count, const char *parameters,
			    int code, const char *words)
{
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_error error = {0};
	int rc;

	fake_start(&fake, steps, count);
	rc = try_open(&fake, "anna:s3cret@", parameters, &store, &error);
	fake_end(&fake);
	ck_assert_msg(rc == code, "%d: %s", rc, error.message);
	ck_assert_msg(strstr(error.message, words), "\"%s\" lacks \"%s\"", error.message, words);
	ck_assert_ptr_null(strstr(error.message, "s3cret"));
	ck_assert_ptr_null(store);
}

static const struct {
	struct fake_step step;
	const char *parameters;
	int code;
	const char *words;
} openings[] = {
	{{"Authorization: Basic YW5uYTpzM2NyZXQ=",
	  STATUS("401 Unauthorized",
		 "{\"error\":\"unauthorized\",\"reason\":\"Name or password is incorrect.\"}"),
	  true},
	 "",
	 CF_ERR_UNAUTHORIZED,
	 "GET /: 401 unauthorized: Name or password is incorrect."},
	{{NULL, STATUS("403 Forbidden", "{\"error\":\"forbidden\",\"reason\":{}}"), true},
	 "",
	 CF_ERR_FORBIDDEN,
	 "403 forbidden: {}"},
	{{NULL, OK("text/html", "<html><h1>Hello</h1></h>"), true},
	 "",
	 CF_ERR_NOT_A_STORE,
	 "GET /: 200 text/html instead of JSON: <html><h1>Hello</h1></h>"},
	{{NULL,
	  "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: @\r\n\r\n<p>no",
	  true},
	 "",
	 CF_ERR_UNAVAILABLE,
	 "502 text/html instead of JSON"},
	{{NULL, STATUS("429 Too Many Requests", "{\"error\":\"too_many\",\"reason\":\"slow\"}"),
	  true},
	 "",
	 CF_ERR_UNAVAILABLE,
	 "429 too_many"},
	{{NULL, STATUS("404 Not Found", "{}"), true}, "", CF_ERR_NOT_A_STORE, "404"},
	{{NULL, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n",
	  true},
	 "",
	 CF_ERR_NOT_A_STORE,
	 "redirected to another server, http://127.0.0.2:1"},
	/* Half a body, and none. */
	{{NULL, HALF("200 OK", "{\"couchdb\":\"Wel"), true}, "", CF_ERR_UNAVAILABLE, "GET /: "},
	{{NULL, NULL, true}, "", CF_ERR_UNAVAILABLE, "GET /: "},
	{{NULL, NULL, false}, "?timeout=1", CF_ERR_UNAVAILABLE, "GET /: Operation too slow"},
};

START_TEST(bad_servers_are_named)
{
	const struct fake_step steps[] = {openings[_i].step, openings[_i].step, openings[_i].step};
	const char *answer = openings[_i].step.answer;
	bool again = openings[_i].code == CF_ERR_UNAVAILABLE || (answer && strstr(answer, "html"));

	/* What may pass is asked three times. */
	refuses_opening(steps, again ? 3 : 1, openings[_i].parameters, openings[_i].code,
			openings[_i].words);
}
END_TEST

START_TEST(nobody_listens)
{
	struct cf_store *store = NULL;
	struct cf_error error = {0};

	ck_assert_int_eq(store_open(&store, "http://a:s3cret@127.0.0.1:1/db", &env_system,
				    &mem_heap, &error),
			 CF_ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(error.message, "http://a:***@127.0.0.1:1/db: GET /: "));
	ck_assert_int_eq(cf_error_class(error.code), CF_CLASS_RETRYABLE);
}
END_TEST

START_TEST(a_redirection_within_the_server_is_followed)
{
	char moved[200];
	struct fake_step steps[] = {
		WELCOME, {"GET /db HTTP", moved, false}, {"GET /db/ HTTP", DATABASE_ANSWER, false}};
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_error error = {0};

	fake_start(&fake, steps, ARRAY_LEN(steps));
	snprintf(moved, sizeof(moved),
		 "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%d/db/\r\n"
		 "Content-Length: 0\r\n\r\n",
		 fake.port);
	ck_assert_msg(try_open(&fake, "", "", &store, &error) == 0, "%s", error.message);
	fake_end(&fake);
	store_close(store);
}
END_TEST

/* --- logging in ---------------------------------------------------------------------- */

#define SESSION(cookie)                                                      \
	{                                                                    \
		"POST /_session",                                            \
			"HTTP/1.1 200 OK\r\nSet-Cookie: AuthSession=" cookie \
			"; Path=/; HttpOnly\r\n"                             \
			"Content-Length: @\r\n\r\n{\"ok\":true}",            \
			false                                                \
	}

START_TEST(a_cookie_that_ran_out_is_renewed)
{
	const struct fake_step steps[] = {
		SESSION("one"),
		{"AuthSession=one", OK("application/json", "{\"couchdb\":\"Welcome\"}"), false},
		{"AuthSession=one", STATUS("401 Unauthorized", "{}"), false},
		SESSION("two"),
		{"AuthSession=two", DATABASE_ANSWER, false},
	};
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_error error = {0};

	fake_start(&fake, steps, ARRAY_LEN(steps));
	ck_assert_msg(try_open(&fake, "anna:s3cret@", "?auth=cookie", &store, &error) == 0, "%s",
		      error.message);
	fake_end(&fake);
	store_close(store);
}
END_TEST

/* 401 again is an answer: five wrong passwords lock an account. */
START_TEST(a_wrong_password_is_shown_once)
{
	const struct fake_step step = {
		"POST /_session", STATUS("401 Unauthorized", "{\"error\":\"unauthorized\"}"), true};

	refuses_opening(&step, 1, "?auth=cookie", CF_ERR_UNAUTHORIZED,
			"POST /_session: 401 unauthorized");
}
END_TEST

START_TEST(a_proxy_vouches_by_headers)
{
	const struct fake_step steps[] = {
		{"X-Auth-CouchDB-UserName: anna\r\nX-Auth-CouchDB-Roles: a,b\r\n"
		 "X-Auth-CouchDB-Token: s3cret\r\n",
		 OK("application/json", "{\"couchdb\":\"Welcome\"}"), false},
		DATABASE,
	};
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_error error = {0};

	fake_start(&fake, steps, ARRAY_LEN(steps));
	ck_assert_msg(try_open(&fake, "anna:s3cret@", "?auth=proxy&roles=a,b", &store, &error) == 0,
		      "%s", error.message);
	fake_end(&fake);
	store_close(store);
}
END_TEST

/* --- writing -------------------------------------------------------------------------- */

enum { PUTS = 4 };

/* Puts a, b, c and d; ret is the call's answer. */
static int put_four(const struct fake_step *steps, size_t count, enum cf_put_kind kind,
		    struct cf_answer answers[PUTS], struct cf_arena *arena, struct cf_error *error)
{
	static const char *const ids[PUTS] = {"a", "b", "c", "d"};
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_put puts[PUTS];
	int rc;

	for (int i = 0; i < PUTS; i++)
		puts[i] = (struct cf_put){.id = str_of(ids[i]),
					  .kind = kind,
					  .rev = STR("1-a"),
					  .body = STR("{\"n\":1}")};
	fake_start(&fake, steps, count);
	ck_assert_msg(try_open(&fake, "", "", &store, error) == 0, "%s", error->message);
	rc = store_put(store, puts, PUTS, arena, answers, error);
	fake_end(&fake);
	store_close(store);
	return rc;
}

START_TEST(what_is_too_large_is_halved)
{
	const struct fake_step steps[] = {
		WELCOME,
		DATABASE,
		PROBED,
		{"\"_id\":\"d\"",
		 "HTTP/1.1 413 Too Large\r\nContent-Type: text/html\r\nContent-Length: @\r\n\r\n"
		 "too large",
		 false},
		{"\"docs\":[{\"_id\":\"a\",\"_rev\":\"1-a\",\"_revisions\":{\"start\":1,\"ids\":["
		 "\"a\"]},"
		 "\"n\":1},{\"_id\":\"b\"",
		 CREATED("[]"), false},
		{"\"docs\":[{\"_id\":\"c\"",
		 STATUS("413 Too Large", "{\"error\":\"document_too_large\",\"reason\":\"c\"}"),
		 false},
		{"\"docs\":[{\"_id\":\"c\"",
		 STATUS("413 Too Large", "{\"error\":\"document_too_large\",\"reason\":\"c\"}"),
		 false},
		{"\"docs\":[{\"_id\":\"d\"", CREATED("[]"), false},
	};
	struct cf_answer answers[PUTS];
	struct cf_error error = {0};
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(
		put_four(steps, ARRAY_LEN(steps), CF_PUT_REVISION, answers, &arena, &error), 0);
	ck_assert_int_eq(answers[0].code, 0);
	ck_assert_int_eq(answers[1].code, 0);
	ck_assert_int_eq(answers[2].code, CF_ERR_LIMIT);
	ck_assert_int_eq(answers[3].code, 0);
	ck_assert_bytes(answers[2].message.ptr, answers[2].message.len, "document_too_large: c");
	arena_fini(&arena);
}
END_TEST

START_TEST(each_is_told_what_the_server_says_of_it)
{
	const struct fake_step steps[] = {
		WELCOME,
		DATABASE,
		PROBED,
		{"\"new_edits\":false",
		 CREATED("[{\"id\":\"b\",\"rev\":\"1-a\",\"error\":\"forbidden\",\"reason\":{\"a\":"
			 "1}},"
			 "{\"id\":\"c\",\"error\":\"unknown_error\",\"reason\":\"no\\u0021\"}]"),
		 true},
	};
	struct cf_answer answers[PUTS];
	struct cf_error error = {0};
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_msg(put_four(steps, ARRAY_LEN(steps), CF_PUT_REVISION, answers, &arena, &error) ==
			      0,
		      "%s", error.message);
	ck_assert_int_eq(answers[0].code, 0);
	ck_assert_int_eq(answers[1].code, CF_ERR_FORBIDDEN);
	ck_assert_bytes(answers[1].message.ptr, answers[1].message.len, "forbidden: {\"a\":1}");
	ck_assert_int_eq(answers[2].code, CF_ERR_FORBIDDEN);
	ck_assert_bytes(answers[2].message.ptr, answers[2].message.len, "unknown_error: no!");
	ck_assert_int_eq(answers[3].code, 0);
	arena_fini(&arena);
}
END_TEST

/* What a call as a whole may meet: what was sent may have been done. */
static const struct {
	struct fake_step step;
	int code;
	const char *words;
} failures[] = {
	{{NULL, HALF("201 Created", "[{\"ok\":true,\"id\":\"a\",\"rev\":\"1-x\"},"), true},
	 CF_ERR_UNCERTAIN,
	 "POST /db/_bulk_docs: "},
	{{NULL, CREATED("[{\"ok\":true,\"id\":\"a\",\"rev\":\"1-x\"},"), true},
	 CF_ERR_UNCERTAIN,
	 "POST /db/_bulk_docs: the answer ends in the middle"},
	{{NULL, CREATED("[{\"ok\":true,\"id\":\"a\",\"rev\":\"1-x\"}]"), true},
	 CF_ERR_UNCERTAIN,
	 "_bulk_docs answered 1 of 4 documents"},
	{{NULL, OK("text/html", "<p>Hi</"), true},
	 CF_ERR_UNCERTAIN,
	 "POST /db/_bulk_docs: 200 text/html instead of JSON: <p>Hi</"},
	{{NULL, NULL, true}, CF_ERR_UNCERTAIN, "POST /db/_bulk_docs: "},
	{{NULL, STATUS("500 Oops", "{\"error\":\"unknown_error\",\"reason\":\"badmatch\"}     "),
	  true},
	 CF_ERR_UNCERTAIN,
	 "POST /_bulk_docs: 500 unknown_error: badmatch"},
	{{NULL, STATUS("503 Away", "{}"), true}, CF_ERR_UNCERTAIN, "503"},
	{{NULL, STATUS("429 Slow", "{\"error\":\"too_many\"}"), true},
	 CF_ERR_UNAVAILABLE,
	 "429 too_many"},
	{{NULL, STATUS("404 No", "{\"error\":\"not_found\",\"reason\":\"no_db\"}"), true},
	 CF_ERR_NO_DATABASE,
	 "404 not_found"},
	{{NULL, STATUS("403 No", "{\"error\":\"forbidden\",\"reason\":\"nope\"}  "), true},
	 CF_ERR_FORBIDDEN,
	 "403 forbidden: nope"},
};

START_TEST(calls_fail_with_request_and_reason)
{
	/* A kept connection that ends without a word may have been idle for too long: it is
	 * tried once more on a new one. */
	const struct fake_step steps[] = {WELCOME, DATABASE, PROBED, failures[_i].step,
					  failures[_i].step};
	size_t count = ARRAY_LEN(steps) - (failures[_i].step.answer ? 1 : 0);
	struct cf_answer answers[PUTS];
	struct cf_error error = {0};
	struct cf_arena arena;
	int rc;

	arena_init(&arena, &mem_heap);
	rc = put_four(steps, count, CF_PUT_ABSENT, answers, &arena, &error);
	ck_assert_msg(rc == failures[_i].code, "%d: %s", rc, error.message);
	ck_assert_msg(strstr(error.message, failures[_i].words), "\"%s\" lacks \"%s\"",
		      error.message, failures[_i].words);
	arena_fini(&arena);
}
END_TEST

START_TEST(each_call_has_its_time)
{
	/* Nobody answers the second time. */
	const struct fake_step steps[] = {
		WELCOME, DATABASE, PROBED, {"_bulk_docs", NULL, false}, {"_bulk_get", NULL, false}};
	const struct cf_put put = {.id = STR("a"), .body = STR("{}"), .kind = CF_PUT_ABSENT};
	const struct cf_get get = {.id = STR("a")};
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_error error = {0};
	struct cf_answer answer;
	struct cf_record record;
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	fake_start(&fake, steps, ARRAY_LEN(steps));
	ck_assert_msg(try_open(&fake, "", "", &store, &error) == 0, "%s", error.message);
	ck_assert_int_eq(store_set_timeout(store, 300, &error), 0);
	ck_assert_int_eq(store_put(store, &put, 1, &arena, &answer, &error), CF_ERR_UNCERTAIN);
	ck_assert_int_eq(store_get(store, &get, 1, 0, &arena, &record, &error), CF_ERR_UNAVAILABLE);
	fake_end(&fake);
	store_close(store);
	arena_fini(&arena);
}
END_TEST

START_TEST(changes_of_another_life_are_refused)
{
#define LIFE(start) \
	OK("application/json", "{\"update_seq\":\"1-a\",\"instance_start_time\":\"" start "\"}")
#define ONE_CHANGE                                                                \
	OK("application/json",                                                    \
	   "{\"results\":[\n{\"seq\":\"1-a\",\"id\":\"a\",\"changes\":[{\"rev\":" \
	   "\"1-a\"}]}\n],\n\"last_seq\":\"1-a\",\"pending\":0}\n")
	const struct fake_step steps[] = {
		WELCOME,
		{"GET /db HTTP", LIFE("1700000000"), false},
		{"since=1-x", ONE_CHANGE, false},
		{"GET /db HTTP", LIFE("1700000000"), false},
		{"since=1-x", ONE_CHANGE, false},
		{"GET /db HTTP", LIFE("1700000001"), false},
	};
	const struct cf_changes changes = {.since = STR("1-x"), .limit = 10};
	struct fake_server fake;
	struct cf_store *store = NULL;
	struct cf_error error = {0};
	struct cf_change *found;
	struct cf_str token;
	struct cf_arena arena;
	size_t count = 0;

	arena_init(&arena, &mem_heap);
	fake_start(&fake, steps, ARRAY_LEN(steps));
	ck_assert_msg(try_open(&fake, "", "", &store, &error) == 0, "%s", error.message);
	ck_assert_str_eq(store->life, "1700000000");
	ck_assert_int_eq(store_changes(store, &changes, &arena, &found, &count, &token, &error), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(store_changes(store, &changes, &arena, &found, &count, &token, &error),
			 CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(error.message, "made anew"), "%s", error.message);
	fake_end(&fake);
	store_close(store);
	arena_fini(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("couch-http");
	TCase *tcase = tcase_create("http");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, bad_servers_are_named, 0, ARRAY_LEN(openings));
	tcase_add_test(tcase, nobody_listens);
	tcase_add_test(tcase, a_redirection_within_the_server_is_followed);
	tcase_add_test(tcase, a_cookie_that_ran_out_is_renewed);
	tcase_add_test(tcase, a_wrong_password_is_shown_once);
	tcase_add_test(tcase, a_proxy_vouches_by_headers);
	tcase_add_test(tcase, what_is_too_large_is_halved);
	tcase_add_test(tcase, each_is_told_what_the_server_says_of_it);
	tcase_add_loop_test(tcase, calls_fail_with_request_and_reason, 0, ARRAY_LEN(failures));
	tcase_add_test(tcase, each_call_has_its_time);
	tcase_add_test(tcase, changes_of_another_life_are_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
