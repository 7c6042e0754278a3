/* The few types that all public headers share. */
#ifndef CHESTERFIELD_TYPES_H
#define CHESTERFIELD_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A borrowed run of bytes; not ended by NUL. */
struct cf_str {
	const char *ptr;
	size_t len;
};

/* Where memory comes from; all of the library's own allocations go through one. */
struct cf_mem {
	/* As realloc(3): ptr NULL allocates, size 0 frees and returns NULL.
	 * Returns NULL on failure, ptr is then left as it was. */
	void *(*resize)(void *ctx, void *ptr, size_t size);
	void *ctx;
};

/* Clock and randomness: the library never asks the system itself. */
struct cf_env {
	/* Milliseconds since 1970-01-01T00:00:00Z. May jump. */
	int64_t (*now_ms)(void *ctx);
	/* Nanoseconds since some moment; never goes back. */
	uint64_t (*monotonic_ns)(void *ctx);
	/* 64 random bits. */
	uint64_t (*random)(void *ctx);
	void *ctx;
};

/* Memory for one batch or one request, freed whole. */
struct cf_arena;

#ifdef __cplusplus
}
#endif
#endif
