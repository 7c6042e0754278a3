/* Edits that were lost once: by what a store forgets, by branches that arrive after a delete,
 * by what is no value of a field. */
#include "bed.h"

#define INBOX "790fbc12070b9c37aece000b24c1c02f"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V2(rest) "{\"schema\":\"todo-item\",\"version\":2," rest "}"
#define V3(rest) "{\"schema\":\"todo-item\",\"version\":3," rest "}"
#define GROUP(rest) "{\"schema\":\"group\",\"version\":1," rest "}"

/* A new document, with a revision of that name. */
static void put_root(struct bed *bed, const char *id, const char *rev, const char *body)
{
	struct cf_str history = str_of(rev);
	struct cf_put put = {.id = str_of(id),
			     .kind = CF_PUT_REVISION,
			     .rev = history,
			     .history = &history,
			     .history_count = 1,
			     .body = str_of(body)};
	struct cf_answer answer;

	ck_assert_int_eq(store_put(bed->store, &put, 1, &bed->arena, &answer, &bed->error), 0);
	ck_assert_int_eq(answer.code, 0);
}

static size_t listed(struct bed *bed)
{
	return find_listed(bed, SYNC_CONFLICTS, NULL).count;
}

static const char *item1(struct bed *bed, const char *title, const char *done)
{
	return arena_printf(&bed->arena, V1("\"title\":\"%s\",\"isDone\":%s"), title, done).ptr;
}

static void expect_title(struct bed *bed, const char *title, const char *done)
{
	const char *status = strcmp(done, "true") == 0 ? "done" : "active";

	expect(bed, "todo-item@1:a", item1(bed, title, done));
	expect(bed, "todo-item@2:a",
	       arena_printf(&bed->arena,
			    V2("\"title\":\"%s\",\"status\":\"%s\",\"group\":{\"name\":\"Inbox\"}"),
			    title, status)
		       .ptr);
}

/* --- what a store forgets ------------------------------------------------------------------ */

static const struct {
	const char *store;
	unsigned edits;
} chains[] = {
	{"memory:docs", 999},      {"memory:docs", 1000},     {"memory:docs?revs=1", 1},
	{"memory:docs?revs=2", 2}, {"memory:docs?revs=5", 5},
};

static void open_chain(struct bed *bed, size_t i)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/examples/todo", getenv("CHESTERFIELD_SOURCE"));
	bed_open_on(bed, path, chains[i].store);
	put(bed, "todo-item@1:a", item1(bed, "old", "false"));
	settle(bed);
	for (unsigned n = 1; n <= chains[i].edits; n++)
		put(bed, "todo-item@1:a",
		    arena_printf(&bed->arena, V1("\"title\":\"t%u\",\"isDone\":false"), n).ptr);
}

