/* The public header of state/: what the jobs note beside the data.
 *
 * One state store serves all databases of a server. A record is of a kind (the table
 * below), belongs to a database, and has up to two names. What its id looks like is
 * known to id.c alone:
 *
 *   DATABASE/KIND             one record of that kind
 *   DATABASE/KIND/NAME        "documents/base/todo-item/ab8e"
 *   DATABASE/KIND/HASH/OTHER  "documents/reference/3kx0Aq-Zd1P/todo-item/ab8e"
 *
 * The first of two names stands there as 64 bits of its hash, in base64url: many others
 * have the same. In the database "/" and "%" are percent-encoded, and so is a "_" that it
 * begins with, which CouchDB keeps for itself. A name of more than STATE_NAME_BYTES is cut, a
 * hash stands in for the rest, and the record has it in full (members `full_name`,
 * `full_other`, which readers do not see). So an id fits whenever the ids of the documents
 * do. Bodies of bases are kept short: template.h.
 *
 * The road: state.h -> records.c (get, put, pages) -> id.c, template.c; lease.c and
 * templates.c stand on records.c.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "store/store.h"

/*        kind        in the id      names  what it holds                           listed rebuild
 */
#define STATE_KINDS(X)                                                                             \
	X(CHECKPOINT, "checkpoint", 0, "how far the feed was read, and counters", false, false)    \
	X(REBUILDING, "rebuilding", 0, "a rebuild was begun and has not ended", false, false)      \
	X(CATALOG, "catalog", 0, "which catalog is in use, and what it said since when", false,    \
	  false)                                                                                   \
	X(RETIRED, "retired", 0, "versions that are no longer served", false, false)               \
	X(BASE, "base", 1, "what a lineage last agreed on", false, true)                           \
	X(CONFLICT, "conflict", 1, "an edit that had to give way", true, false)                    \
	X(QUARANTINE, "quarantine", 1, "a lineage or document that something is wrong with", true, \
	  true)                                                                                    \
	X(INCOMPLETE, "incomplete", 1, "a lineage that waits for a document", true, true)          \
	X(REFERENCE, "reference", 2, "NAME, a shared part, is referred to by OTHER", false, true)  \
	X(WAITING, "waiting", 2, "NAME, a shared part, is waited for by OTHER", false, true)       \
	X(FANOUT, "fanout", 1, "a changed part whose referrers are to be looked at", true, true)   \
	X(RETRY, "retry", 1, "a person asked to look at a lineage again", false, true)             \
	X(USAGE, "usage", 1, "how much others write of a version", true, false)                    \
	X(ENGINE, "engine", 1, "a run that is at work", false, false)                              \
	X(LEASE, "lease", 1, "who alone may do something, as long as he says so", false, false)    \
	X(TEMPLATE, "template", 1, "what many records have in common: template.h", false, false)

#define X(kind, word, names, holds, listed, rebuild) STATE_##kind,
enum state_kind { STATE_KINDS(X) STATE_KIND_COUNT };
#undef X

struct state_kind_info {
	const char *word;
	unsigned names; /* 0, 1 or 2 */
	const char *holds;
	bool listed; /* people see its records: the lists */
	bool forgotten_by_rebuild;
};
const struct state_kind_info *state_kind_info(enum state_kind kind);

/* The longest name in an id. With a database of as many bytes, a kind and two names, of
 * which the first may be all slashes, it stays below LIMIT_ID_BYTES. */
#define STATE_NAME_BYTES 400

/* The records of one database. */
struct state {
	struct cf_store *store; /* borrowed */
	struct cf_str database; /* as ids begin: encoded, a slash behind it */
	const struct cf_mem *mem;
	struct templates *templates; /* of one thread; NULL: records are written as they are */
};

/* The name under which stands what belongs to a server and to none of its databases, none of
 * which can be called so. */
#define STATE_SERVER STR("_server")

/* `database` empty: "documents". 0 or NOMEM. */
int state_init(struct state *state, struct cf_store *store, struct cf_str database,
	       const struct cf_mem *mem);
void state_fini(struct state *state);
/* The same records by another handle, for another thread. 0 or NOMEM. */
int state_init_like(struct state *state, const struct state *like, struct cf_store *store);
/* What a store of documents is called where it is: what its `place` has behind "?NAME=" or
 * "?".
 * "documents" where it does not say. Borrowed from the store. */
struct cf_str state_database_of(const struct cf_store *documents);

/* --- reading ---------------------------------------------------------------------- */

struct state_key {
	enum state_kind kind;
	struct cf_str name; /* not looked at where the kind has none */
	struct cf_str other;
};

/* A record as it was read. */
struct state_record {
	struct cf_str name, other; /* in full; of a get: as they were asked for. Of a page the
				    * first of two names is the range's */
	struct cf_str rev;         /* empty: there is no such record */
	struct cf_str body;        /* a JSON object */
	struct cf_str id;          /* in the store; for errors */
};
static inline bool state_exists(const struct state_record *record)
{
	return record->rev.len > 0;
}

/* Reads the body of a record that exists. SYNTAX, with the record's id, where it is damaged:
 * it was written as JSON. */
int state_read(const struct state_record *record, struct json_doc *doc, struct cf_error *error);
/* For those who read it themselves: `rc`, which reading said, with the record's id. */
int state_damaged(const struct state_record *record, int rc, struct cf_error *error);

