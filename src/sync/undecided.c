/* Documents whose ids say nothing: what the state remembers of them comes first, then what
 * their members say. So a tombstone without members is known, and a document whose members
 * were changed stays with its lineage, where it is told. */
#include "sync/engine.h"

/* The lineages that each may belong to, by all versions whose ids say nothing; then its entry
 * in the list of what is not served. */
static int list_bases(struct sync *sync, const struct unsupported_list *list,
		      struct state_key *keys)
{
	const struct catalog_major *const *majors;
	size_t major_count = catalog_recognised(sync->registry->catalog, &majors);
	struct cf_buf label;

	buf_init(&label, sync->mem);
	for (const struct undecided *one = list->undecided; one; one = one->next) {
		for (size_t i = 0; i < major_count; i++, keys++) {
			struct lineage_name name;

			*keys = (struct state_key){STATE_BASE, STR("")};
			registry_name(sync->registry, majors[i], one->record->id, &name);
			if (!name.family)
				continue;
			buf_clear(&label);
			if (lineage_label(&name, &label) == 0)
				keys->name = arena_dup_buf(&sync->step, &label);
			if (label.failed || !keys->name.ptr) {
				buf_fini(&label);
				return CF_ERR_NOMEM;
			}
		}
		*keys++ = (struct state_key){
			STATE_QUARANTINE,
			arena_printf(&sync->step, "#%.*s", STR_ARG(one->record->id))};
		if (!keys[-1].name.ptr) {
			buf_fini(&label);
			return CF_ERR_NOMEM;
		}
	}
	buf_fini(&label);
	return 0;
}

/* What was listed while nobody could say what it is, and is decided now, goes off the list. */
static int take_off(struct sync *sync, struct unsupported_list *list, const struct undecided *one)
{
	const struct lineage_name none = {.family = NULL};
	const struct cf_error why = {0};

	if (!one->listed)
		return 0;
	if (unsupported_add(list, one->record, &none, &why, &sync->step))
		return CF_ERR_NOMEM;
	list->first->decided = true;
	return 0;
}

/* Those that the state remembers are decided; the others stay in the list. */
static int take_remembered(struct sync *sync, struct flight *flight, struct unsupported_list *list,
			   struct cf_error *error)
{
	const struct catalog_major *const *majors;
	size_t major_count = catalog_recognised(sync->registry->catalog, &majors);
	size_t count = list->undecided_count * (major_count + 1), at = 0;
	struct state_key *keys = arena_calloc(&sync->step, count + 1, sizeof(*keys));
	struct state_record *bases = arena_calloc(&sync->step, count + 1, sizeof(*bases));
	struct undecided **end = &list->undecided;
	int rc;

	if (!keys || !bases || list_bases(sync, list, keys))
		return error_nomem(error);
	rc = state_get(sync->state, keys, count, &sync->step, bases, error);
	for (struct undecided *one = list->undecided; one && rc == 0; one = one->next) {
		struct lineage_name name = {.family = NULL};

		for (size_t i = 0; i < major_count; i++, at++)
			if (!name.family && keys[at].name.len && state_exists(&bases[at]))
				registry_name(sync->registry, majors[i], one->record->id, &name);
		one->listed = state_exists(&bases[at++]);
		if (name.family && take_off(sync, list, one))
			rc = error_nomem(error);
		if (name.family && rc == 0 && !echo_is(sync->worker, one->record))
			rc = flight_add(sync, flight, &name, error);
		if (name.family) {
			*end = one->next;
			list->undecided_count--;
		} else {
			end = &one->next;
		}
	}
	return rc;
}

/* By its members, or none of ours. */
static int take_read(struct sync *sync, struct flight *flight, struct unsupported_list *list,
		     const struct undecided *one, const struct cf_record *read)
{
	struct lineage_name name = {.family = NULL};
	struct cf_error why = {0};
	struct json_doc doc;
	int rc = CF_ERR_UNKNOWN_TYPE;

	/* Nobody can say whether it is ours. */
	if (read->code) {
		error_set(&why, read->code, "%.*s", STR_ARG(read->message));
		return unsupported_add(list, one->record, &name, &why, &sync->step);
	}
	json_doc_init(&doc, sync->mem);
	if (read->revision_count && read->revisions[0].body.ptr)
		rc = json_read(&doc, read->revisions[0].body.ptr, read->revisions[0].body.len,
			       JSON_READ_DOCUMENT, NULL);
	if (rc == 0)
		rc = registry_find_document(sync->registry, json_root(&doc), one->record->id, &name,
					    &why);
	if (rc == CF_ERR_UNKNOWN_TYPE && read->revision_count && read->revisions[0].body.ptr &&
	    unnamed_note(sync, one->record->id, json_root(&doc)))
		rc = CF_ERR_NOMEM;
	json_doc_fini(&doc);
	/* Its id is its key. */
	name.key = one->record->id;
	if (rc == CF_ERR_NOMEM)
		return rc;
	if (rc == CF_ERR_UNSUPPORTED)
		return unsupported_add(list, one->record, &name, &why, &sync->step);
	if (take_off(sync, list, one))
		return CF_ERR_NOMEM;
	if (rc)
		flight->counters.passed_over++;
	return rc || echo_is(sync->worker, one->record) ? 0 : flight_add(sync, flight, &name, NULL);
}

static int undecided_take(struct sync *sync, struct flight *flight, struct unsupported_list *list,
			  struct cf_error *error)
{
	struct cf_record *read;
	struct cf_get *gets;
	size_t at = 0;
	int rc;

	if (!list->undecided)
		return 0;
	rc = take_remembered(sync, flight, list, error);
	if (rc || !list->undecided)
		return rc;
	gets = arena_calloc(&sync->step, list->undecided_count, sizeof(*gets));
	read = arena_calloc(&sync->step, list->undecided_count, sizeof(*read));
	if (!gets || !read)
		return error_nomem(error);
	for (const struct undecided *one = list->undecided; one; one = one->next)
		gets[at++].id = one->record->id;
	rc = store_get(sync->store, gets, at, CF_READ_BODIES, &sync->step, read, error);
	at = 0;
	for (const struct undecided *one = list->undecided; one && rc == 0; one = one->next)
		if (take_read(sync, flight, list, one, &read[at++]))
			rc = error_nomem(error);
	return rc;
}

int flight_decide(struct sync *sync, struct flight *flight, struct unsupported_list *unsupported,
		  struct cf_error *error)
{
	int rc = undecided_take(sync, flight, unsupported, error);

	if (rc == 0)
		rc = unnamed_take(sync, unsupported, error);
	return rc ? rc : unsupported_take(sync, unsupported, error);
}
