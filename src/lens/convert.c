/* convert: values are exchanged by tables.
 *
 * A key is matched with String(value), as in Cambria: true finds "true", 1 finds
 * "1". Strings are compared by code points, numbers by value (1.0 finds "1").
 * Where the base's own value maps back to what the source says, it stays. */
#include "lens/program.h"

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

/* Whether the base's value says the same as the source's. */
static int keeps_base(struct run *run, const struct instr *instr, const struct val *val,
		      const struct note *note, bool *ret)
{
	struct json_value base;
	struct val back;
	int rc;

	*ret = false;
	if (note->val.kind == VAL_ABSENT)
		return 0;
	rc = val_read(run, &note->val, &base);
	if (rc)
		return rc;
	back = val_text(table_look_up(instr->backward, base));
	if (val_kind(&back) != val_kind(val))
		return 0;
	*ret = val_kind(val) <= JSON_TRUE;
	return *ret ? 0 : val_equal(run, &back, val, ret);
}

int step_convert(struct run *run, const struct instr *instr, struct frame *frame,
		 const struct note *note)
{
	struct val *val = &frame->regs[instr->reg].val;
	struct cf_str found;
	struct json_value v;
	bool keep;
	int rc;

	if (val->kind == VAL_ABSENT) {
		/* Only Cambria fills in a field because it is converted. */
		if (instr->text.ptr)
			frame_append(frame, instr->reg, val_text(instr->text));
		return 0;
	}
	rc = keeps_base(run, instr, val, note, &keep);
	if (rc == 0)
		rc = val_read(run, val, &v);
	if (rc)
		return rc;
	if (keep) {
		*val = note->val;
		return 0;
	}
	found = table_look_up(instr->forward, v);
	if (!found.ptr)
		return lens_fail(run, instr, CF_ERR_UNMAPPED, frame, instr->reg, val,
				 "no row for the value");
	*val = val_text(found);
	return 0;
}

int unstep_convert(struct run *run, const struct instr *instr, struct frame *frame,
		   struct note *note)
{
	struct val *val = &frame->regs[instr->reg].val;
	struct json_value v;
	int rc;

	note->val = *val;
	if (val->kind == VAL_ABSENT)
		return 0;
	rc = val_read(run, val, &v);
	if (rc == 0)
		*val = val_text(table_look_up(instr->backward, v));
	return rc;
}
