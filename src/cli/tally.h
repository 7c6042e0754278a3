/* A table of databases, the worst first, with their sum. */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include "cli/cli.h"

enum { CLI_TALLY_FIGURES = 6, CLI_TALLY_WORST = 20 };

struct cli_tally_figure {
	const char *title; /* a column; in JSON its name */
	bool worse;        /* the more, the worse */
};
struct cli_tally_row {
	struct cli_tally_row *next;
	struct cf_str name;
	uint64_t figures[CLI_TALLY_FIGURES];
};
struct cli_tally {
	const struct cli_tally_figure *figures; /* so many; borrowed */
	size_t figure_count;
	struct cli_tally_row *rows;
	size_t count;
};

/* Adds a database to it; texts are copied into cli->arena. 0 or NOMEM. */
int cli_tally_add(struct cli *cli, struct cli_tally *tally, struct cf_str name,
		  const uint64_t *figures);
/* Prints it: at most so many rows (0: all), then the sum of all. `bare`: so many databases
 * match, too, and nothing has run on them. With --json all rows, one a line, and a last one with
 * "databases", "not_begun" and the sums. 0 or NOMEM; writing fails as of cli_out. */
int cli_tally_print(struct cli *cli, const struct cli_tally *tally, size_t limit, uint64_t bare);
#endif
