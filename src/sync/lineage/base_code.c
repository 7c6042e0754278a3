/* The small codes of bases. See base_code.h. */
#include "sync/lineage/base_code.h"

#include "json/json.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

void code_hash(uint64_t hash, struct cf_buf *out)
{
	char text[CODE_HASH_CHARS];

	for (int i = CODE_HASH_CHARS - 1; i >= 0; i--, hash >>= 6)
		text[i] = digits[hash & 63];
	buf_append(out, text, sizeof(text));
}

bool code_hash_read(const char *text, uint64_t *ret)
{
	uint64_t hash = 0;

	for (int i = 0; i < CODE_HASH_CHARS; i++) {
		int digit = digit_of(text[i]);

		if (digit < 0)
			return false;
		hash = hash << 6 | (uint64_t)digit;
	}
	*ret = hash;
	return true;
}

/* --- sets ------------------------------------------------------------------- */

static void write_number(uint64_t number, struct cf_buf *out)
{
	for (; number >= 32; number >>= 5)
		buf_byte(out, digits[32 | (number & 31)]);
	buf_byte(out, digits[number]);
}

static bool read_number(struct cf_str *text, uint64_t *ret)
{
	uint64_t number = 0;

	for (unsigned shift = 0; text->len && shift < 60; shift += 5) {
		int digit = digit_of(*text->ptr++);

		text->len--;
		if (digit < 0)
			return false;
		number |= (uint64_t)(digit & 31) << shift;
		if (digit < 32) {
			*ret = number;
			return true;
		}
	}
	return false;
}

static void write_run(struct code_set *set)
{
	if (set->end == set->start)
		return;
	write_number(set->start - set->next, set->out);
	write_number(set->end - set->start, set->out);
	set->next = set->end;
}

void code_set_add(struct code_set *set, uint64_t number)
{
	if (number != set->end || set->end == set->start) {
		write_run(set);
		set->start = number;
	}
	set->end = number + 1;
}

void code_set_end(struct code_set *set)
{
	write_run(set);
	set->start = set->end;
}

bool code_set_next(struct code_walk *walk, uint64_t *ret)
{
	while (walk->next == walk->end) {
		uint64_t gap, length;

		if (walk->text.len == 0)
			return false;
		walk->damaged = !read_number(&walk->text, &gap) ||
				!read_number(&walk->text, &length) || gap > walk->limit ||
				length > walk->limit || walk->end + gap + length > walk->limit;
		if (walk->damaged)
			return false;
		walk->next = walk->end + gap;
		walk->end = walk->next + length;
	}
	*ret = walk->next++;
	return true;
}

static void write_list_run(const struct code_list *list)
{
	if (list->end == list->start)
		return;
	write_number(list->start, list->out);
	write_number(list->end - list->start, list->out);
}

void code_list_add(struct code_list *list, uint64_t number)
{
	if (number != list->end || list->end == list->start) {
		write_list_run(list);
		list->start = number;
	}
	list->end = number + 1;
}

void code_list_end(struct code_list *list)
{
	write_list_run(list);
	list->start = list->end;
}

bool code_list_next(struct code_walk *walk, uint64_t *ret)
{
	while (walk->next == walk->end) {
		uint64_t length;

		if (walk->text.len == 0)
			return false;
		walk->damaged = !read_number(&walk->text, &walk->next) ||
				!read_number(&walk->text, &length) || walk->next > walk->limit ||
				length > walk->limit || walk->next + length > walk->limit;
		if (walk->damaged)
			return false;
		walk->end = walk->next + length;
	}
	*ret = walk->next++;
	return true;
}

/* --- revisions ---------------------------------------------------------------- */

enum { HEX = 32, SHORT = 22 };

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hexadecimal(struct cf_str rev, size_t *ret_dash)
{
	size_t dash = 0;

	while (dash < rev.len && rev.ptr[dash] >= '0' && rev.ptr[dash] <= '9')
		dash++;
	if (dash == 0 || rev.len != dash + 1 + HEX || rev.ptr[dash] != '-')
		return false;
	for (size_t i = dash + 1; i < rev.len; i++)
		if (hex_of(rev.ptr[i]) < 0)
			return false;
	*ret_dash = dash;
	return true;
}

void code_rev(struct cf_str rev, struct cf_buf *out)
{
	char text[SHORT];
	unsigned bits = 0, have = 0;
	size_t dash, count = 0;

	if (!is_hexadecimal(rev, &dash)) {
		json_write_string(rev, out);
		return;
	}
	for (size_t i = dash + 1; i < rev.len; i++) {
		bits = bits << 4 | (unsigned)hex_of(rev.ptr[i]);
		for (have += 4; have >= 6; have -= 6)
			text[count++] = digits[bits >> (have - 6) & 63];
	}
	text[count] = digits[bits << (6 - have) & 63];
	buf_byte(out, '"');
	buf_append(out, rev.ptr, dash);
	buf_byte(out, '~');
	buf_append(out, text, sizeof(text));
	buf_byte(out, '"');
}

/* The revision of a short form, in at most dash + 1 + HEX bytes; 0: it is none. */
static size_t read_short(struct cf_str text, size_t dash, char *rev)
{
	unsigned bits = 0, have = 0;
	size_t at = dash + 1;

	if (dash == 0 || text.len != dash + 1 + SHORT || text.ptr[dash] != '~')
		return 0;
	memcpy(rev, text.ptr, dash);
	rev[dash] = '-';
	for (size_t i = dash + 1; i < text.len; i++) {
		int digit = digit_of(text.ptr[i]);

		bits = bits << 6 | (unsigned)(digit < 0 ? 0 : digit);
		for (have += 6; have >= 4 && at < dash + 1 + HEX; have -= 4)
			rev[at++] = "0123456789abcdef"[bits >> (have - 4) & 15];
	}
	return at;
}

static size_t count_digits(struct cf_str text)
{
	size_t count = 0;

	while (count < text.len && text.ptr[count] >= '0' && text.ptr[count] <= '9')
		count++;
	return count;
}

int code_rev_read(struct cf_str text, struct cf_arena *arena, struct cf_str *ret)
{
	size_t dash = count_digits(text), len;
	char *rev = arena_alloc(arena, dash + 1 + HEX + 1);

	if (!rev)
		return CF_ERR_NOMEM;
	len = read_short(text, dash, rev);
	rev[len] = '\0';
	*ret = len ? (struct cf_str){rev, len} : text;
	return 0;
}

bool code_rev_is(struct cf_str text, struct cf_str rev)
{
	char full[32 + 1 + HEX];
	size_t dash = count_digits(text);
	size_t len = dash <= 32 ? read_short(text, dash, full) : 0;

	return str_equal(len ? (struct cf_str){full, len} : text, rev);
}
