/* Atoms: the units that are compared and merged.
 *
 * An atom is a leaf of nested objects, or a whole array, or an empty object; an array
 * whose elements have a key is taken apart (keyed.h). The fields that say what a document is (type,
 * version, and members that begin with
 * "_") are not atoms; each attachment is one: its digest and its content type.
 */
#ifndef SYNC_ATOMS_H
#define SYNC_ATOMS_H

#include "sync/lineage/keyed.h"

/* The elements of a keyed array in their order: hashes of their tokens. */
struct atom_order {
	const uint64_t *tokens;
	size_t count;
};

/* 48 bits of a hash, not 0: what bases keep of it. */
static inline uint64_t atom_hash(uint64_t hash)
{
	hash &= (UINT64_C(1) << 48) - 1;
	return hash ? hash : 1;
}

struct atom {
	/* RFC 6901, with ~2 for a "[" that begins the name of a member: so a token that
	 * begins with "[" is an element's, or the order's (keyed.h). */
	struct cf_str pointer;
	uint64_t hash;                  /* of the value; 0: there is no such atom */
	struct json_value value;        /* absent where only the hash is known, or there is none */
	const struct atom_order *order; /* of a keyed array; NULL: not known, or no order */
};
/* In the order of pointer_compare, each pointer once. */
struct atoms {
	struct atom *at;
	size_t count;
};

struct atom_rules {
	struct cf_str type_field;
	struct cf_str version_field;
	struct keyed_arrays keyed;
};

/* Appends "/name" of a member. 0 or NOMEM. */
int pointer_push_member(struct cf_buf *pointer, struct cf_str decoded_name);
/* What atom_order holds of an element. */
uint64_t atom_token_hash(struct cf_str token);
/* The hash of an order's atom. */
uint64_t atom_order_hash(const struct atom_order *order);
/* The order of an array; *ret NULL where it cannot be taken apart. 0 or NOMEM. */
int atom_order_of(const struct keyed_array *keyed, struct json_value array, struct cf_arena *arena,
		  const struct atom_order **ret);
/* Order of pointers in which whatever lies under a pointer follows it directly. */
int pointer_compare(struct cf_str a, struct cf_str b);
bool pointer_lies_under(struct cf_str inner, struct cf_str outer);
/* Whether one is the other, or lies above it. */
bool pointer_overlaps(struct cf_str a, struct cf_str b);

/* The atoms of a document (an object); values borrow from it. 0 or NOMEM. */
int atoms_of(struct json_value document, const struct atom_rules *rules, struct cf_arena *arena,
	     struct atoms *ret);
void atoms_sort(struct atom *at, size_t count);
/* The first atom at or under the pointer; NULL: there is none. */
const struct atom *atoms_first(const struct atoms *atoms, struct cf_str pointer);
/* The order of the keyed array at the pointer; NULL: none is there. */
const struct atom *atoms_order(const struct atoms *atoms, struct cf_str array);
/* NULL where there is none. */
const struct atom *atoms_find(const struct atoms *atoms, struct cf_str pointer);
uint64_t atoms_hash_at(const struct atoms *atoms, struct cf_str pointer);

/* Walks two lists side by side and tells of each pointer at which they differ. */
struct atoms_diff {
	const struct atoms *a, *b;
	size_t ia, ib;
	struct cf_str pointer;
	const struct atom *left, *right; /* NULL: absent there */
};
bool atoms_diff_next(struct atoms_diff *diff);
/* Whether both say the same at the pointer and under it. */
bool atoms_same_under(const struct atoms *a, const struct atoms *b, struct cf_str pointer);

/* Writes `document` (absent: {}) with atoms set, or removed where their value is
 * absent. An object that lost its last atom goes too. `changes` are in the order
 * of pointer_compare. Elements of keyed arrays stand as the order that is set says
 * (none set: as they stood), others behind them. All else is copied byte for byte.
 * 0 or NOMEM. */
int atoms_patch(struct json_value document, const struct atom *changes, size_t change_count,
		const struct atom_rules *rules, const struct cf_mem *mem, struct cf_buf *out);

#endif
