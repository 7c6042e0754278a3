/* The version, from the build. */
#include <chesterfield/version.h>

const char *cf_version(void)
{
	return CHESTERFIELD_VERSION;
}
