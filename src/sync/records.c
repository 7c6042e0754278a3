/* What the records of the state say of a lineage; their kinds are state/state.h's. */
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

static void member(struct cf_buf *out, const char *name, struct cf_str text)
{
	buf_str(out, out->len && out->ptr[out->len - 1] != '{' ? STR(",") : STR(""));
	json_write_string(str_of(name), out);
	buf_byte(out, ':');
	json_write_string(text, out);
}

/* Adds a put whose body stands in the scratch buffer. */
static int add(struct bench *bench, struct state_key key, size_t index, struct notes *notes)
{
	struct state_put put = {
		.key = key, .condition = CF_PUT_ANY, .body = buf_view(&bench->scratch)};

	return bench->scratch.failed ? CF_ERR_NOMEM : notes_add(bench, notes, &put, index);
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
	struct cf_str rev = conflict->winner_rev, lost = conflict->loser_rev;
	struct state_key key = {STATE_CONFLICT};
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
	key.name = arena_printf(&bench->arena, "%.*s/%016" PRIx64, STR_ARG(lineage->label),
				hash64(conflict->pointer, hash));
	if (!key.name.ptr)
		return CF_ERR_NOMEM;
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
	return add(bench, key, index, &plan->state);
}

int record_delete(struct bench *bench, struct state_key key, size_t index, struct plan *plan)
{
	struct state_put put = {.key = key, .condition = CF_PUT_ANY};

	return notes_add(bench, &plan->state, &put, index);
}

int record_reference(struct bench *bench, const struct lineage *lineage, struct state_key key,
		     bool deleted, size_t index, struct plan *plan)
{
	key.other = lineage->label;
	if (deleted)
		return record_delete(bench, key, index, plan);
	buf_clear(&bench->scratch);
	buf_str(&bench->scratch, STR("{}"));
	return add(bench, key, index, &plan->state);
}

int record_fanout(struct bench *bench, const struct lineage *lineage, bool waiting_only,
		  size_t index, struct plan *plan)
{
	struct state_key key = {STATE_FANOUT, lineage->label};

	buf_clear(&bench->scratch);
	buf_byte(&bench->scratch, '{');
	member(&bench->scratch, "part", lineage->label);
	buf_printf(&bench->scratch, ",\"waiting_only\":%s}", waiting_only ? "true" : "false");
	return add(bench, key, index, &plan->state);
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
static int stands(struct bench *bench, struct state_key key, struct cf_str says, bool *ret,
		  struct cf_error *error)
{
	struct state_record record;
	int rc = state_get_one(bench->state, key, &bench->arena, &record, error);

	*ret = rc == 0 && state_exists(&record) && str_starts_with(record.body, says);
	return rc;
}

int record_waiting(struct bench *bench, const struct lineage *lineage, bool was_listed,
		   size_t index, struct plan *plan, struct cf_error *ret_error)
{
	const struct cf_error *error = &lineage->error;
	bool incomplete = lineage->failure == CF_ERR_INCOMPLETE;
	struct state_key key = {incomplete ? STATE_INCOMPLETE : STATE_QUARANTINE, lineage->label};
	struct cf_buf *out = &bench->scratch;
	bool said = false;

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
		int rc = stands(bench, key, buf_view(out), &said, ret_error);

		if (rc || said)
			return rc;
	}
	record_time(plan->now_ms, out);
	buf_byte(out, '}');
	return add(bench, key, index, &plan->waiting) ? error_nomem(ret_error) : 0;
}
