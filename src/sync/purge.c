/* Deleting the documents of a version that was retired.
 *
 * The record `retired` stands before the first tombstone, so that no run takes one for
 * a delete by a person. Only what was agreed on goes: a document that somebody edited
 * since is kept, for no other version has the edit. Stopped half way, a second call
 * finds what is left.
 */
#include "sync/lists.h"

enum { PURGE_PAGE = 500, PURGE_PASSES_MAX = 8 };

struct purge {
	struct cf_store *store;
	const struct state *state;
	const struct catalog *catalog;
	const struct catalog_major *major;
	const struct cf_mem *mem;
	struct registry registry; /* of all versions: for labels */
	struct cf_arena arena;    /* of a page */
	struct cf_buf prefix, after;
	struct cf_str place;
	struct json_doc doc;
};

static int purge_init(struct purge *p, struct cf_store *store, const struct state *state,
		      const struct catalog *catalog, const struct catalog_major *major,
		      const struct cf_mem *mem, struct cf_error *error)
{
	struct cf_buf other;
	size_t same = 0;
	int rc;

	*p = (struct purge){store, state, catalog, major, mem};
	arena_init(&p->arena, mem);
	buf_init(&p->prefix, mem);
	buf_init(&p->after, mem);
	buf_init(&other, mem);
	json_doc_init(&p->doc, mem);
	rc = registry_init(&p->registry, catalog, NULL, mem, error);
	/* What two ids of the version have in common, whatever the grammar. */
	if (rc == 0 &&
	    (catalog_format_id(catalog, major->type->name, major->major, STR("a"), false,
			       &p->prefix) ||
	     catalog_format_id(catalog, major->type->name, major->major, STR("b"), false, &other)))
		rc = error_nomem(error);
	while (same < p->prefix.len && same < other.len && p->prefix.ptr[same] == other.ptr[same])
		same++;
	p->prefix.len = same;
	buf_fini(&other);
	return rc;
}

static void purge_fini(struct purge *p)
{
	registry_fini(&p->registry);
	arena_fini(&p->arena);
	buf_fini(&p->prefix);
	buf_fini(&p->after);
	json_doc_fini(&p->doc);
}

static bool is_of_version(struct purge *p, const struct cf_record *record)
{
	struct catalog_id parsed = {0};
	int rc = catalog_identify_id(p->catalog, record->id, &parsed, NULL);

	if (parsed.undecided && record->revision_count && record->revisions[0].body.ptr &&
	    json_read(&p->doc, record->revisions[0].body.ptr, record->revisions[0].body.len,
		      JSON_READ_DOCUMENT, NULL) == 0)
		rc = catalog_identify(p->catalog, json_root(&p->doc), record->id, &parsed, NULL);
	return (rc == 0 || rc == CF_ERR_UNSUPPORTED) && parsed.type == p->major->type &&
	       parsed.major_number == p->major->major;
}

/* The document without a key, where there is one. */
static int read_singleton(struct purge *p, struct cf_record *ret, size_t *ret_count,
			  struct cf_error *error)
{
	struct cf_get get;
	struct cf_buf id;
	int rc;

	*ret_count = 0;
	buf_init(&id, p->mem);
	rc = catalog_format_id(p->catalog, p->major->type->name, p->major->major, STR(""), true,
			       &id);
	get = (struct cf_get){.id = arena_dup_buf(&p->arena, &id)};
	buf_fini(&id);
	/* Ids that are keys are never without one. */
	if (rc == 0 && get.id.len == 0)
		return 0;
	if (rc || !get.id.ptr)
		return error_nomem(error);
	rc = store_get(p->store, &get, 1, CF_READ_LEAVES, &p->arena, ret, error);
	if (rc == 0 && ret->revision_count && !ret->revisions[0].deleted) {
		ret->id = get.id;
		*ret_count = 1;
	}
	return rc;
}

