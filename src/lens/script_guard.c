/* Counting steps where the interpreter does not: Debian's Duktape is built
 * without an execution limit, so every loop and every function is made to call
 * __step(), which throws when the steps are used up.
 *
 * - `while (c)`, also of `do`: `while (__step(),c)`
 * - `for (a; c; b)`: `for (a; __step(),c; b)`; `for (k in o)` wants a block
 * - behind every `) {` but that of `switch`: `) {__step();`
 *
 * Regular expressions are refused: their engine cannot be stopped. ES5 has no
 * other way to loop; built-in functions are limited by the prelude (script.c).
 *
 * The tokens must be read here as the interpreter reads them, or code could hide
 * in what looks like a comment or a string. So where the two might differ, the
 * text is refused: a slash that is not surely a division, HTML comments,
 * characters outside ASCII but in strings and comments, U+2028 and U+2029 and
 * control characters anywhere, numbers with letters behind them.
 */
#include "lens/script_guard.h"

#include <ctype.h>
#include <stdio.h>

struct guard {
	const char *p, *end, *begin;
	struct cf_buf *out;
	struct cf_error *error;
	int rc;
	unsigned depth;
	bool value_before; /* the last token ends a value: a slash divides */
	char last;         /* of the last token; spaces and comments do not count */
	bool switch_next;  /* the next `) {` is of a switch */
	bool header_next;  /* the next ( ) is of an if: no value ends with it */
};

enum { GUARD_DEPTH_MAX = 100 };

static bool fail(struct guard *g, const char *what)
{
	unsigned line = 1;

	for (const char *p = g->begin; p < g->p && p < g->end; p++)
		line += *p == '\n';
	if (g->rc == 0)
		g->rc = error_set(g->error, CF_ERR_SCRIPT, "line %u of the script: %s", line, what);
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static void copy(struct guard *g, const char *to)
{
	buf_append(g->out, g->p, (size_t)(to - g->p));
	g->p = to;
}

static bool copy_string(struct guard *g)
{
	const char *p = g->p + 1;

	while (p < g->end && *p != *g->p && *p != '\n')
		p += *p == '\\' && p + 1 < g->end ? 2 : 1;
	if (p >= g->end || *p != *g->p)
		return fail(g, "a string is not closed");
	g->last = *p;
	copy(g, p + 1);
	g->value_before = true;
	return true;
}

/* Spaces and comments; true where there was one. */
static bool copy_space(struct guard *g)
{
	const char *p = g->p, *close;

	if (isspace((unsigned char)*p)) {
		copy(g, p + 1);
		return true;
	}
	if (g->end - p < 2 || *p != '/')
		return false;
	if (p[1] == '/') {
		while (p < g->end && *p != '\n')
			p++;
	} else if (p[1] == '*') {
		close = memmem(p + 2, (size_t)(g->end - p - 2), "*/", 2);
		if (!close)
			return fail(g, "a comment is not closed");
		p = close + 2;
	} else {
		return false;
	}
	copy(g, p);
	return true;
}

static void skip_space(struct guard *g)
{
	while (g->rc == 0 && g->p < g->end && copy_space(g))
		;
}

static bool walk(struct guard *g, char closing);
static bool refuse_newer(struct guard *g);

static bool open_paren(struct guard *g)
{
	skip_space(g);
	if (g->p >= g->end || *g->p != '(')
		return fail(g, "( is expected");
	copy(g, g->p + 1);
	g->last = '(';
	g->value_before = false;
	return true;
}

/* No value ends with the ) of a loop's head: a slash behind it is a pattern. */
static bool walk_head(struct guard *g)
{
	if (!walk(g, ')'))
		return false;
	g->value_before = false;
	return true;
}

static bool guard_while(struct guard *g)
{
	if (!open_paren(g))
		return false;
	buf_str(g->out, STR("__step(),"));
	return walk_head(g);
}

/* Up to the first ; or to ) where it is for-in. */
static bool guard_for(struct guard *g)
{
	if (!open_paren(g))
		return false;
	if (!walk(g, ';'))
		return false;
	if (g->p[-1] == ')') {
		skip_space(g);
		return (g->p < g->end && *g->p == '{') ||
		       fail(g, "for (... in ...) wants a block: {");
	}
	skip_space(g);
	buf_str(g->out, g->p < g->end && *g->p == ';' ? STR("__step()") : STR("__step(),"));
	g->value_before = false;
	return walk_head(g);
}

static bool word_is(const char *p, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(p, word, len) == 0;
}

/* A word that a value may not follow directly, so that a slash divides behind it. */
static bool ends_value(const char *p, size_t len)
{
	static const char *const operators[] = {"return", "typeof", "case",       "in",
						"of",     "delete", "void",       "new",
						"else",   "do",     "instanceof", "throw"};

	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (word_is(p, len, operators[i]))
			return false;
	return true;
}

/* for (x of list): two values one behind the other. */
static bool refuse_of(struct guard *g, const char *word, size_t len, bool value_before)
{
	return !word_is(word, len, "of") || !value_before ||
	       fail(g, "for ... of is newer than ES5.1: use forEach, or count");
}

static bool guard_number(struct guard *g)
{
	const char *p = g->p;
	bool hex = g->end - p > 2 && p[0] == '0' && (p[1] | 32) == 'x';

	for (p += hex ? 2 : 0; p < g->end && (hex ? isxdigit((unsigned char)*p) : isdigit(*p)); p++)
		;
	if (!hex && p < g->end && *p == '.' && g->last != '.')
		for (p++; p < g->end && isdigit((unsigned char)*p); p++)
			;
	if (!hex && g->end - p > 1 && (*p | 32) == 'e') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		while (p < g->end && isdigit((unsigned char)*p))
			p++;
	}
	copy(g, p);
	g->last = '0';
	g->value_before = true;
	return p >= g->end || !is_word(*p) || fail(g, "a number ends in letters");
}

