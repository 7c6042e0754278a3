/* run: job one. One database is a pool with one. */
#include "cli/following.h"
#include "cli/preview.h"
#include "cli/stores.h"
#include "store/store.h"
#include "sync/sync.h"

#include <inttypes.h>

enum { BATCH_MAX = 100000, LANES_MAX = 64, LOOK_MS = 100, WAIT_S_MAX = 86400 };

#define TELL_NS 60000000000u

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	{.name = "create", .help = "make the store of documents where there is none"},
	{.name = "once", .help = "end when there is nothing left to do"},
	{.name = "wait",
	 .argument = "SECONDS",
	 .help = "how long --once waits for a store that is away, locked or full",
	 .fallback = "10"},
	{.name = "log",
	 .argument = "FORMAT",
	 .help = "words to stderr as text, or as json: one object a line, with its time",
	 .fallback = "text"},
	{.name = "dry-run", .help = "say what would be made and what differs; write nothing"},
	{.name = "accept-changed", .help = "go on with schemas and lenses that were changed"},
	{.name = "rebuild", .help = "forget what was agreed on, and agree anew"},
	{.name = "batch", .argument = "N", .help = "changes taken at once", .fallback = "500"},
	{.name = "db",
	 .argument = "PATTERN",
	 .help = "all databases of the server that match, now and later; several times; !PATTERN: "
		 "not these"},
	{.name = "shard", .argument = "I/N", .help = "with --db: the I-th of N parts of them"},
	{.name = "connections",
	 .argument = "N",
	 .help = "with --db: to the server, at most",
	 .fallback = "8"},
	{.name = "lanes",
	 .argument = "N",
	 .help = "batches worked on at once; by default 4 where the store is a server, else 1"},
	{.name = NULL},
};

/* --- --dry-run ----------------------------------------------------------------------------- */

/* The state, where there is one; none is made. */
static int look_at_state(struct cli *cli, struct cli_stores *stores, const struct catalog *catalog,
			 struct cf_error *error)
{
	const char *url = cli_option(cli, "state");
	struct cf_buf made;
	size_t count;
	int rc = 0;

	buf_init(&made, cli->mem);
	if (!url) {
		rc = store_url_state(cli_option(cli, "store"), &made, error);
		if (rc == 0 && buf_byte(&made, '\0'))
			rc = error_nomem(error);
		url = made.ptr;
	}
	if (rc == 0)
		rc = store_open_existing(&stores->state_store, url, cli->env, cli->mem, error);
	buf_fini(&made);
	if (rc == CF_ERR_NO_DATABASE)
		return 0;
	if (rc == 0 && state_init(&stores->state, stores->state_store,
				  state_database_of(stores->store), cli->mem))
		rc = error_nomem(error);
	return rc ? rc : cli_tell_changed(cli, &stores->state, catalog, &count, error);
}

static int dry_run(struct cli *cli, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	struct catalog *catalog = NULL;
	const char *url = cli_option(cli, "store");
	int rc = catalog_open(&catalog, cli_option(cli, "catalog"), cli->mem, error);

	cli->out.looking = true;
	if (rc == 0)
		rc = store_open_existing(&stores.store, url, cli->env, cli->mem, error);
	if (rc == 0)
		rc = cli_stores_name(cli, url, sync_check_store(stores.store, error), error);
	if (rc == 0)
		rc = look_at_state(cli, &stores, catalog, error);
	if (rc == 0)
		rc = cli_preview(cli, stores.store, catalog, error);
	cli_stores_close(&stores);
	catalog_close(catalog);
	return rc;
}

/* --- following --------------------------------------------------------------------------- */

/* What was there at the start, without what this run wrote itself: that stands at the end
 * of the feed, and is passed over when all else is done. Behind it there is no end to be
 * told. */
static void show_progress(struct cli *cli, const struct sync_pool_counts *counts,
			  uint64_t *at_start)
{
	struct cli_progress *progress = &cli->progress;
	uint64_t left = 0;

	if (counts->reading) {
		progress->total = counts->reading_total;
		cli_progress_show(cli, counts->reading_done);
		return;
	}
	if (!*at_start)
		*at_start = counts->behind;
	if (counts->behind > counts->sum.documents_written)
		left = counts->behind - counts->sum.documents_written;
	progress->total = left && left < *at_start ? *at_start : 0;
	cli_progress_show(cli, progress->total ? *at_start - left : counts->sum.changes);
}

/* Databases that are through, of those that are known. */
static void show_databases(struct cli *cli, struct following *following,
			   const struct sync_pool_counts *counts)
{
	struct sync_scout_counts found;
	size_t waiting = counts->databases[SYNC_POOL_FIRST] + counts->databases[SYNC_POOL_BUSY];

	sync_scout_count(following->scout, &found);
	cli->progress.total = waiting ? found.databases : 0;
	cli_progress_show(cli, found.databases > waiting ? found.databases - waiting : 0);
}

