/* Writing bases. See base.h. */
#include "sync/lineage/base.h"
#include "sync/lineage/base_code.h"

#include <stdlib.h>

struct writer {
	struct cf_buf *out;
	struct cf_arena *arena;
	struct atoms pool;   /* all pairs of pointer and hash, each once */
	struct atom *united; /* what it stands in where it is more than one list; owned */
	const struct base_orders *orders;
};

static int compare_atoms(const void *a, const void *b)
{
	const struct atom *x = a, *y = b;
	int order = pointer_compare(x->pointer, y->pointer);

	return order ? order : (x->hash > y->hash) - (x->hash < y->hash);
}

/* How many there are in both together, each once. */
static size_t count_united(const struct atoms *a, const struct atoms *b)
{
	size_t count = 0, i = 0, k = 0;

	for (; i < a->count || k < b->count; count++) {
		int order = i >= a->count   ? 1
			    : k >= b->count ? -1
					    : compare_atoms(&a->at[i], &b->at[k]);

		i += order <= 0;
		k += order >= 0;
	}
	return count;
}

/* Both in order, each once; from behind, so that `at` may be where `a` stands. */
static void unite(const struct atoms *a, const struct atoms *b, struct atom *at, size_t count)
{
	size_t i = a->count, k = b->count;

	while (count > 0) {
		int order = i == 0 ? -1 : k == 0 ? 1 : compare_atoms(&a->at[i - 1], &b->at[k - 1]);

		at[--count] = order >= 0 ? a->at[i - 1] : b->at[k - 1];
		i -= order >= 0;
		k -= order <= 0;
	}
}

/* Mostly a list says nothing that the pool does not: then there is nothing to copy. */
static int add_to_pool(struct writer *w, const struct atoms *list)
{
	struct atoms pool;
	size_t count;
	struct atom *at;

	if (w->pool.count == 0)
		w->pool = *list;
	count = count_united(&w->pool, list);
	if (count == w->pool.count)
		return 0;
	at = mem_resize(w->arena->mem, w->united, count * sizeof(*at));
	if (!at)
		return CF_ERR_NOMEM;
	pool = (struct atoms){.at = w->united ? at : w->pool.at, .count = w->pool.count};
	unite(&pool, list, at, count);
	w->united = at;
	w->pool = (struct atoms){.at = at, .count = count};
	return 0;
}

static bool in_pool(const struct atoms *pool, const struct atom *atom)
{
	return pool->count && bsearch(atom, pool->at, pool->count, sizeof(*atom), compare_atoms);
}

/* Of all revisions that differ from newer ones, what the pool lacks: many short lists are
 * sorted at once. */
static int gather_diffs(const struct writer *w, const struct base *base,
			const struct family *family, struct atoms *ret)
{
	size_t count = 0, kept = 0;
	struct atom *at;

	*ret = (struct atoms){NULL, 0};
	for (size_t i = 0; i < family->slot_count; i++)
		for (size_t k = 0; k < base->slots[i].known_count; k++)
			count += base->slots[i].known[k].diff.count;
	if (count == 0)
		return 0;
	at = arena_alloc(w->arena, count * sizeof(*at));
	if (!at)
		return CF_ERR_NOMEM;
	count = 0;
	for (size_t i = 0; i < family->slot_count; i++) {
		for (size_t k = 0; k < base->slots[i].known_count; k++) {
			const struct atoms *diff = &base->slots[i].known[k].diff;

			for (size_t n = 0; n < diff->count; n++)
				if (!in_pool(&w->pool, &diff->at[n]))
					at[count++] = diff->at[n];
		}
	}
	qsort(at, count, sizeof(*at), compare_atoms);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_atoms(&at[kept - 1], &at[i]) != 0)
			at[kept++] = at[i];
	*ret = (struct atoms){.at = at, .count = kept};
	return 0;
}

static int make_pool(struct writer *w, const struct base *base, const struct family *family)
{
	struct atoms diffs;
	int rc = 0;

	w->pool = (struct atoms){NULL, 0};
	for (size_t i = 0; i < family->slot_count && rc == 0; i++)
		rc = add_to_pool(w, &base->slots[i].kept);
	rc = rc ? rc : gather_diffs(w, base, family, &diffs);
	return rc ? rc : add_to_pool(w, &diffs);
}

