/* What the files that settle a lineage share. The road, in the order of calls:
 *   settle.c   what is given becomes edits in descending priority
 *   judged.c   which of them are judged
 *   judge.c    all at once; those that touch each other by themselves
 *   rank.c     priorities
 *   touch.c    which edits can touch each other
 *   need.c     which do not fit alone
 *   contest.c  who wins among these
 *   taken.c    what can never stand beside what was accepted
 *   put.c      edits onto documents, carried to all versions, looked at
 *   carry.c    one document to all others through the lenses
 *   crossing.c one direction of one link
 *   missing.c  what stands in for a part that is missing
 *   sound.c    are documents valid, and images of each other?
 *   set.c      edits into the text of one document
 *   pages.c    documents of all slots, cheap to copy
 *   outcome.c  what stands, who lost against whom, what becomes of deletes
 */
#ifndef SYNC_LINEAGE_SETTLER_H
#define SYNC_LINEAGE_SETTLER_H

#include "sync/lineage/settle.h"

/* One version of one document. Never changed once made; counted, and used again. */
struct page {
	struct json_value value;
	struct json_doc tape; /* of `text`; a borrowed document has none */
	struct cf_buf text;
	struct cf_arena arena; /* of its atoms */
	struct atoms atoms;
	const struct slot_kind *kind;
	bool taken_apart; /* atoms are filled */
	bool valid;       /* by its schema, as far as is known */
	bool validated;   /* ... as it was looked at */
	bool phantom;     /* stands in for a part that is missing, or is made of one that does */
	bool root;        /* ... the part that is missing */
	unsigned users;
	struct page *next;  /* free ones */
	struct page *older; /* of all that were made */
};

/* The documents of all slots; NULL: none. */
struct pages {
	struct page **pages;
	struct cf_str *keys; /* shared: what is referred to, in settler.arena; decoded */
};

/* All edits of one saved document, or all that was said in one revision. */
struct source {
	size_t slot;
	struct cf_str rev;
	uint64_t age, seen;
	const bool *knows;
	struct json_value document, latest;
	const struct atoms *atoms; /* the document's; NULL: not known */
	struct edit *edits;        /* in the order of pointers */
	size_t edit_count;
	enum settle_side_kind kind;
	size_t index;    /* in the input */
	size_t rank;     /* among sources, ascending priority */
	bool asked;      /* what its edits need (need.c) */
	bool waits;      /* in this trial: until others have made its document */
	unsigned marked; /* the trial that puts some of it */
};

enum edit_kind {
	EDIT_VALUE,   /* of a field, or of a whole array */
	EDIT_OBJECT,  /* that there is an object */
	EDIT_ELEMENT, /* that an element is there, or is not */
	EDIT_ORDER,
	EDIT_LATEST, /* of the policy's field: it is only ever raised */
};

struct edit_place;
/* A document may have many of them: the larger members first, that none is wasted between. */
struct edit {
	struct source *source;
	struct cf_str pointer;
	struct json_value value;
	uint64_t hash;
	const struct atom_order *order; /* of the edit of an order */
	struct edit_place *places;      /* ... by element, once asked for */
	struct edit *head;              /* together: the first; itself where it is alone */
	struct edit *with;              /* together: the next one. Only the first is judged */
	uint64_t agreement;             /* said */
	struct edit *parent;            /* of the sets of those that touch */
	struct contest *contest;        /* the one that it is judged in */
	/* Those of its document that it needs, where it does not fit alone; NULL: none. */
	struct edit **unit;
	/* A loser: what must have been left, how many were accepted, and whom it lost to. */
	struct edit **hold;
	struct edit *winner;
	uint32_t unit_count, hold_count, lost_among;
	struct settle_side side;
	uint32_t element; /* bytes of the pointer up to the element that it lies in; 0: none */
	uint32_t trial;   /* the last one that it was part of */
	uint32_t place;   /* among the accepted ones of its contest */
	uint8_t kind;     /* enum edit_kind */
	bool judged;
	bool pending;   /* at a hole */
	bool moved;     /* ... or not any more, by what came out */
	bool contested; /* did not stand when all was tried, or touches one that did not */
	bool given;     /* creation: of the first document; accepted from the start */
	bool stood;     /* said: in what was agreed */
	bool was_there; /* of an element: it was, in what was agreed */
	bool stands;    /* said: in the last success of its contest */
	bool held;      /* said: what others did not know, and must leave */
	bool late;      /* does not fit what its app had not seen */
	bool accepted;
	bool asked; /* whether it is among those that are tried (need.c) */
	bool unfit; /* it does not fit even with all of its unit */
};

