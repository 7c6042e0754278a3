/* How lists are shown: tables for people, JSON for programs. */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "cli/entries.h"
#include "cli/table.h"

/* How a list is shown to people: a row of the table for each entry. `cells` has as many as
 * there are columns; texts may be made in the arena. */
struct cli_listing {
	enum sync_list list;
	const struct cli_column *columns;
	size_t column_count;
	void (*row)(struct cf_arena *arena, struct cf_str id, struct json_value body,
		    struct cf_str *cells);
};
/* Prints those entries of a list that the command's filters let through: a table, or with
 * --json one object a line. */
int cli_list(struct cli *cli, const struct cli_listing *listing, struct cf_error *error);
/* Of many databases of a server (cli_server_asked): how many there are in which, the worst
 * first; with --db and --json the entries themselves, each with its database. */
int cli_list_many(struct cli *cli, const struct cli_listing *listing, struct cf_error *error);
/* What `list` says of itself. */
#define CLI_LIST_HELP                                                                              \
	"A table; with --json one object a line, with all that is known of each.\n\n"              \
	"Of several databases of a server (--db PATTERN, or all where --store names no "           \
	"database): "                                                                              \
	"how many entries there are in which, the worst first; with --db and --json the entries, " \
	"each with its database."
/* The same of some entries, by their ids. */
int cli_list_some(struct cli *cli, const struct cli_stores *stores,
		  const struct cli_listing *listing, const struct cli_ids *ids,
		  struct cf_error *error);

#endif
