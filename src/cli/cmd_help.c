/* help: the same text as --help, and all of it as man page or reference. */
#include "cli/cli.h"

static const struct cli_option options[] = {
	{.name = "man", .help = "the man page, chesterfield(1)"},
	{.name = "reference",
	 .argument = "PAGE",
	 .help = "a page of the reference, in Markdown: "
		 "commands, errors or lenses"},
	{.name = NULL},
};

static int find_path(struct cli *cli, struct cf_error *error)
{
	const struct cli_command *found;

	cli->depth = 0;
	for (size_t i = 0; i < cli->arg_count; i++) {
		const struct cli_command *const *at = NULL;

		if (i == 0) {
			found = cli_command_find(cli, cli->args[0]);
		} else {
			for (at = cli->path[i - 1]->subcommands; at && *at; at++)
				if (strcmp((*at)->name, cli->args[i]) == 0)
					break;
			found = at ? *at : NULL;
		}
		if (!found)
			return error_set(error, CF_ERR_USAGE, "no command \"%s\"", cli->args[i]);
		cli->path[cli->depth++] = found;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*write)(struct cli *cli);
} pages[] = {
	{"commands", cli_reference_commands},
	{"errors", cli_reference_errors},
	{"lenses", cli_reference_lenses},
};

static int write_page(struct cli *cli, const char *name, struct cf_error *error)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (strcmp(pages[i].name, name) == 0)
			return pages[i].write(cli);
	return error_set(error, CF_ERR_USAGE, "no page \"%s\" in the reference", name);
}

static int run(struct cli *cli, struct cf_error *error)
{
	int rc;

	if (cli_given(cli, "man"))
		return cli_man(cli);
	if (cli_given(cli, "reference"))
		return write_page(cli, cli_option(cli, "reference"), error);
	rc = find_path(cli, error);
	return rc ? rc : cli_help(cli);
}

const struct cli_command cmd_help = {
	.name = "help",
	.summary = "tell what a command does",
	.usage = "[--man | --reference PAGE] [COMMAND [SUBCOMMAND]]",
	.options = options,
	.max_args = 2,
	.run = run,
};
