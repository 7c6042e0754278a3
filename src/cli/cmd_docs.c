/* docs: looks into any store, and writes to it. */
#include "cli/docs.h"

int docs_open(struct cli *cli, bool create, struct cf_store **ret, struct cf_error *error)
{
	const char *url = cli_option(cli, "store");

	return create ? store_open(ret, url, cli->env, cli->mem, error)
		      : store_open_existing(ret, url, cli->env, cli->mem, error);
}

int docs_need_histories(struct cli *cli, const struct cf_store *store, struct cf_error *error)
{
	if (store->capabilities & CF_STORE_HISTORIES)
		return 0;
	error_set(error, CF_ERR_USAGE, "this store keeps no histories of revisions");
	return cli_stores_name(cli, cli_option(cli, "store"), CF_ERR_USAGE, error);
}

int docs_print_answer(struct cli *cli, struct cf_str id, const struct cf_answer *answer,
		      struct cf_str winner)
{
	struct cf_buf *out = &cli->out.buf;

	buf_str(out, STR("{\"id\":"));
	json_write_string(id, out);
	if (answer->code == 0) {
		buf_str(out, STR(",\"rev\":"));
		json_write_string(answer->rev, out);
	} else {
		buf_str(out, STR(",\"error\":"));
		json_write_string(answer->message.len ? answer->message
						      : str_of(cf_error_text(answer->code)),
				  out);
	}
	if (winner.len) {
		buf_str(out, STR(",\"winner\":"));
		json_write_string(winner, out);
	}
	buf_str(out, STR("}\n"));
	return cli_out_check(cli);
}

void docs_report(struct cli *cli, const struct cf_record *record)
{
	struct cf_error error;

	if (record->code)
		error_set(&error, record->code, "%.*s", STR_ARG(record->message));
	else
		error_set(&error, CF_ERR_NOT_FOUND, "not found");
	error_at_document(&error, record->id);
	cli_report(cli, &error);
}

/* --- changes --------------------------------------------------------------------------------- */

static int print_change(struct cli *cli, const struct cf_change *change)
{
	const struct cf_record *record = &change->record;
	struct cf_buf *out = &cli->out.buf;

	buf_str(out, STR("{\"id\":"));
	json_write_string(record->id, out);
	buf_str(out, STR(",\"rev\":"));
	json_write_string(record->revision_count ? record->revisions[0].rev : STR(""), out);
	if (record->revision_count && record->revisions[0].deleted)
		buf_str(out, STR(",\"deleted\":true"));
	buf_str(out, STR("}\n"));
	return cli_out_check(cli);
}

static int print_token(struct cli *cli, struct cf_str token)
{
	struct cf_buf *out = &cli->out.buf;

	buf_str(out, STR("{\"token\":"));
	json_write_string(token, out);
	buf_str(out, STR("}\n"));
	return cli_out_check(cli);
}

static int run_changes(struct cli *cli, struct cf_error *error)
{
	const char *since = cli_option(cli, "since");
	struct cf_changes args = {.since = str_of(since ? since : ""), .limit = DOCS_BATCH};
	struct cf_store *store = NULL;
	struct cf_change *changes;
	struct cf_str token = args.since;
	struct cf_arena arena;
	struct cf_buf kept;
	size_t count = 1;
	int rc = docs_open(cli, false, &store, error);

	arena_init(&arena, cli->mem);
	buf_init(&kept, cli->mem);
	while (rc == 0 && count && !cli_interrupted()) {
		rc = store_changes(store, &args, &arena, &changes, &count, &token, error);
		if (rc == CF_ERR_UNSUPPORTED_OP || rc == CF_ERR_USAGE)
			rc = cli_stores_name(cli, cli_option(cli, "store"), rc, error);
		for (size_t i = 0; rc == 0 && i < count; i++)
			if (print_change(cli, &changes[i]))
				rc = cli_out_error(cli, error);
		if (rc)
			break;
		buf_clear(&kept);
		buf_str(&kept, token);
		args.since = buf_view(&kept);
		arena_reset(&arena);
	}
	if (rc == 0 && print_token(cli, args.since))
		rc = cli_out_error(cli, error);
	buf_fini(&kept);
	arena_fini(&arena);
	store_close(store);
	return rc;
}

/* --- the table ------------------------------------------------------------------------- */

