/* convert --lens: one lens without a catalog, as Cambria's command.
 *
 * The input is NDJSON, or documents written over several lines: a line that ends
 * inside an object or array, behind a bracket or a comma, goes on in the next one.
 *
 * The base is a document of the target's shape, and the input is laid over it: what
 * the input does not say stays as the base has it. What the base lacks is what the lens
 * makes of nothing, its defaults, as in Cambria's command. So the base is first looked at
 * from the input's side, takes the input's members over its own, and the result is put
 * back onto the base. */
#include "cli/convert.h"
#include "lens/lens.h"

struct single {
	struct cli *cli;
	struct json_file lens_file, base_file;
	struct lens *lens;
	struct lens_program *program, *onto, *back; /* alone, onto the base, and its view */
	struct lens_worker *worker;
	struct json_doc doc, view;   /* the input; the base as the input's side sees it */
	struct json_doc base;        /* with what it lacked */
	struct json_value onto_base; /* that, or the file's */
	struct cf_buf completed;
	struct cf_buf whole; /* a document of several lines */
	struct cf_buf merged;
	struct cf_buf viewed;
	struct cf_str pending; /* a line that was read ahead; ptr NULL: none */
	const char *path;      /* where the document at hand begins */
	uint64_t line;
};

static void init(struct single *single, struct cli *cli)
{
	*single = (struct single){.cli = cli};
	single->lens_file.mem = single->base_file.mem = cli->mem;
	json_doc_init(&single->doc, cli->mem);
	json_doc_init(&single->view, cli->mem);
	json_doc_init(&single->base, cli->mem);
	buf_init(&single->completed, cli->mem);
	buf_init(&single->whole, cli->mem);
	buf_init(&single->merged, cli->mem);
	buf_init(&single->viewed, cli->mem);
}

static void fini(struct single *single)
{
	json_doc_fini(&single->doc);
	json_doc_fini(&single->view);
	json_doc_fini(&single->base);
	buf_fini(&single->completed);
	buf_fini(&single->whole);
	buf_fini(&single->merged);
	buf_fini(&single->viewed);
	lens_worker_free(single->worker);
	lens_program_free(single->program);
	lens_program_free(single->onto);
	lens_program_free(single->back);
	lens_free(single->lens);
	json_file_fini(&single->lens_file);
	json_file_fini(&single->base_file);
}

/* The base through the lens the other way. What it cannot say there is no fault of
 * the input: the base's own document is told. */
static int view_base(struct single *single, struct json_value base, struct cf_error *error)
{
	struct json_value inputs[LIMIT_LENS_CHAIN] = {{0}};
	struct lens_args args = {.inputs = inputs};
	const struct lens_output *made;
	int rc;

	inputs[0] = base;
	rc = lens_apply(single->worker, single->back, &args, &made, error);
	if (rc) {
		error_at_file(error, str_of(single->base_file.path), 0);
		return error_prefix(error, rc, "the base");
	}
	buf_clear(&single->viewed);
	if (buf_str(&single->viewed, made[0].text))
		return error_nomem(error);
	return json_read(&single->view, single->viewed.ptr, single->viewed.len, 0, error);
}

static void add_member(struct cf_buf *out, struct json_value name, struct json_value value)
{
	buf_str(out, out->len > 1 ? STR(",") : STR(""));
	json_write(name, out);
	buf_byte(out, ':');
	json_write(value, out);
}

/* The members of one, and those of the other that it does not have, as `doc`. */
static int lay_over(struct single *single, struct json_value top, struct json_value under,
		    struct cf_buf *out, struct json_doc *doc, struct cf_error *error)
{
	struct json_iter it = json_iter(top);
	struct cf_arena arena;
	struct cf_str name;
	int rc = 0;

	arena_init(&arena, single->cli->mem);
	buf_clear(out);
	buf_byte(out, '{');
	while (json_next(&it))
		add_member(out, it.name, it.value);
	it = json_iter(under);
	while (rc == 0 && json_next(&it)) {
		rc = json_decode(it.name, &arena, &name) ? CF_ERR_NOMEM : 0;
		if (rc == 0 && json_is_absent(json_member(top, name)))
			add_member(out, it.name, it.value);
	}
	arena_fini(&arena);
	if (rc || buf_byte(out, '}'))
		return error_nomem(error);
	return json_read(doc, out->ptr, out->len, 0, error);
}

/* What the lens makes of nothing. Not all lenses make something of it. */
static int make_defaults(struct single *single, struct json_doc *ret, struct cf_buf *text,
			 struct cf_error *error)
{
	struct json_value inputs[LIMIT_LENS_CHAIN] = {{0}};
	struct lens_args args = {.inputs = inputs};
	const struct lens_output *made;
	static const char nothing[] = "{}";
	struct json_doc empty;
	int rc;

