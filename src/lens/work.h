/* Private to lens/: documents while ops work on them.
 *
 * A document is not rebuilt. It is a span of its tape until an op must look
 * into it; then it becomes a list of members, each of which is again a span of
 * the tape, a constant text, or such a list. What no op touched is written by
 * copying runs of members as they stand.
 */
#ifndef LENS_WORK_H
#define LENS_WORK_H

#include "lens/op.h"
#include "json/json.h"

enum work_kind {
	WORK_ABSENT,
	WORK_SPAN,   /* a value of a tape */
	WORK_TEXT,   /* compact JSON, a constant or in the arena */
	WORK_OBJECT, /* members */
	WORK_ARRAY,  /* members without names */
};

struct work_object;
struct work_value {
	enum work_kind kind;
	struct json_value span;
	struct cf_str text;
	struct work_object *object; /* OBJECT, ARRAY */
};
struct work_member {
	struct cf_str quoted; /* the name with its quotes */
	uint16_t hash;
	bool escaped;
	bool untouched; /* stands with its value in the tape, name first */
	struct work_value value;
};
struct work_object {
	struct work_member *members;
	uint32_t count, cap;
	const struct json_doc *source; /* where untouched members stand; NULL: nowhere */
	bool spaced;                   /* the source has space between tokens */
};

#define WORK_NOTHING ((struct work_value){.kind = WORK_ABSENT})

static inline struct work_value work_span(struct json_value span)
{
	return (struct work_value){.kind = json_is_absent(span) ? WORK_ABSENT : WORK_SPAN,
				   .span = span};
}
static inline struct work_value work_text(struct cf_str text)
{
	return (struct work_value){.kind = text.ptr ? WORK_TEXT : WORK_ABSENT, .text = text};
}

/* What it is as JSON; 0 where absent. */
enum json_kind work_json_kind(const struct work_value *value);

/* Memory and tapes for texts that must be looked into. */
struct work_memory {
	struct cf_arena arena;
	struct json_doc **tapes;
	size_t tape_count, tape_used;
	const struct cf_mem *mem;
};
void work_memory_init(struct work_memory *memory, const struct cf_mem *mem);
void work_memory_reset(struct work_memory *memory);
void work_memory_fini(struct work_memory *memory);
/* Parses a text that lives as long as the memory. */
int work_parse(struct work_memory *memory, struct cf_str text, struct json_value *ret);

/* Makes members of a value that is an object (or array); NOMEM. */
int work_open(struct work_memory *memory, struct work_value *value);
/* A new object without members. */
int work_new_object(struct work_memory *memory, struct work_value *ret);
struct work_member *work_find(const struct work_object *object, const struct op_name *name);
int work_append(struct work_memory *memory, struct work_object *object, const struct op_name *name,
		struct work_value value);
/* Takes a member out; its value, or absent. */
struct work_value work_take(struct work_object *object, const struct op_name *name);
/* A copy of the members, so that one may be changed without the other. */
int work_copy(struct work_memory *memory, const struct work_value *value, struct work_value *ret);

/* Writes compact JSON. */
int work_write(const struct work_value *value, struct cf_buf *out);
/* The value as JSON one can look into. */
int work_value_of(struct work_memory *memory, const struct work_value *value,
		  struct json_value *ret);

#endif
