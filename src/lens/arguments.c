/* What the ops of a lens file say for themselves: their arguments. */
#include "lens/reader.h"
#include "lens/scale.h"

#include <stdarg.h>
#include <stdio.h>

int reader_fail(struct reader *r, struct json_value at, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(r->error, CF_ERR_LENS, "%s", text);
	error_at_file(r->error, str_of(r->lens->file->path),
		      json_file_line(r->lens->file, json_is_absent(at) ? 0 : at.node));
	return CF_ERR_LENS;
}

/* --- arguments --------------------------------------------------------------------- */

static int text_of(struct reader *r, struct json_value value, const char *what, struct cf_str *ret)
{
	if (json_kind(value) != JSON_STRING)
		return reader_fail(r, value, "%s must be a text", what);
	return json_decode(value, &r->lens->arena, ret) ? error_nomem(r->error) : 0;
}

static int make_name(struct reader *r, struct cf_str decoded, struct op_name *ret)
{
	struct cf_buf quoted;

	buf_init(&quoted, r->lens->arena.mem);
	json_write_string(decoded, &quoted);
	ret->decoded = arena_dup(&r->lens->arena, decoded);
	ret->quoted = arena_dup_buf(&r->lens->arena, &quoted);
	ret->hash = json_name_hash(decoded);
	buf_fini(&quoted);
	return ret->decoded.ptr && ret->quoted.ptr ? 0 : error_nomem(r->error);
}

static int name_of(struct reader *r, struct json_value value, const char *what, struct op_name *ret)
{
	struct cf_str decoded;
	int rc = text_of(r, value, what, &decoded);

	if (rc == 0 && decoded.len == 0)
		rc = reader_fail(r, value, "%s is empty", what);
	return rc ? rc : make_name(r, decoded, ret);
}

/* Compact JSON of a value. */
static int json_text(struct reader *r, struct json_value value, struct cf_str *ret)
{
	struct cf_buf text;

	buf_init(&text, r->lens->arena.mem);
	json_write_compact(value, &text);
	*ret = arena_dup_buf(&r->lens->arena, &text);
	buf_fini(&text);
	return ret->ptr ? 0 : error_nomem(r->error);
}

/* A text or a list of texts. */
static int names_of(struct reader *r, struct json_value value, const char *what,
		    struct op_name **ret, size_t *ret_count)
{
	struct json_iter it = json_iter(value);
	size_t count = json_kind(value) == JSON_ARRAY ? json_count(value) : 1;
	int rc = 0;

	*ret = arena_calloc(&r->lens->arena, count, sizeof(**ret));
	*ret_count = 0;
	if (!*ret)
		return error_nomem(r->error);
	if (json_kind(value) != JSON_ARRAY) {
		*ret_count = 1;
		return name_of(r, value, what, *ret);
	}
	while (rc == 0 && json_next(&it))
		rc = name_of(r, it.value, what, &(*ret)[(*ret_count)++]);
	if (rc == 0 && count == 0)
		rc = reader_fail(r, value, "%s is empty", what);
	return rc;
}

static struct cf_str default_of_type(struct cf_str type)
{
	static const struct {
		struct cf_str type, text;
	} defaults[] = {
		{{"string", 6}, {"\"\"", 2}}, {{"number", 6}, {"0", 1}},
		{{"integer", 7}, {"0", 1}},   {{"boolean", 7}, {"false", 5}},
		{{"array", 5}, {"[]", 2}},    {{"object", 6}, {"{}", 2}},
		{{"null", 4}, {"null", 4}},
	};

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (str_equal(defaults[i].type, type))
			return defaults[i].text;
	return (struct cf_str){NULL, 0};
}

/* Cambria's default by type: null where it is allowed, else by the first type. */
static int type_default(struct reader *r, struct json_value type, struct cf_str *ret)
{
	struct json_iter it = json_iter(type);
	struct cf_str name = {NULL, 0};
	bool first = true;

	*ret = (struct cf_str){NULL, 0};
	if (json_is_absent(type))
		return 0;
	if (json_kind(type) == JSON_STRING) {
		*ret = default_of_type(json_inner(type));
	} else if (json_kind(type) == JSON_ARRAY) {
		while (json_next(&it)) {
			bool null = json_kind(it.value) == JSON_NULL;

			if (!null && json_kind(it.value) != JSON_STRING)
				return reader_fail(r, it.value,
						   "type must be a text or a list of texts");
			name = null ? STR("null") : json_inner(it.value);
			if (first || str_equal(name, STR("null")))
				*ret = default_of_type(name);
			first = false;
		}
	}
	return ret->ptr ? 0 : reader_fail(r, type, "no such type");
}

