/* Arrays whose elements are matched by a field (`map` with `key`): they are compared
 * and merged element by element.
 *
 * Such an array is taken apart into
 *   /items/[]            the order of its elements; value: the array
 *   /items/["a"]         the presence of the element whose key is "a"; value: the element
 *   /items/["a"]/title   its atoms but the key, as those of any object
 * where the token between the brackets is the key's value as JSON. Where the same array
 * holds scalars in another version, a scalar is its own key. An array with an element
 * that is not an object (a scalar), has no such field, or has the key of another one is
 * one atom, like any other array.
 */
#ifndef SYNC_KEYED_H
#define SYNC_KEYED_H

#include "json/json.h"

struct keyed_array {
	struct cf_str pattern; /* a pointer; "*" stands for an element of an outer array */
	struct cf_str field;   /* decoded; ptr NULL: scalars, each its own key */
};
struct keyed_arrays {
	const struct keyed_array *at;
	size_t count;
};

/* The presence of an element says nothing of what is in it. */
#define KEYED_PRESENT UINT64_C(1)

/* The field by which elements of the array at `pointer` are matched; NULL: none. */
const struct keyed_array *keyed_at(const struct keyed_arrays *keyed, struct cf_str pointer);

/* A pointer in which names that begin with "[" stand as they are, as lens_trace gives it, with
 * these escaped (~2); what stands for an element of a keyed array stays. ptr NULL: no
 * memory. */
struct cf_str keyed_pointer(const struct keyed_arrays *keyed, struct cf_str pointer,
			    struct cf_arena *arena);

struct keyed_element {
	struct cf_str token; /* as it stands in a pointer, brackets and all */
	struct json_value value;
};
/* The elements in their order. *ret NULL: it cannot be taken apart. 0 or NOMEM. */
int keyed_elements(const struct keyed_array *keyed, struct json_value array, struct cf_arena *arena,
		   struct keyed_element **ret, size_t *ret_count);

/* The elements in the order of their tokens. NULL: no memory. */
const struct keyed_element **keyed_sorted(const struct keyed_element *elements, size_t count,
					  struct cf_arena *arena);
/* The element of that token among sorted ones; NULL: there is none. */
const struct keyed_element *keyed_find(const struct keyed_element **order, size_t count,
				       struct cf_str token);

/* The element that the pointer names something in; len 0: none. */
struct cf_str keyed_element_of(struct cf_str pointer);
bool keyed_is_element(struct cf_str pointer); /* ends with the token of an element */
bool keyed_is_order(struct cf_str pointer);   /* ends with "/[]" */

#endif
