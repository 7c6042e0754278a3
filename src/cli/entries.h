/* Which entries of a list are meant: filters that `list` and the commands that decide on
 * many at once share. */
#ifndef CLI_ENTRIES_H
#define CLI_ENTRIES_H

#include "cli/lists.h"
#include "cli/where.h"

/* Rows of the tables of options. */
#define CLI_OPTIONS_FILTER                                                                   \
	{.name = "type", .argument = "TYPE", .help = "only of this type"},                   \
		{.name = "version",                                                          \
		 .argument = "TYPE@MAJOR",                                                   \
		 .help = "only where the document that waits, or lost, is of this version"}, \
		{.name = "since",                                                            \
		 .argument = "TIME",                                                         \
		 .help = "only since then: 2026-11-30, 2026-11-30T08:00, or 12h, 7d ago"},   \
		{.name = "at",                                                               \
		 .argument = "POINTER",                                                      \
		 .help = "only at this place of the document, or inside it"},                \
	{                                                                                    \
		.name = "where", .argument = "MEMBER=VALUE",                                 \
		.help = "only where the document now has this text, number or boolean"       \
	}
#define CLI_USAGE_FILTER \
	"[--type TYPE] [--version TYPE@MAJOR] [--since TIME] [--where MEMBER=VALUE]"

struct cli_filter {
	struct cf_str type, version, at; /* ptr NULL: any */
	char since[32];                  /* ISO 8601, or as much of its beginning; "": ever */
	struct cli_where where;
};
/* USAGE where one cannot be understood. */
int cli_filter_read(const struct cli *cli, struct cli_filter *ret, struct cf_error *error);
bool cli_filter_is_any(const struct cli_filter *filter);

/* Calls `entry` for each that the filter lets through, in order of ids; its non-zero answer
 * ends the walk and is returned. */
struct cli_walk {
	struct cli *cli;
	const struct cli_stores *stores;
	enum sync_list list;
	const struct cli_filter *filter;
	int (*entry)(void *ctx, struct cf_str id, struct json_value body);
	void *ctx;
};
int cli_entries_walk(const struct cli_walk *walk, struct cf_error *error);

/* The entries that a command is to decide on: those that its arguments name, or with --all
 * those that the filter lets through. USAGE where it is neither, or both. In the arena. */
struct cli_ids {
	struct cf_str *at;
	size_t count;
};
int cli_entries_meant(struct cli *cli, const struct cli_stores *stores, enum sync_list list,
		      struct cli_ids *ret, struct cf_error *error);

#endif
