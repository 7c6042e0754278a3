/* The folder: schemas, manifests and lenses, in the order of their names. */
#include "catalog/inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static int by_name(const void *a, const void *b)
{
	return str_compare(*(const struct cf_str *)a, *(const struct cf_str *)b);
}

static bool ends_with(struct cf_str s, const char *end)
{
	size_t len = strlen(end);

	return s.len > len && memcmp(s.ptr + s.len - len, end, len) == 0;
}

static bool is_catalog_file(struct cf_str name)
{
	return ends_with(name, ".json") || ends_with(name, ".yaml") || ends_with(name, ".yml");
}

/* A file's name without its ending. */
static struct cf_str stem_of(struct cf_str name)
{
	const char *dot = memrchr(name.ptr, '.', name.len);

	return (struct cf_str){name.ptr, dot ? (size_t)(dot - name.ptr) : name.len};
}

/* Whether a name of a folder is one of those that are read. What is named like a file
 * of a catalog must be one: a pipe there would be waited for. A link that leads
 * nowhere is told when it is read. */
static int wanted(struct catalog *catalog, struct cf_str path, const char *name, bool folders,
		  bool *ret, struct cf_error *error)
{
	struct cf_str full = arena_printf(&catalog->arena, "%.*s/%s", STR_ARG(path), name);
	struct cf_error problem;
	struct stat st;
	int failed;

	*ret = false;
	if (!full.ptr)
		return error_nomem(error);
	if (name[0] == '.')
		return 0;
	failed = stat(full.ptr, &st);
	if (folders) {
		*ret = !failed && S_ISDIR(st.st_mode);
		return 0;
	}
	*ret = is_catalog_file(str_of(name)) && (failed || S_ISREG(st.st_mode));
	if (*ret || !is_catalog_file(str_of(name)))
		return 0;
	error_set(&problem, CF_ERR_CATALOG, "not a file");
	error_at_file(&problem, full, 0);
	return catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
}

/* Files of one name that differ in their ending say the same thing twice: which of them
 * counts? The first stays. `names` are sorted. */
static int drop_doubles(struct catalog *catalog, struct cf_str path, struct cf_str *names,
			size_t *count, struct cf_error *error)
{
	struct cf_error problem;
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < *count && rc == 0; i++) {
		struct cf_str stem = stem_of(names[i]);
		size_t k = kept;

		/* What sorts between two of one stem begins with it, too. */
		while (k > 0 && str_starts_with(names[k - 1], stem) &&
		       !str_equal(stem_of(names[k - 1]), stem))
			k--;
		if (k == 0 || !str_equal(stem_of(names[k - 1]), stem)) {
			names[kept++] = names[i];
			continue;
		}
		error_set(&problem, CF_ERR_CATALOG, "%.*s says the same: one of the two must go",
			  STR_ARG(names[k - 1]));
		error_at_file(&problem,
			      arena_printf(&catalog->arena, "%.*s/%.*s", STR_ARG(path),
					   STR_ARG(names[i])),
			      0);
		rc = catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
	}
	*count = kept;
	return rc;
}

int catalog_list(struct catalog *catalog, struct cf_str path, bool folders, struct cf_str **ret,
		 size_t *ret_count, struct cf_error *error)
{
	DIR *dir = opendir(path.ptr);
	struct dirent *entry;
	struct cf_str *names = NULL;
	size_t count = 0, cap = 0;
	int rc = 0;

	*ret_count = 0;
	*ret = NULL;
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		error_set(error, CF_ERR_IO, "cannot be read: %s", strerrordesc_np(errno));
		error_at_file(error, path, 0);
		return CF_ERR_IO;
	}
	while (rc == 0 && (entry = readdir(dir))) {
		bool take;

		rc = wanted(catalog, path, entry->d_name, folders, &take, error);
		if (rc || !take)
			continue;
		if (count == cap) {
			struct cf_str *grown =
				arena_alloc(&catalog->arena, (cap * 2 + 16) * sizeof(*grown));

			if (grown && count)
				memcpy(grown, names, count * sizeof(*grown));
			names = grown;
			cap = cap * 2 + 16;
		}
		if (names)
			names[count] = arena_dup(&catalog->arena, str_of(entry->d_name));
		if (!names || !names[count++].ptr)
			rc = error_nomem(error);
	}
	closedir(dir);
	if (rc == 0 && count)
		qsort(names, count, sizeof(*names), by_name);
	if (rc == 0 && !folders)
		rc = drop_doubles(catalog, path, names, &count, error);
	*ret = names;
	*ret_count = count;
	return rc;
}

