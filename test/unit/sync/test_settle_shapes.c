/* The core that settles a lineage: shapes that random worlds do not make. Names that look like
 * elements, empty objects, arrays that cannot be taken apart, many leaves and many lines. */
#include "check_main.h"
#include "sync/lineage/settle.h"

enum { LEAVES = 1000, LINES = 1000, DOCUMENTS = LEAVES + 8 };

/* One lineage of orders of three versions. */
struct shape {
	struct catalog *catalog;
	struct registry registry;
	struct settler *settler;
	struct cf_arena arena;
	struct json_doc tapes[DOCUMENTS];
	size_t tape_count;
	struct settle_slot slots[3];
	struct settle_saved *saved;
	struct settle_input input;
	struct settle_result result;
	struct cf_error error;
};

static struct shape *shape_open(void)
{
	struct shape *s = calloc(1, sizeof(*s));
	char path[512];

	ck_assert_ptr_nonnull(s);
	snprintf(path, sizeof(path), "%s/test/unit/sync/catalogs/lines",
		 getenv("CHESTERFIELD_SOURCE"));
	arena_init(&s->arena, &mem_heap);
	ck_assert_int_eq(catalog_open(&s->catalog, path, &mem_heap, &s->error), 0);
	ck_assert_int_eq(registry_init(&s->registry, s->catalog, NULL, &mem_heap, &s->error), 0);
	s->settler = settler_new(&s->registry, &mem_heap);
	ck_assert_ptr_nonnull(s->settler);
	s->saved = calloc(DOCUMENTS, sizeof(*s->saved));
	s->input = (struct settle_input){.family = s->registry.by_type[0],
					 .key = STR("k"),
					 .key_json = STR("k"),
					 .slots = s->slots,
					 .saved = s->saved};
	return s;
}

static void shape_close(struct shape *s)
{
	for (size_t i = 0; i < s->tape_count; i++)
		json_doc_fini(&s->tapes[i]);
	settler_free(s->settler);
	registry_fini(&s->registry);
	catalog_close(s->catalog);
	arena_fini(&s->arena);
	free(s->saved);
	free(s);
}

/* A document of that version with these members. */
static struct json_value document(struct shape *s, size_t slot, const char *members)
{
	struct json_doc *tape = &s->tapes[s->tape_count++];
	struct cf_str text = arena_printf(&s->arena, "{\"schema\":\"order\",\"version\":%zu,%s}",
					  slot + 1, members);

	ck_assert_uint_le(s->tape_count, DOCUMENTS);
	json_doc_init(tape, &mem_heap);
	ck_assert_msg(json_read(tape, text.ptr, text.len, 0, &s->error) == 0, "%s: %.*s",
		      s->error.message, STR_ARG(text));
	return json_root(tape);
}

static void atoms_at(struct shape *s, size_t slot, struct json_value value, struct atoms *ret)
{
	struct atom_rules rules = {.type_field = STR("schema"),
				   .version_field = STR("version"),
				   .keyed = s->input.family->slots[slot].keyed};

	*ret = (struct atoms){NULL, 0};
	if (!json_is_absent(value))
		ck_assert_int_eq(atoms_of(value, &rules, &s->arena, ret), 0);
}

static void agree(struct shape *s, const char *first, const char *second, const char *third)
{
	s->slots[0].document = document(s, 0, first);
	s->slots[1].document = document(s, 1, second);
	s->slots[2].document = document(s, 2, third);
}

static struct settle_saved *save(struct shape *s, size_t slot, const char *rev, const char *members)
{
	struct settle_saved *saved = &s->saved[s->input.saved_count++];
	struct settle_edit *edits;
	struct atoms was, now;

