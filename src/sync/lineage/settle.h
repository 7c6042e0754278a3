/* Who wins: edits of several versions of one lineage are brought to one state.
 *
 * The rule is docs/merging.md and, executable, test/model/outcome.py. In short: an edit
 * is one atom of one saved document that says something else than the document its app
 * had. It wins or loses whole. Edits are taken in descending priority; one is accepted
 * where, all accepted ones put onto what was agreed and carried through the lenses to all
 * versions, each of them still stands: the document of its version says what it said.
 * What does not stand in the end has lost, against the first accepted edit with which, and
 * with all before it, it cannot stand.
 *
 * Pure: no store, no clock, no randomness; the same input has the same result, in whatever
 * order its arrays are. Reads go one way: what a shared part says is asked of
 * settle_input.part.
 *
 * Pointers are those of atoms (atoms.h): RFC 6901, with a token ["KEY"] for an element of
 * a keyed array, [] for its order, and ~2 for a "[" that begins the name of a member.
 */
#ifndef SYNC_LINEAGE_SETTLE_H
#define SYNC_LINEAGE_SETTLE_H

#include "sync/family.h"
#include "sync/lineage/atoms.h"

/* Answers beside 0 and errors. */
enum settle_answer {
	SETTLE_NEEDS_PART = 1, /* settle_input.part answered so: load it and call again */
};

/* --- what is given ----------------------------------------------------------- */

/* What was agreed on, by slot of the family. */
struct settle_slot {
	/* With `_attachments` as CouchDB shows them. Absent: nothing was agreed here, or it is
	 * not known any more: it is made from its neighbours. A shared slot: what the part
	 * says now, as its own lineage has settled it. */
	struct json_value document;
	const struct atoms *atoms; /* the document's; NULL: they are not known yet */
	struct cf_str key;         /* shared: which one is referred to; decoded. Empty: none */
	/* A part that has not arrived or was deleted: what is made of it is a hole. A shared
	 * slot whose key is not empty and whose part is not there; an own slot that nothing
	 * can make (a part with the same key) is found by settle itself. */
	bool missing;
};

/* An edit of a saved document. */
struct settle_edit {
	struct cf_str pointer;   /* of the atom; for a hole, see below, any pointer */
	struct json_value value; /* absent: removed. Presence of an element: the element.
				  * Order: the array. {}: that there is an object */
	uint64_t hash;           /* as atoms_of makes it; 0: removed */
	/* Edits of one document with the same number but 0 are one (`together`): they win or
	 * lose together, and are listed by the first of them. */
	unsigned together;
	/* It says something else than what was agreed, though the slot may say it already: what
	 * was agreed is not known any more. */
	bool changes;
};

/* A leaf that is not known: what its app changed. Its edits are put together. */
struct settle_saved {
	size_t slot;
	struct cf_str rev;
	/* The order of versions, as slot_kind.age; of an edit that was made of a shared part
	 * through a document that embeds it, that of the document where it was made. */
	uint64_t age;
	uint64_t seen; /* the last agreement that its app had seen; 0: none */
	/* By settle_input.said: what its app had before its eyes all the same (an edit of its own
	 * version that the document says which it edited). NULL: nothing. */
	const bool *knows;
	/* The document as saved: the places of its elements, its `latest` field; creation: the
	 * document itself. Of a shared part's edit, the image of that document. */
	struct json_value document;
	const struct atoms *atoms; /* the document's; NULL: they are not known yet */
	struct json_value latest;  /* the value of the policy's field; absent: oldest */
	const struct settle_edit *edits;
	size_t edit_count;
};

struct settle_delete {
	size_t slot;
	struct cf_str rev;
	uint64_t age, seen;
	const bool *knows;       /* as settle_saved.knows */
	const struct atoms *had; /* of the document that was deleted, hashes; NULL: not known */
	/* Not 0: it is what was agreed on then, and the slots say what was agreed before it. It
	 * stays, without a word, unless an edit whose app had not seen it changes something. */
	uint64_t agreement;
};

/* Atoms that a person said, which stand in what is agreed (`authored`). */
struct settle_said {
	size_t slot;
	struct cf_str pointer;
	struct cf_str rev;
	uint64_t age;
	uint64_t agreement; /* when it was accepted; an app with a lower `seen` does not know it */
	unsigned together;  /* as settle_edit.together, within its revision */
	const struct atom_order *order; /* of an order: that of the revision; NULL: as agreed */
	struct json_value latest;
};

struct settle_policy {
	enum catalog_prefer prefer;
	struct cf_str latest_field; /* with CATALOG_LATEST: it is only ever raised */
	bool late_edit_wins;
};

