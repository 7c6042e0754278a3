/* Catalogs: ids in each grammar, what opening finds, missing memory. */
#include "check_main.h"
#include "failing.h"

#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void write_file(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_folder(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	ck_assert_int_eq(mkdir(full, 0777), 0);
}

/* Two majors of `note` without a lens, and the given catalog.yaml. */
static void make_catalog(const char *config)
{
	snprintf(dir, sizeof(dir), "/tmp/catalog-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_folder("schemas");
	make_folder("schemas/note");
	write_file("schemas/note/1.0.0.json", "{\"version\": \"1.0.0\"}");
	write_file("schemas/note/2.0.0.json", "{\"version\": \"2.0.0\"}");
	write_file("catalog.yaml", config);
}

static void remove_catalog(void)
{
	static const char *const files[] = {"catalog.yaml",
					    "schemas/note/1.0.0.json",
					    "schemas/note/2.0.0.json",
					    "schemas/note",
					    "schemas",
					    ""};
	char full[256];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(full, sizeof(full), "%s/%s", dir, files[i]);
		ck_assert_int_eq(remove(full), 0);
	}
}

static struct catalog *open_catalog(const char *config)
{
	struct catalog *catalog = NULL;
	struct cf_error error;
	int rc;

	make_catalog(config);
	rc = catalog_open(&catalog, dir, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
	return catalog;
}

/* --- ids ---------------------------------------------------------------------- */

static const struct {
	const char *grammar, *id, *key;
	uint32_t major;
	bool singleton;
} good[] = {
	{"{type}@{major}:{key}", "note@1:k", "k", 1, false},
	{"{type}@{major}:{key}", "note@2:a:b@3:c", "a:b@3:c", 2, false},
	{"{type}@{major}:{key}", "note@2", "", 2, true},
	{"{type}:{key}:v:{major}", "note:k:v:1", "k", 1, false},
	{"{type}:{key}:v:{major}", "note:k:v:1:v:2", "k:v:1", 2, false},
	{"{type}:{key}", "note:k", "k", 0, false},
};

START_TEST(id_is_read_and_made_again)
{
	char config[128];
	struct catalog *catalog;
	struct catalog_id id;
	struct cf_buf made;

	snprintf(config, sizeof(config), "id: \"%s\"\n", good[_i].grammar);
	catalog = open_catalog(config);
	ck_assert_int_eq(catalog_identify_id(catalog, str_of(good[_i].id), &id, NULL), 0);
	ck_assert(str_equal(id.key, str_of(good[_i].key)));
	ck_assert_uint_eq(id.major_number, good[_i].major);
	ck_assert_int_eq(id.singleton, good[_i].singleton);
	buf_init(&made, &mem_heap);
	ck_assert_int_eq(catalog_format_id(catalog, id.type->name, id.major_number, id.key,
					   id.singleton, &made),
			 0);
	ck_assert(str_equal(buf_view(&made), str_of(good[_i].id)));
	buf_fini(&made);
	catalog_close(catalog);
	remove_catalog();
}
END_TEST

static const struct {
	const char *grammar, *id;
	int code;
} bad[] = {
	{"{type}@{major}:{key}", "", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "note", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "notes@1:k", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "note@:k", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "note@01:k", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "note@1:", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "note@3:k", CF_ERR_UNSUPPORTED},
	{"{type}@{major}:{key}", "note@99999999999:k", CF_ERR_UNKNOWN_TYPE},
	{"{type}@{major}:{key}", "_design/note@1:k", CF_ERR_UNKNOWN_TYPE},
	{"{type}:{key}:v:{major}", "note:k:v:", CF_ERR_UNKNOWN_TYPE},
	{"{type}:{key}:v:{major}", "note:k", CF_ERR_UNKNOWN_TYPE},
	{"{type}:{key}", "note:", CF_ERR_UNKNOWN_TYPE},
};

START_TEST(id_is_refused)
{
	char config[128];
	struct catalog *catalog;
	struct catalog_id id;

	snprintf(config, sizeof(config), "id: \"%s\"\n", bad[_i].grammar);
	catalog = open_catalog(config);
	ck_assert_int_eq(catalog_identify_id(catalog, str_of(bad[_i].id), &id, NULL), bad[_i].code);
	catalog_close(catalog);
	remove_catalog();
}
END_TEST

/* --- documents ------------------------------------------------------------------- */

static const struct {
	const char *document;
	int code;
} documents[] = {
	{"{\"_id\":\"note@1:k\",\"kind\":\"note\",\"v\":1}", 0},
	{"{\"_id\":\"note@1:k\",\"v\":\"1.4.0\"}", 0},
	{"{\"_id\":\"note@1:k\"}", 0},
	{"{\"kind\":\"note\",\"v\":1}", CF_ERR_INVALID},
	{"{\"_id\":\"note@1:k\",\"v\":2}", CF_ERR_INVALID},
	{"{\"_id\":\"note@1:k\",\"v\":true}", CF_ERR_INVALID},
	{"{\"_id\":\"note@1:k\",\"v\":\"1st\"}", CF_ERR_INVALID},
	{"{\"_id\":\"note@1:k\",\"kind\":\"page\"}", CF_ERR_INVALID},
	{"{\"_id\":\"k\",\"kind\":\"note\"}", CF_ERR_INVALID},
	{"{\"_id\":\"k\",\"kind\":\"page\"}", CF_ERR_UNKNOWN_TYPE},
	{"{\"_id\":7}", CF_ERR_INVALID},
	{"[]", CF_ERR_INVALID},
};

START_TEST(document_says_what_it_is)
{
	struct catalog *catalog = open_catalog("fields: {type: kind, version: v}\n");
	const char *text = documents[_i].document;
	struct catalog_id id;
	struct json_doc doc;

	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, text, strlen(text), JSON_READ_DOCUMENT, NULL), 0);
	ck_assert_int_eq(catalog_identify(catalog, json_root(&doc), STR(""), &id, NULL),
			 documents[_i].code);
	json_doc_fini(&doc);
	catalog_close(catalog);
	remove_catalog();
}
END_TEST

