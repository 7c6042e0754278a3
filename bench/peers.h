/* The peers that read JSON and print it again: what most programs do with a document. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "bench.h"

struct peer_text {
	const char *ptr; /* ends with NUL too */
	size_t len;
};

/* Context of the sides below: they take the texts in turn, from the first on. */
struct peer_texts {
	struct peer_text *at;
	size_t count;
};

void peer_jansson(void *ctx, uint64_t times);
void peer_jsonc(void *ctx, uint64_t times);

/* The whole file, without the newline at its end; must be freed. `name` is that of a
 * file in bench/data, found through $CHESTERFIELD_SOURCE. */
struct peer_text bench_data(const char *name);

#endif
