/* The twins: each row one change that must not matter. */
#include "twin.h"

#include <stdlib.h>

/* --- how the database is kept ------------------------------------------------------------------
 */

static bool other_store(struct twinning *t)
{
	t->other->setting.sqlite = !t->other->setting.sqlite;
	return true;
}

static bool other_revs(struct twinning *t)
{
	static const unsigned revs[] = {1, 2, 5, 1000};
	struct setting *setting = &t->other->setting;
	unsigned was = setting->revs;

	setting->revs = revs[rng_below(&t->rng, ARRAY_LEN(revs))];
	return setting->revs != was;
}

static bool other_batches(struct twinning *t)
{
	struct setting *setting = &t->other->setting;

	setting->batch_max = setting->batch_max ? 0 : 1 + rng_below(&t->rng, 3);
	return true;
}

/* Other things come and go beside it, and the feed tells of them in any order. */
static bool more_things(struct twinning *t)
{
	t->other->setting.shadow = t->other->setting.mixed = true;
	return true;
}

static bool more_lanes(struct twinning *t)
{
	t->other->setting.lanes = 3;
	return more_things(t);
}

/* --- versions --------------------------------------------------------------------------------- */

static bool all_at_once(struct twinning *t)
{
	struct made *made = &t->other->made;

	if (t->other->versions == made->count)
		return false;
	/* What a later lens names the key of is one atom until then. */
	for (size_t i = 0; i < made->named_count; i++)
		if (made->named_since[i] > t->other->versions)
			return false;
	/* A lens that refuses some documents refuses them only when it is there. */
	for (size_t v = 0; v + 1 < made->count; v++)
		if (memmem(made->lenses[v].ptr, made->lenses[v].len, "throw", 5))
			return false;
	t->other->versions = t->other->made.count;
	return true;
}

static bool is_renamed(const struct field *field)
{
	return field->kind != FIELD_FILE && field->kind != FIELD_TIME;
}

/* Makes room for a version behind version `at` - 1, of the same fields. */
static void make_room(struct twinning *t, size_t at)
{
	struct made *made = &t->other->made;

	cf_assert(made->count < VERSIONS_MAX);
	for (size_t v = made->count; v > at; v--) {
		made->shapes[v] = made->shapes[v - 1];
		made->lenses[v - 1] = made->lenses[v - 2];
		made->python[v - 1] = made->python[v - 2];
	}
	made->shapes[at] = made->shapes[at - 1];
	made->count++;
	for (size_t v = at; v + 1 < made->count; v++)
		t->to[v] = v + 1;
	for (size_t i = 0; i < made->named_count; i++)
		made->named_since[i] = t->to[made->named_since[i] - 1] + 1;
	t->other->versions = t->to[t->other->versions - 1] + 1;
}

static void write_rename(struct cf_buf *out, const char *from, const char *to)
{
	buf_str(out, out->len ? STR(",{\"rename\":{\"source\":") : STR("{\"rename\":{\"source\":"));
	json_write_string(str_of(from), out);
	buf_str(out, STR(",\"destination\":"));
	json_write_string(str_of(to), out);
	buf_str(out, STR("}}"));
}

/* Renames all fields of the new version, and back behind it. */
static void rename_between(struct made *made, size_t at)
{
	struct shape_of *shape = &made->shapes[at];
	struct cf_buf there, back;

	buf_init(&there, &mem_heap);
	buf_init(&back, &mem_heap);
	for (size_t i = 0; i < shape->count; i++) {
		struct cf_str *name = &shape->at[i].path.at[0].text;
		struct cf_str was = made->shapes[at - 1].at[i].path.at[0].text;

		if (!is_renamed(&shape->at[i]))
			continue;
		*name = arena_printf(&made->arena, "mid %.*s", STR_ARG(was));
		/* The fields of one object stand together. */
		if (i > 0 && str_equal(made->shapes[at - 1].at[i - 1].path.at[0].text, was))
			continue;
		write_rename(&there, was.ptr, name->ptr);
		write_rename(&back, name->ptr, was.ptr);
	}
	buf_str(&back, made->lenses[at].len && back.len ? STR(",") : STR(""));
	buf_str(&back, made->lenses[at]);
	made->lenses[at - 1] = arena_dup(&made->arena, buf_view(&there));
	made->lenses[at] = arena_dup(&made->arena, buf_view(&back));
	buf_fini(&there);
	buf_fini(&back);
}

static bool version_between(struct twinning *t, enum role role)
{
	struct made *made = &t->other->made;
	size_t at = 1 + rng_below(&t->rng, made->count - 1);

	make_room(t, at);
	rename_between(made, at);
	made->roles[at] = role;
	return true;
}

static bool served_between(struct twinning *t)
{
	return version_between(t, ROLE_SERVED);
}

