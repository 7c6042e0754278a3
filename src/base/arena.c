#include "base/base.h"

#include <chesterfield/store_ops.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024, ARENA_BLOCK_BYTES_MAX = 1024 * 1024, ARENA_ALIGN = 16 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of the data */
	_Alignas(16) char data[];
};

void arena_init(struct cf_arena *arena, const struct cf_mem *mem)
{
	*arena = (struct cf_arena){.mem = mem};
}

static void free_older(struct cf_arena *arena, struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->older;

		mem_free(arena->mem, block);
		block = older;
	}
}

void arena_reset(struct cf_arena *arena)
{
	if (!arena->block)
		return;
	if (arena->block->size > ARENA_BLOCK_BYTES_MAX) {
		arena_fini(arena);
		return;
	}
	free_older(arena, arena->block->older);
	arena->block->older = NULL;
	arena->next = arena->block->data;
}

void arena_fini(struct cf_arena *arena)
{
	free_older(arena, arena->block);
	*arena = (struct cf_arena){.mem = arena->mem};
}

static void *alloc_in_new_block(struct cf_arena *arena, size_t size)
{
	size_t block_size = arena->block ? arena->block->size * 2 : ARENA_BLOCK_BYTES;
	struct arena_block *block;

	if (block_size > ARENA_BLOCK_BYTES_MAX)
		block_size = ARENA_BLOCK_BYTES_MAX;
	if (block_size < size)
		block_size = size;
	if (block_size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = mem_alloc(arena->mem, sizeof(*block) + block_size);
	if (!block)
		return NULL;
	block->older = arena->block;
	block->size = block_size;
	arena->block = block;
	arena->next = block->data + size;
	arena->end = block->data + block_size;
	return block->data;
}

void *arena_alloc(struct cf_arena *arena, size_t size)
{
	void *ptr;

	if (size > SIZE_MAX - ARENA_ALIGN)
		return NULL;
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!arena->block || (size_t)(arena->end - arena->next) < size)
		return alloc_in_new_block(arena, size);
	ptr = arena->next;
	arena->next += size;
	return ptr;
}

void *arena_calloc(struct cf_arena *arena, size_t count, size_t size)
{
	size_t total;
	void *ptr;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	ptr = arena_alloc(arena, total);
	if (ptr)
		memset(ptr, 0, total);
	return ptr;
}

struct cf_str arena_dup(struct cf_arena *arena, struct cf_str s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc(arena, s.len + 1) : NULL;

	if (!copy)
		return (struct cf_str){NULL, 0};
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return (struct cf_str){copy, s.len};
}

struct cf_str arena_dup_buf(struct cf_arena *arena, const struct cf_buf *buf)
{
	return buf->failed ? (struct cf_str){NULL, 0} : arena_dup(arena, buf_view(buf));
}

struct cf_str arena_printf(struct cf_arena *arena, const char *format, ...)
{
	va_list args;
	int len;
	char *text;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !(text = arena_alloc(arena, (size_t)len + 1)))
		return (struct cf_str){NULL, 0};
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return (struct cf_str){text, (size_t)len};
}

void *cf_arena_alloc(struct cf_arena *arena, size_t size)
{
	return arena_alloc(arena, size);
}
