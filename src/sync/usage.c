/* Usage: how much each version is written by others than us.
 *
 * A write counts when a base takes it that did not know it: what the feed repeats is known
 * by then, and what we write is known before it is written. Until everything was read once,
 * documents of lineages that nobody knows are counted as found, too; while a state is
 * rebuilt nothing is counted, for nobody knows who wrote what.
 *
 * What bases take is added in the call that writes them, so that both are there or neither;
 * what of it was refused is taken off again with the next call. Several runs and
 * lanes add to one record, each on top of what it read. What is too much for one request of a
 * store without transactions goes in parts, each with what is counted of it (landing.c).
 */
#include "sync/worker.h"

#include <stdlib.h>

static void count(struct worker *worker, const struct slot_kind *kind, uint64_t writes,
		  bool first_sight, int sign)
{
	struct usage *usage = &worker->usage[major_index(kind->major)];

	if (first_sight && !worker->facts.read_all) {
		usage->new_found += sign;
		writes = 1;
	}
	usage->new_writes += sign * (int64_t)writes;
	usage->last_ms = worker->env->now_ms(worker->env->ctx);
}

void usage_note(struct worker *worker, const struct lineage *lineage, int sign)
{
	const struct family *family = lineage->name.family;

	if (lineage->failure || (worker->facts.rebuilding && !worker->facts.read_all))
		return;
	for (size_t i = 0; i < family->own_count; i++)
		if (lineage->slots[i].outside_writes)
			count(worker, lineage->slots[i].kind, lineage->slots[i].outside_writes,
			      !lineage->base.exists, sign);
}

void usage_forget(struct worker *worker)
{
	for (size_t i = 0; i < worker->shared->place_count && worker->usage; i++) {
		mem_free(worker->mem, worker->usage[i].rev);
		worker->usage[i] = (struct usage){.rev = NULL};
	}
	worker->usage_stale = true;
}

/* --- the records --------------------------------------------------------------------- */

/* All versions of the catalog, in its order, with their places in arrays. */
struct places {
	const struct catalog_major **majors;
	struct state_key *keys; /* of their records */
	size_t count;
};

static int list_places(const struct catalog *catalog, struct cf_arena *arena, struct places *ret)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(catalog, &types), max = type_count * LIMIT_MAJORS + 1;

	*ret = (struct places){.keys = arena_calloc(arena, max, sizeof(*ret->keys)),
			       .majors = arena_calloc(arena, max, sizeof(*ret->majors))};
	if (!ret->keys || !ret->majors)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];
			struct cf_str version = arena_printf(arena, "%.*s@%u",
							     STR_ARG(types[i].name), major->major);

			if (!version.ptr)
				return CF_ERR_NOMEM;
			ret->majors[ret->count] = major;
			ret->keys[ret->count++] = (struct state_key){STATE_USAGE, version};
		}
	}
	return 0;
}

static int take_record(struct worker *worker, struct usage *usage,
		       const struct state_record *record, struct json_doc *doc,
		       struct cf_error *error)
{
	int64_t last_ms;
	int rc = state_exists(record) ? state_read(record, doc, error)
				      : json_read(doc, "{}", 2, JSON_READ_DOCUMENT, error);

	if (rc)
		return rc;
	mem_free(worker->mem, usage->rev);
	usage->rev = text_dup(worker->mem, record->rev);
	if (!usage->rev)
		return error_nomem(error);
	usage->writes = record_number(json_root(doc), "writes");
	usage->found = record_number(json_root(doc), "found");
	last_ms = (int64_t)record_number(json_root(doc), "last_ms");
	usage->last_ms = last_ms > usage->last_ms ? last_ms : usage->last_ms;
	return 0;
}

int usage_load(struct worker *worker, struct cf_error *error)
{
	struct cf_arena *arena = &worker->step;
	struct state_record *records;
	struct places places;
	struct json_doc doc;
	int rc = list_places(worker->shared->catalog, arena, &places);

	records = arena_calloc(arena, places.count + 1, sizeof(*records));
	if (rc || !records)
		return error_nomem(error);
	json_doc_init(&doc, worker->mem);
	rc = state_get(worker->state, places.keys, places.count, arena, records, error);
	for (size_t i = 0; i < places.count && rc == 0; i++)
		rc = take_record(worker, &worker->usage[major_index(places.majors[i])], &records[i],
				 &doc, error);
	json_doc_fini(&doc);
	worker->usage_stale = rc != 0;
	return rc;
}

static int make_put(struct worker *worker, const struct usage *usage, struct state_key key,
		    struct state_put *ret)
{
	struct cf_buf *out = &worker->bench.scratch;

	buf_clear(out);
	buf_str(out, STR("{\"version\":"));
	json_write_string(key.name, out);
	buf_printf(out, ",\"writes\":%llu,\"found\":%llu,\"last_ms\":%lld",
		   (unsigned long long)(usage->writes + (uint64_t)usage->new_writes),
		   (unsigned long long)(usage->found + (uint64_t)usage->new_found),
		   (long long)usage->last_ms);
	if (usage->last_ms) {
		buf_str(out, STR(",\"last\":"));
		record_time(usage->last_ms, out);
	}
	buf_byte(out, '}');
	*ret = (struct state_put){.key = key,
				  .condition = usage->rev[0] ? CF_PUT_ON_REV : CF_PUT_ABSENT,
				  .rev = str_of(usage->rev),
				  .body = arena_dup_buf(&worker->step, out)};
	return out->failed || !ret->body.ptr ? CF_ERR_NOMEM : 0;
}

