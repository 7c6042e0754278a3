/* Orders of keyed arrays, as bases keep them: what goes in comes out, whatever was added,
 * removed and moved meanwhile, and what only adds or removes costs no sequence of its own. */
#include "check_main.h"
#include "sync/lineage/base.h"

#include <stdio.h>

struct desk {
	struct cf_arena arena;
	struct atom_rules rules;
	struct keyed_array keyed;
};

static void desk_open(struct desk *d)
{
	arena_init(&d->arena, &mem_heap);
	d->keyed = (struct keyed_array){STR("/items"), STR("id")};
	d->rules = (struct atom_rules){.type_field = STR("schema"),
				       .version_field = STR("version"),
				       .keyed = {&d->keyed, 1}};
}

/* Of a document whose items have these keys, one letter each. */
static struct atoms atoms_with(struct desk *d, struct json_doc *doc, const char *keys)
{
	struct cf_buf text;
	struct atoms atoms;
	struct cf_str kept;

	buf_init(&text, &mem_heap);
	buf_str(&text, STR("{\"items\":["));
	for (const char *key = keys; *key; key++)
		buf_printf(&text, "%s{\"id\":\"%c\",\"t\":1}", key == keys ? "" : ",", *key);
	buf_str(&text, STR("]}"));
	kept = arena_dup(&d->arena, buf_view(&text));
	buf_fini(&text);
	json_doc_init(doc, &mem_heap);
	ck_assert_int_eq(json_read(doc, kept.ptr, kept.len, JSON_READ_DOCUMENT, NULL), 0);
	ck_assert_int_eq(atoms_of(json_root(doc), &d->rules, &d->arena, &atoms), 0);
	return atoms;
}

static uint64_t number_in(const struct atoms *kept)
{
	return atoms_hash_at(kept, STR("/items/[]"));
}

static void expect_same(struct desk *d, const struct base_orders *orders, const struct atoms *kept,
			const struct atoms *was)
{
	struct atoms told;
	struct atoms_diff diff = {.a = &told, .b = was};

	ck_assert_int_eq(base_orders_tell(orders, kept, &d->arena, &told), 0);
	ck_assert(!atoms_diff_next(&diff));
}

START_TEST(one_sequence_says_many_orders)
{
	static const char *const keys[] = {"abc", "axbc", "bc", "xbcd", "cab", "", "caxb"};
	static const uint64_t numbers[] = {1, 1, 1, 1, 2, 2, 2};
	struct base_orders orders = {NULL};
	struct json_doc docs[ARRAY_LEN(keys)];
	struct atoms atoms[ARRAY_LEN(keys)], kept[ARRAY_LEN(keys)];
	struct desk d;

	desk_open(&d);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		atoms[i] = atoms_with(&d, &docs[i], keys[i]);
		ck_assert_int_eq(base_orders_note(&orders, &atoms[i], &d.arena, &kept[i]), 0);
		ck_assert_uint_eq(number_in(&kept[i]), numbers[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		expect_same(&d, &orders, &kept[i], &atoms[i]);
		json_doc_fini(&docs[i]);
	}
	arena_fini(&d.arena);
}
END_TEST

/* Four revisions, of which the order of two is another; written, and read again. */
START_TEST(a_base_keeps_them)
{
	static const char *const keys[] = {"cab", "abc", "abxc", "cba"};
	static const char *const revs[] = {"4-d", "3-c", "2-b", "1-a"};
	struct slot_kind kind = {.place = STR("p@1")};
	struct family family = {.slots = &kind, .slot_count = 1, .own_count = 1};
	struct base base, again;
	struct base_news news[ARRAY_LEN(keys)];
	struct json_doc docs[ARRAY_LEN(keys)], record;
	struct atoms atoms[ARRAY_LEN(keys)], told;
	struct base_step step = {.there = true, .news = news, .current = STR("4-d")};
	struct cf_buf text;
	struct desk d;

	desk_open(&d);
	ck_assert_int_eq(base_read(&base, &family, JSON_ABSENT, STR(""), &d.arena, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		atoms[i] = atoms_with(&d, &docs[i], keys[i]);
		news[i] = (struct base_news){.rev = str_of(revs[i]), .atoms = atoms[i]};
	}
	step.news_count = ARRAY_LEN(keys);
	step.agreed = atoms[0];
	base.agreements = 1;
	ck_assert_int_eq(base_agree(&base, &base.slots[0], &step, &d.arena), 0);
	buf_init(&text, &mem_heap);
	ck_assert_int_eq(base_write(&base, &family, &d.arena, &text), 0);
	json_doc_init(&record, &mem_heap);
	ck_assert_int_eq(json_read(&record, text.ptr, text.len, JSON_READ_DOCUMENT, NULL), 0);
	ck_assert_int_eq(base_read(&again, &family, json_root(&record), STR("1-x"), &d.arena, NULL),
			 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct atoms_diff diff = {.a = &told, .b = &atoms[i]};
		ptrdiff_t known = base_find(&again.slots[0], str_of(revs[i]));

		ck_assert_int_ge(known, 0);
		ck_assert_int_eq(base_atoms(&again.slots[0], (size_t)known, &d.arena, &told), 0);
		ck_assert(!atoms_diff_next(&diff));
		ck_assert_ptr_nonnull(atoms_order(&told, STR("/items")));
		json_doc_fini(&docs[i]);
	}
	json_doc_fini(&record);
	buf_fini(&text);
	arena_fini(&d.arena);
}
END_TEST

/* A place that is none, and a sequence that is no text, are damage. */
START_TEST(a_damaged_one_is_told)
{
	static const char *const bad[] = {
		"{\"n\":1,\"atoms\":{\"/i/[\\\"a\\\"]\":\"AAAAAAAB\",\"/i/"
		"[]\":[\"FB\"]},\"slots\":{}}",
		"{\"n\":1,\"atoms\":{\"/i/[]\":[7]},\"slots\":{}}",
		"{\"n\":1,\"atoms\":{\"/i/[]\":\"AAAAAAAB\"},\"slots\":{}}",
		"{\"n\":1,\"atoms\":{\"/i\":[\"\"]},\"slots\":{}}",
	};
	struct slot_kind kind = {.place = STR("p@1")};
	struct family family = {.slots = &kind, .slot_count = 1, .own_count = 1};
	struct base base;
	struct json_doc record;
	struct cf_error error;
	struct desk d;

	desk_open(&d);
	json_doc_init(&record, &mem_heap);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_int_eq(
			json_read(&record, bad[i], strlen(bad[i]), JSON_READ_DOCUMENT, NULL), 0);
		ck_assert_int_eq(
			base_read(&base, &family, json_root(&record), STR("1-x"), &d.arena, &error),
			CF_ERR_INVALID);
		ck_assert_str_eq(error.message, "the state record of this lineage is damaged");
	}
	json_doc_fini(&record);
	arena_fini(&d.arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-orders");
	TCase *tcase = tcase_create("orders");

	tcase_add_test(tcase, one_sequence_says_many_orders);
	tcase_add_test(tcase, a_base_keeps_them);
	tcase_add_test(tcase, a_damaged_one_is_told);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
