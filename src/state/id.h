/* What ids of records look like: id.c alone knows. */
#ifndef STATE_ID_H
#define STATE_ID_H

#include "state/state.h"

/* Begins with the database, the slash behind it. 0 or NOMEM. */
int state_id_database(struct cf_str database, struct cf_buf *out);
/* What all ids of a range begin with. ptr NULL: no memory. */
struct cf_str state_id_begin(const struct state *state, const struct state_range *range,
			     struct cf_arena *arena);
/* Whether a name is too long to stand in an id. */
bool state_name_is_cut(struct cf_str name);
/* The last name as it stands in the id of a record of that kind: a cut one is not whole. */
struct cf_str state_id_last(const struct state *state, enum state_kind kind, struct cf_str id);
enum { STATE_HASH_BYTES = 11 };
void state_id_hash(struct cf_str text, char ret[STATE_HASH_BYTES + 1]);

#endif
