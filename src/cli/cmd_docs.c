/* docs: looks into any store, and writes to it. */
#include "cli/stores.h"
#include "store/store.h"

#include <stdlib.h>

enum { BATCH = 500, BATCH_BYTES = 4 << 20 };

static int open_store(struct cli *cli, bool create, struct cf_store **ret, struct cf_error *error)
{
	const char *url = cli_option(cli, "store");

	return create ? store_open(ret, url, cli->env, cli->mem, error)
		      : store_open_existing(ret, url, cli->env, cli->mem, error);
}

/* --- put ------------------------------------------------------------------------------ */

/* What is to be said of one document: refused before the store saw it, or the
 * store's answer to a put. */
struct said {
	struct cf_str id;
	struct cf_answer refusal; /* code 0: there is a put */
};

struct batch {
	struct cf_arena arena;
	struct json_doc doc;
	struct cf_put puts[BATCH];
	struct said said[BATCH];
	size_t count, said_count, bytes;
	bool reserved; /* names with _ are CouchDB's: no rows of a table */
	bool failures;
};

static int print_answer(struct cli *cli, struct cf_str id, const struct cf_answer *answer)
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
	buf_str(out, STR("}\n"));
	return cli_out_check(cli);
}

/* `answers` are those of the puts, in the same order. *failures: some were refused. */
static int print_said(struct cli *cli, const struct said *said, size_t count,
		      const struct cf_answer *answers, bool *failures, struct cf_error *error)
{
	for (size_t i = 0, at = 0; i < count; i++) {
		const struct cf_answer *answer =
			said[i].refusal.code ? &said[i].refusal : &answers[at++];

		*failures = *failures || answer->code;
		if (print_answer(cli, said[i].id, answer))
			return cli_out_error(cli, error);
	}
	return 0;
}

static int put_batch(struct cli *cli, struct cf_store *store, struct batch *batch,
		     struct cf_error *error)
{
	struct cf_answer *answers = arena_calloc(&batch->arena, batch->count + 1, sizeof(*answers));
	int rc = answers ? 0 : error_nomem(error);

	if (rc == 0 && batch->count)
		rc = store_put(store, batch->puts, batch->count, &batch->arena, answers, error);
	if (rc == 0)
		rc = print_said(cli, batch->said, batch->said_count, answers, &batch->failures,
				error);
	arena_reset(&batch->arena);
	batch->count = 0;
	batch->said_count = 0;
	batch->bytes = 0;
	return rc;
}

/* Whose document it is although it cannot be taken; NULL where it does not say, or
 * says two things. */
static int find_id(struct batch *batch, struct cf_str line, struct cf_str *ret)
{
	struct json_iter it;
	unsigned found = 0;
	int rc = json_read(&batch->doc, line.ptr, line.len, JSON_READ_DUPLICATE_NAMES, NULL);

	*ret = (struct cf_str){NULL, 0};
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	it = json_iter(json_root(&batch->doc));
	while (rc == 0 && it.members && json_next(&it))
		if (json_name_is(it.name, STR("_id")) && ++found == 1 &&
		    json_kind(it.value) == JSON_STRING)
			rc = json_decode(it.value, &batch->arena, ret);
	if (found != 1 || ret->len == 0)
		ret->ptr = NULL;
	return rc;
}

/* The document's answer is what is wrong with it, without the place in the file. */
static int refuse_line(struct batch *batch, struct cf_str line, const struct cf_error *error)
{
	struct said *said = &batch->said[batch->said_count];
	struct cf_error why = *error;
	char words[sizeof(why.message) + sizeof(why.pointer) + 64];
	int rc = find_id(batch, line, &said->id);

	if (rc || !said->id.ptr)
		return rc;
	why.file[0] = why.document[0] = '\0';
	why.line = why.column = 0;
	said->refusal = (struct cf_answer){
		.code = error->code,
		.message = arena_dup(&batch->arena,
				     str_of(cf_error_format(&why, words, sizeof(words))))};
	batch->said_count += said->refusal.message.ptr != NULL;
	return said->refusal.message.ptr ? 0 : CF_ERR_NOMEM;
}

