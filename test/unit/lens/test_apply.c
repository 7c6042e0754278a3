/* Each op up and down, with and without a base; whole chains; parts; errors. */
#include "check_main.h"
#include "lens/lens.h"

struct bed {
	struct json_file files[8];
	struct lens *lenses[8];
	size_t count;
	struct lens_program *up, *down;
	struct lens_worker *worker;
	struct cf_error error;
};

static int id_frame(void *ctx, struct cf_str type, uint32_t major, bool singleton,
		    struct cf_buf *prefix, struct cf_buf *suffix)
{
	(void)ctx;
	(void)suffix;
	return buf_printf(prefix, singleton ? "%.*s@%u" : "%.*s@%u:", STR_ARG(type), major);
}

static const struct lens_identity identity = {
	.type_field = {"schema", 6}, .version_field = {"version", 7}, .id_frame = id_frame};

static void bed_add(struct bed *bed, const char *yaml)
{
	int rc = json_file_read(&bed->files[bed->count], "lens.yaml", str_of(yaml), &mem_heap,
				&bed->error);

	ck_assert_msg(rc == 0, "%s", bed->error.message);
	rc = lens_read(&bed->lenses[bed->count], &bed->files[bed->count], &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s (line %u)", bed->error.message, bed->error.line);
	bed->count++;
}

static void bed_compile(struct bed *bed, bool identified)
{
	struct lens_link up[8], down[8];
	struct lens_options options = {.identity = identified ? &identity : NULL};
	int rc;

	for (size_t i = 0; i < bed->count; i++) {
		up[i] = (struct lens_link){.lens = bed->lenses[i]};
		down[bed->count - 1 - i] = (struct lens_link){.lens = bed->lenses[i], .down = true};
	}
	rc = lens_compile(&bed->up, up, bed->count, &options, &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s", bed->error.message);
	rc = lens_compile(&bed->down, down, bed->count, &options, &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s", bed->error.message);
	bed->worker = lens_worker_new(&mem_heap);
}

static void bed_fini(struct bed *bed)
{
	lens_program_free(bed->up);
	lens_program_free(bed->down);
	lens_worker_free(bed->worker);
	for (size_t i = 0; i < bed->count; i++) {
		lens_free(bed->lenses[i]);
		json_file_fini(&bed->files[i]);
	}
}

/* Documents are given and taken as texts; NULL is absent. */
static int apply(struct bed *bed, const struct lens_program *program, const char *const *inputs,
		 const char *const *bases, char **outputs)
{
	struct json_doc docs[16];
	struct json_value in[8] = {{0}}, base[8] = {{0}};
	size_t in_count = lens_program_inputs(program).count;
	size_t out_count = lens_program_outputs(program).count;
	struct lens_args args = {.key = STR("k"), .inputs = in, .bases = bases ? base : NULL};
	const struct lens_output *result;
	int rc;

	for (size_t i = 0; i < 16; i++)
		json_doc_init(&docs[i], &mem_heap);
	for (size_t i = 0; i < in_count; i++)
		if (inputs[i] &&
		    json_read(&docs[i], inputs[i], strlen(inputs[i]), 0, &bed->error) == 0)
			in[i] = json_root(&docs[i]);
	for (size_t i = 0; bases && i < out_count; i++)
		if (bases[i] &&
		    json_read(&docs[8 + i], bases[i], strlen(bases[i]), 0, &bed->error) == 0)
			base[i] = json_root(&docs[8 + i]);
	rc = lens_apply(bed->worker, program, &args, &result, &bed->error);
	for (size_t i = 0; i < out_count; i++)
		outputs[i] = rc == 0 && result[i].text.ptr
				     ? strndup(result[i].text.ptr, result[i].text.len)
				     : NULL;
	for (size_t i = 0; i < 16; i++)
		json_doc_fini(&docs[i]);
	return rc;
}

static void check_text(struct bed *bed, const struct lens_program *program, const char *input,
		       const char *base, const char *expected)
{
	const char *inputs[8] = {input}, *bases[8] = {base};
	char *outputs[8];
	int rc = apply(bed, program, inputs, base ? bases : NULL, outputs);

	ck_assert_msg(rc == 0, "%s: %s", input, bed->error.message);
	ck_assert_str_eq(outputs[0], expected);
	free(outputs[0]);
}

struct op_case {
	const char *op; /* YAML of one op */
	const char *up; /* older document */
	const char *newer;
	const char *base; /* an older document that says more, or NULL: as `up` */
	const char *back; /* what going down onto base gives; NULL: as `up` */
};

static const struct op_case op_cases[] = {
	{"add: {name: x, type: string, default: d}", "{\"a\":1.50}", "{\"a\":1.50,\"x\":\"d\"}",
	 NULL, NULL},
	{"add: {name: x, type: [object, 'null']}", "{}", "{\"x\":null}", NULL, NULL},
	{"add: {name: x, type: number}", "{\"x\":7}", "{\"x\":7}", NULL, NULL},
	{"remove: {name: x, type: string}", "{\"x\":\"s\",\"y\":2}", "{\"y\":2}", NULL,
	 "{\"y\":2,\"x\":\"s\"}"},
	{"rename: {source: a, destination: b}", "{\"z\":0,\"a\":1e2,\"c\":\"\\u0041\"}",
	 "{\"z\":0,\"b\":1e2,\"c\":\"\\u0041\"}", NULL, NULL},
	{"hoist: {host: h, name: n}", "{\"h\":{\"n\":1,\"m\":2}}", "{\"h\":{\"m\":2},\"n\":1}",
	 NULL, "{\"h\":{\"m\":2,\"n\":1}}"},
	{"plunge: {host: h, name: n}", "{\"n\":1}", "{\"h\":{\"n\":1}}", NULL, NULL},
	{"plunge: {host: h, name: n}", "{\"h\":null,\"n\":1}", "{\"h\":{\"n\":1}}", NULL, NULL},
	{"wrap: {name: w}", "{\"w\":1}", "{\"w\":[1]}", NULL, NULL},
	{"wrap: {name: w}", "{\"w\":null}", "{\"w\":[]}", NULL, NULL},
	{"head: {name: w}", "{\"w\":[1,2,3]}", "{\"w\":1}", NULL, "{\"w\":[1,2,3]}"},
	{"head: {name: w}", "{\"w\":[]}", "{\"w\":null}", NULL, NULL},
	{"in: {name: o, lens: [{rename: {source: a, destination: b}}]}",
	 "{\"o\":{\"a\":1,\"c\":2}}", "{\"o\":{\"b\":1,\"c\":2}}", NULL, NULL},
	{"in: {name: l, lens: [{map: {lens: [{add: {name: x, type: number}}]}}]}",
	 "{\"l\":[{\"a\":1},{}]}", "{\"l\":[{\"a\":1,\"x\":0},{\"x\":0}]}", NULL, NULL},
	{"convert: {name: s, mapping: [{false: active, true: done}, {active: false, blocked: "
	 "false, "
	 "done: true}]}",
	 "{\"s\":true}", "{\"s\":\"done\"}", NULL, NULL},
	{"split: {name: n, into: [a, b], by: ' '}", "{\"n\":\"Ada King Lovelace\"}",
	 "{\"a\":\"Ada\",\"b\":\"King Lovelace\"}", NULL, NULL},
	{"split: {name: n, into: [a, b], by: ' '}", "{\"n\":\"Ada\"}", "{\"a\":\"Ada\"}", NULL,
	 NULL},
	{"join: {name: n, into: [a, b], by: '-'}", "{\"a\":\"x\",\"b\":\"y-z\"}",
	 "{\"n\":\"x-y-z\"}", NULL, NULL},
	{"script: {reads: [lat], writes: [pos], up: 'function (s) { return {pos: {lat: "
	 "Number(s.lat)}}; }', down: 'function (s, b) { return {lat: b && Number(b.lat) === "
	 "s.pos.lat ? b.lat : String(s.pos.lat)}; }'}",
	 "{\"lat\":\"42.50\"}", "{\"pos\":{\"lat\":42.5}}", NULL, NULL},
};

START_TEST(each_op_goes_up_and_back)
{
	for (size_t i = 0; i < ARRAY_LEN(op_cases); i++) {
		const struct op_case *c = &op_cases[i];
		struct bed bed = {.count = 0};
		char yaml[1024];

		snprintf(yaml, sizeof(yaml), "lens:\n  - %s\n", c->op);
		bed_add(&bed, yaml);
		bed_compile(&bed, false);
		check_text(&bed, bed.up, c->up, NULL, c->newer);
		check_text(&bed, bed.down, c->newer, c->base ? c->base : c->up,
			   c->back ? c->back : c->up);
		bed_fini(&bed);
	}
}
END_TEST

static const char lens_1_2[] =
	"from: todo-item@1\n"
	"to: todo-item@2\n"
	"lens:\n"
	"  - rename: {source: isDone, destination: status}\n"
	"  - convert:\n"
	"      name: status\n"
	"      mapping:\n"
	"        - {false: active, true: done}\n"
	"        - {active: false, blocked: false, halted: false, done: true}\n"
	"  - add: {name: group, type: object, default: {name: Inbox}}\n";
static const char lens_2_3[] =
	"from: todo-item@2\n"
	"to: todo-item@3\n"
	"lens:\n"
	"  - extract: {host: group, into: group@1, key: {hash: name}, reference: "
	"groupId, default: {name: Inbox}}\n";
static const char item_1[] =
	"{\"_id\":\"todo-item@1:k\",\"schema\":\"todo-item\",\"version\":1,"
	"\"title\":\"Compare \\u0000 apples\",\"isDone\":true,\"extra\":[1.0e0]}";

static void free_all(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
}

START_TEST(chain_makes_the_newest_and_its_part)
{
	struct bed bed = {.count = 0};
	const char *inputs[8] = {item_1}, *bases[8] = {item_1};
	char *out[8], *back[8];

	bed_add(&bed, lens_1_2);
	bed_add(&bed, lens_2_3);
	bed_compile(&bed, true);
	ck_assert_uint_eq(lens_program_outputs(bed.up).count, 2);
	ck_assert_int_eq(lens_program_outputs(bed.up).places[1].tie, LENS_SHARED);
	ck_assert_int_eq(apply(&bed, bed.up, inputs, NULL, out), 0);
	/* The key is XXH3-128 of "Inbox" with its quotes, as xxhsum -H2 prints it. */
	ck_assert_str_eq(out[0],
			 "{\"_id\":\"todo-item@3:k\",\"schema\":\"todo-item\",\"version\":3,"
			 "\"title\":\"Compare \\u0000 apples\",\"status\":\"done\","
			 "\"extra\":[1.0e0],\"groupId\":\"790fbc12070b9c37aece000b24c1c02f\"}");
	ck_assert_str_eq(out[1], "{\"_id\":\"group@1:790fbc12070b9c37aece000b24c1c02f\","
				 "\"schema\":\"group\",\"version\":1,\"name\":\"Inbox\"}");
	inputs[0] = out[0];
	inputs[1] = out[1];
	ck_assert_int_eq(apply(&bed, bed.down, inputs, bases, back), 0);
	ck_assert_str_eq(back[0],
			 "{\"_id\":\"todo-item@1:k\",\"schema\":\"todo-item\",\"version\":1,"
			 "\"title\":\"Compare \\u0000 apples\",\"isDone\":true,\"extra\":[1.0e0]}");
	free_all(out, 2);
	free_all(back, 1);
	/* The part has not arrived. */
	inputs[0] = "{\"title\":\"t\",\"status\":\"done\",\"groupId\":\"g\"}";
	inputs[1] = NULL;
	ck_assert_int_eq(apply(&bed, bed.down, inputs, NULL, back), CF_ERR_INCOMPLETE);
	bed_fini(&bed);
}
END_TEST

START_TEST(shared_part_is_edited_or_pointed_to_anew)
{
	struct bed bed = {.count = 0};
	const char *bases[8] = {"{\"groupId\":\"g1\"}", "{\"name\":\"Work\",\"color\":\"red\"}"};
	const char *inputs[8] = {"{\"group\":{\"name\":\"Work\",\"color\":\"blue\"}}"};
	char *out[8];

	bed_add(&bed, lens_2_3);
	bed_compile(&bed, false);
	ck_assert_int_eq(apply(&bed, bed.up, inputs, bases, out), 0);
	ck_assert_str_eq(out[0], "{\"groupId\":\"g1\"}");
	ck_assert_str_eq(out[1], "{\"name\":\"Work\",\"color\":\"blue\"}");
	free_all(out, 2);
	inputs[0] = "{\"group\":{\"name\":\"Inbox\"}}";
	ck_assert_int_eq(apply(&bed, bed.up, inputs, bases, out), 0);
	ck_assert_str_eq(out[0], "{\"groupId\":\"790fbc12070b9c37aece000b24c1c02f\"}");
	free_all(out, 2);
	bed_fini(&bed);
}
END_TEST

START_TEST(what_the_older_cannot_say_stays)
{
	struct bed bed = {.count = 0};

	bed_add(&bed, lens_1_2);
	bed_compile(&bed, false);
	/* `blocked` cannot be said in version 1. */
	check_text(&bed, bed.up, "{\"title\":\"new\",\"isDone\":false}",
		   "{\"title\":\"old\",\"status\":\"blocked\",\"group\":{\"name\":\"Work\"}}",
		   "{\"title\":\"new\",\"status\":\"blocked\",\"group\":{\"name\":\"Work\"}}");
	check_text(&bed, bed.up, "{\"title\":\"new\",\"isDone\":true}",
		   "{\"title\":\"old\",\"status\":\"blocked\"}",
		   "{\"title\":\"new\",\"status\":\"done\"}");
	bed_fini(&bed);
}
END_TEST

/* Elements find theirs in the base by key, whatever the order: of so many, looking through
 * them for each would not come to an end. Of a key that stands twice each goes with one. */
START_TEST(many_elements_find_theirs)
{
	enum { COUNT = 50000 };
	struct bed bed = {.count = 0};
	struct cf_buf newer, base, wanted;

	buf_init(&newer, &mem_heap);
	buf_init(&base, &mem_heap);
	buf_init(&wanted, &mem_heap);
	for (int i = 0; i < COUNT; i++) {
		const char *start = i ? "," : "{\"a\":[";

		buf_printf(&newer, "%s{\"id\":%d.0,\"n\":%d}", start, i / 2, i);
		buf_printf(&base, "%s{\"id\":%d,\"old\":%d,\"gone\":%d}", start,
			   (COUNT - 1 - i) / 2, i, COUNT - 1 - (i ^ 1));
		buf_printf(&wanted, "%s{\"id\":%d.0,\"old\":%d,\"gone\":%d}", start, i / 2, i, i);
	}
	buf_append(&newer, "]}", 3);
	buf_append(&base, "]}", 3);
	buf_append(&wanted, "]}", 3);
	bed_add(&bed, "{from: t@1, to: t@2, lens: [{in: {name: a, lens: [{map: {key: id, lens: "
		      "[{rename: {source: old, destination: n}}, {remove: {name: gone, type: "
		      "number}}]}}]}}]}");
	bed_compile(&bed, false);
	check_text(&bed, bed.down, newer.ptr, base.ptr, wanted.ptr);
	bed_fini(&bed);
	buf_fini(&newer);
	buf_fini(&base);
	buf_fini(&wanted);
}
END_TEST

START_TEST(errors_name_op_line_and_value)
{
	struct bed bed = {.count = 0};
	const char *inputs[8] = {"{\"title\":\"x\",\"isDone\":\"perhaps\"}"};
	char *out[8];

	bed_add(&bed, lens_1_2);
	bed_compile(&bed, false);
	ck_assert_int_eq(apply(&bed, bed.up, inputs, NULL, out), CF_ERR_UNMAPPED);
	ck_assert_str_eq(bed.error.message, "convert: no row for the value \"perhaps\"");
	ck_assert_str_eq(bed.error.pointer, "/status");
	ck_assert_uint_eq(bed.error.line, 5);
	bed_fini(&bed);
}
END_TEST

START_TEST(wrong_lens_files_are_told_with_their_line)
{
	static const struct {
		const char *yaml, *message;
		unsigned line;
	} cases[] = {
		{"lens:\n  - add: {name: a}\n  - renam: {source: a, destination: b}\n",
		 "unknown op \"renam\"; did you mean \"rename\"?", 3},
		{"lens:\n  - rename: {source: a}\n",
		 "rename: the argument \"destination\" is missing", 2},
		{"lens:\n  - rename: {source: a, destination: b, to: c}\n",
		 "rename: unknown argument \"to\"", 2},
		{"lens:\n  - add: {name: a, defualt: 1}\n",
		 "add: unknown argument \"defualt\"; did you mean \"default\"?", 2},
		{"from: a@1\nlens: []\n", "from and to go together", 1},
		{"from: a\nto: a@2\nlens: []\n", "\"a\" must be TYPE@MAJOR", 1},
		{"lens:\n  - convert:\n      name: a\n      mapping: [{a: b}]\n",
		 "convert: mapping must be two tables: up, and down", 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_file file;
		struct lens *lens;
		struct cf_error error = {0};

		ck_assert_int_eq(
			json_file_read(&file, "l.yaml", str_of(cases[i].yaml), &mem_heap, &error),
			0);
		ck_assert_int_eq(lens_read(&lens, &file, &mem_heap, &error), CF_ERR_LENS);
		ck_assert_str_eq(error.message, cases[i].message);
		ck_assert_uint_eq(error.line, cases[i].line);
		json_file_fini(&file);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-apply");
	TCase *tcase = tcase_create("apply");

	/* Enough under a sanitizer on a busy machine; too short for what is quadratic. */
	tcase_set_timeout(tcase, 20);
	tcase_add_test(tcase, each_op_goes_up_and_back);
	tcase_add_test(tcase, chain_makes_the_newest_and_its_part);
	tcase_add_test(tcase, shared_part_is_edited_or_pointed_to_anew);
	tcase_add_test(tcase, what_the_older_cannot_say_stays);
	tcase_add_test(tcase, many_elements_find_theirs);
	tcase_add_test(tcase, errors_name_op_line_and_value);
	tcase_add_test(tcase, wrong_lens_files_are_told_with_their_line);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
