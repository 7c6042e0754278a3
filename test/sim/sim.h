/* The simulator of job one: what its files share.
 *
 * One process, no threads, no clock but a virtual one: a seed decides a catalog, a
 * world (apps, shards, engines) and a list of steps. The engine is the real one; its
 * stores are the memory store behind net.c, which has shards, opaque tokens and faults.
 * At the end everything heals, and oracle.c and model.c check the laws. Each step
 * carries a seed of its own, so that shrink.c can drop steps and leave the others as
 * they were.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/base.h"
#include "catalog/catalog.h"
#include "store/store.h"
#include "sync/sync.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	APPS_MAX = 5,
	KEYS = 3,            /* lineages of the main type */
	LINEAGES = KEYS + 1, /* the last one: all shared parts together */
	LEVELS_MAX = 8,      /* versions of an app */
	PLACES_MAX = 4,      /* documents that one app version keeps per thing */
	ATOMS_MAX = 16,
	STEPS_MAX = 64,
	EVENTS_MAX = 64, /* writes of apps: one bit each */
	SHARDS_MAX = 4,
	CLASSES = 16, /* values of one atom that all versions can tell apart */
	FINE = 4,     /* values that the finest version tells apart within one */
	TOKEN_ABSENT = -2,
	TOKEN_GARBAGE = -3,
	UNTOUCHED = -1,
	LISTED_MAX = 256,
};

/* --- catalogs: what the model knows of a catalog (shapes.c, made.c) ------------- */

#define ATTACHMENT "a.txt"

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_TABLE, VALUE_TIME, VALUE_CHOICE, VALUE_DATA };

/* An atom as one version of an app says it. */
struct view {
	bool there;
	bool wrapped; /* [value] */
	uint8_t place;
	uint8_t kind;
	uint8_t shift;   /* TABLE: how many bits of a token this version cannot say */
	char prefix[12]; /* TABLE, TEXT: what stands before the number */
	char pointer[48];
	const char *const *choices; /* CHOICE: JSON texts */
	unsigned choice_count;
};
struct atom_def {
	bool mute;     /* its edits overlap with those of others: only agreement is checked */
	bool loose;    /* values come again: an edit may look like another one */
	bool optional; /* may be absent */
	uint8_t shift_max;
	struct view views[LEVELS_MAX];
};
struct place {
	char type[24];
	unsigned major;
};
struct level {
	struct place places[PLACES_MAX]; /* [0] is the main document */
	size_t place_count;
	const char *members; /* of a new main document: what holds its atoms; NULL: nothing */
};
/* A part that many refer to. */
struct shared_def {
	bool there;
	size_t level; /* the first one that refers to it; older ones embed it */
	char type[24];
	char reference[24]; /* a pointer */
	bool two_majors;    /* in the second one, `name` is called `label` */
};
struct shape {
	struct catalog *catalog;
	char name[48];
	uint64_t made_of; /* the seed of a generated one */
	struct level levels[LEVELS_MAX];
	size_t level_count;
	struct atom_def atoms[ATOMS_MAX];
	size_t atom_count;
	struct shared_def shared;
	bool late_wins; /* conflicts: {late: edit} */
	struct cf_str type_field, version_field;
};

/* The shape that a seed plays with; kept until another one is asked for. */
struct shapes {
	struct shape todo, split, join, lists, made;
};
struct shape *shapes_get(struct shapes *shapes, uint64_t seed);
void shapes_fini(struct shapes *shapes);
int shape_todo(struct shape *shape);
int shape_split(struct shape *shape);
int shape_join(struct shape *shape);
/* Arrays whose elements have a key, and merge one by one. */
int shape_lists(struct shape *shape);
int shape_make(struct shape *shape, uint64_t seed);
/* An attachment of the main document, in all versions. */
void shape_attach(struct shape *shape);

/* The JSON text of a token, as that version says it. */
void view_text(const struct view *view, int token, struct cf_buf *out);
/* The reverse; absent: TOKEN_ABSENT; no such value: TOKEN_GARBAGE. Bits that the version
 * cannot say are 0. */
int view_token(const struct view *view, struct json_value value);

/* --- JSON texts (text.c) ----------------------------------------------------------- */

/* Sets (or removes, where `value` has no ptr) the member at a pointer of names. */
void text_set(struct cf_buf *document, const char *pointer, struct cf_str value);

/* --- steps ------------------------------------------------------------------------- */

