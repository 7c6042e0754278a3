/* The command line against the table of commands: long and short options anywhere
 * among the arguments, "--" ends them. Options of a command with subcommands stand
 * behind the subcommand. */
#include "cli/cli.h"

const struct cli_option cli_common_options[] = {
	{.name = "quiet", .letter = 'q', .help = "errors only"},
	{.name = "json", .help = "results as JSON, one value a line"},
	{.name = "help", .letter = 'h', .help = "this text"},
	{.name = NULL},
};

static const struct cli_option version_option = {.name = "version", .help = "the version"};

struct parser {
	struct cli *cli;
	const char **words; /* ends with NULL */
	bool help;
	bool version;
	bool options_over;
};

static const struct cli_command *leaf_of(const struct cli *cli)
{
	return cli->depth ? cli->path[cli->depth - 1] : NULL;
}

static bool wants_subcommand(const struct cli *cli)
{
	return !leaf_of(cli) || leaf_of(cli)->subcommands;
}

static const struct cli_option *find_in(const struct cli_option *options, struct cf_str name,
					char letter)
{
	for (; options && options->name; options++)
		if (letter ? options->letter == letter : str_equal(str_of(options->name), name))
			return options;
	return NULL;
}

static const struct cli_option *find_option(const struct cli *cli, struct cf_str name, char letter)
{
	const struct cli_command *leaf = leaf_of(cli);
	const struct cli_option *found = find_in(cli_common_options, name, letter);

	if (!found && !leaf && !letter && str_equal(name, STR("version")))
		return &version_option;
	if (!found && leaf)
		found = find_in(leaf->options, name, letter);
	return found;
}

static int unknown_option(const struct cli *cli, struct cf_str name, struct cf_error *error)
{
	char word[64];
	struct cli_nearest nearest = {.word = word};
	const struct cli_command *leaf = leaf_of(cli);
	size_t len = name.len < sizeof(word) - 1 ? name.len : sizeof(word) - 1;

	memcpy(word, name.ptr, len);
	word[len] = '\0';
	for (const struct cli_option *o = leaf ? leaf->options : NULL; o && o->name; o++)
		cli_nearest_offer(&nearest, o->name);
	for (const struct cli_option *o = cli_common_options; o->name; o++)
		cli_nearest_offer(&nearest, o->name);
	if (nearest.best)
		return error_set(error, CF_ERR_USAGE, "unknown option --%s, did you mean --%s?",
				 word, nearest.best);
	if (wants_subcommand(cli))
		return error_set(error, CF_ERR_USAGE,
				 "unknown option --%s (options stand behind the %s)", word,
				 leaf ? "subcommand" : "command");
	return error_set(error, CF_ERR_USAGE, "unknown option --%s", word);
}

static void keep_option(struct parser *parser, const struct cli_option *option, const char *value)
{
	struct cli *cli = parser->cli;

	if (option == &version_option)
		parser->version = true;
	else if (strcmp(option->name, "help") == 0)
		parser->help = true;
	else if (strcmp(option->name, "quiet") == 0)
		cli->quiet = true;
	else if (strcmp(option->name, "json") == 0)
		cli->json = true;
	else
		cli->values[cli->value_count++] = (struct cli_value){option, value};
}

/* "--name", "--name=value" or "--name value". */
static int parse_long(struct parser *parser, const char *word, struct cf_error *error)
{
	const char *equals = strchr(word, '=');
	struct cf_str name = {word, equals ? (size_t)(equals - word) : strlen(word)};
	const struct cli_option *option = find_option(parser->cli, name, 0);
	const char *value = equals ? equals + 1 : NULL;

	if (!option)
		return unknown_option(parser->cli, name, error);
	if (!option->argument && value)
		return error_set(error, CF_ERR_USAGE, "option --%s takes no value", option->name);
	if (option->argument && !value && !(value = *parser->words++)) {
		parser->words--;
		return error_set(error, CF_ERR_USAGE, "option --%s needs a value: %s", option->name,
				 option->argument);
	}
	keep_option(parser, option, value);
	return 0;
}

/* "-q", "-qh", "-cDIR" or "-c DIR". */
static int parse_letters(struct parser *parser, const char *word, struct cf_error *error)
{
	for (; *word; word++) {
		const struct cli_option *option = find_option(parser->cli, STR(""), *word);
		const char *value = word[1] ? word + 1 : NULL;

		if (!option)
			return error_set(error, CF_ERR_USAGE, "unknown option -%c", *word);
		if (!option->argument) {
			keep_option(parser, option, NULL);
			continue;
		}
		if (!value && !(value = *parser->words++)) {
			parser->words--;
			return error_set(error, CF_ERR_USAGE, "option -%c needs a value: %s", *word,
					 option->argument);
		}
		keep_option(parser, option, value);
		return 0;
	}
	return 0;
}

static const struct cli_command *find_subcommand(const struct cli_command *const *commands,
						 const char *name, struct cli_nearest *nearest)
{
	for (; *commands; commands++) {
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
		cli_nearest_offer(nearest, (*commands)->name);
	}
	return NULL;
}

static const struct cli_command *find_command(const struct cli *cli, const char *name,
					      struct cli_nearest *nearest)
{
	const struct cli_command *found = NULL;

	for (const struct cli_group *group = cli->groups; !found && group->title; group++)
		found = find_subcommand(group->commands, name, nearest);
	return found;
}