enum contest_stage {
	CONTEST_LATE,
	CONTEST_ACCEPT,
	CONTEST_AGAINST,
	CONTEST_SETTLED, /* all of it stands: nothing to do */
};

/* What was accepted of a loser's own document, while its winner is looked for. */
enum contest_own {
	OWN_UNKNOWN, /* does the loser stand with all others, without it? */
	OWN_NONE,    /* it does not: they alone are why */
	OWN_WITH,    /* it does */
};

/* Edits that can touch each other, while they are judged. */
struct contest {
	enum contest_stage stage;
	bool active; /* in this step */
	struct edit **edits, **said, **accepted, **losers;
	size_t count, said_count, accepted_count, loser_count;
	struct edit **proposed; /* in this step */
	size_t proposed_count;
	size_t at; /* among the edits, or the losers */
	/* Of one document: those that are left, and how many are tried at once, from where. */
	struct edit **left;
	size_t left_count, cursor, chunk;
	bool grown;     /* some were accepted in this pass */
	bool known_too; /* with what is held, though their app knew it */
	bool needs_too; /* with those of their document that they need */
	/* Those that a loser may have lost to; it stands with so many of them, and does not with
	 * so many. From `end` on, up to there, these do not stand even without it. */
	struct edit **others;
	size_t other_count, low, middle, high, end;
	size_t probed; /* where this search for a middle that tells something began; 0: it did not
			*/
	unsigned ways; /* in which it was tried with these: with what either needs, or without */
	bool proven;   /* these stand without it */
	bool listed;
	enum contest_own own;
};

struct settler {
	const struct registry *registry;
	const struct cf_mem *mem;
	struct lens_worker *lenses;
	struct json_shapes *shapes;
	struct cf_arena arena;   /* of one call */
	struct cf_arena words;   /* ... its edits, which are gone when documents are told */
	struct cf_arena scratch; /* of one step of it */
	struct cf_buf text;
	struct page *free, *all;
	struct atom_rules rules; /* but for keyed arrays */

	/* Of the call. */
	const struct settle_input *input;
	const struct family *family;
	struct source *sources;
	size_t source_count;
	struct source **ranked;  /* ascending */
	struct source **putting; /* those of the trial */
	size_t putting_count;
	struct edit **gathered;       /* of one source, in one trial */
	const struct source *carried; /* whose edits are carried */
	bool carried_all;             /* no lens failed in the last trial */
	struct edit **judged;         /* in descending priority; then what was said */
	size_t judged_count, edit_count;
	bool *tied;          /* by slot: its schema ties members of the root to each other */
	uint64_t seen_min;   /* by the app that knew least */
	struct edit **taken; /* accepted ones by their place */
	size_t taken_size;
	uint32_t trial;
	size_t replays;
	struct cf_str swing[2];
	struct settle_loser *losers;
	size_t loser_cap;
	struct cf_error failure;
	struct pages agreed; /* completed */
	bool agreed_asked, agreed_sound;
	struct pages result, before;
	struct cf_error *error;
};

/* pages.c */
int page_read(struct settler *s, const struct slot_kind *kind, struct cf_str text,
	      struct page **ret);
/* A document that lives as long as the call, and is valid, with its atoms where they are
 * known (else NULL). NULL: no memory. */
struct page *page_borrow(struct settler *s, const struct slot_kind *kind, struct json_value value,
			 const struct atoms *atoms);
void page_drop(struct settler *s, struct page *page);
int page_atoms(struct settler *s, struct page *page, const struct atoms **ret);
/* Whether both say the same; NULL: nothing. */
int pages_same(struct settler *s, struct page *a, struct page *b, bool *ret);
int pages_init(struct settler *s, struct pages *state);
void pages_copy(struct settler *s, struct pages *to, const struct pages *from);
void pages_clear(struct settler *s, struct pages *state);
/* Takes the page over from the caller. */
void pages_set(struct settler *s, struct pages *state, size_t slot, struct page *page);
/* For sure the same: not even spelled otherwise. */
bool pages_identical(const struct settler *s, const struct pages *a, const struct pages *b);

/* set.c: edits of one source, in the order of their pointers. */
struct edit_set {
	const struct slot_kind *kind;
	struct edit *const *edits;
	size_t count;
	struct json_value saved; /* the places of elements, and those that come */
};
/* `document` (absent: {}) with them set: fields; in arrays what goes, the order, what is
 * added (as it was saved), the elements' fields. 0 or NOMEM. */
int edits_set(struct settler *s, struct json_value document, const struct edit_set *set,
	      struct cf_buf *out);

/* A place that a missing part would fill. */
struct hole {
	size_t slot, root;
	struct cf_str pointer;
	bool up; /* which way it was found */
};
/* holes.c: all of a state; none where nothing is missing. */
int find_holes(struct settler *s, const struct pages *state, const struct hole **ret,
	       size_t *ret_count);
