/* Parts that wait for the documents that need them, and the other way round. */
#ifndef CLI_GATHER_H
#define CLI_GATHER_H

#include "base/base.h"

/* More than this is not kept: whoever has that many shared parts converts in
 * pieces, or lets `run` do it, which keeps them in a store. */
#define GATHER_BYTES_MAX ((size_t)256 << 20)

/* A document that waits for the one of `needs`. */
struct gather_waiting {
	struct gather_waiting *next;
	void *place; /* the caller's: where its lines belong */
	size_t text_len;
	char text[];
};
struct gather_slot {
	struct gather_slot *next;
	struct cf_str id;
	struct cf_str text; /* ptr NULL: not arrived yet */
	struct cf_str made; /* a shared part that was made and written: once is enough */
	bool lonely;        /* the part belongs to one document, which has not come yet */
	bool met;           /* it has come, and the text is gone */
	struct gather_waiting *waiting;
	struct gather_waiting **waiting_end;
};
struct gather {
	const struct cf_mem *mem;
	struct gather_slot **buckets;
	size_t bucket_count;
	size_t count;
	size_t bytes;
};

void gather_init(struct gather *gather, const struct cf_mem *mem);
void gather_fini(struct gather *gather);
/* The slot of that id; NULL where there is none. */
struct gather_slot *gather_find(struct gather *gather, struct cf_str id);
/* The same, made where it is not there. LIMIT, NOMEM. */
int gather_add(struct gather *gather, struct cf_str id, struct gather_slot **ret,
	       struct cf_error *error);
/* Keeps a copy of a part; one of the same id that was there is replaced. LIMIT, NOMEM. */
int gather_put(struct gather *gather, struct cf_str id, struct cf_str text,
	       struct gather_slot **ret, struct cf_error *error);
/* Keeps a copy of what was made as the part of that slot. LIMIT, NOMEM. */
int gather_note_made(struct gather *gather, struct gather_slot *slot, struct cf_str text,
		     struct cf_error *error);
/* Keeps a copy of a document until a part of that id is put. LIMIT, NOMEM. */
int gather_wait(struct gather *gather, struct cf_str id, struct cf_str text, void *place,
		struct cf_error *error);
/* Forgets a part that has met its document. */
void gather_drop(struct gather *gather, struct gather_slot *slot);
/* Forgets its text only, where the same part may come again in another major. */
void gather_meet(struct gather *gather, struct gather_slot *slot);
/* Takes the list of those that wait for a slot, in the order they came. */
struct gather_waiting *gather_take(struct gather_slot *slot);
/* Frees one that was taken. */
void gather_release(struct gather *gather, struct gather_waiting *waiting);

#endif
