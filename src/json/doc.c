/* A tape from its beginning to its end. */
#include "json/read.h"

#include "json/shape.h"

void json_doc_init(struct json_doc *doc, const struct cf_mem *mem)
{
	*doc = (struct json_doc){.mem = mem};
}

void json_doc_fini(struct json_doc *doc)
{
	if (!doc->shares)
		json_shapes_free(doc->shapes);
	mem_free(doc->mem, doc->nodes);
	*doc = (struct json_doc){.mem = doc->mem};
}
