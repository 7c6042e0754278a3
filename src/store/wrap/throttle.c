/* A store that lets at most so many records a second through. Each call is paid for
 * before the next one: a batch larger than a second's worth is not cut. */
#include "store/wrap/wrap.h"

struct throttle {
	struct wrap wrap;
	double ns_per_record;
	uint64_t free_ns; /* from then on the next call may begin */
	void (*wait)(void *ctx, uint64_t ns);
	void *ctx;
};

static int throttle_around(struct wrap *wrap, struct call *call, struct cf_error *error)
{
	struct throttle *throttle = (struct throttle *)wrap;
	uint64_t now = wrap->env->monotonic_ns(wrap->env->ctx);
	int rc;

	if (now < throttle->free_ns)
		throttle->wait(throttle->ctx, throttle->free_ns - now);
	else
		throttle->free_ns = now;
	rc = call->run(call, error);
	throttle->free_ns += (uint64_t)((double)call->records * throttle->ns_per_record);
	return rc;
}

int store_throttle(struct cf_store **ret, struct cf_store *inner, double records_per_second,
		   void (*wait)(void *ctx, uint64_t ns), void *ctx, const struct cf_env *env,
		   const struct cf_mem *mem)
{
	struct throttle *throttle;
	struct wrap *wrap;
	int rc;

	cf_assert(records_per_second > 0);
	rc = wrap_open(&wrap, sizeof(*throttle), inner, env, mem, throttle_around);
	if (rc)
		return rc;
	throttle = (struct throttle *)wrap;
	throttle->ns_per_record = 1e9 / records_per_second;
	throttle->wait = wait;
	throttle->ctx = ctx;
	*ret = &wrap->store;
	return 0;
}
