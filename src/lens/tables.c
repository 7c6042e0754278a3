/* Tables of `convert`: keys are what String(value) says in JavaScript, as in
 * Cambria's files; numbers are found by value. */
#include "lens/program.h"

static bool is_number_text(struct cf_str text)
{
	struct json_doc doc;
	bool number;

	if (text.len == 0 || (text.ptr[0] != '-' && (text.ptr[0] < '0' || text.ptr[0] > '9')))
		return false;
	json_doc_init(&doc, &mem_heap);
	number = json_read(&doc, text.ptr, text.len, 0, NULL) == 0 &&
		 json_kind(json_root(&doc)) == JSON_NUMBER;
	json_doc_fini(&doc);
	return number;
}

static bool row_fits(const struct op_row *row, struct json_value value)
{
	switch (json_kind(value)) {
	case JSON_STRING:
		return json_name_is(value, row->key);
	case JSON_NUMBER:
		return str_equal(json_span(value), row->key) ||
		       (is_number_text(row->key) &&
			json_number_compare(json_span(value), row->key) == 0);
	default:
		return str_equal(json_span(value), row->key);
	}
}

struct cf_str table_find(const struct op_table *table, struct json_value value)
{
	for (size_t i = 0; i < table->count; i++)
		if (row_fits(&table->rows[i], value))
			return table->rows[i].text;
	return (struct cf_str){NULL, 0};
}
