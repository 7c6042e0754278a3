/* The door of catalog/: a folder becomes types, versions and compiled lenses. */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "lens/lens.h"

struct catalog; /* immutable after opening; many threads may use it */

/* The type of the documents by which apps learn what is supported; no catalog may have
 * one of its own. */
#define CATALOG_SUPPORT_TYPE "schema-support"

struct catalog_schema {
	struct json_file file;
	struct semver version;
	struct cf_str version_text;
	struct schema *schema; /* compiled */
};
struct catalog_type;
struct catalog_major {
	const struct catalog_type *type;
	uint32_t major;
	bool supported;
	struct catalog_schema *schemas; /* ascending; the last is the major's newest */
	size_t schema_count;
	bool names_id;                /* the newest schema speaks of `_id` */
	const struct id_grammar *ids; /* its own; NULL: the catalog's */
	bool recognised; /* its ids say nothing: a rule of `recognise` tells its documents */
};
struct catalog_type {
	struct cf_str name;
	struct catalog_major *majors; /* ascending */
	size_t major_count;
	size_t index; /* in the catalog */
};
/* The newest schema of a major: what documents are checked against. */
const struct schema *catalog_major_schema(const struct catalog_major *major);

/* One lens between majors; its places in both directions. */
struct catalog_edge {
	const struct lens *lens;
	const struct catalog_major **older; /* as lens_older(lens) */
	const struct catalog_major **newer; /* as lens_newer(lens) */
	struct lens_program *up;            /* of this one link */
	struct lens_program *down;
};

enum catalog_prefer { CATALOG_NEWEST_VERSION, CATALOG_OLDEST_VERSION, CATALOG_LATEST };
struct catalog_conflicts {
	enum catalog_prefer prefer;
	struct cf_str latest_field; /* with CATALOG_LATEST: a member's name */
	bool late_edit_wins;        /* late: edit; default late: agreed */
};

/* Loads schemas, manifests and lenses and compiles all. The first thing that is
 * wrong is the error (CATALOG, SCHEMA, LENS, SYNTAX, IO; with file and line). */
int catalog_open(struct catalog **ret, const char *dir, const struct cf_mem *mem,
		 struct cf_error *error);
struct catalog *catalog_close(struct catalog *catalog);

struct cf_str catalog_name(const struct catalog *catalog);
size_t catalog_types(const struct catalog *catalog, const struct catalog_type **ret);
const struct catalog_type *catalog_type(const struct catalog *catalog, struct cf_str name);
const struct catalog_major *catalog_major(const struct catalog_type *type, uint32_t major);
/* Ordered so that an edge comes after those that lead to its older places. */
size_t catalog_edges(const struct catalog *catalog, const struct catalog_edge **ret);
size_t catalog_manifests(const struct catalog *catalog, const struct manifest **ret);
const struct catalog_conflicts *catalog_conflicts(const struct catalog *catalog);
const struct lens_identity *catalog_identity(const struct catalog *catalog);
/* The versions whose documents only their members tell: an id that is undecided is one of
 * theirs. */
size_t catalog_recognised(const struct catalog *catalog, const struct catalog_major *const **ret);
/* The members by which a recognised version is known: what a tombstone says of itself. */
struct json_value catalog_marks(const struct catalog *catalog, const struct catalog_major *major);
/* False for the grammar "{type}:{key}": only one version of a document can exist. */
bool catalog_version_in_id(const struct catalog *catalog);

/* The program between two majors of one type; NULL where no chain leads there. */
const struct lens_program *catalog_program(const struct catalog *catalog,
					   const struct catalog_type *type, uint32_t from,
					   uint32_t to);

/* What an id or a document says it is. */
struct catalog_id {
	const struct catalog_type *type;   /* set also with UNSUPPORTED */
	const struct catalog_major *major; /* NULL: that major has no schema here */
	uint32_t major_number;
	struct cf_str key; /* borrowed from the id; empty for a singleton */
	bool singleton;
	bool undecided; /* with UNKNOWN_TYPE: the members of the document may say it */
};
/* From the (decoded) id alone. UNKNOWN_TYPE: none of ours, pass it over;
 * UNSUPPORTED: ours, but not a supported major. With the grammar "{type}:{key}"
 * the major is not known (0) and the answer 0. */
int catalog_identify_id(const struct catalog *catalog, struct cf_str id, struct catalog_id *ret,
			struct cf_error *error);
