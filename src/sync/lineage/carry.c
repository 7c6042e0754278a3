/* One document is carried to all others: over each link that leads away from it, in the
 * direction of travel, over the documents that are there (GetPut). Each link is crossed
 * once. */
#include "sync/lineage/settler.h"

struct carrier {
	struct settler *s;
	struct pages *state;
	bool *reached;  /* by slot: it says what is carried */
	bool *done;     /* by link */
	bool any_taken; /* something was made, or changed */
	bool phantom;   /* the crossing reads what stands in for a missing part */
	size_t joined;  /* a shared part that is there already, and is referred to from here on */
};

/* A document that is there, and not only for the sake of others. */
static struct page *real_page(const struct carrier *c, size_t slot)
{
	struct page *page = c->state->pages[slot];

	return page && !page->phantom ? page : NULL;
}

static bool is_missing(const struct carrier *c, size_t slot)
{
	return !c->state->pages[slot] || c->state->pages[slot]->root;
}

static bool any_reached(const struct carrier *c, const size_t *slots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c->reached[slots[i]])
			return true;
	return false;
}

/* --- shared parts ------------------------------------------------------------- */

/* A key as it stands in a JSON string, decoded. */
static int decode_key(struct settler *s, struct cf_str raw, struct cf_str *ret)
{
	struct cf_str quoted, decoded;
	struct page *page;
	int rc;

	*ret = arena_dup(&s->arena, raw);
	if (!ret->ptr)
		return error_nomem(s->error);
	if (!memchr(raw.ptr, '\\', raw.len))
		return 0;
	quoted = arena_printf(&s->arena, "\"%.*s\"", STR_ARG(raw));
	rc = quoted.ptr ? page_read(s, NULL, quoted, &page) : error_nomem(s->error);
	if (rc)
		return rc;
	rc = json_decode(page->value, &s->arena, &decoded);
	*ret = arena_dup(&s->arena, decoded);
	page_drop(s, page);
	return rc || !ret->ptr ? error_nomem(s->error) : 0;
}

/* What the part says already, with what the edits that are carried say of it (`made`). */
static int join_part(struct carrier *c, size_t slot, struct json_value content, struct page *made,
		     struct page **ret)
{
	struct settler *s = c->s;
	struct page *page = page_borrow(s, &s->family->slots[slot], content, NULL);
	struct atom *changes;
	size_t count = 0;
	int rc = page ? 0 : error_nomem(s->error);

	*ret = page;
	if (rc || !made || !s->carried)
		return rc;
	rc = touched_atoms(s, slot, made, &changes, &count);
	if (rc || count == 0)
		return rc;
	buf_clear(&s->text);
	s->rules.keyed = page->kind->keyed;
	if (atoms_patch(content, changes, count, &s->rules, s->mem, &s->text))
		return error_nomem(s->error);
	page_drop(s, page);
	*ret = NULL;
	return page_read(s, &s->family->slots[slot], buf_view(&s->text), ret);
}

/* The slot shows the part of that key; `made`: what it says where there is none yet. */
static int refer(struct carrier *c, size_t slot, struct cf_str key, struct page *made)
{
	struct settler *s = c->s;
	const struct settle_input *input = s->input;
	struct json_value content = JSON_ABSENT;
	struct page *page = made;
	int rc = 0;

	if (key.len && str_equal(key, input->slots[slot].key))
		content = input->slots[slot].document;
	else if (key.len && input->part)
		rc = input->part(input->part_ctx, slot, key, &content);
	if (rc == 0 && !json_is_absent(content)) {
		rc = join_part(c, slot, content, made, &page);
		c->joined = made ? slot : c->joined;
	}
	if (page != made || rc)
		page_drop(s, made);
	if (rc)
		return rc;
	c->state->keys[slot] = key;
	pages_set(s, c->state, slot, page);
	return 0;
}

