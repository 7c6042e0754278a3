/* An instance joins a move, and leaves it. */
#include "move/calls.h"

static struct move_calls *calls_new(const struct cf_move *m, const char *instance)
{
	struct move_calls *calls = mem_calloc(&m->mem, 1, sizeof(*calls));
	size_t len = strlen(instance);
	pthread_condattr_t attributes;

	if (!calls)
		return NULL;
	calls->mem = m->mem;
	calls->instance = mem_alloc(&m->mem, len + 1);
	calls->free_workers = mem_calloc(&m->mem, MOVE_WORKERS_MAX, sizeof(struct cf_move *));
	calls->pending = mem_calloc(&m->mem, MOVE_PENDING_MAX, sizeof(*calls->pending));
	if (calls->instance)
		memcpy(calls->instance, instance, len + 1);
	pthread_mutex_init(&calls->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&calls->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	for (size_t i = 0; i < MOVE_STRIPES; i++)
		pthread_mutex_init(&calls->stripes[i], NULL);
	return calls;
}

static void calls_free(struct cf_move *m)
{
	struct move_calls *calls = m->calls;

	for (unsigned i = 0; i < calls->free_count; i++)
		move_worker_close(calls->free_workers[i]);
	for (size_t i = 0; i < calls->pending_count; i++)
		mem_free(&m->mem, (char *)calls->pending[i].key.ptr);
	for (size_t i = 0; i < MOVE_STRIPES; i++)
		pthread_mutex_destroy(&calls->stripes[i]);
	pthread_cond_destroy(&calls->changed);
	pthread_mutex_destroy(&calls->lock);
	mem_free(&m->mem, calls->free_workers);
	mem_free(&m->mem, calls->pending);
	mem_free(&m->mem, calls->instance);
	mem_free(&m->mem, calls);
	m->calls = NULL;
}

static int check_instance(const char *instance, struct cf_error *error)
{
	size_t len = strlen(instance);

	if (len == 0 || len > 100 || strpbrk(instance, "/\"\\\n"))
		return error_set(error, CF_ERR_USAGE,
				 "an instance has a name of 1 to 100 bytes, without / and quotes");
	return 0;
}

int cf_move_join(struct cf_move *m, const char *instance, struct cf_error *error)
{
	int rc = m->calls ? error_set(error, CF_ERR_USAGE, "joined already")
			  : check_instance(instance, error);

	if (rc)
		return rc;
	m->calls = calls_new(m, instance);
	if (!m->calls)
		return error_nomem(error);
	rc = m->calls->instance && m->calls->free_workers && m->calls->pending
		     ? move_keeper_start(m, error)
		     : error_nomem(error);
	if (rc)
		calls_free(m);
	return rc;
}

void cf_move_leave(struct cf_move *m)
{
	if (!m->calls)
		return;
	move_keeper_stop(m);
	calls_free(m);
}

void cf_move_counters(struct cf_move *m, struct cf_move_counters *ret)
{
	*ret = (struct cf_move_counters){0};
	if (!m->calls)
		return;
	pthread_mutex_lock(&m->calls->lock);
	*ret = m->calls->counters;
	ret->stage = m->calls->stage;
	ret->gate = m->calls->gate;
	pthread_mutex_unlock(&m->calls->lock);
}
