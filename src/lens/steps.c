/* Running steps: each op forward, and backward over a base to learn what the
 * source side cannot say (see program.h). */
#include "lens/program.h"

#include <stdarg.h>
#include <stdio.h>

int step_error(struct run *run, const struct step *step, int code, const struct op_name *where,
	       const char *format, ...)
{
	char text[360];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	op_error(run->error, code, step->lens, step->op, "%s", text);
	if (where && run->error) {
		struct cf_buf pointer;

		buf_init(&pointer, run->worker->mem);
		json_pointer_push(&pointer, where->decoded);
		buf_str(&pointer, str_of(run->error->pointer));
		error_at_pointer(run->error, buf_view(&pointer));
		buf_fini(&pointer);
	}
	return code;
}

/* Errors from inside `in` and `map` get the name they are under. */
static int under(struct run *run, int rc, struct cf_str token)
{
	struct cf_buf pointer;

	if (rc == 0 || !run->error || cf_error_class(rc) != CF_CLASS_INPUT)
		return rc;
	buf_init(&pointer, run->worker->mem);
	json_pointer_push(&pointer, token);
	buf_str(&pointer, str_of(run->error->pointer));
	error_at_pointer(run->error, buf_view(&pointer));
	buf_fini(&pointer);
	return rc;
}

bool work_equal(struct run *run, const struct work_value *a, const struct work_value *b)
{
	struct json_value va, vb;

	if (a->kind == WORK_ABSENT || b->kind == WORK_ABSENT)
		return a->kind == b->kind;
	return work_value_of(&run->worker->memory, a, &va) == 0 &&
	       work_value_of(&run->worker->memory, b, &vb) == 0 && json_equal(va, vb);
}

/* The members of the value an op works in: NULL where it is null or absent (there
 * is nothing to do then). */
static int members_of(struct run *run, const struct step *step, struct work_value *value,
		      struct work_object **ret)
{
	enum json_kind kind = work_json_kind(value);

	*ret = NULL;
	if (kind == 0 || kind == JSON_NULL)
		return 0;
	if (kind != JSON_OBJECT)
		return step_error(run, step, CF_ERR_INVALID, NULL, "an object is expected here");
	if (work_open(&run->worker->memory, value))
		return error_nomem(run->error);
	*ret = value->object;
	return 0;
}

static int append(struct run *run, struct work_object *object, const struct op_name *name,
		  struct work_value value)
{
	if (value.kind == WORK_ABSENT)
		return 0;
	return work_append(&run->worker->memory, object, name, value) ? error_nomem(run->error) : 0;
}

static int both_there(struct run *run, const struct step *step, const struct op_name *name)
{
	return step_error(run, step, CF_ERR_INVALID, name,
			  "the document already has a field of this name");
}

/* --- fields that come, go and move ----------------------------------------------------- */

static int add_forward(struct run *run, const struct step *step, struct work_object *object,
		       const struct complement *complement)
{
	if (work_find(object, &step->op->name))
		return 0;
	return append(run, object, &step->op->name,
		      complement && complement->there ? complement->value
						      : work_text(step->op->fallback));
}

static int remove_forward(struct run *run, const struct step *step, struct work_object *object,
			  const struct complement *complement)
{
	(void)run;
	/* The other side has a field of this name, too: then it is the same one. */
	if (!complement || !complement->there || complement->value.kind == WORK_ABSENT)
		(void)work_take(object, &step->op->name);
	return 0;
}

static int rename_forward(struct run *run, const struct step *step, struct work_object *object)
{
	struct work_member *member = work_find(object, &step->from);

	if (!member)
		return 0;
	if (work_find(object, &step->to))
		return both_there(run, step, &step->to);
	member->quoted = step->to.quoted;
	member->hash = step->to.hash;
	member->escaped = false;
	member->untouched = false;
	return 0;
}

static int hoist_forward(struct run *run, const struct step *step, struct work_object *object,
			 const struct complement *complement)
{
	struct work_member *host = work_find(object, &step->op->host);
	struct work_value taken;
	struct work_object *inside;
	int rc;

	if (!host || work_json_kind(&host->value) != JSON_OBJECT)
		return 0;
	if (work_open(&run->worker->memory, &host->value))
		return error_nomem(run->error);
	inside = host->value.object;
	if (!work_find(inside, &step->op->name))
		return 0;
	if (work_find(object, &step->op->name))
		return both_there(run, step, &step->op->name);
	host->untouched = false;
	taken = work_take(inside, &step->op->name);
	if (inside->count == 0 && complement && complement->there &&
	    work_json_kind(&complement->value) != JSON_OBJECT) {
		host->value = complement->value;
		if (host->value.kind == WORK_ABSENT)
			(void)work_take(object, &step->op->host);
	}
	rc = append(run, object, &step->op->name, taken);
	return rc;
}