/* One request; ret[i] answers keys[i]. All in the arena. */
int state_get(const struct state *state, const struct state_key *keys, size_t count,
	      struct cf_arena *arena, struct state_record *ret, struct cf_error *error);
/* The same for a single one. */
int state_get_one(const struct state *state, struct state_key key, struct cf_arena *arena,
		  struct state_record *ret, struct cf_error *error);

/* Which records of a kind: all, or of two names those of one first name; of these only
 * those whose last name begins with `begin`, behind `after`. In the order of their ids. */
struct state_range {
	enum state_kind kind;
	struct cf_str name;  /* kinds of two names: the first one; ptr NULL: any, and then no
			      * `begin` */
	struct cf_str from;  /* any first name: from this one on, behind its `after` */
	struct cf_str begin; /* of the last name */
	struct cf_str after; /* go on behind this last name; empty: from the first */
	size_t limit;        /* of a page; 0: STATE_PAGE */
};
enum { STATE_PAGE = 500 };
/* One page; fewer than the limit: that was the end. */
int state_page(const struct state *state, const struct state_range *range, struct cf_arena *arena,
	       struct state_record **ret, size_t *ret_count, struct cf_error *error);

/* All pages, one after the other:
 *   state_pages_init(&pages, state, &range, mem);
 *   while ((rc = state_pages_next(&pages, error)) > 0)
 *           ... pages.records[0 .. pages.count) and pages.arena until the next page
 *   state_pages_fini(&pages); */
struct state_pages {
	const struct state *state;
	struct state_range range;
	struct cf_arena *arena; /* of this page; the caller may use it */
	struct state_record *records;
	size_t count;
	struct cf_arena arenas[2]; /* by turns: a page goes on behind the last one's last id */
	struct cf_str behind;
	bool end;
};
void state_pages_init(struct state_pages *pages, const struct state *state,
		      const struct state_range *range, const struct cf_mem *mem);
/* 1: a page with at least one record; 0: there are no more; else an error. */
int state_pages_next(struct state_pages *pages, struct cf_error *error);
void state_pages_fini(struct state_pages *pages);

/* --- writing ---------------------------------------------------------------------- */

struct state_put {
	struct state_key key;
	struct cf_str id; /* of a record of a page: state_record.id. Else empty: as `key` says */
	enum cf_put_kind condition; /* CF_PUT_ANY, _ABSENT or _ON_REV */
	struct cf_str rev;          /* ON_REV */
	struct cf_str body;         /* a JSON object; ptr NULL: the record goes */
};
/* One request; ret[i] answers puts[i]: 0, or why this one was refused. */
int state_put(const struct state *state, const struct state_put *puts, size_t count,
	      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
/* A refusal of any of them is an error. */
int state_put_all(const struct state *state, const struct state_put *puts, size_t count,
		  struct cf_arena *arena, struct cf_error *error);
/* The same for a single one; *ret_rev, which may be NULL, is its revision. */
int state_put_one(const struct state *state, const struct state_put *put, struct cf_arena *arena,
		  struct cf_str *ret_rev, struct cf_error *error);
/* Takes away all that the state holds of this database; *ret_count, which may be NULL,
 * also after an error. */
int state_erase(const struct state *state, uint64_t *ret_count, const struct cf_mem *mem,
		struct cf_error *error);

/* --- ids, for those who look at the store itself ----------------------------------- */

/* The id of a record. ptr NULL: no memory. */
struct cf_str state_id(const struct state *state, struct state_key key, struct cf_arena *arena);
/* Whether it is the id of a record of this kind and database. */
bool state_id_is(const struct state *state, enum state_kind kind, struct cf_str id);

/* --- a state of the first format ---------------------------------------------------- */

/* Whether the store holds one: its ids did not begin with a database. */
int state_former_exists(const struct state *state, struct cf_arena *arena, bool *ret,
			struct cf_error *error);
/* Takes conflicts, usage and retired versions over, and takes all else away. May be
 * stopped and called again. */
int state_former_take_over(const struct state *state, struct cf_arena *arena,
			   struct cf_error *error);

/* --- leases ------------------------------------------------------------------------ */

/* Who alone may do something, as long as he says so. Whether another one still says so is
 * judged by what is seen to change, never by comparing clocks: a lease whose record stays
 * as it is for `ttl_ms` of our own clock, which never goes back, has run out. */
struct state_lease {
	struct cf_str name, holder; /* borrowed */
	uint64_t ttl_ms;            /* to be said again well before */
	bool held;
	uint64_t until_ms; /* held: so long, by our clock, if it is not said again */
	char rev[256];     /* of the record as it was last seen */
	uint64_t seen_ms;  /* when it was first seen so */
	char other[128];   /* who holds it instead; cut where longer */
};
/* Takes the lease, says it again, or notes who has it: lease->held. `now_ms` is of a
 * clock that never goes back. Not an error: another one has it. */
int state_lease_step(const struct state *state, struct state_lease *lease, uint64_t now_ms,
		     struct cf_arena *arena, struct cf_error *error);
/* Gives it back. Nothing happens where it is not ours. */
int state_lease_release(const struct state *state, struct state_lease *lease,
			struct cf_arena *arena, struct cf_error *error);

#endif
