/* Families, links and slots out of a catalog. Built once, then only read. */
#include "sync/family.h"

static struct family *family_of(const struct registry *registry, const struct catalog_type *type)
{
	return registry->by_type[type->index];
}

bool registry_serves(const struct registry *registry, const struct catalog_major *major)
{
	return major->supported && !(registry->retired && registry->retired[major_index(major)]);
}

static const struct catalog_major *next_supported(const struct registry *registry,
						  const struct catalog_type *type, size_t from)
{
	for (size_t i = from; i < type->major_count; i++)
		if (registry_serves(registry, &type->majors[i]))
			return &type->majors[i];
	return NULL;
}

/* Types that a lens ties by a common key are put into one family: the later
 * type's family is folded into the earlier one's. */
static void fold_families(struct registry *registry, struct family *into, struct family *from)
{
	size_t type_count;
	const struct catalog_type *types;

	if (into == from)
		return;
	type_count = catalog_types(registry->catalog, &types);
	for (size_t i = 0; i < type_count; i++)
		if (registry->by_type[types[i].index] == from)
			registry->by_type[types[i].index] = into;
	from->root = NULL;
}

static void fold_by_places(struct registry *registry, const struct catalog_type *type,
			   struct lens_side side)
{
	for (size_t i = 0; i < side.count; i++) {
		const struct catalog_type *part =
			catalog_type(registry->catalog, side.places[i].type);

		if (side.places[i].tie == LENS_SAME_KEY && part && part != type)
			fold_families(registry, family_of(registry, type),
				      family_of(registry, part));
	}
}

static int check_links(struct registry *registry, const struct catalog_type *type,
		       struct cf_error *error)
{
	const struct catalog_major *older = next_supported(registry, type, 0);

	while (older) {
		size_t at = (size_t)(older - type->majors) + 1;
		const struct catalog_major *newer = next_supported(registry, type, at);
		const struct lens_program *up, *down;

		if (!newer)
			return 0;
		up = catalog_program(registry->catalog, type, older->major, newer->major);
		down = catalog_program(registry->catalog, type, newer->major, older->major);
		if (!up || !down)
			return error_set(error, CF_ERR_CATALOG,
					 "no lens leads between %.*s@%u and %.*s@%u",
					 STR_ARG(type->name), older->major, STR_ARG(type->name),
					 newer->major);
		fold_by_places(registry, type, lens_program_outputs(up));
		fold_by_places(registry, type, lens_program_outputs(down));
		older = newer;
	}
	return 0;
}

/* The slot of a place, added where the family does not have it yet. */
static int slot_of(struct registry *registry, struct family *family, const struct lens_place *place,
		   size_t *ret, struct cf_error *error)
{
	const struct catalog_type *type = catalog_type(registry->catalog, place->type);
	const struct catalog_major *major = type ? catalog_major(type, place->major) : NULL;
	bool shared = place->tie == LENS_SHARED;

	if (!major)
		return error_set(error, CF_ERR_CATALOG,
				 "no schema for %.*s@%u, which a lens writes", STR_ARG(place->type),
				 place->major);
	for (size_t i = 0; i < family->slot_count; i++) {
		if (family->slots[i].major == major && family->slots[i].shared == shared) {
			*ret = i;
			return 0;
		}
	}
	if (!registry_serves(registry, major))
		return error_set(error, CF_ERR_CATALOG,
				 "%.*s@%u is not served, but a lens between versions that are "
				 "writes it",
				 STR_ARG(place->type), place->major);
	*ret = family->slot_count++;
	family->slots[*ret] = (struct slot_kind){.major = major, .shared = shared};
	return 0;
}

static int fill_slots(struct registry *registry, struct family *family, struct lens_side side,
		      size_t **ret, size_t *ret_count, struct cf_error *error)
{
	size_t *slots = arena_calloc(&registry->arena, side.count, sizeof(*slots));

	if (!slots)
		return error_nomem(error);
	for (size_t i = 0; i < side.count; i++) {
		int rc = slot_of(registry, family, &side.places[i], &slots[i], error);

		if (rc)
			return rc;
	}
	*ret = slots;
	*ret_count = side.count;
	return 0;
}

static int fill_crossing(struct registry *registry, struct family *family,
			 struct crossing *crossing, const struct lens_program *program,
			 struct cf_error *error)
{
	int rc;

	crossing->program = program;
	rc = fill_slots(registry, family, lens_program_inputs(program), &crossing->inputs,
			&crossing->input_count, error);
	if (rc == 0)
		rc = fill_slots(registry, family, lens_program_outputs(program), &crossing->outputs,
				&crossing->output_count, error);
	return rc;
}

