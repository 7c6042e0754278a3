/* For those who bring a store: the one interface under both jobs.
 *
 * A store holds records: an id, a body, and revisions. All operations work
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
	CF_STORE_FIND = 64,          /* find */
	CF_STORE_SORTED = 128,       /* scan is in the order that `keys` declares */
	CF_STORE_WALK = 256,         /* walk, for stores without any order */
	CF_STORE_NOTES = 512,        /* notes, forget, cf_put.notes, CF_PUT_NOTES */
	CF_STORE_FENCES = 1024,      /* cf_put.fence, CF_PUT_UNFENCED */
	CF_STORE_TIMEOUTS = 2048,    /* set_timeout */
	CF_STORE_EXPIRY = 4096,      /* cf_put.expires_ms */
	CF_STORE_BYTES = 8192,       /* cf_put.raw: bodies that are no JSON */
	CF_STORE_FRESH_REVS = 16384, /* a revision of a record that is gone never comes back */
	CF_STORE_CHECK = 32768,      /* check */
	CF_STORE_PROMPT = 65536,     /* what a call has not done when it ends is never done */
};

/* How ids compare, one kind for each column of the key. */
enum cf_key_kind {
	CF_KEY_TEXT,   /* bytewise */
	CF_KEY_NUMBER, /* decimal numbers by value; what is none stands behind them, bytewise */
};
enum { CF_KEY_COLUMNS_MAX = 16 };
/* The key's columns. The id of a key of one column is that column's value as text; of
 * several a JSON array of strings and numbers without white space: ["DE",12]. */
struct cf_keys {
	size_t count; /* 0: the ids have no order that is known here */
	enum cf_key_kind kinds[CF_KEY_COLUMNS_MAX];
};
/* <0, 0, >0 as `a` stands before, at or behind `b`: the same in every store whose keys
 * are of these kinds, so that two scans can be merged. Ids that are not of the form
 * stand behind all others, bytewise. */
int cf_keys_compare(const struct cf_keys *keys, struct cf_str a, struct cf_str b);

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
	bool raw;           /* the body is bytes, not JSON */
	int64_t expires_ms; /* since 1970; the record is gone from then on. 0: it stays */
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
	CF_PUT_UNFENCED, /* only if there is neither a record nor a fence */
	CF_PUT_NOTES,    /* no record: only the notes. The id and body are empty */
};

/* What a job keeps beside the records, in a table of its own in the same place: intents,
 * marks, the outcome of a hand-over. A note has a key and a value, both bytes. */
enum cf_note_kind {
	CF_NOTE_SET,
	CF_NOTE_CREATE,  /* only if there is none of this key */
	CF_NOTE_REPLACE, /* only if its value is `was` */
	CF_NOTE_REMOVE,  /* whether there is one or not */
};
struct cf_note {
	enum cf_note_kind kind;
	struct cf_str key;   /* 1 to 4096 bytes */
	struct cf_str value; /* at most 1 MiB */
	struct cf_str was;
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
	/* Written with the record in one step, or not at all: a put that is refused leaves
	 * no note, and a note that is refused (CONFLICT) leaves the record as it was. */
	const struct cf_note *notes;
	size_t note_count;
	/* With `deleted`: leaves a fence, also where there was no record. It stands until
	 * `forget`, or where the fence is a tombstone until a record stands there again. */
	bool fence;
	bool raw; /* the body is bytes, not JSON */
	int64_t expires_ms;
};
/* The answer to one put: 0 and the new revision, or CONFLICT, INVALID, LIMIT,
 * FORBIDDEN... and why. One record's refusal does not touch the others. UNCERTAIN: it is
 * not known whether it was done. */
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
	/* A token of this store's changes: whose latest change is behind it may be left
	 * out, by stores to which that is cheap. Empty, or no token that is known: none. */
	struct cf_str until;
};

/* One page of all records, in any order. */
struct cf_walk {
	struct cf_str cursor; /* where the page before ended, as it was told; empty: the start */
	size_t limit;         /* about so many, > 0 */
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
	/* Handles that are worth using at once, by a job that can: several where each call
	 * waits for a server. 0: one. */
	unsigned lanes;

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
	 * UNAVAILABLE, LOCKED, FULL, IO, READONLY, NOMEM, ... Then with
	 * CF_STORE_TRANSACTIONS nothing was done; without, nothing is known of what was.
	 * UNCERTAIN: all of the put may have been done, and without CF_STORE_PROMPT may even
	 * be done later (the answer to a COMMIT can be lost): read, before doing it again. Answers
	 * are allocated in the arena. */

	/* ret[i] answers gets[i]. */
	int (*get)(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		   struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);
	/* ret[i] answers puts[i]. The same id twice in a batch: as if one after the other. */
	int (*put)(struct cf_store *store, const struct cf_put *puts, size_t count,
		   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
	/* Records that are not deleted, in order (CF_STORE_ORDERED: bytewise;
	 * CF_STORE_SORTED: as `keys` says). `after` need not be there. Fewer than `limit`:
	 * that was the end. */
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
	/* Optional. The form in which the store gives a body back, whatever it does to it:
	 * CouchDB makes doubles of some numbers. What is compared, hashed or remembered
	 * before it is put must be that, or what was agreed on and what is stored differ for
	 * ever. Asks nobody. *ret is the body itself where nothing changes, else in the
	 * arena; of what came back it changes nothing. INVALID or LIMIT, with the pointer:
	 * the store would refuse the body, or drop a part of it without a word; so does
	 * `put`. NULL: bodies come back as they were put, by value. */
	int (*form)(struct cf_store *store, struct cf_str body, struct cf_arena *arena,
		    struct cf_str *ret, struct cf_error *error);
	/* A page of all records. Whatever is there from the first page to the last comes
	 * at least once; other records may come, and some twice. *ret_cursor is empty
	 * behind the last page; a page may be empty before that. A cursor is good for
	 * another handle too. */
	int (*walk)(struct cf_store *store, const struct cf_walk *walk, struct cf_arena *arena,
		    struct cf_record **ret, size_t *ret_count, struct cf_str *ret_cursor,
		    struct cf_error *error);
	/* Notes in bytewise order of their keys; of `scan` its after, prefix and limit. */
	int (*notes)(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		     struct cf_note **ret, size_t *ret_count, struct cf_error *error);
	/* Removes all notes and fences, and what they lie in. */
	int (*forget)(struct cf_store *store, struct cf_error *error);
	/* From the next call on each gives up after so many milliseconds: UNAVAILABLE where
	 * nothing was done, else UNCERTAIN. 0: as the store was opened. */
	int (*set_timeout)(struct cf_store *store, unsigned ms, struct cf_error *error);
	/* Answers as `put` would, and changes nothing. */
	int (*check)(struct cf_store *store, const struct cf_put *puts, size_t count,
		     struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
};

struct cf_store {
	const struct cf_store_ops *ops;
	unsigned capabilities;
	/* Where it is: the same text however it was named, without a password, what tells
	 * it from others in one file or on one server behind a `?`. Lives as long as the
	 * store. NULL: it does not say. */
	const char *place;
	struct cf_keys keys;
	/* Which of the stores that stood at that place one after the other: another text
	 * where it was deleted and made anew. A handle serves one; of the next its changes
	 * are refused, PRECONDITION. Lives as long as the store. NULL: it does not say. */
	const char *life;
};

#ifdef __cplusplus
}
#endif
#endif
