/* The public header of sync/: job one. Keeps every document in every supported version.
 *
 * A change walks: store changes -> feed.c, reading.c -> flight.c -> lanes.c -> batch.c,
 * batch_read.c (whole lineages) -> lineage/ (leaves.c: what did people do; agreed.c: what was
 * agreed on; settle.c: who wins; agree.c: what is to be written) -> landing.c (writes) ->
 * flight.c -> checkpoint.c. Nothing here does I/O but through the stores, the clock and the
 * randomness it was given. What lives how long: worker.h.
 */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "catalog/catalog.h"
#include "state/state.h"

struct sync;

/* A run that said that it is at work on a state. Its clock is its own: whether it still is
 * shows in `rev`, which changes each time it says so, every ten seconds. */
struct sync_engine {
	struct cf_str id;
	struct cf_str rev;
	struct cf_str host;
	struct cf_str space; /* in which its pid is the name of a process; "": not said */
	long pid;
	int64_t started_ms;
	int64_t beat_ms; /* when it last said so */
	/* Of one that works on many databases of a server: */
	uint64_t work;             /* by which patterns and catalog, hashed; 0: all by itself */
	uint64_t databases;        /* that are its part */
	uint64_t rounds, round_ms; /* over them: how many, and how long the last one took */
	bool hints;                /* it follows the server's feed of updates */
};
/* One that was watched for so long and said nothing is gone. */
enum { SYNC_SILENCE_MS = 30000 };
/* What somebody who can look at processes knows of an engine. */
enum sync_life { SYNC_LIFE_UNKNOWN, SYNC_ALIVE, SYNC_GONE };

/* Threads, and one lock with one condition: for the simulator. Functions as those of
 * pthreads; `wait` is called with the lock. */
struct sync_threads {
	int (*start)(void *ctx, void (*run)(void *arg), void *arg, void **ret);
	void (*join)(void *ctx, void *thread);
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
	void (*wait)(void *ctx);
	void (*wake)(void *ctx);  /* all that wait */
	void (*close)(void *ctx); /* may be NULL */
	void *ctx;
};

/* A store of documents, and the one that holds their state. */
struct sync_handles {
	struct cf_store *store, *state;
};
/* Handles for the lanes of a database, each opened and closed on the lane's own thread. */
struct sync_lanes {
	int (*open)(void *ctx, size_t lane, struct sync_handles *ret, struct cf_error *error);
	void (*close)(void *ctx, size_t lane, const struct sync_handles *handles);
	void *ctx;
};

struct sync_options {
	size_t batch_changes_max; /* of each lane; 0: the default, 500 */
	/* Threads that work on batches while the next are read: for stores that answer slowly.
	 * 0 or 1: none, the caller's thread does it all. */
	size_t lanes;
	struct sync_lanes handles;          /* with lanes > 1 */
	const struct sync_threads *threads; /* NULL: those of the system */
	unsigned wait_ms; /* how long one step waits for a change; 0: not at all */
	/* To be announced in the state, so that others notice; host NULL: not at all. */
	const char *host;
	const char *space; /* may be NULL */
	long pid;
	/* May be NULL: nothing is known, and only what is seen to change counts. */
	enum sync_life (*life)(void *ctx, const struct sync_engine *engine);
	unsigned announce_after_ms; /* only when it lasts longer than that */
	/* Called once for each other run that is noticed; may be NULL. */
	void (*newcomer)(void *ctx, const struct sync_engine *engine);
	/* A lineage that waits, and that the state does not even list; may be NULL. */
	void (*unlisted)(void *ctx, const struct cf_error *why);
	/* The first document that says it is of a type, while its id says nothing: such are
	 * passed over. Once for each type; may be NULL. */
	void (*unnamed)(void *ctx, const struct catalog_type *type, struct cf_str id);
	void *ctx;
#ifdef CHESTERFIELD_PLANTED
	unsigned planted; /* enum planted: for the simulator */
#endif
};

/* What was done since opening; documents and records, not bytes. */
struct sync_counters {
	uint64_t changes;     /* that were read and have landed, our own among them */
	uint64_t passed_over; /* of types the catalog does not know */
	uint64_t unsupported; /* of versions that are not supported */
	uint64_t lineages;    /* looked at */
	uint64_t documents_written;
	uint64_t records_written; /* into the state store */
	uint64_t conflicts;
	uint64_t quarantined;
	uint64_t incomplete;
	uint64_t support_written; /* documents that tell apps which versions are served */
};

