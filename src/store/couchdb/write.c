/* Documents as CouchDB reads them; see couchdb.h. */
#include "store/base64.h"
#include "store/couchdb/couchdb.h"
#include "store/document.h"

#include <inttypes.h>

static int write_member(const char *name, struct cf_str value, struct cf_buf *out)
{
	int rc = buf_printf(out, "%s\"%s\":", out->ptr[out->len - 1] == '{' ? "" : ",", name);

	return rc ? rc : json_write_string(value, out);
}

/* Content goes with the generation that brings it: without, CouchDB would say later that
 * every reader has it. A stub needs no more than its name there; pouchdb-server finds the
 * content by its digest and takes the rest as it is told. */
static int write_attachment(const struct cf_attachment *attachment, uint64_t generation,
			    struct cf_buf *out)
{
	json_write_string(attachment->name, out);
	buf_str(out, STR(":{"));
	write_member("content_type",
		     attachment->content_type.len ? attachment->content_type
						  : STR("application/octet-stream"),
		     out);
	if (!attachment->data.ptr) {
		if (attachment->digest.len)
			write_member("digest", attachment->digest, out);
		return buf_printf(out, ",\"length\":%" PRIu64 ",\"stub\":true}",
				  attachment->length);
	}
	if (generation)
		buf_printf(out, ",\"revpos\":%" PRIu64, generation);
	buf_str(out, STR(",\"data\":\""));
	base64_write(attachment->data, out);
	return buf_str(out, STR("\"}"));
}

static int write_attachments(const struct cf_put *put, uint64_t generation, struct cf_buf *out)
{
	buf_str(out, STR(",\"_attachments\":{"));
	for (size_t i = 0; i < put->attachment_count; i++) {
		if (i)
			buf_byte(out, ',');
		if (write_attachment(&put->attachments[i], generation, out))
			return CF_ERR_NOMEM;
	}
	return buf_byte(out, '}');
}

/* The rest of the document: the body's members behind ours. */
static int write_body(struct cf_str body, struct cf_buf *out)
{
	size_t from = 0;

	while (from < body.len && body.ptr[from] != '{')
		from++;
	from++;
	while (from < body.len && strchr(" \t\r\n", body.ptr[from]))
		from++;
	if (from >= body.len || body.ptr[from] == '}')
		return buf_byte(out, '}');
	buf_byte(out, ',');
	return buf_append(out, body.ptr + from, body.len - from);
}

int couch_write_edit(const struct cf_put *put, struct cf_str parent, struct cf_buf *out)
{
	buf_byte(out, '{');
	write_member("_id", put->id, out);
	if (parent.len)
		write_member("_rev", parent, out);
	if (put->deleted)
		buf_str(out, STR(",\"_deleted\":true"));
	if (put->attachment_count)
		write_attachments(put, 0, out);
	return write_body(put->body, out);
}

int couch_write_revision(const struct cf_put *put, struct cf_buf *out)
{
	struct cf_revision revision = {.rev = put->rev,
				       .history = put->history_count ? put->history : &put->rev,
				       .history_count =
					       put->history_count ? put->history_count : 1};

	buf_byte(out, '{');
	write_member("_id", put->id, out);
	write_member("_rev", put->rev, out);
	document_history_write(&revision, out);
	if (put->deleted)
		buf_str(out, STR(",\"_deleted\":true"));
	if (put->attachment_count)
		write_attachments(put, revision_generation(put->rev), out);
	return write_body(put->body, out);
}
