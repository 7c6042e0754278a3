/* The example catalogs as the model knows them. */
#include "sim.h"

static const char *const done[] = {"false", "false", "false", "true"};
static const char *const status[] = {"\"active\"", "\"blocked\"", "\"halted\"", "\"done\""};
static const char *const flags[] = {"false", "true"};
static const char *const group_names[] = {"\"Inbox\"", "\"Work\"", "\"Home\"", "\"Garden\""};
static const char *const group_keys[] = {"\"g0\"", "\"g1\"", "\"g2\""};

#define CHOICES(list) .choices = (list), .choice_count = ARRAY_LEN(list)

static int open_catalog(struct shape *shape, const char *name)
{
	struct cf_error error;
	const char *source = getenv("CHESTERFIELD_SOURCE");
	char path[512], text[1200];
	int rc;

	snprintf(path, sizeof(path), "%s/%s", source ? source : ".", name);
	snprintf(shape->name, sizeof(shape->name), "%s", name);
	rc = catalog_open(&shape->catalog, path, &mem_heap, &error);
	if (rc)
		fprintf(stderr, "sim: %s\n", cf_error_format(&error, text, sizeof(text)));
	return rc;
}

void shape_attach(struct shape *shape)
{
	struct atom_def *atom = &shape->atoms[shape->atom_count++];

	*atom = (struct atom_def){.optional = true};
	for (size_t i = 0; i < shape->level_count; i++)
		atom->views[i] = (struct view){
			.there = true, .kind = VALUE_DATA, .pointer = "/_attachments/" ATTACHMENT};
}

static void add_places(struct shape *shape, const char *type)
{
	for (size_t i = 0; i < shape->level_count; i++) {
		struct place *place = &shape->levels[i].places[0];

		snprintf(place->type, sizeof(place->type), "%s", type);
		place->major = (unsigned)i + 1;
		shape->levels[i].place_count = 1;
	}
}

int shape_todo(struct shape *shape)
{
	const struct view title = {
		.there = true, .kind = VALUE_TEXT, .prefix = "t", .pointer = "/title"};
	const struct view created = {.there = true, .kind = VALUE_TIME, .pointer = "/createdAt"};
	const struct view important = {
		.there = true, .kind = VALUE_CHOICE, .pointer = "/isImportant", CHOICES(flags)};
	const struct view old = {
		.there = true, .kind = VALUE_CHOICE, .pointer = "/isDone", CHOICES(done)};
	const struct view new = {
		.there = true, .kind = VALUE_CHOICE, .pointer = "/status", CHOICES(status)};

	*shape = (struct shape){.level_count = 3, .atom_count = 7};
	add_places(shape, "todo-item");
	shape->atoms[0] = (struct atom_def){.views = {title, title, title}};
	shape->atoms[1] = (struct atom_def){.optional = true, .views = {created, created, created}};
	shape->atoms[2] = (struct atom_def){
		.optional = true, .loose = true, .views = {important, important, important}};
	shape->atoms[3] = (struct atom_def){.loose = true, .views = {old, new, new}};
	shape->atoms[4] = (struct atom_def){.mute = true};
	shape->atoms[4].views[1] = (struct view){.there = true,
						 .kind = VALUE_CHOICE,
						 .pointer = "/group/name",
						 CHOICES(group_names)};
	shape->atoms[5] = (struct atom_def){.mute = true, .optional = true};
	shape->atoms[5].views[1] = (struct view){
		.there = true, .kind = VALUE_TEXT, .prefix = "c", .pointer = "/group/color"};
	shape->atoms[6] = (struct atom_def){.mute = true};
	shape->atoms[6].views[2] = (struct view){
		.there = true, .kind = VALUE_CHOICE, .pointer = "/groupId", CHOICES(group_keys)};
	shape->shared = (struct shared_def){true, 2, "group", "/groupId"};
	shape_attach(shape);
	return open_catalog(shape, "examples/todo");
}

int shape_split(struct shape *shape)
{
	const struct view title = {
		.there = true, .kind = VALUE_TEXT, .prefix = "t", .pointer = "/title"};
	const struct view created = {.there = true, .kind = VALUE_TIME, .pointer = "/createdAt"};

	*shape = (struct shape){.level_count = 2, .atom_count = 3};
	add_places(shape, "todo-item");
	shape->levels[1].places[1] = (struct place){"status", 1};
	shape->levels[1].place_count = 2;
	shape->atoms[0] = (struct atom_def){.views = {title, title}};
	shape->atoms[1] = (struct atom_def){.optional = true, .views = {created, created}};
	shape->atoms[2] = (struct atom_def){.loose = true};
	shape->atoms[2].views[0] = (struct view){
		.there = true, .kind = VALUE_CHOICE, .pointer = "/isDone", CHOICES(done)};
	shape->atoms[2].views[1] = (struct view){.there = true,
						 .place = 1,
						 .kind = VALUE_CHOICE,
						 .pointer = "/status",
						 CHOICES(status)};
	return open_catalog(shape, "examples/todo-split");
}

