/* ECMA-262 patterns rewritten as PCRE2 reads them; pattern.c says why. */
#include "schema/pattern_translate.h"

struct translator {
	struct cf_str rest;
	struct cf_buf *out;
	const char *wrong; /* the reason, once something is refused */
	bool in_class;
	bool can_repeat; /* the last thing may take a quantifier */
};

/* White space and line terminators of ECMA-262, and all else. */
#define SPACES                                                                         \
	"\\x09-\\x0d\\x20\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
	"\\x{205f}\\x{3000}\\x{feff}"
#define NOT_SPACES                                                                     \
	"\\x00-\\x08\\x0e-\\x1f\\x21-\\x9f\\xa1-\\x{167f}\\x{1681}-\\x{1fff}"          \
	"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}" \
	"\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

struct property_row {
	const char *name;
	const char *short_name;
};

static const struct property_row property_rows[] = {
	{"Letter", "L"},
	{"Cased_Letter", "L&"},
	{"Uppercase_Letter", "Lu"},
	{"Lowercase_Letter", "Ll"},
	{"Titlecase_Letter", "Lt"},
	{"Modifier_Letter", "Lm"},
	{"Other_Letter", "Lo"},
	{"Mark", "M"},
	{"Combining_Mark", "M"},
	{"Nonspacing_Mark", "Mn"},
	{"Spacing_Mark", "Mc"},
	{"Enclosing_Mark", "Me"},
	{"Number", "N"},
	{"Decimal_Number", "Nd"},
	{"digit", "Nd"},
	{"Letter_Number", "Nl"},
	{"Other_Number", "No"},
	{"Punctuation", "P"},
	{"punct", "P"},
	{"Connector_Punctuation", "Pc"},
	{"Dash_Punctuation", "Pd"},
	{"Open_Punctuation", "Ps"},
	{"Close_Punctuation", "Pe"},
	{"Initial_Punctuation", "Pi"},
	{"Final_Punctuation", "Pf"},
	{"Other_Punctuation", "Po"},
	{"Symbol", "S"},
	{"Math_Symbol", "Sm"},
	{"Currency_Symbol", "Sc"},
	{"Modifier_Symbol", "Sk"},
	{"Other_Symbol", "So"},
	{"Separator", "Z"},
	{"Space_Separator", "Zs"},
	{"Line_Separator", "Zl"},
	{"Paragraph_Separator", "Zp"},
	{"Other", "C"},
	{"Control", "Cc"},
	{"Format", "Cf"},
	{"Surrogate", "Cs"},
	{"Private_Use", "Co"},
	{"Unassigned", "Cn"},
};

static void put(struct translator *t, const char *text)
{
	buf_append(t->out, text, strlen(text));
}

static int peek(const struct translator *t, size_t at)
{
	return at < t->rest.len ? (unsigned char)t->rest.ptr[at] : -1;
}

static void skip(struct translator *t, size_t count)
{
	t->rest = (struct cf_str){t->rest.ptr + count, t->rest.len - count};
}

static bool starts(const struct translator *t, const char *text)
{
	return str_starts_with(t->rest, str_of(text));
}

