/* Versions named on the command line. */
#include "cli/targets.h"

#include <stdio.h>

/* The newest major whose schemas a range admits; NULL: none. */
static const struct catalog_major *range_major(const struct catalog_type *type,
					       const struct semver_range *range)
{
	for (size_t i = type->major_count; i-- > 0;)
		for (size_t k = 0; k < type->majors[i].schema_count; k++)
			if (semver_range_has(range, &type->majors[i].schemas[k].version))
				return &type->majors[i];
	return NULL;
}

static int read_manifest(const struct catalog *catalog, const struct manifest *manifest,
			 struct cli_targets *ret, struct cf_error *error)
{
	for (size_t i = 0; i < manifest->dependency_count; i++) {
		const struct manifest_dependency *d = &manifest->dependencies[i];
		const struct catalog_type *type = catalog_type(catalog, d->type);
		const struct catalog_major *major = type ? range_major(type, d->range) : NULL;

		if (!major)
			return error_set(error, CF_ERR_CATALOG,
					 "manifest %.*s: no schema of %.*s is in the range %.*s",
					 STR_ARG(manifest->version_text), STR_ARG(d->type),
					 STR_ARG(d->range_text));
		ret->majors[type->index] = major;
	}
	ret->manifest = true;
	return 0;
}

static int read_major(const struct catalog *catalog, struct cf_str version, const char *at,
		      struct cli_targets *ret, struct cf_error *error)
{
	struct cf_str name = {version.ptr, (size_t)(at - version.ptr)};
	const struct catalog_type *type = catalog_type(catalog, name);
	const struct catalog_major *major = NULL;
	char number[12];

	if (!type)
		return error_set(error, CF_ERR_USAGE, "the catalog has no type %.*s",
				 STR_ARG(name));
	for (size_t i = 0; i < type->major_count && !major; i++) {
		(void)snprintf(number, sizeof(number), "%u", type->majors[i].major);
		if (strcmp(at + 1, number) == 0)
			major = &type->majors[i];
	}
	if (!major)
		return error_set(error, CF_ERR_USAGE, "the catalog has no %.*s", STR_ARG(version));
	ret->majors[type->index] = major;
	return 0;
}

int cli_targets_read(struct cli *cli, const struct catalog *catalog, const char *version,
		     struct cli_targets *ret, struct cf_error *error)
{
	const struct catalog_type *types;
	const struct manifest *manifests;
	size_t manifest_count = catalog_manifests(catalog, &manifests);
	const char *at = strrchr(version, '@');

	*ret = (struct cli_targets){.majors = arena_calloc(&cli->arena,
							   catalog_types(catalog, &types) + 1,
							   sizeof(*ret->majors))};
	if (!ret->majors)
		return error_nomem(error);
	if (at)
		return read_major(catalog, str_of(version), at, ret, error);
	for (size_t i = 0; i < manifest_count; i++)
		if (str_equal(manifests[i].version_text, str_of(version)))
			return read_manifest(catalog, &manifests[i], ret, error);
	return error_set(error, CF_ERR_USAGE, "the catalog has no manifest %s", version);
}
