/* move: records go to another store while they are in use. */
#include "cli/move.h"

#include <inttypes.h>

static const struct cli_option options[] = {
	CLI_OPTION_MOVE,
	{.name = NULL},
};
static const struct cli_option plan_options[] = {
	CLI_OPTION_MOVE,
	{.name = "sample",
	 .argument = "N",
	 .help = "how many records are tried, in the order of the old store",
	 .fallback = "10000"},
	{.name = NULL},
};
static const struct cli_option start_options[] = {
	CLI_OPTION_MOVE,
	{.name = "compare-all",
	 .help = "the new store may have records: what only it has is deleted"},
	{.name = NULL},
};

/* --- plan -------------------------------------------------------------------------------- */

static const char *bytes_text(struct cli *cli, double bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	size_t unit = 0;

	while (bytes >= 1000 && unit + 1 < ARRAY_LEN(units)) {
		bytes /= 1000;
		unit++;
	}
	return arena_printf(&cli->arena, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]).ptr;
}

static void plan_text(struct cli *cli, const struct cf_move_config *config,
		      const struct cf_move_plan *plan)
{
	uint64_t misfits = 0;

	cli_out_printf(cli, "old      %s\n         %s records, about %s\n",
		       cli_move_url(cli, config->old_url), cli_move_count(cli, plan->old_records),
		       bytes_text(cli, plan->bytes));
	cli_out_printf(cli, "new      %s\n         %s records\n",
		       cli_move_url(cli, config->new_url), cli_move_count(cli, plan->new_records));
	cli_out_printf(cli, "tried    %s records", cli_move_count(cli, plan->sampled));
	if (plan->left_out)
		cli_out_printf(cli, ", %s left out by where", cli_move_count(cli, plan->left_out));
	if (plan->per_second >= 1)
		cli_out_printf(cli, "; at this rate (%s a second) all take %.0f s",
			       cli_move_count(cli, (uint64_t)plan->per_second),
			       (double)plan->old_records / plan->per_second);
	cli_out_bytes(cli, STR("\n"));
	for (size_t i = 0; i < plan->misfit_count; i++) {
		const struct cf_move_misfit *one = &plan->misfits[i];

		misfits += one->records;
		cli_out_printf(cli, "misfit   %s: %.*s (first: %.*s)\n",
			       cli_move_count(cli, one->records), STR_ARG(one->reason),
			       STR_ARG(one->key));
	}
	if (misfits == 0)
		cli_out_bytes(cli, STR("fit      all that were tried\n"));
	for (size_t i = 0; i < plan->note_count; i++)
		cli_out_printf(cli, "note     %.*s\n", STR_ARG(plan->notes[i]));
	cli_out_printf(cli, "possible guarantee: %s\n",
		       plan->intent_possible ? "intent, repair" : "repair");
}

static void plan_json(struct cli *cli, const struct cf_move_plan *plan)
{
	cli_out_printf(cli,
		       "{\"old_records\":%" PRIu64 ",\"new_records\":%" PRIu64
		       ",\"bytes\":%.0f,\"tried\":%" PRIu64 ",\"left_out\":%" PRIu64
		       ",\"per_second\":%.0f,\"intent_possible\":%s",
		       plan->old_records, plan->new_records, plan->bytes, plan->sampled,
		       plan->left_out, plan->per_second, plan->intent_possible ? "true" : "false");
	cli_move_texts(cli, "notes", plan->notes, plan->note_count);
	cli_out_bytes(cli, STR(",\"misfits\":["));
	for (size_t i = 0; i < plan->misfit_count; i++) {
		cli_out_printf(cli, "%s{\"records\":%" PRIu64, i ? "," : "",
			       plan->misfits[i].records);
		buf_str(&cli->out.buf, STR(",\"reason\":"));
		cli_move_text(&cli->out.buf, plan->misfits[i].reason);
		buf_str(&cli->out.buf, STR(",\"first\":"));
		cli_move_text(&cli->out.buf, plan->misfits[i].key);
		buf_byte(&cli->out.buf, '}');
	}
	cli_out_bytes(cli, STR("]}\n"));
}

static int run_plan(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	struct cf_move_plan plan;
	uint64_t sample = 0;
	int rc = cli_option_number(cli, "sample", 1, UINT64_MAX / 2, &sample, error);

	if (rc)
		return rc;
	rc = cli_move_open(cli, &move, error);
	cli_progress_start(cli, "records tried", 0);
	rc = rc ? rc : cf_move_plan(move.move, sample, &move.watch, &plan, error);
	cli_progress_end(cli);
	if (rc == 0 && cli->json)
		plan_json(cli, &plan);
	else if (rc == 0)
		plan_text(cli, move.config, &plan);
	if (rc == 0 && plan.misfit_count)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	cli_move_close(&move);
	return rc;
}

