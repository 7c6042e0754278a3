/* run: job one on one database. */
#include "cli/engines.h"
#include "cli/preview.h"
#include "cli/stores.h"
#include "store/store.h"
#include "sync/sync.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum {
	ANNOUNCE_MS = 10000,
	WAIT_MS = 500,
	BATCH_MAX = 100000,
	PAUSE_MS_MAX = 30000,
	WAIT_S_MAX = 86400,
};

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
	{.name = "dry-run", .help = "say what would be made and what differs; write nothing"},
	{.name = "accept-changed", .help = "go on with schemas and lenses that were changed"},
	{.name = "rebuild", .help = "forget what was agreed on, and agree anew"},
	{.name = "batch", .argument = "N", .help = "changes taken at once", .fallback = "500"},
	{.name = NULL},
};

struct job {
	struct cli *cli;
	struct catalog *catalog;
	struct cf_store *store, *state_store;
	struct state state;
	struct sync *sync;
	struct sync_counters again; /* what failed steps took: the next ones take it again */
	uint64_t behind;            /* when something was last achieved */
	uint64_t at_start;          /* changes that were there */
	uint64_t written;
	uint64_t failing_ns; /* since when steps have failed */
	char host[256];
	char space[CLI_SPACE_BYTES];
};

static int open_stores(struct job *job, struct cf_error *error)
{
	struct cli *cli = job->cli;
	const char *url = cli_option(cli, "store"), *state = cli_option(cli, "state");
	struct cf_buf made;
	int rc;

	buf_init(&made, cli->mem);
	rc = cli_given(cli, "create")
		     ? store_open(&job->store, url, cli->env, cli->mem, error)
		     : store_open_existing(&job->store, url, cli->env, cli->mem, error);
	/* Before a state is made beside documents that are none. */
	if (rc == 0)
		rc = cli_stores_name(cli, url, sync_check_store(job->store, error), error);
	if (rc == 0 && !state) {
		rc = store_url_state(url, &made, error);
		if (rc == 0 && buf_byte(&made, '\0'))
			rc = error_nomem(error);
		state = made.ptr;
	}
	if (rc == 0)
		rc = store_open_beside(&job->state_store, job->store, state, cli->env, cli->mem,
				       error);
	buf_fini(&made);
	if (rc == 0)
		rc = sync_check_apart(job->store, job->state_store, error);
	if (rc == 0 &&
	    state_init(&job->state, job->state_store, state_database_of(job->store), cli->mem))
		rc = error_nomem(error);
	return rc;
}

/* Two runs do no harm; but somebody may have started the second one by mistake. */
static void tell_newcomer(void *ctx, const struct sync_engine *engine)
{
	cli_say(ctx,
		"another run is at work on this store: process %ld on %.*s; both may go on, one is "
		"enough",
		engine->pid, STR_ARG(engine->host));
}

static void tell_unlisted(void *ctx, const struct cf_error *why)
{
	struct cf_error error = *why;

	error_prefix(&error, error.code,
		     "waits, and the state does not even take its entry in the list of quarantine");
	cli_report(ctx, &error);
}

/* Names what was changed of the catalog in use. */
static int tell_changed(struct job *job, size_t *ret_count, struct cf_error *error)
{
	struct cli *cli = job->cli;
	struct sync_changed *changed;
	int rc = sync_catalog_check(&job->state, job->catalog, &cli->arena, &changed, ret_count,
				    error);

	for (size_t i = 0; i < *ret_count && rc == 0; i++)
		cli_say(cli,
			"%s was changed: since %.*s it said something else; it touches %" PRIu64
			" documents of %.*s, in all their versions",
			changed[i].file, STR_ARG(changed[i].since), changed[i].lineages,
			STR_ARG(changed[i].type));
	return rc;
}

/* A lens or schema in use that says something else is somebody's decision. */
static int check_catalog(struct job *job, struct cf_error *error)
{
	size_t count;
	int rc = tell_changed(job, &count, error);

	if (rc == 0 && count && !cli_given(job->cli, "accept-changed"))
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "a schema or lens in use was changed: what people wrote may be "
			       "turned over when it is edited next. See --dry-run; put it back, "
			       "give it a new major, or go on with --accept-changed");
	return rc;
}

