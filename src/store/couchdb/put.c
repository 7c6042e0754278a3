/* Writing records; see couchdb.h.
 *
 * What a caller puts on a revision, or where there is none, is an ordinary edit of
 * CouchDB: it looks, and answers each. What is a revision chosen beforehand goes by
 * new_edits=false, which is never a conflict; then only failures are answered. Both are
 * flags of a whole request, so a call may need one of each kind.
 *
 * One document that the server cannot read refuses the whole request: it is halved until
 * the one is found. An edit that may have been done is never repeated.
 */
#include "store/apply.h"
#include "store/couchdb/couchdb.h"
#include "store/couchdb/limits.h"

#include <stdlib.h>

struct pending {
	const struct cf_put *put;
	struct cf_answer *answer;
	struct cf_str parent; /* edits: what they stand on */
};

/* What one request carries, sorted by id; no id is twice in it. */
struct sending {
	struct couch_store *store;
	struct cf_arena *arena;
	struct pending **at;
	size_t count, answered;
	bool revisions;
	struct cf_error *error;
};

/* --- answers ------------------------------------------------------------------------ */

static int row_code(struct cf_str name)
{
	if (str_equal(name, STR("conflict")))
		return CF_ERR_CONFLICT;
	if (str_equal(name, STR("document_too_large")) || str_equal(name, STR("too_large")) ||
	    str_equal(name, STR("attachment_too_large")))
		return CF_ERR_LIMIT;
	if (str_equal(name, STR("missing_stub")) || str_equal(name, STR("doc_validation")) ||
	    str_equal(name, STR("bad_request")) || str_equal(name, STR("illegal_docid")))
		return CF_ERR_INVALID;
	if (str_equal(name, STR("internal_server_error")) || str_equal(name, STR("timeout")) ||
	    str_equal(name, STR("error")))
		return CF_ERR_UNCERTAIN;
	/* forbidden, unauthorized, and whatever else the database's own check throws */
	return CF_ERR_FORBIDDEN;
}

static int refuse(struct sending *sending, struct cf_answer *answer, struct cf_str name,
		  struct cf_str reason)
{
	struct cf_str message = arena_printf(sending->arena, "%.*s%s%.*s", STR_ARG(name),
					     reason.len ? ": " : "", STR_ARG(reason));

	answer_refuse(answer, row_code(name), message);
	return message.ptr ? 0 : error_nomem(sending->error);
}

/* A string's content; of anything else its text. */
static int read_string(struct json_value value, struct cf_arena *arena, struct cf_str *ret)
{
	*ret = STR("");
	if (json_kind(value) == JSON_STRING)
		return json_decode(value, arena, ret);
	if (!json_is_absent(value))
		*ret = json_span(value);
	return 0;
}

static int by_id(const void *key, const void *element)
{
	const struct cf_str *id = key;
	const struct pending *const *pending = element;

	return str_compare(*id, (*pending)->put->id);
}

static struct pending *find_pending(struct sending *sending, struct cf_str id)
{
	struct pending **found =
		bsearch(&id, sending->at, sending->count, sizeof(struct pending *), by_id);

	return found ? *found : NULL;
}

static int take_row(struct sending *sending, struct json_value row)
{
	struct cf_arena *arena = sending->arena;
	struct cf_str id, name, reason, rev;
	struct pending *pending;

	if (read_string(json_member(row, STR("id")), arena, &id) ||
	    read_string(json_member(row, STR("error")), arena, &name) ||
	    read_string(json_member(row, STR("reason")), arena, &reason) ||
	    read_string(json_member(row, STR("rev")), arena, &rev))
		return error_nomem(sending->error);
	pending = find_pending(sending, id);
	if (!pending)
		return error_set(sending->error, CF_ERR_UNAVAILABLE,
				 "_bulk_docs answered for \"%.*s\", which was not sent: %.*s %.*s",
				 STR_ARG(id), STR_ARG(name), STR_ARG(reason));
	sending->answered++;
	if (name.len)
		return refuse(sending, pending->answer, name, reason);
	pending->answer->rev = arena_dup(arena, rev);
	return pending->answer->rev.ptr ? 0 : error_nomem(sending->error);
}

static int take_answer(void *ctx, struct cf_str text)
{
	struct sending *sending = ctx;
	struct json_doc *doc = &sending->store->row;
	struct cf_str kept = arena_dup(sending->arena, text);
	int rc;

	if (!kept.ptr)
		return error_nomem(sending->error);
	rc = json_read(doc, kept.ptr, kept.len, JSON_READ_DUPLICATE_NAMES, NULL);
	return rc ? error_set(sending->error, CF_ERR_UNAVAILABLE, "_bulk_docs: a row is no JSON")
		  : take_row(sending, json_root(doc));
}

