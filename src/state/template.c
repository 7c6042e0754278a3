/* Taking records apart and putting them together again; see template.h. */
#include "state/template.h"

#define SPACE_ESCAPED STR("\\u0020")

/* --- apart ---------------------------------------------------------------------------------- */

struct splitting {
	const char *at, *end;
	struct cf_buf *template, *values;
	bool exact; /* so far it can be put together again */
};

/* Behind the string that begins at `at`; `end` where it does not end. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

static bool is_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-';
}

static const char *skip_number(const char *at, const char *end)
{
	while (at < end && (is_number(*at) || *at == '+' || *at == '.' || *at == 'e' || *at == 'E'))
		at++;
	return at;
}

static void add_string(struct splitting *s, const char *from, const char *to)
{
	const char *run = from;

	for (; from < to; from++) {
		if (*from == ' ') {
			buf_append(s->values, run, (size_t)(from - run));
			buf_str(s->values, SPACE_ESCAPED);
			run = from + 1;
		} else if (*from == '\\' && to - from >= 6 &&
			   memcmp(from, SPACE_ESCAPED.ptr, 6) == 0) {
			s->exact = false;
		}
	}
	buf_append(s->values, run, (size_t)(to - run));
	buf_byte(s->values, ' ');
}

/* One string or number that is a value. */
static void take_value(struct splitting *s)
{
	const char *from = s->at;

	if (*from == '"') {
		s->at = skip_string(from, s->end);
		add_string(s, from + 1, s->at - 1);
	} else {
		s->at = skip_number(from, s->end);
		buf_append(s->values, from, (size_t)(s->at - from));
		buf_byte(s->values, ' ');
	}
}

/* How many values an array has that holds nothing but strings, or nothing but numbers; 0:
 * it is another one, or empty. */
static size_t count_alike(const struct splitting *s)
{
	const char *at = s->at + 1, *end = s->end;
	bool strings = at < end && *at == '"';
	size_t count = 0;

	while (at < end) {
		const char *from = at;

		if (strings ? *at != '"' : !is_number(*at))
			return 0;
		at = strings ? skip_string(at, end) : skip_number(at, end);
		if (at == from || at >= end)
			return 0;
		count++;
		if (*at == ']')
			return count;
		if (*at++ != ',')
			return 0;
	}
	return 0;
}

static void take_array(struct splitting *s, size_t count)
{
	buf_str(s->template, s->at[1] == '"' ? STR("[*$]") : STR("[*#]"));
	buf_decimal(s->values, count);
	buf_byte(s->values, ' ');
	for (size_t i = 0; i < count; i++) {
		s->at++;
		take_value(s);
	}
	s->at++;
}

/* A string: the name of a member stays in the template, and so does what a base says of its
 * atoms ("a": which of the names and values it has), which is alike where these are. */
static void take_string(struct splitting *s)
{
	const char *behind = skip_string(s->at, s->end);
	bool code = s->template->len >= 4 &&
		    memcmp(s->template->ptr + s->template->len - 4, "\"a\":", 4) == 0;

	if (code || (behind < s->end && *behind == ':')) {
		buf_append(s->template, s->at, (size_t)(behind - s->at));
		s->at = behind;
		return;
	}
	buf_byte(s->template, '$');
	take_value(s);
}

/* Behind what stays in the template as it stands: brackets, commas, true, false, null. */
static const char *skip_plain(struct splitting *s)
{
	const char *at = s->at;

	for (; at < s->end && *at != '"' && *at != '[' && !is_number(*at); at++)
		/* White space would not be in the same place again. */
		s->exact = s->exact && *at != ' ' && *at != '\t' && *at != '\r' && *at != '\n' &&
			   *at != '$' && *at != '#' && *at != '*';
	return at;
}

int template_split(struct cf_str body, struct cf_buf *template, struct cf_buf *values)
{
	struct splitting s = {body.ptr, body.ptr + body.len, template, values, true};

	while (s.at < s.end) {
		const char *from = s.at;
		size_t alike = *from == '[' ? count_alike(&s) : 0;

		if (alike) {
			take_array(&s, alike);
		} else if (*from == '[') {
			buf_byte(template, *s.at++);
		} else if (*from == '"') {
			take_string(&s);
		} else if (is_number(*from)) {
			buf_byte(template, '#');
			take_value(&s);
		} else {
			s.at = skip_plain(&s);
			buf_append(template, from, (size_t)(s.at - from));
		}
	}
	return template->failed || values->failed ? CF_ERR_NOMEM : !s.exact;
}

/* --- together --------------------------------------------------------------------------------- */

struct joining {
	struct cf_str values; /* what is left of them */
	struct cf_buf *out;
	int rc;
};

static struct cf_str next_value(struct joining *j)
{
	const char *end = j->values.len ? memchr(j->values.ptr, ' ', j->values.len) : NULL;
	struct cf_str value = {j->values.ptr, end ? (size_t)(end - j->values.ptr) : 0};

	if (!end) {
		j->rc = CF_ERR_INVALID;
		return STR("");
	}
	j->values = (struct cf_str){end + 1, j->values.len - value.len - 1};
	return value;
}

static void put_value(struct joining *j, bool string)
{
	struct cf_str value = next_value(j);

	if (!string) {
		buf_str(j->out, value);
		return;
	}
	buf_byte(j->out, '"');
	for (size_t i = 0; i < value.len; i++) {
		bool space = value.len - i >= 6 &&
			     memcmp(value.ptr + i, SPACE_ESCAPED.ptr, SPACE_ESCAPED.len) == 0;

		buf_byte(j->out, space ? ' ' : value.ptr[i]);
		i += space ? SPACE_ESCAPED.len - 1 : 0;
	}
	buf_byte(j->out, '"');
}

static void put_array(struct joining *j, bool strings)
{
	struct cf_str text = next_value(j);
	int64_t count = 0;

	if (!json_number_int64(text, &count) || count < 1)
		j->rc = CF_ERR_INVALID;
	buf_byte(j->out, '[');
	for (int64_t i = 0; i < count && j->rc == 0; i++) {
		if (i)
			buf_byte(j->out, ',');
		put_value(j, strings);
	}
	buf_byte(j->out, ']');
}

int template_join(struct cf_str template, struct cf_str values, struct cf_arena *arena,
		  struct cf_str *ret)
{
	const char *at = template.ptr, *end = at + template.len;
	struct cf_buf out;
	struct joining j = {values, &out, 0};

	buf_init(&out, arena->mem);
	while (at < end && j.rc == 0) {
		const char *behind = *at == '"' ? skip_string(at, end) : at + 1;

		if (end - at >= 4 && at[0] == '[' && at[1] == '*') {
			put_array(&j, at[2] == '$');
			behind = at + 4;
		} else if (*at == '$' || *at == '#') {
			put_value(&j, *at == '$');
		} else {
			buf_append(&out, at, (size_t)(behind - at));
		}
		at = behind;
	}
	if (j.rc == 0 && j.values.len)
		j.rc = CF_ERR_INVALID;
	*ret = arena_dup_buf(arena, &out);
	if (out.failed || !ret->ptr)
		j.rc = CF_ERR_NOMEM;
	buf_fini(&out);
	return j.rc;
}
