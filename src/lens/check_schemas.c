/* Ops against schemas, without documents: a field that cannot exist where an op names
 * it, one that is made though it is there already, one that the newer schema does not
 * know, a default or a table's target of a wrong value, a table without a row. Follows
 * the ops upwards through the names of an object. Of values only enum and the JSON
 * type are looked at; the rest is the business of generated documents. */
#include "lens/check.h"

enum { NAMES_MAX = 256 };

/* An object on its way: what its schema says, and what ops did to its names. */
struct shape {
	struct schema_view view;
	struct {
		struct cf_str name;
		bool there;
		unsigned line;
		struct schema_view view; /* of the value, where it only moved */
		const struct op *by; /* the add, convert or split that made the value, or NULL */
		size_t part;         /* split: which part of it */
	} names[NAMES_MAX];
	size_t count;
};

/* --- shapes -------------------------------------------------------------------------- */

static size_t find(const struct shape *shape, struct cf_str name)
{
	size_t i = shape->count;

	while (i-- > 0)
		if (str_equal(shape->names[i].name, name))
			return i;
	return NAMES_MAX;
}

static bool can_exist(const struct shape *shape, struct cf_str name)
{
	size_t at = find(shape, name);

	if (at != NAMES_MAX)
		return shape->names[at].there;
	return !shape->view.closed || !json_is_absent(schema_view_property(&shape->view, name).at);
}

/* Said by the schema, or made by an op: not only possible. */
static bool is_known(const struct shape *shape, struct cf_str name)
{
	size_t at = find(shape, name);

	if (at != NAMES_MAX)
		return shape->names[at].there;
	return !json_is_absent(schema_view_property(&shape->view, name).at);
}

static struct schema_view view_of(const struct shape *shape, struct cf_str name)
{
	size_t at = find(shape, name);

	return at != NAMES_MAX ? shape->names[at].view : schema_view_property(&shape->view, name);
}

static void mark(struct shape *shape, struct cf_str name, bool there, unsigned line,
		 struct schema_view view)
{
	size_t at = find(shape, name);

	if (at == NAMES_MAX && shape->count < NAMES_MAX)
		at = shape->count++;
	if (at == NAMES_MAX)
		return;
	shape->names[at].name = name;
	shape->names[at].there = there;
	shape->names[at].line = line;
	shape->names[at].view = view;
	shape->names[at].by = NULL;
}

static const struct op *made_by(const struct shape *shape, struct cf_str name)
{
	size_t at = find(shape, name);

	return at == NAMES_MAX ? NULL : shape->names[at].by;
}

static size_t part_of(const struct shape *shape, struct cf_str name)
{
	size_t at = find(shape, name);

	return at == NAMES_MAX ? 0 : shape->names[at].part;
}

static void set_maker(struct shape *shape, struct cf_str name, const struct op *by, size_t part)
{
	size_t at = find(shape, name);

	if (at != NAMES_MAX) {
		shape->names[at].by = by;
		shape->names[at].part = part;
	}
}

/* --- values ---------------------------------------------------------------------------- */

/* The older side of a convert; its newer side is looked at where the value arrives. */
static void check_convert(const struct checker *checker, struct shape *shape, const struct op *op)
{
	struct schema_view view = view_of(shape, op->name.decoded);

	if (view.schema && !json_is_absent(view.at)) {
		check_rows(checker, op, false, &view);
		check_targets(checker, op, true, &view);
	}
	mark(shape, op->name.decoded, true, op->line, (struct schema_view){NULL});
	set_maker(shape, op->name.decoded, op, 0);
}

static void check_maker(const struct checker *checker, const struct op *by, size_t part,
			const struct schema_view *view)
{
	if (by->kind == OP_SPLIT) {
		check_piece(checker, by, part, view);
	} else if (by->kind == OP_CONVERT) {
		check_rows(checker, by, true, view);
		check_targets(checker, by, false, view);
	} else {
		check_default(checker, by, view);
	}
}

/* Whether a schema lists the fields of an object: what it does not list may be there, but
 * is more likely to be misspelt. */
static bool lists_fields(const struct schema_view *view)
{
	static const char *const others[] = {
		"$ref", "allOf", "anyOf", "oneOf", "if", "not", "patternProperties", "$dynamicRef"};
	struct json_value more;

	if (!view->schema || json_kind(view->at) != JSON_OBJECT || view->closed ||
	    json_is_absent(json_member(view->at, STR("properties"))))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!json_is_absent(json_member(view->at, str_of(others[i]))))
			return false;
	more = json_member(view->at, STR("additionalProperties"));
	return json_kind(more) != JSON_OBJECT;
}

