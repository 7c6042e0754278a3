/* Ids: what a document's name says it is, by the catalog's grammar. */
#include "catalog/inside.h"

/* --- the grammar -------------------------------------------------------------------- */

static bool add_piece(struct id_grammar *g, enum id_piece_kind kind, struct cf_str literal)
{
	if (g->count == ID_PIECES_MAX)
		return false;
	g->pieces[g->count++] = (struct id_piece){kind, literal};
	return true;
}

static bool parse_pieces(struct id_grammar *g, struct cf_str text)
{
	static const struct {
		struct cf_str text;
		enum id_piece_kind kind;
	} places[] = {{{"{type}", 6}, ID_TYPE}, {{"{major}", 7}, ID_MAJOR}, {{"{key}", 5}, ID_KEY}};
	size_t plain = 0, i = 0;

	while (i < text.len) {
		struct cf_str rest = {text.ptr + i, text.len - i};
		size_t k = 0;

		while (k < ARRAY_LEN(places) && !str_starts_with(rest, places[k].text))
			k++;
		if (k == ARRAY_LEN(places)) {
			i++;
			continue;
		}
		if (i > plain &&
		    !add_piece(g, ID_LITERAL, (struct cf_str){text.ptr + plain, i - plain}))
			return false;
		if (!add_piece(g, places[k].kind, places[k].text))
			return false;
		i += places[k].text.len;
		plain = i;
	}
	return i == plain || add_piece(g, ID_LITERAL, (struct cf_str){text.ptr + plain, i - plain});
}

/* {key} once, {type} and {major} at most once, something between any two. */
static const char *check_pieces(struct id_grammar *g, bool typed)
{
	size_t keys = 0, majors = 0, types = 0;

	if (typed && (g->count == 0 || g->pieces[0].kind != ID_TYPE))
		return "it must begin with {type}";
	for (size_t i = 0; i < g->count; i++) {
		const struct id_piece *piece = &g->pieces[i];

		keys += piece->kind == ID_KEY;
		majors += piece->kind == ID_MAJOR;
		types += piece->kind == ID_TYPE;
		if (types > 1)
			return "{type} stands twice";
		if (i && piece->kind != ID_LITERAL && g->pieces[i - 1].kind != ID_LITERAL)
			return "something must stand between two places";
	}
	g->has_major = majors == 1;
	return keys != 1    ? "{key} must stand in it once"
	       : majors > 1 ? "{major} stands twice"
			    : NULL;
}

const char *id_grammar_parse(struct id_grammar *g, struct cf_str text, bool typed)
{
	const char *wrong;

	*g = (struct id_grammar){.count = 0};
	if (!parse_pieces(g, text))
		return "too many pieces";
	wrong = check_pieces(g, typed);
	for (size_t i = 0; i < g->count && !wrong; i++) {
		if (g->pieces[i].kind == ID_KEY) {
			if (g->single_count && g->single[g->single_count - 1].kind == ID_LITERAL)
				g->single_count--;
			continue;
		}
		g->single[g->single_count++] = g->pieces[i];
	}
	return wrong;
}

int id_grammar_read(struct catalog *catalog, struct json_value value, struct cf_error *error)
{
	struct cf_str text = STR("{type}@{major}:{key}");
	const char *wrong;

	if (!json_is_absent(value)) {
		if (json_kind(value) != JSON_STRING)
			return catalog_error(error, &catalog->config, value, "id must be a text");
		if (json_decode(value, &catalog->arena, &text))
			return error_nomem(error);
	}
	wrong = id_grammar_parse(&catalog->grammar, text, true);
	return wrong ? catalog_error(error, &catalog->config, value, "id: %s", wrong) : 0;
}

/* Two types whose ids cannot be told apart: what follows one type's name could
 * begin another's. */
int id_grammar_check(struct catalog *catalog, struct cf_error *error)
{
	struct cf_str after =
		catalog->grammar.count > 1 ? catalog->grammar.pieces[1].literal : STR("");
	int rc = 0;

	for (size_t i = 0; i < catalog->type_count && rc == 0; i++) {
		for (size_t k = 0; k < catalog->type_count && rc == 0; k++) {
			struct cf_str a = catalog->types[i].name, b = catalog->types[k].name;
			struct cf_error problem;

			if (i == k || !str_starts_with(b, a) || b.len < a.len + after.len ||
			    memcmp(b.ptr + a.len, after.ptr, after.len) != 0)
				continue;
			catalog_error(&problem, &catalog->config,
				      json_member(json_file_root(&catalog->config), STR("id")),
				      "the id grammar cannot tell %.*s from %.*s", STR_ARG(a),
				      STR_ARG(b));
			rc = catalog_problem(catalog, CF_ERR_CATALOG, &problem, error);
		}
	}
	return rc;
}

