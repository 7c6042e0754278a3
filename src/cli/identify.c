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

int cli_write_plain(struct cf_str decoded, struct cf_arena *arena, struct cf_str *ret,
		    struct cf_error *error)
{
	struct cf_buf text;

	buf_init(&text, arena->mem);
	json_write_string_inner(decoded, &text);
	*ret = text.failed ? (struct cf_str){NULL, 0} : arena_dup_buf(arena, &text);
	buf_fini(&text);
	return ret->ptr ? 0 : error_nomem(error);
}

/* What stands between quotes somewhere. */
static int decode(struct json_doc *scratch, struct cf_arena *arena, struct cf_str inner,
		  struct cf_str *ret, struct cf_error *error)
{
	struct cf_str quoted = arena_printf(arena, "\"%.*s\"", STR_ARG(inner));
	int rc;

	if (!quoted.ptr)
		return error_nomem(error);
	rc = json_read(scratch, quoted.ptr, quoted.len, 0, error);
	if (rc == 0 && json_decode(json_root(scratch), arena, ret))
		rc = error_nomem(error);
	return rc;
}

int cli_make_plain(struct json_doc *scratch, struct cf_arena *arena, struct cf_str *inner,
		   struct cf_error *error)
{
	struct cf_str decoded;
	int rc;

	if (inner->len == 0 || !memchr(inner->ptr, '\\', inner->len))
		return 0;
	rc = decode(scratch, arena, *inner, &decoded, error);
	return rc ? rc : cli_write_plain(decoded, arena, inner, error);
}

int cli_part_id(const struct cli_keys *keys, const struct lens_place *place, struct cf_str key,
		struct cf_buf *out, struct cf_error *error)
{
	bool escaped = key.len && memchr(key.ptr, '\\', key.len);
	size_t start = out->len;
	int rc = escaped ? decode(keys->scratch, keys->arena, key, &key, error) : 0;

	if (rc == 0)
		rc = catalog_make_id(keys->catalog, place->type, place->major, key, out, error);
	if (rc) {
		error_at_pointer(error, place->reference);
		return rc;
	}
	if (!escaped)
		return 0;
	rc = cli_write_plain(key, keys->arena, &key, error);
	out->len = start;
	if (rc == 0 && catalog_format_id(keys->catalog, place->type, place->major, key, false, out))
		rc = error_nomem(error);
	return rc;
}

int cli_write_tombstone(const struct catalog *catalog, struct cf_str type, uint32_t major,
			const struct catalog_id *id, struct json_value document, struct cf_buf *out)
{
	const struct lens_identity *identity = catalog_identity(catalog);
	struct json_value version = json_member(document, identity->version_field);

	buf_str(out, STR("{\"_id\":\""));
	catalog_format_id(catalog, type, major, id->key, id->singleton, out);
	buf_str(out, STR("\","));
	json_write_string(identity->type_field, out);
	buf_byte(out, ':');
	json_write_string(type, out);
	buf_byte(out, ',');
	json_write_string(identity->version_field, out);
	buf_byte(out, ':');
	if (json_kind(version) == JSON_STRING)
		json_write_string(identity->version_text(identity->ctx, type, major), out);
	else
		buf_printf(out, "%u", major);
	return buf_str(out, STR(",\"_deleted\":true}"));
}

/* --- what convert takes and makes, against their schemas --------------------------------- */

int cli_validate_made(const struct catalog *catalog, struct json_doc *scratch,
		      const struct lens_side *places, const struct lens_output *made,
		      const struct cf_error *cause, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < places->count && rc == 0; i++) {
		const struct lens_place *place = &places->places[i];
		struct catalog_id id = {.type = catalog_type(catalog, place->type)};

		if (!made[i].text.ptr)
			continue;
		id.major = catalog_major(id.type, place->major);
		id.major_number = place->major;
		rc = json_read(scratch, made[i].text.ptr, made[i].text.len, 0, error);
		if (rc == 0)
			rc = catalog_validate(catalog, &id, json_root(scratch), NULL, error);
		if (rc == CF_ERR_INVALID && cause) {
			struct cf_error made_error = *error;

			return error_set(
				error, rc,
				"%s (at %s), so what is made of it is invalid, too: %s (at %s)",
				cause->message, cause->pointer, made_error.message,
				made_error.pointer);
		}
		if (rc == CF_ERR_INVALID)
			rc = error_prefix(error, rc, "what is made of it is invalid");
	}
	return rc;
}

int cli_validate_source(const struct catalog *catalog, struct json_value document,
			const struct catalog_id *id, bool strict, struct cf_error *ret_cause,
			struct cf_error *error)
{
	int rc = catalog_validate(catalog, id, document, NULL, ret_cause);

	if (rc == 0)
		ret_cause->code = 0;
	if (rc == 0 || (rc == CF_ERR_INVALID && !strict))
		return 0;
	if (error)
		*error = *ret_cause;
	return rc;
}
