/* Writing documents: one transaction for a call, records in the order of their ids,
 * so that neighbours in the index are met while their page is at hand. */
#include "store/sqlite/documents.h"

#include <stdlib.h>

struct writing {
	struct documents *documents;
	struct apply apply;
	struct cf_arena *answers;
	struct cf_arena one; /* of one put over what is there */
	int64_t seq;         /* the latest given away */
	unsigned char packed[REVISION_PACKED_BYTES];
	struct cf_error *error;
};

/* One put on its way. */
struct writing_one {
	const struct cf_put *put;
	struct cf_answer *answer;
	struct document_row *row; /* NULL: no such record */
	struct document_row *others;
	size_t other_count;
	struct tree tree;
	struct tree before;
	struct cf_attachment *attachments;
};

static struct cf_str body_of(const struct cf_put *put)
{
	return put->body.len ? put->body : STR("{}");
}

/* A leaf that was there keeps its sum: what is damaged stays so. */
static int64_t state_of(const struct tree_leaf *leaf, unsigned state, struct cf_str body)
{
	const struct document_row *row = leaf->content;
	int64_t flags = (int64_t)state | (leaf->deleted ? DOCUMENT_DELETED : 0);

	if (!row)
		return flags | document_sum(leaf->history[0], leaf->deleted, body);
	return flags |
	       (row->state & ~(int64_t)(DOCUMENT_DELETED | DOCUMENT_BRANCHED | DOCUMENT_ATTACHED));
}

static int bind_rev(struct writing *w, sqlite3_stmt *statement, int at, struct cf_str rev)
{
	if (w->documents->unfed && revision_pack(rev, w->packed))
		return sqlite3_bind_blob(statement, at, w->packed, sizeof(w->packed),
					 SQLITE_STATIC);
	return sqlite_bind(statement, at, rev);
}

/* Binds rev, state, history, body to 1..4 and the history's blob. */
static int bind_leaf(struct writing *w, sqlite3_stmt *statement, const struct tree_leaf *leaf,
		     unsigned state, struct cf_str body)
{
	struct cf_buf *blob = &w->documents->blob;
	int rc;

	buf_clear(blob);
	if (history_write(leaf->history, leaf->history_count, blob))
		return error_nomem(w->error);
	rc = bind_rev(w, statement, 1, leaf->history[0]);
	rc = rc ? rc : sqlite3_bind_int64(statement, 2, state_of(leaf, state, body));
	if (rc == 0 && blob->len)
		rc = sqlite3_bind_blob64(statement, 3, blob->ptr, blob->len, SQLITE_STATIC);
	else if (rc == 0)
		rc = sqlite3_bind_null(statement, 3);
	rc = rc ? rc : sqlite_bind(statement, 4, body);
	return rc ? sqlite_fail(&w->documents->db, w->error) : 0;
}

static int64_t next_seq(const struct writing *w)
{
	return w->documents->unfed ? 0 : w->seq + 1;
}

/* 1: inserted; 0: there is such an id already. */
static int insert_row(struct writing *w, struct cf_str id, const struct tree_leaf *leaf,
		      unsigned state, struct cf_str body)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_INSERT, w->error);
	int rc = statement ? bind_leaf(w, statement, leaf, state, body) : w->error->code;

	if (rc)
		return rc;
	if (sqlite3_bind_int64(statement, 5, next_seq(w)) || sqlite_bind(statement, 6, id))
		return sqlite_fail(db, w->error);
	rc = sqlite_run(db, statement, w->error);
	if (rc)
		return rc;
	if (sqlite3_changes(db->handle) == 0)
		return 0;
	w->seq++;
	return 1;
}

static int update_row(struct writing *w, const struct writing_one *one,
		      const struct tree_leaf *leaf, unsigned state, struct cf_str body)
{
	struct sqlite_db *db = &w->documents->db;
	bool unfed = w->documents->unfed;
	sqlite3_stmt *statement =
		sqlite_statement(db, unfed ? SQL_UPDATE_UNFED : SQL_UPDATE, w->error);
	int rc = statement ? bind_leaf(w, statement, leaf, state, body) : w->error->code;

	if (rc)
		return rc;
	if (sqlite3_bind_int64(statement, 5, next_seq(w)) ||
	    (unfed ? sqlite_bind(statement, 6, one->put->id)
		   : sqlite3_bind_int64(statement, 6, one->row->seq)))
		return sqlite_fail(db, w->error);
	w->seq++;
	return sqlite_run(db, statement, w->error);
}

