/* What did people do? Leaves of revision trees against the base.
 *
 * A leaf that is known says nothing new. Any other is compared, atom by atom,
 * with its nearest known ancestor: what differs was edited. An edit of something
 * that had changed meanwhile is late, and by default gives way to what is
 * agreed. Leaves that share a part which nobody has agreed on are first merged
 * against that part, deepest first.
 */
#include "sync/lineage.h"

/* A leaf that is not known, or two of them merged at the part they share. */
struct candidate {
	struct cf_str rev;
	const struct cf_str *history; /* [0] is where it stands in the tree */
	size_t history_count;
	struct atoms atoms;
	bool merged_away;
};

static const struct cf_str *history_of(const struct cf_revision *revision, size_t *ret_count)
{
	*ret_count = revision->history_count ? revision->history_count : 1;
	return revision->history_count ? revision->history : &revision->rev;
}

static int validate_leaf(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			 struct json_value document)
{
	const struct catalog *catalog = bench->registry->catalog;
	struct catalog_id id = {0};
	int rc = catalog_identify(catalog, document, slot->id, &id, &lineage->error);

	if (rc == 0)
		rc = catalog_validate(catalog, &id, document, NULL, &lineage->error);
	if (rc)
		error_at_document(&lineage->error, slot->id);
	return rc;
}

/* The body with its attachments as a member, as CouchDB shows them, so that they
 * travel through lenses like any other member. */
static int with_attachments(struct bench *bench, const struct cf_revision *revision,
			    struct cf_str *ret)
{
	struct cf_buf *out = &bench->scratch;
	size_t len = revision->body.len;

	if (revision->attachment_count == 0) {
		*ret = revision->body;
		return 0;
	}
	while (len > 0 && revision->body.ptr[len - 1] != '}')
		len--;
	buf_clear(out);
	buf_append(out, revision->body.ptr, len ? len - 1 : 0);
	buf_str(out, memchr(revision->body.ptr, ':', revision->body.len) ? STR(",") : STR(""));
	buf_str(out, STR("\"_attachments\":{"));
	for (size_t i = 0; i < revision->attachment_count; i++) {
		const struct cf_attachment *a = &revision->attachments[i];

		buf_str(out, i ? STR(",") : STR(""));
		json_write_string(a->name, out);
		buf_str(out, STR(":{\"content_type\":"));
		json_write_string(a->content_type, out);
		buf_str(out, STR(",\"digest\":"));
		json_write_string(a->digest, out);
		buf_printf(out, ",\"length\":%llu,\"stub\":true}", (unsigned long long)a->length);
	}
	buf_str(out, STR("}}"));
	*ret = arena_dup(&bench->arena, buf_view(out));
	return out->failed || !ret->ptr ? CF_ERR_NOMEM : 0;
}

static int read_revision(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			 const struct cf_revision *revision, struct json_value *ret)
{
	struct cf_str text;
	int rc = with_attachments(bench, revision, &text);

	if (rc)
		return error_nomem(&lineage->error);
	rc = bench_read(bench, text, ret, &lineage->error);
	if (rc == 0 && json_kind(*ret) != JSON_OBJECT)
		rc = error_set(&lineage->error, CF_ERR_INVALID, "the document is not an object");
	if (rc)
		error_at_document(&lineage->error, slot->id);
	return rc;
}

/* --- leaves that share a part nobody has agreed on ------------------------ */

/* How much of a history, from the leaf on, nobody has agreed on. */
static size_t unknown_part(const struct base_slot *base, const struct candidate *candidate)
{
	size_t i = 0;

	while (i < candidate->history_count && base_find(base, candidate->history[i]) < 0)
		i++;
	return i;
}

/* The nearest revision that both have in their past and nobody has agreed on: what
 * lies behind a known revision went into an agreement with it. */
static const struct cf_str *shared_part(const struct base_slot *base, const struct candidate *a,
					const struct candidate *b)
{
	size_t count_a = unknown_part(base, a), count_b = unknown_part(base, b);

	if (a->merged_away || b->merged_away)
		return NULL;
	for (size_t i = 0; i < count_a; i++)
		for (size_t k = 0; k < count_b; k++)
			if (str_equal(a->history[i], b->history[k]))
				return &a->history[i];
	return NULL;
}