	*saved = (struct settle_saved){.slot = slot,
				       .rev = arena_dup(&s->arena, str_of(rev)),
				       .age = s->input.family->slots[slot].age,
				       .document = document(s, slot, members)};
	atoms_at(s, slot, s->slots[slot].document, &was);
	atoms_at(s, slot, saved->document, &now);
	ck_assert_int_eq(settle_edits(&was, &now, NULL, 0, &s->arena, &edits, &saved->edit_count),
			 0);
	saved->edits = edits;
	return saved;
}

static void run(struct shape *s)
{
	int rc = settle(s->settler, &s->input, &s->result, &s->error);

	ck_assert_msg(rc == 0, "%s %s: %s", s->error.document, s->error.pointer, s->error.message);
}

static void expect(struct shape *s, size_t slot, const char *members)
{
	struct atoms want, got;
	struct atoms_diff diff = {.a = &want, .b = &got};
	struct cf_str is = json_span(s->result.slots[slot].document);

	atoms_at(s, slot, document(s, slot, members), &want);
	atoms_at(s, slot, s->result.slots[slot].document, &got);
	ck_assert_msg(!atoms_diff_next(&diff), "is %.*s, not %s", STR_ARG(is), members);
}

static struct cf_str loser_pointer(const struct shape *s, size_t loser)
{
	const struct settle_side *side = &s->result.losers[loser].loser;

	return s->saved[side->index].edits[side->edit].pointer;
}

START_TEST(name_in_brackets_is_a_member)
{
	struct shape *s = shape_open();

	agree(s, "\"[x]\":1,\"title\":\"t\"", "\"[x]\":1,\"name\":\"t\"",
	      "\"[x]\":1,\"label\":\"t\"");
	save(s, 0, "2-a", "\"[x]\":2,\"title\":\"t\"");
	save(s, 2, "2-b", "\"[x]\":3,\"label\":\"t\"");
	run(s);
	expect(s, 0, "\"[x]\":3,\"title\":\"t\"");
	expect(s, 1, "\"[x]\":3,\"name\":\"t\"");
	ck_assert_uint_eq(s->result.loser_count, 1);
	ck_assert_bytes(loser_pointer(s, 0).ptr, loser_pointer(s, 0).len, "/~2x]");
	shape_close(s);
}
END_TEST

START_TEST(empty_object_stays_where_its_last_member_goes)
{
	struct shape *s = shape_open();

	agree(s, "\"o\":{\"a\":1}", "\"o\":{\"a\":1}", "\"o\":{\"a\":1}");
	save(s, 0, "2-a", "\"o\":{}");
	run(s);
	expect(s, 0, "\"o\":{}");
	expect(s, 2, "\"o\":{}");
	/* Somebody who adds a member beside does not contest it. */
	save(s, 2, "2-b", "\"o\":{\"a\":1,\"b\":2}");
	run(s);
	expect(s, 0, "\"o\":{\"b\":2}");
	ck_assert_uint_eq(s->result.loser_count, 0);
	shape_close(s);
}
END_TEST

START_TEST(array_that_cannot_be_taken_apart_is_one_edit)
{
	struct shape *s = shape_open();
	const struct settle_saved *saved;

	agree(s, "\"lines\":[{\"id\":\"a\",\"text\":\"x\"}]",
	      "\"lines\":[{\"id\":\"a\",\"words\":\"x\"}]",
	      "\"lines\":[{\"id\":\"a\",\"words\":\"x\"}]");
	saved = save(s, 0, "2-a",
		     "\"lines\":[{\"id\":\"a\",\"text\":\"x\"},{\"id\":\"a\",\"text\":\"y\"}]");
	ck_assert_uint_eq(saved->edit_count, 1);
	ck_assert_bytes(saved->edits[0].pointer.ptr, saved->edits[0].pointer.len, "/lines");
	run(s);
	expect(s, 2, "\"lines\":[{\"id\":\"a\",\"words\":\"x\"},{\"id\":\"a\",\"words\":\"y\"}]");
	shape_close(s);
}
END_TEST

