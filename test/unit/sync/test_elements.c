/* Arrays whose elements have a key merge element by element, across versions that
 * name the array, its fields and their values differently. */
#include "bed.h"

#define LISTS "test/unit/sync/catalogs/lists"
#define L1(rest) "{\"schema\":\"list\",\"version\":1,\"name\":\"n\",\"entries\":[" rest "]}"
#define L2(rest) "{\"schema\":\"list\",\"version\":2,\"name\":\"n\",\"items\":[" rest "]}"
#define L3(rest) "{\"schema\":\"list\",\"version\":3,\"title\":\"n\",\"items\":[" rest "]}"
#define E1(id, title, done) "{\"id\":\"" id "\",\"title\":\"" title "\",\"done\":" done "}"
#define E2(id, text, status) "{\"id\":\"" id "\",\"text\":\"" text "\",\"status\":\"" status "\"}"

/* Three elements, agreed in all versions. */
static void start(struct bed *bed)
{
	bed_open(bed, LISTS);
	put(bed, "list@3:a",
	    L3(E2("a", "A", "blocked") "," E2("b", "B", "active") "," E2("c", "C", "done")));
	settle(bed);
	expect(bed, "list@1:a",
	       L1(E1("a", "A", "false") "," E1("b", "B", "false") "," E1("c", "C", "true")));
}

static void finish(struct bed *bed, size_t conflicts)
{
	ck_assert_uint_eq(settle(bed), 0);
	ck_assert_uint_eq(find_listed(bed, SYNC_CONFLICTS, NULL).count, conflicts);
	ck_assert_uint_eq(find_listed(bed, SYNC_QUARANTINE, NULL).count, 0);
	bed_close(bed);
}

START_TEST(edits_of_different_elements_merge)
{
	struct bed bed;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("a", "A1", "false") "," E1("b", "B", "false") "," E1("c", "C", "true")));
	put(&bed, "list@3:a",
	    L3(E2("a", "A", "blocked") "," E2("b", "B3", "active") "," E2("c", "C", "done")));
	settle(&bed);
	expect(&bed, "list@1:a",
	       L1(E1("a", "A1", "false") "," E1("b", "B3", "false") "," E1("c", "C", "true")));
	expect(&bed, "list@2:a",
	       L2(E2("a", "A1", "blocked") "," E2("b", "B3", "active") "," E2("c", "C", "done")));
	expect(&bed, "list@3:a",
	       L3(E2("a", "A1", "blocked") "," E2("b", "B3", "active") "," E2("c", "C", "done")));
	finish(&bed, 0);
}
END_TEST

START_TEST(fields_of_one_element_merge)
{
	struct bed bed;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("a", "A1", "false") "," E1("b", "B", "false") "," E1("c", "C", "true")));
	put(&bed, "list@2:a",
	    L2(E2("a", "A", "done") "," E2("b", "B", "active") "," E2("c", "C", "done")));
	settle(&bed);
	expect(&bed, "list@1:a",
	       L1(E1("a", "A1", "true") "," E1("b", "B", "false") "," E1("c", "C", "true")));
	expect(&bed, "list@3:a",
	       L3(E2("a", "A1", "done") "," E2("b", "B", "active") "," E2("c", "C", "done")));
	finish(&bed, 0);
}
END_TEST

START_TEST(additions_at_both_ends_are_both_kept)
{
	struct bed bed;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("a", "A", "false") "," E1("b", "B", "false") "," E1("c", "C", "true") "," E1(
		    "x", "X", "false")));
	put(&bed, "list@3:a",
	    L3(E2("y", "Y", "blocked") "," E2("a", "A", "blocked") "," E2(
		    "b", "B", "active") "," E2("c", "C", "done")));
	settle(&bed);
	expect(&bed, "list@3:a",
	       L3(E2("y", "Y", "blocked") "," E2("a", "A", "blocked") "," E2(
		       "b", "B", "active") "," E2("c", "C", "done") "," E2("x", "X", "active")));
	expect(&bed, "list@1:a",
	       L1(E1("y", "Y", "false") "," E1("a", "A", "false") "," E1("b", "B", "false") "," E1(
		       "c", "C", "true") "," E1("x", "X", "false")));
	finish(&bed, 0);
}
END_TEST

START_TEST(removal_and_edit_of_different_elements)
{
	struct bed bed;

	start(&bed);
	put(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("c", "C", "true")));
	put(&bed, "list@3:a",
	    L3(E2("a", "A", "blocked") "," E2("b", "B", "active") "," E2("c", "C3", "done")));
	settle(&bed);
	expect(&bed, "list@2:a", L2(E2("a", "A", "blocked") "," E2("c", "C3", "done")));
	expect(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("c", "C3", "true")));
	finish(&bed, 0);
}
END_TEST

