/* Documents of one shape mostly say the same of themselves but for their key. Where the
 * id of one begins as that of another, and its type and version are the same bytes, it is
 * what that one was: no walk over members and types.
 *
 * The bytes before the key decide the type, since no type's name and what follows it
 * begin another's (id_grammar_check), and the major. Only ids that end with their key
 * are remembered, so the rest is the key. */
#include "catalog/inside.h"

static struct cf_str span_at(const struct json_doc *doc, uint32_t node)
{
	return json_span((struct json_value){doc, node});
}

static bool says_the_same(const struct catalog_hint *hint, const struct json_doc *doc,
			  struct cf_str *ret_key)
{
	struct cf_str prefix = {hint->prefix, hint->prefix_len};
	struct cf_str type = {hint->type, hint->type_len};
	struct cf_str version = {hint->version, hint->version_len};
	struct cf_str id;

	if (doc->shape != hint->shape || doc->nodes[hint->nodes[FIELD_ID]].flags & JSON_ESCAPED)
		return false;
	id = span_at(doc, hint->nodes[FIELD_ID]);
	/* The prefix begins with the quote; another one stands behind the key. */
	if (!str_starts_with(id, prefix) || id.len < prefix.len + 2)
		return false;
	*ret_key = (struct cf_str){id.ptr + prefix.len, id.len - prefix.len - 1};
	return str_equal(span_at(doc, hint->nodes[FIELD_TYPE]), type) &&
	       str_equal(span_at(doc, hint->nodes[FIELD_VERSION]), version);
}

static void forget(struct catalog_hint *hint)
{
	json_shape_drop(hint->shape);
	hint->shape = NULL;
}

static bool keep(char *to, uint8_t *to_len, size_t cap, struct cf_str text)
{
	if (text.len > cap)
		return false;
	memcpy(to, text.ptr, text.len);
	*to_len = (uint8_t)text.len;
	return true;
}

static void remember(const struct catalog *catalog, struct catalog_hint *hint,
		     struct json_value document, const struct catalog_id *id)
{
	struct json_value fields[FIELD_COUNT];
	struct cf_str own;

	forget(hint);
	json_members(document, catalog->identity_fields, FIELD_COUNT, fields);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (json_kind(fields[i]) < JSON_NUMBER || json_kind(fields[i]) > JSON_STRING)
			return;
		hint->nodes[i] = fields[i].node;
	}
	own = json_span(fields[FIELD_ID]);
	/* Of other ids the bytes before the key, or these members, may say nothing. */
	if (id->major->ids || id->singleton || id->key.ptr + id->key.len + 1 != own.ptr + own.len)
		return;
	own.len = (size_t)(id->key.ptr - own.ptr);
	if (!keep(hint->prefix, &hint->prefix_len, sizeof(hint->prefix), own) ||
	    !keep(hint->type, &hint->type_len, sizeof(hint->type), json_span(fields[FIELD_TYPE])) ||
	    !keep(hint->version, &hint->version_len, sizeof(hint->version),
		  json_span(fields[FIELD_VERSION])))
		return;
	hint->id = *id;
	hint->shape = json_shape_keep(document.doc->shape);
}

int catalog_identify_next(const struct catalog *catalog, struct catalog_hints *hints,
			  struct json_value document, struct catalog_id *ret,
			  struct cf_error *error)
{
	const struct json_shape *shape = document.doc->shape;
	struct catalog_hint *hint;
	struct cf_str key;
	int rc;

	if (!shape || document.node)
		return catalog_identify(catalog, document, STR(""), ret, error);
	hint = &hints->at[((uintptr_t)shape >> 6) % CATALOG_HINTS];
	if (says_the_same(hint, document.doc, &key)) {
		*ret = hint->id;
		ret->key = key;
		return 0;
	}
	rc = catalog_identify(catalog, document, STR(""), ret, error);
	if (rc == 0)
		remember(catalog, hint, document, ret);
	return rc;
}

void catalog_hints_fini(struct catalog_hints *hints)
{
	for (size_t i = 0; i < CATALOG_HINTS; i++)
		forget(&hints->at[i]);
}
