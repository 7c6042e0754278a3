/* Databases that are gone: what the state holds of them is erased, and once more when a worker
 * that had one at the time is through. */
#ifndef SYNC_GRAVES_H
#define SYNC_GRAVES_H

#include "state/state.h"

struct grave;
struct graves {
	const struct cf_mem *mem;
	struct grave *first;
};

/* Erases what `records` hold of a database, which may be one that is there again. */
int graves_erase(const struct graves *graves, struct cf_store *records, struct cf_str name,
		 struct cf_error *error);
/* The same, to be done again. `round`: the one that goes on. */
int graves_bury(struct graves *graves, struct cf_store *records, struct cf_str name, uint64_t round,
		struct cf_error *error);
/* In the round after the next at the latest nobody works on them any more: then it is done
 * again. */
int graves_tend(struct graves *graves, struct cf_store *records, uint64_t round,
		struct cf_error *error);
/* That name is in use again: what is noted of it from now on stays. */
void graves_dig_up(struct graves *graves, struct cf_str name);
void graves_fini(struct graves *graves);

#endif
