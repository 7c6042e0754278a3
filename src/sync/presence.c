/* Who is at work on a state: several engines do no harm, but people should know.
 *
 * A record of an engine says who and since when, and is written again at a slow, steady
 * pace. Clocks of different machines are never compared, and one that was put right is no
 * reason to believe anything: an engine is gone when its record was seen to stay as it is
 * for three turns, or when somebody who can look at processes says so. Then whoever sees
 * it takes the record off. These records count nowhere.
 */
#include "sync/engine.h"

#include "sync/limits.h"

#include <inttypes.h>

static int read_text(struct json_value root, const char *name, struct cf_arena *arena,
		     struct cf_str *ret)
{
	struct json_value value = json_member(root, str_of(name));
	struct cf_str text = STR("");

	if (json_kind(value) == JSON_STRING && json_decode(value, arena, &text))
		return CF_ERR_NOMEM;
	*ret = arena_dup(arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static int read_engine(const struct state_record *record, struct cf_arena *arena,
		       struct json_doc *doc, struct sync_engine *ret, struct cf_error *error)
{
	struct json_value root;
	int rc = state_read(record, doc, error);

	*ret = (struct sync_engine){.id = record->name, .rev = record->rev};
	/* What nobody can read is of nobody who is at work. */
	if (rc && rc != CF_ERR_NOMEM)
		return json_read(doc, "{}", 2, 0, error);
	root = rc ? JSON_ABSENT : json_root(doc);
	if (rc || read_text(root, "host", arena, &ret->host) ||
	    read_text(root, "space", arena, &ret->space))
		return error_nomem(error);
	ret->pid = (long)record_number(root, "pid");
	ret->started_ms = (int64_t)record_number(root, "started_ms");
	ret->beat_ms = (int64_t)record_number(root, "beat_ms");
	ret->work = record_number(root, "work");
	ret->databases = record_number(root, "databases");
	ret->rounds = record_number(root, "rounds");
	ret->round_ms = record_number(root, "round_ms");
	ret->hints = json_kind(json_member(root, STR("hints"))) == JSON_TRUE;
	return 0;
}

int sync_engines_read(const struct state *state, struct cf_arena *arena, struct sync_engine **ret,
		      size_t *ret_count, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_ENGINE, .limit = SYNC_ENGINES_MAX};
	struct state_record *records;
	struct json_doc doc;
	size_t count = 0;
	int rc = state_page(state, &range, arena, &records, &count, error);

	*ret_count = 0;
	*ret = rc ? NULL : arena_calloc(arena, count + 1, sizeof(**ret));
	if (rc == 0 && !*ret)
		rc = error_nomem(error);
	json_doc_init(&doc, arena->mem);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = read_engine(&records[i], arena, &doc, &(*ret)[(*ret_count)++], error);
	json_doc_fini(&doc);
	return rc;
}

static struct state_put removal(const struct sync_engine *engine)
{
	return (struct state_put){
		.key = {STATE_ENGINE, engine->id}, .condition = CF_PUT_ON_REV, .rev = engine->rev};
}

int sync_engine_drop(const struct state *state, const struct sync_engine *engine,
		     struct cf_arena *arena, struct cf_error *error)
{
	struct state_put put = removal(engine);
	struct cf_answer answer;
	int rc = state_put(state, &put, 1, arena, &answer, error);

