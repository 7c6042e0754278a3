/* Layouts: the names that ops look for at one level, and their registers. */
#include "lens/program.h"

struct layout *layout_new(struct lens_program *program)
{
	struct layout *layout = arena_calloc(&program->arena, 1, sizeof(*layout));

	if (layout) {
		layout->previous = program->layouts;
		program->layouts = layout;
		layout->hidden[0] = layout->hidden[1] = NO_REG;
	}
	return layout;
}

static int grow(struct lens_program *program, struct layout *layout)
{
	uint32_t cap = layout->cap ? layout->cap * 2u : 8;
	struct name *names = arena_alloc(&program->arena, cap * sizeof(*names));
	struct shape **shapes = arena_calloc(&program->arena, cap, sizeof(*shapes));

	if (!names || !shapes)
		return CF_ERR_NOMEM;
	if (layout->count) {
		memcpy(names, layout->names, layout->count * sizeof(*names));
		memcpy(shapes, layout->shapes, layout->count * sizeof(*shapes));
	}
	layout->names = names;
	layout->shapes = shapes;
	layout->cap = (uint16_t)cap;
	return 0;
}

int layout_reg(struct lens_program *program, struct layout *layout, const struct op_name *name,
	       uint16_t *ret)
{
	char *written;

	for (uint16_t i = 0; i < layout->count; i++) {
		if (layout->names[i].hash == name->hash &&
		    str_equal(layout->names[i].decoded, name->decoded)) {
			*ret = i;
			return 0;
		}
	}
	if (layout->count >= LAYOUT_NAMES)
		return CF_ERR_LIMIT;
	if (layout->count == layout->cap && grow(program, layout) != 0)
		return CF_ERR_NOMEM;
	written = arena_alloc(&program->arena, name->quoted.len + 1);
	if (!written)
		return CF_ERR_NOMEM;
	memcpy(written, name->quoted.ptr, name->quoted.len);
	written[name->quoted.len] = ':';
	layout->names[layout->count] = (struct name){
		.decoded = name->decoded,
		.written = {written, name->quoted.len + 1},
		.hash = name->hash,
	};
	*ret = layout->count++;
	return 0;
}

static int finish(struct lens_program *program, struct layout *layout)
{
	uint32_t size = 8;

	while (size < layout->count * 4u)
		size *= 2;
	layout->mask = (uint16_t)(size - 1);
	layout->slots = arena_calloc(&program->arena, size, sizeof(*layout->slots));
	if (!layout->slots)
		return CF_ERR_NOMEM;
	for (uint16_t i = 0; i < layout->count; i++) {
		uint32_t at = layout->names[i].hash & layout->mask;

		while (layout->slots[at])
			at = (at + 1) & layout->mask;
		layout->slots[at] = i + 1;
	}
	return 0;
}

int layouts_finish(struct lens_program *program)
{
	int rc = 0;

	for (struct layout *l = program->layouts; rc == 0 && l; l = l->previous)
		rc = finish(program, l);
	return rc;
}