static void need(const struct checker *checker, const struct shape *shape, const struct op *op,
		 const struct op_name *name)
{
	struct cf_str field = name->decoded;
	const char *dot = field.ptr ? memchr(field.ptr, '.', field.len) : NULL;

	if (!field.ptr || is_known(shape, field))
		return;
	if (!can_exist(shape, field))
		check_tell(checker, op->line, "%s: the field \"%.*s\" cannot exist here",
			   op_kind_name(op->kind), STR_ARG(field));
	else if (lists_fields(&shape->view) && dot)
		check_warn(checker, op->line,
			   "%s: no schema speaks of a field \"%.*s\" here; inside an object: in: "
			   "{name: %.*s, lens: [...]}",
			   op_kind_name(op->kind), STR_ARG(field), (int)(dot - field.ptr),
			   field.ptr);
	else if (lists_fields(&shape->view))
		check_warn(checker, op->line, "%s: no schema speaks of a field \"%.*s\" here",
			   op_kind_name(op->kind), STR_ARG(field));
}

static void make(const struct checker *checker, struct shape *shape, const struct op *op,
		 const struct op_name *name, struct schema_view view)
{
	if (!name->decoded.ptr)
		return;
	if (is_known(shape, name->decoded))
		check_tell(checker, op->line, "%s: the field \"%.*s\" is there already",
			   op_kind_name(op->kind), STR_ARG(name->decoded));
	mark(shape, name->decoded, true, op->line, view);
}

static void take(const struct checker *checker, struct shape *shape, const struct op *op,
		 const struct op_name *name)
{
	if (!name->decoded.ptr)
		return;
	need(checker, shape, op, name);
	mark(shape, name->decoded, false, op->line, (struct schema_view){NULL});
}

/* --- ops ------------------------------------------------------------------------------- */

static int check_ops(const struct checker *checker, struct shape *shape, const struct op *ops,
		     size_t count, struct cf_error *error);

/* The key is named as the older side's elements have it. What a schema neither names nor
 * closes may be there. */
static void check_key_field(const struct checker *checker, const struct schema_view *element,
			    const struct op *map)
{
	struct cf_str key = map->key_field.decoded;

	if (!key.ptr || !json_is_absent(schema_view_property(element, key).at) ||
	    (!element->closed && json_is_absent(json_member(element->at, STR("properties")))))
		return;
	for (size_t i = 0; i < map->inner_count; i++) {
		const struct op *op = &map->inner[i];

		if (op->kind == OP_RENAME && op_name_is(&op->destination, key)) {
			check_tell(checker, map->line,
				   "map: the key \"%.*s\" is the newer name of \"%.*s\": the older "
				   "one is meant",
				   STR_ARG(key), STR_ARG(op->name.decoded));
			return;
		}
	}
	check_tell(checker, map->line,
		   "map: the elements have no field \"%.*s\" that could be their key",
		   STR_ARG(key));
}

/* Inside a value whose schema is known; nothing can be said inside another. */
static int check_inside(const struct checker *checker, struct schema_view view, const struct op *op,
			struct cf_error *error)
{
	struct shape *shape;
	int rc;

	if (!view.schema || json_is_absent(view.at))
		return 0;
	shape = mem_calloc(checker->mem, 1, sizeof(*shape));
	if (!shape)
		return error_nomem(error);
	if (op->element.decoded.ptr && op->boxes)
		mark(shape, op->element.decoded, true, op->line, view);
	else
		shape->view = view;
	if (op->kind == OP_MAP && !op->boxes)
		check_key_field(checker, &view, op);
	if (op->inner_count == 1 && op->inner[0].kind == OP_MAP)
		rc = check_inside(checker, schema_view_items(&view), &op->inner[0], error);
	else
		rc = check_ops(checker, shape, op->inner, op->inner_count, error);
	if (op->element.decoded.ptr && !op->boxes)
		need(checker, shape, op, &op->element);
	mem_free(checker->mem, shape);
	return rc;
}

