/* Filling a struct cf_error. All take NULL for an error nobody wants to read. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/str.h"

#include <chesterfield/error.h>

/* Resets `error`, sets code and message, returns `code`. */
int error_set(struct cf_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "prefix: message". Returns the error's code, or `code` where error is NULL. */
int error_prefix(struct cf_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void error_at_file(struct cf_error *error, struct cf_str path, unsigned line);
void error_at_document(struct cf_error *error, struct cf_str id);
void error_at_pointer(struct cf_error *error, struct cf_str pointer);
/* CF_ERR_NOMEM with its text. */
int error_nomem(struct cf_error *error);

#endif
