#include "base/base.h"

#include <stdlib.h>
#include <string.h>

static void *heap_resize(void *ctx, void *ptr, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

const struct cf_mem mem_heap = {.resize = heap_resize, .ctx = NULL};

void *mem_alloc(const struct cf_mem *mem, size_t size)
{
	return mem->resize(mem->ctx, NULL, size ? size : 1);
}

void *mem_calloc(const struct cf_mem *mem, size_t count, size_t size)
{
	size_t total;
	void *ptr;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	ptr = mem_alloc(mem, total);
	if (ptr)
		memset(ptr, 0, total ? total : 1);
	return ptr;
}

void *mem_resize(const struct cf_mem *mem, void *ptr, size_t size)
{
	return mem->resize(mem->ctx, ptr, size ? size : 1);
}

void mem_free(const struct cf_mem *mem, void *ptr)
{
	if (ptr)
		(void)mem->resize(mem->ctx, ptr, 0);
}
