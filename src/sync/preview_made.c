/* What a run would make: the documents of versions that a thing lacks. */
#include "sync/preview.h"

#include "sync/limits.h"

/* Documents as the lenses see them, each on its own tape. */
int preview_read(struct preview *p, size_t which, struct cf_str text, struct json_value *ret)
{
	int rc = json_read(&p->docs[which], text.ptr, text.len, JSON_READ_DOCUMENT, NULL);

	*ret = rc ? JSON_ABSENT : json_root(&p->docs[which]);
	return rc;
}

/* The key between quotes somewhere, decoded. */
static int decode_key(struct preview *p, struct cf_str raw, struct cf_str *ret)
{
	struct cf_str quoted = arena_printf(&p->arena, "\"%.*s\"", STR_ARG(raw));
	int rc =
		quoted.ptr ? json_read(&p->docs[3], quoted.ptr, quoted.len, 0, NULL) : CF_ERR_NOMEM;

	return rc ? rc : json_decode(json_root(&p->docs[3]), &p->arena, ret);
}

/* The id of a part; empty where none is named, or none that could be. */
static int part_id(struct preview *p, const struct family_of *f, const struct lens_program *program,
		   size_t input, struct cf_str *ret)
{
	const struct lens_side in = lens_program_inputs(program);
	const struct lens_place *place = &in.places[input];
	struct cf_str raw = {NULL, 0}, key = f->id.key;
	int rc = 0;

	*ret = STR("");
	if (place->tie == LENS_SHARED) {
		rc = lens_reference(p->worker, program, input, p->inputs[0], &raw, NULL);
		if (rc || raw.len == 0)
			return rc == CF_ERR_NOMEM ? rc : 0;
		rc = decode_key(p, raw, &key);
	}
	buf_clear(&p->scratch);
	if (rc == 0 && place->tie == LENS_SHARED)
		rc = catalog_make_id(p->catalog, place->type, place->major, key, &p->scratch, NULL);
	else if (rc == 0)
		rc = catalog_format_id(p->catalog, place->type, place->major, key, f->id.singleton,
				       &p->scratch);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	*ret = arena_dup(&p->arena, buf_view(&p->scratch));
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static int note_main(void *ctx, size_t output, struct cf_str pointer)
{
	(void)pointer;
	*(bool *)ctx = *(bool *)ctx || output == 0;
	return 0;
}

/* What only other documents are made of need not be there: nothing stands in for it. */
static bool is_needed(const struct lens_program *program, size_t input)
{
	bool needed = false;

	return lens_trace(program, input, STR(""), note_main, &needed) || needed;
}

static int read_part(struct preview *p, const struct lens_program *program, size_t input,
		     struct cf_str id, struct cf_error *error)
{
	struct cf_get get = {.id = id};
	struct cf_record record = {.revision_count = 0};
	struct cf_str text = is_needed(program, input) ? STR("") : STR("{}");
	int rc = store_get(p->store, &get, 1, CF_READ_BODIES, &p->arena, &record, error);

	if (rc == 0 && preview_exists(&record))
		text = record.revisions[0].body;
	p->inputs[input] = JSON_ABSENT;
	if (rc == 0 && text.len &&
	    json_read(&p->parts[input], text.ptr, text.len, JSON_READ_DOCUMENT, NULL) == 0)
		p->inputs[input] = json_root(&p->parts[input]);
	return rc;
}

int preview_parts(struct preview *p, const struct family_of *f, const struct lens_program *program,
		  bool *ret_all, struct cf_error *error)
{
	size_t count = lens_program_inputs(program).count;
	int rc = 0;

	for (size_t i = 1; i < count && rc == 0 && *ret_all; i++) {
		struct cf_str id;

		p->inputs[i] = JSON_ABSENT;
		if (part_id(p, f, program, i, &id))
			return error_nomem(error);
		if (id.len == 0)
			continue;
		rc = read_part(p, program, i, id, error);
		*ret_all = rc == 0 && !json_is_absent(p->inputs[i]);
	}
	return rc;
}

struct cf_str preview_key(struct preview *p, const struct catalog_id *id)
{
	buf_clear(&p->scratch);
	json_write_string_inner(id->key, &p->scratch);
	return arena_dup_buf(&p->arena, &p->scratch);
}

/* The nearest one that is there, the newer one of two. */
static const struct catalog_major *nearest(const struct family_of *f,
					   const struct catalog_major *major)
{
	const struct catalog_type *type = f->id.type;
	size_t own = (size_t)(major - type->majors);

	for (size_t far = 1; far < type->major_count; far++) {
		if (own + far < type->major_count && preview_exists(&f->sisters[own + far]))
			return &type->majors[own + far];
		if (own >= far && preview_exists(&f->sisters[own - far]))
			return &type->majors[own - far];
	}
	return NULL;
}

/* By its schema; with the document's name in what is wrong. */
static int validate(struct preview *p, const struct family_of *f, const struct catalog_major *major,
		    struct json_value document, struct cf_error *error)
{
	struct catalog_id id = f->id;
	int rc;

	id.major = major;
	id.major_number = major->major;
	rc = catalog_validate(p->catalog, &id, document, NULL, error);
	if (rc)
		error_prefix(error, rc, "as %.*s@%u", STR_ARG(major->type->name), major->major);
	return rc;
}

struct route {
	const struct catalog_major *from, *to;
};

/* *ret: the document. Errors are of it: INCOMPLETE where a part is not there. */
static int make(struct preview *p, const struct family_of *f, const struct route *route,
		struct cf_str *ret, struct cf_error *error)
{
	const struct catalog_major *from = route->from;
	const struct lens_program *program =
		catalog_program(p->catalog, f->id.type, from->major, route->to->major);
	const struct cf_record *record = &f->sisters[from - f->id.type->majors];
	struct lens_args args = {
		.key = preview_key(p, &f->id), .singleton = f->id.singleton, .inputs = p->inputs};
	const struct lens_output *outputs;
	struct json_value made;
	bool all = program && lens_program_inputs(program).count <= PREVIEW_INPUTS_MAX;
	int rc = args.key.ptr ? 0 : error_nomem(error);

	if (rc == 0 && !all)
		return error_set(error, CF_ERR_CATALOG, "no lens leads there from %.*s@%u",
				 STR_ARG(from->type->name), from->major);
	rc = rc ? rc : preview_read(p, 0, record->revisions[0].body, &p->inputs[0]);
	rc = rc ? rc : validate(p, f, from, p->inputs[0], error);
	rc = rc ? rc : preview_parts(p, f, program, &all, error);
	if (rc == 0 && !all)
		return CF_ERR_INCOMPLETE;
	rc = rc ? rc : lens_apply(p->worker, program, &args, &outputs, error);
	if (rc)
		return rc;
	*ret = arena_dup(&p->arena, outputs[0].text);
	rc = ret->ptr ? preview_read(p, 2, *ret, &made) : error_nomem(error);
	return rc ? rc : validate(p, f, route->to, made, error);
}

int preview_make(struct preview *p, const struct family_of *f, const struct catalog_major *major,
		 struct cf_error *error)
{
	struct sync_preview *row = preview_row(p, major);
	const struct catalog_major *from = nearest(f, major);
	struct sync_preview_made made = {.version = row->version};
	struct cf_error why = {0};
	int rc;

	row->missing++;
	/* All that is there is damaged. */
	if (!from) {
		row->fails++;
		return 0;
	}
	made.from = f->sisters[from - f->id.type->majors].id;
	made.document = f->sisters[major - f->id.type->majors].id;
	rc = make(p, f, &(struct route){from, major}, &made.text, &why);
	if (rc == CF_ERR_INCOMPLETE) {
		row->waits++;
		return 0;
	}
	if (rc && cf_error_class(rc) != CF_CLASS_INPUT) {
		*error = why;
		return rc;
	}
	row->fails += rc != 0;
	made.fails = rc ? &why : NULL;
	return p->how->made && p->how->made(p->how->ctx, &made)
		       ? error_set(error, CF_ERR_IO, "the answer could not be told")
		       : 0;
}
