/* Texts made from a regular expression: literals, classes, groups, alternatives and
 * quantifiers are followed with dice.
 *
 * Anchors, word boundaries and look-arounds write nothing: the text may then not be
 * matched, and another one is tried. Leaves out: back references, and properties of
 * characters beyond letters, digits and a few more. */
#include "schema/pattern_generate.h"

enum { STEPS_MAX = 20000, TEXT_MAX = 4096, RANGES_MAX = 64 };

struct range {
	uint32_t from, to;
};
struct class
{
	struct range ranges[RANGES_MAX];
	unsigned count;
	bool negated;
};
struct maker {
	struct cf_str text;
	size_t at;
	struct rng *rng;
	unsigned size;
	struct cf_buf *out;
	size_t start;    /* of what was written here */
	unsigned silent; /* above 0: only looking where something ends */
	unsigned steps;
	const char *wrong;
};

static const struct range digits[] = {{'0', '9'}};
static const struct range words[] = {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}};
static const struct range spaces[] = {{' ', ' '}, {'\t', '\r'}, {0xa0, 0xa0}, {0x2028, 0x2029}};
static const struct range letters[] = {{'a', 'z'}, {'A', 'Z'}, {0xe0, 0xf6}, {0x3b1, 0x3c1}};
static const struct range lower[] = {{'a', 'z'}, {0xe0, 0xf6}};
static const struct range upper[] = {{'A', 'Z'}, {0xc0, 0xd6}};
static const struct range points[] = {{'!', '#'}, {'%', '*'}, {',', '/'}, {':', ';'}, {'?', '@'}};

/* What a class that says what is not in it is drawn from. */
static const struct range others[] = {
	{' ', '~'}, {0xe0, 0xf6}, {0x3b1, 0x3c1}, {0x1f600, 0x1f610}, {'\n', '\n'}};

static int peek(const struct maker *m, size_t ahead)
{
	return m->at + ahead < m->text.len ? (unsigned char)m->text.ptr[m->at + ahead] : -1;
}

static bool take(struct maker *m, const char *what)
{
	size_t len = strlen(what);

	if (m->text.len - m->at < len || memcmp(m->text.ptr + m->at, what, len) != 0)
		return false;
	m->at += len;
	return true;
}

static void put(struct maker *m, uint32_t c)
{
	char bytes[4];
	size_t len = 0;

	if (m->silent)
		return;
	if (c < 0x80) {
		bytes[len++] = (char)c;
	} else {
		unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
		static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};

		bytes[len++] = (char)(leads[more] | (c >> (6 * more)));
		while (more--)
			bytes[len++] = (char)(0x80 | ((c >> (6 * more)) & 0x3f));
	}
	(void)buf_append(m->out, bytes, len);
	if (m->out->len - m->start > TEXT_MAX)
		m->wrong = "its texts are too long";
}

/* One character of the pattern, as it stands. */
static uint32_t take_char(struct maker *m)
{
	unsigned char c = (unsigned char)m->text.ptr[m->at++];
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	uint32_t code = more ? c & (0x3f >> more) : c;

	while (more-- && m->at < m->text.len)
		code = code << 6 | ((unsigned char)m->text.ptr[m->at++] & 0x3f);
	return code;
}

