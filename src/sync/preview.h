/* What the files of a preview share. */
#ifndef SYNC_PREVIEW_H
#define SYNC_PREVIEW_H

#include "sync/engine.h"

enum { PREVIEW_INPUTS_MAX = 8 };

struct preview {
	struct cf_store *store;
	const struct catalog *catalog;
	const struct sync_preview_how *how;
	struct sync_preview *rows; /* by major_index */
	struct lens_worker *worker;
	struct atom_rules rules;
	struct cf_arena arena;   /* of a page */
	struct json_doc docs[4]; /* scratch; newer, older, and what the lens makes */
	struct json_doc parts[PREVIEW_INPUTS_MAX]; /* that the newer one needs */
	struct json_value inputs[PREVIEW_INPUTS_MAX];
	struct cf_buf scratch;
	struct cf_buf after;
	const struct cf_mem *mem;
};

/* One document of the page, and its sisters: records by place among the type's majors. */
struct family_of {
	struct catalog_id id;
	struct cf_str document;
	struct cf_str body;
	const struct cf_record *sisters;
};

static inline bool preview_exists(const struct cf_record *record)
{
	return record->code == 0 && record->revision_count && !record->revisions[0].deleted;
}

static inline struct sync_preview *preview_row(struct preview *p, const struct catalog_major *major)
{
	return &p->rows[major_index(major)];
}

/* A document as the lenses see it, on the tape of that number. 0, or what is wrong with it. */
int preview_read(struct preview *p, size_t which, struct cf_str text, struct json_value *ret);
/* The parts that a program needs beside p->inputs[0]: p->inputs[1 ...]; *ret_all: all that are
 * named are there. */
int preview_parts(struct preview *p, const struct family_of *f, const struct lens_program *program,
		  bool *ret_all, struct cf_error *error);
/* The key of a thing as lenses take it; ptr NULL: no memory. In the arena of the page. */
struct cf_str preview_key(struct preview *p, const struct catalog_id *id);
/* Makes the document of a version that a thing lacks, counts it and shows it. */
int preview_make(struct preview *p, const struct family_of *f, const struct catalog_major *major,
		 struct cf_error *error);

#endif
