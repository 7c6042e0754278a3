/* Random lenses for the laws: shapes, their schemas, and ops that turn one shape into
 * another. */
#ifndef TEST_LENS_RANDOM_LENS_H
#define TEST_LENS_RANDOM_LENS_H

#include "lens/lens.h"

enum type {
	STR_T,
	NULL_STR_T,
	INT_T,
	BOOL_T,
	ENUM_T,
	STATE_T,
	WORD_T,
	LIST_T,
	TAGS_T,
	HALF_T,
	OBJ_T,
	ROWS_T
};
enum { FIELDS_MAX = 40, CHILDREN = 3, LINKS_MAX = 3, DOCS = 10 };

/* What a value of the type is, in JSON Schema. */
static const char *const type_schemas[] = {
	[STR_T] = "{\"type\":\"string\"}",
	[NULL_STR_T] = "{\"type\":[\"string\",\"null\"]}",
	[INT_T] = "{\"type\":\"integer\",\"minimum\":-9999,\"maximum\":9999}",
	[BOOL_T] = "{\"type\":\"boolean\"}",
	[ENUM_T] = "{\"enum\":[\"no\",\"yes\"]}",
	[STATE_T] = "{\"enum\":[\"no\",\"halted\",\"yes\"]}",
	[WORD_T] = "{\"enum\":[\"\",\"a\",\"bc\",\"\\u00e9\"]}",
	[TAGS_T] = "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"v\"],"
		   "\"properties\":{\"v\":{\"type\":\"string\"},\"c\":{\"type\":\"string\"}},"
		   "\"additionalProperties\":false}}",
	[HALF_T] = "{\"type\":\"number\",\"multipleOf\":0.1,\"minimum\":-4999.5,"
		   "\"maximum\":4999.5}",
	[LIST_T] = "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}",
};

struct field {
	unsigned name; /* "f%u" */
	enum type type;
	bool required;
	unsigned children[CHILDREN]; /* OBJ_T, ROWS_T: names of optional texts; 0: none */
};
struct shape {
	struct field fields[FIELDS_MAX];
	size_t count;
	bool open;
};
struct world {
	struct rng rng;
	uint64_t seed;
	unsigned names;
	struct shape shape, first;
	size_t links;
	struct cf_buf yaml[LINKS_MAX];
	struct json_file files[LINKS_MAX];
	struct lens *lenses[LINKS_MAX];
	struct lens_program *up, *down, *ups[LINKS_MAX], *downs[LINKS_MAX];
	struct lens_worker *worker;
	struct schema *schemas[2]; /* of the first shape and of the last */
	struct json_doc schema_docs[2];
	struct cf_buf schema_texts[2];
	struct cf_buf texts[DOCS];
	struct json_doc docs[DOCS];
	const char *law; /* that is broken; NULL: none */
};

static unsigned below(struct world *w, unsigned bound)
{
	return (unsigned)rng_below(&w->rng, bound);
}

/* --- shapes --------------------------------------------------------------------------- */

static struct field *new_field(struct world *w, enum type type, bool required)
{
	struct field *field = &w->shape.fields[w->shape.count++];

	*field = (struct field){.name = ++w->names, .type = type, .required = required};
	for (size_t i = 0; i < CHILDREN && (type == OBJ_T || type == ROWS_T); i++)
		field->children[i] = ++w->names;
	return field;
}

static void drop_field(struct world *w, struct field *field)
{
	*field = w->shape.fields[--w->shape.count];
}

static struct field *any_field(struct world *w, enum type type)
{
	size_t start = below(w, (unsigned)w->shape.count);

	for (size_t i = 0; i < w->shape.count; i++) {
		struct field *field = &w->shape.fields[(start + i) % w->shape.count];

		if (field->type == type)
			return field;
	}
	return NULL;
}

static unsigned *any_child(struct world *w, struct field *field)
{
	size_t start = below(w, CHILDREN);

	for (size_t i = 0; field && i < CHILDREN; i++)
		if (field->children[(start + i) % CHILDREN])
			return &field->children[(start + i) % CHILDREN];
	return NULL;
}

static void write_schema(const struct shape *shape, struct cf_buf *out)
{
	const char *comma = "";

	buf_printf(out, "{\"type\":\"object\",\"additionalProperties\":%s,\"properties\":{",
		   shape->open ? "{\"type\":\"number\"}" : "false");
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *f = &shape->fields[i];
		bool rows = f->type == ROWS_T;

		buf_printf(out, "%s\"f%u\":", i ? "," : "", f->name);
		if (f->type != OBJ_T && !rows) {
			buf_str(out, str_of(type_schemas[f->type]));
			continue;
		}
		buf_printf(out,
			   "%s{\"type\":\"object\",\"additionalProperties\":false,"
			   "\"properties\":{",
			   rows ? "{\"type\":\"array\",\"items\":" : "");
		comma = "";
		for (size_t k = 0; k < CHILDREN; k++) {
			if (!f->children[k])
				continue;
			buf_printf(out, "%s\"f%u\":{\"type\":\"string\"}", comma, f->children[k]);
			comma = ",";
		}
		buf_printf(out, "}}%s", rows ? "}" : "");
	}
	buf_printf(out, "},\"required\":[");
	comma = "";
	for (size_t i = 0; i < shape->count; i++) {
		if (!shape->fields[i].required)
			continue;
		buf_printf(out, "%s\"f%u\"", comma, shape->fields[i].name);
		comma = ",";
	}
	buf_printf(out, "]}");
}

/* --- ops: each writes its YAML and changes the shape ------------------------------------- */

static void op_add(struct world *w, struct cf_buf *y)
{
	unsigned name = new_field(w, STR_T, true)->name;

	buf_printf(y, "- add: {name: f%u, type: string, default: x%u}\n", name, below(w, 9));
}

