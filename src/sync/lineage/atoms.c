/* Taking documents apart into atoms, and putting atoms back. */
#include "sync/lineage/atoms.h"

#include <stdlib.h>

int pointer_push_member(struct cf_buf *pointer, struct cf_str decoded_name)
{
	bool bracket = decoded_name.len && decoded_name.ptr[0] == '[';
	size_t at = pointer->len;
	int rc = json_pointer_push(pointer, decoded_name);

	if (rc || !bracket || buf_byte(pointer, '2'))
		return pointer->failed ? CF_ERR_NOMEM : rc;
	/* "/[name" to "/~2name" */
	memmove(pointer->ptr + at + 3, pointer->ptr + at + 2, pointer->len - at - 3);
	pointer->ptr[at + 1] = '~';
	pointer->ptr[at + 2] = '2';
	return 0;
}

uint64_t atom_token_hash(struct cf_str token)
{
	return hash64(token, 0);
}

uint64_t atom_order_hash(const struct atom_order *order)
{
	struct cf_str bytes = {(const char *)order->tokens, order->count * sizeof(uint64_t)};

	return atom_hash(hash64(bytes, 0));
}

/* Where they begin to differ; `shared` where they do not. Mostly that is far from the
 * beginning, so eight bytes are looked at together. */
static size_t common_length(const char *a, const char *b, size_t shared)
{
	size_t i = 0;
	uint64_t x, y;

	for (; i + sizeof(x) <= shared; i += sizeof(x)) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			break;
	}
	while (i < shared && a[i] == b[i])
		i++;
	return i;
}

int pointer_compare(struct cf_str a, struct cf_str b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	size_t i = common_length(a.ptr, b.ptr, shared);

	if (i == shared)
		return (a.len > b.len) - (a.len < b.len);
	if (a.ptr[i] == '/' || b.ptr[i] == '/')
		return a.ptr[i] == '/' ? -1 : 1;
	return (unsigned char)a.ptr[i] - (unsigned char)b.ptr[i];
}

bool pointer_lies_under(struct cf_str inner, struct cf_str outer)
{
	return inner.len > outer.len && inner.ptr[outer.len] == '/' &&
	       str_starts_with(inner, outer);
}

bool pointer_overlaps(struct cf_str a, struct cf_str b)
{
	return str_equal(a, b) || pointer_lies_under(a, b) || pointer_lies_under(b, a);
}

/* --- taking apart --------------------------------------------------------- */

struct collector {
	const struct atom_rules *rules;
	struct cf_arena *arena;
	struct cf_buf path;
	struct atom *at;
	size_t count, cap;
	int rc;
};

static void collect_atom(struct collector *c, struct json_value value, uint64_t hash)
{
	struct cf_str pointer = arena_dup(c->arena, buf_view(&c->path));

	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 32;
		struct atom *grown = mem_resize(c->arena->mem, c->at, cap * sizeof(*grown));

		if (!grown) {
			c->rc = CF_ERR_NOMEM;
			return;
		}
		c->at = grown;
		c->cap = cap;
	}
	if (!pointer.ptr) {
		c->rc = CF_ERR_NOMEM;
		return;
	}
	c->at[c->count++] =
		(struct atom){.pointer = pointer, .hash = atom_hash(hash), .value = value};
}

static void collect_leaf(struct collector *c, struct json_value value)
{
	collect_atom(c, value, json_hash64(value));
}

/* What is stored, and what it is; not how it is shown. */
static void collect_attachment(struct collector *c, struct json_value value)
{
	struct json_value digest = json_member(value, STR("digest"));
	struct json_value type = json_member(value, STR("content_type"));

	if (json_is_absent(digest))
		collect_leaf(c, value);
	else
		collect_atom(c, value, json_hash64(digest) ^ (json_hash64(type) << 1));
}

static void collect(struct collector *c, struct json_value value, bool whole_members,
		    const struct cf_str *key_field);

