/* Inside the room: the member `_revisions` of documents. */
#ifndef STORE_DOCUMENT_H
#define STORE_DOCUMENT_H

#include "store/store.h"

/* {"start": N, "ids": [hash, parent's hash, ...]} as rev and history of `ret`. Where
 * `ret` has a rev already it must be the same. INVALID at /_revisions. */
int document_history_read(struct json_value revisions, struct cf_arena *arena, struct cf_put *ret,
			  struct cf_error *error);
/* The member with its comma before it. */
int document_history_write(const struct cf_revision *revision, struct cf_buf *out);

#endif
