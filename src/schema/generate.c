/* Random valid instances. A value is guessed from the rules of a place, those
 * behind $ref and allOf and one branch of each anyOf and oneOf; the document as a
 * whole is then validated, and guessed anew where it is not valid. Patterns are
 * not read backwards: a string that must match one is taken from examples or
 * values, or the guess fails. */
#include "schema/node.h"

enum { TRIES = 60, FACETS_MAX = 24, DEPTH_MAX = 12 };

struct generator {
	struct rng *rng;
	unsigned size;
	struct cf_buf *out;
};

struct facets {
	const struct snode *nodes[FACETS_MAX];
	unsigned count;
};

static bool chance(struct generator *g, unsigned percent)
{
	return rng_below(g->rng, 100) < percent;
}

static void gather(struct generator *g, const struct snode *node, struct facets *f)
{
	if (!node || f->count == FACETS_MAX)
		return;
	f->nodes[f->count++] = node;
	gather(g, node->ref, f);
	gather(g, node->dynamic_ref, f);
	for (uint32_t i = 0; i < node->all_of.count; i++)
		gather(g, node->all_of.items[i], f);
	if (node->any_of.count)
		gather(g, node->any_of.items[rng_below(g->rng, node->any_of.count)], f);
	if (node->one_of.count)
		gather(g, node->one_of.items[rng_below(g->rng, node->one_of.count)], f);
	if (node->if_schema)
		gather(g, chance(g, 50) ? node->then_schema : node->else_schema, f);
}

static void generate_at(struct generator *g, const struct snode *node, unsigned depth);

static void generate_number(struct generator *g, const struct facets *f, bool integer)
{
	struct cf_str base = STR("0");
	uint64_t more = rng_below(g->rng, 1 + g->size / 4);
	int64_t from;

	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];

		base = n->minimum.ptr ? n->minimum : n->maximum.ptr ? n->maximum : base;
		base = n->above.ptr ? n->above : n->below.ptr ? n->below : base;
		base = n->multiple.ptr && chance(g, 50) ? n->multiple : base;
	}
	if (!json_number_int64(base, &from) || from > INT32_MAX || from < INT32_MIN) {
		buf_str(g->out, base);
		return;
	}
	from += chance(g, 50) ? (int64_t)more : -(int64_t)more;
	buf_printf(g->out, "%lld", (long long)from);
	if (!integer && chance(g, 40))
		buf_printf(g->out, ".%llu", (unsigned long long)rng_next(g->rng) >> 12);
	else if (chance(g, g->size / 5))
		buf_append(g->out, ".0", 2);
}

static const char *example_of_format(struct cf_str name)
{
	static const char *const rows[][2] = {
		{"date-time", "2020-02-29T12:30:00Z"},
		{"date", "2020-02-29"},
		{"time", "12:30:00Z"},
		{"duration", "P1DT2H"},
		{"email", "a@example.org"},
		{"hostname", "example.org"},
		{"ipv4", "192.0.2.1"},
		{"ipv6", "2001:db8::1"},
		{"uri", "https://example.org/a"},
		{"uri-reference", "a/b"},
		{"uuid", "123e4567-e89b-42d3-a456-426614174000"},
		{"json-pointer", "/a/0"},
		{"relative-json-pointer", "1/a"},
		{"regex", "^a+$"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_equal(name, str_of(rows[i][0])))
			return rows[i][1];
	return NULL;
}

static void generate_string(struct generator *g, const struct facets *f)
{
	static const char *const pieces[] = {
		"a", "b", "7", " ", "\xc3\xa4", "\\u00e9", "\\n", "\\\"", "\xf0\x9f\x98\x80"};
	uint64_t min = 0, max = 2 + g->size / 5;
	uint64_t count;

	for (unsigned i = 0; i < f->count; i++) {
		struct json_value word = json_member(f->nodes[i]->at, STR("format"));
		const char *example =
			json_kind(word) == JSON_STRING ? example_of_format(json_inner(word)) : NULL;

		if (example) {
			buf_printf(g->out, "\"%s\"", example);
			return;
		}
		if (f->nodes[i]->min_length > min && !f->nodes[i]->always)
			min = f->nodes[i]->min_length;
		if (f->nodes[i]->max_length < max && !f->nodes[i]->always)
			max = f->nodes[i]->max_length;
	}
	min = min > 10000 ? 10000 : min;
	count = min + (max > min ? rng_below(g->rng, max - min + 1) : 0);
	buf_byte(g->out, '"');
	for (uint64_t i = 0; i < count; i++) {
		const char *piece = pieces[rng_below(g->rng, ARRAY_LEN(pieces))];

		buf_append(g->out, piece, strlen(piece));
	}
	buf_byte(g->out, '"');
}

static void generate_array(struct generator *g, const struct facets *f, unsigned depth)
{
	const struct snode *items = NULL, *shaped = NULL;
	uint64_t min = 0, max = depth > DEPTH_MAX / 2 ? 0 : 1 + g->size / 10, count;

	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];

		if (n->always)
			continue;
		items = n->items ? n->items : n->contains && !items ? n->contains : items;
		shaped = n->prefix.count ? n : shaped;
		min = n->min_items > min ? n->min_items : min;
		min = n->contains && !min ? 1 : min;
		max = n->max_items < max ? n->max_items : max;
	}
	min = min > 1000 ? 1000 : min;
	count = min + (max > min ? rng_below(g->rng, max - min + 1) : 0);
	buf_byte(g->out, '[');
	for (uint64_t i = 0; i < count; i++) {
		if (i)
			buf_byte(g->out, ',');
		generate_at(g, shaped && i < shaped->prefix.count ? shaped->prefix.items[i] : items,
			    depth + 1);
	}
	buf_byte(g->out, ']');
}

