/* Which op made a value: followed back from where it arrived, against the way that the
 * documents go, through the ops that only moved it. */
#include "lens/op.h"

/* A place in a document. */
struct target {
	struct cf_str pointer;      /* its first token is the member's name, ... */
	const struct op_name *name; /* ... unless an op gave it another before: this */
	struct cf_str rest;         /* of the pointer */
};

static struct target target_of(struct cf_str pointer)
{
	size_t len = pointer.len ? 1 : 0;

	while (len < pointer.len && pointer.ptr[len] != '/')
		len++;
	return (struct target){.pointer = pointer, .rest = {pointer.ptr + len, pointer.len - len}};
}

static bool hits(const struct target *target, const struct op_name *name)
{
	struct cf_str rest;

	if (!name->decoded.ptr)
		return false;
	return target->name ? str_equal(target->name->decoded, name->decoded)
			    : op_name_begins(target->pointer, name, &rest);
}

static bool hits_any(const struct target *target, const struct op_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (hits(target, &names[i]))
			return true;
	return false;
}

/* Out of a nested object, or into it. */
static bool hits_nested(const struct target *target, const struct op *op, bool out)
{
	struct cf_str rest;

	return out ? hits(target, &op->name)
		   : hits(target, &op->host) && op_name_begins(target->rest, &op->name, &rest);
}

/* The fields of the main document that come from a part, or refer to it. */
static bool hits_part(const struct target *target, const struct op *op, bool apart)
{
	if (apart)
		return hits(target, &op->reference);
	for (size_t i = 0; i < op->pair_count; i++)
		if (hits(target, &op->pairs[i].main))
			return true;
	return hits(target, &op->host);
}

/* Whether an op that is neither a move nor a list of ops makes what is there. */
static bool makes(const struct op *op, bool down, const struct target *target)
{
	switch (op->kind) {
	case OP_ADD:
		return !down && hits(target, &op->name);
	case OP_REMOVE:
		return down && hits(target, &op->name);
	case OP_HOIST:
		return hits_nested(target, op, !down);
	case OP_PLUNGE:
		return hits_nested(target, op, down);
	case OP_SPLIT:
	case OP_JOIN:
		return (op->kind == OP_SPLIT) != down ? hits_any(target, op->parts, op->part_count)
						      : hits(target, &op->name);
	case OP_EXTRACT:
		return hits_part(target, op, !down);
	case OP_EMBED:
		return hits_part(target, op, down);
	case OP_SCRIPT:
		return down ? hits_any(target, op->parts, op->part_count)
			    : hits_any(target, op->writes, op->write_count);
	default:
		return hits(target, &op->name);
	}
}

/* 0: none of them. */
static unsigned blame(const struct op *ops, size_t count, bool down, struct target target)
{
	unsigned moved = 0, line;
	struct cf_str beside;

	for (size_t i = 0; i < count; i++) {
		const struct op *op = &ops[down ? i : count - 1 - i];

		if (op->kind == OP_RENAME) {
			const struct op_name *to = down ? &op->name : &op->destination;

			if (hits(&target, to)) {
				target.name = down ? &op->destination : &op->name;
				moved = moved ? moved : op->line;
			}
		} else if (op->kind == OP_IN || op->kind == OP_MAP) {
			line = op->kind == OP_MAP || hits(&target, &op->name)
				       ? blame(op->inner, op->inner_count, down,
					       target_of(target.rest))
				       : 0;
			if (line == 0 && op->element.decoded.ptr &&
			    (op->boxes == down ||
			     op_name_begins(target.rest, &op->element, &beside)))
				line = op->line;
			if (line)
				return line;
		} else if (makes(op, down, &target)) {
			return op->line;
		}
	}
	return moved;
}

unsigned lens_blame(const struct lens *lens, bool down, size_t place, struct cf_str pointer)
{
	enum op_kind maker = down ? OP_EMBED : OP_EXTRACT;

	if (place == 0)
		return blame(lens->ops, lens->op_count, down, target_of(pointer));
	for (size_t i = 0; i < lens->op_count; i++)
		if (lens->ops[i].kind == maker && lens->ops[i].place == place)
			return lens->ops[i].line;
	return 0;
}

size_t lens_op_count(const struct lens *lens)
{
	return lens->op_count;
}

unsigned lens_op_line(const struct lens *lens, size_t i)
{
	return lens->ops[i].line;
}

/* The innermost: an op begins at its line, and what is inside it may begin there, too. */
static const struct op *find_line(const struct op *ops, size_t count, unsigned line)
{
	for (size_t i = 0; i < count; i++) {
		const struct op *inner = find_line(ops[i].inner, ops[i].inner_count, line);

		if (inner || ops[i].line == line)
			return inner ? inner : &ops[i];
	}
	return NULL;
}

const char *lens_op_at(const struct lens *lens, unsigned line)
{
	const struct op *op = find_line(lens->ops, lens->op_count, line);

	return op ? op_kind_name(op->kind) : NULL;
}
