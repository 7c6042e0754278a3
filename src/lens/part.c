/* extract and embed: one document becomes two, and back.
 *
 * A part's fields are those of its document without what says what it is. A
 * shared part keeps its key as long as the fields that the key comes from say
 * the same as in the base; else the document refers to another part. */
#include "lens/canon.h"
#include "lens/program.h"

#include <stdio.h>

int part_load(struct run *run, const struct layout *layout, struct val *val, struct frame **ret)
{
	int rc = frame_of(run, val, layout, ret);

	if (rc == 0 && *ret && layout->flags & LAYOUT_PART)
		for (int i = 0; i < 2; i++)
			(*ret)->regs[layout->hidden[i]].val = NOTHING;
	return rc;
}

/* The base's part. */
static struct val base_part(const struct run *run, const struct part_code *code)
{
	int output = run->program->parts[code->part].output;

	return run->args->bases && output >= 0 ? val_tape(run->args->bases[output]) : NOTHING;
}

/* --- keys -------------------------------------------------------------------------- */

/* Inside quotes: of a string as it stands, of others their JSON. */
static int raw_key(struct run *run, const struct val *val, struct cf_str *ret)
{
	struct json_value v;
	int rc = val_read(run, val, &v);

	*ret = (struct cf_str){NULL, 0};
	if (rc == 0 && json_kind(v) > JSON_NULL)
		*ret = json_kind(v) == JSON_STRING ? json_inner(v) : json_span(v);
	return rc;
}

static int hash_key(struct run *run, const struct part_code *code, size_t count,
		    const struct frame *fields, struct cf_str *ret)
{
	struct cf_buf text;
	char hex[33];
	int rc = 0;

	buf_init(&text, run->worker->mem);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct json_value v;

		if (i)
			buf_byte(&text, '\n');
		rc = val_read(run, &fields->regs[code->key_regs[i]].val, &v);
		if (rc == 0)
			rc = canon_write(v, run->arena, &text);
	}
	if (text.failed)
		rc = CF_ERR_NOMEM;
	if (rc == 0) {
		hash128_hex(hash128(buf_view(&text)), hex);
		*ret = arena_dup(run->arena, (struct cf_str){hex, 32});
		rc = ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	buf_fini(&text);
	return rc;
}

int part_key(struct run *run, const struct instr *instr, const struct frame *fields,
	     struct cf_str *ret)
{
	const struct part_code *code = instr->part;
	const struct op *op = instr->step->op;
	int rc;

	if (op->key_hashed)
		return hash_key(run, code, op->key_count, fields, ret);
	rc = raw_key(run, &fields->regs[code->key_regs[0]].val, ret);
	if (rc == 0 && ret->len == 0 && !run->backward)
		rc = lens_fail(run, instr, CF_ERR_INVALID, fields, code->key_regs[0], NULL,
			       "the field that gives the key is absent or empty");
	return rc;
}

static int same_key(struct run *run, const struct instr *instr, const struct frame *a,
		    const struct frame *b, bool *ret)
{
	int rc = 0;

	*ret = true;
	for (size_t i = 0; rc == 0 && *ret && i < instr->step->op->key_count; i++) {
		uint16_t reg = instr->part->key_regs[i];

		rc = val_equal(run, &a->regs[reg].val, &b->regs[reg].val, ret);
	}
	return rc;
}

/* Chooses the key and writes the reference into the main document. */
static int refer(struct run *run, const struct instr *instr, struct frame *frame,
		 const struct note *note)
{
	const struct part_code *code = instr->part;
	struct part_val *part = &run->parts[code->part];
	struct cf_str old = {NULL, 0};
	bool keep = false;
	char *quoted;
	int rc = note->val.kind ? raw_key(run, &note->val, &old) : 0;

	if (rc == 0 && old.len && note->frame && !part->folded)
		rc = same_key(run, instr, part->val.frame, note->frame, &keep);
	if (rc)
		return rc;
	if (keep) {
		part->key = old;
		frame_append(frame, code->reference, note->val);
		return 0;
	}
	if (part->folded)
		part->key = part->folded->key;
	else
		rc = part_key(run, instr, part->val.frame, &part->key);
	if (rc)
		return rc;
	part->repointed = old.len && !str_equal(old, part->key);
	quoted = lens_alloc(run, part->key.len + 2);
	if (!quoted)
		return CF_ERR_NOMEM;
	quoted[0] = '"';
	memcpy(quoted + 1, part->key.ptr, part->key.len);
	quoted[part->key.len + 1] = '"';
	frame_append(frame, code->reference, val_text((struct cf_str){quoted, part->key.len + 2}));
	return 0;
}

