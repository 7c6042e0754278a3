/* convert: documents of one version into another, through a catalog or one lens.
 *
 * Lines stream through. Only what must meet is kept: parts that an older version
 * embeds, and documents that wait for such parts.
 */
#include "cli/convert.h"
#include "cli/convert_job.h"

#include <inttypes.h>

static const struct cli_option options[] = {
	{.name = "catalog",
	 .letter = 'c',
	 .argument = "DIR",
	 .help = "the catalog",
	 .env = "CHESTERFIELD_CATALOG"},
	{.name = "to",
	 .argument = "VERSION",
	 .help = "a manifest's version (3.0.0) or a type's major (todo-item@3)"},
	{.name = "from", .argument = "VERSION", .help = "take only documents of this version"},
	{.name = "pass",
	 .help = "documents that --to does not speak of come out as they stand, instead of being "
		 "passed over"},
	{.name = "validate",
	 .help = "check all that comes in and goes out against its schema, not only what is made "
		 "of "
		 "invalid documents"},
	{.name = "lens", .letter = 'l', .argument = "FILE", .help = "one lens, without a catalog"},
	{.name = "reverse", .letter = 'r', .help = "run the lens down instead of up"},
	{.name = "base",
	 .letter = 'b',
	 .argument = "FILE",
	 .help = "with --lens: a document of the target version, over which the input is laid"},
	{.name = "input", .letter = 'i', .argument = "FILE", .help = "with --lens: as FILE"},
	{.name = NULL},
};

/* --- all lines ---------------------------------------------------------------------------- */

static int each_line(struct convert_job *job, struct cli_lines *lines,
		     int (*take)(struct convert_job *job, struct cf_str line,
				 struct cf_error *error),
		     struct cf_error *error)
{
	struct cf_str line;

	job->lines = lines;
	cli_progress_start(job->cli, "bytes", cli_lines_total(lines));
	for (;;) {
		int rc = cli_lines_next(lines, &line, error);

		if (rc == 0)
			break;
		job->unreadable = rc == CF_ERR_IO;
		if (rc > 0) {
			rc = take(job, line, error);
			arena_reset(&job->arena);
		}
		if (convert_is_finding(rc, error)) {
			cli_lines_locate(lines, error);
			cli_report(job->cli, error);
			job->findings++;
			rc = 0;
		}
		if (rc)
			return rc;
		cli_progress_show(job->cli, lines->bytes);
	}
	cli_progress_end(job->cli);
	return 0;
}

static void report_incomplete(struct convert_job *job, struct cf_str id, const char *reason,
			      struct cf_str what)
{
	struct cf_error error;

	error_set(&error, CF_ERR_INCOMPLETE, "%s%.*s", reason, STR_ARG(what));
	error_at_document(&error, id);
	cli_report(job->cli, &error);
	job->incomplete++;
}

/* Names what never met. */
static void report_waiting(struct convert_job *job)
{
	struct gather *gather = &job->gather;

	for (size_t i = 0; i < gather->bucket_count; i++) {
		for (struct gather_slot *g = gather->buckets[i]; g; g = g->next) {
			if (g->text.ptr && g->lonely)
				report_incomplete(job, g->id, "what it is a part of never came",
						  STR(""));
			for (struct gather_waiting *w = g->waiting; w; w = w->next) {
				struct cf_str id = STR("");

				if (json_read(&job->doc, w->text, w->text_len, 0, NULL) == 0)
					id = json_inner(
						json_member(json_root(&job->doc), STR("_id")));
				report_incomplete(job, id, "waits for ", g->id);
			}
		}
	}
}

static void mark_brought(struct convert_job *job, const struct catalog_type *type)
{
	for (size_t from = 0; from < type->major_count; from++)
		for (size_t k = 0; k < type->major_count; k++)
			if (convert_bringing(job, type, type->majors[from].major, &type->majors[k]))
				job->brings[convert_major_index(&type->majors[from])] = true;
}

static int mark_parts(struct convert_job *job, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(job->catalog, &types);

	job->parts = arena_calloc(&job->cli->arena, type_count * LIMIT_MAJORS, sizeof(*job->parts));
	job->brings = arena_calloc(&job->cli->arena, type_count * LIMIT_MAJORS, sizeof(bool));
	if (!job->parts || !job->brings)
		return error_nomem(error);
	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count && job->to.majors[i]; k++) {
			const struct lens_program *program =
				catalog_program(job->catalog, &types[i], types[i].majors[k].major,
						job->to.majors[i]->major);
			struct lens_side side = program ? lens_program_inputs(program)
							: (struct lens_side){NULL, 0};

			for (size_t n = 1; n < side.count; n++) {
				const struct catalog_type *type =
					catalog_type(job->catalog, side.places[n].type);

				job->parts[convert_major_index(
					catalog_major(type, side.places[n].major))] =
					side.places[n].tie == LENS_SAME_KEY ? PART_OF_ONE
									    : PART_OF_MANY;
			}
		}
	}
	for (size_t i = 0; i < type_count; i++)
		mark_brought(job, &types[i]);
	return 0;
}

