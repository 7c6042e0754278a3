/* Rules for documents whose ids say nothing: the first that holds counts. */
#include "catalog/inside.h"

static bool holds(struct json_value when, struct json_value document)
{
	struct json_iter it = json_iter(when);

	while (json_next(&it)) {
		struct json_value value = json_member(document, json_inner(it.name));

		if (json_is_absent(value) || !json_equal(value, it.value))
			return false;
	}
	return true;
}

const struct catalog_major *id_recognise(const struct catalog *catalog, struct json_value document)
{
	for (size_t i = 0; i < catalog->rule_count; i++)
		if (holds(catalog->rules[i].when, document))
			return catalog->rules[i].major;
	return NULL;
}

bool id_is_recognised(const struct catalog *catalog, const struct catalog_major *major,
		      struct json_value document)
{
	return !major->recognised || id_recognise(catalog, document) == major;
}

size_t catalog_recognised(const struct catalog *catalog, const struct catalog_major *const **ret)
{
	*ret = catalog->recognised;
	return catalog->recognised_count;
}

struct json_value catalog_marks(const struct catalog *catalog, const struct catalog_major *major)
{
	for (size_t i = 0; i < catalog->rule_count; i++)
		if (catalog->rules[i].major == major)
			return catalog->rules[i].when;
	return JSON_ABSENT;
}

const struct catalog_major *catalog_also(const struct catalog *catalog, const struct catalog_id *id,
					 struct json_value document)
{
	for (size_t i = 0; i < catalog->rule_count; i++)
		if (catalog->rules[i].major != id->major && holds(catalog->rules[i].when, document))
			return catalog->rules[i].major;
	return NULL;
}
