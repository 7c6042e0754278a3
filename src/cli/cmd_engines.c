/* engines: runs that are, or were, at work on a state. */
#include "cli/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 250 };

void cli_engine_space(char ret[CLI_SPACE_BYTES])
{
	char text[256];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t boot = fd < 0 ? -1 : read(fd, text, sizeof(text) / 2);
	ssize_t names;

	if (fd >= 0)
		close(fd);
	names = boot <= 0 ? -1
			  : readlink("/proc/self/ns/pid", text + boot, sizeof(text) - (size_t)boot);
	ret[0] = '\0';
	if (names > 0)
		hash128_hex(hash128((struct cf_str){text, (size_t)(boot + names)}), ret);
}

enum sync_life cli_engine_life(void *ctx, const struct sync_engine *engine)
{
	char space[CLI_SPACE_BYTES];

	(void)ctx;
	cli_engine_space(space);
	if (!space[0] || engine->pid <= 0 || !str_equal(engine->space, str_of(space)))
		return SYNC_LIFE_UNKNOWN;
	return kill((pid_t)engine->pid, 0) == 0 || errno == EPERM ? SYNC_ALIVE : SYNC_GONE;
}

static void write_age(int64_t age_ms, struct cf_buf *out)
{
	static const struct {
		int64_t ms;
		const char *one;
	} units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}};
	size_t i = 0;
	int64_t count;

	while (i + 1 < ARRAY_LEN(units) && age_ms < units[i].ms * 2)
		i++;
	count = age_ms / units[i].ms;
	buf_printf(out, "%" PRId64 " %s%s ago", count, units[i].one, count == 1 ? "" : "s");
}

void cli_engine_write(struct cli *cli, const struct sync_engine *engine, struct cf_buf *out)
{
	int64_t age_ms = cli->env->now_ms(cli->env->ctx) - engine->beat_ms;

	buf_printf(out, "process %ld on ", engine->pid);
	cli_write_shown(engine->host, out);
	if (cli_engine_life(NULL, engine) != SYNC_LIFE_UNKNOWN)
		return;
	if (age_ms < -SYNC_SILENCE_MS) {
		buf_str(out, STR(" (by its clock, which is ahead of this one)"));
	} else if (age_ms > SYNC_SILENCE_MS) {
		buf_str(out, STR(" (last heard of, by its clock, "));
		write_age(age_ms, out);
		buf_byte(out, ')');
	}
}

/* --- who is gone ---------------------------------------------------------------------- */

static int at_work(struct cli *cli, const struct sync_engine *engine, struct cf_error *error)
{
	struct cf_buf words;

	buf_init(&words, cli->mem);
	cli_engine_write(cli, engine, &words);
	error_set(error, CF_ERR_PRECONDITION, "another run is at work here (%.*s): stop it first",
		  STR_ARG(buf_view(&words)));
	buf_fini(&words);
	return CF_ERR_PRECONDITION;
}

/* Drops those that are known to be gone; *ret_left: the number of others. One that was
 * seen before and has spoken since is at work. */
static int look(struct cli *cli, const struct state *state, const struct sync_engine *before,
		size_t before_count, struct sync_engine **ret, size_t *ret_left,
		struct cf_error *error)
{
	size_t count, left = 0;
	int rc = sync_engines_read(state, &cli->arena, ret, &count, error);

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct sync_engine one = (*ret)[i];
		enum sync_life life = cli_engine_life(NULL, &one);
		bool same = before == NULL;

		for (size_t k = 0; k < before_count; k++)
			same = same || (str_equal(before[k].id, one.id) &&
					str_equal(before[k].rev, one.rev));
		if (life == SYNC_GONE)
			rc = sync_engine_drop(state, &one, &cli->arena, error);
		else if (life == SYNC_ALIVE || !same)
			rc = at_work(cli, &one, error);
		else
			(*ret)[left++] = one;
	}
	*ret_left = left;
	return rc;
}

static void pause_for(unsigned ms)
{
	struct timespec time = {.tv_nsec = (long)ms * 1000000};

	nanosleep(&time, NULL);
}

