/* Private to lens/: short runs of bytes, appended without a call. */
#ifndef LENS_BYTES_H
#define LENS_BYTES_H

#include "base/base.h"

static inline __attribute__((always_inline)) int bytes_put(struct cf_buf *out, const char *from,
							   size_t len)
{
	if (buf_reserve(out, len) != 0)
		return CF_ERR_NOMEM;
	bytes_copy(out->ptr + out->len, from, len);
	out->len += len;
	return 0;
}

#endif
