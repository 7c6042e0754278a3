/* Job one on the memory store: documents of several versions are brought to
 * agreement, edits travel, and what only one version knows is kept. */
#include "check_main.h"
#include "sync/sync.h"

struct bed {
	struct catalog *catalog;
	struct cf_store *store, *state;
	struct sync *sync;
	struct cf_arena arena;
	struct cf_error error;
};

static void bed_open(struct bed *bed, const char *example)
{
	char path[512];
	struct sync_options options = {.wait_ms = 0};
	int rc;

	snprintf(path, sizeof(path), "%s/examples/%s", getenv("CHESTERFIELD_SOURCE"), example);
	arena_init(&bed->arena, &mem_heap);
	rc = catalog_open(&bed->catalog, path, &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s:%u: %s", bed->error.file, bed->error.line, bed->error.message);
	ck_assert_int_eq(
		store_open(&bed->store, "memory:docs", &env_system, &mem_heap, &bed->error), 0);
	ck_assert_int_eq(
		store_open(&bed->state, "memory:state", &env_system, &mem_heap, &bed->error), 0);
	rc = sync_open(&bed->sync, bed->catalog, bed->store, bed->state, &options, &env_system,
		       &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s", bed->error.message);
}

static void bed_close(struct bed *bed)
{
	sync_close(bed->sync);
	store_close(bed->store);
	store_close(bed->state);
	catalog_close(bed->catalog);
	arena_fini(&bed->arena);
}

/* Steps until idle; the number of documents written. */
static uint64_t settle(struct bed *bed)
{
	uint64_t before = sync_counted(bed->sync)->documents_written;
	bool idle = false;

	for (int i = 0; !idle; i++) {
		int rc = sync_step(bed->sync, &idle, &bed->error);

		ck_assert_msg(rc == 0, "%s: %s", bed->error.document, bed->error.message);
		ck_assert_int_lt(i, 200);
	}
	return sync_counted(bed->sync)->documents_written - before;
}

static const char *rev_of(struct bed *bed, const char *id)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record;

	ck_assert_int_eq(store_get(bed->store, &get, 1, 0, &bed->arena, &record, &bed->error), 0);
	return record.revision_count ? arena_dup(&bed->arena, record.revisions[0].rev).ptr : "";
}

/* Saves as an app does: over the revision it knows ("": a new document). */
static void put_on(struct bed *bed, const char *id, const char *rev, const char *body, bool deleted)
{
	struct cf_put put = {.id = str_of(id),
			     .kind = *rev ? CF_PUT_ON_REV : CF_PUT_ABSENT,
			     .rev = str_of(rev),
			     .deleted = deleted,
			     .body = str_of(body)};
	struct cf_answer answer;

	ck_assert_int_eq(store_put(bed->store, &put, 1, &bed->arena, &answer, &bed->error), 0);
	ck_assert_msg(answer.code == 0, "%s: %.*s", id, STR_ARG(answer.message));
}

static void put(struct bed *bed, const char *id, const char *body)
{
	put_on(bed, id, rev_of(bed, id), body, false);
}

/* An app that was away: its revision is a branch on `parent`. */
static void put_branch(struct bed *bed, const char *id, const char *parent, const char *hash,
		       const char *body)
{
	struct cf_str history[2] = {{NULL, 0}, str_of(parent)};
	struct cf_put put;
	struct cf_answer answer;

	history[0] =
		arena_printf(&bed->arena, "%llu-%s",
			     (unsigned long long)revision_generation(str_of(parent)) + 1, hash);
	put = (struct cf_put){.id = str_of(id),
			      .kind = CF_PUT_REVISION,
			      .rev = history[0],
			      .history = history,
			      .history_count = 2,
			      .body = str_of(body)};
	ck_assert_int_eq(store_put(bed->store, &put, 1, &bed->arena, &answer, &bed->error), 0);
	ck_assert_int_eq(answer.code, 0);
}

static struct cf_str body_of(struct bed *bed, const char *id, size_t *leaves)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record;
	size_t live = 0;

	ck_assert_int_eq(store_get(bed->store, &get, 1, CF_READ_BODIES | CF_READ_LEAVES,
				   &bed->arena, &record, &bed->error),
			 0);
	for (size_t i = 0; i < record.revision_count; i++)
		live += !record.revisions[i].deleted;
	if (leaves)
		*leaves = live;
	return live ? record.revisions[0].body : STR("(none)");
}

