/* Who shares the databases of a server; see fellows.h. The records are those of engines, under
 * the name of the server. */
#include "sync/fellows.h"

#include "json/json.h"

#include <inttypes.h>
#include <stdio.h>

/* A number that JSON keeps whatever reads it. */
#define WORK_MASK (((uint64_t)1 << 52) - 1)

bool fellows_ours(const uint64_t *members, size_t count, struct cf_str name)
{
	uint64_t own = count ? hash64(name, members[0]) : 0;

	for (size_t i = 1; i < count; i++) {
		uint64_t other = hash64(name, members[i]);

		if (other > own || (other == own && members[i] > members[0]))
			return false;
	}
	return true;
}

void fellows_init(struct fellows *fellows, const struct sync_scout_how *how, const char *catalog,
		  const struct cf_env *env)
{
	uint64_t work = hash64(str_of(catalog), how->names.count);

	for (size_t i = 0; i < how->names.count; i++)
		work = hash64(str_of(how->names.patterns[i]), work);
	*fellows = (struct fellows){.self = &how->self, .env = env};
	snprintf(fellows->id, sizeof(fellows->id), "%016" PRIx64, env->random(env->ctx));
	fellows->work = how->names.shards > 1 ? 0 : (work & WORK_MASK) | 1;
	fellows->members[0] = hash64(str_of(fellows->id), 0);
	fellows->member_count = 1;
}

/* --- the others ------------------------------------------------------------------------------- */

static struct fellow seen_before(const struct fellows *fellows, const struct sync_engine *one,
				 uint64_t now_ms)
{
	uint64_t id = hash64(one->id, 0);

	for (size_t i = 0; i < fellows->other_count; i++)
		if (fellows->others[i].id == id)
			return fellows->others[i];
	return (struct fellow){.id = id, .rev = hash64(one->rev, 0), .seen_ms = now_ms};
}

static bool is_gone(const struct fellows *fellows, const struct fellow *fellow,
		    const struct sync_engine *one, uint64_t now_ms)
{
	const struct sync_scout_self *self = fellows->self;
	enum sync_life life = self->life ? self->life(self->ctx, one) : SYNC_LIFE_UNKNOWN;

	return life == SYNC_GONE ||
	       (life != SYNC_ALIVE && now_ms - fellow->seen_ms >= FELLOWS_SILENCE_MS);
}

static bool are_same(const struct fellows *a, const struct fellows *b)
{
	return a->member_count == b->member_count &&
	       memcmp(a->members, b->members, a->member_count * sizeof(a->members[0])) == 0;
}

/* Records of those that are gone are taken off. */
static int look(struct fellows *fellows, const struct state *server, uint64_t now_ms,
		struct cf_arena *arena, struct cf_error *error)
{
	struct fellows next = *fellows;
	struct sync_engine *engines;
	size_t count = 0;
	int rc = sync_engines_read(server, arena, &engines, &count, error);

	next.member_count = 1;
	next.other_count = 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct sync_engine *one = &engines[i];
		struct fellow fellow = seen_before(fellows, one, now_ms);

		if (str_equal(one->id, str_of(fellows->id)))
			continue;
		if (fellow.rev != hash64(one->rev, 0))
			fellow = (struct fellow){fellow.id, hash64(one->rev, 0), now_ms};
		if (is_gone(fellows, &fellow, one, now_ms)) {
			rc = sync_engine_drop(server, one, arena, error);
			continue;
		}
		next.others[next.other_count++] = fellow;
		if (fellows->work && one->work == fellows->work)
			next.members[next.member_count++] = fellow.id;
	}
	if (rc == 0)
		*fellows = next;
	return rc;
}

/* --- ourselves -------------------------------------------------------------------------------- */

static int say(struct fellows *fellows, const struct state *server,
	       const struct sync_scout_counts *counts, struct cf_arena *arena,
	       struct cf_error *error)
{
	const struct sync_scout_self *self = fellows->self;
	struct state_put put = {.key = {STATE_ENGINE, str_of(fellows->id)},
				.condition = CF_PUT_ANY};
	int64_t now_ms = fellows->env->now_ms(fellows->env->ctx);
	struct cf_buf out;
	int rc;

	fellows->started_ms = fellows->said ? fellows->started_ms : now_ms;
	buf_init(&out, arena->mem);
	buf_str(&out, STR("{\"host\":"));
	json_write_string(str_of(self->host), &out);
	buf_str(&out, STR(",\"space\":"));
	json_write_string(str_of(self->space ? self->space : ""), &out);
	rc = buf_printf(&out,
			",\"pid\":%ld,\"started_ms\":%" PRId64 ",\"beat_ms\":%" PRId64
			",\"work\":%" PRIu64 ",\"databases\":%zu,\"rounds\":%" PRIu64
			",\"round_ms\":%" PRIu64 ",\"hints\":%s}",
			self->pid, fellows->started_ms, now_ms, fellows->work, counts->databases,
			counts->rounds, counts->round_ms, counts->hints ? "true" : "false");
	put.body = buf_view(&out);
	rc = rc || out.failed ? error_nomem(error)
			      : state_put_one(server, &put, arena, NULL, error);
	buf_fini(&out);
	fellows->said = fellows->said || rc == 0;
	return rc;
}

int fellows_step(struct fellows *fellows, const struct state *server,
		 const struct sync_scout_counts *counts, bool *ret_changed, struct cf_error *error)
{
	uint64_t now_ms = fellows->env->monotonic_ns(fellows->env->ctx) / 1000000;
	struct fellows before = *fellows;
	struct cf_arena arena;
	int rc;

	*ret_changed = false;
	if (!fellows->self->host || (fellows->said && now_ms - fellows->beat_ms < FELLOWS_BEAT_MS))
		return 0;
	arena_init(&arena, server->mem);
	rc = look(fellows, server, now_ms, &arena, error);
	rc = rc ? rc : say(fellows, server, counts, &arena, error);
	arena_fini(&arena);
	fellows->beat_ms = rc ? fellows->beat_ms : now_ms;
	*ret_changed = !are_same(fellows, &before);
	return rc;
}

int fellows_leave(struct fellows *fellows, const struct state *server, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_ENGINE, str_of(fellows->id)},
				.condition = CF_PUT_ANY};
	struct cf_arena arena;
	int rc;

	if (!fellows->said)
		return 0;
	arena_init(&arena, server->mem);
	rc = state_put_one(server, &put, &arena, NULL, error);
	arena_fini(&arena);
	fellows->said = rc != 0;
	return rc;
}