enum step_kind {
	STEP_WRITE, /* create, edit or revive */
	STEP_DELETE,
	STEP_SPOIL,  /* an invalid document */
	STEP_SHARED, /* write a shared part */
	STEP_PUSH,
	STEP_PULL,
	STEP_ENGINE,
	STEP_LOSE_CHECKPOINT,
	STEP_LOSE_STATE,
	STEP_CLOCK,
	STEP_RESOLVE, /* people.c */
	STEP_RETRY,
	STEP_REBUILD,
	STEP_KINDS,
};
enum fault {
	FAULT_NONE,
	FAULT_REFUSE,      /* UNAVAILABLE, nothing done */
	FAULT_LATE,        /* done, then UNAVAILABLE */
	FAULT_PART,        /* the first half is done, then UNAVAILABLE */
	FAULT_ANSWERS,     /* the first half is done, the others are answered with FULL */
	FAULT_KILL_BEFORE, /* the engine dies before the operation */
	FAULT_KILL_AFTER,
	FAULT_KILL_PART,
	FAULT_REWIND, /* changes: from the start */
	FAULT_REPEAT, /* changes: some of those before come again */
	FAULT_KINDS,
};
struct step {
	uint8_t kind;
	uint8_t who; /* the app, or the engine */
	uint8_t key;
	uint8_t count; /* ENGINE: steps */
	uint8_t fault; /* ENGINE */
	uint8_t fault_at;
	bool inside; /* runs within the ENGINE step before it ... */
	uint8_t at;  /* ... before its operation of that number */
	uint64_t seed;
};
struct plan_of_run {
	uint64_t seed;
	unsigned lanes;   /* of each engine */
	unsigned planted; /* a fault in the engine: enum planted; 0: none */
	struct step steps[STEPS_MAX];
	size_t count;
};
void steps_make(struct plan_of_run *run);
void step_print(const struct step *step, size_t index, size_t app_count);

/* --- the world ------------------------------------------------------------------------ */

struct world;

struct app {
	struct cf_store *replica;
	size_t level;
};
struct engine {
	struct sync *sync; /* NULL: not running */
	bool ran;          /* in this world */
	bool dead;
	uint64_t read[LINEAGES]; /* events that went into what it read of a lineage */
	bool invalid[LINEAGES];  /* something of it was invalid */
	unsigned operations;     /* since the step began */
	bool hit;                /* by a fault, of which it has not told yet: lanes do later */
	const struct step *step; /* whose faults count; NULL: none */
};
/* What stands behind struct cf_store for one engine and one of its stores. */
struct net {
	struct cf_store store;
	struct world *world;
	struct engine *engine;
	bool state;
	struct state records; /* of that store, where it is the state */
};
/* A write of an app. */
struct event {
	uint8_t lineage, level, app;
	bool deleted;
	bool decided; /* somebody decided on a contested edit: its value comes again */
	char id[64];
	char rev[48];
	uint64_t seen; /* events whose effect its author had before the eyes */
	int16_t changes[ATOMS_MAX];
};
/* What is known of a revision of a document or of a state record. */
struct rev_note {
	uint64_t hash;
	uint64_t events;
	bool invalid;
};
/* A document's place in the feed. */
struct feed_entry {
	char id[64];
	unsigned shard;
	uint64_t seq;
};
/* An entry of the conflict list. */
struct listed {
	char record[160];
	unsigned lineage;
	char kind[8];
	char winner_id[64], winner_rev[48], winner_pointer[64], winner_value[160];
	char loser_id[64], loser_rev[48], pointer[64], value[160];
	bool whole; /* it has both values, versions and revisions */
};

enum { NOTES = 4096, FEED_MAX = 256, TOKENS = 512 };

struct world {
	const struct plan_of_run *run;
	const struct shape *shape;
	bool verbose;
	int law; /* the first one that was broken; 0: none */
	char why[640];
	struct rng rng;
	int64_t now_ms;
	uint64_t monotonic_ns;
	struct cf_env env;
	struct cf_arena arena;
	struct cf_error error;
	struct lens_worker *worker;
	struct cf_store *server, *state;
	struct state records;  /* what stands in `state` */
	struct net nets[2][2]; /* [engine][document store, state] */
	struct engine engines[2];
	struct app apps[APPS_MAX];
	size_t app_count;
	size_t batch_max;
	size_t lanes;
	struct turns *turns; /* NULL: there are no lanes */
	bool faults;         /* false: everything has healed */
	bool state_lost;
	/* feed */
	unsigned shards;
	uint64_t shard_seq[SHARDS_MAX];
	struct feed_entry feed[FEED_MAX];
	size_t feed_count;
	char feed_token[64];
	uint64_t tokens[TOKENS][SHARDS_MAX]; /* what the opaque tokens stand for */
	size_t token_count;
	uint64_t token_salt;
	/* the step that other steps run within */
	const struct step *inside;
	size_t inside_count, inside_next;
	bool nested;
	/* model */
	struct event events[EVENTS_MAX];
	size_t event_count;
	uint8_t classes[LINEAGES][ATOMS_MAX];
	int8_t agreed[KEYS][ATOMS_MAX]; /* the write that stood when all was agreed; -1 */
	bool twins[LINEAGES];           /* two wrote the same revision, each for itself */
	bool buried[LINEAGES];          /* ... and it is a tombstone */
	struct rev_note notes[NOTES];
	struct listed listed[LISTED_MAX];
	size_t listed_count;
};

