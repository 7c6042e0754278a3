/* Orders of keyed arrays, as bases keep them.
 *
 * A revision that only adds or removes elements does not change the order of the others. So
 * one sequence says the order of many revisions: each has of it those elements that it has.
 * In the base the atom of an order has the sequence's number in place of its hash.
 */
#ifndef SYNC_BASE_ORDER_H
#define SYNC_BASE_ORDER_H

#include "sync/lineage/atoms.h"

struct base_sequence {
	struct cf_str pointer; /* of the order's atom */
	uint64_t number;       /* from 1, by pointer */
	struct atom_order order;
	struct base_sequence *next; /* the next one, of any pointer */
};
struct base_orders {
	struct base_sequence *first;
};

/* The sequence of that number; NULL: there is none. */
const struct base_sequence *base_sequence_find(const struct base_orders *orders,
					       struct cf_str pointer, uint64_t number);
/* 0 or NOMEM. */
int base_sequence_add(struct base_orders *orders, const struct base_sequence *sequence,
		      struct cf_arena *arena);

/* Atoms of a document as bases keep them: sequences grow by what they do not have yet, or
 * new ones are made. 0 or NOMEM. */
int base_orders_note(struct base_orders *orders, const struct atoms *atoms, struct cf_arena *arena,
		     struct atoms *ret);
/* The reverse: orders with their elements and hashes. 0 or NOMEM. */
int base_orders_tell(const struct base_orders *orders, const struct atoms *kept,
		     struct cf_arena *arena, struct atoms *ret);

/* The tokens of the elements of the order's array, as atoms of a list say that they are
 * there, in the order of their pointers: *ret, in the arena. 0 or NOMEM. */
int base_orders_elements(const struct atoms *atoms, const struct atom *order,
			 struct cf_arena *arena, struct atom_order *ret);

/* Whether what both name stands in the same order; *ret_more (or NULL): how many `order`
 * names beside. 0 or NOMEM. */
int order_follows(const struct atom_order *first, const struct atom_order *order,
		  struct cf_arena *arena, bool *ret, size_t *ret_more);

/* Where tokens stand in a list. */
struct token_index {
	const uint64_t *tokens;
	uint32_t *buckets; /* 1 + place */
	size_t mask;
};
int token_index_make(struct token_index *index, const struct atom_order *order,
		     struct cf_arena *arena);
/* SIZE_MAX: it does not stand there. */
size_t token_index_find(const struct token_index *index, uint64_t token);

#endif