/* What the shared part said; *ret_readable false where the store forgot it. */
static int read_shared_part(struct bench *bench, struct lineage *lineage, struct slot *slot,
			    struct cf_str rev, struct atoms *ret, bool *ret_readable)
{
	struct cf_get get = {.id = slot->id, .rev = rev};
	struct cf_record record = {0};
	struct json_value document;
	int rc = store_get(bench->store, &get, 1, CF_READ_BODIES, &bench->arena, &record,
			   &lineage->error);

	*ret_readable = false;
	if (rc)
		return rc;
	if (record.revision_count == 0 || !record.revisions[0].body.ptr ||
	    record.revisions[0].deleted)
		return 0;
	rc = read_revision(bench, lineage, slot, &record.revisions[0], &document);
	if (rc == 0)
		rc = bench_atoms(bench, document, ret);
	*ret_readable = rc == 0;
	return rc;
}

static int list_leaf_conflict(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			      const struct candidate *winner, const struct candidate *loser,
			      struct cf_str pointer)
{
	const struct atom *w = atoms_find(&winner->atoms, pointer);
	const struct atom *l = atoms_find(&loser->atoms, pointer);
	struct edit won = {.pointer = pointer,
			   .slot = slot->index,
			   .rev = winner->rev,
			   .value = w ? w->value : JSON_ABSENT,
			   .origin = &won};
	struct edit lost = {.pointer = pointer,
			    .slot = slot->index,
			    .rev = loser->rev,
			    .value = l ? l->value : JSON_ABSENT,
			    .origin = &lost};

	return conflict_add(bench, lineage, &won, &lost, false);
}

/* Merges `b` into `a` against `part` (NULL: not readable): what only one of them
 * changed counts, what both changed differently goes to the higher revision. */
static int merge_candidates(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			    struct candidate *a, const struct candidate *b,
			    const struct atoms *part)
{
	struct atoms_diff diff = {.a = &a->atoms, .b = &b->atoms};
	bool a_wins = revision_compare(a->rev, false, b->rev, false) > 0;
	struct atom *at =
		arena_alloc(&bench->arena, (a->atoms.count + b->atoms.count) * sizeof(struct atom));
	size_t count = 0, next = 0;
	int rc = 0;

	if (!at)
		return error_nomem(&lineage->error);
	while (rc == 0 && atoms_diff_next(&diff)) {
		uint64_t ha = diff.left ? diff.left->hash : 0;
		uint64_t hb = diff.right ? diff.right->hash : 0;
		uint64_t hp = part ? atoms_hash_at(part, diff.pointer) : 0;
		bool take_b = part && ha == hp ? true : part && hb == hp ? false : !a_wins;
		const struct atom *taken = take_b ? diff.right : diff.left;

		/* Atoms on which both agree stand between the differences. */
		for (; next < a->atoms.count &&
		       pointer_compare(a->atoms.at[next].pointer, diff.pointer) < 0;
		     next++)
			at[count++] = a->atoms.at[next];
		if (diff.left)
			next++;
		if (taken)
			at[count++] = *taken;
		if (!part || (ha != hp && hb != hp))
			rc = list_leaf_conflict(bench, lineage, slot, take_b ? b : a,
						take_b ? a : b, diff.pointer);
	}
	for (; next < a->atoms.count; next++)
		at[count++] = a->atoms.at[next];
	a->atoms = (struct atoms){.at = at, .count = count};
	return rc;
}

/* Moves a merged candidate to where the shared part stands in the tree. */
static void stand_at(struct candidate *candidate, struct cf_str rev)
{
	while (candidate->history_count && !str_equal(candidate->history[0], rev)) {
		candidate->history++;
		candidate->history_count--;
	}
}

static int merge_shared_parts(struct bench *bench, struct lineage *lineage, struct slot *slot,
			      struct candidate *at, size_t count)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];

	for (;;) {
		struct candidate *best_a = NULL, *best_b = NULL;
		const struct cf_str *best = NULL;
		struct atoms part = {0};
		bool readable;
		int rc;

		for (size_t i = 0; i < count; i++) {
			for (size_t k = i + 1; k < count; k++) {
				const struct cf_str *shared = shared_part(base, &at[i], &at[k]);

				if (!shared)
					continue;
				if (best &&
				    revision_generation(*best) >= revision_generation(*shared))
					continue;
				best = shared;
				best_a = &at[i];
				best_b = &at[k];
			}
		}
		if (!best)
			return 0;
		rc = read_shared_part(bench, lineage, slot, *best, &part, &readable);
		if (rc == 0)
			rc = merge_candidates(bench, lineage, slot, best_a, best_b,
					      readable ? &part : NULL);
		if (rc)
			return rc;
		best_b->merged_away = true;
		stand_at(best_a, *best);
	}
}

