/* Reading bases. See base.h. */
#include "sync/lineage/base.h"
#include "sync/lineage/base_code.h"

struct reader {
	struct cf_arena *arena;
	struct atoms pool;
	struct base_orders *orders;
	int rc;
};

static void damaged(struct reader *r)
{
	r->rc = r->rc ? r->rc : CF_ERR_INVALID;
}

static void *alloc(struct reader *r, size_t count, size_t size)
{
	void *ptr = arena_calloc(r->arena, count + 1, size);

	if (!ptr)
		r->rc = CF_ERR_NOMEM;
	return ptr;
}

static uint64_t number_in(struct json_value value)
{
	int64_t number = 0;

	if (json_kind(value) == JSON_NUMBER)
		(void)json_number_int64(json_span(value), &number);
	return number > 0 ? (uint64_t)number : 0;
}

static struct cf_str text_in(struct reader *r, struct json_value value)
{
	struct cf_str text = {NULL, 0};

	if (json_kind(value) != JSON_STRING && json_kind(value) != JSON_KEY)
		damaged(r);
	else if (json_decode(value, r->arena, &text))
		r->rc = CF_ERR_NOMEM;
	return text;
}

static struct cf_str rev_in(struct reader *r, struct json_value value)
{
	struct cf_str text = text_in(r, value), rev = text;

	if (r->rc == 0 && code_rev_read(text, r->arena, &rev))
		r->rc = CF_ERR_NOMEM;
	return rev;
}

/* --- atoms ---------------------------------------------------------------------- */

static void read_hashes(struct reader *r, struct cf_str pointer, struct cf_str text)
{
	if (text.len % CODE_HASH_CHARS)
		damaged(r);
	for (; text.len >= CODE_HASH_CHARS && r->rc == 0; text.len -= CODE_HASH_CHARS) {
		struct atom *atom = &r->pool.at[r->pool.count++];

		*atom = (struct atom){.pointer = pointer};
		if (!code_hash_read(text.ptr, &atom->hash))
			damaged(r);
		text.ptr += CODE_HASH_CHARS;
	}
}

/* Its atoms in the pool have the numbers of the sequences. */
static void read_orders(struct reader *r, struct cf_str pointer, struct json_value array)
{
	size_t count = json_count(array);

	for (size_t i = 0; i < count; i++)
		r->pool.at[r->pool.count++] = (struct atom){.pointer = pointer, .hash = i + 1};
}

/* One sequence, by the places of its elements in the pool. */
static void read_sequence(struct reader *r, const struct atom *order, struct json_value value)
{
	struct base_sequence sequence = {.pointer = order->pointer, .number = order->hash};
	struct atom_order elements = {NULL, 0};
	struct code_walk walk = {.text = json_inner(value)};
	uint64_t *tokens, place;

	if (json_kind(value) != JSON_STRING)
		damaged(r);
	else if (base_orders_elements(&r->pool, order, r->arena, &elements))
		r->rc = CF_ERR_NOMEM;
	tokens = r->rc ? NULL : alloc(r, elements.count, sizeof(*tokens));
	if (r->rc)
		return;
	walk.limit = elements.count;
	sequence.order.tokens = tokens;
	while (code_list_next(&walk, &place) && sequence.order.count < elements.count)
		tokens[sequence.order.count++] = elements.tokens[place];
	if (walk.damaged)
		damaged(r);
	else if (base_sequence_add(r->orders, &sequence, r->arena))
		r->rc = CF_ERR_NOMEM;
}

/* When all elements are known. */
static void read_sequences(struct reader *r, struct json_value object)
{
	struct json_iter it = json_iter(object);
	size_t at = 0;

	while (r->rc == 0 && json_next(&it)) {
		struct json_iter sequences = json_iter(it.value);

		if (json_kind(it.value) == JSON_STRING) {
			at += json_inner(it.value).len / CODE_HASH_CHARS;
			continue;
		}
		while (r->rc == 0 && json_next(&sequences))
			read_sequence(r, &r->pool.at[at++], sequences.value);
	}
}

static void read_pool(struct reader *r, struct json_value object)
{
	struct json_iter it = json_iter(object);
	size_t count = 0;

	while (json_next(&it))
		count += json_kind(it.value) == JSON_STRING
				 ? json_inner(it.value).len / CODE_HASH_CHARS
				 : json_count(it.value);
	r->pool.at = alloc(r, count, sizeof(*r->pool.at));
	it = json_iter(object);
	while (r->rc == 0 && json_next(&it)) {
		struct cf_str pointer = text_in(r, it.name);
		bool order = r->rc == 0 && keyed_is_order(pointer);

		if (json_kind(it.value) != (order ? JSON_ARRAY : JSON_STRING))
			damaged(r);
		if (r->rc)
			return;
		if (order)
			read_orders(r, pointer, it.value);
		else
			read_hashes(r, pointer, json_inner(it.value));
	}
	read_sequences(r, object);
}

