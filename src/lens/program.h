/* Private to lens/: compiled programs.
 *
 * A chain is first one list of steps, each an op in its direction of travel, and
 * then a small register machine. At each level that an op looks into, the names
 * that any op of the chain mentions are the registers of a `layout`. Loading an
 * object fills them from its tape in one walk; a member that no op names has no
 * register and is never touched. Each op is one instruction over registers (a
 * rename moves one to another), so a chain of any length costs one walk, its
 * instructions, and one emission that copies runs of bytes between the named
 * members. No tree is built.
 *
 * With a base, the program first runs backward over the base's registers: what
 * the base is, seen at each op, is what the ops after it make of it on the way
 * back. Each instruction leaves in its `note` what it will have to keep. So `put`
 * of a chain is the composition of the puts of its ops, and the laws of the ops
 * carry over.
 */
#ifndef LENS_PROGRAM_H
#define LENS_PROGRAM_H

#include "lens/op.h"
#include "lens/script.h"
#include "lens/script_memo.h"

#include <stdatomic.h>

enum {
	NO_REG = 0xffff,
	LAYOUT_NAMES = 8192, /* registers of one layout; a whole chain rarely names a hundred */
	RUN_DEPTH = 80,      /* `in`s inside each other: LIMIT_LENS_CHAIN of them, and room */
};

/* --- steps ------------------------------------------------------------------------ */

struct step {
	enum op_kind kind; /* as it acts in this direction */
	bool down;
	const struct op *op;
	const struct lens *lens;
	struct op_name from, to; /* rename */
	struct step *inner;
	size_t inner_count;
	size_t part;     /* extract, embed: among the program's parts */
	bool makes_host; /* plunge: the older side has no such object of its own */
};

/* --- code ------------------------------------------------------------------------- */

struct name {
	struct cf_str decoded;
	struct cf_str written; /* with quotes and colon */
	uint16_t hash;
};

/* What is known of a value as it moves: its layout as an object, and what its
 * elements are. Only while compiling. */
struct shape {
	struct layout *object;
	struct shape *element;
};

/* With an identity, what says what a document is is not among its fields. */
enum layout_flags {
	LAYOUT_MAIN = 1, /* members that begin with "_" go, but _attachments */
	LAYOUT_PART = 2, /* and that, and the type and version fields */
};

struct layout {
	struct name *names; /* one for each register */
	uint16_t count, cap;
	uint16_t mask;           /* of slots */
	uint16_t *slots;         /* by hash: register + 1, or 0 */
	struct shape **shapes;   /* by register; only while compiling */
	unsigned flags;          /* enum layout_flags */
	uint16_t hidden[2];      /* LAYOUT_PART: registers of type and version */
	struct layout *previous; /* all of a program */
};

enum code {
	DO_APPEAR,  /* reg: `text` where nothing else is known */
	DO_VANISH,  /* reg */
	DO_MOVE,    /* reg -> other */
	DO_HOIST,   /* register `inner` of the object in reg -> other */
	DO_PLUNGE,  /* other -> register `inner` of the object in reg */
	DO_WRAP,    /* reg */
	DO_HEAD,    /* reg */
	DO_ENTER,   /* the object in reg; `jump` is its DO_LEAVE */
	DO_LEAVE,   /* `jump` is its DO_ENTER */
	DO_MAP,     /* the elements of reg */
	DO_CONVERT, /* reg */
	DO_SCALE,   /* reg */
	DO_SPLIT,   /* reg -> regs */
	DO_JOIN,    /* regs -> reg */
	DO_EXTRACT,
	DO_EMBED,
	DO_SCRIPT, /* regs -> others */
};

/* One direction of a convert. */
struct table {
	const struct op_table *rows;
	int literals[3]; /* the rows of null, false, true; -1 */
	bool *numeric;   /* whether a row's key is the text of a number */
};

/* A constant that may become a part: its key and its fields, made beforehand. */
struct folded {
	const char *text; /* of the constant; compared by address */
	struct cf_str key;
	struct cf_str fields; /* members without braces */
	/* With an identity the whole document: [the main one has an id][its version is a
	 * text]. */
	struct cf_str documents[2][2];
	struct folded *next;
};

struct part_code {
	size_t part;           /* among the program's */
	struct layout *layout; /* of the part */
	uint16_t reference;    /* registers of the main document */
	uint16_t host;
	uint16_t *main_regs; /* of extract's names: of the main document, of the part */
	uint16_t *part_regs;
	uint16_t *key_regs;
	struct folded *folded;
};

