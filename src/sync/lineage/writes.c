/* What is to be written, kept as long as the batch. */
#include "sync/lineage/lineage.h"

/* [0] is new; the older ones came with a record of the batch. */
static int keep_history(struct bench *bench, struct cf_put *put)
{
	struct cf_str *history;

	if (put->history_count == 0)
		return 0;
	history = arena_alloc(&bench->batch, put->history_count * sizeof(*history));
	if (!history)
		return CF_ERR_NOMEM;
	memcpy(history, put->history, put->history_count * sizeof(*history));
	history[0] = put->rev;
	put->history = history;
	return 0;
}

static int keep_attachments(struct bench *bench, struct cf_put *put)
{
	struct cf_attachment *list =
		arena_calloc(&bench->batch, put->attachment_count, sizeof(*list));

	if (!list)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < put->attachment_count; i++) {
		const struct cf_attachment *a = &put->attachments[i];

		/* The data is the batch's already: needs.c. */
		list[i] = *a;
		list[i].name = arena_dup(&bench->batch, a->name);
		list[i].content_type = arena_dup(&bench->batch, a->content_type);
		list[i].digest = arena_dup(&bench->batch, a->digest);
		if (!list[i].name.ptr || !list[i].content_type.ptr || !list[i].digest.ptr)
			return CF_ERR_NOMEM;
	}
	put->attachments = list;
	return 0;
}

int writes_add(struct bench *bench, struct writes *writes, const struct cf_put *put, size_t lineage)
{
	struct write *write;

	if (writes->count == writes->cap) {
		size_t cap = writes->cap ? writes->cap * 2 : 64;
		struct write *grown = arena_alloc(&bench->batch, cap * sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (writes->count)
			memcpy(grown, writes->at, writes->count * sizeof(*grown));
		writes->at = grown;
		writes->cap = cap;
	}
	write = &writes->at[writes->count];
	*write = (struct write){.put = *put, .lineage = lineage};
	write->put.id = arena_dup(&bench->batch, put->id);
	write->put.rev = arena_dup(&bench->batch, put->rev);
	write->put.body = arena_dup(&bench->batch, put->body);
	if (!write->put.id.ptr || !write->put.rev.ptr || !write->put.body.ptr ||
	    keep_history(bench, &write->put) || keep_attachments(bench, &write->put))
		return CF_ERR_NOMEM;
	writes->count++;
	return 0;
}

int notes_add(struct bench *bench, struct notes *notes, const struct state_put *put, size_t lineage)
{
	struct note *note;

	if (notes->count == notes->cap) {
		size_t cap = notes->cap ? notes->cap * 2 : 64;
		struct note *grown = arena_alloc(&bench->batch, cap * sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (notes->count)
			memcpy(grown, notes->at, notes->count * sizeof(*grown));
		notes->at = grown;
		notes->cap = cap;
	}
	note = &notes->at[notes->count];
	*note = (struct note){.put = *put, .lineage = lineage};
	note->put.key.name = arena_dup(&bench->batch, put->key.name);
	note->put.key.other = arena_dup(&bench->batch, put->key.other);
	note->put.rev = arena_dup(&bench->batch, put->rev);
	if (put->body.ptr)
		note->put.body = arena_dup(&bench->batch, put->body);
	if (!note->put.key.name.ptr || !note->put.key.other.ptr || !note->put.rev.ptr ||
	    (put->body.ptr && !note->put.body.ptr))
		return CF_ERR_NOMEM;
	notes->count++;
	return 0;
}