/* What a shared slot needs to find its document: who refers to it, and how. */
static void tie_shared(struct registry *registry, struct family *family, const struct crossing *way)
{
	for (size_t i = 0; i < way->input_count; i++) {
		struct slot_kind *slot = &family->slots[way->inputs[i]];

		if (!slot->shared || slot->reader)
			continue;
		slot->reader = way->program;
		slot->input = i;
		slot->holder = way->inputs[0];
		slot->part_family = family_of(registry, slot->major->type);
		if (slot->part_family)
			slot->part_family->is_part = true;
	}
}

static int add_type_links(struct registry *registry, struct family *family,
			  const struct catalog_type *type, struct cf_error *error)
{
	const struct catalog_major *older = next_supported(registry, type, 0), *newer;

	for (; older; older = newer) {
		struct link *link = &family->links[family->link_count];
		int rc;

		newer = next_supported(registry, type, (size_t)(older - type->majors) + 1);
		if (!newer)
			return 0;
		*link = (struct link){
			.type = type, .older_major = older->major, .newer_major = newer->major};
		rc = fill_crossing(
			registry, family, &link->up,
			catalog_program(registry->catalog, type, older->major, newer->major),
			error);
		if (rc == 0)
			rc = fill_crossing(registry, family, &link->down,
					   catalog_program(registry->catalog, type, newer->major,
							   older->major),
					   error);
		if (rc)
			return rc;
		family->link_count++;
	}
	return 0;
}

/* Own slots are made first, so that they come before the shared ones. */
static int add_own_slots(struct registry *registry, struct family *family,
			 const struct catalog_type *type)
{
	for (size_t i = 0; i < type->major_count; i++)
		if (registry_serves(registry, &type->majors[i]))
			family->slots[family->slot_count++] =
				(struct slot_kind){.major = &type->majors[i]};
	family->own_count = family->slot_count;
	return 0;
}

static bool has_part_of(const struct family *family, const size_t *slots, size_t count,
			const struct catalog_type *type)
{
	for (size_t i = 1; i < count; i++)
		if (family->slots[slots[i]].major->type == type)
			return true;
	return false;
}

/* A link that makes parts must be swept before the links of the parts' own type, one that
 * takes them in after those. */
static void order_links(struct family *family)
{
	for (size_t pass = 0; pass < family->link_count; pass++) {
		for (size_t i = 0; i + 1 < family->link_count; i++) {
			struct link *a = &family->links[i], *b = &family->links[i + 1];

			if (a->type == b->type)
				continue;
			if (has_part_of(family, b->up.outputs, b->up.output_count, a->type) ||
			    has_part_of(family, a->up.inputs, a->up.input_count, b->type)) {
				struct link swap = *a;

				*a = *b;
				*b = swap;
			}
		}
	}
}

static int build_family(struct registry *registry, struct family *family, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(registry->catalog, &types), majors = 0;
	int rc = 0;

	for (size_t i = 0; i < type_count; i++)
		majors += types[i].major_count;
	family->slots = arena_calloc(&registry->arena, majors * 2, sizeof(*family->slots));
	family->links = arena_calloc(&registry->arena, majors, sizeof(*family->links));
	if (!family->slots || !family->links)
		return error_nomem(error);
	for (size_t i = 0; i < type_count; i++)
		if (family_of(registry, &types[i]) == family)
			add_own_slots(registry, family, &types[i]);
	for (size_t i = 0; i < type_count && rc == 0; i++)
		if (family_of(registry, &types[i]) == family)
			rc = add_type_links(registry, family, &types[i], error);
	order_links(family);
	return rc;
}

/* The oldest version of another type that comes with this part; 0: none. */
static uint32_t first_with(const struct family *family, size_t slot)
{
	uint32_t first = 0;

	for (size_t i = 0; i < family->link_count; i++) {
		const struct link *link = &family->links[i];

		for (size_t k = 1; k < link->up.output_count; k++)
			if (link->up.outputs[k] == slot && (!first || link->newer_major < first))
				first = link->newer_major;
		for (size_t k = 1; k < link->up.input_count; k++)
			if (link->up.inputs[k] == slot && (!first || link->older_major < first))
				first = link->older_major;
	}
	return first;
}

/* The majors of a part's type say nothing beside those of the type it was split from: a
 * part is as old as the first version that comes with it, and its later majors follow. */
static void order_by_age(struct family *family)
{
	enum { STEP = 1 << 16 };

	for (size_t i = 0; i < family->slot_count; i++) {
		struct slot_kind *slot = &family->slots[i];
		const struct slot_kind *before = i ? slot - 1 : NULL;
		uint32_t with = first_with(family, i);

		if (with)
			slot->age = (uint64_t)with * STEP + 1;
		else if (before && before->major->type == slot->major->type && before->age % STEP &&
			 !slot->shared)
			slot->age = before->age + 1;
		else
			slot->age = (uint64_t)slot->major->major * STEP;
	}
}