/* --- reading ids --------------------------------------------------------------------- */

static bool read_major(struct cf_str *rest, uint32_t *ret)
{
	size_t i = 0;
	uint64_t major = 0;

	while (i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9' && i < 9)
		major = major * 10 + (uint64_t)(rest->ptr[i++] - '0');
	if (i == 0 || (i > 1 && rest->ptr[0] == '0'))
		return false;
	*rest = (struct cf_str){rest->ptr + i, rest->len - i};
	*ret = (uint32_t)major;
	return true;
}

/* A key ends where the last of what follows it begins. */
static bool read_key(const struct id_piece *next, size_t left, struct cf_str *rest,
		     struct cf_str *ret)
{
	size_t len = rest->len;

	if (left) {
		for (len = rest->len; len > 0; len--) {
			struct cf_str tail = {rest->ptr + len - 1, rest->len - len + 1};

			if (str_starts_with(tail, next->literal))
				break;
		}
		if (len == 0)
			return false;
		len--;
	}
	*ret = (struct cf_str){rest->ptr, len};
	*rest = (struct cf_str){rest->ptr + len, rest->len - len};
	return len > 0;
}

static bool match(const struct id_piece *pieces, size_t count, struct cf_str id,
		  struct catalog_id *ret)
{
	struct cf_str rest = id;
	uint32_t major = ret->major_number;

	for (size_t i = 0; i < count; i++) {
		struct cf_str text =
			pieces[i].kind == ID_TYPE ? ret->type->name : pieces[i].literal;

		switch (pieces[i].kind) {
		case ID_LITERAL:
		case ID_TYPE:
			if (!str_starts_with(rest, text))
				return false;
			rest.ptr += text.len;
			rest.len -= text.len;
			break;
		case ID_MAJOR:
			if (!read_major(&rest, &ret->major_number) ||
			    (major && major != ret->major_number))
				return false;
			break;
		case ID_KEY:
			if (!read_key(&pieces[i + 1], count - i - 1, &rest, &ret->key))
				return false;
			break;
		}
	}
	return count && rest.len == 0;
}

/* Without a key a version whose ids are nothing else would have none. */
static bool has_bare_ids(const struct catalog *catalog, const struct catalog_type *type)
{
	for (size_t i = 0; i < catalog->own_count; i++)
		if (catalog->own[i].bare && catalog->own[i].major->type == type)
			return true;
	return false;
}

static bool match_type(const struct catalog *catalog, const struct catalog_type *type,
		       struct cf_str id, struct catalog_id *ret)
{
	const struct id_grammar *g = &catalog->grammar;
	const struct catalog_major *major;

	*ret = (struct catalog_id){.type = type};
	if (!match(g->pieces, g->count, id, ret)) {
		*ret = (struct catalog_id){.type = type, .singleton = true};
		if (!match(g->single, g->single_count, id, ret) || has_bare_ids(catalog, type))
			return false;
	}
	major = catalog->own_count && g->has_major ? catalog_major(type, ret->major_number) : NULL;
	return !major || !major->ids;
}

static bool match_own(const struct own_ids *own, struct cf_str id, struct catalog_id *ret)
{
	const struct id_grammar *g = &own->grammar;
	struct catalog_id begin = {.type = own->major->type, .major_number = own->major->major};

	if (own->bare)
		return false;
	*ret = begin;
	if (match(g->pieces, g->count, id, ret))
		return true;
	*ret = begin;
	ret->singleton = true;
	return match(g->single, g->single_count, id, ret);
}

/* Documents of the service and of apps that speak with it. */
static bool is_ours(const struct catalog *catalog, struct cf_str id)
{
	static const struct catalog_type ours[] = {{.name = {"schema-support", 14}},
						   {.name = {"schema-client", 13}}};
	const struct id_grammar *g = &catalog->grammar;

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		struct catalog_id parsed = {.type = &ours[i]};

		if (match(g->pieces, g->count, id, &parsed))
			return true;
	}
	return false;
}

/* Ids that are keys: all that no other grammar takes, but for the store's own and ours. */
static bool match_bare(const struct catalog *catalog, struct cf_str id, struct catalog_id *ret)
{
	*ret = (struct catalog_id){.undecided = false};
	if (id.len == 0 || id.ptr[0] == '_' || catalog->own_count == 0 || is_ours(catalog, id))
		return false;
	for (size_t i = 0; i < catalog->own_count; i++) {
		const struct catalog_major *major = catalog->own[i].major;

		if (!catalog->own[i].bare)
			continue;
		ret->undecided = ret->undecided || major->recognised;
		if (!major->recognised)
			*ret = (struct catalog_id){
				.type = major->type, .major_number = major->major, .key = id};
	}
	return ret->type && !ret->undecided;
}