/* --- one request ---------------------------------------------------------------------- */

static int write_request(struct sending *sending, struct cf_buf *out)
{
	buf_clear(out);
	buf_str(out,
		sending->revisions ? STR("{\"new_edits\":false,\"docs\":[") : STR("{\"docs\":["));
	for (size_t i = 0; i < sending->count; i++) {
		const struct pending *pending = sending->at[i];

		if (i)
			buf_byte(out, ',');
		if (sending->revisions)
			couch_write_revision(pending->put, out);
		else
			couch_write_edit(pending->put, pending->parent, out);
	}
	return buf_str(out, STR("]}")) ? CF_ERR_NOMEM : 0;
}

/* Whether the refusal of a request may come from one of its documents, and whether
 * nothing of an edit was done then. */
static bool may_halve(const struct sending *sending, long status, struct cf_str name)
{
	if (status == 400 || status == 413)
		return true;
	if (status == 412)
		return sending->revisions || sending->count == 1;
	/* A check that throws what it must not takes the request down with it. */
	return status == 500 && name.len && row_code(name) != CF_ERR_UNCERTAIN &&
	       (sending->revisions || sending->count == 1);
}

static int send_request(struct sending *sending);

static int send_halves(const struct sending *sending)
{
	struct sending half = *sending;
	int rc;

	half.count = sending->count / 2;
	half.answered = 0;
	rc = send_request(&half);
	half.at = sending->at + half.count;
	half.count = sending->count - half.count;
	half.answered = 0;
	return rc ? rc : send_request(&half);
}

static int refused(struct sending *sending, const struct couch_request *request, long status,
		   struct cf_error *error)
{
	struct http_request shown = {.method = request->method, .path = STR("/_bulk_docs")};
	struct cf_str name, reason;

	if (http_reason(request->answer, sending->arena, &name, &reason))
		return error_nomem(error);
	if (!may_halve(sending, status, name))
		return http_refusal(&shown, request->answer, error);
	if (sending->count > 1)
		return send_halves(sending);
	if (status == 413 && name.len == 0)
		name = STR("too_large");
	if (name.len == 0)
		name = STR("bad_request");
	if (status == 400 && row_code(name) == CF_ERR_FORBIDDEN)
		name = STR("bad_request");
	return refuse(sending, sending->at[0]->answer, name, reason);
}

/* What was not answered has landed, where revisions were chosen beforehand. */
static int complete(struct sending *sending)
{
	if (!sending->revisions && sending->answered != sending->count)
		return error_set(sending->error, CF_ERR_UNAVAILABLE,
				 "_bulk_docs answered %zu of %zu documents", sending->answered,
				 sending->count);
	for (size_t i = 0; i < sending->count && sending->revisions; i++) {
		struct cf_answer *answer = sending->at[i]->answer;

		if (answer->code == 0)
			answer->rev = arena_dup(sending->arena, sending->at[i]->put->rev);
		if (answer->code == 0 && !answer->rev.ptr)
			return error_nomem(sending->error);
	}
	return 0;
}

/* What was sent may have been done, or may be done later, whatever became of the answer;
 * who is told to come back later was not heard. */
static int judge_failure(const struct http_answer *answer, int rc, struct cf_error *error)
{
	if (rc != CF_ERR_UNAVAILABLE || !answer->sent || answer->status == 429)
		return rc;
	if (error)
		error->code = CF_ERR_UNCERTAIN;
	return CF_ERR_UNCERTAIN;
}

static void restart(void *ctx)
{
	struct sending *sending = ctx;

	for (size_t i = 0; i < sending->count; i++)
		*sending->at[i]->answer = (struct cf_answer){0};
	sending->answered = 0;
}

static int send_request(struct sending *sending)
{
	static const long judged[] = {400, 412, 413, 500, 0};
	struct couch_store *store = sending->store;
	struct http_answer answer;
	struct couch_request request = {.method = "POST",
					.element = take_answer,
					.ctx = sending,
					.answer = &answer,
					.let = judged};
	long status = 0;
	int rc = write_request(sending, &store->text);

	/* An edit may have been done; a revision that is there already is passed over. */
	if (sending->revisions)
		request.restart = restart;
	if (rc)
		return error_nomem(sending->error);
	http_answer_init(&answer, &store->mem);
	couch_path(store, "/_bulk_docs");
	request.body = buf_view(&store->text);
	rc = couch_call(store, &request, &status, sending->error);
	if (rc == 0)
		rc = status >= 300 ? refused(sending, &request, status, sending->error)
				   : complete(sending);
	rc = judge_failure(&answer, rc, sending->error);
	http_answer_fini(&answer);
	return rc;
}

