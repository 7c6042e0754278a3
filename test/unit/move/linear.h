/* Whether what threads did with one key is linearizable: whether there is an order of all
 * operations, each at one moment between its call and its return, in which every read gives
 * what was written last. */
#ifndef TEST_MOVE_LINEAR_H
#define TEST_MOVE_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINEAR_MAX = 512 };
/* A value of its own for "there is none". */
#define LINEAR_ABSENT (-1L)
/* The return of a write whose outcome is unknown: it takes effect at any later moment, or
 * never. (What is known not to have been done stands in no history.) */
#define LINEAR_UNKNOWN UINT64_MAX

struct linear_op {
	uint64_t called, returned; /* no moment twice */
	long value;                /* that was written, or read */
	bool writes;
	unsigned actor; /* for people */
};
/* At most LINEAR_MAX operations on a key that is `first` at the start. */
bool linear_check(const struct linear_op *ops, size_t count, long first);
void linear_print(const struct linear_op *ops, size_t count);

#endif
