/* Apps: each of one version, each with its own replica. */
#include "sim.h"

/* --- replication ------------------------------------------------------------------ */

static bool app_wants(const struct world *world, const struct app *app, struct cf_str id)
{
	const struct level *level = &world->shape->levels[app->level];
	char prefix[64];

	for (size_t i = 0; i < level->place_count; i++) {
		snprintf(prefix, sizeof(prefix), "%s@%u:", level->places[i].type,
			 level->places[i].major);
		if (str_starts_with(id, str_of(prefix)))
			return true;
	}
	snprintf(prefix, sizeof(prefix), "%s@", world->shape->shared.type);
	return world->shape->shared.there && app->level >= world->shape->shared.level &&
	       str_starts_with(id, str_of(prefix));
}

/* Copies all leaves of some documents. */
static void replicate(struct world *world, const struct app *app, struct cf_store *from,
		      bool to_server, struct rng *rng, unsigned in_100)
{
	struct cf_changes args = {.limit = 10000,
				  .flags = CF_READ_LEAVES | CF_READ_HISTORIES | CF_READ_BODIES |
					   CF_READ_ATTACHMENTS};
	struct cf_change *changes;
	struct cf_str token;
	size_t count;
	int rc = store_changes(from, &args, &world->arena, &changes, &count, &token, NULL);

	cf_assert(rc == 0);
	for (size_t i = 0; i < count; i++) {
		const struct cf_record *record = &changes[i].record;

		if (!app_wants(world, app, record->id) || rng_below(rng, 100) >= in_100)
			continue;
		for (size_t k = 0; k < record->revision_count; k++) {
			const struct cf_revision *r = &record->revisions[k];
			struct cf_put put = {.id = record->id,
					     .kind = CF_PUT_REVISION,
					     .rev = r->rev,
					     .history = r->history,
					     .history_count = r->history_count,
					     .deleted = r->deleted,
					     .body = r->body,
					     .attachments = r->attachments,
					     .attachment_count = r->attachment_count};
			struct cf_answer answer;

			rc = to_server ? world_put(world, &put, 1, &world->arena, &answer, NULL)
				       : store_put(app->replica, &put, 1, &world->arena, &answer,
						   NULL);
			cf_assert(rc == 0 && answer.code == 0);
		}
	}
}

void app_push(struct world *world, struct app *app, struct rng *rng, unsigned in_100)
{
	replicate(world, app, app->replica, true, rng, in_100);
}

void app_pull(struct world *world, struct app *app, struct rng *rng, unsigned in_100)
{
	replicate(world, app, world->server, false, rng, in_100);
}

/* --- writing ----------------------------------------------------------------------- */

/* A write on top of what an app sees; `event` says what it changed. */
struct draft {
	struct app *app; /* NULL: into the database itself */
	const struct cf_revision *parent;
	char id[64];
	struct cf_str body;
	bool deleted;
	bool invalid;
	int data; /* the attachment: a token, UNTOUCHED or TOKEN_ABSENT */
	struct event event;
};

static int put_draft(struct world *world, const struct draft *draft, struct cf_answer *answer)
{
	struct cf_attachment file = {.name = STR(ATTACHMENT), .content_type = STR("text/plain")};
	struct cf_put put = {.id = str_of(draft->id),
			     .kind = CF_PUT_ABSENT,
			     .deleted = draft->deleted,
			     .body = draft->body};

	if (draft->parent && !draft->parent->deleted) {
		put.kind = CF_PUT_ON_REV;
		put.rev = draft->parent->rev;
		put.attachments = draft->parent->attachments;
		put.attachment_count = draft->deleted ? 0 : draft->parent->attachment_count;
	}
	if (draft->data != UNTOUCHED)
		put.attachment_count = 0;
	if (draft->data >= 0) {
		file.data = arena_printf(&world->arena, "bytes %d", draft->data);
		put.attachments = &file;
		put.attachment_count = 1;
	}
	return draft->app ? store_put(draft->app->replica, &put, 1, &world->arena, answer, NULL)
			  : world_put(world, &put, 1, &world->arena, answer, NULL);
}

