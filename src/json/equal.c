/* Equality and hashes by value. */
#include "json/number.h"
#include "json/read.h"

static bool strings_equal(struct json_value a, struct json_value b)
{
	struct cf_arena arena;
	struct cf_str decoded;
	bool equal;

	if (!(json_node(b)->flags & JSON_ESCAPED))
		return json_name_is(a, json_inner(b));
	if (!(json_node(a)->flags & JSON_ESCAPED))
		return json_name_is(b, json_inner(a));
	if (str_equal(json_inner(a), json_inner(b)))
		return true;
	arena_init(&arena, &mem_heap);
	equal = json_decode(a, &arena, &decoded) == 0 && json_name_is(b, decoded);
	arena_fini(&arena);
	return equal;
}

enum { SMALL_OBJECT = 16 }; /* members */

/* Small objects are searched member by member from where the other one stands. */
static struct json_value same_name(struct json_value object, struct json_value name, uint32_t *hint)
{
	const struct json_node *nodes = object.doc->nodes;
	uint32_t end = nodes[object.node].next, start = *hint, key;
	uint16_t hash = json_node(name)->hash;

	/* Behind the last member goes on at the first, or the walk would not end. */
	if (start >= end)
		start = object.node + 1;
	if (start >= end)
		return JSON_ABSENT;
	key = start;
	do {
		if (nodes[key].hash == hash &&
		    strings_equal((struct json_value){object.doc, key}, name)) {
			*hint = nodes[key].next;
			return (struct json_value){object.doc, key + 1};
		}
		key = nodes[key].next;
		if (key >= end)
			key = object.node + 1;
	} while (key != start);
	return JSON_ABSENT;
}

/* Members of a large object, by their names. */
struct name_index {
	uint32_t *nodes; /* 0: none; NULL: not made yet */
	uint64_t *hashes;
	size_t mask;
};

static bool index_names(struct json_value object, struct name_index *index)
{
	const struct json_node *nodes = object.doc->nodes;
	size_t size = 64;

	while (size < (size_t)json_count(object) * 2)
		size *= 2;
	index->mask = size - 1;
	index->nodes = mem_calloc(&mem_heap, size, sizeof(*index->nodes));
	index->hashes = mem_calloc(&mem_heap, size, sizeof(*index->hashes));
	if (!index->nodes || !index->hashes)
		return false;
	for (uint32_t key = object.node + 1; key < nodes[object.node].next; key = nodes[key].next) {
		uint64_t hash = json_hash64((struct json_value){object.doc, key});
		size_t at = hash & index->mask;

		while (index->nodes[at])
			at = (at + 1) & index->mask;
		index->nodes[at] = key;
		index->hashes[at] = hash;
	}
	return true;
}

static struct json_value indexed_name(struct json_value object, struct json_value name,
				      const struct name_index *index)
{
	uint64_t hash = json_hash64(name);

	for (size_t at = hash & index->mask; index->nodes[at]; at = (at + 1) & index->mask)
		if (index->hashes[at] == hash &&
		    strings_equal((struct json_value){object.doc, index->nodes[at]}, name))
			return (struct json_value){object.doc, index->nodes[at] + 1};
	return JSON_ABSENT;
}

/* Members may stand in any order; mostly they stand in the same. */
static bool large_objects_equal(struct json_value a, struct json_value b)
{
	const struct json_node *nodes = b.doc->nodes;
	struct json_iter it = json_iter(a);
	struct name_index index = {NULL, NULL, 0};
	uint32_t key = b.node + 1, hint = key;
	bool equal = true, in_order = true, indexed = false;

	while (equal && json_next(&it)) {
		struct json_value other = {b.doc, key + 1};

		in_order = in_order && strings_equal((struct json_value){b.doc, key}, it.name);
		key = nodes[key].next;
		if (!in_order && !index.nodes)
			indexed = index_names(b, &index);
		if (!in_order)
			other = indexed ? indexed_name(b, it.name, &index)
					: same_name(b, it.name, &hint);
		equal = !json_is_absent(other) && json_equal(it.value, other);
	}
	mem_free(&mem_heap, index.nodes);
	mem_free(&mem_heap, index.hashes);
	return equal;
}

static bool objects_equal(struct json_value a, struct json_value b)
{
	struct json_iter it = json_iter(a);
	uint32_t hint = b.node + 1;

	if (json_count(a) != json_count(b))
		return false;
	if (json_count(a) > SMALL_OBJECT)
		return large_objects_equal(a, b);
	while (json_next(&it)) {
		struct json_value other = same_name(b, it.name, &hint);

		if (json_is_absent(other) || !json_equal(it.value, other))
			return false;
	}
	return true;
}

static bool arrays_equal(struct json_value a, struct json_value b)
{
	struct json_iter ia = json_iter(a), ib = json_iter(b);

	for (;;) {
		bool more_a = json_next(&ia), more_b = json_next(&ib);

		if (more_a != more_b)
			return false;
		if (!more_a)
			return true;
		if (!json_equal(ia.value, ib.value))
			return false;
	}
}

bool json_equal(struct json_value a, struct json_value b)
{
	enum json_kind kind = json_kind(a), other = json_kind(b);

	if ((kind == JSON_KEY ? JSON_STRING : kind) != (other == JSON_KEY ? JSON_STRING : other))
		return false;
	switch (kind) {
	case JSON_NUMBER:
		return json_number_compare(json_span(a), json_span(b)) == 0;
	case JSON_STRING:
	case JSON_KEY:
		return strings_equal(a, b);
	case JSON_ARRAY:
		return arrays_equal(a, b);
	case JSON_OBJECT:
		return objects_equal(a, b);
	default:
		return true;
	}
}

static struct hash128 mix(struct hash128 h, uint64_t seed)
{
	uint64_t words[3] = {h.low, h.high, seed};

	return hash128((struct cf_str){(const char *)words, sizeof(words)});
}

static struct hash128 hash_string(struct json_value v)
{
	struct cf_arena arena;
	struct cf_str decoded;
	struct hash128 hash = {0, 0};

	if (!(json_node(v)->flags & JSON_ESCAPED))
		return hash128_seeded(json_inner(v), JSON_STRING);
	arena_init(&arena, &mem_heap);
	if (json_decode(v, &arena, &decoded) == 0)
		hash = hash128_seeded(decoded, JSON_STRING);
	arena_fini(&arena);
	return hash;
}

struct hash128 json_hash128(struct json_value v)
{
	struct json_iter it = json_iter(v);
	struct hash128 sum = {0, 0}, one;
	uint64_t place = 0;

	switch (json_kind(v)) {
	case JSON_STRING:
	case JSON_KEY:
		return hash_string(v);
	case JSON_NUMBER:
		return mix((struct hash128){decimal_hash(json_span(v)), 0}, JSON_NUMBER);
	case JSON_ARRAY:
		while (json_next(&it)) {
			one = mix(json_hash128(it.value), ++place);
			sum.low += one.low;
			sum.high += one.high;
		}
		return mix(sum, JSON_ARRAY);
	case JSON_OBJECT:
		/* A sum, for members have no order. */
		while (json_next(&it)) {
			struct hash128 name = hash_string(it.name);

			one = json_hash128(it.value);
			one = mix((struct hash128){one.low + name.low, one.high ^ name.high},
				  name.high);
			sum.low += one.low;
			sum.high += one.high;
		}
		return mix(sum, JSON_OBJECT);
	default:
		return mix(sum, 100 + (uint64_t)json_kind(v));
	}
}

uint64_t json_hash64(struct json_value v)
{
	return json_hash128(v).low;
}