/* The next documents of the version; *ret_end: there are no more behind them. */
static int next_page(struct purge *p, unsigned flags, bool first, struct cf_record **ret,
		     size_t *ret_count, bool *ret_end, struct cf_error *error)
{
	struct cf_scan scan = {.prefix = buf_view(&p->prefix), .limit = PURGE_PAGE, .flags = flags};
	struct cf_record *records, *kept;
	size_t count;
	int rc;

	/* Of ids that say nothing the members tell the version. */
	if (p->major->recognised)
		scan.flags |= CF_READ_BODIES;
	arena_reset(&p->arena);
	if (first)
		buf_clear(&p->after);
	scan.after = buf_view(&p->after);
	rc = store_scan(p->store, &scan, &p->arena, &records, &count, error);
	if (rc)
		return rc;
	kept = arena_calloc(&p->arena, count + 1, sizeof(*kept));
	if (!kept)
		return error_nomem(error);
	*ret_count = 0;
	if (first)
		rc = read_singleton(p, kept, ret_count, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (is_of_version(p, &records[i]))
			kept[(*ret_count)++] = records[i];
	buf_clear(&p->after);
	if (count && buf_str(&p->after, records[count - 1].id))
		rc = error_nomem(error);
	*ret = kept;
	*ret_end = count < scan.limit;
	return rc;
}

int sync_version_count(struct cf_store *store, const struct catalog *catalog,
		       const struct catalog_major *major, uint64_t *ret, const struct cf_mem *mem,
		       struct cf_error *error)
{
	struct purge p;
	bool end = false;
	int rc = purge_init(&p, store, NULL, catalog, major, mem, error);

	*ret = 0;
	for (bool first = true; rc == 0 && !end; first = false) {
		struct cf_record *records;
		size_t count = 0;

		rc = next_page(&p, 0, first, &records, &count, &end, error);
		*ret += count;
	}
	purge_fini(&p);
	return rc;
}

/* --- deleting -------------------------------------------------------------------------- */

static int read_bases(struct purge *p, const struct cf_record *records, size_t count,
		      struct state_record *ret, struct cf_error *error)
{
	struct state_key *keys = arena_calloc(&p->arena, count, sizeof(*keys));
	struct cf_buf label;
	int rc = keys ? 0 : error_nomem(error);

	buf_init(&label, p->mem);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct lineage_name name;
		int found = registry_find(&p->registry, records[i].id, &name, NULL);

		if (found == CF_ERR_UNKNOWN_TYPE && name.undecided) {
			registry_name(&p->registry, p->major, records[i].id, &name);
			found = 0;
		}

		buf_clear(&label);
		keys[i] = (struct state_key){STATE_BASE, STR("")};
		/* Without a lineage there is no base, and nothing that was agreed on. */
		if ((found && found != CF_ERR_UNSUPPORTED) || !name.family)
			continue;
		if (lineage_label(&name, &label) == 0)
			keys[i].name = arena_dup_buf(&p->arena, &label);
		if (label.failed || !keys[i].name.ptr)
			rc = error_nomem(error);
	}
	buf_fini(&label);
	return rc ? rc : state_get(p->state, keys, count, &p->arena, ret, error);
}

/* Whether all that lives of the document was agreed on. A base that cannot be read
 * knows nothing. 0 or NOMEM. */
static int is_agreed(struct purge *p, const struct cf_record *record,
		     const struct state_record *base, bool *ret)
{
	int rc;

	*ret = false;
	if (!state_exists(base))
		return 0;
	rc = json_read(&p->doc, base->body.ptr, base->body.len, JSON_READ_DOCUMENT, NULL);
	if (rc)
		return rc == CF_ERR_NOMEM ? rc : 0;
	for (size_t i = 0; i < record->revision_count; i++)
		if (!record->revisions[i].deleted &&
		    !unserved_knows(json_root(&p->doc), p->place, record->revisions[i].rev))
			return 0;
	*ret = true;
	return 0;
}

/* Tombstones keep type and version, so that filtered replication carries them. */
static struct cf_str tombstone(struct purge *p)
{
	const struct lens_identity *identity = catalog_identity(p->catalog);
	struct cf_buf out;
	struct cf_str text;

