/* Processes that share the databases of a server without being told who takes which.
 *
 * Each says in the state, every few seconds, that it is at work, and by what: patterns and
 * catalog. Those that work by the same share: a database is taken by the one whose id, hashed
 * with its name, is the greatest, so that when one comes or goes only its own part moves. One is
 * gone when it said goodbye, when its record was seen to stay as it is for a while (clocks are
 * not compared), or when somebody who can look at processes says so. They need not agree at all
 * times: two on one database do no harm. */
#ifndef SYNC_FELLOWS_H
#define SYNC_FELLOWS_H

#include "sync/limits.h"
#include "sync/sync.h"

/* How often it is said, and how long a silence means that nobody is there. */
enum { FELLOWS_BEAT_MS = 5000, FELLOWS_SILENCE_MS = 20000 };

struct fellow {
	uint64_t id, rev; /* hashes of its id, and of the last revision */
	uint64_t seen_ms; /* when that was first seen */
};

struct fellows {
	const struct sync_scout_self
		*self; /* borrowed; host NULL: nothing is said, nothing shared */
	const struct cf_env *env;
	char id[17];
	uint64_t work; /* by what it works; 0: it shares with nobody (--shard) */
	struct fellow others[SYNC_ENGINES_MAX];
	size_t other_count;
	uint64_t members[SYNC_ENGINES_MAX + 1]; /* who shares; ours is the first */
	size_t member_count;
	bool said;
	uint64_t beat_ms;
	int64_t started_ms;
};

/* `catalog`: its fingerprint. */
void fellows_init(struct fellows *fellows, const struct sync_scout_how *how, const char *catalog,
		  const struct cf_env *env);
/* Where it is time: says that we are at work, and looks who else is. *ret_changed: others share
 * than before. `server`: its records in the state. */
int fellows_step(struct fellows *fellows, const struct state *server,
		 const struct sync_scout_counts *counts, bool *ret_changed, struct cf_error *error);
/* Says goodbye. */
int fellows_leave(struct fellows *fellows, const struct state *server, struct cf_error *error);
/* Whether it falls to the first of so many ids. */
bool fellows_ours(const uint64_t *members, size_t count, struct cf_str name);

#endif
