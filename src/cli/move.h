/* What the commands of a move share. They use the library's public functions only. */
#ifndef CLI_MOVE_H
#define CLI_MOVE_H

#include "cli/cli.h"

#include <chesterfield/move.h>

#define CLI_OPTION_MOVE                                                                \
	{                                                                              \
		.name = "file", .letter = 'f', .argument = "FILE", .help = "the move", \
		.env = "CHESTERFIELD_MOVE", .required = true,                          \
	}

struct cli_move {
	struct cf_move_config *config;
	struct cf_move *move;
	struct cf_move_watch watch;
	char who[200]; /* user and machine, for the log */
};

/* By --file. Close also after an error. */
int cli_move_open(struct cli *cli, struct cli_move *ret, struct cf_error *error);
void cli_move_close(struct cli_move *move);
/* "2026-11-30T03:04:05Z" */
const char *cli_move_time(struct cli *cli, int64_t ms);
/* 171,075 */
const char *cli_move_count(struct cli *cli, uint64_t count);
/* Without its password. */
const char *cli_move_url(struct cli *cli, struct cf_str url);
/* A JSON string, and a member that is a list of them with a comma before it. */
void cli_move_text(struct cf_buf *out, struct cf_str text);
void cli_move_texts(struct cli *cli, const char *name, const struct cf_str *texts, size_t count);

#endif