/* What the log was told last. */
struct told {
	uint64_t ns;
	uint64_t changes;
};

/* What it follows: for the log of a service. Who is to end says what was done instead. */
static void tell_start(struct cli *cli, struct told *told)
{
	struct cf_buf shown;

	*told = (struct told){.ns = cli->env->monotonic_ns(cli->env->ctx)};
	if (cli_given(cli, "once"))
		return;
	buf_init(&shown, cli->mem);
	if (store_url_redact(cli_option(cli, "store"), &shown) == 0)
		cli_say(cli, "following %.*s by the catalog %s", STR_ARG(buf_view(&shown)),
			cli_option(cli, "catalog"));
	buf_fini(&shown);
	cli_notify("READY=1");
}

/* Where nobody sees a progress line: a line a minute, while something happens. */
static void tell_progress(struct cli *cli, const struct sync_pool_counts *counts, struct told *told)
{
	uint64_t now_ns = cli->env->monotonic_ns(cli->env->ctx);

	if (cli->progress.shown || now_ns - told->ns < TELL_NS)
		return;
	told->ns = now_ns;
	if (counts->sum.changes == told->changes)
		return;
	told->changes = counts->sum.changes;
	cli_say(cli, "%" PRIu64 " changes read, %" PRIu64 " documents written", counts->sum.changes,
		counts->sum.documents_written);
}

/* Until all databases that are there have nothing to do (--once), or as below. */
static int follow_databases(struct cli *cli, struct following *following, struct cf_error *error)
{
	struct sync_pool_counts counts;
	bool quiet = false, once = cli_given(cli, "once");
	struct told told;

	tell_start(cli, &told);
	cli_progress_start(cli, "databases", 0);
	while (!quiet && !cli_interrupted() && following_failure(following, error) == 0) {
		bool looked = sync_scout_wait(following->scout, once ? 1 : UINT64_MAX, LOOK_MS);

		quiet = looked && sync_pool_wait(following->pool, LOOK_MS);
		sync_pool_count(following->pool, &counts);
		following_lock(following);
		show_databases(cli, following, &counts);
		tell_progress(cli, &counts, &told);
		following_unlock(following);
	}
	return cli_interrupted() ? CF_ERR_INTERRUPTED : following_failure(following, error);
}

/* Until there is nothing to do (--once), something is wrong, or a signal comes. */
static int follow(struct cli *cli, struct following *following, struct cf_error *error)
{
	struct sync_pool_counts counts;
	uint64_t at_start = 0;
	bool quiet = false;
	struct told told;

	tell_start(cli, &told);
	cli_progress_start(cli, "changes", 0);
	while (!quiet && !cli_interrupted() && following_failure(following, error) == 0) {
		quiet = sync_pool_wait(following->pool, LOOK_MS);
		sync_pool_count(following->pool, &counts);
		following_lock(following);
		show_progress(cli, &counts, &at_start);
		tell_progress(cli, &counts, &told);
		following_unlock(following);
	}
	return cli_interrupted() ? CF_ERR_INTERRUPTED : following_failure(following, error);
}

static int tell(struct cli *cli, const struct sync_counters *c, uint64_t took_ns)
{
	double seconds = (double)took_ns / 1e9;
	uint64_t written = c->documents_written + c->records_written;

	if (cli->json)
		return cli_out_printf(cli,
				      "{\"changes\":%" PRIu64 ",\"passed_over\":%" PRIu64
				      ",\"unsupported\":%" PRIu64 ",\"lineages\":%" PRIu64
				      ",\"documents_written\":%" PRIu64
				      ",\"records_written\":%" PRIu64 ",\"conflicts\":%" PRIu64
				      ",\"quarantined\":%" PRIu64 ",\"incomplete\":%" PRIu64
				      ",\"seconds\":%.3f}\n",
				      c->changes, c->passed_over, c->unsupported, c->lineages,
				      c->documents_written, c->records_written, c->conflicts,
				      c->quarantined, c->incomplete, seconds);
	cli_say(cli,
		"%" PRIu64 " changes, %" PRIu64 " documents and %" PRIu64
		" state records written in %.2f s (%.0f/s)",
		c->changes, c->documents_written, c->records_written, seconds,
		seconds > 0 ? (double)written / seconds : 0);
	if (c->conflicts)
		cli_say(cli, "%" PRIu64 " contested edit%s: see `conflicts list`", c->conflicts,
			c->conflicts == 1 ? "" : "s");
	if (c->quarantined + c->unsupported)
		cli_say(cli, "%" PRIu64 " in quarantine: see `quarantine list`",
			c->quarantined + c->unsupported);
	if (c->incomplete)
		cli_say(cli,
			"%" PRIu64 " wait%s for documents that have not arrived: see "
			"`incomplete list`",
			c->incomplete, c->incomplete == 1 ? "s" : "");
	if (c->passed_over)
		cli_say(cli, "%" PRIu64 " of other types passed over", c->passed_over);
	return 0;
}

