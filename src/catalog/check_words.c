/* What lenses and scripts name (separators, keys, constants) in the documents that check
 * generates: a schema knows nothing of them, and at random none comes. And arrays whose
 * elements are partly those of another document, known by the same keys. */
#include "catalog/prove.h"

#include <ctype.h>

enum { WORDS_MAX = 64, WORD_BYTES = 40, ELEMENTS_MAX = 16 };

struct words {
	struct cf_arena arena, scratch;
	struct rng rng; /* its own: what comes without words is the same as ever */
	struct cf_str texts[WORDS_MAX], numbers[WORDS_MAX];
	size_t text_count, number_count;
	struct cf_buf made, kept;
};

/* --- collecting ------------------------------------------------------------------------ */

static int add(struct words *words, struct cf_str *list, size_t *count, struct cf_str word)
{
	if (*count == WORDS_MAX || word.len == 0 || word.len > WORD_BYTES)
		return 0;
	for (size_t i = 0; i < *count; i++)
		if (str_equal(list[i], word))
			return 0;
	list[*count] = arena_dup(&words->arena, word);
	return list[(*count)++].ptr ? 0 : CF_ERR_NOMEM;
}

static int add_text(struct words *words, struct cf_str word)
{
	return add(words, words->texts, &words->text_count, word);
}

/* The end of what stands in quotes; NULL: it has escapes, or no end. */
static const char *literal_end(const char *from, const char *end, char quote)
{
	while (from < end && *from != quote)
		if (*from++ == '\\')
			return NULL;
	return from < end ? from : NULL;
}

/* Digits, perhaps with a point between them, as JSON would take them. */
static bool is_number(struct cf_str text)
{
	size_t points = 0;

	for (size_t i = 0; i < text.len; i++) {
		points += text.ptr[i] == '.';
		if (!isdigit((unsigned char)text.ptr[i]) && text.ptr[i] != '.')
			return false;
	}
	return points < 2 && text.ptr[0] != '.' && text.ptr[text.len - 1] != '.' &&
	       (text.ptr[0] != '0' || text.len == 1 || text.ptr[1] == '.');
}

/* The end of a name or number that begins there. */
static const char *word_end(const char *at, const char *end, bool number)
{
	while (at < end &&
	       (isalnum((unsigned char)*at) || *at == '_' || *at == '$' || (number && *at == '.')))
		at++;
	return at;
}

/* Texts, numbers and names of members in a script. */
static int add_literals(struct words *words, struct cf_str script)
{
	const char *at = script.ptr, *end = script.ptr + script.len;
	int rc = 0;

	while (rc == 0 && at < end) {
		const char *from = at++, *to = NULL;
		bool member = from > script.ptr && from[-1] == '.';
		struct cf_str word;

		if (*from == '"' || *from == '\'' || *from == '`')
			to = literal_end(at, end, *from);
		if (to) {
			rc = add_text(words, (struct cf_str){at, (size_t)(to - at)});
			at = to + 1;
			continue;
		}
		if (!isalnum((unsigned char)*from) && *from != '_' && *from != '$')
			continue;
		at = word_end(at, end, isdigit((unsigned char)*from));
		word = (struct cf_str){from, (size_t)(at - from)};
		if (member)
			rc = add_text(words, word);
		else if (is_number(word))
			rc = add(words, words->numbers, &words->number_count, word);
	}
	return rc;
}

int words_add(struct words *words, const struct lens *lens)
{
	struct json_value root = json_file_root(lens_file(lens));
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < root.doc->count; i++) {
		struct json_value value = {root.doc, i};
		struct cf_str text;

		if (json_kind(value) == JSON_NUMBER)
			rc = add(words, words->numbers, &words->number_count, json_span(value));
		if (json_kind(value) != JSON_STRING)
			continue;
		rc = json_decode(value, &words->arena, &text) ? CF_ERR_NOMEM
							      : add_text(words, text);
		if (rc == 0)
			rc = add_literals(words, text);
	}
	return rc;
}

struct words *words_new(const struct cf_mem *mem, uint64_t seed)
{
	struct words *words = mem_calloc(mem, 1, sizeof(*words));