/* Names that the language has elsewhere, and what to do without. */
static const struct {
	const char *name, *instead;
} absent[] = {
	{"Date", "there is no clock; take dates apart as texts"},
	{"RegExp", "use indexOf, or split with a text"},
	{"eval", "write a function"},
	{"Promise", "a script cannot wait"},
	{"Symbol", "use a text"},
	{"console", "nothing can be printed"},
	{"Map", "use an object"},
	{"Set", "use an object"},
};

static bool declares(const struct guard *g, const char *name)
{
	char text[40];

	for (int i = 0; i < 2; i++) {
		int len = snprintf(text, sizeof(text), "%s %s", i ? "function" : "var", name);

		if (memmem(g->begin, (size_t)(g->end - g->begin), text, (size_t)len))
			return true;
	}
	return false;
}

/* A word that stands for such a name: it is called, or something of it is. */
static bool refuse_absent(struct guard *g, const char *word, size_t len)
{
	char what[160];
	bool used = g->p < g->end && (*g->p == '(' || *g->p == '.');

	if (len == 4 && memcmp(word, "Math", 4) == 0 &&
	    str_starts_with((struct cf_str){g->p, (size_t)(g->end - g->p)}, STR(".random")))
		return fail(g, "Math.random is not there: a script gives the same each time");
	for (size_t i = 0; used && i < ARRAY_LEN(absent); i++) {
		if (!word_is(word, len, absent[i].name) || declares(g, absent[i].name))
			continue;
		(void)snprintf(what, sizeof(what), "%s is not there: %s", absent[i].name,
			       absent[i].instead);
		return fail(g, what);
	}
	return true;
}

/* var {a} = o takes several fields at once. */
static bool refuse_pattern(struct guard *g, const char *word, size_t len)
{
	if ((!word_is(word, len, "var") && !word_is(word, len, "const")) || g->p >= g->end ||
	    (*g->p != '{' && *g->p != '['))
		return true;
	return fail(g, *g->p == '{' ? "var { is newer than ES5.1: write var a = o.a"
				    : "var [ is newer than ES5.1: write var a = list[0]");
}

