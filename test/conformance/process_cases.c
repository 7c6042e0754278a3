/* Several processes on one file, and one of them killed anywhere.
 *
 * The same random batches (inserts, edits, deletes, branches, revisions of other
 * replicas, attachments; some of them refused) are written by a child, which is killed,
 * and by a memory store, which is the reference. What the file holds afterwards must be
 * what the reference holds after the last batch that was acknowledged, or after the one
 * behind it: a batch is there whole or not at all.
 */
#include "conformance.h"
#include "store/sqlite/documents.h"

#include <signal.h>
#include <sys/wait.h>

enum { IDS = 24, PUTS_MAX = 40, KILLS = 24 };

/* --- random batches ------------------------------------------------------------------ */

struct batches {
	struct cf_store *store;
	struct cf_arena arena; /* of the batch */
	uint64_t seed;
	uint32_t number; /* of the next batch */
};

static struct cf_str make_id(struct cf_arena *arena, uint64_t number)
{
	return arena_printf(arena, "id-%02u", (unsigned)number);
}

/* A revision that another replica might have made, beside or on top of what is there. */
static void make_branch(struct batches *b, struct rng *rng, const struct cf_record *record,
			struct cf_put *put)
{
	const struct cf_revision *leaf =
		record->revision_count ? &record->revisions[rng_below(rng, record->revision_count)]
				       : NULL;
	size_t skip = leaf ? rng_below(rng, leaf->history_count + 1) : 0;
	size_t kept = leaf ? leaf->history_count - skip : 0;
	struct cf_str *history = arena_alloc(&b->arena, (kept + 1) * sizeof(*history));

	if (kept)
		memcpy(history + 1, leaf->history + skip, kept * sizeof(*history));
	history[0] =
		arena_printf(&b->arena, "%llu-%016llx",
			     (unsigned long long)(kept ? revision_generation(history[1]) : 0) + 1,
			     (unsigned long long)rng_next(rng));
	put->kind = CF_PUT_REVISION;
	put->rev = history[0];
	put->history = history;
	put->history_count = kept + 1;
}

static void make_put(struct batches *b, struct rng *rng, const struct cf_record *records,
		     struct cf_put *put)
{
	static const struct cf_attachment attachment = {
		.name = {"file", 4}, .content_type = {"text/plain", 10}, .data = {"data", 4}};
	uint64_t id = rng_below(rng, IDS), kind = rng_below(rng, 8);
	const struct cf_record *record = &records[id];

	*put = (struct cf_put){.id = make_id(&b->arena, id),
			       .deleted = rng_below(rng, 5) == 0,
			       .body = arena_printf(&b->arena, "{\"batch\":%u,\"filler\":\"%0*u\"}",
						    b->number, (int)rng_below(rng, 3000) + 1, 7u)};
	if (kind < 3)
		make_branch(b, rng, record, put);
	else if (kind < 5)
		put->kind = CF_PUT_ABSENT;
	else if (kind < 7 && record->revision_count) {
		put->kind = CF_PUT_ON_REV;
		put->rev = record->revisions[rng_below(rng, record->revision_count)].rev;
	}
	if (rng_below(rng, 6) == 0) {
		put->attachments = &attachment;
		put->attachment_count = 1;
	}
}

/* Reads, and writes what it makes of that. The answer says whether all went as it should. */
static int run_batch(struct batches *b)
{
	struct rng rng = {b->seed * 1000003 + b->number};
	struct cf_get gets[IDS] = {0};
	struct cf_record records[IDS];
	struct cf_put puts[PUTS_MAX];
	struct cf_answer answers[PUTS_MAX];
	size_t count = rng_below(&rng, PUTS_MAX) + 1;

	arena_reset(&b->arena);
	for (uint64_t i = 0; i < IDS; i++)
		gets[i].id = make_id(&b->arena, i);
	if (store_get(b->store, gets, IDS, CF_READ_LEAVES | CF_READ_HISTORIES, &b->arena, records,
		      NULL))
		return 1;
	for (size_t i = 0; i < count; i++)
		make_put(b, &rng, records, &puts[i]);
	b->number++;
	return store_put(b->store, puts, count, &b->arena, answers, NULL);
}

/* --- the reference -------------------------------------------------------------------- */

/* In which batch each record changed last, in the reference. */
struct reference {
	struct subject subject;
	struct batches batches;
	struct cf_str token;
	uint32_t changed[IDS];
};

