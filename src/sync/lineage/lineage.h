/* One lineage while it is brought to agreement.
 *
 * The road: read (batch.c) -> leaves.c: what did people do? -> agreed.c: what was agreed on
 * -> settle.c: who wins? -> agree.c: the base, the lists and the documents to write. None of
 * it does I/O: what turns out to be needed is noted (needs.c, parts.c), and the lineage is
 * brought here again when it has been read. What lives as long as the lineage's attempt is
 * in bench->arena, what is written in bench->batch.
 */
#ifndef SYNC_LINEAGE_H
#define SYNC_LINEAGE_H

#include "state/state.h"
#include "sync/lineage/base.h"
#include "sync/lineage/settle.h"
#include "sync/planted.h"

/* Answers of the steps below beside 0 and errors. */
enum lineage_answer {
	LINEAGE_NEEDS = 1, /* something must be read first */
};

/* --- what a lineage needs beside its documents and its base ------------------------- */

/* A revision. */
struct need {
	struct cf_str id, rev;
	bool data; /* the data of its attachments, too */
	bool read;
	struct cf_record record;
	struct need *next; /* in the bucket */
	struct need *also; /* to be read */
};
/* Whether an entry of a list is there. */
struct need_entry {
	enum state_kind kind;
	struct cf_str name;
	bool read, there;
	struct need_entry *also;
};
struct needs {
	struct need_entry *entries;
	size_t entries_open;
	struct need **buckets; /* by hash of id and revision */
	struct need *first, *last;
	size_t open; /* not read yet */
};

/* --- shared parts --------------------------------------------------------------------- */

/* What somebody said of a part in a document that embeds it. */
struct forward {
	size_t lineage;            /* whose word it is: a place in the batch */
	size_t slot;               /* of the part's family */
	struct cf_str id, version; /* of the document where it was said */
	struct cf_str rev;
	uint64_t age;
	struct cf_str seen_rev; /* of the part, as it was when its app last looked; empty: never */
	bool joins; /* it did not refer to this part before: sets nothing but what it says */
	struct cf_str image;  /* what the part would be then; JSON */
	struct cf_str latest; /* JSON; ptr NULL: absent */
	/* Pointer there by pointer in the part. */
	struct forward_pointer {
		struct cf_str part, there;
		struct cf_str value; /* there; JSON; ptr NULL: removed */
	} * pointers;
	size_t pointer_count;
	struct forward *next;
};

enum part_state {
	PART_WANTED,  /* its lineage is to be read */
	PART_READ,    /* ... and looked at */
	PART_SETTLED, /* the documents are as they will be after this batch */
};
struct part {
	struct lineage_name name;
	struct cf_str label;
	enum part_state state;
	size_t lineage;           /* its place in the batch */
	bool missing;             /* deleted, or never there */
	struct cf_str *documents; /* by own slot of its family; JSON, ptr NULL: none */
	struct cf_str *revs;
	struct forward *forwards; /* the newest first */
	struct part *next;        /* in the bucket */
	struct part *also;        /* in the order in which they were wanted */
};
struct parts {
	struct part **buckets; /* by hash of the label */
	struct part *first, *last;
	size_t wanted;
};

/* --- a lineage -------------------------------------------------------------------------- */

struct lineage;
/* The context of part_answer. */
struct parting {
	struct bench *bench;
	struct lineage *lineage;
	struct cf_error error; /* what it answered last */
};

/* A leaf of a document's revision tree. */
struct leaf {
	const struct cf_revision *revision;
	const struct cf_str *history; /* [0] is the leaf */
	size_t history_count;
	struct json_value document; /* absent: a tombstone */
	struct atoms atoms;
	bool known;
	ptrdiff_t ancestor; /* nearest known revision, of base_slot.known; -1: none */
	size_t unknown;     /* revisions of the history before it */
};

struct slot {
	const struct slot_kind *kind;
	size_t index;
	struct cf_str id; /* own: of its document */
	struct cf_record record;
	struct leaf *leaves;       /* as record.revisions */
	const struct leaf *winner; /* the winning live one; NULL: none lives */
	struct base_news *news;    /* revisions that become known, newest first */
	size_t news_count, news_cap;
	size_t outside_writes; /* of them: leaves that people wrote */
	struct atoms agreed;   /* in the terms of today's catalog */
	/* Shared: which part its holder refers to, by the base or, where that is not as agreed,
	 * by its document; and what it says now. */
	struct part *part;
	struct cf_str key;
	struct json_value document;
	bool missing;
	struct cf_str rev_now; /* own: of its document after this batch; empty: none */
};

/* Where an edit was made that was forwarded to this part's lineage. */
struct origin {
	const struct forward *forward; /* NULL: in the slot itself */
	ptrdiff_t ancestor;            /* of base_slot.known; -1: none */
	/* Of the revision nobody has agreed on that it was made of, which other leaves come from,
	 * too; NULL: none. */
	const struct atoms *shared;
};

