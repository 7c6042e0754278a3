/* Hashing: XXH3 (xxHash 0.8, a stable, published function). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

#include <stdint.h>

struct hash128 {
	uint64_t low;
	uint64_t high;
};

uint64_t hash64(struct cf_str bytes, uint64_t seed);
struct hash128 hash128(struct cf_str bytes);
struct hash128 hash128_seeded(struct cf_str bytes, uint64_t seed);
/* 32 lower-case hex digits, high half first, and a NUL. */
void hash128_hex(struct hash128 hash, char out[33]);

#endif