	if (!words)
		return NULL;
	arena_init(&words->arena, mem);
	arena_init(&words->scratch, mem);
	words->rng.state = seed;
	buf_init(&words->made, mem);
	buf_init(&words->kept, mem);
	return words;
}

struct words *words_free(struct words *words, const struct cf_mem *mem)
{
	if (!words)
		return NULL;
	buf_fini(&words->kept);
	buf_fini(&words->made);
	arena_fini(&words->scratch);
	arena_fini(&words->arena);
	mem_free(mem, words);
	return NULL;
}

/* --- words in values --------------------------------------------------------------------- */

static struct cf_str any(struct words *words, const struct cf_str *list, size_t count)
{
	return count ? list[rng_below(&words->rng, count)] : STR("");
}

/* A word, or words before, in and behind what was there. */
static int mix_text(struct words *words, struct cf_str old, struct cf_buf *out)
{
	struct cf_str word = any(words, words->texts, words->text_count);
	size_t cut = rng_below(&words->rng, old.len + 1);

	switch (rng_below(&words->rng, 4)) {
	case 0:
		return buf_str(out, word);
	case 1:
		buf_str(out, old);
		buf_str(out, word);
		return buf_str(out, old);
	case 2:
		buf_str(out, word);
		buf_str(out, any(words, words->texts, words->text_count));
		return buf_str(out, old);
	default:
		/* Not inside of a character. */
		while (cut < old.len && ((unsigned char)old.ptr[cut] & 0xc0) == 0x80)
			cut++;
		buf_append(out, old.ptr, cut);
		buf_str(out, word);
		return buf_append(out, old.ptr + cut, old.len - cut);
	}
}

static int write_instead(struct words *words, struct json_value value, struct cf_buf *out)
{
	struct cf_str old;
	struct cf_buf text;

	if (json_kind(value) == JSON_NUMBER)
		return buf_str(out, any(words, words->numbers, words->number_count));
	arena_reset(&words->scratch);
	if (json_decode(value, &words->scratch, &old))
		return CF_ERR_NOMEM;
	buf_init(&text, words->made.mem);
	if (mix_text(words, old, &text) == 0)
		json_write_string(buf_view(&text), out);
	buf_fini(&text);
	return out->failed ? CF_ERR_NOMEM : 0;
}

/* By these a document says what it is. */
static bool is_identity(const struct side *side, struct json_value value)
{
	const struct lens_identity *identity = catalog_identity(side->catalog);
	struct json_value name = {value.doc, value.node ? value.node - 1 : 0};

	return json_kind(name) == JSON_KEY && (json_name_is(name, identity->type_field) ||
					       json_name_is(name, identity->version_field));
}

/* A scalar of the document that may become another; absent: none was met. */
static struct json_value any_scalar(struct words *words, const struct side *side, size_t i)
{
	const struct json_doc *doc = side->values[i].doc;
	struct json_value value = {doc, (uint32_t)rng_below(&words->rng, doc->count)};

	if (is_identity(side, value))
		return JSON_ABSENT;
	if (json_kind(value) == JSON_NUMBER && words->number_count)
		return value;
	return json_kind(value) == JSON_STRING && words->text_count ? value : JSON_ABSENT;
}

/* The document with another text in one place, if it is valid then. */
static int try_text(struct words *words, struct side *side, size_t i, struct cf_str text,
		    struct cf_error *error)
{
	int rc;

	buf_clear(&words->kept);
	if (buf_str(&words->kept, buf_view(&side->texts[i])))
		return error_nomem(error);
	rc = side_set(side, i, text, error);
	if (rc == 0)
		rc = side_valid(side, i, error);
	if (rc == 0 || proof_ends(rc))
		return rc;
	return side_set(side, i, buf_view(&words->kept), error);
}

