/* The stores that store_open knows. */
#ifndef STORE_STORES_H
#define STORE_STORES_H

#include <chesterfield/store_ops.h>

extern const struct cf_store_ops memory_ops;
extern const struct cf_store_ops sqlite_ops;
extern const struct cf_store_ops couchdb_ops;
extern const struct cf_store_ops postgres_ops; /* where libpq is */

#endif
