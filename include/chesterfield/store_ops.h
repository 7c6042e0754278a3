/* For those who bring a store: the one interface under both jobs.
 *
 * A store holds records: an id, a JSON body, and revisions. All operations work
 * on batches. The contract stands at each field; test/conformance judges a
 * store by it, and `memory` is the reference. A handle is used by one thread at
 * a time; any number of handles, in any number of processes, may be open on the
 * same data.
 *
 * Bodies are JSON objects without the members _id, _rev, _deleted and
 * _attachments: those are fields of the structs below.
 */
#ifndef CHESTERFIELD_STORE_OPS_H
#define CHESTERFIELD_STORE_OPS_H

#include <chesterfield/error.h>
#include <chesterfield/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory that lives until the caller empties the arena. NULL on failure. */
void *cf_arena_alloc(struct cf_arena *arena, size_t size);

enum cf_store_capability {
	CF_STORE_CHANGES = 1,      /* changes */
	CF_STORE_CAS = 2,          /* CF_PUT_ABSENT and CF_PUT_ON_REV hold against others */
	CF_STORE_HISTORIES = 4,    /* revision trees: leaves, histories, CF_PUT_REVISION */
	CF_STORE_TRANSACTIONS = 8, /* one put call lands whole or not at all */
	CF_STORE_ORDERED = 16,     /* scan is in bytewise order of ids */
	CF_STORE_ATTACHMENTS = 32,
	CF_STORE_FIND = 64, /* find */
};

struct cf_attachment {
	struct cf_str name;
	struct cf_str content_type;
	struct cf_str digest; /* as the store names the content; equal digests, equal content */
	uint64_t length;
	struct cf_str data; /* ptr NULL: not read (a stub) */
};

/* One revision of a record. Ids of revisions are "generation-hash". A deleted one
 * (a tombstone) may have a body. */
struct cf_revision {
	struct cf_str rev;
	bool deleted;
	struct cf_str body;           /* ptr NULL: not asked for, or no longer there */
	const struct cf_str *history; /* [0] this revision, [1] its parent, ...; as far back
				       * as the store remembers */
	size_t history_count;
	const struct cf_attachment *attachments;
	size_t attachment_count;
};

/* A record as it is read. revisions[0] is the winner: of the leaves not deleted
 * (or of all, where all are) the one of the highest generation, then of the
 * highest hash, as CouchDB decides. None: there is no such record, or with a code:
 * there is one, but what it holds cannot be said in JSON (INVALID, LIMIT). */
struct cf_record {
	struct cf_str id;
	const struct cf_revision *revisions;
	size_t revision_count;
	int code; /* 0, or why there are no revisions; others are not touched by it */
	struct cf_str message;
};

enum cf_read_flags {
	CF_READ_BODIES = 1,      /* bodies of what is returned */
	CF_READ_LEAVES = 2,      /* all leaves, not only the winner */
	CF_READ_HISTORIES = 4,   /* histories */
	CF_READ_ATTACHMENTS = 8, /* data of attachments; without it they are stubs */
};

struct cf_get {
	struct cf_str id;
	struct cf_str rev; /* empty: the winner, or the leaves; else this one revision */
};

enum cf_put_kind {
	CF_PUT_ANY,      /* over whatever is there */
	CF_PUT_ABSENT,   /* only if there is no record (a tombstone is none) */
	CF_PUT_ON_REV,   /* only on top of `rev`, which must be a leaf */
	CF_PUT_REVISION, /* exactly this revision with this history, as CouchDB's
			  * new_edits=false: never a conflict, may make a branch, and
			  * doing it again changes nothing */
};
struct cf_put {
	struct cf_str id;
	enum cf_put_kind kind;
	struct cf_str rev;            /* ON_REV: the parent; REVISION: the new revision */
	const struct cf_str *history; /* REVISION: [0] is rev, [1] its parent, ... */
	size_t history_count;
	bool deleted;
	struct cf_str body;
	const struct cf_attachment *attachments; /* all that the revision has; with data, or
						  * stubs of what the parent has */
	size_t attachment_count;
};
/* The answer to one put: 0 and the new revision, or CONFLICT, INVALID, LIMIT,
 * FORBIDDEN... and why. One record's refusal does not touch the others. */
