/* Remembering shapes: the tape of a document that was read becomes a path of runs.
 *
 * Only texts that were read with names checked are remembered. What does not repeat
 * is forgotten now and then; the first text of a tape is never remembered, since most
 * tapes read one.
 */
#include "json/shape.h"

#include "json/scan.h"

enum {
	READS_BEFORE = 1,     /* so many texts are read before anything is remembered */
	MISSES_FORGET = 1024, /* after so many of unknown shapes all is forgotten */
};

struct json_shape *json_shape_keep(struct json_shape *shape)
{
	atomic_fetch_add_explicit(&shape->keepers, 1, memory_order_relaxed);
	return shape;
}

void json_shape_drop(struct json_shape *shape)
{
	if (shape && atomic_fetch_sub_explicit(&shape->keepers, 1, memory_order_acq_rel) == 1)
		mem_free(shape->mem, shape);
}

/* The tree is as deep as a document has scalars, so this does not call itself: what
 * hangs below a run goes to the front of the list. */
static void forget(struct json_shapes *shapes)
{
	struct shape_run *run = shapes->first;

	while (run) {
		struct shape_run *next = run->other;

		if (run->then) {
			struct shape_run *last = run->then;

			while (last->other)
				last = last->other;
			last->other = next;
			next = run->then;
		}
		json_shape_drop(run->shape);
		mem_free(shapes->mem, run);
		run = next;
	}
	*shapes = (struct json_shapes){.mem = shapes->mem};
}

struct json_shapes *json_shapes_new(const struct cf_mem *mem)
{
	struct json_shapes *shapes = mem_calloc(mem, 1, sizeof(*shapes));

	if (shapes)
		shapes->mem = mem;
	return shapes;
}

struct json_shapes *json_shapes_free(struct json_shapes *shapes)
{
	if (shapes) {
		forget(shapes);
		mem_free(shapes->mem, shapes);
	}
	return NULL;
}

void json_doc_share(struct json_doc *doc, struct json_shapes *shapes)
{
	if (!doc->shares)
		json_shapes_free(doc->shapes);
	doc->shapes = shapes;
	doc->shares = true;
}

/* --- runs --------------------------------------------------------------------------- */

/* Where learning stands in the tape: the nodes from `node` on, the text from `start`. */
struct learner {
	struct json_shapes *shapes;
	const struct json_doc *doc;
	uint32_t node, start;
	uint32_t depth;
	uint32_t open[LIMIT_JSON_DEPTH]; /* containers that have not ended */
};

static bool is_scalar(const struct json_node *node)
{
	return node->kind < JSON_ARRAY;
}

/* The run from where the learner stands: up to the next scalar, or the text's end. */
static void measure(const struct learner *l, struct shape_run *ret)
{
	const struct json_doc *doc = l->doc;
	uint32_t node = l->node;

	while (node < doc->count && !is_scalar(&doc->nodes[node]))
		node++;
	*ret = (struct shape_run){
		.text = (const uint8_t *)doc->text + l->start,
		.len = (node < doc->count ? doc->nodes[node].start : (uint32_t)doc->text_len) -
		       l->start,
		.node_count = node - l->node,
	};
}

static void close_before(struct learner *l, uint32_t node, struct shape_run *run,
			 struct shape_close *closes)
{
	while (l->depth && l->doc->nodes[l->open[l->depth - 1]].next <= node) {
		uint32_t container = l->open[--l->depth];

		if (closes)
			closes[run->close_count] = (struct shape_close){
				container, l->doc->nodes[container].end - l->start};
		run->close_count++;
	}
}

/* Steps over the run; fills what it has room for. */
static void walk(struct learner *l, struct shape_run *run, struct json_node *nodes,
		 struct shape_close *closes)
{
	const struct json_doc *doc = l->doc;
	uint32_t end = l->node + run->node_count;

	run->close_count = 0;
	for (uint32_t i = l->node; i < end; i++) {
		const struct json_node *node = &doc->nodes[i];

		close_before(l, i, run, closes);
		if (nodes) {
			nodes[i - l->node] = *node;
			nodes[i - l->node].start -= l->start;
			nodes[i - l->node].end -= node->kind == JSON_KEY ? l->start : node->end;
		}
		if (node->kind != JSON_KEY)
			l->open[l->depth++] = i;
	}
	close_before(l, end, run, closes);
	l->node = end;
	l->start += run->len;
	if (end < doc->count) {
		l->start = doc->nodes[end].end;
		l->node++;
	}
}

/* One piece of memory: the run, its nodes, its closes, its text. */
static struct shape_run *new_run(struct learner *l, const struct shape_run *like)
{
	struct learner ahead = *l;
	struct shape_run counted = *like, *run;
	struct json_node *nodes;
	struct shape_close *closes;
	uint8_t *text;
	size_t size;

