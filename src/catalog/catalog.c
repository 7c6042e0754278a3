/* Opening a catalog, and looking into it. */
#include "catalog/inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

int catalog_error(struct cf_error *error, const struct json_file *file, struct json_value at,
		  const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(error, CF_ERR_CATALOG, "%s", text);
	error_at_file(error, str_of(file->path),
		      json_file_line(file, json_is_absent(at) ? 0 : at.node));
	return CF_ERR_CATALOG;
}

int catalog_problem(struct catalog *catalog, int code, const struct cf_error *problem,
		    struct cf_error *error)
{
	catalog->problem_count++;
	if (catalog->problem && code != CF_ERR_NOMEM) {
		catalog->problem(catalog->problem_ctx, problem);
		return 0;
	}
	if (error)
		*error = *problem;
	return code;
}

/* --- opening --------------------------------------------------------------------------- */

static int id_frame(void *ctx, struct cf_str type, uint32_t major, bool singleton,
		    struct cf_buf *prefix, struct cf_buf *suffix)
{
	const struct catalog *catalog = ctx;
	const struct id_grammar *g = id_grammar_of(catalog, type, major);
	const struct id_piece *pieces = singleton ? g->single : g->pieces;
	size_t count = singleton ? g->single_count : g->count;
	struct cf_buf *out = prefix;

	for (size_t i = 0; i < count; i++) {
		if (pieces[i].kind == ID_KEY)
			out = suffix;
		else if (pieces[i].kind == ID_MAJOR)
			buf_printf(out, "%u", major);
		else
			buf_str(out, pieces[i].kind == ID_TYPE ? type : pieces[i].literal);
	}
	return prefix->failed || suffix->failed ? CF_ERR_NOMEM : 0;
}

static struct cf_str version_text(void *ctx, struct cf_str type_name, uint32_t number)
{
	const struct catalog_type *type = catalog_type(ctx, type_name);
	const struct catalog_major *major = type ? catalog_major(type, number) : NULL;

	return major ? major->schemas[major->schema_count - 1].version_text : STR("");
}

static int load_config(struct catalog *catalog, struct cf_error *error)
{
	static const char *const names[] = {"catalog.yaml", "catalog.yml", "catalog.json"};
	struct cf_error problem;
	const char *found = NULL;
	struct stat st;
	int rc = 0;

	if (stat(catalog->dir.ptr, &st) != 0 || !S_ISDIR(st.st_mode)) {
		error_set(error, CF_ERR_CATALOG, "%s",
			  errno == ENOENT ? "no such folder" : "not a folder");
		error_at_file(error, catalog->dir, 0);
		return CF_ERR_CATALOG;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct cf_str path =
			arena_printf(&catalog->arena, "%.*s/%s", STR_ARG(catalog->dir), names[i]);

		if (!path.ptr)
			return error_nomem(error);
		if (stat(path.ptr, &st) != 0)
			continue;
		if (found) {
			error_set(&problem, CF_ERR_CATALOG,
				  "%s says the same: one of the two must go", found);
			error_at_file(&problem, path, 0);
			rc = catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
		} else {
			found = names[i];
			rc = json_file_load(&catalog->config, path.ptr, catalog->mem, error);
		}
		if (rc)
			return rc;
	}
	if (found)
		return 0;
	error_set(error, CF_ERR_CATALOG, "catalog.yaml is missing: this is not a catalog");
	error_at_file(error, catalog->dir, 0);
	return CF_ERR_CATALOG;
}

static int load(struct catalog *catalog, struct cf_error *error)
{
	struct cf_error problem;
	int rc = load_config(catalog, error);

	if (rc)
		return rc;
	rc = catalog_read_config(catalog, &problem);
	if (rc)
		rc = catalog_problem(catalog, rc, &problem, error);
	if (rc == 0)
		rc = catalog_read_schemas(catalog, error);
	if (rc == 0)
		rc = id_grammar_check(catalog, error);
	if (rc == 0)
		rc = catalog_read_own_ids(catalog, error);
	if (rc == 0)
		rc = catalog_read_supported(catalog, error);
	if (rc == 0)
		rc = catalog_read_manifests(catalog, error);
	if (rc == 0)
		rc = catalog_read_lenses(catalog, error);
	/* Programs are made only of what was read whole. */
	if (rc == 0 && catalog->problem_count == 0)
		rc = catalog_build_edges(catalog, error);
	return rc;
}

