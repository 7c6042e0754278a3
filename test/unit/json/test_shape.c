/* Reading along known shapes: the tape, or the error, of a tape that knows nothing. */
#include "check_main.h"
#include "failing.h"
#include "json/read.h"
#include "json/shape.h"

static const char *const texts[] = {
	"{\"_id\":\"todo-item@1:ab\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"Compare "
	"apples to oranges\",\"isDone\":true,\"createdAt\":\"2018-04-01T00:00:00.000Z\"}",
	"{\"_id\":\"todo-item@1:cd\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"x\","
	"\"isDone\":false,\"isImportant\":true,\"createdAt\":\"2018-04-01T00:00:00.000Z\"}",
	"{\"_id\":\"todo-item@1:cd\",\"schema\":\"todo-item\",\"version\":1,\"title\":"
	"\"\\u00e4\\\"\","
	"\"isDone\":false,\"group\":{\"name\":\"Inbox\"}}",
	"{\"a\":-0.5e+3,\"b\":[1,20,{\"c\":null,\"d\":[]},[[]],{}],\"e\":{\"f\":{\"g\":\"h\"}}}",
	"{\"a\":-0.5e+3,\"b\":[1,20,{\"c\":null,\"d\":[]},[[]],{}],\"e\":{\"f\":{\"g\":\"h\"},"
	"\"i\":0}}",
	" { \"a\" : 1 , \"b\" : [ true , false ] , \"n\\u0061me\" : { \"c\" : \"\xc3\xa9\" } }\n",
	"{\"a\":1,\"b\":[2]}",
	"{\"a\":1,\"b\":[]}",
	"{\"a\":1,\"b\":2}",
	"[\"one\",\"two\",3,4.25,1e9,true,false,null]",
	"{}",
	"[[[[1]],2],3]",
};

static void same_errors(int rc, const struct cf_error *a, const struct cf_error *b)
{
	if (rc == 0)
		return;
	ck_assert_str_eq(a->message, b->message);
	ck_assert_str_eq(a->pointer, b->pointer);
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_uint_eq(a->line, b->line);
	ck_assert_uint_eq(a->column, b->column);
}

/* From a piece of memory of its own, so that a sanitizer sees every overrun. */
static void compare(struct json_doc *knowing, const char *bytes, size_t len, bool vector)
{
	struct cf_error ours = {0}, theirs = {0};
	char *text = malloc(len ? len : 1);
	struct json_doc fresh;
	int rc, expected;

	memcpy(text, bytes, len);
	json_doc_init(&fresh, &mem_heap);
	expected = json_read_with(&fresh, text, len, JSON_READ_DOCUMENT, vector, &theirs);
	rc = json_read_with(knowing, text, len, JSON_READ_DOCUMENT, vector, &ours);
	ck_assert_msg(rc == expected, "%.*s", (int)len, text);
	same_errors(rc, &ours, &theirs);
	ck_assert_uint_eq(knowing->count, fresh.count);
	if (rc == 0)
		ck_assert_mem_eq(knowing->nodes, fresh.nodes, fresh.count * sizeof(*fresh.nodes));
	ck_assert(rc == 0 || !knowing->shape);
	json_doc_fini(&fresh);
	free(text);
}

static void teach(struct json_doc *doc)
{
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			compare(doc, texts[i], strlen(texts[i]), true);
}

START_TEST(known_texts_make_the_same_tape)
{
	struct json_doc doc;

	json_doc_init(&doc, &mem_heap);
	compare(&doc, texts[0], strlen(texts[0]), true);
	ck_assert(!doc.shape && !doc.shapes);
	teach(&doc);
	ck_assert_uint_eq(doc.shapes->shape_count, ARRAY_LEN(texts));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (int vector = 0; vector < 2; vector++) {
			uint32_t misses = doc.shapes->misses;

			compare(&doc, texts[i], strlen(texts[i]), vector);
			ck_assert(doc.shape != NULL);
			ck_assert_uint_eq(doc.shapes->misses, misses);
		}
	}
	json_doc_fini(&doc);
}
END_TEST

/* Each byte away, twice, or another one; each end cut off; each piece twice. */
START_TEST(changed_texts_end_as_ever)
{
	static const char others[] = "\"\\{}[],: \n\t0159-+.eEtfnux/\x01\x1f\x7f\x80\xc3\xa9\xff";
	struct json_doc doc;
	char text[512];

	json_doc_init(&doc, &mem_heap);
	for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
		size_t len = strlen(texts[t]);

		for (size_t i = 0; i <= len; i++) {
			teach(&doc);
			compare(&doc, texts[t], i, i % 2);
			memcpy(text, texts[t], i);
			memcpy(text + i, texts[t] + i + 1, len - i);
			compare(&doc, text, i < len ? len - 1 : len, true);
			for (size_t k = 0; k < sizeof(others); k++) {
				memcpy(text, texts[t], len + 1);
				text[i] = others[k];
				compare(&doc, text, i < len ? len : len + 1, k % 2);
				memcpy(text + i + 1, texts[t] + i, len - i);
				compare(&doc, text, len + 1, k % 2);
			}
			memcpy(text, texts[t], i);
			memcpy(text + i, texts[t] + i / 2, len - i / 2);
			compare(&doc, text, len + i - i / 2, true);
			if (doc.shapes->misses > 500)
				json_doc_fini(&doc);
		}
	}
	json_doc_fini(&doc);
}
END_TEST

