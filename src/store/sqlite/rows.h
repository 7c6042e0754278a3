/* A table of rows that another program made, seen as records.
 *
 *   id    the value of the key column as text: numbers as JSON writes them
 *   body  one member for each column, in the table's order
 *   rev   "1-" and the hash of the body: a row has one revision, its content
 *
 *   INTEGER  number, all digits          REAL  number, the shortest that reads back
 *   TEXT     string; in a column declared JSON the value itself, where it is one
 *   BLOB     {"$base64": "..."}          NULL  null
 *
 * The table is never altered, nor the journal mode. A put replaces the row: what is
 * left out takes the column's default. Columns whose value stays are not written, so
 * what two spellings share in JSON (1 and 1.0) stays as it was. Generated columns are
 * read and never written. A column named _id may only be the key, and is left out of
 * the body: it is the id.
 *
 * Numbers as keys are in order by value. Notes and fences lie in a table of ours in the
 * same file, made by the first put that needs it.
 *
 * Left out: changes and histories (rows do not tell of either), attachments.
 */
#ifndef STORE_SQLITE_ROWS_H
#define STORE_SQLITE_ROWS_H

#include "store/apply.h"
#include "store/sqlite/db.h"
#include "store/sqlite/notes.h"

/* https://sqlite.org/datatype3.html, section 3.1 */
enum rows_affinity {
	ROWS_INTEGER,
	ROWS_TEXT,
	ROWS_NONE,
	ROWS_REAL,
	ROWS_NUMERIC,
};

struct rows_column {
	struct cf_str name;
	struct cf_str member;   /* its name as JSON, and the colon */
	struct cf_str type;     /* as declared */
	struct cf_str fallback; /* the default's SQL; empty: NULL */
	enum rows_affinity affinity;
	bool json;      /* declared JSON */
	bool generated; /* read only */
	bool primary;   /* part of the primary key */
};

enum rows_statement {
	ROWS_READ,  /* ?1 the key */
	ROWS_START, /* in order of keys, from the first */
	ROWS_FROM,  /* ... from the key ?1 on */
	ROWS_AFTER, /* ... behind it */
	ROWS_DELETE,
	ROWS_COUNTED,
	ROWS_SAVE,
	ROWS_RELEASE,
	ROWS_UNDO,
	ROWS_COUNT,
	ROWS_NOTES = ROWS_COUNT, /* the first of those of notes */
};

/* A statement that depends on which columns a put names. */
struct rows_cached {
	struct cf_buf text; /* ends with NUL */
	sqlite3_stmt *statement;
};

struct rows {
	struct cf_store store;
	struct sqlite_db db;
	struct cf_mem mem;
	struct cf_arena arena; /* the table's shape lives here */
	struct cf_str table;
	struct rows_column *columns;
	size_t column_count;
	size_t key;              /* which column */
	struct cf_str collation; /* of the index that makes it unique */
	bool view;
	bool ordered;
	bool readonly;
	struct json_doc put;  /* the body that is put */
	struct json_doc row;  /* a row's body */
	struct json_doc cell; /* a text in a JSON column */
	struct cf_buf body;
	struct cf_buf sql;
	struct rows_cached insert, update;
	struct sqlite_notes notes;
};

/* A row as a record; with code it cannot be shown, and message says why. */
struct rows_row {
	struct cf_str key;
	struct cf_str rev;
	struct cf_str body; /* in the arena */
	int code;
	struct cf_str message;
};

/* Takes over the connection, also where it fails. `key` may be empty. */
int rows_open(struct cf_store **ret, struct sqlite_db *db, const struct store_url *url,
	      const struct cf_mem *mem, struct cf_error *error);

/* The row that the statement stands on; columns in order, and the rowid behind them.
 * INVALID where its key is none, naming the row. */
int rows_row(struct rows *rows, sqlite3_stmt *statement, struct cf_arena *arena,
	     struct rows_row *ret, struct cf_error *error);
/* 1 and the row of this key, 0: there is none. */
int rows_lookup(struct rows *rows, struct cf_str id, struct cf_arena *arena, struct rows_row *ret,
		struct cf_error *error);
int rows_put(struct cf_store *store, const struct cf_put *puts, size_t count,
	     struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int rows_check(struct cf_store *store, const struct cf_put *puts, size_t count,
	       struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int rows_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
	     struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);
int rows_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
	      struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int rows_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
	      struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int rows_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
	      struct cf_error *error);

/* --- values ------------------------------------------------------------------------- */

/* What is bound for a column. */
struct rows_cell {
	enum {
		CELL_ABSENT, /* not named: the default */
		CELL_KEEP,   /* not written */
		CELL_NULL,
		CELL_INTEGER,
		CELL_REAL,
		CELL_TEXT,
		CELL_BLOB,
	} kind;
	int64_t integer;
	double real;
	struct cf_str text; /* or the blob */
};

/* The value for the column, or a refusal in `answer`. NOMEM. */
int rows_cell(const struct rows_column *column, struct json_value value, struct cf_arena *arena,
	      struct rows_cell *ret, struct cf_answer *answer);
/* "column "x": reason" as a refusal; NOMEM. */
int rows_refuse(struct cf_answer *answer, struct cf_arena *arena, const struct rows_column *column,
		const char *reason);
/* Whether a column of this affinity would make a number of the text, and another text of
 * that number. */
bool rows_key_changes(enum rows_affinity affinity, struct cf_str id);

#endif
