/* A store that lets a test do something between two of its operations. */
#ifndef TEST_SYNC_HOOK_H
#define TEST_SYNC_HOOK_H

#include "state/state.h"

#include <stdlib.h>

struct hook {
	struct cf_store store; /* give &hook.store to whoever is tested */
	struct state state;    /* the records of "documents" in that store */
	struct cf_store *inner;
	/* Before and after each operation; "get", "put", "scan", "changes". */
	void (*before)(struct hook *hook, const char *operation, struct cf_str id);
	void (*after)(struct hook *hook, const char *operation, struct cf_str id);
	/* What the store does not take, one record of a put: a code and why, or 0. */
	int (*refuse)(struct hook *hook, const struct cf_put *put, struct cf_str *ret_why);
	void *ctx;
	size_t puts; /* records written */
};

static inline void hook_call(struct hook *hook,
			     void (*call)(struct hook *hook, const char *operation,
					  struct cf_str id),
			     const char *operation, struct cf_str id)
{
	if (call)
		call(hook, operation, id);
}

static inline int hook_get(struct cf_store *store, const struct cf_get *gets, size_t count,
			   unsigned flags, struct cf_arena *arena, struct cf_record *ret,
			   struct cf_error *error)
{
	struct hook *hook = (struct hook *)store;
	struct cf_str id = count ? gets[0].id : STR("");
	int rc;

	hook_call(hook, hook->before, "get", id);
	rc = store_get(hook->inner, gets, count, flags, arena, ret, error);
	hook_call(hook, hook->after, "get", id);
	return rc;
}

/* Those that are not refused, one by one. */
static inline int hook_put_each(struct hook *hook, const struct cf_put *puts, size_t count,
				struct cf_arena *arena, struct cf_answer *ret,
				struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		ret[i] = (struct cf_answer){0};
		ret[i].code = hook->refuse(hook, &puts[i], &ret[i].message);
		if (ret[i].code == 0)
			rc = store_put(hook->inner, &puts[i], 1, arena, &ret[i], error);
	}
	return rc;
}

static inline int hook_put(struct cf_store *store, const struct cf_put *puts, size_t count,
			   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct hook *hook = (struct hook *)store;
	struct cf_str id = count ? puts[0].id : STR("");
	int rc;

	hook->puts += count;
	hook_call(hook, hook->before, "put", id);
	rc = hook->refuse ? hook_put_each(hook, puts, count, arena, ret, error)
			  : store_put(hook->inner, puts, count, arena, ret, error);
	hook_call(hook, hook->after, "put", id);
	return rc;
}

static inline int hook_scan(struct cf_store *store, const struct cf_scan *scan,
			    struct cf_arena *arena, struct cf_record **ret, size_t *ret_count,
			    struct cf_error *error)
{
	struct hook *hook = (struct hook *)store;
	int rc;

	hook_call(hook, hook->before, "scan", scan->after);
	rc = store_scan(hook->inner, scan, arena, ret, ret_count, error);
	hook_call(hook, hook->after, "scan", scan->after);
	return rc;
}

static inline int hook_changes(struct cf_store *store, const struct cf_changes *changes,
			       struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
			       struct cf_str *ret_token, struct cf_error *error)
{
	return store_changes(((struct hook *)store)->inner, changes, arena, ret, ret_count,
			     ret_token, error);
}

static inline int hook_behind(struct cf_store *store, struct cf_str since, uint64_t *ret,
			      struct cf_error *error)
{
	return store_behind(((struct hook *)store)->inner, since, ret, error);
}

static inline int hook_info(struct cf_store *store, struct cf_arena *arena,
			    struct cf_store_info *ret, struct cf_error *error)
{
	return store_info(((struct hook *)store)->inner, arena, ret, error);
}

static const struct cf_store_ops hook_ops = {
	.name = "hook",
	.get = hook_get,
	.put = hook_put,
	.scan = hook_scan,
	.changes = hook_changes,
	.behind = hook_behind,
	.info = hook_info,
};

static inline void hook_init(struct hook *hook, struct cf_store *inner)
{
	*hook = (struct hook){.store = {&hook_ops, inner->capabilities},
			      .state = {.store = &hook->store, .database = STR("documents/")},
			      .inner = inner};
}

#endif
