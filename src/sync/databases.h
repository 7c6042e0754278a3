/* The databases of a pool: by name, and in queues. Not locked: pool.c does. */
#ifndef SYNC_DATABASES_H
#define SYNC_DATABASES_H

#include "sync/sync.h"

/* All that is kept of a database on which nobody works. */
struct database {
	char *name;
	struct database *next; /* in its queue */
	enum sync_pool_state state;
	unsigned tries;      /* that failed in a row */
	uint64_t failing_ms; /* since when, by the clock of due_ms */
	uint64_t due_ms;     /* LATER: by a clock that never goes back */
	uint64_t seen;       /* hash of the token that was last seen; 0: none */
	bool again;          /* BUSY: something changed meanwhile */
	bool removed;        /* BUSY: to be forgotten then */
	bool prepared;       /* what must be decided of it was decided */
	bool published;      /* its documents say which versions are served */
};

struct queue {
	struct database *first, *last;
};

struct databases {
	const struct cf_mem *mem;
	struct database **slots; /* by hash of the name; NULL: free */
	size_t cap, count;       /* cap: a power of two, or 0 */
	struct queue fresh, first, later;
};

/* What a pool works with. */
struct pool_about {
	const char *fingerprint; /* of its catalog, as checkpoints have it */
	const struct cf_env *env;
	const struct cf_mem *mem;
};
struct pool_about pool_about(const struct sync_pool *pool);

struct database *databases_find(const struct databases *all, struct cf_str name);
/* A new one, idle; NULL without memory. */
struct database *databases_add(struct databases *all, struct cf_str name);
/* It must be in no queue. */
void databases_remove(struct databases *all, struct database *database);
/* Into the queue of that state, or from one into the other. */
void databases_queue(struct databases *all, struct database *database, enum sync_pool_state state);
/* The next one to be worked on, out of its queue; NULL: none. */
struct database *databases_take(struct databases *all);
bool databases_wait(const struct databases *all); /* some can be worked on now */
/* Those of LATER that are due become FRESH. How long until the next one; 0: there is none. */
uint64_t databases_wake(struct databases *all, uint64_t now_ms);
void databases_fini(struct databases *all);

#endif
