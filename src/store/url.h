/* Store URLs: "scheme:path?name=value&...", percent-encoded where it must be. */
#ifndef STORE_URL_H
#define STORE_URL_H

#include "base/base.h"

/* What the embedded stores take from a URL. Strings end with NUL. */
struct store_url {
	struct cf_str path;
	struct cf_str table; /* ptr NULL: not given */
	struct cf_str key;   /* ptr NULL: not given */
	uint64_t revs;       /* 0: not given */
	bool create;
	bool readonly;
	bool couchdb_form; /* form=couchdb */
};

/* Reads all parameters; one that is unknown is USAGE. Strings are in the arena. */
int store_url_read(const char *url, struct cf_arena *arena, struct store_url *ret,
		   struct cf_error *error);
/* The pieces of that, for stores whose URLs are different. */
/* Resolves %XX; ended by a NUL. USAGE or NOMEM. */
int store_url_decode(struct cf_str text, struct cf_arena *arena, struct cf_str *ret,
		     struct cf_error *error);
/* The next "name=value", still encoded; *query is at its "?" or "&", and is moved. */
bool store_url_parameter(const char **query, struct cf_str *ret_name, struct cf_str *ret_value);
int store_url_bool(struct cf_str name, struct cf_str value, bool *ret, struct cf_error *error);
int store_url_revs(struct cf_str value, uint64_t *ret, struct cf_error *error);
/* The length of the scheme, without its colon; 0 where there is none. */
size_t store_url_scheme(const char *url);

#endif
