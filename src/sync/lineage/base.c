/* Looking into bases, and agreeing. */
#include "sync/lineage/base.h"

#include "store/store.h"
#include "sync/limits.h"

#include <stdlib.h>

static int compare_atoms(const struct atom *a, const struct atom *b)
{
	int order = pointer_compare(a->pointer, b->pointer);

	return order ? order : (a->hash > b->hash) - (a->hash < b->hash);
}

/* What stands in one of the two only; `at` NULL: how many these are. */
static size_t toggle(const struct atoms *a, const struct atoms *b, struct atom *at)
{
	size_t count = 0, i = 0, k = 0;

	while (i < a->count || k < b->count) {
		int order = i >= a->count   ? 1
			    : k >= b->count ? -1
					    : compare_atoms(&a->at[i], &b->at[k]);

		if (order == 0) {
			i++;
			k++;
			continue;
		}
		if (at) {
			at[count] = order < 0 ? a->at[i] : b->at[k];
			at[count].value = JSON_ABSENT;
		}
		i += order < 0;
		k += order > 0;
		count++;
	}
	return count;
}

/* Room for what differs: of documents with many members that is mostly little. */
int atoms_toggle(const struct atoms *a, const struct atoms *b, struct cf_arena *arena,
		 struct atoms *ret)
{
	size_t count = toggle(a, b, NULL);
	struct atom *at = arena_alloc(arena, count * sizeof(*at));

	if (!at)
		return CF_ERR_NOMEM;
	*ret = (struct atoms){.at = at, .count = toggle(a, b, at)};
	return 0;
}

ptrdiff_t base_find(const struct base_slot *slot, struct cf_str rev)
{
	for (size_t i = 0; i < slot->known_count; i++)
		if (str_equal(slot->known[i].rev, rev))
			return (ptrdiff_t)i;
	return -1;
}

ptrdiff_t base_current(const struct base_slot *slot)
{
	for (size_t i = 0; i < slot->known_count; i++)
		if (slot->known[i].seen == BASE_CURRENT)
			return (ptrdiff_t)i;
	return -1;
}

/* Of live ones, the last that was seen; among several the oldest: the others came late. */
ptrdiff_t base_last(const struct base_slot *slot)
{
	ptrdiff_t last = -1;

	for (size_t i = 0; i < slot->known_count; i++)
		if (!slot->known[i].deleted &&
		    (last < 0 || slot->known[i].seen >= slot->known[last].seen))
			last = (ptrdiff_t)i;
	return last;
}

uint64_t base_gone_at(const struct base *base, const struct family *family)
{
	uint64_t last = 0;

	for (size_t i = 0; i < family->own_count; i++)
		for (size_t k = 0; k < base->slots[i].said_count; k++) {
			const struct base_said *said = &base->slots[i].said[k];

			if (!said->pointer.len && said->agreement > last)
				last = said->agreement;
		}
	return last;
}

uint64_t base_seen(const struct base *base, const struct base_slot *slot, size_t known)
{
	uint64_t seen = slot->known[known].seen;

	return seen == BASE_CURRENT ? base->agreements : seen;
}

static int by_atom(const void *a, const void *b)
{
	return compare_atoms(a, b);
}

/* All differences on the way at once: what stands in an odd number of them counts. */
static int fold_diffs(const struct base_slot *slot, size_t known, struct cf_arena *arena,
		      struct atoms *ret)
{
	size_t count = 0, kept = 0;
	struct atom *at;

	for (size_t i = 0; i <= known; i++)
		count += slot->known[i].diff.count;
	at = arena_alloc(arena, count * sizeof(*at));
	if (!at)
		return CF_ERR_NOMEM;
	count = 0;
	for (size_t i = 0; i <= known; i++) {
		const struct atoms *diff = &slot->known[i].diff;

		if (diff->count)
			memcpy(at + count, diff->at, diff->count * sizeof(*at));
		count += diff->count;
	}
	qsort(at, count, sizeof(*at), by_atom);
	for (size_t i = 0; i < count;) {
		size_t same = i;

		while (same < count && compare_atoms(&at[i], &at[same]) == 0)
			same++;
		if ((same - i) % 2)
			at[kept++] = at[i];
		i = same;
	}
	*ret = (struct atoms){.at = at, .count = kept};
	return 0;
}

/* The atoms of a known revision, with orders by their sequences. */
static int kept_atoms(const struct base_slot *slot, size_t known, struct cf_arena *arena,
		      struct atoms *ret)
{
	struct atoms diff;
	int rc;

	*ret = (struct atoms){NULL, 0};
	if (slot->known[known].deleted)
		return 0;
	rc = fold_diffs(slot, known, arena, &diff);
	if (rc == 0 && diff.count == 0)
		*ret = slot->kept;
	else if (rc == 0)
		rc = atoms_toggle(&slot->kept, &diff, arena, ret);
	return rc;
}

int base_atoms(const struct base_slot *slot, size_t known, struct cf_arena *arena,
	       struct atoms *ret)
{
	struct atoms kept;
	int rc = kept_atoms(slot, known, arena, &kept);

	return rc ? rc : base_orders_tell(slot->orders, &kept, arena, ret);
}

struct json_value base_time_of(const struct base_slot *slot, struct cf_str rev)
{
	for (size_t i = 0; i < slot->time_count; i++)
		if (str_equal(slot->times[i].rev, rev))
			return slot->times[i].value;
	return JSON_ABSENT;
}

