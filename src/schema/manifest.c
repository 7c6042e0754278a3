/* Manifests: {"name", "version", "dependencies": {TYPE: RANGE}}, as npm has them.
 * Other members are let be. */
#include "schema/schema.h"

static int wrong(const struct json_file *file, struct json_value at, struct cf_error *error,
		 const char *reason)
{
	error_set(error, CF_ERR_CATALOG, "%s", reason);
	error_at_file(error, str_of(file->path),
		      json_file_line(file, json_is_absent(at) ? 0 : at.node));
	return CF_ERR_CATALOG;
}

/* A member that is a string, decoded into the manifest's arena. */
static int read_string(struct manifest *m, const struct json_file *file, const char *name,
		       struct cf_str *ret, struct cf_error *error)
{
	struct json_value at = json_member(json_file_root(file), str_of(name));
	struct cf_str text, copy;

	if (json_kind(at) != JSON_STRING) {
		error_set(error, CF_ERR_CATALOG, "a manifest has a \"%s\", a string", name);
		error_at_file(error, str_of(file->path),
			      json_file_line(file, json_is_absent(at) ? 0 : at.node));
		return CF_ERR_CATALOG;
	}
	if (json_decode(at, &m->arena, &text) || !(copy = arena_dup(&m->arena, text)).ptr)
		return error_nomem(error);
	*ret = copy;
	return 0;
}

static int read_dependency(struct manifest *m, const struct json_file *file,
			   const struct json_iter *it, struct cf_error *error)
{
	struct manifest_dependency *d = &m->dependencies[m->dependency_count];
	struct cf_str text;
	int rc;

	if (json_kind(it->value) != JSON_STRING)
		return wrong(file, it->value, error, "a dependency's range is a string");
	if (json_decode(it->name, &m->arena, &text) ||
	    !(d->type = arena_dup(&m->arena, text)).ptr ||
	    json_decode(it->value, &m->arena, &text) ||
	    !(d->range_text = arena_dup(&m->arena, text)).ptr)
		return error_nomem(error);
	d->node = it->value.node;
	rc = semver_range_parse(&d->range, d->range_text, m->arena.mem, error);
	if (rc == CF_ERR_SYNTAX)
		return wrong(file, it->value, error, "this is not a range of versions");
	if (rc == 0)
		m->dependency_count++;
	return rc;
}

static int read_manifest(struct manifest *m, const struct json_file *file, struct cf_error *error)
{
	struct json_value root = json_file_root(file);
	struct json_value list = json_member(root, STR("dependencies"));
	struct json_iter it = json_iter(list);
	int rc;

	if (json_kind(root) != JSON_OBJECT)
		return wrong(file, root, error, "a manifest is an object");
	rc = read_string(m, file, "name", &m->name, error);
	if (rc == 0)
		rc = read_string(m, file, "version", &m->version_text, error);
	if (rc)
		return rc;
	if (semver_parse(&m->version, m->version_text, NULL))
		return wrong(file, json_member(root, STR("version")), error,
			     "this is not a version like 1.2.3");
	if (json_is_absent(list))
		return 0;
	if (json_kind(list) != JSON_OBJECT)
		return wrong(file, list, error, "\"dependencies\" is an object of ranges");
	if (json_count(list) > LIMIT_TYPES)
		return wrong(file, list, error, "more dependencies than a catalog may have types");
	m->dependencies = arena_calloc(&m->arena, json_count(list) + 1, sizeof(*m->dependencies));
	if (!m->dependencies)
		return error_nomem(error);
	while (rc == 0 && json_next(&it))
		rc = read_dependency(m, file, &it, error);
	return rc;
}

int manifest_read(struct manifest *manifest, struct json_file *take_file, struct cf_error *error)
{
	struct manifest m = {0};
	int rc;

	arena_init(&m.arena, take_file->mem);
	rc = read_manifest(&m, take_file, error);
	if (rc) {
		manifest_fini(&m);
		return rc;
	}
	m.file = *take_file;
	*take_file = (struct json_file){.mem = m.file.mem};
	json_doc_init(&take_file->doc, m.file.mem);
	buf_init(&take_file->text, m.file.mem);
	*manifest = m;
	return 0;
}

void manifest_fini(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->dependency_count; i++)
		semver_range_free(manifest->dependencies[i].range);
	if (manifest->file.mem)
		json_file_fini(&manifest->file);
	arena_fini(&manifest->arena);
	*manifest = (struct manifest){0};
}