/* --- extract ----------------------------------------------------------------------- */

static const struct folded *find_folded(const struct part_code *code, const struct val *val)
{
	if (val->kind == VAL_TEXT)
		for (const struct folded *f = code->folded; f; f = f->next)
			if (f->text == val->text)
				return f;
	return NULL;
}

static int take_host(struct run *run, const struct instr *instr, struct frame *frame,
		     const struct note *note)
{
	const struct part_code *code = instr->part;
	struct part_val *part = &run->parts[code->part];
	struct val host = frame_take(frame, code->host);
	struct frame *fields;
	int rc;

	if (val_kind(&host) <= JSON_NULL)
		host = val_text(instr->step->op->fallback);
	if (host.kind == VAL_ABSENT && instr->step->op->shared)
		return 0;
	if (host.kind == VAL_ABSENT)
		host = val_text(STR("{}"));
	if (!note->frame)
		part->folded = find_folded(code, &host);
	if (part->folded)
		return 0;
	rc = part_load(run, code->layout, &host, &fields);
	if (rc == 0 && !fields && !run->backward)
		return lens_fail(run, instr, CF_ERR_INVALID, frame, code->host, &host,
				 "an object is expected, not");
	if (rc == 0 && fields)
		part->val = host;
	return rc;
}

/* Whether a part has one of the fields that move. */
static bool has_any(const struct instr *instr, const struct frame *fields)
{
	bool any = false;

	for (size_t i = 0; i < instr->step->op->pair_count; i++)
		any = any || fields->regs[instr->part->part_regs[i]].val.kind != VAL_ABSENT;
	return any;
}

static int take_names(struct run *run, const struct instr *instr, struct frame *frame)
{
	const struct part_code *code = instr->part;
	struct part_val *part = &run->parts[code->part];
	struct val base = base_part(run, code);
	struct frame *fields = NULL;
	bool any;
	int rc = part_load(run, code->layout, &base, &fields);

	if (rc)
		return rc;
	/* A document that has none of the fields refers to no shared part, if there were any. */
	any = !instr->step->op->shared || (fields && !has_any(instr, fields));
	if (!fields && !(fields = frame_new(run, code->layout)))
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < instr->step->op->pair_count; i++) {
		struct val val = frame_take(frame, code->main_regs[i]);
		struct reg *there = &fields->regs[code->part_regs[i]];

		any = any || val.kind != VAL_ABSENT;
		if (there->val.kind != VAL_ABSENT)
			there->val = val;
		else
			frame_put(fields, code->part_regs[i], val);
	}
	if (any)
		part->val = (struct val){.kind = VAL_OBJECT, .frame = fields};
	return 0;
}

int step_extract(struct run *run, const struct instr *instr, struct frame *frame,
		 const struct note *note)
{
	const struct op *op = instr->step->op;
	struct part_val *part = &run->parts[instr->part->part];
	int rc = op->host.decoded.ptr ? take_host(run, instr, frame, note)
				      : take_names(run, instr, frame);

	if (rc || !op->shared || (part->val.kind == VAL_ABSENT && !part->folded))
		return rc;
	if (frame_has(frame, instr->part->reference))
		return lens_fail(run, instr, CF_ERR_INVALID, frame, instr->part->reference, NULL,
				 "the document already has a field of this name");
	return refer(run, instr, frame, note);
}

int unstep_extract(struct run *run, const struct instr *instr, struct frame *frame,
		   struct note *note)
{
	const struct part_code *code = instr->part;
	struct val kept = base_part(run, code), part = kept;
	struct frame *fields;
	int rc;

	if (instr->step->op->shared) {
		note->val = frame_take(frame, code->reference);
		if (note->val.kind == VAL_ABSENT)
			return 0;
	}
	rc = part_load(run, code->layout, &kept, &note->frame);
	if (rc || !note->frame)
		return rc;
	if (instr->step->op->host.decoded.ptr) {
		rc = part_load(run, code->layout, &part, &fields);
		frame_put(frame, code->host, part);
		return rc;
	}
	for (size_t i = 0; i < instr->step->op->pair_count; i++)
		frame_put(frame, code->main_regs[i], note->frame->regs[code->part_regs[i]].val);
	return 0;
}

