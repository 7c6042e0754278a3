/* The inside of `struct sync`, shared by feed.c, batch.c and checkpoint.c. */
#ifndef SYNC_ENGINE_H
#define SYNC_ENGINE_H

#include "sync/limits.h"
#include "sync/lists.h"

/* Of one version: what the state says, and what came since and is not yet there. */
struct usage {
	uint64_t writes, found;
	int64_t new_writes, new_found; /* below 0: counted, and then refused */
	int64_t last_ms;
	char *rev; /* of its record; "": there is none */
};

/* A part whose referrers are still to be looked at. */
struct fanout {
	char *part;  /* its label */
	char *after; /* the last reference that was done, "" at first */
	char *rev;   /* of its record; "": to be read */
	bool waiting_only;
	struct fanout *next;
};

/* The first reading of a database, in the order of its keys: reading.c. */
struct reading {
	bool active;
	char *after;          /* the last key that was read */
	char *until;          /* the token of the feed where it began */
	uint64_t done, total; /* documents; total: when it began */
	uint64_t spent_ms;    /* by all runs that took part */
	unsigned changes;     /* batches of the feed since the last page */
};

struct sync {
	const struct cf_mem *mem;
	const struct cf_env *env;
	const struct catalog *catalog;
	struct cf_store *store;
	const struct state *state;
	struct sync_options options;
	size_t batch_changes; /* now; at least options.batch_changes_max */
	struct registry registry;
	struct bench bench;
	struct cf_arena step; /* lives for one step: changes and names */
	struct reading reading;
	char *since;                          /* the checkpoint's token */
	char *checkpoint_rev;                 /* of its record; "": there was none */
	char *last_id, *last_rev;             /* of the latest change taken; NULL: of none */
	char fingerprint[33];                 /* of the catalog */
	struct sync_counters counters, saved; /* saved: as of the stored checkpoint */
	struct sync_counters before;          /* of earlier runs */
	uint64_t *echoes;    /* hashes of revisions we wrote, which the feed will show */
	uint64_t echo_salt;  /* of this database */
	struct usage *usage; /* by type index * LIMIT_MAJORS + place among its majors */
	bool usage_stale;    /* to be read again: what was written may be there or not */
	struct fanout *fanouts;
	bool changes_next; /* after a page of a fan-out */
	bool *retired;     /* versions that are not served, by major_index */
	char *retired_rev; /* of the record that says so; "": there is none */
	bool retired_news; /* it says something else by now: read it, and step again */
	char *support_head, *support_tail; /* around the key in ids of support documents */
	bool support_published;
	char engine_id[17];
	int64_t started_ms;
	uint64_t opened_ms, beat_ms; /* by a clock that never goes back; beat: when it was last
				      * said; 0: not yet */
	bool announced;
	struct other {
		uint64_t id, rev; /* hashes */
		uint64_t seen_ms; /* when it was first seen to say so, by a clock that never goes
				     back */
		bool told;
	} others[SYNC_ENGINES_MAX]; /* runs that were noticed */
	size_t other_count;
	bool read_all;      /* the feed was read to its end once */
	bool rebuilding;    /* until then: nobody knows who wrote what is found */
	bool other_catalog; /* than the one of the checkpoint: all is read again */
	int64_t looked_ms;  /* when it last looked for what people asked for; 0: not yet */
};

struct unsupported_list;

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
/* Adds the lineage of a document that was read, or notes why it has none. */
int batch_take(struct sync *sync, const struct cf_record *record, struct batch *batch,
	       struct unsupported_list *unsupported, struct cf_error *error);
/* Brings all of them to agreement, or onto a list. */
int batch_run(struct sync *sync, const struct batch *batch, struct cf_error *error);

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
int refusal_note(struct sync *sync, struct lineage *lineage, const struct refusal *refusal,
		 struct cf_error *error);
