/* Random valid instances. A value is guessed from the rules of a place, those
 * behind $ref and allOf and one branch of each anyOf and oneOf; the document as a
 * whole is then validated, and guessed anew where it is not valid. A string that must
 * match patterns is made from the first and held against all. */
#include "schema/node.h"
#include "schema/pattern_generate.h"

enum { TRIES = 60, TEXT_TRIES = 40, FACETS_MAX = 24, DEPTH_MAX = 12 };

struct generator {
	struct rng *rng;
	unsigned size;
	bool document; /* an object, as documents are */
	struct cf_buf *out;
	struct cf_buf text; /* one string, decoded */
	struct matcher matcher;
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

static bool text_fits(struct generator *g, const struct facets *f, struct cf_str text)
{
	uint64_t length = 0;

	for (size_t i = 0; i < text.len; i++)
		length += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];

		if (n->always)
			continue;
		if (length < n->min_length || length > n->max_length)
			return false;
		if (n->pattern && pattern_match(n->pattern, &g->matcher, text) != 1)
			return false;
	}
	return true;
}

/* NULL where a text that fits was made (in g->text), else why not. */
static const char *generate_matching(struct generator *g, const struct facets *f,
				     const struct snode *node)
{
	const char *wrong = NULL;

	for (unsigned try = 0; try < TEXT_TRIES && !wrong; try++) {
		unsigned size = try < TEXT_TRIES / 4 ? g->size : (unsigned)rng_below(g->rng, 101);

		buf_clear(&g->text);
		wrong = pattern_generate(node->pattern_text, g->rng, size, &g->text);
		if (!wrong && text_fits(g, f, buf_view(&g->text)))
			return NULL;
	}
	return wrong ? wrong : "no text that fits was found";
}

/* A string of the first pattern there is; false: there is none. */
static bool generate_pattern(struct generator *g, const struct facets *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		if (!f->nodes[i]->pattern)
			continue;
		(void)generate_matching(g, f, f->nodes[i]);
		json_write_string(buf_view(&g->text), g->out);
		return true;
	}
	return false;
}

static void generate_string(struct generator *g, const struct facets *f)
{
	static const char *const pieces[] = {
		"a", "b", "7", " ", "\xc3\xa4", "\\u00e9", "\\n", "\\\"", "\xf0\x9f\x98\x80"};
	uint64_t min = 0, max = 2 + g->size / 5;
	uint64_t count;

	if (generate_pattern(g, f))
		return;
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

/* The name of a member that no rule names, and the schema of its value. False: none. */
static bool extra_name(struct generator *g, const struct facets *f, const struct snode **ret_schema)
{
	const struct snode *names = NULL;

	*ret_schema = NULL;
	buf_clear(&g->text);
	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];

		names = n->property_names ? n->property_names : names;
		if (n->additional && !n->additional->always)
			*ret_schema = n->additional;
	}
	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];
		const struct pattern_rule *rule;

		if (!n->pattern_count || chance(g, 20))
			continue;
		rule = &n->patterns[rng_below(g->rng, n->pattern_count)];
		*ret_schema = rule->schema;
		return !pattern_generate(rule->text, g->rng, g->size, &g->text);
	}
	for (unsigned i = 0; i < f->count; i++)
		if (f->nodes[i]->additional && f->nodes[i]->additional->always < 0)
			return false;
	if (names && names->pattern)
		return !pattern_generate(names->pattern_text, g->rng, g->size, &g->text);
	return !buf_printf(&g->text, "unknown%u", (unsigned)rng_below(g->rng, 10));
}

static void generate_extra(struct generator *g, const struct facets *f, bool first, unsigned depth)
{
	const struct snode *schema;

	if (!extra_name(g, f, &schema))
		return;
	for (unsigned i = 0; i < f->count; i++)
		if (f->nodes[i]->names && name_table_get(f->nodes[i]->names, buf_view(&g->text)))
			return;
	if (!first)
		buf_byte(g->out, ',');
	json_write_string(buf_view(&g->text), g->out);
	buf_byte(g->out, ':');
	generate_at(g, schema, schema ? depth + 1 : DEPTH_MAX);
}

