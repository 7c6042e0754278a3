/* Steps become instructions. Going through the steps in order, each value that
 * moves takes along its shape: what is known of the object or array it is. So an
 * object that an op opened under one name is still open under another. */
#include "lens/program.h"

struct coder {
	struct lens_program *program;
	struct cf_error *error;
};

static int code_steps(struct coder *c, struct body *body, struct layout *layout,
		      const struct step *steps, size_t count);

static int code_fail(struct coder *c, const struct step *step, const char *reason)
{
	return op_error(c->error, CF_ERR_LENS, step->lens, step->op, "%s", reason);
}

static int code_nomem(struct coder *c)
{
	return error_nomem(c->error);
}

static void *code_alloc(struct coder *c, size_t count, size_t size)
{
	return arena_calloc(&c->program->arena, count + 1, size);
}

static int reg_of(struct coder *c, const struct step *step, struct layout *layout,
		  const struct op_name *name, uint16_t *ret)
{
	int rc = layout_reg(c->program, layout, name, ret);

	if (rc == CF_ERR_LIMIT)
		return code_fail(c, step, "the chain names too many fields");
	return rc ? code_nomem(c) : 0;
}

static int regs_of(struct coder *c, const struct step *step, struct layout *layout,
		   const struct op_name *names, size_t count, const uint16_t **ret)
{
	uint16_t *regs = code_alloc(c, count, sizeof(*regs));
	int rc = regs ? 0 : code_nomem(c);

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = reg_of(c, step, layout, &names[i], &regs[i]);
	*ret = regs;
	return rc;
}

/* A new instruction; the pointer holds until the next one. NULL: no memory. */
static struct instr *emit(struct coder *c, struct body *body, enum code code,
			  const struct step *step)
{
	struct instr *grown;

	if (body->count == body->cap) {
		uint32_t cap = body->cap ? body->cap * 2 : 16;

		grown = code_alloc(c, cap, sizeof(*grown));
		if (!grown) {
			code_nomem(c);
			return NULL;
		}
		if (body->count)
			memcpy(grown, body->instrs, body->count * sizeof(*grown));
		body->instrs = grown;
		body->cap = cap;
	}
	grown = &body->instrs[body->count++];
	*grown = (struct instr){.code = (uint8_t)code, .step = step, .key = NO_REG};
	grown->box = grown->unbox = NO_REG;
	return grown;
}

/* --- shapes ------------------------------------------------------------------------ */

static struct shape *shape_at(struct coder *c, struct shape **at)
{
	if (!*at)
		*at = code_alloc(c, 1, sizeof(**at));
	return *at;
}

static struct layout *object_of(struct coder *c, struct shape **at)
{
	struct shape *shape = shape_at(c, at);

	if (shape && !shape->object)
		shape->object = layout_new(c->program);
	return shape ? shape->object : NULL;
}

static void move_shape(struct shape **to, struct shape **from)
{
	*to = *from;
	*from = NULL;
}

/* --- ops --------------------------------------------------------------------------- */

static int code_field(struct coder *c, struct body *body, struct layout *layout,
		      const struct step *step, enum code code)
{
	uint16_t reg;
	int rc = reg_of(c, step, layout, &step->op->name, &reg);
	struct instr *instr = rc == 0 ? emit(c, body, code, step) : NULL;

	if (!instr)
		return rc ? rc : CF_ERR_NOMEM;
	instr->reg = reg;
	/* A base without the field is seen with its default from the other side. */
	if (code == DO_APPEAR || code == DO_VANISH)
		instr->text = c->program->cambria_defaults ? step->op->cambria_default
							   : step->op->fallback;
	return 0;
}

static int code_rename(struct coder *c, struct body *body, struct layout *layout,
		       const struct step *step)
{
	struct instr *instr;
	uint16_t from, to;
	int rc = reg_of(c, step, layout, &step->from, &from);

	if (rc == 0)
		rc = reg_of(c, step, layout, &step->to, &to);
	if (rc || from == to)
		return rc;
	move_shape(&layout->shapes[to], &layout->shapes[from]);
	instr = emit(c, body, DO_MOVE, step);
	if (!instr)
		return CF_ERR_NOMEM;
	instr->reg = from;
	instr->other = to;
	return 0;
}

