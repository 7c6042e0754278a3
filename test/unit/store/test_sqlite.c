/* What can be wrong with an SQLite file, each as one clear error. */
#include "check_main.h"
#include "failing.h"
#include "store/sqlite/documents.h"
#include "store/store.h"

#include <sqlite3.h>
#include <unistd.h>

struct place {
	char folder[32];
	char file[64];
	char url[128];
};

static void place_open(struct place *place, const char *parameters)
{
	snprintf(place->folder, sizeof(place->folder), "/tmp/sqlite-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/s.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s%s", place->file, parameters);
}

static void place_close(struct place *place)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
	char path[96];

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		snprintf(path, sizeof(path), "%s%s", place->file, tails[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(place->folder), 0);
}

static void run_sql(const char *file, const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static int open_url(const char *url, struct cf_error *error)
{
	struct cf_store *store = NULL;
	int rc = store_open(&store, url, &env_system, &mem_heap, error);

	store_close(store);
	return rc;
}

START_TEST(what_cannot_be_opened_says_why)
{
	struct cf_error error = {0};
	struct place p;
	FILE *file;

	place_open(&p, "?create=0");
	ck_assert_int_eq(open_url(p.url, &error), CF_ERR_NO_DATABASE);
	ck_assert_ptr_nonnull(strstr(error.message, p.file));
	ck_assert_int_eq(open_url("sqlite:/no/such/folder/s.db", &error), CF_ERR_NO_DATABASE);
	ck_assert_ptr_nonnull(strstr(error.message, "/no/such/folder"));
	file = fopen(p.file, "w");
	for (int i = 0; i < 200; i++)
		fputs("this is not an SQLite file\n", file);
	fclose(file);
	ck_assert_int_eq(open_url(p.url, &error), CF_ERR_NOT_A_STORE);
	place_close(&p);
}
END_TEST

START_TEST(a_file_of_another_program_is_left_alone)
{
	struct cf_error error = {0};
	struct place p;
	char url[160];

	place_open(&p, "");
	run_sql(p.file, "CREATE TABLE issues(id INTEGER PRIMARY KEY, title TEXT)");
	ck_assert_int_eq(open_url(p.url, &error), CF_ERR_NOT_A_STORE);
	snprintf(url, sizeof(url), "%s?table=isues", p.url);
	ck_assert_int_eq(open_url(url, &error), CF_ERR_NO_DATABASE);
	snprintf(url, sizeof(url), "%s?table=chesterfield-state", p.url);
	ck_assert_int_eq(open_url(url, &error), 0);
	ck_assert_int_eq(open_url(p.url, &error), CF_ERR_NOT_A_STORE);
	place_close(&p);
}
END_TEST

START_TEST(a_newer_layout_is_refused)
{
	struct cf_error error = {0};
	struct place p;

	place_open(&p, "");
	ck_assert_int_eq(open_url(p.url, &error), 0);
	run_sql(p.file, "PRAGMA user_version = 2");
	ck_assert_int_eq(open_url(p.url, &error), CF_ERR_NEWER);
	place_close(&p);
}
END_TEST

START_TEST(odd_table_names_are_quoted)
{
	struct cf_error error = {0};
	struct place p;

	place_open(&p, "?table=a%22b'c%3B--d");
	ck_assert_int_eq(open_url(p.url, &error), 0);
	ck_assert_int_eq(open_url(p.url, &error), 0);
	run_sql(p.file, "SELECT seq FROM \"a\"\"b'c;--d\"");
	place_close(&p);
}
END_TEST

enum { PAGE_BYTES = 8192 };

START_TEST(a_damaged_page_is_told)
{
	struct cf_put put = {.body = STR("{\"some\":\"text\"}")};
	struct cf_store *store = NULL;
	struct cf_scan scan = {.limit = 10000, .flags = CF_READ_BODIES};
	struct cf_record *records;
	struct cf_error error = {0};
	struct cf_answer answer;
	struct cf_arena arena;
	struct place p;
	size_t count;
	long end;
	FILE *file;

	place_open(&p, "");
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, &error), 0);
	for (int i = 0; i < 300; i++) {
		put.id = arena_printf(&arena, "id-%d", i);
		ck_assert_int_eq(store_put(store, &put, 1, &arena, &answer, &error), 0);
	}
	store_close(store);
	/* All but the first page, which holds the schema. */
	file = fopen(p.file, "r+");
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	end = ftell(file);
	ck_assert_int_eq(fseek(file, PAGE_BYTES, SEEK_SET), 0);
	ck_assert_int_gt(end, 2 * PAGE_BYTES);
	for (long at = PAGE_BYTES; at < end; at++)
		fputc(0x5a, file);
	fclose(file);
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, &error), 0);
	ck_assert_int_eq(store_scan(store, &scan, &arena, &records, &count, &error),
			 CF_ERR_NOT_A_STORE);
	ck_assert_str_eq(error.file, p.file);
	ck_assert_ptr_nonnull(strstr(error.message, "damaged"));
	store_close(store);
	arena_fini(&arena);
	place_close(&p);
}
END_TEST

