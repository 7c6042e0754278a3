/* YAML turned into JSON text, with the line of each value beside it.
 *
 * YAML is read by its 1.2 core schema, event by event: what is too deep, too much, or
 * not for us is noticed where it begins. Aliases are expanded where they stand, by copying
 * what was written for the anchor: up to LIMIT_YAML_NODES values and LIMIT_DOCUMENT_BYTES
 * of text in all. Tags: `!!str`, `!!map`, `!!seq`, and `!`, which makes a text of a scalar
 * (YAML 1.2.2, 6.9.1); any other is an error that names it. */
#include "json/yaml.h"
#include "json/yaml_scalar.h"

#include <yaml.h>

struct anchor {
	struct cf_str name;
	struct cf_str scalar; /* its words; ptr NULL: a collection */
	bool plain;
	bool open;         /* a collection that has not ended yet */
	size_t start, end; /* of a collection's text */
	size_t first_node, node_count;
	unsigned height;
};
struct anchors {
	struct anchor *list;
	uint32_t *slots; /* 1 + index into list; 0: free */
	size_t count, cap, slot_count;
};

/* A collection that is open. */
struct frame {
	bool map, wants_value;
	size_t count;
	size_t anchor; /* 1 + its index; 0: none */
	unsigned height;
};

struct converter {
	struct json_file *file;
	struct cf_error *error;
	struct cf_str bytes;
	yaml_parser_t parser;
	struct anchors anchors;
	struct cf_arena arena; /* names and words of anchors */
	struct frame frames[LIMIT_JSON_DEPTH];
	unsigned depth;
	size_t nodes, line_cap;
	int rc;
};

static int fail(struct converter *c, int code, const yaml_mark_t *mark, const char *what)
{
	c->rc = error_set(c->error, code, "%s", what);
	error_at_file(c->error, str_of(c->file->path), (unsigned)mark->line + 1);
	if (c->error)
		c->error->column = (unsigned)mark->column + 1;
	return c->rc;
}

static int wrong(struct converter *c, const yaml_mark_t *mark, const char *what)
{
	return fail(c, CF_ERR_SYNTAX, mark, what);
}

/* --- what is written --------------------------------------------------------------------- */

static int reserve_lines(struct converter *c, size_t more, const yaml_mark_t *mark)
{
	size_t cap = c->line_cap ? c->line_cap : 256;
	uint32_t *lines;

	if (c->nodes + more > LIMIT_YAML_NODES)
		return fail(c, CF_ERR_LIMIT, mark,
			    "more values than the limit allows, aliases expanded");
	if (c->nodes + more <= c->line_cap)
		return 0;
	while (cap < c->nodes + more)
		cap *= 2;
	lines = mem_resize(c->file->mem, c->file->node_lines, cap * sizeof(*lines));
	if (!lines)
		return c->rc = error_nomem(c->error);
	c->file->node_lines = lines;
	c->line_cap = cap;
	return 0;
}

/* Notes the line of the value (or name) that is written next. */
static int note_line(struct converter *c, const yaml_mark_t *mark)
{
	if (reserve_lines(c, 1, mark))
		return c->rc;
	c->file->node_lines[c->nodes++] = (uint32_t)mark->line + 1;
	return 0;
}

static int check_text(struct converter *c, size_t more, const yaml_mark_t *mark)
{
	if (c->file->text.failed)
		return c->rc = error_nomem(c->error);
	if (c->file->text.len + more > LIMIT_DOCUMENT_BYTES)
		return fail(c, CF_ERR_LIMIT, mark,
			    "more text than the limit allows, aliases expanded");
	return 0;
}

/* --- anchors ----------------------------------------------------------------------------- */

static uint32_t *anchor_slot(const struct anchors *anchors, struct cf_str name)
{
	size_t i = hash64(name, 0) & (anchors->slot_count - 1);

	while (anchors->slots[i] && !str_equal(anchors->list[anchors->slots[i] - 1].name, name))
		i = (i + 1) & (anchors->slot_count - 1);
	return &anchors->slots[i];
}

static int grow_anchors(struct converter *c)
{
	struct anchors *anchors = &c->anchors;
	size_t cap = anchors->cap ? anchors->cap * 2 : 16;
	struct anchor *list = mem_resize(c->file->mem, anchors->list, cap * sizeof(*list));
	uint32_t *slots = list ? mem_calloc(c->file->mem, cap * 2, sizeof(*slots)) : NULL;

	if (list)
		anchors->list = list;
	if (!slots)
		return c->rc = error_nomem(c->error);
	mem_free(c->file->mem, anchors->slots);
	anchors->slots = slots;
	anchors->slot_count = cap * 2;
	anchors->cap = cap;
	for (size_t i = 0; i < anchors->count; i++)
		*anchor_slot(anchors, list[i].name) = (uint32_t)i + 1;
	return 0;
}

