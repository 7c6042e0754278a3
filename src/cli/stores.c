/* Opening a store and the state that goes with it, without making either. */
#include "cli/stores.h"

#include "sync/sync.h"

/* The table beside a store on which nothing ran is not there yet: made empty. */
static int open_beside(struct cli *cli, struct cli_stores *stores, const char *url,
		       struct cf_error *error)
{
	struct cf_buf made;
	int rc;

	buf_init(&made, cli->mem);
	rc = store_url_state(url, &made, error);
	if (rc == 0 && buf_byte(&made, '\0'))
		rc = error_nomem(error);
	if (rc == 0)
		rc = store_open_beside(&stores->state_store, stores->store, made.ptr, cli->env,
				       cli->mem, error);
	buf_fini(&made);
	return rc;
}

static int open_named(struct cli *cli, struct cli_stores *stores, const char *url,
		      struct cf_error *error)
{
	int rc = store_open_existing(&stores->state_store, url, cli->env, cli->mem, error);

	return rc ? error_prefix(error, rc, "--state")
		  : sync_check_apart(stores->store, stores->state_store, error);
}

int cli_stores_open(struct cli *cli, struct cli_stores *ret, struct cf_error *error)
{
	const char *url = cli_option(cli, "store"), *state = cli_option(cli, "state");
	int rc;

	*ret = (struct cli_stores){.store = NULL};
	rc = store_open_existing(&ret->store, url, cli->env, cli->mem, error);
	if (rc == 0)
		rc = cli_stores_name(cli, url, sync_check_store(ret->store, error), error);
	if (rc == 0)
		rc = state ? open_named(cli, ret, state, error) : open_beside(cli, ret, url, error);
	if (rc == 0 &&
	    state_init(&ret->state, ret->state_store, state_database_of(ret->store), cli->mem))
		rc = error_nomem(error);
	return rc;
}

int cli_stores_name(struct cli *cli, const char *url, int rc, struct cf_error *error)
{
	struct cf_buf shown;

	buf_init(&shown, cli->mem);
	if (rc && store_url_redact(url, &shown) == 0)
		rc = error_prefix(error, rc, "%.*s", STR_ARG(buf_view(&shown)));
	buf_fini(&shown);
	return rc;
}

void cli_stores_close(struct cli_stores *stores)
{
	state_fini(&stores->state);
	store_close(stores->state_store);
	store_close(stores->store);
}
