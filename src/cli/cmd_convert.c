/* convert: documents of one version into another, through a catalog or one lens.
 *
 * Lines stream through. Only what must meet is kept: parts that an older version
 * embeds, and documents that wait for such parts.
 */
#include "cli/cli.h"
#include "cli/convert.h"
#include "cli/differ.h"
#include "cli/gather.h"
#include "cli/identify.h"
#include "cli/order.h"
#include "cli/targets.h"

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

/* Whether other documents need those of a major. */
enum part { NO_PART, PART_OF_MANY, PART_OF_ONE };

struct job {
	struct cli *cli;
	struct catalog *catalog;
	struct cli_targets to, from;
	enum part *parts; /* by type index * LIMIT_MAJORS + place of the major */
	bool *brings;     /* the same: it becomes one that others need */
	struct lens_worker *worker, *part_worker;
	struct gather gather;
	struct order order;
	bool waits;      /* the document at hand */
	bool pass;       /* what is not converted comes out as it stands */
	bool validates;  /* all of it */
	bool unreadable; /* the rest of the input */
	struct json_doc doc, part_docs[LIMIT_LENS_CHAIN], made_doc;
	const struct cli_lines *lines;
	struct cf_arena arena;
	struct cf_buf id;
	struct catalog_hints hints; /* what other documents said they are */
	struct cf_buf last_part;    /* shared, and written */
	struct cf_buf tombstone;
	uint64_t passed_over, findings, incomplete;
};

static size_t major_index(const struct catalog_major *major)
{
	return major->type->index * LIMIT_MAJORS + (size_t)(major - major->type->majors);
}

/* --- ids -------------------------------------------------------------------------------- */

/* What stands between quotes somewhere, as ids that are equal are equal bytes. */
static int make_plain(struct job *job, struct cf_str *inner, struct cf_error *error)
{
	return cli_make_plain(&job->part_docs[0], &job->arena, inner, error);
}

/* The key is as it stands in JSON: so the lenses write it. */
static int identify(struct job *job, struct catalog_hints *hints, struct json_value document,
		    struct catalog_id *ret, struct cf_error *error)
{
	int rc = cli_identify(job->catalog, hints, document, &job->arena, ret, error);

	if (rc || !cli_is_escaped(json_member(document, STR("_id"))))
		return rc;
	return cli_write_plain(ret->key, &job->arena, &ret->key, error);
}

static struct cf_str own_id(struct json_value document)
{
	return json_inner(json_member(document, STR("_id")));
}

/* --- output ----------------------------------------------------------------------------- */

static int print_line(struct job *job, struct cf_str text, struct cf_error *error)
{
	return order_print(&job->order, text, error);
}

/* The major in which a part is to come out; NULL: not at all. */
static const struct catalog_major *part_target(const struct job *job,
					       const struct lens_place *place,
					       const struct lens_program **ret_program)
{
	const struct catalog_type *type = catalog_type(job->catalog, place->type);
	const struct catalog_major *wanted = job->to.majors[type->index];
	const struct catalog_major *own = catalog_major(type, place->major);

	*ret_program = NULL;
	if (!wanted)
		return job->to.manifest ? NULL : own;
	if (wanted != own)
		*ret_program = catalog_program(job->catalog, type, own->major, wanted->major);
	if (*ret_program && lens_program_inputs(*ret_program).count > 1)
		*ret_program = NULL;
	return *ret_program ? wanted : own;
}

/* Two documents that embed one shared part should agree on it: only one can come out. */
static int compare_made(struct job *job, const struct gather_slot *seen, struct cf_str text,
			struct cf_error *error)
{
	struct json_doc *now = &job->part_docs[0], *then = &job->made_doc;
	struct cf_error told;
	bool differ = false;
	int rc;

	if (str_equal(seen->made, text))
		return 0;
	rc = json_read(now, text.ptr, text.len, 0, error);
	if (rc == 0)
		rc = json_read(then, seen->made.ptr, seen->made.len, 0, error);
	if (rc == 0 && cli_differ(json_root(then), json_root(now), &job->arena, &job->id, &differ))
		rc = error_nomem(error);
	if (rc || !differ)
		return rc;
	error_set(&told, CF_ERR_INVALID,
		  "this part was made before and says something else here, which is left out");
	error_at_document(&told, seen->id);
	error_at_pointer(&told, buf_view(&job->id));
	/* One that has waited stands somewhere before. */
	if (!job->order.current)
		cli_lines_locate(job->lines, &told);
	cli_report(job->cli, &told);
	job->findings++;
	return 0;
}

