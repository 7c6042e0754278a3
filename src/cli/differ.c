/* One path is enough to find what differs, so it is walked down without recursion. */
#include "cli/differ.h"

/* The first member that only one has, or that says something else in the other. */
static int differing_member(struct json_value *a, struct json_value *b, struct cf_arena *arena,
			    struct cf_buf *pointer)
{
	struct json_value all[2] = {*a, *b};
	struct cf_str name;

	for (size_t side = 0; side < 2; side++) {
		struct json_iter it = json_iter(all[side]);

		while (json_next(&it)) {
			if (json_decode(it.name, arena, &name))
				return CF_ERR_NOMEM;
			*a = json_member(all[0], name);
			*b = json_member(all[1], name);
			if (json_is_absent(*a) || json_is_absent(*b) || !json_equal(*a, *b))
				return json_pointer_push(pointer, name);
		}
	}
	*a = *b = JSON_ABSENT;
	return 0;
}

int cli_differ(struct json_value a, struct json_value b, struct cf_arena *arena,
	       struct cf_buf *pointer, bool *ret)
{
	int rc = 0;

	buf_clear(pointer);
	*ret = !json_equal(a, b);
	while (*ret && rc == 0 && json_kind(a) == JSON_OBJECT && json_kind(b) == JSON_OBJECT)
		rc = differing_member(&a, &b, arena, pointer);
	return rc;
}
