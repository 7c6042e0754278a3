/* The memory of an interpreter, and the steps and time that a call may take. */
#include "lens/script_inside.h"

#include <stdlib.h>

/* What a step buys: bytes that are asked for. */
enum { ALLOC_BYTES_A_STEP = 64 };

int64_t script_clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* By the processor's time, so that a machine that is busy stops nobody; that clock is a
 * slow one, so the other is asked first. */
static bool is_late(struct script_engine *engine)
{
	enum { SPENDINGS_A_LOOK = 4 };

	return ++engine->looks % SPENDINGS_A_LOOK == 0 &&
	       script_clock_ms(CLOCK_MONOTONIC) - engine->began_ms > LIMIT_SCRIPT_MS &&
	       script_clock_ms(CLOCK_THREAD_CPUTIME_ID) - engine->began_cpu_ms > LIMIT_SCRIPT_MS;
}

void script_spend(struct script_engine *engine, double steps)
{
	engine->steps_left -= steps < 1e15 ? (int64_t)steps : (int64_t)1e15;
	if (engine->stop && (engine->steps_left < 0 || is_late(engine)))
		longjmp(*engine->stop, CF_ERR_SCRIPT);
}

static void unlink_block(struct script_block *block)
{
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
}

static void link_block(struct script_engine *engine, struct script_block *block)
{
	block->next = engine->blocks;
	block->link = &engine->blocks;
	if (block->next)
		block->next->link = &block->next;
	engine->blocks = block;
}

void *script_realloc(void *udata, void *ptr, duk_size_t size)
{
	struct script_engine *engine = udata;
	struct script_block *old = ptr ? (struct script_block *)ptr - 1 : NULL, *block;
	size_t had = old ? old->size : 0;

	if (size == 0) {
		if (old) {
			engine->bytes -= had;
			unlink_block(old);
			mem_free(engine->mem, old);
		}
		return NULL;
	}
	/* A refusal makes the interpreter walk its heap for garbage, some ten times. */
	if (size > LIMIT_SCRIPT_BYTES || engine->bytes - had + size > LIMIT_SCRIPT_BYTES) {
		script_spend(engine, LIMIT_SCRIPT_STEPS / 20.0);
		return NULL;
	}
	script_spend(engine, (double)size / ALLOC_BYTES_A_STEP);
	engine->biggest = size > engine->biggest ? size : engine->biggest;
	if (old)
		unlink_block(old);
	block = mem_resize(engine->mem, old, sizeof(*block) + size);
	if (!block) {
		if (old)
			link_block(engine, old);
		return NULL;
	}
	block->size = size;
	link_block(engine, block);
	engine->bytes = engine->bytes - had + size;
	return block + 1;
}

void *script_alloc(void *udata, duk_size_t size)
{
	return script_realloc(udata, NULL, size);
}

void script_free(void *udata, void *ptr)
{
	(void)script_realloc(udata, ptr, 0);
}

void script_fatal(void *udata, const char *message)
{
	struct script_engine *engine = udata;

	(void)message;
	if (engine->stop)
		longjmp(*engine->stop, CF_ERR_NOMEM);
	cf_assert(!"the interpreter failed outside a protected call");
	abort();
}

struct script_engine *script_engine_of(duk_context *duk)
{
	duk_memory_functions functions;

	duk_get_memory_functions(duk, &functions);
	return functions.udata;
}

const struct cf_mem *script_engine_mem(const struct script_engine *engine)
{
	return engine->mem;
}

bool script_engine_is_boxed(const struct script_engine *engine, const void *prototype)
{
	for (size_t i = 0; i < ARRAY_LEN(engine->boxed); i++)
		if (engine->boxed[i] == prototype)
			return true;
	return false;
}
