/* What `status` is made of. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/cli.h"

/* Prints the status of the databases that --db names, or of all of a server. */
int cli_status_many(struct cli *cli, struct cf_error *error);
#endif
