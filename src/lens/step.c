/* The instructions: forward over the source's registers, and backward over the
 * base's, where each leaves in its note what forward will have to keep.
 *
 * Backward, an instruction is its mirror without a base. What is wrong in a base
 * is no error there, only unknown. */
#include "lens/plan.h"

#include <stdio.h>

static const struct note no_note;

/* --- errors ----------------------------------------------------------------------- */

int lens_nomem(struct run *run)
{
	return error_nomem(run->error);
}

static void write_pointer(const struct run *run, const struct frame *frame, uint16_t reg,
			  struct cf_buf *out)
{
	for (uint32_t i = 0; i < run->depth; i++)
		if (run->path[i].ptr)
			json_pointer_push(out, run->path[i]);
		else
			json_pointer_push_index(out, run->path[i].len);
	if (frame && reg != NO_REG && frame->layout->names[reg].decoded.ptr)
		json_pointer_push(out, frame->layout->names[reg].decoded);
}

int lens_fail(struct run *run, const struct instr *instr, int code, const struct frame *frame,
	      uint16_t reg, const struct val *val, const char *reason)
{
	struct cf_buf text, pointer;
	size_t shown;

	if (!run->error)
		return code;
	buf_init(&text, run->worker->mem);
	buf_init(&pointer, run->worker->mem);
	write_pointer(run, frame, reg, &pointer);
	if (val && val->kind != VAL_ABSENT)
		emit_val(run, val, &text);
	shown = text.len;
	if (shown > 100)
		for (shown = 100; shown && ((unsigned char)text.ptr[shown] & 0xc0) == 0x80;)
			shown--;
	op_error(run->error, code, instr->step->lens, instr->step->op, "%s%s%.*s%s", reason,
		 shown ? " " : "", (int)shown, shown ? text.ptr : "",
		 text.len > shown ? "..." : "");
	error_at_pointer(run->error, buf_view(&pointer));
	buf_fini(&text);
	buf_fini(&pointer);
	return code;
}

static int wrong_kind(struct run *run, const struct instr *instr, const struct frame *frame,
		      uint16_t reg, const char *reason)
{
	return run->backward ? 0
			     : lens_fail(run, instr, CF_ERR_INVALID, frame, reg,
					 &frame->regs[reg].val, reason);
}

/* Two fields cannot become one. */
static int taken(struct run *run, const struct instr *instr, const struct frame *frame,
		 uint16_t reg)
{
	if (run->backward || !frame_has(frame, reg))
		return 0;
	return lens_fail(run, instr, CF_ERR_INVALID, frame, reg, NULL,
			 "the document already has a field of this name");
}

/* --- forward ---------------------------------------------------------------------- */

static void step_appear(const struct instr *instr, struct frame *frame, const struct note *note)
{
	if (!frame_has(frame, instr->reg))
		frame_put(frame, instr->reg, note->there ? note->val : val_text(instr->text));
}

/* A base that has the field all the same gets it as any other field. */
static void step_vanish(const struct instr *instr, struct frame *frame, const struct note *note)
{
	if (note->val.kind == VAL_ABSENT)
		frame->regs[instr->reg].val = NOTHING;
}

static int step_move(struct run *run, const struct instr *instr, struct frame *frame,
		     const struct note *note)
{
	int rc;

	/* A base that has the field under the old name only did not mean this one. */
	if (!frame_has(frame, instr->reg) || note->flag)
		return 0;
	rc = taken(run, instr, frame, instr->other);
	if (rc)
		return rc;
	frame->regs[instr->other] = frame->regs[instr->reg];
	frame->regs[instr->reg].val = NOTHING;
	return 0;
}

static int step_hoist(struct run *run, const struct instr *instr, struct frame *frame,
		      const struct note *note)
{
	struct val *host = &frame->regs[instr->reg].val;
	struct frame *inside;
	int rc;

	if (val_kind(host) <= JSON_NULL || note->flag)
		return 0;
	rc = frame_of(run, host, instr->layout, &inside);
	if (rc)
		return rc;
	if (!inside)
		return wrong_kind(run, instr, frame, instr->reg, "an object is expected, not");
	if (!frame_has(inside, instr->inner))
		return 0;
	rc = taken(run, instr, frame, instr->other);
	if (rc)
		return rc;
	frame_append(frame, instr->other, frame_take(inside, instr->inner));
	if (!frame_is_empty(inside))
		return 0;
	if (note->there && val_kind(&note->val) != JSON_OBJECT)
		*host = note->val;
	/* What plunge made for its field goes with it; no base says that it was there. */
	else if (!note->there && instr->step->makes_host)
		*host = NOTHING;
	return 0;
}

