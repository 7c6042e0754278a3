/* See weather.h. */
#include "weather.h"

#include <poll.h>
#include <sched.h>

void weather_pause(uint64_t ns)
{
	struct timespec pause = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	ppoll(NULL, 0, &pause, NULL);
}

static uint64_t real_ns(void)
{
	return env_system.monotonic_ns(env_system.ctx);
}

/* --- the clock --- */

static uint64_t clock_ns(struct weather *weather)
{
	uint64_t now = real_ns();

	for (struct late_put *late = weather->first; late; late = late->next)
		if (late->last_ns < now)
			now = late->last_ns;
	return now;
}

static uint64_t env_monotonic(void *ctx)
{
	struct weather *weather = ctx;
	uint64_t now;

	pthread_mutex_lock(&weather->lock);
	now = clock_ns(weather);
	pthread_mutex_unlock(&weather->lock);
	return now;
}

static int64_t env_now(void *ctx)
{
	(void)ctx;
	return env_system.now_ms(env_system.ctx);
}

static uint64_t env_random(void *ctx)
{
	struct weather *weather = ctx;
	uint64_t ret;

	pthread_mutex_lock(&weather->lock);
	ret = rng_next(&weather->rng);
	pthread_mutex_unlock(&weather->lock);
	return ret;
}

static uint64_t below(struct weather *weather, uint64_t bound)
{
	uint64_t ret;

	pthread_mutex_lock(&weather->lock);
	ret = rng_below(&weather->rng, bound);
	pthread_mutex_unlock(&weather->lock);
	return ret;
}

/* --- what comes late --- */

static struct cf_note *copy_notes(struct cf_arena *arena, const struct cf_put *put)
{
	struct cf_note *notes = arena_calloc(arena, put->note_count + 1, sizeof(*notes));

	for (size_t i = 0; i < put->note_count; i++)
		notes[i] = (struct cf_note){put->notes[i].kind, arena_dup(arena, put->notes[i].key),
					    arena_dup(arena, put->notes[i].value),
					    arena_dup(arena, put->notes[i].was)};
	return notes;
}

/* False: there are as many already as there may be. */
static bool send_late(struct weather *weather, enum cf_side side, const struct cf_put *put,
		      bool kept)
{
	struct late_put *late = calloc(1, sizeof(*late));
	bool ret;

	arena_init(&late->arena, &mem_heap);
	late->put = *put;
	late->kept = kept;
	late->put.id = arena_dup(&late->arena, put->id);
	late->put.rev = arena_dup(&late->arena, put->rev);
	late->put.body = put->body.ptr ? arena_dup(&late->arena, put->body) : put->body;
	late->put.notes = copy_notes(&late->arena, put);
	snprintf(late->url, sizeof(late->url), "%s", weather->urls[side]);
	pthread_mutex_lock(&weather->lock);
	ret = weather->late_count < WEATHER_LATE_MAX && !weather->stop;
	if (ret) {
		late->due_ns = kept ? UINT64_MAX : real_ns() + rng_below(&weather->rng, 8000000);
		late->last_ns = clock_ns(weather) + WEATHER_WINDOW_MS * (uint64_t)1000000;
		late->next = weather->first;
		weather->first = late;
		weather->late_count++;
		pthread_cond_broadcast(&weather->changed);
	}
	pthread_mutex_unlock(&weather->lock);
	if (!ret) {
		arena_fini(&late->arena);
		free(late);
	}
	return ret;
}

/* Whatever comes of it: nobody hears. Every fourth never happens. */
static void do_late(struct weather *weather, const struct late_put *late)
{
	struct cf_answer answer = {0};
	struct cf_store *store = NULL;
	struct cf_arena arena;

	if (!late->kept && below(weather, 4) == 0)
		return;
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_open(&store, late->url, &env_system, &mem_heap, NULL), 0);
	(void)store_put(store, &late->put, 1, &arena, &answer, NULL);
	store_close(store);
	arena_fini(&arena);
}

/* The one that is due first; with the lock. */
static struct late_put *next_late(struct weather *weather)
{
	struct late_put *first = weather->first;

	for (struct late_put *late = first; late; late = late->next)
		if (late->due_ns < first->due_ns)
			first = late;
	return first;
}

static void forget_late(struct weather *weather, struct late_put *late)
{
	struct late_put **at = &weather->first;

	while (*at != late)
		at = &(*at)->next;
	*at = late->next;
	weather->late_count--;
	pthread_cond_broadcast(&weather->changed);
}

static void *deliver(void *ctx)
{
	struct weather *weather = ctx;

	pthread_mutex_lock(&weather->lock);
	while (!weather->stop || weather->first) {
		struct late_put *late = next_late(weather);

		if (!late || late->due_ns == UINT64_MAX) {
			pthread_cond_wait(&weather->changed, &weather->lock);
			continue;
		}
		pthread_mutex_unlock(&weather->lock);
		while (real_ns() < late->due_ns)
			weather_pause(100000);
		do_late(weather, late);
		pthread_mutex_lock(&weather->lock);
		/* The clock stood still for it until now. */
		forget_late(weather, late);
		arena_fini(&late->arena);
		free(late);
	}
	pthread_mutex_unlock(&weather->lock);
	return NULL;
}

