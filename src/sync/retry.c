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

static int ask(struct cf_store *state, const struct cf_str *ids, size_t count,
	       struct cf_arena *arena, struct cf_error *error)
{
	struct cf_put *puts = arena_calloc(arena, count + 1, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(arena, count + 1, sizeof(*answers));
	int rc;

	if (!puts || !answers)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++) {
		puts[i] = (struct cf_put){.kind = CF_PUT_ANY, .body = STR("{}")};
		puts[i].id = arena_printf(arena, "retry/%.*s", STR_ARG(ids[i]));
		if (!puts[i].id.ptr)
			return error_nomem(error);
	}
	rc = store_put(state, puts, count, arena, answers, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (answers[i].code)
			rc = error_set(error, answers[i].code, "%.*s", STR_ARG(answers[i].message));
	return rc;
}

int sync_quarantine_retry(struct cf_store *state, struct cf_str id, struct cf_arena *arena,
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

static int ask_all(struct cf_store *state, struct cf_str begin, uint64_t *ret_count,
		   const struct cf_mem *mem, struct cf_error *error)
{
	struct cf_str prefix = list_prefix(SYNC_QUARANTINE);
	struct cf_scan scan = {.prefix = begin, .limit = RETRY_PAGE};
	struct cf_arena pages[2]; /* by turns: the next page goes on behind this one's last id */
	struct cf_record *records;
	size_t count, turn = 0;
	int rc;

	*ret_count = 0;
	arena_init(&pages[0], mem);
	arena_init(&pages[1], mem);
	do {
		struct cf_arena *page = &pages[turn++ % 2];
		struct cf_str *ids;

		arena_reset(page);
		rc = store_scan(state, &scan, page, &records, &count, error);
		ids = rc ? NULL : arena_calloc(page, count + 1, sizeof(*ids));
		if (rc == 0 && !ids)
			rc = error_nomem(error);
		for (size_t i = 0; i < count && rc == 0; i++) {
			scan.after = records[i].id;
			ids[i] = (struct cf_str){scan.after.ptr + prefix.len,
						 scan.after.len - prefix.len};
		}
		if (rc == 0 && count)
			rc = ask(state, ids, count, page, error);
		*ret_count += rc ? 0 : count;
	} while (rc == 0 && count == scan.limit);
	arena_fini(&pages[0]);
	arena_fini(&pages[1]);
	return rc;
}

int sync_quarantine_retry_all(struct cf_store *state, uint64_t *ret_count, const struct cf_mem *mem,
			      struct cf_error *error)
{
	return ask_all(state, list_prefix(SYNC_QUARANTINE), ret_count, mem, error);
}

int retry_unsupported(struct sync *sync, struct cf_error *error)
{
	uint64_t count;

	return ask_all(sync->state, STR("quarantine/#"), &count, sync->mem, error);
}

int sync_quarantine_drop(struct cf_store *state, struct cf_str id, struct cf_arena *arena,
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

static int forget(struct sync *sync, const struct cf_record *asked, size_t count,
		  const struct cf_put *more, size_t more_count, struct cf_error *error)
{
	struct cf_put *puts = arena_calloc(&sync->step, count + more_count, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(&sync->step, count + more_count, sizeof(*answers));

	if (!puts || !answers)
		return error_nomem(error);
	/* Asked for once more meanwhile, the record has another revision, and stays. */
	for (size_t i = 0; i < count; i++)
		puts[i] = (struct cf_put){.id = asked[i].id,
					  .kind = CF_PUT_ON_REV,
					  .rev = asked[i].revisions[0].rev,
					  .deleted = true,
					  .body = STR("{}")};
	memcpy(puts + count, more, more_count * sizeof(*more));
	return store_put(sync->state, puts, count + more_count, &sync->step, answers, error);
}

/* A lineage, or a document whose version is served by now: then its entry goes. */
static int add_asked(struct sync *sync, struct cf_str asked, struct batch *batch,
		     struct cf_put *listed, size_t *listed_count, struct cf_error *error)
{
	struct lineage_name name;
	struct cf_str id = {asked.ptr + 1, asked.len - 1};
	int rc;

	if (asked.len == 0)
		return 0;
	if (asked.ptr[0] != '#')
		return registry_parse_label(&sync->registry, asked, &name)
			       ? 0
			       : batch_add(batch, &name);
	rc = registry_find(&sync->registry, id, &name, NULL);
	if (rc == CF_ERR_UNSUPPORTED)
		return 0;
	if (rc && rc != CF_ERR_UNKNOWN_TYPE)
		return error_set(error, rc, "%s", cf_error_text(rc));
	listed[*listed_count] =
		(struct cf_put){.id = arena_printf(&sync->step, "quarantine/%.*s", STR_ARG(asked)),
				.kind = CF_PUT_ANY,
				.deleted = true,
				.body = STR("{}")};
	if (!listed[(*listed_count)++].id.ptr)
		return error_nomem(error);
	return rc ? 0 : batch_add(batch, &name);
}

int retry_step(struct sync *sync, bool *ret_done, struct cf_error *error)
{
	struct cf_scan scan = {.prefix = STR("retry/"), .limit = RETRY_PAGE};
	struct cf_record *records;
	struct cf_put *listed;
	struct batch batch;
	size_t count, listed_count = 0;
	int rc = store_scan(sync->state, &scan, &sync->step, &records, &count, error);

	*ret_done = rc == 0 && count > 0;
	if (rc || count == 0)
		return rc;
	listed = arena_calloc(&sync->step, count, sizeof(*listed));
	if (!listed || batch_init(&batch, count, &sync->step))
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct cf_str id = records[i].id;

		rc = add_asked(sync,
			       (struct cf_str){id.ptr + scan.prefix.len, id.len - scan.prefix.len},
			       &batch, listed, &listed_count, error);
	}
	if (rc == 0)
		rc = batch_run(sync, &batch, error);
	return rc ? rc : forget(sync, records, count, listed, listed_count, error);
}
