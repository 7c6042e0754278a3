/* The door of schema/: versions, JSON Schema, differences between schemas, and
 * documents generated from a schema. */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include "json/json.h"

/* --- semantic versions and ranges, as node-semver ------------------------- */

struct semver {
	uint64_t major, minor, patch;
	struct cf_str prerelease; /* "alpha.1", or empty; borrowed from the text */
	struct cf_str build;
};

/* node-semver's strict grammar ("v1.2.3" and "=1.2.3" are accepted, as there).
 * Borrows from `text`. SYNTAX on anything else. */
int semver_parse(struct semver *ret, struct cf_str text, struct cf_error *error);
/* Precedence (semver 2.0.0, section 11): build metadata does not count. */
int semver_compare(const struct semver *a, const struct semver *b);
int semver_format(const struct semver *version, struct cf_buf *out);

struct semver_range; /* caret, tilde, x-ranges, hyphen, comparators, || */
int semver_range_parse(struct semver_range **ret, struct cf_str text, const struct cf_mem *mem,
		       struct cf_error *error);
struct semver_range *semver_range_free(struct semver_range *range); /* returns NULL */
/* node-semver's satisfies() without options: a prerelease is only in a range
 * that names a prerelease of the same major.minor.patch. */
bool semver_range_has(const struct semver_range *range, const struct semver *version);

/* --- manifests ------------------------------------------------------------ */

struct manifest_dependency {
	struct cf_str type;
	struct cf_str range_text;
	struct semver_range *range;
	uint32_t node; /* in the file, for its line */
};
struct manifest {
	struct json_file file;
	struct cf_str name;
	struct semver version;
	struct cf_str version_text;
	struct manifest_dependency *dependencies;
	size_t dependency_count;
	struct cf_arena arena;
};
/* Takes a file that was loaded (it is empty after success, untouched else).
 * CATALOG with file and line where it is not a manifest. */
int manifest_read(struct manifest *manifest, struct json_file *take_file, struct cf_error *error);
void manifest_fini(struct manifest *manifest);

/* --- JSON Schema, draft 2020-12 and draft-07 ------------------------------ */

/* Documents that $ref may name, by URI; the two drafts' metaschemas are known. */
struct schema_set;
struct schema_set *schema_set_new(const struct cf_mem *mem); /* NULL: no memory */
struct schema_set *schema_set_free(struct schema_set *set);
/* `root` is borrowed and must outlive the set. */
int schema_set_add(struct schema_set *set, struct cf_str uri, struct json_value root,
		   struct cf_error *error);

struct schema; /* compiled; immutable, many threads may validate with it at once */

enum schema_flags {
	SCHEMA_ASSERT_FORMAT = 1, /* `format` of the common formats is checked */
};
/* Compiles. The draft is chosen by $schema, default 2020-12. SCHEMA where it is
 * not a schema (with the pointer), where a $ref leads to a remote document that
 * is not in the set (named), or goes round without progress. `root` is borrowed
 * and must outlive the schema. `base_uri` may be empty. */
int schema_compile(struct schema **ret, struct schema_set *set, struct json_value root,
		   struct cf_str base_uri, unsigned flags, const struct cf_mem *mem,
		   struct cf_error *error);
struct schema *schema_free(struct schema *schema);

/* One failure. All strings live until the callback returns. */
struct schema_failure {
	struct cf_str instance; /* pointer into the document */
	struct cf_str keyword;  /* pointer into the schema, through $ref: its absolute location */
	struct cf_str rule;     /* "required", "type", ... */
	struct cf_str message;  /* "must have the member \"title\"" */
};
struct schema_report {
	/* Returns false to hear of no more. NULL: only the answer counts. */
	bool (*failure)(void *ctx, const struct schema_failure *failure);
	void *ctx;
};
/* 0 valid; INVALID (error: the first failure, message and pointer); LIMIT where
 * the recursion or a pattern's steps ran out; NOMEM. `report` may be NULL. */
int schema_validate(const struct schema *schema, struct json_value instance,
		    const struct schema_report *report, struct cf_error *error);

/* Each keyword of the two drafts; NULL after the last. *ret_text: it describes, and asks
 * nothing of a document. Usage: size_t at = 0; while ((name = schema_keyword_next(&at, …))) */
const char *schema_keyword_next(size_t *at, bool *ret_text);