static int plunge_forward(struct run *run, const struct step *step, struct work_object *object)
{
	struct work_value value = work_take(object, &step->op->name);
	struct work_member *host = work_find(object, &step->op->host);
	struct work_value made;

	if (value.kind == WORK_ABSENT)
		return 0;
	if (!host) {
		if (work_new_object(&run->worker->memory, &made) ||
		    append(run, object, &step->op->host, made))
			return error_nomem(run->error);
		host = &object->members[object->count - 1];
	} else if (work_json_kind(&host->value) == JSON_NULL) {
		if (work_new_object(&run->worker->memory, &host->value))
			return error_nomem(run->error);
	} else if (work_json_kind(&host->value) != JSON_OBJECT) {
		return step_error(run, step, CF_ERR_INVALID, &step->op->host,
				  "an object is expected here");
	}
	host->untouched = false;
	if (work_open(&run->worker->memory, &host->value))
		return error_nomem(run->error);
	if (work_find(host->value.object, &step->op->name))
		return both_there(run, step, &step->op->name);
	return append(run, host->value.object, &step->op->name, value);
}

/* --- wrap, head --------------------------------------------------------------------------- */

static int open_array(struct run *run, struct work_value *value)
{
	return work_open(&run->worker->memory, value) ? error_nomem(run->error) : 0;
}

static int wrap_forward(struct run *run, const struct step *step, struct work_object *object,
			const struct complement *complement)
{
	struct work_member *member = work_find(object, &step->op->name);
	struct work_value array = work_text(STR("[]")), tail;
	int rc;

	if (!member)
		return 0;
	member->untouched = false;
	if (work_json_kind(&member->value) == JSON_NULL) {
		member->value = array;
		return 0;
	}
	rc = open_array(run, &array);
	if (rc == 0)
		array.object->members[array.object->count++] =
			(struct work_member){.value = member->value};
	member->value = array;
	if (rc || !complement || work_json_kind(&complement->value) != JSON_ARRAY)
		return rc;
	/* Behind the first element stands what the source cannot say. */
	tail = complement->value;
	rc = open_array(run, &tail);
	for (uint32_t i = 1; rc == 0 && i < tail.object->count; i++)
		if (work_append(&run->worker->memory, array.object, &step->op->name,
				tail.object->members[i].value))
			rc = error_nomem(run->error);
	return rc;
}

static int head_forward(struct run *run, const struct step *step, struct work_object *object)
{
	struct work_member *member = work_find(object, &step->op->name);
	enum json_kind kind = member ? work_json_kind(&member->value) : 0;
	int rc;

	if (kind == 0)
		return 0;
	if (kind != JSON_ARRAY)
		return step_error(run, step, CF_ERR_INVALID, &step->op->name,
				  "an array is expected here");
	member->untouched = false;
	rc = open_array(run, &member->value);
	if (rc)
		return rc;
	if (member->value.object->count) {
		member->value = member->value.object->members[0].value;
		return 0;
	}
	if (run->program->cambria_defaults) {
		(void)work_take(object, &step->op->name);
		return 0;
	}
	member->value = work_text(STR("null"));
	return 0;
}

/* --- in, map -------------------------------------------------------------------------------- */

static int in_forward(struct run *run, const struct step *step, struct work_object *object,
		      const struct complement *complement)
{
	struct work_member *member = work_find(object, &step->op->name);

	if (!member)
		return 0;
	member->untouched = false;
	return under(run,
		     steps_forward(run, step->inner, step->inner_count, &member->value,
				   complement ? &complement->value : NULL),
		     step->op->name.decoded);
}

static struct work_value key_of(struct run *run, const struct step *step,
				struct work_value *element)
{
	struct work_member *member;

	if (work_json_kind(element) != JSON_OBJECT || work_open(&run->worker->memory, element))
		return WORK_NOTHING;
	member = work_find(element->object, &step->op->key_field);
	return member ? member->value : WORK_NOTHING;
}