/* From `_id` (or `id`, decoded, where the document does not carry it, or with escapes;
 * may be empty) and the type and version fields, which must not contradict it: INVALID.
 * Without any id: INVALID. Of an id that says nothing, the rules of `recognise` decide; a
 * version that has rules, or ids of its own, need not say its type and version. */
int catalog_identify(const struct catalog *catalog, struct json_value document, struct cf_str id,
		     struct catalog_id *ret, struct cf_error *error);

/* A version other than `id` says that claims a document too, by a rule of `recognise`; NULL:
 * none. */
const struct catalog_major *catalog_also(const struct catalog *catalog, const struct catalog_id *id,
					 struct json_value document);

/* Regular expressions, without ^ and $, for PCRE and JavaScript: of the ids of a version that
 * has its own (major->ids); and of those of the catalog's grammar, which comes before, and of
 * the store. 0 or NOMEM. */
int catalog_own_pattern(const struct catalog *catalog, const struct catalog_major *major,
			struct cf_buf *out);
int catalog_ids_pattern(const struct catalog *catalog, struct cf_buf *out);
/* The rules of `recognise`, one after the other; *at is 0 at first. */
bool catalog_next_rule(const struct catalog *catalog, size_t *at, struct json_value *ret_when,
		       const struct catalog_major **ret_major);

/* As catalog_identify, for many documents that are read with one tape: `hints`, all zero
 * at first, is what others before said. For one catalog, and one thread. */
struct catalog_hint {
	struct json_shape *shape; /* NULL: nothing */
	struct catalog_id id;
	uint32_t nodes[3]; /* _id, type, version */
	uint8_t prefix_len, type_len, version_len;
	char prefix[128], type[64], version[24]; /* as they stand in the text, with quotes */
};
enum { CATALOG_HINTS = 8 };
struct catalog_hints {
	struct catalog_hint at[CATALOG_HINTS]; /* by shape */
};
int catalog_identify_next(const struct catalog *catalog, struct catalog_hints *hints,
			  struct json_value document, struct catalog_id *ret,
			  struct cf_error *error);
void catalog_hints_fini(struct catalog_hints *hints);
int catalog_format_id(const struct catalog *catalog, struct cf_str type, uint32_t major,
		      struct cf_str key, bool singleton, struct cf_buf *out);
/* The same for a key that somebody chose: a reference, or a field that gives the key.
 * INVALID where it is empty or no text (U+0000, half a surrogate pair), LIMIT where the
 * id would be longer than LIMIT_ID_BYTES: no store would take such a document. */
int catalog_make_id(const struct catalog *catalog, struct cf_str type, uint32_t major,
		    struct cf_str key, struct cf_buf *out, struct cf_error *error);
/* Validates against the newest schema of the id's major. Members that begin with
 * "_" are not the schema's business, but for `_id` where the schema speaks of it: then
 * the document is seen with the id that `id` says, whether it carries one or not. As
 * schema_validate. */
int catalog_validate(const struct catalog *catalog, const struct catalog_id *id,
		     struct json_value document, const struct schema_report *report,
		     struct cf_error *error);

/* --- check ------------------------------------------------------------------ */

/* What a finding of a law shows, in the order in which it is told. */
enum catalog_shown {
	CATALOG_SHOWN_DOCUMENT, /* the smallest that was found */
	CATALOG_SHOWN_OVER,     /* another one, into which it was put */
	CATALOG_SHOWN_MADE,     /* what became of it */
	CATALOG_SHOWN_EDITED,   /* that, after an edit of one field */
	CATALOG_SHOWN_CAME,     /* what came out at the end */
	CATALOG_SHOWN_WANTED,   /* what should have */
	CATALOG_SHOWN
};
struct catalog_finding {
	bool warning;
	struct cf_str file; /* relative to the folder */
	unsigned line;
	struct cf_str message;
	struct cf_str pointer; /* where what came out differs, or breaks its schema; or empty */
	struct cf_str shown[CATALOG_SHOWN]; /* compact documents, one a line; empty: none */
};
struct catalog_check_args {
	uint64_t seed;
	unsigned runs; /* generated documents for each lens, each way */
	void (*finding)(void *ctx, const struct catalog_finding *finding);
	void *ctx;
};
struct catalog_checked {
	size_t errors; /* findings that are not warnings */
	size_t lenses; /* that were tried on documents */
};
/* 0 when it could look at all, whatever it found. */
int catalog_check(const char *dir, const struct catalog_check_args *args,
		  struct catalog_checked *ret, const struct cf_mem *mem, struct cf_error *error);

#endif
