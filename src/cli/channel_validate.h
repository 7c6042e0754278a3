/* channel install --validate: what CouchDB is to ask of each document that is written. */
#ifndef CLI_CHANNEL_VALIDATE_H
#define CLI_CHANNEL_VALIDATE_H

#include "catalog/catalog.h"

/* Appends the source of a function for `validate_doc_update`: JavaScript as CouchDB 2 and 3 run
 * it, with the newest schema of each version that the catalog supports. 0 or NOMEM. */
int channel_validate_write(const struct catalog *catalog, const struct cf_mem *mem,
			   struct cf_buf *out);
#endif