/* UNSUPPORTED_OP where the store has no changes or no revision histories. */
int sync_check_store(const struct cf_store *store, struct cf_error *error);
/* UNSUPPORTED_OP where it cannot hold a state: no preconditions, or no order. */
int sync_check_state(const struct cf_store *state, struct cf_error *error);
/* USAGE where both are one. */
int sync_check_apart(const struct cf_store *store, const struct cf_store *state,
		     struct cf_error *error);
/* Opens job one on a database. All arguments are borrowed until sync_close.
 * CATALOG where the catalog cannot be run; UNSUPPORTED_OP where the store has no
 * changes or no revision histories; USAGE where both stores are one; PRECONDITION where the
 * state is that of another store; else as the stores' operations. */
int sync_open(struct sync **ret, const struct catalog *catalog, struct cf_store *store,
	      const struct state *state, const struct sync_options *options,
	      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error);
struct sync *sync_close(struct sync *sync); /* returns NULL */

/* A schema or lens that says something else than when it was last agreed to. */
struct sync_changed {
	const char *file;    /* borrowed from the catalog */
	struct cf_str type;  /* likewise */
	struct cf_str since; /* when it was agreed to; ISO 8601 */
	uint64_t lineages;   /* of that type; the state knows no others */
};
/* Before sync_open, by who can ask people: what was changed of a catalog in use; texts are
 * in the arena. What is new is none of it. PRECONDITION where the state is of a catalog of
 * another name. */
int sync_catalog_check(const struct state *state, const struct catalog *catalog,
		       struct cf_arena *arena, struct sync_changed **ret, size_t *ret_count,
		       struct cf_error *error);
/* Agrees to all that the catalog says now. Writes nothing where that is no news. */
int sync_catalog_accept(const struct state *state, const struct catalog *catalog,
			const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error);

/* What a run would find, by version. */
struct sync_preview {
	struct cf_str version; /* "todo-item@1" */
	uint64_t documents;    /* that are there */
	uint64_t missing;      /* of things that are there in another version */
	uint64_t waits;        /* of the missing: for a part that is not there */
	uint64_t fails;        /* of the missing: they cannot be made */
	uint64_t invalid;      /* of those that are there, by the catalog's schemas */
	uint64_t differs;      /* say something else than the lens makes of the next newer one,
				* where all parts that it needs are there */
};
struct sync_difference {
	struct cf_str document, newer;
	struct cf_str pointer;          /* the first that differs */
	struct json_value says, should; /* absent: nothing */
};
/* A document that is missing, as a run would make it. */
struct sync_preview_made {
	struct cf_str version;        /* "todo-item@2" */
	struct cf_str document, from; /* its id; that of the document it is made of */
	struct cf_str text;           /* without the id */
	const struct cf_error *fails; /* why it cannot be made; NULL: it can */
};
struct sync_preview_how {
	/* Each that is missing and waits for nothing; non-zero ends with IO. May be NULL. */
	int (*made)(void *ctx, const struct sync_preview_made *made);
	/* Each document that differs; non-zero ends with IO. May be NULL. */
	int (*differs)(void *ctx, const struct sync_difference *difference);
	bool (*go_on)(void *ctx); /* asked after each page; may be NULL */
	void *ctx;
};
/* Reads all documents and writes nothing; rows of all versions of the catalog, in the
 * arena. */
int sync_preview(struct cf_store *store, const struct catalog *catalog,
		 const struct sync_preview_how *how, struct cf_arena *arena,
		 struct sync_preview **ret, size_t *ret_count, struct cf_error *error);

/* Takes one batch: changes, or lineages that a shared part woke. *ret_idle: there
 * was nothing to do. After an error the same step may be taken again; nothing is
 * lost, and what was done already is found done. */
int sync_step(struct sync *sync, bool *ret_idle, struct cf_error *error);
/* Writes the documents schema-support@1:TYPE (support.c) where they say something else.
 * To be called when a run starts; a run that learns of a retired version does so by
 * itself from then on. FORBIDDEN, INVALID: the store does not want them. */
