/* init --from: a catalog drafted from the documents of a store. */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include "cli/cli.h"

/* By the options --from, --where and --sample; writes into the folder `dir` and tells on
 * stderr what it was unsure of. */
int draft_catalog(struct cli *cli, const char *dir, struct cf_error *error);

/* new_files.c: a new file or folder; nothing is written over (PRECONDITION). */
int init_write_file(struct cf_str path, struct cf_str text, struct cf_error *error);
int init_make_folder(struct cf_str path, bool may_exist, struct cf_error *error);

#endif
