/* Attachments travel by content, one by one, and merge like any other members. */
#include "bed.h"

#define V1 "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":false}"

static struct cf_attachment file_of(const char *name, const char *data)
{
	return (struct cf_attachment){.name = str_of(name),
				      .content_type = STR("text/plain"),
				      .length = strlen(data),
				      .data = str_of(data)};
}

/* Saves a document with these attachments, on top of `parent` ("": the newest). */
static void put_files(struct bed *bed, const char *id, const char *parent, const char *hash,
		      const char *body, const struct cf_attachment *files, size_t count)
{
	struct cf_str history[2] = {{NULL, 0}, str_of(parent)};
	struct cf_put put = {.id = str_of(id),
			     .kind = CF_PUT_ANY,
			     .body = str_of(body),
			     .attachments = files,
			     .attachment_count = count};
	struct cf_answer answer;

	if (*parent) {
		history[0] = arena_printf(
			&bed->arena, "%llu-%s",
			(unsigned long long)revision_generation(str_of(parent)) + 1, hash);
		put.kind = CF_PUT_REVISION;
		put.rev = history[0];
		put.history = history;
		put.history_count = 2;
	}
	ck_assert_int_eq(store_put(bed->store, &put, 1, &bed->arena, &answer, &bed->error), 0);
	ck_assert_msg(answer.code == 0, "%s: %.*s", id, STR_ARG(answer.message));
}

static void expect_files(struct bed *bed, const char *id, const struct cf_attachment *files,
			 size_t count)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record;
	const struct cf_revision *revision;

	ck_assert_int_eq(store_get(bed->store, &get, 1,
				   CF_READ_BODIES | CF_READ_ATTACHMENTS | CF_READ_LEAVES,
				   &bed->arena, &record, &bed->error),
			 0);
	ck_assert_uint_gt(record.revision_count, 0);
	revision = &record.revisions[0];
	ck_assert_uint_eq(revision->attachment_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct cf_attachment *found = NULL;

		for (size_t k = 0; k < count; k++)
			if (str_equal(revision->attachments[k].name, files[i].name))
				found = &revision->attachments[k];
		ck_assert_msg(found != NULL, "%s lacks %.*s", id, STR_ARG(files[i].name));
		ck_assert_msg(str_equal(found->data, files[i].data), "%s: %.*s is %.*s", id,
			      STR_ARG(files[i].name), STR_ARG(found->data));
		ck_assert(str_equal(found->content_type, files[i].content_type));
	}
	for (size_t i = 1; i < record.revision_count; i++)
		ck_assert(record.revisions[i].deleted);
}

static void expect_everywhere(struct bed *bed, const struct cf_attachment *files, size_t count)
{
	expect_files(bed, "todo-item@1:a", files, count);
	expect_files(bed, "todo-item@2:a", files, count);
	expect_files(bed, "todo-item@3:a", files, count);
	ck_assert_uint_eq(settle(bed), 0);
	ck_assert_uint_eq(find_listed(bed, SYNC_CONFLICTS, NULL).count, 0);
	ck_assert_uint_eq(find_listed(bed, SYNC_QUARANTINE, NULL).count, 0);
}

START_TEST(attachments_are_in_every_version)
{
	struct bed bed;
	struct cf_attachment files[2] = {file_of("a.txt", "hello"), file_of("b/ü", "")};

	bed_open(&bed, "examples/todo");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, files, 2);
	settle(&bed);
	expect_everywhere(&bed, files, 2);
	put_files(&bed, "todo-item@1:a", "", NULL, V1, files + 1, 1);
	settle(&bed);
	expect_everywhere(&bed, files + 1, 1);
	bed_close(&bed);
}
END_TEST

START_TEST(change_of_the_type_alone_travels)
{
	struct bed bed;
	struct cf_attachment file = file_of("a", "<p>");

	bed_open(&bed, "examples/todo");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, &file, 1);
	settle(&bed);
	expect_everywhere(&bed, &file, 1);
	file.content_type = STR("text/html");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, &file, 1);
	settle(&bed);
	expect_everywhere(&bed, &file, 1);
	bed_close(&bed);
}
END_TEST

START_TEST(file_with_a_new_name_keeps_its_content)
{
	struct bed bed;
	struct cf_attachment before = file_of("a", "content"), after = file_of("b", "content");

	bed_open(&bed, "examples/todo");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, &before, 1);
	settle(&bed);
	put_files(&bed, "todo-item@1:a", "", NULL, V1, &after, 1);
	settle(&bed);
	expect_everywhere(&bed, &after, 1);
	bed_close(&bed);
}
END_TEST

