/* Puts together the documents that were agreed on, with their values.
 *
 * The base has hashes; the values are in the leaves that still say so, in what neighbours
 * say through the lens, in what the base keeps because nobody else can say it, and in the
 * store's older revisions. What cannot be found any more is as the neighbours say.
 */
#include "sync/lineage/lineage.h"

/* A document on its way to what was agreed. */
struct draft {
	struct json_value document; /* absent: nothing yet */
	struct atoms atoms;
	struct atoms want; /* what was agreed */
	bool wanted;       /* a document was there */
	size_t open;       /* atoms that are not found yet */
	bool exact;
	bool stands_in; /* for a part that is missing */
};

struct drafting {
	struct bench *bench;
	struct lineage *lineage;
	struct draft *drafts; /* by slot */
};

static bool same_atoms(const struct atoms *a, const struct atoms *b)
{
	struct atoms_diff diff = {.a = a, .b = b};

	return !atoms_diff_next(&diff);
}

/* --- the slot's own leaves ----------------------------------------------------------------- */

/* The leaf that is what was agreed, by its revision, whatever has become an atom since. */
static const struct leaf *agreed_leaf(const struct lineage *lineage, const struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];

	for (size_t i = 0; i < slot->record.revision_count && base->there; i++) {
		const struct leaf *leaf = &slot->leaves[i];
		const struct base_known *known;

		if (!leaf->known || leaf->revision->deleted)
			continue;
		known = &base->known[leaf->ancestor];
		if (known->seen == BASE_CURRENT && known->diff.count == 0)
			return leaf;
		if (same_atoms(&leaf->atoms, &base->agreed))
			return leaf;
	}
	return NULL;
}

/* The value of an atom that was agreed, from whatever still says so. */
static const struct atom *find_value(const struct lineage *lineage, const struct slot *slot,
				     const struct atom *want)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	const struct atom *found;

	for (size_t i = 0; i < slot->record.revision_count; i++) {
		found = atoms_find(&slot->leaves[i].atoms, want->pointer);
		if (found && found->hash == want->hash)
			return found;
	}
	found = atoms_find(&base->only, want->pointer);
	return found && found->hash == want->hash ? found : NULL;
}

/* Where values may come from; `force`: whatever they are, rather than none. */
struct source_of {
	const struct atoms *image; /* NULL: the slot's own leaves, and what the base keeps */
	bool force;
};

static const struct atom *find_for(const struct drafting *d, size_t index,
				   const struct atoms_diff *diff, const struct source_of *from)
{
	const struct atom *found;

	if (!diff->left)
		return NULL;
	/* The base knows it. */
	if (diff->left->order)
		return diff->left;
	if (!from->image)
		return find_value(d->lineage, &d->lineage->slots[index], diff->left);
	found = atoms_find(from->image, diff->pointer);
	return found && (from->force || found->hash == diff->left->hash) ? found : NULL;
}

/* Sets what differs from what was agreed where it is known what that was; what is in an
 * element that is not there waits for the element. */
static int mend(struct drafting *d, size_t index, struct source_of from)
{
	struct draft *draft = &d->drafts[index];
	const struct slot *slot = &d->lineage->slots[index];
	struct atoms_diff diff = {.a = &draft->want, .b = &draft->atoms};
	struct atoms changes = {
		arena_alloc(&d->bench->arena,
			    (draft->want.count + draft->atoms.count) * sizeof(*changes.at)),
		0};
	/* Somebody's edit stands where what was agreed is lost. */
	bool edited = slot->winner && !slot->winner->known;
	struct cf_str lacking = {NULL, 0};
	size_t open = 0;
	int rc;

	if (!changes.at)
		return error_nomem(&d->lineage->error);
	while (atoms_diff_next(&diff)) {
		const struct atom *found = NULL;

		if (lacking.ptr && pointer_lies_under(diff.pointer, lacking)) {
			open++;
			continue;
		}
		found = find_for(d, index, &diff, &from);
		/* What cannot be found stays as it is now, if it is there at all. */
		if (diff.left && !found) {
			open += !(from.force && diff.right && edited);
			if (keyed_is_element(diff.pointer))
				lacking = diff.pointer;
			continue;
		}
		if (from.force && diff.left && diff.right && edited)
			continue;
		changes.at[changes.count++] =
			(struct atom){.pointer = diff.pointer,
				      .value = found ? found->value : JSON_ABSENT,
				      .order = found ? found->order : NULL};
	}
	draft->open = open;
	draft->exact = open == 0;
	if (changes.count == 0)
		return 0;
	rc = bench_patch(d->bench, slot->kind, draft->document, &changes, &draft->document);
	if (rc)
		return error_nomem(&d->lineage->error);
	if (bench_atoms(d->bench, slot->kind, draft->document, &draft->atoms))
		rc = error_nomem(&d->lineage->error);
	return rc;
}

