/* The ops of a link: each is written as a lens file has it, and as outcome.py has it. */
#include "link.h"

#include <stdio.h>

static const char *const words[] = {"ada", "bob", "cyd", "dan", "eve"};

bool link_one_in(struct made *made, unsigned n)
{
	return rng_below(&made->rng, n) == 0;
}

const char *link_name(struct made *made, const char *base)
{
	static const char *const odd[][3] = {{"/", "", ""}, {"~", "", "~1"}, {"[", "", "]"},
					     {"", ".", ""}, {"", " ", ""},   {"", "/", ""},
					     {"-", "", "%"}};
	static const char *const plain[3] = {"", "", ""};
	const char *const *style = plain;
	int len = 0;

	while (*base && (*base < 'a' || *base > 'z'))
		base++;
	while (base[len] >= 'a' && base[len] <= 'z')
		len++;
	if (made->odd_names && link_one_in(made, 2))
		style = odd[rng_below(&made->rng, ARRAY_LEN(odd))];
	return arena_printf(&made->arena, "%s%.*s%s%u%s", style[0], len, base, style[1],
			    ++made->names, style[2])
		.ptr;
}

struct field *link_add(struct shape_of *shape, enum field_kind kind, unsigned track, const char *a,
		       const char *b)
{
	struct field *field = &shape->at[shape->count++];

	cf_assert(shape->count <= FIELDS_MAX);
	*field = (struct field){.path = path_of(a, b), .kind = kind, .track = track};
	return field;
}

const char *link_field_name(const struct field *field)
{
	return field->path.at[0].text.ptr;
}
/* --- what is written of an op --------------------------------------------------------- */

