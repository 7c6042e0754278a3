/* A table of databases; see tally.h. */
#include "cli/tally.h"

#include "json/json.h"

#include <inttypes.h>
#include <stdlib.h>

enum { NAME_WIDTH_MIN = 16, FIGURE_WIDTH = 11 };

int cli_tally_add(struct cli *cli, struct cli_tally *tally, struct cf_str name,
		  const uint64_t *figures)
{
	struct cli_tally_row *row = arena_calloc(&cli->arena, 1, sizeof(*row));

	if (!row)
		return CF_ERR_NOMEM;
	row->name = arena_dup(&cli->arena, name);
	memcpy(row->figures, figures, tally->figure_count * sizeof(*figures));
	row->next = tally->rows;
	tally->rows = row;
	tally->count++;
	return row->name.ptr ? 0 : CF_ERR_NOMEM;
}

/* --- order ---------------------------------------------------------------------------------- */

struct place {
	const struct cli_tally_row *row;
	uint64_t bad;
};

static int by_worst(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->bad != y->bad)
		return x->bad < y->bad ? 1 : -1;
	return str_compare(x->row->name, y->row->name);
}

static struct place *put_in_order(struct cli *cli, const struct cli_tally *tally,
				  struct cli_tally_row *sum)
{
	struct place *places = arena_calloc(&cli->arena, tally->count + 1, sizeof(*places));
	size_t count = 0;

	for (const struct cli_tally_row *row = tally->rows; row && places; row = row->next) {
		for (size_t i = 0; i < tally->figure_count; i++) {
			sum->figures[i] += row->figures[i];
			places[count].bad += tally->figures[i].worse ? row->figures[i] : 0;
		}
		places[count++].row = row;
	}
	if (places)
		qsort(places, count, sizeof(*places), by_worst);
	return places;
}

/* --- printing ------------------------------------------------------------------------------- */

/* The figures' members, with a comma before each. */
static void write_figures(struct cli *cli, const struct cli_tally *tally,
			  const struct cli_tally_row *row)
{
	for (size_t i = 0; i < tally->figure_count; i++)
		cli_out_printf(cli, ",\"%s\":%" PRIu64, tally->figures[i].title, row->figures[i]);
	cli_out_printf(cli, "}\n");
}

static void print_json(struct cli *cli, const struct cli_tally *tally, const struct place *places,
		       const struct cli_tally_row *sum, uint64_t bare)
{
	for (size_t i = 0; i < tally->count; i++) {
		buf_str(&cli->out.buf, STR("{\"database\":"));
		json_write_string(places[i].row->name, &cli->out.buf);
		write_figures(cli, tally, places[i].row);
	}
	cli_out_printf(cli, "{\"databases\":%zu,\"not_begun\":%" PRIu64, tally->count, bare);
	write_figures(cli, tally, sum);
}

static void print_row(struct cli *cli, const struct cli_tally *tally, int width,
		      const struct cli_tally_row *row)
{
	struct cf_buf shown;

	buf_init(&shown, cli->mem);
	cli_write_shown(row->name, &shown);
	cli_out_printf(cli, "%-*.*s", width, STR_ARG(buf_view(&shown)));
	for (size_t i = 0; i < tally->figure_count; i++)
		cli_out_printf(cli, "  %*" PRIu64, FIGURE_WIDTH, row->figures[i]);
	cli_out_printf(cli, "\n");
	buf_fini(&shown);
}

static void print_table(struct cli *cli, const struct cli_tally *tally, const struct place *places,
			struct cli_tally_row *sum, size_t limit)
{
	int width = NAME_WIDTH_MIN;

	for (size_t i = 0; i < limit; i++)
		if ((int)places[i].row->name.len > width)
			width = (int)places[i].row->name.len;
	cli_out_printf(cli, "%-*s", width, "database");
	for (size_t i = 0; i < tally->figure_count; i++)
		cli_out_printf(cli, "  %*s", FIGURE_WIDTH, tally->figures[i].title);
	cli_out_printf(cli, "\n");
	for (size_t i = 0; i < limit; i++)
		print_row(cli, tally, width, places[i].row);
	if (limit < tally->count)
		cli_out_printf(cli, "... and %zu more, in which there is less\n",
			       tally->count - limit);
	print_row(cli, tally, width, sum);
}

int cli_tally_print(struct cli *cli, const struct cli_tally *tally, size_t limit, uint64_t bare)
{
	struct cli_tally_row sum = {.name = STR("")};
	struct place *places = put_in_order(cli, tally, &sum);

	if (!places)
		return CF_ERR_NOMEM;
	if (cli->json) {
		print_json(cli, tally, places, &sum, bare);
		return 0;
	}
	sum.name = arena_printf(&cli->arena, "all %zu", tally->count);
	if (!sum.name.ptr)
		return CF_ERR_NOMEM;
	print_table(cli, tally, places, &sum, limit && limit < tally->count ? limit : tally->count);
	if (bare)
		cli_out_printf(cli, "%" PRIu64 " more match, and nothing has run on them yet\n",
			       bare);
	return 0;
}
