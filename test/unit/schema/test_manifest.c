/* Manifests, their differences, and what a view says of a place in a schema. */
#include "check_main.h"
#include "schema/schema.h"

static int read_text(struct manifest *manifest, const char *text, struct cf_error *error)
{
	struct json_file file;
	int rc = json_file_read(&file, "m.json", str_of(text), &mem_heap, error);

	ck_assert_int_eq(rc, 0);
	rc = manifest_read(manifest, &file, error);
	if (rc)
		json_file_fini(&file);
	return rc;
}

START_TEST(manifests_are_read)
{
	struct semver version = {.major = 3, .minor = 1};
	struct manifest m;
	struct cf_error error = {0};

	ck_assert_int_eq(read_text(&m,
				   "{\"name\":\"app\",\"version\":\"1.2.0\",\"private\":true,\n"
				   "\"dependencies\":{\n\"item\":\"^3.0.0 || 2.x\"}}",
				   &error),
			 0);
	ck_assert(str_equal(m.name, STR("app")));
	ck_assert_uint_eq(m.version.minor, 2);
	ck_assert_uint_eq(m.dependency_count, 1);
	ck_assert(str_equal(m.dependencies[0].type, STR("item")));
	ck_assert(semver_range_has(m.dependencies[0].range, &version));
	version.major = 4;
	ck_assert(!semver_range_has(m.dependencies[0].range, &version));
	ck_assert_uint_eq(json_file_line(&m.file, m.dependencies[0].node), 3);
	manifest_fini(&m);
}
END_TEST

START_TEST(what_is_no_manifest_is_told_with_its_line)
{
	static const struct {
		const char *text, *message;
		unsigned line;
	} rows[] = {
		{"[1]", "a manifest is an object", 1},
		{"{\n\"version\":\"1.0.0\"}", "a manifest has a \"name\", a string", 1},
		{"{\"name\":\"a\",\n\"version\":1}", "a manifest has a \"version\", a string", 2},
		{"{\"name\":\"a\",\n\"version\":\"1.0\"}", "this is not a version like 1.2.3", 2},
		{"{\"name\":\"a\",\"version\":\"1.0.0\",\n\"dependencies\":[]}",
		 "\"dependencies\" is an object of ranges", 2},
		{"{\"name\":\"a\",\"version\":\"1.0.0\",\n\"dependencies\":{\n\"t\":1}}",
		 "a dependency's range is a string", 3},
		{"{\"name\":\"a\",\"version\":\"1.0.0\",\n\"dependencies\":{\"s\":\"1\",\n\"t\":"
		 "\">>1\"}}",
		 "this is not a range of versions", 3},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cf_error error = {0};
		struct manifest m;

		ck_assert_int_eq(read_text(&m, rows[i].text, &error), CF_ERR_CATALOG);
		ck_assert_str_eq(error.message, rows[i].message);
		ck_assert_str_eq(error.file, "m.json");
		ck_assert_uint_eq(error.line, rows[i].line);
	}
}
END_TEST

START_TEST(changes_of_manifests_are_named)
{
	static const struct {
		const char *from, *to, *rule; /* dependencies; NULL: no difference */
		enum schema_change change;
	} rows[] = {
		{"{\"t\":\"^1.0.0\"}", "{\"t\":\"^1.0.0\"}", NULL, SCHEMA_FIX},
		{"{\"t\":\"^1.0.0\"}", "{\"t\":\"^1.0.1\"}", "dependency-patch", SCHEMA_FIX},
		{"{\"t\":\"^1.0.0\"}", "{\"t\":\"^1.1.0\"}", "dependency-minor", SCHEMA_FEATURE},
		{"{\"t\":\"^1.0.0\"}", "{\"t\":\"^2.0.0\"}", "dependency-major", SCHEMA_BREAKING},
		{"{\"t\":\"^2.0.0\"}", "{\"t\":\"^1.0.0\"}", "dependency-major", SCHEMA_BREAKING},
		{"{\"t\":\"^1.2.0\"}", "{\"t\":\"^1.1.0\"}", "dependency-minor", SCHEMA_FEATURE},
		{"{\"t\":\"^1.0.0\"}", "{\"t\":\"1.x\"}", "dependency-text", SCHEMA_FIX},
		{"{}", "{\"t\":\"^1.0.0\"}", "type-added", SCHEMA_FEATURE},
		{"{\"t\":\"^1.0.0\"}", "{}", "type-removed", SCHEMA_BREAKING},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct manifest m[2];
		struct schema_diff diff;
		char text[200];

		for (int k = 0; k < 2; k++) {
			snprintf(text, sizeof(text),
				 "{\"name\":\"a\",\"version\":\"1.0.0\",\"dependencies\":%s}",
				 k ? rows[i].to : rows[i].from);
			ck_assert_int_eq(read_text(&m[k], text, NULL), 0);
		}
		ck_assert_int_eq(manifest_diff(&diff, &m[0], &m[1], &mem_heap, NULL), 0);
		ck_assert_int_eq(diff.change, rows[i].change);
		ck_assert_uint_eq(diff.reason_count, rows[i].rule ? 1 : 0);
		if (rows[i].rule)
			ck_assert_bytes(diff.reasons[0].rule.ptr, diff.reasons[0].rule.len,
					rows[i].rule);
		schema_diff_fini(&diff);
		manifest_fini(&m[0]);
		manifest_fini(&m[1]);
	}
}
END_TEST

