/* Lanes in the simulator: threads of which one runs at a time. Who has the turn may lose it
 * at each store operation; a generator of its own says to whom. */
#include "sim.h"

#include <pthread.h>

enum { THREADS_MAX = 16 };

struct sim_thread {
	struct turns *turns;
	pthread_t thread;
	void (*run)(void *arg);
	void *arg;
	bool there, waits, done;
};

struct turns {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct sim_thread at[THREADS_MAX]; /* [0]: the simulator itself */
	size_t current;
	struct rng rng;
	struct sync_threads threads;
};

/* One of those that can go on; there is always one, or all would wait for each other. */
static size_t choose(struct turns *turns)
{
	size_t ready[THREADS_MAX], count = 0;

	for (size_t i = 0; i < THREADS_MAX; i++) {
		const struct sim_thread *one = &turns->at[i];

		if (one->there && !one->waits && !one->done)
			ready[count++] = i;
	}
	cf_assert(count > 0);
	return ready[rng_below(&turns->rng, count)];
}

/* Gives the turn away, and returns when it comes back. */
static void give_turn(struct turns *turns, bool come_back)
{
	size_t self;

	pthread_mutex_lock(&turns->lock);
	self = turns->current;
	turns->current = choose(turns);
	if (turns->current != self)
		pthread_cond_broadcast(&turns->changed);
	while (come_back && turns->current != self)
		pthread_cond_wait(&turns->changed, &turns->lock);
	pthread_mutex_unlock(&turns->lock);
}

static void *thread_main(void *arg)
{
	struct sim_thread *thread = arg;
	struct turns *turns = thread->turns;

	pthread_mutex_lock(&turns->lock);
	while (turns->current != (size_t)(thread - turns->at))
		pthread_cond_wait(&turns->changed, &turns->lock);
	pthread_mutex_unlock(&turns->lock);
	thread->run(thread->arg);
	thread->done = true;
	for (size_t i = 0; i < THREADS_MAX; i++)
		turns->at[i].waits = false;
	give_turn(turns, false);
	return NULL;
}

static int start(void *ctx, void (*run)(void *arg), void *arg, void **ret)
{
	struct turns *turns = ctx;
	size_t at = 1;

	while (at < THREADS_MAX && turns->at[at].there)
		at++;
	cf_assert(at < THREADS_MAX);
	turns->at[at] = (struct sim_thread){.turns = turns, .run = run, .arg = arg, .there = true};
	*ret = &turns->at[at];
	return pthread_create(&turns->at[at].thread, NULL, thread_main, *ret);
}

/* Until somebody wakes all. */
static void wait_turn(void *ctx)
{
	struct turns *turns = ctx;

	turns->at[turns->current].waits = true;
	give_turn(turns, true);
}

static void wake(void *ctx)
{
	struct turns *turns = ctx;

	for (size_t i = 0; i < THREADS_MAX; i++)
		turns->at[i].waits = false;
}

static void join(void *ctx, void *arg)
{
	struct sim_thread *thread = arg;

	while (!thread->done)
		wait_turn(ctx);
	pthread_join(thread->thread, NULL);
	thread->there = false;
}

/* There is nothing to be locked: who has the turn is alone. */
static void no_lock(void *ctx)
{
	(void)ctx;
}

void lanes_yield(struct world *world)
{
	if (world->turns)
		give_turn(world->turns, true);
}

static int open_lane(void *ctx, size_t lane, struct sync_handles *ret, struct cf_error *error)
{
	struct net *nets = ctx;

	(void)lane;
	(void)error;
	*ret = (struct sync_handles){&nets[0].store, &nets[1].store};
	return 0;
}

static void close_lane(void *ctx, size_t lane, const struct sync_handles *handles)
{
	(void)ctx;
	(void)lane;
	(void)handles;
}

void lanes_init(struct world *world, uint64_t seed)
{
	struct turns *turns;

	if (world->lanes < 2)
		return;
	turns = calloc(1, sizeof(*turns));
	cf_assert(turns);
	pthread_mutex_init(&turns->lock, NULL);
	pthread_cond_init(&turns->changed, NULL);
	turns->at[0].there = true;
	turns->rng.state = seed;
	turns->threads = (struct sync_threads){.start = start,
					       .join = join,
					       .lock = no_lock,
					       .unlock = no_lock,
					       .wait = wait_turn,
					       .wake = wake,
					       .ctx = turns};
	world->turns = turns;
}

void lanes_options(struct world *world, struct net *nets, struct sync_options *options)
{
	if (!world->turns)
		return;
	options->lanes = world->lanes;
	options->threads = &world->turns->threads;
	options->handles = (struct sync_lanes){open_lane, close_lane, nets};
}

void lanes_fini(struct world *world)
{
	if (!world->turns)
		return;
	pthread_cond_destroy(&world->turns->changed);
	pthread_mutex_destroy(&world->turns->lock);
	free(world->turns);
	world->turns = NULL;
}
