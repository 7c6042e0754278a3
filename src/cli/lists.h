/* What the commands on lists share. */
#ifndef CLI_LISTS_H
#define CLI_LISTS_H

#include "cli/stores.h"
#include "sync/sync.h"

/* "2026-11-30 08:11" of a time as the lists have it. */
struct cf_str cli_list_time(struct cf_arena *arena, struct json_value time);
/* Finds the entry that the first argument names, and shows it. */
typedef int cli_entry_show(struct cli *cli, const struct cli_stores *stores,
			   const struct sync_entry *entry, struct cf_error *error);
int cli_entry(struct cli *cli, enum sync_list list, cli_entry_show *show, struct cf_error *error);
/* One line of JSON: {"entry": ID, ...body}. */
int cli_entry_line(struct cli *cli, struct cf_str id, struct json_value body);

/* A line of a table: the name, and the text (none: the line is left out). Nothing in it
 * moves a terminal. */
void cli_show(struct cli *cli, const char *name, struct cf_str text);
/* A member's text, decoded; other values as they stand; "" where there is none, or no memory. */
struct cf_str cli_text_in(struct cf_arena *arena, struct json_value object, const char *name);
/* The same in the run's arena. */
struct cf_str cli_text(struct cli *cli, struct json_value object, const char *name);

#endif
