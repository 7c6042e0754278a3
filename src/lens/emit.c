/* Writing frames: between the named members whole runs are copied, named ones
 * stand where they stood, and what appeared comes last, in op order. */
#include "lens/bytes.h"
#include "lens/plan.h"

/* The members of a container without white space from the name `from` up to the
 * name `to` (or the container's end) are one run of bytes. */
static void copy_run(struct run *run, struct json_value source, uint32_t from, uint32_t to,
		     bool *first, struct cf_buf *out)
{
	const struct json_doc *doc = source.doc;
	const struct json_node *nodes = doc->nodes, *whole = &nodes[source.node];
	uint32_t end;

	if (from >= to)
		return;
	if (!(whole->flags & JSON_SPACED)) {
		end = to < whole->next ? nodes[to].start - 1 : whole->end - 1;
		if (!*first)
			buf_byte(out, ',');
		*first = false;
		if (plan_watches(run, doc))
			plan_run(run, source, from, to, out);
		else
			bytes_put(out, doc->text + nodes[from].start, end - nodes[from].start);
		return;
	}
	for (; from < to; from = nodes[from].next) {
		if (!*first)
			buf_byte(out, ',');
		*first = false;
		bytes_put(out, doc->text + nodes[from].start, nodes[from].end - nodes[from].start);
		buf_byte(out, ':');
		if (plan_watches(run, doc))
			plan_compact(run, (struct json_value){doc, from + 1}, out);
		else
			json_write_compact((struct json_value){doc, from + 1}, out);
	}
}

static void emit_id(struct run *run, struct cf_buf *out)
{
	const struct output_plan *plan = &run->program->plans[0];
	bool singleton = run->args->singleton;

	bytes_put(out, plan->id_before[singleton].ptr, plan->id_before[singleton].len);
	if (!singleton && run->maker)
		plan_key(run, out);
	else if (!singleton)
		bytes_put(out, run->args->key.ptr, run->args->key.len);
	bytes_put(out, plan->id_after[singleton].ptr, plan->id_after[singleton].len);
}

int emit_val(struct run *run, const struct val *val, struct cf_buf *out)
{
	const struct json_node *node;
	int rc = 0;

	switch ((enum val_kind)val->kind) {
	case VAL_TAPE:
		node = &val->doc->nodes[val->node];
		if (plan_watches(run, val->doc)) {
			plan_compact(run, (struct json_value){val->doc, val->node}, out);
			break;
		}
		if (node->flags & JSON_SPACED)
			return json_write_compact((struct json_value){val->doc, val->node}, out);
		return bytes_put(out, val->doc->text + node->start, node->end - node->start);
	case VAL_TEXT:
		return bytes_put(out, val->text, val->node);
	case VAL_OBJECT:
		return emit_frame(run, val->frame, out);
	case VAL_ID:
		emit_id(run, out);
		break;
	case VAL_SLOT:
		plan_slot(run, val, out);
		break;
	case VAL_LIST:
		buf_byte(out, '[');
		for (uint32_t i = 0; rc == 0 && i < val->list->count; i++) {
			if (i)
				buf_byte(out, ',');
			rc = emit_val(run, &val->list->items[i], out);
		}
		buf_byte(out, ']');
		break;
	case VAL_ABSENT:
		break;
	}
	return rc ? rc : out->failed ? CF_ERR_NOMEM : 0;
}

static int emit_member(struct run *run, const struct frame *frame, uint16_t reg,
		       const struct cut *cut, bool *first, struct cf_buf *out)
{
	if (!*first)
		buf_byte(out, ',');
	*first = false;
	if (cut && cut->reg == reg) {
		/* Under the name it had, spelled as it was. */
		const struct json_node *name = &frame->source.doc->nodes[cut->node];

		bytes_put(out, frame->source.doc->text + name->start, name->end - name->start);
		buf_byte(out, ':');
	} else {
		bytes_put(out, frame->layout->names[reg].written.ptr,
			  frame->layout->names[reg].written.len);
	}
	return emit_val(run, &frame->regs[reg].val, out);
}

/* What stands at each cut now; and, in the order they came, what was appended. */
static int arrange(struct run *run, struct frame *frame, uint16_t **order)
{
	*order = NULL;
	for (uint32_t i = 0; i < frame->cut_count; i++)
		frame->cuts[i].holds = NO_REG;
	if (frame->appended) {
		*order = lens_alloc(run, frame->appended * sizeof(**order));
		if (!*order)
			return CF_ERR_NOMEM;
		memset(*order, 0xff, frame->appended * sizeof(**order));
	}
	for (uint16_t r = 0; r < frame->layout->count; r++) {
		const struct reg *reg = &frame->regs[r];

		if (reg->val.kind == VAL_ABSENT)
			continue;
		if (reg->place & APPENDED)
			(*order)[reg->place & ~APPENDED] = r;
		else
			frame->cuts[reg->place].holds = r;
	}
	return 0;
}

static bool unchanged(const struct frame *frame, const struct cut *cut)
{
	const struct val *val;

	if (cut->holds != cut->reg || cut->reg == NO_REG)
		return false;
	val = &frame->regs[cut->reg].val;
	return val->kind == VAL_TAPE && val->doc == frame->source.doc && val->node == cut->node + 1;
}

int emit_members(struct run *run, struct frame *frame, bool first, struct cf_buf *out)
{
	uint32_t from = frame->source.node + 1;
	uint16_t *order;
	int rc = arrange(run, frame, &order);

	for (uint32_t i = 0; rc == 0 && i < frame->cut_count; i++) {
		const struct cut *cut = &frame->cuts[i];

		if (unchanged(frame, cut))
			continue;
		copy_run(run, frame->source, from, cut->node, &first, out);
		if (cut->holds != NO_REG)
			rc = emit_member(run, frame, cut->holds, cut, &first, out);
		from = frame->source.doc->nodes[cut->node].next;
	}
	if (rc == 0 && frame->source.doc)
		copy_run(run, frame->source, from, json_node(frame->source)->next, &first, out);
	for (uint32_t i = 0; rc == 0 && i < frame->appended; i++)
		if (order[i] != NO_REG)
			rc = emit_member(run, frame, order[i], NULL, &first, out);
	return rc ? rc : out->failed ? CF_ERR_NOMEM : 0;
}

int emit_frame(struct run *run, struct frame *frame, struct cf_buf *out)
{
	int rc;

	buf_byte(out, '{');
	rc = emit_members(run, frame, true, out);
	buf_byte(out, '}');
	return rc ? rc : out->failed ? CF_ERR_NOMEM : 0;
}