/* The keyword that was meant by a word that is none; NULL: it is one, or near to none. */
const char *schema_keyword_meant(struct cf_str name);
/* Calls `found` with each member of the schema's own document, where a keyword stands, that
 * seems to be one written wrongly. */
void schema_find_misspelt(const struct schema *schema,
			  void (*found)(void *ctx, struct json_value name, const char *meant),
			  void *ctx);

/* Looking at what a schema says of a place; $ref is followed, allOf is not
 * merged (what cannot be seen is "unknown": types 0, closed false). */
enum schema_types {
	SCHEMA_NULL = 1,
	SCHEMA_BOOLEAN = 2,
	SCHEMA_NUMBER = 4,
	SCHEMA_INTEGER = 8,
	SCHEMA_STRING = 16,
	SCHEMA_ARRAY = 32,
	SCHEMA_OBJECT = 64,
};
struct schema_view {
	const struct schema *schema;
	struct json_value at;       /* the (sub)schema, behind $ref; absent: nothing is said */
	unsigned types;             /* 0: any or unknown */
	bool required;              /* in the object this view came from */
	bool closed;                /* additionalProperties: false */
	struct json_value fallback; /* `default`, or absent */
	struct json_value values;   /* `enum`, or absent */
	struct json_value constant; /* `const`, or absent */
};
struct schema_view schema_view_root(const struct schema *schema);
/* The named property, absent `at` where the schema does not name it. */
struct schema_view schema_view_property(const struct schema_view *object, struct cf_str name);
struct schema_view schema_view_items(const struct schema_view *array);
/* Whether a value is valid there; true where nothing is said, or nobody can say. */
bool schema_view_allows(const struct schema_view *view, struct json_value value);

/* --- generated documents -------------------------------------------------- */

/* Writes a random valid instance (and checks that it is). Small and simple
 * values come first with low `size` (0 to 100). CF_ERR_UNSUPPORTED_OP where no
 * valid one was found in a bounded number of tries; the pointer is then the place
 * in the schema that refused the last one. */
int schema_generate(const struct schema *schema, struct rng *rng, unsigned size, struct cf_buf *out,
		    struct cf_error *error);
/* The same, but only objects: a schema that allows other values, too, may still be
 * that of documents. */
int schema_generate_document(const struct schema *schema, struct rng *rng, unsigned size,
			     struct cf_buf *out, struct cf_error *error);

/* Calls `found` for each place of the schema's own document of which no value can be
 * made: patterns that cannot be read backwards (and no example is given). NOMEM. */
int schema_generate_gaps(const struct schema *schema, uint64_t seed,
			 void (*found)(void *ctx, struct cf_str pointer, const char *why),
			 void *ctx, struct cf_error *error);

/* --- differences ---------------------------------------------------------- */

enum schema_change {
	SCHEMA_FIX,     /* descriptions and such: same documents */
	SCHEMA_FEATURE, /* new readers read old documents, old readers skip what is new */
	SCHEMA_BREAKING,
};
enum schema_compatibility { SCHEMA_BACKWARD = 1, SCHEMA_FORWARD = 2 /* both: FULL */ };

struct schema_reason {
	enum schema_change change;
	bool breaks_backward;  /* new readers cannot read some old documents */
	bool breaks_forward;   /* old readers cannot read some new documents */
	bool undecided;        /* it could not be decided, so it counts as breaking */
	struct cf_str pointer; /* into the schema */
	struct cf_str rule;    /* "required-added", ... */
	struct cf_str message;
};
struct schema_diff {
	enum schema_change change; /* the gravest */
	unsigned compatibility;    /* enum schema_compatibility */
	struct schema_reason *reasons;
	size_t reason_count;
	struct cf_arena arena;
};
int schema_diff(struct schema_diff *ret, const struct schema *old_schema,
		const struct schema *new_schema, const struct cf_mem *mem, struct cf_error *error);
int manifest_diff(struct schema_diff *ret, const struct manifest *old_manifest,
		  const struct manifest *new_manifest, const struct cf_mem *mem,
		  struct cf_error *error);
void schema_diff_fini(struct schema_diff *diff);
const char *schema_change_name(enum schema_change change); /* "fix", ... */
const char *
schema_compatibility_name(unsigned compatibility); /* "FULL", "BACKWARD", "FORWARD", "NONE" */

#endif
