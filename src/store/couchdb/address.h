/* Where a CouchDB is, and how to speak to it: what a URL says.
 *
 *   http://USER:PASSWORD@HOST:PORT/PREFIX/DATABASE?NAME=VALUE&...
 *
 * Of the path the last segment is the database; what stands before is the path under
 * which a proxy has the server. Parameters: create, readonly and revs as everywhere;
 * auth=basic|cookie|proxy (how USER is shown), roles=A,B (with auth=proxy), ca=FILE
 * (who is trusted to vouch for the server), timeout=SECONDS (of silence).
 */
#ifndef COUCHDB_ADDRESS_H
#define COUCHDB_ADDRESS_H

#include "base/base.h"

enum couch_auth {
	COUCH_AUTH_NONE,
	COUCH_AUTH_BASIC,
	COUCH_AUTH_COOKIE,
	COUCH_AUTH_PROXY, /* the password is the token that the proxy's secret makes */
};

/* Strings end with NUL. */
struct couch_address {
	struct cf_str origin;   /* "http://host:5984": scheme, host and port always there */
	struct cf_str prefix;   /* "" or "/couch", encoded */
	struct cf_str database; /* decoded */
	struct cf_str path;     /* "/database", encoded */
	struct cf_str user, password;
	enum couch_auth auth;
	struct cf_str roles;
	struct cf_str ca;
	unsigned timeout_s;
	uint64_t revs; /* 0: not given */
	bool create, readonly;
};

/* USAGE where it is no such URL. */
int couch_address_read(const char *url, struct cf_arena *arena, struct couch_address *ret,
		       struct cf_error *error);
/* Whether both are spoken to over one connection. */
bool couch_address_same_server(const struct couch_address *a, const struct couch_address *b);
/* Appends with all but A-Z a-z 0-9 - _ . ~ as %XX: CouchDB takes "+" in a path for a
 * space. */
int couch_encode(struct cf_str text, struct cf_buf *out);

#endif