/* The base's element that goes with an element: by key, else by place. */
static struct work_value *match_element(struct run *run, const struct step *step,
					struct work_value *element, uint32_t index,
					struct work_object *bases)
{
	struct work_value key;

	if (!step->op->key_field.decoded.ptr)
		return index < bases->count ? &bases->members[index].value : NULL;
	key = key_of(run, step, element);
	for (uint32_t i = 0; key.kind != WORK_ABSENT && i < bases->count; i++) {
		struct work_value other = key_of(run, step, &bases->members[i].value);

		if (other.kind != WORK_ABSENT && work_equal(run, &key, &other))
			return &bases->members[i].value;
	}
	return NULL;
}

static int map_forward(struct run *run, const struct step *step, struct work_value *value,
		       const struct complement *complement)
{
	enum json_kind kind = work_json_kind(value);
	struct work_value base = complement ? complement->value : WORK_NOTHING;
	bool based = work_json_kind(&base) == JSON_ARRAY;
	int rc;

	if (kind == 0 || kind == JSON_NULL)
		return 0;
	if (kind != JSON_ARRAY)
		return step_error(run, step, CF_ERR_INVALID, NULL, "an array is expected here");
	rc = open_array(run, value);
	if (rc == 0 && based)
		rc = open_array(run, &base);
	for (uint32_t i = 0; rc == 0 && i < value->object->count; i++) {
		struct work_member *member = &value->object->members[i];
		char token[16];

		member->untouched = false;
		rc = steps_forward(run, step->inner, step->inner_count, &member->value,
				   based ? match_element(run, step, &member->value, i, base.object)
					 : NULL);
		if (rc) {
			snprintf(token, sizeof(token), "%u", i);
			rc = under(run, rc, str_of(token));
		}
	}
	return rc;
}

/* --- convert, split, join ----------------------------------------------------------------------
 */

static int convert_forward(struct run *run, const struct step *step, struct work_object *object,
			   const struct complement *complement)
{
	const struct op_table *table = &step->op->table[step->down];
	struct work_member *member = work_find(object, &step->op->name);
	struct json_value value;
	struct cf_str text;
	enum json_kind kind;

	if (!member) {
		struct cf_str fallback =
			step->down ? step->op->source_default : step->op->type_default;

		return run->program->cambria_defaults
			       ? append(run, object, &step->op->name, work_text(fallback))
			       : 0;
	}
	if (complement && complement->value.kind != WORK_ABSENT &&
	    work_equal(run, &member->value, &complement->second)) {
		member->value = complement->value;
		member->untouched = false;
		return 0;
	}
	if (work_value_of(&run->worker->memory, &member->value, &value))
		return error_nomem(run->error);
	kind = json_kind(value);
	text = kind == JSON_ARRAY || kind == JSON_OBJECT ? (struct cf_str){NULL, 0}
							 : table_find(table, value);
	if (!text.ptr)
		text = table->fallback;
	if (!text.ptr) {
		struct cf_str span = json_span(value);

		return step_error(run, step, CF_ERR_UNMAPPED, &step->op->name,
				  "no row for the value %.*s%s",
				  (int)(span.len < 100 ? span.len : 100), span.ptr,
				  span.len < 100 ? "" : "...");
	}
	member->value = work_text(text);
	member->untouched = false;
	return 0;
}

static int decode_string(struct run *run, const struct step *step, const struct op_name *name,
			 const struct work_value *from, struct cf_str *ret)
{
	struct json_value value;

	if (work_value_of(&run->worker->memory, from, &value))
		return error_nomem(run->error);
	if (json_kind(value) != JSON_STRING)
		return step_error(run, step, CF_ERR_INVALID, name, "a string is expected here");
	return json_decode(value, &run->worker->memory.arena, ret) ? error_nomem(run->error) : 0;
}

static int quote(struct run *run, struct cf_str decoded, struct work_value *ret)
{
	struct cf_buf *out = &run->worker->scratch;

	buf_clear(out);
	if (json_write_string(decoded, out))
		return error_nomem(run->error);
	*ret = work_text(arena_dup(&run->worker->memory.arena, buf_view(out)));
	return ret->kind == WORK_ABSENT ? error_nomem(run->error) : 0;
}

