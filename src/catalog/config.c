/* catalog.yaml: names, grammar, supported versions, conflict policy. */
#include "catalog/inside.h"

#include <stdio.h>

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
	static const char *const known[] = {"name",      "id",        "fields",    "ids",
					    "recognise", "supported", "conflicts", "description"};
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

/* --- ids that were there before ------------------------------------------------------------
 *
 * Their documents stay where they are. An id is read by the catalog's grammar first, then
 * by those of single majors, and what is left is a key, if a major's ids are "{key}". */

/* "TYPE@MAJOR" as one of the catalog's majors; NULL: the error is filled. */
static struct catalog_major *find_major(struct catalog *catalog, struct json_value at,
					struct cf_error *error)
{
	struct cf_str text = json_inner(at);
	const char *sign = text.len ? memrchr(text.ptr, '@', text.len) : NULL;

	for (size_t i = 0; sign && i < catalog->type_count; i++) {
		struct catalog_type *type = &catalog->types[i];

		for (size_t k = 0; k < type->major_count; k++) {
			char digits[12];
			int len = snprintf(digits, sizeof(digits), "%u", type->majors[k].major);
			struct cf_str name = {text.ptr, (size_t)(sign - text.ptr)};
			struct cf_str number = {sign + 1, text.len - name.len - 1};

			if (str_equal(type->name, name) &&
			    str_equal(number, (struct cf_str){digits, (size_t)len}))
				return &type->majors[k];
		}
	}
	catalog_error(error, &catalog->config, at, "\"%.*s\" is no version of this catalog",
		      STR_ARG(text));
	return NULL;
}

static int add_own(struct catalog *catalog, struct catalog_major *major, struct cf_str text,
		   struct json_value at, struct cf_error *error)
{
	struct own_ids *own = &catalog->own[catalog->own_count];
	const char *wrong = id_grammar_parse(&own->grammar, text, false);

	if (wrong)
		return catalog_error(error, &catalog->config, at, "ids: %s", wrong);
	own->major = major;
	own->bare = own->grammar.count == 1;
	major->ids = &own->grammar;
	catalog->own_count++;
	return 0;
}

static int read_ids(struct catalog *catalog, struct json_value ids, struct cf_error *error)
{
	struct json_iter it = json_iter(ids);
	int rc = 0;

	if (!json_is_absent(ids) && json_kind(ids) != JSON_OBJECT)
		return catalog_error(error, &catalog->config, ids,
				     "ids must be {TYPE@MAJOR: GRAMMAR}");
	while (rc == 0 && json_next(&it)) {
		struct catalog_major *major = find_major(catalog, it.name, error);
		struct cf_str text;

		if (!major)
			return CF_ERR_CATALOG;
		if (json_kind(it.value) != JSON_STRING)
			return catalog_error(error, &catalog->config, it.value,
					     "ids: a grammar must be a text");
		rc = json_decode(it.value, &catalog->arena, &text)
			     ? error_nomem(error)
			     : add_own(catalog, major, text, it.value, error);
	}
	return rc;
}

static int read_rule(struct catalog *catalog, struct json_value value, struct cf_error *error)
{
	struct json_value when = json_member(value, STR("when"));
	struct json_value as = json_member(value, STR("as"));
	struct catalog_major *major;
	int rc = 0;

	if (json_kind(value) != JSON_OBJECT || json_count(value) != 2 ||
	    json_kind(when) != JSON_OBJECT || json_count(when) == 0 || json_kind(as) != JSON_STRING)
		return catalog_error(error, &catalog->config, value,
				     "recognise: a rule must be {when: {MEMBER: VALUE}, as: "
				     "TYPE@MAJOR}");
	major = find_major(catalog, as, error);
	if (!major)
		return CF_ERR_CATALOG;
	if (!major->ids)
		rc = add_own(catalog, major, STR("{key}"), as, error);
	if (rc == 0 && major->ids->count != 1)
		return catalog_error(error, &catalog->config, as,
				     "recognise: the ids of %.*s say what it is already",
				     STR_ARG(json_inner(as)));
	if (rc == 0 && !major->recognised)
		catalog->recognised[catalog->recognised_count++] = major;
	major->recognised = true;
	catalog->rules[catalog->rule_count++] = (struct id_rule){when, major};
	return rc;
}

static bool same_grammar(const struct id_grammar *a, const struct id_grammar *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (a->pieces[i].kind != b->pieces[i].kind ||
		    (a->pieces[i].kind == ID_LITERAL &&
		     !str_equal(a->pieces[i].literal, b->pieces[i].literal)))
			return false;
	return a->count == b->count;
}

static bool has_piece(const struct id_grammar *g, enum id_piece_kind kind)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->pieces[i].kind == kind)
			return true;
	return false;
}

/* Two majors of one thing cannot have one id; of several types, something must tell them
 * apart: the type in the id, or rules. */
static const char *check_pair(const struct own_ids *a, const struct own_ids *b)
{
	if (!same_grammar(&a->grammar, &b->grammar))
		return NULL;
	if (a->major->type == b->major->type && !has_piece(&a->grammar, ID_MAJOR))
		return "have the same ids: they cannot stand side by side";
	if (a->major->type != b->major->type && !has_piece(&a->grammar, ID_TYPE) &&
	    !(a->major->recognised && b->major->recognised))
		return "have the same ids, and no rule of recognise tells them apart";
	return NULL;
}

static int check_own(struct catalog *catalog, struct cf_error *error)
{
	for (size_t i = 0; i < catalog->own_count; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct own_ids *a = &catalog->own[k], *b = &catalog->own[i];
			const char *wrong = check_pair(a, b);

			if (wrong)
				return catalog_error(
					error, &catalog->config,
					json_member(json_file_root(&catalog->config), STR("ids")),
					"%.*s@%u and %.*s@%u %s", STR_ARG(a->major->type->name),
					a->major->major, STR_ARG(b->major->type->name),
					b->major->major, wrong);
		}
	}
	return 0;
}

int catalog_read_own_ids(struct catalog *catalog, struct cf_error *error)
{
	struct json_value root = json_file_root(&catalog->config);
	struct json_value ids = json_member(root, STR("ids"));
	struct json_value rules = json_member(root, STR("recognise"));
	struct json_iter it = json_iter(rules);
	size_t most = json_count(ids) + json_count(rules) + 1;
	struct cf_error problem;
	int rc;

	if (json_is_absent(ids) && json_is_absent(rules))
		return 0;
	catalog->own = arena_calloc(&catalog->arena, most, sizeof(*catalog->own));
	catalog->rules = arena_calloc(&catalog->arena, most, sizeof(*catalog->rules));
	catalog->recognised = arena_calloc(&catalog->arena, most, sizeof(*catalog->recognised));
	if (!catalog->own || !catalog->rules || !catalog->recognised)
		return error_nomem(error);
	rc = read_ids(catalog, ids, &problem);
	if (rc == 0 && !json_is_absent(rules) && json_kind(rules) != JSON_ARRAY)
		rc = catalog_error(&problem, &catalog->config, rules,
				   "recognise must be a list of rules");
	while (rc == 0 && json_next(&it))
		rc = read_rule(catalog, it.value, &problem);
	if (rc == 0)
		rc = check_own(catalog, &problem);
	return rc == CF_ERR_CATALOG ? catalog_problem(catalog, rc, &problem, error)
	       : rc                 ? error_nomem(error)
				    : 0;
}
