/* Rows of tables of other programs: what is taken, what is refused, what stays. */
#include "failing.h"
#include "rows.h"

#include <sys/wait.h>

/* --- writing -------------------------------------------------------------------------- */

#define MIXED                                                                               \
	"CREATE TABLE t(k INTEGER PRIMARY KEY, s TEXT NOT NULL DEFAULT 'd', i INT, r REAL," \
	" b BLOB, j JSON, x, u UNIQUE, g AS (i + 1), CHECK(i < 100));"                      \
	"INSERT INTO t(k, s, i, r, b, j, x, u) VALUES(1, 'one', 1, 1.5, x'01', '[1]', 'x', 'u1');"

static const struct {
	const char *id, *body;
	const char *words; /* of the refusal; NULL: taken */
	const char *stored;
} put_rows[] = {
	{"2", "{}", NULL, "2 'd' NULL NULL NULL NULL NULL NULL"},
	{"2", "{\"k\":2.0,\"s\":\"\",\"i\":-5,\"r\":2,\"x\":1.5}", NULL,
	 "2 '' -5 2.0 NULL NULL 1.5 NULL"},
	{"2", "{\"i\":true,\"x\":false,\"g\":99}", NULL, "2 'd' 1 NULL NULL NULL 0 NULL"},
	{"2", "{\"b\":{\"$base64\":\"AP8=\"},\"x\":{\"$base64\":\"\"}}", NULL,
	 "2 'd' NULL NULL X'00FF' NULL X'' NULL"},
	{"2", "{\"j\":{\"a\": [1.0,null]}}", NULL,
	 "2 'd' NULL NULL NULL '{\"a\": [1.0,null]}' NULL NULL"},
	{"2", "{\"j\":\"text\"}", NULL, "2 'd' NULL NULL NULL '\"text\"' NULL NULL"},
	{"2", "{\"j\":true,\"x\":\"12\"}", NULL, "2 'd' NULL NULL NULL 'true' '12' NULL"},
	{"2", "{\"i\":\"word\"}", "CHECK constraint failed", NULL},
	/* What is left out takes its default; what stays is not written. */
	{"1", "{\"i\":1.0,\"j\":[1.0],\"x\":\"x\",\"r\":15e-1}", NULL,
	 "1 'd' 1 1.5 NULL '[1]' 'x' NULL"},
	{"1", "{\"s\":\"one\",\"i\":2,\"u\":\"u2\"}", NULL, "1 'one' 2 NULL NULL NULL NULL 'u2'"},
	{"2", "{\"s\":null}", "NOT NULL constraint failed: t.s", NULL},
	{"1", "{\"s\":null}", "NOT NULL constraint failed: t.s", NULL},
	{"2", "{\"s\":5}", "column \"s\" (TEXT): would make a text of the number", NULL},
	{"2", "{\"s\":true}", "column \"s\" (TEXT): would make a text of true or false", NULL},
	{"2", "{\"s\":[]}", "column \"s\" (TEXT): takes no array or object", NULL},
	{"2", "{\"s\":{\"$base64\":\"AA==\",\"a\":1}}", "takes no array or object", NULL},
	{"2", "{\"i\":\"12\"}", "column \"i\" (INT): would make a number of the text", NULL},
	{"2", "{\"i\":\" +1.e2\\n\"}", "would make a number of the text", NULL},
	{"2", "{\"i\":100}", "CHECK constraint failed", NULL},
	{"2", "{\"u\":\"u1\"}", "UNIQUE constraint failed: t.u", NULL},
	{"2", "{\"x\":9223372036854775808}", "column \"x\": the number has more digits", NULL},
	{"2", "{\"r\":9007199254740993}", "column \"r\" (REAL): the number has more digits", NULL},
	{"2", "{\"r\":0.1000000000000000055}", "the number has more digits", NULL},
	{"2", "{\"r\":1e400}", "the number has more digits", NULL},
	{"2", "{\"b\":{\"$base64\":\"%\"}}", "column \"b\" (BLOB): $base64: not base64", NULL},
	{"2", "{\"x\":\"\\ud800\"}", "half a surrogate pair", NULL},
	{"2", "{\"frob\":1}", "the table \"t\" has no column \"frob\"", NULL},
	{"2", "{\"K\":2}", "the table \"t\" has no column \"K\"", NULL},
	{"2", "{\"k\":3}", "column \"k\" (INTEGER): is the key", NULL},
	{"2", "{\"k\":null}", "is the key", NULL},
	{"02", "{}", "is not how it is written", NULL},
	{"2.0", "{}", "is not how it is written", NULL},
	{"+2", "{}", "is not how it is written", NULL},
	{"two", "{}", "takes whole numbers only", NULL},
	{"2", "[]", "not an object", NULL},
};

