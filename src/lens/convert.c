/* convert: values are exchanged by tables; scale: by reckoning.
 *
 * A key is matched with String(value), as in Cambria: true finds "true", 1 finds
 * "1". Strings are compared by code points, numbers by value (1.0 finds "1").
 * Where the base's own value maps back to what the source says, it stays. A value may
 * stand for the field not being there: then it is made of that, and becomes that. */
#include "lens/program.h"
#include "lens/scale.h"

/* ptr NULL: no row and no default. */
static struct cf_str row_text(const struct table *table, int row)
{
	return row >= 0 ? table->rows->rows[row].text : table->rows->fallback;
}

static int find_number(const struct table *table, struct cf_str number)
{
	for (size_t i = 0; i < table->rows->count; i++)
		if (table->numeric[i] && json_number_compare(number, table->rows->rows[i].key) == 0)
			return (int)i;
	return -1;
}

static int find_string(const struct table *table, struct json_value v)
{
	for (size_t i = 0; i < table->rows->count; i++)
		if (json_name_is(v, table->rows->rows[i].key))
			return (int)i;
	return -1;
}

struct cf_str table_look_up(const struct table *table, struct json_value v)
{
	switch (json_kind(v)) {
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		return row_text(table, table->literals[json_kind(v) - JSON_NULL]);
	case JSON_NUMBER:
		return row_text(table, find_number(table, json_span(v)));
	case JSON_STRING:
		return row_text(table, find_string(table, v));
	default:
		return row_text(table, -1);
	}
}

static int is_value(struct run *run, const struct val *val, struct cf_str text, bool *ret)
{
	struct val other = val_text(text);

	*ret = false;
	return text.ptr ? val_equal(run, val, &other, ret) : 0;
}

/* What `table` makes of a value, or of its absence; `gone` is the value that stands for
 * absence where it comes from. *ret_found false: no row and no default. */
static int convert(struct run *run, const struct table *table, struct cf_str gone, struct val *val,
		   bool *ret_found)
{
	struct json_value v;
	struct cf_str text;
	bool is_gone;
	int rc;

	*ret_found = true;
	if (val->kind == VAL_ABSENT) {
		*val = val_text(table->rows->absent);
		return 0;
	}
	rc = is_value(run, val, gone, &is_gone);
	if (rc == 0)
		rc = val_read(run, val, &v);
	if (rc)
		return rc;
	text = table_look_up(table, v);
	*ret_found = is_gone || text.ptr || table->rows->keep;
	if (is_gone)
		*val = NOTHING;
	else if (text.ptr)
		*val = val_text(text);
	return 0;
}

/* Whether the base's value says the same as the source's. */
static int keeps_base(struct run *run, const struct instr *instr, const struct val *val,
		      const struct note *note, bool *ret)
{
	struct val back = note->val;
	bool found;
	int rc;

	*ret = false;
	if (!note->there)
		return 0;
	rc = convert(run, instr->backward, instr->forward->rows->absent, &back, &found);
	if (rc || !found || val_kind(&back) != val_kind(val))
		return rc;
	*ret = val_kind(val) <= JSON_TRUE;
	return *ret ? 0 : val_equal(run, &back, val, ret);
}

int step_convert(struct run *run, const struct instr *instr, struct frame *frame,
		 const struct note *note)
{
	struct val val = frame->regs[instr->reg].val;
	bool keep, found, absent = val.kind == VAL_ABSENT;
	int rc;

	/* Only Cambria fills in a field because it is converted. */
	if (absent && instr->text.ptr) {
		frame_append(frame, instr->reg, val_text(instr->text));
		return 0;
	}
	rc = keeps_base(run, instr, &val, note, &keep);
	if (rc)
		return rc;
	if (keep)
		val = note->val;
	else
		rc = convert(run, instr->forward, instr->backward->rows->absent, &val, &found);
	if (rc == 0 && !keep && !found)
		return lens_fail(run, instr, CF_ERR_UNMAPPED, frame, instr->reg, &val,
				 "no row for the value");
	if (rc == 0 && absent)
		frame_put(frame, instr->reg, val);
	else if (rc == 0)
		frame->regs[instr->reg].val = val;
	return rc;
}

int unstep_convert(struct run *run, const struct instr *instr, struct frame *frame,
		   struct note *note)
{
	struct val val = note->val = frame->regs[instr->reg].val;
	bool found;
	int rc = convert(run, instr->backward, instr->forward->rows->absent, &val, &found);

	/* A base that no table knows says nothing. */
	if (rc == 0 && !found)
		val = NOTHING;
	if (rc == 0 && note->val.kind == VAL_ABSENT)
		frame_put(frame, instr->reg, val);
	else if (rc == 0)
		frame->regs[instr->reg].val = val;
	return rc;
}

/* --- scale ------------------------------------------------------------------------ */

static int scaled(struct run *run, const struct instr *instr, bool down, const struct val *val,
		  struct val *ret)
{
	char text[SCALE_TEXT_MAX];
	struct json_value v;
	struct cf_str kept;
	size_t len;
	int rc = val_read(run, val, &v);

	*ret = NOTHING;
	if (rc)
		return rc;
	len = scale_apply(&instr->step->op->scale, down, json_span(v), text);
	if (len == 0)
		return 0;
	kept = arena_dup(run->arena, (struct cf_str){text, len});
	*ret = val_text(kept);
	return kept.ptr ? 0 : CF_ERR_NOMEM;
}

/* Whether the base's number says the same as the source's. */
static int keeps_number(struct run *run, const struct instr *instr, const struct val *val,
			const struct note *note, bool *ret)
{
	struct val back;
	int rc;

	*ret = false;
	if (val_kind(&note->val) != JSON_NUMBER)
		return 0;
	rc = scaled(run, instr, !instr->step->down, &note->val, &back);
	return rc || back.kind == VAL_ABSENT ? rc : val_equal(run, &back, val, ret);
}

int step_scale(struct run *run, const struct instr *instr, struct frame *frame,
	       const struct note *note)
{
	struct val *val = &frame->regs[instr->reg].val, result;
	bool keep;
	int rc;

	if (val_kind(val) <= JSON_NULL)
		return 0;
	if (val_kind(val) != JSON_NUMBER)
		return lens_fail(run, instr, CF_ERR_INVALID, frame, instr->reg, val,
				 "a number is expected, not");
	rc = keeps_number(run, instr, val, note, &keep);
	if (rc == 0 && keep) {
		*val = note->val;
		return 0;
	}
	if (rc == 0)
		rc = scaled(run, instr, instr->step->down, val, &result);
	if (rc == 0 && result.kind == VAL_ABSENT)
		rc = lens_fail(run, instr, CF_ERR_INVALID, frame, instr->reg, val,
			       "too many digits:");
	if (rc == 0)
		*val = result;
	return rc;
}

int unstep_scale(struct run *run, const struct instr *instr, struct frame *frame, struct note *note)
{
	struct val *val = &frame->regs[instr->reg].val;

	note->val = *val;
	return val_kind(val) == JSON_NUMBER
		       ? scaled(run, instr, !instr->step->down, &note->val, val)
		       : 0;
}