int sync_publish_support(struct sync *sync, struct cf_error *error);
/* Takes the announcement back, at the end of a run. */
int sync_leave(struct sync *sync, struct cf_error *error);
const struct sync_counters *sync_counted(const struct sync *sync);
/* Whether it reads the database for the first time (or for a new version of the catalog):
 * how many documents of how many. */
bool sync_reading(const struct sync *sync, uint64_t *ret_done, uint64_t *ret_total);
/* Changes that stand behind the checkpoint, and documents that are yet to be read. */
int sync_lag(struct sync *sync, uint64_t *ret, struct cf_error *error);

/* --- looking on -------------------------------------------------------------- */

enum sync_list { SYNC_CONFLICTS, SYNC_QUARANTINE, SYNC_INCOMPLETE, SYNC_USAGE, SYNC_FANOUTS };
/* Calls `entry` with the body of each record of a list, in order of ids; its
 * non-zero answer ends the walk and is returned. */
int sync_walk(const struct state *state, enum sync_list list,
	      int (*entry)(void *ctx, struct cf_str id, struct json_value body), void *ctx,
	      const struct cf_mem *mem, struct cf_error *error);

/* An entry of a list. `id` is what the lists show and the functions below take. */
struct sync_entry {
	enum sync_list list;
	struct cf_str id; /* "todo-item/KEY/HASH", "todo-item/KEY", "#DOCUMENT" */
	struct cf_str rev;
	struct json_value body;
};
/* The entry of that id, or the only one whose id begins so; not in conflicts also by
 * the id of the document it speaks of. Texts are in the arena, the body stands on
 * `doc`. NOT_FOUND; USAGE where several begin so. */
int sync_entry_find(const struct state *state, enum sync_list list, struct cf_str id,
		    struct cf_arena *arena, struct json_doc *doc, struct sync_entry *ret,
		    struct cf_error *error);

/* --- deciding ---------------------------------------------------------------- */

enum sync_take {
	SYNC_TAKE_WINNER, /* as it is: only the entry goes */
	SYNC_TAKE_LOSER,  /* its value, or its delete, becomes an edit */
	SYNC_TAKE_VALUE,  /* another value in the loser's place */
};
struct sync_resolve {
	struct cf_str id; /* as sync_entry_find takes it */
	enum sync_take take;
	struct json_value value;       /* SYNC_TAKE_VALUE */
	const struct catalog *catalog; /* NULL, or what the edit must be valid by; needed
					* inside arrays whose elements have a key */
};
struct sync_resolved {
	struct cf_str id;       /* in full */
	struct cf_str document; /* where the loser stood */
	bool written;           /* else it said so already, or the winner was taken */
	struct cf_str rev;
};
/* Decides on a contested atom: writes the edit into the version where the loser was
 * made, on top of what is there, and removes the entry; the next run carries it on.
 * PRECONDITION where the document is gone, or an attachment was contested that was too
 * large to be kept; INVALID
 * where the catalog says so: then nothing was written. */
int sync_conflict_resolve(struct cf_store *store, const struct state *state,
			  const struct sync_resolve *how, struct cf_arena *arena,
			  struct sync_resolved *ret, struct cf_error *error);

/* Asks for another look at what waits in quarantine, which the next step of a run
 * takes, also one that is at work; without a change to the document. `ret` says which
 * entry it was, without its body. */
int sync_quarantine_retry(const struct state *state, struct cf_str id, struct cf_arena *arena,
			  struct sync_entry *ret, struct cf_error *error);
/* The same for all entries; *ret_count also where it failed half way. */
int sync_quarantine_retry_all(const struct state *state, uint64_t *ret_count,
			      const struct cf_mem *mem, struct cf_error *error);
/* Forgets an entry. The documents stay as they are, and are looked at when one of them
 * changes next. */
int sync_quarantine_drop(const struct state *state, struct cf_str id, struct cf_arena *arena,
			 struct sync_entry *ret, struct cf_error *error);

/* A version that is no longer served. */
struct sync_retired {
	struct cf_str version; /* "todo-item@1" */
	struct cf_str at;      /* since when; ISO 8601 */
};
/* All of them; in the arena. */
int sync_retired_read(const struct state *state, struct cf_arena *arena, struct sync_retired **ret,
		      size_t *ret_count, struct cf_error *error);
/* Whether the others can be kept in agreement without this version: PRECONDITION
 * where it is the last of its type that is served, or where a lens between others
 * writes it. 0 also where it is retired already. */