static bool retired_between(struct twinning *t)
{
	return version_between(t, ROLE_RETIRED);
}

static bool passing_between(struct twinning *t)
{
	return version_between(t, ROLE_PASSING);
}

/* --- names ---------------------------------------------------------------------------------------
 */

/* What a pointer, a list or a script might take for something else. */
static const char *const odd[] = {
	"",     "a/b",  "~",  "[x]", "[\"k\"]", "[]",  "/",  "//",     "~0",         "~1", "~2",
	"a~1b", "[0]",  "0",  "-1",  " ",       ".",   "..", "$ref",   "%25",        "*",  "?",
	"#",    "\"",   "\\", "'",   "\t",      "{}",  "|",  "\u00e9", "\U0001d11e", ":",  ";",
	"A",    "null", "`",  "a.b", "@",       "a b", "=",  "~01",    "&<>",
};
enum { NAMES_MAX = 64 };
struct names {
	const char *plain[NAMES_MAX], *odd[NAMES_MAX];
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	struct path x = path_of(*(const char *const *)a, NULL);
	struct path y = path_of(*(const char *const *)b, NULL);

	return path_compare(&x, &y);
}

static void take_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->plain[i], name) == 0)
			return;
	cf_assert(names->count < NAMES_MAX);
	names->plain[names->count++] = name;
}

/* The inner names of a pair are no names of their own: tables have such letters, too. */
static size_t renamed_count(const struct field *field)
{
	return !is_renamed(field) ? 0 : field->kind == FIELD_COORD ? 1 : field->path.count;
}

static void collect_names(const struct made *made, struct names *names)
{
	for (size_t v = 0; v < made->count; v++)
		for (size_t i = 0; i < made->shapes[v].count; i++) {
			const struct field *field = &made->shapes[v].at[i];

			for (size_t k = 0; k < renamed_count(field); k++)
				take_name(names, field->path.at[k].text.ptr);
		}
	qsort(names->plain, names->count, sizeof(names->plain[0]), by_name);
}

/* Among the edits of one document the pointer decides which is taken first: the names keep
 * their order. */
static bool choose_odd(struct twinning *t, struct names *names)
{
	const char *sorted[ARRAY_LEN(odd)];
	size_t left = ARRAY_LEN(odd), wanted = names->count;

	if (wanted > left)
		return false;
	memcpy(sorted, odd, sizeof(sorted));
	qsort(sorted, left, sizeof(sorted[0]), by_name);
	names->count = 0;
	for (size_t i = 0; i < ARRAY_LEN(odd) && wanted; i++, left--) {
		if (rng_below(&t->rng, left) >= wanted)
			continue;
		names->odd[names->count++] = sorted[i];
		wanted--;
	}
	return true;
}

static const char *odd_for(const struct names *names, struct cf_str plain)
{
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(str_of(names->plain[i]), plain))
			return names->odd[i];
	return NULL;
}

/* As JSON has it inside a string: in a script once more inside its own. */
static void write_odd(const char *name, bool in_script, struct cf_buf *out)
{
	struct cf_buf inner, json;

	buf_init(&inner, &mem_heap);
	buf_init(&json, &mem_heap);
	for (const char *c = name; *c; c++) {
		if (in_script && (*c == '\'' || *c == '\\'))
			buf_byte(&inner, '\\');
		/* A script has no control characters. */
		if (in_script && *c > 0 && *c < ' ')
			buf_printf(&inner, "\\u%04x", (unsigned)*c);
		else
			buf_byte(&inner, *c);
	}
	json_write_string(buf_view(&inner), &json);
	buf_append(out, json.ptr + 1, json.len - 2);
	buf_fini(&inner);
	buf_fini(&json);
}

/* Names stand in quotes of either kind. */
static struct cf_str rename_in_text(struct made *made, const struct names *names,
				    struct cf_str text)
{
	struct cf_buf out;
	struct cf_str copy;
	size_t i = 0;

	buf_init(&out, &mem_heap);
	while (i < text.len) {
		const char *from = text.ptr + i + 1, *end, *found;

		buf_byte(&out, text.ptr[i++]);
		if (from[-1] != '"' && from[-1] != '\'')
			continue;
		end = memchr(from, from[-1], text.len - i);
		found = end ? odd_for(names, (struct cf_str){from, (size_t)(end - from)}) : NULL;
		if (!found)
			continue;
		write_odd(found, from[-1] == '\'', &out);
		i += (size_t)(end - from);
	}
	copy = arena_dup(&made->arena, buf_view(&out));
	buf_fini(&out);
	return copy;
}

static bool is_in_lenses(const struct made *made, const char *name)
{
	for (size_t v = 0; v + 1 < made->count; v++)
		if (memmem(made->lenses[v].ptr, made->lenses[v].len, name, strlen(name)))
			return true;
	return false;
}

