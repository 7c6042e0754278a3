/* status, and the lists of job one: conflicts, quarantine, incomplete, usage. */
#include "cli/cli.h"
#include "store/store.h"
#include "sync/sync.h"

#include <inttypes.h>

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	{.name = NULL},
};

struct stores {
	struct cf_store *store, *state;
};

static int open_stores(struct cli *cli, struct stores *ret, struct cf_error *error)
{
	const char *url = cli_option(cli, "store"), *state = cli_option(cli, "state");
	struct cf_buf made;
	int rc;

	buf_init(&made, cli->mem);
	rc = store_open_existing(&ret->store, url, cli->env, cli->mem, error);
	rc = rc ? rc : sync_check_store(ret->store, error);
	if (rc == 0 && !state) {
		rc = store_url_state(url, &made, error);
		if (rc == 0 && buf_byte(&made, '\0'))
			rc = error_nomem(error);
		state = made.ptr;
	}
	/* The state of a database on which nothing ran is not there yet: made empty. */
	if (rc == 0)
		rc = store_open(&ret->state, state, cli->env, cli->mem, error);
	buf_fini(&made);
	return rc;
}

static void close_stores(struct stores *stores)
{
	store_close(stores->state);
	store_close(stores->store);
}

static int print_json(struct cli *cli, const struct sync_status *s)
{
	return cli_out_printf(cli,
			      "{\"started\":%s,\"behind\":%" PRIu64 ",\"changes\":%" PRIu64
			      ",\"documents_written\":%" PRIu64 ",\"passed_over\":%" PRIu64
			      ",\"unsupported\":%" PRIu64 ",\"conflicts\":%" PRIu64
			      ",\"quarantined\":%" PRIu64 ",\"incomplete\":%" PRIu64
			      ",\"oldest_incomplete_ms\":%" PRIu64 ",\"updated_ms\":%" PRId64 "}\n",
			      s->started ? "true" : "false", s->behind, s->changes,
			      s->documents_written, s->passed_over, s->unsupported, s->conflicts,
			      s->quarantined, s->incomplete, s->oldest_incomplete_ms,
			      s->updated_ms);
}

static int print_text(struct cli *cli, const struct sync_status *s, int64_t now_ms)
{
	if (!s->started)
		return cli_out_printf(
			cli, "nothing has run on this store yet; %" PRIu64 " changes to take\n",
			s->behind);
	cli_out_printf(cli, "checkpoint    %" PRIu64 " changes behind, written %.0f s ago\n",
		       s->behind, (double)(now_ms - s->updated_ms) / 1000);
	cli_out_printf(cli, "changes read  %" PRIu64 "\n", s->changes);
	cli_out_printf(cli, "written       %" PRIu64 " documents\n", s->documents_written);
	cli_out_printf(cli,
		       "passed over   %" PRIu64 " of other types, %" PRIu64
		       " of versions that are not supported\n",
		       s->passed_over, s->unsupported);
	cli_out_printf(cli, "incomplete    %" PRIu64, s->incomplete);
	if (s->incomplete)
		cli_out_printf(cli, ", the oldest for %.0f s",
			       (double)s->oldest_incomplete_ms / 1000);
	cli_out_printf(cli, "\nquarantined   %" PRIu64 "\n", s->quarantined);
	return cli_out_printf(cli, "contested     %" PRIu64 "\n", s->conflicts);
}

static int run_status(struct cli *cli, struct cf_error *error)
{
	struct stores stores = {NULL, NULL};
	struct sync_status status;
	int rc = open_stores(cli, &stores, error);

	if (rc == 0)
		rc = sync_status_read(stores.store, stores.state, cli->env, &status, cli->mem,
				      error);
	if (rc == 0 && (cli->json ? print_json(cli, &status)
				  : print_text(cli, &status, cli->env->now_ms(cli->env->ctx))))
		rc = cli_out_error(cli, error);
	close_stores(&stores);
	return rc;
}

const struct cli_command cmd_status = {
	.name = "status",
	.summary = "how far `run` has come, and what waits",
	.usage = "--store URL [--state URL]",
	.options = options,
	.run = run_status,
};

/* --- lists ------------------------------------------------------------------------ */

static int print_entry(void *ctx, struct cf_str id, struct json_value body)
{
	struct cli *cli = ctx;

	(void)id;
	return cli_out_line(cli, json_span(body));
}

static int run_list(struct cli *cli, enum sync_list list, struct cf_error *error)
{
	struct stores stores = {NULL, NULL};
	int rc = open_stores(cli, &stores, error);

	if (rc == 0)
		rc = sync_walk(stores.state, list, print_entry, cli, cli->mem, error);
	if (cli->out.code)
		rc = cli_out_error(cli, error);
	close_stores(&stores);
	return rc;
}

static int run_conflicts(struct cli *cli, struct cf_error *error)
{
	return run_list(cli, SYNC_CONFLICTS, error);
}

static int run_quarantine(struct cli *cli, struct cf_error *error)
{
	return run_list(cli, SYNC_QUARANTINE, error);
}

static int run_incomplete(struct cli *cli, struct cf_error *error)
{
	return run_list(cli, SYNC_INCOMPLETE, error);
}

static int run_usage(struct cli *cli, struct cf_error *error)
{
	return run_list(cli, SYNC_USAGE, error);
}

static const struct cli_command conflicts_list = {
	.name = "list",
	.summary = "contested edits, one JSON object a line, with winner and loser",
	.usage = "--store URL [--state URL]",
	.options = options,
	.run = run_conflicts,
};
static const struct cli_command quarantine_list = {
	.name = "list",
	.summary = "documents that wait because something is wrong, with the reason",
	.usage = "--store URL [--state URL]",
	.options = options,
	.run = run_quarantine,
};
static const struct cli_command incomplete_list = {
	.name = "list",
	.summary = "documents that wait for others, with what and since when",
	.usage = "--store URL [--state URL]",
	.options = options,
	.run = run_incomplete,
};

const struct cli_command cmd_conflicts = {
	.name = "conflicts",
	.summary = "edits that had to give way to others",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&conflicts_list, NULL},
};
const struct cli_command cmd_quarantine = {
	.name = "quarantine",
	.summary = "documents that wait because something is wrong",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&quarantine_list, NULL},
};
const struct cli_command cmd_incomplete = {
	.name = "incomplete",
	.summary = "documents that wait for others to arrive",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&incomplete_list, NULL},
};
const struct cli_command cmd_usage = {
	.name = "usage",
	.summary = "which versions people still write, and when they last did",
	.usage = "--store URL [--state URL]",
	.options = options,
	.run = run_usage,
};