static int step_plunge(struct run *run, const struct instr *instr, struct frame *frame,
		       const struct note *note)
{
	struct val *host = &frame->regs[instr->reg].val;
	struct frame *inside = NULL;
	int rc;

	if (!frame_has(frame, instr->other) || note->flag)
		return 0;
	if (val_kind(host) <= JSON_NULL) {
		inside = frame_new(run, instr->layout);
		if (!inside)
			return CF_ERR_NOMEM;
		if (host->kind == VAL_ABSENT)
			frame_append(frame, instr->reg, NOTHING);
		*host = (struct val){.kind = VAL_OBJECT, .frame = inside};
	} else {
		rc = frame_of(run, host, instr->layout, &inside);
		if (rc)
			return rc;
		if (!inside)
			return wrong_kind(run, instr, frame, instr->reg,
					  "an object is expected, not");
		rc = taken(run, instr, inside, instr->inner);
		if (rc)
			return rc;
	}
	frame_append(inside, instr->inner, frame_take(frame, instr->other));
	return 0;
}

static int step_wrap(struct run *run, const struct instr *instr, struct frame *frame,
		     const struct note *note)
{
	struct val *val = &frame->regs[instr->reg].val;
	struct list *base = note->list;
	struct val first = *val;
	int rc;

	if (val->kind == VAL_ABSENT)
		return 0;
	if (val_kind(val) != JSON_NULL && (!base || !base->count))
		return val_array(run, &first, 1, val);
	if (val_kind(val) != JSON_NULL) {
		rc = val_array(run, base->items, base->count, val);
		if (rc == 0)
			val->list->items[0] = first;
		return rc;
	}
	if (val_kind(&note->val) == JSON_NULL)
		return 0;
	if (base && base->count && val_kind(&base->items[0]) == JSON_NULL) {
		*val = note->val;
		return 0;
	}
	return val_array(run, NULL, 0, val);
}

/* Of an array that is a constant. */
static int first_of_text(struct run *run, struct val *val)
{
	struct list *list;
	int rc = val_list(run, val, &list);

	if (rc == 0)
		*val = list->items[0];
	return rc;
}

static int step_head(struct run *run, const struct instr *instr, struct frame *frame)
{
	struct reg *reg = &frame->regs[instr->reg];
	struct val *val = &reg->val;

	if (val_kind(val) <= JSON_NULL)
		return 0;
	if (val_kind(val) != JSON_ARRAY)
		return wrong_kind(run, instr, frame, instr->reg, "an array is expected, not");
	if (val->kind == VAL_TAPE && val->doc->nodes[val->node].next > val->node + 1)
		val->node++;
	else if (val->kind == VAL_LIST && val->list->count)
		*val = val->list->items[0];
	else if (val->kind == VAL_TEXT && val->node > 2)
		return first_of_text(run, val);
	else
		*val = run->program->cambria_defaults ? NOTHING : val_text(STR("null"));
	return 0;
}

/* Opens the object; *ret NULL: there is none, its ops are skipped. */
static int step_enter(struct run *run, const struct instr *instr, struct frame *frame,
		      struct frame **ret)
{
	struct val *val = &frame->regs[instr->reg].val;
	int rc;

	*ret = NULL;
	if (val_kind(val) <= JSON_NULL)
		return 0;
	rc = frame_of(run, val, instr->layout, ret);
	if (rc == 0 && !*ret)
		rc = wrong_kind(run, instr, frame, instr->reg, "an object is expected, not");
	if (rc == 0 && *ret)
		run->path[run->depth++] = frame->layout->names[instr->reg].decoded;
	return rc;
}

static int step(struct run *run, const struct instr *instr, struct frame *frame,
		const struct note *note)
{
	switch ((enum code)instr->code) {
	case DO_APPEAR:
		step_appear(instr, frame, note);
		return 0;
	case DO_VANISH:
		step_vanish(instr, frame, note);
		return 0;
	case DO_MOVE:
		return step_move(run, instr, frame, note);
	case DO_HOIST:
		return step_hoist(run, instr, frame, note);
	case DO_PLUNGE:
		return step_plunge(run, instr, frame, note);
	case DO_WRAP:
		return step_wrap(run, instr, frame, note);
	case DO_HEAD:
		return step_head(run, instr, frame);
	case DO_CONVERT:
		return step_convert(run, instr, frame, note);
	case DO_SCALE:
		return step_scale(run, instr, frame, note);
	case DO_MAP:
		return step_map(run, instr, frame, note);
	case DO_SPLIT:
		return step_split(run, instr, frame, note);
	case DO_JOIN:
		return step_join(run, instr, frame, note);
	case DO_EXTRACT:
		return step_extract(run, instr, frame, note);
	case DO_EMBED:
		return step_embed(run, instr, frame, note);
	case DO_SCRIPT:
		return step_script(run, instr, frame, note);
	case DO_ENTER:
	case DO_LEAVE:
		break;
	}
	return 0;
}

int run_forward(struct run *run, const struct body *body, struct frame *frame, struct note *notes)
{
	struct frame *outer[RUN_DEPTH], *inside;
	uint32_t depth = 0;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < body->count; i++) {
		const struct instr *instr = &body->instrs[i];

		if (instr == run->stop)
			return 0;
		if (__builtin_expect(run->maker != NULL, 0)) {
			rc = plan_watch(run, instr, frame);
			if (rc == PLAN_DONE) {
				rc = 0;
				continue;
			}
			if (rc)
				return rc;
		}
		if (instr->code == DO_ENTER) {
			rc = step_enter(run, instr, frame, &inside);
			if (rc == 0 && !inside) {
				i = instr->jump;
			} else if (rc == 0) {
				outer[depth++] = frame;
				frame = inside;
			}
		} else if (instr->code == DO_LEAVE) {
			frame = outer[--depth];
			run->depth--;
		} else {
			rc = step(run, instr, frame, notes ? &notes[i] : &no_note);
		}
	}
	return rc;
}

