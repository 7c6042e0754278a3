/* Reading along the runs of known shapes: the bytes between scalars are compared, the
 * scalars are read as ever, and the tape is that of the ordinary reader to the last
 * bit. What is of no known shape, or wrong in any way, is left to that reader, which
 * finds the words for it.
 */
#include "json/read.h"
#include "json/scan.h"
#include "json/shape.h"

enum {
	MISSES_ROW_MAX = 32, /* then only each so many are tried: */
	TRY_EACH = 16,
};

/* Where reading stands. */
struct guess {
	const uint8_t *begin, *p, *end;
	struct json_node *node; /* the next one */
	uint32_t index, cap;
};

/* The first of these runs that stands here; NULL: none. */
static inline __attribute__((always_inline)) const struct shape_run *
find_run(const struct guess *g, const struct shape_run *run, bool vector)
{
	for (; run; run = run->other) {
		bool same = vector ? scan_matches_vector(g->p, g->end, run->text, run->len)
				   : scan_matches_portable(g->p, g->end, run->text, run->len);

		if (same && (!run->shape || (size_t)(g->end - g->p) == run->len))
			return run;
	}
	return NULL;
}

static inline __attribute__((always_inline)) void take_run(struct guess *g, struct json_node *nodes,
							   const struct shape_run *run)
{
	uint32_t at = (uint32_t)(g->p - g->begin);

	for (uint32_t i = 0; i < run->node_count; i++) {
		g->node[i] = run->nodes[i];
		g->node[i].start += at;
		g->node[i].end += at;
	}
	g->node += run->node_count;
	g->index += run->node_count;
	for (uint32_t i = 0; i < run->close_count; i++)
		nodes[run->closes[i].node].end = at + run->closes[i].end;
	g->p += run->len;
}

static inline const uint8_t *digits_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *start = p;

	while (p < end && (uint8_t)(*p - '0') < 10)
		p++;
	return p < end && (*p == '.' || (*p | 0x20) == 'e') ? token_number(start, end) : p;
}

static inline bool goes_on(const uint8_t *p, const uint8_t *end, const char *word, size_t len)
{
	return (size_t)(end - p) >= len && memcmp(p, word, len) == 0;
}

static inline __attribute__((always_inline)) bool take_scalar(struct guess *g, bool vector)
{
	const uint8_t *p = g->p, *end = g->end;
	uint8_t kind = JSON_NUMBER, flags = 0;

	if (p == end)
		return false;
	if (*p == '"') {
		kind = JSON_STRING;
		p = vector ? scan_plain_vector(g->begin, p + 1, end)
			   : scan_plain_portable(g->begin, p + 1, end);
		p = p < end && *p == '"' ? p + 1 : token_string(g->begin, p, end, &flags, vector);
	} else if (*p == 't' && goes_on(p, end, "true", 4)) {
		kind = JSON_TRUE;
		p += 4;
	} else if (*p == 'f' && goes_on(p, end, "false", 5)) {
		kind = JSON_FALSE;
		p += 5;
	} else if (*p == 'n' && goes_on(p, end, "null", 4)) {
		kind = JSON_NULL;
		p += 4;
	} else if ((uint8_t)(*p - '1') < 9) {
		p = digits_end(p, end);
	} else if (*p == '0' || *p == '-') {
		p = token_number(p, end);
	} else {
		return false;
	}
	if (!p)
		return false;
	*g->node++ = (struct json_node){
		.start = (uint32_t)(g->p - g->begin),
		.end = (uint32_t)(p - g->begin),
		.next = ++g->index,
		.kind = kind,
		.flags = flags,
	};
	g->p = p;
	return true;
}

static void finish(struct json_doc *doc, struct json_shape *shape)
{
	for (uint32_t i = 0; i < shape->late_count; i++) {
		struct json_node *node = &doc->nodes[shape->late[i].node];

		node->next = shape->late[i].next;
		node->flags = shape->late[i].flags;
	}
	doc->count = shape->count;
	doc->shape = shape;
	doc->shapes->misses_row = 0;
}

static inline __attribute__((always_inline)) bool read_along(struct json_doc *doc, bool vector)
{
	const uint8_t *text = (const uint8_t *)doc->text;
	struct guess g = {.begin = text, .p = text, .end = text + doc->text_len, .cap = doc->cap};
	const struct shape_run *run = doc->shapes->first;

	g.node = doc->nodes;
	for (;;) {
		run = find_run(&g, run, vector);
		/* A small tape grows in the ordinary reader. */
		if (!run || g.cap - g.index <= run->node_count)
			return false;
		take_run(&g, doc->nodes, run);
		if (run->shape)
			break;
		if (!take_scalar(&g, vector))
			return false;
		run = run->then;
	}
	finish(doc, run->shape);
	return true;
}

static bool read_vector(struct json_doc *doc)
{
	return read_along(doc, true);
}

static bool read_portable(struct json_doc *doc)
{
	return read_along(doc, false);
}

bool shapes_read(struct json_doc *doc, bool vector)
{
	struct json_shapes *shapes = doc->shapes;

	if (shapes->misses_row >= MISSES_ROW_MAX && ++shapes->misses_row % TRY_EACH != 0)
		return false;
	if (vector ? read_vector(doc) : read_portable(doc))
		return true;
	shapes->misses_row++;
	return false;
}
