/* A document of many members takes room in proportion to them, also where two branches of
 * it contest: what is asked for is counted. Time shows by the limit that Check sets. */
#include "bed.h"
#include "failing.h"

/* {"schema": ..., "m0": 0, ...}: where `edited` divides the member's number it says more. */
static const char *body(struct cf_buf *text, int members, int edited)
{
	buf_clear(text);
	buf_printf(text, "{\"schema\":\"sample\",\"version\":1");
	for (int i = 0; i < members; i++)
		buf_printf(text, ",\"m%06d\":%d", i, edited && i % edited == 0 ? -i - 1 : i);
	buf_byte(text, '}');
	ck_assert_int_eq(buf_byte(text, '\0'), 0);
	return text->ptr;
}

static void open_counted(struct bed *bed, struct failing *counting)
{
	struct sync_options options = {.wait_ms = 0};

	bed->sync = sync_close(bed->sync);
	failing_init(counting, SIZE_MAX, true);
	ck_assert_int_eq(sync_open(&bed->sync, bed->catalog, bed->store, &bed->state, &options,
				   &env_system, &counting->mem, &bed->error),
			 0);
	counting->bytes = 0;
	counting->peak = counting->held;
}

/* What one run asks for, of a document with two branches that both edited a fifth of it. */
static size_t run_counted(int members, int edited, int other)
{
	struct failing counting;
	struct cf_buf text;
	struct bed bed;

	bed_open(&bed, "test/unit/sync/catalogs/numbers");
	buf_init(&text, &mem_heap);
	put(&bed, "sample@1:x", body(&text, members, 0));
	settle(&bed);
	if (other) {
		const char *first = rev_of(&bed, "sample@1:x");

		put_branch(&bed, "sample@1:x", first, "b", body(&text, members, other));
		put_branch(&bed, "sample@1:x", first, "a", body(&text, members, edited));
	} else {
		put(&bed, "sample@1:x", body(&text, members, edited));
	}
	open_counted(&bed, &counting);
	settle(&bed);
	ck_assert_ptr_nonnull(strstr(body_of(&bed, "sample@2:x", NULL).ptr, "\"m000000\":-1"));
	buf_fini(&text);
	bed_close(&bed);
	return counting.bytes;
}

START_TEST(twice_the_members_take_twice_the_room)
{
	size_t half = run_counted(10000, 5, 0), whole = run_counted(20000, 5, 0);

	/* Buffers grow by doubling: a half more is their share. */
	ck_assert_msg(whole < half * 3, "%zu bytes, and %zu for half of it", whole, half);
}
END_TEST

START_TEST(so_do_two_branches)
{
	size_t half = run_counted(2000, 5, 3), whole = run_counted(4000, 5, 3);

	ck_assert_msg(whole < half * 3, "%zu bytes, and %zu for half of it", whole, half);
}
END_TEST

/* What one run asks for, where all that an app edited late was edited meanwhile. */
static size_t run_late(int members)
{
	struct failing counting;
	struct cf_buf text;
	struct bed bed;
	const char *first;

	bed_open(&bed, "test/unit/sync/catalogs/numbers");
	buf_init(&text, &mem_heap);
	put(&bed, "sample@1:x", body(&text, members, 0));
	settle(&bed);
	first = rev_of(&bed, "sample@1:x");
	put(&bed, "sample@1:x", body(&text, members, 1));
	settle(&bed);
	buf_clear(&text);
	buf_str(&text, STR("{\"schema\":\"sample\",\"version\":1"));
	for (int i = 0; i < members; i++)
		buf_printf(&text, ",\"m%06d\":\"late\"", i);
	buf_byte(&text, '}');
	ck_assert_int_eq(buf_byte(&text, '\0'), 0);
	put_branch(&bed, "sample@1:x", first, "a", text.ptr);
	open_counted(&bed, &counting);
	settle(&bed);
	ck_assert_ptr_nonnull(strstr(body_of(&bed, "sample@2:x", NULL).ptr, "\"m000001\":-2"));
	buf_fini(&text);
	bed_close(&bed);
	return counting.bytes;
}

START_TEST(so_do_edits_that_all_come_late)
{
	size_t half = run_late(500), whole = run_late(1000);

	ck_assert_msg(whole < half * 3, "%zu bytes, and %zu for half of it", whole, half);
}
END_TEST

/* What is held at once while a document is met for the first time: 64 MiB beyond its two
 * versions. */
START_TEST(a_first_reading_takes_no_more_than_its_limit)
{
	struct failing counting;
	struct cf_buf text;
	struct bed bed;
	size_t before;

	bed_open(&bed, "test/unit/sync/catalogs/numbers");
	buf_init(&text, &mem_heap);
	put(&bed, "sample@1:x", body(&text, 100000, 0));
	open_counted(&bed, &counting);
	before = counting.held;
	settle(&bed);
	ck_assert_ptr_nonnull(strstr(body_of(&bed, "sample@2:x", NULL).ptr, "\"m000001\":1"));
	ck_assert_msg(counting.peak - before <= (64u << 20) + 2 * text.len, "%zu bytes",
		      counting.peak - before);
	buf_fini(&text);
	bed_close(&bed);
}
END_TEST

/* Compared each with each, it would take minutes. */
START_TEST(a_hundred_thousand_are_possible)
{
	ck_assert_uint_gt(run_counted(100000, 5, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-members");
	TCase *tcase = tcase_create("members");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, twice_the_members_take_twice_the_room);
	tcase_add_test(tcase, so_do_two_branches);
	tcase_add_test(tcase, so_do_edits_that_all_come_late);
	tcase_add_test(tcase, a_first_reading_takes_no_more_than_its_limit);
	tcase_add_test(tcase, a_hundred_thousand_are_possible);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
