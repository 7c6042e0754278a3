/* diff: what a change of a schema or a manifest breaks. */
#include "cli/cli.h"
#include "schema/schema.h"

static const struct cli_option options[] = {
	{.name = "allow",
	 .argument = "LEVEL",
	 .help = "fix, feature or breaking: exit code 3 where the change is worse",
	 .fallback = "breaking"},
	{.name = NULL},
};

static int read_level(const char *text, enum schema_change *ret, struct cf_error *error)
{
	for (int i = SCHEMA_FIX; i <= SCHEMA_BREAKING; i++) {
		if (strcmp(text, schema_change_name((enum schema_change)i)) == 0) {
			*ret = (enum schema_change)i;
			return 0;
		}
	}
	return error_set(error, CF_ERR_USAGE, "--allow must be fix, feature or breaking");
}

/* Both have members of any name. A manifest's dependencies are texts, which no schema's
 * are; where it has none, a keyword says that this is a schema. */
static bool is_manifest(const struct json_file *file)
{
	struct json_value root = json_file_root(file);
	struct json_value list = json_member(root, STR("dependencies"));
	struct json_iter it = json_iter(list);
	const char *keyword;
	size_t at = 0;
	bool text;

	if (json_kind(json_member(root, STR("name"))) != JSON_STRING ||
	    (!json_is_absent(list) && json_kind(list) != JSON_OBJECT))
		return false;
	if (json_next(&it))
		return json_kind(it.value) == JSON_STRING || json_kind(it.value) == JSON_NUMBER;
	while ((keyword = schema_keyword_next(&at, &text)))
		if (!text && strcmp(keyword, "dependencies") != 0 &&
		    !json_is_absent(json_member(root, str_of(keyword))))
			return false;
	return true;
}

static int diff_manifests(struct json_file *old_file, struct json_file *new_file,
			  struct schema_diff *ret, const struct cf_mem *mem, struct cf_error *error)
{
	struct manifest old_manifest = {.name = {NULL, 0}}, new_manifest = {.name = {NULL, 0}};
	int rc = manifest_read(&old_manifest, old_file, error);

	if (rc)
		return rc;
	rc = manifest_read(&new_manifest, new_file, error);
	if (rc == 0) {
		rc = manifest_diff(ret, &old_manifest, &new_manifest, mem, error);
		manifest_fini(&new_manifest);
	}
	manifest_fini(&old_manifest);
	return rc;
}

static int diff_schemas(struct json_file *old_file, struct json_file *new_file,
			struct schema_diff *ret, const struct cf_mem *mem, struct cf_error *error)
{
	struct schema *old_schema = NULL, *new_schema = NULL;
	int rc = schema_compile(&old_schema, NULL, json_file_root(old_file), STR(""),
				SCHEMA_ASSERT_FORMAT, mem, error);

	if (rc) {
		error_at_file(error, str_of(old_file->path), 0);
		return rc;
	}
	rc = schema_compile(&new_schema, NULL, json_file_root(new_file), STR(""),
			    SCHEMA_ASSERT_FORMAT, mem, error);
	if (rc)
		error_at_file(error, str_of(new_file->path), 0);
	else
		rc = schema_diff(ret, old_schema, new_schema, mem, error);
	schema_free(new_schema);
	schema_free(old_schema);
	return rc;
}

/* Which change the two versions promise. */
static bool promised(const struct json_file *old_file, const struct json_file *new_file,
		     enum schema_change *ret)
{
	struct json_value a = json_member(json_file_root(old_file), STR("version"));
	struct json_value b = json_member(json_file_root(new_file), STR("version"));
	struct semver va, vb;

	if (json_kind(a) != JSON_STRING || json_kind(b) != JSON_STRING ||
	    semver_parse(&va, json_inner(a), NULL) || semver_parse(&vb, json_inner(b), NULL))
		return false;
	*ret = va.major != vb.major   ? SCHEMA_BREAKING
	       : va.minor != vb.minor ? SCHEMA_FEATURE
				      : SCHEMA_FIX;
	return true;
}