/* The parts of a split, in order, taken out of the object. */
static int take_parts(struct run *run, const struct step *step, struct work_object *object,
		      struct work_value *ret)
{
	if (work_new_object(&run->worker->memory, ret))
		return error_nomem(run->error);
	for (size_t i = 0; i < step->op->part_count; i++) {
		int rc = append(run, ret->object, &step->op->parts[i],
				work_take(object, &step->op->parts[i]));

		if (rc)
			return rc;
	}
	return 0;
}

static int split_forward(struct run *run, const struct step *step, struct work_object *object,
			 const struct complement *complement)
{
	const struct op *op = step->op;
	struct work_value whole = work_take(object, &op->name), part;
	struct cf_str left;
	int rc;

	if (whole.kind == WORK_ABSENT)
		return 0;
	if (complement && complement->value.kind == WORK_OBJECT &&
	    work_equal(run, &whole, &complement->second)) {
		const struct work_object *kept = complement->value.object;

		for (uint32_t i = 0; i < kept->count; i++)
			if (work_append(&run->worker->memory, object, &op->parts[0],
					kept->members[i].value))
				return error_nomem(run->error);
			else
				object->members[object->count - 1] = kept->members[i];
		return 0;
	}
	rc = decode_string(run, step, &op->name, &whole, &left);
	for (size_t i = 0; i < op->part_count && rc == 0 && left.ptr; i++) {
		const char *at = i + 1 < op->part_count
					 ? memmem(left.ptr, left.len, op->by.ptr, op->by.len)
					 : NULL;
		struct cf_str piece = {left.ptr, at ? (size_t)(at - left.ptr) : left.len};

		if (work_find(object, &op->parts[i]))
			return both_there(run, step, &op->parts[i]);
		rc = quote(run, piece, &part);
		if (rc == 0)
			rc = append(run, object, &op->parts[i], part);
		left = at ? (struct cf_str){at + op->by.len, left.len - piece.len - op->by.len}
			  : (struct cf_str){NULL, 0};
	}
	return rc;
}

static int join_forward(struct run *run, const struct step *step, struct work_object *object)
{
	const struct op *op = step->op;
	struct work_value parts, whole;
	struct cf_buf joined;
	int rc = take_parts(run, step, object, &parts);

	if (rc || parts.object->count == 0)
		return rc;
	if (work_find(object, &op->name))
		return both_there(run, step, &op->name);
	buf_init(&joined, run->worker->mem);
	for (uint32_t i = 0; i < parts.object->count && rc == 0; i++) {
		struct cf_str piece;

		rc = decode_string(run, step, &op->parts[i], &parts.object->members[i].value,
				   &piece);
		if (rc)
			break;
		if (i)
			buf_str(&joined, op->by);
		buf_str(&joined, piece);
	}
	if (rc == 0)
		rc = quote(run, buf_view(&joined), &whole);
	buf_fini(&joined);
	return rc ? rc : append(run, object, &op->name, whole);
}

/* --- script
 * ---------------------------------------------------------------------------------------- */

static const struct op_name *script_names(const struct step *step, bool reads, size_t *ret_count)
{
	bool first = reads != step->down;

	*ret_count = first ? step->op->part_count : step->op->write_count;
	return first ? step->op->parts : step->op->writes;
}

/* A JSON object of the named members, taken out where `take` says so. */
static int gather(struct run *run, struct work_object *object, const struct op_name *names,
		  size_t count, bool take, struct cf_str *ret)
{
	struct cf_buf out;
	int rc = 0;

	buf_init(&out, run->worker->mem);
	buf_byte(&out, '{');
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct work_member *member = work_find(object, &names[i]);

		if (!member)
			continue;
		if (out.len > 1)
			buf_byte(&out, ',');
		buf_str(&out, names[i].quoted);
		buf_byte(&out, ':');
		rc = work_write(&member->value, &out);
		if (take)
			(void)work_take(object, &names[i]);
	}
	buf_byte(&out, '}');
	*ret = arena_dup(&run->worker->memory.arena, buf_view(&out));
	buf_fini(&out);
	return rc || !ret->ptr ? error_nomem(run->error) : 0;
}