struct cf_answer {
	int code;
	struct cf_str rev;
	struct cf_str message;
};

struct cf_scan {
	struct cf_str after;  /* go on behind this id; empty: from the start */
	struct cf_str prefix; /* only ids that begin so */
	size_t limit;         /* at most so many records, > 0 */
	unsigned flags;       /* enum cf_read_flags */
};

struct cf_changes {
	struct cf_str since; /* a token of this store, or empty: from the start */
	size_t limit;
	unsigned wait_ms; /* with nothing to tell: how long to wait for something */
	unsigned flags;   /* enum cf_read_flags */
};
/* A record that changed: each once, at its latest change, deleted ones too. */
struct cf_change {
	struct cf_record record;
	struct cf_str token; /* the feed goes on from here; opaque */
};

struct cf_condition {
	struct cf_str member; /* of the body, at the top */
	struct cf_str value;  /* JSON text, equal by value */
};
struct cf_find {
	const struct cf_condition *conditions; /* all must hold */
	size_t condition_count;
	struct cf_scan scan; /* as in scan */
};

struct cf_store_info {
	uint64_t records; /* not deleted */
	uint64_t records_deleted;
	struct cf_str token; /* of the latest change; in the arena */
};

struct cf_store; /* the first member of an implementation's own struct */

struct cf_store_ops {
	const char *name;      /* what it is called; the scheme where it is opened by a URL */
	unsigned capabilities; /* enum cf_store_capability; those a handle has are in cf_store */

	/* `url` is the whole URL. UNAVAILABLE, NO_DATABASE, UNAUTHORIZED, FORBIDDEN,
	 * LOCKED, READONLY, NOT_A_STORE, NEWER, USAGE (the URL is wrong). */
	int (*open)(struct cf_store **ret, const char *url, const struct cf_env *env,
		    const struct cf_mem *mem, struct cf_error *error);
	void (*close)(struct cf_store *store);
	/* Optional. Opens another table of the place where `store` is, to be used by the
	 * same thread, sharing what they can (one connection, one cache). Sets *ret to
	 * NULL, and answers 0, where `url` names another place. Either may be closed
	 * first. */
	int (*open_beside)(struct cf_store **ret, struct cf_store *store, const char *url,
			   const struct cf_env *env, const struct cf_mem *mem,
			   struct cf_error *error);

	/* The operations below return 0, or say that the call as a whole failed:
	 * UNAVAILABLE, LOCKED, FULL, IO, READONLY, NOMEM, ... Then nothing is known of
	 * what was done (with CF_STORE_TRANSACTIONS: nothing was). Answers are
	 * allocated in the arena. */

	/* ret[i] answers gets[i]. */
	int (*get)(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		   struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);
	/* ret[i] answers puts[i]. The same id twice in a batch: as if one after the other. */
	int (*put)(struct cf_store *store, const struct cf_put *puts, size_t count,
		   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
	/* Records that are not deleted. Fewer than `limit`: that was the end. */
	int (*scan)(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		    struct cf_record **ret, size_t *ret_count, struct cf_error *error);
	/* Changes behind `since`, oldest first; *ret_token is where to go on, also when
	 * there is none. May return early with none. */
	int (*changes)(struct cf_store *store, const struct cf_changes *changes,
		       struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
		       struct cf_str *ret_token, struct cf_error *error);
	int (*find)(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
		    struct cf_record **ret, size_t *ret_count, struct cf_error *error);
	/* How many changes stand behind `since`; an estimate is allowed. */
	int (*behind)(struct cf_store *store, struct cf_str since, uint64_t *ret,
		      struct cf_error *error);
	int (*info)(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		    struct cf_error *error);
};

struct cf_store {
	const struct cf_store_ops *ops;
	unsigned capabilities;
	/* Where it is: the same text however it was named, without a password, what tells
	 * it from others in one file or on one server behind a `?`. Lives as long as the
	 * store. NULL: it does not say. */
	const char *place;
};

#ifdef __cplusplus
}
#endif
#endif