	walk(&ahead, &counted, NULL, NULL);
	size = sizeof(*run) + counted.node_count * sizeof(*nodes) +
	       counted.close_count * sizeof(*closes) + counted.len + SCAN_CHUNK;
	if (l->shapes->bytes + size > LIMIT_SHAPES_BYTES)
		return NULL;
	run = mem_calloc(l->shapes->mem, 1, size);
	if (!run)
		return NULL;
	l->shapes->bytes += size;
	*run = counted;
	nodes = (struct json_node *)(run + 1);
	closes = (struct shape_close *)(nodes + run->node_count);
	text = (uint8_t *)(closes + run->close_count);
	memcpy(text, like->text, like->len);
	run->nodes = nodes;
	run->closes = closes;
	run->text = text;
	walk(l, run, nodes, closes);
	return run;
}

/* The run of these that is the learner's next one; NULL: none. *ret_at is where it would
 * stand. Longer ones first: where one begins like another, it is tried before it. */
static struct shape_run *find_run(const struct learner *l, struct shape_run **at, bool ends,
				  struct shape_run ***ret_at)
{
	struct shape_run like;

	measure(l, &like);
	for (; *at && (*at)->len >= like.len; at = &(*at)->other)
		if ((*at)->len == like.len && memcmp((*at)->text, like.text, like.len) == 0 &&
		    ((*at)->shape != NULL) == ends)
			break;
	*ret_at = at;
	return *at && (*at)->len >= like.len ? *at : NULL;
}

static struct shape_run *add_run(struct learner *l, struct shape_run **at)
{
	struct shape_run like, *run;

	measure(l, &like);
	run = new_run(l, &like);
	if (run) {
		run->other = *at;
		*at = run;
	}
	return run;
}

/* Steps over a run that is known. */
static void step_over(struct learner *l)
{
	struct shape_run like;

	measure(l, &like);
	walk(l, &like, NULL, NULL);
}

/* --- shapes ------------------------------------------------------------------------- */

static bool is_late(const struct json_doc *doc, uint32_t i)
{
	return !is_scalar(&doc->nodes[i]) &&
	       (doc->nodes[i].kind != JSON_KEY || !is_scalar(&doc->nodes[i + 1]));
}

static struct json_shape *new_shape(struct json_shapes *shapes, const struct json_doc *doc)
{
	struct json_shape *shape;
	uint32_t late = 0;
	size_t size;

	for (uint32_t i = 0; i < doc->count; i++)
		late += is_late(doc, i);
	size = sizeof(*shape) + late * sizeof(shape->late[0]);
	if (shapes->bytes + size > LIMIT_SHAPES_BYTES)
		return NULL;
	shape = mem_alloc(shapes->mem, size);
	if (!shape)
		return NULL;
	atomic_init(&shape->keepers, 1);
	shape->mem = shapes->mem;
	shape->count = doc->count;
	shape->late_count = 0;
	for (uint32_t i = 0; i < doc->count; i++)
		if (is_late(doc, i))
			shape->late[shape->late_count++] =
				(struct shape_late){i, doc->nodes[i].next, doc->nodes[i].flags};
	shapes->bytes += size;
	shapes->shape_count++;
	return shape;
}

/* The last run of a path has the shape, which is made before it: a run without one would
 * seem to go on. */
static struct json_shape *learn_last(struct learner *l, struct shape_run **at)
{
	struct shape_run *run = find_run(l, at, true, &at);
	struct json_shape *shape;

	if (run)
		return run->shape;
	shape = new_shape(l->shapes, l->doc);
	run = shape ? add_run(l, at) : NULL;
	if (!run) {
		json_shape_drop(shape);
		return NULL;
	}
	run->shape = shape;
	return shape;
}

static struct json_shape *learn(struct json_shapes *shapes, const struct json_doc *doc)
{
	struct learner l = {.shapes = shapes, .doc = doc};
	struct shape_run **at = &shapes->first, *run, like;

	for (;;) {
		measure(&l, &like);
		if (l.node + like.node_count == doc->count)
			return learn_last(&l, at);
		run = find_run(&l, at, false, &at);
		if (run)
			step_over(&l);
		else
			run = add_run(&l, at);
		if (!run)
			return NULL;
		at = &run->then;
	}
}

void shapes_learn(struct json_doc *doc)
{
	struct json_shapes *shapes = doc->shapes;

	if (doc->count > LIMIT_SHAPE_NODES || is_scalar(&doc->nodes[0]))
		return;
	if (!shapes) {
		if (doc->reads++ < READS_BEFORE)
			return;
		shapes = doc->shapes = json_shapes_new(doc->mem);
		if (!shapes)
			return;
	}
	if (shapes->misses++ >= MISSES_FORGET)
		forget(shapes);
	if (shapes->shape_count >= LIMIT_SHAPES)
		return;
	doc->shape = learn(shapes, doc);
	if (!doc->shape)
		shapes->shape_count = LIMIT_SHAPES;
}
