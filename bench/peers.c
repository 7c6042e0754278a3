/* Parse and print with jansson, as its manual shows; and the data of the benchmarks. */
#include "peers.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

void peer_jansson(void *ctx, uint64_t times)
{
	const struct peer_texts *texts = ctx;

	for (uint64_t i = 0; i < times; i++) {
		const struct peer_text *text = &texts->at[i % texts->count];
		json_t *root = json_loadb(text->ptr, text->len, 0, NULL);
		char *printed = root ? json_dumps(root, JSON_COMPACT) : NULL;

		if (!printed)
			bench_stop("jansson refuses the document");
		free(printed);
		json_decref(root);
	}
}

struct peer_text bench_data(const char *name)
{
	const char *source = getenv("CHESTERFIELD_SOURCE");
	char path[1024];
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/bench/data/%s", source ? source : ".", name);
	file = fopen(path, "re");
	len = file ? getdelim(&text, &cap, '\0', file) : -1;
	if (len <= 0)
		bench_stop("cannot read %s", path);
	fclose(file);
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	return (struct peer_text){text, (size_t)len};
}
