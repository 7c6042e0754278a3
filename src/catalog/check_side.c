/* Documents of one side of a lens, generated, converted and compared. */
#include "catalog/prove.h"

enum { TRIES_OF_A_SCHEMA = 3 };

void side_init(struct side *side, const struct cf_mem *mem)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		buf_init(&side->texts[i], mem);
		json_doc_init(&side->docs[i], mem);
	}
	side->count = 0;
}

void side_fini(struct side *side)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		buf_fini(&side->texts[i]);
		json_doc_fini(&side->docs[i]);
	}
}

void side_shape(struct side *side, const struct catalog *catalog, struct lens_side places)
{
	side->catalog = catalog;
	side->places = places;
	side->count = places.count < PLACES_MAX ? places.count : PLACES_MAX;
	for (size_t i = 0; i < side->count; i++) {
		const struct catalog_type *type = catalog_type(catalog, places.places[i].type);

		side->majors[i] = type ? catalog_major(type, places.places[i].major) : NULL;
		side->values[i] = JSON_ABSENT;
	}
}

struct json_value side_value(const struct side *side, const struct lens_place *place)
{
	for (size_t i = 0; i < side->count; i++)
		if (str_equal(side->places.places[i].type, place->type) &&
		    side->places.places[i].major == place->major &&
		    side->places.places[i].tie == place->tie)
			return side->values[i];
	return JSON_ABSENT;
}

int side_read(struct side *side, size_t i, struct cf_error *error)
{
	int rc = json_read(&side->docs[i], side->texts[i].ptr, side->texts[i].len,
			   JSON_READ_DOCUMENT, error);

	side->values[i] = rc ? JSON_ABSENT : json_root(&side->docs[i]);
	return rc;
}

int side_set(struct side *side, size_t i, struct cf_str text, struct cf_error *error)
{
	buf_clear(&side->texts[i]);
	if (buf_str(&side->texts[i], text))
		return error_nomem(error);
	return side_read(side, i, error);
}

/* Without the members that are the store's: a schema may speak of `_id`, but what a lens
 * is given has none. */
static int strip(struct bench *bench, struct side *side, size_t i, struct cf_error *error)
{
	struct cf_buf out;
	int rc = side_read(side, i, error);
	uint32_t member = 0;

	buf_init(&out, bench->catalog->mem);
	while (rc == 0 && member < json_count(side->values[i])) {
		struct json_iter it = json_iter(side->values[i]);

		for (uint32_t k = 0; k <= member; k++)
			(void)json_next(&it);
		if (json_kind(side->values[i]) != JSON_OBJECT || json_inner(it.name).len == 0 ||
		    json_inner(it.name).ptr[0] != '_') {
			member++;
			continue;
		}
		buf_clear(&out);
		rc = side_without(side, i, member, JSON_ABSENT, &out);
		if (rc == 0)
			rc = side_set(side, i, buf_view(&out), error);
	}
	buf_fini(&out);
	return rc;
}

/* Gives a member a value in the text of a place: where it was, or behind all others. */
static int put_member(struct side *side, size_t i, struct cf_str name, struct cf_str value,
		      struct cf_error *error)
{
	struct json_iter it = json_iter(side->values[i]);
	bool there = !json_is_absent(json_member(side->values[i], name));
	struct cf_buf out;
	int rc;

	buf_init(&out, side->catalog->mem);
	buf_byte(&out, '{');
	while (json_next(&it)) {
		buf_str(&out, out.len > 1 ? STR(",") : STR(""));
		json_write(it.name, &out);
		buf_byte(&out, ':');
		if (json_name_is(it.name, name))
			buf_str(&out, value);
		else
			json_write(it.value, &out);
	}
	if (!there) {
		buf_str(&out, out.len > 1 ? STR(",") : STR(""));
		json_write_string(name, &out);
		buf_byte(&out, ':');
		buf_str(&out, value);
	}
	rc = buf_byte(&out, '}') ? error_nomem(error) : side_set(side, i, buf_view(&out), error);
	buf_fini(&out);
	return rc;
}

/* The version of the place, as a number or as a text. */
static int put_version(struct side *side, size_t i, bool text, struct cf_error *error)
{
	const struct catalog_major *major = side->majors[i];
	struct cf_buf value;
	int rc;

	buf_init(&value, side->catalog->mem);
	if (text)
		json_write_string(major->schemas[major->schema_count - 1].version_text, &value);
	else
		buf_printf(&value, "%u", major->major);
	rc = value.failed ? error_nomem(error)
			  : put_member(side, i, catalog_identity(side->catalog)->version_field,
				       buf_view(&value), error);
	buf_fini(&value);
	return rc;
}

static int put_type(struct side *side, size_t i, struct cf_error *error)
{
	struct cf_buf value;
	int rc;

	buf_init(&value, side->catalog->mem);
	json_write_string(side->majors[i]->type->name, &value);
	rc = value.failed ? error_nomem(error)
			  : put_member(side, i, catalog_identity(side->catalog)->type_field,
				       buf_view(&value), error);
	buf_fini(&value);
	return rc;
}

/* What a schema leaves open, the place does not: a document whose type or version
 * contradict its id is none of its type. UNSUPPORTED_OP where the schema refuses them. */
