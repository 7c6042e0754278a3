/* A chain of lenses becomes one list of steps in the direction of travel. */
#include "lens/program.h"

struct compiler {
	struct lens_program *program;
	struct cf_error *error;
};

static enum op_kind kind_going(enum op_kind kind, bool down)
{
	static const enum op_kind mirrors[OP_COUNT] = {
		[OP_ADD] = OP_REMOVE,      [OP_REMOVE] = OP_ADD,    [OP_RENAME] = OP_RENAME,
		[OP_HOIST] = OP_PLUNGE,    [OP_PLUNGE] = OP_HOIST,  [OP_WRAP] = OP_HEAD,
		[OP_HEAD] = OP_WRAP,       [OP_IN] = OP_IN,         [OP_MAP] = OP_MAP,
		[OP_CONVERT] = OP_CONVERT, [OP_SPLIT] = OP_JOIN,    [OP_JOIN] = OP_SPLIT,
		[OP_EXTRACT] = OP_EMBED,   [OP_EMBED] = OP_EXTRACT, [OP_SCRIPT] = OP_SCRIPT,
	};

	return down ? mirrors[kind] : kind;
}

/* The place of a part, added where the program does not have it yet. */
static size_t place_of(struct lens_place *places, size_t *count, const struct lens_place *place)
{
	for (size_t i = 1; i < *count; i++)
		if (places[i].major == place->major && str_equal(places[i].type, place->type))
			return i;
	places[*count] = *place;
	return (*count)++;
}

static int compile_ops(struct compiler *c, const struct lens *lens, const struct op *ops,
		       size_t count, bool down, struct step *steps);

static int compile_op(struct compiler *c, const struct lens *lens, const struct op *op, bool down,
		      struct step *step)
{
	struct lens_program *program = c->program;

	*step = (struct step){
		.kind = kind_going(op->kind, down), .down = down, .op = op, .lens = lens};
	step->from = down ? op->destination : op->name;
	step->to = down ? op->name : op->destination;
	if (op->inner_count) {
		step->inner = arena_calloc(&program->arena, op->inner_count, sizeof(*step));
		step->inner_count = op->inner_count;
		return step->inner
			       ? compile_ops(c, lens, op->inner, op->inner_count, down, step->inner)
			       : error_nomem(c->error);
	}
	if (op->kind != OP_EXTRACT && op->kind != OP_EMBED)
		return 0;
	if (step->kind == OP_EXTRACT)
		step->part = place_of(program->outputs, &program->output_count,
				      op->kind == OP_EXTRACT ? &lens->newer[op->place]
							     : &lens->older[op->place]);
	else
		step->part = place_of(program->inputs, &program->input_count,
				      op->kind == OP_EXTRACT ? &lens->newer[op->place]
							     : &lens->older[op->place]);
	return 0;
}

static int compile_ops(struct compiler *c, const struct lens *lens, const struct op *ops,
		       size_t count, bool down, struct step *steps)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = compile_op(c, lens, &ops[down ? count - 1 - i : i], down, &steps[i]);
	return rc;
}

/* --- identity and fills ------------------------------------------------------------------ */

static int make_name(struct lens_program *program, struct cf_str decoded, struct op_name *ret)
{
	struct cf_buf quoted;

	buf_init(&quoted, program->mem);
	json_write_string(decoded, &quoted);
	ret->decoded = arena_dup(&program->arena, decoded);
	ret->quoted = arena_dup(&program->arena, buf_view(&quoted));
	ret->hash = json_name_hash(decoded);
	buf_fini(&quoted);
	return ret->decoded.ptr && ret->quoted.ptr ? 0 : CF_ERR_NOMEM;
}

static int plan_identity(struct lens_program *program, const struct lens_place *place,
			 struct output_plan *plan)
{
	const struct lens_identity *identity = program->identity;
	struct cf_buf before, after, text;
	int rc = 0;

	buf_init(&before, program->mem);
	buf_init(&after, program->mem);
	buf_init(&text, program->mem);
	for (int singleton = 0; singleton < 2 && rc == 0; singleton++) {
		buf_clear(&before);
		buf_clear(&after);
		rc = identity->id_frame(identity->ctx, place->type, place->major, singleton,
					&before, &after);
		buf_clear(&text);
		json_write_string_inner(buf_view(&before), &text);
		plan->id_before[singleton] = arena_dup(&program->arena, buf_view(&text));
		buf_clear(&text);
		json_write_string_inner(buf_view(&after), &text);
		plan->id_after[singleton] = arena_dup(&program->arena, buf_view(&text));
	}
	plan->version_number = arena_printf(&program->arena, "%u", place->major);
	buf_clear(&text);
	if (rc == 0 && identity->version_text)
		rc = json_write_string(
			identity->version_text(identity->ctx, place->type, place->major), &text);
	else
		buf_printf(&text, "\"%u.0.0\"", place->major);
	plan->version_text = arena_dup(&program->arena, buf_view(&text));
	buf_clear(&text);
	json_write_string(place->type, &text);
	plan->type_text = arena_dup(&program->arena, buf_view(&text));
	if (!plan->version_text.ptr || !plan->type_text.ptr)
		rc = CF_ERR_NOMEM;
	buf_fini(&before);
	buf_fini(&after);
	buf_fini(&text);
	return rc;
}

static struct cf_str default_of_types(unsigned types)
{
	static const struct {
		unsigned type;
		const char *text;
	} defaults[] = {{SCHEMA_NULL, "null"}, {SCHEMA_STRING, "\"\""},   {SCHEMA_NUMBER, "0"},
			{SCHEMA_INTEGER, "0"}, {SCHEMA_BOOLEAN, "false"}, {SCHEMA_ARRAY, "[]"},
			{SCHEMA_OBJECT, "{}"}};

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (types & defaults[i].type)
			return str_of(defaults[i].text);
	return (struct cf_str){NULL, 0};
}

