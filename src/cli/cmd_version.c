/* version: the same as --version. */
#include "cli/cli.h"

static int run(struct cli *cli, struct cf_error *error)
{
	int rc = cli->json ? cli_out_printf(cli, "{\"version\":\"%s\"}\n", CHESTERFIELD_VERSION)
			   : cli_out_printf(cli, CLI_PROGRAM " %s\n", CHESTERFIELD_VERSION);

	return rc ? cli_out_error(cli, error) : 0;
}

const struct cli_command cmd_version = {
	.name = "version",
	.summary = "the version of the program",
	.usage = "",
	.run = run,
};
