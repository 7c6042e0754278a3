/* Shared parts: documents that several lineages refer to.
 *
 * A part is a lineage of its own, which the batch reads and settles with those that refer
 * to it (batch.c). Whoever refers to it gets images only. What is said of a part in a
 * document that embeds it is forwarded to the part's lineage and judged there, once, with
 * the version and revision where it was said; so the end does not depend on which of two
 * items was looked at first.
 */
#include "sync/lineage/leads.h"

/* Whether the part is as it was when this lineage agreed. */
static bool part_as_agreed(const struct lineage *lineage, const struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	ptrdiff_t current = base_current(base);

	if (slot->key.len == 0)
		return !base->there;
	if (slot->missing || !base->there)
		return slot->missing == !base->there;
	return current >= 0 &&
	       str_equal(base->known[current].rev, part_rev(slot->part, slot->kind));
}

int lineage_find_parts(struct bench *bench, struct lineage *lineage)
{
	const struct family *family = lineage->name.family;
	int answer = 0;

	for (size_t i = family->own_count; i < family->slot_count; i++) {
		struct slot *slot = &lineage->slots[i];
		int rc;

		slot->key = lineage->base.slots[i].key;
		slot->document = JSON_ABSENT;
		if (lineage->creation || slot->key.len == 0)
			continue;
		rc = part_take(bench, lineage, slot);
		if (rc < 0)
			return rc;
		answer = rc ? rc : answer;
		if (rc == 0 && !part_as_agreed(lineage, slot))
			lineage->news = true;
	}
	return answer;
}

/* --- forwarding ---------------------------------------------------------------------------------
 */

static struct forward *find_forward(const struct part *part, size_t place, struct cf_str id,
				    struct cf_str rev)
{
	struct forward *forward;

	for (forward = part->forwards; forward; forward = forward->next)
		if (forward->slot == place && str_equal(forward->id, id) &&
		    str_equal(forward->rev, rev))
			return forward;
	return NULL;
}

/* Which revision of the part stood at an agreement of this lineage; empty: none. */
static struct cf_str part_rev_at(const struct lineage *lineage, size_t index, uint64_t agreement)
{
	const struct base_slot *base = &lineage->base.slots[index];

	for (size_t i = base->known_count; i-- > 0;)
		if (base_seen(&lineage->base, base, i) >= agreement)
			return base->known[i].rev;
	return (struct cf_str){NULL, 0};
}

struct forwarding {
	struct bench *bench;
	struct lineage *lineage;
	const struct settle_saved *saved;
	size_t index; /* the shared slot */
	bool joins;
	const struct atoms *was; /* what the part said; NULL: what it says now */
};

/* Where in the saved document a pointer of the part was said. */
static int name_pointer(const struct forwarding *f, struct cf_str part, struct forward_pointer *ret)
{
	const struct settle_edit *found = f->saved->edit_count ? &f->saved->edits[0] : NULL;
	struct cf_arena *batch = &f->bench->batch;
	struct tracing tracing = tracing_to(f->bench, f->lineage, f->index);
	bool leads = false;

	tracing.want = part;
	for (size_t i = 0; i < f->saved->edit_count && !leads; i++) {
		if (leads_to(&tracing, f->saved, i, &leads))
			return CF_ERR_NOMEM;
		if (leads)
			found = &f->saved->edits[i];
	}
	*ret = (struct forward_pointer){.part = arena_dup(batch, part)};
	ret->there = arena_dup(batch, found ? found->pointer : part);
	if (found && !json_is_absent(found->value))
		ret->value = arena_dup(batch, json_span(found->value));
	return ret->part.ptr && ret->there.ptr ? 0 : CF_ERR_NOMEM;
}

static int add_forward(const struct forwarding *f, struct part *part, struct json_value image,
		       const struct settle_edit *edits, size_t edit_count)
{
	struct cf_arena *arena = &f->bench->batch;
	const struct slot *from = &f->lineage->slots[f->saved->slot];
	struct forward *forward = arena_calloc(arena, 1, sizeof(*forward));
	int rc = 0;

	if (!forward)
		return CF_ERR_NOMEM;
	*forward = (struct forward){.lineage = f->lineage->place,
				    .slot = part_place(&f->lineage->name.family->slots[f->index]),
				    .id = from->id,
				    .version = from->kind->place,
				    .rev = arena_dup(arena, f->saved->rev),
				    .age = f->saved->age,
				    .joins = f->joins,
				    .image = arena_dup(arena, json_span(image)),
				    .next = part->forwards};
	if (!f->joins)
		forward->seen_rev =
			arena_dup(arena, part_rev_at(f->lineage, f->index, f->saved->seen));
	if (!json_is_absent(f->saved->latest))
		forward->latest = arena_dup(arena, json_span(f->saved->latest));
	forward->pointers = arena_calloc(arena, edit_count + 1, sizeof(*forward->pointers));
	if (!forward->rev.ptr || !forward->image.ptr || !forward->pointers)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < edit_count && rc == 0; i++)
		if (!f->joins || edits[i].hash)
			rc = name_pointer(f, edits[i].pointer,
					  &forward->pointers[forward->pointer_count++]);
	if (rc || forward->pointer_count == 0)
		return rc;
	part->forwards = forward;
	part->state = PART_READ;
	return LINEAGE_NEEDS;
}

