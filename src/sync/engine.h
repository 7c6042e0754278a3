/* A database that is at work: what its steps share. See worker.h for what lives longer. */
#ifndef SYNC_ENGINE_H
#define SYNC_ENGINE_H

#include "sync/worker.h"

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
	bool ended;           /* the last page is on its way */
	char *after;          /* the last key that has landed */
	char *ahead;          /* the last key that was read */
	char *until;          /* the token of the feed where it began */
	uint64_t done, total; /* documents; total: when it began */
	uint64_t spent_ms;    /* by all runs that took part */
	uint64_t mark_ns;     /* up to when that was counted; 0: it begins */
	unsigned changes;     /* batches of the feed since the last page */
};

struct sync {
	const struct cf_mem *mem;
	const struct cf_env *env;
	struct sync_registry *shared;
	struct worker *worker; /* of the thread that takes the steps */
	bool owns_worker;      /* and the registry */
	struct cf_store *store;
	const struct state *state;
	struct sync_options options;
	const struct registry *registry;      /* by what is retired now */
	size_t batch_changes;                 /* now; at least options.batch_changes_max */
	struct cf_arena step;                 /* lives for one step */
	struct flight *flights, *last_flight; /* on their way, the oldest first */
	size_t flight_count;                  /* of those that work */
	struct lanes *lanes; /* NULL: batches are worked on by `worker`, one at a time */
	struct done done;    /* by batches; empty but while it is taken over */
	struct reading reading;
	char *since;              /* the checkpoint's token */
	char *checkpoint_rev;     /* of its record; "": there was none */
	char *landed;             /* the token behind the last change that landed; NULL: none did */
	bool moved;               /* something landed that the stored checkpoint does not know */
	char *ahead;              /* up to where the feed was read */
	char *last_id, *last_rev; /* of the latest change that landed; NULL: of none */
	struct sync_counters counters;
	struct sync_counters before; /* of earlier runs */
	uint64_t echo_salt;
	struct fanout *fanouts;
	size_t fanout_count;
	bool changes_next;  /* after a page of a fan-out */
	char *retired_rev;  /* of the record that says so; "": there is none */
	bool other_retired; /* it says something else by now: read it, and step again */
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
	char **unnamed; /* by type: a document that says it is one, and whose id says nothing */
	size_t unnamed_count;
	bool read_all;      /* the feed was read to its end once */
	bool rebuilding;    /* until then: nobody knows who wrote what is found */
	bool other_catalog; /* than the one of the checkpoint: all is read again */
	int64_t looked_ms;  /* when it last looked for what people asked for; 0: not yet */
};

/* Opens the database that a worker is on (worker_use); all its steps are taken on that
 * worker's thread. */
int sync_open_on(struct sync **ret, struct worker *worker, const struct sync_options *options,
		 struct cf_error *error);

/* --- batches on their way: flight.c ----------------------------------------------------- */

/* A page that was read: its lineages, each lane's apart, are worked on. What it moves of the
 * checkpoint is moved when it and all older ones have landed. */
struct flight {
	enum {
		FLIGHT_CHANGES, /* of the feed */
		FLIGHT_PAGE,    /* of a first reading */
		FLIGHT_OTHER,   /* of neither: the checkpoint stays */
	} kind;
	struct cf_arena arena;
	const struct cf_record *last;  /* of the page */
	struct cf_str token;           /* CHANGES: behind it */
	size_t count;                  /* records of the page */
	struct sync_counters counters; /* of what was read */
	struct facts facts;
	struct task {
		struct flight *flight;
		struct batch batch;
		struct task *next; /* in its lane */
	} * tasks;                 /* one for each lane */
	size_t task_count;
	bool works;  /* some lineages are to be worked on */
	size_t open; /* tasks that are not done; guarded as lanes.c says */
	int rc;      /* of the first that failed */
	struct cf_error error;
	struct flight *next;
};
/* A new one with room for so many lineages. NULL: no memory. */
struct flight *flight_new(struct sync *sync, size_t count_max);
void flight_free(struct sync *sync, struct flight *flight);
/* Adds the lineage of a record that was read, or notes why it has none. */
struct unsupported_list;
int flight_take(struct sync *sync, struct flight *flight, const struct cf_record *record,
		struct unsupported_list *unsupported, struct cf_error *error);
/* A lineage, to the lane that has all its kind. */
int flight_add(struct sync *sync, struct flight *flight, const struct lineage_name *name,
	       struct cf_error *error);
/* Sends it off; it belongs to `sync` then. Older ones land first, until there is room. */
int flight_send(struct sync *sync, struct flight *flight, struct cf_error *error);
/* Waits for the oldest one, and takes over what it did. After an error all others are given
 * up, too: what they did is found done, and all is read again from the checkpoint. */
