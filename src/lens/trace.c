/* Which atoms of the outputs an atom of an input feeds: its path walked through
 * the steps. A path is of the main document, or of a part. */
#include "lens/program.h"

enum { MAIN = 0 };

struct path {
	size_t part;           /* MAIN, or 1 + its index among the program's parts */
	struct cf_str pointer; /* relative to the ops' level while inside `in` */
	struct path *next;
};

struct tracer {
	struct cf_arena arena;
	struct path *paths;
	int rc;
};

static struct cf_str prefixed(struct tracer *t, const struct op_name *name, struct cf_str rest)
{
	struct cf_buf text;
	struct cf_str kept;

	buf_init(&text, t->arena.mem);
	json_pointer_push(&text, name->decoded);
	buf_str(&text, rest);
	kept = arena_dup_buf(&t->arena, &text);
	buf_fini(&text);
	if (!kept.ptr)
		t->rc = CF_ERR_NOMEM;
	return kept;
}

static void add_path(struct tracer *t, struct path **list, size_t part, struct cf_str pointer)
{
	struct path *path = arena_alloc(&t->arena, sizeof(*path));

	if (!path) {
		t->rc = CF_ERR_NOMEM;
		return;
	}
	*path = (struct path){part, pointer, *list};
	*list = path;
}

static void trace_steps(struct tracer *t, const struct step *steps, size_t count,
			struct path **list);

/* Out of the main document: what `extract` takes. */
static bool trace_extract(struct tracer *t, const struct step *step, struct cf_str pointer,
			  struct path **out)
{
	const struct op *op = step->op;
	struct cf_str rest;

	if (op->host.decoded.ptr) {
		if (!op_name_begins(pointer, &op->host, &rest))
			return false;
		add_path(t, out, step->part + 1, rest);
		if (op->shared)
			add_path(t, out, MAIN, prefixed(t, &op->reference, STR("")));
		return true;
	}
	for (size_t i = 0; i < op->pair_count; i++) {
		if (!op_name_begins(pointer, &op->pairs[i].main, &rest))
			continue;
		add_path(t, out, step->part + 1, prefixed(t, &op->pairs[i].part, rest));
		if (op->shared)
			add_path(t, out, MAIN, prefixed(t, &op->reference, STR("")));
		return true;
	}
	return false;
}

/* Into the main document: a part's fields, and a reference that changed. */
static bool trace_embed(struct tracer *t, const struct step *step, const struct path *path,
			struct path **out)
{
	const struct op *op = step->op;
	struct cf_str rest;

	if (path->part == step->part + 1) {
		if (op->host.decoded.ptr)
			add_path(t, out, MAIN, prefixed(t, &op->host, path->pointer));
		for (size_t i = 0; i < op->pair_count; i++) {
			/* The whole part feeds all that comes out of it. */
			if (path->pointer.len == 0)
				rest = path->pointer;
			else if (!op_name_begins(path->pointer, &op->pairs[i].part, &rest))
				continue;
			add_path(t, out, MAIN, prefixed(t, &op->pairs[i].main, rest));
		}
		return true;
	}
	if (path->part != MAIN || !op->shared ||
	    !op_name_begins(path->pointer, &op->reference, &rest))
		return false;
	if (op->host.decoded.ptr)
		add_path(t, out, MAIN, prefixed(t, &op->host, STR("")));
	for (size_t i = 0; i < op->pair_count; i++)
		add_path(t, out, MAIN, prefixed(t, &op->pairs[i].main, STR("")));
	return true;
}

static bool trace_in(struct tracer *t, const struct step *step, struct cf_str pointer,
		     struct path **out)
{
	struct path *inner = NULL;
	struct cf_str rest;

	if (!op_name_begins(pointer, &step->op->name, &rest))
		return false;
	add_path(t, &inner, MAIN, rest);
	trace_steps(t, step->inner, step->inner_count, &inner);
	for (; inner; inner = inner->next)
		add_path(t, out, MAIN, prefixed(t, &step->op->name, inner->pointer));
	return true;
}

