/* The records of the state store. Their ids begin with the name of their list:
 *   base/LABEL                what a lineage agreed on (base.h)
 *   conflict/LABEL/HASH       an edit that had to give way
 *   quarantine/LABEL          a lineage that waits because something is wrong
 *   incomplete/LABEL          a lineage that waits for a document
 *   ref/PART/LABEL            LABEL refers to the shared part PART
 *   wait/PART/LABEL           LABEL waits for the shared part PART
 *   fanout/PART               PART changed: its referrers are still to be looked at
 *   retry/LABEL               a person asked to look at LABEL again
 *   usage/TYPE@MAJOR, checkpoint
 */
#include "sync/lineage/lineage.h"

#include <inttypes.h>
#include <time.h>

int record_time(int64_t now_ms, struct cf_buf *out)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;

	if (now_ms % 1000 < 0)
		seconds--;
	gmtime_r(&seconds, &tm);
	return buf_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900,
			  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			  (int)((now_ms % 1000 + 1000) % 1000));
}

struct cf_str lineage_record(struct bench *bench, const char *list, struct cf_str label)
{
	size_t len = strlen(list);
	char *text = arena_alloc(&bench->arena, len + label.len + 1);

	if (!text)
		return (struct cf_str){NULL, 0};
	memcpy(text, list, len);
	memcpy(text + len, label.ptr, label.len);
	text[len + label.len] = '\0';
	return (struct cf_str){text, len + label.len};
}

static void member(struct cf_buf *out, const char *name, struct cf_str text)
{
	buf_str(out, out->len && out->ptr[out->len - 1] != '{' ? STR(",") : STR(""));
	json_write_string(str_of(name), out);
	buf_byte(out, ':');
	json_write_string(text, out);
}

/* Adds a put whose body stands in the scratch buffer. */
static int add(struct bench *bench, struct cf_str id, size_t index, struct writes *writes)
{
	struct cf_put put = {.id = id, .kind = CF_PUT_ANY};

	if (bench->scratch.failed)
		return CF_ERR_NOMEM;
	if (!id.ptr)
		return CF_ERR_NOMEM;
	put.body = buf_view(&bench->scratch);
	return writes_add(bench, writes, &put, index);
}

static void write_side(const struct lineage *lineage, size_t slot, struct cf_str rev,
		       struct cf_str pointer, struct json_value value, struct cf_buf *out)
{
	const struct slot_kind *kind = lineage->slots[slot].kind;

	buf_str(out, STR("{\"id\":"));
	json_write_string(lineage->slots[slot].id, out);
	buf_printf(out, ",\"version\":\"%.*s@%u\"", STR_ARG(kind->major->type->name),
		   kind->major->major);
	member(out, "rev", rev);
	member(out, "pointer", pointer);
	/* null is a value, too. */
	buf_str(out, STR(",\"value\":"));
	if (json_is_absent(value))
		buf_str(out, STR("null,\"removed\":true"));
	else
		json_write_compact(value, out);
}

/* By which members a tombstone says what it was. */
static void write_fields(const struct bench *bench, struct cf_buf *out)
{
	buf_str(out, STR(",\"fields\":["));
	json_write_string(bench->rules.type_field, out);
	buf_byte(out, ',');
	json_write_string(bench->rules.version_field, out);
	buf_byte(out, ']');
}

/* The revision that says this at the pointer: `rev` where it does (leaves that were
 * merged say more than one of them did), else the newest known one. */
static struct cf_str rev_saying(struct bench *bench, const struct base_slot *base,
				struct cf_str pointer, uint64_t hash, struct cf_str rev)
{
	struct cf_str found = {NULL, 0};

	if (keyed_is_order(pointer) || keyed_is_element(pointer))
		return rev;
	for (size_t i = 0; i < base->known_count; i++) {
		struct atoms atoms;

		if (base->known[i].deleted || base_atoms(base, i, &bench->arena, &atoms) ||
		    atoms_hash_at(&atoms, pointer) != hash)
			continue;
		if (str_equal(base->known[i].rev, rev))
			return rev;
		if (!found.ptr)
			found = base->known[i].rev;
	}
	return found.ptr ? found : rev;
}

static uint64_t hash_of(struct json_value value)
{
	return json_is_absent(value) ? 0 : json_hash64(value);
}

int record_conflict(struct bench *bench, const struct lineage *lineage,
		    const struct conflict *conflict, size_t index, struct plan *plan)
{
	const struct slot *winner = &lineage->slots[conflict->winner_slot];
	const struct base_slot *bases = lineage->base.slots;
	struct json_value value = conflict->winner_value;
	struct cf_str rev = conflict->winner_rev, lost = conflict->loser_rev, id;
	struct cf_buf *out = &bench->scratch;
	uint64_t hash = hash64(conflict->loser_rev, conflict->loser_slot);

	if (!conflict->delete_lost) {
		const struct atom *agreed = atoms_find(&winner->atoms, conflict->pointer);

		if (rev.len == 0)
			value = agreed ? agreed->value : JSON_ABSENT;
		rev = rev_saying(bench, &bases[conflict->winner_slot], conflict->winner_pointer,
				 hash_of(value), rev);
		lost = rev_saying(bench, &bases[conflict->loser_slot], conflict->pointer,
				  hash_of(conflict->loser_value), lost);
	}
	if (PLANTED(bench, WRONG_REVISION_LISTED))
		rev = lost;
	id = arena_printf(&bench->arena, "conflict/%.*s/%016" PRIx64, STR_ARG(lineage->label),
			  hash64(conflict->pointer, hash));
	buf_clear(out);
	buf_byte(out, '{');
	member(out, "lineage", lineage->label);
	member(out, "pointer", conflict->pointer);
	member(out, "kind",
	       conflict->delete_lost ? STR("delete")
	       : conflict->late      ? STR("late")
				     : STR("edit"));
	member(out, "policy",
	       conflict->delete_lost || !conflict->policy ? STR("edit over delete")
							  : str_of(conflict->policy));
	buf_str(out, STR(",\"winner\":"));
	write_side(lineage, conflict->winner_slot, rev, conflict->winner_pointer, value, out);
	buf_str(out, STR("},\"loser\":"));
	write_side(lineage, conflict->loser_slot, lost, conflict->pointer, conflict->loser_value,
		   out);
	if (conflict->delete_lost)
		write_fields(bench, out);
	buf_str(out, STR("},\"at\":"));
	record_time(plan->now_ms, out);
	buf_byte(out, '}');
	return add(bench, id, index, &plan->state);
}