/* --- what edits stand on ------------------------------------------------------------------ */

/* The current revisions, for puts over whatever is there. A tombstone is named only to be
 * deleted again: a new document goes on from it by itself. */
static int find_parents(struct sending *sending)
{
	struct cf_get *gets = arena_alloc(sending->arena, sending->count * sizeof(*gets));
	struct cf_record *records = arena_alloc(sending->arena, sending->count * sizeof(*records));
	size_t count = 0;
	int rc;

	if (!gets || !records)
		return error_nomem(sending->error);
	for (size_t i = 0; i < sending->count; i++)
		if (sending->at[i]->put->kind == CF_PUT_ANY)
			gets[count++] = (struct cf_get){sending->at[i]->put->id, {NULL, 0}};
	if (count == 0)
		return 0;
	rc = couch_read(sending->store,
			&(struct couch_gets){gets, count, 0, sending->arena, sending->error},
			records);
	for (size_t i = 0, at = 0; i < sending->count && rc == 0; i++) {
		struct pending *pending = sending->at[i];
		const struct cf_record *record = &records[at];

		if (pending->put->kind != CF_PUT_ANY)
			continue;
		at++;
		pending->parent = (struct cf_str){NULL, 0};
		if (record->revision_count &&
		    (!record->revisions[0].deleted || pending->put->deleted))
			pending->parent = record->revisions[0].rev;
	}
	return rc;
}

static int refuse_missing(struct sending *sending, struct json_value missing)
{
	struct json_iter it = json_iter(missing);
	struct cf_str id;

	while (json_next(&it)) {
		struct pending *pending;

		if (json_decode(it.name, sending->arena, &id))
			return error_nomem(sending->error);
		pending = find_pending(sending, id);
		if (pending)
			answer_refuse(pending->answer, CF_ERR_CONFLICT,
				      STR("the revision is not there (any more)"));
	}
	return 0;
}

/* CouchDB takes an edit of a document that is not there at all, whatever revision it
 * names: after a database was made anew, a stale revision would protect nothing. */
static int check_parents(struct sending *sending)
{
	struct couch_store *store = sending->store;
	struct cf_buf *text = &store->text;
	struct http_answer answer;
	struct couch_request request = {.method = "POST", .answer = &answer, .repeatable = true};
	size_t count = 0;
	int rc;

	buf_clear(text);
	buf_byte(text, '{');
	for (size_t i = 0; i < sending->count; i++) {
		const struct cf_put *put = sending->at[i]->put;

		if (put->kind != CF_PUT_ON_REV)
			continue;
		if (count++)
			buf_byte(text, ',');
		json_write_string(put->id, text);
		buf_str(text, STR(":["));
		json_write_string(put->rev, text);
		buf_byte(text, ']');
	}
	if (buf_byte(text, '}'))
		return error_nomem(sending->error);
	if (count == 0 || store->server->bulk_leaves != COUCH_YES)
		return 0;
	http_answer_init(&answer, &store->mem);
	couch_path(store, "/_revs_diff");
	request.body = buf_view(text);
	rc = couch_call(store, &request, NULL, sending->error);
	if (rc == 0)
		rc = json_read(&store->row, answer.body.ptr, answer.body.len,
			       JSON_READ_DUPLICATE_NAMES, sending->error);
	rc = rc ? rc : refuse_missing(sending, json_root(&store->row));
	http_answer_fini(&answer);
	return rc;
}

/* --- many ------------------------------------------------------------------------------------ */

static size_t size_of(const struct pending *pending)
{
	const struct cf_put *put = pending->put;
	size_t size = put->id.len + put->body.len + put->history_count * 36 + 100;

	for (size_t i = 0; i < put->attachment_count; i++)
		size += put->attachments[i].data.len / 3 * 4 + put->attachments[i].name.len + 200;
	return size;
}

/* An edit with the stub of an attachment goes alone: CouchDB tells nothing of what it
 * stored when a stub in a request does not fit. */
static bool goes_alone(const struct sending *sending, const struct pending *pending)
{
	bool stub = false;

	for (size_t i = 0; i < pending->put->attachment_count && !sending->revisions; i++)
		stub = stub || !pending->put->attachments[i].data.ptr;
	return stub;
}

/* All of one kind, in requests that are not too large. Those answered already are left
 * out. */
