/* How long a character is, or whether it is one: RFC 3629, section 4. */
#include "json/read.h"

size_t utf8_length(const uint8_t *p, const uint8_t *end)
{
	size_t left = (size_t)(end - p);
	uint8_t a = p[0], b = left > 1 ? p[1] : 0;

	if (a >= 0xc2 && a <= 0xdf)
		return left >= 2 && (b & 0xc0) == 0x80 ? 2 : 0;
	if (a >= 0xe0 && a <= 0xef) {
		if (left < 3 || (b & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
			return 0;
		/* Overlong, or a surrogate. */
		return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) ? 0 : 3;
	}
	if (a >= 0xf0 && a <= 0xf4) {
		if (left < 4 || (b & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
		    (p[3] & 0xc0) != 0x80)
			return 0;
		return (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f) ? 0 : 4;
	}
	return 0;
}
