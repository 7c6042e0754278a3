/* init: writes a small catalog to start from, or drafts one: draft.c. */
#include "cli/draft.h"

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

static int run(struct cli *cli, struct cf_error *error)
{
	if (cli_option(cli, "from"))
		return draft_catalog(cli, cli->args[0], error);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct cf_str path = arena_printf(&cli->arena, "%s%s%s", cli->args[0],
						  entries[i].path[0] ? "/" : "", entries[i].path);
		int rc;

		if (!path.ptr)
			return error_nomem(error);
		rc = entries[i].text ? init_write_file(path, str_of(entries[i].text), error)
				     : init_make_folder(path, i == 0, error);
		if (rc)
			return rc;
	}
	cli_say(cli, "a catalog was written to %s; try: chesterfield check %s", cli->args[0],
		cli->args[0]);
	return 0;
}

static const struct cli_option options[] = {
	{.name = "from", .argument = "URL", .help = "draft it from the documents of this store"},
	{.name = "where",
	 .argument = "MEMBER=VALUE",
	 .help = "with --from: only documents whose member is this text, number or boolean"},
	{.name = "type",
	 .argument = "MEMBER",
	 .help = "with --from: the member that says the type of a document; none: all are of one "
		 "type"},
	{.name = "sample",
	 .argument = "N",
	 .help = "with --from: read at most so many documents",
	 .fallback = "100000"},
	{.name = NULL},
};

const struct cli_command cmd_init = {
	.name = "init",
	.summary = "write a small catalog to start from",
	.usage = "DIR [--from URL [--type MEMBER] [--where MEMBER=VALUE] [--sample N]]",
	.help = "With --from the catalog is drafted from the documents of a store: their types, "
		"how their ids are made, and a schema of each type, with the number of documents "
		"behind each claim as a comment. What it was unsure of is told. Nothing that is "
		"there already is written over.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run,
};