static struct atom_order *order_of(struct cf_arena *arena, const struct keyed_element *elements,
				   size_t count)
{
	struct atom_order *order = arena_alloc(arena, sizeof(*order) + count * sizeof(uint64_t));
	uint64_t *tokens = order ? (uint64_t *)(order + 1) : NULL;

	for (size_t i = 0; order && i < count; i++)
		tokens[i] = atom_token_hash(elements[i].token);
	if (order)
		*order = (struct atom_order){.tokens = tokens, .count = count};
	return order;
}

int atom_order_of(const struct keyed_array *keyed, struct json_value array, struct cf_arena *arena,
		  const struct atom_order **ret)
{
	struct keyed_element *elements;
	size_t count = 0;
	int rc = keyed_elements(keyed, array, arena, &elements, &count);

	*ret = NULL;
	if (rc || !elements)
		return rc;
	*ret = order_of(arena, elements, count);
	return *ret ? 0 : CF_ERR_NOMEM;
}

/* A keyed array: its order, its elements, and what is in them. */
static void collect_elements(struct collector *c, const struct keyed_array *keyed,
			     struct json_value array)
{
	struct keyed_element *elements;
	size_t count, before = c->path.len;
	struct atom_order *order;

	c->rc = keyed_elements(keyed, array, c->arena, &elements, &count);
	if (c->rc)
		return;
	if (!elements) {
		collect_leaf(c, array);
		return;
	}
	order = order_of(c->arena, elements, count);
	if (!order) {
		c->rc = CF_ERR_NOMEM;
		return;
	}
	buf_str(&c->path, STR("/[]"));
	collect_atom(c, array, atom_order_hash(order));
	if (c->rc == 0)
		c->at[c->count - 1].order = order;
	for (size_t i = 0; i < count && c->rc == 0; i++) {
		c->path.len = before;
		buf_byte(&c->path, '/');
		buf_str(&c->path, elements[i].token);
		collect_atom(c, elements[i].value, KEYED_PRESENT);
		if (c->rc == 0 && keyed->field.ptr)
			collect(c, elements[i].value, false, &keyed->field);
	}
	c->path.len = before;
}

/* `key_field`: of an element, its key, which its pointer says. */
static void collect(struct collector *c, struct json_value value, bool whole_members,
		    const struct cf_str *key_field)
{
	struct json_iter it = json_iter(value);
	const struct keyed_array *keyed = NULL;
	struct cf_str name;

	if (c->rules->keyed.count && json_kind(value) == JSON_ARRAY)
		keyed = keyed_at(&c->rules->keyed, buf_view(&c->path));
	if (keyed) {
		collect_elements(c, keyed, value);
		return;
	}
	if (json_kind(value) != JSON_OBJECT || json_count(value) == 0) {
		collect_leaf(c, value);
		return;
	}
	while (c->rc == 0 && json_next(&it)) {
		size_t before = c->path.len;

		if (key_field && json_name_is(it.name, *key_field))
			continue;
		c->rc = json_decode(it.name, c->arena, &name);
		if (c->rc == 0)
			c->rc = pointer_push_member(&c->path, name);
		if (c->rc)
			return;
		if (whole_members)
			collect_attachment(c, it.value);
		else
			collect(c, it.value, false, NULL);
		c->path.len = before;
	}
}

/* The fields that say what the document is are not the users' data. */
static bool is_identity(const struct atom_rules *rules, struct cf_str name)
{
	return (name.len && name.ptr[0] == '_' && !str_equal(name, STR("_attachments"))) ||
	       str_equal(name, rules->type_field) || str_equal(name, rules->version_field);
}

static int by_pointer(const void *a, const void *b)
{
	return pointer_compare(((const struct atom *)a)->pointer,
			       ((const struct atom *)b)->pointer);
}

void atoms_sort(struct atom *at, size_t count)
{
	qsort(at, count, sizeof(*at), by_pointer);
}

/* As many as there are: the arena keeps nothing that was outgrown. */
static int keep_atoms(const struct collector *c, struct atoms *ret)
{
	struct atom *at = arena_alloc(c->arena, c->count * sizeof(*at));

	if (!at)
		return CF_ERR_NOMEM;
	if (c->count)
		memcpy(at, c->at, c->count * sizeof(*at));
	*ret = (struct atoms){.at = at, .count = c->count};
	return 0;
}

