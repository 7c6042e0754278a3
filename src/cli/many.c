/* The databases of a server that `run --db` follows; see many.h. */
#include "cli/many.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>

/* Of the connections that are allowed: those that look for databases, and read their state. */
enum { CONNECTIONS_LOOKING = 3, SAY_NS = 1000000000 };

bool many_asked(const struct cli *cli)
{
	return cli_given(cli, "db") || cli_given(cli, "shard");
}

/* "2/8": the second of eight parts. */
static int read_shard(struct many *many, const char *text, struct cf_error *error)
{
	char *end = NULL;
	unsigned long of = 0, part = strtoul(text, &end, 10);

	if (end != text && *end == '/')
		of = strtoul(end + 1, &end, 10);
	if (*end || part == 0 || part > of || of > 4096)
		return error_set(error, CF_ERR_USAGE,
				 "--shard: \"%s\" is not a part of a whole, such as 2/8", text);
	many->names.shard = (unsigned)part - 1;
	many->names.shards = (unsigned)of;
	return 0;
}

int many_init(struct many *many, struct cli *cli, struct cf_error *error)
{
	uint64_t connections = 0;
	const char *shard = cli_option(cli, "shard");
	int rc;

	*many = (struct many){.cli = cli};
	rc = cli_server_init(&many->server, cli, error);
	many->names = many->server.names;
	if (rc == 0 && shard)
		rc = read_shard(many, shard, error);
	rc = rc ? rc
		: cli_option_number(cli, "connections", CONNECTIONS_LOOKING + 1,
				    MANY_CONNECTIONS_MAX, &connections, error);
	many->workers = (size_t)connections - CONNECTIONS_LOOKING;
	return rc;
}

void many_fini(struct many *many)
{
	for (size_t i = 0; i < MANY_CONNECTIONS_MAX; i++)
		store_close(many->states[i]);
	cli_server_fini(&many->server);
}

int many_open(struct many *many, size_t place, struct cf_str database, struct sync_handles *ret,
	      struct cf_error *error)
{
	struct cli *cli = many->cli;
	struct cf_buf url;
	int rc = 0;

	cf_assert(place < MANY_CONNECTIONS_MAX);
	*ret = (struct sync_handles){NULL, NULL};
	if (!many->states[place])
		rc = store_open(&many->states[place], many->server.state_url.ptr, cli->env,
				cli->mem, error);
	if (rc)
		return rc;
	buf_init(&url, cli->mem);
	rc = cli_server_url(&many->server, database, &url)
		     ? error_nomem(error)
		     : store_open_beside(&ret->store, many->states[place], url.ptr, cli->env,
					 cli->mem, error);
	buf_fini(&url);
	ret->state = many->states[place];
	return rc;
}

void many_close(const struct sync_handles *handles)
{
	store_close(handles->store);
}

void many_tell(struct many *many, struct cf_str database, const struct cf_error *error)
{
	struct cli *cli = many->cli;
	uint64_t now_ns = cli->env->monotonic_ns(cli->env->ctx);
	struct cf_error told = *error;

	if (many->said_ns && now_ns - many->said_ns < SAY_NS) {
		many->unsaid++;
		return;
	}
	many->said_ns = now_ns;
	error_prefix(&told, told.code, "%.*s", STR_ARG(database));
	cli_report(cli, &told);
	if (many->unsaid)
		cli_say(cli, "... and of %" PRIu64 " other databases before", many->unsaid);
	many->unsaid = 0;
}
