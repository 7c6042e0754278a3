/* A history's moves, and playing them. */
#include "play.h"
#include "tape.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const kinds[MOVE_KINDS] = {"saves",
					      "deletes",
					      "saves without a change",
					      "pushes",
					      "pulls",
					      "the engine runs",
					      "a version is added",
					      "somebody decides on an entry",
					      "the state is built anew",
					      "somebody retires a version",
					      "somebody purges a version",
					      "the state is lost",
					      "the database is copied, or restored",
					      "somebody asks for another look",
					      "somebody drops what is in quarantine"};

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

void game_add_acts(struct game *game)
{
	struct rng rng = {.state = game->seed * 0x94d049bb133111ebu + 7};

	for (size_t i = 0; i < game->count; i++)
		if (rng_below(&rng, 9) == 0)
			game->moves[i].kind = MOVE_RETIRE + (enum move_kind)rng_below(
								    &rng, MOVE_KINDS - MOVE_RETIRE);
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

	/* Of a retired version nobody takes it. */
	if (table->made.roles[person->version] == ROLE_RETIRED)
		return;
	table->dropped = table->dropped && pushed == 0;
	for (size_t i = 0; i < pushed; i++) {
		tape_save(table, person->pending[i]);
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

bool table_grow(struct table *table)
{
	struct chain longer = table->chain;

	if (table->versions == table->made.count)
		return true;
	made_chain(&table->made, table->versions + 1, &longer);
	if (!thing_can_grow(table->thing, &longer))
		return false;
	table_close_engine(table);
	table->versions++;
	table->dropped = false;
	table->chain = longer;
	thing_grow(table->thing);
	tell_grow(table);
	tape_note(table, HAPPENS_GROW);
	return true;
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
		table_grow(table);
		break;
	case MOVE_RESOLVE:
		table_resolve(table, &rng);
		break;
	case MOVE_REBUILD:
		table_rebuild(table);
		break;
	case MOVE_SAVE:
	case MOVE_DELETE:
	case MOVE_TOUCH:
		app_save(table, person, move, &rng);
		break;
	default:
		table_act(table, move->kind, &rng);
	}
}

/* --- a game ---------------------------------------------------------------------------------- */

void table_play(struct table *table)
{
	const struct game *game = table->game;

	for (size_t i = 0; i < game->count && !table->deviation; i++)
		play_move(table, &game->moves[i]);
	for (size_t i = 0; i < table->people_count && !table->deviation; i++)
		app_push(table, &table->people[i], MOVES_MAX);
	for (int i = 0; i < 2 && !table->deviation; i++) {
		table_say(table, "  at last the engine runs");
		table_agree(table);
	}
}

void game_play(const struct game *game, struct table *table, bool tells, struct cf_buf *line)
{
	*table = (struct table){.game = game, .tells = tells};
	table_open(table, NULL);
	table_play(table);
	tell_end(table);
	if (line)
		buf_str(line, buf_view(&table->line));
	table_close(table);
}
