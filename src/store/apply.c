/* What a put means for a record; see apply.h. Preconditions and the revival of
 * deleted records follow couch_db_updater:merge_rev_tree (Apache CouchDB 3): a new
 * record over a tombstone goes on from the winning tombstone. */
#include "store/apply.h"

#include "store/limits.h"

void answer_refuse(struct cf_answer *answer, int code, struct cf_str message)
{
	*answer = (struct cf_answer){.code = code, .message = message};
}

static bool is_text(struct cf_str s)
{
	return text_is_utf8(s, false);
}

static bool check_id(struct cf_str id, struct cf_answer *answer)
{
	if (id.len == 0)
		answer_refuse(answer, CF_ERR_INVALID, STR("the id is empty"));
	else if (id.len > LIMIT_ID_BYTES)
		answer_refuse(answer, CF_ERR_LIMIT, STR("the id is longer than 2048 bytes"));
	else if (!is_text(id))
		answer_refuse(answer, CF_ERR_INVALID,
			      text_is_utf8(id, true) ? STR("the id holds U+0000")
						     : STR("the id is not UTF-8 text"));
	return answer->code == 0;
}

static bool is_field(struct json_value name)
{
	return json_name_is(name, STR("_id")) || json_name_is(name, STR("_rev")) ||
	       json_name_is(name, STR("_deleted")) || json_name_is(name, STR("_attachments"));
}

/* What stands for bytes where a revision is named by its content: their hash. */
static struct cf_str raw_text(struct apply *apply, struct cf_str bytes)
{
	char hex[33];

	hash128_hex(hash128(bytes), hex);
	return arena_printf(apply->arena, "{\"$raw\":\"%s\"}", hex);
}

static int check_body(struct apply *apply, const struct cf_put *put, struct cf_answer *answer)
{
	struct cf_str body = put->raw        ? raw_text(apply, put->body)
			     : put->body.len ? put->body
					     : STR("{}");
	struct cf_error error = {0};
	struct json_iter it;
	int rc;

	if (!body.ptr)
		return CF_ERR_NOMEM;
	if (put->body.len > LIMIT_DOCUMENT_BYTES) {
		answer_refuse(answer, CF_ERR_LIMIT, STR("the body is larger than 16 MiB"));
		return 0;
	}
	rc = json_read(&apply->doc, body.ptr, body.len, JSON_READ_DOCUMENT, &error);
	if (rc == CF_ERR_NOMEM)
		return rc;
	if (rc) {
		answer_refuse(answer, rc == CF_ERR_LIMIT ? rc : CF_ERR_INVALID,
			      arena_dup(apply->arena, str_of(error.message)));
		return answer->message.ptr ? 0 : CF_ERR_NOMEM;
	}
	it = json_iter(json_root(&apply->doc));
	if (json_kind(json_root(&apply->doc)) != JSON_OBJECT)
		answer_refuse(answer, CF_ERR_INVALID, STR("the body is not an object"));
	while (json_next(&it))
		if (is_field(it.name))
			answer_refuse(answer, CF_ERR_INVALID,
				      STR("the body has a member that belongs to the record "
					  "(_id, _rev, _deleted or _attachments)"));
	return 0;
}

/* What the store would refuse, or drop a part of. */
static int check_form(struct apply *apply, struct cf_answer *answer)
{
	struct cf_error error = {0};
	int rc = form_of(apply->form, json_root(&apply->doc), apply->arena, &apply->body, &error);
	struct cf_str message;

	if (rc == 0 || rc == CF_ERR_NOMEM)
		return rc;
	message = arena_printf(apply->arena, "%s%s%s", error.pointer, error.pointer[0] ? ": " : "",
			       error.message);
	answer_refuse(answer, rc, message);
	return message.ptr ? 0 : CF_ERR_NOMEM;
}

static void check_history(const struct cf_put *put, struct cf_answer *answer)
{
	uint64_t generation = revision_generation(put->rev);

	if (put->rev.len > LIMIT_REV_BYTES)
		answer_refuse(answer, CF_ERR_LIMIT,
			      STR("the revision id is longer than 255 bytes"));
	else if (generation == 0 || !is_text(put->rev))
		answer_refuse(answer, CF_ERR_INVALID,
			      STR("a revision id is a number, a dash and a hash"));
	else if (put->history_count > LIMIT_REVS)
		answer_refuse(answer, CF_ERR_LIMIT, STR("the history is too long"));
	else if (put->history_count && !str_equal(put->history[0], put->rev))
		answer_refuse(answer, CF_ERR_INVALID,
			      STR("the history does not begin with the revision"));
	for (size_t i = 1; i < put->history_count && answer->code == 0; i++)
		if (i >= generation || revision_generation(put->history[i]) != generation - i ||
		    !is_text(put->history[i]))
			answer_refuse(answer, CF_ERR_INVALID,
				      STR("the history does not go back one generation at "
					  "each step"));
}