static void reference_step(struct reference *r)
{
	struct cf_changes how = {.since = r->token, .limit = IDS};
	struct cf_change *changes;
	size_t count;

	ck_assert_int_eq(run_batch(&r->batches), 0);
	ck_assert_int_eq(store_changes(r->subject.store, &how, &r->subject.arena, &changes, &count,
				       &r->token, NULL),
			 0);
	for (size_t i = 0; i < count; i++)
		r->changed[strtoul(changes[i].record.id.ptr + 3, NULL, 10)] = r->batches.number;
}

/* All records with leaves, ways, bodies and attachments. */
static const char *show_all(struct subject *s)
{
	struct cf_str all = STR("");

	for (uint64_t i = 0; i < IDS; i++) {
		const char *id = make_id(&s->arena, i).ptr;
		struct cf_record record = get_one(s, id, NULL, 15);
		size_t attachments = 0;

		for (size_t k = 0; k < record.revision_count; k++)
			attachments += record.revisions[k].attachment_count;
		all = arena_printf(&s->arena, "%s%s %s %zu\n", all.ptr, id, show_record(s, record),
				   attachments);
	}
	return all.ptr;
}

/* --- killed ---------------------------------------------------------------------------- */

/* Dies in the middle of some statement. */
static int count_down(void *ctx)
{
	if ((*(uint64_t *)ctx)-- == 0)
		kill(getpid(), SIGKILL);
	return 0;
}

/* Writes batches for ever and tells the number of each that was answered. Half of the
 * children die within a statement, by their own hand; the others are killed from outside,
 * some of them while the log is written back to the file. */
static void write_for_ever(struct subject *s, uint64_t seed, int acknowledged)
{
	struct batches b = {.store = subject_again(s), .seed = seed};
	sqlite3 *handle = ((struct documents *)b.store)->db.handle;
	struct rng rng = {seed + 7};
	uint64_t left = rng_below(&rng, 3000);

	arena_init(&b.arena, &mem_heap);
	if (seed % 2)
		sqlite3_wal_autocheckpoint(handle, 5);
	else
		sqlite3_progress_handler(handle, 20, count_down, &left);
	while (run_batch(&b) == 0)
		if (write(acknowledged, &b.number, sizeof(b.number)) != sizeof(b.number))
			break;
	_exit(1);
}

/* How many batches were answered before the child was killed. */
static uint32_t write_and_kill(struct subject *s, uint64_t seed)
{
	struct rng rng = {seed + 99};
	uint32_t batch = 0, last = 0;
	uint32_t until = seed % 2 ? (uint32_t)rng_below(&rng, 12) : UINT32_MAX;
	int fds[2];
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	if (child == 0)
		write_for_ever(s, seed, fds[1]);
	close(fds[1]);
	while (last < until && read(fds[0], &batch, sizeof(batch)) == sizeof(batch))
		last = batch;
	for (volatile uint64_t i = rng_below(&rng, 1000000); i > 0; i--)
		;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (read(fds[0], &batch, sizeof(batch)) == sizeof(batch))
		last = batch;
	close(fds[0]);
	return last;
}

/* Each record once, in the order of the batches, at the revision that it has now. */
static void check_feed(struct subject *s, const struct reference *r)
{
	struct cf_changes how = {.limit = 5};
	struct cf_change *changes;
	size_t count = 1, total = 0;
	uint32_t before = 0, records = 0;

	for (size_t i = 0; i < IDS; i++)
		records += r->changed[i] != 0;
	while (count) {
		ck_assert_int_eq(store_changes(s->store, &how, &s->arena, &changes, &count,
					       &how.since, NULL),
				 0);
		for (size_t i = 0; i < count; i++) {
			const struct cf_record *one = &changes[i].record;
			uint32_t batch = r->changed[strtoul(one->id.ptr + 3, NULL, 10)];

			ck_assert_uint_ge(batch, before);
			before = batch;
			ck_assert(str_equal(one->revisions[0].rev,
					    get_one(s, one->id.ptr, NULL, 0).revisions[0].rev));
		}
		total += count;
	}
	ck_assert_uint_eq(total, records);
}