static void find_id(struct catalog_major *major)
{
	struct json_value root = json_file_root(&major->schemas[major->schema_count - 1].file);
	struct json_value required = json_member(root, STR("required"));
	struct json_iter it = json_iter(required);

	major->names_id =
		!json_is_absent(json_member(json_member(root, STR("properties")), STR("_id")));
	while (json_kind(required) == JSON_ARRAY && json_next(&it))
		major->names_id = major->names_id || (json_kind(it.value) == JSON_STRING &&
						      str_equal(json_inner(it.value), STR("_id")));
}

int catalog_open_with(struct catalog **ret, const char *dir,
		      void (*problem)(void *ctx, const struct cf_error *error), void *ctx,
		      const struct cf_mem *mem, struct cf_error *error)
{
	struct catalog *catalog = mem_calloc(mem, 1, sizeof(*catalog));
	size_t len = strlen(dir);
	int rc;

	if (!catalog)
		return error_nomem(error);
	catalog->mem = mem;
	catalog->problem = problem;
	catalog->problem_ctx = ctx;
	catalog->identity.id_frame = id_frame;
	catalog->identity.version_text = version_text;
	catalog->identity.ctx = catalog;
	arena_init(&catalog->arena, mem);
	catalog->config.mem = mem;
	while (len > 1 && dir[len - 1] == '/')
		len--;
	catalog->dir = arena_dup(&catalog->arena, (struct cf_str){dir, len});
	catalog->set = schema_set_new(mem);
	rc = catalog->dir.ptr && catalog->set ? load(catalog, error) : error_nomem(error);
	if (rc) {
		catalog_close(catalog);
		return rc;
	}
	for (size_t i = 0; i < catalog->type_count; i++)
		for (size_t k = 0; k < catalog->types[i].major_count; k++)
			find_id(&catalog->types[i].majors[k]);
	*ret = catalog;
	return 0;
}

int catalog_open(struct catalog **ret, const char *dir, const struct cf_mem *mem,
		 struct cf_error *error)
{
	return catalog_open_with(ret, dir, NULL, NULL, mem, error);
}

static void free_type(struct catalog_type *type)
{
	for (size_t i = 0; i < type->major_count; i++) {
		for (size_t k = 0; k < type->majors[i].schema_count; k++) {
			schema_free(type->majors[i].schemas[k].schema);
			json_file_fini(&type->majors[i].schemas[k].file);
		}
	}
}

struct catalog *catalog_close(struct catalog *catalog)
{
	const struct cf_mem *mem;

	if (!catalog)
		return NULL;
	mem = catalog->mem;
	catalog_free_edges(catalog);
	for (size_t i = 0; i < catalog->lens_count; i++) {
		lens_free(catalog->lenses[i]->lens);
		json_file_fini(&catalog->lenses[i]->file);
	}
	for (size_t i = 0; i < catalog->manifest_count; i++)
		manifest_fini(&catalog->manifests[i]);
	for (size_t i = 0; i < catalog->type_count; i++)
		free_type(&catalog->types[i]);
	schema_set_free(catalog->set);
	json_file_fini(&catalog->config);
	arena_fini(&catalog->arena);
	mem_free(mem, catalog);
	return NULL;
}

/* --- looking ------------------------------------------------------------------------------- */

const struct schema *catalog_major_schema(const struct catalog_major *major)
{
	return major->schemas[major->schema_count - 1].schema;
}

struct cf_str catalog_name(const struct catalog *catalog)
{
	return catalog->name;
}

size_t catalog_types(const struct catalog *catalog, const struct catalog_type **ret)
{
	*ret = catalog->types;
	return catalog->type_count;
}

