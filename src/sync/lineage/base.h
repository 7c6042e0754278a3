/* The base of a lineage: what it last agreed on, and which revisions went into it.
 *
 * One JSON record in the state store per lineage:
 *   {"incomplete": true, "quarantine": true, "unserved": {PLACE: [REV]},
 *    "slots": {PLACE: {"like": PLACE, "key": KEY, "gone": true,
 *                      "agreed": {POINTER: HASH or null},
 *                      "known": [[REV], [REV, {POINTER: HASH or null}], [REV, null]]}}}
 * `agreed` holds the hash of each atom as last agreed: where `like` names an
 * earlier place of the record, as differences from that one. `known` lists the
 * revisions that were taken into an agreement, newest first, each as differences
 * from the newer one before it (the first: from agreed); null is a tombstone.
 */
#ifndef SYNC_BASE_H
#define SYNC_BASE_H

#include "sync/family.h"
#include "sync/lineage/atoms.h"

struct base_known {
	struct cf_str rev;
	bool deleted;
	struct atoms diff; /* hash 0: not there in this revision */
};

struct base_slot {
	bool there;        /* a document was agreed, none of whose atoms need exist */
	struct cf_str key; /* shared parts: which one was referred to */
	struct atoms agreed;
	struct base_known *known;
	size_t known_count;
};

struct base {
	bool exists;
	struct cf_str rev;      /* of the state record */
	bool listed_incomplete; /* a record in that list speaks of this lineage */
	bool listed_quarantine;
	struct base_slot *slots; /* as the family's */
	struct cf_str unserved;  /* members of that object, as text; mostly empty */
};

/* Reads the record of a lineage. `record` may be absent (never agreed). INVALID
 * where it is not a base. Of places that are no longer served it keeps the revisions
 * that were known. */
int base_read(struct base *ret, const struct family *family, struct json_value record,
	      struct cf_str rev, struct cf_arena *arena, struct cf_error *error);
int base_write(const struct base *base, const struct family *family, struct cf_arena *arena,
	       struct cf_buf *out);

/* unserved.c: of places that are not the family's; and whether a record, whatever the
 * family, knows a revision. */
int unserved_read(const struct family *family, struct json_value record, struct cf_arena *arena,
		  struct cf_str *ret);
/* The record reduced to what it knows of these places; "" where that is nothing. */
int unserved_keep(struct json_value record, const struct cf_str *places, size_t count,
		  struct cf_arena *arena, struct cf_str *ret);
bool unserved_knows(struct json_value record, struct cf_str place, struct cf_str rev);

/* Index in slot->known, or -1. */
ptrdiff_t base_find(const struct base_slot *slot, struct cf_str rev);
/* The atoms (hashes only) of a known revision. 0 or NOMEM. */
int base_atoms(const struct base_slot *slot, size_t known, struct cf_arena *arena,
	       struct atoms *ret);

/* A revision that becomes known. */
struct base_news {
	struct cf_str rev;
	bool deleted;
	struct atoms atoms; /* of a tombstone: not looked at */
};
/* Agrees on `agreed`; `news` (newest first) go before what was known. */
int base_agree(struct base_slot *slot, bool there, const struct atoms *agreed,
	       const struct base_news *news, size_t news_count, struct cf_arena *arena);

#endif
