/* What diff promises, on pairs of schemas made at random: where it says BACKWARD, each
 * document of the old schema is valid by the new one; where FORWARD, the other way.
 *
 * Both schemas are written at once. Each rule is mostly the same in both, sometimes
 * another, or only in one of them. Every third pair mixes the drafts, in which the same
 * words may be other rules or none. CHESTERFIELD_SEED repeats one pair. */
#include "check_main.h"
#include "schema/schema.h"

#include <stdio.h>

enum { PAIRS = 4000, DOCUMENTS = 12, DEPTH = 3, DEFS = 3 };

struct world {
	struct rng rng;
	struct cf_buf texts[2];
	bool started[2]; /* the object at hand has a member */
	unsigned changes;
	bool mixed;  /* drafts */
	unsigned id; /* the last that was given */
	struct json_doc docs[2];
	struct schema *schemas[2];
};

static unsigned below(struct world *w, unsigned bound)
{
	return (unsigned)rng_below(&w->rng, bound);
}

static void put(struct world *w, int side, const char *text)
{
	buf_str(&w->texts[side], str_of(text));
}

static void both(struct world *w, const char *text)
{
	put(w, 0, text);
	put(w, 1, text);
}

/* Whether something is changed here. */
static bool change(struct world *w)
{
	bool yes = below(w, 100) < 4;

	w->changes += yes;
	return yes;
}

/* One of some texts; the new schema may have another. */
static void one_of(struct world *w, const char *const *texts, unsigned count)
{
	unsigned i = below(w, count);

	put(w, 0, texts[i]);
	put(w, 1, texts[change(w) ? below(w, count) : i]);
}

/* A rule's name in both, or in one of them; bits of those that have it. What is put
 * for the other is taken away by rule_end. */
static unsigned rule_begin(struct world *w, const char *name, size_t *marks, bool *started)
{
	unsigned sides = change(w) ? 1u + below(w, 2) : 3;

	for (int i = 0; i < 2; i++) {
		marks[i] = w->texts[i].len;
		started[i] = w->started[i];
		if (w->started[i])
			put(w, i, ",");
		w->started[i] = true;
		put(w, i, name);
	}
	return sides;
}

static void rule_end(struct world *w, unsigned sides, const size_t *marks, const bool *started)
{
	for (int i = 0; i < 2; i++) {
		w->started[i] = started[i] || (sides & 1u << i);
		if (!(sides & 1u << i))
			w->texts[i].len = marks[i];
	}
}

static void rule_of_texts(struct world *w, const char *name, const char *const *texts,
			  unsigned count)
{
	size_t marks[2];
	bool started[2];
	unsigned sides = rule_begin(w, name, marks, started);

	one_of(w, texts, count);
	rule_end(w, sides, marks, started);
}

#define DRAFT_07 "\"http://json-schema.org/draft-07/schema#\""
#define DRAFT_2020 "\"https://json-schema.org/draft/2020-12/schema\""

/* The draft of a place, which needs a name of its own for that. */
static void draft(struct world *w)
{
	static const char *const drafts[] = {DRAFT_07, DRAFT_2020};
	unsigned drawn = below(w, 2);
	char id[64];

	snprintf(id, sizeof(id), "\"$id\":\"http://x/%u\",\"$schema\":", w->id++);
	both(w, id);
	for (int i = 0; i < 2; i++) {
		put(w, i, drafts[below(w, 4) ? drawn : 1 - drawn]);
		w->started[i] = true;
	}
	w->changes++;
}

#define RULE(w, name, ...)                                                          \
	do {                                                                        \
		static const char *const texts[] = {__VA_ARGS__};                   \
		if (below(w, 100) < 30)                                             \
			rule_of_texts(w, "\"" name "\":", texts, ARRAY_LEN(texts)); \
	} while (0)

static void schema(struct world *w, unsigned depth);

static void rule_of_schema(struct world *w, const char *name, const char *end, unsigned depth)
{
	size_t marks[2];
	bool started[2];
	unsigned sides = rule_begin(w, name, marks, started);

	schema(w, depth);
	both(w, end);
	rule_end(w, sides, marks, started);
}

/* [schema, schema], or {"a": schema, ...} with names. */
static void rule_of_schemas(struct world *w, const char *name, const char *const *names,
			    unsigned count, unsigned depth)
{
	size_t marks[2];
	bool started[2];
	unsigned sides = rule_begin(w, name, marks, started);

	both(w, names ? "{" : "[");
	w->started[0] = w->started[1] = false;
	for (unsigned i = 0; i < count; i++)
		rule_of_schema(w, names ? names[i] : "", "", depth);
	/* A list must not be empty. */
	for (int i = 0; i < 2; i++)
		if (!names && !w->started[i])
			put(w, i, "true");
	both(w, names ? "}" : "]");
	rule_end(w, sides, marks, started);
}