/* Edits at holes are kept for later: edit.pending. */
int hold_pending(struct settler *s);
/* The same by what came out: a document may have come to refer to another part. *ret_moved: some
 * must be judged that were not, or the other way round. */
int move_pending(struct settler *s, bool *ret_moved);
int tell_waits(struct settler *s, struct settle_result *ret);

/* carry.c: all other documents say what that of `from` says. */
int carry(struct settler *s, struct pages *state, size_t from);
/* missing.c: a document without members, or with one of that name (as JSON; absent: none). */
int page_empty(struct settler *s, const struct slot_kind *kind, struct json_value name,
	       struct cf_str value, struct page **ret);
/* A part that is missing, and the way that reads it. */
struct missing {
	struct settler *s;
	struct pages *state;
	const struct crossing *way, *back;
	size_t slot;
};
int stand_in(const struct missing *m);
/* The source's document stands in its slot, and is carried. */
int pages_lay(struct settler *s, struct pages *state, const struct source *source);
/* What is `there` comes over all that is not; a fresh document over what is neither. */
int carry_over(struct settler *s, struct pages *state, const bool *there);
int carry_fresh(struct settler *s, const struct source *source, const bool *there);
/* Documents that are missing are made of their neighbours. */
int carry_missing(struct settler *s, struct pages *state);
/* crossing.c: runs one direction on what the state says; `bare`: as if nothing were there yet. */
int crossing_apply(struct settler *s, const struct pages *state, const struct crossing *way,
		   bool bare, const struct lens_output **ret);

/* sound.c: 0; LAW with the error's words where a document is not the image of its neighbours. */
int check_images(struct settler *s, struct pages *state);
/* 0, or INVALID: what differs from what was agreed is judged by its schema. */
int check_valid(struct settler *s, struct pages *state);

/* put.c */
bool edit_stands_in(struct settler *s, const struct atoms *atoms, struct edit *edit, int *rc);
bool edit_stands(struct settler *s, const struct pages *state, struct edit *edit, int *rc);
void trial_begin(struct settler *s);
void trial_add(struct settler *s, struct edit *edit);
/* Puts the edits of the trial onto `from`. 0, NOMEM, NEEDS_PART; or why they do not fit
 * whoever stands (a lens fails, a document is invalid, or they do not agree). */
int trial_put(struct settler *s, const struct pages *from, struct pages *ret);
/* Whether all edits of the trial stand. */
bool trial_stands(struct settler *s, const struct pages *state, int *rc);

/* touch.c: joins edits that can touch each other: edit_root is the same. */
int find_touching(struct settler *s);
struct edit *edit_root(struct edit *edit);
void edits_join(struct edit *a, struct edit *b);
/* The atoms of a document that edits which are carried reach; in the scratch arena. */
int touched_atoms(struct settler *s, size_t slot, struct page *page, struct atom **ret,
		  size_t *ret_count);
/* need.c: which contested edits do not fit alone, and what each needs of its document:
 * edit.unit. They are joined. `state` is for trials. */
int find_needs(struct settler *s, struct pages *state);
/* Answers of a replay that judge its edits; others end all. */
static inline bool is_failure(int rc)
{
	return rc < 0 && rc != CF_ERR_NOMEM;
}

/* taken.c: accepted edits by their places. */
int taken_init(struct settler *s, size_t edit_count);
void taken_note(struct settler *s, struct edit *edit);
/* An accepted one with which this edit cannot be had, whatever the lenses do; NULL: none is
 * known. */
struct edit *taken_clash(const struct settler *s, const struct edit *edit);

/* Whether the app of the edit did not know what was said. */
static inline bool edit_unseen(const struct edit *edit, const struct edit *said)
{
	const struct source *source = edit->source;

	return said->agreement > source->seen &&
	       !(source->knows && source->knows[said->side.index]);
}

/* contest.c: what it wants to try next is added to the trial; false: it is over. */
bool contest_propose(struct settler *s, struct contest *c, int *rc);
/* `failed`: the lens did, or what it made is no document, whoever stands. */
int contest_answer(struct settler *s, struct contest *c, bool failed, const struct pages *state);

/* rank.c */
int compare_numbers(uint64_t a, uint64_t b);
/* > 0 where a has the higher priority. */
int compare_sources(const struct settle_policy *policy, const struct source *a,
		    const struct source *b);
/* outcome.c */
int tell_result(struct settler *s, struct settle_result *ret);
/* judge.c: settler.judged; fills accepted, late, winner, held and settler.result. */
int judge(struct settler *s);
/* judged.c: the edits that are judged, in descending priority. */
int list_judged(struct settler *s);

#endif
