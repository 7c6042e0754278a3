/* The laws, over generated schemas, lenses and documents.
 *
 * A shape is a list of fields. A random chain of ops turns it into another shape;
 * each op is chosen so that valid goes to valid. The shapes are written as JSON
 * Schemas, and documents are generated from both.
 *
 * CHESTERFIELD_SEED repeats a run, CHESTERFIELD_RUNS makes it longer. A failure
 * shows seed, lenses and the smallest document that was found to fail. Not made here:
 * split, join, extract and embed, whose documents are several
 * (test/unit/catalog/test_part_laws.c).
 */
#include "check_main.h"
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

/* --- a world ----------------------------------------------------------------------------- */

static void must(int rc, const struct world *w, const struct cf_error *error)
{
	if (rc == 0)
		return;
	for (size_t i = 0; i < w->links; i++)
		fprintf(stderr, "%.*s", STR_ARG(buf_view(&w->yaml[i])));
	ck_abort_msg("seed %llu: %s %s (line %u)", (unsigned long long)w->seed, error->message,
		     error->pointer, error->line);
}

static void make_schema(struct world *w, int side, const struct shape *shape)
{
	struct cf_str none = {0};
	struct cf_error error = {0};

	write_schema(shape, &w->schema_texts[side]);
	must(json_read(&w->schema_docs[side], w->schema_texts[side].ptr, w->schema_texts[side].len,
		       0, &error),
	     w, &error);
	must(schema_compile(&w->schemas[side], NULL, json_root(&w->schema_docs[side]), none, 0,
			    &mem_heap, &error),
	     w, &error);
}

static void make_lens(struct world *w, size_t i)
{
	struct cf_error error = {0};
	struct cf_buf *y = &w->yaml[i];
	unsigned count = 1 + below(w, 5);

	buf_str(y, STR("lens:\n"));
	op_rename(w, y);
	while (count-- && w->shape.count + 2 < FIELDS_MAX)
		ops[below(w, ARRAY_LEN(ops))](w, y);
	w->links++;
	must(json_file_read(&w->files[i], "lens.yaml", buf_view(y), &mem_heap, &error), w, &error);
	must(lens_read(&w->lenses[i], &w->files[i], &mem_heap, &error), w, &error);
}

static void compile_all(struct world *w)
{
	struct lens_link up[LINKS_MAX], down[LINKS_MAX];
	struct lens_options options = {0};
	struct cf_error error = {0};
	size_t n = w->links;

	for (size_t i = 0; i < n; i++) {
		up[i] = (struct lens_link){.lens = w->lenses[i]};
		down[n - 1 - i] = (struct lens_link){.lens = w->lenses[i], .down = true};
		must(lens_compile(&w->ups[i], &up[i], 1, &options, &mem_heap, &error), w, &error);
		must(lens_compile(&w->downs[i], &down[n - 1 - i], 1, &options, &mem_heap, &error),
		     w, &error);
	}
	must(lens_compile(&w->up, up, n, &options, &mem_heap, &error), w, &error);
	must(lens_compile(&w->down, down, n, &options, &mem_heap, &error), w, &error);
}

static void world_init(struct world *w, uint64_t seed)
{
	size_t links;

	*w = (struct world){.seed = seed, .rng = {seed}};
	for (size_t i = 0; i < DOCS; i++) {
		buf_init(&w->texts[i], &mem_heap);
		json_doc_init(&w->docs[i], &mem_heap);
	}
	for (int i = 0; i < 2; i++) {
		buf_init(&w->schema_texts[i], &mem_heap);
		json_doc_init(&w->schema_docs[i], &mem_heap);
	}
	for (size_t i = 0; i < LINKS_MAX; i++)
		buf_init(&w->yaml[i], &mem_heap);
	w->worker = lens_worker_new(&mem_heap);
	w->shape.open = below(w, 2);
	for (unsigned i = 3 + below(w, 8); i > 0; i--)
		(void)new_field(w, (enum type)below(w, ROWS_T + 1), below(w, 2));
	w->first = w->shape;
	links = 1 + below(w, LINKS_MAX);
	for (size_t i = 0; i < links; i++)
		make_lens(w, i);
	make_schema(w, 0, &w->first);
	make_schema(w, 1, &w->shape);
	compile_all(w);
}

static void world_fini(struct world *w)
{
	for (size_t i = 0; i < DOCS; i++) {
		buf_fini(&w->texts[i]);
		json_doc_fini(&w->docs[i]);
	}
	for (int i = 0; i < 2; i++) {
		schema_free(w->schemas[i]);
		buf_fini(&w->schema_texts[i]);
		json_doc_fini(&w->schema_docs[i]);
	}
	for (size_t i = 0; i < LINKS_MAX; i++)
		buf_fini(&w->yaml[i]);
	for (size_t i = 0; i < w->links; i++) {
		lens_program_free(w->ups[i]);
		lens_program_free(w->downs[i]);
		lens_free(w->lenses[i]);
		json_file_fini(&w->files[i]);
	}
	lens_program_free(w->up);
	lens_program_free(w->down);
	lens_worker_free(w->worker);
}

/* --- laws ---------------------------------------------------------------------------------- */

