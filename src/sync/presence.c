/* Who is at work on a state: several engines do no harm, but people should know.
 *
 * A record engine/ID says who and since when, and is written again at a slow, steady
 * pace. One that was not for three turns is of an engine that is gone, and is removed
 * by whoever sees it. These records count nowhere.
 */
#include "sync/engine.h"

#include "sync/limits.h"

#include <inttypes.h>

enum { STALE_TURNS = 3 };

static bool is_stale(int64_t beat_ms, int64_t now_ms)
{
	return now_ms - beat_ms > (int64_t)STALE_TURNS * SYNC_BEAT_MS;
}

static int read_engine(const struct state_record *record, struct cf_arena *arena,
		       struct json_doc *doc, struct sync_engine *ret, struct cf_error *error)
{
	struct cf_str body = record->body, host = STR("");
	struct json_value root, name;
	int rc = json_read(doc, body.ptr, body.len, JSON_READ_DOCUMENT, error);

	if (rc)
		return rc;
	root = json_root(doc);
	name = json_member(root, STR("host"));
	if (json_kind(name) == JSON_STRING && json_decode(name, arena, &host))
		return error_nomem(error);
	*ret = (struct sync_engine){.id = record->name,
				    .host = arena_dup(arena, host),
				    .pid = (long)record_number(root, "pid"),
				    .started_ms = (int64_t)record_number(root, "started_ms"),
				    .beat_ms = (int64_t)record_number(root, "beat_ms")};
	return ret->host.ptr ? 0 : error_nomem(error);
}

int sync_engines_read(const struct state *state, const struct cf_env *env, struct cf_arena *arena,
		      struct sync_engine **ret, size_t *ret_count, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_ENGINE, .limit = SYNC_ENGINES_MAX};
	int64_t now_ms = env->now_ms(env->ctx);
	struct state_record *records;
	struct json_doc doc;
	size_t count;
	int rc = state_page(state, &range, arena, &records, &count, error);

	*ret_count = 0;
	*ret = rc ? NULL : arena_calloc(arena, count + 1, sizeof(**ret));
	if (rc == 0 && !*ret)
		rc = error_nomem(error);
	json_doc_init(&doc, arena->mem);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct sync_engine *one = &(*ret)[*ret_count];

		rc = read_engine(&records[i], arena, &doc, one, error);
		*ret_count += rc == 0 && !is_stale(one->beat_ms, now_ms);
	}
	json_doc_fini(&doc);
	return rc;
}

/* --- for a run ------------------------------------------------------------------------- */

static int add_own(struct sync *sync, int64_t now_ms, bool gone, struct state_put *ret)
{
	struct cf_buf *out = &sync->bench.scratch;

	buf_clear(out);
	buf_str(out, STR("{\"host\":"));
	json_write_string(str_of(sync->options.host), out);
	buf_printf(out, ",\"pid\":%ld,\"started_ms\":%" PRId64 ",\"beat_ms\":%" PRId64 "}",
		   sync->options.pid, sync->started_ms, now_ms);
	*ret = (struct state_put){.key = {STATE_ENGINE, str_of(sync->engine_id)},
				  .condition = CF_PUT_ANY};
	if (!gone)
		ret->body = arena_dup(&sync->step, buf_view(out));
	return out->failed || (!gone && !ret->body.ptr) ? CF_ERR_NOMEM : 0;
}

/* Others that are alive; the records of those that are gone are to be removed. */
static int look(struct sync *sync, const struct state_record *records, size_t count, int64_t now_ms,
		struct state_put *puts, size_t *put_count, struct cf_error *error)
{
	uint64_t seen[SYNC_ENGINES_MAX] = {0};
	struct json_doc doc;
	size_t seen_count = 0;
	int rc = 0;

	json_doc_init(&doc, sync->mem);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct sync_engine one;
		uint64_t hash = hash64(records[i].name, 0);
		bool known = false;

		if (str_equal(records[i].name, puts[0].key.name))
			continue;
		rc = read_engine(&records[i], &sync->step, &doc, &one, error);
		if (rc == 0 && is_stale(one.beat_ms, now_ms)) {
			puts[(*put_count)++] =
				(struct state_put){.key = {STATE_ENGINE, records[i].name},
						   .condition = CF_PUT_ON_REV,
						   .rev = records[i].rev};
			continue;
		}
		for (size_t k = 0; k < sync->other_count; k++)
			known = known || sync->others[k] == hash;
		if (rc == 0 && !known && sync->options.newcomer)
			sync->options.newcomer(sync->options.ctx, &one);
		seen[seen_count++] = hash;
	}
	json_doc_fini(&doc);
	memcpy(sync->others, seen, seen_count * sizeof(seen[0]));
	sync->other_count = seen_count;
	return rc;
}

int presence_step(struct sync *sync, int64_t now_ms, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_ENGINE, .limit = SYNC_ENGINES_MAX};
	struct state_put puts[SYNC_ENGINES_MAX + 1];
	struct cf_answer answers[SYNC_ENGINES_MAX + 1];
	struct state_record *records;
	size_t count, put_count = 1, first;
	int rc;

	if (!sync->options.host ||
	    (sync->beat_ms && now_ms >= sync->beat_ms && now_ms - sync->beat_ms < SYNC_BEAT_MS))
		return 0;
	if (!sync->started_ms || now_ms < sync->started_ms)
		sync->started_ms = now_ms;
	rc = state_page(sync->state, &range, &sync->step, &records, &count, error);
	if (rc == 0 && add_own(sync, now_ms, false, &puts[0]))
		rc = error_nomem(error);
	if (rc == 0)
		rc = look(sync, records, count, now_ms, puts, &put_count, error);
	if (rc)
		return rc;
	/* One that soon ends need not be announced. */
	first = now_ms - sync->started_ms < (int64_t)sync->options.announce_after_ms;
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
	rc = add_own(sync, 0, true, &put)
		     ? error_nomem(error)
		     : state_put(sync->state, &put, 1, &sync->step, &answer, error);
	sync->announced = rc != 0;
	return rc;
}
