/* An op that names a field twice: whatever it does to the one it undoes to the other. */
#include "lens/op.h"

#include <stdio.h>

static void tell_twice(const struct op *op, const struct op_name *name,
		       const struct lens_report *report)
{
	struct lens_finding finding = {.line = op->line};
	char text[300];

	(void)snprintf(text, sizeof(text), "%s: the field \"%.*s\" is named twice",
		       op_kind_name(op->kind), STR_ARG(name->decoded));
	finding.message = str_of(text);
	report->finding(report->ctx, &finding);
}

static bool same(const struct op_name *a, const struct op_name *b)
{
	return a->decoded.ptr && b->decoded.ptr && str_equal(a->decoded, b->decoded);
}

/* The first name of a list that an earlier one repeats. */
static void check_list(const struct op *op, const struct op_name *names, size_t count,
		       const struct lens_report *report)
{
	for (size_t i = 1; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (same(&names[i], &names[k])) {
				tell_twice(op, &names[i], report);
				return;
			}
		}
	}
}

static void check_pairs(const struct op *op, const struct lens_report *report)
{
	for (size_t i = 1; i < op->pair_count; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct op_pair *a = &op->pairs[i], *b = &op->pairs[k];

			if (same(&a->main, &b->main) || same(&a->part, &b->part)) {
				tell_twice(op, same(&a->main, &b->main) ? &a->main : &a->part,
					   report);
				return;
			}
		}
	}
}

void check_names(const struct op *ops, size_t count, const struct lens_report *report)
{
	for (size_t i = 0; i < count; i++) {
		const struct op *op = &ops[i];

		if (op->kind == OP_RENAME && same(&op->name, &op->destination))
			tell_twice(op, &op->name, report);
		if ((op->kind == OP_HOIST || op->kind == OP_PLUNGE) && same(&op->host, &op->name))
			tell_twice(op, &op->name, report);
		check_list(op, op->parts, op->part_count, report);
		check_list(op, op->writes, op->write_count, report);
		check_list(op, op->key_names, op->key_count, report);
		check_pairs(op, report);
		check_names(op->inner, op->inner_count, report);
	}
}