/* An array is one atom, or its elements are named by tokens that pass. */
static bool trace_map(struct tracer *t, const struct step *step, struct cf_str pointer,
		      struct path **out)
{
	const char *slash = pointer.len > 1 ? memchr(pointer.ptr + 1, '/', pointer.len - 1) : NULL;
	size_t token = slash ? (size_t)(slash - pointer.ptr) : pointer.len;
	bool boxed = step->op->element.decoded.ptr, boxes = step->op->boxes != step->down;
	struct path *inner = NULL;
	struct cf_str rest;

	if (pointer.len == 0) {
		add_path(t, out, MAIN, pointer);
		return true;
	}
	rest = (struct cf_str){pointer.ptr + token, pointer.len - token};
	if (boxed && boxes)
		rest = prefixed(t, &step->op->element, rest);
	add_path(t, &inner, MAIN, rest);
	trace_steps(t, step->inner, step->inner_count, &inner);
	for (; inner && t->rc == 0; inner = inner->next) {
		struct cf_str whole = inner->pointer;

		/* What stands beside the field goes nowhere; the whole goes where that goes. */
		if (boxed && !boxes && whole.len &&
		    !op_name_begins(inner->pointer, &step->op->element, &whole))
			continue;
		whole = arena_printf(&t->arena, "%.*s%.*s", (int)token, pointer.ptr,
				     STR_ARG(whole));
		add_path(t, out, MAIN, whole);
	}
	return true;
}

static bool trace_hoist(struct tracer *t, const struct step *step, struct cf_str pointer,
			struct path **out)
{
	struct cf_str rest, deeper;

	if (!op_name_begins(pointer, &step->op->host, &rest))
		return false;
	if (rest.len == 0) {
		/* The whole host feeds what comes out of it, too. */
		add_path(t, out, MAIN, pointer);
		add_path(t, out, MAIN, prefixed(t, &step->op->name, STR("")));
		return true;
	}
	if (!op_name_begins(rest, &step->op->name, &deeper))
		return false;
	add_path(t, out, MAIN, prefixed(t, &step->op->name, deeper));
	return true;
}

static bool trace_script(struct tracer *t, const struct step *step, struct cf_str pointer,
			 struct path **out)
{
	const struct op *op = step->op;
	const struct op_name *reads = step->down ? op->writes : op->parts;
	const struct op_name *writes = step->down ? op->parts : op->writes;
	size_t read_count = step->down ? op->write_count : op->part_count;
	size_t write_count = step->down ? op->part_count : op->write_count;
	struct cf_str rest;

	for (size_t i = 0; i < read_count; i++) {
		if (!op_name_begins(pointer, &reads[i], &rest))
			continue;
		for (size_t k = 0; k < write_count; k++)
			add_path(t, out, MAIN, prefixed(t, &writes[k], STR("")));
		return true;
	}
	return false;
}

static bool trace_split(struct tracer *t, const struct step *step, struct cf_str pointer,
			struct path **out)
{
	struct cf_str rest;

	if (!op_name_begins(pointer, &step->op->name, &rest))
		return false;
	for (size_t i = 0; i < step->op->part_count; i++)
		add_path(t, out, MAIN, prefixed(t, &step->op->parts[i], STR("")));
	return true;
}

static bool trace_join(struct tracer *t, const struct step *step, struct cf_str pointer,
		       struct path **out)
{
	struct cf_str rest;

	for (size_t i = 0; i < step->op->part_count; i++) {
		if (!op_name_begins(pointer, &step->op->parts[i], &rest))
			continue;
		add_path(t, out, MAIN, prefixed(t, &step->op->name, STR("")));
		return true;
	}
	return false;
}

/* One path over one step; false: it stays as it is. */
static bool trace_step(struct tracer *t, const struct step *step, const struct path *path,
		       struct path **out)
{
	struct cf_str pointer = path->pointer, rest;