static bool find_in_grammar(const struct catalog *catalog, struct cf_str id, struct catalog_id *ret)
{
	for (size_t i = 0; i < catalog->type_count; i++)
		if (str_starts_with(id, catalog->types[i].name) &&
		    match_type(catalog, &catalog->types[i], id, ret))
			return true;
	for (size_t i = 0; i < catalog->own_count; i++)
		if (match_own(&catalog->own[i], id, ret))
			return true;
	return match_bare(catalog, id, ret);
}

static int set_major(struct catalog_id *id, struct cf_error *error)
{
	id->major = catalog_major(id->type, id->major_number);
	if (id->major && id->major->supported)
		return 0;
	return error_set(error, CF_ERR_UNSUPPORTED, "%.*s@%u is not a supported version",
			 STR_ARG(id->type->name), id->major_number);
}

int catalog_identify_id(const struct catalog *catalog, struct cf_str id, struct catalog_id *ret,
			struct cf_error *error)
{
	if (!find_in_grammar(catalog, id, ret)) {
		error_set(error, CF_ERR_UNKNOWN_TYPE, "of no type that the catalog knows");
		error_at_document(error, id);
		return CF_ERR_UNKNOWN_TYPE;
	}
	if (!catalog->grammar.has_major && !ret->major_number)
		return 0;
	if (set_major(ret, error) == 0)
		return 0;
	error_at_document(error, id);
	return CF_ERR_UNSUPPORTED;
}

/* --- documents ------------------------------------------------------------------------- */

static int contradicts(struct cf_error *error, struct cf_str id, struct cf_str field,
		       const char *what)
{
	struct cf_buf pointer;

	error_set(error, CF_ERR_INVALID, "%s", what);
	error_at_document(error, id);
	buf_init(&pointer, &mem_heap);
	json_pointer_push(&pointer, field);
	error_at_pointer(error, buf_view(&pointer));
	buf_fini(&pointer);
	return CF_ERR_INVALID;
}

/* The major that a version field says: 1, or the first number of "1.2.3". */
static bool version_major(struct json_value value, uint32_t *ret)
{
	int64_t number;
	struct cf_str text;

	if (json_kind(value) == JSON_NUMBER) {
		if (!json_number_int64(json_span(value), &number) || number < 0 ||
		    number > UINT32_MAX)
			return false;
		*ret = (uint32_t)number;
		return true;
	}
	if (json_kind(value) != JSON_STRING)
		return false;
	text = json_inner(value);
	return read_major(&text, ret) && (text.len == 0 || text.ptr[0] == '.');
}

bool id_fits_type(const struct catalog *catalog, const struct catalog_major *major,
		  struct json_value document)
{
	struct json_value type = json_member(document, catalog->identity.type_field);

	if (major->ids)
		return id_is_recognised(catalog, major, document);
	return json_is_absent(type) ||
	       (json_kind(type) == JSON_STRING && json_name_is(type, major->type->name));
}

bool id_fits_version(const struct catalog *catalog, const struct catalog_major *major,
		     struct json_value document)
{
	struct json_value version = json_member(document, catalog->identity.version_field);
	uint32_t said;

	if (major->recognised)
		return true;
	if (json_is_absent(version))
		return catalog->grammar.has_major || major->ids;
	return version_major(version, &said) && said == major->major;
}

static int check_fields(const struct catalog *catalog, const struct json_value *fields,
			struct cf_str id, struct catalog_id *ret, struct cf_error *error)
{
	const struct lens_identity *identity = &catalog->identity;
	struct json_value type = fields[FIELD_TYPE], version = fields[FIELD_VERSION];
	uint32_t major = 0;

	/* Of such a version these are members like others. */
	if (ret->major && ret->major->recognised)
		return 0;
	if (!json_is_absent(type) &&
	    (json_kind(type) != JSON_STRING || !json_name_is(type, ret->type->name)))
		return contradicts(error, id, identity->type_field, "the type contradicts the id");
	if (!json_is_absent(version) && !version_major(version, &major))
		return contradicts(error, id, identity->version_field, "this is not a version");
	if (!catalog->grammar.has_major && !ret->major) {
		if (json_is_absent(version))
			return contradicts(error, id, identity->version_field,
					   "the version is missing");
		ret->major_number = major;
		if (set_major(ret, error) == 0)
			return 0;
		error_at_document(error, id);
		return CF_ERR_UNSUPPORTED;
	}
	if (!json_is_absent(version) && major != ret->major_number)
		return contradicts(error, id, identity->version_field,
				   "the version contradicts the id");
	return 0;
}

