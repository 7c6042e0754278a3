/* Keeps a pool told of the databases of a server: rounds over all of them, at a pace that
 * leaves the server most of its time, and between them what the server's feed of updates
 * hints at. Two threads, a connection each. */
#include "sync/databases.h"
#include "sync/engine.h"
#include "sync/fellows.h"
#include "sync/graves.h"
#include "sync/roster.h"

#include <pthread.h>
#include <stdio.h>

/* A request is followed by a pause of so many times what it took: rounds keep a server busy
 * for no more than a quarter of its time. */
#define SCOUT_PAUSE_TIMES 3
#define SCOUT_PAUSE_MS_MIN 10
#define SCOUT_PAUSE_MS_MAX 2000
/* Between the beginnings of two rounds: the feed of updates may forget some, or not be there. */
#define SCOUT_ROUND_MS_HINTED 60000
#define SCOUT_ROUND_MS_BARE 1000
/* After something failed, at first and at most. */
#define SCOUT_AGAIN_MS 200
#define SCOUT_AGAIN_MS_MAX 30000
/* How long the feed of updates waits before it is asked whether to go on. */
#define SCOUT_WAIT_MS 1000

/* Names that were hinted at, and not yet told to the roster. */
struct hints {
	char **at;
	size_t count, cap;
};

struct sync_scout {
	struct sync_scout_how how;
	struct sync_pool *pool;
	const struct cf_env *env;
	const struct cf_mem *mem;
	char fingerprint[33]; /* of the catalog, as checkpoints have it */
	pthread_t sweeping, listening;
	bool sweeps, listens; /* they were started */
	/* Of the sweeping thread. */
	struct store_server *server;
	struct cf_store *records;
	struct roster roster;
	struct graves graves;
	struct fellows fellows;
	bool at_once;  /* the next round does not wait: others share than before */
	bool troubled; /* something failed, and was told */
	/* With the lock. */
	pthread_mutex_t lock;
	pthread_cond_t news; /* a hint, an end, the end of a round */
	struct hints hints;
	struct sync_scout_counts counts;
	bool end;
};

static uint64_t now_ms(const struct sync_scout *scout)
{
	return scout->env->monotonic_ns(scout->env->ctx) / 1000000;
}

static bool is_over(struct sync_scout *scout)
{
	bool over;

	pthread_mutex_lock(&scout->lock);
	over = scout->end;
	pthread_mutex_unlock(&scout->lock);
	return over;
}

/* Until there is news, or for so long. */
static void rest(struct sync_scout *scout, uint64_t ms, bool hints_wake)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&scout->lock);
	while (!scout->end && !(hints_wake && scout->hints.count) &&
	       pthread_cond_timedwait(&scout->news, &scout->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&scout->lock);
}

/* --- the feed of updates ----------------------------------------------------------------- */

static int push_hint(struct sync_scout *scout, struct cf_str name)
{
	struct hints *hints = &scout->hints;
	char *copy = text_dup(scout->mem, name);
	int rc = copy ? 0 : CF_ERR_NOMEM;

	pthread_mutex_lock(&scout->lock);
	if (rc == 0 && hints->count == hints->cap) {
		size_t cap = hints->cap ? hints->cap * 2 : 64;
		char **grown = mem_resize(scout->mem, hints->at, cap * sizeof(char *));

		rc = grown ? 0 : CF_ERR_NOMEM;
		hints->at = grown ? grown : hints->at;
		hints->cap = grown ? cap : hints->cap;
	}
	if (rc == 0)
		hints->at[hints->count++] = copy;
	else
		mem_free(scout->mem, copy);
	pthread_cond_broadcast(&scout->news);
	pthread_mutex_unlock(&scout->lock);
	return rc;
}

static int listen_once(struct sync_scout *scout, struct store_server **server, char **since,
		       struct cf_arena *arena, struct cf_error *error)
{
	struct store_updates updates = {.since = str_of(*since), .wait_ms = SCOUT_WAIT_MS};
	int rc = *server ? 0
			 : store_server_open(server, scout->how.url, scout->env, scout->mem, error);

	rc = rc ? rc : store_server_updates(*server, &updates, arena, error);
	for (size_t i = 0; i < updates.count && rc == 0; i++)
		rc = push_hint(scout, updates.names[i]) ? error_nomem(error) : 0;
	if (rc == 0 && text_replace(scout->mem, since, updates.token))
		rc = error_nomem(error);
	pthread_mutex_lock(&scout->lock);
	scout->counts.hints = rc == 0;
	pthread_mutex_unlock(&scout->lock);
	return rc;
}

/* Where a server has no such feed, it is not asked again; where it is away, the rounds say
 * so. */
