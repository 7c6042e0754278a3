/* How `run` opens what it follows, and what it says while it does; see following.h. The
 * functions that the pool calls are called on its threads. */
#include "cli/following.h"

#include "cli/stores.h"
#include "store/store.h"

#include <inttypes.h>
#include <unistd.h>

enum { ANNOUNCE_MS = 10000, WAIT_MS = 500 };

void following_lock(struct following *following)
{
	pthread_mutex_lock(&following->lock);
}

void following_unlock(struct following *following)
{
	pthread_mutex_unlock(&following->lock);
}

/* --- stores ---------------------------------------------------------------------------------- */

/* Only who comes first may make a store that is not there. */
static int open_documents(struct cli *cli, bool first, struct cf_store **ret,
			  struct cf_error *error)
{
	const char *url = cli_option(cli, "store");
	int rc = first && cli_given(cli, "create")
			 ? store_open(ret, url, cli->env, cli->mem, error)
			 : store_open_existing(ret, url, cli->env, cli->mem, error);

	/* Before a state is made beside documents that are none. */
	return rc ? rc : cli_stores_name(cli, url, sync_check_store(*ret, error), error);
}

static int open_state(struct cli *cli, struct cf_store *store, struct cf_store **ret,
		      struct cf_error *error)
{
	const char *state = cli_option(cli, "state"), *url = state;
	struct cf_buf made;
	int rc = 0;

	buf_init(&made, cli->mem);
	if (!state) {
		rc = store_url_state(cli_option(cli, "store"), &made, error);
		if (rc == 0 && buf_byte(&made, '\0'))
			rc = error_nomem(error);
		url = made.ptr;
	}
	if (rc == 0)
		rc = store_open_beside(ret, store, url, cli->env, cli->mem, error);
	buf_fini(&made);
	if (rc == 0)
		rc = sync_check_apart(store, *ret, error);
	if (rc == 0 && state)
		rc = cli_stores_name(cli, state, sync_check_state(*ret, error), error);
	return rc;
}

static int open_stores(void *ctx, size_t place, struct cf_str database, struct sync_handles *ret,
		       struct cf_error *error)
{
	struct following *following = ctx;
	int rc;

	if (following->many)
		return many_open(following->many, place, database, ret, error);
	*ret = (struct sync_handles){NULL, NULL};
	rc = open_documents(following->cli, place == 0, &ret->store, error);
	if (rc == 0)
		rc = open_state(following->cli, ret->store, &ret->state, error);
	if (rc) {
		store_close(ret->state);
		store_close(ret->store);
	}
	return rc;
}

static void close_stores(void *ctx, size_t place, const struct sync_handles *handles)
{
	(void)place;
	if (((struct following *)ctx)->many) {
		many_close(handles);
		return;
	}
	store_close(handles->state);
	store_close(handles->store);
}

/* --- decisions ------------------------------------------------------------------------------- */

int cli_tell_changed(struct cli *cli, const struct state *state, const struct catalog *catalog,
		     size_t *ret_count, struct cf_error *error)
{
	struct sync_changed *changed;
	int rc = sync_catalog_check(state, catalog, &cli->arena, &changed, ret_count, error);

	for (size_t i = 0; i < *ret_count && rc == 0; i++)
		cli_say(cli,
			"%s was changed: since %.*s it said something else; it touches %" PRIu64
			" documents of %.*s, in all their versions",
			changed[i].file, STR_ARG(changed[i].since), changed[i].lineages,
			STR_ARG(changed[i].type));
	return rc;
}

/* A lens or schema in use that says something else is somebody's decision. */
static int check_catalog(struct following *following, const struct state *state,
			 struct cf_error *error)
{
	size_t count;
	int rc = cli_tell_changed(following->cli, state, following->catalog, &count, error);

	if (rc == 0 && count && !cli_given(following->cli, "accept-changed"))
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "a schema or lens in use was changed: what people wrote may be "
			       "turned over when it is edited next. See --dry-run; put it back, "
			       "give it a new major, or go on with --accept-changed");
	return rc;
}

static int rebuild(struct cli *cli, const struct state *state, struct cf_error *error)
{
	bool asked = cli_given(cli, "rebuild"), pending = false;
	uint64_t forgotten;
	int rc = sync_rebuild_pending(state, &pending, cli->mem, error);

	if (rc || (!asked && !pending))
		return rc;
	cli_say(cli,
		"%s what was agreed on; everything is read once, what is contested is decided "
		"by the catalog's policy. Retired versions, contested edits and usage are kept",
		asked ? "forgetting" : "going on with a rebuild: forgetting");
	rc = cli_engines_clear(cli, state, error);
	if (rc == 0)
		rc = sync_rebuild(state, &forgotten, cli->mem, error);
	if (rc == 0)
		cli_say(cli, "%" PRIu64 " records forgotten", forgotten);
	return rc;
}

static int prepare(void *ctx, struct cf_str database, struct cf_store *store,
		   const struct state *state, struct cf_error *error)
{
	struct following *following = ctx;
	int rc;

	(void)database;
	(void)store;
	following_lock(following);
	rc = check_catalog(following, state, error);
	if (rc == 0)
		rc = rebuild(following->cli, state, error);
	following_unlock(following);
	return rc;
}

/* --- what is said ---------------------------------------------------------------------------- */

/* Two runs do no harm; but somebody may have started the second one by mistake. */
static void tell_newcomer(void *ctx, const struct sync_engine *engine)
{
	struct following *following = ctx;

	following_lock(following);
	cli_say(following->cli,
		"another run is at work on this store: process %ld on %.*s; two do no harm",
		engine->pid, STR_ARG(engine->host));
	following_unlock(following);
}

