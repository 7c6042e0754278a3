/* The door of store/: opening stores by URL, and the stores that wrap a store. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "json/json.h"

#include <chesterfield/store_ops.h>

/* Opens by the URL's scheme:
 *   sqlite:FILE                a table of documents with ids, revisions, changes
 *   sqlite:FILE?table=T        the table of documents of that name; in the file of
 *                              another program one is made only where T begins
 *                              with "chesterfield-"
 *   sqlite:FILE?table=T&key=K  the rows of a table that is there, as records: their
 *                              ids are column K, or the primary key. No changes, no
 *                              histories; never made, never altered
 *   postgres://...?table=T&key=K
 *                              the same of a table of PostgreSQL; store/postgres/table.h
 *   memory:NAME                shared by all handles of that name in this process
 *   memory:NAME?form=couchdb   does to bodies what CouchDB does (cf_store_ops.form)
 * The parameters create=0|1 (default 1), revs=N (revisions remembered, default
 * 1000) and readonly=1 are understood by stores that have use for them. Proves
 * that each capability has its functions (else BUG). Errors name the URL
 * without its password. */
int store_open(struct cf_store **ret, const char *url, const struct cf_env *env,
	       const struct cf_mem *mem, struct cf_error *error);
/* As store_open with create=0: what is not there is an error. */
int store_open_existing(struct cf_store **ret, const char *url, const struct cf_env *env,
			const struct cf_mem *mem, struct cf_error *error);
/* As store_open, for a store that the thread that uses `beside` is to use too: where
 * both are in one place they share a connection. */
int store_open_beside(struct cf_store **ret, struct cf_store *beside, const char *url,
		      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error);
struct cf_store *store_close(struct cf_store *store); /* returns NULL */

/* Handles that are worth using at once: cf_store_ops.lanes, at least 1. */
unsigned store_url_lanes(const char *url);
/* The URL with "***" for the password. */
int store_url_redact(const char *url, struct cf_buf *out);
/* The length of a parameter's name that says "password" or the like, in any spelling; 0:
 * `text` does not begin with one. */
size_t store_url_secret_name(const char *text);
/* The URL of the state store that goes with a store of documents: table
 * chesterfield-state in the same SQLite file, and so on. */
int store_url_state(const char *url, struct cf_buf *out, struct cf_error *error);

/* As the fields of cf_store_ops; UNSUPPORTED_OP where the store lacks them. */
int store_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
	      struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);
int store_put(struct cf_store *store, const struct cf_put *puts, size_t count,
	      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int store_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int store_changes(struct cf_store *store, const struct cf_changes *changes, struct cf_arena *arena,
		  struct cf_change **ret, size_t *ret_count, struct cf_str *ret_token,
		  struct cf_error *error);
int store_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int store_behind(struct cf_store *store, struct cf_str since, uint64_t *ret,
		 struct cf_error *error);
int store_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
	       struct cf_error *error);

/* The body itself where the store keeps what it is given. */
int store_form(struct cf_store *store, struct cf_str body, struct cf_arena *arena,
	       struct cf_str *ret, struct cf_error *error);

/* Stores that scan in order walk by that. */
int store_walk(struct cf_store *store, const struct cf_walk *walk, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_str *ret_cursor,
	       struct cf_error *error);
