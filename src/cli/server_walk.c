/* One database of a server after the other; see server.h. */
#include "cli/server.h"

#include "store/store.h"

/* Names in one answer, and checkpoints that are asked for together. */
enum { NAMES = 1000, CHECKPOINTS = 100 };

struct walking {
	struct cli *cli;
	struct cli_server server;
	struct cli_server_walk *walk;
	struct store_server *list;
	struct cf_store *state; /* NULL: there is none yet */
	struct cf_arena names, page;
};

static int visit(struct walking *w, struct cf_str name, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	struct cf_buf url;
	int rc;

	buf_init(&url, w->cli->mem);
	rc = cli_server_url(&w->server, name, &url) ? error_nomem(error)
	     : w->state ? store_open_beside(&stores.store, w->state, url.ptr, w->cli->env,
					    w->cli->mem, error)
			: store_open(&stores.store, url.ptr, w->cli->env, w->cli->mem, error);
	buf_fini(&url);
	if (rc == 0 && w->state && state_init(&stores.state, w->state, name, w->cli->mem))
		rc = error_nomem(error);
	rc = rc ? rc : w->walk->each(w->walk->ctx, name, &stores, error);
	cli_stores_close(&stores);
	if (rc == CF_ERR_NO_DATABASE)
		return 0;
	w->walk->databases += rc == 0;
	return rc && rc != CF_ERR_INTERRUPTED ? error_prefix(error, rc, "%.*s", STR_ARG(name)) : rc;
}

/* Of so many names: those of which the state has a checkpoint. */
static int visit_some(struct walking *w, const struct cf_str *names, size_t count,
		      struct cf_error *error)
{
	struct cf_get gets[CHECKPOINTS];
	struct cf_record records[CHECKPOINTS] = {0};
	int rc = 0;

	arena_reset(&w->page);
	for (size_t i = 0; i < count && w->state; i++) {
		struct state state;

		gets[i] = (struct cf_get){.id = {NULL, 0}};
		if (state_init(&state, w->state, names[i], w->cli->mem) == 0)
			gets[i].id =
				state_id(&state, (struct state_key){STATE_CHECKPOINT}, &w->page);
		state_fini(&state);
		if (!gets[i].id.ptr)
			return error_nomem(error);
	}
	if (w->state && count)
		rc = store_get(w->state, gets, count, 0, &w->page, records, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		bool ran = w->walk->all ||
			   (records[i].revision_count && !records[i].revisions[0].deleted);

		w->walk->bare += !ran;
		rc = ran ? visit(w, names[i], error) : 0;
		cli_progress_show(w->cli, w->walk->databases);
		if (rc == 0 && cli_interrupted())
			rc = error_set(error, CF_ERR_INTERRUPTED, "%s", "");
	}
	return rc;
}

static int visit_page(struct walking *w, const struct store_names *page, struct cf_error *error)
{
	struct cf_str meant[CHECKPOINTS];
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < page->count && rc == 0; i++) {
		const char *name = arena_printf(&w->names, "%.*s", STR_ARG(page->names[i])).ptr;

		if (!name)
			return error_nomem(error);
		if (sync_names_have(&w->server.names, name))
			meant[count++] = page->names[i];
		if (count < CHECKPOINTS)
			continue;
		rc = visit_some(w, meant, count, error);
		count = 0;
	}
	return rc ? rc : visit_some(w, meant, count, error);
}

static int visit_all(struct walking *w, struct cf_error *error)
{
	struct store_names page = {.after = STR(""), .limit = NAMES};
	struct cf_buf after;
	int rc = 0;

	buf_init(&after, w->cli->mem);
	do {
		arena_reset(&w->names);
		page.after = buf_view(&after);
		rc = store_server_names(w->list, &page, &w->names, error);
		rc = rc ? rc : visit_page(w, &page, error);
		buf_clear(&after);
		if (rc == 0 && page.count && buf_str(&after, page.names[page.count - 1]))
			rc = error_nomem(error);
	} while (rc == 0 && page.count == page.limit);
	buf_fini(&after);
	return rc;
}

/* A server on which nothing ran has no state, and none is made. */
static int open_state(struct cli_server *server, struct cf_store **ret, struct cf_error *error)
{
	struct cli *cli = server->cli;
	const char *state = cli_option(cli, "state");
	int rc = store_open_existing(ret, server->state_url.ptr, cli->env, cli->mem, error);

	return rc && state ? error_prefix(error, rc, "--state") : rc;
}

int cli_server_walk(struct cli *cli, struct cli_server_walk *walk, struct cf_error *error)
{
	struct walking w = {.cli = cli, .walk = walk};
	int rc = cli_server_init(&w.server, cli, error);

	walk->databases = walk->bare = 0;
	arena_init(&w.names, cli->mem);
	arena_init(&w.page, cli->mem);
	if (rc == 0 && !walk->all)
		rc = open_state(&w.server, &w.state, error);
	if (rc == CF_ERR_NO_DATABASE && !cli_option(cli, "state"))
		rc = 0;
	if (rc == 0)
		rc = store_server_open(&w.list, cli_option(cli, "store"), cli->env, cli->mem,
				       error);
	cli_progress_start(cli, "databases", 0);
	rc = rc ? rc : visit_all(&w, error);
	cli_progress_end(cli);
	store_server_close(w.list);
	store_close(w.state);
	arena_fini(&w.page);
	arena_fini(&w.names);
	cli_server_fini(&w.server);
	return rc;
}

int cli_server_records(struct cli *cli, struct cli_stores *ret, struct cf_error *error)
{
	struct cli_server server;
	int rc = cli_server_init(&server, cli, error);

	*ret = (struct cli_stores){.store = NULL};
	rc = rc ? rc : open_state(&server, &ret->state_store, error);
	if (rc == 0 && state_init(&ret->state, ret->state_store, STATE_SERVER, cli->mem))
		rc = error_nomem(error);
	cli_server_fini(&server);
	return rc;
}
