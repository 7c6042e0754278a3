/* completion: what a shell asks for when somebody presses the tabulator, made from the table
 * of commands. */
#include "cli/cli.h"

#include <stdio.h>

/* Words of one command, or of the program: what may follow. */
static void write_options(struct cf_buf *out, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++)
		buf_printf(out, " --%s", o->name);
}

static void write_word_case(struct cf_buf *out, const char *path, const struct cli_command *command)
{
	buf_printf(out, "\t' %s') words='", path);
	for (size_t i = 0; command->subcommands && command->subcommands[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", command->subcommands[i]->name);
	write_options(out, command->options);
	write_options(out, cli_common_options);
	buf_str(out, STR("' ;;\n"));
}

/* Each command and subcommand; `path` as typed. */
static void walk(struct cli *cli, void (*write)(struct cf_buf *out, const char *path,
						const struct cli_command *command))
{
	struct cf_buf *out = &cli->out.buf;
	char path[128];

	for (const struct cli_group *g = cli->groups; g->title; g++) {
		for (size_t i = 0; g->commands[i]; i++) {
			const struct cli_command *c = g->commands[i];

			write(out, c->name, c);
			for (size_t k = 0; c->subcommands && c->subcommands[k]; k++) {
				snprintf(path, sizeof(path), "%s %s", c->name,
					 c->subcommands[k]->name);
				write(out, path, c->subcommands[k]);
			}
		}
	}
}

static void write_path_case(struct cf_buf *out, const char *path, const struct cli_command *command)
{
	(void)command;
	buf_printf(out, "\t\t' %s') path=' %s' ;;\n", path, path);
}

static void write_bash(struct cli *cli)
{
	struct cf_buf *out = &cli->out.buf;

	buf_str(out, STR("_" CLI_PROGRAM "() {\n"
			 "\tlocal path='' words='' word\n"
			 "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
			 "\t\tcase \"$path $word\" in\n"));
	walk(cli, write_path_case);
	buf_str(out, STR("\t\tesac\n\tdone\n\tcase \"$path\" in\n\t'') words='"));
	for (const struct cli_group *g = cli->groups; g->title; g++)
		for (size_t i = 0; g->commands[i]; i++)
			buf_printf(out, "%s ", g->commands[i]->name);
	buf_str(out, STR("--help --version' ;;\n"));
	walk(cli, write_word_case);
	buf_str(out, STR("\tesac\n"
			 "\tCOMPREPLY=()\n"
			 "\twhile read -r word; do COMPREPLY+=(\"$word\"); done < <(\n"
			 "\t\tcompgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
			 "}\n"
			 "complete -o default -F _" CLI_PROGRAM " " CLI_PROGRAM "\n"));
}

/* zsh runs bash's functions. */
static void write_zsh(struct cli *cli)
{
	buf_str(&cli->out.buf, STR("#compdef " CLI_PROGRAM "\n"
				   "autoload -U +X bashcompinit && bashcompinit\n"));
	write_bash(cli);
}

static void write_quoted(struct cf_buf *out, const char *text)
{
	buf_byte(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_byte(out, '\\');
		buf_byte(out, *text);
	}
	buf_byte(out, '\'');
}

/* Behind which words a line of fish counts: "docs", or "docs put". */
static void write_fish_condition(struct cf_buf *out, const char *path)
{
	const char *space = strchr(path, ' ');

	buf_str(out, STR("complete -c " CLI_PROGRAM " -n '__fish_seen_subcommand_from "));
	buf_append(out, path, space ? (size_t)(space - path) : strlen(path));
	if (space)
		buf_printf(out, "; and __fish_seen_subcommand_from %s", space + 1);
	buf_byte(out, '\'');
}

static void write_fish_command(struct cf_buf *out, const char *path,
			       const struct cli_command *command)
{
	if (!strchr(path, ' ')) {
		buf_printf(out, "complete -c " CLI_PROGRAM " -n __fish_use_subcommand -a %s -d ",
			   path);
		write_quoted(out, command->summary);
		buf_byte(out, '\n');
	}
	for (size_t i = 0; command->subcommands && command->subcommands[i]; i++) {
		write_fish_condition(out, path);
		buf_printf(out, " -a %s -d ", command->subcommands[i]->name);
		write_quoted(out, command->subcommands[i]->summary);
		buf_byte(out, '\n');
	}
	for (const struct cli_option *o = command->options; o && o->name; o++) {
		write_fish_condition(out, path);
		buf_printf(out, " -l %s%s -d ", o->name, o->argument ? " -r" : "");
		write_quoted(out, o->help);
		buf_byte(out, '\n');
	}
}

static void write_fish(struct cli *cli)
{
	walk(cli, write_fish_command);
}

static int run(struct cli *cli, struct cf_error *error)
{
	const char *shell = cli->args[0];

	if (strcmp(shell, "bash") == 0)
		write_bash(cli);
	else if (strcmp(shell, "zsh") == 0)
		write_zsh(cli);
	else if (strcmp(shell, "fish") == 0)
		write_fish(cli);
	else
		return error_set(error, CF_ERR_USAGE, "for bash, zsh or fish, not \"%s\"", shell);
	return cli_out_check(cli) ? cli_out_error(cli, error) : 0;
}

const struct cli_command cmd_completion = {
	.name = "completion",
	.summary = "what completes commands and options in a shell",
	.usage = "bash|zsh|fish",
	.help = "For bash: source <(chesterfield completion bash). For zsh and fish, write it to "
		"a file _chesterfield in $fpath, or to "
		"~/.config/fish/completions/chesterfield.fish.",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
