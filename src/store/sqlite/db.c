/* One connection to an SQLite file; see db.h. */
#include "store/sqlite/db.h"

#include "store/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DAMAGED "the file is damaged (see: sqlite3 FILE 'PRAGMA integrity_check')"

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
	case SQLITE_CORRUPT:
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
		return sqlite_code == SQLITE_READONLY_DIRECTORY
			       ? "its folder cannot be written, which WAL mode needs"
			       : "the file cannot be written";
	case SQLITE_FULL:
		return "there is no room left for the file";
	case SQLITE_NOTADB:
		return "not an SQLite file";
	case SQLITE_CORRUPT:
		return DAMAGED;
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

int sqlite_damaged(struct sqlite_db *db, struct cf_str id, struct cf_error *error)
{
	error_set(error, CF_ERR_NOT_A_STORE, "%s", DAMAGED);
	error_at_document(error, id);
	error_at_file(error, db->path, 0);
	return CF_ERR_NOT_A_STORE;
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
	if (access(url->path.ptr, R_OK) && errno == EACCES)
		return error_set(error, CF_ERR_FORBIDDEN, "this user may not read the file");
	return error_set(error, CF_ERR_FORBIDDEN, "the file cannot be opened");
}

/* --- opening --------------------------------------------------------------------------- */

/* Made here, so that nobody else may read it: SQLite would let all. Its -wal and -shm
 * files take its mode. */
static void make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

/* Bytes 18 and 19 of the header
 * (https://www.sqlite.org/fileformat2.html#file_format_version_numbers). */
static bool is_wal(const char *path)
{
	unsigned char versions[2] = {0, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	(void)!pread(fd, versions, sizeof(versions), 18);
	close(fd);
	return versions[0] == 2 && versions[1] == 2;
}

static bool is_there(const char *path, const char *suffix, int mode)
{
	char name[LIMIT_PATH_BYTES];
	int len = snprintf(name, sizeof(name), "%s%s", path, suffix);

	return len > 0 && (size_t)len < sizeof(name) && access(name, mode) == 0;
}

static bool folder_is_writable(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[LIMIT_PATH_BYTES];
	int len = snprintf(folder, sizeof(folder), "%.*s",
			   slash == path ? 1
			   : slash       ? (int)(slash - path)
					 : 1,
			   slash ? path : ".");

	return len > 0 && (size_t)len < sizeof(folder) && access(folder, W_OK) == 0;
}

/* Who may not write the file, or does not want to, must not make -wal and -shm files
 * beside it either: where the folder lets him they would be his, and shut the owner out
 * (of root, SQLite gives them to the owner); where it does not, SQLite cannot read at
 * all. With no -wal file nobody has it open, all is in the file, and it can be read as it
 * stands. *ret_reason: neither way is open. */
static bool read_as_it_stands(const struct store_url *url, const char **ret_reason)
{
	const char *path = url->path.ptr;
	struct stat found;
	bool ours;

	*ret_reason = NULL;
	if (geteuid() == 0 || stat(path, &found) || !S_ISREG(found.st_mode))
		return false;
	ours = access(path, W_OK) == 0;
	if (ours && (!url->readonly || found.st_uid == geteuid()) && folder_is_writable(path))
		return false;
	if ((ours && !url->readonly) || !is_wal(path))
		return false;
	if (!is_there(path, "-wal", F_OK))
		return true;
	if (!is_there(path, "-wal", R_OK) || !is_there(path, "-shm", R_OK))
		*ret_reason =
			"another program has it open in WAL mode, and its -wal and -shm files "
			"cannot be read: ask its owner for a copy (sqlite3 FILE '.backup COPY')";
	return false;
}

/* The path as a URI that says: nobody changes it. */
static int write_immutable(const char *path, struct cf_buf *out)
{
	static const char plain[] = "/-_.~";

	buf_str(out, STR("file:"));
	for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
		bool kept = (*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z') ||
			    strchr(plain, *c);

		buf_printf(out, kept ? "%c" : "%%%02X", *c);
	}
	buf_str(out, STR("?immutable=1"));
	return buf_byte(out, '\0');
}

static int open_immutable(struct sqlite_db *db, struct cf_error *error)
{
	struct cf_buf uri;
	int rc;

	buf_init(&uri, db->mem);
	rc = write_immutable(db->path.ptr, &uri)
		     ? SQLITE_NOMEM
		     : sqlite3_open_v2(uri.ptr, &db->handle,
				       SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
				       NULL);
	buf_fini(&uri);
	return rc == 0 ? 0 : db->handle ? sqlite_fail(db, error) : error_nomem(error);
}

static int open_handle(struct sqlite_db *db, const struct store_url *url, struct cf_error *error)
{
	int flags = url->readonly ? SQLITE_OPEN_READONLY
				  : SQLITE_OPEN_READWRITE | (url->create ? SQLITE_OPEN_CREATE : 0);
	const char *reason;

	if (read_as_it_stands(url, &reason))
		return open_immutable(db, error);
	if (reason)
		return error_set(error, CF_ERR_FORBIDDEN, "%s", reason);
	if (flags & SQLITE_OPEN_CREATE)
		make_private(url->path.ptr);
	if (sqlite3_open_v2(db->path.ptr, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL))
		return db->handle ? open_failed(db, url, error) : error_nomem(error);
	return 0;
}

int sqlite_db_open(struct sqlite_db *db, const struct store_url *url, const struct cf_mem *mem,
		   struct cf_error *error)
{
	struct stat found;
	int rc;

	*db = (struct sqlite_db){.mem = mem};
	if (url->path.len == 0)
		return error_set(error, CF_ERR_USAGE, "the file is missing: sqlite:FILE");
	db->path.ptr = mem_alloc(mem, url->path.len + 1);
	if (!db->path.ptr)
		return error_nomem(error);
	memcpy((char *)db->path.ptr, url->path.ptr, url->path.len + 1);
	db->path.len = url->path.len;
	db->link = mem_calloc(mem, 1, sizeof(*db->link));
	if (!db->link)
		return error_nomem(error);
	db->link->users = 1;
	rc = open_handle(db, url, error);
	if (rc)
		return rc;
	if (stat(db->path.ptr, &found) == 0) {
		db->link->device = found.st_dev;
		db->link->inode = found.st_ino;
	}
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	/* The file's own SQL (views, triggers, defaults of others) is not trusted. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return 0;
}

void sqlite_db_triggers(struct sqlite_db *db, bool run)
{
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, (int)run, NULL);
}

/* The name is that of another file by now, or of none. */
static int check_name(const struct sqlite_db *db, struct cf_error *error)
{
	struct stat found;
	int rc = stat(db->path.ptr, &found);

	if (db->link->inode == 0 || (rc && errno != ENOENT))
		return 0;
	if (rc == 0 && found.st_dev == db->link->device && found.st_ino == db->link->inode)
		return 0;
	error_set(error, CF_ERR_NOT_A_STORE, "the file was %s while it was open",
		  rc ? "removed or renamed" : "replaced by another one");
	error_at_file(error, db->path, 0);
	return CF_ERR_NOT_A_STORE;
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
	db->link = other->link;
	db->link->users++;
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
	if (db->link && --db->link->users == 0) {
		sqlite3_close(db->handle);
		mem_free(db->mem, db->link);
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
	int rc = check_name(db, error);

	return rc ? rc : sqlite_exec(db, write ? "BEGIN IMMEDIATE" : "BEGIN", error);
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
