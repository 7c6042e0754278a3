/* What a catalog would make of the documents that are there, without writing anything:
 * which are missing, which break their schema, and where an older version says something
 * else than the newer one seen through the lens between them. The last is what an edit of
 * any field would turn over.
 *
 * Documents are read a page at a time, with the other versions of the same thing; each
 * lens is run once for each pair. Contests are not foretold: they need edits. */
#include "sync/preview.h"

#include "sync/limits.h"

enum { PAGE = 200 };

static int format_id(struct preview *p, const struct catalog_id *id,
		     const struct catalog_type *type, uint32_t major, struct cf_str *ret)
{
	buf_clear(&p->scratch);
	if (catalog_format_id(p->catalog, type->name, major, id->key, id->singleton, &p->scratch))
		return CF_ERR_NOMEM;
	*ret = arena_dup(&p->arena, buf_view(&p->scratch));
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* --- one pair ------------------------------------------------------------------------ */

static int tell(struct preview *p, const struct family_of *f, struct cf_str other,
		const struct atoms_diff *diff, struct cf_error *error)
{
	struct sync_difference difference = {.document = other, .newer = f->document};

	difference.pointer = diff->pointer;
	difference.says = diff->left ? diff->left->value : JSON_ABSENT;
	difference.should = diff->right ? diff->right->value : JSON_ABSENT;
	return p->how->differs && p->how->differs(p->how->ctx, &difference)
		       ? error_set(error, CF_ERR_IO, "the answer could not be told")
		       : 0;
}

static int compare_pair(struct preview *p, const struct family_of *f,
			const struct catalog_edge *edge, const struct cf_record *older,
			struct cf_error *error)
{
	struct lens_side in = lens_program_inputs(edge->down);
	struct lens_side out = lens_program_outputs(edge->down);
	struct json_value made, *bases;
	struct lens_args args = {.singleton = f->id.singleton, .inputs = p->inputs};
	const struct lens_output *outputs;
	struct atoms a, b;
	struct atoms_diff diff = {.a = &a, .b = &b};
	bool all = in.count <= PREVIEW_INPUTS_MAX;
	int rc;

	bases = arena_calloc(&p->arena, out.count, sizeof(*bases));
	args.key = preview_key(p, &f->id);
	args.bases = bases;
	if (!bases || !args.key.ptr)
		return error_nomem(error);
	for (size_t i = 1; i < out.count; i++)
		bases[i] = JSON_ABSENT;
	if (preview_read(p, 0, f->body, &p->inputs[0]) ||
	    preview_read(p, 1, older->revisions[0].body, &bases[0]))
		return 0; /* that they cannot be read is told by a run */
	rc = all ? preview_parts(p, f, edge->down, &all, error) : 0;
	if (rc || !all)
		return rc;
	rc = lens_apply(p->worker, edge->down, &args, &outputs, NULL);
	if (rc)
		return rc == CF_ERR_NOMEM ? error_nomem(error) : 0;
	rc = preview_read(p, 2, outputs[0].text, &made);
	if (rc || atoms_of(bases[0], &p->rules, &p->arena, &a) ||
	    atoms_of(made, &p->rules, &p->arena, &b))
		return error_nomem(error);
	if (!atoms_diff_next(&diff))
		return 0;
	preview_row(p, edge->older[0])->differs++;
	return tell(p, f, older->id, &diff, error);
}

static int compare_older(struct preview *p, const struct family_of *f, struct cf_error *error)
{
	const struct catalog_edge *edges;
	size_t count = catalog_edges(p->catalog, &edges);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct catalog_major *older = edges[i].older[0];
		const struct cf_record *record;

		if (edges[i].newer[0] != f->id.major || older->type != f->id.type)
			continue;
		record = &f->sisters[older - f->id.type->majors];
		if (preview_exists(record))
			rc = compare_pair(p, f, &edges[i], record, error);
	}
	return rc;
}

/* --- one document ---------------------------------------------------------------------- */