/* --- catalog.yaml ------------------------------------------------------------------ */

static const struct {
	const char *config, *words;
	unsigned line;
} wrong[] = {
	{"name: n\nnmae: n\n", "nmae", 2},
	{"id: 5\n", "id must be a text", 1},
	{"id: \"{key}\"\n", "{type}", 1},
	{"id: \"{type}\"\n", "{key}", 1},
	{"id: \"{type}{key}\"\n", "between", 1},
	{"id: \"{type}:{key}:{key}\"\n", "{key}", 1},
	{"fields: {tpye: a}\n", "tpye", 1},
	{"fields: {type: ''}\n", "fields: type", 1},
	{"supported:\n  note: [1, 3]\n", "note@3 has no schema", 2},
	{"supported: {page: [1]}\n", "no schema for type page", 1},
	{"supported: {note: []}\n", "list of major versions", 1},
	{"conflicts: {prefer: me}\n", "prefer must be", 1},
	{"conflicts: {late: never}\n", "late must be", 1},
	{"- a\n", "catalog must be", 1},
};

START_TEST(config_is_refused)
{
	struct catalog *catalog = NULL;
	struct cf_error error;

	make_catalog(wrong[_i].config);
	ck_assert_int_eq(catalog_open(&catalog, dir, &mem_heap, &error), CF_ERR_CATALOG);
	ck_assert_ptr_null(catalog);
	ck_assert_msg(strstr(error.message, wrong[_i].words), "%s", error.message);
	ck_assert_uint_eq(error.line, wrong[_i].line);
	ck_assert_ptr_nonnull(strstr(error.file, "/catalog.yaml"));
	remove_catalog();
}
END_TEST

/* --- examples ------------------------------------------------------------------------ */

/* A schema that speaks of `_id` sees it, also where the document's body lacks it; one
 * that does not is not told of any of the store's members. */
