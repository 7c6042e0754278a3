/* Laws 1 and 4, seen from the documents alone: every version is there, valid, with one
 * leaf, and is what the lenses make of its neighbours. And 7 and 8: who waits is listed. */
#include "sim.h"

/* The documents of one side of a lens. */
struct side {
	struct json_doc docs[PLACES_MAX];
	struct json_value values[PLACES_MAX];
	char ids[PLACES_MAX][80];
	size_t count;
};

static void side_load(struct world *world, struct side *side, struct lens_side places, unsigned key)
{
	cf_assert(places.count <= PLACES_MAX);
	side->count = places.count;
	for (size_t i = 0; i < places.count; i++) {
		const struct lens_place *place = &places.places[i];
		struct cf_record record;
		struct json_value reference = JSON_ABSENT;

		json_doc_init(&side->docs[i], &mem_heap);
		side->values[i] = JSON_ABSENT;
		side->ids[i][0] = '\0';
		if (place->tie == LENS_SHARED)
			reference = json_pointer_get(side->values[0], place->reference);
		if (place->tie == LENS_SHARED && json_kind(reference) != JSON_STRING)
			continue;
		if (place->tie == LENS_SHARED)
			snprintf(side->ids[i], sizeof(side->ids[i]), "%.*s@%u:%.*s",
				 STR_ARG(place->type), place->major,
				 STR_ARG(json_inner(reference)));
		else
			snprintf(side->ids[i], sizeof(side->ids[i]), "%.*s@%u:k%u",
				 STR_ARG(place->type), place->major, key);
		record = world_read(world, world->server, side->ids[i], CF_READ_BODIES);
		if (record.revision_count && !record.revisions[0].deleted)
			side->values[i] =
				world_json(world, &side->docs[i], record.revisions[0].body);
	}
}

static void side_free(struct side *side)
{
	for (size_t i = 0; i < side->count; i++)
		json_doc_fini(&side->docs[i]);
}

static struct cf_str span_of(struct json_value value)
{
	return json_is_absent(value) ? STR("nothing") : json_span(value);
}

/* What the program makes of `from`, onto `to`, is `to`. */
static void check_image(struct world *world, const struct lens_program *program,
			const struct side *from, const struct side *to, unsigned key)
{
	struct cf_str key_text = arena_printf(&world->arena, "k%u", key);
	struct lens_args args = {.key = key_text, .inputs = from->values, .bases = to->values};
	const struct lens_output *outputs;
	int rc = lens_apply(world->worker, program, &args, &outputs, &world->error);

	if (rc) {
		world_fail(world, 1, "%s does not cross: %s", from->ids[0], world->error.message);
		return;
	}
	for (size_t i = 0; i < to->count; i++) {
		struct json_doc doc;
		struct json_value made;

		json_doc_init(&doc, &mem_heap);
		made = world_json(world, &doc, outputs[i].text);
		if (json_is_absent(made) != json_is_absent(to->values[i]) ||
		    (!json_is_absent(made) && !json_equal(made, to->values[i])))
			world_fail(world, 1, "%s says %.*s, but by %s it is %.*s", to->ids[i],
				   STR_ARG(span_of(to->values[i])), from->ids[0],
				   STR_ARG(span_of(made)));
		json_doc_fini(&doc);
	}
}

static void check_edges(struct world *world, unsigned key)
{
	const struct catalog_edge *edges;
	size_t count = catalog_edges(world->shape->catalog, &edges);

	for (size_t i = 0; i < count && !world->law; i++) {
		struct side older, newer;

		/* Shared parts have other keys: check_part. */
		if (!str_equal(edges[i].older[0]->type->name,
			       str_of(world->shape->levels[0].places[0].type)))
			continue;
		side_load(world, &older, lens_program_inputs(edges[i].up), key);
		side_load(world, &newer, lens_program_inputs(edges[i].down), key);
		check_image(world, edges[i].up, &older, &newer, key);
		check_image(world, edges[i].down, &newer, &older, key);
		side_free(&older);
		side_free(&newer);
	}
}

/* --- single documents ------------------------------------------------------------- */

static size_t live_leaves(const struct cf_record *record)
{
	size_t live = 0;

	for (size_t i = 0; i < record->revision_count; i++)
		live += !record->revisions[i].deleted;
	return live;
}

static bool is_valid(struct world *world, struct cf_str id, struct cf_str body)
{
	struct catalog_id what;
	struct json_doc doc;
	struct json_value value;
	int rc;

	json_doc_init(&doc, &mem_heap);
	value = world_json(world, &doc, body);
	rc = json_is_absent(value)
		     ? CF_ERR_SYNTAX
		     : catalog_identify(world->shape->catalog, value, id, &what, &world->error);
	if (rc == 0)
		rc = catalog_validate(world->shape->catalog, &what, value, NULL, &world->error);
	for (struct json_iter it = json_iter(value); rc == 0 && json_next(&it);)
		if (str_starts_with(json_inner(it.name), STR("_")))
			rc = CF_ERR_INVALID;
	json_doc_fini(&doc);
	return rc == 0;
}

