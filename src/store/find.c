/* find by reading: equality of top-level members, by value. */
#include "store/apply.h"

int find_open(const struct cf_find *find, struct cf_arena *arena, const struct cf_mem *mem,
	      struct json_doc **ret, struct cf_error *error)
{
	struct json_doc *values = arena_calloc(arena, find->condition_count, sizeof(*values));

	if (!values)
		return error_nomem(error);
	for (size_t i = 0; i < find->condition_count; i++)
		json_doc_init(&values[i], mem);
	for (size_t i = 0; i < find->condition_count; i++) {
		struct cf_str text = find->conditions[i].value;
		int rc = json_read(&values[i], text.ptr, text.len, JSON_READ_DOCUMENT, error);

		if (rc) {
			find_close(values, find->condition_count);
			return error_prefix(error, rc, "the value of a condition");
		}
	}
	*ret = values;
	return 0;
}

void find_close(struct json_doc *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_doc_fini(&values[i]);
}

int find_matches(struct json_doc *doc, struct cf_str body, const struct cf_find *find,
		 struct json_doc *values, bool *ret)
{
	int rc = json_read(doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL);

	if (rc == CF_ERR_NOMEM)
		return rc;
	*ret = rc == 0;
	for (size_t i = 0; i < find->condition_count && *ret; i++) {
		struct json_value member = json_member(json_root(doc), find->conditions[i].member);

		*ret = !json_is_absent(member) && json_equal(member, json_root(&values[i]));
	}
	return 0;
}
