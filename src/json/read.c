/* Reading: one pass over the text, no recursion, one node per value and name.
 *
 * Invariants: a container's node is completed (end, next) when it closes; the
 * stack holds the open containers, outermost first. Lines and columns are found
 * only when there is an error to tell of.
 */
#include "json/read.h"

#include "json/scan.h"
#include "json/shape.h"

/* Where a reading stands. */
struct reader {
	struct json_doc *doc;
	const uint8_t *begin, *p, *end;
	const char *what; /* the error's reason, where reading stopped */
	const uint8_t *where;
	int code;
	bool twice; /* it stopped at a name that stands twice in one object */
	unsigned flags;
	uint32_t depth;
	uint32_t open[LIMIT_JSON_DEPTH];
};

enum { NODES_MIN = 64 };

static bool fail(struct reader *r, int code, const uint8_t *where, const char *what)
{
	r->code = code;
	r->where = where;
	r->what = what;
	return false;
}

static bool grow(struct reader *r)
{
	struct json_doc *doc = r->doc;
	uint32_t cap = doc->cap ? doc->cap * 2 : NODES_MIN;
	struct json_node *nodes;

	if (cap > LIMIT_JSON_NODES)
		return fail(r, CF_ERR_LIMIT, r->p, "more than 4194304 values and names");
	nodes = mem_resize(doc->mem, doc->nodes, (size_t)cap * sizeof(*nodes));
	if (!nodes)
		return fail(r, CF_ERR_NOMEM, r->p, "out of memory");
	doc->nodes = nodes;
	doc->cap = cap;
	return true;
}

static inline __attribute__((always_inline)) struct json_node *
add_node(struct reader *r, uint8_t kind, const uint8_t *start)
{
	struct json_node *node;

	if (__builtin_expect(r->doc->count == r->doc->cap, 0) && !grow(r))
		return NULL;
	node = &r->doc->nodes[r->doc->count++];
	node->start = (uint32_t)(start - r->begin);
	node->next = r->doc->count;
	node->kind = kind;
	node->flags = 0;
	node->hash = 0;
	return node;
}

/* --- strings ---------------------------------------------------------------- */

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static const uint8_t *read_escape(struct reader *r, const uint8_t *p)
{
	if (r->end - p < 2) {
		fail(r, CF_ERR_SYNTAX, p, "a string is not closed");
		return NULL;
	}
	if (p[1] == 'u') {
		if (r->end - p < 6 || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]) ||
		    !is_hex(p[5])) {
			fail(r, CF_ERR_SYNTAX, p, "\\u wants four hex digits");
			return NULL;
		}
		return p + 6;
	}
	if (!p[1] || !strchr("\"\\/bfnrt", p[1])) {
		fail(r, CF_ERR_SYNTAX, p, "no such escape");
		return NULL;
	}
	return p + 2;
}

/* The special character that a plain part ended at: over it, or NULL on an error;
 * the closing quote is left to the caller. */
static const uint8_t *read_special(struct reader *r, const uint8_t *p, uint8_t *flags)
{
	size_t len;

	if (p >= r->end) {
		fail(r, CF_ERR_SYNTAX, p, "a string is not closed");
		return NULL;
	}
	if (*p == '\\') {
		*flags |= JSON_ESCAPED;
		return read_escape(r, p);
	}
	if (*p < 0x20) {
		fail(r, CF_ERR_SYNTAX, p, "a control character stands in a string");
		return NULL;
	}
	len = utf8_length(p, r->end);
	if (len == 0) {
		fail(r, CF_ERR_SYNTAX, p, "not UTF-8");
		return NULL;
	}
	return p + len;
}

/* Reads from behind the opening quote to behind the closing one. */
static inline __attribute__((always_inline)) const uint8_t *
read_string(struct reader *r, const uint8_t *p, uint8_t *flags, bool vector)
{
	for (;;) {
		p = vector ? scan_plain_vector(r->begin, p, r->end)
			   : scan_plain_portable(r->begin, p, r->end);
		if (__builtin_expect(p < r->end && *p == '"', 1))
			return p + 1;
		p = read_special(r, p, flags);
		if (!p)
			return NULL;
	}
}

/* --- numbers and literals ----------------------------------------------------- */

static inline bool is_digit(const struct reader *r, const uint8_t *p)
{
	return p < r->end && (uint8_t)(*p - '0') < 10;
}