int flight_land(struct sync *sync, struct cf_error *error);
int flight_land_all(struct sync *sync, struct cf_error *error);
void flight_drop_all(struct sync *sync);
/* Runs a batch when all that is on its way has landed, and waits for it. */
int flight_run(struct sync *sync, const struct batch *batch, struct cf_error *error);

/* --- lanes: lanes.c ---------------------------------------------------------------------- */

/* Starts options.lanes threads. */
int lanes_open(struct lanes **ret, struct sync *sync, struct cf_error *error);
struct lanes *lanes_close(struct lanes *lanes); /* returns NULL; no task may be left */
void lanes_send(struct lanes *lanes, struct flight *flight);
/* Returns when all its tasks are done; adds what was done by any to `sum`. 0 or NOMEM. */
int lanes_wait(struct lanes *lanes, const struct flight *flight, struct done *sum);
/* Whether it is done, and well. */
bool lanes_done(struct lanes *lanes, const struct flight *flight);
/* Tasks that have not begun are left out from now on, or no longer. */
void lanes_skip(struct lanes *lanes, bool skip);

/* --- the rest of a step -------------------------------------------------------------------- */

int checkpoint_load(struct sync *sync, struct cf_error *error);
int checkpoint_save(struct sync *sync, struct cf_str token, struct cf_error *error);
/* Notes that a page has landed with all older ones. 0 or NOMEM. */
int checkpoint_note(struct sync *sync, const struct flight *flight);
/* Saves what was noted. */
int checkpoint_commit(struct sync *sync, struct cf_error *error);
void reading_fini(struct sync *sync);

/* reading.c: nothing is known of the database: notes where its feed stands, and where the
 * reading begins. */
int reading_begin(struct sync *sync, struct cf_error *error);
/* One page: the lineages of its documents. */
int reading_step(struct sync *sync, struct cf_error *error);

/* unsupported.c: documents of versions that are not served, on a batch's way. */
struct unsupported {
	const struct cf_record *record;
	struct cf_str why;   /* begins with the version's name */
	struct cf_str label; /* of its lineage; "" where no version of it is served */
	bool decided;        /* it is on the list no longer with reason */
	struct unsupported *next;
};
/* Documents whose ids say nothing: undecided.c. */
struct undecided {
	const struct cf_record *record;
	bool listed; /* it could not be decided once */
	struct undecided *next;
};
struct unsupported_list {
	struct unsupported *first;
	size_t count;
	uint64_t listed; /* of them: put on the list */
	struct undecided *undecided;
	size_t undecided_count;
	struct undecided *passed; /* over, and their members may say their type: unnamed.c */
	size_t passed_count;
};
/* When all of a page were taken: decides on those whose ids say nothing, by one read of the
 * state and one of the store, and lists what is not served. */
int flight_decide(struct sync *sync, struct flight *flight, struct unsupported_list *unsupported,
		  struct cf_error *error);
int unsupported_add(struct unsupported_list *list, const struct cf_record *record,
		    const struct lineage_name *name, const struct cf_error *why,
		    struct cf_arena *arena);
/* Lists those that say something new; takes off the list those that no longer do. */
int unsupported_take(struct sync *sync, struct unsupported_list *list, struct cf_error *error);

/* unnamed.c: documents of a type of the catalog, by what they say, whose ids say nothing. 0 or
 * NOMEM, but for unnamed_take. */
int unnamed_init(struct sync *sync);
void unnamed_fini(struct sync *sync);
/* A record that is passed over: it may be looked at when the page is read. */
int unnamed_pass(struct sync *sync, struct unsupported_list *list, const struct cf_record *record);
/* What such a document says: told if it is the first of its type. */
int unnamed_note(struct sync *sync, struct cf_str id, struct json_value document);
/* Reads those of the page that are to be looked at, at once. */
int unnamed_take(struct sync *sync, const struct unsupported_list *list, struct cf_error *error);
/* As a member of the checkpoint, with a comma before it; and from there. */
void unnamed_write(const struct sync *sync, struct cf_buf *out);
int unnamed_load(struct sync *sync, struct json_value checkpoint);

/* fanout.c: reads what is pending; then one page of lineages that refer to changed parts. */
int fanout_load(struct sync *sync, struct cf_error *error);
int fanout_note(struct sync *sync, struct cf_str part);
void fanout_drop(struct sync *sync, struct fanout *done);
int fanout_step(struct sync *sync, struct cf_error *error);

/* retired.c: reads the record, and chooses the registry by it. */
int retired_load(struct sync *sync, struct cf_error *error);

/* presence.c: says that we are here, and notices others, when it is time. */
int presence_step(struct sync *sync, struct cf_error *error);

/* retry.c: a page of what people asked to be looked at again; *ret_done: there was some. */
int retry_step(struct sync *sync, bool *ret_done, struct cf_error *error);
/* Asks for all documents of versions that were not served: another catalog may. */
int retry_unsupported(struct sync *sync, struct cf_error *error);

#endif
