/* Which places of a schema's documents are schemas, and how $ref finds them.
 *
 * Walks a document along the keywords that hold schemas (and no others: an "$id"
 * inside an enum names nothing), makes a node for each place, and notes the
 * resources that $id opens and the anchors in them. */
#include "schema/compiler.h"
#include "schema/uri.h"

enum keyword_shape {
	SHAPE_SCHEMA,
	SHAPE_LIST,
	SHAPE_MAP,
	SHAPE_SCHEMA_OR_LIST,
};

struct keyword_row {
	const char *name;
	enum keyword_shape shape;
	unsigned drafts;
};

static const struct keyword_row keyword_rows[] = {
	{"$defs", SHAPE_MAP, DRAFT_2020},
	{"definitions", SHAPE_MAP, DRAFTS_BOTH},
	{"properties", SHAPE_MAP, DRAFTS_BOTH},
	{"patternProperties", SHAPE_MAP, DRAFTS_BOTH},
	{"dependentSchemas", SHAPE_MAP, DRAFT_2020},
	{"dependencies", SHAPE_MAP, DRAFTS_BOTH},
	{"items", SHAPE_SCHEMA_OR_LIST, DRAFTS_BOTH},
	{"prefixItems", SHAPE_LIST, DRAFT_2020},
	{"allOf", SHAPE_LIST, DRAFTS_BOTH},
	{"anyOf", SHAPE_LIST, DRAFTS_BOTH},
	{"oneOf", SHAPE_LIST, DRAFTS_BOTH},
	{"additionalItems", SHAPE_SCHEMA, DRAFT_07},
	{"additionalProperties", SHAPE_SCHEMA, DRAFTS_BOTH},
	{"propertyNames", SHAPE_SCHEMA, DRAFTS_BOTH},
	{"contains", SHAPE_SCHEMA, DRAFTS_BOTH},
	{"unevaluatedItems", SHAPE_SCHEMA, DRAFT_2020},
	{"unevaluatedProperties", SHAPE_SCHEMA, DRAFT_2020},
	{"contentSchema", SHAPE_SCHEMA, DRAFT_2020},
	{"not", SHAPE_SCHEMA, DRAFTS_BOTH},
	{"if", SHAPE_SCHEMA, DRAFTS_BOTH},
	{"then", SHAPE_SCHEMA, DRAFTS_BOTH},
	{"else", SHAPE_SCHEMA, DRAFTS_BOTH},
};

struct vocabulary_row {
	const char *name;
	unsigned bit;
};

#define VOCABULARY_PREFIX "https://json-schema.org/draft/2020-12/vocab/"

static const struct vocabulary_row vocabulary_rows[] = {
	{"core", VOCABULARY_CORE},
	{"applicator", VOCABULARY_APPLICATOR},
	{"unevaluated", VOCABULARY_UNEVALUATED},
	{"validation", VOCABULARY_VALIDATION},
	{"format-annotation", VOCABULARY_FORMAT_ANNOTATION},
	{"format-assertion", VOCABULARY_FORMAT_ASSERTION},
	{"content", VOCABULARY_CONTENT},
	{"meta-data", VOCABULARY_META_DATA},
};

static int walk(struct compiler *c, struct json_value at, struct resource *resource);

int compile_wrong(struct compiler *c, struct json_value at, const char *reason)
{
	struct cf_buf pointer;

	error_set(c->error, CF_ERR_SCHEMA, "%s", reason);
	buf_init(&pointer, c->schema->mem);
	if (json_pointer_of(at, &pointer) == 0)
		error_at_pointer(c->error, buf_view(&pointer));
	buf_fini(&pointer);
	return CF_ERR_SCHEMA;
}

static int wrong_text(struct compiler *c, struct json_value at, const char *format,
		      struct cf_str text)
{
	struct cf_str reason =
		arena_printf(&c->schema->arena, "%s \"%.*s\"", format, STR_ARG(text));

	return reason.ptr ? compile_wrong(c, at, reason.ptr) : error_nomem(c->error);
}

/* --- nodes by place -------------------------------------------------------- */

static size_t slot_of(const struct schema *schema, struct json_value at)
{
	uint64_t mixed = ((uint64_t)(uintptr_t)at.doc >> 4) + at.node;

	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(mixed >> 32) & (schema->slot_count - 1);
}