/* The state, where there is one; none is made. */
static int look_at_state(struct job *job, struct cf_error *error)
{
	struct cli *cli = job->cli;
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
		rc = store_open_existing(&job->state_store, url, cli->env, cli->mem, error);
	buf_fini(&made);
	if (rc == CF_ERR_NO_DATABASE)
		return 0;
	if (rc == 0 &&
	    state_init(&job->state, job->state_store, state_database_of(job->store), cli->mem))
		rc = error_nomem(error);
	return rc ? rc : tell_changed(job, &count, error);
}

static int dry_run(struct job *job, struct cf_error *error)
{
	struct cli *cli = job->cli;
	const char *url = cli_option(cli, "store");
	int rc = catalog_open(&job->catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = store_open_existing(&job->store, url, cli->env, cli->mem, error);
	if (rc == 0)
		rc = cli_stores_name(cli, url, sync_check_store(job->store, error), error);
	if (rc == 0)
		rc = look_at_state(job, error);
	return rc ? rc : cli_preview(cli, job->store, job->catalog, error);
}

static int rebuild(struct job *job, struct cf_error *error)
{
	struct cli *cli = job->cli;
	bool asked = cli_given(cli, "rebuild"), pending = false;
	uint64_t forgotten;
	int rc = sync_rebuild_pending(&job->state, &pending, cli->mem, error);

	if (rc || (!asked && !pending))
		return rc;
	cli_say(cli,
		"%s what was agreed on; everything is read once, what is contested is decided "
		"by the catalog's policy. Retired versions, contested edits and usage are kept",
		asked ? "forgetting" : "going on with a rebuild: forgetting");
	rc = cli_engines_clear(cli, &job->state, error);
	if (rc == 0)
		rc = sync_rebuild(&job->state, &forgotten, cli->mem, error);
	if (rc == 0)
		cli_say(cli, "%" PRIu64 " records forgotten", forgotten);
	return rc;
}

/* A store that does not want these documents is no reason to stop. */
static int publish_support(struct job *job, struct cf_error *error)
{
	int rc = sync_publish_support(job->sync, error);

	if (rc != CF_ERR_FORBIDDEN && rc != CF_ERR_INVALID)
		return rc;
	cli_report(job->cli, error);
	return 0;
}

static int open_sync(struct job *job, const struct sync_options *how, struct cf_error *error)
{
	struct cli *cli = job->cli;
	const char *state = cli_option(cli, "state");
	int rc = sync_open(&job->sync, job->catalog, job->store, &job->state, how, cli->env,
			   cli->mem, error);

	/* The store of the documents was looked at before: this is said of the state. */
	return rc == CF_ERR_UNSUPPORTED_OP && state ? cli_stores_name(cli, state, rc, error) : rc;
}

static int open_job_once(struct job *job, struct cf_error *error)
{
	struct cli *cli = job->cli;
	bool once = cli_given(cli, "once");
	struct sync_options sync_options = {.wait_ms = once ? 0 : WAIT_MS,
					    .host = job->host,
					    .space = job->space,
					    .life = cli_engine_life,
					    .pid = (long)getpid(),
					    .announce_after_ms = once ? ANNOUNCE_MS : 0,
					    .newcomer = tell_newcomer,
					    .unlisted = tell_unlisted,
					    .ctx = cli};
	uint64_t batch = 0;
	uint64_t wait_s;
	int rc = cli_option_number(cli, "batch", 1, BATCH_MAX, &batch, error);

	rc = rc ? rc : cli_option_number(cli, "wait", 0, WAIT_S_MAX, &wait_s, error);

	sync_options.batch_changes_max = batch;
	cli_engine_space(job->space);
	if (gethostname(job->host, sizeof(job->host) - 1))
		job->host[0] = '\0';
	if (rc == 0)
		rc = catalog_open(&job->catalog, cli_option(cli, "catalog"), cli->mem, error);
	if (rc == 0)
		rc = open_stores(job, error);
	if (rc == 0)
		rc = check_catalog(job, error);
	if (rc == 0)
		rc = rebuild(job, error);
	rc = rc ? rc : open_sync(job, &sync_options, error);
	rc = rc ? rc : sync_catalog_accept(&job->state, job->catalog, cli->env, cli->mem, error);
	return rc ? rc : publish_support(job, error);
}

static void close_job(struct job *job)
{
	/* What cannot be taken back now is taken for gone in half a minute. */
	if (job->sync)
		(void)sync_leave(job->sync, NULL);
	sync_close(job->sync);
	state_fini(&job->state);
	store_close(job->state_store);
	store_close(job->store);
	catalog_close(job->catalog);
}

/* Sleeps in short turns, so that a signal is heard. */
static void pause_ms(unsigned ms)
{
	while (ms > 0 && !cli_interrupted()) {
		unsigned turn = ms < 50 ? ms : 50;
		struct timespec time = {.tv_nsec = (long)turn * 1000000};

		nanosleep(&time, NULL);
		ms -= turn;
	}
}

/* A store that is away or busy for the moment: longer and longer pauses, with a
 * third of chance in them. Who is to end tells of it when it ends, and only then. */
static int wait_and_retry(struct job *job, const struct cf_error *error, unsigned *tries)
{
	const struct cf_env *env = job->cli->env;
	unsigned pause = 100u << (*tries < 9 ? *tries : 9);
	bool once = cli_given(job->cli, "once");
	uint64_t now_ns = env->monotonic_ns(env->ctx), wait_s = 0;

	if (*tries == 0)
		job->failing_ns = now_ns;
	if (cf_error_class(error->code) != CF_CLASS_RETRYABLE || error->code == CF_ERR_NOMEM ||
	    cli_option_number(job->cli, "wait", 0, WAIT_S_MAX, &wait_s, NULL) ||
	    (once && now_ns - job->failing_ns >= wait_s * 1000000000))
		return error->code;
	if (*tries == 0 && !once)
		cli_report(job->cli, error);
	(*tries)++;
	if (pause > PAUSE_MS_MAX)
		pause = PAUSE_MS_MAX;
	pause_ms(pause - (unsigned)(env->random(env->ctx) % (pause / 3)));
	return 0;
}

/* A store that is away when we start is waited for, as one that goes away later. */
static int open_job(struct job *job, struct cf_error *error)
{
	unsigned tries = 0;
	int rc = open_job_once(job, error);

	while (rc && !cli_interrupted() && wait_and_retry(job, error, &tries) == 0) {
		struct job fresh = {.cli = job->cli, .failing_ns = job->failing_ns};

		close_job(job);
		*job = fresh;
		rc = cli_interrupted() ? CF_ERR_INTERRUPTED : open_job_once(job, error);
	}
	return rc;
}

/* Whether more was written, or less is left to read. A step that went well says little:
 * between two that fail for want of room, one may find that it has nothing to write. */
static bool has_moved_on(struct job *job)
{
	const struct sync_counters *counters = sync_counted(job->sync);
	uint64_t written = counters->documents_written + counters->records_written;
	uint64_t behind = job->behind;
	bool moved;

	(void)sync_lag(job->sync, &behind, NULL);
	moved = written > job->written || behind < job->behind;
	job->written = written;
	if (moved)
		job->behind = behind;
	return moved;
}

static void note_again(struct job *job, const struct sync_counters *before)
{
	const struct sync_counters *now = sync_counted(job->sync);

	job->again.changes += now->changes - before->changes;
	job->again.passed_over += now->passed_over - before->passed_over;
}

/* What was there at the start, without what this run wrote itself: that stands at the end
 * of the feed, and is passed over when all else is done. Behind it there is no end to be
 * told. */
static void show_progress(struct job *job)
{
	const struct sync_counters *c = sync_counted(job->sync);
	struct cli *cli = job->cli;
	uint64_t behind = 0, left = 0;

	if (!cli_progress_due(cli))
		return;
	if (sync_reading(job->sync, &left, &cli->progress.total)) {
		cli_progress_show(cli, left);
		return;
	}
	if (sync_lag(job->sync, &behind, NULL))
		return;
	if (behind > c->documents_written)
		left = behind - c->documents_written;
	cli->progress.total = left && left < job->at_start ? job->at_start : 0;
	cli_progress_show(cli, cli->progress.total ? job->at_start - left
						   : c->changes - job->again.changes);
}

static int follow(struct job *job, struct cf_error *error)
{
	unsigned tries = 0;
	bool idle = false;

	(void)sync_lag(job->sync, &job->behind, NULL);
	job->at_start = job->behind;
	cli_progress_start(job->cli, "changes", job->behind);
	while (!cli_interrupted()) {
		struct sync_counters before = *sync_counted(job->sync);
		int rc = sync_step(job->sync, &idle, error);

		if (rc) {
			note_again(job, &before);
			rc = wait_and_retry(job, error, &tries);
			if (rc)
				return rc;
			continue;
		}
		if (tries && (idle || has_moved_on(job)))
			tries = 0;
		show_progress(job);
		if (idle && cli_given(job->cli, "once"))
			return 0;
	}
	return CF_ERR_INTERRUPTED;
}

static int tell(struct job *job, uint64_t took_ns)
{
	const struct sync_counters *c = sync_counted(job->sync);
	double seconds = (double)took_ns / 1e9;
	uint64_t written = c->documents_written + c->records_written;
	uint64_t changes = c->changes - job->again.changes;
	uint64_t passed_over = c->passed_over - job->again.passed_over;

	if (job->cli->json)
		return cli_out_printf(
			job->cli,
			"{\"changes\":%" PRIu64 ",\"passed_over\":%" PRIu64
			",\"unsupported\":%" PRIu64 ",\"lineages\":%" PRIu64
			",\"documents_written\":%" PRIu64 ",\"records_written\":%" PRIu64
			",\"conflicts\":%" PRIu64 ",\"quarantined\":%" PRIu64
			",\"incomplete\":%" PRIu64 ",\"seconds\":%.3f}\n",
			changes, passed_over, c->unsupported, c->lineages, c->documents_written,
			c->records_written, c->conflicts, c->quarantined, c->incomplete, seconds);
	cli_say(job->cli,
		"%" PRIu64 " changes, %" PRIu64 " documents and %" PRIu64
		" state records written in %.2f s (%.0f/s)",
		changes, c->documents_written, c->records_written, seconds,
		seconds > 0 ? (double)written / seconds : 0);
	if (c->conflicts)
		cli_say(job->cli, "%" PRIu64 " contested edits: see `conflicts list`",
			c->conflicts);
	if (c->quarantined + c->unsupported)
		cli_say(job->cli, "%" PRIu64 " in quarantine: see `quarantine list`",
			c->quarantined + c->unsupported);
	if (c->incomplete)
		cli_say(job->cli,
			"%" PRIu64 " wait for documents that have not arrived: see "
			"`incomplete list`",
			c->incomplete);
	if (passed_over)
		cli_say(job->cli, "%" PRIu64 " of other types passed over", passed_over);
	return 0;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct job job = {.cli = cli};
	uint64_t start = cli->env->monotonic_ns(cli->env->ctx);
	bool dry = cli_given(cli, "dry-run");
	int rc = dry ? dry_run(&job, error) : open_job(&job, error);

	if (rc == 0 && !dry) {
		rc = follow(&job, error);
		cli_progress_end(cli);
		if ((rc == 0 || rc == CF_ERR_INTERRUPTED) &&
		    tell(&job, cli->env->monotonic_ns(cli->env->ctx) - start))
			rc = cli_out_error(cli, error);
	}
	close_job(&job);
	if (rc == CF_ERR_INTERRUPTED)
		error_set(error, rc, "%s", "");
	return rc;
}

const struct cli_command cmd_run = {
	.name = "run",
	.summary = "keep every document in every supported version",
	.usage = "-c DIR --store URL [--state URL] [--once] [--create] [--accept-changed] "
		 "[--rebuild]",
	.help = "Follows the changes of a store and keeps, for each thing, one document per "
		"supported version. Every version may be written by somebody at any time: an "
		"edit made in one arrives in all others, and what only some versions can say "
		"is kept.\n\n"
		"Without --once it goes on until it is stopped. Stopped or killed at any point "
		"and started again, it comes to the same end. A document that is invalid waits "
		"in quarantine, one whose parts have not arrived is listed as incomplete; all "
		"others go on.\n\n"
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
	.run = run,
};
