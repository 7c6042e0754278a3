/* The door of base/: what every room stands on. Knows no other room. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* For our bugs only, and on in every build: prints the place and aborts. */
#define cf_assert(condition) ((condition) ? (void)0 : assert_failed(__FILE__, __LINE__, #condition))
_Noreturn void assert_failed(const char *file, int line, const char *condition);

#endif