START_TEST(schema_sees_the_id_it_speaks_of)
{
	static const struct {
		const char *id, *body;
		bool valid;
	} rows[] = {
		{"note@1:k", "{\"_id\":\"note@1:k\",\"_rev\":\"1-a\",\"text\":\"t\"}", true},
		{"note@1:k", "{\"text\":\"t\"}", true},
		{"note@1:other", "{\"text\":\"t\"}", false},
		{"note@1:k", "{\"text\":\"t\",\"more\":1}", false},
		{"note@2:k", "{\"_id\":\"note@2:k\",\"_rev\":\"1-a\",\"text\":\"t\"}", true},
		{"note@2:k", "{\"text\":\"t\"}", true},
		{"note@2:k", "{\"_id\":\"note@2:k\"}", false},
	};
	struct catalog *catalog;
	struct json_doc doc;
	struct cf_error error;

	make_catalog("name: n\n");
	write_file("schemas/note/1.0.0.json",
		   "{\"version\": \"1.0.0\", \"required\": [\"_id\", \"text\"], "
		   "\"additionalProperties\": false, \"properties\": {\"_id\": {\"const\": "
		   "\"note@1:k\"}, \"text\": {}}}");
	write_file("schemas/note/2.0.0.json",
		   "{\"version\": \"2.0.0\", \"required\": [\"text\"], "
		   "\"additionalProperties\": false, \"properties\": {\"text\": {}}}");
	ck_assert_int_eq(catalog_open(&catalog, dir, &mem_heap, &error), 0);
	json_doc_init(&doc, &mem_heap);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct catalog_id id = {0};
		int rc;

		ck_assert_int_eq(json_read(&doc, rows[i].body, strlen(rows[i].body),
					   JSON_READ_DOCUMENT, &error),
				 0);
		ck_assert_int_eq(
			catalog_identify(catalog, json_root(&doc), str_of(rows[i].id), &id, &error),
			0);
		rc = catalog_validate(catalog, &id, json_root(&doc), NULL, &error);
		ck_assert_msg(rc == (rows[i].valid ? 0 : CF_ERR_INVALID), "%s: %d", rows[i].body,
			      rc);
	}
	json_doc_fini(&doc);
	catalog_close(catalog);
	remove_catalog();
}
END_TEST

static void example_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/examples/%s", getenv("CHESTERFIELD_SOURCE"), name);
}

START_TEST(programs_lead_from_each_major_to_each)
{
	struct catalog *catalog;
	const struct catalog_type *type;
	char path[512];

	example_path(path, sizeof(path), "todo");
	ck_assert_int_eq(catalog_open(&catalog, path, &mem_heap, NULL), 0);
	type = catalog_type(catalog, STR("todo-item"));
	ck_assert_ptr_nonnull(type);
	for (uint32_t from = 1; from <= 3; from++)
		for (uint32_t to = 1; to <= 3; to++)
			ck_assert_int_eq(catalog_program(catalog, type, from, to) != NULL,
					 from != to);
	ck_assert_ptr_null(catalog_program(catalog, type, 1, 4));
	catalog_close(catalog);
}
END_TEST

