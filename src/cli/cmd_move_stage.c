/* move advance, reverse, kill, evict: the stage. */
#include "cli/move.h"

static const struct cli_option options[] = {
	CLI_OPTION_MOVE,
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
		return cli_out_printf(cli, "{\"stage\":\"%s\"}\n",
				      cf_stage_info(status.stage)->name);
	cli_say(cli, "move %.*s: stage %s: %s", STR_ARG(move->config->name),
		cf_stage_info(status.stage)->name, cf_stage_info(status.stage)->sentence);
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

static int run_advance(struct cli *cli, struct cf_error *error)
{
	return change(cli, cf_move_advance, error);
}

static int run_reverse(struct cli *cli, struct cf_error *error)
{
	return change(cli, cf_move_reverse, error);
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

extern const struct cli_command cmd_move_advance, cmd_move_reverse, cmd_move_kill, cmd_move_evict;
const struct cli_command cmd_move_advance = {
	.name = "advance",
	.summary = "go one stage on",
	.usage = "[OPTIONS]",
	.help = "Refused (exit code 4) with the reason while a condition does not hold; `move "
		"status` lists them all. This version goes up to stage shadow.",
	.options = options,
	.run = run_advance,
};
const struct cli_command cmd_move_reverse = {
	.name = "reverse",
	.summary = "go one stage back",
	.usage = "[OPTIONS]",
	.options = options,
	.run = run_reverse,
};
const struct cli_command cmd_move_kill = {
	.name = "kill",
	.summary = "go to stage off at once",
	.usage = "[OPTIONS]",
	.help = "Only while the old store is the authority. What is written to it alone from now "
		"on is copied by the backfill that follows the next stage dualwrite.",
	.options = options,
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
	.run = run_evict,
};
