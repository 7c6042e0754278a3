/* retire: stops serving a version, and deletes its documents if asked to. */
#include "cli/lists.h"
#include "cli/server.h"
#include "cli/targets.h"

#include <inttypes.h>
#include <stdio.h>

enum { RECENT_DAYS = 90 };

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "purge", .help = "delete the documents of that version, too"},
	CLI_OPTION_YES,
	{.name = NULL},
};

struct retiring {
	struct cli *cli;
	struct catalog *catalog;
	const struct catalog_major *major;
	struct cf_str place; /* "todo-item@1" */
	struct cli_stores stores;
	bool already;
	uint64_t documents; /* of that version; of all databases */
	uint64_t writes;    /* by people, lately */
	int64_t last_ms;    /* the last one */
	struct sync_purged purged;
	bool many; /* databases of a server */
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
	if (!r->many)
		cli_progress_start(cli, "changes", behind);
	while (rc == 0 && !idle) {
		rc = cli_interrupted() ? CF_ERR_INTERRUPTED : sync_step(sync, &idle, error);
		if (rc == 0 && !r->many)
			cli_progress_show(cli, sync_counted(sync)->changes);
		/* On a store that never rests: all that was there when this began. */
		idle = idle || (rc == 0 && sync_counted(sync)->changes > behind);
	}
	if (!r->many)
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

static int count_writes(struct retiring *r, struct cf_error *error)
{
	struct sync_usage *usage;
	size_t count = 0;
	int rc = sync_usage_read(&r->stores.state, r->catalog, &r->cli->arena, &usage, &count,
				 error);

	for (size_t i = 0; i < count && rc == 0; i++) {
		if (!str_equal(usage[i].version, r->place))
			continue;
		r->writes += usage[i].writes;
		r->last_ms = usage[i].last_ms > r->last_ms ? usage[i].last_ms : r->last_ms;
	}
	return rc;
}

static void warn_of_writes(struct retiring *r)
{
	struct cli *cli = r->cli;
	int64_t days = (cli->env->now_ms(cli->env->ctx) - r->last_ms) / (24 * 3600 * 1000);
	char when[48] = "less than a day";

	if (!r->last_ms || days >= RECENT_DAYS)
		return;
	if (days > 0)
		snprintf(when, sizeof(when), "%" PRId64 " day%s", days, days == 1 ? "" : "s");
	cli_say(cli, "people still write %.*s: %" PRIu64 " writes so far, the last one %s ago",
		STR_ARG(r->place), r->writes, when);
}

static void warn_of_newest(struct retiring *r)
{
	const struct catalog_type *type = r->major->type;

	if (r->major == &type->majors[type->major_count - 1])
		cli_say(r->cli,
			"%.*s is the newest version: what only it can say is in no other one",
			STR_ARG(r->place));
}

/* Whether it can be done in a database, and what would be deleted there. */
static int look(struct retiring *r, struct cf_error *error)
{
	uint64_t documents = 0;
	int rc = sync_retire_check(&r->stores.state, r->catalog, r->major, r->cli->mem, error);

	rc = rc ? rc : count_writes(r, error);
	if (rc == 0 && cli_given(r->cli, "purge"))
		rc = sync_version_count(r->stores.store, r->catalog, r->major, &documents,
					r->cli->mem, error);
	r->documents += documents;
	return rc;
}

static int ask(struct retiring *r, uint64_t databases, struct cf_error *error)
{
	warn_of_writes(r);
	warn_of_newest(r);
	if (!cli_given(r->cli, "purge") || r->documents == 0)
		return 0;
	if (r->many)
		return cli_confirm(r->cli, error,
				   "retire %.*s in %" PRIu64 " databases, and delete its %" PRIu64
				   " documents there (other versions stay as they are)",
				   STR_ARG(r->place), databases, r->documents);
	return cli_confirm(r->cli, error,
			   "retire %.*s and delete its %" PRIu64
			   " documents (other versions stay as they are)",
			   STR_ARG(r->place), r->documents);
}

/* --- doing --------------------------------------------------------------------------- */

static bool go_on(void *ctx, const struct sync_purged *so_far)
{
	const struct retiring *r = ctx;

	if (!r->many)
		cli_progress_show(r->cli, so_far->deleted + so_far->kept);
	return !cli_interrupted();
}

static int purge(struct retiring *r, struct cf_error *error)
{
	struct sync_purge how = {.go_on = go_on, .ctx = r};
	int rc;

	if (!r->many)
		cli_progress_start(r->cli, "documents", r->documents);
	rc = sync_purge(r->stores.store, &r->stores.state, r->catalog, r->major, &how, &r->purged,
			r->cli->mem, error);
	if (!r->many)
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

/* In one database. */
static int retire(struct retiring *r, struct cf_error *error)
{
	int rc = catch_up(r, error);

	if (rc == 0)
		rc = sync_retire(&r->stores.state, r->catalog, r->major, r->cli->env, &r->already,
				 r->cli->mem, error);
	if (rc == 0)
		rc = publish(r, error);
	if (rc == 0 && cli_given(r->cli, "purge"))
		rc = purge(r, error);
	return rc;
}

static int retire_one(struct retiring *r, struct cf_error *error)
{
	int rc = cli_stores_open(r->cli, &r->stores, error);

	rc = rc ? rc : look(r, error);
	rc = rc ? rc : ask(r, 1, error);
	rc = rc ? rc : retire(r, error);
	return rc ? rc : tell(r, error);
}

/* --- in many databases ------------------------------------------------------------------------ */

static int look_at(void *ctx, struct cf_str name, struct cli_stores *stores, struct cf_error *error)
{
	struct retiring *r = ctx;

	(void)name;
	r->stores = *stores;
	return look(r, error);
}

static int retire_in(void *ctx, struct cf_str name, struct cli_stores *stores,
		     struct cf_error *error)
{
	struct retiring *r = ctx;
	struct sync_purged before = r->purged;
	int rc;

	(void)name;
	r->stores = *stores;
	r->purged = (struct sync_purged){0};
	rc = retire(r, error);
	r->purged.deleted += before.deleted;
	r->purged.kept += before.kept;
	return rc;
}

/* Nothing is done anywhere before all were looked at. Where it fails half way, what was done is
 * found done the next time. */
static int retire_many(struct retiring *r, struct cf_error *error)
{
	struct cli_server_walk walk = {.each = look_at, .ctx = r};
	int rc = cli_server_walk(r->cli, &walk, error);

	rc = rc ? rc : ask(r, walk.databases, error);
	walk.each = retire_in;
	rc = rc ? rc : cli_server_walk(r->cli, &walk, error);
	r->stores = (struct cli_stores){.store = NULL};
	r->already = false;
	if (rc)
		return rc;
	if (!r->cli->json)
		cli_say(r->cli, "in %" PRIu64 " databases:", walk.databases);
	return tell(r, error);
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct retiring r = {.cli = cli, .many = cli_server_asked(cli)};
	int rc = catalog_open(&r.catalog, cli_option(cli, "catalog"), cli->mem, error);

	rc = rc ? rc : find_major(&r, error);
	if (rc == 0)
		rc = r.many ? retire_many(&r, error) : retire_one(&r, error);
	cli_stores_close(&r.stores);
	catalog_close(r.catalog);
	return rc;
}

const struct cli_command cmd_retire = {
	.name = "retire",
	.summary = "stop serving a version, and delete its documents if asked to",
	.usage = "TYPE@MAJOR -c DIR --store URL [--state URL] [--db PATTERN...] [--purge] [--yes]",
	.help = "What was written to the version so far is carried to the others first. From then "
		"on no run makes or follows it, whatever `supported` in the catalog says; the "
		"record of that is in the state. Lenses still pass through it. The last version "
		"of a type cannot be retired.\n\n"
		"An app that writes to the version later does no harm: its document stays as it is "
		"and is listed in quarantine. Serving the version again is not possible; give its "
		"shape a new major instead.\n\n"
		"--purge says how many documents there are, asks, and deletes them, leaving "
		"tombstones; a document that somebody edited since is kept. Stopped half way, it "
		"goes on when it is called again.\n\n"
		"With --db: in all databases of a server that match and in which something ran, "
		"once "
		"all of them were looked at. Databases that are made later are not among them: "
		"take "
		"the version out of `supported`.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run,
};