/* --- views ------------------------------------------------------------------------------ */

static const char viewed[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\",\"loose\"],"
	"\"properties\":{"
	"\"a\":{\"$ref\":\"#/$defs/text\"},"
	"\"b\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/more\"}},"
	"\"c\":{\"$ref\":\"#/$defs/text\",\"default\":\"z\"},"
	"\"d\":{\"const\":5},"
	"\"e\":{\"type\":[\"null\",\"integer\"]},"
	"\"round\":{\"$ref\":\"#\"}},"
	"\"$defs\":{\"text\":{\"type\":\"string\",\"default\":\"x\",\"enum\":[\"x\",\"y\"]},"
	"\"more\":{\"$ref\":\"#/$defs/object\"},"
	"\"object\":{\"properties\":{\"in\":{\"type\":\"boolean\"}}}}}";

struct viewing {
	struct json_doc doc;
	struct schema *schema;
	struct schema_view root;
};

static void viewing_init(struct viewing *v)
{
	json_doc_init(&v->doc, &mem_heap);
	ck_assert_int_eq(json_read(&v->doc, viewed, strlen(viewed), 0, NULL), 0);
	ck_assert_int_eq(
		schema_compile(&v->schema, NULL, json_root(&v->doc), STR(""), 0, &mem_heap, NULL),
		0);
	v->root = schema_view_root(v->schema);
}

static void viewing_fini(struct viewing *v)
{
	schema_free(v->schema);
	json_doc_fini(&v->doc);
}

START_TEST(views_say_what_a_place_says)
{
	struct schema_view view;
	struct viewing v;

	viewing_init(&v);
	ck_assert_uint_eq(v.root.types, SCHEMA_OBJECT);
	ck_assert(v.root.closed);
	view = schema_view_property(&v.root, STR("d"));
	ck_assert(str_equal(json_span(view.constant), STR("5")));
	ck_assert(!view.required);
	ck_assert_uint_eq(view.types, 0);
	view = schema_view_property(&v.root, STR("e"));
	ck_assert_uint_eq(view.types, SCHEMA_NULL | SCHEMA_INTEGER);
	view = schema_view_property(&v.root, STR("nothing"));
	ck_assert(json_is_absent(view.at));
	ck_assert(!view.required);
	view = schema_view_property(&v.root, STR("loose"));
	ck_assert(json_is_absent(view.at));
	ck_assert(view.required);
	viewing_fini(&v);
}
END_TEST

START_TEST(views_follow_references)
{
	struct schema_view view;
	struct viewing v;

	viewing_init(&v);
	view = schema_view_property(&v.root, STR("a"));
	ck_assert(view.required);
	ck_assert_uint_eq(view.types, SCHEMA_STRING);
	ck_assert(str_equal(json_span(view.fallback), STR("\"x\"")));
	ck_assert_uint_eq(json_count(view.values), 2);
	view = schema_view_property(&v.root, STR("c"));
	ck_assert(str_equal(json_span(view.fallback), STR("\"z\"")));
	ck_assert_uint_eq(view.types, SCHEMA_STRING);
	view = schema_view_property(&v.root, STR("b"));
	view = schema_view_items(&view);
	ck_assert(!view.closed);
	view = schema_view_property(&view, STR("in"));
	ck_assert_uint_eq(view.types, SCHEMA_BOOLEAN);
	view = schema_view_property(&v.root, STR("round"));
	for (int i = 0; i < 1000; i++)
		view = schema_view_property(&view, STR("round"));
	ck_assert_uint_eq(schema_view_property(&view, STR("a")).types, SCHEMA_STRING);
	/* What has no items says nothing of them. */
	view = schema_view_items(&v.root);
	ck_assert(json_is_absent(view.at));
	viewing_fini(&v);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema-manifest");
	TCase *tcase = tcase_create("manifest");

	tcase_add_test(tcase, manifests_are_read);
	tcase_add_test(tcase, what_is_no_manifest_is_told_with_its_line);
	tcase_add_test(tcase, changes_of_manifests_are_named);
	tcase_add_test(tcase, views_say_what_a_place_says);
	tcase_add_test(tcase, views_follow_references);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
