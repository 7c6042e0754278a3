/* What a batch reads: one read for the bases, one for the documents, one for whatever these
 * turned out to need. The number of requests does not grow with what is read. */
#include "sync/batch.h"

#include "sync/limits.h"

static int read_documents(struct worker *worker, struct lineage *lineages, size_t count,
			  struct cf_error *error)
{
	struct bench *bench = &worker->bench;
	size_t total = 0, at = 0;
	struct cf_get *gets;
	struct cf_record *records;
	int rc;

	for (size_t i = 0; i < count; i++)
		total += lineages[i].name.family->own_count;
	gets = arena_calloc(&bench->batch, total + 1, sizeof(*gets));
	records = arena_calloc(&bench->batch, total + 1, sizeof(*records));
	if (!gets || !records)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < lineages[i].name.family->own_count; k++)
			gets[at++].id = lineages[i].slots[k].id;
	rc = store_get(worker->store, gets, total,
		       CF_READ_BODIES | CF_READ_LEAVES | CF_READ_HISTORIES, &bench->batch, records,
		       error);
	at = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		for (size_t k = 0; k < lineages[i].name.family->own_count; k++)
			lineages[i].slots[k].record = records[at++];
	return rc;
}

int read_base(struct worker *worker, struct lineage *lineage, const struct state_record *record,
	      struct cf_error *error)
{
	struct json_value body = JSON_ABSENT;
	int rc = 0;

	if (state_exists(record)) {
		lineage->base_text = record->body;
		rc = bench_read(&worker->bench, record->body, &body, error);
	}
	return rc ? state_damaged(record, rc, error)
		  : base_read(&lineage->base, lineage->name.family, body, record->rev,
			      &worker->bench.arena, error);
}

/* With them which versions are retired: see retired.c. */
static int read_bases(struct worker *worker, struct lineage *lineages, size_t count,
		      struct state_record *ret, struct cf_error *error)
{
	struct bench *bench = &worker->bench;
	struct state_key *keys = arena_calloc(&bench->batch, count + 1, sizeof(*keys));
	struct state_record *records = arena_calloc(&bench->batch, count + 1, sizeof(*records));
	int rc;

	if (!keys || !records)
		return error_nomem(error);
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct state_key){STATE_BASE, lineages[i].label};
	keys[count] = (struct state_key){STATE_RETIRED};
	rc = state_get(worker->state, keys, count + 1, &bench->batch, records, error);
	if (rc == 0)
		memcpy(ret, records, count * sizeof(*ret));
	if (rc == 0 && !str_equal(records[count].rev, str_of(worker->facts.retired_rev))) {
		worker->done.other_retired = true;
		rc = error_set(error, CF_ERR_CONFLICT, "a version was retired");
	}
	return rc;
}

int work_grow(struct worker *worker, struct work *work, size_t more)
{
	struct cf_arena *arena = &worker->bench.batch;
	/* A lineage is large, and at first few parts are expected. */
	size_t cap = work->cap ? (work->count + more) * 2 : more + 16;
	struct lineage *at;
	struct state_record *bases;
	bool *again, *done;

	if (work->count + more <= work->cap)
		return 0;
	at = arena_calloc(arena, cap, sizeof(*at));
	bases = arena_calloc(arena, cap, sizeof(*bases));
	again = arena_calloc(arena, cap, sizeof(*again));
	done = arena_calloc(arena, cap, sizeof(*done));
	if (!at || !bases || !again || !done)
		return CF_ERR_NOMEM;
	if (work->count) {
		memcpy(at, work->at, work->count * sizeof(*at));
		memcpy(bases, work->bases, work->count * sizeof(*bases));
		memcpy(again, work->again, work->count * sizeof(*again));
		memcpy(done, work->done, work->count * sizeof(*done));
	}
	work->at = at;
	work->bases = bases;
	work->again = again;
	work->done = done;
	work->cap = cap;
	return 0;
}