/* Exactly `digits` hex digits at `at`, or -1. */
static long hex_at(const struct translator *t, size_t at, size_t digits)
{
	long value = 0;

	for (size_t i = 0; i < digits; i++) {
		int c = peek(t, at + i);

		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			value = value * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

static void put_code_point(struct translator *t, long value)
{
	/* A lone surrogate is in no UTF-8 text: it never matches. */
	if (value >= 0xd800 && value <= 0xdfff)
		put(t, t->in_class ? "" : "(?!)");
	else
		buf_printf(t->out, "\\x{%lx}", (unsigned long)value);
}

/* Behind "\u". */
static void translate_unicode(struct translator *t)
{
	long value, low;
	size_t digits = 0;

	if (peek(t, 0) == '{') {
		while (digits < 9 && hex_at(t, 1 + digits, 1) >= 0)
			digits++;
		value = hex_at(t, 1, digits);
		if (digits == 0 || peek(t, 1 + digits) != '}' || value > 0x10ffff)
			t->wrong = "\\u{...} names no character";
		skip(t, t->wrong ? 0 : digits + 2);
		put_code_point(t, value);
		return;
	}
	value = hex_at(t, 0, 4);
	if (value < 0) {
		t->wrong = "\\u is not followed by four hex digits";
		return;
	}
	skip(t, 4);
	if (value >= 0xd800 && value <= 0xdbff && starts(t, "\\u")) {
		low = hex_at(t, 2, 4);
		if (low >= 0xdc00 && low <= 0xdfff) {
			value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
			skip(t, 6);
		}
	}
	put_code_point(t, value);
}

/* Behind "\p" or "\P". */
static void translate_property(struct translator *t, char letter)
{
	static const char *const prefixes[] = {"General_Category=", "gc="};
	const char *close = memchr(t->rest.ptr, '}', t->rest.len);
	struct cf_str name;

	if (peek(t, 0) != '{' || !close) {
		t->wrong = "\\p is not followed by a name in braces";
		return;
	}
	name = (struct cf_str){t->rest.ptr + 1, (size_t)(close - t->rest.ptr) - 1};
	skip(t, name.len + 2);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts_with(name, str_of(prefixes[i])))
			name = (struct cf_str){name.ptr + strlen(prefixes[i]),
					       name.len - strlen(prefixes[i])};
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("_=", name.ptr[i]) &&
		    !((name.ptr[i] | 0x20) >= 'a' && (name.ptr[i] | 0x20) <= 'z') &&
		    !(name.ptr[i] >= '0' && name.ptr[i] <= '9'))
			t->wrong = "\\p{...} names no property";
	for (size_t i = 0; i < ARRAY_LEN(property_rows); i++)
		if (str_equal(name, str_of(property_rows[i].name)))
			name = str_of(property_rows[i].short_name);
	buf_printf(t->out, "\\%c{%.*s}", letter, STR_ARG(name));
}

static void translate_backreference(struct translator *t, int first)
{
	buf_printf(t->out, "(?:\\g{%c", first);
	while (peek(t, 0) >= '0' && peek(t, 0) <= '9') {
		buf_byte(t->out, (char)peek(t, 0));
		skip(t, 1);
	}
	put(t, "})");
}

static void translate_letter_escape(struct translator *t, int c)
{
	long value;

	if (c == 's' || c == 'S') {
		buf_printf(t->out, "%s%s%s", t->in_class ? "" : "[", c == 's' ? SPACES : NOT_SPACES,
			   t->in_class ? "" : "]");
	} else if (c == 'v') {
		put(t, "\\x0b");
	} else if (c == 'u') {
		translate_unicode(t);
	} else if (c == 'x') {
		value = hex_at(t, 0, 2);
		t->wrong = value < 0 ? "\\x is not followed by two hex digits" : t->wrong;
		skip(t, value < 0 ? 0 : 2);
		put_code_point(t, value);
	} else if (c == 'c') {
		value = peek(t, 0) | 0x20;
		if (value < 'a' || value > 'z') {
			t->wrong = "\\c is not followed by a letter";
			return;
		}
		skip(t, 1);
		put_code_point(t, value - 'a' + 1);
	} else if (c == 'p' || c == 'P') {
		translate_property(t, (char)c);
	} else if (c == 'b' && t->in_class) {
		put(t, "\\x08");
	} else if (strchr("dDwWtnfr", c) || (strchr("bB", c) && !t->in_class) ||
		   (c == 'k' && !t->in_class && peek(t, 0) == '<')) {
		buf_printf(t->out, "\\%c", c);
	} else {
		t->wrong = "there is no such escape";
	}
}

