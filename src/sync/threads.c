/* Threads of the system; see threads.h. */
#include "sync/threads.h"

#include "base/base.h"

#include <signal.h>

struct system_threads {
	const struct cf_mem *mem;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

struct system_thread {
	pthread_t thread;
	void (*run)(void *arg);
	void *arg;
};

static void *thread_main(void *arg)
{
	struct system_thread *thread = arg;

	thread->run(thread->arg);
	return NULL;
}

int thread_create(pthread_t *ret, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(ret, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? CF_ERR_NOMEM : 0;
}

static int system_start(void *ctx, void (*run)(void *arg), void *arg, void **ret)
{
	struct system_threads *all = ctx;
	struct system_thread *thread = mem_calloc(all->mem, 1, sizeof(*thread));

	if (!thread)
		return CF_ERR_NOMEM;
	thread->run = run;
	thread->arg = arg;
	if (thread_create(&thread->thread, thread_main, thread)) {
		mem_free(all->mem, thread);
		return CF_ERR_NOMEM;
	}
	*ret = thread;
	return 0;
}

static void system_join(void *ctx, void *thread)
{
	struct system_threads *all = ctx;

	pthread_join(((struct system_thread *)thread)->thread, NULL);
	mem_free(all->mem, thread);
}

static void system_lock(void *ctx)
{
	pthread_mutex_lock(&((struct system_threads *)ctx)->lock);
}

static void system_unlock(void *ctx)
{
	pthread_mutex_unlock(&((struct system_threads *)ctx)->lock);
}

static void system_wait(void *ctx)
{
	struct system_threads *all = ctx;

	pthread_cond_wait(&all->changed, &all->lock);
}

static void system_wake(void *ctx)
{
	pthread_cond_broadcast(&((struct system_threads *)ctx)->changed);
}

static void system_close(void *ctx)
{
	struct system_threads *all = ctx;

	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->lock);
	mem_free(all->mem, all);
}

int threads_open(struct sync_threads *threads, const struct sync_threads *given,
		 const struct cf_mem *mem)
{
	struct system_threads *all;

	if (given) {
		*threads = *given;
		return 0;
	}
	all = mem_calloc(mem, 1, sizeof(*all));
	if (!all)
		return CF_ERR_NOMEM;
	all->mem = mem;
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->changed, NULL);
	*threads = (struct sync_threads){.start = system_start,
					 .join = system_join,
					 .lock = system_lock,
					 .unlock = system_unlock,
					 .wait = system_wait,
					 .wake = system_wake,
					 .close = system_close,
					 .ctx = all};
	return 0;
}

void threads_close(struct sync_threads *threads)
{
	if (threads->close)
		threads->close(threads->ctx);
}
