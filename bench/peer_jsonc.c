/* Parse and print with json-c, as its manual shows. In a file of its own: its header and
 * jansson's declare the same names. */
#include "peers.h"

#include <json-c/json.h>

void peer_jsonc(void *ctx, uint64_t times)
{
	const struct peer_texts *texts = ctx;
	struct json_tokener *tokener = json_tokener_new();

	for (uint64_t i = 0; i < times; i++) {
		const struct peer_text *text = &texts->at[i % texts->count];
		struct json_object *root;

		json_tokener_reset(tokener);
		root = json_tokener_parse_ex(tokener, text->ptr, (int)text->len + 1);
		if (!root || !json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN))
			bench_stop("json-c refuses the document");
		json_object_put(root);
	}
	json_tokener_free(tokener);
}
