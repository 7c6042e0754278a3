/* The document of a revision. */
#include "sync/lineage/lineage.h"

/* The body with its attachments as a member, as CouchDB shows them, so that they
 * travel through lenses like any other member. */
static int with_attachments(struct bench *bench, const struct cf_revision *revision,
			    struct cf_str *ret)
{
	struct cf_buf *out = &bench->scratch;
	size_t len = revision->body.len;

	if (revision->attachment_count == 0) {
		*ret = revision->body;
		return 0;
	}
	while (len > 0 && revision->body.ptr[len - 1] != '}')
		len--;
	buf_clear(out);
	buf_append(out, revision->body.ptr, len ? len - 1 : 0);
	buf_str(out, memchr(revision->body.ptr, ':', revision->body.len) ? STR(",") : STR(""));
	buf_str(out, STR("\"_attachments\":{"));
	for (size_t i = 0; i < revision->attachment_count; i++) {
		const struct cf_attachment *a = &revision->attachments[i];

		buf_str(out, i ? STR(",") : STR(""));
		json_write_string(a->name, out);
		buf_str(out, STR(":{\"content_type\":"));
		json_write_string(a->content_type, out);
		buf_str(out, STR(",\"digest\":"));
		json_write_string(a->digest, out);
		buf_printf(out, ",\"length\":%llu,\"stub\":true}", (unsigned long long)a->length);
	}
	buf_str(out, STR("}}"));
	*ret = arena_dup(&bench->arena, buf_view(out));
	return out->failed || !ret->ptr ? CF_ERR_NOMEM : 0;
}

int leaf_read(struct bench *bench, struct lineage *lineage, const struct slot *slot,
	      const struct cf_revision *revision, struct json_value *ret)
{
	struct cf_str text;
	int rc = with_attachments(bench, revision, &text);

	if (rc)
		return error_nomem(&lineage->error);
	rc = bench_read(bench, text, ret, &lineage->error);
	if (rc == 0 && json_kind(*ret) != JSON_OBJECT)
		rc = error_set(&lineage->error, CF_ERR_INVALID, "the document is not an object");
	if (rc)
		error_at_document(&lineage->error, slot->id);
	return rc;
}
