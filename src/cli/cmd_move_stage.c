/* move advance, reverse, abort, kill, complete, evict: the stage. */
#include "cli/move.h"

#include <math.h>
#include <stdlib.h>

static const struct cli_option options[] = {
	CLI_OPTION_MOVE,
	{.name = NULL},
};
static const struct cli_option advance_options[] = {
	CLI_OPTION_MOVE,
	{.name = "to", .argument = "STAGE", .help = "to this stage; else to the next"},
	{.name = "gate",
	 .argument = "PERCENT",
	 .help = "only so many of the keys go to the next stage (0 to 100, in steps of 0.01)"},
	{.name = NULL},
};
static const struct cli_option reverse_options[] = {
	CLI_OPTION_MOVE,
	{.name = "gate",
	 .argument = "PERCENT",
	 .help = "so many of the keys stay at the stage where they are"},
	{.name = NULL},
};
static const struct cli_option asking_options[] = {
	CLI_OPTION_MOVE,
	CLI_OPTION_YES,
	{.name = NULL},
};

static int tell_stage(struct cli *cli, struct cli_move *move, struct cf_error *error)
{
	struct cf_move_status status;
	int rc = cf_move_status(move->move, &status, error);

	if (rc)
		return rc;
	if (cli->json)
		return cli_out_printf(cli, "{\"stage\":\"%s\",\"gate\":%.2f}\n",
				      cf_stage_info(status.stage)->name, status.gate / 100.0);
	cli_say(cli, "move %.*s: stage %s: %s", STR_ARG(move->config->name),
		cf_stage_info(status.stage)->name, cf_stage_info(status.stage)->sentence);
	if (status.gate)
		cli_say(cli, "move %.*s: %g %% of the keys are at stage %s",
			STR_ARG(move->config->name), status.gate / 100.0,
			cf_stage_info(status.stage + 1)->name);
	return 0;
}

/* --gate, in hundredths of a percent. */
static int read_gate(struct cli *cli, unsigned *ret, struct cf_error *error)
{
	const char *text = cli_option(cli, "gate");
	char *end = NULL;
	double percent = text ? strtod(text, &end) : 0;
	double hundredths = percent * 100;

	if (text && (end == text || *end || !(percent >= 0 && percent <= 100) ||
		     fabs(hundredths - round(hundredths)) > 1e-6))
		return error_set(error, CF_ERR_USAGE,
				 "--gate: must be a number from 0 to 100, in steps of 0.01");
	*ret = (unsigned)lround(hundredths);
	return 0;
}

static int change(struct cli *cli,
		  int (*how)(struct cf_move *move, const char *who, struct cf_error *error),
		  struct cf_error *error)
{
	struct cli_move move;
	int rc = cli_move_open(cli, &move, error);

	rc = rc ? rc : how(move.move, move.who, error);
	rc = rc ? rc : tell_stage(cli, &move, error);
	cli_move_close(&move);
	return rc;
}

/* To --to, or by --gate on from the stage where it stands. */
static int go(struct cli *cli, struct cli_move *move, bool back, struct cf_error *error)
{
	const char *to = back ? NULL : cli_option(cli, "to");
	struct cf_move_status status;
	enum cf_stage stage = CF_STAGE_OFF;
	unsigned gate = 0;
	int rc = read_gate(cli, &gate, error);

	rc = rc ? rc : cf_move_status(move->move, &status, error);
	if (rc)
		return rc;
	if (to && !cf_stage_find(to, &stage))
		return error_set(error, CF_ERR_USAGE, "--to: there is no stage \"%s\"", to);
	if (!to)
		stage = status.stage;
	if (back && status.gate == 0 && stage > CF_STAGE_OFF)
		stage--;
	return cf_move_go(move->move, stage, gate, move->who, error);
}

static int run_advance(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	int rc = cli_move_open(cli, &move, error);

	if (rc == 0)
		rc = cli_given(cli, "gate") || cli_given(cli, "to")
			     ? go(cli, &move, false, error)
			     : cf_move_advance(move.move, move.who, error);
	rc = rc ? rc : tell_stage(cli, &move, error);
	cli_move_close(&move);
	return rc;
}

static int run_reverse(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	int rc = cli_move_open(cli, &move, error);

	if (rc == 0)
		rc = cli_given(cli, "gate") ? go(cli, &move, true, error)
					    : cf_move_reverse(move.move, move.who, error);
	rc = rc ? rc : tell_stage(cli, &move, error);
	cli_move_close(&move);
	return rc;
}

static int run_abort(struct cli *cli, struct cf_error *error)
{
	return change(cli, cf_move_abort, error);
}

