/* Bringing all versions of a lineage into agreement: two sweeps.
 *
 * A crossing carries edits from the inputs of a program to its outputs. The
 * inputs are seen back from the outputs (`seen`): an edit that the outputs
 * already say is left as it is there (GetPut: `blocked` stays `blocked`), but
 * counts as edited from there on, so that it travels. The others are put into
 * `seen`, and the result through the lens onto the outputs: by the law of
 * locality nothing else changes there. Edits of one thing on both sides are
 * contested, and the catalog's policy decides.
 */
#include "sync/lineage/lineage.h"

#include "sync/limits.h"

/* What a program makes of the slots. */
struct outcome {
	struct json_value document;
	struct atoms atoms;
	struct cf_str raw_key;
	bool repointed;
};

struct crossover {
	struct bench *bench;
	struct lineage *lineage;
	const struct link *link;
	const struct crossing *forward;
	const struct crossing *back;
	struct outcome *seen; /* the inputs as the outputs say them, by slot */
	bool bare;            /* the outputs are made as if there were none yet */
	bool crossed;         /* the outputs say what the edits say */
};

static struct slot *slot_at(const struct crossover *x, size_t index)
{
	return &x->lineage->slots[index];
}

/* Runs one direction. `inputs` (by slot) replace what the slots say; NULL: they
 * stand. Outcomes are stored by slot. */
static int run(const struct crossover *x, const struct crossing *way, const struct outcome *inputs,
	       struct outcome *outcomes)
{
	struct bench *bench = x->bench;
	struct lineage *lineage = x->lineage;
	struct json_value *in =
		arena_calloc(&bench->arena, way->input_count + way->output_count, sizeof(*in));
	struct json_value *out = in ? in + way->input_count : NULL;
	const struct lens_output *result;
	struct lens_args args = {.key = lineage->key_json,
				 .singleton = lineage->name.singleton,
				 .inputs = in,
				 .bases = out};
	int rc;

	if (!in)
		return error_nomem(&lineage->error);

	for (size_t i = 0; i < way->input_count; i++)
		in[i] = inputs ? inputs[way->inputs[i]].document
			       : slot_at(x, way->inputs[i])->current;
	for (size_t i = 0; i < way->output_count; i++)
		out[i] = x->bare || (PLANTED(bench, GETPUT_FORGOTTEN) && inputs)
				 ? JSON_ABSENT
				 : slot_at(x, way->outputs[i])->current;
	for (size_t i = 1; i < way->input_count && PLANTED(bench, BUILT_FROM_GUESSES); i++)
		if (json_is_absent(in[i]))
			(void)bench_keep(bench, STR("{}"), &in[i], NULL);
	rc = lens_apply(bench->worker, way->program, &args, &result, &lineage->error);
	if (rc) {
		error_at_document(&lineage->error, slot_at(x, way->inputs[0])->id);
		return rc;
	}
	for (size_t i = 0; i < way->output_count && rc == 0; i++) {
		struct outcome *outcome = &outcomes[way->outputs[i]];

		*outcome =
			(struct outcome){.document = JSON_ABSENT, .repointed = result[i].repointed};
		if (!result[i].text.ptr)
			continue;
		outcome->raw_key = arena_dup(&bench->arena, result[i].key);
		rc = bench_keep(bench, result[i].text, &outcome->document, &lineage->error);
		if (rc == 0 && bench_atoms(bench, slot_at(x, way->outputs[i])->kind,
					   outcome->document, &outcome->atoms))
			rc = error_nomem(&lineage->error);
	}
	return rc;
}

static bool atoms_same(const struct atoms *a, const struct atoms *b)
{
	struct atoms_diff diff = {.a = a, .b = b};

	return !atoms_diff_next(&diff);
}

struct bringer {
	const struct crossover *x;
	const struct slot *slot;
	const struct outcome *outcome;
	struct atom *changes;
	size_t count;
};

