/* What people did to a thing, and what came of it. */
#include "thing.h"

#include <stdlib.h>

/* A document that is new, with the one that it was made of. */
struct news {
	struct leaf leaf;
	const struct value *base; /* NULL: of none */
	unsigned seen;
	bool hangs; /* on nothing that is known */
};
struct news_list {
	struct news at[LEAVES_OF_THING_MAX];
	size_t count;
};

static const struct known *known_at(const struct thing *thing, size_t version, struct cf_str rev)
{
	for (size_t i = 0; i < thing->known_count[version]; i++)
		if (str_equal(thing->known[version][i].rev, rev))
			return &thing->known[version][i];
	return NULL;
}

bool thing_knows(const struct thing *thing, size_t version, struct cf_str rev)
{
	return known_at(thing, version, rev) != NULL;
}

static void know(struct thing *thing, size_t version, struct cf_str rev,
		 const struct value *document, unsigned seen)
{
	struct known *known = (struct known *)known_at(thing, version, rev);

	if (!known) {
		cf_assert(thing->known_count[version] < KNOWN_MAX);
		known = &thing->known[version][thing->known_count[version]++];
	}
	*known = (struct known){rev, document, seen};
}

/* --- what people did ------------------------------------------------------------------- */

static bool on_way(const struct leaf *leaf, struct cf_str rev)
{
	for (size_t i = 0; i < leaf->way_count; i++)
		if (str_equal(leaf->way[i], rev))
			return true;
	return false;
}

/* The nearest revision that two new leaves share, if nobody agreed on it and it can be
 * read. */
static const struct value *shared_by(const struct thing *thing, const struct leaf *a,
				     const struct leaf *b, const struct bodies *bodies,
				     size_t *ret_at)
{
	if (a == b || a->version != b->version)
		return NULL;
	for (size_t i = 0; i < a->way_count; i++) {
		if (!on_way(b, a->way[i]))
			continue;
		*ret_at = i;
		return thing_knows(thing, a->version, a->way[i])
			       ? NULL
			       : bodies->read(bodies->ctx, a->version, a->way[i]);
	}
	return NULL;
}

static void add_forks(const struct thing *thing, struct leaf_list *fresh,
		      const struct bodies *bodies)
{
	size_t count = fresh->count;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++) {
			const struct leaf *leaf = &fresh->at[i];
			bool there = false;
			size_t at;
			const struct value *body =
				shared_by(thing, leaf, &fresh->at[k], bodies, &at);

			for (size_t n = count; body && n < fresh->count; n++)
				there = there || (fresh->at[n].version == leaf->version &&
						  str_equal(fresh->at[n].rev, leaf->way[at]));
			if (!body || there)
				continue;
			cf_assert(fresh->count < LEAVES_OF_THING_MAX);
			fresh->at[fresh->count++] =
				(struct leaf){leaf->version, leaf->way[at], leaf->way + at + 1,
					      leaf->way_count - at - 1, body};
		}
}

static bool knows_any(const struct thing *thing, const struct leaf *leaf)
{
	bool known = thing_knows(thing, leaf->version, leaf->rev);

	for (size_t i = 0; i < leaf->way_count && !known; i++)
		known = thing_knows(thing, leaf->version, leaf->way[i]);
	return known;
}

static size_t count_leaves(const struct leaf_list *leaves, size_t version)
{
	size_t count = 0;

	for (size_t i = 0; i < leaves->count; i++)
		count += leaves->at[i].version == version;
	return count;
}

/* Whether the ancestors that are remembered break off above a generation. */
static bool breaks_off_above(const struct leaf *leaf, uint64_t generation)
{
	return revision_generation(leaf->way_count ? leaf->way[leaf->way_count - 1] : leaf->rev) >
	       generation;
}

/* The leaf that has replaced the known one that stood last, though the store forgot the way:
 * the only one that is left, or the only one that it can be; not one of which all is
 * remembered. NULL: none. */
