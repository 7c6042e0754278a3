/* What lenses make, as the store will give it back. */
#include "sync/lineage/lineage.h"

/* Attachments are no part of a body: the rest is formed, and they stand behind it. */
static int form_beside(struct bench *bench, struct json_value document, struct json_value stubs,
		       struct cf_str *ret, struct cf_error *error)
{
	struct atom remove = {.pointer = STR("/_attachments")};
	struct cf_buf *out = &bench->scratch;
	struct cf_str body, formed;
	int rc;

	buf_clear(out);
	rc = atoms_patch(document, &remove, 1, &bench->rules, bench->mem, out);
	body = arena_dup(&bench->arena, buf_view(out));
	if (rc || !body.ptr)
		return error_nomem(error);
	rc = store_form(bench->store, body, &bench->arena, &formed, error);
	if (rc || formed.ptr == body.ptr)
		return rc;
	*ret = arena_printf(&bench->arena, "%.*s,\"_attachments\":%.*s}", (int)formed.len - 1,
			    formed.ptr, STR_ARG(json_span(stubs)));
	return ret->ptr ? 0 : error_nomem(error);
}

int bench_form(void *ctx, struct cf_str document, struct cf_arena *arena, struct cf_str *ret,
	       struct cf_error *error)
{
	struct bench *bench = ctx;
	struct json_value value, stubs;
	int rc;

	*ret = document;
	if (!memmem(document.ptr, document.len, "\"_attachments\"", 14))
		return store_form(bench->store, document, arena, ret, error);
	rc = bench_read(bench, document, &value, error);
	if (rc)
		return rc;
	stubs = json_member(value, STR("_attachments"));
	if (json_is_absent(stubs))
		return store_form(bench->store, document, arena, ret, error);
	return form_beside(bench, value, stubs, ret, error);
}
