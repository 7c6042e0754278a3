/* How many requests a batch takes: as many for few as for many, whether branches, shared
 * parts, attachments or waiting lineages are what there is more of. */
#include "bed.h"

#define V1(title) "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"" title "\",\"isDone\":true}"

enum { FEW = 2, MANY = 24 };

/* A bed whose stores count what is asked of them. */
struct counted {
	struct bed bed;
	size_t requests;
};

static enum store_fault count_request(void *ctx, const char *operation)
{
	struct counted *counted = ctx;

	(void)operation;
	counted->requests++;
	return STORE_FAULT_NONE;
}

static void counted_open(struct counted *counted)
{
	struct sync_options options = {.wait_ms = 0};
	struct bed *bed = &counted->bed;
	char path[512];

	*counted = (struct counted){.requests = 0};
	arena_init(&bed->arena, &mem_heap);
	snprintf(path, sizeof(path), "%s/examples/todo", getenv("CHESTERFIELD_SOURCE"));
	ck_assert_int_eq(catalog_open(&bed->catalog, path, &mem_heap, &bed->error), 0);
	ck_assert_int_eq(store_open(&bed->store, "memory:docs", &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(
		store_open(&bed->state_store, "memory:state", &env_system, &mem_heap, &bed->error),
		0);
	ck_assert_int_eq(store_fault(&bed->store, bed->store, count_request, counted, &mem_heap),
			 0);
	ck_assert_int_eq(
		store_fault(&bed->state_store, bed->state_store, count_request, counted, &mem_heap),
		0);
	ck_assert_int_eq(state_init(&bed->state, bed->state_store, STR(""), &mem_heap), 0);
	ck_assert_int_eq(sync_open(&bed->sync, bed->catalog, bed->store, &bed->state, &options,
				   &env_system, &mem_heap, &bed->error),
			 0);
}

/* What it takes to bring all to agreement from here. */
static size_t count_settling(struct counted *counted)
{
	counted->requests = 0;
	settle(&counted->bed);
	return counted->requests;
}

/* A text that lives as long as the bed. */
#define text(bed, ...) ((char *)arena_printf(&(bed)->arena, __VA_ARGS__).ptr)

/* Each of `count` documents has two leaves, in agreement before but for these. */
static size_t branched_documents(size_t count)
{
	struct counted counted;
	struct bed *bed = &counted.bed;
	size_t ret;

	counted_open(&counted);
	for (size_t i = 0; i < count; i++)
		put(bed, text(bed, "todo-item@1:%zu", i), V1("t"));
	settle(bed);
	for (size_t i = 0; i < count; i++) {
		const char *id = text(bed, "todo-item@1:%zu", i), *parent = rev_of(bed, id);

		put_branch(bed, id, parent, "a", V1("one"));
		put_branch(bed, id, parent, "b", V1("other"));
	}
	ret = count_settling(&counted);
	expect(bed, "todo-item@1:1", V1("other"));
	bed_close(bed);
	return ret;
}

/* One document with `count` leaves, each two revisions behind what was agreed on. */
static size_t leaves_of_one_document(size_t count)
{
	struct counted counted;
	struct bed *bed = &counted.bed;
	const char *parent;
	size_t ret;

	counted_open(&counted);
	put(bed, "todo-item@1:a", V1("t"));
	settle(bed);
	parent = rev_of(bed, "todo-item@1:a");
	for (size_t i = 0; i < count; i++) {
		char *hash = text(bed, "%04zx", i);
		char *way = text(bed, "2-%04zx", i);

		put_branch(bed, "todo-item@1:a", parent, hash, V1("way"));
		put_branch(bed, "todo-item@1:a", way, hash, V1("end"));
	}
	ret = count_settling(&counted);
	expect(bed, "todo-item@1:a", V1("end"));
	bed_close(bed);
	return ret;
}

/* As many leaves, of which each pair hangs on a part that nobody had agreed on. */
static size_t shared_revisions(size_t count)
{
	struct counted counted;
	struct bed *bed = &counted.bed;
	const char *parent;
	size_t ret;

	counted_open(&counted);
	put(bed, "todo-item@1:a", V1("t"));
	settle(bed);
	parent = rev_of(bed, "todo-item@1:a");
	for (size_t i = 0; i < count; i++) {
		char *hash = text(bed, "%04zx", i);
		char *way = text(bed, "2-%04zx", i);

		put_branch(bed, "todo-item@1:a", parent, hash, V1("way"));
		put_branch(bed, "todo-item@1:a", way, "a", V1("one"));
		put_branch(bed, "todo-item@1:a", way, "b", V1("other"));
	}
	ret = count_settling(&counted);
	bed_close(bed);
	return ret;
}

/* Items of version 2, each of a group of its own, which is a document in version 3. */
static size_t items_of_groups(size_t count)
{
	struct counted counted;
	struct bed *bed = &counted.bed;
	size_t ret;

	counted_open(&counted);
	for (size_t i = 0; i < count; i++)
		put(bed, text(bed, "todo-item@2:%zu", i),
		    text(bed,
			 "{\"schema\":\"todo-item\",\"version\":2,\"title\":\"t\",\"status\":"
			 "\"done\",\"group\":{\"name\":\"g%zu\"}}",
			 i));
	ret = count_settling(&counted);
	bed_close(bed);
	return ret;
}

/* Items of version 3 whose groups have not come: each waits. Then they come. */
static size_t items_that_wait(size_t count, size_t *ret_come)
{
	struct counted counted;
	struct bed *bed = &counted.bed;
	size_t ret;

	counted_open(&counted);
	for (size_t i = 0; i < count; i++)
		put(bed, text(bed, "todo-item@3:%zu", i),
		    text(bed,
			 "{\"schema\":\"todo-item\",\"version\":3,\"title\":\"t\",\"status\":"
			 "\"done\",\"groupId\":\"g%zu\"}",
			 i));
	ret = count_settling(&counted);
	ck_assert_uint_eq(find_listed(bed, SYNC_INCOMPLETE, NULL).count, count);
	put(bed, "group@1:g0", "{\"schema\":\"group\",\"version\":1,\"name\":\"g\"}");
	*ret_come = count_settling(&counted);
	bed_close(bed);
	return ret;
}

/* One document with `count` attachments in each of two leaves. */
static size_t attached(size_t documents, size_t count)
{
	struct counted counted;
	struct bed *bed = &counted.bed;
	struct cf_attachment files[MANY];
	size_t ret;

	counted_open(&counted);
	for (size_t i = 0; i < count; i++)
		files[i] = (struct cf_attachment){.name = str_of(text(bed, "file%02zu", i)),
						  .content_type = STR("text/plain"),
						  .data = str_of(text(bed, "content %zu", i))};
	for (size_t i = 0; i < count; i++)
		files[i].length = files[i].data.len;
	for (size_t i = 0; i < documents; i++) {
		struct cf_put put = {.id = str_of(text(bed, "todo-item@1:%zu", i)),
				     .kind = CF_PUT_ANY,
				     .body = STR(V1("t")),
				     .attachments = files,
				     .attachment_count = count};
		struct cf_answer answer;

		ck_assert_int_eq(store_put(bed->store, &put, 1, &bed->arena, &answer, NULL), 0);
		ck_assert_int_eq(answer.code, 0);
	}
	ret = count_settling(&counted);
	bed_close(bed);
	return ret;
}

START_TEST(requests_do_not_grow)
{
	size_t few_come, many_come;

	ck_assert_uint_eq(branched_documents(FEW), branched_documents(MANY));
	ck_assert_uint_eq(leaves_of_one_document(FEW), leaves_of_one_document(MANY));
	ck_assert_uint_eq(shared_revisions(FEW), shared_revisions(MANY));
	ck_assert_uint_eq(items_of_groups(FEW), items_of_groups(MANY));
	ck_assert_uint_eq(attached(FEW, FEW), attached(MANY, FEW));
	ck_assert_uint_eq(attached(FEW, FEW), attached(FEW, MANY));
	ck_assert_uint_eq(items_that_wait(FEW, &few_come), items_that_wait(MANY, &many_come));
	ck_assert_uint_eq(few_come, many_come);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-requests");
	TCase *tcase = tcase_create("requests");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, requests_do_not_grow);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
