/* run --dry-run: what a run would find and make, and nothing written. */
#include "cli/preview.h"

#include "cli/table.h"

#include <inttypes.h>

enum { SHOWN = 10, SHOWN_OF_VERSION = 3 };

struct shown {
	struct cli *cli;
	size_t count;
	struct shown_of {
		struct cf_str version;
		size_t made, failed;
		struct shown_of *next;
	} * versions;
};

static bool go_on(void *ctx)
{
	(void)ctx;
	return !cli_interrupted();
}

static void write_value(struct json_value value, struct cf_buf *out)
{
	if (json_is_absent(value))
		buf_str(out, STR("nothing"));
	else
		cli_write_shown(json_span(value), out);
}

static int show_difference(void *ctx, const struct sync_difference *difference)
{
	struct shown *shown = ctx;
	struct cf_buf *out = &shown->cli->out.buf;

	if (shown->cli->json || ++shown->count > SHOWN)
		return 0;
	cli_write_shown(difference->document, out);
	buf_byte(out, ' ');
	cli_write_shown(difference->pointer, out);
	buf_str(out, STR(" says "));
	write_value(difference->says, out);
	buf_str(out, STR("; of "));
	cli_write_shown(difference->newer, out);
	buf_str(out, STR(" the lens makes "));
	write_value(difference->should, out);
	buf_byte(out, '\n');
	return cli_out_check(shown->cli);
}

/* --- what would be made ------------------------------------------------------------------ */

static struct shown_of *shown_of(struct shown *shown, struct cf_str version)
{
	struct shown_of *of = shown->versions;

	while (of && !str_equal(of->version, version))
		of = of->next;
	if (of)
		return of;
	of = arena_calloc(&shown->cli->arena, 1, sizeof(*of));
	if (of) {
		*of = (struct shown_of){.version = version, .next = shown->versions};
		shown->versions = of;
	}
	return of;
}

/* The first of each version, and the first that cannot be made. */
static int show_made(void *ctx, const struct sync_preview_made *made)
{
	struct shown *shown = ctx;
	struct shown_of *of = shown_of(shown, made->version);
	struct cf_buf *out = &shown->cli->out.buf;

	if (!of)
		return CF_ERR_NOMEM;
	if (shown->cli->json || (made->fails ? of->failed++ : of->made++) >= SHOWN_OF_VERSION)
		return 0;
	buf_str(out, made->fails ? STR("cannot make ") : STR("would make "));
	cli_write_shown(made->document, out);
	buf_str(out, STR(" of "));
	cli_write_shown(made->from, out);
	buf_str(out, STR(": "));
	if (!made->fails) {
		cli_write_shown(made->text, out);
		return cli_out_line(shown->cli, STR(""));
	}
	cli_write_shown(str_of(made->fails->message), out);
	if (made->fails->pointer[0]) {
		buf_str(out, STR(" at "));
		cli_write_shown(str_of(made->fails->pointer), out);
	}
	return cli_out_line(shown->cli, STR(""));
}

/* --- in numbers -------------------------------------------------------------------------- */

static void print_json(struct cli *cli, const struct sync_preview *row)
{
	cli_out_printf(cli,
		       "{\"version\":\"%.*s\",\"documents\":%" PRIu64 ",\"missing\":%" PRIu64
		       ",\"waits\":%" PRIu64 ",\"fails\":%" PRIu64 ",\"invalid\":%" PRIu64
		       ",\"differs\":%" PRIu64 "}\n",
		       STR_ARG(row->version), row->documents, row->missing, row->waits, row->fails,
		       row->invalid, row->differs);
}

static int print_rows(struct cli *cli, const struct sync_preview *rows, size_t count)
{
	static const struct cli_column columns[] = {
		{"version", false}, {"documents", true}, {"to make", true}, {"wait", true},
		{"cannot", true},   {"invalid", true},   {"differ", true},
	};
	struct cli_table table;
	int rc = 0;

	cli_table_init(&table, cli, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct sync_preview *row = &rows[i];
		uint64_t numbers[] = {row->documents, row->missing - row->waits - row->fails,
				      row->waits,     row->fails,
				      row->invalid,   row->differs};
		struct cf_str cells[ARRAY_LEN(columns)] = {row->version};

		for (size_t k = 0; k < ARRAY_LEN(numbers); k++)
			cells[k + 1] = arena_printf(&table.arena, "%" PRIu64, numbers[k]);
		if (cli->json)
			print_json(cli, row);
		else
			rc = cli_table_row(&table, cells);
	}
	rc = rc ? rc : cli_table_end(&table);
	cli_table_fini(&table);
	return rc ? rc : cli->out.code;
}

int cli_preview(struct cli *cli, struct cf_store *store, const struct catalog *catalog,
		struct cf_error *error)
{
	struct shown shown = {.cli = cli};
	struct sync_preview_how how = {
		.made = show_made, .differs = show_difference, .go_on = go_on, .ctx = &shown};
	struct sync_preview *rows;
	size_t count;
	int rc = sync_preview(store, catalog, &how, &cli->arena, &rows, &count, error);

	if (rc)
		return rc;
	if (!cli->json && shown.count > SHOWN)
		cli_out_printf(cli, "and %zu more\n", shown.count - SHOWN);
	return print_rows(cli, rows, count) ? cli_out_error(cli, error) : 0;
}
