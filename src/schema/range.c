/* node-semver's ranges: sets of comparators, one of which must hold whole.
 *
 * Caret, tilde, x-ranges and hyphens are rewritten into comparators while they
 * are read, as node-semver does, "<2.0.0-0" included: an upper bound that keeps
 * prereleases of the next version out. Leaves out loose mode and the option
 * includePrerelease. */
#include "schema/range.h"
#include "schema/semver_read.h"

/* A version whose parts may be "x" or missing; `parts` says how many numbers. */
struct partial {
	int parts;
	struct semver version;
};

struct range_reader {
	struct semver_range *range;
	struct cf_str rest;
	uint32_t set;
	int rc;
};

static void add(struct range_reader *r, enum range_op op, struct semver version)
{
	struct semver_range *range = r->range;

	if (r->rc)
		return;
	if (range->count == range->cap) {
		size_t cap = range->cap ? range->cap * 2 : 4;
		struct comparator *grown =
			mem_resize(range->mem, range->comparators, cap * sizeof(*grown));

		if (!grown) {
			r->rc = CF_ERR_NOMEM;
			return;
		}
		range->comparators = grown;
		range->cap = cap;
	}
	range->comparators[range->count++] = (struct comparator){op, r->set, version};
}

static struct semver plain(uint64_t major, uint64_t minor, uint64_t patch)
{
	return (struct semver){.major = major, .minor = minor, .patch = patch};
}

/* The upper bound that no prerelease of that version is below. */
static void add_below(struct range_reader *r, uint64_t major, uint64_t minor, uint64_t patch)
{
	struct semver version = plain(major, minor, patch);

	version.prerelease = STR("0");
	add(r, RANGE_LESS, version);
}

static void skip_spaces(struct range_reader *r)
{
	while (r->rest.len && strchr(" \t\r\n", r->rest.ptr[0]) && r->rest.ptr[0])
		r->rest = (struct cf_str){r->rest.ptr + 1, r->rest.len - 1};
}

static bool read_x(struct range_reader *r)
{
	return semver_skip_byte(&r->rest, 'x') || semver_skip_byte(&r->rest, 'X') ||
	       semver_skip_byte(&r->rest, '*');
}

static bool read_partial(struct range_reader *r, struct partial *ret)
{
	struct partial p = {0};
	uint64_t *numbers[] = {&p.version.major, &p.version.minor, &p.version.patch};
	int read = 0;

	while (semver_skip_byte(&r->rest, 'v') || semver_skip_byte(&r->rest, '='))
		skip_spaces(r);
	for (; read < 3; read++) {
		if (read > 0 && !semver_skip_byte(&r->rest, '.'))
			break;
		if (read_x(r))
			continue;
		if (!semver_read_number(&r->rest, numbers[read]))
			return false;
		if (p.parts == read)
			p.parts = read + 1;
		else
			*numbers[read] = 0; /* a number behind an x says nothing */
	}
	if (read == 3 && semver_skip_byte(&r->rest, '-') &&
	    !semver_read_identifiers(&r->rest, true, &p.version.prerelease))
		return false;
	if (read == 3 && semver_skip_byte(&r->rest, '+') &&
	    !semver_read_identifiers(&r->rest, false, &p.version.build))
		return false;
	if (p.parts < 3)
		p.version.prerelease = (struct cf_str){0};
	*ret = p;
	return true;
}

static enum range_op read_operator(struct range_reader *r)
{
	enum range_op op = RANGE_ANY;

	if (semver_skip_byte(&r->rest, '^')) {
		op = RANGE_CARET;
	} else if (semver_skip_byte(&r->rest, '~')) {
		semver_skip_byte(&r->rest, '>');
		op = RANGE_TILDE;
	} else if (semver_skip_byte(&r->rest, '<')) {
		op = semver_skip_byte(&r->rest, '=') ? RANGE_LESS_EQUAL : RANGE_LESS;
	} else if (semver_skip_byte(&r->rest, '>')) {
		op = semver_skip_byte(&r->rest, '=') ? RANGE_GREATER_EQUAL : RANGE_GREATER;
	}
	skip_spaces(r);
	return op;
}

/* The first version that a partial does not reach. */
static void add_upper(struct range_reader *r, const struct partial *p)
{
	if (p->parts == 1)
		add_below(r, p->version.major + 1, 0, 0);
	else
		add_below(r, p->version.major, p->version.minor + 1, 0);
}

static void add_caret(struct range_reader *r, const struct partial *p)
{
	const struct semver *v = &p->version;

	add(r, RANGE_GREATER_EQUAL, *v);
	if (v->major || p->parts == 1)
		add_below(r, v->major + 1, 0, 0);
	else if (v->minor || p->parts == 2)
		add_below(r, 0, v->minor + 1, 0);
	else
		add_below(r, 0, 0, v->patch + 1);
}

/* An operator before a version with an x in it. */
static void add_x_range(struct range_reader *r, enum range_op op, const struct partial *p)
{
	const struct semver *v = &p->version;

	if (op == RANGE_GREATER)
		add(r, RANGE_GREATER_EQUAL,
		    p->parts == 1 ? plain(v->major + 1, 0, 0) : plain(v->major, v->minor + 1, 0));
	else if (op == RANGE_LESS)
		add_below(r, v->major, v->minor, 0);
	else if (op == RANGE_LESS_EQUAL)
		add_upper(r, p);
	else
		add(r, RANGE_GREATER_EQUAL, *v);
	if (op == RANGE_ANY)
		add_upper(r, p);
}

