/* `_revisions`: the way back from a revision, as CouchDB writes it. Its ids are the
 * hashes; generations count down from `start`. CouchDB takes a start that is smaller
 * than the number of ids, and a `_rev` that says something else: we do not, for one of
 * the two must be a mistake. */
#include "store/document.h"

#include "store/limits.h"

#include <inttypes.h>

static int wrong(struct cf_error *error, const char *reason)
{
	error_set(error, CF_ERR_INVALID, "%s", reason);
	error_at_pointer(error, STR("/_revisions"));
	return CF_ERR_INVALID;
}

static int wrong_form(struct cf_error *error)
{
	return wrong(error, "must be {\"start\": N, \"ids\": [\"hash\", ...]}");
}

static int read_ids(struct json_value ids, uint64_t start, struct cf_arena *arena,
		    struct cf_str *history, struct cf_error *error)
{
	struct json_iter it = json_iter(ids);
	struct cf_str hash;

	for (size_t i = 0; json_next(&it); i++) {
		if (json_kind(it.value) != JSON_STRING)
			return wrong_form(error);
		if (json_decode(it.value, arena, &hash) ||
		    revision_format(start - i, hash, arena, &history[i]))
			return error_nomem(error);
		if (revision_generation(history[i]) == 0)
			return wrong(error, "an id is empty or too long");
	}
	return 0;
}

int document_history_read(struct json_value revisions, struct cf_arena *arena, struct cf_put *ret,
			  struct cf_error *error)
{
	struct json_value start = json_member(revisions, STR("start"));
	struct json_value ids = json_member(revisions, STR("ids"));
	struct cf_str *history;
	int64_t first = 0;
	size_t count;
	int rc;

	if (json_kind(start) != JSON_NUMBER || !json_number_int64(json_span(start), &first) ||
	    first < 1 || json_kind(ids) != JSON_ARRAY || json_count(ids) == 0)
		return wrong_form(error);
	count = json_count(ids);
	if (count > LIMIT_REVS)
		return wrong(error, "the history is too long");
	if ((uint64_t)first < count)
		return wrong(error, "start is smaller than the number of ids");
	history = arena_alloc(arena, count * sizeof(*history));
	if (!history)
		return error_nomem(error);
	rc = read_ids(ids, (uint64_t)first, arena, history, error);
	if (rc)
		return rc;
	if (ret->rev.len && !str_equal(ret->rev, history[0]))
		return wrong(error, "does not begin with _rev");
	ret->rev = history[0];
	ret->history = history;
	ret->history_count = count;
	return 0;
}

int document_history_write(const struct cf_revision *revision, struct cf_buf *out)
{
	int rc = buf_printf(out, ",\"_revisions\":{\"start\":%" PRIu64 ",\"ids\":[",
			    revision_generation(revision->rev));

	for (size_t i = 0; i < revision->history_count && rc == 0; i++) {
		struct cf_str rev = revision->history[i], hash;
		const char *dash = memchr(rev.ptr, '-', rev.len);

		hash.ptr = dash ? dash + 1 : rev.ptr;
		hash.len = rev.len - (size_t)(hash.ptr - rev.ptr);
		rc = i ? buf_byte(out, ',') : 0;
		rc = rc ? rc : json_write_string(hash, out);
	}
	return rc ? rc : buf_str(out, STR("]}"));
}