/* As if there were no such record; 1 where that was right. */
static int put_fresh(struct writing *w, struct writing_one *one)
{
	enum tree_merged merged = TREE_KNOWN;
	int rc = apply_merge(&w->apply, one->put, NULL, APPLY_NO_PARENT, &one->tree, &merged,
			     one->answer);

	if (rc)
		return error_nomem(w->error);
	rc = insert_row(w, one->put->id, &one->tree.leaves[0], 0, body_of(one->put));
	if (rc == 0) {
		*one->answer = (struct cf_answer){0};
		one->tree = (struct tree){0};
	}
	return rc;
}

/* --- the general way --------------------------------------------------------------- */

static int read_row(struct writing *w, struct writing_one *one, enum document_statement which,
		    struct document_row **ret)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, which, w->error);
	struct document_row *row = arena_calloc(w->apply.arena, 1, sizeof(*row));
	int rc;

	if (!statement || !row)
		return statement ? error_nomem(w->error) : w->error->code;
	if (sqlite_bind(statement, 1, one->put->id))
		return sqlite_fail(db, w->error);
	rc = sqlite_next(db, statement, w->error);
	if (rc > 0) {
		rc = documents_row(statement, 0, which == SQL_READ, w->apply.arena, row);
		rc = rc ? error_nomem(w->error) : 0;
		*ret = row;
		sqlite3_reset(statement);
	}
	return rc;
}

static struct tree_leaf leaf_of(struct document_row *row)
{
	return (struct tree_leaf){row->revision.history, row->revision.history_count,
				  row->revision.deleted, row};
}

/* The row, the other leaves where there are some, and the tree of all. */
static int read_tree(struct writing *w, struct writing_one *one)
{
	int rc = read_row(w, one, SQL_FIND, &one->row);

	if (rc || !one->row)
		return rc;
	if (one->row->state & DOCUMENT_BRANCHED)
		rc = documents_leaves(w->documents, one->put->id, false, w->apply.arena,
				      &one->others, &one->other_count, w->error);
	if (rc)
		return rc;
	one->tree.leaves =
		arena_alloc(w->apply.arena, (one->other_count + 1) * sizeof(*one->tree.leaves));
	if (!one->tree.leaves)
		return error_nomem(w->error);
	one->tree.count = one->other_count + 1;
	one->tree.leaves[0] = leaf_of(one->row);
	for (size_t i = 0; i < one->other_count; i++)
		one->tree.leaves[i + 1] = leaf_of(&one->others[i]);
	tree_sort(&one->tree);
	one->before = one->tree;
	return 0;
}

static int read_attachments(struct writing *w, struct writing_one *one, size_t parent)
{
	struct cf_revision *from = NULL;
	int rc = 0;

	one->attachments =
		arena_calloc(w->apply.arena, one->put->attachment_count, sizeof(*one->attachments));
	if (!one->attachments)
		return error_nomem(w->error);
	if (parent != APPLY_NO_PARENT && one->put->attachment_count &&
	    one->row->state & DOCUMENT_ATTACHED) {
		from = &((struct document_row *)one->tree.leaves[parent].content)->revision;
		rc = documents_attachments(w->documents, one->put->id, from, true, w->apply.arena,
					   w->error);
	}
	if (rc == 0 && apply_attachments(&w->apply, one->put, from, one->attachments, one->answer))
		rc = error_nomem(w->error);
	return rc;
}

static int run_with_id(struct writing *w, enum document_statement which, struct cf_str id,
		       struct cf_str rev)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, which, w->error);

	if (!statement)
		return w->error->code;
	if (sqlite_bind(statement, 1, id) || (rev.ptr && sqlite_bind(statement, 2, rev)))
		return sqlite_fail(db, w->error);
	return sqlite_run(db, statement, w->error);
}

static int write_attachment(struct writing *w, struct cf_str id, struct cf_str rev,
			    const struct cf_attachment *attachment)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_ATTACHMENTS_ADD, w->error);

	if (!statement)
		return w->error->code;
	if (sqlite_bind(statement, 1, id) || sqlite_bind(statement, 2, rev) ||
	    sqlite_bind(statement, 3, attachment->name) ||
	    sqlite_bind(statement, 4, attachment->content_type) ||
	    sqlite_bind(statement, 5, attachment->digest) ||
	    sqlite3_bind_blob64(statement, 6, attachment->data.len ? attachment->data.ptr : "",
				attachment->data.len, SQLITE_STATIC))
		return sqlite_fail(db, w->error);
	return sqlite_run(db, statement, w->error);
}

