/* What the commands that decide on entries of lists share. */
#ifndef SYNC_LISTS_H
#define SYNC_LISTS_H

#include "sync/lineage/lineage.h"
#include "sync/sync.h"

/* Of the records in the state; goes up when an older program would misread them. */
#define STATE_FORMAT 1
/* NEWER where a checkpoint (absent: none) was written by a later program. */
int state_check_format(struct json_value checkpoint, struct cf_error *error);
/* PRECONDITION where a checkpoint is that of another store. */
int state_check_store(struct json_value checkpoint, const struct cf_store *store,
		      const struct cf_store *state, struct cf_arena *arena, struct cf_error *error);
/* A whole number that is not negative; else 0. */
uint64_t record_number(struct json_value object, const char *name);

/* "conflict/": what ids of the list's records begin with. */
struct cf_str list_prefix(enum sync_list list);
/* Removes an entry as it was read; CONFLICT where it changed. */
int entry_delete(struct cf_store *state, const struct sync_entry *entry, struct cf_arena *arena,
		 struct cf_error *error);

#endif