START_TEST(files_added_in_two_versions_at_once_are_both_kept)
{
	struct bed bed;
	struct cf_attachment all[3] = {file_of("old", "o"), file_of("one", "1"),
				       file_of("three", "333")};
	struct cf_attachment of_3[2] = {all[0], all[2]};

	bed_open(&bed, "examples/todo");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, all, 1);
	settle(&bed);
	put_files(&bed, "todo-item@1:a", "", NULL, V1, all, 2);
	put_files(&bed, "todo-item@3:a", "", NULL,
		  "{\"schema\":\"todo-item\",\"version\":3,\"title\":\"t\",\"status\":\"active\","
		  "\"groupId\":\"790fbc12070b9c37aece000b24c1c02f\"}",
		  of_3, 2);
	settle(&bed);
	expect_everywhere(&bed, all, 3);
	bed_close(&bed);
}
END_TEST

START_TEST(file_on_the_branch_of_an_app_that_was_away_is_kept)
{
	struct bed bed;
	struct cf_attachment all[3] = {file_of("old", "o"), file_of("late", "late"),
				       file_of("new", "n")};
	struct cf_attachment newer[2] = {all[0], all[2]};
	const char *old;

	bed_open(&bed, "examples/todo");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, all, 1);
	settle(&bed);
	old = rev_of(&bed, "todo-item@1:a");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, newer, 2);
	settle(&bed);
	put_files(&bed, "todo-item@1:a", old, "00000000000000000000000000000000", V1, all, 2);
	settle(&bed);
	expect_everywhere(&bed, all, 3);
	bed_close(&bed);
}
END_TEST

/* Two apps attach the same name, and one of them loses. */
static void contest_file(struct bed *bed)
{
	struct cf_attachment mine = file_of("a", "mine"), theirs = file_of("a", "theirs");
	const char *old;

	put_files(bed, "todo-item@1:a", "", NULL, V1, NULL, 0);
	settle(bed);
	old = rev_of(bed, "todo-item@1:a");
	put_files(bed, "todo-item@1:a", old, "11111111111111111111111111111111", V1, &mine, 1);
	put_files(bed, "todo-item@1:a", old, "22222222222222222222222222222222", V1, &theirs, 1);
	settle(bed);
	expect_files(bed, "todo-item@3:a", &theirs, 1);
	ck_assert_uint_eq(find_listed(bed, SYNC_CONFLICTS, NULL).count, 1);
}

static int resolve(struct bed *bed, enum sync_take take, struct sync_resolved *ret)
{
	struct sync_resolve how = {.id = STR("todo-item/a"), .take = take};

	return sync_conflict_resolve(bed->store, &bed->state, &how, &bed->arena, ret, &bed->error);
}

START_TEST(file_that_lost_can_be_taken)
{
	struct bed bed;
	struct cf_attachment mine = file_of("a", "mine");
	struct sync_resolved done;

	bed_open(&bed, "examples/todo");
	contest_file(&bed);
	ck_assert_int_eq(resolve(&bed, SYNC_TAKE_VALUE, &done), CF_ERR_USAGE);
	ck_assert_int_eq(resolve(&bed, SYNC_TAKE_LOSER, &done), 0);
	ck_assert(done.written);
	settle(&bed);
	expect_everywhere(&bed, &mine, 1);
	bed_close(&bed);
}
END_TEST

START_TEST(file_whose_removal_lost_can_be_removed)
{
	struct bed bed;
	struct cf_attachment old = file_of("a", "old"), other = file_of("a", "other");
	struct sync_resolved done;
	const char *first;

	bed_open(&bed, "examples/todo");
	put_files(&bed, "todo-item@1:a", "", NULL, V1, &old, 1);
	settle(&bed);
	first = rev_of(&bed, "todo-item@1:a");
	put_files(&bed, "todo-item@1:a", first, "11111111111111111111111111111111", V1, NULL, 0);
	put_files(&bed, "todo-item@1:a", first, "22222222222222222222222222222222", V1, &other, 1);
	settle(&bed);
	expect_files(&bed, "todo-item@3:a", &other, 1);
	ck_assert_int_eq(resolve(&bed, SYNC_TAKE_LOSER, &done), 0);
	settle(&bed);
	expect_everywhere(&bed, NULL, 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-attach");
	TCase *tcase = tcase_create("attach");

	tcase_add_test(tcase, attachments_are_in_every_version);
	tcase_add_test(tcase, file_that_lost_can_be_taken);
	tcase_add_test(tcase, file_whose_removal_lost_can_be_removed);
	tcase_add_test(tcase, change_of_the_type_alone_travels);
	tcase_add_test(tcase, file_with_a_new_name_keeps_its_content);
	tcase_add_test(tcase, files_added_in_two_versions_at_once_are_both_kept);
	tcase_add_test(tcase, file_on_the_branch_of_an_app_that_was_away_is_kept);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
