/* Whether a state is one that this program may go on with. */
#include "sync/lists.h"

#define EARLIER                                                                                    \
	"the state was written by an earlier version of this program: start once with `run "       \
	"--rebuild`, which keeps contested edits, retired versions and usage, and finds all else " \
	"anew"

int state_check_format(struct json_value checkpoint, struct cf_error *error)
{
	/* One that is to be rebuilt has none yet. */
	uint64_t format = record_number(checkpoint, "format");

	if (format > STATE_FORMAT)
		return error_set(error, CF_ERR_NEWER,
				 "the state was written by a newer version of this program");
	return format && format < STATE_FORMAT ? error_set(error, CF_ERR_PRECONDITION, EARLIER) : 0;
}

int state_check_former(const struct state *state, struct cf_arena *arena, struct cf_error *error)
{
	bool former;
	int rc = state_former_exists(state, arena, &former, error);

	if (rc == 0 && former)
		rc = error_set(error, CF_ERR_PRECONDITION, EARLIER);
	return rc;
}

/* What a state calls the store it speaks of. Where both are in one file or on one server,
 * what tells them apart there: they may move together. */
const char *state_store_name(const struct cf_store *store, const struct state *state)
{
	const char *tail = store->place ? strrchr(store->place, '?') : NULL;
	size_t len = tail ? (size_t)(tail - store->place) + 1 : 0;

	if (!store->place)
		return "";
	return tail && state->store->place && strncmp(store->place, state->store->place, len) == 0
		       ? tail
		       : store->place;
}

int state_check_store(struct json_value checkpoint, const struct cf_store *store,
		      const struct state *state, struct cf_arena *arena, struct cf_error *error)
{
	struct json_value member = json_member(checkpoint, STR("store"));
	const char *name = state_store_name(store, state);
	struct cf_str other;

	if (json_kind(member) != JSON_STRING)
		return 0;
	if (json_decode(member, arena, &other))
		return error_nomem(error);
	if (other.len == 0 || !*name || str_equal(other, str_of(name)))
		return 0;
	return error_set(
		error, CF_ERR_PRECONDITION,
		"this state is that of another store, %.*s: name another one with --state, or, "
		"if that store was moved here, start once with `run --rebuild`",
		STR_ARG(other));
}
