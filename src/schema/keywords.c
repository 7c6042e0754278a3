/* The words that JSON Schema gives a meaning, of both drafts. */
#include "schema/schema.h"

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