/* The newest version wins: its edit keeps the whole element. */
START_TEST(edit_by_the_newest_version_wins_over_a_removal)
{
	struct bed bed;
	struct bed_found found;

	start(&bed);
	put(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("c", "C", "true")));
	put(&bed, "list@3:a",
	    L3(E2("a", "A", "blocked") "," E2("b", "B3", "active") "," E2("c", "C", "done")));
	settle(&bed);
	found = find_listed(&bed, SYNC_CONFLICTS, "/entries/[\\\"b\\\"]");
	ck_assert_ptr_nonnull(strstr(found.body, "\"loser\":{\"id\":\"list@1:a\""));
	expect(&bed, "list@3:a",
	       L3(E2("a", "A", "blocked") "," E2("b", "B3", "active") "," E2("c", "C", "done")));
	expect(&bed, "list@1:a",
	       L1(E1("a", "A", "false") "," E1("b", "B3", "false") "," E1("c", "C", "true")));
	finish(&bed, 1);
}
END_TEST

START_TEST(removal_by_the_newest_version_wins_over_an_edit)
{
	struct bed bed;
	struct bed_found found;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("a", "A", "false") "," E1("b", "B1", "false") "," E1("c", "C", "true")));
	put(&bed, "list@3:a", L3(E2("a", "A", "blocked") "," E2("c", "C", "done")));
	settle(&bed);
	found = find_listed(&bed, SYNC_CONFLICTS, "/entries/[\\\"b\\\"]/title");
	ck_assert_ptr_nonnull(strstr(found.body, "\"value\":\"B1\""));
	expect(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("c", "C", "true")));
	expect(&bed, "list@2:a", L2(E2("a", "A", "blocked") "," E2("c", "C", "done")));
	finish(&bed, 1);
}
END_TEST

START_TEST(a_new_order_travels)
{
	struct bed bed;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("c", "C", "true") "," E1("a", "A", "false") "," E1("b", "B", "false")));
	put(&bed, "list@3:a",
	    L3(E2("a", "A", "blocked") "," E2("b", "B3", "active") "," E2("c", "C", "done")));
	settle(&bed);
	expect(&bed, "list@3:a",
	       L3(E2("c", "C", "done") "," E2("a", "A", "blocked") "," E2("b", "B3", "active")));
	expect(&bed, "list@1:a",
	       L1(E1("c", "C", "true") "," E1("a", "A", "false") "," E1("b", "B3", "false")));
	finish(&bed, 0);
}
END_TEST

/* An app that was away adds and edits on top of what it knew. */
START_TEST(late_branch_adds_an_element)
{
	struct bed bed;
	const char *old;

	start(&bed);
	old = rev_of(&bed, "list@1:a");
	put(&bed, "list@3:a",
	    L3(E2("a", "A", "blocked") "," E2("b", "B", "active") "," E2("c", "C", "done") "," E2(
		    "y", "Y", "active")));
	settle(&bed);
	put_branch(&bed, "list@1:a", old, "ffffffffffffffffffffffffffffffff",
		   L1(E1("a", "A1", "false") "," E1("b", "B", "false") "," E1(
			   "c", "C", "true") "," E1("x", "X", "true")));
	settle(&bed);
	expect(&bed, "list@3:a",
	       L3(E2("a", "A1", "blocked") "," E2("b", "B", "active") "," E2(
		       "c", "C", "done") "," E2("x", "X", "done") "," E2("y", "Y", "active")));
	expect(&bed, "list@1:a",
	       L1(E1("a", "A1", "false") "," E1("b", "B", "false") "," E1("c", "C", "true") "," E1(
		       "x", "X", "true") "," E1("y", "Y", "false")));
	finish(&bed, 0);
}
END_TEST

/* Whoever was away has the order of then, which nobody changed there. */
START_TEST(an_old_order_is_no_edit)
{
	struct bed bed;
	const char *old;

	start(&bed);
	old = rev_of(&bed, "list@1:a");
	put(&bed, "list@3:a",
	    L3(E2("c", "C", "done") "," E2("b", "B", "active") "," E2("a", "A", "blocked")));
	settle(&bed);
	put_branch(&bed, "list@1:a", old, "ffffffffffffffffffffffffffffffff",
		   L1(E1("a", "A1", "false") "," E1("b", "B", "false") "," E1("c", "C", "true")));
	settle(&bed);
	expect(&bed, "list@1:a",
	       L1(E1("c", "C", "true") "," E1("b", "B", "false") "," E1("a", "A1", "false")));
	finish(&bed, 0);
}
END_TEST