static void save(struct world *world, struct draft *draft)
{
	struct event *event = &draft->event;
	struct rev_note *note;
	struct cf_answer answer;
	uint64_t seen = 0;
	int rc;

	if (world->event_count == EVENTS_MAX)
		return;
	rc = put_draft(world, draft, &answer);
	cf_assert(rc == 0);
	if (answer.code) {
		world_fail(world, 99, "an app could not write %s: %.*s", draft->id,
			   STR_ARG(answer.message));
		return;
	}
	note = world_note(world, str_of(draft->id), answer.rev);
	world_say(world, "    %s %.*s%s %.*s", draft->id, STR_ARG(answer.rev),
		  draft->deleted ? " deleted" : "", STR_ARG(draft->body));
	if (draft->data != UNTOUCHED)
		world_say(world, "      " ATTACHMENT " is %d", draft->data);
	event->lineage = (uint8_t)world_lineage(world, str_of(draft->id));
	/* The same was written before, a tombstone perhaps by the engine: nothing new was said. */
	if (note->events) {
		world->twins[event->lineage] = true;
		world->buried[event->lineage] |= draft->deleted;
		return;
	}
	if (draft->parent)
		seen = world_note(world, str_of(draft->id), draft->parent->rev)->events;
	/* A tombstone shows nothing of what went before. */
	event->seen = draft->parent && draft->parent->deleted ? 0 : seen;
	snprintf(event->id, sizeof(event->id), "%s", draft->id);
	snprintf(event->rev, sizeof(event->rev), "%.*s", STR_ARG(answer.rev));
	event->deleted = draft->deleted;
	note->events = seen | UINT64_C(1) << world->event_count;
	note->invalid = draft->invalid;
	world->events[world->event_count++] = *event;
}

static void draft_init(struct world *world, struct draft *draft, struct app *app, size_t level)
{
	memset(draft, 0, sizeof(*draft));
	draft->app = app;
	draft->data = UNTOUCHED;
	draft->event.app = app ? (uint8_t)(app - world->apps) : UINT8_MAX;
	draft->event.level = (uint8_t)level;
	for (size_t i = 0; i < ATOMS_MAX; i++)
		draft->event.changes[i] = UNTOUCHED;
}

/* A value that this atom of the lineage never had, where there are enough. */
static int fresh_token(struct world *world, unsigned lineage, size_t atom, const struct view *view,
		       struct rng *rng)
{
	uint8_t *used = &world->classes[lineage][atom];

	if (view->kind == VALUE_CHOICE)
		return (int)rng_below(rng, view->choice_count);
	if (*used + 1 >= CLASSES)
		return UNTOUCHED;
	++*used;
	return (*used * FINE + (int)rng_below(rng, FINE)) >> view->shift << view->shift;
}

static void set_atom(struct world *world, struct draft *draft, struct cf_buf *body, size_t atom,
		     const struct view *view, int token)
{
	struct cf_buf text;

	(void)world;
	draft->event.changes[atom] = (int16_t)token;
	if (view->kind == VALUE_DATA) {
		draft->data = token;
		return;
	}
	buf_init(&text, &mem_heap);
	if (token != TOKEN_ABSENT)
		view_text(view, token, &text);
	text_set(body, view->pointer, buf_view(&text));
	buf_fini(&text);
}

/* All atoms of one document. */
static void write_whole(struct world *world, struct draft *draft, unsigned lineage, size_t place,
			struct rng *rng, struct cf_buf *body)
{
	const struct shape *shape = world->shape;
	const struct level *level = &shape->levels[draft->event.level];
	const struct place *at = &level->places[place];
	const char *members = place == 0 ? level->members : NULL;

