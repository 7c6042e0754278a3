/* The door of lens/: lens files, and programs compiled from chains of them.
 *
 * A lens is symmetric: either side may know things that the other cannot say.
 * So there is one operation, lens_apply: it makes the documents of the target
 * side out of those of the source side, and where the target documents already
 * exist (`bases`) it keeps in them what the source cannot say. Without bases it
 * is `get` (up) or its mirror; with them it is `put`.
 *
 * The laws, for up u and down d, every valid document s and view v:
 *   GetPut       d(u(s), base s) = s             (and with u and d exchanged)
 *   PutGet       u(d(v, base s), base v) = v; without base, up to what the lens
 *                declares lost: fields of add/remove, many-to-one tables, the
 *                tail behind head
 *   Locality     what differs in the source in one field differs in the result
 *                only in what lens_trace says of that field
 *   Composition  a program of a chain = its links one by one
 */
#ifndef LENS_LENS_H
#define LENS_LENS_H

#include "schema/schema.h"

/* --- lens files ----------------------------------------------------------- */

enum lens_tie {
	LENS_MAIN,     /* the document itself */
	LENS_SAME_KEY, /* a part with the same key: they live and die together */
	LENS_SHARED,   /* a part that others may refer to too; its key is in a reference field */
};

/* One document of one side of a lens. */
struct lens_place {
	struct cf_str type; /* empty in a lens file without from and to */
	uint32_t major;
	enum lens_tie tie;
	struct cf_str reference; /* LENS_SHARED: pointer of the field of the main document
				  * that holds the part's key */
};
struct lens_side {
	const struct lens_place *places; /* [0] is the main one */
	size_t count;
};

struct lens; /* one lens file, parsed and checked for what can be seen without schemas */

/* Parses. `file` is borrowed and must outlive the lens. LENS, with file and
 * line, on anything wrong: unknown op or argument (with the nearest known one),
 * a missing argument, a mapping that is not two tables, more than
 * LIMIT_LENS_OPS ops. A Cambria file (only `lens`, and perhaps `schemaName`)
 * is a lens whose places have no type. */
int lens_read(struct lens **ret, const struct json_file *file, const struct cf_mem *mem,
	      struct cf_error *error);
struct lens *lens_free(struct lens *lens);
const struct json_file *lens_file(const struct lens *lens);
struct lens_side lens_older(const struct lens *lens);
struct lens_side lens_newer(const struct lens *lens);

/* Arrays whose elements are matched by a field when edits merge: `map` with `key`.
 * `pointer` names the array in the given place of the given side ("" is the root;
 * an element of an outer array is "*"). */
struct lens_keyed {
	size_t place;
	struct cf_str pointer;
	struct cf_str field;
};
size_t lens_keyed_arrays(const struct lens *lens, bool newer, const struct lens_keyed **ret);

/* --- programs ------------------------------------------------------------- */

/* How documents say what they are. With an identity, a program rewrites the
 * `_id`, the type and the version field for each target document, and drops
 * other members that begin with "_" but `_attachments`. Without one (a lens by
 * itself), they are fields like others. */
struct lens_identity {
	struct cf_str type_field;
	struct cf_str version_field;
	/* What stands before and after the key in an id ("" both for no more text);
	 * for a singleton the whole id is prefix and suffix together. */
	int (*id_frame)(void *ctx, struct cf_str type, uint32_t major, bool singleton,
			struct cf_buf *prefix, struct cf_buf *suffix);
	/* The newest full version of a major, for documents that carry their version as
	 * a text. NULL: "MAJOR.0.0". */
	struct cf_str (*version_text)(void *ctx, struct cf_str type, uint32_t major);
	void *ctx;
};

struct lens_link {
	const struct lens *lens;
	bool down;
	/* Of the main document of its older side, or NULL: an object that it does not know
	 * is made by plunge, and goes away with what plunge put into it. */
	const struct schema *older;
	/* Only so many of its ops, from the first of them on, as they stand in the file:
	 * to find the one at fault. 0: all. */
	size_t first, count;
};

struct lens_options {
	const struct lens_identity *identity; /* NULL: none */
	/* The schema of each output place, or NULL: where it requires a member that the
	 * result lacks, in objects inside the document, too (not in arrays), the member
	 * gets the schema's default, else Cambria's default by type ("" 0 false [] {}
	 * with what it requires, and null where null is allowed). */
	const struct schema *const *target_schemas;
	/* A lens by itself, as Cambria's command runs it: the schema is inferred from
	 * the document, and defaults are filled in as Cambria fills them. */
	bool cambria_defaults;
};

struct lens_program; /* immutable; many threads may run it, each with its own worker */

/* Compiles a chain (links in the order of travel) into one program that reads
 * the source once. LENS, with file and line, where ops fight or cannot follow
 * each other. Lenses, identity and schemas must outlive the program. */
