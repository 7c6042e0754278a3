/* Stores that wrap a store. Every operation becomes a `struct call` that can be run,
 * once, twice or not at all; a wrapper is one function around it. */
#ifndef STORE_WRAP_WRAP_H
#define STORE_WRAP_WRAP_H

#include "store/store.h"

/* One operation with its arguments. Only those of the operation are set. */
struct call {
	const char *operation;
	struct cf_store *inner;
	int (*run)(struct call *call, struct cf_error *error);
	size_t records; /* how many go in; after run of scan, changes, find: come out */
	const struct cf_get *gets;
	const struct cf_put *puts;
	size_t count;
	unsigned flags;
	struct cf_scan scan;
	struct cf_changes changes;
	struct cf_find find;
	struct cf_walk walk;
	struct cf_str since;
	struct cf_arena *arena;
	struct cf_record *ret_records;
	struct cf_answer *ret_answers;
	struct cf_record **ret_list;
	struct cf_change **ret_changes;
	struct cf_note **ret_notes;
	size_t *ret_count;
	struct cf_str *ret_token;
	uint64_t *ret_number;
	struct cf_store_info *ret_info;
};

struct wrap {
	struct cf_store store;
	struct cf_store *inner;
	const struct cf_mem *mem;
	const struct cf_env *env;
	int (*around)(struct wrap *wrap, struct call *call, struct cf_error *error);
};

/* A wrapper of `size` bytes that begins with struct wrap. On failure the inner store
 * stays the caller's. NOMEM. */
int wrap_open(struct wrap **ret, size_t size, struct cf_store *inner, const struct cf_env *env,
	      const struct cf_mem *mem,
	      int (*around)(struct wrap *wrap, struct call *call, struct cf_error *error));

#endif
