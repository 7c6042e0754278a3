/* From a schema's text to nodes: each keyword is read once, so that validating
 * reads none.
 *
 * Nodes wait in a queue, so $ref never recurses here. A keyword of the wrong
 * kind is an error at its place even where no metaschema was asked (a custom
 * metaschema may leave the vocabulary out, a $ref may lead into a place that no
 * keyword makes a schema). */
#include "schema/compiler.h"
#include "schema/uri.h"

enum { LONG_ENUM = 8 };

struct type_row {
	const char *name;
	unsigned bits;
};

static const struct type_row type_rows[] = {
	{"null", SCHEMA_NULL},
	{"boolean", SCHEMA_BOOLEAN},
	{"number", SCHEMA_NUMBER | SCHEMA_INTEGER},
	{"integer", SCHEMA_INTEGER},
	{"string", SCHEMA_STRING},
	{"array", SCHEMA_ARRAY},
	{"object", SCHEMA_OBJECT},
};

struct json_value compile_keyword(const struct snode *node, const char *name, unsigned vocabulary,
				  unsigned drafts)
{
	const struct resource *r = node->resource;

	if (!(r->vocabularies & vocabulary) || !(r->draft & drafts))
		return JSON_ABSENT;
	return json_member(node->at, str_of(name));
}

int compile_child(struct compiler *c, struct snode *node, struct json_value at, struct snode **ret)
{
	return json_is_absent(at) ? 0 : index_place(c, at, node->resource, ret);
}

int compile_list(struct compiler *c, struct snode *node, struct json_value at,
		 struct snode_list *ret)
{
	struct json_iter it = json_iter(at);
	int rc = 0;

	if (json_is_absent(at))
		return 0;
	if (json_kind(at) != JSON_ARRAY)
		return compile_wrong(c, at, "this must be an array of schemas");
	ret->items = arena_calloc(&c->schema->arena, json_count(at) + 1, sizeof(*ret->items));
	if (!ret->items)
		return error_nomem(c->error);
	while (rc == 0 && json_next(&it))
		rc = index_place(c, it.value, node->resource, &ret->items[ret->count++]);
	return rc;
}

static int read_types(struct compiler *c, struct json_value at, uint8_t *ret)
{
	struct json_iter it = json_iter(at);
	bool is_list = json_kind(at) == JSON_ARRAY;
	uint8_t types = 0;

	while (is_list ? json_next(&it) : true) {
		struct json_value word = is_list ? it.value : at;
		unsigned bits = 0;

		for (size_t i = 0; i < ARRAY_LEN(type_rows); i++)
			if (json_kind(word) == JSON_STRING &&
			    str_equal(json_inner(word), str_of(type_rows[i].name)))
				bits = type_rows[i].bits;
		if (!bits)
			return compile_wrong(c, word, "there is no such type");
		types |= (uint8_t)bits;
		if (!is_list)
			break;
	}
	*ret = types;
	return 0;
}

static int read_number(struct compiler *c, const struct snode *node, const char *name,
		       struct cf_str *ret)
{
	struct json_value at = compile_keyword(node, name, VOCABULARY_VALIDATION, DRAFTS_BOTH);

	if (json_is_absent(at))
		return 0;
	if (json_kind(at) != JSON_NUMBER)
		return compile_wrong(c, at, "this must be a number");
	*ret = json_span(at);
	return 0;
}

/* A count; more than 32 bits hold is as good as the most they hold. */
static int read_count(struct compiler *c, const struct snode *node, const char *name,
		      unsigned drafts, uint32_t *ret)
{
	struct json_value at = compile_keyword(node, name, VOCABULARY_VALIDATION, drafts);
	int64_t value;

	if (json_is_absent(at))
		return 0;
	if (json_kind(at) != JSON_NUMBER || !json_number_is_integer(json_span(at)) ||
	    json_span(at).ptr[0] == '-')
		return compile_wrong(c, at, "this must be an integer from 0");
	if (!json_number_int64(json_span(at), &value) || value > SNODE_NO_LIMIT)
		value = SNODE_NO_LIMIT;
	*ret = (uint32_t)value;
	return 0;
}

