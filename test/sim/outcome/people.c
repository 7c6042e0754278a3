/* What people write: documents of a version, and edits of them. */
#include "make.h"

static const char *const words[] = {"ada", "bob", "cyd", "dan", "eve"};

static uint64_t below(struct rng *rng, uint64_t bound)
{
	return rng_below(rng, bound);
}

static struct value *text_of(struct cf_arena *arena, const char *text)
{
	return value_string(arena, str_of(text));
}

static const char *word(struct rng *rng)
{
	return words[below(rng, ARRAY_LEN(words))];
}

static struct value *number(struct cf_arena *arena, uint64_t n)
{
	return value_text(arena, arena_printf(arena, "%llu", (unsigned long long)n).ptr);
}

static struct value *element_named(struct cf_arena *arena, struct rng *rng,
				   const struct field *field, char key);

/* One to three different letters of klmno. */
static size_t some_keys(struct rng *rng, char keys[8])
{
	size_t count = 5, kept = below(rng, 4);

	memcpy(keys, "klmno", 6);
	for (size_t i = count; i > 1; i--) {
		size_t k = below(rng, i);
		char c = keys[i - 1];

		keys[i - 1] = keys[k];
		keys[k] = c;
	}
	keys[kept] = '\0';
	return kept;
}

static struct value *array_of(struct cf_arena *arena, struct rng *rng, const struct field *field)
{
	struct value *array = value_new(arena, JSON_ARRAY), **end = &array->first;
	char keys[8];
	size_t count = some_keys(rng, keys);

	for (size_t i = 0; i < count; i++, end = &(*end)->next)
		*end = element_named(arena, rng, field, keys[i]);
	return array;
}

/* NULL: nothing there. */
static struct value *value_for(struct cf_arena *arena, struct rng *rng, const struct field *field)
{
	static const char *const files[] = {"d1 text/plain", "d2 text/plain", "d1 text/html"};
	char two[3] = {(char)('u' + below(rng, 3)), (char)('u' + below(rng, 3)), '\0'};

	switch (field->kind) {
	case FIELD_WORD:
	case FIELD_REST:
	case FIELD_TRACKING:
		return below(rng, 100) < 85 ? text_of(arena, word(rng)) : NULL;
	case FIELD_NULL:
		return below(rng, 3)   ? value_text(arena, "null")
		       : below(rng, 2) ? text_of(arena, word(rng))
				       : NULL;
	case FIELD_MUST:
		return text_of(arena, word(rng));
	case FIELD_FULL:
		return below(rng, 4)
			       ? text_of(arena,
					 arena_printf(arena, "%s %s", word(rng), word(rng)).ptr)
			       : text_of(arena, word(rng));
	case FIELD_ONE:
		two[1] = '\0';
		return text_of(arena, two);
	case FIELD_TWO:
		return text_of(arena, two);
	case FIELD_INT:
		return number(arena, below(rng, 4));
	case FIELD_COORD:
		return number(arena, below(rng, 3));
	case FIELD_TIME:
		return number(arena, below(rng, 10));
	case FIELD_STATE:
		return text_of(arena, below(rng, 2) ? "open" : "shipped");
	case FIELD_TABLE:
		two[0] = field->letters[below(rng, strlen(field->letters))];
		two[1] = '\0';
		return text_of(arena, two);
	case FIELD_FILE:
		return below(rng, 4) ? text_of(arena, files[below(rng, ARRAY_LEN(files))]) : NULL;
	default:
		return array_of(arena, rng, field);
	}
}

static struct value *element_named(struct cf_arena *arena, struct rng *rng,
				   const struct field *field, char key)
{
	char text[2] = {key, '\0'};
	struct path path;
	struct value *element;

	if (field->kind == FIELD_TAGS)
		return text_of(arena, text);
	element = value_new(arena, JSON_OBJECT);
	path = path_of(field->key, NULL);
	value_put(arena, element, &path, 1, text_of(arena, text));
	for (size_t i = 0; i < field->part_count; i++)
		value_put(arena, element, &field->parts[i].path, 1,
			  value_for(arena, rng, &field->parts[i]));
	return element;
}

/* --- validity --------------------------------------------------------------------------- */

static const struct value *at(const struct value *document, const struct field *field)
{
	return value_get(document, &field->path, field->path.count);
}

static bool shipped_without(const struct value *document, const struct field *state)
{
	const struct value *there = at(document, state);

	return there && str_equal(there->text, STR("\"shipped\"")) && !at(document, state + 1);
}

/* Takes away what makes a document invalid. */
static void mend(struct made *made, struct cf_arena *arena, struct rng *rng, size_t v,
		 struct value *document)
{
	for (size_t i = 0; i < made->shapes[v].count; i++) {
		const struct field *field = &made->shapes[v].at[i];
		struct value *host = value_get(document, &field->path, 1);

		if (field->kind == FIELD_STATE && shipped_without(document, field))
			value_put(arena, document, &field->path, 1, text_of(arena, "open"));
		if (field->kind == FIELD_COORD && host && host->first &&
		    (!host->first->next || below(rng, 5) == 0))
			value_put(arena, document, &field->path, 1, NULL);
	}
}

static struct value *empty_document(struct cf_arena *arena, size_t v)
{
	return value_read(arena, arena_printf(arena, "{\"schema\":\"p\",\"version\":%zu}", v + 1));
}

struct value *made_document(struct made *made, struct cf_arena *arena, struct rng *rng, size_t v)
{
	struct value *document = empty_document(arena, v);

