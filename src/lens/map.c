/* map: a body of instructions on each element of an array. Elements go with those
 * of the base by their key, where the op names one, else by their place. */
#include "lens/program.h"

static int map_list(struct run *run, const struct instr *instr, struct val *val,
		    const struct note *note);
static int unmap_list(struct run *run, const struct instr *instr, struct val *val,
		      struct note *note);

static int not_fit(struct run *run, const struct instr *instr, const struct val *val,
		   const char *reason)
{
	return run->backward ? 0 : lens_fail(run, instr, CF_ERR_INVALID, NULL, NO_REG, val, reason);
}

/* The base's notes for an element; each is used once. */
static struct note *match(struct run *run, const struct instr *instr, const struct frame *element,
			  uint32_t index, const struct note *note, int *rc)
{
	struct note *found = NULL;

	if (!note->list)
		return NULL;
	if (instr->key == NO_REG) {
		if (index < note->list->count)
			return note->rows[index];
		return NULL;
	}
	for (uint32_t i = 0; *rc == 0 && !found && i < note->list->count; i++) {
		bool same = false;

		if (!note->rows[i] || !frame_has(element, instr->key))
			continue;
		*rc = val_equal(run, &element->regs[instr->key].val, &note->vals[i], &same);
		if (same) {
			found = note->rows[i];
			note->rows[i] = NULL;
		}
	}
	return found;
}

static int map_element(struct run *run, const struct instr *instr, struct val *val, uint32_t index,
		       const struct note *note)
{
	struct frame *element;
	struct note *notes;
	int rc;

	if (val_kind(val) <= JSON_NULL)
		return 0;
	if (!instr->body) {
		notes = match(run, instr, NULL, index, note, &rc);
		rc = 0;
		for (size_t i = 0; rc == 0 && i < instr->other_count; i++)
			rc = map_list(run, &instr->arrays[i], val, notes ? &notes[i] : NULL);
		return rc;
	}
	rc = frame_of(run, val, instr->body->layout, &element);
	if (rc == 0 && !element)
		return not_fit(run, instr, val, "an object is expected, not");
	if (rc == 0) {
		notes = match(run, instr, element, index, note, &rc);
		if (rc == 0)
			rc = run_forward(run, instr->body, element, notes);
	}
	return rc;
}

static int map_list(struct run *run, const struct instr *instr, struct val *val,
		    const struct note *note)
{
	static const struct note none;
	struct list *list;
	int rc;

	if (val_kind(val) <= JSON_NULL)
		return 0;
	if (val_kind(val) != JSON_ARRAY)
		return not_fit(run, instr, val, "an array is expected, not");
	rc = val_list(run, val, &list);
	if (rc == 0)
		rc = val_array(run, list->items, list->count, val);
	for (uint32_t i = 0; rc == 0 && i < val->list->count; i++) {
		run->path[run->depth++] = (struct cf_str){NULL, i};
		rc = map_element(run, instr, &val->list->items[i], i, note ? note : &none);
		run->depth--;
	}
	return rc;
}

int step_map(struct run *run, const struct instr *instr, struct frame *frame,
	     const struct note *note)
{
	int rc;

	run->path[run->depth++] = frame->layout->names[instr->reg].decoded;
	rc = map_list(run, instr, &frame->regs[instr->reg].val, note);
	run->depth--;
	return rc;
}

/* --- over the base ------------------------------------------------------------------ */

static int unmap_element(struct run *run, const struct instr *instr, struct val *val,
			 struct note **ret)
{
	size_t count = instr->body ? instr->body->count : instr->other_count;
	struct frame *element = NULL;
	int rc = 0;

	*ret = NULL;
	if (instr->body && (rc = frame_of(run, val, instr->body->layout, &element)) != 0)
		return rc;
	if (instr->body ? !element : val_kind(val) != JSON_ARRAY)
		return 0;
	*ret = arena_calloc(run->arena, count + 1, sizeof(**ret));
	if (!*ret)
		return CF_ERR_NOMEM;
	if (instr->body)
		return run_backward(run, instr->body, element, *ret);
	for (size_t i = count; rc == 0 && i-- > 0;)
		rc = unmap_list(run, &instr->arrays[i], val, &(*ret)[i]);
	return rc;
}

static int unmap_list(struct run *run, const struct instr *instr, struct val *val,
		      struct note *note)
{
	struct list *list;
	int rc = val_list(run, val, &list);

	if (rc || !list)
		return rc;
	rc = val_array(run, list->items, list->count, val);
	if (rc)
		return rc;
	note->there = true;
	note->list = val->list;
	note->rows = arena_calloc(run->arena, list->count + 1, sizeof(*note->rows));
	note->vals = arena_calloc(run->arena, list->count + 1, sizeof(*note->vals));
	if (!note->rows || !note->vals)
		return CF_ERR_NOMEM;
	for (uint32_t i = 0; rc == 0 && i < list->count; i++) {
		struct val *item = &val->list->items[i];

		rc = unmap_element(run, instr, item, &note->rows[i]);
		if (instr->key != NO_REG && item->kind == VAL_OBJECT)
			note->vals[i] = item->frame->regs[instr->key].val;
	}
	return rc;
}

int unstep_map(struct run *run, const struct instr *instr, struct frame *frame, struct note *note)
{
	return unmap_list(run, instr, &frame->regs[instr->reg].val, note);
}