int store_notes(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		struct cf_note **ret, size_t *ret_count, struct cf_error *error);
int store_forget(struct cf_store *store, struct cf_error *error);
int store_check(struct cf_store *store, const struct cf_put *puts, size_t count,
		struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
int store_set_timeout(struct cf_store *store, unsigned ms, struct cf_error *error);

/* --- servers of many databases ----------------------------------------------- */

/* A server of CouchDB's protocol, http://HOST:PORT with the parameters of a store. Used by
 * one thread at a time, over one connection. */
struct store_server;
/* UNSUPPORTED_OP where the URL is of a store that has no databases. */
int store_server_open(struct store_server **ret, const char *url, const struct cf_env *env,
		      const struct cf_mem *mem, struct cf_error *error);
struct store_server *store_server_close(struct store_server *server); /* returns NULL */
/* Whether it is the URL of a server, without a database. */
bool store_server_is(const char *url);
/* The URL of one of its databases. 0 or NOMEM. */
int store_server_url(const char *url, struct cf_str database, struct cf_buf *out);

/* A page of the names of all databases, in bytewise order. */
struct store_names {
	struct cf_str after; /* go on behind this name; empty: from the first */
	size_t limit;        /* > 0 */
	/* The answer; fewer than the limit: that was the end. */
	struct cf_str *names;
	size_t count;
};
int store_server_names(struct store_server *server, struct store_names *page,
		       struct cf_arena *arena, struct cf_error *error);

/* What the server says of a database. */
struct store_database {
	struct cf_str name;
	/* Another one after each change, else opaque; of changes as those of cf_changes, but not
	 * always the same text. Empty: there is no such database. */
	struct cf_str token;
	struct cf_str life; /* as cf_store.life; empty: the server does not say */
};
/* Fills what is said of each name; a hundred in one request, where the server does that. */
int store_server_look(struct store_server *server, struct store_database *databases, size_t count,
		      struct cf_arena *arena, struct cf_error *error);

/* Databases in which something changed, were made or deleted: a hint, since the server
 * forgets some, and says others twice. */
struct store_updates {
	struct cf_str since; /* a token of this feed; empty: from now on */
	unsigned wait_ms;    /* with nothing to tell */
	/* The answer. */
	struct cf_str *names;
	size_t count;
	struct cf_str token; /* where to go on */
};
enum { STORE_UPDATES_MAX = 1000 };
/* UNSUPPORTED_OP, with words for people, where the server has no such feed for this user. */
int store_server_updates(struct store_server *server, struct store_updates *updates,
			 struct cf_arena *arena, struct cf_error *error);

/* --- revisions ------------------------------------------------------------- */

/* The number before the dash; 0 where it is not a revision id. */
uint64_t revision_generation(struct cf_str rev);
/* "generation-hash", with a zero byte behind it. 0 or NOMEM. */
int revision_format(uint64_t generation, struct cf_str hash, struct cf_arena *arena,
		    struct cf_str *ret);
/* "generation-hash(parent, deleted, content)": the same for whoever concludes the
 * same. Equal content by value gives equal ids. `parent` may be empty. */
int revision_make(struct cf_str parent, bool deleted, struct json_value content,
		  const struct cf_attachment *attachments, size_t attachment_count,
		  struct cf_arena *arena, struct cf_str *ret);
/* Order of leaves: >0 where a wins over b. */
int revision_compare(struct cf_str a, bool a_deleted, struct cf_str b, bool b_deleted);

/* --- documents as CouchDB writes them -------------------------------------- */

enum document_fields {
	DOCUMENT_PLAIN, /* _id, _rev, _deleted and _attachments; all else is the body's */
	DOCUMENT_EDIT,  /* what CouchDB only tells is dropped: _revisions, _revs_info,
			 * _conflicts, _deleted_conflicts, _local_seq */
	DOCUMENT_AS_IS, /* so too, but the put is of kind REVISION, with the history that
			 * _revisions says; INVALID where neither it nor _rev is there */
};
/* Splits {"_id":…,"_rev":…,"_deleted":…,"_attachments":…, …} into a put (ON_REV
 * where it has a _rev, else ANY) whose body is the rest, byte for byte. INVALID
 * without _id, or with members of a wrong kind. Strings are in the arena or
 * borrowed from the text. */
int document_split(struct json_value document, enum document_fields fields, struct cf_arena *arena,
		   struct cf_put *ret, struct cf_error *error);
/* The reverse: one line without its newline. `_revisions` is there where the revision
 * has a history. `_attachments` are stubs, or with their data in base64. */
int document_join(struct cf_str id, const struct cf_revision *revision, struct cf_buf *out);

/* --- stores that wrap a store (they own it: closing closes both) ------------ */

/* Each call, with its time and answer, to `line`. */
int store_trace(struct cf_store **ret, struct cf_store *inner,
		void (*line)(void *ctx, const char *text), void *ctx, const struct cf_env *env,
		const struct cf_mem *mem);
/* At most so many records a second, by `wait`, which a test replaces. */
int store_throttle(struct cf_store **ret, struct cf_store *inner, double records_per_second,
		   void (*wait)(void *ctx, uint64_t ns), void *ctx, const struct cf_env *env,
		   const struct cf_mem *mem);
/* Tries a retryable failure again, with growing, jittered pauses. */
struct store_retry {
	unsigned tries_max;
	unsigned pause_ms_first;
	unsigned pause_ms_max;
	void (*wait)(void *ctx, uint64_t ns);
	void *ctx;
};
int store_retry(struct cf_store **ret, struct cf_store *inner, const struct store_retry *how,
		const struct cf_env *env, const struct cf_mem *mem);
/* Faults for tests: asked before each call what is to happen to it. */
enum store_fault {
	STORE_FAULT_NONE,
	STORE_FAULT_REFUSE,      /* UNAVAILABLE, nothing done */
	STORE_FAULT_LOSE_ANSWER, /* done, then UNAVAILABLE; a put: UNCERTAIN */
	STORE_FAULT_PART,        /* only the first half of a put is done, then UNAVAILABLE */
	STORE_FAULT_REWIND,      /* changes: from the start, whatever `since` says */
};
int store_fault(struct cf_store **ret, struct cf_store *inner,
		enum store_fault (*ask)(void *ctx, const char *operation), void *ctx,
		const struct cf_mem *mem);

#endif