/* --- convert ----------------------------------------------------------------------- */

static int read_table(struct reader *r, struct json_value object, struct op_table *table)
{
	struct json_iter it = json_iter(object);
	int rc = 0;

	if (json_kind(object) != JSON_OBJECT)
		return reader_fail(r, object, "mapping: a table must be {from: to, ...}");
	table->rows = arena_calloc(&r->lens->arena, json_count(object), sizeof(*table->rows));
	if (!table->rows)
		return error_nomem(r->error);
	while (rc == 0 && json_next(&it)) {
		struct op_row *row = &table->rows[table->count++];

		rc = json_decode(it.name, &r->lens->arena, &row->key) ? error_nomem(r->error) : 0;
		if (rc == 0)
			rc = json_text(r, it.value, &row->text);
	}
	return rc;
}

/* What has no row, and what is not there. */
static int read_others(struct reader *r, struct json_value args, struct op *op)
{
	static const char *const ways[] = {"up", "down"};
	struct json_value other = json_member(args, STR("other"));
	struct json_value absent = json_member(args, STR("absent"));
	size_t known = 0;
	int rc = 0;

	if (!json_is_absent(other) &&
	    (json_kind(other) != JSON_STRING || !json_name_is(other, STR("keep"))))
		return reader_fail(r, other, "other must be keep");
	if (!json_is_absent(other) && !json_is_absent(json_member(args, STR("default"))))
		return reader_fail(r, other, "either default or other may be given");
	op->table[0].keep = op->table[1].keep = !json_is_absent(other);
	for (int i = 0; i < 2 && rc == 0; i++) {
		struct json_value value = json_member(absent, str_of(ways[i]));

		known += !json_is_absent(value);
		if (json_kind(value) >= JSON_ARRAY)
			rc = reader_fail(r, value,
					 "absent: neither a list nor an object is possible");
		else if (!json_is_absent(value))
			rc = json_text(r, value, &op->table[i].absent);
	}
	if (rc == 0 && !json_is_absent(absent) && (known == 0 || known != json_count(absent)))
		rc = reader_fail(r, absent, "absent must be {up: VALUE}, {down: VALUE} or both");
	return rc;
}

static int read_convert(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value mapping = json_member(args, STR("mapping"));
	struct json_value fallback = json_member(args, STR("default"));
	int rc = 0;

	if (json_is_absent(mapping) && json_is_absent(json_member(args, STR("absent"))))
		return reader_fail(r, args, "mapping or absent must be given");
	if (!json_is_absent(mapping) &&
	    (json_kind(mapping) != JSON_ARRAY || json_count(mapping) != 2))
		return reader_fail(r, mapping, "mapping must be two tables: up, and down");
	for (uint32_t i = 0; i < 2 && rc == 0; i++) {
		struct json_value text = json_element(fallback, i);

		if (!json_is_absent(mapping))
			rc = read_table(r, json_element(mapping, i), &op->table[i]);
		if (rc == 0 && !json_is_absent(text))
			rc = json_text(r, text, &op->table[i].fallback);
	}
	if (rc == 0 && !json_is_absent(fallback) &&
	    (json_kind(fallback) != JSON_ARRAY || json_count(fallback) != 2))
		rc = reader_fail(r, fallback, "default must be [up, down]");
	if (rc == 0)
		rc = read_others(r, args, op);
	if (rc == 0)
		rc = type_default(r, json_member(args, STR("destinationType")), &op->type_default);
	if (rc == 0)
		rc = type_default(r, json_member(args, STR("sourceType")), &op->source_default);
	return rc;
}

/* --- extract, embed ----------------------------------------------------------------- */

