/* The base of a lineage: what it last agreed on, and which revisions went into it.
 *
 * One JSON record in the state store per lineage. All that stands in it more than once is
 * stored once:
 *   {"n": AGREEMENTS, "incomplete": HASH, "quarantine": HASH, "unserved": {PLACE: [REV]},
 *    "atoms": {POINTER: HASHES or [ORDER]},
 *    "slots": {PLACE: {"a": ATOMS, "key": KEY, "known": [KNOWN], "by": [SAID],
 *                      "only": {POINTER: VALUE}, "hold": [[POINTER, REV, SEEN, VALUE]],
 *                      "at": [[REV, VALUE]]}},
 *    "body": {PLACE: DOCUMENT}}
 * HASHES are the different values that the atom has anywhere in the record, 8 characters
 * each; so each pair of pointer and hash has a number, counted from the first. Of the order
 * of a keyed array these are sequences of its elements (base_order.h), each of which is the
 * order of whoever has some of them: ORDER is a list of places (base_code.h) among the
 * elements of the array that stand in `atoms`. ATOMS is a set of such numbers. Without `a`, no
 * document is there. KNOWN lists the revisions that were taken into an agreement, newest first: REV
 * where it is current and says what was agreed; else [REV, SEEN, ATOMS], or [REV, SEEN, null] for a
 * tombstone, with SEEN null for the current one; ATOMS is what differs (on either side) from the
 * live revision before it, of the first from what was agreed. SAID is [REV, AGREEMENT] where all
 * atoms are meant, or [REV, AGREEMENT, ATOMS, [POINTER]]: what a person last said here, the
 * last of it what was removed; REV is a place in `known`, or where it is not there the
 * revision itself. `at` is what the field of the policy `latest` says in these revisions.
 * Of a deleted thing SAID is what was said before it went, by what stood
 * then; with the pointer "" it is the deletion itself. `body` is that of a deleted thing: what
 * stood in one place; the others say in `only` what that one cannot.
 */
#ifndef SYNC_BASE_H
#define SYNC_BASE_H

#include "store/store.h"
#include "sync/family.h"
#include "sync/lineage/atoms.h"
#include "sync/lineage/base_order.h"

#define BASE_CURRENT UINT64_MAX

struct base_known {
	struct cf_str rev;
	bool deleted;
	/* The last agreement that whoever has this revision knows of: the last one during
	 * which it was its document's current revision, BASE_CURRENT where it still is. */
	uint64_t seen;
	struct atoms diff; /* on either side, by pointer and hash; orders by their sequences */
};

/* An atom that a person said here and nobody has said otherwise since. */
struct base_said {
	struct cf_str pointer; /* "": the document, which was deleted */
	struct cf_str rev;
	uint64_t agreement;
};

/* What the field of the policy `latest` says in a revision by which something was said. */
struct base_time {
	struct cf_str rev;
	struct json_value value;
};

/* An edit that could not be judged yet: what it speaks of has not arrived. */
struct base_pending {
	struct cf_str pointer;
	struct cf_str rev;
	uint64_t seen;
	struct json_value value; /* absent: removed */
};

struct base_slot {
	bool there;        /* a document was agreed, none of whose atoms need exist */
	struct cf_str key; /* shared parts: which one was referred to */
	struct atoms agreed;
	struct atoms kept;          /* the same, with orders by their sequences */
	struct base_orders *orders; /* of all slots */
	struct base_known *known;
	size_t known_count;
	struct base_said *said;
	size_t said_count;
	struct base_time *times;
	size_t time_count;
	struct atoms only; /* with their values: what no other place can say */
	struct base_pending *pending;
	size_t pending_count;
	struct json_value body; /* of a deleted thing; absent mostly */
};

struct base {
	bool exists;
	uint64_t agreements;        /* how many there were */
	struct cf_str rev;          /* of the state record */
	uint64_t listed_incomplete; /* what its entry in that list says, as a hash; 0: none */
	uint64_t listed_quarantine;
	struct base_orders *orders;
	struct base_slot *slots; /* as the family's */
	struct cf_str unserved;  /* members of that object, as text; mostly empty */
};

/* Reads the record of a lineage. `record` may be absent (never agreed); values borrow from
 * it. INVALID where it is not a base. Of places that are no longer served it keeps the
 * revisions that were known. */
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
/* Index of the revision that was current when agreed last, or -1. */
ptrdiff_t base_current(const struct base_slot *slot);
/* What somebody with that known revision had seen. */
uint64_t base_seen(const struct base *base, const struct base_slot *slot, size_t known);
/* Index of the last revision that stood before the document went, or -1. */
ptrdiff_t base_last(const struct base_slot *slot);
/* What is agreed, or of a document that is gone what was agreed before. 0 or NOMEM. */
int base_stood(const struct base_slot *slot, struct cf_arena *arena, struct atoms *ret);
/* The same, with orders by their sequences. */
int base_stood_kept(const struct base_slot *slot, struct cf_arena *arena, struct atoms *ret);
/* The last agreement by which the thing went; 0: it did not, or nobody deleted it. */
uint64_t base_gone_at(const struct base *base, const struct family *family);
/* The atoms (hashes, and orders) of a known revision. 0 or NOMEM. */
int base_atoms(const struct base_slot *slot, size_t known, struct cf_arena *arena,
	       struct atoms *ret);
/* The order that a revision said, as far as it is known; else as it was agreed. *ret NULL: none.
 * 0 or NOMEM. */
int base_said_order(const struct base_slot *slot, const struct base_said *said,
		    struct cf_arena *arena, const struct atom_order **ret);
/* The time of a revision; absent: it is not known. */
struct json_value base_time_of(const struct base_slot *slot, struct cf_str rev);
/* What stands in one of two lists only, by pointer and hash. 0 or NOMEM. */
int atoms_toggle(const struct atoms *a, const struct atoms *b, struct cf_arena *arena,
		 struct atoms *ret);

/* A revision that becomes known. */
struct base_news {
	struct cf_str rev;
	bool deleted;
	uint64_t seen;
	struct atoms atoms; /* of a tombstone: not looked at */
};
/* Agrees on `agreed` with the number base->agreements, which was raised before; `news`
 * (newest first) go before what was known; `current` is the document's revision now. */
struct base_step {
	bool there;
	struct atoms agreed;
	struct base_news *news;
	size_t news_count;
	struct cf_str current;
};
int base_agree(const struct base *base, struct base_slot *slot, const struct base_step *step,
	       struct cf_arena *arena);
/* Forgets the oldest beyond SYNC_KNOWN_MAX, but for the tombstones among the leaves. */
void base_forget(struct base_slot *slot, const struct cf_record *record);

#endif