static int start_draft(struct drafting *d, size_t index)
{
	struct draft *draft = &d->drafts[index];
	struct slot *slot = &d->lineage->slots[index];
	const struct base_slot *base = &d->lineage->base.slots[index];
	const struct leaf *leaf = agreed_leaf(d->lineage, slot);

	*draft = (struct draft){.document = JSON_ABSENT, .want = slot->agreed};
	draft->wanted = base->there || (d->lineage->was_gone && slot->agreed.count);
	if (leaf) {
		draft->document = leaf->document;
		draft->atoms = slot->agreed = draft->want = leaf->atoms;
		draft->exact = true;
		return 0;
	}
	if (!draft->wanted)
		return 0;
	/* Nobody contests its only edit: it is put onto itself. */
	if (d->lineage->uncontested && d->lineage->saved[0].slot == index && slot->winner) {
		draft->document = slot->winner->document;
		draft->atoms = slot->winner->atoms;
		draft->exact = true;
		return 0;
	}
	if (!json_is_absent(base->body)) {
		draft->document = base->body;
		if (bench_atoms(d->bench, slot->kind, base->body, &draft->atoms))
			return error_nomem(&d->lineage->error);
		slot->agreed = draft->want = draft->atoms;
		draft->exact = true;
		return 0;
	}
	if (!slot->winner)
		return 0;
	draft->document = slot->winner->document;
	draft->atoms = slot->winner->atoms;
	if (PLANTED(d->bench, STALE_LEFT)) {
		draft->exact = true;
		return 0;
	}
	return mend(d, index, (struct source_of){NULL});
}

/* --- from the neighbours ---------------------------------------------------------------------- */

static bool side_ready(const struct drafting *d, const struct crossing *way, bool exact)
{
	for (size_t i = 0; i < way->input_count; i++) {
		const struct draft *draft = &d->drafts[way->inputs[i]];

		if (json_is_absent(draft->document) || (exact && draft->wanted && !draft->exact))
			return false;
	}
	return true;
}

static int mend_by(struct drafting *d, size_t index, const struct atoms *image, bool force)
{
	struct source_of tries[] = {{NULL, false}, {image, false}, {NULL, false}, {image, true}};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(tries) && rc == 0 && !d->drafts[index].exact; i++)
		if (force || !tries[i].force)
			rc = mend(d, index, tries[i]);
	return rc;
}

/* What is asked of neighbours. */
enum asking {
	ASK_PROOF,    /* what they say of the document that is there, where the hash proves it */
	ASK_BARE,     /* ... of none */
	ASK_ANYTHING, /* whatever they say */
};

/* Takes what one direction of a link says of what is not exact yet. A lens that fails says
 * nothing. */
static int take_text(struct drafting *d, size_t index, struct cf_str text, bool force)
{
	struct draft *draft = &d->drafts[index];
	const struct slot_kind *kind = d->lineage->slots[index].kind;
	struct json_value document;
	struct atoms image;
	int rc;

	if (kind->shared || !draft->wanted || draft->exact || !text.ptr)
		return 0;
	rc = bench_read(d->bench, text, &document, &d->lineage->error);
	if (rc == 0 && bench_atoms(d->bench, kind, document, &image))
		rc = error_nomem(&d->lineage->error);
	if (rc)
		return rc;
	if (json_is_absent(draft->document)) {
		draft->document = document;
		draft->atoms = image;
	}
	return mend_by(d, index, &image, force);
}

/* NULL: NOMEM. */
static struct json_value *draft_documents(const struct drafting *d)
{
	size_t slot_count = d->lineage->name.family->slot_count;
	struct json_value *documents =
		arena_calloc(&d->bench->arena, slot_count, sizeof(*documents));

	for (size_t i = 0; i < slot_count && documents; i++)
		documents[i] = d->drafts[i].document;
	return documents;
}

static int take_image(struct drafting *d, const struct crossing *way, enum asking how)
{
	struct json_value *documents = draft_documents(d);
	struct image image = {way, documents, how == ASK_BARE};
	struct cf_str *texts;
	int rc = documents ? 0 : CF_ERR_NOMEM;

	rc = rc ? rc : image_make(d->bench, d->lineage, &image, &texts);
	if (rc)
		return rc == CF_ERR_NOMEM ? error_nomem(&d->lineage->error) : 0;
	for (size_t i = 0; i < way->output_count && rc == 0; i++)
		rc = take_text(d, way->outputs[i], texts[i], how == ASK_ANYTHING);
	return rc;
}

