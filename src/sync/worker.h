/* The three lifetimes of job one, from the longest to the shortest:
 *
 * - struct sync_registry: what follows from the catalog; made once, used by all threads.
 * - struct worker: what a thread needs to work, whatever the database: lens machines, tapes,
 *   memory. It knows of a database only what a batch needs.
 * - struct sync (engine.h): a database that is at work. One that is not is a name, in
 *   databases.h.
 */
#ifndef SYNC_WORKER_H
#define SYNC_WORKER_H

#include "sync/limits.h"
#include "sync/lists.h"

#include <pthread.h>
#include <stdatomic.h>

/* --- the registry ----------------------------------------------------------------------- */

/* Which documents hang together while some versions are not served. */
struct served {
	struct registry registry;
	bool *retired; /* by major_index */
	struct served *next;
};

struct sync_registry {
	const struct cf_mem *mem;
	const struct catalog *catalog;
	size_t place_count;                /* of arrays by major_index */
	char fingerprint[33];              /* of the catalog */
	char *support_head, *support_tail; /* around the key in ids of support documents */
	_Atomic uint64_t *echoes; /* hashes of revisions that this process wrote, which feeds will
				   * show */
	_Atomic uint64_t salts;   /* of databases; the last one that was given out */
	pthread_mutex_t lock;     /* of `served` */
	struct served *served;
};
/* CATALOG where the catalog cannot be run. */
int sync_registry_open(struct sync_registry **ret, const struct catalog *catalog,
		       const struct cf_mem *mem, struct cf_error *error);
struct sync_registry *sync_registry_close(struct sync_registry *shared); /* returns NULL */
/* The registry for these retired versions, made where there is none yet. It lives as long as
 * `shared`. Errors as of registry_init. */
int served_get(struct sync_registry *shared, const bool *retired, const struct served **ret,
	       struct cf_error *error);

/* --- a worker --------------------------------------------------------------------------- */

/* Of one version: what the state says, and what came since and is not yet there. */
struct usage {
	uint64_t writes, found;
	int64_t new_writes, new_found;
	int64_t last_ms;
	char *rev; /* of its record; "": there is none */
};

/* What was done by batches, until the database takes it over. */
struct done {
	struct cf_arena arena;
	struct sync_counters counters;
	struct changed_part {
		struct cf_str label;
		struct changed_part *next;
	} * parts;          /* to be handed on */
	bool other_retired; /* another record says which versions are retired */
};

/* What a batch must know of its database. */
struct facts {
	const struct registry *registry;
	const char *retired_rev;   /* of the record that says which versions are not served */
	uint64_t echo_salt;        /* two databases may have the same revisions of the same ids */
	bool read_all, rebuilding; /* as of struct sync */
};

struct worker {
	const struct cf_mem *mem;
	const struct cf_env *env;
	struct sync_registry *shared;
	struct bench bench;
	struct cf_arena step; /* lives for one batch_run */
	struct done done;
	/* Of the database it is on. */
	struct cf_store *store;
	const struct state *state;
	struct facts facts;
	struct usage *usage; /* by major_index */
	bool usage_stale;    /* to be read: what was written may be there or not */
	/* As of sync_options. */
	void (*unlisted)(void *ctx, const struct cf_error *why);
	void *ctx;
};
int worker_open(struct worker **ret, struct sync_registry *shared,
		const struct sync_options *options, const struct cf_env *env,
		struct cf_error *error);
struct worker *worker_close(struct worker *worker); /* returns NULL */
/* Works on that database from now on; borrowed. NULL: on none. */
void worker_use(struct worker *worker, struct cf_store *store, const struct state *state);

void sync_counters_add(struct sync_counters *sum, const struct sync_counters *more);
void sync_counters_sub(struct sync_counters *sum, const struct sync_counters *less);
/* Adds what was done to `sum`, and forgets it. 0 or NOMEM. */
int done_move(struct done *done, struct done *sum);
void done_init(struct done *done, const struct cf_mem *mem);
void done_fini(struct done *done);
/* A part that changed, and is to be handed on. 0 or NOMEM. */
int done_add_part(struct done *done, struct cf_str label);

/* --- a batch ---------------------------------------------------------------------------- */

/* The lineages of one batch, each once. */
struct batch {
	struct lineage_name *names;
	size_t count, cap;
	size_t *buckets; /* index + 1 by hash of the label */
	size_t bucket_count;
};
int batch_init(struct batch *batch, size_t count_max, struct cf_arena *arena);
/* The same for the same lineage, whatever the process. */
uint64_t lineage_hash(const struct lineage_name *name);
/* Adds a lineage unless it is there already. 0 or NOMEM. */
int batch_add(struct batch *batch, const struct lineage_name *name);
/* Brings all of them to agreement, or onto a list, by worker->facts. What was done is added
 * to worker->done, also after an error. */
int batch_run(struct worker *worker, const struct batch *batch, struct cf_error *error);

/* refusal.c: what a store did not take of a batch, for another reason than that somebody
 * was first. */
struct refusal {
	struct cf_str id; /* of the document; empty: it is a note of the state */
	const struct cf_answer *answer;
};
/* The lineage is to be read again; it waits then: name.refused. The answer's code where it
 * is not the lineage's fault. */
enum {
	REFUSAL_ENTRY_ALONE = 2, /* name.refusals: its base was refused beside the entry */
	REFUSAL_GIVEN_UP,        /* the entry as well: it is not listed */
};
int refusal_note(struct worker *worker, struct lineage *lineage, const struct refusal *refusal,
		 struct cf_error *error);
/* What was refused of a part was said in the document `id` of this lineage. 0 or NOMEM. */
int refusal_pass(struct worker *worker, const struct lineage *part, struct lineage *lineage,
		 struct cf_str id);

/* echo.c: revisions that this process wrote itself. */
void echo_note(struct worker *worker, struct cf_str id, struct cf_str rev);
bool echo_has(const struct worker *worker, struct cf_str id, struct cf_str rev);
/* Whether all that is there was written by this process. */
bool echo_is(const struct worker *worker, const struct cf_record *record);

/* usage.c: what the state says; lanes read it when they first need it. In the arena of the
 * step. */
int usage_load(struct worker *worker, struct cf_error *error);
/* Nothing is known of it any more: another database comes. */
void usage_forget(struct worker *worker);
/* What people wrote of a lineage whose base is about to know it; sign -1: it was not taken. */
void usage_note(struct worker *worker, const struct lineage *lineage, int sign);
/* What is to be written with these bases; in the arena of the step. */
struct usage_puts {
	struct state_put *puts;
	struct usage **of; /* as puts */
	size_t count;
};
int usage_puts(struct worker *worker, struct usage_puts *ret, struct cf_error *error);
int usage_answered(struct worker *worker, const struct usage_puts *puts,
		   const struct cf_answer *answers, struct cf_error *error);
/* What no call took so far, on its own. */
int usage_save(struct worker *worker, struct cf_error *error);

/* support.c: which ids are those of support documents. */
int support_init(struct sync_registry *shared);
void support_fini(struct sync_registry *shared);
bool support_is(const struct sync_registry *shared, struct cf_str id);

char *text_dup(const struct cf_mem *mem, struct cf_str text);
/* Puts a copy in a text's place. 0 or NOMEM. */
int text_replace(const struct cf_mem *mem, char **text, struct cf_str with);

#endif