/* Names that CouchDB keeps for itself (couch_doc:transl_fields and validate_docid of
 * Apache CouchDB 3). A document with others could never be replicated there. */
static int check_reserved(struct batch *batch, const struct cf_put *put, struct cf_error *error)
{
	static const char *const known[] = {
		"_id",        "_rev",       "_deleted",           "_attachments", "_revisions",
		"_revs_info", "_conflicts", "_deleted_conflicts", "_local_seq",   "_removed"};
	struct json_iter it = json_iter(json_root(&batch->doc));
	struct cf_str name;
	bool fits;

	if (str_starts_with(put->id, STR("_")) && !str_starts_with(put->id, STR("_design/"))) {
		error_set(error, CF_ERR_INVALID,
			  "ids that begin with _ are reserved, all but _design/NAME");
		error_at_document(error, put->id);
		return CF_ERR_INVALID;
	}
	while (json_next(&it)) {
		if (json_decode(it.name, &batch->arena, &name))
			return error_nomem(error);
		fits = !str_starts_with(name, STR("_"));
		for (size_t i = 0; i < ARRAY_LEN(known) && !fits; i++)
			fits = str_equal(name, str_of(known[i]));
		if (fits)
			continue;
		error_set(error, CF_ERR_INVALID, "\"%.*s\": members that begin with _ are reserved",
			  STR_ARG(name));
		error_at_document(error, put->id);
		return CF_ERR_INVALID;
	}
	return 0;
}

/* A line that is no document is told with its number, and the rest goes on. */
static int take_line(struct batch *batch, struct cf_str line, struct cf_error *error)
{
	struct cf_put *put = &batch->puts[batch->count];
	struct cf_str kept = arena_dup(&batch->arena, line);
	int rc = kept.ptr ? json_read(&batch->doc, kept.ptr, kept.len, JSON_READ_DOCUMENT, error)
			  : error_nomem(error);

	batch->bytes += line.len;
	if (rc == 0)
		rc = document_split(json_root(&batch->doc), &batch->arena, put, error);
	if (rc == 0 && batch->reserved)
		rc = check_reserved(batch, put, error);
	if (rc == 0) {
		batch->said[batch->said_count++] = (struct said){.id = put->id};
		batch->count++;
	} else if (kept.ptr && rc != CF_ERR_NOMEM && refuse_line(batch, kept, error)) {
		rc = error_nomem(error);
	}
	return rc;
}

static int put_lines(struct cli *cli, struct cf_store *store, struct cli_lines *lines,
		     struct batch *batch, struct cf_error *error)
{
	struct cf_str line;
	uint64_t done = 0;
	int rc = 0;

	cli_progress_start(cli, "bytes", cli_lines_total(lines));
	for (;;) {
		int got = cli_lines_next(lines, &line, error);

		if (got == 0)
			break;
		if (got > 0)
			rc = take_line(batch, line, error);
		else
			rc = got;
		if (rc && cf_error_class(rc) == CF_CLASS_INPUT) {
			cli_lines_locate(lines, error);
			cli_report(cli, error);
			batch->failures = true;
			rc = 0;
		}
		if (rc == 0 && (batch->said_count == BATCH || batch->bytes > BATCH_BYTES))
			rc = put_batch(cli, store, batch, error);
		if (rc)
			return rc;
		done = lines->bytes;
		cli_progress_show(cli, done);
	}
	return put_batch(cli, store, batch, error);
}

static int run_put(struct cli *cli, struct cf_error *error)
{
	struct batch *batch = mem_calloc(cli->mem, 1, sizeof(*batch));
	struct cf_store *store = NULL;
	struct cli_lines lines;
	int rc;

	if (!batch)
		return error_nomem(error);
	arena_init(&batch->arena, cli->mem);
	json_doc_init(&batch->doc, cli->mem);
	cli_lines_init(&lines, cli, cli->args, cli->arg_count);
	rc = open_store(cli, true, &store, error);
	batch->reserved = rc == 0 && (store->capabilities & CF_STORE_HISTORIES) != 0;
	if (rc == 0)
		rc = put_lines(cli, store, &lines, batch, error);
	cli_progress_end(cli);
	if (rc == 0 && batch->failures)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	store_close(store);
	cli_lines_fini(&lines);
	json_doc_fini(&batch->doc);
	arena_fini(&batch->arena);
	mem_free(cli->mem, batch);
	return rc;
}

