/* Scripts that are no functions of the language, found before a document is tried. */
#include "lens/op.h"
#include "lens/script.h"

#include <stdio.h>

struct script_checker {
	struct script_engine *engine;
	const struct lens_report *report;
	size_t faults;
	int rc;
};

static void check_op(struct script_checker *c, const struct op *op)
{
	static const char *const sides[] = {"up", "down"};

	for (int i = 0; i < 2 && c->rc == 0; i++) {
		struct cf_error error = {.code = 0};
		int rc = script_check(c->engine, op->script[i], &error);
		struct lens_finding finding = {.line = op->line};
		char text[sizeof(error.message) + 32];

		if (rc == CF_ERR_NOMEM)
			c->rc = rc;
		if (rc == 0 || c->rc)
			continue;
		(void)snprintf(text, sizeof(text), "script: %s: %s", sides[i], error.message);
		finding.message = str_of(text);
		c->report->finding(c->report->ctx, &finding);
		c->faults++;
	}
}

static void check_ops(struct script_checker *c, const struct op *ops, size_t count)
{
	for (size_t i = 0; i < count && c->rc == 0; i++) {
		if (ops[i].kind == OP_SCRIPT)
			check_op(c, &ops[i]);
		check_ops(c, ops[i].inner, ops[i].inner_count);
	}
}

int lens_check_scripts(const struct lens *lens, const struct cf_mem *mem,
		       const struct lens_report *report, size_t *ret_faults, struct cf_error *error)
{
	struct script_checker c = {.engine = script_engine_new(mem), .report = report};

	if (!c.engine)
		return error_nomem(error);
	check_ops(&c, lens->ops, lens->op_count);
	script_engine_free(c.engine);
	*ret_faults = c.faults;
	return c.rc ? error_nomem(error) : 0;
}
