/* Answers cut into elements: however they arrive, and the elements of good JSON are good. */
#include "store/couchdb/split.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct cf_buf text;
	size_t count;
	bool all_json;
};

static int note(void *ctx, struct cf_str text)
{
	struct seen *seen = ctx;
	struct json_doc doc;

	json_doc_init(&doc, &mem_heap);
	if (json_read(&doc, text.ptr, text.len, JSON_READ_DUPLICATE_NAMES, NULL))
		seen->all_json = false;
	json_doc_fini(&doc);
	seen->count++;
	buf_byte(&seen->text, '\n');
	return buf_str(&seen->text, text);
}

static void run(const uint8_t *data, size_t size, size_t piece, struct seen *seen,
		struct split *split)
{
	*seen = (struct seen){.all_json = true};
	buf_init(&seen->text, &mem_heap);
	split_init(split, note, seen, &mem_heap);
	for (size_t i = 0; i < size; i += piece)
		cf_assert(split_feed(split, (const char *)data + i,
				     piece < size - i ? piece : size - i) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, bytes;
	struct split a, b;
	struct json_doc doc;

	if (size == 0 || size > 65536)
		return 0;
	run(data, size, size, &whole, &a);
	run(data, size, 1, &bytes, &b);
	cf_assert(whole.count == bytes.count);
	cf_assert(str_equal(buf_view(&whole.text), buf_view(&bytes.text)));
	cf_assert(str_equal(buf_view(&a.rest), buf_view(&b.rest)));
	json_doc_init(&doc, &mem_heap);
	if (json_read(&doc, (const char *)data, size, JSON_READ_DUPLICATE_NAMES, NULL) == 0) {
		cf_assert(split_complete(&a) && whole.all_json);
		if (json_kind(json_root(&doc)) == JSON_ARRAY)
			cf_assert(whole.count == json_count(json_root(&doc)));
		cf_assert(json_read(&doc, a.rest.ptr, a.rest.len, JSON_READ_DUPLICATE_NAMES,
				    NULL) == 0);
	}
	json_doc_fini(&doc);
	split_fini(&a);
	split_fini(&b);
	buf_fini(&whole.text);
	buf_fini(&bytes.text);
	return 0;
}