static int read_numbers(struct compiler *c, struct snode *node)
{
	int rc = read_number(c, node, "minimum", &node->minimum);

	if (rc == 0)
		rc = read_number(c, node, "maximum", &node->maximum);
	if (rc == 0)
		rc = read_number(c, node, "exclusiveMinimum", &node->above);
	if (rc == 0)
		rc = read_number(c, node, "exclusiveMaximum", &node->below);
	if (rc == 0)
		rc = read_number(c, node, "multipleOf", &node->multiple);
	if (rc == 0 && node->multiple.ptr && json_number_compare(node->multiple, STR("0")) <= 0)
		rc = compile_wrong(c, node->at, "multipleOf must be greater than 0");
	return rc;
}

static int read_counts(struct compiler *c, struct snode *node)
{
	struct {
		const char *name;
		uint32_t *field;
		uint32_t otherwise;
		unsigned drafts;
	} rows[] = {
		{"minLength", &node->min_length, 0, DRAFTS_BOTH},
		{"maxLength", &node->max_length, SNODE_NO_LIMIT, DRAFTS_BOTH},
		{"minItems", &node->min_items, 0, DRAFTS_BOTH},
		{"maxItems", &node->max_items, SNODE_NO_LIMIT, DRAFTS_BOTH},
		{"minProperties", &node->min_properties, 0, DRAFTS_BOTH},
		{"maxProperties", &node->max_properties, SNODE_NO_LIMIT, DRAFTS_BOTH},
		{"minContains", &node->min_contains, 1, DRAFT_2020},
		{"maxContains", &node->max_contains, SNODE_NO_LIMIT, DRAFT_2020},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(rows); i++) {
		*rows[i].field = rows[i].otherwise;
		rc = read_count(c, node, rows[i].name, rows[i].drafts, rows[i].field);
	}
	return rc;
}

int compile_wrong_pattern(struct compiler *c, struct json_value at)
{
	struct cf_str reason = c->error ? arena_dup(&c->schema->arena, str_of(c->error->message))
					: (struct cf_str){NULL, 0};

	return compile_wrong(c, at, reason.ptr ? reason.ptr : "not a regular expression");
}

static int read_strings(struct compiler *c, struct snode *node)
{
	struct json_value pattern =
		compile_keyword(node, "pattern", VOCABULARY_VALIDATION, DRAFTS_BOTH);
	struct json_value format = compile_keyword(
		node, "format", VOCABULARY_FORMAT_ANNOTATION | VOCABULARY_FORMAT_ASSERTION,
		DRAFTS_BOTH);
	bool asserts = (c->schema->flags & SCHEMA_ASSERT_FORMAT) ||
		       (node->resource->vocabularies & VOCABULARY_FORMAT_ASSERTION);
	int rc = 0;

	if (asserts && json_kind(format) == JSON_STRING)
		node->format = format_by_name(json_inner(format));
	if (json_is_absent(pattern))
		return 0;
	if (json_kind(pattern) != JSON_STRING)
		return compile_wrong(c, pattern, "this must be a string");
	if (json_decode(pattern, &c->schema->arena, &node->pattern_text))
		return error_nomem(c->error);
	rc = pattern_compile(&node->pattern, node->pattern_text, c->schema->mem, c->error);
	return rc == CF_ERR_SCHEMA ? compile_wrong_pattern(c, pattern) : rc;
}

/* A long enum is looked up, not walked. */
static int hash_values(struct compiler *c, struct snode *node)
{
	struct json_iter it = json_iter(node->values);
	uint32_t size = 1, count = json_count(node->values);

	while (size < count * 2)
		size *= 2;
	node->value_slots = arena_calloc(&c->schema->arena, size, sizeof(*node->value_slots));
	if (!node->value_slots)
		return error_nomem(c->error);
	node->value_mask = size - 1;
	while (json_next(&it)) {
		uint32_t at = (uint32_t)json_hash64(it.value) & node->value_mask;

		while (node->value_slots[at])
			at = (at + 1) & node->value_mask;
		node->value_slots[at] = it.value.node + 1;
	}
	return 0;
}