struct snode *schema_node_find(const struct schema *schema, struct json_value at)
{
	if (!schema->slot_count)
		return NULL;
	for (size_t i = slot_of(schema, at);; i = (i + 1) & (schema->slot_count - 1)) {
		struct snode *node = schema->slots[i];

		if (!node || (node->at.doc == at.doc && node->at.node == at.node))
			return node;
	}
}

static void insert(struct schema *schema, struct snode *node)
{
	size_t i = slot_of(schema, node->at);

	while (schema->slots[i])
		i = (i + 1) & (schema->slot_count - 1);
	schema->slots[i] = node;
}

static int grow_slots(struct compiler *c)
{
	struct schema *schema = c->schema;
	size_t old_count = schema->slot_count;
	struct snode **old = schema->slots;
	size_t count = old_count ? old_count * 2 : 64;
	struct snode **slots = mem_calloc(schema->mem, count, sizeof(*slots));

	if (!slots)
		return error_nomem(c->error);
	schema->slots = slots;
	schema->slot_count = count;
	for (size_t i = 0; i < old_count; i++)
		if (old[i])
			insert(schema, old[i]);
	mem_free(schema->mem, old);
	return 0;
}

static int new_node(struct compiler *c, struct json_value at, struct resource *resource,
		    struct snode **ret)
{
	struct schema *schema = c->schema;
	struct snode *node;

	if (schema->node_count * 2 >= schema->slot_count && grow_slots(c))
		return CF_ERR_NOMEM;
	node = arena_calloc(&schema->arena, 1, sizeof(*node));
	if (!node)
		return error_nomem(c->error);
	node->at = at;
	node->resource = resource;
	insert(schema, node);
	schema->node_count++;
	*ret = node;
	return 0;
}

static int enqueue(struct compiler *c, struct snode *node)
{
	struct schema *schema = c->schema;

	if (node->queued)
		return 0;
	if (schema->queue_count == schema->queue_cap) {
		size_t cap = schema->queue_cap ? schema->queue_cap * 2 : 64;
		struct snode **grown = mem_resize(schema->mem, schema->queue, cap * sizeof(*grown));

		if (!grown)
			return error_nomem(c->error);
		schema->queue = grown;
		schema->queue_cap = cap;
	}
	schema->queue[schema->queue_count++] = node;
	node->queued = true;
	return 0;
}

int index_place(struct compiler *c, struct json_value at, struct resource *resource,
		struct snode **ret)
{
	struct snode *node = schema_node_find(c->schema, at);
	int rc = 0;

	if (!node) {
		rc = walk(c, at, resource);
		node = schema_node_find(c->schema, at);
	}
	if (rc == 0 && !node)
		rc = compile_wrong(c, at, "a schema is an object, true or false");
	if (rc == 0)
		rc = enqueue(c, node);
	*ret = node;
	return rc;
}

/* --- dialects -------------------------------------------------------------- */

static int read_vocabularies(struct compiler *c, struct json_value metaschema, unsigned *ret)
{
	struct json_iter it = json_iter(json_member(metaschema, STR("$vocabulary")));
	struct cf_str prefix = STR(VOCABULARY_PREFIX);
	unsigned bits = 0;

	if (json_is_absent(json_member(metaschema, STR("$vocabulary"))))
		return 0;
	while (json_next(&it)) {
		struct cf_str name = json_inner(it.name);
		unsigned bit = 0;

		for (size_t i = 0; i < ARRAY_LEN(vocabulary_rows); i++)
			if (name.len > prefix.len && str_starts_with(name, prefix) &&
			    str_equal((struct cf_str){name.ptr + prefix.len, name.len - prefix.len},
				      str_of(vocabulary_rows[i].name)))
				bit = vocabulary_rows[i].bit;
		if (!bit && json_kind(it.value) == JSON_TRUE)
			return wrong_text(c, it.name, "there is no such vocabulary:", name);
		bits |= bit;
	}
	*ret = bits;
	return 0;
}