static int bring_traced(void *ctx, size_t output, struct cf_str pointer)
{
	struct bringer *b = ctx;
	size_t count, at = atoms_under(&b->outcome->atoms, pointer, &count);

	if (b->x->forward->outputs[output] != b->slot->index)
		return 0;
	for (size_t i = at; i < at + count; i++) {
		const struct atom *atom = &b->outcome->atoms.at[i];
		bool known = atoms_find(&b->slot->atoms, atom->pointer) != NULL;

		for (size_t k = 0; k < b->count && !known; k++)
			known = str_equal(b->changes[k].pointer, atom->pointer);
		if (!known)
			b->changes[b->count++] = *atom;
	}
	return 0;
}

/* Who joins a part that is there edits it, too: what he wrote of it, and it does not say. */
static int bring_along(const struct crossover *x, struct slot *slot, const struct outcome *outcome)
{
	struct bringer b = {.x = x, .slot = slot, .outcome = outcome};
	int rc = 0;

	b.changes = arena_calloc(&x->bench->arena, outcome->atoms.count + 1, sizeof(*b.changes));
	if (!b.changes)
		return error_nomem(&x->lineage->error);
	for (size_t i = 0; i < x->forward->input_count; i++) {
		const struct slot *from = slot_at(x, x->forward->inputs[i]);

		for (size_t k = 0; k < from->edits.count && rc == 0; k++)
			if (!from->edits.at[k]->dropped)
				rc = lens_trace(x->forward->program, i, from->edits.at[k]->pointer,
						bring_traced, &b);
	}
	if (rc)
		return error_nomem(&x->lineage->error);
	if (b.count == 0)
		return 0;
	atoms_sort(b.changes, b.count);
	return slot_patch(x->bench, slot, b.changes, b.count, &x->lineage->error);
}

/* Points a shared slot at the part its holder now refers to. */
static int refer_to_part(const struct crossover *x, struct slot *slot,
			 const struct outcome *outcome)
{
	struct part *part;
	int rc = slot_refer(x->bench, x->lineage, slot, outcome->raw_key, &part);

	if (rc)
		return rc;
	if (!part->loaded)
		return LINEAGE_NEEDS_PART;
	slot->record = part->record;
	slot_forget_edits(slot);
	/* What the part says beside what was asked of it counts, and is handed back. */
	rc = slot_set(x->bench, slot,
		      json_is_absent(part->content) ? outcome->document : part->content);
	rc = rc ? rc : slot_edit_all(x->bench, slot, NULL);
	return rc ? error_nomem(&x->lineage->error) : bring_along(x, slot, outcome);
}

/* Takes what a program made for a slot. */
static int take_outcome(const struct crossover *x, struct slot *slot, const struct outcome *outcome)
{
	bool refers = slot->kind->shared && (json_is_absent(slot->current) || outcome->repointed);

	if (json_is_absent(outcome->document)) {
		if (slot->kind->shared) {
			slot->id = (struct cf_str){NULL, 0};
			slot->key = slot->id;
		}
		x->lineage->changes++;
		return slot_set(x->bench, slot, JSON_ABSENT);
	}
	if (refers) {
		x->lineage->changes++;
		return refer_to_part(x, slot, outcome);
	}
	if (atoms_same(&slot->atoms, &outcome->atoms) && !json_is_absent(slot->current))
		return 0;
	slot->current = outcome->document;
	slot->atoms = outcome->atoms;
	x->lineage->changes++;
	return 0;
}

/* What the outputs refer to now, where the crossing has not made it itself. */
static int follow_outputs(const struct crossover *x)
{
	int rc = 0;

	for (size_t i = 0; i < x->forward->output_count && rc == 0; i++)
		if (!slot_at(x, x->forward->outputs[i])->kind->shared)
			rc = lineage_follow_references(x->bench, x->lineage, x->forward->outputs[i],
						       x->forward);
	return rc;
}

/* --- marks: atoms of the outputs that an edit reached --------------------- */

struct marker {
	const struct crossover *x;
	const struct edit *edit;
	const struct crossing *way;
	int rc;
};

/* Of two who say the same, the one who wins more contests is the one to speak; but not
 * before all contests between them are decided. */
static bool speaks_for(const struct crossover *x, const struct edit *mark, const struct edit *there)
{
	return x->crossed && mark->origin != there->origin &&
	       conflict_decide(x->bench, x->lineage, mark, there) > 0;
}

