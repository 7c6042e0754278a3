/* check: proves a catalog before anything runs. */
#include "catalog/catalog.h"
#include "cli/cli.h"

#include <inttypes.h>

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG_TOO,
	{.name = "seed",
	 .argument = "N",
	 .help = "where the generated documents start",
	 .fallback = "1"},
	{.name = "runs",
	 .argument = "N",
	 .help = "generated documents for each lens, each way",
	 .fallback = "200"},
	{.name = NULL},
};

static void print_finding(void *ctx, const struct catalog_finding *finding)
{
	struct cli *cli = ctx;
	struct cf_buf *out = &cli->out.buf;
	const char *level = finding->warning ? "warning" : "error";

	if (!cli->json) {
		(void)buf_printf(out, "%s ", level);
		cli_write_shown(finding->file, out);
		if (finding->line)
			(void)buf_printf(out, ":%u", finding->line);
		(void)buf_printf(out, ": ");
		cli_write_shown(finding->message, out);
		(void)cli_out_line(cli, STR(""));
		return;
	}
	(void)buf_printf(out, "{\"level\":\"%s\",\"file\":", level);
	(void)json_write_string(finding->file, out);
	(void)buf_printf(out, ",\"line\":%u,\"message\":", finding->line);
	(void)json_write_string(finding->message, out);
	(void)cli_out_line(cli, STR("}"));
}

static int run(struct cli *cli, struct cf_error *error)
{
	const char *dir;
	uint64_t seed = 1, runs = 0;
	struct catalog_check_args args = {.finding = print_finding, .ctx = cli};
	size_t errors = 0;
	int rc = cli_catalog_folder(cli, ".", &dir, error);

	rc = rc ? rc : cli_option_number(cli, "seed", 0, UINT64_MAX, &seed, error);
	if (rc == 0)
		rc = cli_option_number(cli, "runs", 1, 1000000, &runs, error);
	args.seed = seed;
	args.runs = (unsigned)runs;
	if (rc == 0)
		rc = catalog_check(dir, &args, &errors, cli->mem, error);
	if (rc == 0) {
		cli_say(cli, "%zu error%s, %" PRIu64 " documents each way, --seed %" PRIu64, errors,
			errors == 1 ? "" : "s", runs, seed);
		if (cli->out.code)
			rc = cli_out_error(cli, error);
		else if (errors)
			rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	}
	return rc;
}

const struct cli_command cmd_check = {
	.name = "check",
	.summary = "prove a catalog: schemas, lenses, manifests and the laws between them",
	.usage = "[DIR | -c DIR] [--seed N] [--runs N]",
	.help = "Loads the catalog and tries each lens on generated documents: what is valid must "
		"go to what is valid, there and back must change nothing, and what is put must "
		"be seen again. Each finding is one line: error or warning, file and line, what "
		"is wrong, and the shortest document that shows it. Exit code 3 with errors.",
	.options = options,
	.max_args = 1,
	.tells = true,
	.run = run,
};
