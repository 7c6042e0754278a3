/* Documents through a chain of lenses, from text to text, against what others need only
 * to parse and print them: todo items of the seeds from version 1 to 3, a thousand that
 * differ in their ids, titles and flags, and a GitHub issue through a lens like the one
 * of Cambria's demo. What comes out is compared once with what must come out. */
#include "catalog/catalog.h"
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>

enum { ITEMS = 1000, KEY_LEN = 32 };

struct job {
	struct peer_texts texts;
	struct cf_str *keys; /* of each text */
	const struct lens_program *program;
	struct lens_worker *worker;
	struct json_doc doc;
};

static struct cf_str convert(struct job *job, size_t i)
{
	const struct lens_output *outputs;
	struct json_value input;
	struct lens_args args = {.key = job->keys[i], .inputs = &input};
	struct cf_error error = {0};
	char words[512];
	int rc = json_read(&job->doc, job->texts.at[i].ptr, job->texts.at[i].len, 0, &error);

	input = json_root(&job->doc);
	if (rc == 0)
		rc = lens_apply(job->worker, job->program, &args, &outputs, &error);
	if (rc != 0 || outputs[0].text.len == 0)
		bench_stop("%s", cf_error_format(&error, words, sizeof(words)));
	return outputs[0].text;
}

static void run_job(void *ctx, uint64_t times)
{
	struct job *job = ctx;

	for (uint64_t i = 0; i < times; i++)
		(void)convert(job, i % job->texts.count);
}

static void measure(const char *what, struct job *job, double goal)
{
	const struct bench_side ours = {"lens", run_job, job};

	bench_pair(what, "docs/s", 1, &ours,
		   &(struct bench_side){"jansson, no lens", peer_jansson, &job->texts}, goal);
	bench_pair(what, "docs/s", 1, &ours,
		   &(struct bench_side){"json-c, no lens", peer_jsonc, &job->texts}, 0);
}

static void job_init(struct job *job, size_t count)
{
	job->texts.at = mem_calloc(&mem_heap, count, sizeof(*job->texts.at));
	job->texts.count = count;
	job->keys = mem_calloc(&mem_heap, count, sizeof(*job->keys));
	job->worker = lens_worker_new(&mem_heap);
	json_doc_init(&job->doc, &mem_heap);
	if (!job->texts.at || !job->keys || !job->worker)
		bench_stop("no memory");
}

static void job_fini(struct job *job)
{
	for (size_t i = 0; i < job->texts.count; i++)
		free((char *)job->texts.at[i].ptr);
	mem_free(&mem_heap, job->texts.at);
	mem_free(&mem_heap, job->keys);
	json_doc_fini(&job->doc);
	lens_worker_free(job->worker);
}

/* --- todo items ----------------------------------------------------------------------- */

/* As long as that of the seeds, 195 bytes, or a few more or less. */
static void make_items(struct job *job, struct peer_text *expected)
{
	static const char *const words[] = {"apples",   "pears", "plums",
					    "a quince", "fruit", "medlars and sloes"};
	struct rng rng = {42};
	const size_t count = ARRAY_LEN(words);

	for (size_t i = 0; i < ITEMS; i++) {
		const char *a = words[rng_below(&rng, count)], *b = words[rng_below(&rng, count)];
		bool done = rng_below(&rng, 2), important = rng_below(&rng, 2);
		unsigned day = 1 + (unsigned)rng_below(&rng, 28);
		char *text, *made;
		int len, made_len;

		len = asprintf(&text,
			       "{\"_id\":\"todo-item@1:%016llx%016llx\",\"schema\":\"todo-item\","
			       "\"version\":1,\"title\":\"Compare %s to %s\",\"isDone\":%s,"
			       "\"isImportant\":%s,\"createdAt\":\"2018-04-%02uT00:00:00.000Z\"}",
			       (unsigned long long)rng_next(&rng),
			       (unsigned long long)rng_next(&rng), a, b, done ? "true" : "false",
			       important ? "true" : "false", day);
		if (len < 0)
			bench_stop("no memory");
		job->texts.at[i] = (struct peer_text){text, (size_t)len};
		job->keys[i] = (struct cf_str){strstr(text, "@1:") + 3, KEY_LEN};
		made_len = asprintf(
			&made,
			"{\"_id\":\"todo-item@3:%.32s\",\"schema\":\"todo-item\",\"version\":3,"
			"\"title\":\"Compare %s to %s\",\"status\":\"%s\",\"isImportant\":%s,"
			"\"createdAt\":\"2018-04-%02uT00:00:00.000Z\",\"groupId\":\"",
			job->keys[i].ptr, a, b, done ? "done" : "active",
			important ? "true" : "false", day);
		if (made_len < 0)
			bench_stop("no memory");
		expected[i] = (struct peer_text){made, (size_t)made_len};
	}
}

