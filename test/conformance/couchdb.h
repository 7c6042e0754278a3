/* A CouchDB to be judged: databases of its own for each case. */
#ifndef TEST_CONFORMANCE_COUCHDB_H
#define TEST_CONFORMANCE_COUCHDB_H

#include <stdbool.h>
#include <stddef.h>

/* http://USER:PASSWORD@HOST:PORT, or NULL. */
const char *couchdb_url(void);
bool couchdb_is_pouchdb(void);
/* The URL of a database that is not there yet, with "?" and the parameters. */
void couchdb_new_database(char *url, size_t size, const char *parameters);
void couchdb_delete_database(const char *url);

#endif
