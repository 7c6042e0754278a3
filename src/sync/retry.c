/* Looking again at what waits, because a person asks for it.
 *
 * A record retry/LABEL stands in the state from then on until a run has looked at the
 * lineage; it may be written while a run is at work, which looks for such records now
 * and then. retry/#DOCUMENT is for a document of a version that was not served.
 */
#include "sync/engine.h"

#include "sync/limits.h"
#include "sync/lists.h"

enum { RETRY_PAGE = 200 };

/* --- asking ------------------------------------------------------------------------- */

static int ask(const struct state *state, const struct cf_str *names, size_t count,
	       struct cf_arena *arena, struct cf_error *error)
{
	struct state_put *puts = arena_calloc(arena, count + 1, sizeof(*puts));

	if (!puts)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++)
		puts[i] = (struct state_put){
			.key = {STATE_RETRY, names[i]}, .condition = CF_PUT_ANY, .body = STR("{}")};
	return state_put_all(state, puts, count, arena, error);
}

int sync_quarantine_retry(const struct state *state, struct cf_str id, struct cf_arena *arena,
			  struct sync_entry *ret, struct cf_error *error)
{
	struct json_doc doc;
	int rc;

	json_doc_init(&doc, arena->mem);
	rc = sync_entry_find(state, SYNC_QUARANTINE, id, arena, &doc, ret, error);
	ret->body = JSON_ABSENT;
	json_doc_fini(&doc);
	return rc ? rc : ask(state, &ret->id, 1, arena, error);
}

static int ask_page(const struct state_pages *pages, struct cf_error *error)
{
	struct cf_str *names = arena_calloc(pages->arena, pages->count, sizeof(*names));

	if (!names)
		return error_nomem(error);
	for (size_t i = 0; i < pages->count; i++)
		names[i] = pages->records[i].name;
	return ask(pages->state, names, pages->count, pages->arena, error);
}

/* All entries whose names begin so. */
static int ask_all(const struct state *state, struct cf_str begin, uint64_t *ret_count,
		   const struct cf_mem *mem, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_QUARANTINE, .begin = begin, .limit = RETRY_PAGE};
	struct state_pages pages;
	int rc;

	*ret_count = 0;
	state_pages_init(&pages, state, &range, mem);
	while ((rc = state_pages_next(&pages, error)) > 0 && (rc = ask_page(&pages, error)) == 0)
		*ret_count += pages.count;
	state_pages_fini(&pages);
	return rc;
}

int sync_quarantine_retry_all(const struct state *state, uint64_t *ret_count,
			      const struct cf_mem *mem, struct cf_error *error)
{
	return ask_all(state, STR(""), ret_count, mem, error);
}

int retry_unsupported(struct sync *sync, struct cf_error *error)
{
	uint64_t count;

	return ask_all(sync->state, STR("#"), &count, sync->mem, error);
}

int sync_quarantine_drop(const struct state *state, struct cf_str id, struct cf_arena *arena,
			 struct sync_entry *ret, struct cf_error *error)
{
	struct json_doc doc;
	int rc;

	json_doc_init(&doc, arena->mem);
	rc = sync_entry_find(state, SYNC_QUARANTINE, id, arena, &doc, ret, error);
	ret->body = JSON_ABSENT;
	if (rc == 0)
		rc = entry_delete(state, ret, arena, error);
	json_doc_fini(&doc);
	return rc;
}

/* --- looking ------------------------------------------------------------------------- */

static int forget(struct sync *sync, const struct state_record *asked, size_t count,
		  const struct state_put *more, size_t more_count, struct cf_error *error)
{
	struct state_put *puts = arena_calloc(&sync->step, count + more_count, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(&sync->step, count + more_count, sizeof(*answers));

	if (!puts || !answers)
		return error_nomem(error);
	/* Asked for once more meanwhile, the record has another revision, and stays. */
	for (size_t i = 0; i < count; i++)
		puts[i] = (struct state_put){.key = {STATE_RETRY, asked[i].name},
					     .condition = CF_PUT_ON_REV,
					     .rev = asked[i].rev};
	memcpy(puts + count, more, more_count * sizeof(*more));
	return state_put(sync->state, puts, count + more_count, &sync->step, answers, error);
}

/* A lineage, or a document whose version is served by now: then its entry goes. */
static int add_asked(struct sync *sync, struct cf_str asked, struct batch *batch,
		     struct state_put *listed, size_t *listed_count, struct cf_error *error)
{
	struct lineage_name name = {.family = NULL};
	struct cf_str id = {asked.ptr + 1, asked.len - 1};
	int rc;

	if (asked.len == 0)
		return 0;
	if (asked.ptr[0] != '#') {
		if (registry_parse_label(sync->registry, asked, &name))
			return 0;
		name.asked = true;
		return batch_add(batch, &name);
	}
	rc = registry_find(sync->registry, id, &name, NULL);
	if (rc == CF_ERR_UNSUPPORTED || (rc == CF_ERR_UNKNOWN_TYPE && name.undecided))
		return 0;
	if (rc && rc != CF_ERR_UNKNOWN_TYPE)
		return error_set(error, rc, "%s", cf_error_text(rc));
	listed[(*listed_count)++] =
		(struct state_put){.key = {STATE_QUARANTINE, asked}, .condition = CF_PUT_ANY};
	return rc ? 0 : batch_add(batch, &name);
}

int retry_step(struct sync *sync, bool *ret_done, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_RETRY, .limit = RETRY_PAGE};
	struct state_record *records;
	struct state_put *listed;
	struct batch batch;
	size_t count, listed_count = 0;
	int rc = state_page(sync->state, &range, &sync->step, &records, &count, error);

	*ret_done = rc == 0 && count > 0;
	if (rc || count == 0)
		return rc;
	listed = arena_calloc(&sync->step, count, sizeof(*listed));
	if (!listed || batch_init(&batch, count, &sync->step))
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add_asked(sync, records[i].name, &batch, listed, &listed_count, error);
	if (rc == 0)
		rc = flight_run(sync, &batch, error);
	return rc ? rc : forget(sync, records, count, listed, listed_count, error);
}
