/* Private to catalog/: check's findings. */
#ifndef CATALOG_CHECK_H
#define CATALOG_CHECK_H

#include "catalog/inside.h"

struct checker {
	const struct catalog_check_args *args;
	const struct cf_mem *mem;
	struct cf_str dir;
	size_t errors;
};

void checker_tell(struct checker *checker, bool warning, const char *path, unsigned line,
		  struct cf_str message);
/* The laws of one lens between its schemas, on generated documents. NOMEM. */
int check_laws(struct checker *checker, const struct catalog *catalog,
	       const struct catalog_edge *edge, struct cf_error *error);

#endif
