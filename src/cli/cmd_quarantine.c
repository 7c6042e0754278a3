/* quarantine: documents that wait because something is wrong, and deciding on them. */
#include "cli/listing.h"
#include "cli/server.h"

#include <inttypes.h>

enum { DOCUMENTS_MAX = 100 };

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = NULL},
};
static const struct cli_option list_options[] = {
	CLI_OPTION_STORE, CLI_OPTION_STATE, CLI_OPTION_DB, CLI_OPTIONS_FILTER, {.name = NULL},
};
static const struct cli_option retry_options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "all", .help = "all that waits, or all that the filters let through"},
	CLI_OPTIONS_FILTER,
	{.name = NULL},
};
static const struct cli_option drop_options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "all", .help = "all that waits, or all that the filters let through"},
	CLI_OPTION_YES,
	CLI_OPTIONS_FILTER,
	{.name = NULL},
};

/* --- list -------------------------------------------------------------------------- */

static void list_row(struct cf_arena *arena, struct cf_str id, struct json_value body,
		     struct cf_str *cells)
{
	cells[0] = id;
	cells[1] = cli_list_time(arena, json_member(body, STR("since")));
	cells[2] = cli_text_in(arena, body, "id");
	cells[3] = cli_text_in(arena, body, "pointer");
	cells[4] = cli_text_in(arena, body, "reason");
}

static const struct cli_column columns[] = {
	{.head = "entry"}, {.head = "since"},  {.head = "document"},
	{.head = "at"},    {.head = "reason"},
};
static const struct cli_listing listing = {SYNC_QUARANTINE, columns, ARRAY_LEN(columns), list_row};

static int run_list(struct cli *cli, struct cf_error *error)
{
	return cli_list(cli, &listing, error);
}

/* --- show -------------------------------------------------------------------------- */

/* The ids of the documents that hang together here; of one that no lineage is known
 * for, its own. */
static size_t list_documents(struct cli *cli, struct json_value body, struct cf_get *gets)
{
	struct json_iter it = json_iter(json_member(body, STR("documents")));
	size_t count = 0;

	while (count < DOCUMENTS_MAX && json_next(&it)) {
		struct cf_str id;

		if (json_kind(it.value) == JSON_STRING &&
		    json_decode(it.value, &cli->arena, &id) == 0)
			gets[count++] = (struct cf_get){.id = id};
	}
	if (count == 0)
		gets[count++] = (struct cf_get){.id = cli_text(cli, body, "id")};
	return count;
}

/* The value that the reason speaks of, as it stands in the document now. */
static int find_value(struct cli *cli, const struct cf_record *record, struct cf_str pointer,
		      struct json_doc *doc, struct json_value *ret)
{
	const struct cf_revision *now = record->revisions;

	(void)cli;
	*ret = JSON_ABSENT;
	if (pointer.len == 0 || record->revision_count == 0 || now->deleted || !now->body.ptr)
		return 0;
	/* A document that is no JSON has no value to show. */
	if (json_read(doc, now->body.ptr, now->body.len, JSON_READ_DUPLICATE_NAMES, NULL) == 0)
		*ret = json_pointer_get(json_root(doc), pointer);
	return 0;
}

static const char *revision_state(const struct cf_record *record)
{
	if (record->revision_count == 0)
		return "(not there)";
	return record->revisions[0].deleted ? " (deleted)" : "";
}

static void print_text(struct cli *cli, const struct sync_entry *entry, struct json_value value,
		       const struct cf_record *records, size_t count)
{
	struct json_value body = entry->body;
	struct json_iter it = json_iter(json_member(body, STR("values")));
	struct cf_str file = cli_text(cli, body, "file"), line = cli_text(cli, body, "line");

	cli_show(cli, "entry", entry->id);
	cli_show(cli, "reason", cli_text(cli, body, "reason"));
	cli_show(cli, "error", cli_text(cli, body, "error"));
	cli_show(cli, "document", cli_text(cli, body, "id"));
	cli_show(cli, "at", cli_text(cli, body, "pointer"));
	if (!json_is_absent(value))
		cli_show(cli, "value", json_span(value));
	if (file.len)
		cli_show(cli, "lens",
			 arena_printf(&cli->arena, "%.*s:%.*s", STR_ARG(file), STR_ARG(line)));
	while (json_next(&it))
		cli_show(cli, "swings to", json_span(it.value));
	cli_show(cli, "since", cli_text(cli, body, "since"));
	for (size_t i = 0; i < count; i++) {
		const char *state = revision_state(&records[i]);
		struct cf_str rev =
			records[i].revision_count ? records[i].revisions[0].rev : STR("");

		cli_show(cli, i ? "" : "lineage",
			 arena_printf(&cli->arena, "%.*s  %.*s%s", STR_ARG(records[i].id),
				      STR_ARG(rev), state));
	}
}

