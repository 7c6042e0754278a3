/* A growable run of bytes.
 *
 * An append that fails (no memory, or more than LIMIT_BUF_BYTES) sets `failed`
 * and changes nothing; every later append then fails too. So a writer may
 * append many times and look at the answer, or at `failed`, once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/alloc.h"
#include "base/str.h"

#include <stdarg.h>

struct cf_buf {
	char *ptr; /* NULL until something is appended */
	size_t len;
	size_t cap;
	const struct cf_mem *mem;
	bool failed;
};

void buf_init(struct cf_buf *buf, const struct cf_mem *mem);
void buf_fini(struct cf_buf *buf);
/* Empties it, keeps the memory, forgets a failure. */
void buf_clear(struct cf_buf *buf);
/* Room for `more` bytes after len. 0, or CF_ERR_NOMEM / CF_ERR_LIMIT. */
int buf_grow(struct cf_buf *buf, size_t more);
int buf_printf(struct cf_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A number in decimal digits: printf takes twenty times as long. */
int buf_decimal(struct cf_buf *buf, uint64_t number);
int buf_vprintf(struct cf_buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static inline int buf_reserve(struct cf_buf *buf, size_t more)
{
	return __builtin_expect(buf->cap - buf->len >= more && !buf->failed, 1)
		       ? 0
		       : buf_grow(buf, more);
}

static inline int buf_append(struct cf_buf *buf, const void *bytes, size_t len)
{
	int rc = buf_reserve(buf, len);

	if (rc == 0 && len) {
		memcpy(buf->ptr + buf->len, bytes, len);
		buf->len += len;
	}
	return rc;
}

static inline int buf_str(struct cf_buf *buf, struct cf_str s)
{
	return buf_append(buf, s.ptr, s.len);
}

static inline int buf_byte(struct cf_buf *buf, char byte)
{
	return buf_append(buf, &byte, 1);
}

static inline struct cf_str buf_view(const struct cf_buf *buf)
{
	return (struct cf_str){buf->ptr, buf->len};
}

#endif
