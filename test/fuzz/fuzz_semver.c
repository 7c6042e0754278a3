/* A version and a range, one a line: read or refused. */
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *line = size ? memchr(text, '\n', size) : NULL;
	struct cf_str first = {text, line ? (size_t)(line - text) : size};
	struct cf_str rest = {line ? line + 1 : "", line ? size - first.len - 1 : 0};
	struct semver_range *range = NULL;
	struct semver version;

	if (semver_parse(&version, first, NULL))
		version = (struct semver){.major = 1};
	if (semver_range_parse(&range, rest, &mem_heap, NULL) == 0)
		(void)semver_range_has(range, &version);
	semver_range_free(range);
	return 0;
}
