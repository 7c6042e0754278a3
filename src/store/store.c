/* Opening stores by URL, and the operations, each checked once for all stores. */
#include "store/store.h"
#include "store/limits.h"
#include "store/stores.h"
#include "store/url.h"

struct store_scheme {
	const char *scheme;
	const struct cf_store_ops *ops;
};

static const struct store_scheme store_schemes[] = {
	{"memory", &memory_ops},     {"sqlite", &sqlite_ops},
	{"http", &couchdb_ops},      {"https", &couchdb_ops},
#ifdef STORE_POSTGRES
	{"postgres", &postgres_ops}, {"postgresql", &postgres_ops},
#endif
};

static const struct cf_store_ops *find_ops(const char *url)
{
	size_t len = store_url_scheme(url);

	for (size_t i = 0; i < ARRAY_LEN(store_schemes); i++)
		if (strlen(store_schemes[i].scheme) == len &&
		    memcmp(store_schemes[i].scheme, url, len) == 0)
			return store_schemes[i].ops;
	return NULL;
}

unsigned store_url_lanes(const char *url)
{
	const struct cf_store_ops *ops = find_ops(url);

	return ops && ops->lanes > 1 ? ops->lanes : 1;
}

static bool capabilities_hold(const struct cf_store *store)
{
	const struct cf_store_ops *ops = store->ops;
	unsigned has = store->capabilities;

	return ops->close && ops->get && ops->put && ops->scan && ops->info &&
	       !(has & ~ops->capabilities) &&
	       (!(has & CF_STORE_CHANGES) || (ops->changes && ops->behind)) &&
	       (!(has & CF_STORE_FIND) || ops->find) && (!(has & CF_STORE_WALK) || ops->walk) &&
	       (!(has & CF_STORE_SORTED) || store->keys.count) &&
	       (!(has & CF_STORE_NOTES) || (ops->notes && ops->forget)) &&
	       (!(has & CF_STORE_TIMEOUTS) || ops->set_timeout) &&
	       (!(has & CF_STORE_CHECK) || ops->check);
}

static int no_scheme(const char *shown, struct cf_error *error)
{
	if (store_url_scheme(shown) == 0)
		return error_set(error, CF_ERR_USAGE,
				 "a store is named by a URL; for a file sqlite:%s",
				 /* Other programs' words for a connection may hold a password. */
				 strchr(shown, '=') ? "FILE" : shown);
	return error_set(error, CF_ERR_USAGE,
			 "no store has this scheme; stores are sqlite:FILE, memory:NAME, "
			 "postgres://HOST/DATABASE?table=T and http://HOST/DATABASE (as far as "
			 "this program was built with them)");
}

static int name_store(const char *shown, bool query, int rc, const struct cf_mem *mem,
		      struct cf_error *error)
{
	struct cf_buf redacted;

	buf_init(&redacted, mem);
	if (store_url_redact(shown, &redacted) == 0) {
		const char *mark = query ? NULL : memchr(redacted.ptr, '?', redacted.len);
		size_t len = mark ? (size_t)(mark - redacted.ptr) : redacted.len;

		rc = error_prefix(error, rc, "%.*s", (int)len, redacted.ptr);
	}
	buf_fini(&redacted);
	return rc;
}

/* Errors name the store by `shown`, without its password. */
static int open_shown(struct cf_store **ret, const char *url, const char *shown,
		      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error)
{
	const struct cf_store_ops *ops = find_ops(url);
	struct cf_store *store = NULL;
	int rc;

	rc = strlen(shown) > LIMIT_URL_BYTES
		     ? error_set(error, CF_ERR_USAGE, "longer than %d bytes", LIMIT_URL_BYTES)
	     : !ops ? no_scheme(shown, error)
		    : ops->open(&store, url, env, mem, error);
	if (rc == 0 && !capabilities_hold(store)) {
		store_close(store);
		rc = error_set(error, CF_ERR_BUG, "a capability lacks its function");
	}
	if (rc == 0)
		*ret = store;
	return rc ? name_store(shown, true, rc, mem, error) : 0;
}

