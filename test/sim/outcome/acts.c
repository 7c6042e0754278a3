/* What people do to versions, state and database while a history is played. */
#include "play.h"

#include <stdlib.h>

static const struct catalog_major *major_of(const struct table *table, size_t version)
{
	const struct catalog_type *types;

	catalog_types(table->chain.catalog, &types);
	return catalog_major(types, (uint32_t)version + 1);
}

/* One of a role; table->versions: there is none. */
static size_t any_of(const struct table *table, enum role role, struct rng *rng, size_t *ret_count)
{
	size_t chosen = table->versions;

	*ret_count = 0;
	for (size_t v = 0; v < table->versions; v++)
		if (table->made.roles[v] == role && rng_below(rng, ++*ret_count) == 0)
			chosen = v;
	return chosen;
}

/* What was written to it so far is carried to the others first. */
static void retire(struct table *table, struct rng *rng)
{
	size_t count, version = any_of(table, ROLE_SERVED, rng, &count);
	bool already;
	int rc;

	if (count < 2)
		return;
	table_agree(table);
	if (table->deviation || !table_is_clean(table))
		return;
	rc = sync_retire(&table->records, table->chain.catalog, major_of(table, version),
			 &table->env, &already, &mem_heap, NULL);
	table_say(table, "    p@%zu is retired", version + 1);
	if (rc || already)
		table_fail(table, DEVIATION_STOPS, "a version cannot be retired");
	table->made.roles[version] = ROLE_RETIRED;
	thing_retire(table->thing, version);
}

static void purge(struct table *table, struct rng *rng)
{
	size_t count, version = any_of(table, ROLE_RETIRED, rng, &count);
	struct sync_purge how = {.ctx = NULL};
	struct sync_purged purged;
	int rc;

	if (count == 0)
		return;
	rc = sync_purge(table->server, &table->records, table->chain.catalog,
			major_of(table, version), &how, &purged, &mem_heap, NULL);
	table_say(table, "    of p@%zu %llu are deleted", version + 1,
		  (unsigned long long)purged.deleted);
	if (rc || purged.kept)
		table_fail(table, DEVIATION_STOPS,
			   "a version that was agreed on cannot be purged: %llu are kept",
			   (unsigned long long)purged.kept);
}

/* With it goes what was retired. */
static void lose_state(struct table *table, struct rng *rng)
{
	size_t count;

	if (any_of(table, ROLE_RETIRED, rng, &count) < table->versions)
		return;
	table_close_engine(table);
	state_fini(&table->records);
	store_close(table->state);
	table_open_state(table);
	table_forget(table);
	table->listed_count = 0;
}

/* --- a copy of the database --------------------------------------------------------------- */

static bool copy_has(const struct leaf_list *copy, const struct leaf *leaf)
{
	for (size_t i = 0; i < copy->count; i++)
		if (copy->at[i].version == leaf->version && str_equal(copy->at[i].rev, leaf->rev))
			return true;
	return false;
}

/* The state speaks of what the copy never had: a run must say so. */
static void expect_refusal(struct table *table)
{
	struct sync_options options = {0};
	struct cf_error error;
	bool idle;
	int rc = sync_open(&table->sync, table->chain.catalog, table->feed, &table->records,
			   &options, &table->env, &mem_heap, &error);

	if (rc == 0)
		rc = sync_step(table->sync, &idle, &error);
	table_close_engine(table);
	if (rc != CF_ERR_PRECONDITION)
		table_fail(table, DEVIATION_STOPS,
			   "the database is older than the state, and a run goes on");
}

static void copy_or_restore(struct table *table)
{
	struct leaf_list *now = arena_alloc(&table->arena, sizeof(*now));
	const struct leaf_list *copy = table->copy;
	bool older = false;

	cf_assert(now);
	server_read(table, now);
	table->copy = copy ? NULL : now;
	if (!copy)
		return;
	/* What nobody has read yet the state does not know. */
	table_agree(table);
	if (table->deviation)
		return;
	server_read(table, now);
	for (size_t i = 0; i < now->count; i++)
		older = older || !copy_has(copy, &now->at[i]);
	table_say(table, "    restored, %s", older ? "older than the state" : "as it was");
	table_close_engine(table);
	server_restore(table, copy);
	if (older)
		expect_refusal(table);
	table_rebuild(table);
}

/* --- quarantine ------------------------------------------------------------------------------ */

struct names {
	struct cf_arena *arena;
	struct cf_str at[16];
	size_t count;
};

static int note_name(void *ctx, struct cf_str id, struct json_value body)
{
	struct names *names = ctx;

	(void)body;
	if (names->count < ARRAY_LEN(names->at))
		names->at[names->count++] = arena_dup(names->arena, id);
	return 0;
}

static void retry(struct table *table)
{
	uint64_t count;

	if (sync_quarantine_retry_all(&table->records, &count, &mem_heap, NULL))
		table_fail(table, DEVIATION_STOPS, "nobody can ask for another look");
	table->dropped = table->dropped && count == 0;
}

static void drop(struct table *table)
{
	struct names names = {.arena = &table->arena};
	struct sync_entry entry;

	cf_assert(sync_walk(&table->records, SYNC_QUARANTINE, note_name, &names, &mem_heap, NULL) ==
		  0);
	for (size_t i = 0; i < names.count; i++) {
		if (sync_quarantine_drop(&table->records, names.at[i], &table->arena, &entry, NULL))
			table_fail(table, DEVIATION_STOPS, "an entry cannot be dropped");
		table->dropped = true;
	}
}

void table_act(struct table *table, enum move_kind act, struct rng *rng)
{
	switch (act) {
	case MOVE_RETIRE:
		retire(table, rng);
		break;
	case MOVE_PURGE:
		purge(table, rng);
		break;
	case MOVE_LOSE_STATE:
		lose_state(table, rng);
		break;
	case MOVE_COPY:
		copy_or_restore(table);
		break;
	case MOVE_RETRY:
		retry(table);
		break;
	default:
		drop(table);
	}
}