/* --- reading ----------------------------------------------------------------------------- */

static int print_record(struct cli *cli, const struct cf_record *record)
{
	if (document_join(record->id, &record->revisions[0], &cli->out.buf))
		return CF_ERR_NOMEM;
	buf_byte(&cli->out.buf, '\n');
	return cli_out_check(cli);
}

/* There is no such document, or none that can be shown. */
static void report_record(struct cli *cli, const struct cf_record *record)
{
	struct cf_error error;

	if (record->code)
		error_set(&error, record->code, "%.*s", STR_ARG(record->message));
	else
		error_set(&error, CF_ERR_NOT_FOUND, "not found");
	error_at_document(&error, record->id);
	cli_report(cli, &error);
}

static int compare_ids(const void *a, const void *b)
{
	return str_compare(((const struct cf_get *)a)->id, ((const struct cf_get *)b)->id);
}

/* In the order of the ids, as list has it, each once. */
static size_t sort_ids(struct cf_get *gets, size_t count)
{
	size_t kept = 0;

	qsort(gets, count, sizeof(*gets), compare_ids);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !str_equal(gets[i].id, gets[kept - 1].id))
			gets[kept++] = gets[i];
	return kept;
}

static int run_get(struct cli *cli, struct cf_error *error)
{
	struct cf_get *gets = arena_calloc(&cli->arena, cli->arg_count, sizeof(*gets));
	struct cf_record *records = arena_calloc(&cli->arena, cli->arg_count, sizeof(*records));
	struct cf_store *store = NULL;
	bool missing = false;
	size_t count = cli->arg_count;
	int rc = gets && records ? open_store(cli, false, &store, error) : error_nomem(error);

	for (size_t i = 0; i < cli->arg_count && rc == 0; i++)
		gets[i].id = str_of(cli->args[i]);
	count = rc ? 0 : sort_ids(gets, count);
	if (rc == 0)
		rc = store_get(store, gets, count, CF_READ_BODIES, &cli->arena, records, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (records[i].revision_count == 0 || records[i].revisions[0].deleted) {
			missing = true;
			report_record(cli, &records[i]);
		} else if (print_record(cli, &records[i])) {
			rc = cli_out_error(cli, error);
		}
	}
	store_close(store);
	if (rc == 0 && missing)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	return rc;
}

static int run_list(struct cli *cli, struct cf_error *error)
{
	const char *prefix = cli_option(cli, "prefix");
	struct cf_scan scan = {
		.limit = BATCH, .prefix = str_of(prefix ? prefix : ""), .flags = CF_READ_BODIES};
	struct cf_store *store = NULL;
	struct cf_record *records;
	struct cf_arena arena;
	struct cf_buf after;
	size_t count = 0;
	bool failures = false;
	int rc = open_store(cli, false, &store, error);

	arena_init(&arena, cli->mem);
	buf_init(&after, cli->mem);
	while (rc == 0) {
		if (cli_interrupted()) {
			rc = error_set(error, CF_ERR_INTERRUPTED, "%s", "");
			break;
		}
		rc = store_scan(store, &scan, &arena, &records, &count, error);
		for (size_t i = 0; i < count && rc == 0; i++)
			if (records[i].code) {
				report_record(cli, &records[i]);
				failures = true;
			} else if (print_record(cli, &records[i])) {
				rc = cli_out_error(cli, error);
			}
		if (rc || count < BATCH)
			break;
		buf_clear(&after);
		buf_str(&after, records[count - 1].id);
		scan.after = buf_view(&after);
		arena_reset(&arena);
	}
	buf_fini(&after);
	arena_fini(&arena);
	store_close(store);
	if (rc == 0 && failures)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	return rc;
}