static int identify(struct side *side, size_t i, struct cf_error *error)
{
	struct json_value version;
	bool text, right = id_fits_version(side->catalog, side->majors[i], side->values[i]);
	int rc = 0;

	if (right && id_fits_type(side->catalog, side->majors[i], side->values[i]))
		return 0;
	version = json_member(side->values[i], catalog_identity(side->catalog)->version_field);
	text = json_kind(version) == JSON_STRING;
	if (!id_fits_type(side->catalog, side->majors[i], side->values[i]))
		rc = put_type(side, i, error);
	for (int form = 0; form < 2 && rc == 0; form++) {
		if (!right)
			rc = put_version(side, i, form ? !text : text, error);
		if (rc || side_valid(side, i, error) == 0)
			return rc;
	}
	return rc ? rc
		  : error_set(error, CF_ERR_UNSUPPORTED_OP,
			      "the schema refuses its own type and version");
}

static int generate_place(struct bench *bench, struct side *side, size_t i, unsigned size,
			  struct cf_error *error)
{
	int rc = CF_ERR_UNSUPPORTED_OP;

	for (int try = 0; try < TRIES_OF_A_SCHEMA && rc == CF_ERR_UNSUPPORTED_OP; try++) {
		buf_clear(&side->texts[i]);
		rc = schema_generate_document(catalog_major_schema(side->majors[i]), &bench->rng,
					      size, &side->texts[i], error);
		if (rc == 0)
			rc = strip(bench, side, i, error);
		if (rc == 0)
			rc = identify(side, i, error);
	}
	if (rc == CF_ERR_UNSUPPORTED_OP)
		checker_tell_unproven(bench->checker, side->majors[i], error);
	return rc;
}

int side_generate(struct bench *bench, struct side *side, const struct lens_program *program,
		  unsigned size, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < side->count && rc == 0; i++) {
		struct cf_str key = STR("same");

		side->values[i] = JSON_ABSENT;
		if (!side->majors[i])
			continue;
		if (i && side->places.places[i].tie == LENS_SHARED)
			rc = lens_reference(bench->worker, program, i, side->values[0], &key,
					    error);
		if (rc == 0 && key.len)
			rc = generate_place(bench, side, i, size, error);
	}
	return rc;
}

int side_apply(struct bench *bench, const struct lens_program *program, const struct side *from,
	       const struct side *base, struct side *to, struct cf_error *error)
{
	struct json_value inputs[PLACES_MAX], bases[PLACES_MAX];
	struct lens_args args = {.key = STR("k"), .inputs = inputs, .bases = base ? bases : NULL};
	struct lens_side in = lens_program_inputs(program), out = lens_program_outputs(program);
	const struct lens_output *outputs;
	int rc;

	for (size_t i = 0; i < in.count; i++)
		inputs[i] = side_value(from, &in.places[i]);
	for (size_t i = 0; base && i < out.count; i++)
		bases[i] = side_value(base, &out.places[i]);
	rc = lens_apply(bench->worker, program, &args, &outputs, error);
	for (size_t i = 0; i < to->count && rc == 0; i++) {
		to->values[i] = JSON_ABSENT;
		if (outputs[i].text.ptr)
			rc = side_set(to, i, outputs[i].text, error);
	}
	return rc;
}

bool side_same(const struct side *a, const struct side *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct json_value x = side_value(a, &b->places.places[i]);

		if (json_is_absent(x) != json_is_absent(b->values[i]))
			return false;
		if (!json_is_absent(x) && !json_equal(x, b->values[i]))
			return false;
	}
	return true;
}

int side_valid(const struct side *side, size_t i, struct cf_error *error)
{
	struct catalog_id id = {.type = side->majors[i]->type,
				.major = side->majors[i],
				.major_number = side->majors[i]->major,
				.key = STR("k")};

	return catalog_validate(side->catalog, &id, side->values[i], NULL, error);
}

size_t side_invalid(const struct side *side, struct cf_error *error)
{
	size_t i = 0;

	while (i < side->count && (json_is_absent(side->values[i]) || !side->majors[i] ||
				   side_valid(side, i, error) == 0))
		i++;
	return i;
}

int side_without(const struct side *side, size_t place, uint32_t member, struct json_value instead,
		 struct cf_buf *out)
{
	struct json_iter it = json_iter(side->values[place]);

	buf_clear(out);
	buf_byte(out, '{');
	for (uint32_t i = 0; json_next(&it); i++) {
		if (i == member && json_is_absent(instead))
			continue;
		buf_str(out, out->len > 1 ? STR(",") : STR(""));
		json_write(it.name, out);
		buf_byte(out, ':');
		json_write(i == member ? instead : it.value, out);
	}
	return buf_byte(out, '}') ? CF_ERR_NOMEM : 0;
}

unsigned lens_ops_line(const struct lens *lens)
{
	const struct json_file *file = lens_file(lens);
	struct json_iter it = json_iter(json_file_root(file));

	while (json_kind(json_file_root(file)) == JSON_OBJECT && json_next(&it))
		if (json_name_is(it.name, STR("lens")))
			return json_file_line(file, it.name.node);
	return json_file_line(file, 0);
}