START_TEST(puts_are_taken_or_refused_one_by_one)
{
	struct place p;
	struct cf_answer answers[3];
	struct cf_put puts[3] = {{.id = STR("7"), .body = STR("{\"s\":\"before\"}")},
				 {.id = str_of(put_rows[_i].id), .body = str_of(put_rows[_i].body)},
				 {.id = STR("8"), .body = STR("{\"s\":\"behind\"}")}};
	const char *words = put_rows[_i].words;
	const char *was;
	struct cf_record record;

	place_open(&p, MIXED, "table=t&key=k");
	was = list(&p, put_rows[_i].id, 9);
	ck_assert_int_eq(store_put(p.store, puts, 3, &p.arena, answers, NULL), 0);
	ck_assert_int_eq(answers[0].code, 0);
	ck_assert_int_eq(answers[2].code, 0);
	ck_assert_str_eq(ask_sql(&p, "SELECT s FROM t WHERE k > 6"), "before|behind");
	if (words) {
		ck_assert_int_eq(answers[1].code, CF_ERR_INVALID);
		ck_assert_msg(strstr(answers[1].message.ptr, words), "%s", answers[1].message.ptr);
		ck_assert_str_eq(list(&p, put_rows[_i].id, 9), was);
	} else {
		ck_assert_msg(answers[1].code == 0, "%s", answers[1].message.ptr);
		ck_assert_str_eq(
			ask_sql(&p,
				arena_printf(&p.arena,
					     "SELECT concat FROM (SELECT k, k || ' ' || quote(s) ||"
					     " ' ' || quote(i) || ' ' || quote(r) || ' ' ||"
					     " quote(b) || ' ' || quote(j) || ' ' || quote(x) ||"
					     " ' ' || quote(u) AS concat FROM t) WHERE k = %s",
					     put_rows[_i].id)
					.ptr),
			put_rows[_i].stored);
		record = get(&p, put_rows[_i].id);
		ck_assert(str_equal(record.revisions[0].rev, answers[1].rev));
	}
	place_close(&p);
}
END_TEST