/* What the main document refers to now. */
static int follow_reference(struct carrier *c, const struct crossing *way, size_t input)
{
	struct settler *s = c->s;
	size_t slot = way->inputs[input];
	struct cf_str raw, key = {NULL, 0};
	int rc = lens_reference(s->lenses, way->program, input,
				c->state->pages[way->inputs[0]]->value, &raw, s->error);

	if (rc == 0 && raw.len)
		rc = decode_key(s, raw, &key);
	if (rc || str_equal(key, c->state->keys[slot]))
		return rc;
	return refer(c, slot, key, NULL);
}

/* --- one crossing ---------------------------------------------------------------- */

static int apply(const struct carrier *c, const struct crossing *way, bool bare,
		 const struct lens_output **ret)
{
	return crossing_apply(c->s, c->state, way, bare, ret);
}

/* Whether all that the program reads is there. `back`: the other way of the link; NULL:
 * nothing stands in for what is missing. */
static int inputs_ready(struct carrier *c, const struct crossing *way, const struct crossing *back,
			bool *ret)
{
	int rc = 0;

	*ret = c->state->pages[way->inputs[0]] != NULL;
	for (size_t i = 1; i < way->input_count && *ret && rc == 0; i++) {
		size_t slot = way->inputs[i];
		bool shared = c->s->family->slots[slot].shared;

		if (shared && back)
			rc = follow_reference(c, way, i);
		if (rc == 0 && shared && back && c->state->keys[slot].len && !c->state->pages[slot])
			rc = stand_in(&(struct missing){c->s, c->state, way, back, slot});
		*ret = c->state->pages[slot] || (shared && !c->state->keys[slot].len);
	}
	return rc;
}

static int take_shared(struct carrier *c, size_t slot, const struct lens_output *output,
		       struct page *page)
{
	struct pages *state = c->state;
	struct cf_str key = {NULL, 0};
	int rc = output->text.ptr && output->key.len ? decode_key(c->s, output->key, &key) : 0;

	if (rc) {
		page_drop(c->s, page);
		return rc;
	}
	if (str_equal(key, state->keys[slot]) && state->pages[slot] && state->pages[slot]->root) {
		page_drop(c->s, page);
		return 0;
	}
	if (str_equal(key, state->keys[slot]) && (!page || state->pages[slot])) {
		pages_set(c->s, state, slot, page);
		return 0;
	}
	return refer(c, slot, key, page);
}

/* Whether a missing part would fill some of that document. */
static int has_holes(struct carrier *c, size_t slot, bool *ret)
{
	const struct hole *holes;
	size_t count;
	int rc = find_holes(c->s, c->state, &holes, &count);

	*ret = false;
	for (size_t i = 0; i < count && rc == 0; i++)
		*ret = *ret || holes[i].slot == slot;
	return rc;
}

static int take_own(struct carrier *c, size_t slot, struct page *page)
{
	struct page *old = c->state->pages[slot];
	bool same = !page && !old;
	int rc = 0;

	if (old && old->root && c->phantom)
		same = true;
	else if (old && !old->phantom)
		rc = pages_same(c->s, old, page, &same);
	else if (page && !(old && old->root))
		rc = has_holes(c, slot, &page->phantom);
	/* What says the same is left as it is spelled. */
	if (rc || same) {
		page_drop(c->s, page);
		return rc;
	}
	c->any_taken = true;
	pages_set(c->s, c->state, slot, page);
	return 0;
}

/* Takes what the program made for a slot. */
static int take(struct carrier *c, size_t slot, const struct lens_output *output)
{
	struct settler *s = c->s;
	const struct slot_kind *kind = &s->family->slots[slot];
	struct page *old = real_page(c, slot), *page = NULL;
	int rc = 0;

	if (old && output->text.ptr && str_equal(json_span(old->value), output->text) &&
	    !output->repointed)
		return 0;
	if (output->text.ptr)
		rc = page_read(s, kind, output->text, &page);
	if (rc)
		return rc;
	if (!kind->shared)
		return take_own(c, slot, page);
	if (!c->phantom)
		return take_shared(c, slot, output, page);
	/* Nobody makes up what is missing. */
	page_drop(s, page);
	return 0;
}