	/* Refused: it is at work after all, or somebody else was first. */
	return rc ? rc : answer.code == CF_ERR_CONFLICT ? 0 : answer.code;
}

/* --- for a run ------------------------------------------------------------------------- */

static uint64_t steady_ms(const struct sync *sync)
{
	return sync->env->monotonic_ns(sync->env->ctx) / 1000000;
}

static int add_own(struct sync *sync, bool gone, struct state_put *ret)
{
	struct cf_buf *out = &sync->worker->bench.scratch;
	int64_t now_ms = sync->env->now_ms(sync->env->ctx);

	if (!sync->started_ms)
		sync->started_ms = now_ms;
	buf_clear(out);
	buf_str(out, STR("{\"host\":"));
	json_write_string(str_of(sync->options.host), out);
	buf_str(out, STR(",\"space\":"));
	json_write_string(sync->options.space ? str_of(sync->options.space) : STR(""), out);
	buf_printf(out, ",\"pid\":%ld,\"started_ms\":%" PRId64 ",\"beat_ms\":%" PRId64 "}",
		   sync->options.pid, sync->started_ms, now_ms);
	*ret = (struct state_put){.key = {STATE_ENGINE, str_of(sync->engine_id)},
				  .condition = CF_PUT_ANY};
	if (!gone)
		ret->body = arena_dup_buf(&sync->step, out);
	return out->failed || (!gone && !ret->body.ptr) ? CF_ERR_NOMEM : 0;
}

/* What was seen of it before; a new place where it was not. */
static struct other other_of(const struct sync *sync, const struct sync_engine *one,
			     uint64_t now_ms)
{
	uint64_t id = hash64(one->id, 0);

	for (size_t i = 0; i < sync->other_count; i++)
		if (sync->others[i].id == id)
			return sync->others[i];
	return (struct other){.id = id, .rev = hash64(one->rev, 0), .seen_ms = now_ms};
}

/* By our clock it spoke a moment ago: that may be chance, but is enough to tell of it. */
static bool spoke_now(const struct sync *sync, const struct sync_engine *one)
{
	int64_t age_ms = sync->env->now_ms(sync->env->ctx) - one->beat_ms;

	return age_ms > -SYNC_SILENCE_MS && age_ms < SYNC_SILENCE_MS;
}

/* Notes what one says now, and tells of it once; *ret_gone: its record is to go. */
static struct other watch(struct sync *sync, const struct sync_engine *one, uint64_t now_ms,
			  bool *ret_gone)
{
	enum sync_life life =
		sync->options.life ? sync->options.life(sync->options.ctx, one) : SYNC_LIFE_UNKNOWN;
	struct other other = other_of(sync, one, now_ms);
	bool moved = other.rev != hash64(one->rev, 0);

	if (moved) {
		other.rev = hash64(one->rev, 0);
		other.seen_ms = now_ms;
	}
	*ret_gone = life == SYNC_GONE ||
		    (life != SYNC_ALIVE && now_ms - other.seen_ms >= SYNC_SILENCE_MS);
	if (!*ret_gone && !other.told && (moved || life == SYNC_ALIVE || spoke_now(sync, one))) {
		other.told = true;
		if (sync->options.newcomer)
			sync->options.newcomer(sync->options.ctx, one);
	}
	return other;
}

/* All others; the records of those that are gone are to be removed. */
static int look(struct sync *sync, uint64_t now_ms, struct state_put *puts, size_t *put_count,
		struct cf_error *error)
{
	struct other seen[SYNC_ENGINES_MAX];
	struct sync_engine *engines;
	size_t count, seen_count = 0;
	int rc = sync_engines_read(sync->state, &sync->step, &engines, &count, error);

	for (size_t i = 0; i < count && rc == 0; i++) {
		bool gone;

		if (str_equal(engines[i].id, str_of(sync->engine_id)))
			continue;
		seen[seen_count] = watch(sync, &engines[i], now_ms, &gone);
		if (gone)
			puts[(*put_count)++] = removal(&engines[i]);
		else
			seen_count++;
	}
	if (rc == 0) {
		memcpy(sync->others, seen, seen_count * sizeof(seen[0]));
		sync->other_count = seen_count;
	}
	return rc;
}

int presence_step(struct sync *sync, struct cf_error *error)
{
	struct state_put puts[SYNC_ENGINES_MAX + 1];
	struct cf_answer answers[SYNC_ENGINES_MAX + 1];
	uint64_t now_ms = steady_ms(sync);
	size_t put_count = 1, first;
	int rc;

	if (!sync->options.host || (sync->beat_ms && now_ms - sync->beat_ms < SYNC_BEAT_MS))
		return 0;
	if (!sync->opened_ms)
		sync->opened_ms = now_ms;
	rc = look(sync, now_ms, puts, &put_count, error);
	if (rc == 0 && add_own(sync, false, &puts[0]))
		rc = error_nomem(error);
	if (rc)
		return rc;
	/* One that soon ends need not be announced. */
	first = now_ms - sync->opened_ms < sync->options.announce_after_ms;
	if (put_count > first)
		rc = state_put(sync->state, puts + first, put_count - first, &sync->step, answers,
			       error);
	if (rc == 0) {
		sync->announced = sync->announced || first == 0;
		sync->beat_ms = now_ms ? now_ms : 1;
	}
	return rc;
}

int sync_leave(struct sync *sync, struct cf_error *error)
{
	struct state_put put;
	struct cf_answer answer;
	int rc;

	if (!sync->announced)
		return 0;
	arena_reset(&sync->step);
	rc = add_own(sync, true, &put)
		     ? error_nomem(error)
		     : state_put(sync->state, &put, 1, &sync->step, &answer, error);
	sync->announced = rc != 0;
	return rc;
}