static bool named_before(const struct facets *f, unsigned facet, struct cf_str name)
{
	for (unsigned i = 0; i < facet; i++)
		if (f->nodes[i]->names && name_table_get(f->nodes[i]->names, name))
			return true;
	return false;
}

static void generate_object(struct generator *g, const struct facets *f, unsigned depth)
{
	bool open = true, first = true;

	buf_byte(g->out, '{');
	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];

		open = open && !n->additional && !n->unevaluated_properties && !n->property_names &&
		       !n->pattern_count;
		for (uint32_t k = 0; n->names && k < n->names->count; k++) {
			const struct name_rule *rule = &n->names->rules[k];

			if (named_before(f, i, rule->name) ||
			    (!rule->required && !chance(g, depth > 4 ? 5 : 20 + g->size / 2)))
				continue;
			if (!first)
				buf_byte(g->out, ',');
			first = false;
			json_write_string(rule->name, g->out);
			buf_byte(g->out, ':');
			generate_at(g, rule->schema, depth + 1);
		}
	}
	if (open && chance(g, g->size / 4)) {
		buf_printf(g->out, "%s\"unknown%u\":", first ? "" : ",",
			   (unsigned)rng_below(g->rng, 10));
		generate_at(g, NULL, DEPTH_MAX);
	}
	buf_byte(g->out, '}');
}

/* Appends one of what enum, const, default or examples say. */
static bool generate_listed(struct generator *g, const struct facets *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];
		struct json_value list = n->values, at = n->constant;

		if (json_is_absent(at) && json_is_absent(list) && n->pattern) {
			list = json_member(n->at, STR("examples"));
			at = json_member(n->at, STR("default"));
		}
		if (json_is_absent(at) && json_count(list))
			at = json_element(list, (uint32_t)rng_below(g->rng, json_count(list)));
		if (!json_is_absent(at)) {
			json_write(at, g->out);
			return true;
		}
	}
	return false;
}

static void generate_at(struct generator *g, const struct snode *node, unsigned depth)
{
	struct facets f = {0};
	unsigned types = 127, kind;

	gather(g, node, &f);
	if (generate_listed(g, &f))
		return;
	for (unsigned i = 0; i < f.count; i++) {
		if (f.nodes[i]->types)
			types &= f.nodes[i]->types;
		else if (f.nodes[i]->names && types == 127)
			types = SCHEMA_OBJECT;
	}
	if (depth >= DEPTH_MAX && (types & 31))
		types &= 31;
	for (kind = 1u << rng_below(g->rng, 7); types && !(types & kind);)
		kind = kind == 64 ? 1 : kind << 1;
	if (depth > DEPTH_MAX + 8)
		kind = SCHEMA_NULL; /* there is no end to it: the guess fails */
	if (kind == SCHEMA_STRING)
		generate_string(g, &f);
	else if (kind == SCHEMA_ARRAY)
		generate_array(g, &f, depth);
	else if (kind == SCHEMA_OBJECT)
		generate_object(g, &f, depth);
	else if (kind == SCHEMA_NUMBER || kind == SCHEMA_INTEGER)
		generate_number(g, &f, !(types & SCHEMA_NUMBER));
	else if (kind == SCHEMA_BOOLEAN)
		buf_str(g->out, chance(g, 50) ? STR("true") : STR("false"));
	else
		buf_str(g->out, STR("null"));
}

int schema_generate(const struct schema *schema, struct rng *rng, unsigned size, struct cf_buf *out,
		    struct cf_error *error)
{
	struct generator g = {rng, size > 100 ? 100 : size, out};
	size_t start = out->len;
	struct json_doc doc;
	int rc = CF_ERR_INVALID;

	json_doc_init(&doc, schema->mem);
	for (int i = 0; i < TRIES && rc; i++) {
		out->len = start;
		generate_at(&g, schema->root, 0);
		if (out->failed) {
			rc = CF_ERR_NOMEM;
			break;
		}
		rc = json_read(&doc, out->ptr + start, out->len - start, JSON_READ_DOCUMENT, NULL);
		if (rc == 0)
			rc = schema_validate(schema, json_root(&doc), NULL, NULL);
		if (rc == CF_ERR_NOMEM)
			break;
	}
	json_doc_fini(&doc);
	if (rc && !out->failed)
		out->len = start;
	if (rc == CF_ERR_NOMEM)
		return error_nomem(error);
	return rc ? error_set(error, CF_ERR_UNSUPPORTED_OP,
			      "no valid document was found for the schema in %d tries", TRIES)
		  : 0;
}