/* The sequence of an order, by the places of its elements in the pool. */
static int write_sequence(const struct writer *w, const struct atom *order)
{
	const struct base_sequence *sequence =
		base_sequence_find(w->orders, order->pointer, order->hash);
	struct atom_order elements;
	struct token_index index;
	struct code_list list = {.out = w->out};

	if (base_orders_elements(&w->pool, order, w->arena, &elements) ||
	    token_index_make(&index, &elements, w->arena))
		return CF_ERR_NOMEM;
	buf_byte(w->out, '"');
	for (size_t i = 0; sequence && i < sequence->order.count; i++) {
		size_t place = token_index_find(&index, sequence->order.tokens[i]);

		if (place != SIZE_MAX)
			code_list_add(&list, place);
	}
	code_list_end(&list);
	return buf_byte(w->out, '"');
}

/* The sequences of one array; returns how many there are, or NOMEM. */
static int write_orders(const struct writer *w, size_t first)
{
	size_t i = first;
	int rc = 0;

	for (; i < w->pool.count && rc == 0 &&
	       str_equal(w->pool.at[i].pointer, w->pool.at[first].pointer);
	     i++) {
		buf_byte(w->out, i == first ? '[' : ',');
		rc = write_sequence(w, &w->pool.at[i]);
	}
	buf_byte(w->out, ']');
	return rc ? rc : (int)(i - first);
}

static int write_pool(const struct writer *w)
{
	buf_str(w->out, STR(",\"atoms\":{"));
	for (size_t i = 0; i < w->pool.count; i++) {
		const struct atom *atom = &w->pool.at[i];
		int orders;

		if (i && str_equal(atom->pointer, atom[-1].pointer)) {
			w->out->len--; /* its value goes on */
		} else {
			buf_str(w->out, i ? STR(",") : STR(""));
			json_write_string(atom->pointer, w->out);
			buf_byte(w->out, ':');
			if (keyed_is_order(atom->pointer)) {
				orders = write_orders(w, i);
				if (orders < 0)
					return orders;
				i += (size_t)orders - 1;
				continue;
			}
			buf_byte(w->out, '"');
		}
		code_hash(atom->hash, w->out);
		buf_byte(w->out, '"');
	}
	return buf_byte(w->out, '}');
}

/* The number of an atom; `from` is where the search begins: lists are in order. */
static size_t number_of(const struct writer *w, const struct atom *atom, size_t from)
{
	size_t low = from, high = w->pool.count;

	if (low < high && compare_atoms(&w->pool.at[low], atom) == 0)
		return low;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_atoms(&w->pool.at[middle], atom) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	cf_assert(low < w->pool.count);
	return low;
}

static void write_set(const struct writer *w, const struct atoms *atoms)
{
	struct code_set set = {.out = w->out};
	size_t from = 0;

	buf_byte(w->out, '"');
	for (size_t i = 0; i < atoms->count; i++) {
		size_t number = number_of(w, &atoms->at[i], from);

		code_set_add(&set, number);
		from = number + 1;
	}
	code_set_end(&set);
	buf_byte(w->out, '"');
}

/* A number that is not the first of its list. */
static void write_next(const struct writer *w, uint64_t number)
{
	buf_byte(w->out, ',');
	buf_decimal(w->out, number);
}

static void write_known(const struct writer *w, const struct base_slot *slot)
{
	buf_str(w->out, STR("\"known\":["));
	for (size_t i = 0; i < slot->known_count; i++) {
		const struct base_known *known = &slot->known[i];
		bool current = known->seen == BASE_CURRENT;

		buf_str(w->out, i ? STR(",") : STR(""));
		if (current && !known->deleted && known->diff.count == 0) {
			code_rev(known->rev, w->out);
			continue;
		}
		buf_byte(w->out, '[');
		code_rev(known->rev, w->out);
		if (current) {
			buf_str(w->out, STR(",null,"));
		} else {
			write_next(w, known->seen);
			buf_byte(w->out, ',');
		}
		if (known->deleted)
			buf_str(w->out, STR("null"));
		else
			write_set(w, &known->diff);
		buf_byte(w->out, ']');
	}
	buf_byte(w->out, ']');
}

