/* Lenses become edges between majors, and programs between any two of a type. */
#include "catalog/inside.h"

static const struct catalog_major *place_major(const struct catalog *catalog,
					       const struct lens_place *place)
{
	const struct catalog_type *type = catalog_type(catalog, place->type);

	return type ? catalog_major(type, place->major) : NULL;
}

/* --- edges -------------------------------------------------------------------------------- */

static int find_majors(struct catalog *catalog, const struct lens *lens, struct lens_side side,
		       const struct catalog_major ***ret, struct cf_error *error)
{
	*ret = arena_calloc(&catalog->arena, side.count, sizeof(**ret));
	if (!*ret)
		return error_nomem(error);
	for (size_t i = 0; i < side.count; i++) {
		(*ret)[i] = place_major(catalog, &side.places[i]);
		if (!(*ret)[i])
			return catalog_error(
				error, lens_file(lens), json_file_root(lens_file(lens)),
				"%s %.*s@%u, which has no schema", i ? "a part is" : "a lens for",
				STR_ARG(side.places[i].type), side.places[i].major);
	}
	return 0;
}

static int add_edge(struct catalog *catalog, const struct lens *lens, struct cf_error *error)
{
	struct catalog_edge *edge = &catalog->edges[catalog->edge_count];
	const struct json_file *file = lens_file(lens);
	int rc;

	*edge = (struct catalog_edge){.lens = lens};
	rc = find_majors(catalog, lens, lens_older(lens), &edge->older, error);
	if (rc == 0)
		rc = find_majors(catalog, lens, lens_newer(lens), &edge->newer, error);
	if (rc)
		return rc;
	if (edge->older[0]->type != edge->newer[0]->type)
		return catalog_error(error, file, json_file_root(file),
				     "a lens stays within its type: %.*s, not %.*s",
				     STR_ARG(edge->older[0]->type->name),
				     STR_ARG(edge->newer[0]->type->name));
	if (edge->older[0]->major >= edge->newer[0]->major)
		return catalog_error(error, file, json_file_root(file),
				     "a lens leads from an older version to a newer one: the "
				     "lenses would go round in a cycle");
	for (size_t i = 0; i < catalog->edge_count; i++)
		if (catalog->edges[i].newer[0] == edge->newer[0])
			return catalog_error(error, file, json_file_root(file),
					     "%.*s@%u is made by another lens, too: %s",
					     STR_ARG(edge->newer[0]->type->name),
					     edge->newer[0]->major,
					     lens_file(catalog->edges[i].lens)->path);
	catalog->edge_count++;
	return 0;
}

/* Older majors first; of types, those whose lenses make parts of others. */
static void sort_edges(struct catalog *catalog)
{
	for (size_t pass = 0; pass < catalog->edge_count; pass++) {
		for (size_t i = 0; i + 1 < catalog->edge_count; i++) {
			struct catalog_edge *a = &catalog->edges[i], *b = a + 1, swap;
			bool after = a->older[0]->type == b->older[0]->type &&
				     a->older[0]->major > b->older[0]->major;

			for (size_t k = 1; k < lens_newer(b->lens).count; k++)
				after = after || b->newer[k] == a->older[0];
			if (after) {
				swap = *a;
				*a = *b;
				*b = swap;
			}
		}
	}
}

/* --- programs -------------------------------------------------------------------------------- */

static const struct schema **schemas_of(struct catalog *catalog, struct lens_side side)
{
	const struct schema **schemas = arena_calloc(&catalog->arena, side.count, sizeof(*schemas));

	for (size_t i = 0; schemas && i < side.count; i++) {
		const struct catalog_major *major = place_major(catalog, &side.places[i]);

		schemas[i] = major ? catalog_major_schema(major) : NULL;
	}
	return schemas;
}

/* Its outputs are known only when it is compiled: then once more, with schemas. */
static int compile(struct catalog *catalog, const struct lens_link *links, size_t count,
		   struct lens_program **ret, struct cf_error *error)
{
	struct lens_options options = {.identity = &catalog->identity};
	const struct schema **schemas;
	struct lens_program *first;
	int rc = lens_compile(&first, links, count, &options, catalog->mem, error);

	if (rc)
		return rc;
	schemas = schemas_of(catalog, lens_program_outputs(first));
	lens_program_free(first);
	if (!schemas)
		return error_nomem(error);
	options.target_schemas = schemas;
	return lens_compile(ret, links, count, &options, catalog->mem, error);
}