static int run_delete(struct cli *cli, struct cf_error *error)
{
	struct cf_put *puts = arena_calloc(&cli->arena, cli->arg_count, sizeof(*puts));
	struct cf_get *gets = arena_calloc(&cli->arena, cli->arg_count, sizeof(*gets));
	struct cf_record *records = arena_calloc(&cli->arena, cli->arg_count, sizeof(*records));
	struct cf_answer *answers = arena_calloc(&cli->arena, cli->arg_count, sizeof(*answers));
	struct said *said = arena_calloc(&cli->arena, cli->arg_count, sizeof(*said));
	struct cf_store *store = NULL;
	bool failures = false;
	size_t count = 0;
	int rc = puts && gets && records && answers && said ? open_store(cli, false, &store, error)
							    : error_nomem(error);

	for (size_t i = 0; i < cli->arg_count && rc == 0; i++)
		gets[i].id = str_of(cli->args[i]);
	if (rc == 0)
		rc = store_get(store, gets, cli->arg_count, CF_READ_BODIES, &cli->arena, records,
			       error);
	for (size_t i = 0; i < cli->arg_count && rc == 0; i++) {
		const struct cf_revision *winner = records[i].revisions;

		said[i].id = gets[i].id;
		if (records[i].revision_count == 0 || winner->deleted) {
			report_record(cli, &records[i]);
			said[i].refusal = (struct cf_answer){
				.code = records[i].code ? records[i].code : CF_ERR_NOT_FOUND,
				.message = records[i].code ? records[i].message : STR("not found")};
			continue;
		}
		/* What a tombstone says is what the document said: type and version stay. */
		puts[count++] = (struct cf_put){.id = gets[i].id,
						.kind = CF_PUT_ON_REV,
						.rev = winner->rev,
						.deleted = true,
						.body = winner->body};
	}
	if (rc == 0 && count)
		rc = store_put(store, puts, count, &cli->arena, answers, error);
	if (rc == 0)
		rc = print_said(cli, said, cli->arg_count, answers, &failures, error);
	store_close(store);
	if (rc == 0 && failures)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	return rc;
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
	struct cf_changes args = {.since = str_of(since ? since : ""), .limit = BATCH};
	struct cf_store *store = NULL;
	struct cf_change *changes;
	struct cf_str token = args.since;
	struct cf_arena arena;
	struct cf_buf kept;
	size_t count = 1;
	int rc = open_store(cli, false, &store, error);

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

/* --- the table ---------------------------------------------------------------------------------
 */

static const struct cli_option list_options[] = {
	CLI_OPTION_STORE,
	{.name = "prefix", .argument = "P", .help = "only ids that begin so"},
	{.name = NULL},
};
static const struct cli_option changes_options[] = {
	CLI_OPTION_STORE,
	{.name = "since", .argument = "TOKEN", .help = "go on from a token printed before"},
	{.name = NULL},
};
static const struct cli_option store_options[] = {CLI_OPTION_STORE, {.name = NULL}};

static const struct cli_command docs_put = {
	.name = "put",
	.summary = "save documents, one JSON object a line",
	.usage = "--store URL [FILE...]",
	.help = "With `_rev` a document is saved only over that revision, without it it is "
		"inserted or replaced. Prints {\"id\", \"rev\"} or {\"id\", \"error\"} for each. "
		"Exit code 3 where any was refused.",
	.options = store_options,
	.max_args = CLI_ARGS_ANY,
	.run = run_put,
};
static const struct cli_command docs_get = {
	.name = "get",
	.summary = "print documents by id, in the order of their ids",
	.usage = "--store URL ID...",
	.options = store_options,
	.min_args = 1,
	.max_args = CLI_ARGS_ANY,
	.run = run_get,
};
static const struct cli_command docs_list = {
	.name = "list",
	.summary = "print all documents, in the order of their ids",
	.usage = "--store URL [--prefix P]",
	.options = list_options,
	.run = run_list,
};
static const struct cli_command docs_delete = {
	.name = "delete",
	.summary = "delete documents by id; their tombstones stay, rows of tables go",
	.usage = "--store URL ID...",
	.options = store_options,
	.min_args = 1,
	.max_args = CLI_ARGS_ANY,
	.run = run_delete,
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