/* Lineages [from, work->count) are new: reads what is theirs. The bases first: what they
 * announce is then in the documents, or has not landed. Where another engine agrees on
 * something meanwhile, our base is refused. */
int read_lineages(struct worker *worker, struct work *work, size_t from, struct cf_error *error)
{
	size_t count = work->count - from;
	int rc = read_bases(worker, work->at + from, count, work->bases + from, error);

	return rc ? rc : read_documents(worker, work->at + from, count, error);
}

/* The lineage of a part that is not in the batch yet; a part that is one of the batch's is
 * told so. */
static int add_parts(struct worker *worker, struct work *work, struct cf_error *error)
{
	struct bench *bench = &worker->bench;
	size_t from = work->count;

	if (bench->parts.wanted == 0)
		return 0;
	if (work_grow(worker, work, bench->parts.wanted))
		return error_nomem(error);
	for (struct part *part = bench->parts.first; part; part = part->also) {
		if (part->state != PART_WANTED)
			continue;
		part->lineage = work->count;
		part->state = PART_READ;
		if (lineage_init(bench, &work->at[work->count++], &part->name))
			return error_nomem(error);
	}
	bench->parts.wanted = 0;
	return work->count > from ? read_lineages(worker, work, from, error) : 0;
}

static int read_needs(struct worker *worker, bool data, struct cf_error *error)
{
	struct bench *bench = &worker->bench;
	struct needs *needs = &bench->needs;
	struct need **wanted = arena_calloc(&bench->batch, needs->open + 1, sizeof(*wanted));
	struct cf_get *gets = arena_calloc(&bench->batch, needs->open + 1, sizeof(*gets));
	struct cf_record *records = arena_calloc(&bench->batch, needs->open + 1, sizeof(*records));
	unsigned flags = CF_READ_BODIES | (data ? CF_READ_ATTACHMENTS : 0);
	size_t count = 0;
	int rc;

	if (!wanted || !gets || !records)
		return error_nomem(error);
	for (struct need *need = needs->first; need; need = need->also) {
		if (need->read || need->data != data)
			continue;
		wanted[count] = need;
		gets[count++] = (struct cf_get){need->id, need->rev};
	}
	rc = count ? store_get(worker->store, gets, count, flags, &bench->batch, records, error)
		   : 0;
	for (size_t i = 0; i < count && rc == 0; i++) {
		wanted[i]->record = records[i];
		wanted[i]->read = true;
	}
	return rc;
}

/* Whether entries are there that bases speak of. */
static int read_entries(struct worker *worker, struct cf_error *error)
{
	struct needs *needs = &worker->bench.needs;
	struct cf_arena *arena = &worker->bench.batch;
	struct state_key *keys = arena_calloc(arena, needs->entries_open, sizeof(*keys));
	struct state_record *records = arena_calloc(arena, needs->entries_open, sizeof(*records));
	size_t count = 0;
	int rc;

	if (!keys || !records)
		return error_nomem(error);
	for (struct need_entry *need = needs->entries; need; need = need->also)
		if (!need->read)
			keys[count++] = (struct state_key){need->kind, need->name};
	rc = state_get(worker->state, keys, count, arena, records, error);
	count = 0;
	for (struct need_entry *need = needs->entries; need && rc == 0; need = need->also) {
		if (need->read)
			continue;
		need->there = state_exists(&records[count++]);
		need->read = true;
	}
	needs->entries_open = 0;
	return rc;
}

/* Whatever the lineages turned out to need, in one request of each kind. */
int read_all_needs(struct worker *worker, struct work *work, struct cf_error *error)
{
	struct needs *needs = &worker->bench.needs;
	int rc = add_parts(worker, work, error);

	if (rc == 0 && needs->open)
		rc = read_needs(worker, false, error);
	if (rc == 0 && needs->open)
		rc = read_needs(worker, true, error);
	if (rc == 0 && needs->entries_open)
		rc = read_entries(worker, error);
	needs->open = 0;
	needs->first = needs->last = NULL;
	return rc;
}
