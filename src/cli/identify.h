/* What a document of the input says it is, and tombstones that say the same. */
#ifndef CLI_IDENTIFY_H
#define CLI_IDENTIFY_H

#include "catalog/catalog.h"

/* As catalog_identify_next, also where `_id` is written with escapes: ids are equal by
 * code points. The key is decoded, then in the arena. `hints` NULL: none. */
int cli_identify(const struct catalog *catalog, struct catalog_hints *hints,
		 struct json_value document, struct cf_arena *arena, struct catalog_id *ret,
		 struct cf_error *error);
/* As it stands in JSON, with no more escapes than must be: ids that are equal are then
 * equal bytes. */
int cli_write_plain(struct cf_str decoded, struct cf_arena *arena, struct cf_str *ret,
		    struct cf_error *error);
/* The same of what stands between quotes somewhere; `scratch` is read over. */
int cli_make_plain(struct json_doc *scratch, struct cf_arena *arena, struct cf_str *inner,
		   struct cf_error *error);
/* Of a document with the key (as it stands in JSON) of `id`. Type and version are there
 * also where the input says neither: by them filtered replication knows whom the
 * deletion concerns. 0, NOMEM. */
int cli_write_tombstone(const struct catalog *catalog, struct cf_str type, uint32_t major,
			const struct catalog_id *id, struct json_value document,
			struct cf_buf *out);
/* Whether a string is written with escapes. */
static inline bool cli_is_escaped(struct json_value v)
{
	return json_kind(v) == JSON_STRING && json_node(v)->flags & JSON_ESCAPED;
}

struct cli_keys {
	const struct catalog *catalog;
	struct json_doc *scratch; /* is read over */
	struct cf_arena *arena;
};
/* Appends the plain id of the part with that key, which stands between quotes somewhere.
 * As catalog_make_id, at the reference. */
int cli_part_id(const struct cli_keys *keys, const struct lens_place *place, struct cf_str key,
		struct cf_buf *out, struct cf_error *error);

/* Whether a document is what its schema says: *ret_cause says what is wrong, its code 0
 * where nothing is. With `strict` that is the answer, too (INVALID); else it is 0. */
int cli_validate_source(const struct catalog *catalog, struct json_value document,
			const struct catalog_id *id, bool strict, struct cf_error *ret_cause,
			struct cf_error *error);
/* The same of what was made of it, by its places; INVALID where a schema refuses it.
 * `cause`: what is wrong with the document itself, or NULL. */
int cli_validate_made(const struct catalog *catalog, struct json_doc *scratch,
		      const struct lens_side *places, const struct lens_output *made,
		      const struct cf_error *cause, struct cf_error *error);

#endif
