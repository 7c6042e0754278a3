/* What a base remembers of places that are no longer served: the revisions that went
 * into an agreement while they were. By them a document that says nothing new is told
 * from one that somebody edited since. */
#include "sync/lineage/base.h"
#include "sync/lineage/base_code.h"

enum { UNSERVED_REVS_MAX = 100 }; /* leaves can only be among the newest */

static bool is_served(const struct family *family, struct json_value name)
{
	for (size_t i = 0; i < family->slot_count; i++)
		if (json_name_is(name, family->slots[i].place))
			return true;
	return false;
}

/* A revision as `known` has it: by itself, or first of several. */
static struct json_value rev_of(struct json_value known)
{
	return json_kind(known) == JSON_ARRAY ? json_element(known, 0) : known;
}

/* The revisions of a slot that was served when the record was written. */
static void write_known(struct json_value name, struct json_value slot, struct cf_buf *out)
{
	struct json_iter it = json_iter(json_member(slot, STR("known")));
	size_t count = 0;

	if (json_count(it.value) == 0)
		return;
	buf_str(out, out->len ? STR(",") : STR(""));
	json_write(name, out);
	buf_str(out, STR(":["));
	while (count < UNSERVED_REVS_MAX && json_next(&it)) {
		struct json_value rev = rev_of(it.value);

		if (json_kind(rev) != JSON_STRING)
			continue;
		buf_str(out, count++ ? STR(",") : STR(""));
		json_write(rev, out);
	}
	buf_byte(out, ']');
}

static void write_kept(struct json_value name, struct json_value value, struct cf_buf *out)
{
	buf_str(out, out->len ? STR(",") : STR(""));
	json_write(name, out);
	buf_byte(out, ':');
	json_write_compact(value, out);
}

int unserved_read(const struct family *family, struct json_value record, struct cf_arena *arena,
		  struct cf_str *ret)
{
	struct json_iter slots = json_iter(json_member(record, STR("slots")));
	struct json_iter kept = json_iter(json_member(record, STR("unserved")));
	struct cf_buf out;
	int rc;

	buf_init(&out, arena->mem);
	while (json_next(&slots))
		if (!is_served(family, slots.name))
			write_known(slots.name, slots.value, &out);
	while (json_next(&kept))
		if (!is_served(family, kept.name))
			write_kept(kept.name, kept.value, &out);
	*ret = out.len ? arena_dup(arena, buf_view(&out)) : STR("");
	rc = out.failed || !ret->ptr ? CF_ERR_NOMEM : 0;
	buf_fini(&out);
	return rc;
}

int unserved_keep(struct json_value record, const struct cf_str *places, size_t count,
		  struct cf_arena *arena, struct cf_str *ret)
{
	struct json_value slots = json_member(record, STR("slots"));
	struct json_value old = json_member(record, STR("unserved"));
	struct cf_buf out;

	buf_init(&out, arena->mem);
	for (size_t i = 0; i < count; i++) {
		struct json_iter kept = json_iter(old);
		struct json_iter slot = json_iter(slots);

		while (json_next(&slot))
			if (json_name_is(slot.name, places[i]))
				write_known(slot.name, slot.value, &out);
		while (json_next(&kept))
			if (json_name_is(kept.name, places[i]))
				write_kept(kept.name, kept.value, &out);
	}
	/* It counts no agreements: read again, it is as if there was none. */
	*ret = out.len ? arena_printf(arena, "{\"n\":0,\"unserved\":{%.*s}}", (int)out.len, out.ptr)
		       : STR("");
	count = out.failed || !ret->ptr;
	buf_fini(&out);
	return count ? CF_ERR_NOMEM : 0;
}

static bool names(struct json_value value, struct cf_str rev)
{
	return json_kind(value) == JSON_STRING && code_rev_is(json_inner(value), rev);
}

bool unserved_knows(struct json_value record, struct cf_str place, struct cf_str rev)
{
	struct json_value slot = json_member(json_member(record, STR("slots")), place);
	struct json_iter known = json_iter(json_member(slot, STR("known")));
	struct json_iter kept = json_iter(json_member(json_member(record, STR("unserved")), place));

	while (json_next(&known))
		if (names(rev_of(known.value), rev))
			return true;
	while (json_next(&kept))
		if (names(kept.value, rev))
			return true;
	return false;
}