/* --- start and backfill ----------------------------------------------------------------------- */

static int run_start(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	int rc = cli_move_open(cli, &move, error);

	rc = rc ? rc : cf_move_start(move.move, cli_given(cli, "compare-all"), move.who, error);
	if (rc == 0)
		cli_say(cli, "move %.*s: started, at stage off", STR_ARG(move.config->name));
	cli_move_close(&move);
	return rc;
}

static void backfill_json(struct cli *cli, const struct cf_move_backfill *b)
{
	cli_out_printf(cli,
		       "{\"copied\":%" PRIu64 ",\"equal\":%" PRIu64 ",\"left_out\":%" PRIu64
		       ",\"refused\":%" PRIu64 ",\"unsettled\":%" PRIu64 ",\"deleted\":%" PRIu64
		       ",\"total\":%" PRIu64 ",\"done\":%s}\n",
		       b->copied, b->equal, b->left_out, b->refused, b->unsettled, b->deleted,
		       b->total, b->done ? "true" : "false");
}

static int run_backfill(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	struct cf_move_backfill sums = {0};
	int rc = cli_move_open(cli, &move, error);

	cli_progress_start(cli, "records", 0);
	rc = rc ? rc : cf_move_backfill(move.move, &move.watch, move.who, &sums, error);
	cli_progress_end(cli);
	if (rc == 0 && cli->json)
		backfill_json(cli, &sums);
	else if (rc == 0)
		cli_say(cli, "backfill: %s copied, %s were there, %s left out, %s refused",
			cli_move_count(cli, sums.copied), cli_move_count(cli, sums.equal),
			cli_move_count(cli, sums.left_out), cli_move_count(cli, sums.refused));
	if (rc == 0 && sums.deleted)
		cli_say(cli, "backfill: %s deleted, which the new store alone had",
			cli_move_count(cli, sums.deleted));
	if (rc == 0 && sums.unsettled)
		cli_say(cli,
			"backfill: %s changed faster than they could be copied; verify "
			"--repair",
			cli_move_count(cli, sums.unsettled));
	if (rc == 0 && (sums.refused || sums.unsettled))
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	cli_move_close(&move);
	return rc;
}

/* --- the rows ----------------------------------------------------------------------------------
 */

static const struct cli_command cmd_move_plan = {
	.name = "plan",
	.summary = "look at both stores, and change nothing",
	.usage = "[OPTIONS]",
	.help = "Counts, tries records against the new store and takes each back, and says what "
		"falls away because a store cannot do it.\n\n"
		"Exit code 3: the new store would refuse some.",
	.options = plan_options,
	.run = run_plan,
};
static const struct cli_command cmd_move_start = {
	.name = "start",
	.summary = "begin, at stage off",
	.usage = "[OPTIONS]",
	.help = "Writes the record of the move into the control store. The new store must be "
		"empty.",
	.options = start_options,
	.tells = true,
	.run = run_start,
};
static const struct cli_command cmd_move_backfill = {
	.name = "backfill",
	.summary = "copy what the new store lacks; run again to go on",
	.usage = "[OPTIONS]",
	.help = "Records may be written meanwhile: each is created only if it is absent, and the "
		"old store is read again behind it.\n\n"
		"Exit code 3: the new store refused some, which `move status` names.",
	.options = options,
	.tells = true,
	.run = run_backfill,
};
extern const struct cli_command cmd_move_verify, cmd_move_status, cmd_move_log;
extern const struct cli_command cmd_move_advance, cmd_move_reverse, cmd_move_abort;
extern const struct cli_command cmd_move_kill, cmd_move_require, cmd_move_complete;
extern const struct cli_command cmd_move_evict;
static const struct cli_command *const subcommands[] = {
	&cmd_move_plan,     &cmd_move_start,
	&cmd_move_backfill, &cmd_move_verify,
	&cmd_move_status,   &cmd_move_log,
	&cmd_move_advance,  &cmd_move_reverse,
	&cmd_move_abort,    &cmd_move_kill,
	&cmd_move_require,  &cmd_move_complete,
	&cmd_move_evict,    NULL,
};
const struct cli_command cmd_move = {
	.name = "move",
	.summary = "move records to another store",
	.usage = "COMMAND",
	.help = "A move is described by a file that names the old store, the new one, and a "
		"control store; docs/move.md says how.",
	.subcommands = subcommands,
};
