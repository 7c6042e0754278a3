/* Cambria's lens files work as they are: lenses and documents of ours, with the
 * documents that Cambria's own command made of them (docs/cambria.md says where
 * we differ on purpose). */
#include "check_main.h"
#include "lens/lens.h"

#include <dirent.h>

struct bed {
	struct json_file lens_file;
	struct lens *lens;
	struct lens_program *program;
	struct lens_worker *worker;
	struct json_doc result;
	struct cf_error error;
};

static int convert(struct bed *bed, struct json_value test, struct cf_arena *arena)
{
	struct json_value input = json_member(test, STR("input"));
	struct json_value base = json_member(test, STR("base"));
	struct lens_args args = {.inputs = &input,
				 .bases = json_kind(base) == JSON_OBJECT ? &base : NULL};
	struct lens_options options = {.cambria_defaults = true};
	struct lens_link link = {.down = json_kind(json_member(test, STR("reverse"))) == JSON_TRUE};
	const struct lens_output *output;
	struct cf_str yaml;
	int rc = json_decode(json_member(test, STR("lens")), arena, &yaml);

	if (rc == 0)
		rc = json_file_read(&bed->lens_file, "lens.yaml", yaml, &mem_heap, &bed->error);
	if (rc == 0)
		rc = lens_read(&bed->lens, &bed->lens_file, &mem_heap, &bed->error);
	link.lens = bed->lens;
	if (rc == 0)
		rc = lens_compile(&bed->program, &link, 1, &options, &mem_heap, &bed->error);
	if (rc == 0)
		rc = lens_apply(bed->worker, bed->program, &args, &output, &bed->error);
	if (rc == 0)
		rc = json_read(&bed->result, output[0].text.ptr, output[0].text.len, 0,
			       &bed->error);
	return rc;
}

/* Whether the case passes; shows it where not. */
static bool run_case(struct json_value test, const char *file)
{
	struct bed bed = {.worker = lens_worker_new(&mem_heap)};
	struct cf_arena arena;
	bool same;
	int rc;

	arena_init(&arena, &mem_heap);
	json_doc_init(&bed.result, &mem_heap);
	rc = convert(&bed, test, &arena);
	same = rc == 0 && json_equal(json_root(&bed.result), json_member(test, STR("output")));
	if (!same) {
		fprintf(stderr, "%s: %.*s: %s\n", file,
			STR_ARG(json_span(json_member(test, STR("name")))),
			rc ? bed.error.message : "another document");
		if (rc == 0)
			fprintf(stderr, " got  %.*s\n want %.*s\n",
				STR_ARG(json_span(json_root(&bed.result))),
				STR_ARG(json_span(json_member(test, STR("output")))));
	}
	json_doc_fini(&bed.result);
	lens_program_free(bed.program);
	lens_worker_free(bed.worker);
	if (bed.lens)
		lens_free(bed.lens);
	json_file_fini(&bed.lens_file);
	arena_fini(&arena);
	return same;
}

START_TEST(cambria_makes_the_same)
{
	const char *source = getenv("CHESTERFIELD_SOURCE");
	struct dirent *entry;
	char folder[512], path[1024];
	unsigned cases = 0, failed = 0;
	DIR *dir;

	ck_assert_ptr_nonnull(source);
	snprintf(folder, sizeof(folder), "%s/test/corpus/cambria", source);
	dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		struct json_file file;
		struct cf_error error;
		struct json_iter it;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		ck_assert_int_eq(json_file_load(&file, path, &mem_heap, &error), 0);
		it = json_iter(json_file_root(&file));
		for (; json_next(&it); cases++)
			failed += !run_case(it.value, entry->d_name);
		json_file_fini(&file);
	}
	closedir(dir);
	ck_assert_msg(failed == 0, "%u of %u cases failed", failed, cases);
	ck_assert_uint_ge(cases, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-cambria");
	TCase *tcase = tcase_create("cambria");

	tcase_add_test(tcase, cambria_makes_the_same);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
