/* A person decides on a contested atom.
 *
 * Taking the loser, or a value, writes it into the document where the loser stood, as
 * any app would: on top of what is there now, and read again where somebody else was
 * first. `run` takes it from the feed and carries it on. The entry goes last: stopped
 * before that, the same decision may be made again and finds nothing to write.
 */
#include "sync/lists.h"

#include "sync/limits.h"

struct resolving {
	struct cf_store *store;
	const struct state *state;
	const struct sync_resolve *how;
	struct cf_arena *arena;
	const struct cf_mem *mem;
	struct json_value loser;   /* of the entry */
	struct cf_str document;    /* its id */
	struct json_value lineage; /* as the entry says */
	struct cf_str pointer;
	struct json_value value;          /* to be written; absent: removed */
	const struct cf_attachment *file; /* ... where it is one; NULL: removed */
	struct registry registry;
	struct json_doc doc;
	struct cf_buf out;
};

static int decode(struct resolving *r, struct json_value string, struct cf_str *ret,
		  struct cf_error *error)
{
	if (json_kind(string) != JSON_STRING)
		return error_set(error, CF_ERR_INVALID, "the entry is damaged");
	return json_decode(string, r->arena, ret) ? error_nomem(error) : 0;
}

static bool is_delete(struct json_value entry)
{
	struct json_value kind = json_member(entry, STR("kind"));

	return json_kind(kind) == JSON_STRING && str_equal(json_inner(kind), STR("delete"));
}

/* --- how the document is taken apart --------------------------------------------- */

/* Elements of keyed arrays can be found only with the catalog, which names the key. */
static bool has_element(struct cf_str pointer)
{
	return memmem(pointer.ptr, pointer.len, "/[", 2) != NULL;
}

static int find_rules(struct resolving *r, struct json_value document, struct atom_rules *ret,
		      struct cf_error *error)
{
	const struct catalog *catalog = r->how->catalog;
	const struct lens_identity *identity;
	struct catalog_id id = {0};
	const struct family *family;
	int rc;

	*ret = (struct atom_rules){.type_field = {NULL, 0}};
	if (!catalog)
		return has_element(r->pointer)
			       ? error_set(error, CF_ERR_USAGE,
					   "%.*s is inside an array with a key, which only the "
					   "catalog knows: add -c DIR",
					   STR_ARG(r->pointer))
			       : 0;
	identity = catalog_identity(catalog);
	ret->type_field = identity->type_field;
	ret->version_field = identity->version_field;
	rc = catalog_identify(catalog, document, r->document, &id, error);
	if (rc == 0 && !r->registry.families)
		rc = registry_init(&r->registry, catalog, NULL, r->mem, error);
	if (rc)
		return rc;
	family = r->registry.by_type[id.type->index];
	for (size_t i = 0; i < family->own_count; i++)
		if (family->slots[i].major == id.major)
			ret->keyed = family->slots[i].keyed;
	return 0;
}

/* --- what is to be written ---------------------------------------------------------- */

static int check_valid(struct resolving *r, struct cf_error *error)
{
	struct catalog_id id = {0};
	struct json_doc doc;
	int rc;

	if (!r->how->catalog)
		return 0;
	json_doc_init(&doc, r->mem);
	rc = json_read(&doc, r->out.ptr, r->out.len, JSON_READ_DOCUMENT, error);
	if (rc == 0)
		rc = catalog_identify(r->how->catalog, json_root(&doc), r->document, &id, error);
	if (rc == 0)
		rc = catalog_validate(r->how->catalog, &id, json_root(&doc), NULL, error);
	if (rc)
		error_at_document(error, r->document);
	json_doc_fini(&doc);
	return rc;
}

/* The document with the value in its place; *ret_same: it says so already. */
static int make_edit(struct resolving *r, const struct cf_revision *now, bool *ret_same,
		     struct cf_error *error)
{
	struct atom change = {.pointer = r->pointer, .value = r->value};
	struct atom_rules rules;
	struct json_doc after;
	int rc = json_read(&r->doc, now->body.ptr, now->body.len, JSON_READ_DOCUMENT, error);

	if (rc == 0)
		rc = find_rules(r, json_root(&r->doc), &rules, error);
	if (rc)
		return rc;
	buf_clear(&r->out);
	if (atoms_patch(json_root(&r->doc), &change, 1, &rules, r->mem, &r->out))
		return error_nomem(error);
	json_doc_init(&after, r->mem);
	rc = json_read(&after, r->out.ptr, r->out.len, JSON_READ_DOCUMENT, error);
	*ret_same = rc == 0 && json_equal(json_root(&r->doc), json_root(&after));
	json_doc_fini(&after);
	return rc ? rc : check_valid(r, error);
}