static int code_host(struct coder *c, struct body *body, struct layout *layout,
		     const struct step *step, enum code code)
{
	uint16_t host = 0, inner, other;
	struct layout *inside;
	struct instr *instr;
	int rc = reg_of(c, step, layout, &step->op->host, &host);

	if (rc == 0)
		rc = reg_of(c, step, layout, &step->op->name, &other);
	if (rc)
		return rc;
	inside = object_of(c, &layout->shapes[host]);
	if (!inside)
		return code_nomem(c);
	rc = reg_of(c, step, inside, &step->op->name, &inner);
	if (rc)
		return rc;
	if (code == DO_HOIST)
		move_shape(&layout->shapes[other], &inside->shapes[inner]);
	else
		move_shape(&inside->shapes[inner], &layout->shapes[other]);
	instr = emit(c, body, code, step);
	if (!instr)
		return CF_ERR_NOMEM;
	instr->reg = host;
	instr->inner = inner;
	instr->other = other;
	instr->layout = inside;
	return 0;
}

static int code_array(struct coder *c, struct body *body, struct layout *layout,
		      const struct step *step, enum code code)
{
	int rc = code_field(c, body, layout, step, code);
	struct shape **at, *shape;

	if (rc)
		return rc;
	at = &layout->shapes[body->instrs[body->count - 1].reg];
	if (code == DO_HEAD) {
		*at = *at ? (*at)->element : NULL;
		return 0;
	}
	shape = code_alloc(c, 1, sizeof(*shape));
	if (!shape)
		return code_nomem(c);
	shape->element = *at;
	*at = shape;
	return 0;
}

/* --- in, map ----------------------------------------------------------------------- */

static size_t count_maps(const struct step *steps, size_t count)
{
	size_t maps = 0;

	for (size_t i = 0; i < count; i++)
		maps += steps[i].kind == OP_MAP;
	return maps;
}

/* The key's name on the side the elements come from. */
static const struct op_name *source_key(const struct step *step)
{
	const struct op *op = step->op;
	const struct op_name *name = &op->key_field;

	for (size_t i = 0; step->down && i < op->inner_count; i++)
		if (op->inner[i].kind == OP_RENAME && op_name_is(&op->inner[i].name, name->decoded))
			name = &op->inner[i].destination;
	return name;
}

/* Elements that become objects, or objects that become one of their fields. */
static int code_element(struct coder *c, struct instr *instr, struct shape *array,
			const struct step *step)
{
	bool boxes = step->op->boxes != step->down;
	struct body *inner = code_alloc(c, 1, sizeof(*inner));
	struct shape *scalar = array->element;
	uint16_t reg;
	int rc;

	if (!inner)
		return code_nomem(c);
	instr->body = inner;
	if (boxes)
		array->element = NULL;
	inner->layout = object_of(c, &array->element);
	if (!inner->layout)
		return code_nomem(c);
	rc = reg_of(c, step, inner->layout, &step->op->element, &reg);
	if (rc == 0 && step->op->key_field.decoded.ptr)
		rc = reg_of(c, step, inner->layout, source_key(step), &instr->key);
	if (rc == 0 && boxes)
		inner->layout->shapes[reg] = scalar;
	*(boxes ? &instr->box : &instr->unbox) = reg;
	if (rc == 0)
		rc = code_steps(c, inner, inner->layout, step->inner, step->inner_count);
	if (rc == 0 && !boxes)
		array->element = inner->layout->shapes[reg];
	return rc;
}

