/* Reading records by id; see couchdb.h. */
#include "store/apply.h"
#include "store/couchdb/couchdb.h"
#include "store/couchdb/limits.h"
#include "store/limits.h"

/* What is read at one id: an answer's elements come in the order of the questions. */
struct reading {
	struct couch_store *store;
	unsigned flags;
	struct cf_arena *arena;
	struct cf_record **records; /* of the questions that were sent */
	const struct cf_get **gets;
	size_t count, at;
	struct cf_error *error;
};

/* --- one document ------------------------------------------------------------------ */

int couch_read_revision(struct json_value document, unsigned flags, struct cf_arena *arena,
			struct cf_revision *ret, struct cf_error *error)
{
	struct cf_put put;
	int rc = document_split(document, DOCUMENT_AS_IS, arena, &put, error);

	if (rc)
		return rc;
	*ret = (struct cf_revision){.rev = put.rev,
				    .deleted = put.deleted,
				    .attachments = put.attachments,
				    .attachment_count = put.attachment_count};
	if (flags & CF_READ_BODIES)
		ret->body = put.body;
	if (flags & CF_READ_HISTORIES) {
		ret->history = put.history;
		ret->history_count = put.history_count;
	}
	return 0;
}

void couch_sort_leaves(struct cf_revision *leaves, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct cf_revision leaf = leaves[i];
		size_t at = i;

		while (at > 0 && revision_compare(leaf.rev, leaf.deleted, leaves[at - 1].rev,
						  leaves[at - 1].deleted) > 0) {
			leaves[at] = leaves[at - 1];
			at--;
		}
		leaves[at] = leaf;
	}
}

/* What the server has but cannot be said: of this record only. */
static int unreadable(struct reading *reading, int rc, const struct cf_error *why,
		      struct cf_record *record)
{
	record->code = rc == CF_ERR_LIMIT ? rc : CF_ERR_INVALID;
	record->message = arena_dup(reading->arena, str_of(why->message));
	record->revisions = NULL;
	record->revision_count = 0;
	return rc == CF_ERR_NOMEM || !record->message.ptr ? error_nomem(reading->error) : 0;
}

/* {"ok": DOCUMENT} or {"error": ...}, in an array. */
static int read_leaves(struct reading *reading, struct json_value entries, struct cf_record *record)
{
	struct json_iter it = json_iter(entries);
	struct cf_revision *leaves =
		arena_calloc(reading->arena, json_count(entries) + 1, sizeof(*leaves));
	struct cf_error why = {0};
	size_t count = 0;

	if (!leaves)
		return error_nomem(reading->error);
	while (json_next(&it)) {
		struct json_value document = json_member(it.value, STR("ok"));
		int rc;

		if (json_is_absent(document))
			continue;
		rc = couch_read_revision(document, reading->flags, reading->arena, &leaves[count++],
					 &why);
		if (rc)
			return unreadable(reading, rc, &why, record);
	}
	couch_sort_leaves(leaves, count);
	record->revisions = leaves;
	record->revision_count = count > 1 && !(reading->flags & CF_READ_LEAVES) ? 1 : count;
	return 0;
}

static int read_text(struct reading *reading, struct cf_str text, struct json_value *ret,
		     struct cf_error *why)
{
	struct cf_str kept = text.ptr ? arena_dup(reading->arena, text) : text;
	int rc;

	if (!text.ptr)
		return error_set(why, CF_ERR_LIMIT, "larger than 16 MiB");
	if (!kept.ptr)
		return error_nomem(why);
	rc = json_read(&reading->store->doc, kept.ptr, kept.len, JSON_READ_DOCUMENT, why);
	*ret = json_root(&reading->store->doc);
	return rc;
}

/* Before the same questions are asked again. */
static void restart(void *ctx)
{
	struct reading *reading = ctx;

	for (size_t i = 0; i < reading->count; i++)
		*reading->records[i] = (struct cf_record){.id = reading->gets[i]->id};
	reading->at = 0;
}

/* --- many at once -------------------------------------------------------------------- */

static bool is_answer_to(struct json_value result, const struct cf_get *get)
{
	struct json_value id = json_member(result, STR("id"));

	return json_kind(id) == JSON_STRING && json_name_is(id, get->id);
}

/* {"id":…, "docs":[…]} of _bulk_get */
static int take_result(void *ctx, struct cf_str text)
{
	struct reading *reading = ctx;
	struct json_value result;
	struct cf_error why = {0};
	int rc;

	if (reading->at == reading->count)
		return error_set(reading->error, CF_ERR_UNAVAILABLE,
				 "_bulk_get answered more than was asked for");
	rc = read_text(reading, text, &result, &why);
	if (rc)
		return unreadable(reading, rc, &why, reading->records[reading->at++]);
	if (!is_answer_to(result, reading->gets[reading->at]))
		return error_set(reading->error, CF_ERR_UNAVAILABLE,
				 "_bulk_get answered for another document than was asked for");
	return read_leaves(reading, json_member(result, STR("docs")),
			   reading->records[reading->at++]);
}

