/* Whether a version is complete in a database: all documents are read once by their ids, and
 * those of one thing are counted together. What the lists say waits is not missing.
 *
 * A thing takes 16 bytes here. Where there are more than fit, all is read once more for the
 * next part of them, so that memory does not grow with the database. */
#include "sync/engine.h"

/* Things in one part; a table of twice as many. */
#define PART_THINGS ((uint64_t)1 << 20)
enum { PAGE = 2000 };

enum thing_is {
	THING_MADE = 1,    /* its document of the version is there */
	THING_OTHER = 2,   /* one of another version that is served is */
	THING_WAITS = 4,   /* it is listed as incomplete */
	THING_INVALID = 8, /* it is listed in quarantine */
};

struct thing {
	uint64_t hash; /* of type and key; 0: free */
	uint32_t type;
	uint32_t is;
};

struct counting {
	const struct sync_complete_how *how;
	const struct cf_mem *mem;
	struct thing *things;
	size_t size, count;
	uint64_t part, parts;
	struct cf_arena page;
	struct json_doc doc;
	struct cf_error *error;
};

/* Where the thing stands, or will; NULL: it is of another part, or the table is full. */
static struct thing *find(struct counting *c, const struct catalog_id *id)
{
	uint64_t hash = hash64(id->key, id->type->index + 1) | 1;
	size_t at;

	if ((hash >> 32) % c->parts != c->part || c->count * 2 > c->size)
		return NULL;
	for (at = hash & (c->size - 1); c->things[at].hash; at = (at + 1) & (c->size - 1))
		if (c->things[at].hash == hash)
			return &c->things[at];
	c->count++;
	c->things[at] = (struct thing){hash, (uint32_t)id->type->index, 0};
	return &c->things[at];
}

static void note(struct counting *c, const struct catalog_id *id, uint32_t is)
{
	struct thing *thing;

	if (!id->type || !c->how->majors[id->type->index])
		return;
	thing = find(c, id);
	if (thing)
		thing->is |= is;
}

/* --- documents -------------------------------------------------------------------------- */

/* Of an id that does not say the version, the document does. */
static int take_document(struct counting *c, const struct cf_record *record, bool *ret_bodies)
{
	struct catalog_id id;
	int rc = catalog_identify_id(c->how->catalog, record->id, &id, NULL);

	if (rc || record->revision_count == 0)
		return 0;
	if (!id.major && !record->revisions[0].body.ptr) {
		*ret_bodies = true;
		return 0;
	}
	if (!id.major) {
		rc = json_read(&c->doc, record->revisions[0].body.ptr,
			       record->revisions[0].body.len, JSON_READ_DOCUMENT, NULL);
		if (rc == CF_ERR_NOMEM)
			return error_nomem(c->error);
		if (rc ||
		    catalog_identify(c->how->catalog, json_root(&c->doc), record->id, &id, NULL))
			return 0;
	}
	if (id.major && id.major->supported)
		note(c, &id, id.major == c->how->majors[id.type->index] ? THING_MADE : THING_OTHER);
	return 0;
}

static int take_documents(struct counting *c)
{
	struct cf_scan scan = {.limit = PAGE};
	struct cf_buf after;
	size_t count = PAGE;
	int rc = 0;

	buf_init(&after, c->mem);
	while (rc == 0 && count == PAGE) {
		struct cf_record *records;
		bool bodies = false;

		arena_reset(&c->page);
		scan.after = buf_view(&after);
		rc = store_scan(c->how->store, &scan, &c->page, &records, &count, c->error);
		for (size_t i = 0; i < count && rc == 0; i++)
			rc = take_document(c, &records[i], &bodies);
		if (rc == 0 && bodies) {
			/* The same page, and all others. */
			scan.flags = CF_READ_BODIES;
			count = PAGE;
			continue;
		}
		if (rc == 0 && count) {
			buf_clear(&after);
			if (buf_str(&after, records[count - 1].id))
				rc = error_nomem(c->error);
		}
		if (rc == 0 && c->how->go_on && !c->how->go_on(c->how->ctx))
			rc = error_set(c->error, CF_ERR_INTERRUPTED, "%s", "");
	}
	buf_fini(&after);
	return rc;
}