/* Two documents become one. */
int shape_join(struct shape *shape)
{
	static const char *const states[] = {"\"open\"", "\"done\""};
	const struct view title = {
		.there = true, .kind = VALUE_TEXT, .prefix = "t", .pointer = "/title"};
	struct view state = {
		.there = true, .kind = VALUE_CHOICE, .pointer = "/state", CHOICES(states)};

	*shape = (struct shape){.level_count = 2, .atom_count = 2};
	add_places(shape, "task");
	shape->levels[0].places[1] = (struct place){"state", 1};
	shape->levels[0].place_count = 2;
	shape->atoms[0] = (struct atom_def){.views = {title, title}};
	shape->atoms[1] = (struct atom_def){.loose = true};
	shape->atoms[1].views[1] = state;
	state.place = 1;
	shape->atoms[1].views[0] = state;
	return open_catalog(shape, "test/unit/sync/catalogs/join");
}

/* Two elements, always in this order: "a", then "b". */
int shape_lists(struct shape *shape)
{
	static const char *const flags_of_three[] = {"false", "false", "true"};
	static const char *const states[] = {"\"active\"", "\"blocked\"", "\"done\""};
	const struct view name = {
		.there = true, .kind = VALUE_TEXT, .prefix = "n", .pointer = "/name"};
	struct view title = name;

	*shape = (struct shape){.level_count = 3, .atom_count = 5};
	add_places(shape, "list");
	snprintf(title.pointer, sizeof(title.pointer), "/title");
	shape->atoms[0] = (struct atom_def){.views = {name, name, title}};
	for (size_t i = 0; i < shape->level_count; i++) {
		shape->levels[i].members = i == 0 ? "\"entries\":[{\"id\":\"a\"},{\"id\":\"b\"}]"
						  : "\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}]";
		for (unsigned element = 0; element < 2; element++) {
			struct view text = {.there = true, .kind = VALUE_TEXT, .prefix = "t"};
			struct view state = {.there = true, .kind = VALUE_CHOICE, CHOICES(states)};

			if (i == 0)
				state = (struct view){.there = true,
						      .kind = VALUE_CHOICE,
						      CHOICES(flags_of_three)};
			snprintf(text.pointer, sizeof(text.pointer),
				 i == 0 ? "/entries/%u/title" : "/items/%u/text", element);
			snprintf(state.pointer, sizeof(state.pointer),
				 i == 0 ? "/entries/%u/done" : "/items/%u/status", element);
			shape->atoms[1 + element].views[i] = text;
			shape->atoms[3 + element].views[i] = state;
			shape->atoms[3 + element].loose = true;
		}
	}
	return open_catalog(shape, "test/unit/sync/catalogs/lists");
}

static struct shape *checked(struct shape *shape, int rc)
{
	if (rc)
		exit(2);
	shape->late_wins = catalog_conflicts(shape->catalog)->late_edit_wins;
	shape->type_field = catalog_identity(shape->catalog)->type_field;
	shape->version_field = catalog_identity(shape->catalog)->version_field;
	return shape;
}

enum { SEEDS_PER_SHAPE = 50 };

struct shape *shapes_get(struct shapes *shapes, uint64_t seed)
{
	uint64_t made_of = seed / SEEDS_PER_SHAPE + 1;

	if (seed % 10 < 3)
		return shapes->todo.catalog ? &shapes->todo
					    : checked(&shapes->todo, shape_todo(&shapes->todo));
	if (seed % 20 == 13)
		return shapes->lists.catalog ? &shapes->lists
					     : checked(&shapes->lists, shape_lists(&shapes->lists));
	if (seed % 40 == 3)
		return shapes->join.catalog ? &shapes->join
					    : checked(&shapes->join, shape_join(&shapes->join));
	if (seed % 10 == 3)
		return shapes->split.catalog ? &shapes->split
					     : checked(&shapes->split, shape_split(&shapes->split));
	if (shapes->made.catalog && shapes->made.made_of == made_of)
		return &shapes->made;
	catalog_close(shapes->made.catalog);
	return checked(&shapes->made, shape_make(&shapes->made, made_of));
}

void shapes_fini(struct shapes *shapes)
{
	catalog_close(shapes->todo.catalog);
	catalog_close(shapes->split.catalog);
	catalog_close(shapes->join.catalog);
	catalog_close(shapes->lists.catalog);
	catalog_close(shapes->made.catalog);
}