static void op_remove(struct world *w, struct cf_buf *y)
{
	struct field *f = any_field(w, below(w, 2) ? STR_T : INT_T);

	if (!f)
		return;
	buf_printf(y, "- remove: {name: f%u, type: %s, default: %s}\n", f->name,
		   f->type == STR_T ? "string" : "number", f->type == STR_T ? "x" : "7");
	drop_field(w, f);
}

static void op_rename(struct world *w, struct cf_buf *y)
{
	struct field *f = &w->shape.fields[below(w, (unsigned)w->shape.count)];

	buf_printf(y, "- rename: {source: f%u, destination: f%u}\n", f->name, w->names + 1);
	f->name = ++w->names;
}

static void op_hoist(struct world *w, struct cf_buf *y)
{
	struct field *host = any_field(w, OBJ_T);
	unsigned *child = any_child(w, host);

	if (!child || !host->required)
		return;
	buf_printf(y, "- hoist: {host: f%u, name: f%u}\n", host->name, *child);
	w->shape.fields[w->shape.count++] =
		(struct field){.name = *child, .type = STR_T, .required = false};
	*child = 0;
}

static void op_plunge(struct world *w, struct cf_buf *y)
{
	struct field *host = any_field(w, OBJ_T), *f = any_field(w, STR_T);

	for (size_t i = 0; host && f && i < CHILDREN; i++) {
		if (host->children[i] || f->required || !host->required)
			continue;
		buf_printf(y, "- plunge: {host: f%u, name: f%u}\n", host->name, f->name);
		host->children[i] = f->name;
		drop_field(w, f);
		return;
	}
}

static void op_wrap(struct world *w, struct cf_buf *y)
{
	struct field *f = any_field(w, NULL_STR_T);

	if (!f)
		return;
	buf_printf(y, "- wrap: {name: f%u}\n", f->name);
	f->type = LIST_T;
}

static void op_head(struct world *w, struct cf_buf *y)
{
	struct field *f = any_field(w, LIST_T);

	if (!f)
		return;
	buf_printf(y, "- head: {name: f%u}\n", f->name);
	f->type = NULL_STR_T;
}

static void op_nested(struct world *w, struct cf_buf *y)
{
	bool rows = below(w, 2);
	struct field *f = any_field(w, rows ? ROWS_T : OBJ_T);
	unsigned *child = any_child(w, f);

	if (!child)
		return;
	buf_printf(y, "- in: {name: f%u, lens: [%s{rename: {source: f%u, destination: f%u}}%s]}\n",
		   f->name, rows ? "{map: {key: id, lens: [" : "", *child, w->names + 1,
		   rows ? "]}}" : "");
	*child = ++w->names;
}

static void op_convert(struct world *w, struct cf_buf *y)
{
	struct field *f = any_field(w, below(w, 2) ? BOOL_T : STATE_T);

	if (!f)
		return;
	if (f->type == BOOL_T) {
		buf_printf(y,
			   "- convert: {name: f%u, mapping: [{false: \"no\", true: \"yes\"}, "
			   "{\"no\": false, halted: false, \"yes\": true}]}\n",
			   f->name);
		f->type = STATE_T;
		return;
	}
	buf_printf(y,
		   "- convert: {name: f%u, mapping: [{\"no\": \"no\", halted: \"no\", "
		   "\"yes\": \"yes\"}, {\"no\": \"no\", \"yes\": \"yes\"}]}\n",
		   f->name);
	f->type = ENUM_T;
}

static void op_script(struct world *w, struct cf_buf *y)
{
	struct field *f = any_field(w, INT_T);

	if (!f)
		return;
	buf_printf(y,
		   "- script:\n    reads: [f%u]\n    writes: [f%u]\n"
		   "    up: 'function (s) { return {f%u: s.f%u === undefined ? s.f%u : -s.f%u}; "
		   "}'\n"
		   "    down: 'function (s) { return {f%u: s.f%u === undefined ? s.f%u : -s.f%u}; "
		   "}'\n",
		   f->name, w->names + 1, w->names + 1, f->name, f->name, f->name, f->name,
		   w->names + 1, w->names + 1, w->names + 1);
	f->name = ++w->names;
}

static void op_element(struct world *w, struct cf_buf *y)
{
	bool as = below(w, 2);
	struct field *f = any_field(w, as ? LIST_T : TAGS_T);

	if (!f)
		return;
	buf_printf(y, "- in: {name: f%u, lens: [{map: {%s: v%s}}]}\n", f->name, as ? "as" : "only",
		   below(w, 2) ? ", key: v" : "");
	f->type = as ? TAGS_T : LIST_T;
}

static void op_scale(struct world *w, struct cf_buf *y)
{
	struct field *f = any_field(w, INT_T);
	bool half = below(w, 2);

	if (!f)
		return;
	buf_printf(y, "- scale: {name: f%u, by: %s}\n", f->name,
		   half ? "0.5, digits: [1, 0]" : "-1");
	f->type = half ? HALF_T : INT_T;
}

static void op_absent(struct world *w, struct cf_buf *y)
{
	bool down = below(w, 2);
	struct field *f = any_field(w, down ? NULL_STR_T : STR_T);

	if (!f)
		return;
	buf_printf(y, "- convert: {name: f%u, other: keep, absent: {%s}}\n", f->name,
		   down ? "down: null" : "up: none");
	f->required = !down;
	f->type = STR_T;
}

static void (*const ops[])(struct world *w, struct cf_buf *y) = {
	op_add,    op_remove,  op_rename, op_hoist,   op_plunge, op_wrap,   op_head,
	op_nested, op_convert, op_script, op_element, op_scale,  op_absent,
};

#endif
