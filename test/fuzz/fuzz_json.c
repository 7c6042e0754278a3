/* Text in: both scanners make the same tape, and so does a reader that knows the shape;
 * written and read again it is equal. */
#include "json/read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held)
{
	if (!held)
		abort();
}

static void read_again(struct json_value value, int (*write)(struct json_value, struct cf_buf *))
{
	struct cf_buf out;
	struct json_doc doc;

	buf_init(&out, &mem_heap);
	json_doc_init(&doc, &mem_heap);
	expect(write(value, &out) == 0);
	expect(json_read(&doc, out.ptr, out.len, JSON_READ_DUPLICATE_NAMES, NULL) == 0);
	expect(json_equal(value, json_root(&doc)) && json_equal(json_root(&doc), value));
	expect(json_hash64(value) == json_hash64(json_root(&doc)));
	buf_fini(&out);
	json_doc_fini(&doc);
}

/* Each value is found where its pointer says, and strings survive decoding. */
static void look_at_all(const struct json_doc *doc)
{
	struct cf_arena arena;
	struct cf_buf text;

	arena_init(&arena, &mem_heap);
	buf_init(&text, &mem_heap);
	for (uint32_t i = 0; i < doc->count && i < 200; i++) {
		struct json_value value = {doc, i};
		struct cf_str decoded;

		buf_clear(&text);
		expect(json_pointer_of(value, &text) == 0);
		if (json_kind(value) != JSON_KEY)
			expect(json_equal(json_pointer_get(json_root(doc), buf_view(&text)),
					  value));
		if (json_kind(value) != JSON_STRING)
			continue;
		buf_clear(&text);
		expect(json_decode(value, &arena, &decoded) == 0);
		expect(json_write_string(decoded, &text) == 0);
		expect(json_name_is(value, decoded));
	}
	buf_fini(&text);
	arena_fini(&arena);
}

/* A tape that knows the text's shape reads it, and texts like it, as one that knows none. */
static void read_knowing(struct json_doc *knowing, const char *text, size_t size, bool vector)
{
	struct json_doc fresh;
	struct cf_error ea = {0}, eb = {0};
	int rc;

	json_doc_init(&fresh, &mem_heap);
	rc = json_read_with(&fresh, text, size, JSON_READ_DOCUMENT, vector, &ea);
	expect(rc == json_read_with(knowing, text, size, JSON_READ_DOCUMENT, vector, &eb));
	expect(ea.offset == eb.offset && fresh.count == knowing->count);
	if (rc == 0)
		expect(memcmp(fresh.nodes, knowing->nodes, fresh.count * sizeof(*fresh.nodes)) ==
		       0);
	json_doc_fini(&fresh);
}

static void read_often(const char *text, size_t size)
{
	struct json_doc doc;
	char *other = malloc(size + 1);

	json_doc_init(&doc, &mem_heap);
	memcpy(other, text, size);
	other[size] = 0;
	for (int i = 0; i < 4; i++)
		read_knowing(&doc, text, size, i % 2);
	for (size_t i = 0; i < size; i += 1 + size / 16) {
		other[i] ^= 1 << (i % 8);
		read_knowing(&doc, other, size, i % 2);
		other[i] = text[i];
		read_knowing(&doc, other, i, i % 2);
		read_knowing(&doc, other, size, true);
	}
	free(other);
	json_doc_fini(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_doc a, b;
	struct cf_error ea = {0}, eb = {0};
	int rc;

	json_doc_init(&a, &mem_heap);
	json_doc_init(&b, &mem_heap);
	rc = json_read_with(&a, text, size, JSON_READ_DOCUMENT, true, &ea);
	expect(rc == json_read_with(&b, text, size, JSON_READ_DOCUMENT, false, &eb));
	expect(ea.offset == eb.offset && a.count == b.count);
	if (rc == 0) {
		expect(memcmp(a.nodes, b.nodes, a.count * sizeof(*a.nodes)) == 0);
		read_again(json_root(&a), json_write);
		read_again(json_root(&a), json_write_compact);
		look_at_all(&a);
		read_often(text, size);
	}
	json_doc_fini(&a);
	json_doc_fini(&b);
	return 0;
}
