/* Verification: both sides in one order, compared; what differs is looked at again before
 * it counts. Where the sides sort differently each key of one is looked up on the other,
 * both ways. Memory does not depend on how many records there are. */
#include "move/inside.h"

#include <inttypes.h>

/* Looks at what differs under live traffic, and the first pause between two. */
enum { LOOKS = 4, PAUSE_MS = 20 };
#define SAVE_EVERY_NS 1000000000u

/* One side of the merge: a page, and where in it. */
struct stream {
	struct cf_store *store;
	struct cf_arena arena;
	struct cf_record *records;
	size_t count, at;
	struct cf_buf after;
	bool last;
};

/* What differed at the first look; keys are in the arena of the round. */
struct suspect {
	struct cf_str key;
};

struct verifying {
	struct cf_move *m;
	const struct cf_move_verifying *how;
	const struct cf_move_watch *watch;
	struct cf_move_verify *sums;
	struct cf_arena round;
	struct suspect *suspects;
	size_t suspect_count;
	bool backward; /* unmerged: the new store's keys */
	uint64_t saved_ns, seen, total;
	struct move_control control; /* whose record counts, of each key */
	uint64_t step;               /* of it, when this began */
	struct cf_error *error;
};
#define JOB "repair"

const char *cf_difference_name(enum cf_difference_kind kind)
{
	return kind == CF_MISSING_ON_DST ? "missingOnDst"
	       : kind == CF_EXTRA_ON_DST ? "extraOnDst"
					 : "content";
}

/* --- progress ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
#define COUNTER(name)                                        \
	{                                                    \
#name, offsetof(struct cf_move_verify, name) \
	}
	COUNTER(num_success),
	COUNTER(num_missing),
	COUNTER(num_mismatch),
	COUNTER(num_extraneous),
	COUNTER(num_conditional_success),
	COUNTER(num_live_retry),
	COUNTER(num_repaired),
	COUNTER(left_out),
#undef COUNTER
};

static uint64_t *counter(struct cf_move_verify *sums, size_t i)
{
	return (uint64_t *)((char *)sums + counters[i].offset);
}

int move_verify_read(struct cf_move *m, struct move_verified *ret, struct cf_error *error)
{
	struct json_value root;
	int rc = move_state_read(m, "verify", &root, error);

	*ret = (struct move_verified){.step = 0};
	if (rc || json_is_absent(root))
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		*counter(&ret->sums, i) = move_number(root, counters[i].name);
	ret->sums.finished_ms = (int64_t)move_number(root, "finished_ms");
	ret->changed_ms = (int64_t)move_number(root, "at_ms");
	ret->step = move_number(root, "step");
	return move_text(m, root, "after", &ret->after) ? error_nomem(error) : 0;
}

static int save(struct verifying *v, struct cf_str after)
{
	struct cf_move *m = v->m;
	struct cf_buf *out = &m->buf;

	v->saved_ns = m->env.monotonic_ns(m->env.ctx);
	buf_clear(out);
	buf_printf(out, "{\"at_ms\":%" PRId64 ",\"finished_ms\":%" PRId64 ",\"step\":%" PRIu64,
		   m->env.now_ms(m->env.ctx), v->sums->finished_ms, v->step);
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		buf_printf(out, ",\"%s\":%" PRIu64, counters[i].name, *counter(v->sums, i));
	buf_str(out, STR(",\"after\":"));
	json_write_string(after, out);
	if (buf_byte(out, '}'))
		return error_nomem(v->error);
	return move_state_write(m, "verify", buf_view(out), v->error);
}

/* --- one record ------------------------------------------------------------------------- */

static const struct cf_revision *winner(const struct cf_record *record)
{
	return record && record->revision_count && !record->revisions[0].deleted
		       ? &record->revisions[0]
		       : NULL;
}

struct verdict {
	bool equal, tolerated, left_out;
	struct cf_difference difference;
};

