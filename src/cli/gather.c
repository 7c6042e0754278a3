/* A table by id: parts that arrived, and documents that wait for one. */
#include "cli/gather.h"

enum { BUCKETS_FIRST = 1024 };

void gather_init(struct gather *gather, const struct cf_mem *mem)
{
	*gather = (struct gather){.mem = mem};
}

void gather_release(struct gather *gather, struct gather_waiting *waiting)
{
	gather->bytes -= sizeof(*waiting) + waiting->text_len;
	mem_free(gather->mem, waiting);
}

void gather_fini(struct gather *gather)
{
	for (size_t i = 0; i < gather->bucket_count; i++) {
		struct gather_slot *slot = gather->buckets[i];

		while (slot) {
			struct gather_slot *next = slot->next;

			while (slot->waiting) {
				struct gather_waiting *waiting = slot->waiting;

				slot->waiting = waiting->next;
				gather_release(gather, waiting);
			}
			mem_free(gather->mem, (void *)slot->text.ptr);
			mem_free(gather->mem, (void *)slot->made.ptr);
			mem_free(gather->mem, slot);
			slot = next;
		}
	}
	mem_free(gather->mem, gather->buckets);
}

struct gather_slot *gather_find(struct gather *gather, struct cf_str id)
{
	struct gather_slot *slot;

	if (!gather->bucket_count)
		return NULL;
	slot = gather->buckets[hash64(id, 0) & (gather->bucket_count - 1)];
	while (slot && !str_equal(slot->id, id))
		slot = slot->next;
	return slot;
}

static int grow(struct gather *gather)
{
	size_t count = gather->bucket_count ? gather->bucket_count * 2 : BUCKETS_FIRST;
	struct gather_slot **buckets = mem_calloc(gather->mem, count, sizeof(struct gather_slot *));

	if (!buckets)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < gather->bucket_count; i++) {
		while (gather->buckets[i]) {
			struct gather_slot *slot = gather->buckets[i];
			size_t at = hash64(slot->id, 0) & (count - 1);

			gather->buckets[i] = slot->next;
			slot->next = buckets[at];
			buckets[at] = slot;
		}
	}
	mem_free(gather->mem, gather->buckets);
	gather->buckets = buckets;
	gather->bucket_count = count;
	return 0;
}

static int account(struct gather *gather, size_t bytes, struct cf_error *error)
{
	if (gather->bytes + bytes > GATHER_BYTES_MAX)
		return error_set(error, CF_ERR_LIMIT,
				 "more than %zu MiB of documents wait for each other: convert "
				 "them in pieces",
				 GATHER_BYTES_MAX >> 20);
	gather->bytes += bytes;
	return 0;
}

int gather_add(struct gather *gather, struct cf_str id, struct gather_slot **ret,
	       struct cf_error *error)
{
	struct gather_slot *slot = gather_find(gather, id);
	size_t at;
	int rc;

	if (slot) {
		*ret = slot;
		return 0;
	}
	if (gather->count >= gather->bucket_count && grow(gather))
		return error_nomem(error);
	rc = account(gather, sizeof(*slot) + id.len, error);
	if (rc)
		return rc;
	slot = mem_alloc(gather->mem, sizeof(*slot) + id.len);
	if (!slot)
		return error_nomem(error);
	memcpy(slot + 1, id.ptr, id.len);
	*slot = (struct gather_slot){.id = {(const char *)(slot + 1), id.len}};
	slot->waiting_end = &slot->waiting;
	at = hash64(id, 0) & (gather->bucket_count - 1);
	slot->next = gather->buckets[at];
	gather->buckets[at] = slot;
	gather->count++;
	*ret = slot;
	return 0;
}

static int keep_text(struct gather *gather, struct cf_str text, struct cf_str *at,
		     struct cf_error *error)
{
	char *copy;
	int rc = account(gather, text.len, error);

	if (rc)
		return rc;
	copy = mem_alloc(gather->mem, text.len + 1);
	if (!copy)
		return error_nomem(error);
	memcpy(copy, text.ptr, text.len);
	gather->bytes -= at->ptr ? at->len : 0;
	mem_free(gather->mem, (void *)at->ptr);
	*at = (struct cf_str){copy, text.len};
	return 0;
}

int gather_put(struct gather *gather, struct cf_str id, struct cf_str text,
	       struct gather_slot **ret, struct cf_error *error)
{
	struct gather_slot *slot;
	int rc = gather_add(gather, id, &slot, error);

	if (rc == 0)
		rc = keep_text(gather, text, &slot->text, error);
	if (rc == 0)
		*ret = slot;
	return rc;
}

int gather_note_made(struct gather *gather, struct gather_slot *slot, struct cf_str text,
		     struct cf_error *error)
{
	return keep_text(gather, text, &slot->made, error);
}

int gather_wait(struct gather *gather, struct cf_str id, struct cf_str text, void *place,
		struct cf_error *error)
{
	struct gather_waiting *waiting;
	struct gather_slot *slot;
	int rc = gather_add(gather, id, &slot, error);

	if (rc == 0)
		rc = account(gather, sizeof(*waiting) + text.len, error);
	if (rc)
		return rc;
	waiting = mem_alloc(gather->mem, sizeof(*waiting) + text.len);
	if (!waiting)
		return error_nomem(error);
	*waiting = (struct gather_waiting){.place = place, .text_len = text.len};
	memcpy(waiting->text, text.ptr, text.len);
	*slot->waiting_end = waiting;
	slot->waiting_end = &waiting->next;
	return 0;
}

struct gather_waiting *gather_take(struct gather_slot *slot)
{
	struct gather_waiting *first = slot->waiting;

	slot->waiting = NULL;
	slot->waiting_end = &slot->waiting;
	return first;
}

void gather_drop(struct gather *gather, struct gather_slot *slot)
{
	struct gather_slot **at =
		&gather->buckets[hash64(slot->id, 0) & (gather->bucket_count - 1)];

	if (slot->waiting)
		return;
	while (*at != slot)
		at = &(*at)->next;
	*at = slot->next;
	gather->count--;
	gather->bytes -= sizeof(*slot) + slot->id.len + (slot->text.ptr ? slot->text.len : 0) +
			 (slot->made.ptr ? slot->made.len : 0);
	mem_free(gather->mem, (void *)slot->text.ptr);
	mem_free(gather->mem, (void *)slot->made.ptr);
	mem_free(gather->mem, slot);
}

void gather_meet(struct gather *gather, struct gather_slot *slot)
{
	gather->bytes -= slot->text.ptr ? slot->text.len : 0;
	mem_free(gather->mem, (void *)slot->text.ptr);
	slot->text = (struct cf_str){NULL, 0};
	slot->lonely = false;
	slot->met = true;
}
