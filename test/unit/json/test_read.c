/* Reading decides as RFC 8259 says, tells where it stopped, and loses nothing. */
#include "check_main.h"
#include "failing.h"
#include "json/read.h"

#include <dirent.h>

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text;

	ck_assert_msg(f != NULL, "%s", path);
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	text = malloc(*len ? *len : 1); /* exact, so that a sanitizer sees every overrun */
	ck_assert_uint_eq(fread(text, 1, *len, f), *len);
	fclose(f);
	return text;
}

/* Both scanners make the same tape, or fail in the same way. */
static int read_both(const char *text, size_t len, unsigned flags, struct cf_error *error)
{
	struct json_doc a, b;
	struct cf_error other = {0};
	int rc, rc_b;

	json_doc_init(&a, &mem_heap);
	json_doc_init(&b, &mem_heap);
	rc = json_read_with(&a, text, len, flags, true, error);
	rc_b = json_read_with(&b, text, len, flags, false, &other);
	ck_assert_int_eq(rc, rc_b);
	ck_assert_uint_eq(a.count, b.count);
	if (rc == 0) {
		struct cf_buf out;

		ck_assert_mem_eq(a.nodes, b.nodes, a.count * sizeof(*a.nodes));
		buf_init(&out, &mem_heap);
		ck_assert_int_eq(json_write(json_root(&a), &out), 0);
		ck_assert_mem_eq(out.ptr, text + a.nodes[0].start, out.len);
		buf_clear(&out);
		ck_assert_int_eq(json_write_compact(json_root(&a), &out), 0);
		ck_assert_int_eq(json_read(&b, out.ptr, out.len, flags, &other), 0);
		ck_assert(json_equal(json_root(&a), json_root(&b)));
		ck_assert_uint_eq(json_hash64(json_root(&a)), json_hash64(json_root(&b)));
		buf_fini(&out);
	} else {
		ck_assert_uint_eq(error->offset, other.offset);
		ck_assert_uint_gt(error->line + (rc == CF_ERR_LIMIT), 0);
	}
	json_doc_fini(&a);
	json_doc_fini(&b);
	return rc;
}

START_TEST(suite_decides_as_file_names_say)
{
	char dir[512], path[1024];
	DIR *d;
	struct dirent *entry;
	int seen = 0;

	snprintf(dir, sizeof(dir), "%s/json-parsing", getenv("CHESTERFIELD_TESTDATA"));
	d = opendir(dir);
	ck_assert_msg(d != NULL, "%s", dir);
	while ((entry = readdir(d))) {
		struct cf_error error = {0};
		size_t len;
		char *text;
		int rc;

		if (strlen(entry->d_name) < 6 ||
		    strcmp(entry->d_name + strlen(entry->d_name) - 5, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		text = slurp(path, &len);
		rc = read_both(text, len, JSON_READ_DUPLICATE_NAMES, &error);
		if (entry->d_name[0] == 'y')
			ck_assert_msg(rc == 0, "%s: %s", entry->d_name, error.message);
		if (entry->d_name[0] == 'n')
			ck_assert_msg(rc == CF_ERR_SYNTAX || rc == CF_ERR_LIMIT, "%s",
				      entry->d_name);
		free(text);
		seen++;
	}
	closedir(d);
	ck_assert_int_ge(seen, 300);
}
END_TEST

static int read_text(const char *text, struct cf_error *error)
{
	return read_both(text, strlen(text), JSON_READ_DOCUMENT, error);
}

START_TEST(name_twice_is_refused_with_its_pointer)
{
	struct cf_error error = {0};

	ck_assert_int_eq(read_text("{\"a\": {\"b\": [0, {\"x/y\": 1, \"x/y\": 2}]}}", &error),
			 CF_ERR_SYNTAX);
	ck_assert_str_eq(error.pointer, "/a/b/1/x~1y");
	ck_assert_int_eq(read_text("{\"a\":1,\"\\u0061\":2}", &error), CF_ERR_SYNTAX);
	ck_assert_int_eq(read_text("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", &error), 0);
}
END_TEST

START_TEST(many_names_are_told_apart)
{
	struct cf_buf text;
	struct cf_error error = {0};

	for (int twice = 0; twice < 2; twice++) {
		buf_init(&text, &mem_heap);
		buf_byte(&text, '{');
		for (int i = 0; i < 5000; i++)
			buf_printf(&text, "%s\"name-%d\":%d", i ? "," : "", i, i);
		if (twice)
			buf_str(&text, STR(",\"name-77\":0"));
		buf_byte(&text, '}');
		ck_assert_int_eq(read_both(text.ptr, text.len, 0, &error),
				 twice ? CF_ERR_SYNTAX : 0);
		buf_fini(&text);
	}
	ck_assert_str_eq(error.pointer, "/name-77");
}
END_TEST

START_TEST(errors_tell_line_and_column)
{
	struct cf_error error = {0};

	ck_assert_int_eq(read_text("{\n  \"a\": 1,\n  \"b\": tru\n}", &error), CF_ERR_SYNTAX);
	ck_assert_uint_eq(error.line, 3);
	ck_assert_uint_eq(error.column, 8);
	ck_assert_uint_eq(error.offset, 19);
}
END_TEST

START_TEST(depth_and_size_have_limits)
{
	struct cf_buf text;
	struct cf_error error = {0};
	struct json_doc doc;
	char *big = calloc(1, LIMIT_DOCUMENT_BYTES + 1);

	buf_init(&text, &mem_heap);
	for (int i = 0; i < LIMIT_JSON_DEPTH; i++)
		buf_byte(&text, '[');
	for (int i = 0; i < LIMIT_JSON_DEPTH; i++)
		buf_byte(&text, ']');
	ck_assert_int_eq(read_both(text.ptr, text.len, 0, &error), 0);
	buf_clear(&text);
	for (int i = 0; i < 10000; i++)
		buf_str(&text, STR("{\"a\":"));
	ck_assert_int_eq(read_both(text.ptr, text.len, 0, &error), CF_ERR_LIMIT);
	ck_assert_uint_eq(error.offset, 5 * LIMIT_JSON_DEPTH);
	buf_fini(&text);
	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, big, LIMIT_DOCUMENT_BYTES + 1, 0, &error), CF_ERR_LIMIT);
	json_doc_fini(&doc);
	free(big);
}
END_TEST

