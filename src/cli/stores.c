/* Opening a store and the state that goes with it, without making either. */
#include "cli/stores.h"

#include "cli/server.h"
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

	return rc ? error_prefix(error, rc, "the state")
		  : sync_check_apart(stores->store, stores->state_store, error);
}

/* --db NAME: one database of the server. */
static int open_of_server(struct cli *cli, struct cli_stores *ret, struct cf_error *error)
{
	struct cli_server server;
	const char *one = cli_server_one(cli);
	struct cf_str name = str_of(one ? one : "");
	struct cf_buf url;
	int rc = cli_server_init(&server, cli, error);

	buf_init(&url, cli->mem);
	if (rc == 0 && name.len == 0)
		rc = error_set(error, CF_ERR_USAGE, "this is asked of one database: --db NAME");
	if (rc == 0 && cli_server_url(&server, name, &url))
		rc = error_nomem(error);
	if (rc == 0)
		rc = store_open_existing(&ret->store, url.ptr, cli->env, cli->mem, error);
	if (rc == 0)
		rc = cli_stores_name(cli, url.ptr, sync_check_store(ret->store, error), error);
	if (rc == 0)
		rc = open_named(cli, ret, server.state_url.ptr, error);
	if (rc == 0 && state_init(&ret->state, ret->state_store, name, cli->mem))
		rc = error_nomem(error);
	buf_fini(&url);
	cli_server_fini(&server);
	return rc;
}

int cli_stores_open(struct cli *cli, struct cli_stores *ret, struct cf_error *error)
{
	const char *url = cli_option(cli, "store"), *state = cli_option(cli, "state");
	int rc;

	*ret = (struct cli_stores){.store = NULL};
	if (cli_server_asked(cli))
		return open_of_server(cli, ret, error);
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