static int script_forward(struct run *run, const struct step *step, struct work_object *object,
			  const struct complement *complement)
{
	struct lens_worker *worker = run->worker;
	size_t read_count, write_count;
	const struct op_name *reads = script_names(step, true, &read_count);
	const struct op_name *writes = script_names(step, false, &write_count);
	struct cf_str source, base = {NULL, 0};
	struct json_value made;
	struct json_iter it;
	int rc = gather(run, object, reads, read_count, true, &source);

	if (rc)
		return rc;
	if (!worker->scripts && !(worker->scripts = script_engine_new(worker->mem)))
		return error_nomem(run->error);
	if (complement && complement->value.kind == WORK_TEXT)
		base = complement->value.text;
	buf_clear(&worker->scratch);
	rc = script_call(worker->scripts, step->op->script[step->down], source, base,
			 &worker->scratch, run->error);
	if (rc) {
		if (run->error) {
			error_at_file(run->error, str_of(step->lens->file->path), step->op->line);
			error_prefix(run->error, rc, "script");
		}
		return rc;
	}
	source = arena_dup(&worker->memory.arena, buf_view(&worker->scratch));
	if (!source.ptr || work_parse(&worker->memory, source, &made))
		return error_nomem(run->error);
	it = json_iter(made);
	while (rc == 0 && json_next(&it)) {
		size_t i = 0;

		while (i < write_count && !json_name_is(it.name, writes[i].decoded))
			i++;
		if (i == write_count)
			return step_error(run, step, CF_ERR_SCRIPT, NULL,
					  "it returns %.*s, which it does not name",
					  STR_ARG(json_span(it.name)));
		if (work_find(object, &writes[i]))
			return both_there(run, step, &writes[i]);
		rc = append(run, object, &writes[i], work_span(it.value));
	}
	return rc;
}

/* --- one step
 * --------------------------------------------------------------------------------------- */

static int step_forward(struct run *run, const struct step *step, struct work_value *value,
			const struct complement *complement)
{
	struct work_object *object;
	int rc;

	if (step->kind == OP_MAP)
		return map_forward(run, step, value, complement);
	rc = members_of(run, step, value, &object);
	if (rc || !object)
		return rc;
	switch (step->kind) {
	case OP_ADD:
		return add_forward(run, step, object, complement);
	case OP_REMOVE:
		return remove_forward(run, step, object, complement);
	case OP_RENAME:
		return rename_forward(run, step, object);
	case OP_HOIST:
		return hoist_forward(run, step, object, complement);
	case OP_PLUNGE:
		return plunge_forward(run, step, object);
	case OP_WRAP:
		return wrap_forward(run, step, object, complement);
	case OP_HEAD:
		return head_forward(run, step, object);
	case OP_IN:
		return in_forward(run, step, object, complement);
	case OP_CONVERT:
		return convert_forward(run, step, object, complement);
	case OP_SPLIT:
		return split_forward(run, step, object, complement);
	case OP_JOIN:
		return join_forward(run, step, object);
	case OP_EXTRACT:
		return extract_forward(run, step, value, complement);
	case OP_EMBED:
		return embed_forward(run, step, value, complement);
	case OP_SCRIPT:
		return script_forward(run, step, object, complement);
	default:
		return CF_ERR_BUG;
	}
}

/* --- backward
 * ------------------------------------------------------------------------------------------ */

static enum op_kind mirror(enum op_kind kind)
{
	static const enum op_kind mirrors[OP_COUNT] = {
		[OP_ADD] = OP_REMOVE,      [OP_REMOVE] = OP_ADD,    [OP_RENAME] = OP_RENAME,
		[OP_HOIST] = OP_PLUNGE,    [OP_PLUNGE] = OP_HOIST,  [OP_WRAP] = OP_HEAD,
		[OP_HEAD] = OP_WRAP,       [OP_IN] = OP_IN,         [OP_MAP] = OP_MAP,
		[OP_CONVERT] = OP_CONVERT, [OP_SPLIT] = OP_JOIN,    [OP_JOIN] = OP_SPLIT,
		[OP_EXTRACT] = OP_EMBED,   [OP_EMBED] = OP_EXTRACT, [OP_SCRIPT] = OP_SCRIPT,
	};

	return mirrors[kind];
}

static struct work_value member_value(struct work_object *object, const struct op_name *name)
{
	struct work_member *member = work_find(object, name);

	return member ? member->value : WORK_NOTHING;
}

/* What the base says that going back over this step would lose. */
static int remember(struct run *run, const struct step *step, struct work_value *value,
		    struct complement *complement)
{
	struct work_memory *memory = &run->worker->memory;
	struct work_value found;
	size_t count;
	const struct op_name *names;
	int rc = 0;

