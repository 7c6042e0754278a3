/* The man page chesterfield(1), in roff, from the tables of commands and errors. */
#include "cli/cli.h"

/* Text for roff: backslashes and dashes as themselves, no line that begins with a
 * dot or a quote. */
static void write_text(struct cf_buf *out, const char *text)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			(void)buf_str(out, STR("\\&"));
		at_start = *text == '\n';
		if (at_start && text[1] == '\n') {
			(void)buf_str(out, STR("\n.PP"));
			continue;
		}
		if (*text == '\\')
			(void)buf_str(out, STR("\\e"));
		else if (*text == '-')
			(void)buf_str(out, STR("\\-"));
		else
			(void)buf_byte(out, *text);
	}
	(void)buf_byte(out, '\n');
}

static void write_options(struct cf_buf *out, const struct cli_option *option)
{
	for (; option && option->name; option++) {
		(void)buf_str(out, STR(".TP\n"));
		if (option->letter)
			(void)buf_printf(out, "\\fB\\-%c\\fR, ", option->letter);
		(void)buf_printf(out, "\\fB\\-\\-%s\\fR", option->name);
		if (option->argument)
			(void)buf_printf(out, " \\fI%s\\fR", option->argument);
		(void)buf_byte(out, '\n');
		write_text(out, option->help);
		if (option->fallback) {
			(void)buf_str(out, STR("Default: "));
			write_text(out, option->fallback);
		}
		if (option->env)
			(void)buf_printf(out, "The variable \\fB%s\\fR may stand for it.\n",
					 option->env);
	}
}

static void write_usage(struct cf_buf *out, const struct cli_command *parent,
			const struct cli_command *command)
{
	struct cf_buf lines;

	buf_init(&lines, out->mem);
	cli_usage_write(&lines, "", parent, command);
	if (buf_byte(&lines, '\0') == 0)
		write_text(out, lines.ptr);
	else
		out->failed = true;
	buf_fini(&lines);
}

static void write_sentence(struct cf_buf *out, const char *summary)
{
	struct cf_buf sentence;

	buf_init(&sentence, out->mem);
	cli_sentence_write(&sentence, summary);
	(void)buf_byte(&sentence, '.');
	if (buf_byte(&sentence, '\0') == 0)
		write_text(out, sentence.ptr);
	else
		out->failed = true;
	buf_fini(&sentence);
}

static void write_command(struct cf_buf *out, const struct cli_command *parent,
			  const struct cli_command *command)
{
	(void)buf_printf(out, ".SS \"%s%s%s\"\n", parent ? parent->name : "", parent ? " " : "",
			 command->name);
	if (!command->subcommands) {
		(void)buf_str(out, STR(".nf\n"));
		write_usage(out, parent, command);
		(void)buf_str(out, STR(".fi\n.PP\n"));
	}
	write_sentence(out, command->summary);
	if (command->help) {
		(void)buf_str(out, STR(".PP\n"));
		write_text(out, command->help);
	}
	write_options(out, command->options);
	for (const struct cli_command *const *at = command->subcommands; at && *at; at++)
		write_command(out, command, *at);
}

int cli_man(struct cli *cli)
{
	struct cf_buf *out = &cli->out.buf;

	(void)buf_str(out, STR(".TH CHESTERFIELD 1 \"\" \"chesterfield " CHESTERFIELD_VERSION
			       "\"\n.SH NAME\nchesterfield \\- change your data's shape or its "
			       "home while everyone keeps using it\n.SH SYNOPSIS\n"
			       "\\fBchesterfield\\fR \\fICOMMAND\\fR [OPTIONS] [ARGUMENTS]\n"
			       ".SH COMMANDS\n"));
	for (const struct cli_group *group = cli->groups; group->title; group++)
		for (const struct cli_command *const *at = group->commands; *at; at++)
			write_command(out, NULL, *at);
	(void)buf_str(out, STR(".SH OPTIONS OF EVERY COMMAND\n"));
	write_options(out, cli_common_options);
	(void)buf_str(out, STR(".SH EXIT STATUS\n"));
	for (const struct cli_exit_code *row = cli_exit_codes; row->what; row++) {
		(void)buf_printf(out, ".TP\n\\fB%d\\fR\n", row->code);
		write_text(out, row->what);
	}
	return cli_out_check(cli);
}
