/* check: what can be wrong with a catalog, found before anything runs. Goes on after
 * the first finding as far as it can see. */
#include "catalog/prove.h"

#include <stdio.h>

enum { MESSAGE_BYTES = 600 };

/* What loading stumbled over. */
static void on_problem(void *ctx, const struct cf_error *problem)
{
	struct checker *checker = ctx;
	char text[MESSAGE_BYTES + 300], column[32] = "";

	if (problem->column && !problem->pointer[0])
		(void)snprintf(column, sizeof(column), " (column %u)", problem->column);
	(void)snprintf(text, sizeof(text), "%s%s%s%s", problem->message,
		       problem->pointer[0] ? " at " : "", problem->pointer, column);
	checker_tell(checker, false, problem->file, problem->line, str_of(text));
}

/* --- manifests -------------------------------------------------------------------- */

static bool any_schema_in(const struct catalog_major *major, const struct semver_range *range)
{
	for (size_t k = 0; k < major->schema_count; k++)
		if (semver_range_has(range, &major->schemas[k].version))
			return true;
	return false;
}

/* To semver 0.1 and 0.2 are as far from each other as 1 and 2. Documents, lenses and ids
 * know majors alone: an app that takes the one meets the other. */
static void check_range_of_zero(struct checker *checker, const struct manifest *manifest,
				const struct manifest_dependency *need,
				const struct catalog_major *zero)
{
	const struct catalog_schema *newest = &zero->schemas[zero->schema_count - 1];

	if (!semver_range_has(need->range, &newest->version))
		checker_warn(checker, &manifest->file, need->node,
			     "%.*s leaves out %.*s %.*s, yet both are %.*s@0: to semver what "
			     "breaks in 0.x "
			     "is a new minor, here it needs a new major; say >=%.*s <1.0.0",
			     STR_ARG(need->range_text), STR_ARG(need->type),
			     STR_ARG(newest->version_text), STR_ARG(need->type),
			     STR_ARG(zero->schemas[0].version_text));
}

static void check_manifest(struct checker *checker, const struct catalog *catalog,
			   const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->dependency_count; i++) {
		const struct manifest_dependency *need = &manifest->dependencies[i];
		const struct catalog_type *type = catalog_type(catalog, need->type);
		const struct catalog_major *newest = NULL;

		for (size_t k = type ? type->major_count : 0; k-- > 0 && !newest;)
			if (any_schema_in(&type->majors[k], need->range))
				newest = &type->majors[k];
		if (!type)
			checker_error(checker, &manifest->file, need->node,
				      "the type %.*s has no schema", STR_ARG(need->type));
		else if (!newest)
			checker_error(checker, &manifest->file, need->node,
				      "no schema of %.*s is in the range %.*s", STR_ARG(need->type),
				      STR_ARG(need->range_text));
		else if (newest->major == 0)
			check_range_of_zero(checker, manifest, need, newest);
	}
}

/* --- versions ----------------------------------------------------------------------- */

static void tell_minor(struct checker *checker, const struct catalog_schema *a,
		       const struct catalog_schema *b, const struct schema_reason *r)
{
	struct json_value at = json_pointer_get(json_file_root(&b->file), r->pointer);
	uint32_t node = json_is_absent(at) ? 0 : at.node;

	(r->undecided ? checker_warn : checker_error)(
		checker, &b->file, node,
		"%.*s cannot read all documents of %.*s, yet has the same major: %.*s at %.*s",
		STR_ARG(b->version_text), STR_ARG(a->version_text), STR_ARG(r->message),
		STR_ARG(r->pointer));
}

/* Minor and fix versions of one major must read what the one before them wrote. */
static int check_minors(struct checker *checker, const struct catalog_major *major,
			struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 1; i < major->schema_count && rc == 0; i++) {
		const struct catalog_schema *a = &major->schemas[i - 1], *b = a + 1;
		struct schema_diff diff;

		rc = schema_diff(&diff, a->schema, b->schema, checker->mem, error);
		if (rc)
			break;
		for (size_t k = 0; k < diff.reason_count; k++) {
			const struct schema_reason *r = &diff.reasons[k];

			if (r->breaks_backward)
				tell_minor(checker, a, b, r);
		}
		schema_diff_fini(&diff);
	}
	return rc;
}

/* Each supported major from the one before it, and back. */
static void check_reach(struct checker *checker, const struct catalog *catalog,
			const struct catalog_type *type)
{
	const struct catalog_major *before = NULL;

	for (size_t i = 0; i < type->major_count; i++) {
		const struct catalog_major *major = &type->majors[i];

		if (!major->supported)
			continue;
		if (before && (!catalog_program(catalog, type, before->major, major->major) ||
			       !catalog_program(catalog, type, major->major, before->major)))
			checker_error(checker, &major->schemas[0].file, 0,
				      "%.*s@%u cannot be reached from @%u: a lens is missing "
				      "between them",
				      STR_ARG(type->name), major->major, before->major);
		before = major;
	}
}

struct gap_ctx {
	struct checker *checker;
	const struct catalog_schema *schema;
};

static void on_gap(void *ctx, struct cf_str pointer, const char *why)
{
	struct gap_ctx *gap = ctx;
	struct json_value at = json_pointer_get(json_file_root(&gap->schema->file), pointer);

	checker_warn(gap->checker, &gap->schema->file, json_is_absent(at) ? 0 : at.node,
		     "no text is generated for %.*s (%s): give examples there, or the laws are not "
		     "tried on such values",
		     STR_ARG(pointer), why);
}

