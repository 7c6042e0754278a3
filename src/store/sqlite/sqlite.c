/* SQLite files: what is in them, and opening a table.
 *
 * A file that this program made says so by its application_id, and its layout by
 * its user_version. Any other file belongs to somebody else: there only the table
 * that the URL names is touched, and tables of ours may stand beside it only under
 * names that begin with "chesterfield-". The journal of a foreign file stays as
 * its owner set it.
 */
#include "store/limits.h"
#include "store/sqlite/documents.h"
#include "store/sqlite/rows.h"
#include "store/stores.h"

#include <inttypes.h>

#define APPLICATION_ID 1128680516 /* "CFLD" */
enum { LAYOUT_VERSION = 1 };
#define TABLE_DEFAULT "documents"
#define TABLE_PREFIX "chesterfield-"

/* One row a statement; %q is the table's name inside double quotes. */
static const char *const document_sql[SQL_COUNT] = {
	[SQL_FIND] = "SELECT seq, rev, state, history FROM \"%w\" WHERE id = ?1",
	[SQL_READ] = "SELECT seq, rev, state, history, body FROM \"%w\" WHERE id = ?1",
	[SQL_WALK] = "SELECT seq, 0, 0, 0, 0, id FROM \"%w\" WHERE id >= ?1 ORDER BY id",
	[SQL_FIND_AT] = "SELECT seq, rev, state, history FROM \"%w\" WHERE seq = ?1",
	[SQL_READ_AT] = "SELECT seq, rev, state, history, body FROM \"%w\" WHERE seq = ?1",
	[SQL_INSERT] = "INSERT INTO \"%w\"(rev, state, history, body, seq, id)"
		       " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO NOTHING",
	[SQL_UPDATE] = "UPDATE \"%w\" SET rev = ?1, state = ?2, history = ?3, body = ?4, seq = ?5"
		       " WHERE seq = ?6",
	[SQL_UPDATE_UNFED] = "UPDATE \"%w\" SET rev = ?1, state = ?2, history = ?3, body = ?4,"
			     " seq = ?5 WHERE id = ?6",
	[SQL_LEAVES] = "SELECT 0, rev, state, history, body FROM \"%w/leaves\" WHERE id = ?1",
	[SQL_LEAVES_DROP] = "DELETE FROM \"%w/leaves\" WHERE id = ?1",
	[SQL_LEAVES_DROP_ONE] = "DELETE FROM \"%w/leaves\" WHERE id = ?1 AND rev = ?2",
	[SQL_LEAVES_ADD] = "INSERT INTO \"%w/leaves\"(rev, state, history, body, id)"
			   " VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_ATTACHMENTS] = "SELECT name, type, digest, length(data),"
			    " CASE WHEN ?3 THEN data END FROM \"%w/attachments\""
			    " WHERE id = ?1 AND rev = ?2 ORDER BY name",
	[SQL_ATTACHMENTS_DROP] = "DELETE FROM \"%w/attachments\" WHERE id = ?1 AND rev = ?2",
	[SQL_ATTACHMENTS_ADD] = "INSERT INTO \"%w/attachments\"(id, rev, name, type, digest, data)"
				" VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_SCAN] = "SELECT seq, rev, state, history, body, id FROM \"%w\""
		     " WHERE id >= ?1 AND id <> ?2 AND state & 1 = 0 AND seq <= ?3 ORDER BY id",
	[SQL_CHANGES] = "SELECT seq, rev, state, history, body, id FROM \"%w\""
			" WHERE seq > ?1 ORDER BY seq LIMIT ?2",
	[SQL_LATEST] = "SELECT coalesce(max(seq), 0) FROM \"%w\"",
	[SQL_BEHIND] = "SELECT count(*) FROM \"%w\" WHERE seq > ?1",
	[SQL_COUNTS] = "SELECT count(*), coalesce(sum(state & 1), 0), coalesce(max(seq), 0)"
		       " FROM \"%w\"",
	[SQL_VERSION] = "PRAGMA data_version",
};

/* Where a table has no feed, its rows stand in the order of their ids. */
static const char unfed_walk[] = "SELECT seq, rev, state, history, body, id FROM \"%w\""
				 " WHERE id >= ?1 ORDER BY id";

#define TABLE_STATE "chesterfield-state"

static const char fed_layout[] =
	"CREATE TABLE \"%w\"(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rev TEXT NOT NULL,"
	" state INTEGER NOT NULL, history BLOB, body TEXT NOT NULL)";
static const char unfed_layout[] =
	"CREATE TABLE \"%w\"(seq INTEGER NOT NULL, id TEXT PRIMARY KEY NOT NULL, rev TEXT NOT NULL,"
	" state INTEGER NOT NULL, history BLOB, body TEXT NOT NULL) WITHOUT ROWID";
