/* One connection to an SQLite file; see db.h. */
#include "store/sqlite/db.h"

#include "store/limits.h"

#include <errno.h>
#include <sys/stat.h>

/* How long to wait for another writer before the store is said to be locked. */
enum { BUSY_MS = 5000 };

static int code_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CF_ERR_LOCKED;
	case SQLITE_READONLY:
		return CF_ERR_READONLY;
	case SQLITE_FULL:
		return CF_ERR_FULL;
	case SQLITE_NOTADB:
		return CF_ERR_NOT_A_STORE;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return CF_ERR_FORBIDDEN;
	case SQLITE_NOMEM:
		return CF_ERR_NOMEM;
	case SQLITE_TOOBIG:
		return CF_ERR_LIMIT;
	case SQLITE_CONSTRAINT:
		return CF_ERR_INVALID;
	default:
		return CF_ERR_IO;
	}
}

static const char *words_of(struct sqlite_db *db, int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "another program holds the file locked";
	case SQLITE_READONLY:
		return "the file cannot be written";
	case SQLITE_FULL:
		return "there is no room left for the file";
	case SQLITE_NOTADB:
		return "not an SQLite file";
	case SQLITE_CORRUPT:
		return "the file is damaged (see: sqlite3 FILE 'PRAGMA integrity_check')";
	default:
		return sqlite3_errmsg(db->handle);
	}
}

int sqlite_fail(struct sqlite_db *db, struct cf_error *error)
{
	int sqlite_code = sqlite3_extended_errcode(db->handle);
	int rc = error_set(error, code_of(sqlite_code), "%s", words_of(db, sqlite_code));

	if (db->opened)
		error_at_file(error, db->path, 0);
	return rc;
}

/* SQLite says "unable to open database file" of everything: look for the reason. */
static int open_failed(struct sqlite_db *db, const struct store_url *url, struct cf_error *error)
{
	char folder[LIMIT_PATH_BYTES];
	const char *slash = strrchr(url->path.ptr, '/');
	size_t len = slash ? (size_t)(slash - url->path.ptr) : 0;
	struct stat found;

	if ((sqlite3_errcode(db->handle) & 0xff) != SQLITE_CANTOPEN)
		return sqlite_fail(db, error);
	if (len && len < sizeof(folder)) {
		memcpy(folder, url->path.ptr, len);
		folder[len] = '\0';
		if (stat(folder, &found) && errno == ENOENT)
			return error_set(error, CF_ERR_NO_DATABASE, "the folder %s does not exist",
					 folder);
	}
	if (stat(url->path.ptr, &found)) {
		if (errno == ENOENT && (!url->create || url->readonly))
			return error_set(error, CF_ERR_NO_DATABASE, "there is no such file");
	} else if (S_ISDIR(found.st_mode)) {
		return error_set(error, CF_ERR_USAGE, "this is a folder: name a file in it");
	}
	return error_set(error, CF_ERR_FORBIDDEN, "the file cannot be opened");
}

int sqlite_db_open(struct sqlite_db *db, const struct store_url *url, const struct cf_mem *mem,
		   struct cf_error *error)
{
	int flags = url->readonly ? SQLITE_OPEN_READONLY
				  : SQLITE_OPEN_READWRITE | (url->create ? SQLITE_OPEN_CREATE : 0);