static int send_all(const struct sending *all)
{
	struct couch_store *store = all->store;
	struct sending sending = *all;
	size_t max = store->batch_docs ? store->batch_docs : COUCH_BATCH_DOCS;
	int rc = 0;

	for (size_t i = 0; i < all->count && rc == 0;) {
		size_t bytes = 0;

		sending.at = all->at + i;
		sending.count = sending.answered = 0;
		while (i < all->count && sending.count < max) {
			size_t more = size_of(all->at[i]);

			if (all->at[i]->answer->code ||
			    (sending.count &&
			     (bytes + more > COUCH_BATCH_BYTES || goes_alone(all, all->at[i]) ||
			      goes_alone(all, all->at[i - 1]))))
				break;
			bytes += more;
			sending.count++;
			i++;
		}
		if (sending.count == 0)
			i++;
		else
			rc = send_request(&sending);
	}
	/* Whoever does not manage a request in time is asked for less the next time. */
	if (rc == CF_ERR_UNAVAILABLE || rc == CF_ERR_UNCERTAIN)
		store->batch_docs = max > 16 ? max / 2 : max;
	else if (rc == 0 && max < COUCH_BATCH_DOCS)
		store->batch_docs = max * 2 > COUCH_BATCH_DOCS ? 0 : max * 2;
	return rc;
}

static int send_edits(struct sending *sending)
{
	int rc = check_parents(sending);

	for (int turn = 0; rc == 0 && sending->count; turn++) {
		size_t again = 0;

		rc = find_parents(sending);
		rc = rc ? rc : send_all(sending);
		for (size_t i = 0; i < sending->count && rc == 0 && turn < LIMIT_PUT_TURNS; i++) {
			struct pending *pending = sending->at[i];

			if (pending->put->kind != CF_PUT_ANY ||
			    pending->answer->code != CF_ERR_CONFLICT)
				continue;
			*pending->answer = (struct cf_answer){0};
			sending->at[again++] = pending;
		}
		sending->count = again;
	}
	return rc;
}

/* --- put ----------------------------------------------------------------------------------------
 */

static int order(const void *a, const void *b)
{
	const struct pending *const *x = a, *const *y = b;
	int ids = str_compare((*x)->put->id, (*y)->put->id);

	return ids ? ids : ((*x)->put > (*y)->put) - ((*x)->put < (*y)->put);
}

/* The first of each id, of both kinds; what is left stays in `list` for the next round. */
static int send_round(struct sending *sending, struct pending **list, size_t *count)
{
	struct pending **edits = arena_alloc(sending->arena, *count * sizeof(struct pending *));
	struct pending **revisions = arena_alloc(sending->arena, *count * sizeof(struct pending *));
	size_t edit_count = 0, revision_count = 0, left = 0;
	int rc;

	if (!edits || !revisions)
		return error_nomem(sending->error);
	for (size_t i = 0, first = 0; i < *count; i++) {
		struct pending *pending = list[i];

		if (i && str_equal(list[first]->put->id, pending->put->id)) {
			list[left++] = pending;
			continue;
		}
		first = i;
		if (pending->put->kind == CF_PUT_REVISION)
			revisions[revision_count++] = pending;
		else
			edits[edit_count++] = pending;
	}
	*count = left;
	sending->at = edits;
	sending->count = edit_count;
	sending->revisions = false;
	rc = send_edits(sending);
	sending->at = revisions;
	sending->count = revision_count;
	sending->revisions = true;
	return rc ? rc : send_all(sending);
}

int couch_put(struct cf_store *base, const struct cf_put *puts, size_t count,
	      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct couch_store *store = (struct couch_store *)base;
	struct apply apply = {.arena = arena, .doc = store->doc, .form = store->server->form};
	struct sending sending = {.store = store, .arena = arena, .error = error};
	struct pending *pending = arena_calloc(arena, count, sizeof(*pending));
	struct pending **list = arena_alloc(arena, count * sizeof(struct pending *));
	size_t left = 0;
	int rc = 0;

	if (store->address.readonly)
		return error_set(error, CF_ERR_READONLY, "opened with readonly=1");
	if (!pending || !list)
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		pending[i] = (struct pending){.put = &puts[i], .answer = &ret[i]};
		if (puts[i].kind == CF_PUT_ON_REV)
			pending[i].parent = puts[i].rev;
		rc = apply_check(&apply, &puts[i], &ret[i]);
		if (rc == 0 && ret[i].code == 0)
			list[left++] = &pending[i];
	}
	store->doc = apply.doc;
	if (rc)
		return error_nomem(error);
	couch_begin(base, 0);
	rc = couch_server_probe(store, error);
	if (left)
		qsort(list, left, sizeof(struct pending *), order);
	while (rc == 0 && left)
		rc = send_round(&sending, list, &left);
	return rc;
}
