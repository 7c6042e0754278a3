/* Histories: threads of two processes write, read and delete a few keys, all at once, while
 * the stage goes up and down, the gate moves, `require` changes, stores fail and drag and
 * answer late, and processes die and come back. Of each key the history is judged
 * (linear.h), and at rest both stores agree.
 *
 * HISTORIES=N plays so many of each kind, SEED=N begins with that one; KIND=NAME plays that
 * kind alone. */
#include "linear.h"
#include "weather.h"

#include <sched.h>
#include <sys/wait.h>

enum { KEYS = 3, ACTORS = 4, PROCESSES = 2, KEY_OPS_MAX = LINEAR_MAX, STEPS = 20 };

/* What a kind of history has of each trouble, in thousandths; deaths: of the controller's
 * steps. */
struct kind {
	const char *name;
	unsigned refuse, lose, late, drag, deaths;
	bool both;
};
static const struct kind kinds[] = {
	{"fair", 0, 0, 0, 60, 0, false},
	{"failing", 30, 20, 0, 60, 0, true},
	{"late", 5, 5, 100, 60, 0, true},
	{"deadly", 5, 5, 10, 60, 150, true},
};

struct history {
	struct weather weather;
	const struct kind *kind;
	uint64_t seed;
	struct cf_move_config config;
	struct cf_str names[3];
	struct process processes[PROCESSES + 1]; /* the last: the controller's */
	struct cf_move *moves[PROCESSES + 1];
	pthread_rwlock_t uses[PROCESSES]; /* of a process: calls, and its replacement */
	unsigned generation[PROCESSES];
	_Atomic uint64_t moment;
	_Atomic long value;
	atomic_bool over;
	struct key_history {
		pthread_mutex_t lock;
		struct linear_op ops[KEY_OPS_MAX];
		size_t count;
	} keys[KEYS];
	struct rng rng; /* the controller's */
};

struct actor {
	struct history *h;
	unsigned number;
};

static const char *const key_names[KEYS] = {"k0", "k1", "k2"};

/* Each history is played by a child, whose exit code is heard. */
static void must(const struct history *h, bool holds, const char *what, const char *why)
{
	if (holds)
		return;
	printf("history %s, SEED=%llu: %s%s%s\n", h->kind->name, (unsigned long long)h->seed, what,
	       why ? ": " : "", why ? why : "");
	fflush(stdout);
	_exit(1);
}

/* --- processes --- */

static struct cf_move *open_move(struct history *h, unsigned process)
{
	struct cf_move *move = NULL;
	struct cf_error error = {0};

	process_init(&h->processes[process], &h->weather);
	must(h, cf_move_open(&move, &h->config, &mem_heap, &h->weather.env, &error) == 0, "open",
	     error.message);
	move->hook = &h->processes[process].hook;
	return move;
}

static void name_process(struct history *h, unsigned process, char *name, size_t size)
{
	snprintf(name, size, "p%u-%u", process, h->generation[process]);
}

/* Its stores fail as well: until it is in. */
static void start_process(struct history *h, unsigned process)
{
	char name[30];

	name_process(h, process, name, sizeof(name));
	h->moves[process] = open_move(h, process);
	while (cf_move_join(h->moves[process], name, NULL))
		sched_yield();
}

/* The controller works without a wrapped handle on the stores that it opened; all that it
 * opens later is wrapped. So it is opened anew as a worker. */
static void start_controller(struct history *h)
{
	struct cf_move *plain = open_move(h, PROCESSES), *worker = NULL;

	while (move_worker_open(&worker, plain, true, NULL))
		sched_yield();
	worker->merged = plain->merged;
	h->moves[PROCESSES] = worker;
	cf_move_close(plain);
}

