/* conflicts: edits that had to give way to others, and deciding on them. */
#include "cli/listing.h"

#include "catalog/catalog.h"

#include <stdio.h>

enum { VALUE_SHOWN = 32 };

static const struct cli_option show_options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = NULL},
};
static const struct cli_option list_options[] = {
	CLI_OPTION_STORE, CLI_OPTION_STATE, CLI_OPTION_DB, CLI_OPTIONS_FILTER, {.name = NULL},
};
static const struct cli_option resolve_options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "take", .argument = "SIDE", .help = "winner, or loser"},
	{.name = "value", .argument = "JSON", .help = "another value in the loser's place"},
	{.name = "catalog",
	 .letter = 'c',
	 .argument = "DIR",
	 .help = "the catalog that an edit must be valid by; needed inside arrays with a key",
	 .env = "CHESTERFIELD_CATALOG"},
	{.name = "all", .help = "all of the list, or all that the filters let through"},
	{.name = "dry-run", .help = "show which it would be, and write nothing"},
	CLI_OPTION_YES,
	CLI_OPTIONS_FILTER,
	{.name = NULL},
};

/* --- list ------------------------------------------------------------------------- */

/* "todo-item@2 "Buy milk"", cut where it is long. */
static struct cf_str side_text(struct cf_arena *arena, struct json_value side)
{
	struct cf_str version = cli_text_in(arena, side, "version");
	struct json_value said = json_member(side, STR("value"));
	struct cf_str value = json_is_absent(said) ? STR("") : json_span(said);
	size_t len = value.len < VALUE_SHOWN ? value.len : VALUE_SHOWN;