/* A name that comes again means the newer one from here on. */
static struct anchor *add_anchor(struct converter *c, const yaml_char_t *name)
{
	struct anchors *anchors = &c->anchors;
	struct anchor *anchor;

	if (anchors->count == anchors->cap && grow_anchors(c))
		return NULL;
	anchor = &anchors->list[anchors->count];
	*anchor = (struct anchor){.name = arena_dup(&c->arena, str_of((const char *)name))};
	if (!anchor->name.ptr) {
		c->rc = error_nomem(c->error);
		return NULL;
	}
	*anchor_slot(anchors, anchor->name) = (uint32_t)++anchors->count;
	return anchor;
}

static const struct anchor *find_anchor(struct converter *c, const yaml_event_t *event)
{
	struct cf_str name = str_of((const char *)event->data.alias.anchor);
	uint32_t slot = c->anchors.count ? *anchor_slot(&c->anchors, name) : 0;
	const struct anchor *anchor = slot ? &c->anchors.list[slot - 1] : NULL;

	if (!anchor)
		wrong(c, &event->start_mark, "this alias has no anchor before it");
	else if (anchor->open)
		wrong(c, &event->start_mark, "this alias stands within what it names");
	return c->rc ? NULL : anchor;
}

/* --- tags -------------------------------------------------------------------------------- */

static int wrong_tag(struct converter *c, const yaml_event_t *event, const char *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	bool known = strncmp(tag, prefix, sizeof(prefix) - 1) == 0;
	char words[160];

	(void)snprintf(words, sizeof(words), "the tag %s%.100s is not understood here",
		       known ? "!!" : "", known ? tag + sizeof(prefix) - 1 : tag);
	return wrong(c, &event->start_mark, words);
}

/* Whether the core schema looks what a scalar's words mean. */
static bool is_plain(struct converter *c, const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;

	if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0)
		wrong_tag(c, event, tag);
	return !tag && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* --- events ------------------------------------------------------------------------------ */

static struct frame *top(struct converter *c)
{
	return c->depth ? &c->frames[c->depth - 1] : NULL;
}

/* What stands before a value, or before a member's name (*ret_name). */
static int begin_node(struct converter *c, const yaml_mark_t *mark, bool *ret_name)
{
	struct frame *frame = top(c);

	*ret_name = frame && frame->map && !frame->wants_value;
	if (frame && (*ret_name || !frame->map) && frame->count++ > 0)
		(void)buf_byte(&c->file->text, ',');
	return note_line(c, mark);
}

static void end_node(struct converter *c, bool is_name)
{
	struct frame *frame = top(c);

	if (is_name)
		(void)buf_byte(&c->file->text, ':');
	if (frame && frame->map)
		frame->wants_value = is_name;
}

static int write_scalar(struct converter *c, struct cf_str words, bool plain,
			const yaml_mark_t *mark)
{
	bool is_name;

	if (begin_node(c, mark, &is_name) || check_text(c, words.len, mark))
		return c->rc;
	if (memchr(words.ptr, '\0', words.len))
		return wrong(c, mark, "a NUL stands in a text");
	if (!plain || is_name)
		(void)json_write_string(words, &c->file->text);
	else if (!yaml_write_plain(words, &c->file->text))
		return wrong(c, mark, "JSON cannot hold this number");
	end_node(c, is_name);
	return 0;
}

static int take_scalar(struct converter *c, const yaml_event_t *event)
{
	struct cf_str words = {(const char *)event->data.scalar.value, event->data.scalar.length};
	bool plain = is_plain(c, event);
	struct anchor *anchor;

	if (c->rc || write_scalar(c, words, plain, &event->start_mark))
		return c->rc;
	if (!event->data.scalar.anchor)
		return 0;
	anchor = add_anchor(c, event->data.scalar.anchor);
	if (!anchor)
		return c->rc;
	anchor->plain = plain;
	anchor->scalar = arena_dup(&c->arena, words);
	return anchor->scalar.ptr ? 0 : (c->rc = error_nomem(c->error));
}

