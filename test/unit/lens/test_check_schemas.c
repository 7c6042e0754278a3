/* What check says of ops and schemas, finding by finding. */
#include "check_main.h"
#include "lens/lens.h"

struct heard {
	char messages[8][300];
	unsigned lines[8];
	size_t count;
};

static void hear(void *ctx, const struct lens_finding *finding)
{
	struct heard *heard = ctx;

	if (heard->count < 8) {
		(void)snprintf(heard->messages[heard->count], 300, "%.*s",
			       STR_ARG(finding->message));
		heard->lines[heard->count] = finding->line;
	}
	heard->count++;
}

#define OBJECT(properties) \
	"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" properties "}}"

struct row {
	const char *ops, *older, *newer; /* ops after "lens:\n"; properties of closed objects */
	const char *finding;             /* NULL: none */
};

static const struct row rows[] = {
	{"- rename: {source: a, destination: b}\n", OBJECT("\"a\":{}"), OBJECT("\"b\":{}"), NULL},
	{"- rename: {source: x, destination: b}\n", OBJECT("\"a\":{}"), OBJECT("\"a\":{},\"b\":{}"),
	 "rename: the field \"x\" cannot exist here"},
	{"- rename: {source: a, destination: b}\n", OBJECT("\"a\":{},\"b\":{}"), OBJECT("\"b\":{}"),
	 "rename: the field \"b\" is there already"},
	{"- rename: {source: a, destination: b}\n", OBJECT("\"a\":{}"), OBJECT("\"c\":{}"),
	 "the field \"b\" cannot exist in the newer schema"},
	{"- add: {name: b}\n", OBJECT("\"a\":{}"), OBJECT("\"b\":{}"),
	 "no op takes the field \"a\""},
	{"- add: {name: b, default: 1}\n", OBJECT(""), OBJECT("\"b\":{\"type\":\"string\"}"),
	 "add: the schema refuses the default 1 of \"b\""},
	{"- add: {name: b, default: 1}\n", OBJECT(""), OBJECT("\"b\":{\"type\":\"integer\"}"),
	 NULL},
	{"- remove: {name: a, default: x}\n", OBJECT("\"a\":{\"enum\":[\"y\"]}"), OBJECT(""),
	 "remove: the schema refuses the default \"x\" of \"a\""},
	{"- convert: {name: a, mapping: [{false: n}, {n: false}]}\n",
	 OBJECT("\"a\":{\"type\":\"boolean\"}"), OBJECT("\"a\":{\"type\":\"string\"}"),
	 "convert: the table up has no row for true"},
	{"- convert: {name: a, mapping: [{p: q}, {q: p}]}\n", OBJECT("\"a\":{\"enum\":[\"p\"]}"),
	 OBJECT("\"a\":{\"enum\":[\"q\",\"r\"]}"), "convert: the table down has no row for \"r\""},
	{"- convert: {name: a, mapping: [{p: q}, {q: p}], default: [q, p]}\n",
	 OBJECT("\"a\":{\"enum\":[\"p\",\"o\"]}"), OBJECT("\"a\":{\"enum\":[\"q\",\"r\"]}"), NULL},
	{"- convert: {name: a, mapping: [{p: q}, {q: p}], absent: {down: null}}\n",
	 OBJECT("\"a\":{\"enum\":[\"p\",null]}"), OBJECT("\"a\":{\"enum\":[\"q\"]}"), NULL},
	{"- convert: {name: a, other: keep, absent: {up: none}}\n",
	 OBJECT("\"a\":{\"enum\":[\"p\"]}"), OBJECT("\"a\":{\"enum\":[\"p\",\"no\"]}"),
	 "convert: the schema refuses \"none\", which stands up for an absent field"},
	{"- scale: {name: a, by: 2}\n", OBJECT("\"a\":{\"type\":\"string\"}"), OBJECT("\"a\":{}"),
	 "scale: \"a\" is never a number"},
	{"- scale: {name: a, by: 100, digits: [0, 2]}\n", OBJECT("\"a\":{\"type\":\"number\"}"),
	 OBJECT("\"a\":{\"type\":\"integer\"}"), NULL},
	{"- scale: {name: a, by: 0.3048, digits: [2, 0]}\n", OBJECT("\"a\":{\"type\":\"integer\"}"),
	 OBJECT("\"a\":{\"type\":\"number\"}"),
	 "scale: the way back is not exact: going down, 1e-2 becomes 0, which comes back as 0"},
	{"- in: {name: a, lens: [{map: {as: b, lens: [{rename: {source: x, destination: y}}]}}]}\n",
	 OBJECT("\"a\":{\"items\":{}}"), OBJECT("\"a\":{}"), NULL},
	{"- in: {name: a, lens: [{map: {only: b}}]}\n",
	 OBJECT("\"a\":{\"items\":{\"additionalProperties\":false}}"), OBJECT("\"a\":{}"),
	 "map: the field \"b\" cannot exist here"},
	{"- convert: {name: a, mapping: [{p: s}, {q: p}]}\n"
	 "- rename: {source: a, destination: b}\n",
	 OBJECT("\"a\":{\"enum\":[\"p\"]}"), OBJECT("\"b\":{\"enum\":[\"q\"]}"),
	 "convert: up, \"p\" becomes \"s\", which the schema refuses"},
	{"- convert: {name: a, mapping: [{p: q}, {q: z}]}\n", OBJECT("\"a\":{\"enum\":[\"p\"]}"),
	 OBJECT("\"a\":{\"enum\":[\"q\"]}"),
	 "convert: down, \"q\" becomes \"z\", which the schema refuses"},
	/* Tables that contradict each other; and those that only lose what they join. */
	{"- convert: {name: a, mapping: [{p: s, q: t}, {s: q, t: p}]}\n", OBJECT("\"a\":{}"),
	 OBJECT("\"a\":{}"),
	 "convert: PutGet is broken: up, \"p\" becomes \"s\", which comes back as \"q\", and that "
	 "becomes \"t\""},
	{"- convert: {name: a, mapping: [{p: s, q: s}, {s: p, t: q}]}\n", OBJECT("\"a\":{}"),
	 OBJECT("\"a\":{}"), "PutGet is broken: down, \"t\" becomes \"q\""},
	{"- in: {name: a, lens: [{convert: {name: b, mapping: [{1: s, 2: t}, {s: 2, t: 1}]}}]}\n",
	 OBJECT("\"a\":{}"), OBJECT("\"a\":{}"), "up, \"1\" becomes \"s\""},
	{"- convert: {name: a, mapping: [{p: s, q: t}, {s: q}], default: [s, p]}\n",
	 OBJECT("\"a\":{}"), OBJECT("\"a\":{}"), "PutGet is broken: up, \"p\" becomes \"s\""},
	{"- convert: {name: a, mapping: [{p: s, q: s, r: t}, {s: p, t: r, u: r}]}\n",
	 OBJECT("\"a\":{}"), OBJECT("\"a\":{}"), NULL},
	{"- convert: {name: a, mapping: [{1: true, 0: false}, {true: 1.0, false: 0}]}\n",
	 OBJECT("\"a\":{}"), OBJECT("\"a\":{}"), NULL},
	{"- convert: {name: a, mapping: [{low: 1, mid: 2, high: 3}, {1: low, 3: high}],"
	 " default: [1, low]}\n",
	 OBJECT("\"a\":{}"), OBJECT("\"a\":{}"), NULL},
	{"- convert: {name: a, mapping: [{p: [s]}, {}], default: [[s], p]}\n", OBJECT("\"a\":{}"),
	 OBJECT("\"a\":{}"), NULL},
	{"- convert: {name: a, mapping: [{p: s}, {t: q}]}\n", OBJECT("\"a\":{}"),
	 OBJECT("\"a\":{}"), NULL},
	{"- hoist: {host: h, name: a}\n", OBJECT("\"h\":" OBJECT("\"b\":{}")),
	 OBJECT("\"h\":{},\"a\":{}"), "hoist: \"h\" has no field \"a\""},
	{"- in: {name: h, lens: [{rename: {source: a, destination: c}}]}\n",
	 OBJECT("\"h\":" OBJECT("\"b\":{}")), OBJECT("\"h\":{}"),
	 "rename: the field \"a\" cannot exist here"},
};

