/* Parts that are missing, and answers that never landed: what was said beside them is kept,
 * judged once, and listed where it loses. */
#include "bed.h"
#include "hook.h"

#define WORK "d3353fe72dbf8e1e924baf089d90156d"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V2(rest) "{\"schema\":\"todo-item\",\"version\":2," rest "}"
#define V3(rest) "{\"schema\":\"todo-item\",\"version\":3," rest "}"
#define GROUP(rest) "{\"schema\":\"group\",\"version\":1," rest "}"

/* Job one on a store that takes no document whose id begins with hook.ctx. */
static int refuse_some(struct hook *hook, const struct cf_put *put, struct cf_str *ret_why)
{
	if (!hook->ctx || !str_starts_with(put->id, str_of(hook->ctx)))
		return 0;
	*ret_why = STR("no room");
	return CF_ERR_FULL;
}

static void open_on_hook(struct bed *bed, struct hook *hook)
{
	struct sync_options options = {.wait_ms = 0};

	bed_open(bed, "examples/todo");
	sync_close(bed->sync);
	hook_init(hook, bed->store);
	hook->refuse = refuse_some;
	ck_assert_int_eq(sync_open(&bed->sync, bed->catalog, &hook->store, &bed->state, &options,
				   &env_system, &mem_heap, &bed->error),
			 0);
}

/* The base is written; documents of that kind are not. */
static void settle_without(struct bed *bed, struct hook *hook, const char *prefix)
{
	char text[64];
	bool idle = false;
	int rc = 0;

	snprintf(text, sizeof(text), "%s", prefix);
	hook->ctx = text;
	while (rc == 0 && !idle)
		rc = sync_step(bed->sync, &idle, &bed->error);
	ck_assert_int_eq(rc, CF_ERR_FULL);
	hook->ctx = NULL;
}

static void check_part_is_the_same_for_both(const char *first, const char *second)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@2:a", first);
	put(&bed, "todo-item@2:b", second);
	settle(&bed);
	expect(&bed, "group@1:" WORK, GROUP("\"name\":\"Work\",\"color\":\"red\""));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Work\",\"color\":"
		  "\"red\"}"));
	expect(&bed, "todo-item@2:b",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Work\",\"color\":"
		  "\"red\"}"));
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}

/* In whatever order the batch looks at them. */
START_TEST(who_made_a_part_sees_what_another_says_of_it_in_the_same_batch)
{
	const char *plain = V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":"
			       "\"Work\"}");
	const char *red = V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Work\","
			     "\"color\":\"red\"}");

	check_part_is_the_same_for_both(plain, red);
	check_part_is_the_same_for_both(red, plain);
}
END_TEST

/* What version 2 says of a group waits for it; when the item comes to refer to a group that is
 * there, it waits no longer. */
START_TEST(edit_at_a_hole_is_judged_once_the_item_refers_elsewhere)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "group@1:g", GROUP("\"name\":\"G\""));
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"x\""));
	settle(&bed);
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"g\""));
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Mine\"}"));
	settle(&bed);
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\"}"));
	ck_assert_ptr_nonnull(
		strstr(find_listed(&bed, SYNC_CONFLICTS, "/group/name").body, "\"Mine\""));
	ck_assert_uint_eq(find_listed(&bed, SYNC_INCOMPLETE, NULL).count, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* Version 3 was announced, and never landed: an app's own document there replaces nothing. */
START_TEST(document_made_where_ours_never_landed_has_seen_nothing)
{
	struct bed bed;
	struct hook hook;

	open_on_hook(&bed, &hook);
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"first\",\"status\":\"active\",\"group\":{\"name\":\"Work\"}"));
	settle_without(&bed, &hook, "todo-item@3");
	put(&bed, "todo-item@3:a",
	    V3("\"title\":\"second\",\"status\":\"active\",\"groupId\":\"" WORK "\""));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"first\",\"isDone\":false"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"first\",\"status\":\"active\",\"groupId\":\"" WORK "\""));
	ck_assert_ptr_nonnull(
		strstr(find_listed(&bed, SYNC_CONFLICTS, "/title").body, "\"second\""));
	bed_close(&bed);
}
END_TEST

/* The title that won is in version 3 alone, behind a group that has not come; versions 1 and 2,
 * which lost theirs, did not land. */
START_TEST(what_did_not_land_is_made_again_past_a_missing_part)
{
	struct bed bed;
	struct hook hook;

	open_on_hook(&bed, &hook);
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"old\",\"status\":\"active\",\"group\":{\"name\":\"Work\"}"));
	put(&bed, "todo-item@3:a", V3("\"title\":\"new\",\"status\":\"active\",\"groupId\":\"x\""));
	settle_without(&bed, &hook, "todo-item@");
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"new\",\"isDone\":false"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"new\",\"status\":\"active\",\"group\":{\"name\":\"Work\"}"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"new\",\"status\":\"active\",\"groupId\":\"x\""));
	bed_close(&bed);
}
END_TEST

/* The part has not come, and the app changes its mind: only its last word waits. */
START_TEST(later_word_at_a_hole_replaces_the_earlier_one)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "group@1:g", GROUP("\"name\":\"G\""));
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"g\""));
	settle(&bed);
	put_on(&bed, "group@1:g", rev_of(&bed, "group@1:g"), "{}", true);
	settle(&bed);
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
	       "\"red\"}"));
	settle(&bed);
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
	       "\"blue\"}"));
	settle(&bed);
	put(&bed, "group@1:g", GROUP("\"name\":\"G\""));
	settle(&bed);
	expect(&bed, "group@1:g", GROUP("\"name\":\"G\",\"color\":\"blue\""));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
		  "\"blue\"}"));
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-holes");
	TCase *tcase = tcase_create("holes");

	tcase_add_test(tcase, who_made_a_part_sees_what_another_says_of_it_in_the_same_batch);
	tcase_add_test(tcase, edit_at_a_hole_is_judged_once_the_item_refers_elsewhere);
	tcase_add_test(tcase, document_made_where_ours_never_landed_has_seen_nothing);
	tcase_add_test(tcase, what_did_not_land_is_made_again_past_a_missing_part);
	tcase_add_test(tcase, later_word_at_a_hole_replaces_the_earlier_one);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
