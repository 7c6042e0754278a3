/* Edits: what a document says otherwise, whether that stands, and setting it. Points 1,
 * 3 and 9 of the law. */
#include "rule.h"

#include <stdlib.h>

enum { ELEMENTS_MAX = 64, LEAVES_MAX = 256 };

/* --- lists of edits ------------------------------------------------------------------- */

void rule_add(struct edits *edits, struct edit *edit)
{
	cf_assert(edits->count < EDITS_MAX);
	edits->at[edits->count++] = edit;
}

void rule_add_all(struct edits *edits, const struct edits *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!rule_has(edits, more->at[i]))
			rule_add(edits, more->at[i]);
}

bool rule_has(const struct edits *edits, const struct edit *edit)
{
	for (size_t i = 0; i < edits->count; i++)
		if (edits->at[i] == edit)
			return true;
	return false;
}

void rule_lose(struct losers *losers, struct edit *edit, struct edit *winner)
{
	cf_assert(losers->count < EDITS_MAX);
	losers->at[losers->count++] = (struct loser){edit, winner};
}

bool rule_lost(const struct losers *losers, const struct edit *edit)
{
	for (size_t i = 0; i < losers->count; i++)
		if (losers->at[i].edit == edit)
			return true;
	return false;
}

bool same_document(const struct edit *a, const struct edit *b)
{
	return a->version == b->version && str_equal(a->rev, b->rev);
}

/* --- arrays whose elements have a key --------------------------------------------------- */

struct element {
	struct cf_str key; /* its JSON text */
	const struct value *value;
};
struct elements {
	struct element at[ELEMENTS_MAX];
	size_t count;
};

static const struct element *element_of(const struct elements *elements, struct cf_str key)
{
	for (size_t i = 0; i < elements->count; i++)
		if (str_equal(elements->at[i].key, key))
			return &elements->at[i];
	return NULL;
}

/* False: it is one atom, because an element has no key or another's. */
static bool elements_of(const struct value *array, const char *key, struct elements *ret)
{
	ret->count = 0;
	if (array && array->kind != JSON_ARRAY)
		return false;
	for (const struct value *v = array ? array->first : NULL; v; v = v->next) {
		const struct value *name = key ? value_member(v, str_of(key)) : v;

		if (!name || name->kind == JSON_OBJECT || name->kind == JSON_ARRAY ||
		    element_of(ret, name->text))
			return false;
		cf_assert(ret->count < ELEMENTS_MAX);
		ret->at[ret->count++] = (struct element){name->text, v};
	}
	return true;
}

/* What both have stands in the same order. */
static bool follows(const struct elements *a, const struct elements *b)
{
	size_t k = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (!element_of(b, a->at[i].key))
			continue;
		while (k < b->count && !element_of(a, b->at[k].key))
			k++;
		if (k == b->count || !str_equal(a->at[i].key, b->at[k].key))
			return false;
		k++;
	}
	return true;
}

/* --- what a document says ---------------------------------------------------------------- */

struct leaves {
	struct path at[LEAVES_MAX];
	size_t count;
};

static void leaves_of(const struct value *object, const struct path *here, struct leaves *ret)
{
	for (const struct value *v = object ? object->first : NULL; v; v = v->next) {
		struct path path = path_with(here, STEP_NAME, v->name);

		/* By these a document says what it is. */
		if (here->count == 0 &&
		    (str_equal(v->name, STR("schema")) || str_equal(v->name, STR("version"))))
			continue;
		if (v->kind == JSON_OBJECT) {
			leaves_of(v, &path, ret);
			continue;
		}
		cf_assert(ret->count < LEAVES_MAX);
		ret->at[ret->count++] = path;
	}
}

static int by_path(const void *a, const void *b)
{
	return path_compare(a, b);
}

/* The leaves of both, each once. */
static void leaves_of_both(const struct value *a, const struct value *b, struct leaves *ret)
{
	struct path none = {.count = 0};
	size_t kept = 0;

	ret->count = 0;
	leaves_of(a, &none, ret);
	leaves_of(b, &none, ret);
	qsort(ret->at, ret->count, sizeof(ret->at[0]), by_path);
	for (size_t i = 0; i < ret->count; i++)
		if (kept == 0 || path_compare(&ret->at[kept - 1], &ret->at[i]) != 0)
			ret->at[kept++] = ret->at[i];
	ret->count = kept;
}

