/* The feed of changes; see couchdb.h. Sequences are opaque here: a token is what the server
 * said, and goes back to it as it is. */
#include "store/couchdb/couchdb.h"
#include "store/token.h"

#include <inttypes.h>

struct feed {
	struct couch_store *store;
	struct cf_arena *arena;
	unsigned flags;
	struct cf_change *changes;
	size_t count, max;
	bool branched;   /* some record has several leaves */
	bool unreadable; /* some document cannot be said */
	struct cf_error *error;
};

static int bad_row(struct feed *feed)
{
	return error_set(feed->error, CF_ERR_UNAVAILABLE, "_changes: a row is no change");
}

/* {"changes":[{"rev":…}, …], "deleted":true}: the winner, then the others. */
static int read_revs(struct feed *feed, struct json_value row, struct cf_record *ret)
{
	struct json_value list = json_member(row, STR("changes"));
	struct json_iter it = json_iter(list);
	size_t max = json_count(list), count = 0;
	struct cf_revision *leaves = arena_calloc(feed->arena, max + 1, sizeof(*leaves));

	if (!leaves)
		return error_nomem(feed->error);
	while (json_next(&it)) {
		struct json_value rev = json_member(it.value, STR("rev"));

		if (json_kind(rev) != JSON_STRING)
			return bad_row(feed);
		if (json_decode(rev, feed->arena, &leaves[count++].rev))
			return error_nomem(feed->error);
	}
	if (count == 0)
		return bad_row(feed);
	leaves[0].deleted = json_kind(json_member(row, STR("deleted"))) == JSON_TRUE;
	feed->branched = feed->branched || count > 1;
	ret->revisions = leaves;
	ret->revision_count = count;
	return 0;
}

static int take_row(void *ctx, struct cf_str text)
{
	struct feed *feed = ctx;
	struct cf_str kept = arena_dup(feed->arena, text);
	struct json_value row, id, document;
	struct cf_change *change;

	if (!kept.ptr)
		return error_nomem(feed->error);
	if (!text.ptr ||
	    json_read(&feed->store->row, kept.ptr, kept.len, JSON_READ_DOCUMENT, NULL)) {
		feed->unreadable = true;
		return CF_ERR_INVALID;
	}
	row = json_root(&feed->store->row);
	id = json_member(row, STR("id"));
	if (json_kind(id) != JSON_STRING || feed->count == feed->max)
		return bad_row(feed);
	change = &feed->changes[feed->count++];
	if (json_decode(id, feed->arena, &change->record.id) ||
	    couch_read_token(json_member(row, STR("seq")), feed->arena, &change->token))
		return error_nomem(feed->error);
	document = json_member(row, STR("doc"));
	if (json_kind(document) == JSON_OBJECT) {
		struct cf_revision *winner = arena_calloc(feed->arena, 1, sizeof(*winner));

		if (!winner)
			return error_nomem(feed->error);
		if (couch_read_revision(document, feed->flags, feed->arena, winner, NULL)) {
			feed->unreadable = true;
			return CF_ERR_INVALID;
		}
		change->record.revisions = winner;
		change->record.revision_count = 1;
		return 0;
	}
	return read_revs(feed, row, &change->record);
}

static void restart(void *ctx)
{
	struct feed *feed = ctx;

	feed->count = 0;
	feed->branched = feed->unreadable = false;
}

static int ask(struct feed *feed, const struct cf_changes *changes, bool docs, struct cf_str *token)
{
	struct couch_store *store = feed->store;
	struct http_answer answer;
	struct json_doc *rest = &store->doc;
	struct couch_request request = {.method = "GET",
					.element = take_row,
					.restart = restart,
					.ctx = feed,
					.answer = &answer,
					.rest = rest,
					.wait_ms = changes->wait_ms};
	struct cf_str echo = changes->since;
	long status = 0;
	int rc;

	/* Such a server does not end the wait by itself. */
	if (changes->wait_ms && store->server->numbers == COUCH_YES)
		request.give_up_ms = changes->wait_ms;
	couch_path(store, "/_changes?limit=%zu", changes->limit);
	if (changes->wait_ms)
		buf_printf(&store->path, "&feed=longpoll&timeout=%u", changes->wait_ms);
	if (feed->flags & CF_READ_LEAVES)
		couch_parameter(store, "style", STR("all_docs"));
	if (docs)
		couch_parameter(store, "include_docs", STR("true"));
	if (changes->since.len)
		couch_parameter(store, "since", changes->since);
	restart(feed);
	http_answer_init(&answer, &store->mem);
	rc = couch_call(store, &request, &status, feed->error);
	http_answer_fini(&answer);
	if (rc == CF_ERR_INVALID && !feed->unreadable)
		return error_set(feed->error, CF_ERR_USAGE,
				 "\"%.*s\" is no token of this store's changes",
				 (int)(changes->since.len < 40 ? changes->since.len : 40),
				 changes->since.ptr ? changes->since.ptr : "");
	if (rc == 0 && status == 0) {
		feed->count = 0;
		*token = echo.ptr ? echo : STR("");
	} else if (rc == 0 && couch_read_token(json_member(json_root(rest), STR("last_seq")),
					       feed->arena, token)) {
		rc = error_nomem(feed->error);
	}
	return rc;
}

/* A row tells no more than revisions; which of several leaves are deleted, what they hold
 * and where they come from is read at the ids. */
