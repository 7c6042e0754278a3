/* The workbench, and the small pieces that all steps of a lineage use. */
#include "sync/lineage/lineage.h"

/* What a document above that leaves behind is given back. */
enum { TAPE_KEEP_NODES = 16 * 1024, SCRATCH_KEEP_BYTES = 256 * 1024 };

int bench_init(struct bench *bench, const struct registry *registry, struct cf_store *store,
	       const struct state *state, const struct cf_mem *mem)
{
	const struct lens_identity *identity = catalog_identity(registry->catalog);

	*bench = (struct bench){.registry = registry, .mem = mem, .store = store, .state = state};
	arena_init(&bench->arena, mem);
	arena_init(&bench->batch, mem);
	buf_init(&bench->scratch, mem);
	bench->rules = (struct atom_rules){.type_field = identity->type_field,
					   .version_field = identity->version_field};
	bench->worker = lens_worker_new(mem);
	bench->shapes = json_shapes_new(mem);
	bench->settler = settler_new(registry, mem);
	return bench->worker && bench->shapes && bench->settler ? 0 : CF_ERR_NOMEM;
}

static void tapes_fini(struct tapes *tapes, const struct cf_mem *mem)
{
	for (size_t i = 0; i < tapes->count; i++) {
		json_doc_fini(tapes->at[i]);
		mem_free(mem, tapes->at[i]);
	}
	mem_free(mem, tapes->at);
}

void bench_fini(struct bench *bench)
{
	tapes_fini(&bench->tapes, bench->mem);
	tapes_fini(&bench->batch_tapes, bench->mem);
	json_shapes_free(bench->shapes);
	lens_worker_free(bench->worker);
	if (bench->settler)
		settler_free(bench->settler);
	buf_fini(&bench->scratch);
	arena_fini(&bench->arena);
	arena_fini(&bench->batch);
	*bench = (struct bench){.mem = bench->mem};
}

/* Of usual documents they are used again; those of large ones are given back. */
static void tapes_reset(struct tapes *tapes, struct bench *bench)
{
	for (size_t i = 0; i < tapes->used; i++) {
		struct json_doc *doc = tapes->at[i];

		if (doc->cap <= TAPE_KEEP_NODES)
			continue;
		json_doc_fini(doc);
		json_doc_init(doc, bench->mem);
		json_doc_share(doc, bench->shapes);
	}
	tapes->used = 0;
}

void bench_next(struct bench *bench)
{
	arena_reset(&bench->arena);
	tapes_reset(&bench->tapes, bench);
	if (bench->scratch.cap > SCRATCH_KEEP_BYTES)
		buf_fini(&bench->scratch);
}

void bench_reset(struct bench *bench)
{
	bench_next(bench);
	arena_reset(&bench->batch);
	tapes_reset(&bench->batch_tapes, bench);
	bench->parts = (struct parts){.buckets = NULL};
	bench->needs = (struct needs){.buckets = NULL};
}

static struct json_doc *next_tape(struct bench *bench, struct tapes *tapes)
{
	const struct cf_mem *mem = bench->mem;

	if (tapes->used == tapes->count) {
		struct json_doc **grown =
			mem_resize(mem, tapes->at, (tapes->count + 1) * sizeof(struct json_doc *));
		struct json_doc *doc;

		if (!grown)
			return NULL;
		tapes->at = grown;
		doc = mem_alloc(mem, sizeof(*doc));
		if (!doc)
			return NULL;
		json_doc_init(doc, mem);
		json_doc_share(doc, bench->shapes);
		grown[tapes->count++] = doc;
	}
	return tapes->at[tapes->used++];
}

static int read_on(struct bench *bench, struct tapes *tapes, struct cf_str text,
		   struct json_value *ret, struct cf_error *error)
{
	struct json_doc *doc = next_tape(bench, tapes);
	int rc;

	if (!doc)
		return error_nomem(error);
	rc = json_read(doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);
	if (rc == 0)
		*ret = json_root(doc);
	return rc;
}