/* A tombstone keeps what says of which type and version it is. */
static int make_delete(struct resolving *r, const struct cf_revision *now, struct cf_error *error)
{
	struct json_iter it = json_iter(json_member(r->loser, STR("fields")));
	int rc = json_read(&r->doc, now->body.ptr, now->body.len, JSON_READ_DOCUMENT, error);
	bool first = true;

	buf_clear(&r->out);
	buf_byte(&r->out, '{');
	while (rc == 0 && json_next(&it)) {
		struct cf_str name;
		struct json_value value;

		rc = decode(r, it.value, &name, error);
		value = rc ? JSON_ABSENT : json_member(json_root(&r->doc), name);
		if (json_is_absent(value))
			continue;
		buf_str(&r->out, first ? STR("") : STR(","));
		first = false;
		json_write_string(name, &r->out);
		buf_byte(&r->out, ':');
		json_write(value, &r->out);
	}
	return buf_byte(&r->out, '}') && rc == 0 ? error_nomem(error) : rc;
}

static bool is_file(struct cf_str pointer)
{
	return str_starts_with(pointer, STR("/_attachments/"));
}

/* Whether the pointer of the entry names that attachment. */
static int is_named(struct resolving *r, const struct cf_attachment *attachment, bool *ret)
{
	buf_clear(&r->out);
	buf_str(&r->out, STR("/_attachments"));
	if (json_pointer_push(&r->out, attachment->name))
		return CF_ERR_NOMEM;
	*ret = str_equal(buf_view(&r->out), r->pointer);
	return 0;
}

/* The attachment in its place, or none; its document stays as it is. */
static int make_file(struct resolving *r, const struct cf_revision *now, struct cf_put *put,
		     bool *ret_same, struct cf_error *error)
{
	struct cf_attachment *list =
		arena_calloc(r->arena, now->attachment_count + 1, sizeof(*list));
	struct json_value stub = json_member(r->loser, STR("value"));
	struct cf_str digest = {NULL, 0};
	bool named = false;
	int rc = list ? 0 : error_nomem(error);

	if (rc == 0 && r->file)
		rc = decode(r, json_member(stub, STR("digest")), &digest, error);
	*ret_same = !r->file;
	put->attachments = list;
	put->attachment_count = 0;
	for (size_t i = 0; i < now->attachment_count && rc == 0; i++) {
		const struct cf_attachment *there = &now->attachments[i];

		if (is_named(r, there, &named))
			rc = error_nomem(error);
		if (!named)
			list[put->attachment_count++] = *there;
		else
			*ret_same = r->file && str_equal(there->digest, digest) &&
				    str_equal(there->content_type, r->file->content_type);
	}
	if (rc == 0 && r->file)
		list[put->attachment_count++] = *r->file;
	buf_clear(&r->out);
	buf_str(&r->out, now->body);
	return rc || r->out.failed ? error_nomem(error) : 0;
}

/* The leaf that all versions agreed on, where several live. Another that has arrived since is no
 * ground to write on: its app had not seen what was decided, and the decision would be as late
 * as its edits. */
static int choose_leaf(struct resolving *r, const struct cf_revision **ret, struct cf_error *error)
{
	struct cf_get get = {.id = r->document};
	struct cf_record record = {0};
	struct state_record base;
	struct json_doc doc;
	struct cf_str place, lineage;
	int rc = store_get(r->store, &get, 1, CF_READ_BODIES | CF_READ_LEAVES, r->arena, &record,
			   error);

	if (rc || record.revision_count < 2)
		return rc;
	rc = decode(r, json_member(r->loser, STR("version")), &place, error);
	rc = rc ? rc : decode(r, r->lineage, &lineage, error);
	rc = rc ? rc
		: state_get_one(r->state, (struct state_key){STATE_BASE, lineage}, r->arena, &base,
				error);
	if (rc || !state_exists(&base))
		return rc;
	json_doc_init(&doc, r->mem);
	rc = json_read(&doc, base.body.ptr, base.body.len, JSON_READ_DOCUMENT, error);
	for (size_t i = record.revision_count; i-- > 0 && rc == 0;)
		if (!record.revisions[i].deleted &&
		    unserved_knows(json_root(&doc), place, record.revisions[i].rev))
			*ret = record.revisions + i;
	json_doc_fini(&doc);
	return rc;
}

static int write_once(struct resolving *r, bool deletes, struct sync_resolved *ret,
		      struct cf_error *error)
{
	struct cf_get get = {.id = r->document};
	struct cf_record record = {0};
	struct cf_put put = {.id = r->document, .kind = CF_PUT_ON_REV, .deleted = deletes};
	struct cf_answer answer;
	const struct cf_revision *now;
	bool same = false, file = is_file(r->pointer);
	int rc = store_get(r->store, &get, 1, CF_READ_BODIES, r->arena, &record, error);

	if (rc == 0 && record.code) {
		rc = error_set(error, record.code, "%.*s", STR_ARG(record.message));
		error_at_document(error, r->document);
	}
	if (rc)
		return rc;
	now = record.revisions;
	if (record.revision_count == 0 || now->deleted) {
		if (deletes)
			return 0;
		return error_set(error, CF_ERR_PRECONDITION,
				 "%.*s is deleted by now: there is nothing to write to",
				 STR_ARG(r->document));
	}
	rc = choose_leaf(r, &now, error);
	put.attachments = deletes ? NULL : now->attachments;
	put.attachment_count = deletes ? 0 : now->attachment_count;
	if (rc == 0)
		rc = deletes ? make_delete(r, now, error)
		     : file  ? make_file(r, now, &put, &same, error)
			     : make_edit(r, now, &same, error);
	if (rc || same)
		return rc;
	put.rev = now->rev;
	put.body = buf_view(&r->out);
	rc = store_put(r->store, &put, 1, r->arena, &answer, error);
	if (rc)
		return rc;
	if (answer.code == CF_ERR_CONFLICT)
		return CF_ERR_CONFLICT;
	if (answer.code) {
		error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
		error_at_document(error, r->document);
		return answer.code;
	}
	ret->written = true;
	ret->rev = answer.rev;
	return 0;
}

