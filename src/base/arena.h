/* An arena: memory for one batch or one request, freed whole. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"
#include "base/str.h"

struct arena_block;

struct cf_arena {
	const struct cf_mem *mem;
	struct arena_block *block; /* the one that is filled; older ones behind it */
	char *next;                /* first free byte of it */
	char *end;
};

void arena_init(struct cf_arena *arena, const struct cf_mem *mem);
/* Frees all but one block of the usual size, for the next batch. */
void arena_reset(struct cf_arena *arena);
void arena_fini(struct cf_arena *arena);

/* Aligned to 16 bytes. NULL on failure. */
void *arena_alloc(struct cf_arena *arena, size_t size);
void *arena_calloc(struct cf_arena *arena, size_t count, size_t size);
/* A copy, ended by a NUL that `len` does not count. ptr NULL on failure. */
struct cf_str arena_dup(struct cf_arena *arena, struct cf_str s);
/* The same of what stands in a buffer; ptr NULL also where the buffer has failed. */
struct cf_str arena_dup_buf(struct cf_arena *arena, const struct cf_buf *buf);
/* printf into the arena. ptr NULL on failure. */
struct cf_str arena_printf(struct cf_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