START_TEST(what_was_read_is_put_back_unchanged)
{
	static const char columns[] =
		"SELECT quote(k) || quote(a) || quote(j) || quote(n) FROM t ORDER BY k";
	struct place p;
	const char *before;
	struct cf_record *records;
	struct cf_scan scan = {.limit = 100, .flags = CF_READ_BODIES};
	size_t count;

	/* The trigger would tell of any row that is written. */
	place_open(&p,
		   "CREATE TABLE t(k TEXT PRIMARY KEY, a, j JSON, n NUMERIC);"
		   "INSERT INTO t VALUES('a', 1.0, 'null', 1), ('b', '12', '\"12\"', 'x'),"
		   " ('c', x'00', x'01', 5e-324), ('d', NULL, '{\"$base64\":\"AQ==\"}', -0.0),"
		   " ('e', 'NaN', 'no json', 9223372036854775807), ('f', '[1]', '[1]', 1e300);"
		   "CREATE TRIGGER w BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'written'); END",
		   "table=t");
	before = ask_sql(&p, columns);
	ck_assert_int_eq(store_scan(p.store, &scan, &p.arena, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, 6);
	for (size_t i = 0; i < count; i++) {
		const struct cf_revision *one = records[i].revisions;
		struct cf_answer a = PUT(&p, .id = records[i].id, .kind = CF_PUT_ON_REV,
					 .rev = one->rev, .body = one->body);

		ck_assert_msg(a.code == 0, "%s", a.message.ptr);
		ck_assert(str_equal(a.rev, one->rev));
		/* And into an empty table all the same. */
		ck_assert_int_eq(PUT(&p, .id = records[i].id, .deleted = true).code, 0);
		a = PUT(&p, .id = records[i].id, .kind = CF_PUT_ABSENT, .body = one->body);
		ck_assert_msg(a.code == 0, "%s", a.message.ptr);
		ck_assert(str_equal(a.rev, one->rev));
		ck_assert(str_equal(get(&p, records[i].id.ptr).revisions[0].body, one->body));
	}
	ck_assert_uint_gt(strlen(before), 50);
	place_close(&p);
}
END_TEST

START_TEST(preconditions_hold)
{
	struct cf_attachment attachment = {.name = STR("n"), .data = STR("x")};
	struct cf_answer a, b;
	struct place p;

	place_open(&p, "CREATE TABLE t(k TEXT PRIMARY KEY, n)", "table=t");
	a = PUT(&p, .id = STR("a"), .kind = CF_PUT_ABSENT, .body = STR("{\"n\":1}"));
	ck_assert_int_eq(a.code, 0);
	ck_assert_uint_eq(revision_generation(a.rev), 1);
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .kind = CF_PUT_ABSENT).code, CF_ERR_CONFLICT);
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = STR("1-x")).code,
			 CF_ERR_CONFLICT);
	b = PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev, .body = STR("{\"n\":2}"));
	ck_assert_int_eq(b.code, 0);
	ck_assert(!str_equal(a.rev, b.rev));
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev).code,
			 CF_ERR_CONFLICT);
	ck_assert_int_eq(
		PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev, .deleted = true).code,
		CF_ERR_CONFLICT);
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .kind = CF_PUT_REVISION, .rev = STR("1-a")).code,
			 CF_ERR_INVALID);
	ck_assert_int_eq(
		PUT(&p, .id = STR("b"), .attachments = &attachment, .attachment_count = 1).code,
		CF_ERR_INVALID);
	a = PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = b.rev, .deleted = true);
	ck_assert_int_eq(a.code, 0);
	ck_assert_uint_eq(revision_generation(a.rev), 2);
	ck_assert_str_eq(ask_sql(&p, "SELECT count(*) FROM t"), "0");
	ck_assert_int_eq(
		PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = b.rev, .deleted = true).code,
		CF_ERR_CONFLICT);
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .deleted = true).code, 0);
	/* The same content has the same name, whoever wrote it. */
	run_sql(p.file, "INSERT INTO t VALUES('a', 2)");
	ck_assert(str_equal(get(&p, "a").revisions[0].rev, b.rev));
	place_close(&p);
}
END_TEST

START_TEST(a_row_that_cannot_be_shown_can_be_replaced)
{
	struct place p;

	place_open(&p,
		   "CREATE TABLE t(k TEXT PRIMARY KEY, a, b);"
		   "INSERT INTO t VALUES('a', 9e999, 5)",
		   "table=t");
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = STR("1-a")).code,
			 CF_ERR_CONFLICT);
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .body = STR("{\"a\":1}")).code, 0);
	ck_assert_str_eq(list(&p, "", 9), "a {\"k\":\"a\",\"a\":1,\"b\":null}");
	place_close(&p);
}
END_TEST

