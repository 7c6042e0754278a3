/* JSON texts of documents: setting and removing members, and the values of atoms. */
#include "sim.h"

static void replace(struct cf_buf *document, size_t from, size_t to, struct cf_str with)
{
	struct cf_buf made;

	buf_init(&made, &mem_heap);
	buf_append(&made, document->ptr, from);
	buf_str(&made, with);
	buf_append(&made, document->ptr + to, document->len - to);
	buf_clear(document);
	buf_str(document, buf_view(&made));
	buf_fini(&made);
}

/* Cuts a member out, with one of the commas around it. */
static void cut(struct cf_buf *document, size_t from, size_t to)
{
	if (document->ptr[to] == ',')
		to++;
	else if (document->ptr[from - 1] == ',')
		from--;
	replace(document, from, to, STR(""));
}

/* Adds `"name":value` at the end of an object. */
static void add_member(struct cf_buf *document, const struct json_node *object, const char *name,
		       struct cf_str value)
{
	struct cf_buf member;
	bool empty = object->end - object->start == 2;

	buf_init(&member, &mem_heap);
	buf_printf(&member, "%s\"%s\":%.*s", empty ? "" : ",", name, STR_ARG(value));
	replace(document, object->end - 1, object->end - 1, buf_view(&member));
	buf_fini(&member);
}

void text_set(struct cf_buf *document, const char *pointer, struct cf_str value)
{
	const char *last = strrchr(pointer, '/');
	struct cf_str host_pointer = {pointer, (size_t)(last - pointer)};
	struct json_value host, at;
	struct json_doc doc;
	struct cf_buf made;

	json_doc_init(&doc, &mem_heap);
	buf_init(&made, &mem_heap);
	cf_assert(json_read(&doc, document->ptr, document->len, 0, NULL) == 0);
	host = json_pointer_get(json_root(&doc), host_pointer);
	at = json_is_absent(host) ? host : json_member(host, str_of(last + 1));
	if (!json_is_absent(at) && value.ptr) {
		replace(document, json_node(at)->start, json_node(at)->end, value);
	} else if (!json_is_absent(at)) {
		/* The name stands in the node before its value. */
		cut(document, doc.nodes[at.node - 1].start, json_node(at)->end);
	} else if (value.ptr && !json_is_absent(host)) {
		add_member(document, json_node(host), last + 1, value);
	} else if (value.ptr) {
		char name[48];

		snprintf(name, sizeof(name), "%.*s", (int)host_pointer.len - 1, pointer + 1);
		buf_printf(&made, "{\"%s\":%.*s}", last + 1, STR_ARG(value));
		add_member(document, json_node(json_root(&doc)), name, buf_view(&made));
	}
	buf_fini(&made);
	json_doc_fini(&doc);
}

/* --- values ----------------------------------------------------------------------- */

static void scalar_text(const struct view *view, int token, struct cf_buf *out)
{
	switch ((enum value_kind)view->kind) {
	case VALUE_TEXT:
		buf_printf(out, "\"%s%d\"", view->prefix, token);
		break;
	case VALUE_NUMBER:
		buf_printf(out, "%d", token);
		break;
	case VALUE_TABLE:
		buf_printf(out, "\"%s%d\"", view->prefix, token >> view->shift);
		break;
	case VALUE_TIME:
		buf_printf(out, "\"2026-03-%02dT%02d:00:00Z\"", 1 + token / 24, token % 24);
		break;
	case VALUE_CHOICE:
		buf_str(out, str_of(view->choices[(unsigned)token % view->choice_count]));
		break;
	case VALUE_DATA:
		buf_printf(out, "bytes %d", token);
		break;
	}
}

void view_text(const struct view *view, int token, struct cf_buf *out)
{
	buf_str(out, view->wrapped ? STR("[") : STR(""));
	scalar_text(view, token, out);
	buf_str(out, view->wrapped ? STR("]") : STR(""));
}

int view_token(const struct view *view, struct json_value value)
{
	struct cf_buf text;
	int step = view->kind == VALUE_TABLE ? 1 << view->shift : 1, found = TOKEN_GARBAGE;
	int max = view->kind == VALUE_CHOICE ? (int)view->choice_count : CLASSES * FINE;

	if (json_is_absent(value))
		return TOKEN_ABSENT;
	buf_init(&text, &mem_heap);
	for (int token = 0; token < max && found == TOKEN_GARBAGE; token += step) {
		buf_clear(&text);
		view_text(view, token, &text);
		if (str_equal(buf_view(&text), json_span(value)))
			found = token;
	}
	buf_fini(&text);
	return found;
}
