/* docs put: documents into a store, line by line. */
#include "cli/docs.h"

/* One call of the store, and one transaction where it has them. A store writes the records
 * of a call in the order of their ids: with random ones, each page of an index that is
 * touched takes more of them the more come at once. */
enum { BATCH_BYTES = 6 << 20, BATCH_DOCS = 16384 };

/* What is to be said of one document: refused before the store saw it, or the
 * store's answer to a put. */
struct said {
	struct cf_str id;
	struct cf_answer refusal; /* code 0: there is a put */
};

struct batch {
	struct cf_arena arena;
	struct json_doc doc;
	struct cf_put puts[BATCH_DOCS];
	struct said said[BATCH_DOCS];
	size_t count, said_count, bytes;
	enum document_fields fields; /* PLAIN: rows of a table, whose names are their own */
	bool failures;
};

/* `answers` are those of the puts, in the same order. *failures: some were refused. */
static int print_said(struct cli *cli, const struct said *said, size_t count,
		      const struct cf_answer *answers, bool *failures, struct cf_error *error)
{
	for (size_t i = 0, at = 0; i < count; i++) {
		const struct cf_answer *answer =
			said[i].refusal.code ? &said[i].refusal : &answers[at++];

		*failures = *failures || answer->code;
		if (docs_print_answer(cli, said[i].id, answer, (struct cf_str){NULL, 0}))
			return cli_out_error(cli, error);
	}
	return 0;
}

static int put_batch(struct cli *cli, struct cf_store *store, struct batch *batch,
		     struct cf_error *error)
{
	struct cf_answer *answers = arena_calloc(&batch->arena, batch->count + 1, sizeof(*answers));
	int rc = answers ? 0 : error_nomem(error);

	if (rc == 0 && batch->count)
		rc = store_put(store, batch->puts, batch->count, &batch->arena, answers, error);
	if (rc == 0)
		rc = print_said(cli, batch->said, batch->said_count, answers, &batch->failures,
				error);
	arena_reset(&batch->arena);
	batch->count = 0;
	batch->said_count = 0;
	batch->bytes = 0;
	return rc;
}

/* Whose document it is although it cannot be taken; NULL where it does not say, or
 * says two things. */
static int find_id(struct batch *batch, struct cf_str line, struct cf_str *ret)
{
	struct json_iter it;
	unsigned found = 0;
	int rc = json_read(&batch->doc, line.ptr, line.len, JSON_READ_DUPLICATE_NAMES, NULL);

	*ret = (struct cf_str){NULL, 0};
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	it = json_iter(json_root(&batch->doc));
	while (rc == 0 && it.members && json_next(&it))
		if (json_name_is(it.name, STR("_id")) && ++found == 1 &&
		    json_kind(it.value) == JSON_STRING)
			rc = json_decode(it.value, &batch->arena, ret);
	if (found != 1 || ret->len == 0)
		ret->ptr = NULL;
	return rc;
}

/* The document's answer is what is wrong with it, without the place in the file. */
static int refuse_line(struct batch *batch, struct cf_str line, const struct cf_error *error)
{
	struct said *said = &batch->said[batch->said_count];
	struct cf_error why = *error;
	char words[sizeof(why.message) + sizeof(why.pointer) + 64];
	int rc = find_id(batch, line, &said->id);

	if (rc || !said->id.ptr)
		return rc;
	why.file[0] = why.document[0] = '\0';
	why.line = why.column = 0;
	said->refusal = (struct cf_answer){
		.code = error->code,
		.message = arena_dup(&batch->arena,
				     str_of(cf_error_format(&why, words, sizeof(words))))};
	batch->said_count += said->refusal.message.ptr != NULL;
	return said->refusal.message.ptr ? 0 : CF_ERR_NOMEM;
}

/* Names that CouchDB keeps for itself (couch_doc:transl_fields and validate_docid of
 * Apache CouchDB 3). A document with others could never be replicated there. */