static bool odd_names(struct twinning *t)
{
	struct made *made = &t->other->made;
	struct names *names = calloc(1, sizeof(*names));
	bool changed;

	cf_assert(names);
	/* A field that keeps its name would have another place among them. */
	if (!made->odd_names && !(made->ops & OP_LATEST))
		collect_names(made, names);
	changed = names->count && choose_odd(t, names);
	/* No op takes the empty name: a field that a lens names needs another first one. */
	if (changed && !names->odd[0][0] && is_in_lenses(made, names->plain[0]))
		names->odd[0] = "\001";
	for (size_t v = 0; v < made->count && changed; v++) {
		for (size_t i = 0; i < made->shapes[v].count; i++) {
			struct field *field = &made->shapes[v].at[i];

			for (size_t k = 0; k < renamed_count(field); k++)
				field->path.at[k].text =
					str_of(odd_for(names, field->path.at[k].text));
		}
		if (v + 1 < made->count)
			made->lenses[v] = rename_in_text(made, names, made->lenses[v]);
	}
	free(names);
	return changed;
}

/* --- ids and keys --------------------------------------------------------------------------------
 */

static bool other_ids(struct twinning *t, enum ids ids)
{
	struct made *made = &t->other->made;

	made->ids[rng_below(&t->rng, made->count)] = ids;
	return true;
}

static bool own_ids(struct twinning *t)
{
	return other_ids(t, IDS_OWN);
}

static bool bare_ids(struct twinning *t)
{
	return other_ids(t, IDS_BARE);
}

static const char *any_odd(struct twinning *t)
{
	return odd[rng_below(&t->rng, ARRAY_LEN(odd))];
}

/* The key of the thing; an id begins with it where it is bare, and has an end. */
static bool odd_key(struct twinning *t)
{
	size_t len = rng_below(&t->rng, 3) ? 1 + rng_below(&t->rng, 40) : LIMIT_ID_BYTES;
	struct cf_buf text;

	buf_init(&text, &mem_heap);
	while (text.len < len)
		buf_printf(&text, "%s%s", any_odd(t), rng_below(&t->rng, 3) ? "" : "x");
	/* In whole characters. */
	while (len > LIMIT_ID_BYTES - 8 || ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--;
	len = len ? len : text.len;
	t->other->key = arena_dup(&t->other->arena, (struct cf_str){text.ptr, len});
	buf_fini(&text);
	return true;
}

static int by_json_text(const void *a, const void *b)
{
	struct cf_buf x, y;
	int order;

	buf_init(&x, &mem_heap);
	buf_init(&y, &mem_heap);
	json_write_string(str_of(*(const char *const *)a), &x);
	json_write_string(str_of(*(const char *const *)b), &y);
	order = str_compare(buf_view(&x), buf_view(&y));
	buf_fini(&x);
	buf_fini(&y);
	return order;
}

/* The names of elements keep their order, too, also as pointers have them. */
static bool odd_elements(struct twinning *t)
{
	size_t count = strlen(KEY_LETTERS), left = ARRAY_LEN(odd), wanted = count, at = 0;
	const char *sorted[ARRAY_LEN(odd)];

	if (t->other->made.named_count == 0)
		return false;
	memcpy(sorted, odd, sizeof(sorted));
	qsort(sorted, left, sizeof(sorted[0]), by_json_text);
	for (size_t i = 0; i < ARRAY_LEN(odd) && wanted; i++, left--) {
		if (rng_below(&t->rng, left) >= wanted)
			continue;
		t->keys[at++] = sorted[i];
		wanted--;
	}
	for (size_t i = 0; i + 1 < count; i++)
		if (by_name(&t->keys[i], &t->keys[i + 1]) > 0)
			return false;
	return true;
}

const struct twin twins[] = {
	{"a version between", served_between, .rewrites = true, .remembers = true},
	{"a retired version between", retired_between, .rewrites = true, .remembers = true},
	{"a version between that is passed through", passing_between, .rewrites = true,
	 .remembers = true},
	{"all versions at once", all_at_once, .rewrites = true, .remembers = true},
	{"odd names", odd_names, .rewrites = true},
	{"ids of its own", own_ids, .rewrites = true},
	{"known by members", bare_ids, .rewrites = true},
	{"an odd key", odd_key, .rewrites = true},
	{"odd elements", odd_elements, .rewrites = true},
	{"another store", other_store, .unforked = true},
	{"other revs", other_revs, .unforked = true},
	{"other batches", other_batches},
	{"other things beside", more_things},
	{"three lanes", more_lanes},
};

size_t twin_count(void)
{
	return ARRAY_LEN(twins);
}
