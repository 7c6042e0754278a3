/* Putting atoms back: a document with some of its atoms set or removed. */
#include "sync/lineage/base_order.h"

#include <stdlib.h>

struct patcher {
	const struct atom_rules *rules;
	const struct atom *changes;
	struct cf_arena arena; /* decoded names */
	struct cf_buf path;
	struct cf_buf *out;
	int rc;
};

/* The changes at or under the current path, within [from, to). */
static void narrow(const struct patcher *p, size_t from, size_t to, size_t *ret_from,
		   size_t *ret_to)
{
	struct cf_str path = buf_view(&p->path);
	size_t end = to;

	while (from < end) {
		size_t middle = from + (end - from) / 2;

		if (pointer_compare(p->changes[middle].pointer, path) < 0)
			from = middle + 1;
		else
			end = middle;
	}
	*ret_from = from;
	while (from < to && (str_equal(p->changes[from].pointer, path) ||
			     pointer_lies_under(p->changes[from].pointer, path)))
		from++;
	*ret_to = from;
}

static bool sets_any(const struct patcher *p, size_t from, size_t to)
{
	for (; from < to; from++)
		if (!json_is_absent(p->changes[from].value) || p->changes[from].order)
			return true;
	return false;
}

static void patch_object(struct patcher *p, struct json_value object, size_t from, size_t to);

/* Opens a member after the '{' or another member. */
static void write_name(struct patcher *p, struct cf_str raw_name)
{
	if (p->out->ptr[p->out->len - 1] != '{')
		buf_byte(p->out, ',');
	buf_str(p->out, raw_name);
	buf_byte(p->out, ':');
}

/* --- keyed arrays ----------------------------------------------------------- */

/* An element as it is to be: what stood there, and the changes at or under it. */
struct item {
	struct cf_str token;
	struct json_value old;
	size_t from, to;
	size_t rank; /* its place in the order that is to be */
	size_t place;
};

static int by_rank(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* The changes of the element of that token. */
static void find_changes(struct patcher *p, struct item *item, size_t from, size_t to)
{
	size_t depth = p->path.len;

	buf_byte(&p->path, '/');
	buf_str(&p->path, item->token);
	narrow(p, from, to, &item->from, &item->to);
	p->path.len = depth;
}

/* The token of the element that a change is at or under. */
static struct cf_str token_of(const struct patcher *p, size_t change)
{
	struct cf_str pointer = p->changes[change].pointer;
	const char *start = pointer.ptr + p->path.len + 1;
	size_t rest = pointer.len - p->path.len - 1;
	const char *slash = memchr(start, '/', rest);

	return (struct cf_str){start, slash ? (size_t)(slash - start) : rest};
}

/* Sorts the items as the order says. One that it does not name stays behind the one it
 * stood behind; where it is new, it goes to the end. */
static int rank_items(struct patcher *p, const struct atom_order *order, struct item *items,
		      size_t count)
{
	struct token_index index;
	size_t before = 0;

	if (token_index_make(&index, order, &p->arena))
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t at = token_index_find(&index, atom_token_hash(items[i].token));

		if (at != SIZE_MAX)
			before = at + 1;
		items[i].rank = at != SIZE_MAX || !json_is_absent(items[i].old) ? before : SIZE_MAX;
		items[i].place = i;
	}
	qsort(items, count, sizeof(*items), by_rank);
	return 0;
}

static void write_item(struct patcher *p, const struct item *item)
{
	size_t depth = p->path.len, from = item->from;
	struct json_value value;
	bool exact;

	buf_byte(&p->path, '/');
	buf_str(&p->path, item->token);
	exact = from < item->to && str_equal(p->changes[from].pointer, buf_view(&p->path));
	if (exact && json_is_absent(p->changes[from].value) && !sets_any(p, from, item->to)) {
		p->path.len = depth;
		return;
	}
	if (p->out->ptr[p->out->len - 1] != '[')
		buf_byte(p->out, ',');
	value = exact && json_is_absent(item->old) ? p->changes[from].value : item->old;
	if (json_kind(value) == JSON_OBJECT || json_is_absent(value))
		patch_object(p, value, from + (exact ? 1 : 0), item->to);
	else
		p->rc = json_write_compact(value, p->out);
	p->path.len = depth;
}