static int write_loser(struct resolving *r, bool deletes, struct sync_resolved *ret,
		       struct cf_error *error)
{
	for (int tries = 0; tries < SYNC_RETRIES_MAX; tries++) {
		int rc = write_once(r, deletes, ret, error);

		if (rc != CF_ERR_CONFLICT)
			return rc;
	}
	return error_set(error, CF_ERR_CONFLICT, "%.*s: others were first %d times in a row",
			 STR_ARG(r->document), SYNC_RETRIES_MAX);
}

/* An edit of a version that is not served any more would reach nobody. */
static int check_served(struct resolving *r, struct cf_error *error)
{
	struct sync_retired *retired;
	struct cf_str version;
	size_t count;
	int rc = decode(r, json_member(r->loser, STR("version")), &version, error);

	if (rc == 0)
		rc = sync_retired_read(r->state, r->arena, &retired, &count, error);
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (str_equal(retired[i].version, version))
			rc = error_set(
				error, CF_ERR_PRECONDITION,
				"%.*s is retired: an edit there would reach no other version",
				STR_ARG(version));
	return rc;
}

/* The attachment that lost, as the entry keeps it. */
static int find_file(struct resolving *r, struct json_value entry, struct cf_error *error)
{
	struct json_value file = json_member(entry, STR("file"));
	struct cf_put *put = arena_calloc(r->arena, 1, sizeof(*put));
	int rc;

	if (r->how->take == SYNC_TAKE_VALUE)
		return error_set(error, CF_ERR_USAGE,
				 "an attachment was contested: take the winner or the loser");
	if (!json_is_absent(json_member(r->loser, STR("removed"))))
		return 0;
	if (json_is_absent(file))
		return error_set(error, CF_ERR_PRECONDITION,
				 "an attachment was contested that was too large to keep: "
				 "attach it again");
	rc = put ? document_split(file, DOCUMENT_PLAIN, r->arena, put, error) : error_nomem(error);
	if (rc == 0 && put->attachment_count != 1)
		rc = error_set(error, CF_ERR_INVALID, "the entry is damaged");
	r->file = rc ? NULL : put->attachments;
	return rc;
}

/* --- the decision ------------------------------------------------------------------------ */

static int take(struct resolving *r, struct json_value entry, struct sync_resolved *ret,
		struct cf_error *error)
{
	bool deletes = is_delete(entry);
	int rc;

	r->loser = json_member(entry, STR("loser"));
	rc = decode(r, json_member(r->loser, STR("id")), &r->document, error);
	if (rc == 0)
		rc = decode(r, json_member(entry, STR("pointer")), &r->pointer, error);
	r->lineage = json_member(entry, STR("lineage"));
	ret->document = r->document;
	if (rc || r->how->take == SYNC_TAKE_WINNER)
		return rc;
	rc = check_served(r, error);
	if (rc)
		return rc;
	if (is_file(r->pointer)) {
		rc = find_file(r, entry, error);
		return rc ? rc : write_loser(r, false, ret, error);
	}
	if (deletes && r->how->take == SYNC_TAKE_VALUE)
		return error_set(error, CF_ERR_USAGE,
				 "a delete was contested: take the winner or the loser");
	if (r->how->take == SYNC_TAKE_VALUE)
		r->value = r->how->value;
	else if (json_is_absent(json_member(r->loser, STR("removed"))))
		r->value = json_member(r->loser, STR("value"));
	return write_loser(r, deletes, ret, error);
}

int sync_conflict_resolve(struct cf_store *store, const struct state *state,
			  const struct sync_resolve *how, struct cf_arena *arena,
			  struct sync_resolved *ret, struct cf_error *error)
{
	struct resolving r = {
		.store = store, .state = state, .how = how, .arena = arena, .mem = arena->mem};
	struct sync_entry entry;
	struct json_doc doc;
	int rc;

	*ret = (struct sync_resolved){.written = false};
	json_doc_init(&doc, r.mem);
	json_doc_init(&r.doc, r.mem);
	buf_init(&r.out, r.mem);
	arena_init(&r.registry.arena, r.mem);
	rc = sync_entry_find(state, SYNC_CONFLICTS, how->id, arena, &doc, &entry, error);
	if (rc == 0) {
		ret->id = entry.id;
		rc = take(&r, entry.body, ret, error);
	}
	if (rc == 0)
		rc = entry_delete(state, &entry, arena, error);
	registry_fini(&r.registry);
	buf_fini(&r.out);
	json_doc_fini(&r.doc);
	json_doc_fini(&doc);
	return rc;
}