int sync_retire_check(const struct state *state, const struct catalog *catalog,
		      const struct catalog_major *major, const struct cf_mem *mem,
		      struct cf_error *error);
/* Notes that a version is not served from now on, whatever the catalog says: runs
 * honour it at once, those at work too. Lenses still pass through it. Its documents
 * stay as they are. Errors as of sync_retire_check. */
int sync_retire(const struct state *state, const struct catalog *catalog,
		const struct catalog_major *major, const struct cf_env *env, bool *ret_already,
		const struct cf_mem *mem, struct cf_error *error);

/* Documents of one version in the store. */
int sync_version_count(struct cf_store *store, const struct catalog *catalog,
		       const struct catalog_major *major, uint64_t *ret, const struct cf_mem *mem,
		       struct cf_error *error);
struct sync_purged {
	uint64_t deleted;
	uint64_t kept; /* edited since the version was retired: no other one has the edit */
};
struct sync_purge {
	/* Asked after each batch; false: INTERRUPTED. NULL: never asked. */
	bool (*go_on)(void *ctx, const struct sync_purged *so_far);
	void *ctx;
};
/* Deletes the documents of a retired version (PRECONDITION: it is not), leaving
 * tombstones with type and version. May be stopped and called again. */
int sync_purge(struct cf_store *store, const struct state *state, const struct catalog *catalog,
	       const struct catalog_major *major, const struct sync_purge *how,
	       struct sync_purged *ret, const struct cf_mem *mem, struct cf_error *error);

/* How much one version is written by others than the runs themselves. */
struct sync_usage {
	struct cf_str version; /* "todo-item@1" */
	uint64_t writes;       /* documents that others wrote, each time a run took them */
	uint64_t found;        /* of them: were there when the first run began to read, and
				* nobody knows since when */
	int64_t last_ms;       /* when a run took the last write; 0: never */
	bool served;           /* supported by the catalog (NULL: by any), and not retired */
};
/* By type and version; with a catalog also those that nobody wrote. In the arena. */
int sync_usage_read(const struct state *state, const struct catalog *catalog,
		    struct cf_arena *arena, struct sync_usage **ret, size_t *ret_count,
		    struct cf_error *error);

/* All runs that said they are at work on a state, and did not take it back; in the
 * arena. Some may have been killed. */
int sync_engines_read(const struct state *state, struct cf_arena *arena, struct sync_engine **ret,
		      size_t *ret_count, struct cf_error *error);
/* Takes the mark of one that is gone off, unless it says something since it was read. */
int sync_engine_drop(const struct state *state, const struct sync_engine *engine,
		     struct cf_arena *arena, struct cf_error *error);

/* Before sync_open: forgets what was agreed on, so that the run reads everything once
 * and agrees anew; keeps contested edits, retired versions and usage. PRECONDITION
 * while another run says it is at work: see sync_engine_drop. Stopped half way it is pending, and
 * to be done again. */
int sync_rebuild(const struct state *state, uint64_t *ret_forgotten, const struct cf_mem *mem,
		 struct cf_error *error);
int sync_rebuild_pending(const struct state *state, bool *ret, const struct cf_mem *mem,
			 struct cf_error *error);

/* Which databases of a server are meant. */
struct sync_names {
	/* With "*", "?" and "[a-z]" as in names of files; behind a "!": those are not meant. At
	 * least one without. */
	const char *const *patterns;
	size_t count;
	const char *never;      /* the state's own; NULL: none */
	unsigned shard, shards; /* of so many parts this one: 0, 1, ... 0 shards: all */
	/* Who shares them, ours the first: fellows.h. None: nobody else. Borrowed. */
	const uint64_t *members;
	size_t member_count;
};
bool sync_names_have(const struct sync_names *names, const char *name);

struct sync_status {
	bool started;                        /* there is a checkpoint */
	uint64_t behind;                     /* changes behind it */
	int64_t updated_ms;                  /* when it was last written */
	uint64_t changes, documents_written; /* since the first run */
	uint64_t passed_over, unsupported;
	uint64_t conflicts, quarantined, incomplete; /* entries in the lists now */
	uint64_t oldest_incomplete_ms;               /* age; 0: none */
	uint64_t handing_on; /* changed parts whose referrers are not all looked at yet */
	/* The first reading, or that of a new version of the catalog; documents. */
	bool reading;
	uint64_t reading_done, reading_total;
	uint64_t reading_left_ms; /* at the pace up to now; 0: not known yet */
};
int sync_status_read(struct cf_store *store, const struct state *state, const struct cf_env *env,
		     struct sync_status *ret, const struct cf_mem *mem, struct cf_error *error);

