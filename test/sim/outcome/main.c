/* The command: outcome [test|people|twins]. Counts how often the engine comes to something else
 * than the model, by what the chain is made of. SEED=n tells one history; SEEDS=n, FROM=n; `people`
 * adds what people do to versions, state and database. `twins` plays each history again with one
 * change that must not matter: TWIN=name one of them. SHAPES=a,b plays only seeds of these shapes;
 * HISTORIES=FILE writes histories without an engine, for outcome.py. */
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SEEDS_DEFAULT = 2000 };

/* Seeds that deviate today, of those that `test` plays: to be mended, never to be more. */
static const uint16_t known[] = {146, 933};
static bool passes_known;

static bool with_acts;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- shrinking -------------------------------------------------------------------------- */

static bool still(const struct game *game, struct table *table, enum deviation deviation)
{
	game_play(game, table, false, NULL);
	return table->deviation == deviation;
}

static void shrink(struct game *game, struct table *table, enum deviation deviation)
{
	bool dropped = true;

	while (dropped) {
		dropped = false;
		for (size_t size = game->count / 2 + 1; size > 0; size /= 2)
			for (size_t from = 0; from + size <= game->count;) {
				struct game tried = *game;

				memmove(&tried.moves[from], &tried.moves[from + size],
					(game->count - from - size) * sizeof(game->moves[0]));
				tried.count -= size;
				if (still(&tried, table, deviation)) {
					*game = tried;
					dropped = true;
				} else {
					from++;
				}
			}
	}
}

/* --- many seeds -------------------------------------------------------------------------- */

struct tally {
	uint64_t seeds, agreements, contested, deviations[DEVIATION_KINDS];
};

static const char *const deviation_names[] = {"", "documents", "lists", "quarantine", "stops"};

static void print_row(const char *name, const struct tally *t)
{
	uint64_t all = 0;

	for (size_t i = 1; i < DEVIATION_KINDS; i++)
		all += t->deviations[i];
	printf("%-14s %7llu seeds %8llu agreements %7llu contested  deviate %6.2f %%", name,
	       (unsigned long long)t->seeds, (unsigned long long)t->agreements,
	       (unsigned long long)t->contested,
	       t->seeds ? 100.0 * (double)all / (double)t->seeds : 0.0);
	for (size_t i = 1; i < DEVIATION_KINDS; i++)
		printf("  %s %llu", deviation_names[i], (unsigned long long)t->deviations[i]);
	printf("\n");
}

static void add(struct tally *to, const struct table *table)
{
	to->seeds++;
	to->agreements += table->agreements;
	to->contested += table->contested;
	to->deviations[table->deviation] += table->deviation != DEVIATION_NONE;
}

static void make_game(struct game *game, uint64_t seed)
{
	game_make(game, seed);
	if (with_acts)
		game_add_acts(game);
}

static int play_one(uint64_t seed, struct table *table)
{
	struct game game;
	enum deviation deviation;

	make_game(&game, seed);
	game_play(&game, table, !getenv("SHRINK"), NULL);
	deviation = table->deviation;
	if (deviation && getenv("SHRINK")) {
		shrink(&game, table, deviation);
		game_play(&game, table, true, NULL);
	}
	printf("seed %llu: %s\n", (unsigned long long)seed,
	       deviation ? table->why : "as the model says");
	return deviation != DEVIATION_NONE;
}

/* Whether the shape of a seed is among SHAPES, names with commas between; all where it is
 * empty. */
static bool is_chosen(uint64_t seed)
{
	const char *at = getenv("SHAPES"), *name = groups[seed % GROUPS].name;
	size_t len = strlen(name);

	if (!at || !*at)
		return true;
	for (; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, len) == 0 && (!at[len] || at[len] == ','))
			return true;
	}
	return false;
}

/* Of those in which people act. */
static const uint16_t known_with_acts[] = {108, 181};

static bool is_known(uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_LEN(known) && passes_known; i++)
		if (known[i] == seed)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(known_with_acts) && with_acts; i++)
		if (known_with_acts[i] == seed)
			return true;
	return false;
}

/* For the test suite: one case. */
static void tell_tap(bool ok, const char *what)
{
	const char *path = getenv("CK_TAP_LOG_FILE_NAME");
	FILE *log = path ? fopen(path, "w") : NULL;

	if (!log)
		return;
	fprintf(log, "1..1\n%sok 1 - outcome: %s\n", ok ? "" : "not ", what);
	fclose(log);
}

