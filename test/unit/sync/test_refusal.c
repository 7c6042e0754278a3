/* What a store does not take of one lineage stops that lineage, and no other. */
#include "bed.h"
#include "hook.h"

#define V1(title) \
	"{\"schema\":\"todo-item\",\"version\":1,\"title\":\"" title "\",\"isDone\":false}"
#define V2(group)                                                                                 \
	"{\"schema\":\"todo-item\",\"version\":2,\"title\":\"t\",\"status\":\"done\",\"group\":{" \
	"\"name\":\"" group "\"}}"
#define V3()                                                                           \
	"{\"schema\":\"todo-item\",\"version\":3,\"title\":\"t\",\"status\":\"done\"," \
	"\"groupId\":\"%s\"}"

struct refusing {
	struct bed bed;
	struct hook store, state;
	struct state noted; /* through the hook */
};

static void refusing_open(struct refusing *r)
{
	struct sync_options options = {.wait_ms = 0};

	bed_open(&r->bed, "examples/todo");
	hook_init(&r->store, r->bed.store);
	hook_init(&r->state, r->bed.state_store);
	r->noted = r->bed.state;
	r->noted.store = &r->state.store;
	r->bed.sync = sync_close(r->bed.sync);
	ck_assert_int_eq(sync_open(&r->bed.sync, r->bed.catalog, &r->store.store, &r->noted,
				   &options, &env_system, &mem_heap, &r->bed.error),
			 0);
}

/* The body of the entry in quarantine that names this document; "" where there is none. */
static const char *quarantined(struct bed *bed, const char *document)
{
	struct sync_entry entry;
	struct json_doc doc;
	struct cf_str text;
	int rc;

	json_doc_init(&doc, &mem_heap);
	rc = sync_entry_find(&bed->state, SYNC_QUARANTINE, str_of(document), &bed->arena, &doc,
			     &entry, &bed->error);
	text = rc ? STR("") : arena_dup(&bed->arena, json_span(entry.body));
	json_doc_fini(&doc);
	return text.ptr;
}

static void expect_has(const char *text, const char *what)
{
	ck_assert_msg(strstr(text, what), "%s lacks %s", text, what);
}

static int refuse_urgent(struct hook *hook, const struct cf_put *put, struct cf_str *ret_why)
{
	(void)hook;
	if (str_starts_with(put->id, STR("todo-item@3:")) && put->body.ptr &&
	    memmem(put->body.ptr, put->body.len, "URGENT", 6)) {
		*ret_why = STR("do not shout");
		return CF_ERR_FORBIDDEN;
	}
	return 0;
}

START_TEST(document_that_the_store_refuses_waits_alone)
{
	struct refusing r;

	refusing_open(&r);
	r.store.refuse = refuse_urgent;
	put(&r.bed, "todo-item@1:a", V1("URGENT"));
	put(&r.bed, "todo-item@1:b", V1("calm"));
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 1);
	expect_has(quarantined(&r.bed, "todo-item@3:a"), "\"error\":\"FORBIDDEN\"");
	expect_has(quarantined(&r.bed, "todo-item@3:a"), "\"reason\":\"do not shout\"");
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:b"), "");
	ck_assert_uint_eq(settle(&r.bed), 0);
	put(&r.bed, "todo-item@1:a", V1("calm"));
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 0);
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:a"), "");
	ck_assert_uint_eq(settle(&r.bed), 0);
	bed_close(&r.bed);
}
END_TEST

/* A state store with a limit that only an agreement breaks. */
static int refuse_long(struct hook *hook, const struct cf_put *put, struct cf_str *ret_why)
{
	(void)hook;
	if (put->body.len < 300 || !memmem(put->id.ptr, put->id.len, "base/todo-item/a", 16))
		return 0;
	*ret_why = STR("too long");
	return CF_ERR_LIMIT;
}