/* Attachments of leaves that are none any more go; those of the new leaf come. */
static int write_attachments(struct writing *w, struct writing_one *one)
{
	int rc = 0;

	for (size_t i = 0; i < one->before.count && rc == 0; i++) {
		struct cf_str rev = one->before.leaves[i].history[0];
		bool stays = false;

		for (size_t k = 0; k < one->tree.count && !stays; k++)
			stays = one->tree.leaves[k].content == one->before.leaves[i].content;
		if (!stays && one->row->state & DOCUMENT_ATTACHED)
			rc = run_with_id(w, SQL_ATTACHMENTS_DROP, one->put->id, rev);
	}
	for (size_t i = 0; i < one->put->attachment_count && rc == 0; i++)
		rc = write_attachment(w, one->put->id, one->answer->rev, &one->attachments[i]);
	return rc;
}

static int write_other(struct writing *w, struct cf_str id, const struct tree_leaf *leaf,
		       struct cf_str body)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_LEAVES_ADD, w->error);
	int rc = statement ? bind_leaf(w, statement, leaf, 0, body) : w->error->code;

	if (rc)
		return rc;
	if (sqlite_bind(statement, 5, id))
		return sqlite_fail(db, w->error);
	return sqlite_run(db, statement, w->error);
}

static struct cf_str body_of_leaf(const struct writing_one *one, const struct tree_leaf *leaf,
				  const struct document_row *main,
				  const struct document_row *others, size_t other_count)
{
	if (!leaf->content)
		return body_of(one->put);
	for (size_t i = 0; i < other_count; i++)
		if (str_equal(others[i].revision.rev, leaf->history[0]))
			return others[i].revision.body;
	return main ? main->revision.body : STR("{}");
}

/* --- records with branches ------------------------------------------------------------- */

/* Its place among the other leaves as they were read; other_count: it is none of them. */
static size_t place_of(const struct writing_one *one, const struct tree_leaf *leaf)
{
	const struct document_row *row = leaf->content;

	return row >= one->others && row < one->others + one->other_count
		       ? (size_t)(row - one->others)
		       : one->other_count;
}

/* Which of the others stay as they are; false: one of them has become the winner, or its history
 * has changed. */
static bool find_stays(const struct writing_one *one, bool *ret_stays)
{
	for (size_t i = 0; i < one->tree.count; i++) {
		const struct tree_leaf *leaf = &one->tree.leaves[i];
		size_t place = place_of(one, leaf);
		const struct document_row *row = leaf->content;

		if (place == one->other_count)
			continue;
		if (i == 0 || leaf->history_count != row->revision.history_count)
			return false;
		ret_stays[place] = true;
	}
	return true;
}

static int drop_other(struct writing *w, const struct writing_one *one, struct cf_str rev)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_LEAVES_DROP_ONE, w->error);

	if (!statement)
		return w->error->code;
	if (sqlite_bind(statement, 1, one->put->id) || bind_rev(w, statement, 2, rev))
		return sqlite_fail(db, w->error);
	return sqlite_run(db, statement, w->error);
}

/* Only what has changed is written: a record may have a thousand leaves, and as many puts. */
static int patch_tree(struct writing *w, struct writing_one *one, unsigned state, const bool *stays)
{
	struct document_row *main = NULL;
	int rc = read_row(w, one, SQL_READ, &main);

	for (size_t i = 0; i < one->other_count && rc == 0; i++)
		if (!stays[i])
			rc = drop_other(w, one, one->others[i].revision.rev);
	for (size_t i = 0; i < one->tree.count && rc == 0; i++) {
		const struct tree_leaf *leaf = &one->tree.leaves[i];
		struct cf_str body = leaf->content ? main->revision.body : body_of(one->put);

		if (place_of(one, leaf) < one->other_count)
			continue;
		rc = i > 0 ? write_other(w, one->put->id, leaf, body)
			   : update_row(w, one, leaf, state, body);
	}
	return rc;
}

/* All leaves are read and written again. */
static int write_tree(struct writing *w, struct writing_one *one, unsigned state)
{
	struct document_row *main = NULL, *others = NULL;
	struct cf_str id = one->put->id, none = {NULL, 0}, body;
	size_t other_count = 0;
	int rc = 0;

	if (one->row)
		rc = read_row(w, one, SQL_READ, &main);
	if (rc == 0 && one->other_count)
		rc = documents_leaves(w->documents, id, true, w->apply.arena, &others, &other_count,
				      w->error);
	if (rc == 0 && one->other_count)
		rc = run_with_id(w, SQL_LEAVES_DROP, id, none);
	for (size_t i = 0; i < one->tree.count && rc == 0; i++) {
		const struct tree_leaf *leaf = &one->tree.leaves[i];

		body = body_of_leaf(one, leaf, main, others, other_count);
		if (i > 0)
			rc = write_other(w, id, leaf, body);
		else if (one->row)
			rc = update_row(w, one, leaf, state, body);
		else
			rc = insert_row(w, id, leaf, state, body);
		rc = rc < 0 ? rc : 0;
	}
	return rc;
}