/* Its id is its key, whatever it is. */
static int identify_undecided(const struct catalog *catalog, struct json_value document,
			      struct cf_str id, struct catalog_id *ret, struct cf_error *error)
{
	const struct catalog_major *major = id_recognise(catalog, document);

	if (!major) {
		error_set(error, CF_ERR_UNKNOWN_TYPE,
			  "neither its id nor a rule of recognise says what it is");
		error_at_document(error, id);
		return CF_ERR_UNKNOWN_TYPE;
	}
	*ret = (struct catalog_id){.type = major->type, .major_number = major->major, .key = id};
	if (set_major(ret, error) == 0)
		return 0;
	error_at_document(error, id);
	return CF_ERR_UNSUPPORTED;
}

int catalog_identify(const struct catalog *catalog, struct json_value document, struct cf_str id,
		     struct catalog_id *ret, struct cf_error *error)
{
	struct json_value fields[FIELD_COUNT], own, type;
	int rc;

	*ret = (struct catalog_id){.type = NULL};
	json_members(document, catalog->identity_fields, FIELD_COUNT, fields);
	own = fields[FIELD_ID];
	type = fields[FIELD_TYPE];
	if (json_kind(document) != JSON_OBJECT)
		return error_set(error, CF_ERR_INVALID, "the document is not an object");
	if (!json_is_absent(own)) {
		bool plain =
			json_kind(own) == JSON_STRING && !(json_node(own)->flags & JSON_ESCAPED);

		if (json_kind(own) != JSON_STRING || (!plain && id.len == 0))
			return error_set(error, CF_ERR_INVALID,
					 "_id must be a text without escapes");
		if (plain)
			id = json_inner(own);
	}
	if (id.len == 0)
		return error_set(error, CF_ERR_INVALID, "the document has no _id");
	rc = catalog_identify_id(catalog, id, ret, error);
	if (rc == CF_ERR_UNKNOWN_TYPE && ret->undecided)
		return identify_undecided(catalog, document, id, ret, error);
	if (rc == CF_ERR_UNKNOWN_TYPE && json_kind(type) == JSON_STRING &&
	    catalog_type(catalog, json_inner(type)))
		return contradicts(error, id, catalog->identity.type_field,
				   "the type contradicts the id, which is none of that type");
	return rc ? rc : check_fields(catalog, fields, id, ret, error);
}

const struct id_grammar *id_grammar_of(const struct catalog *catalog, struct cf_str type,
				       uint32_t major)
{
	for (size_t i = 0; i < catalog->own_count; i++)
		if (catalog->own[i].major->major == major &&
		    str_equal(catalog->own[i].major->type->name, type))
			return &catalog->own[i].grammar;
	return &catalog->grammar;
}

static void write_major(struct cf_buf *out, uint32_t major)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + major % 10);
		major /= 10;
	} while (major);
	buf_append(out, digits + at, sizeof(digits) - at);
}

int catalog_format_id(const struct catalog *catalog, struct cf_str type, uint32_t major,
		      struct cf_str key, bool singleton, struct cf_buf *out)
{
	const struct id_grammar *g = id_grammar_of(catalog, type, major);
	const struct id_piece *pieces = singleton ? g->single : g->pieces;
	size_t count = singleton ? g->single_count : g->count;

	for (size_t i = 0; i < count; i++) {
		if (pieces[i].kind == ID_MAJOR)
			write_major(out, major);
		else
			buf_str(out, pieces[i].kind == ID_TYPE  ? type
				     : pieces[i].kind == ID_KEY ? key
								: pieces[i].literal);
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}

int catalog_make_id(const struct catalog *catalog, struct cf_str type, uint32_t major,
		    struct cf_str key, struct cf_buf *out, struct cf_error *error)
{
	size_t start = out->len;

	if (key.len == 0)
		return error_set(error, CF_ERR_INVALID, "a key is empty");
	if (!text_is_utf8(key, false))
		return error_set(error, CF_ERR_INVALID, "a key holds %s, which no id can",
				 text_is_utf8(key, true) ? "U+0000" : "half a surrogate pair");
	if (catalog_format_id(catalog, type, major, key, false, out))
		return error_nomem(error);
	if (out->len - start > LIMIT_ID_BYTES)
		return error_set(error, CF_ERR_LIMIT,
				 "a key makes an id of %zu bytes; %d are possible",
				 out->len - start, LIMIT_ID_BYTES);
	return 0;
}
