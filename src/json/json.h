/* The door of json/: documents as a tape over the caller's bytes.
 *
 * Reading makes a tape: one node per value and per member name, in the order of
 * the text. Nothing is copied and nothing decoded, so numbers keep every digit
 * and strings their escapes; writing copies spans of the text. Strictly
 * RFC 8259: UTF-8 without BOM, any value at the top, depth at most
 * LIMIT_JSON_DEPTH, at most LIMIT_DOCUMENT_BYTES.
 *
 * Equality is by value: objects without order, numbers by exact decimal value
 * (1, 1.0 and 1e0 are equal), strings by code points.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/base.h"

enum json_kind {
	JSON_NULL = 1,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_KEY, /* a member's name; its value is the node after it */
};

enum json_node_flags {
	JSON_ESCAPED = 1, /* a string or name with a backslash in it */
	JSON_SPACED = 2,  /* a container with white space between its tokens, at any depth */
};

struct json_node {
	uint32_t start; /* offset of the value's first byte; of the quote for strings and names */
	uint32_t end;   /* one past its last byte */
	uint32_t next;  /* index of the next sibling's node (for a name: of the next name), or
			 * where there is none, one past the end of the enclosing container */
	uint8_t kind;
	uint8_t flags;
	uint16_t hash; /* names: json_name_hash of their content (decoded), else 0 */
};

/* What documents have in common that differ in their scalars only: all other bytes,
 * so the same members in the same order, and the same tape but for offsets, and kinds
 * and flags of scalars. Documents of one shape that one tape has read have the same
 * address here, as long as somebody keeps it. */
struct json_shape;
struct json_shapes; /* what tapes remember: docs/speed.md */

/* A document that was read. The storage of `nodes` is kept from one reading to
 * the next, and the shapes of what was read: reading many documents with one tape
 * is faster than with one each. `text` is borrowed and must outlive the use of the
 * tape. */
struct json_doc {
	const char *text;
	size_t text_len;
	struct json_node *nodes; /* nodes[0] is the root */
	uint32_t count;
	uint32_t cap;
	const struct cf_mem *mem;
	struct json_shape *shape;   /* of this text; NULL: not known */
	struct json_shapes *shapes; /* NULL: none yet */
	uint32_t reads;             /* without shapes */
	bool shares;                /* the shapes are another's */
};

enum json_read_flags {
	JSON_READ_DOCUMENT = 0,        /* a member name twice in one object is refused */
	JSON_READ_DUPLICATE_NAMES = 1, /* plain RFC 8259: the text may have them */
};

/* A value: one node of one tape. doc NULL: absent. */
struct json_value {
	const struct json_doc *doc;
	uint32_t node;
};

#define JSON_ABSENT ((struct json_value){NULL, 0})

void json_doc_init(struct json_doc *doc, const struct cf_mem *mem);
void json_doc_fini(struct json_doc *doc);

/* Reads one text. Errors: SYNTAX (with offset, line and column; for a member
 * name twice, with the pointer), LIMIT (depth or size), NOMEM. After an error
 * the tape is empty. */
int json_read(struct json_doc *doc, const char *text, size_t len, unsigned flags,
	      struct cf_error *error);

/* Tapes that read documents of the same kinds share what they remember. The shapes must
 * outlive them; tape and shapes belong to one thread. NULL: no memory. */
struct json_shapes *json_shapes_new(const struct cf_mem *mem);
struct json_shapes *json_shapes_free(struct json_shapes *shapes);
void json_doc_share(struct json_doc *doc, struct json_shapes *shapes);

/* Shapes are counted: one that is kept stays though its tape forgets it. Threads may
 * keep and drop the same one. */
struct json_shape *json_shape_keep(struct json_shape *shape);
void json_shape_drop(struct json_shape *shape); /* NULL: nothing to do */

/* --- looking ------------------------------------------------------------- */

static inline struct json_value json_root(const struct json_doc *doc)
{
	return (struct json_value){doc, 0};
}
static inline bool json_is_absent(struct json_value v)
{
	return !v.doc;
}
static inline const struct json_node *json_node(struct json_value v)
{
	return &v.doc->nodes[v.node];
}
static inline enum json_kind json_kind(struct json_value v)
{
	return v.doc ? (enum json_kind)json_node(v)->kind : 0;
}
/* The value's own bytes, quotes included. */
static inline struct cf_str json_span(struct json_value v)
{
	const struct json_node *n = json_node(v);

	return (struct cf_str){v.doc->text + n->start, n->end - n->start};
}
/* What stands between the quotes of a string or name, still escaped. */
static inline struct cf_str json_inner(struct json_value v)
{
	const struct json_node *n = json_node(v);

	return (struct cf_str){v.doc->text + n->start + 1, n->end - n->start - 2};
}

/* Walks an array's elements, or an object's members. Usage:
 *   struct json_iter it = json_iter(value);
 *   while (json_next(&it)) use(it.name, it.value);
 * `name` is absent in an array. On anything else there is nothing to walk. */
