/* Writing into a memory store: all that may fail is done before anything changes. */
#include "store/memory/data.h"

struct packer {
	char *at;
};

static struct cf_str pack(struct packer *packer, struct cf_str s)
{
	struct cf_str copy = {packer->at, s.len};

	if (s.len)
		memcpy(packer->at, s.ptr, s.len);
	packer->at += s.len;
	return s.ptr ? copy : s;
}

static size_t revision_bytes(const struct cf_revision *revision)
{
	size_t bytes = sizeof(*revision) + revision->history_count * sizeof(struct cf_str) +
		       revision->attachment_count * sizeof(struct cf_attachment) +
		       revision->rev.len + revision->body.len;

	for (size_t i = 0; i < revision->history_count; i++)
		bytes += revision->history[i].len;
	for (size_t i = 0; i < revision->attachment_count; i++)
		bytes += revision->attachments[i].name.len +
			 revision->attachments[i].content_type.len +
			 revision->attachments[i].digest.len + revision->attachments[i].data.len;
	return bytes + 1; /* so that an empty text at the end points inside */
}

struct cf_revision *memory_revision_copy(const struct cf_mem *mem,
					 const struct cf_revision *revision)
{
	struct cf_revision *copy = mem_alloc(mem, revision_bytes(revision));
	struct cf_attachment *attachments;
	struct cf_str *history;
	struct packer packer;

	if (!copy)
		return NULL;
	*copy = *revision;
	attachments = (struct cf_attachment *)(copy + 1);
	history = (struct cf_str *)(attachments + revision->attachment_count);
	packer.at = (char *)(history + revision->history_count);
	copy->attachments = attachments;
	copy->history = history;
	copy->rev = pack(&packer, revision->rev);
	copy->body = pack(&packer, revision->body);
	for (size_t i = 0; i < revision->history_count; i++)
		history[i] = pack(&packer, revision->history[i]);
	for (size_t i = 0; i < revision->attachment_count; i++) {
		attachments[i] = revision->attachments[i];
		attachments[i].name = pack(&packer, attachments[i].name);
		attachments[i].content_type = pack(&packer, attachments[i].content_type);
		attachments[i].digest = pack(&packer, attachments[i].digest);
		attachments[i].data = pack(&packer, attachments[i].data);
	}
	return copy;
}

int memory_tree(const struct memory_record *record, struct cf_arena *arena, struct tree *ret)
{
	*ret = (struct tree){.count = record ? record->leaf_count : 0};
	if (ret->count == 0)
		return 0;
	ret->leaves = arena_alloc(arena, ret->count * sizeof(*ret->leaves));
	if (!ret->leaves)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < ret->count; i++) {
		struct cf_revision *leaf = record->leaves[i];

		ret->leaves[i] =
			(struct tree_leaf){leaf->history, leaf->history_count, leaf->deleted, leaf};
	}
	return 0;
}

/* The record's next state, made before the old one goes. */
struct next {
	struct cf_revision **leaves;
	size_t leaf_count;
	struct cf_revision **old;
	size_t old_count;
};

static bool holds(struct cf_revision *const *list, size_t count, const struct cf_revision *one)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == one)
			return true;
	return false;
}

static void next_drop(struct memory_data *data, const struct memory_record *record,
		      struct next *next)
{
	for (size_t i = 0; i < next->leaf_count; i++)
		if (!record || !holds(record->leaves, record->leaf_count, next->leaves[i]))
			mem_free(&data->mem, next->leaves[i]);
	mem_free(&data->mem, next->leaves);
	mem_free(&data->mem, next->old);
}

static int next_leaves(struct memory_data *data, const struct tree *tree,
		       const struct cf_revision *fresh, struct next *next)
{
	next->leaves = mem_alloc(&data->mem, tree->count * sizeof(*next->leaves));
	for (size_t i = 0; i < tree->count && next->leaves; i++) {
		const struct tree_leaf *leaf = &tree->leaves[i];
		struct cf_revision *was = leaf->content;
		struct cf_revision now = was ? *was : *fresh;

		now.rev = leaf->history[0];
		now.history = leaf->history;
		now.history_count = leaf->history_count;
		if (was && was->history == now.history && was->history_count == now.history_count)
			next->leaves[i] = was;
		else
			next->leaves[i] = memory_revision_copy(&data->mem, &now);
		if (!next->leaves[i])
			return CF_ERR_NOMEM;
		next->leaf_count++;
	}
	return next->leaves ? 0 : CF_ERR_NOMEM;
}

static bool tree_knows(const struct tree *tree, struct cf_str rev)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree_find(&tree->leaves[i], rev) > 0)
			return true;
	return false;
}

/* Ancestors that are still remembered keep their bodies. */
static int next_old(struct memory_data *data, const struct memory_record *record,
		    const struct tree *tree, struct next *next)
{
	size_t max = record->old_count + record->leaf_count;

	next->old = mem_alloc(&data->mem, max * sizeof(*next->old));
	if (!next->old)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < max; i++) {
		struct cf_revision *one = i < record->old_count
						  ? record->old[i]
						  : record->leaves[i - record->old_count];

		if (tree_knows(tree, one->rev))
			next->old[next->old_count++] = one;
	}
	return 0;
}