static const char beside_layout[] =
	"CREATE TABLE \"%w/leaves\"(id TEXT NOT NULL, rev TEXT NOT NULL, state INTEGER NOT NULL,"
	" history BLOB, body TEXT NOT NULL, PRIMARY KEY(id, rev));"
	"CREATE TABLE \"%w/attachments\"(id TEXT NOT NULL, rev TEXT NOT NULL, name TEXT NOT NULL,"
	" type TEXT NOT NULL, digest TEXT NOT NULL, data BLOB NOT NULL,"
	" PRIMARY KEY(id, rev, name));";

static void documents_close(struct cf_store *store)
{
	struct documents *documents = (struct documents *)store;
	struct cf_mem mem = documents->mem;

	sqlite_db_close(&documents->db);
	json_doc_fini(&documents->doc);
	buf_fini(&documents->blob);
	buf_fini(&documents->place);
	mem_free(&mem, documents);
}

static int exec_for_table(struct sqlite_db *db, const char *format, const char *table,
			  struct cf_error *error)
{
	char *sql = sqlite3_mprintf(format, table, table, table);
	int rc = sql ? sqlite_exec(db, sql, error) : error_nomem(error);

	sqlite3_free(sql);
	return rc;
}

static int number_for_table(struct sqlite_db *db, const char *format, const char *table,
			    int64_t *ret, struct cf_error *error)
{
	char *sql = sqlite3_mprintf(format, table);
	int rc = sql ? sqlite_number(db, sql, ret, error) : error_nomem(error);

	sqlite3_free(sql);
	return rc;
}

/* What the file is, and what stands under the table's name. */
struct file_state {
	int64_t application_id;
	int64_t version;
	int64_t objects; /* tables and the like; 0: an empty file */
	int64_t exists;  /* the table does */
	int64_t ours;    /* ... and has our columns */
};

static int look(struct sqlite_db *db, const char *table, struct file_state *ret,
		struct cf_error *error)
{
	int rc = sqlite_number(db, "PRAGMA application_id", &ret->application_id, error);

	rc = rc ? rc : sqlite_number(db, "PRAGMA user_version", &ret->version, error);
	rc = rc ? rc
		: sqlite_number(db, "SELECT count(*) FROM sqlite_schema", &ret->objects, error);
	rc = rc ? rc
		: number_for_table(db, "SELECT count(*) FROM pragma_table_info(%Q)", table,
				   &ret->exists, error);
	rc = rc ? rc
		: number_for_table(db,
				   "SELECT group_concat(name, ' ') ="
				   " 'seq id rev state history body' FROM pragma_table_info(%Q)",
				   table, &ret->ours, error);
	return rc;
}

/* A file of another program: which tables may be named. */
static int name_tables(struct sqlite_db *db, struct cf_error *error)
{
	sqlite3_stmt *statement = NULL;
	struct cf_str names = {"", 0};
	int rc;

	if (sqlite3_prepare_v2(db->handle,
			       "SELECT group_concat(name, ', ') FROM (SELECT name FROM"
			       " sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE"
			       " 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'chesterfield-%'"
			       " ORDER BY name LIMIT 10)",
			       -1, &statement, NULL))
		return sqlite_fail(db, error);
	rc = sqlite_next(db, statement, error);
	if (rc > 0)
		names = sqlite_text(statement, 0);
	if (rc >= 0)
		rc = error_set(error, CF_ERR_NOT_A_STORE,
			       "an SQLite file of another program; name one of its tables "
			       "(?table=T)%s%.*s",
			       names.len ? ": " : "", STR_ARG(names));
	sqlite3_finalize(statement);
	return rc;
}

static int judge(struct sqlite_db *db, const struct file_state *state, const struct store_url *url,
		 const char *table, struct cf_error *error)
{
	bool made_by_us = state->application_id == APPLICATION_ID;

	if (made_by_us && state->version > LAYOUT_VERSION)
		return error_set(error, CF_ERR_NEWER,
				 "made by a newer version of this program (layout %" PRId64
				 ", this one knows %d)",
				 state->version, LAYOUT_VERSION);
	if (!made_by_us && state->objects && !url->table.ptr)
		return name_tables(db, error);
	if (state->exists && !state->ours)
		return 0;
	if (state->exists)
		return url->key.ptr ? error_set(error, CF_ERR_USAGE,
						"\"%s\" is a table of documents: no key= is needed",
						table)
				    : 0;
	if (!url->create || url->readonly)
		return error_set(error, CF_ERR_NO_DATABASE, "there is no table \"%s\"", table);
	if (!made_by_us && state->objects &&
	    strncmp(table, TABLE_PREFIX, sizeof(TABLE_PREFIX) - 1) != 0)
		return error_set(error, CF_ERR_NO_DATABASE,
				 "there is no table \"%s\", and none is made in the file of "
				 "another program",
				 table);
	return 0;
}

