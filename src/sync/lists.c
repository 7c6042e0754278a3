/* The lists that people see: which kinds of records they are, and walking through them. */
#include "sync/lists.h"

static const enum state_kind list_kinds[] = {
	[SYNC_CONFLICTS] = STATE_CONFLICT,    [SYNC_QUARANTINE] = STATE_QUARANTINE,
	[SYNC_INCOMPLETE] = STATE_INCOMPLETE, [SYNC_USAGE] = STATE_USAGE,
	[SYNC_FANOUTS] = STATE_FANOUT,
};

enum state_kind list_kind(enum sync_list list)
{
	return list_kinds[list];
}

static int walk_page(const struct state_pages *pages, struct json_doc *doc,
		     int (*entry)(void *ctx, struct cf_str id, struct json_value body), void *ctx,
		     struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < pages->count; i++) {
		rc = state_read(&pages->records[i], doc, error);
		if (rc == 0)
			rc = entry(ctx, pages->records[i].name, json_root(doc));
	}
	return rc;
}

int sync_walk(const struct state *state, enum sync_list list,
	      int (*entry)(void *ctx, struct cf_str id, struct json_value body), void *ctx,
	      const struct cf_mem *mem, struct cf_error *error)
{
	struct state_range range = {.kind = list_kind(list)};
	struct state_pages pages;
	struct json_doc doc;
	int rc;

	json_doc_init(&doc, mem);
	state_pages_init(&pages, state, &range, mem);
	while ((rc = state_pages_next(&pages, error)) > 0 &&
	       (rc = walk_page(&pages, &doc, entry, ctx, error)) == 0)
		;
	state_pages_fini(&pages);
	json_doc_fini(&doc);
	return rc;
}
