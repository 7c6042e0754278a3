/* One request to a server, and what it answers.
 *
 * A `struct http` keeps its connections between requests and belongs to one thread.
 * What went wrong on the way is UNAVAILABLE, NOT_A_STORE where the server cannot be
 * trusted, and the error names request and reason; what the server itself refuses is an
 * answer with its status. Passwords go into headers only: no error can show them.
 * Redirections are followed within the server and nowhere else.
 */
#ifndef COUCHDB_HTTP_H
#define COUCHDB_HTTP_H

#include "store/couchdb/address.h"

struct http;

struct http_request {
	const char *method;
	struct cf_str path; /* behind the prefix, encoded, with its query; ends with NUL */
	struct cf_str body; /* JSON; ptr NULL: none */
	/* Takes a good answer piece by piece, in place of http_answer.body. An answer other
	 * than 0 ends the request and is its result. */
	int (*sink)(void *ctx, const char *bytes, size_t len);
	void *ctx;
	size_t answer_max;   /* bytes of a body that is kept; 0: LIMIT_ANSWER_BYTES */
	unsigned wait_ms;    /* the server was asked to wait so long */
	unsigned give_up_ms; /* end it then, as an answer of status 0; 0: never */
	unsigned limit_ms;   /* end it then, as UNAVAILABLE; 0: never */
};

struct http_answer {
	long status;
	bool sent;     /* the server may have read some of the request */
	char type[48]; /* of the content, "" where it was not said */
	struct cf_buf body;
};

int http_open(struct http **ret, const struct couch_address *address, const struct cf_mem *mem,
	      struct cf_error *error);
struct http *http_close(struct http *http); /* returns NULL */
/* `answer` was made by http_answer_init, and is emptied first. */
int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
	      struct cf_error *error);
void http_answer_init(struct http_answer *answer, const struct cf_mem *mem);
void http_answer_fini(struct http_answer *answer);

/* The error that stands for an answer of status 300 and more, or for one that is no
 * JSON: "POST /db/_bulk_docs: 403 forbidden: REASON". Returns its code. */
int http_refusal(const struct http_request *request, const struct http_answer *answer,
		 struct cf_error *error);
/* The server's "error" and "reason", in the arena; both empty where it is no JSON of
 * CouchDB. A reason may be an object: then its text. 0 or NOMEM. */
int http_reason(const struct http_answer *answer, struct cf_arena *arena, struct cf_str *ret_error,
		struct cf_str *ret_reason);

#endif