/* What "$schema" says of a resource; without one it inherits. */
static int read_dialect(struct compiler *c, struct json_value at, struct resource *resource)
{
	struct json_value word = json_member(at, STR("$schema"));
	struct cf_str uri;
	struct json_value metaschema;
	int rc;

	if (json_kind(word) != JSON_STRING)
		return 0;
	uri = uri_without_fragment(json_inner(word));
	resource->vocabularies = VOCABULARY_ALL;
	if (str_equal(uri, STR("https://json-schema.org/draft/2020-12/schema"))) {
		resource->draft = DRAFT_2020;
		return 0;
	}
	if (str_equal(uri, STR("http://json-schema.org/draft-07/schema")) ||
	    str_equal(uri, STR("https://json-schema.org/draft-07/schema"))) {
		resource->draft = DRAFT_07;
		return 0;
	}
	rc = set_find(c->set, uri, &metaschema, c->error);
	if (rc)
		return rc;
	if (json_is_absent(metaschema))
		return wrong_text(c, word, "the metaschema is not known:", uri);
	resource->draft = DRAFT_2020;
	return read_vocabularies(c, metaschema, &resource->vocabularies);
}

/* --- resources and anchors ------------------------------------------------- */

static struct resource *new_resource(struct compiler *c, struct cf_str uri, struct json_value root,
				     const struct resource *outer)
{
	struct resource *resource = arena_calloc(&c->schema->arena, 1, sizeof(*resource));

	if (!resource)
		return NULL;
	resource->uri = uri;
	resource->root = root;
	resource->draft = outer ? outer->draft : DRAFT_2020;
	resource->vocabularies = outer ? outer->vocabularies : VOCABULARY_ALL;
	resource->next = c->schema->resources;
	c->schema->resources = resource;
	return resource;
}

static int add_anchor(struct compiler *c, struct resource *resource, struct cf_str name,
		      bool is_dynamic, struct snode *node)
{
	struct anchor *anchor = arena_calloc(&c->schema->arena, 1, sizeof(*anchor));

	if (!anchor)
		return error_nomem(c->error);
	*anchor = (struct anchor){name, is_dynamic, node, resource->anchors};
	resource->anchors = anchor;
	return 0;
}

/* Opens the resource that $id names; an anchor of draft-07 ("#name") is given back. */
static int read_id(struct compiler *c, struct json_value at, struct resource **resource,
		   struct cf_str *ret_anchor)
{
	struct json_value id = json_member(at, STR("$id"));
	struct cf_str text, uri, fragment;
	struct resource *own;
	bool is_root = (*resource)->root.doc == at.doc && (*resource)->root.node == at.node;

	if (json_kind(id) == JSON_STRING) {
		if (json_decode(id, &c->schema->arena, &text) ||
		    uri_resolve((*resource)->uri, text, &c->schema->arena, &uri, &fragment))
			return error_nomem(c->error);
		if (fragment.len)
			*ret_anchor = fragment;
		if (uri_without_fragment(text).len) {
			own = new_resource(c, uri, at, *resource);
			if (!own)
				return error_nomem(c->error);
			*resource = own;
			is_root = true;
		}
	}
	return is_root ? read_dialect(c, at, *resource) : 0;
}

static int read_anchors(struct compiler *c, struct snode *node, struct cf_str id_anchor)
{
	struct json_value plain = json_member(node->at, STR("$anchor"));
	struct json_value dynamic = json_member(node->at, STR("$dynamicAnchor"));
	int rc = 0;

	if (node->resource->draft == DRAFT_07)
		return id_anchor.len ? add_anchor(c, node->resource, id_anchor, false, node) : 0;
	if (json_kind(plain) == JSON_STRING)
		rc = add_anchor(c, node->resource, json_inner(plain), false, node);
	if (rc == 0 && json_kind(dynamic) == JSON_STRING)
		rc = add_anchor(c, node->resource, json_inner(dynamic), true, node);
	/* Only while validating is it known whether it is reached. */
	if (rc == 0 && json_kind(dynamic) == JSON_STRING)
		rc = enqueue(c, node);
	return rc;
}

/* --- the walk -------------------------------------------------------------- */

static bool is_schema_kind(struct json_value v)
{
	enum json_kind kind = json_kind(v);

	return kind == JSON_OBJECT || kind == JSON_TRUE || kind == JSON_FALSE;
}

