/* What a put means for a record, the same in every store that keeps revision trees.
 *
 * A store reads the record's leaves, asks here, and writes the tree that comes
 * back. A refusal is an answer, not a failure: functions return 0 and set
 * `answer->code`; a negative return is a failure of the call (NOMEM).
 */
#ifndef STORE_APPLY_H
#define STORE_APPLY_H

#include "store/form.h"
#include "store/store.h"
#include "store/tree.h"

#define APPLY_NO_PARENT ((size_t)-1)

struct apply {
	struct cf_arena *arena; /* of the call; answers and ways live here */
	struct json_doc doc;    /* storage kept from one put to the next */
	size_t revs_max;
	enum form_kind form; /* what the store does to bodies */
	struct cf_str body;  /* after apply_check: the put's, in that form */
};

/* Checks the put by itself: id, body, revision, history, attachments. */
int apply_check(struct apply *apply, const struct cf_put *put, struct cf_answer *answer);
/* Checks the put's notes by themselves: lengths, and no key twice. */
void apply_check_notes(const struct cf_put *put, struct cf_answer *answer);
/* Whether the note may be done to what is there (NULL: nothing); CONFLICT. */
bool apply_note_holds(const struct cf_note *note, const struct cf_str *value,
		      struct cf_answer *answer);
/* The leaf that the put stands on, or APPLY_NO_PARENT; CONFLICT where its
 * precondition does not hold. */
void apply_parent(const struct cf_put *put, const struct tree *tree, size_t *ret,
		  struct cf_answer *answer);
/* Whether the put is a revision that is there already; then `answer` is complete. */
int apply_known(struct apply *apply, const struct cf_put *put, const struct tree *tree, bool *ret,
		struct cf_answer *answer);
/* The attachments of the new revision: digests made, stubs replaced by what the
 * parent has. `ret` has room for all. INVALID where it lacks one. */
int apply_attachments(struct apply *apply, const struct cf_put *put,
		      const struct cf_revision *parent, struct cf_attachment *ret,
		      struct cf_answer *answer);
/* Names the revision, merges it into the tree and stems. The new leaf has content
 * NULL. Must follow apply_check of the same put. */
int apply_merge(struct apply *apply, const struct cf_put *put,
		const struct cf_attachment *attachments, size_t parent, struct tree *tree,
		enum tree_merged *ret, struct cf_answer *answer);

void answer_refuse(struct cf_answer *answer, int code, struct cf_str message);
/* The digest that names this content. */
int attachment_digest(struct cf_str data, struct cf_arena *arena, struct cf_str *ret);
/* Whether the body meets all conditions. */
int find_matches(struct json_doc *doc, struct cf_str body, const struct cf_find *find,
		 struct json_doc *values, bool *ret);
/* Reads the conditions' values, one tape each, allocated in the arena; they are
 * released by find_close. INVALID where a value is not JSON. */
int find_open(const struct cf_find *find, struct cf_arena *arena, const struct cf_mem *mem,
	      struct json_doc **ret, struct cf_error *error);
void find_close(struct json_doc *values, size_t count);

#endif
