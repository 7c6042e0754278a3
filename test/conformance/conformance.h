/* One suite for every store: each test runs once for each row of `kinds`.
 *
 * With CHESTERFIELD_CONFORMANCE_COUCHDB=http://USER:PASSWORD@HOST:PORT all of it is asked of that
 * server, and of nothing else. */
#ifndef TEST_CONFORMANCE_H
#define TEST_CONFORMANCE_H

#include "check_main.h"
#include "store/store.h"

/* The first keep documents: changes and histories. The others are tables of rows, for
 * the cases that ask no more than a store of records has. */
enum { KIND_COUNT = 4, KIND_ALL = 6, KIND_COUCHDB = 6, KIND_POSTGRES = 7, KIND_POSTGRES_END = 10 };
/* A case runs once for each kind that keeps documents, or for each kind. */
#define add_document_case(tcase, test) \
	tcase_add_loop_test(tcase, test, kinds_first(), kinds_end(KIND_COUNT))
#define add_record_case(tcase, test) \
	tcase_add_loop_test(tcase, test, kinds_first(), kinds_end(KIND_ALL))
int kinds_first(void);
int kinds_end(int of_embedded);

enum { TOKEN_BYTES = 512 };

/* A store under test, in a folder of its own. */
struct subject {
	struct cf_store *store;
	struct cf_arena arena;
	char folder[64];
	char url[512];
	int kind;
	bool wrapped;
	bool pouchdb;
	unsigned traced; /* calls that trace has told of */
};

/* Row `kind` of the kinds; `parameters` is NULL or "revs=3". */
void subject_open(struct subject *subject, int kind, const char *parameters);
/* One more handle on the same data, not wrapped. */
struct cf_store *subject_again(struct subject *subject);
void subject_close(struct subject *subject);
bool kind_has_transactions(int kind);
bool kind_is_rows(int kind);
bool kind_is_couchdb(int kind);
/* A pouchdb-server, which lacks what no case can do without. */
bool subject_is_pouchdb(const struct subject *subject);

/* One put; the call itself must succeed. */
struct cf_answer put_one(struct subject *subject, struct cf_put put);
#define PUT(subject, ...) put_one((subject), (struct cf_put){__VA_ARGS__})
/* A put of exactly this way, "3-c 2-b 1-a"; a "!" in front: deleted. */
struct cf_answer put_way(struct subject *subject, const char *id, const char *way,
			 const char *body);
struct cf_record get_one(struct subject *subject, const char *id, const char *rev, unsigned flags);
/* The winner's member `n` as JSON. */
#define ck_assert_n(subject, id, expected)                       \
	do {                                                     \
		struct cf_str ck_n_ = member_n(subject, id);     \
		ck_assert_bytes(ck_n_.ptr, ck_n_.len, expected); \
	} while (0)
struct cf_str member_n(struct subject *subject, const char *id);
/* All leaves, their ways and bodies: "3-c 2-b {\"a\":1}|!2-x {}"; "-": no record. */
const char *show_record(struct subject *subject, struct cf_record record);
const char *show(struct subject *subject, const char *id);
/* The ids of scan and changes, with spaces between them. */
const char *scan_ids(struct subject *subject, const char *prefix, const char *after, size_t limit);
const char *change_ids(struct subject *subject, const char *since, size_t limit,
		       char token[TOKEN_BYTES]);

/* The cases, by file. */
void add_put_cases(Suite *suite);
void add_tree_cases(Suite *suite);
void add_read_cases(Suite *suite);
void add_note_cases(Suite *suite);
void add_crash_cases(Suite *suite);
void add_process_cases(Suite *suite);

#define ck_assert_rev(rev, expected) ck_assert_bytes((rev).ptr, (rev).len, expected)

#endif