	if (step->kind == OP_EMBED)
		return trace_embed(t, step, path, out);
	if (path->part != MAIN)
		return false;
	switch (step->kind) {
	case OP_REMOVE:
		return op_name_begins(pointer, &step->op->name, &rest);
	case OP_RENAME:
		if (!op_name_begins(pointer, &step->from, &rest))
			return false;
		add_path(t, out, MAIN, prefixed(t, &step->to, rest));
		return true;
	case OP_HOIST:
		return trace_hoist(t, step, pointer, out);
	case OP_PLUNGE:
		if (!op_name_begins(pointer, &step->op->name, &rest))
			return false;
		add_path(t, out, MAIN, prefixed(t, &step->op->host, pointer));
		return true;
	case OP_WRAP:
	case OP_HEAD:
	case OP_CONVERT:
	case OP_SCALE:
		if (!op_name_begins(pointer, &step->op->name, &rest))
			return false;
		add_path(t, out, MAIN, prefixed(t, &step->op->name, STR("")));
		return true;
	case OP_IN:
		return trace_in(t, step, pointer, out);
	case OP_MAP:
		return trace_map(t, step, pointer, out);
	case OP_SPLIT:
		return trace_split(t, step, pointer, out);
	case OP_JOIN:
		return trace_join(t, step, pointer, out);
	case OP_EXTRACT:
		return trace_extract(t, step, pointer, out);
	case OP_SCRIPT:
		return trace_script(t, step, pointer, out);
	default:
		return false;
	}
}

static void trace_steps(struct tracer *t, const struct step *steps, size_t count,
			struct path **list)
{
	for (size_t i = 0; i < count && t->rc == 0; i++) {
		struct path *out = NULL, *next;

		for (struct path *path = *list; path; path = next) {
			next = path->next;
			if (!trace_step(t, &steps[i], path, &out)) {
				path->next = out;
				out = path;
			}
		}
		*list = out;
	}
}

/* The part that comes in, or goes out, at a place; MAIN for the first. */
static size_t part_at(const struct lens_program *program, size_t input)
{
	for (size_t i = 0; i < program->part_count; i++)
		if (input && program->parts[i].input == (int)input)
			return i + 1;
	return MAIN;
}

int lens_trace(const struct lens_program *program, size_t input, struct cf_str pointer,
	       int (*found)(void *ctx, size_t output, struct cf_str pointer), void *ctx)
{
	struct tracer t = {.rc = 0};
	struct path *paths = NULL;
	int rc;

	arena_init(&t.arena, program->mem);
	add_path(&t, &paths, part_at(program, input), pointer);
	trace_steps(&t, program->steps, program->step_count, &paths);
	rc = t.rc;
	for (; paths && rc == 0; paths = paths->next) {
		int output = paths->part == MAIN ? 0 : program->parts[paths->part - 1].output;

		if (output >= 0)
			rc = found(ctx, (size_t)output, paths->pointer);
	}
	arena_fini(&t.arena);
	return rc;
}

/* Back over the steps before an embed only a rename changes a field's name; after an
 * extract the reference goes the way of any field. */
int trace_reference(struct lens_program *program, size_t part, struct cf_str *ret)
{
	struct tracer t = {.rc = 0};
	struct path *paths = NULL;
	size_t at = 0;
	struct cf_str name;

	while (at < program->step_count &&
	       (program->steps[at].part != part ||
		(program->steps[at].kind != OP_EXTRACT && program->steps[at].kind != OP_EMBED)))
		at++;
	if (at == program->step_count || !program->steps[at].op->shared)
		return 0;
	name = program->steps[at].op->reference.decoded;
	arena_init(&t.arena, program->mem);
	if (program->steps[at].kind == OP_EMBED) {
		struct op_name token = {.decoded = name};

		for (size_t i = at; i-- > 0;)
			if (program->steps[i].kind == OP_RENAME &&
			    op_name_is(&program->steps[i].to, token.decoded))
				token.decoded = program->steps[i].from.decoded;
		add_path(&t, &paths, MAIN, prefixed(&t, &token, STR("")));
	} else {
		add_path(&t, &paths, MAIN,
			 prefixed(&t, &program->steps[at].op->reference, STR("")));
		trace_steps(&t, program->steps + at + 1, program->step_count - at - 1, &paths);
	}
	if (t.rc == 0 && paths && paths->part == MAIN) {
		*ret = arena_dup(&program->arena, paths->pointer);
		t.rc = ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	arena_fini(&t.arena);
	return t.rc;
}