	buf_clear(body);
	buf_printf(body, "{\"%.*s\":\"%s\",\"%.*s\":%u%s%s}", STR_ARG(shape->type_field), at->type,
		   STR_ARG(shape->version_field), at->major, members ? "," : "",
		   members ? members : "");
	for (size_t i = 0; i < shape->atom_count; i++) {
		const struct view *view = &shape->atoms[i].views[draft->event.level];
		int token;

		if (!view->there || view->place != place ||
		    (shape->atoms[i].optional && rng_below(rng, 2)) ||
		    (view->kind == VALUE_DATA && rng_below(rng, 2)))
			continue;
		token = fresh_token(world, lineage, i, view, rng);
		/* A part of an object that does not stand alone. */
		if (view->kind != VALUE_DATA && shape->atoms[i].optional &&
		    strchr(view->pointer + 1, '/'))
			continue;
		set_atom(world, draft, body, i, view, token);
	}
}

/* Whether there are values for a whole document that nobody has used yet. */
static bool values_are_left(const struct world *world, size_t level, unsigned lineage)
{
	for (size_t i = 0; i < world->shape->atom_count; i++) {
		const struct view *view = &world->shape->atoms[i].views[level];

		if (view->there && view->kind != VALUE_CHOICE &&
		    world->classes[lineage][i] + 1 >= CLASSES)
			return false;
	}
	return true;
}

static void create(struct world *world, struct app *app, unsigned key, struct rng *rng)
{
	const struct level *level = &world->shape->levels[app->level];
	struct cf_buf body;

	if (!values_are_left(world, app->level, key))
		return;
	buf_init(&body, &mem_heap);
	for (size_t place = 0; place < level->place_count; place++) {
		struct draft draft;
		struct cf_record record;

		draft_init(world, &draft, app, app->level);
		place_id(&level->places[place], key, draft.id);
		record = world_read(world, app->replica, draft.id, CF_READ_BODIES);
		if (record.revision_count && !record.revisions[0].deleted)
			continue;
		draft.parent = record.revision_count ? record.revisions : NULL;
		write_whole(world, &draft, key, place, rng, &body);
		draft.body = buf_view(&body);
		save(world, &draft);
	}
	buf_fini(&body);
}

/* One or two atoms of one document. */
static void edit(struct world *world, struct draft *draft, unsigned key, size_t place,
		 struct rng *rng)
{
	const struct shape *shape = world->shape;
	size_t first = rng_below(rng, 2) ? 0 : rng_below(rng, shape->atom_count);
	unsigned wanted = 1 + (rng_below(rng, 4) == 0), done = 0;
	struct cf_buf body;

	buf_init(&body, &mem_heap);
	buf_str(&body, draft->parent->body);
	for (size_t i = 0; i < shape->atom_count && done < wanted; i++) {
		size_t atom = (first + i) % shape->atom_count;
		const struct view *view = &shape->atoms[atom].views[draft->event.level];
		int now, token;

		if (!view->there || view->place != place)
			continue;
		now = revision_token(world, view, draft->parent);
		token = fresh_token(world, key, atom, view, rng);
		if (shape->atoms[atom].optional && now != TOKEN_ABSENT && rng_below(rng, 3) == 0)
			token = TOKEN_ABSENT;
		if (token == UNTOUCHED || token == now)
			continue;
		set_atom(world, draft, &body, atom, view, token);
		done++;
	}
	draft->body = arena_dup(&world->arena, buf_view(&body));
	if (done)
		save(world, draft);
	buf_fini(&body);
}

/* The document of an app that a step is about; false: it has none that lives. */
static bool find_document(struct world *world, struct app *app, const struct step *step,
			  struct rng *rng, struct draft *draft, size_t *ret_place)
{
	const struct level *level = &world->shape->levels[app->level];
	size_t place = rng_below(rng, level->place_count);
	struct cf_record record;

	draft_init(world, draft, app, app->level);
	place_id(&level->places[place], step->key, draft->id);
	record = world_read(world, app->replica, draft->id, CF_READ_BODIES | CF_READ_ATTACHMENTS);
	*ret_place = place;
	draft->parent = record.revision_count ? &record.revisions[0] : NULL;
	draft->invalid =
		draft->parent && world_note(world, str_of(draft->id), draft->parent->rev)->invalid;
	return draft->parent && !draft->parent->deleted;
}

