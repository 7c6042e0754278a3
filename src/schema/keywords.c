/* The words that JSON Schema gives a meaning, of both drafts. */
#include "schema/schema.h"

enum { NAME_BYTES_MAX = 32 };

static const struct {
	const char *name;
	bool text; /* it describes, and asks nothing of a document */
} keywords[] = {
	{"$schema", false},
	{"$id", false},
	{"$ref", false},
	{"$anchor", false},
	{"$dynamicRef", false},
	{"$dynamicAnchor", false},
	{"$vocabulary", false},
	{"$comment", true},
	{"$defs", false},
	{"definitions", false},
	{"type", false},
	{"enum", false},
	{"const", false},
	{"multipleOf", false},
	{"minimum", false},
	{"maximum", false},
	{"exclusiveMinimum", false},
	{"exclusiveMaximum", false},
	{"minLength", false},
	{"maxLength", false},
	{"pattern", false},
	{"format", false},
	{"contentEncoding", true},
	{"contentMediaType", true},
	{"contentSchema", true},
	{"items", false},
	{"prefixItems", false},
	{"additionalItems", false},
	{"unevaluatedItems", false},
	{"contains", false},
	{"minContains", false},
	{"maxContains", false},
	{"minItems", false},
	{"maxItems", false},
	{"uniqueItems", false},
	{"properties", false},
	{"patternProperties", false},
	{"additionalProperties", false},
	{"unevaluatedProperties", false},
	{"propertyNames", false},
	{"required", false},
	{"dependentRequired", false},
	{"dependentSchemas", false},
	{"dependencies", false},
	{"minProperties", false},
	{"maxProperties", false},
	{"allOf", false},
	{"anyOf", false},
	{"oneOf", false},
	{"not", false},
	{"if", false},
	{"then", false},
	{"else", false},
	{"title", true},
	{"description", true},
	{"default", true},
	{"deprecated", true},
	{"readOnly", true},
	{"writeOnly", true},
	{"examples", true},
};

const char *schema_keyword_next(size_t *at, bool *ret_text)
{
	if (*at == ARRAY_LEN(keywords))
		return NULL;
	*ret_text = keywords[*at].text;
	return keywords[(*at)++].name;
}

/* How many letters must be put in, taken out, changed, or swapped with the next; `most`
 * where it is more than that. */
static size_t distance(struct cf_str a, struct cf_str b, size_t most)
{
	size_t rows[3][NAME_BYTES_MAX + 1];

	if (a.len > NAME_BYTES_MAX || b.len > NAME_BYTES_MAX)
		return most;
	for (size_t k = 0; k <= b.len; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= b.len; k++) {
			bool same = a.ptr[i - 1] == b.ptr[k - 1];
			size_t least = above[k - 1] + !same;

			least = above[k] + 1 < least ? above[k] + 1 : least;
			least = row[k - 1] + 1 < least ? row[k - 1] + 1 : least;
			if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] &&
			    a.ptr[i - 2] == b.ptr[k - 1] && before[k - 2] + 1 < least)
				least = before[k - 2] + 1;
			row[k] = least;
		}
	}
	return rows[a.len % 3][b.len] < most ? rows[a.len % 3][b.len] : most;
}

const char *schema_keyword_meant(struct cf_str name)
{
	size_t best = 3;
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		size_t d = distance(name, str_of(keywords[i].name), best);

		if (d == 0)
			return NULL;
		/* Short words are near to many. */
		if (d < best && d * 3 <= name.len) {
			best = d;
			found = keywords[i].name;
		}
	}
	return found;
}
