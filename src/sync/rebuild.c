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

struct rebuilding {
	const struct state *state;
	struct cf_str *retired; /* places of which known revisions are kept */
	size_t retired_count;
	struct cf_arena all;
	struct json_doc doc;
	uint64_t forgotten;
};

/* What is put in a record's place: documents of retired versions are told from those
 * that somebody edited since by the revisions that a base knows. */
static int make_put(struct rebuilding *r, const struct state_pages *pages,
		    const struct state_record *record, struct state_put *ret)
{
	int rc;

	*ret = (struct state_put){.key = {pages->range.kind, record->name, record->other},
				  .id = record->id,
				  .condition = CF_PUT_ANY};
	if (r->retired_count == 0 || pages->range.kind != STATE_BASE)
		return 0;
	rc = json_read(&r->doc, record->body.ptr, record->body.len, JSON_READ_DOCUMENT, NULL);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	rc = unserved_keep(json_root(&r->doc), r->retired, r->retired_count, pages->arena,
			   &ret->body);
	if (rc == 0 && ret->body.len == 0)
		ret->body.ptr = NULL;
	return rc;
}

static int forget_page(struct rebuilding *r, const struct state_pages *pages,
		       struct cf_error *error)
{
	struct state_put *puts = arena_calloc(pages->arena, pages->count, sizeof(*puts));
	int rc;

	if (!puts)
		return error_nomem(error);
	for (size_t i = 0; i < pages->count; i++)
		if (make_put(r, pages, &pages->records[i], &puts[i]))
			return error_nomem(error);
	rc = state_put_all(r->state, puts, pages->count, pages->arena, error);
	r->forgotten += rc ? 0 : pages->count;
	return rc;
}

static int forget_kind(struct rebuilding *r, enum state_kind kind, struct cf_error *error)
{
	struct state_range range = {.kind = kind};
	struct state_pages pages;
	int rc;

	state_pages_init(&pages, r->state, &range, r->all.mem);
	while ((rc = state_pages_next(&pages, error)) > 0 &&
	       (rc = forget_page(r, &pages, error)) == 0)
		;
	state_pages_fini(&pages);
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

static int check_alone(const struct state *state, struct cf_arena *arena, struct cf_error *error)
{
	struct sync_engine *others;
	size_t count;
	int rc = sync_engines_read(state, arena, &others, &count, error);

	if (rc == 0 && count)
		rc = error_set(
			error, CF_ERR_PRECONDITION,
			"another run is at work here (host %.*s, process %ld): stop it first",
			STR_ARG(others[0].host), others[0].pid);
	return rc;
}

/* A state of the former format. */
static int take_over(struct rebuilding *r, struct cf_error *error)
{
	bool former;
	int rc = state_former_exists(r->state, &r->all, &former, error);

	return rc || !former ? rc : state_former_take_over(r->state, &r->all, error);
}

int sync_rebuild(const struct state *state, uint64_t *ret_forgotten, const struct cf_mem *mem,
		 struct cf_error *error)
{
	struct rebuilding r = {.state = state};
	struct state_put begun = {
		.key = {STATE_REBUILDING}, .condition = CF_PUT_ANY, .body = STR("{}")};
	struct state_put ended = {.key = {STATE_REBUILDING}, .condition = CF_PUT_ANY};
	/* Who wrote what is found then, nobody knows: usage waits until all was read. */
	struct state_put anew = {.key = {STATE_CHECKPOINT},
				 .condition = CF_PUT_ANY,
				 .body = STR("{\"rebuild\":true}")};
	int rc;

	arena_init(&r.all, mem);
	json_doc_init(&r.doc, mem);
	rc = check_alone(state, &r.all, error);
	if (rc == 0)
		rc = state_put_one(state, &begun, &r.all, NULL, error);
	if (rc == 0)
		rc = take_over(&r, error);
	if (rc == 0)
		rc = read_retired(&r, error);
	if (rc == 0)
		rc = state_put_one(state, &anew, &r.all, NULL, error);
	for (int kind = 0; kind < STATE_KIND_COUNT && rc == 0; kind++)
		if (state_kind_info((enum state_kind)kind)->forgotten_by_rebuild)
			rc = forget_kind(&r, (enum state_kind)kind, error);
	if (rc == 0)
		rc = state_put_one(state, &ended, &r.all, NULL, error);
	*ret_forgotten = r.forgotten;
	json_doc_fini(&r.doc);
	arena_fini(&r.all);
	return rc;
}

int sync_rebuild_pending(const struct state *state, bool *ret, const struct cf_mem *mem,
			 struct cf_error *error)
{
	struct state_record record;
	struct cf_arena arena;
	int rc;

	arena_init(&arena, mem);
	rc = state_get_one(state, (struct state_key){STATE_REBUILDING}, &arena, &record, error);
	*ret = rc == 0 && state_exists(&record);
	arena_fini(&arena);
	return rc;
}
