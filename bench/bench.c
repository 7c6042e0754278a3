/* Timing of pairs. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 7 };
#define ROUND_NS 150000000u

static uint64_t timed_ns(const struct bench_side *side, uint64_t times)
{
	uint64_t start = env_system.monotonic_ns(NULL);

	side->run(side->ctx, times);
	return env_system.monotonic_ns(NULL) - start;
}

/* How many times fill one round; warms up on the way. */
static uint64_t calibrate(const struct bench_side *side)
{
	uint64_t times = 1;

	for (;;) {
		uint64_t ns = timed_ns(side, times);

		if (ns >= ROUND_NS / 4)
			return 1 + (uint64_t)((double)times * ROUND_NS / (double)ns);
		times *= ns < ROUND_NS / 64 ? 8 : 2;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_pair(const char *what, const char *unit, double per_run, const struct bench_side *ours,
		  const struct bench_side *peer, double goal)
{
	const struct bench_side *sides[2] = {ours, peer};
	double rates[2][ROUNDS];
	uint64_t times[2];
	double ratio;

	for (int side = 0; side < 2; side++)
		times[side] = calibrate(sides[side]);
	for (int round = 0; round < ROUNDS; round++)
		for (int side = 0; side < 2; side++)
			rates[side][round] = per_run * (double)times[side] * 1e9 /
					     (double)timed_ns(sides[side], times[side]);
	for (int side = 0; side < 2; side++)
		qsort(rates[side], ROUNDS, sizeof(rates[side][0]), compare);
	ratio = rates[0][ROUNDS / 2] / rates[1][ROUNDS / 2];
	printf("%s\t%s\t%.0f\t%s\t%.0f\t%.2f\t%.2f\t%s\n", what, ours->name, rates[0][ROUNDS / 2],
	       peer->name, rates[1][ROUNDS / 2], ratio, goal, unit);
	fflush(stdout);
	return ratio;
}

_Noreturn void bench_stop(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}
