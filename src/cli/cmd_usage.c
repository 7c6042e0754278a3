/* usage: may we drop version 1? */
#include "cli/lists.h"

#include "catalog/catalog.h"

#include <inttypes.h>
#include <time.h>

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	{.name = "catalog",
	 .letter = 'c',
	 .argument = "DIR",
	 .help = "shows also the versions of this catalog that nobody wrote",
	 .env = "CHESTERFIELD_CATALOG"},
	{.name = NULL},
};

struct when {
	char text[32];
};

static struct when when(int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct when when;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (ms == 0 || strftime(when.text, sizeof(when.text), "%Y-%m-%d %H:%M UTC", &tm) == 0)
		memcpy(when.text, "never", sizeof("never"));
	return when;
}

static void print_json(struct cli *cli, const struct sync_usage *usage)
{
	struct cf_buf *out = &cli->out.buf;

	buf_str(out, STR("{\"version\":"));
	json_write_string(usage->version, out);
	cli_out_printf(cli,
		       ",\"writes\":%" PRIu64 ",\"found\":%" PRIu64 ",\"last_ms\":%" PRId64
		       ",\"served\":%s}\n",
		       usage->writes, usage->found, usage->last_ms,
		       usage->served ? "true" : "false");
}

static void print_table(struct cli *cli, const struct sync_usage *usage, size_t count)
{
	int width = 7;

	for (size_t i = 0; i < count; i++)
		width = (int)usage[i].version.len > width ? (int)usage[i].version.len : width;
	cli_out_printf(cli, "%-*s  %10s  %-20s  %10s\n", width, "version", "writes", "last write",
		       "found");
	for (size_t i = 0; i < count; i++)
		cli_out_printf(cli, "%-*.*s  %10" PRIu64 "  %-20s  %10" PRIu64 "%s\n", width,
			       STR_ARG(usage[i].version), usage[i].writes,
			       when(usage[i].last_ms).text, usage[i].found,
			       usage[i].served ? "" : "  not served");
}

static int run(struct cli *cli, struct cf_error *error)
{
	const char *dir = cli_option(cli, "catalog");
	struct cli_stores stores = {.store = NULL};
	struct catalog *catalog = NULL;
	struct sync_usage *usage = NULL;
	size_t count = 0;
	int rc = dir ? catalog_open(&catalog, dir, cli->mem, error) : 0;

	if (rc == 0)
		rc = cli_stores_open(cli, &stores, error);
	if (rc == 0)
		rc = sync_usage_read(&stores.state, catalog, &cli->arena, &usage, &count, error);
	for (size_t i = 0; i < count && rc == 0 && cli->json; i++)
		print_json(cli, &usage[i]);
	if (rc == 0 && !cli->json)
		print_table(cli, usage, count);
	if (rc == 0 && cli->out.code)
		rc = cli_out_error(cli, error);
	cli_stores_close(&stores);
	catalog_close(catalog);
	return rc;
}

const struct cli_command cmd_usage = {
	.name = "usage",
	.summary = "which versions people still write, and when they last did",
	.usage = "--store URL [--state URL] [-c DIR]",
	.help = "`writes` counts the documents of a version that others wrote, each time a run "
		"took them; what runs write themselves never counts, nor what they read again. "
		"`last write` is when a run took the last one. `found` counts those of them that "
		"were there when the first run began: nobody knows how old they are.",
	.options = options,
	.run = run,
};
