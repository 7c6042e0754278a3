/* The program's `convert` on a file, against the library in a loop over the same bytes:
 * what reading lines, finding the type and writing cost beside the work itself.
 *
 * bench-convert PROGRAM CATALOG */
#include "bench.h"

#include "catalog/catalog.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DOCS = 100000, LINE_BYTES_MAX = 400, FROM = 1, TO = 3 };

struct job {
	char *program;
	char *catalog_dir;
	char path[64]; /* of the documents */
	struct cf_buf text;
	struct catalog *catalog;
	const struct lens_program *lens;
	struct lens_worker *worker;
	struct json_doc doc;
	struct cf_buf out;
};

static void make_documents(struct job *job)
{
	int fd;

	snprintf(job->path, sizeof(job->path), "/tmp/chesterfield-bench-XXXXXX");
	fd = mkstemp(job->path);
	buf_init(&job->text, &mem_heap);
	for (int i = 0; i < DOCS; i++)
		(void)buf_printf(&job->text,
				 "{\"_id\":\"todo-item@1:%032x\",\"schema\":\"todo-item\","
				 "\"version\":1,\"title\":\"Compare apples to oranges %d\","
				 "\"isDone\":%s,\"isImportant\":true,"
				 "\"createdAt\":\"2018-04-01T00:00:00.000Z\"}\n",
				 (unsigned)i * 2654435761u, i, i % 2 ? "true" : "false");
	if (job->text.failed || fd < 0 ||
	    write(fd, job->text.ptr, job->text.len) != (ssize_t)job->text.len)
		bench_stop("cannot write %s", job->path);
	close(fd);
}

static void run_program(void *ctx, uint64_t times)
{
	struct job *job = ctx;
	char convert[] = "convert", catalog[] = "-c", to[] = "--to", target[] = "todo-item@3";
	char *words[] = {job->program, convert, catalog,   job->catalog_dir,
			 to,           target,  job->path, NULL};
	int status = 0;

	for (uint64_t i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			int null = open("/dev/null", O_WRONLY);

			dup2(null, STDOUT_FILENO);
			execv(job->program, words);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			bench_stop("%s convert failed", job->program);
	}
}

static void apply_line(struct job *job, struct cf_str line)
{
	const struct lens_output *outputs;
	struct catalog_id id;
	struct json_value input;
	struct lens_args args = {.inputs = &input};
	struct cf_error error = {0};
	char words[512];
	int rc = json_read(&job->doc, line.ptr, line.len, JSON_READ_DOCUMENT, &error);

	input = json_root(&job->doc);
	if (rc == 0)
		rc = catalog_identify(job->catalog, input, STR(""), &id, &error);
	args.key = id.key;
	if (rc == 0)
		rc = lens_apply(job->worker, job->lens, &args, &outputs, &error);
	if (rc != 0)
		bench_stop("%s", cf_error_format(&error, words, sizeof(words)));
	(void)buf_str(&job->out, outputs[0].text);
	(void)buf_byte(&job->out, '\n');
}

static void run_library(void *ctx, uint64_t times)
{
	struct job *job = ctx;

	for (uint64_t i = 0; i < times; i++) {
		const char *at = job->text.ptr, *end = at + job->text.len;

		while (at < end) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));

			apply_line(job, (struct cf_str){at, (size_t)(newline - at)});
			if (job->out.len > 65536)
				buf_clear(&job->out);
			at = newline + 1;
		}
	}
}

int main(int argc, char **argv)
{
	struct job job = {0};
	struct cf_error error = {0};
	char words[512];

	if (argc != 3)
		bench_stop("bench-convert PROGRAM CATALOG");
	job.program = argv[1];
	job.catalog_dir = argv[2];
	if (catalog_open(&job.catalog, argv[2], &mem_heap, &error) != 0)
		bench_stop("%s", cf_error_format(&error, words, sizeof(words)));
	job.lens =
		catalog_program(job.catalog, catalog_type(job.catalog, STR("todo-item")), FROM, TO);
	job.worker = lens_worker_new(&mem_heap);
	json_doc_init(&job.doc, &mem_heap);
	buf_init(&job.out, &mem_heap);
	make_documents(&job);
	bench_pair("convert a file, v1 to v3", "docs/s", DOCS,
		   &(struct bench_side){"convert", run_program, &job},
		   &(struct bench_side){"the library", run_library, &job}, 0.5);
	unlink(job.path);
	buf_fini(&job.text);
	buf_fini(&job.out);
	json_doc_fini(&job.doc);
	lens_worker_free(job.worker);
	catalog_close(job.catalog);
	return 0;
}
