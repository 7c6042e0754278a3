/* The official JSON Schema test suite, draft 2020-12: every required case, the
 * optional ones, and the formats. Cases that are not met stand in `unmet`, and
 * each must go on failing, so that the list cannot rot. */
#include "schema/schema.h"

#include "check_main.h"

#include <dirent.h>
#include <ftw.h>

struct unmet_row {
	const char *file;
	const char *group;
	const char *test; /* NULL: every case of the group counts as one that may fail */
};

static const struct unmet_row unmet[] = {
#include "suite_unmet.h"
};

enum { REMOTES_MAX = 128 };

struct remotes {
	struct json_file files[REMOTES_MAX];
	size_t count;
	struct schema_set *set;
};

static struct remotes remotes;
static size_t remotes_root_len;

static int add_remote(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	struct cf_error error;
	char uri[1024];
	struct json_file *file = &remotes.files[remotes.count];

	(void)info;
	(void)walk;
	if (kind != FTW_F)
		return 0;
	ck_assert_uint_lt(remotes.count, REMOTES_MAX);
	ck_assert_msg(json_file_load(file, path, &mem_heap, &error) == 0, "%s", error.message);
	snprintf(uri, sizeof(uri), "http://localhost:1234%s", path + remotes_root_len);
	ck_assert_int_eq(schema_set_add(remotes.set, str_of(uri), json_file_root(file), &error), 0);
	remotes.count++;
	return 0;
}

static void load_remotes(void)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/json-schema/remotes", getenv("CHESTERFIELD_TESTDATA"));
	remotes_root_len = strlen(path);
	remotes.count = 0;
	remotes.set = schema_set_new(&mem_heap);
	ck_assert_int_eq(nftw(path, add_remote, 16, FTW_PHYS), 0);
	ck_assert_uint_gt(remotes.count, 30);
}

static void drop_remotes(void)
{
	schema_set_free(remotes.set);
	for (size_t i = 0; i < remotes.count; i++)
		json_file_fini(&remotes.files[i]);
}

static bool is_unmet(const char *file, struct cf_str group, struct cf_str test)
{
	for (size_t i = 0; i < ARRAY_LEN(unmet); i++)
		if (unmet[i].file && strcmp(unmet[i].file, file) == 0 &&
		    str_equal(group, str_of(unmet[i].group)) &&
		    str_equal(test, str_of(unmet[i].test)))
			return true;
	return false;
}

static unsigned wrong_count;

static void run_group(const char *name, struct json_value group, unsigned flags, unsigned *count)
{
	struct json_iter it = json_iter(json_member(group, STR("tests")));
	struct cf_str title = json_inner(json_member(group, STR("description")));
	struct schema *schema = NULL;
	struct cf_error error = {0};
	int compiled = schema_compile(&schema, remotes.set, json_member(group, STR("schema")),
				      STR(""), flags, &mem_heap, &error);

	for (; json_next(&it); ++*count) {
		struct cf_str test = json_inner(json_member(it.value, STR("description")));
		bool expected = json_kind(json_member(it.value, STR("valid"))) == JSON_TRUE;
		int rc = compiled ? compiled
				  : schema_validate(schema, json_member(it.value, STR("data")),
						    NULL, NULL);
		bool met = rc == (expected ? 0 : CF_ERR_INVALID);

		if (met == is_unmet(name, title, test)) {
			wrong_count++;
			fprintf(stderr, "\t{\"%s\", \"%.*s\", \"%.*s\"}, // %s: %d %s\n", name,
				STR_ARG(title), STR_ARG(test), met ? "is met" : "not met", rc,
				compiled ? error.message : "");
		}
	}
	schema_free(schema);
}

static unsigned run_folder(const char *folder, unsigned flags)
{
	char path[1024], name[512];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/json-schema/tests/draft2020-12/%s",
		 getenv("CHESTERFIELD_TESTDATA"), folder);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	wrong_count = 0;
	while ((entry = readdir(dir))) {
		struct json_file file;
		struct json_iter it;
		struct cf_error error;

		if (!strstr(entry->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/json-schema/tests/draft2020-12/%s%s",
			 getenv("CHESTERFIELD_TESTDATA"), folder, entry->d_name);
		snprintf(name, sizeof(name), "%s%s", folder, entry->d_name);
		ck_assert_msg(json_file_load(&file, path, &mem_heap, &error) == 0, "%s",
			      error.message);
		it = json_iter(json_file_root(&file));
		while (json_next(&it))
			run_group(name, it.value, flags, &count);
		json_file_fini(&file);
	}
	closedir(dir);
	ck_assert_msg(wrong_count == 0, "%u of %u cases of %s", wrong_count, count, folder);
	return count;
}

START_TEST(every_required_case_is_met)
{
	ck_assert_uint_gt(run_folder("", 0), 1000);
}
END_TEST

START_TEST(optional_cases_are_met)
{
	ck_assert_uint_gt(run_folder("optional/", 0), 100);
}
END_TEST

START_TEST(formats_are_met)
{
	ck_assert_uint_gt(run_folder("optional/format/", SCHEMA_ASSERT_FORMAT), 400);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema-suite");
	TCase *tcase = tcase_create("suite");

	if (!testdata_is_here())
		return TESTDATA_MISSING;
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, load_remotes, drop_remotes);
	tcase_add_test(tcase, every_required_case_is_met);
	tcase_add_test(tcase, optional_cases_are_met);
	tcase_add_test(tcase, formats_are_met);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
