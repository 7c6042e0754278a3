/* A table for people: columns as wide as what stands in them, and heads above. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

enum { CLI_COLUMNS_MAX = 8 };

struct cli_column {
	const char *head;
	bool right; /* numbers */
};

/* The first rows are held until it is known how wide they are; what comes after them is
 * printed as wide. */
struct cli_table {
	struct cli *cli;
	const struct cli_column *columns;
	size_t column_count;
	struct cf_arena arena; /* of the rows that are held */
	struct cf_str *cells;
	size_t rows;
	size_t widths[CLI_COLUMNS_MAX];
	bool begun; /* the heads have been printed */
};

/* The columns are borrowed. */
void cli_table_init(struct cli_table *table, struct cli *cli, const struct cli_column *columns,
		    size_t count);
/* One text for each column; nothing in them moves a terminal. 0, IO or NOMEM. */
int cli_table_row(struct cli_table *table, const struct cf_str *cells);
/* Prints what is held; without a row nothing, not even heads. 0, IO or NOMEM. */
int cli_table_end(struct cli_table *table);
void cli_table_fini(struct cli_table *table);

#endif
