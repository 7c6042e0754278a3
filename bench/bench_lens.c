/* A document through a chain of lenses, from text to text, against what others need only
 * to parse and print it: the todo item of the seeds from version 1 to 3, and a GitHub
 * issue through a lens like the one of Cambria's demo. */
#include "catalog/catalog.h"
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>

struct job {
	struct peer_text text;
	const struct lens_program *program;
	struct cf_str key;
	struct lens_worker *worker;
	struct json_doc doc;
};

static void run_job(void *ctx, uint64_t times)
{
	struct job *job = ctx;
	const struct lens_output *outputs;
	struct json_value input;
	struct lens_args args = {.key = job->key, .inputs = &input};
	struct cf_error error = {0};
	char words[512];

	for (uint64_t i = 0; i < times; i++) {
		int rc = json_read(&job->doc, job->text.ptr, job->text.len, 0, &error);

		input = json_root(&job->doc);
		if (rc == 0)
			rc = lens_apply(job->worker, job->program, &args, &outputs, &error);
		if (rc != 0 || outputs[0].text.len == 0)
			bench_stop("%s", cf_error_format(&error, words, sizeof(words)));
	}
}

static void measure(const char *what, struct job *job, double goal)
{
	const struct bench_side ours = {"lens", run_job, job};

	job->worker = lens_worker_new(&mem_heap);
	json_doc_init(&job->doc, &mem_heap);
	bench_pair(what, "docs/s", 1, &ours,
		   &(struct bench_side){"jansson, no lens", peer_jansson, &job->text}, goal);
	bench_pair(what, "docs/s", 1, &ours,
		   &(struct bench_side){"json-c, no lens", peer_jsonc, &job->text}, 0);
	json_doc_fini(&job->doc);
	lens_worker_free(job->worker);
	free((char *)job->text.ptr);
}

static void measure_todo(struct cf_error *error)
{
	const char *source = getenv("CHESTERFIELD_SOURCE");
	struct catalog *catalog;
	struct job job = {.text = bench_data("todo-item.json")};
	char dir[1024];

	snprintf(dir, sizeof(dir), "%s/examples/todo", source ? source : ".");
	if (catalog_open(&catalog, dir, &mem_heap, error) != 0)
		bench_stop("%s: %s", dir, error->message);
	job.program = catalog_program(catalog, catalog_type(catalog, STR("todo-item")), 1, 3);
	job.key = STR("ab8ee6240d8b5143884127d3408b1a85");
	measure("lens, a todo item v1 to v3", &job, 28);
	catalog_close(catalog);
}

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
	struct job job = {.text = bench_data("issue.json")};
	struct json_file file;
	struct lens *lens = NULL;
	struct lens_program *program = NULL;
	const struct lens_options options = {.identity = NULL};

	if (json_file_read(&file, "issue.yaml", STR(issue_lens), &mem_heap, error) != 0 ||
	    lens_read(&lens, &file, &mem_heap, error) != 0 ||
	    lens_compile(&program, &(struct lens_link){lens, false}, 1, &options, &mem_heap,
			 error) != 0)
		bench_stop("the lens of the issue: %s", error->message);
	job.program = program;
	measure("lens, a GitHub issue", &job, 33);
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