/* Compares by value; NULL: there is no such document. One live leaf, no more. */
static void expect(struct bed *bed, const char *id, const char *body)
{
	struct json_doc a, b;
	size_t live;
	struct cf_str got = body_of(bed, id, &live);

	ck_assert_msg((body == NULL) == (live == 0), "%s is %.*s", id, STR_ARG(got));
	if (!body)
		return;
	ck_assert_msg(live == 1, "%s has %zu leaves", id, live);
	json_doc_init(&a, &mem_heap);
	json_doc_init(&b, &mem_heap);
	ck_assert_int_eq(json_read(&a, got.ptr, got.len, 0, &bed->error), 0);
	ck_assert_int_eq(json_read(&b, body, strlen(body), 0, &bed->error), 0);
	ck_assert_msg(json_equal(json_root(&a), json_root(&b)), "%s\n got      %.*s\n expected %s",
		      id, STR_ARG(got), body);
	json_doc_fini(&a);
	json_doc_fini(&b);
}

#define INBOX "790fbc12070b9c37aece000b24c1c02f"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V2(rest) "{\"schema\":\"todo-item\",\"version\":2," rest "}"
#define V3(rest) "{\"schema\":\"todo-item\",\"version\":3," rest "}"

START_TEST(item_of_the_oldest_app_exists_in_all_versions)
{
	struct bed bed;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	put(&bed, "settings@1", "{\"schema\":\"settings\",\"version\":1,\"color\":\"#e20074\"}");
	put(&bed, "unknown:x", "{}");
	ck_assert_uint_eq(settle(&bed), 3);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"done\",\"group\":{\"name\":\"Inbox\"}"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"t\",\"status\":\"done\",\"groupId\":\"" INBOX "\""));
	expect(&bed, "group@1:" INBOX, "{\"schema\":\"group\",\"version\":1,\"name\":\"Inbox\"}");
	ck_assert_uint_eq(sync_counted(bed.sync)->passed_over, 1);
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(old_apps_edit_keeps_what_it_cannot_say)
{
	struct bed bed;

	bed_open(&bed, "todo");
	put(&bed, "group@1:g",
	    "{\"schema\":\"group\",\"version\":1,\"name\":\"Work\",\"color\":\"red\"}");
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"blocked\",\"groupId\":\"g\""));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"blocked\",\"group\":{\"name\":\"Work\",\"color\":"
		  "\"red\"}"));
	put(&bed, "todo-item@1:a", V1("\"title\":\"new\",\"isDone\":false"));
	ck_assert_uint_eq(settle(&bed), 2);
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"new\",\"status\":\"blocked\",\"group\":{\"name\":\"Work\",\"color\":"
		  "\"red\"}"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"new\",\"status\":\"blocked\",\"groupId\":\"g\""));
	put(&bed, "todo-item@1:a", V1("\"title\":\"new\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"new\",\"status\":\"done\",\"groupId\":\"g\""));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(edits_in_two_versions_at_once_merge)
{
	struct bed bed;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	settle(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"by v1\",\"isDone\":false"));
	put(&bed, "todo-item@3:a",
	    V3("\"title\":\"t\",\"status\":\"halted\",\"groupId\":\"" INBOX "\""));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"by v1\",\"isDone\":false"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"by v1\",\"status\":\"halted\",\"group\":{\"name\":\"Inbox\"}"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"by v1\",\"status\":\"halted\",\"groupId\":\"" INBOX "\""));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	bed_close(&bed);
}
END_TEST

