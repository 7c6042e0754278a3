/* The two stores that the commands of job one work on. */
#ifndef CLI_STORES_H
#define CLI_STORES_H

#include "cli/cli.h"
#include "state/state.h"

struct cli_stores {
	struct cf_store *store, *state_store;
	struct state state; /* what state_store holds of this database */
};

/* By --store and --state, for a command that looks on or decides; with --db NAME that database of
 * a server. The command's table has CLI_OPTION_DB. Neither a store
 * nor a state that --state names is made where there is none (NO_DATABASE). Close
 * also after an error. */
int cli_stores_open(struct cli *cli, struct cli_stores *ret, struct cf_error *error);
/* What is wrong with a store as a whole is told with its URL, without the password.
 * Returns rc. */
int cli_stores_name(struct cli *cli, const char *url, int rc, struct cf_error *error);
void cli_stores_close(struct cli_stores *stores);

#endif