static int open_catalog(struct convert_job *job, struct cf_error *error)
{
	struct cli *cli = job->cli;
	const char *dir = cli_option(cli, "catalog"), *to = cli_option(cli, "to");
	const char *from = cli_option(cli, "from");
	int rc;

	if (!dir || !to)
		return error_set(error, CF_ERR_USAGE,
				 "give --catalog and --to, or --lens (see --help)");
	job->pass = cli_given(cli, "pass");
	job->validates = cli_given(cli, "validate");
	rc = catalog_open(&job->catalog, dir, cli->mem, error);
	if (rc == 0)
		rc = cli_targets_read(cli, job->catalog, to, &job->to, error);
	if (rc == 0 && from)
		rc = cli_targets_read(cli, job->catalog, from, &job->from, error);
	return rc ? rc : mark_parts(job, error);
}

static int convert_catalog(struct convert_job *job, struct cf_error *error)
{
	struct cli_lines lines;
	struct cf_error unheard;
	int rc = open_catalog(job, error);

	cli_lines_init(&lines, job->cli, job->cli->args, job->cli->arg_count);
	if (rc == 0)
		rc = each_line(job, &lines, convert_take, error);
	/* A file that cannot be read hides neither what came before it nor what that lacks. */
	if (rc == 0 || job->unreadable)
		report_waiting(job);
	if (job->unreadable)
		(void)order_finish(&job->order, &unheard);
	else if (rc == 0)
		rc = order_finish(&job->order, error);
	cli_lines_fini(&lines);
	if (job->passed_over)
		cli_say(job->cli, "%" PRIu64 " documents passed over", job->passed_over);
	catalog_close(job->catalog);
	return rc;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct convert_job *job = mem_calloc(cli->mem, 1, sizeof(*job));
	int rc = cli_convert_check_options(cli, error);

	if (rc || !job) {
		mem_free(cli->mem, job);
		return rc ? rc : error_nomem(error);
	}
	job->cli = cli;
	gather_init(&job->gather, cli->mem);
	order_init(&job->order, cli);
	arena_init(&job->arena, cli->mem);
	buf_init(&job->id, cli->mem);
	buf_init(&job->last_part, cli->mem);
	buf_init(&job->tombstone, cli->mem);
	json_doc_init(&job->doc, cli->mem);
	json_doc_init(&job->made_doc, cli->mem);
	for (size_t i = 0; i < LIMIT_LENS_CHAIN; i++)
		json_doc_init(&job->part_docs[i], cli->mem);
	job->worker = lens_worker_new(cli->mem);
	job->part_worker = lens_worker_new(cli->mem);
	if (!job->worker || !job->part_worker)
		rc = error_nomem(error);
	else
		rc = cli_option(cli, "lens") ? cli_convert_lens(cli, &job->findings, error)
					     : convert_catalog(job, error);
	if (rc == 0 && job->findings + job->incomplete)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	lens_worker_free(job->worker);
	lens_worker_free(job->part_worker);
	json_doc_fini(&job->doc);
	json_doc_fini(&job->made_doc);
	for (size_t i = 0; i < LIMIT_LENS_CHAIN; i++)
		json_doc_fini(&job->part_docs[i]);
	buf_fini(&job->id);
	buf_fini(&job->last_part);
	buf_fini(&job->tombstone);
	catalog_hints_fini(&job->hints);
	arena_fini(&job->arena);
	gather_fini(&job->gather);
	order_fini(&job->order);
	mem_free(cli->mem, job);
	return rc;
}

const struct cli_command cmd_convert = {
	.name = "convert",
	.summary = "documents of one version into another, one JSON object a line",
	.usage = "-c DIR --to VERSION [--from VERSION] [--pass] [--validate] [FILE...]\n"
		 "--lens FILE [--reverse] [--base DOC] [FILE...]",
	.help = "Reads NDJSON, writes NDJSON in the order of the input. A document that "
		"becomes several comes out as several lines. Parts that an older version "
		"embeds are gathered, at most 256 MiB of them; what never met is named on "
		"stderr. What follows a document that waits is held until its turn, at most "
		"64 MiB of it: beyond that the one that waits comes out late, and stderr says "
		"so.\n\n"
		"What is deleted comes out as a tombstone, and so do its parts of the same "
		"key.\n\n"
		"A bad line is reported with its number and the rest goes on (exit code 3). So is "
		"a "
		"document that breaks its schema, where what is made of it breaks its own; with "
		"--validate, all that comes in or goes out and breaks its schema.\n\n"
		"--to 3.0.0 names a version of each type in that manifest, --to todo-item@3 that "
		"of one type. Documents of other types are passed over and counted on stderr; "
		"with --pass they come out as they stand.\n\n"
		"With --lens a document may also stand on several lines, and --base lays the "
		"input over a document of the target version: what the input does not say stays "
		"as it is there.",
	.options = options,
	.max_args = CLI_ARGS_ANY,
	.run = run,
};
