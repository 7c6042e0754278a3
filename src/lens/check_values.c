/* Values of ops against schemas: rows, targets, defaults, pieces of texts, numbers. Only
 * enum and the JSON type are looked at; the rest is the business of generated documents. */
#include "lens/check.h"
#include "lens/scale.h"

#include <stdarg.h>
#include <stdio.h>

static void tell(const struct checker *checker, bool warning, unsigned line, const char *format,
		 va_list args)
{
	char text[400];
	struct lens_finding finding = {.warning = warning, .line = line};

	(void)vsnprintf(text, sizeof(text), format, args);
	finding.message = str_of(text);
	checker->report->finding(checker->report->ctx, &finding);
}

void check_tell(const struct checker *checker, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(checker, false, line, format, args);
	va_end(args);
}

void check_warn(const struct checker *checker, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(checker, true, line, format, args);
	va_end(args);
}

static unsigned types_of(struct cf_str text)
{
	switch (text.ptr[0]) {
	case '"':
		return SCHEMA_STRING;
	case '{':
		return SCHEMA_OBJECT;
	case '[':
		return SCHEMA_ARRAY;
	case 't':
	case 'f':
		return SCHEMA_BOOLEAN;
	case 'n':
		return SCHEMA_NULL;
	default:
		return SCHEMA_NUMBER | SCHEMA_INTEGER;
	}
}

/* Whether the schema surely refuses this compact JSON: by its type, or, for what
 * has one spelling, since it is not in the enum. */
static bool refuses(const struct schema_view *view, struct cf_str text)
{
	struct json_iter it = json_iter(view->values);

	if (json_is_absent(view->at) || !text.ptr || text.len == 0)
		return false;
	if (view->types && !(view->types & types_of(text)))
		return true;
	if (json_is_absent(view->values) || memchr(text.ptr, '\\', text.len) ||
	    (types_of(text) & (SCHEMA_NUMBER | SCHEMA_OBJECT | SCHEMA_ARRAY)))
		return false;
	while (json_next(&it))
		if (str_equal(json_span(it.value), text) ||
		    (json_node(it.value)->flags & JSON_ESCAPED))
			return false;
	return true;
}

static bool has_row(const struct op_table *table, struct cf_str key)
{
	for (size_t i = 0; i < table->count; i++)
		if (str_equal(table->rows[i].key, key))
			return true;
	return table->fallback.ptr || table->keep;
}

/* Each value that the schema allows needs a row. */
void check_rows(const struct checker *checker, const struct op *op, bool down,
		const struct schema_view *view)
{
	static const struct cf_str booleans[] = {{"true", 4}, {"false", 5}};
	const struct op_table *table = &op->table[down];
	struct json_iter it = json_iter(view->values);

	while (json_next(&it)) {
		bool text = json_kind(it.value) == JSON_STRING;
		struct cf_str key = text ? json_inner(it.value) : json_span(it.value);

		/* Going there, it becomes absent. */
		if (str_equal(op->table[!down].absent, json_span(it.value)))
			continue;
		if (!(json_node(it.value)->flags & JSON_ESCAPED) && !has_row(table, key))
			check_tell(checker, op->line, "convert: the table %s has no row for %.*s",
				   down ? "down" : "up", STR_ARG(json_span(it.value)));
	}
	for (size_t i = 0; view->types == SCHEMA_BOOLEAN && json_is_absent(view->values) && i < 2;
	     i++)
		if (!has_row(table, booleans[i]))
			check_tell(checker, op->line, "convert: the table %s has no row for %s",
				   down ? "down" : "up", booleans[i].ptr);
}

/* Each value that a table makes must be one of where it lands. */
void check_targets(const struct checker *checker, const struct op *op, bool down,
		   const struct schema_view *view)
{
	const struct op_table *table = &op->table[down];

	for (size_t i = 0; i < table->count; i++)
		if (refuses(view, table->rows[i].text))
			check_tell(checker, op->line,
				   "convert: %s, \"%.*s\" becomes %.*s, which the "
				   "schema refuses",
				   down ? "down" : "up", STR_ARG(table->rows[i].key),
				   STR_ARG(table->rows[i].text));
	if (refuses(view, table->absent))
		check_tell(checker, op->line,
			   "convert: the schema refuses %.*s, which stands %s for an absent field",
			   STR_ARG(table->absent), down ? "down" : "up");
	if (refuses(view, table->fallback))
		check_tell(checker, op->line, "convert: the schema refuses the default %s, %.*s",
			   down ? "down" : "up", STR_ARG(table->fallback));
}

