/* {"schema": ..., "data": ...}: compiled or refused, then validated. */
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct schema *schema = NULL;
	struct json_doc doc;
	struct json_value at, instance;

	json_doc_init(&doc, &mem_heap);
	if (json_read(&doc, (const char *)data, size, JSON_READ_DOCUMENT, NULL) == 0) {
		at = json_member(json_root(&doc), STR("schema"));
		instance = json_member(json_root(&doc), STR("data"));
		if (!json_is_absent(at) && !json_is_absent(instance) &&
		    schema_compile(&schema, NULL, at, STR(""), SCHEMA_ASSERT_FORMAT, &mem_heap,
				   NULL) == 0)
			(void)schema_validate(schema, instance, NULL, NULL);
	}
	schema_free(schema);
	json_doc_fini(&doc);
	return 0;
}
