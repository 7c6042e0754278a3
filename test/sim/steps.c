/* The list of steps that a seed plays. */
#include "sim.h"

/* What may happen in a run: not everything in each, so that rare things meet plain ones. */
struct profile {
	unsigned faults_in_100; /* of engine steps */
	bool deletes, spoils, second_engine, lose_state, lose_checkpoint, inside;
	unsigned keys;
};

static struct profile profile_make(struct rng *rng)
{
	struct profile profile = {.keys = 1 + (unsigned)rng_below(rng, KEYS)};

	profile.faults_in_100 = rng_below(rng, 4) ? 20 + (unsigned)rng_below(rng, 60) : 0;
	profile.deletes = rng_below(rng, 5) < 2;
	profile.spoils = rng_below(rng, 6) == 0;
	profile.second_engine = rng_below(rng, 3) == 0;
	profile.lose_state = rng_below(rng, 10) == 0;
	profile.lose_checkpoint = rng_below(rng, 6) == 0;
	profile.inside = rng_below(rng, 2);
	return profile;
}

static enum step_kind pick_kind(struct rng *rng, const struct profile *profile)
{
	unsigned roll = (unsigned)rng_below(rng, 100);

	if (roll < 34)
		return STEP_WRITE;
	if (roll < 50)
		return STEP_PUSH;
	if (roll < 62)
		return STEP_PULL;
	if (roll < 84)
		return STEP_ENGINE;
	if (roll < 88)
		return STEP_SHARED;
	if (roll < 93)
		return profile->deletes ? STEP_DELETE : STEP_WRITE;
	if (roll < 95)
		return profile->spoils ? STEP_SPOIL : STEP_PUSH;
	if (roll < 97)
		return profile->lose_checkpoint ? STEP_LOSE_CHECKPOINT : STEP_ENGINE;
	if (roll < 98)
		return profile->lose_state ? STEP_LOSE_STATE : STEP_PUSH;
	return STEP_CLOCK;
}

static struct step step_make(struct rng *rng, const struct profile *profile)
{
	struct step step = {.kind = (uint8_t)pick_kind(rng, profile),
			    .who = (uint8_t)rng_below(rng, 60),
			    .key = (uint8_t)rng_below(rng, profile->keys),
			    .seed = rng_next(rng)};

	if (step.kind == STEP_ENGINE) {
		step.count = (uint8_t)(1 + rng_below(rng, 4));
		if (!profile->second_engine)
			step.who = 0;
		if (rng_below(rng, 100) < profile->faults_in_100)
			step.fault = (uint8_t)(1 + rng_below(rng, FAULT_KINDS - 1));
		step.fault_at = (uint8_t)rng_below(rng, 12);
	}
	return step;
}

/* Mostly somebody decides; seldom the state is built anew. */
static uint8_t people_kind(uint64_t roll)
{
	return roll % 8 < 6                    ? STEP_RESOLVE
	       : roll % 8 == 6 || roll / 8 % 4 ? STEP_RETRY
					       : STEP_REBUILD;
}

void steps_make(struct plan_of_run *run)
{
	struct rng rng = {.state = run->seed};
	struct profile profile = profile_make(&rng);
	/* Such runs are others' runs in which people act, too. */
	bool people = hash64(STR("people"), run->seed) % 5 == 0;
	bool engine = false;
	uint8_t at = 0;

	run->count = 6 + rng_below(&rng, 30);
	for (size_t i = 0; i < run->count; i++) {
		struct step *step = &run->steps[i];

		*step = step_make(&rng, &profile);
		if (people && step->seed % 8 == 0)
			step->kind = people_kind(step->seed >> 8);
		if (engine && profile.inside && rng_below(&rng, 2) &&
		    (step->kind != STEP_ENGINE || profile.second_engine)) {
			at = (uint8_t)(at + rng_below(&rng, 5));
			step->inside = true;
			step->at = at;
			continue;
		}
		engine = step->kind == STEP_ENGINE;
		at = 0;
	}
}

static const char *const kind_names[STEP_KINDS] = {"writes",
						   "deletes",
						   "spoils",
						   "writes a shared part",
						   "pushes",
						   "pulls",
						   "runs",
						   "the checkpoint is lost",
						   "all state is lost",
						   "the clock jumps",
						   "somebody decides on a contested edit",
						   "somebody asks for another look",
						   "the state is built anew"};
static const char *const fault_names[FAULT_KINDS] = {"",
						     "refused",
						     "answered too late",
						     "done in part",
						     "answered in part",
						     "killed before it",
						     "killed after it",
						     "killed halfway",
						     "rewound",
						     "repeated"};

void step_print(const struct step *step, size_t index, size_t app_count)
{
	printf("  %2zu%s ", index, step->inside ? "   |" : "");
	if (step->inside)
		printf("before operation %u: ", step->at);
	if (step->kind == STEP_ENGINE) {
		printf("engine %u runs %u steps", step->who % 2, step->count);
		if (step->fault)
			printf("; operation %u is %s", step->fault_at, fault_names[step->fault]);
	} else if (step->kind >= STEP_LOSE_CHECKPOINT) {
		printf("%s", kind_names[step->kind]);
	} else {
		printf("app %u %s", step->who % (unsigned)app_count, kind_names[step->kind]);
		if (step->kind < STEP_PUSH)
			printf(" k%u", step->key);
	}
	printf("\n");
}