/* Behind a backslash. */
static void translate_escape(struct translator *t)
{
	int c = peek(t, 0);

	if (c < 0) {
		t->wrong = "it ends in a backslash";
		return;
	}
	skip(t, 1);
	t->can_repeat = !strchr("bB", c) || t->in_class;
	if (c == '0' && !(peek(t, 0) >= '0' && peek(t, 0) <= '9'))
		put(t, "\\x00");
	else if (c >= '1' && c <= '9' && !t->in_class)
		translate_backreference(t, c);
	else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		translate_letter_escape(t, c);
	else if (c < 0x80 && c > 0x20 && !(c >= '0' && c <= '9'))
		buf_printf(t->out, "\\%c", c);
	else
		t->wrong = "there is no such escape";
}

static void translate_class(struct translator *t)
{
	if (starts(t, "[]") || starts(t, "[^]")) {
		put(t, starts(t, "[]") ? "(?!)" : "[\\x{0}-\\x{10ffff}]");
		skip(t, starts(t, "[]") ? 2 : 3);
		t->can_repeat = true;
		return;
	}
	put(t, starts(t, "[^") ? "[^" : "[");
	skip(t, starts(t, "[^") ? 2 : 1);
	t->in_class = true;
	while (!t->wrong && peek(t, 0) >= 0 && peek(t, 0) != ']') {
		int c = peek(t, 0);

		skip(t, 1);
		if (c == '\\')
			translate_escape(t);
		else if (c == '[')
			put(t, "\\[");
		else
			buf_byte(t->out, (char)c);
	}
	t->in_class = false;
	if (!t->wrong && peek(t, 0) < 0)
		t->wrong = "a class has no end";
	if (!t->wrong)
		skip(t, 1);
	put(t, "]");
	t->can_repeat = true;
}

static void translate_group(struct translator *t)
{
	static const char *const openings[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};

	t->can_repeat = false;
	for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
		if (starts(t, openings[i])) {
			put(t, openings[i]);
			skip(t, strlen(openings[i]));
			return;
		}
	}
	if (starts(t, "(?<")) {
		put(t, "(?<");
		skip(t, 3);
	} else if (starts(t, "(?")) {
		t->wrong = "there is no such group";
	} else {
		put(t, "(");
		skip(t, 1);
	}
}

/* The length of "{n}", "{n,}" or "{n,m}"; 0: a brace that is none of these. */
static size_t braces_length(const struct translator *t)
{
	size_t i = 1, digits = 0;

	for (; peek(t, i) >= '0' && peek(t, i) <= '9'; i++)
		digits++;
	if (digits && peek(t, i) == ',')
		for (i++; peek(t, i) >= '0' && peek(t, i) <= '9'; i++)
			;
	return digits && peek(t, i) == '}' ? i + 1 : 0;
}

static void translate_quantifier(struct translator *t, size_t len)
{
	if (!t->can_repeat) {
		t->wrong = "there is nothing to repeat";
		return;
	}
	buf_append(t->out, t->rest.ptr, len);
	skip(t, len);
	if (peek(t, 0) == '?') {
		put(t, "?");
		skip(t, 1);
	}
	t->can_repeat = false;
}

static void translate_one(struct translator *t)
{
	int c = peek(t, 0);
	size_t braces = c == '{' ? braces_length(t) : 0;

	if (c == '[') {
		translate_class(t);
	} else if (c == '(') {
		translate_group(t);
	} else if (braces || c == '*' || c == '+' || c == '?') {
		translate_quantifier(t, braces ? braces : 1);
	} else {
		skip(t, 1);
		t->can_repeat = c != '^' && c != '$' && c != '|';
		if (c == '\\')
			translate_escape(t);
		else if (c == '.')
			put(t, "[^\\n\\r\\x{2028}\\x{2029}]");
		else if (c == '{')
			put(t, "\\{");
		else
			buf_byte(t->out, (char)c);
	}
}

int pattern_translate(struct cf_str text, struct cf_buf *out, struct cf_error *error)
{
	struct translator t = {.rest = text, .out = out};

	while (t.rest.len && !t.wrong)
		translate_one(&t);
	if (t.wrong)
		return error_set(error, CF_ERR_SCHEMA, "\"%.*s\" is not a regular expression: %s",
				 STR_ARG(text), t.wrong);
	return out->failed ? error_nomem(error) : 0;
}