static int mark_atom(const struct marker *m, struct slot *slot, struct cf_str pointer,
		     const struct atom *atom)
{
	struct edit *there = edits_find(&slot->edits, pointer);
	struct edit mark = {.pointer = pointer,
			    .value = atom ? atom->value : JSON_ABSENT,
			    .hash = atom ? atom->hash : 0,
			    .slot = slot->index,
			    .rev = m->edit->rev,
			    .origin = m->edit->origin};

	if (there && there->hash == mark.hash && !speaks_for(m->x, &mark, there))
		return 0;
	if (there)
		there->dropped = true;
	return edits_add(m->x->bench, &slot->edits, mark);
}

static int mark_traced(void *ctx, size_t output, struct cf_str pointer)
{
	struct marker *m = ctx;
	struct slot *slot = slot_at(m->x, m->way->outputs[output]);
	struct cf_str kept = arena_dup(&m->x->bench->arena, pointer), above = kept;
	size_t count, at = atoms_under(&slot->atoms, pointer, &count);
	bool any = count > 0;
	int rc = kept.ptr ? 0 : CF_ERR_NOMEM;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = mark_atom(m, slot, slot->atoms.at[at + i].pointer, &slot->atoms.at[at + i]);
	/* What holds it may be one atom there. */
	while (rc == 0 && above.len) {
		const struct atom *atom;

		while (above.len && above.ptr[above.len - 1] != '/')
			above.len--;
		above.len -= above.len > 0;
		atom = above.len ? atoms_find(&slot->atoms, above) : NULL;
		if (!atom || keyed_is_element(above))
			continue;
		rc = mark_atom(m, slot, atom->pointer, atom);
		any = true;
	}
	if (!any && rc == 0)
		rc = mark_atom(m, slot, kept, NULL);
	return rc;
}

static int trace(const struct crossover *x, const struct edit *edit,
		 int (*found)(void *ctx, size_t output, struct cf_str pointer), void *ctx)
{
	for (size_t i = 0; i < x->forward->input_count; i++)
		if (x->forward->inputs[i] == edit->slot)
			return lens_trace(x->forward->program, i, edit->pointer, found, ctx);
	return 0;
}

static int mark_reached(const struct crossover *x, const struct edit *edit)
{
	struct marker marker = {.x = x, .edit = edit, .way = x->forward};

	return trace(x, edit, mark_traced, &marker);
}

/* --- contests -------------------------------------------------------------- */

struct contest {
	const struct crossover *x;
	struct edit *edit;
};

/* What an edit says of `pointer` on the other side, against an edit there. */
static bool fights(const struct edit *edit, struct cf_str pointer, const struct edit *other)
{
	struct edit there = *edit;

	there.pointer = pointer;
	if (str_equal(pointer, other->pointer))
		return !keyed_is_element(pointer) || (there.hash == 0) != (other->hash == 0);
	return edits_clash(&there, other);
}

/* The element that an edit of `slot` lies in saves itself against its removal: all of
 * it is to be there, as that side has it. */
static int keep_element(const struct crossover *x, size_t index, struct cf_str element,
			const struct edit *winner)
{
	struct slot *slot = slot_at(x, index);
	size_t count, at = atoms_under(&slot->atoms, element, &count);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct atom *atom = &slot->atoms.at[at + i];

		if (!edits_find(&slot->edits, atom->pointer))
			rc = edits_add(x->bench, &slot->edits,
				       (struct edit){.pointer = atom->pointer,
						     .value = atom->value,
						     .hash = atom->hash,
						     .slot = index,
						     .rev = winner->rev,
						     .origin = winner->origin});
	}
	return rc;
}

static int drop_edit(const struct contest *c, struct cf_str pointer, const struct edit *winner,
		     struct edit *loser)
{
	int rc = conflict_add(c->x->bench, c->x->lineage, winner, loser, false);

	loser->dropped = true;
	if (rc || !edit_removes_element(loser) || winner->hash == 0)
		return rc;
	if (loser == c->edit)
		return keep_element(c->x, winner->slot, pointer, winner);
	return keep_element(c->x, winner->slot, keyed_same_depth(winner->pointer, loser->pointer),
			    winner);
}

