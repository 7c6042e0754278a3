/* Private to lens/: a lens file while it is read. */
#ifndef LENS_READER_H
#define LENS_READER_H

#include "lens/op.h"

struct reader {
	struct lens *lens;
	struct cf_error *error;
	size_t ops;
	unsigned depth;
	bool named; /* the error names its op already */
};

/* LENS, placed at the value's line. */
int reader_fail(struct reader *r, struct json_value at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "TYPE@MAJOR". LENS, NOMEM. */
int reader_place(struct reader *r, struct json_value value, struct cf_str *ret_type,
		 uint32_t *ret_major);
/* The arguments that one kind of op has, but for ops inside it. LENS, NOMEM. */
int reader_arguments(struct reader *r, struct json_value args, struct op *op);

#endif
