/* Arrays: elements, contains, and uniqueness by hash. Marks too. */
#include "schema/run.h"

enum { FEW_ITEMS = 8 };

int marks_init(struct run *run, struct marks *marks, struct json_value container)
{
	*marks = (struct marks){.count = json_count(container)};
	marks->bits = &marks->few;
	if (marks->count <= 64)
		return 0;
	if (run_charge(run, marks->count / 16))
		return CF_ERR_LIMIT;
	marks->bits = mem_calloc(run->schema->mem, (marks->count + 63) / 64, sizeof(*marks->bits));
	return marks->bits ? 0 : CF_ERR_NOMEM;
}

void marks_fini(struct run *run, struct marks *marks)
{
	if (marks->bits != &marks->few)
		mem_free(run->schema->mem, marks->bits);
}

void marks_merge(struct marks *into, const struct marks *from)
{
	for (uint32_t i = 0; into && i < (into->count + 63) / 64; i++)
		into->bits[i] |= from->bits[i];
}

static int run_elements(struct run *run, const struct snode *node, struct json_value v,
			struct marks *marks)
{
	struct json_iter it = json_iter(v);
	int rc = 1;

	for (uint32_t i = 0; json_next(&it); i++) {
		const struct snode *rule =
			i < node->prefix.count ? node->prefix.items[i] : node->items;
		int part;

		if (!rule)
			break;
		if (rule->always < 0)
			part = run_fail(run, node, it.value,
					i < node->prefix.count ? "prefixItems" : "items",
					"must not be here: the array is too long");
		else
			part = run_schema(run, rule, it.value, NULL);
		rc = part <= 0 ? part : rc;
		if (!run_goes_on(run, part))
			break;
		marks_set(marks, i);
	}
	return rc;
}

static int run_contains(struct run *run, const struct snode *node, struct json_value v,
			struct marks *marks)
{
	struct json_iter it = json_iter(v);
	uint32_t found = 0;

	run->quiet++;
	for (uint32_t i = 0; json_next(&it); i++) {
		int part = run_schema(run, node->contains, it.value, NULL);

		if (part < 0) {
			run->quiet--;
			return part;
		}
		found += (uint32_t)part;
		if (part)
			marks_set(marks, i);
	}
	run->quiet--;
	if (found < node->min_contains)
		return run_fail(run, node, v, node->min_contains == 1 ? "contains" : "minContains",
				"must contain at least %u elements that contains describes",
				node->min_contains);
	if (found > node->max_contains)
		return run_fail(run, node, v, "maxContains",
				"must contain at most %u elements that contains describes",
				node->max_contains);
	return 1;
}

static int same_elements(struct run *run, const struct snode *node, struct json_value v, uint32_t a,
			 uint32_t b)
{
	return run_fail(run, node, v, "uniqueItems", "elements %u and %u are equal", a, b);
}

static int run_few_unique(struct run *run, const struct snode *node, struct json_value v)
{
	struct json_value items[FEW_ITEMS];
	struct json_iter it = json_iter(v);

	for (uint32_t i = 0; json_next(&it); i++) {
		items[i] = it.value;
		for (uint32_t k = 0; k < i; k++)
			if (json_equal(items[k], items[i]))
				return same_elements(run, node, v, k, i);
	}
	return 1;
}

struct unique_slot {
	uint64_t low;
	uint64_t high;
	uint32_t index; /* from 1 */
};

/* By 128-bit hashes, so that chains stay short whatever the values are. */
static int run_many_unique(struct run *run, const struct snode *node, struct json_value v,
			   uint32_t count)
{
	struct json_iter it = json_iter(v);
	struct unique_slot *slots;
	uint32_t mask = 1;
	int rc = 1;

	while (mask < count * 2)
		mask *= 2;
	if (run_charge(run, json_node_count(v)))
		return CF_ERR_LIMIT;
	slots = mem_calloc(run->schema->mem, mask, sizeof(*slots));
	if (!slots)
		return CF_ERR_NOMEM;
	mask--;
	for (uint32_t i = 0; rc == 1 && json_next(&it); i++) {
		struct hash128 hash = json_hash128(it.value);
		uint32_t k = (uint32_t)hash.low & mask;

		while (slots[k].index && (slots[k].low != hash.low || slots[k].high != hash.high))
			k = (k + 1) & mask;
		if (slots[k].index)
			rc = same_elements(run, node, v, slots[k].index - 1, i);
		slots[k] = (struct unique_slot){hash.low, hash.high, i + 1};
	}
	mem_free(run->schema->mem, slots);
	return rc;
}

static int run_count(struct run *run, const struct snode *node, struct json_value v, uint32_t count)
{
	int rc = 1;

	if (count < node->min_items)
		rc = run_fail(run, node, v, "minItems", "must have at least %u elements",
			      node->min_items);
	if (count > node->max_items)
		rc = run_fail(run, node, v, "maxItems", "must have at most %u elements",
			      node->max_items);
	return rc;
}

int run_array(struct run *run, const struct snode *node, struct json_value v, struct marks *marks)
{
	uint32_t count = json_count(v);
	int rc = run_count(run, node, v, count), part = rc;

	if (run_goes_on(run, part)) {
		part = run_elements(run, node, v, marks);
		rc = part <= 0 ? part : rc;
	}
	if (run_goes_on(run, part) && node->contains) {
		part = run_contains(run, node, v, marks);
		rc = part <= 0 ? part : rc;
	}
	if (run_goes_on(run, part) && node->unique_items) {
		part = count <= FEW_ITEMS ? run_few_unique(run, node, v)
					  : run_many_unique(run, node, v, count);
		rc = part <= 0 ? part : rc;
	}
	return rc;
}
