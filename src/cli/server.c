/* Which databases of a server are meant; see server.h. */
#include "cli/server.h"

#include "store/store.h"

bool cli_server_asked(const struct cli *cli)
{
	return cli_given(cli, "db") || store_server_is(cli_option(cli, "store"));
}

const char *cli_server_one(const struct cli *cli)
{
	size_t at = 0;
	const char *first = cli_option_next(cli, "db", &at);

	if (!first || cli_option_next(cli, "db", &at) || strpbrk(first, "*?[!\\"))
		return NULL;
	return first;
}

static int read_patterns(struct cli_server *server, struct cf_error *error)
{
	static const char *const all[] = {"*"};
	struct cli *cli = server->cli;
	const char **patterns = arena_calloc(&cli->arena, cli->value_count + 1, sizeof(*patterns));
	const char *value;
	size_t at = 0, meant = 0;

	if (!patterns)
		return error_nomem(error);
	while ((value = cli_option_next(cli, "db", &at))) {
		meant += *value != '!';
		patterns[server->names.count++] = value;
	}
	server->names.patterns = server->names.count ? patterns : all;
	if (server->names.count && !meant)
		return error_set(error, CF_ERR_USAGE,
				 "--db names no database that is meant, only what is not");
	server->names.count = server->names.count ? server->names.count : 1;
	return 0;
}

/* The state's database is on the server itself, unless --state says where. */
static int read_state(struct cli_server *server, struct cf_error *error)
{
	const char *state = cli_option(server->cli, "state");
	int rc = state ? buf_str(&server->state_url, str_of(state))
		       : store_server_url(cli_option(server->cli, "store"),
					  STR("chesterfield-state"), &server->state_url);

	if (!state)
		server->names.never = "chesterfield-state";
	return rc || buf_byte(&server->state_url, '\0') ? error_nomem(error) : 0;
}

int cli_server_init(struct cli_server *server, struct cli *cli, struct cf_error *error)
{
	int rc;

	*server = (struct cli_server){.cli = cli};
	buf_init(&server->state_url, cli->mem);
	rc = read_state(server, error);
	return rc ? rc : read_patterns(server, error);
}

void cli_server_fini(struct cli_server *server)
{
	buf_fini(&server->state_url);
}

int cli_server_url(const struct cli_server *server, struct cf_str database, struct cf_buf *out)
{
	int rc = store_server_url(cli_option(server->cli, "store"), database, out);

	rc = rc ? rc
		: buf_str(out,
			  memchr(out->ptr, '?', out->len) ? STR("&create=0") : STR("?create=0"));
	return rc || buf_byte(out, '\0') ? CF_ERR_NOMEM : 0;
}
