/* selector: the Mango selector for an app of a manifest's version.
 *
 * For replication: all but older versions, so that an app finds the newer ones there when
 * it is updated. In Mango a condition on a member that is not there fails, also under $not
 * and $nor. So what has no type or no version is let through by rules of its own, and so is
 * what is deleted: the tombstone that an app's DELETE leaves has no members at all, and
 * where it does not come through, the document stays on all other devices.
 */
#include "cli/cli.h"
#include "cli/targets.h"

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	{.name = "for",
	 .argument = "VERSION",
	 .help = "the app's manifest version",
	 .required = true},
	{.name = "no-newer", .help = "leave newer versions out, too"},
	{.name = "exact", .help = "query exactly these versions instead"},
	{.name = NULL},
};

/* `before` and `behind` stand around the major. */
struct clause {
	struct cf_str type;
	uint32_t major;
	const char *before, *behind;
};

static void write_clause(struct cf_buf *out, const struct lens_identity *fields,
			 const struct clause *clause)
{
	json_write_string(fields->type_field, out);
	buf_str(out, STR(": "));
	json_write_string(clause->type, out);
	buf_str(out, STR(", "));
	json_write_string(fields->version_field, out);
	buf_printf(out, ": %s%u%s", clause->before, clause->major, clause->behind);
}

static void write_list(struct cf_buf *out, const struct lens_identity *fields,
		       const struct clause *clauses, size_t count, const char *indent)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "%s{ ", indent);
		write_clause(out, fields, &clauses[i]);
		buf_printf(out, " }%s\n", i + 1 < count ? "," : "");
	}
}

static void write_exact(struct cf_buf *out, const struct lens_identity *fields,
			const struct clause *clauses, size_t count)
{
	if (count == 1) {
		buf_str(out, STR("    "));
		write_clause(out, fields, clauses);
		buf_byte(out, '\n');
		return;
	}
	buf_str(out, STR("    \"$or\": [\n"));
	write_list(out, fields, clauses, count, "      ");
	buf_str(out, STR("    ]\n"));
}

/* What has no such member: a condition on it would fail. */
static void write_absent(struct cf_buf *out, struct cf_str field)
{
	buf_str(out, STR("      { "));
	json_write_string(field, out);
	buf_str(out, STR(": { \"$exists\": false } },\n"));
}

static void write_all_but(struct cf_buf *out, const struct lens_identity *fields,
			  const struct clause *clauses, size_t count)
{
	buf_str(out, STR("    \"$or\": [\n      { \"_deleted\": true },\n"));
	write_absent(out, fields->type_field);
	write_absent(out, fields->version_field);
	buf_str(out, STR("      {\n        \"$nor\": [\n"));
	write_list(out, fields, clauses, count, "          ");
	buf_str(out, STR("        ]\n      }\n    ]\n"));
}

static void write_selector(struct cf_buf *out, const struct lens_identity *fields,
			   const struct clause *clauses, size_t count, bool exact)
{
	buf_str(out, STR("{\n  \"selector\": {"));
	if (count)
		buf_byte(out, '\n');
	if (count && exact)
		write_exact(out, fields, clauses, count);
	else if (count)
		write_all_but(out, fields, clauses, count);
	buf_str(out, count ? STR("  }\n}\n") : STR("}\n}\n"));
}

/* What is asked for or left out of one type; where there are no such versions, nothing. */
static size_t make_clauses(const struct catalog_type *type, const struct catalog_major *major,
			   bool exact, bool newer, struct clause ret[2])
{
	size_t count = 0;

	if (exact)
		ret[count++] = (struct clause){type->name, major->major, "", ""};
	if (!exact && major > type->majors)
		ret[count++] = (struct clause){type->name, major->major, "{ \"$lt\": ", " }"};
	if (!exact && !newer && major < type->majors + type->major_count - 1)
		ret[count++] = (struct clause){type->name, major->major, "{ \"$gt\": ", " }"};
	return count;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct catalog *catalog = NULL;
	const struct catalog_type *types;
	struct cli_targets targets;
	struct clause *clauses;
	bool exact = cli_given(cli, "exact"), newer = !cli_given(cli, "no-newer");
	size_t count = 0, type_count;
	int rc = catalog_open(&catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = cli_targets_read(cli, catalog, cli_option(cli, "for"), &targets, error);
	if (rc) {
		catalog_close(catalog);
		return rc;
	}
	type_count = catalog_types(catalog, &types);
	clauses = arena_calloc(&cli->arena, type_count * 2, sizeof(*clauses));
	for (size_t i = 0; clauses && i < type_count; i++) {
		const struct catalog_major *major = targets.majors[i];

		if (major)
			count += make_clauses(&types[i], major, exact, newer, clauses + count);
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
	.usage = "-c DIR --for VERSION [--no-newer | --exact]",
	.help = "Without --exact: what an app of this version replicates. That is everything but "
		"older versions: newer ones, so that they are there when the app is updated, what "
		"has no type or version, and everything that was deleted. With --exact: what it "
		"queries.",
	.options = options,
	.run = run,
};
