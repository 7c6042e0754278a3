/* The checkpoint, the counters beside it, and usage. All tolerate being lost:
 * then everything is read again, and nothing is written that is there already. */
#include "sync/engine.h"

#include "sync/limits.h"

static size_t usage_index(const struct slot_kind *kind)
{
	const struct catalog_type *type = kind->major->type;

	return type->index * LIMIT_MAJORS + (size_t)(kind->major - type->majors);
}

void usage_note(struct sync *sync, const struct slot_kind *kind, uint64_t writes)
{
	struct usage *usage = &sync->usage[usage_index(kind)];

	usage->writes += writes;
	usage->last_ms = sync->env->now_ms(sync->env->ctx);
	usage->dirty = true;
}

static uint64_t number_of(struct json_value object, const char *name)
{
	struct json_value value = json_member(object, str_of(name));
	int64_t number = 0;

	if (json_kind(value) == JSON_NUMBER)
		(void)json_number_int64(json_span(value), &number);
	return number > 0 ? (uint64_t)number : 0;
}

/* Reads one state record; absent where there is none. */
static int read_record(struct sync *sync, struct cf_str id, struct json_value *ret,
		       struct cf_error *error)
{
	struct cf_get get = {.id = id};
	struct cf_record record = {0};
	int rc = store_get(sync->state, &get, 1, CF_READ_BODIES, &sync->step, &record, error);

	*ret = JSON_ABSENT;
	if (rc || record.revision_count == 0 || record.revisions[0].deleted)
		return rc;
	return bench_keep(&sync->bench, record.revisions[0].body, ret, error);
}

static int load_usage(struct sync *sync, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(sync->catalog, &types);
	int rc = 0;

	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count && rc == 0; k++) {
			struct slot_kind kind = {.major = &types[i].majors[k]};
			struct usage *usage = &sync->usage[usage_index(&kind)];
			struct cf_str id = arena_printf(&sync->step, "usage/%.*s@%u",
							STR_ARG(types[i].name), kind.major->major);
			struct json_value body;

			rc = id.ptr ? read_record(sync, id, &body, error) : error_nomem(error);
			usage->writes = number_of(body, "writes");
			usage->last_ms = (int64_t)number_of(body, "last_ms");
		}
	}
	return rc;
}

/* Another catalog: everything is read again, for there are documents to make that
 * nobody has written to. */
int checkpoint_load(struct sync *sync, struct cf_error *error)
{
	struct json_value body, since, fingerprint;
	struct cf_str text;
	int rc = read_record(sync, STR("checkpoint"), &body, error);

	if (rc)
		return rc;
	since = json_member(body, STR("since"));
	fingerprint = json_member(body, STR("catalog"));
	sync->before.changes = number_of(body, "changes");
	sync->before.documents_written = number_of(body, "documents_written");
	sync->before.passed_over = number_of(body, "passed_over");
	sync->before.unsupported = number_of(body, "unsupported");
	text = STR("");
	if (json_kind(since) == JSON_STRING && json_kind(fingerprint) == JSON_STRING &&
	    str_equal(json_inner(fingerprint), str_of(sync->fingerprint)))
		rc = json_decode(since, &sync->step, &text);
	sync->since = rc ? NULL : text_dup(sync->mem, text);
	if (!sync->since)
		return error_nomem(error);
	return load_usage(sync, error);
}

static int add_put(struct sync *sync, struct cf_put *puts, size_t *count, struct cf_str id,
		   struct cf_str body)
{
	(void)sync;
	if (!id.ptr || !body.ptr)
		return CF_ERR_NOMEM;
	puts[(*count)++] = (struct cf_put){.id = id, .kind = CF_PUT_ANY, .body = body};
	return 0;
}

static int add_usage(struct sync *sync, struct cf_put *puts, size_t *count)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(sync->catalog, &types);
	int rc = 0;

	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count && rc == 0; k++) {
			struct slot_kind kind = {.major = &types[i].majors[k]};
			struct usage *usage = &sync->usage[usage_index(&kind)];
			struct cf_buf *out = &sync->bench.scratch;

			if (!usage->dirty)
				continue;
			buf_clear(out);
			buf_printf(out,
				   "{\"version\":\"%.*s@%u\",\"writes\":%llu,\"last_ms\":%lld,"
				   "\"last\":",
				   STR_ARG(types[i].name), kind.major->major,
				   (unsigned long long)usage->writes, (long long)usage->last_ms);
			record_time(usage->last_ms, out);
			buf_byte(out, '}');
			rc = add_put(sync, puts, count,
				     arena_printf(&sync->step, "usage/%.*s@%u",
						  STR_ARG(types[i].name), kind.major->major),
				     arena_dup(&sync->step, buf_view(out)));
			usage->dirty = false;
		}
	}
	return rc;
}

int checkpoint_save(struct sync *sync, struct cf_str token, struct cf_error *error)
{
	const struct sync_counters *now = &sync->counters, *before = &sync->before;
	const struct catalog_type *types;
	size_t max = catalog_types(sync->catalog, &types) * LIMIT_MAJORS + 1, count = 0;
	struct cf_put *puts = arena_calloc(&sync->step, max, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(&sync->step, max, sizeof(*answers));
	struct cf_buf *out = &sync->bench.scratch;
	char *since = text_dup(sync->mem, token);
	int64_t now_ms = sync->env->now_ms(sync->env->ctx);
	int rc;

	if (!puts || !answers || !since)
		return error_nomem(error);
	buf_clear(out);
	buf_str(out, STR("{\"since\":"));
	json_write_string(token, out);
	buf_printf(out,
		   ",\"catalog\":\"%s\",\"changes\":%llu,\"documents_written\":%llu,"
		   "\"passed_over\":%llu,\"unsupported\":%llu,\"updated_ms\":%lld,\"at\":",
		   sync->fingerprint, (unsigned long long)(before->changes + now->changes),
		   (unsigned long long)(before->documents_written + now->documents_written),
		   (unsigned long long)(before->passed_over + now->passed_over),
		   (unsigned long long)(before->unsupported + now->unsupported), (long long)now_ms);
	record_time(now_ms, out);
	buf_byte(out, '}');
	rc = add_put(sync, puts, &count, STR("checkpoint"), arena_dup(&sync->step, buf_view(out)));
	if (rc == 0)
		rc = add_usage(sync, puts, &count);
	rc = rc ? error_nomem(error)
		: store_put(sync->state, puts, count, &sync->step, answers, error);
	if (rc) {
		mem_free(sync->mem, since);
		return rc;
	}
	sync->counters.records_written += count;
	mem_free(sync->mem, sync->since);
	sync->since = since;
	return 0;
}

int quarantine_document(struct sync *sync, struct cf_str id, const struct cf_error *why,
			struct cf_error *error)
{
	struct cf_buf *out = &sync->bench.scratch;
	struct cf_put put = {.kind = CF_PUT_ANY};
	struct cf_answer answer;

	put.id = arena_printf(&sync->step, "quarantine/#%.*s", STR_ARG(id));
	buf_clear(out);
	buf_str(out, STR("{\"id\":"));
	json_write_string(id, out);
	buf_printf(out, ",\"error\":\"%s\",\"reason\":", cf_error_name(why->code));
	json_write_string(str_of(why->message), out);
	buf_str(out, STR(",\"since\":"));
	record_time(sync->env->now_ms(sync->env->ctx), out);
	buf_byte(out, '}');
	put.body = arena_dup(&sync->step, buf_view(out));
	if (!put.id.ptr || !put.body.ptr)
		return error_nomem(error);
	return store_put(sync->state, &put, 1, &sync->step, &answer, error);
}
