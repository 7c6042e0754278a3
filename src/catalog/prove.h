/* Private to catalog/: what the proofs of check share: documents of one side of a
 * program, and the smallest document that shows a failure. */
#ifndef CATALOG_PROVE_H
#define CATALOG_PROVE_H

#include "catalog/check.h"

enum { PLACES_MAX = 16 };

/* What runs the programs. */
struct words;
struct bench {
	struct checker *checker;
	const struct catalog *catalog;
	struct lens_worker *worker;
	struct rng rng;
	struct words *words; /* of the lenses at hand; may be NULL */
};

/* Documents of one side, by place. */
struct side {
	const struct catalog *catalog;
	size_t count;
	const struct catalog_major *majors[PLACES_MAX];
	struct lens_side places;
	struct cf_buf texts[PLACES_MAX];
	struct json_doc docs[PLACES_MAX];
	struct json_value values[PLACES_MAX]; /* absent: this part is not there */
};

void side_init(struct side *side, const struct cf_mem *mem);
void side_fini(struct side *side);
void side_shape(struct side *side, const struct catalog *catalog, struct lens_side places);
/* The value that `side` has for a place of another side; a part that the chain reaches
 * by another reference is the same part. */
struct json_value side_value(const struct side *side, const struct lens_place *place);
/* Reads the text of a place anew. */
int side_read(struct side *side, size_t i, struct cf_error *error);
int side_set(struct side *side, size_t i, struct cf_str text, struct cf_error *error);
/* Documents for a program's inputs; parts only where the main one refers to them.
 * UNSUPPORTED_OP: of a schema no document was found; it is told, once. */
int side_generate(struct bench *bench, struct side *side, const struct lens_program *program,
		  unsigned size, struct cf_error *error);
/* Runs a program from one side to another; `base` may be NULL. */
int side_apply(struct bench *bench, const struct lens_program *program, const struct side *from,
	       const struct side *base, struct side *to, struct cf_error *error);
/* Whether they hold the same documents, by value. */
bool side_same(const struct side *a, const struct side *b);
/* As catalog_validate, of one place; there is a schema for it. */
int side_valid(const struct side *side, size_t i, struct cf_error *error);
/* The first place whose document its schema refuses, or `count`. */
size_t side_invalid(const struct side *side, struct cf_error *error);
/* The document of a place without one of its members, or with another value for it
 * (absent: none). NOMEM. */
int side_without(const struct side *side, size_t place, uint32_t member, struct json_value instead,
		 struct cf_buf *out);

/* What shows a failure. Sides that are NULL have no part in it. */
struct exhibit {
	const char *message;
	const char *pointer; /* "" where what came and what was wanted say it */
	const struct side *sides[CATALOG_SHOWN];
};

/* check_words.c: the separators, keys and constants of lenses. NULL: no memory. */
struct words *words_new(const struct cf_mem *mem, uint64_t seed);
struct words *words_free(struct words *words, const struct cf_mem *mem);
/* Takes in what a lens names. NOMEM. */
int words_add(struct words *words, const struct lens *lens);
/* Sometimes puts some of them into values of the documents, which stay valid. NOMEM. */
int words_put(struct words *words, struct side *side, struct cf_error *error);
/* Sometimes gives the arrays of the main document of `side` elements of `of`, and elements of
 * its own under keys of `of`; it stays valid. NOMEM. */
int words_mingle(struct words *words, struct side *side, const struct side *of,
		 struct cf_error *error);

/* The smallest exhibit of one kind of failure. */
struct example {
	bool found;
	unsigned line;           /* of the op; 0: unknown */
	const struct lens *lens; /* of the op; NULL: the one that was tried */
	size_t len;
	struct cf_buf message, pointer, shown[CATALOG_SHOWN];
};
void example_init(struct example *example, const struct cf_mem *mem);
void example_fini(struct example *example);
/* Keeps the shorter one, and says whether this is it. */
bool example_note(struct example *example, const struct exhibit *exhibit);
/* One finding: the op, `what`, message, documents. */
void example_tell(const struct example *example, struct checker *checker, const struct lens *lens,
		  const char *what);
/* A document's own fault, or the end of the check. */
static inline bool proof_ends(int rc)
{
	return rc == CF_ERR_NOMEM || rc == CF_ERR_IO;
}

/* Where its list of ops begins: what no single op is to blame for. */
unsigned lens_ops_line(const struct lens *lens);

/* check_fault.c: the line of the op at fault where `source` went `down` (or up), into
 * `other` (NULL: into nothing), and came back as something else. 0: unknown. */
unsigned fault_line(struct bench *bench, const struct catalog_edge *edge, bool down,
		    const struct side *source, const struct side *other);

/* check_local.c */
/* Locality of one lens in one direction, from p->source and what was made of it. */
struct locality;
struct locality *locality_new(struct bench *bench, const struct catalog_edge *edge);
struct locality *locality_free(struct locality *locality);
/* `source` went to `made` by the way there; edits of `made` come back over it. */
int locality_try(struct locality *locality, bool down, const struct side *source,
		 const struct side *made, unsigned size);
void locality_tell(struct locality *locality);

/* check_compose.c */
/* Each chain of a type against its lenses one by one. NOMEM. */
int check_composition(struct bench *bench, const struct catalog_type *type);

#endif
