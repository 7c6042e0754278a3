/* Threads, one lock and one condition, behind a struct: the simulator brings its own, in
 * which one thread runs at a time and a seed says which. */
#ifndef SYNC_THREADS_H
#define SYNC_THREADS_H

#include "sync/sync.h"

#include <pthread.h>

/* `given` NULL: those of the system. 0 or NOMEM. */
int threads_open(struct sync_threads *threads, const struct sync_threads *given,
		 const struct cf_mem *mem);
/* All are joined. Nothing happens where none were opened. */
void threads_close(struct sync_threads *threads);

/* A thread that leaves signals to those that were there before. 0 or NOMEM. */
int thread_create(pthread_t *ret, void *(*run)(void *arg), void *arg);

#endif
