/* Making plans: the machine runs, the maker watches. */
#include "lens/plan.h"

/* There is no plan. */
static int refuse(struct plan_maker *maker)
{
	maker->failed = true;
	return CF_ERR_UNSUPPORTED_OP;
}

/* --- guards --------------------------------------------------------------------------- */

static bool is_scalar(const struct plan_maker *maker, const struct val *val)
{
	return val->kind == VAL_TAPE && val->doc == maker->doc &&
	       val->doc->nodes[val->node].kind < JSON_ARRAY;
}

/* The machine is about to ask whether this value is of that kind. */
static int guard(struct plan_maker *maker, const struct val *val, enum json_kind kind)
{
	struct guard g;

	if (val->kind == VAL_SLOT)
		return refuse(maker);
	if (!is_scalar(maker, val))
		return 0;
	memset(&g, 0, sizeof(g));
	g.node = val->node;
	g.kind = (uint8_t)kind;
	g.is = val->doc->nodes[val->node].kind == kind;
	return buf_append(&maker->guards, &g, sizeof(g)) ? CF_ERR_NOMEM : 0;
}

/* The elements of an array, and of arrays in it. */
static int guard_elements(struct plan_maker *maker, const struct val *val)
{
	struct json_value array = {val->doc, val->node};
	struct json_iter it;
	int rc = 0;

	for (uint32_t i = 0; val->kind == VAL_LIST && rc == 0 && i < val->list->count; i++) {
		rc = guard(maker, &val->list->items[i], JSON_NULL);
		if (rc == 0)
			rc = guard_elements(maker, &val->list->items[i]);
	}
	if (val->kind != VAL_TAPE || val->doc != maker->doc || json_kind(array) != JSON_ARRAY)
		return 0;
	it = json_iter(array);
	while (rc == 0 && json_next(&it)) {
		struct val element = val_tape(it.value);

		rc = guard(maker, &element, JSON_NULL);
		if (rc == 0)
			rc = guard_elements(maker, &element);
	}
	return rc;
}

/* --- instructions ----------------------------------------------------------------------- */

static int watch_convert(struct plan_maker *maker, const struct instr *instr, struct val *val)
{
	switch ((enum val_kind)val->kind) {
	case VAL_TAPE:
		if (!is_scalar(maker, val))
			return 0;
		if (instr->forward->rows->keep || instr->backward->rows->absent.ptr)
			return refuse(maker);
		*val = (struct val){.kind = VAL_SLOT, .node = val->node, .table = instr->forward};
		return PLAN_DONE;
	case VAL_ABSENT:
	case VAL_TEXT:
		return 0;
	default:
		return refuse(maker);
	}
}

/* Only where the part is a constant. */
static int watch_extract(struct plan_maker *maker, const struct instr *instr, struct frame *frame)
{
	const struct val *host;

	if (!instr->step->op->host.decoded.ptr)
		return refuse(maker);
	host = &frame->regs[instr->part->host].val;
	if (host->kind != VAL_ABSENT && host->kind != VAL_TEXT && !is_scalar(maker, host))
		return refuse(maker);
	return guard(maker, host, JSON_NULL);
}

int plan_watch(struct run *run, const struct instr *instr, struct frame *frame)
{
	struct plan_maker *maker = run->maker;
	struct val *val;

	switch ((enum code)instr->code) {
	case DO_APPEAR:
	case DO_VANISH:
	case DO_MOVE:
	case DO_LEAVE:
		return 0;
	case DO_HOIST:
	case DO_PLUNGE:
	case DO_WRAP:
	case DO_HEAD:
	case DO_ENTER:
		return guard(maker, &frame->regs[instr->reg].val, JSON_NULL);
	case DO_MAP:
		val = &frame->regs[instr->reg].val;
		return guard(maker, val, JSON_NULL) ? refuse(maker) : guard_elements(maker, val);
	case DO_CONVERT:
		return watch_convert(maker, instr, &frame->regs[instr->reg].val);
	case DO_EXTRACT:
		return watch_extract(maker, instr, frame);
	case DO_SCALE:
	case DO_SPLIT:
	case DO_JOIN:
	case DO_EMBED:
	case DO_SCRIPT:
		break;
	}
	return refuse(maker);
}

/* --- pieces ------------------------------------------------------------------------------- */

/* The machine also writes values on the side, to read them again: that is not planned. */
static void add_piece(struct run *run, struct piece *piece, struct cf_buf *out)
{
	struct plan_maker *maker = run->maker;

	piece->len = (uint32_t)out->len;
	if (out != maker->out || maker->pieces.len >= LIMIT_PLAN_PIECES * sizeof(*piece))
		maker->failed = true;
	else if (buf_append(&maker->pieces, piece, sizeof(*piece)) != 0)
		out->failed = true;
}

static struct piece new_piece(enum piece_kind kind, uint32_t from)
{
	struct piece piece;

	memset(&piece, 0, sizeof(piece));
	piece.kind = (uint8_t)kind;
	piece.from = piece.to = from;
	return piece;
}

void plan_run(struct run *run, struct json_value source, uint32_t from, uint32_t to,
	      struct cf_buf *out)
{
	struct piece piece = new_piece(PIECE_SPAN, from);

	piece.to_start = to < json_node(source)->next;
	piece.to = piece.to_start ? to : source.node;
	piece.less = 1; /* the comma or the brace */
	add_piece(run, &piece, out);
}