static const struct leaf *replaced_by(const struct thing *thing, const struct leaf_list *leaves,
				      size_t version)
{
	struct cf_str last = thing->last[version];
	const struct leaf *able = NULL;
	bool only = count_leaves(leaves, version) == 1;
	size_t able_count = 0;

	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->at[i];

		if (leaf->version != version)
			continue;
		if (str_equal(leaf->rev, last) || on_way(leaf, last))
			return NULL;
		if (knows_any(thing, leaf) ||
		    !breaks_off_above(leaf, only ? 1 : revision_generation(last)))
			continue;
		able = leaf;
		able_count++;
	}
	return able_count == 1 ? able : NULL;
}

static struct news made_of(const struct thing *thing, const struct leaf *leaf,
			   const struct leaf_list *leaves, const struct leaf_list *fresh)
{
	struct news news = {.leaf = *leaf};
	const struct known *near = NULL;
	size_t at = 0;

	while (at < leaf->way_count && !near)
		near = known_at(thing, leaf->version, leaf->way[at++]);
	if (!near && thing->last[leaf->version].len) {
		const struct leaf *by = replaced_by(thing, leaves, leaf->version);

		if (by && str_equal(by->rev, leaf->rev))
			near = known_at(thing, leaf->version, thing->last[leaf->version]);
	}
	news.hangs = !near;
	news.seen = near ? near->seen : 0;
	news.base = near ? near->document : NULL;
	for (size_t i = 0; i < leaf->way_count; i++) {
		if (near && str_equal(leaf->way[i], near->rev))
			break;
		for (size_t k = 0; k < fresh->count; k++)
			if (fresh->at[k].version == leaf->version &&
			    str_equal(fresh->at[k].rev, leaf->way[i])) {
				news.base = fresh->at[k].document;
				return news;
			}
	}
	return news;
}

static void compare(const struct thing *thing, const struct leaf_list *leaves,
		    const struct bodies *bodies, struct news_list *ret)
{
	struct leaf_list fresh = {.count = 0};

	ret->count = 0;
	/* A deleted leaf says nothing where nobody agreed on anything. */
	for (size_t i = 0; i < leaves->count; i++)
		if (!thing_knows(thing, leaves->at[i].version, leaves->at[i].rev) &&
		    (thing->count || leaves->at[i].document))
			fresh.at[fresh.count++] = leaves->at[i];
	add_forks(thing, &fresh, bodies);
	for (size_t i = 0; i < fresh.count; i++)
		ret->at[ret->count++] = made_of(thing, &fresh.at[i], leaves, &fresh);
}

/* What was agreed on last; NULL: nothing. */
static const struct docs *agreed_last(const struct thing *thing)
{
	return thing->agreed.docs.at[0] ? &thing->agreed.docs
	       : thing->before.at[0]    ? &thing->before
					: NULL;
}

/* A document that is invalid or cannot be carried waits, unless its edits all fit. */
static bool takes(struct thing *thing, const struct news *news)
{
	struct edits edits = {.count = 0};

	if (!news->leaf.document || chain_crosses(thing->court.chain, agreed_last(thing),
						  news->leaf.version, news->leaf.document))
		return true;
	if (!thing->agreed.docs.at[0])
		return false;
	rule_edits_of(&thing->court, news->leaf.version, news->base, news->leaf.document,
		      news->leaf.rev, &edits);
	return rule_fits(&thing->court, &thing->agreed.docs, &edits);
}

/* Whether a leaf below changed the same atom again. */
static bool changed_below(struct thing *thing, const struct news_list *list,
			  const struct news *news, const struct edit *edit)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct news *below = &list->at[i];
		struct edits again = {.count = 0};

		if (below->leaf.version != news->leaf.version || !below->leaf.document ||
		    !on_way(&below->leaf, news->leaf.rev))
			continue;
		rule_edits_of(&thing->court, news->leaf.version, news->leaf.document,
			      below->leaf.document, below->leaf.rev, &again);
		for (size_t k = 0; k < again.count; k++)
			if (path_begins(&edit->pointer, &again.at[k]->pointer))
				return true;
	}
	return false;
}