static void check_document(struct world *world, const struct cf_record *record)
{
	size_t live = live_leaves(record);

	if (live > 1)
		world_fail(world, 1, "%.*s has %zu leaves", STR_ARG(record->id), live);
	if (live && !is_valid(world, record->id, record->revisions[0].body))
		world_fail(world, 4, "%.*s is invalid: %.*s", STR_ARG(record->id),
			   STR_ARG(record->revisions[0].body));
}

static void check_lineage(struct world *world, unsigned key)
{
	const struct shape *shape = world->shape;
	const char *there = NULL, *missing = NULL;
	char ids[LEVELS_MAX * PLACES_MAX][64];
	size_t at = 0;

	for (size_t i = 0; i < shape->level_count; i++) {
		for (size_t k = 0; k < shape->levels[i].place_count; k++, at++) {
			struct cf_record record;

			place_id(&shape->levels[i].places[k], key, ids[at]);
			record = world_read(world, world->server, ids[at],
					    CF_READ_BODIES | CF_READ_LEAVES);
			check_document(world, &record);
			if (live_leaves(&record))
				there = ids[at];
			else
				missing = ids[at];
		}
	}
	if (there && missing)
		world_fail(world, 1, "%s is there, but %s is not", there, missing);
	if (there)
		check_edges(world, key);
}

static struct json_value name_of(struct json_value part)
{
	struct json_value name = json_member(part, STR("name"));

	return json_is_absent(name) ? json_member(part, STR("label")) : name;
}

static bool same_part(struct json_value a, struct json_value b)
{
	struct json_value x = json_member(a, STR("color")), y = json_member(b, STR("color"));

	return !json_is_absent(name_of(b)) && json_equal(name_of(a), name_of(b)) &&
	       json_is_absent(x) == json_is_absent(y) && (json_is_absent(x) || json_equal(x, y));
}

/* Of a shared part with two majors both are there, and say the same. */
static void check_part(struct world *world, const struct cf_record *record)
{
	const struct shared_def *shared = &world->shape->shared;
	const char *key = memchr(record->id.ptr, ':', record->id.len);
	size_t type = strlen(shared->type);
	struct cf_record other;
	struct json_doc docs[2];
	struct json_value one, two;
	char id[96];

	if (!shared->two_majors || !key || record->id.len < type + 2 ||
	    memcmp(record->id.ptr, shared->type, type) != 0 || !live_leaves(record))
		return;
	snprintf(id, sizeof(id), "%s@%u%.*s", shared->type, record->id.ptr[type + 1] == '1' ? 2 : 1,
		 (int)(record->id.len - (size_t)(key - record->id.ptr)), key);
	other = world_read(world, world->server, id, CF_READ_BODIES);
	json_doc_init(&docs[0], &mem_heap);
	json_doc_init(&docs[1], &mem_heap);
	one = world_json(world, &docs[0], record->revisions[0].body);
	two = other.revision_count ? world_json(world, &docs[1], other.revisions[0].body)
				   : JSON_ABSENT;
	if (!same_part(one, two))
		world_fail(world, 1, "%.*s says %.*s, but %s says %.*s", STR_ARG(record->id),
			   STR_ARG(span_of(one)), id, STR_ARG(span_of(two)));
	json_doc_fini(&docs[0]);
	json_doc_fini(&docs[1]);
}

void oracle_check(struct world *world)
{
	struct cf_scan scan = {.limit = 1000, .flags = CF_READ_BODIES | CF_READ_LEAVES};
	struct cf_record *records;
	size_t count;
	int rc = store_scan(world->server, &scan, &world->arena, &records, &count, NULL);

	cf_assert(rc == 0);
	for (unsigned key = 0; key < KEYS && !world->law; key++)
		if (!oracle_blocked(world, key))
			check_lineage(world, key);
	/* Shared parts among them. */
	for (size_t i = 0; i < count && !world->law; i++)
		if (!oracle_blocked(world, world_lineage(world, records[i].id))) {
			check_document(world, &records[i]);
			check_part(world, &records[i]);
		}
}

/* --- who waits ------------------------------------------------------------------------ */

static bool has_invalid(struct world *world, unsigned key)
{
	const struct shape *shape = world->shape;

	for (size_t i = 0; i < shape->level_count; i++) {
		for (size_t k = 0; k < shape->levels[i].place_count; k++) {
			struct cf_record record;
			char id[64];

			place_id(&shape->levels[i].places[k], key, id);
			record = world_read(world, world->server, id,
					    CF_READ_BODIES | CF_READ_LEAVES);
			for (size_t r = 0; r < record.revision_count; r++)
				if (!record.revisions[r].deleted &&
				    !is_valid(world, record.id, record.revisions[r].body))
					return true;
		}
	}
	return false;
}