static int print_part(struct job *job, const struct lens_place *place,
		      const struct lens_output *output, struct cf_error *error)
{
	struct catalog_id id = {.type = NULL};
	const struct lens_program *program;
	const struct lens_output *made;
	struct json_value input;
	struct lens_args args = {.inputs = &input};
	struct gather_slot *seen = NULL;
	struct cf_str own;
	int rc;

	if (!part_target(job, place, &program))
		return 0;
	rc = json_read(&job->part_docs[0], output->text.ptr, output->text.len, 0, error);
	input = json_root(&job->part_docs[0]);
	if (rc == 0 && place->tie == LENS_SHARED) {
		own = own_id(input);
		rc = make_plain(job, &own, error);
		if (rc == 0)
			rc = gather_add(&job->gather, own, &seen, error);
		if (rc)
			return rc;
		buf_clear(&job->last_part);
		(void)buf_str(&job->last_part, output->text);
		if (seen->made.ptr)
			return compare_made(job, seen, output->text, error);
		rc = gather_note_made(&job->gather, seen, output->text, error);
	}
	if (rc || !program)
		return rc ? rc : print_line(job, output->text, error);
	rc = json_read(&job->part_docs[0], output->text.ptr, output->text.len, 0, error);
	if (rc == 0)
		rc = identify(job, NULL, input, &id, error);
	args.key = id.key;
	args.singleton = id.singleton;
	if (rc == 0)
		rc = lens_apply(job->part_worker, program, &args, &made, error);
	return rc ? rc : print_line(job, made[0].text, error);
}

/* Most documents refer to the part that the one before referred to. */
static bool is_last_part(const struct job *job, const struct lens_place *place,
			 const struct lens_output *output)
{
	return place->tie == LENS_SHARED && str_equal(output->text, buf_view(&job->last_part));
}

/* --- tombstones ------------------------------------------------------------------------- */

static bool is_tombstone(struct json_value document)
{
	return json_kind(json_member(document, STR("_deleted"))) == JSON_TRUE;
}

static int print_tombstone(struct job *job, struct cf_str type, uint32_t major,
			   const struct catalog_id *id, struct json_value document,
			   struct cf_error *error)
{
	buf_clear(&job->tombstone);
	if (cli_write_tombstone(job->catalog, type, major, id, document, &job->tombstone))
		return error_nomem(error);
	return print_line(job, buf_view(&job->tombstone), error);
}

/* What is deleted has no content for a lens to run over, and waits for no part. Parts
 * of the same key die with it; a shared one may live on with others. */
static int bury_document(struct job *job, const struct lens_program *program,
			 const struct catalog_id *id, struct json_value document,
			 struct cf_error *error)
{
	struct lens_side made = lens_program_outputs(program);
	int rc = 0;

	for (size_t i = 0; i < made.count && rc == 0; i++) {
		const struct lens_place *place = &made.places[i];
		const struct lens_program *further;
		const struct catalog_major *part;
		uint32_t major = place->major;

		if (place->tie == LENS_SHARED)
			continue;
		if (place->tie == LENS_SAME_KEY) {
			part = part_target(job, place, &further);
			if (!part)
				continue;
			major = part->major;
		}
		rc = print_tombstone(job, place->type, major, id, document, error);
	}
	return rc;
}

/* --- documents -------------------------------------------------------------------------- */

static int shared_id(struct job *job, const struct lens_place *place, struct cf_str key,
		     struct cf_error *error)
{
	struct cli_keys keys = {job->catalog, &job->part_docs[0], &job->arena};

	buf_clear(&job->id);
	return cli_part_id(&keys, place, key, &job->id, error);
}

/* Before anything is printed: parts that a lens made must have ids. */
static int check_part_ids(struct job *job, const struct lens_side *outputs,
			  const struct lens_output *made, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 1; i < outputs->count && rc == 0; i++)
		if (outputs->places[i].tie == LENS_SHARED && made[i].text.ptr)
			rc = shared_id(job, &outputs->places[i], made[i].key, error);
	return rc;
}

