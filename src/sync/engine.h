/* The inside of `struct sync`, shared by feed.c, batch.c and checkpoint.c. */
#ifndef SYNC_ENGINE_H
#define SYNC_ENGINE_H

#include "sync/lineage.h"
#include "sync/sync.h"

struct usage {
	uint64_t writes;
	int64_t last_ms;
	bool dirty;
};

/* A part whose referrers are still to be looked at. */
struct fanout {
	char *part;  /* its label */
	char *after; /* the last reference that was done, "" at first */
	char *rev;   /* of its record; "": to be read */
	bool waiting_only;
	struct fanout *next;
};

struct sync {
	const struct cf_mem *mem;
	const struct cf_env *env;
	const struct catalog *catalog;
	struct cf_store *store, *state;
	struct sync_options options;
	size_t batch_changes; /* now; at least options.batch_changes_max */
	struct registry registry;
	struct bench bench;
	struct cf_arena step;                 /* lives for one step: changes and names */
	char *since;                          /* the checkpoint's token */
	char fingerprint[33];                 /* of the catalog */
	struct sync_counters counters, saved; /* saved: as of the stored checkpoint */
	struct sync_counters before;          /* of earlier runs */
	uint64_t *echoes;    /* hashes of revisions we wrote, which the feed will show */
	struct usage *usage; /* by type index * LIMIT_MAJORS + place among its majors */
	struct fanout *fanouts;
	bool changes_next; /* after a page of a fan-out */
	int64_t looked_ms; /* when it last looked for what people asked for; 0: not yet */
};

/* The lineages of one batch. */
struct batch {
	struct lineage_name *names;
	size_t count, cap;
	size_t *buckets; /* index + 1 by hash of the label */
	size_t bucket_count;
};
int batch_init(struct batch *batch, size_t count_max, struct cf_arena *arena);
/* Adds a lineage unless it is there already. */
int batch_add(struct batch *batch, const struct lineage_name *name);
/* Brings all of them to agreement, or onto a list. */
int batch_run(struct sync *sync, const struct batch *batch, struct cf_error *error);

/* Revisions that this process wrote itself. */
void echo_note(struct sync *sync, struct cf_str id, struct cf_str rev);
bool echo_has(const struct sync *sync, struct cf_str id, struct cf_str rev);

int checkpoint_load(struct sync *sync, struct cf_error *error);
int checkpoint_save(struct sync *sync, struct cf_str token, struct cf_error *error);
void usage_note(struct sync *sync, const struct slot_kind *kind, uint64_t writes);
/* A document of a version that is not served, for the quarantine list. */
int quarantine_document(struct sync *sync, struct cf_str id, const struct cf_error *why,
			struct cf_error *error);

/* fanout.c: reads what is pending; then one page of lineages that refer to a changed
 * part. */
int fanout_load(struct sync *sync, struct cf_error *error);
int fanout_note(struct sync *sync, struct cf_str part);
void fanout_drop(struct sync *sync); /* forgets the first one */
int fanout_step(struct sync *sync, struct cf_error *error);

/* retry.c: a page of what people asked to be looked at again; *ret_done: there was some. */
int retry_step(struct sync *sync, bool *ret_done, struct cf_error *error);

char *text_dup(const struct cf_mem *mem, struct cf_str text);

#endif