static void check_move(const struct checker *checker, struct shape *shape, const struct op *op)
{
	struct schema_view nothing = {NULL}, view = nothing;
	const struct op *by = made_by(shape, op->name.decoded);
	size_t part = part_of(shape, op->name.decoded);

	if (op->kind == OP_RENAME) {
		view = view_of(shape, op->name.decoded);
		take(checker, shape, op, &op->name);
		make(checker, shape, op, &op->destination, view);
		set_maker(shape, op->destination.decoded, by, part);
	} else if (op->kind == OP_HOIST) {
		struct schema_view host = view_of(shape, op->host.decoded);

		need(checker, shape, op, &op->host);
		if (host.schema && !json_is_absent(host.at)) {
			view = schema_view_property(&host, op->name.decoded);
			if (json_is_absent(view.at) && host.closed)
				check_tell(checker, op->line,
					   "hoist: \"%.*s\" has no field \"%.*s\"",
					   STR_ARG(op->host.decoded), STR_ARG(op->name.decoded));
		}
		make(checker, shape, op, &op->name, view);
	} else {
		take(checker, shape, op, &op->name);
		mark(shape, op->host.decoded, true, op->line, nothing);
	}
}

/* One field becomes several, or the other way round. */
static void check_parts(const struct checker *checker, struct shape *shape, const struct op *op)
{
	struct schema_view nothing = {NULL};
	bool apart = op->kind == OP_SPLIT;

	if (apart)
		take(checker, shape, op, &op->name);
	for (size_t i = 0; i < op->part_count; i++) {
		struct schema_view view = view_of(shape, op->parts[i].decoded);

		if (apart) {
			make(checker, shape, op, &op->parts[i], nothing);
			set_maker(shape, op->parts[i].decoded, op, i);
		} else {
			check_piece(checker, op, i, &view);
			take(checker, shape, op, &op->parts[i]);
		}
	}
	if (!apart)
		make(checker, shape, op, &op->name, nothing);
}

/* Whether an object surely never has a field. */
static bool lacks(const struct schema_view *view, struct cf_str name)
{
	return view->schema && !json_is_absent(view->at) && view->closed &&
	       json_is_absent(schema_view_property(view, name).at);
}

static bool has_pair(const struct op *op, struct cf_str name)
{
	for (size_t i = 0; i < op->pair_count; i++)
		if (op_name_is(&op->pairs[i].part, name))
			return true;
	return op->pair_count == 0;
}

/* A key of fields that are never there is one key for all parts. */
static void check_key(const struct checker *checker, const struct shape *shape, const struct op *op)
{
	bool out = op->kind == OP_EXTRACT;
	const struct lens_place *place =
		&(out ? checker->lens->newer : checker->lens->older)[op->place];
	struct schema_view part =
		schema_view_root((out ? checker->newer : checker->older)[op->place]);
	struct schema_view host = {NULL};

	if (out && op->host.decoded.ptr)
		host = view_of(shape, op->host.decoded);
	for (size_t i = 0; i < op->key_count; i++) {
		struct cf_str name = op->key_names[i].decoded;

		if (!has_pair(op, name))
			check_tell(checker, op->line,
				   "%s: the field \"%.*s\" of the key is not in names",
				   op_kind_name(op->kind), STR_ARG(name));
		else if (lacks(&part, name))
			check_tell(checker, op->line,
				   "%s: the field \"%.*s\" of the key cannot exist in %.*s@%u",
				   op_kind_name(op->kind), STR_ARG(name), STR_ARG(place->type),
				   place->major);
		else if (lacks(&host, name))
			check_tell(checker, op->line,
				   "%s: the field \"%.*s\" of the key cannot exist in \"%.*s\"",
				   op_kind_name(op->kind), STR_ARG(name),
				   STR_ARG(op->host.decoded));
	}
}

static void check_extract(const struct checker *checker, struct shape *shape, const struct op *op)
{
	struct schema_view nothing = {NULL};
	bool out = op->kind == OP_EXTRACT;

	check_key(checker, shape, op);
	if (out) {
		take(checker, shape, op, &op->host);
		for (size_t i = 0; i < op->pair_count && !op->host.decoded.ptr; i++)
			take(checker, shape, op, &op->pairs[i].main);
		make(checker, shape, op, &op->reference, nothing);
		return;
	}
	take(checker, shape, op, &op->reference);
	make(checker, shape, op, &op->host, nothing);
	for (size_t i = 0; i < op->pair_count && !op->host.decoded.ptr; i++)
		make(checker, shape, op, &op->pairs[i].main, nothing);
}

static void check_script(const struct checker *checker, struct shape *shape, const struct op *op)
{
	for (size_t i = 0; i < op->part_count; i++)
		take(checker, shape, op, &op->parts[i]);
	for (size_t i = 0; i < op->write_count; i++)
		mark(shape, op->writes[i].decoded, true, op->line, (struct schema_view){NULL});
}