static void take_next(struct memory_data *data, struct memory_record *record, struct next *next)
{
	bool was_there = record->leaf_count > 0;
	bool was_deleted = was_there && record->leaves[0]->deleted;

	for (size_t i = 0; i < record->leaf_count; i++)
		if (!holds(next->leaves, next->leaf_count, record->leaves[i]) &&
		    !holds(next->old, next->old_count, record->leaves[i]))
			mem_free(&data->mem, record->leaves[i]);
	for (size_t i = 0; i < record->old_count; i++)
		if (!holds(next->old, next->old_count, record->old[i]))
			mem_free(&data->mem, record->old[i]);
	mem_free(&data->mem, record->leaves);
	mem_free(&data->mem, record->old);
	record->leaves = next->leaves;
	record->leaf_count = next->leaf_count;
	record->old = next->old;
	record->old_count = next->old_count;
	data->alive -= was_there && !was_deleted;
	data->deleted -= was_there && was_deleted;
	data->alive += !record->leaves[0]->deleted;
	data->deleted += record->leaves[0]->deleted;
}

static int commit(struct memory_data *data, struct memory_record *record, const struct cf_put *put,
		  const struct tree *tree, const struct cf_revision *fresh)
{
	struct memory_record *made = NULL;
	struct next next = {0};
	int rc = memory_log_reserve(data);

	if (rc == 0 && !record && !(made = memory_record_new(data, put->id)))
		rc = CF_ERR_NOMEM;
	rc = rc ? rc : next_leaves(data, tree, fresh, &next);
	rc = rc ? rc : (record ? next_old(data, record, tree, &next) : 0);
	if (rc) {
		next_drop(data, record, &next);
		if (made)
			memory_record_free(data, made);
		return rc;
	}
	if (made)
		memory_insert(data, made);
	record = record ? record : made;
	take_next(data, record, &next);
	memory_log(data, record);
	return 0;
}

static int put_record(struct memory_data *data, struct apply *apply, const struct cf_put *put,
		      struct cf_answer *answer)
{
	struct memory_record *record;
	struct cf_revision fresh = {.deleted = put->deleted};
	struct cf_attachment *attachments;
	enum tree_merged merged = TREE_KNOWN;
	struct tree tree;
	size_t parent;
	bool known;
	int rc;

	record = memory_find(data, put->id);
	attachments = arena_calloc(apply->arena, put->attachment_count, sizeof(*attachments));
	if (!attachments || memory_tree(record, apply->arena, &tree) ||
	    apply_known(apply, put, &tree, &known, answer))
		return CF_ERR_NOMEM;
	if (known)
		return 0;
	apply_parent(put, &tree, &parent, answer);
	if (answer->code)
		return 0;
	rc = apply_attachments(apply, put,
			       parent == APPLY_NO_PARENT ? NULL : tree.leaves[parent].content,
			       attachments, answer);
	if (rc == 0 && answer->code == 0)
		rc = apply_merge(apply, put, attachments, parent, &tree, &merged, answer);
	if (rc || answer->code || merged == TREE_KNOWN)
		return rc;
	fresh.body = !put->raw ? apply->body : put->body.len ? put->body : STR("");
	fresh.attachments = attachments;
	fresh.attachment_count = put->attachment_count;
	fresh.raw = put->raw;
	fresh.expires_ms = put->expires_ms;
	rc = commit(data, record, put, &tree, &fresh);
	if (rc == 0 && put->expires_ms &&
	    (data->expires_first == 0 || put->expires_ms < data->expires_first))
		data->expires_first = put->expires_ms;
	return rc;
}

int memory_put_one(struct memory_data *data, struct apply *apply, const struct cf_put *put,
		   struct cf_answer *answer)
{
	struct memory_notes notes;
	int rc = apply_check(apply, put, answer);

	if (rc == 0 && answer->code == 0)
		rc = memory_notes_make(data, put, &notes, answer);
	if (rc || answer->code)
		return rc;
	if (put->kind != CF_PUT_NOTES)
		rc = put_record(data, apply, put, answer);
	if (rc || answer->code)
		memory_notes_drop(data, put, &notes);
	else
		memory_notes_take(data, put, &notes);
	return rc;
}

/* Deletes the record where its winner is over, or says when it will be. */
static int expire_one(struct memory_data *data, struct apply *apply, struct memory_record *record,
		      int64_t now)
{
	const struct cf_revision *winner = record->leaves[0];
	struct cf_put put = {.id = record->id, .kind = CF_PUT_ON_REV, .deleted = true};
	struct cf_answer answer;

	if (winner->deleted || winner->expires_ms == 0)
		return 0;
	if (winner->expires_ms > now) {
		if (data->expires_first == 0 || winner->expires_ms < data->expires_first)
			data->expires_first = winner->expires_ms;
		return 0;
	}
	put.rev = winner->rev;
	return memory_put_one(data, apply, &put, &answer);
}

int memory_expire(struct memory_data *data, struct apply *apply, int64_t now)
{
	int rc = 0;

	if (data->expires_first == 0 || now < data->expires_first)
		return 0;
	data->expires_first = 0;
	for (struct memory_record *at = data->first[0]; at && rc == 0; at = at->next[0])
		rc = expire_one(data, apply, at, now);
	return rc;
}