int record_delete(struct bench *bench, struct cf_str id, size_t index, struct plan *plan)
{
	struct cf_put put = {.id = id, .kind = CF_PUT_ANY, .deleted = true, .body = STR("{}")};

	return id.ptr ? writes_add(bench, &plan->state, &put, index) : CF_ERR_NOMEM;
}

int record_reference(struct bench *bench, const struct lineage *lineage, const char *list,
		     struct cf_str part_label, bool deleted, size_t index, struct plan *plan)
{
	struct cf_str id;

	buf_clear(&bench->scratch);
	buf_str(&bench->scratch, str_of(list));
	buf_byte(&bench->scratch, '/');
	buf_str(&bench->scratch, part_label);
	buf_byte(&bench->scratch, '/');
	buf_str(&bench->scratch, lineage->label);
	id = arena_dup(&bench->arena, buf_view(&bench->scratch));

	if (deleted)
		return record_delete(bench, id, index, plan);
	buf_clear(&bench->scratch);
	buf_byte(&bench->scratch, '{');
	member(&bench->scratch, "lineage", lineage->label);
	buf_byte(&bench->scratch, '}');
	return add(bench, id, index, &plan->state);
}

int record_fanout(struct bench *bench, const struct lineage *lineage, bool waiting_only,
		  size_t index, struct plan *plan)
{
	struct cf_str id = arena_printf(&bench->arena, "fanout/%.*s", STR_ARG(lineage->label));

	buf_clear(&bench->scratch);
	buf_byte(&bench->scratch, '{');
	member(&bench->scratch, "part", lineage->label);
	buf_printf(&bench->scratch, ",\"waiting_only\":%s}", waiting_only ? "true" : "false");
	return add(bench, id, index, &plan->state);
}

/* All that hang together here, whether they are there or not. */
static void write_documents(const struct lineage *lineage, struct cf_buf *out)
{
	buf_str(out, STR(",\"documents\":["));
	for (size_t i = 0; i < lineage->name.family->own_count; i++) {
		buf_str(out, i ? STR(",") : STR(""));
		json_write_string(lineage->slots[i].id, out);
	}
	buf_byte(out, ']');
}

/* Whether the list says this already, whatever it says of since when. */
static int stands(struct bench *bench, struct cf_str id, struct cf_str says, bool *ret,
		  struct cf_error *error)
{
	struct cf_get get = {.id = id};
	struct cf_record record = {0};
	int rc = store_get(bench->state, &get, 1, CF_READ_BODIES, &bench->arena, &record, error);

	*ret = rc == 0 && record.revision_count && !record.revisions[0].deleted &&
	       str_starts_with(record.revisions[0].body, says);
	return rc;
}

int record_waiting(struct bench *bench, const struct lineage *lineage, bool was_listed,
		   size_t index, struct plan *plan, struct cf_error *ret_error)
{
	const struct cf_error *error = &lineage->error;
	bool incomplete = lineage->failure == CF_ERR_INCOMPLETE;
	struct cf_str id =
		arena_printf(&bench->arena, "%s/%.*s", incomplete ? "incomplete" : "quarantine",
			     STR_ARG(lineage->label));
	struct cf_buf *out = &bench->scratch;
	bool said = false;

	if (!id.ptr)
		return error_nomem(ret_error);
	buf_clear(out);
	buf_byte(out, '{');
	member(out, "lineage", lineage->label);
	member(out, "id", str_of(error->document));
	if (incomplete)
		member(out, "waits_for", lineage->waits_for);
	else
		member(out, "pointer", str_of(error->pointer));
	member(out, "error", str_of(cf_error_name(lineage->failure)));
	member(out, "reason", str_of(error->message));
	if (error->file[0]) {
		member(out, "file", str_of(error->file));
		buf_printf(out, ",\"line\":%u", error->line);
	}
	if (lineage->failure == CF_ERR_LAW) {
		buf_str(out, STR(",\"values\":["));
		buf_str(out, lineage->swing[0].ptr ? lineage->swing[0] : STR("null"));
		buf_byte(out, ',');
		buf_str(out, lineage->swing[1].ptr ? lineage->swing[1] : STR("null"));
		buf_byte(out, ']');
	}
	write_documents(lineage, out);
	buf_str(out, STR(",\"since\":"));
	if (was_listed) {
		int rc = stands(bench, id, buf_view(out), &said, ret_error);

		if (rc || said)
			return rc;
	}
	record_time(plan->now_ms, out);
	buf_byte(out, '}');
	return add(bench, id, index, &plan->waiting) ? error_nomem(ret_error) : 0;
}
