/* The two ways of convert: through a catalog (cmd_convert.c), or through one lens. */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include "cli/cli.h"

/* convert --lens. Adds to *findings the documents that could not be converted; they
 * have been reported, and the rest goes on. */
int cli_convert_lens(struct cli *cli, uint64_t *findings, struct cf_error *error);

/* The two ways of convert share no option: what is given for the other one is not
 * passed over in silence. A catalog that the environment names says nothing. */
int cli_convert_check_options(const struct cli *cli, struct cf_error *error);

#endif
