/* script: a JavaScript function makes the fields of one side from those of the other.
 * It is given what the base says, so that it can keep it. */
#include "lens/program.h"

/* What a script made, and what the base says in its place (absent: none). */
struct made {
	struct json_value result, base;
};

/* A JSON object of the fields, which go out of the document. */
static int gather(struct run *run, struct frame *frame, const uint16_t *regs, size_t count,
		  struct cf_str *ret)
{
	struct cf_buf out;
	int rc = 0;

	buf_init(&out, run->worker->mem);
	buf_byte(&out, '{');
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (!frame_has(frame, regs[i]))
			continue;
		if (out.len > 1)
			buf_byte(&out, ',');
		buf_str(&out, frame->layout->names[regs[i]].written);
		rc = emit_val(run, &frame->regs[regs[i]].val, &out);
		frame->regs[regs[i]].val = NOTHING;
	}
	buf_byte(&out, '}');
	*ret = arena_dup_buf(run->arena, &out);
	buf_fini(&out);
	return rc || !ret->ptr ? CF_ERR_NOMEM : 0;
}

/* --- spelling -------------------------------------------------------------------------- */

/* Most are in the base's order. */
static struct json_value member_of(struct json_value base, struct json_iter *hint,
				   struct json_value name, struct cf_arena *arena)
{
	struct cf_str decoded;

	if (json_next(hint) && json_equal(hint->name, name))
		return hint->value;
	return json_decode(name, arena, &decoded) ? JSON_ABSENT : json_member(base, decoded);
}

/* What is made, with all that says what the base says as the base spells it: the
 * interpreter knows no 1.0 beside 1. */
static void respell(struct json_value base, struct json_value made, struct cf_arena *arena,
		    struct cf_buf *out)
{
	enum json_kind kind = json_kind(made);
	struct json_iter it = json_iter(made), hint = json_iter(base);
	bool first = true;

	if ((kind != JSON_OBJECT && kind != JSON_ARRAY) || json_kind(base) != kind) {
		bool same = !json_is_absent(base) && json_equal(base, made);

		(void)json_write(same ? base : made, out);
		return;
	}
	(void)buf_byte(out, kind == JSON_OBJECT ? '{' : '[');
	while (json_next(&it)) {
		struct json_value other = JSON_ABSENT;

		(void)buf_str(out, first ? STR("") : STR(","));
		first = false;
		if (kind == JSON_OBJECT) {
			(void)json_write(it.name, out);
			(void)buf_byte(out, ':');
			other = member_of(base, &hint, it.name, arena);
		} else if (json_next(&hint)) {
			other = hint.value;
		}
		respell(other, it.value, arena, out);
	}
	(void)buf_byte(out, kind == JSON_OBJECT ? '}' : ']');
}

/* A field that the script made, where the base has one of that name. */
static int spell(struct run *run, struct json_value base, struct json_value made, struct val *ret)
{
	bool same = json_equal(base, made);
	struct cf_str text;
	struct cf_buf out;

	*ret = val_tape(same ? base : made);
	if (same || json_node(made)->kind < JSON_ARRAY)
		return 0;
	buf_init(&out, run->worker->mem);
	respell(base, made, run->arena, &out);
	text = out.failed ? (struct cf_str){NULL, 0} : arena_dup(run->arena, buf_view(&out));
	buf_fini(&out);
	*ret = val_text(text);
	return text.ptr ? 0 : CF_ERR_NOMEM;
}

/* --- the call -------------------------------------------------------------------------- */

static int put_results(struct run *run, const struct instr *instr, struct frame *frame,
		       const struct made *made, const uint16_t *regs, size_t count)
{
	struct json_iter it = json_iter(made->result);

	while (json_next(&it)) {
		struct val val = val_tape(it.value);
		struct json_value base;
		size_t i = 0;

		while (i < count && !json_name_is(it.name, frame->layout->names[regs[i]].decoded))
			i++;
		if (i == count) {
			struct val name = val_tape(it.name);

			if (run->backward)
				continue;
			return lens_fail(run, instr, CF_ERR_SCRIPT, NULL, NO_REG, &name,
					 "it returns what it does not name:");
		}
		if (frame_has(frame, regs[i]) && !run->backward)
			return lens_fail(run, instr, CF_ERR_INVALID, frame, regs[i], NULL,
					 "the document already has a field of this name");
		base = json_member(made->base, frame->layout->names[regs[i]].decoded);
		if (!json_is_absent(base) && spell(run, base, it.value, &val))
			return CF_ERR_NOMEM;
		frame_append(frame, regs[i], val);
	}
	return 0;
}

/* What the function makes of it, appended to the worker's scratch. */
static int ask(struct run *run, struct cf_str function, const struct script_given *given,
	       struct cf_error *error)
{
	struct lens_worker *worker = run->worker;
	int rc;

	if (!worker->scripts && !(worker->scripts = script_engine_new(worker->mem)))
		return CF_ERR_NOMEM;
	buf_clear(&worker->scratch);
	rc = script_call(worker->scripts, function, given->source, given->base, &worker->scratch,
			 error);
	return rc ? rc : script_memo_keep(&worker->script_memo, given, buf_view(&worker->scratch));
}

static int call(struct run *run, const struct instr *instr, bool down, struct cf_str source,
		struct cf_str base, struct json_value *ret)
{
	const struct step *step = instr->step;
	struct cf_str function = step->op->script[down], text;
	struct script_given given = {script_memo_function(function), source, base};
	struct cf_error *error = run->backward ? NULL : run->error;
	int rc = 0;

	if (!script_memo_find(&run->worker->script_memo, &given, &text)) {
		rc = ask(run, function, &given, error);
		text = buf_view(&run->worker->scratch);
	}
	if (rc && error) {
		error_at_file(error, str_of(step->lens->file->path), step->op->line);
		error_prefix(error, rc, "script");
	}
	if (rc)
		return rc;
	text = arena_dup(run->arena, text);
	return text.ptr ? val_parse(run, text, ret) : CF_ERR_NOMEM;
}

int step_script(struct run *run, const struct instr *instr, struct frame *frame,
		const struct note *note)
{
	struct cf_str source;
	struct made made = {.base = JSON_ABSENT};
	int rc = gather(run, frame, instr->regs, instr->reg_count, &source);

	if (rc == 0)
		rc = call(run, instr, instr->step->down, source, note->text, &made.result);
	if (rc == 0 && note->text.ptr)
		rc = val_parse(run, note->text, &made.base);
	if (rc == 0)
		rc = put_results(run, instr, frame, &made, instr->others, instr->other_count);
	return rc;
}

int unstep_script(struct run *run, const struct instr *instr, struct frame *frame,
		  struct note *note)
{
	struct made made = {.base = JSON_ABSENT};
	int rc = gather(run, frame, instr->others, instr->other_count, &note->text);

	if (rc)
		return rc;
	rc = call(run, instr, !instr->step->down, note->text, (struct cf_str){NULL, 0},
		  &made.result);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	return put_results(run, instr, frame, &made, instr->regs, instr->reg_count);
}
