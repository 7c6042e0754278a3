/* One lineage while it is brought to agreement.
 *
 * The road: read (batch.c) -> leaves.c: what did people do? -> sweep.c: up and
 * down the versions -> agree.c: the base, the lists and the documents to write.
 * Everything here lives in the arena of a batch.
 */
#ifndef SYNC_LINEAGE_H
#define SYNC_LINEAGE_H

#include "state/state.h"
#include "sync/lineage/base.h"
#include "sync/planted.h"

/* Answers of the steps below beside 0 and errors. */
enum lineage_step {
	LINEAGE_NEEDS_PART = 1, /* documents must be read first: bench->parts.wanted */
};

/* An atom that somebody set (or removed: value absent). Travelling along the
 * versions it keeps its `origin`: the edit that a person made. */
struct edit {
	struct cf_str pointer;
	struct json_value value;
	uint64_t hash; /* 0: removed */
	size_t slot;
	struct cf_str rev;
	const struct edit *origin; /* itself where a person made it */
	bool dropped;              /* it lost a contest */
};
struct edits {
	struct edit **at;
	size_t count, cap;
};

struct slot {
	const struct slot_kind *kind;
	size_t index;
	struct cf_str id;        /* of its document; empty: a shared part nobody refers to */
	struct cf_str key;       /* shared: the key, as the reference says */
	const struct part *part; /* shared: the one it referred to last; lives as the batch */
	struct cf_record record;
	const struct cf_revision *winner; /* the winning live leaf, or NULL */
	struct json_value current;        /* what the document is to say; absent: nothing */
	struct atoms atoms;               /* of current */
	struct atoms stored;              /* of the winner as it is in the store */
	struct edits edits;               /* atoms of current that are news */
	struct edits stale;               /* atoms out of date, to be set from elsewhere */
	struct base_news *news;           /* revisions that become known, newest first */
	size_t news_count;
	size_t outside_writes; /* of them: leaves that people wrote */
	bool user_deleted;     /* somebody deleted it since the last agreement */
	bool late_delete;      /* ... on top of something out of date */
	struct cf_str deleted_rev;
};

/* Two edits of one thing, one of which had to give way. */
struct conflict {
	struct cf_str pointer;
	size_t winner_slot, loser_slot;
	struct cf_str winner_rev, loser_rev;
	struct json_value winner_value, loser_value;
	struct cf_str winner_pointer; /* in the winner's version it may be another one */
	const char *policy;           /* by which it won; NULL: an edit wins over a delete */
	bool late;                    /* the loser was made on top of something out of date */
	bool delete_lost;             /* the loser is a delete */
	struct conflict *next;
};

struct lineage {
	struct lineage_name name;
	struct cf_str label;    /* these live as long as the batch */
	struct cf_str key_json; /* the key as it stands inside a JSON string */
	struct base base;
	struct slot *slots; /* as the family's */
	struct conflict *conflicts;
	unsigned changes; /* of what slots say, in this sweep */
	/* By link and direction: `changes` + 1 when that program's outputs were last seen
	 * to be the image of its inputs; 0: not yet. */
	unsigned (*images)[2];
	size_t conflict_count;
	bool delete_all;
	bool news;   /* there is something to agree on */
	int failure; /* why it waits: an INPUT error (quarantine) or INCOMPLETE */
	struct cf_error error;
	bool done;                 /* nothing more to do in this batch */
	struct cf_str waits_for;   /* INCOMPLETE: the id that is missing */
	struct cf_str swing[2];    /* LAW: the two values, as JSON; ptr NULL: absent */
	struct cf_str waits_label; /* ... where that is a shared part: its lineage */
};

/* Shared parts, read once per batch and seen by all of its lineages. */
struct part {
	struct cf_str id;
	struct cf_record record;
	bool loaded;
	struct json_value content; /* as it will be after this batch; absent: nothing */
	bool create, edit;         /* to be written */
	struct part *next;
};
struct parts {
	struct part **buckets; /* by hash of the id */
	size_t bucket_count;
	size_t wanted; /* parts that are not loaded */
	struct part *all;
};

/* Tapes that are used again and again. */
struct tapes {
	struct json_doc **at;
	size_t count, used;
};

/* What the steps work with; one per thread. */
struct bench {
	const struct registry *registry;
	const struct cf_mem *mem;
	struct cf_arena arena; /* of one lineage's attempt: emptied before the next one */
	struct cf_arena batch; /* of the batch: records, shared parts, what is to be written */
	struct tapes tapes, batch_tapes;
	struct json_shapes *shapes; /* of all tapes */
	struct lens_worker *worker;
	struct cf_buf scratch;
	struct atom_rules rules;
	struct cf_store *store; /* to read revisions on the way */
	const struct state *state;
	struct parts parts;
#ifdef CHESTERFIELD_PLANTED
	enum planted planted;
#endif
};

int bench_init(struct bench *bench, const struct registry *registry, struct cf_store *store,
	       const struct state *state, const struct cf_mem *mem);
void bench_fini(struct bench *bench);
/* Forgets the lineage, or the whole batch. */
void bench_next(struct bench *bench);
void bench_reset(struct bench *bench);
/* Reads a document that lives as long as the lineage's attempt. */
int bench_read(struct bench *bench, struct cf_str text, struct json_value *ret,
	       struct cf_error *error);
/* Copies text, then reads it. */
int bench_keep(struct bench *bench, struct cf_str text, struct json_value *ret,
	       struct cf_error *error);
/* The same for as long as the batch. */
int bench_keep_batch(struct bench *bench, struct cf_str text, struct json_value *ret,
		     struct cf_error *error);
