/* Finding the end of the plain part of a string, and comparing with known bytes.
 *
 * The only vector code of the project, with its portable twin. Both answer the
 * same for every text; test/unit/json and the fuzzer hold them against each
 * other. Neither reads outside [begin, end).
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#define JSON_SCAN_HAS_VECTOR 1
#else
#define JSON_SCAN_HAS_VECTOR 0
#endif

/* What ends the plain part: quote, backslash, control character, not ASCII. */
static inline bool scan_is_special(uint8_t c)
{
	return c == '"' || c == '\\' || c < 0x20 || c >= 0x80;
}

static inline const uint8_t *scan_plain_portable(const uint8_t *begin, const uint8_t *p,
						 const uint8_t *end)
{
	(void)begin;
	while (p < end && !scan_is_special(*p))
		p++;
	return p;
}

/* Whether the text goes on with these bytes. `known` has room to be read in chunks of
 * SCAN_CHUNK. */
enum { SCAN_CHUNK = 16 };

static inline bool scan_matches_portable(const uint8_t *p, const uint8_t *end, const uint8_t *known,
					 size_t len)
{
	return (size_t)(end - p) >= len && memcmp(p, known, len) == 0;
}

#if JSON_SCAN_HAS_VECTOR
static inline unsigned scan_special_mask(const uint8_t *p)
{
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(0x20);
	__m128i chunk = _mm_loadu_si128((const __m128i *)(const void *)p);
	/* Signed: a byte of 0x80 and above is less than a space, too. */
	__m128i special = _mm_or_si128(
		_mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash)),
		_mm_cmplt_epi8(chunk, space));

	return (unsigned)_mm_movemask_epi8(special);
}

static inline const uint8_t *scan_plain_vector(const uint8_t *begin, const uint8_t *p,
					       const uint8_t *end)
{
	unsigned mask;

	while (end - p >= SCAN_CHUNK) {
		mask = scan_special_mask(p);
		if (mask)
			return p + __builtin_ctz(mask);
		p += SCAN_CHUNK;
	}
	if (p == end || end - begin < SCAN_CHUNK)
		return scan_plain_portable(begin, p, end);
	/* The last chunk of the text, without what stands before p in it. */
	mask = scan_special_mask(end - SCAN_CHUNK) >> (SCAN_CHUNK - (end - p));
	return mask ? p + __builtin_ctz(mask) : end;
}

static inline bool scan_matches_vector(const uint8_t *p, const uint8_t *end, const uint8_t *known,
				       size_t len)
{
	size_t left = (size_t)(end - p);

	if (left < len)
		return false;
	for (; left >= SCAN_CHUNK; left -= SCAN_CHUNK, p += SCAN_CHUNK, known += SCAN_CHUNK) {
		__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)known);
		unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));

		if (len <= SCAN_CHUNK)
			return (~same & ((1u << len) - 1)) == 0;
		if (same != 0xffff)
			return false;
		len -= SCAN_CHUNK;
	}
	for (size_t i = 0; i < len; i++)
		if (p[i] != known[i])
			return false;
	return true;
}
#else
static inline const uint8_t *scan_plain_vector(const uint8_t *begin, const uint8_t *p,
					       const uint8_t *end)
{
	return scan_plain_portable(begin, p, end);
}

static inline bool scan_matches_vector(const uint8_t *p, const uint8_t *end, const uint8_t *known,
				       size_t len)
{
	return scan_matches_portable(p, end, known, len);
}
#endif

#endif