static int check_reserved(struct batch *batch, const struct cf_put *put, struct cf_error *error)
{
	static const char *const known[] = {
		"_id",        "_rev",       "_deleted",           "_attachments", "_revisions",
		"_revs_info", "_conflicts", "_deleted_conflicts", "_local_seq",   "_removed"};
	struct json_iter it = json_iter(json_root(&batch->doc));
	struct cf_str name;
	bool fits;

	if (str_starts_with(put->id, STR("_")) && !str_starts_with(put->id, STR("_design/"))) {
		error_set(error, CF_ERR_INVALID,
			  "ids that begin with _ are reserved, all but _design/NAME");
		error_at_document(error, put->id);
		return CF_ERR_INVALID;
	}
	while (json_next(&it)) {
		if (json_decode(it.name, &batch->arena, &name))
			return error_nomem(error);
		fits = !str_starts_with(name, STR("_"));
		for (size_t i = 0; i < ARRAY_LEN(known) && !fits; i++)
			fits = str_equal(name, str_of(known[i]));
		if (fits)
			continue;
		error_set(error, CF_ERR_INVALID, "\"%.*s\": members that begin with _ are reserved",
			  STR_ARG(name));
		error_at_document(error, put->id);
		return CF_ERR_INVALID;
	}
	return 0;
}

/* A line that is no document is told with its number, and the rest goes on. */
static int take_line(struct batch *batch, struct cf_str line, struct cf_error *error)
{
	struct cf_put *put = &batch->puts[batch->count];
	struct cf_str kept = arena_dup(&batch->arena, line);
	int rc = kept.ptr ? json_read(&batch->doc, kept.ptr, kept.len, JSON_READ_DOCUMENT, error)
			  : error_nomem(error);

	batch->bytes += line.len;
	if (rc == 0)
		rc = document_split(json_root(&batch->doc), batch->fields, &batch->arena, put,
				    error);
	if (rc == 0 && batch->fields != DOCUMENT_PLAIN)
		rc = check_reserved(batch, put, error);
	if (rc == 0) {
		batch->said[batch->said_count++] = (struct said){.id = put->id};
		batch->count++;
	} else if (kept.ptr && rc != CF_ERR_NOMEM && refuse_line(batch, kept, error)) {
		rc = error_nomem(error);
	}
	return rc;
}

static int put_lines(struct cli *cli, struct cf_store *store, struct cli_lines *lines,
		     struct batch *batch, struct cf_error *error)
{
	struct cf_str line;
	uint64_t done = 0;
	int rc = 0;

	cli_progress_start(cli, "bytes", cli_lines_total(lines));
	for (;;) {
		int got = cli_lines_next(lines, &line, error);

		if (got == 0)
			break;
		if (got > 0)
			rc = take_line(batch, line, error);
		else
			rc = got;
		if (rc && cf_error_class(rc) == CF_CLASS_INPUT) {
			cli_lines_locate(lines, error);
			cli_report(cli, error);
			batch->failures = true;
			rc = 0;
		}
		if (rc == 0 && (batch->said_count == BATCH_DOCS || batch->bytes > BATCH_BYTES ||
				cli_lines_wait(lines)))
			rc = put_batch(cli, store, batch, error);
		if (rc)
			return rc;
		done = lines->bytes;
		cli_progress_show(cli, done);
	}
	return put_batch(cli, store, batch, error);
}

int docs_run_put(struct cli *cli, struct cf_error *error)
{
	struct batch *batch = mem_calloc(cli->mem, 1, sizeof(*batch));
	struct cf_store *store = NULL;
	struct cli_lines lines;
	int rc;

	if (!batch)
		return error_nomem(error);
	arena_init(&batch->arena, cli->mem);
	json_doc_init(&batch->doc, cli->mem);
	cli_lines_init(&lines, cli, cli->args, cli->arg_count);
	rc = docs_open(cli, true, &store, error);
	if (rc == 0 && cli_given(cli, "as-is"))
		rc = docs_need_histories(cli, store, error);
	if (rc == 0 && store->capabilities & CF_STORE_HISTORIES)
		batch->fields = cli_given(cli, "as-is") ? DOCUMENT_AS_IS : DOCUMENT_EDIT;
	if (rc == 0)
		rc = put_lines(cli, store, &lines, batch, error);
	cli_progress_end(cli);
	if (rc == 0 && batch->failures)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	store_close(store);
	cli_lines_fini(&lines);
	json_doc_fini(&batch->doc);
	arena_fini(&batch->arena);
	mem_free(cli->mem, batch);
	return rc;
}