/* What was asked for, or what goes with the store. */
static int read_options(struct cli *cli, struct sync_options *ret, uint64_t *ret_wait_s,
			struct cf_error *error)
{
	uint64_t batch = 0, lanes = store_url_lanes(cli_option(cli, "store"));
	int rc = cli_option_number(cli, "batch", 1, BATCH_MAX, &batch, error);

	if (rc == 0)
		rc = cli_option_number(cli, "wait", 0, WAIT_S_MAX, ret_wait_s, error);
	if (rc == 0 && cli_given(cli, "lanes"))
		rc = cli_option_number(cli, "lanes", 1, LANES_MAX, &lanes, error);
	ret->batch_changes_max = batch;
	ret->lanes = lanes;
	return rc;
}

static int follow_database(struct cli *cli, struct cf_error *error)
{
	uint64_t start = cli->env->monotonic_ns(cli->env->ctx);
	struct sync_options sync = {.wait_ms = 0};
	struct following following = {.cli = cli};
	struct many many = {.cli = cli};
	bool asked = many_asked(cli);
	struct sync_pool_counts counts = {.slices = 0};
	uint64_t wait_s = 0;
	int rc = read_options(cli, &sync, &wait_s, error);

	if (rc)
		return rc;
	if (asked) {
		sync.lanes = 1;
		rc = many_init(&many, cli, error);
		many.wait_s = wait_s;
		rc = rc ? rc : following_open_many(&following, &many, &sync, error);
		rc = rc ? rc : follow_databases(cli, &following, error);
	} else {
		rc = following_open(&following, cli, &sync, wait_s, error);
		if (rc == 0)
			rc = sync_pool_add(following.pool, STR(""), SYNC_POOL_FRESH, error);
		rc = rc ? rc : follow(cli, &following, error);
	}
	if (following.pool)
		following_close(&following, &counts);
	if (asked)
		many_fini(&many);
	cli_progress_end(cli);
	if ((rc == 0 || rc == CF_ERR_INTERRUPTED) &&
	    tell(cli, &counts.sum, cli->env->monotonic_ns(cli->env->ctx) - start))
		rc = cli_out_error(cli, error);
	return rc;
}

static int take_log(struct cli *cli, struct cf_error *error)
{
	const char *log = cli_option(cli, "log");

	cli->log_json = strcmp(log, "json") == 0;
	if (!cli->log_json && strcmp(log, "text") != 0)
		return error_set(error, CF_ERR_USAGE, "--log is text or json, not \"%s\"", log);
	return 0;
}

static int run(struct cli *cli, struct cf_error *error)
{
	int rc = take_log(cli, error);

	if (rc)
		return rc;
	rc = cli_given(cli, "dry-run") ? dry_run(cli, error) : follow_database(cli, error);
	cli_notify("STOPPING=1");
	if (rc == CF_ERR_INTERRUPTED)
		error_set(error, rc, "%s", "");
	return rc;
}

const struct cli_command cmd_run = {
	.name = "run",
	.summary = "keep every document in every supported version",
	.usage = "-c DIR --store URL [--state URL] [--db PATTERN...] [--once] [--create] "
		 "[--accept-changed] [--rebuild]",
	.help = "Follows the changes of a store and keeps, for each thing, one document per "
		"supported version. Every version may be written by somebody at any time: an "
		"edit made in one arrives in all others, and what only some versions can say "
		"is kept.\n\n"
		"Without --once it goes on until it is stopped. Stopped or killed at any point "
		"and started again, it comes to the same end. A document that is invalid waits "
		"in quarantine, one whose parts have not arrived is listed as incomplete; all "
		"others go on.\n\n"
		"With --db, --store names a CouchDB without a database, and all databases that "
		"match are followed, also those that are made later. What is known of one that is "
		"deleted is erased. --shard shares the work between processes.\n\n"
		"For each type it keeps a document schema-support@1:TYPE, which tells apps what "
		"versions are served.\n\n"
		"A schema or lens in use that says something else than at the last run is a "
		"decision: run names it and ends with exit code 4. --dry-run says what "
		"differs by it, --accept-changed goes on. New "
		"versions and types need no word.\n\n"
		"--rebuild is for a state that is wrong, or does not go with the documents, as "
		"after "
		"one of the two was restored from a copy: what was agreed on is forgotten, and "
		"everything is read once. No document is lost; where versions differ, the "
		"catalog's policy decides, and the loser goes to the list of conflicts.",
	.options = options,
	.tells = true,
	.run = run,
};
