/* The reference of all commands, in Markdown, from the table. */
#include "cli/cli.h"

const struct cli_exit_code cli_exit_codes[] = {
	{0, "done"},
	{1, "failed"},
	{2, "wrong use"},
	{3, "findings or differences"},
	{4, "a precondition does not hold"},
	{5, "interrupted, run again to resume"},
	{10, "no such database"},
	{11, "not authorised"},
	{12, "forbidden"},
	{0, NULL},
};

/* Text in a table's cell: a bar would end the cell. */
static void write_cell(struct cf_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			(void)buf_byte(out, '\\');
		(void)buf_byte(out, *text);
	}
}

static void write_options(struct cf_buf *out, const struct cli_option *option)
{
	if (!option || !option->name)
		return;
	(void)buf_str(out, STR("\n| option | what it is | default |\n| --- | --- | --- |\n"));
	for (; option->name; option++) {
		(void)buf_str(out, STR("| `"));
		if (option->letter)
			(void)buf_printf(out, "-%c`, `", option->letter);
		(void)buf_printf(out, "--%s%s", option->name, option->argument ? " " : "");
		write_cell(out, option->argument ? option->argument : "");
		(void)buf_str(out, STR("` | "));
		write_cell(out, option->help);
		(void)buf_str(out, STR(" | "));
		if (option->fallback)
			(void)buf_printf(out, "`%s`", option->fallback);
		if (option->env)
			(void)buf_printf(out, "%s`$%s`", option->fallback ? ", or " : "",
					 option->env);
		(void)buf_str(out, option->required ? STR(", needed |\n") : STR(" |\n"));
	}
}

static void write_command(struct cf_buf *out, const struct cli_command *parent,
			  const struct cli_command *command)
{
	const char *before = parent ? parent->name : "";
	const char *space = parent ? " " : "";

	(void)buf_printf(out, "\n%s `%s%s%s`\n\n", parent ? "###" : "##", before, space,
			 command->name);
	cli_sentence_write(out, command->summary);
	(void)buf_str(out, STR(".\n"));
	if (!command->subcommands) {
		(void)buf_byte(out, '\n');
		cli_usage_write(out, "    ", parent, command);
	}
	if (command->help)
		(void)buf_printf(out, "\n%s\n", command->help);
	write_options(out, command->options);
	for (const struct cli_command *const *at = command->subcommands; at && *at; at++)
		write_command(out, command, *at);
}

int cli_reference_commands(struct cli *cli)
{
	struct cf_buf *out = &cli->out.buf;

	(void)buf_str(out,
		      STR("# Commands\n\nMade from the program's own table by `make docs`.\n"));
	for (const struct cli_group *group = cli->groups; group->title; group++)
		for (const struct cli_command *const *at = group->commands; *at; at++)
			write_command(out, NULL, *at);
	(void)buf_str(out, STR("\n## Options of every command\n"));
	write_options(out, cli_common_options);
	(void)buf_str(out, STR("\n## Exit codes\n\n| code | means |\n| --- | --- |\n"));
	for (const struct cli_exit_code *row = cli_exit_codes; row->what; row++)
		(void)buf_printf(out, "| %d | %s |\n", row->code, row->what);
	return cli_out_check(cli);
}