/* What is damaged is there, too. */
static bool is_known(const struct cf_record *record)
{
	return record->code || preview_exists(record);
}

/* What is missing of a thing is made at the first of its documents. */
static int make_missing(struct preview *p, const struct family_of *f, struct cf_error *error)
{
	const struct catalog_type *type = f->id.type;
	size_t own = (size_t)(f->id.major - type->majors);
	int rc = 0;

	for (size_t i = 0; i < own; i++)
		if (type->majors[i].supported && is_known(&f->sisters[i]))
			return 0;
	for (size_t i = 0; i < type->major_count && rc == 0; i++)
		if (i != own && type->majors[i].supported && !is_known(&f->sisters[i]))
			rc = preview_make(p, f, &type->majors[i], error);
	return rc;
}

static int look_at(struct preview *p, const struct family_of *f, struct cf_error *error)
{
	struct sync_preview *row = preview_row(p, f->id.major);
	struct json_value body;
	int rc;

	row->documents++;
	rc = make_missing(p, f, error);
	if (rc)
		return rc;
	rc = preview_read(p, 3, f->body, &body);
	if (rc == 0)
		rc = catalog_validate(p->catalog, &f->id, body, NULL, NULL);
	row->invalid += rc != 0 && rc != CF_ERR_NOMEM;
	return rc == CF_ERR_NOMEM ? error_nomem(error) : compare_older(p, f, error);
}

/* --- pages ----------------------------------------------------------------------------- */

/* By its id, or where that says nothing by its members. */
static int identify(struct preview *p, const struct cf_record *record, struct catalog_id *ret)
{
	struct json_value body;
	int rc = catalog_identify_id(p->catalog, record->id, ret, NULL);

	if (!ret->undecided)
		return rc;
	rc = preview_read(p, 3, record->revisions[0].body, &body);
	if (rc == 0)
		rc = catalog_identify(p->catalog, body, record->id, ret, NULL);
	ret->key = record->id;
	return rc;
}

/* Those of versions that are served, with the ids of their sisters. */
static int list_families(struct preview *p, const struct cf_record *records, size_t count,
			 struct family_of *families, size_t *ret_count, struct cf_get **ret_gets,
			 size_t *ret_gets_count)
{
	size_t gets = 0;

	*ret_count = 0;
	*ret_gets = arena_calloc(&p->arena, count * LIMIT_MAJORS, sizeof(**ret_gets));
	if (!*ret_gets)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct family_of *f = &families[*ret_count];

		if (!is_known(&records[i]) || identify(p, &records[i], &f->id) || !f->id.major)
			continue;
		f->document = records[i].id;
		f->body = records[i].code ? STR("") : records[i].revisions[0].body;
		++*ret_count;
		for (size_t k = 0; k < f->id.type->major_count; k++)
			if (format_id(p, &f->id, f->id.type, f->id.type->majors[k].major,
				      &(*ret_gets)[gets++].id))
				return CF_ERR_NOMEM;
	}
	*ret_gets_count = gets;
	return 0;
}

/* Under an id that says nothing, another document may stand than the sister that was meant. */
static void leave_out_others(struct preview *p, const struct catalog_type *type,
			     struct cf_record *sisters)
{
	for (size_t i = 0; i < type->major_count; i++) {
		struct cf_record *record = &sisters[i];
		struct catalog_id is = {.type = NULL};

		if (!type->majors[i].recognised || !preview_exists(record))
			continue;
		if (identify(p, record, &is) || is.major != &type->majors[i])
			*record = (struct cf_record){.id = record->id};
	}
}

static int take_page(struct preview *p, const struct cf_record *records, size_t count,
		     struct cf_error *error)
{
	struct family_of *families = arena_calloc(&p->arena, count + 1, sizeof(*families));
	struct cf_record *sisters;
	struct cf_get *gets;
	size_t found = 0, get_count = 0, at = 0;
	int rc;