static void object_rules(struct world *w, unsigned depth)
{
	static const char *const names[] = {"\"a\":", "\"b\":", "\"c\":", "\"x1\":"};
	static const char *const patterns[] = {"\"^x[0-9]$\":", "\"^[ab]$\":"};

	rule_of_schemas(w, "\"properties\":", names, 1 + below(w, 4), depth);
	RULE(w, "required", "[\"a\"]", "[\"b\"]", "[\"a\",\"b\"]", "[]");
	if (below(w, 4) == 0)
		rule_of_schemas(w, "\"patternProperties\":", patterns, 1 + below(w, 2), depth);
	if (below(w, 3) == 0)
		rule_of_schema(w, "\"additionalProperties\":", "", depth);
	else
		RULE(w, "additionalProperties", "false", "true");
	RULE(w, "maxProperties", "2", "3");
	RULE(w, "minProperties", "1", "0");
	RULE(w, "propertyNames", "{\"maxLength\":1}", "{\"pattern\":\"^[a-x]\"}");
	RULE(w, "dependentRequired", "{\"a\":[\"b\"]}", "{\"a\":[]}");
	RULE(w, "dependencies", "{\"a\":[\"b\"]}", "{\"a\":[],\"b\":{\"minProperties\":2}}");
	if (below(w, 8) == 0)
		RULE(w, "unevaluatedProperties", "false", "true", "{\"type\":\"integer\"}");
	if (below(w, 6) == 0)
		rule_of_schema(w, "\"dependentSchemas\":{\"a\":", "}", depth);
}

static void scalar_rules(struct world *w)
{
	RULE(w, "minimum", "0", "1", "-2.5");
	RULE(w, "maximum", "9", "5");
	RULE(w, "exclusiveMaximum", "9", "8");
	RULE(w, "multipleOf", "1", "2", "0.5");
	RULE(w, "minLength", "1", "2");
	RULE(w, "maxLength", "3", "5");
	RULE(w, "pattern", "\"^a\"", "\"a\"", "\"^[ab7]*$\"");
}

static void array_rules(struct world *w, unsigned depth)
{
	rule_of_schema(w, "\"items\":", "", depth);
	if (below(w, 3) == 0)
		rule_of_schemas(w, "\"prefixItems\":", NULL, 1 + below(w, 2), depth);
	RULE(w, "minItems", "0", "1");
	RULE(w, "maxItems", "1", "2");
	RULE(w, "uniqueItems", "true", "false");
	if (below(w, 4) == 0)
		rule_of_schema(w, "\"contains\":", "", depth);
	RULE(w, "maxContains", "1", "2");
	if (below(w, 6) == 0)
		RULE(w, "unevaluatedItems", "false", "true");
}

static void in_place_rules(struct world *w, unsigned depth)
{
	switch (below(w, 12)) {
	case 0:
		rule_of_schemas(w, "\"allOf\":", NULL, 1 + below(w, 2), depth);
		break;
	case 1:
		rule_of_schemas(w, "\"anyOf\":", NULL, 1 + below(w, 2), depth);
		break;
	case 2:
		rule_of_schemas(w, "\"oneOf\":", NULL, 1 + below(w, 2), depth);
		break;
	case 3:
		rule_of_schema(w, "\"not\":", "", depth);
		break;
	case 4:
		rule_of_schema(w, "\"if\":", "", depth);
		rule_of_schema(w, "\"then\":", "", depth);
		rule_of_schema(w, "\"else\":", "", depth);
		break;
	default:
		break;
	}
}

static void schema(struct world *w, unsigned depth)
{
	static const char *const types[] = {"\"string\"",  "\"integer\"",
					    "\"number\"",  "[\"string\",\"null\"]",
					    "\"boolean\"", "[\"integer\",\"string\"]"};
	static const char *const values[] = {"[1,2]", "[1,2,3]", "[\"a\",null]", "[true]"};
	static const char *const refs[] = {"\"http://x/0#/$defs/d0\"", "\"http://x/0#/$defs/d1\"",
					   "\"http://x/0#/$defs/d2\""};
	bool started[2] = {w->started[0], w->started[1]};
	unsigned kind = below(w, depth ? 8 : 4);

	both(w, "{");
	w->started[0] = w->started[1] = false;
	if (w->mixed && below(w, 8) == 0)
		draft(w);
	if (kind == 0)
		rule_of_texts(w, "\"enum\":", values, ARRAY_LEN(values));
	else if (kind < 4)
		rule_of_texts(w, "\"type\":", types, ARRAY_LEN(types));
	if (kind == 1 || kind == 2)
		scalar_rules(w);
	if (kind == 4 || kind == 5) {
		RULE(w, "type", "\"object\"");
		object_rules(w, depth - 1);
	}
	if (kind == 6) {
		RULE(w, "type", "\"array\"");
		array_rules(w, depth - 1);
	}
	if (kind == 7)
		rule_of_texts(w, "\"$ref\":", refs, ARRAY_LEN(refs));
	RULE(w, "title", "\"t\"", "\"u\"");
	if (depth)
		in_place_rules(w, depth - 1);
	both(w, "}");
	w->started[0] = started[0];
	w->started[1] = started[1];
}