/* Two records of one key; NULL or without revisions: there is none. */
static int judge(struct verifying *v, struct cf_str key, const struct cf_record *old_record,
		 const struct cf_record *new_record, struct verdict *ret)
{
	struct cf_move *m = v->m;
	const struct cf_revision *from = winner(old_record), *to = winner(new_record);
	struct cf_str wanted = {NULL, 0};
	enum move_equal equal = MOVE_DIFFERENT;
	int rc = 0;

	*ret = (struct verdict){.difference = {.kind = CF_CONTENT}};
	if (from)
		rc = move_convert(m, from->body, &m->arena, &wanted, &ret->left_out);
	if (ret->left_out)
		from = NULL;
	if (rc == 0 && from && to)
		rc = move_compare(m, wanted, to->body, &equal, &ret->difference);
	else if (!from && !to)
		equal = (old_record && old_record->code) || (new_record && new_record->code)
				? MOVE_DIFFERENT
				: MOVE_SAME;
	else
		ret->difference.kind = from ? CF_MISSING_ON_DST : CF_EXTRA_ON_DST;
	ret->equal = equal != MOVE_DIFFERENT;
	ret->tolerated = equal == MOVE_SAME_BY_TOLERANCE;
	ret->difference.key = key;
	return rc ? error_nomem(v->error) : 0;
}

static void count_equal(struct verifying *v, const struct verdict *verdict)
{
	if (verdict->left_out)
		v->sums->left_out++;
	else if (verdict->tolerated)
		v->sums->num_conditional_success++;
	else
		v->sums->num_success++;
}

static int suspect(struct verifying *v, struct cf_str key)
{
	struct cf_str copy = arena_dup(&v->round, key);

	if (!copy.ptr)
		return error_nomem(v->error);
	v->suspects[v->suspect_count++].key = copy;
	return 0;
}

static int look(struct verifying *v, struct cf_str key, const struct cf_record *old_record,
		const struct cf_record *new_record)
{
	struct verdict verdict;
	int rc = judge(v, key, old_record, new_record, &verdict);

	v->seen++;
	if (rc)
		return rc;
	if (!verdict.equal)
		return suspect(v, key);
	/* The way back tells of extra records only. */
	if (!v->backward)
		count_equal(v, &verdict);
	return 0;
}

/* --- what differs is looked at again ------------------------------------------------------- */

static enum cf_side authority_of(const struct verifying *v, struct cf_str key)
{
	enum cf_stage stage =
		move_stage_at(v->control.stage, v->control.gate, cf_move_position(key));

	return cf_stage_info(stage)->first;
}

static int look_again(struct verifying *v, struct cf_str key, struct verdict *ret)
{
	struct cf_move *m = v->m;
	struct cf_get get = {.id = key};
	struct cf_record records[2] = {{.code = 0}};
	enum cf_side authority = authority_of(v, key);
	/* The authority second: what a writer has done to it is then on its way to the other,
	 * and the next look sees it. */
	int rc = store_get(move_store(m, move_other(authority)), &get, 1, CF_READ_BODIES, &m->arena,
			   &records[move_other(authority)], v->error);

	rc = rc ? rc
		: store_get(move_store(m, authority), &get, 1, CF_READ_BODIES, &m->arena,
			    &records[authority], v->error);
	return rc ? rc : judge(v, key, &records[CF_OLD], &records[CF_NEW], ret);
}

static int repair(struct verifying *v, struct cf_difference *difference)
{
	enum move_settled settled;
	struct cf_str message = {NULL, 0};
	int rc;

	v->m->authority = authority_of(v, difference->key);
	rc = move_settle(v->m, difference->key, &settled, &message, v->error);
	difference->repaired = rc == 0 && settled != MOVE_REFUSED && settled != MOVE_UNSETTLED &&
			       settled != MOVE_UNSURE;
	v->sums->num_repaired += difference->repaired;
	return rc;
}

static int tell(struct verifying *v, struct cf_difference *difference)
{
	int rc = v->how->repair ? repair(v, difference) : 0;

	v->sums->num_missing += difference->kind == CF_MISSING_ON_DST;
	v->sums->num_mismatch += difference->kind == CF_CONTENT;
	v->sums->num_extraneous += difference->kind == CF_EXTRA_ON_DST;
	if (rc == 0 && v->how->found)
		v->how->found(v->watch ? v->watch->ctx : NULL, difference);
	return rc;
}

/* After pauses that grow; the last look is the verdict. */
static int settle_suspects(struct verifying *v)
{
	uint64_t pause = (uint64_t)PAUSE_MS * 1000000;
	size_t left = v->suspect_count;
	int rc = 0;

	for (int turn = 1; turn <= LOOKS && left && rc == 0; turn++) {
		size_t kept = 0;

		move_wait(v->watch, pause);
		pause *= 3;
		for (size_t i = 0; i < left && rc == 0; i++) {
			struct verdict verdict;

			arena_reset(&v->m->arena);
			rc = look_again(v, v->suspects[i].key, &verdict);
			if (rc == 0 && verdict.equal) {
				count_equal(v, &verdict);
				v->sums->num_live_retry++;
			} else if (rc == 0 && turn == LOOKS) {
				rc = tell(v, &verdict.difference);
			} else {
				v->suspects[kept++] = v->suspects[i];
			}
		}
		left = kept;
	}
	v->suspect_count = 0;
	arena_reset(&v->round);
	return rc;
}