static int write_one(struct writing *w, struct writing_one *one)
{
	unsigned state = one->tree.count > 1 ? DOCUMENT_BRANCHED : 0;
	bool *stays = arena_calloc(w->apply.arena, one->other_count + 1, sizeof(*stays));
	int rc;

	if (one->put->attachment_count ||
	    (one->row && one->row->state & DOCUMENT_ATTACHED && one->tree.count > 1))
		state |= DOCUMENT_ATTACHED;
	if (!stays)
		return error_nomem(w->error);
	if (one->row && one->before.count == 1 && one->tree.count == 1)
		rc = update_row(w, one, &one->tree.leaves[0], state, body_of(one->put));
	else if (one->row && find_stays(one, stays))
		rc = patch_tree(w, one, state, stays);
	else
		rc = write_tree(w, one, state);
	if (rc == 0 &&
	    (one->put->attachment_count || (one->row && one->row->state & DOCUMENT_ATTACHED)))
		rc = write_attachments(w, one);
	return rc;
}

static int put_over(struct writing *w, struct writing_one *one)
{
	enum tree_merged merged = TREE_KNOWN;
	size_t parent = APPLY_NO_PARENT;
	bool known = false;
	int rc = read_tree(w, one);

	if (rc == 0 && apply_known(&w->apply, one->put, &one->tree, &known, one->answer))
		rc = error_nomem(w->error);
	if (rc || known)
		return rc;
	apply_parent(one->put, &one->tree, &parent, one->answer);
	if (one->answer->code)
		return 0;
	rc = read_attachments(w, one, parent);
	if (rc || one->answer->code)
		return rc;
	if (apply_merge(&w->apply, one->put, one->attachments, parent, &one->tree, &merged,
			one->answer))
		return error_nomem(w->error);
	return one->answer->code || merged == TREE_KNOWN ? 0 : write_one(w, one);
}

/* What the answer says outlives the put. */
static int keep(struct writing *w, struct cf_str *text)
{
	if (text->ptr && !(*text = arena_dup(w->answers, *text)).ptr)
		return error_nomem(w->error);
	return 0;
}

static int put_apart(struct writing *w, struct writing_one *one)
{
	int rc;

	arena_reset(&w->one);
	w->apply.arena = &w->one;
	rc = put_over(w, one);
	w->apply.arena = w->answers;
	rc = rc ? rc : keep(w, &one->answer->rev);
	return rc ? rc : keep(w, &one->answer->message);
}

static int put_one(struct writing *w, const struct cf_put *put, struct cf_answer *answer)
{
	struct writing_one one = {.put = put, .answer = answer};
	int rc = apply_check(&w->apply, put, answer);

	if (rc)
		return error_nomem(w->error);
	if (answer->code)
		return 0;
	if (put->kind != CF_PUT_ON_REV && put->attachment_count == 0) {
		rc = put_fresh(w, &one);
		if (rc)
			return rc < 0 ? rc : 0;
	}
	return put_apart(w, &one);
}

/* --- the call --------------------------------------------------------------------- */

static int put_order(const void *a, const void *b)
{
	const struct cf_put *const *x = a, *const *y = b;
	int order = str_compare((*x)->id, (*y)->id);

	return order ? order : (*x > *y) - (*x < *y);
}

static int find_latest(struct writing *w)
{
	struct sqlite_db *db = &w->documents->db;
	sqlite3_stmt *latest = sqlite_statement(db, SQL_LATEST, w->error);
	int rc = latest ? sqlite_next(db, latest, w->error) : w->error->code;

	if (rc <= 0)
		return rc;
	w->seq = sqlite3_column_int64(latest, 0);
	sqlite3_reset(latest);
	return 0;
}

int documents_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		  struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	struct cf_error unread = {0};
	struct writing w = {.documents = documents, .error = error ? error : &unread};
	const struct cf_put **order = arena_alloc(arena, count * sizeof(struct cf_put *));
	int rc = order ? sqlite_begin(&documents->db, true, w.error) : error_nomem(w.error);

	if (rc)
		return rc;
	arena_init(&w.one, arena->mem);
	w.answers = arena;
	w.apply = (struct apply){
		.arena = arena, .doc = documents->doc, .revs_max = documents->revs_max};
	for (size_t i = 0; i < count; i++)
		order[i] = &puts[i];
	qsort(order, count, sizeof(*order), put_order);
	if (!documents->unfed)
		rc = find_latest(&w);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = put_one(&w, order[i], &ret[order[i] - puts]);
	arena_fini(&w.one);
	documents->doc = w.apply.doc;
	return sqlite_end(&documents->db, rc, w.error);
}