/* --- backward, over the base -------------------------------------------------------- */

/* A base that has the field only where it comes from has one of that name which is
 * not the one that moves: it stays, in both directions. */
static int unstep_hoist(struct run *run, const struct instr *instr, struct frame *frame,
			struct note *note)
{
	struct frame *inside;
	int rc = frame_of(run, &frame->regs[instr->reg].val, instr->layout, &inside);

	if (rc)
		return rc;
	note->val = frame->regs[instr->reg].val;
	note->flag = inside && frame_has(inside, instr->inner) && !frame_has(frame, instr->other);
	return note->flag ? 0 : step_plunge(run, instr, frame, &no_note);
}

static int unstep_plunge(struct run *run, const struct instr *instr, struct frame *frame,
			 struct note *note)
{
	struct frame *inside;
	int rc = frame_of(run, &frame->regs[instr->reg].val, instr->layout, &inside);

	if (rc)
		return rc;
	note->flag = frame_has(frame, instr->other) && !(inside && frame_has(inside, instr->inner));
	return note->flag ? 0 : step_hoist(run, instr, frame, &no_note);
}

static void unstep_move(const struct instr *instr, struct frame *frame, struct note *note)
{
	note->flag = frame_has(frame, instr->reg) && !frame_has(frame, instr->other);
	if (note->flag)
		return;
	frame->regs[instr->reg] = frame->regs[instr->other];
	frame->regs[instr->other].val = NOTHING;
}

static int unstep_wrap(struct run *run, const struct instr *instr, struct frame *frame,
		       struct note *note)
{
	struct val *val = &frame->regs[instr->reg].val;
	int rc;

	note->val = *val;
	rc = val_list(run, val, &note->list);
	if (rc)
		return rc;
	if (note->list)
		*val = note->list->count ? note->list->items[0] : val_text(STR("null"));
	else if (val_kind(val) != JSON_NULL)
		*val = NOTHING;
	return 0;
}

static int unstep_head(struct run *run, const struct instr *instr, struct frame *frame)
{
	struct val *val = &frame->regs[instr->reg].val;

	struct val first = *val;

	if (val->kind == VAL_ABSENT)
		return 0;
	return val_array(run, &first, val_kind(val) == JSON_NULL ? 0 : 1, val);
}

static int unstep(struct run *run, const struct instr *instr, struct frame *frame,
		  struct note *note)
{
	note->there = true;
	switch ((enum code)instr->code) {
	case DO_APPEAR:
		note->val = frame_take(frame, instr->reg);
		return 0;
	case DO_VANISH:
		note->val = frame->regs[instr->reg].val;
		step_appear(instr, frame, &no_note);
		return 0;
	case DO_MOVE:
		unstep_move(instr, frame, note);
		return 0;
	case DO_HOIST:
		return unstep_hoist(run, instr, frame, note);
	case DO_PLUNGE:
		return unstep_plunge(run, instr, frame, note);
	case DO_WRAP:
		return unstep_wrap(run, instr, frame, note);
	case DO_HEAD:
		return unstep_head(run, instr, frame);
	case DO_CONVERT:
		return unstep_convert(run, instr, frame, note);
	case DO_SCALE:
		return unstep_scale(run, instr, frame, note);
	case DO_MAP:
		return unstep_map(run, instr, frame, note);
	case DO_SPLIT:
		return unstep_split(run, instr, frame, note);
	case DO_JOIN:
		return unstep_join(run, instr, frame, note);
	case DO_EXTRACT:
		return unstep_extract(run, instr, frame, note);
	case DO_EMBED:
		return unstep_embed(run, instr, frame, note);
	case DO_SCRIPT:
		return unstep_script(run, instr, frame, note);
	case DO_ENTER:
	case DO_LEAVE:
		break;
	}
	return 0;
}

int run_backward(struct run *run, const struct body *body, struct frame *frame, struct note *notes)
{
	struct frame *outer[RUN_DEPTH], *inside;
	uint32_t depth = 0;
	int rc = 0;

	for (uint32_t i = body->count; rc == 0 && i-- > 0;) {
		const struct instr *instr = &body->instrs[i];

		if (instr->code == DO_LEAVE) {
			rc = step_enter(run, instr, frame, &inside);
			if (rc == 0 && !inside) {
				i = instr->jump;
			} else if (rc == 0) {
				outer[depth++] = frame;
				frame = inside;
			}
		} else if (instr->code == DO_ENTER) {
			frame = outer[--depth];
			run->depth--;
		} else {
			rc = unstep(run, instr, frame, &notes[i]);
		}
	}
	return rc;
}
