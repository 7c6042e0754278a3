/* Small pieces that the files of the room share. */
#include "sync/engine.h"

char *text_dup(const struct cf_mem *mem, struct cf_str text)
{
	char *copy = mem_alloc(mem, text.len + 1);

	if (copy) {
		if (text.len)
			memcpy(copy, text.ptr, text.len);
		copy[text.len] = '\0';
	}
	return copy;
}

int text_replace(const struct cf_mem *mem, char **text, struct cf_str with)
{
	char *copy = text_dup(mem, with);

	if (!copy)
		return CF_ERR_NOMEM;
	mem_free(mem, *text);
	*text = copy;
	return 0;
}

uint64_t record_number(struct json_value object, const char *name)
{
	struct json_value value = json_member(object, str_of(name));
	int64_t number = 0;

	if (json_kind(value) == JSON_NUMBER)
		(void)json_number_int64(json_span(value), &number);
	return number > 0 ? (uint64_t)number : 0;
}