/* Dies in the middle of whatever it does; comes back under its name, or another comes. */
static void kill_process(struct history *h, unsigned process)
{
	char name[30];
	bool again = rng_below(&h->rng, 2);
	int rc;

	h->processes[PROCESSES].calls_left = -1;
	h->processes[process].calls_left = (int)rng_below(&h->rng, 12);
	while (!process_is_dead(&h->processes[process]) && !h->over)
		sched_yield();
	h->processes[process].calls_left = 0;
	pthread_rwlock_wrlock(&h->uses[process]);
	cf_move_close(h->moves[process]);
	name_process(h, process, name, sizeof(name));
	if (!again) {
		h->generation[process]++;
		/* An answer that was lost may have been a yes. */
		do {
			rc = cf_move_evict(h->moves[PROCESSES], name, "test", NULL);
			sched_yield();
		} while (rc && rc != CF_ERR_NOT_FOUND);
	}
	start_process(h, process);
	pthread_rwlock_unlock(&h->uses[process]);
}

static void kill_controller(struct history *h)
{
	cf_move_close(h->moves[PROCESSES]);
	start_controller(h);
}

/* --- actors --- */

static void add_op(struct history *h, unsigned key, struct linear_op op)
{
	struct key_history *k = &h->keys[key];

	pthread_mutex_lock(&k->lock);
	must(h, k->count < KEY_OPS_MAX, "too long", NULL);
	k->ops[k->count++] = op;
	pthread_mutex_unlock(&k->lock);
}

static int read_value(struct cf_move *move, const char *key, long *ret)
{
	struct cf_move_value value;
	int rc = cf_move_read(move, str_of(key), &value, NULL);

	*ret = LINEAR_ABSENT;
	if (rc == 0 && value.exists)
		*ret = strtol(strstr(value.body.ptr, "\"v\":") + 4, NULL, 10);
	cf_move_value_free(move, &value);
	return rc;
}

static int write_value(struct cf_move *move, const char *key, long value)
{
	char body[40];

	if (value == LINEAR_ABSENT)
		return cf_move_delete(move, str_of(key), NULL);
	snprintf(body, sizeof(body), "{\"v\":%ld}", value);
	return cf_move_write(move, str_of(key), str_of(body), NULL);
}

static void act_once(struct history *h, struct rng *rng, unsigned number)
{
	unsigned key = (unsigned)rng_below(rng, KEYS), process = number % PROCESSES;
	struct linear_op op = {.actor = number, .writes = rng_below(rng, 5) < 2};
	int rc;

	if (op.writes)
		op.value = rng_below(rng, 3) ? ++h->value : LINEAR_ABSENT;
	pthread_rwlock_rdlock(&h->uses[process]);
	op.called = ++h->moment;
	rc = op.writes ? write_value(h->moves[process], key_names[key], op.value)
		       : read_value(h->moves[process], key_names[key], &op.value);
	op.returned = ++h->moment;
	pthread_rwlock_unlock(&h->uses[process]);
	if (rc == CF_ERR_UNCERTAIN)
		op.returned = LINEAR_UNKNOWN;
	if (rc == 0 || (op.writes && rc == CF_ERR_UNCERTAIN))
		add_op(h, key, op);
}

/* Whether another round of all actors might not fit any more. */
static bool is_full(struct history *h)
{
	bool full = false;

	for (unsigned i = 0; i < KEYS; i++) {
		pthread_mutex_lock(&h->keys[i].lock);
		full |= h->keys[i].count >= KEY_OPS_MAX - 2 * ACTORS - 2;
		pthread_mutex_unlock(&h->keys[i].lock);
	}
	return full;
}

static void *act(void *ctx)
{
	struct actor *actor = ctx;
	struct history *h = actor->h;
	struct rng rng = {h->seed * 131 + actor->number};

	while (!h->over && !is_full(h)) {
		act_once(h, &rng, actor->number);
		if (h->kind->drag && rng_below(&rng, 3) == 0)
			sched_yield();
	}
	return NULL;
}

/* --- the controller --- */

