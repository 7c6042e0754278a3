/* Plans against the machine: for documents whose shape is known, and for those that are
 * read afresh, the same texts, keys and errors. */
#include "failing.h"
#include "random.h"

#include "catalog/catalog.h"
#include "lens/plan.h"

#include <pthread.h>

enum { RUNS = 1500, SHAPES = 4, VARIANTS = 12 };

/* One worker that may plan, one that never does. */
struct pair {
	struct lens_worker *planning, *plain;
	struct json_doc knowing;
	unsigned planned, done;
};

static void pair_init(struct pair *pair)
{
	*pair = (struct pair){.planning = lens_worker_new(&mem_heap),
			      .plain = lens_worker_new(&mem_heap)};
	json_doc_init(&pair->knowing, &mem_heap);
}

static void pair_fini(struct pair *pair)
{
	lens_worker_free(pair->planning);
	lens_worker_free(pair->plain);
	json_doc_fini(&pair->knowing);
}

static void same_outputs(const struct lens_output *a, const struct lens_output *b, size_t count,
			 struct cf_str document)
{
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(!a[i].text.ptr == !b[i].text.ptr && str_equal(a[i].text, b[i].text),
			      "%.*s\nplan  %.*s\nplain %.*s", STR_ARG(document), STR_ARG(a[i].text),
			      STR_ARG(b[i].text));
		ck_assert(str_equal(a[i].key, b[i].key));
		ck_assert_int_eq(a[i].repointed, b[i].repointed);
	}
}

static void same_errors(const struct cf_error *a, const struct cf_error *b)
{
	ck_assert_str_eq(a->message, b->message);
	ck_assert_str_eq(a->pointer, b->pointer);
	ck_assert_uint_eq(a->line, b->line);
}

static int compare(struct pair *pair, const struct lens_program *program, struct cf_str text,
		   struct cf_str key, bool singleton)
{
	size_t count = lens_program_outputs(program).count;
	char *copy = malloc(text.len + 1); /* exact, for a sanitizer */
	struct json_value knowing, plain;
	struct lens_args args = {.key = key, .singleton = singleton, .inputs = &knowing};
	struct lens_args plain_args = {.key = key, .singleton = singleton, .inputs = &plain};
	const struct lens_output *a, *b;
	struct cf_error ea = {0}, eb = {0};
	struct json_doc fresh;
	int rc;

	memcpy(copy, text.ptr, text.len);
	json_doc_init(&fresh, &mem_heap);
	ck_assert_int_eq(json_read(&fresh, copy, text.len, 0, &eb), 0);
	ck_assert_int_eq(json_read(&pair->knowing, copy, text.len, 0, &ea), 0);
	knowing = json_root(&pair->knowing);
	plain = json_root(&fresh);
	pair->planned += plan_apply(pair->planning, program, &args);
	rc = lens_apply(pair->plain, program, &plain_args, &b, &eb);
	ck_assert_int_eq(lens_apply(pair->planning, program, &args, &a, &ea), rc);
	if (rc == 0)
		same_outputs(a, b, count, text);
	else
		same_errors(&ea, &eb);
	pair->done++;
	json_doc_fini(&fresh);
	free(copy);
	return rc;
}

/* The same members, other scalars. */
static void vary(struct rng *rng, struct cf_str text, struct cf_buf *out)
{
	static const char *const scalars[] = {"1",
					      "true",
					      "null",
					      "\"x\"",
					      "\"\\u0079\"",
					      "1.50e2",
					      "\"\"",
					      "2",
					      "-0",
					      "false",
					      "\"a longer text than all of them, with \xc3\xa9\""};
	struct json_doc doc;
	uint32_t at = 0;

	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, text.ptr, text.len, 0, NULL), 0);
	buf_clear(out);
	for (uint32_t i = 0; i < doc.count; i++) {
		const struct json_node *node = &doc.nodes[i];

		if (node->kind >= JSON_ARRAY || rng_below(rng, 3) == 0)
			continue;
		buf_append(out, text.ptr + at, node->start - at);
		buf_str(out, str_of(scalars[rng_below(rng, ARRAY_LEN(scalars))]));
		at = node->end;
	}
	buf_append(out, text.ptr + at, text.len - at);
	json_doc_fini(&doc);
}

static struct lens_program *compile(struct chain *chain, bool down,
				    const struct lens_options *options)
{
	struct lens_link links[LINKS];
	struct lens_program *program;
	struct cf_error error = {0};

	for (size_t i = 0; i < chain->count; i++)
		links[i] = (struct lens_link){chain->lenses[down ? chain->count - 1 - i : i], down};
	ck_assert_msg(lens_compile(&program, links, chain->count, options, &mem_heap, &error) == 0,
		      "%s", error.message);
	return program;
}

