/* The databases of a server, for commands that otherwise look at one: with --db PATTERN, or
 * where --store names a server and no database. */
#ifndef CLI_SERVER_H
#define CLI_SERVER_H

#include "cli/stores.h"
#include "sync/sync.h"

/* The only database that --db names, without a pattern; NULL: it is not so. */
const char *cli_server_one(const struct cli *cli);

/* Which databases are meant, and where the state of them all is. */
struct cli_server {
	struct cli *cli;
	struct sync_names names;
	struct cf_buf state_url; /* ends with a NUL */
};
/* Whether the command speaks of several databases. */
bool cli_server_asked(const struct cli *cli);
/* Reads --db, --store and --state; without --db all databases are meant. USAGE. To be freed
 * by cli_server_fini also after an error. */
int cli_server_init(struct cli_server *server, struct cli *cli, struct cf_error *error);
void cli_server_fini(struct cli_server *server);
/* The URL of a database that is there, with a NUL behind it. 0 or NOMEM. */
int cli_server_url(const struct cli_server *server, struct cf_str database, struct cf_buf *out);

/* One of them; non-zero ends the walk. */
typedef int cli_server_do(void *ctx, struct cf_str name, struct cli_stores *stores,
			  struct cf_error *error);
struct cli_server_walk {
	bool all; /* also those in which nothing ran; then `each` gets no state */
	cli_server_do *each;
	void *ctx;
	/* The answer. */
	uint64_t databases; /* in which something ran */
	uint64_t bare;      /* that match, too, and in which nothing did */
};
/* Calls `each` for each database in which something ran, in the order of their names. One
 * that is deleted meanwhile is passed over. Errors name the database. */
int cli_server_walk(struct cli *cli, struct cli_server_walk *walk, struct cf_error *error);

/* The state's records of the server itself, such as the processes that work there. Close with
 * cli_stores_close; NO_DATABASE. */
int cli_server_records(struct cli *cli, struct cli_stores *ret, struct cf_error *error);
#endif