/* The atoms that a set names. */
static struct atoms read_set(struct reader *r, struct json_value value)
{
	struct code_walk walk = {.limit = r->pool.count}, again;
	struct atoms atoms = {NULL, 0};
	uint64_t number;

	if (json_kind(value) != JSON_STRING) {
		damaged(r);
		return atoms;
	}
	walk.text = json_inner(value);
	again = walk;
	while (code_set_next(&walk, &number))
		atoms.count++;
	if (walk.damaged) {
		damaged(r);
		return (struct atoms){NULL, 0};
	}
	atoms.at = alloc(r, atoms.count, sizeof(*atoms.at));
	for (size_t i = 0; r->rc == 0 && code_set_next(&again, &number); i++)
		atoms.at[i] = r->pool.at[number];
	return atoms;
}

/* --- revisions -------------------------------------------------------------------- */

static void read_known(struct reader *r, struct json_value array, struct base_slot *slot)
{
	struct json_iter it = json_iter(array);

	slot->known = alloc(r, json_count(array), sizeof(*slot->known));
	while (r->rc == 0 && json_next(&it)) {
		struct base_known *known = &slot->known[slot->known_count++];
		struct json_value seen = json_element(it.value, 1);
		struct json_value diff = json_element(it.value, 2);

		known->seen = BASE_CURRENT;
		if (json_kind(it.value) == JSON_STRING) {
			known->rev = rev_in(r, it.value);
			continue;
		}
		known->rev = rev_in(r, json_element(it.value, 0));
		if (json_kind(seen) != JSON_NULL)
			known->seen = number_in(seen);
		known->deleted = json_kind(diff) == JSON_NULL;
		if (!known->deleted)
			known->diff = read_set(r, diff);
	}
}

static struct cf_str said_rev(struct reader *r, const struct base_slot *slot,
			      struct json_value value)
{
	uint64_t known = number_in(value);

	if (json_kind(value) == JSON_STRING)
		return rev_in(r, value);
	if (json_kind(value) != JSON_NUMBER || known >= slot->known_count) {
		damaged(r);
		return (struct cf_str){NULL, 0};
	}
	return slot->known[known].rev;
}

static size_t count_saying(struct reader *r, const struct atoms *stood, struct json_value saying)
{
	struct json_value set = json_element(saying, 2);
	struct atoms atoms = json_is_absent(set) ? *stood : read_set(r, set);

	return atoms.count + json_count(json_element(saying, 3));
}

static void read_said(struct reader *r, struct json_value array, struct base_slot *slot,
		      const struct atoms *stood)
{
	struct json_iter it = json_iter(array);
	size_t count = 0;

	while (r->rc == 0 && json_next(&it))
		count += count_saying(r, stood, it.value);
	slot->said = alloc(r, count, sizeof(*slot->said));
	it = json_iter(array);
	while (r->rc == 0 && json_next(&it)) {
		struct json_value set = json_element(it.value, 2);
		struct json_iter gone = json_iter(json_element(it.value, 3));
		struct atoms atoms = json_is_absent(set) ? *stood : read_set(r, set);
		struct base_said said = {.rev = said_rev(r, slot, json_element(it.value, 0)),
					 .agreement = number_in(json_element(it.value, 1))};

		for (size_t i = 0; i < atoms.count && r->rc == 0; i++) {
			said.pointer = atoms.at[i].pointer;
			slot->said[slot->said_count++] = said;
		}
		while (r->rc == 0 && json_next(&gone)) {
			said.pointer = text_in(r, gone.value);
			slot->said[slot->said_count++] = said;
		}
	}
}

/* --- values ------------------------------------------------------------------------- */

static void read_only(struct reader *r, struct json_value object, struct base_slot *slot,
		      const struct atoms *stood)
{
	struct json_iter it = json_iter(object);

	slot->only.at = alloc(r, json_count(object), sizeof(*slot->only.at));
	while (r->rc == 0 && json_next(&it)) {
		struct atom *atom = &slot->only.at[slot->only.count++];

		atom->pointer = text_in(r, it.name);
		atom->value = it.value;
		atom->hash = r->rc ? 0 : atoms_hash_at(stood, atom->pointer);
	}
}

