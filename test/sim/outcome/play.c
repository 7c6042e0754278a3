/* A history's moves, and playing them. */
#include "play.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const kinds[MOVE_KINDS] = {"saves",
					      "deletes",
					      "saves without a change",
					      "pushes",
					      "pulls",
					      "the engine runs",
					      "a version is added",
					      "somebody decides on an entry",
					      "the state is built anew"};

void table_say(const struct table *table, const char *format, ...)
{
	va_list args;

	if (!table->tells)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void table_fail(struct table *table, enum deviation deviation, const char *format, ...)
{
	va_list args;

	if (table->deviation)
		return;
	table->deviation = deviation;
	va_start(args, format);
	vsnprintf(table->why, sizeof(table->why), format, args);
	va_end(args);
	table_say(table, "  DEVIATES: %s", table->why);
}

/* --- moves ------------------------------------------------------------------------------- */

static enum move_kind any_kind(struct rng *rng)
{
	uint64_t n = rng_below(rng, 100);

	return n < 28   ? MOVE_SAVE
	       : n < 33 ? MOVE_DELETE
	       : n < 36 ? MOVE_TOUCH
	       : n < 60 ? MOVE_PUSH
	       : n < 75 ? MOVE_PULL
	       : n < 94 ? MOVE_ENGINE
	       : n < 97 ? MOVE_GROW
	       : n < 99 ? MOVE_RESOLVE
			: MOVE_REBUILD;
}

void game_make(struct game *game, uint64_t seed)
{
	struct rng rng = {.state = seed * 0xd1342543de82ef95u + 5};

	*game = (struct game){.seed = seed};
	game->count = 8 + rng_below(&rng, MOVES_MAX - 8);
	for (size_t i = 0; i < game->count; i++)
		game->moves[i] = (struct move){
			any_kind(&rng), (unsigned)rng_below(&rng, PEOPLE_MAX), rng_next(&rng)};
}

void game_print(const struct game *game)
{
	for (size_t i = 0; i < game->count; i++) {
		const struct move *move = &game->moves[i];

		if (move->kind >= MOVE_ENGINE)
			printf("  %2zu %s\n", i, kinds[move->kind]);
		else
			printf("  %2zu app %u %s\n", i, move->who, kinds[move->kind]);
	}
}

/* --- apps ---------------------------------------------------------------------------------- */

struct node *table_node(struct table *table, size_t version, struct cf_str rev)
{
	struct node *node;

	for (size_t i = 0; i < table->node_count; i++)
		if (table->nodes[i]->version == version && str_equal(table->nodes[i]->rev, rev))
			return table->nodes[i];
	node = arena_calloc(&table->arena, 1, sizeof(*node));
	cf_assert(node && table->node_count < NODES_MAX);
	*node = (struct node){.version = version, .rev = arena_dup(&table->arena, rev)};
	table->nodes[table->node_count++] = node;
	return node;
}

static void save(struct table *table, struct person *person, struct rng *rng,
		 const struct value *document)
{
	uint64_t generation = person->at ? revision_generation(person->at->rev) + 1 : 1;
	struct cf_str rev =
		arena_printf(&table->arena, "%llu-%016llx%016llx", (unsigned long long)generation,
			     (unsigned long long)rng_next(rng), (unsigned long long)rng_next(rng));
	struct node *node = table_node(table, person->version, rev);

	node->parent = person->at;
	node->document = document;
	person->at = node;
	person->pending[person->pending_count++] = node;
	table_say(table, "    p@%zu:k %.*s on %.*s %.*s", person->version + 1, STR_ARG(rev),
		  STR_ARG(node->parent ? node->parent->rev : STR("nothing")),
		  STR_ARG(value_print(&table->arena, document)));
}

static const struct docs *there(const struct table *table)
{
	return table->thing->agreed.docs.at[0] ? &table->thing->agreed.docs
	       : table->thing->before.at[0]    ? &table->thing->before
					       : NULL;
}

/* A document that can be carried; seldom one that cannot. */
static const struct value *draft(struct table *table, struct person *person, struct rng *rng)
{
	const struct value *had = person->at ? person->at->document : NULL, *document = NULL;
	bool any = had && rng_below(rng, 40) == 0;

	for (int tries = 0; tries < 12; tries++) {
		document = had ? made_mutate(&table->made, &table->arena, rng, person->version, had)
			       : made_document(&table->made, &table->arena, rng, person->version);
		if (any || chain_crosses(&table->chain, had ? there(table) : NULL, person->version,
					 document))
			return document;
	}
	return NULL;
}

static void app_save(struct table *table, struct person *person, const struct move *move,
		     struct rng *rng)
{
	const struct value *had = person->at ? person->at->document : NULL, *document;

	if (person->version >= table->versions || person->pending_count == MOVES_MAX)
		return;
	if (move->kind == MOVE_DELETE && had)
		save(table, person, rng, NULL);
	if (move->kind == MOVE_TOUCH && had)
		save(table, person, rng, value_clone(&table->arena, had));
	if (move->kind != MOVE_SAVE)
		return;
	document = draft(table, person, rng);
	if (document)
		save(table, person, rng, document);
}

static void app_push(struct table *table, struct person *person, size_t count)
{
	size_t pushed = count < person->pending_count ? count : person->pending_count;

	for (size_t i = 0; i < pushed; i++) {
		server_put(table, person->pending[i]);
		tell_node(table, person->pending[i]);
	}
	person->pending_count -= pushed;
	memmove(person->pending, person->pending + pushed,
		person->pending_count * sizeof(person->pending[0]));
}

static void app_pull(struct table *table, struct person *person)
{
	struct leaf_list leaves;
	const struct leaf *top;

	if (person->pending_count || person->version >= table->versions)
		return;
	server_read(table, &leaves);
	top = leaf_on_top(&leaves, person->version);
	if (!top)
		return;
	person->at = table_node(table, person->version, top->rev);
	person->at->document = top->document;
	for (size_t i = 0; i < top->way_count; i++) {
		struct node *node =
			table_node(table, person->version, i ? top->way[i - 1] : top->rev);

		node->parent = table_node(table, person->version, top->way[i]);
	}
}

static void grow(struct table *table)
{
	struct chain longer = table->chain;

	if (table->versions == table->made.count)
		return;
	made_chain(&table->made, table->versions + 1, &longer);
	if (!thing_can_grow(table->thing, &longer))
		return;
	table_close_engine(table);
	table->versions++;
	table->chain = longer;
	thing_grow(table->thing);
	tell_grow(table);
}

static void play_move(struct table *table, const struct move *move)
{
	struct person *person = &table->people[move->who % table->people_count];
	struct rng rng = {.state = move->seed};

	if (move->kind >= MOVE_ENGINE)
		table_say(table, "  %s", kinds[move->kind]);
	else
		table_say(table, "  app %u of version %zu %s",
			  move->who % (unsigned)table->people_count, person->version + 1,
			  kinds[move->kind]);
	switch (move->kind) {
	case MOVE_PUSH:
		app_push(table, person, rng_below(&rng, 5) ? MOVES_MAX : 1);
		break;
	case MOVE_PULL:
		app_pull(table, person);
		break;
	case MOVE_ENGINE:
		table_agree(table);
		break;
	case MOVE_GROW:
		grow(table);
		break;
	case MOVE_RESOLVE:
		table_resolve(table, &rng);
		break;
	case MOVE_REBUILD:
		table_rebuild(table);
		break;
	default:
		app_save(table, person, move, &rng);
	}
}

/* --- a game ---------------------------------------------------------------------------------- */

static int64_t table_now(void *ctx)
{
	struct table *table = ctx;

	return table->now_ms += 3;
}

static uint64_t table_monotonic(void *ctx)
{
	struct table *table = ctx;

	return (uint64_t)(table->now_ms += 1) * 1000;
}

static uint64_t table_random(void *ctx)
{
	struct table *table = ctx;

	return rng_next(&table->rng);
}

static struct cf_store *open_store(struct table *table, const char *url)
{
	struct cf_store *store = NULL;

	cf_assert(store_open(&store, url, &table->env, &mem_heap, NULL) == 0);
	return store;
}

/* Sometimes one that forgets revisions soon; sometimes SQLite, which forgets bodies. */
static void open_server(struct table *table, struct rng *rng)
{
	static const unsigned revs[] = {1, 2, 5};
	bool sqlite = rng_below(rng, 12) == 0;
	char url[96];
	int len;

	if (sqlite) {
		snprintf(table->file, sizeof(table->file), "/tmp/chesterfield-outcome-XXXXXX");
		cf_assert(close(mkstemp(table->file)) == 0);
	}
	len = snprintf(url, sizeof(url), "%s%s", sqlite ? "sqlite:" : "memory:outcome-server",
		       table->file);
	if (rng_below(rng, 4) == 0)
		snprintf(url + len, sizeof(url) - (size_t)len, "?revs=%u",
			 revs[rng_below(rng, ARRAY_LEN(revs))]);
	table->server = open_store(table, url);
	table->batch_max = rng_below(rng, 3) ? 0 : 1 + rng_below(rng, 3);
	table_say(table, "%s, %zu changes a batch", url, table->batch_max);
}

static void remove_file(struct table *table)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[80];

	for (size_t i = 0; table->file[0] && i < ARRAY_LEN(endings); i++) {
		snprintf(path, sizeof(path), "%s%s", table->file, endings[i]);
		unlink(path);
	}
}

