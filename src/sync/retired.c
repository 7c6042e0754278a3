/* Versions that are no longer served, whatever the catalog's folder still has.
 *
 * One record of the state, `retired`, names them all: {"versions": [{"version":
 * "todo-item@1", "at": TIME}]}. A run reads it again with each batch, behind the
 * documents: whoever sees a tombstone of a purge has seen the record that came before
 * it, and does not take it for a delete by a person.
 */
#include "sync/engine.h"

static int read_record(const struct state *state, struct cf_arena *arena, struct state_record *ret,
		       struct cf_error *error)
{
	return state_get_one(state, (struct state_key){STATE_RETIRED}, arena, ret, error);
}

static int parse_record(const struct state_record *record, struct cf_arena *arena,
			struct sync_retired **ret, size_t *ret_count, struct cf_error *error)
{
	struct json_doc doc;
	struct json_iter it;
	int rc;

	*ret = NULL;
	*ret_count = 0;
	if (!state_exists(record))
		return 0;
	json_doc_init(&doc, arena->mem);
	rc = state_read(record, &doc, error);
	it = json_iter(rc ? JSON_ABSENT : json_member(json_root(&doc), STR("versions")));
	*ret = arena_calloc(arena, json_count(it.value) + 1, sizeof(**ret));
	if (rc == 0 && !*ret)
		rc = error_nomem(error);
	while (rc == 0 && json_next(&it)) {
		struct sync_retired *one = &(*ret)[*ret_count];
		struct json_value version = json_member(it.value, STR("version"));
		struct json_value at = json_member(it.value, STR("at"));

		if (json_kind(version) != JSON_STRING || json_kind(at) != JSON_STRING)
			continue;
		one->version = arena_dup(arena, json_inner(version));
		one->at = arena_dup(arena, json_inner(at));
		(*ret_count)++;
		if (!one->version.ptr || !one->at.ptr)
			rc = error_nomem(error);
	}
	json_doc_fini(&doc);
	return rc;
}

int sync_retired_read(const struct state *state, struct cf_arena *arena, struct sync_retired **ret,
		      size_t *ret_count, struct cf_error *error)
{
	struct state_record record = {0};
	int rc = read_record(state, arena, &record, error);

	*ret_count = 0;
	return rc ? rc : parse_record(&record, arena, ret, ret_count, error);
}

/* --- for a run ---------------------------------------------------------------------- */

static void mark(const struct catalog *catalog, const struct sync_retired *all, size_t count,
		 struct cf_arena *arena, bool *retired)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(catalog, &types);

	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];
			struct cf_str place = arena_printf(arena, "%.*s@%u", STR_ARG(types[i].name),
							   major->major);

			for (size_t n = 0; n < count; n++)
				if (str_equal(place, all[n].version))
					retired[major_index(major)] = true;
		}
	}
}

int retired_load(struct sync *sync, struct cf_error *error)
{
	struct sync_registry *shared = sync->shared;
	bool *retired = arena_calloc(&sync->step, shared->place_count, sizeof(bool));
	struct state_record record = {0};
	const struct served *served;
	struct sync_retired *all;
	size_t count;
	int rc = retired ? read_record(sync->state, &sync->step, &record, error)
			 : error_nomem(error);

	if (rc == 0)
		rc = parse_record(&record, &sync->step, &all, &count, error);
	if (rc)
		return rc;
	mark(shared->catalog, all, count, &sync->step, retired);
	/* What hangs together depends on it. */
	rc = served_get(shared, retired, &served, error);
	if (rc == 0 && text_replace(sync->mem, &sync->retired_rev, record.rev))
		rc = error_nomem(error);
	if (rc)
		return rc;
	sync->registry = &served->registry;
	sync->other_retired = false;
	return 0;
}

/* --- retiring ------------------------------------------------------------------------ */

