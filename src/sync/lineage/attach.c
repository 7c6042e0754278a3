/* Attachments travel by content: they are members of the document while it goes
 * through lenses, and are read and written again only where they differ. */
#include "sync/limits.h"
#include "sync/lineage/lineage.h"

static int read_stub(struct bench *bench, struct json_value name, struct json_value stub,
		     struct cf_attachment *ret)
{
	struct json_value type = json_member(stub, STR("content_type"));
	struct json_value digest = json_member(stub, STR("digest"));
	struct json_value length = json_member(stub, STR("length"));
	int64_t bytes = 0;
	int rc = json_decode(name, &bench->arena, &ret->name);

	if (rc == 0 && json_kind(type) == JSON_STRING)
		rc = json_decode(type, &bench->arena, &ret->content_type);
	if (rc == 0 && json_kind(digest) == JSON_STRING)
		rc = json_decode(digest, &bench->arena, &ret->digest);
	if (json_kind(length) == JSON_NUMBER && json_number_int64(json_span(length), &bytes))
		ret->length = (uint64_t)bytes;
	return rc;
}

static const struct cf_attachment *find_digest(const struct cf_revision *revision,
					       struct cf_str digest)
{
	for (size_t i = 0; revision && i < revision->attachment_count; i++)
		if (str_equal(revision->attachments[i].digest, digest))
			return &revision->attachments[i];
	return NULL;
}

/* A store finds a stub's data by its name in the revision before. */
static bool stands_in(const struct cf_revision *revision, const struct cf_attachment *wanted)
{
	for (size_t i = 0; revision && i < revision->attachment_count; i++)
		if (str_equal(revision->attachments[i].name, wanted->name))
			return str_equal(revision->attachments[i].digest, wanted->digest) &&
			       str_equal(revision->attachments[i].content_type,
					 wanted->content_type);
	return false;
}

static bool is_there(const struct lineage *lineage, struct cf_str digest)
{
	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		const struct cf_record *record = &lineage->slots[i].record;

		for (size_t k = 0; k < record->revision_count; k++)
			if (find_digest(&record->revisions[k], digest))
				return true;
	}
	return false;
}

/* Looks for the bytes in one revision: wanted->data.ptr where they are there. */
static int load_from(struct bench *bench, const struct slot *slot, struct cf_str rev,
		     struct cf_attachment *wanted, const struct cf_record **damaged)
{
	const struct cf_record *record;
	const struct cf_attachment *found = NULL;
	int rc = need_revision(bench, slot->id, rev, true, &record);

	if (rc == 0 && record->code)
		*damaged = record;
	if (rc == 0 && record->revision_count)
		found = find_digest(&record->revisions[0], wanted->digest);
	if (!found || !found->data.ptr)
		return rc;
	wanted->data = found->data;
	if (PLANTED(bench, ATTACHMENTS_EMPTY))
		wanted->data.len = 0;
	return 0;
}

/* In what stands there; of a thing that is gone, also in what stood there before it went, where
 * it can still be read. */
static int load_from_slot(struct bench *bench, const struct lineage *lineage,
			  const struct slot *slot, struct cf_attachment *wanted,
			  const struct cf_record **damaged)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	ptrdiff_t last = lineage->was_gone ? base_last(base) : -1;
	int rc = 0;

	for (size_t k = 0; k < slot->record.revision_count && rc == 0 && !wanted->data.ptr; k++)
		if (find_digest(&slot->record.revisions[k], wanted->digest))
			rc = load_from(bench, slot, slot->record.revisions[k].rev, wanted, damaged);
	if (rc == 0 && !wanted->data.ptr && last >= 0)
		rc = load_from(bench, slot, base->known[last].rev, wanted, damaged);
	return rc;
}

/* 0, LINEAGE_NEEDS or NOMEM; wanted->data.ptr NULL: they are nowhere, or in `damaged`, a
 * revision that cannot be read. */
static int find_data(struct bench *bench, const struct lineage *lineage,
		     struct cf_attachment *wanted, const struct cf_record **damaged)
{
	int rc = 0;

	for (size_t i = 0; i < lineage->name.family->own_count && rc == 0 && !wanted->data.ptr; i++)
		rc = load_from_slot(bench, lineage, &lineage->slots[i], wanted, damaged);
	return rc;
}

int attachment_load(struct bench *bench, struct lineage *lineage, struct cf_attachment *wanted)
{
	const struct cf_record *damaged = NULL;
	int rc = find_data(bench, lineage, wanted, &damaged);

	if (rc)
		return rc < 0 ? error_nomem(&lineage->error) : rc;
	if (wanted->data.ptr)
		return 0;
	if (damaged) {
		error_set(&lineage->error, damaged->code, "attachment %.*s: %.*s",
			  STR_ARG(wanted->name), STR_ARG(damaged->message));
		error_at_document(&lineage->error, damaged->id);
		return damaged->code;
	}
	/* Nobody else is kept waiting for what does not come back. */
	return is_there(lineage, wanted->digest)
		       ? error_set(&lineage->error, CF_ERR_CONFLICT,
				   "attachment %.*s was replaced meanwhile", STR_ARG(wanted->name))
		       : error_set(&lineage->error, CF_ERR_INVALID,
				   "attachment %.*s: no document has its data any more",
				   STR_ARG(wanted->name));
}