static void add_comparator(struct range_reader *r, enum range_op op, const struct partial *p)
{
	if (p->parts == 0) {
		/* Nothing is greater or less than everything. */
		if (op == RANGE_GREATER || op == RANGE_LESS)
			add_below(r, 0, 0, 0);
		else
			add(r, RANGE_ANY, p->version);
	} else if (op == RANGE_CARET) {
		add_caret(r, p);
	} else if (op == RANGE_TILDE) {
		add(r, RANGE_GREATER_EQUAL, p->version);
		add_upper(r, p);
	} else if (p->parts < 3) {
		add_x_range(r, op, p);
	} else {
		add(r, op == RANGE_ANY ? RANGE_EQUAL : op, p->version);
	}
}

/* "A - B". Answers true where the rest of the set is the second half of one. */
static bool read_hyphen(struct range_reader *r, const struct partial *from)
{
	struct range_reader ahead = *r;
	struct partial to;

	if (ahead.rest.len == 0 || !strchr(" \t", ahead.rest.ptr[0]))
		return false;
	skip_spaces(&ahead);
	if (!semver_skip_byte(&ahead.rest, '-') || ahead.rest.len == 0 ||
	    !strchr(" \t", ahead.rest.ptr[0]))
		return false;
	skip_spaces(&ahead);
	if (!read_partial(&ahead, &to))
		return false;
	r->rest = ahead.rest;
	add(r, from->parts ? RANGE_GREATER_EQUAL : RANGE_ANY, from->version);
	if (to.parts == 3)
		add(r, RANGE_LESS_EQUAL, to.version);
	else if (to.parts)
		add_upper(r, &to);
	return true;
}

static bool read_set(struct range_reader *r)
{
	bool first = true;

	skip_spaces(r);
	if (r->rest.len == 0 || r->rest.ptr[0] == '|')
		add(r, RANGE_ANY, (struct semver){0});
	while (r->rest.len && r->rest.ptr[0] != '|') {
		size_t before = r->rest.len;
		enum range_op op = read_operator(r);
		bool bare = r->rest.len == before;
		struct partial p;

		if (!bare && (r->rest.len == 0 || r->rest.ptr[0] == '|'))
			p = (struct partial){0};
		else if (!read_partial(r, &p))
			return false;
		if (first && bare && read_hyphen(r, &p)) {
			skip_spaces(r);
			return r->rest.len == 0 || r->rest.ptr[0] == '|';
		}
		first = false;
		add_comparator(r, op, &p);
		if (r->rest.len && !strchr(" \t\r\n|", r->rest.ptr[0]))
			return false;
		skip_spaces(r);
	}
	return true;
}

static bool read_range(struct range_reader *r)
{
	for (;;) {
		if (!read_set(r))
			return false;
		if (r->rest.len == 0)
			return true;
		for (int bars = 0; bars < 2; bars++)
			if (!semver_skip_byte(&r->rest, '|'))
				return false;
		r->set++;
	}
}

int semver_range_parse(struct semver_range **ret, struct cf_str text, const struct cf_mem *mem,
		       struct cf_error *error)
{
	struct semver_range *range;
	struct range_reader reader = {0};
	int rc = 0;

	if (text.len > LIMIT_SEMVER_BYTES)
		return error_set(error, CF_ERR_SYNTAX, "a range is at most %d bytes long",
				 LIMIT_SEMVER_BYTES);
	range = mem_calloc(mem, 1, sizeof(*range));
	if (!range)
		return error_nomem(error);
	range->mem = mem;
	range->text = mem_alloc(mem, text.len + 1);
	if (!range->text) {
		rc = error_nomem(error);
		goto done;
	}
	if (text.len)
		memcpy(range->text, text.ptr, text.len);
	range->text[text.len] = '\0';
	reader.range = range;
	reader.rest = (struct cf_str){range->text, text.len};
	if (!read_range(&reader))
		rc = error_set(error, CF_ERR_SYNTAX, "\"%.*s\" is not a range of versions",
			       STR_ARG(text));
	else if (reader.rc)
		rc = error_nomem(error);
done:
	if (rc)
		semver_range_free(range);
	else
		*ret = range;
	return rc;
}

struct semver_range *semver_range_free(struct semver_range *range)
{
	if (range) {
		mem_free(range->mem, range->comparators);
		mem_free(range->mem, range->text);
		mem_free(range->mem, range);
	}
	return NULL;
}

static bool comparator_holds(const struct comparator *c, const struct semver *version)
{
	int order = c->op == RANGE_ANY ? 0 : semver_compare(version, &c->version);

	switch (c->op) {
	case RANGE_LESS:
		return order < 0;
	case RANGE_LESS_EQUAL:
		return order <= 0;
	case RANGE_GREATER:
		return order > 0;
	case RANGE_GREATER_EQUAL:
		return order >= 0;
	default:
		return order == 0;
	}
}

static bool names_prerelease_of(const struct comparator *c, const struct semver *version)
{
	return c->op != RANGE_ANY && c->version.prerelease.len &&
	       c->version.major == version->major && c->version.minor == version->minor &&
	       c->version.patch == version->patch;
}

bool semver_range_has(const struct semver_range *range, const struct semver *version)
{
	size_t i = 0;

	while (i < range->count) {
		uint32_t set = range->comparators[i].set;
		bool holds = true, named = version->prerelease.len == 0;

		for (; i < range->count && range->comparators[i].set == set; i++) {
			holds = holds && comparator_holds(&range->comparators[i], version);
			named = named || names_prerelease_of(&range->comparators[i], version);
		}
		if (holds && named)
			return true;
	}
	return false;
}
