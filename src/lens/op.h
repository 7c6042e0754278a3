/* Private to lens/: ops as they stand in a lens file. */
#ifndef LENS_OP_H
#define LENS_OP_H

#include "lens/lens.h"

enum op_kind {
	OP_ADD,
	OP_REMOVE,
	OP_RENAME,
	OP_HOIST,
	OP_PLUNGE,
	OP_WRAP,
	OP_HEAD,
	OP_IN,
	OP_MAP,
	OP_CONVERT,
	OP_SCALE,
	OP_SPLIT,
	OP_JOIN,
	OP_EXTRACT,
	OP_EMBED,
	OP_SCRIPT,
	OP_COUNT
};

/* A member's name, ready to be compared with and written. */
struct op_name {
	struct cf_str decoded; /* ptr NULL: not given */
	struct cf_str quoted;  /* as JSON text, with its quotes */
	uint16_t hash;
};

struct op_row {
	struct cf_str key;  /* String(value) */
	struct cf_str text; /* what it becomes: compact JSON */
};
struct op_table {
	struct op_row *rows;
	size_t count;
	struct cf_str fallback; /* ptr NULL: none */
	struct cf_str absent;   /* what an absent field becomes; ptr NULL: it stays absent */
	bool keep;              /* a value without a row stays as it is */
};

/* An exact number: mantissa / 10^scale. */
struct op_factor {
	bool negative;
	uint64_t mantissa;
	unsigned scale;
};
/* newer = older * by + offset. */
struct op_scale {
	struct op_factor by, offset;
	int digits[2]; /* after the point, going up and down; -1: as many as there are */
};

struct op_pair { /* of extract's names: in the main document, in the part */
	struct op_name main, part;
};

struct op {
	enum op_kind kind;
	unsigned line;
	struct op_name name;        /* rename: source */
	struct op_name destination; /* rename */
	struct op_name host;
	struct cf_str
		fallback; /* add, remove, extract: compact JSON of the default; ptr NULL: none */
	struct cf_str cambria_default; /* add, remove: as Cambria chooses it */
	struct cf_str type_default;    /* convert: default of destinationType */
	struct cf_str source_default;
	struct op *inner; /* in, map */
	size_t inner_count;
	struct op_name key_field; /* map: key */
	struct op_name element;   /* map: as, only; ptr NULL: neither */
	bool boxes;               /* map: as, not only */
	struct op_table table[2]; /* convert: up, down */
	struct op_scale scale;
	struct op_name *parts; /* split, join: into; script: reads */
	size_t part_count;
	struct op_name *writes; /* script */
	size_t write_count;
	struct cf_str by;
	struct op_pair *pairs; /* extract, embed */
	size_t pair_count;
	size_t place;              /* extract, embed: the part among the places of its side */
	struct op_name reference;  /* shared parts */
	struct op_name *key_names; /* {hash: ...} or {from: ...} */
	size_t key_count;
	bool key_hashed, shared;
	struct cf_str script[2]; /* up, down */
};

struct lens {
	const struct json_file *file;
	struct cf_arena arena;
	struct op *ops;
	size_t op_count;
	struct lens_place *older, *newer;
	size_t older_count, newer_count;
	struct lens_keyed *keyed[2];
	size_t keyed_count[2];
};

/* Places the op in errors: file, line, and the op's name before the message. */
int op_error(struct cf_error *error, int code, const struct lens *lens, const struct op *op,
	     const char *format, ...) __attribute__((format(printf, 5, 6)));
const char *op_kind_name(enum op_kind kind);
/* Whether the first token of a pointer is this name; the rest of it. */
bool op_name_begins(struct cf_str pointer, const struct op_name *name, struct cf_str *ret_rest);
/* keyed.c: fills lens->keyed. NOMEM. */
int lens_find_keyed(struct lens *lens);
/* check_names.c: ops that name a field twice. */
void check_names(const struct op *ops, size_t count, const struct lens_report *report);
/* check_tables.c: tables of convert that break PutGet. NOMEM. */
int check_tables(const struct op *ops, size_t count, const struct cf_mem *mem,
		 const struct lens_report *report);
bool op_name_is(const struct op_name *name, struct cf_str decoded);

#endif
