/* A catalog's file: JSON as it stands, or YAML turned into JSON text with the
 * line of each value beside it.
 *
 * YAML is read by its 1.2 core schema. Aliases are expanded where they stand, up
 * to LIMIT_YAML_NODES values in all.
 */
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

struct converter {
	struct json_file *file;
	yaml_document_t *document;
	struct cf_error *error;
	size_t nodes, line_cap;
	unsigned depth;
	int rc;
};

static int fail_at(struct converter *c, size_t line, const char *what)
{
	c->rc = error_set(c->error, CF_ERR_SYNTAX, "%s", what);
	error_at_file(c->error, str_of(c->file->path), (unsigned)line + 1);
	return c->rc;
}

/* Notes the line of the value (or name) that is written next. */
static int note_line(struct converter *c, size_t line)
{
	if (++c->nodes > LIMIT_YAML_NODES) {
		fail_at(c, line, "more values than the limit allows, aliases expanded");
		return c->rc = c->error ? (c->error->code = CF_ERR_LIMIT) : CF_ERR_LIMIT;
	}
	if (c->nodes > c->line_cap) {
		size_t cap = c->line_cap ? c->line_cap * 2 : 256;
		uint32_t *lines =
			mem_resize(c->file->mem, c->file->node_lines, cap * sizeof(*lines));

		if (!lines)
			return c->rc = error_nomem(c->error);
		c->file->node_lines = lines;
		c->line_cap = cap;
	}
	c->file->node_lines[c->nodes - 1] = (uint32_t)line + 1;
	return 0;
}

/* --- plain scalars by the core schema (YAML 1.2, 10.3.2) --------------------------- */

static bool one_of(struct cf_str s, const char *const *words)
{
	for (; *words; words++)
		if (str_equal(s, str_of(*words)))
			return true;
	return false;
}

static size_t span_digits(struct cf_str s, size_t from)
{
	while (from < s.len && s.ptr[from] >= '0' && s.ptr[from] <= '9')
		from++;
	return from;
}

/* [-+]? ( digits ( . digits* )? | . digits ) ( [eE] [-+]? digits )? */
static bool is_number(struct cf_str s, size_t *ret_start)
{
	size_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0, start = i;
	size_t whole = span_digits(s, i), fraction = whole;

	if (whole < s.len && s.ptr[whole] == '.')
		fraction = span_digits(s, whole + 1);
	if (whole == start && fraction <= whole + 1)
		return false;
	i = fraction;
	if (i < s.len && (s.ptr[i] | 0x20) == 'e') {
		size_t sign = i + 1 < s.len && (s.ptr[i + 1] == '-' || s.ptr[i + 1] == '+');
		size_t end = span_digits(s, i + 1 + sign);

		if (end == i + 1 + sign)
			return false;
		i = end;
	}
	*ret_start = start;
	return i == s.len;
}

/* JSON wants no plus, no leading zeros, and digits on both sides of the point. */
static void write_number(struct cf_str s, size_t start, struct cf_buf *out)
{
	size_t i = start;

	if (s.ptr[0] == '-')
		buf_byte(out, '-');
	while (i + 1 < s.len && s.ptr[i] == '0' && s.ptr[i + 1] >= '0' && s.ptr[i + 1] <= '9')
		i++;
	if (s.ptr[i] == '.')
		buf_byte(out, '0');
	for (; i < s.len; i++) {
		bool bare = s.ptr[i] == '.' &&
			    (i + 1 == s.len || s.ptr[i + 1] < '0' || s.ptr[i + 1] > '9');

		if (!bare)
			buf_byte(out, s.ptr[i]);
	}
}