/* The elements that stand, and those that the changes [from, to) bring. NULL: no memory. */
static struct item *list_items(struct patcher *p, const struct keyed_element *elements,
			       size_t element_count, size_t from, size_t to, size_t *ret_count)
{
	struct item *items = arena_calloc(&p->arena, element_count + to - from + 1, sizeof(*items));
	const struct keyed_element **sorted = keyed_sorted(elements, element_count, &p->arena);
	size_t count = 0;

	if (!items || !sorted)
		return NULL;
	for (size_t i = 0; i < element_count; i++) {
		items[count] = (struct item){.token = elements[i].token, .old = elements[i].value};
		find_changes(p, &items[count++], from, to);
	}
	while (from < to) {
		struct item item = {.token = token_of(p, from), .old = JSON_ABSENT};

		find_changes(p, &item, from, to);
		if (item.token.len > 2 && !keyed_find(sorted, element_count, item.token) &&
		    sets_any(p, item.from, item.to))
			items[count++] = item;
		from = item.to > from ? item.to : from + 1;
	}
	*ret_count = count;
	return items;
}

/* The order that is to be: the one that is set, else that of the array. */
static int find_order(struct patcher *p, const struct keyed_array *keyed, struct json_value array,
		      const struct atom *change, struct atom_order *ret)
{
	const struct atom_order *order = change ? change->order : NULL;
	int rc = 0;

	if (change && json_kind(change->value) == JSON_ARRAY)
		array = change->value;
	if (!order)
		rc = atom_order_of(keyed, array, &p->arena, &order);
	*ret = order ? *order : (struct atom_order){NULL, 0};
	return rc;
}

/* The member of a keyed array (absent: there was none) with changes to its elements. */
static void patch_array(struct patcher *p, const struct keyed_array *keyed, struct cf_str raw_name,
			struct json_value array, size_t from, size_t to)
{
	struct keyed_element *elements = NULL;
	struct item *items;
	const struct atom *change = NULL;
	struct atom_order order = {NULL, 0};
	size_t count = 0, start = p->out->len, length = 0;
	bool stays = !json_is_absent(array);

	if (stays)
		p->rc = keyed_elements(keyed, array, &p->arena, &elements, &count);
	for (size_t i = from; i < to; i++) {
		if (!str_equal(token_of(p, i), STR("[]")))
			continue;
		change = &p->changes[i];
		stays = change->order || !json_is_absent(change->value);
	}
	if (p->rc == 0)
		p->rc = find_order(p, keyed, array, change, &order);
	items = p->rc ? NULL : list_items(p, elements, elements ? count : 0, from, to, &length);
	if (!items || rank_items(p, &order, items, length)) {
		p->rc = CF_ERR_NOMEM;
		return;
	}
	write_name(p, raw_name);
	buf_byte(p->out, '[');
	for (size_t i = 0; i < length && p->rc == 0; i++)
		write_item(p, &items[i]);
	if (!p->out->failed && p->out->ptr[p->out->len - 1] == '[' && !stays)
		p->out->len = start;
	else
		buf_byte(p->out, ']');
}

/* A member whose path has changes [from, to): set, removed, or changed within. */
static void patch_member(struct patcher *p, struct cf_str raw_name, struct json_value old,
			 size_t from, size_t to)
{
	struct cf_str path = buf_view(&p->path);
	bool exact = str_equal(p->changes[from].pointer, path);
	struct json_value within = exact ? p->changes[from].value : old;
	bool deeper = sets_any(p, from + (exact ? 1 : 0), to);
	const struct keyed_array *keyed = keyed_at(&p->rules->keyed, path);
	size_t start = p->out->len;

	if (exact && !deeper) {
		if (!json_is_absent(within)) {
			write_name(p, raw_name);
			p->rc = json_write_compact(within, p->out);
		}
		return;
	}
	if (keyed && (json_is_absent(within) || json_kind(within) == JSON_ARRAY)) {
		patch_array(p, keyed, raw_name, within, from + (exact ? 1 : 0), to);
		return;
	}
	if (json_kind(within) != JSON_OBJECT) {
		if (!deeper) {
			write_name(p, raw_name);
			p->rc = json_write_compact(within, p->out);
			return;
		}
		within = JSON_ABSENT;
	}
	write_name(p, raw_name);
	patch_object(p, within, from + (exact ? 1 : 0), to);
	if (p->rc == 0 && !deeper && p->out->ptr[p->out->len - 2] == '{')
		p->out->len = start; /* its last atom was removed */
}