/* Documents that say they are of a type, while their ids say nothing, with the first one that
 * was seen; by type. In the arena. */
struct sync_unnamed {
	struct cf_str type, id;
};
int sync_unnamed_read(const struct state *state, struct cf_arena *arena, struct sync_unnamed **ret,
		      size_t *ret_count, struct cf_error *error);

/* --- many databases ------------------------------------------------------------------- */

/* Databases on a few threads: `run` is a pool of one database, or of all that match a name.
 * One that has nothing to do is a name here: no handle, no request, at most 1 KiB. Those with
 * fresh changes come before those that are read for the first time, and none is worked on for
 * long while others wait. All functions may be called from any thread, but not from the
 * functions of `how`.
 *
 * Whoever has databases of a pattern lists them on the server and calls sync_pool_add (state
 * FIRST) for each; calls sync_pool_changed where the server's feed of updates names one, and
 * sync_pool_seen with what a sweep reads of it (an update sequence), because that feed is a
 * hint; and sync_pool_remove where one is gone. */
struct sync_pool;

/* What becomes of a database of which something failed. */
enum sync_pool_after {
	SYNC_POOL_GOES_ON, /* its documents schema-support were refused; all else is done */
	SYNC_POOL_RETRIES, /* after a pause */
	SYNC_POOL_STILL,   /* so too; it failed before, and nothing was achieved since */
	SYNC_POOL_RESTS,   /* until something changes in it */
};
#define SYNC_POOL_FOR_EVER UINT64_MAX
struct sync_pool_how {
	size_t workers; /* threads, > 0; with sync.lanes > 1 each has as many again */
	/* Of each database. `host` only where there is one worker; `handles` are the pool's. */
	struct sync_options sync;
	/* Opens documents and state of a database. Handles of one `place` (0 and up, below
	 * workers * (1 + lanes)) are used by one thread at a time, and `close` takes them back
	 * on the same thread: so a connection can be kept for each place. The name of the
	 * database in the state is `database`, or what the store says where that is empty. */
	int (*open)(void *ctx, size_t place, struct cf_str database, struct sync_handles *ret,
		    struct cf_error *error);
	void (*close)(void *ctx, size_t place, const struct sync_handles *handles);
	/* Before a database is worked on for the first time: what must be decided of its
	 * catalog or state. An error is one of the database. May be NULL. */
	int (*prepare)(void *ctx, struct cf_str database, struct cf_store *store,
		       const struct state *state, struct cf_error *error);
	/* What is wrong with a database. May be NULL. */
	void (*failed)(void *ctx, struct cf_str database, const struct cf_error *error,
		       enum sync_pool_after after);
	/* What may pass is tried again after growing, jittered pauses, for so long before the
	 * database rests. 0: not at all; SYNC_POOL_FOR_EVER. */
	uint64_t patience_ms;
	/* A worker stays with a database that has nothing to do, and waits there for changes
	 * (sync.wait_ms), as long as no other database waits for it. Else sync_pool_changed
	 * must tell. */
	bool follow;
	bool progress; /* asks the store now and then how far behind it is: counts.behind */
	void *ctx;
};
enum sync_pool_state {
	SYNC_POOL_IDLE,  /* nothing to do */
	SYNC_POOL_FRESH, /* something changed */
	SYNC_POOL_FIRST, /* to be read, now or later */
	SYNC_POOL_LATER, /* something failed; it is tried again after a pause */
	SYNC_POOL_BUSY,  /* a worker has it */
};
struct sync_pool_counts {
	size_t databases[SYNC_POOL_BUSY + 1]; /* by state */
	uint64_t slices;                      /* times that a worker took one */
	struct sync_counters sum;             /* of all databases; up to the last step */
	/* Of those that are worked on now. */
	bool reading; /* some are read for the first time: documents */
	uint64_t reading_done, reading_total;
	uint64_t behind; /* changes; as of the last time the store was asked */
};
/* Starts the threads. The catalog and all that `how` names are borrowed until it is closed. */
int sync_pool_open(struct sync_pool **ret, const struct catalog *catalog,
		   const struct sync_pool_how *how, const struct cf_env *env,
		   const struct cf_mem *mem, struct cf_error *error);
