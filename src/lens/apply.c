/* Running a program on documents. */
#include "lens/program.h"

struct lens_worker *lens_worker_new(const struct cf_mem *mem)
{
	struct lens_worker *worker = mem_calloc(mem, 1, sizeof(*worker));

	if (worker) {
		worker->mem = mem;
		work_memory_init(&worker->memory, mem);
		buf_init(&worker->scratch, mem);
	}
	return worker;
}

struct lens_worker *lens_worker_free(struct lens_worker *worker)
{
	if (!worker)
		return NULL;
	for (size_t i = 0; i < worker->output_cap; i++)
		buf_fini(&worker->texts[i]);
	mem_free(worker->mem, worker->texts);
	mem_free(worker->mem, worker->outputs);
	buf_fini(&worker->scratch);
	work_memory_fini(&worker->memory);
	script_engine_free(worker->scripts);
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

/* --- what says what a document is ----------------------------------------------------------- */

static bool is_meta(const struct work_member *member)
{
	return member->quoted.len > 2 && member->quoted.ptr[1] == '_';
}

/* A part without its id, type and version. */
static int open_part(struct run *run, struct json_value document, struct work_value *ret)
{
	const struct lens_program *program = run->program;
	struct work_object *object;

	*ret = work_span(document);
	if (json_is_absent(document))
		return 0;
	if (json_kind(document) != JSON_OBJECT)
		return error_set(run->error, CF_ERR_INVALID, "the document is not an object");
	if (work_open(&run->worker->memory, ret))
		return error_nomem(run->error);
	object = ret->object;
	if (!program->identity)
		return 0;
	(void)work_take(object, &program->type_name);
	(void)work_take(object, &program->version_name);
	for (uint32_t i = 0; i < object->count;) {
		if (is_meta(&object->members[i])) {
			object->count--;
			memmove(&object->members[i], &object->members[i + 1],
				(object->count - i) * sizeof(*object->members));
		} else {
			i++;
		}
	}
	return 0;
}

static int make_id(struct run *run, const struct output_plan *plan, struct cf_str key,
		   bool singleton, struct work_value *ret)
{
	struct cf_str before = plan->id_before[singleton], after = plan->id_after[singleton];
	size_t len = before.len + key.len + after.len + 2;
	char *text = arena_alloc(&run->worker->memory.arena, len);

	if (!text)
		return error_nomem(run->error);
	text[0] = '"';
	memcpy(text + 1, before.ptr, before.len);
	if (key.len)
		memcpy(text + 1 + before.len, key.ptr, key.len);
	memcpy(text + 1 + before.len + key.len, after.ptr, after.len);
	text[len - 1] = '"';
	*ret = work_text((struct cf_str){text, len});
	return 0;
}

static void set_member(struct work_member *member, struct work_value value)
{
	member->value = value;
	member->untouched = false;
}

/* Rewrites, in place, what says what the main document is. */
static int identify_main(struct run *run, struct work_object *object, const struct lens_args *args,
			 bool *ret_has_id)
{
	const struct lens_program *program = run->program;
	const struct output_plan *plan = &program->plans[0];
	struct work_member *member = work_find(object, &program->version_name);
	struct work_value id;

	if (member)
		set_member(member, work_text(work_json_kind(&member->value) == JSON_STRING
						     ? plan->version_text
						     : plan->version_number));
	member = work_find(object, &program->type_name);
	if (member && !str_equal(program->inputs[0].type, program->outputs[0].type))
		set_member(member, work_text(plan->type_text));
	for (uint32_t i = 0; i < object->count;) {
		member = &object->members[i];
		if (!is_meta(member) || str_equal(member->quoted, STR("\"_attachments\""))) {
			i++;
		} else if (str_equal(member->quoted, STR("\"_id\""))) {
			if (make_id(run, plan, args->key, args->singleton, &id))
				return CF_ERR_NOMEM;
			set_member(member, id);
			*ret_has_id = true;
			i++;
		} else {
			object->count--;
			memmove(member, member + 1, (object->count - i) * sizeof(*member));
		}
	}
	return 0;
}

static int fill_missing(struct run *run, struct work_object *object, const struct output_plan *plan)
{
	for (size_t i = 0; i < plan->fill_count; i++)
		if (!work_find(object, &plan->fills[i].name) &&
		    work_append(&run->worker->memory, object, &plan->fills[i].name,
				work_text(plan->fills[i].text)))
			return error_nomem(run->error);
	return 0;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static int write_main(struct run *run, struct work_value *value, const struct lens_args *args,
		      bool *ret_has_id)
{
	struct cf_buf *out = &run->worker->texts[0];
	int rc = 0;

	if (run->program->identity || run->program->plans[0].fill_count) {
		if (work_json_kind(value) != JSON_OBJECT)
			return error_set(run->error, CF_ERR_INVALID,
					 "the document is not an object");
		if (work_open(&run->worker->memory, value))
			return error_nomem(run->error);
		if (run->program->identity)
			rc = identify_main(run, value->object, args, ret_has_id);
		if (rc == 0)
			rc = fill_missing(run, value->object, &run->program->plans[0]);
	}
	buf_clear(out);
	if (rc == 0 && work_write(value, out))
		rc = error_nomem(run->error);
	run->worker->outputs[0] = (struct lens_output){.text = buf_view(out)};
	return rc;
}

/* A part: what says what it is comes first. */
static int write_part(struct run *run, size_t place, const struct lens_args *args, bool has_id)
{
	const struct lens_program *program = run->program;
	const struct output_plan *plan = &program->plans[place];
	struct work_value *value = &run->outputs[place];
	bool shared = program->outputs[place].tie == LENS_SHARED;
	struct cf_str key = shared ? run->keys[place] : args->key;
	struct lens_output *output = &run->worker->outputs[place];
	struct cf_buf *out = &run->worker->texts[place];
	struct work_value id;
	size_t fields;
	int rc;

	*output = (struct lens_output){.text = {NULL, 0}};
	if (value->kind != WORK_OBJECT)
		return 0;
	rc = fill_missing(run, value->object, plan);
	if (rc)
		return rc;
	buf_clear(out);
	buf_byte(out, '{');
	if (program->identity && has_id) {
		rc = make_id(run, plan, key, !shared && args->singleton, &id);
		if (rc)
			return rc;
		buf_str(out, STR("\"_id\":"));
		buf_str(out, id.text);
		buf_byte(out, ',');
	}
	if (program->identity) {
		buf_str(out, program->type_name.quoted);
		buf_byte(out, ':');
		buf_str(out, plan->type_text);
		buf_byte(out, ',');
		buf_str(out, program->version_name.quoted);
		buf_byte(out, ':');
		buf_str(out, plan->version_number);
		buf_byte(out, ',');
	}
	fields = out->len;
	rc = work_write(value, out);
	if (rc)
		return error_nomem(run->error);
	/* The fields' own brace goes; without fields the comma before it, too. */
	if (out->len == fields + 2 && fields > 1) {
		out->len = fields - 1;
		buf_byte(out, '}');
	} else {
		memmove(out->ptr + fields, out->ptr + fields + 1, out->len - fields - 1);
		out->len--;
	}
	*output = (struct lens_output){
		.text = buf_view(out), .key = run->keys[place], .repointed = run->repointed[place]};
	return 0;
}

/* --- the whole
 * -------------------------------------------------------------------------------------- */

static int open_values(struct run *run, const struct json_value *documents, size_t count,
		       struct work_value **ret)
{
	int rc = 0;

	*ret = arena_calloc(&run->worker->memory.arena, count, sizeof(**ret));
	if (!*ret)
		return error_nomem(run->error);
	if (documents) {
		(*ret)[0] = work_span(documents[0]);
		for (size_t i = 1; i < count && rc == 0; i++)
			rc = open_part(run, documents[i], &(*ret)[i]);
	}
	return rc;
}

int lens_apply(struct lens_worker *worker, const struct lens_program *program,
	       const struct lens_args *args, const struct lens_output **ret, struct cf_error *error)
{
	size_t outputs = program->output_count;
	struct run run = {.worker = worker, .program = program, .error = error};
	struct work_value value;
	bool has_id = false;
	int rc;

	work_memory_reset(&worker->memory);
	if (reserve_outputs(worker, outputs))
		return error_nomem(error);
	run.outputs = arena_calloc(&worker->memory.arena, outputs, sizeof(*run.outputs));
	run.keys = arena_calloc(&worker->memory.arena, outputs, sizeof(*run.keys));
	run.repointed = arena_calloc(&worker->memory.arena, outputs, sizeof(*run.repointed));
	if (!run.outputs || !run.keys || !run.repointed)
		return error_nomem(error);
	rc = open_values(&run, args->inputs, program->input_count, &run.inputs);
	if (rc == 0 && args->bases)
		rc = open_values(&run, args->bases, outputs, &run.bases);
	if (rc)
		return rc;
	value = run.inputs[0];
	rc = steps_forward(&run, program->steps, program->step_count, &value,
			   run.bases ? &run.bases[0] : NULL);
	if (rc == 0)
		rc = write_main(&run, &value, args, &has_id);
	for (size_t i = 1; i < outputs && rc == 0; i++)
		rc = write_part(&run, i, args, has_id);
	if (rc == 0)
		*ret = worker->outputs;
	return rc;
}

/* The reference's name in the program's own input: renames on the way to the step
 * that follows it are gone back over. */
static struct cf_str reference_name(const struct lens_program *program, size_t input)
{
	for (size_t i = 0; i < program->step_count; i++) {
		struct cf_str name;

		if (program->steps[i].kind != OP_EMBED || program->steps[i].part != input)
			continue;
		name = program->steps[i].op->reference.decoded;
		for (size_t k = i; k-- > 0;)
			if (program->steps[k].kind == OP_RENAME &&
			    op_name_is(&program->steps[k].to, name))
				name = program->steps[k].from.decoded;
		return name;
	}
	return (struct cf_str){NULL, 0};
}

int lens_reference(struct lens_worker *worker, const struct lens_program *program, size_t input,
		   struct json_value main, struct cf_str *ret, struct cf_error *error)
{
	struct cf_str name = reference_name(program, input);
	struct json_value value = name.ptr ? json_member(main, name) : JSON_ABSENT;
	enum json_kind kind = json_kind(value);

	(void)worker;
	*ret = (struct cf_str){NULL, 0};
	if (kind == JSON_STRING)
		*ret = json_inner(value);
	else if (kind == JSON_NUMBER)
		*ret = json_span(value);
	else if (kind && kind != JSON_NULL)
		return error_set(error, CF_ERR_INVALID, "a reference must be a text");
	return 0;
}