static int write_question(const struct cf_get *get, struct cf_buf *out)
{
	buf_str(out, STR("{\"id\":"));
	json_write_string(get->id, out);
	if (get->rev.len) {
		buf_str(out, STR(",\"rev\":"));
		json_write_string(get->rev, out);
	}
	return buf_byte(out, '}');
}

static int bulk_get(struct reading *reading, struct cf_error *error)
{
	struct couch_store *store = reading->store;
	struct cf_buf *text = &store->text;
	struct couch_request request = {
		.method = "POST", .element = take_result, .restart = restart, .ctx = reading};
	int rc;

	buf_clear(text);
	buf_str(text, STR("{\"docs\":["));
	for (size_t i = 0; i < reading->count; i++) {
		if (i)
			buf_byte(text, ',');
		write_question(reading->gets[i], text);
	}
	if (buf_str(text, STR("]}")))
		return error_nomem(error);
	couch_path(store, "/_bulk_get%s", reading->flags & CF_READ_HISTORIES ? "?revs=true" : "");
	request.body = buf_view(text);
	restart(reading);
	rc = couch_call(store, &request, NULL, error);
	if (rc == 0 && reading->at < reading->count)
		return error_set(error, CF_ERR_UNAVAILABLE,
				 "_bulk_get answered %zu of %zu documents", reading->at,
				 reading->count);
	return rc;
}

/* --- one by one ----------------------------------------------------------------------- */

/* An element of open_revs, kept until all are there. */
struct entries {
	struct reading *reading;
	struct cf_buf text; /* [ELEMENT, ELEMENT, ...] */
	bool oversize;
};

static int take_entry(void *ctx, struct cf_str text)
{
	struct entries *entries = ctx;

	entries->oversize = entries->oversize || !text.ptr;
	buf_byte(&entries->text, entries->text.len ? ',' : '[');
	return buf_str(&entries->text, text);
}

static void forget_entries(void *ctx)
{
	struct entries *entries = ctx;

	buf_clear(&entries->text);
	entries->oversize = false;
}

/* The leaves of one document, or one revision: for servers whose _bulk_get does not. */
static int get_one(struct reading *reading, const struct cf_get *get, struct cf_record *record)
{
	static const long none[] = {404, 400, 0};
	struct couch_store *store = reading->store;
	struct entries entries = {.reading = reading};
	struct couch_request request = {.method = "GET",
					.element = take_entry,
					.restart = forget_entries,
					.ctx = &entries,
					.let = none};
	struct json_value list;
	struct cf_error why = {0};
	struct cf_str revs;
	long status = 0;
	int rc;

	buf_init(&entries.text, &store->mem);
	couch_path(store, "/");
	couch_encode(get->id, &store->path);
	revs = arena_printf(reading->arena, get->rev.len ? "[\"%.*s\"]" : "all%.*s",
			    STR_ARG(get->rev));
	couch_parameter(store, "open_revs", revs);
	couch_parameter(store, "revs", STR("true"));
	rc = couch_call(store, &request, &status, reading->error);
	if (rc == 0 && status == 200 && entries.text.len) {
		buf_byte(&entries.text, ']');
		rc = entries.text.failed ? error_nomem(reading->error)
					 : read_text(reading,
						     entries.oversize ? (struct cf_str){NULL, 0}
								      : buf_view(&entries.text),
						     &list, &why);
		rc = rc ? unreadable(reading, rc, &why, record)
			: read_leaves(reading, list, record);
	}
	buf_fini(&entries.text);
	return rc;
}

/* A row of _all_docs with keys: enough where only winners are asked for, but for those
 * that are deleted. */
static int take_winner(void *ctx, struct cf_str text)
{
	struct reading *reading = ctx;
	struct cf_record *record =
		reading->at < reading->count ? reading->records[reading->at] : NULL;
	struct cf_revision *winner = arena_calloc(reading->arena, 1, sizeof(*winner));
	struct json_value row, document;
	struct cf_error why = {0};
	int rc;

	if (!winner)
		return error_nomem(reading->error);
	if (!record)
		return error_set(reading->error, CF_ERR_UNAVAILABLE,
				 "_all_docs answered more than was asked for");
	reading->at++;
	rc = read_text(reading, text, &row, &why);
	if (rc)
		return unreadable(reading, rc, &why, record);
	document = json_member(row, STR("doc"));
	if (json_kind(document) == JSON_OBJECT) {
		rc = couch_read_revision(document, reading->flags, reading->arena, winner, &why);
		record->revisions = winner;
		record->revision_count = 1;
		return rc ? unreadable(reading, rc, &why, record) : 0;
	}
	/* Marked for a look of its own. */
	if (json_kind(json_member(json_member(row, STR("value")), STR("deleted"))) == JSON_TRUE)
		record->code = CF_ERR_INCOMPLETE;
	return 0;
}

