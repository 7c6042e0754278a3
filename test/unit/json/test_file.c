/* YAML and JSON into the same values, with lines. */
#include "check_main.h"
#include "failing.h"
#include "json/json.h"

static int read_yaml(struct json_file *file, const char *text, struct cf_error *error)
{
	*error = (struct cf_error){0};
	return json_file_read(file, "f.yaml", str_of(text), &mem_heap, error);
}

START_TEST(core_schema_decides_plain_scalars)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"no", "\"no\""},
		{"on", "\"on\""},
		{"yes", "\"yes\""},
		{"~", "null"},
		{"NULL", "null"},
		{"nUll", "\"nUll\""},
		{"TRUE", "true"},
		{"'true'", "\"true\""},
		{"012", "12"},
		{"0o17", "15"},
		{"0x1F", "31"},
		{"+1", "1"},
		{".5", "0.5"},
		{"1.", "1"},
		{"-1.50e3", "-1.50e3"},
		{"1_000", "\"1_000\""},
		{"1:30", "\"1:30\""},
		{"2018-04-01", "\"2018-04-01\""},
		{"12345678901234567890123", "12345678901234567890123"},
		{"\"a\\u0000b\"", NULL},
		{"[a, {b: c}]", "[\"a\",{\"b\":\"c\"}]"},
		{"{false: active}", "{\"false\":\"active\"}"},
		{"|\n a\n b\n", "\"a\\nb\\n\""},
		{"!!str 1", "\"1\""},
		{"! 12", "\"12\""},
		{"\xc3\xa4: ! 12", "{\"\xc3\xa4\":\"12\"}"},
		{"a: &x ! true\nb: *x", "{\"a\":\"true\",\"b\":\"true\"}"},
		{"a: &x # one\n  ! 1\nb: 2", "{\"a\":\"1\",\"b\":2}"},
		{"[!!str null, ! , ~]", "[\"null\",\"\",null]"},
		{"! {a: ! [1]}", "{\"a\":[1]}"},
		{"!!map {a: !!seq [1]}", "{\"a\":[1]}"},
		{"! 1: ! 2", "{\"1\":\"2\"}"},
		{"{a: &x 12, b: *x, c: &y [1, {d: *x}], e: *y}",
		 "{\"a\":12,\"b\":12,\"c\":[1,{\"d\":12}],\"e\":[1,{\"d\":12}]}"},
		{"{a: &x 1, *x : 2, &k 3: 4, b: *k}", "{\"a\":1,\"1\":2,\"3\":4,\"b\":3}"},
		{"{a: &x 1, b: &x 2, c: *x}", "{\"a\":1,\"b\":2,\"c\":2}"},
	};
	struct cf_error error;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_file file;
		int rc = read_yaml(&file, cases[i].yaml, &error);

		ck_assert_msg((rc == 0) == (cases[i].json != NULL), "%s: %s", cases[i].yaml,
			      error.message);
		if (rc)
			continue;
		ck_assert_bytes(file.text.ptr, file.text.len, cases[i].json);
		json_file_fini(&file);
	}
}
END_TEST