START_TEST(record_that_the_state_refuses_stops_one_lineage)
{
	struct refusing r;

	refusing_open(&r);
	r.state.refuse = refuse_long;
	put(&r.bed, "todo-item@1:a", V1("x"));
	put(&r.bed, "todo-item@1:b", V1("y"));
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 1);
	/* It names the document that a person wrote, not the record. */
	expect_has(quarantined(&r.bed, "todo-item@1:a"), "\"error\":\"LIMIT\"");
	expect(&r.bed, "todo-item@3:a", NULL);
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:b"), "");
	bed_close(&r.bed);
}
END_TEST

/* What the state does not take of lineage a: bases, then entries, too. */
static int refuse_bases(struct hook *hook, const struct cf_put *put, struct cf_str *ret_why)
{
	bool base = memmem(put->id.ptr, put->id.len, "base/todo-item/a", 16) != NULL;
	bool entry = memmem(put->id.ptr, put->id.len, "quarantine/todo-item/a", 22) != NULL;

	if (!base && !(entry && hook->ctx))
		return 0;
	*ret_why = STR("no room for it");
	return CF_ERR_LIMIT;
}

START_TEST(entry_goes_alone_where_the_base_is_refused_as_well)
{
	struct refusing r;

	refusing_open(&r);
	r.state.refuse = refuse_bases;
	put(&r.bed, "todo-item@1:a", V1("x"));
	put(&r.bed, "todo-item@1:b", V1("y"));
	settle(&r.bed);
	expect_has(quarantined(&r.bed, "todo-item@1:a"),
		   "\"reason\":\"the state: no room for it\"");
	expect(&r.bed, "todo-item@3:a", NULL);
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:b"), "");
	/* There is room again, and a person asks for it: the entry goes, though no base knew. */
	r.state.refuse = NULL;
	ck_assert_int_eq(sync_quarantine_retry(&r.bed.state, STR("todo-item/a"), &r.bed.arena,
					       &(struct sync_entry){.id = STR("")}, &r.bed.error),
			 0);
	r.bed.sync = sync_close(r.bed.sync);
	ck_assert_int_eq(sync_open(&r.bed.sync, r.bed.catalog, &r.store.store, &r.noted,
				   &(struct sync_options){.wait_ms = 0}, &env_system, &mem_heap,
				   &r.bed.error),
			 0);
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 0);
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:a"), "");
	bed_close(&r.bed);
}
END_TEST

static void note_unlisted(void *ctx, const struct cf_error *why)
{
	expect_has(why->message, "no room for it");
	++*(int *)ctx;
}

START_TEST(entry_that_is_refused_is_told_and_stops_nobody)
{
	int told = 0;
	struct sync_options options = {.unlisted = note_unlisted, .ctx = &told};
	struct refusing r;

	refusing_open(&r);
	r.bed.sync = sync_close(r.bed.sync);
	ck_assert_int_eq(sync_open(&r.bed.sync, r.bed.catalog, &r.store.store, &r.noted, &options,
				   &env_system, &mem_heap, &r.bed.error),
			 0);
	r.state.refuse = refuse_bases;
	r.state.ctx = &r;
	put(&r.bed, "todo-item@1:a", V1("x"));
	put(&r.bed, "todo-item@1:b", V1("y"));
	settle(&r.bed);
	ck_assert_int_eq(told, 1);
	ck_assert_uint_eq(sync_counted(r.bed.sync)->quarantined, 1);
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:b"), "");
	/* The next change tries again by itself. */
	r.state.refuse = NULL;
	put(&r.bed, "todo-item@1:a", V1("z"));
	settle(&r.bed);
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:a"), "");
	bed_close(&r.bed);
}
END_TEST

static int refuse_groups(struct hook *hook, const struct cf_put *put, struct cf_str *ret_why)
{
	(void)hook;
	if (!str_starts_with(put->id, STR("group@1:")) || !put->body.ptr ||
	    !memmem(put->body.ptr, put->body.len, "secret", 6))
		return 0;
	*ret_why = STR("no such group may be");
	return CF_ERR_INVALID;
}

