/* Forgetting what was agreed on, so that everything is read once and agreed on anew.
 *
 * For a state that is lost in part or does not fit the documents, because one of them
 * was restored from a copy. Kept are what people decided or have yet to decide on:
 * retired versions and contested edits; and usage. A record `rebuilding` stands from
 * before the first to after the last: stopped half way, it is gone on with.
 */
#include "sync/lineage/base.h"
#include "sync/lists.h"

enum { REBUILD_PAGE = 500 };

static const char *const forgotten[] = {"base/",  "ref/",        "wait/",      "fanout/",
					"retry/", "incomplete/", "quarantine/"};

static int put_one(struct cf_store *state, struct cf_str id, bool deleted, struct cf_str body,
		   struct cf_arena *arena, struct cf_error *error)
{
	struct cf_put put = {.id = id, .kind = CF_PUT_ANY, .deleted = deleted, .body = body};
	struct cf_answer answer;
	int rc = store_put(state, &put, 1, arena, &answer, error);

	if (rc == 0 && answer.code)
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
	return rc;
}

struct rebuilding {
	struct cf_store *state;
	struct cf_str *retired; /* places of which known revisions are kept */
	size_t retired_count;
	struct cf_arena arena; /* of a page */
	struct cf_arena all;
	struct cf_buf after;
	struct json_doc doc;
	uint64_t forgotten;
};

/* What is put in a record's place: documents of retired versions are told from those
 * that somebody edited since by the revisions that a base knows. */
static int make_put(struct rebuilding *r, const struct cf_record *record, struct cf_put *ret)
{
	struct cf_str body = record->revisions[0].body;
	int rc;

	*ret = (struct cf_put){
		.id = record->id, .kind = CF_PUT_ANY, .deleted = true, .body = STR("{}")};
	if (r->retired_count == 0 || !str_starts_with(record->id, STR("base/")))
		return 0;
	rc = json_read(&r->doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	if (unserved_keep(json_root(&r->doc), r->retired, r->retired_count, &r->arena, &body))
		return CF_ERR_NOMEM;
	if (body.len) {
		ret->deleted = false;
		ret->body = body;
	}
	return 0;
}

static int forget_page(struct rebuilding *r, const char *prefix, bool *ret_end,
		       struct cf_error *error)
{
	struct cf_scan scan = {.prefix = str_of(prefix),
			       .after = buf_view(&r->after),
			       .limit = REBUILD_PAGE,
			       .flags = CF_READ_BODIES};
	struct cf_record *records;
	struct cf_put *puts;
	struct cf_answer *answers;
	size_t count;
	int rc;

	arena_reset(&r->arena);
	rc = store_scan(r->state, &scan, &r->arena, &records, &count, error);
	*ret_end = rc || count < scan.limit;
	if (rc || count == 0)
		return rc;
	puts = arena_calloc(&r->arena, count, sizeof(*puts));
	answers = arena_calloc(&r->arena, count, sizeof(*answers));
	if (!puts || !answers)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++)
		if (make_put(r, &records[i], &puts[i]))
			return error_nomem(error);
	rc = store_put(r->state, puts, count, &r->arena, answers, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (answers[i].code)
			rc = error_set(error, answers[i].code, "%.*s", STR_ARG(answers[i].message));
	r->forgotten += rc ? 0 : count;
	buf_clear(&r->after);
	if (rc == 0 && buf_str(&r->after, records[count - 1].id))
		rc = error_nomem(error);
	return rc;
}

static int forget_list(struct rebuilding *r, const char *prefix, struct cf_error *error)
{
	bool end = false;
	int rc = 0;

	buf_clear(&r->after);
	while (rc == 0 && !end)
		rc = forget_page(r, prefix, &end, error);
	return rc;
}

static int read_retired(struct rebuilding *r, struct cf_error *error)
{
	struct sync_retired *retired;
	int rc = sync_retired_read(r->state, &r->all, &retired, &r->retired_count, error);

	r->retired = rc ? NULL : arena_calloc(&r->all, r->retired_count + 1, sizeof(*r->retired));
	if (rc == 0 && !r->retired)
		rc = error_nomem(error);
	for (size_t i = 0; rc == 0 && i < r->retired_count; i++)
		r->retired[i] = retired[i].version;
	return rc;
}

static int check_alone(struct cf_store *state, const struct cf_env *env, struct cf_arena *arena,
		       struct cf_error *error)
{
	struct sync_engine *others;
	size_t count;
	int rc = sync_engines_read(state, env, arena, &others, &count, error);

	if (rc == 0 && count)
		rc = error_set(
			error, CF_ERR_PRECONDITION,
			"another run is at work here (host %.*s, process %ld): stop it first",
			STR_ARG(others[0].host), others[0].pid);
	return rc;
}

int sync_rebuild(struct cf_store *state, const struct cf_env *env, uint64_t *ret_forgotten,
		 const struct cf_mem *mem, struct cf_error *error)
{
	struct rebuilding r = {.state = state};
	int rc;

	arena_init(&r.arena, mem);
	arena_init(&r.all, mem);
	buf_init(&r.after, mem);
	json_doc_init(&r.doc, mem);
	rc = check_alone(state, env, &r.all, error);
	if (rc == 0)
		rc = read_retired(&r, error);
	if (rc == 0)
		rc = put_one(state, STR("rebuilding"), false, STR("{}"), &r.all, error);
	/* Who wrote what is found then, nobody knows: usage waits until all was read. */
	if (rc == 0)
		rc = put_one(state, STR("checkpoint"), false, STR("{\"rebuild\":true}"), &r.all,
			     error);
	for (size_t i = 0; i < ARRAY_LEN(forgotten) && rc == 0; i++)
		rc = forget_list(&r, forgotten[i], error);
	if (rc == 0)
		rc = put_one(state, STR("rebuilding"), true, STR("{}"), &r.all, error);
	*ret_forgotten = r.forgotten;
	json_doc_fini(&r.doc);
	buf_fini(&r.after);
	arena_fini(&r.all);
	arena_fini(&r.arena);
	return rc;
}

int sync_rebuild_pending(struct cf_store *state, bool *ret, const struct cf_mem *mem,
			 struct cf_error *error)
{
	struct cf_get get = {.id = STR("rebuilding")};
	struct cf_record record = {0};
	struct cf_arena arena;
	int rc;

	arena_init(&arena, mem);
	rc = store_get(state, &get, 1, 0, &arena, &record, error);
	*ret = rc == 0 && record.revision_count && !record.revisions[0].deleted;
	arena_fini(&arena);
	return rc;
}
