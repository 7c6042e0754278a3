/* JSON values that can be changed, for the model of who wins: a document is a tree of
 * its own, and all memory is an arena's. Values are equal by their text; members have
 * no order. */
#ifndef OUTCOME_VALUE_H
#define OUTCOME_VALUE_H

#include "json/json.h"

enum { PATH_MAX_STEPS = 8 };

struct value {
	enum json_kind kind;
	struct cf_str text;  /* of a scalar: as JSON writes it */
	struct cf_str name;  /* as a member of an object */
	struct value *first; /* elements, or members in the order of the text */
	struct value *next;
};

/* A step of a path: a member's name; or in an array whose elements have a key, the key's
 * text, or the order of all. */
enum step_of_path { STEP_NAME, STEP_KEY, STEP_ORDER };
struct path_step {
	enum step_of_path kind;
	struct cf_str text;
};
struct path {
	size_t count;
	struct path_step at[PATH_MAX_STEPS];
};

struct value *value_read(struct cf_arena *arena, struct cf_str text); /* NULL: no JSON */
struct value *value_of(struct cf_arena *arena, struct json_value from);
struct value *value_text(struct cf_arena *arena, const char *scalar); /* a scalar's JSON text */
struct value *value_string(struct cf_arena *arena, struct cf_str decoded);
struct value *value_new(struct cf_arena *arena, enum json_kind kind);
struct value *value_clone(struct cf_arena *arena, const struct value *value);
void value_write(const struct value *value, struct cf_buf *out);
/* All members in the order of their names: those of an object have none. */
void value_sort_members(struct value *value);
struct cf_str value_print(struct cf_arena *arena, const struct value *value);

bool value_equal(const struct value *a, const struct value *b); /* NULL: nothing there */
/* Equal, where an object without leaves is as good as none. */
bool value_alike(const struct value *a, const struct value *b);
/* Objects all the way down without anything in them. */
bool value_is_hollow(const struct value *value);

struct value *value_member(const struct value *object, struct cf_str name);
void value_set_member(struct value *object, struct value *member); /* by member->name */
void value_remove_member(struct value *object, struct cf_str name);
/* By names; NULL: nothing there. */
struct value *value_get(const struct value *root, const struct path *path, size_t count);
/* Sets a copy; NULL takes away, with the objects that are empty then. */
void value_put(struct cf_arena *arena, struct value *root, const struct path *path, size_t count,
	       const struct value *value);

struct path path_of(const char *a, const char *b); /* b NULL: one name */
struct path path_with(const struct path *path, enum step_of_path kind, struct cf_str text);
int path_compare(const struct path *a, const struct path *b);
bool path_begins(const struct path *path, const struct path *with);
/* As the lists of the engine write it. */
struct cf_str path_print(struct cf_arena *arena, const struct path *path);
/* The index of the first step that is no name; path->count: all are. */
size_t path_array(const struct path *path);

#endif