static void read_delete(struct thing *thing, const struct news *news, struct edits *deletes)
{
	struct edit *edit;

	if (!news->base && !(news->hangs && thing->agreed.docs.at[0]))
		return;
	edit = arena_calloc(thing->court.chain->arena, 1, sizeof(*edit));
	cf_assert(edit);
	*edit = (struct edit){.version = news->leaf.version,
			      .rev = news->leaf.rev,
			      .document = news->base,
			      .base = news->base,
			      .seen = news->seen,
			      .at = thing->count + 1};
	rule_add(deletes, edit);
}

static void read_news(struct thing *thing, const struct news_list *list, struct edits *edits,
		      struct edits *deletes)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct news *news = &list->at[i];
		struct edits made = {.count = 0};

		if (!news->leaf.document) {
			read_delete(thing, news, deletes);
			continue;
		}
		rule_edits_of(&thing->court, news->leaf.version, news->base, news->leaf.document,
			      news->leaf.rev, &made);
		for (size_t k = 0; k < made.count; k++) {
			struct edit *edit = made.at[k];

			edit->seen = news->seen;
			edit->base = news->base;
			edit->at = thing->count + 1;
			if (!changed_below(thing, list, news, edit))
				rule_add(edits, edit);
		}
	}
}

/* --- what comes of it --------------------------------------------------------------------- */

static bool misses_a_delete(const struct thing *thing, unsigned seen)
{
	for (size_t i = 0; i < thing->deleted.count; i++)
		if (thing->deleted.at[i]->at > seen)
			return true;
	return false;
}

static void take(struct thing *thing, const struct agreed *agreed, const struct edits *deletes,
		 const struct losers *losers)
{
	const struct docs none = {{NULL}};

	if (agreed->docs.at[0]) {
		thing->before = none;
		thing->deleted.count = 0;
	} else {
		if (thing->agreed.docs.at[0])
			thing->before = thing->agreed.docs;
		for (size_t i = 0; i < deletes->count; i++)
			if (!rule_lost(losers, deletes->at[i]))
				rule_add(&thing->deleted, deletes->at[i]);
	}
	thing->agreed = *agreed;
}

/* Nobody agreed on it; or who saw that it was deleted saves it again. */
static void begin(struct thing *thing, const struct news_list *roots, struct edits *edits,
		  const struct edits *deletes, struct losers *ret)
{
	struct new_document documents[LEAVES_OF_THING_MAX];
	struct edits none = {.count = 0};
	struct agreed *agreed = calloc(1, sizeof(*agreed));

	cf_assert(agreed);
	for (size_t i = 0; i < roots->count; i++)
		documents[i] =
			(struct new_document){roots->at[i].leaf.version, roots->at[i].leaf.document,
					      roots->at[i].leaf.rev};
	thing->court.said = &none;
	rule_create(&thing->court, documents, roots->count, edits, deletes, agreed, ret);
	take(thing, agreed, deletes, ret);
	free(agreed);
}

/* An edit after an agreed delete brings the thing back, if it changes what was agreed. */
static bool edit_revives(struct thing *thing, const struct docs *over, struct edits *edits,
			 struct losers *losers)
{
	rule_descending(&thing->court, edits);
	for (size_t i = 0; i < edits->count; i++) {
		if (rule_lost(losers, edits->at[i]) || !misses_a_delete(thing, edits->at[i]->seen))
			continue;
		if (thing->before.at[0] && rule_stands(&thing->court, over, edits->at[i]))
			continue;
		for (size_t k = 0; k < thing->deleted.count; k++)
			rule_lose(losers, thing->deleted.at[k], edits->at[i]);
		return true;
	}
	return false;
}