/* --- edits ---------------------------------------------------------------- */

/* The atoms of the nearest known ancestor; none: {}. */
static int known_ancestor(struct bench *bench, const struct base_slot *base,
			  const struct cf_str *history, size_t count, struct atoms *ret)
{
	*ret = (struct atoms){NULL, 0};
	for (size_t i = 0; i < count; i++) {
		ptrdiff_t known = base_find(base, history[i]);

		if (known >= 0)
			return base_atoms(base, (size_t)known, &bench->arena, ret);
	}
	return 0;
}

/* An edit of this document against another one of the same atom. */
static int add_edit(struct bench *bench, struct lineage *lineage, struct slot *slot,
		    struct edit edit)
{
	struct edit *other = edits_find(&slot->edits, edit.pointer);
	int rc;

	edit.origin = NULL;
	if (!other)
		return edits_add(bench, &slot->edits, edit);
	if (other->hash == edit.hash)
		return 0;
	edit.origin = &edit;
	if (conflict_decide(bench, lineage, other, &edit) > 0)
		return conflict_add(bench, lineage, other, &edit, false);
	rc = conflict_add(bench, lineage, &edit, other, false);
	other->dropped = true;
	edit.origin = NULL;
	return rc ? rc : edits_add(bench, &slot->edits, edit);
}

static int find_edits(struct bench *bench, struct lineage *lineage, struct slot *slot,
		      const struct candidate *candidate)
{
	const struct catalog_conflicts *policy = catalog_conflicts(bench->registry->catalog);
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct atoms was;
	struct atoms_diff diff = {.a = &was, .b = &candidate->atoms};
	int rc = known_ancestor(bench, base, candidate->history, candidate->history_count, &was);

	while (rc == 0 && atoms_diff_next(&diff)) {
		uint64_t agreed = atoms_hash_at(&base->agreed, diff.pointer);
		struct edit edit = {.pointer = diff.pointer,
				    .value = diff.right ? diff.right->value : JSON_ABSENT,
				    .hash = diff.right ? diff.right->hash : 0,
				    .slot = slot->index,
				    .rev = candidate->rev};
		bool late = (diff.left ? diff.left->hash : 0) != agreed;

		if (edit.hash == agreed)
			continue;
		if (late && !policy->late_edit_wins) {
			edit.origin = &edit;
			rc = conflict_add(bench, lineage, NULL, &edit, true);
		} else {
			rc = add_edit(bench, lineage, slot, edit);
		}
	}
	return rc;
}

/* --- one document --------------------------------------------------------- */

static int push_news(struct bench *bench, struct lineage *lineage, struct slot *slot,
		     const struct base_news *news)
{
	/* Grown by doubling: full when the count is a power of two. */
	if ((slot->news_count & (slot->news_count - 1)) == 0) {
		struct base_news *grown =
			arena_alloc(&bench->arena, (slot->news_count * 2 + 1) * sizeof(*grown));

		if (!grown)
			return error_nomem(&lineage->error);
		if (slot->news_count)
			memcpy(grown, slot->news, slot->news_count * sizeof(*grown));
		slot->news = grown;
	}
	slot->news[slot->news_count++] = *news;
	return 0;
}

static int add_news(struct bench *bench, struct lineage *lineage, struct slot *slot,
		    const struct cf_revision *revision, const struct atoms *atoms)
{
	struct base_news news = {
		.rev = revision->rev, .deleted = revision->deleted, .atoms = *atoms};

	lineage->news = true;
	slot->outside_writes++;
	return push_news(bench, lineage, slot, &news);
}

/* Revisions on the way become known too, where they can still be read: somebody may
 * come back with an edit on top of one. */
static int learn_way(struct bench *bench, struct lineage *lineage, struct slot *slot,
		     const struct candidate *candidate)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	size_t count = unknown_part(base, candidate);
	struct cf_get *gets;
	struct cf_record *records;
	int rc;

	if (count < 2)
		return 0;
	gets = arena_calloc(&bench->arena, count, sizeof(*gets));
	records = arena_calloc(&bench->arena, count, sizeof(*records));
	if (!gets || !records)
		return error_nomem(&lineage->error);
	for (size_t i = 1; i < count; i++)
		gets[i - 1] = (struct cf_get){slot->id, candidate->history[i]};
	rc = store_get(bench->store, gets, count - 1, CF_READ_BODIES, &bench->arena, records,
		       &lineage->error);
	for (size_t i = 0; i + 1 < count && rc == 0; i++) {
		const struct cf_revision *revision = records[i].revisions;
		struct base_news news = {.rev = gets[i].rev};
		struct json_value document;

		if (records[i].revision_count == 0 || !revision->body.ptr)
			continue;
		news.deleted = revision->deleted;
		/* What cannot be read stays unknown; it is nobody's document any more. */
		if (!news.deleted && (read_revision(bench, lineage, slot, revision, &document) ||
				      bench_atoms(bench, document, &news.atoms)))
			continue;
		rc = push_news(bench, lineage, slot, &news);
	}
	return rc;
}