static int hex_digit(int c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

static uint32_t take_hex(struct maker *m, unsigned max)
{
	uint32_t code = 0;

	while (max-- && hex_digit(peek(m, 0)) >= 0)
		code = code << 4 | (uint32_t)hex_digit((unsigned char)m->text.ptr[m->at++]);
	return code;
}

/* Behind "\u". */
static uint32_t take_unicode(struct maker *m)
{
	uint32_t code, low;

	if (take(m, "{")) {
		code = take_hex(m, 6);
		(void)take(m, "}");
		return code;
	}
	code = take_hex(m, 4);
	if (code >= 0xd800 && code < 0xdc00 && take(m, "\\u")) {
		low = take_hex(m, 4);
		code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
	}
	return code;
}

/* --- classes -------------------------------------------------------------------------- */

static void add(struct class *class, uint32_t from, uint32_t to)
{
	if (class->count < RANGES_MAX)
		class->ranges[class->count++] = (struct range){from, to};
}

static bool holds(const struct range *ranges, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

/* All of a set, or what of `others` is not in it. */
static void add_set(struct class *class, const struct range *set, size_t count, bool negated)
{
	if (!negated) {
		for (size_t i = 0; i < count; i++)
			add(class, set[i].from, set[i].to);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		for (uint32_t c = others[i].from; c <= others[i].to; c++)
			if (!holds(set, count, c) && (c - others[i].from) % 3 == 0)
				add(class, c, c);
}

static void add_property(struct maker *m, struct class *class, bool negated)
{
	static const struct {
		const char *name;
		const struct range *set;
		size_t count;
	} rows[] = {
		{"L}", letters, ARRAY_LEN(letters)},
		{"Letter}", letters, ARRAY_LEN(letters)},
		{"Lu}", upper, ARRAY_LEN(upper)},
		{"Uppercase_Letter}", upper, ARRAY_LEN(upper)},
		{"Ll}", lower, ARRAY_LEN(lower)},
		{"Lowercase_Letter}", lower, ARRAY_LEN(lower)},
		{"N}", digits, ARRAY_LEN(digits)},
		{"Number}", digits, ARRAY_LEN(digits)},
		{"Nd}", digits, ARRAY_LEN(digits)},
		{"digit}", digits, ARRAY_LEN(digits)},
		{"P}", points, ARRAY_LEN(points)},
		{"punct}", points, ARRAY_LEN(points)},
		{"Alphabetic}", letters, ARRAY_LEN(letters)},
	};

	(void)take(m, "{");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (take(m, rows[i].name)) {
			add_set(class, rows[i].set, rows[i].count, negated);
			return;
		}
	}
	m->wrong = "a property of characters that is not known here";
}

/* A class that an escape stands for; false: it stands for one character. */
static bool escape_class(struct maker *m, struct class *class)
{
	int c = peek(m, 0);

	m->at++;
	switch (c) {
	case 'd':
	case 'D':
		add_set(class, digits, ARRAY_LEN(digits), c == 'D');
		return true;
	case 'w':
	case 'W':
		add_set(class, words, ARRAY_LEN(words), c == 'W');
		return true;
	case 's':
	case 'S':
		add_set(class, spaces, ARRAY_LEN(spaces), c == 'S');
		return true;
	case 'p':
	case 'P':
		add_property(m, class, c == 'P');
		return true;
	default:
		m->at--;
		return false;
	}
}

static uint32_t escaped_char(struct maker *m)
{
	static const char names[] = "tnrfv0", codes[] = "\t\n\r\f\v";
	int c = peek(m, 0);
	const char *at = c > 0 ? strchr(names, c) : NULL;

	if (c < 0)
		return 0;
	if (at) {
		m->at++;
		return (unsigned char)codes[at - names];
	}
	if (take(m, "x"))
		return take_hex(m, 2);
	if (take(m, "u"))
		return take_unicode(m);
	if (take(m, "c"))
		return take_char(m) & 31;
	return take_char(m);
}

/* One end of a range, or a class. */
static bool class_item(struct maker *m, struct class *class, uint32_t *ret)
{
	if (peek(m, 0) != '\\') {
		*ret = take_char(m);
		return true;
	}
	m->at++;
	if (escape_class(m, class))
		return false;
	if (take(m, "b"))
		*ret = '\b';
	else
		*ret = escaped_char(m);
	return true;
}

static void read_class(struct maker *m, struct class *class)
{
	class->negated = take(m, "^");
	while (m->at < m->text.len && !take(m, "]") && !m->wrong) {
		uint32_t from, to;

		if (!class_item(m, class, &from))
			continue;
		to = from;
		if (peek(m, 0) == '-' && peek(m, 1) != ']' && peek(m, 1) >= 0) {
			m->at++;
			if (!class_item(m, class, &to)) {
				add(class, '-', '-');
				to = from;
			}
		}
		add(class, from, to);
	}
}

/* One of the class's characters. */
static void put_of(struct maker *m, const struct class *class)
{
	const struct range *range;

	if (m->silent)
		return;
	if (class->negated) {
		for (int try = 0; try < 60; try++) {
			uint32_t c;

			range = &others[rng_below(m->rng, ARRAY_LEN(others))];
			c = range->from + (uint32_t)rng_below(m->rng, range->to - range->from + 1);
			if (!holds(class->ranges, class->count, c)) {
				put(m, c);
				return;
			}
		}
		m->wrong = "a class that leaves too little";
		return;
	}
	if (class->count == 0) {
		m->wrong = "a class of nothing";
		return;
	}
	range = &class->ranges[rng_below(m->rng, class->count)];
	put(m, range->from + (uint32_t)rng_below(m->rng, range->to - range->from + 1));
}

/* --- atoms, quantifiers, alternatives ------------------------------------------------- */

static void alternatives(struct maker *m);

static void group(struct maker *m)
{
	bool looks = false;

	if (take(m, "?=") || take(m, "?!") || take(m, "?<=") || take(m, "?<!"))
		looks = true;
	else if (take(m, "?<"))
		while (m->at < m->text.len && !take(m, ">"))
			m->at++;
	else
		(void)take(m, "?:");
	m->silent += looks;
	alternatives(m);
	m->silent -= looks;
	(void)take(m, ")");
}

static void escape(struct maker *m)
{
	struct class class = {.count = 0};
	int c = peek(m, 0);

	if (take(m, "b") || take(m, "B"))
		return;
	if ((c >= '1' && c <= '9') || c == 'k') {
		m->wrong = "a back reference";
		return;
	}
	if (escape_class(m, &class))
		put_of(m, &class);
	else
		put(m, escaped_char(m));
}

static void atom(struct maker *m)
{
	struct class class = {.count = 0};

	if (take(m, "(")) {
		group(m);
	} else if (take(m, "[")) {
		read_class(m, &class);
		put_of(m, &class);
	} else if (take(m, "\\")) {
		escape(m);
	} else if (take(m, ".")) {
		class.negated = true;
		add(&class, '\n', '\r');
		put_of(m, &class);
	} else if (!take(m, "^") && !take(m, "$")) {
		put(m, take_char(m));
	}
}

static unsigned take_number(struct maker *m)
{
	unsigned n = 0;

	while (peek(m, 0) >= '0' && peek(m, 0) <= '9') {
		n = n < TEXT_MAX ? n * 10 + (unsigned)(peek(m, 0) - '0') : n;
		m->at++;
	}
	return n;
}

static bool quantifier(struct maker *m, unsigned *min, unsigned *max)
{
	*min = 0;
	*max = TEXT_MAX;
	if (take(m, "+")) {
		*min = 1;
	} else if (take(m, "?")) {
		*max = 1;
	} else if (peek(m, 0) == '{' && peek(m, 1) >= '0' && peek(m, 1) <= '9') {
		m->at++;
		*min = *max = take_number(m);
		if (take(m, ","))
			*max = peek(m, 0) == '}' ? TEXT_MAX : take_number(m);
		(void)take(m, "}");
	} else if (!take(m, "*")) {
		return false;
	}
	(void)take(m, "?");
	return true;
}

/* An atom as often as its quantifier says. */
static void term(struct maker *m)
{
	size_t start = m->at, end;
	unsigned min, max, most;

	m->silent++;
	atom(m);
	m->silent--;
	end = m->at;
	if (!quantifier(m, &min, &max))
		min = max = 1;
	else
		end = m->at;
	if (m->silent)
		return;
	most = min + 1 + m->size / 8;
	max = max < most ? max : most;
	for (unsigned n = min + (unsigned)rng_below(m->rng, max > min ? max - min + 1 : 1);
	     n > 0 && !m->wrong; n--) {
		m->at = start;
		atom(m);
	}
	m->at = end;
}

static void sequence(struct maker *m)
{
	while (m->at < m->text.len && peek(m, 0) != '|' && peek(m, 0) != ')' && !m->wrong) {
		if (++m->steps > STEPS_MAX)
			m->wrong = "it is too long";
		term(m);
	}
}

/* Counts the alternatives, and then goes through them again, aloud at one. */
static void alternatives(struct maker *m)
{
	size_t start = m->at;
	uint64_t count = 1, chosen;

	m->silent++;
	sequence(m);
	for (; take(m, "|") && !m->wrong; count++)
		sequence(m);
	m->silent--;
	if (m->silent)
		return;
	chosen = rng_below(m->rng, count);
	m->at = start;
	for (uint64_t i = 0; i < count && !m->wrong; i++) {
		m->silent += i != chosen;
		sequence(m);
		m->silent -= i != chosen;
		(void)(i + 1 < count && take(m, "|"));
	}
}

const char *pattern_generate(struct cf_str pattern, struct rng *rng, unsigned size,
			     struct cf_buf *out)
{
	struct maker m = {.text = pattern, .rng = rng, .size = size, .out = out, .start = out->len};
	bool around = rng_below(rng, 100) < size / 8;

	/* What has no anchors matches inside other text, too. */
	if (around)
		put(&m, '-');
	alternatives(&m);
	if (around)
		put(&m, '-');
	return m.wrong;
}
