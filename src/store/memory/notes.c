/* Notes of a memory store: a sorted list of blocks. */
#include "store/memory/data.h"

/* Where the key stands, or would. */
static size_t find_note(const struct memory_data *data, struct cf_str key, bool *ret_found)
{
	size_t low = 0, high = data->note_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(data->notes[middle]->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < data->note_count && str_equal(data->notes[low]->key, key);
	return low;
}

static struct memory_note *note_new(struct memory_data *data, const struct cf_note *from)
{
	struct memory_note *note =
		mem_alloc(&data->mem, sizeof(*note) + from->key.len + from->value.len + 1);
	char *at;

	if (!note)
		return NULL;
	at = (char *)(note + 1);
	note->key = (struct cf_str){at, from->key.len};
	note->value = (struct cf_str){at + from->key.len, from->value.len};
	memcpy(at, from->key.ptr, from->key.len);
	if (from->value.len)
		memcpy(at + from->key.len, from->value.ptr, from->value.len);
	return note;
}

static int reserve(struct memory_data *data, size_t more)
{
	size_t cap = data->note_cap ? data->note_cap * 2 : 32;
	struct memory_note **notes;

	if (data->note_count + more <= data->note_cap)
		return 0;
	notes = mem_resize(&data->mem, data->notes, cap * sizeof(struct memory_note *));
	if (!notes)
		return CF_ERR_NOMEM;
	data->notes = notes;
	data->note_cap = cap;
	return 0;
}

int memory_notes_make(struct memory_data *data, const struct cf_put *put, struct memory_notes *ret,
		      struct cf_answer *answer)
{
	int rc = put->note_count ? reserve(data, put->note_count) : 0;

	*ret = (struct memory_notes){0};
	for (size_t i = 0; i < put->note_count && rc == 0; i++) {
		const struct cf_note *note = &put->notes[i];
		bool found;
		size_t at = find_note(data, note->key, &found);

		if (!apply_note_holds(note, found ? &data->notes[at]->value : NULL, answer))
			break;
		if (note->kind != CF_NOTE_REMOVE && !(ret->made[i] = note_new(data, note)))
			rc = CF_ERR_NOMEM;
	}
	if (rc || answer->code)
		memory_notes_drop(data, put, ret);
	return rc;
}

void memory_notes_drop(struct memory_data *data, const struct cf_put *put,
		       struct memory_notes *notes)
{
	for (size_t i = 0; i < put->note_count && i < LIMIT_NOTES; i++)
		mem_free(&data->mem, notes->made[i]);
}

void memory_notes_take(struct memory_data *data, const struct cf_put *put,
		       struct memory_notes *notes)
{
	for (size_t i = 0; i < put->note_count; i++) {
		bool found;
		size_t at = find_note(data, put->notes[i].key, &found);
		struct memory_note **slot = data->notes + at;
		size_t behind = (data->note_count - at) * sizeof(struct memory_note *);

		if (found)
			mem_free(&data->mem, *slot);
		if (notes->made[i] && !found) {
			memmove(slot + 1, slot, behind);
			data->note_count++;
		}
		if (notes->made[i]) {
			*slot = notes->made[i];
		} else if (found) {
			memmove(slot, slot + 1, behind - sizeof(struct memory_note *));
			data->note_count--;
		}
	}
}

int memory_notes_list(const struct memory_data *data, const struct cf_scan *scan,
		      struct cf_arena *arena, struct cf_note **ret, size_t *ret_count)
{
	struct cf_str from =
		str_compare(scan->after, scan->prefix) >= 0 ? scan->after : scan->prefix;
	struct cf_note *notes = arena_calloc(arena, scan->limit, sizeof(*notes));
	size_t count = 0;
	bool found;
	size_t at = find_note(data, from, &found);

	if (!notes)
		return CF_ERR_NOMEM;
	if (found && scan->after.len && str_equal(from, scan->after))
		at++;
	for (; at < data->note_count && count < scan->limit; at++) {
		const struct memory_note *note = data->notes[at];

		if (!str_starts_with(note->key, scan->prefix))
			break;
		notes[count].key = arena_dup(arena, note->key);
		notes[count].value = arena_dup(arena, note->value);
		if (!notes[count].key.ptr || !notes[count].value.ptr)
			return CF_ERR_NOMEM;
		count++;
	}
	*ret = notes;
	*ret_count = count;
	return 0;
}

void memory_notes_forget(struct memory_data *data)
{
	for (size_t i = 0; i < data->note_count; i++)
		mem_free(&data->mem, data->notes[i]);
	mem_free(&data->mem, data->notes);
	data->notes = NULL;
	data->note_count = data->note_cap = 0;
}