	for (size_t i = 0; i < made->shapes[v].count; i++) {
		const struct field *field = &made->shapes[v].at[i];

		value_put(arena, document, &field->path, field->path.count,
			  value_for(arena, rng, field));
	}
	mend(made, arena, rng, v, document);
	return document;
}

/* --- arrays ---------------------------------------------------------------------------------- */

enum { ELEMENTS = 16 };

struct row {
	struct value *at[ELEMENTS];
	size_t count;
};

static char key_of(const struct field *field, const struct value *element)
{
	const struct value *key =
		field->kind == FIELD_TAGS ? element : value_member(element, str_of(field->key));

	return key->text.ptr[1];
}

static void add_element(struct cf_arena *arena, struct rng *rng, const struct field *field,
			struct row *row)
{
	char keys[] = "klmno", *free = keys;
	size_t place;

	for (size_t i = 0; i < row->count; i++) {
		char *used = strchr(keys, key_of(field, row->at[i]));

		if (used)
			memmove(used, used + 1, strlen(used));
	}
	if (!*free)
		return;
	place = below(rng, row->count + 1);
	memmove(&row->at[place + 1], &row->at[place], (row->count - place) * sizeof(row->at[0]));
	row->at[place] = element_named(arena, rng, field, free[below(rng, strlen(free))]);
	row->count++;
}

static void change_element(struct cf_arena *arena, struct rng *rng, const struct field *field,
			   struct row *row)
{
	const struct field *part;

	if (!row->count || field->kind == FIELD_TAGS || !field->part_count)
		return;
	part = &field->parts[below(rng, field->part_count)];
	value_put(arena, row->at[below(rng, row->count)], &part->path, 1,
		  value_for(arena, rng, part));
}

/* An element gets the key of none. */
static void rename_element(struct cf_arena *arena, struct rng *rng, const struct field *field,
			   struct row *row)
{
	struct row other = {.count = 0};
	size_t place;
	struct path path;

	if (!row->count || field->kind == FIELD_TAGS)
		return;
	place = below(rng, row->count);
	for (size_t i = 0; i < row->count; i++)
		other.at[other.count++] = row->at[i];
	add_element(arena, rng, field, &other);
	if (other.count == row->count)
		return;
	path = path_of(field->key, NULL);
	for (size_t i = 0; i < other.count; i++) {
		bool old = false;

		for (size_t k = 0; k < row->count; k++)
			old = old || other.at[i] == row->at[k];
		if (!old)
			value_put(arena, row->at[place], &path, 1,
				  value_get(other.at[i], &path, 1));
	}
}

static void change_row(struct cf_arena *arena, struct rng *rng, const struct field *field,
		       struct row *row)
{
	size_t place;

	switch (below(rng, 6)) {
	case 0:
		add_element(arena, rng, field, row);
		break;
	case 1:
		if (!row->count)
			break;
		place = below(rng, row->count--);
		memmove(&row->at[place], &row->at[place + 1],
			(row->count - place) * sizeof(row->at[0]));
		break;
	case 2:
		for (size_t i = row->count; i > 1; i--) {
			size_t k = below(rng, i);
			struct value *kept = row->at[i - 1];

			row->at[i - 1] = row->at[k];
			row->at[k] = kept;
		}
		break;
	case 3:
		rename_element(arena, rng, field, row);
		break;
	default:
		change_element(arena, rng, field, row);
	}
}

static struct value *mutate_array(struct cf_arena *arena, struct rng *rng,
				  const struct field *field, const struct value *old)
{
	struct value *array = value_new(arena, JSON_ARRAY), **end = &array->first;
	struct row row = {.count = 0};

	for (const struct value *v = old->first; v && row.count < ELEMENTS - 4; v = v->next)
		row.at[row.count++] = value_clone(arena, v);
	for (uint64_t i = below(rng, 3) / 2 + 1; i > 0; i--)
		change_row(arena, rng, field, &row);
	for (size_t i = 0; i < row.count; i++, end = &(*end)->next) {
		*end = row.at[i];
		(*end)->next = NULL;
	}
	return array;
}

static void mutate_field(struct cf_arena *arena, struct rng *rng, const struct field *field,
			 struct value *document)
{
	const struct value *old = at(document, field);
	bool array = field->kind == FIELD_ROWS || field->kind == FIELD_TAGS;
	const struct value *new = value_for(arena, rng, field);

	if (array && old && below(rng, 30))
		new = mutate_array(arena, rng, field, old);
	else if (array && old)
		new = NULL;
	if (field->kind == FIELD_COORD && !old) {
		struct path x = path_of(field->path.at[0].text.ptr, "x");
		struct path y = path_of(field->path.at[0].text.ptr, "y");

		value_put(arena, document, &x, 2, number(arena, below(rng, 3)));
		value_put(arena, document, &y, 2, number(arena, below(rng, 3)));
		return;
	}
	value_put(arena, document, &field->path, field->path.count, new);
}

struct value *made_mutate(struct made *made, struct cf_arena *arena, struct rng *rng, size_t v,
			  const struct value *document)
{
	static const uint8_t counts[] = {1, 1, 2, 3};
	struct value *changed = value_clone(arena, document);
	size_t count = counts[below(rng, ARRAY_LEN(counts))];

	for (size_t i = 0; i < count; i++)
		mutate_field(arena, rng, &made->shapes[v].at[below(rng, made->shapes[v].count)],
			     changed);
	mend(made, arena, rng, v, changed);
	return changed;
}
