/* init: writes a small catalog to start from. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *path; /* NULL text: a folder */
	const char *text;
} entries[] = {
	{"", NULL},
	{"catalog.yaml", "# What this team's apps share: types, their versions, lenses between.\n"
			 "name: notes\n"
			 "id: \"{type}@{major}:{key}\"\n"
			 "fields: {type: schema, version: version}\n"
			 "conflicts: {prefer: newest-version, late: agreed}\n"},
	{"manifests", NULL},
	{"manifests/1.0.0.json", "{\"name\": \"notes\", \"version\": \"1.0.0\", "
				 "\"dependencies\": {\"note\": \"^1.0.0\"}}\n"},
	{"manifests/2.0.0.json", "{\"name\": \"notes\", \"version\": \"2.0.0\", "
				 "\"dependencies\": {\"note\": \"^2.0.0\"}}\n"},
	{"schemas", NULL},
	{"schemas/note", NULL},
	{"schemas/note/1.0.0.json", "{\n"
				    "  \"version\": \"1.0.0\",\n"
				    "  \"type\": \"object\",\n"
				    "  \"properties\": {\n"
				    "    \"schema\": {\"const\": \"note\"},\n"
				    "    \"version\": {\"const\": 1},\n"
				    "    \"text\": {\"type\": \"string\"},\n"
				    "    \"pinned\": {\"type\": \"boolean\"}\n"
				    "  },\n"
				    "  \"required\": [\"schema\", \"version\", \"text\", "
				    "\"pinned\"],\n"
				    "  \"additionalProperties\": false\n"
				    "}\n"},
	{"schemas/note/2.0.0.json", "{\n"
				    "  \"version\": \"2.0.0\",\n"
				    "  \"type\": \"object\",\n"
				    "  \"properties\": {\n"
				    "    \"schema\": {\"const\": \"note\"},\n"
				    "    \"version\": {\"const\": 2},\n"
				    "    \"text\": {\"type\": \"string\"},\n"
				    "    \"shelf\": {\"enum\": [\"top\", \"drawer\", \"attic\"]}\n"
				    "  },\n"
				    "  \"required\": [\"schema\", \"version\", \"text\", "
				    "\"shelf\"],\n"
				    "  \"additionalProperties\": false\n"
				    "}\n"},
	{"lenses", NULL},
	{"lenses/note", NULL},
	{"lenses/note/1-2.yaml", "from: note@1\n"
				 "to: note@2\n"
				 "lens:\n"
				 "  - rename: {source: pinned, destination: shelf}\n"
				 "  - convert:\n"
				 "      name: shelf\n"
				 "      mapping:\n"
				 "        - {true: top, false: drawer}                # up\n"
				 "        - {top: true, drawer: false, attic: false}  # down\n"},
};

static int fail(struct cf_error *error, struct cf_str path)
{
	error_set(error, errno == EEXIST ? CF_ERR_PRECONDITION : CF_ERR_IO, "%s",
		  errno == EEXIST ? "is there already: nothing is written over"
				  : strerrordesc_np(errno));
	error_at_file(error, path, 0);
	return error->code;
}

static int write_file(struct cf_str path, const char *text, struct cf_error *error)
{
	int fd = open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t len = strlen(text);

	if (fd < 0)
		return fail(error, path);
	if (write(fd, text, len) != (ssize_t)len) {
		int rc = fail(error, path);

		close(fd);
		return rc;
	}
	return close(fd) ? fail(error, path) : 0;
}

static int run(struct cli *cli, struct cf_error *error)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct cf_str path = arena_printf(&cli->arena, "%s%s%s", cli->args[0],
						  entries[i].path[0] ? "/" : "", entries[i].path);
		int rc = 0;

		if (!path.ptr)
			return error_nomem(error);
		if (entries[i].text)
			rc = write_file(path, entries[i].text, error);
		else if (mkdir(path.ptr, 0777) && (errno != EEXIST || i))
			rc = fail(error, path);
		if (rc)
			return rc;
	}
	cli_say(cli, "a catalog stands in %s; try: chesterfield check %s", cli->args[0],
		cli->args[0]);
	return 0;
}

const struct cli_command cmd_init = {
	.name = "init",
	.summary = "write a small catalog to start from",
	.usage = "DIR",
	.help = "Nothing that is there already is written over.",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
