/* Reading a document to a tape and writing it again, against the peers. */
#include "peers.h"
#include "json/json.h"

#include <stdlib.h>

struct job {
	struct peer_text text;
	struct json_doc doc;
	struct cf_buf out;
};

static void read_and_write(void *ctx, uint64_t times)
{
	struct job *job = ctx;

	for (uint64_t i = 0; i < times; i++) {
		buf_clear(&job->out);
		if (json_read(&job->doc, job->text.ptr, job->text.len, 0, NULL) != 0 ||
		    json_write_compact(json_root(&job->doc), &job->out) != 0)
			bench_stop("the document is refused");
	}
}

static void measure(const char *what, const char *name)
{
	struct job job = {.text = bench_data(name)};
	const struct bench_side ours = {"tape", read_and_write, &job};
	struct peer_texts texts = {&job.text, 1};

	json_doc_init(&job.doc, &mem_heap);
	buf_init(&job.out, &mem_heap);
	bench_pair(what, "docs/s", 1, &ours, &(struct bench_side){"jansson", peer_jansson, &texts},
		   0);
	bench_pair(what, "docs/s", 1, &ours, &(struct bench_side){"json-c", peer_jsonc, &texts}, 0);
	buf_fini(&job.out);
	json_doc_fini(&job.doc);
	free((char *)job.text.ptr);
}

int main(void)
{
	measure("read and write a todo item", "todo-item.json");
	measure("read and write a GitHub issue", "issue.json");
	return 0;
}
