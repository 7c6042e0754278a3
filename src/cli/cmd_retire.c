/* retire: stops serving a version, and deletes its documents if asked to. */
#include "cli/lists.h"
#include "cli/targets.h"

#include <inttypes.h>
#include <stdio.h>

enum { RECENT_DAYS = 90 };

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG, CLI_OPTION_STORE,
	CLI_OPTION_STATE,   {.name = "purge", .help = "delete the documents of that version, too"},
	CLI_OPTION_YES,     {.name = NULL},
};

struct retiring {
	struct cli *cli;
	struct catalog *catalog;
	const struct catalog_major *major;
	struct cf_str place; /* "todo-item@1" */
	struct cli_stores stores;
	bool already;
	uint64_t documents;
	struct sync_purged purged;
};

static int find_major(struct retiring *r, struct cf_error *error)
{
	struct cli *cli = r->cli;
	const struct catalog_type *types;
	struct cli_targets targets;
	size_t count = catalog_types(r->catalog, &types);
	int rc;

	if (!strchr(cli->args[0], '@'))
		return error_set(error, CF_ERR_USAGE,
				 "\"%s\" is no version of a type, like todo-item@1", cli->args[0]);
	rc = cli_targets_read(cli, r->catalog, cli->args[0], &targets, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (targets.majors[types[i].index])
			r->major = targets.majors[types[i].index];
	r->place = str_of(cli->args[0]);
	return rc;
}

/* --- what was written so far is carried to the others first ----------------------- */

static int catch_up(struct retiring *r, struct cf_error *error)
{
	struct cli *cli = r->cli;
	struct sync_options how = {.wait_ms = 0};
	struct sync *sync = NULL;
	uint64_t behind = 0;
	bool idle = false;
	int rc = sync_open(&sync, r->catalog, r->stores.store, &r->stores.state, &how, cli->env,
			   cli->mem, error);

	if (rc == 0)
		(void)sync_lag(sync, &behind, NULL);
	else if (rc == CF_ERR_UNSUPPORTED_OP && cli_option(cli, "state"))
		rc = cli_stores_name(cli, cli_option(cli, "state"), rc, error);
	cli_progress_start(cli, "changes", behind);
	while (rc == 0 && !idle) {
		rc = cli_interrupted() ? CF_ERR_INTERRUPTED : sync_step(sync, &idle, error);
		if (rc == 0)
			cli_progress_show(cli, sync_counted(sync)->changes);
		/* On a store that never rests: all that was there when this began. */
		idle = idle || (rc == 0 && sync_counted(sync)->changes > behind);
	}
	cli_progress_end(cli);
	sync_close(sync);
	return rc == CF_ERR_INTERRUPTED ? error_set(error, rc, "nothing was retired yet") : rc;
}

/* Tells the apps; a store that does not want to hear of it is no reason to stop. */
static int publish(struct retiring *r, struct cf_error *error)
{
	struct sync_options how = {.wait_ms = 0};
	struct sync *sync = NULL;
	int rc = sync_open(&sync, r->catalog, r->stores.store, &r->stores.state, &how, r->cli->env,
			   r->cli->mem, error);

	if (rc == 0)
		rc = sync_publish_support(sync, error);
	if (rc == CF_ERR_FORBIDDEN || rc == CF_ERR_INVALID) {
		cli_report(r->cli, error);
		rc = 0;
	}
	sync_close(sync);
	return rc;
}

/* --- asking -------------------------------------------------------------------------- */

static int warn_of_writes(struct retiring *r, struct cf_error *error)
{
	struct cli *cli = r->cli;
	struct sync_usage *usage;
	size_t count;
	int64_t now_ms = cli->env->now_ms(cli->env->ctx);
	int rc = sync_usage_read(&r->stores.state, r->catalog, &cli->arena, &usage, &count, error);

	for (size_t i = 0; i < count && rc == 0; i++) {
		int64_t days = (now_ms - usage[i].last_ms) / (24 * 3600 * 1000);

		char when[48] = "less than a day";

		if (days > 0)
			snprintf(when, sizeof(when), "%" PRId64 " day%s", days,
				 days == 1 ? "" : "s");
		if (str_equal(usage[i].version, r->place) && usage[i].last_ms && days < RECENT_DAYS)
			cli_say(cli,
				"people still write %.*s: %" PRIu64
				" writes so far, the last one %s ago",
				STR_ARG(r->place), usage[i].writes, when);
	}
	return rc;
}

static void warn_of_newest(struct retiring *r)
{
	const struct catalog_type *type = r->major->type;

	if (r->major == &type->majors[type->major_count - 1])
		cli_say(r->cli,
			"%.*s is the newest version: what only it can say is in no other one",
			STR_ARG(r->place));
}

static int ask(struct retiring *r, struct cf_error *error)
{
	int rc = warn_of_writes(r, error);

	warn_of_newest(r);
	if (rc || !cli_given(r->cli, "purge"))
		return rc;
	rc = sync_version_count(r->stores.store, r->catalog, r->major, &r->documents, r->cli->mem,
				error);
	if (rc || r->documents == 0)
		return rc;
	return cli_confirm(r->cli, error,
			   "retire %.*s and delete its %" PRIu64
			   " documents (other versions stay as they are)",
			   STR_ARG(r->place), r->documents);
}

/* --- doing --------------------------------------------------------------------------- */

static bool go_on(void *ctx, const struct sync_purged *so_far)
{
	cli_progress_show(ctx, so_far->deleted + so_far->kept);
	return !cli_interrupted();
}

static int purge(struct retiring *r, struct cf_error *error)
{
	struct sync_purge how = {.go_on = go_on, .ctx = r->cli};
	int rc;

	cli_progress_start(r->cli, "documents", r->documents);
	rc = sync_purge(r->stores.store, &r->stores.state, r->catalog, r->major, &how, &r->purged,
			r->cli->mem, error);
	cli_progress_end(r->cli);
	return rc;
}

static int tell(struct retiring *r, struct cf_error *error)
{
	struct cli *cli = r->cli;

	if (cli->json) {
		cli_out_printf(
			cli,
			"{\"version\":\"%.*s\",\"retired\":true,\"already\":%s,\"deleted\":%" PRIu64
			",\"kept\":%" PRIu64 "}\n",
			STR_ARG(r->place), r->already ? "true" : "false", r->purged.deleted,
			r->purged.kept);
		return cli->out.code ? cli_out_error(cli, error) : 0;
	}
	cli_say(cli, "%.*s is %s; its lenses still lead from older versions to newer ones",
		STR_ARG(r->place), r->already ? "retired already" : "no longer served");
	if (cli_given(cli, "purge"))
		cli_say(cli, "%" PRIu64 " documents deleted", r->purged.deleted);
	if (r->purged.kept)
		cli_say(cli,
			"%" PRIu64 " kept: they say something that reached no other version; see "
			"`quarantine list`",
			r->purged.kept);
	return 0;
}

static int retire(struct retiring *r, struct cf_error *error)
{
	int rc = find_major(r, error);

	if (rc == 0)
		rc = cli_stores_open(r->cli, &r->stores, error);
	if (rc == 0)
		rc = sync_retire_check(&r->stores.state, r->catalog, r->major, r->cli->mem, error);
	if (rc == 0)
		rc = ask(r, error);
	if (rc == 0)
		rc = catch_up(r, error);
	if (rc == 0)
		rc = sync_retire(&r->stores.state, r->catalog, r->major, r->cli->env, &r->already,
				 r->cli->mem, error);
	if (rc == 0)
		rc = publish(r, error);
	if (rc == 0 && cli_given(r->cli, "purge"))
		rc = purge(r, error);
	return rc ? rc : tell(r, error);
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct retiring r = {.cli = cli};
	int rc = catalog_open(&r.catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = retire(&r, error);
	cli_stores_close(&r.stores);
	catalog_close(r.catalog);
	return rc;
}

const struct cli_command cmd_retire = {
	.name = "retire",
	.summary = "stop serving a version, and delete its documents if asked to",
	.usage = "TYPE@MAJOR -c DIR --store URL [--state URL] [--purge] [--yes]",
	.help = "What was written to the version so far is carried to the others first. From then "
		"on no run makes or follows it, whatever `supported` in the catalog says; the "
		"record of that is in the state. Lenses still pass through it. The last version "
		"of a type cannot be retired.\n\n"
		"An app that writes to the version later does no harm: its document stays as it is "
		"and is listed in quarantine. Serving the version again is not possible; give its "
		"shape a new major instead.\n\n"
		"--purge says how many documents there are, asks, and deletes them, leaving "
		"tombstones; a document that somebody edited since is kept. Stopped half way, it "
		"goes on when it is called again.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run,
};