struct instr {
	uint8_t code; /* enum code */
	uint16_t reg, other, inner;
	uint16_t key; /* DO_MAP: register of the key that matches elements, or NO_REG */
	/* DO_MAP: register of the field that an element is put into before its body runs, and
	 * of the one that it becomes after that; or NO_REG */
	uint16_t box, unbox;
	uint32_t jump;
	struct cf_str text; /* ptr NULL: none */
	const struct layout *layout;
	const struct step *step;
	const struct body *body;    /* DO_MAP; NULL: the elements are arrays of `arrays` */
	const struct instr *arrays; /* `other_count` of them */
	const struct table *forward, *backward;
	const struct part_code *part;
	const uint16_t *regs, *others;
	size_t reg_count, other_count;
};

/* Instructions over one kind of object: the document, or an element of an array. */
struct body {
	struct layout *layout;
	struct instr *instrs;
	uint32_t count, cap;
};

/* A document beside the main one: it comes in, goes out, or lives only on the way. */
struct part {
	struct lens_place place;
	struct shape *shape;
	int input, output; /* among the inputs, outputs; -1: it is none */
};

/* A member that the target schema requires, with what it gets where it lacks. */
struct fill {
	uint16_t reg;
	struct cf_str name;
	struct cf_str text;
};
/* What an object needs, and the objects in it that need something. */
struct fills {
	struct fill *fills;
	size_t fill_count;
	struct nested_fills *nested;
	size_t nested_count;
};
struct nested_fills {
	uint16_t reg;
	struct cf_str name;
	struct layout *layout;
	struct fills inner;
};
struct output_plan {
	struct fills fills;
	/* With an identity, for documents with a key and for singletons: */
	struct cf_str id_before[2], id_after[2];    /* with the quotes */
	struct cf_str version_number, version_text; /* as JSON */
	struct cf_str type_text;
};

struct lens_program {
	const struct cf_mem *mem;
	atomic_uint keepers; /* the owner, and plans of workers */
	struct cf_arena arena;
	struct step *steps;
	size_t step_count;
	struct body main;
	bool bare; /* the document is register 0: its lens maps the elements of an array */
	struct layout *layouts;
	struct part *parts;
	size_t part_count;
	struct lens_place *inputs, *outputs;
	size_t input_count, output_count;
	struct output_plan *plans;
	const struct lens_identity *identity;
	struct op_name id_name, type_name, version_name; /* with an identity */
	uint16_t id_reg, type_reg, version_reg;
	bool cambria_defaults;
};

/* --- running ---------------------------------------------------------------------- */

enum val_kind {
	VAL_ABSENT,
	VAL_TAPE,   /* a value of a tape */
	VAL_TEXT,   /* compact JSON: a constant, or in the worker's memory */
	VAL_OBJECT, /* loaded */
	VAL_LIST,
	VAL_ID,   /* the main document's new id */
	VAL_SLOT, /* only while a plan is made: what `table` makes of the document's `node` */
};

struct val {
	uint32_t kind;
	uint32_t node; /* VAL_TAPE; VAL_TEXT: its length */
	union {
		const struct json_doc *doc;
		const char *text;
		struct frame *frame;
		struct list *list;
		const struct table *table;
	};
};

#define NOTHING ((struct val){.kind = VAL_ABSENT})

struct list {
	struct val *items;
	uint32_t count;
};

/* Where a register's member stands: at a cut of the source, or behind all. */
enum { APPENDED = 1u << 31 };
struct reg {
	struct val val;
	uint32_t place;
};

/* A member of the source that does not simply stay. */
struct cut {
	uint32_t node;  /* of its name */
	uint16_t reg;   /* it was loaded into; NO_REG: it goes */
	uint16_t holds; /* what is emitted there */
};

/* An object that ops look into. */
struct frame {
	const struct layout *layout;
	struct json_value source; /* absent: made on the way */
	struct cut *cuts;
	uint32_t cut_count;
	uint32_t appended; /* so many so far */
	struct reg regs[];
};