/* Hands on what `image` says of the part otherwise than the part itself. */
static int forward_image(const struct forwarding *f, struct cf_str key, struct json_value image,
			 bool *ret_differs)
{
	const struct slot_kind *kind = &f->lineage->name.family->slots[f->index];
	struct slot other = {.kind = kind, .key = key};
	struct settle_edit *edits;
	size_t edit_count;
	struct atoms was, now;
	int rc = part_take(f->bench, f->lineage, &other);

	*ret_differs = false;
	if (rc || !other.part)
		return rc;
	rc = bench_atoms(f->bench, kind, other.document, &was);
	was = f->was ? *f->was : was;
	rc = rc ? rc : bench_atoms(f->bench, kind, image, &now);
	rc = rc ? rc : settle_edits(&was, &now, NULL, 0, &f->bench->arena, &edits, &edit_count);
	if (rc)
		return error_nomem(&f->lineage->error);
	*ret_differs = edit_count > 0;
	if (edit_count == 0 || PLANTED(f->bench, FORWARD_LOST) ||
	    find_forward(other.part, part_place(kind), f->lineage->slots[f->saved->slot].id,
			 f->saved->rev))
		return 0;
	rc = add_forward(f, other.part, image, edits, edit_count);
	return rc < 0 ? error_nomem(&f->lineage->error) : rc;
}

/* --- edits of a part that is referred to as before -------------------------------------------- */

/* The edits that lead to the shared slot leave the saved document's list. */
static int drop_part_edits(struct bench *bench, struct lineage *lineage, struct settle_saved *saved,
			   size_t index)
{
	struct settle_edit *kept = arena_alloc(&bench->arena, saved->edit_count * sizeof(*kept));
	struct tracing tracing = tracing_to(bench, lineage, index);
	size_t count = 0;

	if (!kept)
		return error_nomem(&lineage->error);
	for (size_t i = 0; i < saved->edit_count; i++) {
		bool leads;

		if (leads_to(&tracing, saved, i, &leads))
			return error_nomem(&lineage->error);
		if (!leads)
			kept[count++] = saved->edits[i];
	}
	saved->edits = kept;
	saved->edit_count = count;
	return 0;
}

static int reaches(struct bench *bench, const struct lineage *lineage,
		   const struct settle_saved *saved, size_t index, bool *ret)
{
	struct tracing tracing = tracing_to(bench, lineage, index);

	*ret = false;
	for (size_t i = 0; i < saved->edit_count && !*ret; i++)
		if (leads_to(&tracing, saved, i, ret))
			return CF_ERR_NOMEM;
	return 0;
}

/* What one output of a crossing says, of what was agreed; a lens that fails says nothing. */
static int read_output(struct bench *bench, const struct lineage *lineage,
		       const struct crossing *way, size_t output, struct json_value *ret)
{
	size_t count = lineage->name.family->slot_count;
	struct json_value *documents = arena_calloc(&bench->arena, count, sizeof(*documents));
	struct image image = {way, documents, false};
	struct cf_str *texts;
	int rc = documents ? 0 : CF_ERR_NOMEM;

	for (size_t i = 0; i < count && rc == 0; i++)
		documents[i] = lineage->agreed[i].document;
	rc = rc ? rc : image_make(bench, lineage, &image, &texts);
	if (rc || !texts[output].ptr)
		return rc == CF_ERR_NOMEM ? rc : 0;
	return bench_read(bench, texts[output], ret, NULL);
}

/* A part that was deleted since this lineage agreed, as the documents that embed it say it now.
 * Absent: it was missing before. */
static int part_before(struct bench *bench, struct lineage *lineage, size_t index,
		       struct json_value *ret)
{
	const struct family *family = lineage->name.family;
	int rc = 0;

	*ret = JSON_ABSENT;
	if (!lineage->slots[index].missing || !lineage->base.slots[index].there)
		return 0;
	for (size_t i = 0; i < family->link_count * 2 && rc == 0 && json_is_absent(*ret); i++) {
		const struct crossing *way =
			i % 2 ? &family->links[i / 2].down : &family->links[i / 2].up;

		for (size_t k = 0; k < way->output_count && rc == 0; k++)
			if (way->outputs[k] == index)
				rc = read_output(bench, lineage, way, k, ret);
	}
	return rc;
}

