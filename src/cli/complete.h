/* status --for: whether a version is complete. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/cli.h"
#include "sync/sync.h"

/* Prints a row for each type of that version. INCOMPLETE where some is missing, or `status`
 * says that there is more to be read. */
int cli_complete(struct cli *cli, struct cf_store *store, const struct state *state,
		 const struct sync_status *status, struct cf_error *error);
/* The same for the databases that --db names, or all of a server: a line for each, the worst
 * first, and their sums. One that --db means and in which nothing ran is not complete. */
int cli_complete_many(struct cli *cli, struct cf_error *error);
#endif
