/* Taking documents apart into atoms, and putting atoms back. */
#include "sync/atoms.h"

#include <stdlib.h>

int pointer_compare(struct cf_str a, struct cf_str b)
{
	size_t shared = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < shared; i++) {
		int ca = a.ptr[i] == '/' ? 0 : 1 + (unsigned char)a.ptr[i];
		int cb = b.ptr[i] == '/' ? 0 : 1 + (unsigned char)b.ptr[i];

		if (ca != cb)
			return ca - cb;
	}
	return (a.len > b.len) - (a.len < b.len);
}

static bool lies_under(struct cf_str inner, struct cf_str outer)
{
	return inner.len > outer.len && inner.ptr[outer.len] == '/' &&
	       str_starts_with(inner, outer);
}

bool pointer_overlaps(struct cf_str a, struct cf_str b)
{
	return str_equal(a, b) || lies_under(a, b) || lies_under(b, a);
}

/* --- taking apart --------------------------------------------------------- */

struct collector {
	struct cf_arena *arena;
	struct cf_buf path;
	struct atom *at;
	size_t count, cap;
	int rc;
};

static void collect_leaf(struct collector *c, struct json_value value)
{
	struct cf_str pointer = arena_dup(c->arena, buf_view(&c->path));

	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 16;
		struct atom *grown = arena_alloc(c->arena, cap * sizeof(*grown));

		if (!grown) {
			c->rc = CF_ERR_NOMEM;
			return;
		}
		if (c->count)
			memcpy(grown, c->at, c->count * sizeof(*grown));
		c->at = grown;
		c->cap = cap;
	}
	if (!pointer.ptr) {
		c->rc = CF_ERR_NOMEM;
		return;
	}
	c->at[c->count++] =
		(struct atom){.pointer = pointer, .hash = json_hash64(value), .value = value};
}

static void collect(struct collector *c, struct json_value value, bool whole_members)
{
	struct json_iter it = json_iter(value);
	struct cf_str name;

	if (json_kind(value) != JSON_OBJECT || json_count(value) == 0) {
		collect_leaf(c, value);
		return;
	}
	while (c->rc == 0 && json_next(&it)) {
		size_t before = c->path.len;

		c->rc = json_decode(it.name, c->arena, &name);
		if (c->rc == 0)
			c->rc = json_pointer_push(&c->path, name);
		if (c->rc)
			return;
		if (whole_members)
			collect_leaf(c, it.value);
		else
			collect(c, it.value, false);
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

int atoms_of(struct json_value document, const struct atom_rules *rules, struct cf_arena *arena,
	     struct atoms *ret)
{
	struct collector c = {.arena = arena};
	struct json_iter it = json_iter(document);
	struct cf_str name;

	buf_init(&c.path, arena->mem);
	while (c.rc == 0 && json_next(&it)) {
		c.rc = json_decode(it.name, arena, &name);
		if (c.rc || is_identity(rules, name))
			continue;
		buf_clear(&c.path);
		c.rc = json_pointer_push(&c.path, name);
		if (c.rc == 0)
			collect(&c, it.value, str_equal(name, STR("_attachments")));
	}
	buf_fini(&c.path);
	if (c.rc)
		return c.rc;
	for (size_t i = 1; i < c.count; i++) {
		/* Documents of one type mostly keep one order: sort only where it differs. */
		if (by_pointer(&c.at[i - 1], &c.at[i]) > 0) {
			atoms_sort(c.at, c.count);
			break;
		}
	}
	*ret = (struct atoms){.at = c.at, .count = c.count};
	return 0;
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

/* --- putting back --------------------------------------------------------- */

struct patcher {
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

	while (from < to && pointer_compare(p->changes[from].pointer, path) < 0)
		from++;
	*ret_from = from;
	while (from < to && (str_equal(p->changes[from].pointer, path) ||
			     lies_under(p->changes[from].pointer, path)))
		from++;
	*ret_to = from;
}

static bool sets_any(const struct patcher *p, size_t from, size_t to)
{
	for (; from < to; from++)
		if (!json_is_absent(p->changes[from].value))
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

/* A member whose path has changes [from, to): set, removed, or changed within. */
static void patch_member(struct patcher *p, struct cf_str raw_name, struct json_value old,
			 size_t from, size_t to)
{
	struct cf_str path = buf_view(&p->path);
	bool exact = str_equal(p->changes[from].pointer, path);
	struct json_value within = exact ? p->changes[from].value : old;
	bool deeper = sets_any(p, from + (exact ? 1 : 0), to);
	size_t start = p->out->len;

	if (exact && !deeper) {
		if (!json_is_absent(within)) {
			write_name(p, raw_name);
			p->rc = json_write_compact(within, p->out);
		}
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
		there = object.doc ? json_pointer_get(object, (struct cf_str){rest - 1, token + 1})
				   : JSON_ABSENT;
		if (json_is_absent(there) && sets_any(p, first, last)) {
			buf_clear(&name);
			/* ~1 and ~0 back to the characters of the name. */
			for (size_t i = 0; i < token; i++) {
				bool escape = rest[i] == '~' && i + 1 < token;

				buf_byte(&name, escape ? (rest[++i] == '1' ? '/' : '~') : rest[i]);
			}
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
			p->rc = json_pointer_push(&p->path, name);
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
		const struct cf_mem *mem, struct cf_buf *out)
{
	struct patcher p = {.changes = changes, .out = out};

	arena_init(&p.arena, mem);
	buf_init(&p.path, mem);
	patch_object(&p, document, 0, change_count);
	buf_fini(&p.path);
	arena_fini(&p.arena);
	return p.rc ? p.rc : out->failed ? CF_ERR_NOMEM : 0;
}
