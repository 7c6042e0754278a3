/* What the commands that decide on entries of lists share. */
#ifndef SYNC_LISTS_H
#define SYNC_LISTS_H

#include "sync/lineage/lineage.h"
#include "sync/sync.h"

/* Of the records in the state; goes up when an older program would misread them. */
#define STATE_FORMAT 3
/* Of a checkpoint (absent: none): NEWER where it was written by a later program, PRECONDITION
 * where by one that did not keep all that is kept now. */
int state_check_format(struct json_value checkpoint, struct cf_error *error);
/* PRECONDITION where the state has the format of before STATE_FORMAT. */
int state_check_former(const struct state *state, struct cf_arena *arena, struct cf_error *error);
/* PRECONDITION where the store does not know the latest change that a checkpoint names. */
int state_check_last(struct json_value checkpoint, struct cf_store *store, struct cf_arena *arena,
		     struct cf_error *error);
/* What a state calls the store that it speaks of. */
const char *state_store_name(const struct cf_store *store, const struct state *state);
/* PRECONDITION where a checkpoint is that of another store. */
int state_check_store(struct json_value checkpoint, const struct cf_store *store,
		      const struct state *state, struct cf_arena *arena, struct cf_error *error);
/* A whole number that is not negative; else 0. */
uint64_t record_number(struct json_value object, const char *name);

/* Of which kind the list's records are. */
enum state_kind list_kind(enum sync_list list);
/* Removes an entry as it was read; CONFLICT where it changed. */
int entry_delete(const struct state *state, const struct sync_entry *entry, struct cf_arena *arena,
		 struct cf_error *error);

#endif