START_TEST(a_full_file_takes_nothing_and_loses_nothing)
{
	enum { COUNT = 400 };
	struct cf_put puts[COUNT];
	struct cf_answer answers[COUNT];
	struct cf_store_info info;
	struct cf_store *store = NULL;
	struct cf_error error = {0};
	struct cf_arena arena;
	struct place p;

	place_open(&p, "");
	arena_init(&arena, &mem_heap);
	for (int i = 0; i < COUNT; i++)
		puts[i] = (struct cf_put){.id = arena_printf(&arena, "%d", i),
					  .body = arena_printf(&arena, "{\"n\":\"%0500d\"}", i)};
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, &error), 0);
	ck_assert_int_eq(store_put(store, puts, 10, &arena, answers, &error), 0);
	sqlite3_exec(((struct documents *)store)->db.handle, "PRAGMA max_page_count = 20", NULL,
		     NULL, NULL);
	ck_assert_int_eq(store_put(store, puts + 10, COUNT - 10, &arena, answers, &error),
			 CF_ERR_FULL);
	ck_assert_str_eq(error.file, p.file);
	ck_assert_int_eq(store_info(store, &arena, &info, &error), 0);
	ck_assert_uint_eq(info.records, 10);
	store_close(store);
	arena_fini(&arena);
	place_close(&p);
}
END_TEST

