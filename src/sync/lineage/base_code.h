/* How bases write down hashes, sets of numbers, and revisions, in few characters. */
#ifndef SYNC_BASE_CODE_H
#define SYNC_BASE_CODE_H

#include "base/base.h"
#include "sync/lineage/atoms.h"

enum { CODE_HASH_CHARS = 8 };

/* 48 bits as base64url (RFC 4648). */
void code_hash(uint64_t hash, struct cf_buf *out);
bool code_hash_read(const char *text, uint64_t *ret);

/* A set of numbers: gap and length of each run in turn, each in digits of five bits, the
 * lowest first, of which all but the last say that another follows. */
struct code_set {
	struct cf_buf *out;
	uint64_t next; /* behind the last run */
	uint64_t start, end;
};
/* Numbers must come in ascending order. */
void code_set_add(struct code_set *set, uint64_t number);
void code_set_end(struct code_set *set);
/* Walks the numbers of a set; `limit`: one past the highest that may be. */
struct code_walk {
	struct cf_str text;
	uint64_t limit;
	uint64_t next, end;
	bool damaged;
};
bool code_set_next(struct code_walk *walk, uint64_t *ret);

/* A list of numbers in any order: first number and length of each run of ascending ones. */
struct code_list {
	struct cf_buf *out;
	uint64_t start, end;
};
void code_list_add(struct code_list *list, uint64_t number);
void code_list_end(struct code_list *list);
bool code_list_next(struct code_walk *walk, uint64_t *ret);

/* A revision as a JSON string: one with 32 hexadecimal digits in 22 characters, "1~..." */
void code_rev(struct cf_str rev, struct cf_buf *out);
/* The reverse, of the string's content. 0 or NOMEM. */
int code_rev_read(struct cf_str text, struct cf_arena *arena, struct cf_str *ret);
/* Whether the string's content names that revision. */
bool code_rev_is(struct cf_str text, struct cf_str rev);

#endif
