/* Job one as the command runs it: a pool, how it opens stores, and what it says of them. */
#ifndef CLI_FOLLOWING_H
#define CLI_FOLLOWING_H

#include "cli/cli.h"
#include "cli/engines.h"
#include "cli/many.h"
#include "sync/sync.h"

#include <pthread.h>

struct following {
	struct cli *cli;
	struct catalog *catalog;
	struct sync_pool *pool;  /* NULL: it was not opened */
	pthread_mutex_t lock;    /* of what is said, and of: */
	struct cf_error failure; /* what is to end it; code 0: nothing yet */
	bool *unnamed;           /* by type: it was told that documents say it without an id */
	char host[256];
	char space[CLI_SPACE_BYTES];
	struct many *many;        /* --db: databases of a server; NULL: one database */
	struct sync_scout *scout; /* with it: who looks for them */
};

/* Opens the catalog and a pool that takes the database of --store; of `sync` the size of
 * batches and the lanes. `wait_s`: how long --once waits for a store that is away. `following` is
 * the caller's, and stays where it is. */
int following_open(struct following *following, struct cli *cli, const struct sync_options *sync,
		   uint64_t wait_s, struct cf_error *error);
/* The same of all databases that `many` means, which is the caller's, too. */
int following_open_many(struct following *following, struct many *many,
			const struct sync_options *sync, struct cf_error *error);
/* Ends it; what was done in all. */
void following_close(struct following *following, struct sync_pool_counts *ret);
/* What is wrong, so that it is to end: its code, else 0. */
int following_failure(struct following *following, struct cf_error *error);
/* Around what other threads must not say at the same time. */
void following_lock(struct following *following);
void following_unlock(struct following *following);

/* Names what was changed of the catalog in use: how many files. */
int cli_tell_changed(struct cli *cli, const struct state *state, const struct catalog *catalog,
		     size_t *ret_count, struct cf_error *error);

#endif