/* --- lists --------------------------------------------------------------------------------- */

struct listed {
	struct counting *c;
	uint32_t is;
};

/* An entry names all documents of its thing, whether they are there or not. */
static int take_entry(void *ctx, struct cf_str id, struct json_value body)
{
	const struct listed *listed = ctx;
	struct counting *c = listed->c;
	struct json_iter it = json_iter(json_member(body, STR("documents")));

	(void)id;
	arena_reset(&c->page);
	while (json_next(&it)) {
		struct catalog_id of;
		struct cf_str name;

		if (json_kind(it.value) != JSON_STRING)
			continue;
		if (json_decode(it.value, &c->page, &name))
			return error_nomem(c->error);
		if (catalog_identify_id(c->how->catalog, name, &of, NULL) == 0 && of.type &&
		    of.major == c->how->majors[of.type->index])
			note(c, &of, listed->is);
	}
	return 0;
}

static int take_lists(struct counting *c)
{
	struct listed waits = {c, THING_WAITS}, invalid = {c, THING_INVALID};
	int rc = sync_walk(c->how->state, SYNC_INCOMPLETE, take_entry, &waits, c->mem, c->error);

	return rc ? rc
		  : sync_walk(c->how->state, SYNC_QUARANTINE, take_entry, &invalid, c->mem,
			      c->error);
}

/* --- sums ------------------------------------------------------------------------------------ */

static void sum_up(const struct counting *c, struct sync_complete *rows)
{
	for (size_t i = 0; i < c->size; i++) {
		const struct thing *thing = &c->things[i];
		struct sync_complete *row = &rows[thing->type];

		if (!thing->hash)
			continue;
		row->made += (thing->is & THING_MADE) != 0;
		row->invalid += (thing->is & THING_INVALID) != 0;
		if (thing->is & (THING_MADE | THING_INVALID))
			continue;
		row->incomplete += (thing->is & THING_WAITS) != 0;
		row->missing += thing->is == THING_OTHER;
	}
}

static int count_part(struct counting *c, struct sync_complete *rows)
{
	int rc;

	memset(c->things, 0, c->size * sizeof(*c->things));
	c->count = 0;
	rc = take_documents(c);
	rc = rc ? rc : take_lists(c);
	if (rc == 0)
		sum_up(c, rows);
	return rc;
}

/* Room for what may come while it is counted. */
static int begin(struct counting *c)
{
	struct cf_store_info info = {0};
	uint64_t things;
	int rc = store_info(c->how->store, &c->page, &info, c->error);

	if (rc)
		return rc;
	things = info.records + info.records / 8 + 1024;
	c->parts = (things + PART_THINGS - 1) / PART_THINGS;
	c->size = 1024;
	while (c->size < things / c->parts * 4)
		c->size *= 2;
	c->things = mem_alloc(c->mem, c->size * sizeof(*c->things));
	return c->things ? 0 : error_nomem(c->error);
}

int sync_complete_read(const struct sync_complete_how *how, struct sync_complete *rows,
		       struct cf_arena *arena, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t count = catalog_types(how->catalog, &types);
	struct counting c = {.how = how, .mem = arena->mem, .error = error};
	int rc;

	arena_init(&c.page, c.mem);
	json_doc_init(&c.doc, c.mem);
	rc = begin(&c);
	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct catalog_major *major = how->majors[i];

		rows[i] = (struct sync_complete){.made = 0};
		if (!major)
			continue;
		rows[i].version =
			arena_printf(arena, "%.*s@%u", STR_ARG(types[i].name), major->major);
		rc = rows[i].version.ptr ? 0 : error_nomem(error);
	}
	for (c.part = 0; c.part < c.parts && rc == 0; c.part++)
		rc = count_part(&c, rows);
	mem_free(c.mem, c.things);
	json_doc_fini(&c.doc);
	arena_fini(&c.page);
	return rc;
}
