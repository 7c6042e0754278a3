/* The rules of objects: names in one hash table, patterns, and the search for
 * references that go round. */
#include "schema/compiler.h"

/* Hashes of names are short: in a large table they would stand side by side. */
static uint32_t slot_of(const struct name_table *table, uint16_t hash)
{
	uint32_t mixed = hash * UINT32_C(0x9e3779b1);

	return (mixed ^ mixed >> 15) & table->slot_mask;
}

const struct name_rule *name_table_find(const struct name_table *table, struct json_value name)
{
	uint16_t hash = json_node(name)->hash;

	for (uint32_t i = slot_of(table, hash);; i = (i + 1) & table->slot_mask) {
		const struct name_rule *rule;

		if (!table->slots[i])
			return NULL;
		rule = &table->rules[table->slots[i] - 1];
		if (rule->hash == hash && json_name_is(name, rule->name))
			return rule;
	}
}

const struct name_rule *name_table_get(const struct name_table *table, struct cf_str name)
{
	uint16_t hash = json_name_hash(name);

	for (uint32_t i = slot_of(table, hash);; i = (i + 1) & table->slot_mask) {
		const struct name_rule *rule;

		if (!table->slots[i])
			return NULL;
		rule = &table->rules[table->slots[i] - 1];
		if (rule->hash == hash && str_equal(name, rule->name))
			return rule;
	}
}

static int table_new(struct compiler *c, size_t cap, struct name_table **ret)
{
	struct cf_arena *arena = &c->schema->arena;
	struct name_table *table = arena_calloc(arena, 1, sizeof(*table));
	uint32_t slots = 4;

	while (slots < cap * 2)
		slots *= 2;
	if (!table)
		return error_nomem(c->error);
	table->rules = arena_calloc(arena, cap + 1, sizeof(*table->rules));
	table->slots = arena_calloc(arena, slots, sizeof(*table->slots));
	table->slot_mask = slots - 1;
	table->cap = (uint32_t)cap;
	*ret = table;
	return table->rules && table->slots ? 0 : error_nomem(c->error);
}

/* The rule of that name, made where there is none; `name` is a string or name. */
static struct name_rule *table_add(struct compiler *c, struct name_table *table,
				   struct json_value name)
{
	struct cf_str decoded;
	struct name_rule *rule;
	uint32_t i;

	if (json_decode(name, &c->schema->arena, &decoded))
		return NULL;
	rule = (struct name_rule *)name_table_get(table, decoded);
	if (rule)
		return rule;
	cf_assert(table->count < table->cap);
	rule = &table->rules[table->count++];
	rule->name = decoded;
	rule->hash = json_name_hash(decoded);
	for (i = slot_of(table, rule->hash); table->slots[i]; i = (i + 1) & table->slot_mask)
		;
	table->slots[i] = table->count;
	return rule;
}

static int add_properties(struct compiler *c, struct snode *node, struct json_value at)
{
	struct json_iter it = json_iter(at);
	int rc = 0;

	while (rc == 0 && json_next(&it)) {
		struct name_rule *rule = table_add(c, node->names, it.name);

		rc = rule ? index_place(c, it.value, node->resource, &rule->schema)
			  : error_nomem(c->error);
	}
	return rc;
}

static int add_required(struct compiler *c, struct snode *node, struct json_value at)
{
	struct json_iter it = json_iter(at);

	while (json_next(&it)) {
		struct name_rule *rule;

		if (json_kind(it.value) != JSON_STRING)
			return compile_wrong(c, it.value, "this must be a string");
		rule = table_add(c, node->names, it.value);
		if (!rule)
			return error_nomem(c->error);
		node->names->required_count += !rule->required;
		rule->required = true;
	}
	return 0;
}