void app_write(struct world *world, struct app *app, const struct step *step)
{
	struct rng rng = {.state = step->seed};
	struct draft draft;
	size_t place;

	if (find_document(world, app, step, &rng, &draft, &place))
		edit(world, &draft, step->key, place, &rng);
	else
		create(world, app, step->key, &rng);
}

static void bury(struct world *world, struct draft *draft, const struct place *place, bool typed)
{
	draft->deleted = true;
	draft->invalid = false;
	draft->body = STR("{}");
	if (typed)
		draft->body = arena_printf(&world->arena, "{\"%.*s\":\"%s\",\"%.*s\":%u}",
					   STR_ARG(world->shape->type_field), place->type,
					   STR_ARG(world->shape->version_field), place->major);
	save(world, draft);
}

/* All documents of the thing that the app has. */
void app_delete(struct world *world, struct app *app, const struct step *step)
{
	const struct level *level = &world->shape->levels[app->level];
	struct rng rng = {.state = step->seed};
	bool typed = rng_below(&rng, 2);

	for (size_t i = 0; i < level->place_count; i++) {
		struct draft draft;
		struct cf_record record;

		draft_init(world, &draft, app, app->level);
		place_id(&level->places[i], step->key, draft.id);
		record = world_read(world, app->replica, draft.id, CF_READ_BODIES);
		draft.parent = record.revisions;
		if (record.revision_count && !record.revisions[0].deleted)
			bury(world, &draft, &level->places[i], typed);
	}
}

void app_spoil(struct world *world, struct app *app, const struct step *step)
{
	struct rng rng = {.state = step->seed};
	struct draft draft;
	struct cf_buf body;
	size_t place;

	if (!find_document(world, app, step, &rng, &draft, &place) || draft.invalid)
		return;
	buf_init(&body, &mem_heap);
	buf_str(&body, draft.parent->body);
	text_set(&body, "/unknownMember", STR("[true]"));
	draft.body = arena_dup(&world->arena, buf_view(&body));
	draft.invalid = true;
	save(world, &draft);
	buf_fini(&body);
}

void app_shared(struct world *world, struct app *app, const struct step *step)
{
	const struct shared_def *shared = &world->shape->shared;
	struct rng rng = {.state = step->seed};
	struct draft draft;
	struct cf_record record;
	unsigned major = 1;

	if (!shared->there || app->level < shared->level)
		return;
	if (shared->two_majors)
		major += (unsigned)rng_below(&rng, 2);
	draft_init(world, &draft, app, app->level);
	snprintf(draft.id, sizeof(draft.id), "%s@%u:g%u", shared->type, major, step->key);
	record = world_read(world, app->replica, draft.id, CF_READ_BODIES);
	draft.parent = record.revision_count ? record.revisions : NULL;
	/* Now and then it goes, whoever refers to it. */
	if (draft.parent && !draft.parent->deleted && rng_below(&rng, 6) == 0) {
		struct place place = {.major = major};

		snprintf(place.type, sizeof(place.type), "%s", shared->type);
		bury(world, &draft, &place, rng_below(&rng, 2));
		return;
	}
	draft.body = arena_printf(
		&world->arena, "{\"%.*s\":\"%s\",\"%.*s\":%u,\"%s\":\"G%u\",\"color\":\"c%u\"}",
		STR_ARG(world->shape->type_field), shared->type,
		STR_ARG(world->shape->version_field), major, major == 1 ? "name" : "label",
		rng_below(&rng, 2) ? step->key : (unsigned)rng_below(&rng, 1000),
		(unsigned)rng_below(&rng, 1000));
	save(world, &draft);
}

/* --- mending -------------------------------------------------------------------------- */

static bool is_alive(const struct cf_record *record)
{
	return record->revision_count && !record->revisions[0].deleted;
}

