/* Working values: opening, finding, taking, writing. */
#include "lens/work.h"

void work_memory_init(struct work_memory *memory, const struct cf_mem *mem)
{
	*memory = (struct work_memory){.mem = mem};
	arena_init(&memory->arena, mem);
}

void work_memory_reset(struct work_memory *memory)
{
	arena_reset(&memory->arena);
	memory->tape_used = 0;
}

void work_memory_fini(struct work_memory *memory)
{
	for (size_t i = 0; i < memory->tape_count; i++) {
		json_doc_fini(memory->tapes[i]);
		mem_free(memory->mem, memory->tapes[i]);
	}
	mem_free(memory->mem, memory->tapes);
	arena_fini(&memory->arena);
}

int work_parse(struct work_memory *memory, struct cf_str text, struct json_value *ret)
{
	struct json_doc *doc;
	int rc;

	if (memory->tape_used == memory->tape_count) {
		struct json_doc **tapes = mem_resize(memory->mem, memory->tapes,
						     (memory->tape_count + 1) * sizeof(*tapes));

		if (!tapes)
			return CF_ERR_NOMEM;
		memory->tapes = tapes;
		tapes[memory->tape_count] = mem_alloc(memory->mem, sizeof(struct json_doc));
		if (!tapes[memory->tape_count])
			return CF_ERR_NOMEM;
		json_doc_init(tapes[memory->tape_count++], memory->mem);
	}
	doc = memory->tapes[memory->tape_used++];
	rc = json_read(doc, text.ptr, text.len, JSON_READ_DOCUMENT, NULL);
	*ret = json_root(doc);
	return rc;
}

enum json_kind work_json_kind(const struct work_value *value)
{
	switch (value->kind) {
	case WORK_SPAN:
		return json_kind(value->span);
	case WORK_OBJECT:
		return JSON_OBJECT;
	case WORK_ARRAY:
		return JSON_ARRAY;
	case WORK_TEXT:
		switch (value->text.ptr[0]) {
		case '{':
			return JSON_OBJECT;
		case '[':
			return JSON_ARRAY;
		case '"':
			return JSON_STRING;
		case 't':
			return JSON_TRUE;
		case 'f':
			return JSON_FALSE;
		case 'n':
			return JSON_NULL;
		default:
			return JSON_NUMBER;
		}
	default:
		return 0;
	}
}

static int reserve(struct work_memory *memory, struct work_object *object)
{
	uint32_t cap = object->cap * 2 + 8;
	struct work_member *grown;

	if (object->count < object->cap)
		return 0;
	grown = arena_alloc(&memory->arena, cap * sizeof(*grown));
	if (!grown)
		return CF_ERR_NOMEM;
	if (object->count)
		memcpy(grown, object->members, object->count * sizeof(*grown));
	object->members = grown;
	object->cap = cap;
	return 0;
}

static int new_list(struct work_memory *memory, enum work_kind kind, uint32_t cap,
		    struct work_value *ret)
{
	struct work_object *object = arena_alloc(&memory->arena, sizeof(*object));

	if (!object)
		return CF_ERR_NOMEM;
	*object = (struct work_object){.cap = cap};
	object->members = arena_alloc(&memory->arena, cap * sizeof(*object->members));
	*ret = (struct work_value){.kind = kind, .object = object};
	return object->members ? 0 : CF_ERR_NOMEM;
}

int work_new_object(struct work_memory *memory, struct work_value *ret)
{
	return new_list(memory, WORK_OBJECT, 8, ret);
}

int work_open(struct work_memory *memory, struct work_value *value)
{
	struct json_value span = value->span;
	const struct json_doc *doc;
	struct work_object *object;
	struct json_iter it;
	int rc;

	if (value->kind == WORK_OBJECT || value->kind == WORK_ARRAY)
		return 0;
	if (value->kind == WORK_TEXT) {
		rc = work_parse(memory, value->text, &span);
		if (rc)
			return rc;
	}
	doc = span.doc;
	it = json_iter(span);
	/* Two nodes a member at least; some room for what ops add. */
	rc = new_list(memory, it.members ? WORK_OBJECT : WORK_ARRAY,
		      (json_node(span)->next - span.node) / (it.members ? 2 : 1) + 8, value);
	if (rc)
		return rc;
	object = value->object;
	object->source = doc;
	object->spaced = json_node(span)->flags & JSON_SPACED;
	while (json_next(&it)) {
		struct work_member *member = &object->members[object->count++];

		member->untouched = true;
		member->value.kind = WORK_SPAN;
		member->value.span = it.value;
		if (it.members) {
			const struct json_node *name = json_node(it.name);

			member->quoted =
				(struct cf_str){doc->text + name->start, name->end - name->start};
			member->hash = name->hash;
			member->escaped = name->flags & JSON_ESCAPED;
		}
	}
	return 0;
}