START_TEST(contested_atom_has_one_winner_and_a_listed_loser)
{
	struct bed bed;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	settle(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"by v1\",\"isDone\":false"));
	put(&bed, "todo-item@3:a",
	    V3("\"title\":\"by v3\",\"status\":\"active\",\"groupId\":\"" INBOX "\""));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"by v3\",\"isDone\":false"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"by v3\",\"status\":\"active\",\"group\":{\"name\":\"Inbox\"}"));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 1);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(branch_of_an_app_that_was_away_is_merged)
{
	struct bed bed;
	const char *old;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	settle(&bed);
	old = rev_of(&bed, "todo-item@1:a");
	put(&bed, "todo-item@3:a",
	    V3("\"title\":\"by v3\",\"status\":\"active\",\"groupId\":\"" INBOX "\""));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"by v3\",\"isDone\":false"));
	put_branch(&bed, "todo-item@1:a", old, "ffff", V1("\"title\":\"t\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"by v3\",\"isDone\":true"));
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"by v3\",\"status\":\"done\",\"groupId\":\"" INBOX "\""));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	/* A late edit of the same atom: what is agreed stays, the edit is listed. */
	put_branch(&bed, "todo-item@1:a", old, "eeee", V1("\"title\":\"late\",\"isDone\":false"));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"by v3\",\"isDone\":true"));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 1);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(delete_goes_to_all_and_an_edit_wins_over_it)
{
	struct bed bed;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":false"));
	put(&bed, "todo-item@1:b", V1("\"title\":\"t\",\"isDone\":false"));
	settle(&bed);
	put_on(&bed, "todo-item@3:a", rev_of(&bed, "todo-item@3:a"), V3("\"x\":1"), true);
	put_on(&bed, "todo-item@3:b", rev_of(&bed, "todo-item@3:b"), V3("\"x\":1"), true);
	put(&bed, "todo-item@1:b", V1("\"title\":\"kept\",\"isDone\":false"));
	settle(&bed);
	expect(&bed, "todo-item@1:a", NULL);
	expect(&bed, "todo-item@2:a", NULL);
	expect(&bed, "todo-item@1:b", V1("\"title\":\"kept\",\"isDone\":false"));
	expect(&bed, "todo-item@3:b",
	       V3("\"title\":\"kept\",\"status\":\"active\",\"groupId\":\"" INBOX "\""));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 1);
	/* And it can live again. */
	put(&bed, "todo-item@2:a", V2("\"title\":\"again\",\"status\":\"done\""));
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"again\",\"isDone\":true"));
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(shared_part_is_waited_for_and_its_edits_fan_out)
{
	struct bed bed;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"g\""));
	settle(&bed);
	expect(&bed, "todo-item@2:a", NULL);
	ck_assert_uint_eq(sync_counted(bed.sync)->incomplete, 1);
	put(&bed, "group@1:g", "{\"schema\":\"group\",\"version\":1,\"name\":\"Work\"}");
	settle(&bed);
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Work\"}"));
	put(&bed, "group@1:g", "{\"schema\":\"group\",\"version\":1,\"name\":\"Office\"}");
	settle(&bed);
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Office\"}"));
	/* Another field is an edit of the part; a key field points to another part. */
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Office\",\"color\":"
	       "\"blue\"}"));
	settle(&bed);
	expect(&bed, "group@1:g",
	       "{\"schema\":\"group\",\"version\":1,\"name\":\"Office\",\"color\":\"blue\"}");
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"Inbox\"}"));
	settle(&bed);
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"t\",\"status\":\"active\",\"groupId\":\"" INBOX "\""));
	expect(&bed, "group@1:g",
	       "{\"schema\":\"group\",\"version\":1,\"name\":\"Office\",\"color\":\"blue\"}");
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(split_document_is_made_and_met_again)
{
	struct bed bed;

	bed_open(&bed, "todo-split");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	put(&bed, "todo-item@2:b", V2("\"title\":\"u\""));
	settle(&bed);
	expect(&bed, "todo-item@2:a", V2("\"title\":\"t\""));
	expect(&bed, "status@1:a", "{\"schema\":\"status\",\"version\":1,\"status\":\"done\"}");
	expect(&bed, "todo-item@1:b", NULL);
	put(&bed, "status@1:b", "{\"schema\":\"status\",\"version\":1,\"status\":\"blocked\"}");
	settle(&bed);
	expect(&bed, "todo-item@1:b", V1("\"title\":\"u\",\"isDone\":false"));
	put(&bed, "todo-item@1:b", V1("\"title\":\"v\",\"isDone\":false"));
	settle(&bed);
	expect(&bed, "status@1:b", "{\"schema\":\"status\",\"version\":1,\"status\":\"blocked\"}");
	expect(&bed, "todo-item@2:b", V2("\"title\":\"v\""));
	put(&bed, "status@1:b", "{\"schema\":\"status\",\"version\":1,\"status\":\"done\"}");
	settle(&bed);
	expect(&bed, "todo-item@1:b", V1("\"title\":\"v\",\"isDone\":true"));
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(invalid_document_waits_and_its_correction_goes_on)
{
	struct bed bed;
	struct sync_status status;

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:bad", V1("\"title\":7,\"isDone\":true"));
	put(&bed, "todo-item@1:odd", V2("\"title\":\"t\",\"status\":\"done\""));
	put(&bed, "todo-item@9:new", "{\"schema\":\"todo-item\",\"version\":9}");
	put(&bed, "todo-item@1:good", V1("\"title\":\"t\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@3:bad", NULL);
	expect(&bed, "todo-item@3:odd", NULL);
	expect(&bed, "todo-item@2:good",
	       V2("\"title\":\"t\",\"status\":\"done\",\"group\":{\"name\":\"Inbox\"}"));
	ck_assert_int_eq(
		sync_status_read(bed.store, bed.state, &env_system, &status, &mem_heap, &bed.error),
		0);
	ck_assert_uint_eq(status.quarantined, 3);
	ck_assert_uint_eq(status.behind, 0);
	put(&bed, "todo-item@1:bad", V1("\"title\":\"7\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@2:bad",
	       V2("\"title\":\"7\",\"status\":\"done\",\"group\":{\"name\":\"Inbox\"}"));
	ck_assert_int_eq(
		sync_status_read(bed.store, bed.state, &env_system, &status, &mem_heap, &bed.error),
		0);
	ck_assert_uint_eq(status.quarantined, 2);
	bed_close(&bed);
}
END_TEST

START_TEST(lost_state_is_rebuilt_without_a_write)
{
	struct bed bed;
	struct cf_store *state;
	struct sync_options options = {.wait_ms = 0};

	bed_open(&bed, "todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	put(&bed, "todo-item@2:b",
	    V2("\"title\":\"u\",\"status\":\"blocked\",\"group\":{\"name\":\"Work\"}"));
	settle(&bed);
	sync_close(bed.sync);
	ck_assert_int_eq(store_open(&state, "memory:fresh", &env_system, &mem_heap, &bed.error), 0);
	store_close(bed.state);
	bed.state = state;
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, bed.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"t\",\"status\":\"done\",\"groupId\":\"" INBOX "\""));
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-agree");
	TCase *tcase = tcase_create("agree");

	tcase_add_test(tcase, item_of_the_oldest_app_exists_in_all_versions);
	tcase_add_test(tcase, old_apps_edit_keeps_what_it_cannot_say);
	tcase_add_test(tcase, edits_in_two_versions_at_once_merge);
	tcase_add_test(tcase, contested_atom_has_one_winner_and_a_listed_loser);
	tcase_add_test(tcase, branch_of_an_app_that_was_away_is_merged);
	tcase_add_test(tcase, delete_goes_to_all_and_an_edit_wins_over_it);
	tcase_add_test(tcase, shared_part_is_waited_for_and_its_edits_fan_out);
	tcase_add_test(tcase, split_document_is_made_and_met_again);
	tcase_add_test(tcase, invalid_document_waits_and_its_correction_goes_on);
	tcase_add_test(tcase, lost_state_is_rebuilt_without_a_write);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
