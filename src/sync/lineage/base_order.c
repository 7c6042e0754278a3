/* Orders of keyed arrays, as bases keep them. See base_order.h. */
#include "sync/lineage/base_order.h"

/* --- tokens by their place -------------------------------------------------------------- */

int token_index_make(struct token_index *index, const struct atom_order *order,
		     struct cf_arena *arena)
{
	size_t size = 16;

	while (size < order->count * 2)
		size *= 2;
	*index = (struct token_index){.tokens = order->tokens, .mask = size - 1};
	index->buckets = arena_calloc(arena, size, sizeof(*index->buckets));
	if (!index->buckets)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < order->count; i++) {
		size_t at = order->tokens[i] & index->mask;

		while (index->buckets[at])
			at = (at + 1) & index->mask;
		index->buckets[at] = (uint32_t)i + 1;
	}
	return 0;
}

size_t token_index_find(const struct token_index *index, uint64_t token)
{
	size_t at = token & index->mask;

	while (index->buckets[at] && index->tokens[index->buckets[at] - 1] != token)
		at = (at + 1) & index->mask;
	return index->buckets[at] ? index->buckets[at] - 1 : SIZE_MAX;
}

int order_follows(const struct atom_order *first, const struct atom_order *order,
		  struct cf_arena *arena, bool *ret, size_t *ret_more)
{
	struct token_index index;
	size_t next = 0, more = 0;
	int rc = token_index_make(&index, first, arena);

	*ret = rc == 0;
	for (size_t i = 0; i < order->count && *ret; i++) {
		size_t place = token_index_find(&index, order->tokens[i]);

		more += place == SIZE_MAX;
		if (place == SIZE_MAX)
			continue;
		*ret = place >= next;
		next = place;
	}
	if (ret_more)
		*ret_more = more;
	return rc;
}

/* --- sequences ---------------------------------------------------------------------------- */

const struct base_sequence *base_sequence_find(const struct base_orders *orders,
					       struct cf_str pointer, uint64_t number)
{
	for (const struct base_sequence *s = orders->first; s; s = s->next)
		if (s->number == number && str_equal(s->pointer, pointer))
			return s;
	return NULL;
}

int base_sequence_add(struct base_orders *orders, const struct base_sequence *sequence,
		      struct cf_arena *arena)
{
	struct base_sequence *added = arena_alloc(arena, sizeof(*added));

	if (!added)
		return CF_ERR_NOMEM;
	*added = *sequence;
	added->next = orders->first;
	orders->first = added;
	return 0;
}

/* What the sequence lacks goes behind what it stands behind in the order. */
static int grow(struct base_sequence *sequence, const struct atom_order *order, size_t more,
		struct cf_arena *arena)
{
	size_t count = sequence->order.count + more, at = 0, from = 0;
	uint64_t *tokens = arena_alloc(arena, (count + 1) * sizeof(*tokens));
	struct token_index index;

	if (!tokens || token_index_make(&index, &sequence->order, arena))
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < order->count; i++) {
		size_t place = token_index_find(&index, order->tokens[i]);

		while (place != SIZE_MAX && from < place)
			tokens[at++] = sequence->order.tokens[from++];
		from += place != SIZE_MAX;
		tokens[at++] = order->tokens[i];
	}
	while (from < sequence->order.count)
		tokens[at++] = sequence->order.tokens[from++];
	sequence->order = (struct atom_order){.tokens = tokens, .count = count};
	return 0;
}

static int note_order(struct base_orders *orders, const struct atom *atom, struct cf_arena *arena,
		      uint64_t *ret)
{
	struct base_sequence made = {.pointer = atom->pointer, .number = 1, .order = *atom->order};

	for (struct base_sequence *s = orders->first; s; s = s->next) {
		size_t more;
		bool same;

		if (!str_equal(s->pointer, atom->pointer))
			continue;
		made.number = s->number >= made.number ? s->number + 1 : made.number;
		if (order_follows(&s->order, atom->order, arena, &same, &more))
			return CF_ERR_NOMEM;
		if (!same)
			continue;
		*ret = s->number;
		return more ? grow(s, atom->order, more, arena) : 0;
	}
	*ret = made.number;
	return base_sequence_add(orders, &made, arena);
}