int reader_place(struct reader *r, struct json_value value, struct cf_str *ret_type,
		 uint32_t *ret_major)
{
	struct cf_str text;
	const char *at;
	uint64_t major = 0;
	int rc = text_of(r, value, "a document's version", &text);

	if (rc)
		return rc;
	at = memrchr(text.ptr, '@', text.len);
	if (!at || at == text.ptr || at + 1 == text.ptr + text.len)
		return reader_fail(r, value, "\"%.*s\" must be TYPE@MAJOR", STR_ARG(text));
	for (const char *p = at + 1; p < text.ptr + text.len; p++) {
		if (*p < '0' || *p > '9' || major > 1000000)
			return reader_fail(r, value, "\"%.*s\" must be TYPE@MAJOR", STR_ARG(text));
		major = major * 10 + (uint64_t)(*p - '0');
	}
	*ret_type = arena_dup(&r->lens->arena, (struct cf_str){text.ptr, (size_t)(at - text.ptr)});
	*ret_major = (uint32_t)major;
	return ret_type->ptr ? 0 : error_nomem(r->error);
}

static int read_pairs(struct reader *r, struct json_value names, struct op *op)
{
	struct json_iter it = json_iter(names);
	int rc = 0;

	if (json_kind(names) != JSON_ARRAY || json_count(names) == 0)
		return reader_fail(r, names, "names must be a list of fields");
	op->pairs = arena_calloc(&r->lens->arena, json_count(names), sizeof(*op->pairs));
	if (!op->pairs)
		return error_nomem(r->error);
	while (rc == 0 && json_next(&it)) {
		struct op_pair *pair = &op->pairs[op->pair_count++];
		struct json_iter inner = json_iter(it.value);
		struct cf_str decoded;

		if (json_kind(it.value) == JSON_OBJECT && json_count(it.value) == 1 &&
		    json_next(&inner)) {
			rc = json_decode(inner.name, &r->lens->arena, &decoded)
				     ? error_nomem(r->error)
				     : make_name(r, decoded, &pair->main);
			if (rc == 0)
				rc = name_of(r, inner.value, "the name in the part", &pair->part);
		} else {
			rc = name_of(r, it.value, "a name", &pair->main);
			pair->part = pair->main;
		}
	}
	return rc;
}

static int read_key(struct reader *r, struct json_value key, struct op *op)
{
	struct json_value hash = json_member(key, STR("hash"));
	struct json_value from = json_member(key, STR("from"));

	if (json_kind(key) == JSON_STRING && str_equal(json_inner(key), STR("same")))
		return 0;
	op->shared = true;
	if (json_kind(key) != JSON_OBJECT || json_count(key) != 1 ||
	    (json_is_absent(hash) && json_is_absent(from)))
		return reader_fail(r, key, "key must be same, {hash: FIELD} or {from: FIELD}");
	op->key_hashed = !json_is_absent(hash);
	if (!op->key_hashed)
		op->key_count = 1;
	return names_of(r, op->key_hashed ? hash : from, "a key field", &op->key_names,
			&op->key_count);
}

static int find_part(struct reader *r, struct json_value value, struct op *op)
{
	bool extract = op->kind == OP_EXTRACT;
	struct lens_place *places = extract ? r->lens->newer : r->lens->older;
	size_t count = extract ? r->lens->newer_count : r->lens->older_count;
	struct cf_str type;
	uint32_t major;
	int rc = reader_place(r, value, &type, &major);

	if (rc)
		return rc;
	for (size_t i = 1; i < count; i++) {
		if (!str_equal(places[i].type, type) || places[i].major != major)
			continue;
		op->place = i;
		places[i].tie = op->shared ? LENS_SHARED : LENS_SAME_KEY;
		if (op->shared) {
			struct cf_buf pointer;

			buf_init(&pointer, r->lens->arena.mem);
			json_pointer_push(&pointer, op->reference.decoded);
			places[i].reference = arena_dup_buf(&r->lens->arena, &pointer);
			buf_fini(&pointer);
		}
		return 0;
	}
	/* A shared part need not stand in `to`. */
	if (count == LIMIT_LENS_CHAIN)
		return reader_fail(r, value, "too many parts");
	op->place = count;
	places[count] = (struct lens_place){.type = type, .major = major};
	if (extract)
		r->lens->newer_count++;
	else
		r->lens->older_count++;
	return find_part(r, value, op);
}