START_TEST(edits_beyond_what_the_store_remembers_are_free)
{
	struct bed bed;
	char title[16];

	open_chain(&bed, (size_t)_i);
	settle(&bed);
	snprintf(title, sizeof(title), "t%u", chains[_i].edits);
	expect_title(&bed, title, "false");
	ck_assert_uint_eq(listed(&bed), 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(delete_beyond_what_the_store_remembers_is_one)
{
	struct bed bed;

	open_chain(&bed, (size_t)_i);
	put_on(&bed, "todo-item@1:a", rev_of(&bed, "todo-item@1:a"), "{}", true);
	settle(&bed);
	expect(&bed, "todo-item@1:a", NULL);
	expect(&bed, "todo-item@2:a", NULL);
	expect(&bed, "todo-item@3:a", NULL);
	ck_assert_uint_eq(listed(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* --- a late branch after an agreed delete ---------------------------------------------------- */

/* All agreed at 1-aaaa, deleted by version 3, and agreed on. Returns version 2's revision. */
static const char *open_deleted(struct bed *bed, const char *policy)
{
	const char *seen;

	bed_open_with(bed, policy);
	put_root(bed, "todo-item@1:a", "1-aaaa", item1(bed, "t", "false"));
	settle(bed);
	ck_assert_str_eq(rev_of(bed, "todo-item@1:a"), "1-aaaa");
	seen = rev_of(bed, "todo-item@2:a");
	put_on(bed, "todo-item@3:a", rev_of(bed, "todo-item@3:a"), "{}", true);
	settle(bed);
	expect(bed, "todo-item@1:a", NULL);
	return seen;
}

static const char *const both_late[] = {"{late: agreed}", "{late: edit}"};

START_TEST(late_branch_lives_beside_one_that_changes_nothing)
{
	struct bed bed;
	const char *seen = open_deleted(&bed, both_late[_i]);

	put_branch(&bed, "todo-item@1:a", "1-aaaa", "eeee", item1(&bed, "lateOne", "true"));
	put_branch(&bed, "todo-item@2:a", seen, "eeee",
		   V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Inbox\"}"));
	settle(&bed);
	expect_title(&bed, "lateOne", "true");
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(entry_names_the_delete_that_gave_way)
{
	struct bed bed;
	struct bed_found found;

	open_deleted(&bed, both_late[_i]);
	put_branch(&bed, "todo-item@1:a", "1-aaaa", "eeee", item1(&bed, "lateOne", "false"));
	settle(&bed);
	expect_title(&bed, "lateOne", "false");
	found = find_listed(&bed, SYNC_CONFLICTS, "");
	ck_assert_uint_eq(found.count, 1);
	ck_assert_ptr_nonnull(strstr(found.body, "\"kind\":\"delete\""));
	ck_assert_ptr_nonnull(strstr(found.body, "\"loser\":{\"id\":\"todo-item@3:a\""));
	ck_assert_ptr_nonnull(strstr(found.body, "\"winner\":{\"id\":\"todo-item@1:a\",\"version\":"
						 "\"todo-item@1\",\"rev\":\"2-eeee\""));
	ck_assert_ptr_nonnull(strstr(found.body, "\"value\":\"lateOne\""));
	bed_close(&bed);
}
END_TEST

START_TEST(branch_that_says_what_was_agreed_does_not_bring_it_back)
{
	struct bed bed;

	open_deleted(&bed, both_late[_i]);
	put_branch(&bed, "todo-item@1:a", "1-aaaa", "eeee", item1(&bed, "t", "false"));
	settle(&bed);
	expect(&bed, "todo-item@1:a", NULL);
	expect(&bed, "todo-item@2:a", NULL);
	expect(&bed, "todo-item@3:a", NULL);
	ck_assert_uint_eq(listed(&bed), 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* --- an edit and a delete as branches of one document ------------------------------------------
 */

START_TEST(entry_names_the_edit_that_a_delete_gave_way_to)
{
	struct bed bed;
	struct bed_found found;

	bed_open(&bed, "examples/todo");
	put_root(&bed, "todo-item@1:a", "1-aaaa", item1(&bed, "t", "false"));
	settle(&bed);
	put_branch(&bed, "todo-item@1:a", "1-aaaa", "bbbb", item1(&bed, "edited", "false"));
	put_branch_deleted(&bed, "todo-item@1:a", "1-aaaa", "cccc");
	settle(&bed);
	expect_title(&bed, "edited", "false");
	found = find_listed(&bed, SYNC_CONFLICTS, "");
	ck_assert_uint_eq(found.count, 1);
	ck_assert_ptr_nonnull(strstr(found.body, "\"rev\":\"2-bbbb\",\"pointer\":\"/title\","
						 "\"value\":\"edited\""));
	ck_assert_ptr_nonnull(strstr(found.body, "\"rev\":\"2-cccc\""));
	bed_close(&bed);
}
END_TEST

/* With `late: edit`, too, a delete that arrives as a branch is late where its app had not seen
 * what was said, and wins over that. */
START_TEST(late_delete_on_a_branch)
{
	struct bed bed;

	bed_open_with(&bed, both_late[_i]);
	put_root(&bed, "todo-item@1:a", "1-aaaa", item1(&bed, "t", "false"));
	settle(&bed);
	put_branch(&bed, "todo-item@1:a", "1-aaaa", "bbbb", item1(&bed, "edited", "false"));
	settle(&bed);
	put_branch_deleted(&bed, "todo-item@1:a", "1-aaaa", "cccc");
	settle(&bed);
	ck_assert_uint_eq(listed(&bed), 1);
	if (_i == 0) {
		expect_title(&bed, "edited", "false");
	} else {
		expect(&bed, "todo-item@1:a", NULL);
		expect(&bed, "todo-item@2:a", NULL);
	}
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* --- branches off what was never agreed on
 * -------------------------------------------------------- */

START_TEST(branches_off_a_revision_that_was_never_agreed_on)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put_root(&bed, "todo-item@1:a", "1-aaaa", item1(&bed, "t", "false"));
	put_branch(&bed, "todo-item@1:a", "1-aaaa", "bbbb", item1(&bed, "titled", "false"));
	put_branch(&bed, "todo-item@1:a", "1-aaaa", "cccc", item1(&bed, "t", "true"));
	settle(&bed);
	expect_title(&bed, "titled", "true");
	ck_assert_uint_eq(listed(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* --- parts
 * ------------------------------------------------------------------------------------------ */

START_TEST(missing_part_holds_back_only_what_is_made_of_it)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "group@1:g", GROUP("\"name\":\"G\""));
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"g\""));
	settle(&bed);
	put_on(&bed, "group@1:g", rev_of(&bed, "group@1:g"), "{}", true);
	settle(&bed);
	put(&bed, "todo-item@1:a", item1(&bed, "by 1", "false"));
	settle(&bed);
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"by 1\",\"status\":\"active\",\"groupId\":\"g\""));
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"by 1\",\"status\":\"done\",\"group\":{\"name\":\"G\"}"));
	settle(&bed);
	expect(&bed, "todo-item@1:a", item1(&bed, "by 1", "true"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"by 1\",\"status\":\"done\",\"groupId\":\"g\""));
	put(&bed, "todo-item@3:b",
	    V3("\"title\":\"new\",\"status\":\"done\",\"groupId\":\"nope\""));
	settle(&bed);
	expect(&bed, "todo-item@1:b", item1(&bed, "new", "true"));
	expect(&bed, "todo-item@2:b", NULL);
	ck_assert_uint_eq(find_listed(&bed, SYNC_INCOMPLETE, NULL).count, 2);
	ck_assert_uint_eq(listed(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* Who changes a part through a document that embeds it, while another deletes the part. */
START_TEST(delete_of_a_part_gives_way_to_an_edit_made_elsewhere)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "group@1:g", GROUP("\"name\":\"G\""));
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"g\""));
	settle(&bed);
	put_on(&bed, "group@1:g", rev_of(&bed, "group@1:g"), "{}", true);
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
	       "\"red\"}"));
	settle(&bed);
	expect(&bed, "group@1:g", GROUP("\"name\":\"G\",\"color\":\"red\""));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"g\""));
	ck_assert_uint_eq(listed(&bed), 1);
	ck_assert_ptr_nonnull(
		strstr(find_listed(&bed, SYNC_CONFLICTS, "").body, "\"id\":\"todo-item@2:a\""));
	ck_assert_uint_eq(find_listed(&bed, SYNC_INCOMPLETE, NULL).count, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* What wins over a delete brings all back, also what only the deleted document could say. */
START_TEST(what_wins_over_a_delete_brings_all_back)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "group@1:g", GROUP("\"name\":\"G\""));
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"blocked\",\"groupId\":\"g\""));
	settle(&bed);
	put_on(&bed, "todo-item@3:a", rev_of(&bed, "todo-item@3:a"), "{}", true);
	put_on(&bed, "todo-item@2:a", rev_of(&bed, "todo-item@2:a"), "{}", true);
	put(&bed, "todo-item@1:a", item1(&bed, "edited", "false"));
	settle(&bed);
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"edited\",\"status\":\"blocked\",\"groupId\":\"g\""));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"edited\",\"status\":\"blocked\",\"group\":{\"name\":\"G\"}"));
	ck_assert_uint_eq(listed(&bed), 2);
	bed_close(&bed);
}
END_TEST

