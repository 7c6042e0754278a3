/* The operations of every wrapper: each makes a call and hands it to `around`. */
#include "store/wrap/wrap.h"

static void wrap_close(struct cf_store *store)
{
	struct wrap *wrap = (struct wrap *)store;

	store_close(wrap->inner);
	mem_free(wrap->mem, wrap);
}

static int around(struct cf_store *store, struct call *call, struct cf_error *error)
{
	struct wrap *wrap = (struct wrap *)store;

	call->inner = wrap->inner;
	return wrap->around(wrap, call, error);
}

static int run_get(struct call *c, struct cf_error *error)
{
	return store_get(c->inner, c->gets, c->count, c->flags, c->arena, c->ret_records, error);
}

static int wrap_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		    struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct call call = {.operation = "get",
			    .run = run_get,
			    .records = count,
			    .gets = gets,
			    .count = count,
			    .flags = flags,
			    .arena = arena,
			    .ret_records = ret};

	return around(store, &call, error);
}

static int run_put(struct call *c, struct cf_error *error)
{
	return store_put(c->inner, c->puts, c->count, c->arena, c->ret_answers, error);
}

static int wrap_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		    struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct call call = {.operation = "put",
			    .run = run_put,
			    .records = count,
			    .puts = puts,
			    .count = count,
			    .arena = arena,
			    .ret_answers = ret};

	return around(store, &call, error);
}

static int run_scan(struct call *c, struct cf_error *error)
{
	int rc = store_scan(c->inner, &c->scan, c->arena, c->ret_list, c->ret_count, error);

	c->records = rc ? 0 : *c->ret_count;
	return rc;
}

static int wrap_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		     struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct call call = {.operation = "scan",
			    .run = run_scan,
			    .scan = *scan,
			    .arena = arena,
			    .ret_list = ret,
			    .ret_count = ret_count};

	return around(store, &call, error);
}

static int run_changes(struct call *c, struct cf_error *error)
{
	int rc = store_changes(c->inner, &c->changes, c->arena, c->ret_changes, c->ret_count,
			       c->ret_token, error);

	c->records = rc ? 0 : *c->ret_count;
	return rc;
}

static int wrap_changes(struct cf_store *store, const struct cf_changes *changes,
			struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
			struct cf_str *ret_token, struct cf_error *error)
{
	struct call call = {.operation = "changes",
			    .run = run_changes,
			    .changes = *changes,
			    .arena = arena,
			    .ret_changes = ret,
			    .ret_count = ret_count,
			    .ret_token = ret_token};

	return around(store, &call, error);
}

static int run_find(struct call *c, struct cf_error *error)
{
	int rc = store_find(c->inner, &c->find, c->arena, c->ret_list, c->ret_count, error);

	c->records = rc ? 0 : *c->ret_count;
	return rc;
}

static int wrap_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
		     struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct call call = {.operation = "find",
			    .run = run_find,
			    .find = *find,
			    .arena = arena,
			    .ret_list = ret,
			    .ret_count = ret_count};

	return around(store, &call, error);
}

static int run_behind(struct call *c, struct cf_error *error)
{
	return store_behind(c->inner, c->since, c->ret_number, error);
}

static int wrap_behind(struct cf_store *store, struct cf_str since, uint64_t *ret,
		       struct cf_error *error)
{
	struct call call = {
		.operation = "behind", .run = run_behind, .since = since, .ret_number = ret};

	return around(store, &call, error);
}

static int run_info(struct call *c, struct cf_error *error)
{
	return store_info(c->inner, c->arena, c->ret_info, error);
}

static int wrap_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		     struct cf_error *error)
{
	struct call call = {.operation = "info", .run = run_info, .arena = arena, .ret_info = ret};

	return around(store, &call, error);
}

static int run_walk(struct call *c, struct cf_error *error)
{
	int rc = store_walk(c->inner, &c->walk, c->arena, c->ret_list, c->ret_count, c->ret_token,
			    error);

	c->records = rc ? 0 : *c->ret_count;
	return rc;
}

static int wrap_walk(struct cf_store *store, const struct cf_walk *walk, struct cf_arena *arena,
		     struct cf_record **ret, size_t *ret_count, struct cf_str *ret_cursor,
		     struct cf_error *error)
{
	struct call call = {.operation = "walk",
			    .run = run_walk,
			    .walk = *walk,
			    .arena = arena,
			    .ret_list = ret,
			    .ret_count = ret_count,
			    .ret_token = ret_cursor};

	return around(store, &call, error);
}

static int run_notes(struct call *c, struct cf_error *error)
{
	return store_notes(c->inner, &c->scan, c->arena, c->ret_notes, c->ret_count, error);
}

static int wrap_notes(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		      struct cf_note **ret, size_t *ret_count, struct cf_error *error)
{
	struct call call = {.operation = "notes",
			    .run = run_notes,
			    .scan = *scan,
			    .arena = arena,
			    .ret_notes = ret,
			    .ret_count = ret_count};

	return around(store, &call, error);
}

static int run_forget(struct call *c, struct cf_error *error)
{
	return store_forget(c->inner, error);
}

static int wrap_forget(struct cf_store *store, struct cf_error *error)
{
	struct call call = {.operation = "forget", .run = run_forget};

	return around(store, &call, error);
}

static int run_check(struct call *c, struct cf_error *error)
{
	return store_check(c->inner, c->puts, c->count, c->arena, c->ret_answers, error);
}

static int wrap_check(struct cf_store *store, const struct cf_put *puts, size_t count,
		      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct call call = {.operation = "check",
			    .run = run_check,
			    .records = count,
			    .puts = puts,
			    .count = count,
			    .arena = arena,
			    .ret_answers = ret};

	return around(store, &call, error);
}

/* No call of its own: it says something of those that follow. */
static int wrap_set_timeout(struct cf_store *store, unsigned ms, struct cf_error *error)
{
	return store_set_timeout(((struct wrap *)store)->inner, ms, error);
}

/* Asks nobody: there is nothing to wrap. */
static int wrap_form(struct cf_store *store, struct cf_str body, struct cf_arena *arena,
		     struct cf_str *ret, struct cf_error *error)
{
	return store_form(((struct wrap *)store)->inner, body, arena, ret, error);
}

static const struct cf_store_ops wrap_ops = {
	.name = "wrapped",
	.close = wrap_close,
	.get = wrap_get,
	.put = wrap_put,
	.scan = wrap_scan,
	.changes = wrap_changes,
	.find = wrap_find,
	.behind = wrap_behind,
	.info = wrap_info,
	.form = wrap_form,
	.walk = wrap_walk,
	.notes = wrap_notes,
	.forget = wrap_forget,
	.set_timeout = wrap_set_timeout,
	.check = wrap_check,
};

int wrap_open(struct wrap **ret, size_t size, struct cf_store *inner, const struct cf_env *env,
	      const struct cf_mem *mem,
	      int (*function)(struct wrap *wrap, struct call *call, struct cf_error *error))
{
	struct wrap *wrap = mem_calloc(mem, 1, size);

	if (!wrap)
		return CF_ERR_NOMEM;
	wrap->store = *inner;
	wrap->store.ops = &wrap_ops;
	wrap->inner = inner;
	wrap->mem = mem;
	wrap->env = env;
	wrap->around = function;
	*ret = wrap;
	return 0;
}
