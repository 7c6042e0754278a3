/* Cuts an answer into the elements of its array while it arrives.
 *
 * CouchDB's large answers are one array, at the top or as a member of the object at the
 * top: {"total_rows":3,"rows":[...]}. Each element is handed over as text when it is
 * complete, so that no answer is ever in memory whole. What stands around the array is
 * kept as it is, with the array empty. Only as much of JSON is looked at as this needs:
 * whoever takes an element reads it, and the rest, strictly.
 */
#ifndef COUCHDB_SPLIT_H
#define COUCHDB_SPLIT_H

#include "base/base.h"

struct split {
	/* `text` is lent for the call; ptr NULL: larger than LIMIT_DOCUMENT_BYTES. An answer
	 * other than 0 ends it all. */
	int (*element)(void *ctx, struct cf_str text);
	void *ctx;
	struct cf_buf part; /* the element that arrives */
	struct cf_buf rest;
	unsigned depth;
	bool in_string, escaped;
	bool in_array; /* the array has begun, and not ended */
	bool done;     /* it has ended: another one is part of the rest */
	bool oversize; /* of the part */
};

void split_init(struct split *split, int (*element)(void *ctx, struct cf_str text), void *ctx,
		const struct cf_mem *mem);
void split_fini(struct split *split);
/* 0, what `element` answered, LIMIT (the rest is too large) or NOMEM. Fits
 * http_request.sink, with the split as its ctx. */
int split_feed(void *split, const char *bytes, size_t len);
/* Whether all that was opened was closed. */
bool split_complete(const struct split *split);

#endif