START_TEST(a_locked_file_is_told_after_a_while)
{
	struct cf_put put = {.id = STR("a"), .body = STR("{}")};
	struct cf_store *store = NULL;
	struct cf_error error = {0};
	struct cf_answer answer;
	struct cf_arena arena;
	struct place p;
	sqlite3 *other = NULL;

	place_open(&p, "");
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, &error), 0);
	sqlite3_busy_timeout(((struct documents *)store)->db.handle, 10);
	ck_assert_int_eq(sqlite3_open(p.file, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(store_put(store, &put, 1, &arena, &answer, &error), CF_ERR_LOCKED);
	ck_assert_str_eq(error.file, p.file);
	ck_assert_int_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(store_put(store, &put, 1, &arena, &answer, &error), 0);
	ck_assert_int_eq(answer.code, 0);
	sqlite3_close(other);
	store_close(store);
	arena_fini(&arena);
	place_close(&p);
}
END_TEST

/* A list of a thousand was once made for each revision that has one. */
START_TEST(reading_attachments_takes_memory_for_what_is_there)
{
	enum { RECORDS = 100, MANY = 40 };
	struct cf_attachment files[MANY] = {{.name = STR("photo"), .data = STR("data")}};
	struct cf_put puts[RECORDS] = {{.id = STR("many"), .attachments = files}};
	struct cf_scan scan = {.limit = RECORDS, .flags = CF_READ_LEAVES};
	struct cf_answer answers[RECORDS];
	struct cf_record *records;
	struct cf_store *store = NULL;
	struct cf_arena arena, read;
	struct failing counting;
	struct place p;
	size_t count;

	place_open(&p, "");
	arena_init(&arena, &mem_heap);
	failing_init(&counting, SIZE_MAX, true);
	arena_init(&read, &counting.mem);
	for (size_t i = 0; i < MANY; i++)
		files[i] = (struct cf_attachment){.name = arena_printf(&arena, "photo%02zu", i),
						  .data = STR("data")};
	puts[0].attachment_count = MANY;
	for (size_t i = 1; i < RECORDS; i++)
		puts[i] = (struct cf_put){.id = arena_printf(&arena, "p%zu", i),
					  .attachments = files,
					  .attachment_count = 1};
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(store_put(store, puts, RECORDS, &arena, answers, NULL), 0);
	ck_assert_int_eq(store_scan(store, &scan, &read, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, RECORDS);
	ck_assert_uint_eq(records[0].revisions[0].attachment_count, MANY);
	ck_assert_bytes(records[0].revisions[0].attachments[MANY - 1].name.ptr,
			records[0].revisions[0].attachments[MANY - 1].name.len, "photo39");
	ck_assert_uint_eq(records[1].revisions[0].attachment_count, 1);
	ck_assert_uint_lt(counting.bytes, RECORDS * 2048);
	store_close(store);
	arena_fini(&read);
	arena_fini(&arena);
	place_close(&p);
}
END_TEST

static struct cf_record read_a(struct cf_store *store, unsigned flags, struct cf_arena *arena)
{
	struct cf_get get = {.id = STR("a")};
	struct cf_record record = {.id = STR("")};

	ck_assert_int_eq(store_get(store, &get, 1, flags, arena, &record, NULL), 0);
	return record;
}

/* Of one leaf of two; the other one is written again meanwhile, which heals nothing. */
START_TEST(what_is_not_what_was_written_is_told)
{
	struct cf_str history[2] = {STR("2-b"), STR("1-a")}, other[2] = {STR("2-c"), STR("1-a")};
	struct cf_attachment file = {.name = STR("f"), .data = STR("data")};
	struct cf_put puts[] = {
		{.id = STR("a"),
		 .kind = CF_PUT_REVISION,
		 .rev = history[0],
		 .history = history,
		 .history_count = 2,
		 .body = STR("{\"x\":1}")},
		{.id = STR("a"),
		 .kind = CF_PUT_REVISION,
		 .rev = other[0],
		 .history = other,
		 .history_count = 2,
		 .body = STR("{\"x\":2}"),
		 .attachments = &file,
		 .attachment_count = 1},
		{.id = STR("a"),
		 .kind = CF_PUT_ON_REV,
		 .rev = other[0],
		 .body = STR("{\"x\":3}"),
		 .attachments = &file,
		 .attachment_count = 1},
	};
	struct cf_answer answers[2];
	struct cf_store *store;
	struct cf_record record;
	struct cf_arena arena;
	struct place p;

	place_open(&p, "");
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(store_put(store, puts, 2, &arena, answers, NULL), 0);
	ck_assert_int_eq(answers[0].code | answers[1].code, 0);
	ck_assert_uint_eq(read_a(store, CF_READ_BODIES | CF_READ_LEAVES, &arena).revision_count, 2);
	run_sql(p.file, "UPDATE \"documents/leaves\" SET body = '{\"x\":9}'");
	record = read_a(store, CF_READ_BODIES | CF_READ_LEAVES, &arena);
	ck_assert_int_eq(record.code, CF_ERR_INVALID);
	ck_assert_uint_eq(record.revision_count, 0);
	ck_assert_ptr_nonnull(strstr(record.message.ptr, "2-b is damaged"));
	/* Who asks for the winner alone is not told of a branch. */
	ck_assert_uint_eq(read_a(store, CF_READ_BODIES, &arena).revision_count, 1);
	ck_assert_int_eq(store_put(store, &puts[2], 1, &arena, answers, NULL), 0);
	ck_assert_int_eq(answers[0].code, 0);
	record = read_a(store, CF_READ_BODIES | CF_READ_LEAVES, &arena);
	ck_assert_int_eq(record.code, CF_ERR_INVALID);
	run_sql(p.file, "UPDATE \"documents/attachments\" SET data = x'00'");
	ck_assert_uint_eq(read_a(store, CF_READ_BODIES, &arena).revision_count, 1);
	record = read_a(store, CF_READ_BODIES | CF_READ_ATTACHMENTS, &arena);
	ck_assert_int_eq(record.code, CF_ERR_INVALID);
	store_close(store);
	arena_fini(&arena);
	place_close(&p);
}
END_TEST

static struct cf_str branch_rev(struct cf_arena *arena, unsigned generation, unsigned number)
{
	return arena_printf(arena, "%u-%032u", generation, number);
}

/* A branch with that number, or its tombstone. */
static void put_branch(struct cf_store *store, struct cf_arena *arena, unsigned number,
		       bool deleted)
{
	struct cf_str history[] = {branch_rev(arena, 2, number), branch_rev(arena, 1, number)};
	struct cf_put put = {.id = STR("a"),
			     .kind = CF_PUT_REVISION,
			     .rev = deleted ? history[0] : history[1],
			     .history = deleted ? history : history + 1,
			     .history_count = deleted ? 2 : 1,
			     .deleted = deleted,
			     .body = arena_printf(arena, "{\"n\":%u}", number)};
	struct cf_answer answer;

	ck_assert_int_eq(store_put(store, &put, 1, arena, &answer, NULL), 0);
	ck_assert_int_eq(answer.code, 0);
	ck_assert(str_equal(answer.rev, put.rev));
}

START_TEST(a_put_among_many_branches_writes_what_it_changes)
{
	enum { BRANCHES = 60, LOSER = 7 };
	struct cf_store *store = NULL;
	struct cf_arena arena;
	struct cf_record record;
	struct sqlite3 *handle;
	struct place p;
	int before;

	place_open(&p, "");
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, p.url, &env_system, &mem_heap, NULL), 0);
	for (unsigned i = 1; i <= BRANCHES; i++)
		put_branch(store, &arena, i, false);
	handle = ((struct documents *)store)->db.handle;
	before = sqlite3_total_changes(handle);
	put_branch(store, &arena, LOSER, true);
	/* One leaf goes, one comes, and the document has a new place in the feed. */
	ck_assert_int_eq(sqlite3_total_changes(handle) - before, 3);
	record = read_a(store, CF_READ_BODIES | CF_READ_LEAVES, &arena);
	ck_assert_uint_eq(record.revision_count, BRANCHES);
	for (unsigned i = 0; i < BRANCHES; i++) {
		unsigned number = i + 1 == BRANCHES      ? LOSER
				  : i < BRANCHES - LOSER ? BRANCHES - i
							 : BRANCHES - i - 1;

		ck_assert(str_equal(record.revisions[i].body,
				    arena_printf(&arena, "{\"n\":%u}", number)));
		ck_assert(record.revisions[i].deleted == (number == LOSER));
	}
	store_close(store);
	arena_fini(&arena);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store sqlite");
	TCase *tcase = tcase_create("sqlite");

	tcase_add_test(tcase, what_cannot_be_opened_says_why);
	tcase_add_test(tcase, a_file_of_another_program_is_left_alone);
	tcase_add_test(tcase, a_newer_layout_is_refused);
	tcase_add_test(tcase, odd_table_names_are_quoted);
	tcase_add_test(tcase, a_damaged_page_is_told);
	tcase_add_test(tcase, a_full_file_takes_nothing_and_loses_nothing);
	tcase_add_test(tcase, a_locked_file_is_told_after_a_while);
	tcase_add_test(tcase, reading_attachments_takes_memory_for_what_is_there);
	tcase_add_test(tcase, what_is_not_what_was_written_is_told);
	tcase_add_test(tcase, a_put_among_many_branches_writes_what_it_changes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