static int code_map(struct coder *c, struct instr *instr, uint16_t reg, struct shape **at,
		    const struct step *step)
{
	size_t maps = count_maps(step->inner, step->inner_count);
	struct shape *shape = shape_at(c, at);
	struct instr *arrays;
	struct body *inner;
	int rc = 0;

	*instr = (struct instr){.code = DO_MAP, .step = step, .reg = reg, .key = NO_REG};
	instr->box = instr->unbox = NO_REG;
	if (!shape)
		return code_nomem(c);
	if (maps) {
		if (maps != step->inner_count || step->op->element.decoded.ptr)
			return code_fail(c, step, "ops for arrays and for objects in one list");
		instr->arrays = arrays = code_alloc(c, maps, sizeof(*arrays));
		instr->other_count = maps;
		for (size_t i = 0; arrays && rc == 0 && i < maps; i++)
			rc = code_map(c, &arrays[i], NO_REG, &shape->element, &step->inner[i]);
		return arrays ? rc : code_nomem(c);
	}
	if (step->op->element.decoded.ptr)
		return code_element(c, instr, shape, step);
	instr->body = inner = code_alloc(c, 1, sizeof(*inner));
	if (!inner || !(inner->layout = object_of(c, &shape->element)))
		return code_nomem(c);
	if (step->op->key_field.decoded.ptr)
		rc = reg_of(c, step, inner->layout, source_key(step), &instr->key);
	return rc ? rc : code_steps(c, inner, inner->layout, step->inner, step->inner_count);
}

static int code_maps(struct coder *c, struct body *body, struct layout *layout, uint16_t reg,
		     const struct step *steps, size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct instr map;

		rc = code_map(c, &map, reg, &layout->shapes[reg], &steps[i]);
		if (rc == 0) {
			struct instr *instr = emit(c, body, DO_MAP, &steps[i]);

			if (!instr)
				return CF_ERR_NOMEM;
			*instr = map;
		}
	}
	return rc;
}

static int code_in(struct coder *c, struct body *body, struct layout *layout,
		   const struct step *step)
{
	size_t maps = count_maps(step->inner, step->inner_count);
	struct layout *inside;
	struct instr *instr;
	uint32_t enter;
	uint16_t reg;
	int rc = reg_of(c, step, layout, &step->op->name, &reg);

	if (rc || step->inner_count == 0)
		return rc;
	if (maps == step->inner_count)
		return code_maps(c, body, layout, reg, step->inner, maps);
	if (maps)
		return code_fail(c, step, "ops for arrays and for objects in one list");
	inside = object_of(c, &layout->shapes[reg]);
	instr = inside ? emit(c, body, DO_ENTER, step) : NULL;
	if (!instr)
		return code_nomem(c);
	enter = body->count - 1;
	instr->reg = reg;
	instr->layout = inside;
	rc = code_steps(c, body, inside, step->inner, step->inner_count);
	if (rc)
		return rc;
	instr = emit(c, body, DO_LEAVE, step);
	if (!instr)
		return CF_ERR_NOMEM;
	instr->reg = reg;
	instr->layout = inside;
	instr->jump = enter;
	body->instrs[enter].jump = body->count - 1;
	return 0;
}

/* --- convert, split, join, script --------------------------------------------------- */

static bool is_number(struct cf_str text, const struct cf_mem *mem)
{
	struct json_doc doc;
	bool number;

	json_doc_init(&doc, mem);
	number = json_read(&doc, text.ptr, text.len, 0, NULL) == 0 &&
		 json_kind(json_root(&doc)) == JSON_NUMBER;
	json_doc_fini(&doc);
	return number;
}

static const struct table *make_table(struct coder *c, const struct op_table *rows)
{
	static const struct cf_str literals[] = {{"null", 4}, {"false", 5}, {"true", 4}};
	struct table *table = code_alloc(c, 1, sizeof(*table));

	if (!table || !(table->numeric = code_alloc(c, rows->count, sizeof(bool))))
		return NULL;
	table->rows = rows;
	for (int k = 0; k < 3; k++)
		table->literals[k] = -1;
	for (size_t i = 0; i < rows->count; i++) {
		struct cf_str key = rows->rows[i].key;

		for (int k = 0; k < 3; k++)
			if (str_equal(key, literals[k]))
				table->literals[k] = (int)i;
		if (key.len && (key.ptr[0] == '-' || (key.ptr[0] >= '0' && key.ptr[0] <= '9')))
			table->numeric[i] = is_number(key, c->program->mem);
	}
	return table;
}