static int take_alias(struct converter *c, const yaml_event_t *event)
{
	const struct anchor *anchor = find_anchor(c, event);
	struct cf_buf *text = &c->file->text;
	const yaml_mark_t *mark = &event->start_mark;
	struct frame *frame = top(c);
	size_t nodes = c->nodes;
	bool is_name;

	if (!anchor)
		return c->rc;
	if (anchor->scalar.ptr)
		return write_scalar(c, anchor->scalar, anchor->plain, mark);
	if (begin_node(c, mark, &is_name))
		return c->rc;
	if (is_name)
		return wrong(c, mark, "a member name must be a text");
	if (c->depth + anchor->height > LIMIT_JSON_DEPTH)
		return wrong(c, mark, "nested too deeply");
	c->nodes = nodes;
	if (reserve_lines(c, anchor->node_count, mark) ||
	    check_text(c, anchor->end - anchor->start, mark))
		return c->rc;
	if (buf_reserve(text, anchor->end - anchor->start))
		return c->rc = error_nomem(c->error);
	(void)buf_append(text, text->ptr + anchor->start, anchor->end - anchor->start);
	memcpy(c->file->node_lines + nodes, c->file->node_lines + anchor->first_node,
	       anchor->node_count * sizeof(*c->file->node_lines));
	c->nodes += anchor->node_count;
	if (frame && frame->height < anchor->height)
		frame->height = anchor->height;
	end_node(c, false);
	return 0;
}

static int open_collection(struct converter *c, const yaml_event_t *event, bool map,
			   const yaml_char_t *name)
{
	size_t first_node = c->nodes;
	struct anchor *anchor = NULL;
	bool is_name;

	if (begin_node(c, &event->start_mark, &is_name))
		return c->rc;
	if (is_name)
		return wrong(c, &event->start_mark, "a member name must be a text");
	if (c->depth == LIMIT_JSON_DEPTH)
		return wrong(c, &event->start_mark, "nested too deeply");
	if (name) {
		anchor = add_anchor(c, name);
		if (!anchor)
			return c->rc;
		anchor->open = true;
		anchor->start = c->file->text.len;
		anchor->first_node = first_node;
	}
	c->frames[c->depth++] = (struct frame){.map = map, .anchor = anchor ? c->anchors.count : 0};
	(void)buf_byte(&c->file->text, map ? '{' : '[');
	return check_text(c, 0, &event->start_mark);
}

static void close_collection(struct converter *c)
{
	const struct frame *frame = top(c);
	unsigned height = frame->height + 1;
	struct anchor *anchor = frame->anchor ? &c->anchors.list[frame->anchor - 1] : NULL;

	(void)buf_byte(&c->file->text, frame->map ? '}' : ']');
	if (anchor) {
		anchor->open = false;
		anchor->end = c->file->text.len;
		anchor->node_count = c->nodes - anchor->first_node;
		anchor->height = height;
	}
	c->depth--;
	if (top(c) && top(c)->height < height)
		top(c)->height = height;
	end_node(c, false);
}

static int take_collection(struct converter *c, const yaml_event_t *event)
{
	bool map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag =
		map ? event->data.mapping_start.tag : event->data.sequence_start.tag;

	if (tag && strcmp((const char *)tag, "!") != 0 &&
	    strcmp((const char *)tag, map ? YAML_MAP_TAG : YAML_SEQ_TAG) != 0)
		return wrong_tag(c, event, (const char *)tag);
	return open_collection(c, event, map,
			       map ? event->data.mapping_start.anchor
				   : event->data.sequence_start.anchor);
}

static int empty(struct converter *c)
{
	(void)wrong(c, &(yaml_mark_t){0}, "the file is empty");
	if (c->error)
		c->error->column = 0;
	return c->rc;
}

static int take_event(struct converter *c, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(c, event);
	case YAML_ALIAS_EVENT:
		return take_alias(c, event);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return take_collection(c, event);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		close_collection(c);
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		return c->nodes ? wrong(c, &event->start_mark, "one document is expected") : 0;
	case YAML_STREAM_END_EVENT:
		return c->nodes ? 0 : empty(c);
	default:
		return 0;
	}
}

/* --- what libyaml says, in words of the reader -------------------------------------------- */

static const struct {
	const char *problem, *words;
	bool at_context; /* where what is not closed began */
} words_of[] = {
	{"found a tab character", "a tab cannot indent: use spaces", false},
	{"mapping values are not allowed",
	 "a colon where no name can stand: put a text with \": \" in quotes, or indent the line "
	 "as the others",
	 false},
	{"did not find expected key",
	 "this is no member like those before it: is it indented as they are, and is all before "
	 "it closed?",
	 false},
	{"could not find expected ':'", "a name without its colon", false},
	{"did not find expected node content",
	 "a value is expected here, or a bracket before it is not closed", false},
	{"did not find expected ',' or ']'", "a [ that is not closed, or a comma is missing", true},
	{"did not find expected ',' or '}'", "a { that is not closed, or a comma is missing", true},
	{"did not find expected '-' indicator",
	 "this is no element like those before it: each begins with - in the same column", false},
	{"found unexpected end of stream", "a quote that is not closed", true},
	{"block sequence entries are not allowed", "a - where no element can stand", false},
	{"block mapping keys are not allowed", "a ? where no name can stand", false},
	{"found unknown escape character", "a \\ before a character that needs none", false},
	{"control characters are not allowed", "a control character stands here", false},
	{"invalid leading UTF-8 octet", "not UTF-8", false},
	{"invalid trailing UTF-8 octet", "not UTF-8", false},
	{"incomplete UTF-8 octet sequence", "not UTF-8", false},
	{"did not find expected <document start>",
	 "something stands behind the value: is this line indented as those before it?", false},
};

