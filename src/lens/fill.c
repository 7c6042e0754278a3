/* Members that the target schema requires and the result lacks: they get the schema's
 * default, else Cambria's default by type. In objects inside the document, too, whether
 * an op looked into them or not.
 *
 * Leaves out: objects in arrays, rules other than properties and required, and objects
 * more than FILL_DEPTH deep. */
#include "lens/plan.h"

enum {
	FILL_DEPTH = 8,
	FILL_PLACES = 4096, /* of a schema that refers to itself in many places */
};

struct filler {
	struct lens_program *program;
	unsigned depth;
	unsigned places_left;
};

/* --- planning ----------------------------------------------------------------------------- */

static struct cf_str default_of_types(unsigned types)
{
	static const struct {
		unsigned type;
		const char *text;
	} defaults[] = {{SCHEMA_NULL, "null"}, {SCHEMA_STRING, "\"\""},   {SCHEMA_NUMBER, "0"},
			{SCHEMA_INTEGER, "0"}, {SCHEMA_BOOLEAN, "false"}, {SCHEMA_ARRAY, "[]"},
			{SCHEMA_OBJECT, "{}"}};

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (types & defaults[i].type)
			return str_of(defaults[i].text);
	return (struct cf_str){NULL, 0};
}

/* What says what a document is, is not filled in. */
static bool is_identity(const struct filler *f, struct cf_str name)
{
	const struct lens_identity *identity = f->program->identity;

	return f->depth == 0 && identity &&
	       (str_equal(name, identity->type_field) || str_equal(name, identity->version_field) ||
		(name.len && name.ptr[0] == '_'));
}

/* Whether a missing value of this place is an object with members of its own. */
static bool starts_empty(const struct schema_view *view)
{
	return json_is_absent(view->fallback) && view->types &&
	       str_equal(default_of_types(view->types), STR("{}"));
}

static int write_default(struct filler *f, const struct schema_view *view, struct cf_buf *out);

/* An object of what it requires. */
static int write_required(struct filler *f, const struct schema_view *view, struct cf_buf *out)
{
	struct json_value required = json_member(view->at, STR("required"));
	struct json_iter it = json_iter(required);
	size_t start = out->len;
	int rc = 0;

	buf_byte(out, '{');
	while (rc == 0 && json_kind(required) == JSON_ARRAY && json_next(&it)) {
		struct schema_view inner;
		struct cf_str name;
		size_t before = out->len;

		if (json_kind(it.value) != JSON_STRING)
			continue;
		if (json_decode(it.value, &f->program->arena, &name))
			return CF_ERR_NOMEM;
		inner = schema_view_property(view, name);
		if (out->len > start + 1)
			buf_byte(out, ',');
		json_write_string(name, out);
		buf_byte(out, ':');
		before = out->len - before;
		rc = write_default(f, &inner, out);
		/* Nothing is known of it: left out. */
		if (rc == CF_ERR_NOT_FOUND) {
			out->len -= before;
			rc = 0;
		}
	}
	buf_byte(out, '}');
	return rc ? rc : out->failed ? CF_ERR_NOMEM : 0;
}

/* NOT_FOUND: the schema does not say what to take. */
static int write_default(struct filler *f, const struct schema_view *view, struct cf_buf *out)
{
	struct cf_str text = default_of_types(view->types);
	int rc;

	if (!json_is_absent(view->fallback))
		return json_write_compact(view->fallback, out);
	if (!text.ptr)
		return CF_ERR_NOT_FOUND;
	if (!starts_empty(view) || f->depth >= FILL_DEPTH || f->places_left == 0)
		return buf_str(out, text);
	f->places_left--;
	f->depth++;
	rc = write_required(f, view, out);
	f->depth--;
	return rc;
}

static int plan_object(struct filler *f, const struct schema_view *view, struct layout *layout,
		       struct fills *fills);

static int plan_required(struct filler *f, const struct schema_view *view, struct layout *layout,
			 struct fills *fills)
{
	struct json_value required = json_member(view->at, STR("required"));
	struct json_iter it = json_iter(required);
	struct cf_buf text;
	int rc = 0;

	if (json_kind(required) != JSON_ARRAY)
		return 0;
	fills->fills =
		arena_calloc(&f->program->arena, json_count(required) + 1, sizeof(*fills->fills));
	if (!fills->fills)
		return CF_ERR_NOMEM;
	buf_init(&text, f->program->mem);
	while (rc == 0 && json_next(&it)) {
		struct fill *fill = &fills->fills[fills->fill_count];
		struct schema_view inner;
		struct op_name field;

		if (json_kind(it.value) != JSON_STRING)
			continue;
		rc = json_decode(it.value, &f->program->arena, &fill->name);
		if (rc || is_identity(f, fill->name))
			continue;
		inner = schema_view_property(view, fill->name);
		buf_clear(&text);
		rc = write_default(f, &inner, &text);
		if (rc == CF_ERR_NOT_FOUND) {
			rc = 0;
			continue;
		}
		if (rc == 0)
			rc = program_name(f->program, fill->name, &field);
		if (rc == 0)
			rc = layout_reg(f->program, layout, &field, &fill->reg);
		fill->text = arena_dup_buf(&f->program->arena, &text);
		if (rc == 0 && !fill->text.ptr)
			rc = CF_ERR_NOMEM;
		fills->fill_count++;
	}
	buf_fini(&text);
	return rc;
}

