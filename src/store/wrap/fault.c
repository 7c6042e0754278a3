/* A store that fails when a test says so. */
#include "store/wrap/wrap.h"

struct fault {
	struct wrap wrap;
	enum store_fault (*ask)(void *ctx, const char *operation);
	void *ctx;
};

static int unavailable(struct cf_error *error, const char *how)
{
	return error_set(error, CF_ERR_UNAVAILABLE, "%s", how);
}

static int fault_around(struct wrap *wrap, struct call *call, struct cf_error *error)
{
	struct fault *fault = (struct fault *)wrap;
	enum store_fault what = fault->ask(fault->ctx, call->operation);
	int rc;

	if (what == STORE_FAULT_REFUSE)
		return unavailable(error, "refused by the test");
	if (what == STORE_FAULT_REWIND)
		call->changes.since = (struct cf_str){NULL, 0};
	if (what == STORE_FAULT_PART && call->puts) {
		call->count /= 2;
		rc = call->run(call, error);
		return rc ? rc : unavailable(error, "broken off by the test");
	}
	rc = call->run(call, error);
	if (rc == 0 && what == STORE_FAULT_LOSE_ANSWER)
		return error_set(error, call->puts ? CF_ERR_UNCERTAIN : CF_ERR_UNAVAILABLE,
				 "the answer was lost by the test");
	return rc;
}

int store_fault(struct cf_store **ret, struct cf_store *inner,
		enum store_fault (*ask)(void *ctx, const char *operation), void *ctx,
		const struct cf_mem *mem)
{
	struct wrap *wrap;
	int rc = wrap_open(&wrap, sizeof(struct fault), inner, NULL, mem, fault_around);

	if (rc)
		return rc;
	((struct fault *)wrap)->ask = ask;
	((struct fault *)wrap)->ctx = ctx;
	*ret = &wrap->store;
	return 0;
}