/* Whether the others can be kept in agreement without it. */
static int check_rest(const struct catalog *catalog, const struct catalog_major *major,
		      bool *retired, const struct cf_mem *mem, struct cf_error *error)
{
	struct registry registry;
	size_t served = 0;
	int rc;

	retired[major_index(major)] = true;
	for (size_t i = 0; i < major->type->major_count; i++) {
		const struct catalog_major *other = &major->type->majors[i];

		served += other->supported && !retired[major_index(other)];
	}
	if (served == 0)
		return error_set(error, CF_ERR_PRECONDITION,
				 "%.*s@%u is the last version of its type that is served",
				 STR_ARG(major->type->name), major->major);
	rc = registry_init(&registry, catalog, retired, mem, error);
	registry_fini(&registry);
	if (rc == CF_ERR_CATALOG) {
		char why[sizeof(error->message)];

		memcpy(why, error->message, sizeof(why));
		rc = error_set(error, CF_ERR_PRECONDITION, "%.*s@%u is needed: %s",
			       STR_ARG(major->type->name), major->major, why);
	}
	return rc;
}

static int write_record(const struct state *state, const struct state_record *old,
			const struct sync_retired *all, size_t count, struct cf_str place,
			int64_t now_ms, struct cf_arena *arena, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_RETIRED},
				.condition = state_exists(old) ? CF_PUT_ON_REV : CF_PUT_ABSENT,
				.rev = old->rev};
	struct cf_buf out;
	int rc;

	buf_init(&out, arena->mem);
	buf_str(&out, STR("{\"versions\":["));
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "{\"version\":\"%.*s\",\"at\":\"%.*s\"},", STR_ARG(all[i].version),
			   STR_ARG(all[i].at));
	buf_printf(&out, "{\"version\":\"%.*s\",\"at\":", STR_ARG(place));
	record_time(now_ms, &out);
	buf_str(&out, STR("}]}"));
	put.body = buf_view(&out);
	rc = out.failed ? error_nomem(error) : state_put_one(state, &put, arena, NULL, error);
	buf_fini(&out);
	return rc;
}

static int retire_once(const struct state *state, const struct catalog *catalog,
		       const struct catalog_major *major, int64_t now_ms, struct cf_arena *arena,
		       bool *ret_already, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(catalog, &types), count;
	bool *retired = arena_calloc(arena, type_count * LIMIT_MAJORS + 1, sizeof(bool));
	struct cf_str place =
		arena_printf(arena, "%.*s@%u", STR_ARG(major->type->name), major->major);
	struct state_record record = {0};
	struct sync_retired *all;
	int rc = retired && place.ptr ? read_record(state, arena, &record, error)
				      : error_nomem(error);

	if (rc == 0)
		rc = parse_record(&record, arena, &all, &count, error);
	if (rc)
		return rc;
	mark(catalog, all, count, arena, retired);
	*ret_already = retired[major_index(major)];
	if (*ret_already)
		return 0;
	rc = check_rest(catalog, major, retired, arena->mem, error);
	return rc ? rc : write_record(state, &record, all, count, place, now_ms, arena, error);
}

int sync_retire(const struct state *state, const struct catalog *catalog,
		const struct catalog_major *major, const struct cf_env *env, bool *ret_already,
		const struct cf_mem *mem, struct cf_error *error)
{
	struct cf_arena arena;
	int rc = CF_ERR_CONFLICT;

	arena_init(&arena, mem);
	for (int tries = 0; tries < SYNC_RETRIES_MAX && rc == CF_ERR_CONFLICT; tries++)
		rc = retire_once(state, catalog, major, env->now_ms(env->ctx), &arena, ret_already,
				 error);
	arena_fini(&arena);
	return rc;
}

int sync_retire_check(const struct state *state, const struct catalog *catalog,
		      const struct catalog_major *major, const struct cf_mem *mem,
		      struct cf_error *error)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(catalog, &types), count;
	struct sync_retired *all;
	struct cf_arena arena;
	bool *retired;
	int rc;

	arena_init(&arena, mem);
	retired = arena_calloc(&arena, type_count * LIMIT_MAJORS + 1, sizeof(bool));
	rc = retired ? sync_retired_read(state, &arena, &all, &count, error) : error_nomem(error);
	if (rc == 0) {
		mark(catalog, all, count, &arena, retired);
		if (!retired[major_index(major)])
			rc = check_rest(catalog, major, retired, mem, error);
	}
	arena_fini(&arena);
	return rc;
}
