/* Which databases of a server there are, and what was last seen of each: a round lists their
 * names, then looks at all of them, a page at a time. No threads and no clock: scout.c gives
 * it both. Not locked. */
#ifndef SYNC_ROSTER_H
#define SYNC_ROSTER_H

#include "sync/sync.h"

/* Names in one page of a list, and databases that are looked at together. */
enum { ROSTER_NAMES = 1000, ROSTER_LOOKS = 100 };

/* All that is kept of a database. */
struct roster_entry {
	uint64_t token, life; /* hashes of what was last seen */
	bool known;           /* it was looked at, and is there */
	bool hinted;          /* something is said to have changed in it */
	/* It is told once more in the next round: pouchdb-server says that something changed
	 * a moment before its feed tells what, and who looked in between has missed it. */
	bool again;
	char name[]; /* ends with a NUL */
};

struct roster_calls {
	/* As store_server_names and store_server_look. */
	int (*list)(void *ctx, struct store_names *page, struct cf_arena *arena,
		    struct cf_error *error);
	int (*look)(void *ctx, struct store_database *databases, size_t count,
		    struct cf_arena *arena, struct cf_error *error);
	/* Databases that were not known. */
	int (*found)(void *ctx, const struct store_database *databases, size_t count,
		     struct cf_arena *arena, struct cf_error *error);
	/* Something changed in it. */
	int (*changed)(void *ctx, struct cf_str name, struct cf_error *error);
	/* It is not meant any more: others take it. */
	int (*left)(void *ctx, struct cf_str name, struct cf_error *error);
	/* It is there no more; it may be found again in the same step, made anew. */
	int (*gone)(void *ctx, struct cf_str name, struct cf_error *error);
	void *ctx;
};

struct roster {
	const struct cf_mem *mem;
	const struct sync_names *which;
	struct roster_calls calls;
	struct roster_entry **at; /* in the order of names */
	size_t count, cap;
	size_t hinted;   /* how many are */
	bool listing;    /* the first half of a round */
	char *after;     /* listing: the last name; "": none */
	size_t position; /* else: of the next one to be looked at */
	struct cf_arena arena;
};

int roster_init(struct roster *roster, const struct sync_names *which,
		const struct roster_calls *calls, const struct cf_mem *mem);
void roster_fini(struct roster *roster);
/* That database is looked at in the next step, before all others. Names that are not meant
 * are passed over. 0 or NOMEM. */
int roster_hint(struct roster *roster, struct cf_str name);
/* Which databases are meant has changed: those that are not any more are left, and a round begins
 * that finds those that are now. */
int roster_sift(struct roster *roster, struct cf_error *error);
/* The next step begins a round, unless something was hinted at. */
bool roster_between(const struct roster *roster);
/* One request to the server, and what follows from it; *ret_end: with it a round ended. After
 * an error the same step is taken again. */
int roster_step(struct roster *roster, bool *ret_end, struct cf_error *error);

#endif
