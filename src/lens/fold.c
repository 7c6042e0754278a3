/* Constants that may become parts (the default of an extract, and of any field that
 * appears on the way) get their key and their fields when the chain is compiled. */
#include "lens/program.h"

/* The whole documents of a shared part: its id does not depend on the main one's. */
static int fold_documents(struct lens_program *program, const struct part *part,
			  struct folded *folded)
{
	struct cf_buf out;

	buf_init(&out, program->mem);
	for (int with_id = 0; with_id < 2; with_id++)
		for (int text = 0; text < 2; text++) {
			buf_clear(&out);
			buf_byte(&out, '{');
			part_head(program, part, with_id, false, folded->key, text, &out);
			if (folded->fields.len)
				buf_byte(&out, ',');
			buf_str(&out, folded->fields);
			buf_byte(&out, '}');
			folded->documents[with_id][text] = arena_dup_buf(&program->arena, &out);
			out.failed = out.failed || !folded->documents[with_id][text].ptr;
			if (out.failed)
				goto done;
		}
done:
	buf_fini(&out);
	return folded->documents[1][1].ptr ? 0 : CF_ERR_NOMEM;
}

static int fold(struct run *run, const struct instr *instr, struct cf_str text)
{
	struct lens_program *program = (struct lens_program *)run->program;
	struct part_code *code = (struct part_code *)instr->part;
	struct folded *folded = arena_calloc(&program->arena, 1, sizeof(*folded));
	struct val val = val_text(text);
	struct cf_buf out;
	struct frame *fields;
	int rc;

	if (!folded)
		return CF_ERR_NOMEM;
	rc = part_load(run, code->layout, &val, &fields);
	if (rc || !fields)
		return rc;
	if (instr->step->op->shared) {
		rc = part_key(run, instr, fields, &folded->key);
		/* Without a key it is no part: an error of the document, when it is used. */
		if (rc == 0 && !folded->key.len)
			return 0;
		folded->key = arena_dup(&program->arena, folded->key);
		if (rc || !folded->key.ptr)
			return rc ? rc : CF_ERR_NOMEM;
	}
	buf_init(&out, program->mem);
	rc = frame_fill(run, fields, &program->plans[program->parts[code->part].output].fills);
	if (rc == 0)
		rc = emit_members(run, fields, true, &out);
	folded->text = text.ptr;
	folded->fields = arena_dup_buf(&program->arena, &out);
	buf_fini(&out);
	if (rc || !folded->fields.ptr)
		return CF_ERR_NOMEM;
	if (program->identity && instr->step->op->shared &&
	    fold_documents(program, &program->parts[code->part], folded) != 0)
		return CF_ERR_NOMEM;
	folded->next = code->folded;
	code->folded = folded;
	return 0;
}

static int fold_instr(struct run *run, const struct instr *instr)
{
	const struct body *main = &run->program->main;
	const struct op *op = instr->step->op;
	int rc = 0;

	if (instr->code != DO_EXTRACT || !op->host.decoded.ptr ||
	    run->program->parts[instr->part->part].output < 0)
		return 0;
	if (op->fallback.ptr)
		rc = fold(run, instr, op->fallback);
	for (uint32_t i = 0; rc == 0 && i < main->count && &main->instrs[i] < instr; i++)
		if (main->instrs[i].code == DO_APPEAR && main->instrs[i].text.ptr &&
		    main->instrs[i].text.ptr[0] == '{')
			rc = fold(run, instr, main->instrs[i].text);
	return rc;
}

int fold_constants(struct lens_program *program, struct cf_error *error)
{
	const struct lens_args args = {.bases = NULL};
	struct run run = {.program = program, .args = &args, .backward = true};
	int rc = 0;

	if (program->part_count == 0)
		return 0;
	run.worker = lens_worker_new(program->mem);
	if (!run.worker)
		return error_nomem(error);
	rc = lens_begin(&run, run.worker, program);
	for (uint32_t i = 0; rc == 0 && i < program->main.count; i++)
		rc = fold_instr(&run, &program->main.instrs[i]);
	lens_worker_free(run.worker);
	return rc == 0              ? 0
	       : rc == CF_ERR_NOMEM ? error_nomem(error)
				    : error_set(error, rc, "a default is too large");
}
