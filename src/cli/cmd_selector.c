/* selector: the Mango selector for an app of a manifest's version.
 *
 * For replication: all but older versions, so that an app finds the newer ones
 * there when it is updated. CouchDB's $not takes one selector, $nor a list of
 * them: one type gives $not, as in the article that this follows, several $nor.
 */
#include "cli/cli.h"
#include "cli/targets.h"

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	{.name = "for",
	 .argument = "VERSION",
	 .help = "the app's manifest version",
	 .required = true},
	{.name = "exact", .help = "query exactly these versions instead"},
	{.name = NULL},
};

struct clause {
	struct cf_str type;
	uint32_t major;
};

static void write_clause(struct cf_buf *out, const struct lens_identity *fields,
			 const struct clause *clause, bool exact, const char *indent)
{
	buf_printf(out, "%s", indent);
	json_write_string(fields->type_field, out);
	buf_str(out, STR(": "));
	json_write_string(clause->type, out);
	buf_printf(out, ",\n%s", indent);
	json_write_string(fields->version_field, out);
	if (exact)
		buf_printf(out, ": %u\n", clause->major);
	else
		buf_printf(out, ": { \"$lt\": %u }\n", clause->major);
}

static void write_list(struct cf_buf *out, const struct lens_identity *fields,
		       const struct clause *clauses, size_t count, bool exact)
{
	buf_printf(out, "    \"%s\": [\n", exact ? "$or" : "$nor");
	for (size_t i = 0; i < count; i++) {
		buf_str(out, STR("      {\n"));
		write_clause(out, fields, &clauses[i], exact, "        ");
		buf_printf(out, "      }%s\n", i + 1 < count ? "," : "");
	}
	buf_str(out, STR("    ]\n"));
}

static void write_selector(struct cf_buf *out, const struct lens_identity *fields,
			   const struct clause *clauses, size_t count, bool exact)
{
	buf_str(out, STR("{\n  \"selector\": {"));
	if (count)
		buf_byte(out, '\n');
	if (count == 1 && exact) {
		write_clause(out, fields, clauses, exact, "    ");
	} else if (count == 1) {
		buf_str(out, STR("    \"$not\": {\n"));
		write_clause(out, fields, clauses, exact, "      ");
		buf_str(out, STR("    }\n"));
	} else if (count) {
		write_list(out, fields, clauses, count, exact);
	}
	buf_str(out, count ? STR("  }\n}\n") : STR("}\n}\n"));
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct catalog *catalog = NULL;
	const struct catalog_type *types;
	struct cli_targets targets;
	struct clause *clauses;
	bool exact = cli_given(cli, "exact");
	size_t count = 0, type_count;
	int rc = catalog_open(&catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = cli_targets_read(cli, catalog, cli_option(cli, "for"), &targets, error);
	if (rc) {
		catalog_close(catalog);
		return rc;
	}
	type_count = catalog_types(catalog, &types);
	clauses = arena_calloc(&cli->arena, type_count, sizeof(*clauses));
	for (size_t i = 0; clauses && i < type_count; i++) {
		const struct catalog_major *major = targets.majors[i];

		/* Nothing is older than the oldest major there is. */
		if (major && (exact || major > types[i].majors))
			clauses[count++] = (struct clause){types[i].name, major->major};
	}
	if (clauses)
		write_selector(&cli->out.buf, catalog_identity(catalog), clauses, count, exact);
	if (!clauses || cli->out.buf.failed)
		rc = error_nomem(error);
	else if (cli_out_check(cli))
		rc = cli_out_error(cli, error);
	catalog_close(catalog);
	return rc;
}

const struct cli_command cmd_selector = {
	.name = "selector",
	.summary = "the Mango selector for an app of a version",
	.usage = "-c DIR --for VERSION [--exact]",
	.help = "Without --exact: what an app of this version replicates, which is everything "
		"but older versions. With --exact: what it queries.",
	.options = options,
	.run = run,
};