/* "found character that cannot start any token" says not which. */
static const char *words_of_character(char byte)
{
	switch (byte) {
	case '\t':
		return "a tab cannot indent: use spaces";
	case '@':
		return "a value cannot begin with @: put it in quotes";
	case '`':
		return "a value cannot begin with `: put it in quotes";
	case '%':
		return "a value cannot begin with %: put it in quotes";
	default:
		return "a value cannot begin with this character: put it in quotes";
	}
}

/* The byte at a mark, which counts characters; NUL at the end. */
static char byte_at(const struct converter *c, const yaml_mark_t *mark)
{
	size_t index = 0;

	for (size_t i = 0; i < c->bytes.len; i++)
		if (((unsigned char)c->bytes.ptr[i] & 0xc0) != 0x80 && index++ == mark->index)
			return c->bytes.ptr[i];
	return '\0';
}

/* What is wrong with the bytes as such has no mark of its own. */
static yaml_mark_t mark_of_byte(const struct converter *c, size_t offset)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < c->bytes.len; i++) {
		mark.column++;
		if (c->bytes.ptr[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int fail_parse(struct converter *c)
{
	const yaml_parser_t *p = &c->parser;
	yaml_mark_t mark = p->problem_mark;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return c->rc = error_nomem(c->error);
	if (p->error == YAML_READER_ERROR)
		mark = mark_of_byte(c, p->problem_offset);
	if (strstr(problem, "cannot start any token"))
		return wrong(c, &mark, words_of_character(byte_at(c, &mark)));
	for (size_t i = 0; i < ARRAY_LEN(words_of); i++)
		if (strncmp(problem, words_of[i].problem, strlen(words_of[i].problem)) == 0)
			return wrong(c, words_of[i].at_context ? &p->context_mark : &mark,
				     words_of[i].words);
	return wrong(c, &mark, problem);
}

/* libyaml looks through all %TAG for each: as no tag is understood, there need be none. */
static bool has_tag_directive(struct cf_str bytes, yaml_mark_t *ret)
{
	size_t line = 0, i = 0;

	while (i < bytes.len) {
		const char *end = memchr(bytes.ptr + i, '\n', bytes.len - i);

		if (str_starts_with((struct cf_str){bytes.ptr + i, bytes.len - i}, STR("%TAG"))) {
			*ret = (yaml_mark_t){.line = line};
			return true;
		}
		i = end ? (size_t)(end - bytes.ptr) + 1 : bytes.len;
		line++;
	}
	return false;
}

static int convert(struct converter *c)
{
	yaml_mark_t mark;
	bool ended = false;

	if (has_tag_directive(c->bytes, &mark))
		return wrong(c, &mark, "%TAG is not understood here");
	while (c->rc == 0 && !ended) {
		yaml_event_t event;

		if (!yaml_parser_parse(&c->parser, &event))
			return fail_parse(c);
		(void)take_event(c, &event);
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	if (c->rc == 0 && c->file->text.failed)
		c->rc = error_nomem(c->error);
	return c->rc;
}

int yaml_convert(struct json_file *file, struct cf_str bytes, struct cf_error *error)
{
	struct converter *c = mem_calloc(file->mem, 1, sizeof(*c));
	int rc;

	if (!c)
		return error_nomem(error);
	c->file = file;
	c->error = error;
	c->bytes = bytes;
	arena_init(&c->arena, file->mem);
	if (!yaml_parser_initialize(&c->parser)) {
		rc = error_nomem(error);
	} else {
		yaml_parser_set_input_string(&c->parser, (const unsigned char *)bytes.ptr,
					     bytes.len);
		yaml_parser_set_encoding(&c->parser, YAML_UTF8_ENCODING);
		rc = convert(c);
		yaml_parser_delete(&c->parser);
	}
	mem_free(file->mem, c->anchors.list);
	mem_free(file->mem, c->anchors.slots);
	arena_fini(&c->arena);
	mem_free(file->mem, c);
	return rc;
}
