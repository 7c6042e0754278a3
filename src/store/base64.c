/* Base64; see base64.h. */
#include "store/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_write(struct cf_str bytes, struct cf_buf *out)
{
	const unsigned char *in = (const unsigned char *)bytes.ptr;
	int rc = buf_reserve(out, (bytes.len + 2) / 3 * 4);

	for (size_t i = 0; i < bytes.len && rc == 0; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				 (left > 2 ? in[i + 2] : 0);
		char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
				left > 1 ? digits[group >> 6 & 63] : '=',
				left > 2 ? digits[group & 63] : '='};

		rc = buf_append(out, four, 4);
	}
	return rc;
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_read(struct cf_str text, struct cf_arena *arena, struct cf_str *ret)
{
	size_t pad = 0, len = text.len;
	char *out;
	uint32_t bits = 0;
	size_t at = 0;

	if (len % 4)
		return CF_ERR_INVALID;
	while (pad < 2 && len && text.ptr[len - 1] == '=') {
		pad++;
		len--;
	}
	out = arena_alloc(arena, text.len / 4 * 3 + 1);
	if (!out)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < len; i++) {
		int value = digit_value(text.ptr[i]);

		if (value < 0)
			return CF_ERR_INVALID;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4) {
			static const unsigned char shift[4] = {0, 4, 2, 0};

			out[at++] = (char)(bits >> shift[i % 4]);
		}
	}
	/* Bits that are cut off must be zero: one text for one content. */
	if ((pad == 1 && bits & 3) || (pad == 2 && bits & 15))
		return CF_ERR_INVALID;
	*ret = (struct cf_str){out, at};
	return 0;
}
