/* Private to catalog/: what an opened catalog is made of. */
#ifndef CATALOG_INSIDE_H
#define CATALOG_INSIDE_H

#include "catalog/catalog.h"

/* The id grammar, in pieces: literal texts and places for type, major and key. */
enum id_piece_kind { ID_LITERAL, ID_TYPE, ID_MAJOR, ID_KEY };
struct id_piece {
	enum id_piece_kind kind;
	struct cf_str literal;
};
enum { ID_PIECES_MAX = 8 };
struct id_grammar {
	struct id_piece pieces[ID_PIECES_MAX];
	size_t count;
	/* The same for documents without a key: the key and the text before it are out. */
	struct id_piece single[ID_PIECES_MAX];
	size_t single_count;
	bool has_major;
};

/* A major with ids of its own. */
struct own_ids {
	struct catalog_major *major;
	struct id_grammar grammar;
	bool bare; /* "{key}" alone */
};

/* recognise: a document with these members is of that major. */
struct id_rule {
	struct json_value when;
	const struct catalog_major *major;
};

/* What says what a document is: in catalog.identity_fields. */
enum { FIELD_ID, FIELD_TYPE, FIELD_VERSION, FIELD_COUNT };

struct catalog_lens {
	struct json_file file;
	struct lens *lens;
};

struct catalog {
	const struct cf_mem *mem;
	struct cf_arena arena;
	struct cf_str dir;
	struct json_file config;
	struct cf_str name;
	struct id_grammar grammar;
	struct own_ids *own; /* of `ids`, and of `recognise` where that has none */
	size_t own_count;
	struct id_rule *rules; /* the first that holds counts */
	size_t rule_count;
	const struct catalog_major **recognised;
	size_t recognised_count;
	struct lens_identity identity;
	struct json_wanted identity_fields[FIELD_COUNT];
	struct catalog_conflicts conflicts;
	struct schema_set *set;
	struct catalog_type *types;
	size_t type_count;
	struct catalog_lens **lenses; /* each stays where it is: others point into it */
	size_t lens_count;
	struct catalog_edge *edges;
	size_t edge_count;
	struct manifest *manifests;
	size_t manifest_count;
	struct lens_program ***programs; /* by type, then from * majors + to */
	/* check goes on after what is wrong: told here, else the first ends it */
	void (*problem)(void *ctx, const struct cf_error *error);
	void *problem_ctx;
	size_t problem_count;
};

/* Tells of a problem: 0 where loading goes on all the same, else its code. */
int catalog_problem(struct catalog *catalog, int code, const struct cf_error *problem,
		    struct cf_error *error);
int catalog_error(struct cf_error *error, const struct json_file *file, struct json_value at,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* As catalog_open; with `problem` it goes on as far as it can. */
int catalog_open_with(struct catalog **ret, const char *dir,
		      void (*problem)(void *ctx, const struct cf_error *error), void *ctx,
		      const struct cf_mem *mem, struct cf_error *error);

/* config.c */
int catalog_read_config(struct catalog *catalog, struct cf_error *error);
int catalog_read_supported(struct catalog *catalog, struct cf_error *error);
/* folder.c: names of a folder, sorted; 0 names where it is absent. */
int catalog_list(struct catalog *catalog, struct cf_str path, bool folders, struct cf_str **ret,
		 size_t *ret_count, struct cf_error *error);
int catalog_read_schemas(struct catalog *catalog, struct cf_error *error);
int catalog_read_manifests(struct catalog *catalog, struct cf_error *error);
int catalog_read_lenses(struct catalog *catalog, struct cf_error *error);
/* edges.c */
int catalog_build_edges(struct catalog *catalog, struct cf_error *error);
void catalog_free_edges(struct catalog *catalog);
/* id.c */
const struct id_grammar *id_grammar_of(const struct catalog *catalog, struct cf_str type,
				       uint32_t major);
int id_grammar_read(struct catalog *catalog, struct json_value text, struct cf_error *error);
/* One grammar's text; with `typed` it must begin with {type}. NULL: done; else what is
 * wrong. */
const char *id_grammar_parse(struct id_grammar *g, struct cf_str text, bool typed);
/* config.c: ids and recognise; needs the schemas. */
int catalog_read_own_ids(struct catalog *catalog, struct cf_error *error);
/* recognise.c: the first rule that holds of a document; NULL: none. */
const struct catalog_major *id_recognise(const struct catalog *catalog, struct json_value document);
/* Whether a document has the members by which a version is known; true where it has no rules. */
bool id_is_recognised(const struct catalog *catalog, const struct catalog_major *major,
		      struct json_value document);
int id_grammar_check(struct catalog *catalog, struct cf_error *error);
/* Whether a document's type, and its version, do not contradict what it is. */
bool id_fits_type(const struct catalog *catalog, const struct catalog_major *major,
		  struct json_value document);
bool id_fits_version(const struct catalog *catalog, const struct catalog_major *major,
		     struct json_value document);

#endif