enum { S, V, MADE, BACK, PUT, AGAIN, STEP_A, STEP_B, EDITED, MADE_EDITED };

static struct json_value value(struct world *w, int doc)
{
	return json_root(&w->docs[doc]);
}

static int read_doc(struct world *w, int doc, struct cf_error *error)
{
	return json_read(&w->docs[doc], w->texts[doc].ptr, w->texts[doc].len, 0, error);
}

/* `base` < 0: none. False, and the law's name, where it cannot run. */
static bool apply(struct world *w, const struct lens_program *program, int from, int base, int to)
{
	struct json_value input = value(w, from), over = base < 0 ? JSON_ABSENT : value(w, base);
	struct lens_args args = {.inputs = &input, .bases = base < 0 ? NULL : &over};
	const struct lens_output *output;
	struct cf_error error = {0};
	int rc = lens_apply(w->worker, program, &args, &output, &error);

	buf_clear(&w->texts[to]);
	if (rc == 0)
		rc = buf_str(&w->texts[to], output[0].text);
	if (rc == 0)
		rc = read_doc(w, to, &error);
	if (rc) {
		fprintf(stderr, "%s %s\n", error.message, error.pointer);
		w->law = "a valid document can go";
	}
	return rc == 0;
}

static bool expect(struct world *w, bool held, const char *law)
{
	if (!held)
		w->law = law;
	return held;
}

static bool equal(struct world *w, int a, int b, const char *law)
{
	return expect(w, json_equal(value(w, a), value(w, b)), law);
}

static bool round_trips(struct world *w)
{
	struct cf_error error;

	return apply(w, w->up, S, -1, MADE) &&
	       expect(w, schema_validate(w->schemas[1], value(w, MADE), NULL, &error) == 0,
		      "valid goes up to valid") &&
	       apply(w, w->down, MADE, S, BACK) && equal(w, BACK, S, "GetPut, up") &&
	       apply(w, w->down, V, -1, MADE) &&
	       expect(w, schema_validate(w->schemas[0], value(w, MADE), NULL, &error) == 0,
		      "valid goes down to valid") &&
	       apply(w, w->up, MADE, V, BACK) && equal(w, BACK, V, "GetPut, down") &&
	       apply(w, w->down, V, S, PUT) &&
	       expect(w, schema_validate(w->schemas[0], value(w, PUT), NULL, &error) == 0,
		      "what is put is valid") &&
	       apply(w, w->up, PUT, V, AGAIN) && equal(w, AGAIN, V, "PutGet");
}

/* One by one: up without base, and then down over what was on the way. */
static bool composes(struct world *w)
{
	const int a = STEP_A, b = STEP_B;

	if (w->links < 2)
		return true;
	buf_clear(&w->texts[a]);
	buf_str(&w->texts[a], buf_view(&w->texts[S]));
	if (read_doc(w, a, NULL))
		return false;
	for (size_t i = 0; i < w->links; i++) {
		if (!apply(w, w->ups[i], i % 2 ? b : a, -1, i % 2 ? a : b))
			return false;
	}
	if (!apply(w, w->up, S, -1, MADE) ||
	    !equal(w, MADE, w->links % 2 ? b : a, "Composition, up"))
		return false;
	if (w->links != 2)
		return true;
	/* down over s: d1(d2(v, u1(s)), s) */
	return apply(w, w->ups[0], S, -1, a) && apply(w, w->downs[1], V, a, b) &&
	       apply(w, w->downs[0], b, S, a) && apply(w, w->down, V, S, PUT) &&
	       equal(w, PUT, a, "Composition, down");
}

struct feeds {
	struct cf_str names[FIELDS_MAX];
	size_t count;
};

static int note_feed(void *ctx, size_t output, struct cf_str pointer)
{
	struct feeds *feeds = ctx;
	size_t len = 1;

	(void)output;
	while (len < pointer.len && pointer.ptr[len] != '/')
		len++;
	if (pointer.len && feeds->count < FIELDS_MAX) {
		char *copy = malloc(len);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, pointer.ptr + 1, len - 1);
		feeds->names[feeds->count++] = (struct cf_str){copy, len - 1};
	}
	return 0;
}

static bool is_fed(const struct feeds *feeds, struct json_value name)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (json_name_is(name, feeds->names[i]))
			return true;
	return false;
}

/* Members of `a` that are not as in `b` are fed by the field. */
static bool differs_only(struct world *w, const struct feeds *feeds, int a, int b)
{
	struct json_iter it = json_iter(value(w, a));

	while (json_next(&it)) {
		struct json_value other = json_member(value(w, b), json_inner(it.name));

		if ((json_is_absent(other) || !json_equal(other, it.value)) &&
		    !is_fed(feeds, it.name))
			return false;
	}
	return true;
}

