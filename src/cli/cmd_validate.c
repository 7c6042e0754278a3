/* validate: documents against the catalog, or against one schema. */
#include "catalog/catalog.h"
#include "cli/cli.h"
#include "cli/identify.h"

#include <inttypes.h>

static const struct cli_option options[] = {
	{.name = "catalog",
	 .letter = 'c',
	 .argument = "DIR",
	 .help = "the catalog",
	 .env = "CHESTERFIELD_CATALOG"},
	{.name = "schema", .argument = "FILE", .help = "one schema, without a catalog"},
	{.name = NULL},
};

struct job {
	struct cli *cli;
	struct catalog *catalog;
	struct json_file file;
	struct schema *schema;
	struct json_doc doc;
	struct cf_arena arena;  /* of this document */
	struct cf_buf failures; /* of this document, as JSON */
	const struct cli_lines *lines;
	struct cf_str id;
	bool looks; /* the document at hand was read and is known: its schema is asked */
	uint64_t valid, invalid, open, passed_over;
};

static bool note_failure(void *ctx, const struct schema_failure *f)
{
	struct job *job = ctx;
	struct cf_buf *out = &job->failures;

	if (!job->cli->json) {
		struct cf_error error;

		if (f->keyword.len)
			error_set(&error, CF_ERR_INVALID, "%.*s (%.*s at %.*s)",
				  STR_ARG(f->message), STR_ARG(f->rule), STR_ARG(f->keyword));
		else
			error_set(&error, CF_ERR_INVALID, "%.*s", STR_ARG(f->message));
		error_at_document(&error, job->id);
		error_at_pointer(&error, f->instance);
		cli_lines_locate(job->lines, &error);
		cli_report(job->cli, &error);
		return true;
	}
	buf_str(out, out->len ? STR(",{\"instance\":") : STR("{\"instance\":"));
	json_write_string(f->instance, out);
	buf_str(out, STR(",\"schema\":"));
	json_write_string(f->keyword, out);
	buf_str(out, STR(",\"rule\":"));
	json_write_string(f->rule, out);
	buf_str(out, STR(",\"message\":"));
	json_write_string(f->message, out);
	buf_byte(out, '}');
	return true;
}

/* What is wrong with the line or the document as such. */
static void note_error(struct job *job, struct cf_error *error)
{
	struct schema_failure failure = {.instance = str_of(error->pointer),
					 .rule = str_of(cf_error_name(error->code)),
					 .message = str_of(error->message)};

	if (job->cli->json) {
		(void)note_failure(job, &failure);
		return;
	}
	cli_lines_locate(job->lines, error);
	cli_report(job->cli, error);
}

static int check_line(struct job *job, struct cf_str line, struct cf_error *error)
{
	struct schema_report report = {.failure = note_failure, .ctx = job};
	struct catalog_id id;
	struct json_value document;
	int rc = json_read(&job->doc, line.ptr, line.len, JSON_READ_DOCUMENT, error);

	job->id = STR("");
	job->looks = false;
	if (rc)
		return rc;
	document = json_root(&job->doc);
	job->looks = job->schema;
	if (job->schema)
		return schema_validate(job->schema, document, &report, error);
	rc = cli_identify(job->catalog, NULL, document, &job->arena, &id, error);
	if (rc)
		return rc;
	job->id = json_inner(json_member(document, STR("_id")));
	job->looks = true;
	return catalog_validate(job->catalog, &id, document, &report, error);
}

static int tell_line(struct job *job, const char *valid)
{
	struct cli *cli = job->cli;

	if (!cli->json)
		return 0;
	cli_out_printf(cli, "{\"line\":%" PRIu64 ",\"valid\":%s,\"errors\":[", job->lines->line,
		       valid);
	cli_out_bytes(cli, buf_view(&job->failures));
	return cli_out_line(cli, STR("]}"));
}

static int check_lines(struct job *job, struct cli_lines *lines, struct cf_error *error)
{
	struct cf_str line;

	for (;;) {
		int rc = cli_lines_next(lines, &line, error);
		bool open = false;

		if (rc == 0)
			return 0;
		buf_clear(&job->failures);
		arena_reset(&job->arena);
		if (rc > 0) {
			rc = check_line(job, line, error);
			open = rc == CF_ERR_LIMIT && job->looks;
		}
		if (rc == CF_ERR_UNKNOWN_TYPE) {
			job->passed_over++;
			if (tell_line(job, "null"))
				return cli_out_error(job->cli, error);
			continue;
		}
		if (rc && cf_error_class(rc) != CF_CLASS_INPUT)
			return rc;
		if (rc && !(rc == CF_ERR_INVALID && job->looks))
			note_error(job, error);
		if (tell_line(job, open ? "null" : rc ? "false" : "true"))
			return cli_out_error(job->cli, error);
		if (open)
			job->open++;
		else if (rc)
			job->invalid++;
		else
			job->valid++;
	}
}

static int open_job(struct job *job, struct cf_error *error)
{
	const char *file = cli_option(job->cli, "schema");
	const char *dir = cli_option(job->cli, "catalog");
	int rc;

	if (file && cli_given(job->cli, "catalog"))
		return error_set(error, CF_ERR_USAGE, "--catalog does not go with --schema");
	if (!file && !dir)
		return error_set(error, CF_ERR_USAGE, "give --catalog or --schema");
	if (!file)
		return catalog_open(&job->catalog, dir, job->cli->mem, error);
	rc = json_file_load(&job->file, file, job->cli->mem, error);
	if (rc == 0) {
		rc = schema_compile(&job->schema, NULL, json_file_root(&job->file), STR(""),
				    SCHEMA_ASSERT_FORMAT, job->cli->mem, error);
		if (rc && !error->file[0])
			error_at_file(error, str_of(file), 0);
	}
	return rc;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct job job = {.cli = cli, .file = {.mem = cli->mem}};
	struct cli_lines lines;
	int rc;

	json_doc_init(&job.doc, cli->mem);
	arena_init(&job.arena, cli->mem);
	buf_init(&job.failures, cli->mem);
	cli_lines_init(&lines, cli, cli->args, cli->arg_count);
	job.lines = &lines;
	rc = open_job(&job, error);
	if (rc == 0)
		rc = check_lines(&job, &lines, error);
	if (rc == 0 && job.open)
		cli_say(cli, "%" PRIu64 " cannot be judged", job.open);
	if (rc == 0)
		cli_say(cli, "%" PRIu64 " valid, %" PRIu64 " invalid, %" PRIu64 " passed over",
			job.valid, job.invalid, job.passed_over);
	if (rc == 0 && job.invalid + job.open)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	cli_lines_fini(&lines);
	arena_fini(&job.arena);
	buf_fini(&job.failures);
	json_doc_fini(&job.doc);
	schema_free(job.schema);
	json_file_fini(&job.file);
	catalog_close(job.catalog);
	return rc;
}

const struct cli_command cmd_validate = {
	.name = "validate",
	.summary = "documents against the catalog, or against one schema",
	.usage = "-c DIR [FILE...]\n--schema FILE [FILE...]",
	.help = "Reads one document a line. Each failure is reported with line, pointers and "
		"rule, of one document at most 100; exit code 3 where any document is invalid. "
		"Where a schema takes too many steps nobody can say whether a document is valid: "
		"that is reported, too, with the limit (exit code 3). With --json, one line per "
		"document: {\"line\", \"valid\", \"errors\"}; \"valid\" is null where it "
		"cannot be judged, and, with no errors, for a document of a type that the catalog "
		"does not know, which is passed over.",
	.options = options,
	.max_args = CLI_ARGS_ANY,
	.run = run,
};