static int play_many(uint64_t from, uint64_t count, struct table *table, FILE *histories)
{
	struct tally tallies[2 * GROUPS] = {{0}}, sum = {0};
	double since = now_seconds();
	uint64_t deviating = 0, told = number_of("TELL", 5);

	for (uint64_t seed = from; seed < from + count; seed++) {
		struct game game;
		struct cf_buf line;
		bool grows;

		if (!is_chosen(seed) || is_known(seed))
			continue;
		make_game(&game, seed);
		game.ideal = histories != NULL;
		buf_init(&line, &mem_heap);
		game_play(&game, table, false, histories ? &line : NULL);
		if (histories)
			fwrite(line.ptr, 1, line.len, histories);
		buf_fini(&line);
		grows = table->grows;
		add(&tallies[seed % GROUPS + (grows ? GROUPS : 0)], table);
		add(&sum, table);
		if (table->deviation && deviating++ < told)
			printf("seed %llu (%s): %s\n", (unsigned long long)seed,
			       groups[seed % GROUPS].name, table->why);
	}
	for (size_t i = 0; i < 2 * GROUPS; i++) {
		char name[40];

		if (!tallies[i].seeds)
			continue;
		snprintf(name, sizeof(name), "%s%s", groups[i % GROUPS].name,
			 i < GROUPS ? "" : " +");
		print_row(name, &tallies[i]);
	}
	print_row("sum", &sum);
	printf("outcome: %llu seeds from %llu on, %.1f s, %llu deviate\n",
	       (unsigned long long)sum.seeds, (unsigned long long)from, now_seconds() - since,
	       (unsigned long long)deviating);
	return deviating > 0;
}

/* --- twins ----------------------------------------------------------------------------------- */

static const struct twin *twin_of(uint64_t seed)
{
	const char *name = getenv("TWIN");

	for (size_t i = 0; name && i < twin_count(); i++)
		if (strcmp(twins[i].name, name) == 0)
			return &twins[i];
	return &twins[seed / GROUPS % twin_count()];
}

static int play_one_twin(uint64_t seed, struct table *both)
{
	const struct twin *twin = twin_of(seed);
	struct game game;
	enum twin_end end;

	game_make(&game, seed);
	end = twin_play(twin, &game, &both[0], &both[1], true);
	printf("seed %llu, %s: %s\n", (unsigned long long)seed, twin->name,
	       end == TWIN_SAME       ? "the same"
	       : end == TWIN_DIFFERS  ? both[1].why
	       : end == TWIN_DEVIATES ? both[0].why
				      : "not played");
	return end == TWIN_DIFFERS;
}

static int play_twins(uint64_t from, uint64_t count, struct table *both)
{
	uint64_t ends[TWINS_MAX][TWIN_ENDS] = {{0}}, differing = 0, told = number_of("TELL", 20);
	double since = now_seconds();

	for (uint64_t seed = from; seed < from + count; seed++) {
		const struct twin *twin = twin_of(seed);
		struct game game;
		enum twin_end end;

		if (!is_chosen(seed))
			continue;
		game_make(&game, seed);
		end = twin_play(twin, &game, &both[0], &both[1], false);
		ends[twin - twins][end]++;
		if (end == TWIN_DIFFERS && differing++ < told)
			printf("seed %llu (%s, %s): %s\n", (unsigned long long)seed,
			       groups[seed % GROUPS].name, twin->name, both[1].why);
	}
	for (size_t i = 0; i < twin_count(); i++)
		printf("%-36s %6llu the same %6llu differ %6llu deviate by themselves %6llu not "
		       "played\n",
		       twins[i].name, (unsigned long long)ends[i][TWIN_SAME],
		       (unsigned long long)ends[i][TWIN_DIFFERS],
		       (unsigned long long)ends[i][TWIN_DEVIATES],
		       (unsigned long long)ends[i][TWIN_NOT_PLAYED]);
	printf("twins: %llu seeds from %llu on, %.1f s, %llu differ\n", (unsigned long long)count,
	       (unsigned long long)from, now_seconds() - since, (unsigned long long)differing);
	return differing > 0;
}

int main(int argc, char **argv)
{
	struct table *table = calloc(2, sizeof(*table)); /* a twin needs two */
	const char *path = getenv("HISTORIES");
	FILE *histories = path ? fopen(path, "w") : NULL;
	bool plays_twins = argc > 1 && strcmp(argv[1], "twins") == 0;
	int rc;

	cf_assert(table);
	setvbuf(stdout, NULL, _IOLBF, 0);
	with_acts = argc > 1 && strcmp(argv[1], "people") == 0;
	passes_known = argc > 1 && strcmp(argv[1], "test") == 0;
	if (plays_twins)
		rc = getenv("SEED") && *getenv("SEED")
			     ? play_one_twin(number_of("SEED", 1), table)
			     : play_twins(number_of("FROM", 1), number_of("SEEDS", SEEDS_DEFAULT),
					  table);
	else if (getenv("SEED") && *getenv("SEED"))
		rc = play_one(number_of("SEED", 1), table);
	else
		rc = play_many(number_of("FROM", 1), number_of("SEEDS", SEEDS_DEFAULT), table,
			       histories);
	if (passes_known)
		tell_tap(rc == 0, "the engine does as the model says");
	if (with_acts)
		tell_tap(rc == 0, "people may act in it");
	if (plays_twins)
		tell_tap(rc == 0, "what must not matter does not");
	if (histories)
		fclose(histories);
	free(table);
	return rc;
}
