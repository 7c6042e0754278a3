/* A store that tells of each call: "put 500 records: 12.3 ms, 498 done, 2 refused". */
#include "store/wrap/wrap.h"

#include <stdio.h>

struct trace {
	struct wrap wrap;
	void (*line)(void *ctx, const char *text);
	void *ctx;
};

static size_t count_refused(const struct call *call)
{
	size_t refused = 0;

	for (size_t i = 0; call->ret_answers && i < call->count; i++)
		refused += call->ret_answers[i].code != 0;
	return refused;
}

static int trace_around(struct wrap *wrap, struct call *call, struct cf_error *error)
{
	struct trace *trace = (struct trace *)wrap;
	struct cf_error own = {0};
	uint64_t start = wrap->env->monotonic_ns(wrap->env->ctx);
	int rc = call->run(call, error ? error : &own);
	double ms = (double)(wrap->env->monotonic_ns(wrap->env->ctx) - start) / 1e6;
	char text[sizeof(own.message) + 128];

	if (rc)
		snprintf(text, sizeof(text), "%s %zu records: %.1f ms, %s: %s", call->operation,
			 call->records, ms, cf_error_name(rc),
			 error ? error->message : own.message);
	else if (call->ret_answers)
		snprintf(text, sizeof(text), "%s %zu records: %.1f ms, %zu refused",
			 call->operation, call->records, ms, count_refused(call));
	else
		snprintf(text, sizeof(text), "%s %zu records: %.1f ms", call->operation,
			 call->records, ms);
	trace->line(trace->ctx, text);
	return rc;
}

int store_trace(struct cf_store **ret, struct cf_store *inner,
		void (*line)(void *ctx, const char *text), void *ctx, const struct cf_env *env,
		const struct cf_mem *mem)
{
	struct wrap *wrap;
	int rc = wrap_open(&wrap, sizeof(struct trace), inner, env, mem, trace_around);

	if (rc)
		return rc;
	((struct trace *)wrap)->line = line;
	((struct trace *)wrap)->ctx = ctx;
	*ret = &wrap->store;
	return 0;
}