/* Members that the object does not have yet. */
static void add_members(struct patcher *p, struct json_value object, size_t from, size_t to)
{
	size_t depth = p->path.len;
	struct cf_buf name;

	buf_init(&name, p->arena.mem);
	while (from < to && p->rc == 0) {
		struct cf_str pointer = p->changes[from].pointer;
		const char *rest = pointer.ptr + depth + 1;
		const char *slash = memchr(rest, '/', pointer.len - depth - 1);
		size_t token = slash ? (size_t)(slash - rest) : pointer.len - depth - 1;
		size_t first, last;
		struct json_value there;

		buf_append(&p->path, pointer.ptr + depth, token + 1);
		narrow(p, from, to, &first, &last);
		buf_clear(&name);
		/* ~0, ~1 and ~2 back to the characters of the name. */
		for (size_t i = 0; i < token; i++) {
			bool escape = rest[i] == '~' && i + 1 < token;

			buf_byte(&name, escape ? "~/["[rest[++i] - '0'] : rest[i]);
		}
		if (name.failed) {
			p->rc = CF_ERR_NOMEM;
			break;
		}
		there = object.doc ? json_member(object, buf_view(&name)) : JSON_ABSENT;
		if (json_is_absent(there) && sets_any(p, first, last)) {
			struct cf_buf raw;

			buf_init(&raw, p->arena.mem);
			p->rc = json_write_string(buf_view(&name), &raw);
			if (p->rc == 0)
				patch_member(p, buf_view(&raw), JSON_ABSENT, first, last);
			buf_fini(&raw);
		}
		p->path.len = depth;
		from = last > from ? last : from + 1;
	}
	buf_fini(&name);
}

static void patch_object(struct patcher *p, struct json_value object, size_t from, size_t to)
{
	struct json_iter it = json_iter(object);
	size_t depth = p->path.len, first, last;
	struct cf_str name;

	buf_byte(p->out, '{');
	if (p->out->failed || p->path.failed) {
		p->rc = CF_ERR_NOMEM;
		return;
	}
	while (p->rc == 0 && json_next(&it)) {
		p->rc = json_decode(it.name, &p->arena, &name);
		if (p->rc == 0)
			p->rc = pointer_push_member(&p->path, name);
		if (p->rc)
			return;
		narrow(p, from, to, &first, &last);
		if (first < last) {
			patch_member(p, json_span(it.name), it.value, first, last);
		} else {
			write_name(p, json_span(it.name));
			p->rc = json_write_compact(it.value, p->out);
		}
		p->path.len = depth;
	}
	if (p->rc == 0)
		add_members(p, object, from, to);
	if (p->rc == 0)
		p->rc = buf_byte(p->out, '}');
}

int atoms_patch(struct json_value document, const struct atom *changes, size_t change_count,
		const struct atom_rules *rules, const struct cf_mem *mem, struct cf_buf *out)
{
	struct patcher p = {.rules = rules, .changes = changes, .out = out};

	arena_init(&p.arena, mem);
	buf_init(&p.path, mem);
	patch_object(&p, document, 0, change_count);
	if (p.path.failed)
		p.rc = CF_ERR_NOMEM;
	buf_fini(&p.path);
	arena_fini(&p.arena);
	return p.rc ? p.rc : out->failed ? CF_ERR_NOMEM : 0;
}