static void table_init(struct table *table, const struct game *game, bool tells)
{
	struct rng rng = {.state = game->seed * 0x2545f4914f6cdd1du + 3};

	memset(table, 0, sizeof(*table));
	table->game = game;
	table->tells = tells;
	table->rng.state = rng_next(&rng);
	table->now_ms = 1700000000000;
	table->env = (struct cf_env){table_now, table_monotonic, table_random, table};
	arena_init(&table->arena, &mem_heap);
	buf_init(&table->line, &mem_heap);
	made_init(&table->made, game->seed);
	table->versions = table->made.count;
	if (rng_below(&rng, 3) == 0)
		table->versions = 1 + rng_below(&rng, table->made.count);
	table->grows = table->versions < table->made.count;
	table->chain.arena = &table->arena;
	table->chain.worker = lens_worker_new(&mem_heap);
	made_chain(&table->made, table->versions, &table->chain);
	table->thing = calloc(1, sizeof(*table->thing));
	cf_assert(table->thing);
	table->thing->court = (struct court){.chain = &table->chain, .policy = &table->made.policy};
	table->people_count = 2 + rng_below(&rng, PEOPLE_MAX - 1);
	for (size_t i = 0; i < table->people_count; i++)
		table->people[i].version = rng_below(&rng, table->made.count);
	open_server(table, &rng);
	table->state = open_store(table, "memory:outcome-state");
	cf_assert(state_init(&table->records, table->state, STR(""), &mem_heap) == 0);
}