/* [0,0,...]: so many nodes of a tape. */
static int read_nodes(char *text, size_t count, struct cf_error *error)
{
	size_t len = 1 + 2 * (count - 1);
	struct json_doc doc;
	int rc;

	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? '0' : ',';
	text[0] = '[';
	text[len - 1] = ']';
	json_doc_init(&doc, &mem_heap);
	rc = json_read(&doc, text, len, 0, error);
	json_doc_fini(&doc);
	return rc;
}

START_TEST(values_have_a_limit)
{
	char *text = malloc(LIMIT_DOCUMENT_BYTES);
	struct cf_error error = {0};

	ck_assert_int_eq(read_nodes(text, LIMIT_JSON_NODES, &error), 0);
	ck_assert_int_eq(read_nodes(text, LIMIT_JSON_NODES + 1, &error), CF_ERR_LIMIT);
	ck_assert_str_eq(error.message, "more than 4194304 values and names");
	free(text);
}
END_TEST

static struct json_value value_of(struct json_doc *doc, const char *text)
{
	struct cf_error error = {0};
	int rc;

	json_doc_init(doc, &mem_heap);
	rc = json_read(doc, text, strlen(text), 0, &error);
	ck_assert_msg(rc == 0, "%s: %s", text, error.message);
	return json_root(doc);
}

START_TEST(equality_is_by_value)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"1", "1.0", true},
		{"1", "1e0", true},
		{"100", "1E+2", true},
		{"0", "-0.00e5", true},
		{"9007199254740993", "9007199254740992", false},
		{"1e400", "10e399", true},
		{"1e400", "1e-400", false},
		{"0.1", "0.10000000000000000000000000000000000001", false},
		{"12.50", "1.25e1", true},
		{"\"\\u0041\"", "\"A\"", true},
		{"\"\\ud834\\udd1e\"", "\"\xf0\x9d\x84\x9e\"", true},
		{"\"\\/\"", "\"\\u002f\"", true},
		{"{\"a\":1,\"b\":[true]}", "{ \"b\" : [ true ], \"a\" : 1.0 }", true},
		{"{\"a\":1}", "{\"a\":1,\"b\":null}", false},
		{"{\"c\":3,\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2,\"c\":3}", true},
		{"{\"c\":3,\"x\":1,\"b\":2}", "{\"a\":1,\"b\":2,\"c\":3}", false},
		{"[1,2]", "[2,1]", false},
		{"[]", "{}", false},
		{"null", "false", false},
		{"\"1\"", "1", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_doc da, db;
		struct json_value a = value_of(&da, cases[i].a), b = value_of(&db, cases[i].b);

		ck_assert_msg(json_equal(a, b) == cases[i].equal, "%s %s", cases[i].a, cases[i].b);
		ck_assert_msg((json_hash64(a) == json_hash64(b)) == cases[i].equal, "hash %s %s",
			      cases[i].a, cases[i].b);
		json_doc_fini(&da);
		json_doc_fini(&db);
	}
}
END_TEST

