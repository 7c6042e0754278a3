/* Which entries of a list are meant. */
#include "cli/entries.h"

#include <stdlib.h>
#include <time.h>

/* --- the filter -------------------------------------------------------------------------- */

/* "12h", "7d": how long ago, in seconds; 0: it is none. */
static int64_t read_ago(const char *text)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	long count = strtol(text, &end, 10);

	if (end == text || !end[0] || end[1] || count <= 0 || count > 1000000)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (*end == units[i].unit)
			return count * units[i].seconds;
	return 0;
}

/* As much of "2026-11-30T08:00:00.000Z" as is there: no number begun and not ended. */
static bool is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	size_t i = 0;

	for (; text[i] && form[i]; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return i >= 4 && !text[i] && (form[i] != '0' || form[i - 1] != '0');
}

static int read_since(const struct cli *cli, char ret[32], struct cf_error *error)
{
	const char *text = cli_option(cli, "since");
	int64_t ago = text ? read_ago(text) : 0;
	time_t then = (time_t)(cli->env->now_ms(cli->env->ctx) / 1000 - ago);
	struct tm tm;

	ret[0] = '\0';
	if (!text)
		return 0;
	if (!ago && !is_time(text))
		return error_set(error, CF_ERR_USAGE,
				 "--since is a time like 2026-11-30 or 2026-11-30T08:00, or how "
				 "long ago: 30m, 12h, 7d");
	gmtime_r(&then, &tm);
	if (ago)
		(void)strftime(ret, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	else
		memcpy(ret, text, strlen(text) + 1);
	return 0;
}

static struct cf_str text_option(const struct cli *cli, const char *name)
{
	const char *text = cli_option(cli, name);

	return text ? str_of(text) : (struct cf_str){NULL, 0};
}

int cli_filter_read(const struct cli *cli, struct cli_filter *ret, struct cf_error *error)
{
	int rc;

	*ret = (struct cli_filter){.type = text_option(cli, "type"),
				   .version = text_option(cli, "version"),
				   .at = text_option(cli, "at")};
	if (ret->version.ptr && !memchr(ret->version.ptr, '@', ret->version.len))
		return error_set(error, CF_ERR_USAGE,
				 "--version: \"%.*s\" is no version of a type, like todo-item@1",
				 STR_ARG(ret->version));
	rc = read_since(cli, ret->since, error);
	return rc ? rc : cli_where_read(cli, &ret->where, error);
}

bool cli_filter_is_any(const struct cli_filter *filter)
{
	return !filter->type.ptr && !filter->version.ptr && !filter->at.ptr && !filter->since[0] &&
	       !filter->where.member.ptr;
}

/* --- what an entry says -------------------------------------------------------------------- */

/* Of the document that waits, or whose edit lost. */
struct said {
	struct cf_str document, version, pointer, time;
};

static struct said said_by(struct cli *cli, struct json_value body)
{
	struct json_value loser = json_member(body, STR("loser"));
	struct json_value side = json_is_absent(loser) ? body : loser;
	struct said said = {.document = cli_text(cli, side, "id"),
			    .version = cli_text(cli, side, "version"),
			    .pointer = cli_text(cli, side, "pointer"),
			    .time = cli_text(cli, body, "since")};

	if (said.time.len == 0)
		said.time = cli_text(cli, body, "at");
	return said;
}

/* What stands before the first of the characters. */
static struct cf_str up_to(struct cf_str text, char end)
{
	const char *found = text.len ? memchr(text.ptr, end, text.len) : NULL;

	return (struct cf_str){text.ptr, found ? (size_t)(found - text.ptr) : text.len};
}

static bool is_inside(struct cf_str pointer, struct cf_str place)
{
	return str_equal(pointer, place) || place.len == 0 ||
	       (str_starts_with(pointer, place) && pointer.ptr[place.len] == '/');
}

static bool lets_through(const struct cli_filter *filter, const struct said *said, struct cf_str id)
{
	struct cf_str type = said->version.len ? up_to(said->version, '@') : up_to(id, '/');

	return (!filter->type.ptr || str_equal(type, filter->type)) &&
	       (!filter->version.ptr || str_equal(said->version, filter->version)) &&
	       (!filter->at.ptr || is_inside(said->pointer, filter->at)) &&
	       (!filter->since[0] || str_compare(said->time, str_of(filter->since)) >= 0);
}

/* Whether the document, as it stands now, is one that is meant. */
static int look_at_document(const struct cli_walk *walk, struct cf_str id, bool *ret,
			    struct cf_error *error)
{
	struct cf_get get = {.id = id};
	struct cf_record record = {.revision_count = 0};
	struct cf_arena arena;
	struct json_doc doc;
	int rc;

	arena_init(&arena, walk->cli->mem);
	json_doc_init(&doc, walk->cli->mem);
	rc = store_get(walk->stores->store, &get, 1, CF_READ_BODIES, &arena, &record, error);
	*ret = rc == 0 && record.code == 0 && record.revision_count &&
	       record.revisions[0].body.ptr &&
	       json_read(&doc, record.revisions[0].body.ptr, record.revisions[0].body.len,
			 JSON_READ_DOCUMENT, NULL) == 0 &&
	       cli_where_holds(&walk->filter->where, json_root(&doc));
	json_doc_fini(&doc);
	arena_fini(&arena);
	return rc;
}

/* --- walking --------------------------------------------------------------------------------- */

struct walking {
	const struct cli_walk *walk;
	struct cf_error *error;
};

static int take_entry(void *ctx, struct cf_str id, struct json_value body)
{
	const struct walking *walking = ctx;
	const struct cli_walk *walk = walking->walk;
	struct said said = said_by(walk->cli, body);
	bool meant = lets_through(walk->filter, &said, id);
	int rc = 0;

	if (meant && walk->filter->where.member.ptr)
		rc = look_at_document(walk, said.document, &meant, walking->error);
	if (rc == 0 && cli_interrupted())
		rc = error_set(walking->error, CF_ERR_INTERRUPTED, "%s", "");
	return rc || !meant ? rc : walk->entry(walk->ctx, id, body);
}

int cli_entries_walk(const struct cli_walk *walk, struct cf_error *error)
{
	struct walking walking = {.walk = walk, .error = error};

	return sync_walk(&walk->stores->state, walk->list, take_entry, &walking, walk->cli->mem,
			 error);
}

/* --- those that are meant ----------------------------------------------------------------------
 */

struct meant {
	struct cf_arena *arena;
	struct cf_str *ids;
	size_t count, cap;
};

static int add_meant(void *ctx, struct cf_str id, struct json_value body)
{
	struct meant *meant = ctx;

	(void)body;
	if (meant->count == meant->cap) {
		size_t cap = meant->cap ? meant->cap * 2 : 64;
		struct cf_str *grown = arena_calloc(meant->arena, cap, sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (meant->count)
			memcpy(grown, meant->ids, meant->count * sizeof(*grown));
		meant->ids = grown;
		meant->cap = cap;
	}
	meant->ids[meant->count] = arena_dup(meant->arena, id);
	return meant->ids[meant->count++].ptr ? 0 : CF_ERR_NOMEM;
}

int cli_entries_meant(struct cli *cli, const struct cli_stores *stores, enum sync_list list,
		      struct cli_ids *ret, struct cf_error *error)
{
	struct meant meant = {.arena = &cli->arena};
	struct cli_filter filter;
	struct cli_walk walk = {cli, stores, list, &filter, add_meant, &meant};
	bool all = cli_given(cli, "all");
	int rc = cli_filter_read(cli, &filter, error);

	if (rc == 0 && all == (cli->arg_count > 0))
		rc = error_set(error, CF_ERR_USAGE, "name entries of the list, or --all");
	if (rc == 0 && !all && !cli_filter_is_any(&filter))
		rc = error_set(error, CF_ERR_USAGE, "filters go with --all, not with ids");
	if (rc == 0 && all)
		rc = cli_entries_walk(&walk, error);
	for (size_t i = 0; i < cli->arg_count && rc == 0; i++)
		rc = add_meant(&meant, str_of(cli->args[i]), JSON_ABSENT);
	*ret = (struct cli_ids){meant.ids, meant.count};
	return rc == CF_ERR_NOMEM ? error_nomem(error) : rc;
}