	json_doc_init(&empty, single->cli->mem);
	rc = json_read(&empty, nothing, sizeof(nothing) - 1, 0, error);
	inputs[0] = json_root(&empty);
	if (rc == 0)
		rc = lens_apply(single->worker, single->program, &args, &made, error);
	if (rc == 0 && buf_str(text, made[0].text))
		rc = error_nomem(error);
	if (rc == 0)
		rc = json_read(ret, text->ptr, text->len, 0, error);
	json_doc_fini(&empty);
	return rc;
}

/* The base with the lens's defaults, and its view. Where nothing is too little for the
 * lens, the base must say all. */
static int complete_base(struct single *single, struct json_value base, struct cf_error *error)
{
	struct json_doc defaults;
	struct cf_buf text;
	int rc;

	json_doc_init(&defaults, single->cli->mem);
	buf_init(&text, single->cli->mem);
	rc = make_defaults(single, &defaults, &text, error);
	if (rc == 0)
		rc = lay_over(single, base, json_root(&defaults), &single->completed, &single->base,
			      error);
	if (rc == 0)
		rc = view_base(single, json_root(&single->base), error);
	single->onto_base = rc == 0 ? json_root(&single->base) : base;
	if (rc && rc != CF_ERR_NOMEM)
		rc = view_base(single, base, error);
	buf_fini(&text);
	json_doc_fini(&defaults);
	return rc;
}

static int look_at_base(struct single *single, const char *path, struct cf_error *error)
{
	int rc = json_file_load(&single->base_file, path, single->cli->mem, error);
	struct json_value base = json_file_root(&single->base_file);

	if (rc)
		return rc;
	single->onto_base = base;
	return json_kind(base) == JSON_OBJECT ? complete_base(single, base, error)
					      : view_base(single, base, error);
}

static int open_lens(struct single *single, struct cf_error *error)
{
	struct cli *cli = single->cli;
	struct lens_link link = {.down = cli_given(cli, "reverse")};
	struct lens_options cambria = {.cambria_defaults = true}, plain = {.identity = NULL};
	const char *base = cli_option(cli, "base");
	int rc = json_file_load(&single->lens_file, cli_option(cli, "lens"), cli->mem, error);

	if (rc == 0)
		rc = lens_read(&single->lens, &single->lens_file, cli->mem, error);
	link.lens = single->lens;
	if (rc == 0)
		rc = lens_compile(&single->program, &link, 1, &cambria, cli->mem, error);
	/* Onto a base nothing need be made up as Cambria does: it is complete. */
	if (rc == 0 && base)
		rc = lens_compile(&single->onto, &link, 1, &plain, cli->mem, error);
	link.down = !link.down;
	if (rc == 0 && base)
		rc = lens_compile(&single->back, &link, 1, &plain, cli->mem, error);
	if (rc == 0 && !(single->worker = lens_worker_new(cli->mem)))
		rc = error_nomem(error);
	return rc == 0 && base ? look_at_base(single, base, error) : rc;
}

/* --- documents ------------------------------------------------------------------------- */

/* The input, as far as it says anything, over the base. */
static int lay_over_base(struct single *single, struct cf_error *error)
{
	if (json_kind(json_root(&single->doc)) != JSON_OBJECT ||
	    json_kind(json_root(&single->view)) != JSON_OBJECT)
		return 0;
	return lay_over(single, json_root(&single->doc), json_root(&single->view), &single->merged,
			&single->doc, error);
}

static int apply(struct single *single, struct cf_str text, struct cf_error *error)
{
	struct json_value inputs[LIMIT_LENS_CHAIN] = {{0}}, bases[LIMIT_LENS_CHAIN] = {{0}};
	struct lens_args args = {.inputs = inputs};
	const struct lens_output *made;
	int rc = json_read(&single->doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);

	if (rc == 0 && single->back) {
		rc = lay_over_base(single, error);
		bases[0] = single->onto_base;
		args.bases = bases;
	}
	inputs[0] = json_root(&single->doc);
	if (rc == 0)
		rc = lens_apply(single->worker, single->onto ? single->onto : single->program,
				&args, &made, error);
	for (size_t i = 0; rc == 0 && i < lens_program_outputs(single->program).count; i++)
		if (made[i].text.ptr && cli_out_line(single->cli, made[i].text))
			rc = cli_out_error(single->cli, error);
	return rc;
}

/* --- documents of one or more lines ------------------------------------------------------- */

