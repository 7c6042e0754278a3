/* Locality: one field of what was made is edited and put back. What then differs in
 * the source must be what the lens says this field maps to (lens_trace).
 *
 * A script names its fields, but not which of them belong together. So there the
 * documents decide: a field that changed along belongs to the edited one if its change
 * alone shows there, or if without its change the edit would not be seen. Where neither
 * holds, the script changes what the edit was not about. */
#include "catalog/prove.h"

struct locality {
	struct bench *bench;
	const struct catalog_edge *edge;
	struct side edited, put, tried, seen;
	struct cf_buf text;
	struct cf_arena arena; /* of one try */
	struct example examples[2];
};

struct locality *locality_new(struct bench *bench, const struct catalog_edge *edge)
{
	const struct cf_mem *mem = bench->checker->mem;
	struct locality *l = mem_calloc(mem, 1, sizeof(*l));

	if (!l)
		return NULL;
	l->bench = bench;
	l->edge = edge;
	side_init(&l->edited, mem);
	side_init(&l->put, mem);
	side_init(&l->tried, mem);
	side_init(&l->seen, mem);
	buf_init(&l->text, mem);
	arena_init(&l->arena, mem);
	for (int i = 0; i < 2; i++)
		example_init(&l->examples[i], mem);
	return l;
}

struct locality *locality_free(struct locality *l)
{
	if (!l)
		return NULL;
	for (int i = 0; i < 2; i++)
		example_fini(&l->examples[i]);
	arena_fini(&l->arena);
	buf_fini(&l->text);
	side_fini(&l->seen);
	side_fini(&l->tried);
	side_fini(&l->put);
	side_fini(&l->edited);
	mem_free(l->bench->checker->mem, l);
	return NULL;
}

static int copy_side(struct locality *l, struct side *to, const struct side *from)
{
	struct cf_error error = {0};
	int rc = 0;

	side_shape(to, l->bench->catalog, from->places);
	for (size_t i = 0; i < from->count && rc == 0; i++)
		if (!json_is_absent(from->values[i]))
			rc = side_set(to, i, buf_view(&from->texts[i]), &error);
	return rc;
}