void weather_open(struct weather *weather, uint64_t seed)
{
	static const char *const names[] = {"old", "new", "control"};

	*weather = (struct weather){.rng = {seed}, .keep_side = CF_NO_SIDE};
	pthread_mutex_init(&weather->lock, NULL);
	pthread_cond_init(&weather->changed, NULL);
	weather->env = (struct cf_env){env_now, env_monotonic, env_random, weather};
	arena_init(&weather->arena, &mem_heap);
	for (int i = 0; i < 3; i++) {
		snprintf(weather->urls[i], sizeof(weather->urls[i]), "memory:%s-%llu", names[i],
			 (unsigned long long)seed);
		ck_assert_int_eq(store_open(&weather->open[i], weather->urls[i], &env_system,
					    &mem_heap, NULL),
				 0);
	}
	ck_assert_int_eq(pthread_create(&weather->thread, NULL, deliver, weather), 0);
}

void weather_calm(struct weather *weather)
{
	weather->refuse = weather->lose = weather->late = weather->drag = 0;
	pthread_mutex_lock(&weather->lock);
	while (weather->first)
		pthread_cond_wait(&weather->changed, &weather->lock);
	pthread_mutex_unlock(&weather->lock);
}

void weather_deliver(struct weather *weather)
{
	pthread_mutex_lock(&weather->lock);
	for (struct late_put *late = weather->first; late; late = late->next)
		late->due_ns = 0;
	pthread_cond_broadcast(&weather->changed);
	while (weather->first)
		pthread_cond_wait(&weather->changed, &weather->lock);
	pthread_mutex_unlock(&weather->lock);
}

void weather_close(struct weather *weather)
{
	pthread_mutex_lock(&weather->lock);
	weather->stop = true;
	pthread_cond_broadcast(&weather->changed);
	pthread_mutex_unlock(&weather->lock);
	pthread_join(weather->thread, NULL);
	for (int i = 0; i < 3; i++)
		store_close(weather->open[i]);
	arena_fini(&weather->arena);
}

/* --- a process --- */

bool process_is_dead(struct process *process)
{
	return process->calls_left == 0;
}

static void count_call(struct process *process)
{
	int left = process->calls_left;

	while (left > 0 && !atomic_compare_exchange_weak(&process->calls_left, &left, left - 1))
		;
}

static bool happens(struct weather *weather, unsigned thousandths)
{
	return thousandths && below(weather, 1000) < thousandths;
}

static void drag(struct weather *weather)
{
	if (happens(weather, weather->drag))
		weather_pause(below(weather, 2000000));
	else if (weather->drag && below(weather, 4) == 0)
		sched_yield();
}

static int unavailable(struct cf_error *error)
{
	return error_set(error, CF_ERR_UNAVAILABLE, "refused by the weather");
}

static int uncertain(struct cf_error *error)
{
	return error_set(error, CF_ERR_UNCERTAIN, "the weather has lost the answer");
}

struct weathered {
	struct wrap wrap;
	struct process_side *at;
};

static int around(struct wrap *wrap, struct call *call, struct cf_error *error)
{
	struct process_side *at = ((struct weathered *)wrap)->at;
	struct process *process = at->process;
	struct weather *weather = process->weather;
	int rc;

	if (process_is_dead(process))
		return unavailable(error);
	count_call(process);
	drag(weather);
	if (happens(weather, weather->refuse))
		return unavailable(error);
	if (call->puts && call->count == 1 && at->side != CF_NO_SIDE &&
	    happens(weather, weather->late) && send_late(weather, at->side, call->puts, false))
		return uncertain(error);
	if (call->puts && at->side == weather->keep_side && --weather->keep_put == 0 &&
	    send_late(weather, at->side, call->puts, true))
		return uncertain(error);
	rc = call->run(call, error);
	drag(weather);
	if (process_is_dead(process) || (rc == 0 && happens(weather, weather->lose)))
		return call->puts ? uncertain(error) : unavailable(error);
	return rc;
}

static struct cf_store *wrap(void *ctx, enum cf_side side, struct cf_store *store)
{
	struct process *process = ctx;
	struct wrap *ret = NULL;

	ck_assert_int_eq(wrap_open(&ret, sizeof(struct weathered), store, NULL, &mem_heap, around),
			 0);
	((struct weathered *)ret)->at = &process->sides[side];
	return &ret->store;
}

/* Threads go apart here. */
static void at_point(void *ctx, const char *point)
{
	struct process *process = ctx;

	(void)point;
	drag(process->weather);
}

void process_init(struct process *process, struct weather *weather)
{
	*process = (struct process){.weather = weather, .calls_left = -1};
	process->hook = (struct move_hook){at_point, process, wrap, 1};
	for (int i = 0; i < 3; i++)
		process->sides[i] = (struct process_side){process, i};
}
