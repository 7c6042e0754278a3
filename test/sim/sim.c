/* The simulator's command: `sim` plays the default number of seeds; SEED=n plays one and
 * tells what happens; SEEDS=n plays n of them (FROM=n: beginning there). */
#include "sim.h"

#include <time.h>
#include <unistd.h>

enum { SEEDS_DEFAULT = 5000 };

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

/* Tells of a broken law, with the steps that are needed for it. */
static void tell(struct world *world, struct shapes *shapes, struct plan_of_run *run)
{
	int law = world->law;

	printf("seed %llu: law %d is broken: %s\n", (unsigned long long)run->seed, law, world->why);
	printf("%s; %zu steps, ", world->shape->name, run->count);
	run_shrink(run, shapes, law);
	printf("of which these are needed:\n");
	for (size_t i = 0; i < run->count; i++)
		step_print(&run->steps[i], i, world->app_count);
	world_play(world, shapes, run, false);
	printf("then: %s\nrepeat it: make sim SEED=%llu\n", world->why,
	       (unsigned long long)run->seed);
}

static unsigned planted_by_name(void)
{
	const char *name = getenv("FAULT");

	for (unsigned i = 1; name && i < planted_count(); i++)
		if (strcmp(planted_name(i), name) == 0)
			return i;
	return 0;
}

static bool play_seed(uint64_t seed, struct shapes *shapes, struct world *world, bool verbose)
{
	struct plan_of_run run = {.seed = seed,
				  .lanes = (unsigned)number_of("LANES", 1),
				  .planted = planted_by_name()};

	steps_make(&run);
	world_play(world, shapes, &run, verbose);
	if (!world->law)
		return true;
	if (!verbose || getenv("SHRINK")) {
		tell(world, shapes, &run);
		if (verbose)
			world_play(world, shapes, &run, true);
	}
	return false;
}

static void progress(uint64_t done, uint64_t total, double since)
{
	double seconds = now_seconds() - since;

	fprintf(stderr, "\rsim: %llu/%llu seeds, %.0f a second ", (unsigned long long)done,
		(unsigned long long)total, (double)done / (seconds > 0 ? seconds : 1));
}

static int play_many(uint64_t from, uint64_t count, struct shapes *shapes, struct world *world)
{
	double since = now_seconds(), told = since;
	uint64_t broken = 0, keep = number_of("KEEP_GOING", 1);

	for (uint64_t i = 0; i < count && broken < keep; i++) {
		if (!play_seed(from + i, shapes, world, false))
			broken++;
		if (isatty(2) && now_seconds() - told > 0.5) {
			told = now_seconds();
			progress(i + 1, count, since);
		}
	}
	if (isatty(2))
		fprintf(stderr, "\r");
	if (broken == 0)
		printf("sim: %llu seeds from %llu on, %.1f s: all laws hold\n",
		       (unsigned long long)count, (unsigned long long)from, now_seconds() - since);
	return broken > 0;
}

/* For the test suite: one case. */
static void tell_tap(bool ok)
{
	const char *path = getenv("CK_TAP_LOG_FILE_NAME");
	FILE *log = path ? fopen(path, "w") : NULL;

	if (!log)
		return;
	fprintf(log, "1..1\n%sok 1 - sim: all laws hold\n", ok ? "" : "not ");
	fclose(log);
}

int main(int argc, char **argv)
{
	struct shapes shapes = {0};
	struct world *world = malloc(sizeof(*world));
	int rc;

	cf_assert(world);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "planted") == 0)
		rc = planted_check(&shapes, world);
	else if (getenv("SEED") && *getenv("SEED"))
		rc = !play_seed(number_of("SEED", 1), &shapes, world, true);
	else
		rc = play_many(number_of("FROM", 1), number_of("SEEDS", SEEDS_DEFAULT), &shapes,
			       world);
	if (argc == 1)
		tell_tap(rc == 0);
	shapes_fini(&shapes);
	free(world);
	return rc;
}