struct json_iter {
	struct json_value name;
	struct json_value value;
	uint32_t at;
	uint32_t end;
	bool members;
};
static inline struct json_iter json_iter(struct json_value container)
{
	enum json_kind kind = json_kind(container);
	struct json_iter it = {.members = kind == JSON_OBJECT};

	it.value = container;
	if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
		it.at = container.node + 1;
		it.end = json_node(container)->next;
	}
	return it;
}
static inline bool json_next(struct json_iter *it)
{
	if (it->at >= it->end)
		return false;
	it->value.node = it->at + (it->members ? 1 : 0);
	if (it->members)
		it->name = (struct json_value){it->value.doc, it->at};
	it->at = it->value.doc->nodes[it->at].next;
	return true;
}

/* Elements or members. */
uint32_t json_count(struct json_value container);
uint16_t json_name_hash(struct cf_str decoded);
/* The member of that (decoded) name; absent where there is none or no object. */
struct json_value json_member(struct json_value object, struct cf_str name);
/* Several in one walk: ret[i] is that of wanted[i]. */
struct json_wanted {
	struct cf_str name; /* decoded */
	uint16_t hash;      /* json_name_hash */
};
void json_members(struct json_value object, const struct json_wanted *wanted, size_t count,
		  struct json_value *ret);
struct json_value json_element(struct json_value array, uint32_t index);
bool json_escaped_is(struct json_value name, struct cf_str decoded);
/* Of names and strings. */
static inline bool json_name_is(struct json_value name, struct cf_str decoded)
{
	return json_node(name)->flags & JSON_ESCAPED ? json_escaped_is(name, decoded)
						     : str_equal(json_inner(name), decoded);
}
/* Decodes a string or name; borrows from the text where it has no escapes, else
 * from the arena. An escaped lone surrogate decodes to its three WTF-8 bytes.
 * 0 or NOMEM. */
int json_decode(struct json_value string, struct cf_arena *arena, struct cf_str *ret);

/* --- equality, hashes, numbers ------------------------------------------- */

bool json_equal(struct json_value a, struct json_value b);
/* Equal values have equal hashes. Absent hashes too, to something else. */
struct hash128 json_hash128(struct json_value v);
uint64_t json_hash64(struct json_value v);

/* Exact decimal arithmetic on spans of JSON numbers of any length. */
int json_number_compare(struct cf_str a, struct cf_str b);
bool json_number_is_integer(struct cf_str number);
/* Whether a is an integer multiple of b > 0. Numbers whose exponents differ by
 * more than 10,000 answer LIMIT. */
int json_number_is_multiple(struct cf_str a, struct cf_str b, bool *ret);
/* True, and the value, where it is an integer that fits. */
bool json_number_int64(struct cf_str number, int64_t *ret);

/* --- JSON Pointer (RFC 6901) --------------------------------------------- */

/* Absent where there is no such value, or the pointer is not one. */
struct json_value json_pointer_get(struct json_value root, struct cf_str pointer);
/* Appends "/token", with ~ and / escaped. */
int json_pointer_push(struct cf_buf *pointer, struct cf_str decoded_token);
int json_pointer_push_index(struct cf_buf *pointer, size_t index);
/* The pointer of a node, as text; 0 or NOMEM. */
int json_pointer_of(struct json_value v, struct cf_buf *ret);

/* --- writing ------------------------------------------------------------- */

/* As it stands in the text, byte for byte. */
int json_write(struct json_value v, struct cf_buf *out);
/* Without white space between tokens; all else byte for byte. */
int json_write_compact(struct json_value v, struct cf_buf *out);
/* A JSON string with its quotes, of decoded bytes (valid UTF-8, or WTF-8 whose
 * surrogates become \uXXXX). Escapes only what RFC 8259 demands. */
int json_write_string(struct cf_str decoded, struct cf_buf *out);
/* Bytes between quotes, without them. */
int json_write_string_inner(struct cf_str decoded, struct cf_buf *out);

/* --- files: JSON or YAML into the same values ---------------------------- */

/* A catalog's file. YAML 1.2 core schema: `no` and `on` are strings; duplicate
 * keys, non-string keys, tags, values JSON cannot hold (.nan, .inf) and more
 * than LIMIT_YAML_NODES values after aliases are expanded are errors with file
 * and line. Chosen by the ending: .json is JSON, .yaml and .yml are YAML. */
struct json_file {
	struct json_doc doc;
	char *path;
	struct cf_buf text;   /* JSON; what `doc` stands on */
	uint32_t *node_lines; /* YAML: the line of each node; JSON: NULL */
	const struct cf_mem *mem;
};

int json_file_load(struct json_file *file, const char *path, const struct cf_mem *mem,
		   struct cf_error *error);
/* The same from bytes at hand; `path` names them in errors and chooses the syntax. */
int json_file_read(struct json_file *file, const char *path, struct cf_str bytes,
		   const struct cf_mem *mem, struct cf_error *error);
void json_file_fini(struct json_file *file);
static inline struct json_value json_file_root(const struct json_file *file)
{
	return json_root(&file->doc);
}
/* The line (from 1) where a node of the file begins. */
unsigned json_file_line(const struct json_file *file, uint32_t node);

#endif