static void generate_object(struct generator *g, const struct facets *f, unsigned depth)
{
	bool closed = false, ruled = false, first = true;

	buf_byte(g->out, '{');
	for (unsigned i = 0; i < f->count; i++) {
		const struct snode *n = f->nodes[i];

		closed = closed || n->unevaluated_properties;
		ruled = ruled || n->pattern_count || (n->additional && !n->additional->always);
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
	if (!closed && chance(g, ruled ? 20 + g->size / 2 : g->size / 4))
		generate_extra(g, f, first, depth);
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
	if (depth == 0 && g->document)
		types &= SCHEMA_OBJECT;
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

static void generator_init(struct generator *g, const struct schema *schema, struct rng *rng,
			   unsigned size, struct cf_buf *out)
{
	*g = (struct generator){.rng = rng, .size = size > 100 ? 100 : size, .out = out};
	buf_init(&g->text, schema->mem);
	matcher_init(&g->matcher, schema->mem);
}

static void generator_fini(struct generator *g)
{
	matcher_fini(&g->matcher);
	buf_fini(&g->text);
}

struct last_failure {
	struct cf_error *error;
};

/* The place in the schema, for whoever reads what is wrong with it. */
static bool keep_failure(void *ctx, const struct schema_failure *failure)
{
	struct last_failure *last = ctx;
	const char *hash = memchr(failure->keyword.ptr, '#', failure->keyword.len);
	size_t from = hash ? (size_t)(hash + 1 - failure->keyword.ptr) : 0;

	error_set(last->error, CF_ERR_UNSUPPORTED_OP,
		  "no valid document was found for the schema in %d tries; the last one %.*s",
		  TRIES, STR_ARG(failure->message));
	error_at_pointer(last->error,
			 (struct cf_str){failure->keyword.ptr + from, failure->keyword.len - from});
	return false;
}

/* One guess. 0, or why it is none. */
static int guess(struct generator *g, const struct schema *schema, struct json_doc *doc,
		 size_t start, const struct schema_report *report)
{
	int rc;

	g->out->len = start;
	generate_at(g, schema->root, 0);
	if (g->out->failed || g->text.failed)
		return CF_ERR_NOMEM;
	rc = json_read(doc, g->out->ptr + start, g->out->len - start, JSON_READ_DOCUMENT, NULL);
	if (rc == 0 && g->document && json_kind(json_root(doc)) != JSON_OBJECT)
		return CF_ERR_INVALID;
	return rc ? rc : schema_validate(schema, json_root(doc), report, NULL);
}

/* What fits among some guesses, in g->out. */
static int generate(struct generator *g, const struct schema *schema, struct cf_error *error)
{
	struct last_failure last = {error};
	struct schema_report report = {keep_failure, &last};
	struct cf_buf *out = g->out;
	size_t start = out->len;
	struct json_doc doc;
	int rc = CF_ERR_INVALID;

	json_doc_init(&doc, schema->mem);
	error_set(error, CF_ERR_UNSUPPORTED_OP,
		  "no valid document was found for the schema in %d tries", TRIES);
	for (int i = 0; i < TRIES && rc && rc != CF_ERR_NOMEM; i++)
		rc = guess(g, schema, &doc, start, error && i + 1 == TRIES ? &report : NULL);
	json_doc_fini(&doc);
	if (rc && !out->failed)
		out->len = start;
	if (rc == CF_ERR_NOMEM)
		return error_nomem(error);
	return rc ? CF_ERR_UNSUPPORTED_OP : 0;
}

int schema_generate(const struct schema *schema, struct rng *rng, unsigned size, struct cf_buf *out,
		    struct cf_error *error)
{
	struct generator g;
	int rc;

	generator_init(&g, schema, rng, size, out);
	rc = generate(&g, schema, error);
	generator_fini(&g);
	return rc;
}

int schema_generate_document(const struct schema *schema, struct rng *rng, unsigned size,
			     struct cf_buf *out, struct cf_error *error)
{
	struct generator g;
	int rc;

	generator_init(&g, schema, rng, size, out);
	g.document = true;
	rc = generate(&g, schema, error);
	generator_fini(&g);
	return rc;
}

/* --- what is left out ----------------------------------------------------------------- */

static int tell_gap(const struct snode *node, const char *rule, const char *why,
		    const struct schema *schema,
		    void (*found)(void *ctx, struct cf_str pointer, const char *why), void *ctx)
{
	struct cf_buf pointer;
	int rc;

	buf_init(&pointer, schema->mem);
	rc = json_pointer_of(node->at, &pointer) || json_pointer_push(&pointer, str_of(rule))
		     ? CF_ERR_NOMEM
		     : 0;
	if (rc == 0)
		found(ctx, buf_view(&pointer), why);
	buf_fini(&pointer);
	return rc;
}

/* Whether a string for this place comes from elsewhere. */
static bool is_given(const struct snode *node)
{
	return !json_is_absent(node->values) || !json_is_absent(node->constant) ||
	       !json_is_absent(json_member(node->at, STR("examples"))) ||
	       !json_is_absent(json_member(node->at, STR("default")));
}

int schema_generate_gaps(const struct schema *schema, uint64_t seed,
			 void (*found)(void *ctx, struct cf_str pointer, const char *why),
			 void *ctx, struct cf_error *error)
{
	struct rng rng = {seed};
	struct generator g;
	int rc = 0;

	generator_init(&g, schema, &rng, 20, NULL);
	for (size_t i = 0; i < schema->queue_count && rc == 0; i++) {
		const struct snode *node = schema->queue[i];
		struct facets f = {.nodes = {node}, .count = 1};
		const char *why = NULL;

		if (node->at.doc != schema->root_value.doc)
			continue;
		if (node->pattern && !is_given(node))
			why = generate_matching(&g, &f, node);
		if (why)
			rc = tell_gap(node, "pattern", why, schema, found, ctx);
		for (uint32_t k = 0; k < node->pattern_count && rc == 0; k++) {
			buf_clear(&g.text);
			why = pattern_generate(node->patterns[k].text, &rng, 20, &g.text);
			if (why)
				rc = tell_gap(node, "patternProperties", why, schema, found, ctx);
		}
	}
	if (g.text.failed)
		rc = CF_ERR_NOMEM;
	generator_fini(&g);
	return rc ? error_nomem(error) : 0;
}
