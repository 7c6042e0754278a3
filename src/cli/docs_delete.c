/* docs delete: tombstones for documents, one branch or all. */
#include "cli/docs.h"

/* One call. Of each document some leaves are deleted: their puts follow each other. */
struct deleting {
	struct cli *cli;
	struct cf_get *gets;
	struct cf_record *records;
	struct cf_put *puts;
	size_t put_count;
	bool all; /* leaves */
	bool failures;
};

static size_t live_leaves(const struct cf_record *record)
{
	size_t count = 0;

	/* Live ones stand before deleted ones. */
	while (count < record->revision_count && !record->revisions[count].deleted)
		count++;
	return count;
}

static size_t doomed_leaves(const struct deleting *d, const struct cf_record *record)
{
	size_t live = live_leaves(record);

	return live && !d->all ? 1 : live;
}

static int plan_puts(struct deleting *d, struct cf_error *error)
{
	size_t total = 0;

	for (size_t i = 0; i < d->cli->arg_count; i++)
		total += doomed_leaves(d, &d->records[i]);
	d->puts = arena_calloc(&d->cli->arena, total + 1, sizeof(*d->puts));
	if (!d->puts)
		return error_nomem(error);
	for (size_t i = 0; i < d->cli->arg_count; i++) {
		const struct cf_record *record = &d->records[i];

		/* What a tombstone says is what the document said: type and version stay. */
		for (size_t k = 0; k < doomed_leaves(d, record); k++)
			d->puts[d->put_count++] =
				(struct cf_put){.id = d->gets[i].id,
						.kind = CF_PUT_ON_REV,
						.rev = record->revisions[k].rev,
						.deleted = true,
						.body = record->revisions[k].body};
	}
	return 0;
}

/* What was done about one document. `answers` are those of its puts. */
static int print_deleted(struct deleting *d, const struct cf_record *record,
			 const struct cf_answer *answers)
{
	size_t live = live_leaves(record), doomed = doomed_leaves(d, record);
	struct cf_answer missing = {.code = record->code ? record->code : CF_ERR_NOT_FOUND,
				    .message = record->code ? record->message : STR("not found")};
	struct cf_str winner = {NULL, 0};
	struct cf_error error;

	if (doomed == 0) {
		docs_report(d->cli, record);
		d->failures = true;
		return docs_print_answer(d->cli, record->id, &missing, winner);
	}
	if (doomed < live && answers[0].code == 0) {
		winner = record->revisions[doomed].rev;
		error_set(&error, CF_ERR_CONFLICT,
			  "is still there: another branch lives, %.*s (--all-leaves deletes all)",
			  STR_ARG(winner));
		error_at_document(&error, record->id);
		cli_report(d->cli, &error);
		d->failures = true;
	}
	for (size_t k = 0; k < doomed; k++) {
		d->failures = d->failures || answers[k].code;
		if (docs_print_answer(d->cli, record->id, &answers[k], winner))
			return d->cli->out.code;
	}
	return 0;
}

static int delete_from(struct deleting *d, struct cf_store *store, struct cf_error *error)
{
	struct cli *cli = d->cli;
	struct cf_answer *answers;
	size_t at = 0;
	int rc = store_get(store, d->gets, cli->arg_count, CF_READ_BODIES | CF_READ_LEAVES,
			   &cli->arena, d->records, error);

	rc = rc ? rc : plan_puts(d, error);
	if (rc)
		return rc;
	answers = arena_calloc(&cli->arena, d->put_count + 1, sizeof(*answers));
	if (!answers)
		return error_nomem(error);
	if (d->put_count)
		rc = store_put(store, d->puts, d->put_count, &cli->arena, answers, error);
	for (size_t i = 0; i < cli->arg_count && rc == 0; i++) {
		if (print_deleted(d, &d->records[i], answers + at))
			rc = cli_out_error(cli, error);
		at += doomed_leaves(d, &d->records[i]);
	}
	return rc;
}

int docs_run_delete(struct cli *cli, struct cf_error *error)
{
	struct deleting d = {.cli = cli, .all = cli_given(cli, "all-leaves")};
	struct cf_store *store = NULL;
	int rc;

	d.gets = arena_calloc(&cli->arena, cli->arg_count, sizeof(*d.gets));
	d.records = arena_calloc(&cli->arena, cli->arg_count, sizeof(*d.records));
	rc = d.gets && d.records ? docs_open(cli, false, &store, error) : error_nomem(error);
	if (rc == 0 && d.all)
		rc = docs_need_histories(cli, store, error);
	for (size_t i = 0; i < cli->arg_count && rc == 0; i++)
		d.gets[i].id = str_of(cli->args[i]);
	if (rc == 0)
		rc = delete_from(&d, store, error);
	store_close(store);
	if (rc == 0 && d.failures)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	return rc;
}