static void table_fini(struct table *table)
{
	table_close_engine(table);
	state_fini(&table->records);
	store_close(table->server);
	store_close(table->state);
	remove_file(table);
	lens_worker_free(table->chain.worker);
	free(table->thing);
	made_fini(&table->made);
	buf_fini(&table->line);
	arena_fini(&table->arena);
}

static void tell_made(const struct table *table)
{
	table_say(table, "%s, %zu versions, %zu of them at first; %s, late: %s",
		  groups[table->game->seed % GROUPS].name, table->made.count, table->versions,
		  table->made.policy.prefer == PREFER_NEWEST   ? "newest-version"
		  : table->made.policy.prefer == PREFER_OLDEST ? "oldest-version"
							       : "latest",
		  table->made.policy.late_wins ? "edit" : "agreed");
	for (size_t i = 0; i + 1 < table->made.count; i++)
		table_say(table, "  lens %zu-%zu: %.*s", i + 1, i + 2,
			  STR_ARG(table->made.lenses[i]));
}

void game_play(const struct game *game, struct table *table, bool tells, struct cf_buf *line)
{
	table_init(table, game, tells);
	tell_made(table);
	tell_start(table);
	for (size_t i = 0; i < game->count && !table->deviation; i++)
		play_move(table, &game->moves[i]);
	for (size_t i = 0; i < table->people_count && !table->deviation; i++)
		app_push(table, &table->people[i], MOVES_MAX);
	for (int i = 0; i < 2 && !table->deviation; i++) {
		table_say(table, "  at last the engine runs");
		table_agree(table);
	}
	tell_end(table);
	if (line)
		buf_str(line, buf_view(&table->line));
	table_fini(table);
}
