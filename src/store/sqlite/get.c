/* Reading documents by their ids.
 *
 * In the order of ids, along the index: it stands at the first row that is not before the id
 * that is wanted, so all ids before that row are known to be absent without a look. A first
 * reading asks for many that are, and for its own in a row.
 */
#include "store/sqlite/documents.h"

#include <stdlib.h>

/* Steps in vain in a row, after which only seeks are made: what is wanted lies far apart. */
enum { STEPS_IN_VAIN = 8 };

struct getting {
	struct documents *documents;
	unsigned flags;
	struct cf_arena *arena;
	struct cf_error *error;
	sqlite3_stmt *walk; /* NULL: it stands nowhere yet */
	struct cf_str at;   /* the id where it stands; ptr NULL: behind the last one */
	unsigned in_vain;
};

static int stand(struct getting *g)
{
	int rc = sqlite_next(&g->documents->db, g->walk, g->error);

	g->at = rc > 0 ? sqlite_text(g->walk, SQL_WALK_ID) : (struct cf_str){NULL, 0};
	return rc < 0 ? rc : 0;
}

static int seek(struct getting *g, struct cf_str id)
{
	g->walk = sqlite_statement(&g->documents->db, SQL_WALK, g->error);
	if (!g->walk)
		return g->error->code;
	return sqlite_bind(g->walk, 1, id) ? sqlite_fail(&g->documents->db, g->error) : stand(g);
}

/* Stands at the first id that is not before this one. */
static int walk_to(struct getting *g, struct cf_str id)
{
	int rc = 0;

	if (!g->walk)
		return seek(g, id);
	if (!g->at.ptr || str_compare(g->at, id) >= 0)
		return 0;
	if (g->in_vain < STEPS_IN_VAIN) {
		rc = stand(g);
		if (rc || !g->at.ptr || str_compare(g->at, id) >= 0) {
			g->in_vain = 0;
			return rc;
		}
		g->in_vain++;
	}
	return seek(g, id);
}

/* The revision that is asked for, a leaf or on the way to one. */
static int get_revision(struct getting *g, const struct cf_get *get, struct document_row *row,
			struct cf_record *ret)
{
	struct cf_record all;
	struct cf_revision *found = arena_calloc(g->arena, 1, sizeof(*found));
	int rc = documents_record(g->documents, get->id, row,
				  g->flags | CF_READ_LEAVES | CF_READ_HISTORIES, g->arena, &all,
				  g->error);

	if (rc || !found)
		return rc ? rc : error_nomem(g->error);
	if (all.code) {
		*ret = all;
		return 0;
	}
	for (size_t i = 0; i < all.revision_count; i++) {
		const struct cf_revision *leaf = &all.revisions[i];
		struct tree_leaf way = {leaf->history, leaf->history_count, false, NULL};
		ptrdiff_t at = tree_find(&way, get->rev);

		if (at < 0)
			continue;
		if (at == 0)
			*found = *leaf;
		else
			*found = (struct cf_revision){.rev = get->rev};
		found->history = g->flags & CF_READ_HISTORIES ? leaf->history + at : NULL;
		found->history_count =
			g->flags & CF_READ_HISTORIES ? leaf->history_count - (size_t)at : 0;
		ret->revisions = found;
		ret->revision_count = 1;
		break;
	}
	return 0;
}

/* The row where the walk stands. */
static int read_row(struct getting *g, struct document_row *ret)
{
	struct sqlite_db *db = &g->documents->db;
	bool bodies = g->flags & CF_READ_BODIES;
	sqlite3_stmt *row = g->walk;
	int rc = 1;

	if (!g->documents->unfed) {
		row = sqlite_statement(db, bodies ? SQL_READ_AT : SQL_FIND_AT, g->error);
		if (!row)
			return g->error->code;
		if (sqlite3_bind_int64(row, 1, sqlite3_column_int64(g->walk, SQL_WALK_SEQ)))
			return sqlite_fail(db, g->error);
		rc = sqlite_next(db, row, g->error);
	}
	if (rc == 0)
		return sqlite_damaged(db, g->at, g->error);
	if (rc > 0)
		rc = documents_row(row, 0, bodies, g->arena, ret) ? error_nomem(g->error) : 0;
	if (row != g->walk)
		sqlite3_reset(row);
	return rc;
}

static int get_one(struct getting *g, const struct cf_get *get, struct cf_record *ret)
{
	struct document_row row;
	int rc = walk_to(g, get->id);

	*ret = (struct cf_record){.id = get->id};
	if (rc || !g->at.ptr || !str_equal(g->at, get->id))
		return rc;
	rc = read_row(g, &row);
	if (rc == 0 && get->rev.len)
		return get_revision(g, get, &row, ret);
	return rc ? rc
		  : documents_record(g->documents, get->id, &row, g->flags, g->arena, ret,
				     g->error);
}

static int get_order(const void *a, const void *b)
{
	const struct cf_get *const *x = a, *const *y = b;

	return str_compare((*x)->id, (*y)->id);
}

int documents_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		  struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	struct cf_error unread = {0};
	struct getting g = {.documents = documents,
			    .flags = flags,
			    .arena = arena,
			    .error = error ? error : &unread};
	const struct cf_get **order = arena_alloc(arena, count * sizeof(struct cf_get *));
	int rc = order ? sqlite_begin(&documents->db, false, g.error) : error_nomem(g.error);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		order[i] = &gets[i];
	qsort(order, count, sizeof(*order), get_order);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = get_one(&g, order[i], &ret[order[i] - gets]);
	if (g.walk)
		sqlite3_reset(g.walk);
	return sqlite_end(&documents->db, rc, g.error);
}