/* Behind those that are there: both "dependencies" and dependentRequired may speak. */
static int add_needs(struct compiler *c, struct name_table *table, struct name_rule *rule,
		     struct json_value at, bool old)
{
	struct json_iter it = json_iter(at);
	struct name_need *needs = arena_calloc(
		&c->schema->arena, rule->need_count + json_count(at) + 1, sizeof(*needs));

	if (!needs)
		return error_nomem(c->error);
	if (rule->need_count)
		memcpy(needs, rule->needs, rule->need_count * sizeof(*needs));
	rule->needs = needs;
	while (json_next(&it)) {
		struct name_rule *need;

		if (json_kind(it.value) != JSON_STRING)
			return compile_wrong(c, it.value, "this must be a string");
		need = table_add(c, table, it.value);
		if (!need)
			return error_nomem(c->error);
		needs[rule->need_count++] =
			(struct name_need){(uint32_t)(need - table->rules), old};
	}
	return 0;
}

/* dependentRequired, dependentSchemas, and dependencies, which is both. */
static int add_dependencies(struct compiler *c, struct snode *node, struct json_value at, bool old)
{
	struct json_iter it = json_iter(at);
	int rc = 0;

	while (rc == 0 && json_next(&it)) {
		struct name_rule *rule = table_add(c, node->names, it.name);

		if (!rule)
			return error_nomem(c->error);
		node->names->has_dependencies = true;
		if (json_kind(it.value) == JSON_ARRAY)
			rc = add_needs(c, node->names, rule, it.value, old);
		else
			rc = index_place(c, it.value, node->resource, &rule->dependents[!old]);
	}
	return rc;
}

static int mark_required(struct compiler *c, struct name_table *table)
{
	table->required =
		arena_calloc(&c->schema->arena, table->count / 64 + 1, sizeof(*table->required));
	if (!table->required)
		return error_nomem(c->error);
	for (uint32_t i = 0; i < table->count; i++)
		if (table->rules[i].required)
			table->required[i / 64] |= UINT64_C(1) << (i % 64);
	return 0;
}

/* Names that it may add to the table. */
static size_t count_names(struct json_value dependencies)
{
	struct json_iter it = json_iter(dependencies);
	size_t count = 0;

	while (json_next(&it))
		count += 1 + (json_kind(it.value) == JSON_ARRAY ? json_count(it.value) : 0);
	return count;
}

static int read_names(struct compiler *c, struct snode *node)
{
	struct json_value properties =
		compile_keyword(node, "properties", VOCABULARY_APPLICATOR, DRAFTS_BOTH);
	struct json_value required =
		compile_keyword(node, "required", VOCABULARY_VALIDATION, DRAFTS_BOTH);
	struct json_value dependencies[] = {
		compile_keyword(node, "dependencies", VOCABULARY_APPLICATOR, DRAFTS_BOTH),
		compile_keyword(node, "dependentSchemas", VOCABULARY_APPLICATOR, DRAFT_2020),
		compile_keyword(node, "dependentRequired", VOCABULARY_VALIDATION, DRAFT_2020),
	};
	size_t count = json_count(properties) + json_count(required);
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(dependencies); i++)
		count += count_names(dependencies[i]);
	if (json_kind(properties) && json_kind(properties) != JSON_OBJECT)
		return compile_wrong(c, properties, "this must be an object of schemas");
	if (json_kind(required) && json_kind(required) != JSON_ARRAY)
		return compile_wrong(c, required, "this must be an array of strings");
	if (count == 0)
		return 0;
	rc = table_new(c, count, &node->names);
	if (rc == 0)
		rc = add_properties(c, node, properties);
	if (rc == 0)
		rc = add_required(c, node, required);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(dependencies); i++) {
		if (json_kind(dependencies[i]) && json_kind(dependencies[i]) != JSON_OBJECT)
			return compile_wrong(c, dependencies[i], "this must be an object");
		rc = add_dependencies(c, node, dependencies[i], i == 0);
	}
	return rc ? rc : mark_required(c, node->names);
}

