/* ECMA-262 empties the groups inside a quantifier each time it goes round (22.2.2.3.1,
 * RepeatMatcher, step 4); PCRE2 leaves in them what an earlier round put there. Only a
 * back reference can tell: one to a group that a round may pass by, or one that stands
 * before its group in the round. Those are refused, as there is no other way to say it.
 *
 * Walks the text with its groups only, and leaves the rest to the translation. */
#include "schema/pattern_captures.h"

#include <stdlib.h>

struct group {
	size_t outer;        /* its place in the list; the first is the pattern itself */
	size_t start, end;   /* in the text */
	unsigned number;     /* 0: it captures nothing */
	struct cf_str name;  /* or empty */
	bool alternatives;   /* a | stands in it */
	bool skips, repeats; /* its quantifier may go round no time, or more than once */
};
struct reference {
	size_t at;
	unsigned number; /* 0: by name */
	struct cf_str name;
};
struct captures {
	struct cf_str text;
	size_t at;
	struct group *groups;
	struct reference *references;
	size_t group_count, reference_count, open; /* the group that is open */
	unsigned numbers;
};

static int peek(const struct captures *c, size_t ahead)
{
	return c->at + ahead < c->text.len ? (unsigned char)c->text.ptr[c->at + ahead] : -1;
}

/* Behind "<": up to ">". */
static struct cf_str read_name(struct captures *c)
{
	size_t start = c->at;

	while (peek(c, 0) >= 0 && peek(c, 0) != '>')
		c->at++;
	return (struct cf_str){c->text.ptr + start, c->at - start};
}

static void read_escape(struct captures *c)
{
	struct reference *r = &c->references[c->reference_count];

	*r = (struct reference){.at = c->at++};
	if (peek(c, 0) == 'k' && peek(c, 1) == '<') {
		c->at += 2;
		r->name = read_name(c);
		c->reference_count++;
	} else if (peek(c, 0) >= '1' && peek(c, 0) <= '9') {
		while (peek(c, 0) >= '0' && peek(c, 0) <= '9' && r->number < 100000)
			r->number = r->number * 10 + (unsigned)(peek(c, 0) - '0'), c->at++;
		c->reference_count++;
	} else {
		c->at++;
	}
}

static void skip_class(struct captures *c)
{
	while (peek(c, 0) >= 0 && peek(c, 0) != ']')
		c->at += peek(c, 0) == '\\' ? 2 : 1;
	c->at++;
}

static void open_group(struct captures *c)
{
	struct group *g = &c->groups[c->group_count];

	*g = (struct group){.outer = c->open, .start = c->at++};
	c->open = c->group_count++;
	if (peek(c, 0) != '?') {
		g->number = ++c->numbers;
	} else if (peek(c, 1) == '<' && peek(c, 2) != '=' && peek(c, 2) != '!') {
		g->number = ++c->numbers;
		c->at += 2;
		g->name = read_name(c);
	}
}

/* The quantifier behind a group, if there is one. */
static void close_group(struct captures *c)
{
	struct group *g = &c->groups[c->open];
	unsigned least = 0, most = 0;
	char comma = 0;

	g->end = c->at++;
	c->open = g->outer;
	g->skips = peek(c, 0) == '*' || peek(c, 0) == '?';
	g->repeats = peek(c, 0) == '*' || peek(c, 0) == '+';
	if (peek(c, 0) != '{')
		return;
	for (c->at++; peek(c, 0) >= 0 && strchr("0123456789,", peek(c, 0)); c->at++) {
		unsigned *n = comma ? &most : &least;

		if (peek(c, 0) == ',')
			comma = peek(c, 1) == '}' ? '}' : ',';
		else if (*n < 100000)
			*n = *n * 10 + (unsigned)(peek(c, 0) - '0');
	}
	g->skips = least == 0;
	g->repeats = comma == '}' || most > 1 || (!comma && least > 1);
}

static void read_all(struct captures *c)
{
	c->groups[c->group_count++] = (struct group){.end = c->text.len};
	while (peek(c, 0) >= 0) {
		int byte = peek(c, 0);

		if (byte == '\\') {
			read_escape(c);
		} else if (byte == '[') {
			skip_class(c);
		} else if (byte == '(') {
			open_group(c);
		} else if (byte == ')' && c->open) {
			close_group(c);
		} else {
			c->groups[c->open].alternatives |= byte == '|';
			c->at++;
		}
	}
}

static const struct group *find_group(const struct captures *c, const struct reference *r)
{
	for (size_t i = 1; i < c->group_count; i++)
		if (c->groups[i].number &&
		    (r->number ? c->groups[i].number == r->number
			       : c->groups[i].name.len && str_equal(c->groups[i].name, r->name)))
			return &c->groups[i];
	return NULL;
}

/* Whether the reference may meet what another round left behind. */
static bool may_differ(const struct captures *c, const struct reference *r)
{
	const struct group *g = find_group(c, r), *around = g;
	bool passed_by = false; /* a round of `around` may leave the group out */

	while (around) {
		bool inside = r->at > around->start && r->at < around->end;

		if (around->repeats && (passed_by || (inside && r->at < g->end)))
			return true;
		if (around == c->groups)
			return false;
		passed_by = passed_by || around->skips || c->groups[around->outer].alternatives;
		around = &c->groups[around->outer];
	}
	return false;
}

static size_t count_bytes(struct cf_str text, char byte)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == byte;
	return count;
}

int pattern_check_captures(struct cf_str text, const struct cf_mem *mem, struct cf_error *error)
{
	struct captures c = {.text = text};
	int rc = 0;

	if (!count_bytes(text, '\\') || !count_bytes(text, '('))
		return 0;
	c.groups = mem_calloc(mem, count_bytes(text, '(') + 1, sizeof(*c.groups));
	c.references = mem_calloc(mem, count_bytes(text, '\\') + 1, sizeof(*c.references));
	if (!c.groups || !c.references)
		rc = error_nomem(error);
	else
		read_all(&c);
	for (size_t i = 0; rc == 0 && i < c.reference_count; i++)
		if (may_differ(&c, &c.references[i]))
			rc = error_set(
				error, CF_ERR_SCHEMA,
				"\"%.*s\" cannot be run as ECMA-262 says: the back reference "
				"at %zu may meet what an earlier round of a quantifier left in "
				"its group",
				STR_ARG(text), c.references[i].at);
	mem_free(mem, c.groups);
	mem_free(mem, c.references);
	return rc;
}
