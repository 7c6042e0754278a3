/* Records that are alike but for their values are kept as values alone.
 *
 * What lineages of one type agreed on names the same atoms and places in each record. A
 * template is such a record with its values left out; it stands in the state once, under
 * its hash (state_id_hash), and a record says which it is and what stands in the gaps:
 *
 *   {"n":1,"known":["1~a","1~b"]}  is  {"n":#,"known":[*$]}  and  1 2 1~a 1~b
 *
 * "$" is a string, "#" a number, "[*" an array of as many of them as the values say. A space
 * ends each value, and stands inside one as \u0020. Members "a" stay as they are. */
#ifndef STATE_TEMPLATE_H
#define STATE_TEMPLATE_H

#include "state/state.h"

/* Takes the text of an object apart; both are added to their buffers. 1: it cannot be put
 * together again byte for byte, and stays as it is. 0 or NOMEM. */
int template_split(struct cf_str body, struct cf_buf *template, struct cf_buf *values);
/* The reverse. INVALID where they do not fit. */
int template_join(struct cf_str template, struct cf_str values, struct cf_arena *arena,
		  struct cf_str *ret);

/* Those of one database that are known; of one thread. */
struct templates;
struct templates *templates_new(const struct cf_mem *mem); /* NULL: no memory */
void templates_free(struct templates *templates);
/* Bodies that are to be written. */
struct templates_puts {
	const struct state_put *puts;
	size_t count;
	struct cf_arena *arena;
	struct cf_str *ret; /* each body as it is, or short; what these need is in the state */
};
int templates_shorten(const struct state *state, const struct templates_puts *bodies,
		      struct cf_error *error);
/* Records that were read: those that are short get their bodies as they were put. */
struct templates_records {
	struct state_record *records;
	size_t count;
	struct cf_arena *arena;
	size_t at; /* the first that cannot be */
};
/* NOT_FOUND: a template is missing; INVALID, SYNTAX: a record is damaged. The others are done
 * where it is NOT_FOUND. */
int templates_restore(const struct state *state, struct templates_records *records,
		      struct cf_error *error);

#endif
