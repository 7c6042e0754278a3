/* The stores as the engine sees them: the memory store behind shards, opaque tokens and
 * faults. Also where the model learns what an engine read and what it wrote. */
#include "sim.h"

/* --- the feed ------------------------------------------------------------------ */

static struct feed_entry *feed_find(struct world *world, struct cf_str id)
{
	struct feed_entry *entry = world->feed;

	for (size_t i = 0; i < world->feed_count; i++, entry++)
		if (str_equal(str_of(entry->id), id))
			return entry;
	cf_assert(world->feed_count < FEED_MAX && id.len < sizeof(entry->id));
	*entry = (struct feed_entry){.shard = (unsigned)(hash64(id, 7) % world->shards)};
	memcpy(entry->id, id.ptr, id.len);
	world->feed_count++;
	return entry;
}

/* Takes what changed in the database since the last time into the shards. */
void feed_note(struct world *world)
{
	struct cf_changes args = {.since = str_of(world->feed_token), .limit = 10000};
	struct cf_change *changes;
	struct cf_str token;
	size_t count;
	int rc = store_changes(world->server, &args, &world->arena, &changes, &count, &token, NULL);

	cf_assert(rc == 0 && token.len < sizeof(world->feed_token));
	for (size_t i = 0; i < count; i++) {
		struct feed_entry *entry = feed_find(world, changes[i].record.id);

		entry->seq = ++world->shard_seq[entry->shard];
	}
	snprintf(world->feed_token, sizeof(world->feed_token), "%.*s", STR_ARG(token));
}

/* A token says nothing: a number in a table, hidden behind a hash. */
static struct cf_str token_make(struct world *world, const uint64_t *at, struct cf_arena *arena)
{
	size_t index = world->token_count++ % TOKENS;

	memcpy(world->tokens[index], at, sizeof(world->tokens[index]));
	return arena_printf(arena, "%zx-%016llx", index,
			    (unsigned long long)hash64(STR("token"), world->token_salt + index));
}

/* An empty token, or one that is not ours any more, is the start. */
static void token_read(struct world *world, struct cf_str token, uint64_t *at)
{
	char text[64];
	char *end;
	unsigned long index;
	struct cf_str again;

	memset(at, 0, SHARDS_MAX * sizeof(*at));
	if (token.len == 0 || token.len >= sizeof(text))
		return;
	memcpy(text, token.ptr, token.len);
	text[token.len] = '\0';
	index = strtoul(text, &end, 16);
	again = arena_printf(&world->arena, "-%016llx",
			     (unsigned long long)hash64(STR("token"), world->token_salt + index));
	if (index >= TOKENS || strcmp(end, again.ptr) != 0)
		world_fail(world, 5, "a token was made up: %s", text);
	else
		memcpy(at, world->tokens[index], sizeof(world->tokens[index]));
}

/* The next entry of a shard behind `seq`; NULL: none. */
static const struct feed_entry *feed_next(const struct world *world, unsigned shard, uint64_t seq)
{
	const struct feed_entry *best = NULL;

	for (size_t i = 0; i < world->feed_count; i++) {
		const struct feed_entry *entry = &world->feed[i];

		if (entry->shard == shard && entry->seq > seq && (!best || entry->seq < best->seq))
			best = entry;
	}
	return best;
}

/* Shards are mixed anew at each call; each of them is in order. */
static const struct feed_entry *feed_pick(struct world *world, uint64_t *at)
{
	unsigned first = (unsigned)rng_below(&world->rng, world->shards);

	for (unsigned i = 0; i < world->shards; i++) {
		unsigned shard = (first + i) % world->shards;
		const struct feed_entry *entry = feed_next(world, shard, at[shard]);

		if (entry) {
			at[shard] = entry->seq;
			return entry;
		}
	}
	return NULL;
}

static int feed_read(struct world *world, const struct cf_changes *args, enum fault fault,
		     struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
		     struct cf_str *ret_token, struct cf_error *error)
{
	uint64_t at[SHARDS_MAX];
	size_t count = 0;
	const struct feed_entry *entry;
	struct cf_change *changes = arena_calloc(arena, FEED_MAX, sizeof(*changes));
	int rc = 0;