static void print_json(struct cli *cli, const struct sync_entry *entry, struct json_value value,
		       const struct cf_record *records, size_t count)
{
	struct cf_buf *out = &cli->out.buf;
	struct json_iter it = json_iter(entry->body);

	buf_str(out, STR("{\"entry\":"));
	json_write_string(entry->id, out);
	while (json_next(&it)) {
		if (json_name_is(it.name, STR("documents")))
			continue;
		buf_byte(out, ',');
		json_write(it.name, out);
		buf_byte(out, ':');
		json_write_compact(it.value, out);
	}
	if (!json_is_absent(value)) {
		buf_str(out, STR(",\"value\":"));
		json_write_compact(value, out);
	}
	buf_str(out, STR(",\"documents\":["));
	for (size_t i = 0; i < count; i++) {
		bool there = records[i].revision_count > 0;

		buf_str(out, i ? STR(",{\"id\":") : STR("{\"id\":"));
		json_write_string(records[i].id, out);
		if (there) {
			buf_str(out, STR(",\"rev\":"));
			json_write_string(records[i].revisions[0].rev, out);
		}
		if (there && records[i].revisions[0].deleted)
			buf_str(out, STR(",\"deleted\":true"));
		buf_byte(out, '}');
	}
	buf_str(out, STR("]}\n"));
}

static int show(struct cli *cli, const struct cli_stores *stores, const struct sync_entry *entry,
		struct cf_error *error)
{
	struct cf_get gets[DOCUMENTS_MAX];
	struct cf_record records[DOCUMENTS_MAX] = {0};
	size_t count = list_documents(cli, entry->body, gets);
	struct cf_str document = cli_text(cli, entry->body, "id");
	struct json_value value = JSON_ABSENT;
	struct json_doc doc;
	int rc = store_get(stores->store, gets, count, CF_READ_BODIES, &cli->arena, records, error);

	json_doc_init(&doc, cli->mem);
	for (size_t i = 0; i < count && rc == 0; i++) {
		records[i].id = gets[i].id;
		if (str_equal(gets[i].id, document))
			rc = find_value(cli, &records[i], cli_text(cli, entry->body, "pointer"),
					&doc, &value);
	}
	if (rc == 0) {
		if (cli->json)
			print_json(cli, entry, value, records, count);
		else
			print_text(cli, entry, value, records, count);
		(void)cli_out_check(cli);
	}
	json_doc_fini(&doc);
	return rc;
}

static int run_show(struct cli *cli, struct cf_error *error)
{
	return cli_entry(cli, SYNC_QUARANTINE, show, error);
}

/* --- retry and drop ------------------------------------------------------------------- */

static void tell(struct cli *cli, struct cf_str id, const char *done, const char *words)
{
	if (cli->json) {
		buf_str(&cli->out.buf, STR("{\"entry\":"));
		json_write_string(id, &cli->out.buf);
		cli_out_printf(cli, ",\"%s\":true}\n", done);
	} else {
		cli_say(cli, "%.*s: %s", STR_ARG(id), words);
	}
}

static void tell_retry(struct cli *cli, uint64_t count)
{
	if (cli->json)
		cli_out_printf(cli, "{\"retry\":%" PRIu64 "}\n", count);
	else
		cli_say(cli, "%" PRIu64 " will be looked at again by the next step of `run`",
			count);
}

static int retry_all(struct cli *cli, struct cli_stores *stores, struct cf_error *error)
{
	uint64_t count = 0;
	int rc = sync_quarantine_retry_all(&stores->state, &count, cli->mem, error);

	if (rc == 0)
		tell_retry(cli, count);
	return rc;
}

static int retry(struct cli *cli, struct cli_stores *stores, struct cf_error *error)
{
	struct cli_filter filter;
	struct cli_ids ids = {NULL, 0};
	int rc = cli_filter_read(cli, &filter, error);

	if (rc == 0 && cli_given(cli, "all") && cli->arg_count == 0 && cli_filter_is_any(&filter))
		return retry_all(cli, stores, error);
	if (rc == 0)
		rc = cli_entries_meant(cli, stores, SYNC_QUARANTINE, &ids, error);
	for (size_t i = 0; i < ids.count && rc == 0; i++) {
		struct sync_entry entry;

		rc = sync_quarantine_retry(&stores->state, ids.at[i], &cli->arena, &entry, error);
		if (rc == 0)
			tell(cli, entry.id, "retry",
			     "will be looked at again by the next step of `run`");
	}
	return rc;
}

/* By its name in full; asks, unless all are asked for at once. */
static int drop_one(struct cli *cli, struct cli_stores *stores, struct cf_str id,
		    struct cf_error *error)
{
	struct sync_entry entry;
	struct json_doc doc;
	int rc;

