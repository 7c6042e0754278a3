/* Whether the simulator can see: each fault of sync/planted.h must be caught within a
 * number of seeds. */
#include "sim.h"

#include "sync/planted.h"

/* Faults of lanes need some. */
static unsigned lanes_for(unsigned fault)
{
	return fault == PLANTED_LINEAGE_IN_TWO_LANES || fault == PLANTED_CHECKPOINT_PAST_OPEN ? 3
											      : 1;
}

struct planted_fault {
	const char *name, *what;
};
static const struct planted_fault faults[] = {{"NONE", ""},
#define X(name, what) {#name, what},
					      PLANTED_FAULTS(X)
#undef X
};

/* How many seeds it may take: few for most. Others need rare histories: a kill at one
 * operation, and then an edit of the same field; leaves over a part that nobody had
 * agreed on; one engine's write within the other's step. */
enum { SEEDS_USUAL = 400, SEEDS_RARE = 6000 };

/* Of the rarest, which take one history in thousands, the search begins later. */
enum { FROM_RARER = 5001, FROM_RAREST = 20001 };

static void search_range(unsigned fault, uint64_t *from, uint64_t *count)
{
	*from = 1;
	*count = SEEDS_USUAL;
	switch ((enum planted)fault) {
	case PLANTED_REFUSAL_IGNORED:
	case PLANTED_BASE_AFTER_DOCUMENTS:
	case PLANTED_STALE_LEFT:
	case PLANTED_TOMBSTONES_FIRST:
	case PLANTED_QUARANTINE_IGNORED:
	case PLANTED_REFERENCE_NOT_NOTED:
	case PLANTED_CHECKPOINT_PAST_OPEN:
		*count = SEEDS_RARE;
		break;
	case PLANTED_SHARED_ANCESTOR_SKIPPED:
		*from = FROM_RARER;
		*count = SEEDS_RARE;
		break;
	case PLANTED_BASE_UNGUARDED:
		*from = FROM_RAREST;
		*count = SEEDS_RARE;
		break;
	default:
		break;
	}
}

unsigned planted_count(void)
{
	return ARRAY_LEN(faults);
}

const char *planted_name(unsigned fault)
{
	return faults[fault].name;
}

/* The first seed with which it is seen; 0: none. */
static uint64_t find_seed(unsigned fault, uint64_t from, uint64_t count, struct shapes *shapes,
			  struct world *world)
{
	for (uint64_t seed = from; seed < from + count; seed++) {
		struct plan_of_run run = {
			.seed = seed, .lanes = lanes_for(fault), .planted = fault};

		steps_make(&run);
		world_play(world, shapes, &run, false);
		if (world->law)
			return seed;
	}
	return 0;
}

int planted_check(struct shapes *shapes, struct world *world)
{
	const char *path = getenv("CK_TAP_LOG_FILE_NAME");
	FILE *log = path ? fopen(path, "w") : NULL;
	unsigned missed = 0;

	if (log)
		fprintf(log, "1..%u\n", planted_count() - 1);
	for (unsigned i = 1; i < planted_count(); i++) {
		const struct planted_fault *fault = &faults[i];
		uint64_t from, count, seed;

		search_range(i, &from, &count);
		seed = find_seed(i, from, count, shapes, world);
		if (seed)
			printf("%s: caught by seed %llu (law %d)\n", fault->what,
			       (unsigned long long)seed, world->law);
		else
			printf("%s: NOT caught by seeds %llu to %llu (FAULT=%s)\n", fault->what,
			       (unsigned long long)from, (unsigned long long)(from + count - 1),
			       fault->name);
		missed += !seed;
		if (log)
			fprintf(log, "%sok %u - %s\n", seed ? "" : "not ", i, fault->what);
	}
	if (log)
		fclose(log);
	return missed > 0;
}
