/* Values on their way through the ops. Those that were made on the way are
 * written and read again where an op must look inside: rare, and simple. */
#include "lens/program.h"

enum json_kind val_kind_made(const struct val *val)
{
	switch ((enum val_kind)val->kind) {
	case VAL_TAPE:
		return (enum json_kind)val->doc->nodes[val->node].kind;
	case VAL_TEXT:
		switch (val->text[0]) {
		case '{':
			return JSON_OBJECT;
		case '[':
			return JSON_ARRAY;
		case '"':
			return JSON_STRING;
		case 'n':
			return JSON_NULL;
		case 't':
			return JSON_TRUE;
		case 'f':
			return JSON_FALSE;
		default:
			return JSON_NUMBER;
		}
	case VAL_OBJECT:
		return JSON_OBJECT;
	case VAL_LIST:
		return JSON_ARRAY;
	case VAL_ID:
		return JSON_STRING;
	case VAL_SLOT:
	case VAL_ABSENT:
		break;
	}
	return 0;
}

/* A tape that lives as long as this apply; its storage is kept for later ones. */
static struct json_doc *next_tape(struct lens_worker *worker)
{
	struct json_doc *doc;

	if (worker->tape_used < worker->tape_count)
		return worker->tapes[worker->tape_used++];
	doc = mem_alloc(worker->mem, sizeof(*doc));
	if (!doc)
		return NULL;
	if (worker->tape_count == worker->tape_cap) {
		size_t cap = worker->tape_cap ? worker->tape_cap * 2 : 8;
		struct json_doc **grown =
			mem_resize(worker->mem, worker->tapes, cap * sizeof(*grown));

		if (!grown) {
			mem_free(worker->mem, doc);
			return NULL;
		}
		worker->tapes = grown;
		worker->tape_cap = cap;
	}
	json_doc_init(doc, worker->mem);
	worker->tapes[worker->tape_count++] = doc;
	worker->tape_used++;
	return doc;
}

int val_parse(struct run *run, struct cf_str text, struct json_value *ret)
{
	struct json_doc *doc = next_tape(run->worker);
	int rc = doc ? json_read(doc, text.ptr, text.len, JSON_READ_DUPLICATE_NAMES, NULL)
		     : CF_ERR_NOMEM;

	if (rc == 0)
		*ret = json_root(doc);
	return rc;
}

int val_read(struct run *run, const struct val *val, struct json_value *ret)
{
	struct cf_buf out;
	struct cf_str text;
	int rc;

	*ret = JSON_ABSENT;
	if (val->kind == VAL_ABSENT)
		return 0;
	if (val->kind == VAL_TAPE) {
		*ret = (struct json_value){val->doc, val->node};
		return 0;
	}
	if (val->kind == VAL_TEXT)
		return val_parse(run, (struct cf_str){val->text, val->node}, ret);
	buf_init(&out, run->worker->mem);
	rc = emit_val(run, val, &out);
	text = rc == 0 ? arena_dup_buf(run->arena, &out) : (struct cf_str){NULL, 0};
	buf_fini(&out);
	if (!text.ptr)
		return rc ? rc : CF_ERR_NOMEM;
	return val_parse(run, text, ret);
}

int val_equal(struct run *run, const struct val *a, const struct val *b, bool *ret)
{
	struct json_value x, y;
	int rc;

	if (val_kind(a) != val_kind(b)) {
		*ret = false;
		return 0;
	}
	rc = val_read(run, a, &x);
	if (rc == 0)
		rc = val_read(run, b, &y);
	if (rc == 0)
		*ret = json_is_absent(x) ? json_is_absent(y) : json_equal(x, y);
	return rc;
}

int val_decode(struct run *run, const struct val *val, struct cf_str *ret)
{
	struct json_value v;
	int rc = val_read(run, val, &v);

	return rc ? rc : json_decode(v, run->arena, ret);
}

int val_string(struct run *run, struct cf_str decoded, struct val *ret)
{
	struct cf_buf out;
	struct cf_str text = {NULL, 0};

	buf_init(&out, run->worker->mem);
	if (json_write_string(decoded, &out) == 0)
		text = arena_dup_buf(run->arena, &out);
	buf_fini(&out);
	*ret = val_text(text);
	return text.ptr ? 0 : CF_ERR_NOMEM;
}

int val_list(struct run *run, const struct val *val, struct list **ret)
{
	struct json_value v;
	struct json_iter it;
	struct list *list;
	uint32_t i = 0;
	int rc;

	*ret = val->kind == VAL_LIST ? val->list : NULL;
	if (*ret || val_kind(val) != JSON_ARRAY)
		return 0;
	rc = val_read(run, val, &v);
	list = rc == 0 ? lens_alloc(run, sizeof(*list)) : NULL;
	if (!list)
		return CF_ERR_NOMEM;
	list->count = json_count(v);
	list->items = lens_alloc(run, (list->count + 1) * sizeof(*list->items));
	if (!list->items)
		return CF_ERR_NOMEM;
	it = json_iter(v);
	while (json_next(&it))
		list->items[i++] = val_tape(it.value);
	*ret = list;
	return 0;
}

int val_array(struct run *run, const struct val *items, uint32_t count, struct val *ret)
{
	struct list *list = lens_alloc(run, sizeof(*list));

	if (list)
		list->items = lens_alloc(run, (count + 1) * sizeof(*items));
	if (!list || !list->items)
		return CF_ERR_NOMEM;
	if (count)
		memcpy(list->items, items, count * sizeof(*items));
	list->count = count;
	*ret = (struct val){.kind = VAL_LIST, .list = list};
	return 0;
}
