/* Random chains of versions with documents and edits for them, as world.py makes them:
 * the ops of each link as a lens file, and as outcome.py's own lenses. */
#ifndef OUTCOME_MAKE_H
#define OUTCOME_MAKE_H

#include "rule.h"

enum { FIELDS_MAX = 24, PARTS_MAX = 6, GROUPS = 9 };

enum field_kind {
	FIELD_WORD, /* may be gone */
	FIELD_NULL, /* a word or null; may be gone */
	FIELD_MUST, /* a word */
	FIELD_FULL, /* one or two words */
	FIELD_REST, /* the second of these; may be gone */
	FIELD_TWO,  /* two letters */
	FIELD_ONE,
	FIELD_INT,
	FIELD_TAGS,  /* an array of words */
	FIELD_TABLE, /* one of some letters */
	FIELD_ROWS,  /* an array of objects */
	FIELD_COORD, /* of an object that has both, or is not there */
	FIELD_STATE, /* shipped only with a tracking */
	FIELD_TRACKING,
	FIELD_FILE, /* an attachment */
	FIELD_TIME, /* what `prefer: {latest: at}` looks at */
};
struct field {
	struct path path;
	enum field_kind kind;
	unsigned track;      /* fields of one track hang together */
	char letters[8];     /* TABLE */
	const char *key;     /* ROWS: the member that names an element ... */
	struct field *parts; /* ... and what else it has */
	size_t part_count;
};
struct shape_of {
	struct field at[FIELDS_MAX];
	size_t count;
};

/* What a chain is made of: each seed plays one group. */
enum ops {
	OP_RENAME = 1,
	OP_SPLIT = 2,
	OP_JOIN = 4,
	OP_TABLE = 8,
	OP_NEST = 16,
	OP_ADD = 32,
	OP_RECUT = 64,
	OP_MIX = 128,
	OP_ROWS = 256,
	OP_KEY = 512,
	OP_TAGS = 1024,
	OP_PAIR = 2048,
	OP_DEPENDS = 4096,
	OP_CAP = 8192,
	OP_FILE = 16384,
	OP_LATEST = 32768,
	OP_ALL = OP_LATEST - 1,
};
struct group {
	const char *name;
	unsigned ops;
};
extern const struct group groups[GROUPS];

/* How the documents of a version are named: as all others; by ids of the version's own; or by
 * the key alone, and known by their members. */
enum ids { IDS_OF_ALL, IDS_OWN, IDS_BARE };
enum role { ROLE_SERVED, ROLE_RETIRED, ROLE_PASSING };

struct made {
	struct rng rng;
	struct cf_arena arena;
	unsigned ops;
	unsigned names;
	bool odd_names; /* with what pointers escape, and brackets */
	struct policy policy;
	struct shape_of shapes[VERSIONS_MAX];
	enum role roles[VERSIONS_MAX];
	enum ids ids[VERSIONS_MAX];
	size_t count;
	unsigned named[FIELDS_MAX]; /* tracks of arrays whose key a lens names, and since when */
	size_t named_since[FIELDS_MAX];
	size_t named_count;
	struct cf_str lenses[VERSIONS_MAX]; /* the ops of each link */
	struct cf_str python[VERSIONS_MAX];
	struct catalog *catalogs[VERSIONS_MAX]; /* while there are so many versions */
};

void made_init(struct made *made, uint64_t seed);
void made_fini(struct made *made);
/* The chain while there are `count` versions. */
void made_chain(struct made *made, size_t count, struct chain *ret);
/* Writes the catalog of so many versions, and opens it. */
const struct catalog *made_catalog(struct made *made, size_t count);

/* people.c */
struct value *made_document(struct made *made, struct cf_arena *arena, struct rng *rng, size_t v);
struct value *made_mutate(struct made *made, struct cf_arena *arena, struct rng *rng, size_t v,
			  const struct value *document);

#endif
