/* What only the new store holds: it was there before, or was deleted from the old store while
 * that alone was written. Each such record is settled like any other, so others may write
 * meanwhile. */
#include "move/fill.h"

static int settle_missing(struct filling *f, const struct cf_record *records, size_t count)
{
	struct cf_move *m = f->m;
	struct cf_get *gets = arena_calloc(&m->arena, count, sizeof(*gets));
	struct cf_record *others = arena_calloc(&m->arena, count, sizeof(*others));
	int rc;

	if (!gets || !others)
		return error_nomem(f->error);
	for (size_t i = 0; i < count; i++)
		gets[i].id = records[i].id;
	rc = store_get(m->old_store, gets, count, 0, &m->arena, others, f->error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (others[i].code == 0 &&
		    (others[i].revision_count == 0 || others[i].revisions[0].deleted))
			rc = move_fill_settle(f, records[i].id);
	return rc;
}

int move_fill_extra(struct filling *f)
{
	struct cf_move *m = f->m;
	struct cf_walk walk = {.limit = m->config->batch_records};
	struct cf_record *records;
	size_t count;
	int rc = 0;

	while (rc == 0 && f->extra && !f->sums->done) {
		arena_reset(&m->arena);
		walk.cursor = buf_view(&f->cursor);
		rc = store_walk(m->new_store, &walk, &m->arena, &records, &count, &walk.cursor,
				f->error);
		move_at(m, "extra-read");
		rc = rc ? rc : settle_missing(f, records, count);
		if (rc)
			break;
		f->sums->done = walk.cursor.len == 0;
		rc = move_fill_page_done(f, count, walk.cursor);
	}
	return rc;
}
