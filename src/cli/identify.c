/* Ids with escapes, which are rare: they are decoded only where the catalog has asked
 * for it, so that all others are looked at once. */
#include "cli/identify.h"

int cli_identify(const struct catalog *catalog, struct catalog_hints *hints,
		 struct json_value document, struct cf_arena *arena, struct catalog_id *ret,
		 struct cf_error *error)
{
	struct json_value own;
	struct cf_str id;
	int rc = hints ? catalog_identify_next(catalog, hints, document, ret, error)
		       : catalog_identify(catalog, document, STR(""), ret, error);

	if (rc != CF_ERR_INVALID)
		return rc;
	own = json_member(document, STR("_id"));
	if (!cli_is_escaped(own))
		return rc;
	if (json_decode(own, arena, &id))
		return error_nomem(error);
	return catalog_identify(catalog, document, id, ret, error);
}
