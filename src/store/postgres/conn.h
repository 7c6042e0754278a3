/* One connection to a PostgreSQL server: statements that are prepared once, a deadline
 * for each call, and failures turned into our codes.
 *
 * After a failure of the connection the next call opens a new one. What is asked for in
 * a transaction that is lost with it was not done; only the answer to COMMIT leaves
 * that open: UNCERTAIN.
 *
 * libpq's own memory comes from malloc(3); all that this room allocates goes through
 * cf_mem. */
#ifndef STORE_POSTGRES_CONN_H
#define STORE_POSTGRES_CONN_H

#include "base/base.h"

#include <libpq-fe.h>

/* Statements that are kept on the server, by their text; the oldest gives way. */
enum { PG_PREPARED = 24 };

struct pg {
	const struct cf_mem *mem;
	const struct cf_env *env;
	PGconn *conn;
	char *uri; /* what libpq is given; may hold a password */
	char *prepared[PG_PREPARED];
	unsigned prepared_next;
	unsigned timeout_ms; /* 0: none */
	bool timeout_changed;
	uint64_t deadline_ns; /* of the call that runs; 0: none */
	bool copying;
};

int pg_open(struct pg *pg, struct cf_str uri, const struct cf_env *env, const struct cf_mem *mem,
	    struct cf_error *error);
void pg_close(struct pg *pg);
/* At the start of each call: its deadline, and a connection that stands. */
int pg_call(struct pg *pg, struct cf_error *error);

/* Text parameters; NULL is NULL. */
struct pg_params {
	int count;
	const char *const *values;
};
/* Runs one statement, prepared, and gives its result (PQclear). INVALID: what the server
 * says about the data; other codes: the call as a whole. */
int pg_query(struct pg *pg, const char *sql, struct pg_params params, PGresult **ret,
	     struct cf_error *error);
/* Without parameters and result, not prepared. */
int pg_run(struct pg *pg, const char *sql, struct cf_error *error);
/* COMMIT where rc is 0, else ROLLBACK. Returns rc, or what COMMIT says: UNCERTAIN where
 * its answer is lost. */
int pg_end(struct pg *pg, int rc, struct cf_error *error);
/* Before a statement that is its own transaction: a lost answer is UNCERTAIN. */
int pg_uncertain(struct pg *pg, int rc, struct cf_error *error);
/* COPY ... FROM STDIN: begins, takes bytes, ends; *ret_rows as the server counts. */
int pg_copy_begin(struct pg *pg, const char *sql, struct cf_error *error);
int pg_copy_data(struct pg *pg, struct cf_str bytes, struct cf_error *error);
int pg_copy_end(struct pg *pg, uint64_t *ret_rows, struct cf_error *error);

/* Cells of a result. */
static inline struct cf_str pg_cell(const PGresult *result, int row, int column)
{
	return (struct cf_str){PQgetvalue(result, row, column),
			       (size_t)PQgetlength(result, row, column)};
}

#endif