/* A leaf; an object is none. */
static const struct value *leaf_at(const struct value *root, const struct path *path)
{
	const struct value *value = value_get(root, path, path->count);

	return value && value->kind == JSON_OBJECT ? NULL : value;
}

/* A document with its version, while edits are made of it. */
struct saved {
	struct court *court;
	size_t version;
	const struct value *document;
	struct cf_str rev;
	struct edits *edits;
};

static void say(const struct saved *saved, const struct path *pointer, const struct value *value)
{
	struct edit *edit = arena_calloc(saved->court->chain->arena, 1, sizeof(*edit));

	cf_assert(edit);
	*edit = (struct edit){.version = saved->version,
			      .pointer = *pointer,
			      .value = value,
			      .rev = saved->rev,
			      .document = saved->document};
	rule_add(saved->edits, edit);
}

static void say_element(const struct saved *saved, const struct path *here, const char *key,
			const struct element *was, const struct element *now)
{
	struct path pointer = path_with(here, STEP_KEY, was ? was->key : now->key);
	struct leaves leaves;

	if (!was != !now)
		say(saved, &pointer, now ? now->value : NULL);
	if (!now || now->value->kind != JSON_OBJECT)
		return;
	leaves_of_both(was ? was->value : NULL, now->value, &leaves);
	for (size_t i = 0; i < leaves.count; i++) {
		struct path whole = pointer;
		const struct value *value = leaf_at(now->value, &leaves.at[i]);

		if (leaves.at[i].count == 1 && str_equal(leaves.at[i].at[0].text, str_of(key)))
			continue;
		if (value_equal(was ? leaf_at(was->value, &leaves.at[i]) : NULL, value))
			continue;
		for (size_t k = 0; k < leaves.at[i].count; k++)
			whole = path_with(&whole, STEP_NAME, leaves.at[i].at[k].text);
		say(saved, &whole, value);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	return str_compare(x->key, y->key);
}

/* `before`: NULL where there was no array. */
static void say_array(const struct saved *saved, const struct path *here, const char *key,
		      const struct elements *before, const struct elements *now)
{
	static const struct elements none;
	const struct elements *was = before ? before : &none;
	struct elements all = *was;
	struct path order = path_with(here, STEP_ORDER, STR(""));

	for (size_t i = 0; i < now->count; i++)
		if (!element_of(was, now->at[i].key))
			all.at[all.count++] = now->at[i];
	qsort(all.at, all.count, sizeof(all.at[0]), by_key);
	for (size_t i = 0; i < all.count; i++)
		say_element(saved, here, key, element_of(was, all.at[i].key),
			    element_of(now, all.at[i].key));
	if ((!before && now->count == 0) || !follows(was, now))
		say(saved, &order, leaf_at(saved->document, here));
}

void rule_edits_of(struct court *court, size_t version, const struct value *was,
		   const struct value *now, struct cf_str rev, struct edits *ret)
{
	struct saved saved = {court, version, now, rev, ret};
	struct leaves leaves;

	leaves_of_both(was, now, &leaves);
	for (size_t i = 0; i < leaves.count; i++) {
		const struct path *path = &leaves.at[i];
		const struct value *x = leaf_at(was, path), *y = leaf_at(now, path);
		const struct keyed_path *keyed =
			chain_keyed(court->chain, version, path, path->count);
		struct elements before, after;

		if (value_equal(x, y))
			continue;
		if (keyed && y && elements_of(x, keyed->key, &before) &&
		    elements_of(y, keyed->key, &after))
			say_array(&saved, path, keyed->key, x ? &before : NULL, &after);
		else
			say(&saved, path, y);
	}
}

/* --- does it stand -------------------------------------------------------------------------- */

/* Nothing, then numbers, then texts. */
static int compare_levels(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return !!a - !!b;
	if (a->kind == JSON_NUMBER && b->kind == JSON_NUMBER)
		return json_number_compare(a->text, b->text);
	if (a->kind != b->kind)
		return a->kind == JSON_NUMBER ? -1 : 1;
	return str_compare(a->text, b->text);
}

bool rule_is_latest(const struct court *court, const struct edit *edit)
{
	const struct path *latest = &court->policy->latest;

	return latest->count && path_compare(latest, &edit->pointer) == 0;
}

static bool element_stands(const struct value *document, const struct edit *edit, size_t i,
			   const struct elements *there)
{
	const struct element *element = element_of(there, edit->pointer.at[i].text);
	struct path rest = {.count = edit->pointer.count - i - 1};

	(void)document;
	if (rest.count == 0)
		return !element == !edit->value;
	for (size_t k = 0; k < rest.count; k++)
		rest.at[k] = edit->pointer.at[i + 1 + k];
	return element && value_equal(leaf_at(element->value, &rest), edit->value);
}

bool rule_stands_in(const struct court *court, const struct value *document,
		    const struct edit *edit)
{
	size_t i = path_array(&edit->pointer);
	const struct value *array;
	const struct keyed_path *keyed;
	struct elements there, wanted;

	if (i == edit->pointer.count && rule_is_latest(court, edit))
		return compare_levels(leaf_at(document, &edit->pointer), edit->value) >= 0;
	if (i == edit->pointer.count)
		return value_equal(leaf_at(document, &edit->pointer), edit->value);
	array = value_get(document, &edit->pointer, i);
	keyed = chain_keyed(court->chain, edit->version, &edit->pointer, i);
	cf_assert(keyed);
	if (!elements_of(array, keyed->key, &there))
		return false;
	if (edit->pointer.at[i].kind == STEP_KEY)
		return element_stands(document, edit, i, &there);
	return array && elements_of(edit->value, keyed->key, &wanted) && follows(&wanted, &there);
}

bool rule_stands(const struct court *court, const struct docs *docs, const struct edit *edit)
{
	return rule_stands_in(court, docs->at[edit->version], edit);
}

/* Those elements of the array that the order names. */
static const struct value *shown_order(struct court *court, const struct edit *edit, size_t i,
				       const struct keyed_path *keyed)
{
	struct value *shown = value_new(court->chain->arena, JSON_ARRAY), **end = &shown->first;
	struct elements there, named;

	if (!elements_of(value_get(edit->places, &edit->pointer, i), keyed->key, &there) ||
	    !elements_of(edit->value, keyed->key, &named))
		return edit->value;
	for (size_t k = 0; k < there.count; k++) {
		if (!element_of(&named, there.at[k].key))
			continue;
		*end = value_clone(court->chain->arena, there.at[k].value);
		end = &(*end)->next;
	}
	return shown;
}

const struct value *rule_shown(struct court *court, const struct edit *edit)
{
	size_t i = path_array(&edit->pointer);
	const struct keyed_path *keyed;
	const struct element *element;
	struct elements there;

	if (!edit->places || !edit->value || i + 1 != edit->pointer.count)
		return edit->value;
	keyed = chain_keyed(court->chain, edit->version, &edit->pointer, i);
	cf_assert(keyed);
	if (edit->pointer.at[i].kind == STEP_ORDER)
		return shown_order(court, edit, i, keyed);
	if (!elements_of(value_get(edit->places, &edit->pointer, i), keyed->key, &there))
		return edit->value;
	element = element_of(&there, edit->pointer.at[i].text);
	return element ? element->value : edit->value;
}

/* --- setting ---------------------------------------------------------------------------------- */

/* Fields; in arrays what goes, the order, what is added as it stands in the saved array,
 * fields of elements. */
struct turn {
	int turn;
	size_t place;
	size_t index; /* as it came */
	struct edit *edit;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->turn != y->turn)
		return x->turn - y->turn;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static struct elements saved_elements(struct court *court, const struct edit *edit, size_t i)
{
	const struct keyed_path *keyed =
		chain_keyed(court->chain, edit->version, &edit->pointer, i);
	struct elements saved;

	cf_assert(keyed);
	cf_assert(elements_of(
		value_get(edit->places ? edit->places : edit->document, &edit->pointer, i),
		keyed->key, &saved));
	return saved;
}

static struct turn turn_of(struct court *court, struct edit *edit, size_t index)
{
	size_t i = path_array(&edit->pointer);
	struct turn turn = {.index = index, .edit = edit};
	struct elements saved;

	if (i == edit->pointer.count)
		return turn;
	turn.turn = edit->pointer.at[i].kind == STEP_ORDER ? 2
		    : i + 1 < edit->pointer.count          ? 4
		    : !edit->value                         ? 1
							   : 3;
	if (turn.turn != 3)
		return turn;
	saved = saved_elements(court, edit, i);
	turn.place = (size_t)(element_of(&saved, edit->pointer.at[i].text) - saved.at);
	return turn;
}

static void remove_at(struct elements *elements, size_t at)
{
	elements->count--;
	memmove(&elements->at[at], &elements->at[at + 1],
		(elements->count - at) * sizeof(elements->at[0]));
}

static void insert_at(struct elements *elements, size_t at, struct element element)
{
	cf_assert(elements->count < ELEMENTS_MAX);
	memmove(&elements->at[at + 1], &elements->at[at],
		(elements->count - at) * sizeof(elements->at[0]));
	elements->at[at] = element;
	elements->count++;
}

/* Puts an element behind the one that it stands behind in `saved`; where that is not
 * there, behind the one before. */
static void put_behind(struct elements *there, struct element element, const struct elements *saved)
{
	const struct element *old = element_of(there, element.key);
	size_t at = 0;

	if (old) {
		element = *old;
		remove_at(there, (size_t)(old - there->at));
	}
	for (size_t i = 0; i < saved->count && !str_equal(saved->at[i].key, element.key); i++) {
		const struct element *before = element_of(there, saved->at[i].key);

		if (before)
			at = (size_t)(before - there->at) + 1;
	}
	insert_at(there, at, element);
}

/* The order of what `names` names, in the places of `saved`; one that it does not name stays
 * behind the one it stood behind. */
static void reorder(struct elements *there, const struct elements *saved,
		    const struct elements *names)
{
	struct elements out = {.count = 0};

	for (size_t i = 0; i < saved->count; i++) {
		const struct element *element = element_of(there, saved->at[i].key);

		if (element && element_of(names, element->key))
			out.at[out.count++] = *element;
	}
	for (size_t i = 0; i < there->count; i++) {
		size_t at = 0;

		if (element_of(&out, there->at[i].key))
			continue;
		if (i > 0)
			at = (size_t)(element_of(&out, there->at[i - 1].key) - out.at) + 1;
		insert_at(&out, at, there->at[i]);
	}
	*there = out;
}

static void set_in_element(struct court *court, struct elements *there, struct edit *edit, size_t i)
{
	const struct element *found = element_of(there, edit->pointer.at[i].text);
	struct element *element = &there->at[found - there->at];
	struct path rest = {.count = edit->pointer.count - i - 1};
	struct value *changed = value_clone(court->chain->arena, element->value);

	for (size_t k = 0; k < rest.count; k++)
		rest.at[k] = edit->pointer.at[i + 1 + k];
	value_put(court->chain->arena, changed, &rest, rest.count, edit->value);
	element->value = changed;
}

static void set_in_array(struct court *court, struct value *document, struct edit *edit, int turn)
{
	size_t i = path_array(&edit->pointer);
	struct elements saved = saved_elements(court, edit, i), there, names;
	const struct keyed_path *keyed =
		chain_keyed(court->chain, edit->version, &edit->pointer, i);
	struct cf_str key = edit->pointer.at[i].text;
	struct value *array = value_new(court->chain->arena, JSON_ARRAY), **end = &array->first;

	if (!elements_of(value_get(document, &edit->pointer, i), keyed->key, &there))
		return;
	if (turn == 1 && element_of(&there, key))
		remove_at(&there, (size_t)(element_of(&there, key) - there.at));
	if (turn == 2 && elements_of(edit->value, keyed->key, &names))
		reorder(&there, &saved, &names);
	if (turn == 3 || (turn == 4 && !element_of(&there, key)))
		put_behind(&there, *element_of(&saved, key), &saved);
	if (turn == 4)
		set_in_element(court, &there, edit, i);
	for (size_t k = 0; k < there.count; k++, end = &(*end)->next)
		*end = value_clone(court->chain->arena, there.at[k].value);
	value_put(court->chain->arena, document, &edit->pointer, i, array);
}

void rule_set(struct court *court, struct value *document, const struct edits *edits,
	      const struct value *agreed)
{
	struct turn turns[EDITS_MAX];

	for (size_t i = 0; i < edits->count; i++)
		turns[i] = turn_of(court, edits->at[i], i);
	qsort(turns, edits->count, sizeof(turns[0]), by_turn);
	for (size_t i = 0; i < edits->count; i++) {
		struct edit *edit = turns[i].edit;

		/* It stays where it is. */
		if (turns[i].turn == 3 && rule_stands_in(court, agreed, edit) &&
		    rule_stands_in(court, document, edit))
			continue;
		if (path_array(&edit->pointer) < edit->pointer.count)
			set_in_array(court, document, edit, turns[i].turn);
		else if (!rule_is_latest(court, edit) || !rule_stands_in(court, document, edit))
			value_put(court->chain->arena, document, &edit->pointer,
				  edit->pointer.count, edit->value);
	}
}
