/* Metaschemas, compiled once for each set when first asked for. */
#include "schema/compiler.h"

int compile_metaschema(struct schema_set *set, struct cf_str uri, struct schema **ret,
		       struct cf_error *error)
{
	struct set_metaschema *entry;
	struct json_value root;
	int rc;

	for (entry = set->metaschemas; entry; entry = entry->next) {
		if (str_equal(entry->uri, uri)) {
			*ret = entry->schema;
			return 0;
		}
	}
	rc = set_find(set, uri, &root, error);
	if (rc)
		return rc;
	if (json_is_absent(root))
		return error_set(error, CF_ERR_SCHEMA, "the metaschema is not known: \"%.*s\"",
				 STR_ARG(uri));
	entry = arena_calloc(&set->arena, 1, sizeof(*entry));
	if (!entry)
		return error_nomem(error);
	entry->uri = arena_dup(&set->arena, uri);
	if (!entry->uri.ptr)
		return error_nomem(error);
	rc = compile_trusted(&entry->schema, set, root, uri, error);
	if (rc)
		return rc;
	entry->next = set->metaschemas;
	set->metaschemas = entry;
	*ret = entry->schema;
	return 0;
}
