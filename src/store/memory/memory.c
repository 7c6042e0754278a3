/* The memory store: the reference of the contract, and the simulator's store.
 *
 * All data is in this process and goes with the last handle. It keeps bodies of
 * ancestors for as long as it remembers them, as CouchDB does until it is
 * compacted. Left out: transactions; a call that fails for want of memory has done
 * the puts before the one that failed.
 */
#include "store/limits.h"
#include "store/memory/data.h"
#include "store/stores.h"
#include "store/token.h"
#include "store/url.h"

#include <time.h>

struct memory_store {
	struct cf_store store;
	struct memory_data *data;
	struct cf_mem mem;
	struct cf_env env;
	struct json_doc doc; /* of puts and finds */
	size_t revs_max;
	enum form_kind form;
	bool readonly;
};

static int memory_open(struct cf_store **ret, const char *url, const struct cf_env *env,
		       const struct cf_mem *mem, struct cf_error *error)
{
	struct memory_store *store = mem_calloc(mem, 1, sizeof(*store));
	struct store_url parts;
	struct cf_arena arena;
	int rc;

	arena_init(&arena, mem);
	if (!store)
		return error_nomem(error);
	rc = store_url_read(url, &arena, &parts, error);
	if (rc == 0 && (parts.table.ptr || parts.key.ptr))
		rc = error_set(error, CF_ERR_USAGE, "a memory store has no tables");
	rc = rc ? rc : memory_data_open(&store->data, parts.path, parts.create, mem, error);
	if (rc == 0) {
		store->store = (struct cf_store){.ops = &memory_ops,
						 .capabilities = memory_ops.capabilities,
						 .keys = {.count = 1}};
		store->mem = *mem;
		store->env = *env;
		store->revs_max = parts.revs ? parts.revs : STORE_REVS_DEFAULT;
		store->form = parts.couchdb_form ? FORM_COUCHDB : FORM_NONE;
		store->readonly = parts.readonly;
		json_doc_init(&store->doc, &store->mem);
		*ret = &store->store;
	} else {
		mem_free(mem, store);
	}
	arena_fini(&arena);
	return rc;
}

static void memory_close(struct cf_store *base)
{
	struct memory_store *store = (struct memory_store *)base;
	struct cf_mem mem = store->mem;

	memory_data_close(store->data);
	json_doc_fini(&store->doc);
	mem_free(&mem, store);
}

/* Each operation works on data in which nothing has expired. */
static int lock(struct memory_store *store, struct cf_arena *arena)
{
	struct apply apply = {.arena = arena,
			      .doc = store->doc,
			      .revs_max = store->revs_max,
			      .form = store->form};
	struct memory_data *data = store->data;
	int rc = 0;

	pthread_mutex_lock(&data->lock);
	if (data->expires_first) {
		rc = memory_expire(data, &apply, store->env.now_ms(store->env.ctx));
		store->doc = apply.doc;
	}
	return rc;
}

/* --- reading --------------------------------------------------------------------- */

static struct cf_str copy(struct cf_arena *arena, struct cf_str s, bool *failed)
{
	struct cf_str copied = s;

	if (s.ptr) {
		copied = arena_dup(arena, s);
		*failed = *failed || !copied.ptr;
	}
	return copied;
}

static int copy_attachments(const struct cf_revision *from, unsigned flags, struct cf_arena *arena,
			    struct cf_revision *ret)
{
	struct cf_attachment *attachments =
		arena_calloc(arena, from->attachment_count, sizeof(*attachments));
	bool failed = !attachments;

	for (size_t i = 0; i < from->attachment_count && !failed; i++) {
		const struct cf_attachment *one = &from->attachments[i];

		attachments[i] = (struct cf_attachment){copy(arena, one->name, &failed),
							copy(arena, one->content_type, &failed),
							copy(arena, one->digest, &failed),
							one->length,
							{NULL, 0}};
		if (flags & CF_READ_ATTACHMENTS)
			attachments[i].data = copy(arena, one->data, &failed);
	}
	ret->attachments = attachments;
	ret->attachment_count = from->attachment_count;
	return failed ? CF_ERR_NOMEM : 0;
}

