/* selector: the Mango selector for an app of a manifest's version.
 *
 * For replication: all but older versions, so that an app finds the newer ones there when
 * it is updated. In Mango a condition on a member that is not there fails, also under $not
 * and $nor. So what has no type or no version is let through by rules of its own, and so is
 * what is deleted: the tombstone that an app's DELETE leaves has no members at all, and
 * where it does not come through, the document stays on all other devices.
 */
#include "cli/cli.h"
#include "cli/known.h"
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

struct clauses {
	struct clause *at; /* by type and version */
	size_t count;
	struct known_list known;
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

/* With versions that are known otherwise: by the catalog's ids as ever, by others as they are
 * known. */
static void write_mixed(struct cf_buf *out, const struct catalog *catalog, const struct clauses *c)
{
	const struct lens_identity *fields = catalog_identity(catalog);
	const struct cf_str absent[] = {fields->type_field, fields->version_field};

	buf_str(out, STR("    \"$or\": [\n      { \"_deleted\": true }"));
	for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
		buf_str(out, STR(",\n      { \"$and\": [ "));
		known_write_ids(catalog, out);
		buf_str(out, STR(", { "));
		json_write_string(absent[i], out);
		buf_str(out, STR(": { \"$exists\": false } } ] }"));
	}
	buf_str(out, STR(",\n      { \"$and\": [ "));
	known_write_ids(catalog, out);
	if (c->count) {
		buf_str(out, STR(", { \"$nor\": [\n"));
		write_list(out, fields, c->at, c->count, "          ");
		buf_str(out, STR("      ] }"));
	}
	buf_str(out, STR(" ] }"));
	known_write_others(catalog, &c->known, out);
	buf_str(out, STR("\n    ]\n"));
}

static void write_mixed_exact(struct cf_buf *out, const struct catalog *catalog,
			      const struct clauses *c)
{
	const struct lens_identity *fields = catalog_identity(catalog);
	bool first = true;

	buf_str(out, STR("    \"$or\": ["));
	for (size_t i = 0; i < c->count; i++) {
		buf_str(out, first ? STR("\n      { ") : STR(",\n      { "));
		first = false;
		write_clause(out, fields, &c->at[i]);
		buf_str(out, STR(" }"));
	}
	for (size_t i = 0; i < c->known.count; i++) {
		size_t start = out->len;

		known_write(catalog, c->known.majors[i], out);
		/* The first term has no comma before it. */
		if (first && !out->failed && out->len > start) {
			memmove(out->ptr + start, out->ptr + start + 1, out->len - start - 1);
			out->len--;
		}
		first = false;
	}
	buf_str(out, STR("\n    ]\n"));
}

static void write_selector(struct cf_buf *out, const struct catalog *catalog,
			   const struct clauses *c, bool exact)
{
	const struct lens_identity *fields = catalog_identity(catalog);
	bool any = c->count || c->known.count;

	buf_str(out, any ? STR("{\n  \"selector\": {\n") : STR("{\n  \"selector\": {"));
	if (c->known.count && exact)
		write_mixed_exact(out, catalog, c);
	else if (c->known.count)
		write_mixed(out, catalog, c);
	else if (c->count && exact)
		write_exact(out, fields, c->at, c->count);
	else if (c->count)
		write_all_but(out, fields, c->at, c->count);
	buf_str(out, any ? STR("  }\n}\n") : STR("}\n}\n"));
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

/* Those of the versions meant that type and version do not tell. */
static void find_known(const struct catalog_type *type, const struct catalog_major *major,
		       bool exact, bool newer, struct known_list *ret)
{
	for (size_t i = 0; i < type->major_count; i++) {
		const struct catalog_major *one = &type->majors[i];
		bool meant = exact ? one == major : one < major || (!newer && one > major);

		if (meant && one->ids)
			ret->majors[ret->count++] = one;
	}
}

static int make_all(struct cli *cli, const struct catalog *catalog,
		    const struct cli_targets *targets, struct clauses *ret)
{
	bool exact = cli_given(cli, "exact"), newer = !cli_given(cli, "no-newer");
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types);

	ret->at = arena_calloc(&cli->arena, count * 2 + 1, sizeof(*ret->at));
	ret->known.majors =
		arena_calloc(&cli->arena, count * LIMIT_MAJORS + 1, sizeof(*ret->known.majors));
	if (!ret->at || !ret->known.majors)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct catalog_major *major = targets->majors[i];

		if (!major)
			continue;
		find_known(&types[i], major, exact, newer, &ret->known);
		if (!exact || !major->ids)
			ret->count +=
				make_clauses(&types[i], major, exact, newer, ret->at + ret->count);
	}
	return 0;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct catalog *catalog = NULL;
	struct cli_targets targets;
	struct clauses clauses = {.count = 0};
	int rc = catalog_open(&catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = cli_targets_read(cli, catalog, cli_option(cli, "for"), &targets, error);
	if (rc == 0 && make_all(cli, catalog, &targets, &clauses))
		rc = error_nomem(error);
	if (rc == 0)
		write_selector(&cli->out.buf, catalog, &clauses, cli_given(cli, "exact"));
	if (rc == 0 && cli->out.buf.failed)
		rc = error_nomem(error);
	else if (rc == 0 && cli_out_check(cli))
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
		"queries. Versions that have ids of their own, or are known by `recognise`, are "
		"told by these.",
	.options = options,
	.run = run,
};
