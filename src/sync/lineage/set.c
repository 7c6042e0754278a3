/* Edits are set in the text of a document. What no edit names is copied byte for byte.
 *
 * An object that loses its last member goes, too, unless an edit says that there is one
 * ({}). In a keyed array first goes what is removed, then the order that was set is taken,
 * then what is added goes behind the element that it was put behind, and fields are set;
 * a field of an element that is not there brings it back as it was saved. */
#include "sync/lineage/base_order.h"
#include "sync/lineage/settler.h"

#include <stdlib.h>

struct setter {
	struct settler *s;
	const struct slot_kind *kind;
	struct edit *const *edits;
	struct cf_buf *out;
	struct cf_arena *arena;
	int rc;
};

/* The edits at or under one path: [from, to), in the order of pointers; `depth`: bytes of
 * the path. */
struct range {
	size_t from, to, depth;
};

/* One token under a path, and its edits. */
struct branch {
	struct cf_str token;
	struct range range;
	bool used;
};
struct branches {
	struct branch *at;
	size_t count;
};

static struct cf_str pointer_at(const struct setter *t, size_t edit)
{
	return t->edits[edit]->pointer;
}

/* Whether the first edit is one of the value at the path itself. */
static bool is_exact(const struct setter *t, const struct range *range)
{
	return range->from < range->to && pointer_at(t, range->from).len == range->depth;
}

static struct cf_str token_at(const struct setter *t, size_t edit, size_t depth)
{
	struct cf_str pointer = pointer_at(t, edit);
	const char *start = pointer.ptr + depth + 1;
	size_t rest = pointer.len - depth - 1;
	const char *slash = memchr(start, '/', rest);

	return (struct cf_str){start, slash ? (size_t)(slash - start) : rest};
}

/* Takes the edits under a path apart by their next token. */
static struct branches branch_out(struct setter *t, const struct range *range)
{
	struct branches ret = {NULL, 0};
	size_t i = range->from + is_exact(t, range);

	ret.at = arena_alloc(t->arena, (range->to - i + 1) * sizeof(*ret.at));
	if (!ret.at) {
		t->rc = CF_ERR_NOMEM;
		return ret;
	}
	while (i < range->to) {
		struct cf_str token = token_at(t, i, range->depth);
		size_t end = i + 1;

		while (end < range->to && str_equal(token_at(t, end, range->depth), token))
			end++;
		ret.at[ret.count++] = (struct branch){
			.token = token, .range = {i, end, range->depth + 1 + token.len}};
		i = end;
	}
	return ret;
}

/* Branches are in the order of pointer_compare, which is bytewise within one token. */
static struct branch *find_branch(const struct branches *branches, struct cf_str token)
{
	size_t low = 0, high = branches->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(branches->at[middle].token, token);

