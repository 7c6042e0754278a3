/* {"lens": [ops], "doc": …, "base": …}: compiled or refused; up and down and up again;
 * and a document of a known shape becomes what one that is read afresh becomes. */
#include "lens/lens.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int apply(struct lens_worker *worker, const struct lens_program *program,
		 struct json_value input, struct json_value base, struct cf_buf *out)
{
	struct json_value inputs[LIMIT_LENS_CHAIN] = {input}, bases[LIMIT_LENS_CHAIN] = {base};
	struct lens_args args = {.inputs = inputs, .bases = json_is_absent(base) ? NULL : bases};
	const struct lens_output *made;
	int rc = lens_apply(worker, program, &args, &made, NULL);

	return rc ? rc : buf_str(out, made[0].text);
}

static void expect(bool held)
{
	if (!held)
		abort();
}

/* The last of several readings, in which the worker has a plan, against the machine. */
static void apply_often(const struct lens_program *program, struct json_value input)
{
	struct lens_worker *planning = lens_worker_new(&mem_heap);
	struct lens_worker *plain = lens_worker_new(&mem_heap);
	struct json_doc knowing;
	struct cf_buf text, made, expected;

	buf_init(&text, &mem_heap);
	buf_init(&made, &mem_heap);
	buf_init(&expected, &mem_heap);
	json_doc_init(&knowing, &mem_heap);
	json_write(input, &text);
	for (int i = 0; i < 4; i++) {
		struct json_doc fresh;
		int rc;

		json_doc_init(&fresh, &mem_heap);
		buf_clear(&made);
		buf_clear(&expected);
		if (json_read(&fresh, text.ptr, text.len, JSON_READ_DOCUMENT, NULL) == 0) {
			expect(json_read(&knowing, text.ptr, text.len, JSON_READ_DOCUMENT, NULL) ==
			       0);
			rc = apply(plain, program, json_root(&fresh), JSON_ABSENT, &expected);
			expect(apply(planning, program, json_root(&knowing), JSON_ABSENT, &made) ==
			       rc);
			expect(str_equal(buf_view(&made), buf_view(&expected)));
		}
		json_doc_fini(&fresh);
	}
	json_doc_fini(&knowing);
	buf_fini(&text);
	buf_fini(&made);
	buf_fini(&expected);
	lens_worker_free(planning);
	lens_worker_free(plain);
}

static void run(const struct lens *lens, struct json_value input, struct json_value base)
{
	struct lens_options options = {0};
	struct lens_link up = {lens, false}, down = {lens, true};
	struct lens_program *go_up = NULL, *go_down = NULL;
	struct lens_worker *worker = lens_worker_new(&mem_heap);
	struct cf_buf text;
	struct json_doc doc;

	buf_init(&text, &mem_heap);
	json_doc_init(&doc, &mem_heap);
	if (lens_compile(&go_up, &up, 1, &options, &mem_heap, NULL) == 0 &&
	    lens_compile(&go_down, &down, 1, &options, &mem_heap, NULL) == 0 &&
	    apply(worker, go_up, input, base, &text) == 0) {
		if (json_read(&doc, text.ptr, text.len, JSON_READ_DOCUMENT, NULL) == 0) {
			buf_clear(&text);
			(void)apply(worker, go_down, json_root(&doc), input, &text);
		}
	}
	if (go_up)
		apply_often(go_up, input);
	if (go_down)
		apply_often(go_down, input);
	json_doc_fini(&doc);
	buf_fini(&text);
	lens_program_free(go_up);
	lens_program_free(go_down);
	lens_worker_free(worker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cf_str bytes = {(const char *)data, size};
	struct json_file file, lens_only;
	struct cf_buf text;
	struct lens *lens;
	struct json_value root, ops;

	if (json_file_read(&file, "f.json", bytes, &mem_heap, NULL))
		return 0;
	root = json_file_root(&file);
	ops = json_member(root, STR("lens"));
	buf_init(&text, &mem_heap);
	if (!json_is_absent(ops)) {
		buf_str(&text, STR("{\"lens\":"));
		json_write(ops, &text);
		buf_byte(&text, '}');
		if (json_file_read(&lens_only, "l.json", buf_view(&text), &mem_heap, NULL) == 0) {
			if (lens_read(&lens, &lens_only, &mem_heap, NULL) == 0) {
				if (!json_is_absent(json_member(root, STR("doc"))))
					run(lens, json_member(root, STR("doc")),
					    json_member(root, STR("base")));
				lens_free(lens);
			}
			json_file_fini(&lens_only);
		}
	}
	buf_fini(&text);
	json_file_fini(&file);
	return 0;
}