/* As what was agreed, the part was still there. */
static int before_input(struct bench *bench, const struct lineage *lineage, size_t index,
			struct json_value was, struct settle_input *input)
{
	size_t size = lineage->name.family->slot_count * sizeof(*input->slots);
	struct settle_slot *slots = arena_alloc(&bench->arena, size);

	if (!slots)
		return CF_ERR_NOMEM;
	memcpy(slots, input->slots, size);
	slots[index].document = was;
	slots[index].missing = false;
	input->slots = slots;
	return 0;
}

static int forward_saved(struct bench *bench, struct lineage *lineage, size_t at, size_t index)
{
	struct settle_saved *saved = &lineage->saved[at];
	struct forwarding f = {.bench = bench, .lineage = lineage, .saved = saved, .index = index};
	struct slot *slot = &lineage->slots[index];
	struct settle_input input;
	struct settle_result image;
	struct json_value before;
	bool leads, differs;
	int rc;

	if (reaches(bench, lineage, saved, index, &leads))
		return error_nomem(&lineage->error);
	if (!leads || slot->key.len == 0)
		return 0;
	lineage_settle_input(bench, lineage, &input);
	rc = part_before(bench, lineage, index, &before);
	if (rc == 0 && !json_is_absent(before))
		rc = before_input(bench, lineage, index, before, &input);
	if (rc)
		return error_nomem(&lineage->error);
	if (slot->missing && json_is_absent(before))
		return 0;
	f.was = slot->missing ? &lineage->base.slots[index].agreed : NULL;
	rc = settle_carry(bench->settler, &input, at, &image, &lineage->error);
	if (rc)
		return rc;
	/* Who refers to another part from now on has not edited this one. */
	if (!str_equal(image.slots[index].key, slot->key) ||
	    json_is_absent(image.slots[index].document))
		return 0;
	rc = forward_image(&f, slot->key, image.slots[index].document, &differs);
	return rc ? rc : drop_part_edits(bench, lineage, saved, index);
}

int lineage_forward_edits(struct bench *bench, struct lineage *lineage)
{
	const struct family *family = lineage->name.family;
	int answer = 0;

	for (size_t i = family->own_count; i < family->slot_count && !lineage->creation; i++) {
		for (size_t k = 0; k < lineage->saved_count; k++) {
			int rc = forward_saved(bench, lineage, k, i);

			if (rc < 0)
				return rc;
			answer = rc ? rc : answer;
		}
	}
	return answer;
}

/* --- parts that are made, or joined
 * --------------------------------------------------------------- */

/* The saved document whose accepted edit made the lineage refer to this part. */
static const struct settle_saved *who_refers(struct bench *bench, const struct lineage *lineage,
					     size_t index)
{
	const struct settle_saved *found = NULL;

	for (size_t i = 0; i < lineage->saved_count; i++) {
		const struct settle_saved *saved = &lineage->saved[i];
		bool leads;

		if (found && found->age >= saved->age)
			continue;
		if (reaches(bench, lineage, saved, index, &leads) == 0 && leads)
			found = saved;
	}
	return found;
}

/* *ret: what came out is written otherwise than what the part says, or it is not there. */
static int says_already(struct bench *bench, struct lineage *lineage, size_t index, bool *ret)
{
	const struct settle_slot_result *result = &lineage->result.slots[index];
	struct slot other = {.kind = &lineage->name.family->slots[index], .key = result->key};
	int rc = part_take(bench, lineage, &other);

	*ret = json_is_absent(other.document) ||
	       !str_equal(json_span(other.document), json_span(result->document));
	return rc;
}

int lineage_make_parts(struct bench *bench, struct lineage *lineage, bool *ret_differs)
{
	const struct family *family = lineage->name.family;
	int answer = 0;

	*ret_differs = false;
	for (size_t i = family->own_count; i < family->slot_count; i++) {
		const struct settle_slot_result *result = &lineage->result.slots[i];
		struct forwarding f = {.bench = bench, .lineage = lineage, .index = i};
		bool differs = false;
		int rc;

		if (json_is_absent(result->document) || result->key.len == 0)
			continue;
		f.joins = !str_equal(result->key, lineage->slots[i].key);
		if (!f.joins && !result->changed)
			continue;
		/* Mostly it says what came out. */
		rc = says_already(bench, lineage, i, &differs);
		if (rc < 0)
			return rc;
		answer = rc ? rc : answer;
		if (rc || !differs)
			continue;
		f.saved = who_refers(bench, lineage, i);
		if (!f.saved && lineage->saved_count)
			f.saved = &lineage->saved[0];
		if (!f.saved)
			continue;
		rc = forward_image(&f, result->key, result->document, &differs);
		if (rc < 0)
			return rc;
		answer = rc ? rc : answer;
		*ret_differs = *ret_differs || differs;
	}
	return answer;
}
