/* Private to lens/: what a program does to all documents of one shape, as a list.
 *
 * Documents of a shape have the same members, so the machine of program.h moves the
 * same registers and writes the same bytes between their values, each time. A plan is
 * what it did once: constant bytes, spans of the source, the key, and values that a
 * table converts. It is made by running the machine itself on one document while a
 * maker watches: where an instruction or the emission looks at a scalar, the maker
 * notes a guard (what the kind must be), or a piece to do for each document, or gives
 * up. So there is no second meaning of any op.
 *
 * Invariants: a plan is used only for its program, its shape and where its guards
 * hold. It keeps both alive, so that their addresses stay theirs. What it cannot do
 * for a document (no row in a table, a result that is too long) it leaves to the
 * machine, which also finds the words for errors. Not planned: bases, several inputs,
 * scripts, split and join, parts made of the document.
 */
#ifndef LENS_PLAN_H
#define LENS_PLAN_H

#include "lens/program.h"

/* Answer of plan_watch: the maker did the instruction itself. */
enum { PLAN_DONE = 1 };

enum piece_kind {
	PIECE_END,
	PIECE_SPAN,    /* of the source: from the start of node `from` up to `to` */
	PIECE_KEY,     /* the document's key */
	PIECE_CONVERT, /* what `table` makes of node `from` */
};

/* Constant bytes, and what comes behind them. */
struct piece {
	const char *text; /* with room to be read in steps of PLAN_STEP */
	uint32_t len;
	uint8_t kind;
	bool to_start; /* the span ends before the start of `to`, else at its end */
	uint8_t less;  /* so many bytes before */
	uint32_t from, to;
	const struct table *table;
};

/* Whether node's kind is, or is not, a certain one. */
struct guard {
	uint32_t node;
	uint8_t kind;
	bool is;
};

enum { PLAN_STEP = 32 };

struct plan {
	struct lens_program *program;
	struct json_shape *shape;
	bool singleton;
	bool none;      /* the machine must run */
	uint8_t credit; /* it gives way when this is used up */
	uint32_t uses;  /* of none: it is no news for ever */
	struct guard *guards;
	size_t guard_count;
	struct piece *pieces;
	size_t fixed;                /* bytes of all constants */
	struct lens_output *outputs; /* but the first, which has no text here */
	struct cf_arena arena;
};

/* plan.c */
struct plans *plans_free(struct plans *plans);
/* True: worker->outputs is made. */
bool plan_apply(struct lens_worker *worker, const struct lens_program *program,
		const struct lens_args *args);

/* plan_make.c: a plan for documents like this one. 0, or NOMEM. */
int plan_make(struct lens_worker *worker, const struct lens_program *program,
	      const struct lens_args *args, struct plan **ret);
struct plan *plan_free(struct plan *plan);

struct plan_maker {
	const struct json_doc *doc;
	struct plan *plan;
	struct cf_buf *out;    /* where the main document is written */
	struct cf_buf guards;  /* struct guard */
	struct cf_buf pieces;  /* struct piece; `len` is where the constant ends in `out` */
	struct cf_buf scratch; /* the constants */
	bool failed;
};

/* Before an instruction: 0, PLAN_DONE, or an error: there is no plan. */
int plan_watch(struct run *run, const struct instr *instr, struct frame *frame);
static inline bool plan_watches(const struct run *run, const struct json_doc *doc)
{
	return __builtin_expect(run->maker != NULL, 0) && run->maker->doc == doc;
}
/* Instead of writing them: members of a container without white space, a value, the
 * key, a converted value. */
void plan_run(struct run *run, struct json_value source, uint32_t from, uint32_t to,
	      struct cf_buf *out);
void plan_compact(struct run *run, struct json_value v, struct cf_buf *out);
void plan_key(struct run *run, struct cf_buf *out);
void plan_slot(struct run *run, const struct val *val, struct cf_buf *out);

#endif
