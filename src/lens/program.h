/* Private to lens/: compiled programs.
 *
 * A program is the list of steps of a chain, each an op in its direction of
 * travel. Running it forward makes the target; running it backward over the
 * target's base remembers, step by step, what the source side cannot say (the
 * complement), which the forward run then puts back. So `put` of a chain is the
 * composition of the puts of its ops, and the laws of the ops carry over.
 */
#ifndef LENS_PROGRAM_H
#define LENS_PROGRAM_H

#include "lens/script.h"
#include "lens/work.h"

struct step {
	enum op_kind kind; /* as it acts in this direction */
	bool down;
	const struct op *op;
	const struct lens *lens;
	struct op_name from, to; /* rename */
	struct step *inner;
	size_t inner_count;
	size_t part; /* extract: among the outputs; embed: among the inputs */
};

/* A member that the target schema requires, with what it gets where it lacks. */
struct fill {
	struct op_name name;
	struct cf_str text;
};
struct output_plan {
	struct fill *fills;
	size_t fill_count;
	/* With an identity, for documents with a key and for singletons: */
	struct cf_str id_before[2], id_after[2];
	struct cf_str version_number, version_text; /* as JSON */
	struct cf_str type_text;
};

struct lens_program {
	const struct cf_mem *mem;
	struct cf_arena arena;
	struct step *steps;
	size_t step_count;
	struct lens_place *inputs, *outputs;
	size_t input_count, output_count;
	struct output_plan *plans;
	const struct lens_identity *identity;
	struct op_name id_name, type_name, version_name;
	bool cambria_defaults;
};

/* What the source side cannot say at one step, of the base. */
struct complement {
	bool there; /* a base was given here */
	struct work_value value, second;
};

struct lens_worker {
	const struct cf_mem *mem;
	struct work_memory memory;
	struct script_engine *scripts; /* NULL until a script runs */
	struct cf_buf *texts;          /* of the outputs */
	struct lens_output *outputs;
	size_t output_cap;
	struct cf_str reference_key;
	struct cf_buf scratch;
	/* The key of a constant part, found once. */
	const char *hashed_text;
	char hashed_key[33];
};

/* One run of a program. */
struct run {
	struct lens_worker *worker;
	const struct lens_program *program;
	struct work_value *inputs, *bases; /* by place; parts without identity fields */
	struct work_value *outputs;        /* by place; [0] unused */
	struct cf_str *keys;               /* of shared outputs, as JSON text inside quotes */
	bool *repointed;
	struct cf_error *error;
};

/* steps.c: runs a list of steps on a value; `base` may be absent. */
int steps_forward(struct run *run, const struct step *steps, size_t count, struct work_value *value,
		  const struct work_value *base);
/* The value's older self; *complements (one a step) may be NULL. */
int steps_backward(struct run *run, const struct step *steps, size_t count,
		   struct work_value *value, struct complement *complements);

/* parts.c */
int extract_forward(struct run *run, const struct step *step, struct work_value *value,
		    const struct complement *complement);
int extract_backward(struct run *run, const struct step *step, struct work_value *value,
		     struct complement *complement);
int embed_forward(struct run *run, const struct step *step, struct work_value *value,
		  const struct complement *complement);
int embed_backward(struct run *run, const struct step *step, struct work_value *value,
		   struct complement *complement);

/* tables.c */
/* The row of a scalar; ptr NULL: none. */
struct cf_str table_find(const struct op_table *table, struct json_value value);

int step_error(struct run *run, const struct step *step, int code, const struct op_name *where,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
bool work_equal(struct run *run, const struct work_value *a, const struct work_value *b);

#endif
