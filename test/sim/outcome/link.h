/* One link of a chain while it is made. */
#ifndef OUTCOME_LINK_H
#define OUTCOME_LINK_H

#include "make.h"

struct link {
	struct made *made;
	const struct shape_of *old;
	struct shape_of *new;
	struct cf_buf lens, python;
};

bool link_one_in(struct made *made, unsigned n);
/* `base` with a number that no other name has. */
const char *link_name(struct made *made, const char *base);
struct field *link_add(struct shape_of *shape, enum field_kind kind, unsigned track, const char *a,
		       const char *b);
const char *link_field_name(const struct field *field);
void link_shuffle(struct made *made, char *letters, size_t count);
/* The field stays as it is. */
struct field *link_keep(struct link *link, const struct field *field);
/* Each does to a field, or to the fields of a track, what the op of its name does. */
void link_rename(struct link *link, const struct field *field);
void link_plunge(struct link *link, const struct field *field);
void link_hoist(struct link *link, const struct field *field);
void link_add_or_remove(struct link *link, const char *name, bool add);
void link_split(struct link *link, const struct field *field);
void link_join(struct link *link, const struct field *fields);
void link_table(struct link *link, const struct field *field);
void link_recut(struct link *link, const struct field *fields);
void link_mix(struct link *link, const struct field *fields, bool cap);
void link_tags(struct link *link, const struct field *field);
void link_pair(struct link *link, const struct field *fields);
void link_rows(struct link *link, const struct field *field, bool rekey);

#endif