void check_default(const struct checker *checker, const struct op *op,
		   const struct schema_view *view)
{
	if (refuses(view, op->fallback))
		check_tell(checker, op->line, "%s: the schema refuses the default %.*s of \"%.*s\"",
			   op_kind_name(op->kind), STR_ARG(op->fallback),
			   STR_ARG(op->name.decoded));
}

/* A text with the separator in it that the schema of a part allows; ptr NULL: none. */
static struct cf_str find_separated(const struct checker *checker, const struct op *op,
				    const struct schema_view *view, struct cf_arena *arena)
{
	static const char *const around[] = {"x", "X", "1", "xyz", ""};
	struct cf_str found = {NULL, 0};
	struct json_doc doc;
	struct cf_buf text;

	json_doc_init(&doc, checker->mem);
	buf_init(&text, checker->mem);
	for (size_t i = 0; i < ARRAY_LEN(around) && !found.ptr; i++) {
		struct cf_str whole =
			arena_printf(arena, "%s%.*s%s", around[i], STR_ARG(op->by), around[i]);

		buf_clear(&text);
		if (whole.ptr && json_write_string(whole, &text) == 0 &&
		    json_read(&doc, text.ptr, text.len, 0, NULL) == 0 &&
		    schema_view_allows(view, json_root(&doc)))
			found = arena_dup(arena, buf_view(&text));
	}
	buf_fini(&text);
	json_doc_fini(&doc);
	return found;
}

/* A part but the last that may hold the separator is cut otherwise than it was written. */
void check_piece(const struct checker *checker, const struct op *op, size_t part,
		 const struct schema_view *view)
{
	struct cf_arena arena;
	struct cf_str text;

	if (part + 1 >= op->part_count || !view->schema || json_is_absent(view->at) ||
	    (view->types && !(view->types & SCHEMA_STRING)))
		return;
	arena_init(&arena, checker->mem);
	text = find_separated(checker, op, view, &arena);
	if (text.ptr)
		check_tell(checker, op->line,
			   "%s: PutGet is broken: \"%.*s\" may be %.*s, which is cut otherwise "
			   "when it "
			   "is "
			   "read again: its schema must refuse the separator, as a pattern can",
			   op_kind_name(op->kind), STR_ARG(op->parts[part].decoded), STR_ARG(text));
	arena_fini(&arena);
}

/* --- scale ------------------------------------------------------------------------------- */

enum { SCALE_TRIES = 1000 };

/* There and back again; true: it is another number now, and all three are told. */
static bool comes_back_otherwise(const struct checker *checker, const struct op *op, bool down,
				 unsigned digits)
{
	char from[40], there[SCALE_TEXT_MAX], back[SCALE_TEXT_MAX];

	for (unsigned k = 1; k <= SCALE_TRIES; k++) {
		int written = snprintf(from, sizeof(from), "%ue-%u", k, digits);
		struct cf_str number = {from, (size_t)written};
		size_t len = scale_apply(&op->scale, down, number, there);
		size_t back_len = scale_apply(&op->scale, !down, (struct cf_str){there, len}, back);

		if (json_number_compare(number, (struct cf_str){back, back_len}) == 0)
			continue;
		check_warn(checker, op->line,
			   "scale: the way back is not exact: going %s, %.*s becomes %.*s, which "
			   "comes back as %.*s; only a document that is there already keeps its "
			   "number",
			   down ? "down" : "up", STR_ARG(number), (int)len, there, (int)back_len,
			   back);
		return true;
	}
	return false;
}

void check_scale(const struct checker *checker, const struct op *op,
		 const struct schema_view *older)
{
	const int *digits = op->scale.digits;
	unsigned fine = older->types == SCHEMA_INTEGER ? 0 : 2;

	if (older->types && !(older->types & (SCHEMA_NUMBER | SCHEMA_INTEGER)))
		check_tell(checker, op->line, "scale: \"%.*s\" is never a number",
			   STR_ARG(op->name.decoded));
	if (digits[0] < 0 && digits[1] < 0)
		return;
	if (!comes_back_otherwise(checker, op, false, digits[1] < 0 ? fine : (unsigned)digits[1]))
		(void)comes_back_otherwise(checker, op, true,
					   digits[0] < 0 ? 0 : (unsigned)digits[0]);
}
