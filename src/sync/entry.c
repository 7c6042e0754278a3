/* One entry of a list, by its id or the beginning of it. */
#include "sync/lists.h"

#include <stdio.h>

static const char *const list_words[] = {
	[SYNC_CONFLICTS] = "conflict",
	[SYNC_QUARANTINE] = "entry in quarantine",
	[SYNC_INCOMPLETE] = "incomplete document",
	[SYNC_USAGE] = "version in usage",
	[SYNC_FANOUTS] = "changed part",
};

/* Up to two records whose names begin so. */
static int look(const struct state *state, enum state_kind kind, struct cf_str begin,
		struct cf_arena *arena, struct state_record **ret, size_t *ret_count,
		struct cf_error *error)
{
	struct state_range range = {.kind = kind, .begin = begin, .limit = 2};

	if (!begin.ptr)
		return error_nomem(error);
	return state_page(state, &range, arena, ret, ret_count, error);
}

/* The exact name, else what stands under it, else what begins with it. */
static int find(const struct state *state, enum state_kind kind, struct cf_str text,
		struct cf_arena *arena, struct state_record *ret, struct cf_error *error)
{
	struct state_record *records;
	struct cf_str under;
	size_t count;
	int rc = state_get_one(state, (struct state_key){kind, text}, arena, ret, error);

	if (rc || state_exists(ret))
		return rc;
	rc = look(state, kind, text, arena, &records, &count, error);
	if (rc == 0 && count == 2) {
		under = arena_printf(arena, "%.*s/", STR_ARG(text));
		rc = look(state, kind, under, arena, &records, &count, error);
		if (rc == 0 && count != 1)
			return error_set(error, CF_ERR_USAGE, "several begin with %.*s",
					 STR_ARG(text));
	}
	if (rc == 0 && count == 0)
		return CF_ERR_NOT_FOUND;
	if (rc == 0)
		*ret = records[0];
	return rc;
}

struct by_document {
	struct cf_str document;
	struct cf_arena *arena;
	struct cf_str found; /* the record's name */
};

static int match_document(void *ctx, struct cf_str id, struct json_value body)
{
	struct by_document *by = ctx;
	struct json_value value = json_member(body, STR("id"));
	struct cf_str text;

	if (json_kind(value) != JSON_STRING || json_decode(value, by->arena, &text) ||
	    !str_equal(text, by->document))
		return 0;
	by->found = arena_dup(by->arena, id);
	return 1;
}

/* The entry that speaks of a document. */
static int find_document(const struct state *state, enum sync_list list, struct cf_str document,
			 struct cf_arena *arena, struct state_record *ret, struct cf_error *error)
{
	struct by_document by = {.document = document, .arena = arena};
	int rc = sync_walk(state, list, match_document, &by, arena->mem, error);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return CF_ERR_NOT_FOUND;
	if (!by.found.ptr)
		return error_nomem(error);
	rc = state_get_one(state, (struct state_key){list_kind(list), by.found}, arena, ret, error);
	return rc || state_exists(ret) ? rc : CF_ERR_NOT_FOUND;
}

int sync_entry_find(const struct state *state, enum sync_list list, struct cf_str id,
		    struct cf_arena *arena, struct json_doc *doc, struct sync_entry *ret,
		    struct cf_error *error)
{
	struct state_record record = {0};
	int rc =
		id.len ? find(state, list_kind(list), id, arena, &record, error) : CF_ERR_NOT_FOUND;

	if (rc == CF_ERR_NOT_FOUND && id.len && list != SYNC_CONFLICTS)
		rc = find_document(state, list, id, arena, &record, error);
	if (rc == CF_ERR_NOT_FOUND)
		return error_set(error, rc, "no such %s: %.*s", list_words[list], STR_ARG(id));
	if (rc)
		return rc;
	rc = state_read(&record, doc, error);
	if (rc)
		return rc;
	*ret = (struct sync_entry){
		.list = list, .id = record.name, .rev = record.rev, .body = json_root(doc)};
	return 0;
}

int entry_delete(const struct state *state, const struct sync_entry *entry, struct cf_arena *arena,
		 struct cf_error *error)
{
	struct state_put put = {.key = {list_kind(entry->list), entry->id},
				.condition = CF_PUT_ON_REV,
				.rev = entry->rev};
	struct cf_answer answer;
	int rc = state_put(state, &put, 1, arena, &answer, error);

	if (rc == 0 && answer.code)
		rc = error_set(error, answer.code, "%.*s changed meanwhile: look again",
			       STR_ARG(entry->id));
	return rc;
}
