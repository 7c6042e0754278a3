/* The smallest documents that show a failure, and where in them it shows. */
#include "catalog/prove.h"

#include <stdio.h>

enum { VALUE_BYTES = 80 };

void example_init(struct example *example, const struct cf_mem *mem)
{
	buf_init(&example->message, mem);
	buf_init(&example->pointer, mem);
	for (int i = 0; i < CATALOG_SHOWN; i++)
		buf_init(&example->shown[i], mem);
}

void example_fini(struct example *example)
{
	buf_fini(&example->message);
	buf_fini(&example->pointer);
	for (int i = 0; i < CATALOG_SHOWN; i++)
		buf_fini(&example->shown[i]);
}

/* --- where two values differ -------------------------------------------------------- */

static bool same(struct json_value a, struct json_value b)
{
	if (json_is_absent(a) || json_is_absent(b))
		return json_is_absent(a) && json_is_absent(b);
	return json_equal(a, b);
}

static struct json_value element(struct json_value array, uint32_t n)
{
	struct json_iter it = json_iter(array);

	while (json_next(&it))
		if (n-- == 0)
			return it.value;
	return JSON_ABSENT;
}

/* The first member of `a` that `b` has otherwise, or not at all; its name is pushed. */
static bool differing_member(struct json_value a, struct json_value b, struct cf_buf *pointer,
			     struct json_value *ret_a, struct json_value *ret_b)
{
	struct json_iter it = json_iter(a);
	struct cf_arena arena;
	struct cf_str name;

	arena_init(&arena, pointer->mem);
	while (json_next(&it)) {
		if (json_decode(it.name, &arena, &name))
			break;
		*ret_a = it.value;
		*ret_b = json_member(b, name);
		if (same(*ret_a, *ret_b))
			continue;
		(void)json_pointer_push(pointer, name);
		arena_fini(&arena);
		return true;
	}
	arena_fini(&arena);
	return false;
}

static bool differing_element(struct json_value a, struct json_value b, struct cf_buf *pointer,
			      struct json_value *ret_a, struct json_value *ret_b)
{
	uint32_t count = json_count(a) > json_count(b) ? json_count(a) : json_count(b);

	for (uint32_t i = 0; i < count; i++) {
		*ret_a = element(a, i);
		*ret_b = element(b, i);
		if (same(*ret_a, *ret_b))
			continue;
		(void)json_pointer_push_index(pointer, i);
		return true;
	}
	return false;
}

/* As deep as both have the same kind of value. */
static void find_difference(struct json_value a, struct json_value b, struct cf_buf *pointer)
{
	struct json_value x, y;
	bool deeper = true;

	while (deeper && !json_is_absent(a) && !json_is_absent(b)) {
		deeper = false;
		if (json_kind(a) == JSON_OBJECT && json_kind(b) == JSON_OBJECT)
			deeper = differing_member(a, b, pointer, &x, &y) ||
				 differing_member(b, a, pointer, &y, &x);
		else if (json_kind(a) == JSON_ARRAY && json_kind(b) == JSON_ARRAY)
			deeper = differing_element(a, b, pointer, &x, &y);
		if (deeper) {
			a = x;
			b = y;
		}
	}
}

/* Where documents of `came` and `wanted` first differ: the place of `wanted`, or its count
 * where they do not. `pointer` is written anew. */
static size_t side_difference(const struct side *came, const struct side *wanted,
			      struct cf_buf *pointer)
{
	size_t i = 0;

	buf_clear(pointer);
	while (i < wanted->count &&
	       same(side_value(came, &wanted->places.places[i]), wanted->values[i]))
		i++;
	if (i < wanted->count)
		find_difference(side_value(came, &wanted->places.places[i]), wanted->values[i],
				pointer);
	return i;
}

/* --- examples ------------------------------------------------------------------------ */

