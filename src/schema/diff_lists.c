/* allOf, anyOf and oneOf: lists whose order says nothing. Schemas that say the same are
 * paired first, what is left over in the order of the lists: any pairing may be taken to
 * show that documents stay valid, but only one that nobody could make otherwise shows that
 * they do not. */
#include "schema/differ.h"

#include <stdlib.h>

enum { LEFT_OVER_MAX = 32 }; /* of which each is compared with each */

/* What `rule` means where it has one schema more. */
struct list_rule {
	const char *rule;
	unsigned more;
	bool inexact;
};

struct item {
	uint64_t hash;
	const struct snode *node;
	uint32_t place;
	bool paired;
};
struct items {
	struct item *at;
	size_t count;
};

static int by_hash(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static struct items items_of(struct differ *d, const struct snode_list *list)
{
	struct items items = {arena_calloc(&d->diff->arena, list->count, sizeof(struct item)),
			      list->count};

	if (!items.at) {
		d->rc = CF_ERR_NOMEM;
		return items;
	}
	for (uint32_t i = 0; i < list->count; i++)
		items.at[i] =
			(struct item){json_hash64(list->items[i]->at), list->items[i], i, false};
	qsort(items.at, items.count, sizeof(*items.at), by_hash);
	return items;
}

static void pair(struct differ *d, struct item *a, struct item *b)
{
	a->paired = b->paired = true;
	differ_nodes(d, a->node, b->node);
}

/* The same words, which may lead through $ref to what changed. */
static void pair_same_words(struct differ *d, struct items *a, struct items *b)
{
	size_t i = 0, k = 0;

	while (i < a->count && k < b->count) {
		if (a->at[i].hash == b->at[k].hash)
			pair(d, &a->at[i++], &b->at[k++]);
		else if (a->at[i].hash < b->at[k].hash)
			i++;
		else
			k++;
	}
}

static void keep_left_over(struct items *items)
{
	size_t kept = 0;

	for (size_t i = 0; i < items->count; i++)
		if (!items->at[i].paired)
			items->at[kept++] = items->at[i];
	items->count = kept;
	if (kept)
		qsort(items->at, kept, sizeof(*items->at), by_place);
}

/* Whether nothing that both say differs; nothing is told. */
static bool say_the_same(struct differ *d, const struct snode *a, const struct snode *b)
{
	struct differ_mark mark = differ_mark(d);
	bool same = true;

	if (d->trials_left == 0)
		return false;
	d->trials_left--;
	d->trying = true;
	differ_nodes(d, a, b);
	d->trying = false;
	for (size_t i = mark.diff.reason_count; i < d->diff->reason_count; i++)
		same = same && d->diff->reasons[i].change == SCHEMA_FIX;
	differ_reset(d, &mark);
	return same && d->rc == 0;
}

static void pair_same_meaning(struct differ *d, struct items *a, struct items *b)
{
	bool tries = !d->trying && a->count <= LEFT_OVER_MAX && b->count <= LEFT_OVER_MAX &&
		     (a->count > 1 || b->count > 1);

	for (size_t i = 0; tries && i < a->count; i++)
		for (size_t k = 0; k < b->count && !a->at[i].paired; k++)
			if (!b->at[k].paired && say_the_same(d, a->at[i].node, b->at[k].node))
				pair(d, &a->at[i], &b->at[k]);
	keep_left_over(a);
	keep_left_over(b);
}

/* Of several that changed nobody knows which became which. */
static void pair_in_order(struct differ *d, struct items *a, struct items *b)
{
	size_t first = d->diff->reason_count;

	for (size_t i = 0; i < a->count; i++)
		pair(d, &a->at[i], &b->at[i]);
	if (a->count > 1)
		differ_doubt(d, first);
}

static void diff_list(struct differ *d, const struct snode *b, const struct snode_list *old_list,
		      const struct snode_list *new_list, const struct list_rule *rule)
{
	struct items old_items, new_items;

	differ_came(d, b, old_list->count > 0, new_list->count > 0, BREAKS_BACKWARD, rule->rule);
	if (!old_list->count || !new_list->count || d->rc)
		return;
	old_items = items_of(d, old_list);
	new_items = items_of(d, new_list);
	if (d->rc)
		return;
	d->inexact += rule->inexact;
	pair_same_words(d, &old_items, &new_items);
	keep_left_over(&old_items);
	keep_left_over(&new_items);
	pair_same_meaning(d, &old_items, &new_items);
	if (old_items.count == new_items.count)
		pair_in_order(d, &old_items, &new_items);
	else if (!old_items.count || !new_items.count)
		differ_came(d, b, old_items.count > 0, new_items.count > 0, rule->more, rule->rule);
	else
		differ_tell(d, b, BREAKS_UNDECIDED, rule->rule, "other schemas under %s",
			    rule->rule);
	d->inexact -= rule->inexact;
}

void differ_lists(struct differ *d, const struct snode *a, const struct snode *b)
{
	static const struct list_rule all = {"allOf", BREAKS_BACKWARD, false};
	static const struct list_rule any = {"anyOf", BREAKS_FORWARD, false};
	static const struct list_rule one = {"oneOf", BREAKS_UNDECIDED, true};

	diff_list(d, b, &a->all_of, &b->all_of, &all);
	diff_list(d, b, &a->any_of, &b->any_of, &any);
	diff_list(d, b, &a->one_of, &b->one_of, &one);
}
