/* The gate: published vectors, and an even spread; and the table of stages. */
#include "check_main.h"

#include <chesterfield/move.h>

#include <inttypes.h>

/* Bytes of hex digits; their number. */
static size_t unhex(const char *hex, size_t len, char *out)
{
	for (size_t i = 0; i < len / 2; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (char)strtoul(pair, NULL, 16);
	}
	return len / 2;
}

START_TEST(the_published_vectors_hold)
{
	char path[500], line[2000], key[1000];
	unsigned count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/test/move/gate-vectors.tsv",
		 getenv("CHESTERFIELD_SOURCE"));
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		size_t hex = strcspn(line, "\t");
		struct cf_str bytes = {key, unhex(line, hex, key)};
		char *rest = NULL;
		uint64_t hash = strtoull(line + hex + 1, &rest, 16);

		ck_assert_msg(cf_move_hash(bytes) == hash, "line %u", count + 1);
		ck_assert_uint_eq(cf_move_position(bytes), strtoul(rest, NULL, 10));
		count++;
	}
	fclose(file);
	ck_assert_uint_ge(count, 1000);
}
END_TEST

/* Consecutive keys fall evenly into the parts of the gate: with 100,000 keys a percent has
 * 1000, give or take; six standard deviations of a fair spread are 190. */
START_TEST(keys_are_spread)
{
	unsigned parts[100] = {0};
	char key[40];

	for (int i = 0; i < 100000; i++) {
		int len = snprintf(key, sizeof(key), "city@1:%06d", i);
		unsigned position = cf_move_position((struct cf_str){key, (size_t)len});

		ck_assert_uint_lt(position, 10000);
		parts[position / 100]++;
	}
	for (int i = 0; i < 100; i++)
		ck_assert_msg(parts[i] > 810 && parts[i] < 1190, "percent %d has %u", i, parts[i]);
}
END_TEST

/* Neighbouring stages differ by one side, and have one authority but for the hand-over. */
START_TEST(stages_go_step_by_step)
{
	enum cf_stage stage;

	ck_assert(cf_stage_find("rampdown", &stage));
	ck_assert_int_eq(stage, CF_STAGE_RAMPDOWN);
	ck_assert(!cf_stage_find("ramp", &stage));
	for (int i = 0; i < CF_STAGE_COUNT; i++) {
		const struct cf_stage_info *info = cf_stage_info(i);

		ck_assert(cf_stage_find(info->name, &stage) && (int)stage == i);
		ck_assert_uint_gt(strlen(info->sentence), 10);
		ck_assert_int_eq(info->first, i < CF_STAGE_LIVE ? CF_OLD : CF_NEW);
		ck_assert_int_eq(info->read, info->first);
		ck_assert_int_ne(info->second, info->first);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate");
	TCase *tcase = tcase_create("gate");

	tcase_add_test(tcase, the_published_vectors_hold);
	tcase_add_test(tcase, keys_are_spread);
	tcase_add_test(tcase, stages_go_step_by_step);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
