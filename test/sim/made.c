/* Catalogs at random: a type in two to eight versions, with the lenses between them,
 * written to a folder that is gone again when the catalog is open. */
#include "made.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- files --------------------------------------------------------------------- */

static void save_file(struct making *making, const char *path, struct cf_str text)
{
	char full[256];
	FILE *file;
	char *slash;

	snprintf(full, sizeof(full), "%s/%s", making->dir, path);
	for (slash = full + strlen(making->dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		cf_assert(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "w");
	cf_assert(file);
	cf_assert(fwrite(text.ptr, 1, text.len, file) == text.len);
	cf_assert(fclose(file) == 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* --- schemas --------------------------------------------------------------------- */

static void write_kind(const struct view *view, struct cf_buf *out)
{
	int step = view->kind == VALUE_TABLE ? 1 << view->shift : 1;
	int max = view->kind == VALUE_TABLE ? CLASSES * FINE : (int)view->choice_count;
	struct view bare = *view;

	buf_str(out, view->wrapped ? STR("{\"type\":\"array\",\"minItems\":1,\"maxItems\":1,"
					 "\"items\":")
				   : STR(""));
	bare.wrapped = false;
	if (view->kind == VALUE_NUMBER) {
		buf_str(out, STR("{\"type\":\"integer\"}"));
	} else if (view->kind == VALUE_TEXT) {
		buf_printf(out, "{\"type\":\"string\",\"pattern\":\"^%s\"}", view->prefix);
	} else if (view->kind == VALUE_TABLE || view->choice_count == 1) {
		buf_str(out, STR("{\"enum\":["));
		for (int token = 0; token < max; token += step) {
			buf_str(out, token ? STR(",") : STR(""));
			view_text(&bare, token, out);
		}
		buf_str(out, STR("]}"));
	} else {
		buf_str(out, STR("{\"type\":\"string\",\"minLength\":1}"));
	}
	buf_str(out, view->wrapped ? STR("}") : STR(""));
}

/* The members of one object: fields, and at the top the objects that hold others. */
static void write_members(struct making *making, size_t place, const char *host, struct cf_buf *out,
			  struct cf_buf *required)
{
	const struct shape *shape = making->shape;
	size_t host_len = strlen(host);

	for (size_t i = 0; i < shape->atom_count; i++) {
		const struct view *view = &shape->atoms[i].views[making->level];
		const char *last = strrchr(view->pointer, '/');

		if (!view->there || view->place != place ||
		    (size_t)(last - view->pointer) != host_len ||
		    strncmp(view->pointer, host, host_len) != 0)
			continue;
		buf_str(out, out->ptr[out->len - 1] == '{' ? STR("") : STR(","));
		buf_printf(out, "\"%s\":", last + 1);
		write_kind(view, out);
		if (!shape->atoms[i].optional)
			buf_printf(required, "%s\"%s\"", required->len ? "," : "", last + 1);
	}
}

static void write_hosts(struct making *making, size_t place, struct cf_buf *out,
			struct cf_buf *required)
{
	const struct shape *shape = making->shape;
	char done[ATOMS_MAX][24];
	size_t count = 0;

	for (size_t i = 0; i < shape->atom_count; i++) {
		const struct view *view = &shape->atoms[i].views[making->level];
		const char *last = strrchr(view->pointer, '/');
		struct cf_buf inner;
		bool known = false;

		if (!view->there || view->place != place || last == view->pointer)
			continue;
		snprintf(done[count], sizeof(done[count]), "%.*s", (int)(last - view->pointer),
			 view->pointer);
		for (size_t k = 0; k < count; k++)
			known = known || strcmp(done[k], done[count]) == 0;
		if (known)
			continue;
		buf_init(&inner, &mem_heap);
		buf_printf(out, "%s\"%s\":{\"type\":\"object\",\"properties\":{",
			   out->ptr[out->len - 1] == '{' ? "" : ",", done[count] + 1);
		write_members(making, place, done[count], out, &inner);
		buf_printf(out, "},\"required\":[%.*s],\"additionalProperties\":false}",
			   STR_ARG(buf_view(&inner)));
		if (inner.len)
			buf_printf(required, "%s\"%s\"", required->len ? "," : "", done[count] + 1);
		buf_fini(&inner);
		count++;
	}
}

static void save_schema(struct making *making, size_t place)
{
	const struct place *at = &making->shape->levels[making->level].places[place];
	struct cf_buf out, required;
	char path[80];

	buf_init(&out, &mem_heap);
	buf_init(&required, &mem_heap);
	buf_printf(&out,
		   "{\"version\":\"%u.0.0\",\"type\":\"object\",\"properties\":{\"schema\":"
		   "{\"const\":\"%s\"},\"version\":{\"const\":%u}",
		   at->major, at->type, at->major);
	buf_str(&required, STR("\"schema\",\"version\""));
	write_members(making, place, "", &out, &required);
	write_hosts(making, place, &out, &required);
	buf_printf(&out, "},\"required\":[%.*s],\"additionalProperties\":false}",
		   STR_ARG(buf_view(&required)));
	snprintf(path, sizeof(path), "schemas/%s/%u.0.0.json", at->type, at->major);
	save_file(making, path, buf_view(&out));
	buf_fini(&out);
	buf_fini(&required);
}

static void save_box_schema(struct making *making, unsigned major, const char *name)
{
	struct cf_buf out;
	char path[48];

	buf_init(&out, &mem_heap);
	buf_printf(&out,
		   "{\"version\":\"%u.0.0\",\"type\":\"object\",\"properties\":{\"schema\":{"
		   "\"const\":\"box\"},\"version\":{\"const\":%u},\"%s\":{\"type\":\"string\","
		   "\"minLength\":1},\"color\":{\"type\":\"string\"}},\"required\":[\"schema\","
		   "\"version\",\"%s\"],\"additionalProperties\":false}",
		   major, major, name, name);
	snprintf(path, sizeof(path), "schemas/box/%u.0.0.json", major);
	save_file(making, path, buf_view(&out));
	buf_fini(&out);
}

/* Now and then the part has a second major of its own. */
static void save_box(struct making *making)
{
	struct shared_def *shared = &making->shape->shared;

	shared->two_majors = making->shape->made_of * 0x9e3779b97f4a7c15u >> 63;
	save_box_schema(making, 1, "name");
	if (!shared->two_majors)
		return;
	save_box_schema(making, 2, "label");
	save_file(making, "lenses/box/1-2.json",
		  STR("{\"from\":\"box@1\",\"to\":\"box@2\",\"lens\":[{\"rename\":{\"source\":"
		      "\"name\",\"destination\":\"label\"}}]}"));
}

/* --- versions ---------------------------------------------------------------------- */

void made_view(struct making *making, struct view *ret)
{
	static const uint8_t kinds[] = {VALUE_TEXT,  VALUE_TABLE,  VALUE_TABLE,
					VALUE_TABLE, VALUE_NUMBER, VALUE_TIME};
	uint8_t kind = kinds[rng_below(&making->rng, ARRAY_LEN(kinds))];

	*ret = (struct view){.there = true, .kind = kind};
	snprintf(ret->pointer, sizeof(ret->pointer), "/f%u", making->names);
	if (kind == VALUE_TABLE)
		snprintf(ret->prefix, sizeof(ret->prefix), "v%u_", making->names);
	if (kind == VALUE_TEXT)
		snprintf(ret->prefix, sizeof(ret->prefix), "%s",
			 rng_below(&making->rng, 2) ? "x y" : "t");
	making->names++;
}

static void make_first(struct making *making)
{
	static const char *const names[] = {"\"Inbox\"", "\"Work\"", "\"Home\""};
	struct shape *shape = making->shape;
	size_t fields = 3 + rng_below(&making->rng, 3);

	shape->levels[0] = (struct level){{{"thing", 1}}, 1};
	for (size_t i = 0; i < fields; i++) {
		struct atom_def *atom = &shape->atoms[shape->atom_count++];

		made_view(making, &atom->views[0]);
		atom->optional = i > 0 && rng_below(&making->rng, 4) == 0 &&
				 strcmp(atom->views[0].prefix, "x y") != 0;
	}
	making->boxed = rng_below(&making->rng, 3) == 0;
	if (!making->boxed)
		return;
	shape->atoms[shape->atom_count].mute = true;
	shape->atoms[shape->atom_count++].views[0] = (struct view){.there = true,
								   .kind = VALUE_CHOICE,
								   .pointer = "/box/name",
								   .choices = names,
								   .choice_count = 3};
	shape->atoms[shape->atom_count].mute = shape->atoms[shape->atom_count].optional = true;
	shape->atoms[shape->atom_count++].views[0] = (struct view){
		.there = true, .kind = VALUE_TEXT, .prefix = "c", .pointer = "/box/color"};
}

/* The next version, and the lens that leads to it. */
static void make_next(struct making *making)
{
	struct shape *shape = making->shape;
	struct cf_buf file;
	char path[48];

	making->level++;
	shape->levels[making->level] = shape->levels[making->level - 1];
	shape->levels[making->level].places[0].major++;
	for (size_t i = 0; i < shape->atom_count; i++)
		shape->atoms[i].views[making->level] = shape->atoms[i].views[making->level - 1];
	buf_clear(&making->lens);
	made_link(making);
	buf_init(&file, &mem_heap);
	buf_printf(&file, "{\"from\":\"thing@%zu\",\"to\":", making->level);
	if (making->into[0])
		buf_printf(&file, "[\"thing@%zu\",\"%s\"]", making->level + 1, making->into);
	else
		buf_printf(&file, "\"thing@%zu\"", making->level + 1);
	buf_printf(&file, ",\"lens\":[%.*s]}", STR_ARG(buf_view(&making->lens)));
	snprintf(path, sizeof(path), "lenses/thing/%zu-%zu.json", making->level, making->level + 1);
	save_file(making, path, buf_view(&file));
	buf_fini(&file);
}

static void save_config(struct making *making)
{
	static const char *const policies[] = {
		"{prefer: newest-version, late: agreed}", "{prefer: newest-version, late: agreed}",
		"{prefer: oldest-version, late: agreed}", "{prefer: newest-version, late: edit}",
		"{prefer: {latest: f0}, late: agreed}",   "{prefer: {latest: f2}, late: agreed}"};
	static const char *const latest[] = {"", "", "", "", "/f0", "/f2"};
	size_t policy = rng_below(&making->rng, ARRAY_LEN(policies));
	struct cf_buf text;

	making->latest = latest[policy];
	buf_init(&text, &mem_heap);
	buf_printf(&text, "name: made\nconflicts: %s\n", policies[policy]);
	save_file(making, "catalog.yaml", buf_view(&text));
	buf_fini(&text);
}

/* The field by which the latest is known takes the highest value that anybody wrote, and
 * nobody loses by that: it is no field that one wins. */
static void mute_latest(const struct making *making)
{
	struct shape *shape = making->shape;

	for (size_t i = 0; i < shape->atom_count; i++)
		for (size_t k = 0; k < shape->level_count; k++)
			if (shape->atoms[i].views[k].there &&
			    strcmp(shape->atoms[i].views[k].pointer, making->latest) == 0)
				shape->atoms[i].mute = true;
}

int shape_make(struct shape *shape, uint64_t seed)
{
	struct making making = {.shape = shape, .rng = {.state = seed}};
	struct cf_error error;
	char text[1200];
	const char *keep = getenv("KEEP");
	int rc;

	memset(shape, 0, sizeof(*shape));
	shape->made_of = seed;
	shape->level_count = 2 + rng_below(&making.rng, rng_below(&making.rng, 3) ? 3 : 7);
	snprintf(shape->name, sizeof(shape->name), "made catalog %llu", (unsigned long long)seed);
	snprintf(making.dir, sizeof(making.dir), "/tmp/chesterfield-sim-XXXXXX");
	cf_assert(mkdtemp(making.dir));
	buf_init(&making.lens, &mem_heap);
	save_config(&making);
	make_first(&making);
	save_schema(&making, 0);
	while (making.level + 1 < shape->level_count) {
		make_next(&making);
		for (size_t i = 0; i < shape->levels[making.level].place_count; i++)
			save_schema(&making, i);
	}
	if (shape->shared.there)
		save_box(&making);
	mute_latest(&making);
	if (shape->atom_count < ATOMS_MAX && rng_below(&making.rng, 2))
		shape_attach(shape);
	rc = catalog_open(&shape->catalog, making.dir, &mem_heap, &error);
	if (rc)
		fprintf(stderr, "sim: %s: %s\n", shape->name,
			cf_error_format(&error, text, sizeof(text)));
	if (keep || rc)
		fprintf(stderr, "sim: %s stays in %s\n", shape->name, making.dir);
	else
		nftw(making.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	buf_fini(&making.lens);
	return rc;
}
