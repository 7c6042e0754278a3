/* Looking on: lists and status, read from the state store alone. */
#include "sync/lists.h"

#include <stdio.h>
#include <time.h>

struct tally {
	uint64_t count;
	struct cf_str oldest; /* smallest `since` text; ISO 8601 sorts by time */
	char oldest_text[32];
};

static int tally_entry(void *ctx, struct cf_str id, struct json_value body)
{
	struct tally *tally = ctx;
	struct json_value since = json_member(body, STR("since"));

	(void)id;
	tally->count++;
	if (json_kind(since) == JSON_STRING && json_inner(since).len < sizeof(tally->oldest_text) &&
	    (tally->oldest.len == 0 || str_compare(json_inner(since), tally->oldest) < 0)) {
		memcpy(tally->oldest_text, json_inner(since).ptr, json_inner(since).len);
		tally->oldest = (struct cf_str){tally->oldest_text, json_inner(since).len};
	}
	return 0;
}

static void take_reading(struct json_value reading, struct sync_status *ret)
{
	uint64_t spent_ms = record_number(reading, "spent_ms");

	ret->reading = !json_is_absent(reading);
	ret->reading_done = record_number(reading, "done");
	ret->reading_total = record_number(reading, "total");
	if (ret->reading_done && ret->reading_total > ret->reading_done)
		ret->reading_left_ms = (uint64_t)((double)spent_ms / (double)ret->reading_done *
						  (double)(ret->reading_total - ret->reading_done));
}

static int read_checkpoint(struct cf_store *store, const struct state *state,
			   struct cf_arena *arena, struct json_doc *doc, struct sync_status *ret,
			   struct cf_error *error)
{
	struct state_record record;
	struct cf_str since = STR("");
	int rc = state_get_one(state, (struct state_key){STATE_CHECKPOINT}, arena, &record, error);

	if (rc == 0 && !state_exists(&record))
		rc = state_check_former(state, arena, error);
	if (rc == 0 && state_exists(&record)) {
		struct json_value root;

		rc = state_read(&record, doc, error);
		if (rc)
			return rc;
		root = json_root(doc);
		rc = state_check_format(root, error);
		if (rc == 0)
			rc = state_check_store(root, store, state, arena, error);
		if (rc == 0)
			rc = state_check_last(root, store, arena, error);
		if (rc)
			return rc;
		ret->started = json_kind(json_member(root, STR("since"))) == JSON_STRING;
		ret->changes = record_number(root, "changes");
		ret->documents_written = record_number(root, "documents_written");
		ret->passed_over = record_number(root, "passed_over");
		ret->unsupported = record_number(root, "unsupported");
		ret->updated_ms = (int64_t)record_number(root, "updated_ms");
		take_reading(json_member(root, STR("reading")), ret);
		if (json_kind(json_member(root, STR("since"))) == JSON_STRING)
			rc = json_decode(json_member(root, STR("since")), arena, &since);
	}
	if (rc == 0)
		rc = store_behind(store, since, &ret->behind, error);
	ret->behind += ret->reading_total - ret->reading_done;
	return rc;
}

/* Milliseconds of an ISO 8601 time as record_time writes it; 0 where it is none. */
static int64_t parse_time(const char *text)
{
	struct tm tm = {0};
	int ms = 0;

	if (sscanf(text, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000 + ms;
}

int sync_status_read(struct cf_store *store, const struct state *state, const struct cf_env *env,
		     struct sync_status *ret, const struct cf_mem *mem, struct cf_error *error)
{
	struct tally conflicts = {0}, quarantine = {0}, incomplete = {0}, fanouts = {0};
	struct cf_arena arena;
	struct json_doc doc;
	int rc;

	*ret = (struct sync_status){0};
	arena_init(&arena, mem);
	json_doc_init(&doc, mem);
	rc = read_checkpoint(store, state, &arena, &doc, ret, error);
	if (rc == 0)
		rc = sync_walk(state, SYNC_CONFLICTS, tally_entry, &conflicts, mem, error);
	if (rc == 0)
		rc = sync_walk(state, SYNC_QUARANTINE, tally_entry, &quarantine, mem, error);
	if (rc == 0)
		rc = sync_walk(state, SYNC_INCOMPLETE, tally_entry, &incomplete, mem, error);
	if (rc == 0)
		rc = sync_walk(state, SYNC_FANOUTS, tally_entry, &fanouts, mem, error);
	ret->handing_on = fanouts.count;
	ret->conflicts = conflicts.count;
	ret->quarantined = quarantine.count;
	ret->incomplete = incomplete.count;
	if (incomplete.oldest.len) {
		int64_t age = env->now_ms(env->ctx) - parse_time(incomplete.oldest_text);

		ret->oldest_incomplete_ms = age > 0 ? (uint64_t)age : 0;
	}
	json_doc_fini(&doc);
	arena_fini(&arena);
	return rc;
}