int lens_compile(struct lens_program **ret, const struct lens_link *links, size_t link_count,
		 const struct lens_options *options, const struct cf_mem *mem,
		 struct cf_error *error);
struct lens_program *lens_program_free(struct lens_program *program);
/* What it reads ([0]: the main document, then the parts it needs) and writes
 * ([0]: the main document, then parts that the chain makes on its way). */
struct lens_side lens_program_inputs(const struct lens_program *program);
struct lens_side lens_program_outputs(const struct lens_program *program);

/* Scratch memory and script contexts; one per thread. */
struct lens_worker;
struct lens_worker *lens_worker_new(const struct cf_mem *mem); /* NULL: no memory */
struct lens_worker *lens_worker_free(struct lens_worker *worker);

struct lens_args {
	/* The key of the main document: the bytes inside its `_id`, still escaped as in
	 * JSON; empty for a singleton. Only with an identity. */
	struct cf_str key;
	bool singleton;
	const struct json_value *inputs; /* as many as lens_program_inputs says */
	const struct json_value *bases;  /* as many as lens_program_outputs says, or NULL */
};

struct lens_output {
	struct cf_str text; /* compact JSON; ptr NULL: this part is not there in this document */
	/* LENS_SHARED: the key that the main document now refers to, still escaped. */
	struct cf_str key;
	/* LENS_SHARED, with a base: it refers to another part than before. The text is
	 * what to create if no document of that key exists. */
	bool repointed;
};

/* Runs the program. `*ret` (as many as outputs) lives until the worker's next
 * call. Errors are of this document: UNMAPPED (no row in a table), INVALID (a
 * value of the wrong kind for an op), SCRIPT, INCOMPLETE (an input part that the
 * main document refers to is absent), LIMIT, NOMEM; with the lens file and line,
 * the op, the pointer and the value. */
int lens_apply(struct lens_worker *worker, const struct lens_program *program,
	       const struct lens_args *args, const struct lens_output **ret,
	       struct cf_error *error);

/* The key (still escaped) by which `main` refers to the shared input `input`;
 * empty where it refers to none. Borrows from main's text or the worker. */
int lens_reference(struct lens_worker *worker, const struct lens_program *program, size_t input,
		   struct json_value main, struct cf_str *ret, struct cf_error *error);

/* Calls `found` for each place and pointer of the outputs that the value at (or
 * anything under) `pointer` of that input feeds. A token in the position of an
 * array element stands for itself in the answers. The callback's non-zero
 * answer ends the walk and is returned. */
int lens_trace(const struct lens_program *program, size_t input, struct cf_str pointer,
	       int (*found)(void *ctx, size_t output, struct cf_str pointer), void *ctx);

/* --- what `check` looks at ------------------------------------------------ */

struct lens_finding {
	bool warning;
	unsigned line; /* in the lens file */
	struct cf_str message;
	struct cf_str counterexample; /* the smallest document found, or empty */
};
struct lens_report {
	void (*finding)(void *ctx, const struct lens_finding *finding);
	void *ctx;
};
/* An op that names a field twice; tables that do not bring back what they need not lose;
 * and ops against the schemas of all places, by side: a field that cannot exist where
 * an op names it, one that is made though it is there already, one that the newer
 * schema does not know; a default or a table's target that a schema surely refuses
 * (by type or enum), a key of a field that the part cannot have, a table that lacks a
 * row for a value of the schema and has no default. Other values are tried on generated
 * documents: catalog_check. NOMEM. */
int lens_check_schemas(const struct lens *lens, const struct schema *const *older,
		       const struct schema *const *newer, const struct cf_mem *mem,
		       const struct lens_report *report, struct cf_error *error);
/* Scripts that are no functions of the language: each is told with its reason. */
int lens_check_scripts(const struct lens *lens, const struct cf_mem *mem,
		       const struct lens_report *report, size_t *ret_faults,
		       struct cf_error *error);

/* Its ops, those inside others not counted; the line of one; the name of the op that stands
 * in a line, also inside another, or NULL. */
size_t lens_op_count(const struct lens *lens);
unsigned lens_op_line(const struct lens *lens, size_t i);
const char *lens_op_at(const struct lens *lens, unsigned line);

/* The line of the op that made the value at a pointer of a target document, going that
 * way; of a part, of the op that makes the part. `place` is that of the lens's own side.
 * 0: it came as it is, or the pointer names no member. */
unsigned lens_blame(const struct lens *lens, bool down, size_t place, struct cf_str pointer);

/* --- the ops table (parser, --help and docs are made from it) -------------- */

struct lens_op_argument {
	const char *name;
	const char *what; /* one phrase */
	bool required;
};
struct lens_op {
	const char *name;
	const char *summary;
	const struct lens_op_argument *arguments; /* ends with name NULL */
};
size_t lens_ops(const struct lens_op **ret);

#endif