		if (order == 0)
			return &branches->at[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Whether any of the edits gives something: also a field of an element that is taken away
 * wants the element. */
static bool gives(const struct setter *t, size_t from, size_t to)
{
	for (; from < to; from++) {
		const struct edit *edit = t->edits[from];

		if (edit->hash || (edit->element && edit->kind != EDIT_ELEMENT))
			return true;
	}
	return false;
}

static bool names_elements(const struct setter *t, const struct range *range)
{
	size_t first = range->from + is_exact(t, range);

	return first < range->to && pointer_at(t, first).ptr[range->depth + 1] == '[';
}

/* A member's name as a token. */
static struct cf_str token_of(struct setter *t, struct json_value name)
{
	struct cf_str inner = json_inner(name), token = {NULL, 0};
	struct cf_buf text;

	if (!(json_node(name)->flags & JSON_ESCAPED) && !memchr(inner.ptr, '/', inner.len) &&
	    !memchr(inner.ptr, '~', inner.len) && !(inner.len && inner.ptr[0] == '['))
		return inner;
	buf_init(&text, t->arena->mem);
	if (json_decode(name, t->arena, &token) || pointer_push_member(&text, token))
		t->rc = CF_ERR_NOMEM;
	else
		token = arena_dup(t->arena, (struct cf_str){text.ptr + 1, text.len - 1});
	buf_fini(&text);
	return token;
}

/* The name that a token stands for, as JSON. */
static void write_name_of(struct setter *t, struct cf_str token)
{
	struct cf_buf name;

	buf_init(&name, t->arena->mem);
	for (size_t i = 0; i < token.len; i++) {
		bool escape = token.ptr[i] == '~' && i + 1 < token.len;

		buf_byte(&name, escape ? "~/["[token.ptr[++i] - '0'] : token.ptr[i]);
	}
	if (name.failed || json_write_string(buf_view(&name), t->out))
		t->rc = CF_ERR_NOMEM;
	buf_fini(&name);
}

/* In the saved document: the member of an object. */
static struct json_value saved_member(struct setter *t, struct json_value saved,
				      struct cf_str token)
{
	struct cf_buf name;
	struct json_value member;

	if (json_kind(saved) != JSON_OBJECT)
		return JSON_ABSENT;
	buf_init(&name, t->arena->mem);
	for (size_t i = 0; i < token.len; i++) {
		bool escape = token.ptr[i] == '~' && i + 1 < token.len;

		buf_byte(&name, escape ? "~/["[token.ptr[++i] - '0'] : token.ptr[i]);
	}
	t->rc = name.failed ? CF_ERR_NOMEM : t->rc;
	member = json_member(saved, buf_view(&name));
	buf_fini(&name);
	return member;
}

static bool set_value(struct setter *t, struct json_value old, const struct range *range,
		      struct json_value saved);

/* Whether a keyed array is among what is under the path: its places are in `saved`. */
static bool needs_saved(const struct setter *t, const struct range *range)
{
	for (size_t i = range->from; i < range->to; i++) {
		struct cf_str pointer = pointer_at(t, i);

		for (const char *at = pointer.ptr + range->depth;
		     (at = memchr(at, '/', (size_t)(pointer.ptr + pointer.len - at))); at++)
			if (at + 1 < pointer.ptr + pointer.len && at[1] == '[')
				return true;
	}
	return false;
}

static void separate(struct setter *t)
{
	char last = t->out->ptr[t->out->len - 1];

	if (last != '{' && last != '[')
		buf_byte(t->out, ',');
}

static void set_member(struct setter *t, struct json_value name, struct json_value old,
		       struct branch *branch, struct json_value saved)
{
	size_t start = t->out->len;

	separate(t);
	if (json_is_absent(name))
		write_name_of(t, branch->token);
	else
		buf_str(t->out, json_span(name));
	buf_byte(t->out, ':');
	if (needs_saved(t, &branch->range))
		saved = saved_member(t, saved, branch->token);
	if (t->rc == 0 && !set_value(t, old, &branch->range, saved))
		t->out->len = start;
}

/* Writes the object with the edits under it; false: nothing is left of it. */
static bool set_object(struct setter *t, struct json_value object, const struct range *range,
		       bool stays, struct json_value saved)
{
	struct branches branches = branch_out(t, range);
	struct json_iter it = json_iter(object);

	buf_byte(t->out, '{');
	while (t->rc == 0 && !t->out->failed && json_next(&it)) {
		struct branch *branch = find_branch(&branches, token_of(t, it.name));

		if (branch) {
			branch->used = true;
			set_member(t, it.name, it.value, branch, saved);
			continue;
		}
		separate(t);
		buf_str(t->out, json_span(it.name));
		buf_byte(t->out, ':');
		t->rc = json_write_compact(it.value, t->out);
	}
	for (size_t i = 0; i < branches.count && t->rc == 0 && !t->out->failed; i++) {
		struct branch *branch = &branches.at[i];

		if (!branch->used && gives(t, branch->range.from, branch->range.to))
			set_member(t, JSON_ABSENT, JSON_ABSENT, branch, saved);
	}
	if (t->out->failed || t->out->len == 0)
		return true;
	if (!stays && t->out->ptr[t->out->len - 1] == '{')
		return false;
	buf_byte(t->out, '}');
	return true;
}

/* --- keyed arrays ---------------------------------------------------------------------- */

struct item {
	struct cf_str token;
	struct json_value value; /* as it stands; absent: as it is to come */
	const struct branch *branch;
	struct item *before, *after; /* in the list; an item that is not in it: NULL, NULL */
	bool listed;
};

struct array {
	struct setter *t;
	const struct keyed_array *keyed;
	struct item *items; /* those that stand, then those that come */
	size_t count;
	struct item **sorted; /* by token */
	struct item head;     /* of the list: a ring */
	struct keyed_element *saved;
	size_t saved_count;
};

static int by_item_token(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;

	return str_compare((*x)->token, (*y)->token);
}

static struct item *find_item(const struct array *a, struct cf_str token)
{
	size_t low = 0, high = a->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(a->sorted[middle]->token, token);

		if (order == 0)
			return a->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void unlink_item(struct item *item)
{
	if (!item->listed)
		return;
	item->before->after = item->after;
	item->after->before = item->before;
	item->listed = false;
}

static void link_behind(struct item *place, struct item *item)
{
	unlink_item(item);
	item->before = place;
	item->after = place->after;
	place->after->before = item;
	place->after = item;
	item->listed = true;
}

static bool is_presence(const struct setter *t, const struct branch *branch)
{
	return branch && is_exact(t, &branch->range);
}

static void remove_item(struct item *item)
{
	unlink_item(item);
	item->value = JSON_ABSENT;
}

/* The elements that stand, and those that edits speak of. */
static int list_items(struct array *a, struct json_value old, const struct branches *branches)
{
	struct setter *t = a->t;
	struct keyed_element *elements = NULL;
	const struct keyed_element **known;
	size_t count = 0;
	int rc = json_kind(old) == JSON_ARRAY
			 ? keyed_elements(a->keyed, old, t->arena, &elements, &count)
			 : 0;

	count = elements ? count : 0;
	known = keyed_sorted(elements, count, t->arena);
	a->items = arena_calloc(t->arena, count + branches->count + 1, sizeof(*a->items));
	a->sorted = arena_calloc(t->arena, count + branches->count + 1, sizeof(*a->sorted));
	if (rc || !known || !a->items || !a->sorted)
		return CF_ERR_NOMEM;
	a->head.before = a->head.after = &a->head;
	for (size_t i = 0; i < count; i++) {
		struct item *item = &a->items[a->count++];

		*item = (struct item){.token = elements[i].token, .value = elements[i].value};
		item->branch = find_branch(branches, item->token);
		link_behind(a->head.before, item);
	}
	for (size_t i = 0; i < branches->count; i++) {
		const struct branch *branch = &branches->at[i];

		if (branch->token.len > 2 && !keyed_find(known, count, branch->token))
			a->items[a->count++] =
				(struct item){.token = branch->token, .branch = branch};
	}
	for (size_t i = 0; i < a->count; i++)
		a->sorted[i] = &a->items[i];
	qsort(a->sorted, a->count, sizeof(struct item *), by_item_token);
	return 0;
}

/* The order that was set, of what it names, in the places of the value; one that it does not
 * name stays behind the one that it stood behind. */
static int take_order(struct array *a, const struct edit *order)
{
	struct keyed_element *elements = NULL;
	struct token_index named;
	size_t count = 0, listed = 0;
	struct item **old = arena_alloc(a->t->arena, (a->count + 1) * sizeof(struct item *));
	int rc = old ? keyed_elements(a->keyed, order->value, a->t->arena, &elements, &count)
		     : CF_ERR_NOMEM;

	if (rc == 0 && order->order)
		rc = token_index_make(&named, order->order, a->t->arena);
	if (rc)
		return rc;
	for (struct item *i = a->head.after; i != &a->head; i = i->after)
		old[listed++] = i;
	for (size_t i = 0; i < listed; i++)
		unlink_item(old[i]);
	for (size_t i = 0; elements && i < count; i++) {
		struct item *item = find_item(a, elements[i].token);

		if (item && !item->listed && !json_is_absent(item->value) && order->order &&
		    token_index_find(&named, atom_token_hash(item->token)) != SIZE_MAX)
			link_behind(a->head.before, item);
	}
	for (size_t i = 0; i < listed; i++)
		if (!old[i]->listed)
			link_behind(i ? old[i - 1] : &a->head, old[i]);
	return 0;
}

/* Whether the edits bring the element, or move it to where it was put. */
static bool comes(const struct setter *t, const struct item *item)
{
	if (!item || !item->branch)
		return false;
	if (is_presence(t, item->branch)) {
		const struct edit *edit = t->edits[item->branch->range.from];

		return edit->hash && !(item->listed && edit->was_there);
	}
	return !item->listed;
}

/* Each goes behind the nearest one that it stood behind in the saved array. */
static void place_items(struct array *a)
{
	struct item *last = &a->head;

	for (size_t i = 0; i < a->saved_count; i++) {
		struct item *item = find_item(a, a->saved[i].token);

		if (comes(a->t, item)) {
			if (json_is_absent(item->value))
				item->value = a->saved[i].value;
			link_behind(last, item);
		}
		if (item && item->listed)
			last = item;
	}
}

static void write_item(struct setter *t, const struct item *item, struct json_value saved)
{
	struct range range = {0, 0, 0};

	separate(t);
	if (item->branch)
		range = item->branch->range;
	range.from += is_presence(t, item->branch);
	if (range.from == range.to || json_kind(item->value) != JSON_OBJECT)
		t->rc = json_write_compact(item->value, t->out);
	else
		set_object(t, item->value, &range, true, saved);
}

static struct json_value saved_element(const struct array *a, const struct keyed_element **sorted,
				       const struct item *item)
{
	const struct keyed_element *found;

	if (!item->branch || !needs_saved(a->t, &item->branch->range))
		return JSON_ABSENT;
	found = keyed_find(sorted, a->saved_count, item->token);
	return found ? found->value : JSON_ABSENT;
}

/* Writes the array with the edits of its elements. */
static void set_array(struct setter *t, struct json_value old, const struct range *range,
		      struct json_value saved)
{
	struct cf_str path = {pointer_at(t, range->from).ptr, range->depth};
	struct array a = {.t = t, .keyed = keyed_at(&t->kind->keyed, path)};
	struct branches branches = branch_out(t, range);
	const struct branch *order = find_branch(&branches, STR("[]"));
	const struct keyed_element **sorted;

	if (t->rc == 0 && json_kind(saved) == JSON_ARRAY)
		t->rc = keyed_elements(a.keyed, saved, t->arena, &a.saved, &a.saved_count);
	if (!a.saved)
		a.saved_count = 0;
	sorted = t->rc ? NULL : keyed_sorted(a.saved, a.saved_count, t->arena);
	if (!sorted || list_items(&a, old, &branches)) {
		t->rc = CF_ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < a.count; i++)
		if (is_presence(t, a.items[i].branch) &&
		    !t->edits[a.items[i].branch->range.from]->hash)
			remove_item(&a.items[i]);
	if (order)
		t->rc = take_order(&a, t->edits[order->range.from]);
	place_items(&a);
	buf_byte(t->out, '[');
	for (struct item *i = a.head.after; i != &a.head && t->rc == 0 && !t->out->failed;
	     i = i->after)
		write_item(t, i, saved_element(&a, sorted, i));
	buf_byte(t->out, ']');
}

/* --- a value ----------------------------------------------------------------------------- */

/* An edit that says that there is an object, whatever is in it. */
static bool is_empty_object(struct json_value value)
{
	return json_kind(value) == JSON_OBJECT && json_count(value) == 0;
}

/* Writes what the value becomes; false: nothing is there. */
static bool set_value(struct setter *t, struct json_value old, const struct range *range,
		      struct json_value saved)
{
	bool exact = is_exact(t, range);
	const struct edit *edit = exact ? t->edits[range->from] : NULL;
	bool deeper = range->to - range->from > exact;
	bool object = exact && edit->hash && is_empty_object(edit->value);

	if (exact && !object) {
		old = edit->hash ? edit->value : JSON_ABSENT;
		if (!deeper) {
			if (edit->hash)
				t->rc = json_write_compact(edit->value, t->out);
			return edit->hash != 0;
		}
	}
	if (!exact && names_elements(t, range)) {
		set_array(t, old, range, saved);
		return true;
	}
	if (json_kind(old) != JSON_OBJECT) {
		if (!object && !gives(t, range->from + exact, range->to)) {
			if (!json_is_absent(old))
				t->rc = json_write_compact(old, t->out);
			return !json_is_absent(old);
		}
		old = JSON_ABSENT;
	}
	/* One that was empty has lost nothing. */
	object = object || is_empty_object(old);
	return set_object(t, old, range, object, saved);
}

int edits_set(struct settler *s, struct json_value document, const struct edit_set *set,
	      struct cf_buf *out)
{
	struct setter t = {
		.s = s, .kind = set->kind, .edits = set->edits, .out = out, .arena = &s->scratch};
	const struct range all = {0, set->count, 0};

	arena_reset(&s->scratch);
	set_object(&t, document, &all, true, set->saved);
	return t.rc || out->failed ? CF_ERR_NOMEM : 0;
}
