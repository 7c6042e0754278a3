#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void assert_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: a bug in chesterfield: %s\n", file, line, condition);
	abort();
}