/* What the caller asked for; others may change the data when the lock is gone. */
static int copy_revision(const struct cf_revision *from, unsigned flags, struct cf_arena *arena,
			 struct cf_revision *ret)
{
	bool failed = false;

	*ret = (struct cf_revision){
		.deleted = from->deleted, .raw = from->raw, .expires_ms = from->expires_ms};
	ret->rev = copy(arena, from->rev, &failed);
	if (flags & CF_READ_BODIES)
		ret->body = copy(arena, from->body, &failed);
	if (flags & CF_READ_HISTORIES) {
		struct cf_str *history = arena_alloc(arena, from->history_count * sizeof(*history));

		failed = failed || !history;
		for (size_t i = 0; i < from->history_count && !failed; i++)
			history[i] = copy(arena, from->history[i], &failed);
		ret->history = history;
		ret->history_count = from->history_count;
	}
	if (!failed && from->attachment_count)
		return copy_attachments(from, flags, arena, ret);
	return failed ? CF_ERR_NOMEM : 0;
}

static int read_record(const struct memory_record *record, unsigned flags, struct cf_arena *arena,
		       struct cf_record *ret)
{
	size_t count = flags & CF_READ_LEAVES ? record->leaf_count : 1;
	struct cf_revision *revisions = arena_calloc(arena, count, sizeof(*revisions));
	bool failed = !revisions;
	int rc = 0;

	*ret = (struct cf_record){.id = copy(arena, record->id, &failed),
				  .revisions = revisions,
				  .revision_count = count};
	if (failed)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = copy_revision(record->leaves[i], flags, arena, &revisions[i]);
	return rc;
}

/* One revision, a leaf or an ancestor: its way is the leaf's, from there on. */
static int read_revision(const struct memory_record *record, struct cf_str rev, unsigned flags,
			 struct cf_arena *arena, struct cf_record *ret)
{
	struct cf_revision *revision = arena_calloc(arena, 1, sizeof(*revision));
	struct cf_revision found = {0};
	struct tree tree;

	if (!revision || memory_tree(record, arena, &tree))
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < tree.count && !found.rev.ptr; i++) {
		ptrdiff_t at = tree_find(&tree.leaves[i], rev);

		if (at == 0)
			found = *record->leaves[i];
		for (size_t k = 0; k < record->old_count && at > 0; k++)
			if (str_equal(record->old[k]->rev, rev))
				found = *record->old[k];
		if (at >= 0) {
			found.rev = rev;
			found.history = tree.leaves[i].history + at;
			found.history_count = tree.leaves[i].history_count - (size_t)at;
		}
	}
	if (!found.rev.ptr)
		return 0;
	ret->revisions = revision;
	ret->revision_count = 1;
	return copy_revision(&found, flags, arena, revision);
}

static int memory_get(struct cf_store *base, const struct cf_get *gets, size_t count,
		      unsigned flags, struct cf_arena *arena, struct cf_record *ret,
		      struct cf_error *error)
{
	struct memory_store *store = (struct memory_store *)base;
	int rc = lock(store, arena);

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct memory_record *record = memory_find(store->data, gets[i].id);

		ret[i] = (struct cf_record){.id = gets[i].id};
		if (record && gets[i].rev.len)
			rc = read_revision(record, gets[i].rev, flags, arena, &ret[i]);
		else if (record)
			rc = read_record(record, flags, arena, &ret[i]);
	}
	pthread_mutex_unlock(&store->data->lock);
	return rc ? error_nomem(error) : 0;
}

static int memory_put(struct cf_store *base, const struct cf_put *puts, size_t count,
		      struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct memory_store *store = (struct memory_store *)base;
	struct apply apply = {.arena = arena, .revs_max = store->revs_max, .form = store->form};
	int rc;

	if (store->readonly)
		return error_set(error, CF_ERR_READONLY, "opened with readonly=1");
	rc = lock(store, arena);
	apply.doc = store->doc;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = memory_put_one(store->data, &apply, &puts[i], &ret[i]);
	pthread_cond_broadcast(&store->data->changed);
	pthread_mutex_unlock(&store->data->lock);
	store->doc = apply.doc;
	return rc ? error_nomem(error) : 0;
}

