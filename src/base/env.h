/* Clock and randomness behind one struct: the core never asks the system, so a
 * simulator can stand in for it. */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <chesterfield/types.h>

/* The system's clocks and getrandom(2). */
extern const struct cf_env env_system;

/* A small seeded generator (splitmix64), for tests and generated documents. */
struct rng {
	uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/* 0 <= result < bound; bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