static int read_values(struct compiler *c, struct snode *node)
{
	struct json_value type = compile_keyword(node, "type", VOCABULARY_VALIDATION, DRAFTS_BOTH);
	int rc = 0;

	node->values = compile_keyword(node, "enum", VOCABULARY_VALIDATION, DRAFTS_BOTH);
	node->constant = compile_keyword(node, "const", VOCABULARY_VALIDATION, DRAFTS_BOTH);
	if (!json_is_absent(type))
		rc = read_types(c, type, &node->types);
	if (rc || json_is_absent(node->values))
		return rc;
	if (json_kind(node->values) != JSON_ARRAY)
		return compile_wrong(c, node->values, "this must be an array");
	return json_count(node->values) < LONG_ENUM ? 0 : hash_values(c, node);
}

static int read_array_rules(struct compiler *c, struct snode *node)
{
	struct json_value items =
		compile_keyword(node, "items", VOCABULARY_APPLICATOR, DRAFTS_BOTH);
	struct json_value prefix =
		compile_keyword(node, "prefixItems", VOCABULARY_APPLICATOR, DRAFT_2020);
	struct json_value unique =
		compile_keyword(node, "uniqueItems", VOCABULARY_VALIDATION, DRAFTS_BOTH);
	int rc;

	if (node->resource->draft == DRAFT_07 && json_kind(items) == JSON_ARRAY) {
		prefix = items;
		items = compile_keyword(node, "additionalItems", VOCABULARY_APPLICATOR, DRAFT_07);
	}
	node->unique_items = json_kind(unique) == JSON_TRUE;
	rc = compile_list(c, node, prefix, &node->prefix);
	if (rc == 0)
		rc = compile_child(c, node, items, &node->items);
	if (rc == 0)
		rc = compile_child(
			c, node,
			compile_keyword(node, "contains", VOCABULARY_APPLICATOR, DRAFTS_BOTH),
			&node->contains);
	if (rc == 0)
		rc = compile_child(c, node,
				   compile_keyword(node, "unevaluatedItems", VOCABULARY_UNEVALUATED,
						   DRAFT_2020),
				   &node->unevaluated_items);
	node->has_array_rules = node->unique_items || node->prefix.count || node->items ||
				node->contains || node->unevaluated_items || node->min_items ||
				node->max_items != SNODE_NO_LIMIT;
	return rc;
}

static int read_references(struct compiler *c, struct snode *node)
{
	struct json_value ref = json_member(node->at, STR("$ref"));
	struct json_value dynamic =
		compile_keyword(node, "$dynamicRef", VOCABULARY_CORE, DRAFT_2020);
	struct cf_str fragment;
	int rc = 0;

	if (!json_is_absent(ref))
		rc = index_resolve(c, node->resource, ref, &node->ref, &fragment);
	if (rc || json_is_absent(dynamic))
		return rc;
	rc = index_resolve(c, node->resource, dynamic, &node->dynamic_ref, &fragment);
	if (rc)
		return rc;
	for (struct anchor *a = node->dynamic_ref->resource->anchors; a; a = a->next)
		if (a->is_dynamic && a->node == node->dynamic_ref && str_equal(a->name, fragment))
			node->dynamic_name = a->name;
	return 0;
}

static int read_in_place(struct compiler *c, struct snode *node)
{
	struct {
		const char *name;
		struct snode_list *list;
		struct snode **child;
	} rows[] = {
		{"allOf", &node->all_of, NULL},     {"anyOf", &node->any_of, NULL},
		{"oneOf", &node->one_of, NULL},     {"not", NULL, &node->not_schema},
		{"if", NULL, &node->if_schema},     {"then", NULL, &node->then_schema},
		{"else", NULL, &node->else_schema},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(rows); i++) {
		struct json_value at =
			compile_keyword(node, rows[i].name, VOCABULARY_APPLICATOR, DRAFTS_BOTH);

		rc = rows[i].list ? compile_list(c, node, at, rows[i].list)
				  : compile_child(c, node, at, rows[i].child);
	}
	node->has_in_place = node->ref || node->dynamic_ref || node->all_of.count ||
			     node->any_of.count || node->one_of.count || node->not_schema ||
			     node->if_schema;
	return rc;
}