	token_read(world, args->since, at);
	for (unsigned i = 0; i < SHARDS_MAX; i++) {
		if (fault == FAULT_REWIND)
			at[i] = 0;
		if (fault == FAULT_REPEAT)
			at[i] -= rng_below(&world->rng, at[i] + 1);
	}
	while (rc == 0 && count < args->limit && count < FEED_MAX &&
	       (entry = feed_pick(world, at)) != NULL) {
		struct cf_get get = {.id = str_of(entry->id)};

		rc = store_get(world->server, &get, 1, args->flags, arena, &changes[count].record,
			       error);
		changes[count++].token = token_make(world, at, arena);
	}
	*ret = changes;
	*ret_count = count;
	*ret_token = token_make(world, at, arena);
	return rc;
}

/* --- faults ------------------------------------------------------------------------ */

static int refuse(struct net *net, struct cf_error *error, const char *how)
{
	(void)net;
	return error_set(error, CF_ERR_UNAVAILABLE, "%s", how);
}

/* What happens to this operation; steps that run within it run first. */
static enum fault enter(struct net *net)
{
	struct world *world = net->world;
	struct engine *engine = net->engine;
	const struct step *step = engine->step;
	unsigned number = engine->operations++;

	/* Where late edits win, what they win against is listed only where it has landed:
	 * there, nothing comes between the operations of a step. */
	if (world->shape->late_wins)
		return FAULT_NONE;
	if (step && world->inside && !world->nested && step == world->inside - 1) {
		while (world->inside_next < world->inside_count &&
		       world->inside[world->inside_next].at <= number) {
			world->nested = true;
			world_do(world, &world->inside[world->inside_next++]);
			world->nested = false;
		}
	}
	/* Several lanes take as many more operations until the first page has landed. */
	if (!step || !world->faults || step->fault_at * world->lanes != number)
		return FAULT_NONE;
	if (step->fault != FAULT_NONE)
		world_say(world, "    operation %u: fault %u", number, step->fault);
	engine->hit = engine->hit || step->fault != FAULT_NONE;
	return (enum fault)step->fault;
}

/* Whether the operation is to be left out; else it is run, then `leave` is asked. */
static int before(struct net *net, enum fault *ret, struct cf_error *error)
{
	lanes_yield(net->world);
	if (net->engine->dead)
		return refuse(net, error, "the engine is dead");
	*ret = enter(net);
	if (*ret == FAULT_KILL_BEFORE) {
		net->engine->dead = true;
		return refuse(net, error, "killed before the operation");
	}
	return *ret == FAULT_REFUSE ? refuse(net, error, "refused") : 0;
}

static int after(struct net *net, enum fault fault, int rc, struct cf_error *error)
{
	if (rc)
		return rc;
	if (fault == FAULT_KILL_AFTER || fault == FAULT_KILL_PART) {
		net->engine->dead = true;
		return refuse(net, error, "killed after the operation");
	}
	return fault == FAULT_LATE || fault == FAULT_PART ? refuse(net, error, "the answer is late")
							  : 0;
}

/* --- what the model learns ------------------------------------------------------------ */

static void note_read_document(struct net *net, const struct cf_record *record, bool leaves)
{
	unsigned lineage = world_lineage(net->world, record->id);

	for (size_t i = 0; i < record->revision_count; i++) {
		const struct cf_revision *revision = &record->revisions[i];
		const struct rev_note *note = world_note(net->world, record->id, revision->rev);

		net->engine->read[lineage] |= note->events;
		net->engine->invalid[lineage] |= leaves && note->invalid && !revision->deleted;
	}
}

/* A batch reads its lineages anew: their bases first, and which versions are retired. A base
 * that is only looked at once more, after its lineage was judged, says nothing new. */
static bool begins_batch(const struct net *net, const struct cf_record *records, size_t count)
{
	return net->state && count &&
	       state_id_is(&net->records, STATE_RETIRED, records[count - 1].id);
}