static int put_in(struct words *words, struct side *side, size_t i, struct cf_error *error)
{
	int rc = 0;

	if (json_is_absent(side->values[i]) || rng_below(&words->rng, 2))
		return 0;
	for (uint64_t n = 1 + rng_below(&words->rng, 3); rc == 0 && n > 0; n--) {
		struct json_value value = any_scalar(words, side, i);
		struct cf_str whole = buf_view(&side->texts[i]);

		if (json_is_absent(value))
			continue;
		buf_clear(&words->made);
		buf_append(&words->made, whole.ptr, json_node(value)->start);
		if (write_instead(words, value, &words->made))
			return error_nomem(error);
		if (buf_append(&words->made, whole.ptr + json_node(value)->end,
			       whole.len - json_node(value)->end))
			return error_nomem(error);
		rc = try_text(words, side, i, buf_view(&words->made), error);
	}
	return rc;
}

int words_put(struct words *words, struct side *side, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < side->count && rc == 0; i++)
		rc = put_in(words, side, i, error);
	return rc;
}

/* --- elements of the same keys ------------------------------------------------------------- */

static size_t elements_of(struct json_value array, struct json_value *list)
{
	struct json_iter it = json_iter(array);
	size_t count = 0;

	while (json_kind(array) == JSON_ARRAY && count < ELEMENTS_MAX && json_next(&it))
		if (json_kind(it.value) == JSON_OBJECT)
			list[count++] = it.value;
	return count;
}

static bool is_word(const struct words *words, struct json_value name)
{
	for (size_t i = 0; i < words->text_count; i++)
		if (json_name_is(name, words->texts[i]))
			return true;
	return false;
}

/* The element, known by what the other one is known by: of its members those that a lens
 * names, as keys are, one by one or all. */
static void write_renamed(struct words *words, struct json_value element, struct json_value known,
			  struct cf_buf *out)
{
	struct json_iter it = json_iter(element);

	buf_byte(out, '{');
	while (json_next(&it)) {
		struct json_value other = json_member(known, json_inner(it.name));
		bool taken = !json_is_absent(other) && is_word(words, it.name) &&
			     rng_below(&words->rng, 3);

		buf_str(out, out->ptr[out->len - 1] == '{' ? STR("") : STR(","));
		json_write(it.name, out);
		buf_byte(out, ':');
		json_write(taken ? other : it.value, out);
	}
	buf_byte(out, '}');
}

/* Elements of both: those of `of` as they are, those of `with` under keys of `of`. */
static void write_mingled(struct words *words, struct json_value with, struct json_value of,
			  struct cf_buf *out)
{
	struct json_value mine[ELEMENTS_MAX], others[ELEMENTS_MAX];
	size_t mine_count = elements_of(with, mine), other_count = elements_of(of, others);
	size_t from = other_count ? rng_below(&words->rng, other_count) : 0;

	buf_byte(out, '[');
	for (size_t n = 0; n < other_count; n++) {
		struct json_value known = others[(from + n) % other_count];
		uint64_t what = rng_below(&words->rng, 3);

		if (what == 0)
			continue;
		buf_str(out, out->ptr[out->len - 1] == '[' ? STR("") : STR(","));
		if (what == 1 && mine_count)
			write_renamed(words, mine[n % mine_count], known, out);
		else
			json_write(known, out);
	}
	buf_byte(out, ']');
}

int words_mingle(struct words *words, struct side *side, const struct side *of,
		 struct cf_error *error)
{
	struct json_iter it = json_iter(side->values[0]);
	struct json_value others = side_value(of, &side->places.places[0]);

	if (json_kind(side->values[0]) != JSON_OBJECT || json_kind(others) != JSON_OBJECT ||
	    rng_below(&words->rng, 2))
		return 0;
	buf_clear(&words->made);
	buf_byte(&words->made, '{');
	while (json_next(&it)) {
		struct json_value other = json_member(others, json_inner(it.name));
		bool both = json_kind(it.value) == JSON_ARRAY && json_kind(other) == JSON_ARRAY;

		buf_str(&words->made, words->made.len > 1 ? STR(",") : STR(""));
		json_write(it.name, &words->made);
		buf_byte(&words->made, ':');
		if (both)
			write_mingled(words, it.value, other, &words->made);
		else
			json_write(it.value, &words->made);
	}
	if (buf_byte(&words->made, '}'))
		return error_nomem(error);
	return try_text(words, side, 0, buf_view(&words->made), error);
}