const struct catalog_type *catalog_type(const struct catalog *catalog, struct cf_str name)
{
	for (size_t i = 0; i < catalog->type_count; i++)
		if (str_equal(catalog->types[i].name, name))
			return &catalog->types[i];
	return NULL;
}

const struct catalog_major *catalog_major(const struct catalog_type *type, uint32_t major)
{
	for (size_t i = 0; i < type->major_count; i++)
		if (type->majors[i].major == major)
			return &type->majors[i];
	return NULL;
}

size_t catalog_edges(const struct catalog *catalog, const struct catalog_edge **ret)
{
	*ret = catalog->edges;
	return catalog->edge_count;
}

size_t catalog_manifests(const struct catalog *catalog, const struct manifest **ret)
{
	*ret = catalog->manifests;
	return catalog->manifest_count;
}

const struct catalog_conflicts *catalog_conflicts(const struct catalog *catalog)
{
	return &catalog->conflicts;
}

const struct lens_identity *catalog_identity(const struct catalog *catalog)
{
	return &catalog->identity;
}

bool catalog_version_in_id(const struct catalog *catalog)
{
	return catalog->grammar.has_major;
}

const struct lens_program *catalog_program(const struct catalog *catalog,
					   const struct catalog_type *type, uint32_t from,
					   uint32_t to)
{
	const struct catalog_major *a = catalog_major(type, from), *b = catalog_major(type, to);

	if (!a || !b || !catalog->programs)
		return NULL;
	return catalog->programs[type->index][(size_t)(a - type->majors) * type->major_count +
					      (size_t)(b - type->majors)];
}

/* --- validating --------------------------------------------------------------------------------
 */

static bool has_meta(struct json_value document)
{
	struct json_iter it = json_iter(document);

	while (json_next(&it))
		if (json_inner(it.name).len && json_inner(it.name).ptr[0] == '_')
			return true;
	return false;
}

/* "_id":ID, as the first member. */
static int show_id(const struct catalog *catalog, const struct catalog_id *id, struct cf_buf *out)
{
	struct cf_buf text;
	int rc;

	buf_init(&text, catalog->mem);
	rc = catalog_format_id(catalog, id->type->name, id->major_number, id->key, id->singleton,
			       &text);
	buf_str(out, STR("\"_id\":"));
	if (rc == 0)
		rc = json_write_string(buf_view(&text), out);
	buf_fini(&text);
	return rc;
}

/* The document as its schema is to see it: without the members that are the store's. */
static int for_schema(const struct catalog *catalog, const struct catalog_id *id,
		      struct json_value document, struct cf_buf *out)
{
	struct json_iter it = json_iter(document);

	buf_byte(out, '{');
	if (id->major->names_id && show_id(catalog, id, out))
		return CF_ERR_NOMEM;
	while (json_next(&it)) {
		if (json_inner(it.name).len && json_inner(it.name).ptr[0] == '_')
			continue;
		if (out->len > 1)
			buf_byte(out, ',');
		buf_str(out, json_span(it.name));
		buf_byte(out, ':');
		json_write(it.value, out);
	}
	return buf_byte(out, '}');
}

int catalog_validate(const struct catalog *catalog, const struct catalog_id *id,
		     struct json_value document, const struct schema_report *report,
		     struct cf_error *error)
{
	const struct schema *schema = catalog_major_schema(id->major);
	struct json_doc doc;
	struct cf_buf text;
	int rc;

	if (!id_is_recognised(catalog, id->major, document))
		return error_set(
			error, CF_ERR_INVALID,
			"nothing in it says that it is %.*s@%u: no rule of recognise holds",
			STR_ARG(id->type->name), id->major_number);
	if (!has_meta(document) && !(id->major->names_id && json_kind(document) == JSON_OBJECT))
		return schema_validate(schema, document, report, error);
	json_doc_init(&doc, catalog->mem);
	buf_init(&text, catalog->mem);
	rc = for_schema(catalog, id, document, &text) ? error_nomem(error) : 0;
	if (rc == 0)
		rc = json_read(&doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);
	if (rc == 0)
		rc = schema_validate(schema, json_root(&doc), report, error);
	buf_fini(&text);
	json_doc_fini(&doc);
	return rc;
}