int cli_engines_clear(struct cli *cli, const struct state *state, struct cf_error *error)
{
	uint64_t start = cli->env->monotonic_ns(cli->env->ctx);
	struct sync_engine *before, *now;
	size_t count, left;
	int rc = look(cli, state, NULL, 0, &before, &count, error);

	if (rc || count == 0)
		return rc;
	cli_say(cli, "watching for %d s whether process %ld on %.*s is still at work",
		SYNC_SILENCE_MS / 1000, before[0].pid, STR_ARG(before[0].host));
	do {
		if (cli_interrupted())
			return error_set(error, CF_ERR_INTERRUPTED, "%s", "");
		pause_for(LOOK_MS);
		rc = look(cli, state, before, count, &now, &left, error);
	} while (rc == 0 && left &&
		 (cli->env->monotonic_ns(cli->env->ctx) - start) / 1000000 < SYNC_SILENCE_MS);
	for (size_t i = 0; i < left && rc == 0; i++)
		rc = sync_engine_drop(state, &now[i], &cli->arena, error);
	return rc;
}

/* --- the command ---------------------------------------------------------------------- */

static int print_engine(struct cli *cli, const struct sync_engine *engine)
{
	static const char *const words[] = {
		[SYNC_LIFE_UNKNOWN] = "unknown", [SYNC_ALIVE] = "at work", [SYNC_GONE] = "gone"};
	struct cf_buf *out = &cli->out.buf;
	enum sync_life life = cli_engine_life(NULL, engine);

	if (!cli->json) {
		buf_str(out, engine->id);
		buf_str(out, STR("  "));
		cli_engine_write(cli, engine, out);
		return cli_out_printf(cli, "%s\n", life == SYNC_GONE ? ", gone" : "");
	}
	buf_str(out, STR("{\"engine\":"));
	json_write_string(engine->id, out);
	buf_str(out, STR(",\"host\":"));
	json_write_string(engine->host, out);
	return cli_out_printf(cli,
			      ",\"pid\":%ld,\"started_ms\":%" PRId64 ",\"beat_ms\":%" PRId64
			      ",\"state\":\"%s\"}\n",
			      engine->pid, engine->started_ms, engine->beat_ms, words[life]);
}

static int drop_engine(struct cli *cli, const struct state *state, const struct sync_engine *all,
		       size_t count, struct cf_error *error)
{
	struct cf_str id = str_of(cli->args[0]);

	for (size_t i = 0; i < count; i++) {
		if (!str_equal(all[i].id, id))
			continue;
		return cli_engine_life(NULL, &all[i]) == SYNC_ALIVE
			       ? at_work(cli, &all[i], error)
			       : sync_engine_drop(state, &all[i], &cli->arena, error);
	}
	return error_set(error, CF_ERR_NOT_FOUND, "no such run: %s (see `engines list`)",
			 cli->args[0]);
}

static int run_engines(struct cli *cli, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	struct sync_engine *engines = NULL;
	size_t count = 0;
	int rc = cli_stores_open(cli, &stores, error);

	if (rc == 0)
		rc = sync_engines_read(&stores.state, &cli->arena, &engines, &count, error);
	if (rc == 0 && cli->arg_count)
		rc = drop_engine(cli, &stores.state, engines, count, error);
	for (size_t i = 0; i < count && rc == 0 && !cli->arg_count; i++)
		rc = print_engine(cli, &engines[i]) ? cli_out_error(cli, error) : 0;
	cli_stores_close(&stores);
	return rc;
}

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = NULL},
};
static const struct cli_command engines_list = {
	.name = "list",
	.summary = "runs that are at work, or did not say goodbye",
	.usage = "--store URL [--state URL] [--db NAME]",
	.options = options,
	.run = run_engines,
};
static const struct cli_command engines_drop = {
	.name = "drop",
	.summary = "forget a run that is gone",
	.usage = "ID --store URL [--state URL] [--db NAME]",
	.help = "A run that was killed is forgotten by the next one, at once on the same machine, "
		"else when it said nothing for half a minute. This is for one that nobody runs "
		"after: of a machine that is gone, say. One that is at work says so again.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run_engines,
};
const struct cli_command cmd_engines = {
	.name = "engines",
	.summary = "the runs that are at work on a store",
	.usage = "COMMAND",
	.subcommands = (const struct cli_command *const[]){&engines_list, &engines_drop, NULL},
};
