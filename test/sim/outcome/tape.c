/* Noting what happens in a history. */
#include "tape.h"

static struct happening *note(struct table *table, enum happens kind)
{
	struct tape *tape = table->tape;

	if (!tape)
		return NULL;
	cf_assert(tape->count < HAPPENINGS_MAX);
	tape->at[tape->count] = (struct happening){.kind = kind};
	return &tape->at[tape->count++];
}

void tape_note(struct table *table, enum happens kind)
{
	note(table, kind);
}

/* Whether a save hangs on the one leaf that there is. */
static bool is_next(struct table *table, const struct node *node)
{
	struct leaf_list *leaves = arena_alloc(&table->arena, sizeof(*leaves));
	const struct leaf *only = NULL;

	cf_assert(leaves);
	server_read(table, leaves);
	for (size_t i = 0; i < leaves->count; i++) {
		if (leaves->at[i].version != node->version)
			continue;
		if (only)
			return false;
		only = &leaves->at[i];
	}
	return node->parent ? only && str_equal(only->rev, node->parent->rev) : !only;
}

void tape_save(struct table *table, const struct node *node)
{
	struct happening *happening = note(table, HAPPENS_SAVE);

	if (!happening)
		return;
	happening->node = node;
	table->tape->forked = table->tape->forked || !is_next(table, node);
}

void tape_agreement(struct table *table, bool taken, const struct leaf_list *leaves)
{
	struct happening *happening = note(table, HAPPENS_AGREEMENT);
	struct outcome *outcome;

	if (!happening)
		return;
	outcome = arena_alloc(&table->arena, sizeof(*outcome));
	cf_assert(outcome);
	outcome->taken = taken;
	outcome->leaves = *leaves;
	table_entries(table, &outcome->entries);
	happening->outcome = outcome;
}

void tape_decision(struct table *table, const struct entry *entry, bool take_loser)
{
	struct happening *happening = note(table, HAPPENS_DECISION);
	struct entry *kept;

	if (!happening)
		return;
	kept = arena_alloc(&table->arena, sizeof(*kept));
	cf_assert(kept);
	*kept = *entry;
	happening->entry = kept;
	happening->take_loser = take_loser;
}