/* What an instruction keeps from the base. */
struct note {
	bool there; /* there is a base here */
	bool flag;  /* DO_MOVE, DO_HOIST, DO_PLUNGE: the base has another field of that name */
	struct val val;
	/* DO_EXTRACT: the base's part; DO_MAP, in the note behind those of the body: what an
	 * element that is put into a field has beside it */
	struct frame *frame;
	struct val *vals;   /* DO_SPLIT: the pieces; DO_MAP: the keys of `list` */
	struct cf_str text; /* DO_SPLIT, DO_JOIN: the whole, decoded; DO_SCRIPT: JSON */
	struct list *list;  /* DO_WRAP, DO_MAP: of the base; for DO_MAP seen from the source */
	struct note **rows; /* DO_MAP: the body's notes for each element of `list` */
	struct keys
		*keys; /* DO_MAP: where keys stand in `vals`; NULL: few enough to look through */
};

struct part_val {
	struct val val; /* VAL_OBJECT, or absent */
	const struct folded *folded;
	struct cf_str key; /* of a shared part, inside quotes */
	bool repointed;
};

struct lens_worker {
	const struct cf_mem *mem;
	struct cf_arena arena;   /* of one call */
	struct json_doc **tapes; /* of texts that an op had to look into */
	size_t tape_count, tape_cap, tape_used;
	struct script_engine *scripts; /* NULL until a script runs */
	struct script_memo script_memo;
	struct cf_buf scratch;
	struct cf_buf *texts; /* of the outputs */
	struct lens_output *outputs;
	size_t output_cap;
	struct plans *plans; /* plan.h; NULL until a document has a known shape */
};

struct run {
	struct lens_worker *worker;
	struct cf_arena *arena; /* the worker's */
	const struct lens_program *program;
	const struct lens_args *args;
	struct part_val *parts;
	struct cf_error *error;
	const struct instr *stop;          /* lens_reference: run to here */
	struct plan_maker *maker;          /* a plan is made of this run; else NULL */
	struct cf_str path[RUN_DEPTH * 2]; /* where we are, for errors; ptr NULL: an index */
	uint32_t depth;
	bool backward; /* over a base, where nothing is an error but no memory */
};

static inline void *lens_alloc(struct run *run, size_t size)
{
	struct cf_arena *arena = run->arena;

	size = (size + 15) & ~(size_t)15;
	if (__builtin_expect(!arena->block || (size_t)(arena->end - arena->next) < size, 0))
		return arena_alloc(arena, size);
	arena->next += size;
	return arena->next - size;
}

/* frame.c */
struct frame *frame_new(struct run *run, const struct layout *layout);
struct frame *frame_load(struct run *run, const struct layout *layout, struct json_value source);
/* The object in `val` with that layout, loaded where needed and kept in `val`.
 * *ret NULL where the value is no object. 0 or NOMEM. */
int frame_of(struct run *run, struct val *val, const struct layout *layout, struct frame **ret);
/* Puts a value behind all others. */
static inline void frame_append(struct frame *frame, uint16_t reg, struct val val)
{
	frame->regs[reg].val = val;
	frame->regs[reg].place = APPENDED | frame->appended++;
}
/* The same, or nothing where the value is absent. */
static inline void frame_put(struct frame *frame, uint16_t reg, struct val val)
{
	if (val.kind == VAL_ABSENT)
		frame->regs[reg].val = NOTHING;
	else
		frame_append(frame, reg, val);
}
static inline struct val frame_take(struct frame *frame, uint16_t reg)
{
	struct val val = frame->regs[reg].val;

	frame->regs[reg].val = NOTHING;
	return val;
}
static inline bool frame_has(const struct frame *frame, uint16_t reg)
{
	return frame->regs[reg].val.kind != VAL_ABSENT;
}
bool frame_is_empty(const struct frame *frame);

/* value.c */
static inline struct val val_tape(struct json_value v)
{
	return v.doc ? (struct val){.kind = VAL_TAPE, .node = v.node, .doc = v.doc} : NOTHING;
}
static inline struct val val_text(struct cf_str text)
{
	return text.ptr ? (struct val){.kind = VAL_TEXT,
				       .node = (uint32_t)text.len,
				       .text = text.ptr}
			: NOTHING;
}
enum json_kind val_kind_made(const struct val *val);
/* 0 where absent. */
static inline enum json_kind val_kind(const struct val *val)
{
	if (val->kind == VAL_TAPE)
		return (enum json_kind)val->doc->nodes[val->node].kind;
	return val->kind == VAL_ABSENT ? (enum json_kind)0 : val_kind_made(val);
}
/* Any value as one of a tape. */
int val_read(struct run *run, const struct val *val, struct json_value *ret);
/* A text that lives as long as the worker's memory, as a value of a tape. */
int val_parse(struct run *run, struct cf_str text, struct json_value *ret);
int val_equal(struct run *run, const struct val *a, const struct val *b, bool *ret);
int val_decode(struct run *run, const struct val *val, struct cf_str *ret);
int val_string(struct run *run, struct cf_str decoded, struct val *ret);
/* The elements of an array; *ret NULL where it is none. */
int val_list(struct run *run, const struct val *val, struct list **ret);
/* A new array of these. */
int val_array(struct run *run, const struct val *items, uint32_t count, struct val *ret);

