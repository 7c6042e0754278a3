/* What the files of `docs` share. */
#ifndef CLI_DOCS_H
#define CLI_DOCS_H

#include "cli/stores.h"

enum { DOCS_BATCH = 500 };

/* The store of --store; not made where there is none, unless `create`. */
int docs_open(struct cli *cli, bool create, struct cf_store **ret, struct cf_error *error);
/* USAGE with the store's name where it has one revision a record. */
int docs_need_histories(struct cli *cli, const struct cf_store *store, struct cf_error *error);
/* {"id", "rev"} or {"id", "error"}; with a winner, the revision that the document now
 * has instead. */
int docs_print_answer(struct cli *cli, struct cf_str id, const struct cf_answer *answer,
		      struct cf_str winner);
/* To stderr: there is no such document, or none that can be shown. */
void docs_report(struct cli *cli, const struct cf_record *record);

int docs_run_put(struct cli *cli, struct cf_error *error);
int docs_run_get(struct cli *cli, struct cf_error *error);
int docs_run_list(struct cli *cli, struct cf_error *error);
int docs_run_delete(struct cli *cli, struct cf_error *error);

#endif