/* A part that is missing says nothing of what the document it belongs to lacks. */
static int take_bare(struct carrier *c, const struct crossing *way)
{
	const struct lens_output *made;
	bool some = false, missing = false;
	int rc;

	for (size_t i = 0; i < way->output_count; i++) {
		if (c->s->family->slots[way->outputs[i]].shared)
			continue;
		some = some || !is_missing(c, way->outputs[i]);
		missing = missing || is_missing(c, way->outputs[i]);
	}
	if (!some || !missing)
		return 0;
	rc = apply(c, way, true, &made);
	for (size_t i = 0; i < way->output_count && rc == 0; i++) {
		size_t slot = way->outputs[i];

		if (is_missing(c, slot) && !c->s->family->slots[slot].shared)
			rc = take(c, slot, &made[i]);
	}
	return rc;
}

static int cross(struct carrier *c, const struct crossing *way, const struct crossing *back,
		 bool *ret_crossed)
{
	const struct lens_output *made;
	int rc = inputs_ready(c, way, back, ret_crossed);

	if (rc || !*ret_crossed)
		return rc;
	c->phantom = false;
	for (size_t i = 0; i < way->input_count; i++)
		c->phantom = c->phantom || (c->state->pages[way->inputs[i]] &&
					    c->state->pages[way->inputs[i]]->phantom);
	rc = take_bare(c, way);
	if (rc == 0)
		rc = apply(c, way, false, &made);
	/* Of what only stands in, nothing can be asked. */
	if (c->phantom && is_failure(rc))
		return 0;
	for (size_t i = 0; i < way->output_count && rc == 0; i++) {
		size_t slot = way->outputs[i];

		if (!c->reached[slot])
			rc = take(c, slot, &made[i]);
		c->reached[slot] = true;
	}
	return rc;
}

/* Parts that were read together with the one that is carried: what came out of them may
 * say more of each than it did. */
static int refresh_siblings(struct carrier *c, const struct crossing *back, bool *ret_progress)
{
	const struct lens_output *made;
	int rc = 0;
	bool all = true;

	for (size_t i = 0; i < back->output_count; i++)
		all = all && c->reached[back->outputs[i]];
	if (all || c->phantom)
		return 0;
	rc = apply(c, back, false, &made);
	for (size_t i = 0; i < back->output_count && rc == 0; i++) {
		size_t slot = back->outputs[i];

		if (c->reached[slot])
			continue;
		c->any_taken = false;
		rc = take(c, slot, &made[i]);
		c->reached[slot] = c->any_taken;
		*ret_progress = *ret_progress || c->any_taken;
	}
	return rc;
}

static int pass(struct carrier *c, bool up, bool *ret_progress)
{
	const struct family *family = c->s->family;
	int rc = 0;

	for (size_t n = 0; n < family->link_count && rc == 0; n++) {
		size_t i = up ? n : family->link_count - 1 - n;
		const struct link *link = &family->links[i];
		const struct crossing *way = up ? &link->up : &link->down;
		const struct crossing *back = up ? &link->down : &link->up;
		bool crossed = false;

		if (c->done[i] || !any_reached(c, way->inputs, way->input_count))
			continue;
		rc = cross(c, way, back, &crossed);
		c->done[i] = crossed;
		*ret_progress = *ret_progress || crossed;
		if (rc == 0 && crossed)
			rc = refresh_siblings(c, back, ret_progress);
	}
	return rc;
}

static int carrier_init(struct carrier *c, struct settler *s, struct pages *state)
{
	arena_reset(&s->scratch);
	*c = (struct carrier){.s = s, .state = state, .joined = SIZE_MAX};
	c->reached = arena_calloc(&s->scratch, s->family->slot_count, sizeof(bool));
	c->done = arena_calloc(&s->scratch, s->family->link_count + 1, sizeof(bool));
	return c->reached && c->done ? 0 : error_nomem(s->error);
}

/* Parts with the same key that nothing made: others go on without them. */
static int stand_in_for_own(struct carrier *c, const struct crossing *way,
			    const struct crossing *back, bool *ret_progress)
{
	int rc = 0;

	if (!c->state->pages[way->inputs[0]] || !any_reached(c, way->inputs, way->input_count))
		return 0;
	for (size_t i = 1; i < way->input_count && rc == 0; i++) {
		size_t slot = way->inputs[i];

		if (c->state->pages[slot] || c->s->family->slots[slot].shared)
			continue;
		rc = stand_in(&(struct missing){c->s, c->state, way, back, slot});
		*ret_progress = true;
	}
	return rc;
}