/* --- merging --------------------------------------------------------------------------------- */

static int next_page(struct verifying *v, struct stream *s)
{
	struct cf_scan scan = {.after = buf_view(&s->after),
			       .limit = v->m->config->batch_records,
			       .flags = CF_READ_BODIES};
	int rc = 0;

	if (s->at < s->count || s->last)
		return 0;
	arena_reset(&s->arena);
	rc = store_scan(s->store, &scan, &s->arena, &s->records, &s->count, v->error);
	if (rc)
		return rc;
	s->at = 0;
	s->last = s->count < scan.limit;
	buf_clear(&s->after);
	if (s->count && buf_str(&s->after, s->records[s->count - 1].id))
		return error_nomem(v->error);
	return 0;
}

static const struct cf_record *head(const struct stream *s)
{
	return s->at < s->count ? &s->records[s->at] : NULL;
}

/* The smaller head, or both where they are of one key. *ret_key: NULL at the end. */
static int merge_one(struct verifying *v, struct stream *from, struct stream *to,
		     struct cf_str *ret_key)
{
	const struct cf_record *a = head(from), *b = head(to);
	int order = !a ? 1 : !b ? -1 : cf_keys_compare(&from->store->keys, a->id, b->id);

	*ret_key = (struct cf_str){NULL, 0};
	if (!a && !b)
		return 0;
	*ret_key = order <= 0 ? a->id : b->id;
	from->at += order <= 0;
	to->at += order >= 0;
	return look(v, *ret_key, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
}

static int stop_here(struct verifying *v, struct cf_str after, bool force)
{
	bool stopped = move_stopped(v->watch);
	uint64_t now = v->m->env.monotonic_ns(v->m->env.ctx);
	int rc = v->how->repair ? move_job_check(v->m, JOB, v->error) : 0;

	move_progress(v->watch, v->seen, v->total);
	if (rc)
		return rc;
	if (force || stopped || now - v->saved_ns >= SAVE_EVERY_NS)
		rc = save(v, after);
	if (rc == 0 && stopped)
		rc = error_set(v->error, CF_ERR_INTERRUPTED, "stopped; --resume goes on");
	return rc;
}

static int merge(struct verifying *v, struct stream *from, struct stream *to)
{
	size_t max = v->m->config->batch_records;
	struct cf_str key = {NULL, 0};
	struct cf_buf last;
	int rc = 0;

	buf_init(&last, &v->m->mem);
	do {
		arena_reset(&v->m->arena);
		for (size_t i = 0; i < max && rc == 0; i++) {
			rc = next_page(v, from);
			rc = rc ? rc : next_page(v, to);
			rc = rc ? rc : merge_one(v, from, to, &key);
			if (rc || !key.ptr)
				break;
			buf_clear(&last);
			if (buf_str(&last, key))
				rc = error_nomem(v->error);
		}
		rc = rc ? rc : settle_suspects(v);
		if (rc == 0 && key.ptr)
			rc = stop_here(v, buf_view(&last), false);
	} while (rc == 0 && key.ptr);
	buf_fini(&last);
	return rc;
}

static int verify_merged(struct verifying *v, struct cf_str after)
{
	struct stream sides[2] = {{.store = v->m->old_store}, {.store = v->m->new_store}};
	int rc = 0;

	for (int i = 0; i < 2; i++) {
		arena_init(&sides[i].arena, &v->m->mem);
		buf_init(&sides[i].after, &v->m->mem);
		if (buf_str(&sides[i].after, after))
			rc = error_nomem(v->error);
	}
	rc = rc ? rc : merge(v, &sides[0], &sides[1]);
	for (int i = 0; i < 2; i++) {
		arena_fini(&sides[i].arena);
		buf_fini(&sides[i].after);
	}
	return rc;
}

/* --- looking up --------------------------------------------------------------------------------
 */

static int look_up_page(struct verifying *v, const struct cf_record *records, size_t count)
{
	struct cf_move *m = v->m;
	struct cf_get *gets = arena_calloc(&m->arena, count, sizeof(*gets));
	struct cf_record *others = arena_calloc(&m->arena, count, sizeof(*others));
	int rc;

	if (!gets || !others)
		return error_nomem(v->error);
	for (size_t i = 0; i < count; i++)
		gets[i].id = records[i].id;
	rc = store_get(v->backward ? m->old_store : m->new_store, gets, count,
		       v->backward ? 0 : CF_READ_BODIES, &m->arena, others, v->error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (!v->backward)
			rc = look(v, records[i].id, &records[i], &others[i]);
		else if (!winner(&others[i]))
			rc = suspect(v, records[i].id);
	}
	return rc;
}

static int look_up_all(struct verifying *v)
{
	struct cf_move *m = v->m;
	struct cf_walk walk = {.limit = m->config->batch_records};
	struct cf_buf cursor;
	struct cf_record *records;
	size_t count;
	int rc = 0;

	walk.flags = v->backward ? 0 : CF_READ_BODIES;
	buf_init(&cursor, &m->mem);
	do {
		arena_reset(&m->arena);
		walk.cursor = buf_view(&cursor);
		rc = store_walk(v->backward ? m->new_store : m->old_store, &walk, &m->arena,
				&records, &count, &walk.cursor, v->error);
		rc = rc ? rc : look_up_page(v, records, count);
		buf_clear(&cursor);
		if (rc == 0 && buf_str(&cursor, walk.cursor))
			rc = error_nomem(v->error);
		rc = rc ? rc : settle_suspects(v);
		rc = rc ? rc : stop_here(v, (struct cf_str){NULL, 0}, false);
	} while (rc == 0 && cursor.len);
	buf_fini(&cursor);
	return rc;
}

/* --- the call ------------------------------------------------------------------------------------
 */

static int begin(struct verifying *v, struct cf_str *ret_after)
{
	struct cf_move *m = v->m;
	struct cf_store_info info = {0};
	struct move_verified before = {.step = 0};
	int rc = v->how->resume ? move_verify_read(m, &before, v->error) : 0;

	/* What was compared before all keys were written to both says nothing now. */
	v->step = v->control.step;
	*ret_after = (struct cf_str){NULL, 0};
	if (rc == 0 && v->how->resume && !before.sums.finished_ms &&
	    before.step >= v->control.both_step) {
		v->step = before.step;
		*v->sums = before.sums;
		*ret_after = before.after;
	}
	rc = rc ? rc : store_info(m->old_store, &m->arena, &info, v->error);
	v->total = m->merged ? info.records : 2 * info.records;
	v->seen = v->sums->num_success + v->sums->num_conditional_success + v->sums->left_out;
	/* Its counters stand for nothing until it ends. */
	return rc;
}

static int verify_all(struct verifying *v)
{
	struct cf_str after;
	int rc = begin(v, &after);

	if (rc == 0 && v->m->merged)
		rc = verify_merged(v, after);
	if (rc == 0 && !v->m->merged) {
		rc = look_up_all(v);
		v->backward = true;
		rc = rc ? rc : look_up_all(v);
	}
	if (rc)
		return rc;
	v->sums->finished_ms = v->m->env.now_ms(v->m->env.ctx);
	return save(v, STR(""));
}

int cf_move_verify(struct cf_move *m, const struct cf_move_verifying *how,
		   const struct cf_move_watch *watch, struct cf_move_verify *ret,
		   struct cf_error *error)
{
	struct verifying v = {.m = m, .how = how, .watch = watch, .sums = ret, .error = error};
	int rc;

	arena_reset(&m->arena);
	*ret = (struct cf_move_verify){0};
	rc = how->repair ? move_job_begin(m, JOB, &v.control, error)
			 : move_control_need(m, &v.control, error);
	if (rc)
		return rc;
	if (v.control.stage == CF_STAGE_COMPLETE)
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "at stage complete the old store is left behind");
	arena_init(&v.round, &m->mem);
	v.suspects = mem_calloc(&m->mem, m->config->batch_records + 1, sizeof(*v.suspects));
	v.saved_ns = m->env.monotonic_ns(m->env.ctx);
	if (rc == 0)
		rc = v.suspects ? verify_all(&v) : error_nomem(error);
	mem_free(&m->mem, v.suspects);
	arena_fini(&v.round);
	if (how->repair)
		move_job_end(m, JOB);
	return rc;
}
