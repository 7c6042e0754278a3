/* The stores that are judged, and short ways to ask them. */
#include "conformance.h"

#include "couchdb.h"

#include <dirent.h>
#ifdef STORE_POSTGRES
#include <libpq-fe.h>
#endif
#include <sqlite3.h>
#include <unistd.h>

static const struct {
	bool sqlite;
	bool wrapped;
	bool rows;
	bool couchdb;
	const char *postgres; /* how its key is declared */
} kinds[KIND_POSTGRES_END] = {
	{false, false, false, false, NULL},
	{true, false, false, false, NULL},
	{false, true, false, false, NULL},
	{true, true, false, false, NULL},
	{true, false, true, false, NULL},
	{true, true, true, false, NULL},
	{false, false, false, true, NULL},
	{false, false, true, false, "text COLLATE \"C\""},
	{false, true, true, false, "varchar(3000) COLLATE \"C\""},
	{false, false, true, false, "text COLLATE \"und-x-icu\""},
};

/* A server of PostgreSQL, beside which test/live/postgres.sh runs us. */
static const char *postgres_url(void)
{
	return getenv("CHESTERFIELD_POSTGRES");
}

int kinds_first(void)
{
	return postgres_url() ? KIND_POSTGRES : couchdb_url() ? KIND_COUCHDB : 0;
}

int kinds_end(int of_embedded)
{
	if (postgres_url())
		return of_embedded == KIND_ALL ? KIND_POSTGRES_END : 0;
	return couchdb_url() ? KIND_COUCHDB + 1 : of_embedded;
}

bool kind_is_couchdb(int kind)
{
	return kinds[kind].couchdb;
}

bool subject_is_pouchdb(const struct subject *subject)
{
	return subject->pouchdb;
}

bool kind_has_transactions(int kind)
{
	return kinds[kind].sqlite || kinds[kind].postgres;
}

bool kind_is_rows(int kind)
{
	return kinds[kind].rows;
}

/* The table of another program, with the members that the cases use. */
static void make_table(const struct subject *subject)
{
	char path[128];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/store.db", subject->folder);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(db, "CREATE TABLE r(k TEXT PRIMARY KEY, n, m, t)", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

#ifdef STORE_POSTGRES
static void run_postgres(const char *sql)
{
	PGconn *conn = PQconnectdb(postgres_url());
	PGresult *result = PQexec(conn, sql);

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

/* A table of its own for each case, named as the folder is. */
static void make_postgres(struct subject *subject, const char *key, const char *parameters)
{
	char sql[300];

	snprintf(sql, sizeof(sql), "CREATE TABLE \"%s\"(k %s PRIMARY KEY, n json, m json, t json)",
		 subject->folder, key);
	run_postgres(sql);
	snprintf(subject->url, sizeof(subject->url), "%s&table=%s&key=k&%s", postgres_url(),
		 subject->folder, parameters ? parameters : "");
}

static void drop_postgres(const struct subject *subject)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "DROP TABLE \"%s\"", subject->folder);
	run_postgres(sql);
}
#else
static void make_postgres(struct subject *subject, const char *key, const char *parameters)
{
	(void)subject;
	(void)key;
	(void)parameters;
	ck_abort_msg("built without libpq");
}

static void drop_postgres(const struct subject *subject)
{
	(void)subject;
}
#endif

static void count_line(void *ctx, const char *text)
{
	ck_assert(strchr(text, ':'));
	(*(unsigned *)ctx)++;
}

static void no_wait(void *ctx, uint64_t ns)
{
	(void)ctx;
	(void)ns;
}

