/* docs get and list: documents out of a store, as lines that docs put takes. */
#include "cli/docs.h"

#include <stdlib.h>

/* What the switches ask for; USAGE where the store has no such thing. */
static int read_flags(struct cli *cli, const struct cf_store *store, unsigned *ret,
		      struct cf_error *error)
{
	*ret = CF_READ_BODIES;
	if (cli_given(cli, "leaves"))
		*ret |= CF_READ_LEAVES;
	if (cli_given(cli, "revisions"))
		*ret |= CF_READ_HISTORIES;
	if (cli_given(cli, "attachments"))
		*ret |= CF_READ_ATTACHMENTS;
	return *ret & (CF_READ_LEAVES | CF_READ_HISTORIES) ? docs_need_histories(cli, store, error)
							   : 0;
}

static int print_record(struct cli *cli, const struct cf_record *record)
{
	for (size_t i = 0; i < record->revision_count; i++) {
		if (document_join(record->id, &record->revisions[i], &cli->out.buf))
			return CF_ERR_NOMEM;
		buf_byte(&cli->out.buf, '\n');
		if (cli_out_check(cli))
			return cli->out.code;
	}
	return 0;
}

/* --- get ------------------------------------------------------------------------------ */

static int compare_ids(const void *a, const void *b)
{
	return str_compare(((const struct cf_get *)a)->id, ((const struct cf_get *)b)->id);
}

/* In the order of the ids, as list has it, each once. */
static size_t sort_ids(struct cf_get *gets, size_t count)
{
	size_t kept = 0;

	qsort(gets, count, sizeof(*gets), compare_ids);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !str_equal(gets[i].id, gets[kept - 1].id))
			gets[kept++] = gets[i];
	return kept;
}

/* With all leaves asked for, those of a deleted document are shown too. */
static int print_found(struct cli *cli, const struct cf_record *record, unsigned flags,
		       bool *missing, struct cf_error *error)
{
	if (record->revision_count == 0 ||
	    (record->revisions[0].deleted && !(flags & CF_READ_LEAVES))) {
		*missing = true;
		docs_report(cli, record);
		return 0;
	}
	return print_record(cli, record) ? cli_out_error(cli, error) : 0;
}

int docs_run_get(struct cli *cli, struct cf_error *error)
{
	struct cf_get *gets = arena_calloc(&cli->arena, cli->arg_count, sizeof(*gets));
	struct cf_record *records = arena_calloc(&cli->arena, cli->arg_count, sizeof(*records));
	struct cf_store *store = NULL;
	bool missing = false;
	unsigned flags = 0;
	size_t count = cli->arg_count;
	int rc = gets && records ? docs_open(cli, false, &store, error) : error_nomem(error);

	rc = rc ? rc : read_flags(cli, store, &flags, error);
	for (size_t i = 0; i < cli->arg_count && rc == 0; i++)
		gets[i].id = str_of(cli->args[i]);
	count = rc ? 0 : sort_ids(gets, count);
	if (rc == 0)
		rc = store_get(store, gets, count, flags, &cli->arena, records, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = print_found(cli, &records[i], flags, &missing, error);
	store_close(store);
	if (rc == 0 && missing)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	return rc;
}

/* --- list ----------------------------------------------------------------------------- */

/* One walk through a store, a page at a time. */
struct listing {
	struct cli *cli;
	struct cf_store *store;
	struct cf_str prefix;
	unsigned flags;
	bool failures; /* records that cannot be shown */
	struct cf_arena arena;
	struct cf_buf at; /* the last id, or the token */
};

static int print_listed(struct listing *list, const struct cf_record *record,
			struct cf_error *error)
{
	if (record->code) {
		docs_report(list->cli, record);
		list->failures = true;
		return 0;
	}
	return print_record(list->cli, record) ? cli_out_error(list->cli, error) : 0;
}

/* The next page of documents that are not deleted, in the order of the ids. */
static int list_ids(struct listing *list, bool *ret_end, struct cf_error *error)
{
	struct cf_scan scan = {.limit = DOCS_BATCH,
			       .prefix = list->prefix,
			       .after = buf_view(&list->at),
			       .flags = list->flags};
	struct cf_record *records;
	size_t count = 0;
	int rc = store_scan(list->store, &scan, &list->arena, &records, &count, error);

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = print_listed(list, &records[i], error);
	*ret_end = count < DOCS_BATCH;
	if (rc || *ret_end)
		return rc;
	buf_clear(&list->at);
	return buf_str(&list->at, records[count - 1].id) ? error_nomem(error) : 0;
}

/* The next page of all records, deleted ones too, in the order of their changes. */
static int list_changes(struct listing *list, bool *ret_end, struct cf_error *error)
{
	struct cf_changes changes = {
		.since = buf_view(&list->at), .limit = DOCS_BATCH, .flags = list->flags};
	struct cf_change *found;
	struct cf_str token;
	size_t count = 0;
	int rc = store_changes(list->store, &changes, &list->arena, &found, &count, &token, error);

	for (size_t i = 0; i < count && rc == 0; i++)
		if (str_starts_with(found[i].record.id, list->prefix))
			rc = print_listed(list, &found[i].record, error);
	*ret_end = count == 0;
	if (rc || *ret_end)
		return rc;
	buf_clear(&list->at);
	return buf_str(&list->at, token) ? error_nomem(error) : 0;
}

int docs_run_list(struct cli *cli, struct cf_error *error)
{
	const char *prefix = cli_option(cli, "prefix");
	struct listing list = {.cli = cli, .prefix = str_of(prefix ? prefix : "")};
	bool end = false;
	int rc = docs_open(cli, false, &list.store, error);

	arena_init(&list.arena, cli->mem);
	buf_init(&list.at, cli->mem);
	rc = rc ? rc : read_flags(cli, list.store, &list.flags, error);
	while (rc == 0 && !end) {
		if (cli_interrupted())
			rc = error_set(error, CF_ERR_INTERRUPTED, "%s", "");
		else if (list.flags & CF_READ_LEAVES)
			rc = list_changes(&list, &end, error);
		else
			rc = list_ids(&list, &end, error);
		arena_reset(&list.arena);
	}
	buf_fini(&list.at);
	arena_fini(&list.arena);
	store_close(list.store);
	if (rc == 0 && list.failures)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	return rc;
}
