/* Moving records from an old store to a new one while they are in use.
 *
 * A move is described by a configuration (a file, or the struct below), and its state
 * lies in a control store: stage, progress, log. Whatever the program's `move` commands
 * do, an application can do with these functions.
 *
 * Functions return 0 or a negative code (error.h). Reads, writes and deletes may come from
 * many threads; all other functions from one at a time, and what they give belongs to the
 * handle until the next of them. */
#ifndef CHESTERFIELD_MOVE_H
#define CHESTERFIELD_MOVE_H

#include <chesterfield/store_ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- stages ------------------------------------------------------------------------ */

enum cf_stage {
	CF_STAGE_OFF,
	CF_STAGE_DUALWRITE,
	CF_STAGE_SHADOW,
	CF_STAGE_LIVE,
	CF_STAGE_RAMPDOWN,
	CF_STAGE_COMPLETE,
	CF_STAGE_COUNT,
};

enum cf_side { CF_OLD, CF_NEW, CF_NO_SIDE };

/* One row of the table of stages, from which help, status and documentation are made. */
struct cf_stage_info {
	const char *name;
	enum cf_side read;     /* who answers reads */
	enum cf_side compared; /* who is read beside and compared */
	enum cf_side first;    /* who is written first: the authority */
	enum cf_side second;   /* who is written after it */
	const char *failure;   /* what a failure of the second means */
	const char *sentence;  /* what the operator reads */
	bool gate;             /* whether keys go into it part by part */
	bool reverse;          /* whether a way leads back to the stage before */
};
const struct cf_stage_info *cf_stage_info(enum cf_stage stage);
/* False: there is no stage of that name. */
bool cf_stage_find(const char *name, enum cf_stage *ret);

/* --- the gate ----------------------------------------------------------------------- */

/* XXH3 with 64 bits and seed 0 (xxHash 0.8) of the key's bytes: the same on every machine
 * and in every language. test/move/gate-vectors.tsv has examples. */
uint64_t cf_move_hash(struct cf_str key);
/* Where the key stands, in hundredths of a percent, from 0 to 9999: the hash times 10000,
 * divided by 2^64. It passes a gate of G hundredths where this is below G. */
unsigned cf_move_position(struct cf_str key);

/* --- the configuration ------------------------------------------------------------- */

enum cf_guarantee {
	CF_GUARANTEE_INTENT, /* an intent is durable before the first write */
	CF_GUARANTEE_REPAIR, /* what a crash leaves is found and repaired by verification */
};

/* Whose failure is the call's. */
enum cf_require {
	CF_REQUIRE_AUTHORITY, /* a failure of the other store is counted, kept, and repaired */
	CF_REQUIRE_BOTH,      /* the other store is written first: if it fails, nothing is */
};

/* Differences that are named here do not count, and are counted apart. */
struct cf_tolerances {
	unsigned float_digits;     /* numbers equal when rounded to so many digits; 0: exact */
	unsigned timestamp_digits; /* digits of a second that count, 9: all */
	bool absent_is_null;       /* a member that is not there, and null */
};

struct cf_move_config {
	struct cf_str name;
	struct cf_str old_url, new_url, control_url;
	const struct cf_condition *where; /* only records that meet all */
	size_t where_count;
	const struct cf_str *drop; /* members at the top that are left out */
	size_t drop_count;
	enum cf_guarantee guarantee;
	enum cf_require require; /* at the start; cf_move_require changes it */
	struct cf_tolerances tolerances;
	unsigned old_ms, new_ms; /* time-out of each call */
	unsigned hold_ms;        /* how long writes wait for a hand-over at most */
	unsigned batch_records;
	double records_per_second_max; /* 0: none */
	double shadow_percent;         /* of reads that are compared */
	unsigned connections_max;
};

/* The defaults of everything but names and URLs. */
void cf_move_config_init(struct cf_move_config *config);
/* Reads a file of YAML or JSON; errors have file and line. For cf_move_config_free, which
 * is for what this gave only. */
int cf_move_config_load(struct cf_move_config **ret, const char *path, const struct cf_mem *mem,
			struct cf_error *error);
void cf_move_config_free(struct cf_move_config *config);

/* --- a move --------------------------------------------------------------------------- */

struct cf_move;

