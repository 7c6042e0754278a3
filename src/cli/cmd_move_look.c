/* move verify, status, log: looking. */
#include "cli/move.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

static const struct cli_option options[] = {
	CLI_OPTION_MOVE,
	{.name = NULL},
};
static const struct cli_option verify_options[] = {
	CLI_OPTION_MOVE,
	{.name = "repair", .help = "copy what differs from the store that counts"},
	{.name = "resume", .help = "go on where the last verification was stopped"},
	{.name = "report",
	 .argument = "FILE",
	 .help = "the differences go there, and not to stdout"},
	{.name = NULL},
};

/* --- verify ---------------------------------------------------------------------------------- */

static void found(void *ctx, const struct cf_difference *difference)
{
	struct cli *cli = ctx;
	struct cf_buf *out = &cli->out.buf;

	buf_printf(out, "{\"result\":\"%s\",\"key\":", cf_difference_name(difference->kind));
	cli_move_text(out, difference->key);
	if (difference->kind == CF_CONTENT) {
		buf_str(out, STR(",\"field\":"));
		cli_move_text(out, difference->field);
		if (difference->old_value.ptr) {
			buf_str(out, STR(",\"old\":"));
			buf_str(out, difference->old_value);
		}
		if (difference->new_value.ptr) {
			buf_str(out, STR(",\"new\":"));
			buf_str(out, difference->new_value);
		}
	}
	if (difference->repaired)
		buf_str(out, STR(",\"repaired\":true"));
	buf_str(out, STR("}\n"));
	(void)cli_out_check(cli);
}

static int open_report(struct cli *cli, int *ret_before, struct cf_error *error)
{
	const char *path = cli_option(cli, "report");
	int fd;

	*ret_before = cli->out.fd;
	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		error_set(error, CF_ERR_IO, "cannot be written");
		error_at_file(error, str_of(path), 0);
		return CF_ERR_IO;
	}
	cli->out.fd = fd;
	return 0;
}

static int close_report(struct cli *cli, int before, int rc, struct cf_error *error)
{
	if (cli->out.fd == before)
		return rc;
	if (cli_out_flush(cli) && rc == 0)
		rc = cli_out_error(cli, error);
	close(cli->out.fd);
	cli->out.fd = before;
	return rc;
}

static void verify_counters(struct cli *cli, const struct cf_move_verify *v)
{
	cli_out_printf(cli,
		       "{\"num_success\":%" PRIu64 ",\"num_missing\":%" PRIu64
		       ",\"num_mismatch\":%" PRIu64 ",\"num_extraneous\":%" PRIu64
		       ",\"num_conditional_success\":%" PRIu64 ",\"num_live_retry\":%" PRIu64
		       ",\"num_repaired\":%" PRIu64 ",\"left_out\":%" PRIu64 "}\n",
		       v->num_success, v->num_missing, v->num_mismatch, v->num_extraneous,
		       v->num_conditional_success, v->num_live_retry, v->num_repaired, v->left_out);
}

static void verify_words(struct cli *cli, const struct cf_move_verify *v)
{
	cli_say(cli,
		"verify: %s equal, %s equal by a rule, %s missing, %s different, %s extra, %s "
		"repaired",
		cli_move_count(cli, v->num_success),
		cli_move_count(cli, v->num_conditional_success),
		cli_move_count(cli, v->num_missing), cli_move_count(cli, v->num_mismatch),
		cli_move_count(cli, v->num_extraneous), cli_move_count(cli, v->num_repaired));
}

static int run_verify(struct cli *cli, struct cf_error *error)
{
	struct cf_move_verifying how = {cli_given(cli, "repair"), cli_given(cli, "resume"), found};
	struct cf_move_verify sums = {0};
	struct cli_move move;
	int before = cli->out.fd;
	int rc = cli_move_open(cli, &move, error);

	rc = rc ? rc : open_report(cli, &before, error);
	cli_progress_start(cli, "records compared", 0);
	rc = rc ? rc : cf_move_verify(move.move, &how, &move.watch, &sums, error);
	cli_progress_end(cli);
	rc = close_report(cli, before, rc, error);
	if (rc == 0 && cli->json)
		verify_counters(cli, &sums);
	else if (rc == 0)
		verify_words(cli, &sums);
	if (rc == 0 && sums.num_missing + sums.num_mismatch + sums.num_extraneous)
		rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	cli_move_close(&move);
	return rc;
}

/* --- status ------------------------------------------------------------------------------------
 */