/* {"mN": N} for N by a step around the count; "\u006d" spells the "m" otherwise. */
static void write_members(struct cf_buf *out, size_t count, size_t step, size_t changed)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = i * step % count;

		buf_printf(out, "%s\"%s%zu\":%zu", i ? "," : "{", step > 1 ? "\\u006d" : "m", n,
			   n == changed ? count : n);
	}
	buf_append(out, "}", 2);
}

/* Looking through the other one for each member would not come to an end. */
START_TEST(members_of_large_objects_have_no_order)
{
	static const size_t counts[] = {16, 17, 33, 50000};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct json_doc da, db, dc;
		struct cf_buf a, b, c;

		buf_init(&a, &mem_heap);
		buf_init(&b, &mem_heap);
		buf_init(&c, &mem_heap);
		write_members(&a, counts[i], 1, SIZE_MAX);
		write_members(&b, counts[i], 7, SIZE_MAX);
		write_members(&c, counts[i], counts[i] - 1, 5);
		ck_assert(json_equal(value_of(&da, a.ptr), value_of(&db, b.ptr)));
		ck_assert(json_equal(json_root(&db), json_root(&da)));
		ck_assert(!json_equal(json_root(&da), value_of(&dc, c.ptr)));
		ck_assert(!json_equal(json_root(&dc), json_root(&db)));
		json_doc_fini(&da);
		json_doc_fini(&db);
		json_doc_fini(&dc);
		buf_fini(&a);
		buf_fini(&b);
		buf_fini(&c);
	}
}
END_TEST

START_TEST(numbers_are_exact_decimals)
{
	static const struct {
		const char *a, *b;
		bool multiple;
	} multiples[] = {
		{"0.3", "0.1", true},
		{"1e308", "0.5", true},
		{"7", "2", false},
		{"1.1", "0.01", true},
		{"0.0075", "0.0001", true},
		{"0.00751", "0.0001", false},
		{"0", "3", true},
		{"10", "1e1", true},
		{"1", "10", false},
		{"123456789012345678901234567890", "12345678901234567890123456789", true},
		{"123456789012345678901234567891", "12345678901234567890123456789", false},
	};
	int64_t value;

	for (size_t i = 0; i < ARRAY_LEN(multiples); i++) {
		bool answer = !multiples[i].multiple;

		ck_assert_int_eq(json_number_is_multiple(str_of(multiples[i].a),
							 str_of(multiples[i].b), &answer),
				 0);
		ck_assert_msg(answer == multiples[i].multiple, "%s %s", multiples[i].a,
			      multiples[i].b);
	}
	ck_assert_int_lt(json_number_compare(STR("-2"), STR("-1.99")), 0);
	ck_assert_int_gt(json_number_compare(STR("10"), STR("9.999e0")), 0);
	ck_assert_int_gt(json_number_compare(STR("0.01"), STR("0.001")), 0);
	ck_assert(json_number_is_integer(STR("1.5e1")));
	ck_assert(!json_number_is_integer(STR("1.5")));
	ck_assert(json_number_int64(STR("-9223372036854775808"), &value) && value == INT64_MIN);
	ck_assert(!json_number_int64(STR("9223372036854775808"), &value));
	ck_assert(json_number_int64(STR("12e2"), &value) && value == 1200);
}
END_TEST