int bench_read(struct bench *bench, struct cf_str text, struct json_value *ret,
	       struct cf_error *error)
{
	return read_on(bench, &bench->tapes, text, ret, error);
}

int bench_keep(struct bench *bench, struct cf_str text, struct json_value *ret,
	       struct cf_error *error)
{
	struct cf_str copy = arena_dup(&bench->arena, text);

	return copy.ptr ? bench_read(bench, copy, ret, error) : error_nomem(error);
}

int bench_keep_batch(struct bench *bench, struct cf_str text, struct json_value *ret,
		     struct cf_error *error)
{
	struct cf_str copy = arena_dup(&bench->batch, text);

	return copy.ptr ? read_on(bench, &bench->batch_tapes, copy, ret, error)
			: error_nomem(error);
}

struct atom_rules bench_rules(const struct bench *bench, const struct slot_kind *kind)
{
	struct atom_rules rules = bench->rules;

	rules.keyed = kind->keyed;
	return rules;
}

int bench_atoms(struct bench *bench, const struct slot_kind *kind, struct json_value document,
		struct atoms *ret)
{
	struct atom_rules rules = bench_rules(bench, kind);

	*ret = (struct atoms){NULL, 0};
	return json_is_absent(document) ? 0 : atoms_of(document, &rules, &bench->arena, ret);
}

int lineage_init(struct bench *bench, struct lineage *lineage, const struct lineage_name *name)
{
	const struct family *family = name->family;
	struct cf_buf *text = &bench->scratch;
	int rc;

	*lineage = (struct lineage){.name = *name};
	lineage->name.key = arena_dup(&bench->batch, name->key);
	lineage->slots = arena_calloc(&bench->batch, family->slot_count, sizeof(struct slot));
	if (!lineage->slots || !lineage->name.key.ptr)
		return CF_ERR_NOMEM;
	buf_clear(text);
	rc = lineage_label(name, text);
	lineage->label = arena_dup(&bench->batch, buf_view(text));
	buf_clear(text);
	if (rc == 0)
		rc = json_write_string_inner(name->key, text);
	lineage->key_json = arena_dup(&bench->batch, buf_view(text));
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		struct slot *slot = &lineage->slots[i];

		slot->kind = &family->slots[i];
		slot->index = i;
		if (slot->kind->shared)
			continue;
		buf_clear(text);
		rc = catalog_format_id(bench->registry->catalog, slot->kind->major->type->name,
				       slot->kind->major->major, name->key, name->singleton, text);
		slot->id = arena_dup(&bench->batch, buf_view(text));
	}
	return rc;
}

int bench_patch(struct bench *bench, const struct slot_kind *kind, struct json_value document,
		struct atoms *changes, struct json_value *ret)
{
	struct atom_rules rules = bench_rules(bench, kind);
	int rc;

	atoms_sort(changes->at, changes->count);
	buf_clear(&bench->scratch);
	rc = atoms_patch(document, changes->at, changes->count, &rules, bench->mem,
			 &bench->scratch);
	return rc ? rc : bench_keep(bench, buf_view(&bench->scratch), ret, NULL);
}

int lineage_add_saved(struct bench *bench, struct lineage *lineage, struct settle_saved saved,
		      struct origin origin)
{
	if (lineage->saved_count == lineage->saved_cap) {
		size_t cap = lineage->saved_cap ? lineage->saved_cap * 2 : 4;
		struct settle_saved *grown = arena_alloc(&bench->arena, cap * sizeof(*grown));
		struct origin *origins = arena_alloc(&bench->arena, cap * sizeof(*origins));

		if (!grown || !origins)
			return error_nomem(&lineage->error);
		if (lineage->saved_count) {
			memcpy(grown, lineage->saved, lineage->saved_count * sizeof(*grown));
			memcpy(origins, lineage->origins, lineage->saved_count * sizeof(*origins));
		}
		lineage->saved = grown;
		lineage->origins = origins;
		lineage->saved_cap = cap;
	}
	lineage->origins[lineage->saved_count] = origin;
	lineage->saved[lineage->saved_count++] = saved;
	return 0;
}