static int read_fully(struct feed *feed, bool all)
{
	struct cf_get *gets = arena_alloc(feed->arena, (feed->count + 1) * sizeof(*gets));
	struct cf_record *records = arena_alloc(feed->arena, (feed->count + 1) * sizeof(*records));
	size_t count = 0;
	int rc;

	if (!gets || !records)
		return error_nomem(feed->error);
	for (size_t i = 0; i < feed->count; i++)
		if (all || feed->changes[i].record.revision_count > 1)
			gets[count++] = (struct cf_get){feed->changes[i].record.id, {NULL, 0}};
	if (count == 0)
		return 0;
	rc = couch_read(feed->store,
			&(struct couch_gets){gets, count, feed->flags, feed->arena, feed->error},
			records);
	for (size_t i = 0, at = 0; i < feed->count && rc == 0; i++) {
		struct cf_record *record = &feed->changes[i].record;

		if (!all && record->revision_count <= 1)
			continue;
		/* Purged meanwhile: what the row said still stands. */
		if (records[at].revision_count || records[at].code)
			*record = records[at];
		at++;
	}
	return rc;
}

/* Who numbers changes takes any token, and answers a wrong one with nothing for ever. */
static int check_token(struct couch_store *store, struct cf_str since, struct cf_arena *arena,
		       struct cf_str *ret, struct cf_error *error)
{
	struct cf_store_info info = {0};
	uint64_t latest = 0, number = 0;
	int rc;

	*ret = since;
	if (store->server->numbers != COUCH_YES || since.len == 0 ||
	    str_equal(since, buf_view(&store->checked)))
		return 0;
	rc = couch_read_info(store, arena, &info, error);
	rc = rc ? rc : token_read(info.token, UINT64_MAX, &latest, error);
	rc = rc ? rc : token_read(since, latest, &number, error);
	if (rc == 0 && number == 0)
		*ret = STR("");
	return rc;
}

static int keep_token(struct couch_store *store, struct cf_str token)
{
	buf_clear(&store->checked);
	return store->server->numbers == COUCH_YES ? buf_str(&store->checked, token) : 0;
}

int couch_changes(struct cf_store *base, const struct cf_changes *changes, struct cf_arena *arena,
		  struct cf_change **ret, size_t *ret_count, struct cf_str *ret_token,
		  struct cf_error *error)
{
	struct couch_store *store = (struct couch_store *)base;
	unsigned flags = changes->flags;
	bool deep = flags & (CF_READ_HISTORIES | CF_READ_ATTACHMENTS) ||
		    (flags & CF_READ_LEAVES && flags & CF_READ_BODIES);
	struct feed feed = {.store = store,
			    .arena = arena,
			    .flags = flags,
			    .max = changes->limit,
			    .error = error};
	struct cf_changes how = *changes;
	struct cf_str token = {NULL, 0};
	int rc;

	couch_begin(base, changes->wait_ms);
	rc = check_token(store, changes->since, arena, &how.since, error);
	if (rc)
		return rc;
	feed.changes = arena_calloc(arena, changes->limit, sizeof(*feed.changes));
	if (!feed.changes)
		return error_nomem(error);
	rc = ask(&feed, &how, !deep && flags & CF_READ_BODIES, &token);
	if (feed.unreadable)
		rc = ask(&feed, &how, false, &token);
	if (rc == 0 && (deep || feed.unreadable || feed.branched))
		rc = read_fully(&feed, deep || feed.unreadable);
	if (rc)
		return rc;
	/* A token of another database of that name gives all of this one, without a word. */
	if (feed.count && how.since.len)
		rc = couch_check_life(store, error);
	if (rc)
		return rc;
	if (keep_token(store, token))
		return error_nomem(error);
	*ret = feed.changes;
	*ret_count = feed.count;
	*ret_token = token;
	return 0;
}

/* --- how many ------------------------------------------------------------------------------ */

static int count_row(void *ctx, struct cf_str text)
{
	(void)text;
	(*(uint64_t *)ctx)++;
	return 0;
}

static void count_again(void *ctx)
{
	*(uint64_t *)ctx = 0;
}

/* CouchDB says what is left behind a page; of numbers the difference is told. */
int couch_behind(struct cf_store *base, struct cf_str since, uint64_t *ret, struct cf_error *error)
{
	struct couch_store *store = (struct couch_store *)base;
	uint64_t rows = 0, latest = 0, number = 0;
	struct couch_request request = {.method = "GET",
					.element = count_row,
					.restart = count_again,
					.ctx = &rows,
					.rest = &store->doc};
	struct cf_store_info info = {0};
	struct cf_arena arena;
	int64_t pending = 0;
	int rc;

	couch_begin(base, 0);
	if (store->server->numbers == COUCH_YES) {
		arena_init(&arena, &store->mem);
		rc = couch_read_info(store, &arena, &info, error);
		rc = rc ? rc : token_read(info.token, UINT64_MAX, &latest, error);
		rc = rc ? rc : token_read(since, latest, &number, error);
		arena_fini(&arena);
		if (rc == 0)
			*ret = latest - number;
		return rc;
	}
	couch_path(store, "/_changes?limit=1");
	if (since.len)
		couch_parameter(store, "since", since);
	rc = couch_call(store, &request, NULL, error);
	if (rc == 0 &&
	    json_kind(json_member(json_root(&store->doc), STR("pending"))) == JSON_NUMBER)
		json_number_int64(json_span(json_member(json_root(&store->doc), STR("pending"))),
				  &pending);
	if (rc == 0)
		*ret = rows + (pending > 0 ? (uint64_t)pending : 0);
	return rc;
}
