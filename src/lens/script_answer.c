/* What a script returns, copied before it is written as JSON. */
#include "lens/script_inside.h"

#include "json/json.h"

#include <stdio.h>

/* The way to the value at hand, innermost first. */
struct way {
	const struct way *outer;
	const char *name; /* of a member; NULL: an element */
	unsigned index;
};

static void write_way(const struct way *way, struct cf_buf *out)
{
	if (!way)
		return;
	write_way(way->outer, out);
	if (way->name)
		json_pointer_push(out, str_of(way->name));
	else
		json_pointer_push_index(out, way->index);
}

static void refuse(duk_context *duk, const struct way *way, const char *what)
{
	struct cf_buf pointer;
	char at[200];

	buf_init(&pointer, script_engine_mem(script_engine_of(duk)));
	write_way(way, &pointer);
	(void)snprintf(at, sizeof(at), "%.*s", (int)pointer.len, pointer.ptr ? pointer.ptr : "");
	buf_fini(&pointer); /* before the throw, which leaves from here */
	(void)duk_error(duk, DUK_ERR_TYPE_ERROR, "it returns what JSON cannot say, at %s: %s", at,
			what);
}

static bool is_boxed(duk_context *duk)
{
	bool boxed;

	duk_get_prototype(duk, -1);
	boxed = script_engine_is_boxed(script_engine_of(duk), duk_get_heapptr(duk, -1));
	duk_pop(duk);
	return boxed;
}

static void check_value(duk_context *duk, const struct way *way)
{
	if (duk_is_number(duk, -1)) {
		double n = duk_get_number(duk, -1);

		if (n != n || n - n != 0)
			refuse(duk, way, n != n ? "NaN" : n > 0 ? "Infinity" : "-Infinity");
	} else if (duk_is_callable(duk, -1)) {
		refuse(duk, way, "a function");
	} else if (duk_is_object(duk, -1) && !duk_is_array(duk, -1)) {
		bool calls;

		if (duk_is_error(duk, -1) || is_boxed(duk))
			refuse(duk, way, "an object that is no plain one");
		duk_get_prop_string(duk, -1, "toJSON");
		calls = duk_is_callable(duk, -1);
		duk_pop(duk);
		if (calls)
			refuse(duk, way, "toJSON");
	}
}

static void copy_value(duk_context *duk, struct script_engine *engine, const struct way *way,
		       unsigned depth);

static void copy_array(duk_context *duk, struct script_engine *engine, const struct way *way,
		       unsigned depth)
{
	duk_size_t length = duk_get_length(duk, -1);

	duk_push_array(duk);
	for (duk_size_t i = 0; i < length; i++) {
		struct way inner = {way, NULL, (unsigned)i};

		duk_get_prop_index(duk, -2, (duk_uarridx_t)i);
		if (duk_is_undefined(duk, -1))
			refuse(duk, &inner, "undefined in an array");
		copy_value(duk, engine, &inner, depth + 1);
		duk_put_prop_index(duk, -2, (duk_uarridx_t)i);
	}
}

static void copy_members(duk_context *duk, struct script_engine *engine, const struct way *way,
			 unsigned depth)
{
	duk_push_object(duk);
	duk_enum(duk, -2, DUK_ENUM_OWN_PROPERTIES_ONLY);
	while (duk_next(duk, -1, 1)) {
		struct way inner = {way, duk_get_string(duk, -2), 0};

		if (duk_is_undefined(duk, -1)) {
			duk_pop_2(duk);
			continue;
		}
		copy_value(duk, engine, &inner, depth + 1);
		duk_put_prop(duk, -4);
	}
	duk_pop(duk);
}

/* Puts a copy in the place of what is on top. Each value is looked at once, so that an
 * accessor cannot say something else when it is written; what JSON would drop or make null
 * is refused. */
static void copy_value(duk_context *duk, struct script_engine *engine, const struct way *way,
		       unsigned depth)
{
	enum { DEPTH_MAX = 200, STACK_A_LEVEL = 12 };

	script_spend(engine, 1);
	check_value(duk, way);
	if (!duk_is_object(duk, -1))
		return;
	if (depth >= DEPTH_MAX)
		(void)duk_error(duk, DUK_ERR_TYPE_ERROR, "it returns what nests too deeply");
	duk_require_stack(duk, STACK_A_LEVEL);
	if (duk_is_array(duk, -1))
		copy_array(duk, engine, way, depth);
	else
		copy_members(duk, engine, way, depth);
	duk_remove(duk, -2);
}

void script_copy_answer(duk_context *duk)
{
	copy_value(duk, script_engine_of(duk), NULL, 0);
}
