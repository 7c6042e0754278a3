/* run --db: which databases of a server are meant, and how their stores are opened. */
#ifndef CLI_MANY_H
#define CLI_MANY_H

#include "cli/server.h"

enum { MANY_CONNECTIONS_MAX = 256 };

struct many {
	struct cli *cli;
	struct sync_names names;
	size_t workers;
	uint64_t wait_s; /* of --once: how long a server that is away is waited for */
	struct cli_server server;
	/* By place: the state, whose connection the databases are opened over. */
	struct cf_store *states[MANY_CONNECTIONS_MAX];
	uint64_t said_ns; /* when something was last said of a database */
	uint64_t unsaid;  /* since then */
};

/* Whether --db was given. */
bool many_asked(const struct cli *cli);
/* Reads --db, --shard and --connections. USAGE. */
int many_init(struct many *many, struct cli *cli, struct cf_error *error);
void many_fini(struct many *many);
/* As sync_pool_how.open and close. A database that is not there is none of ours to make. */
int many_open(struct many *many, size_t place, struct cf_str database, struct sync_handles *ret,
	      struct cf_error *error);
void many_close(const struct sync_handles *handles);
/* Says what is wrong with a database; of many at a time not all. */
void many_tell(struct many *many, struct cf_str database, const struct cf_error *error);
#endif