static bool write_based(struct cf_str s, struct cf_buf *out)
{
	unsigned base = s.len > 2 && s.ptr[0] == '0' && s.ptr[1] == 'x'   ? 16
			: s.len > 2 && s.ptr[0] == '0' && s.ptr[1] == 'o' ? 8
									  : 0;
	uint64_t value = 0;

	for (size_t i = 2; base && i < s.len; i++) {
		char c = s.ptr[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
					 ? (unsigned)((c | 0x20) - 'a') + 10
					 : 99;

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	return base && buf_printf(out, "%llu", (unsigned long long)value) == 0;
}

static int write_plain(struct converter *c, struct cf_str s, size_t line)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const beyond[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
					     ".INF",  "-.inf", "-.Inf", "-.INF", "+.inf",
					     "+.Inf", "+.INF", NULL};
	struct cf_buf *out = &c->file->text;
	size_t start;

	if (one_of(s, nulls))
		return buf_str(out, STR("null"));
	if (one_of(s, trues))
		return buf_str(out, STR("true"));
	if (one_of(s, falses))
		return buf_str(out, STR("false"));
	if (one_of(s, beyond))
		return fail_at(c, line, "JSON cannot hold this number");
	if (write_based(s, out))
		return 0;
	if (is_number(s, &start)) {
		write_number(s, start, out);
		return 0;
	}
	return json_write_string(s, out);
}

/* --- nodes ----------------------------------------------------------------------------- */

static bool tag_is(const yaml_node_t *node, const char *tag)
{
	return node->tag && strcmp((const char *)node->tag, tag) == 0;
}

static int write_scalar(struct converter *c, const yaml_node_t *node)
{
	struct cf_str s = {(const char *)node->data.scalar.value, node->data.scalar.length};
	bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (note_line(c, node->start_mark.line))
		return c->rc;
	if (memchr(s.ptr, '\0', s.len))
		return fail_at(c, node->start_mark.line, "a NUL stands in a text");
	/* libyaml gives untagged scalars the tag of strings. */
	if (!tag_is(node, YAML_STR_TAG))
		return fail_at(c, node->start_mark.line, "tags are not understood here");
	return plain ? write_plain(c, s, node->start_mark.line)
		     : json_write_string(s, &c->file->text);
}

static int write_node(struct converter *c, int index);

static int check_key(struct converter *c, const yaml_node_t *map, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);

	if (key->type != YAML_SCALAR_NODE)
		return fail_at(c, key->start_mark.line, "a member name must be a text");
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < pair; p++) {
		const yaml_node_t *other = yaml_document_get_node(c->document, p->key);

		if (other->type == YAML_SCALAR_NODE &&
		    other->data.scalar.length == key->data.scalar.length &&
		    memcmp(other->data.scalar.value, key->data.scalar.value,
			   key->data.scalar.length) == 0) {
			int rc = fail_at(c, key->start_mark.line, "a member name stands twice");

			return error_prefix(c->error, rc, "%.*s", (int)key->data.scalar.length,
					    key->data.scalar.value);
		}
	}
	return 0;
}

static int write_mapping(struct converter *c, const yaml_node_t *node)
{
	if (!tag_is(node, YAML_MAP_TAG))
		return fail_at(c, node->start_mark.line, "tags are not understood here");
	buf_byte(&c->file->text, '{');
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     c->rc == 0 && pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);

		if (check_key(c, node, pair) || note_line(c, key->start_mark.line))
			return c->rc;
		if (pair > node->data.mapping.pairs.start)
			buf_byte(&c->file->text, ',');
		json_write_string((struct cf_str){(const char *)key->data.scalar.value,
						  key->data.scalar.length},
				  &c->file->text);
		buf_byte(&c->file->text, ':');
		write_node(c, pair->value);
	}
	return buf_byte(&c->file->text, '}');
}

static int write_sequence(struct converter *c, const yaml_node_t *node)
{
	if (!tag_is(node, YAML_SEQ_TAG))
		return fail_at(c, node->start_mark.line, "tags are not understood here");
	buf_byte(&c->file->text, '[');
	for (yaml_node_item_t *item = node->data.sequence.items.start;
	     c->rc == 0 && item < node->data.sequence.items.top; item++) {
		if (item > node->data.sequence.items.start)
			buf_byte(&c->file->text, ',');
		write_node(c, *item);
	}
	return buf_byte(&c->file->text, ']');
}

static int write_node(struct converter *c, int index)
{
	const yaml_node_t *node = yaml_document_get_node(c->document, index);

	if (c->rc)
		return c->rc;
	if (node->type == YAML_SCALAR_NODE)
		return write_scalar(c, node);
	if (++c->depth > LIMIT_JSON_DEPTH)
		return fail_at(c, node->start_mark.line, "nested too deeply");
	if (note_line(c, node->start_mark.line) == 0) {
		if (node->type == YAML_MAPPING_NODE)
			write_mapping(c, node);
		else
			write_sequence(c, node);
	}
	c->depth--;
	return c->rc;
}

/* --- documents --------------------------------------------------------------------------- */

static int fail_parse(struct converter *c, const yaml_parser_t *parser)
{
	size_t line = parser->problem_mark.line;

	if (parser->error == YAML_MEMORY_ERROR)
		return error_nomem(c->error);
	return fail_at(c, line, parser->problem ? parser->problem : "not YAML");
}

/* libyaml follows aliases to nodes of its document; a cycle would never end. The
 * limit of depth stops it. */