static const uint8_t *read_number(struct reader *r, const uint8_t *p)
{
	if (*p == '-')
		p++;
	if (!is_digit(r, p)) {
		fail(r, CF_ERR_SYNTAX, p, "a digit is missing in a number");
		return NULL;
	}
	if (*p == '0')
		p++;
	else
		while (is_digit(r, p))
			p++;
	if (p < r->end && *p == '.') {
		p++;
		if (!is_digit(r, p)) {
			fail(r, CF_ERR_SYNTAX, p, "a digit is missing behind the point");
			return NULL;
		}
		while (is_digit(r, p))
			p++;
	}
	if (p < r->end && (*p | 0x20) == 'e') {
		p++;
		if (p < r->end && (*p == '+' || *p == '-'))
			p++;
		if (!is_digit(r, p)) {
			fail(r, CF_ERR_SYNTAX, p, "a digit is missing in an exponent");
			return NULL;
		}
		while (is_digit(r, p))
			p++;
	}
	return p;
}

static const uint8_t *read_literal(struct reader *r, const uint8_t *p, const char *word, size_t len)
{
	if ((size_t)(r->end - p) >= len && memcmp(p, word, len) == 0)
		return p + len;
	fail(r, CF_ERR_SYNTAX, p, "a value is expected");
	return NULL;
}

/* --- for readers who know the shape -------------------------------------------- */

static void aim(struct reader *r, const uint8_t *begin, const uint8_t *end)
{
	r->begin = begin;
	r->end = end;
	r->code = 0;
}

const uint8_t *token_string(const uint8_t *begin, const uint8_t *p, const uint8_t *end,
			    uint8_t *flags, bool vector)
{
	struct reader r;

	aim(&r, begin, end);
	return read_string(&r, p, flags, vector);
}

const uint8_t *token_number(const uint8_t *p, const uint8_t *end)
{
	struct reader r;

	aim(&r, p, end);
	return read_number(&r, p);
}

/* --- member names ------------------------------------------------------------- */

static bool names_equal(const struct json_doc *doc, uint32_t a, uint32_t b)
{
	struct json_value va = {doc, a}, vb = {doc, b};

	if (!((doc->nodes[a].flags | doc->nodes[b].flags) & JSON_ESCAPED))
		return str_equal(json_inner(va), json_inner(vb));
	return json_equal(va, vb);
}

static bool fail_twice(struct reader *r, uint32_t key)
{
	r->twice = true;
	return fail(r, CF_ERR_SYNTAX, r->begin + r->doc->nodes[key].start,
		    "a member name stands twice in one object");
}

/* Few members: a bitmap of hashes says where a look is worth it. */
static bool check_few_names(struct reader *r, uint32_t object)
{
	const struct json_node *nodes = r->doc->nodes;
	uint32_t end = r->doc->count;
	uint64_t seen[16] = {0};

	for (uint32_t key = object + 1; key < end; key = nodes[key].next) {
		uint16_t hash = nodes[key].hash;
		uint64_t bit = (uint64_t)1 << (hash & 63), *word = &seen[(hash >> 6) & 15];

		if (__builtin_expect((*word & bit) != 0, 0))
			for (uint32_t k = object + 1; k < key; k = nodes[k].next)
				if (nodes[k].hash == hash && names_equal(r->doc, k, key))
					return fail_twice(r, key);
		*word |= bit;
	}
	return true;
}

/* Many: a table of their full hashes. */
static bool check_many_names(struct reader *r, uint32_t object, uint32_t count)
{
	const struct json_node *nodes = r->doc->nodes;
	uint32_t size = 1, end = r->doc->count, *table;

	while (size < count * 2)
		size *= 2;
	table = mem_calloc(r->doc->mem, size, sizeof(*table));
	if (!table)
		return fail(r, CF_ERR_NOMEM, r->p, "out of memory");
	for (uint32_t key = object + 1; key < end; key = nodes[key].next) {
		uint64_t hash = json_hash64((struct json_value){r->doc, key});
		uint32_t at = (uint32_t)hash & (size - 1);

		for (; table[at]; at = (at + 1) & (size - 1)) {
			if (nodes[table[at]].hash == nodes[key].hash &&
			    names_equal(r->doc, table[at], key)) {
				mem_free(r->doc->mem, table);
				return fail_twice(r, key);
			}
		}
		table[at] = key;
	}
	mem_free(r->doc->mem, table);
	return true;
}

enum { FEW_NAMES = 128 };

static bool check_names(struct reader *r, uint32_t object)
{
	const struct json_node *nodes = r->doc->nodes;
	uint32_t nodes_inside = r->doc->count - object - 1, count = 0;

	if (nodes_inside <= 2 || (r->flags & JSON_READ_DUPLICATE_NAMES))
		return true;
	if (nodes_inside <= FEW_NAMES * 2)
		return check_few_names(r, object);
	for (uint32_t key = object + 1; key < r->doc->count && count <= FEW_NAMES;
	     key = nodes[key].next)
		count++;
	if (count <= FEW_NAMES)
		return check_few_names(r, object);
	return check_many_names(r, object, nodes_inside / 2 + 1);
}

/* --- the loop -------------------------------------------------------------------- */

