/* Arrays whose elements are matched by a key, with the names they have on each side.
 *
 * An op stands in the middle of its lens: what comes before it has changed the older
 * side's names, what comes after it changes them on to the newer side's. So the place of
 * an array is walked back through the ops before it, and on through those behind it. */
#include "lens/op.h"

struct where {
	size_t place;
	struct cf_str pointer;
	bool gone; /* there is no such field on that side */
};
struct found {
	struct where at[2]; /* older, newer */
	struct cf_str field[2];
	struct found *next;
};
struct walk {
	struct lens *lens;
	bool failed;
};

static struct cf_str join(struct walk *w, const struct op_name *name, struct cf_str rest)
{
	struct cf_buf text;
	struct cf_str kept;

	buf_init(&text, w->lens->arena.mem);
	json_pointer_push(&text, name ? name->decoded : STR("*"));
	buf_str(&text, rest);
	kept = arena_dup_buf(&w->lens->arena, &text);
	w->failed = w->failed || text.failed || !kept.ptr;
	buf_fini(&text);
	return kept;
}

static void step_all(struct walk *w, const struct op *ops, size_t count, bool down,
		     struct where *at);

static void step_out(struct walk *w, const struct op *op, struct where *at)
{
	struct cf_str rest;

	if (at->place != 0)
		return;
	if (op->host.decoded.ptr && op_name_begins(at->pointer, &op->host, &rest)) {
		at->place = op->place;
		at->pointer = rest;
		return;
	}
	for (size_t i = 0; i < op->pair_count; i++) {
		if (!op_name_begins(at->pointer, &op->pairs[i].main, &rest))
			continue;
		at->place = op->place;
		at->pointer = join(w, &op->pairs[i].part, rest);
		return;
	}
}

static void step_into(struct walk *w, const struct op *op, struct where *at)
{
	struct cf_str rest;

	if (at->place == 0 || at->place != op->place)
		return;
	at->place = 0;
	if (op->host.decoded.ptr) {
		at->pointer = join(w, &op->host, at->pointer);
		return;
	}
	for (size_t i = 0; i < op->pair_count; i++) {
		if (op_name_begins(at->pointer, &op->pairs[i].part, &rest)) {
			at->pointer = join(w, &op->pairs[i].main, rest);
			return;
		}
	}
	at->gone = true;
}

static void step_inside(struct walk *w, const struct op *op, bool down, struct where *at)
{
	static const struct op_name element = {.decoded = {"*", 1}};
	const struct op_name *name = op->kind == OP_IN ? &op->name : &element;
	struct where inner = {.gone = false};

	if (!op_name_begins(at->pointer, name, &inner.pointer))
		return;
	if (op->element.decoded.ptr && op->boxes != down)
		inner.pointer = join(w, &op->element, inner.pointer);
	step_all(w, op->inner, op->inner_count, down, &inner);
	if (op->element.decoded.ptr && op->boxes == down)
		inner.gone =
			inner.gone || !op_name_begins(inner.pointer, &op->element, &inner.pointer);
	at->gone = inner.gone;
	at->pointer = join(w, op->kind == OP_IN ? name : NULL, inner.pointer);
}

static void step_main(struct walk *w, const struct op *op, bool down, struct where *at)
{
	bool out = down ? op->kind == OP_PLUNGE : op->kind == OP_HOIST;
	const struct op_name *from = down ? &op->destination : &op->name;
	const struct op_name *to = down ? &op->name : &op->destination;
	struct cf_str rest, deeper;

	switch (op->kind) {
	case OP_ADD:
	case OP_REMOVE:
		if (down == (op->kind == OP_ADD) && op_name_begins(at->pointer, &op->name, &rest))
			at->gone = true;
		break;
	case OP_RENAME:
		if (op_name_begins(at->pointer, from, &rest))
			at->pointer = join(w, to, rest);
		break;
	case OP_HOIST:
	case OP_PLUNGE:
		if (out && op_name_begins(at->pointer, &op->host, &rest) &&
		    op_name_begins(rest, &op->name, &deeper))
			at->pointer = join(w, &op->name, deeper);
		else if (!out && op_name_begins(at->pointer, &op->name, &rest))
			at->pointer = join(w, &op->host, at->pointer);
		break;
	case OP_IN:
	case OP_MAP:
		step_inside(w, op, down, at);
		break;
	default:
		break;
	}
}