/* --- embed ------------------------------------------------------------------------- */

/* What stood for a part that was not there stays away. */
static int stays_away(struct run *run, const struct instr *instr, struct frame *fields,
		      const struct note *note, bool *ret)
{
	struct val fallback = val_text(instr->step->op->fallback);
	struct val whole = {.kind = VAL_OBJECT, .frame = fields};

	*ret = false;
	if (!note->there || note->val.kind != VAL_ABSENT)
		return 0;
	if (fallback.kind != VAL_ABSENT)
		return val_equal(run, &whole, &fallback, ret);
	*ret = !instr->step->op->shared && frame_is_empty(fields);
	return 0;
}

/* No document can have an empty key: it will never arrive. */
static int missing_empty(struct run *run, const struct instr *instr)
{
	char reason[240];

	snprintf(reason, sizeof(reason),
		 "the reference \"%.*s\" is empty and names no document: the schema should give it "
		 "minLength: 1",
		 STR_ARG(instr->step->op->reference.decoded));
	return lens_fail(run, instr, CF_ERR_INCOMPLETE, NULL, NO_REG, NULL, reason);
}

static int missing(struct run *run, const struct instr *instr)
{
	const struct lens_place *place = &run->program->parts[instr->part->part].place;
	char reason[160];

	if (run->stop)
		return 0;
	snprintf(reason, sizeof(reason), "its %.*s@%u has not arrived", STR_ARG(place->type),
		 place->major);
	return lens_fail(run, instr, CF_ERR_INCOMPLETE, NULL, NO_REG, NULL, reason);
}

static int put_names(struct run *run, const struct instr *instr, struct frame *frame,
		     struct frame *fields)
{
	const struct part_code *code = instr->part;

	for (size_t i = 0; i < instr->step->op->pair_count; i++) {
		struct val val = fields->regs[code->part_regs[i]].val;

		if (val.kind == VAL_ABSENT)
			continue;
		if (frame_has(frame, code->main_regs[i]))
			return lens_fail(run, instr, CF_ERR_INVALID, frame, code->main_regs[i],
					 NULL, "the document already has a field of this name");
		frame_append(frame, code->main_regs[i], val);
	}
	return 0;
}

static int val_is_empty_text(struct run *run, const struct val *val, bool *ret)
{
	struct json_value value;
	int rc = val_read(run, val, &value);

	if (rc == 0)
		*ret = json_kind(value) == JSON_STRING && json_inner(value).len == 0;
	return rc;
}

int step_embed(struct run *run, const struct instr *instr, struct frame *frame,
	       const struct note *note)
{
	const struct part_code *code = instr->part;
	int input = run->program->parts[code->part].input;
	struct val val = run->parts[code->part].val;
	struct frame *fields;
	bool away, empty = false;
	int rc;

	if (instr->step->op->shared) {
		struct val reference = frame_take(frame, code->reference);

		if (val_kind(&reference) <= JSON_NULL)
			return 0;
		rc = val_is_empty_text(run, &reference, &empty);
		if (rc)
			return rc;
	}
	if (input >= 0 && !run->stop)
		val = val_tape(run->args->inputs[input]);
	if (val.kind == VAL_ABSENT)
		return empty && !run->stop ? missing_empty(run, instr) : missing(run, instr);
	rc = part_load(run, code->layout, &val, &fields);
	if (rc == 0 && !fields)
		return lens_fail(run, instr, CF_ERR_INVALID, NULL, NO_REG, &val,
				 "the part is not an object:");
	if (rc == 0 && !instr->step->op->host.decoded.ptr)
		return put_names(run, instr, frame, fields);
	if (rc == 0)
		rc = stays_away(run, instr, fields, note, &away);
	if (rc || away)
		return rc;
	if (frame_has(frame, code->host))
		return lens_fail(run, instr, CF_ERR_INVALID, frame, code->host, NULL,
				 "the document already has a field of this name");
	frame_append(frame, code->host, val);
	return 0;
}

int unstep_embed(struct run *run, const struct instr *instr, struct frame *frame, struct note *note)
{
	const struct part_code *code = instr->part;

	(void)run;
	if (instr->step->op->host.decoded.ptr)
		note->val = frame_take(frame, code->host);
	for (size_t i = 0; i < instr->step->op->pair_count; i++)
		frame->regs[code->main_regs[i]].val = NOTHING;
	return 0;
}
