/* All memory comes through one struct, so that a test can fail the n-th call. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <chesterfield/types.h>

/* The C library's heap. */
extern const struct cf_mem mem_heap;

/* NULL on failure. `mem_calloc` fills with zeros. */
void *mem_alloc(const struct cf_mem *mem, size_t size);
void *mem_calloc(const struct cf_mem *mem, size_t count, size_t size);
void *mem_resize(const struct cf_mem *mem, void *ptr, size_t size);
void mem_free(const struct cf_mem *mem, void *ptr);

#endif
