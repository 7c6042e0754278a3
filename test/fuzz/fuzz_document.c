/* Documents: what is split and joined again says the same. */
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct json_value document, enum document_fields fields, struct cf_arena *arena)
{
	struct cf_error error = {0};
	struct cf_revision revision;
	struct cf_put put, again;
	struct json_doc body, joined;
	struct cf_buf out;

	if (document_split(document, fields, arena, &put, &error)) {
		cf_assert(error.message[0]);
		return;
	}
	json_doc_init(&body, &mem_heap);
	json_doc_init(&joined, &mem_heap);
	buf_init(&out, &mem_heap);
	cf_assert(json_read(&body, put.body.ptr, put.body.len, JSON_READ_DOCUMENT, &error) == 0);
	revision = (struct cf_revision){.rev = put.rev,
					.deleted = put.deleted,
					.body = put.body,
					.history = put.history,
					.history_count = put.history_count,
					.attachments = put.attachments,
					.attachment_count = put.attachment_count};
	cf_assert(document_join(put.id, &revision, &out) == 0);
	cf_assert(!memchr(out.ptr, '\n', out.len));
	cf_assert(json_read(&joined, out.ptr, out.len, JSON_READ_DOCUMENT, &error) == 0);
	cf_assert(document_split(json_root(&joined), fields, arena, &again, &error) == 0);
	cf_assert(str_equal(put.id, again.id) && str_equal(put.rev, again.rev));
	cf_assert(put.deleted == again.deleted && put.kind == again.kind);
	cf_assert(put.attachment_count == again.attachment_count);
	cf_assert(put.history_count == again.history_count);
	for (size_t i = 0; i < put.history_count; i++)
		cf_assert(str_equal(put.history[i], again.history[i]));
	json_doc_fini(&joined);
	json_doc_init(&joined, &mem_heap);
	cf_assert(json_read(&joined, again.body.ptr, again.body.len, JSON_READ_DOCUMENT, &error) ==
		  0);
	cf_assert(json_equal(json_root(&body), json_root(&joined)));
	json_doc_fini(&joined);
	json_doc_fini(&body);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_doc doc;
	struct cf_arena arena;

	json_doc_init(&doc, &mem_heap);
	arena_init(&arena, &mem_heap);
	if (json_read(&doc, (const char *)data, size, JSON_READ_DOCUMENT, NULL) == 0)
		for (int fields = DOCUMENT_PLAIN; fields <= DOCUMENT_AS_IS; fields++)
			check(json_root(&doc), (enum document_fields)fields, &arena);
	arena_fini(&arena);
	json_doc_fini(&doc);
	return 0;
}