static struct cf_str join(struct catalog *catalog, struct cf_str a, struct cf_str b)
{
	return arena_printf(&catalog->arena, "%.*s/%.*s", STR_ARG(a), STR_ARG(b));
}

/* --- schemas ------------------------------------------------------------------------------ */

static int read_schema_file(struct catalog *catalog, struct cf_str path, struct cf_str stem,
			    struct catalog_schema *schema, struct cf_error *error)
{
	struct json_value root, version;
	struct cf_error why;
	struct cf_str text;
	int rc = json_file_load(&schema->file, path.ptr, catalog->mem, error);

	if (rc)
		return rc;
	root = json_file_root(&schema->file);
	version = json_member(root, STR("version"));
	if (json_kind(version) != JSON_STRING)
		return catalog_error(error, &schema->file, root,
				     "the schema's version is missing: \"version\": \"%.*s\"",
				     STR_ARG(stem));
	if (json_decode(version, &catalog->arena, &text))
		return error_nomem(error);
	schema->version_text = text;
	if (semver_parse(&schema->version, text, &why))
		return catalog_error(error, &schema->file, version, "%s", why.message);
	if (!str_equal(text, stem))
		return catalog_error(error, &schema->file, version,
				     "the version is %.*s, but the file is named %.*s",
				     STR_ARG(text), STR_ARG(stem));
	return 0;
}

static int by_version(const void *a, const void *b)
{
	const struct catalog_schema *x = a, *y = b;

	return semver_compare(&x->version, &y->version);
}

/* Schemas that no major holds are nobody's to release later. */
static int drop_schemas(struct catalog_schema *schemas, size_t count, int rc)
{
	for (size_t i = 0; i < count; i++)
		json_file_fini(&schemas[i].file);
	return rc;
}

/* Majors are runs of schemas with one major, ascending. */
static int make_majors(struct catalog *catalog, struct catalog_type *type,
		       struct catalog_schema *schemas, size_t count, struct cf_error *error)
{
	qsort(schemas, count, sizeof(*schemas), by_version);
	type->majors = arena_calloc(&catalog->arena, count, sizeof(*type->majors));
	if (!type->majors)
		return drop_schemas(schemas, count, error_nomem(error));
	for (size_t i = 0; i < count; i++) {
		struct catalog_major *major =
			type->major_count ? &type->majors[type->major_count - 1] : NULL;

		if (!major || major->major != schemas[i].version.major) {
			if (type->major_count == LIMIT_MAJORS ||
			    schemas[i].version.major > UINT32_MAX) {
				catalog_error(error, &schemas[i].file,
					      json_file_root(&schemas[i].file),
					      "more than %d majors", LIMIT_MAJORS);
				return drop_schemas(schemas + i, count - i, CF_ERR_CATALOG);
			}
			major = &type->majors[type->major_count++];
			*major = (struct catalog_major){.major = (uint32_t)schemas[i].version.major,
							.supported = true,
							.schemas = &schemas[i]};
		}
		major->schema_count++;
	}
	return 0;
}

static bool is_type_name(struct cf_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];

		if (c <= 0x20 || c == '@' || c == ':' || c == '/' || c == '"' || c == '\\' ||
		    c == '#')
			return false;
	}
	return name.len > 0 && name.ptr[0] != '_';
}

