/* Job one on the memory store: documents of several versions are brought to
 * agreement, edits travel, and what only one version knows is kept. */
#include "bed.h"

#define INBOX "790fbc12070b9c37aece000b24c1c02f"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V2(rest) "{\"schema\":\"todo-item\",\"version\":2," rest "}"
#define V3(rest) "{\"schema\":\"todo-item\",\"version\":3," rest "}"

START_TEST(item_of_the_oldest_app_exists_in_all_versions)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
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

	bed_open(&bed, "examples/todo");
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

	bed_open(&bed, "examples/todo");
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

	bed_open(&bed, "examples/todo");
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

	bed_open(&bed, "examples/todo");
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
	struct bed_found listed;

	bed_open(&bed, "examples/todo");
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
	listed = find_listed(&bed, SYNC_CONFLICTS, "");
	ck_assert_msg(strstr(listed.body, "\"winner\":{\"id\":\"todo-item@1:b\"") &&
			      strstr(listed.body, "\"value\":\"kept\""),
		      "%s", listed.body);
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

	bed_open(&bed, "examples/todo");
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

/* The part is there; what it does not say, and who joins it does, is an edit of it. */
START_TEST(who_joins_a_part_edits_it)
{
	struct bed bed;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@2:a",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\"}"));
	put(&bed, "todo-item@2:b",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"H\"}"));
	settle(&bed);
	put(&bed, "todo-item@2:b",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
	       "\"red\"}"));
	settle(&bed);
	expect(&bed, "todo-item@2:b",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
		  "\"red\"}"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
		  "\"red\"}"));
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	put(&bed, "todo-item@2:c",
	    V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
	       "\"blue\"}"));
	settle(&bed);
	expect(&bed, "todo-item@2:c",
	       V2("\"title\":\"t\",\"status\":\"active\",\"group\":{\"name\":\"G\",\"color\":"
		  "\"red\"}"));
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 1);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(split_document_is_made_and_met_again)
{
	struct bed bed;

	bed_open(&bed, "examples/todo-split");
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

#define PERSON(version, rest) \
	"{\"schema\":\"person\",\"version\":" version ",\"name\":\"Ann\"," rest "}"
#define ADDRESS(city) "{\"schema\":\"address\",\"version\":1,\"id\":\"k\",\"city\":\"" city "\"}"
#define TASK(version, rest) "{\"schema\":\"task\",\"version\":" version ",\"title\":\"t\"" rest "}"

/* The lens goes from two documents to one: the older version is the one that waits. */
START_TEST(shared_part_is_taken_in_by_a_newer_version)
{
	struct bed bed;

	bed_open(&bed, "test/unit/sync/catalogs/embed");
	put(&bed, "person@1:a", PERSON("1", "\"addressId\":\"k\""));
	settle(&bed);
	ck_assert_uint_eq(sync_counted(bed.sync)->incomplete, 1);
	put(&bed, "address@1:k", ADDRESS("Bonn"));
	settle(&bed);
	expect(&bed, "person@2:a", PERSON("2", "\"address\":{\"id\":\"k\",\"city\":\"Bonn\"}"));
	put(&bed, "address@1:k", ADDRESS("Ulm"));
	settle(&bed);
	expect(&bed, "person@2:a", PERSON("2", "\"address\":{\"id\":\"k\",\"city\":\"Ulm\"}"));
	put(&bed, "person@2:a", PERSON("2", "\"address\":{\"id\":\"k\",\"city\":\"Trier\"}"));
	settle(&bed);
	expect(&bed, "address@1:k", ADDRESS("Trier"));
	put(&bed, "person@2:b", PERSON("2", "\"address\":{\"id\":\"l\",\"city\":\"Kiel\"}"));
	settle(&bed);
	expect(&bed, "person@1:b", PERSON("1", "\"addressId\":\"l\""));
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	bed_close(&bed);
}
END_TEST

START_TEST(part_of_the_same_key_is_taken_in_by_a_newer_version)
{
	struct bed bed;

	bed_open(&bed, "test/unit/sync/catalogs/join");
	put(&bed, "task@1:a", TASK("1", ""));
	settle(&bed);
	expect(&bed, "task@2:a", NULL);
	ck_assert_uint_eq(sync_counted(bed.sync)->incomplete, 1);
	put(&bed, "state@1:a", "{\"schema\":\"state\",\"version\":1,\"state\":\"open\"}");
	settle(&bed);
	expect(&bed, "task@2:a", TASK("2", ",\"state\":\"open\""));
	put(&bed, "task@2:a", TASK("2", ",\"state\":\"done\""));
	settle(&bed);
	expect(&bed, "state@1:a", "{\"schema\":\"state\",\"version\":1,\"state\":\"done\"}");
	put_on(&bed, "task@2:a", rev_of(&bed, "task@2:a"), "{}", true);
	settle(&bed);
	expect(&bed, "task@1:a", NULL);
	expect(&bed, "state@1:a", NULL);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

START_TEST(invalid_document_waits_and_its_correction_goes_on)
{
	struct bed bed;
	struct sync_status status;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:bad", V1("\"title\":7,\"isDone\":true"));
	put(&bed, "todo-item@1:odd", V2("\"title\":\"t\",\"status\":\"done\""));
	put(&bed, "todo-item@9:new", "{\"schema\":\"todo-item\",\"version\":9}");
	put(&bed, "todo-item@1:good", V1("\"title\":\"t\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@3:bad", NULL);
	expect(&bed, "todo-item@3:odd", NULL);
	expect(&bed, "todo-item@2:good",
	       V2("\"title\":\"t\",\"status\":\"done\",\"group\":{\"name\":\"Inbox\"}"));
	ck_assert_int_eq(sync_status_read(bed.store, &bed.state, &env_system, &status, &mem_heap,
					  &bed.error),
			 0);
	ck_assert_uint_eq(status.quarantined, 3);
	ck_assert_uint_eq(status.behind, 0);
	put(&bed, "todo-item@1:bad", V1("\"title\":\"7\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@2:bad",
	       V2("\"title\":\"7\",\"status\":\"done\",\"group\":{\"name\":\"Inbox\"}"));
	ck_assert_int_eq(sync_status_read(bed.store, &bed.state, &env_system, &status, &mem_heap,
					  &bed.error),
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

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	put(&bed, "todo-item@2:b",
	    V2("\"title\":\"u\",\"status\":\"blocked\",\"group\":{\"name\":\"Work\"}"));
	settle(&bed);
	sync_close(bed.sync);
	ck_assert_int_eq(store_open(&state, "memory:fresh", &env_system, &mem_heap, &bed.error), 0);
	store_close(bed.state_store);
	bed.state_store = bed.state.store = state;
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &bed.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	expect(&bed, "todo-item@3:a",
	       V3("\"title\":\"t\",\"status\":\"done\",\"groupId\":\"" INBOX "\""));
	bed_close(&bed);
}
END_TEST

/* An app on a store that remembers few revisions pushes back one of ours that is forgotten
 * there: it is a leaf beside the winner, and nobody but us wrote any of the two. */
START_TEST(a_forgotten_revision_of_ours_comes_back)
{
	struct bed bed;
	char path[512], old[64];
	struct cf_put again = {.id = STR("todo-item@2:a"), .kind = CF_PUT_REVISION};
	struct cf_answer answer;

	snprintf(path, sizeof(path), "%s/examples/todo", getenv("CHESTERFIELD_SOURCE"));
	bed_open_on(&bed, path, "memory:docs?revs=3");
	put(&bed, "todo-item@1:a",
	    "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"0\",\"isDone\":false}");
	settle(&bed);
	snprintf(old, sizeof(old), "%s", rev_of(&bed, "todo-item@2:a"));
	again.rev = str_of(old);
	again.body = arena_dup(&bed.arena, body_of(&bed, "todo-item@2:a", NULL));
	for (int i = 1; i <= 5; i++) {
		put(&bed, "todo-item@1:a",
		    arena_printf(&bed.arena,
				 "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"%d\","
				 "\"isDone\":false}",
				 i)
			    .ptr);
		settle(&bed);
	}
	ck_assert_int_eq(store_put(bed.store, &again, 1, &bed.arena, &answer, &bed.error), 0);
	ck_assert_uint_gt(settle(&bed), 0);
	expect(&bed, "todo-item@2:a",
	       "{\"schema\":\"todo-item\",\"version\":2,\"title\":\"5\",\"status\":\"active\","
	       "\"group\":{\"name\":\"Inbox\"}}");
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

/* The tombstone of an app's DELETE has no members: selectors that ask for type or version
 * keep it away from the other apps. */
START_TEST(bare_tombstone_is_followed_by_one_with_type_and_version)
{
	struct bed bed;
	struct cf_get get = {.id = STR("todo-item@1:a")};
	struct cf_record record;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a",
	    "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":false}");
	settle(&bed);
	put_on(&bed, "todo-item@1:a", rev_of(&bed, "todo-item@1:a"), "{}", true);
	ck_assert_uint_eq(settle(&bed), 3);
	ck_assert_int_eq(store_get(bed.store, &get, 1,
				   CF_READ_BODIES | CF_READ_LEAVES | CF_READ_HISTORIES, &bed.arena,
				   &record, &bed.error),
			 0);
	ck_assert_uint_eq(record.revision_count, 1);
	ck_assert(record.revisions[0].deleted);
	ck_assert_uint_eq(record.revisions[0].history_count, 3);
	ck_assert_bytes(record.revisions[0].body.ptr, record.revisions[0].body.len,
			"{\"schema\":\"todo-item\",\"version\":1}");
	ck_assert_uint_eq(settle(&bed), 0);
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
	tcase_add_test(tcase, who_joins_a_part_edits_it);
	tcase_add_test(tcase, split_document_is_made_and_met_again);
	tcase_add_test(tcase, shared_part_is_taken_in_by_a_newer_version);
	tcase_add_test(tcase, part_of_the_same_key_is_taken_in_by_a_newer_version);
	tcase_add_test(tcase, invalid_document_waits_and_its_correction_goes_on);
	tcase_add_test(tcase, lost_state_is_rebuilt_without_a_write);
	tcase_add_test(tcase, a_forgotten_revision_of_ours_comes_back);
	tcase_add_test(tcase, bare_tombstone_is_followed_by_one_with_type_and_version);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
