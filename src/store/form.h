/* What a store does to the values of a body, done beforehand. */
#ifndef STORE_FORM_H
#define STORE_FORM_H

#include "json/json.h"

enum form_kind {
	FORM_NONE,       /* bodies come back as they are */
	FORM_COUCHDB,    /* CouchDB 2 and 3 (jiffy) */
	FORM_JAVASCRIPT, /* pouchdb-server: all numbers are doubles */
};

/* As cf_store_ops.form, of a body that was read already. */
int form_of(enum form_kind kind, struct json_value body, struct cf_arena *arena, struct cf_str *ret,
	    struct cf_error *error);
#endif
