/* YAML in: refused with a line, or values that can be written and read as JSON. */
#include "json/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_file file;
	struct cf_error error = {0};
	struct cf_str bytes = {(const char *)data, size};

	if (json_file_read(&file, "f.yaml", bytes, &mem_heap, &error) == 0) {
		for (uint32_t i = 0; i < file.doc.count; i++)
			if (json_file_line(&file, i) == 0)
				abort();
		json_file_fini(&file);
	} else if (error.message[0] == '\0') {
		abort();
	}
	return 0;
}
