/* catalog.yaml: names, grammar, supported versions, conflict policy. */
#include "catalog/inside.h"

static int check_names(struct catalog *catalog, struct json_value object, const char *const *known,
		       size_t count, const char *where, struct cf_error *error)
{
	struct json_iter it = json_iter(object);

	if (json_kind(object) != JSON_OBJECT)
		return catalog_error(error, &catalog->config, object, "%s must be {name: value}",
				     where);
	while (json_next(&it)) {
		size_t i = 0;

		while (i < count && !json_name_is(it.name, str_of(known[i])))
			i++;
		if (i == count)
			return catalog_error(error, &catalog->config, it.name,
					     "%s: unknown member %.*s", where,
					     STR_ARG(json_span(it.name)));
	}
	return 0;
}

static int read_text(struct catalog *catalog, struct json_value value, const char *what,
		     struct cf_str *ret, struct cf_error *error)
{
	if (json_is_absent(value))
		return 0;
	if (json_kind(value) != JSON_STRING || json_inner(value).len == 0)
		return catalog_error(error, &catalog->config, value, "%s must be a text", what);
	return json_decode(value, &catalog->arena, ret) ? error_nomem(error) : 0;
}

static int read_prefer(struct catalog *catalog, struct json_value prefer, struct cf_error *error)
{
	struct catalog_conflicts *conflicts = &catalog->conflicts;
	struct json_value latest = json_member(prefer, STR("latest"));

	if (json_is_absent(prefer))
		return 0;
	if (json_kind(prefer) == JSON_OBJECT && json_count(prefer) == 1 &&
	    json_kind(latest) == JSON_STRING) {
		conflicts->prefer = CATALOG_LATEST;
		return json_decode(latest, &catalog->arena, &conflicts->latest_field)
			       ? error_nomem(error)
			       : 0;
	}
	if (json_kind(prefer) == JSON_STRING && json_name_is(prefer, STR("newest-version")))
		conflicts->prefer = CATALOG_NEWEST_VERSION;
	else if (json_kind(prefer) == JSON_STRING && json_name_is(prefer, STR("oldest-version")))
		conflicts->prefer = CATALOG_OLDEST_VERSION;
	else
		return catalog_error(error, &catalog->config, prefer,
				     "prefer must be newest-version, oldest-version or "
				     "{latest: FIELD}");
	return 0;
}

static int read_conflicts(struct catalog *catalog, struct json_value value, struct cf_error *error)
{
	static const char *const known[] = {"prefer", "late"};
	struct json_value late = json_member(value, STR("late"));
	int rc;

	if (json_is_absent(value))
		return 0;
	rc = check_names(catalog, value, known, ARRAY_LEN(known), "conflicts", error);
	if (rc == 0)
		rc = read_prefer(catalog, json_member(value, STR("prefer")), error);
	if (rc || json_is_absent(late))
		return rc;
	if (json_kind(late) == JSON_STRING && json_name_is(late, STR("edit")))
		catalog->conflicts.late_edit_wins = true;
	else if (json_kind(late) != JSON_STRING || !json_name_is(late, STR("agreed")))
		return catalog_error(error, &catalog->config, late, "late must be agreed or edit");
	return 0;
}

static void want_fields(struct catalog *catalog)
{
	struct json_wanted *wanted = catalog->identity_fields;

	wanted[FIELD_ID].name = STR("_id");
	wanted[FIELD_TYPE].name = catalog->identity.type_field;
	wanted[FIELD_VERSION].name = catalog->identity.version_field;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		wanted[i].hash = json_name_hash(wanted[i].name);
}

int catalog_read_config(struct catalog *catalog, struct cf_error *error)
{
	static const char *const known[] = {"name",      "id",        "fields",
					    "supported", "conflicts", "description"};
	static const char *const known_fields[] = {"type", "version"};
	struct json_value root = json_file_root(&catalog->config);
	struct json_value fields = json_member(root, STR("fields"));
	int rc = check_names(catalog, root, known, ARRAY_LEN(known), "catalog", error);

	catalog->identity.type_field = STR("schema");
	catalog->identity.version_field = STR("version");
	if (rc == 0)
		rc = read_text(catalog, json_member(root, STR("name")), "name", &catalog->name,
			       error);
	if (rc == 0)
		rc = id_grammar_read(catalog, json_member(root, STR("id")), error);
	if (rc == 0 && !json_is_absent(fields))
		rc = check_names(catalog, fields, known_fields, ARRAY_LEN(known_fields), "fields",
				 error);
	if (rc == 0)
		rc = read_text(catalog, json_member(fields, STR("type")), "fields: type",
			       &catalog->identity.type_field, error);
	if (rc == 0)
		rc = read_text(catalog, json_member(fields, STR("version")), "fields: version",
			       &catalog->identity.version_field, error);
	want_fields(catalog);
	return rc ? rc : read_conflicts(catalog, json_member(root, STR("conflicts")), error);
}

/* --- supported -------------------------------------------------------------------------- */

static int support_major(struct catalog *catalog, const struct catalog_type *type,
			 struct json_value value, struct cf_error *error)
{
	struct cf_error problem;
	int64_t number;

	if (json_kind(value) != JSON_NUMBER || !json_number_int64(json_span(value), &number)) {
		catalog_error(&problem, &catalog->config, value,
			      "supported: a major version must be a number");
		return catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
	}
	for (size_t i = 0; i < type->major_count; i++) {
		if (type->majors[i].major == number) {
			type->majors[i].supported = true;
			return 0;
		}
	}
	catalog_error(&problem, &catalog->config, value, "supported: %.*s@%lld has no schema",
		      STR_ARG(type->name), (long long)number);
	return catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
}

static int support_type(struct catalog *catalog, struct json_value name, struct json_value list,
			struct cf_error *error)
{
	struct json_iter it = json_iter(list);
	struct cf_error problem;
	struct cf_str decoded;
	struct catalog_type *type = NULL;
	int rc = 0;

	if (json_decode(name, &catalog->arena, &decoded))
		return error_nomem(error);
	for (size_t i = 0; i < catalog->type_count; i++)
		if (str_equal(catalog->types[i].name, decoded))
			type = &catalog->types[i];
	if (!type || json_kind(list) != JSON_ARRAY || json_count(list) == 0) {
		catalog_error(&problem, &catalog->config, name,
			      type ? "supported: %.*s wants a list of major versions"
				   : "supported: no schema for type %.*s",
			      STR_ARG(decoded));
		return catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
	}
	for (size_t i = 0; i < type->major_count; i++)
		type->majors[i].supported = false;
	while (rc == 0 && json_next(&it))
		rc = support_major(catalog, type, it.value, error);
	return rc;
}

int catalog_read_supported(struct catalog *catalog, struct cf_error *error)
{
	struct json_value supported =
		json_member(json_file_root(&catalog->config), STR("supported"));
	struct json_iter it = json_iter(supported);
	struct cf_error problem;
	int rc = 0;

	if (json_is_absent(supported))
		return 0;
	if (json_kind(supported) != JSON_OBJECT) {
		catalog_error(&problem, &catalog->config, supported,
			      "supported must be {TYPE: [majors]}");
		return catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
	}
	while (rc == 0 && json_next(&it))
		rc = support_type(catalog, it.name, it.value, error);
	return rc;
}