int base_orders_note(struct base_orders *orders, const struct atoms *atoms, struct cf_arena *arena,
		     struct atoms *ret)
{
	struct atom *at = NULL;

	*ret = *atoms;
	for (size_t i = 0; i < atoms->count; i++) {
		if (!atoms->at[i].order)
			continue;
		if (!at) {
			at = arena_alloc(arena, atoms->count * sizeof(*at));
			if (!at)
				return CF_ERR_NOMEM;
			memcpy(at, atoms->at, atoms->count * sizeof(*at));
			ret->at = at;
		}
		at[i] = (struct atom){.pointer = atoms->at[i].pointer, .value = JSON_ABSENT};
		if (note_order(orders, &atoms->at[i], arena, &at[i].hash))
			return CF_ERR_NOMEM;
	}
	return 0;
}

/* --- and back --------------------------------------------------------------------------------- */

/* Whether it is the presence of an element of the array. */
static bool is_element_of(const struct atom *atom, struct cf_str array)
{
	struct cf_str pointer = atom->pointer;
	size_t token = pointer.len - array.len - 1;

	return token > 2 && pointer.ptr[array.len + 1] == '[' &&
	       !memchr(pointer.ptr + array.len + 1, '/', token);
}

int base_orders_elements(const struct atoms *atoms, const struct atom *order,
			 struct cf_arena *arena, struct atom_order *ret)
{
	struct cf_str array = {order->pointer.ptr, order->pointer.len - strlen("/[]")};
	const struct atom *first = order, *end = atoms->at + atoms->count;
	uint64_t *tokens;
	size_t count = 0;

	while (first > atoms->at && pointer_lies_under(first[-1].pointer, array))
		first--;
	for (const struct atom *a = first; a < end && pointer_lies_under(a->pointer, array); a++)
		count += is_element_of(a, array);
	tokens = arena_alloc(arena, (count + 1) * sizeof(*tokens));
	if (!tokens)
		return CF_ERR_NOMEM;
	*ret = (struct atom_order){.tokens = tokens};
	for (const struct atom *a = first; ret->count < count; a++)
		if (is_element_of(a, array))
			tokens[ret->count++] = atom_token_hash((struct cf_str){
				a->pointer.ptr + array.len + 1, a->pointer.len - array.len - 1});
	return 0;
}

/* Those of the sequence that are there. */
static int tell_order(const struct base_sequence *sequence, const struct atoms *kept,
		      struct atom *atom, struct cf_arena *arena)
{
	struct atom_order there, *order = arena_alloc(arena, sizeof(*order));
	uint64_t *tokens = arena_alloc(arena, (sequence->order.count + 1) * sizeof(*tokens));
	struct token_index index;

	if (!order || !tokens || base_orders_elements(kept, atom, arena, &there) ||
	    token_index_make(&index, &there, arena))
		return CF_ERR_NOMEM;
	*order = (struct atom_order){.tokens = tokens};
	for (size_t i = 0; i < sequence->order.count; i++)
		if (token_index_find(&index, sequence->order.tokens[i]) != SIZE_MAX)
			tokens[order->count++] = sequence->order.tokens[i];
	atom->order = order;
	atom->hash = atom_order_hash(order);
	return 0;
}

int base_orders_tell(const struct base_orders *orders, const struct atoms *kept,
		     struct cf_arena *arena, struct atoms *ret)
{
	struct atom *at = NULL;

	*ret = *kept;
	for (size_t i = 0; i < kept->count && orders->first; i++) {
		const struct base_sequence *sequence;

		if (!keyed_is_order(kept->at[i].pointer))
			continue;
		sequence = base_sequence_find(orders, kept->at[i].pointer, kept->at[i].hash);
		if (!at) {
			at = arena_alloc(arena, kept->count * sizeof(*at));
			if (!at)
				return CF_ERR_NOMEM;
			memcpy(at, kept->at, kept->count * sizeof(*at));
			ret->at = at;
		}
		/* In the copy: the elements stand around it there, too. */
		if (sequence && tell_order(sequence, ret, &at[i], arena))
			return CF_ERR_NOMEM;
	}
	return 0;
}