START_TEST(a_killed_writer_leaves_each_batch_whole)
{
	struct subject s;
	struct reference r = {0};
	const char *left;
	uint32_t last;

	subject_open(&s, 1, NULL);
	subject_open(&r.subject, 0, NULL);
	r.batches = (struct batches){.store = r.subject.store, .seed = (uint64_t)_i};
	arena_init(&r.batches.arena, &mem_heap);
	last = write_and_kill(&s, (uint64_t)_i);
	store_close(s.store);
	s.store = subject_again(&s);
	left = show_all(&s);
	while (r.batches.number < last)
		reference_step(&r);
	if (strcmp(left, show_all(&r.subject)) != 0)
		reference_step(&r);
	ck_assert_msg(strcmp(left, show_all(&r.subject)) == 0,
		      "the file holds neither %u batches nor %u", last, last + 1);
	check_feed(&s, &r);
	/* And it goes on. */
	ck_assert_int_eq(PUT(&s, .id = STR("on"), .body = STR("{}")).code, 0);
	arena_fini(&r.batches.arena);
	subject_close(&r.subject);
	subject_close(&s);
}
END_TEST

/* --- two at once ------------------------------------------------------------------------- */

enum { ROUNDS = 40, SHARED = 6, OWN = 4 };

struct follower {
	struct cf_store *store;
	struct cf_arena batch, kept;
	struct cf_str token;
	struct {
		struct cf_str id, rev;
	} seen[SHARED + 2 * ROUNDS * OWN];
	size_t count;
};

static void remember(struct follower *f, const struct cf_record *record)
{
	size_t i = 0;

	while (i < f->count && !str_equal(f->seen[i].id, record->id))
		i++;
	if (i == f->count)
		f->seen[f->count++].id = arena_dup(&f->kept, record->id);
	f->seen[i].rev = arena_dup(&f->kept, record->revisions[0].rev);
}

/* 0, or the error; *ret_count: how many changes came. */
static int follow(struct follower *f, size_t limit, size_t *ret_count)
{
	struct cf_changes how = {.since = f->token, .limit = limit};
	struct cf_change *changes;
	int rc = store_changes(f->store, &how, &f->batch, &changes, ret_count, &f->token, NULL);

	for (size_t i = 0; i < *ret_count && rc == 0; i++)
		remember(f, &changes[i].record);
	if (rc == 0)
		f->token = arena_dup(&f->kept, f->token);
	arena_reset(&f->batch);
	return rc;
}

/* Writes records of its own and over those that both share, and reads the feed. */
static int write_and_follow(struct subject *s, struct follower *f, unsigned who)
{
	int rc = 0;

	*f = (struct follower){.store = subject_again(s)};
	arena_init(&f->batch, &mem_heap);
	arena_init(&f->kept, &mem_heap);
	for (unsigned round = 0; round < ROUNDS && rc == 0; round++) {
		struct cf_put puts[OWN + 2];
		struct cf_answer answers[OWN + 2];
		size_t count;

		for (unsigned i = 0; i < OWN + 2; i++)
			puts[i] = (struct cf_put){
				.id = i < OWN ? arena_printf(&f->batch, "%u-%u-%u", who, round, i)
					      : arena_printf(&f->batch, "shared-%u",
							     (round + i) % SHARED),
				.body = arena_printf(&f->batch, "{\"by\":[%u,%u]}", who, round)};
		rc = store_put(f->store, puts, OWN + 2, &f->batch, answers, NULL);
		rc = rc ? rc : follow(f, 7, &count);
	}
	return rc;
}

START_TEST(two_processes_lose_no_change)
{
	struct subject s;
	struct follower *f = calloc(1, sizeof(*f));
	size_t count = 1;
	int status = -1;
	pid_t child;

	subject_open(&s, 1, NULL);
	child = fork();
	if (child == 0)
		_exit(write_and_follow(&s, f, 1) ? 1 : 0);
	ck_assert_int_eq(write_and_follow(&s, f, 0), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	while (count)
		ck_assert_int_eq(follow(f, 7, &count), 0);
	ck_assert_uint_eq(f->count, SHARED + 2 * ROUNDS * OWN);
	for (size_t i = 0; i < f->count; i++) {
		struct cf_record record = get_one(&s, f->seen[i].id.ptr, NULL, 0);

		ck_assert(str_equal(record.revisions[0].rev, f->seen[i].rev));
	}
	store_close(f->store);
	arena_fini(&f->batch);
	arena_fini(&f->kept);
	free(f);
	subject_close(&s);
}
END_TEST

void add_process_cases(Suite *suite)
{
	TCase *tcase = tcase_create("processes");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_killed_writer_leaves_each_batch_whole, 0, KILLS);
	tcase_add_loop_test(tcase, two_processes_lose_no_change, 0, 3);
	suite_add_tcase(suite, tcase);
}
