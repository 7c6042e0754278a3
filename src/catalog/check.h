/* Private to catalog/: check's findings. */
#ifndef CATALOG_CHECK_H
#define CATALOG_CHECK_H

#include "catalog/inside.h"

struct checker {
	const struct catalog_check_args *args;
	const struct cf_mem *mem;
	struct cf_str dir;
	size_t errors;
	size_t lenses; /* tried on documents */
	/* Majors of whose schema no document could be made: told once each. */
	const struct catalog_major *unproven[1024];
	size_t unproven_count;
};

void checker_tell(struct checker *checker, bool warning, const char *path, unsigned line,
		  struct cf_str message);
/* With the line of a node of a file, and a message as printf makes it. */
void checker_error(struct checker *checker, const struct json_file *file, uint32_t node,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
void checker_warn(struct checker *checker, const struct json_file *file, uint32_t node,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void checker_tell_unproven(struct checker *checker, const struct catalog_major *major,
			   const struct cf_error *why);
/* As checker_tell, of a finding that shows documents: all of it but the file is set. */
void checker_tell_finding(struct checker *checker, const char *path,
			  struct catalog_finding *finding);
/* check_files.c: warns of files and folders that are not read, since they are named
 * otherwise than those that are. */
void check_files(struct checker *checker);
struct bench;
/* The laws of one lens between its schemas, on generated documents. NOMEM, IO. */
int check_laws(struct bench *bench, const struct catalog_edge *edge);

#endif