/* ... and one that it did change is an edit, which comes late. */
START_TEST(an_order_that_was_changed_is_one)
{
	struct bed bed;
	const char *old;
	struct bed_found found;

	start(&bed);
	old = rev_of(&bed, "list@1:a");
	put(&bed, "list@3:a",
	    L3(E2("c", "C", "done") "," E2("b", "B", "active") "," E2("a", "A", "blocked")));
	settle(&bed);
	put_branch(&bed, "list@1:a", old, "ffffffffffffffffffffffffffffffff",
		   L1(E1("b", "B", "false") "," E1("a", "A", "false") "," E1("c", "C", "true")));
	settle(&bed);
	expect(&bed, "list@1:a",
	       L1(E1("c", "C", "true") "," E1("b", "B", "false") "," E1("a", "A", "false")));
	found = find_listed(&bed, SYNC_CONFLICTS, "/entries/[]");
	ck_assert_ptr_nonnull(strstr(found.body, "\"kind\":\"late\""));
	finish(&bed, 1);
}
END_TEST

/* What was put between two elements later is not named by the order that somebody set. */
START_TEST(an_order_speaks_of_its_own_elements_alone)
{
	struct bed bed;
	const char *old;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("c", "C", "true") "," E1("b", "B", "false") "," E1("a", "A", "false")));
	settle(&bed);
	put(&bed, "list@3:a",
	    L3(E2("c", "C", "done") "," E2("x", "X", "active") "," E2("b", "B", "active") "," E2(
		    "a", "A", "blocked")));
	settle(&bed);
	old = rev_of(&bed, "list@2:a");
	put(&bed, "list@3:a",
	    L3(E2("c", "C", "done") "," E2("x", "X", "active") "," E2("b", "B!", "active") "," E2(
		    "a", "A", "blocked")));
	settle(&bed);
	put_branch(&bed, "list@2:a", old, "ffffffffffffffffffffffffffffffff",
		   L2(E2("x", "X", "active") "," E2("c", "C", "done") "," E2(
			   "b", "B", "active") "," E2("a", "A", "blocked")));
	settle(&bed);
	expect(&bed, "list@3:a",
	       L3(E2("x", "X", "active") "," E2("c", "C", "done") "," E2(
		       "b", "B!", "active") "," E2("a", "A", "blocked")));
	finish(&bed, 0);
}
END_TEST

/* Two apps of one version: branches of one document on a revision nobody agreed on. */
START_TEST(branches_of_one_document_merge)
{
	struct bed bed;
	const char *old;

	start(&bed);
	put(&bed, "list@1:a",
	    L1(E1("a", "A", "false") "," E1("b", "B", "false") "," E1("c", "C!", "true")));
	old = rev_of(&bed, "list@1:a");
	put_branch(&bed, "list@1:a", old, "11111111111111111111111111111111",
		   L1(E1("a", "A", "false") "," E1("c", "C!", "true")));
	put_branch(&bed, "list@1:a", old, "22222222222222222222222222222222",
		   L1(E1("a", "A2", "false") "," E1("b", "B2", "false") "," E1("c", "C!", "true")));
	settle(&bed);
	expect(&bed, "list@3:a",
	       L3(E2("a", "A2", "blocked") "," E2("b", "B2", "active") "," E2("c", "C!", "done")));
	finish(&bed, 1);
}
END_TEST

/* An array that lost its keys is one value, like any other array. */
START_TEST(double_keys_make_it_one_atom)
{
	struct bed bed;

	start(&bed);
	put(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("a", "AA", "true")));
	settle(&bed);
	expect(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("a", "AA", "true")));
	put(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("d", "D", "true")));
	settle(&bed);
	expect(&bed, "list@1:a", L1(E1("a", "A", "false") "," E1("d", "D", "true")));
	finish(&bed, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-elements");
	TCase *tcase = tcase_create("elements");

	tcase_add_test(tcase, edits_of_different_elements_merge);
	tcase_add_test(tcase, fields_of_one_element_merge);
	tcase_add_test(tcase, additions_at_both_ends_are_both_kept);
	tcase_add_test(tcase, removal_and_edit_of_different_elements);
	tcase_add_test(tcase, edit_by_the_newest_version_wins_over_a_removal);
	tcase_add_test(tcase, removal_by_the_newest_version_wins_over_an_edit);
	tcase_add_test(tcase, a_new_order_travels);
	tcase_add_test(tcase, late_branch_adds_an_element);
	tcase_add_test(tcase, an_old_order_is_no_edit);
	tcase_add_test(tcase, an_order_that_was_changed_is_one);
	tcase_add_test(tcase, an_order_speaks_of_its_own_elements_alone);
	tcase_add_test(tcase, branches_of_one_document_merge);
	tcase_add_test(tcase, double_keys_make_it_one_atom);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