/* Opens both stores and the control store. The configuration must outlive the handle;
 * `mem` and `env` NULL: the system's. USAGE where both sides are one place. */
int cf_move_open(struct cf_move **ret, const struct cf_move_config *config,
		 const struct cf_mem *mem, const struct cf_env *env, struct cf_error *error);
void cf_move_close(struct cf_move *move);

/* How the caller of long work follows it. All may be NULL. */
struct cf_move_watch {
	void *ctx;
	bool (*stopped)(void *ctx); /* true: end at the next batch, INTERRUPTED */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void (*wait)(void *ctx, uint64_t ns); /* pauses; NULL: none are made */
};

/* --- calls, from many threads ------------------------------------------------------------ */

/* An instance of an application joins under a name that it has again after a restart: so
 * it finds what its last run left. From then on cf_move_read, _write and _delete may be
 * called by any thread; a thread of the library follows the stage beside. PRECONDITION:
 * the move has not been started. */
int cf_move_join(struct cf_move *move, const char *instance, struct cf_error *error);
/* No call may be under way. cf_move_close does it too. */
void cf_move_leave(struct cf_move *move);

struct cf_move_value {
	bool exists;
	struct cf_str body; /* with a zero byte behind it; for cf_move_value_free */
};
int cf_move_read(struct cf_move *move, struct cf_str key, struct cf_move_value *ret,
		 struct cf_error *error);
void cf_move_value_free(struct cf_move *move, struct cf_move_value *value);
/* What an answer means:
 *
 *   0           written: the authority has it. A failure of the other store is counted, kept,
 *               and repaired; with CF_REQUIRE_BOTH the other store has it, too
 *   UNCERTAIN   nobody knows; it may still be done. Read, before doing it again
 *   all else    not written */
int cf_move_write(struct cf_move *move, struct cf_str key, struct cf_str body,
		  struct cf_error *error);
int cf_move_delete(struct cf_move *move, struct cf_str key, struct cf_error *error);

struct cf_move_counters {
	enum cf_stage stage; /* that calls begin at now */
	unsigned gate;       /* keys below it: at the next stage */
	uint64_t writes;
	uint64_t new_failures; /* of the new store, which no caller saw */
	uint64_t old_failures; /* the same of the old one, where the new one is the authority */
	uint64_t unsettled;    /* keys left to be repaired */
	uint64_t repaired;
	uint64_t compared, differed; /* reads at stages shadow and live */
};
void cf_move_counters(struct cf_move *move, struct cf_move_counters *ret);

/* --- the stage ---------------------------------------------------------------------------- */

/* To a stage, and of the keys that pass `gate` (in hundredths of a percent) to the one behind
 * it: forward or back, by one stage at most. Between shadow and live the keys are handed
 * over: their writes wait meanwhile, hold_ms at most, and no call fails. PRECONDITION, with
 * the first reason, where a condition does not hold, or where the hand-over was withdrawn. */
int cf_move_go(struct cf_move *move, enum cf_stage stage, unsigned gate, const char *who,
	       struct cf_error *error);
/* All keys to the next stage, up to rampdown. */
int cf_move_advance(struct cf_move *move, const char *who, struct cf_error *error);
/* All keys back to the present stage or, where none is beyond it, to the one before. */
int cf_move_reverse(struct cf_move *move, const char *who, struct cf_error *error);
/* At any time, and at once. USAGE where it is not possible. */
int cf_move_require(struct cf_move *move, enum cf_require require, const char *who,
		    struct cf_error *error);
/* To stage off at once, for all; only while the old store is the authority. */
int cf_move_kill(struct cf_move *move, const char *who, struct cf_error *error);
/* To stage off, from wherever it stands; hands the keys back first. */
int cf_move_abort(struct cf_move *move, const char *who, struct cf_error *error);
/* From stage rampdown to complete, from where no way leads back; removes our tables from
 * both stores. May be run again where that failed. */
int cf_move_complete(struct cf_move *move, const char *who, struct cf_error *error);
/* Takes an instance off the list: the caller says that its process is dead. What its writes
 * have left is repaired first. */
int cf_move_evict(struct cf_move *move, const char *instance, const char *who,
		  struct cf_error *error);

/* --- before anything is touched --------------------------------------------------------- */