static inline __attribute__((always_inline)) const uint8_t *skip_space(struct reader *r,
								       const uint8_t *p)
{
	if (__builtin_expect(p < r->end && *p <= ' ', 0)) {
		const uint8_t *start = p;

		while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
			p++;
		if (p > start && r->depth)
			r->doc->nodes[r->open[r->depth - 1]].flags |= JSON_SPACED;
	}
	return p;
}

/* A name, its colon, and the space around; p stands at its quote. */
static inline __attribute__((always_inline)) const uint8_t *read_name(struct reader *r,
								      const uint8_t *p, bool vector)
{
	struct json_node *node;
	uint8_t flags = 0;
	const uint8_t *start = p;

	if (__builtin_expect(p >= r->end || *p != '"', 0)) {
		fail(r, CF_ERR_SYNTAX, p, "a member name is expected");
		return NULL;
	}
	node = add_node(r, JSON_KEY, p);
	p = node ? read_string(r, p + 1, &flags, vector) : NULL;
	if (!p)
		return NULL;
	node->end = (uint32_t)(p - r->begin);
	node->flags = flags;
	if (__builtin_expect(!flags, 1)) {
		node->hash = name_hash((const char *)start + 1, (size_t)(p - start) - 2);
	} else {
		struct json_value name = {r->doc, r->doc->count - 1};
		struct cf_arena arena;
		struct cf_str decoded;

		arena_init(&arena, r->doc->mem);
		if (json_decode(name, &arena, &decoded) == 0)
			node->hash = name_hash(decoded.ptr, decoded.len);
		else
			fail(r, CF_ERR_NOMEM, p, "out of memory");
		arena_fini(&arena);
		if (r->code)
			return NULL;
	}
	p = skip_space(r, p);
	if (__builtin_expect(p >= r->end || *p != ':', 0)) {
		fail(r, CF_ERR_SYNTAX, p, "a colon is expected");
		return NULL;
	}
	return skip_space(r, p + 1);
}

/* A value that holds no others. */
static inline __attribute__((always_inline)) const uint8_t *
read_scalar(struct reader *r, const uint8_t *p, bool vector)
{
	const uint8_t *start = p;
	uint8_t kind = JSON_NUMBER, flags = 0;
	struct json_node *node;

	if (*p == '"') {
		kind = JSON_STRING;
		p = read_string(r, p + 1, &flags, vector);
	} else if (*p == 't') {
		kind = JSON_TRUE;
		p = read_literal(r, p, "true", 4);
	} else if (*p == 'f') {
		kind = JSON_FALSE;
		p = read_literal(r, p, "false", 5);
	} else if (*p == 'n') {
		kind = JSON_NULL;
		p = read_literal(r, p, "null", 4);
	} else if (*p == '-' || (uint8_t)(*p - '0') < 10) {
		p = read_number(r, p);
	} else {
		fail(r, CF_ERR_SYNTAX, p, "a value is expected");
		p = NULL;
	}
	if (!p)
		return NULL;
	node = add_node(r, kind, start);
	if (!node)
		return NULL;
	node->end = (uint32_t)(p - r->begin);
	node->flags = flags;
	return p;
}

/* Completes the innermost container; its parent's member ends with it. */
static inline __attribute__((always_inline)) bool close_container(struct reader *r,
								  const uint8_t *p)
{
	uint32_t index = r->open[r->depth - 1];
	struct json_node *node = &r->doc->nodes[index];

	if (node->kind == JSON_OBJECT && !check_names(r, index))
		return false;
	r->depth--;
	node->end = (uint32_t)(p - r->begin);
	node->next = r->doc->count;
	if ((node->flags & JSON_SPACED) && r->depth)
		r->doc->nodes[r->open[r->depth - 1]].flags |= JSON_SPACED;
	return true;
}

static bool open_container(struct reader *r, const uint8_t *p)
{
	if (r->depth == LIMIT_JSON_DEPTH)
		return fail(r, CF_ERR_LIMIT, p, "nested too deeply");
	if (!add_node(r, *p == '{' ? JSON_OBJECT : JSON_ARRAY, p))
		return false;
	r->open[r->depth++] = r->doc->count - 1;
	return true;
}

/* After a value: a member's name tells where the next one stands. */
static inline __attribute__((always_inline)) void end_member(struct reader *r, uint32_t *key)
{
	if (*key)
		r->doc->nodes[*key].next = r->doc->count;
}

