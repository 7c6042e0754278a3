/* Plans: finding the one for a document, and doing what it says. */
#include "lens/plan.h"

#include "lens/bytes.h"

enum {
	SETS = 16,
	WAYS = 4,         /* plans that may stand in one set */
	CREDIT = 8,       /* a plan gives way after so many others wanted its place */
	NONE_USES = 1000, /* after so many documents it is tried again whether there is one */
};

struct plans {
	const struct cf_mem *mem;
	unsigned turn;
	struct plan *at[SETS][WAYS];
};

struct plans *plans_free(struct plans *plans)
{
	if (!plans)
		return NULL;
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			plan_free(plans->at[i][k]);
	mem_free(plans->mem, plans);
	return NULL;
}

static inline bool fits(const struct plan *plan, const struct lens_program *program,
			const struct json_doc *doc, bool singleton)
{
	if (plan->program != program || plan->shape != doc->shape || plan->singleton != singleton ||
	    plan->uses >= NONE_USES)
		return false;
	for (size_t i = 0; i < plan->guard_count; i++) {
		const struct guard *guard = &plan->guards[i];

		if ((doc->nodes[guard->node].kind == guard->kind) != guard->is)
			return false;
	}
	return true;
}

/* The place for one more; NULL: those that are there stay. */
static struct plan **make_room(struct plans *plans, struct plan **set)
{
	struct plan **way;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i] && set[i]->none && set[i]->uses >= NONE_USES)
			set[i] = plan_free(set[i]);
		if (!set[i])
			return &set[i];
	}
	way = &set[plans->turn++ % WAYS];
	if ((*way)->credit > 1) {
		(*way)->credit--;
		return NULL;
	}
	*way = plan_free(*way);
	return way;
}

static struct plan *find(struct lens_worker *worker, const struct lens_program *program,
			 const struct lens_args *args)
{
	const struct json_doc *doc = args->inputs[0].doc;
	uint64_t hash = ((uint64_t)(uintptr_t)program >> 4 ^ (uint64_t)(uintptr_t)doc->shape) *
			0x9e3779b97f4a7c15u;
	struct plan **set, **way;

	if (!worker->plans) {
		worker->plans = mem_calloc(worker->mem, 1, sizeof(*worker->plans));
		if (!worker->plans)
			return NULL;
		worker->plans->mem = worker->mem;
	}
	set = worker->plans->at[hash >> 60];
	for (size_t i = 0; i < WAYS; i++)
		if (set[i] && fits(set[i], program, doc, args->singleton))
			return set[i];
	way = make_room(worker->plans, set);
	if (!way || plan_make(worker, program, args, way) != 0)
		return NULL;
	(*way)->credit = CREDIT;
	return *way;
}

/* --- doing ------------------------------------------------------------------------------- */

/* Reads and writes up to PLAN_STEP bytes more than `len`. */
static inline char *put_steps(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i += PLAN_STEP)
		memcpy(to + i, from + i, PLAN_STEP);
	return to + len;
}

static inline struct cf_str span_of(const struct piece *piece, const struct json_doc *doc)
{
	const struct json_node *to = &doc->nodes[piece->to];
	uint32_t start = doc->nodes[piece->from].start;
	uint32_t end = (piece->to_start ? to->start : to->end) - piece->less;

	return (struct cf_str){doc->text + start, end - start};
}

/* A span may be the end of the text, with nothing to read behind it. */
static inline char *put_span(char *to, struct cf_str span, const char *text_end)
{
	if ((size_t)(text_end - span.ptr) >= span.len + PLAN_STEP)
		return put_steps(to, span.ptr, span.len);
	bytes_copy(to, span.ptr, span.len);
	return to + span.len;
}

/* What stands behind a piece's constant; ptr NULL: there is nothing to put there. */
static inline struct cf_str value_of(const struct piece *piece, const struct lens_args *args)
{
	const struct json_doc *doc = args->inputs[0].doc;

	switch ((enum piece_kind)piece->kind) {
	case PIECE_SPAN:
		return span_of(piece, doc);
	case PIECE_KEY:
		return args->key;
	case PIECE_CONVERT:
		return table_look_up(piece->table, (struct json_value){doc, piece->from});
	case PIECE_END:
		break;
	}
	return (struct cf_str){NULL, 0};
}

/* Room is made for the whole at first; converted values may want more. */
static char *more_room(struct cf_buf *out, char *at, size_t more)
{
	out->len = (size_t)(at - out->ptr);
	return buf_reserve(out, more) == 0 ? out->ptr + out->len : NULL;
}

static bool write_pieces(const struct plan *plan, const struct lens_args *args, struct cf_buf *out)
{
	const struct json_doc *doc = args->inputs[0].doc;
	const char *text_end = doc->text + doc->text_len;
	char *at;

	buf_clear(out);
	if (buf_reserve(out, plan->fixed + args->key.len + doc->text_len + 256) != 0)
		return false;
	at = out->ptr;
	for (const struct piece *piece = plan->pieces;; piece++) {
		struct cf_str value = value_of(piece, args);
		size_t most = piece->len + value.len + 2 * (size_t)PLAN_STEP;

		if (__builtin_expect((size_t)(out->ptr + out->cap - at) < most, 0) &&
		    !(at = more_room(out, at, most)))
			return false;
		at = put_steps(at, piece->text, piece->len);
		if (piece->kind == PIECE_END)
			break;
		if (!value.ptr)
			return false;
		if (piece->kind == PIECE_SPAN) {
			at = put_span(at, value, text_end);
		} else {
			bytes_copy(at, value.ptr, value.len);
			at += value.len;
		}
	}
	out->len = (size_t)(at - out->ptr);
	return out->len <= LIMIT_DOCUMENT_BYTES;
}

static bool has_base(const struct lens_program *program, const struct lens_args *args)
{
	for (size_t i = 0; args->bases && i < program->output_count; i++)
		if (!json_is_absent(args->bases[i]))
			return true;
	return false;
}

bool plan_apply(struct lens_worker *worker, const struct lens_program *program,
		const struct lens_args *args)
{
	struct json_value input = args->inputs[0];
	struct plan *plan;

	if (json_is_absent(input) || !input.doc->shape || input.node || program->input_count != 1 ||
	    has_base(program, args))
		return false;
	plan = find(worker, program, args);
	if (!plan)
		return false;
	if (plan->none) {
		plan->uses++;
		return false;
	}
	plan->credit = CREDIT;
	if (!write_pieces(plan, args, &worker->texts[0]))
		return false;
	worker->outputs[0] = (struct lens_output){.text = buf_view(&worker->texts[0])};
	for (size_t i = 1; i < program->output_count; i++)
		worker->outputs[i] = plan->outputs[i];
	return true;
}
