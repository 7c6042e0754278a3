/* A catalog, two memory stores and job one on them. */
#ifndef TEST_SYNC_BED_H
#define TEST_SYNC_BED_H

#include "check_main.h"
#include "sync/sync.h"

struct bed {
	struct catalog *catalog;
	struct cf_store *store, *state_store;
	struct state state;
	struct sync *sync;
	struct cf_arena arena;
	struct cf_error error;
};

static inline void bed_open_on(struct bed *bed, const char *path, const char *store)
{
	struct sync_options options = {.wait_ms = 0};
	int rc;

	arena_init(&bed->arena, &mem_heap);
	rc = catalog_open(&bed->catalog, path, &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s:%u: %s", bed->error.file, bed->error.line, bed->error.message);
	ck_assert_int_eq(store_open(&bed->store, store, &env_system, &mem_heap, &bed->error), 0);
	ck_assert_int_eq(
		store_open(&bed->state_store, "memory:state", &env_system, &mem_heap, &bed->error),
		0);
	ck_assert_int_eq(state_init(&bed->state, bed->state_store, STR(""), &mem_heap), 0);
	rc = sync_open(&bed->sync, bed->catalog, bed->store, &bed->state, &options, &env_system,
		       &mem_heap, &bed->error);
	ck_assert_msg(rc == 0, "%s", bed->error.message);
}

static inline void bed_open_at(struct bed *bed, const char *path)
{
	bed_open_on(bed, path, "memory:docs");
}

static inline void bed_open(struct bed *bed, const char *folder)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("CHESTERFIELD_SOURCE"), folder);
	bed_open_at(bed, path);
}

/* The todo app with another policy. */
static inline void bed_open_with(struct bed *bed, const char *policy)
{
	static const char *const folders[] = {"manifests", "schemas", "lenses"};
	const char *source = getenv("CHESTERFIELD_SOURCE");
	char folder[] = "/tmp/chesterfield-bed-XXXXXX", path[512], target[512];
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/catalog.yaml", folder);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "name: todo\nconflicts: %s\n", policy);
	ck_assert_int_eq(fclose(file), 0);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		snprintf(target, sizeof(target), "%s/examples/todo/%s", source, folders[i]);
		ck_assert_int_eq(symlink(target, path), 0);
	}
	bed_open_at(bed, folder);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		ck_assert_int_eq(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/catalog.yaml", folder);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static inline void bed_close(struct bed *bed)
{
	sync_close(bed->sync);
	store_close(bed->store);
	state_fini(&bed->state);
	store_close(bed->state_store);
	catalog_close(bed->catalog);
	arena_fini(&bed->arena);
}

/* Steps until idle; the number of documents written. */
static inline uint64_t settle(struct bed *bed)
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

static inline const char *rev_of(struct bed *bed, const char *id)
{
	struct cf_get get = {.id = str_of(id)};
	struct cf_record record;

	ck_assert_int_eq(store_get(bed->store, &get, 1, 0, &bed->arena, &record, &bed->error), 0);
	return record.revision_count ? arena_dup(&bed->arena, record.revisions[0].rev).ptr : "";
}

/* Saves as an app does: over the revision it knows ("": a new document). */
static inline void put_on(struct bed *bed, const char *id, const char *rev, const char *body,
			  bool deleted)
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

static inline void put(struct bed *bed, const char *id, const char *body)
{
	put_on(bed, id, rev_of(bed, id), body, false);
}

/* An app that was away: its revision is a branch on `parent`. */
static inline void put_on_branch(struct bed *bed, const char *id, const char *parent,
				 const char *hash, const char *body, bool deleted)
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
			      .deleted = deleted,
			      .body = str_of(body)};
	ck_assert_int_eq(store_put(bed->store, &put, 1, &bed->arena, &answer, &bed->error), 0);
	ck_assert_int_eq(answer.code, 0);
}

static inline void put_branch(struct bed *bed, const char *id, const char *parent, const char *hash,
			      const char *body)
{
	put_on_branch(bed, id, parent, hash, body, false);
}

static inline void put_branch_deleted(struct bed *bed, const char *id, const char *parent,
				      const char *hash)
{
	put_on_branch(bed, id, parent, hash, "{}", true);
}

static inline struct cf_str body_of(struct bed *bed, const char *id, size_t *leaves)
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
static inline void expect(struct bed *bed, const char *id, const char *body)
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

/* The lists: how many entries, and the body of the last one that names `pointer`. */
struct bed_found {
	const char *pointer;
	size_t count;
	char body[2048];
};

static inline int bed_take(void *ctx, struct cf_str id, struct json_value body)
{
	struct bed_found *found = ctx;
	struct json_value pointer = json_member(body, STR("pointer"));

	(void)id;
	found->count++;
	if (found->pointer && str_equal(json_inner(pointer), str_of(found->pointer)))
		snprintf(found->body, sizeof(found->body), "%.*s", STR_ARG(json_span(body)));
	return 0;
}

static inline struct bed_found find_listed(struct bed *bed, enum sync_list list,
					   const char *pointer)
{
	struct bed_found found = {.pointer = pointer};

	ck_assert_int_eq(sync_walk(&bed->state, list, bed_take, &found, &mem_heap, &bed->error), 0);
	return found;
}

#endif
