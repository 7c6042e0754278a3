/* Documents as CouchDB writes them: the fields of a record as members beside the
 * body's own. The body is kept byte for byte: what belongs to the record is cut
 * out of the text, and the rest stays as it stands. */
#include "store/document.h"

#include "store/base64.h"
#include "store/limits.h"

#include <inttypes.h>

static int wrong(struct cf_error *error, const char *pointer, const char *reason)
{
	error_set(error, CF_ERR_INVALID, "%s", reason);
	error_at_pointer(error, str_of(pointer));
	return CF_ERR_INVALID;
}

static int read_string(struct json_value value, struct cf_arena *arena, const char *pointer,
		       struct cf_str *ret, struct cf_error *error)
{
	if (json_kind(value) != JSON_STRING)
		return wrong(error, pointer, "must be a string");
	return json_decode(value, arena, ret) ? error_nomem(error) : 0;
}

static int read_length(struct json_value meta, struct cf_attachment *ret, struct cf_error *error)
{
	struct json_value length = json_member(meta, STR("length"));
	int64_t number = 0;

	if (json_is_absent(length))
		return 0;
	if (json_kind(length) != JSON_NUMBER || !json_number_int64(json_span(length), &number) ||
	    number < 0)
		return wrong(error, "/_attachments", "the length of an attachment is no length");
	ret->length = (uint64_t)number;
	return 0;
}

/* One member of _attachments: {"content_type", "data"} or {"stub": true, ...}. */
static int read_attachment(struct json_value name, struct json_value meta, struct cf_arena *arena,
			   struct cf_attachment *ret, struct cf_error *error)
{
	struct json_value type = json_member(meta, STR("content_type"));
	struct json_value digest = json_member(meta, STR("digest"));
	struct json_value data = json_member(meta, STR("data"));
	struct cf_str text;
	int rc = json_decode(name, arena, &ret->name);

	if (rc)
		return error_nomem(error);
	if (json_kind(meta) != JSON_OBJECT)
		return wrong(error, "/_attachments", "an attachment must be an object");
	ret->content_type = STR("application/octet-stream");
	if (!json_is_absent(type))
		rc = read_string(type, arena, "/_attachments", &ret->content_type, error);
	if (rc == 0 && !json_is_absent(digest))
		rc = read_string(digest, arena, "/_attachments", &ret->digest, error);
	if (rc || json_is_absent(data)) {
		if (rc == 0 && json_kind(json_member(meta, STR("stub"))) != JSON_TRUE)
			return wrong(error, "/_attachments",
				     "an attachment has neither data nor stub");
		return rc ? rc : read_length(meta, ret, error);
	}
	rc = read_string(data, arena, "/_attachments", &text, error);
	if (rc == 0 && (rc = base64_read(text, arena, &ret->data)) != 0)
		rc = rc == CF_ERR_NOMEM ? error_nomem(error)
					: wrong(error, "/_attachments", "data is not in base64");
	ret->length = ret->data.len;
	return rc;
}

static int read_attachments(struct json_value value, struct cf_arena *arena, struct cf_put *ret,
			    struct cf_error *error)
{
	struct json_iter it = json_iter(value);
	struct cf_attachment *attachments;
	int rc = 0;

	if (json_kind(value) != JSON_OBJECT)
		return wrong(error, "/_attachments", "must be an object");
	attachments = arena_calloc(arena, json_count(value), sizeof(*attachments));
	if (!attachments)
		return error_nomem(error);
	ret->attachments = attachments;
	while (rc == 0 && json_next(&it))
		rc = read_attachment(it.name, it.value, arena,
				     &attachments[ret->attachment_count++], error);
	return rc;
}

/* What CouchDB tells of a document where it is asked to, and ignores when it is sent. */
static bool is_told(struct json_value name)
{
	static const char *const told[] = {"_revisions", "_revs_info", "_conflicts",
					   "_deleted_conflicts", "_local_seq"};

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (json_name_is(name, str_of(told[i])))
			return true;
	return false;
}

