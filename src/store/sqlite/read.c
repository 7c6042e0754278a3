/* Reading documents. Each call reads in one transaction: what it tells was true at
 * one moment. */
#include "store/sqlite/documents.h"

#include "store/limits.h"
#include "store/token.h"

#include <stdlib.h>

static int copy_rev(sqlite3_stmt *statement, int column, struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_str packed;

	if (sqlite3_column_type(statement, column) != SQLITE_BLOB)
		return sqlite_copy(statement, column, arena, ret);
	packed.ptr = sqlite3_column_blob(statement, column);
	packed.len = (size_t)sqlite3_column_bytes(statement, column);
	*ret = revision_unpack(packed, arena);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* Few bits are enough to notice damage, and so the state takes four bytes in a row. */
int64_t document_sum(struct cf_str rev, bool deleted, struct cf_str body)
{
	uint64_t sum = hash64(body, hash64(rev, deleted));

	return DOCUMENT_SUMMED | (int64_t)(sum & 0x7fffff) << 8;
}

static bool is_damaged(const struct document_row *row)
{
	int64_t sum =
		row->state & ~(int64_t)(DOCUMENT_DELETED | DOCUMENT_BRANCHED | DOCUMENT_ATTACHED);

	return row->state & DOCUMENT_SUMMED &&
	       sum != document_sum(row->revision.rev, row->revision.deleted, row->revision.body);
}

int documents_row(sqlite3_stmt *statement, int column, bool body, struct cf_arena *arena,
		  struct document_row *ret)
{
	struct cf_revision *revision = &ret->revision;
	struct cf_str blob;
	int rc;

	*ret = (struct document_row){.seq = sqlite3_column_int64(statement, column)};
	ret->state = sqlite3_column_int64(statement, column + 2);
	revision->deleted = ret->state & DOCUMENT_DELETED;
	rc = copy_rev(statement, column + 1, arena, &revision->rev);
	blob.ptr = sqlite3_column_blob(statement, column + 3);
	blob.len = (size_t)sqlite3_column_bytes(statement, column + 3);
	if (rc == 0)
		rc = history_read(revision->rev, blob, arena, &revision->history,
				  &revision->history_count);
	if (rc == 0 && body)
		rc = sqlite_copy(statement, column + 4, arena, &revision->body);
	ret->damaged = rc == 0 && body && is_damaged(ret);
	return rc;
}

int documents_leaves(struct documents *documents, struct cf_str id, bool bodies,
		     struct cf_arena *arena, struct document_row **ret, size_t *ret_count,
		     struct cf_error *error)
{
	struct sqlite_db *db = &documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_LEAVES, error);
	struct document_row *rows = NULL;
	size_t count = 0, cap = 0;
	int rc;

	if (!statement || sqlite_bind(statement, 1, id))
		return sqlite_fail(db, error);
	while ((rc = sqlite_next(db, statement, error)) > 0) {
		if (count == cap) {
			struct document_row *more;

			cap = cap ? cap * 2 : 4;
			more = arena_alloc(arena, cap * sizeof(*more));
			if (!more)
				break;
			if (count)
				memcpy(more, rows, count * sizeof(*more));
			rows = more;
		}
		if (documents_row(statement, 0, bodies, arena, &rows[count++]))
			break;
	}
	if (rc > 0) {
		sqlite3_reset(statement);
		return error_nomem(error);
	}
	*ret = rows;
	*ret_count = count;
	return rc;
}

/* Room for one more: most revisions have one or two. */
static struct cf_attachment *grow_attachments(struct cf_attachment *list, size_t count, size_t *cap,
					      struct cf_arena *arena)
{
	struct cf_attachment *more;

	if (count < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 2;
	more = arena_alloc(arena, *cap * sizeof(*more));
	if (more && count)
		memcpy(more, list, count * sizeof(*more));
	return more;
}

/* Other stores have other digests. */
static bool is_what_digest_says(const struct cf_attachment *attachment)
{
	char hex[33];

	if (!attachment->data.ptr || !str_starts_with(attachment->digest, STR("xxh3-")))
		return true;
	hash128_hex(hash128(attachment->data), hex);
	return str_equal((struct cf_str){attachment->digest.ptr + 5, attachment->digest.len - 5},
			 str_of(hex));
}

int documents_attachments(struct documents *documents, struct cf_str id,
			  struct cf_revision *revision, bool data, struct cf_arena *arena,
			  struct cf_error *error)
{
	struct sqlite_db *db = &documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_ATTACHMENTS, error);
	struct cf_attachment *list = NULL;
	size_t count = 0, cap = 0;
	bool damaged = false;
	int rc;