static void note_reads(struct net *net, const struct cf_record *records, size_t count,
		       unsigned flags)
{
	struct engine *engine = net->engine;
	bool begins = begins_batch(net, records, count);

	for (size_t i = 0; i < count && begins; i++) {
		unsigned lineage = world_lineage(net->world, records[i].id);

		if (!state_id_is(&net->records, STATE_BASE, records[i].id))
			continue;
		if (lineage < KEYS)
			engine->read[lineage] = 0;
		engine->invalid[lineage] = false;
		for (size_t k = 0; k < records[i].revision_count; k++)
			engine->read[lineage] |=
				world_note(net->world, records[i].id, records[i].revisions[k].rev)
					->events;
	}
	if (net->state)
		return;
	for (size_t i = 0; i < count; i++)
		note_read_document(net, &records[i], flags & CF_READ_LEAVES);
}

/* Filtered replication must carry it. */
static void check_tombstone(struct world *world, const struct cf_put *put)
{
	struct json_doc doc;
	struct json_value body;

	json_doc_init(&doc, &mem_heap);
	body = world_json(world, &doc, put->body);
	if (json_kind(json_member(body, world->shape->type_field)) != JSON_STRING ||
	    json_is_absent(json_member(body, world->shape->version_field)))
		world_fail(world, 4, "the tombstone of %.*s does not say what it was",
			   STR_ARG(put->id));
	json_doc_fini(&doc);
}

/* Nobody but another lane can have written a base that is refused to the only engine. Of a
 * part several lanes may hear at once. */
static void check_alone(const struct net *net, struct cf_str id)
{
	struct world *world = net->world;

	if (net->state && state_id_is(&net->records, STATE_BASE, id) && !world->engines[1].ran &&
	    world_lineage(world, id) < KEYS)
		world_fail(world, 3, "two lanes worked on %.*s at once", STR_ARG(id));
}

static void note_writes(struct net *net, const struct cf_put *puts, size_t count,
			const struct cf_answer *answers)
{
	for (size_t i = 0; i < count; i++) {
		unsigned lineage = world_lineage(net->world, puts[i].id);
		struct rev_note *note;

		if (answers[i].code == CF_ERR_CONFLICT)
			check_alone(net, puts[i].id);
		if (answers[i].code)
			continue;
		note = world_note(net->world, puts[i].id, answers[i].rev);
		if (note->events == 0)
			note->events = net->engine->read[lineage];
		/* A tombstone shows nothing of what was read; an app may have written it too. */
		if (puts[i].deleted && puts[i].history_count > 1)
			note->events =
				world_note(net->world, puts[i].id, puts[i].history[1])->events;
		if (!net->state && net->engine->invalid[lineage] && lineage < KEYS)
			world_fail(net->world, 7,
				   "%.*s was written while its lineage has an invalid document",
				   STR_ARG(puts[i].id));
		if (!net->state && puts[i].deleted)
			check_tombstone(net->world, &puts[i]);
		world_say(net->world, "    engine %d writes %.*s %.*s%s %.*s",
			  (int)(net->engine - net->world->engines), STR_ARG(puts[i].id),
			  STR_ARG(answers[i].rev), puts[i].deleted ? " deleted" : "",
			  STR_ARG(puts[i].body));
	}
}

/* --- operations ------------------------------------------------------------------------ */

static struct cf_store *inner(const struct net *net)
{
	return net->state ? net->world->state : net->world->server;
}

static int sim_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		   struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct net *net = (struct net *)store;
	enum fault fault = FAULT_NONE;
	int rc = before(net, &fault, error);

	if (rc == 0)
		rc = store_get(inner(net), gets, count, flags, arena, ret, error);
	if (rc == 0)
		note_reads(net, ret, count, flags);
	return after(net, fault, rc, error);
}

static int put_inner(struct net *net, const struct cf_put *puts, size_t count,
		     struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	int rc = net->state ? store_put(net->world->state, puts, count, arena, ret, error)
			    : world_put(net->world, puts, count, arena, ret, error);

	if (rc == 0)
		note_writes(net, puts, count, ret);
	return rc;
}

static int sim_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct net *net = (struct net *)store;
	enum fault fault = FAULT_NONE;
	size_t done = count;
	int rc = before(net, &fault, error);

	if (rc)
		return rc;
	if (fault == FAULT_PART || fault == FAULT_KILL_PART || fault == FAULT_ANSWERS)
		done = count / 2;
	rc = put_inner(net, puts, done, arena, ret, error);
	for (size_t i = done; i < count; i++)
		ret[i] = (struct cf_answer){.code = CF_ERR_FULL, .message = STR("full")};
	return after(net, fault, rc, error);
}

