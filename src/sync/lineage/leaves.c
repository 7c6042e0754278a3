/* What did people do? Leaves of revision trees against the base.
 *
 * A leaf that is known says nothing new. Any other is compared, atom by atom,
 * with its nearest known ancestor: what differs was edited. An edit of something
 * that had changed meanwhile is late, and by default gives way to what is
 * agreed. Leaves that share a part which nobody has agreed on are first merged
 * against that part, deepest first.
 */
#include "sync/lineage/leaves.h"

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
	int rc = 0;

	if (PLANTED(bench, QUARANTINE_IGNORED))
		return 0;
	rc = catalog_identify(catalog, document, slot->id, &id, &lineage->error);

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

int leaf_read(struct bench *bench, struct lineage *lineage, const struct slot *slot,
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

/* An edit of this document against those of its other leaves. */
static int add_edit(struct bench *bench, struct lineage *lineage, struct slot *slot,
		    struct edit edit)
{
	int rc = 0;

	edit.origin = &edit;
	for (size_t i = 0; i < slot->edits.count && rc == 0; i++) {
		struct edit *other = slot->edits.at[i];

		if (other->dropped)
			continue;
		if (str_equal(other->pointer, edit.pointer) && other->hash == edit.hash)
			return 0;
		if (str_equal(other->rev, edit.rev) || !edits_clash(other, &edit))
			continue;
		if (conflict_decide(bench, lineage, other, &edit) > 0)
			return conflict_add(bench, lineage, other, &edit, false);
		rc = conflict_add(bench, lineage, &edit, other, false);
		other->dropped = true;
	}
	edit.origin = NULL;
	return rc ? rc : edits_add(bench, &slot->edits, edit);
}

/* Made on top of something that others had changed meanwhile. */
static bool is_late(const struct edit *edit, const struct atoms *was, const struct atoms *agreed)
{
	if (edit_removes_element(edit))
		return !atoms_same_under(was, agreed, edit->pointer);
	return atoms_hash_at(was, edit->pointer) != atoms_hash_at(agreed, edit->pointer);
}

/* A late edit that wins: what was agreed gives way, and is listed with the live leaf
 * that says it. Where no leaf does, the document does not say it any more. */
static int list_agreed(struct bench *bench, struct lineage *lineage, struct slot *slot,
		       struct edit edit, const struct candidate *leaves, size_t leaf_count)
{
	uint64_t agreed = atoms_hash_at(&lineage->base.slots[slot->index].agreed, edit.pointer);
	struct edit lost = {.pointer = edit.pointer, .hash = agreed, .slot = slot->index};

	for (size_t i = 0; i < leaf_count && agreed && !lost.rev.len; i++) {
		const struct atom *atom = atoms_find(&leaves[i].atoms, edit.pointer);

		if (!atom || atom->hash != agreed)
			continue;
		lost.value = atom->value;
		lost.rev = leaves[i].rev;
	}
	if (!lost.rev.len)
		return 0;
	edit.origin = &edit;
	lost.origin = &lost;
	return conflict_add(bench, lineage, &edit, &lost, true);
}

static int find_edits(struct bench *bench, struct lineage *lineage, struct slot *slot,
		      const struct candidate *candidate, const struct candidate *leaves,
		      size_t leaf_count)
{
	const struct catalog_conflicts *policy = catalog_conflicts(bench->registry->catalog);
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct atoms was;
	struct atoms_diff diff = {.a = &was, .b = &candidate->atoms};
	struct cf_str removed = {NULL, 0}; /* an element: what was in it went with it */
	int rc = known_ancestor(bench, base, candidate->history, candidate->history_count, &was);

	if (rc)
		return error_nomem(&lineage->error);
	if (PLANTED(bench, WRONG_ANCESTOR))
		was = base->agreed;
	while (rc == 0 && atoms_diff_next(&diff)) {
		struct edit edit = {.pointer = diff.pointer,
				    .value = diff.right ? diff.right->value : JSON_ABSENT,
				    .hash = diff.right ? diff.right->hash : 0,
				    .slot = slot->index,
				    .rev = candidate->rev};

		if (removed.len && pointer_lies_under(edit.pointer, removed))
			continue;
		if (edit_removes_element(&edit))
			removed = edit.pointer;
		/* A removal that was told as one counts also where nothing was agreed. */
		if (edit.hash == atoms_hash_at(&base->agreed, edit.pointer) &&
		    !(diff.right && edit.hash == 0))
			continue;
		if (PLANTED(bench, EDIT_DROPPED) && slot->edits.count)
			continue;
		if (is_late(&edit, &was, &base->agreed) && !policy->late_edit_wins &&
		    !PLANTED(bench, LATE_AS_FREE)) {
			edit.origin = &edit;
			rc = conflict_add(bench, lineage, NULL, &edit, true);
			continue;
		}
		if (is_late(&edit, &was, &base->agreed) && !PLANTED(bench, LATE_AS_FREE))
			rc = list_agreed(bench, lineage, slot, edit, leaves, leaf_count);
		if (rc == 0)
			rc = add_edit(bench, lineage, slot, edit);
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
	size_t count = candidate_unknown(base, candidate);
	struct cf_get *gets;
	struct cf_record *records;
	int rc;

	if (count < 2 || PLANTED(bench, WAY_NOT_LEARNED))
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
		if (!news.deleted && (leaf_read(bench, lineage, slot, revision, &document) ||
				      bench_atoms(bench, slot->kind, document, &news.atoms)))
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
	/* Where nothing was ever agreed, all that counts is an edit: what is none of them
	 * was removed on the way to a leaf that did not win. */
	while (rc == 0 && (base->there || base->known_count == 0) && atoms_diff_next(&diff)) {
		const struct atom *found = NULL;

		if (edits_cover(&slot->edits, diff.pointer))
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
		rc = leaf_read(bench, lineage, slot, revision, &document);
		if (rc == 0 && !known)
			rc = validate_leaf(bench, lineage, slot, document);
		if (rc == 0)
			rc = bench_atoms(bench, slot->kind, document, &leaf.atoms);
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
	if (rc == 0 && !PLANTED(bench, SHARED_ANCESTOR_SKIPPED))
		rc = candidates_merge(bench, lineage, slot, candidates, candidate_count);
	for (size_t i = 0; i < candidate_count && rc == 0; i++)
		if (!candidates[i].merged_away)
			rc = find_edits(bench, lineage, slot, &candidates[i], leaves, leaf_count);
	if (leaf_count > 1)
		lineage->news = true;
	if (rc == 0 && slot->winner)
		rc = settle_current(bench, lineage, slot, leaves, leaf_count);
	if (slot->stale.count)
		lineage->news = true;
	return rc;
}

/* Whether revisions alone say that this document is as agreed. */
static bool is_as_agreed(struct bench *bench, const struct lineage *lineage,
			 const struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct atoms stored;
	struct atoms_diff diff = {.a = &base->agreed, .b = &stored};
	bool differs = false;
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
		differs = differs || base->known[i].diff.count;
	/* What differs from what is newer may be what differed there, taken back: a leaf
	 * that won against one that is buried now. */
	return !differs || (base_atoms(base, (size_t)known, &bench->arena, &stored) == 0 &&
			    !atoms_diff_next(&diff));
}

/* No document of it was ever seen, or none is left: there is nothing to agree on. */
static bool is_nowhere(const struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++)
		if (lineage->slots[i].record.revision_count || lineage->base.slots[i].there)
			return false;
	return true;
}

/* All of it was deleted, and nobody wrote since: what still lives are documents whose
 * tombstones did not land. */
static bool is_buried(const struct lineage *lineage)
{
	bool known = false;

	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct base_slot *base = &lineage->base.slots[i];
		const struct cf_record *record = &lineage->slots[i].record;

		if (base->there)
			return false;
		known = known || base->known_count > 0;
		for (size_t k = 0; k < record->revision_count; k++)
			if (!record->revisions[k].deleted &&
			    base_find(base, record->revisions[k].rev) < 0)
				return false;
	}
	return known;
}

/* The edit that a delete lost against: of several, the first one. */
static void name_saver(const struct lineage *lineage, struct conflict *conflict)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct edit *edit =
			lineage->slots[i].edits.count ? lineage->slots[i].edits.at[0] : NULL;

		if (!edit)
			continue;
		conflict->winner_slot = i;
		conflict->winner_rev = edit->rev;
		conflict->winner_pointer = edit->pointer;
		conflict->winner_value = edit->value;
		return;
	}
}