const struct cli_command *cli_command_find(const struct cli *cli, const char *name)
{
	struct cli_nearest nearest = {.word = name};

	return find_command(cli, name, &nearest);
}

static int descend(struct cli *cli, const char *name, struct cf_error *error)
{
	const struct cli_command *leaf = leaf_of(cli);
	struct cli_nearest nearest = {.word = name};
	const struct cli_command *found = leaf ? find_subcommand(leaf->subcommands, name, &nearest)
					       : find_command(cli, name, &nearest);
	const char *what = leaf ? leaf->name : "";
	const char *colon = leaf ? ": " : "";

	if (!found && nearest.best)
		return error_set(error, CF_ERR_USAGE,
				 "%s%sunknown command \"%s\", did you mean %s?", what, colon, name,
				 nearest.best);
	if (!found)
		return error_set(error, CF_ERR_USAGE, "%s%sunknown command \"%s\", see --help",
				 what, colon, name);
	cf_assert(cli->depth < ARRAY_LEN(cli->path));
	cli->path[cli->depth++] = found;
	return 0;
}

static int parse_word(struct parser *parser, const char *word, struct cf_error *error)
{
	struct cli *cli = parser->cli;

	if (!parser->options_over && strcmp(word, "--") == 0) {
		parser->options_over = true;
		return 0;
	}
	if (!parser->options_over && word[0] == '-' && word[1] == '-')
		return parse_long(parser, word + 2, error);
	if (!parser->options_over && word[0] == '-' && word[1])
		return parse_letters(parser, word + 1, error);
	if (wants_subcommand(cli))
		return descend(cli, word, error);
	cli->args[cli->arg_count++] = word;
	return 0;
}

static int check_required(const struct cli *cli, struct cf_error *error)
{
	for (const struct cli_option *o = leaf_of(cli)->options; o && o->name; o++) {
		if (!o->required || cli_option(cli, o->name))
			continue;
		return error_set(error, CF_ERR_USAGE, "option --%s %s is needed%s%s%s", o->name,
				 o->argument, o->env ? " (or the variable " : "",
				 o->env ? o->env : "", o->env ? ")" : "");
	}
	return 0;
}

/* The argument at `index` in a usage like "--store URL ID... [--yes]". */
static struct cf_str name_argument(const char *usage, size_t index)
{
	bool value = false, optional = false;

	for (const char *word = usage; *word && *word != '\n'; word += *word == ' ') {
		struct cf_str name = {word, strcspn(word, " \n")};

		word += name.len;
		if (value) {
			value = false;
		} else if (optional || name.ptr[0] == '[') {
			optional = name.ptr[name.len - 1] != ']';
		} else if (name.ptr[0] == '-') {
			value = true;
		} else if (index-- == 0) {
			return name;
		}
	}
	return str_of(usage);
}

static int check_complete(const struct cli *cli, struct cf_error *error)
{
	const struct cli_command *leaf = leaf_of(cli);

	if (!leaf)
		return error_set(error, CF_ERR_USAGE, "which command? see " CLI_PROGRAM " --help");
	if (leaf->subcommands)
		return error_set(error, CF_ERR_USAGE,
				 "%s: which subcommand? see " CLI_PROGRAM " %s --help", leaf->name,
				 leaf->name);
	if (cli->arg_count < (size_t)leaf->min_args)
		return error_set(error, CF_ERR_USAGE, "%s: an argument is missing: %.*s",
				 leaf->name, STR_ARG(name_argument(leaf->usage, cli->arg_count)));
	if (leaf->max_args != CLI_ARGS_ANY && cli->arg_count > (size_t)leaf->max_args)
		return error_set(error, CF_ERR_USAGE, "%s: one argument too many: \"%s\"",
				 leaf->name, cli->args[leaf->max_args]);
	return check_required(cli, error);
}

/* Our own copy of each word; a password in the process's own argv is masked. */
static const char **take_words(struct cli *cli, int argc, char **argv, size_t *ret_bytes)
{
	const char **words = arena_calloc(&cli->arena, (size_t)argc + 1, sizeof(*words));

	*ret_bytes = 0;
	for (int i = 1; words && i < argc; i++) {
		words[i - 1] = arena_dup(&cli->arena, str_of(argv[i])).ptr;
		if (!words[i - 1])
			return NULL;
		cli_mask_passwords(argv[i]);
		*ret_bytes += strlen(argv[i]);
	}
	return words;
}

int cli_parse(struct cli *cli, int argc, char **argv, bool *ret_stop, struct cf_error *error)
{
	struct parser parser = {.cli = cli};
	size_t bytes = 0;
	int rc = 0;

	*ret_stop = false;
	parser.words = take_words(cli, argc, argv, &bytes);
	cli->args = arena_calloc(&cli->arena, (size_t)argc + 1, sizeof(*cli->args));
	/* Each byte of a word of letters may be an option. */
	cli->values = arena_calloc(&cli->arena, bytes + 1, sizeof(*cli->values));
	if (!parser.words || !cli->args || !cli->values)
		return error_nomem(error);
	while (rc == 0 && *parser.words)
		rc = parse_word(&parser, *parser.words++, error);
	if (rc == 0 && parser.version) {
		*ret_stop = true;
		return cli_out_printf(cli, CLI_PROGRAM " " CHESTERFIELD_VERSION "\n");
	}
	if (rc == 0 && parser.help) {
		*ret_stop = true;
		return cli_help(cli);
	}
	return rc ? rc : check_complete(cli, error);
}