START_TEST(shapes_tell_structures_apart)
{
	struct json_doc doc;
	struct json_shape *kept, *other;

	json_doc_init(&doc, &mem_heap);
	teach(&doc);
	compare(&doc, "{\"a\":1,\"b\":[2]}", 15, true);
	kept = json_shape_keep(doc.shape);
	compare(&doc, "{\"a\":\"\",\"b\":[true]}", 19, true);
	ck_assert_ptr_eq(doc.shape, kept);
	compare(&doc, "{\"a\":1,\"b\":2}", 13, true);
	ck_assert_ptr_ne(doc.shape, kept);
	other = doc.shape;
	compare(&doc, "{\"b\":1,\"a\":2}", 13, true);
	ck_assert_ptr_ne(doc.shape, other);
	json_doc_fini(&doc);
	ck_assert(!doc.shape);
	json_shape_drop(kept); /* it outlived its tape */
}
END_TEST

START_TEST(tapes_share_what_they_remember)
{
	struct json_shapes *shapes = json_shapes_new(&mem_heap);
	struct json_doc a, b;
	struct json_shape *shape;

	json_doc_init(&a, &mem_heap);
	json_doc_init(&b, &mem_heap);
	json_doc_share(&a, shapes);
	json_doc_share(&b, shapes);
	compare(&a, texts[0], strlen(texts[0]), true);
	shape = a.shape;
	ck_assert(shape != NULL);
	compare(&b, texts[0], strlen(texts[0]), true); /* it has no room yet */
	ck_assert_ptr_eq(b.shape, shape);
	compare(&b, texts[0], strlen(texts[0]), false);
	ck_assert_ptr_eq(b.shape, shape);
	ck_assert_uint_eq(shapes->shape_count, 1);
	json_doc_fini(&a);
	compare(&b, texts[0], strlen(texts[0]), true);
	ck_assert_ptr_eq(b.shape, shape);
	json_doc_share(&b, shapes);
	json_doc_fini(&b);
	json_shapes_free(shapes);
}
END_TEST

/* What never repeats does not pile up, and what repeats later is learned after all. */
START_TEST(shapes_have_limits)
{
	struct cf_buf text;
	struct json_doc doc;

	buf_init(&text, &mem_heap);
	json_doc_init(&doc, &mem_heap);
	for (int i = 0; i < 3000; i++) {
		buf_clear(&text);
		buf_printf(&text, "{\"a\":[");
		for (int k = 0; k < i % 7; k++)
			buf_printf(&text, "{\"n%d\":%d},", i, k);
		buf_printf(&text, "0],\"member-%d\":true}", i);
		compare(&doc, text.ptr, text.len, i % 2);
		ck_assert(!doc.shapes || doc.shapes->shape_count <= LIMIT_SHAPES);
	}
	for (int i = 0; i < 3000; i++)
		compare(&doc, "{\"again\":1}", 11, true);
	ck_assert(doc.shape != NULL);
	json_doc_fini(&doc);
	for (int i = 0; i < 40; i++) {
		buf_clear(&text);
		buf_printf(&text, "{\"%0*d\":1}", 20000, i);
		compare(&doc, text.ptr, text.len, i % 2);
		ck_assert(!doc.shapes || doc.shapes->bytes <= LIMIT_SHAPES_BYTES);
	}
	ck_assert(!doc.shape);
	json_doc_fini(&doc);
	buf_clear(&text);
	buf_byte(&text, '[');
	for (int i = 0; i < LIMIT_SHAPE_NODES; i++)
		buf_str(&text, STR("1,"));
	buf_str(&text, STR("1]"));
	for (int i = 0; i < 5; i++)
		compare(&doc, text.ptr, text.len, true);
	ck_assert(!doc.shapes && !doc.shape);
	json_doc_fini(&doc);
	buf_fini(&text);
}
END_TEST

/* Without memory to remember, reading goes on as ever. */
START_TEST(missing_memory_only_forgets)
{
	struct failing failing;

	/* The tape itself gets its memory. */
	for (failing_init(&failing, 1, false); !failing.done; failing_next(&failing, 1)) {
		struct json_doc doc;

		failing.at += failing.at == 0;
		json_doc_init(&doc, &failing.mem);
		for (int i = 0; i < 12; i++)
			compare(&doc, texts[i % 4], strlen(texts[i % 4]), true);
		json_doc_fini(&doc);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json-shape");
	TCase *tcase = tcase_create("shape");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, known_texts_make_the_same_tape);
	tcase_add_test(tcase, changed_texts_end_as_ever);
	tcase_add_test(tcase, shapes_tell_structures_apart);
	tcase_add_test(tcase, tapes_share_what_they_remember);
	tcase_add_test(tcase, shapes_have_limits);
	tcase_add_test(tcase, missing_memory_only_forgets);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
