/* The documents that tell apps which versions are served.
 *
 * One for each type, schema-support@1:TYPE in the catalog's own id grammar:
 *   {"schema": "schema-support", "version": 1, "type": TYPE, "supported": [2, 3]}
 * It is replicated like any other document. A run writes it when it starts, or when a
 * version is retired, and only where it says something else; so nobody wars over it.
 */
#include "sync/engine.h"

static const struct cf_str support_type = {CATALOG_SUPPORT_TYPE, sizeof(CATALOG_SUPPORT_TYPE) - 1};

int support_init(struct sync_registry *shared)
{
	struct cf_buf a, b;
	size_t head = 0, tail = 0;
	int rc;

	buf_init(&a, shared->mem);
	buf_init(&b, shared->mem);
	rc = catalog_format_id(shared->catalog, support_type, 1, STR("a"), false, &a);
	if (rc == 0)
		rc = catalog_format_id(shared->catalog, support_type, 1, STR("b"), false, &b);
	/* Ids differ in the key alone: what stands before it, and behind it. */
	while (rc == 0 && head < a.len && a.ptr[head] == b.ptr[head])
		head++;
	while (rc == 0 && tail + head < a.len && a.ptr[a.len - 1 - tail] == b.ptr[b.len - 1 - tail])
		tail++;
	shared->support_head = text_dup(shared->mem, (struct cf_str){a.ptr, head});
	shared->support_tail = text_dup(shared->mem, (struct cf_str){a.ptr + a.len - tail, tail});
	buf_fini(&a);
	buf_fini(&b);
	return rc || !shared->support_head || !shared->support_tail ? CF_ERR_NOMEM : 0;
}

void support_fini(struct sync_registry *shared)
{
	mem_free(shared->mem, shared->support_head);
	mem_free(shared->mem, shared->support_tail);
}

bool support_is(const struct sync_registry *shared, struct cf_str id)
{
	struct cf_str head = str_of(shared->support_head), tail = str_of(shared->support_tail);
	struct cf_str end = {id.ptr + id.len - tail.len, tail.len};

	return id.len > head.len + tail.len && str_starts_with(id, head) && str_equal(end, tail);
}

/* A catalog whose own fields are called so has them in the document already. */
static bool is_free(const struct sync *sync, const char *name)
{
	const struct lens_identity *identity = catalog_identity(sync->shared->catalog);

	return !str_equal(identity->type_field, str_of(name)) &&
	       !str_equal(identity->version_field, str_of(name));
}

static int write_body(struct sync *sync, const struct catalog_type *type, struct cf_str *ret)
{
	const struct lens_identity *identity = catalog_identity(sync->shared->catalog);
	struct cf_buf *out = &sync->worker->bench.scratch;
	bool first = true;

	buf_clear(out);
	buf_byte(out, '{');
	json_write_string(identity->type_field, out);
	buf_byte(out, ':');
	json_write_string(support_type, out);
	buf_byte(out, ',');
	json_write_string(identity->version_field, out);
	buf_printf(out, ":1,\"%s\":", is_free(sync, "type") ? "type" : "of");
	json_write_string(type->name, out);
	buf_str(out, STR(",\"supported\":["));
	for (size_t i = 0; i < type->major_count; i++) {
		if (!registry_serves(sync->registry, &type->majors[i]))
			continue;
		buf_printf(out, "%s%u", first ? "" : ",", type->majors[i].major);
		first = false;
	}
	buf_str(out, STR("]}"));
	*ret = arena_dup_buf(&sync->step, out);
	return out->failed || !ret->ptr ? CF_ERR_NOMEM : 0;
}

static int make_puts(struct sync *sync, const struct catalog_type *types, size_t count,
		     struct cf_put *puts, struct cf_get *gets)
{
	for (size_t i = 0; i < count; i++) {
		struct cf_buf *out = &sync->worker->bench.scratch;
		int rc;

		buf_clear(out);
		rc = catalog_format_id(sync->shared->catalog, support_type, 1, types[i].name, false,
				       out);
		gets[i].id = puts[i].id = arena_dup_buf(&sync->step, out);
		if (rc || !puts[i].id.ptr || write_body(sync, &types[i], &puts[i].body))
			return CF_ERR_NOMEM;
	}
	return 0;
}

/* Keeps those that say something else than what stands there. */
static size_t keep_news(struct sync *sync, const struct cf_record *records, struct cf_put *puts,
			size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct cf_revision *now = records[i].revisions;
		struct cf_put put = puts[i];
		struct json_value old, new;

		put.kind = CF_PUT_ABSENT;
		if (records[i].revision_count && !now->deleted) {
			put.kind = CF_PUT_ON_REV;
			put.rev = now->rev;
			if (bench_keep(&sync->worker->bench, now->body, &old, NULL) == 0 &&
			    bench_keep(&sync->worker->bench, put.body, &new, NULL) == 0 &&
			    json_equal(old, new))
				continue;
		}
		puts[kept++] = put;
	}
	return kept;
}

int sync_publish_support(struct sync *sync, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t count = catalog_types(sync->shared->catalog, &types);
	struct cf_put *puts;
	struct cf_get *gets;
	struct cf_record *records;
	struct cf_answer *answers;
	int rc;

	arena_reset(&sync->step);
	bench_reset(&sync->worker->bench);
	puts = arena_calloc(&sync->step, count + 1, sizeof(*puts));
	gets = arena_calloc(&sync->step, count + 1, sizeof(*gets));
	records = arena_calloc(&sync->step, count + 1, sizeof(*records));
	answers = arena_calloc(&sync->step, count + 1, sizeof(*answers));
	if (!puts || !gets || !records || !answers || make_puts(sync, types, count, puts, gets))
		return error_nomem(error);
	rc = store_get(sync->store, gets, count, CF_READ_BODIES, &sync->step, records, error);
	if (rc)
		return rc;
	count = keep_news(sync, records, puts, count);
	if (count)
		rc = store_put(sync->store, puts, count, &sync->step, answers, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		sync->counters.support_written += answers[i].code == 0;
		/* Somebody else was first: another engine, or a person; the next run looks. */
		if (answers[i].code == 0 || answers[i].code == CF_ERR_CONFLICT)
			continue;
		rc = error_set(error, answers[i].code, "%.*s", STR_ARG(answers[i].message));
		error_at_document(error, puts[i].id);
	}
	sync->support_published = rc == 0;
	return rc;
}