int compile_node(struct compiler *c, struct snode *node)
{
	int rc;

	node->min_contains = 1;
	node->max_length = node->max_items = node->max_properties = SNODE_NO_LIMIT;
	node->max_contains = SNODE_NO_LIMIT;
	if (json_kind(node->at) != JSON_OBJECT) {
		node->always = json_kind(node->at) == JSON_TRUE ? 1 : -1;
		return 0;
	}
	rc = read_references(c, node);
	if (node->resource->draft == DRAFT_07 && node->ref) {
		node->has_in_place = true;
		return rc; /* draft-07: what stands beside $ref is ignored */
	}
	if (rc == 0)
		rc = read_in_place(c, node);
	if (rc == 0)
		rc = read_values(c, node);
	if (rc == 0)
		rc = read_numbers(c, node);
	if (rc == 0)
		rc = read_counts(c, node);
	if (rc == 0)
		rc = read_strings(c, node);
	if (rc == 0)
		rc = read_array_rules(c, node);
	if (rc == 0)
		rc = compile_object_rules(c, node);
	return rc;
}

static int compile_all(struct compiler *c, struct json_value root, struct cf_str uri)
{
	struct schema *schema = c->schema;
	struct snode *node;
	int rc = index_document(c, root, uri, DRAFT_2020, &node);

	if (rc)
		return rc;
	rc = index_place(c, root, node->resource, &schema->root);
	for (size_t i = 0; rc == 0 && i < schema->queue_count; i++)
		rc = compile_node(c, schema->queue[i]);
	schema->draft = node->resource->draft;
	return rc ? rc : compile_find_cycles(c);
}

static int compile_with(struct schema **ret, struct schema_set *set, struct json_value root,
			struct cf_str uri, unsigned flags, const struct cf_mem *mem, bool trusted,
			struct cf_error *error)
{
	struct schema *schema = mem_calloc(mem, 1, sizeof(*schema));
	struct compiler c = {.schema = schema, .error = error, .trusted = trusted};
	int rc = 0;

	if (!schema)
		return error_nomem(error);
	schema->mem = mem;
	schema->flags = flags;
	schema->root_value = root;
	arena_init(&schema->arena, mem);
	schema->owns_set = !set;
	schema->set = c.set = set ? set : schema_set_new(mem);
	uri = arena_dup(&schema->arena, uri_without_fragment(uri));
	if (!schema->set || !uri.ptr)
		rc = error_nomem(error);
	if (rc == 0)
		rc = compile_all(&c, root, uri);
	if (rc)
		schema_free(schema);
	else
		*ret = schema;
	return rc;
}

int schema_compile(struct schema **ret, struct schema_set *set, struct json_value root,
		   struct cf_str base_uri, unsigned flags, const struct cf_mem *mem,
		   struct cf_error *error)
{
	return compile_with(ret, set, root, base_uri, flags, mem, false, error);
}

int compile_trusted(struct schema **ret, struct schema_set *set, struct json_value root,
		    struct cf_str uri, struct cf_error *error)
{
	return compile_with(ret, set, root, uri, 0, set->mem, true, error);
}

void schema_find_misspelt(const struct schema *schema,
			  void (*found)(void *ctx, struct json_value name, const char *meant),
			  void *ctx)
{
	for (size_t i = 0; i < schema->queue_count; i++) {
		struct json_iter it = json_iter(schema->queue[i]->at);

		if (schema->queue[i]->at.doc != schema->root_value.doc)
			continue;
		while (it.members && json_next(&it)) {
			const char *meant = schema_keyword_meant(json_inner(it.name));

			if (meant)
				found(ctx, it.name, meant);
		}
	}
}

struct schema *schema_free(struct schema *schema)
{
	if (!schema)
		return NULL;
	for (size_t i = 0; i < schema->queue_count; i++) {
		pattern_free(schema->queue[i]->pattern);
		for (uint32_t k = 0; k < schema->queue[i]->pattern_count; k++)
			pattern_free(schema->queue[i]->patterns[k].pattern);
	}
	if (schema->owns_set)
		schema_set_free(schema->set);
	mem_free(schema->mem, schema->queue);
	mem_free(schema->mem, schema->slots);
	arena_fini(&schema->arena);
	mem_free(schema->mem, schema);
	return NULL;
}