/* Nobody may refer to a part that could not be made. */
START_TEST(part_that_the_store_refuses_stops_all_who_make_it)
{
	struct refusing r;
	char id[32];

	refusing_open(&r);
	r.store.refuse = refuse_groups;
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "todo-item@2:s%d", i);
		put(&r.bed, id, V2("secret"));
	}
	put(&r.bed, "todo-item@2:o", V2("open"));
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 40);
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "todo-item@3:s%d", i);
		expect(&r.bed, id, NULL);
	}
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:o"), "");
	ck_assert_uint_eq(settle(&r.bed), 0);
	bed_close(&r.bed);
}
END_TEST

/* Keys as they stand in a JSON text, and what is wrong with them. */
static const struct {
	const char *key;
	int repeat;
	const char *error;
} keys[] = {
	{"a\\u0000b", 1, "\"error\":\"INVALID\""}, {"\\ud800", 1, "\"error\":\"INVALID\""},
	{"\\udc00x", 1, "\"error\":\"INVALID\""},  {"x", 2045, "\"error\":\"LIMIT\""},
	{"\\u00e9", 1022, "\"error\":\"LIMIT\""},
};

START_TEST(key_that_is_no_id_is_refused_where_it_is_said)
{
	struct refusing r;
	char *key = calloc(1, 16384), *body = calloc(1, 16384);
	const char *entry;

	refusing_open(&r);
	for (int i = 0; i < keys[_i].repeat; i++)
		memcpy(key + strlen(key), keys[_i].key, strlen(keys[_i].key));
	snprintf(body, 16384, V3(), key);
	put(&r.bed, "todo-item@3:a", body);
	put(&r.bed, "todo-item@1:b", V1("t"));
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 1);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_INCOMPLETE, NULL).count, 0);
	entry = quarantined(&r.bed, "todo-item@3:a");
	expect_has(entry, keys[_i].error);
	expect_has(entry, "\"pointer\":\"/groupId\"");
	ck_assert_str_ne(rev_of(&r.bed, "todo-item@3:b"), "");
	snprintf(body, 16384, V3(), "g");
	put(&r.bed, "todo-item@3:a", body);
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 0);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_INCOMPLETE, NULL).count, 1);
	bed_close(&r.bed);
	free(key);
	free(body);
}
END_TEST

/* Whatever the length of an id that a store takes, the state can note it. */
START_TEST(long_ids_are_noted)
{
	struct refusing r;
	char *key = calloc(1, 4096), *id = calloc(1, 4096), *body = calloc(1, 4096);

	refusing_open(&r);
	memset(key, 'k', 2048 - strlen("todo-item@3:"));
	snprintf(id, 4096, "todo-item@3:%s", key);
	memset(key, 'g', 2048 - strlen("group@1:"));
	snprintf(body, 4096, V3(), key);
	put(&r.bed, id, body);
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_INCOMPLETE, NULL).count, 1);
	id[strlen("todo-item@")] = '9';
	put(&r.bed, id, body);
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_QUARANTINE, NULL).count, 1);
	snprintf(id, 4096, "group@1:%s", key);
	put(&r.bed, id, "{\"schema\":\"group\",\"version\":1,\"name\":\"n\"}");
	settle(&r.bed);
	ck_assert_uint_eq(find_listed(&r.bed, SYNC_INCOMPLETE, NULL).count, 0);
	ck_assert_uint_eq(settle(&r.bed), 0);
	bed_close(&r.bed);
	free(key);
	free(id);
	free(body);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-refusal");
	TCase *tc = tcase_create("refusal");

	tcase_add_test(tc, document_that_the_store_refuses_waits_alone);
	tcase_add_test(tc, record_that_the_state_refuses_stops_one_lineage);
	tcase_add_test(tc, entry_goes_alone_where_the_base_is_refused_as_well);
	tcase_add_test(tc, entry_that_is_refused_is_told_and_stops_nobody);
	tcase_add_test(tc, part_that_the_store_refuses_stops_all_who_make_it);
	tcase_add_loop_test(tc, key_that_is_no_id_is_refused_where_it_is_said, 0,
			    (int)ARRAY_LEN(keys));
	tcase_add_test(tc, long_ids_are_noted);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
