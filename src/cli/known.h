/* Versions that the members for type and version do not tell: they have ids of their own, or
 * `recognise` tells them. As conditions of Mango, in the form that PouchDB's own reading of it
 * gets right, too: one $or of terms, each an $and of conditions on members and id; no $ne, and
 * no condition on a member that may be absent under a negation. */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "catalog/catalog.h"

struct known_list {
	const struct catalog_major **majors;
	size_t count;
};

/* { "_id": ... }: ids of the catalog's grammar. A failed buffer says NOMEM. */
void known_write_ids(const struct catalog *catalog, struct cf_buf *out);
/* A term for each way in which a document is of that version, each after ",\n      ". */
void known_write(const struct catalog *catalog, const struct catalog_major *major,
		 struct cf_buf *out);
/* The same for all whose ids are not of the catalog's grammar, and that are of none of the
 * versions that are left out. */
void known_write_others(const struct catalog *catalog, const struct known_list *left,
			struct cf_buf *out);

#endif