static void check_attachments(const struct cf_put *put, struct cf_answer *answer)
{
	if (put->attachment_count > LIMIT_ATTACHMENTS)
		answer_refuse(answer, CF_ERR_LIMIT, STR("more than 1000 attachments"));
	for (size_t i = 0; i < put->attachment_count && answer->code == 0; i++) {
		const struct cf_attachment *one = &put->attachments[i];

		if (one->data.len > LIMIT_ATTACHMENT_BYTES)
			answer_refuse(answer, CF_ERR_LIMIT,
				      STR("an attachment is larger than 64 MiB"));
		else if (one->name.len == 0 || one->name.len > LIMIT_ID_BYTES ||
			 !is_text(one->name) || !is_text(one->content_type) ||
			 one->content_type.len > LIMIT_ID_BYTES)
			answer_refuse(answer, CF_ERR_INVALID,
				      STR("an attachment's name or type is not text"));
		for (size_t k = 0; k < i && answer->code == 0; k++)
			if (str_equal(one->name, put->attachments[k].name))
				answer_refuse(answer, CF_ERR_INVALID,
					      STR("two attachments have one name"));
	}
}

void apply_check_notes(const struct cf_put *put, struct cf_answer *answer)
{
	if (put->note_count > LIMIT_NOTES)
		answer_refuse(answer, CF_ERR_LIMIT, STR("more than 16 notes"));
	for (size_t i = 0; i < put->note_count && answer->code == 0; i++) {
		const struct cf_note *note = &put->notes[i];

		if (note->key.len == 0 || note->key.len > LIMIT_NOTE_KEY_BYTES)
			answer_refuse(answer, CF_ERR_LIMIT,
				      STR("the key of a note must have 1 to 4096 bytes"));
		else if (note->value.len > LIMIT_NOTE_VALUE_BYTES)
			answer_refuse(answer, CF_ERR_LIMIT, STR("a note is larger than 1 MiB"));
		for (size_t k = 0; k < i && answer->code == 0; k++)
			if (str_equal(note->key, put->notes[k].key))
				answer_refuse(answer, CF_ERR_INVALID,
					      STR("two notes of one put have one key"));
	}
}

bool apply_note_holds(const struct cf_note *note, const struct cf_str *value,
		      struct cf_answer *answer)
{
	if (note->kind == CF_NOTE_CREATE && value)
		answer_refuse(answer, CF_ERR_CONFLICT, STR("there is such a note"));
	else if (note->kind == CF_NOTE_REPLACE && (!value || !str_equal(*value, note->was)))
		answer_refuse(answer, CF_ERR_CONFLICT,
			      value ? STR("the note has another value")
				    : STR("there is no such note"));
	return answer->code == 0;
}

int apply_check(struct apply *apply, const struct cf_put *put, struct cf_answer *answer)
{
	int rc = 0;

	*answer = (struct cf_answer){0};
	apply_check_notes(put, answer);
	if (answer->code == 0 && put->kind == CF_PUT_NOTES)
		return 0;
	if (answer->code == 0 && check_id(put->id, answer))
		rc = check_body(apply, put, answer);
	if (rc == 0 && answer->code == 0 && !put->raw)
		rc = check_form(apply, answer);
	if (rc == 0 && answer->code == 0 && put->kind == CF_PUT_REVISION)
		check_history(put, answer);
	if (rc == 0 && answer->code == 0)
		check_attachments(put, answer);
	return rc;
}

void apply_parent(const struct cf_put *put, const struct tree *tree, size_t *ret,
		  struct cf_answer *answer)
{
	*ret = APPLY_NO_PARENT;
	switch (put->kind) {
	case CF_PUT_ANY:
		if (tree->count)
			*ret = 0;
		break;
	case CF_PUT_ABSENT:
		if (tree->count && (!tree->leaves[0].deleted || put->deleted))
			answer_refuse(answer, CF_ERR_CONFLICT,
				      tree->leaves[0].deleted ? STR("the record is deleted already")
							      : STR("there is such a record"));
		else if (tree->count)
			*ret = 0;
		break;
	case CF_PUT_UNFENCED:
		if (tree->count)
			answer_refuse(answer, CF_ERR_CONFLICT,
				      tree->leaves[0].deleted ? STR("the record was deleted")
							      : STR("there is such a record"));
		break;
	case CF_PUT_ON_REV:
		for (size_t i = 0; i < tree->count; i++)
			if (str_equal(tree->leaves[i].history[0], put->rev))
				*ret = i;
		if (*ret == APPLY_NO_PARENT)
			answer_refuse(answer, CF_ERR_CONFLICT,
				      tree->count ? STR("the revision is not the current one")
						  : STR("there is no such record"));
		break;
	case CF_PUT_REVISION:
		for (size_t i = 0; i < tree->count && put->history_count > 1; i++)
			if (str_equal(tree->leaves[i].history[0], put->history[1]))
				*ret = i;
		break;
	case CF_PUT_NOTES:
		break;
	}
}

