/* Playing a history: apps of all versions write one thing, an engine brings it to
 * agreement, and after each time the model says what must stand and be listed. */
#ifndef OUTCOME_PLAY_H
#define OUTCOME_PLAY_H

#include "make.h"
#include "store/store.h"
#include "sync/sync.h"
#include "thing.h"

enum { PEOPLE_MAX = 4, MOVES_MAX = 40, LISTED_ENTRIES_MAX = 256, NODES_MAX = 512, DIGESTS_MAX = 8 };

enum move_kind {
	MOVE_SAVE,
	MOVE_DELETE,
	MOVE_TOUCH,
	MOVE_PUSH,
	MOVE_PULL,
	MOVE_ENGINE,
	MOVE_GROW,
	MOVE_RESOLVE,
	MOVE_REBUILD,
	/* acts.c: only where a game has them */
	MOVE_RETIRE,
	MOVE_PURGE,
	MOVE_LOSE_STATE,
	MOVE_COPY,
	MOVE_RETRY,
	MOVE_DROP,
	MOVE_KINDS
};
struct move {
	enum move_kind kind;
	unsigned who;
	uint64_t seed;
};
struct game {
	uint64_t seed;
	bool ideal; /* no engine: what the model says is written */
	struct move moves[MOVES_MAX];
	size_t count;
};
/* A revision that somebody saved, or that the store showed. */
struct node {
	size_t version;
	struct cf_str rev;
	struct node *parent;
	const struct value *document; /* NULL: deleted, or never read */
	bool pushed;
};
struct person {
	size_t version;
	struct node *at; /* what the app shows; NULL: nothing */
	struct node *pending[MOVES_MAX];
	size_t pending_count;
};
enum deviation {
	DEVIATION_NONE,
	DEVIATION_DOCUMENTS,
	DEVIATION_LIST,
	DEVIATION_QUARANTINE,
	DEVIATION_STOPS,
	DEVIATION_KINDS
};
/* How the database is kept, and read by the engine. */
struct setting {
	bool sqlite;
	unsigned revs; /* that it remembers of a document; 0: the default */
	size_t batch_max;
	unsigned lanes; /* 0: one */
	bool mixed;     /* the feed tells in another order */
	bool shadow;    /* all that is saved is saved of another thing, too */
};
/* One side of an entry, and an entry, as lists have it. */
struct side {
	size_t version;
	struct cf_str rev, pointer;
	const struct value *value; /* NULL: taken away */
};
struct entry {
	struct side loser, winner;
	const char *kind;
	struct cf_str id;
};
struct entries {
	struct table *table;
	struct entry at[LISTED_ENTRIES_MAX];
	size_t count;
};
struct tape; /* tape.h */

struct table {
	/* set by who opens it */
	const struct game *game;
	bool tells;
	struct tape *tape;    /* what happens is noted; may be NULL */
	bool keeps_decisions; /* nobody decides on entries */
	bool keeps_state;     /* nobody has it built anew */
	bool twin;            /* another one is there, too */
	/* all else is the table's */
	struct setting setting;
	struct cf_str key; /* of the thing */
	struct made made;
	struct chain chain;
	size_t versions; /* that there are by now */
	struct cf_arena arena;
	struct thing *thing;
	struct person people[PEOPLE_MAX];
	size_t people_count;
	struct node *nodes[NODES_MAX];
	size_t node_count;
	struct cf_str digests[DIGESTS_MAX], digest_data[DIGESTS_MAX]; /* of attachments */
	size_t digest_count;
	char file[64]; /* of an SQLite store; empty: there is none */
	struct cf_store *server, *state;
	struct cf_store *feed; /* the server, as the engine sees it */
	struct state records;  /* of the database, in the state store */
	struct sync *sync;
	struct cf_env env;
	int64_t now_ms;
	struct rng rng;
	struct cf_str listed[LISTED_ENTRIES_MAX]; /* what the model says, so far */
	size_t listed_count;
	struct losers losers;   /* of the last agreement */
	struct cf_buf line;     /* the history, for outcome.py */
	bool grows;             /* versions are added while it plays */
	bool dropped;           /* the entry in quarantine, and nothing has come since */
	struct leaf_list *copy; /* of the database; NULL: none was taken */
	unsigned agreements, contested;
	enum deviation deviation;
	char why[2048];
};

void game_make(struct game *game, uint64_t seed);
/* Some moves become acts of people. */
void game_add_acts(struct game *game);
void game_print(const struct game *game);
/* Plays; deviation and why stay in *table, the rest is freed. `line` (may be NULL) gets
 * the history as one line of JSON. */
void game_play(const struct game *game, struct table *table, bool tells, struct cf_buf *line);

/* The same in parts. A change (may be NULL) is made before anything is opened. */
struct change {
	void (*make)(const struct change *change, struct table *table);
	const void *ctx;
};
void table_open(struct table *table, const struct change *change);
void table_play(struct table *table);
void table_close(struct table *table);
/* Opens the database, and the engine's way to it. */
void table_open_server(struct table *table);
void table_close_server(struct table *table);
/* Opens the state, empty if nobody else has it open. */
void table_open_state(struct table *table);
void table_lanes(struct table *table, struct sync_options *options);
/* Adds the next version; false: the lens to it does not take what is agreed. */
bool table_grow(struct table *table);

void table_say(const struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_fail(struct table *table, enum deviation deviation, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct node *table_node(struct table *table, size_t version, struct cf_str rev);

/* server.c */
void server_put(struct table *table, struct node *node);
void server_read(struct table *table, struct leaf_list *ret);
/* The bytes of an attachment that the store showed; ptr NULL: of none. */
struct cf_str server_data_of(const struct table *table, struct cf_str digest);
const struct value *server_body(void *ctx, size_t version, struct cf_str rev);
/* The same leaves in a new database. */
void server_restore(struct table *table, const struct leaf_list *copy);
/* What the model says, written as an engine would. */
void server_write_ideal(struct table *table, const struct leaf_list *leaves);

/* judge.c: runs the engine, and compares. */
void table_agree(struct table *table);
void table_close_engine(struct table *table);
/* Nothing is in quarantine. */
bool table_is_clean(struct table *table);
/* The list of conflicts as it is; memory: the table's. */
void table_entries(struct table *table, struct entries *ret);
struct cf_str table_print_entry(struct table *table, const struct entry *entry);
/* A person decides on an entry of the list: on any one, or on this. */
void table_resolve(struct table *table, struct rng *rng);
void table_decide(struct table *table, const struct entry *entry, bool take_loser);
/* What was agreed on is forgotten, by the engine and by the model. */
void table_rebuild(struct table *table);

/* Nothing is agreed on any more; what is listed stays. */
void table_forget(struct table *table);

/* acts.c */
void table_act(struct table *table, enum move_kind act, struct rng *rng);

/* tell.c: the history for outcome.py. */
void tell_start(struct table *table);
void tell_grow(struct table *table);
void tell_node(struct table *table, const struct node *node);
void tell_agreement(struct table *table, const struct leaf_list *before, bool taken,
		    const struct leaf_list *after);
void tell_end(struct table *table);

#endif