/* --- walking ----------------------------------------------------------------------- */

static int walk(struct memory_store *store, const struct cf_find *find, struct json_doc *values,
		struct cf_arena *arena, struct cf_record *records, size_t *ret_count)
{
	const struct cf_scan *scan = &find->scan;
	bool behind = scan->after.len && str_compare(scan->after, scan->prefix) >= 0;
	struct memory_record *at =
		memory_after(store->data, behind ? scan->after : scan->prefix, !behind);
	uint64_t until = token_until(scan->until, store->data->seq);
	int rc = 0;

	for (; at && rc == 0 && *ret_count < scan->limit; at = at->next[0]) {
		bool matches = !at->leaves[0]->deleted && at->seq <= until;

		if (!str_starts_with(at->id, scan->prefix))
			break;
		if (matches && find->condition_count)
			rc = find_matches(&store->doc, at->leaves[0]->body, find, values, &matches);
		if (rc == 0 && matches)
			rc = read_record(at, scan->flags, arena, &records[(*ret_count)++]);
	}
	return rc;
}

static int memory_find_all(struct cf_store *base, const struct cf_find *find,
			   struct cf_arena *arena, struct cf_record **ret, size_t *ret_count,
			   struct cf_error *error)
{
	struct memory_store *store = (struct memory_store *)base;
	struct json_doc *values = NULL;
	struct cf_record *records;
	size_t count = 0;
	int rc = find_open(find, arena, &store->mem, &values, error);

	if (rc)
		return rc;
	records = arena_alloc(arena, find->scan.limit * sizeof(*records));
	rc = lock(store, arena);
	rc = rc ? rc : records ? walk(store, find, values, arena, records, &count) : CF_ERR_NOMEM;
	pthread_mutex_unlock(&store->data->lock);
	find_close(values, find->condition_count);
	if (rc)
		return error_nomem(error);
	*ret = records;
	*ret_count = count;
	return 0;
}

static int memory_scan(struct cf_store *base, const struct cf_scan *scan, struct cf_arena *arena,
		       struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_find find = {.scan = *scan};

	return memory_find_all(base, &find, arena, ret, ret_count, error);
}

/* --- changes ------------------------------------------------------------------------ */