	*db = (struct sqlite_db){.mem = mem};
	if (url->path.len == 0)
		return error_set(error, CF_ERR_USAGE, "the file is missing: sqlite:FILE");
	db->path.ptr = mem_alloc(mem, url->path.len + 1);
	if (!db->path.ptr)
		return error_nomem(error);
	memcpy((char *)db->path.ptr, url->path.ptr, url->path.len + 1);
	db->path.len = url->path.len;
	db->users = mem_calloc(mem, 1, sizeof(*db->users));
	if (!db->users)
		return error_nomem(error);
	*db->users = 1;
	if (sqlite3_open_v2(db->path.ptr, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL))
		return db->handle ? open_failed(db, url, error) : error_nomem(error);
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	/* The file's own SQL (views, triggers of others) is not trusted. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

int sqlite_db_share(struct sqlite_db *db, const struct sqlite_db *other, const struct cf_mem *mem,
		    struct cf_error *error)
{
	char *path = mem_alloc(mem, other->path.len + 1);

	*db = (struct sqlite_db){.mem = mem};
	if (!path)
		return error_nomem(error);
	memcpy(path, other->path.ptr, other->path.len + 1);
	db->path = (struct cf_str){path, other->path.len};
	db->handle = other->handle;
	db->users = other->users;
	++*db->users;
	return 0;
}

void sqlite_db_wait(struct sqlite_db *db, unsigned ms)
{
	sqlite3_busy_timeout(db->handle, ms ? (int)ms : BUSY_MS);
}

void sqlite_db_close(struct sqlite_db *db)
{
	for (unsigned i = 0; i < SQLITE_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		sqlite3_free(db->texts[i]);
	}
	if (db->users && --*db->users == 0) {
		sqlite3_close(db->handle);
		mem_free(db->mem, db->users);
	}
	if (db->mem)
		mem_free(db->mem, (char *)db->path.ptr);
	*db = (struct sqlite_db){0};
}

sqlite3_stmt *sqlite_statement(struct sqlite_db *db, unsigned index, struct cf_error *error)
{
	cf_assert(index < SQLITE_STATEMENTS && db->texts[index]);
	if (db->statements[index]) {
		sqlite3_reset(db->statements[index]);
		return db->statements[index];
	}
	if (sqlite3_prepare_v3(db->handle, db->texts[index], -1, SQLITE_PREPARE_PERSISTENT,
			       &db->statements[index], NULL))
		sqlite_fail(db, error);
	return db->statements[index];
}

int sqlite_next(struct sqlite_db *db, sqlite3_stmt *statement, struct cf_error *error)
{
	int step = sqlite3_step(statement);
	int rc;

	if (step == SQLITE_ROW)
		return 1;
	rc = step == SQLITE_DONE ? 0 : sqlite_fail(db, error);
	sqlite3_reset(statement);
	return rc;
}

int sqlite_run(struct sqlite_db *db, sqlite3_stmt *statement, struct cf_error *error)
{
	int rc;

	while ((rc = sqlite_next(db, statement, error)) > 0)
		;
	return rc;
}

int sqlite_exec(struct sqlite_db *db, const char *sql, struct cf_error *error)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) ? sqlite_fail(db, error) : 0;
}

int sqlite_number(struct sqlite_db *db, const char *sql, int64_t *ret, struct cf_error *error)
{
	sqlite3_stmt *statement = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL))
		return sqlite_fail(db, error);
	rc = sqlite_next(db, statement, error);
	if (rc > 0)
		*ret = sqlite3_column_int64(statement, 0);
	else if (rc == 0)
		*ret = 0;
	sqlite3_finalize(statement);
	return rc < 0 ? rc : 0;
}

int sqlite_begin(struct sqlite_db *db, bool write, struct cf_error *error)
{
	return sqlite_exec(db, write ? "BEGIN IMMEDIATE" : "BEGIN", error);
}

int sqlite_end(struct sqlite_db *db, int rc, struct cf_error *error)
{
	if (rc == 0)
		rc = sqlite_exec(db, "COMMIT", error);
	/* Some failures have ended the transaction already. */
	if (rc && !sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int sqlite_bind(sqlite3_stmt *statement, int index, struct cf_str text)
{
	return sqlite3_bind_text64(statement, index, text.ptr ? text.ptr : "", text.len,
				   SQLITE_STATIC, SQLITE_UTF8);
}

struct cf_str sqlite_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return (struct cf_str){text ? text : "", (size_t)sqlite3_column_bytes(statement, column)};
}

int sqlite_copy(sqlite3_stmt *statement, int column, struct cf_arena *arena, struct cf_str *ret)
{
	*ret = arena_dup(arena, sqlite_text(statement, column));
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}