static int read_type(struct catalog *catalog, struct cf_str folder, struct cf_str name,
		     struct cf_error *error)
{
	struct cf_str path = join(catalog, folder, name), *files;
	struct catalog_type *type = &catalog->types[catalog->type_count];
	struct catalog_schema *schemas;
	struct cf_error problem;
	size_t count, read = 0;
	int rc = catalog_list(catalog, path, false, &files, &count, error);

	if (rc || count == 0)
		return rc;
	if (!is_type_name(name)) {
		error_set(&problem, CF_ERR_CATALOG,
			  "a type's name must not hold spaces, quotes or any of @ : / # \\");
		error_at_file(&problem, path, 0);
		return catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
	}
	schemas = arena_calloc(&catalog->arena, count, sizeof(*schemas));
	if (!schemas)
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = read_schema_file(catalog, join(catalog, path, files[i]), stem_of(files[i]),
				      &schemas[read], &problem);
		if (rc == 0) {
			read++;
			continue;
		}
		json_file_fini(&schemas[read].file);
		rc = catalog_problem(catalog, rc, &problem, error);
	}
	if (rc == 0 && read && str_equal(name, STR(CATALOG_SUPPORT_TYPE))) {
		catalog_error(&problem, &schemas[0].file, json_file_root(&schemas[0].file),
			      "the type " CATALOG_SUPPORT_TYPE
			      " is taken: its documents tell apps what is supported");
		rc = catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
	}
	if (rc || read == 0)
		return drop_schemas(schemas, read, rc);
	*type = (struct catalog_type){.name = name, .index = catalog->type_count++};
	return make_majors(catalog, type, schemas, read, error);
}

/* Calls `each` for every schema of the catalog. */
static int each_schema(struct catalog *catalog,
		       int (*each)(struct catalog *catalog, struct catalog_schema *schema,
				   struct cf_error *error),
		       struct cf_error *error)
{
	struct cf_error problem;
	int rc = 0;

	for (size_t i = 0; i < catalog->type_count; i++) {
		struct catalog_type *type = &catalog->types[i];

		for (size_t k = 0; k < type->major_count; k++) {
			struct catalog_major *major = &type->majors[k];

			major->type = type;
			for (size_t n = 0; n < major->schema_count && rc == 0; n++) {
				rc = each(catalog, &major->schemas[n], &problem);
				if (rc)
					rc = catalog_problem(catalog, rc, &problem, error);
			}
		}
	}
	return rc;
}

/* By its $id, so that other schemas of the catalog can refer to it. */
static int name_schema(struct catalog *catalog, struct catalog_schema *schema,
		       struct cf_error *error)
{
	struct json_value root = json_file_root(&schema->file);
	struct json_value id = json_member(root, STR("$id"));

	return json_kind(id) == JSON_STRING
		       ? schema_set_add(catalog->set, json_inner(id), root, error)
		       : 0;
}

static int compile_schema(struct catalog *catalog, struct catalog_schema *schema,
			  struct cf_error *error)
{
	struct json_value root = json_file_root(&schema->file), at;
	int rc = schema_compile(&schema->schema, catalog->set, root, STR(""), SCHEMA_ASSERT_FORMAT,
				catalog->mem, error);

	if (rc && !error->file[0]) {
		at = json_pointer_get(root, str_of(error->pointer));
		error_at_file(error, str_of(schema->file.path),
			      json_file_line(&schema->file, json_is_absent(at) ? 0 : at.node));
	}
	return rc;
}