static int walk_keyword(struct compiler *c, const struct keyword_row *row, struct json_value value,
			struct resource *resource)
{
	struct json_iter it = json_iter(value);
	bool is_array = json_kind(value) == JSON_ARRAY;
	int rc = 0;

	if (row->shape == SHAPE_SCHEMA || (row->shape == SHAPE_SCHEMA_OR_LIST && !is_array))
		return is_schema_kind(value) ? walk(c, value, resource) : 0;
	if ((row->shape == SHAPE_MAP) == is_array)
		return 0;
	while (rc == 0 && json_next(&it))
		if (is_schema_kind(it.value))
			rc = walk(c, it.value, resource);
	return rc;
}

static int walk(struct compiler *c, struct json_value at, struct resource *resource)
{
	struct json_iter it = json_iter(at);
	struct cf_str id_anchor = {0};
	struct snode *node = NULL;
	int rc = 0;
	bool ignores_id;

	if (!is_schema_kind(at) || schema_node_find(c->schema, at))
		return 0;
	ignores_id = resource->draft == DRAFT_07 && resource->root.node != at.node &&
		     !json_is_absent(json_member(at, STR("$ref")));
	if (!ignores_id && json_kind(at) == JSON_OBJECT)
		rc = read_id(c, at, &resource, &id_anchor);
	if (rc == 0)
		rc = new_node(c, at, resource, &node);
	if (rc == 0)
		rc = read_anchors(c, node, id_anchor);
	while (rc == 0 && json_next(&it)) {
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(keyword_rows); i++)
			if ((keyword_rows[i].drafts & resource->draft) &&
			    json_name_is(it.name, str_of(keyword_rows[i].name)))
				rc = walk_keyword(c, &keyword_rows[i], it.value, resource);
	}
	return rc;
}

/* The metaschema says only that a type is none of a list. */
static void name_wrong_type(struct compiler *c, struct json_value root)
{
	struct cf_str pointer = str_of(c->error->pointer);
	struct json_value at = json_pointer_get(root, pointer);
	size_t len = strlen("/type");
	struct cf_error told;

	c->error->code = CF_ERR_SCHEMA;
	if (json_kind(at) != JSON_STRING || pointer.len < len ||
	    !str_equal((struct cf_str){pointer.ptr + pointer.len - len, len}, STR("/type")))
		return;
	error_set(&told, CF_ERR_SCHEMA, "%.*s is not a type", STR_ARG(json_span(at)));
	error_at_pointer(&told, pointer);
	*c->error = told;
}

static int check_document(struct compiler *c, struct json_value root, struct resource *resource)
{
	struct json_value word = json_member(root, STR("$schema"));
	struct cf_str uri = resource->draft == DRAFT_07
				    ? STR("http://json-schema.org/draft-07/schema")
				    : STR("https://json-schema.org/draft/2020-12/schema");
	struct schema *metaschema;
	int rc;

	if (json_kind(word) == JSON_STRING && resource->draft == DRAFT_2020)
		uri = uri_without_fragment(json_inner(word));
	rc = compile_metaschema(c->set, uri, &metaschema, c->error);
	if (rc == 0)
		rc = schema_validate(metaschema, root, NULL, c->error);
	if (rc == CF_ERR_INVALID) {
		rc = CF_ERR_SCHEMA;
		if (c->error)
			name_wrong_type(c, root);
		error_prefix(c->error, rc, "not a schema");
	}
	return rc;
}

int index_document(struct compiler *c, struct json_value root, struct cf_str uri,
		   enum schema_draft draft, struct snode **ret)
{
	struct resource *resource = new_resource(c, uri, root, NULL);
	struct snode *node;
	int rc;

	if (!resource)
		return error_nomem(c->error);
	resource->draft = draft;
	if (!is_schema_kind(root))
		return compile_wrong(c, root, "a schema is an object, true or false");
	rc = walk(c, root, resource);
	node = schema_node_find(c->schema, root);
	if (rc == 0 && !c->trusted)
		rc = check_document(c, root, node->resource);
	*ret = node;
	return rc;
}

/* --- references ------------------------------------------------------------ */

static struct resource *find_resource(const struct schema *schema, struct cf_str uri)
{
	for (struct resource *r = schema->resources; r; r = r->next)
		if (str_equal(r->uri, uri))
			return r;
	return NULL;
}

