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
static int add(struct bench *bench, const struct lineage *lineage, struct state_key key,
	       struct notes *notes)
{
	struct state_put put = {
		.key = key, .condition = CF_PUT_ANY, .body = buf_view(&bench->scratch)};

	return bench->scratch.failed ? CF_ERR_NOMEM : notes_add(bench, notes, &put, lineage->place);
}

static void write_side(const struct conflict_side *side, struct cf_buf *out)
{
	buf_str(out, STR("{\"id\":"));
	json_write_string(side->id, out);
	member(out, "version", side->version);
	member(out, "rev", side->rev);
	member(out, "pointer", side->pointer);
	/* null is a value, too. */
	buf_str(out, STR(",\"value\":"));
	if (json_is_absent(side->value))
		buf_str(out, STR("null,\"removed\":true}"));
	else
		json_write_compact(side->value, out);
	if (!json_is_absent(side->value))
		buf_byte(out, '}');
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

/* As a document of which only the attachment is there. */
static int write_file(const struct conflict *conflict, struct cf_buf *out)
{
	const struct cf_revision revision = {.rev = conflict->loser.rev,
					     .body = STR("{}"),
					     .attachments =
						     (struct cf_attachment *)conflict->attachment,
					     .attachment_count = 1};

	buf_str(out, STR(",\"file\":"));
	return document_join(conflict->loser.id, &revision, out);
}

int record_conflict(struct bench *bench, const struct lineage *lineage,
		    const struct conflict *conflict, struct plan *plan)
{
	const struct conflict_side *loser = &conflict->loser;
	struct cf_buf *out = &bench->scratch;
	uint64_t hash = hash64(loser->pointer, hash64(loser->rev, hash64(loser->id, 0)));
	struct state_key key = {STATE_CONFLICT};

	key.name = arena_printf(&bench->arena, "%.*s/%016" PRIx64, STR_ARG(lineage->label), hash);
	if (!key.name.ptr)
		return CF_ERR_NOMEM;
	buf_clear(out);
	buf_byte(out, '{');
	member(out, "lineage", lineage->label);
	member(out, "pointer", loser->pointer);
	member(out, "kind", str_of(conflict->kind));
	member(out, "policy", str_of(conflict->policy));
	buf_str(out, STR(",\"winner\":"));
	write_side(&conflict->winner, out);
	buf_str(out, STR(",\"loser\":"));
	write_side(loser, out);
	if (strcmp(conflict->kind, "delete") == 0)
		write_fields(bench, out);
	if (conflict->attachment && write_file(conflict, out))
		return CF_ERR_NOMEM;
	buf_str(out, STR(",\"at\":"));
	record_time(plan->now_ms, out);
	buf_byte(out, '}');
	return add(bench, lineage, key, &plan->state);
}

int record_delete(struct bench *bench, const struct lineage *lineage, struct state_key key,
		  struct plan *plan)
{
	struct state_put put = {.key = key, .condition = CF_PUT_ANY};

	return notes_add(bench, &plan->state, &put, lineage->place);
}

int record_reference(struct bench *bench, const struct lineage *lineage, struct state_key key,
		     bool deleted, struct plan *plan)
{
	key.other = lineage->label;
	if (deleted)
		return record_delete(bench, lineage, key, plan);
	buf_clear(&bench->scratch);
	buf_str(&bench->scratch, STR("{}"));
	return add(bench, lineage, key, &plan->state);
}

int record_fanout(struct bench *bench, const struct lineage *lineage, bool waiting_only,
		  struct plan *plan)
{
	struct state_key key = {STATE_FANOUT, lineage->label};

	buf_clear(&bench->scratch);
	buf_byte(&bench->scratch, '{');
	member(&bench->scratch, "part", lineage->label);
	buf_printf(&bench->scratch, ",\"waiting_only\":%s}", waiting_only ? "true" : "false");
	return add(bench, lineage, key, &plan->state);
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

/* Of which version the document is that the reason speaks of. */
static void write_version(const struct lineage *lineage, struct cf_buf *out)
{
	for (size_t i = 0; i < lineage->name.family->slot_count; i++) {
		const struct slot *slot = &lineage->slots[i];

		if (slot->id.len && str_equal(slot->id, str_of(lineage->error.document))) {
			member(out, "version", slot->kind->place);
			return;
		}
	}
}

int record_waiting(struct bench *bench, struct lineage *lineage, bool incomplete, struct plan *plan)
{
	const struct cf_error *error = &lineage->error;
	int code = incomplete ? CF_ERR_INCOMPLETE : lineage->failure;
	uint64_t *listed =
		incomplete ? &lineage->base.listed_incomplete : &lineage->base.listed_quarantine;
	struct state_key key = {incomplete ? STATE_INCOMPLETE : STATE_QUARANTINE, lineage->label};
	struct cf_buf *out = &bench->scratch;
	uint64_t says;
	bool there;

	buf_clear(out);
	buf_byte(out, '{');
	member(out, "lineage", lineage->label);
	member(out, "id", str_of(error->document));
	write_version(lineage, out);
	if (incomplete)
		member(out, "waits_for", lineage->waits_for);
	else
		member(out, "pointer", str_of(error->pointer));
	member(out, "error", str_of(cf_error_name(code)));
	member(out, "reason", str_of(error->message));
	if (error->file[0]) {
		member(out, "file", str_of(error->file));
		buf_printf(out, ",\"line\":%u", error->line);
	}
	if (code == CF_ERR_LAW) {
		buf_str(out, STR(",\"values\":["));
		buf_str(out, lineage->swing[0].ptr ? lineage->swing[0] : STR("null"));
		buf_byte(out, ',');
		buf_str(out, lineage->swing[1].ptr ? lineage->swing[1] : STR("null"));
		buf_byte(out, ']');
	}
	write_documents(lineage, out);
	says = atom_hash(hash64(buf_view(out), 0));
	if (*listed == says) {
		/* The base came first: the entry may not have landed. */
		int rc = need_entry(bench, key.kind, lineage->label, &there);

		if (rc || there)
			return rc;
	}
	*listed = says;
	buf_str(out, STR(",\"since\":"));
	record_time(plan->now_ms, out);
	buf_byte(out, '}');
	return add(bench, lineage, key, &plan->waiting);
}