static int check_ops(const struct checker *checker, struct shape *shape, const struct op *ops,
		     size_t count, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct op *op = &ops[i];
		struct schema_view view;

		switch (op->kind) {
		case OP_ADD:
			make(checker, shape, op, &op->name, (struct schema_view){NULL});
			set_maker(shape, op->name.decoded, op, 0);
			break;
		case OP_REMOVE:
			view = view_of(shape, op->name.decoded);
			check_default(checker, op, &view);
			take(checker, shape, op, &op->name);
			break;
		case OP_RENAME:
		case OP_HOIST:
		case OP_PLUNGE:
			check_move(checker, shape, op);
			break;
		case OP_SPLIT:
		case OP_JOIN:
			check_parts(checker, shape, op);
			break;
		case OP_EXTRACT:
		case OP_EMBED:
			check_extract(checker, shape, op);
			break;
		case OP_SCRIPT:
			check_script(checker, shape, op);
			break;
		case OP_IN:
			need(checker, shape, op, &op->name);
			rc = check_inside(checker, view_of(shape, op->name.decoded), op, error);
			break;
		case OP_WRAP:
		case OP_HEAD:
			need(checker, shape, op, &op->name);
			mark(shape, op->name.decoded, true, op->line, (struct schema_view){NULL});
			break;
		case OP_SCALE:
			need(checker, shape, op, &op->name);
			view = view_of(shape, op->name.decoded);
			check_scale(checker, op, &view);
			mark(shape, op->name.decoded, true, op->line, (struct schema_view){NULL});
			break;
		case OP_CONVERT:
			need(checker, shape, op, &op->name);
			check_convert(checker, shape, op);
			break;
		default:
			break;
		}
	}
	return rc;
}

/* --- the end of the way ------------------------------------------------------------------ */

/* An open schema lets them through, but says nothing of them: was it changed alike? */
static void warn_unlisted(const struct checker *checker, const struct shape *shape,
			  const struct schema_view *newer)
{
	for (size_t i = 0; i < shape->count; i++)
		if (shape->names[i].there &&
		    json_is_absent(schema_view_property(newer, shape->names[i].name).at))
			check_warn(checker, shape->names[i].line,
				   "the newer schema does not speak of \"%.*s\"",
				   STR_ARG(shape->names[i].name));
}

static void check_arrived(const struct checker *checker, const struct shape *shape,
			  const struct schema *newer, unsigned line)
{
	struct schema_view view = schema_view_root(newer);
	struct json_iter it = json_iter(json_member(shape->view.at, STR("properties")));

	for (size_t i = 0; i < shape->count; i++) {
		struct schema_view at = schema_view_property(&view, shape->names[i].name);

		if (shape->names[i].there && shape->names[i].by && !json_is_absent(at.at))
			check_maker(checker, shape->names[i].by, shape->names[i].part, &at);
	}
	if (lists_fields(&view))
		warn_unlisted(checker, shape, &view);
	if (!view.closed)
		return;
	for (size_t i = 0; i < shape->count; i++)
		if (shape->names[i].there &&
		    json_is_absent(schema_view_property(&view, shape->names[i].name).at))
			check_tell(checker, shape->names[i].line,
				   "the field \"%.*s\" cannot exist in the newer schema",
				   STR_ARG(shape->names[i].name));
	while (json_next(&it)) {
		struct cf_str name = json_inner(it.name);

		if (!(json_node(it.name)->flags & JSON_ESCAPED) && find(shape, name) == NAMES_MAX &&
		    json_is_absent(schema_view_property(&view, name).at))
			check_tell(checker, line,
				   "no op takes the field \"%.*s\", which the newer schema does "
				   "not know",
				   STR_ARG(name));
	}
}

int lens_check_schemas(const struct lens *lens, const struct schema *const *older,
		       const struct schema *const *newer, const struct cf_mem *mem,
		       const struct lens_report *report, struct cf_error *error)
{
	struct checker checker = {report, mem, lens, older, newer};
	struct json_value ops = json_member(json_file_root(lens->file), STR("lens"));
	struct shape *shape = mem_calloc(mem, 1, sizeof(*shape));
	int rc = 0;

	if (!shape)
		return error_nomem(error);
	check_names(lens->ops, lens->op_count, report);
	shape->view = schema_view_root(older[0]);
	if (check_tables(lens->ops, lens->op_count, mem, report))
		rc = error_nomem(error);
	if (rc == 0)
		rc = check_ops(&checker, shape, lens->ops, lens->op_count, error);
	if (rc == 0)
		check_arrived(&checker, shape, newer[0],
			      json_file_line(lens->file, json_is_absent(ops) ? 0 : ops.node));
	mem_free(mem, shape);
	return rc;
}
