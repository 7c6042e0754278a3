/* run --dry-run. */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "cli/cli.h"
#include "sync/sync.h"

/* Prints, for each version, what is there, what a run would make, and what the catalog
 * does not agree with; and the first differences. */
int cli_preview(struct cli *cli, struct cf_store *store, const struct catalog *catalog,
		struct cf_error *error);

#endif