static int stand_in_for_all(struct carrier *c, bool *ret_progress)
{
	const struct family *family = c->s->family;
	int rc = 0;

	for (size_t i = 0; i < family->link_count && rc == 0; i++) {
		const struct link *link = &family->links[i];

		if (!c->done[i])
			rc = stand_in_for_own(c, &link->up, &link->down, ret_progress);
		if (rc == 0 && !c->done[i])
			rc = stand_in_for_own(c, &link->down, &link->up, ret_progress);
	}
	return rc;
}

static int walk(struct carrier *c, bool up)
{
	bool progress = true;
	int rc = 0;

	while (rc == 0 && progress) {
		progress = false;
		rc = pass(c, up, &progress);
		if (rc == 0)
			rc = pass(c, !up, &progress);
		if (rc == 0 && !progress)
			rc = stand_in_for_all(c, &progress);
	}
	return rc;
}

int carry(struct settler *s, struct pages *state, size_t from)
{
	struct carrier c;
	int rc = carrier_init(&c, s, state);

	if (rc)
		return rc;
	c.reached[from] = true;
	rc = walk(&c, true);
	/* What the part says beside what was asked of it is handed back. */
	return rc || c.joined == SIZE_MAX || c.joined == from ? rc : carry(s, state, c.joined);
}

int pages_lay(struct settler *s, struct pages *state, const struct source *source)
{
	struct page *page =
		page_borrow(s, &s->family->slots[source->slot], source->document, source->atoms);

	pages_set(s, state, source->slot, page);
	return page ? carry(s, state, source->slot) : error_nomem(s->error);
}

/* What is missing of what the documents refer to is known before anything is made of it. */
static int follow_all(struct settler *s, struct pages *state)
{
	struct carrier c;
	int rc = carrier_init(&c, s, state);

	for (size_t i = 0; i < s->family->link_count && rc == 0; i++) {
		const struct link *link = &s->family->links[i];
		bool ready;

		rc = inputs_ready(&c, &link->up, &link->down, &ready);
		if (rc == 0)
			rc = inputs_ready(&c, &link->down, &link->up, &ready);
	}
	return rc;
}

int carry_over(struct settler *s, struct pages *state, const bool *there)
{
	int rc = 0;

	/* From older neighbours, and then over that from newer ones: both may know something. */
	for (int turn = 0; turn < 2 && rc == 0; turn++) {
		struct carrier c;

		rc = carrier_init(&c, s, state);
		for (size_t i = 0; rc == 0 && i < s->family->own_count; i++)
			c.reached[i] = there[i];
		if (rc == 0)
			rc = walk(&c, turn == 0);
	}
	return rc;
}

int carry_fresh(struct settler *s, const struct source *source, const bool *there)
{
	struct page *page =
		page_borrow(s, &s->family->slots[source->slot], source->document, source->atoms);
	struct carrier c;
	int rc = page ? carrier_init(&c, s, &s->agreed) : error_nomem(s->error);

	if (rc)
		return rc;
	pages_set(s, &s->agreed, source->slot, page);
	for (size_t i = 0; i < s->family->own_count; i++)
		c.reached[i] = there[i];
	c.reached[source->slot] = true;
	return walk(&c, true);
}

int carry_missing(struct settler *s, struct pages *state)
{
	bool *there = arena_calloc(&s->arena, s->family->slot_count, sizeof(bool));
	bool missing = false;
	int rc = there ? 0 : error_nomem(s->error);

	if (rc == 0 && s->family->slot_count > s->family->own_count)
		rc = follow_all(s, state);
	for (size_t i = 0; i < s->family->own_count && rc == 0; i++) {
		there[i] = state->pages[i] && !state->pages[i]->phantom;
		missing = missing || !there[i];
	}
	return rc || !missing ? rc : carry_over(s, state, there);
}