/* Returns when there is something behind `seq`, or after wait_ms. */
static void wait_for(struct memory_data *data, uint64_t seq, unsigned wait_ms)
{
	struct timespec until;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ns = (uint64_t)until.tv_nsec + (uint64_t)wait_ms * 1000000;
	until.tv_sec += (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	while (data->seq <= seq)
		if (pthread_cond_timedwait(&data->changed, &data->lock, &until))
			break;
}

static int list_changes(struct memory_data *data, uint64_t seq, const struct cf_changes *how,
			struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
			struct cf_str *ret_token)
{
	size_t at = memory_log_find(data, seq), max = data->log_count - at;
	struct cf_change *changes;
	size_t count = 0;
	int rc = 0;

	if (max > how->limit)
		max = how->limit;
	changes = arena_alloc(arena, max * sizeof(*changes));
	if (!changes)
		return CF_ERR_NOMEM;
	for (; at < data->log_count && count < max && rc == 0; at++) {
		struct memory_entry entry = data->log[at];

		if (entry.record->seq != entry.seq)
			continue;
		seq = entry.seq;
		rc = read_record(entry.record, how->flags, arena, &changes[count].record);
		rc = rc ? rc : token_write(seq, arena, &changes[count++].token);
	}
	*ret = changes;
	*ret_count = count;
	return rc ? rc : token_write(seq, arena, ret_token);
}

static int memory_changes(struct cf_store *base, const struct cf_changes *changes,
			  struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
			  struct cf_str *ret_token, struct cf_error *error)
{
	struct memory_data *data = ((struct memory_store *)base)->data;
	uint64_t seq = 0;
	int rc = lock((struct memory_store *)base, arena);

	rc = rc ? error_nomem(error) : token_read(changes->since, data->seq, &seq, error);
	if (rc == 0) {
		if (changes->wait_ms)
			wait_for(data, seq, changes->wait_ms);
		rc = list_changes(data, seq, changes, arena, ret, ret_count, ret_token);
		rc = rc ? error_nomem(error) : 0;
	}
	pthread_mutex_unlock(&data->lock);
	return rc;
}

static int memory_behind(struct cf_store *base, struct cf_str since, uint64_t *ret,
			 struct cf_error *error)
{
	struct memory_data *data = ((struct memory_store *)base)->data;
	uint64_t seq = 0, count = 0;
	int rc;

	pthread_mutex_lock(&data->lock);
	rc = token_read(since, data->seq, &seq, error);
	for (size_t at = memory_log_find(data, seq); at < data->log_count && rc == 0; at++)
		count += data->log[at].record->seq == data->log[at].seq;
	pthread_mutex_unlock(&data->lock);
	if (rc == 0)
		*ret = count;
	return rc;
}

static int memory_info(struct cf_store *base, struct cf_arena *arena, struct cf_store_info *ret,
		       struct cf_error *error)
{
	struct memory_data *data = ((struct memory_store *)base)->data;
	int rc = lock((struct memory_store *)base, arena);

	*ret = (struct cf_store_info){.records = data->alive, .records_deleted = data->deleted};
	rc = rc ? rc : token_write(data->seq, arena, &ret->token);
	pthread_mutex_unlock(&data->lock);
	return rc ? error_nomem(error) : 0;
}

static int memory_notes(struct cf_store *base, const struct cf_scan *scan, struct cf_arena *arena,
			struct cf_note **ret, size_t *ret_count, struct cf_error *error)
{
	struct memory_data *data = ((struct memory_store *)base)->data;
	int rc;

	pthread_mutex_lock(&data->lock);
	rc = memory_notes_list(data, scan, arena, ret, ret_count);
	pthread_mutex_unlock(&data->lock);
	return rc ? error_nomem(error) : 0;
}

/* Fences are tombstones here: they are not ours alone, and stay. */
static int memory_forget(struct cf_store *base, struct cf_error *error)
{
	struct memory_store *store = (struct memory_store *)base;

	if (store->readonly)
		return error_set(error, CF_ERR_READONLY, "opened with readonly=1");
	pthread_mutex_lock(&store->data->lock);
	memory_notes_forget(store->data);
	pthread_mutex_unlock(&store->data->lock);
	return 0;
}

/* Nothing here waits for anybody, but for changes, which say how long. */
static int memory_set_timeout(struct cf_store *base, unsigned ms, struct cf_error *error)
{
	(void)base;
	(void)ms;
	(void)error;
	return 0;
}

static int memory_form(struct cf_store *base, struct cf_str body, struct cf_arena *arena,
		       struct cf_str *ret, struct cf_error *error)
{
	struct memory_store *store = (struct memory_store *)base;

	int rc = json_read(&store->doc, body.ptr, body.len, JSON_READ_DOCUMENT, error);

	return rc ? rc : form_of(store->form, json_root(&store->doc), arena, ret, error);
}

const struct cf_store_ops memory_ops = {
	.name = "memory",
	.capabilities = CF_STORE_CHANGES | CF_STORE_CAS | CF_STORE_HISTORIES | CF_STORE_ORDERED |
			CF_STORE_ATTACHMENTS | CF_STORE_FIND | CF_STORE_SORTED | CF_STORE_NOTES |
			CF_STORE_FENCES | CF_STORE_TIMEOUTS | CF_STORE_EXPIRY | CF_STORE_BYTES |
			CF_STORE_FRESH_REVS,
	.open = memory_open,
	.close = memory_close,
	.get = memory_get,
	.put = memory_put,
	.scan = memory_scan,
	.changes = memory_changes,
	.find = memory_find_all,
	.behind = memory_behind,
	.info = memory_info,
	.form = memory_form,
	.notes = memory_notes,
	.forget = memory_forget,
	.set_timeout = memory_set_timeout,
};