/* lanes.c: threads that take turns at each store operation, where world->lanes says so. */
void lanes_init(struct world *world, uint64_t seed);
void lanes_options(struct world *world, struct net *nets, struct sync_options *options);
void lanes_yield(struct world *world);
void lanes_fini(struct world *world);

/* Plays a run; *world keeps law and why. The rest is freed. */
void world_play(struct world *world, struct shapes *shapes, const struct plan_of_run *run,
		bool verbose);
/* Notes a broken law; the first one counts. */
void world_fail(struct world *world, int law, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void world_say(const struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void world_do(struct world *world, const struct step *step);
/* Puts into the database, whoever does it: the feed shows what changed. */
int world_put(struct world *world, const struct cf_put *puts, size_t count, struct cf_arena *arena,
	      struct cf_answer *ret, struct cf_error *error);
unsigned world_lineage(const struct world *world, struct cf_str id);
/* "todo-item/k1" */
void world_label(const struct world *world, unsigned lineage, char out[64]);
struct rev_note *world_note(struct world *world, struct cf_str id, struct cf_str rev);
void place_id(const struct place *place, unsigned key, char out[64]);
/* The winner as it stands in a store; revision_count 0: never there. */
struct cf_record world_read(struct world *world, struct cf_store *store, const char *id,
			    unsigned flags);
/* The token of an atom in a revision, read with CF_READ_ATTACHMENTS. */
int revision_token(struct world *world, const struct view *view,
		   const struct cf_revision *revision);
/* Reads JSON; it lives as long as `doc`. */
struct json_value world_json(struct world *world, struct json_doc *doc, struct cf_str text);

/* --- net.c -------------------------------------------------------------------------------- */
/* What its engine knew of the state is forgotten with the engine. */
void net_forget(struct net *net);
void net_open(struct net *net, struct world *world, struct engine *engine, bool state);
void feed_note(struct world *world);

/* --- engines (engines.c) ------------------------------------------------------------------- */
void engine_step(struct world *world, const struct step *step);
void engine_close(struct world *world, struct engine *engine);
/* Without faults, until there is nothing to do; returns the documents written. */
uint64_t engines_settle(struct world *world);
void state_lose(struct world *world, bool all);

/* --- apps (app.c) -------------------------------------------------------------------------- */
void app_write(struct world *world, struct app *app, const struct step *step);
void app_delete(struct world *world, struct app *app, const struct step *step);
void app_spoil(struct world *world, struct app *app, const struct step *step);
void app_shared(struct world *world, struct app *app, const struct step *step);
void app_push(struct world *world, struct app *app, struct rng *rng, unsigned in_100);
void app_pull(struct world *world, struct app *app, struct rng *rng, unsigned in_100);
/* Whoever finds an invalid document in the database mends it; whoever refers to a part
 * that does not exist gets it. */
void apps_mend(struct world *world);

/* --- people.c ------------------------------------------------------------------------------ */
void people_do(struct world *world, const struct step *step);

/* --- checks ---------------------------------------------------------------------------------- */
void heal_and_check(struct world *world);                   /* heal.c */
void oracle_check(struct world *world);                     /* laws 1 and 4 */
bool oracle_blocked(struct world *world, unsigned lineage); /* invalid or incomplete now */
void oracle_check_waiting(struct world *world);             /* laws 7 and 8 */
void model_note_agreed(struct world *world); /* which writes stand, now that all is silent */
void model_check(struct world *world);       /* law 2 */
void listed_collect(struct world *world);

/* --- planted.c ---------------------------------------------------------------------- */
unsigned planted_count(void);
const char *planted_name(unsigned fault);
/* Plants each fault, and looks whether a law breaks within so many seeds. */
int planted_check(struct shapes *shapes, struct world *world);

/* --- shrink.c --------------------------------------------------------------------------------- */
/* Drops what is not needed for the same law to break. */
void run_shrink(struct plan_of_run *run, struct shapes *shapes, int law);

#endif
