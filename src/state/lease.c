/* Leases; see state.h. The record is {"holder": H, "ttl_ms": N}; each time it is said again
 * it gets another revision, and that is what others look at. */
#include "state/state.h"

#include <inttypes.h>

static void note_rev(struct state_lease *lease, struct cf_str rev, uint64_t now_ms)
{
	size_t len = rev.len < sizeof(lease->rev) ? rev.len : sizeof(lease->rev) - 1;

	if (len)
		memcpy(lease->rev, rev.ptr, len);
	lease->rev[len] = '\0';
	lease->seen_ms = now_ms;
}

static void note_other(struct state_lease *lease, struct cf_str holder)
{
	size_t len = holder.len < sizeof(lease->other) ? holder.len : sizeof(lease->other) - 1;

	if (len)
		memcpy(lease->other, holder.ptr, len);
	lease->other[len] = '\0';
}

/* Who has it, and how long without a word he has it. */
static int read_holder(const struct state_record *record, struct cf_arena *arena,
		       struct cf_str *ret_holder, uint64_t *ret_ttl_ms, struct cf_error *error)
{
	struct json_doc doc;
	struct json_value holder, ttl;
	struct cf_str text = STR("");
	int64_t number = 0;
	int rc;

	json_doc_init(&doc, arena->mem);
	rc = json_read(&doc, record->body.ptr, record->body.len, JSON_READ_DOCUMENT, error);
	holder = rc ? JSON_ABSENT : json_member(json_root(&doc), STR("holder"));
	ttl = rc ? JSON_ABSENT : json_member(json_root(&doc), STR("ttl_ms"));
	if (json_kind(holder) == JSON_STRING && json_decode(holder, arena, &text))
		rc = error_nomem(error);
	if (json_kind(ttl) == JSON_NUMBER)
		(void)json_number_int64(json_span(ttl), &number);
	*ret_holder = arena_dup(arena, text);
	*ret_ttl_ms = number > 0 ? (uint64_t)number : 0;
	json_doc_fini(&doc);
	return rc ? rc : ret_holder->ptr ? 0 : error_nomem(error);
}

/* Writes it as ours, on top of what was read (rev empty: nothing). Refused: another one
 * was first. */
static int say(const struct state *state, struct state_lease *lease, struct cf_str rev,
	       uint64_t now_ms, struct cf_arena *arena, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_LEASE, lease->name},
				.condition = rev.len ? CF_PUT_ON_REV : CF_PUT_ABSENT,
				.rev = rev};
	struct cf_answer answer = {0};
	struct cf_buf body;
	int rc;

	buf_init(&body, arena->mem);
	buf_str(&body, STR("{\"holder\":"));
	json_write_string(lease->holder, &body);
	buf_printf(&body, ",\"ttl_ms\":%" PRIu64 "}", lease->ttl_ms);
	put.body = buf_view(&body);
	rc = body.failed ? error_nomem(error) : state_put(state, &put, 1, arena, &answer, error);
	buf_fini(&body);
	if (rc == 0 && answer.code && answer.code != CF_ERR_CONFLICT)
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
	if (rc)
		return rc;
	lease->held = answer.code == 0;
	if (lease->held) {
		note_rev(lease, answer.rev, now_ms);
		lease->until_ms = now_ms + lease->ttl_ms;
	}
	return 0;
}

int state_lease_step(const struct state *state, struct state_lease *lease, uint64_t now_ms,
		     struct cf_arena *arena, struct cf_error *error)
{
	struct state_record record;
	struct cf_str holder;
	uint64_t ttl_ms;
	int rc = state_get_one(state, (struct state_key){STATE_LEASE, lease->name}, arena, &record,
			       error);

	lease->held = lease->held && now_ms < lease->until_ms;
	if (rc)
		return rc;
	if (!state_exists(&record))
		return say(state, lease, STR(""), now_ms, arena, error);
	rc = read_holder(&record, arena, &holder, &ttl_ms, error);
	if (rc)
		return rc;
	if (str_equal(holder, lease->holder))
		return say(state, lease, record.rev, now_ms, arena, error);
	lease->held = false;
	note_other(lease, holder);
	if (!str_equal(record.rev, str_of(lease->rev))) {
		note_rev(lease, record.rev, now_ms);
		return 0;
	}
	return now_ms - lease->seen_ms < ttl_ms
		       ? 0
		       : say(state, lease, record.rev, now_ms, arena, error);
}

int state_lease_release(const struct state *state, struct state_lease *lease,
			struct cf_arena *arena, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_LEASE, lease->name},
				.condition = CF_PUT_ON_REV,
				.rev = str_of(lease->rev)};
	struct cf_answer answer = {0};
	int rc = lease->held ? state_put(state, &put, 1, arena, &answer, error) : 0;

	if (rc == 0)
		lease->held = false;
	return rc;
}