START_TEST(looking_follows_names_and_pointers)
{
	struct json_doc doc;
	struct json_value root =
		value_of(&doc, "{\"a\": {\"x~y\": [10, {\"k\\u0065y\": \"v\\n\"}]}, \"\": 1}");
	struct json_value found = json_pointer_get(root, STR("/a/x~0y/1/key"));
	struct cf_arena arena;
	struct cf_str text;
	struct cf_buf pointer;

	arena_init(&arena, &mem_heap);
	buf_init(&pointer, &mem_heap);
	ck_assert_int_eq(json_kind(found), JSON_STRING);
	ck_assert_int_eq(json_decode(found, &arena, &text), 0);
	ck_assert_bytes(text.ptr, text.len, "v\n");
	ck_assert_int_eq(json_pointer_of(found, &pointer), 0);
	ck_assert_bytes(pointer.ptr, pointer.len, "/a/x~0y/1/key");
	ck_assert(json_is_absent(json_pointer_get(root, STR("/a/x~0y/01"))));
	ck_assert(json_is_absent(json_pointer_get(root, STR("/a/x~0y/1/ke"))));
	ck_assert(json_is_absent(json_pointer_get(root, STR("/a/x~0y/1/keyy"))));
	ck_assert(!json_is_absent(json_pointer_get(root, STR("/"))));
	ck_assert(json_is_absent(json_member(root, STR("b"))));
	ck_assert_uint_eq(json_count(root), 2);
	buf_fini(&pointer);
	arena_fini(&arena);
	json_doc_fini(&doc);
}
END_TEST

START_TEST(long_escaped_names_are_found)
{
	struct json_doc doc;
	struct json_value root, name;
	struct cf_buf text, pointer;

	buf_init(&text, &mem_heap);
	buf_init(&pointer, &mem_heap);
	buf_str(&text, STR("{\"\\t"));
	for (int i = 0; i < 1000; i++)
		buf_str(&text, STR("/"));
	buf_str(&text, STR("\":1}"));
	buf_byte(&text, 0);
	root = value_of(&doc, text.ptr);
	name = (struct json_value){&doc, 1};
	ck_assert_int_eq(json_pointer_of(name, &pointer), 0);
	ck_assert(!json_is_absent(json_pointer_get(root, buf_view(&pointer))));
	buf_fini(&text);
	buf_fini(&pointer);
	json_doc_fini(&doc);
}
END_TEST

START_TEST(strings_are_written_as_they_were_read)
{
	static const char text[] = "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001 \xc3\xa9 \\ud800\"";
	struct json_doc doc;
	struct json_value v = value_of(&doc, text);
	struct cf_arena arena;
	struct cf_str decoded;
	struct cf_buf out;

	arena_init(&arena, &mem_heap);
	buf_init(&out, &mem_heap);
	ck_assert_int_eq(json_decode(v, &arena, &decoded), 0);
	ck_assert_int_eq(json_write_string(decoded, &out), 0);
	ck_assert_bytes(out.ptr, out.len, text);
	buf_fini(&out);
	arena_fini(&arena);
	json_doc_fini(&doc);
}
END_TEST

START_TEST(missing_memory_is_told)
{
	static const char text[] = "{\"a\\u0062\":[1,2,3,4,5,6,7,8,9,10,1,2,3,4,5,6,7,8,9,20,1,2,"
				   "3,4,5,6,7,8,9,30,1,2,3,4,5,6,7,8,9,40,1,2,3,4,5,6,7,8,9,50,1,"
				   "2,3,4,5,6,7,8,9,60,1,2,3,4,5,6,7]}";
	struct failing failing;

	FAILING_EACH(failing)
	{
		struct json_doc doc;
		struct cf_error error = {0};

		json_doc_init(&doc, &failing.mem);
		failing_judge(&failing, json_read(&doc, text, sizeof(text) - 1, 0, &error));
		json_doc_fini(&doc);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json-read");
	TCase *tcase = tcase_create("read");

	/* Enough under a sanitizer on a busy machine; too short for what is quadratic. */
	tcase_set_timeout(tcase, 20);
	if (testdata_is_here())
		tcase_add_test(tcase, suite_decides_as_file_names_say);
	tcase_add_test(tcase, name_twice_is_refused_with_its_pointer);
	tcase_add_test(tcase, many_names_are_told_apart);
	tcase_add_test(tcase, errors_tell_line_and_column);
	tcase_add_test(tcase, depth_and_size_have_limits);
	tcase_add_test(tcase, values_have_a_limit);
	tcase_add_test(tcase, equality_is_by_value);
	tcase_add_test(tcase, members_of_large_objects_have_no_order);
	tcase_add_test(tcase, numbers_are_exact_decimals);
	tcase_add_test(tcase, looking_follows_names_and_pointers);
	tcase_add_test(tcase, long_escaped_names_are_found);
	tcase_add_test(tcase, strings_are_written_as_they_were_read);
	tcase_add_test(tcase, missing_memory_is_told);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
