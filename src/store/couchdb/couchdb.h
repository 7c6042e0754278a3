/* Inside the driver: what its files share.
 *
 * A call walks: put.c or get.c or walk.c or changes.c (what is to be asked, in which
 * requests) -> write.c (documents as text) -> server.c (one request, its answer judged)
 * -> http.c (the wire); and back by split.c (answers cut into elements) and read.c
 * (elements as records).
 */
#ifndef COUCHDB_COUCHDB_H
#define COUCHDB_COUCHDB_H

#include "store/couchdb/http.h"
#include "store/couchdb/split.h"
#include "store/form.h"
#include "store/store.h"

/* What one server can do, found out by asking it and not by its version. */
enum couch_yes { COUCH_UNKNOWN, COUCH_NO, COUCH_YES };

/* A connection to a server, shared by the stores of one thread (open_beside). */
struct couch_server {
	struct http *http;
	unsigned handles;
	struct cf_mem mem;
	/* _bulk_get without a revision answers all leaves; else open_revs is asked for each
	 * document. */
	enum couch_yes bulk_leaves;
	/* Sequences are small numbers (CouchDB 1, pouchdb-server): such servers do not end
	 * a longpoll by themselves, and take a token that is none. */
	enum couch_yes numbers;
	enum form_kind form; /* what it does to bodies */
};

struct couch_store {
	struct cf_store store;
	struct couch_server *server;
	struct cf_arena arena;        /* of the address */
	struct couch_address address; /* of this database */
	struct json_doc doc, row;     /* tapes, kept warm */
	struct cf_buf text;           /* the request that is made */
	struct cf_buf rest;           /* what the last answer said around its elements */
	struct cf_buf path;
	struct cf_buf place, life;
	uint64_t timeout_ms;  /* of one call; 0: none but the address's */
	uint64_t deadline_ns; /* of this call, by the clock that never goes back; 0: none */
	const struct cf_env *env;
	struct cf_mem mem;
	size_t batch_docs;     /* documents in one request; 0: the most */
	struct cf_buf checked; /* numbers: the token that is known to be of this database */
};

/* --- couchdb.c: handles ---------------------------------------------------------------- */

/* Of no database yet. NULL: no memory. */
struct couch_store *couch_store_new(const struct cf_env *env, const struct cf_mem *mem);
void couch_store_free(struct couch_store *store);
/* Its address was read. `beside`: whose connection is shared; NULL: a new one, over which a
 * CouchDB must answer. */
int couch_store_connect(struct couch_store *store, struct couch_store *beside,
			struct cf_error *error);

/* --- server.c: requests --------------------------------------------------------------- */

struct couch_request {
	const char *method;
	bool root;          /* the path is the server's, not the database's */
	bool raw;           /* the answer is bytes, not JSON */
	struct cf_str body; /* ptr NULL: none */
	/* Each element of the answer's array; NULL: the answer is kept in `answer`. */
	int (*element)(void *ctx, struct cf_str text);
	/* Where the request may be sent again after a failure on the way: forgets the elements
	 * that came. NULL: it must not, or there are none. */
	void (*restart)(void *ctx);
	bool repeatable; /* the same without elements */
	void *ctx;
	unsigned wait_ms, give_up_ms;
	size_t answer_max;
	struct http_answer *answer; /* may be NULL; statuses of `let` come back in it */
	const long *let;            /* refusals that are no errors here; ends with 0 */
	struct json_doc *rest;      /* where there are elements: what stands around them, read */
};

/* store->path holds the path behind the database's (or the root's, or the prefix), with
 * its query. Refusals are errors; so is an answer that is no JSON. *ret_status (may be
 * NULL) is that of the answer, 0 where the wait was given up. */
int couch_call(struct couch_store *store, const struct couch_request *request, long *ret_status,
	       struct cf_error *error);
/* Each operation begins with it: the time that set_timeout gave starts to run, and as much
 * as the server is asked to wait. */
void couch_begin(struct cf_store *store, unsigned wait_ms);
/* Starts store->path: printf. */
int couch_path(struct couch_store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends "name=" and the encoded value. */
int couch_parameter(struct couch_store *store, const char *name, struct cf_str value);

int couch_server_open(struct couch_server **ret, const struct couch_address *address,
		      const struct cf_mem *mem, struct cf_error *error);
void couch_server_drop(struct couch_server *server);
/* GET of the database's own information; its tape stands on `answer`, which the caller
 * made and ends. */
int couch_database_info(struct couch_store *store, struct http_answer *answer, struct json_doc *doc,
			struct cf_error *error);
/* When the database was made, which tells one from the next of its name; ends with a NUL.
 * Empty where the server does not know: CouchDB 2 says "0", and a server that numbers its
 * changes when it was started. 0 or NOMEM. */
int couch_read_life(const struct couch_store *store, struct json_value info, struct cf_buf *out);
/* PRECONDITION where the database was deleted and made anew since it was opened. */
int couch_check_life(struct couch_store *store, struct cf_error *error);
/* Asks once whether _bulk_get answers leaves. */
int couch_server_probe(struct couch_store *store, struct cf_error *error);

/* What a sequence is as a token: a number's text, or a string's content. 0 or NOMEM. */
int couch_read_token(struct json_value seq, struct cf_arena *arena, struct cf_str *ret);

/* --- read.c: elements as records ------------------------------------------------------- */

/* A document's text as a revision, by `flags` (enum cf_read_flags). `text` must live in
 * the arena. INVALID where it is none. */
int couch_read_revision(struct json_value document, unsigned flags, struct cf_arena *arena,
			struct cf_revision *ret, struct cf_error *error);
/* Puts the winner first, the others in order behind it. */
void couch_sort_leaves(struct cf_revision *leaves, size_t count);
/* The data of the attachments of what was read. */
int couch_read_attachments(struct couch_store *store, struct cf_record *record,
			   struct cf_arena *arena, struct cf_error *error);
struct couch_gets {
	const struct cf_get *gets;
	size_t count;
	unsigned flags;
	struct cf_arena *arena;
	struct cf_error *error;
};
/* As couch_get, within another operation and in its time. */
int couch_read(struct couch_store *store, const struct couch_gets *what, struct cf_record *ret);
int couch_get(struct cf_store *base, const struct cf_get *gets, size_t count, unsigned flags,
	      struct cf_arena *arena, struct cf_record *ret, struct cf_error *error);

/* --- write.c: documents as text ---------------------------------------------------------- */

/* Appends the document of a put: by an ordinary edit (on top of `parent`, which may be
 * empty), or as exactly this revision with its history. */
int couch_write_edit(const struct cf_put *put, struct cf_str parent, struct cf_buf *out);
int couch_write_revision(const struct cf_put *put, struct cf_buf *out);
int couch_put(struct cf_store *base, const struct cf_put *puts, size_t count,
	      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);

/* --- walk.c, changes.c ---------------------------------------------------------------------- */

int couch_scan(struct cf_store *base, const struct cf_scan *scan, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error);
int couch_find(struct cf_store *base, const struct cf_find *find, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error);
/* As couch_info, within another operation and in its time. */
int couch_read_info(struct couch_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		    struct cf_error *error);
int couch_info(struct cf_store *base, struct cf_arena *arena, struct cf_store_info *ret,
	       struct cf_error *error);
int couch_changes(struct cf_store *base, const struct cf_changes *changes, struct cf_arena *arena,
		  struct cf_change **ret, size_t *ret_count, struct cf_str *ret_token,
		  struct cf_error *error);
int couch_behind(struct cf_store *base, struct cf_str since, uint64_t *ret, struct cf_error *error);

#endif