static bool guard_word(struct guard *g)
{
	const char *start = g->p, *p = g->p;
	bool member = g->last == '.', behind_word = g->last == 'a' && g->value_before, call;
	size_t len;

	if (isdigit((unsigned char)*p))
		return guard_number(g);

	while (p < g->end && is_word(*p))
		p++;
	len = (size_t)(p - start);
	copy(g, p);
	g->last = 'a';
	g->value_before = ends_value(start, len);
	if (memmem(start, len, "__step", 6) || memmem(start, len, "__charge", 8))
		return fail(g, "names that begin with __step and __charge are ours");
	if (member)
		return true;
	if (!refuse_absent(g, start, len) || !refuse_of(g, start, len, behind_word))
		return false;
	if (word_is(start, len, "while"))
		return guard_while(g);
	if (word_is(start, len, "for"))
		return guard_for(g);
	skip_space(g);
	if (!refuse_pattern(g, start, len))
		return false;
	call = g->p < g->end && *g->p == '(';
	g->switch_next = call && word_is(start, len, "switch");
	g->header_next = call && word_is(start, len, "if");
	if (word_is(start, len, "with") || word_is(start, len, "debugger"))
		return fail(g, "`with` and `debugger` are not allowed");
	return true;
}

/* `{` behind `switch (...)`: a function of that name would begin otherwise. */
static bool guard_switch(struct guard *g)
{
	size_t left;

	skip_space(g);
	if (g->p >= g->end || *g->p != '{')
		return fail(g, "{ is expected");
	copy(g, g->p + 1);
	g->last = '{';
	g->value_before = false;
	skip_space(g);
	left = (size_t)(g->end - g->p);
	if (!(left > 4 && memcmp(g->p, "case", 4) == 0 && !is_word(g->p[4])) &&
	    !(left > 7 && memcmp(g->p, "default", 7) == 0 && !is_word(g->p[7])))
		return fail(g, "case is expected");
	if (!walk(g, '}'))
		return false;
	g->value_before = false;
	return true;
}

/* ( ... ) and, of a switch, its block. */
static bool guard_paren(struct guard *g)
{
	bool is_switch = g->switch_next, is_header = g->header_next;

	g->switch_next = g->header_next = false;
	copy(g, g->p + 1);
	g->last = '(';
	g->value_before = false;
	if (!walk(g, ')'))
		return false;
	g->value_before = !is_header;
	return !is_switch || guard_switch(g);
}

static bool guard_brace(struct guard *g)
{
	bool counted = g->last == ')';

	copy(g, g->p + 1);
	g->last = '{';
	if (counted)
		buf_str(g->out, STR("__step();"));
	g->value_before = false;
	if (!walk(g, '}'))
		return false;
	/* A block's end or an object's: a slash behind it might be a pattern. */
	g->value_before = false;
	return true;
}

static bool guard_token(struct guard *g)
{
	char c = *g->p;

	if (copy_space(g))
		return true;
	if (g->rc)
		return false;
	if (c == '"' || c == '\'')
		return copy_string(g);
	if (!refuse_newer(g))
		return false;
	if (c == '`' || c == '\\' || c == '#' || c == '@' || (unsigned char)c >= 0x7f)
		return fail(g, "this character is not allowed here");
	if (c == '/' && !g->value_before)
		return fail(g, "regular expressions are not allowed (to divide, put what "
			       "stands before / in parentheses)");
	if ((g->end - g->p >= 4 && memcmp(g->p, "<!--", 4) == 0) ||
	    (g->end - g->p >= 3 && memcmp(g->p, "-->", 3) == 0))
		return fail(g, "HTML comments are not allowed");
	if (is_word(c))
		return guard_word(g);
	if (c == '(')
		return guard_paren(g);
	if (c == '{')
		return guard_brace(g);
	copy(g, g->p + 1);
	g->last = c;
	if (c == '[') {
		g->value_before = false;
		if (!walk(g, ']'))
			return false;
		g->value_before = true;
		return true;
	}
	g->value_before = false;
	return true;
}

/* Up to behind the closing character (for ';' also behind a ')'). */
static bool walk(struct guard *g, char closing)
{
	if (++g->depth > GUARD_DEPTH_MAX)
		return fail(g, "nested too deeply");
	while (g->rc == 0 && g->p < g->end) {
		char c = *g->p;

		if (c == closing || (closing == ';' && c == ')')) {
			copy(g, g->p + 1);
			g->last = c;
			g->depth--;
			g->value_before = c == ')' || c == ']';
			return true;
		}
		if (c == ')' || c == ']' || c == '}')
			return fail(g, "brackets do not match");
		if (!guard_token(g))
			return false;
	}
	return fail(g, "the script ends too early");
}

/* --- what came after ES5.1 ---------------------------------------------------------------- */

