/* A table of documents in an SQLite file.
 *
 *   T             seq INTEGER PRIMARY KEY  the number of the latest change
 *                 id TEXT UNIQUE, rev TEXT  the winner
 *                 state INTEGER  1 deleted, 2 has other leaves, 4 has attachments, 8 has a
 *                     sum of rev and body: 23 bits, from the ninth on
 *                 history BLOB   the winner's ancestors, see history.c
 *                 body TEXT
 *   T/leaves      the other leaves, of the few records that have some
 *   T/attachments of all leaves
 *
 * Bodies are those of leaves: of a revision that was replaced the id stays, in the
 * histories, and the body goes, as in CouchDB after compaction. Keeping a few would
 * cost a second write for each edit. It would help only where a branch begins at a
 * revision that no run of job one has seen, and branches reach an embedded file by
 * CF_PUT_REVISION alone.
 *
 * A change moves its row to a new seq, so the feed is a walk along the table and
 * needs no index. Rows are never taken away (tombstones stay), so seq only grows.
 *
 * The table chesterfield-state has no feed, which nobody follows: there, rows stand in the
 * order of their ids (WITHOUT ROWID), seq is 0, no id is written twice, revisions are blobs,
 * and their ancestors are not kept.
 */
#ifndef STORE_SQLITE_DOCUMENTS_H
#define STORE_SQLITE_DOCUMENTS_H

#include "store/apply.h"
#include "store/sqlite/db.h"

enum {
	DOCUMENT_DELETED = 1,
	DOCUMENT_BRANCHED = 2,
	DOCUMENT_ATTACHED = 4,
	DOCUMENT_SUMMED = 8, /* files of before have rows without a sum */
};

enum document_statement {
	SQL_FIND,
	SQL_READ,
	SQL_WALK, /* without a feed: the rows; else the index alone, and then */
	SQL_FIND_AT,
	SQL_READ_AT,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_UPDATE_UNFED,
	SQL_LEAVES,
	SQL_LEAVES_DROP,
	SQL_LEAVES_DROP_ONE,
	SQL_LEAVES_ADD,
	SQL_ATTACHMENTS,
	SQL_ATTACHMENTS_DROP,
	SQL_ATTACHMENTS_ADD,
	SQL_SCAN,
	SQL_CHANGES,
	SQL_LATEST,
	SQL_BEHIND,
	SQL_COUNTS,
	SQL_VERSION,
	SQL_COUNT,
};

/* Columns of SQL_WALK. */
enum { SQL_WALK_SEQ = 0, SQL_WALK_ID = 5 };

struct documents {
	struct cf_store store;
	struct sqlite_db db;
	struct cf_mem mem;
	struct json_doc doc; /* of puts and finds */
	struct cf_buf blob;  /* a history being written */
	struct cf_buf place; /* store.place */
	size_t revs_max;
	bool readonly;
	bool unfed; /* without a feed: rows are found by their ids alone */
};

/* A row as it was read: of T, or of T/leaves. */
struct document_row {
	int64_t seq;
	int64_t state;
	struct cf_revision revision; /* with its history */
	bool damaged;                /* the body is not what was written */
};
/* DOCUMENT_SUMMED and the sum, as they stand in a state. */
int64_t document_sum(struct cf_str rev, bool deleted, struct cf_str body);

/* The columns seq, rev, state, history from `column` on, and the body behind them
 * where asked for; all in the arena. */
int documents_row(sqlite3_stmt *statement, int column, bool body, struct cf_arena *arena,
		  struct document_row *ret);
/* The other leaves of a record: rows and their number. */
int documents_leaves(struct documents *documents, struct cf_str id, bool bodies,
		     struct cf_arena *arena, struct document_row **ret, size_t *ret_count,
		     struct cf_error *error);
/* 1: read, and the data of one is not what its digest says. */
int documents_attachments(struct documents *documents, struct cf_str id,
			  struct cf_revision *revision, bool data, struct cf_arena *arena,
			  struct cf_error *error);
/* The operations. */
int documents_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		  struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);
int documents_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		  struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int documents_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		   struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int documents_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
		   struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int documents_changes(struct cf_store *store, const struct cf_changes *changes,
		      struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
		      struct cf_str *ret_token, struct cf_error *error);
int documents_behind(struct cf_store *store, struct cf_str since, uint64_t *ret,
		     struct cf_error *error);
int documents_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		   struct cf_error *error);

/* The number of the latest change. */
int documents_latest(struct documents *documents, uint64_t *ret, struct cf_error *error);
/* A row and what hangs on it become a record, as the flags ask; with a code and no revisions
 * where something of it that was read is damaged. */
int documents_record(struct documents *documents, struct cf_str id, struct document_row *row,
		     unsigned flags, struct cf_arena *arena, struct cf_record *ret,
		     struct cf_error *error);

/* A revision as a blob; false: it must stand as text. And back; ptr NULL: no memory, or it is
 * none. */
enum { REVISION_PACKED_BYTES = 17 };
bool revision_pack(struct cf_str rev, unsigned char ret[REVISION_PACKED_BYTES]);
struct cf_str revision_unpack(struct cf_str packed, struct cf_arena *arena);
/* Ancestors as a blob, and back into a way whose [0] is `rev`. */
int history_write(const struct cf_str *history, size_t count, struct cf_buf *out);
int history_read(struct cf_str rev, struct cf_str blob, struct cf_arena *arena,
		 const struct cf_str **ret, size_t *ret_count);

#endif
