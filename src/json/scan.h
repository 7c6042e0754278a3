/* Finding the end of the plain part of a string, and white space.
 *
 * The only vector code of the project, with its portable twin. Both answer the
 * same for every text; test/unit/json and the fuzzer hold them against each
 * other. Neither reads outside [p, end).
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

static inline const uint8_t *scan_plain_portable(const uint8_t *p, const uint8_t *end)
{
	while (p < end && !scan_is_special(*p))
		p++;
	return p;
}

#if JSON_SCAN_HAS_VECTOR
static inline const uint8_t *scan_plain_vector(const uint8_t *p, const uint8_t *end)
{
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(0x20);

	while (end - p >= 16) {
		__m128i chunk = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* Signed: a byte of 0x80 and above is less than a space, too. */
		__m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, quote),
							    _mm_cmpeq_epi8(chunk, backslash)),
					       _mm_cmplt_epi8(chunk, space));
		unsigned mask = (unsigned)_mm_movemask_epi8(special);

		if (mask)
			return p + __builtin_ctz(mask);
		p += 16;
	}
	return scan_plain_portable(p, end);
}
#else
static inline const uint8_t *scan_plain_vector(const uint8_t *p, const uint8_t *end)
{
	return scan_plain_portable(p, end);
}
#endif

#endif