START_TEST(triggers_and_foreign_keys_have_their_say)
{
	const struct cf_put two[2] = {{.id = STR("1"), .body = STR("{\"a\":\"fine\"}")},
				      {.id = STR("2"), .body = STR("{\"a\":\"undo\"}")}};
	struct cf_answer answers[2], a;
	struct cf_error error = {0};
	struct place p;

	place_open(&p,
		   "CREATE TABLE other(id INTEGER PRIMARY KEY); INSERT INTO other VALUES(1);"
		   "CREATE TABLE t(k INTEGER PRIMARY KEY, a, at, o REFERENCES other);"
		   "CREATE TRIGGER i BEFORE INSERT ON t BEGIN SELECT CASE NEW.a"
		   " WHEN 'ignore' THEN RAISE(IGNORE) WHEN 'no' THEN RAISE(ABORT, 'not this one')"
		   " WHEN 'undo' THEN RAISE(ROLLBACK, 'all of it') END; END;"
		   "CREATE TRIGGER u AFTER UPDATE OF a ON t BEGIN"
		   " UPDATE t SET at = 'touched' WHERE k = NEW.k; END;"
		   "CREATE TRIGGER d AFTER INSERT ON t WHEN NEW.a = 'gone' BEGIN"
		   " DELETE FROM t WHERE k = NEW.k; INSERT INTO other VALUES(99); END",
		   "table=t");
	a = PUT(&p, .id = STR("1"), .body = STR("{\"a\":\"ignore\"}"));
	ck_assert_int_eq(a.code, CF_ERR_FORBIDDEN);
	a = PUT(&p, .id = STR("1"), .body = STR("{\"a\":\"no\"}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	ck_assert_bytes(a.message.ptr, a.message.len, "not this one");
	a = PUT(&p, .id = STR("1"), .body = STR("{\"a\":\"gone\"}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	ck_assert_str_eq(ask_sql(&p, "SELECT count(*) FROM other"), "1");
	a = PUT(&p, .id = STR("1"), .body = STR("{\"o\":5}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	ck_assert_bytes(a.message.ptr, a.message.len, "FOREIGN KEY constraint failed");
	ck_assert_int_eq(store_put(p.store, two, 2, &p.arena, answers, &error), CF_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(error.message, "undid the whole batch"));
	ck_assert_str_eq(error.document, "2");
	ck_assert_str_eq(ask_sql(&p, "SELECT count(*) FROM t"), "0");
	ck_assert_int_eq(PUT(&p, .id = STR("1"), .body = STR("{\"a\":1,\"o\":1}")).code, 0);
	a = PUT(&p, .id = STR("1"), .body = STR("{\"a\":2,\"o\":1}"));
	ck_assert_int_eq(a.code, 0);
	ck_assert(str_equal(a.rev, get(&p, "1").revisions[0].rev));
	ck_assert_str_eq(list(&p, "", 9), "1 {\"k\":1,\"a\":2,\"at\":\"touched\",\"o\":1}");
	place_close(&p);
}
END_TEST

START_TEST(conflict_clauses_of_the_schema_replace_nothing)
{
	struct place p;
	struct cf_answer a;

	place_open(&p,
		   "CREATE TABLE t(k INTEGER PRIMARY KEY ON CONFLICT REPLACE, u UNIQUE ON CONFLICT"
		   " REPLACE, n NOT NULL ON CONFLICT IGNORE); INSERT INTO t VALUES(1, 'u', 1)",
		   "table=t");
	a = PUT(&p, .id = STR("2"), .body = STR("{\"u\":\"u\",\"n\":2}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	a = PUT(&p, .id = STR("2"), .body = STR("{\"u\":\"v\"}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	ck_assert_str_eq(list(&p, "", 9), "1 {\"k\":1,\"u\":\"u\",\"n\":1}");
	place_close(&p);
}
END_TEST

START_TEST(strict_tables_and_other_keys)
{
	struct cf_answer a;
	struct place p;

	place_open(&p,
		   "CREATE TABLE t(id INTEGER PRIMARY KEY, slug TEXT UNIQUE NOT NULL, i INT, a ANY)"
		   " STRICT; INSERT INTO t VALUES(5, 'a', 1, '1')",
		   "table=t&key=slug");
	a = PUT(&p, .id = STR("b"), .body = STR("{\"i\":\"word\"}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	ck_assert_bytes(a.message.ptr, a.message.len, "cannot store TEXT value in INT column t.i");
	a = PUT(&p, .id = STR("b"), .body = STR("{\"i\":1.5}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	/* Left out, the primary key stays. */
	ck_assert_int_eq(PUT(&p, .id = STR("a"), .body = STR("{\"a\":\"12\"}")).code, 0);
	ck_assert_int_eq(PUT(&p, .id = STR("b"), .body = STR("{\"a\":12}")).code, 0);
	ck_assert_int_eq(PUT(&p, .id = STR("b"), .body = STR("{\"id\":9,\"a\":12}")).code, 0);
	ck_assert_str_eq(list(&p, "", 9), "a {\"id\":5,\"slug\":\"a\",\"i\":null,\"a\":\"12\"}|"
					  "b {\"id\":9,\"slug\":\"b\",\"i\":null,\"a\":12}");
	a = PUT(&p, .id = STR("b"), .body = STR("{\"id\":5}"));
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	place_close(&p);
}
END_TEST

START_TEST(views_and_readonly_take_nothing)
{
	const struct cf_put one = {.id = STR("1"), .body = STR("{}")};
	struct cf_error error = {0};
	struct cf_answer answer;
	struct place p;
	char url[300];

	place_open(&p,
		   "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES(1, 2);"
		   "CREATE VIEW v AS SELECT * FROM t; CREATE TRIGGER i INSTEAD OF INSERT ON v"
		   " BEGIN INSERT INTO t VALUES(7, 7); END",
		   "table=v&key=id");
	ck_assert_str_eq(list(&p, "", 9), "1 {\"id\":1,\"a\":2}");
	ck_assert_int_eq(get(&p, "1").code, 0);
	ck_assert_int_eq(store_put(p.store, &one, 1, &p.arena, &answer, &error), CF_ERR_READONLY);
	ck_assert_str_eq(error.message, "\"v\" is a view: it can only be read");
	store_close(p.store);
	snprintf(url, sizeof(url), "sqlite:%s?table=t&readonly=1", p.file);
	ck_assert_int_eq(store_open(&p.store, url, &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(store_put(p.store, &one, 1, &p.arena, &answer, &error), CF_ERR_READONLY);
	ck_assert_str_eq(list(&p, "", 9), "1 {\"id\":1,\"a\":2}");
	place_close(&p);
}
END_TEST

START_TEST(the_schema_and_the_journal_stay)
{
	static const char schema[] = "SELECT group_concat(sql, ';') FROM sqlite_schema";
	struct place p;
	const char *before;

	place_open(&p, MIXED, "table=t");
	before = ask_sql(&p, schema);
	ck_assert_int_eq(PUT(&p, .id = STR("5"), .body = STR("{}")).code, 0);
	ck_assert_int_eq(PUT(&p, .id = STR("5"), .deleted = true).code, 0);
	ck_assert_int_eq(store_changes(p.store, &(struct cf_changes){.limit = 1}, &p.arena, NULL,
				       NULL, NULL, NULL),
			 CF_ERR_UNSUPPORTED_OP);
	ck_assert_str_eq(ask_sql(&p, schema), before);
	ck_assert_str_eq(ask_sql(&p, "PRAGMA journal_mode"), "delete");
	ck_assert_str_eq(ask_sql(&p, "PRAGMA application_id"), "0");
	place_close(&p);
}
END_TEST

/* --- two processes ---------------------------------------------------------------------- */

enum { STEPS = 60 };

/* Adds one, so often, only over what it has read. */
static int count_up(const char *url)
{
	struct place p = {0};
	int64_t number;

	arena_init(&p.arena, &mem_heap);
	if (store_open(&p.store, url, &env_system, &mem_heap, NULL))
		return 1;
	for (int done = 0; done < STEPS;) {
		const struct cf_get one = {.id = STR("a")};
		struct cf_put next = {.id = STR("a"), .kind = CF_PUT_ON_REV};
		struct cf_answer answer;
		struct cf_record record;

		arena_reset(&p.arena);
		if (store_get(p.store, &one, 1, CF_READ_BODIES, &p.arena, &record, NULL))
			return 2;
		next.rev = record.revisions[0].rev;
		number = strtoll(strstr(record.revisions[0].body.ptr, "\"n\":") + 4, NULL, 10);
		next.body = arena_printf(&p.arena, "{\"n\":%lld}", (long long)number + 1);
		if (store_put(p.store, &next, 1, &p.arena, &answer, NULL))
			return 3;
		if (answer.code && answer.code != CF_ERR_CONFLICT)
			return 4;
		done += answer.code == 0;
	}
	store_close(p.store);
	arena_fini(&p.arena);
	return 0;
}

START_TEST(two_processes_lose_no_edit)
{
	struct place p;
	pid_t child;
	int status = -1;

	place_make(&p, "CREATE TABLE t(k TEXT PRIMARY KEY, n); INSERT INTO t VALUES('a', 0)",
		   "table=t");
	child = fork();
	if (child == 0)
		_exit(count_up(p.url));
	ck_assert_int_eq(count_up(p.url), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_str_eq(ask_sql(&p, "SELECT n FROM t"), "120");
	place_close(&p);
}
END_TEST

/* --- without memory --------------------------------------------------------------------- */

static int use(const char *url, const struct cf_mem *mem)
{
	const struct cf_put puts[4] = {
		{.id = STR("2"), .body = STR("{\"s\":\"\\u0041\",\"b\":{\"$base64\":\"AA==\"}}")},
		{.id = STR("2"), .body = STR("{\"frob\":1}")},
		{.id = STR("2"), .body = STR("{\"j\":[1]}")},
		{.id = STR("2"), .deleted = true},
	};
	struct cf_scan scan = {.limit = 5, .flags = 15};
	struct cf_answer answers[4];
	struct cf_record *records;
	struct cf_store *store = NULL;
	struct cf_arena arena;
	size_t count = 0;
	int rc;

	arena_init(&arena, mem);
	rc = store_open(&store, url, &env_system, mem, NULL);
	rc = rc ? rc : store_put(store, puts, 4, &arena, answers, NULL);
	rc = rc ? rc : store_scan(store, &scan, &arena, &records, &count, NULL);
	ck_assert(rc || (count == 1 && answers[1].code == CF_ERR_INVALID && !answers[3].code));
	store_close(store);
	arena_fini(&arena);
	return rc;
}

START_TEST(each_failed_allocation_is_borne)
{
	struct failing failing;
	struct place p;

	place_make(&p, MIXED, "table=t");
	FAILING_EACH(failing)
	{
		failing_judge(&failing, use(p.url, &failing.mem));
		ck_assert_str_eq(ask_sql(&p, "SELECT count(*) FROM t"), "1");
	}
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store rows put");
	TCase *tcase = tcase_create("rows");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, puts_are_taken_or_refused_one_by_one, 0, ARRAY_LEN(put_rows));
	tcase_add_test(tcase, what_was_read_is_put_back_unchanged);
	tcase_add_test(tcase, preconditions_hold);
	tcase_add_test(tcase, a_row_that_cannot_be_shown_can_be_replaced);
	tcase_add_test(tcase, triggers_and_foreign_keys_have_their_say);
	tcase_add_test(tcase, conflict_clauses_of_the_schema_replace_nothing);
	tcase_add_test(tcase, strict_tables_and_other_keys);
	tcase_add_test(tcase, views_and_readonly_take_nothing);
	tcase_add_test(tcase, the_schema_and_the_journal_stay);
	tcase_add_test(tcase, two_processes_lose_no_edit);
	tcase_add_test(tcase, each_failed_allocation_is_borne);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