static void world_init(struct world *w, uint64_t seed)
{
	char name[32];

	*w = (struct world){.rng = {seed}};
	for (int i = 0; i < 2; i++) {
		buf_init(&w->texts[i], &mem_heap);
		json_doc_init(&w->docs[i], &mem_heap);
	}
	w->mixed = seed % 3 == 0;
	both(w, "{");
	if (w->mixed)
		draft(w);
	else
		both(w, "\"$id\":\"http://x/0\"");
	both(w, ",\"$defs\":{");
	w->started[0] = w->started[1] = false;
	for (unsigned i = 0; i < DEFS; i++) {
		snprintf(name, sizeof(name), "%s\"d%u\":", i ? "," : "", i);
		both(w, name);
		schema(w, i ? 0 : 1);
	}
	both(w, "},\"allOf\":[");
	schema(w, DEPTH);
	both(w, "]}");
}

static bool world_compile(struct world *w)
{
	struct cf_error error = {0};

	for (int i = 0; i < 2; i++) {
		int rc = json_read(&w->docs[i], w->texts[i].ptr, w->texts[i].len, 0, &error);

		ck_assert_msg(rc == 0, "%.*s: %s", STR_ARG(buf_view(&w->texts[i])), error.message);
		rc = schema_compile(&w->schemas[i], NULL, json_root(&w->docs[i]), STR(""), 0,
				    &mem_heap, &error);
		if (rc == CF_ERR_SCHEMA && strstr(error.message, "leads round"))
			return false;
		ck_assert_msg(rc == 0, "%.*s: %s", STR_ARG(buf_view(&w->texts[i])), error.message);
	}
	return true;
}

static void world_fini(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		schema_free(w->schemas[i]);
		json_doc_fini(&w->docs[i]);
		buf_fini(&w->texts[i]);
	}
}

/* Documents of one side must be valid by the other. */
static unsigned hold(struct world *w, int from, const struct schema_diff *diff, uint64_t seed)
{
	struct cf_buf text;
	struct json_doc doc;
	unsigned held = 0;

	buf_init(&text, &mem_heap);
	json_doc_init(&doc, &mem_heap);
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct cf_error error = {0};

		buf_clear(&text);
		if (schema_generate(w->schemas[from], &w->rng, i * 100 / DOCUMENTS, &text, NULL))
			break;
		ck_assert_int_eq(json_read(&doc, text.ptr, text.len, 0, NULL), 0);
		ck_assert_msg(
			schema_validate(w->schemas[!from], json_root(&doc), NULL, &error) == 0,
			"CHESTERFIELD_SEED=%llu: %s, but %.*s of the %s is refused: %s at "
			"%s\nold %.*s\nnew %.*s",
			(unsigned long long)seed, schema_compatibility_name(diff->compatibility),
			STR_ARG(buf_view(&text)), from ? "new" : "old", error.message,
			error.pointer, STR_ARG(buf_view(&w->texts[0])),
			STR_ARG(buf_view(&w->texts[1])));
		held++;
	}
	json_doc_fini(&doc);
	buf_fini(&text);
	return held;
}

START_TEST(what_diff_promises_holds)
{
	const char *seed_text = getenv("CHESTERFIELD_SEED");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
	unsigned pairs = seed_text ? 1 : PAIRS, held[2] = {0}, one_way = 0;

	for (unsigned i = 0; i < pairs; i++) {
		struct schema_diff diff;
		struct world w;

		world_init(&w, seed + i);
		if (world_compile(&w)) {
			ck_assert_int_eq(
				schema_diff(&diff, w.schemas[0], w.schemas[1], &mem_heap, NULL), 0);
			if (w.changes && (diff.compatibility & SCHEMA_BACKWARD))
				held[0] += hold(&w, 0, &diff, seed + i);
			if (w.changes && (diff.compatibility & SCHEMA_FORWARD))
				held[1] += hold(&w, 1, &diff, seed + i);
			one_way += diff.compatibility == SCHEMA_BACKWARD ||
				   diff.compatibility == SCHEMA_FORWARD;
			schema_diff_fini(&diff);
		}
		world_fini(&w);
	}
	if (seed_text)
		return;
	ck_assert_uint_gt(held[0], PAIRS);
	ck_assert_uint_gt(held[1], PAIRS);
	ck_assert_uint_gt(one_way, PAIRS / 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema-diff-random");
	TCase *tcase = tcase_create("pairs");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, what_diff_promises_holds);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