static int read_extract(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value names = json_member(args, STR("names"));
	struct json_value host = json_member(args, STR("host"));
	struct json_value reference = json_member(args, STR("reference"));
	struct json_value fallback = json_member(args, STR("default"));
	int rc;

	if (r->depth > 1)
		return reader_fail(r, args, "must stand at the top of a lens, not inside `in`");
	if (json_is_absent(names) == json_is_absent(host))
		return reader_fail(r, args, "either names or host must be given");
	rc = json_is_absent(host) ? read_pairs(r, names, op) : name_of(r, host, "host", &op->host);
	if (rc == 0)
		rc = read_key(r, json_member(args, STR("key")), op);
	if (rc == 0 && op->shared != !json_is_absent(reference))
		rc = reader_fail(r, args,
				 op->shared ? "a shared part wants a reference"
					    : "a part with the same key has no reference");
	if (rc == 0 && op->shared)
		rc = name_of(r, reference, "reference", &op->reference);
	if (rc == 0 && !json_is_absent(fallback)) {
		if (json_kind(fallback) != JSON_OBJECT)
			return reader_fail(r, fallback, "default must be an object");
		rc = json_text(r, fallback, &op->fallback);
	}
	if (rc == 0)
		rc = find_part(
			r, json_member(args, op->kind == OP_EXTRACT ? STR("into") : STR("from")),
			op);
	return rc;
}

/* --- by kind ---------------------------------------------------------------------- */

static int read_script(struct reader *r, struct json_value args, struct op *op)
{
	int rc = names_of(r, json_member(args, STR("reads")), "reads", &op->parts, &op->part_count);

	if (rc == 0)
		rc = names_of(r, json_member(args, STR("writes")), "writes", &op->writes,
			      &op->write_count);
	if (rc == 0)
		rc = text_of(r, json_member(args, STR("up")), "up", &op->script[0]);
	if (rc == 0)
		rc = text_of(r, json_member(args, STR("down")), "down", &op->script[1]);
	return rc;
}

static int read_split(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value by = json_member(args, STR("by"));
	int rc = names_of(r, json_member(args, STR("into")), "into", &op->parts, &op->part_count);

	op->by = STR(" ");
	if (rc == 0 && !json_is_absent(by))
		rc = text_of(r, by, "by", &op->by);
	if (rc == 0 && op->by.len == 0)
		rc = reader_fail(r, by, "by is empty");
	return rc;
}

/* What JavaScript calls falsy. */
static bool is_falsy(struct json_value v)
{
	switch (json_kind(v)) {
	case JSON_TRUE:
	case JSON_ARRAY:
	case JSON_OBJECT:
		return false;
	case JSON_NUMBER:
		return json_number_compare(json_span(v), STR("0")) == 0;
	case JSON_STRING:
		return json_inner(v).len == 0;
	default:
		return true;
	}
}

/* Cambria takes the type's default for one that is falsy, and for objects and arrays. */
static int read_added(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value type = json_member(args, STR("type"));
	struct json_value fallback = json_member(args, STR("default"));
	struct cf_str of_type;
	int rc = type_default(r, type, &of_type);

	op->fallback = op->cambria_default = of_type;
	if (rc || json_is_absent(fallback))
		return rc;
	rc = json_text(r, fallback, &op->fallback);
	/* Without a type there is none to take its place. */
	if (rc == 0 && (!is_falsy(fallback) || json_is_absent(type)) &&
	    (json_kind(type) != JSON_STRING || (!str_equal(json_inner(type), STR("object")) &&
						!str_equal(json_inner(type), STR("array")))))
		op->cambria_default = op->fallback;
	return rc;
}

/* --- map, scale -------------------------------------------------------------------- */

static int read_element(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value as = json_member(args, STR("as")), only = json_member(args, STR("only"));
	int rc = 0;

	op->boxes = !json_is_absent(as);
	if (op->boxes && !json_is_absent(only))
		return reader_fail(r, only, "either as or only may be given");
	if (op->boxes)
		rc = name_of(r, as, "as", &op->element);
	else if (!json_is_absent(only))
		rc = name_of(r, only, "only", &op->element);
	else if (json_is_absent(json_member(args, STR("lens"))))
		rc = reader_fail(r, args, "the argument \"lens\" is missing");
	if (rc == 0 && op->boxes && op->key_field.decoded.ptr &&
	    !op_name_is(&op->key_field, op->element.decoded))
		rc = reader_fail(r, args, "the key of what is no object yet can be \"%.*s\" only",
				 STR_ARG(op->element.decoded));
	return rc;
}

