/* Notes, fences, bytes, expiry, time-outs, walking, lost answers: what a job that moves
 * records needs. A store that lacks one says so and does nothing. */
#include "conformance.h"

#define NOTE(...) ((struct cf_note){__VA_ARGS__})

/* The notes behind `after` that begin with `prefix`: "k=v k2=v2". */
static const char *notes_from(struct subject *s, const char *prefix, const char *after,
			      size_t limit)
{
	struct cf_scan scan = {.after = str_of(after), .prefix = str_of(prefix), .limit = limit};
	struct cf_note *notes;
	struct cf_str text = STR("");
	size_t count = 0;
	struct cf_error error = {0};
	int rc = store_notes(s->store, &scan, &s->arena, &notes, &count, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(&s->arena, "%s%s%.*s=%.*s", text.ptr, i ? " " : "",
				    STR_ARG(notes[i].key), STR_ARG(notes[i].value));
	return text.ptr;
}

static const char *notes_of(struct subject *s)
{
	return notes_from(s, "", "", 100);
}

static struct cf_answer put_notes(struct subject *s, struct cf_note note)
{
	return PUT(s, .kind = CF_PUT_NOTES, .notes = &note, .note_count = 1);
}

/* Whether the store has it; where not, that it refuses the put as a whole. */
static bool has(struct subject *s, unsigned capability, struct cf_put put)
{
	struct cf_answer answer = {0};
	struct cf_error error = {0};

	if (s->store->capabilities & capability)
		return true;
	ck_assert_int_eq(store_put(s->store, &put, 1, &s->arena, &answer, &error),
			 CF_ERR_UNSUPPORTED_OP);
	ck_assert_ptr_nonnull(strstr(error.message, "has no"));
	ck_assert_str_eq(scan_ids(s, "", "", 10), "");
	return false;
}

static bool has_notes(struct subject *s)
{
	struct cf_note note = {.key = STR("k")};

	return has(s, CF_STORE_NOTES,
		   (struct cf_put){
			   .id = STR("a"), .body = STR("{}"), .notes = &note, .note_count = 1});
}

static bool has_fences(struct subject *s)
{
	return has(s, CF_STORE_FENCES,
		   (struct cf_put){.id = STR("a"), .deleted = true, .fence = true});
}

START_TEST(a_note_goes_with_its_record)
{
	struct subject s;
	struct cf_note notes[2] = {{.key = STR("b"), .value = STR("2")},
				   {.key = STR("a\0x"), .value = STR("\xff")}};
	struct cf_str key = notes[1].key;

	subject_open(&s, _i, NULL);
	if (has_notes(&s)) {
		ck_assert_str_eq(notes_of(&s), "");
		ck_assert_int_eq(PUT(&s, .id = STR("r"), .body = STR("{\"n\":1}"), .notes = notes,
				     .note_count = 2)
					 .code,
				 0);
		ck_assert_n(&s, "r", "1");
		/* Keys and values are bytes. */
		ck_assert_str_eq(notes_from(&s, "b", "", 9), "b=2");
		ck_assert_str_eq(notes_from(&s, "a", "", 9), "a=\xff");
		put_notes(&s, NOTE(.kind = CF_NOTE_REMOVE, .key = key));
		ck_assert_str_eq(notes_of(&s), "b=2");
		put_notes(&s, NOTE(.key = STR("b"), .value = STR("3")));
		ck_assert_str_eq(notes_of(&s), "b=3");
	}
	subject_close(&s);
}
END_TEST

START_TEST(a_refused_put_leaves_no_note)
{
	struct subject s;
	struct cf_note note = {.key = STR("k"), .value = STR("v")};
	struct cf_put puts[3] = {
		{.id = STR("a"),
		 .kind = CF_PUT_ON_REV,
		 .rev = STR("1-x"),
		 .body = STR("{}"),
		 .notes = &note,
		 .note_count = 1},
		{.id = STR("b"), .body = STR("{\"n\":2}")},
		{.id = STR("c"), .body = STR("[]"), .notes = &note, .note_count = 1}};
	struct cf_answer answers[3];

	subject_open(&s, _i, NULL);
	if (has_notes(&s)) {
		ck_assert_int_eq(store_put(s.store, puts, 3, &s.arena, answers, NULL), 0);
		ck_assert_int_eq(answers[0].code, CF_ERR_CONFLICT);
		ck_assert_int_eq(answers[1].code, 0);
		ck_assert_int_eq(answers[2].code, CF_ERR_INVALID);
		ck_assert_str_eq(notes_of(&s), "");
		ck_assert_str_eq(scan_ids(&s, "", "", 9), "b");
	}
	subject_close(&s);
}
END_TEST

START_TEST(a_refused_note_leaves_the_record)
{
	struct subject s;
	struct cf_note create = {.kind = CF_NOTE_CREATE, .key = STR("k"), .value = STR("1")};
	struct cf_note replace = {
		.kind = CF_NOTE_REPLACE, .key = STR("k"), .value = STR("2"), .was = STR("1")};
	struct cf_note two[2] = {{.key = STR("other"), .value = STR("x")}, replace};

	subject_open(&s, _i, NULL);
	if (has_notes(&s)) {
		PUT(&s, .id = STR("a"), .body = STR("{\"n\":1}"));
		ck_assert_int_eq(put_notes(&s, replace).code, CF_ERR_CONFLICT);
		ck_assert_int_eq(put_notes(&s, create).code, 0);
		ck_assert_int_eq(PUT(&s, .id = STR("a"), .body = STR("{\"n\":2}"), .notes = &create,
				     .note_count = 1)
					 .code,
				 CF_ERR_CONFLICT);
		ck_assert_n(&s, "a", "1");
		ck_assert_int_eq(put_notes(&s, replace).code, 0);
		/* The second of two is refused: the first is undone too. */
		ck_assert_int_eq(
			PUT(&s, .id = STR("a"), .deleted = true, .notes = two, .note_count = 2)
				.code,
			CF_ERR_CONFLICT);
		ck_assert_n(&s, "a", "1");
		ck_assert_str_eq(notes_of(&s), "k=2");
	}
	subject_close(&s);
}
END_TEST

START_TEST(notes_in_order_and_in_pages)
{
	static const char *const keys[] = {"m/2", "a", "m/10", "z", "m/1"};
	struct subject s;
	struct cf_note twice[2] = {{.key = STR("q")}, {.key = STR("q")}};
	struct cf_note empty = {.value = STR("v")};

	subject_open(&s, _i, NULL);
	if (has_notes(&s)) {
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			put_notes(&s, NOTE(.key = str_of(keys[i]), .value = STR("1")));
		ck_assert_str_eq(notes_from(&s, "m/", "", 2), "m/1=1 m/10=1");
		ck_assert_str_eq(notes_from(&s, "m/", "m/10", 2), "m/2=1");
		ck_assert_str_eq(notes_from(&s, "", "b", 1), "m/1=1");
		ck_assert_str_eq(notes_from(&s, "n", "", 1), "");
		ck_assert_int_eq(
			PUT(&s, .kind = CF_PUT_NOTES, .notes = twice, .note_count = 2).code,
			CF_ERR_INVALID);
		ck_assert_int_eq(put_notes(&s, empty).code, CF_ERR_LIMIT);
	}
	subject_close(&s);
}
END_TEST

START_TEST(another_handle_sees_notes_and_forgets_them)
{
	struct subject s;
	struct cf_store *other;

	subject_open(&s, _i, NULL);
	if (has_notes(&s)) {
		other = subject_again(&s);
		PUT(&s, .id = STR("a"), .body = STR("{\"n\":1}"));
		put_notes(&s, NOTE(.key = STR("k"), .value = STR("v")));
		ck_assert_int_eq(store_forget(other, NULL), 0);
		ck_assert_int_eq(store_forget(other, NULL), 0);
		ck_assert_str_eq(notes_of(&s), "");
		ck_assert_n(&s, "a", "1");
		put_notes(&s, NOTE(.key = STR("k"), .value = STR("w")));
		ck_assert_str_eq(notes_of(&s), "k=w");
		store_close(other);
	}
	subject_close(&s);
}
END_TEST

START_TEST(a_fence_keeps_a_late_copy_out)
{
	struct subject s;

	subject_open(&s, _i, NULL);
	if (has_fences(&s)) {
		ck_assert_int_eq(
			PUT(&s, .id = STR("a"), .kind = CF_PUT_UNFENCED, .body = STR("{\"n\":1}"))
				.code,
			0);
		ck_assert_int_eq(
			PUT(&s, .id = STR("a"), .kind = CF_PUT_UNFENCED, .body = STR("{\"n\":2}"))
				.code,
			CF_ERR_CONFLICT);
		ck_assert_n(&s, "a", "1");
		ck_assert_int_eq(PUT(&s, .id = STR("a"), .deleted = true, .fence = true).code, 0);
		ck_assert_int_eq(
			PUT(&s, .id = STR("a"), .kind = CF_PUT_UNFENCED, .body = STR("{\"n\":3}"))
				.code,
			CF_ERR_CONFLICT);
		ck_assert_str_eq(scan_ids(&s, "", "", 9), "");
		/* Who writes on purpose is not kept out. */
		ck_assert_int_eq(
			PUT(&s, .id = STR("a"), .kind = CF_PUT_ABSENT, .body = STR("{\"n\":4}"))
				.code,
			0);
		ck_assert_n(&s, "a", "4");
	}
	subject_close(&s);
}
END_TEST

START_TEST(a_fence_where_there_was_no_record)
{
	struct subject s;

	subject_open(&s, _i, NULL);
	if (has_fences(&s)) {
		ck_assert_int_eq(PUT(&s, .id = STR("a"), .deleted = true, .fence = true).code, 0);
		ck_assert_int_eq(
			PUT(&s, .id = STR("a"), .kind = CF_PUT_UNFENCED, .body = STR("{}")).code,
			CF_ERR_CONFLICT);
		ck_assert_int_eq(
			PUT(&s, .id = STR("b"), .kind = CF_PUT_UNFENCED, .body = STR("{}")).code,
			0);
		ck_assert_str_eq(scan_ids(&s, "", "", 9), "b");
	}
	subject_close(&s);
}
END_TEST

START_TEST(bodies_that_are_bytes)
{
	struct subject s;
	struct cf_put put = {.id = STR("a"), .raw = true, .body = STR("\xff\0{not json")};
	struct cf_record record;
	struct cf_answer first, second;

	subject_open(&s, _i, NULL);
	if (has(&s, CF_STORE_BYTES, put)) {
		first = put_one(&s, put);
		record = get_one(&s, "a", NULL, CF_READ_BODIES);
		ck_assert(record.revisions[0].raw);
		ck_assert(str_equal(record.revisions[0].body, put.body));
		put.body = STR("");
		put.kind = CF_PUT_ON_REV;
		put.rev = first.rev;
		second = put_one(&s, put);
		ck_assert_int_eq(second.code, 0);
		ck_assert(!str_equal(first.rev, second.rev));
		record = get_one(&s, "a", NULL, CF_READ_BODIES);
		ck_assert_uint_eq(record.revisions[0].body.len, 0);
	}
	subject_close(&s);
}
END_TEST

START_TEST(records_that_expire)
{
	struct subject s;
	struct cf_put put = {.id = STR("old"), .body = STR("{}"), .expires_ms = 1000};

	subject_open(&s, _i, NULL);
	if (has(&s, CF_STORE_EXPIRY, put)) {
		/* In the past: gone at the next look. */
		ck_assert_int_eq(put_one(&s, put).code, 0);
		put.id = STR("later");
		put.expires_ms = env_system.now_ms(NULL) + (int64_t)1000 * 3600 * 24 * 365;
		ck_assert_int_eq(put_one(&s, put).code, 0);
		PUT(&s, .id = STR("stays"), .body = STR("{}"));
		ck_assert_str_eq(scan_ids(&s, "", "", 9), "later stays");
		ck_assert(get_one(&s, "later", NULL, 0).revisions[0].expires_ms == put.expires_ms);
		ck_assert_int_eq(
			PUT(&s, .id = STR("old"), .kind = CF_PUT_ABSENT, .body = STR("{}")).code,
			0);
	}
	subject_close(&s);
}
END_TEST

START_TEST(a_check_changes_nothing)
{
	struct subject s;
	struct cf_put puts[3] = {{.id = STR("a"), .kind = CF_PUT_ABSENT, .body = STR("{}")},
				 {.id = STR("b"), .kind = CF_PUT_ABSENT, .body = STR("{}")},
				 {.id = STR("c"), .body = STR("[]")}};
	struct cf_answer answers[3] = {0};
	int rc;

	subject_open(&s, _i, NULL);
	PUT(&s, .id = STR("a"), .body = STR("{\"n\":1}"));
	rc = store_check(s.store, puts, 3, &s.arena, answers, NULL);
	if (s.store->capabilities & CF_STORE_CHECK) {
		ck_assert_int_eq(rc, 0);
		ck_assert_int_eq(answers[0].code, CF_ERR_CONFLICT);
		ck_assert_int_eq(answers[1].code, 0);
		ck_assert_int_eq(answers[2].code, CF_ERR_INVALID);
	} else {
		ck_assert_int_eq(rc, CF_ERR_UNSUPPORTED_OP);
	}
	ck_assert_str_eq(scan_ids(&s, "", "", 9), "a");
	ck_assert_n(&s, "a", "1");
	ck_assert_int_eq(PUT(&s, .id = STR("b"), .kind = CF_PUT_ABSENT, .body = STR("{}")).code, 0);
	subject_close(&s);
}
END_TEST

/* Calls that wait for nobody are done in any time. */
START_TEST(a_timeout_is_taken)
{
	struct subject s;
	bool has_it;

	subject_open(&s, _i, NULL);
	has_it = s.store->capabilities & CF_STORE_TIMEOUTS;
	ck_assert_int_eq(store_set_timeout(s.store, 1000, NULL),
			 has_it ? 0 : CF_ERR_UNSUPPORTED_OP);
	ck_assert_int_eq(PUT(&s, .id = STR("a"), .body = STR("{}")).code, 0);
	ck_assert_int_eq(store_set_timeout(s.store, 0, NULL), has_it ? 0 : CF_ERR_UNSUPPORTED_OP);
	subject_close(&s);
}
END_TEST

START_TEST(a_walk_meets_each_record)
{
	enum { COUNT = 37 };
	struct subject s;
	struct cf_walk walk = {.limit = 5, .flags = CF_READ_BODIES};
	struct cf_record *records;
	bool met[COUNT] = {false};
	size_t count;

	subject_open(&s, _i, NULL);
	for (int i = 0; i < COUNT; i++)
		PUT(&s, .id = arena_printf(&s.arena, "id-%d", i), .body = STR("{\"n\":1}"));
	do {
		ck_assert_int_eq(
			store_walk(s.store, &walk, &s.arena, &records, &count, &walk.cursor, NULL),
			0);
		for (size_t i = 0; i < count; i++) {
			ck_assert_uint_gt(records[i].revisions[0].body.len, 0);
			met[strtoul(records[i].id.ptr + 3, NULL, 10)] = true;
		}
	} while (walk.cursor.len);
	for (int i = 0; i < COUNT; i++)
		ck_assert_msg(met[i], "id-%d", i);
	subject_close(&s);
}
END_TEST

static enum store_fault lose_puts(void *ctx, const char *operation)
{
	(void)ctx;
	return strcmp(operation, "put") == 0 ? STORE_FAULT_LOSE_ANSWER : STORE_FAULT_NONE;
}

/* The put was done, and the caller hears that nobody knows. */
START_TEST(a_lost_answer_is_uncertain)
{
	struct subject s;
	struct cf_put put = {.id = STR("a"), .body = STR("{\"n\":1}")};
	struct cf_answer answer;

	subject_open(&s, _i, NULL);
	ck_assert_int_eq(store_fault(&s.store, s.store, lose_puts, NULL, &mem_heap), 0);
	ck_assert_int_eq(store_put(s.store, &put, 1, &s.arena, &answer, NULL), CF_ERR_UNCERTAIN);
	ck_assert_int_eq(cf_error_class(CF_ERR_UNCERTAIN), CF_CLASS_RETRYABLE);
	ck_assert_n(&s, "a", "1");
	subject_close(&s);
}
END_TEST

/* Scans go the way that the store declares. */
START_TEST(the_declared_order_holds)
{
	static const char *const ids[] = {"10", "9", "a", "A", "\xc3\xa9", "1e1", "-3", "[1]", "z"};
	struct subject s;
	struct cf_scan scan = {.limit = 20};
	struct cf_record *records;
	size_t count;

	subject_open(&s, _i, NULL);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		PUT(&s, .id = str_of(ids[i]), .body = STR("{}"));
	ck_assert_int_eq(store_scan(s.store, &scan, &s.arena, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, ARRAY_LEN(ids));
	if (s.store->capabilities & CF_STORE_SORTED)
		for (size_t i = 1; i < count; i++)
			ck_assert_int_lt(
				cf_keys_compare(&s.store->keys, records[i - 1].id, records[i].id),
				0);
	else
		ck_assert_uint_eq(s.store->keys.count, 0);
	subject_close(&s);
}
END_TEST

void add_note_cases(Suite *suite)
{
	TCase *tcase = tcase_create("notes");

	add_record_case(tcase, a_note_goes_with_its_record);
	add_record_case(tcase, a_refused_put_leaves_no_note);
	add_record_case(tcase, a_refused_note_leaves_the_record);
	add_record_case(tcase, notes_in_order_and_in_pages);
	add_record_case(tcase, another_handle_sees_notes_and_forgets_them);
	add_record_case(tcase, a_fence_keeps_a_late_copy_out);
	add_record_case(tcase, a_fence_where_there_was_no_record);
	add_record_case(tcase, bodies_that_are_bytes);
	add_record_case(tcase, records_that_expire);
	add_record_case(tcase, a_check_changes_nothing);
	add_record_case(tcase, a_timeout_is_taken);
	add_record_case(tcase, a_walk_meets_each_record);
	add_record_case(tcase, a_lost_answer_is_uncertain);
	add_record_case(tcase, the_declared_order_holds);
	suite_add_tcase(suite, tcase);
}
