/* One entry of a list, by its id or the beginning of it. */
#include "sync/lists.h"

#include <stdio.h>

static const char *const list_prefixes[] = {
	[SYNC_CONFLICTS] = "conflict/",    [SYNC_QUARANTINE] = "quarantine/",
	[SYNC_INCOMPLETE] = "incomplete/", [SYNC_USAGE] = "usage/",
	[SYNC_FANOUTS] = "fanout/",
};
static const char *const list_words[] = {
	[SYNC_CONFLICTS] = "conflict",
	[SYNC_QUARANTINE] = "entry in quarantine",
	[SYNC_INCOMPLETE] = "incomplete document",
	[SYNC_USAGE] = "version in usage",
	[SYNC_FANOUTS] = "changed part",
};

struct cf_str list_prefix(enum sync_list list)
{
	return str_of(list_prefixes[list]);
}

/* Up to two records whose ids begin so. */
static int look(struct cf_store *state, struct cf_str prefix, struct cf_arena *arena,
		struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_scan scan = {.prefix = prefix, .limit = 2, .flags = CF_READ_BODIES};

	if (!prefix.ptr)
		return error_nomem(error);
	return store_scan(state, &scan, arena, ret, ret_count, error);
}

/* The exact id, else what stands under it, else what begins with it. */
static int find(struct cf_store *state, struct cf_str prefix, struct cf_str text,
		struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct cf_str id = arena_printf(arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(text));
	struct cf_record *records;
	size_t count;
	int rc = look(state, id, arena, &records, &count, error);

	if (rc == 0 && count == 2 && !str_equal(records[0].id, id)) {
		id = arena_printf(arena, "%.*s/", STR_ARG(id));
		rc = look(state, id, arena, &records, &count, error);
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
	struct cf_str found; /* the record's id */
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
static int find_document(struct cf_store *state, enum sync_list list, struct cf_str document,
			 struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct by_document by = {.document = document, .arena = arena};
	struct cf_get get;
	int rc = sync_walk(state, list, match_document, &by, arena->mem, error);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return CF_ERR_NOT_FOUND;
	get = (struct cf_get){.id = by.found};
	if (!get.id.ptr)
		return error_nomem(error);
	rc = store_get(state, &get, 1, CF_READ_BODIES, arena, ret, error);
	if (rc == 0 && (ret->revision_count == 0 || ret->revisions[0].deleted))
		rc = CF_ERR_NOT_FOUND;
	return rc;
}

int sync_entry_find(struct cf_store *state, enum sync_list list, struct cf_str id,
		    struct cf_arena *arena, struct json_doc *doc, struct sync_entry *ret,
		    struct cf_error *error)
{
	struct cf_str prefix = list_prefix(list), body;
	struct cf_record record = {0};
	int rc = id.len ? find(state, prefix, id, arena, &record, error) : CF_ERR_NOT_FOUND;

	if (rc == CF_ERR_NOT_FOUND && id.len && list != SYNC_CONFLICTS)
		rc = find_document(state, list, id, arena, &record, error);
	if (rc == CF_ERR_NOT_FOUND)
		return error_set(error, rc, "no such %s: %.*s", list_words[list], STR_ARG(id));
	if (rc)
		return rc;
	body = record.revisions[0].body;
	rc = json_read(doc, body.ptr, body.len, JSON_READ_DOCUMENT, error);
	if (rc)
		return rc;
	*ret = (struct sync_entry){
		.record = record.id, .rev = record.revisions[0].rev, .body = json_root(doc)};
	ret->id = (struct cf_str){record.id.ptr + prefix.len, record.id.len - prefix.len};
	return 0;
}

int entry_delete(struct cf_store *state, const struct sync_entry *entry, struct cf_arena *arena,
		 struct cf_error *error)
{
	struct cf_put put = {.id = entry->record,
			     .kind = CF_PUT_ON_REV,
			     .rev = entry->rev,
			     .deleted = true,
			     .body = STR("{}")};
	struct cf_answer answer;
	int rc = store_put(state, &put, 1, arena, &answer, error);

	if (rc == 0 && answer.code)
		rc = error_set(error, answer.code, "%.*s changed meanwhile: look again",
			       STR_ARG(entry->id));
	return rc;
}