static const struct {
	const char *token, *instead;
	bool word;
} newer[] = {
	{"=>", "write function (x) { return ...; }", false},
	{"...", "name the values one by one, or use concat", false},
	{"**", "use Math.pow", false},
	{"?.", "test with && first", false},
	{"??", "test with === undefined", false},
	{"`", "put texts together with +", false},
	{"let", "write var", true},
	{"class", "write a function that returns an object", true},
	{"async", "a script cannot wait", true},
	{"await", "a script cannot wait", true},
	{"function*", "gather the values in an array", false},
	{"||=", "write a = a || b", false},
	{"&&=", "write a = a && b", false},
	{"yield", "gather the values in an array", true},
	{"import", "a script stands alone", true},
	{"export", "a script stands alone", true},
};

/* The newer token that stands here, if one does. */
static bool refuse_newer(struct guard *g)
{
	struct cf_str rest = {g->p, (size_t)(g->end - g->p)};
	char what[160];

	for (size_t i = 0; i < ARRAY_LEN(newer); i++) {
		struct cf_str token = str_of(newer[i].token);

		if (!str_starts_with(rest, token) ||
		    (newer[i].word &&
		     (g->last == '.' || (rest.len > token.len && (is_word(rest.ptr[token.len]) ||
								  rest.ptr[token.len] == ':')))))
			continue;
		/* a ?.5 : b */
		if (strcmp(newer[i].token, "?.") == 0 && rest.len > 2 &&
		    isdigit((unsigned char)rest.ptr[2]))
			continue;
		(void)snprintf(what, sizeof(what), "%s is newer than ES5.1: %s", newer[i].token,
			       newer[i].instead);
		return fail(g, what);
	}
	return true;
}

/* Characters that end a line, or nothing, for one reader and not for the other. */
static void refuse_characters(struct guard *g)
{
	const char *start = g->p;

	for (; g->p < g->end && g->rc == 0; g->p++) {
		unsigned char c = (unsigned char)*g->p;
		size_t left = (size_t)(g->end - g->p);

		if ((c < 0x20 && c != '\t' && c != '\n' &&
		     !(c == '\r' && left > 1 && g->p[1] == '\n')) ||
		    (left > 2 && (memcmp(g->p, "\xe2\x80\xa8", 3) == 0 ||
				  memcmp(g->p, "\xe2\x80\xa9", 3) == 0)))
			fail(g, "control characters and line separators are not allowed");
	}
	g->p = start;
}

int script_guard(struct cf_str function, struct cf_buf *out, struct cf_error *error)
{
	struct guard g = {.p = function.ptr,
			  .begin = function.ptr,
			  .end = function.ptr + function.len,
			  .out = out,
			  .error = error};

	if (function.len > LIMIT_SCRIPT_TEXT_BYTES)
		return error_set(error, CF_ERR_SCRIPT, "a script is at most %d bytes long",
				 LIMIT_SCRIPT_TEXT_BYTES);
	refuse_characters(&g);
	skip_space(&g);
	/* x => ...: the function is told in the words that it needs. */
	if (g.rc == 0 && memmem(g.p, (size_t)(g.end - g.p), "=>", 2) &&
	    !str_starts_with((struct cf_str){g.p, (size_t)(g.end - g.p)}, STR("function")))
		fail(&g, "=> is newer than ES5.1: write function (x) { return ...; }");
	if (g.rc == 0 && str_starts_with((struct cf_str){g.p, (size_t)(g.end - g.p)}, STR("async")))
		refuse_newer(&g);
	if (g.rc || (size_t)(g.end - g.p) < 8 || memcmp(g.p, "function", 8) != 0 ||
	    (g.end - g.p > 8 && is_word(g.p[8]))) {
		fail(&g, "a function is expected: function (source, base) {...}");
		return g.rc;
	}
	if (!refuse_newer(&g))
		return g.rc;
	copy(&g, g.p + 8);
	skip_space(&g);
	while (g.p < g.end && is_word(*g.p))
		copy(&g, g.p + 1);
	if (open_paren(&g) && walk(&g, ')')) {
		skip_space(&g);
		if (g.p >= g.end || *g.p != '{')
			fail(&g, "{ is expected");
		else if (guard_brace(&g)) {
			skip_space(&g);
			if (g.rc == 0 && g.p < g.end)
				fail(&g, "something stands behind the function");
		}
	}
	if (g.rc == 0 && out->failed)
		return error_nomem(error);
	return g.rc;
}
