/* Playing a history once more in another world. */
#include "twin.h"

#include <stdlib.h>

/* --- what happens again ------------------------------------------------------------------------
 */

/* The same revision in the other world, with all that it stands on. */
static struct node *map_node(struct twinning *t, const struct node *node)
{
	struct node *mapped = table_node(t->other, t->to[node->version],
					 map_revision(t, node->version, node->rev));

	mapped->parent = node->parent ? map_node(t, node->parent) : NULL;
	mapped->document = map_document(t, node->version, node->document);
	return mapped;
}

static void save_again(struct twinning *t, const struct node *node)
{
	struct node *mapped = map_node(t, node);

	table_say(t->other, "  p@%zu %.*s on %.*s arrives", mapped->version + 1,
		  STR_ARG(mapped->rev),
		  STR_ARG(mapped->parent ? mapped->parent->rev : STR("nothing")));
	tape_save(t->other, mapped);
	server_put(t->other, mapped);
}

static void compare_documents(struct twinning *t, const struct outcome *one,
			      const struct outcome *other)
{
	struct table *table = t->other;

	for (size_t v = 0; v < VERSIONS_MAX; v++) {
		const struct leaf *a = leaf_on_top(&one->leaves, v), *b;
		const struct value *should;

		if (!a)
			continue;
		b = leaf_on_top(&other->leaves, t->to[v]);
		should = map_document(t, v, a->document);
		if (!value_alike(should, b ? b->document : NULL))
			table_fail(table, DEVIATION_DOCUMENTS,
				   "%s: p@%zu says %.*s, but in the one world %.*s", t->twin->name,
				   t->to[v] + 1,
				   STR_ARG(value_print(&table->arena, b ? b->document : NULL)),
				   STR_ARG(value_print(&table->arena, should)));
	}
}

static bool lists(const struct entries *entries, struct cf_str text)
{
	for (size_t i = 0; i < entries->count; i++)
		if (str_equal(table_print_entry(entries->table, &entries->at[i]), text))
			return true;
	return false;
}

static void compare_entries(struct twinning *t, const struct outcome *one,
			    const struct outcome *other)
{
	struct table *table = t->other;

	for (size_t i = 0; i < one->entries.count; i++) {
		struct entry mapped = map_entry(t, &one->entries.at[i]);
		struct cf_str text = table_print_entry(table, &mapped);

		if (!lists(&other->entries, text))
			table_fail(table, DEVIATION_LIST, "%s: listed in the one world only: %.*s",
				   t->twin->name, STR_ARG(text));
	}
	if (one->entries.count != other->entries.count)
		table_fail(table, DEVIATION_LIST, "%s: %zu entries, in the one world %zu",
			   t->twin->name, other->entries.count, one->entries.count);
}

static void agree_again(struct twinning *t, const struct outcome *one)
{
	const struct tape *tape = t->other->tape;
	const struct outcome *other;

	table_say(t->other, "  the engine runs");
	table_agree(t->other);
	other = tape->at[tape->count - 1].outcome;
	map_learn(t, &one->leaves, &other->leaves);
	if (t->other->deviation || (t->twin->unforked && t->one->tape->forked))
		return;
	if (one->taken != other->taken)
		table_fail(t->other, DEVIATION_QUARANTINE, "%s: %s, in the one world %s",
			   t->twin->name, other->taken ? "taken" : "quarantined",
			   one->taken ? "taken" : "quarantined");
	if (!one->taken)
		return;
	compare_documents(t, one, other);
	compare_entries(t, one, other);
}

static void grow_again(struct twinning *t, size_t versions)
{
	while (t->other->versions < t->to[versions - 1] + 1)
		if (!table_grow(t->other)) {
			table_fail(t->other, DEVIATION_STOPS,
				   "%s: the lens does not take what is agreed", t->twin->name);
			return;
		}
}

static void decide_again(struct twinning *t, const struct happening *happening)
{
	struct table *other = t->other;
	struct entry mapped = map_entry(t, happening->entry);
	struct cf_str wanted = table_print_entry(other, &mapped);
	struct entries *entries = calloc(1, sizeof(*entries));
	size_t at = 0;

	cf_assert(entries);
	table_entries(other, entries);
	while (at < entries->count &&
	       !str_equal(table_print_entry(other, &entries->at[at]), wanted))
		at++;
	if (at < entries->count)
		table_decide(other, &entries->at[at], happening->take_loser);
	else
		table_fail(other, DEVIATION_LIST, "%s: there is no entry %.*s", t->twin->name,
			   STR_ARG(wanted));
	free(entries);
}

static void happen_again(struct twinning *t, const struct tape *tape)
{
	size_t versions = t->one->versions;

	for (size_t i = 0; i < tape->count; i++)
		versions -= tape->at[i].kind == HAPPENS_GROW;
	for (size_t i = 0; i < tape->count && !t->other->deviation; i++) {
		const struct happening *happening = &tape->at[i];

		switch (happening->kind) {
		case HAPPENS_SAVE:
			save_again(t, happening->node);
			break;
		case HAPPENS_AGREEMENT:
			agree_again(t, happening->outcome);
			break;
		case HAPPENS_GROW:
			grow_again(t, ++versions);
			break;
		case HAPPENS_DECISION:
			decide_again(t, happening);
			break;
		case HAPPENS_REBUILD:
			table_rebuild(t->other);
			break;
		}
	}
}

/* --- both worlds ---------------------------------------------------------------------------------
 */

static void make_change(const struct change *change, struct table *table)
{
	struct twinning *t = (struct twinning *)change->ctx;

	(void)table;
	t->changed = t->twin->change(t);
}

static enum twin_end play_other(struct twinning *t)
{
	struct change change = {make_change, t};
	enum twin_end end = TWIN_NOT_PLAYED;

	table_open(t->other, &change);
	if (t->changed)
		happen_again(t, t->one->tape);
	if (t->changed)
		end = t->other->deviation ? TWIN_DIFFERS : TWIN_SAME;
	table_close(t->other);
	return end;
}

static enum twin_end end_of_one(struct twinning *t)
{
	table_open(t->one, NULL);
	table_play(t->one);
	if (t->one->deviation)
		return TWIN_DEVIATES;
	table_say(t->one, "%s:", t->twin->name);
	return play_other(t);
}

enum twin_end twin_play(const struct twin *twin, const struct game *game, struct table *one,
			struct table *other, bool tells)
{
	struct tape *tapes = calloc(2, sizeof(*tapes));
	struct twinning *t = calloc(1, sizeof(*t));
	enum twin_end end;

	cf_assert(tapes && t);
	*one = (struct table){.game = game,
			      .tells = tells,
			      .tape = &tapes[0],
			      .keeps_decisions = twin->rewrites,
			      .keeps_state = twin->remembers};
	*other = (struct table){.game = game, .tells = tells, .tape = &tapes[1], .twin = true};
	*t = (struct twinning){.twin = twin,
			       .one = one,
			       .other = other,
			       .rng = {.state = game->seed * 0x9e3779b97f4a7c15u + 11}};
	for (size_t v = 0; v < VERSIONS_MAX; v++)
		t->to[v] = v;
	end = end_of_one(t);
	table_close(one);
	free(t);
	free(tapes);
	return end;
}