static int read_patterns(struct compiler *c, struct snode *node)
{
	struct json_value at =
		compile_keyword(node, "patternProperties", VOCABULARY_APPLICATOR, DRAFTS_BOTH);
	struct json_iter it = json_iter(at);
	int rc = 0;

	if (json_is_absent(at))
		return 0;
	if (json_kind(at) != JSON_OBJECT)
		return compile_wrong(c, at, "this must be an object of schemas");
	node->patterns =
		arena_calloc(&c->schema->arena, json_count(at) + 1, sizeof(*node->patterns));
	if (!node->patterns)
		return error_nomem(c->error);
	while (rc == 0 && json_next(&it)) {
		struct pattern_rule *rule = &node->patterns[node->pattern_count];

		if (json_decode(it.name, &c->schema->arena, &rule->text))
			return error_nomem(c->error);
		rc = pattern_compile(&rule->pattern, rule->text, c->schema->mem, c->error);
		if (rc == CF_ERR_SCHEMA)
			return compile_wrong_pattern(c, it.name);
		if (rc)
			return rc;
		node->pattern_count++;
		rc = index_place(c, it.value, node->resource, &rule->schema);
	}
	return rc;
}

int compile_object_rules(struct compiler *c, struct snode *node)
{
	struct {
		const char *name;
		unsigned vocabulary;
		struct snode **child;
	} rows[] = {
		{"additionalProperties", VOCABULARY_APPLICATOR, &node->additional},
		{"propertyNames", VOCABULARY_APPLICATOR, &node->property_names},
		{"unevaluatedProperties", VOCABULARY_UNEVALUATED, &node->unevaluated_properties},
	};
	int rc = read_names(c, node);

	if (rc == 0)
		rc = read_patterns(c, node);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(rows); i++)
		rc = compile_child(c, node,
				   compile_keyword(node, rows[i].name, rows[i].vocabulary,
						   i == 2 ? DRAFT_2020 : DRAFTS_BOTH),
				   rows[i].child);
	node->has_object_rules = node->names || node->pattern_count || node->additional ||
				 node->property_names || node->unevaluated_properties ||
				 node->min_properties || node->max_properties != SNODE_NO_LIMIT;
	return rc;
}

/* --- references that go round ---------------------------------------------- */

static int visit(struct compiler *c, struct snode *node, unsigned depth);

static int visit_list(struct compiler *c, const struct snode_list *list, unsigned depth)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < list->count; i++)
		rc = visit(c, list->items[i], depth);
	return rc;
}

static int visit_children(struct compiler *c, struct snode *node, unsigned depth)
{
	struct snode *children[] = {node->ref,       node->dynamic_ref, node->not_schema,
				    node->if_schema, node->then_schema, node->else_schema};
	int rc = visit_list(c, &node->all_of, depth);

	if (rc == 0)
		rc = visit_list(c, &node->any_of, depth);
	if (rc == 0)
		rc = visit_list(c, &node->one_of, depth);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(children); i++)
		rc = children[i] ? visit(c, children[i], depth) : 0;
	for (uint32_t i = 0; rc == 0 && node->names && i < node->names->count; i++)
		for (int k = 0; rc == 0 && k < 2; k++)
			if (node->names->rules[i].dependents[k])
				rc = visit(c, node->names->rules[i].dependents[k], depth);
	return rc;
}

static int visit(struct compiler *c, struct snode *node, unsigned depth)
{
	int rc;

	if (node->visit == 2)
		return 0;
	if (node->visit == 1)
		return compile_wrong(c, node->at, "$ref leads round to where it began");
	if (depth >= LIMIT_SCHEMA_DEPTH)
		return compile_wrong(c, node->at, "too many references one behind the other");
	node->visit = 1;
	rc = visit_children(c, node, depth + 1);
	node->visit = 2;
	return rc;
}

int compile_find_cycles(struct compiler *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->schema->queue_count; i++)
		rc = visit(c, c->schema->queue[i], 0);
	return rc;
}