int store_open(struct cf_store **ret, const char *url, const struct cf_env *env,
	       const struct cf_mem *mem, struct cf_error *error)
{
	return open_shown(ret, url, url, env, mem, error);
}

int store_open_existing(struct cf_store **ret, const char *url, const struct cf_env *env,
			const struct cf_mem *mem, struct cf_error *error)
{
	struct cf_buf text;
	int rc;

	buf_init(&text, mem);
	rc = buf_printf(&text, "%s%screate=0", url, strchr(url, '?') ? "&" : "?");
	rc = rc || buf_byte(&text, '\0') ? error_nomem(error)
					 : open_shown(ret, text.ptr, url, env, mem, error);
	buf_fini(&text);
	return rc;
}

int store_open_beside(struct cf_store **ret, struct cf_store *beside, const char *url,
		      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error)
{
	struct cf_store *store = NULL;
	int rc = 0;

	if (beside->ops->open_beside && find_ops(url) == beside->ops)
		rc = beside->ops->open_beside(&store, beside, url, env, mem, error);
	/* Of a state that goes with a store the user named no more than the place. */
	if (rc)
		return name_store(url, false, rc, mem, error);
	if (!store)
		return store_open(ret, url, env, mem, error);
	*ret = store;
	return 0;
}

struct cf_store *store_close(struct cf_store *store)
{
	if (store)
		store->ops->close(store);
	return NULL;
}

static int unsupported(const struct cf_store *store, const char *what, struct cf_error *error)
{
	return error_set(error, CF_ERR_UNSUPPORTED_OP, "a store of this kind (%s) has no %s",
			 store->ops->name, what);
}

static int too_many(size_t count, struct cf_error *error)
{
	return error_set(error, CF_ERR_LIMIT, "%zu records in one call; at most %d", count,
			 LIMIT_BATCH);
}

int store_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
	      struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	if (count > LIMIT_BATCH)
		return too_many(count, error);
	return count ? store->ops->get(store, gets, count, flags, arena, ret, error) : 0;
}

/* What a put asks for beside the record; a store that lacks it must not let it fall. */
static unsigned put_needs(const struct cf_put *put)
{
	return (put->note_count || put->kind == CF_PUT_NOTES ? CF_STORE_NOTES : 0u) |
	       (put->fence || put->kind == CF_PUT_UNFENCED ? CF_STORE_FENCES : 0u) |
	       (put->raw ? CF_STORE_BYTES : 0u) | (put->expires_ms ? CF_STORE_EXPIRY : 0u);
}

static int lacking(const struct cf_store *store, unsigned needs, struct cf_error *error)
{
	unsigned lacks = needs & ~store->capabilities;

	return unsupported(store,
			   lacks & CF_STORE_NOTES    ? "table of notes"
			   : lacks & CF_STORE_FENCES ? "fences of deleted records"
			   : lacks & CF_STORE_BYTES  ? "bodies that are no JSON"
						     : "records that expire",
			   error);
}

int store_put(struct cf_store *store, const struct cf_put *puts, size_t count,
	      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	unsigned needs = 0;

	if (count > LIMIT_BATCH)
		return too_many(count, error);
	for (size_t i = 0; i < count; i++)
		needs |= put_needs(&puts[i]);
	if (needs & ~store->capabilities)
		return lacking(store, needs, error);
	return count ? store->ops->put(store, puts, count, arena, ret, error) : 0;
}

int store_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	if (scan->limit == 0 || scan->limit > LIMIT_BATCH)
		return too_many(scan->limit, error);
	return store->ops->scan(store, scan, arena, ret, ret_count, error);
}

