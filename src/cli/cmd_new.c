/* new: the next version of a type: its schema to be changed, and a lens to be filled in. */
#include "catalog/catalog.h"
#include "cli/draft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct maker {
	struct cli *cli;
	const char *dir;
	struct catalog *catalog;
	const struct catalog_type *type;
	const struct catalog_major *older;
	uint32_t major;
};

/* --- what is asked for ---------------------------------------------------------------- */

static int find_older(struct maker *m, struct cf_error *error)
{
	for (size_t i = 0; i < m->type->major_count; i++) {
		if (m->type->majors[i].major >= m->major)
			return error_set(error, CF_ERR_PRECONDITION,
					 "%.*s@%u is there already: the next one is %.*s@%u",
					 STR_ARG(m->type->name), m->type->majors[i].major,
					 STR_ARG(m->type->name),
					 m->type->majors[m->type->major_count - 1].major + 1);
		m->older = &m->type->majors[i];
	}
	return 0;
}

static int read_name(struct maker *m, struct cf_error *error)
{
	const char *text = m->cli->args[0], *sign = strrchr(text, '@');
	char *end = NULL;
	unsigned long major = sign ? strtoul(sign + 1, &end, 10) : 0;

	if (!sign || sign == text || end == sign + 1 || *end || major > 1000000)
		return error_set(error, CF_ERR_USAGE, "%s must be TYPE@MAJOR", text);
	m->major = (uint32_t)major;
	m->type = catalog_type(m->catalog, (struct cf_str){text, (size_t)(sign - text)});
	if (!m->type)
		return error_set(error, CF_ERR_NOT_FOUND, "the catalog has no type %.*s",
				 (int)(sign - text), text);
	return find_older(m, error);
}

/* --- the schema ----------------------------------------------------------------------- */

static int read_text(const char *path, struct cf_buf *out, struct cf_error *error)
{
	FILE *file = fopen(path, "re");
	char part[4096];
	size_t got;

	while (file && (got = fread(part, 1, sizeof(part), file)) > 0)
		buf_append(out, part, got);
	if (!file || ferror(file)) {
		error_set(error, CF_ERR_IO, "cannot be read: %s", strerrordesc_np(errno));
		error_at_file(error, str_of(path), 0);
	}
	if (!file)
		return CF_ERR_IO;
	got = (size_t)ferror(file);
	fclose(file);
	return got ? CF_ERR_IO : out->failed ? error_nomem(error) : 0;
}

/* The old text with the new version in it, so that comments and order stay. */
static int write_schema(struct maker *m, struct cf_str *ret_path, struct cf_error *error)
{
	const struct catalog_schema *old = &m->older->schemas[m->older->schema_count - 1];
	const char *path = old->file.path, *slash = strrchr(path, '/');
	struct cf_str version = old->version_text;
	struct cf_buf text;
	const char *at;
	int rc;

	*ret_path = arena_printf(&m->cli->arena, "%.*s/%u.0.0%s", (int)(slash - path), path,
				 m->major, strrchr(path, '.'));
	buf_init(&text, m->cli->mem);
	rc = ret_path->ptr ? read_text(path, &text, error) : error_nomem(error);
	at = rc == 0 ? memmem(text.ptr, text.len, version.ptr, version.len) : NULL;
	if (rc == 0 && !at)
		rc = error_set(error, CF_ERR_CATALOG, "the version is written with escapes");
	if (rc == 0) {
		size_t before = (size_t)(at - text.ptr), behind = before + version.len;
		struct cf_str whole =
			arena_printf(&m->cli->arena, "%.*s%u.0.0%.*s", (int)before, text.ptr,
				     m->major, (int)(text.len - behind), text.ptr + behind);

		rc = whole.ptr ? init_write_file(*ret_path, whole, error) : error_nomem(error);
	}
	buf_fini(&text);
	return rc;
}

/* --- the lens --------------------------------------------------------------------------- */

/* A field of an object as it is written, one called `wanted` before all others; FIELD where
 * the schema names none. */