static void tell_unlisted(void *ctx, const struct cf_error *why)
{
	struct following *following = ctx;
	struct cf_error error = *why;

	error_prefix(&error, error.code,
		     "waits, and the state does not even take its entry in the list of quarantine");
	following_lock(following);
	cli_report(following->cli, &error);
	following_unlock(following);
}

/* Once for each type, also where many databases have such documents. */
static void tell_unnamed(void *ctx, const struct catalog_type *type, struct cf_str id)
{
	struct following *following = ctx;

	following_lock(following);
	if (!following->unnamed[type->index])
		cli_say(following->cli,
			"%.*s says that it is of type %.*s, but its id says nothing: documents "
			"like "
			"it are passed over. `adopt --dry-run` counts them; `ids` or `recognise` "
			"of "
			"the catalog take them in",
			STR_ARG(id), STR_ARG(type->name));
	following->unnamed[type->index] = true;
	following_unlock(following);
}

/* Who is to end (--once) hears of what is wrong when it ends, and only then. */
static void note_failure(void *ctx, struct cf_str database, const struct cf_error *error,
			 enum sync_pool_after after)
{
	struct following *following = ctx;
	bool once = cli_given(following->cli, "once");

	following_lock(following);
	/* Of many, one that has something wrong is no reason to end. */
	if (following->many && after != SYNC_POOL_STILL)
		many_tell(following->many, database, error);
	else if (after == SYNC_POOL_RESTS)
		following->failure = *error;
	else if (after == SYNC_POOL_GOES_ON || (after == SYNC_POOL_RETRIES && !once))
		cli_report(following->cli, error);
	following_unlock(following);
}

int following_failure(struct following *following, struct cf_error *error)
{
	int rc;

	following_lock(following);
	rc = following->failure.code;
	if (rc)
		*error = following->failure;
	following_unlock(following);
	return rc;
}

/* --- opening and closing --------------------------------------------------------------------- */

static int open_pool(struct following *following, const struct sync_options *sync, uint64_t wait_s,
		     struct cf_error *error)
{
	struct cli *cli = following->cli;
	struct many *many = following->many;
	bool once = cli_given(cli, "once");
	const struct catalog_type *types;
	struct sync_pool_how how = {.workers = many ? many->workers : 1,
				    .sync = *sync,
				    .open = open_stores,
				    .close = close_stores,
				    .prepare = prepare,
				    .failed = note_failure,
				    .patience_ms = once ? wait_s * 1000 : SYNC_POOL_FOR_EVER,
				    .follow = !once && !many,
				    .progress = cli->progress.shown,
				    .ctx = following};
	int rc;

	cli_engine_space(following->space);
	if (gethostname(following->host, sizeof(following->host) - 1))
		following->host[0] = '\0';
	how.sync.wait_ms = once ? 0 : WAIT_MS;
	how.sync.host = many ? NULL : following->host;
	how.sync.space = following->space;
	how.sync.pid = (long)getpid();
	how.sync.life = cli_engine_life;
	how.sync.announce_after_ms = once ? ANNOUNCE_MS : 0;
	how.sync.newcomer = tell_newcomer;
	how.sync.unlisted = tell_unlisted;
	how.sync.unnamed = tell_unnamed;
	how.sync.ctx = following;
	rc = catalog_open(&following->catalog, cli_option(cli, "catalog"), cli->mem, error);
	if (rc)
		return rc;
	following->unnamed =
		arena_calloc(&cli->arena, catalog_types(following->catalog, &types) + 1,
			     sizeof(*following->unnamed));
	if (!following->unnamed) {
		catalog_close(following->catalog);
		return error_nomem(error);
	}
	pthread_mutex_init(&following->lock, NULL);
	rc = sync_pool_open(&following->pool, following->catalog, &how, cli->env, cli->mem, error);
	if (rc) {
		pthread_mutex_destroy(&following->lock);
		catalog_close(following->catalog);
	}
	return rc;
}

int following_open(struct following *following, struct cli *cli, const struct sync_options *sync,
		   uint64_t wait_s, struct cf_error *error)
{
	*following = (struct following){.cli = cli};
	return open_pool(following, sync, wait_s, error);
}

/* What a server cannot do is said; what may pass is waited for; else there is no point in
 * going on. */
static void note_trouble(void *ctx, const struct cf_error *error)
{
	struct following *following = ctx;

	following_lock(following);
	if (cf_error_class(error->code) == CF_CLASS_RETRYABLE ||
	    error->code == CF_ERR_UNSUPPORTED_OP)
		cli_report(following->cli, error);
	else
		following->failure = *error;
	following_unlock(following);
}

int following_open_many(struct following *following, struct many *many,
			const struct sync_options *sync, struct cf_error *error)
{
	struct cli *cli = many->cli;
	struct sync_scout_how how = {.url = cli_option(cli, "store"),
				     .state_url = many->server.state_url.ptr,
				     .names = many->names,
				     .hints = !cli_given(cli, "once"),
				     .told = note_trouble,
				     .ctx = following};
	bool once = cli_given(cli, "once");
	int rc;

	*following = (struct following){.cli = cli, .many = many};
	rc = open_pool(following, sync, many->wait_s, error);
	/* Who is to end shares with nobody: there is nobody to leave a part to. */
	how.self = (struct sync_scout_self){.host = once ? NULL : following->host,
					    .space = following->space,
					    .pid = (long)getpid(),
					    .life = cli_engine_life};
	return rc ? rc : sync_scout_open(&following->scout, following->pool, &how, error);
}

void following_close(struct following *following, struct sync_pool_counts *ret)
{
	following->scout = sync_scout_close(following->scout);
	sync_pool_end(following->pool);
	sync_pool_count(following->pool, ret);
	sync_pool_close(following->pool);
	catalog_close(following->catalog);
	pthread_mutex_destroy(&following->lock);
}
