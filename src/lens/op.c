/* The ops table. */
#include "lens/op.h"

#include <stdarg.h>
#include <stdio.h>

#define ARGS(...)                         \
	(const struct lens_op_argument[]) \
	{                                 \
		__VA_ARGS__,              \
		{                         \
			NULL, NULL, false \
		}                         \
	}

static const struct lens_op op_table[OP_COUNT] = {
	[OP_ADD] = {"add", "a field appears with its default; going down it goes away",
		    ARGS({"name", "the field", true}, {"type", "its JSON type or types", false},
			 {"default", "its value where nothing else says one", false},
			 {"required", "for Cambria's files; the schema decides", false},
			 {"items", "for Cambria's files: type of the elements", false})},
	[OP_REMOVE] = {"remove", "a field goes away; going down it appears with its default",
		       ARGS({"name", "the field", true}, {"type", "its JSON type or types", false},
			    {"default", "its value where nothing else says one", false},
			    {"required", "for Cambria's files; the schema decides", false},
			    {"items", "for Cambria's files: type of the elements", false})},
	[OP_RENAME] = {"rename", "a field gets another name and stays where it stands",
		       ARGS({"source", "its name in the older version", true},
			    {"destination", "its name in the newer version", true})},
	[OP_HOIST] = {"hoist", "a field leaves a nested object",
		      ARGS({"host", "the nested object", true}, {"name", "the field", true})},
	[OP_PLUNGE] = {"plunge", "a field goes into a nested object",
		       ARGS({"host", "the nested object", true}, {"name", "the field", true})},
	[OP_WRAP] = {"wrap", "a value becomes an array of one element (null: of none)",
		     ARGS({"name", "the field", true})},
	[OP_HEAD] = {"head", "an array becomes its first element (of none: null)",
		     ARGS({"name", "the field", true})},
	[OP_IN] = {"in", "ops inside a nested value",
		   ARGS({"name", "the nested value", true}, {"lens", "the ops", true})},
	[OP_MAP] = {"map", "ops on each element of an array; used inside `in`",
		    ARGS({"lens", "the ops; needed without `as` and `only`", false},
			 {"key", "the field by which elements are matched", false},
			 {"as", "each element becomes an object that has it in this field", false},
			 {"only", "each element, an object, becomes its value of this field",
			  false})},
	[OP_CONVERT] = {"convert", "values are looked up in a table",
			ARGS({"name", "the field", true},
			     {"mapping", "two tables: up, and down", false},
			     {"default", "what any other value becomes: [up, down]", false},
			     {"other", "keep: any other value stays as it is", false},
			     {"absent",
			      "{up: VALUE}: where the older version lacks the field, the newer one "
			      "has this; {down: VALUE}: the other way round",
			      false},
			     {"sourceType", "JSON type in the older version", false},
			     {"destinationType", "JSON type in the newer version", false})},
	[OP_SCALE] = {"scale", "a number times `by`, and `offset`; exact in decimal",
		      ARGS({"name", "the field", true}, {"by", "the factor; default: 1", false},
			   {"offset", "what is added after that; default: 0", false},
			   {"digits",
			    "after the point, halves away from zero: one number for both ways, or "
			    "[up, down]",
			    false})},
	[OP_SPLIT] = {"split", "one string becomes several",
		      ARGS({"name", "the field", true}, {"into", "the fields it becomes", true},
			   {"by", "the separator; default: a space", false})},
	[OP_JOIN] = {"join", "several strings become one",
		     ARGS({"name", "the field they become", true},
			  {"into", "the fields that are joined", true},
			  {"by", "the separator; default: a space", false})},
	[OP_EXTRACT] =
		{"extract", "a part becomes a document of its own",
		 ARGS({"names", "fields that move, as NAME or {NAME: NAME IN THE PART}", false},
		      {"host", "a nested object that moves", false},
		      {"into", "TYPE@MAJOR of the part", true},
		      {"key", "same, {hash: FIELD or [FIELD...]} or {from: FIELD}", true},
		      {"reference", "the field that holds a shared part's key", false},
		      {"default", "the part that is taken where the host is absent", false})},
	[OP_EMBED] = {"embed", "a document becomes part of another: extract, the other way round",
		      ARGS({"names", "fields that come, as NAME or {NAME: NAME IN THE PART}",
			    false},
			   {"host", "the nested object they become", false},
			   {"from", "TYPE@MAJOR of the part", true},
			   {"key", "same, {hash: FIELD or [FIELD...]} or {from: FIELD}", true},
			   {"reference", "the field that holds a shared part's key", false},
			   {"default", "the part that is taken where the host is absent", false})},
	[OP_SCRIPT] = {"script", "JavaScript for what tables cannot say",
		       ARGS({"reads", "fields of the older version, which it takes", true},
			    {"writes", "fields of the newer version, which it makes", true},
			    {"up", "function (source, base) that returns the writes", true},
			    {"down", "function (source, base) that returns the reads", true})},
};

size_t lens_ops(const struct lens_op **ret)
{
	*ret = op_table;
	return OP_COUNT;
}

const char *op_kind_name(enum op_kind kind)
{
	return op_table[kind].name;
}

bool op_name_is(const struct op_name *name, struct cf_str decoded)
{
	return str_equal(name->decoded, decoded);
}

int op_error(struct cf_error *error, int code, const struct lens *lens, const struct op *op,
	     const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(error, code, "%s: %s", op_kind_name(op->kind), text);
	error_at_file(error, str_of(lens->file->path), op->line);
	return code;
}

bool op_name_begins(struct cf_str pointer, const struct op_name *name, struct cf_str *ret_rest)
{
	size_t i = 1, n = 0;

	if (pointer.len == 0)
		return false;
	for (; i < pointer.len && pointer.ptr[i] != '/'; i++) {
		char c = pointer.ptr[i];

		/* ~2: where pointers name elements, a "[" that begins a member's name. */
		if (c == '~' && i + 1 < pointer.len) {
			c = pointer.ptr[++i];
			c = c == '1' ? '/' : c == '2' ? '[' : '~';
		}
		if (n >= name->decoded.len || name->decoded.ptr[n++] != c)
			return false;
	}
	*ret_rest = (struct cf_str){pointer.ptr + i, pointer.len - i};
	return n == name->decoded.len;
}