static struct cf_str some_field(const struct schema_view *object, const char *wanted)
{
	struct json_iter it = json_iter(json_member(object->at, STR("properties")));
	struct cf_str first = STR("FIELD");
	bool any = false;

	while (json_next(&it)) {
		if (wanted && json_name_is(it.name, str_of(wanted)))
			return json_span(it.name);
		if (!any)
			first = json_span(it.name);
		any = true;
	}
	return first;
}

/* Objects are changed one by one; other elements can become objects. */
static void write_array_hint(const struct schema_view *view, struct cf_str name, struct cf_buf *out)
{
	struct schema_view items = schema_view_items(view);

	if (items.types & SCHEMA_OBJECT)
		buf_printf(out,
			   "  # - in: {name: %.*s, lens: [{map: {key: %.*s, lens: [{rename: "
			   "{source: %.*s, destination: NEW}}]}}]}\n",
			   STR_ARG(name), STR_ARG(some_field(&items, "id")),
			   STR_ARG(some_field(&items, NULL)));
	else
		buf_printf(out,
			   "  # - in: {name: %.*s, lens: [{map: {as: FIELD, key: FIELD, lens: "
			   "[]}}]}\n",
			   STR_ARG(name));
}

/* Ops that fit a field, by its type, as comments. */
static void write_hints(const struct schema_view *view, struct cf_str name, struct cf_buf *out)
{
	bool listed = json_kind(view->values) == JSON_ARRAY;

	buf_printf(out, "  # - rename: {source: %.*s, destination: NEW}\n", STR_ARG(name));
	if (view->types & SCHEMA_BOOLEAN)
		buf_printf(out,
			   "  # - convert: {name: %.*s, mapping: [{false: A, true: B}, {A: false, "
			   "B: true}]}\n",
			   STR_ARG(name));
	else if (listed)
		buf_printf(out,
			   "  # - convert: {name: %.*s, mapping: [{OLD: NEW}, {NEW: OLD}], other: "
			   "keep}\n",
			   STR_ARG(name));
	else if (view->types & SCHEMA_STRING)
		buf_printf(out, "  # - split: {name: %.*s, into: [FIRST, REST], by: \" \"}\n",
			   STR_ARG(name));
	if (view->types & (SCHEMA_NUMBER | SCHEMA_INTEGER))
		buf_printf(out, "  # - scale: {name: %.*s, by: 100}\n", STR_ARG(name));
	if (view->types & SCHEMA_ARRAY)
		write_array_hint(view, name, out);
	if (view->types & SCHEMA_OBJECT) {
		struct cf_str field = some_field(view, NULL);

		buf_printf(out,
			   "  # - in: {name: %.*s, lens: [{rename: {source: %.*s, destination: "
			   "NEW}}]}\n  # - hoist: {host: %.*s, name: %.*s}\n",
			   STR_ARG(name), STR_ARG(field), STR_ARG(name), STR_ARG(field));
	}
	buf_printf(out, "  # - remove: {name: %.*s, default: VALUE}\n", STR_ARG(name));
}

static void write_lens_text(const struct maker *m, struct cf_buf *out)
{
	struct schema_view root = schema_view_root(catalog_major_schema(m->older));
	struct json_iter it = json_iter(json_member(root.at, STR("properties")));
	const struct lens_identity *identity = catalog_identity(m->catalog);

	buf_printf(out, "from: %.*s@%u\nto: %.*s@%u\nlens:\n", STR_ARG(m->type->name),
		   m->older->major, STR_ARG(m->type->name), m->major);
	buf_printf(out, "  # Take the # from an op and fill it in, and change the newer schema "
			"alike.\n"
			"  # - add: {name: NEW, type: string, default: VALUE}\n");
	while (json_next(&it)) {
		struct cf_str name = json_span(it.name);
		struct schema_view view = schema_view_property(&root, json_inner(it.name));

		if (!json_name_is(it.name, identity->type_field) &&
		    !json_name_is(it.name, identity->version_field))
			write_hints(&view, name, out);
	}
}