/* The id of the part that an input names: empty where it names none. */
static int part_id(struct job *job, const struct lens_program *program, size_t input,
		   const struct catalog_id *id, struct json_value document, struct cf_error *error)
{
	struct lens_side inputs = lens_program_inputs(program);
	const struct lens_place *place = &inputs.places[input];
	struct cf_str raw = {NULL, 0};
	int rc;

	buf_clear(&job->id);
	if (place->tie != LENS_SHARED)
		return catalog_format_id(job->catalog, place->type, place->major, id->key,
					 id->singleton, &job->id)
			       ? error_nomem(error)
			       : 0;
	rc = lens_reference(job->worker, program, input, document, &raw, error);
	return rc || raw.len == 0 ? rc : shared_id(job, place, raw, error);
}

/* Fills inputs[1...]; *ret_missing: one has not come, its id is in job->id. */
static int find_inputs(struct job *job, const struct lens_program *program,
		       const struct catalog_id *id, struct json_value *inputs, bool *ret_missing,
		       struct cf_error *error)
{
	size_t count = lens_program_inputs(program).count;

	*ret_missing = false;
	for (size_t i = 1; i < count; i++) {
		struct gather_slot *part;
		int rc = part_id(job, program, i, id, inputs[0], error);

		inputs[i] = JSON_ABSENT;
		if (rc)
			return rc;
		if (job->id.len == 0)
			continue;
		part = gather_find(&job->gather, buf_view(&job->id));
		if (!part || !part->text.ptr) {
			*ret_missing = true;
			return 0;
		}
		rc = json_read(&job->part_docs[i], part->text.ptr, part->text.len, 0, error);
		if (rc)
			return rc;
		inputs[i] = json_root(&job->part_docs[i]);
	}
	return 0;
}

static int format_id(struct job *job, const struct catalog_type *type, uint32_t major,
		     const struct catalog_id *id, struct cf_error *error)
{
	buf_clear(&job->id);
	return catalog_format_id(job->catalog, type->name, major, id->key, id->singleton, &job->id)
		       ? error_nomem(error)
		       : 0;
}

/* Parts that belong to this document alone have done their work. In other majors they
 * are the same parts, which nobody misses now. */
static int drop_inputs(struct job *job, const struct lens_program *program,
		       const struct catalog_id *id, struct cf_error *error)
{
	struct lens_side side = lens_program_inputs(program);

	for (size_t i = 1; i < side.count; i++) {
		const struct lens_place *place = &side.places[i];
		const struct catalog_type *type = catalog_type(job->catalog, place->type);

		for (size_t k = 0; k < type->major_count && place->tie == LENS_SAME_KEY; k++) {
			uint32_t major = type->majors[k].major;
			struct gather_slot *part;

			if (format_id(job, type, major, id, error))
				return CF_ERR_NOMEM;
			part = gather_find(&job->gather, buf_view(&job->id));
			if (part && major != place->major)
				part->lonely = false;
			else if (part && type->major_count > 1)
				gather_meet(&job->gather, part);
			else if (part)
				gather_drop(&job->gather, part);
		}
	}
	return 0;
}

/* Keeps the document and its place among the lines; the part's id is in job->id. */
static int wait_for_part(struct job *job, struct cf_str line, struct cf_error *error)
{
	struct order_place *place;
	int rc = order_wait(&job->order, &place, error);

	job->waits = true;
	return rc ? rc : gather_wait(&job->gather, buf_view(&job->id), line, place, error);
}

