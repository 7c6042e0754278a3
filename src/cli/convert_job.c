/* One document of convert after the other: through its lens, or kept until it has met its
 * parts. */
#include "cli/convert_job.h"

#include "cli/differ.h"
#include "cli/identify.h"

size_t convert_major_index(const struct catalog_major *major)
{
	return major->type->index * LIMIT_MAJORS + (size_t)(major - major->type->majors);
}

/* --- ids -------------------------------------------------------------------------------- */

/* What stands between quotes somewhere, as ids that are equal are equal bytes. */
static int make_plain(struct convert_job *job, struct cf_str *inner, struct cf_error *error)
{
	return cli_make_plain(&job->part_docs[0], &job->arena, inner, error);
}

/* The key is as it stands in JSON: so the lenses write it. */
static int identify(struct convert_job *job, struct catalog_hints *hints,
		    struct json_value document, struct catalog_id *ret, struct cf_error *error)
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

static int print_line(struct convert_job *job, struct cf_str text, struct cf_error *error)
{
	return order_print(&job->order, text, error);
}

/* The major in which a part is to come out; NULL: not at all. */
static const struct catalog_major *part_target(const struct convert_job *job,
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
static int compare_made(struct convert_job *job, const struct gather_slot *seen, struct cf_str text,
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

static int print_part(struct convert_job *job, const struct lens_place *place,
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
static bool is_last_part(const struct convert_job *job, const struct lens_place *place,
			 const struct lens_output *output)
{
	return place->tie == LENS_SHARED && str_equal(output->text, buf_view(&job->last_part));
}

/* --- tombstones ------------------------------------------------------------------------- */

static bool is_tombstone(struct json_value document)
{
	return json_kind(json_member(document, STR("_deleted"))) == JSON_TRUE;
}

static int print_tombstone(struct convert_job *job, struct cf_str type, uint32_t major,
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
static int print_tombstones(struct convert_job *job, const struct lens_program *program,
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

static int shared_id(struct convert_job *job, const struct lens_place *place, struct cf_str key,
		     struct cf_error *error)
{
	struct cli_keys keys = {job->catalog, &job->part_docs[0], &job->arena};

	buf_clear(&job->id);
	return cli_part_id(&keys, place, key, &job->id, error);
}

/* Before anything is printed: parts that a lens made must have ids. */
static int check_part_ids(struct convert_job *job, const struct lens_side *outputs,
			  const struct lens_output *made, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 1; i < outputs->count && rc == 0; i++)
		if (outputs->places[i].tie == LENS_SHARED && made[i].text.ptr)
			rc = shared_id(job, &outputs->places[i], made[i].key, error);
	return rc;
}

/* The id of the part that an input names: empty where it names none. */
static int part_id(struct convert_job *job, const struct lens_program *program, size_t input,
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
static int find_inputs(struct convert_job *job, const struct lens_program *program,
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

static int format_id(struct convert_job *job, const struct catalog_type *type, uint32_t major,
		     const struct catalog_id *id, struct cf_error *error)
{
	buf_clear(&job->id);
	return catalog_format_id(job->catalog, type->name, major, id->key, id->singleton, &job->id)
		       ? error_nomem(error)
		       : 0;
}

/* Parts that belong to this document alone have done their work. In other majors they
 * are the same parts, which nobody misses now. */
static int drop_inputs(struct convert_job *job, const struct lens_program *program,
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
static int wait_for_part(struct convert_job *job, struct cf_str line, struct cf_error *error)
{
	struct order_place *place;
	int rc = order_wait(&job->order, &place, error);

	job->waits = true;
	return rc ? rc : gather_wait(&job->gather, buf_view(&job->id), line, place, error);
}

static int convert_document(struct convert_job *job, struct cf_str line, struct json_value document,
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
		return print_tombstones(job, program, id, document, error);
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

bool convert_is_finding(int rc, const struct cf_error *error)
{
	return rc && cf_error_class(rc) == CF_CLASS_INPUT && error->message[0] &&
	       rc != CF_ERR_FINDINGS;
}

/* A document that has waited. It may have to wait for another part. */
static int take_again(struct convert_job *job, struct cf_str text, struct order_place *place,
		      struct cf_error *error)
{
	struct order_place *outer = job->order.current;
	int rc, left;

	job->waits = false;
	order_enter(&job->order, place);
	rc = convert_take(job, text, error);
	left = order_leave(&job->order, !job->waits, error);
	order_enter(&job->order, outer);
	return rc ? rc : left;
}

/* Keeps a part, and takes up again who waited for it. */
static int keep_part(struct convert_job *job, struct cf_str id, struct cf_str line, bool lonely,
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
		if (convert_is_finding(rc, error)) {
			cli_report(job->cli, error);
			job->findings++;
			rc = 0;
		}
		gather_release(&job->gather, waiting);
	}
	return rc;
}

const struct lens_program *convert_bringing(const struct convert_job *job,
					    const struct catalog_type *type, uint32_t from,
					    const struct catalog_major *needed)
{
	const struct lens_program *program = NULL;

	if (job->parts[convert_major_index(needed)] && needed->major != from)
		program = catalog_program(job->catalog, type, from, needed->major);
	return program && lens_program_inputs(program).count == 1 ? program : NULL;
}

/* Keeps what a part is in the majors that other documents need. What comes in such a
 * major itself goes before. */
static int bring_part(struct convert_job *job, struct cf_str line, const struct catalog_id *id,
		      struct cf_error *error)
{
	bool lonely = job->parts[convert_major_index(id->major)] != PART_OF_ONE;
	struct json_value input;
	struct lens_args args = {.key = id->key, .singleton = id->singleton, .inputs = &input};
	const struct lens_output *made;
	int rc = 0;

	for (size_t i = 0; i < id->type->major_count && rc == 0; i++) {
		const struct catalog_major *needed = &id->type->majors[i];
		const struct lens_program *program =
			convert_bringing(job, id->type, id->major_number, needed);
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
			       lonely && job->parts[convert_major_index(needed)] == PART_OF_ONE,
			       error);
		lonely = false;
	}
	return rc;
}

/* A document that --to does not speak of. */
static int pass_over(struct convert_job *job, struct cf_str line, struct cf_error *error)
{
	if (job->pass)
		return print_line(job, line, error);
	job->passed_over++;
	return 0;
}

static bool is_from(const struct convert_job *job, const struct catalog_id *id)
{
	return !job->from.majors || job->from.majors[id->type->index] == id->major;
}

int convert_take(struct convert_job *job, struct cf_str line, struct cf_error *error)
{
	struct catalog_id id = {.type = NULL};
	struct json_value document;
	struct cf_str own;
	const struct catalog_major *wanted;
	bool brings;
	enum convert_part part;
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
	part = job->parts[convert_major_index(id.major)];
	brings = job->brings[convert_major_index(id.major)];
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
