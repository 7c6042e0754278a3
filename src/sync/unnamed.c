/* Documents that say they are of a type of the catalog, while their ids say nothing: nobody
 * follows them. That is told once for each type, with the first that was seen, and kept in
 * the checkpoint. In a database with many others some are looked at: what is passed over must
 * stay cheap. */
#include "sync/engine.h"

static size_t type_count(const struct sync *sync)
{
	const struct catalog_type *types;

	return catalog_types(sync->shared->catalog, &types);
}

int unnamed_init(struct sync *sync)
{
	sync->unnamed = mem_calloc(sync->mem, type_count(sync) + 1, sizeof(*sync->unnamed));
	return sync->unnamed ? 0 : CF_ERR_NOMEM;
}

void unnamed_fini(struct sync *sync)
{
	for (size_t i = 0; sync->unnamed && i < type_count(sync); i++)
		mem_free(sync->mem, sync->unnamed[i]);
	mem_free(sync->mem, sync->unnamed);
}

/* --- what was seen ----------------------------------------------------------------------- */

int unnamed_pass(struct sync *sync, struct unsupported_list *list, const struct cf_record *record)
{
	bool live = record->revision_count && !record->revisions[0].deleted;
	struct undecided *one;

	if (sync->unnamed_count == type_count(sync) || !live || record->id.ptr[0] == '_')
		return 0;
	one = arena_calloc(&sync->step, 1, sizeof(*one));
	if (!one)
		return CF_ERR_NOMEM;
	*one = (struct undecided){.record = record, .next = list->passed};
	list->passed = one;
	list->passed_count++;
	return 0;
}

int unnamed_note(struct sync *sync, struct cf_str id, struct json_value document)
{
	const struct catalog *catalog = sync->shared->catalog;
	struct json_value says = json_member(document, catalog_identity(catalog)->type_field);
	const struct catalog_type *type =
		json_kind(says) == JSON_STRING ? catalog_type(catalog, json_inner(says)) : NULL;

	if (!type || sync->unnamed[type->index])
		return 0;
	sync->unnamed[type->index] = text_dup(sync->mem, id);
	if (!sync->unnamed[type->index])
		return CF_ERR_NOMEM;
	sync->unnamed_count++;
	if (sync->options.unnamed)
		sync->options.unnamed(sync->options.ctx, type, id);
	return 0;
}

/* Which of the page are looked at: all of the first, then some, spread over it. */
static size_t choose(struct sync *sync, const struct unsupported_list *list, struct cf_get *gets)
{
	uint64_t before = sync->before.passed_over + sync->counters.passed_over;
	size_t every = 1, at = 0, count = 0;

	if (before >= SYNC_UNNAMED_ALL)
		every = (list->passed_count + SYNC_UNNAMED_SOME - 1) / SYNC_UNNAMED_SOME;
	for (const struct undecided *one = list->passed; one; one = one->next)
		if (at++ % every == 0)
			gets[count++] = (struct cf_get){.id = one->record->id};
	return count;
}

static int note_all(struct sync *sync, const struct cf_record *read, size_t count)
{
	struct json_doc doc;
	int rc = 0;

	json_doc_init(&doc, sync->mem);
	for (size_t i = 0; i < count && rc == 0; i++) {
		bool there = read[i].code == 0 && read[i].revision_count;
		struct cf_str body = there ? read[i].revisions[0].body : STR("");

		if (body.len && json_read(&doc, body.ptr, body.len, JSON_READ_DOCUMENT, NULL) == 0)
			rc = unnamed_note(sync, read[i].id, json_root(&doc));
	}
	json_doc_fini(&doc);
	return rc;
}

int unnamed_take(struct sync *sync, const struct unsupported_list *list, struct cf_error *error)
{
	struct cf_record *read;
	struct cf_get *gets;
	size_t count;
	int rc;

	if (list->passed_count == 0)
		return 0;
	gets = arena_calloc(&sync->step, list->passed_count, sizeof(*gets));
	read = arena_calloc(&sync->step, list->passed_count, sizeof(*read));
	if (!gets || !read)
		return error_nomem(error);
	count = choose(sync, list, gets);
	rc = store_get(sync->store, gets, count, CF_READ_BODIES, &sync->step, read, error);
	for (size_t i = 0; i < count; i++)
		read[i].id = gets[i].id;
	if (rc == 0 && note_all(sync, read, count))
		rc = error_nomem(error);
	return rc;
}

/* --- the checkpoint ----------------------------------------------------------------------- */

void unnamed_write(const struct sync *sync, struct cf_buf *out)
{
	const struct catalog_type *types;
	size_t count = catalog_types(sync->shared->catalog, &types);
	const char *between = ",\"unnamed\":{";

	for (size_t i = 0; i < count; i++) {
		if (!sync->unnamed[i])
			continue;
		buf_str(out, str_of(between));
		json_write_string(types[i].name, out);
		buf_byte(out, ':');
		json_write_string(str_of(sync->unnamed[i]), out);
		between = ",";
	}
	if (sync->unnamed_count)
		buf_byte(out, '}');
}

int unnamed_load(struct sync *sync, struct json_value checkpoint)
{
	struct json_iter it = json_iter(json_member(checkpoint, STR("unnamed")));

	while (json_next(&it)) {
		const struct catalog_type *type =
			catalog_type(sync->shared->catalog, json_inner(it.name));
		struct cf_str id;

		if (!type || sync->unnamed[type->index] || json_kind(it.value) != JSON_STRING)
			continue;
		if (json_decode(it.value, &sync->step, &id))
			return CF_ERR_NOMEM;
		sync->unnamed[type->index] = text_dup(sync->mem, id);
		if (!sync->unnamed[type->index])
			return CF_ERR_NOMEM;
		sync->unnamed_count++;
	}
	return 0;
}

int sync_unnamed_read(const struct state *state, struct cf_arena *arena, struct sync_unnamed **ret,
		      size_t *ret_count, struct cf_error *error)
{
	struct state_record record;
	struct json_doc doc;
	struct json_iter it;
	size_t max = 0;
	int rc = state_get_one(state, (struct state_key){STATE_CHECKPOINT}, arena, &record, error);

	*ret = NULL;
	*ret_count = 0;
	if (rc || !state_exists(&record))
		return rc;
	json_doc_init(&doc, arena->mem);
	rc = state_read(&record, &doc, error);
	it = json_iter(rc ? JSON_ABSENT : json_member(json_root(&doc), STR("unnamed")));
	while (json_next(&it))
		max++;
	*ret = arena_calloc(arena, max + 1, sizeof(**ret));
	it = json_iter(rc ? JSON_ABSENT : json_member(json_root(&doc), STR("unnamed")));
	while (*ret && rc == 0 && json_next(&it)) {
		struct sync_unnamed *one = &(*ret)[(*ret_count)++];

		if (json_decode(it.name, arena, &one->type) ||
		    json_decode(it.value, arena, &one->id))
			rc = error_nomem(error);
	}
	json_doc_fini(&doc);
	return rc || *ret ? rc : error_nomem(error);
}
