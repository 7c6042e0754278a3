/* Any text as a lens script: it is refused, or runs and ends. */
#include "lens/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script_engine *engine = script_engine_new(&mem_heap);
	struct cf_str text = {(const char *)data, size};
	struct cf_error error;
	struct cf_buf out;
	int rc;

	if (!engine)
		return 0;
	buf_init(&out, &mem_heap);
	rc = script_call(engine, text, STR("{\"a\":\"b c\",\"n\":7}"), STR("{\"d\":[1,2]}"), &out,
			 &error);
	cf_assert(rc == 0 || rc == CF_ERR_SCRIPT || rc == CF_ERR_NOMEM);
	cf_assert(rc != 0 || (out.len >= 2 && out.ptr[0] == '{'));
	buf_fini(&out);
	script_engine_free(engine);
	return 0;
}