START_TEST(wrong_yaml_is_told_with_its_line)
{
	static const struct {
		const char *yaml;
		unsigned line;
		const char *message;
		unsigned column;
	} cases[] = {
		{"a: 1\nb: 2\na: 3\n", 3, "a member name stands twice in one object"},
		{"a: {b: 1}\nc: {b: 1,\n  \"\\x62\": 2}\n", 3,
		 "a member name stands twice in one object"},
		{"a: 1\n? [x]\n: 2\n", 2, "a member name must be a text"},
		{"a:\n  b: .inf\n", 2, "JSON cannot hold this number"},
		{"a: 1\nb: !!binary eA==\n", 2, "the tag !!binary is not understood here"},
		{"a: 1\nb: !!int 3\n", 2, "the tag !!int is not understood here"},
		{"a: 1\nb: !own [3]\n", 2, "the tag !own is not understood here"},
		{"a: !!seq {}\n", 1, "the tag !!seq is not understood here"},
		{"%TAG !e! tag:e.com,2000:\n---\na: 1\n", 1, "%TAG is not understood here"},
		{"a: 1\n---\nb: 2\n", 2, "one document is expected"},
		{"", 1, "the file is empty"},
		{"a: &x\n  - *x\n", 2, "this alias stands within what it names"},
		{"a:\n  - *x\n", 2, "this alias has no anchor before it"},
		{"a: &x [1]\n*x : 2\n", 2, "a member name must be a text"},
		{"a:\n\tb: 1\n", 2, "a tab cannot indent: use spaces", 1},
		{"a:\n  b: 1\n\tc: 2\n", 3, "a tab cannot indent: use spaces", 1},
		{"a:\n  - @x\n", 2, "a value cannot begin with @: put it in quotes", 5},
		{"a: b: c\n", 1,
		 "a colon where no name can stand: put a text with \": \" in quotes, or indent "
		 "the line as the others",
		 5},
		{"a: 1\nb: [1,\n  2\n", 2, "a [ that is not closed, or a comma is missing", 4},
		{"a: 1\nb: \"x\nc: 2\n", 2, "a quote that is not closed", 4},
		{"a: 1\nb: \xff\n", 2, "not UTF-8", 4},
		{"a:\n  b: 1\n c: 2\n", 3,
		 "this is no member like those before it: is it indented as they are, and is all "
		 "before it closed?",
		 2},
		{"a: 1\n- b\n", 2,
		 "this is no member like those before it: is it indented as they are, and is all "
		 "before it closed?",
		 1},
	};
	struct cf_error error;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_file file;

		ck_assert_int_ne(read_yaml(&file, cases[i].yaml, &error), 0);
		ck_assert_str_eq(error.message, cases[i].message);
		ck_assert_str_eq(error.file, "f.yaml");
		ck_assert_msg(error.line == cases[i].line, "%s: line %u", cases[i].yaml,
			      error.line);
		if (cases[i].column)
			ck_assert_msg(error.column == cases[i].column, "%s: column %u",
				      cases[i].yaml, error.column);
	}
	ck_assert_int_eq(read_yaml(&(struct json_file){0}, "a: [1\nb: }\n", &error), CF_ERR_SYNTAX);
	ck_assert_uint_gt(error.line, 0);
}
END_TEST

START_TEST(aliases_that_explode_are_stopped)
{
	struct cf_buf text;
	struct json_file file;
	struct cf_error error;

	buf_init(&text, &mem_heap);
	buf_str(&text, STR("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"));
	for (int i = 1; i < 9; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&text, "%s*a%d", k ? ", " : "", i - 1);
		buf_str(&text, STR("]\n"));
	}
	buf_byte(&text, '\0');
	ck_assert_int_eq(read_yaml(&file, text.ptr, &error), CF_ERR_LIMIT);
	buf_fini(&text);
}
END_TEST

/* What is counted: bytes that are asked for, as long as they are held. */
struct counted {
	size_t held, most;
};

static void *count_resize(void *ctx, void *ptr, size_t size)
{
	struct counted *counted = ctx;
	size_t *old = ptr ? (size_t *)ptr - 2 : NULL, *block = NULL;

	counted->held -= old ? old[0] : 0;
	counted->held += size;
	if (counted->most < counted->held)
		counted->most = counted->held;
	block = mem_heap.resize(NULL, old, size ? size + 2 * sizeof(*block) : 0);
	if (!block)
		return NULL;
	block[0] = size;
	return block + 2;
}

/* Reads it, with at most 64 MiB beyond its own size. */
static int read_large(struct cf_buf *text, struct cf_error *error)
{
	struct counted counted = {0, 0};
	struct cf_mem mem = {count_resize, &counted};
	struct json_file file;
	int rc;

	*error = (struct cf_error){0};
	rc = json_file_read(&file, "f.yaml", buf_view(text), &mem, error);
	if (rc == 0)
		json_file_fini(&file);
	ck_assert_uint_eq(counted.held, 0);
	ck_assert_uint_le(counted.most, text->len + ((size_t)64 << 20));
	buf_fini(text);
	return rc;
}

