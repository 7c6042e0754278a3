/* Borrowed runs of bytes. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/bytes.h"

#include <chesterfield/types.h>

#define STR(literal) ((struct cf_str){(literal), sizeof(literal) - 1})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

static inline struct cf_str str_of(const char *text)
{
	return (struct cf_str){text, text ? strlen(text) : 0};
}

static inline bool str_equal(struct cf_str a, struct cf_str b)
{
	return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

static inline bool str_starts_with(struct cf_str s, struct cf_str prefix)
{
	return s.len >= prefix.len && bytes_equal(s.ptr, prefix.ptr, prefix.len);
}

/* Bytewise order, as memcmp; a prefix comes before what it begins. */
/* UTF-8 as RFC 3629 has it; with NUL bytes only where `nul`. */
bool text_is_utf8(struct cf_str s, bool nul);

static inline int str_compare(struct cf_str a, struct cf_str b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
