/* Two ranges compared as the sets of versions that they are.
 *
 * Releases: a set of comparators is one stretch from a first release to one that is no
 * more in it, a range the union of such stretches. Prereleases are in a range only where
 * a comparator names one of the same number, so they are asked one by one: between two
 * that are named nothing changes. */
#include "schema/range.h"

#include <stdlib.h>

/* A release; `major` UINT64_MAX: behind all. */
struct point {
	uint64_t major, minor, patch;
};
static const struct point behind_all = {UINT64_MAX, 0, 0};

struct stretch {
	struct point from, to; /* without `to` */
};
struct stretches {
	struct stretch *items; /* in order, none touches the next */
	size_t count;
};

static int compare(struct point a, struct point b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	if (a.minor != b.minor)
		return a.minor < b.minor ? -1 : 1;
	return (a.patch > b.patch) - (a.patch < b.patch);
}

static struct point point_of(const struct semver *v)
{
	return (struct point){v->major, v->minor, v->patch};
}

static struct point next_patch(struct point p)
{
	p.patch++;
	return p;
}

static void narrow(struct stretch *s, const struct comparator *c)
{
	struct point at = point_of(&c->version), from = {0}, to = behind_all;
	bool prerelease = c->version.prerelease.len > 0;

	switch (c->op) {
	case RANGE_LESS:
		to = at;
		break;
	case RANGE_LESS_EQUAL:
		to = prerelease ? at : next_patch(at);
		break;
	case RANGE_GREATER:
		from = prerelease ? at : next_patch(at);
		break;
	case RANGE_GREATER_EQUAL:
		from = at;
		break;
	case RANGE_EQUAL:
		from = at;
		to = prerelease ? at : next_patch(at);
		break;
	default:
		break;
	}
	if (compare(from, s->from) > 0)
		s->from = from;
	if (compare(to, s->to) < 0)
		s->to = to;
}

static int by_start(const void *a, const void *b)
{
	return compare(((const struct stretch *)a)->from, ((const struct stretch *)b)->from);
}

static void merge(struct stretches *s)
{
	size_t kept = 0;

	if (s->count)
		qsort(s->items, s->count, sizeof(*s->items), by_start);
	for (size_t i = 1; i < s->count; i++) {
		if (compare(s->items[i].from, s->items[kept].to) > 0)
			s->items[++kept] = s->items[i];
		else if (compare(s->items[i].to, s->items[kept].to) > 0)
			s->items[kept].to = s->items[i].to;
	}
	s->count = s->count ? kept + 1 : 0;
}

static int releases_of(const struct semver_range *range, struct cf_arena *arena,
		       struct stretches *ret)
{
	size_t i = 0;

	ret->count = 0;
	ret->items = arena_calloc(arena, range->count, sizeof(*ret->items));
	if (!ret->items)
		return CF_ERR_NOMEM;
	while (i < range->count) {
		uint32_t set = range->comparators[i].set;
		struct stretch s = {.to = behind_all};

		for (; i < range->count && range->comparators[i].set == set; i++)
			narrow(&s, &range->comparators[i]);
		if (compare(s.from, s.to) < 0)
			ret->items[ret->count++] = s;
	}
	merge(ret);
	return 0;
}

static bool overlaps(const struct stretches *s, struct stretch with)
{
	for (size_t i = 0; i < s->count; i++)
		if (compare(s->items[i].from, with.to) < 0 &&
		    compare(with.from, s->items[i].to) < 0)
			return true;
	return false;
}

enum cell { CELL_STEP, CELL_MINOR, CELL_PATCH };

/* The step, minor or release that a release belongs to. */
static struct stretch cell_of(struct point p, enum cell kind)
{
	if (kind == CELL_STEP && p.major)
		return (struct stretch){{p.major, 0, 0}, {p.major + 1, 0, 0}};
	if (kind == CELL_MINOR || (kind == CELL_STEP && p.minor))
		return (struct stretch){{p.major, p.minor, 0}, {p.major, p.minor + 1, 0}};
	return (struct stretch){p, next_patch(p)};
}

static const struct stretch *stretch_with(const struct stretches *s, struct point p)
{
	for (size_t i = 0; i < s->count; i++)
		if (compare(s->items[i].from, p) <= 0 && compare(p, s->items[i].to) < 0)
			return &s->items[i];
	return NULL;
}

/* The first cell of which `s` has releases and `other` none. What `other` has is jumped,
 * as there may be endless many cells in it. */
static bool find_cell(const struct stretches *s, const struct stretches *other, enum cell kind,
		      struct point *ret)
{
	for (size_t i = 0; i < s->count; i++) {
		struct point p = s->items[i].from;

		while (compare(p, s->items[i].to) < 0) {
			const struct stretch *in_both = stretch_with(other, p);
			struct stretch cell = cell_of(p, kind);

			if (!in_both && !overlaps(other, cell)) {
				*ret = p;
				return true;
			}
			p = in_both ? in_both->to : cell.to;
		}
	}
	return false;
}

/* Whether both say the same of the prereleases that `named` names, and of the first one
 * and the one right behind each. */
static int same_prereleases(const struct semver_range *named, const struct semver_range *a,
			    const struct semver_range *b, struct cf_arena *arena, bool *ret)
{
	for (size_t i = 0; i < named->count; i++) {
		struct semver v = named->comparators[i].version;
		struct cf_str probes[] = {v.prerelease, STR("0"),
					  arena_printf(arena, "%.*s.0", STR_ARG(v.prerelease))};

		if (named->comparators[i].op == RANGE_ANY || !v.prerelease.len)
			continue;
		if (!probes[2].ptr)
			return CF_ERR_NOMEM;
		for (size_t k = 0; k < ARRAY_LEN(probes); k++) {
			v.prerelease = probes[k];
			*ret = *ret && semver_range_has(a, &v) == semver_range_has(b, &v);
		}
	}
	return 0;
}

static void compare_releases(struct range_change *ret, const struct stretches *a,
			     const struct stretches *b)
{
	struct point at = {0};

	ret->disjoint = true;
	for (size_t i = 0; i < a->count; i++)
		ret->disjoint = ret->disjoint && !overlaps(b, a->items[i]);
	ret->step_removed = find_cell(a, b, CELL_STEP, &at);
	ret->step_added = find_cell(b, a, CELL_STEP, &at);
	ret->step = (struct semver){.major = at.major, .minor = at.minor, .patch = at.patch};
	ret->minor = find_cell(a, b, CELL_MINOR, &at) || find_cell(b, a, CELL_MINOR, &at);
	ret->patch = find_cell(a, b, CELL_PATCH, &at) || find_cell(b, a, CELL_PATCH, &at);
	ret->disjoint = ret->disjoint && ret->patch;
}

int range_compare(struct range_change *ret, const struct semver_range *a,
		  const struct semver_range *b, const struct cf_mem *mem)
{
	struct range_change change = {.disjoint = false};
	struct stretches of_a, of_b;
	struct cf_arena arena;
	bool same = true;
	int rc;

	arena_init(&arena, mem);
	rc = releases_of(a, &arena, &of_a);
	if (rc == 0)
		rc = releases_of(b, &arena, &of_b);
	if (rc == 0)
		rc = same_prereleases(a, a, b, &arena, &same);
	if (rc == 0)
		rc = same_prereleases(b, a, b, &arena, &same);
	if (rc == 0) {
		compare_releases(&change, &of_a, &of_b);
		change.prerelease = !same;
		*ret = change;
	}
	arena_fini(&arena);
	return rc;
}