static int print_reason(struct cli *cli, const struct schema_reason *reason)
{
	const char *breaks = reason->breaks_backward && reason->breaks_forward ? "both ways"
			     : reason->breaks_backward                         ? "backward"
			     : reason->breaks_forward                          ? "forward"
									       : "nothing";
	struct cf_str place = reason->pointer.len ? reason->pointer : STR("(root)");
	struct cf_buf *out = &cli->out.buf;

	if (!cli->json) {
		buf_printf(out, "%-8s ", schema_change_name(reason->change));
		cli_write_shown(place, out);
		buf_str(out, STR(": "));
		cli_write_shown(reason->message, out);
		return cli_out_printf(cli, " (%.*s; breaks %s%s)\n", STR_ARG(reason->rule), breaks,
				      reason->undecided ? "; undecided" : "");
	}
	cli_out_printf(cli, "{\"change\":\"%s\",\"breaks\":\"%s\",\"undecided\":%s,\"pointer\":",
		       schema_change_name(reason->change), breaks,
		       reason->undecided ? "true" : "false");
	json_write_string(reason->pointer, out);
	buf_str(out, STR(",\"rule\":"));
	json_write_string(reason->rule, out);
	buf_str(out, STR(",\"message\":"));
	json_write_string(reason->message, out);
	return cli_out_line(cli, STR("}"));
}

static int print_diff(struct cli *cli, const struct schema_diff *diff)
{
	for (size_t i = 0; i < diff->reason_count; i++)
		if (print_reason(cli, &diff->reasons[i]))
			return CF_ERR_IO;
	return cli_out_printf(
		cli, cli->json ? "{\"change\":\"%s\",\"compatibility\":\"%s\"}\n" : "%s, %s\n",
		schema_change_name(diff->change), schema_compatibility_name(diff->compatibility));
}

static int compare(struct json_file *old_file, struct json_file *new_file, struct schema_diff *ret,
		   const struct cf_mem *mem, struct cf_error *error)
{
	static const char *const what[] = {"schema", "manifest"};
	bool a = is_manifest(old_file), b = is_manifest(new_file);

	if (a != b)
		return error_set(error, CF_ERR_CATALOG, "%s is a %s and %s a %s", old_file->path,
				 what[a], new_file->path, what[b]);
	return (a ? diff_manifests : diff_schemas)(old_file, new_file, ret, mem, error);
}

/* What the change is against what was allowed and promised. */
static int judge(const struct schema_diff *diff, enum schema_change allowed,
		 const enum schema_change *bump, struct cf_error *error)
{
	const char *change = schema_change_name(diff->change);

	if (bump && diff->change > *bump)
		return error_set(error, CF_ERR_FINDINGS,
				 "the version promises a %s, but this is a %s change",
				 schema_change_name(*bump), change);
	if (diff->change > allowed)
		return error_set(error, CF_ERR_FINDINGS, "a %s change, but only %s is allowed",
				 change, schema_change_name(allowed));
	return 0;
}

static int run(struct cli *cli, struct cf_error *error)
{
	struct json_file old_file = {.mem = cli->mem}, new_file = {.mem = cli->mem};
	enum schema_change allowed = SCHEMA_BREAKING, bump = SCHEMA_BREAKING;
	struct schema_diff diff = {.reasons = NULL};
	bool bumped = false;
	int rc = read_level(cli_option(cli, "allow"), &allowed, error);

	if (rc == 0)
		rc = json_file_load(&old_file, cli->args[0], cli->mem, error);
	if (rc == 0)
		rc = json_file_load(&new_file, cli->args[1], cli->mem, error);
	if (rc == 0) {
		bumped = promised(&old_file, &new_file, &bump);
		rc = compare(&old_file, &new_file, &diff, cli->mem, error);
	}
	if (rc == 0) {
		rc = print_diff(cli, &diff) ? cli_out_error(cli, error)
					    : judge(&diff, allowed, bumped ? &bump : NULL, error);
		schema_diff_fini(&diff);
	}
	json_file_fini(&old_file);
	json_file_fini(&new_file);
	return rc;
}

const struct cli_command cmd_diff = {
	.name = "diff",
	.summary = "what a change of a schema or a manifest breaks",
	.usage = "OLD NEW [--allow fix|feature|breaking]",
	.help = "Names each difference with the rule it falls under, and says in the words of "
		"schema registries who can read whose documents: BACKWARD (new readers read old "
		"documents), FORWARD (old readers read new ones), FULL or NONE. Exit code 3 "
		"where the change is worse than allowed, or than the two versions promise.",
	.options = options,
	.min_args = 2,
	.max_args = 2,
	.tells = true,
	.run = run,
};
