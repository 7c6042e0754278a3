/* Revision trees. The cases are those of CouchDB's couch_key_tree_tests.erl where it
 * has one; expected values follow its merge, stem and order of leaves. */
#include "check_main.h"
#include "store/store.h"
#include "store/tree.h"

struct world {
	struct cf_arena arena;
	struct tree tree;
};

/* "3-c 2-b 1-a": a way, newest first. A "!" in front: deleted. */
static enum tree_merged merge(struct world *world, const char *way)
{
	struct cf_str *history = arena_alloc(&world->arena, (strlen(way) + 1) * sizeof(*history));
	struct tree_leaf leaf = {.history = history, .deleted = *way == '!'};
	enum tree_merged merged = TREE_KNOWN;

	way += leaf.deleted;
	while (*way) {
		size_t len = strcspn(way, " ");

		history[leaf.history_count++] = (struct cf_str){way, len};
		way += len + (way[len] == ' ');
	}
	ck_assert_int_eq(tree_merge(&world->tree, &leaf, &world->arena, &merged), 0);
	return merged;
}

/* All leaves with their ways: "3-c 2-b|2-x". */
static const char *show(struct world *world)
{
	struct cf_buf out;
	struct cf_str text;

	buf_init(&out, &mem_heap);
	for (size_t i = 0; i < world->tree.count; i++) {
		const struct tree_leaf *leaf = &world->tree.leaves[i];

		for (size_t k = 0; k < leaf->history_count; k++)
			buf_printf(&out, "%s%.*s",
				   k   ? " "
				   : i ? "|"
				       : "",
				   STR_ARG(leaf->history[k]));
	}
	text = arena_dup(&world->arena, buf_view(&out));
	buf_fini(&out);
	return text.ptr;
}

#define WORLD(name)              \
	struct world name = {0}; \
	arena_init(&name.arena, &mem_heap)

START_TEST(first_way_and_its_extension)
{
	WORLD(w);
	ck_assert_int_eq(merge(&w, "1-a"), TREE_LEAF);
	ck_assert_int_eq(merge(&w, "1-a"), TREE_KNOWN);
	ck_assert_int_eq(merge(&w, "2-b 1-a"), TREE_LEAF);
	ck_assert_int_eq(merge(&w, "1-a"), TREE_KNOWN);
	ck_assert_str_eq(show(&w), "2-b 1-a");
	arena_fini(&w.arena);
}
END_TEST

START_TEST(siblings_are_branches_and_the_highest_hash_wins)
{
	WORLD(w);
	merge(&w, "1-a");
	merge(&w, "2-b 1-a");
	ck_assert_int_eq(merge(&w, "2-c 1-a"), TREE_BRANCH);
	ck_assert_int_eq(merge(&w, "1-z"), TREE_BRANCH);
	ck_assert_str_eq(show(&w), "2-c 1-a|2-b 1-a|1-z");
	ck_assert_int_eq(merge(&w, "3-a 2-b 1-a"), TREE_LEAF);
	ck_assert_str_eq(show(&w), "3-a 2-b 1-a|2-c 1-a|1-z");
	arena_fini(&w.arena);
}
END_TEST

START_TEST(a_deleted_leaf_never_wins_over_a_living_one)
{
	WORLD(w);
	merge(&w, "1-a");
	merge(&w, "!9-b 8-b");
	merge(&w, "10-a");
	merge(&w, "!10-b");
	ck_assert_str_eq(show(&w), "10-a|1-a|10-b|9-b 8-b");
	arena_fini(&w.arena);
}
END_TEST

START_TEST(ten_is_more_than_nine)
{
	ck_assert_int_gt(revision_compare(STR("10-a"), false, STR("9-z"), false), 0);
	ck_assert_int_lt(revision_compare(STR("2-a"), false, STR("2-b"), false), 0);
	ck_assert_int_eq(revision_compare(STR("2-a"), true, STR("2-a"), true), 0);
	ck_assert_uint_eq(revision_generation(STR("12-ab")), 12);
	ck_assert_uint_eq(revision_generation(STR("0-ab")), 0);
	ck_assert_uint_eq(revision_generation(STR("01-ab")), 0);
	ck_assert_uint_eq(revision_generation(STR("1-")), 0);
	ck_assert_uint_eq(revision_generation(STR("-a")), 0);
	ck_assert_uint_eq(revision_generation(STR("1234567890123456789-a")), 0);
}
END_TEST

START_TEST(a_stemmed_way_finds_its_place)
{
	WORLD(w);
	merge(&w, "3-c 2-b 1-a");
	ck_assert_int_eq(merge(&w, "5-e 4-d 3-c"), TREE_LEAF);
	ck_assert_str_eq(show(&w), "5-e 4-d 3-c 2-b 1-a");
	ck_assert_int_eq(merge(&w, "4-x 3-c"), TREE_BRANCH);
	ck_assert_str_eq(show(&w), "5-e 4-d 3-c 2-b 1-a|4-x 3-c 2-b 1-a");
	arena_fini(&w.arena);
}
END_TEST

START_TEST(a_longer_way_completes_what_is_there)
{
	WORLD(w);
	merge(&w, "3-c 2-b");
	merge(&w, "3-d 2-b");
	ck_assert_int_eq(merge(&w, "4-e 3-c 2-b 1-a"), TREE_LEAF);
	ck_assert_str_eq(show(&w), "4-e 3-c 2-b 1-a|3-d 2-b 1-a");
	arena_fini(&w.arena);
}
END_TEST

START_TEST(a_way_joins_two_trees)
{
	WORLD(w);
	merge(&w, "2-b 1-a");
	ck_assert_int_eq(merge(&w, "4-d"), TREE_BRANCH);
	ck_assert_int_eq(merge(&w, "5-e 4-d 3-c 2-b"), TREE_LEAF);
	ck_assert_str_eq(show(&w), "5-e 4-d 3-c 2-b 1-a");
	arena_fini(&w.arena);
}
END_TEST

START_TEST(stemming_keeps_the_last_of_each_leaf)
{
	WORLD(w);
	merge(&w, "5-e 4-d 3-c 2-b 1-a");
	ck_assert_int_eq(tree_stem(&w.tree, 3, &w.arena), 0);
	ck_assert_str_eq(show(&w), "5-e 4-d 3-c");
	merge(&w, "4-x 3-c 2-b 1-a");
	ck_assert_str_eq(show(&w), "5-e 4-d 3-c 2-b 1-a|4-x 3-c 2-b 1-a");
	/* 2-b is within three of 4-x, so it stays for 5-e too. */
	ck_assert_int_eq(tree_stem(&w.tree, 3, &w.arena), 0);
	ck_assert_str_eq(show(&w), "5-e 4-d 3-c 2-b|4-x 3-c 2-b");
	ck_assert_int_eq(tree_stem(&w.tree, 1, &w.arena), 0);
	ck_assert_str_eq(show(&w), "5-e|4-x");
	arena_fini(&w.arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store tree");
	TCase *tcase = tcase_create("tree");

	tcase_add_test(tcase, first_way_and_its_extension);
	tcase_add_test(tcase, siblings_are_branches_and_the_highest_hash_wins);
	tcase_add_test(tcase, a_deleted_leaf_never_wins_over_a_living_one);
	tcase_add_test(tcase, ten_is_more_than_nine);
	tcase_add_test(tcase, a_stemmed_way_finds_its_place);
	tcase_add_test(tcase, a_longer_way_completes_what_is_there);
	tcase_add_test(tcase, a_way_joins_two_trees);
	tcase_add_test(tcase, stemming_keeps_the_last_of_each_leaf);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