	if (!json_is_absent(json_member(side, STR("removed"))))
		return arena_printf(arena, "%.*s (removed)", STR_ARG(version));
	while (len < value.len && ((unsigned char)value.ptr[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(arena, "%.*s %.*s%s", STR_ARG(version), (int)len, value.ptr,
			    len < value.len ? "..." : "");
}

static void list_row(struct cf_arena *arena, struct cf_str id, struct json_value body,
		     struct cf_str *cells)
{
	cells[0] = id;
	cells[1] = cli_text_in(arena, body, "pointer");
	cells[2] = side_text(arena, json_member(body, STR("winner")));
	cells[3] = side_text(arena, json_member(body, STR("loser")));
	cells[4] = cli_list_time(arena, json_member(body, STR("at")));
}

static const struct cli_column columns[] = {
	{.head = "entry"}, {.head = "at"}, {.head = "winner"}, {.head = "loser"}, {.head = "when"},
};
static const struct cli_listing listing = {SYNC_CONFLICTS, columns, ARRAY_LEN(columns), list_row};

static int run_list(struct cli *cli, struct cf_error *error)
{
	return cli_list(cli, &listing, error);
}

/* --- show ------------------------------------------------------------------------- */

static struct cf_str kind_words(struct cf_str kind)
{
	if (str_equal(kind, STR("delete")))
		return STR("deleted by one, edited by another");
	if (str_equal(kind, STR("late")))
		return STR("edited on top of something out of date");
	return STR("edited by two at once");
}

static void show_side(struct cli *cli, const char *name, struct json_value side)
{
	struct json_value value = json_member(side, STR("value"));

	cli_show(cli, name, cli_text(cli, side, "version"));
	cli_show(cli, "  document", cli_text(cli, side, "id"));
	cli_show(cli, "  revision", cli_text(cli, side, "rev"));
	cli_show(cli, "  at", cli_text(cli, side, "pointer"));
	if (json_is_absent(value) || !json_is_absent(json_member(side, STR("removed"))))
		cli_show(cli, "  value", STR("(removed)"));
	else
		cli_show(cli, "  value", json_span(value));
}

static int show(struct cli *cli, const struct cli_stores *stores, const struct sync_entry *entry,
		struct cf_error *error)
{
	(void)stores;
	if (cli->json)
		return cli_entry_line(cli, entry->id, entry->body) ? cli_out_error(cli, error) : 0;
	cli_show(cli, "conflict", entry->id);
	cli_show(cli, "lineage", cli_text(cli, entry->body, "lineage"));
	cli_show(cli, "what", kind_words(cli_text(cli, entry->body, "kind")));
	cli_show(cli, "decided by", cli_text(cli, entry->body, "policy"));
	cli_show(cli, "when", cli_text(cli, entry->body, "at"));
	show_side(cli, "winner", json_member(entry->body, STR("winner")));
	show_side(cli, "loser", json_member(entry->body, STR("loser")));
	return 0;
}

static int run_show(struct cli *cli, struct cf_error *error)
{
	return cli_entry(cli, SYNC_CONFLICTS, show, error);
}

/* --- resolve ------------------------------------------------------------------------- */

static int read_decision(struct cli *cli, struct sync_resolve *how, struct json_doc *value,
			 struct cf_error *error)
{
	const char *side = cli_option(cli, "take"), *text = cli_option(cli, "value");
	int rc;

	if (!side == !text)
		return error_set(error, CF_ERR_USAGE,
				 "say how: --take winner, --take loser, or --value JSON");
	if (side) {
		how->take = strcmp(side, "loser") == 0 ? SYNC_TAKE_LOSER : SYNC_TAKE_WINNER;
		if (how->take == SYNC_TAKE_WINNER && strcmp(side, "winner") != 0)
			return error_set(error, CF_ERR_USAGE,
					 "--take is winner or loser, not \"%s\"", side);
		return 0;
	}
	how->take = SYNC_TAKE_VALUE;
	rc = json_read(value, text, strlen(text), JSON_READ_DOCUMENT, error);
	if (rc == CF_ERR_NOMEM)
		return rc;
	if (rc) {
		char why[sizeof(error->message)];

		snprintf(why, sizeof(why), "%s", error->message);
		return error_set(error, CF_ERR_USAGE, "--value: not JSON: %s", why);
	}
	how->value = json_root(value);
	return 0;
}

static int tell(struct cli *cli, const struct sync_resolved *done, enum sync_take take)
{
	struct cf_buf *out = &cli->out.buf;

	if (!cli->json) {
		cli_say(cli, "%.*s: %s%.*s", STR_ARG(done->id),
			done->written              ? "written to "
			: take == SYNC_TAKE_WINNER ? "removed from the list; kept "
						   : "it says so already: ",
			STR_ARG(done->document));
		return 0;
	}
	buf_str(out, STR("{\"id\":"));
	json_write_string(done->id, out);
	buf_str(out, STR(",\"document\":"));
	json_write_string(done->document, out);
	buf_printf(out, ",\"written\":%s", done->written ? "true" : "false");
	if (done->written) {
		buf_str(out, STR(",\"rev\":"));
		json_write_string(done->rev, out);
	}
	buf_str(out, STR("}\n"));
	return cli_out_check(cli);
}

/* Of many, one that cannot be decided so is told, and the others go on. */
static bool goes_on(struct cli *cli, int rc, struct cf_error *error)
{
	bool all = cli_given(cli, "all");

	if (!all || (rc != CF_ERR_PRECONDITION && rc != CF_ERR_INVALID && rc != CF_ERR_USAGE &&
		     rc != CF_ERR_CONFLICT && rc != CF_ERR_NOT_FOUND))
		return false;
	error->code = rc;
	cli_report(cli, error);
	return true;
}

static int resolve(struct cli *cli, struct cli_stores *stores, struct sync_resolve *how,
		   const struct cli_ids *ids, struct cf_error *error)
{
	size_t failed = 0;

	for (size_t i = 0; i < ids->count; i++) {
		struct sync_resolved done;
		int rc = 0;

		if (cli_interrupted())
			return error_set(error, CF_ERR_INTERRUPTED, "%s", "");
		how->id = ids->at[i];
		rc = sync_conflict_resolve(stores->store, &stores->state, how, &cli->arena, &done,
					   error);
		if (rc && !goes_on(cli, rc, error))
			return rc;
		failed += rc != 0;
		if (rc == 0 && tell(cli, &done, how->take))
			return cli_out_error(cli, error);
	}
	return failed ? error_set(error, CF_ERR_FINDINGS, "%zu of %zu stay on the list", failed,
				  ids->count)
		      : 0;
}

/* What lost is forgotten, or many documents are written: that is asked for. */
static int decide(struct cli *cli, struct cli_stores *stores, struct sync_resolve *how,
		  struct cf_error *error)
{
	static const char *const words[] = {[SYNC_TAKE_WINNER] = "the winner stands",
					    [SYNC_TAKE_LOSER] = "the loser is written",
					    [SYNC_TAKE_VALUE] = "the value is written"};
	struct cli_ids ids;
	int rc = cli_entries_meant(cli, stores, SYNC_CONFLICTS, &ids, error);

	if (rc)
		return rc;
	if (cli_given(cli, "dry-run")) {
		rc = cli_list_some(cli, stores, &listing, &ids, error);
		if (rc == 0)
			cli_say(cli, "%zu would be decided, %s in each; nothing written", ids.count,
				words[how->take]);
		return rc;
	}
	if (cli_given(cli, "all") && ids.count)
		rc = cli_confirm(cli, error, "decide on %zu contested edits: %s in each", ids.count,
				 words[how->take]);
	return rc ? rc : resolve(cli, stores, how, &ids, error);
}

static int run_resolve(struct cli *cli, struct cf_error *error)
{
	const char *dir = cli_option(cli, "catalog");
	struct cli_stores stores = {.store = NULL};
	struct sync_resolve how = {.catalog = NULL};
	struct catalog *catalog = NULL;
	struct json_doc value;
	int rc;

	json_doc_init(&value, cli->mem);
	rc = read_decision(cli, &how, &value, error);
	if (rc == 0 && dir)
		rc = catalog_open(&catalog, dir, cli->mem, error);
	how.catalog = catalog;
	if (rc == 0)
		rc = cli_stores_open(cli, &stores, error);
	if (rc == 0)
		rc = decide(cli, &stores, &how, error);
	cli_stores_close(&stores);
	catalog_close(catalog);
	json_doc_fini(&value);
	return rc;
}

/* --- the rows ----------------------------------------------------------------------------- */

static const struct cli_command list_command = {
	.name = "list",
	.summary = "contested edits, with winner and loser",
	.usage = "--store URL [--state URL] [--db PATTERN...] " CLI_USAGE_FILTER,
	.help = CLI_LIST_HELP,
	.options = list_options,
	.run = run_list,
};
static const struct cli_command show_command = {
	.name = "show",
	.summary = "one contested edit in full",
	.usage = "ID --store URL [--state URL] [--db NAME]",
	.help = "ID is what `conflicts list` shows as `entry`, or as much of its beginning as no "
		"other has.",
	.options = show_options,
	.min_args = 1,
	.max_args = 1,
	.run = run_show,
};
static const struct cli_command resolve_command = {
	.name = "resolve",
	.summary = "decide on contested edits, and take them off the list",
	.usage = "ID... --take winner|loser --store URL [--state URL] [--db NAME]\n"
		 "ID... --value JSON [-c DIR] --store URL [--state URL] [--db NAME]\n"
		 "--all --take winner|loser --store URL [--state URL] [--db NAME] [--dry-run] "
		 "[--yes] " CLI_USAGE_FILTER,
	.help = "--take winner leaves the documents as they are. --take loser writes the value "
		"that had to give way into the version where it was made, on top of what stands "
		"there now; --value writes another one in its place. That is an edit like any "
		"other: the next `run`, or the one that is at work, carries it to all versions.\n\n"
		"With -c an edit that is not valid is refused, and nothing is written.\n\n"
		"--all decides on every entry, or on those that the filters let through, and asks "
		"before; --dry-run shows them. One that cannot be decided so is told and stays; "
		"the others go on (exit code 3).",
	.options = resolve_options,
	.max_args = CLI_ARGS_ANY,
	.tells = true,
	.run = run_resolve,
};

const struct cli_command cmd_conflicts = {
	.name = "conflicts",
	.summary = "edits that had to give way to others",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&list_command, &show_command,
							   &resolve_command, NULL},
};
