/* channel: what a database needs so that apps of one version can replicate and query.
 *
 * Two design documents: a filter function, for servers that cannot select (CouchDB 1,
 * pouchdb-server), which lets through what the selector of `selector` does; and a Mango
 * index on type and version, which is what the queries of `selector --exact` can use.
 * (An index with a member that a query does not name is not used for it.)
 */
#include "cli/channel_validate.h"
#include "cli/cli.h"
#include "cli/server.h"
#include "cli/targets.h"
#include "store/store.h"

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "for",
	 .argument = "VERSION",
	 .help = "the apps' manifest version",
	 .required = true},
	{.name = "validate", .help = "let the server refuse documents that are not valid"},
	{.name = "dry-run", .help = "say what would be done"},
	{.name = NULL},
};
static const struct cli_option remove_options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "for",
	 .argument = "VERSION",
	 .help = "the apps' manifest version",
	 .required = true},
	{.name = "dry-run", .help = "say what would be done"},
	{.name = NULL},
};

enum { DESIGNS = 2 };

struct design {
	struct cf_str id, body; /* the body's ptr is NULL where there is to be none */
};

/* What is to be there, in one database after the other. */
struct settling {
	struct cli *cli;
	const struct design *designs;
};

/* --- what they say ------------------------------------------------------------------- */

/* The majors below which nothing is wanted, as a JavaScript object. */
static void write_oldest(const struct catalog *catalog, const struct cli_targets *targets,
			 struct cf_buf *out)
{
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types);
	bool first = true;

	buf_byte(out, '{');
	for (size_t i = 0; i < count; i++) {
		if (!targets->majors[i])
			continue;
		buf_str(out, first ? STR("") : STR(", "));
		json_write_string(types[i].name, out);
		buf_printf(out, ": %u", targets->majors[i]->major);
		first = false;
	}
	buf_byte(out, '}');
}

static void write_field(struct cf_buf *out, struct cf_str name)
{
	buf_str(out, STR("doc["));
	json_write_string(name, out);
	buf_byte(out, ']');
}

static int write_filter(const struct catalog *catalog, const struct cli_targets *targets,
			const struct cf_mem *mem, struct cf_buf *out)
{
	const struct lens_identity *fields = catalog_identity(catalog);
	struct cf_buf script;
	int rc;

	buf_init(&script, mem);
	buf_str(&script, STR("function (doc) {\n  var oldest = "));
	write_oldest(catalog, targets, &script);
	buf_str(&script, STR(";\n  var type = "));
	write_field(&script, fields->type_field);
	buf_str(&script, STR(", version = "));
	write_field(&script, fields->version_field);
	buf_str(&script, STR(";\n  return !!doc._deleted || typeof version !== 'number' ||\n"
			     "    !Object.prototype.hasOwnProperty.call(oldest, type) || "
			     "version >= oldest[type];\n}"));
	buf_str(out, STR("{\"language\":\"javascript\",\"filters\":{\"channel\":"));
	rc = script.failed ? CF_ERR_NOMEM : json_write_string(buf_view(&script), out);
	buf_fini(&script);
	return rc ? rc : buf_byte(out, '}');
}

static int write_validate(const struct catalog *catalog, const struct cf_mem *mem,
			  struct cf_buf *out)
{
	struct cf_buf script;
	int rc;

	buf_init(&script, mem);
	rc = channel_validate_write(catalog, mem, &script);
	buf_str(out, STR(",\"validate_doc_update\":"));
	rc = rc ? rc : json_write_string(buf_view(&script), out);
	buf_fini(&script);
	return rc;
}

/* The design document with what runs in the server. */
static int write_functions(struct cli *cli, const struct catalog *catalog,
			   const struct cli_targets *targets, struct cf_buf *out)
{
	int rc = write_filter(catalog, targets, cli->mem, out);

	if (rc == 0 && cli_given(cli, "validate"))
		rc = write_validate(catalog, cli->mem, out);
	return rc ? rc : buf_byte(out, '}');
}

