/* What happened in a history, so that it can happen again in another world. */
#ifndef OUTCOME_TAPE_H
#define OUTCOME_TAPE_H

#include "play.h"

enum { HAPPENINGS_MAX = 512 };

enum happens { HAPPENS_SAVE, HAPPENS_AGREEMENT, HAPPENS_GROW, HAPPENS_DECISION, HAPPENS_REBUILD };
/* What stood after an agreement. */
struct outcome {
	bool taken;
	struct leaf_list leaves;
	struct entries entries;
};
struct happening {
	enum happens kind;
	const struct node *node;       /* SAVE */
	const struct outcome *outcome; /* AGREEMENT */
	const struct entry *entry;     /* DECISION */
	bool take_loser;
};
struct tape {
	struct happening at[HAPPENINGS_MAX];
	size_t count;
	bool forked; /* somebody saved on what was not the newest */
};

/* Each notes one thing that happens at the table, where it has a tape. A save is noted
 * before it arrives. Memory: the table's. */
void tape_note(struct table *table, enum happens kind);
void tape_save(struct table *table, const struct node *node);
void tape_agreement(struct table *table, bool taken, const struct leaf_list *leaves);
void tape_decision(struct table *table, const struct entry *entry, bool take_loser);

#endif