/* A name written with escapes in its document. */
static bool escaped_name_is(struct cf_str quoted, const struct op_name *name)
{
	struct json_doc doc;
	bool same;

	json_doc_init(&doc, &mem_heap);
	same = json_read(&doc, quoted.ptr, quoted.len, 0, NULL) == 0 &&
	       json_name_is(json_root(&doc), name->decoded);
	json_doc_fini(&doc);
	return same;
}

struct work_member *work_find(const struct work_object *object, const struct op_name *name)
{
	for (uint32_t i = 0; i < object->count; i++) {
		struct work_member *member = &object->members[i];

		if (member->hash == name->hash &&
		    (str_equal(member->quoted, name->quoted) ||
		     (member->escaped && escaped_name_is(member->quoted, name))))
			return member;
	}
	return NULL;
}

int work_append(struct work_memory *memory, struct work_object *object, const struct op_name *name,
		struct work_value value)
{
	int rc = reserve(memory, object);

	if (rc == 0)
		object->members[object->count++] = (struct work_member){
			.quoted = name->quoted, .hash = name->hash, .value = value};
	return rc;
}

struct work_value work_take(struct work_object *object, const struct op_name *name)
{
	struct work_member *member = work_find(object, name);
	struct work_value value;

	if (!member)
		return WORK_NOTHING;
	value = member->value;
	object->count--;
	memmove(member, member + 1,
		(size_t)(object->members + object->count - member) * sizeof(*member));
	return value;
}

int work_copy(struct work_memory *memory, const struct work_value *value, struct work_value *ret)
{
	const struct work_object *from = value->object;
	int rc;

	if (value->kind != WORK_OBJECT && value->kind != WORK_ARRAY) {
		*ret = *value;
		return 0;
	}
	rc = new_list(memory, value->kind, from->count + 8, ret);
	if (rc)
		return rc;
	ret->object->source = from->source;
	ret->object->spaced = from->spaced;
	for (uint32_t i = 0; i < from->count && rc == 0; i++) {
		ret->object->members[i] = from->members[i];
		rc = work_copy(memory, &from->members[i].value, &ret->object->members[i].value);
		ret->object->count++;
	}
	return rc;
}

/* --- writing -------------------------------------------------------------------------- */

/* Untouched members that stand side by side in the source are one run. */
static uint32_t run_end(const struct work_object *object, uint32_t from)
{
	uint32_t at = from;

	while (at + 1 < object->count && object->members[at + 1].untouched &&
	       object->members[at + 1].quoted.ptr ==
		       object->source->text + json_node(object->members[at].value.span)->end + 1)
		at++;
	return at;
}

static int write_object(const struct work_object *object, struct cf_buf *out)
{
	int rc = buf_byte(out, '{');

	for (uint32_t i = 0; i < object->count && rc == 0; i++) {
		const struct work_member *member = &object->members[i];

		if (member->value.kind == WORK_ABSENT)
			continue;
		if (out->ptr[out->len - 1] != '{')
			buf_byte(out, ',');
		if (member->untouched && !object->spaced) {
			uint32_t last = run_end(object, i);
			const char *end = object->source->text +
					  json_node(object->members[last].value.span)->end;

			rc = buf_append(out, member->quoted.ptr,
					(size_t)(end - member->quoted.ptr));
			i = last;
			continue;
		}
		buf_str(out, member->quoted);
		buf_byte(out, ':');
		rc = work_write(&member->value, out);
	}
	return rc ? rc : buf_byte(out, '}');
}

static int write_array(const struct work_object *object, struct cf_buf *out)
{
	int rc = buf_byte(out, '[');

	for (uint32_t i = 0; i < object->count && rc == 0; i++) {
		if (i)
			buf_byte(out, ',');
		rc = work_write(&object->members[i].value, out);
	}
	return rc ? rc : buf_byte(out, ']');
}

int work_write(const struct work_value *value, struct cf_buf *out)
{
	switch (value->kind) {
	case WORK_SPAN:
		return json_write_compact(value->span, out);
	case WORK_TEXT:
		return buf_str(out, value->text);
	case WORK_OBJECT:
		return write_object(value->object, out);
	case WORK_ARRAY:
		return write_array(value->object, out);
	default:
		return 0;
	}
}

int work_value_of(struct work_memory *memory, const struct work_value *value,
		  struct json_value *ret)
{
	struct cf_buf text;
	struct cf_str kept;
	int rc;

	*ret = JSON_ABSENT;
	if (value->kind == WORK_SPAN) {
		*ret = value->span;
		return 0;
	}
	if (value->kind == WORK_ABSENT)
		return 0;
	if (value->kind == WORK_TEXT)
		return work_parse(memory, value->text, ret);
	buf_init(&text, memory->mem);
	rc = work_write(value, &text);
	kept = arena_dup(&memory->arena, buf_view(&text));
	buf_fini(&text);
	return rc || !kept.ptr ? CF_ERR_NOMEM : work_parse(memory, kept, ret);
}