static int contest_traced(void *ctx, size_t output, struct cf_str pointer)
{
	struct contest *c = ctx;
	const struct crossover *x = c->x;
	struct slot *slot = slot_at(x, x->forward->outputs[output]);
	int rc = 0;

	for (size_t i = 0; i < slot->edits.count && rc == 0 && !c->edit->dropped; i++) {
		struct edit *other = slot->edits.at[i];

		if (other->dropped || other->origin == c->edit->origin ||
		    !fights(c->edit, pointer, other))
			continue;
		if (conflict_decide(x->bench, x->lineage, c->edit, other) > 0)
			rc = drop_edit(c, pointer, c->edit, other);
		else
			rc = drop_edit(c, pointer, other, c->edit);
	}
	return rc;
}

/* --- one crossing ---------------------------------------------------------- */

static bool outputs_missing(const struct crossover *x, bool *ret_all)
{
	bool any = false;

	*ret_all = true;
	for (size_t i = 0; i < x->forward->output_count; i++) {
		const struct slot *slot = slot_at(x, x->forward->outputs[i]);

		if (slot->kind->shared)
			continue;
		if (json_is_absent(slot->current))
			any = true;
		else
			*ret_all = false;
	}
	return any;
}

/* Parts with the same key that have not arrived, where nothing can make them. */
static int check_inputs(const struct crossover *x)
{
	struct lineage *lineage = x->lineage;
	const struct slot *missing = NULL, *there = NULL;

	for (size_t i = 0; i < x->forward->input_count; i++) {
		const struct slot *slot = slot_at(x, x->forward->inputs[i]);

		if (slot->kind->shared)
			continue;
		if (json_is_absent(slot->current))
			missing = missing ? missing : slot;
		else
			there = slot;
	}
	if (!missing || !there || PLANTED(x->bench, BUILT_FROM_GUESSES))
		return 0;
	lineage->waits_for = missing->id;
	error_set(&lineage->error, CF_ERR_INCOMPLETE, "waits for %.*s", STR_ARG(missing->id));
	error_at_document(&lineage->error, slot_at(x, x->forward->outputs[0])->id);
	return CF_ERR_INCOMPLETE;
}

/* Atoms of a document made anew that are not as agreed are out of date: another
 * neighbour knows better. */
static int find_stale(const struct crossover *x, struct slot *slot)
{
	const struct base_slot *base = &x->lineage->base.slots[slot->index];
	struct atoms_diff diff = {.a = &base->agreed, .b = &slot->atoms};
	int rc = 0;

	if (!base->there || slot->kind->shared)
		return 0;
	while (rc == 0 && atoms_diff_next(&diff))
		if (!edits_cover(&slot->edits, diff.pointer))
			rc = edits_add(x->bench, &slot->stale,
				       (struct edit){.pointer = diff.pointer,
						     .hash = diff.left ? diff.left->hash : 0,
						     .slot = slot->index});
	return rc;
}

static int each_edit(const struct crossover *x,
		     int (*what)(const struct crossover *x, struct edit *edit))
{
	int rc = 0;

	for (size_t i = 0; i < x->forward->input_count; i++) {
		struct slot *slot = slot_at(x, x->forward->inputs[i]);

		for (size_t k = 0; k < slot->edits.count && rc == 0; k++)
			if (!slot->edits.at[k]->dropped)
				rc = what(x, slot->edits.at[k]);
	}
	return rc;
}

/* Whether the outputs do not say yet what the edit says. */
static bool must_cross(const struct crossover *x, const struct edit *edit)
{
	return !edit->dropped &&
	       atoms_hash_at(&x->seen[edit->slot].atoms, edit->pointer) != edit->hash;
}

static int mark_edit(const struct crossover *x, struct edit *edit)
{
	if (PLANTED(x->bench, NOT_HANDED_ON))
		return 0;
	return mark_reached(x, edit);
}