/* The stub that a pointer names; JSON_ABSENT: none. */
static int find_stub(struct bench *bench, const struct file_of_edit *edit, struct json_value *ret,
		     struct json_value *ret_name)
{
	struct json_iter it = json_iter(json_member(edit->document, STR("_attachments")));

	*ret = JSON_ABSENT;
	while (json_next(&it)) {
		struct cf_buf *text = &bench->scratch;
		struct cf_str name;

		if (json_decode(it.name, &bench->arena, &name))
			return CF_ERR_NOMEM;
		buf_clear(text);
		buf_str(text, STR("/_attachments"));
		if (pointer_push_member(text, name))
			return CF_ERR_NOMEM;
		if (!str_equal(buf_view(text), edit->pointer))
			continue;
		*ret = it.value;
		*ret_name = it.name;
	}
	return 0;
}

int attachment_of_edit(struct bench *bench, struct lineage *lineage,
		       const struct file_of_edit *edit, const struct cf_attachment **ret)
{
	struct cf_attachment *wanted;
	const struct cf_record *damaged = NULL;
	struct json_value stub, name;
	int rc = 0;

	*ret = NULL;
	if (str_starts_with(edit->pointer, STR("/_attachments/")))
		rc = find_stub(bench, edit, &stub, &name);
	else
		stub = JSON_ABSENT;
	if (rc || json_is_absent(stub))
		return rc;
	wanted = arena_calloc(&bench->arena, 1, sizeof(*wanted));
	rc = wanted ? read_stub(bench, name, stub, wanted) : CF_ERR_NOMEM;
	if (rc || wanted->length > SYNC_KEPT_FILE_MAX)
		return rc;
	rc = load_from(bench, edit->slot, edit->rev, wanted, &damaged);
	if (rc == 0 && !wanted->data.ptr)
		rc = find_data(bench, lineage, wanted, &damaged);
	*ret = rc == 0 && wanted->data.ptr ? wanted : NULL;
	return rc;
}

int attachments_leave_lost(struct bench *bench, struct lineage *lineage, const struct slot *slot,
			   struct json_value *document)
{
	struct json_value stubs = json_member(*document, STR("_attachments"));
	struct json_iter it = json_iter(stubs);
	struct atoms lost = {arena_calloc(&bench->arena, json_count(stubs), sizeof(struct atom)),
			     0};
	int answer = 0, rc = lost.at || json_count(stubs) == 0 ? 0 : CF_ERR_NOMEM;

	while (rc >= 0 && json_next(&it)) {
		struct cf_attachment wanted = {.length = 0};
		const struct cf_record *damaged = NULL;
		struct cf_buf *text = &bench->scratch;

		rc = read_stub(bench, it.name, it.value, &wanted);
		rc = rc ? rc : find_data(bench, lineage, &wanted, &damaged);
		answer = rc > 0 ? rc : answer;
		if (rc || wanted.data.ptr || damaged)
			continue;
		buf_clear(text);
		buf_str(text, STR("/_attachments"));
		rc = json_pointer_push(text, wanted.name);
		lost.at[lost.count++] = (struct atom){
			.pointer = arena_dup(&bench->arena, buf_view(text)), .value = JSON_ABSENT};
	}
	if (rc >= 0 && !answer && lost.count)
		rc = bench_patch(bench, slot->kind, *document, &lost, document);
	return rc < 0 ? error_nomem(&lineage->error) : answer;
}

int slot_body(struct bench *bench, struct lineage *lineage, const struct slot *slot,
	      struct json_value document, struct cf_put *ret)
{
	const struct cf_revision *parent = slot->winner ? slot->winner->revision : NULL;
	struct json_value stubs = json_member(document, STR("_attachments"));
	struct atom remove = {.pointer = STR("/_attachments")};
	struct json_iter it = json_iter(stubs);
	struct cf_attachment *list = NULL;
	size_t count = 0;
	int answer = 0, rc;

	ret->body = json_span(document);
	if (PLANTED(bench, MARKER_WRITTEN)) {
		ret->body = arena_printf(&bench->arena, "%.*s,\"syncedBy\":1}",
					 (int)ret->body.len - 1, ret->body.ptr);
		return 0;
	}
	if (json_is_absent(stubs) || PLANTED(bench, ATTACHMENTS_LEFT))
		return 0;
	list = arena_calloc(&bench->arena, json_count(stubs), sizeof(*list));
	if (!list)
		return error_nomem(&lineage->error);
	while (json_next(&it)) {
		rc = read_stub(bench, it.name, it.value, &list[count]);
		if (rc == 0 && !stands_in(parent, &list[count]))
			rc = attachment_load(bench, lineage, &list[count]);
		if (rc < 0)
			return rc == CF_ERR_NOMEM ? error_nomem(&lineage->error) : rc;
		answer = rc ? rc : answer;
		count++;
	}
	if (answer)
		return answer;
	buf_clear(&bench->scratch);
	rc = atoms_patch(document, &remove, 1, &bench->rules, bench->mem, &bench->scratch);
	ret->body = arena_dup(&bench->arena, buf_view(&bench->scratch));
	ret->attachments = list;
	ret->attachment_count = count;
	return rc || !ret->body.ptr ? error_nomem(&lineage->error) : 0;
}
