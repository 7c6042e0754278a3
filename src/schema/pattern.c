/* Regular expressions of ECMA-262, run by PCRE2.
 *
 * The text is translated first: what PCRE2 reads otherwise is written out
 * (\s, \v, ".", "[]", \u), what ECMA-262 does not have is refused (\A, \Q, "(*",
 * possessive quantifiers), so a schema cannot switch PCRE2's own verbs on.
 *
 * Invariant: no input hangs. PCRE2's match limit counts anew from each start, so
 * steps are counted by a callout before each item, with the bytes that were
 * scanned since the last one; the budget is for all matches of one matcher.
 *
 * Leaves out: class set operations (flag v), case-insensitive groups. */
#include "schema/pattern.h"
#include "schema/pattern_captures.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include "schema/pattern_translate.h"

#include <pcre2.h>

struct pattern {
	const struct cf_mem *mem;
	pcre2_code *code;
	pcre2_general_context *general;
};

enum {
	/* Bytes scanned that count as one step, and steps that each byte of the subject adds. */
	PATTERN_BYTES_PER_STEP = 16,
	PATTERN_STEPS_PER_BYTE = 1,
	PATTERN_HEAP_KIB = 16 * 1024,
	PATTERN_NESTED_GROUPS = 200,
};

static void *pcre_alloc(size_t size, void *ctx)
{
	return mem_alloc(ctx, size);
}

static void pcre_free(void *ptr, void *ctx)
{
	if (ptr)
		mem_free(ctx, ptr);
}

static pcre2_general_context *general_new(const struct cf_mem *mem)
{
	return pcre2_general_context_create(pcre_alloc, pcre_free, (void *)mem);
}

static int compile_error(struct cf_str text, int code, struct cf_error *error)
{
	char reason[128] = "";

	if (code == PCRE2_ERROR_NOMEMORY || code == 121 /* ERR21: no memory to compile */)
		return error_nomem(error);
	pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof(reason));
	return error_set(error, CF_ERR_SCHEMA, "\"%.*s\" is not a regular expression: %s",
			 STR_ARG(text), reason);
}

int pattern_compile(struct pattern **ret, struct cf_str text, const struct cf_mem *mem,
		    struct cf_error *error)
{
	struct pattern *pattern = mem_calloc(mem, 1, sizeof(*pattern));
	pcre2_compile_context *context = NULL;
	struct cf_buf translated;
	int rc, pcre_code = 0;
	size_t offset = 0;

	buf_init(&translated, mem);
	if (!pattern)
		return error_nomem(error);
	pattern->mem = mem;
	rc = pattern_translate(text, &translated, error);
	if (rc == 0)
		rc = pattern_check_captures(text, mem, error);
	if (rc)
		goto done;
	pattern->general = general_new(mem);
	context = pattern->general ? pcre2_compile_context_create(pattern->general) : NULL;
	if (!context) {
		rc = error_nomem(error);
		goto done;
	}
	pcre2_set_parens_nest_limit(context, PATTERN_NESTED_GROUPS);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pattern->code = pcre2_compile(
		(PCRE2_SPTR)(translated.ptr ? translated.ptr : ""), translated.len,
		PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_AUTO_CALLOUT |
			PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF,
		&pcre_code, &offset, context);
	if (!pattern->code)
		rc = compile_error(text, pcre_code, error);
done:
	if (context)
		pcre2_compile_context_free(context);
	buf_fini(&translated);
	if (rc)
		pattern_free(pattern);
	else
		*ret = pattern;
	return rc;
}

struct pattern *pattern_free(struct pattern *pattern)
{
	if (pattern) {
		pcre2_code_free(pattern->code);
		pcre2_general_context_free(pattern->general);
		mem_free(pattern->mem, pattern);
	}
	return NULL;
}

void matcher_init(struct matcher *matcher, const struct cf_mem *mem)
{
	*matcher = (struct matcher){.mem = mem, .steps_left = LIMIT_PATTERN_STEPS};
}

void matcher_fini(struct matcher *matcher)
{
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->context);
	pcre2_general_context_free(matcher->general);
	*matcher = (struct matcher){.mem = matcher->mem};
}

static int count_step(pcre2_callout_block *block, void *ctx)
{
	struct matcher *matcher = ctx;
	size_t at = block->current_position;
	size_t scanned = at > matcher->last_at ? at - matcher->last_at : matcher->last_at - at;
	uint64_t cost = 1 + scanned / PATTERN_BYTES_PER_STEP;

	matcher->last_at = at;
	if (matcher->steps_left < cost)
		return PCRE2_ERROR_MATCHLIMIT;
	matcher->steps_left -= cost;
	return 0;
}

static int prepare(struct matcher *matcher)
{
	if (!matcher->general)
		matcher->general = general_new(matcher->mem);
	if (matcher->general && !matcher->data)
		matcher->data = pcre2_match_data_create(1, matcher->general);
	if (matcher->general && !matcher->context) {
		matcher->context = pcre2_match_context_create(matcher->general);
		if (matcher->context) {
			pcre2_set_heap_limit(matcher->context, PATTERN_HEAP_KIB);
			pcre2_set_callout(matcher->context, count_step, matcher);
		}
	}
	return matcher->data && matcher->context ? 0 : CF_ERR_NOMEM;
}

int pattern_match(const struct pattern *pattern, struct matcher *matcher, struct cf_str subject)
{
	int rc = prepare(matcher);

	if (rc)
		return rc;
	matcher->steps_left += PATTERN_STEPS_PER_BYTE * (uint64_t)subject.len;
	matcher->last_at = 0;
	rc = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.ptr ? subject.ptr : ""), subject.len,
			 0, 0, matcher->data, matcher->context);
	if (rc >= 0)
		return 1;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc == PCRE2_ERROR_NOMEMORY ? CF_ERR_NOMEM : CF_ERR_LIMIT;
}