static bool outputs_open(const struct drafting *d, const struct crossing *way)
{
	for (size_t i = 0; i < way->output_count; i++)
		if (d->drafts[way->outputs[i]].wanted && !d->drafts[way->outputs[i]].exact)
			return true;
	return false;
}

static size_t count_open(const struct drafting *d)
{
	size_t open = 0;

	for (size_t i = 0; i < d->lineage->name.family->own_count; i++) {
		const struct draft *draft = &d->drafts[i];

		if (draft->wanted && !draft->exact)
			open += 1 +
				(json_is_absent(draft->document) ? draft->want.count : draft->open);
	}
	return open;
}

/* Until nothing more is found out. What hashes prove may come from any neighbour; what is
 * forced comes from one that is as agreed, as long as there is such a one. */
static int ask_neighbours(struct drafting *d, enum asking how, bool exact)
{
	const struct family *family = d->lineage->name.family;
	size_t open = count_open(d), before = SIZE_MAX;
	int rc = 0;

	while (open && open < before && rc == 0) {
		before = open;
		for (size_t i = 0; i < family->link_count && rc == 0; i++) {
			const struct crossing *ways[] = {&family->links[i].up,
							 &family->links[i].down};

			for (size_t k = 0; k < ARRAY_LEN(ways) && rc == 0; k++)
				if (outputs_open(d, ways[k]) && side_ready(d, ways[k], exact))
					rc = take_image(d, ways[k], how);
		}
		open = count_open(d);
	}
	return rc;
}

/* --- past a part that is missing
 * ------------------------------------------------------------------
 */

/* A part that is not there is as the document that is made of it says: so those on its other
 * side can say what it has nothing to do with. */
static int stand_in_for(struct drafting *d, const struct crossing *way, const struct crossing *back)
{
	struct json_value *documents = draft_documents(d);
	struct image image = {back, documents, false};
	struct cf_str *texts;
	int rc = documents ? 0 : CF_ERR_NOMEM;

	if (rc == 0 && !side_ready(d, back, false))
		return 0;
	rc = rc ? rc : image_make(d->bench, d->lineage, &image, &texts);
	if (rc)
		return rc == CF_ERR_NOMEM ? error_nomem(&d->lineage->error) : 0;
	for (size_t i = 1; i < way->input_count && rc == 0; i++) {
		struct draft *draft = &d->drafts[way->inputs[i]];

		for (size_t k = 0; k < back->output_count && rc == 0; k++) {
			if (back->outputs[k] != way->inputs[i] || draft->wanted ||
			    !json_is_absent(draft->document) || !texts[k].ptr)
				continue;
			rc = bench_read(d->bench, texts[k], &draft->document, &d->lineage->error);
			draft->stands_in = true;
		}
	}
	return rc;
}

static int stand_in_for_parts(struct drafting *d)
{
	const struct family *family = d->lineage->name.family;
	int rc = 0;

	for (size_t i = 0; i < family->link_count && rc == 0; i++) {
		const struct link *link = &family->links[i];

		rc = stand_in_for(d, &link->up, &link->down);
		rc = rc ? rc : stand_in_for(d, &link->down, &link->up);
	}
	return rc;
}

/* --- from the store ------------------------------------------------------------------------------
 */

static ptrdiff_t newest_live(const struct base_slot *base)
{
	for (size_t i = 0; i < base->known_count; i++)
		if (!base->known[i].deleted)
			return (ptrdiff_t)i;
	return -1;
}

/* The revision that said what was agreed, if the store still has its body. */
static int ask_store(struct drafting *d, size_t index)
{
	struct slot *slot = &d->lineage->slots[index];
	const struct base_slot *base = &d->lineage->base.slots[index];
	struct draft *draft = &d->drafts[index];
	const struct cf_record *record;
	struct json_value document;
	struct atoms atoms;
	ptrdiff_t last = base->there ? newest_live(base) : base_last(base);
	int rc;

	/* An older one says something else. */
	if (last < 0 || (base->there && base->known[last].diff.count))
		return 0;
	rc = need_revision(d->bench, slot->id, base->known[last].rev, false, &record);
	if (rc)
		return rc < 0 ? error_nomem(&d->lineage->error) : rc;
	if (record->revision_count == 0 || !record->revisions[0].body.ptr)
		return 0;
	if (leaf_read(d->bench, d->lineage, slot, &record->revisions[0], &document))
		return 0;
	if (bench_atoms(d->bench, slot->kind, document, &atoms))
		return error_nomem(&d->lineage->error);
	draft->document = document;
	draft->atoms = slot->agreed = draft->want = atoms;
	draft->exact = draft->wanted = true;
	return 0;
}