static int run_require(struct cli *cli, struct cf_error *error)
{
	bool both = strcmp(cli->args[0], "both") == 0;
	struct cli_move move;
	int rc;

	if (!both && strcmp(cli->args[0], "authority") != 0)
		return error_set(error, CF_ERR_USAGE, "must be both or authority, not \"%s\"",
				 cli->args[0]);
	rc = cli_move_open(cli, &move, error);
	rc = rc ? rc
		: cf_move_require(move.move, both ? CF_REQUIRE_BOTH : CF_REQUIRE_AUTHORITY,
				  move.who, error);
	if (rc == 0)
		cli_say(cli, "move %.*s: require %s", STR_ARG(move.config->name), cli->args[0]);
	cli_move_close(&move);
	return rc;
}

static int run_complete(struct cli *cli, struct cf_error *error)
{
	int rc = cli_confirm(cli, error,
			     "No way leads back: from now on the old store is not written. Go on");

	return rc ? rc : change(cli, cf_move_complete, error);
}

static int run_kill(struct cli *cli, struct cf_error *error)
{
	return change(cli, cf_move_kill, error);
}

static int run_evict(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	int rc = cli_confirm(cli, error,
			     "Is the process of \"%s\" dead? If it is not, writes can be lost",
			     cli->args[0]);

	if (rc)
		return rc;
	rc = cli_move_open(cli, &move, error);
	rc = rc ? rc : cf_move_evict(move.move, cli->args[0], move.who, error);
	if (rc == 0)
		cli_say(cli, "\"%s\" is no longer waited for", cli->args[0]);
	cli_move_close(&move);
	return rc;
}

extern const struct cli_command cmd_move_advance, cmd_move_reverse, cmd_move_abort;
extern const struct cli_command cmd_move_kill, cmd_move_require, cmd_move_complete;
extern const struct cli_command cmd_move_evict;
const struct cli_command cmd_move_advance = {
	.name = "advance",
	.summary = "go one stage on, with all keys or a part of them",
	.usage = "[OPTIONS]",
	.help = "Refused (exit code 4) with the reason while a condition does not hold; `move "
		"status` lists them all.\n\n"
		"From shadow to live the keys are handed over: writes of these keys wait until all "
		"instances have none under way, a quarter of a second at most (timeouts.hold_ms); "
		"else nothing is handed over. No call fails.",
	.options = advance_options,
	.tells = true,
	.run = run_advance,
};
const struct cli_command cmd_move_reverse = {
	.name = "reverse",
	.summary = "go one stage back, with all keys or a part of them",
	.usage = "[OPTIONS]",
	.help = "From live to shadow the keys are handed back, once what the old store failed to "
		"write has been repaired.",
	.options = reverse_options,
	.tells = true,
	.run = run_reverse,
};
const struct cli_command cmd_move_abort = {
	.name = "abort",
	.summary = "go back to stage off, from wherever it stands",
	.usage = "[OPTIONS]",
	.help = "Where the new store is the authority, the keys are handed back first.",
	.options = options,
	.tells = true,
	.run = run_abort,
};
const struct cli_command cmd_move_require = {
	.name = "require",
	.summary = "say whose failure is the call's",
	.usage = "[OPTIONS] both|authority",
	.help = "With `both` the store that is not the authority is written first; if it fails, "
		"nothing is written and the caller hears so. With `authority` its failures are "
		"counted, kept and repaired. At any time, and undone as quickly.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run_require,
};
const struct cli_command cmd_move_complete = {
	.name = "complete",
	.summary = "end the move: the new store alone is used",
	.usage = "[OPTIONS]",
	.help = "From stage rampdown. Removes our tables of intents from both stores; the records "
		"of the old store stay as they are. May be run again where it was stopped.",
	.options = asking_options,
	.tells = true,
	.run = run_complete,
};
const struct cli_command cmd_move_kill = {
	.name = "kill",
	.summary = "go to stage off at once",
	.usage = "[OPTIONS]",
	.help = "Only while the old store is the authority. What is written to it alone from now "
		"on is copied by the backfill that follows the next stage dualwrite.",
	.options = options,
	.tells = true,
	.run = run_kill,
};
const struct cli_command cmd_move_evict = {
	.name = "evict",
	.summary = "no longer wait for an instance that is dead",
	.usage = "[OPTIONS] INSTANCE",
	.help = "An instance that does not confirm blocks `advance` and `backfill`. If its process "
		"is not dead, it may write at a stage that others have left.",
	.options = asking_options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run_evict,
};