/* How a line leaves the brackets, outside of strings; *in_string goes on. */
static long brackets(struct cf_str line, bool *in_string)
{
	long depth = 0;

	for (size_t i = 0; i < line.len; i++) {
		char c = line.ptr[i];

		if (*in_string && c == '\\')
			i++;
		else if (c == '"')
			*in_string = !*in_string;
		else if (!*in_string)
			depth += (c == '{' || c == '[') - (c == '}' || c == ']');
	}
	return depth;
}

/* Whether a document goes on in the next line. */
static bool goes_on(struct cf_str line, long depth)
{
	size_t len = line.len;

	while (len && strchr(" \t\r", line.ptr[len - 1]))
		len--;
	return depth > 0 && len && strchr("{[,", line.ptr[len - 1]);
}

/* The lines behind an open bracket, up to where it closes or the file ends. */
static int gather_lines(struct single *single, struct cli_lines *lines, long depth,
			struct cf_error *error)
{
	struct cf_buf *whole = &single->whole;
	size_t file = lines->file_index;
	struct cf_str line;
	bool in_string;
	int rc;

	while (depth > 0 && (rc = cli_lines_next(lines, &line, error))) {
		if (rc < 0)
			return rc;
		if (lines->file_index != file) {
			single->pending = line;
			return 0;
		}
		in_string = false;
		depth += brackets(line, &in_string);
		if (whole->len + line.len > LIMIT_DOCUMENT_BYTES)
			return error_set(error, CF_ERR_LIMIT, "a document of more than %zu bytes",
					 LIMIT_DOCUMENT_BYTES);
		if (buf_byte(whole, '\n') || buf_str(whole, line))
			return error_nomem(error);
	}
	return 0;
}

/* As cli_lines_next. */
static int next_document(struct single *single, struct cli_lines *lines, struct cf_str *ret,
			 struct cf_error *error)
{
	bool in_string = false;
	long depth;
	int rc = 1;

	*ret = single->pending;
	single->pending.ptr = NULL;
	if (!ret->ptr)
		rc = cli_lines_next(lines, ret, error);
	single->path = lines->path;
	single->line = lines->line;
	if (rc <= 0)
		return rc;
	depth = brackets(*ret, &in_string);
	if (in_string || !goes_on(*ret, depth))
		return 1;
	buf_clear(&single->whole);
	if (buf_str(&single->whole, *ret))
		return error_nomem(error);
	rc = gather_lines(single, lines, depth, error);
	*ret = buf_view(&single->whole);
	return rc ? rc : 1;
}

static void tell_wrong(struct single *single, struct cf_error *error)
{
	struct cli_lines at = {.path = single->path, .line = single->line};

	if (error->line && !error->file[0])
		at.line += error->line - 1;
	cli_lines_locate(&at, error);
	cli_report(single->cli, error);
}

static int each_document(struct single *single, struct cli_lines *lines, uint64_t *findings,
			 struct cf_error *error)
{
	struct cf_str text;
	int rc;

	while ((rc = next_document(single, lines, &text, error))) {
		if (rc > 0)
			rc = apply(single, text, error);
		if (rc && cf_error_class(rc) == CF_CLASS_INPUT) {
			tell_wrong(single, error);
			(*findings)++;
			rc = 0;
		}
		if (rc)
			return rc;
	}
	return 0;
}

int cli_convert_lens(struct cli *cli, uint64_t *findings, struct cf_error *error)
{
	const char *named = cli_option(cli, "input");
	struct single single;
	struct cli_lines lines;
	int rc;

	init(&single, cli);
	rc = open_lens(&single, error);
	cli_lines_init(&lines, cli, named ? &named : cli->args, named ? 1 : cli->arg_count);
	if (rc == 0)
		rc = each_document(&single, &lines, findings, error);
	cli_lines_fini(&lines);
	fini(&single);
	return rc;
}

int cli_convert_check_options(const struct cli *cli, struct cf_error *error)
{
	static const char *const of_catalog[] = {"catalog", "to", "from", "pass", "validate"};
	static const char *const of_lens[] = {"reverse", "base", "input"};
	bool lens = cli_given(cli, "lens");

	for (size_t i = 0; lens && i < ARRAY_LEN(of_catalog); i++)
		if (cli_given(cli, of_catalog[i]))
			return error_set(error, CF_ERR_USAGE, "--%s does not go with --lens",
					 of_catalog[i]);
	for (size_t i = 0; !lens && i < ARRAY_LEN(of_lens); i++)
		if (cli_given(cli, of_lens[i]))
			return error_set(error, CF_ERR_USAGE, "--%s goes with --lens only",
					 of_lens[i]);
	if (cli_given(cli, "input") && cli->arg_count)
		return error_set(error, CF_ERR_USAGE,
				 "give the input with --input or as FILE, not both ways");
	return 0;
}
