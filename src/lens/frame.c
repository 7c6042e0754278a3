/* Loading objects into registers. One walk over the members; what no op names
 * costs one look at the layout's table and is not kept. */
#include "lens/bytes.h"
#include "lens/program.h"

/* Room for one more cut; a layout without flags never needs it. */
static int grow_cuts(struct run *run, struct frame *frame, uint32_t *cap)
{
	struct cut *cuts = lens_alloc(run, (size_t)*cap * 2 * sizeof(*cuts));

	if (!cuts)
		return CF_ERR_NOMEM;
	memcpy(cuts, frame->cuts, frame->cut_count * sizeof(*cuts));
	frame->cuts = cuts;
	*cap *= 2;
	return 0;
}

struct frame *frame_new(struct run *run, const struct layout *layout)
{
	size_t regs = sizeof(struct reg) * layout->count;
	struct frame *frame = lens_alloc(run, sizeof(*frame) + regs);

	if (!frame)
		return NULL;
	frame->layout = layout;
	frame->source = JSON_ABSENT;
	frame->cuts = NULL;
	frame->cut_count = 0;
	frame->appended = 0;
	memset(frame->regs, 0, regs);
	return frame;
}

static inline uint16_t find_reg(const struct layout *layout, const struct json_doc *doc,
				uint32_t key)
{
	const struct json_node *node = &doc->nodes[key];
	uint32_t at = node->hash & layout->mask;
	uint16_t slot;

	while ((slot = layout->slots[at]) != 0) {
		const struct name *name = &layout->names[slot - 1];

		if (name->hash == node->hash &&
		    (node->flags & JSON_ESCAPED
			     ? json_name_is((struct json_value){doc, key}, name->decoded)
			     : node->end - node->start - 2 == name->decoded.len &&
				       bytes_equal(doc->text + node->start + 1, name->decoded.ptr,
						   name->decoded.len)))
			return slot - 1;
		at = (at + 1) & layout->mask;
	}
	return NO_REG;
}

/* Whether a member that no op names goes because of its "_". */
static inline bool goes(unsigned flags, const struct json_doc *doc, uint32_t key)
{
	const struct json_node *node = &doc->nodes[key];
	const char *p = doc->text + node->start + 1;
	struct json_value name = {doc, key};

	if (p[0] != '_' && !(p[0] == '\\' && memcmp(p, "\\u005", 5) == 0 && (p[5] | 32) == 'f'))
		return false;
	return !(flags & LAYOUT_MAIN) || !json_name_is(name, STR("_attachments"));
}

struct frame *frame_load(struct run *run, const struct layout *layout, struct json_value source)
{
	const struct json_doc *doc = source.doc;
	const struct json_node *nodes = doc->nodes;
	uint32_t end = nodes[source.node].next, cap = layout->count + (layout->flags ? 4u : 0);
	struct frame *frame = frame_new(run, layout);

	if (!frame || (cap && !(frame->cuts = lens_alloc(run, cap * sizeof(*frame->cuts)))))
		return NULL;
	frame->source = source;
	for (uint32_t key = source.node + 1; key < end; key = nodes[key].next) {
		uint16_t reg = NO_REG;
		struct cut *cut;

		if (layout->slots[nodes[key].hash & layout->mask])
			reg = find_reg(layout, doc, key);
		if (reg == NO_REG && !(layout->flags && goes(layout->flags, doc, key)))
			continue;
		if (frame->cut_count == cap && grow_cuts(run, frame, &cap) != 0)
			return NULL;
		cut = &frame->cuts[frame->cut_count];
		cut->node = key;
		cut->reg = reg;
		if (reg != NO_REG)
			frame->regs[reg] =
				(struct reg){.val = {.kind = VAL_TAPE, .node = key + 1, .doc = doc},
					     .place = frame->cut_count};
		frame->cut_count++;
	}
	return frame;
}

int frame_of(struct run *run, struct val *val, const struct layout *layout, struct frame **ret)
{
	struct json_value v = JSON_ABSENT;

	*ret = NULL;
	if (val_kind(val) != JSON_OBJECT)
		return 0;
	if (val->kind == VAL_OBJECT && val->frame->layout == layout) {
		*ret = val->frame;
		return 0;
	}
	if (val_read(run, val, &v) != 0)
		return CF_ERR_NOMEM;
	*ret = frame_load(run, layout, v);
	if (!*ret)
		return CF_ERR_NOMEM;
	*val = (struct val){.kind = VAL_OBJECT, .frame = *ret};
	return 0;
}

bool frame_is_empty(const struct frame *frame)
{
	for (uint16_t i = 0; i < frame->layout->count; i++)
		if (frame->regs[i].val.kind != VAL_ABSENT)
			return false;
	if (json_is_absent(frame->source))
		return true;
	return json_count(frame->source) <= frame->cut_count;
}