static void read_pending(struct reader *r, struct json_value array, struct base_slot *slot)
{
	struct json_iter it = json_iter(array);

	slot->pending = alloc(r, json_count(array), sizeof(*slot->pending));
	while (r->rc == 0 && json_next(&it))
		slot->pending[slot->pending_count++] = (struct base_pending){
			.pointer = text_in(r, json_element(it.value, 0)),
			.rev = rev_in(r, json_element(it.value, 1)),
			.seen = number_in(json_element(it.value, 2)),
			.value = json_element(it.value, 3),
		};
}

static void read_times(struct reader *r, struct json_value array, struct base_slot *slot)
{
	struct json_iter it = json_iter(array);

	slot->times = alloc(r, json_count(array), sizeof(*slot->times));
	while (r->rc == 0 && json_next(&it))
		slot->times[slot->time_count++] = (struct base_time){
			.rev = rev_in(r, json_element(it.value, 0)),
			.value = json_element(it.value, 1),
		};
}

static void read_slot(struct reader *r, struct json_value value, struct base_slot *slot)
{
	struct json_value agreed = json_member(value, STR("a"));
	struct json_value key = json_member(value, STR("key"));
	struct atoms stood = {NULL, 0};

	slot->there = !json_is_absent(agreed);
	if (slot->there)
		slot->agreed = slot->kept = read_set(r, agreed);
	if (r->rc == 0 && base_orders_tell(r->orders, &slot->kept, r->arena, &slot->agreed))
		r->rc = CF_ERR_NOMEM;
	if (!json_is_absent(key))
		slot->key = text_in(r, key);
	if (r->rc == 0)
		read_known(r, json_member(value, STR("known")), slot);
	if (r->rc == 0 && base_stood(slot, r->arena, &stood))
		r->rc = CF_ERR_NOMEM;
	if (r->rc == 0)
		read_said(r, json_member(value, STR("by")), slot, &stood);
	if (r->rc == 0)
		read_only(r, json_member(value, STR("only")), slot, &stood);
	if (r->rc == 0)
		read_pending(r, json_member(value, STR("hold")), slot);
	if (r->rc == 0)
		read_times(r, json_member(value, STR("at")), slot);
}

static void read_slots(struct reader *r, struct base *base, const struct family *family,
		       struct json_value record)
{
	struct json_value slots = json_member(record, STR("slots"));
	struct json_value bodies = json_member(record, STR("body"));

	base->agreements = number_in(json_member(record, STR("n")));
	read_pool(r, json_member(record, STR("atoms")));
	for (size_t i = 0; i < family->slot_count && r->rc == 0; i++) {
		struct json_value value = json_member(slots, family->slots[i].place);

		if (!json_is_absent(value))
			read_slot(r, value, &base->slots[i]);
		base->slots[i].body = json_member(bodies, family->slots[i].place);
	}
}

static uint64_t read_listed(struct json_value value)
{
	uint64_t hash = 1;

	if (json_is_absent(value))
		return 0;
	if (json_kind(value) == JSON_STRING && json_inner(value).len == CODE_HASH_CHARS &&
	    !code_hash_read(json_inner(value).ptr, &hash))
		hash = 1;
	return hash;
}

int base_read(struct base *ret, const struct family *family, struct json_value record,
	      struct cf_str rev, struct cf_arena *arena, struct cf_error *error)
{
	struct reader r = {.arena = arena};

	*ret = (struct base){.exists = !json_is_absent(record), .rev = rev};
	ret->slots = arena_calloc(arena, family->slot_count, sizeof(*ret->slots));
	ret->orders = r.orders = arena_calloc(arena, 1, sizeof(*r.orders));
	if (!ret->slots || !ret->orders)
		return error_nomem(error);
	for (size_t i = 0; i < family->slot_count; i++) {
		ret->slots[i].body = JSON_ABSENT;
		ret->slots[i].orders = ret->orders;
	}
	if (!ret->exists)
		return 0;
	ret->listed_incomplete = read_listed(json_member(record, STR("incomplete")));
	ret->listed_quarantine = read_listed(json_member(record, STR("quarantine")));
	read_slots(&r, ret, family, record);
	if (r.rc == 0)
		r.rc = unserved_read(family, record, arena, &ret->unserved);
	if (r.rc == CF_ERR_INVALID)
		return error_set(error, r.rc, "the state record of this lineage is damaged");
	return r.rc ? error_nomem(error) : 0;
}
