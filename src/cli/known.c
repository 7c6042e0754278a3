/* Versions that type and version do not tell, as conditions of Mango. */
#include "cli/known.h"

enum { RULES_MAX = 64 };

/* A rule does not hold: this member is absent, or another. */
struct pick {
	struct json_value name, value;
	bool absent;
};

struct term {
	const struct catalog *catalog;
	struct cf_buf *out;
	const struct catalog_major *own; /* ids of its grammar; NULL: of no grammar at all */
	struct json_value holds;         /* a rule; absent: none need hold */
	struct json_value not [RULES_MAX];
	size_t not_count;
	struct pick picks[RULES_MAX];
};

/* --- ids ------------------------------------------------------------------------------------ */

static void write_regex(const struct cf_buf *text, struct cf_buf *out)
{
	buf_str(out, STR("{ \"_id\": { \"$regex\": "));
	if (text->failed || json_write_string(buf_view(text), out))
		out->failed = true;
	buf_str(out, STR(" } }"));
}

void known_write_ids(const struct catalog *catalog, struct cf_buf *out)
{
	struct cf_buf text;

	buf_init(&text, out->mem);
	buf_str(&text, STR("^(?:"));
	(void)catalog_ids_pattern(catalog, &text);
	buf_str(&text, STR(")$"));
	write_regex(&text, out);
	buf_fini(&text);
}

/* Whether its ids are keys, and nothing else. */
static bool is_bare(const struct catalog *catalog, const struct catalog_major *major)
{
	struct cf_buf text;
	bool bare;

	buf_init(&text, &mem_heap);
	bare = catalog_own_pattern(catalog, major, &text) == 0 &&
	       str_equal(buf_view(&text), STR(".+"));
	buf_fini(&text);
	return bare;
}

/* Ids of one version's grammar, or of none: the catalog's own comes before. */
static void write_id(const struct term *term)
{
	const struct catalog_type *types;
	size_t count = catalog_types(term->catalog, &types);
	struct cf_buf text;

	buf_init(&text, term->out->mem);
	buf_str(&text, STR("^(?!(?:"));
	(void)catalog_ids_pattern(term->catalog, &text);
	for (size_t i = 0; i < count && !term->own; i++)
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];

			if (!major->ids || is_bare(term->catalog, major))
				continue;
			buf_byte(&text, '|');
			(void)catalog_own_pattern(term->catalog, major, &text);
		}
	buf_str(&text, STR(")$)"));
	if (term->own) {
		buf_str(&text, STR("(?:"));
		(void)catalog_own_pattern(term->catalog, term->own, &text);
		buf_str(&text, STR(")$"));
	}
	write_regex(&text, term->out);
	buf_fini(&text);
}

/* --- terms ---------------------------------------------------------------------------------- */

static bool same_name(const struct pick *a, const struct pick *b)
{
	return str_equal(json_span(a->name), json_span(b->name));
}

/* What was picked of one member stands together: there it is one condition. */
static void write_pick(const struct term *term, size_t index)
{
	const struct pick *pick = &term->picks[index];
	struct cf_buf *out = term->out;

	for (size_t i = 0; i < index; i++)
		if (same_name(&term->picks[i], pick))
			return;
	buf_str(out, STR(", { "));
	json_write(pick->name, out);
	if (pick->absent) {
		buf_str(out, STR(": { \"$exists\": false } }"));
		return;
	}
	buf_str(out, STR(": { \"$nin\": ["));
	for (size_t i = index; i < term->not_count; i++) {
		if (!same_name(&term->picks[i], pick))
			continue;
		buf_str(out, i > index ? STR(", ") : STR(""));
		json_write_compact(term->picks[i].value, out);
	}
	buf_str(out, STR("] } }"));
}

static void write_term(const struct term *term)
{
	struct json_iter it = json_iter(term->holds);
	struct cf_buf *out = term->out;

	buf_str(out, STR(",\n      { \"$and\": [ "));
	write_id(term);
	while (!json_is_absent(term->holds) && json_next(&it)) {
		buf_str(out, STR(", { "));
		json_write(it.name, out);
		buf_str(out, STR(": { \"$eq\": "));
		json_write_compact(it.value, out);
		buf_str(out, STR(" } }"));
	}
	for (size_t i = 0; i < term->not_count; i++)
		write_pick(term, i);
	buf_str(out, STR(" ] }"));
}

/* One member cannot be absent and another value at once. */
static bool fits(const struct term *term, size_t count, const struct pick *pick)
{
	for (size_t i = 0; i < count; i++)
		if (same_name(&term->picks[i], pick) && term->picks[i].absent != pick->absent)
			return false;
	return true;
}

/* All ways in which none of the rules holds: of each one member is picked. */
static void write_terms(struct term *term, size_t from)
{
	struct json_iter it = json_iter(from < term->not_count ? term->not [from] : JSON_ABSENT);

	if (from == term->not_count) {
		write_term(term);
		return;
	}
	while (json_next(&it))
		for (int absent = 0; absent < 2; absent++) {
			term->picks[from] = (struct pick){it.name, it.value, absent};
			if (fits(term, from, &term->picks[from]))
				write_terms(term, from + 1);
		}
}

/* --- versions ------------------------------------------------------------------------------- */

static bool has(const struct known_list *list, const struct catalog_major *major)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->majors[i] == major)
			return true;
	return false;
}

/* Adds to the rules that must not hold those up to a place which are, or are not, of the
 * versions. */
static void add_rules(struct term *term, size_t until, const struct known_list *list, bool in)
{
	const struct catalog_major *of;
	struct json_value when;

	term->not_count = 0;
	for (size_t at = 0; at < until && catalog_next_rule(term->catalog, &at, &when, &of);)
		if (has(list, of) == in && term->not_count < RULES_MAX)
			term->not [term->not_count++] = when;
}

/* Of the rules the first that holds counts: each of these versions (`in`), or of the others,
 * where none before it holds that is not. */
static void write_rules(struct term *term, const struct known_list *list, bool in)
{
	const struct catalog_major *of;
	struct json_value when;

	for (size_t at = 0; catalog_next_rule(term->catalog, &at, &when, &of);) {
		if (has(list, of) != in)
			continue;
		term->holds = when;
		add_rules(term, at - 1, list, !in);
		write_terms(term, 0);
	}
}

void known_write(const struct catalog *catalog, const struct catalog_major *major,
		 struct cf_buf *out)
{
	const struct known_list one = {&major, 1};
	struct term term = {.catalog = catalog,
			    .out = out,
			    .own = is_bare(catalog, major) ? NULL : major,
			    .holds = JSON_ABSENT};

	if (major->recognised)
		write_rules(&term, &one, true);
	else
		write_term(&term);
}

void known_write_others(const struct catalog *catalog, const struct known_list *left,
			struct cf_buf *out)
{
	struct term term = {.catalog = catalog, .out = out, .holds = JSON_ABSENT};
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types);
	bool rest = true;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];
			bool bare = major->ids && is_bare(catalog, major);

			if (bare && !major->recognised && has(left, major))
				rest = false;
			if (major->ids && !bare && !has(left, major))
				known_write(catalog, major, out);
		}
	if (!rest)
		return;
	add_rules(&term, SIZE_MAX, left, true);
	write_terms(&term, 0);
	if (term.not_count)
		write_rules(&term, left, false);
}