/* A delete counts where nobody edited anything since: then all go. Else the edit
 * wins, and the deleted documents are made again. */
static int settle_deletes(struct bench *bench, struct lineage *lineage)
{
	bool late_counts = catalog_conflicts(bench->registry->catalog)->late_edit_wins;
	bool deleted = false, late = false, edited = false;
	int rc = 0;

	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		deleted = deleted || lineage->slots[i].user_deleted;
		late = late || (lineage->slots[i].late_delete && !late_counts);
		edited = edited || lineage->slots[i].edits.count > 0;
	}
	if (!deleted)
		return 0;
	if ((!late && !edited) || PLANTED(bench, DELETE_WINS)) {
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
		if (rc == 0) {
			lineage->conflicts->delete_lost = true;
			name_saver(lineage, lineage->conflicts);
		}
	}
	return rc;
}

int lineage_read_leaves(struct bench *bench, struct lineage *lineage)
{
	size_t own = lineage->name.family->own_count;
	bool all_as_agreed = true, nowhere = is_nowhere(lineage);
	int rc = 0;

	for (size_t i = 0; i < own && all_as_agreed && !nowhere; i++)
		all_as_agreed = is_as_agreed(bench, lineage, &lineage->slots[i]);
	lineage->news = !all_as_agreed;
	if (all_as_agreed && lineage->name.family->slot_count == own)
		return 0;
	for (size_t i = 0; i < own && rc == 0; i++)
		rc = read_slot(bench, lineage, &lineage->slots[i]);
	if (rc == 0 && is_buried(lineage)) {
		lineage->delete_all = true;
		return 0;
	}
	return rc ? rc : settle_deletes(bench, lineage);
}
