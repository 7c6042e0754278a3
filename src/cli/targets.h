/* Versions named on the command line: a manifest's (3.0.0) or a type's (todo-item@3). */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include "catalog/catalog.h"
#include "cli/cli.h"

/* For each type of the catalog (by its index) the major that is meant; NULL: none. (Not
 * its number: 0 is a major, semver's 0.x.) */
struct cli_targets {
	const struct catalog_major **majors;
	bool manifest; /* it was a manifest's version */
};

/* USAGE where the catalog has no such version. */
int cli_targets_read(struct cli *cli, const struct catalog *catalog, const char *version,
		     struct cli_targets *ret, struct cf_error *error);
#endif
