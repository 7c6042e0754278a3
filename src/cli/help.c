/* --help, from the table. */
#include "cli/cli.h"

#include <stdio.h>

enum { COLUMN = 28, WIDTH = 80 };

void cli_usage_write(struct cf_buf *out, const char *before, const struct cli_command *parent,
		     const struct cli_command *command)
{
	const char *line = command->usage;

	while (line) {
		const char *newline = strchr(line, '\n');
		size_t len = newline ? (size_t)(newline - line) : strlen(line);

		(void)buf_printf(out, "%s" CLI_PROGRAM " %s%s%s %.*s\n", before,
				 parent ? parent->name : "", parent ? " " : "", command->name,
				 (int)len, line);
		line = newline ? newline + 1 : NULL;
	}
}

void cli_sentence_write(struct cf_buf *out, const char *summary)
{
	bool lower = *summary >= 'a' && *summary <= 'z';

	(void)buf_byte(out, (char)(lower ? *summary - 'a' + 'A' : *summary));
	(void)buf_str(out, str_of(summary + 1));
}

/* Text in lines of at most WIDTH columns; it starts at column `at`, further lines at
 * column `indent`. Its own newlines are kept. */
static void write_wrapped(struct cf_buf *out, const char *text, size_t at, size_t indent)
{
	while (*text) {
		size_t word = strcspn(text, " \n");

		if (at > indent && at + 1 + word > WIDTH) {
			(void)buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			(void)buf_byte(out, ' ');
			at++;
		}
		(void)buf_append(out, text, word);
		at += word;
		text += word;
		if (*text == ' ')
			text++;
		for (; *text == '\n'; text++) {
			(void)buf_byte(out, '\n');
			at = indent;
		}
	}
}

static void write_row(struct cf_buf *out, const char *left, const char *right)
{
	size_t len = strlen(left);

	if (len + 4 > COLUMN)
		(void)buf_printf(out, "  %s\n%*s", left, COLUMN, "");
	else
		(void)buf_printf(out, "  %-*s", COLUMN - 2, left);
	write_wrapped(out, right, COLUMN, COLUMN);
	(void)buf_byte(out, '\n');
}

static void write_option(struct cf_buf *out, const struct cli_option *option)
{
	char left[128], right[512];
	char letter[8] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	snprintf(right, sizeof(right), "%s%s%s%s%s%s%s", option->help,
		 option->fallback ? " (default: " : "", option->fallback ? option->fallback : "",
		 option->fallback ? ")" : "", option->env ? " (or $" : "",
		 option->env ? option->env : "", option->env ? ")" : "");
	write_row(out, left, right);
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
	for (; *commands; commands++)
		write_row(out, (*commands)->name, (*commands)->summary);
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
	if (leaf->subcommands)
		(void)buf_printf(out, "Usage: " CLI_PROGRAM " %s SUBCOMMAND ...\n", leaf->name);
	else
		cli_usage_write(out, "Usage: ", cli->depth > 1 ? cli->path[0] : NULL, leaf);
	(void)buf_byte(out, '\n');
	cli_sentence_write(out, leaf->summary);
	(void)buf_str(out, STR(".\n"));
	if (leaf->help) {
		(void)buf_byte(out, '\n');
		write_wrapped(out, leaf->help, 0, 0);
		(void)buf_byte(out, '\n');
	}
	if (leaf->subcommands)
		write_commands(out, "Subcommands", leaf->subcommands);
	write_options(out, "Options", leaf->options);
	write_options(out, "Options of every command", cli_common_options);
	return cli_out_check(cli);
}