/* Makes outputs that are missing. */
static int build(const struct crossover *x, bool all_missing)
{
	size_t slot_count = x->lineage->name.family->slot_count;
	struct outcome *made = arena_calloc(&x->bench->arena, slot_count * 2, sizeof(*made));
	/* A part that is missing says nothing of what the document it belongs to lacks. */
	struct outcome *anew = made && !all_missing ? made + slot_count : made;
	struct crossover bare = *x;
	bool *built = arena_calloc(&x->bench->arena, slot_count, sizeof(*built));
	int rc = made && built ? run(x, x->forward, NULL, made) : error_nomem(&x->lineage->error);

	bare.bare = true;
	if (rc == 0 && !all_missing)
		rc = run(&bare, x->forward, NULL, anew);
	for (size_t i = 0; i < x->forward->output_count && rc == 0; i++) {
		struct slot *slot = slot_at(x, x->forward->outputs[i]);
		struct outcome *outcome =
			slot->kind->shared ? &made[slot->index] : &anew[slot->index];

		built[slot->index] =
			json_is_absent(slot->current) && !json_is_absent(outcome->document);
		if (built[slot->index])
			rc = take_outcome(x, slot, outcome);
	}
	if (rc == 0)
		rc = each_edit(x, mark_edit);
	if (rc == 0)
		rc = follow_outputs(x);
	for (size_t i = 0; i < x->forward->output_count && rc == 0; i++)
		if (built[x->forward->outputs[i]])
			rc = find_stale(x, slot_at(x, x->forward->outputs[i]));
	return rc;
}

static int contest_edit(const struct crossover *x, struct edit *edit)
{
	struct contest contest = {.x = x, .edit = edit};

	return must_cross(x, edit) ? trace(x, edit, contest_traced, &contest) : 0;
}

/* The inputs as seen from the outputs, with the edits put in. */
static int put_edits(const struct crossover *x, struct slot *slot, bool *ret_any)
{
	struct outcome *seen = &x->seen[slot->index];
	struct atom *changes = arena_alloc(&x->bench->arena, slot->edits.count * sizeof(*changes));
	struct atom_rules rules = bench_rules(x->bench, slot->kind);
	size_t count = 0;
	int rc;

	if (!changes)
		return error_nomem(&x->lineage->error);
	for (size_t i = 0; i < slot->edits.count; i++) {
		const struct edit *edit = slot->edits.at[i];

		if (must_cross(x, edit))
			changes[count++] =
				(struct atom){.pointer = edit->pointer, .value = edit->value};
	}
	if (count == 0)
		return 0;
	*ret_any = true;
	atoms_sort(changes, count);
	buf_clear(&x->bench->scratch);
	rc = atoms_patch(seen->document, changes, count, &rules, x->bench->mem, &x->bench->scratch);
	if (rc)
		return error_nomem(&x->lineage->error);
	return bench_keep(x->bench, buf_view(&x->bench->scratch), &seen->document,
			  &x->lineage->error);
}

static unsigned *image_of(const struct crossover *x, const struct crossing *way)
{
	size_t link = (size_t)(x->link - x->lineage->name.family->links);

	return &x->lineage->images[link][way == &x->link->down];
}

/* Looking back has shown, perhaps, that the inputs are what the outputs make of them:
 * the agreement at the end need not find that out again. */
static void note_image(const struct crossover *x)
{
	for (size_t i = 0; i < x->forward->input_count; i++) {
		size_t slot = x->forward->inputs[i];

		if (!atoms_same(&x->seen[slot].atoms, &slot_at(x, slot)->atoms))
			return;
	}
	*image_of(x, x->back) = x->lineage->changes + 1;
}

static int carry_edits(struct crossover *x)
{
	size_t slot_count = x->lineage->name.family->slot_count;
	struct outcome *made = arena_calloc(&x->bench->arena, slot_count, sizeof(*made));
	bool any = false;
	int rc = made ? run(x, x->back, NULL, x->seen) : error_nomem(&x->lineage->error);

	if (rc == 0)
		note_image(x);
	if (rc == 0)
		rc = each_edit(x, contest_edit);
	for (size_t i = 0; i < x->forward->input_count && rc == 0; i++)
		rc = put_edits(x, slot_at(x, x->forward->inputs[i]), &any);
	if (rc == 0 && any)
		rc = run(x, x->forward, x->seen, made);
	for (size_t i = 0; i < x->forward->output_count && rc == 0 && any; i++)
		rc = take_outcome(x, slot_at(x, x->forward->outputs[i]),
				  &made[x->forward->outputs[i]]);
	x->crossed = true;
	if (rc == 0)
		rc = each_edit(x, mark_edit);
	return rc || !any ? rc : follow_outputs(x);
}