/* The edge that makes this major out of an older one. */
static const struct catalog_edge *edge_to(const struct catalog *catalog,
					  const struct catalog_major *newer)
{
	for (size_t i = 0; i < catalog->edge_count; i++)
		if (catalog->edges[i].newer[0] == newer)
			return &catalog->edges[i];
	return NULL;
}

static struct lens_link link_of(const struct catalog_edge *edge)
{
	return (struct lens_link){.lens = edge->lens,
				  .older = catalog_major_schema(edge->older[0])};
}

/* The links from one major up to another; 0: there is no way. */
static size_t find_chain(const struct catalog *catalog, const struct catalog_major *from,
			 const struct catalog_major *to, struct lens_link *links)
{
	size_t count = 0;

	while (to != from && count < LIMIT_LENS_CHAIN) {
		const struct catalog_edge *edge = edge_to(catalog, to);

		if (!edge)
			return 0;
		links[count++] = link_of(edge);
		to = edge->older[0];
	}
	if (to != from)
		return 0;
	for (size_t i = 0; i < count / 2; i++) {
		struct lens_link swap = links[i];

		links[i] = links[count - 1 - i];
		links[count - 1 - i] = swap;
	}
	return count;
}

static int build_pair(struct catalog *catalog, const struct catalog_type *type, size_t from,
		      size_t to, struct cf_error *error)
{
	struct lens_link up[LIMIT_LENS_CHAIN], down[LIMIT_LENS_CHAIN];
	struct lens_program **programs = catalog->programs[type->index];
	size_t count = find_chain(catalog, &type->majors[from], &type->majors[to], up);
	int rc;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		down[i] = up[count - 1 - i];
		down[i].down = true;
	}
	rc = compile(catalog, up, count, &programs[from * type->major_count + to], error);
	if (rc == 0)
		rc = compile(catalog, down, count, &programs[to * type->major_count + from], error);
	return rc;
}

static int build_programs(struct catalog *catalog, struct cf_error *error)
{
	struct cf_error problem;
	int rc = 0;

	catalog->programs =
		arena_calloc(&catalog->arena, catalog->type_count, sizeof(*catalog->programs));
	if (!catalog->programs)
		return error_nomem(error);
	for (size_t i = 0; i < catalog->type_count; i++) {
		const struct catalog_type *type = &catalog->types[i];
		size_t n = type->major_count;

		catalog->programs[i] =
			arena_calloc(&catalog->arena, n * n + 1, sizeof(**catalog->programs));
		if (!catalog->programs[i])
			return error_nomem(error);
		for (size_t from = 0; from < n && rc == 0; from++) {
			for (size_t to = from + 1; to < n && rc == 0; to++) {
				rc = build_pair(catalog, type, from, to, &problem);
				if (rc)
					rc = catalog_problem(catalog, rc, &problem, error);
			}
		}
	}
	return rc;
}

int catalog_build_edges(struct catalog *catalog, struct cf_error *error)
{
	struct cf_error problem;
	int rc = 0;

	catalog->edges =
		arena_calloc(&catalog->arena, catalog->lens_count, sizeof(*catalog->edges));
	if (!catalog->edges)
		return error_nomem(error);
	for (size_t i = 0; i < catalog->lens_count && rc == 0; i++) {
		if (!catalog->lenses[i]->lens)
			continue;
		rc = add_edge(catalog, catalog->lenses[i]->lens, &problem);
		if (rc)
			rc = catalog_problem(catalog, rc, &problem, error);
	}
	sort_edges(catalog);
	for (size_t i = 0; i < catalog->edge_count && rc == 0; i++) {
		struct catalog_edge *edge = &catalog->edges[i];
		struct lens_link link = link_of(edge);

		rc = compile(catalog, &link, 1, &edge->up, &problem);
		link.down = true;
		if (rc == 0)
			rc = compile(catalog, &link, 1, &edge->down, &problem);
		if (rc)
			rc = catalog_problem(catalog, rc, &problem, error);
	}
	return rc ? rc : build_programs(catalog, error);
}

void catalog_free_edges(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->edge_count; i++) {
		lens_program_free(catalog->edges[i].up);
		lens_program_free(catalog->edges[i].down);
	}
	for (size_t i = 0; catalog->programs && i < catalog->type_count; i++) {
		size_t n = catalog->types[i].major_count;

		for (size_t k = 0; catalog->programs[i] && k < n * n; k++)
			lens_program_free(catalog->programs[i][k]);
	}
}
