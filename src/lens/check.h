/* Private to lens/: ops looked at with the schemas of their fields. */
#ifndef LENS_CHECK_H
#define LENS_CHECK_H

#include "lens/op.h"

struct checker {
	const struct lens_report *report;
	const struct cf_mem *mem;
	const struct lens *lens;
	const struct schema *const *older, *const *newer; /* by place */
};

/* check_values.c: an error of a line; a warning. */
void check_tell(const struct checker *checker, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_warn(const struct checker *checker, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Each value that the schema allows needs a row. */
void check_rows(const struct checker *checker, const struct op *op, bool down,
		const struct schema_view *view);
/* Each value that a table makes must be one of where it lands. */
void check_targets(const struct checker *checker, const struct op *op, bool down,
		   const struct schema_view *view);
void check_default(const struct checker *checker, const struct op *op,
		   const struct schema_view *view);
/* A part but the last that may hold the separator is cut otherwise than it was written. */
void check_piece(const struct checker *checker, const struct op *op, size_t part,
		 const struct schema_view *view);
/* Numbers that come back as others, where they are scaled without a document to put them
 * into. */
void check_scale(const struct checker *checker, const struct op *op,
		 const struct schema_view *older);

#endif