#define OPTION_LEAVES(words)                    \
	{                                       \
		.name = "leaves", .help = words \
	}
#define OPTION_REVISIONS                                                                   \
	{                                                                                  \
		.name = "revisions", .help = "with `_revisions`, the way to each revision" \
	}
#define OPTION_ATTACHMENTS                                                                  \
	{                                                                                   \
		.name = "attachments", .help = "with the content of attachments, in base64" \
	}

static const struct cli_option put_options[] = {
	CLI_OPTION_STORE,
	{.name = "as-is", .help = "store exactly the revision that `_rev` or `_revisions` names"},
	{.name = NULL},
};
static const struct cli_option get_options[] = {
	CLI_OPTION_STORE, OPTION_LEAVES("every branch, deleted ones too, the winner first"),
	OPTION_REVISIONS, OPTION_ATTACHMENTS,
	{.name = NULL},
};
static const struct cli_option list_options[] = {
	CLI_OPTION_STORE,
	{.name = "prefix", .argument = "P", .help = "only ids that begin so"},
	OPTION_LEAVES("every branch and every tombstone, in the order of the changes"),
	OPTION_REVISIONS,
	OPTION_ATTACHMENTS,
	{.name = NULL},
};
static const struct cli_option delete_options[] = {
	CLI_OPTION_STORE,
	{.name = "all-leaves", .help = "every branch that lives, not only the winner"},
	{.name = NULL},
};
static const struct cli_option changes_options[] = {
	CLI_OPTION_STORE,
	{.name = "since", .argument = "TOKEN", .help = "go on from a token printed before"},
	{.name = NULL},
};

static const struct cli_command docs_put = {
	.name = "put",
	.summary = "save documents, one JSON object a line",
	.usage = "--store URL [--as-is] [FILE...]",
	.help = "With `_rev` a document is saved only over that revision, without it it is "
		"inserted or replaced. Prints {\"id\", \"rev\"} or {\"id\", \"error\"} for each. "
		"Exit code 3 where any was refused.\n\n"
		"With --as-is each document becomes the revision that it names, with the history "
		"in its `_revisions`, whatever else is there (CouchDB's new_edits: false). It "
		"may make a branch, and doing it again changes nothing.",
	.options = put_options,
	.max_args = CLI_ARGS_ANY,
	.tells = true,
	.run = docs_run_put,
};
static const struct cli_command docs_get = {
	.name = "get",
	.summary = "print documents by id, in the order of their ids",
	.usage = "--store URL [--leaves] [--revisions] [--attachments] ID...",
	.options = get_options,
	.min_args = 1,
	.max_args = CLI_ARGS_ANY,
	.run = docs_run_get,
};
static const struct cli_command docs_list = {
	.name = "list",
	.summary = "print all documents, in the order of their ids",
	.usage = "--store URL [--prefix P] [--leaves] [--revisions] [--attachments]",
	.help = "`list --leaves --revisions --attachments` prints all that a store knows, "
		"tombstones too, and `put --as-is` takes it back.",
	.options = list_options,
	.run = docs_run_list,
};
static const struct cli_command docs_delete = {
	.name = "delete",
	.summary = "delete documents by id; their tombstones stay, rows of tables go",
	.usage = "--store URL [--all-leaves] ID...",
	.help = "A document with branches that lose is still there after its winner was "
		"deleted: then `winner` says what it now is, and the exit code is 3.",
	.options = delete_options,
	.min_args = 1,
	.max_args = CLI_ARGS_ANY,
	.tells = true,
	.run = docs_run_delete,
};
static const struct cli_command docs_changes = {
	.name = "changes",
	.summary = "print what changed and, last, the token to go on from",
	.usage = "--store URL [--since TOKEN]",
	.options = changes_options,
	.run = run_changes,
};

const struct cli_command cmd_docs = {
	.name = "docs",
	.summary = "look into a store, and write to it",
	.usage = "COMMAND",
	.help = "A store is named by a URL: sqlite:FILE for documents with revisions and changes, "
		"sqlite:FILE?table=T&key=K for the rows of a table that another program made, "
		"memory:NAME for trying out within one process.",
	.subcommands = (const struct cli_command *const[]){&docs_put, &docs_get, &docs_list,
							   &docs_delete, &docs_changes, NULL},
};
