/* The workbench, and the small pieces that all steps of a lineage use. */
#include "sync/lineage.h"

int bench_init(struct bench *bench, const struct registry *registry, struct cf_store *store,
	       const struct cf_mem *mem)
{
	const struct lens_identity *identity = catalog_identity(registry->catalog);

	*bench = (struct bench){.registry = registry, .mem = mem, .store = store};
	arena_init(&bench->arena, mem);
	buf_init(&bench->scratch, mem);
	bench->rules = (struct atom_rules){.type_field = identity->type_field,
					   .version_field = identity->version_field};
	bench->worker = lens_worker_new(mem);
	return bench->worker ? 0 : CF_ERR_NOMEM;
}

void bench_fini(struct bench *bench)
{
	for (size_t i = 0; i < bench->tape_count; i++) {
		json_doc_fini(bench->tapes[i]);
		mem_free(bench->mem, bench->tapes[i]);
	}
	mem_free(bench->mem, bench->tapes);
	lens_worker_free(bench->worker);
	buf_fini(&bench->scratch);
	arena_fini(&bench->arena);
	*bench = (struct bench){.mem = bench->mem};
}

void bench_reset(struct bench *bench)
{
	arena_reset(&bench->arena);
	bench->tape_used = 0;
	bench->parts = (struct parts){.buckets = NULL};
}

static struct json_doc *next_tape(struct bench *bench)
{
	if (bench->tape_used == bench->tape_count) {
		size_t count = bench->tape_count ? bench->tape_count * 2 : 64;
		struct json_doc **tapes =
			mem_resize(bench->mem, bench->tapes, count * sizeof(struct json_doc *));

		if (!tapes)
			return NULL;
		bench->tapes = tapes;
		for (; bench->tape_count < count; bench->tape_count++) {
			tapes[bench->tape_count] = mem_alloc(bench->mem, sizeof(struct json_doc));
			if (!tapes[bench->tape_count])
				break;
			json_doc_init(tapes[bench->tape_count], bench->mem);
		}
		if (bench->tape_used == bench->tape_count)
			return NULL;
	}
	return bench->tapes[bench->tape_used++];
}

int bench_read(struct bench *bench, struct cf_str text, struct json_value *ret,
	       struct cf_error *error)
{
	struct json_doc *doc = next_tape(bench);
	int rc;

	if (!doc)
		return error_nomem(error);
	rc = json_read(doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);
	if (rc == 0)
		*ret = json_root(doc);
	return rc;
}

int bench_keep(struct bench *bench, struct cf_str text, struct json_value *ret,
	       struct cf_error *error)
{
	struct cf_str copy = arena_dup(&bench->arena, text);

	return copy.ptr ? bench_read(bench, copy, ret, error) : error_nomem(error);
}

int bench_atoms(struct bench *bench, struct json_value document, struct atoms *ret)
{
	*ret = (struct atoms){NULL, 0};
	return json_is_absent(document) ? 0 : atoms_of(document, &bench->rules, &bench->arena, ret);
}

int lineage_init(struct bench *bench, struct lineage *lineage, const struct lineage_name *name)
{
	const struct family *family = name->family;
	int rc;

	*lineage = (struct lineage){.name = *name};
	lineage->name.key = arena_dup(&bench->arena, name->key);
	lineage->slots = arena_calloc(&bench->arena, family->slot_count, sizeof(struct slot));
	if (!lineage->slots || !lineage->name.key.ptr)
		return CF_ERR_NOMEM;
	buf_clear(&bench->scratch);
	rc = lineage_label(name, &bench->scratch);
	lineage->label = arena_dup(&bench->arena, buf_view(&bench->scratch));
	buf_clear(&bench->scratch);
	if (rc == 0)
		rc = json_write_string_inner(name->key, &bench->scratch);
	lineage->key_json = arena_dup(&bench->arena, buf_view(&bench->scratch));
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		struct slot *slot = &lineage->slots[i];

		slot->kind = &family->slots[i];
		slot->index = i;
		if (slot->kind->shared)
			continue;
		buf_clear(&bench->scratch);
		rc = catalog_format_id(bench->registry->catalog, slot->kind->major->type->name,
				       slot->kind->major->major, name->key, name->singleton,
				       &bench->scratch);
		slot->id = arena_dup(&bench->arena, buf_view(&bench->scratch));
	}
	return rc;
}

struct edit *edits_find(const struct edits *edits, struct cf_str pointer)
{
	for (size_t i = 0; i < edits->count; i++)
		if (!edits->at[i]->dropped && str_equal(edits->at[i]->pointer, pointer))
			return edits->at[i];
	return NULL;
}

int edits_add(struct bench *bench, struct edits *edits, struct edit edit)
{
	struct edit *copy = arena_alloc(&bench->arena, sizeof(*copy));

	if (edits->count == edits->cap) {
		size_t cap = edits->cap ? edits->cap * 2 : 8;
		struct edit **grown = arena_alloc(&bench->arena, cap * sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (edits->count)
			memcpy(grown, edits->at, edits->count * sizeof(*grown));
		edits->at = grown;
		edits->cap = cap;
	}
	if (!copy)
		return CF_ERR_NOMEM;
	*copy = edit;
	if (!copy->origin)
		copy->origin = copy;
	edits->at[edits->count++] = copy;
	return 0;
}

int slot_set(struct bench *bench, struct slot *slot, struct json_value document)
{
	slot->current = document;
	return bench_atoms(bench, document, &slot->atoms);
}

int slot_patch(struct bench *bench, struct slot *slot, const struct atom *changes, size_t count,
	       struct cf_error *error)
{
	struct json_value document;
	int rc;

	buf_clear(&bench->scratch);
	rc = atoms_patch(slot->current, changes, count, bench->mem, &bench->scratch);
	if (rc)
		return error_nomem(error);
	rc = bench_keep(bench, buf_view(&bench->scratch), &document, error);
	return rc ? rc : slot_set(bench, slot, document);
}