/* No delete has lost, and nothing to one. */
static void lose_edits_only(const struct edits *edits, struct losers *losers)
{
	size_t kept = 0;

	for (size_t i = 0; i < losers->count; i++)
		if (rule_has(edits, losers->at[i].edit))
			losers->at[kept++] = losers->at[i];
	losers->count = kept;
}

struct judging {
	struct thing *thing;
	const struct docs *over;
	bool anew; /* who saw that it was deleted saves it again */
};

static bool comes_back(const struct judging *j, const struct agreed *after, struct edits *edits,
		       struct losers *losers)
{
	return after->docs.at[0] && (edit_revives(j->thing, j->over, edits, losers) || j->anew);
}

static void judge_over(const struct judging *j, struct edits *edits, const struct edits *deletes,
		       struct losers *ret)
{
	struct thing *thing = j->thing;
	struct agreed *before = calloc(2, sizeof(*before)), *after = before + 1;

	cf_assert(before);
	before->docs = *j->over;
	for (size_t i = 0; i < thing->agreed.said.count; i++)
		if (rule_stands(&thing->court, j->over, thing->agreed.said.at[i]))
			rule_add(&before->said, thing->agreed.said.at[i]);
	thing->court.said = &before->said;
	rule_outcome(&thing->court, before, edits, deletes, after, ret);
	if (!thing->agreed.docs.at[0] && !comes_back(j, after, edits, ret)) {
		after->docs = (struct docs){{NULL}};
		after->said = before->said;
		lose_edits_only(edits, ret);
	}
	take(thing, after, deletes, ret);
	free(before);
}

static void judge(struct thing *thing, const struct news_list *list, struct edits *edits,
		  const struct edits *deletes, struct losers *ret)
{
	struct news_list roots = {.count = 0};
	struct docs over = thing->agreed.docs;
	const struct edit *other = NULL;

	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].leaf.document && !misses_a_delete(thing, list->at[i].seen))
			roots.at[roots.count++] = list->at[i];
	for (size_t i = 0; i < edits->count && !other; i++) {
		bool root = false;

		for (size_t k = 0; k < roots.count; k++)
			root = root || (roots.at[k].leaf.version == edits->at[i]->version &&
					str_equal(roots.at[k].leaf.rev, edits->at[i]->rev));
		other = root ? NULL : edits->at[i];
	}
	if (!over.at[0]) {
		if (roots.count == 0 && !other)
			return;
		if (thing->deleted.count == 0 || !other) {
			begin(thing, &roots, edits, deletes, ret);
			return;
		}
		over = thing->before;
	}
	if (!over.at[0]) {
		over.at[other->version] = value_clone(thing->court.chain->arena, other->document);
		cf_assert(chain_carry(thing->court.chain, &over, other->version));
	}
	judge_over(&(struct judging){thing, &over, roots.count > 0}, edits, deletes, ret);
}

/* A deleted leaf that says nothing, because nobody agreed on anything: it has seen nothing. */
static void know_ignored(struct thing *thing, const struct leaf_list *leaves)
{
	for (size_t i = 0; i < leaves->count; i++)
		if (!leaves->at[i].document &&
		    !thing_knows(thing, leaves->at[i].version, leaves->at[i].rev))
			know(thing, leaves->at[i].version, leaves->at[i].rev, NULL, 0);
}

static void learn_ways(struct thing *thing, const struct news_list *list,
		       const struct bodies *bodies)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct leaf *leaf = &list->at[i].leaf;

		/* Who deletes what is gone then has seen that it is. */
		know(thing, leaf->version, leaf->rev, leaf->document,
		     leaf->document || thing->agreed.docs.at[0] ? list->at[i].seen : thing->count);
		for (size_t k = 0; k < leaf->way_count; k++) {
			const struct value *body;

			if (thing_knows(thing, leaf->version, leaf->way[k]))
				continue;
			body = bodies->read(bodies->ctx, leaf->version, leaf->way[k]);
			if (body)
				know(thing, leaf->version, leaf->way[k], body, list->at[i].seen);
		}
	}
}