int apply_known(struct apply *apply, const struct cf_put *put, const struct tree *tree, bool *ret,
		struct cf_answer *answer)
{
	*ret = false;
	for (size_t i = 0; i < tree->count && put->kind == CF_PUT_REVISION && !*ret; i++)
		*ret = tree_find(&tree->leaves[i], put->rev) >= 0;
	if (*ret)
		answer->rev = arena_dup(apply->arena, put->rev);
	return *ret && !answer->rev.ptr ? CF_ERR_NOMEM : 0;
}

int attachment_digest(struct cf_str data, struct cf_arena *arena, struct cf_str *ret)
{
	char hex[33];

	hash128_hex(hash128(data), hex);
	*ret = arena_printf(arena, "xxh3-%s", hex);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

int apply_attachments(struct apply *apply, const struct cf_put *put,
		      const struct cf_revision *parent, struct cf_attachment *ret,
		      struct cf_answer *answer)
{
	for (size_t i = 0; i < put->attachment_count; i++) {
		const struct cf_attachment *given = &put->attachments[i], *found = NULL;

		ret[i] = *given;
		if (given->data.ptr) {
			ret[i].length = given->data.len;
			if (attachment_digest(given->data, apply->arena, &ret[i].digest))
				return CF_ERR_NOMEM;
			continue;
		}
		for (size_t k = 0; parent && k < parent->attachment_count && !found; k++)
			if (str_equal(parent->attachments[k].name, given->name))
				found = &parent->attachments[k];
		if (!found || (given->digest.len && !str_equal(given->digest, found->digest))) {
			answer_refuse(answer, CF_ERR_INVALID,
				      STR("a stub of an attachment that the parent has not"));
			return 0;
		}
		ret[i] = *found;
	}
	return 0;
}

/* The way of the revision that the put makes on top of the parent. */
static int make_way(struct apply *apply, const struct cf_put *put,
		    const struct cf_attachment *attachments, const struct tree_leaf *parent,
		    struct tree_leaf *ret)
{
	struct cf_str none = {NULL, 0};
	size_t old = parent ? parent->history_count : 0;
	struct cf_str *history = arena_alloc(apply->arena, (old + 1) * sizeof(*history));

	if (!history)
		return CF_ERR_NOMEM;
	if (old)
		memcpy(history + 1, parent->history, old * sizeof(*history));
	ret->history = history;
	ret->history_count = old + 1;
	return revision_make(old ? history[1] : none, put->deleted, json_root(&apply->doc),
			     attachments, put->attachment_count, apply->arena, &history[0]);
}

int apply_merge(struct apply *apply, const struct cf_put *put,
		const struct cf_attachment *attachments, size_t parent, struct tree *tree,
		enum tree_merged *ret, struct cf_answer *answer)
{
	struct tree_leaf leaf = {.deleted = put->deleted};
	struct tree before = *tree;
	int rc = 0;

	if (put->kind == CF_PUT_REVISION) {
		leaf.history = put->history_count ? put->history : &put->rev;
		leaf.history_count = put->history_count ? put->history_count : 1;
	} else {
		rc = make_way(apply, put, attachments,
			      parent == APPLY_NO_PARENT ? NULL : &tree->leaves[parent], &leaf);
	}
	rc = rc ? rc : tree_merge(tree, &leaf, apply->arena, ret);
	if (rc == 0 && *ret != TREE_KNOWN) {
		rc = tree_stem(tree, apply->revs_max, apply->arena);
		if (rc == 0 && tree->count > LIMIT_LEAVES) {
			*tree = before;
			answer_refuse(answer, CF_ERR_LIMIT, STR("the record has 1000 leaves"));
			return 0;
		}
	}
	if (rc == 0)
		answer->rev = arena_dup(apply->arena, leaf.history[0]);
	return rc ? rc : answer->rev.ptr ? 0 : CF_ERR_NOMEM;
}