static inline __attribute__((always_inline)) bool read_text(struct reader *r, bool vector)
{
	uint32_t keys[LIMIT_JSON_DEPTH + 1]; /* the open member's name at each depth */
	const uint8_t *p = skip_space(r, r->p);
	bool in_object = false;

	keys[0] = 0;
	for (;;) {
		if (__builtin_expect(p >= r->end, 0))
			return fail(r, CF_ERR_SYNTAX, p, "the text ends too early");
		if (*p == '{' || *p == '[') {
			uint8_t closing = *p == '{' ? '}' : ']';

			if (!open_container(r, p))
				return false;
			in_object = *p == '{';
			keys[r->depth] = 0;
			p = skip_space(r, p + 1);
			if (p < r->end && *p == closing)
				goto close;
			if (in_object) {
				keys[r->depth] = r->doc->count;
				p = read_name(r, p, vector);
				if (!p)
					return false;
			}
			continue;
		}
		p = read_scalar(r, p, vector);
		if (!p)
			return false;
	ended:
		end_member(r, &keys[r->depth]);
		if (r->depth == 0)
			break;
		p = skip_space(r, p);
		if (__builtin_expect(p >= r->end, 0))
			return fail(r, CF_ERR_SYNTAX, p, "the text ends too early");
		if (*p == ',') {
			p = skip_space(r, p + 1);
			if (in_object) {
				keys[r->depth] = r->doc->count;
				p = read_name(r, p, vector);
				if (!p)
					return false;
			}
			continue;
		}
		if (*p != (in_object ? '}' : ']'))
			return fail(r, CF_ERR_SYNTAX, p,
				    in_object ? "a comma or } is expected"
					      : "a comma or ] is expected");
	close:
		if (!close_container(r, p + 1))
			return false;
		p++;
		in_object = r->depth && r->doc->nodes[r->open[r->depth - 1]].kind == JSON_OBJECT;
		goto ended;
	}
	p = skip_space(r, p);
	return p == r->end || fail(r, CF_ERR_SYNTAX, p, "something stands behind the value");
}

static bool read_vector(struct reader *r)
{
	return read_text(r, true);
}

static bool read_portable(struct reader *r)
{
	return read_text(r, false);
}

/* --- errors ------------------------------------------------------------------------ */

/* The pointer of a member name that stands twice. */
static void point_at_name(struct reader *r, struct cf_error *error)
{
	struct json_doc *doc = r->doc;
	uint32_t at = (uint32_t)(r->where - r->begin);
	struct cf_buf pointer;

	/* What is still open ends here. */
	for (uint32_t i = 0; i < r->depth; i++)
		doc->nodes[r->open[i]].next = doc->count;
	for (uint32_t k = 0; k < doc->count; k++)
		if (doc->nodes[k].kind == JSON_KEY && doc->nodes[k].next <= k + 1)
			doc->nodes[k].next = doc->count;
	buf_init(&pointer, doc->mem);
	for (uint32_t i = 0; i < doc->count; i++) {
		if (doc->nodes[i].kind != JSON_KEY || doc->nodes[i].start != at)
			continue;
		if (json_pointer_of((struct json_value){doc, i}, &pointer) == 0)
			error_at_pointer(error, buf_view(&pointer));
		break;
	}
	buf_fini(&pointer);
}

static int report(struct reader *r, struct cf_error *error)
{
	unsigned line = 1;
	const uint8_t *line_start = r->begin;

	error_set(error, r->code, "%s", r->what);
	if (!error)
		return r->code;
	for (const uint8_t *p = r->begin; p < r->where && p < r->end; p++) {
		if (*p == '\n') {
			line++;
			line_start = p + 1;
		}
	}
	error->offset = (size_t)(r->where - r->begin);
	error->line = line;
	error->column = (unsigned)(r->where - line_start) + 1;
	if (r->twice)
		point_at_name(r, error);
	return r->code;
}

int json_read_with(struct json_doc *doc, const char *text, size_t len, unsigned flags, bool vector,
		   struct cf_error *error)
{
	struct reader r;
	bool ok;

	r.doc = doc;
	r.begin = r.p = (const uint8_t *)text;
	r.end = r.begin + len;
	r.code = 0;
	r.twice = false;
	r.flags = flags;
	r.depth = 0;
	doc->count = 0;
	doc->text = text;
	doc->text_len = len;
	doc->shape = NULL;
	if (len > LIMIT_DOCUMENT_BYTES) {
		r.what = NULL;
		return error_set(error, CF_ERR_LIMIT, "%zu bytes are more than the limit of %zu",
				 len, LIMIT_DOCUMENT_BYTES);
	}
	if (doc->shapes && shapes_read(doc, vector))
		return 0;
	ok = vector ? read_vector(&r) : read_portable(&r);
	if (ok) {
		if (flags == JSON_READ_DOCUMENT)
			shapes_learn(doc);
		return 0;
	}
	report(&r, error);
	doc->count = 0;
	return r.code;
}

int json_read(struct json_doc *doc, const char *text, size_t len, unsigned flags,
	      struct cf_error *error)
{
	return json_read_with(doc, text, len, flags, JSON_SCAN_HAS_VECTOR, error);
}