int atoms_of(struct json_value document, const struct atom_rules *rules, struct cf_arena *arena,
	     struct atoms *ret)
{
	struct collector c = {.rules = rules, .arena = arena};
	struct json_iter it = json_iter(document);
	struct cf_str name;

	buf_init(&c.path, arena->mem);
	while (c.rc == 0 && json_next(&it)) {
		c.rc = json_decode(it.name, arena, &name);
		if (c.rc || is_identity(rules, name))
			continue;
		buf_clear(&c.path);
		c.rc = pointer_push_member(&c.path, name);
		if (c.rc == 0)
			collect(&c, it.value, str_equal(name, STR("_attachments")), NULL);
	}
	buf_fini(&c.path);
	for (size_t i = 1; i < c.count; i++) {
		/* Documents of one type mostly keep one order: sort only where it differs. */
		if (by_pointer(&c.at[i - 1], &c.at[i]) > 0) {
			atoms_sort(c.at, c.count);
			break;
		}
	}
	if (c.rc == 0)
		c.rc = keep_atoms(&c, ret);
	mem_free(arena->mem, c.at);
	return c.rc;
}

const struct atom *atoms_find(const struct atoms *atoms, struct cf_str pointer)
{
	size_t low = 0, high = atoms->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = pointer_compare(atoms->at[middle].pointer, pointer);

		if (order == 0)
			return &atoms->at[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* How many atoms come before the pointer. */
static size_t atoms_before(const struct atoms *atoms, struct cf_str pointer)
{
	size_t low = 0, high = atoms->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pointer_compare(atoms->at[middle].pointer, pointer) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct atom *atoms_first(const struct atoms *atoms, struct cf_str pointer)
{
	size_t at = atoms_before(atoms, pointer);
	const struct atom *atom = at < atoms->count ? &atoms->at[at] : NULL;

	return atom && (str_equal(atom->pointer, pointer) ||
			pointer_lies_under(atom->pointer, pointer))
		       ? atom
		       : NULL;
}

const struct atom *atoms_order(const struct atoms *atoms, struct cf_str array)
{
	size_t low = atoms_before(atoms, array), high = atoms->count;
	const struct cf_str token = STR("/[]");

	/* Behind its elements, before what follows the array. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct cf_str at = atoms->at[middle].pointer;
		bool under = pointer_lies_under(at, array);
		struct cf_str rest =
			under ? (struct cf_str){at.ptr + array.len, at.len - array.len} : token;

		if (under ? pointer_compare(rest, token) < 0 : pointer_compare(at, array) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == atoms->count || atoms->at[low].pointer.len != array.len + token.len ||
	    !pointer_lies_under(atoms->at[low].pointer, array) || !atoms->at[low].order)
		return NULL;
	return &atoms->at[low];
}

uint64_t atoms_hash_at(const struct atoms *atoms, struct cf_str pointer)
{
	const struct atom *atom = atoms_find(atoms, pointer);

	return atom ? atom->hash : 0;
}

bool atoms_diff_next(struct atoms_diff *diff)
{
	while (diff->ia < diff->a->count || diff->ib < diff->b->count) {
		const struct atom *left = NULL, *right = NULL;
		int order;

		if (diff->ia >= diff->a->count)
			order = 1;
		else if (diff->ib >= diff->b->count)
			order = -1;
		else
			order = pointer_compare(diff->a->at[diff->ia].pointer,
						diff->b->at[diff->ib].pointer);
		if (order <= 0)
			left = &diff->a->at[diff->ia++];
		if (order >= 0)
			right = &diff->b->at[diff->ib++];
		if (left && right && left->hash == right->hash)
			continue;
		diff->left = left;
		diff->right = right;
		diff->pointer = left ? left->pointer : right->pointer;
		return true;
	}
	return false;
}

bool atoms_same_under(const struct atoms *a, const struct atoms *b, struct cf_str pointer)
{
	struct atoms_diff diff = {.a = a, .b = b};

	while (atoms_diff_next(&diff))
		if (str_equal(diff.pointer, pointer) || pointer_lies_under(diff.pointer, pointer))
			return false;
	return true;
}