/* Sets what is out of date in one output, where `image` says what is agreed. */
static int refresh_slot(const struct crossover *x, struct slot *slot, const struct outcome *image)
{
	struct atom *changes = arena_alloc(&x->bench->arena, slot->stale.count * sizeof(*changes));
	size_t count = 0;
	int rc;

	if (!changes)
		return error_nomem(&x->lineage->error);
	for (size_t k = 0; k < slot->stale.count; k++) {
		struct edit *stale = slot->stale.at[k];
		const struct atom *atom = atoms_find(&image->atoms, stale->pointer);

		if (stale->dropped || edits_cover(&slot->edits, stale->pointer) ||
		    (atom ? atom->hash : 0) != stale->hash)
			continue;
		changes[count++] = (struct atom){.pointer = stale->pointer,
						 .value = atom ? atom->value : JSON_ABSENT};
		stale->dropped = true;
	}
	if (count == 0)
		return 0;
	atoms_sort(changes, count);
	x->lineage->changes++;
	rc = slot_patch(x->bench, slot, changes, count, &x->lineage->error);
	return rc ? rc : lineage_follow_references(x->bench, x->lineage, slot->index, NULL);
}

static int refresh_stale(const struct crossover *x)
{
	size_t slot_count = x->lineage->name.family->slot_count;
	struct outcome *made = NULL;
	int rc = 0;

	for (size_t i = 0; i < x->forward->output_count && rc == 0; i++) {
		struct slot *slot = slot_at(x, x->forward->outputs[i]);

		if (slot->stale.count == 0 || PLANTED(x->bench, STALE_LEFT))
			continue;
		if (!made) {
			made = arena_calloc(&x->bench->arena, slot_count, sizeof(*made));
			rc = made ? run(x, x->forward, NULL, made)
				  : error_nomem(&x->lineage->error);
		}
		if (rc == 0)
			rc = refresh_slot(x, slot, &made[slot->index]);
	}
	return rc;
}

static bool has_edits(const struct crossover *x)
{
	for (size_t i = 0; i < x->forward->input_count; i++) {
		const struct edits *edits = &slot_at(x, x->forward->inputs[i])->edits;

		for (size_t k = 0; k < edits->count; k++)
			if (!edits->at[k]->dropped)
				return true;
	}
	return false;
}

static int cross(struct crossover *x)
{
	bool all_missing;
	int rc;

	if (json_is_absent(slot_at(x, x->forward->inputs[0])->current) || check_inputs(x))
		return 0;
	if (outputs_missing(x, &all_missing)) {
		rc = build(x, all_missing);
		if (rc || all_missing)
			return rc;
	}
	/* First what is out of date: an edit of a part of something needs the rest of it. */
	rc = refresh_stale(x);
	return rc || !has_edits(x) ? rc : carry_edits(x);
}

/* --- agreement ------------------------------------------------------------- */

static struct cf_str text_of(const struct atom *atom)
{
	return atom ? json_span(atom->value) : (struct cf_str){NULL, 0};
}

/* What is to be told if this goes on for ever. */
static void note_swing(struct lineage *lineage, const struct slot *slot,
		       const struct atoms_diff *diff)
{
	struct cf_str left = text_of(diff->left), right = text_of(diff->right);

	lineage->swing[0] = left;
	lineage->swing[1] = right;
	if (!left.ptr)
		left = STR("absent");
	if (!right.ptr)
		right = STR("absent");
	error_set(&lineage->error, CF_ERR_LAW,
		  "the lens breaks its laws: the value swings between %.*s and %.*s", STR_ARG(left),
		  STR_ARG(right));
	error_at_document(&lineage->error, slot->id);
	error_at_pointer(&lineage->error, diff->pointer);
}

/* Where one side is not the image of the other, the policy's side is taken for
 * edited, so that the next round carries it over. */
