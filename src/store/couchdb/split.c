/* Cuts an answer into elements; see split.h. */
#include "store/couchdb/split.h"

/* What stands around an array is a few counters and a token. */
#define LIMIT_REST_BYTES ((size_t)1 << 20)

void split_init(struct split *split, int (*element)(void *ctx, struct cf_str text), void *ctx,
		const struct cf_mem *mem)
{
	*split = (struct split){.element = element, .ctx = ctx};
	buf_init(&split->part, mem);
	buf_init(&split->rest, mem);
}

void split_fini(struct split *split)
{
	buf_fini(&split->part);
	buf_fini(&split->rest);
}

/* The depth inside the array that is cut. */
static unsigned element_depth(const struct split *split)
{
	return split->rest.len && split->rest.ptr[0] == '{' ? 2 : 1;
}

static int keep(struct split *split, const char *bytes, size_t len)
{
	struct cf_buf *buf = split->in_array ? &split->part : &split->rest;

	if (!split->in_array && buf->len + len > LIMIT_REST_BYTES)
		return CF_ERR_LIMIT;
	if (split->in_array && (split->oversize || buf->len + len > LIMIT_DOCUMENT_BYTES)) {
		split->oversize = true;
		return 0;
	}
	return buf_append(buf, bytes, len);
}

static int end_element(struct split *split)
{
	struct cf_str text = buf_view(&split->part);
	bool any = text.len > 0 || split->oversize;
	int rc = 0;

	if (split->oversize)
		text = (struct cf_str){NULL, 0};
	if (any)
		rc = split->element(split->ctx, text);
	buf_clear(&split->part);
	split->oversize = false;
	return rc;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One byte outside of strings. */
static int take_mark(struct split *split, char c)
{
	bool at_elements = split->in_array && split->depth == element_depth(split);
	int rc;

	if (at_elements && (c == ',' || c == ']')) {
		rc = end_element(split);
		if (rc || c == ',')
			return rc;
		split->in_array = false;
		split->done = true;
	}
	if (is_space(c) && (at_elements || !split->in_array))
		return 0;
	if (c == '"')
		split->in_string = true;
	if (c == ']' || c == '}')
		split->depth -= split->depth > 0;
	rc = keep(split, &c, 1);
	if (c == '[' || c == '{') {
		split->depth++;
		if (c == '[' && !split->done && !split->in_array &&
		    split->depth == element_depth(split))
			split->in_array = true;
	}
	return rc;
}

/* As much of a string as there is. */
static int take_string(struct split *split, const char *bytes, size_t len, size_t *ret_taken)
{
	size_t i = 0;

	while (i < len && split->in_string) {
		if (split->escaped)
			split->escaped = false;
		else if (bytes[i] == '\\')
			split->escaped = true;
		else if (bytes[i] == '"')
			split->in_string = false;
		i++;
	}
	*ret_taken = i;
	return keep(split, bytes, i);
}

/* Bytes inside an element that change nothing here. */
static int take_plain(struct split *split, const char *bytes, size_t len, size_t *ret_taken)
{
	size_t i = 0;

	while (i < len && bytes[i] != '"' && bytes[i] != '[' && bytes[i] != ']' &&
	       bytes[i] != '{' && bytes[i] != '}')
		i++;
	*ret_taken = i;
	return keep(split, bytes, i);
}

int split_feed(void *ctx, const char *bytes, size_t len)
{
	struct split *split = ctx;
	int rc = 0;

	for (size_t i = 0, taken; i < len && rc == 0; i += taken) {
		taken = 0;
		if (split->in_string)
			rc = take_string(split, bytes + i, len - i, &taken);
		else if (split->in_array && split->depth > element_depth(split))
			rc = take_plain(split, bytes + i, len - i, &taken);
		if (rc == 0 && taken == 0) {
			rc = take_mark(split, bytes[i]);
			taken = 1;
		}
	}
	return rc;
}

bool split_complete(const struct split *split)
{
	return split->depth == 0 && !split->in_string && !split->in_array;
}