int base_stood_kept(const struct base_slot *slot, struct cf_arena *arena, struct atoms *ret)
{
	ptrdiff_t last = slot->there ? -1 : base_last(slot);

	*ret = slot->kept;
	return last < 0 ? 0 : kept_atoms(slot, (size_t)last, arena, ret);
}

int base_stood(const struct base_slot *slot, struct cf_arena *arena, struct atoms *ret)
{
	ptrdiff_t last = slot->there ? -1 : base_last(slot);

	*ret = slot->agreed;
	return last < 0 ? 0 : base_atoms(slot, (size_t)last, arena, ret);
}

int base_said_order(const struct base_slot *slot, const struct base_said *said,
		    struct cf_arena *arena, const struct atom_order **ret)
{
	ptrdiff_t known = base_find(slot, said->rev);
	const struct atom *atom = NULL;
	struct atoms atoms;

	if (known >= 0 && base_atoms(slot, (size_t)known, arena, &atoms))
		return CF_ERR_NOMEM;
	if (known >= 0)
		atom = atoms_find(&atoms, said->pointer);
	if (!atom || !atom->order) {
		if (base_stood(slot, arena, &atoms))
			return CF_ERR_NOMEM;
		atom = atoms_find(&atoms, said->pointer);
	}
	*ret = atom ? atom->order : NULL;
	return 0;
}

/* The revisions that will be known, as far as they are gathered. */
struct gathering {
	const struct base_slot *slot;
	struct base_known *known;
	size_t count;
	struct atoms last; /* what the next live one is compared with */
	bool joined;       /* an old live one hangs on the newest before it */
	struct cf_arena *arena;
};

static int gather_live(struct gathering *g, const struct atoms *atoms, struct base_known *known)
{
	struct atoms kept;
	int rc = base_orders_note(g->slot->orders, atoms, g->arena, &kept);

	rc = rc ? rc : atoms_toggle(&g->last, &kept, g->arena, &known->diff);
	g->last = kept;
	return rc;
}

static int gather_news(struct gathering *g, const struct base_step *step)
{
	int rc = 0;

	for (size_t i = 0; i < step->news_count && rc == 0; i++) {
		const struct base_news *news = &step->news[i];
		struct base_known *known = &g->known[g->count];

		if (base_find(g->slot, news->rev) >= 0)
			continue;
		*known = (struct base_known){
			.rev = news->rev, .deleted = news->deleted, .seen = news->seen};
		if (!news->deleted)
			rc = gather_live(g, &news->atoms, known);
		g->count++;
	}
	return rc;
}

/* Whether a catalog takes the current revision, which says what is agreed, apart otherwise
 * than when it became known. */
static int find_renamed(const struct gathering *g, ptrdiff_t current, const struct atoms *agreed,
			bool *ret)
{
	struct atoms old;
	struct atoms_diff diff = {.a = agreed, .b = &old};
	int rc = 0;

	*ret = false;
	if (current < 0 || g->slot->known[current].deleted)
		return 0;
	rc = kept_atoms(g->slot, (size_t)current, g->arena, &old);
	*ret = rc == 0 && atoms_diff_next(&diff);
	return rc;
}

static int gather_old(struct gathering *g, ptrdiff_t current, const struct atoms *agreed)
{
	bool anew;
	int rc = find_renamed(g, current, agreed, &anew);

	for (size_t i = 0; i < g->slot->known_count && rc == 0; i++) {
		struct base_known *known = &g->known[g->count++];
		struct atoms old = *agreed;

		*known = g->slot->known[i];
		if (known->deleted || (g->joined && !anew))
			continue;
		g->joined = true;
		if (!anew || (ptrdiff_t)i != current)
			rc = kept_atoms(g->slot, i, g->arena, &old);
		rc = rc ? rc : atoms_toggle(&g->last, &old, g->arena, &known->diff);
		g->last = old;
	}
	return rc;
}

int base_agree(const struct base *base, struct base_slot *slot, const struct base_step *step,
	       struct cf_arena *arena)
{
	struct gathering g = {.slot = slot, .arena = arena};
	struct atoms kept;
	int rc = base_orders_note(slot->orders, &step->agreed, arena, &kept);

	if (rc)
		return rc;
	g.last = kept;
	g.known = arena_calloc(arena, slot->known_count + step->news_count + 1, sizeof(*g.known));
	rc = g.known ? gather_news(&g, step) : CF_ERR_NOMEM;
	rc = rc ? rc : gather_old(&g, step->there ? base_find(slot, step->current) : -1, &kept);
	if (rc)
		return rc;
	for (size_t i = 0; i < g.count; i++) {
		if (str_equal(g.known[i].rev, step->current))
			g.known[i].seen = BASE_CURRENT;
		else if (g.known[i].seen == BASE_CURRENT)
			g.known[i].seen = base->agreements ? base->agreements - 1 : 0;
	}
	slot->known = g.known;
	slot->known_count = g.count;
	slot->agreed = step->agreed;
	slot->kept = kept;
	slot->there = step->there;
	return 0;
}

static bool is_leaf(const struct cf_record *record, struct cf_str rev)
{
	for (size_t i = 0; i < record->revision_count; i++)
		if (str_equal(record->revisions[i].rev, rev))
			return true;
	return false;
}

void base_forget(struct base_slot *slot, const struct cf_record *record)
{
	size_t kept = SYNC_KNOWN_MAX;

	if (slot->known_count <= kept)
		return;
	for (size_t i = kept; i < slot->known_count; i++)
		if (slot->known[i].deleted && is_leaf(record, slot->known[i].rev))
			slot->known[kept++] = slot->known[i];
	slot->known_count = kept;
}