/* What hung on a table that was dropped. Of a state that is gone nothing is worth keeping;
 * in tables of documents there may be attachments. */
static int drop_left_over(struct sqlite_db *db, const char *table, struct cf_error *error)
{
	int64_t left = 0;
	int rc =
		number_for_table(db,
				 "SELECT count(*) FROM (SELECT %Q AS name) AS t, sqlite_schema AS s"
				 " WHERE s.name IN (t.name || '/leaves', t.name || '/attachments')",
				 table, &left, error);

	if (rc || left == 0)
		return rc;
	if (strncmp(table, TABLE_PREFIX, sizeof(TABLE_PREFIX) - 1) != 0)
		return error_set(error, CF_ERR_NOT_A_STORE,
				 "the table \"%s\" is gone, and what hung on it is left over: drop "
				 "\"%s/leaves\" and \"%s/attachments\", or name another table",
				 table, table, table);
	return exec_for_table(db,
			      "DROP TABLE IF EXISTS \"%w/leaves\";"
			      "DROP TABLE IF EXISTS \"%w/attachments\"",
			      table, error);
}

/* Makes the table, once, whoever comes first. */
static int create_table(struct sqlite_db *db, const char *table, struct cf_error *error)
{
	struct file_state state = {0};
	int rc = sqlite_begin(db, true, error);

	if (rc)
		return rc;
	rc = look(db, table, &state, error);
	if (rc == 0 && state.objects == 0) {
		rc = exec_for_table(db, "PRAGMA application_id = 1128680516", table, error);
		rc = rc ? rc : exec_for_table(db, "PRAGMA user_version = 1", table, error);
	}
	if (rc == 0 && !state.exists)
		rc = drop_left_over(db, table, error);
	if (rc == 0 && !state.exists)
		rc = exec_for_table(db, strcmp(table, TABLE_STATE) == 0 ? unfed_layout : fed_layout,
				    table, error);
	if (rc == 0 && !state.exists)
		rc = exec_for_table(db, beside_layout, table, error);
	return sqlite_end(db, rc, error);
}

static int prepare_texts(struct documents *documents, const char *table, struct cf_error *error)
{
	struct sqlite_db *db = &documents->db;

	for (unsigned i = 0; i < SQL_COUNT; i++) {
		bool rows = documents->unfed && i == SQL_WALK;

		db->texts[i] = sqlite3_mprintf(rows ? unfed_walk : document_sql[i], table);
		if (!db->texts[i])
			return error_nomem(error);
	}
	return 0;
}

/* Ours: readers and a writer do not wait for each other, a crash of the process
 * loses nothing, and checkpoints are rare: each writes back the index, which random
 * ids change everywhere. Pages of 8 KiB, in a file that is made now: half the calls to
 * the system of 4 KiB; larger ones write too much for each random id. */
/* Rows are read and written in the order of their keys, or one by one; and a move has many
 * handles. */
#define CACHE_ROWS "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY"
#define CACHE_DOCUMENTS "PRAGMA cache_size = -24576; PRAGMA temp_store = MEMORY"

static int tune(struct sqlite_db *db, const struct file_state *state, const struct store_url *url,
		bool rows, struct cf_error *error)
{
	bool ours = state->objects == 0 || state->application_id == APPLICATION_ID;
	int rc = 0;

	if (state->objects == 0 && !url->readonly)
		rc = sqlite_exec(db, "PRAGMA page_size = 8192", error);
	if (rc == 0 && ours && !url->readonly)
		rc = sqlite_exec(db,
				 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				 "PRAGMA wal_autocheckpoint = 10000",
				 error);
	/* Last: SQLite counts the cache in pages, and larger pages do not make it fewer. */
	return rc ? rc : sqlite_exec(db, rows ? CACHE_ROWS : CACHE_DOCUMENTS, error);
}

/* Whether the table has one; that of an earlier version of this program always does. */
static int find_feed(struct documents *documents, const char *table, struct cf_error *error)
{
	int64_t unfed = 0;
	int rc = number_for_table(&documents->db,
				  "SELECT coalesce(max(wr), 0) FROM pragma_table_list(%Q)"
				  " WHERE schema = 'main'",
				  table, &unfed, error);

	documents->unfed = unfed != 0;
	if (documents->unfed) {
		documents->store.capabilities &= ~(unsigned)CF_STORE_CHANGES;
		documents->revs_max = 1;
	}
	return rc;
}

