/* Tables of PostgreSQL: values, keys, batches, time-outs, lost connections. Runs beside a
 * server of its own, test/live/postgres.sh. */
#include "check_main.h"
#include "store/store.h"

#include <libpq-fe.h>

struct place {
	PGconn *sql;
	struct cf_store *store;
	struct cf_arena arena;
};

static const char *run_sql(struct place *p, const char *sql)
{
	PGresult *result = PQexec(p->sql, sql);
	const char *text = "";

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK ||
			      PQresultStatus(result) == PGRES_TUPLES_OK,
		      "%s", PQerrorMessage(p->sql));
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
		text = arena_dup(&p->arena, str_of(PQgetvalue(result, 0, 0))).ptr;
	PQclear(result);
	return text;
}

static int try_open(struct place *p, const char *parameters, struct cf_error *error)
{
	struct cf_str url =
		arena_printf(&p->arena, "%s&%s", getenv("CHESTERFIELD_POSTGRES"), parameters);

	return store_open(&p->store, url.ptr, &env_system, &mem_heap, error);
}

/* Each case has a schema of its own, dropped at its end. */
static void place_open(struct place *p, const char *sql, const char *parameters)
{
	struct cf_error error = {0};

	*p = (struct place){.sql = PQconnectdb(getenv("CHESTERFIELD_POSTGRES"))};
	arena_init(&p->arena, &mem_heap);
	run_sql(p, "SET client_min_messages = warning");
	run_sql(p, "DROP SCHEMA IF EXISTS public CASCADE");
	run_sql(p, "CREATE SCHEMA public");
	run_sql(p, sql);
	if (parameters)
		ck_assert_msg(try_open(p, parameters, &error) == 0, "%s", error.message);
}

static void place_close(struct place *p)
{
	store_close(p->store);
	PQfinish(p->sql);
	arena_fini(&p->arena);
}

static struct cf_answer put(struct place *p, enum cf_put_kind kind, const char *id,
			    const char *body)
{
	struct cf_put one = {.id = str_of(id), .kind = kind, .body = str_of(body)};
	struct cf_answer answer = {.code = 1};
	struct cf_error error = {0};

	ck_assert_msg(store_put(p->store, &one, 1, &p->arena, &answer, &error) == 0, "%s",
		      error.message);
	return answer;
}

static struct cf_record get(struct place *p, const char *id)
{
	struct cf_get one = {.id = str_of(id)};
	struct cf_record record;

	ck_assert_int_eq(store_get(p->store, &one, 1, CF_READ_BODIES, &p->arena, &record, NULL), 0);
	return record;
}

static const char *scan(struct place *p, const char *after, size_t limit)
{
	struct cf_scan how = {.after = str_of(after), .limit = limit};
	struct cf_record *records;
	struct cf_str text = STR("");
	size_t count;

	ck_assert_int_eq(store_scan(p->store, &how, &p->arena, &records, &count, NULL), 0);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(&p->arena, "%s%s%.*s", text.ptr, i ? " " : "",
				    STR_ARG(records[i].id));
	return text.ptr;
}

/* --- values ---------------------------------------------------------------------------- */

