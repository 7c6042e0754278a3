/* What the commands that decide on entries of lists share. */
#ifndef SYNC_LISTS_H
#define SYNC_LISTS_H

#include "sync/lineage.h"
#include "sync/sync.h"

/* "conflict/": what ids of the list's records begin with. */
struct cf_str list_prefix(enum sync_list list);
/* Removes an entry as it was read; CONFLICT where it changed. */
int entry_delete(struct cf_store *state, const struct sync_entry *entry, struct cf_arena *arena,
		 struct cf_error *error);

#endif
