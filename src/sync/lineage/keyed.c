/* Taking keyed arrays apart, and their order. See keyed.h. */
#include "sync/lineage/keyed.h"

#include <stdlib.h>

/* The first token of a pointer, without its slash. */
static struct cf_str cut_token(struct cf_str *pointer)
{
	const char *start = pointer->ptr + 1;
	const char *slash = memchr(start, '/', pointer->len - 1);
	size_t len = slash ? (size_t)(slash - start) : pointer->len - 1;

	pointer->ptr = start + len;
	pointer->len -= len + 1;
	return (struct cf_str){start, len};
}

static bool is_bracketed(struct cf_str token)
{
	return token.len >= 2 && token.ptr[0] == '[' && token.ptr[token.len - 1] == ']';
}

const struct keyed_array *keyed_at(const struct keyed_arrays *keyed, struct cf_str pointer)
{
	for (size_t i = 0; i < keyed->count; i++) {
		struct cf_str pattern = keyed->at[i].pattern, rest = pointer;
		bool same = true;

		while (same && pattern.len && rest.len) {
			struct cf_str want = cut_token(&pattern), got = cut_token(&rest);

			same = str_equal(want, got) ||
			       (str_equal(want, STR("*")) && is_bracketed(got));
		}
		if (same && pattern.len == 0 && rest.len == 0)
			return &keyed->at[i];
	}
	return NULL;
}

struct cf_str keyed_pointer(const struct keyed_arrays *keyed, struct cf_str pointer,
			    struct cf_arena *arena)
{
	struct cf_buf text;
	struct cf_str kept;

	if (!memmem(pointer.ptr, pointer.len, "/[", 2))
		return arena_dup(arena, pointer);
	buf_init(&text, arena->mem);
	for (size_t i = 0; i < pointer.len; i++) {
		bool begins = i && pointer.ptr[i] == '[' && pointer.ptr[i - 1] == '/';
		struct cf_str array = {text.ptr, text.len ? text.len - 1 : 0};

		if (begins && !keyed_at(keyed, array))
			buf_str(&text, STR("~2"));
		else
			buf_byte(&text, pointer.ptr[i]);
	}
	kept = text.failed ? (struct cf_str){NULL, 0} : arena_dup(arena, buf_view(&text));
	buf_fini(&text);
	return kept;
}

static struct cf_str last_token(struct cf_str pointer)
{
	size_t at = pointer.len;

	while (at > 0 && pointer.ptr[at - 1] != '/')
		at--;
	return (struct cf_str){pointer.ptr + at, pointer.len - at};
}

struct cf_str keyed_element_of(struct cf_str pointer)
{
	size_t end = pointer.len;

	while (end > 0 && pointer.ptr[end - 1] != '/')
		end--;
	while (end > 1) {
		struct cf_str element = {pointer.ptr, end - 1};

		if (is_bracketed(last_token(element)))
			return element;
		for (end--; end > 0 && pointer.ptr[end - 1] != '/'; end--)
			;
	}
	return (struct cf_str){pointer.ptr, 0};
}

bool keyed_is_element(struct cf_str pointer)
{
	struct cf_str token = last_token(pointer);

	return token.len > 2 && is_bracketed(token);
}

bool keyed_is_order(struct cf_str pointer)
{
	return str_equal(last_token(pointer), STR("[]"));
}

/* "[" VALUE "]" with the escapes of a pointer; the value in one way of writing it. */
static int make_token(struct json_value key, struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_buf text, pointer;
	struct cf_str decoded;
	int rc = 0;

	buf_init(&text, arena->mem);
	buf_init(&pointer, arena->mem);
	buf_byte(&text, '[');
	if (json_kind(key) == JSON_STRING) {
		rc = json_decode(key, arena, &decoded);
		if (rc == 0)
			rc = json_write_string(decoded, &text);
	} else {
		buf_str(&text, json_span(key));
	}
	buf_byte(&text, ']');
	if (rc == 0)
		rc = json_pointer_push(&pointer, buf_view(&text));
	if (rc == 0) {
		struct cf_str view = buf_view(&pointer);

		*ret = arena_dup(arena, (struct cf_str){view.ptr + 1, view.len - 1});
		rc = ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	buf_fini(&text);
	buf_fini(&pointer);
	return rc;
}

static int by_token(const void *a, const void *b)
{
	const struct keyed_element *const *x = a, *const *y = b;

	return str_compare((*x)->token, (*y)->token);
}

const struct keyed_element **keyed_sorted(const struct keyed_element *elements, size_t count,
					  struct cf_arena *arena)
{
	const struct keyed_element **at = arena_alloc(arena, (count + 1) * sizeof(*at));

	for (size_t i = 0; at && i < count; i++)
		at[i] = &elements[i];
	if (at)
		qsort(at, count, sizeof(*at), by_token);
	return at;
}

static struct json_value key_of(const struct keyed_array *keyed, struct json_value element)
{
	if (!keyed->field.ptr)
		return element;
	return json_kind(element) == JSON_OBJECT ? json_member(element, keyed->field) : JSON_ABSENT;
}

int keyed_elements(const struct keyed_array *keyed, struct json_value array, struct cf_arena *arena,
		   struct keyed_element **ret, size_t *ret_count)
{
	struct json_iter it = json_iter(array);
	size_t max = json_count(array), count = 0;
	struct keyed_element *at = arena_alloc(arena, (max + 1) * sizeof(*at));
	const struct keyed_element **order;
	int rc;

	*ret = NULL;
	if (!at)
		return CF_ERR_NOMEM;
	while (json_next(&it)) {
		struct json_value key = key_of(keyed, it.value);
		int kind = json_kind(key);

		if (json_is_absent(key) || kind == JSON_OBJECT || kind == JSON_ARRAY)
			return 0;
		at[count].value = it.value;
		rc = make_token(key, arena, &at[count++].token);
		if (rc)
			return rc == CF_ERR_NOMEM ? rc : 0;
	}
	order = keyed_sorted(at, count, arena);
	if (!order)
		return CF_ERR_NOMEM;
	for (size_t i = 1; i < count; i++)
		if (str_equal(order[i - 1]->token, order[i]->token))
			return 0;
	*ret = at;
	*ret_count = count;
	return 0;
}

const struct keyed_element *keyed_find(const struct keyed_element **order, size_t count,
				       struct cf_str token)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int way = str_compare(order[middle]->token, token);

		if (way == 0)
			return order[middle];
		if (way < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