static int read_factor(struct reader *r, struct json_value value, const char *what,
		       struct op_factor *ret)
{
	if (json_is_absent(value))
		return 0;
	if (json_kind(value) != JSON_NUMBER)
		return reader_fail(r, value, "%s must be a number", what);
	return scale_factor(json_span(value), ret)
		       ? 0
		       : reader_fail(r, value,
				     "%s must have at most %d digits, and %d after the point", what,
				     SCALE_FACTOR_DIGITS, SCALE_FACTOR_DIGITS);
}

static int read_digits(struct reader *r, struct json_value value, int *ret)
{
	int64_t digits;

	if (json_kind(value) != JSON_NUMBER || !json_number_int64(json_span(value), &digits) ||
	    digits < 0 || digits > SCALE_DIGITS_MAX)
		return reader_fail(r, value, "digits must be 0 to %d", SCALE_DIGITS_MAX);
	*ret = (int)digits;
	return 0;
}

static int read_scale(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value by = json_member(args, STR("by"));
	struct json_value offset = json_member(args, STR("offset"));
	struct json_value digits = json_member(args, STR("digits"));
	struct op_scale *scale = &op->scale;
	bool both = json_kind(digits) == JSON_ARRAY;
	int rc;

	*scale = (struct op_scale){.by = {.mantissa = 1}, .digits = {-1, -1}};
	if (json_is_absent(by) && json_is_absent(offset))
		return reader_fail(r, args, "by or offset must be given");
	rc = read_factor(r, by, "by", &scale->by);
	if (rc == 0)
		rc = read_factor(r, offset, "offset", &scale->offset);
	if (rc == 0 && scale->by.mantissa == 0)
		rc = reader_fail(r, by, "by must not be 0: there would be no way back");
	if (rc == 0 && both && json_count(digits) != 2)
		rc = reader_fail(r, digits, "digits must be a number or [up, down]");
	for (uint32_t i = 0; i < 2 && rc == 0 && !json_is_absent(digits); i++)
		rc = read_digits(r, both ? json_element(digits, i) : digits, &scale->digits[i]);
	if (rc == 0 && scale->digits[1] < 0 && !scale_ends(scale))
		rc = reader_fail(r, by,
				 "going down divides by %.*s, which may never end: say how many "
				 "digits are kept, digits: [UP, DOWN]",
				 STR_ARG(json_span(by)));
	return rc;
}

/* The arguments that one kind of op has. */
int reader_arguments(struct reader *r, struct json_value args, struct op *op)
{
	struct json_value name = json_member(args, STR("name"));
	int rc = 0;

	if (!json_is_absent(name))
		rc = name_of(r, name, "name", &op->name);
	if (rc)
		return rc;
	switch (op->kind) {
	case OP_ADD:
	case OP_REMOVE:
		return read_added(r, args, op);
	case OP_RENAME:
		rc = name_of(r, json_member(args, STR("source")), "source", &op->name);
		return rc ? rc
			  : name_of(r, json_member(args, STR("destination")), "destination",
				    &op->destination);
	case OP_HOIST:
	case OP_PLUNGE:
		return name_of(r, json_member(args, STR("host")), "host", &op->host);
	case OP_MAP:
		if (!json_is_absent(json_member(args, STR("key"))))
			rc = name_of(r, json_member(args, STR("key")), "key", &op->key_field);
		return rc ? rc : read_element(r, args, op);
	case OP_CONVERT:
		return read_convert(r, args, op);
	case OP_SCALE:
		return read_scale(r, args, op);
	case OP_SPLIT:
	case OP_JOIN:
		return read_split(r, args, op);
	case OP_EXTRACT:
	case OP_EMBED:
		return read_extract(r, args, op);
	case OP_SCRIPT:
		return read_script(r, args, op);
	default:
		return 0;
	}
}