/* 1: the member belongs to the record and has been read; 0: to the body. */
static int read_field(const struct json_iter *it, struct cf_arena *arena, struct cf_put *ret,
		      struct cf_error *error)
{
	enum json_kind kind = json_kind(it->value);
	int rc = 0;

	if (json_name_is(it->name, STR("_id"))) {
		rc = read_string(it->value, arena, "/_id", &ret->id, error);
	} else if (json_name_is(it->name, STR("_rev"))) {
		rc = read_string(it->value, arena, "/_rev", &ret->rev, error);
		if (rc == 0 && revision_generation(ret->rev) == 0)
			rc = wrong(error, "/_rev", "is not a revision id");
		ret->kind = CF_PUT_ON_REV;
	} else if (json_name_is(it->name, STR("_deleted"))) {
		if (kind != JSON_TRUE && kind != JSON_FALSE)
			rc = wrong(error, "/_deleted", "must be true or false");
		ret->deleted = kind == JSON_TRUE;
	} else if (json_name_is(it->name, STR("_attachments"))) {
		rc = read_attachments(it->value, arena, ret, error);
	} else {
		return 0;
	}
	return rc ? rc : 1;
}

/* Copies the object without the members in [from[i], to[i]): each cut takes one
 * comma with it. */
static struct cf_str cut_members(struct json_value document, const bool *cut,
				 struct cf_arena *arena)
{
	struct cf_str text = json_span(document);
	const char *base = document.doc->text;
	char *out = arena_alloc(arena, text.len + 1);
	struct json_iter it = json_iter(document);
	const char *from = text.ptr + 1; /* behind the brace, or behind the last member */
	size_t len = 1;
	bool first = true;

	if (!out)
		return (struct cf_str){NULL, 0};
	out[0] = '{';
	for (size_t i = 0; json_next(&it); i++) {
		const char *begin = first ? base + json_node(it.name)->start : from;
		const char *end = base + json_node(it.value)->end;

		if (!cut[i]) {
			/* White space before the very first member stays where it was. */
			if (first && i == 0)
				begin = from;
			memcpy(out + len, begin, (size_t)(end - begin));
			len += (size_t)(end - begin);
			first = false;
		}
		from = end;
	}
	memcpy(out + len, from, (size_t)(text.ptr + text.len - from));
	len += (size_t)(text.ptr + text.len - from);
	return (struct cf_str){out, len};
}

/* A document on its way into a put. */
struct splitting {
	enum document_fields fields;
	struct cf_arena *arena;
	struct cf_put put;
	bool *cut; /* of each member: it is not the body's */
	bool any;  /* such a member */
};

static int read_fields(struct splitting *split, struct json_value document, struct cf_error *error)
{
	struct json_iter it = json_iter(document);
	struct cf_put *put = &split->put;

	for (size_t i = 0; json_next(&it); i++) {
		int rc = read_field(&it, split->arena, put, error);

		if (rc < 0)
			return rc;
		split->cut[i] = rc == 1 || (split->fields != DOCUMENT_PLAIN && is_told(it.name));
		split->any = split->any || split->cut[i];
	}
	if (!put->id.ptr || put->id.len == 0)
		return wrong(error, "/_id", put->id.ptr ? "is empty" : "is missing");
	return 0;
}

/* The put of exactly this revision. */
static int read_revision(struct json_value document, struct cf_arena *arena, struct cf_put *put,
			 struct cf_error *error)
{
	struct json_value revisions = json_member(document, STR("_revisions"));

	put->kind = CF_PUT_REVISION;
	if (!json_is_absent(revisions))
		return document_history_read(revisions, arena, put, error);
	if (put->rev.len == 0)
		return wrong(error, "/_rev",
			     "is missing, and so is _revisions: which revision is it?");
	return 0;
}