static bool changed_behind(const struct world *world, struct cf_str id, const uint64_t *at)
{
	for (size_t i = 0; i < world->feed_count; i++)
		if (str_equal(str_of(world->feed[i].id), id))
			return world->feed[i].seq > at[world->feed[i].shard];
	return false;
}

/* What changed behind the token is left out, or is not: both are right. */
static int scan_until(struct world *world, const struct cf_scan *scan, struct cf_arena *arena,
		      struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_scan one = *scan;
	struct cf_record *record;
	uint64_t at[SHARDS_MAX];
	size_t count;
	int rc = 0;

	token_read(world, scan->until, at);
	one.until = STR("");
	one.limit = 1;
	*ret_count = 0;
	*ret = arena_calloc(arena, scan->limit, sizeof(**ret));
	while (rc == 0 && *ret_count < scan->limit) {
		rc = store_scan(world->server, &one, arena, &record, &count, error);
		if (rc || count == 0)
			break;
		one.after = record->id;
		if (!changed_behind(world, record->id, at) || rng_below(&world->rng, 2))
			(*ret)[(*ret_count)++] = *record;
	}
	return rc;
}

static int sim_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		    struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct net *net = (struct net *)store;
	enum fault fault = FAULT_NONE;
	int rc = before(net, &fault, error);

	if (rc == 0 && scan->until.len)
		rc = scan_until(net->world, scan, arena, ret, ret_count, error);
	else if (rc == 0)
		rc = store_scan(inner(net), scan, arena, ret, ret_count, error);
	return after(net, fault, rc, error);
}

static int sim_changes(struct cf_store *store, const struct cf_changes *changes,
		       struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
		       struct cf_str *ret_token, struct cf_error *error)
{
	struct net *net = (struct net *)store;
	enum fault fault = FAULT_NONE;
	int rc = before(net, &fault, error);

	if (rc == 0)
		rc = feed_read(net->world, changes, fault, arena, ret, ret_count, ret_token, error);
	return after(net, fault, rc, error);
}

static int sim_behind(struct cf_store *store, struct cf_str since, uint64_t *ret,
		      struct cf_error *error)
{
	struct net *net = (struct net *)store;
	uint64_t at[SHARDS_MAX];
	enum fault fault = FAULT_NONE;
	int rc = before(net, &fault, error);

	token_read(net->world, since, at);
	*ret = 0;
	for (size_t i = 0; i < net->world->feed_count; i++)
		*ret += net->world->feed[i].seq > at[net->world->feed[i].shard];
	return after(net, fault, rc, error);
}

/* Where the feed stands. */
static struct cf_str token_of_now(struct world *world, struct cf_arena *arena)
{
	uint64_t at[SHARDS_MAX] = {0};

	for (size_t i = 0; i < world->feed_count; i++)
		if (world->feed[i].seq > at[world->feed[i].shard])
			at[world->feed[i].shard] = world->feed[i].seq;
	return token_make(world, at, arena);
}

static int sim_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		    struct cf_error *error)
{
	struct net *net = (struct net *)store;
	enum fault fault = FAULT_NONE;
	int rc = before(net, &fault, error);

	if (rc == 0)
		rc = store_info(inner(net), arena, ret, error);
	if (rc == 0 && !net->state)
		ret->token = token_of_now(net->world, arena);
	return after(net, fault, rc, error);
}

static const struct cf_store_ops sim_ops = {
	.name = "sim",
	.get = sim_get,
	.put = sim_put,
	.scan = sim_scan,
	.changes = sim_changes,
	.behind = sim_behind,
	.info = sim_info,
};

void net_forget(struct net *net)
{
	int rc;

	state_fini(&net->records);
	rc = state_init(&net->records, &net->store, STR("documents"), &mem_heap);
	cf_assert(rc == 0);
}

void net_open(struct net *net, struct world *world, struct engine *engine, bool state)
{
	*net = (struct net){
		.store = {&sim_ops, (state ? world->state : world->server)->capabilities},
		.world = world,
		.engine = engine,
		.state = state};
	net->store.capabilities &= ~(unsigned)CF_STORE_FIND;
	net_forget(net);
}
