/* split and join: one text and its pieces.
 *
 * A text is cut at the first separators and the last piece takes the rest; a
 * piece that is missing is absent, and left out again when they are joined. Null, as
 * absence, has no pieces.
 * Where the base's own spelling says the same, it stays. */
#include "lens/program.h"

/* The decoded text of a register; *ret ptr NULL where it is absent, or null, which says
 * as much. */
static int text_of(struct run *run, const struct instr *instr, const struct frame *frame,
		   uint16_t reg, struct cf_str *ret)
{
	const struct val *val = &frame->regs[reg].val;

	*ret = (struct cf_str){NULL, 0};
	if (val_kind(val) <= JSON_NULL)
		return 0;
	if (val_kind(val) != JSON_STRING)
		return run->backward ? 0
				     : lens_fail(run, instr, CF_ERR_INVALID, frame, reg, val,
						 "a string is expected, not");
	return val_decode(run, val, ret);
}

static struct cf_str next_piece(struct cf_str *rest, struct cf_str by, bool last)
{
	struct cf_str piece = *rest;
	const char *at = last ? NULL : memmem(rest->ptr, rest->len, by.ptr, by.len);

	if (!at) {
		*rest = (struct cf_str){NULL, 0};
		return piece;
	}
	piece.len = (size_t)(at - rest->ptr);
	rest->ptr = at + by.len;
	rest->len -= piece.len + by.len;
	return piece;
}

static int join_texts(struct run *run, const struct cf_str *pieces, size_t count, struct cf_str by,
		      struct cf_str *ret)
{
	struct cf_buf out;
	bool any = false;

	*ret = (struct cf_str){NULL, 0};
	buf_init(&out, run->worker->mem);
	for (size_t i = 0; i < count; i++) {
		if (!pieces[i].ptr)
			continue;
		if (any)
			buf_str(&out, by);
		any = true;
		buf_str(&out, pieces[i]);
	}
	if (any && !out.failed)
		*ret = arena_dup_buf(run->arena, &out);
	buf_fini(&out);
	return any && !ret->ptr ? CF_ERR_NOMEM : 0;
}

/* All registers of the pieces, decoded. */
static int read_pieces(struct run *run, const struct instr *instr, const struct frame *frame,
		       struct cf_str **ret)
{
	int rc = 0;

	*ret = arena_alloc(run->arena, instr->reg_count * sizeof(**ret));
	if (!*ret)
		return CF_ERR_NOMEM;
	for (size_t i = 0; rc == 0 && i < instr->reg_count; i++)
		rc = text_of(run, instr, frame, instr->regs[i], &(*ret)[i]);
	return rc;
}

static int put_pieces(struct run *run, const struct instr *instr, struct frame *frame,
		      struct cf_str text)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < instr->reg_count; i++) {
		struct val val = NOTHING;

		if (text.ptr)
			rc = val_string(
				run,
				next_piece(&text, instr->step->op->by, i + 1 == instr->reg_count),
				&val);
		frame_put(frame, instr->regs[i], val);
	}
	return rc;
}

/* Two fields cannot become one. */
static int none_taken(struct run *run, const struct instr *instr, const struct frame *frame,
		      const uint16_t *regs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!run->backward && frame_has(frame, regs[i]))
			return lens_fail(run, instr, CF_ERR_INVALID, frame, regs[i], NULL,
					 "the document already has a field of this name");
	return 0;
}

int step_split(struct run *run, const struct instr *instr, struct frame *frame,
	       const struct note *note)
{
	struct cf_str text;
	int rc = text_of(run, instr, frame, instr->reg, &text);

	if (rc)
		return rc;
	frame->regs[instr->reg].val = NOTHING;
	rc = none_taken(run, instr, frame, instr->regs, instr->reg_count);
	if (rc)
		return rc;
	if (note->vals && !text.ptr == !note->text.ptr && str_equal(text, note->text)) {
		for (size_t i = 0; i < instr->reg_count; i++)
			frame_put(frame, instr->regs[i], note->vals[i]);
		return 0;
	}
	return put_pieces(run, instr, frame, text);
}

/* Whether the base's text is cut into just these pieces. */
static bool cuts_into(struct cf_str text, const struct cf_str *pieces, size_t count,
		      struct cf_str by)
{
	for (size_t i = 0; i < count; i++) {
		struct cf_str piece = {NULL, 0};

		if (text.ptr)
			piece = next_piece(&text, by, i + 1 == count);
		if (!piece.ptr != !pieces[i].ptr || !str_equal(piece, pieces[i]))
			return false;
	}
	return true;
}

static int join(struct run *run, const struct instr *instr, struct frame *frame,
		const struct note *note)
{
	struct cf_str *pieces, text;
	struct val val = NOTHING;
	int rc = read_pieces(run, instr, frame, &pieces);

	if (rc == 0)
		rc = join_texts(run, pieces, instr->reg_count, instr->step->op->by, &text);
	if (rc)
		return rc;
	for (size_t i = 0; i < instr->reg_count; i++)
		frame->regs[instr->regs[i]].val = NOTHING;
	if (text.ptr)
		rc = none_taken(run, instr, frame, &instr->reg, 1);
	if (rc)
		return rc;
	if (!text.ptr)
		val = note && val_kind(&note->val) == JSON_NULL ? note->val
								: frame->regs[instr->reg].val;
	else if (note && note->text.ptr &&
		 cuts_into(note->text, pieces, instr->reg_count, instr->step->op->by))
		val = note->val;
	else
		rc = val_string(run, text, &val);
	frame_put(frame, instr->reg, val);
	return rc;
}

int step_join(struct run *run, const struct instr *instr, struct frame *frame,
	      const struct note *note)
{
	return join(run, instr, frame, note);
}

int unstep_split(struct run *run, const struct instr *instr, struct frame *frame, struct note *note)
{
	struct cf_str *pieces;
	int rc = read_pieces(run, instr, frame, &pieces);

	note->vals = arena_calloc(run->arena, instr->reg_count, sizeof(*note->vals));
	if (rc == 0 && !note->vals)
		rc = CF_ERR_NOMEM;
	for (size_t i = 0; rc == 0 && i < instr->reg_count; i++)
		note->vals[i] = frame->regs[instr->regs[i]].val;
	if (rc == 0)
		rc = join_texts(run, pieces, instr->reg_count, instr->step->op->by, &note->text);
	return rc ? rc : join(run, instr, frame, NULL);
}

int unstep_join(struct run *run, const struct instr *instr, struct frame *frame, struct note *note)
{
	int rc = text_of(run, instr, frame, instr->reg, &note->text);

	note->val = frame->regs[instr->reg].val;
	frame->regs[instr->reg].val = NOTHING;
	return rc || !note->text.ptr ? rc : put_pieces(run, instr, frame, note->text);
}
