/* A table of a PostgreSQL database, seen as records.
 *
 *   id    the key column's value as text; of several columns a JSON array of them
 *   body  one member for each column, in the table's order
 *   rev   "1-" and the row's xmin: the transaction that wrote it, so never twice for a key
 *
 *   smallint integer bigint numeric real double   number, all digits; NaN and Infinity
 *                                                 as strings
 *   boolean                                       true, false; 1 and 0 are taken too
 *   bytea                                         {"$base64": "..."}
 *   json jsonb                                    the value itself; its null is NULL
 *   timestamp timestamptz                         string in the form of RFC 3339, in UTC
 *   arrays                                        array, of several dimensions too
 *   all else                                      string, as the server writes it
 *   NULL                                          null
 *
 * A put replaces the row: what is left out takes the column's default. What the server
 * would round, cut or turn into another type is refused. Generated columns are read and
 * never written. The table is never altered; notes and fences lie in a table of ours in
 * the same schema, made by the first put that needs it.
 *
 * Left out: changes and histories; the lower bounds of arrays that do not start at 1. */
#ifndef STORE_POSTGRES_TABLE_H
#define STORE_POSTGRES_TABLE_H

#include "store/apply.h"
#include "store/postgres/conn.h"

enum pg_kind {
	PG_TEXT, /* a string as it stands */
	PG_INTEGER,
	PG_NUMERIC,
	PG_REAL,
	PG_DOUBLE,
	PG_BOOLEAN,
	PG_BYTEA,
	PG_JSON,
	PG_TIMESTAMP,
	PG_TIMESTAMPTZ,
	PG_PADDED, /* char(n): spaces at the end say nothing */
	PG_OTHER,  /* a string that the server reads in its own way */
};

struct pg_column {
	struct cf_str name;
	struct cf_str quoted; /* as an identifier in SQL */
	struct cf_str member; /* its name as JSON, and the colon */
	struct cf_str type;   /* as SQL names it */
	enum pg_kind kind;
	int bytes;    /* PG_INTEGER: 2, 4 or 8 */
	int decimals; /* digits behind the point that are kept; -1: all */
	bool array;
	bool generated; /* read only */
	bool identity;  /* always: inserts override it */
	bool c_order;   /* text sorts bytewise as it is */
	ptrdiff_t key;  /* which column of the key; -1: none */
};

enum pg_sql {
	PG_SQL_GET,
	PG_SQL_START,
	PG_SQL_AFTER,
	PG_SQL_PREFIX, /* a key of one text column: behind $1, from $2 on, beginning so */
	PG_SQL_DELETE,
	PG_SQL_DELETE_ON,
	PG_SQL_COUNT,
};

struct pg_table {
	struct cf_store store;
	struct pg pg;
	struct cf_mem mem;
	struct cf_arena arena; /* shape and statements live here */
	struct cf_str schema;
	struct cf_str name;
	struct cf_str quoted; /* "schema"."name" */
	struct pg_column *columns;
	size_t column_count;
	size_t keys[CF_KEY_COLUMNS_MAX]; /* which columns */
	size_t key_count;
	bool view;
	bool readonly;
	bool index_order; /* the key's index has the order of the ids */
	struct cf_str sql[PG_SQL_COUNT];
	struct cf_str notes; /* "schema"."chesterfield-notes" */
	struct json_doc doc; /* of bodies */
	struct json_doc id;  /* of ids of several columns */
	struct cf_buf body;
	struct cf_buf text; /* statements, and rows of COPY */
	/* A scan that an index cannot sort is a cursor of the server, which goes on where
	 * the last page ended. */
	bool cursor;
	struct cf_buf cursor_at;
};

/* At the start of each operation: no cursor, a deadline, a connection. */
int pg_table_call(struct pg_table *table, struct cf_error *error);

/* table.c */
int pg_table_shape(struct pg_table *table, struct cf_str name, struct cf_str key,
		   struct cf_error *error);
/* sql.c */
int pg_table_sql(struct pg_table *table, struct cf_error *error);
/* INSERT of these columns with what happens on a conflict, or UPDATE on a revision. */
int pg_sql_write(struct pg_table *table, enum cf_put_kind kind, const bool *named,
		 struct cf_buf *out);

/* --- values -------------------------------------------------------------------- */

/* Appends the JSON of a cell's text. */
int pg_value_write(const struct pg_column *column, struct cf_str text, struct cf_arena *arena,
		   struct cf_buf *out);
/* The text of a cell (ptr NULL: NULL), or a refusal in `answer`. NOMEM. */
int pg_value_read(const struct pg_column *column, struct json_value value, struct cf_arena *arena,
		  struct cf_str *ret, struct cf_answer *answer);
int pg_refuse(struct cf_answer *answer, struct cf_arena *arena, const struct pg_column *column,
	      const char *reason);

/* --- keys ------------------------------------------------------------------------ */

/* The texts of the key's columns; false: no row can have this id. */
bool pg_key_read(struct pg_table *table, struct cf_str id, struct cf_arena *arena,
		 struct cf_str ret[CF_KEY_COLUMNS_MAX]);
/* The id of a row of the result. INVALID: it has none, and *ret says why. NOMEM. */
int pg_key_write(struct pg_table *table, const PGresult *result, int row, struct cf_arena *arena,
		 struct cf_str *ret);

/* --- operations ------------------------------------------------------------------- */

int pg_table_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		 struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);
int pg_table_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		  struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int pg_table_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
		  struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int pg_table_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		  struct cf_error *error);
int pg_table_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		 struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int pg_table_check(struct cf_store *store, const struct cf_put *puts, size_t count,
		   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int pg_table_notes(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		   struct cf_note **ret, size_t *ret_count, struct cf_error *error);
int pg_table_forget(struct cf_store *store, struct cf_error *error);

/* One put whose columns are known. */
struct pg_put {
	struct cf_str key[CF_KEY_COLUMNS_MAX];
	struct cf_str *cells; /* one for each column */
	bool *named;          /* which the body names */
};
/* All puts of a call. */
struct pg_batch {
	struct pg_table *table;
	const struct cf_put *puts;
	struct pg_put *read;
	size_t count;
	struct cf_arena *arena;
	struct cf_answer *answers;
	struct cf_error *error;
	bool notes; /* one of them needs the table of notes */
	bool check; /* and take all back */
};
/* All puts of the call as one COPY, where they are creations of distinct records. 1: done
 * and answered; 0: nothing done, it takes the other way. */
int pg_copy_all(struct pg_batch *b);

/* notes.c: within a transaction. */
int pg_notes_begin(struct pg_table *table, struct cf_error *error);
int pg_notes_put(struct pg_table *table, const struct cf_put *put, struct cf_arena *arena,
		 struct cf_answer *answer, struct cf_error *error);
/* One lock for each id, until the transaction ends: a delete with its fence and a
 * creation that respects fences must not cross. */
int pg_fence_lock(struct pg_table *table, struct cf_str id, struct cf_error *error);
/* Locks out all deletes with a fence until the transaction ends, and answers INVALID where
 * one of the batch's ids has a fence: then each is to be asked by itself. */
int pg_fence_check_all(struct pg_batch *b);
int pg_fence_set(struct pg_table *table, struct cf_str id, struct cf_arena *arena,
		 struct cf_error *error);
int pg_fence_get(struct pg_table *table, struct cf_str id, struct cf_arena *arena,
		 struct cf_error *error);

#endif