/* A tombstone that is news. The document is deleted where no leaf lives; where
 * one does, the delete has lost against it. */
static int note_delete(struct bench *bench, struct lineage *lineage, struct slot *slot,
		       const struct cf_revision *revision)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct atoms was, none = {NULL, 0};
	struct atoms_diff diff = {.a = &was, .b = &base->agreed};
	size_t count;
	const struct cf_str *history = history_of(revision, &count);
	int rc = known_ancestor(bench, base, history, count, &was);

	if (rc)
		return error_nomem(&lineage->error);
	if (!slot->winner && !slot->user_deleted) {
		slot->user_deleted = true;
		slot->late_delete = base->there && atoms_diff_next(&diff);
		slot->deleted_rev = revision->rev;
	} else if (slot->winner && base->there) {
		struct edit lost = {.pointer = STR(""),
				    .slot = slot->index,
				    .rev = revision->rev,
				    .origin = &lost};

		rc = conflict_add(bench, lineage, NULL, &lost, slot->late_delete);
		if (rc == 0)
			lineage->conflicts->delete_lost = true;
	}
	return rc ? rc : add_news(bench, lineage, slot, revision, &none);
}

/* Starts from the winning leaf, puts in what other leaves edited, and finds what
 * is out of date. */
static int settle_current(struct bench *bench, struct lineage *lineage, struct slot *slot,
			  const struct candidate *leaves, size_t leaf_count)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct atoms_diff diff = {.a = &base->agreed, .b = &slot->atoms};
	struct atom *changes;
	size_t count = 0;
	int rc = 0;

	changes = arena_alloc(&bench->arena,
			      (slot->edits.count + base->agreed.count + slot->atoms.count) *
				      sizeof(*changes));
	if (!changes)
		return error_nomem(&lineage->error);
	while (rc == 0 && base->there && atoms_diff_next(&diff)) {
		const struct atom *found = NULL;

		if (edits_find(&slot->edits, diff.pointer))
			continue;
		for (size_t i = 0; i < leaf_count && !found && diff.left; i++) {
			found = atoms_find(&leaves[i].atoms, diff.pointer);
			if (found && found->hash != diff.left->hash)
				found = NULL;
		}
		if (found || !diff.left)
			changes[count++] =
				(struct atom){.pointer = diff.pointer,
					      .value = found ? found->value : JSON_ABSENT};
		else
			rc = edits_add(bench, &slot->stale,
				       (struct edit){.pointer = diff.pointer,
						     .hash = diff.left->hash,
						     .slot = slot->index});
	}
	for (size_t i = 0; i < slot->edits.count && rc == 0; i++) {
		const struct edit *edit = slot->edits.at[i];

		if (!edit->dropped && atoms_hash_at(&slot->atoms, edit->pointer) != edit->hash)
			changes[count++] =
				(struct atom){.pointer = edit->pointer, .value = edit->value};
	}
	if (rc || count == 0)
		return rc;
	atoms_sort(changes, count);
	return slot_patch(bench, slot, changes, count, &lineage->error);
}

/* Reads the leaves; `leaves` are all live ones, `candidates` those that are news. */
static int read_leaves(struct bench *bench, struct lineage *lineage, struct slot *slot,
		       struct candidate *leaves, size_t *ret_leaves, struct candidate *candidates,
		       size_t *ret_candidates)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	int rc = 0;

	for (size_t i = 0; i < slot->record.revision_count && rc == 0; i++) {
		const struct cf_revision *revision = &slot->record.revisions[i];
		bool known = base_find(base, revision->rev) >= 0;
		struct candidate leaf = {.rev = revision->rev};
		struct json_value document;

		if (revision->deleted) {
			rc = known ? 0 : note_delete(bench, lineage, slot, revision);
			continue;
		}
		leaf.history = history_of(revision, &leaf.history_count);
		rc = read_revision(bench, lineage, slot, revision, &document);
		if (rc == 0 && !known)
			rc = validate_leaf(bench, lineage, slot, document);
		if (rc == 0)
			rc = bench_atoms(bench, document, &leaf.atoms);
		if (rc == 0 && !known)
			rc = add_news(bench, lineage, slot, revision, &leaf.atoms);
		if (rc)
			break;
		if (revision == slot->winner) {
			slot->current = document;
			slot->atoms = leaf.atoms;
			slot->stored = leaf.atoms;
		}
		leaves[(*ret_leaves)++] = leaf;
		if (!known)
			candidates[(*ret_candidates)++] = leaf;
	}
	return rc;
}

