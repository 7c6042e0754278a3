/* The stages, in one table; and the gate between two of them. */
#include "move/inside.h"

static const struct cf_stage_info stages[CF_STAGE_COUNT] = {
	[CF_STAGE_OFF] = {"off", CF_OLD, CF_NO_SIDE, CF_OLD, CF_NO_SIDE, "-",
			  "the old store alone is read and written", false, false},
	[CF_STAGE_DUALWRITE] = {"dualwrite", CF_OLD, CF_NO_SIDE, CF_OLD, CF_NEW,
				"recorded, counted and repaired; the call succeeds",
				"the old store is read; both are written, the old one first", true,
				true},
	[CF_STAGE_SHADOW] = {"shadow", CF_OLD, CF_NEW, CF_OLD, CF_NEW,
			     "recorded, counted and repaired; the call succeeds",
			     "the old store answers, and the new one is compared; both are written",
			     true, true},
	[CF_STAGE_LIVE] = {"live", CF_NEW, CF_OLD, CF_NEW, CF_OLD,
			   "recorded and repaired; the call succeeds",
			   "the new store answers, and the old one is compared; both are written, "
			   "the new one first",
			   true, true},
	[CF_STAGE_RAMPDOWN] = {"rampdown", CF_NEW, CF_NO_SIDE, CF_NEW, CF_OLD,
			       "a durable mark in the new store; the call succeeds",
			       "the new store is read; both are written, the new one first", true,
			       true},
	[CF_STAGE_COMPLETE] = {"complete", CF_NEW, CF_NO_SIDE, CF_NEW, CF_NO_SIDE, "-",
			       "the new store alone is read and written", false, false},
};

const struct cf_stage_info *cf_stage_info(enum cf_stage stage)
{
	return &stages[stage];
}

bool cf_stage_find(const char *name, enum cf_stage *ret)
{
	for (unsigned i = 0; i < CF_STAGE_COUNT; i++)
		if (strcmp(stages[i].name, name) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

enum cf_stage move_stage_at(enum cf_stage stage, unsigned gate, unsigned position)
{
	return position < gate ? stage + 1 : stage;
}

uint64_t cf_move_hash(struct cf_str key)
{
	return hash64(key, 0);
}

unsigned cf_move_position(struct cf_str key)
{
	return (unsigned)(((unsigned __int128)cf_move_hash(key) * 10000) >> 64);
}

int move_check_both(const struct cf_move *m, struct cf_error *error)
{
	if (m->config->where_count || m->config->drop_count)
		return error_set(error, CF_ERR_USAGE,
				 "require: both is not possible with where or drop");
	return 0;
}
