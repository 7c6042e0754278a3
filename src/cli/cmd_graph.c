/* graph: types, versions and lenses, to read, for graphviz, or drawn. */
#include "cli/graph.h"

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG_TOO,
	{.name = "format", .argument = "FORMAT", .help = "text, dot or svg", .fallback = "text"},
	{.name = NULL},
};

static void write_versions(struct cf_buf *out, const struct catalog_major *major)
{
	for (size_t i = 0; i < major->schema_count; i++) {
		(void)buf_str(out, i ? STR(", ") : STR(""));
		(void)buf_str(out, major->schemas[i].version_text);
	}
}

static void write_text(struct cf_buf *out, const struct catalog *catalog)
{
	const struct catalog_type *types;
	const struct catalog_edge *edges;
	size_t type_count = catalog_types(catalog, &types);
	size_t edge_count = catalog_edges(catalog, &edges);

	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];

			(void)buf_printf(out, "%.*s@%u  ", STR_ARG(types[i].name), major->major);
			write_versions(out, major);
			(void)buf_str(out, major->supported ? STR("\n") : STR("  not supported\n"));
		}
	}
	for (size_t i = 0; i < edge_count; i++) {
		struct lens_side older = lens_older(edges[i].lens);
		struct lens_side newer = lens_newer(edges[i].lens);

		for (size_t k = 0; k < older.count; k++)
			(void)buf_printf(out, "%s%.*s@%u", k ? " + " : "",
					 STR_ARG(older.places[k].type), older.places[k].major);
		(void)buf_str(out, STR(" <-> "));
		for (size_t k = 0; k < newer.count; k++)
			(void)buf_printf(out, "%s%.*s@%u", k ? " + " : "",
					 STR_ARG(newer.places[k].type), newer.places[k].major);
		(void)buf_byte(out, '\n');
	}
}

static void write_dot(struct cf_buf *out, const struct catalog *catalog)
{
	const struct catalog_type *types;
	const struct catalog_edge *edges;
	size_t type_count = catalog_types(catalog, &types);
	size_t edge_count = catalog_edges(catalog, &edges);

	(void)buf_str(out, STR("digraph catalog {\n  rankdir=LR;\n  node [shape=box];\n"));
	for (size_t i = 0; i < type_count; i++)
		for (size_t k = 0; k < types[i].major_count; k++)
			(void)buf_printf(out, "  \"%.*s@%u\"%s;\n", STR_ARG(types[i].name),
					 types[i].majors[k].major,
					 types[i].majors[k].supported ? "" : " [style=dashed]");
	for (size_t i = 0; i < edge_count; i++) {
		struct lens_side older = lens_older(edges[i].lens);
		const struct lens_place *from = &older.places[0];
		struct lens_side newer = lens_newer(edges[i].lens);

		for (size_t k = 0; k < newer.count; k++)
			(void)buf_printf(out, "  \"%.*s@%u\" -> \"%.*s@%u\" [dir=both%s];\n",
					 STR_ARG(from->type), from->major,
					 STR_ARG(newer.places[k].type), newer.places[k].major,
					 k ? ", style=dashed" : "");
	}
	(void)buf_str(out, STR("}\n"));
}

static int run(struct cli *cli, struct cf_error *error)
{
	const char *format = cli_option(cli, "format");
	struct catalog *catalog = NULL;
	const char *folder;
	void (*write)(struct cf_buf * out, const struct catalog *catalog) =
		strcmp(format, "text") == 0  ? write_text
		: strcmp(format, "dot") == 0 ? write_dot
		: strcmp(format, "svg") == 0 ? graph_svg
					     : NULL;
	int rc;

	if (!write)
		return error_set(error, CF_ERR_USAGE, "--format is text, dot or svg, not \"%s\"",
				 format);
	rc = cli_catalog_folder(cli, NULL, &folder, error);
	rc = rc ? rc : catalog_open(&catalog, folder, cli->mem, error);
	if (rc)
		return rc;
	write(&cli->out.buf, catalog);
	if (cli_out_check(cli))
		rc = cli_out_error(cli, error);
	catalog_close(catalog);
	return rc;
}

const struct cli_command cmd_graph = {
	.name = "graph",
	.summary = "show types, versions and lenses",
	.usage = "DIR | -c DIR [--format text|dot|svg]",
	.options = options,
	.max_args = 1,
	.run = run,
};
