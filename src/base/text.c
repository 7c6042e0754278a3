/* Text that somebody outside gave. */
#include "base/base.h"

bool text_is_utf8(struct cf_str s, bool nul)
{
	const unsigned char *c = (const unsigned char *)s.ptr, *end = c + s.len;

	while (c < end) {
		size_t more;

		if (*c < 0x80) {
			if (*c++ == 0 && !nul)
				return false;
			continue;
		}
		more = *c < 0xc2 ? 9 : *c < 0xe0 ? 1 : *c < 0xf0 ? 2 : *c < 0xf5 ? 3 : 9;
		if (more > (size_t)(end - c - 1))
			return false;
		if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) ||
		    (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f))
			return false;
		for (size_t i = 1; i <= more; i++)
			if ((c[i] & 0xc0) != 0x80)
				return false;
		c += more + 1;
	}
	return true;
}