static int get_winners(struct reading *reading, struct cf_error *error)
{
	struct couch_store *store = reading->store;
	struct cf_buf *text = &store->text;
	struct couch_request request = {
		.method = "POST", .element = take_winner, .restart = restart, .ctx = reading};
	int rc;

	buf_clear(text);
	buf_str(text, STR("{\"keys\":["));
	for (size_t i = 0; i < reading->count; i++) {
		if (i)
			buf_byte(text, ',');
		json_write_string(reading->gets[i]->id, text);
	}
	if (buf_str(text, STR("]}")))
		return error_nomem(error);
	couch_path(store, "/_all_docs?include_docs=true");
	request.body = buf_view(text);
	restart(reading);
	rc = couch_call(store, &request, NULL, error);
	for (size_t i = 0; i < reading->count && rc == 0; i++) {
		if (reading->records[i]->code != CF_ERR_INCOMPLETE)
			continue;
		reading->records[i]->code = 0;
		rc = get_one(reading, reading->gets[i], reading->records[i]);
	}
	return rc;
}

static int get_each(struct reading *reading, struct cf_error *error)
{
	bool plain = !(reading->flags & (CF_READ_LEAVES | CF_READ_HISTORIES));
	int rc = 0;

	for (size_t i = 0; i < reading->count; i++)
		plain = plain && reading->gets[i]->rev.len == 0;
	if (plain)
		return get_winners(reading, error);
	for (size_t i = 0; i < reading->count && rc == 0; i++)
		rc = get_one(reading, reading->gets[i], reading->records[i]);
	return rc;
}

/* --- attachments ------------------------------------------------------------------------ */

static int read_data(struct couch_store *store, struct cf_str id, struct cf_str rev,
		     struct cf_attachment *attachment, struct cf_arena *arena,
		     struct cf_error *error)
{
	struct http_answer answer;
	struct couch_request request = {.method = "GET",
					.raw = true,
					.repeatable = true,
					.answer = &answer,
					.answer_max = LIMIT_ATTACHMENT_BYTES};
	int rc;

	http_answer_init(&answer, &store->mem);
	couch_path(store, "/");
	couch_encode(id, &store->path);
	buf_byte(&store->path, '/');
	couch_encode(attachment->name, &store->path);
	couch_parameter(store, "rev", rev);
	rc = couch_call(store, &request, NULL, error);
	if (rc == 0) {
		attachment->data = arena_dup(arena, buf_view(&answer.body));
		attachment->length = attachment->data.len;
		if (!attachment->data.ptr)
			rc = error_nomem(error);
	}
	http_answer_fini(&answer);
	return rc;
}

int couch_read_attachments(struct couch_store *store, struct cf_record *record,
			   struct cf_arena *arena, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < record->revision_count; i++) {
		const struct cf_revision *revision = &record->revisions[i];

		/* The array is of this reading, and nobody else has it yet. */
		for (size_t k = 0; k < revision->attachment_count && rc == 0; k++)
			rc = read_data(store, record->id, revision->rev,
				       (struct cf_attachment *)&revision->attachments[k], arena,
				       error);
	}
	return rc;
}

/* --- get ----------------------------------------------------------------------------------- */

/* No document has such an id, and a server would refuse the whole request. */
static bool can_be(struct cf_str id)
{
	return id.len > 0 && text_is_utf8(id, true);
}

int couch_read(struct couch_store *store, const struct couch_gets *what, struct cf_record *ret)
{
	struct cf_error *error = what->error;
	struct reading reading = {
		.store = store, .flags = what->flags, .arena = what->arena, .error = error};
	int rc = couch_server_probe(store, error);

	reading.records = arena_alloc(what->arena, what->count * sizeof(struct cf_record *));
	reading.gets = arena_alloc(what->arena, what->count * sizeof(struct cf_get *));
	if (rc == 0 && (!reading.records || !reading.gets))
		rc = error_nomem(error);
	for (size_t i = 0; i < what->count && rc == 0; i++) {
		ret[i] = (struct cf_record){.id = what->gets[i].id};
		if (can_be(ret[i].id)) {
			reading.records[reading.count] = &ret[i];
			reading.gets[reading.count++] = &what->gets[i];
		}
		if (reading.count && (reading.count == COUCH_BATCH_DOCS || i + 1 == what->count)) {
			rc = store->server->bulk_leaves == COUCH_YES ? bulk_get(&reading, error)
								     : get_each(&reading, error);
			reading.count = 0;
		}
	}
	for (size_t i = 0; i < what->count && rc == 0 && (what->flags & CF_READ_ATTACHMENTS); i++)
		rc = couch_read_attachments(store, &ret[i], what->arena, error);
	return rc;
}

int couch_get(struct cf_store *base, const struct cf_get *gets, size_t count, unsigned flags,
	      struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	const struct couch_gets what = {gets, count, flags, arena, error};

	couch_begin(base, 0);
	return couch_read((struct couch_store *)base, &what, ret);
}