static void mend_leaf(struct world *world, const struct cf_record *record, size_t leaf,
		      size_t level)
{
	struct draft draft;
	struct cf_buf body;

	draft_init(world, &draft, NULL, level);
	snprintf(draft.id, sizeof(draft.id), "%.*s", STR_ARG(record->id));
	draft.parent = &record->revisions[leaf];
	buf_init(&body, &mem_heap);
	buf_str(&body, draft.parent->body);
	text_set(&body, "/unknownMember", (struct cf_str){NULL, 0});
	draft.body = arena_dup(&world->arena, buf_view(&body));
	buf_fini(&body);
	save(world, &draft);
}

/* The part that a document refers to and that nobody has. */
static void mend_reference(struct world *world, const struct cf_record *record, size_t leaf,
			   size_t level)
{
	const struct shared_def *shared = &world->shape->shared;
	struct draft draft;
	struct json_doc doc;
	struct json_value key;

	json_doc_init(&doc, &mem_heap);
	key = json_pointer_get(world_json(world, &doc, record->revisions[leaf].body),
			       str_of(shared->reference));
	if (json_kind(key) == JSON_STRING) {
		struct cf_record part;

		draft_init(world, &draft, NULL, level);
		snprintf(draft.id, sizeof(draft.id), "%s@1:%.*s", shared->type,
			 STR_ARG(json_inner(key)));
		part = world_read(world, world->server, draft.id, CF_READ_BODIES);
		draft.parent = part.revision_count ? part.revisions : NULL;
		draft.body = arena_printf(
			&world->arena, "{\"%.*s\":\"%s\",\"%.*s\":1,\"name\":\"of %.*s\"}",
			STR_ARG(world->shape->type_field), shared->type,
			STR_ARG(world->shape->version_field), STR_ARG(json_inner(key)));
		if (!draft.parent || draft.parent->deleted)
			save(world, &draft);
	}
	json_doc_fini(&doc);
}

static void mend_document(struct world *world, const struct cf_record *record, size_t level,
			  bool refers)
{
	for (size_t i = 0; i < record->revision_count; i++) {
		const struct cf_revision *leaf = &record->revisions[i];

		if (leaf->deleted)
			continue;
		if (world_note(world, record->id, leaf->rev)->invalid)
			mend_leaf(world, record, i, level);
		if (refers)
			mend_reference(world, record, i, level);
	}
}

/* A thing whose main document lives, but not all of its parts, gets them. */
static void mend_things(struct world *world, unsigned key, size_t level)
{
	const struct level *at = &world->shape->levels[level];
	struct rng rng = {.state = key + level};
	struct cf_record main;
	struct cf_buf body;
	char id[64];

	place_id(&at->places[0], key, id);
	main = world_read(world, world->server, id, 0);
	buf_init(&body, &mem_heap);
	for (size_t i = 1; is_alive(&main) && i < at->place_count; i++) {
		struct draft draft;
		struct cf_record record;

		draft_init(world, &draft, NULL, level);
		place_id(&at->places[i], key, draft.id);
		record = world_read(world, world->server, draft.id, CF_READ_BODIES);
		if (is_alive(&record))
			continue;
		draft.parent = record.revision_count ? record.revisions : NULL;
		write_whole(world, &draft, key, i, &rng, &body);
		draft.body = buf_view(&body);
		save(world, &draft);
	}
	buf_fini(&body);
}

void apps_mend(struct world *world)
{
	const struct shape *shape = world->shape;

	for (unsigned key = 0; key < KEYS; key++) {
		for (size_t i = 0; i < shape->level_count; i++) {
			mend_things(world, key, i);
			for (size_t k = 0; k < shape->levels[i].place_count; k++) {
				bool refers =
					k == 0 && shape->shared.there && i >= shape->shared.level;
				struct cf_record record;
				char id[64];

				place_id(&shape->levels[i].places[k], key, id);
				record = world_read(world, world->server, id,
						    CF_READ_BODIES | CF_READ_LEAVES);
				mend_document(world, &record, i, refers);
			}
		}
	}
}
