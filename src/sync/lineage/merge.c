/* What the leaves of one document edited.
 *
 * A leaf is compared with its nearest known ancestor. Leaves that share a revision which
 * nobody has agreed on are compared with that one first, as far as it can be read: only
 * what each of them changed since is its own word; what they share is the word of the
 * revision that they share, unless one of them changed it again. All histories are walked
 * once.
 */
#include "sync/lineage/lineage.h"

/* A revision that nobody has agreed on and several unknown leaves come from; or a leaf. */
struct fork {
	struct cf_str rev;
	const struct leaf *leaf; /* one that comes from it */
	size_t place;            /* in the leaf's history */
	bool shared;
	bool readable;
	struct json_value document;
	const struct atoms *atoms;
	size_t above; /* 1 + the fork that it comes from; 0: the known ancestor */
	struct settle_edit *edits;
	size_t edit_count;
};

struct merging {
	struct bench *bench;
	struct lineage *lineage;
	struct slot *slot;
	struct fork *forks; /* of each unknown revision on the way one */
	size_t fork_count;
	uint32_t *buckets; /* 1 + index, by revision */
	size_t mask;
};

static struct fork *find_fork(const struct merging *m, struct cf_str rev, size_t *ret_bucket)
{
	size_t at = hash64(rev, 0) & m->mask;

	for (; m->buckets[at]; at = (at + 1) & m->mask)
		if (str_equal(m->forks[m->buckets[at] - 1].rev, rev))
			return &m->forks[m->buckets[at] - 1];
	*ret_bucket = at;
	return NULL;
}

static bool is_candidate(const struct leaf *leaf)
{
	return !leaf->known && !leaf->revision->deleted;
}

/* How much of a history nobody has agreed on. */
static size_t unknown_of(const struct leaf *leaf)
{
	return leaf->unknown < leaf->history_count ? leaf->unknown : leaf->history_count;
}

static int make_forks(struct merging *m)
{
	size_t total = 0, size = 16, bucket;

	for (size_t i = 0; i < m->slot->record.revision_count; i++)
		if (is_candidate(&m->slot->leaves[i]))
			total += unknown_of(&m->slot->leaves[i]);
	while (size < total * 2)
		size *= 2;
	m->mask = size - 1;
	m->forks = arena_calloc(&m->bench->arena, total + 1, sizeof(*m->forks));
	m->buckets = arena_calloc(&m->bench->arena, size, sizeof(*m->buckets));
	if (!m->forks || !m->buckets)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < m->slot->record.revision_count; i++) {
		const struct leaf *leaf = &m->slot->leaves[i];

		for (size_t k = 0; k < unknown_of(leaf) && is_candidate(leaf); k++) {
			struct fork *fork = find_fork(m, leaf->history[k], &bucket);

			/* What lies behind it is shared, too, but not by these two alone. */
			if (fork) {
				fork->shared = true;
				break;
			}
			m->forks[m->fork_count] =
				(struct fork){.rev = leaf->history[k], .leaf = leaf, .place = k};
			m->buckets[bucket] = (uint32_t)++m->fork_count;
		}
	}
	return 0;
}

static int read_fork(struct merging *m, struct fork *fork)
{
	const struct cf_record *record;
	struct atoms *atoms;
	int rc;

	if (fork->place == 0) {
		fork->readable = true;
		fork->document = fork->leaf->document;
		fork->atoms = &fork->leaf->atoms;
		return 0;
	}
	if (!fork->shared || PLANTED(m->bench, SHARED_ANCESTOR_SKIPPED))
		return 0;
	rc = need_revision(m->bench, m->slot->id, fork->rev, false, &record);
	if (rc)
		return rc;
	if (record->revision_count == 0 || !record->revisions[0].body.ptr ||
	    record->revisions[0].deleted)
		return 0;
	atoms = arena_alloc(&m->bench->arena, sizeof(*atoms));
	if (!atoms)
		return CF_ERR_NOMEM;
	fork->readable = leaf_read(m->bench, m->lineage, m->slot, &record->revisions[0],
				   &fork->document) == 0 &&
			 bench_atoms(m->bench, m->slot->kind, fork->document, atoms) == 0;
	fork->atoms = atoms;
	return 0;
}

/* The nearest one before it that leaves share and that can be read. */
static void find_above(const struct merging *m, struct fork *fork)
{
	size_t bucket;

	for (size_t k = fork->place + 1; k < unknown_of(fork->leaf); k++) {
		const struct fork *above = find_fork(m, fork->leaf->history[k], &bucket);

		if (above && above->shared && above->readable) {
			fork->above = (size_t)(above - m->forks) + 1;
			return;
		}
	}
}

static int known_atoms(const struct merging *m, const struct leaf *leaf, struct atoms *ret)
{
	const struct base_slot *base = &m->lineage->base.slots[m->slot->index];

	*ret = (struct atoms){NULL, 0};
	if (leaf->ancestor < 0)
		return 0;
	if (PLANTED(m->bench, WRONG_ANCESTOR)) {
		*ret = base->agreed;
		return 0;
	}
	return base_atoms(base, (size_t)leaf->ancestor, &m->bench->arena, ret);
}