static void *listen_main(void *ctx)
{
	struct sync_scout *scout = ctx;
	struct store_server *server = NULL;
	uint64_t pause = SCOUT_AGAIN_MS;
	struct cf_error error = {0};
	struct cf_arena arena;
	char *since;
	int rc = 0;

	arena_init(&arena, scout->mem);
	since = text_dup(scout->mem, STR(""));
	while (since && rc != CF_ERR_UNSUPPORTED_OP && !is_over(scout)) {
		arena_reset(&arena);
		rc = listen_once(scout, &server, &since, &arena, &error);
		if (rc == 0)
			pause = SCOUT_AGAIN_MS;
		else if (rc != CF_ERR_UNSUPPORTED_OP)
			rest(scout, pause, false);
		else if (scout->how.told)
			scout->how.told(scout->how.ctx, &error);
		pause = rc && pause < SCOUT_AGAIN_MS_MAX ? pause * 2 : pause;
	}
	store_server_close(server);
	mem_free(scout->mem, since);
	arena_fini(&arena);
	return NULL;
}

/* --- what the state says of databases that were found ---------------------------------------- */

static bool says(struct json_value object, struct cf_str member, struct cf_str text)
{
	struct json_value value = json_member(object, member);

	return json_kind(value) == JSON_STRING && json_name_is(value, text);
}

/* What is to be done in a database of which the state has this checkpoint. */
static enum sync_pool_state judge(const struct sync_scout *scout, struct json_value checkpoint,
				  const struct store_database *database)
{
	if (json_kind(json_member(checkpoint, STR("since"))) != JSON_STRING ||
	    !says(checkpoint, STR("catalog"), str_of(scout->fingerprint)) ||
	    !json_is_absent(json_member(checkpoint, STR("reading"))))
		return SYNC_POOL_FIRST;
	return says(checkpoint, STR("since"), database->token) ? SYNC_POOL_IDLE : SYNC_POOL_FRESH;
}

/* The state of a database of that name that is no more is nobody's. */
static int take_found(struct sync_scout *scout, const struct store_database *database,
		      const struct cf_record *record, struct cf_error *error)
{
	bool there = record->revision_count && !record->revisions[0].deleted;
	enum sync_pool_state next = SYNC_POOL_FIRST;
	struct json_value life = JSON_ABSENT;
	struct json_doc doc;
	int rc = 0;

	json_doc_init(&doc, scout->mem);
	/* A damaged record is told by whoever works on the database. */
	if (there && json_read(&doc, record->revisions[0].body.ptr, record->revisions[0].body.len,
			       JSON_READ_DOCUMENT, NULL) == 0) {
		life = json_member(json_root(&doc), STR("life"));
		next = judge(scout, json_root(&doc), database);
	}
	if (database->life.len && json_kind(life) == JSON_STRING &&
	    !json_name_is(life, database->life)) {
		rc = graves_erase(&scout->graves, scout->records, database->name, error);
		next = SYNC_POOL_FIRST;
	}
	json_doc_fini(&doc);
	graves_dig_up(&scout->graves, database->name);
	return rc ? rc : sync_pool_add(scout->pool, database->name, next, error);
}

static int found(void *ctx, const struct store_database *databases, size_t count,
		 struct cf_arena *arena, struct cf_error *error)
{
	struct sync_scout *scout = ctx;
	struct cf_get *gets = arena_calloc(arena, count, sizeof(*gets));
	struct cf_record *records = arena_calloc(arena, count, sizeof(*records));
	int rc = gets && records ? 0 : error_nomem(error);