/* Runs a program on `count` documents, read into `docs`; the result, copied, in `out`. */
static void apply(struct lens_worker *worker, const struct catalog *catalog, uint32_t from,
		  uint32_t to, const struct cf_buf *in, struct cf_buf *out)
{
	const struct catalog_type *type = catalog_type(catalog, STR("todo-item"));
	const struct lens_program *program = catalog_program(catalog, type, from, to);
	struct json_value inputs[2] = {{NULL, 0}};
	struct lens_args args = {.key = STR("k"), .inputs = inputs};
	const struct lens_output *outputs;
	struct json_doc docs[2];
	struct cf_error error;
	int rc;

	for (size_t i = 0; i < 2; i++) {
		json_doc_init(&docs[i], &mem_heap);
		if (i < lens_program_inputs(program).count && in[i].len) {
			ck_assert_int_eq(json_read(&docs[i], in[i].ptr, in[i].len, 0, NULL), 0);
			inputs[i] = json_root(&docs[i]);
		}
	}
	rc = lens_apply(worker, program, &args, &outputs, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
	for (size_t i = 0; i < lens_program_outputs(program).count; i++) {
		buf_clear(&out[i]);
		ck_assert_int_eq(buf_str(&out[i], outputs[i].text), 0);
	}
	for (size_t i = 0; i < 2; i++)
		json_doc_fini(&docs[i]);
}

/* Version 1 to 3 in one go is 1 to 2 to 3, and back. */
START_TEST(chain_is_its_links_one_by_one)
{
	struct cf_buf made[2], middle[2], direct[2], stepped[2];
	const struct catalog_major *first;
	struct lens_worker *worker = lens_worker_new(&mem_heap);
	struct catalog *catalog;
	struct rng rng = {17};
	char path[512];

	example_path(path, sizeof(path), "todo");
	ck_assert_int_eq(catalog_open(&catalog, path, &mem_heap, NULL), 0);
	first = catalog_major(catalog_type(catalog, STR("todo-item")), 1);
	for (size_t i = 0; i < 2; i++) {
		buf_init(&made[i], &mem_heap);
		buf_init(&middle[i], &mem_heap);
		buf_init(&direct[i], &mem_heap);
		buf_init(&stepped[i], &mem_heap);
	}
	for (unsigned run = 0; run < 200; run++) {
		buf_clear(&made[0]);
		ck_assert_int_eq(
			schema_generate(catalog_major_schema(first), &rng, run / 2, &made[0], NULL),
			0);
		apply(worker, catalog, 1, 3, made, direct);
		apply(worker, catalog, 1, 2, made, middle);
		apply(worker, catalog, 2, 3, middle, stepped);
		ck_assert(str_equal(buf_view(&direct[0]), buf_view(&stepped[0])));
		ck_assert(str_equal(buf_view(&direct[1]), buf_view(&stepped[1])));
		apply(worker, catalog, 3, 2, direct, middle);
		apply(worker, catalog, 2, 1, middle, stepped);
		apply(worker, catalog, 3, 1, direct, middle);
		ck_assert(str_equal(buf_view(&middle[0]), buf_view(&stepped[0])));
	}
	for (size_t i = 0; i < 2; i++) {
		buf_fini(&made[i]);
		buf_fini(&middle[i]);
		buf_fini(&direct[i]);
		buf_fini(&stepped[i]);
	}
	lens_worker_free(worker);
	catalog_close(catalog);
}
END_TEST

static int check_example(const struct cf_mem *mem)
{
	const struct catalog_check_args args = {.seed = 5, .runs = 2};
	struct cf_error error;
	struct catalog_checked done;
	char path[512];

	example_path(path, sizeof(path), "todo-split");
	return catalog_check(path, &args, &done, mem, &error);
}

/* Opening and checking, with the n-th allocation missing: each of the first 400,
 * then one in 23. */
START_TEST(missing_memory_is_told_and_leaks_nothing)
{
	struct failing failing;

	for (failing_init(&failing, 0, false); !failing.done;
	     failing_next(&failing, failing.at < 400 ? 1 : 23))
		failing_judge(&failing, check_example(&failing.mem));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalog");
	TCase *tcase = tcase_create("catalog");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, id_is_read_and_made_again, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, id_is_refused, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, document_says_what_it_is, 0, ARRAY_LEN(documents));
	tcase_add_loop_test(tcase, config_is_refused, 0, ARRAY_LEN(wrong));
	tcase_add_test(tcase, schema_sees_the_id_it_speaks_of);
	tcase_add_test(tcase, programs_lead_from_each_major_to_each);
	tcase_add_test(tcase, chain_is_its_links_one_by_one);
	tcase_add_test(tcase, missing_memory_is_told_and_leaks_nothing);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
