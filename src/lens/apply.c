/* Running a program on documents: loading the main one and its base, and writing
 * what comes out. */
#include "lens/plan.h"

struct lens_worker *lens_worker_new(const struct cf_mem *mem)
{
	struct lens_worker *worker = mem_calloc(mem, 1, sizeof(*worker));

	if (worker) {
		worker->mem = mem;
		arena_init(&worker->arena, mem);
		buf_init(&worker->scratch, mem);
		script_memo_init(&worker->script_memo, mem);
	}
	return worker;
}

struct lens_worker *lens_worker_free(struct lens_worker *worker)
{
	if (!worker)
		return NULL;
	for (size_t i = 0; i < worker->output_cap; i++)
		buf_fini(&worker->texts[i]);
	for (size_t i = 0; i < worker->tape_count; i++) {
		json_doc_fini(worker->tapes[i]);
		mem_free(worker->mem, worker->tapes[i]);
	}
	plans_free(worker->plans);
	mem_free(worker->mem, worker->tapes);
	mem_free(worker->mem, worker->texts);
	mem_free(worker->mem, worker->outputs);
	buf_fini(&worker->scratch);
	arena_fini(&worker->arena);
	script_engine_free(worker->scripts);
	script_memo_fini(&worker->script_memo);
	mem_free(worker->mem, worker);
	return NULL;
}

static int reserve_outputs(struct lens_worker *worker, size_t count)
{
	struct cf_buf *texts;
	struct lens_output *outputs;

	if (count <= worker->output_cap)
		return 0;
	texts = mem_resize(worker->mem, worker->texts, count * sizeof(*texts));
	if (!texts)
		return CF_ERR_NOMEM;
	worker->texts = texts;
	outputs = mem_resize(worker->mem, worker->outputs, count * sizeof(*outputs));
	if (!outputs)
		return CF_ERR_NOMEM;
	worker->outputs = outputs;
	for (; worker->output_cap < count; worker->output_cap++)
		buf_init(&texts[worker->output_cap], worker->mem);
	return 0;
}

int lens_begin(struct run *run, struct lens_worker *worker, const struct lens_program *program)
{
	size_t size = program->part_count * sizeof(*run->parts);

	run->worker = worker;
	run->program = program;
	if (worker->arena.block)
		arena_reset(&worker->arena);
	worker->tape_used = 0;
	run->arena = &worker->arena;
	if (reserve_outputs(worker, program->output_count) != 0)
		return CF_ERR_NOMEM;
	run->parts = size ? lens_alloc(run, size) : NULL;
	if (size && !run->parts)
		return CF_ERR_NOMEM;
	if (size)
		memset(run->parts, 0, size);
	return 0;
}

/* --- loading ------------------------------------------------------------------------ */

int lens_load(struct run *run, struct json_value document, struct frame **ret)
{
	const struct layout *layout = run->program->main.layout;

	if (run->program->bare) {
		*ret = frame_new(run, layout);
		if (*ret)
			frame_put(*ret, 0, val_tape(document));
		return *ret ? 0 : CF_ERR_NOMEM;
	}
	if (json_kind(document) != JSON_OBJECT)
		return error_set(run->error, CF_ERR_INVALID, "the document is not an object");
	*ret = frame_load(run, layout, document);
	return *ret ? 0 : CF_ERR_NOMEM;
}

/* What the instructions will keep of the base. */
static int read_base(struct run *run, struct json_value base, struct note **ret)
{
	const struct body *body = &run->program->main;
	struct frame *frame;
	int rc;

	if (!run->program->bare && json_kind(base) != JSON_OBJECT)
		return 0;
	*ret = arena_calloc(run->arena, body->count + 1, sizeof(**ret));
	if (!*ret)
		return CF_ERR_NOMEM;
	rc = lens_load(run, base, &frame);
	if (rc)
		return rc;
	run->backward = true;
	rc = run_backward(run, body, frame, *ret);
	run->backward = false;
	return rc;
}