int catalog_read_schemas(struct catalog *catalog, struct cf_error *error)
{
	struct cf_str folder = join(catalog, catalog->dir, STR("schemas")), *names;
	size_t count;
	int rc = catalog_list(catalog, folder, true, &names, &count, error);

	if (rc)
		return rc;
	if (count == 0 || count > LIMIT_TYPES) {
		if (count)
			error_set(error, CF_ERR_CATALOG, "more than %d types", LIMIT_TYPES);
		else
			error_set(error, CF_ERR_CATALOG,
				  "no schemas: a folder for each type is expected here");
		error_at_file(error, folder, 0);
		return CF_ERR_CATALOG;
	}
	catalog->types = arena_calloc(&catalog->arena, count, sizeof(*catalog->types));
	if (!catalog->types)
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = read_type(catalog, folder, names[i], error);
	if (rc == 0)
		rc = each_schema(catalog, name_schema, error);
	return rc ? rc : each_schema(catalog, compile_schema, error);
}

/* --- manifests -------------------------------------------------------------------------------- */

static int read_manifest(struct catalog *catalog, struct cf_str path, struct cf_str stem,
			 struct cf_error *error)
{
	struct manifest *manifest = &catalog->manifests[catalog->manifest_count];
	struct json_file file;
	int rc = json_file_load(&file, path.ptr, catalog->mem, error);

	if (rc)
		return rc;
	rc = manifest_read(manifest, &file, error);
	if (rc) {
		json_file_fini(&file);
		return rc;
	}
	catalog->manifest_count++;
	if (!str_equal(manifest->version_text, stem))
		return catalog_error(error, &manifest->file,
				     json_member(json_file_root(&manifest->file), STR("version")),
				     "the version is %.*s, but the file is named %.*s",
				     STR_ARG(manifest->version_text), STR_ARG(stem));
	return 0;
}

int catalog_read_manifests(struct catalog *catalog, struct cf_error *error)
{
	struct cf_str folder = join(catalog, catalog->dir, STR("manifests")), *names;
	struct cf_error problem;
	size_t count;
	int rc = catalog_list(catalog, folder, false, &names, &count, error);

	if (rc == 0)
		catalog->manifests =
			arena_calloc(&catalog->arena, count, sizeof(*catalog->manifests));
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = read_manifest(catalog, join(catalog, folder, names[i]), stem_of(names[i]),
				   &problem);
		if (rc)
			rc = catalog_problem(catalog, rc, &problem, error);
	}
	return rc;
}

/* --- lenses --------------------------------------------------------------------------------------
 */

static int read_lens(struct catalog *catalog, struct cf_str path, struct cf_error *error)
{
	struct catalog_lens *lens = arena_calloc(&catalog->arena, 1, sizeof(*lens));
	int rc = lens ? json_file_load(&lens->file, path.ptr, catalog->mem, error)
		      : error_nomem(error);

	if (rc)
		return rc;
	catalog->lenses[catalog->lens_count++] = lens;
	rc = lens_read(&lens->lens, &lens->file, catalog->mem, error);
	if (rc == 0 && lens_older(lens->lens).places[0].type.len == 0)
		rc = catalog_error(error, &lens->file, json_file_root(&lens->file),
				   "from and to are missing");
	return rc;
}

int catalog_read_lenses(struct catalog *catalog, struct cf_error *error)
{
	struct cf_str folder = join(catalog, catalog->dir, STR("lenses")), *types;
	struct cf_error problem;
	size_t type_count;
	int rc = catalog_list(catalog, folder, true, &types, &type_count, error);

	for (size_t i = 0; i < type_count && rc == 0; i++) {
		struct cf_str path = join(catalog, folder, types[i]), *names;
		struct catalog_lens **grown;
		size_t count;

		rc = catalog_list(catalog, path, false, &names, &count, error);
		if (rc)
			return rc;
		grown = arena_calloc(&catalog->arena, catalog->lens_count + count, sizeof(*grown));
		if (!grown)
			return error_nomem(error);
		if (catalog->lens_count)
			memcpy(grown, catalog->lenses, catalog->lens_count * sizeof(*grown));
		catalog->lenses = grown;
		for (size_t k = 0; k < count && rc == 0; k++) {
			rc = read_lens(catalog, join(catalog, path, names[k]), &problem);
			if (rc)
				rc = catalog_problem(catalog, rc, &problem, error);
		}
	}
	return rc;
}
