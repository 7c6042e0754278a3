/* The latest answers of scripts, in a ring. */
#include "lens/script_memo.h"

void script_memo_init(struct script_memo *memo, const struct cf_mem *mem)
{
	*memo = (struct script_memo){.mem = mem};
}

void script_memo_fini(struct script_memo *memo)
{
	for (size_t i = 0; i < SCRIPT_MEMO_CALLS; i++)
		mem_free(memo->mem, memo->at[i].text);
	*memo = (struct script_memo){.mem = memo->mem};
}

uint64_t script_memo_function(struct cf_str text)
{
	return hash64(text, 0) | 1;
}

static bool is_given(const struct script_memo_call *call, const struct script_given *given)
{
	return call->function == given->function && call->source == given->source.len &&
	       call->base == given->base.len &&
	       memcmp(call->text, given->source.ptr, call->source) == 0 &&
	       (!call->base || memcmp(call->text + call->source, given->base.ptr, call->base) == 0);
}

bool script_memo_find(const struct script_memo *memo, const struct script_given *given,
		      struct cf_str *ret)
{
	for (size_t i = 0; i < SCRIPT_MEMO_CALLS; i++) {
		const struct script_memo_call *call = &memo->at[i];

		if (!call->function || !is_given(call, given))
			continue;
		*ret = (struct cf_str){call->text + call->source + call->base, call->answer};
		return true;
	}
	return false;
}

int script_memo_keep(struct script_memo *memo, const struct script_given *given,
		     struct cf_str answer)
{
	struct script_memo_call *call = &memo->at[memo->next];
	size_t size = given->source.len + given->base.len + answer.len;

	if (size > SCRIPT_MEMO_BYTES)
		return 0;
	if (call->cap < size) {
		char *text = mem_resize(memo->mem, call->text, size);

		if (!text)
			return CF_ERR_NOMEM;
		call->text = text;
		call->cap = size;
	}
	memcpy(call->text, given->source.ptr, given->source.len);
	if (given->base.len)
		memcpy(call->text + given->source.len, given->base.ptr, given->base.len);
	memcpy(call->text + given->source.len + given->base.len, answer.ptr, answer.len);
	call->function = given->function;
	call->source = given->source.len;
	call->base = given->base.len;
	call->answer = answer.len;
	memo->next = (memo->next + 1) % SCRIPT_MEMO_CALLS;
	return 0;
}
