/* Values that can be changed, and paths in them. */
#include "value.h"

struct value *value_new(struct cf_arena *arena, enum json_kind kind)
{
	struct value *value = arena_calloc(arena, 1, sizeof(*value));

	cf_assert(value);
	value->kind = kind;
	return value;
}

struct value *value_of(struct cf_arena *arena, struct json_value from)
{
	struct value *value = value_new(arena, json_kind(from));
	struct value **at = &value->first;
	struct json_iter it = json_iter(from);

	if (value->kind != JSON_OBJECT && value->kind != JSON_ARRAY) {
		value->text = arena_dup(arena, json_span(from));
		return value;
	}
	while (json_next(&it)) {
		*at = value_of(arena, it.value);
		if (it.members) {
			cf_assert(json_decode(it.name, arena, &(*at)->name) == 0);
			(*at)->name = arena_dup(arena, (*at)->name);
		}
		at = &(*at)->next;
	}
	return value;
}

struct value *value_read(struct cf_arena *arena, struct cf_str text)
{
	struct value *value = NULL;
	struct json_doc doc;

	json_doc_init(&doc, &mem_heap);
	if (json_read(&doc, text.ptr, text.len, 0, NULL) == 0)
		value = value_of(arena, json_root(&doc));
	json_doc_fini(&doc);
	return value;
}

struct value *value_text(struct cf_arena *arena, const char *scalar)
{
	return value_read(arena, str_of(scalar));
}

struct value *value_string(struct cf_arena *arena, struct cf_str decoded)
{
	struct value *value = value_new(arena, JSON_STRING);
	struct cf_buf text;

	buf_init(&text, &mem_heap);
	cf_assert(json_write_string(decoded, &text) == 0);
	value->text = arena_dup(arena, buf_view(&text));
	buf_fini(&text);
	return value;
}

struct value *value_clone(struct cf_arena *arena, const struct value *value)
{
	struct value *copy = arena_alloc(arena, sizeof(*copy));
	struct value **at = &copy->first;

	cf_assert(copy);
	*copy = *value;
	copy->next = NULL;
	for (const struct value *v = value->first; v; v = v->next, at = &(*at)->next)
		*at = value_clone(arena, v);
	return copy;
}

void value_write(const struct value *value, struct cf_buf *out)
{
	if (value->kind != JSON_OBJECT && value->kind != JSON_ARRAY) {
		buf_str(out, value->text);
		return;
	}
	buf_byte(out, value->kind == JSON_OBJECT ? '{' : '[');
	for (const struct value *v = value->first; v; v = v->next) {
		if (v != value->first)
			buf_byte(out, ',');
		if (value->kind == JSON_OBJECT) {
			json_write_string(v->name, out);
			buf_byte(out, ':');
		}
		value_write(v, out);
	}
	buf_byte(out, value->kind == JSON_OBJECT ? '}' : ']');
}

/* Into a list that is sorted. */
static void insert_member(struct value **sorted, struct value *member)
{
	while (*sorted && str_compare((*sorted)->name, member->name) < 0)
		sorted = &(*sorted)->next;
	member->next = *sorted;
	*sorted = member;
}

void value_sort_members(struct value *value)
{
	struct value *rest = value->kind == JSON_OBJECT ? value->first : NULL;

	if (rest)
		value->first = NULL;
	while (rest) {
		struct value *next = rest->next;

		insert_member(&value->first, rest);
		rest = next;
	}
	for (struct value *v = value->first; v; v = v->next)
		value_sort_members(v);
}

struct cf_str value_print(struct cf_arena *arena, const struct value *value)
{
	struct cf_buf text;
	struct cf_str copy;

	if (!value)
		return STR("nothing");
	buf_init(&text, &mem_heap);
	value_write(value, &text);
	copy = arena_dup(arena, buf_view(&text));
	buf_fini(&text);
	return copy;
}

/* --- equality ------------------------------------------------------------------ */

static size_t count_of(const struct value *value)
{
	size_t count = 0;

	for (const struct value *v = value->first; v; v = v->next)
		count++;
	return count;
}

bool value_is_hollow(const struct value *value)
{
	if (value->kind != JSON_OBJECT)
		return false;
	for (const struct value *v = value->first; v; v = v->next)
		if (!value_is_hollow(v))
			return false;
	return true;
}

static bool arrays_equal(const struct value *a, const struct value *b,
			 bool (*same)(const struct value *a, const struct value *b))
{
	const struct value *x = a->first, *y = b->first;

	for (; x && y; x = x->next, y = y->next)
		if (!same(x, y))
			return false;
	return !x && !y;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind == JSON_ARRAY)
		return arrays_equal(a, b, value_equal);
	if (a->kind != JSON_OBJECT)
		return str_equal(a->text, b->text);
	for (const struct value *v = a->first; v; v = v->next)
		if (!value_equal(v, value_member(b, v->name)))
			return false;
	return count_of(a) == count_of(b);
}

