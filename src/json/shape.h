/* Private to json/: shapes of documents that a tape has read, as a tree of runs.
 *
 * A run is what stands between two scalars: `{"_id":"x","title":` are the runs
 * `{"_id":` and `,"title":`. A document is a path of runs; documents of different
 * shapes share the path as far as they agree. Since all names of a path were read
 * and checked once, a text that has the same bytes there needs no second check of
 * names, of nesting or of commas: only its scalars are new.
 */
#ifndef JSON_SHAPE_H
#define JSON_SHAPE_H

#include "json/json.h"

#include <stdatomic.h>

/* A node's `next` and `flags` that are known only at the end: of containers, and of
 * the names before them. */
struct shape_late {
	uint32_t node, next;
	uint8_t flags;
};

struct json_shape {
	atomic_uint keepers;
	const struct cf_mem *mem;
	uint32_t count; /* nodes */
	uint32_t late_count;
	struct shape_late late[];
};

/* A container that ends in a run: `end` counts from the run's start. */
struct shape_close {
	uint32_t node, end;
};

struct shape_run {
	struct shape_run *other;  /* to try where this one is not what stands there; no longer */
	struct shape_run *then;   /* behind the scalar */
	struct json_shape *shape; /* the document ends with this run; else NULL */
	const uint8_t *text;      /* with room behind it: SCAN_CHUNK */
	uint32_t len;
	uint32_t node_count;           /* names, and containers that begin */
	const struct json_node *nodes; /* start and end count from the run's start */
	const struct shape_close *closes;
	uint32_t close_count;
};

struct json_shapes {
	const struct cf_mem *mem;
	struct shape_run *first;
	uint32_t shape_count; /* LIMIT_SHAPES: nothing more is remembered */
	uint32_t nodes_max;   /* of all shapes */
	size_t bytes;
	uint32_t misses;     /* since the last time that all was forgotten */
	uint32_t misses_row; /* since the last hit */
};

/* Remembers the shape of what was just read, where it seems worth it, and sets
 * doc->shape. Without memory nothing is remembered. */
void shapes_learn(struct json_doc *doc);
/* Reads doc->text along the runs. False: it is of no known shape, or wrong; the doc is
 * as before but for its nodes. */
bool shapes_read(struct json_doc *doc, bool vector);

#endif