/* Whatever it answers: the move stands somewhere, and goes on from there. */
static void step(struct history *h)
{
	struct cf_move *m = h->moves[PROCESSES];
	struct cf_move_verifying how = {.repair = rng_below(&h->rng, 2)};
	struct cf_move_backfill filled;
	struct cf_move_verify verified;
	struct cf_move_status status;

	if (cf_move_status(m, &status, NULL))
		return;
	switch (rng_below(&h->rng, 12)) {
	case 0:
	case 1:
		(void)cf_move_reverse(m, "test", NULL);
		return;
	case 2:
		(void)(rng_below(&h->rng, 2) ? cf_move_abort(m, "test", NULL)
					     : cf_move_kill(m, "test", NULL));
		return;
	case 3:
	case 4:
		(void)cf_move_go(m, status.stage, (unsigned)rng_below(&h->rng, 10001), "test",
				 NULL);
		return;
	case 5:
		if (h->kind->both)
			(void)cf_move_require(
				m, rng_below(&h->rng, 2) ? CF_REQUIRE_BOTH : CF_REQUIRE_AUTHORITY,
				"test", NULL);
		return;
	default:
		break;
	}
	if (status.stage == CF_STAGE_DUALWRITE || status.stage == CF_STAGE_SHADOW)
		(void)cf_move_backfill(m, NULL, "test", &filled, NULL);
	if (status.stage == CF_STAGE_SHADOW)
		(void)cf_move_verify(m, &how, NULL, &verified, NULL);
	(void)cf_move_advance(m, "test", NULL);
}

/* Until all have heard of the last step; while all goes on, for a while at most. */
static void let_confirm(struct history *h)
{
	struct cf_move_status status;

	for (int i = 0; i < 50 || h->over; i++) {
		size_t late = 0;

		if (cf_move_status(h->moves[PROCESSES], &status, NULL) == 0) {
			for (size_t j = 0; j < status.instance_count; j++)
				late += !status.instances[j].job &&
					status.instances[j].confirmed != status.step;
			if (late == 0)
				return;
		}
		weather_pause(300000);
	}
}

static void control(struct history *h)
{
	for (int i = 0; i < STEPS; i++) {
		if (rng_below(&h->rng, 1000) < h->kind->deaths)
			kill_process(h, (unsigned)rng_below(&h->rng, PROCESSES));
		if (rng_below(&h->rng, 1000) < h->kind->deaths)
			h->processes[PROCESSES].calls_left = 1 + (int)rng_below(&h->rng, 40);
		let_confirm(h);
		step(h);
		if (process_is_dead(&h->processes[PROCESSES]))
			kill_controller(h);
	}
}

/* --- the end --- */

static void wait_for_repairs(struct cf_move *move)
{
	size_t left;

	do {
		sched_yield();
		pthread_mutex_lock(&move->calls->lock);
		left = move->calls->pending_count;
		pthread_mutex_unlock(&move->calls->lock);
	} while (left);
}

static void judge_key(struct history *h, unsigned key)
{
	struct key_history *k = &h->keys[key];

	if (linear_check(k->ops, k->count, LINEAR_ABSENT))
		return;
	linear_print(k->ops, k->count);
	must(h, false, "not linearizable", key_names[key]);
}

static void check_rest(struct history *h)
{
	struct cf_move *m = h->moves[PROCESSES];
	struct cf_move_verifying how = {0};
	struct cf_move_verify sums;
	struct cf_move_backfill filled;
	struct cf_move_status status;
	struct cf_error error = {0};

	/* Ends a hand-over that was left. */
	must(h, cf_move_require(m, CF_REQUIRE_AUTHORITY, "test", &error) == 0, "require",
	     error.message);
	let_confirm(h);
	must(h, cf_move_status(m, &status, NULL) == 0, "status", NULL);
	if (status.stage == CF_STAGE_OFF)
		must(h, cf_move_advance(m, "test", &error) == 0, "advance", error.message);
	let_confirm(h);
	if (status.stage < CF_STAGE_SHADOW || (status.stage == CF_STAGE_SHADOW && !status.gate))
		must(h, cf_move_backfill(m, NULL, "test", &filled, &error) == 0, "backfill",
		     error.message);
	must(h, cf_move_verify(m, &how, NULL, &sums, NULL) == 0, "verify", NULL);
	must(h, sums.num_missing + sums.num_mismatch + sums.num_extraneous == 0,
	     "the stores differ at rest", cf_stage_info(status.stage)->name);
}