static void lens_op(struct link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void python_op(struct link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void lens_op(struct link *link, const char *format, ...)
{
	va_list args;

	buf_str(&link->lens, link->lens.len ? STR(",") : STR(""));
	va_start(args, format);
	buf_vprintf(&link->lens, format, args);
	va_end(args);
}

static void python_op(struct link *link, const char *format, ...)
{
	va_list args;

	buf_str(&link->python, link->python.len ? STR(",") : STR(""));
	va_start(args, format);
	buf_vprintf(&link->python, format, args);
	va_end(args);
}

static void lens_rename(struct link *link, const char *from, const char *to)
{
	lens_op(link, "{\"rename\":{\"source\":\"%s\",\"destination\":\"%s\"}}", from, to);
}

struct field *link_keep(struct link *link, const struct field *field)
{
	struct field *kept = &link->new->at[link->new->count++];

	cf_assert(link->new->count <= FIELDS_MAX);
	*kept = *field;
	return kept;
}

void link_rename(struct link *link, const struct field *field)
{
	struct field *kept = link_keep(link, field);
	const char *to = link_name(link->made, link_field_name(field));

	kept->path.at[0].text = str_of(to);
	lens_rename(link, link_field_name(field), to);
	python_op(link, "[\"rename\",[\"%s\"],[\"%s\"]]", link_field_name(field), to);
}

void link_plunge(struct link *link, const struct field *field)
{
	const char *host = link_name(link->made, "in");
	const char *to = link_name(link->made, link_field_name(field));

	link_add(link->new, field->kind, field->track, host, to);
	lens_op(link, "{\"add\":{\"name\":\"%s\",\"type\":\"object\",\"default\":{}}}", host);
	lens_rename(link, link_field_name(field), to);
	lens_op(link, "{\"plunge\":{\"host\":\"%s\",\"name\":\"%s\"}}", host, to);
	python_op(link, "[\"rename\",[\"%s\"],[\"%s\",\"%s\"]]", link_field_name(field), host, to);
}

void link_hoist(struct link *link, const struct field *field)
{
	const char *from = field->path.at[1].text.ptr, *to = link_name(link->made, from);

	link_add(link->new, field->kind, field->track, to, NULL);
	lens_op(link, "{\"hoist\":{\"host\":\"%s\",\"name\":\"%s\"}}", link_field_name(field),
		from);
	lens_op(link, "{\"remove\":{\"name\":\"%s\",\"type\":\"object\",\"default\":{}}}",
		link_field_name(field));
	lens_rename(link, from, to);
	python_op(link, "[\"rename\",[\"%s\",\"%s\"],[\"%s\"]]", link_field_name(field), from, to);
}

void link_add_or_remove(struct link *link, const char *name, bool add)
{
	const char *value = words[rng_below(&link->made->rng, ARRAY_LEN(words))];

	lens_op(link, "{\"%s\":{\"name\":\"%s\",\"type\":\"string\",\"default\":\"%s\"}}",
		add ? "add" : "remove", name, value);
	python_op(link, "[\"%s\",[\"%s\"],\"%s\"]", add ? "add" : "remove", name, value);
}

void link_split(struct link *link, const struct field *field)
{
	const char *name = link_field_name(field), *first = link_name(link->made, "first"),
		   *last = link_name(link->made, "last");

	link_add(link->new, FIELD_MUST, field->track, first, NULL);
	link_add(link->new, FIELD_REST, field->track, last, NULL);
	lens_op(link, "{\"split\":{\"name\":\"%s\",\"into\":[\"%s\",\"%s\"],\"by\":\" \"}}", name,
		first, last);
	python_op(link, "[\"split\",[\"%s\"],[\"%s\"],[\"%s\"]]", name, first, last);
}

void link_join(struct link *link, const struct field *fields)
{
	const char *full = link_name(link->made, "full");

	link_add(link->new, FIELD_FULL, fields[0].track, full, NULL);
	lens_op(link, "{\"join\":{\"name\":\"%s\",\"into\":[\"%s\",\"%s\"],\"by\":\" \"}}", full,
		link_field_name(&fields[0]), link_field_name(&fields[1]));
	python_op(link, "[\"join\",[\"%s\"],[\"%s\"],[\"%s\"]]", full, link_field_name(&fields[0]),
		  link_field_name(&fields[1]));
}

/* --- tables ------------------------------------------------------------------------------ */

void link_shuffle(struct made *made, char *letters, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t k = rng_below(&made->rng, i);
		char kept = letters[i - 1];

		letters[i - 1] = letters[k];
		letters[k] = kept;
	}
}

/* Each letter of the small side has one of the big side of its own; each other of the
 * big side goes to any of the small one. `map[i]` is where small[i] goes. */
static void write_tables(struct made *made, const char *old, const char *new, struct cf_buf *up,
			 struct cf_buf *down)
{
	bool grows = strlen(old) <= strlen(new);
	const char *small = grows ? old : new, *big = grows ? new : old;
	struct cf_buf *one = grows ? up : down, *many = grows ? down : up;
	char order[8];

	snprintf(order, sizeof(order), "%s", big);
	link_shuffle(made, order, strlen(order));
	for (size_t i = 0; big[i]; i++) {
		const char *at = strchr(order, big[i]);
		size_t place = (size_t)(at - order);
		char to = place < strlen(small) ? small[place]
						: small[rng_below(&made->rng, strlen(small))];

		buf_printf(many, "%s\"%c\":\"%c\"", i ? "," : "", big[i], to);
		if (place < strlen(small))
			buf_printf(one, "%s\"%c\":\"%c\"", one->len ? "," : "", to, big[i]);
	}
}

/* The ops, and the letters of the newer side. */
static void table(struct link *link, const char *from, const char *to, const char *old, char *new)
{
	struct cf_buf up, down;
	size_t count = 2 + rng_below(&link->made->rng, 3);

	buf_init(&up, &mem_heap);
	buf_init(&down, &mem_heap);
	memcpy(new, "pqrs", 5);
	link_shuffle(link->made, new, 4);
	new[count] = '\0';
	write_tables(link->made, old, new, &up, &down);
	lens_op(link, "{\"convert\":{\"name\":\"%s\",\"mapping\":[{%.*s},{%.*s}]}}", from,
		STR_ARG(buf_view(&up)), STR_ARG(buf_view(&down)));
	lens_rename(link, from, to);
	python_op(link, "[\"table\",[\"%s\"],[\"%s\"],{%.*s},{%.*s}]", from, to,
		  STR_ARG(buf_view(&up)), STR_ARG(buf_view(&down)));
	buf_fini(&up);
	buf_fini(&down);
}

void link_table(struct link *link, const struct field *field)
{
	const char *to = link_name(link->made, link_field_name(field));
	struct field *made = link_add(link->new, FIELD_TABLE, field->track, to, NULL);

	table(link, link_field_name(field), to, field->letters, made->letters);
}

/* --- scripts ------------------------------------------------------------------------------- */

static void script(struct link *link, const char *reads, const char *writes, const char *up,
		   const char *down)
{
	lens_op(link,
		"{\"script\":{\"reads\":[%s],\"writes\":[%s],\"up\":\"function (o, base) { %s }\","
		"\"down\":\"function (n, base) { %s }\"}}",
		reads, writes, up, down);
}

void link_recut(struct link *link, const struct field *fields)
{
	struct cf_arena *arena = &link->made->arena;
	const char *a = link_field_name(&fields[0]), *b = link_field_name(&fields[1]);
	const char *c = link_name(link->made, "cut"), *d = link_name(link->made, "cut");
	bool two_first = fields[0].kind == FIELD_TWO;
	/* "ab", "c" and "a", "bc". */
	const char *up, *down;

	if (two_first) {
		up = arena_printf(arena, "return {'%s': o['%s'][0], '%s': o['%s'][1] + o['%s']};",
				  c, a, d, a, b)
			     .ptr;
		down = arena_printf(arena, "return {'%s': n['%s'] + n['%s'][0], '%s': n['%s'][1]};",
				    a, c, d, b, d)
			       .ptr;
	} else {
		up = arena_printf(arena, "return {'%s': o['%s'] + o['%s'][0], '%s': o['%s'][1]};",
				  c, a, b, d, b)
			     .ptr;
		down = arena_printf(arena, "return {'%s': n['%s'][0], '%s': n['%s'][1] + n['%s']};",
				    a, c, b, c, d)
			       .ptr;
	}
	link_add(link->new, two_first ? FIELD_ONE : FIELD_TWO, fields[0].track, c, NULL);
	link_add(link->new, two_first ? FIELD_TWO : FIELD_ONE, fields[0].track, d, NULL);
	script(link, arena_printf(arena, "\"%s\",\"%s\"", a, b).ptr,
	       arena_printf(arena, "\"%s\",\"%s\"", c, d).ptr, up, down);
	if (two_first)
		python_op(link, "[\"recut\",[\"%s\"],[\"%s\"],[\"%s\"],[\"%s\"]]", a, b, c, d);
	else
		python_op(link, "[\"cut back\",[\"%s\"],[\"%s\"],[\"%s\"],[\"%s\"]]", a, b, c, d);
}

void link_mix(struct link *link, const struct field *fields, bool cap)
{
	struct cf_arena *arena = &link->made->arena;
	const char *a = link_field_name(&fields[0]), *b = link_field_name(&fields[1]);
	const char *c = link_name(link->made, "mix"), *d = link_name(link->made, "mix");

	link_add(link->new, FIELD_INT, fields[0].track, c, NULL);
	link_add(link->new, FIELD_INT, fields[0].track, d, NULL);
	script(link, arena_printf(arena, "\"%s\",\"%s\"", a, b).ptr,
	       arena_printf(arena, "\"%s\",\"%s\"", c, d).ptr,
	       arena_printf(arena, "%sreturn {'%s': o['%s'] + o['%s'], '%s': o['%s']};",
			    cap ? arena_printf(arena,
					       "if (o['%s'] + o['%s'] > 4) throw 'too much'; ", a,
					       b)
					    .ptr
				: "",
			    c, a, b, d, b)
		       .ptr,
	       arena_printf(arena, "return {'%s': n['%s'] - n['%s'], '%s': n['%s']};", a, c, d, b,
			    d)
		       .ptr);
	python_op(link, "[\"mix\",[\"%s\"],[\"%s\"],[\"%s\"],[\"%s\"],%s]", a, b, c, d,
		  cap ? "4" : "null");
}

void link_tags(struct link *link, const struct field *field)
{
	struct cf_arena *arena = &link->made->arena;
	const char *name = link_field_name(field), *to = link_name(link->made, name);
	struct field *rows = link_add(link->new, FIELD_ROWS, field->track, to, NULL);

	rows->key = "id";
	rows->parts = arena_calloc(arena, PARTS_MAX, sizeof(*rows->parts));
	rows->part_count = 1;
	rows->parts[0] = (struct field){.path = path_of("note", NULL), .kind = FIELD_WORD};
	script(link, arena_printf(arena, "\"%s\"", name).ptr, arena_printf(arena, "\"%s\"", to).ptr,
	       arena_printf(arena,
			    "if (!o['%s']) return {}; var old = {}; ((base && base['%s']) || "
			    "[]).forEach("
			    "function (e) { old['k' + e.id] = e; }); return {'%s': "
			    "o['%s'].map(function (t) "
			    "{ return old['k' + t] || {id: t, note: 'none'}; })};",
			    name, to, to, name)
		       .ptr,
	       arena_printf(
		       arena,
		       "return n['%s'] ? {'%s': n['%s'].map(function (e) { return e.id; })} : {};",
		       to, name, to)
		       .ptr);
	python_op(link, "[\"tags\",[\"%s\"],[\"%s\"]]", name, to);
}

/* --- arrays of objects ------------------------------------------------------------------------ */

static void row_part(struct link *inner, struct made *made, const struct field *part,
		     struct field *ret)
{
	uint64_t what = rng_below(&made->rng, 3);
	const char *to;

	*ret = *part;
	if (what == 0 || (what == 1 && part->kind != FIELD_TABLE))
		return;
	to = link_name(made, link_field_name(part));
	ret->path = path_of(to, NULL);
	if (what == 1) {
		table(inner, link_field_name(part), to, part->letters, ret->letters);
		return;
	}
	lens_rename(inner, link_field_name(part), to);
	python_op(inner, "[\"rename\",[\"%s\"],[\"%s\"]]", link_field_name(part), to);
}

static void name_track(struct made *made, unsigned track, size_t versions)
{
	for (size_t i = 0; i < made->named_count; i++)
		if (made->named[i] == track)
			return;
	cf_assert(made->named_count < FIELDS_MAX);
	made->named[made->named_count] = track;
	made->named_since[made->named_count++] = versions;
}

void link_rows(struct link *link, const struct field *field, bool rekey)
{
	struct made *made = link->made;
	const char *to = link_name(made, link_field_name(field));
	struct field *new = link_add(link->new, FIELD_ROWS, field->track, to, NULL);
	struct link inner = {.made = made};

	buf_init(&inner.lens, &mem_heap);
	buf_init(&inner.python, &mem_heap);
	new->key = field->key;
	new->parts = arena_calloc(&made->arena, PARTS_MAX, sizeof(*new->parts));
	if (rekey) {
		new->key = link_name(made, "key");
		lens_rename(&inner, field->key, new->key);
		python_op(&inner, "[\"rename\",[\"%s\"],[\"%s\"]]", field->key, new->key);
	}
	for (size_t i = 0; i < field->part_count; i++)
		row_part(&inner, made, &field->parts[i], &new->parts[new->part_count++]);
	if (link_one_in(made, 3) && new->part_count < PARTS_MAX) {
		const char *more = link_name(made, "more");

		new->parts[new->part_count++] =
			(struct field){.path = path_of(more, NULL), .kind = FIELD_WORD};
		lens_op(&inner,
			"{\"add\":{\"name\":\"%s\",\"type\":\"string\",\"default\":\"none\"}}",
			more);
		python_op(&inner, "[\"add\",[\"%s\"],\"none\"]", more);
	}
	lens_op(link,
		"{\"in\":{\"name\":\"%s\",\"lens\":[{\"map\":{\"key\":\"%s\",\"lens\":[%.*s]}}]}}",
		link_field_name(field), field->key, STR_ARG(buf_view(&inner.lens)));
	lens_rename(link, link_field_name(field), to);
	python_op(link, "[\"rows\",[\"%s\"],[\"%s\"],\"%s\",\"%s\",[%.*s]]", link_field_name(field),
		  to, field->key, new->key, STR_ARG(buf_view(&inner.python)));
	name_track(made, field->track, made->count + 1);
	buf_fini(&inner.lens);
	buf_fini(&inner.python);
}

void link_pair(struct link *link, const struct field *fields)
{
	const char *to = link_name(link->made, link_field_name(fields));

	for (size_t i = 0; i < 2; i++)
		link_keep(link, &fields[i])->path.at[0].text = str_of(to);
	lens_rename(link, link_field_name(fields), to);
	python_op(link, "[\"rename\",[\"%s\"],[\"%s\"]]", link_field_name(fields), to);
}