/* `beside` is a connection to the same file, or NULL. *ret_rows: it is a table of rows. */
static int open_table(struct documents *documents, const struct store_url *url,
		      const struct sqlite_db *beside, bool *ret_rows, struct cf_error *error)
{
	const char *table = url->table.ptr ? url->table.ptr : TABLE_DEFAULT;
	struct sqlite_db *db = &documents->db;
	struct file_state state = {0};
	int rc = beside ? sqlite_db_share(db, beside, &documents->mem, error)
			: sqlite_db_open(db, url, &documents->mem, error);

	rc = rc ? rc : look(db, table, &state, error);
	rc = rc ? rc : judge(db, &state, url, table, error);
	*ret_rows = rc == 0 && state.exists && !state.ours;
	if (*ret_rows && !url->table.ptr)
		rc = error_set(error, CF_ERR_NOT_A_STORE,
			       "\"" TABLE_DEFAULT
			       "\" is a table of rows: name it (?table=" TABLE_DEFAULT "&key=K)");
	if (rc == 0 && !beside)
		rc = tune(db, &state, url, *ret_rows, error);
	if (rc == 0 && !state.exists)
		rc = create_table(db, table, error);
	if (rc || *ret_rows)
		return rc;
	rc = find_feed(documents, table, error);
	return rc ? rc : prepare_texts(documents, table, error);
}

/* The file as SQLite resolved it: two names of one file are one place. */
static int name_place(struct documents *documents, const char *table, struct cf_error *error)
{
	const char *file = sqlite3_db_filename(documents->db.handle, "main");

	if (buf_printf(&documents->place, "sqlite:%s?table=%s", file ? file : "", table) ||
	    buf_byte(&documents->place, '\0'))
		return error_nomem(error);
	documents->store.place = documents->place.ptr;
	return 0;
}

static int open_on(struct cf_store **ret, const struct documents *beside, struct store_url *url,
		   const struct cf_mem *mem, struct cf_error *error)
{
	struct documents *documents = mem_calloc(mem, 1, sizeof(*documents));
	bool rows = false;
	int rc;

	if (!documents)
		return error_nomem(error);
	documents->store =
		(struct cf_store){.ops = &sqlite_ops, .capabilities = sqlite_ops.capabilities};
	documents->mem = *mem;
	json_doc_init(&documents->doc, &documents->mem);
	buf_init(&documents->blob, &documents->mem);
	buf_init(&documents->place, &documents->mem);
	documents->revs_max = url->revs ? url->revs : STORE_REVS_DEFAULT;
	documents->readonly = url->readonly;
	/* Rows are another program's: neither their table nor its file is made here. */
	url->create = url->create && !url->key.ptr;
	rc = open_table(documents, url, beside ? &beside->db : NULL, &rows, error);
	if (rc == 0 && rows && url->revs)
		rc = error_set(error, CF_ERR_USAGE,
			       "a table of rows remembers no revisions: leave revs= out");
	if (rc == 0 && rows)
		rc = rows_open(ret, &documents->db, url, mem, error);
	if (rc == 0 && !rows)
		rc = name_place(documents, url->table.ptr ? url->table.ptr : TABLE_DEFAULT, error);
	if (rc == 0 && !rows) {
		sqlite_db_triggers(&documents->db, false);
		documents->db.opened = true;
		*ret = &documents->store;
	} else {
		documents_close(&documents->store);
	}
	return rc;
}

static int documents_open(struct cf_store **ret, const char *text, const struct cf_env *env,
			  const struct cf_mem *mem, struct cf_error *error)
{
	struct store_url url;
	struct cf_arena arena;
	int rc;

	(void)env;
	arena_init(&arena, mem);
	rc = store_url_read(text, &arena, &url, error);
	rc = rc ? rc : open_on(ret, NULL, &url, mem, error);
	arena_fini(&arena);
	return rc;
}

static int documents_open_beside(struct cf_store **ret, struct cf_store *store, const char *text,
				 const struct cf_env *env, const struct cf_mem *mem,
				 struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	struct store_url url;
	struct cf_arena arena;
	int rc;

	(void)env;
	*ret = NULL;
	arena_init(&arena, mem);
	rc = store_url_read(text, &arena, &url, error);
	if (rc == 0 && !url.key.ptr && str_equal(url.path, documents->db.path) &&
	    url.readonly == documents->readonly)
		rc = open_on(ret, documents, &url, mem, error);
	arena_fini(&arena);
	return rc;
}

const struct cf_store_ops sqlite_ops = {
	.name = "sqlite",
	.capabilities = CF_STORE_CHANGES | CF_STORE_CAS | CF_STORE_HISTORIES |
			CF_STORE_TRANSACTIONS | CF_STORE_ORDERED | CF_STORE_ATTACHMENTS |
			CF_STORE_FIND | CF_STORE_PROMPT,
	.open = documents_open,
	.close = documents_close,
	.open_beside = documents_open_beside,
	.get = documents_get,
	.put = documents_put,
	.scan = documents_scan,
	.changes = documents_changes,
	.find = documents_find,
	.behind = documents_behind,
	.info = documents_info,
};