	complement->there = true;
	if (step->kind == OP_MAP)
		return work_copy(memory, value, &complement->value);
	if (work_json_kind(value) != JSON_OBJECT)
		return 0;
	if (work_open(memory, value))
		return CF_ERR_NOMEM;
	switch (step->kind) {
	case OP_ADD:
	case OP_REMOVE:
	case OP_CONVERT:
		complement->value = member_value(value->object, &step->op->name);
		return 0;
	case OP_HOIST:
		complement->value = member_value(value->object, &step->op->host);
		return 0;
	case OP_WRAP:
	case OP_IN:
		found = member_value(value->object, &step->op->name);
		return work_copy(memory, &found, &complement->value);
	case OP_SPLIT:
		rc = work_copy(memory, value, &found);
		return rc ? rc : take_parts(run, step, found.object, &complement->value);
	case OP_SCRIPT:
		names = script_names(step, false, &count);
		complement->value.kind = WORK_TEXT;
		return gather(run, value->object, names, count, false, &complement->value.text);
	default:
		return 0;
	}
}

/* Going back must not fail: what cannot be said on the other side is absent
 * there. Only memory can be missing. */
static int go_back(struct run *run, const struct step *step, struct work_value *value)
{
	struct step inverse = *step;
	struct cf_error *error = run->error;
	int rc;

	inverse.kind = mirror(step->kind);
	inverse.down = !step->down;
	inverse.from = step->to;
	inverse.to = step->from;
	if (step->kind == OP_REMOVE)
		return 0;
	run->error = NULL;
	if (step->kind == OP_IN) {
		struct work_member *member = work_json_kind(value) == JSON_OBJECT
						     ? work_find(value->object, &step->op->name)
						     : NULL;

		rc = member ? steps_backward(run, step->inner, step->inner_count, &member->value,
					     NULL)
			    : 0;
		if (member)
			member->untouched = false;
	} else if (step->kind == OP_MAP) {
		rc = work_json_kind(value) == JSON_ARRAY ? work_open(&run->worker->memory, value)
							 : 0;
		for (uint32_t i = 0;
		     value->kind == WORK_ARRAY && rc == 0 && i < value->object->count; i++) {
			value->object->members[i].untouched = false;
			rc = steps_backward(run, step->inner, step->inner_count,
					    &value->object->members[i].value, NULL);
		}
	} else {
		rc = step_forward(run, &inverse, value, NULL);
		if (rc && rc != CF_ERR_NOMEM && step->kind == OP_CONVERT)
			(void)work_take(value->object, &step->op->name);
		if (rc != CF_ERR_NOMEM)
			rc = 0;
	}
	run->error = error;
	return rc;
}

static int step_backward(struct run *run, const struct step *step, struct work_value *value,
			 struct complement *complement)
{
	int rc;

	if (step->kind == OP_EXTRACT)
		return extract_backward(run, step, value, complement);
	if (step->kind == OP_EMBED)
		return embed_backward(run, step, value, complement);
	rc = complement ? remember(run, step, value, complement) : 0;
	if (rc == 0)
		rc = go_back(run, step, value);
	if (rc || !complement || value->kind != WORK_OBJECT)
		return rc;
	/* What the older self says there: equal to the source, the base stands. */
	if (step->kind == OP_CONVERT || step->kind == OP_SPLIT)
		complement->second = member_value(value->object, &step->op->name);
	return 0;
}

int steps_backward(struct run *run, const struct step *steps, size_t count,
		   struct work_value *value, struct complement *complements)
{
	int rc = 0;

	for (size_t i = count; i-- > 0 && rc == 0;)
		rc = step_backward(run, &steps[i], value, complements ? &complements[i] : NULL);
	return rc;
}

int steps_forward(struct run *run, const struct step *steps, size_t count, struct work_value *value,
		  const struct work_value *base)
{
	struct complement *complements = NULL;
	int rc = 0;

	if (base && base->kind != WORK_ABSENT && count) {
		struct work_value copy;

		complements = arena_calloc(&run->worker->memory.arena, count, sizeof(*complements));
		rc = complements ? work_copy(&run->worker->memory, base, &copy) : CF_ERR_NOMEM;
		if (rc == 0)
			rc = steps_backward(run, steps, count, &copy, complements);
		if (rc)
			return error_nomem(run->error);
	}
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = step_forward(run, &steps[i], value, complements ? &complements[i] : NULL);
	return rc;
}