static void status_backfill(struct cli *cli, const struct cf_move_status *s)
{
	const struct cf_move_backfill *b = &s->backfill;
	uint64_t done = b->copied + b->equal + b->left_out + b->refused + b->unsettled;

	if (!s->backfill_begun) {
		cli_out_bytes(cli, STR("backfill     not begun\n"));
		return;
	}
	cli_out_printf(cli, "backfill     %s of %s%s, %s a second", cli_move_count(cli, done),
		       cli_move_count(cli, b->total), b->done ? ", done" : "",
		       cli_move_count(cli, (uint64_t)s->backfill_per_second));
	if (!b->done && s->backfill_per_second >= 1 && b->total > done)
		cli_out_printf(cli, ", %.0f s left",
			       (double)(b->total - done) / s->backfill_per_second);
	if (b->refused)
		cli_out_printf(cli, ", %s refused", cli_move_count(cli, b->refused));
	cli_out_bytes(cli, STR("\n"));
}

static void status_verify(struct cli *cli, const struct cf_move_status *s)
{
	const struct cf_move_verify *v = &s->verify;

	if (!s->verify_changed_ms) {
		cli_out_bytes(cli, STR("verification none\n"));
		return;
	}
	cli_out_printf(cli,
		       "verification %s: %s equal, %s missing, %s different, %s extra, %s "
		       "repaired\n",
		       v->finished_ms ? cli_move_time(cli, v->finished_ms) : "not ended",
		       cli_move_count(cli, v->num_success + v->num_conditional_success),
		       cli_move_count(cli, v->num_missing), cli_move_count(cli, v->num_mismatch),
		       cli_move_count(cli, v->num_extraneous),
		       cli_move_count(cli, v->num_repaired));
}

static void status_instances(struct cli *cli, const struct cf_move_status *s)
{
	for (size_t i = 0; i < s->instance_count; i++) {
		const struct cf_move_instance *one = &s->instances[i];
		const char *since = cli_move_time(cli, one->seen_ms);

		if (one->job)
			cli_out_printf(cli, "job          %.*s, since %s\n", STR_ARG(one->name),
				       since);
		else
			cli_out_printf(cli, "instance     %.*s: %s stage %s since %s\n",
				       STR_ARG(one->name),
				       one->confirmed == s->step ? "confirms" : "does not confirm",
				       cf_stage_info(s->stage)->name, since);
	}
}

static void status_text(struct cli *cli, const struct cf_move_config *config,
			const struct cf_move_status *s)
{
	static const char *const sides[] = {"old", "new", "-"};
	const struct cf_stage_info *stage = cf_stage_info(s->stage);

	cli_out_printf(cli, "move         %.*s\nold          %s\nnew          %s\n",
		       STR_ARG(config->name), cli_move_url(cli, config->old_url),
		       cli_move_url(cli, config->new_url));
	if (!s->started) {
		cli_out_bytes(cli, STR("stage        not started\n"));
	} else {
		cli_out_printf(cli, "stage        %s since %s: %s\n", stage->name,
			       cli_move_time(cli, s->since_ms), stage->sentence);
		if (s->gate)
			cli_out_printf(cli, "gate         %g %% of the keys are at stage %s: %s\n",
				       s->gate / 100.0, cf_stage_info(s->stage + 1)->name,
				       cf_stage_info(s->stage + 1)->sentence);
		if (s->handing_over)
			cli_out_bytes(cli, STR("hand-over    keys are handed over at this "
					       "moment\n"));
		cli_out_printf(cli, "authority    %s\nrequire      %s\nguarantee    %s\n",
			       s->gate && s->stage == CF_STAGE_SHADOW ? "old, and new of the keys "
									"beyond the gate"
								      : sides[stage->first],
			       s->require == CF_REQUIRE_BOTH ? "both" : "authority",
			       config->guarantee == CF_GUARANTEE_INTENT ? "intent" : "repair");
		status_backfill(cli, s);
		status_verify(cli, s);
		status_instances(cli, s);
		cli_out_printf(cli, "can advance  %s\n", s->reason_count ? "no, because" : "yes");
	}
	for (size_t i = 0; i < s->reason_count; i++)
		cli_out_printf(cli, "             %.*s\n", STR_ARG(s->reasons[i]));
	for (size_t i = 0; i < s->note_count; i++)
		cli_out_printf(cli, "%s%.*s\n", i ? "             " : "note         ",
			       STR_ARG(s->notes[i]));
}