static int code_convert(struct coder *c, struct body *body, struct layout *layout,
			const struct step *step)
{
	int rc = code_field(c, body, layout, step, DO_CONVERT);
	struct instr *instr;

	if (rc)
		return rc;
	instr = &body->instrs[body->count - 1];
	instr->forward = make_table(c, &step->op->table[step->down]);
	instr->backward = make_table(c, &step->op->table[!step->down]);
	if (c->program->cambria_defaults)
		instr->text = step->down ? step->op->source_default : step->op->type_default;
	return instr->forward && instr->backward ? 0 : code_nomem(c);
}

static int code_text(struct coder *c, struct body *body, struct layout *layout,
		     const struct step *step, enum code code)
{
	int rc = code_field(c, body, layout, step, code);
	struct instr *instr;

	if (rc)
		return rc;
	instr = &body->instrs[body->count - 1];
	instr->reg_count = step->op->part_count;
	return regs_of(c, step, layout, step->op->parts, instr->reg_count, &instr->regs);
}

static int code_script(struct coder *c, struct body *body, struct layout *layout,
		       const struct step *step)
{
	struct instr *instr = emit(c, body, DO_SCRIPT, step);
	const struct op *op = step->op;
	int rc;

	if (!instr)
		return CF_ERR_NOMEM;
	instr->reg_count = step->down ? op->write_count : op->part_count;
	instr->other_count = step->down ? op->part_count : op->write_count;
	rc = regs_of(c, step, layout, step->down ? op->writes : op->parts, instr->reg_count,
		     &instr->regs);
	return rc ? rc
		  : regs_of(c, step, layout, step->down ? op->parts : op->writes,
			    instr->other_count, &instr->others);
}

/* --- extract, embed ------------------------------------------------------------------ */

static int part_layout(struct coder *c, const struct step *step, struct shape **at,
		       struct layout **ret)
{
	const struct lens_program *program = c->program;
	struct layout *layout = *ret = object_of(c, at);
	int rc;

	if (!layout)
		return code_nomem(c);
	if (!program->identity || layout->flags & LAYOUT_PART)
		return 0;
	layout->flags |= LAYOUT_PART;
	rc = reg_of(c, step, layout, &program->type_name, &layout->hidden[0]);
	return rc ? rc : reg_of(c, step, layout, &program->version_name, &layout->hidden[1]);
}

static int part_names(struct coder *c, const struct step *step, struct layout *layout,
		      struct part_code *code)
{
	const struct op *op = step->op;
	int rc = 0;

	code->main_regs = code_alloc(c, op->pair_count, sizeof(*code->main_regs));
	code->part_regs = code_alloc(c, op->pair_count, sizeof(*code->part_regs));
	code->key_regs = code_alloc(c, op->key_count, sizeof(*code->key_regs));
	if (!code->main_regs || !code->part_regs || !code->key_regs)
		return code_nomem(c);
	for (size_t i = 0; rc == 0 && i < op->pair_count; i++) {
		rc = reg_of(c, step, layout, &op->pairs[i].main, &code->main_regs[i]);
		if (rc == 0)
			rc = reg_of(c, step, code->layout, &op->pairs[i].part, &code->part_regs[i]);
	}
	for (size_t i = 0; rc == 0 && i < op->key_count; i++)
		rc = reg_of(c, step, code->layout, &op->key_names[i], &code->key_regs[i]);
	return rc;
}