/* What a schema requires of a document, but for what says what the document is. */
static int plan_fills(struct lens_program *program, const struct schema *schema,
		      struct output_plan *plan)
{
	struct schema_view root = schema_view_root(schema);
	struct json_value required = json_member(root.at, STR("required"));
	struct json_iter it = json_iter(required);
	struct cf_buf text;
	int rc = 0;

	plan->fills = arena_calloc(&program->arena, json_count(required), sizeof(*plan->fills));
	if (!plan->fills)
		return CF_ERR_NOMEM;
	buf_init(&text, program->mem);
	while (rc == 0 && json_kind(required) == JSON_ARRAY && json_next(&it)) {
		struct fill *fill = &plan->fills[plan->fill_count];
		struct schema_view view;
		struct cf_str name;

		if (json_kind(it.value) != JSON_STRING ||
		    json_decode(it.value, &program->arena, &name))
			continue;
		if (program->identity && (str_equal(name, program->identity->type_field) ||
					  str_equal(name, program->identity->version_field) ||
					  (name.len && name.ptr[0] == '_')))
			continue;
		view = schema_view_property(&root, name);
		buf_clear(&text);
		if (!json_is_absent(view.fallback))
			json_write_compact(view.fallback, &text);
		else
			buf_str(&text, default_of_types(view.types));
		if (text.len == 0)
			continue;
		rc = make_name(program, name, &fill->name);
		fill->text = arena_dup(&program->arena, buf_view(&text));
		plan->fill_count++;
	}
	buf_fini(&text);
	return rc;
}

static int plan_outputs(struct lens_program *program, const struct lens_options *options)
{
	int rc = 0;

	program->plans =
		arena_calloc(&program->arena, program->output_count, sizeof(*program->plans));
	if (!program->plans)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < program->output_count && rc == 0; i++) {
		if (program->identity)
			rc = plan_identity(program, &program->outputs[i], &program->plans[i]);
		if (rc == 0 && options->target_schemas && options->target_schemas[i])
			rc = plan_fills(program, options->target_schemas[i], &program->plans[i]);
	}
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------ */

static size_t count_ops(const struct lens_link *links, size_t link_count)
{
	size_t count = 0;

	for (size_t i = 0; i < link_count; i++)
		count += links[i].lens->op_count;
	return count;
}

static int compile_links(struct compiler *c, const struct lens_link *links, size_t link_count)
{
	struct lens_program *program = c->program;
	const struct lens_link *first = &links[0], *last = &links[link_count - 1];
	int rc = 0;

	program->inputs[0] = first->down ? first->lens->newer[0] : first->lens->older[0];
	program->outputs[0] = last->down ? last->lens->older[0] : last->lens->newer[0];
	program->input_count = program->output_count = 1;
	for (size_t i = 0; i < link_count && rc == 0; i++) {
		rc = compile_ops(c, links[i].lens, links[i].lens->ops, links[i].lens->op_count,
				 links[i].down, program->steps + program->step_count);
		program->step_count += links[i].lens->op_count;
	}
	return rc;
}

int lens_compile(struct lens_program **ret, const struct lens_link *links, size_t link_count,
		 const struct lens_options *options, const struct cf_mem *mem,
		 struct cf_error *error)
{
	struct lens_program *program;
	struct compiler c = {.error = error};
	size_t places = 2;
	int rc;

	if (link_count == 0 || link_count > LIMIT_LENS_CHAIN)
		return error_set(error, CF_ERR_LENS, "a chain has 1 to %d lenses",
				 LIMIT_LENS_CHAIN);
	program = c.program = mem_calloc(mem, 1, sizeof(*program));
	if (!program)
		return error_nomem(error);
	program->mem = mem;
	program->identity = options->identity;
	program->cambria_defaults = options->cambria_defaults;
	arena_init(&program->arena, mem);
	for (size_t i = 0; i < link_count; i++)
		places += links[i].lens->older_count + links[i].lens->newer_count;
	program->steps = arena_calloc(&program->arena, count_ops(links, link_count) + 1,
				      sizeof(*program->steps));
	program->inputs = arena_calloc(&program->arena, places, sizeof(*program->inputs));
	program->outputs = arena_calloc(&program->arena, places, sizeof(*program->outputs));
	if (!program->steps || !program->inputs || !program->outputs) {
		lens_program_free(program);
		return error_nomem(error);
	}
	rc = compile_links(&c, links, link_count);
	if (rc == 0 && plan_outputs(program, options))
		rc = error_nomem(error);
	if (rc == 0 && program->identity &&
	    (make_name(program, STR("_id"), &program->id_name) ||
	     make_name(program, program->identity->type_field, &program->type_name) ||
	     make_name(program, program->identity->version_field, &program->version_name)))
		rc = error_nomem(error);
	if (rc) {
		lens_program_free(program);
		return rc;
	}
	*ret = program;
	return 0;
}

struct lens_program *lens_program_free(struct lens_program *program)
{
	if (program) {
		const struct cf_mem *mem = program->mem;

		arena_fini(&program->arena);
		mem_free(mem, program);
	}
	return NULL;
}

struct lens_side lens_program_inputs(const struct lens_program *program)
{
	return (struct lens_side){program->inputs, program->input_count};
}

struct lens_side lens_program_outputs(const struct lens_program *program)
{
	return (struct lens_side){program->outputs, program->output_count};
}