	if (!statement || sqlite_bind(statement, 1, id) ||
	    sqlite_bind(statement, 2, revision->rev) || sqlite3_bind_int(statement, 3, data))
		return sqlite_fail(db, error);
	while ((rc = sqlite_next(db, statement, error)) > 0 && count < LIMIT_ATTACHMENTS) {
		struct cf_attachment *one;

		list = grow_attachments(list, count, &cap, arena);
		if (!list) {
			rc = error_nomem(error);
			break;
		}
		one = &list[count++];

		*one = (struct cf_attachment){.length =
						      (uint64_t)sqlite3_column_int64(statement, 3)};
		if (sqlite_copy(statement, 0, arena, &one->name) ||
		    sqlite_copy(statement, 1, arena, &one->content_type) ||
		    sqlite_copy(statement, 2, arena, &one->digest) ||
		    (data && sqlite_copy(statement, 4, arena, &one->data))) {
			rc = error_nomem(error);
			break;
		}
		damaged = damaged || !is_what_digest_says(one);
	}
	sqlite3_reset(statement);
	revision->attachments = list;
	revision->attachment_count = count;
	return rc < 0 ? rc : damaged;
}

static int leaf_order(const struct document_row *a, const struct document_row *b)
{
	return revision_compare(b->revision.rev, b->revision.deleted, a->revision.rev,
				a->revision.deleted);
}

/* The others behind the winner, by insertion: they are few. */
static void sort_rows(struct document_row *rows, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct document_row row = rows[i];
		size_t k = i;

		for (; k > 0 && leaf_order(&row, &rows[k - 1]) < 0; k--)
			rows[k] = rows[k - 1];
		rows[k] = row;
	}
}

static int damaged_record(struct cf_str id, struct cf_str rev, struct cf_arena *arena,
			  struct cf_record *ret, struct cf_error *error)
{
	*ret = (struct cf_record){.id = id, .code = CF_ERR_INVALID};
	ret->message = arena_printf(
		arena, "revision %.*s is damaged in the file: it is not what was written",
		STR_ARG(rev));
	return ret->message.ptr ? 0 : error_nomem(error);
}

int documents_record(struct documents *documents, struct cf_str id, struct document_row *row,
		     unsigned flags, struct cf_arena *arena, struct cf_record *ret,
		     struct cf_error *error)
{
	struct document_row *others = NULL;
	struct cf_revision *revisions;
	size_t count = 0;
	int rc = 0;

	if (flags & CF_READ_LEAVES && row->state & DOCUMENT_BRANCHED)
		rc = documents_leaves(documents, id, flags & CF_READ_BODIES, arena, &others, &count,
				      error);
	if (rc)
		return rc;
	sort_rows(others, count);
	revisions = arena_alloc(arena, (count + 1) * sizeof(*revisions));
	if (!revisions)
		return error_nomem(error);
	revisions[0] = row->revision;
	for (size_t i = 0; i < count; i++)
		revisions[i + 1] = others[i].revision;
	for (size_t i = 0; i <= count && rc == 0; i++) {
		if (!(flags & CF_READ_HISTORIES)) {
			revisions[i].history = NULL;
			revisions[i].history_count = 0;
		}
		if (row->state & DOCUMENT_ATTACHED)
			rc = documents_attachments(documents, id, &revisions[i],
						   flags & CF_READ_ATTACHMENTS, arena, error);
		if (rc > 0 || (i ? others[i - 1].damaged : row->damaged))
			return damaged_record(id, revisions[i].rev, arena, ret, error);
	}
	if (rc)
		return rc;
	*ret = (struct cf_record){id, revisions, count + 1};
	return 0;
}