START_TEST(plans_do_what_the_machine_does)
{
	const char *seed = getenv("CHESTERFIELD_SEED"); /* for other runs than that of each day */
	struct rng rng = {seed ? strtoull(seed, NULL, 10) : 2026};
	struct cf_buf document, variant;
	unsigned planned = 0, done = 0, good = 0;

	buf_init(&document, &mem_heap);
	buf_init(&variant, &mem_heap);
	for (unsigned i = 0; i < RUNS; i++) {
		const struct lens_options options = {.cambria_defaults = rng_below(&rng, 4) == 0};
		struct chain chain;
		struct lens_program *program;
		struct pair pair;

		make_chain(&rng, &chain);
		program = compile(&chain, rng_below(&rng, 2), &options);
		pair_init(&pair);
		for (int shape = 0; shape < SHAPES; shape++) {
			random_document(&rng, &document);
			for (int k = 0; k < VARIANTS; k++) {
				vary(&rng, buf_view(&document), &variant);
				good += compare(&pair, program, buf_view(&variant), STR(""),
						false) == 0;
			}
		}
		planned += pair.planned;
		done += pair.done;
		/* Its plans keep what they stand on. */
		lens_program_free(program);
		pair_fini(&pair);
		free_chain(&chain);
	}
	ck_assert_uint_gt(good * 4, done);
	ck_assert_msg(planned * 10 > done * 3, "%u of %u documents", planned, done);
	buf_fini(&document);
	buf_fini(&variant);
}
END_TEST

static const char *const todos[] = {
	"{\"_id\":\"todo-item@1:k1\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"a\","
	"\"isDone\":true,\"isImportant\":true,\"createdAt\":\"2018-04-01T00:00:00.000Z\"}",
	"{\"_id\":\"todo-item@1:k1\",\"_rev\":\"1-a\",\"_attachments\":{\"a\":{}},\"schema\":"
	"\"todo-item\",\"version\":\"1.1.0\",\"title\":\"a\",\"isDone\":true}",
	"{\"schema\":\"todo-item\",\"version\":1,\"title\":\"a\",\"isDone\":false,\"more\":[1,2]}",
	"{ \"_id\": \"todo-item@1:k1\", \"schema\": \"todo-item\", \"version\": 1, \"title\": "
	"\"a\", \"isDone\": true, \"more\": [ 1 , { \"x\" : 2 } ] }",
	"{\"_id\":\"todo-item@1:k1\",\"title\":\"a\",\"status\":\"done\",\"group\":{\"name\":"
	"\"Home\"}}",
	"{\"_id\":\"todo-item@1:k1\",\"title\":\"a\",\"isDone\":true,\"group\":null,\"groupId\":1}",
	"{\"_id\":\"todo-item@1:k1\",\"title\":\"a\",\"isDone\":true,\"_x\":1,\"group\":\"g\"}",
};

static void compare_majors(struct pair *pair, const struct catalog *catalog, struct rng *rng,
			   struct cf_str text)
{
	static const uint32_t ways[][2] = {{1, 2}, {1, 3}, {2, 3}, {2, 1}};
	const struct catalog_type *type = catalog_type(catalog, STR("todo-item"));
	struct cf_buf variant;

	buf_init(&variant, &mem_heap);
	for (size_t way = 0; way < ARRAY_LEN(ways); way++) {
		const struct lens_program *program =
			catalog_program(catalog, type, ways[way][0], ways[way][1]);

		for (int k = 0; k < 300; k++) {
			bool singleton = k % 50 == 0;

			if (k % 3)
				vary(rng, text, &variant);
			(void)compare(pair, program, k % 3 ? buf_view(&variant) : text,
				      singleton ? STR("") : STR("k1"), singleton);
		}
	}
	buf_fini(&variant);
}

START_TEST(plans_say_what_documents_are)
{
	struct rng rng = {7};
	struct catalog *catalog;
	struct cf_error error = {0};
	struct pair pair;
	char dir[1024];
	int rc;

	snprintf(dir, sizeof(dir), "%s/examples/todo", getenv("CHESTERFIELD_SOURCE"));
	rc = catalog_open(&catalog, dir, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
	pair_init(&pair);
	for (size_t i = 0; i < ARRAY_LEN(todos); i++)
		compare_majors(&pair, catalog, &rng, str_of(todos[i]));
	ck_assert_msg(pair.planned * 3 > pair.done, "%u of %u", pair.planned, pair.done);
	catalog_close(catalog);
	pair_fini(&pair);
}
END_TEST

/* More shapes and programs than there are places for plans. */
START_TEST(plans_give_way)
{
	struct rng rng = {1};
	const struct lens_options options = {.identity = NULL};
	struct lens_program *programs[20];
	struct chain chains[20];
	struct pair pair;

	pair_init(&pair);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		make_chain(&rng, &chains[i]);
		programs[i] = compile(&chains[i], i % 2, &options);
	}
	for (int k = 0; k < 60; k++)
		for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
			char text[64];

			snprintf(text, sizeof(text), "{\"a\":%d,\"%c\":true}", k, 'b' + k % 13);
			(void)compare(&pair, programs[i], str_of(text), STR(""), false);
		}
	ck_assert_uint_gt(pair.planned, 0);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		lens_program_free(programs[i]);
		free_chain(&chains[i]);
	}
	pair_fini(&pair);
}
END_TEST

