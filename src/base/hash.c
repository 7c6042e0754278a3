#include "base/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

uint64_t hash64(struct cf_str bytes, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes.ptr, bytes.len, seed);
}

struct hash128 hash128(struct cf_str bytes)
{
	XXH128_hash_t hash = XXH3_128bits(bytes.ptr, bytes.len);

	return (struct hash128){.low = hash.low64, .high = hash.high64};
}

void hash128_hex(struct hash128 hash, char out[33])
{
	snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}
