/* Tables of other programs as records: what is shown, and what is no such table. */
#include "rows.h"

/* --- reading ------------------------------------------------------------------------ */

static const struct {
	const char *sql, *parameters, *shown;
} shown_rows[] = {
	{"CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
	 "INSERT INTO t VALUES(10, 9223372036854775807), (9, -1), (2, 'x')",
	 "table=t",
	 "2 {\"id\":2,\"a\":\"x\"}|9 {\"id\":9,\"a\":-1}|"
	 "10 {\"id\":10,\"a\":9223372036854775807}"},
	{"CREATE TABLE t(k TEXT PRIMARY KEY, r REAL);"
	 "INSERT INTO t VALUES('a', 0.1), ('b', 1), ('c', 1e300), ('d', -0.0), ('e', 5e-324),"
	 " ('f', 9007199254740993), ('g', 0.30000000000000004)",
	 "table=t&key=k",
	 "a {\"k\":\"a\",\"r\":0.1}|b {\"k\":\"b\",\"r\":1.0}|c {\"k\":\"c\",\"r\":1e+300}|"
	 "d {\"k\":\"d\",\"r\":0.0}|e {\"k\":\"e\",\"r\":4.94065645841247e-324}|"
	 "f {\"k\":\"f\",\"r\":9007199254740992.0}|g {\"k\":\"g\",\"r\":0.30000000000000004}"},
	{"CREATE TABLE t(b BLOB, k VARCHAR(9) UNIQUE, n);"
	 "INSERT INTO t VALUES(x'00ff10', 'k', NULL)",
	 "table=t&key=K", "k {\"b\":{\"$base64\":\"AP8Q\"},\"k\":\"k\",\"n\":null}"},
	{"CREATE TABLE t(k TEXT PRIMARY KEY, j JSON) WITHOUT ROWID;"
	 "INSERT INTO t VALUES('a', '{\"x\": [1.0]}'), ('b', 'no json'), ('c', '\"s\"'),"
	 " ('d', 'true'), ('e', '{\"x\":1,\"x\":2}'), ('f', 12)",
	 "table=t",
	 "a {\"k\":\"a\",\"j\":{\"x\": [1.0]}}|b {\"k\":\"b\",\"j\":\"no json\"}|"
	 "c {\"k\":\"c\",\"j\":\"s\"}|d {\"k\":\"d\",\"j\":true}|"
	 "e {\"k\":\"e\",\"j\":\"{\\\"x\\\":1,\\\"x\\\":2}\"}|f {\"k\":\"f\",\"j\":12}"},
	{"CREATE TABLE t(k INTEGER PRIMARY KEY, a INT, s AS (a + 1) STORED, v AS (a * 2));"
	 "INSERT INTO t(k, a) VALUES(1, 20)",
	 "table=t", "1 {\"k\":1,\"a\":20,\"s\":21,\"v\":40}"},
	{"CREATE TABLE \"or\"\"der'\"(\"a b\" TEXT PRIMARY KEY, \"q\"\"\\\" INT);"
	 "INSERT INTO \"or\"\"der'\" VALUES('x', 1)",
	 "table=or%22der'", "x {\"a b\":\"x\",\"q\\\"\\\\\":1}"},
	{"CREATE TABLE t(_id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES(5, 1)", "table=t",
	 "5 {\"a\":1}"},
	{"CREATE TABLE t(k TEXT PRIMARY KEY COLLATE NOCASE); INSERT INTO t VALUES('b'), ('A')",
	 "table=t", "A {\"k\":\"A\"}|b {\"k\":\"b\"}"},
	{"CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES(10, 1), (9, 2);"
	 "CREATE VIEW v AS SELECT a, id, 'n' || id AS name FROM t",
	 "table=v&key=name",
	 "n10 {\"a\":1,\"id\":10,\"name\":\"n10\"}|"
	 "n9 {\"a\":2,\"id\":9,\"name\":\"n9\"}"},
	{"CREATE TABLE t(k REAL PRIMARY KEY); INSERT INTO t VALUES(1.5), (-1), (2e20)", "table=t",
	 "-1.0 {\"k\":-1.0}|1.5 {\"k\":1.5}|2e+20 {\"k\":2e+20}"},
	{"PRAGMA encoding = 'UTF-16'; CREATE TABLE t(k TEXT PRIMARY KEY, a);"
	 "INSERT INTO t VALUES('\xc3\xa4', '\xf0\x9f\x8d\x8e')",
	 "table=t", "\xc3\xa4 {\"k\":\"\xc3\xa4\",\"a\":\"\xf0\x9f\x8d\x8e\"}"},
	/* What cannot be said in JSON is told of that record. */
	{"CREATE TABLE t(k TEXT PRIMARY KEY, a); INSERT INTO t VALUES('a', 1),"
	 " ('b', CAST(x'c328' AS TEXT)), ('c', 9e999), ('d', 2)",
	 "table=t",
	 "a {\"k\":\"a\",\"a\":1}|b!column \"a\": the text is not UTF-8|"
	 "c!column \"a\": holds an infinite number|d {\"k\":\"d\",\"a\":2}"},
	/* A row that has no name is told, and nothing can be told of those behind it. */
	{"CREATE TABLE t(k TEXT UNIQUE); INSERT INTO t VALUES('a'), (NULL)", "table=t&key=k",
	 "row 2 of \"t\": the key (column \"k\") is NULL"},
	{"CREATE TABLE t(k PRIMARY KEY); INSERT INTO t VALUES(1)", "table=t",
	 "row 1 of \"t\": the key (column \"k\") is a number in a column without a type"},
	{"CREATE TABLE t(k TEXT PRIMARY KEY, rowid); INSERT INTO t VALUES(x'00', 7)", "table=t",
	 "row 1 of \"t\": the key (column \"k\") is a BLOB"},
	{"CREATE TABLE t(k TEXT PRIMARY KEY); INSERT INTO t VALUES(CAST(x'ff' AS TEXT))", "table=t",
	 "row 1 of \"t\": the key (column \"k\") is not UTF-8 text"},
	{"CREATE TABLE t(a); INSERT INTO t VALUES('x'), ('x'); CREATE VIEW v AS SELECT a FROM t",
	 "table=v&key=a", "a row of \"v\": the key (column \"a\") stands in two rows"},
};