bool thing_agree(struct thing *thing, const struct leaf_list *leaves, const struct bodies *bodies,
		 struct losers *ret)
{
	struct news_list list;
	struct edits edits = {.count = 0}, deletes = {.count = 0};

	ret->count = 0;
	compare(thing, leaves, bodies, &list);
	for (size_t i = 0; i < list.count; i++)
		if (!takes(thing, &list.at[i]))
			return false;
	if (list.count == 0)
		return true;
	read_news(thing, &list, &edits, &deletes);
	thing->count++;
	judge(thing, &list, &edits, &deletes, ret);
	learn_ways(thing, &list, bodies);
	know_ignored(thing, leaves);
	return true;
}

const struct leaf *leaf_on_top(const struct leaf_list *leaves, size_t version)
{
	const struct leaf *top = NULL;

	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->at[i];
		uint64_t a, b;

		if (leaf->version != version)
			continue;
		a = revision_generation(leaf->rev);
		b = top ? revision_generation(top->rev) : 0;
		if (!top || !!leaf->document > !!top->document ||
		    (!!leaf->document == !!top->document &&
		     (a > b || (a == b && str_compare(leaf->rev, top->rev) > 0))))
			top = leaf;
	}
	return top;
}

void thing_learn(struct thing *thing, const struct leaf_list *leaves)
{
	/* Of what nobody has agreed on nothing is remembered. */
	if (thing->count == 0)
		return;
	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->at[i];

		if (!thing_knows(thing, leaf->version, leaf->rev))
			know(thing, leaf->version, leaf->rev, leaf->document, thing->count);
	}
	for (size_t v = 0; v < thing->court.chain->count; v++) {
		const struct leaf *top = leaf_on_top(leaves, v);

		if (!top)
			continue;
		know(thing, v, top->rev, top->document, thing->count);
		thing->last[v] = top->rev;
	}
}

/* What was said of a whole array whose elements have a key now was said of each. */
static void say_by_element(struct thing *thing)
{
	struct edits said = {.count = 0};

	for (size_t i = 0; i < thing->agreed.said.count; i++) {
		struct edit *edit = thing->agreed.said.at[i];
		struct edits all = {.count = 0};

		if (!edit->value || !chain_keyed(thing->court.chain, edit->version, &edit->pointer,
						 edit->pointer.count)) {
			rule_add(&said, edit);
			continue;
		}
		rule_edits_of(&thing->court, edit->version, NULL, edit->document, edit->rev, &all);
		for (size_t k = 0; k < all.count; k++) {
			if (!path_begins(&all.at[k]->pointer, &edit->pointer))
				continue;
			all.at[k]->at = edit->at;
			rule_add(&said, all.at[k]);
		}
	}
	thing->agreed.said = said;
}

bool thing_can_grow(const struct thing *thing, struct chain *longer)
{
	const struct docs *agreed = agreed_last(thing);
	struct docs docs;

	if (!agreed)
		return true;
	docs = docs_clone(longer, agreed);
	return chain_carry(longer, &docs, longer->count - 2) && chain_sound(longer, &docs);
}

void thing_grow(struct thing *thing)
{
	struct docs *docs = thing->agreed.docs.at[0] ? &thing->agreed.docs : &thing->before;

	if (docs->at[0])
		cf_assert(chain_carry(thing->court.chain, docs, thing->court.chain->count - 2));
	say_by_element(thing);
}

void thing_retire(struct thing *thing, size_t version)
{
	struct edits kept = {.count = 0}, deletes = {.count = 0};

	for (size_t i = 0; i < thing->agreed.said.count; i++)
		if (thing->agreed.said.at[i]->version != version)
			rule_add(&kept, thing->agreed.said.at[i]);
	for (size_t i = 0; i < thing->deleted.count; i++)
		if (thing->deleted.at[i]->version != version)
			rule_add(&deletes, thing->deleted.at[i]);
	thing->agreed.said = kept;
	thing->deleted = deletes;
}