static int code_part(struct coder *c, struct body *body, struct layout *layout,
		     const struct step *step, enum code code)
{
	struct part_code *part = code_alloc(c, 1, sizeof(*part));
	struct part *slot = &c->program->parts[step->part];
	const struct op *op = step->op;
	struct instr *instr;
	int rc;

	if (!part)
		return code_nomem(c);
	part->part = step->part;
	part->host = part->reference = NO_REG;
	rc = op->shared ? reg_of(c, step, layout, &op->reference, &part->reference) : 0;
	if (rc == 0 && op->host.decoded.ptr)
		rc = reg_of(c, step, layout, &op->host, &part->host);
	if (rc)
		return rc;
	if (part->host != NO_REG && code == DO_EXTRACT)
		move_shape(&slot->shape, &layout->shapes[part->host]);
	rc = part_layout(c, step, &slot->shape, &part->layout);
	if (rc == 0)
		rc = part_names(c, step, layout, part);
	if (rc)
		return rc;
	if (part->host != NO_REG && code == DO_EMBED)
		layout->shapes[part->host] = slot->shape;
	instr = emit(c, body, code, step);
	if (!instr)
		return CF_ERR_NOMEM;
	instr->part = part;
	return 0;
}

/* --- lists ------------------------------------------------------------------------- */

static int code_step(struct coder *c, struct body *body, struct layout *layout,
		     const struct step *step)
{
	switch (step->kind) {
	case OP_ADD:
		return code_field(c, body, layout, step, DO_APPEAR);
	case OP_REMOVE:
		return code_field(c, body, layout, step, DO_VANISH);
	case OP_RENAME:
		return code_rename(c, body, layout, step);
	case OP_HOIST:
		return code_host(c, body, layout, step, DO_HOIST);
	case OP_PLUNGE:
		return code_host(c, body, layout, step, DO_PLUNGE);
	case OP_WRAP:
		return code_array(c, body, layout, step, DO_WRAP);
	case OP_HEAD:
		return code_array(c, body, layout, step, DO_HEAD);
	case OP_IN:
		return code_in(c, body, layout, step);
	case OP_MAP:
		return code_fail(c, step, "must stand in `in`, where the value is an array");
	case OP_CONVERT:
		return code_convert(c, body, layout, step);
	case OP_SCALE:
		return code_field(c, body, layout, step, DO_SCALE);
	case OP_SPLIT:
		return code_text(c, body, layout, step, DO_SPLIT);
	case OP_JOIN:
		return code_text(c, body, layout, step, DO_JOIN);
	case OP_EXTRACT:
		return code_part(c, body, layout, step, DO_EXTRACT);
	case OP_EMBED:
		return code_part(c, body, layout, step, DO_EMBED);
	case OP_SCRIPT:
		return code_script(c, body, layout, step);
	case OP_COUNT:
		break;
	}
	return CF_ERR_BUG;
}

static int code_steps(struct coder *c, struct body *body, struct layout *layout,
		      const struct step *steps, size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = code_step(c, body, layout, &steps[i]);
	return rc;
}

/* A lens that only maps: its documents are arrays, which stand in a register of
 * their own, without a name. */
static int code_bare(struct coder *c)
{
	static const struct op_name nameless = {.quoted = {"\"\"", 2}};
	struct lens_program *program = c->program;
	uint16_t reg;
	int rc = reg_of(c, &program->steps[0], program->main.layout, &nameless, &reg);

	program->bare = true;
	return rc ? rc
		  : code_maps(c, &program->main, program->main.layout, reg, program->steps,
			      program->step_count);
}

int compile_code(struct lens_program *program, struct cf_error *error)
{
	struct coder c = {program, error};
	struct layout *layout = program->main.layout = layout_new(program);
	size_t maps = count_maps(program->steps, program->step_count);
	int rc = layout ? 0 : error_nomem(error);

	if (rc == 0 && maps && maps == program->step_count && !program->identity)
		return code_bare(&c);
	if (rc == 0 && program->identity) {
		layout->flags = LAYOUT_MAIN;
		rc = layout_reg(program, layout, &program->id_name, &program->id_reg) ||
				     layout_reg(program, layout, &program->type_name,
						&program->type_reg) ||
				     layout_reg(program, layout, &program->version_name,
						&program->version_reg)
			     ? error_nomem(error)
			     : 0;
	}
	return rc ? rc
		  : code_steps(&c, &program->main, layout, program->steps, program->step_count);
}