START_TEST(rows_are_shown)
{
	struct place p;

	place_open(&p, shown_rows[_i].sql, shown_rows[_i].parameters);
	ck_assert_str_eq(list(&p, "", 100), shown_rows[_i].shown);
	place_close(&p);
}
END_TEST

/* A scan goes the way that the store declares. */
static void check_sorted(struct place *p)
{
	struct cf_scan scan = {.limit = 100};
	struct cf_record *records;
	size_t count;

	ck_assert_int_eq(store_scan(p->store, &scan, &p->arena, &records, &count, NULL), 0);
	for (size_t i = 1; i < count && p->store->capabilities & CF_STORE_SORTED; i++)
		ck_assert_int_lt(cf_keys_compare(&p->store->keys, records[i - 1].id, records[i].id),
				 0);
}

START_TEST(a_scan_goes_on_where_it_stopped)
{
	static const char *const keys[] = {"INTEGER", "TEXT", "TEXT COLLATE NOCASE",
					   "NUMERIC", "REAL", "INT"};
	struct place p;
	char sql[300];
	const char *whole;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		snprintf(
			sql, sizeof(sql),
			"CREATE TABLE t(k %s PRIMARY KEY); WITH RECURSIVE n(i) AS (VALUES(-3) "
			"UNION ALL SELECT i + 1 FROM n WHERE i < 25) INSERT INTO t SELECT i FROM n;"
			"CREATE VIEW v AS SELECT CAST(k AS INTEGER) AS k FROM t",
			keys[i]);
		place_open(&p, sql, "table=t");
		whole = list(&p, "", 100);
		ck_assert_uint_gt(strlen(whole), 28 * 10);
		ck_assert_str_eq(list(&p, "", 1), whole);
		ck_assert_str_eq(list(&p, "", 7), whole);
		ck_assert(strncmp(list(&p, "1", 3), "1", 1) == 0);
		ck_assert_str_eq(list(&p, "1", 3), list(&p, "1", 100));
		ck_assert_str_eq(list(&p, "none", 100), "");
		ck_assert(!!(p.store->capabilities & CF_STORE_ORDERED) == (i == 1));
		/* Numbers have an order too; that of another collation is not ours. */
		ck_assert(!!(p.store->capabilities & CF_STORE_SORTED) == (i != 2));
		check_sorted(&p);
		place_close(&p);
		place_open(&p, sql, "table=v&key=k");
		whole = list(&p, "", 100);
		ck_assert_str_eq(list(&p, "", 3), whole);
		ck_assert(strncmp(whole, "-1 ", 3) == 0);
		place_close(&p);
	}
}
END_TEST

