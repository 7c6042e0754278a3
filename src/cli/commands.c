/* All commands, in the order of the help. A command is one file, cmd_NAME.c, a
 * declaration and a row here. */
#include "cli/cli.h"

/* Each in the order of the rows below. */
extern const struct cli_command cmd_help;

static const struct cli_command *const catalog_commands[] = {
	NULL,
};

static const struct cli_command *const document_commands[] = {
	NULL,
};

static const struct cli_command *const run_commands[] = {
	NULL,
};

static const struct cli_command *const program_commands[] = {
	&cmd_help,
	NULL,
};

const struct cli_group cli_groups[] = {
	{"Catalogs", catalog_commands},
	{"Documents", document_commands},
	{"Every document in every version", run_commands},
	{"About the program", program_commands},
	{NULL, NULL},
};