/* The part that a name once made has another name now: who types the old one has not renamed
 * it for all others. */
START_TEST(old_name_of_a_part_does_not_rename_it)
{
	struct bed bed;
	const char *work = "group@1:d3353fe72dbf8e1e924baf089d90156d";

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Work\"}"));
	put(&bed, "todo-item@2:b",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Home\"}"));
	settle(&bed);
	put(&bed, work, GROUP("\"name\":\"Office\""));
	settle(&bed);
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Office\"}"));
	put(&bed, "todo-item@2:b",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Work\"}"));
	settle(&bed);
	expect(&bed, work, GROUP("\"name\":\"Office\""));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Office\"}"));
	expect(&bed, "todo-item@2:b",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Office\"}"));
	ck_assert_ptr_nonnull(
		strstr(find_listed(&bed, SYNC_CONFLICTS, "/group/name").body, "\"Work\""));
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-edits-lost");
	TCase *tcase = tcase_create("lost");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, edits_beyond_what_the_store_remembers_are_free, 0,
			    ARRAY_LEN(chains));
	tcase_add_loop_test(tcase, delete_beyond_what_the_store_remembers_is_one, 0,
			    ARRAY_LEN(chains));
	tcase_add_loop_test(tcase, late_branch_lives_beside_one_that_changes_nothing, 0, 2);
	tcase_add_loop_test(tcase, entry_names_the_delete_that_gave_way, 0, 2);
	tcase_add_loop_test(tcase, branch_that_says_what_was_agreed_does_not_bring_it_back, 0, 2);
	tcase_add_test(tcase, entry_names_the_edit_that_a_delete_gave_way_to);
	tcase_add_loop_test(tcase, late_delete_on_a_branch, 0, 2);
	tcase_add_test(tcase, branches_off_a_revision_that_was_never_agreed_on);
	tcase_add_test(tcase, missing_part_holds_back_only_what_is_made_of_it);
	tcase_add_test(tcase, delete_of_a_part_gives_way_to_an_edit_made_elsewhere);
	tcase_add_test(tcase, what_wins_over_a_delete_brings_all_back);
	tcase_add_test(tcase, old_name_of_a_part_does_not_rename_it);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
