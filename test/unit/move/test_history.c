/* Short histories: threads of two instances write, read and delete a few keys while the
 * stage goes up and down. Each key is checked by itself.
 *
 * Values of a key are numbered by its writers' order under a lock of the test: each key
 * has one writer thread at a time, and readers see numbers that never fall (the reads
 * answer from the authority). At rest both stores agree on all keys. */
#include "place.h"

#include <sched.h>

enum { KEYS = 6, WRITERS = 3, READERS = 2, ROUNDS = 60 };

struct key {
	char id[8];
	pthread_mutex_t lock;
	int next;          /* the next number to write */
	_Atomic int floor; /* the last number that was acknowledged */
	bool deleted;
};

struct history {
	struct place p;
	struct cf_move *instances[2];
	struct key keys[KEYS];
	_Atomic bool over;
	uint64_t seed;
};

struct actor {
	struct history *h;
	unsigned number;
};

/* One writer a key at a time, so that the order of its values is known. */
static void *write_keys(void *ctx)
{
	struct actor *actor = ctx;
	struct history *h = actor->h;
	struct rng rng = {h->seed * 31 + actor->number};

	for (int i = 0; i < ROUNDS; i++) {
		struct key *key = &h->keys[rng_below(&rng, KEYS)];
		struct cf_move *move = h->instances[rng_below(&rng, 2)];

		pthread_mutex_lock(&key->lock);
		if (rng_below(&rng, 5) == 0) {
			ck_assert_int_eq(cf_move_delete(move, str_of(key->id), NULL), 0);
			key->deleted = true;
		} else {
			int value = key->next++;

			ck_assert_int_eq(move_put(move, key->id, value), 0);
			key->deleted = false;
			key->floor = value;
		}
		pthread_mutex_unlock(&key->lock);
	}
	return NULL;
}

/* What is read is never older than what was acknowledged before the read began. */
static void *read_keys(void *ctx)
{
	struct actor *actor = ctx;
	struct history *h = actor->h;
	struct rng rng = {h->seed * 37 + actor->number};

	while (!h->over) {
		struct key *key = &h->keys[rng_below(&rng, KEYS)];
		int floor = key->floor;
		long value = move_get(h->instances[rng_below(&rng, 2)], key->id);

		ck_assert_msg(value == -1 || value >= floor, "%s: read %ld after %d (seed %llu)",
			      key->id, value, floor, (unsigned long long)h->seed);
	}
	return NULL;
}

static void walk_stages(struct history *h)
{
	struct cf_move *move = place_move(&h->p, NULL);
	struct cf_move_backfill sums;
	struct cf_error error = {0};

	for (int turn = 0; turn < 2; turn++) {
		place_advance(&h->p, move);
		ck_assert_msg(cf_move_backfill(move, NULL, "test", &sums, &error) == 0, "%s",
			      error.message);
		place_advance(&h->p, move);
		if (turn == 0) {
			ck_assert_int_eq(cf_move_kill(move, "test", NULL), 0);
			place_confirmed(move);
		}
	}
	cf_move_close(move);
}

static void check_rest(struct history *h)
{
	struct cf_move *move = place_move(&h->p, NULL);
	struct cf_move_verifying how = {0};
	struct cf_move_verify sums;

	for (int i = 0; i < KEYS; i++) {
		long old_value = place_value(&h->p, CF_OLD, h->keys[i].id);

		ck_assert_int_eq(old_value, h->keys[i].deleted || h->keys[i].next == 0
						    ? -1
						    : h->keys[i].floor);
		ck_assert_msg(place_value(&h->p, CF_NEW, h->keys[i].id) == old_value,
			      "%s differs at rest (seed %llu)", h->keys[i].id,
			      (unsigned long long)h->seed);
	}
	ck_assert_int_eq(cf_move_verify(move, &how, NULL, &sums, NULL), 0);
	ck_assert_uint_eq(sums.num_missing + sums.num_mismatch + sums.num_extraneous, 0);
	ck_assert_uint_eq(place_intents(&h->p), 0);
	cf_move_close(move);
}

START_TEST(many_writers_while_the_stage_moves)
{
	static struct history h;
	struct actor actors[WRITERS + READERS];
	pthread_t threads[WRITERS + READERS];

	h = (struct history){.seed = (uint64_t)_i};
	place_open(&h.p, CF_GUARANTEE_INTENT);
	for (int i = 0; i < KEYS; i++) {
		snprintf(h.keys[i].id, sizeof(h.keys[i].id), "k%d", i);
		pthread_mutex_init(&h.keys[i].lock, NULL);
	}
	h.instances[0] = place_move(&h.p, "one");
	h.instances[1] = place_move(&h.p, "two");
	for (unsigned i = 0; i < WRITERS + READERS; i++) {
		actors[i] = (struct actor){&h, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						i < WRITERS ? write_keys : read_keys, &actors[i]),
				 0);
	}
	walk_stages(&h);
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	h.over = true;
	for (unsigned i = WRITERS; i < WRITERS + READERS; i++)
		pthread_join(threads[i], NULL);
	cf_move_close(h.instances[0]);
	cf_move_close(h.instances[1]);
	check_rest(&h);
	place_close(&h.p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tcase = tcase_create("history");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, many_writers_while_the_stage_moves, 0, 4);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