	if (!families || list_families(p, records, count, families, &found, &gets, &get_count))
		return error_nomem(error);
	sisters = arena_calloc(&p->arena, get_count + 1, sizeof(*sisters));
	if (!sisters)
		return error_nomem(error);
	rc = get_count ? store_get(p->store, gets, get_count, CF_READ_BODIES, &p->arena, sisters,
				   error)
		       : 0;
	for (size_t i = 0; i < get_count; i++)
		sisters[i].id = gets[i].id;
	for (size_t i = 0; i < found && rc == 0; i++) {
		families[i].sisters = &sisters[at];
		leave_out_others(p, families[i].id.type, &sisters[at]);
		at += families[i].id.type->major_count;
		rc = look_at(p, &families[i], error);
	}
	return rc;
}

static int next_page(struct preview *p, bool *ret_end, struct cf_error *error)
{
	struct cf_scan scan = {
		.limit = PAGE, .after = buf_view(&p->after), .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count = 0;
	int rc;

	arena_reset(&p->arena);
	rc = store_scan(p->store, &scan, &p->arena, &records, &count, error);
	*ret_end = count < PAGE;
	if (rc == 0 && count)
		rc = take_page(p, records, count, error);
	if (rc || *ret_end)
		return rc;
	buf_clear(&p->after);
	return buf_str(&p->after, records[count - 1].id) ? error_nomem(error) : 0;
}

static int list_rows(const struct catalog *catalog, struct cf_arena *arena,
		     struct sync_preview *ret)
{
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];
			struct sync_preview *row = &ret[major_index(major)];

			row->version = arena_printf(arena, "%.*s@%u", STR_ARG(types[i].name),
						    major->major);
			if (!row->version.ptr)
				return CF_ERR_NOMEM;
		}
	return 0;
}

int sync_preview(struct cf_store *store, const struct catalog *catalog,
		 const struct sync_preview_how *how, struct cf_arena *arena,
		 struct sync_preview **ret, size_t *ret_count, struct cf_error *error)
{
	const struct lens_identity *identity = catalog_identity(catalog);
	const struct catalog_type *types;
	size_t count = catalog_types(catalog, &types) * LIMIT_MAJORS, kept = 0;
	struct preview p = {.store = store, .catalog = catalog, .how = how, .mem = arena->mem};
	bool end = false;
	int rc;

	p.rules = (struct atom_rules){.type_field = identity->type_field,
				      .version_field = identity->version_field};
	arena_init(&p.arena, arena->mem);
	buf_init(&p.scratch, arena->mem);
	buf_init(&p.after, arena->mem);
	for (size_t i = 0; i < ARRAY_LEN(p.docs); i++)
		json_doc_init(&p.docs[i], arena->mem);
	for (size_t i = 0; i < ARRAY_LEN(p.parts); i++)
		json_doc_init(&p.parts[i], arena->mem);
	p.worker = lens_worker_new(arena->mem);
	p.rows = arena_calloc(arena, count + 1, sizeof(*p.rows));
	rc = p.worker && p.rows && list_rows(catalog, arena, p.rows) == 0 ? 0 : error_nomem(error);
	while (rc == 0 && !end) {
		rc = next_page(&p, &end, error);
		if (rc == 0 && how->go_on && !how->go_on(how->ctx))
			rc = error_set(error, CF_ERR_INTERRUPTED, "%s", "");
	}
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (p.rows[i].version.ptr)
			p.rows[kept++] = p.rows[i];
	*ret = p.rows;
	*ret_count = kept;
	lens_worker_free(p.worker);
	for (size_t i = 0; i < ARRAY_LEN(p.docs); i++)
		json_doc_fini(&p.docs[i]);
	for (size_t i = 0; i < ARRAY_LEN(p.parts); i++)
		json_doc_fini(&p.parts[i]);
	buf_fini(&p.after);
	buf_fini(&p.scratch);
	arena_fini(&p.arena);
	return rc;
}