/* A member's name, decoded, that outlives the document and ends with a NUL. */
static int keep_name(struct locality *l, struct json_value name, struct cf_str *ret)
{
	if (json_decode(name, &l->arena, ret))
		return CF_ERR_NOMEM;
	*ret = arena_dup(&l->arena, *ret);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* --- one edit ------------------------------------------------------------------------- */

/* What says what a document is, is not a field. */
static bool is_field(const struct locality *l, struct json_value name)
{
	const struct lens_identity *identity = catalog_identity(l->bench->catalog);

	return !json_name_is(name, identity->type_field) &&
	       !json_name_is(name, identity->version_field) &&
	       !(json_inner(name).len && json_inner(name).ptr[0] == '_');
}

static bool nth_member(struct json_value object, uint32_t n, struct json_iter *ret)
{
	*ret = json_iter(object);
	while (json_next(ret))
		if (n-- == 0)
			return true;
	return false;
}

/* Another value for a member, from another document of the schema, or none. */
static int other_value(struct locality *l, size_t place, struct cf_str name, unsigned size,
		       struct json_value *ret)
{
	struct cf_error error = {0};
	int rc;

	*ret = JSON_ABSENT;
	buf_clear(&l->tried.texts[place]);
	rc = schema_generate_document(catalog_major_schema(l->edited.majors[place]), &l->bench->rng,
				      size, &l->tried.texts[place], &error);
	if (rc == 0)
		rc = side_read(&l->tried, place, &error);
	if (rc == 0)
		*ret = json_member(l->tried.values[place], name);
	return proof_ends(rc) ? rc : 0;
}

/* One member of one document of `edited` becomes another. *ret_name: which, decoded;
 * ptr NULL: there was nothing to edit, or what came out is not valid. */
static int edit(struct locality *l, size_t place, unsigned size, struct cf_str *ret_name)
{
	struct json_value document = l->edited.values[place], other;
	struct json_iter at;
	struct cf_error error = {0};
	struct cf_str name;
	uint32_t count = json_count(document), n;
	int rc;

	ret_name->ptr = NULL;
	n = count ? (uint32_t)rng_below(&l->bench->rng, count) : 0;
	if (!nth_member(document, n, &at) || !is_field(l, at.name))
		return 0;
	if (keep_name(l, at.name, &name))
		return CF_ERR_NOMEM;
	rc = other_value(l, place, name, size, &other);
	if (rc)
		return rc;
	if (!json_is_absent(other) && json_equal(other, at.value))
		return 0;
	if (side_without(&l->edited, place, n, other, &l->text))
		return CF_ERR_NOMEM;
	rc = side_set(&l->edited, place, buf_view(&l->text), &error);
	if (rc == 0)
		rc = side_valid(&l->edited, place, &error);
	if (rc == 0)
		*ret_name = name;
	return proof_ends(rc) ? rc : 0;
}

/* --- what it may change ------------------------------------------------------------------ */

struct question {
	size_t output;
	struct cf_str pointer; /* of one member */
	bool fed;
};

/* The first token of the pointer is the name, or it is the whole document. */
static int ask(void *ctx, size_t output, struct cf_str pointer)
{
	struct question *q = ctx;
	size_t len = 1;

	while (len < pointer.len && pointer.ptr[len] != '/')
		len++;
	if (output == q->output &&
	    (pointer.len == 0 || str_equal(q->pointer, (struct cf_str){pointer.ptr, len})))
		q->fed = true;
	return 0;
}

static size_t place_index(struct lens_side side, const struct lens_place *place)
{
	size_t i = 0;

	while (i < side.count &&
	       !(str_equal(side.places[i].type, place->type) &&
		 side.places[i].major == place->major && side.places[i].tie == place->tie))
		i++;
	return i;
}

static bool names(struct json_value list, struct cf_str name)
{
	struct json_iter it = json_iter(list);

	while (json_kind(list) == JSON_ARRAY && json_next(&it))
		if (json_kind(it.value) == JSON_STRING && json_name_is(it.value, name))
			return true;
	return false;
}

/* Whether both fields are of one script, which stands alone for them. */
static bool of_a_script(const struct lens *lens, struct cf_str older, struct cf_str newer)
{
	struct json_iter it = json_iter(json_member(json_file_root(lens_file(lens)), STR("lens")));

	while (json_next(&it)) {
		struct json_value script = json_member(it.value, STR("script"));

		if (names(json_member(script, STR("reads")), older) &&
		    names(json_member(script, STR("writes")), newer))
			return true;
	}
	return false;
}

/* The member `name` of the document `to`, as in `from`, then there again. *ret: the
 * member `edited` of what is made of it. */
static int seen_with(struct locality *l, const struct lens_program *there, const struct side *to,
		     const struct side *from, struct cf_str name, struct cf_str edited,
		     struct json_value *ret)
{
	struct json_value value = json_member(from->values[0], name);
	struct json_iter it = json_iter(to->values[0]);
	struct cf_error error = {0};
	int rc;

	*ret = JSON_ABSENT;
	buf_clear(&l->text);
	buf_byte(&l->text, '{');
	if (!json_is_absent(value)) {
		json_write_string(name, &l->text);
		buf_byte(&l->text, ':');
		json_write(value, &l->text);
	}
	while (json_next(&it)) {
		if (json_name_is(it.name, name))
			continue;
		buf_str(&l->text, l->text.len > 1 ? STR(",") : STR(""));
		json_write(it.name, &l->text);
		buf_byte(&l->text, ':');
		json_write(it.value, &l->text);
	}
	if (buf_byte(&l->text, '}'))
		return CF_ERR_NOMEM;
	rc = copy_side(l, &l->tried, to);
	if (rc == 0)
		rc = side_set(&l->tried, 0, buf_view(&l->text), &error);
	side_shape(&l->seen, l->bench->catalog, lens_program_outputs(there));
	if (rc == 0)
		rc = side_apply(l->bench, there, &l->tried, NULL, &l->seen, &error);
	if (rc == 0)
		*ret = json_member(l->seen.values[0], edited);
	return rc;
}

static bool differ(struct json_value a, struct json_value b)
{
	return json_is_absent(a) != json_is_absent(b) || (!json_is_absent(a) && !json_equal(a, b));
}

/* Whether a script's field that changed along has to do with the edited one. What
 * cannot be tried counts as having to do with it. */
static bool belongs(struct locality *l, bool down, const struct side *source,
		    const struct side *made, struct cf_str edited, struct cf_str changed)
{
	const struct lens_program *there = down ? l->edge->down : l->edge->up;
	struct json_value value;

	if (seen_with(l, there, source, &l->put, changed, edited, &value) ||
	    differ(value, json_member(made->values[0], edited)))
		return true;
	return seen_with(l, there, &l->put, source, changed, edited, &value) ||
	       differ(value, json_member(l->edited.values[0], edited));
}

static int may_change(struct locality *l, bool down, size_t place, struct cf_str edited,
		      size_t output, struct cf_str changed, const struct side *source,
		      const struct side *made, bool *ret)
{
	const struct lens_program *back = down ? l->edge->up : l->edge->down;
	struct question q = {
		.output = place_index(lens_program_outputs(back), &source->places.places[output])};
	size_t input = place_index(lens_program_inputs(back), &made->places.places[place]);
	struct cf_buf from, to;
	int rc;

	buf_init(&from, l->bench->checker->mem);
	buf_init(&to, l->bench->checker->mem);
	rc = json_pointer_push(&from, edited) || json_pointer_push(&to, changed) ? CF_ERR_NOMEM : 0;
	q.pointer = buf_view(&to);
	if (rc == 0)
		rc = lens_trace(back, input, buf_view(&from), ask, &q);
	buf_fini(&to);
	buf_fini(&from);
	*ret = q.fed;
	if (rc == 0 && q.fed && place == 0 && output == 0 &&
	    of_a_script(l->edge->lens, down ? edited : changed, down ? changed : edited))
		*ret = belongs(l, down, source, made, edited, changed);
	return rc;
}

/* --- the law ------------------------------------------------------------------------------ */

static void note(struct locality *l, bool down, struct cf_str edited, struct cf_str changed,
		 const struct side *source, const struct side *made)
{
	struct exhibit exhibit = {.sides = {[CATALOG_SHOWN_DOCUMENT] = source,
					    [CATALOG_SHOWN_MADE] = made,
					    [CATALOG_SHOWN_EDITED] = &l->edited,
					    [CATALOG_SHOWN_CAME] = &l->put}};
	struct cf_buf pointer, message;

	buf_init(&pointer, l->bench->checker->mem);
	buf_init(&message, l->bench->checker->mem);
	(void)json_pointer_push(&pointer, changed);
	(void)buf_byte(&pointer, '\0');
	(void)buf_printf(&message, "an edit of \"%s\" changes another field", edited.ptr);
	(void)buf_byte(&message, '\0');
	if (!pointer.failed && !message.failed) {
		exhibit.pointer = pointer.ptr;
		exhibit.message = message.ptr;
		if (example_note(&l->examples[down], &exhibit))
			l->examples[down].line =
				lens_blame(l->edge->lens, !down, 0,
					   (struct cf_str){pointer.ptr, pointer.len - 1});
	}
	buf_fini(&message);
	buf_fini(&pointer);
}

/* Members of the one that are not as in the other; each must be allowed. */
static int compare(struct locality *l, bool down, size_t place, struct cf_str edited, size_t output,
		   struct json_value a, struct json_value b, const struct side *source,
		   const struct side *made)
{
	struct json_iter it = json_iter(a);
	struct cf_str name;
	bool allowed;
	int rc = 0;

	while (rc == 0 && json_next(&it)) {
		if (!is_field(l, it.name))
			continue;
		if (keep_name(l, it.name, &name))
			return CF_ERR_NOMEM;
		if (!differ(it.value, json_member(b, name)))
			continue;
		rc = may_change(l, down, place, edited, output, name, source, made, &allowed);
		if (rc == 0 && !allowed)
			note(l, down, edited, name, source, made);
	}
	return rc;
}

int locality_try(struct locality *l, bool down, const struct side *source, const struct side *made,
		 unsigned size)
{
	const struct lens_program *back = down ? l->edge->up : l->edge->down;
	size_t place = made->count ? rng_below(&l->bench->rng, made->count) : 0;
	struct cf_str edited;
	struct cf_error error = {0};
	int rc;

	if (place >= made->count || !made->majors[place] || json_is_absent(made->values[place]))
		return 0;
	arena_reset(&l->arena);
	side_shape(&l->tried, l->bench->catalog, made->places);
	rc = copy_side(l, &l->edited, made);
	if (rc == 0)
		rc = edit(l, place, size, &edited);
	if (rc || !edited.ptr)
		return rc;
	side_shape(&l->put, l->bench->catalog, lens_program_outputs(back));
	rc = side_apply(l->bench, back, &l->edited, source, &l->put, &error);
	if (rc)
		return proof_ends(rc) ? rc : 0;
	for (size_t i = 0; i < source->count && rc == 0; i++) {
		struct json_value a = side_value(&l->put, &source->places.places[i]);
		struct json_value b = source->values[i];

		/* Parts that come or go belong to the reference, which is compared. */
		if (json_is_absent(a) || json_is_absent(b))
			continue;
		rc = compare(l, down, place, edited, i, a, b, source, made);
		if (rc == 0)
			rc = compare(l, down, place, edited, i, b, a, source, made);
	}
	return rc;
}

void locality_tell(struct locality *l)
{
	struct checker *checker = l->bench->checker;

	example_tell(&l->examples[0], checker, l->edge->lens,
		     "Locality is broken going up: put back, ");
	example_tell(&l->examples[1], checker, l->edge->lens,
		     "Locality is broken going down: put back, ");
}