/* All that a says, b says. */
static bool says_all(const struct value *a, const struct value *b)
{
	for (const struct value *v = a->first; v; v = v->next)
		if (!value_alike(v, value_member(b, v->name)))
			return false;
	return true;
}

bool value_alike(const struct value *a, const struct value *b)
{
	if (a && value_is_hollow(a))
		a = NULL;
	if (b && value_is_hollow(b))
		b = NULL;
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind == JSON_ARRAY)
		return arrays_equal(a, b, value_alike);
	if (a->kind != JSON_OBJECT)
		return str_equal(a->text, b->text);
	return says_all(a, b) && says_all(b, a);
}

/* --- members ---------------------------------------------------------------------- */

struct value *value_member(const struct value *object, struct cf_str name)
{
	if (!object || object->kind != JSON_OBJECT)
		return NULL;
	for (struct value *v = object->first; v; v = v->next)
		if (str_equal(v->name, name))
			return v;
	return NULL;
}

void value_set_member(struct value *object, struct value *member)
{
	struct value **at = &object->first;

	while (*at && !str_equal((*at)->name, member->name))
		at = &(*at)->next;
	member->next = *at ? (*at)->next : NULL;
	*at = member;
}

void value_remove_member(struct value *object, struct cf_str name)
{
	struct value **at = &object->first;

	while (*at && !str_equal((*at)->name, name))
		at = &(*at)->next;
	if (*at)
		*at = (*at)->next;
}

struct value *value_get(const struct value *root, const struct path *path, size_t count)
{
	const struct value *value = root;

	for (size_t i = 0; i < count && value; i++)
		value = value_member(value, path->at[i].text);
	return (struct value *)value;
}

static void take_away(struct value *root, const struct path *path, size_t count)
{
	for (; count; count--) {
		struct value *host = value_get(root, path, count - 1);

		if (host && host->kind == JSON_OBJECT)
			value_remove_member(host, path->at[count - 1].text);
		if (!host || host->first)
			return;
	}
}

void value_put(struct cf_arena *arena, struct value *root, const struct path *path, size_t count,
	       const struct value *value)
{
	struct value *at = root, *copy;

	if (!value) {
		take_away(root, path, count);
		return;
	}
	for (size_t i = 0; i + 1 < count; i++) {
		struct value *inner = value_member(at, path->at[i].text);

		if (!inner || inner->kind != JSON_OBJECT) {
			inner = value_new(arena, JSON_OBJECT);
			inner->name = path->at[i].text;
			value_set_member(at, inner);
		}
		at = inner;
	}
	copy = value_clone(arena, value);
	copy->name = path->at[count - 1].text;
	value_set_member(at, copy);
}

/* --- paths -------------------------------------------------------------------------- */

struct path path_of(const char *a, const char *b)
{
	struct path path = {.count = b ? 2 : 1, .at = {{STEP_NAME, str_of(a)}}};

	if (b)
		path.at[1] = (struct path_step){STEP_NAME, str_of(b)};
	return path;
}

struct path path_with(const struct path *path, enum step_of_path kind, struct cf_str text)
{
	struct path longer = *path;

	cf_assert(longer.count < PATH_MAX_STEPS);
	longer.at[longer.count++] = (struct path_step){kind, text};
	return longer;
}

/* As it is written: ~0, ~1, and ~2 for a "[" that begins a name. */
static int written(struct cf_str name, size_t at)
{
	unsigned char c = (unsigned char)name.ptr[at];

	return c == '~'          ? '~' * 4 + 1
	       : c == '/'        ? '~' * 4 + 2
	       : c == '[' && !at ? '~' * 4 + 3
				 : c * 4;
}

static int compare_names(struct cf_str a, struct cf_str b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++)
		if (a.ptr[i] != b.ptr[i])
			return written(a, i) - written(b, i);
	return (a.len > b.len) - (a.len < b.len);
}

int path_compare(const struct path *a, const struct path *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = (int)a->at[i].kind - (int)b->at[i].kind;

		if (order == 0)
			order = a->at[i].kind == STEP_NAME
					? compare_names(a->at[i].text, b->at[i].text)
					: str_compare(a->at[i].text, b->at[i].text);
		if (order)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

bool path_begins(const struct path *path, const struct path *with)
{
	struct path start = *path;

	if (with->count > path->count)
		return false;
	start.count = with->count;
	return path_compare(&start, with) == 0;
}

struct cf_str path_print(struct cf_arena *arena, const struct path *path)
{
	struct cf_buf out;
	struct cf_str copy;

	buf_init(&out, &mem_heap);
	for (size_t i = 0; i < path->count; i++) {
		struct cf_str text = path->at[i].text;

		if (path->at[i].kind != STEP_NAME)
			text = arena_printf(arena, "[%.*s]", STR_ARG(text));
		cf_assert(json_pointer_push(&out, text) == 0);
	}
	copy = arena_dup(arena, buf_view(&out));
	buf_fini(&out);
	return copy;
}

size_t path_array(const struct path *path)
{
	size_t i = 0;

	while (i < path->count && path->at[i].kind == STEP_NAME)
		i++;
	return i;
}
