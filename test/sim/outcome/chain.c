/* Carrying documents along a chain, by the real lenses. */
#include "chain.h"

struct docs docs_clone(const struct chain *chain, const struct docs *docs)
{
	struct docs copy = {{NULL}};

	for (size_t v = 0; v < chain->count; v++)
		copy.at[v] = docs->at[v] ? value_clone(chain->arena, docs->at[v]) : NULL;
	return copy;
}

bool docs_alike(const struct chain *chain, const struct docs *a, const struct docs *b)
{
	for (size_t v = 0; v < chain->count; v++)
		if (!value_alike(a->at[v], b->at[v]))
			return false;
	return true;
}

/* A document as lenses and schemas read it. */
struct reading {
	struct cf_buf text;
	struct json_doc doc;
	struct json_value value;
};

static void reading_init(struct reading *reading, const struct value *document)
{
	buf_init(&reading->text, &mem_heap);
	json_doc_init(&reading->doc, &mem_heap);
	reading->value = JSON_ABSENT;
	if (!document)
		return;
	value_write(document, &reading->text);
	cf_assert(json_read(&reading->doc, reading->text.ptr, reading->text.len, 0, NULL) == 0);
	reading->value = json_root(&reading->doc);
}

static void reading_fini(struct reading *reading)
{
	json_doc_fini(&reading->doc);
	buf_fini(&reading->text);
}

/* What the lens makes of `from` over `base`; NULL: it fails. */
static struct value *apply(struct chain *chain, const struct lens_program *program,
			   const struct value *from, const struct value *base)
{
	struct lens_args args = {.key = STR("k")};
	const struct lens_output *outputs;
	struct value *made = NULL;
	struct reading source, target;

	reading_init(&source, from);
	reading_init(&target, base);
	args.inputs = &source.value;
	args.bases = base ? &target.value : NULL;
	chain->lenses_run++;
	if (lens_apply(chain->worker, program, &args, &outputs, NULL) == 0 && outputs[0].text.ptr)
		made = value_read(chain->arena, outputs[0].text);
	reading_fini(&source);
	reading_fini(&target);
	return made;
}

/* The lens between v and the version above it. */
static const struct catalog_edge *edge_at(const struct chain *chain, size_t v)
{
	const struct catalog_edge *edges;
	size_t count = catalog_edges(chain->catalog, &edges);

	for (size_t i = 0; i < count; i++)
		if (edges[i].older[0]->major == v + 1)
			return &edges[i];
	cf_assert(false);
	return NULL;
}

static struct value *up(struct chain *chain, size_t v, const struct docs *docs)
{
	return apply(chain, edge_at(chain, v)->up, docs->at[v], docs->at[v + 1]);
}

static struct value *down(struct chain *chain, size_t v, const struct docs *docs)
{
	return apply(chain, edge_at(chain, v - 1)->down, docs->at[v], docs->at[v - 1]);
}

bool chain_carry(struct chain *chain, struct docs *docs, size_t v)
{
	for (size_t i = v; i + 1 < chain->count; i++)
		if (!(docs->at[i + 1] = up(chain, i, docs)))
			return false;
	for (size_t i = v; i > 0; i--)
		if (!(docs->at[i - 1] = down(chain, i, docs)))
			return false;
	return true;
}

static bool is_valid(struct chain *chain, size_t v, const struct value *document)
{
	const struct catalog_type *types;
	struct catalog_id id = {.major_number = (uint32_t)v + 1, .key = STR("k")};
	struct reading reading;
	bool valid;

	catalog_types(chain->catalog, &types);
	id.type = types;
	id.major = catalog_major(types, (uint32_t)v + 1);
	reading_init(&reading, document);
	valid = catalog_validate(chain->catalog, &id, reading.value, NULL, NULL) == 0;
	reading_fini(&reading);
	return valid;
}

bool chain_sound(struct chain *chain, const struct docs *docs)
{
	for (size_t v = 0; v < chain->count; v++)
		if (!is_valid(chain, v, docs->at[v]))
			return false;
	for (size_t v = 0; v + 1 < chain->count; v++)
		if (!value_alike(up(chain, v, docs), docs->at[v + 1]) ||
		    !value_alike(down(chain, v + 1, docs), docs->at[v]))
			return false;
	return true;
}

bool chain_crosses(struct chain *chain, const struct docs *there, size_t v,
		   const struct value *document)
{
	struct docs docs = {{NULL}};

	if (there)
		docs = docs_clone(chain, there);
	docs.at[v] = value_clone(chain->arena, document);
	return is_valid(chain, v, document) && chain_carry(chain, &docs, v) &&
	       chain_sound(chain, &docs);
}

const struct keyed_path *chain_keyed(const struct chain *chain, size_t v, const struct path *path,
				     size_t count)
{
	struct path start = *path;

	start.count = count;
	for (size_t i = 0; i < chain->keyed_count[v]; i++)
		if (path_compare(&chain->keyed[v][i].path, &start) == 0)
			return &chain->keyed[v][i];
	return NULL;
}
