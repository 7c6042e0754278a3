#include "base/base.h"

#include <stdio.h>

enum { BUF_BYTES_MIN = 256 };

void buf_init(struct cf_buf *buf, const struct cf_mem *mem)
{
	*buf = (struct cf_buf){.mem = mem};
}

void buf_fini(struct cf_buf *buf)
{
	mem_free(buf->mem, buf->ptr);
	*buf = (struct cf_buf){.mem = buf->mem};
}

void buf_clear(struct cf_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

int buf_grow(struct cf_buf *buf, size_t more)
{
	size_t need, cap;
	char *ptr;

	if (buf->failed)
		return CF_ERR_NOMEM;
	if (__builtin_add_overflow(buf->len, more, &need) || need > LIMIT_BUF_BYTES) {
		buf->failed = true;
		return CF_ERR_LIMIT;
	}
	if (need <= buf->cap)
		return 0;
	cap = buf->cap ? buf->cap + buf->cap / 2 : BUF_BYTES_MIN;
	if (cap < need)
		cap = need;
	ptr = mem_resize(buf->mem, buf->ptr, cap);
	if (!ptr) {
		buf->failed = true;
		return CF_ERR_NOMEM;
	}
	buf->ptr = ptr;
	buf->cap = cap;
	return 0;
}

int buf_vprintf(struct cf_buf *buf, const char *format, va_list args)
{
	va_list again;
	int len, rc;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	rc = len < 0 ? CF_ERR_BUG : buf_reserve(buf, (size_t)len + 1);
	if (rc == 0) {
		vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	return rc;
}

int buf_printf(struct cf_buf *buf, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = buf_vprintf(buf, format, args);
	va_end(args);
	return rc;
}

int buf_decimal(struct cf_buf *buf, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return buf_append(buf, digits + at, sizeof(digits) - at);
}
