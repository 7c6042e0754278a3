/* Who wins: the rule of test/model/outcome.py once more, written from its law. */
#ifndef OUTCOME_RULE_H
#define OUTCOME_RULE_H

#include "chain.h"
#include "store/store.h"

enum { EDITS_MAX = 512 };

enum prefer { PREFER_NEWEST, PREFER_OLDEST, PREFER_LATEST };
struct policy {
	enum prefer prefer;
	bool late_wins;
	struct path latest; /* of PREFER_LATEST; count 0: there is none */
};

/* One atom of one saved document, or its delete. */
struct edit {
	size_t version;
	struct path pointer;       /* count 0: a delete */
	const struct value *value; /* NULL: taken away */
	struct cf_str rev;
	const struct value *document; /* as it was saved; of a delete: what was deleted */
	const struct value *places;   /* where elements have their places, if not there */
	unsigned at;                  /* the agreement that took it in */
	/* what its app had before its eyes */
	unsigned seen;
	const struct value *base; /* NULL: nothing */
	/* scratch of one judgement */
	bool late;
	struct edits *unit;
};
struct edits {
	struct edit *at[EDITS_MAX];
	size_t count;
};
struct loser {
	struct edit *edit;
	struct edit *winner; /* NULL: none */
};
struct losers {
	struct loser at[EDITS_MAX];
	size_t count;
};
/* docs.at[0] NULL: nothing is there. */
struct agreed {
	struct docs docs;
	struct edits said; /* what was accepted and still stands, the oldest first */
};
/* What a judgement needs. */
struct court {
	struct chain *chain;
	const struct policy *policy;
	const struct edits *said; /* before this judgement */
	uint64_t puts;
};

void rule_add(struct edits *edits, struct edit *edit);
void rule_add_all(struct edits *edits, const struct edits *more);
bool rule_has(const struct edits *edits, const struct edit *edit);
void rule_lose(struct losers *losers, struct edit *edit, struct edit *winner);
bool rule_lost(const struct losers *losers, const struct edit *edit);
bool same_document(const struct edit *a, const struct edit *b);

/* edits.c: what a document says otherwise than the one that its app had (NULL: none). */
void rule_edits_of(struct court *court, size_t version, const struct value *was,
		   const struct value *now, struct cf_str rev, struct edits *ret);
bool rule_stands_in(const struct court *court, const struct value *document,
		    const struct edit *edit);
bool rule_stands(const struct court *court, const struct docs *docs, const struct edit *edit);
/* The field of `prefer: {latest: FIELD}`, which never loses. */
/* The value that a list shows; NULL: taken away. */
const struct value *rule_shown(struct court *court, const struct edit *edit);
bool rule_is_latest(const struct court *court, const struct edit *edit);
/* Sets edits of one saved document in what is there now. */
void rule_set(struct court *court, struct value *document, const struct edits *edits,
	      const struct value *agreed);

/* rule.c */
int rule_rank(const struct policy *policy, const struct edit *a, const struct edit *b);
void rule_descending(struct court *court, struct edits *edits);
/* Sets and carries; false: a lens fails. */
bool rule_put(struct court *court, const struct docs *docs, const struct edits *edits,
	      struct docs *ret);
bool rule_all_stand(const struct court *court, const struct docs *docs, const struct edits *edits);
bool rule_fits(struct court *court, const struct docs *docs, const struct edits *edits);
/* A put into memory that is gone afterwards. */
struct trial {
	struct cf_arena arena, *kept;
	struct docs docs;
	bool done;
};
void rule_try(struct court *court, struct trial *trial, const struct docs *docs,
	      const struct edits *edits);
void rule_try_end(struct court *court, struct trial *trial);
/* The edits of one document, from `from` on in a list that has them together. */
struct edits rule_group_at(const struct edits *edits, size_t from);
/* An edit with those of its document that it needs. */
void rule_find_units(struct court *court, const struct docs *docs, const struct edits *edits);
struct edits rule_unit(struct edit *edit);
struct edits rule_only(struct edit *edit);
struct edits rule_without(const struct edits *edits, const struct edit *edit);
struct edits rule_difference(const struct edits *edits, const struct edits *taken);
/* Whether the app of an edit (or of a delete) had not seen what was said. */
bool rule_unseen(const struct court *court, const struct edit *edit, const struct edit *said);
/* All of that. */
struct edits rule_missed(const struct court *court, const struct edit *edit);

/* settle.c */
struct settling {
	struct court *court;
	const struct docs *docs;
	struct edits accepted, held;
	struct losers losers;
};
void rule_settle(struct settling *s, const struct edits *edits, struct docs *ret);

/* judgement.c */
/* Judges edits and deletes over what is agreed. */
void rule_outcome(struct court *court, const struct agreed *agreed, struct edits *edits,
		  const struct edits *deletes, struct agreed *ret, struct losers *ret_losers);
/* A document that nobody agreed on. */
struct new_document {
	size_t version;
	const struct value *document;
	struct cf_str rev;
};
void rule_create(struct court *court, struct new_document *documents, size_t count,
		 struct edits *edits, const struct edits *deletes, struct agreed *ret,
		 struct losers *ret_losers);

#endif
