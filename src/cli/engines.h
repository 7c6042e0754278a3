/* Runs that are, or were, at work: what a process on this machine can know of them. */
#ifndef CLI_ENGINES_H
#define CLI_ENGINES_H

#include "cli/stores.h"
#include "sync/sync.h"

enum { CLI_SPACE_BYTES = 33 };

/* In which numbers of processes mean something: this start of this machine, and this
 * container. "" where that cannot be known. */
void cli_engine_space(char ret[CLI_SPACE_BYTES]);
/* As sync_options.life; `ctx` is not used. */
enum sync_life cli_engine_life(void *ctx, const struct sync_engine *engine);
/* "process 12 on shed", and what is to be said of when it was last heard of. */
void cli_engine_write(struct cli *cli, const struct sync_engine *engine, struct cf_buf *out);
/* Takes the marks of runs that are gone off. One of another machine is watched for half a
 * minute. PRECONDITION where one is at work; INTERRUPTED. */
int cli_engines_clear(struct cli *cli, const struct state *state, struct cf_error *error);

#endif
