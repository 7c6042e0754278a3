/* --help, from the table. */
#include "cli/cli.h"

#include <stdio.h>

enum { COLUMN = 26 };

int cli_path_write(const struct cli *cli, struct cf_buf *out)
{
	(void)buf_str(out, STR(CLI_PROGRAM));
	for (size_t i = 0; i < cli->depth; i++)
		(void)buf_printf(out, " %s", cli->path[i]->name);
	return out->failed ? CF_ERR_NOMEM : 0;
}

static void write_row(struct cf_buf *out, const char *left, const char *right)
{
	size_t len = strlen(left);

	if (len > COLUMN - 2)
		(void)buf_printf(out, "  %s\n  %*s%s", left, COLUMN, "", right);
	else
		(void)buf_printf(out, "  %-*s%s", COLUMN, left, right);
}

static void write_option(struct cf_buf *out, const struct cli_option *option)
{
	char left[128];
	char letter[8] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	write_row(out, left, option->help);
	if (option->fallback)
		(void)buf_printf(out, " (default: %s)", option->fallback);
	if (option->env)
		(void)buf_printf(out, " (or $%s)", option->env);
	(void)buf_byte(out, '\n');
}

static void write_options(struct cf_buf *out, const char *title, const struct cli_option *options)
{
	if (!options || !options->name)
		return;
	(void)buf_printf(out, "\n%s:\n", title);
	for (; options->name; options++)
		write_option(out, options);
}

static void write_commands(struct cf_buf *out, const char *title,
			   const struct cli_command *const *commands)
{
	if (*commands)
		(void)buf_printf(out, "\n%s:\n", title);
	for (; *commands; commands++) {
		write_row(out, (*commands)->name, (*commands)->summary);
		(void)buf_byte(out, '\n');
	}
}

static int help_program(struct cli *cli)
{
	struct cf_buf *out = &cli->out.buf;

	(void)buf_str(out, STR("Usage: " CLI_PROGRAM " COMMAND [OPTIONS] [ARGUMENTS]\n\n"
			       "Change your data's shape or its home while everyone keeps "
			       "using it.\n"));
	for (const struct cli_group *group = cli->groups; group->title; group++)
		write_commands(out, group->title, group->commands);
	write_options(out, "Options of every command", cli_common_options);
	(void)buf_str(out, STR("      --version             the version\n\n"
			       "See " CLI_PROGRAM " COMMAND --help for one command.\n"));
	return cli_out_check(cli);
}

int cli_help(struct cli *cli)
{
	struct cf_buf *out = &cli->out.buf;
	const struct cli_command *leaf = cli->depth ? cli->path[cli->depth - 1] : NULL;

	if (!leaf)
		return help_program(cli);
	(void)buf_str(out, STR("Usage: "));
	(void)cli_path_write(cli, out);
	(void)buf_printf(out, " %s\n\n%s.\n", leaf->subcommands ? "SUBCOMMAND ..." : leaf->usage,
			 leaf->summary);
	if (leaf->help)
		(void)buf_printf(out, "\n%s\n", leaf->help);
	if (leaf->subcommands)
		write_commands(out, "Subcommands", leaf->subcommands);
	write_options(out, "Options", leaf->options);
	write_options(out, "Options of every command", cli_common_options);
	return cli_out_check(cli);
}