static void finish_slots(struct registry *registry, struct family *family)
{
	for (size_t i = 0; i < family->slot_count; i++) {
		const struct catalog_major *major = family->slots[i].major;

		family->slots[i].place = arena_printf(&registry->arena, "%.*s@%u",
						      STR_ARG(major->type->name), major->major);
	}
	for (size_t i = 0; i < family->link_count; i++) {
		tie_shared(registry, family, &family->links[i].up);
		tie_shared(registry, family, &family->links[i].down);
	}
	order_by_age(family);
}

int registry_init(struct registry *registry, const struct catalog *catalog, const bool *retired,
		  const struct cf_mem *mem, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t type_count = catalog_types(catalog, &types);
	int rc = 0;

	*registry = (struct registry){.catalog = catalog, .retired = retired};
	arena_init(&registry->arena, mem);
	if (!catalog_version_in_id(catalog))
		return error_set(
			error, CF_ERR_CATALOG,
			"the id grammar has no {major}: versions cannot stand side by side");
	registry->families = arena_calloc(&registry->arena, type_count + 1, sizeof(struct family));
	registry->by_type = arena_calloc(&registry->arena, type_count + 1, sizeof(struct family *));
	if (!registry->families || !registry->by_type)
		return error_nomem(error);
	for (size_t i = 0; i < type_count; i++) {
		struct family *family = &registry->families[registry->family_count++];

		family->root = &types[i];
		registry->by_type[types[i].index] =
			next_supported(registry, &types[i], 0) ? family : NULL;
	}
	for (size_t i = 0; i < type_count && rc == 0; i++)
		if (family_of(registry, &types[i]))
			rc = check_links(registry, &types[i], error);
	for (size_t i = 0; i < registry->family_count && rc == 0; i++)
		if (registry->families[i].root)
			rc = build_family(registry, &registry->families[i], error);
	for (size_t i = 0; i < registry->family_count && rc == 0; i++)
		if (registry->families[i].root)
			finish_slots(registry, &registry->families[i]);
	return rc ? rc : registry_find_keyed(registry) ? error_nomem(error) : 0;
}

void registry_fini(struct registry *registry)
{
	arena_fini(&registry->arena);
	*registry = (struct registry){.catalog = NULL};
}

/* Of what a document says it is: 0 or UNSUPPORTED. */
static int name_lineage(const struct registry *registry, const struct catalog_id *id, int rc,
			struct lineage_name *ret, struct cf_error *error)
{
	ret->family = family_of(registry, id->type);
	ret->key = id->key;
	ret->singleton = id->singleton;
	if (rc == 0 && !registry_serves(registry, id->major))
		rc = error_set(error, CF_ERR_UNSUPPORTED, "%.*s@%u is retired",
			       STR_ARG(id->type->name), id->major_number);
	return rc;
}

int registry_find(const struct registry *registry, struct cf_str id, struct lineage_name *ret,
		  struct cf_error *error)
{
	struct catalog_id parsed = {0};
	int rc = catalog_identify_id(registry->catalog, id, &parsed, error);

	ret->undecided = parsed.undecided;
	return rc && rc != CF_ERR_UNSUPPORTED ? rc
					      : name_lineage(registry, &parsed, rc, ret, error);
}

int registry_find_document(const struct registry *registry, struct json_value document,
			   struct cf_str id, struct lineage_name *ret, struct cf_error *error)
{
	struct catalog_id parsed = {0};
	int rc = catalog_identify(registry->catalog, document, id, &parsed, error);

	ret->undecided = false;
	return rc && rc != CF_ERR_UNSUPPORTED ? rc
					      : name_lineage(registry, &parsed, rc, ret, error);
}

void registry_name(const struct registry *registry, const struct catalog_major *major,
		   struct cf_str key, struct lineage_name *ret)
{
	*ret = (struct lineage_name){.family = family_of(registry, major->type), .key = key};
}

int lineage_label(const struct lineage_name *name, struct cf_buf *out)
{
	buf_str(out, name->family->root->name);
	if (!name->singleton) {
		buf_byte(out, '/');
		buf_str(out, name->key);
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}

int registry_parse_label(const struct registry *registry, struct cf_str label,
			 struct lineage_name *ret)
{
	const char *slash = label.len ? memchr(label.ptr, '/', label.len) : NULL;
	struct cf_str type_name = {label.ptr, slash ? (size_t)(slash - label.ptr) : label.len};
	const struct catalog_type *type = catalog_type(registry->catalog, type_name);

	if (!type || !family_of(registry, type))
		return CF_ERR_NOT_FOUND;
	*ret = (struct lineage_name){.family = family_of(registry, type), .singleton = !slash};
	ret->key = slash ? (struct cf_str){slash + 1, label.len - type_name.len - 1}
			 : (struct cf_str){NULL, 0};
	return 0;
}