/* No longer than can be taken in, and cut between characters. */
static void write_value(struct json_value value, struct cf_buf *out)
{
	struct cf_str span = json_is_absent(value) ? STR("nothing") : json_span(value);
	size_t len = span.len;

	if (len > VALUE_BYTES) {
		len = VALUE_BYTES;
		while (((unsigned char)span.ptr[len] & 0xc0) == 0x80)
			len--;
	}
	(void)buf_append(out, span.ptr, len);
	(void)buf_str(out, len < span.len ? STR("...") : STR(""));
}

/* " at /title: "A" came out, "a" should have". */
static void write_difference(struct example *example, const struct side *came,
			     const struct side *wanted)
{
	size_t i = side_difference(came, wanted, &example->pointer);
	const struct lens_place *place = &wanted->places.places[i];
	struct cf_str pointer = buf_view(&example->pointer);
	struct cf_buf *out = &example->message;

	if (i == wanted->count)
		return;
	if (i)
		(void)buf_printf(out, " in %.*s@%u", STR_ARG(place->type), place->major);
	if (pointer.len)
		(void)buf_printf(out, " at %.*s", STR_ARG(pointer));
	(void)buf_str(out, STR(": "));
	write_value(json_pointer_get(side_value(came, place), pointer), out);
	(void)buf_str(out, STR(" came out, "));
	write_value(json_pointer_get(wanted->values[i], pointer), out);
	(void)buf_str(out, STR(" should have"));
}

static void write_message(struct example *example, const struct exhibit *exhibit)
{
	const struct side *came = exhibit->sides[CATALOG_SHOWN_CAME];
	const struct side *wanted = exhibit->sides[CATALOG_SHOWN_WANTED];

	buf_clear(&example->message);
	buf_clear(&example->pointer);
	(void)buf_str(&example->message, str_of(exhibit->message));
	if (exhibit->pointer[0]) {
		(void)buf_str(&example->pointer, str_of(exhibit->pointer));
		(void)buf_printf(&example->message, " at %s", exhibit->pointer);
	} else if (came && wanted) {
		write_difference(example, came, wanted);
	}
}

static void write_side(const struct side *side, struct cf_buf *out)
{
	buf_clear(out);
	for (size_t i = 0; side && i < side->count; i++) {
		if (json_is_absent(side->values[i]))
			continue;
		(void)buf_str(out, out->len ? STR("\n") : STR(""));
		(void)json_write_compact(side->values[i], out);
	}
}

bool example_note(struct example *example, const struct exhibit *exhibit)
{
	size_t len = 0;

	for (int i = 0; i < CATALOG_SHOWN_CAME; i++)
		for (size_t k = 0; exhibit->sides[i] && k < exhibit->sides[i]->count; k++)
			if (!json_is_absent(exhibit->sides[i]->values[k]))
				len += exhibit->sides[i]->texts[k].len;
	if (example->found && example->len <= len)
		return false;
	example->found = true;
	example->len = len;
	example->line = 0;
	write_message(example, exhibit);
	for (int i = 0; i < CATALOG_SHOWN; i++)
		write_side(exhibit->sides[i], &example->shown[i]);
	return true;
}

/* "script: ", where the op does not name itself in its own error. */
static void write_op(const struct example *example, const struct lens *lens, struct cf_buf *out)
{
	const char *op = example->line ? lens_op_at(lens, example->line) : NULL;

	if (op && !str_starts_with(buf_view(&example->message), str_of(op)))
		(void)buf_printf(out, "%s: ", op);
}

void example_tell(const struct example *example, struct checker *checker, const struct lens *lens,
		  const char *what)
{
	struct catalog_finding finding = {.pointer = buf_view(&example->pointer)};
	struct cf_buf text;

	if (!example->found)
		return;
	lens = example->lens ? example->lens : lens;
	buf_init(&text, checker->mem);
	write_op(example, lens, &text);
	(void)buf_printf(&text, "%s%.*s", what, STR_ARG(buf_view(&example->message)));
	finding.message = buf_view(&text);
	finding.line = example->line ? example->line : lens_ops_line(lens);
	for (int i = 0; i < CATALOG_SHOWN; i++)
		finding.shown[i] = buf_view(&example->shown[i]);
	checker_tell_finding(checker, lens_file(lens)->path, &finding);
	buf_fini(&text);
}