/* --- writing ------------------------------------------------------------------------ */

/* Rewrites, in place, what says what the main document is. */
static void identify(const struct lens_program *program, struct frame *main)
{
	const struct output_plan *plan = &program->plans[0];
	struct val *version = &main->regs[program->version_reg].val;

	if (frame_has(main, program->id_reg))
		main->regs[program->id_reg].val = (struct val){.kind = VAL_ID};
	if (version->kind != VAL_ABSENT)
		*version = val_text(val_kind(version) == JSON_STRING ? plan->version_text
								     : plan->version_number);
	if (frame_has(main, program->type_reg) &&
	    !str_equal(program->inputs[0].type, program->outputs[0].type))
		main->regs[program->type_reg].val = val_text(plan->type_text);
}

void part_head(const struct lens_program *program, const struct part *part, bool with_id,
	       bool singleton, struct cf_str key, bool version_text, struct cf_buf *out)
{
	const struct output_plan *plan = &program->plans[part->output];
	const struct name *names = program->main.layout->names;

	if (with_id) {
		buf_str(out, STR("\"_id\":"));
		buf_str(out, plan->id_before[singleton]);
		if (!singleton)
			buf_str(out, key);
		buf_str(out, plan->id_after[singleton]);
		buf_byte(out, ',');
	}
	buf_str(out, names[program->type_reg].written);
	buf_str(out, plan->type_text);
	buf_byte(out, ',');
	buf_str(out, names[program->version_reg].written);
	buf_str(out, version_text ? plan->version_text : plan->version_number);
}

/* A part says first what it is: its id where the main document has one. */
static void write_head(struct run *run, const struct frame *main, const struct part *part,
		       const struct part_val *val, struct cf_buf *out)
{
	const struct lens_program *program = run->program;
	bool shared = part->place.tie == LENS_SHARED;

	part_head(program, part, frame_has(main, program->id_reg), !shared && run->args->singleton,
		  shared ? val->key : run->args->key,
		  val_kind(&main->regs[program->version_reg].val) == JSON_STRING, out);
}

bool part_is_ready(const struct run *run, const struct frame *main, const struct part_val *val,
		   struct cf_str *ret)
{
	const struct lens_program *program = run->program;
	const struct val *version;

	if (!val->folded || !val->folded->documents[0][0].ptr)
		return false;
	version = &main->regs[program->version_reg].val;
	*ret = val->folded->documents[frame_has(main, program->id_reg)]
				     [val_kind(version) == JSON_STRING];
	return true;
}

static int write_part(struct run *run, const struct frame *main, size_t index)
{
	const struct lens_program *program = run->program;
	const struct part *part = &program->parts[index];
	const struct part_val *val = &run->parts[index];
	struct lens_output *output = &run->worker->outputs[part->output];
	struct cf_buf *out = &run->worker->texts[part->output];
	bool first = !program->identity;
	int rc = 0;

	*output = (struct lens_output){.key = val->key, .repointed = val->repointed};
	if (val->val.kind == VAL_ABSENT && !val->folded)
		return 0;
	if (part_is_ready(run, main, val, &output->text))
		return 0;
	buf_clear(out);
	buf_byte(out, '{');
	if (program->identity)
		write_head(run, main, part, val, out);
	if (val->folded) {
		if (!first && val->folded->fields.len)
			buf_byte(out, ',');
		buf_str(out, val->folded->fields);
	} else {
		rc = frame_fill(run, val->val.frame, &program->plans[part->output].fills);
		if (rc == 0)
			rc = emit_members(run, val->val.frame, first, out);
	}
	buf_byte(out, '}');
	output->text = buf_view(out);
	return rc ? rc : out->failed ? CF_ERR_NOMEM : 0;
}

