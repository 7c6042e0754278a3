#include "base/base.h"

/* Most of what is hashed is a few bytes long: a call would cost as much as the hash. */
#define XXH_INLINE_ALL
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

static void hex64(uint64_t value, char out[16])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--, value >>= 4)
		out[i] = digits[value & 15];
}

struct hash128 hash128_seeded(struct cf_str bytes, uint64_t seed)
{
	XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.ptr, bytes.len, seed);

	return (struct hash128){.low = hash.low64, .high = hash.high64};
}

void hash128_hex(struct hash128 hash, char out[33])
{
	hex64(hash.high, out);
	hex64(hash.low, out + 16);
	out[32] = '\0';
}