	json_doc_init(&doc, cli->mem);
	rc = sync_entry_find(&stores->state, SYNC_QUARANTINE, id, &cli->arena, &doc, &entry, error);
	json_doc_fini(&doc);
	if (rc == 0 && !cli_given(cli, "all"))
		rc = cli_confirm(cli, error, "forget that %.*s waits", STR_ARG(entry.id));
	if (rc == 0)
		rc = sync_quarantine_drop(&stores->state, entry.id, &cli->arena, &entry, error);
	if (rc == 0)
		tell(cli, entry.id, "dropped",
		     "forgotten; its documents stay as they are, and are looked at when one of "
		     "them changes");
	return rc;
}

static int drop(struct cli *cli, struct cli_stores *stores, struct cf_error *error)
{
	struct cli_ids ids = {NULL, 0};
	int rc = cli_entries_meant(cli, stores, SYNC_QUARANTINE, &ids, error);

	if (rc == 0 && cli_given(cli, "all") && ids.count)
		rc = cli_confirm(cli, error, "forget that %zu documents wait", ids.count);
	for (size_t i = 0; i < ids.count && rc == 0; i++)
		rc = drop_one(cli, stores, ids.at[i], error);
	return rc;
}

static int decide(struct cli *cli, int (*how)(struct cli *, struct cli_stores *, struct cf_error *),
		  struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	int rc = cli_stores_open(cli, &stores, error);

	if (rc == 0)
		rc = how(cli, &stores, error);
	if (rc == 0 && cli->out.code)
		rc = cli_out_error(cli, error);
	cli_stores_close(&stores);
	return rc;
}

static int retry_database(void *ctx, struct cf_str name, struct cli_stores *stores,
			  struct cf_error *error)
{
	uint64_t *total = ctx, count = 0;
	int rc = sync_quarantine_retry_all(&stores->state, &count, stores->state.mem, error);

	(void)name;
	*total += count;
	return rc;
}

/* All that waits in the databases that --db names. */
static int retry_many(struct cli *cli, struct cf_error *error)
{
	uint64_t count = 0;
	struct cli_server_walk walk = {.each = retry_database, .ctx = &count};
	struct cli_filter filter;
	int rc = cli_filter_read(cli, &filter, error);

	if (rc == 0 && (!cli_given(cli, "all") || cli->arg_count || !cli_filter_is_any(&filter)))
		rc = error_set(error, CF_ERR_USAGE,
			       "of several databases: --all, and no filters; else --db NAME");
	rc = rc ? rc : cli_server_walk(cli, &walk, error);
	if (rc)
		return rc;
	tell_retry(cli, count);
	return cli->out.code ? cli_out_error(cli, error) : 0;
}

static int run_retry(struct cli *cli, struct cf_error *error)
{
	if (cli_server_asked(cli) && !cli_server_one(cli))
		return retry_many(cli, error);
	return decide(cli, retry, error);
}

static int run_drop(struct cli *cli, struct cf_error *error)
{
	return decide(cli, drop, error);
}

/* --- the rows ---------------------------------------------------------------------------- */

static const struct cli_command list_command = {
	.name = "list",
	.summary = "documents that wait because something is wrong, with the reason",
	.usage = "--store URL [--state URL] [--db PATTERN...] " CLI_USAGE_FILTER,
	.help = CLI_LIST_HELP,
	.options = list_options,
	.run = run_list,
};
static const struct cli_command show_command = {
	.name = "show",
	.summary = "why one document waits, and what hangs together with it",
	.usage = "ID --store URL [--state URL] [--db NAME]",
	.help = "ID is what `quarantine list` shows as `entry` or as `id`, or as much of the "
		"beginning of the entry as no other has.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run_show,
};
static const struct cli_command retry_command = {
	.name = "retry",
	.summary = "look again, without a change to the document",
	.usage = "ID... --store URL [--state URL] [--db NAME]\n"
		 "--all --store URL [--state URL] [--db PATTERN...] " CLI_USAGE_FILTER,
	.help = "After a lens or a schema was put right, for example. The next `run` looks at "
		"what was named, and so does one that is at work.",
	.options = retry_options,
	.max_args = CLI_ARGS_ANY,
	.tells = true,
	.run = run_retry,
};
static const struct cli_command drop_command = {
	.name = "drop",
	.summary = "take something off the list",
	.usage = "ID... --store URL [--state URL] [--db NAME] [--yes]\n"
		 "--all --store URL [--state URL] [--db NAME] [--yes] " CLI_USAGE_FILTER,
	.help = "Only the entry goes. The documents stay as they are; when one of them changes, "
		"they are looked at again, and come back on the list if something is still wrong.",
	.options = drop_options,
	.max_args = CLI_ARGS_ANY,
	.tells = true,
	.run = run_drop,
};

const struct cli_command cmd_quarantine = {
	.name = "quarantine",
	.summary = "documents that wait because something is wrong",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&list_command, &show_command,
							   &retry_command, &drop_command, NULL},
};