/* What was refused of a part was said in the document `id` of this lineage. 0 or NOMEM. */
int refusal_pass(struct sync *sync, const struct lineage *part, struct lineage *lineage,
		 struct cf_str id);

/* Revisions that this process wrote itself. */
void echo_note(struct sync *sync, struct cf_str id, struct cf_str rev);
bool echo_has(const struct sync *sync, struct cf_str id, struct cf_str rev);
/* Whether all that is there was written by this process. */
bool echo_is(const struct sync *sync, const struct cf_record *record);

/* The latest change that was taken: a store that was restored from an older copy does not
 * have it. */
int checkpoint_note_last(struct sync *sync, const struct cf_record *record);
/* reading.c: nothing is known of the database: notes where its feed stands, and where the
 * reading begins. */
void reading_fini(struct sync *sync);
int reading_begin(struct sync *sync, struct cf_error *error);
/* One page: the lineages of its documents. */
int reading_step(struct sync *sync, struct cf_error *error);
int checkpoint_load(struct sync *sync, struct cf_error *error);
int checkpoint_save(struct sync *sync, struct cf_str token, struct cf_error *error);
/* usage.c */
int usage_load(struct sync *sync, struct cf_error *error);
void usage_forget(struct sync *sync);
/* What people wrote of a lineage whose base is about to know it; sign -1: it was not taken. */
void usage_note(struct sync *sync, const struct lineage *lineage, int sign);
/* What is to be written with these bases; in the arena of the step. */
struct usage_puts {
	struct state_put *puts;
	struct usage **of; /* as puts */
	size_t count;
};
int usage_puts(struct sync *sync, struct usage_puts *ret, struct cf_error *error);
int usage_answered(struct sync *sync, const struct usage_puts *puts,
		   const struct cf_answer *answers, struct cf_error *error);
/* What no call took so far, on its own. */
int usage_save(struct sync *sync, struct cf_error *error);

/* unsupported.c: documents of versions that are not served, on a batch's way. */
struct unsupported {
	const struct cf_record *record;
	struct cf_str why;   /* begins with the version's name */
	struct cf_str label; /* of its lineage; "" where no version of it is served */
	struct unsupported *next;
};
struct unsupported_list {
	struct unsupported *first;
	size_t count;
};
int unsupported_add(struct unsupported_list *list, const struct cf_record *record,
		    const struct lineage_name *name, const struct cf_error *why,
		    struct cf_arena *arena);
/* Lists those that say something new; takes off the list those that no longer do. */
int unsupported_take(struct sync *sync, const struct unsupported_list *list,
		     struct cf_error *error);

/* fanout.c: reads what is pending; then one page of lineages that refer to changed parts. */
int fanout_load(struct sync *sync, struct cf_error *error);
int fanout_note(struct sync *sync, struct cf_str part);
void fanout_drop(struct sync *sync, struct fanout *done);
int fanout_step(struct sync *sync, struct cf_error *error);

/* retired.c: reads the record; whether it is another one than that; the same, and the
 * registry built anew. */
int retired_load(struct sync *sync, struct cf_error *error);
bool retired_changed(struct sync *sync, const struct state_record *record);
int retired_reload(struct sync *sync, struct cf_error *error);

/* support.c: which ids are those of support documents. */
int support_init(struct sync *sync);
void support_fini(struct sync *sync);
bool support_is(const struct sync *sync, struct cf_str id);

/* presence.c: says that we are here, and notices others, when it is time. */
int presence_step(struct sync *sync, struct cf_error *error);

/* retry.c: a page of what people asked to be looked at again; *ret_done: there was some. */
/* Asks for all documents of versions that were not served: another catalog may. */
int retry_unsupported(struct sync *sync, struct cf_error *error);
int retry_step(struct sync *sync, bool *ret_done, struct cf_error *error);

char *text_dup(const struct cf_mem *mem, struct cf_str text);
/* Puts a copy in a text's place. 0 or NOMEM. */
int text_replace(const struct cf_mem *mem, char **text, struct cf_str with);

#endif
