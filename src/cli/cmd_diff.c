/* diff: what a change of a schema or a manifest breaks. */
#include "cli/cli.h"
#include "schema/schema.h"

static const struct cli_option options[] = {
	{.name = "allow",
	 .argument = "LEVEL",
	 .help = "fix, feature or breaking: exit code 3 where the change is graver",
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

static bool is_manifest(const struct json_file *file)
{
	struct json_value root = json_file_root(file);

	return json_kind(json_member(root, STR("dependencies"))) == JSON_OBJECT &&
	       json_kind(json_member(root, STR("name"))) == JSON_STRING;
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
	int rc =
		schema_compile(&old_schema, NULL, json_file_root(old_file), STR(""), 0, mem, error);

	if (rc) {
		error_at_file(error, str_of(old_file->path), 0);
		return rc;
	}
	rc = schema_compile(&new_schema, NULL, json_file_root(new_file), STR(""), 0, mem, error);
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
	struct cf_buf *out = &cli->out.buf;

	if (!cli->json)
		return cli_out_printf(cli, "%-8s %.*s: %.*s (%.*s; breaks %s%s)\n",
				      schema_change_name(reason->change), STR_ARG(reason->pointer),
				      STR_ARG(reason->message), STR_ARG(reason->rule), breaks,
				      reason->undecided ? "; undecided" : "");
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
		rc = (is_manifest(&old_file) && is_manifest(&new_file)
			      ? diff_manifests
			      : diff_schemas)(&old_file, &new_file, &diff, cli->mem, error);
	}
	if (rc == 0) {
		if (print_diff(cli, &diff))
			rc = cli_out_error(cli, error);
		else if (bumped && diff.change > bump)
			rc = error_set(error, CF_ERR_FINDINGS,
				       "the version promises a %s, but this is a %s change",
				       schema_change_name(bump), schema_change_name(diff.change));
		else if (diff.change > allowed)
			rc = error_set(
				error, CF_ERR_FINDINGS, "a %s change, but only %s is allowed",
				schema_change_name(diff.change), schema_change_name(allowed));
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
		"where the change is graver than allowed, or than the two versions promise.",
	.options = options,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