/* Returns when each worker has finished its step, and takes no other. */
void sync_pool_end(struct sync_pool *pool);
struct sync_pool *sync_pool_close(struct sync_pool *pool); /* ends it; returns NULL */
/* `state`: IDLE, FRESH or FIRST. A database that is known already changes its state as by
 * sync_pool_changed. */
int sync_pool_add(struct sync_pool *pool, struct cf_str name, enum sync_pool_state state,
		  struct cf_error *error);
/* Something changed in it. NOT_FOUND: it was never added. */
int sync_pool_changed(struct sync_pool *pool, struct cf_str name);
/* What the server says of it now, an opaque token: something changed where it is another one
 * than the last time. The first one says nothing. NOT_FOUND: it was never added. */
int sync_pool_seen(struct sync_pool *pool, struct cf_str name, struct cf_str token);
/* Forgets it; a worker that has it finishes its step first. */
void sync_pool_remove(struct sync_pool *pool, struct cf_str name);
/* Returns when there is nothing to do (true), or after so many milliseconds; 0: whatever it
 * takes. */
bool sync_pool_wait(struct sync_pool *pool, unsigned ms);
void sync_pool_count(struct sync_pool *pool, struct sync_pool_counts *ret);

/* --- whether a version is complete ------------------------------------------------------- */

/* One version of a type, by things: one thing is one key, in whatever versions it is there. */
struct sync_complete {
	struct cf_str version; /* "todo-item@3"; ptr NULL: of this type none was asked for */
	uint64_t made;         /* its document of this version is there */
	uint64_t missing;      /* it is not, and nothing says why: a run will make it */
	uint64_t incomplete;   /* ... because it waits for a part */
	uint64_t invalid;      /* it is in quarantine */
};
struct sync_complete_how {
	struct cf_store *store;
	const struct state *state;
	const struct catalog *catalog;
	const struct catalog_major *const *majors; /* by the type's index; NULL: none */
	bool (*go_on)(void *ctx);                  /* asked after each page; may be NULL */
	void *ctx;
};
/* Reads the ids of all documents. `rows` has one for each type of the catalog. */
int sync_complete_read(const struct sync_complete_how *how, struct sync_complete *rows,
		       struct cf_arena *arena, struct cf_error *error);

/* --- databases of a server --------------------------------------------------------------- */

/* Keeps a pool told of the databases of a server: those that are there, that come, change and
 * go. It looks at all of them in rounds, which keep the server busy for no more than a quarter
 * of its time, and follows the server's feed of updates, where there is one, which tells of a
 * change at once. What the state knows of a database that was deleted is erased. Where several
 * processes work on the same databases they share them. Two threads, a connection each, one more
 * for the state. */
struct sync_scout;

/* Who works on them, for others to see. */
struct sync_scout_self {
	const char *host;  /* NULL: nobody is told, and nobody shares the work */
	const char *space; /* may be NULL */
	long pid;
	/* As sync_options.life. */
	enum sync_life (*life)(void *ctx, const struct sync_engine *engine);
	void *ctx;
};
struct sync_scout_how {
	const char *url, *state_url; /* of the server, as of store_server_open; of a store */
	struct sync_names names;
	bool hints; /* follow the feed of updates */
	struct sync_scout_self self;
	/* What is wrong with the server, or cannot be had there; by any thread. May be NULL. */
	void (*told)(void *ctx, const struct cf_error *error);
	void *ctx;
};
struct sync_scout_counts {
	size_t databases;
	uint64_t rounds;   /* that have ended */
	uint64_t round_ms; /* of the last one */
	bool hints;        /* the feed of updates is there */
};
/* All that `how` names, and the pool, are borrowed until it is closed. */
int sync_scout_open(struct sync_scout **ret, struct sync_pool *pool,
		    const struct sync_scout_how *how, struct cf_error *error);
struct sync_scout *sync_scout_close(struct sync_scout *scout); /* returns NULL */
/* Returns when so many rounds have ended (true), or after so many milliseconds. */
bool sync_scout_wait(struct sync_scout *scout, uint64_t rounds, unsigned ms);
void sync_scout_count(struct sync_scout *scout, struct sync_scout_counts *ret);

#endif