int store_changes(struct cf_store *store, const struct cf_changes *changes, struct cf_arena *arena,
		  struct cf_change **ret, size_t *ret_count, struct cf_str *ret_token,
		  struct cf_error *error)
{
	if (!(store->capabilities & CF_STORE_CHANGES))
		return unsupported(store, "feed of changes", error);
	if (changes->limit == 0 || changes->limit > LIMIT_BATCH)
		return too_many(changes->limit, error);
	return store->ops->changes(store, changes, arena, ret, ret_count, ret_token, error);
}

int store_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	if (!(store->capabilities & CF_STORE_FIND))
		return unsupported(store, "find", error);
	if (find->scan.limit == 0 || find->scan.limit > LIMIT_BATCH)
		return too_many(find->scan.limit, error);
	return store->ops->find(store, find, arena, ret, ret_count, error);
}

int store_behind(struct cf_store *store, struct cf_str since, uint64_t *ret, struct cf_error *error)
{
	if (!(store->capabilities & CF_STORE_CHANGES))
		return unsupported(store, "feed of changes", error);
	return store->ops->behind(store, since, ret, error);
}

int store_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
	       struct cf_error *error)
{
	return store->ops->info(store, arena, ret, error);
}

int store_check(struct cf_store *store, const struct cf_put *puts, size_t count,
		struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	if (!(store->capabilities & CF_STORE_CHECK))
		return unsupported(store, "way to try a write", error);
	if (count > LIMIT_BATCH)
		return too_many(count, error);
	return count ? store->ops->check(store, puts, count, arena, ret, error) : 0;
}

static int walk_by_scan(struct cf_store *store, const struct cf_walk *walk, struct cf_arena *arena,
			struct cf_record **ret, size_t *ret_count, struct cf_str *ret_cursor,
			struct cf_error *error)
{
	struct cf_scan scan = {.after = walk->cursor, .limit = walk->limit, .flags = walk->flags};
	int rc = store_scan(store, &scan, arena, ret, ret_count, error);

	if (rc == 0)
		*ret_cursor = *ret_count < walk->limit ? (struct cf_str){NULL, 0}
						       : (*ret)[*ret_count - 1].id;
	return rc;
}

int store_walk(struct cf_store *store, const struct cf_walk *walk, struct cf_arena *arena,
	       struct cf_record **ret, size_t *ret_count, struct cf_str *ret_cursor,
	       struct cf_error *error)
{
	if (walk->limit == 0 || walk->limit > LIMIT_BATCH)
		return too_many(walk->limit, error);
	if (store->capabilities & CF_STORE_WALK)
		return store->ops->walk(store, walk, arena, ret, ret_count, ret_cursor, error);
	if (store->capabilities & (CF_STORE_ORDERED | CF_STORE_SORTED))
		return walk_by_scan(store, walk, arena, ret, ret_count, ret_cursor, error);
	return unsupported(store, "way to walk over all records", error);
}

int store_notes(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		struct cf_note **ret, size_t *ret_count, struct cf_error *error)
{
	if (!(store->capabilities & CF_STORE_NOTES))
		return lacking(store, CF_STORE_NOTES, error);
	if (scan->limit == 0 || scan->limit > LIMIT_BATCH)
		return too_many(scan->limit, error);
	return store->ops->notes(store, scan, arena, ret, ret_count, error);
}

int store_forget(struct cf_store *store, struct cf_error *error)
{
	return store->ops->forget ? store->ops->forget(store, error) : 0;
}

int store_set_timeout(struct cf_store *store, unsigned ms, struct cf_error *error)
{
	if (!(store->capabilities & CF_STORE_TIMEOUTS))
		return unsupported(store, "time-out for a call", error);
	return store->ops->set_timeout(store, ms, error);
}

int store_form(struct cf_store *store, struct cf_str body, struct cf_arena *arena,
	       struct cf_str *ret, struct cf_error *error)
{
	if (store->ops->form)
		return store->ops->form(store, body, arena, ret, error);
	*ret = body;
	return 0;
}
