/* Documents that $ref may name: those that were added, and the metaschemas, which
 * are read when first asked for. */
#include "schema/node.h"
#include "schema/uri.h"

struct schema_set *schema_set_new(const struct cf_mem *mem)
{
	struct schema_set *set = mem_calloc(mem, 1, sizeof(*set));

	if (set) {
		set->mem = mem;
		arena_init(&set->arena, mem);
	}
	return set;
}

struct schema_set *schema_set_free(struct schema_set *set)
{
	if (!set)
		return NULL;
	for (struct set_metaschema *m = set->metaschemas; m; m = m->next)
		schema_free(m->schema);
	for (size_t i = 0; set->built_in && i < metaschema_row_count; i++)
		json_doc_fini(&set->built_in[i]);
	arena_fini(&set->arena);
	mem_free(set->mem, set);
	return NULL;
}

int schema_set_add(struct schema_set *set, struct cf_str uri, struct json_value root,
		   struct cf_error *error)
{
	struct set_document *document = arena_calloc(&set->arena, 1, sizeof(*document));

	if (!document)
		return error_nomem(error);
	document->uri = arena_dup(&set->arena, uri_without_fragment(uri));
	if (!document->uri.ptr)
		return error_nomem(error);
	document->root = root;
	document->next = set->documents;
	set->documents = document;
	return 0;
}

static int find_built_in(struct schema_set *set, size_t row, struct json_value *ret,
			 struct cf_error *error)
{
	struct json_doc *doc;
	int rc;

	if (!set->built_in) {
		set->built_in = arena_calloc(&set->arena, metaschema_row_count, sizeof(*doc));
		if (!set->built_in)
			return error_nomem(error);
		for (size_t i = 0; i < metaschema_row_count; i++)
			json_doc_init(&set->built_in[i], set->mem);
	}
	doc = &set->built_in[row];
	if (doc->count == 0) {
		struct cf_str text = str_of(metaschema_rows[row].text);

		rc = json_read(doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);
		if (rc)
			return rc;
	}
	*ret = json_root(doc);
	return 0;
}

int set_find(struct schema_set *set, struct cf_str uri, struct json_value *ret,
	     struct cf_error *error)
{
	*ret = JSON_ABSENT;
	for (struct set_document *d = set->documents; d; d = d->next) {
		if (str_equal(d->uri, uri)) {
			*ret = d->root;
			return 0;
		}
	}
	for (size_t i = 0; i < metaschema_row_count; i++)
		if (str_equal(str_of(metaschema_rows[i].uri), uri))
			return find_built_in(set, i, ret, error);
	return 0;
}
