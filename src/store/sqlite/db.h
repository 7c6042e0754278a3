/* One connection to an SQLite file: statements kept by number, transactions, and
 * failures turned into our codes.
 *
 * SQLite's own memory comes from its own allocator, which a process configures as a
 * whole; all that this room allocates goes through cf_mem.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include "store/url.h"

#include <sqlite3.h>
#include <sys/stat.h>

enum { SQLITE_STATEMENTS = 24 };

/* One connection, of one or several tables. */
struct sqlite_link {
	unsigned users; /* the last one closes it */
	dev_t device;   /* the file that was opened, whatever has its name by now */
	ino_t inode;
};

struct sqlite_db {
	sqlite3 *handle;
	struct sqlite_link *link;
	struct cf_str path; /* for errors; ends with NUL */
	const struct cf_mem *mem;
	sqlite3_stmt *statements[SQLITE_STATEMENTS];
	char *texts[SQLITE_STATEMENTS]; /* SQL, made by sqlite3_mprintf */
	bool opened;                    /* from then on errors name the file */
};

int sqlite_db_open(struct sqlite_db *db, const struct store_url *url, const struct cf_mem *mem,
		   struct cf_error *error);
/* Whether the file's own triggers run. Its SQL is never trusted with more than its data. */
void sqlite_db_triggers(struct sqlite_db *db, bool run);
/* Another one on the same connection. */
int sqlite_db_share(struct sqlite_db *db, const struct sqlite_db *other, const struct cf_mem *mem,
		    struct cf_error *error);
void sqlite_db_close(struct sqlite_db *db);
/* How long a call waits for another writer; 0: five seconds. */
void sqlite_db_wait(struct sqlite_db *db, unsigned ms);
/* SQLite's last failure as an error with the file's name. */
int sqlite_fail(struct sqlite_db *db, struct cf_error *error);
/* NOT_A_STORE: what stands at that document cannot be. */
int sqlite_damaged(struct sqlite_db *db, struct cf_str id, struct cf_error *error);
/* The prepared statement number `index` of `texts`, ready to be bound; NULL on failure. */
sqlite3_stmt *sqlite_statement(struct sqlite_db *db, unsigned index, struct cf_error *error);
/* 1: a row, 0: done, else an error. */
int sqlite_next(struct sqlite_db *db, sqlite3_stmt *statement, struct cf_error *error);
/* Runs it to its end and resets it. */
int sqlite_run(struct sqlite_db *db, sqlite3_stmt *statement, struct cf_error *error);
int sqlite_exec(struct sqlite_db *db, const char *sql, struct cf_error *error);
/* The first column of the first row; 0 where there is none. */
int sqlite_number(struct sqlite_db *db, const char *sql, int64_t *ret, struct cf_error *error);
/* BEGIN IMMEDIATE where `write`. NOT_A_STORE where the file has lost its name: what is
 * written to it then nobody finds. */
int sqlite_begin(struct sqlite_db *db, bool write, struct cf_error *error);
/* COMMIT where rc is 0, else ROLLBACK. Returns rc, or what COMMIT says. */
int sqlite_end(struct sqlite_db *db, int rc, struct cf_error *error);

/* Binding and reading texts; NUL pointers are empty texts. */
int sqlite_bind(sqlite3_stmt *statement, int index, struct cf_str text);
struct cf_str sqlite_text(sqlite3_stmt *statement, int column);
/* A copy in the arena. */
int sqlite_copy(sqlite3_stmt *statement, int column, struct cf_arena *arena, struct cf_str *ret);

#endif