static void on_misspelt(void *ctx, struct json_value name, const char *meant)
{
	struct gap_ctx *gap = ctx;

	checker_warn(gap->checker, &gap->schema->file, name.node,
		     "\"%.*s\" is no keyword and says nothing; did you mean \"%s\"?",
		     STR_ARG(json_inner(name)), meant);
}

/* What the generated documents will not hold. */
static int check_gaps(struct checker *checker, const struct catalog_major *major,
		      struct cf_error *error)
{
	struct gap_ctx gap = {checker, &major->schemas[major->schema_count - 1]};

	for (size_t i = 0; i < major->schema_count; i++) {
		struct gap_ctx at = {checker, &major->schemas[i]};

		schema_find_misspelt(at.schema->schema, on_misspelt, &at);
	}
	return schema_generate_gaps(gap.schema->schema, checker->args->seed, on_gap, &gap, error);
}

static int check_type(struct checker *checker, const struct catalog *catalog,
		      const struct catalog_type *type, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < type->major_count && rc == 0; i++)
		rc = check_minors(checker, &type->majors[i], error);
	for (size_t i = 0; i < type->major_count && rc == 0; i++)
		rc = check_gaps(checker, &type->majors[i], error);
	if (rc == 0)
		check_reach(checker, catalog, type);
	return rc;
}

/* --- lenses --------------------------------------------------------------------------- */

struct lens_ctx {
	struct checker *checker;
	const char *path;
};

static void on_lens_finding(void *ctx, const struct lens_finding *finding)
{
	struct lens_ctx *at = ctx;

	checker_tell(at->checker, finding->warning, at->path, finding->line, finding->message);
}

/* By place. The schemas of all of them are there: without, there is no edge. */
static const struct schema **schemas_of(const struct checker *checker, struct lens_side side,
					const struct catalog_major *const *majors)
{
	const struct schema **list = mem_calloc(checker->mem, side.count, sizeof(*list));

	for (size_t i = 0; list && i < side.count; i++)
		list[i] = catalog_major_schema(majors[i]);
	return list;
}

/* Each lens starts anew, so that a seed means the same whatever else there is. */
static int prove_edge(struct bench *bench, const struct catalog_edge *edge)
{
	struct checker *checker = bench->checker;
	int rc;

	checker->lenses++;
	bench->rng.state = checker->args->seed;
	bench->words = words_new(checker->mem, checker->args->seed);
	rc = bench->words ? words_add(bench->words, edge->lens) : CF_ERR_NOMEM;
	if (rc == 0)
		rc = check_laws(bench, edge);
	bench->words = words_free(bench->words, checker->mem);
	return rc;
}

static int check_edge(struct bench *bench, const struct catalog_edge *edge, struct cf_error *error)
{
	struct checker *checker = bench->checker;
	const struct schema **older = schemas_of(checker, lens_older(edge->lens), edge->older);
	const struct schema **newer = schemas_of(checker, lens_newer(edge->lens), edge->newer);
	struct lens_ctx ctx = {checker, lens_file(edge->lens)->path};
	struct lens_report report = {on_lens_finding, &ctx};
	size_t faults = 0;
	int rc = older && newer ? lens_check_schemas(edge->lens, older, newer, checker->mem,
						     &report, error)
				: error_nomem(error);

	if (rc == 0)
		rc = lens_check_scripts(edge->lens, checker->mem, &report, &faults, error);

	/* What does not run on any document need not be tried on them. */
	if (rc == 0 && faults == 0 && prove_edge(bench, edge))
		rc = error_nomem(error);
	mem_free(checker->mem, newer);
	mem_free(checker->mem, older);
	return rc;
}

/* What is tried on generated documents. */
static int check_documents(struct checker *checker, const struct catalog *catalog,
			   struct cf_error *error)
{
	struct bench bench = {
		.checker = checker, .catalog = catalog, .worker = lens_worker_new(checker->mem)};
	int rc = bench.worker ? 0 : error_nomem(error);

	for (size_t i = 0; i < catalog->edge_count && rc == 0; i++)
		rc = check_edge(&bench, &catalog->edges[i], error);
	for (size_t i = 0; i < catalog->type_count && rc == 0; i++) {
		bench.rng.state = checker->args->seed;
		if (check_composition(&bench, &catalog->types[i]))
			rc = error_nomem(error);
	}
	lens_worker_free(bench.worker);
	return rc;
}

static int check_opened(struct checker *checker, const struct catalog *catalog,
			struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < catalog->manifest_count; i++)
		check_manifest(checker, catalog, &catalog->manifests[i]);
	/* Lenses are compiled only where everything could be read. */
	if (catalog->problem_count)
		return 0;
	for (size_t i = 0; i < catalog->type_count && rc == 0; i++)
		rc = check_type(checker, catalog, &catalog->types[i], error);
	return rc ? rc : check_documents(checker, catalog, error);
}

int catalog_check(const char *dir, const struct catalog_check_args *args,
		  struct catalog_checked *ret, const struct cf_mem *mem, struct cf_error *error)
{
	struct checker checker = {.args = args, .mem = mem, .dir = str_of(dir)};
	struct catalog *catalog;
	int rc;

	while (checker.dir.len > 1 && checker.dir.ptr[checker.dir.len - 1] == '/')
		checker.dir.len--;
	rc = catalog_open_with(&catalog, dir, on_problem, &checker, mem, error);
	if (rc)
		return rc;
	check_files(&checker);
	rc = check_opened(&checker, catalog, error);
	if (rc == 0)
		*ret = (struct catalog_checked){checker.errors, checker.lenses};
	catalog_close(catalog);
	return rc;
}
