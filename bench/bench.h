/* What benchmarks are written with: ours and a peer in turn, in the same process, the
 * median of several rounds, and one row per pair:
 *
 *   what <tab> ours <tab> rate <tab> peer <tab> rate <tab> ratio <tab> goal <tab> unit
 *
 * bench/run.sh gathers the rows of all benchmarks into one table. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "base/base.h"

/* One side: does its work `times` times; ends the program where it fails. */
struct bench_side {
	const char *name;
	void (*run)(void *ctx, uint64_t times);
	void *ctx;
};

/* Runs both in turn, prints the row. `per_run` units are done by one time ("docs/s": 1).
 * goal: the ratio ours/peer that must be reached, 0: none. Returns the ratio. */
double bench_pair(const char *what, const char *unit, double per_run, const struct bench_side *ours,
		  const struct bench_side *peer, double goal);

/* Ends the program with words: a benchmark does not go on with wrong results. */
_Noreturn void bench_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