	buf_init(&out, p->mem);
	buf_byte(&out, '{');
	json_write_string(identity->type_field, &out);
	buf_byte(&out, ':');
	json_write_string(p->major->type->name, &out);
	buf_byte(&out, ',');
	json_write_string(identity->version_field, &out);
	buf_printf(&out, ":%u}", p->major->major);
	text = arena_dup_buf(&p->arena, &out);
	buf_fini(&out);
	return text;
}

static int delete_page(struct purge *p, const struct cf_record *records, size_t count,
		       struct sync_purged *done, struct cf_error *error)
{
	struct state_record *bases = arena_calloc(&p->arena, count, sizeof(*bases));
	struct cf_put *puts;
	struct cf_answer *answers;
	struct cf_str body = tombstone(p);
	size_t leaves = 0, put_count = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		leaves += records[i].revision_count;
	puts = arena_calloc(&p->arena, leaves + 1, sizeof(*puts));
	answers = arena_calloc(&p->arena, leaves + 1, sizeof(*answers));
	if (!bases || !puts || !answers || !body.ptr)
		return error_nomem(error);
	rc = read_bases(p, records, count, bases, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		bool agreed;

		if (is_agreed(p, &records[i], &bases[i], &agreed))
			return error_nomem(error);
		done->kept += !agreed;
		for (size_t k = 0; k < records[i].revision_count && agreed; k++)
			if (!records[i].revisions[k].deleted)
				puts[put_count++] =
					(struct cf_put){.id = records[i].id,
							.kind = CF_PUT_ON_REV,
							.rev = records[i].revisions[k].rev,
							.deleted = true,
							.body = body};
	}
	if (rc == 0 && put_count)
		rc = store_put(p->store, puts, put_count, &p->arena, answers, error);
	for (size_t i = 0; i < put_count && rc == 0; i++) {
		done->deleted += answers[i].code == 0;
		/* Somebody was first: the next pass looks again. */
		if (answers[i].code && answers[i].code != CF_ERR_CONFLICT) {
			rc = error_set(error, answers[i].code, "%.*s", STR_ARG(answers[i].message));
			error_at_document(error, puts[i].id);
		}
	}
	return rc;
}

/* From the first document to the last; what a pass kept, the last one counts. */
static int pass(struct purge *p, const struct sync_purge *how, struct sync_purged *done,
		struct cf_error *error)
{
	bool end = false;
	int rc = 0;

	done->kept = 0;
	for (bool first = true; rc == 0 && !end; first = false) {
		struct cf_record *records;
		size_t count;

		rc = next_page(p, CF_READ_LEAVES, first, &records, &count, &end, error);
		if (rc == 0 && count)
			rc = delete_page(p, records, count, done, error);
		if (rc == 0 && how->go_on && !how->go_on(how->ctx, done))
			rc = error_set(error, CF_ERR_INTERRUPTED, "run again to delete the rest");
	}
	return rc;
}

static int check_retired(struct purge *p, struct cf_error *error)
{
	struct sync_retired *all;
	size_t count;
	int rc = sync_retired_read(p->state, &p->registry.arena, &all, &count, error);

	p->place = arena_printf(&p->registry.arena, "%.*s@%u", STR_ARG(p->major->type->name),
				p->major->major);
	if (rc || !p->place.ptr)
		return rc ? rc : error_nomem(error);
	for (size_t i = 0; i < count; i++)
		if (str_equal(all[i].version, p->place))
			return 0;
	return error_set(error, CF_ERR_PRECONDITION, "%.*s is not retired", STR_ARG(p->place));
}

int sync_purge(struct cf_store *store, const struct state *state, const struct catalog *catalog,
	       const struct catalog_major *major, const struct sync_purge *how,
	       struct sync_purged *ret, const struct cf_mem *mem, struct cf_error *error)
{
	struct purge p;
	int rc = purge_init(&p, store, state, catalog, major, mem, error);

	*ret = (struct sync_purged){0};
	if (rc == 0)
		rc = check_retired(&p, error);
	for (int i = 0; i < PURGE_PASSES_MAX && rc == 0; i++) {
		uint64_t before = ret->deleted;

		rc = pass(&p, how, ret, error);
		if (ret->deleted == before)
			break;
	}
	purge_fini(&p);
	return rc;
}