/* Records of the sample that the new store would refuse, by reason. */
struct cf_move_misfit {
	struct cf_str reason;
	struct cf_str key; /* of the first */
	uint64_t records;
};
struct cf_move_plan {
	uint64_t old_records, new_records;
	uint64_t sampled;  /* records that were looked at */
	uint64_t left_out; /* of these, by `where` */
	double bytes;      /* of all, by the sample */
	double per_second; /* records, by the sample */
	const struct cf_move_misfit *misfits;
	size_t misfit_count;
	const struct cf_str *notes; /* what falls away because a store cannot do it */
	size_t note_count;
	bool intent_possible;
};
/* Looks at both stores and changes nothing. `sample`: at most so many records. */
int cf_move_plan(struct cf_move *move, uint64_t sample, const struct cf_move_watch *watch,
		 struct cf_move_plan *ret, struct cf_error *error);

/* --- work ------------------------------------------------------------------------------ */

/* Writes the control record, at stage off. PRECONDITION where there is one, or where the
 * new store is not empty and not `compare_all`. */
int cf_move_start(struct cf_move *move, bool compare_all, const char *who, struct cf_error *error);

struct cf_move_backfill {
	uint64_t copied, equal, left_out;
	uint64_t refused;   /* by the new store; each is in `list` of status */
	uint64_t unsettled; /* changed faster than they could be copied */
	uint64_t deleted;   /* from the new store, which alone had them; not in the total */
	uint64_t total;     /* as it was counted at the start */
	bool done;
};
/* Copies what the new store lacks, or goes on where it was stopped. */
int cf_move_backfill(struct cf_move *move, const struct cf_move_watch *watch, const char *who,
		     struct cf_move_backfill *ret, struct cf_error *error);

enum cf_difference_kind { CF_MISSING_ON_DST, CF_EXTRA_ON_DST, CF_CONTENT };
struct cf_difference {
	enum cf_difference_kind kind;
	struct cf_str key;
	struct cf_str field;     /* JSON Pointer; content only */
	struct cf_str old_value; /* JSON; empty: absent */
	struct cf_str new_value;
	bool repaired;
};
const char *cf_difference_name(enum cf_difference_kind kind); /* "missingOnDst" */

struct cf_move_verify {
	uint64_t num_success, num_missing, num_mismatch, num_extraneous;
	uint64_t num_conditional_success; /* equal by a tolerance, or in another spelling */
	uint64_t num_live_retry;          /* differed at first, and agreed when looked at again */
	uint64_t num_repaired;
	uint64_t left_out;
	int64_t finished_ms; /* since 1970; 0: not finished */
};
struct cf_move_verifying {
	bool repair; /* copies from the authority */
	bool resume; /* from where the last one was stopped */
	void (*found)(void *ctx, const struct cf_difference *difference);
};
int cf_move_verify(struct cf_move *move, const struct cf_move_verifying *how,
		   const struct cf_move_watch *watch, struct cf_move_verify *ret,
		   struct cf_error *error);

/* --- looking --------------------------------------------------------------------------- */

struct cf_move_instance {
	struct cf_str name;
	uint64_t confirmed; /* the last step that it has confirmed */
	int64_t seen_ms;    /* when that was */
	bool job;           /* a backfill or a repair, or one that was killed */
};
struct cf_move_status {
	bool started;
	enum cf_stage stage;
	uint64_t step;
	unsigned gate; /* hundredths of a percent: keys that are at the next stage */
	bool handing_over;
	enum cf_require require;
	int64_t since_ms;
	bool backfill_begun;
	struct cf_move_backfill backfill;
	double backfill_per_second;
	struct cf_move_verify verify; /* the last one */
	int64_t verify_changed_ms;
	const struct cf_move_instance *instances;
	size_t instance_count;
	const struct cf_str *reasons; /* why the stage cannot move on; none: it can */
	size_t reason_count;
	const struct cf_str *notes; /* as of plan */
	size_t note_count;
};
int cf_move_status(struct cf_move *move, struct cf_move_status *ret, struct cf_error *error);

struct cf_move_entry {
	int64_t at_ms;
	struct cf_str who, what;
};
/* Oldest first. */
int cf_move_log(struct cf_move *move, void (*each)(void *ctx, const struct cf_move_entry *entry),
		void *ctx, struct cf_error *error);

#ifdef __cplusplus
}
#endif
#endif