/* Each of these took half a minute, or more than a gigabyte. */
START_TEST(large_files_cost_little)
{
	struct cf_error error;
	struct cf_buf text;

	buf_init(&text, &mem_heap);
	for (int i = 0; i < 100000; i++)
		buf_byte(&text, '[');
	ck_assert_int_eq(read_large(&text, &error), CF_ERR_SYNTAX);
	ck_assert_str_eq(error.message, "nested too deeply");
	for (int i = 0; i < 80000; i++)
		buf_printf(&text, "k%d: %d\n", i, i);
	ck_assert_int_eq(read_large(&text, &error), 0);
	buf_str(&text, STR("a: &a \""));
	for (int i = 0; i < 1 << 20; i++)
		buf_byte(&text, 'x');
	buf_str(&text, STR("\"\nb:\n"));
	for (int i = 0; i < 9000; i++)
		buf_str(&text, STR("  - *a\n"));
	ck_assert_int_eq(read_large(&text, &error), CF_ERR_LIMIT);
	ck_assert_str_eq(error.message, "more text than the limit allows, aliases expanded");
	ck_assert_uint_eq(error.line, 17);
	for (int i = 0; i < 50000; i++)
		buf_printf(&text, "- &a%d %d\n- *a%d\n", i, i, i);
	ck_assert_int_eq(read_large(&text, &error), 0);
}
END_TEST

START_TEST(lines_of_values_are_known)
{
	struct json_file file;
	struct cf_error error;

	ck_assert_int_eq(read_yaml(&file, "a:\n  - 1\n  - b: x\n\nc: 2\n", &error), 0);
	ck_assert_uint_eq(
		json_file_line(&file, json_pointer_get(json_file_root(&file), STR("/a/1/b")).node),
		3);
	ck_assert_uint_eq(
		json_file_line(&file, json_pointer_get(json_file_root(&file), STR("/c")).node), 5);
	json_file_fini(&file);
	ck_assert_int_eq(
		json_file_read(&file, "f.json", STR("{\n\"a\": [\n1,\n2]}"), &mem_heap, &error), 0);
	ck_assert_uint_eq(
		json_file_line(&file, json_pointer_get(json_file_root(&file), STR("/a/1")).node),
		4);
	json_file_fini(&file);
	ck_assert_int_eq(json_file_read(&file, "f.json", STR("{\n\"a\" 1}"), &mem_heap, &error),
			 CF_ERR_SYNTAX);
	ck_assert_uint_eq(error.line, 2);
	ck_assert_str_eq(error.file, "f.json");
}
END_TEST

START_TEST(missing_files_are_told)
{
	struct json_file file;
	struct cf_error error = {0};

	ck_assert_int_eq(json_file_load(&file, "/nowhere/x.json", &mem_heap, &error),
			 CF_ERR_NOT_FOUND);
	ck_assert_str_eq(error.file, "/nowhere/x.json");
	ck_assert_int_eq(json_file_load(&file, "/", &mem_heap, &error), CF_ERR_IO);
}
END_TEST

START_TEST(missing_memory_is_told)
{
	struct failing failing;

	FAILING_EACH(failing)
	{
		struct json_file file;
		struct cf_error error = {0};
		int rc = json_file_read(&file, "f.yaml",
					STR("a: {b: [1, 'x', \"y\"]}\nc: \"\\t\"\n"), &failing.mem,
					&error);

		failing_judge(&failing, rc);
		if (rc == 0)
			json_file_fini(&file);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json-file");
	TCase *tcase = tcase_create("file");

	tcase_add_test(tcase, core_schema_decides_plain_scalars);
	tcase_add_test(tcase, wrong_yaml_is_told_with_its_line);
	tcase_add_test(tcase, aliases_that_explode_are_stopped);
	tcase_add_test(tcase, large_files_cost_little);
	tcase_add_test(tcase, lines_of_values_are_known);
	tcase_add_test(tcase, missing_files_are_told);
	tcase_add_test(tcase, missing_memory_is_told);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
