/* check: looks for faults of a catalog before anything runs. */
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

static const struct {
	const char *words, *member;
} shown[CATALOG_SHOWN] = {
	[CATALOG_SHOWN_DOCUMENT] = {"document", "document"},
	[CATALOG_SHOWN_OVER] = {"put into", "over"},
	[CATALOG_SHOWN_MADE] = {"became", "made"},
	[CATALOG_SHOWN_EDITED] = {"edited to", "edited"},
	[CATALOG_SHOWN_CAME] = {"came out", "came"},
	[CATALOG_SHOWN_WANTED] = {"should be", "wanted"},
};

enum { SHOWN_BYTES = 500 };

/* One a line in the finding; here beside each other. */
static void print_documents(struct cli *cli, struct cf_str lines)
{
	while (lines.len) {
		const char *end = memchr(lines.ptr, '\n', lines.len);
		size_t len = end ? (size_t)(end - lines.ptr) : lines.len;

		cli_write_shown((struct cf_str){lines.ptr, len}, &cli->out.buf);
		(void)buf_str(&cli->out.buf, end ? STR(" ") : STR(""));
		len += end != NULL;
		lines = (struct cf_str){lines.ptr + len, lines.len - len};
	}
}

/* Below the finding, indented: no longer than can be read, and cut between characters. */
static void print_shown(struct cli *cli, const struct catalog_finding *finding)
{
	for (int i = 0; i < CATALOG_SHOWN; i++) {
		struct cf_str text = finding->shown[i];
		size_t len = text.len;

		if (!len)
			continue;
		if (len > SHOWN_BYTES) {
			len = SHOWN_BYTES;
			while (((unsigned char)text.ptr[len] & 0xc0) == 0x80)
				len--;
		}
		(void)buf_printf(&cli->out.buf, "  %-9s  ", shown[i].words);
		print_documents(cli, (struct cf_str){text.ptr, len});
		(void)cli_out_line(cli, len < finding->shown[i].len ? STR("...") : STR(""));
	}
}

/* {"level", "file", "line", "message"}, and of a law "pointer" and the documents, each a
 * list: a lens may have several on a side. */
static void print_json(struct cli *cli, const struct catalog_finding *finding)
{
	struct cf_buf *out = &cli->out.buf;

	(void)buf_printf(out,
			 "{\"level\":\"%s\",\"file\":", finding->warning ? "warning" : "error");
	(void)json_write_string(finding->file, out);
	(void)buf_printf(out, ",\"line\":%u,\"message\":", finding->line);
	(void)json_write_string(finding->message, out);
	if (finding->pointer.len) {
		(void)buf_str(out, STR(",\"pointer\":"));
		(void)json_write_string(finding->pointer, out);
	}
	for (int i = 0; i < CATALOG_SHOWN; i++) {
		struct cf_str text = finding->shown[i];

		if (!text.len)
			continue;
		(void)buf_printf(out, ",\"%s\":[", shown[i].member);
		for (size_t k = 0; k < text.len; k++)
			(void)buf_byte(out, text.ptr[k] == '\n' ? ',' : text.ptr[k]);
		(void)buf_byte(out, ']');
	}
	(void)cli_out_line(cli, STR("}"));
}

static void print_finding(void *ctx, const struct catalog_finding *finding)
{
	struct cli *cli = ctx;
	struct cf_buf *out = &cli->out.buf;

	if (cli->json) {
		print_json(cli, finding);
		return;
	}
	(void)buf_printf(out, "%s ", finding->warning ? "warning" : "error");
	cli_write_shown(finding->file, out);
	if (finding->line)
		(void)buf_printf(out, ":%u", finding->line);
	(void)buf_printf(out, ": ");
	cli_write_shown(finding->message, out);
	(void)cli_out_line(cli, STR(""));
	print_shown(cli, finding);
}

/* What was tried, and not that anything is proven by it. */
static void say(struct cli *cli, const struct catalog_checked *done,
		const struct catalog_check_args *args)
{
	const char *s = done->errors == 1 ? "" : "s";

	if (done->lenses == 0)
		cli_say(cli, "%zu error%s; no lens was tried on documents", done->errors, s);
	else
		cli_say(cli,
			"%zu error%s; %zu lens%s tried, each way on %u document%s%s (--seed "
			"%" PRIu64 ")",
			done->errors, s, done->lenses, done->lenses == 1 ? "" : "es", args->runs,
			args->runs == 1 ? "" : "s", done->errors ? "" : ", no counterexample",
			args->seed);
}

static int run(struct cli *cli, struct cf_error *error)
{
	const char *dir;
	uint64_t seed = 1, runs = 0;
	struct catalog_check_args args = {.finding = print_finding, .ctx = cli};
	struct catalog_checked done = {0};
	int rc = cli_catalog_folder(cli, ".", &dir, error);

	rc = rc ? rc : cli_option_number(cli, "seed", 0, UINT64_MAX, &seed, error);
	if (rc == 0)
		rc = cli_option_number(cli, "runs", 1, 1000000, &runs, error);
	args.seed = seed;
	args.runs = (unsigned)runs;
	if (rc == 0)
		rc = catalog_check(dir, &args, &done, cli->mem, error);
	if (rc == 0) {
		say(cli, &done, &args);
		if (cli->out.code)
			rc = cli_out_error(cli, error);
		else if (done.errors)
			rc = error_set(error, CF_ERR_FINDINGS, "%s", "");
	}
	return rc;
}

const struct cli_command cmd_check = {
	.name = "check",
	.summary = "check a catalog: schemas, lenses, manifests and the laws between them",
	.usage = "[DIR | -c DIR] [--seed N] [--runs N]",
	.help = "Loads the catalog and tries each lens on generated documents: what is valid must "
		"go to what is valid, there and back must change nothing, and what is put must "
		"be read again. A finding is one line: error or warning, file and line, and what "
		"is "
		"wrong; where a law is broken, the shortest document that shows it stands below, "
		"with what came out and what should have. Without --seed the documents are the "
		"same each time. Exit code 3 with errors.",
	.options = options,
	.max_args = 1,
	.tells = true,
	.run = run,
};
