#include "base/base.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t system_now_ms(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t system_monotonic_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t system_random(void *ctx)
{
	uint64_t bits;

	(void)ctx;
	/* Fails only before the kernel's pool is ready, where 8 bytes block instead. */
	while (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		;
	return bits;
}

const struct cf_env env_system = {
	.now_ms = system_now_ms,
	.monotonic_ns = system_monotonic_ns,
	.random = system_random,
	.ctx = NULL,
};

uint64_t rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	/* Multiply-shift; the bias is below bound / 2^64. */
	return (uint64_t)(((unsigned __int128)rng_next(rng) * bound) >> 64);
}
