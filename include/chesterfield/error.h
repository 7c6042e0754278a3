/* Errors: what every function of the library answers.
 *
 * A function returns 0, or one of the negative codes below, and then fills the
 * caller's `struct cf_error` (which may be NULL where the caller wants only
 * the code). There is no last error kept anywhere else.
 */
#ifndef CHESTERFIELD_ERROR_H
#define CHESTERFIELD_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a caller can do about an error. */
enum cf_error_class {
	CF_CLASS_NONE,
	CF_CLASS_RETRYABLE, /* the same call may succeed later */
	CF_CLASS_CONFLICT,  /* somebody else was first: read again */
	CF_CLASS_INPUT,     /* this document or record is wrong, others are not */
	CF_CLASS_CONFIG,    /* the catalog, a URL or an option is wrong */
	CF_CLASS_BUG,       /* ours */
};

/* code, value, class, exit code, HTTP status, text. The one table of errors:
 * codes, texts, exit codes and HTTP statuses all come from here. */
#define CF_ERROR_TABLE(X)                                                          \
	X(NOMEM, -1, RETRYABLE, 1, 503, "out of memory")                           \
	X(IO, -2, RETRYABLE, 1, 500, "input or output failed")                     \
	X(USAGE, -3, CONFIG, 2, 400, "wrong use")                                  \
	X(SYNTAX, -4, INPUT, 1, 400, "not well-formed")                            \
	X(LIMIT, -5, INPUT, 1, 413, "a limit is exceeded")                         \
	X(INVALID, -6, INPUT, 3, 422, "breaks its schema")                         \
	X(UNMAPPED, -7, INPUT, 3, 422, "the lens cannot say this value")           \
	X(INCOMPLETE, -8, INPUT, 3, 422, "a part has not arrived")                 \
	X(UNKNOWN_TYPE, -9, INPUT, 3, 422, "of no type that the catalog knows")    \
	X(UNSUPPORTED, -10, INPUT, 3, 422, "of a version that is not supported")   \
	X(SCRIPT, -11, INPUT, 3, 422, "a lens script failed or was stopped")       \
	X(SCHEMA, -12, CONFIG, 1, 500, "not a schema")                             \
	X(LENS, -13, CONFIG, 1, 500, "not a lens")                                 \
	X(CATALOG, -14, CONFIG, 1, 500, "the catalog is wrong")                    \
	X(NOT_FOUND, -15, INPUT, 1, 404, "not found")                              \
	X(CONFLICT, -16, CONFLICT, 1, 409, "somebody else was first")              \
	X(LOCKED, -17, RETRYABLE, 1, 423, "the store is locked")                   \
	X(READONLY, -18, CONFIG, 1, 403, "the store is read-only")                 \
	X(FULL, -19, RETRYABLE, 1, 507, "the store is full")                       \
	X(NOT_A_STORE, -20, CONFIG, 1, 400, "not a store")                         \
	X(NEWER, -21, CONFIG, 1, 400, "made by a newer version of this program")   \
	X(UNAVAILABLE, -22, RETRYABLE, 1, 503, "the store does not answer")        \
	X(NO_DATABASE, -23, CONFIG, 10, 404, "no such database")                   \
	X(UNAUTHORIZED, -24, CONFIG, 11, 401, "not authorised")                    \
	X(FORBIDDEN, -25, CONFIG, 12, 403, "forbidden")                            \
	X(UNSUPPORTED_OP, -26, CONFIG, 1, 501, "the store cannot do this")         \
	X(PRECONDITION, -27, CONFIG, 4, 412, "a precondition does not hold")       \
	X(INTERRUPTED, -28, RETRYABLE, 5, 503, "interrupted, run again to resume") \
	X(FINDINGS, -29, INPUT, 3, 422, "there are findings")                      \
	X(BUG, -30, BUG, 1, 500, "a bug in chesterfield")                          \
	X(LAW, -31, INPUT, 3, 422, "the lens breaks its laws")                     \
	X(UNCERTAIN, -32, RETRYABLE, 1, 504, "it is not known whether it was done")

enum cf_code {
	CF_OK = 0,
#define X(name, value, class, exit_code, http, text) CF_ERR_##name = (value),
	CF_ERROR_TABLE(X)
#undef X
};

/* Where and why. Texts that do not fit are cut at a whole UTF-8 character. */
struct cf_error {
	int code;           /* enum cf_code */
	unsigned line;      /* from 1; 0: not known */
	unsigned column;    /* from 1, in bytes; 0: not known */
	size_t offset;      /* bytes from the start of the text */
	char file[256];     /* path of the file, or "" */
	char document[160]; /* id of the document, or "" */
	char pointer[256];  /* JSON Pointer (RFC 6901) into the document, or "" */
	char message[512];  /* the reason; each layer may have put a prefix before it */
};

/* The name of a code ("SYNTAX"), its text, class, exit code and HTTP status. */
const char *cf_error_name(int code);
const char *cf_error_text(int code);
enum cf_error_class cf_error_class(int code);
int cf_error_exit_code(int code);
int cf_error_http_status(int code);

/* Writes "file:line:column: document ID at /pointer: message" (what is not
 * known is left out) to `out`, cut to `size` bytes, always ending in NUL.
 * Returns `out`. */
char *cf_error_format(const struct cf_error *error, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