static int find_edits(struct merging *m, struct fork *fork)
{
	struct atoms was;
	int rc = 0;

	if (fork->above)
		was = *m->forks[fork->above - 1].atoms;
	else
		rc = known_atoms(m, fork->leaf, &was);
	return rc ? rc
		  : settle_edits(&was, fork->atoms, NULL, 0, &m->bench->arena, &fork->edits,
				 &fork->edit_count);
}

/* Of that, or that something above it is gone. */
static bool says_of(const struct fork *fork, struct cf_str pointer)
{
	const struct settle_edit *edit = settle_edit_find(fork->edits, fork->edit_count, pointer);

	while (!edit && pointer.len) {
		while (pointer.ptr[--pointer.len] != '/')
			;
		edit = settle_edit_find(fork->edits, fork->edit_count, pointer);
		edit = edit && edit->hash == 0 ? edit : NULL;
	}
	return edit != NULL;
}

/* What one that comes from it has changed again is not its word any more. */
static void drop_overwritten(struct merging *m, struct fork *fork)
{
	for (size_t above = fork->above; above; above = m->forks[above - 1].above) {
		struct fork *old = &m->forks[above - 1];
		size_t kept = 0;

		for (size_t i = 0; i < old->edit_count; i++)
			if (!says_of(fork, old->edits[i].pointer))
				old->edits[kept++] = old->edits[i];
		old->edit_count = kept;
	}
}

static struct json_value latest_of(const struct merging *m, struct json_value document)
{
	const struct catalog_conflicts *policy = catalog_conflicts(m->bench->registry->catalog);

	return policy->prefer == CATALOG_LATEST ? json_member(document, policy->latest_field)
						: JSON_ABSENT;
}

static int add_saved(struct merging *m, const struct fork *fork)
{
	const struct base_slot *base = &m->lineage->base.slots[m->slot->index];
	const struct leaf *leaf = fork->leaf;
	struct settle_saved saved = {.slot = m->slot->index,
				     .rev = fork->rev,
				     .age = m->slot->kind->age,
				     .document = fork->document,
				     .atoms = fork->atoms,
				     .latest = latest_of(m, fork->document),
				     .edits = fork->edits,
				     .edit_count = fork->edit_count};

	if (leaf->ancestor >= 0)
		saved.seen = base_seen(&m->lineage->base, base, (size_t)leaf->ancestor);
	if (saved.edit_count && PLANTED(m->bench, EDIT_DROPPED))
		saved.edit_count = 1;
	/* Saving without a change is no edit. */
	if (saved.edit_count == 0 && !m->lineage->creation)
		return 0;
	return lineage_add_saved(
		m->bench, m->lineage, saved,
		(struct origin){.ancestor = leaf->ancestor,
				.shared = fork->above ? m->forks[fork->above - 1].atoms : NULL});
}

/* One unknown leaf: nothing is shared. */
static int find_only_edits(struct merging *m, const struct leaf *leaf)
{
	struct fork fork = {.rev = leaf->revision->rev,
			    .leaf = leaf,
			    .document = leaf->document,
			    .atoms = &leaf->atoms};
	int rc = find_edits(m, &fork);

	return rc ? rc : add_saved(m, &fork);
}

static int find_all_edits(struct merging *m)
{
	int answer = 0, rc = make_forks(m);

	for (size_t i = 0; i < m->fork_count && rc >= 0; i++) {
		rc = read_fork(m, &m->forks[i]);
		answer = rc > 0 ? rc : answer;
	}
	if (rc < 0 || answer)
		return rc < 0 ? rc : answer;
	for (size_t i = 0; i < m->fork_count; i++)
		if (m->forks[i].readable)
			find_above(m, &m->forks[i]);
	for (size_t i = 0; i < m->fork_count && rc == 0; i++)
		if (m->forks[i].readable)
			rc = find_edits(m, &m->forks[i]);
	for (size_t i = 0; i < m->fork_count && rc == 0; i++)
		if (m->forks[i].readable)
			drop_overwritten(m, &m->forks[i]);
	for (size_t i = 0; i < m->fork_count && rc == 0; i++)
		if (m->forks[i].readable)
			rc = add_saved(m, &m->forks[i]);
	return rc;
}

int slot_find_edits(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	struct merging m = {.bench = bench, .lineage = lineage, .slot = slot};
	const struct leaf *only = NULL;
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < slot->record.revision_count; i++) {
		if (!is_candidate(&slot->leaves[i]))
			continue;
		only = &slot->leaves[i];
		count++;
	}
	if (count == 1)
		rc = find_only_edits(&m, only);
	else if (count > 1)
		rc = find_all_edits(&m);
	return rc == CF_ERR_NOMEM ? error_nomem(&lineage->error) : rc;
}