static int read_slot(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	size_t count = slot->record.revision_count, leaf_count = 0, candidate_count = 0;
	struct candidate *leaves = arena_calloc(&bench->arena, count * 2, sizeof(*leaves));
	struct candidate *candidates = leaves ? leaves + count : NULL;
	int rc;

	if (!leaves)
		return error_nomem(&lineage->error);
	slot->winner =
		count && !slot->record.revisions[0].deleted ? &slot->record.revisions[0] : NULL;
	rc = read_leaves(bench, lineage, slot, leaves, &leaf_count, candidates, &candidate_count);
	if (rc)
		return rc;
	for (size_t i = 0; i < candidate_count && rc == 0; i++)
		rc = learn_way(bench, lineage, slot, &candidates[i]);
	if (rc == 0)
		rc = merge_shared_parts(bench, lineage, slot, candidates, candidate_count);
	for (size_t i = 0; i < candidate_count && rc == 0; i++)
		if (!candidates[i].merged_away)
			rc = find_edits(bench, lineage, slot, &candidates[i]);
	if (leaf_count > 1)
		lineage->news = true;
	if (rc == 0 && slot->winner)
		rc = settle_current(bench, lineage, slot, leaves, leaf_count);
	if (slot->stale.count)
		lineage->news = true;
	return rc;
}

/* Whether revisions alone say that this document is as agreed. */
static bool is_as_agreed(const struct lineage *lineage, const struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	ptrdiff_t known;

	if (slot->record.revision_count == 0)
		return !base->there && lineage->base.exists && base->known_count > 0;
	if (slot->record.revision_count > 1 && !slot->record.revisions[1].deleted)
		return false;
	for (size_t i = 0; i < slot->record.revision_count; i++)
		if (base_find(base, slot->record.revisions[i].rev) < 0)
			return false;
	known = base_find(base, slot->record.revisions[0].rev);
	if (slot->record.revisions[0].deleted || !base->there)
		return slot->record.revisions[0].deleted && !base->there;
	for (ptrdiff_t i = 0; i <= known; i++)
		if (base->known[i].diff.count)
			return false;
	return true;
}

/* A delete counts where nobody edited anything since: then all go. Else the edit
 * wins, and the deleted documents are made again. */
static int settle_deletes(struct bench *bench, struct lineage *lineage)
{
	bool deleted = false, late = false, edited = false;
	int rc = 0;

	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		deleted = deleted || lineage->slots[i].user_deleted;
		late = late || lineage->slots[i].late_delete;
		edited = edited || lineage->slots[i].edits.count > 0;
	}
	if (!deleted)
		return 0;
	if (!late && !edited) {
		lineage->delete_all = true;
		return 0;
	}
	for (size_t i = 0; i < lineage->name.family->own_count && rc == 0; i++) {
		struct slot *slot = &lineage->slots[i];
		struct edit lost = {
			.pointer = STR(""), .slot = i, .rev = slot->deleted_rev, .origin = &lost};

		if (!slot->user_deleted)
			continue;
		rc = conflict_add(bench, lineage, NULL, &lost, slot->late_delete);
		if (rc == 0)
			lineage->conflicts->delete_lost = true;
	}
	return rc;
}

int lineage_read_leaves(struct bench *bench, struct lineage *lineage)
{
	size_t own = lineage->name.family->own_count;
	bool all_as_agreed = true;
	int rc = 0;

	for (size_t i = 0; i < own && all_as_agreed; i++)
		all_as_agreed = is_as_agreed(lineage, &lineage->slots[i]);
	lineage->news = !all_as_agreed;
	if (all_as_agreed && lineage->name.family->slot_count == own)
		return 0;
	for (size_t i = 0; i < own && rc == 0; i++)
		rc = read_slot(bench, lineage, &lineage->slots[i]);
	return rc ? rc : settle_deletes(bench, lineage);
}