static const struct {
	const char *type, *value; /* in SQL */
	const char *json;
} values[] = {
	{"smallint", "-32768", "-32768"},
	{"bigint", "9223372036854775807", "9223372036854775807"},
	{"numeric", "12345678901234567890.12345678901234567890",
	 "12345678901234567890.12345678901234567890"},
	{"numeric(6,2)", "1.5", "1.50"},
	{"numeric", "'NaN'", "\"NaN\""},
	{"float8", "0.1", "0.1"},
	{"float8", "1e300", "1e+300"},
	{"float8", "'-Infinity'", "\"-Infinity\""},
	{"float4", "0.1", "0.1"},
	{"bool", "true", "true"},
	{"text", "E'a\"\\\\b\\n\\t\\u00e9'", "\"a\\\"\\\\b\\n\\t\xc3\xa9\""},
	{"text", "''", "\"\""},
	{"char(5)", "'ab'", "\"ab\""},
	{"bytea", "'\\x00ff0a'", "{\"$base64\":\"AP8K\"}"},
	{"json", "'{\"a\" : [1.50]}'", "{\"a\" : [1.50]}"},
	{"jsonb", "'[1, {\"a\": null}]'", "[1, {\"a\": null}]"},
	{"date", "'2020-02-29'", "\"2020-02-29\""},
	{"timestamp(3)", "'2020-01-02 03:04:05.678'", "\"2020-01-02T03:04:05.678\""},
	{"timestamptz", "'2020-01-02 03:04:05.000001+02'", "\"2020-01-02T01:04:05.000001+00:00\""},
	{"timestamptz", "'infinity'", "\"infinity\""},
	{"timestamp", "'0044-03-15 10:00:00 BC'", "\"0044-03-15 10:00:00 BC\""},
	{"time", "'03:04:05.5'", "\"03:04:05.5\""},
	{"interval", "'1 year 2 days 3 seconds'", "\"P1Y2DT3S\""},
	{"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
	 "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
	{"inet", "'10.0.0.1/8'", "\"10.0.0.1/8\""},
	{"int4range", "'[1,5)'", "\"[1,5)\""},
	{"int[]", "'{1,NULL,3}'", "[1,null,3]"},
	{"int[]", "'{}'", "[]"},
	{"text[]", "ARRAY['a,b', 'NULL', '', E'q\"\\\\', NULL, '{x}']",
	 "[\"a,b\",\"NULL\",\"\",\"q\\\"\\\\\",null,\"{x}\"]"},
	{"numeric[]", "'{{1.10,2},{3,4}}'", "[[1.10,2],[3,4]]"},
	{"bytea[]", "ARRAY['\\x00'::bytea]", "[{\"$base64\":\"AA==\"}]"},
	{"bool[]", "'{t,f}'", "[true,false]"},
	{"timestamptz[]", "ARRAY['2020-01-01Z'::timestamptz]", "[\"2020-01-01T00:00:00+00:00\"]"},
	{"text", "NULL", "null"},
};

/* What is read is what stands there, and put back it is the same value for the server. */
START_TEST(types_are_kept)
{
	struct place p;
	struct cf_str body;
	struct cf_record record;

	place_open(&p, "SELECT 1", NULL);
	run_sql(&p, arena_printf(&p.arena,
				 "CREATE TABLE t(k text PRIMARY KEY, v %s);"
				 "INSERT INTO t VALUES('a', %s)",
				 values[_i].type, values[_i].value)
			    .ptr);
	ck_assert_int_eq(try_open(&p, "table=t", NULL), 0);
	record = get(&p, "a");
	body = arena_printf(&p.arena, "{\"k\":\"a\",\"v\":%s}", values[_i].json);
	ck_assert_bytes(record.revisions[0].body.ptr, record.revisions[0].body.len, body.ptr);
	body = arena_printf(&p.arena, "{\"v\":%s}", values[_i].json);
	ck_assert_int_eq(put(&p, CF_PUT_ABSENT, "b", body.ptr).code, 0);
	ck_assert_str_eq(run_sql(&p, "SELECT count(DISTINCT v::text) + count(*) FILTER (WHERE v IS"
				     " NULL) / 2 FROM t"),
			 "1");
	place_close(&p);
}
END_TEST

static const struct {
	const char *type, *json, *reason;
} refusals[] = {
	{"int", "1.5", "column \"v\" (integer): the number is no integer, or too large"},
	{"smallint", "32768", "column \"v\" (smallint): the number is no integer, or too large"},
	{"int", "\"12\"", "column \"v\" (integer): would make a number of the text"},
	{"text", "12", "column \"v\" (text): takes no number"},
	{"text", "true", "column \"v\" (text): takes no true or false"},
	{"text", "[1]", "column \"v\" (text): takes no array or object"},
	{"text", "\"a\\u0000b\"", "column \"v\" (text): the text holds U+0000"},
	{"numeric(6,2)", "1.005",
	 "column \"v\" (numeric): the number has more digits behind the "
	 "point"},
	{"float8", "0.12345678901234567890",
	 "column \"v\" (double precision): the number has more digits than a double can hold"},
	{"float4", "0.123456789",
	 "column \"v\" (real): the number has more digits than a real can "
	 "hold"},
	{"timestamp(0)", "\"2020-01-01T00:00:00.5\"",
	 "column \"v\" (timestamp without time zone): the time has more digits than are kept"},
	{"bytea", "\"AA\"", "column \"v\" (bytea): takes {\"$base64\": \"...\"} only"},
	{"bool", "2", "column \"v\" (boolean): a number that is neither 0 nor 1"},
	{"varchar(2)", "\"abc\"", "value too long for type character varying(2)"},
	{"date", "\"2021-02-29\"", "date/time field value out of range: \"2021-02-29\""},
	{"int[]", "[\"1\"]", "column \"v\" (integer[]): would make a number of the text"},
	{"int NOT NULL", "null",
	 "null value in column \"v\" of relation \"t\" violates not-null "
	 "constraint: Failing row contains (a, null)."},
};

START_TEST(what_would_change_is_refused)
{
	struct place p;
	struct cf_answer answer;

	place_open(&p, "SELECT 1", NULL);
	run_sql(&p, arena_printf(&p.arena, "CREATE TABLE t(k text PRIMARY KEY, v %s)",
				 refusals[_i].type)
			    .ptr);
	ck_assert_int_eq(try_open(&p, "table=t", NULL), 0);
	answer = put(&p, CF_PUT_ANY, "a",
		     arena_printf(&p.arena, "{\"v\":%s}", refusals[_i].json).ptr);
	ck_assert_int_eq(answer.code, CF_ERR_INVALID);
	ck_assert_bytes(answer.message.ptr, answer.message.len, refusals[_i].reason);
	ck_assert_str_eq(run_sql(&p, "SELECT count(*) FROM t"), "0");
	place_close(&p);
}
END_TEST

/* --- keys ------------------------------------------------------------------------------ */

START_TEST(numbers_as_keys)
{
	struct place p;

	place_open(&p,
		   "CREATE TABLE t(k bigint PRIMARY KEY, v int);"
		   "INSERT INTO t SELECT g, g FROM generate_series(-2, 11) g",
		   "table=t");
	ck_assert(!(p.store->capabilities & CF_STORE_ORDERED));
	ck_assert(p.store->capabilities & CF_STORE_SORTED);
	ck_assert_str_eq(scan(&p, "", 4), "-2 -1 0 1");
	ck_assert_str_eq(scan(&p, "8", 9), "9 10 11");
	ck_assert_str_eq(scan(&p, "not a number", 9), "");
	ck_assert_uint_eq(get(&p, "10").revision_count, 1);
	ck_assert_uint_eq(get(&p, "010").revision_count, 0);
	ck_assert_uint_eq(get(&p, "ten").revision_count, 0);
	ck_assert_int_eq(put(&p, CF_PUT_ANY, "010", "{}").code, CF_ERR_INVALID);
	ck_assert_int_eq(put(&p, CF_PUT_ANY, "12", "{\"k\":13}").code, CF_ERR_INVALID);
	ck_assert_int_eq(put(&p, CF_PUT_ANY, "12", "{\"k\":12.0}").code, 0);
	place_close(&p);
}
END_TEST

START_TEST(several_columns_as_key)
{
	struct place p;
	struct cf_answer answer;

	place_open(&p,
		   "CREATE TABLE t(b int, v int, a text COLLATE \"C\", PRIMARY KEY(a, b));"
		   "INSERT INTO t VALUES(10, 1, 'x'), (9, 2, 'x'), (1, 3, 'y\"')",
		   "table=t");
	ck_assert_str_eq(scan(&p, "", 9), "[\"x\",9] [\"x\",10] [\"y\\\"\",1]");
	ck_assert_str_eq(scan(&p, "[\"x\",9]", 1), "[\"x\",10]");
	ck_assert_uint_eq(get(&p, "[\"y\\\"\",1]").revision_count, 1);
	ck_assert_uint_eq(get(&p, "[\"x\"]").revision_count, 0);
	ck_assert_uint_eq(get(&p, "[9,\"x\"]").revision_count, 0);
	answer = put(&p, CF_PUT_ABSENT, "[\"z\",1]", "{\"v\":4}");
	ck_assert_int_eq(answer.code, 0);
	ck_assert_int_eq(put(&p, CF_PUT_ABSENT, "[\"z\",1]", "{\"v\":5}").code, CF_ERR_CONFLICT);
	ck_assert_str_eq(run_sql(&p, "SELECT v FROM t WHERE a = 'z' AND b = 1"), "4");
	place_close(&p);
}
END_TEST

START_TEST(keys_that_are_none)
{
	struct place p;
	struct cf_error error;

	place_open(&p,
		   "CREATE TABLE t(a text, b text UNIQUE, c json); CREATE VIEW v AS SELECT 1 AS x",
		   NULL);
	ck_assert_int_eq(try_open(&p, "table=t", &error), CF_ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(error.message, "has no primary key"));
	ck_assert_int_eq(try_open(&p, "table=t&key=a", &error), CF_ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(error.message, "is not unique"));
	ck_assert_int_eq(try_open(&p, "table=t&key=x", &error), CF_ERR_USAGE);
	ck_assert_int_eq(try_open(&p, "table=none", &error), CF_ERR_NO_DATABASE);
	ck_assert_int_eq(try_open(&p, "table=none.t", &error), CF_ERR_NO_DATABASE);
	ck_assert_int_eq(try_open(&p, "tables=t", &error), CF_ERR_USAGE);
	ck_assert_int_eq(try_open(&p, "table=public.t&key=b", &error), 0);
	place_close(&p);
}
END_TEST

/* --- batches ----------------------------------------------------------------------------- */

enum { MANY = 100 };

/* Puts of ids 0 to MANY - 1; a string of their codes' first letters. */
static const char *put_many(struct place *p, enum cf_put_kind kind)
{
	struct cf_put puts[MANY];
	struct cf_answer answers[MANY];
	char *text = arena_alloc(&p->arena, MANY + 1);
	struct cf_error error = {0};

	for (int i = 0; i < MANY; i++)
		puts[i] = (struct cf_put){.id = arena_printf(&p->arena, "%d", i),
					  .kind = kind,
					  .body = arena_printf(&p->arena, "{\"v\":%d}", i)};
	ck_assert_msg(store_put(p->store, puts, MANY, &p->arena, answers, &error) == 0, "%s",
		      error.message);
	for (int i = 0; i < MANY; i++) {
		struct cf_record record = get(p, puts[i].id.ptr);

		text[i] = answers[i].code == 0                 ? '.'
			  : answers[i].code == CF_ERR_CONFLICT ? 'c'
							       : 'i';
		/* The revision of the answer is the one that is read. */
		if (answers[i].code == 0)
			ck_assert(str_equal(answers[i].rev, record.revisions[0].rev));
	}
	text[MANY] = '\0';
	return text;
}

static const struct {
	const char *sql;
	enum cf_put_kind kind;
	int at; /* the record that is answered otherwise */
	char answer;
} batches[] = {
	{"SELECT 1", CF_PUT_ABSENT, -1, '.'},
	{"SELECT 1", CF_PUT_UNFENCED, -1, '.'},
	{"INSERT INTO t VALUES(7, 0)", CF_PUT_UNFENCED, 7, 'c'},
	{"CREATE TABLE \"chesterfield-notes\"(owner text, kind int, key bytea, value bytea, PRIMARY"
	 " KEY(owner, kind, key)); INSERT INTO \"chesterfield-notes\" VALUES('t', 1, '7', '')",
	 CF_PUT_UNFENCED, 7, 'c'},
	{"INSERT INTO t VALUES(7, 0)", CF_PUT_ABSENT, 7, 'c'},
	{"INSERT INTO t VALUES(7, 0)", CF_PUT_ANY, -1, '.'},
	{"ALTER TABLE t ADD CHECK (v <> 7)", CF_PUT_ABSENT, 7, 'i'},
	{"ALTER TABLE t ADD CHECK (v <> 7)", CF_PUT_ANY, 7, 'i'},
	{"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v = 7 THEN"
	 " RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH"
	 " ROW EXECUTE FUNCTION f()",
	 CF_PUT_ABSENT, 7, 'c'},
};

START_TEST(one_of_many_is_refused)
{
	struct place p;
	char expected[MANY + 1];

	place_open(&p, "CREATE TABLE t(k int PRIMARY KEY, v int)", NULL);
	run_sql(&p, batches[_i].sql);
	ck_assert_int_eq(try_open(&p, "table=t", NULL), 0);
	memset(expected, '.', MANY);
	expected[MANY] = '\0';
	if (batches[_i].at >= 0)
		expected[batches[_i].at] = batches[_i].answer;
	ck_assert_str_eq(put_many(&p, batches[_i].kind), expected);
	place_close(&p);
}
END_TEST

/* A put replaces the row: what is left out takes the default. Generated columns and
 * identities are the server's. */
START_TEST(defaults_and_generated_columns)
{
	struct place p;
	struct cf_answer answer;

	place_open(&p,
		   "CREATE TABLE t(k int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int DEFAULT 5,"
		   " w int, d int GENERATED ALWAYS AS (v * 2) STORED)",
		   "table=t");
	answer = put(&p, CF_PUT_ANY, "1", "{\"w\":1,\"d\":99}");
	ck_assert_str_eq(run_sql(&p, "SELECT t::text FROM t"), "(1,5,1,10)");
	put(&p, CF_PUT_ANY, "1", "{\"v\":7}");
	ck_assert_str_eq(run_sql(&p, "SELECT t::text FROM t"), "(1,7,,14)");
	ck_assert(!str_equal(answer.rev, get(&p, "1").revisions[0].rev));
	place_close(&p);
}
END_TEST

/* --- faults ------------------------------------------------------------------------------- */

START_TEST(a_call_ends_with_its_timeout)
{
	struct place p;
	struct cf_put one = {.id = STR("1"), .body = STR("{\"v\":2}")};
	struct cf_answer answer;
	struct cf_error error = {0};
	int rc;

	place_open(&p, "CREATE TABLE t(k int PRIMARY KEY, v int); INSERT INTO t VALUES(1, 1)",
		   "table=t");
	run_sql(&p, "BEGIN; UPDATE t SET v = 3");
	ck_assert_int_eq(store_set_timeout(p.store, 100, NULL), 0);
	rc = store_put(p.store, &one, 1, &p.arena, &answer, &error);
	ck_assert_msg(rc == CF_ERR_UNAVAILABLE || rc == CF_ERR_UNCERTAIN, "%d %s", rc,
		      error.message);
	run_sql(&p, "COMMIT");
	ck_assert_int_eq(store_set_timeout(p.store, 0, NULL), 0);
	ck_assert_int_eq(store_put(p.store, &one, 1, &p.arena, &answer, &error), 0);
	ck_assert_str_eq(run_sql(&p, "SELECT v FROM t"), "2");
	place_close(&p);
}
END_TEST

/* What was asked over a connection that is gone was not done, or nobody knows; the next
 * call has a new one. */
START_TEST(a_lost_connection_is_replaced)
{
	static const char kill[] = "SELECT count(pg_terminate_backend(pid, 5000)) FROM"
				   " pg_stat_activity WHERE application_name = 'chesterfield'";
	struct place p;
	struct cf_put puts[2] = {{.id = STR("1"), .body = STR("{\"v\":1}")},
				 {.id = STR("2"), .body = STR("{\"v\":1}")}};
	struct cf_answer answers[2];

	place_open(&p, "CREATE TABLE t(k int PRIMARY KEY, v int)", "table=t");
	ck_assert_str_eq(run_sql(&p, kill), "1");
	ck_assert_int_eq(store_put(p.store, puts, 1, &p.arena, answers, NULL), CF_ERR_UNCERTAIN);
	ck_assert_int_eq(store_put(p.store, puts, 1, &p.arena, answers, NULL), 0);
	ck_assert_str_eq(run_sql(&p, kill), "1");
	ck_assert_int_eq(store_put(p.store, puts, 2, &p.arena, answers, NULL), CF_ERR_UNAVAILABLE);
	ck_assert_str_eq(run_sql(&p, "SELECT count(*) FROM t"), "1");
	ck_assert_int_eq(store_put(p.store, puts, 2, &p.arena, answers, NULL), 0);
	ck_assert_str_eq(run_sql(&p, "SELECT count(*) FROM t"), "2");
	place_close(&p);
}
END_TEST

static const struct {
	const char *url;
	int code;
} unreachable[] = {
	{"postgres:///x?host=/nonexistent&table=t", CF_ERR_UNAVAILABLE},
	{"postgres://127.0.0.1:1/x?table=t", CF_ERR_UNAVAILABLE},
	{"postgres://?port=x&table=t", CF_ERR_USAGE},
	{"postgres:///x?nonsense=1&table=t", CF_ERR_USAGE},
	{"postgres:///x", CF_ERR_USAGE},
};

START_TEST(places_that_are_none)
{
	struct cf_store *store = NULL;
	struct cf_error error = {0};

	ck_assert_msg(store_open(&store, unreachable[_i].url, &env_system, &mem_heap, &error) ==
			      unreachable[_i].code,
		      "%s", error.message);
	ck_assert_ptr_null(strchr(error.message, '\n'));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postgres");
	TCase *tcase = tcase_create("postgres");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, types_are_kept, 0, ARRAY_LEN(values));
	tcase_add_loop_test(tcase, what_would_change_is_refused, 0, ARRAY_LEN(refusals));
	tcase_add_test(tcase, numbers_as_keys);
	tcase_add_test(tcase, several_columns_as_key);
	tcase_add_test(tcase, keys_that_are_none);
	tcase_add_loop_test(tcase, one_of_many_is_refused, 0, ARRAY_LEN(batches));
	tcase_add_test(tcase, defaults_and_generated_columns);
	tcase_add_test(tcase, a_call_ends_with_its_timeout);
	tcase_add_test(tcase, a_lost_connection_is_replaced);
	tcase_add_loop_test(tcase, places_that_are_none, 0, ARRAY_LEN(unreachable));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