struct helper {
	pthread_t thread;
	const struct lens_program *program;
	uint64_t seed;
};

static void *convert_many(void *ctx)
{
	const struct helper *helper = ctx;
	struct rng rng = {helper->seed};
	struct cf_buf document, variant;
	struct pair pair;

	buf_init(&document, &mem_heap);
	buf_init(&variant, &mem_heap);
	pair_init(&pair);
	for (int shape = 0; shape < 20; shape++) {
		random_document(&rng, &document);
		for (int k = 0; k < VARIANTS; k++) {
			vary(&rng, buf_view(&document), &variant);
			(void)compare(&pair, helper->program, buf_view(&variant), STR(""), false);
		}
	}
	pair_fini(&pair);
	buf_fini(&document);
	buf_fini(&variant);
	return NULL;
}

/* Each with its own tape and worker. */
START_TEST(threads_share_a_program)
{
	const struct lens_options options = {.identity = NULL};
	struct helper helpers[3];
	struct rng rng = {11};
	struct lens_program *program;
	struct chain chain;

	make_chain(&rng, &chain);
	program = compile(&chain, false, &options);
	for (size_t i = 0; i < ARRAY_LEN(helpers); i++) {
		helpers[i] = (struct helper){.program = program, .seed = i + 1};
		ck_assert_int_eq(
			pthread_create(&helpers[i].thread, NULL, convert_many, &helpers[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
		ck_assert_int_eq(pthread_join(helpers[i].thread, NULL), 0);
	lens_program_free(program);
	free_chain(&chain);
}
END_TEST

/* A text with white space is written value by value: one piece each. */
START_TEST(plans_have_a_limit)
{
	const struct lens_options options = {.identity = NULL};
	struct rng rng = {5};
	struct lens_program *program;
	struct chain chain;
	struct cf_buf text;

	buf_init(&text, &mem_heap);
	make_chain(&rng, &chain);
	program = compile(&chain, false, &options);
	for (int too_many = 0; too_many < 2; too_many++) {
		struct pair pair;
		int rc = 0;

		buf_clear(&text);
		buf_str(&text, STR("{ \"none\": 0"));
		for (int i = 0; i < (too_many ? LIMIT_PLAN_PIECES : LIMIT_PLAN_PIECES / 2); i++)
			buf_printf(&text, ", \"member-%d\": %d", i, i);
		buf_byte(&text, '}');
		pair_init(&pair);
		for (int i = 0; i < 5; i++)
			rc = compare(&pair, program, buf_view(&text), STR(""), false);
		ck_assert_int_eq(rc, 0);
		ck_assert(pair.knowing.shape != NULL);
		ck_assert_int_eq(pair.planned > 0, !too_many);
		pair_fini(&pair);
	}
	lens_program_free(program);
	free_chain(&chain);
	buf_fini(&text);
}
END_TEST

/* Memory that is not there for a plan, or while it is made, is missing for the document
 * or not at all: never is a result wrong. */
START_TEST(missing_memory_is_told)
{
	static const char text[] = "{\"a\":1,\"b\":{\"c\":[{\"d\":true}]}}";
	const struct lens_options options = {.identity = NULL};
	struct rng rng = {3};
	struct failing failing;
	const struct lens_output *outputs, *expected;
	struct json_value input;
	struct lens_args args = {.inputs = &input};
	struct lens_program *program;
	struct chain chain;
	struct pair pair;

	make_chain(&rng, &chain);
	program = compile(&chain, false, &options);
	pair_init(&pair);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(compare(&pair, program, str_of(text), STR(""), false), 0);
	ck_assert_uint_gt(pair.planned, 0);
	ck_assert_int_eq(json_read(&pair.knowing, text, strlen(text), 0, NULL), 0);
	input = json_root(&pair.knowing);
	ck_assert_int_eq(lens_apply(pair.plain, program, &args, &expected, NULL), 0);
	FAILING_EACH(failing)
	{
		struct lens_worker *worker = lens_worker_new(&failing.mem);

		for (int i = 0; i < 3 && worker; i++) {
			int rc = lens_apply(worker, program, &args, &outputs, NULL);

			failing_judge(&failing, rc);
			if (rc == 0)
				ck_assert(str_equal(outputs[0].text, expected[0].text));
		}
		lens_worker_free(worker);
	}
	pair_fini(&pair);
	lens_program_free(program);
	free_chain(&chain);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-plan");
	TCase *tcase = tcase_create("plan");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, plans_do_what_the_machine_does);
	tcase_add_test(tcase, plans_say_what_documents_are);
	tcase_add_test(tcase, plans_give_way);
	tcase_add_test(tcase, threads_share_a_program);
	tcase_add_test(tcase, plans_have_a_limit);
	tcase_add_test(tcase, missing_memory_is_told);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