static bool has_more(const struct worker *worker)
{
	for (size_t i = 0; i < worker->shared->place_count; i++)
		if (worker->usage[i].new_writes || worker->usage[i].new_found)
			return true;
	return false;
}

int usage_puts(struct worker *worker, struct usage_puts *ret, struct cf_error *error)
{
	struct places places;
	int rc = 0;

	*ret = (struct usage_puts){.count = 0};
	if (!has_more(worker))
		return 0;
	if (worker->usage_stale)
		rc = usage_load(worker, error);
	if (rc == 0 && list_places(worker->shared->catalog, &worker->step, &places))
		rc = error_nomem(error);
	if (rc)
		return rc;
	ret->puts = arena_calloc(&worker->step, places.count + 1, sizeof(*ret->puts));
	ret->of = arena_calloc(&worker->step, places.count + 1, sizeof(*ret->of));
	if (!ret->puts || !ret->of)
		return error_nomem(error);
	for (size_t i = 0; i < places.count; i++) {
		struct usage *usage = &worker->usage[major_index(places.majors[i])];

		if (usage->new_writes == 0 && usage->new_found == 0)
			continue;
		ret->of[ret->count] = usage;
		if (make_put(worker, usage, places.keys[i], &ret->puts[ret->count++]))
			return error_nomem(error);
	}
	return 0;
}

int usage_answered(struct worker *worker, const struct usage_puts *puts,
		   const struct cf_answer *answers, struct cf_error *error)
{
	for (size_t i = 0; i < puts->count; i++) {
		struct usage *usage = puts->of[i];

		/* Somebody else added to it: again on top of that, with the next call. */
		if (answers[i].code) {
			worker->usage_stale = true;
			continue;
		}
		if (text_replace(worker->mem, &usage->rev, answers[i].rev))
			return error_nomem(error);
		usage->writes += (uint64_t)usage->new_writes;
		usage->found += (uint64_t)usage->new_found;
		usage->new_writes = usage->new_found = 0;
		worker->done.counters.records_written++;
	}
	return 0;
}

int usage_save(struct worker *worker, struct cf_error *error)
{
	struct usage_puts puts;
	struct cf_answer *answers;
	int rc = usage_puts(worker, &puts, error);

	if (rc || puts.count == 0)
		return rc;
	answers = arena_calloc(&worker->step, puts.count, sizeof(*answers));
	if (!answers)
		return error_nomem(error);
	rc = state_put(worker->state, puts.puts, puts.count, &worker->step, answers, error);
	return rc ? rc : usage_answered(worker, &puts, answers, error);
}

/* --- looking on -------------------------------------------------------------------------- */

struct usage_list {
	struct cf_arena *arena;
	struct sync_usage *all;
	size_t count, cap;
};

static struct sync_usage *usage_of(struct usage_list *r, struct cf_str version)
{
	for (size_t i = 0; i < r->count; i++)
		if (str_equal(r->all[i].version, version))
			return &r->all[i];
	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		struct sync_usage *grown = arena_calloc(r->arena, cap, sizeof(*grown));

		if (!grown)
			return NULL;
		if (r->count)
			memcpy(grown, r->all, r->count * sizeof(*grown));
		r->all = grown;
		r->cap = cap;
	}
	r->all[r->count].version = arena_dup(r->arena, version);
	return r->all[r->count].version.ptr ? &r->all[r->count++] : NULL;
}

static int read_entry(void *ctx, struct cf_str id, struct json_value body)
{
	struct usage_list *r = ctx;
	struct sync_usage *usage = usage_of(r, id);

	if (!usage)
		return CF_ERR_NOMEM;
	usage->writes = record_number(body, "writes");
	usage->found = record_number(body, "found");
	usage->last_ms = (int64_t)record_number(body, "last_ms");
	return 0;
}

/* The versions of the catalog come first, in its order. */
static int add_catalog(struct usage_list *r, const struct catalog *catalog)
{
	struct places places = {.count = 0};
	int rc = catalog ? list_places(catalog, r->arena, &places) : 0;

	for (size_t i = 0; i < places.count && rc == 0; i++) {
		struct sync_usage *usage = usage_of(r, places.keys[i].name);

		if (!usage)
			return CF_ERR_NOMEM;
		usage->served = places.majors[i]->supported;
	}
	return rc;
}

int sync_usage_read(const struct state *state, const struct catalog *catalog,
		    struct cf_arena *arena, struct sync_usage **ret, size_t *ret_count,
		    struct cf_error *error)
{
	struct usage_list r = {.arena = arena};
	struct sync_retired *retired;
	size_t retired_count = 0;
	int rc = add_catalog(&r, catalog) ? error_nomem(error) : 0;

	if (rc == 0)
		rc = sync_walk(state, SYNC_USAGE, read_entry, &r, arena->mem, error);
	if (rc == CF_ERR_NOMEM)
		return error_nomem(error);
	if (rc == 0)
		rc = sync_retired_read(state, arena, &retired, &retired_count, error);
	for (size_t i = 0; i < r.count && rc == 0; i++) {
		r.all[i].served = r.all[i].served || !catalog;
		for (size_t k = 0; k < retired_count; k++)
			if (str_equal(retired[k].version, r.all[i].version))
				r.all[i].served = false;
	}
	*ret = r.all;
	*ret_count = r.count;
	return rc;
}