static int check_way(struct crossover *x, bool prefer_outputs, bool *ret_agree)
{
	size_t slot_count = x->lineage->name.family->slot_count;
	struct outcome *made;
	int rc;

	if (*image_of(x, x->forward) == x->lineage->changes + 1)
		return 0;
	made = arena_calloc(&x->bench->arena, slot_count, sizeof(*made));
	rc = made ? run(x, x->forward, NULL, made) : error_nomem(&x->lineage->error);
	for (size_t i = 0; i < x->forward->output_count && rc == 0; i++) {
		struct slot *slot = slot_at(x, x->forward->outputs[i]);
		struct atoms_diff diff = {.a = &made[slot->index].atoms, .b = &slot->atoms};

		while (rc == 0 && atoms_diff_next(&diff)) {
			struct edit edit = {.pointer = diff.pointer,
					    .value = diff.right ? diff.right->value : JSON_ABSENT,
					    .hash = diff.right ? diff.right->hash : 0,
					    .slot = slot->index};

			*ret_agree = false;
			note_swing(x->lineage, slot, &diff);
			if (prefer_outputs && !edits_find(&slot->edits, diff.pointer))
				rc = edits_add(x->bench, &slot->edits, edit);
		}
	}
	return rc;
}

static bool sides_there(const struct lineage *lineage, const struct link *link)
{
	return !json_is_absent(lineage->slots[link->up.inputs[0]].current) &&
	       !json_is_absent(lineage->slots[link->down.inputs[0]].current);
}

static int check_agreement(struct bench *bench, struct lineage *lineage, bool *ret_agree)
{
	bool newest = catalog_conflicts(bench->registry->catalog)->prefer != CATALOG_OLDEST_VERSION;
	int rc = 0;

	*ret_agree = true;
	for (size_t i = 0; i < lineage->name.family->link_count && rc == 0; i++) {
		const struct link *link = &lineage->name.family->links[i];
		struct crossover up = {bench, lineage, link, &link->up, &link->down, NULL};
		struct crossover down = {bench, lineage, link, &link->down, &link->up, NULL};

		if (!sides_there(lineage, link))
			continue;
		rc = check_way(&up, newest, ret_agree);
		if (rc == 0)
			rc = check_way(&down, !newest, ret_agree);
	}
	return rc;
}

/* A link that still has one side only waits for a part. */
static int check_complete(struct bench *bench, struct lineage *lineage)
{
	for (size_t i = 0; i < lineage->name.family->link_count; i++) {
		const struct link *link = &lineage->name.family->links[i];
		struct crossover up = {bench, lineage, link, &link->up, &link->down, NULL};
		struct crossover down = {bench, lineage, link, &link->down, &link->up, NULL};
		int rc = check_inputs(&up);

		if (rc == 0)
			rc = check_inputs(&down);
		if (rc)
			return rc;
	}
	return 0;
}

static int sweep_way(struct bench *bench, struct lineage *lineage, struct outcome *seen, bool up)
{
	const struct family *family = lineage->name.family;
	int rc = 0;

	for (size_t i = 0; i < family->link_count && rc == 0; i++) {
		const struct link *link = &family->links[up ? i : family->link_count - 1 - i];
		struct crossover x = {.bench = bench,
				      .lineage = lineage,
				      .link = link,
				      .forward = up ? &link->up : &link->down,
				      .back = up ? &link->down : &link->up,
				      .seen = seen};

		rc = cross(&x);
	}
	return rc;
}

int lineage_sweep(struct bench *bench, struct lineage *lineage)
{
	size_t slot_count = lineage->name.family->slot_count;
	struct outcome *seen = arena_calloc(&bench->arena, slot_count, sizeof(*seen));
	bool agree = false;

	lineage->images = arena_calloc(&bench->arena, lineage->name.family->link_count + 1,
				       sizeof(*lineage->images));
	if (!seen || !lineage->images)
		return error_nomem(&lineage->error);
	for (int round = 0; round < SYNC_ROUNDS_MAX; round++) {
		int rc = PLANTED(bench, SWEEP_UP_SKIPPED) ? 0
							  : sweep_way(bench, lineage, seen, true);

		if (rc == 0 && !PLANTED(bench, SWEEP_DOWN_SKIPPED))
			rc = sweep_way(bench, lineage, seen, false);
		if (rc == 0)
			rc = check_complete(bench, lineage);
		if (rc == 0)
			rc = check_agreement(bench, lineage, &agree);
		if (rc || agree)
			return rc;
	}
	return CF_ERR_LAW;
}
