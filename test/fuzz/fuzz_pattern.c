/* A pattern, then behind a newline what it is matched against: never a hang. */
#include "schema/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *line = size ? memchr(text, '\n', size) : NULL;
	struct cf_str first = {text, line ? (size_t)(line - text) : size};
	struct cf_str rest = {line ? line + 1 : "", line ? size - first.len - 1 : 0};
	struct pattern *pattern = NULL;
	struct matcher matcher;

	matcher_init(&matcher, &mem_heap);
	if (pattern_compile(&pattern, first, &mem_heap, NULL) == 0)
		(void)pattern_match(pattern, &matcher, rest);
	matcher_fini(&matcher);
	pattern_free(pattern);
	return 0;
}
