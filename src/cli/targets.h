/* Versions named on the command line: a manifest's (3.0.0) or a type's (todo-item@3). */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include "catalog/catalog.h"
#include "cli/cli.h"

/* For each type of the catalog (by its index) the major that is meant; 0: none. */
struct cli_targets {
	uint32_t *majors;
	bool manifest; /* it was a manifest's version */
};

/* USAGE where the catalog has no such version. */
int cli_targets_read(struct cli *cli, const struct catalog *catalog, const char *version,
		     struct cli_targets *ret, struct cf_error *error);
/* The newest major whose schemas a range admits; 0: none. */
uint32_t cli_range_major(const struct catalog_type *type, const struct semver_range *range);

#endif