static int convert_document(struct job *job, struct cf_str line, struct json_value document,
			    const struct catalog_id *id, uint32_t wanted, struct cf_error *error)
{
	const struct lens_program *program =
		catalog_program(job->catalog, id->type, id->major_number, wanted);
	struct json_value inputs[LIMIT_LENS_CHAIN]; /* large: only what is used is set */
	struct lens_args args = {.key = id->key, .singleton = id->singleton, .inputs = inputs};
	const struct lens_output *made;
	struct cf_error cause = {.code = 0};
	struct lens_side outputs;
	bool missing = false;
	int rc;

	inputs[0] = document;
	if (!program)
		return error_set(error, CF_ERR_CATALOG, "no lens leads from %.*s@%u to @%u",
				 STR_ARG(id->type->name), id->major_number, wanted);
	if (is_tombstone(document))
		return bury_document(job, program, id, document, error);
	rc = find_inputs(job, program, id, inputs, &missing, error);
	if (rc == 0 && missing)
		return wait_for_part(job, line, error);
	if (rc == 0)
		rc = cli_validate_source(job->catalog, document, id, job->validates, &cause, error);
	if (rc == 0)
		rc = lens_apply(job->worker, program, &args, &made, error);
	if (rc)
		return rc;
	outputs = lens_program_outputs(program);
	if (cause.code || job->validates)
		rc = cli_validate_made(job->catalog, &job->made_doc, &outputs, made,
				       cause.code ? &cause : NULL, error);
	if (rc)
		return rc;
	rc = check_part_ids(job, &outputs, made, error);
	if (rc == 0)
		rc = print_line(job, made[0].text, error);
	for (size_t i = 1; i < outputs.count && rc == 0; i++)
		if (made[i].text.ptr && !is_last_part(job, &outputs.places[i], &made[i]))
			rc = print_part(job, &outputs.places[i], &made[i], error);
	return rc ? rc : drop_inputs(job, program, id, error);
}

static int take_document(struct job *job, struct cf_str line, struct cf_error *error);

/* What is wrong with one document: it is reported, and the rest goes on. */
static bool is_finding(int rc, const struct cf_error *error)
{
	return rc && cf_error_class(rc) == CF_CLASS_INPUT && error->message[0] &&
	       rc != CF_ERR_FINDINGS;
}

/* A document that has waited. It may have to wait for another part. */
static int take_again(struct job *job, struct cf_str text, struct order_place *place,
		      struct cf_error *error)
{
	struct order_place *outer = job->order.current;
	int rc, left;

	job->waits = false;
	order_enter(&job->order, place);
	rc = take_document(job, text, error);
	left = order_leave(&job->order, !job->waits, error);
	order_enter(&job->order, outer);
	return rc ? rc : left;
}

/* Keeps a part, and takes up again who waited for it. */
static int keep_part(struct job *job, struct cf_str id, struct cf_str line, bool lonely,
		     struct cf_error *error)
{
	struct gather_slot *part;
	struct gather_waiting *waiting, *next;
	int rc = gather_put(&job->gather, id, line, &part, error);

	if (rc)
		return rc;
	part->lonely = lonely && !part->met;
	for (waiting = gather_take(part); waiting; waiting = next) {
		struct cf_str text = {waiting->text, waiting->text_len};

		next = waiting->next;
		if (rc == 0)
			rc = take_again(job, text, waiting->place, error);
		if (is_finding(rc, error)) {
			cli_report(job->cli, error);
			job->findings++;
			rc = 0;
		}
		gather_release(&job->gather, waiting);
	}
	return rc;
}

/* What makes of a part the one of a needed major; NULL: it need not or cannot be made. */
static const struct lens_program *bringing(const struct job *job, const struct catalog_type *type,
					   uint32_t from, const struct catalog_major *needed)
{
	const struct lens_program *program = NULL;

	if (job->parts[major_index(needed)] && needed->major != from)
		program = catalog_program(job->catalog, type, from, needed->major);
	return program && lens_program_inputs(program).count == 1 ? program : NULL;
}

/* Keeps what a part is in the majors that other documents need. What comes in such a
 * major itself goes before. */
static int bring_part(struct job *job, struct cf_str line, const struct catalog_id *id,
		      struct cf_error *error)
{
	bool lonely = job->parts[major_index(id->major)] != PART_OF_ONE;
	struct json_value input;
	struct lens_args args = {.key = id->key, .singleton = id->singleton, .inputs = &input};
	const struct lens_output *made;
	int rc = 0;

	for (size_t i = 0; i < id->type->major_count && rc == 0; i++) {
		const struct catalog_major *needed = &id->type->majors[i];
		const struct lens_program *program =
			bringing(job, id->type, id->major_number, needed);
		const struct gather_slot *slot;
		struct cf_str as;

		if (!program)
			continue;
		rc = format_id(job, id->type, needed->major, id, error);
		slot = rc ? NULL : gather_find(&job->gather, buf_view(&job->id));
		if (rc || (slot && (slot->text.ptr || (slot->met && !slot->waiting))))
			continue;
		as = arena_dup_buf(&job->arena, &job->id);
		rc = json_read(&job->part_docs[0], line.ptr, line.len, 0, error);
		input = json_root(&job->part_docs[0]);
		if (rc == 0)
			rc = lens_apply(job->part_worker, program, &args, &made, error);
		if (rc) {
			error_at_document(error, own_id(input));
			return rc;
		}
		rc = keep_part(job, as, made[0].text,
			       lonely && job->parts[major_index(needed)] == PART_OF_ONE, error);
		lonely = false;
	}
	return rc;
}

