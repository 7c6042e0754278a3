/* Priorities: the policy's version or field, then the higher revision. */
#include "store/store.h"
#include "sync/lineage/settler.h"

/* Of the policy's field: absent is older than a number, and a number than all else. */
static int latest_level(struct json_value v)
{
	return json_is_absent(v) ? 0 : json_kind(v) == JSON_NUMBER ? 1 : 2;
}

/* Numbers by value, all else bytewise (which is right for ISO 8601 times). */
int compare_latest(struct json_value a, struct json_value b)
{
	int x = latest_level(a), y = latest_level(b);

	if (x != y || x == 0)
		return x - y;
	return x == 1 ? json_number_compare(json_span(a), json_span(b))
		      : str_compare(json_span(a), json_span(b));
}

bool is_latest_field(struct cf_str field, struct cf_str pointer)
{
	/* Names that need escapes are no names of times. */
	return pointer.len == field.len + 1 && memcmp(pointer.ptr + 1, field.ptr, field.len) == 0;
}

int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Who has the higher priority; what a tie is decided by says nothing but that it is. */
int compare_sources(const struct settle_policy *policy, const struct source *a,
		    const struct source *b)
{
	int order = 0;

	if (policy->prefer == CATALOG_LATEST)
		order = compare_latest(a->latest, b->latest);
	if (order == 0)
		order = compare_numbers(a->age, b->age) *
			(policy->prefer == CATALOG_OLDEST_VERSION ? -1 : 1);
	if (order == 0)
		order = revision_compare(a->rev, false, b->rev, false);
	if (order == 0)
		order = compare_numbers(a->slot, b->slot);
	if (order == 0)
		order = compare_numbers(a->kind, b->kind);
	if (order == 0 && a->kind == SETTLE_SIDE_EDIT)
		order = compare_numbers(json_hash64(a->document), json_hash64(b->document));
	return order;
}