/* --- from those who embed it ---------------------------------------------------------------------
 */

/* A part that was deleted while somebody changed it in a document that embeds it: that one says
 * what it was. */
static int ask_forwards(struct drafting *d, size_t index)
{
	struct draft *draft = &d->drafts[index];
	int rc = 0;

	for (const struct forward *f = d->lineage->forwards; f && rc == 0; f = f->next) {
		if (f->slot != index || !json_is_absent(draft->document))
			continue;
		rc = bench_read(d->bench, f->image, &draft->document, &d->lineage->error);
		rc = rc ? rc
			: bench_atoms(d->bench, d->lineage->slots[index].kind, draft->document,
				      &draft->atoms);
		rc = rc ? rc : mend(d, index, (struct source_of){NULL});
	}
	return rc;
}

static int finish_drafts(struct drafting *d)
{
	int answer = 0, rc = 0;

	for (size_t i = 0; i < d->lineage->name.family->own_count && rc >= 0; i++) {
		if (!d->drafts[i].wanted || d->drafts[i].exact)
			continue;
		rc = ask_store(d, i);
		rc = rc ? rc : ask_forwards(d, i);
		answer = rc > 0 ? rc : answer;
	}
	if (rc < 0 || answer)
		return rc < 0 ? rc : answer;
	rc = stand_in_for_parts(d);
	rc = rc ? rc : ask_neighbours(d, ASK_PROOF, false);
	rc = rc ? rc : ask_neighbours(d, ASK_BARE, false);
	rc = rc ? rc : ask_neighbours(d, ASK_ANYTHING, true);
	return rc ? rc : ask_neighbours(d, ASK_ANYTHING, false);
}

/* What was agreed before all was deleted. */
static int find_before_delete(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];

	slot->agreed = base->agreed;
	return lineage->was_gone && base_stood(base, &bench->arena, &slot->agreed)
		       ? error_nomem(&lineage->error)
		       : 0;
}

/* Attachments of a thing that is gone may be lost. */
static int leave_lost(struct drafting *d)
{
	struct lineage *lineage = d->lineage;
	int answer = 0, rc = 0;

	for (size_t i = 0; i < lineage->name.family->own_count && lineage->was_gone && rc >= 0;
	     i++) {
		rc = attachments_leave_lost(d->bench, lineage, &lineage->slots[i],
					    &d->drafts[i].document);
		answer = rc > 0 ? rc : answer;
	}
	return rc < 0 ? rc : answer;
}

int lineage_put_together(struct bench *bench, struct lineage *lineage)
{
	const struct family *family = lineage->name.family;
	struct drafting d = {.bench = bench, .lineage = lineage};
	int rc = 0;

	lineage->agreed = arena_calloc(&bench->arena, family->slot_count, sizeof(*lineage->agreed));
	d.drafts = arena_calloc(&bench->arena, family->slot_count, sizeof(*d.drafts));
	if (!d.drafts || !lineage->agreed)
		return error_nomem(&lineage->error);
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		struct slot *slot = &lineage->slots[i];

		d.drafts[i].document = JSON_ABSENT;
		if (slot->kind->shared) {
			d.drafts[i].document = slot->document;
			continue;
		}
		if (lineage->creation)
			continue;
		rc = find_before_delete(bench, lineage, slot);
		rc = rc ? rc : start_draft(&d, i);
	}
	if (rc == 0)
		rc = ask_neighbours(&d, ASK_PROOF, false);
	if (rc == 0 && count_open(&d))
		rc = finish_drafts(&d);
	if (rc == 0)
		rc = leave_lost(&d);
	for (size_t i = 0; i < family->slot_count && rc == 0; i++) {
		lineage->agreed[i].document =
			d.drafts[i].stands_in ? JSON_ABSENT : d.drafts[i].document;
		if (d.drafts[i].wanted && !lineage->was_gone)
			lineage->agreed[i].atoms = &d.drafts[i].atoms;
		lineage->agreed[i].key = lineage->slots[i].key;
		lineage->agreed[i].missing = lineage->slots[i].missing;
	}
	return rc;
}