/* A document that --to does not speak of. */
static int pass_over(struct job *job, struct cf_str line, struct cf_error *error)
{
	if (job->pass)
		return print_line(job, line, error);
	job->passed_over++;
	return 0;
}

static bool is_from(const struct job *job, const struct catalog_id *id)
{
	return !job->from.majors || job->from.majors[id->type->index] == id->major;
}

static int take_document(struct job *job, struct cf_str line, struct cf_error *error)
{
	struct catalog_id id = {.type = NULL};
	struct json_value document;
	struct cf_str own;
	const struct catalog_major *wanted;
	bool brings;
	enum part part;
	int rc = json_read(&job->doc, line.ptr, line.len, JSON_READ_DOCUMENT, error);

	if (rc)
		return rc;
	document = json_root(&job->doc);
	rc = identify(job, &job->hints, document, &id, error);
	if (rc == CF_ERR_UNKNOWN_TYPE)
		return pass_over(job, line, error);
	if (rc)
		return rc;
	wanted = is_from(job, &id) ? job->to.majors[id.type->index] : NULL;
	part = job->parts[major_index(id.major)];
	brings = job->brings[major_index(id.major)];
	if (wanted == id.major) {
		struct cf_error cause = {.code = 0};

		rc = job->validates && !is_tombstone(document)
			     ? cli_validate_source(job->catalog, document, &id, true, &cause, error)
			     : 0;
		rc = rc ? rc : print_line(job, line, error);
	} else if (wanted)
		rc = convert_document(job, line, document, &id, wanted->major, error);
	else if (!part && !brings)
		rc = pass_over(job, line, error);
	if (rc)
		error_at_document(error, own_id(document));
	/* Nobody is made whole by a tombstone. */
	if (rc || !(part || brings) || is_tombstone(document))
		return rc;
	own = own_id(document);
	if (part)
		rc = make_plain(job, &own, error);
	if (rc == 0 && part)
		rc = keep_part(job, arena_dup(&job->arena, own), line, part == PART_OF_ONE, error);
	return rc == 0 && brings ? bring_part(job, line, &id, error) : rc;
}

/* --- all lines ---------------------------------------------------------------------------- */

static int each_line(struct job *job, struct cli_lines *lines,
		     int (*take)(struct job *job, struct cf_str line, struct cf_error *error),
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
		if (is_finding(rc, error)) {
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

static void report_incomplete(struct job *job, struct cf_str id, const char *reason,
			      struct cf_str what)
{
	struct cf_error error;

	error_set(&error, CF_ERR_INCOMPLETE, "%s%.*s", reason, STR_ARG(what));
	error_at_document(&error, id);
	cli_report(job->cli, &error);
	job->incomplete++;
}

/* Names what never met. */
static void report_waiting(struct job *job)
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

static void mark_brought(struct job *job, const struct catalog_type *type)
{
	for (size_t from = 0; from < type->major_count; from++)
		for (size_t k = 0; k < type->major_count; k++)
			if (bringing(job, type, type->majors[from].major, &type->majors[k]))
				job->brings[major_index(&type->majors[from])] = true;
}

static int mark_parts(struct job *job, struct cf_error *error)
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

				job->parts[major_index(catalog_major(type, side.places[n].major))] =
					side.places[n].tie == LENS_SAME_KEY ? PART_OF_ONE
									    : PART_OF_MANY;
			}
		}
	}
	for (size_t i = 0; i < type_count; i++)
		mark_brought(job, &types[i]);
	return 0;
}

static int open_catalog(struct job *job, struct cf_error *error)
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

static int convert_catalog(struct job *job, struct cf_error *error)
{
	struct cli_lines lines;
	struct cf_error unheard;
	int rc = open_catalog(job, error);

	cli_lines_init(&lines, job->cli, job->cli->args, job->cli->arg_count);
	if (rc == 0)
		rc = each_line(job, &lines, take_document, error);
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
	struct job *job = mem_calloc(cli->mem, 1, sizeof(*job));
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