int documents_latest(struct documents *documents, uint64_t *ret, struct cf_error *error)
{
	sqlite3_stmt *statement = sqlite_statement(&documents->db, SQL_LATEST, error);
	int rc = statement ? sqlite_next(&documents->db, statement, error)
			   : sqlite_fail(&documents->db, error);

	if (rc > 0) {
		*ret = (uint64_t)sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return rc < 0 ? rc : 0;
}

/* --- scan and find ------------------------------------------------------------------ */

struct walking {
	struct documents *documents;
	const struct cf_find *find;
	struct json_doc *values;
	struct cf_arena *arena;
	struct cf_record *records;
	size_t count;
	struct cf_error *error;
};

static bool stands_on_damage(sqlite3_stmt *statement)
{
	struct document_row row = {.state = sqlite3_column_int64(statement, 2)};

	/* Packed, it is looked at when it is read. */
	if (sqlite3_column_type(statement, 1) == SQLITE_BLOB)
		return false;
	row.revision.rev = sqlite_text(statement, 1);
	row.revision.deleted = row.state & DOCUMENT_DELETED;
	row.revision.body = sqlite_text(statement, 4);
	return is_damaged(&row);
}

/* Takes the row that the statement stands on, where it meets the conditions. */
static int take_row(struct walking *walk, sqlite3_stmt *statement)
{
	const struct cf_scan *scan = &walk->find->scan;
	struct document_row row;
	struct cf_str id;
	bool matches = true;

	/* Nobody knows whether what is damaged would meet them. */
	if (walk->find->condition_count && !stands_on_damage(statement) &&
	    find_matches(&walk->documents->doc, sqlite_text(statement, 4), walk->find, walk->values,
			 &matches))
		return error_nomem(walk->error);
	if (!matches)
		return 0;
	if (sqlite_copy(statement, 5, walk->arena, &id) ||
	    documents_row(statement, 0, scan->flags & CF_READ_BODIES, walk->arena, &row))
		return error_nomem(walk->error);
	return documents_record(walk->documents, id, &row, scan->flags, walk->arena,
				&walk->records[walk->count++], walk->error);
}

/* Each id behind the one before: those of a damaged file may come again and again. */
static int check_order(const struct walking *walk)
{
	const struct cf_record *last = walk->records + walk->count;
	struct cf_str before = walk->count > 1 ? last[-2].id : walk->find->scan.after;

	return walk->count == 0 || str_compare(last[-1].id, before) > 0
		       ? 0
		       : sqlite_damaged(&walk->documents->db, last[-1].id, walk->error);
}

static int walk_rows(struct walking *walk)
{
	struct sqlite_db *db = &walk->documents->db;
	const struct cf_scan *scan = &walk->find->scan;
	uint64_t latest = 0, until = UINT64_MAX;
	int rc = scan->until.len ? documents_latest(walk->documents, &latest, walk->error) : 0;
	sqlite3_stmt *statement = rc ? NULL : sqlite_statement(db, SQL_SCAN, walk->error);

	if (rc == 0 && scan->until.len)
		until = token_until(scan->until, latest);
	if (!statement ||
	    sqlite_bind(statement, 1,
			str_compare(scan->after, scan->prefix) > 0 ? scan->after : scan->prefix) ||
	    sqlite_bind(statement, 2, scan->after) ||
	    sqlite3_bind_int64(statement, 3, until > INT64_MAX ? INT64_MAX : (int64_t)until))
		return rc ? rc : sqlite_fail(db, walk->error);
	while (walk->count < scan->limit && (rc = sqlite_next(db, statement, walk->error)) != 0) {
		if (rc < 0)
			return rc;
		if (!str_starts_with(sqlite_text(statement, 5), scan->prefix))
			break;
		rc = take_row(walk, statement);
		if (rc == 0)
			rc = check_order(walk);
		if (rc) {
			sqlite3_reset(statement);
			return rc;
		}
	}
	sqlite3_reset(statement);
	return 0;
}

int documents_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
		   struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	struct walking walk = {
		.documents = documents, .find = find, .arena = arena, .error = error};
	int rc = find_open(find, arena, &documents->mem, &walk.values, error);

	if (rc)
		return rc;
	walk.records = arena_alloc(arena, find->scan.limit * sizeof(*walk.records));
	rc = walk.records ? sqlite_begin(&documents->db, false, error) : error_nomem(error);
	if (rc == 0) {
		rc = walk_rows(&walk);
		rc = sqlite_end(&documents->db, rc, error);
	}
	find_close(walk.values, find->condition_count);
	if (rc == 0) {
		*ret = walk.records;
		*ret_count = walk.count;
	}
	return rc;
}

int documents_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		   struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_find find = {.scan = *scan};

	return documents_find(store, &find, arena, ret, ret_count, error);
}