/* But for the hash at the end, which is the default group's. */
static void check_items(struct job *job)
{
	struct peer_text expected[ITEMS];

	make_items(job, expected);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ITEMS; i++) {
			struct cf_str made = convert(job, i);

			if (made.len != expected[i].len + KEY_LEN + 2 ||
			    memcmp(made.ptr, expected[i].ptr, expected[i].len) != 0)
				bench_stop("%.*s is wrong", STR_ARG(made));
		}
	}
	for (size_t i = 0; i < ITEMS; i++)
		free((char *)expected[i].ptr);
}

static void measure_todo(struct cf_error *error)
{
	const char *source = getenv("CHESTERFIELD_SOURCE");
	struct catalog *catalog;
	struct job job = {.program = NULL};
	char dir[1024];

	snprintf(dir, sizeof(dir), "%s/examples/todo", source ? source : ".");
	if (catalog_open(&catalog, dir, &mem_heap, error) != 0)
		bench_stop("%s: %s", dir, error->message);
	job_init(&job, ITEMS);
	job.program = catalog_program(catalog, catalog_type(catalog, STR("todo-item")), 1, 3);
	check_items(&job);
	measure("lens, todo items v1 to v3", &job, 28);
	job_fini(&job);
	catalog_close(catalog);
}

/* --- an issue --------------------------------------------------------------------------- */

static const char issue_lens[] =
	"lens:\n"
	"- rename: {source: title, destination: name}\n"
	"- rename: {source: body, destination: description}\n"
	"- convert: {name: state, mapping: [{open: todo, closed: done}, {todo: open, done: "
	"closed}]}\n"
	"- rename: {source: state, destination: status}\n"
	"- remove: {name: locked, type: boolean}\n"
	"- in: {name: user, lens: [{rename: {source: login, destination: handle}}]}\n"
	"- in: {name: labels, lens: [{map: {lens: [{rename: {source: name, destination: "
	"title}}]}}]}\n"
	"- add: {name: priority, type: string, default: normal}\n";

static void measure_issue(struct cf_error *error)
{
	struct job job = {.program = NULL};
	struct json_file file;
	struct lens *lens = NULL;
	struct lens_program *program = NULL;
	const struct lens_options options = {.identity = NULL};

	if (json_file_read(&file, "issue.yaml", STR(issue_lens), &mem_heap, error) != 0 ||
	    lens_read(&lens, &file, &mem_heap, error) != 0 ||
	    lens_compile(&program, &(struct lens_link){lens, false}, 1, &options, &mem_heap,
			 error) != 0)
		bench_stop("the lens of the issue: %s", error->message);
	job_init(&job, 1);
	job.texts.at[0] = bench_data("issue.json");
	job.keys[0] = STR("");
	job.program = program;
	measure("lens, a GitHub issue", &job, 33);
	job_fini(&job);
	lens_program_free(program);
	lens_free(lens);
	json_file_fini(&file);
}

int main(void)
{
	struct cf_error error = {0};

	measure_todo(&error);
	measure_issue(&error);
	return 0;
}
