/* A store that tries a retryable failure again. Each pause is drawn from the upper
 * half of a span that doubles, so that many clients do not come back together. A put
 * that failed may have been done: what comes back then is the answer of the second
 * try, a conflict with itself included, which callers must bear anyway. */
#include "store/wrap/wrap.h"

struct retry {
	struct wrap wrap;
	struct store_retry how;
};

static int retry_around(struct wrap *wrap, struct call *call, struct cf_error *error)
{
	struct retry *retry = (struct retry *)wrap;
	struct rng rng = {wrap->env->random(wrap->env->ctx)};
	uint64_t pause_ms = retry->how.pause_ms_first;
	unsigned tries = 0;
	int rc;

	for (;;) {
		rc = call->run(call, error);
		if (rc == 0 || cf_error_class(rc) != CF_CLASS_RETRYABLE || rc == CF_ERR_NOMEM ||
		    ++tries >= retry->how.tries_max)
			break;
		if (pause_ms > retry->how.pause_ms_max)
			pause_ms = retry->how.pause_ms_max;
		retry->how.wait(retry->how.ctx,
				(pause_ms + rng_below(&rng, pause_ms + 1)) * 500000);
		pause_ms *= 2;
	}
	if (rc && tries > 1)
		error_prefix(error, rc, "after %u tries", tries);
	return rc;
}

int store_retry(struct cf_store **ret, struct cf_store *inner, const struct store_retry *how,
		const struct cf_env *env, const struct cf_mem *mem)
{
	struct wrap *wrap;
	int rc = wrap_open(&wrap, sizeof(struct retry), inner, env, mem, retry_around);

	if (rc)
		return rc;
	((struct retry *)wrap)->how = *how;
	*ret = &wrap->store;
	return 0;
}