START_TEST(find_and_info_and_get)
{
	struct place p;
	struct cf_condition condition = {STR("n"), STR("2.0")};
	struct cf_find find = {&condition, 1, {.limit = 10, .flags = CF_READ_BODIES}};
	struct cf_store_info info;
	struct cf_record *records, record;
	struct cf_get by_rev = {.id = STR("b")};
	size_t count;

	place_open(&p,
		   "CREATE TABLE t(k TEXT PRIMARY KEY, n); INSERT INTO t VALUES('a', 1),"
		   " ('b', 2), ('c', 2.0), ('d', 9e999)",
		   "table=t");
	ck_assert_int_eq(store_find(p.store, &find, &p.arena, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_bytes(records[1].id.ptr, records[1].id.len, "c");
	ck_assert_int_eq(store_info(p.store, &p.arena, &info, NULL), 0);
	ck_assert_uint_eq(info.records, 4);
	ck_assert_uint_eq(get(&p, "none").revision_count, 0);
	ck_assert_int_eq(get(&p, "d").code, CF_ERR_INVALID);
	record = get(&p, "b");
	ck_assert_uint_eq(record.revision_count, 1);
	ck_assert_uint_eq(record.revisions[0].history_count, 1);
	by_rev.rev = record.revisions[0].rev;
	ck_assert_int_eq(store_get(p.store, &by_rev, 1, 0, &p.arena, &record, NULL), 0);
	ck_assert_uint_eq(record.revision_count, 1);
	by_rev.rev = STR("1-x");
	ck_assert_int_eq(store_get(p.store, &by_rev, 1, 0, &p.arena, &record, NULL), 0);
	ck_assert_uint_eq(record.revision_count, 0);
	place_close(&p);
}
END_TEST

/* --- opening -------------------------------------------------------------------------- */

static const struct {
	const char *sql, *parameters;
	int code;
	const char *words;
} wrong_rows[] = {
	{"CREATE TABLE t(a, b, PRIMARY KEY(a, b))", "table=t", CF_ERR_USAGE,
	 "a primary key of several columns: name a unique column (key=K)"},
	{"CREATE TABLE t(a, b, PRIMARY KEY(a, b))", "table=t&key=a", CF_ERR_USAGE,
	 "column \"a\" of \"t\" is not unique"},
	{"CREATE TABLE t(a)", "table=t", CF_ERR_USAGE, "no primary key"},
	{"CREATE TABLE t(a PRIMARY KEY)", "table=t&key=a&revs=5", CF_ERR_USAGE, "leave revs= out"},
	{"CREATE TABLE t(a); CREATE UNIQUE INDEX i ON t(a) WHERE a > 1", "table=t&key=a",
	 CF_ERR_USAGE, "is not unique"},
	{"CREATE TABLE t(a, b); CREATE UNIQUE INDEX i ON t(a, b)", "table=t&key=b", CF_ERR_USAGE,
	 "is not unique"},
	{"CREATE TABLE t(a INTEGER PRIMARY KEY)", "table=t&key=b", CF_ERR_USAGE,
	 "has no column \"b\""},
	{"CREATE TABLE t(a INTEGER PRIMARY KEY)", "table=u&key=a", CF_ERR_NO_DATABASE,
	 "there is no table \"u\""},
	{"CREATE TABLE t(a INTEGER PRIMARY KEY)", "key=a", CF_ERR_NOT_A_STORE,
	 "name one of its tables (?table=T): t"},
	{"CREATE TABLE t(a INTEGER PRIMARY KEY, _rev)", "table=t", CF_ERR_NOT_A_STORE, "\"_rev\""},
	{"CREATE TABLE t(a INTEGER PRIMARY KEY, _id)", "table=t", CF_ERR_NOT_A_STORE, "\"_id\""},
	{"CREATE VIRTUAL TABLE t USING fts5(a)", "table=t&key=a", CF_ERR_NOT_A_STORE,
	 "is a virtual table"},
	{"CREATE TABLE t(a INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t", "table=v",
	 CF_ERR_USAGE, "no primary key"},
	{"CREATE VIEW v AS SELECT a FROM gone", "table=v&key=a", CF_ERR_IO, "gone"},
};

START_TEST(what_is_no_table_of_records_is_refused)
{
	struct cf_error error = {0};
	struct place p;

	place_make(&p, wrong_rows[_i].sql, wrong_rows[_i].parameters);
	ck_assert_int_eq(store_open(&p.store, p.url, &env_system, &mem_heap, &error),
			 wrong_rows[_i].code);
	ck_assert_msg(strstr(error.message, wrong_rows[_i].words), "%s", error.message);
	ck_assert_int_eq(store_open(&p.store, p.url, &env_system, &mem_heap, NULL),
			 wrong_rows[_i].code);
	place_close(&p);
}
END_TEST

START_TEST(neither_file_nor_table_is_made)
{
	struct cf_error error = {0};
	struct place p;

	place_make(&p, "", "table=t&key=k");
	unlink(p.file);
	ck_assert_int_eq(store_open(&p.store, p.url, &env_system, &mem_heap, &error),
			 CF_ERR_NO_DATABASE);
	ck_assert_int_ne(access(p.file, F_OK), 0);
	run_sql(p.file, "PRAGMA user_version = 5");
	ck_assert_int_eq(store_open(&p.store, p.url, &env_system, &mem_heap, &error),
			 CF_ERR_NO_DATABASE);
	ck_assert_str_eq(ask_sql(&p, "SELECT count(*) FROM sqlite_schema"), "0");
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store rows read");
	TCase *tcase = tcase_create("rows");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, rows_are_shown, 0, ARRAY_LEN(shown_rows));
	tcase_add_test(tcase, a_scan_goes_on_where_it_stopped);
	tcase_add_test(tcase, find_and_info_and_get);
	tcase_add_loop_test(tcase, what_is_no_table_of_records_is_refused, 0,
			    ARRAY_LEN(wrong_rows));
	tcase_add_test(tcase, neither_file_nor_table_is_made);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