	for (size_t i = 0; i < count && rc == 0; i++) {
		struct state state;

		if (state_init(&state, scout->records, databases[i].name, scout->mem) == 0)
			gets[i].id = state_id(&state, (struct state_key){STATE_CHECKPOINT}, arena);
		state_fini(&state);
		rc = gets[i].id.ptr ? 0 : error_nomem(error);
	}
	if (rc == 0)
		rc = store_get(scout->records, gets, count, CF_READ_BODIES, arena, records, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = take_found(scout, &databases[i], &records[i], error);
	return rc;
}

static int changed(void *ctx, struct cf_str name, struct cf_error *error)
{
	struct sync_scout *scout = ctx;

	(void)error;
	(void)sync_pool_changed(scout->pool, name);
	return 0;
}

/* What is noted of it stays: another process goes on from there. */
static int left(void *ctx, struct cf_str name, struct cf_error *error)
{
	(void)error;
	sync_pool_remove(((struct sync_scout *)ctx)->pool, name);
	return 0;
}

static int gone(void *ctx, struct cf_str name, struct cf_error *error)
{
	struct sync_scout *scout = ctx;

	sync_pool_remove(scout->pool, name);
	return graves_bury(&scout->graves, scout->records, name, scout->counts.rounds, error);
}

/* --- rounds ---------------------------------------------------------------------------------- */

static int list(void *ctx, struct store_names *page, struct cf_arena *arena, struct cf_error *error)
{
	return store_server_names(((struct sync_scout *)ctx)->server, page, arena, error);
}

static int look(void *ctx, struct store_database *databases, size_t count, struct cf_arena *arena,
		struct cf_error *error)
{
	return store_server_look(((struct sync_scout *)ctx)->server, databases, count, arena,
				 error);
}

static int open_all(struct sync_scout *scout, struct cf_error *error)
{
	int rc = 0;

	if (!scout->records)
		rc = store_open(&scout->records, scout->how.state_url, scout->env, scout->mem,
				error);
	if (rc == 0 && !scout->server)
		rc = store_server_open(&scout->server, scout->how.url, scout->env, scout->mem,
				       error);
	return rc;
}

static int take_hints(struct sync_scout *scout, bool *ret_hinted)
{
	int rc = 0;

	pthread_mutex_lock(&scout->lock);
	for (size_t i = 0; i < scout->hints.count; i++) {
		rc = rc ? rc : roster_hint(&scout->roster, str_of(scout->hints.at[i]));
		mem_free(scout->mem, scout->hints.at[i]);
	}
	scout->hints.count = 0;
	pthread_mutex_unlock(&scout->lock);
	*ret_hinted = scout->roster.hinted > 0;
	return rc;
}

/* Says that we are at work, and shares with who else is. */
static int share(struct sync_scout *scout, struct cf_error *error)
{
	struct sync_scout_counts counts;
	struct state server;
	bool changed = false;
	int rc = open_all(scout, error);

	if (rc)
		return rc;
	if (state_init(&server, scout->records, STATE_SERVER, scout->mem))
		return error_nomem(error);
	sync_scout_count(scout, &counts);
	rc = fellows_step(&scout->fellows, &server, &counts, &changed, error);
	state_fini(&server);
	if (!changed)
		return rc;
	scout->how.names.members = scout->fellows.members;
	scout->how.names.member_count = scout->fellows.member_count;
	scout->at_once = true;
	return rc ? rc : roster_sift(&scout->roster, error);
}

/* What cannot be said is found out by the others. */
static void leave(struct sync_scout *scout)
{
	struct cf_error error;
	struct state server;

	if (!scout->records || state_init(&server, scout->records, STATE_SERVER, scout->mem))
		return;
	(void)fellows_leave(&scout->fellows, &server, &error);
	state_fini(&server);
}

static int step(struct sync_scout *scout, bool *ret_end, struct cf_error *error)
{
	int rc = graves_tend(&scout->graves, scout->records, scout->counts.rounds, error);

	return rc ? rc : roster_step(&scout->roster, ret_end, error);
}

static void end_round(struct sync_scout *scout, uint64_t took_ms)
{
	pthread_mutex_lock(&scout->lock);
	scout->counts.rounds++;
	scout->counts.round_ms = took_ms;
	scout->counts.databases = scout->roster.count;
	pthread_cond_broadcast(&scout->news);
	pthread_mutex_unlock(&scout->lock);
}

/* What fails is told once, until it goes again. */
static void tell(struct sync_scout *scout, const struct cf_error *error)
{
	if (!scout->troubled && scout->how.told)
		scout->how.told(scout->how.ctx, error);
	scout->troubled = true;
}

static uint64_t pause_behind(uint64_t took_ms)
{
	uint64_t pause = took_ms * SCOUT_PAUSE_TIMES;

	pause = pause < SCOUT_PAUSE_MS_MIN ? SCOUT_PAUSE_MS_MIN : pause;
	return pause > SCOUT_PAUSE_MS_MAX ? SCOUT_PAUSE_MS_MAX : pause;
}

/* The next round begins then; what is hinted at meanwhile does not wait for it. Whether it
 * does is asked again each second: the feed of updates may come and go. */
static bool rest_between(struct sync_scout *scout, uint64_t began_ms)
{
	struct sync_scout_counts counts;
	uint64_t passed = now_ms(scout) - began_ms, least;

	if (!roster_between(&scout->roster) || scout->at_once)
		return false;
	sync_scout_count(scout, &counts);
	least = counts.rounds == 0 ? 0 : counts.hints ? SCOUT_ROUND_MS_HINTED : SCOUT_ROUND_MS_BARE;
	if (passed >= least)
		return false;
	rest(scout, least - passed < 1000 ? least - passed : 1000, true);
	return true;
}

/* What is to be done now; *ret_wait: nothing is, and it was waited a little. */
static int turn(struct sync_scout *scout, uint64_t *began, bool *ret_wait, bool *ret_end,
		struct cf_error *error)
{
	bool hinted = false, between;
	int rc = share(scout, error);

