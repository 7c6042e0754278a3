/* Who wins, by each policy of a catalog; and lenses that break their laws. */
#include "bed.h"

#define INBOX "790fbc12070b9c37aece000b24c1c02f"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V3(rest)                                        \
	"{\"schema\":\"todo-item\",\"version\":3," rest \
	",\"status\":\"active\",\"groupId\":\"" INBOX "\"}"

/* Version 1 and version 3 change the title at once; `title` is what stands then. */
static void contest(const char *policy, const char *at_1, const char *at_3, const char *title)
{
	struct bed bed;
	char v1[256], v3[256], expected[256];

	bed_open_with(&bed, policy);
	put(&bed, "todo-item@1:a",
	    V1("\"title\":\"t\",\"isDone\":false,\"createdAt\":\"2020-01-01T00:00:00Z\""));
	settle(&bed);
	snprintf(v1, sizeof(v1), V1("\"title\":\"by v1\",\"isDone\":false,\"createdAt\":\"%s\""),
		 at_1);
	snprintf(v3, sizeof(v3), V3("\"title\":\"by v3\",\"createdAt\":\"%s\""), at_3);
	put(&bed, "todo-item@1:a", v1);
	put(&bed, "todo-item@3:a", v3);
	settle(&bed);
	snprintf(expected, sizeof(expected),
		 V1("\"title\":\"%s\",\"isDone\":false,\"createdAt\":\"%s\""), title,
		 title[4] == '1' ? at_1 : at_3);
	expect(&bed, "todo-item@1:a", expected);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_ge(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 1);
	bed_close(&bed);
}

START_TEST(newest_version_is_preferred)
{
	contest("{prefer: newest-version}", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z",
		"by v3");
}
END_TEST

START_TEST(oldest_version_is_preferred)
{
	contest("{prefer: oldest-version}", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z",
		"by v1");
}
END_TEST

START_TEST(latest_by_a_field_is_preferred)
{
	contest("{prefer: {latest: createdAt}}", "2024-01-01T00:00:00Z", "2023-01-01T00:00:00Z",
		"by v1");
	contest("{prefer: {latest: createdAt}}", "2022-01-01T00:00:00Z", "2023-01-01T00:00:00Z",
		"by v3");
}
END_TEST

/* An app comes back with an edit on top of what others have changed since. */
static void come_back_late(const char *policy, const char *title, bool deletes)
{
	struct bed bed;
	const char *old;
	char expected[256];

	bed_open_with(&bed, policy);
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	settle(&bed);
	old = rev_of(&bed, "todo-item@1:a");
	put(&bed, "todo-item@3:a", V3("\"title\":\"agreed\""));
	settle(&bed);
	if (deletes)
		put_branch_deleted(&bed, "todo-item@1:a", old, "fffffffffffffffffffffffffffffffe");
	else
		put_branch(&bed, "todo-item@1:a", old, "ffffffffffffffffffffffffffffffff",
			   V1("\"title\":\"late\",\"isDone\":false"));
	settle(&bed);
	snprintf(expected, sizeof(expected), V1("\"title\":\"%s\",\"isDone\":false"), title);
	expect(&bed, "todo-item@1:a", expected);
	snprintf(expected, sizeof(expected), V3("\"title\":\"%s\""), title);
	expect(&bed, "todo-item@3:a", expected);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 1);
	bed_close(&bed);
}

START_TEST(late_edit_gives_way_unless_the_policy_says_otherwise)
{
	come_back_late("{late: agreed}", "agreed", false);
	come_back_late("{late: edit}", "late", false);
	come_back_late("{late: agreed}", "agreed", true);
}
END_TEST

START_TEST(saving_a_deleted_document_again_brings_back_all)
{
	struct bed bed;
	size_t leaves;

	bed_open_with(&bed, "{late: agreed}");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	settle(&bed);
	put_on(&bed, "todo-item@3:a", rev_of(&bed, "todo-item@3:a"), "{}", true);
	settle(&bed);
	expect(&bed, "todo-item@1:a", NULL);
	expect(&bed, "todo-item@2:a", NULL);
	put_on(&bed, "todo-item@1:a", rev_of(&bed, "todo-item@1:a"),
	       V1("\"title\":\"again\",\"isDone\":false"), false);
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"again\",\"isDone\":false"));
	expect(&bed, "todo-item@3:a", V3("\"title\":\"again\""));
	body_of(&bed, "todo-item@2:a", &leaves);
	ck_assert_uint_eq(leaves, 1);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	bed_close(&bed);
}
END_TEST

/* Up adds one, down leaves it: no agreement is possible. */
START_TEST(swinging_lens_is_quarantined_with_both_values)
{
	struct bed bed;
	struct bed_found found;

	bed_open(&bed, "test/unit/sync/catalogs/swing");
	put(&bed, "counter@1:a", "{\"schema\":\"counter\",\"version\":1,\"n\":1}");
	put(&bed, "note@1:b", "{\"schema\":\"note\",\"version\":1,\"text\":\"x\"}");
	settle(&bed);
	put(&bed, "counter@1:a", "{\"schema\":\"counter\",\"version\":1,\"n\":5}");
	settle(&bed);
	found = find_listed(&bed, SYNC_QUARANTINE, "/n");
	ck_assert_uint_eq(found.count, 1);
	ck_assert_msg(strstr(found.body, "\"error\":\"LAW\"") != NULL, "%s", found.body);
	ck_assert_msg(strstr(found.body, "\"values\":[") != NULL, "%s", found.body);
	expect(&bed, "counter@1:a", "{\"schema\":\"counter\",\"version\":1,\"n\":5}");
	expect(&bed, "note@2:b", "{\"schema\":\"note\",\"version\":2,\"body\":\"x\"}");
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-policy");
	TCase *tcase = tcase_create("policy");

	tcase_add_test(tcase, newest_version_is_preferred);
	tcase_add_test(tcase, oldest_version_is_preferred);
	tcase_add_test(tcase, latest_by_a_field_is_preferred);
	tcase_add_test(tcase, late_edit_gives_way_unless_the_policy_says_otherwise);
	tcase_add_test(tcase, saving_a_deleted_document_again_brings_back_all);
	tcase_add_test(tcase, swinging_lens_is_quarantined_with_both_values);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