START_TEST(field_of_an_element_that_is_gone_brings_it_back_whole)
{
	struct shape *s = shape_open();

	agree(s, "\"lines\":[{\"id\":\"a\",\"text\":\"x\",\"note\":\"n\"}]",
	      "\"lines\":[{\"id\":\"a\",\"words\":\"x\",\"note\":\"n\"}]",
	      "\"lines\":[{\"id\":\"a\",\"words\":\"x\",\"note\":\"n\"}]");
	save(s, 0, "2-a", "\"lines\":[]");
	save(s, 2, "2-b", "\"lines\":[{\"id\":\"a\",\"words\":\"y\",\"note\":\"n\"}]");
	run(s);
	expect(s, 0, "\"lines\":[{\"id\":\"a\",\"text\":\"y\",\"note\":\"n\"}]");
	ck_assert_uint_eq(s->result.loser_count, 1);
	ck_assert_bytes(loser_pointer(s, 0).ptr, loser_pointer(s, 0).len, "/lines/[\"a\"]");
	shape_close(s);
}
END_TEST

/* Each leaf has its own field, and all change the title. */
START_TEST(many_leaves_cost_few_replays_each)
{
	struct shape *s = shape_open();
	char members[128], rev[16];

	agree(s, "\"title\":\"t\"", "\"name\":\"t\"", "\"label\":\"t\"");
	for (int i = 0; i < LEAVES; i++) {
		snprintf(members, sizeof(members), "\"title\":\"t%d\",\"own%d\":%d", i, i, i);
		snprintf(rev, sizeof(rev), "2-%04d", i);
		save(s, 0, rev, members);
	}
	run(s);
	ck_assert_uint_eq(s->result.loser_count, LEAVES - 1);
	for (size_t i = 0; i < s->result.loser_count; i++) {
		ck_assert_uint_eq(s->result.losers[i].winner.index, LEAVES - 1);
		ck_assert_str_eq(s->result.losers[i].policy, "higher revision");
	}
	ck_assert_uint_le(s->result.replays, 2 * LEAVES * 3);
	ck_assert_uint_eq(json_count(s->result.slots[2].document), LEAVES + 3);
	shape_close(s);
}
END_TEST

static char *lines_text(const char *text, const char *value)
{
	size_t size = (size_t)LINES * 64 + 32, len = 0;
	char *out = malloc(size);

	ck_assert_ptr_nonnull(out);
	len += (size_t)snprintf(out, size, "\"lines\":[");
	for (int i = 0; i < LINES; i++)
		len += (size_t)snprintf(out + len, size - len, "%s{\"id\":\"%d\",\"%s\":\"%s\"}",
					i ? "," : "", i, text, value);
	snprintf(out + len, size - len, "]");
	return out;
}

/* All lines are contested: they are judged side by side. */
START_TEST(many_lines_are_judged_side_by_side)
{
	struct shape *s = shape_open();
	char *text[] = {lines_text("text", "x"), lines_text("words", "x"), lines_text("text", "a"),
			lines_text("words", "b")};

	agree(s, text[0], text[1], text[1]);
	save(s, 0, "2-a", text[2]);
	save(s, 2, "2-b", text[3]);
	run(s);
	ck_assert_uint_eq(s->result.loser_count, LINES);
	expect(s, 1, text[3]);
	ck_assert_uint_le(s->result.replays, 100);
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		free(text[i]);
	shape_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-settle-shapes");
	TCase *tcase = tcase_create("shapes");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, name_in_brackets_is_a_member);
	tcase_add_test(tcase, empty_object_stays_where_its_last_member_goes);
	tcase_add_test(tcase, array_that_cannot_be_taken_apart_is_one_edit);
	tcase_add_test(tcase, field_of_an_element_that_is_gone_brings_it_back_whole);
	tcase_add_test(tcase, many_leaves_cost_few_replays_each);
	tcase_add_test(tcase, many_lines_are_judged_side_by_side);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