struct cf_store *subject_again(struct subject *subject)
{
	struct cf_store *store = NULL;
	struct cf_error error = {0};
	int rc = store_open(&store, subject->url, &env_system, &mem_heap, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	return store;
}

void subject_open(struct subject *subject, int kind, const char *parameters)
{
	const struct store_retry how = {3, 1, 10, no_wait, NULL};

	*subject = (struct subject){.wrapped = kinds[kind].wrapped};
	arena_init(&subject->arena, &mem_heap);
	snprintf(subject->folder, sizeof(subject->folder), "/tmp/conformance-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(subject->folder));
	if (kinds[kind].rows && kinds[kind].sqlite)
		make_table(subject);
	snprintf(subject->url, sizeof(subject->url), "%s%s%s%s",
		 kinds[kind].sqlite ? "sqlite:" : "memory:", subject->folder,
		 kinds[kind].rows     ? "/store.db?table=r&key=k&"
		 : kinds[kind].sqlite ? "/store.db?"
				      : "?",
		 parameters ? parameters : "");
	if (kinds[kind].couchdb) {
		subject->pouchdb = couchdb_is_pouchdb();
		couchdb_new_database(subject->url, sizeof(subject->url), parameters);
	}
	subject->kind = kind;
	if (kinds[kind].postgres)
		make_postgres(subject, kinds[kind].postgres, parameters);
	subject->store = subject_again(subject);
	if (!subject->wrapped)
		return;
	ck_assert_int_eq(store_trace(&subject->store, subject->store, count_line, &subject->traced,
				     &env_system, &mem_heap),
			 0);
	ck_assert_int_eq(store_retry(&subject->store, subject->store, &how, &env_system, &mem_heap),
			 0);
}

void subject_close(struct subject *subject)
{
	DIR *folder = opendir(subject->folder);
	struct dirent *entry;
	char path[512];

	store_close(subject->store);
	if (couchdb_url() && strncmp(subject->url, "http", 4) == 0)
		couchdb_delete_database(subject->url);
	if (kinds[subject->kind].postgres)
		drop_postgres(subject);
	ck_assert(!subject->wrapped || subject->traced > 0);
	while ((entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s", subject->folder, entry->d_name);
		unlink(path);
	}
	closedir(folder);
	ck_assert_int_eq(rmdir(subject->folder), 0);
	arena_fini(&subject->arena);
}

struct cf_answer put_one(struct subject *subject, struct cf_put put)
{
	struct cf_answer answer = {.code = 1};
	struct cf_error error = {0};
	int rc = store_put(subject->store, &put, 1, &subject->arena, &answer, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	return answer;
}

struct cf_answer put_way(struct subject *subject, const char *id, const char *way, const char *body)
{
	struct cf_str *history = arena_alloc(&subject->arena, strlen(way) * sizeof(*history) + 16);
	struct cf_put put = {.id = str_of(id),
			     .kind = CF_PUT_REVISION,
			     .history = history,
			     .deleted = *way == '!',
			     .body = str_of(body)};

	way += put.deleted;
	while (*way) {
		size_t len = strcspn(way, " ");

		history[put.history_count++] = (struct cf_str){way, len};
		way += len + (way[len] == ' ');
	}
	put.rev = history[0];
	return put_one(subject, put);
}

struct cf_record get_one(struct subject *subject, const char *id, const char *rev, unsigned flags)
{
	struct cf_get get = {str_of(id), str_of(rev)};
	struct cf_record record;
	struct cf_error error = {0};
	int rc = store_get(subject->store, &get, 1, flags, &subject->arena, &record, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	return record;
}

struct cf_str member_n(struct subject *subject, const char *id)
{
	struct cf_record record = get_one(subject, id, NULL, CF_READ_BODIES);
	struct json_doc doc;
	struct cf_str n;

	ck_assert_uint_eq(record.revision_count, 1);
	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, record.revisions[0].body.ptr, record.revisions[0].body.len,
				   JSON_READ_DOCUMENT, NULL),
			 0);
	ck_assert(!json_is_absent(json_member(json_root(&doc), STR("n"))));
	n = json_span(json_member(json_root(&doc), STR("n")));
	json_doc_fini(&doc);
	return n;
}

const char *show_record(struct subject *subject, struct cf_record record)
{
	struct cf_buf out;
	struct cf_str text;

	buf_init(&out, &mem_heap);
	for (size_t i = 0; i < record.revision_count; i++) {
		const struct cf_revision *one = &record.revisions[i];

		buf_printf(&out, "%s%s%.*s", i ? "|" : "", one->deleted ? "!" : "",
			   STR_ARG(one->rev));
		for (size_t k = 1; k < one->history_count; k++)
			buf_printf(&out, " %.*s", STR_ARG(one->history[k]));
		if (one->body.ptr)
			buf_printf(&out, " %.*s", STR_ARG(one->body));
	}
	if (record.revision_count == 0)
		buf_byte(&out, '-');
	text = arena_dup(&subject->arena, buf_view(&out));
	buf_fini(&out);
	return text.ptr;
}

const char *show(struct subject *subject, const char *id)
{
	return show_record(subject, get_one(subject, id, NULL,
					    CF_READ_BODIES | CF_READ_LEAVES | CF_READ_HISTORIES));
}

const char *scan_ids(struct subject *subject, const char *prefix, const char *after, size_t limit)
{
	struct cf_scan scan = {str_of(after), str_of(prefix), limit, 0};
	struct cf_record *records;
	struct cf_error error = {0};
	struct cf_buf out;
	struct cf_str text;
	size_t count;
	int rc = store_scan(subject->store, &scan, &subject->arena, &records, &count, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	buf_init(&out, &mem_heap);
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s%.*s", i ? " " : "", STR_ARG(records[i].id));
	text = arena_dup(&subject->arena, buf_view(&out));
	buf_fini(&out);
	return text.ptr;
}

const char *change_ids(struct subject *subject, const char *since, size_t limit,
		       char token[TOKEN_BYTES])
{
	struct cf_changes how = {.since = str_of(since), .limit = limit};
	struct cf_change *changes;
	struct cf_error error = {0};
	struct cf_buf out;
	struct cf_str text, next;
	size_t count;
	int rc = store_changes(subject->store, &how, &subject->arena, &changes, &count, &next,
			       &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	buf_init(&out, &mem_heap);
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s%s%.*s", i ? " " : "",
			   changes[i].record.revisions[0].deleted ? "!" : "",
			   STR_ARG(changes[i].record.id));
	text = arena_dup(&subject->arena, buf_view(&out));
	buf_fini(&out);
	snprintf(token, TOKEN_BYTES, "%.*s", STR_ARG(next));
	return text.ptr;
}

int main(void)
{
	Suite *suite = suite_create("conformance");

	add_put_cases(suite);
	add_tree_cases(suite);
	add_read_cases(suite);
	if (!couchdb_url())
		add_note_cases(suite);
	/* Of embedded stores: their files outlive the process. */
	if (!couchdb_url() && !postgres_url()) {
		add_crash_cases(suite);
		add_process_cases(suite);
	}
	return run_suite(suite);
}