/* Where a field of the one side of these ops is on the other. */
static void step_all(struct walk *w, const struct op *ops, size_t count, bool down,
		     struct where *at)
{
	for (size_t i = 0; i < count && !at->gone && !w->failed; i++) {
		const struct op *op = &ops[down ? count - 1 - i : i];

		if (op->kind == (down ? OP_EMBED : OP_EXTRACT))
			step_out(w, op, at);
		else if (op->kind == (down ? OP_EXTRACT : OP_EMBED))
			step_into(w, op, at);
		else if (at->place == 0)
			step_main(w, op, down, at);
	}
}

/* The key's names: as it is written on the older side, and what the elements' own ops
 * make of it. */
static struct found *find_key(struct walk *w, const struct op *op)
{
	struct found *found = arena_calloc(&w->lens->arena, 1, sizeof(*found));
	struct where key = {.pointer = join(w, &op->key_field, STR(""))};

	if (!found || w->failed) {
		w->failed = true;
		return NULL;
	}
	found->at[0].pointer = found->at[1].pointer = STR("");
	found->field[0] = found->field[1] = op->key_field.decoded;
	step_all(w, op->inner, op->inner_count, false, &key);
	found->at[1].gone = key.gone;
	for (size_t i = 0; i < op->inner_count && !key.gone; i++)
		if (op->inner[i].kind == OP_RENAME &&
		    str_equal(op->inner[i].name.decoded, found->field[1]))
			found->field[1] = op->inner[i].destination.decoded;
	/* What is no object is its own key. */
	if (op->element.decoded.ptr && op->boxes)
		found->field[0] = (struct cf_str){NULL, 0};
	else if (op->element.decoded.ptr && str_equal(found->field[1], op->element.decoded))
		found->field[1] = (struct cf_str){NULL, 0};
	else if (op->element.decoded.ptr)
		found->at[1].gone = true;
	return found;
}

/* From inside an op's value, or an element of it, to where the op stands. */
static void step_around(struct walk *w, const struct op *op, int side, struct where *at)
{
	if (op->element.decoded.ptr && op->boxes == (side == 0))
		at->gone = at->gone || !op_name_begins(at->pointer, &op->element, &at->pointer);
	at->pointer = join(w, op->kind == OP_IN ? &op->name : NULL, at->pointer);
}

static struct found *find_all(struct walk *w, const struct op *ops, size_t count)
{
	struct found *all = NULL, **end = &all;

	for (size_t i = 0; i < count && !w->failed; i++) {
		const struct op *op = &ops[i];

		*end = op->kind == OP_IN || op->kind == OP_MAP
			       ? find_all(w, op->inner, op->inner_count)
			       : NULL;
		for (struct found *f = *end; f; f = f->next)
			for (int side = 0; side < 2; side++)
				step_around(w, op, side, &f->at[side]);
		if (op->kind == OP_MAP && op->key_field.decoded.ptr) {
			struct found *key = find_key(w, op);

			if (key) {
				key->next = *end;
				*end = key;
			}
		}
		for (; *end; end = &(*end)->next) {
			step_all(w, ops, i, true, &(*end)->at[0]);
			step_all(w, ops + i + 1, count - i - 1, false, &(*end)->at[1]);
		}
	}
	return all;
}

int lens_find_keyed(struct lens *lens)
{
	struct walk w = {.lens = lens};
	struct found *all = find_all(&w, lens->ops, lens->op_count);
	size_t count = 0;

	for (struct found *f = all; f; f = f->next)
		count++;
	for (int side = 0; side < 2 && count && !w.failed; side++) {
		struct lens_keyed *list = arena_calloc(&lens->arena, count, sizeof(*list));

		if (!list)
			return CF_ERR_NOMEM;
		lens->keyed[side] = list;
		for (struct found *f = all; f; f = f->next)
			if (!f->at[side].gone)
				list[lens->keyed_count[side]++] =
					(struct lens_keyed){.place = f->at[side].place,
							    .pointer = f->at[side].pointer,
							    .field = f->field[side]};
	}
	return w.failed ? CF_ERR_NOMEM : 0;
}