int lens_write(struct run *run, struct frame *main, struct cf_buf *out)
{
	const struct lens_program *program = run->program;
	int rc;

	if (program->identity)
		identify(program, main);
	rc = frame_fill(run, main, &program->plans[0].fills);
	if (rc)
		return rc;
	if (!json_is_absent(main->source) && !program->bare)
		buf_reserve(out, json_span(main->source).len + 256);
	return program->bare ? emit_val(run, &main->regs[0].val, out) : emit_frame(run, main, out);
}

static int write_all(struct run *run, struct frame *main)
{
	const struct lens_program *program = run->program;
	struct cf_buf *out = &run->worker->texts[0];
	int rc;

	buf_clear(out);
	rc = lens_write(run, main, out);
	run->worker->outputs[0] = (struct lens_output){.text = buf_view(out)};
	for (size_t i = 0; rc == 0 && i < program->part_count; i++)
		if (program->parts[i].output >= 0)
			rc = write_part(run, main, i);
	for (size_t i = 0; rc == 0 && i < program->output_count; i++)
		if (run->worker->outputs[i].text.len > LIMIT_DOCUMENT_BYTES)
			rc = CF_ERR_LIMIT;
	return rc;
}

/* --- the whole ---------------------------------------------------------------------- */

/* Errors that no instruction has put into words. */
static int in_words(struct run *run, int rc)
{
	if (rc == CF_ERR_NOMEM)
		return lens_nomem(run);
	if (rc == CF_ERR_LIMIT)
		return error_set(run->error, rc, "the document becomes too large or too deep");
	return rc;
}

int lens_apply(struct lens_worker *worker, const struct lens_program *program,
	       const struct lens_args *args, const struct lens_output **ret, struct cf_error *error)
{
	struct run run;
	struct note *notes = NULL;
	struct frame *main;
	int rc;

	if (plan_apply(worker, program, args)) {
		*ret = worker->outputs;
		return 0;
	}
	run.args = args;
	run.error = error;
	run.stop = NULL;
	run.maker = NULL;
	run.depth = 0;
	run.backward = false;
	rc = lens_begin(&run, worker, program);
	if (rc == 0 && args->bases && !json_is_absent(args->bases[0]))
		rc = read_base(&run, args->bases[0], &notes);
	if (rc == 0)
		rc = lens_load(&run, args->inputs[0], &main);
	if (rc == 0)
		rc = run_forward(&run, &program->main, main, notes);
	if (rc == 0)
		rc = write_all(&run, main);
	if (rc)
		return in_words(&run, rc);
	*ret = worker->outputs;
	return 0;
}

int lens_reference(struct lens_worker *worker, const struct lens_program *program, size_t input,
		   struct json_value main, struct cf_str *ret, struct cf_error *error)
{
	const struct lens_args args = {.inputs = &main};
	struct run run = {.worker = worker, .program = program, .args = &args, .error = error};
	struct json_value value = JSON_ABSENT;
	struct frame *frame;
	int rc;

	*ret = (struct cf_str){NULL, 0};
	for (uint32_t i = 0; i < program->main.count && !run.stop; i++) {
		const struct instr *instr = &program->main.instrs[i];

		if (instr->code == DO_EMBED &&
		    program->parts[instr->part->part].input == (int)input &&
		    instr->step->op->shared)
			run.stop = instr;
	}
	if (!run.stop)
		return 0;
	rc = lens_begin(&run, worker, program);
	if (rc == 0)
		rc = lens_load(&run, main, &frame);
	if (rc == 0)
		rc = run_forward(&run, &program->main, frame, NULL);
	if (rc == 0)
		rc = val_read(&run, &frame->regs[run.stop->part->reference].val, &value);
	if (rc)
		return in_words(&run, rc);
	if (json_kind(value) == JSON_STRING)
		*ret = json_inner(value);
	else if (json_kind(value) == JSON_NUMBER)
		*ret = json_span(value);
	else if (json_kind(value) > JSON_NULL)
		return error_set(error, CF_ERR_INVALID, "a reference must be a text");
	return 0;
}
