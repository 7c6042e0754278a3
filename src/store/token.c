/* Tokens; see token.h. */
#include "store/token.h"

int token_read(struct cf_str token, uint64_t latest, uint64_t *ret, struct cf_error *error)
{
	uint64_t number = 0;

	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] < '0' || token.ptr[i] > '9' || i >= 18)
			return error_set(error, CF_ERR_USAGE,
					 "\"%.*s\" is no token of this store's changes",
					 (int)(token.len < 40 ? token.len : 40), token.ptr);
		number = number * 10 + (uint64_t)(token.ptr[i] - '0');
	}
	*ret = number > latest ? 0 : number;
	return 0;
}

uint64_t token_until(struct cf_str token, uint64_t latest)
{
	uint64_t number = 0;

	/* A token of another life of the data says nothing of this one. */
	return token.len && token_read(token, latest, &number, NULL) == 0 && number ? number
										    : UINT64_MAX;
}

int token_write(uint64_t number, struct cf_arena *arena, struct cf_str *ret)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	*ret = arena_dup(arena, (struct cf_str){digits + at, sizeof(digits) - at});
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}
