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

/* --- elements by their keys -------------------------------------------------------------- */

enum { FEW_KEYS = 8 };

/* The places of keys, by their hashes: a list of those that are not used yet for each bucket,
 * in the order of the array. Places count from 1; 0 is none. */
struct keys {
	uint32_t *first, *next;
	uint64_t *hashes;
	size_t mask;
};

static int hash_key(struct run *run, const struct val *key, uint64_t *ret)
{
	struct json_value v;
	int rc = val_read(run, key, &v);

	*ret = rc ? 0 : json_hash64(v);
	return rc;
}

static int index_keys(struct run *run, struct note *note)
{
	uint32_t count = note->list->count;
	struct keys *keys = arena_calloc(run->arena, 1, sizeof(*keys));
	size_t size = 16;

	while (size < count)
		size *= 2;
	if (!keys)
		return CF_ERR_NOMEM;
	keys->mask = size - 1;
	keys->first = arena_calloc(run->arena, size, sizeof(*keys->first));
	keys->next = arena_calloc(run->arena, (size_t)count + 1, sizeof(*keys->next));
	keys->hashes = arena_calloc(run->arena, (size_t)count + 1, sizeof(*keys->hashes));
	if (!keys->first || !keys->next || !keys->hashes)
		return CF_ERR_NOMEM;
	for (uint32_t i = count; i > 0; i--) {
		uint32_t *first;

		if (!note->rows[i - 1])
			continue;
		if (hash_key(run, &note->vals[i - 1], &keys->hashes[i]))
			return CF_ERR_NOMEM;
		first = &keys->first[keys->hashes[i] & keys->mask];
		keys->next[i] = *first;
		*first = i;
	}
	note->keys = keys;
	return 0;
}

static int find_key(struct run *run, const struct val *key, const struct note *note,
		    struct note **ret)
{
	struct keys *keys = note->keys;
	uint64_t hash;
	int rc = hash_key(run, key, &hash);

	for (uint32_t *at = &keys->first[hash & keys->mask]; rc == 0 && *at;
	     at = &keys->next[*at]) {
		bool same = false;

		if (keys->hashes[*at] == hash)
			rc = val_equal(run, key, &note->vals[*at - 1], &same);
		if (!same)
			continue;
		*ret = note->rows[*at - 1];
		*at = keys->next[*at];
		break;
	}
	return rc;
}

/* The base's notes for an element; each is used once. */
static struct note *match(struct run *run, const struct instr *instr, const struct frame *element,
			  uint32_t index, const struct note *note, int *rc)
{
	struct note *found = NULL;

	if (!note->list)
		return NULL;
	if (instr->key == NO_REG)
		return index < note->list->count ? note->rows[index] : NULL;
	if (!frame_has(element, instr->key))
		return NULL;
	if (note->keys) {
		*rc = find_key(run, &element->regs[instr->key].val, note, &found);
		return found;
	}
	for (uint32_t i = 0; *rc == 0 && !found && i < note->list->count; i++) {
		bool same = false;

		if (!note->rows[i])
			continue;
		*rc = val_equal(run, &element->regs[instr->key].val, &note->vals[i], &same);
		if (same) {
			found = note->rows[i];
			note->rows[i] = NULL;
		}
	}
	return found;
}

/* An element goes into a field: of what the base has there beside it, or of nothing. */
static int map_boxed(struct run *run, const struct instr *instr, struct val *val, uint32_t index,
		     const struct note *note)
{
	struct frame *frame = frame_new(run, instr->body->layout), *kept;
	struct note *notes;
	int rc = 0;

	if (!frame)
		return CF_ERR_NOMEM;
	frame_append(frame, instr->box, *val);
	notes = match(run, instr, frame, index, note, &rc);
	kept = notes ? notes[instr->body->count].frame : NULL;
	if (kept && frame_has(kept, instr->box))
		kept->regs[instr->box].val = *val;
	else if (kept)
		frame_append(kept, instr->box, *val);
	*val = (struct val){.kind = VAL_OBJECT, .frame = kept ? kept : frame};
	return rc ? rc : run_forward(run, instr->body, val->frame, notes);
}

static int unbox(struct run *run, const struct instr *instr, struct val *val, struct frame *element)
{
	if (!frame_has(element, instr->unbox))
		return lens_fail(run, instr, CF_ERR_INVALID, element, instr->unbox, NULL,
				 "an element lacks the field that it becomes");
	*val = frame_take(element, instr->unbox);
	return 0;
}

static int map_element(struct run *run, const struct instr *instr, struct val *val, uint32_t index,
		       const struct note *note)
{
	struct frame *element;
	struct note *notes;
	int rc;

	if (instr->box != NO_REG)
		return map_boxed(run, instr, val, index, note);
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
	if (rc == 0 && instr->unbox != NO_REG)
		rc = unbox(run, instr, val, element);
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
	/* What becomes a field going forward is put into it going back. */
	if (instr->unbox != NO_REG) {
		element = frame_new(run, instr->body->layout);
		if (!element)
			return CF_ERR_NOMEM;
		frame_append(element, instr->unbox, *val);
		*val = (struct val){.kind = VAL_OBJECT, .frame = element};
	}
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

/* The element is what its field says; what stands beside that is kept. */
static void keep_beside(const struct instr *instr, struct val *item, struct note *kept)
{
	struct frame *element = item->frame;

	kept->frame = element;
	*item = frame_has(element, instr->box) ? element->regs[instr->box].val
					       : val_text(STR("null"));
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
		if (instr->box != NO_REG && note->rows[i] && item->kind == VAL_OBJECT)
			keep_beside(instr, item, &note->rows[i][instr->body->count]);
	}
	if (rc == 0 && instr->key != NO_REG && list->count > FEW_KEYS)
		rc = index_keys(run, note);
	return rc;
}

int unstep_map(struct run *run, const struct instr *instr, struct frame *frame, struct note *note)
{
	return unmap_list(run, instr, &frame->regs[instr->reg].val, note);
}