static int convert_yaml(struct json_file *file, struct cf_str bytes, struct cf_error *error)
{
	struct converter c = {.file = file, .error = error};
	yaml_document_t document, second;
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return error_nomem(error);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.ptr, bytes.len);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	if (!yaml_parser_load(&parser, &document)) {
		c.rc = fail_parse(&c, &parser);
		yaml_parser_delete(&parser);
		return c.rc;
	}
	c.document = &document;
	if (!yaml_document_get_root_node(&document)) {
		fail_at(&c, 0, "the file is empty");
	} else {
		write_node(&c, 1);
		if (c.rc == 0 && !yaml_parser_load(&parser, &second)) {
			c.rc = fail_parse(&c, &parser);
		} else if (c.rc == 0) {
			if (yaml_document_get_root_node(&second))
				fail_at(&c, second.start_mark.line, "one document is expected");
			yaml_document_delete(&second);
		}
	}
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	if (c.rc == 0 && file->text.failed)
		c.rc = error_nomem(error);
	return c.rc;
}

static bool is_yaml(const char *path)
{
	size_t len = strlen(path);

	return (len > 5 && strcmp(path + len - 5, ".yaml") == 0) ||
	       (len > 4 && strcmp(path + len - 4, ".yml") == 0);
}

int json_file_read(struct json_file *file, const char *path, struct cf_str bytes,
		   const struct cf_mem *mem, struct cf_error *error)
{
	size_t path_len = strlen(path);
	int rc;

	*file = (struct json_file){.mem = mem};
	json_doc_init(&file->doc, mem);
	buf_init(&file->text, mem);
	file->path = mem_alloc(mem, path_len + 1);
	if (!file->path)
		return error_nomem(error);
	memcpy(file->path, path, path_len + 1);
	if (is_yaml(path)) {
		rc = convert_yaml(file, bytes, error);
	} else {
		rc = buf_str(&file->text, bytes) ? error_nomem(error) : 0;
	}
	if (rc == 0) {
		rc = json_read(&file->doc, file->text.ptr ? file->text.ptr : "", file->text.len,
			       JSON_READ_DOCUMENT, error);
		if (rc && error)
			error_at_file(error, str_of(path), error->line);
	}
	if (rc)
		json_file_fini(file);
	return rc;
}

static int read_bytes(const char *path, struct cf_buf *out, struct cf_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		rc = error_set(error, fd < 0 && errno == ENOENT ? CF_ERR_NOT_FOUND : CF_ERR_IO,
			       "cannot be read: %s",
			       fd < 0 ? strerrordesc_np(errno) : "it is a folder");
		error_at_file(error, str_of(path), 0);
	}
	while (rc == 0) {
		ssize_t got;

		if (out->len > LIMIT_FILE_BYTES) {
			rc = error_set(error, CF_ERR_LIMIT, "more than %zu bytes",
				       LIMIT_FILE_BYTES);
			error_at_file(error, str_of(path), 0);
			break;
		}
		if (buf_reserve(out, 65536)) {
			rc = error_nomem(error);
			break;
		}
		got = read(fd, out->ptr + out->len, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = error_set(error, CF_ERR_IO, "cannot be read: %s",
				       strerrordesc_np(errno));
			error_at_file(error, str_of(path), 0);
		}
		if (got <= 0)
			break;
		out->len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int json_file_load(struct json_file *file, const char *path, const struct cf_mem *mem,
		   struct cf_error *error)
{
	struct cf_buf bytes;
	int rc;

	*file = (struct json_file){.mem = mem};
	buf_init(&bytes, mem);
	rc = read_bytes(path, &bytes, error);
	if (rc == 0)
		rc = json_file_read(file, path, buf_view(&bytes), mem, error);
	buf_fini(&bytes);
	return rc;
}

void json_file_fini(struct json_file *file)
{
	json_doc_fini(&file->doc);
	mem_free(file->mem, file->path);
	mem_free(file->mem, file->node_lines);
	buf_fini(&file->text);
	*file = (struct json_file){.mem = file->mem};
	json_doc_init(&file->doc, file->mem);
	buf_init(&file->text, file->mem);
}

unsigned json_file_line(const struct json_file *file, uint32_t node)
{
	unsigned line = 1;
	uint32_t start;

	if (node >= file->doc.count)
		return 0;
	if (file->node_lines)
		return file->node_lines[node];
	start = file->doc.nodes[node].start;
	for (uint32_t i = 0; i < start; i++)
		line += file->text.ptr[i] == '\n';
	return line;
}