/* s without one of its members: the results differ in what that member feeds. */
static bool is_local(struct world *w)
{
	struct json_iter it = json_iter(value(w, S)), all;
	struct feeds feeds = {.count = 0};
	struct cf_buf *out = &w->texts[EDITED];
	unsigned gone = below(w, json_count(value(w, S)) + 1), i = 0;
	char pointer[64] = "";
	struct cf_error error;
	bool held = true;

	buf_clear(out);
	buf_byte(out, '{');
	for (all = it; json_next(&all); i++) {
		if (i == gone) {
			snprintf(pointer, sizeof(pointer), "/%.*s", STR_ARG(json_inner(all.name)));
			continue;
		}
		buf_str(out, out->len > 1 ? STR(",") : STR(""));
		json_write(all.name, out);
		buf_byte(out, ':');
		json_write(all.value, out);
	}
	buf_byte(out, '}');
	if (!pointer[0] || strpbrk(pointer, "\\~") || strchr(pointer + 1, '/') ||
	    read_doc(w, EDITED, &error) ||
	    schema_validate(w->schemas[0], value(w, EDITED), NULL, &error))
		return true;
	ck_assert_int_eq(lens_trace(w->up, 0, str_of(pointer), note_feed, &feeds), 0);
	held = apply(w, w->up, S, -1, MADE) && apply(w, w->up, EDITED, MADE, MADE_EDITED) &&
	       expect(w, differs_only(w, &feeds, MADE, MADE_EDITED), "Locality, left") &&
	       expect(w, differs_only(w, &feeds, MADE_EDITED, MADE), "Locality, right");
	for (size_t k = 0; k < feeds.count; k++)
		free((char *)feeds.names[k].ptr);
	return held;
}

static bool laws_hold(struct world *w)
{
	w->law = NULL;
	return round_trips(w) && composes(w) && is_local(w);
}

/* --- shrinking: members go while the document is valid and some law is broken ----------------
 */

static bool without(struct world *w, int doc, uint32_t member, struct cf_buf *out)
{
	struct json_iter it = json_iter(value(w, doc));

	buf_clear(out);
	buf_byte(out, '{');
	for (uint32_t i = 0; json_next(&it); i++) {
		if (i == member)
			continue;
		buf_str(out, out->len > 1 ? STR(",") : STR(""));
		json_write(it.name, out);
		buf_byte(out, ':');
		json_write(it.value, out);
	}
	return buf_byte(out, '}') == 0;
}

static void set_doc(struct world *w, int doc, struct cf_str text)
{
	struct cf_error error;

	buf_clear(&w->texts[doc]);
	buf_str(&w->texts[doc], text);
	must(read_doc(w, doc, &error), w, &error);
}

static void shrink(struct world *w, int doc)
{
	struct cf_buf kept, tried;
	struct cf_error error;
	uint32_t i = 0;

	buf_init(&kept, &mem_heap);
	buf_init(&tried, &mem_heap);
	while (i < json_count(value(w, doc))) {
		buf_clear(&kept);
		buf_str(&kept, buf_view(&w->texts[doc]));
		without(w, doc, i, &tried);
		set_doc(w, doc, buf_view(&tried));
		if (schema_validate(w->schemas[doc == V], value(w, doc), NULL, &error) ||
		    laws_hold(w)) {
			set_doc(w, doc, buf_view(&kept));
			i++;
		}
	}
	buf_fini(&kept);
	buf_fini(&tried);
}

static void tell(struct world *w)
{
	shrink(w, S);
	shrink(w, V);
	(void)laws_hold(w);
	for (size_t i = 0; i < w->links; i++)
		fprintf(stderr, "%.*s", STR_ARG(buf_view(&w->yaml[i])));
	for (int i = S; i <= MADE_EDITED; i++)
		fprintf(stderr, "%d %.*s\n", i, STR_ARG(buf_view(&w->texts[i])));
	ck_abort_msg("CHESTERFIELD_SEED=%llu: broken: %s", (unsigned long long)w->seed,
		     w->law ? w->law : "(only Locality of another field)");
}

static bool generate(struct world *w, int doc, unsigned size)
{
	struct cf_error error = {0};
	int rc;

	buf_clear(&w->texts[doc]);
	rc = schema_generate(w->schemas[doc == V], &w->rng, size, &w->texts[doc], &error);
	if (rc == CF_ERR_UNSUPPORTED_OP)
		return false;
	must(rc, w, &error);
	must(read_doc(w, doc, &error), w, &error);
	return true;
}

START_TEST(laws_hold_for_what_is_generated)
{
	const char *seed_text = getenv("CHESTERFIELD_SEED"),
		   *runs_text = getenv("CHESTERFIELD_RUNS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
	unsigned long runs = runs_text ? strtoul(runs_text, NULL, 10) : seed_text ? 1 : 1500;
	unsigned long done = 0;

	for (unsigned long i = 0; i < runs; i++) {
		struct world w;

		world_init(&w, seed + i);
		for (unsigned size = 0; size < 100; size += 8) {
			if (!generate(&w, S, size) || !generate(&w, V, size))
				continue;
			done++;
			if (!laws_hold(&w))
				tell(&w);
		}
		world_fini(&w);
	}
	ck_assert_msg(done >= runs, "too few documents: %lu of %lu worlds", done, runs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-laws");
	TCase *tcase = tcase_create("laws");

	tcase_set_timeout(tcase, 280);
	tcase_add_test(tcase, laws_hold_for_what_is_generated);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