struct settle_input {
	const struct family *family;
	struct cf_str key_json; /* as lens_args.key */
	struct cf_str key;      /* decoded, for the schemas that speak of `_id` */
	bool singleton;
	/* Nobody has agreed on anything: saved documents are laid over each other, all atoms of
	 * the first stand, those of the others are edits. Slots may be absent or what the state
	 * lost. Also for documents that must be derived anew (a changed lens): then the edits of
	 * each are its authored atoms only. */
	bool creation;
	const struct settle_slot *slots; /* as the family's */
	const struct settle_saved *saved;
	size_t saved_count;
	const struct settle_delete *deletes;
	size_t delete_count;
	const struct settle_said *said;
	size_t said_count;
	struct settle_policy policy;
	/* What the shared part says that a document came to refer to: 0, with *ret absent where
	 * there is none (it will be made); SETTLE_NEEDS_PART where it is not loaded yet (the
	 * callback notes which); or an error. NULL: there are none. */
	int (*part)(void *ctx, size_t slot, struct cf_str key, struct json_value *ret);
	void *part_ctx;
	/* As cf_store_ops.form, of a document with its `_attachments`: how the store will give
	 * back what lenses make. All that is compared is that. NULL: as it is made. */
	int (*form)(void *ctx, struct cf_str document, struct cf_arena *arena, struct cf_str *ret,
		    struct cf_error *error);
	void *form_ctx;
};

/* --- what comes out -------------------------------------------------------------- */

enum settle_fate {
	SETTLE_ACCEPTED = 1, /* it stands in the outcome */
	SETTLE_LOST,         /* there is a settle_loser for it; `together`: for the first */
	SETTLE_PENDING,      /* at a hole: to be kept and given again when the part is there */
};

enum settle_side_kind {
	SETTLE_SIDE_EDIT = 1, /* saved[index].edits[edit] */
	SETTLE_SIDE_DELETE,   /* deletes[index] */
	SETTLE_SIDE_SAID,     /* said[index] */
};
struct settle_side {
	enum settle_side_kind kind;
	uint32_t index, edit;
};

/* Who had to give way, listed once. The loser is an edit or a delete; with
 * late_edit_wins also what was said. */
struct settle_loser {
	struct settle_side loser, winner;
	/* "newest-version", "oldest-version", "latest", "higher revision", "late: agreed",
	 * "late: edit", or NULL: an edit over a delete */
	const char *policy;
	bool late; /* the loser, or with late_edit_wins the winner, was late */
};

struct settle_slot_result {
	struct json_value document; /* absent: nothing is to be there */
	struct atoms atoms;
	bool changed;   /* says something else than settle_slot.document (absent: nothing) */
	bool validated; /* by its schema */
	/* An own slot that cannot be made yet, or an existing one in which some atoms stay as
	 * they were: waits for the part at slot `waits_for`. */
	bool waits;
	size_t waits_for;
	/* Pointers of the holes, under which nothing is said or compared. */
	const struct cf_str *holes;
	size_t hole_count;
	/* Shared: the key that the holder refers to now. The document is an image: where it
	 * differs from settle_slot.document or from what `part` said, it is an edit of the part
	 * (or makes it), to be judged by the part's own lineage. */
	struct cf_str key;
};

struct settle_result {
	bool gone; /* the thing is deleted: all documents go */
	struct settle_slot_result *slots;
	enum settle_fate **edits; /* as saved[].edits */
	bool *said_stands;        /* as said: it is said still */
	const struct settle_loser *losers;
	size_t loser_count;
	size_t replays; /* how often edits were put and carried to see who stands */
	/* LAW: the two values between which an atom swings; ptr NULL: absent. */
	struct cf_str swing[2];
};

/* What a thread needs: lens worker, tapes, scratch memory. */
struct settler;
struct settler *settler_new(const struct registry *registry, const struct cf_mem *mem);
struct settler *settler_free(struct settler *settler);

/* Settles. The result lives until the settler's next call; values in it may borrow from
 * the input. 0; SETTLE_NEEDS_PART; or an error with the document's place or id and the
 * pointer: an edit that does not fit even alone (UNMAPPED, SCRIPT, INVALID, LIMIT: the lens
 * fails or the result is invalid; LAW: documents do not agree) has no winner, so the
 * lineage goes to quarantine; NOMEM. */
int settle(struct settler *settler, const struct settle_input *input, struct settle_result *ret,
	   struct cf_error *error);

/* Puts the edits of one saved document onto what was agreed, and carries them to all other
 * slots, as settle does with an edit that nobody contests: what the shared slots say then
 * is what it says of the parts. Result, answers and errors as settle's, without losers. */
int settle_carry(struct settler *settler, const struct settle_input *input, size_t saved,
		 struct settle_result *ret, struct cf_error *error);

/* rank.c: values of the policy's field: > 0 where a is later; whether a pointer is its. */
int compare_latest(struct json_value a, struct json_value b);
bool is_latest_field(struct cf_str field, struct cf_str pointer);

/* edits.c: what a saved document says otherwise than the one that its app had (`was`,
 * hashes only; none: {}): one edit per atom. Removing a whole array is one edit; otherwise
 * a keyed array differs by presence of elements, their fields, and the order of those that
 * both have. `together`: NULL, or sets of pointers that are one atom. 0 or NOMEM. */
struct settle_together {
	const struct cf_str *pointers;
	size_t count;
};
int settle_edits(const struct atoms *was, const struct atoms *now,
		 const struct settle_together *together, size_t together_count,
		 struct cf_arena *arena, struct settle_edit **ret, size_t *ret_count);
/* The edit of that very pointer, among edits in the order of pointers; NULL: there is none. */
const struct settle_edit *settle_edit_find(const struct settle_edit *edits, size_t count,
					   struct cf_str pointer);

#endif
