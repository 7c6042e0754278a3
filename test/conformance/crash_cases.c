/* A writer that is killed: what was acknowledged is there, and nothing is there by
 * half. Only for stores that outlive a process. */
#include "conformance.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 40 };

/* Writes batches for ever and tells the number of each that was answered. */
static void write_batches(struct subject *s, int acknowledged)
{
	struct cf_store *store = subject_again(s);
	struct cf_put puts[BATCH];
	struct cf_answer answers[BATCH];
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	for (uint32_t batch = 0;; batch++) {
		arena_reset(&arena);
		for (int i = 0; i < BATCH; i++)
			puts[i] = (struct cf_put){
				.id = arena_printf(&arena, "%d-%u", i, batch),
				.body = arena_printf(&arena, "{\"batch\":%u}", batch)};
		if (store_put(store, puts, BATCH, &arena, answers, NULL) ||
		    write(acknowledged, &batch, sizeof(batch)) != sizeof(batch))
			_exit(1);
	}
}

START_TEST(a_killed_writer_leaves_whole_batches)
{
	struct subject s;
	struct cf_store_info info;
	int pipe_fds[2];
	uint32_t batch = 0, last = 0;
	pid_t child;

	subject_open(&s, 1, NULL);
	ck_assert_int_eq(pipe(pipe_fds), 0);
	child = fork();
	if (child == 0)
		write_batches(&s, pipe_fds[1]);
	close(pipe_fds[1]);
	/* Killed at another moment in each run of the loop: within the batch after the
	 * one that is told of. */
	while (last < (uint32_t)_i * 3 && read(pipe_fds[0], &batch, sizeof(batch)) == sizeof(batch))
		last = batch;
	for (volatile int i = 0; i < _i * 40000; i++)
		;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (read(pipe_fds[0], &batch, sizeof(batch)) == sizeof(batch))
		last = batch;
	close(pipe_fds[0]);
	store_close(s.store);
	s.store = subject_again(&s);
	ck_assert_int_eq(store_info(s.store, &s.arena, &info, NULL), 0);
	ck_assert_uint_eq(info.records % BATCH, 0);
	ck_assert_uint_ge(info.records, last ? ((uint64_t)last + 1) * BATCH : 0);
	for (uint32_t i = 0; last && i <= last; i++)
		ck_assert_uint_eq(
			get_one(&s, arena_printf(&s.arena, "0-%u", i).ptr, NULL, 0).revision_count,
			1);
	subject_close(&s);
}
END_TEST

void add_crash_cases(Suite *suite)
{
	TCase *tcase = tcase_create("crash");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_killed_writer_leaves_whole_batches, 0, 12);
	suite_add_tcase(suite, tcase);
}
