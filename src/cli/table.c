/* A table for people. */
#include "cli/table.h"

enum { HELD = 500 };

void cli_table_init(struct cli_table *table, struct cli *cli, const struct cli_column *columns,
		    size_t count)
{
	cf_assert(count <= CLI_COLUMNS_MAX);
	*table = (struct cli_table){.cli = cli, .columns = columns, .column_count = count};
	arena_init(&table->arena, cli->mem);
}

void cli_table_fini(struct cli_table *table)
{
	arena_fini(&table->arena);
}

/* Characters, not bytes; wide ones count as one. */
static size_t width_of(struct cf_str text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.len; i++)
		width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return width;
}

static void pad(struct cf_buf *out, size_t count)
{
	while (count--)
		buf_byte(out, ' ');
}

static int print_row(struct cli_table *table, const struct cf_str *cells)
{
	struct cf_buf *out = &table->cli->out.buf;

	for (size_t i = 0; i < table->column_count; i++) {
		size_t width = width_of(cells[i]);
		size_t more = width < table->widths[i] ? table->widths[i] - width : 0;
		bool right = table->columns[i].right, last = i + 1 == table->column_count;

		buf_str(out, i ? STR("  ") : STR(""));
		pad(out, right ? more : 0);
		buf_str(out, cells[i]);
		pad(out, right || last ? 0 : more);
	}
	return cli_out_line(table->cli, STR(""));
}

static int print_heads(struct cli_table *table)
{
	struct cf_str heads[CLI_COLUMNS_MAX];

	for (size_t i = 0; i < table->column_count; i++)
		heads[i] = str_of(table->columns[i].head);
	table->begun = true;
	return print_row(table, heads);
}

static void widen(struct cli_table *table)
{
	for (size_t i = 0; i < table->column_count; i++) {
		size_t most = width_of(str_of(table->columns[i].head));

		for (size_t row = 0; row < table->rows; row++) {
			size_t width = width_of(table->cells[row * table->column_count + i]);

			most = width > most ? width : most;
		}
		table->widths[i] = most;
	}
}

int cli_table_end(struct cli_table *table)
{
	int rc = 0;

	if (table->rows == 0)
		return 0;
	if (!table->begun) {
		widen(table);
		rc = print_heads(table);
	}
	for (size_t row = 0; row < table->rows && rc == 0; row++)
		rc = print_row(table, &table->cells[row * table->column_count]);
	table->rows = 0;
	table->cells = NULL;
	arena_reset(&table->arena);
	return rc;
}

int cli_table_row(struct cli_table *table, const struct cf_str *cells)
{
	struct cf_str *row;
	struct cf_buf shown;

	if (!table->cells)
		table->cells = arena_calloc(&table->arena, HELD * table->column_count,
					    sizeof(*table->cells));
	if (!table->cells)
		return CF_ERR_NOMEM;
	row = &table->cells[table->rows * table->column_count];
	buf_init(&shown, table->cli->mem);
	for (size_t i = 0; i < table->column_count; i++) {
		buf_clear(&shown);
		cli_write_shown(cells[i], &shown);
		row[i] = arena_dup_buf(&table->arena, &shown);
		if (shown.failed || !row[i].ptr) {
			buf_fini(&shown);
			return CF_ERR_NOMEM;
		}
	}
	buf_fini(&shown);
	return ++table->rows == HELD ? cli_table_end(table) : 0;
}
