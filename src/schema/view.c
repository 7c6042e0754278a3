/* What a schema says of a place, for those who only look: lenses ask for defaults
 * and types. $ref is followed; allOf and conditions are not merged. */
#include "schema/node.h"

static struct schema_view view_of(const struct schema *schema, const struct snode *node)
{
	struct schema_view view = {.schema = schema};
	unsigned steps = 0;

	/* A place that has rules beside $ref (2020-12) speaks for itself. */
	while (node && node->ref && json_count(node->at) == 1 && steps++ < LIMIT_SCHEMA_DEPTH)
		node = node->ref;
	while (node && node->ref && node->resource->draft == DRAFT_07 &&
	       steps++ < LIMIT_SCHEMA_DEPTH)
		node = node->ref;
	if (!node)
		return view;
	view.at = node->at;
	view.types = node->types;
	view.closed = (node->additional && node->additional->always < 0) ||
		      (node->unevaluated_properties && node->unevaluated_properties->always < 0);
	view.fallback = json_member(node->at, STR("default"));
	view.values = node->values;
	view.constant = node->constant;
	if (!view.types && node->ref)
		view.types = view_of(schema, node->ref).types;
	return view;
}

struct schema_view schema_view_root(const struct schema *schema)
{
	return view_of(schema, schema->root);
}

/* The node of a view, or, where it has no properties of its own, of its $ref. */
static const struct snode *node_of(const struct schema_view *view)
{
	return json_is_absent(view->at) ? NULL : schema_node_find(view->schema, view->at);
}

struct schema_view schema_view_property(const struct schema_view *object, struct cf_str name)
{
	const struct snode *node = node_of(object);
	struct schema_view nothing = {.schema = object->schema};

	for (unsigned steps = 0; node && steps < LIMIT_SCHEMA_DEPTH; steps++, node = node->ref) {
		const struct name_rule *rule =
			node->names ? name_table_get(node->names, name) : NULL;

		if (rule && rule->schema) {
			struct schema_view view = view_of(object->schema, rule->schema);

			view.required = rule->required > 0;
			return view;
		}
		nothing.required = nothing.required || (rule && rule->required);
	}
	return nothing;
}

struct schema_view schema_view_items(const struct schema_view *array)
{
	const struct snode *node = node_of(array);

	for (unsigned steps = 0; node && steps < LIMIT_SCHEMA_DEPTH; steps++, node = node->ref)
		if (node->items)
			return view_of(array->schema, node->items);
	return view_of(array->schema, NULL);
}

bool schema_view_allows(const struct schema_view *view, struct json_value value)
{
	const struct snode *node = node_of(view);
	uint64_t steps = LIMIT_SCHEMA_STEPS;

	return !node || schema_node_holds(view->schema, node, value, &steps) != 0;
}