	*ret_wait = *ret_end = false;
	if (rc)
		return rc;
	between = roster_between(&scout->roster);
	*ret_wait = take_hints(scout, &hinted) == 0 && !hinted && rest_between(scout, *began);
	if (*ret_wait)
		return 0;
	if (between && !hinted) {
		*began = now_ms(scout);
		scout->at_once = false;
	}
	return step(scout, ret_end, error);
}

static void *sweep_main(void *ctx)
{
	struct sync_scout *scout = ctx;
	uint64_t began = now_ms(scout), again = SCOUT_AGAIN_MS;
	struct cf_error error = {0};

	while (!is_over(scout)) {
		uint64_t start = now_ms(scout);
		bool end, waited;

		if (turn(scout, &began, &waited, &end, &error)) {
			tell(scout, &error);
			rest(scout, again, false);
			again = again < SCOUT_AGAIN_MS_MAX ? again * 2 : again;
			continue;
		}
		if (waited)
			continue;
		scout->troubled = false;
		again = SCOUT_AGAIN_MS;
		if (end)
			end_round(scout, now_ms(scout) - began);
		rest(scout, pause_behind(now_ms(scout) - start), true);
	}
	return NULL;
}

/* --- opening ------------------------------------------------------------------------------------
 */

static int start(struct sync_scout *scout, struct cf_error *error)
{
	scout->sweeps = pthread_create(&scout->sweeping, NULL, sweep_main, scout) == 0;
	if (scout->sweeps && scout->how.hints)
		scout->listens = pthread_create(&scout->listening, NULL, listen_main, scout) == 0;
	return scout->sweeps && scout->listens == scout->how.hints
		       ? 0
		       : error_set(error, CF_ERR_NOMEM, "no thread could be started");
}

int sync_scout_open(struct sync_scout **ret, struct sync_pool *pool,
		    const struct sync_scout_how *how, struct cf_error *error)
{
	const struct pool_about about = pool_about(pool);
	const struct roster_calls calls = {.list = list,
					   .look = look,
					   .found = found,
					   .changed = changed,
					   .left = left,
					   .gone = gone};
	struct sync_scout *scout = mem_calloc(about.mem, 1, sizeof(*scout));
	pthread_condattr_t attr;
	struct roster_calls own = calls;
	int rc;

	if (!scout)
		return error_nomem(error);
	scout->how = *how;
	scout->pool = pool;
	scout->env = about.env;
	scout->mem = scout->graves.mem = about.mem;
	snprintf(scout->fingerprint, sizeof(scout->fingerprint), "%s", about.fingerprint);
	pthread_mutex_init(&scout->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&scout->news, &attr);
	pthread_condattr_destroy(&attr);
	own.ctx = scout;
	fellows_init(&scout->fellows, &scout->how, scout->fingerprint, scout->env);
	rc = roster_init(&scout->roster, &scout->how.names, &own, about.mem) ? error_nomem(error)
									     : start(scout, error);
	if (rc) {
		sync_scout_close(scout);
		return rc;
	}
	*ret = scout;
	return 0;
}

struct sync_scout *sync_scout_close(struct sync_scout *scout)
{
	if (!scout)
		return NULL;
	pthread_mutex_lock(&scout->lock);
	scout->end = true;
	pthread_cond_broadcast(&scout->news);
	pthread_mutex_unlock(&scout->lock);
	if (scout->sweeps)
		pthread_join(scout->sweeping, NULL);
	if (scout->listens)
		pthread_join(scout->listening, NULL);
	graves_fini(&scout->graves);
	for (size_t i = 0; i < scout->hints.count; i++)
		mem_free(scout->mem, scout->hints.at[i]);
	mem_free(scout->mem, scout->hints.at);
	leave(scout);
	roster_fini(&scout->roster);
	store_server_close(scout->server);
	store_close(scout->records);
	pthread_cond_destroy(&scout->news);
	pthread_mutex_destroy(&scout->lock);
	mem_free(scout->mem, scout);
	return NULL;
}

bool sync_scout_wait(struct sync_scout *scout, uint64_t rounds, unsigned ms)
{
	uint64_t until = now_ms(scout) + ms;
	bool there = false;

	for (uint64_t now = now_ms(scout); !there && now < until; now = now_ms(scout)) {
		pthread_mutex_lock(&scout->lock);
		there = scout->counts.rounds >= rounds;
		pthread_mutex_unlock(&scout->lock);
		if (!there)
			rest(scout, until - now < 50 ? until - now : 50, false);
	}
	return there;
}

void sync_scout_count(struct sync_scout *scout, struct sync_scout_counts *ret)
{
	pthread_mutex_lock(&scout->lock);
	*ret = scout->counts;
	pthread_mutex_unlock(&scout->lock);
}