static bool is_built_in(struct cf_str uri)
{
	for (size_t i = 0; i < metaschema_row_count; i++)
		if (str_equal(str_of(metaschema_rows[i].uri), uri))
			return true;
	return false;
}

/* Indexes the document of that URI, if the set has it. */
static int load_resource(struct compiler *c, struct cf_str uri, enum schema_draft draft)
{
	struct json_value root;
	struct snode *node;
	bool was_trusted = c->trusted;
	int rc = set_find(c->set, uri, &root, c->error);

	if (rc || json_is_absent(root))
		return rc;
	c->trusted = was_trusted || is_built_in(uri);
	rc = index_document(c, root, uri, draft, &node);
	c->trusted = was_trusted;
	return rc;
}

/* A document may go by another $id than the URI it was added under. */
static int load_all(struct compiler *c, enum schema_draft draft)
{
	int rc = 0;

	for (struct set_document *d = c->set->documents; rc == 0 && d; d = d->next)
		if (!find_resource(c->schema, d->uri))
			rc = load_resource(c, d->uri, draft);
	return rc;
}

static int find_or_load(struct compiler *c, struct cf_str uri, enum schema_draft draft,
			struct resource **ret)
{
	int rc = 0;

	*ret = find_resource(c->schema, uri);
	if (!*ret)
		rc = load_resource(c, uri, draft);
	if (rc == 0 && !*ret)
		*ret = find_resource(c->schema, uri);
	if (rc == 0 && !*ret)
		rc = load_all(c, draft);
	if (rc == 0 && !*ret)
		*ret = find_resource(c->schema, uri);
	return rc;
}

/* Follows a JSON Pointer; $id on the way changes the resource. */
static int follow_pointer(struct compiler *c, struct resource *resource, struct cf_str pointer,
			  struct json_value ref, struct snode **ret)
{
	struct json_value at = resource->root;
	size_t start = 0;

	for (size_t i = 1; i <= pointer.len && !json_is_absent(at); i++) {
		struct snode *known;

		if (i < pointer.len && pointer.ptr[i] != '/')
			continue;
		at = json_pointer_get(at, (struct cf_str){pointer.ptr + start, i - start});
		known = json_is_absent(at) ? NULL : schema_node_find(c->schema, at);
		resource = known ? known->resource : resource;
		start = i;
	}
	if (json_is_absent(at))
		return wrong_text(c, ref, "$ref leads nowhere:", json_inner(ref));
	return index_place(c, at, resource, ret);
}

static int follow_anchor(struct compiler *c, struct resource *resource, struct cf_str name,
			 struct json_value ref, struct snode **ret)
{
	struct snode *root = schema_node_find(c->schema, resource->root);

	/* The resource that is found may be a document's address, and $id its name. */
	resource = root ? root->resource : resource;
	for (struct anchor *a = resource->anchors; a; a = a->next)
		if (str_equal(a->name, name))
			return index_place(c, a->node->at, resource, ret);
	return wrong_text(c, ref, "$ref leads nowhere:", json_inner(ref));
}

int index_resolve(struct compiler *c, struct resource *from, struct json_value ref,
		  struct snode **ret, struct cf_str *ret_fragment)
{
	struct resource *resource = from;
	struct cf_str text, uri, fragment;
	int rc;

	if (json_kind(ref) != JSON_STRING)
		return compile_wrong(c, ref, "$ref is a string");
	if (json_decode(ref, &c->schema->arena, &text) ||
	    uri_resolve(from->uri, text, &c->schema->arena, &uri, &fragment))
		return error_nomem(c->error);
	if (uri_without_fragment(text).len) {
		rc = find_or_load(c, uri, from->draft, &resource);
		if (rc)
			return rc;
		if (!resource)
			return wrong_text(c, ref,
					  "$ref leads to a document that is not here:", uri);
	}
	*ret_fragment = fragment;
	if (fragment.len == 0)
		return index_place(c, resource->root, resource, ret);
	if (fragment.ptr[0] == '/')
		return follow_pointer(c, resource, fragment, ref, ret);
	return follow_anchor(c, resource, fragment, ref, ret);
}