void plan_compact(struct run *run, struct json_value v, struct cf_buf *out)
{
	struct piece piece = new_piece(PIECE_SPAN, v.node);
	struct json_iter it = json_iter(v);
	bool first = true;

	if (!(json_node(v)->flags & JSON_SPACED) || json_kind(v) < JSON_ARRAY) {
		add_piece(run, &piece, out);
		return;
	}
	buf_byte(out, it.members ? '{' : '[');
	while (json_next(&it)) {
		if (!first)
			buf_byte(out, ',');
		first = false;
		if (it.members) {
			buf_str(out, json_span(it.name));
			buf_byte(out, ':');
		}
		plan_compact(run, it.value, out);
	}
	buf_byte(out, it.members ? '}' : ']');
}

void plan_key(struct run *run, struct cf_buf *out)
{
	struct piece piece = new_piece(PIECE_KEY, 0);

	add_piece(run, &piece, out);
}

void plan_slot(struct run *run, const struct val *val, struct cf_buf *out)
{
	struct piece piece = new_piece(PIECE_CONVERT, val->node);

	piece.table = val->table;
	add_piece(run, &piece, out);
}

/* --- the whole ------------------------------------------------------------------------------ */

/* Constants go to memory of the plan, each with room behind it. */
static int settle(struct plan_maker *maker)
{
	struct plan *plan = maker->plan;
	struct piece end = new_piece(PIECE_END, 0);
	size_t count, at = 0;

	end.len = (uint32_t)maker->out->len;
	if (buf_append(&maker->pieces, &end, sizeof(end)) != 0)
		return CF_ERR_NOMEM;
	count = maker->pieces.len / sizeof(end);
	plan->guard_count = maker->guards.len / sizeof(*plan->guards);
	plan->pieces = arena_alloc(&plan->arena, maker->pieces.len);
	plan->guards = arena_calloc(&plan->arena, plan->guard_count + 1, sizeof(*plan->guards));
	if (!plan->pieces || !plan->guards)
		return CF_ERR_NOMEM;
	memcpy(plan->pieces, maker->pieces.ptr, maker->pieces.len);
	if (plan->guard_count)
		memcpy(plan->guards, maker->guards.ptr, maker->guards.len);
	for (size_t i = 0; i < count; i++) {
		struct piece *piece = &plan->pieces[i];
		size_t next = piece->len;
		char *text = arena_calloc(&plan->arena, 1, next - at + PLAN_STEP);

		if (!text)
			return CF_ERR_NOMEM;
		if (next > at)
			memcpy(text, maker->out->ptr + at, next - at);
		piece->text = text;
		piece->len = (uint32_t)(next - at);
		at = next;
	}
	plan->fixed = at;
	return 0;
}

/* Parts, which must be constants. */
static int plan_parts(struct run *run, struct frame *main)
{
	const struct lens_program *program = run->program;
	struct plan *plan = run->maker->plan;

	plan->outputs =
		arena_calloc(&plan->arena, program->output_count + 1, sizeof(*plan->outputs));
	if (!plan->outputs)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < program->part_count; i++) {
		const struct part *part = &program->parts[i];
		const struct part_val *val = &run->parts[i];
		struct lens_output *output;

		if (part->output < 0)
			continue;
		output = &plan->outputs[part->output];
		*output = (struct lens_output){.key = val->key, .repointed = val->repointed};
		if (val->val.kind == VAL_ABSENT && !val->folded)
			continue;
		if (!part_is_ready(run, main, val, &output->text))
			return refuse(run->maker);
	}
	return 0;
}

static int run_and_watch(struct run *run)
{
	const struct lens_program *program = run->program;
	struct plan_maker *maker = run->maker;
	struct frame *main;
	int rc = lens_begin(run, run->worker, program);

	if (rc == 0)
		rc = lens_load(run, run->args->inputs[0], &main);
	if (rc == 0)
		rc = run_forward(run, &program->main, main, NULL);
	if (rc == 0 && program->identity)
		rc = guard(maker, &main->regs[program->version_reg].val, JSON_STRING);
	if (rc == 0)
		rc = lens_write(run, main, maker->out);
	if (rc == 0)
		rc = plan_parts(run, main);
	if (rc == 0 && !maker->failed)
		rc = settle(maker);
	return rc;
}

int plan_make(struct lens_worker *worker, const struct lens_program *program,
	      const struct lens_args *args, struct plan **ret)
{
	struct plan *plan = mem_calloc(worker->mem, 1, sizeof(*plan));
	struct plan_maker maker = {.doc = args->inputs[0].doc, .plan = plan, .out = &maker.scratch};
	struct run run = {.worker = worker, .program = program, .args = args, .maker = &maker};
	int rc;

	if (!plan)
		return CF_ERR_NOMEM;
	arena_init(&plan->arena, worker->mem);
	buf_init(&maker.guards, worker->mem);
	buf_init(&maker.pieces, worker->mem);
	buf_init(&maker.scratch, worker->mem);
	plan->program = (struct lens_program *)program;
	atomic_fetch_add_explicit(&plan->program->keepers, 1, memory_order_relaxed);
	plan->shape = json_shape_keep(maker.doc->shape);
	plan->singleton = args->singleton;
	rc = run_and_watch(&run);
	plan->none = rc != 0 || maker.failed;
	buf_fini(&maker.guards);
	buf_fini(&maker.pieces);
	buf_fini(&maker.scratch);
	if (rc == CF_ERR_NOMEM) {
		plan_free(plan);
		return rc;
	}
	*ret = plan;
	return 0;
}

struct plan *plan_free(struct plan *plan)
{
	if (plan) {
		const struct cf_mem *mem = plan->arena.mem;

		program_drop(plan->program);
		json_shape_drop(plan->shape);
		arena_fini(&plan->arena);
		mem_free(mem, plan);
	}
	return NULL;
}