static int write_lens(struct maker *m, struct cf_str *ret_path, struct cf_error *error)
{
	struct cf_arena *arena = &m->cli->arena;
	struct cf_str top = arena_printf(arena, "%s/lenses", m->dir);
	struct cf_str folder =
		arena_printf(arena, "%s/lenses/%.*s", m->dir, STR_ARG(m->type->name));
	struct cf_buf out;
	int rc;

	*ret_path = arena_printf(arena, "%s/lenses/%.*s/%u-%u.yaml", m->dir, STR_ARG(m->type->name),
				 m->older->major, m->major);
	if (!top.ptr || !folder.ptr || !ret_path->ptr)
		return error_nomem(error);
	rc = init_make_folder(top, true, error);
	if (rc == 0)
		rc = init_make_folder(folder, true, error);
	buf_init(&out, m->cli->mem);
	write_lens_text(m, &out);
	if (rc == 0)
		rc = out.failed ? error_nomem(error)
				: init_write_file(*ret_path, buf_view(&out), error);
	buf_fini(&out);
	return rc;
}

/* --- the manifest ------------------------------------------------------------------------- */

/* The newest one, with the next major of its own and of the type. */
static int write_manifest(struct maker *m, struct cf_str *ret_path, struct cf_error *error)
{
	const struct manifest *all, *newest = NULL;
	size_t count = catalog_manifests(m->catalog, &all);
	struct cf_buf out;
	int rc;

	*ret_path = (struct cf_str){NULL, 0};
	for (size_t i = 0; i < count; i++)
		if (!newest || semver_compare(&all[i].version, &newest->version) > 0)
			newest = &all[i];
	if (!newest)
		return 0;
	*ret_path = arena_printf(&m->cli->arena, "%s/manifests/%llu.0.0.json", m->dir,
				 (unsigned long long)newest->version.major + 1);
	buf_init(&out, m->cli->mem);
	buf_printf(&out, "{\"name\": ");
	json_write_string(newest->name, &out);
	buf_printf(&out, ", \"version\": \"%llu.0.0\", \"dependencies\": {",
		   (unsigned long long)newest->version.major + 1);
	for (size_t i = 0; i < newest->dependency_count; i++) {
		const struct manifest_dependency *d = &newest->dependencies[i];

		buf_printf(&out, "%s", i ? ", " : "");
		json_write_string(d->type, &out);
		buf_printf(&out, ": ");
		if (str_equal(d->type, m->type->name))
			buf_printf(&out, "\"^%u.0.0\"", m->major);
		else
			json_write_string(d->range_text, &out);
	}
	buf_printf(&out, "}}\n");
	rc = out.failed || !ret_path->ptr ? error_nomem(error)
					  : init_write_file(*ret_path, buf_view(&out), error);
	buf_fini(&out);
	return rc;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct maker m = {.cli = cli, .dir = cli_option(cli, "catalog")};
	struct cf_str paths[3] = {{NULL, 0}};
	int rc = catalog_open(&m.catalog, m.dir, cli->mem, error);

	if (rc == 0)
		rc = read_name(&m, error);
	if (rc == 0)
		rc = write_schema(&m, &paths[0], error);
	if (rc == 0)
		rc = write_lens(&m, &paths[1], error);
	if (rc == 0)
		rc = write_manifest(&m, &paths[2], error);
	for (size_t i = 0; i < ARRAY_LEN(paths) && rc == 0; i++)
		if (paths[i].ptr)
			rc = cli_out_line(cli, paths[i]) ? cli_out_error(cli, error) : 0;
	if (rc == 0)
		cli_say(cli, "change the schema and the lens, then: chesterfield check %s", m.dir);
	catalog_close(m.catalog);
	return rc;
}

static const struct cli_option options[] = {
	CLI_OPTION_CATALOG,
	{.name = NULL},
};

const struct cli_command cmd_new = {
	.name = "new",
	.summary = "begin the next version of a type",
	.usage = "TYPE@MAJOR -c DIR",
	.help = "Copies the schema of the newest version, writes a lens file with the ops that fit "
		"its fields as comments, and the next manifest, and prints their names. Nothing "
		"that is there already is written over.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.tells = true,
	.run = run,
};
