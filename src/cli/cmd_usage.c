/* usage: may we drop version 1? */
#include "cli/lists.h"
#include "cli/server.h"

#include "catalog/catalog.h"

#include <inttypes.h>
#include <time.h>

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
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

/* --- of many databases ------------------------------------------------------------------------ */

struct summing {
	struct cli *cli;
	struct catalog *catalog;
	struct cf_arena page; /* of one database */
	struct sync_usage *sums;
	size_t count, cap;
};

static struct sync_usage *sum_of(struct summing *s, const struct sync_usage *usage)
{
	struct sync_usage *grown;

	for (size_t i = 0; i < s->count; i++)
		if (str_equal(s->sums[i].version, usage->version))
			return &s->sums[i];
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		grown = arena_calloc(&s->cli->arena, s->cap, sizeof(*grown));
		if (!grown)
			return NULL;
		if (s->count)
			memcpy(grown, s->sums, s->count * sizeof(*grown));
		s->sums = grown;
	}
	s->sums[s->count] = (struct sync_usage){
		.version = arena_dup(&s->cli->arena, usage->version), .served = usage->served};
	return s->sums[s->count].version.ptr ? &s->sums[s->count++] : NULL;
}

/* Served anywhere is served. */
static int add_database(void *ctx, struct cf_str name, struct cli_stores *stores,
			struct cf_error *error)
{
	struct summing *s = ctx;
	struct sync_usage *usage;
	size_t count = 0;
	int rc;

	(void)name;
	arena_reset(&s->page);
	rc = sync_usage_read(&stores->state, s->catalog, &s->page, &usage, &count, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct sync_usage *sum = sum_of(s, &usage[i]);

		if (!sum)
			return error_nomem(error);
		sum->writes += usage[i].writes;
		sum->found += usage[i].found;
		sum->last_ms = usage[i].last_ms > sum->last_ms ? usage[i].last_ms : sum->last_ms;
		sum->served = sum->served || usage[i].served;
	}
	return rc;
}

static int read_many(struct cli *cli, struct catalog *catalog, struct sync_usage **ret,
		     size_t *ret_count, struct cf_error *error)
{
	struct summing s = {.cli = cli, .catalog = catalog};
	struct cli_server_walk walk = {.each = add_database, .ctx = &s};
	int rc;

	arena_init(&s.page, cli->mem);
	rc = cli_server_walk(cli, &walk, error);
	arena_fini(&s.page);
	*ret = s.sums;
	*ret_count = s.count;
	if (rc == 0 && !cli->json)
		cli_say(cli, "the sum of %" PRIu64 " databases", walk.databases);
	return rc;
}

static int read_one(struct cli *cli, struct catalog *catalog, struct sync_usage **ret,
		    size_t *ret_count, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	int rc = cli_stores_open(cli, &stores, error);

	if (rc == 0)
		rc = sync_usage_read(&stores.state, catalog, &cli->arena, ret, ret_count, error);
	cli_stores_close(&stores);
	return rc;
}

static int run(struct cli *cli, struct cf_error *error)
{
	const char *dir = cli_option(cli, "catalog");
	struct catalog *catalog = NULL;
	struct sync_usage *usage = NULL;
	size_t count = 0;
	int rc = dir ? catalog_open(&catalog, dir, cli->mem, error) : 0;

	if (rc == 0)
		rc = cli_server_asked(cli) ? read_many(cli, catalog, &usage, &count, error)
					   : read_one(cli, catalog, &usage, &count, error);
	for (size_t i = 0; i < count && rc == 0 && cli->json; i++)
		print_json(cli, &usage[i]);
	if (rc == 0 && !cli->json)
		print_table(cli, usage, count);
	if (rc == 0 && cli->out.code)
		rc = cli_out_error(cli, error);
	catalog_close(catalog);
	return rc;
}

const struct cli_command cmd_usage = {
	.name = "usage",
	.summary = "which versions people still write, and when they last did",
	.usage = "--store URL [--state URL] [--db PATTERN...] [-c DIR]",
	.help = "`writes` counts the documents of a version that others wrote, each time a run "
		"took them; what runs write themselves never counts, nor what they read again. "
		"`last write` is when a run took the last one. `found` counts those of them that "
		"were there when the first run began: nobody knows how old they are.\n\n"
		"With --db, or where --store names a server without a database: the sum of them "
		"all.",
	.options = options,
	.run = run,
};