static void status_json(struct cli *cli, const struct cf_move_config *config,
			const struct cf_move_status *s)
{
	const struct cf_move_backfill *b = &s->backfill;
	const struct cf_move_verify *v = &s->verify;

	buf_str(&cli->out.buf, STR("{\"move\":"));
	cli_move_text(&cli->out.buf, config->name);
	cli_out_printf(cli,
		       ",\"started\":%s,\"stage\":\"%s\",\"step\":%" PRIu64 ",\"gate\":%.2f"
		       ",\"authority\":\"%s\",\"require\":\"%s\",\"since_ms\":%" PRId64,
		       s->started ? "true" : "false", cf_stage_info(s->stage)->name, s->step,
		       s->gate / 100.0, cf_stage_info(s->stage)->first == CF_OLD ? "old" : "new",
		       s->require == CF_REQUIRE_BOTH ? "both" : "authority", s->since_ms);
	cli_out_printf(cli,
		       ",\"backfill\":{\"copied\":%" PRIu64 ",\"equal\":%" PRIu64
		       ",\"left_out\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"unsettled\":%" PRIu64
		       ",\"deleted\":%" PRIu64 ",\"total\":%" PRIu64
		       ",\"done\":%s,\"per_second\":%.0f}",
		       b->copied, b->equal, b->left_out, b->refused, b->unsettled, b->deleted,
		       b->total, b->done ? "true" : "false", s->backfill_per_second);
	cli_out_printf(cli,
		       ",\"verify\":{\"finished_ms\":%" PRId64 ",\"num_success\":%" PRIu64
		       ",\"num_missing\":%" PRIu64 ",\"num_mismatch\":%" PRIu64
		       ",\"num_extraneous\":%" PRIu64 ",\"num_conditional_success\":%" PRIu64
		       ",\"num_live_retry\":%" PRIu64 ",\"num_repaired\":%" PRIu64 "}",
		       v->finished_ms, v->num_success, v->num_missing, v->num_mismatch,
		       v->num_extraneous, v->num_conditional_success, v->num_live_retry,
		       v->num_repaired);
	cli_out_bytes(cli, STR(",\"instances\":["));
	for (size_t i = 0; i < s->instance_count; i++) {
		buf_str(&cli->out.buf, i ? STR(",{\"name\":") : STR("{\"name\":"));
		cli_move_text(&cli->out.buf, s->instances[i].name);
		cli_out_printf(cli, ",\"confirmed\":%s,\"job\":%s}",
			       s->instances[i].confirmed == s->step ? "true" : "false",
			       s->instances[i].job ? "true" : "false");
	}
	buf_byte(&cli->out.buf, ']');
	cli_out_printf(cli, ",\"can_advance\":%s",
		       s->started && s->reason_count == 0 ? "true" : "false");
	cli_move_texts(cli, "reasons", s->reasons, s->reason_count);
	cli_move_texts(cli, "notes", s->notes, s->note_count);
	cli_out_bytes(cli, STR("}\n"));
}

static int run_status(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	struct cf_move_status status;
	int rc = cli_move_open(cli, &move, error);

	rc = rc ? rc : cf_move_status(move.move, &status, error);
	if (rc == 0 && cli->json)
		status_json(cli, move.config, &status);
	else if (rc == 0)
		status_text(cli, move.config, &status);
	cli_move_close(&move);
	return rc;
}

/* --- log
 * ------------------------------------------------------------------------------------------ */

static void print_entry(void *ctx, const struct cf_move_entry *entry)
{
	struct cli *cli = ctx;

	if (!cli->json) {
		cli_out_printf(cli, "%s  %.*s  %.*s\n", cli_move_time(cli, entry->at_ms),
			       STR_ARG(entry->who), STR_ARG(entry->what));
		return;
	}
	cli_out_printf(cli, "{\"at\":\"%s\",\"who\":", cli_move_time(cli, entry->at_ms));
	cli_move_text(&cli->out.buf, entry->who);
	buf_str(&cli->out.buf, STR(",\"what\":"));
	cli_move_text(&cli->out.buf, entry->what);
	cli_out_bytes(cli, STR("}\n"));
}

static int run_log(struct cli *cli, struct cf_error *error)
{
	struct cli_move move;
	int rc = cli_move_open(cli, &move, error);

	rc = rc ? rc : cf_move_log(move.move, print_entry, cli, error);
	cli_move_close(&move);
	return rc;
}

/* --- the rows ----------------------------------------------------------------------------------
 */

extern const struct cli_command cmd_move_verify, cmd_move_status, cmd_move_log;
const struct cli_command cmd_move_verify = {
	.name = "verify",
	.summary = "compare both stores, record by record",
	.usage = "[OPTIONS]",
	.help = "Prints each difference as a line of JSON: missingOnDst, extraOnDst, or content "
		"with the field and both values. What differs is looked at again, with growing "
		"pauses, before it counts.\n\n"
		"Exit code 3: there are differences.",
	.options = verify_options,
	.tells = true,
	.run = run_verify,
};
const struct cli_command cmd_move_status = {
	.name = "status",
	.summary = "stage, progress, and what is in the way",
	.usage = "[OPTIONS]",
	.options = options,
	.run = run_status,
};
const struct cli_command cmd_move_log = {
	.name = "log",
	.summary = "who did what, and when",
	.usage = "[OPTIONS]",
	.options = options,
	.run = run_log,
};
