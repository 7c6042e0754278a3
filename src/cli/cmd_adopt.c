/* adopt: which of a store's documents the catalog takes for what, before anything runs. */
#include "catalog/catalog.h"
#include "cli/cli.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ADOPT_PAGE = 500, ADOPT_REASONS = 1000 };

enum finding_kind { TAKEN, INVALID, CLAIMED_TWICE, UNSUPPORTED, NOTHING };

/* Documents of which the same is to be said. */
struct finding {
	enum finding_kind kind;
	struct cf_str what;    /* the version, or of nothing the type it says */
	struct cf_str reason;  /* with its pointer */
	struct cf_str example; /* an id */
	uint64_t count;
};

struct adoption {
	struct cli *cli;
	struct catalog *catalog;
	struct cf_store *store;
	struct cf_arena page;
	struct json_doc doc;
	struct finding *findings;
	size_t count;
	uint64_t documents, more; /* more: of reasons that have no room */
};

/* --- counting ------------------------------------------------------------------------- */

static int note(struct adoption *a, struct finding finding)
{
	struct cf_arena *arena = &a->cli->arena;
	struct finding *at;

	for (size_t i = 0; i < a->count; i++) {
		at = &a->findings[i];
		if (at->kind == finding.kind && str_equal(at->what, finding.what) &&
		    str_equal(at->reason, finding.reason)) {
			at->count++;
			return 0;
		}
	}
	if (a->count == ADOPT_REASONS) {
		a->more++;
		return 0;
	}
	at = &a->findings[a->count++];
	*at = (struct finding){.kind = finding.kind,
			       .what = arena_dup(arena, finding.what),
			       .reason = arena_dup(arena, finding.reason),
			       .example = arena_dup(arena, finding.example),
			       .count = 1};
	return at->what.ptr && at->reason.ptr && at->example.ptr ? 0 : CF_ERR_NOMEM;
}

static struct cf_str version_of(struct adoption *a, const struct catalog_type *type, uint32_t major)
{
	return arena_printf(&a->page, "%.*s@%u", STR_ARG(type->name), major);
}

/* None of ours: by what it says of its type. */
static int note_nothing(struct adoption *a, struct cf_str id, struct json_value document)
{
	struct json_value type = json_member(document, catalog_identity(a->catalog)->type_field);
	struct cf_str said = json_kind(type) == JSON_STRING ? json_span(type) : STR("none");
	bool known = json_kind(type) == JSON_STRING && catalog_type(a->catalog, json_inner(type));

	return note(a, (struct finding){.kind = NOTHING,
					.what = said,
					.reason = known ? STR("the type is known, but the id "
							      "says nothing")
							: STR(""),
					.example = id});
}

static int take(struct adoption *a, struct cf_str id, struct json_value document)
{
	struct catalog_id is = {0};
	struct cf_error error = {0};
	struct finding finding = {.example = id, .reason = STR("")};
	const struct catalog_major *also;
	int rc = catalog_identify(a->catalog, document, id, &is, &error);

	if (rc == CF_ERR_NOMEM)
		return rc;
	if (rc == CF_ERR_UNKNOWN_TYPE || !is.type)
		return note_nothing(a, id, document);
	finding.what = version_of(a, is.type, is.major_number);
	finding.kind = rc == CF_ERR_UNSUPPORTED ? UNSUPPORTED : rc ? INVALID : TAKEN;
	also = rc ? NULL : catalog_also(a->catalog, &is, document);
	if (rc == 0 && note(a, finding))
		return CF_ERR_NOMEM;
	if (also) {
		finding.kind = CLAIMED_TWICE;
		finding.reason = version_of(a, also->type, also->major);
		if (note(a, finding))
			return CF_ERR_NOMEM;
	}
	if (rc == 0) {
		rc = catalog_validate(a->catalog, &is, document, NULL, &error);
		if (rc == 0 || rc == CF_ERR_NOMEM)
			return rc;
		finding.kind = INVALID;
	}
	finding.reason = arena_printf(&a->page, "%s%s%s", error.pointer,
				      error.pointer[0] ? ": " : "", error.message);
	return note(a, finding);
}

static int take_page(struct adoption *a, const struct cf_record *records, size_t count,
		     struct cf_error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct cf_str body =
			records[i].revision_count ? records[i].revisions[0].body : STR("");

		if (body.len == 0 || records[i].id.ptr[0] == '_' ||
		    str_starts_with(records[i].id, STR(CATALOG_SUPPORT_TYPE "@")))
			continue;
		if (json_read(&a->doc, body.ptr, body.len, JSON_READ_DOCUMENT, error))
			return error_at_document(error, records[i].id), error->code;
		a->documents++;
		if (take(a, records[i].id, json_root(&a->doc)))
			return error_nomem(error);
	}
	return 0;
}