static bool is_live(struct world *world, const char *id)
{
	struct cf_record record = world_read(world, world->server, id, 0);

	return record.revision_count && !record.revisions[0].deleted;
}

/* Apps call parts g0 to g2, and delete no other: a part of another name was split off by the
 * engine, which makes it. Of a thing that was deleted, an older document may say what to split
 * off: that is not looked at. */
static void check_made(struct world *world, unsigned lineage, const char *part)
{
	const char *key = strrchr(part, ':') + 1;

	for (size_t i = 0; i < world->event_count; i++)
		if (world->events[i].lineage == lineage && world->events[i].deleted)
			return;

	if (!(key[0] == 'g' && key[1] && !key[2]))
		world_fail(world, 2, "%s was split off, and never made", part);
}

/* Whether a leaf refers to a part that is not there. `surely`: a leaf that wins. */
static bool lacks_reference(struct world *world, unsigned key, size_t level, bool surely)
{
	const struct shared_def *shared = &world->shape->shared;
	struct cf_record record;
	char id[64];

	place_id(&world->shape->levels[level].places[0], key, id);
	record = world_read(world, world->server, id, CF_READ_BODIES | CF_READ_LEAVES);
	if (surely && live_leaves(&record) > 1)
		return false;
	for (size_t i = 0; i < record.revision_count; i++) {
		struct json_doc doc;
		struct json_value reference;
		char part[96] = "";

		if (record.revisions[i].deleted)
			continue;
		json_doc_init(&doc, &mem_heap);
		reference = json_pointer_get(world_json(world, &doc, record.revisions[i].body),
					     str_of(shared->reference));
		if (json_kind(reference) == JSON_STRING)
			snprintf(part, sizeof(part), "%s@1:%.*s", shared->type,
				 STR_ARG(json_inner(reference)));
		json_doc_fini(&doc);
		if (!part[0] || is_live(world, part))
			continue;
		check_made(world, key, part);
		return true;
	}
	return false;
}

/* A part without which nothing can be made of a document: nobody ever wrote it. */
static bool lacks_part(struct world *world, unsigned key, bool surely)
{
	const struct shape *shape = world->shape;

	for (size_t i = 0; i < shape->level_count; i++) {
		size_t there = 0;

		for (size_t k = 0; k < shape->levels[i].place_count; k++) {
			char id[64];

			place_id(&shape->levels[i].places[k], key, id);
			there += is_live(world, id);
		}
		if (there && there < shape->levels[i].place_count)
			return true;
	}
	for (size_t i = shape->shared.level; shape->shared.there && i < shape->level_count; i++)
		if (lacks_reference(world, key, i, surely))
			return true;
	return false;
}

bool oracle_blocked(struct world *world, unsigned lineage)
{
	return lineage < KEYS && (has_invalid(world, lineage) || lacks_part(world, lineage, false));
}

struct waiting {
	struct world *world;
	bool listed[LINEAGES];
};

static int note_waiting(void *ctx, struct cf_str id, struct json_value body)
{
	struct waiting *waiting = ctx;
	struct json_value label = json_member(body, STR("lineage"));
	char text[64];

	(void)id;
	for (unsigned key = 0; key < KEYS; key++) {
		world_label(waiting->world, key, text);
		if (json_kind(label) == JSON_STRING && str_equal(json_inner(label), str_of(text)))
			waiting->listed[key] = true;
	}
	return 0;
}

void oracle_check_waiting(struct world *world)
{
	struct waiting quarantine = {.world = world}, incomplete = {.world = world};
	int rc = sync_walk(&world->records, SYNC_QUARANTINE, note_waiting, &quarantine, &mem_heap,
			   &world->error);

	cf_assert(rc == 0);
	rc = sync_walk(&world->records, SYNC_INCOMPLETE, note_waiting, &incomplete, &mem_heap,
		       &world->error);
	cf_assert(rc == 0);
	for (unsigned key = 0; key < KEYS; key++) {
		bool invalid = has_invalid(world, key);
		bool lacking = lacks_part(world, key, false);

		if (invalid && !quarantine.listed[key] && !incomplete.listed[key])
			world_fail(world, 7, "k%u is invalid and on no list", key);
		if (!invalid && !lacking && quarantine.listed[key])
			world_fail(world, 7, "k%u is in quarantine and all is well", key);
		/* A leaf that is about to lose may lack what nobody needs. */
		if (!invalid && !incomplete.listed[key] && !quarantine.listed[key] &&
		    lacks_part(world, key, true))
			world_fail(world, 8, "k%u lacks a part and is not listed", key);
		if (!lacking && incomplete.listed[key] && !invalid)
			world_fail(world, 8, "k%u is listed as incomplete and is not", key);
	}
}