/* The layout that the object in a register has at the end. */
static struct layout *layout_of(struct lens_program *program, struct layout *layout, uint16_t reg)
{
	struct shape **shape = &layout->shapes[reg];

	if (!*shape)
		*shape = arena_calloc(&program->arena, 1, sizeof(**shape));
	if (*shape && !(*shape)->object)
		(*shape)->object = layout_new(program);
	return *shape ? (*shape)->object : NULL;
}

static bool needs_nothing(const struct fills *fills)
{
	return fills->fill_count == 0 && fills->nested_count == 0;
}

/* Whether an object of this place, or one in it, requires anything. */
static bool may_need(struct filler *f, const struct schema_view *view, unsigned depth)
{
	struct json_iter it = json_iter(json_member(view->at, STR("properties")));

	if (json_is_absent(view->at) || !(view->types & SCHEMA_OBJECT) || depth >= FILL_DEPTH ||
	    f->places_left == 0)
		return false;
	f->places_left--;
	if (json_count(json_member(view->at, STR("required"))))
		return true;
	while (json_next(&it)) {
		struct schema_view inner = schema_view_property(view, json_inner(it.name));

		if (may_need(f, &inner, depth + 1))
			return true;
	}
	return false;
}

static int plan_nested(struct filler *f, const struct schema_view *view, struct layout *layout,
		       struct fills *fills)
{
	struct json_value properties = json_member(view->at, STR("properties"));
	struct json_iter it = json_iter(properties);
	int rc = 0;

	fills->nested = arena_calloc(&f->program->arena, json_count(properties) + 1,
				     sizeof(*fills->nested));
	if (!fills->nested)
		return CF_ERR_NOMEM;
	while (rc == 0 && json_next(&it)) {
		struct nested_fills *nested = &fills->nested[fills->nested_count];
		struct schema_view inner;
		struct op_name field;

		if (json_decode(it.name, &f->program->arena, &nested->name))
			return CF_ERR_NOMEM;
		inner = schema_view_property(view, nested->name);
		if (!may_need(f, &inner, f->depth))
			continue;
		rc = program_name(f->program, nested->name, &field);
		if (rc == 0)
			rc = layout_reg(f->program, layout, &field, &nested->reg);
		if (rc == 0 && !(nested->layout = layout_of(f->program, layout, nested->reg)))
			rc = CF_ERR_NOMEM;
		f->depth++;
		if (rc == 0)
			rc = plan_object(f, &inner, nested->layout, &nested->inner);
		f->depth--;
		fills->nested_count += rc == 0 && !needs_nothing(&nested->inner);
	}
	return rc;
}

static int plan_object(struct filler *f, const struct schema_view *view, struct layout *layout,
		       struct fills *fills)
{
	int rc = plan_required(f, view, layout, fills);

	return rc || f->depth >= FILL_DEPTH ? rc : plan_nested(f, view, layout, fills);
}

int plan_fills(struct lens_program *program, const struct schema *schema, struct layout *layout,
	       struct fills *fills)
{
	struct filler f = {.program = program, .places_left = FILL_PLACES};
	struct schema_view root = schema_view_root(schema);

	return plan_object(&f, &root, layout, fills);
}

/* --- running -------------------------------------------------------------------------------- */

/* Whether a value of a tape lacks something, so that it must be opened. */
static bool lacks(struct json_value object, const struct fills *fills)
{
	if (json_kind(object) != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < fills->fill_count; i++)
		if (json_is_absent(json_member(object, fills->fills[i].name)))
			return true;
	for (size_t i = 0; i < fills->nested_count; i++) {
		struct json_value inner = json_member(object, fills->nested[i].name);

		if (!json_is_absent(inner) && lacks(inner, &fills->nested[i].inner))
			return true;
	}
	return false;
}

static int fill_nested(struct run *run, struct val *val, const struct nested_fills *nested)
{
	struct frame *frame;
	struct json_value v;
	int rc;

	/* While a plan is made, what a table gives is not known. */
	if (val->kind == VAL_SLOT) {
		run->maker->failed = true;
		return 0;
	}
	if (val_kind(val) != JSON_OBJECT)
		return 0;
	if (val->kind != VAL_OBJECT) {
		rc = val_read(run, val, &v);
		if (rc || !lacks(v, &nested->inner))
			return rc;
	}
	rc = frame_of(run, val, nested->layout, &frame);
	return rc || !frame ? rc : frame_fill(run, frame, &nested->inner);
}

int frame_fill(struct run *run, struct frame *frame, const struct fills *fills)
{
	int rc = 0;

	for (size_t i = 0; i < fills->fill_count; i++)
		if (!frame_has(frame, fills->fills[i].reg))
			frame_append(frame, fills->fills[i].reg, val_text(fills->fills[i].text));
	for (size_t i = 0; i < fills->nested_count && rc == 0; i++)
		if (frame_has(frame, fills->nested[i].reg))
			rc = fill_nested(run, &frame->regs[fills->nested[i].reg].val,
					 &fills->nested[i]);
	return rc;
}
