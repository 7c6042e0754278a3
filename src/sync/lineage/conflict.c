/* Contested atoms: who wins, and the list of those who had to give way. */
#include "sync/lineage/lineage.h"

static uint64_t version_of(const struct lineage *lineage, const struct edit *edit)
{
	const struct slot_kind *kind = lineage->slots[edit->slot].kind;

	return kind->age;
}

/* Order of two documents by a field: numbers by value, all else bytewise (which
 * is right for ISO 8601 times). An absent field is older than any. */
static int compare_field(const struct lineage *lineage, const struct edit *a, const struct edit *b,
			 struct cf_str field)
{
	struct json_value va = json_member(lineage->slots[a->slot].current, field);
	struct json_value vb = json_member(lineage->slots[b->slot].current, field);

	if (json_is_absent(va) || json_is_absent(vb))
		return (int)!json_is_absent(va) - (int)!json_is_absent(vb);
	if (json_kind(va) == JSON_NUMBER && json_kind(vb) == JSON_NUMBER)
		return json_number_compare(json_span(va), json_span(vb));
	return str_compare(json_span(va), json_span(vb));
}

int conflict_decide(const struct bench *bench, const struct lineage *lineage, const struct edit *a,
		    const struct edit *b)
{
	const struct catalog_conflicts *policy = catalog_conflicts(bench->registry->catalog);
	const struct edit *x = a->origin, *y = b->origin;
	int order = 0;

	if (policy->prefer == CATALOG_LATEST)
		order = compare_field(lineage, x, y, policy->latest_field);
	if (order == 0) {
		uint64_t vx = version_of(lineage, x), vy = version_of(lineage, y);

		order = (vx > vy) - (vx < vy);
		if (policy->prefer == CATALOG_OLDEST_VERSION)
			order = -order;
	}
	if (order == 0)
		order = (x->slot > y->slot) - (x->slot < y->slot);
	/* One document: as CouchDB chooses among leaves. */
	return order ? order : revision_compare(x->rev, false, y->rev, false);
}

/* Why the one wins: what the catalog says, or where it does not decide, CouchDB's order
 * of the revisions of one document. */
static const char *decided_by(const struct bench *bench, const struct lineage *lineage,
			      const struct edit *w, const struct edit *l)
{
	const struct catalog_conflicts *policy = catalog_conflicts(bench->registry->catalog);

	if (!w || w->slot == l->slot)
		return w ? "higher revision" : NULL;
	if (policy->prefer == CATALOG_LATEST &&
	    compare_field(lineage, w, l, policy->latest_field) != 0)
		return "latest";
	return policy->prefer == CATALOG_OLDEST_VERSION ? "oldest-version" : "newest-version";
}

/* Two orders of a keyed array that differ only in what one of them has and the other
 * has not: nobody loses anything. */
static int orders_merge(struct bench *bench, const struct lineage *lineage, const struct edit *w,
			const struct edit *l, bool *ret)
{
	const struct keyed_arrays *keyed = &lineage->slots[l->slot].kind->keyed;
	const struct keyed_array *array = NULL;
	struct json_value other = w ? w->value : JSON_ABSENT;

	*ret = false;
	if (keyed_is_order(l->pointer))
		array = keyed_at(keyed,
				 (struct cf_str){l->pointer.ptr, l->pointer.len - strlen("/[]")});
	if (!array)
		return 0;
	if (!w) {
		/* Late: against what stands. */
		const struct atom *atom = atoms_find(&lineage->slots[l->slot].atoms, l->pointer);

		other = atom ? atom->value : other;
	}
	return keyed_order_agrees(array, other, l->value, &bench->arena, ret);
}

int conflict_add(struct bench *bench, struct lineage *lineage, const struct edit *winner,
		 const struct edit *loser, bool late)
{
	const struct edit *w = winner ? winner->origin : NULL, *l = loser->origin;
	struct conflict *conflict;
	bool merge;

	if (orders_merge(bench, lineage, w, l, &merge))
		return CF_ERR_NOMEM;
	if (merge)
		return 0;
	for (conflict = lineage->conflicts; conflict; conflict = conflict->next)
		if (conflict->loser_slot == l->slot && str_equal(conflict->pointer, l->pointer) &&
		    str_equal(conflict->loser_rev, l->rev))
			return 0;
	conflict = arena_calloc(&bench->arena, 1, sizeof(*conflict));
	if (!conflict)
		return CF_ERR_NOMEM;
	*conflict = (struct conflict){.pointer = l->pointer,
				      .winner_slot = w ? w->slot : l->slot,
				      .loser_slot = l->slot,
				      .winner_rev = w ? w->rev : (struct cf_str){NULL, 0},
				      .loser_rev = l->rev,
				      .winner_value = w ? w->value : JSON_ABSENT,
				      .loser_value = l->value,
				      .winner_pointer = w ? w->pointer : l->pointer,
				      .late = late,
				      .policy = !late ? decided_by(bench, lineage, w, l)
						: w   ? "late: edit"
						      : "late: agreed",
				      .next = lineage->conflicts};
	lineage->conflicts = conflict;
	lineage->conflict_count++;
	return 0;
}
