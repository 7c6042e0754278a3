/* The databases of a pool; see databases.h. */
#include "sync/databases.h"

#include "sync/worker.h"

static size_t slot_of(const struct databases *all, struct cf_str name)
{
	size_t at = hash64(name, 0) & (all->cap - 1);

	while (all->slots[at] && !str_equal(str_of(all->slots[at]->name), name))
		at = (at + 1) & (all->cap - 1);
	return at;
}

struct database *databases_find(const struct databases *all, struct cf_str name)
{
	return all->cap ? all->slots[slot_of(all, name)] : NULL;
}

static int grow(struct databases *all)
{
	struct databases more = *all;

	more.cap = all->cap ? all->cap * 2 : 16;
	more.slots = mem_calloc(all->mem, more.cap, sizeof(struct database *));
	if (!more.slots)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < all->cap; i++)
		if (all->slots[i])
			more.slots[slot_of(&more, str_of(all->slots[i]->name))] = all->slots[i];
	mem_free(all->mem, all->slots);
	*all = more;
	return 0;
}

struct database *databases_add(struct databases *all, struct cf_str name)
{
	struct database *database;

	if ((all->count + 1) * 4 > all->cap * 3 && grow(all))
		return NULL;
	database = mem_calloc(all->mem, 1, sizeof(*database));
	if (database)
		database->name = text_dup(all->mem, name);
	if (!database || !database->name) {
		mem_free(all->mem, database);
		return NULL;
	}
	all->slots[slot_of(all, name)] = database;
	all->count++;
	return database;
}

void databases_remove(struct databases *all, struct database *database)
{
	size_t at = slot_of(all, str_of(database->name));

	all->slots[at] = NULL;
	all->count--;
	mem_free(all->mem, database->name);
	mem_free(all->mem, database);
	/* Those behind it may have been pushed on by it. */
	for (at = (at + 1) & (all->cap - 1); all->slots[at]; at = (at + 1) & (all->cap - 1)) {
		struct database *moved = all->slots[at];

		all->slots[at] = NULL;
		all->slots[slot_of(all, str_of(moved->name))] = moved;
	}
}

static void push(struct queue *queue, struct database *database)
{
	database->next = NULL;
	if (queue->last)
		queue->last->next = database;
	else
		queue->first = database;
	queue->last = database;
}

static struct database *pop(struct queue *queue)
{
	struct database *database = queue->first;

	if (database) {
		queue->first = database->next;
		queue->last = queue->first ? queue->last : NULL;
		database->next = NULL;
	}
	return database;
}

/* Rare: a change comes to one that waits to be read. */
static void unlink_from(struct queue *queue, struct database *database)
{
	struct database **at = &queue->first, *before = NULL;

	for (; *at && *at != database; at = &(*at)->next)
		before = *at;
	if (!*at)
		return;
	*at = database->next;
	if (queue->last == database)
		queue->last = before;
	database->next = NULL;
}

void databases_queue(struct databases *all, struct database *database, enum sync_pool_state state)
{
	struct queue *queues[] = {[SYNC_POOL_FRESH] = &all->fresh,
				  [SYNC_POOL_FIRST] = &all->first,
				  [SYNC_POOL_LATER] = &all->later,
				  [SYNC_POOL_BUSY] = NULL};

	if (database->state == state)
		return;
	if (queues[database->state])
		unlink_from(queues[database->state], database);
	database->state = state;
	if (queues[state])
		push(queues[state], database);
}

uint64_t databases_wake(struct databases *all, uint64_t now_ms)
{
	uint64_t left = 0;

	for (struct database *at = all->later.first, *next; at; at = next) {
		next = at->next;
		if (at->due_ms <= now_ms)
			databases_queue(all, at, SYNC_POOL_FRESH);
		else if (!left || at->due_ms - now_ms < left)
			left = at->due_ms - now_ms;
	}
	return left;
}

struct database *databases_take(struct databases *all)
{
	struct database *database = pop(&all->fresh);

	if (!database)
		database = pop(&all->first);
	if (database)
		database->state = SYNC_POOL_BUSY;
	return database;
}

bool databases_wait(const struct databases *all)
{
	return all->fresh.first || all->first.first;
}

void databases_fini(struct databases *all)
{
	for (size_t i = 0; i < all->cap; i++) {
		if (!all->slots[i])
			continue;
		mem_free(all->mem, all->slots[i]->name);
		mem_free(all->mem, all->slots[i]);
	}
	mem_free(all->mem, all->slots);
	*all = (struct databases){.mem = all->mem};
}