struct lineage {
	struct lineage_name name;
	size_t place;           /* in the batch */
	struct cf_str label;    /* these live as long as the batch */
	struct cf_str key_json; /* the key as it stands inside a JSON string */
	struct base base;
	struct cf_str base_text; /* as it was read; ptr NULL: there is none */
	struct slot *slots;      /* as the family's */
	struct settle_slot *agreed;
	struct settle_saved *saved;
	struct origin *origins; /* as saved */
	size_t saved_count, saved_cap;
	struct settle_delete *deletes;
	size_t delete_count, delete_cap;
	struct settle_said *said;
	size_t said_count;
	struct parting parting;
	struct forward *forwards; /* what was said of it elsewhere, in this batch; NULL: nothing */
	bool was_there, was_gone; /* what was agreed last: that it is there, or gone */
	bool as_agreed;           /* by the revisions of its own documents */
	bool revives;             /* somebody wrote since it was agreed to be gone */
	bool creation;
	bool uncontested; /* there is one saved document, whose app had seen all */
	struct settle_result result;
	size_t conflict_count;
	bool news;   /* there is something to agree on */
	bool waits;  /* it agreed as far as it can, and is listed as incomplete */
	int failure; /* why it waits: an INPUT error (quarantine) or INCOMPLETE */
	struct cf_error error;
	bool done; /* nothing more to do in this batch */
	/* A part that it asked for and that was not settled then; NULL: none. */
	const struct part *awaits;
	struct cf_str waits_for; /* INCOMPLETE: the id that is missing */
	struct cf_str swing[2];  /* LAW: the two values, as JSON; ptr NULL: absent */
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
	struct settler *settler;
	struct cf_buf scratch;
	struct atom_rules rules;
	struct cf_store *store;
	const struct state *state;
	struct needs needs;
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
/* The document with changes to its atoms, which are sorted here. 0 or NOMEM. */
int bench_patch(struct bench *bench, const struct slot_kind *kind, struct json_value document,
		struct atoms *changes, struct json_value *ret);

struct plan;
int lineage_init(struct bench *bench, struct lineage *lineage, const struct lineage_name *name);
/* All of it, once: 0: `plan` has what is to be written; LINEAGE_NEEDS; or an error, which
 * may be the lineage's own: then see lineage_wait. */
int lineage_work(struct bench *bench, struct lineage *lineage, struct plan *plan);

/* needs.c: 0, LINEAGE_NEEDS or NOMEM. The record has one revision, or none where the store
 * does not know it. */
int need_revision(struct bench *bench, struct cf_str id, struct cf_str rev, bool data,
		  const struct cf_record **ret);

/* The same for an entry of a list. */
int need_entry(struct bench *bench, enum state_kind kind, struct cf_str name, bool *ret_there);

/* leaf.c: the document of a revision, with its attachments as a member. */
int leaf_read(struct bench *bench, struct lineage *lineage, const struct slot *slot,
	      const struct cf_revision *revision, struct json_value *ret);

/* leaves.c: out of the records and the base: what people did, as `saved` and `deletes`;
 * which revisions are news. */
int lineage_read_leaves(struct bench *bench, struct lineage *lineage);
int lineage_add_saved(struct bench *bench, struct lineage *lineage, struct settle_saved saved,
		      struct origin origin);

/* history.c: finds what is known in the histories of a document's leaves. */
int slot_find_ancestors(struct bench *bench, struct lineage *lineage, struct slot *slot);
int slot_add_news(struct bench *bench, struct slot *slot, const struct base_news *news);
/* Revisions on the way to an unknown leaf, where they can still be read. */
int slot_learn_way(struct bench *bench, struct lineage *lineage, struct slot *slot,
		   const struct leaf *leaf);

/* merge.c: what the unknown leaves of a document edited: adds to lineage->saved. */
int slot_find_edits(struct bench *bench, struct lineage *lineage, struct slot *slot);

/* agreed.c: puts together the documents that were agreed on: lineage->agreed. */
int lineage_put_together(struct bench *bench, struct lineage *lineage);

/* terms.c: what the base knows, as today's catalog takes documents apart. */
int lineage_take_terms(struct bench *bench, struct lineage *lineage);

/* part.c: takes what the part says now that the slot's key names. 0, LINEAGE_NEEDS or an
 * error. */
int part_take(struct bench *bench, struct lineage *lineage, struct slot *slot);
/* The place in the part's family that a shared slot shows; SIZE_MAX: none. */
size_t part_place(const struct slot_kind *kind);

/* parts.c */
int lineage_find_parts(struct bench *bench, struct lineage *lineage);
int lineage_forward_edits(struct bench *bench, struct lineage *lineage);
/* After settling: parts that are made, or that somebody joined; *ret_differs: what came out
 * is not what they say. */
int lineage_make_parts(struct bench *bench, struct lineage *lineage, bool *ret_differs);
int lineage_take_forwards(struct bench *bench, struct lineage *lineage);
/* What this lineage, a part, says after this batch; *ret_changed: otherwise than those saw who
 * read it before. 0 or NOMEM. */
int part_settle(struct bench *bench, const struct lineage *lineage, struct part *part,
		bool *ret_changed);
struct part *part_get(struct bench *bench, const struct lineage_name *name);
struct part *part_find(const struct bench *bench, const struct lineage_name *name);
/* The revision of its document that such a slot shows; empty: none. */
struct cf_str part_rev(const struct part *part, const struct slot_kind *kind);
/* settle_input.part; the context is a struct parting. */
int part_answer(void *ctx, size_t index, struct cf_str key, struct json_value *ret);

/* input.c: what settle takes, of what was found out. */
void lineage_settle_input(struct bench *bench, struct lineage *lineage, struct settle_input *ret);
/* What people said and some app that edited has not seen. */
int lineage_find_said(struct bench *bench, struct lineage *lineage);
/* What was agreed is known by its hashes even where its values are lost. */
int lineage_mark_changes(struct bench *bench, struct lineage *lineage);
/* Edits that waited for a part, as edits of the document that stands there. */
int lineage_add_pending(struct bench *bench, struct lineage *lineage, const struct slot *slot);

/* image.c: what one direction of a link makes of documents (by slot; absent: none), kept in
 * what stands there or `bare`: *ret by output, ptr NULL: none. 0, NOMEM, or the lens's. */
struct image {
	const struct crossing *way;
	const struct json_value *documents;
	bool bare;
};
int image_make(struct bench *bench, const struct lineage *lineage, const struct image *image,
	       struct cf_str **ret);
/* only.c: the atoms of each own slot that no other one can say: base.slots[].only. */
int lineage_find_only(struct bench *bench, struct lineage *lineage);

/* --- the end of the road: what is to be written -------------------------------------------- */

struct write {
	struct cf_put put;
	size_t lineage; /* whose it is */
	bool dropped;
};
struct writes {
	struct write *at;
	size_t count, cap;
};
/* A record of the state. A base that is refused: its lineage is read again. */
struct note {
	struct state_put put;
	size_t lineage;
	bool dropped;
};
struct notes {
	struct note *at;
	size_t count, cap;
};
struct plan {
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
int lineage_agree(struct bench *bench, struct lineage *lineage, struct plan *plan);
/* One that must wait (lineage->failure): its entry in a list. */
int lineage_wait(struct bench *bench, struct lineage *lineage, struct plan *plan,
		 struct cf_error *error);

/* losers.c: result.losers. */
int list_losers(struct bench *bench, struct lineage *lineage, struct plan *plan);

/* records.c: the records of the state store. */
struct conflict_side {
	struct cf_str id, version, rev, pointer;
	struct json_value value; /* absent: removed */
};
struct conflict {
	struct conflict_side winner, loser;
	const char *kind; /* "edit", "late" or "delete" */
	const char *policy;
	const struct cf_attachment *attachment; /* that lost, with its data; NULL: none */
};
int record_conflict(struct bench *bench, const struct lineage *lineage,
		    const struct conflict *conflict, struct plan *plan);
int record_delete(struct bench *bench, const struct lineage *lineage, struct state_key key,
		  struct plan *plan);
/* STATE_REFERENCE or STATE_WAITING. */
int record_reference(struct bench *bench, const struct lineage *lineage, struct state_key key,
		     bool deleted, struct plan *plan);
int record_fanout(struct bench *bench, const struct lineage *lineage, bool waiting_only,
		  struct plan *plan);
/* Its entry in a list, where the base does not say that it says so already. 0, LINEAGE_NEEDS
 * or NOMEM. */
int record_waiting(struct bench *bench, struct lineage *lineage, bool incomplete,
		   struct plan *plan);
int record_time(int64_t now_ms, struct cf_buf *out);

/* form.c: a lens's document as the store will give it back: settle_input.form; the context
 * is the bench. */
int bench_form(void *ctx, struct cf_str document, struct cf_arena *arena, struct cf_str *ret,
	       struct cf_error *error);

/* attach.c: what a document's `_attachments` say, with the data that the store
 * does not have under this document yet; and the body without them. 0, LINEAGE_NEEDS or
 * an error. */
int slot_body(struct bench *bench, struct lineage *lineage, const struct slot *slot,
	      struct json_value document, struct cf_put *ret);
/* Of a thing that was gone: *document without attachments whose bytes are nowhere any more.
 * 0, LINEAGE_NEEDS or NOMEM. */
int attachments_leave_lost(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			   struct json_value *document);
/* The attachment that an edit at `pointer` speaks of, with its data; NULL: there is none, it is
 * too large to be kept, or its data is nowhere. 0, LINEAGE_NEEDS or NOMEM. */
struct file_of_edit {
	const struct slot *slot;
	struct cf_str rev;
	struct json_value document; /* of that revision */
	struct cf_str pointer;
};
int attachment_of_edit(struct bench *bench, struct lineage *lineage,
		       const struct file_of_edit *edit, const struct cf_attachment **ret);
/* The data of an attachment that a leaf of this lineage has. */
int attachment_load(struct bench *bench, struct lineage *lineage, struct cf_attachment *wanted);

#endif