/* How documents of that place are taken apart. */
struct atom_rules bench_rules(const struct bench *bench, const struct slot_kind *kind);
/* The atoms of a document; none where it is absent. */
int bench_atoms(struct bench *bench, const struct slot_kind *kind, struct json_value document,
		struct atoms *ret);

int lineage_init(struct bench *bench, struct lineage *lineage, const struct lineage_name *name);
struct edit *edits_find(const struct edits *edits, struct cf_str pointer);
int edits_add(struct bench *bench, struct edits *edits, struct edit edit);
/* Whether an edit says what stands at the pointer: one of it, or the removal of
 * something above it. */
bool edits_cover(const struct edits *edits, struct cf_str pointer);
/* Whether two edits cannot both be had. That an element is there fights with nothing
 * but its removal. */
bool edits_clash(const struct edit *a, const struct edit *b);
/* The element of a keyed array was removed; it is one edit, whatever was in it. */
static inline bool edit_removes_element(const struct edit *edit)
{
	return edit->hash == 0 && keyed_is_element(edit->pointer);
}

/* leaves.c: out of the records and the base: what is each document to start
 * from, what did people edit, which revisions are news. */
int lineage_read_leaves(struct bench *bench, struct lineage *lineage);
/* agree.c's question too: makes current and atoms of a slot anew. */
int slot_set(struct bench *bench, struct slot *slot, struct json_value document);
int slot_patch(struct bench *bench, struct slot *slot, const struct atom *changes, size_t count,
	       struct cf_error *error);

/* It speaks of another part from now on. */
void slot_forget_edits(struct slot *slot);
/* All that it says is news; NULL: by itself, else because of that edit. */
int slot_edit_all(struct bench *bench, struct slot *slot, const struct edit *because);

/* parts.c: the shared parts that the documents refer to. */
int lineage_find_parts(struct bench *bench, struct lineage *lineage);
/* After the document in slot `holder` changed: its references may name other parts.
 * Those that `but` makes itself (NULL: none) are left alone. */
int lineage_follow_references(struct bench *bench, struct lineage *lineage, size_t holder,
			      const struct crossing *but);
struct part *parts_get(struct bench *bench, struct cf_str id);
/* Points a shared slot at the part of that key (as it stands in a JSON string). INVALID
 * or LIMIT at the reference where it cannot be a key. */
int slot_refer(struct bench *bench, struct lineage *lineage, struct slot *slot,
	       struct cf_str raw_key, struct part **ret);

/* sweep.c: brings all versions into agreement. */
int lineage_sweep(struct bench *bench, struct lineage *lineage);

/* conflict.c: the policy. */
int conflict_add(struct bench *bench, struct lineage *lineage, const struct edit *winner,
		 const struct edit *loser, bool late);
/* >0 where a wins over b, by the catalog's policy. */
int conflict_decide(const struct bench *bench, const struct lineage *lineage, const struct edit *a,
		    const struct edit *b);

/* agree.c: the end of the road: what is to be written. */
struct write {
	struct cf_put put;
	size_t lineage; /* whose it is */
	bool part;      /* a shared part, and what it said before, to the lineages of the batch */
	struct json_value part_before;
};
struct writes {
	struct write *at;
	size_t count, cap;
};
/* A record of the state. A base that is refused: its lineage is read again. */
struct note {
	struct state_put put;
	size_t lineage;
};
struct notes {
	struct note *at;
	size_t count, cap;
};
struct plan {
	struct writes parts;  /* shared parts, first */
	struct notes state;   /* lists, then bases */
	struct notes waiting; /* who waits, where his base says so */
	struct writes documents;
	struct writes tombstones; /* last: a leaf goes when what is made of it has landed */
	int64_t now_ms;
};
/* Copies all that the put says, but its history's older revisions and bodies of
 * attachments, which are the batch's already. */
int writes_add(struct bench *bench, struct writes *writes, const struct cf_put *put,
	       size_t lineage);
/* Copies all that the put says. */
int notes_add(struct bench *bench, struct notes *notes, const struct state_put *put,
	      size_t lineage);
/* A lineage that agrees: base, lists, documents. */
int lineage_agree(struct bench *bench, struct lineage *lineage, size_t index, struct plan *plan);
/* One that must wait (lineage->failure): its entry in a list. */
int lineage_wait(struct bench *bench, struct lineage *lineage, size_t index, struct plan *plan,
		 struct cf_error *error);

/* records.c: the records of the state store. */
int record_conflict(struct bench *bench, const struct lineage *lineage,
		    const struct conflict *conflict, size_t index, struct plan *plan);
int record_delete(struct bench *bench, struct state_key key, size_t index, struct plan *plan);
/* STATE_REFERENCE or STATE_WAITING. */
int record_reference(struct bench *bench, const struct lineage *lineage, struct state_key key,
		     bool deleted, size_t index, struct plan *plan);
int record_fanout(struct bench *bench, const struct lineage *lineage, bool waiting_only,
		  size_t index, struct plan *plan);
/* Its entry in a list, where the list does not say so already. */
int record_waiting(struct bench *bench, const struct lineage *lineage, bool was_listed,
		   size_t index, struct plan *plan, struct cf_error *error);
int record_time(int64_t now_ms, struct cf_buf *out);

/* attach.c: what a document's `_attachments` say, with the data that the store
 * does not have under this document yet; and the body without them. */
int slot_body(struct bench *bench, struct lineage *lineage, const struct slot *slot,
	      struct cf_str *ret_body, struct cf_attachment **ret, size_t *ret_count);

#endif
