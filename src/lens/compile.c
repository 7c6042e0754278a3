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
		[OP_CONVERT] = OP_CONVERT, [OP_SCALE] = OP_SCALE,   [OP_SPLIT] = OP_JOIN,
		[OP_JOIN] = OP_SPLIT,      [OP_EXTRACT] = OP_EMBED, [OP_EMBED] = OP_EXTRACT,
		[OP_SCRIPT] = OP_SCRIPT,
	};

	return down ? mirrors[kind] : kind;
}

/* The part that an earlier step of the chain makes, or -1. */
static int find_made(const struct lens_program *program, const struct lens_place *place)
{
	for (size_t i = program->part_count; i-- > 0;)
		if (program->parts[i].output >= 0 &&
		    program->parts[i].place.major == place->major &&
		    str_equal(program->parts[i].place.type, place->type))
			return (int)i;
	return -1;
}

static int find_read(const struct lens_program *program, const struct lens_place *place)
{
	for (size_t i = program->part_count; i-- > 0;)
		if (program->parts[i].input >= 0 && program->parts[i].place.major == place->major &&
		    str_equal(program->parts[i].place.type, place->type))
			return (int)i;
	return -1;
}

/* A part that the chain makes and then embeds again lives only on the way. */
static int place_part(struct compiler *c, struct step *step)
{
	struct lens_program *program = c->program;
	const struct op *op = step->op;
	const struct lens_place *place = op->kind == OP_EXTRACT ? &step->lens->newer[op->place]
								: &step->lens->older[op->place];
	bool makes = step->kind == OP_EXTRACT;
	int made = find_made(program, place);

	if (made >= 0 && !makes) {
		step->part = (size_t)made;
		program->parts[made].output = -1;
		return 0;
	}
	if (makes ? made >= 0 : find_read(program, place) >= 0)
		return op_error(c->error, CF_ERR_LENS, step->lens, op,
				"another op has %.*s@%u already", STR_ARG(place->type),
				place->major);
	step->part = program->part_count;
	program->parts[program->part_count++] =
		(struct part){.place = *place, .input = makes ? -1 : 0, .output = makes ? 0 : -1};
	return 0;
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
	return op->kind == OP_EXTRACT || op->kind == OP_EMBED ? place_part(c, step) : 0;
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

int program_name(struct lens_program *program, struct cf_str decoded, struct op_name *ret)
{
	struct cf_buf quoted;

	buf_init(&quoted, program->mem);
	json_write_string(decoded, &quoted);
	ret->decoded = arena_dup(&program->arena, decoded);
	ret->quoted = arena_dup_buf(&program->arena, &quoted);
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
		buf_byte(&text, '"');
		json_write_string_inner(buf_view(&before), &text);
		plan->id_before[singleton] = arena_dup_buf(&program->arena, &text);
		buf_clear(&text);
		json_write_string_inner(buf_view(&after), &text);
		buf_byte(&text, '"');
		plan->id_after[singleton] = arena_dup_buf(&program->arena, &text);
		if (before.failed || !plan->id_before[singleton].ptr ||
		    !plan->id_after[singleton].ptr)
			rc = CF_ERR_NOMEM;
	}
	plan->version_number = arena_printf(&program->arena, "%u", place->major);
	buf_clear(&text);
	if (rc == 0 && identity->version_text)
		rc = json_write_string(
			identity->version_text(identity->ctx, place->type, place->major), &text);
	else
		buf_printf(&text, "\"%u.0.0\"", place->major);
	plan->version_text = arena_dup_buf(&program->arena, &text);
	buf_clear(&text);
	json_write_string(place->type, &text);
	plan->type_text = arena_dup_buf(&program->arena, &text);
	if (!plan->version_text.ptr || !plan->type_text.ptr)
		rc = CF_ERR_NOMEM;
	buf_fini(&before);
	buf_fini(&after);
	buf_fini(&text);
	return rc;
}

/* Of an output: the layout its fields have at the end. */
static struct layout *output_layout(const struct lens_program *program, size_t output)
{
	if (output == 0)
		return program->main.layout;
	for (size_t i = 0; i < program->part_count; i++)
		if (program->parts[i].output == (int)output)
			return program->parts[i].shape->object;
	return NULL;
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
		if (rc == 0 && options->target_schemas && options->target_schemas[i] &&
		    !program->bare)
			rc = plan_fills(program, options->target_schemas[i],
					output_layout(program, i), &program->plans[i].fills);
	}
	return rc;
}

