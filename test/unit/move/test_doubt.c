/* A read that is under way while its key is handed over, with `require: both`: the store that
 * was the authority is now the one that is written first, and holds what is not decided yet. */
#include "stop.h"

/* One instance that reads `a` once: its read has looked at who answers, and stands still. */
struct reader {
	struct move_hook hook;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct cf_move *move;
	bool early; /* it begins before the instance has confirmed its hold */
	bool begun, there, go;
	long seen;
	pthread_t thread;
};

static void *read_a(void *ctx)
{
	struct reader *reader = ctx;

	reader->seen = move_get(reader->move, "a");
	return NULL;
}

static void read_beside(struct reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->begun = true;
	ck_assert_int_eq(pthread_create(&reader->thread, NULL, read_a, reader), 0);
	while (!reader->there)
		pthread_cond_wait(&reader->changed, &reader->lock);
	pthread_mutex_unlock(&reader->lock);
}

static void at_point(void *ctx, const char *point)
{
	struct reader *reader = ctx;

	if (strcmp(point, "drained") == 0 && reader->early && !reader->begun)
		read_beside(reader);
	if (strcmp(point, "read-asked") != 0 || !reader->begun)
		return;
	pthread_mutex_lock(&reader->lock);
	reader->there = true;
	pthread_cond_broadcast(&reader->changed);
	while (!reader->go)
		pthread_cond_wait(&reader->changed, &reader->lock);
	pthread_mutex_unlock(&reader->lock);
}

static void let_read(struct reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->go = true;
	pthread_cond_broadcast(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
	pthread_join(reader->thread, NULL);
}

/* Of the writer: what was the authority has the value, and what is the authority has not. */
struct undecided {
	struct stop stop;
	struct reader *reader;
	enum cf_side first;
};

static void read_between(struct stop *stop)
{
	struct undecided *writer = (struct undecided *)stop;

	ck_assert_int_eq(place_value(stop->p, writer->first, "a"), 7);
	ck_assert_int_eq(place_value(stop->p, move_other(writer->first), "a"), 1);
	let_read(writer->reader);
}

static void reader_init(struct reader *reader, bool early)
{
	*reader = (struct reader){.early = early};
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->changed, NULL);
	reader->hook = (struct move_hook){at_point, reader, NULL, 1};
}

static struct cf_move *join(struct place *p, struct move_hook *hook, const char *name)
{
	struct cf_move *move = place_move(p, NULL);
	struct cf_error error = {0};

	move->hook = hook;
	ck_assert_msg(cf_move_join(move, name, &error) == 0, "%s", error.message);
	return move;
}

/* Forward and back; the read begins in doubt, or before it. */
START_TEST(a_read_sees_nothing_undecided)
{
	struct place p;
	struct reader reader;
	struct undecided writer = {.reader = &reader, .first = _i / 2 ? CF_NEW : CF_OLD};
	struct stop held;
	struct controller controller;
	struct cf_move *other, *looking;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 20000;
	p.config.shadow_percent = 0;
	stop_init(&held, &p, "all-confirmed");
	looking = place_move(&p, NULL);
	to_shadow(&p, looking);
	if (_i / 2)
		place_advance(&p, looking);
	looking->hook = &held.hook;
	ck_assert_int_eq(cf_move_require(looking, CF_REQUIRE_BOTH, "test", NULL), 0);
	reader_init(&reader, _i % 2);
	reader.move = join(&p, &reader.hook, "one");
	stop_init(&writer.stop, &p, "other-written");
	writer.stop.then = read_between;
	other = join(&p, &writer.stop.hook, "two");
	if (_i / 2)
		go_back_beside(&controller, looking);
	else
		advance_beside(&controller, looking);
	stop_wait(&held);
	if (!reader.early)
		read_beside(&reader);
	stop_go(&held);
	pthread_join(controller.thread, NULL);
	ck_assert_msg(controller.rc == 0, "%s", controller.error.message);
	ck_assert_int_eq(move_put(other, "a", 7), 0);
	ck_assert_int_eq(reader.seen, 1);
	ck_assert_int_eq(move_get(reader.move, "a"), 7);
	cf_move_close(reader.move);
	cf_move_close(other);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doubt");
	TCase *tcase = tcase_create("doubt");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_read_sees_nothing_undecided, 0, 4);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
