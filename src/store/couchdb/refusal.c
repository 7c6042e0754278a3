/* What an answer that is none of a good request says, as an error of ours. */
#include "store/couchdb/http.h"
#include "json/json.h"

static int code_of(long status)
{
	switch (status) {
	case 400:
	case 415:
	case 416:
	case 417:
		return CF_ERR_INVALID;
	case 401:
	case 407:
		return CF_ERR_UNAUTHORIZED;
	case 403:
		return CF_ERR_FORBIDDEN;
	case 404:
		return CF_ERR_NOT_FOUND;
	case 405:
	case 501:
		return CF_ERR_UNSUPPORTED_OP;
	case 409:
		return CF_ERR_CONFLICT;
	case 412:
		return CF_ERR_PRECONDITION;
	case 413:
		return CF_ERR_LIMIT;
	case 507:
		return CF_ERR_FULL;
	default:
		return CF_ERR_UNAVAILABLE;
	}
}

static int read_text(struct json_value value, struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_str text = STR("");

	if (json_kind(value) == JSON_STRING && json_decode(value, arena, &text))
		return CF_ERR_NOMEM;
	if (!json_is_absent(value) && json_kind(value) != JSON_STRING)
		text = json_span(value);
	*ret = arena_dup(arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

int http_reason(const struct http_answer *answer, struct cf_arena *arena, struct cf_str *ret_error,
		struct cf_str *ret_reason)
{
	struct json_doc doc;
	int rc;

	*ret_error = *ret_reason = STR("");
	json_doc_init(&doc, arena->mem);
	rc = json_read(&doc, answer->body.ptr ? answer->body.ptr : "", answer->body.len,
		       JSON_READ_DUPLICATE_NAMES, NULL);
	if (rc == 0 && json_kind(json_root(&doc)) == JSON_OBJECT) {
		rc = read_text(json_member(json_root(&doc), STR("error")), arena, ret_error);
		rc = rc ? rc
			: read_text(json_member(json_root(&doc), STR("reason")), arena, ret_reason);
	}
	json_doc_fini(&doc);
	return rc == CF_ERR_NOMEM ? rc : 0;
}

/* The first words of what is no JSON, in one line. */
static int describe(const struct http_answer *answer, struct cf_arena *arena, struct cf_str *ret)
{
	size_t len = answer->body.len < 80 ? answer->body.len : 80;
	struct cf_str words = arena_dup(arena, (struct cf_str){answer->body.ptr, len});

	if (!words.ptr)
		return CF_ERR_NOMEM;
	for (char *c = (char *)words.ptr, *end = c + len; c < end; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = ' ';
	*ret = len == 0 ? STR("an empty answer")
			: arena_printf(arena, "%s instead of JSON: %s%s",
				       answer->type[0] ? answer->type : "something", words.ptr,
				       len < answer->body.len ? "..." : "");
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

int http_refusal(const struct http_request *request, const struct http_answer *answer,
		 struct cf_error *error)
{
	struct cf_arena arena;
	struct cf_str name, reason;
	int rc = code_of(answer->status);

	arena_init(&arena, answer->body.mem);
	if (http_reason(answer, &arena, &name, &reason) ||
	    (name.len == 0 && describe(answer, &arena, &reason)))
		rc = error_nomem(error);
	else
		rc = error_set(error, rc, "%s %.*s: %ld %.*s%s%.*s", request->method,
			       (int)strcspn(request->path.ptr, "?"), request->path.ptr,
			       answer->status, STR_ARG(name), name.len && reason.len ? ": " : "",
			       STR_ARG(reason));
	arena_fini(&arena);
	return rc;
}
