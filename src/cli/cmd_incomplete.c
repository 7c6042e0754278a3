/* incomplete: documents that wait for others to arrive. */
#include "cli/listing.h"

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = NULL},
};
static const struct cli_option list_options[] = {
	CLI_OPTION_STORE, CLI_OPTION_STATE, CLI_OPTION_DB, CLI_OPTIONS_FILTER, {.name = NULL},
};

static void list_row(struct cf_arena *arena, struct cf_str id, struct json_value body,
		     struct cf_str *cells)
{
	cells[0] = id;
	cells[1] = cli_list_time(arena, json_member(body, STR("since")));
	cells[2] = cli_text_in(arena, body, "id");
	cells[3] = cli_text_in(arena, body, "waits_for");
}

static const struct cli_column columns[] = {
	{.head = "entry"},
	{.head = "since"},
	{.head = "document"},
	{.head = "waits for"},
};
static const struct cli_listing listing = {SYNC_INCOMPLETE, columns, ARRAY_LEN(columns), list_row};

static int run_list(struct cli *cli, struct cf_error *error)
{
	return cli_list(cli, &listing, error);
}

static int show(struct cli *cli, const struct cli_stores *stores, const struct sync_entry *entry,
		struct cf_error *error)
{
	static const char *const shown[] = {"id", "waits_for", "reason", "lineage", "since"};

	(void)stores;
	(void)error;
	if (cli->json)
		return cli_entry_line(cli, entry->id, entry->body);
	cli_show(cli, "entry", entry->id);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		cli_show(cli, shown[i], cli_text(cli, entry->body, shown[i]));
	return 0;
}

static int run_show(struct cli *cli, struct cf_error *error)
{
	return cli_entry(cli, SYNC_INCOMPLETE, show, error);
}

static const struct cli_command incomplete_show = {
	.name = "show",
	.summary = "one document that waits, and for what",
	.usage = "ID --store URL [--state URL] [--db NAME]",
	.help = "ID is what `incomplete list` shows as `entry`, or as much of its beginning as no "
		"other has.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run_show,
};

static const struct cli_command incomplete_list = {
	.name = "list",
	.summary = "documents that wait for others, with what and since when",
	.usage = "--store URL [--state URL] [--db PATTERN...] " CLI_USAGE_FILTER,
	.help = CLI_LIST_HELP,
	.options = list_options,
	.run = run_list,
};

const struct cli_command cmd_incomplete = {
	.name = "incomplete",
	.summary = "documents that wait for others to arrive",
	.usage = "COMMAND",
	.subcommands =
		(const struct cli_command *const[]){&incomplete_list, &incomplete_show, NULL},
};
