/* What a thread works with, and what its batches did; see worker.h. */
#include "sync/worker.h"

int worker_open(struct worker **ret, struct sync_registry *shared,
		const struct sync_options *options, const struct cf_env *env,
		struct cf_error *error)
{
	const struct cf_mem *mem = shared->mem;
	struct worker *worker = mem_calloc(mem, 1, sizeof(*worker));
	int rc = worker ? 0 : error_nomem(error);

	if (rc)
		return rc;
	worker->mem = mem;
	worker->env = env;
	worker->shared = shared;
	worker->facts.registry = &shared->served->registry;
	arena_init(&worker->step, mem);
	done_init(&worker->done, mem);
	worker->unlisted = options->unlisted;
	worker->ctx = options->ctx;
	worker->usage_stale = true;
	worker->usage = mem_calloc(mem, shared->place_count, sizeof(*worker->usage));
	if (!worker->usage || bench_init(&worker->bench, worker->facts.registry, NULL, NULL, mem))
		rc = error_nomem(error);
#ifdef CHESTERFIELD_PLANTED
	worker->bench.planted = (enum planted)options->planted;
#endif
	if (rc) {
		worker_close(worker);
		return rc;
	}
	*ret = worker;
	return 0;
}

struct worker *worker_close(struct worker *worker)
{
	if (!worker)
		return NULL;
	usage_forget(worker);
	mem_free(worker->mem, worker->usage);
	bench_fini(&worker->bench);
	arena_fini(&worker->step);
	done_fini(&worker->done);
	mem_free(worker->mem, worker);
	return NULL;
}

void worker_use(struct worker *worker, struct cf_store *store, const struct state *state)
{
	usage_forget(worker);
	worker->store = worker->bench.store = store;
	worker->state = worker->bench.state = state;
}

/* --- what was done --------------------------------------------------------------------- */

void done_init(struct done *done, const struct cf_mem *mem)
{
	*done = (struct done){.parts = NULL};
	arena_init(&done->arena, mem);
}

void done_fini(struct done *done)
{
	arena_fini(&done->arena);
}

int done_add_part(struct done *done, struct cf_str label)
{
	struct changed_part *part = arena_alloc(&done->arena, sizeof(*part));

	if (!part)
		return CF_ERR_NOMEM;
	*part = (struct changed_part){arena_dup(&done->arena, label), done->parts};
	if (!part->label.ptr)
		return CF_ERR_NOMEM;
	done->parts = part;
	return 0;
}

void sync_counters_add(struct sync_counters *sum, const struct sync_counters *more)
{
	sum->changes += more->changes;
	sum->passed_over += more->passed_over;
	sum->unsupported += more->unsupported;
	sum->lineages += more->lineages;
	sum->documents_written += more->documents_written;
	sum->records_written += more->records_written;
	sum->conflicts += more->conflicts;
	sum->quarantined += more->quarantined;
	sum->incomplete += more->incomplete;
	sum->support_written += more->support_written;
}

void sync_counters_sub(struct sync_counters *sum, const struct sync_counters *less)
{
	struct sync_counters more;

	/* Unsigned numbers wrap: adding the complement takes away. */
	more.changes = 0 - less->changes;
	more.passed_over = 0 - less->passed_over;
	more.unsupported = 0 - less->unsupported;
	more.lineages = 0 - less->lineages;
	more.documents_written = 0 - less->documents_written;
	more.records_written = 0 - less->records_written;
	more.conflicts = 0 - less->conflicts;
	more.quarantined = 0 - less->quarantined;
	more.incomplete = 0 - less->incomplete;
	more.support_written = 0 - less->support_written;
	sync_counters_add(sum, &more);
}

int done_move(struct done *done, struct done *sum)
{
	struct cf_arena arena = done->arena;

	sync_counters_add(&sum->counters, &done->counters);
	for (const struct changed_part *part = done->parts; part; part = part->next)
		if (done_add_part(sum, part->label))
			return CF_ERR_NOMEM;
	sum->other_retired = sum->other_retired || done->other_retired;
	arena_reset(&arena);
	*done = (struct done){.arena = arena};
	return 0;
}
