/* Chains against their links one by one, laws with bases, and memory that runs out,
 * on documents and lenses made at random. */
#include "check_main.h"
#include "failing.h"
#include "random.h"

enum { RUNS = 2500 };

/* Applies links [from, to) as one program; the result is a copy. */
static int apply(struct chain *chain, size_t from, size_t to, bool down, struct cf_str text,
		 struct cf_str base, struct cf_buf *out)
{
	struct lens_link links[LINKS];
	const struct lens_options options = {.identity = NULL};
	struct lens_program *program;
	struct lens_worker *worker = lens_worker_new(&mem_heap);
	struct json_doc docs[2];
	struct json_value input, bases;
	struct lens_args args = {.inputs = &input, .bases = base.ptr ? &bases : NULL};
	const struct lens_output *result;
	struct cf_error error = {0};
	int rc;

	for (size_t i = from; i < to; i++)
		links[i - from] =
			(struct lens_link){chain->lenses[down ? to - 1 - (i - from) : i], down};
	rc = lens_compile(&program, links, to - from, &options, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
	json_doc_init(&docs[0], &mem_heap);
	json_doc_init(&docs[1], &mem_heap);
	ck_assert_int_eq(json_read(&docs[0], text.ptr, text.len, 0, &error), 0);
	if (base.ptr)
		ck_assert_int_eq(json_read(&docs[1], base.ptr, base.len, 0, &error), 0);
	input = json_root(&docs[0]);
	bases = json_root(&docs[1]);
	rc = lens_apply(worker, program, &args, &result, &error);
	buf_clear(out);
	if (rc == 0)
		buf_str(out, result[0].text);
	lens_worker_free(worker);
	lens_program_free(program);
	json_doc_fini(&docs[0]);
	json_doc_fini(&docs[1]);
	return rc;
}

START_TEST(a_chain_is_its_links_one_by_one)
{
	struct rng rng = {4711};
	struct cf_buf document, whole, step, next;
	unsigned done = 0;

	buf_init(&document, &mem_heap);
	buf_init(&whole, &mem_heap);
	buf_init(&step, &mem_heap);
	buf_init(&next, &mem_heap);
	for (unsigned i = 0; i < RUNS; i++) {
		struct chain chain;
		bool down = rng_below(&rng, 2);
		int rc, step_rc = 0;

		make_chain(&rng, &chain);
		random_document(&rng, &document);
		rc = apply(&chain, 0, chain.count, down, buf_view(&document),
			   ((struct cf_str){NULL, 0}), &whole);
		buf_clear(&step);
		buf_str(&step, buf_view(&document));
		for (size_t k = 0; k < chain.count && step_rc == 0; k++) {
			size_t at = down ? chain.count - 1 - k : k;

			step_rc = apply(&chain, at, at + 1, down, buf_view(&step),
					((struct cf_str){NULL, 0}), &next);
			buf_clear(&step);
			buf_str(&step, buf_view(&next));
		}
		ck_assert_int_eq(rc, step_rc);
		if (rc == 0) {
			ck_assert_msg(str_equal(buf_view(&whole), buf_view(&step)),
				      "run %u of %.*s\nwhole %.*s\nsteps %.*s", i,
				      STR_ARG(buf_view(&document)), STR_ARG(buf_view(&whole)),
				      STR_ARG(buf_view(&step)));
			done++;
		}
		free_chain(&chain);
	}
	ck_assert_uint_gt(done, RUNS / 4);
	buf_fini(&document);
	buf_fini(&whole);
	buf_fini(&step);
	buf_fini(&next);
}
END_TEST

/* Over a base, too: d(v, onto s) is the last link's put onto what s is there, and so on
 * down to s. */
START_TEST(a_chain_over_a_base_is_its_links_one_by_one)
{
	const struct cf_str none = {NULL, 0};
	struct rng rng = {77};
	struct cf_buf mids[LINKS + 1], view, whole, next;
	unsigned done = 0;

	for (size_t k = 0; k <= LINKS; k++)
		buf_init(&mids[k], &mem_heap);
	buf_init(&view, &mem_heap);
	buf_init(&whole, &mem_heap);
	buf_init(&next, &mem_heap);
	for (unsigned i = 0; i < RUNS; i++) {
		struct chain chain;
		bool down = rng_below(&rng, 2);
		int rc = 0;

		make_chain(&rng, &chain);
		random_document(&rng, &mids[0]);
		random_document(&rng, &view);
		/* Away from the base, link by link, and back onto each. */
		for (size_t k = 0; k < chain.count && rc == 0; k++) {
			size_t at = down ? k : chain.count - 1 - k;

			rc = apply(&chain, at, at + 1, !down, buf_view(&mids[k]), none,
				   &mids[k + 1]);
		}
		if (rc == 0)
			rc = apply(&chain, 0, chain.count, down, buf_view(&view),
				   buf_view(&mids[0]), &whole);
		for (size_t k = chain.count; k-- > 0 && rc == 0;) {
			size_t at = down ? k : chain.count - 1 - k;

			rc = apply(&chain, at, at + 1, down, buf_view(&view), buf_view(&mids[k]),
				   &next);
			buf_clear(&view);
			buf_str(&view, buf_view(&next));
		}
		if (rc == 0) {
			struct json_doc docs[2];

			json_doc_init(&docs[0], &mem_heap);
			json_doc_init(&docs[1], &mem_heap);
			ck_assert_int_eq(json_read(&docs[0], whole.ptr, whole.len, 0, NULL), 0);
			ck_assert_int_eq(json_read(&docs[1], view.ptr, view.len, 0, NULL), 0);
			ck_assert_msg(json_equal(json_root(&docs[0]), json_root(&docs[1])),
				      "run %u %s: base %.*s\nwhole %.*s\nsteps %.*s", i,
				      down ? "down" : "up", STR_ARG(buf_view(&mids[0])),
				      STR_ARG(buf_view(&whole)), STR_ARG(buf_view(&view)));
			json_doc_fini(&docs[0]);
			json_doc_fini(&docs[1]);
			done++;
		}
		free_chain(&chain);
	}
	ck_assert_uint_gt(done, RUNS / 8);
	for (size_t k = 0; k <= LINKS; k++)
		buf_fini(&mids[k]);
	buf_fini(&view);
	buf_fini(&whole);
	buf_fini(&next);
}
END_TEST

/* Looking changes nothing: down(up(s), onto s) = s, and the other way round. */
START_TEST(looking_changes_nothing)
{
	struct rng rng = {42};
	struct cf_buf document, view, back;
	unsigned done = 0;

	buf_init(&document, &mem_heap);
	buf_init(&view, &mem_heap);
	buf_init(&back, &mem_heap);
	for (unsigned i = 0; i < RUNS; i++) {
		struct chain chain;
		bool down = rng_below(&rng, 2);

		make_chain(&rng, &chain);
		random_document(&rng, &document);
		if (apply(&chain, 0, chain.count, down, buf_view(&document),
			  ((struct cf_str){NULL, 0}), &view) == 0 &&
		    apply(&chain, 0, chain.count, !down, buf_view(&view), buf_view(&document),
			  &back) == 0) {
			struct json_doc docs[2];
			bool equal;

			json_doc_init(&docs[0], &mem_heap);
			json_doc_init(&docs[1], &mem_heap);
			json_read(&docs[0], document.ptr, document.len, 0, NULL);
			ck_assert_int_eq(json_read(&docs[1], back.ptr, back.len, 0, NULL), 0);
			equal = json_equal(json_root(&docs[0]), json_root(&docs[1]));
			ck_assert_msg(equal, "run %u of %.*s: %.*s", i,
				      STR_ARG(buf_view(&document)), STR_ARG(buf_view(&back)));
			done++;
			json_doc_fini(&docs[0]);
			json_doc_fini(&docs[1]);
		}
		free_chain(&chain);
	}
	ck_assert_uint_gt(done, RUNS / 4);
	buf_fini(&document);
	buf_fini(&view);
	buf_fini(&back);
}
END_TEST

/* --- memory that runs out --- */

static const char all_ops[] =
	"{\"from\":\"t@1\",\"to\":[\"t@2\",\"p@1\",\"q@1\"],\"lens\":["
	"{\"rename\":{\"source\":\"a\",\"destination\":\"b\"}},"
	"{\"convert\":{\"name\":\"b\",\"mapping\":[{\"1\":\"x\"},{\"x\":1}]}},"
	"{\"in\":{\"name\":\"l\",\"lens\":[{\"map\":{\"key\":\"id\",\"lens\":[{\"wrap\":{\"name\":"
	"\"w\"}}]}}]}},"
	"{\"split\":{\"name\":\"n\",\"into\":[\"f\",\"g\"]}},"
	"{\"plunge\":{\"host\":\"h\",\"name\":\"f\"}},"
	"{\"extract\":{\"names\":[\"s\"],\"into\":\"p@1\",\"key\":\"same\"}},"
	"{\"extract\":{\"host\":\"k\",\"into\":\"q@1\",\"key\":{\"hash\":[\"x\",\"y\"]},"
	"\"reference\":\"r\",\"default\":{\"x\":1}}}]}";

/* One life of a lens, up and down, with all of its memory from `mem`. */
static int live(const struct cf_mem *mem, struct json_value source, struct json_value *bases)
{
	const struct lens_options options = {.identity = NULL};
	const struct lens_args args = {.inputs = &source, .bases = bases};
	const struct lens_output *outputs;
	struct lens_program *program = NULL;
	struct lens_worker *worker = NULL;
	struct lens *lens = NULL;
	struct json_file file;
	struct cf_error error;
	int rc = json_file_read(&file, "l.json", str_of(all_ops), &mem_heap, &error);

	ck_assert_int_eq(rc, 0);
	rc = lens_read(&lens, &file, mem, &error);
	if (rc == 0)
		rc = lens_compile(&program, &(struct lens_link){lens, false}, 1, &options, mem,
				  &error);
	if (rc == 0) {
		worker = lens_worker_new(mem);
		rc = worker ? lens_apply(worker, program, &args, &outputs, &error) : CF_ERR_NOMEM;
	}
	if (rc == 0) {
		ck_assert_bytes(outputs[0].text.ptr, outputs[0].text.len,
				"{\"b\":\"x\",\"l\":[{\"id\":1,\"w\":[2,4]}],\"g\":\"v\","
				"\"h\":{\"f\":\"u\"},\"r\":\"key\"}");
		ck_assert_bytes(outputs[1].text.ptr, outputs[1].text.len, "{\"s\":5}");
		ck_assert_bytes(outputs[2].text.ptr, outputs[2].text.len,
				"{\"x\":1.0,\"y\":[true],\"z\":3}");
	}
	lens_worker_free(worker);
	lens_program_free(program);
	lens_free(lens);
	json_file_fini(&file);
	return rc;
}

START_TEST(missing_memory_is_told)
{
	static const char *const texts[] = {
		"{\"a\":1,\"l\":[{\"id\":1,\"w\":2}],\"n\":\"u v\",\"s\":5,"
		"\"k\":{\"x\":1.0,\"y\":[true],\"z\":3}}",
		"{\"b\":\"x\",\"l\":[{\"id\":2,\"w\":[3]},{\"id\":1,\"w\":[3,4]}],\"r\":\"key\"}",
		"{\"s\":6}", "{\"x\":1,\"y\":[true]}"};
	struct json_doc docs[4];
	struct json_value bases[3];
	struct failing failing;

	for (size_t i = 0; i < 4; i++) {
		json_doc_init(&docs[i], &mem_heap);
		ck_assert_int_eq(json_read(&docs[i], texts[i], strlen(texts[i]), 0, NULL), 0);
		if (i)
			bases[i - 1] = json_root(&docs[i]);
	}
	FAILING_EACH(failing)
	failing_judge(&failing, live(&failing.mem, json_root(&docs[0]), bases));
	for (size_t i = 0; i < 4; i++)
		json_doc_fini(&docs[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-chain");
	TCase *tcase = tcase_create("chain");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_chain_is_its_links_one_by_one);
	tcase_add_test(tcase, a_chain_over_a_base_is_its_links_one_by_one);
	tcase_add_test(tcase, looking_changes_nothing);
	tcase_add_test(tcase, missing_memory_is_told);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