/* --- what people said ------------------------------------------------------------ */

static int by_saying(const void *a, const void *b)
{
	const struct base_said *x = a, *y = b;
	int order = str_compare(x->rev, y->rev);

	if (order == 0)
		order = (x->agreement > y->agreement) - (x->agreement < y->agreement);
	return order ? order : pointer_compare(x->pointer, y->pointer);
}

static bool same_saying(const struct base_said *a, const struct base_said *b)
{
	return a->agreement == b->agreement && str_equal(a->rev, b->rev);
}

/* What the words of a slot are about. */
struct saying {
	const struct base_slot *slot;
	struct atoms stood;
};

/* One revision's atoms at one agreement. */
static void write_saying(const struct writer *w, const struct saying *saying,
			 const struct base_said *said, size_t count)
{
	ptrdiff_t known = base_find(saying->slot, said->rev);
	struct code_set set = {.out = w->out};
	size_t gone = 0, from = 0;

	buf_byte(w->out, '[');
	if (known >= 0)
		buf_decimal(w->out, (uint64_t)known);
	else
		code_rev(said->rev, w->out);
	write_next(w, said->agreement);
	for (size_t i = 0; i < count; i++)
		gone += !atoms_find(&saying->stood, said[i].pointer);
	if (gone || count != saying->stood.count) {
		buf_str(w->out, STR(",\""));
		for (size_t i = 0; i < count; i++) {
			const struct atom *atom = atoms_find(&saying->stood, said[i].pointer);

			if (!atom)
				continue;
			from = number_of(w, atom, from);
			code_set_add(&set, from++);
		}
		code_set_end(&set);
		buf_byte(w->out, '"');
	}
	for (size_t i = 0, at = 0; i < count && gone; i++) {
		if (atoms_find(&saying->stood, said[i].pointer))
			continue;
		buf_str(w->out, at++ ? STR(",") : STR(",["));
		json_write_string(said[i].pointer, w->out);
	}
	buf_str(w->out, gone ? STR("]]") : STR("]"));
}

static int write_said(const struct writer *w, const struct base_slot *slot)
{
	struct saying saying = {.slot = slot};
	struct base_said *said = slot->said;
	size_t from = 0;
	bool sorted = true;

	if (base_stood_kept(slot, w->arena, &saying.stood))
		return CF_ERR_NOMEM;
	for (size_t i = 1; i < slot->said_count && sorted; i++)
		sorted = by_saying(&said[i - 1], &said[i]) <= 0;
	if (!sorted) {
		said = arena_alloc(w->arena, slot->said_count * sizeof(*said));
		if (!said)
			return CF_ERR_NOMEM;
		memcpy(said, slot->said, slot->said_count * sizeof(*said));
		qsort(said, slot->said_count, sizeof(*said), by_saying);
	}
	buf_str(w->out, STR("\"by\":["));
	while (from < slot->said_count) {
		size_t to = from + 1;

		while (to < slot->said_count && same_saying(&said[from], &said[to]))
			to++;
		buf_str(w->out, from ? STR(",") : STR(""));
		write_saying(w, &saying, said + from, to - from);
		from = to;
	}
	return buf_byte(w->out, ']');
}

/* --- values -------------------------------------------------------------------------- */

static void write_only(const struct writer *w, const struct atoms *only)
{
	buf_str(w->out, STR("\"only\":{"));
	for (size_t i = 0; i < only->count; i++) {
		buf_str(w->out, i ? STR(",") : STR(""));
		json_write_string(only->at[i].pointer, w->out);
		buf_byte(w->out, ':');
		json_write_compact(only->at[i].value, w->out);
	}
	buf_byte(w->out, '}');
}

static void write_pending(const struct writer *w, const struct base_slot *slot)
{
	buf_str(w->out, STR("\"hold\":["));
	for (size_t i = 0; i < slot->pending_count; i++) {
		const struct base_pending *pending = &slot->pending[i];

		buf_str(w->out, i ? STR(",[") : STR("["));
		json_write_string(pending->pointer, w->out);
		buf_byte(w->out, ',');
		code_rev(pending->rev, w->out);
		write_next(w, pending->seen);
		if (!json_is_absent(pending->value)) {
			buf_byte(w->out, ',');
			json_write_compact(pending->value, w->out);
		}
		buf_byte(w->out, ']');
	}
	buf_byte(w->out, ']');
}