int document_split(struct json_value document, enum document_fields fields, struct cf_arena *arena,
		   struct cf_put *ret, struct cf_error *error)
{
	struct splitting split = {.fields = fields, .arena = arena, .put.kind = CF_PUT_ANY};
	struct cf_put *put = &split.put;
	int rc;

	if (json_kind(document) != JSON_OBJECT)
		return wrong(error, "", "a document must be an object");
	split.cut = arena_calloc(arena, json_count(document) + 1, sizeof(*split.cut));
	if (!split.cut)
		return error_nomem(error);
	rc = read_fields(&split, document, error);
	if (rc == 0 && fields == DOCUMENT_AS_IS)
		rc = read_revision(document, arena, put, error);
	if (rc) {
		if (put->id.ptr)
			error_at_document(error, put->id);
		return rc;
	}
	put->body = split.any ? cut_members(document, split.cut, arena) : json_span(document);
	if (!put->body.ptr)
		return error_nomem(error);
	*ret = *put;
	return 0;
}

/* --- joining ------------------------------------------------------------------ */

static int write_member(const char *name, struct cf_str value, struct cf_buf *out)
{
	int rc = buf_printf(out, "\"%s\":", name);

	return rc ? rc : json_write_string(value, out);
}

static int write_attachment(const struct cf_attachment *attachment, struct cf_buf *out)
{
	int rc = json_write_string(attachment->name, out);

	rc = rc ? rc : buf_byte(out, ':');
	rc = rc ? rc : buf_byte(out, '{');
	rc = rc ? rc : write_member("content_type", attachment->content_type, out);
	if (rc == 0 && attachment->digest.len) {
		rc = buf_byte(out, ',');
		rc = rc ? rc : write_member("digest", attachment->digest, out);
	}
	if (!attachment->data.ptr)
		return rc ? rc
			  : buf_printf(out, ",\"length\":%" PRIu64 ",\"stub\":true}",
				       attachment->length);
	rc = rc ? rc : buf_str(out, STR(",\"data\":\""));
	rc = rc ? rc : base64_write(attachment->data, out);
	return rc ? rc : buf_str(out, STR("\"}"));
}

static int write_attachments(const struct cf_revision *revision, struct cf_buf *out)
{
	int rc = buf_str(out, STR(",\"_attachments\":{"));

	for (size_t i = 0; i < revision->attachment_count && rc == 0; i++) {
		if (i)
			rc = buf_byte(out, ',');
		rc = rc ? rc : write_attachment(&revision->attachments[i], out);
	}
	return rc ? rc : buf_byte(out, '}');
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The body's members, from behind its brace to its end. Line ends between tokens
 * become spaces: inside strings there are none. */
static int write_body(struct cf_str body, struct cf_buf *out)
{
	size_t from = 0, start;
	int rc;

	while (from < body.len && is_space(body.ptr[from]))
		from++;
	from++;
	while (from < body.len && is_space(body.ptr[from]))
		from++;
	if (from >= body.len || body.ptr[from] == '}')
		return buf_byte(out, '}');
	rc = buf_byte(out, ',');
	start = out->len;
	rc = rc ? rc : buf_append(out, body.ptr + from, body.len - from);
	if (rc)
		return rc;
	while (is_space(out->ptr[out->len - 1]))
		out->len--;
	for (char *c = out->ptr + start, *end = out->ptr + out->len; c < end; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return 0;
}

int document_join(struct cf_str id, const struct cf_revision *revision, struct cf_buf *out)
{
	int rc = buf_byte(out, '{');

	rc = rc ? rc : write_member("_id", id, out);
	if (rc == 0 && revision->rev.len) {
		rc = buf_byte(out, ',');
		rc = rc ? rc : write_member("_rev", revision->rev, out);
	}
	if (rc == 0 && revision->deleted)
		rc = buf_str(out, STR(",\"_deleted\":true"));
	if (rc == 0 && revision->history_count)
		rc = document_history_write(revision, out);
	if (rc == 0 && revision->attachment_count)
		rc = write_attachments(revision, out);
	return rc ? rc : write_body(revision->body, out);
}