static struct schema *compile(struct json_doc *doc, const char *text)
{
	struct cf_str none = {0};
	struct schema *schema = NULL;
	struct cf_error error = {0};

	json_doc_init(doc, &mem_heap);
	ck_assert_int_eq(json_read(doc, text, strlen(text), 0, &error), 0);
	ck_assert_int_eq(schema_compile(&schema, NULL, json_root(doc), none, 0, &mem_heap, &error),
			 0);
	return schema;
}

START_TEST(each_finding_is_made)
{
	const struct row *row = &rows[_i];
	struct lens_report report = {.finding = hear};
	struct heard heard = {.count = 0};
	struct json_doc docs[2];
	struct schema *older = compile(&docs[0], row->older);
	struct schema *newer = compile(&docs[1], row->newer);
	const struct schema *older_list[] = {older}, *newer_list[] = {newer};
	struct cf_error error = {0};
	struct json_file file;
	struct lens *lens;
	char yaml[500];

	(void)snprintf(yaml, sizeof(yaml), "lens:\n%s", row->ops);
	ck_assert_int_eq(json_file_read(&file, "l.yaml", str_of(yaml), &mem_heap, &error), 0);
	ck_assert_msg(lens_read(&lens, &file, &mem_heap, &error) == 0, "%s", error.message);
	report.ctx = &heard;
	ck_assert_int_eq(
		lens_check_schemas(lens, older_list, newer_list, &mem_heap, &report, &error), 0);
	ck_assert_msg(heard.count == (row->finding ? 1 : 0), "%zu findings: %s; %s", heard.count,
		      heard.messages[0], heard.messages[1]);
	if (row->finding) {
		ck_assert_msg(strstr(heard.messages[0], row->finding), "%s", heard.messages[0]);
		ck_assert_uint_ge(heard.lines[0], 1);
		ck_assert_uint_le(heard.lines[0], 3);
	}
	lens_free(lens);
	json_file_fini(&file);
	schema_free(older);
	schema_free(newer);
	json_doc_fini(&docs[0]);
	json_doc_fini(&docs[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-check");
	TCase *tcase = tcase_create("check");

	tcase_add_loop_test(tcase, each_finding_is_made, 0, ARRAY_LEN(rows));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