/* As POST /_index writes it. */
static int write_index(const struct catalog *catalog, struct cf_buf *out)
{
	const struct lens_identity *fields = catalog_identity(catalog);

	buf_str(out, STR("{\"language\":\"query\",\"views\":{\"version\":{\"map\":{\"fields\":{"));
	json_write_string(fields->type_field, out);
	buf_str(out, STR(":\"asc\","));
	json_write_string(fields->version_field, out);
	buf_str(out, STR(":\"asc\"},\"partial_filter_selector\":{}},\"reduce\":\"_count\","
			 "\"options\":{\"def\":{\"fields\":["));
	json_write_string(fields->type_field, out);
	buf_byte(out, ',');
	json_write_string(fields->version_field, out);
	return buf_str(out, STR("]}}}}}"));
}

static int name_designs(struct cli *cli, struct design designs[DESIGNS], struct cf_error *error)
{
	const char *version = cli_option(cli, "for");

	designs[0].id = arena_printf(&cli->arena, "_design/chesterfield-%s", version);
	designs[1].id = arena_printf(&cli->arena, "_design/chesterfield-%s-index", version);
	return designs[0].id.ptr && designs[1].id.ptr ? 0 : error_nomem(error);
}

static int make_designs(struct cli *cli, struct design designs[DESIGNS], struct cf_error *error)
{
	struct catalog *catalog = NULL;
	struct cli_targets targets;
	struct cf_buf filter, index;
	int rc = catalog_open(&catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = cli_targets_read(cli, catalog, cli_option(cli, "for"), &targets, error);
	rc = rc ? rc : name_designs(cli, designs, error);
	if (rc) {
		catalog_close(catalog);
		return rc;
	}
	buf_init(&filter, cli->mem);
	buf_init(&index, cli->mem);
	if (write_functions(cli, catalog, &targets, &filter) || write_index(catalog, &index))
		rc = error_nomem(error);
	if (rc == 0) {
		designs[0].body = arena_dup(&cli->arena, buf_view(&filter));
		designs[1].body = arena_dup(&cli->arena, buf_view(&index));
		rc = designs[0].body.ptr && designs[1].body.ptr ? 0 : error_nomem(error);
	}
	buf_fini(&filter);
	buf_fini(&index);
	catalog_close(catalog);
	return rc;
}

/* --- making it so ------------------------------------------------------------------------ */

static bool says_the_same(struct cli *cli, struct cf_str a, struct cf_str b)
{
	struct json_doc x, y;
	bool same;

	json_doc_init(&x, cli->mem);
	json_doc_init(&y, cli->mem);
	same = json_read(&x, a.ptr, a.len, JSON_READ_DOCUMENT, NULL) == 0 &&
	       json_read(&y, b.ptr, b.len, JSON_READ_DOCUMENT, NULL) == 0 &&
	       json_equal(json_root(&x), json_root(&y));
	json_doc_fini(&x);
	json_doc_fini(&y);
	return same;
}

static int write_design(struct cli *cli, struct cf_store *store, const struct design *design,
			const struct cf_revision *now, struct cf_error *error)
{
	struct cf_put put = {.id = design->id,
			     .kind = now ? CF_PUT_ON_REV : CF_PUT_ABSENT,
			     .rev = now ? now->rev : STR(""),
			     .deleted = !design->body.ptr,
			     .body = design->body.ptr ? design->body : STR("{}")};
	struct cf_answer answer;
	int rc = store_put(store, &put, 1, &cli->arena, &answer, error);

	if (rc == 0 && answer.code) {
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
		error_at_document(error, design->id);
	}
	return rc;
}

static int settle_design(const struct settling *settling, struct cf_str database,
			 struct cf_store *store, const struct design *design,
			 struct cf_error *error)
{
	struct cli *cli = settling->cli;
	struct cf_get get = {.id = design->id};
	struct cf_record record;
	const struct cf_revision *now;
	bool done, dry = cli_given(cli, "dry-run");
	int rc = store_get(store, &get, 1, CF_READ_BODIES, &cli->arena, &record, error);

	if (rc)
		return rc;
	now = record.revision_count && !record.revisions[0].deleted ? &record.revisions[0] : NULL;
	done = design->body.ptr ? now && says_the_same(cli, now->body, design->body) : !now;
	if (!done && !dry)
		rc = write_design(cli, store, design, now, error);
	if (rc)
		return rc;
	return cli_out_printf(cli, "%.*s%s%.*s: %s\n", STR_ARG(database), database.len ? " " : "",
			      STR_ARG(design->id),
			      done  ? "nothing to do"
			      : dry ? design->body.ptr ? "to be written" : "to be removed"
			      : design->body.ptr ? "written"
						 : "removed")
		       ? cli_out_error(cli, error)
		       : 0;
}

static int settle_in(void *ctx, struct cf_str name, struct cli_stores *stores,
		     struct cf_error *error)
{
	const struct settling *settling = ctx;
	int rc = 0;

	for (size_t i = 0; i < DESIGNS && rc == 0; i++)
		rc = settle_design(settling, name, stores->store, &settling->designs[i], error);
	return rc;
}

static int settle_all(struct cli *cli, const struct design designs[DESIGNS], struct cf_error *error)
{
	struct settling settling = {.cli = cli, .designs = designs};
	struct cli_server_walk walk = {.all = true, .each = settle_in, .ctx = &settling};
	struct cli_stores stores = {.store = NULL};
	int rc;

	if (cli_server_asked(cli))
		return cli_server_walk(cli, &walk, error);
	rc = store_open_existing(&stores.store, cli_option(cli, "store"), cli->env, cli->mem,
				 error);
	rc = rc ? rc : settle_in(&settling, STR(""), &stores, error);
	store_close(stores.store);
	return rc;
}

static int run_install(struct cli *cli, struct cf_error *error)
{
	struct design designs[DESIGNS] = {0};
	int rc = make_designs(cli, designs, error);

	if (rc == 0 && cli_given(cli, "validate"))
		cli_say(cli,
			"with --validate each write to a database takes the server about seven "
			"times as long, and it joins branches less often");
	return rc ? rc : settle_all(cli, designs, error);
}

static int run_remove(struct cli *cli, struct cf_error *error)
{
	struct design designs[DESIGNS] = {0};
	int rc = name_designs(cli, designs, error);

	return rc ? rc : settle_all(cli, designs, error);
}

/* --- the rows ---------------------------------------------------------------------------- */

static const struct cli_command install_command = {
	.name = "install",
	.summary = "write what apps of a version need in the database",
	.usage = "-c DIR --store URL [--db PATTERN...] --for VERSION [--validate] [--dry-run]",
	.help = "Writes _design/chesterfield-VERSION with a filter `channel`, which lets through "
		"what the selector for the version does: for servers that cannot select. And "
		"_design/chesterfield-VERSION-index with a Mango index on type and version, for "
		"the queries of `selector --exact`. Done again it does nothing; after a change "
		"of the catalog it writes what differs.\n\n"
		"--validate adds a function that the server asks of each write, whoever makes it. "
		"It "
		"refuses, with the reason: documents that their schema does not allow, that "
		"contradict their ids, or are of a version that the catalog does not support any "
		"more, and ids of one version where a reference should say the key. It costs the "
		"server about seven times the time for each write, and changes how it merges "
		"revisions that come without their history. Without --validate it is taken away "
		"again.\n\n"
		"With --db: in all databases of a server that match.",
	.options = options,
	.tells = true,
	.run = run_install,
};
static const struct cli_command remove_command = {
	.name = "remove",
	.summary = "take it away again",
	.usage = "--store URL [--db PATTERN...] --for VERSION [--dry-run]",
	.options = remove_options,
	.tells = true,
	.run = run_remove,
};

const struct cli_command cmd_channel = {
	.name = "channel",
	.summary = "what a database needs for apps of a version",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&install_command, &remove_command, NULL},
};
