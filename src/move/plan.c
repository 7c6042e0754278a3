/* What a move would meet, before anything is touched. */
#include "move/inside.h"

enum { PAGE = 500, MISFITS_MAX = 50 };

struct planning {
	struct cf_move *m;
	struct cf_move_plan *plan;
	struct cf_move_misfit *misfits;
	uint64_t bytes;
	struct cf_error *error;
};

/* Messages that differ in the record's own text only would be many: cut there. */
static struct cf_str reason_of(struct cf_str message)
{
	const char *colon = memmem(message.ptr, message.len, ": Failing row", 13);

	if (!colon)
		colon = memmem(message.ptr, message.len, ": Key (", 7);
	return colon ? (struct cf_str){message.ptr, (size_t)(colon - message.ptr)} : message;
}

static int add_misfit(struct planning *p, struct cf_str key, struct cf_str message)
{
	struct cf_str reason = reason_of(message);
	size_t i = 0;

	while (i < p->plan->misfit_count && !str_equal(p->misfits[i].reason, reason))
		i++;
	if (i == MISFITS_MAX)
		i--;
	if (i == p->plan->misfit_count) {
		p->misfits[i].reason = arena_dup(&p->m->notes_arena, reason);
		p->misfits[i].key = arena_dup(&p->m->notes_arena, key);
		p->plan->misfit_count++;
	}
	p->misfits[i].records++;
	return p->misfits[i].reason.ptr && p->misfits[i].key.ptr ? 0 : CF_ERR_NOMEM;
}

/* The puts of a page of the old store; what it cannot show is a misfit as well. */
static int make_puts(struct planning *p, const struct cf_record *records, size_t count,
		     struct cf_put *puts, size_t *ret_count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		struct cf_str body = {NULL, 0};
		bool left_out = false;

		p->plan->sampled++;
		if (records[i].code) {
			rc = add_misfit(p, records[i].id, records[i].message);
			continue;
		}
		p->bytes += records[i].revisions[0].body.len;
		rc = move_convert(p->m, records[i].revisions[0].body, &p->m->arena, &body,
				  &left_out);
		p->plan->left_out += left_out;
		if (!left_out)
			puts[(*ret_count)++] = (struct cf_put){
				.id = records[i].id, .kind = CF_PUT_ANY, .body = body};
	}
	return rc ? error_nomem(p->error) : 0;
}

static int check_page(struct planning *p, const struct cf_record *records, size_t count)
{
	struct cf_put *puts = arena_calloc(&p->m->arena, count, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(&p->m->arena, count, sizeof(*answers));
	size_t put_count = 0;
	int rc = puts && answers ? make_puts(p, records, count, puts, &put_count)
				 : error_nomem(p->error);

	if (rc == 0 && p->m->new_store->capabilities & CF_STORE_CHECK)
		rc = store_check(p->m->new_store, puts, put_count, &p->m->arena, answers, p->error);
	for (size_t i = 0; i < put_count && rc == 0; i++)
		if (answers[i].code)
			rc = add_misfit(p, puts[i].id, answers[i].message) ? error_nomem(p->error)
									   : 0;
	return rc;
}

static int sample(struct planning *p, uint64_t max, const struct cf_move_watch *watch)
{
	struct cf_move *m = p->m;
	struct cf_walk walk = {.limit = PAGE, .flags = CF_READ_BODIES};
	struct cf_buf cursor;
	struct cf_record *records;
	size_t count;
	int rc = 0;

	buf_init(&cursor, &m->mem);
	do {
		arena_reset(&m->arena);
		walk.cursor = buf_view(&cursor);
		rc = store_walk(m->old_store, &walk, &m->arena, &records, &count, &walk.cursor,
				p->error);
		buf_clear(&cursor);
		if (rc == 0 && buf_str(&cursor, walk.cursor))
			rc = error_nomem(p->error);
		rc = rc ? rc : check_page(p, records, count);
		move_progress(watch, p->plan->sampled, max);
		if (rc == 0 && move_stopped(watch))
			rc = error_set(p->error, CF_ERR_INTERRUPTED, "stopped");
	} while (rc == 0 && cursor.len && p->plan->sampled < max);
	buf_fini(&cursor);
	return rc;
}

static int count_records(struct cf_move *m, struct cf_store *store, uint64_t *ret,
			 struct cf_error *error)
{
	struct cf_store_info info = {0};
	int rc = store_info(store, &m->arena, &info, error);

	*ret = info.records;
	return rc;
}

int cf_move_plan(struct cf_move *m, uint64_t sample_max, const struct cf_move_watch *watch,
		 struct cf_move_plan *ret, struct cf_error *error)
{
	struct cf_move_plan plan = {.notes = m->notes, .note_count = m->note_count};
	struct planning p = {.m = m, .plan = &plan, .error = error};
	uint64_t start;
	int rc;

	arena_reset(&m->arena);
	p.misfits = arena_calloc(&m->notes_arena, MISFITS_MAX, sizeof(*p.misfits));
	plan.misfits = p.misfits;
	rc = p.misfits ? count_records(m, m->old_store, &plan.old_records, error)
		       : error_nomem(error);
	rc = rc ? rc : count_records(m, m->new_store, &plan.new_records, error);
	if (sample_max > plan.old_records)
		sample_max = plan.old_records;
	start = m->env.monotonic_ns(m->env.ctx);
	rc = rc ? rc : sample(&p, sample_max, watch);
	if (rc)
		return rc;
	if (plan.sampled) {
		uint64_t ns = m->env.monotonic_ns(m->env.ctx) - start;

		plan.bytes = (double)p.bytes / (double)plan.sampled * (double)plan.old_records;
		plan.per_second = (double)plan.sampled * 1e9 / (double)(ns ? ns : 1);
	}
	plan.intent_possible = true;
	for (size_t i = 0; i < m->note_count; i++)
		if (memmem(m->notes[i].ptr, m->notes[i].len, "only `guarantee", 15))
			plan.intent_possible = false;
	*ret = plan;
	return 0;
}