static int read_all(struct adoption *a, struct cf_error *error)
{
	struct cf_buf after;
	size_t count = ADOPT_PAGE;
	int rc = 0;

	buf_init(&after, a->cli->mem);
	cli_progress_start(a->cli, "documents", 0);
	while (rc == 0 && count == ADOPT_PAGE) {
		struct cf_scan scan = {
			.limit = ADOPT_PAGE, .after = buf_view(&after), .flags = CF_READ_BODIES};
		struct cf_record *records;

		arena_reset(&a->page);
		rc = store_scan(a->store, &scan, &a->page, &records, &count, error);
		if (rc == 0)
			rc = take_page(a, records, count, error);
		buf_clear(&after);
		if (rc == 0 && count && buf_str(&after, records[count - 1].id))
			rc = error_nomem(error);
		cli_progress_show(a->cli, a->documents);
		if (rc == 0 && cli_interrupted())
			rc = error_set(error, CF_ERR_INTERRUPTED, "%s", "");
	}
	cli_progress_end(a->cli);
	buf_fini(&after);
	return rc;
}

/* --- words ------------------------------------------------------------------------------ */

static const char *const kind_names[] = {"taken", "invalid", "claimed twice", "not supported",
					 "nothing"};

static int by_kind(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = (int)x->kind - (int)y->kind;

	order = order ? order : str_compare(x->what, y->what);
	return order ? order : (x->count < y->count) - (x->count > y->count);
}

static void print_json(struct cli *cli, const struct finding *finding)
{
	struct cf_buf *out = &cli->out.buf;

	buf_printf(out, "{\"kind\":\"%s\",\"what\":", kind_names[finding->kind]);
	json_write_string(finding->what, out);
	buf_printf(out, ",\"count\":%" PRIu64 ",\"reason\":", finding->count);
	json_write_string(finding->reason, out);
	buf_str(out, STR(",\"example\":"));
	json_write_string(finding->example, out);
	(void)cli_out_line(cli, STR("}"));
}

static void print_line(struct cli *cli, const struct finding *finding)
{
	struct cf_buf *out = &cli->out.buf;

	buf_printf(out, "%-13s %8" PRIu64 " ", kind_names[finding->kind], finding->count);
	cli_write_shown(finding->what, out);
	if (finding->reason.len) {
		buf_str(out, finding->kind == CLAIMED_TWICE ? STR(" and ") : STR(": "));
		cli_write_shown(finding->reason, out);
	}
	if (finding->kind != TAKEN) {
		buf_str(out, STR("; as "));
		cli_write_shown(finding->example, out);
	}
	(void)cli_out_line(cli, STR(""));
}

static int print_all(struct adoption *a, struct cf_error *error)
{
	bool doubtful = false;

	qsort(a->findings, a->count, sizeof(*a->findings), by_kind);
	for (size_t i = 0; i < a->count; i++) {
		if (a->cli->json)
			print_json(a->cli, &a->findings[i]);
		else
			print_line(a->cli, &a->findings[i]);
		doubtful = doubtful || a->findings[i].kind == INVALID ||
			   a->findings[i].kind == CLAIMED_TWICE;
	}
	if (a->cli->out.code)
		return cli_out_error(a->cli, error);
	cli_say(a->cli, "%" PRIu64 " documents looked at, nothing written", a->documents);
	if (a->more)
		cli_say(a->cli, "%" PRIu64 " more, of more than %d reasons", a->more,
			ADOPT_REASONS);
	return doubtful ? error_set(error, CF_ERR_FINDINGS, "%s", "") : 0;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct adoption a = {.cli = cli};
	int rc;

	if (!cli_given(cli, "dry-run"))
		return error_set(error, CF_ERR_USAGE,
				 "adopt only looks: say --dry-run; `run` makes the other versions");
	a.findings = arena_calloc(&cli->arena, ADOPT_REASONS, sizeof(*a.findings));
	arena_init(&a.page, cli->mem);
	json_doc_init(&a.doc, cli->mem);
	rc = a.findings ? catalog_open(&a.catalog, cli_option(cli, "catalog"), cli->mem, error)
			: error_nomem(error);
	if (rc == 0)
		rc = store_open_existing(&a.store, cli_option(cli, "store"), cli->env, cli->mem,
					 error);
	if (rc == 0)
		rc = read_all(&a, error);
	if (rc == 0)
		rc = print_all(&a, error);
	store_close(a.store);
	catalog_close(a.catalog);
	json_doc_fini(&a.doc);
	arena_fini(&a.page);
	return rc;
}

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	CLI_OPTION_STORE,
	{.name = "dry-run", .help = "count, and write nothing; must be given"},
	{.name = NULL},
};

const struct cli_command cmd_adopt = {
	.name = "adopt",
	.summary = "count which of a store's documents the catalog takes for what",
	.usage = "-c DIR --store URL --dry-run",
	.help = "Reads every document, and writes nothing. One line each: how many are taken for a "
		"version; which are invalid, by reason; which two versions claim; which are of a "
		"version that is not supported; and which are nothing that the catalog knows, by "
		"the type that they say. Each with the id of one of them. Exit code 3 where any is "
		"invalid or claimed twice.",
	.options = options,
	.run = run,
};
