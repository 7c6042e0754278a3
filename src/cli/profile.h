/* What the documents of a store have in common: members, kinds, values, counted. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "json/json.h"

enum {
	PROFILE_VALUES = 8,    /* texts of one member that may still be an enum */
	PROFILE_MEMBERS = 200, /* names of one object; more are keys of a map */
	PROFILE_DEPTH = 8,
	PROFILE_FORMATS = 5,
};

/* One place of the documents. */
struct profile {
	struct cf_str name;              /* of the member, decoded */
	uint64_t seen;                   /* how often it was there */
	uint64_t kinds[JSON_OBJECT + 1]; /* by enum json_kind */
	uint64_t whole;                  /* numbers that are integers */
	uint64_t formats[PROFILE_FORMATS];
	struct {
		struct cf_str text;
		uint64_t seen;
	} values[PROFILE_VALUES];
	size_t value_count; /* PROFILE_VALUES + 1: too many */
	struct profile *members, *next;
	size_t member_count; /* PROFILE_MEMBERS + 1: too many */
	struct profile *items;
};

struct profiler;
/* Formats are what the schemas know of them. NULL: no memory. */
struct profiler *profiler_new(struct cf_arena *arena);
struct profiler *profiler_free(struct profiler *profiler);
/* Counts a value; texts are kept in the arena. Members that begin with "_" are the
 * store's. 0 or NOMEM. */
int profile_add(struct profiler *profiler, struct profile *profile, struct json_value value,
		unsigned depth);
/* Writes it as a schema in YAML, with the numbers behind each claim as comments; `indent`
 * spaces before each line. */
void profile_write(const struct profile *profile, unsigned indent, struct cf_buf *out);
/* Calls `told` with what is claimed of few documents, or of nearly all of them. */
void profile_doubts(const struct profile *profile, struct cf_str path,
		    void (*told)(void *ctx, struct cf_str path, const char *doubt), void *ctx);

#endif
