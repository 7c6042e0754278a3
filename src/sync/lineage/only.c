/* What only one document of a lineage can say: kept in the base with its values, so that
 * all of it can be put together again when that document is overwritten or deleted. */
#include "sync/lineage/lineage.h"

struct finding {
	struct bench *bench;
	struct lineage *lineage;
	struct json_value *documents; /* by slot, as they are to be */
};

static bool side_there(const struct finding *f, const struct crossing *way)
{
	for (size_t i = 0; i < way->input_count; i++)
		if (json_is_absent(f->documents[way->inputs[i]]))
			return false;
	return true;
}

/* What of `only` that image does not say either stays. */
static void keep_unsaid(struct atoms *only, const struct atoms *image)
{
	size_t kept = 0;

	for (size_t i = 0; i < only->count; i++)
		/* The base knows orders. */
		if (!only->at[i].order &&
		    atoms_hash_at(image, only->at[i].pointer) != only->at[i].hash)
			only->at[kept++] = only->at[i];
	only->count = kept;
}

static int look_back(const struct finding *f, const struct crossing *way, size_t output,
		     struct atoms *only)
{
	size_t index = way->outputs[output];
	const struct slot_kind *kind = f->lineage->slots[index].kind;
	struct atoms image = {NULL, 0};
	struct json_value document;
	struct image bare = {way, f->documents, true};
	struct cf_str *texts;
	int rc = image_make(f->bench, f->lineage, &bare, &texts);

	if (rc == CF_ERR_NOMEM)
		return rc;
	/* What a lens cannot make anew, nobody else says. */
	if (rc || !texts[output].ptr)
		return 0;
	if (str_equal(texts[output], json_span(f->documents[index]))) {
		only->count = 0;
		return 0;
	}
	rc = bench_read(f->bench, texts[output], &document, NULL);
	rc = rc ? rc : bench_atoms(f->bench, kind, document, &image);
	if (rc == 0)
		keep_unsaid(only, &image);
	return rc == CF_ERR_NOMEM ? rc : 0;
}

static int find_slot(const struct finding *f, size_t index)
{
	const struct family *family = f->lineage->name.family;
	const struct atoms *all = &f->lineage->result.slots[index].atoms;
	struct atoms only = {mem_alloc(f->bench->mem, (all->count + 1) * sizeof(*only.at)), 0};
	struct atoms *ret = &f->lineage->base.slots[index].only;
	bool linked = false;
	int rc = 0;

	if (!only.at)
		return CF_ERR_NOMEM;
	if (all->count)
		memcpy(only.at, all->at, all->count * sizeof(*only.at));
	only.count = all->count;
	for (size_t i = 0; i < family->link_count && rc == 0 && only.count; i++) {
		const struct crossing *ways[] = {&family->links[i].up, &family->links[i].down};

		for (size_t k = 0; k < ARRAY_LEN(ways); k++) {
			for (size_t n = 0; n < ways[k]->output_count && rc == 0; n++) {
				if (ways[k]->outputs[n] != index || !side_there(f, ways[k]))
					continue;
				linked = true;
				rc = look_back(f, ways[k], n, &only);
			}
		}
	}
	/* Without a neighbour there is nobody who could want it. */
	if (!linked)
		only.count = 0;
	/* What is left is little, mostly. */
	*ret = (struct atoms){arena_alloc(&f->bench->arena, only.count * sizeof(*only.at)),
			      only.count};
	if (ret->at && only.count)
		memcpy(ret->at, only.at, only.count * sizeof(*only.at));
	mem_free(f->bench->mem, only.at);
	return rc || ret->at ? rc : CF_ERR_NOMEM;
}

/* Made by its neighbours just now, a document says nothing that they do not. */
static bool is_made(const struct lineage *lineage, size_t index)
{
	if (!json_is_absent(lineage->agreed[index].document))
		return false;
	for (size_t i = 0; i < lineage->saved_count; i++)
		if (lineage->saved[i].slot == index)
			return false;
	return true;
}

int lineage_find_only(struct bench *bench, struct lineage *lineage)
{
	const struct family *family = lineage->name.family;
	struct finding f = {.bench = bench, .lineage = lineage};
	int rc = 0;

	f.documents = arena_calloc(&bench->arena, family->slot_count, sizeof(*f.documents));
	if (!f.documents)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < family->slot_count; i++)
		f.documents[i] = lineage->result.slots[i].document;
	for (size_t i = 0; i < family->own_count && rc == 0; i++) {
		if (json_is_absent(f.documents[i]) || is_made(lineage, i))
			lineage->base.slots[i].only = (struct atoms){NULL, 0};
		else
			rc = find_slot(&f, i);
	}
	return rc;
}