static void write_times(const struct writer *w, const struct base_slot *slot)
{
	buf_str(w->out, STR("\"at\":["));
	for (size_t i = 0; i < slot->time_count; i++) {
		buf_str(w->out, i ? STR(",[") : STR("["));
		code_rev(slot->times[i].rev, w->out);
		buf_byte(w->out, ',');
		json_write_compact(slot->times[i].value, w->out);
		buf_byte(w->out, ']');
	}
	buf_byte(w->out, ']');
}

static void separate(const struct writer *w)
{
	if (w->out->len && w->out->ptr[w->out->len - 1] != '{')
		buf_byte(w->out, ',');
}

static int write_slot(const struct writer *w, const struct base_slot *slot, struct cf_str place)
{
	int rc = 0;

	json_write_string(place, w->out);
	buf_str(w->out, STR(":{"));
	if (slot->there) {
		buf_str(w->out, STR("\"a\":"));
		write_set(w, &slot->kept);
	}
	if (slot->key.len) {
		separate(w);
		buf_str(w->out, STR("\"key\":"));
		json_write_string(slot->key, w->out);
	}
	if (slot->known_count) {
		separate(w);
		write_known(w, slot);
	}
	if (slot->said_count) {
		separate(w);
		rc = write_said(w, slot);
	}
	if (slot->only.count) {
		separate(w);
		write_only(w, &slot->only);
	}
	if (slot->pending_count) {
		separate(w);
		write_pending(w, slot);
	}
	if (slot->time_count) {
		separate(w);
		write_times(w, slot);
	}
	buf_byte(w->out, '}');
	return rc;
}

static void write_bodies(const struct writer *w, const struct base *base,
			 const struct family *family)
{
	bool any = false;

	for (size_t i = 0; i < family->slot_count; i++) {
		if (json_is_absent(base->slots[i].body))
			continue;
		buf_str(w->out, any ? STR(",") : STR(",\"body\":{"));
		json_write_string(family->slots[i].place, w->out);
		buf_byte(w->out, ':');
		json_write_compact(base->slots[i].body, w->out);
		any = true;
	}
	if (any)
		buf_byte(w->out, '}');
}

static void write_listed(struct cf_str name, uint64_t hash, struct cf_buf *out)
{
	if (!hash)
		return;
	buf_str(out, name);
	code_hash(hash, out);
	buf_byte(out, '"');
}

static int write_base(struct writer *w, const struct base *base, const struct family *family)
{
	struct cf_buf *out = w->out;
	int rc = make_pool(w, base, family);
	bool first = true;

	if (rc)
		return rc;
	buf_str(out, STR("{\"n\":"));
	buf_decimal(out, base->agreements);
	write_listed(STR(",\"incomplete\":\""), base->listed_incomplete, out);
	write_listed(STR(",\"quarantine\":\""), base->listed_quarantine, out);
	if (base->unserved.len) {
		buf_str(out, STR(",\"unserved\":{"));
		buf_str(out, base->unserved);
		buf_byte(out, '}');
	}
	rc = write_pool(w);
	buf_str(out, STR(",\"slots\":{"));
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		const struct base_slot *slot = &base->slots[i];

		if (!slot->there && !slot->known_count && !slot->pending_count && !slot->key.len)
			continue;
		if (!first)
			buf_byte(out, ',');
		first = false;
		rc = write_slot(w, slot, family->slots[i].place);
	}
	buf_byte(out, '}');
	write_bodies(w, base, family);
	buf_byte(out, '}');
	return out->failed ? CF_ERR_NOMEM : rc;
}

int base_write(const struct base *base, const struct family *family, struct cf_arena *arena,
	       struct cf_buf *out)
{
	struct writer w = {.out = out, .arena = arena, .orders = base->orders};
	int rc = write_base(&w, base, family);

	mem_free(arena->mem, w.united);
	return rc;
}
