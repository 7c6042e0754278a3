/* The data of a memory store, shared by all handles of its name.
 *
 * Records stand in a skip list by id. Changes stand in a log by number; an entry
 * whose number is not its record's latest is passed over, and the log is swept
 * when most of it is such. Revisions are one block of memory each and never
 * change. All fields but `name` are guarded by `lock`.
 */
#ifndef STORE_MEMORY_DATA_H
#define STORE_MEMORY_DATA_H

#include "store/apply.h"
#include "store/limits.h"

#include <pthread.h>

enum { MEMORY_LEVELS = 16 };

struct memory_record {
	struct cf_str id;
	uint64_t seq;
	struct cf_revision **leaves; /* the winner first */
	size_t leaf_count;
	struct cf_revision **old; /* ancestors whose bodies are still there */
	size_t old_count;
	struct memory_record *next[MEMORY_LEVELS];
};

struct memory_entry {
	uint64_t seq;
	struct memory_record *record;
};

struct memory_note {
	struct cf_str key;
	struct cf_str value; /* behind the key, in one block with this */
};

struct memory_data {
	struct memory_data *next; /* in the registry */
	char *name;
	unsigned handles;
	struct cf_mem mem; /* of the handle that came first */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct memory_record *first[MEMORY_LEVELS];
	struct memory_entry *log;
	size_t log_count;
	size_t log_cap;
	uint64_t seq;
	uint64_t alive;
	uint64_t deleted;
	struct memory_note **notes; /* in order of keys */
	size_t note_count;
	size_t note_cap;
	int64_t expires_first; /* nothing expires before; 0: nothing does */
};

/* The data of that name; made with the first handle, freed with the last. */
int memory_data_open(struct memory_data **ret, struct cf_str name, bool create,
		     const struct cf_mem *mem, struct cf_error *error);
void memory_data_close(struct memory_data *data);

/* The record of that id, or NULL. */
struct memory_record *memory_find(const struct memory_data *data, struct cf_str id);
/* The first record behind `id` (or at it, where `inclusive`). */
struct memory_record *memory_after(const struct memory_data *data, struct cf_str id,
				   bool inclusive);
/* A record that is not yet in the list; NULL without memory. */
struct memory_record *memory_record_new(struct memory_data *data, struct cf_str id);
void memory_record_free(struct memory_data *data, struct memory_record *record);
void memory_insert(struct memory_data *data, struct memory_record *record);
/* Room for one more log entry; then memory_log cannot fail. */
int memory_log_reserve(struct memory_data *data);
void memory_log(struct memory_data *data, struct memory_record *record);
/* The first entry of the log behind `seq`. */
size_t memory_log_find(const struct memory_data *data, uint64_t seq);

/* A deep copy in one block. */
struct cf_revision *memory_revision_copy(const struct cf_mem *mem,
					 const struct cf_revision *revision);
/* The leaves as a tree whose contents are the revisions. */
int memory_tree(const struct memory_record *record, struct cf_arena *arena, struct tree *ret);
/* One put, answered. Called with the lock held. */
int memory_put_one(struct memory_data *data, struct apply *apply, const struct cf_put *put,
		   struct cf_answer *answer);
/* Deletes what has expired. Called with the lock held, before anything is read. NOMEM. */
int memory_expire(struct memory_data *data, struct apply *apply, int64_t now);

/* The notes of a put: all that may fail, as a change that is then taken or dropped. */
struct memory_notes {
	struct memory_note *made[LIMIT_NOTES]; /* NULL: removed */
};
int memory_notes_make(struct memory_data *data, const struct cf_put *put, struct memory_notes *ret,
		      struct cf_answer *answer);
void memory_notes_drop(struct memory_data *data, const struct cf_put *put,
		       struct memory_notes *notes);
void memory_notes_take(struct memory_data *data, const struct cf_put *put,
		       struct memory_notes *notes);
int memory_notes_list(const struct memory_data *data, const struct cf_scan *scan,
		      struct cf_arena *arena, struct cf_note **ret, size_t *ret_count);
void memory_notes_forget(struct memory_data *data);

#endif