static void read_at_rest(struct history *h)
{
	for (unsigned i = 0; i < KEYS; i++) {
		struct linear_op op = {.called = ++h->moment, .actor = 99};

		must(h, read_value(h->moves[0], key_names[i], &op.value) == 0, "read", NULL);
		op.returned = ++h->moment;
		add_op(h, i, op);
	}
}

static void open_history(struct history *h, const struct kind *kind, uint64_t seed)
{
	struct cf_move *move = NULL;

	*h = (struct history){.kind = kind, .seed = seed, .rng = {seed * 7 + 1}};
	weather_open(&h->weather, seed);
	cf_move_config_init(&h->config);
	h->config.name = STR("m");
	h->config.old_url = str_of(h->weather.urls[0]);
	h->config.new_url = str_of(h->weather.urls[1]);
	h->config.control_url = str_of(h->weather.urls[2]);
	h->config.old_ms = h->config.new_ms = WEATHER_WINDOW_MS;
	h->config.hold_ms = 60;
	h->config.shadow_percent = 20;
	for (int i = 0; i < KEYS; i++)
		pthread_mutex_init(&h->keys[i].lock, NULL);
	must(h, cf_move_open(&move, &h->config, NULL, NULL, NULL) == 0, "open", NULL);
	must(h, cf_move_start(move, false, "test", NULL) == 0, "start", NULL);
	cf_move_close(move);
	start_controller(h);
	for (unsigned i = 0; i < PROCESSES; i++) {
		pthread_rwlock_init(&h->uses[i], NULL);
		start_process(h, i);
	}
	h->weather.refuse = kind->refuse;
	h->weather.lose = kind->lose;
	h->weather.late = kind->late;
	h->weather.drag = kind->drag;
}

static void close_history(struct history *h)
{
	for (unsigned i = 0; i <= PROCESSES; i++)
		cf_move_close(h->moves[i]);
	weather_close(&h->weather);
}

static void play(const struct kind *kind, uint64_t seed)
{
	static struct history h;
	struct actor actors[ACTORS];
	pthread_t threads[ACTORS];

	open_history(&h, kind, seed);
	for (unsigned i = 0; i < ACTORS; i++) {
		actors[i] = (struct actor){&h, i};
		must(&h, pthread_create(&threads[i], NULL, act, &actors[i]) == 0, "threads", NULL);
	}
	control(&h);
	h.over = true;
	for (unsigned i = 0; i < ACTORS; i++)
		pthread_join(threads[i], NULL);
	weather_calm(&h.weather);
	h.processes[PROCESSES].calls_left = -1;
	for (unsigned i = 0; i < PROCESSES; i++)
		wait_for_repairs(h.moves[i]);
	read_at_rest(&h);
	for (unsigned i = 0; i < KEYS; i++)
		judge_key(&h, i);
	check_rest(&h);
	close_history(&h);
}

static uint64_t number_of(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : fallback;
}

/* Several at once, since most of the time all wait. */
enum { JOBS = 8 };

static void play_share(const struct kind *kind, unsigned job)
{
	uint64_t first = number_of("SEED", 1), count = number_of("HISTORIES", 24);

	for (uint64_t i = job; i < count; i += JOBS)
		play(kind, first + i);
	fflush(stdout);
	_exit(0);
}

START_TEST(histories_are_linearizable)
{
	const char *kind = getenv("KIND");
	unsigned failed = 0;
	int status;

	if (kind && strcmp(kind, kinds[_i].name) != 0)
		return;
	for (unsigned job = 0; job < JOBS; job++)
		if (fork() == 0)
			play_share(&kinds[_i], job);
	while (wait(&status) > 0)
		failed += status != 0;
	ck_assert_msg(failed == 0, "%u of %d jobs failed: what and which seed is above", failed,
		      JOBS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("histories");
	TCase *tcase = tcase_create("histories");

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, histories_are_linearizable, 0, ARRAY_LEN(kinds));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