/* emit.c */
int emit_val(struct run *run, const struct val *val, struct cf_buf *out);
int emit_frame(struct run *run, struct frame *frame, struct cf_buf *out);
/* The members without braces. */
int emit_members(struct run *run, struct frame *frame, bool first, struct cf_buf *out);

/* step.c: a body forward, and backward over a base. `notes` may be NULL forward. */
int run_forward(struct run *run, const struct body *body, struct frame *frame, struct note *notes);
int run_backward(struct run *run, const struct body *body, struct frame *frame, struct note *notes);
/* An error of this document at an instruction; `reg` NO_REG: of the object itself.
 * The value is shown behind the reason. */
int lens_fail(struct run *run, const struct instr *instr, int code, const struct frame *frame,
	      uint16_t reg, const struct val *val, const char *reason);
int lens_nomem(struct run *run);

/* One kind of instruction each: forward; and its mirror over the base, which leaves in
 * the note what forward will keep. */
#define DECLARE_STEP(name)                                                                 \
	int step_##name(struct run *run, const struct instr *instr, struct frame *frame,   \
			const struct note *note);                                          \
	int unstep_##name(struct run *run, const struct instr *instr, struct frame *frame, \
			  struct note *note)
DECLARE_STEP(convert); /* convert.c */
DECLARE_STEP(scale);
DECLARE_STEP(split); /* text.c */
DECLARE_STEP(join);
DECLARE_STEP(extract); /* part.c */
DECLARE_STEP(embed);
DECLARE_STEP(map);    /* map.c */
DECLARE_STEP(script); /* script_step.c */

/* part.c */
/* Loads the fields of a part's document, without what says what it is. */
int part_load(struct run *run, const struct layout *layout, struct val *val, struct frame **ret);
/* The key that its fields give; ptr NULL: none of them is there. */
int part_key(struct run *run, const struct instr *instr, const struct frame *fields,
	     struct cf_str *ret);

/* convert.c: what a table makes of a value; ptr NULL: it has no row and no default. */
struct cf_str table_look_up(const struct table *table, struct json_value v);

/* code.c: steps become instructions. LENS, NOMEM. */
int compile_code(struct lens_program *program, struct cf_error *error);
int layout_reg(struct lens_program *program, struct layout *layout, const struct op_name *name,
	       uint16_t *ret);
/* The tables of names, when all are known. */
int layouts_finish(struct lens_program *program);
struct layout *layout_new(struct lens_program *program);
/* compile.c: a name with its forms, in the program's memory. NOMEM. */
int program_name(struct lens_program *program, struct cf_str decoded, struct op_name *ret);
/* fill.c: what a schema requires of an output, but for what says what it is. LIMIT, NOMEM. */
int plan_fills(struct lens_program *program, const struct schema *schema, struct layout *layout,
	       struct fills *fills);
/* Gives an output what it lacks. LIMIT, NOMEM. */
int frame_fill(struct run *run, struct frame *frame, const struct fills *fills);
/* trace.c: the pointer, in the program's own input or output, of the field that holds
 * a shared part's key. */
int trace_reference(struct lens_program *program, size_t part, struct cf_str *ret);
/* fold.c: what can be made of constants beforehand. */
/* What a part says first of itself. */
void part_head(const struct lens_program *program, const struct part *part, bool with_id,
	       bool singleton, struct cf_str key, bool version_text, struct cf_buf *out);
int fold_constants(struct lens_program *program, struct cf_error *error);
/* apply.c: prepares a worker for a run; loads the document; writes what it became. */
int lens_begin(struct run *run, struct lens_worker *worker, const struct lens_program *program);
int lens_load(struct run *run, struct json_value document, struct frame **ret);
int lens_write(struct run *run, struct frame *main, struct cf_buf *out);
/* A constant part of a shared kind is ready as it is. */
bool part_is_ready(const struct run *run, const struct frame *main, const struct part_val *val,
		   struct cf_str *ret);
/* Not a reference more. */
void program_drop(struct lens_program *program);

#endif
