/* Which arrays of which versions are keyed: where a lens names a key, and wherever
 * other lenses carry those arrays to. */
#include "sync/family.h"

struct entry {
	const struct catalog_major *major;
	struct keyed_array array;
	struct entry *next;
};

struct finder {
	struct registry *registry;
	struct entry *entries; /* the newest first: new ones are walked again */
	const struct lens_program *program;
};

static int add_entry(struct finder *f, const struct catalog_major *major, struct cf_str pattern,
		     struct cf_str field)
{
	const struct keyed_arrays none = {NULL, 0};
	struct cf_arena *arena = &f->registry->arena;
	struct cf_str kept = keyed_pointer(&none, pattern, arena);
	struct entry *entry;

	for (entry = f->entries; entry && kept.ptr; entry = entry->next)
		if (entry->major == major && str_equal(entry->array.pattern, kept))
			return 0;
	entry = arena_calloc(arena, 1, sizeof(*entry));
	if (!entry)
		return CF_ERR_NOMEM;
	*entry = (struct entry){.major = major, .next = f->entries};
	entry->array.pattern = kept;
	if (field.ptr)
		entry->array.field = arena_dup(arena, field);
	f->entries = entry;
	return entry->array.pattern.ptr && (entry->array.field.ptr || !field.ptr) ? 0
										  : CF_ERR_NOMEM;
}

static const struct catalog_major *major_at(const struct registry *registry, struct lens_side side,
					    size_t index)
{
	const struct catalog_type *type =
		index < side.count ? catalog_type(registry->catalog, side.places[index].type)
				   : NULL;

	return type ? catalog_major(type, side.places[index].major) : NULL;
}

static struct cf_str without_star(struct cf_str pointer)
{
	if (pointer.len >= 2 && memcmp(pointer.ptr + pointer.len - 2, "/*", 2) == 0)
		pointer.len -= 2;
	return pointer;
}

/* Where the field of an element is on the other side of a lens; where that is no field of
 * an element (a script made it), the array may hold scalars. */
static int found_key(void *ctx, size_t output, struct cf_str pointer)
{
	struct finder *f = ctx;
	const struct catalog_major *major =
		major_at(f->registry, lens_program_outputs(f->program), output);
	const char *slash = pointer.len ? memrchr(pointer.ptr, '/', pointer.len) : NULL;
	struct cf_buf field;
	size_t end;
	int rc;

	if (!major || !slash)
		return 0;
	end = (size_t)(slash - pointer.ptr);
	if (end < 2 || memcmp(slash - 2, "/*", 2) != 0)
		return add_entry(f, major, without_star(pointer), (struct cf_str){NULL, 0});
	buf_init(&field, f->registry->arena.mem);
	for (const char *at = slash + 1; at < pointer.ptr + pointer.len; at++) {
		bool escaped = *at == '~' && at + 1 < pointer.ptr + pointer.len;

		buf_byte(&field, escaped ? (*++at == '1' ? '/' : '~') : *at);
	}
	rc = field.failed
		     ? CF_ERR_NOMEM
		     : add_entry(f, major, (struct cf_str){pointer.ptr, end - 2}, buf_view(&field));
	buf_fini(&field);
	return rc;
}

static int carry_entry(struct finder *f, const struct entry *entry,
		       const struct lens_program *program)
{
	struct lens_side side = lens_program_inputs(program);
	struct cf_buf pointer;
	int rc = 0;

	f->program = program;
	buf_init(&pointer, f->registry->arena.mem);
	buf_str(&pointer, entry->array.pattern);
	buf_str(&pointer, STR("/*"));
	if (entry->array.field.ptr)
		rc = json_pointer_push(&pointer, entry->array.field);
	for (size_t i = 0; i < side.count && rc == 0; i++)
		if (major_at(f->registry, side, i) == entry->major)
			rc = lens_trace(program, i, buf_view(&pointer), found_key, f);
	buf_fini(&pointer);
	return rc;
}

static int carry_all(struct finder *f, const struct catalog_edge *edges, size_t edge_count)
{
	struct entry *done = NULL;
	int rc = 0;

	/* New entries come before those that were there: walk until there are none. */
	while (rc == 0 && f->entries != done) {
		struct entry *first = f->entries;

		for (struct entry *entry = first; entry != done && rc == 0; entry = entry->next) {
			for (size_t i = 0; i < edge_count && rc == 0; i++) {
				rc = carry_entry(f, entry, edges[i].up);
				if (rc == 0)
					rc = carry_entry(f, entry, edges[i].down);
			}
		}
		done = first;
	}
	return rc;
}

static int fill_slot(struct finder *f, struct slot_kind *slot)
{
	struct keyed_array *at;
	size_t count = 0;

	for (const struct entry *entry = f->entries; entry; entry = entry->next)
		count += entry->major == slot->major;
	at = arena_calloc(&f->registry->arena, count, sizeof(*at));
	if (!at)
		return CF_ERR_NOMEM;
	slot->keyed = (struct keyed_arrays){.at = at, .count = count};
	for (const struct entry *entry = f->entries; entry; entry = entry->next)
		if (entry->major == slot->major)
			*at++ = entry->array;
	return 0;
}

int registry_find_keyed(struct registry *registry)
{
	struct finder f = {.registry = registry};
	const struct catalog_edge *edges;
	size_t edge_count = catalog_edges(registry->catalog, &edges);
	int rc = 0;

	for (size_t i = 0; i < edge_count && rc == 0; i++) {
		const struct lens_keyed *keyed;
		size_t count = lens_keyed_arrays(edges[i].lens, false, &keyed);

		for (size_t k = 0; k < count && rc == 0; k++)
			rc = add_entry(&f, edges[i].older[keyed[k].place], keyed[k].pointer,
				       keyed[k].field);
	}
	if (rc == 0)
		rc = carry_all(&f, edges, edge_count);
	for (size_t i = 0; i < registry->family_count && rc == 0; i++)
		for (size_t k = 0; k < registry->families[i].slot_count && rc == 0; k++)
			rc = fill_slot(&f, &registry->families[i].slots[k]);
	return rc;
}
