/* All commands, in the order of the help. A command is one file, cmd_NAME.c, a
 * declaration and a row here. */
#include "cli/cli.h"

/* Each in the order of the rows below. */
extern const struct cli_command cmd_init;
extern const struct cli_command cmd_new;
extern const struct cli_command cmd_adopt;
extern const struct cli_command cmd_check;
extern const struct cli_command cmd_diff;
extern const struct cli_command cmd_convert;
extern const struct cli_command cmd_validate;
extern const struct cli_command cmd_selector;
extern const struct cli_command cmd_channel;
extern const struct cli_command cmd_graph;
extern const struct cli_command cmd_docs;
extern const struct cli_command cmd_run;
extern const struct cli_command cmd_status;
extern const struct cli_command cmd_conflicts;
extern const struct cli_command cmd_quarantine;
extern const struct cli_command cmd_incomplete;
extern const struct cli_command cmd_engines;
extern const struct cli_command cmd_usage;
extern const struct cli_command cmd_retire;
extern const struct cli_command cmd_move;
extern const struct cli_command cmd_help;
extern const struct cli_command cmd_completion;
extern const struct cli_command cmd_version;

static const struct cli_command *const catalog_commands[] = {
	&cmd_init,     &cmd_new,      &cmd_adopt,   &cmd_check, &cmd_diff, &cmd_convert,
	&cmd_validate, &cmd_selector, &cmd_channel, &cmd_graph, NULL,
};

static const struct cli_command *const document_commands[] = {
	&cmd_docs,
	NULL,
};

static const struct cli_command *const run_commands[] = {
	&cmd_run,   &cmd_status, &cmd_conflicts, &cmd_quarantine, &cmd_incomplete, &cmd_engines,
	&cmd_usage, &cmd_retire, NULL,
};

static const struct cli_command *const move_commands[] = {
	&cmd_move,
	NULL,
};

static const struct cli_command *const program_commands[] = {
	&cmd_help,
	&cmd_completion,
	&cmd_version,
	NULL,
};

const struct cli_group cli_groups[] = {
	{"Catalogs", catalog_commands},
	{"Documents", document_commands},
	{"Every document in every version", run_commands},
	{"To another store", move_commands},
	{"About the program", program_commands},
	{NULL, NULL},
};