/* The parts among the inputs and outputs, in the order of the ops. */
static int number_places(struct lens_program *program, const struct lens_link *links,
			 size_t link_count)
{
	const struct lens_link *first = &links[0], *last = &links[link_count - 1];

	program->inputs =
		arena_calloc(&program->arena, program->part_count + 1, sizeof(*program->inputs));
	program->outputs =
		arena_calloc(&program->arena, program->part_count + 1, sizeof(*program->outputs));
	if (!program->inputs || !program->outputs)
		return CF_ERR_NOMEM;
	program->inputs[0] = first->down ? first->lens->newer[0] : first->lens->older[0];
	program->outputs[0] = last->down ? last->lens->older[0] : last->lens->newer[0];
	program->input_count = program->output_count = 1;
	for (size_t i = 0; i < program->part_count; i++) {
		struct part *part = &program->parts[i];
		int rc = trace_reference(program, i, &part->place.reference);

		if (rc)
			return rc;
		if (part->input >= 0) {
			part->input = (int)program->input_count;
			program->inputs[program->input_count++] = part->place;
		}
		if (part->output >= 0) {
			part->output = (int)program->output_count;
			program->outputs[program->output_count++] = part->place;
		}
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------ */

static size_t link_ops(const struct lens_link *link)
{
	return link->count ? link->count : link->lens->op_count;
}

static size_t count_ops(const struct lens_link *links, size_t link_count)
{
	size_t count = 0;

	for (size_t i = 0; i < link_count; i++)
		count += link_ops(&links[i]);
	return count;
}

/* Whether nothing but this op can have put its host into a document of the older side. */
static bool makes_host(const struct lens_link *link, const struct op *op)
{
	struct schema_view older;
	const struct op *ops = link->lens->ops;

	if (op->kind != OP_PLUNGE || !link->older)
		return false;
	for (const struct op *before = ops; before < op; before++)
		if (op_name_is(&before->name, op->host.decoded) ||
		    op_name_is(&before->destination, op->host.decoded) ||
		    (before->kind != OP_PLUNGE && op_name_is(&before->host, op->host.decoded)))
			return false;
	older = schema_view_root(link->older);
	older = schema_view_property(&older, op->host.decoded);
	return json_is_absent(older.at);
}

static int compile_links(struct compiler *c, const struct lens_link *links, size_t link_count)
{
	struct lens_program *program = c->program;
	size_t count = count_ops(links, link_count) + 1;
	int rc = 0;

	program->steps = arena_calloc(&program->arena, count, sizeof(*program->steps));
	program->parts = arena_calloc(&program->arena, count, sizeof(*program->parts));
	if (!program->steps || !program->parts)
		return error_nomem(c->error);
	for (size_t i = 0; i < link_count && rc == 0; i++) {
		const struct op *ops = links[i].lens->ops + (links[i].count ? links[i].first : 0);
		size_t op_count = link_ops(&links[i]);

		rc = compile_ops(c, links[i].lens, ops, op_count, links[i].down,
				 program->steps + program->step_count);
		for (size_t k = 0; k < op_count; k++) {
			struct step *step = &program->steps[program->step_count + k];

			step->makes_host = rc == 0 && makes_host(&links[i], step->op);
		}
		program->step_count += op_count;
	}
	return rc;
}

static int compile(struct compiler *c, const struct lens_link *links, size_t link_count,
		   const struct lens_options *options)
{
	struct lens_program *program = c->program;
	int rc = compile_links(c, links, link_count);

	if (rc)
		return rc;
	if (program->identity &&
	    (program_name(program, STR("_id"), &program->id_name) ||
	     program_name(program, program->identity->type_field, &program->type_name) ||
	     program_name(program, program->identity->version_field, &program->version_name)))
		return error_nomem(c->error);
	rc = compile_code(program, c->error);
	if (rc)
		return rc;
	rc = number_places(program, links, link_count);
	if (rc == 0)
		rc = plan_outputs(program, options);
	if (rc == 0)
		rc = layouts_finish(program);
	if (rc)
		return rc == CF_ERR_NOMEM ? error_nomem(c->error)
					  : error_set(c->error, rc, "the chain is too large");
	return fold_constants(program, c->error);
}

int lens_compile(struct lens_program **ret, const struct lens_link *links, size_t link_count,
		 const struct lens_options *options, const struct cf_mem *mem,
		 struct cf_error *error)
{
	struct lens_program *program;
	struct compiler c = {.error = error};
	int rc;

	if (link_count == 0 || link_count > LIMIT_LENS_CHAIN)
		return error_set(error, CF_ERR_LENS, "a chain has 1 to %d lenses",
				 LIMIT_LENS_CHAIN);
	program = c.program = mem_calloc(mem, 1, sizeof(*program));
	if (!program)
		return error_nomem(error);
	program->mem = mem;
	atomic_init(&program->keepers, 1);
	program->identity = options->identity;
	program->cambria_defaults = options->cambria_defaults;
	arena_init(&program->arena, mem);
	rc = compile(&c, links, link_count, options);
	if (rc)
		lens_program_free(program);
	else
		*ret = program;
	return rc;
}

void program_drop(struct lens_program *program)
{
	const struct cf_mem *mem = program->mem;

	if (atomic_fetch_sub_explicit(&program->keepers, 1, memory_order_acq_rel) != 1)
		return;
	arena_fini(&program->arena);
	mem_free(mem, program);
}

struct lens_program *lens_program_free(struct lens_program *program)
{
	if (program)
		program_drop(program);
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
